#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Matching alone, natively: what an event costs, beside the targets and what other engines publish.

usage: matching.py [--rounds N] [--out FILE.json]

Rules and events: the folder sigma/ below EMOGUARD_TEST_DATA (default ../shared/data); skipped where there is none.
"""
import argparse
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import time

import material

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("EMOGUARD_TEST_DATA", SOURCE / ".." / "shared" / "data"))
NATIVE = SOURCE / "build" / "native"
COPIES = 9
REPEATED = 20  # the recorded events so many times over, so that loading does not count

# What `make bench` is held to: figure, target, unit.
TARGETS = (
    ("process_creation mean", 3.0, "us"), ("process_creation p99", 15.0, "us"), ("registry mean", 1.5, "us"),
    ("file mean", 1.5, "us"), ("image_load mean", 1.5, "us"), ("dns mean", 1.5, "us"),
    ("ten times the rules", 1.5, "times"), ("memory of the rules", 12.0, "MB"), ("load", 250.0, "ms"),
    ("allocations", 0, "in all events"), ("hostile command line", 2000.0, "us"), ("hunt", 120_000, "events/s"),
)
# Published by their authors, or measured earlier on the same kind of events; not on this machine today.
OTHERS = (("libyara 4.5, the same rules as YARA, median", 317.0), ("RSigma 0.18, one core, with JSON, mean", 34.0))


def bench(events, rounds, *rules):
    done = subprocess.run([NATIVE / "tests" / "bench_match", events, str(rounds), *rules], stdout=subprocess.PIPE,
                          check=True)
    return json.loads(done.stdout)


def prepare(work):
    """The recorded events and the rules, unpacked once."""
    folder = work / "matching"
    if not (folder / "rules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(DATA / "sigma" / "sigma-rules.tar.gz") as archive:
            archive.extractall(folder / "rules", filter="data")
    events = folder / "events.ndjson"
    events.write_bytes(gzip.decompress((DATA / "sigma" / "events.ndjson.gz").read_bytes()))
    return folder, events


def hunt_speed(folder, events, rules):
    """Events a second of the whole command, reading and printing too, without the loading of rules."""
    many = folder / "events-many.ndjson"
    many.write_bytes(events.read_bytes() * REPEATED)
    best = 0
    for _ in range(3):
        start = time.monotonic()
        done = subprocess.run([NATIVE / "emoguard", "hunt", "--rules", rules, "--events", many, "--stats"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
        seconds = time.monotonic() - start
        stats = json.loads(done.stderr.splitlines()[-1])
        best = max(best, stats["events"] / (seconds - stats["load_seconds"]))
    many.unlink()
    return round(best)


def measure(work, rounds):
    if not (DATA / "sigma" / "sigma-rules.tar.gz").exists():
        print(f"skipped matching: no recorded events in {DATA}")
        return None
    folder, events = prepare(work)
    rules = folder / "rules"
    if not (folder / "copies").exists():
        material.write_altered_copies(rules, folder / "copies", COPIES)
    names = material.write_hostile(rules, folder / "hostile.ndjson")
    runs = [bench(events, rounds, rules) for _ in range(3)]
    one = min(runs, key=lambda run: run["us"]["all"]["mean"])
    ten = bench(events, rounds, rules, folder / "copies")
    hostile = bench(folder / "hostile.ndjson", rounds, rules)
    own = bench(events, rounds, SOURCE / "rules")
    slowest = [{"text": names[item["i"]], "us": item["us"]} for item in hostile["slowest"]]
    return {"one": one, "ten": ten, "own": own, "hostile": slowest, "load_ms": min(run["load_ms"] for run in runs),
            "hunt_events_per_second": hunt_speed(folder, events, rules)}


def figure(figures, name):
    """The figure that a target is about."""
    family = re.fullmatch(r"(\w+) (mean|p99)", name)
    if family:
        return figures["one"]["us"].get(family[1], {}).get(family[2])
    return {"ten times the rules": figures["ten"]["us"]["all"]["mean"] / figures["one"]["us"]["all"]["mean"],
            "memory of the rules": figures["one"]["rule_memory_bytes"] / 1e6, "load": figures["load_ms"],
            "allocations": figures["one"]["allocations"], "hostile command line": figures["hostile"][0]["us"],
            "hunt": figures["hunt_events_per_second"]}[name]


def table(figures):
    """Figures beside what they are compared with, as Markdown."""
    yield f"| {figures['one']['rules']} rules, {figures['one']['us']['all']['events']} events | measured | target | ratio |"
    yield "|---|---|---|---|"
    for name, target, unit in TARGETS:
        got = figure(figures, name)
        if got is not None:
            ratio = f"{got / target:.2f}" if target else "-"
            yield f"| {name} | {got:,.6g} {unit} | {'>=' if name == 'hunt' else '<='} {target:,} | {ratio} |"
    mean = figures["one"]["us"]["process_creation"]["mean"]
    own = figures["own"]["us"]["process_creation"]["mean"]
    yield ""
    yield "| one process event | us | times ours |"
    yield "|---|---|---|"
    yield f"| EmoGuard, {figures['one']['rules']} rules, mean | {mean:.2f} | 1 |"
    yield f"| EmoGuard, its own {figures['own']['rules']} rules, mean | {own:.2f} | {own / mean:.2f} |"
    for name, cost in OTHERS:
        yield f"| {name} (published) | {cost:.0f} | {cost / mean:.0f} |"
    yield ""
    yield "| slowest hostile command lines, 32 KB | us |"
    yield "|---|---|"
    for item in figures["hostile"][:5]:
        yield f"| {item['text']} | {item['us']:.0f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--out", type=pathlib.Path, default=SOURCE / "build" / "bench" / "matching.json")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    figures = measure(options.out.parent, options.rounds)
    if figures is None:
        return 0
    options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("\n".join(table(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
