#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random correlations on random streams: the engine and the reference must tell of the same, in order.

usage: check_correlation.py [--program EMOGUARD] [--rounds N] [--seed S]

Streams come late, jump, repeat and leave fields out. A difference prints the seed, which makes it again.
"""

import argparse
import json
import random
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from checklib import report
from correlation_reference import Stream
from tools import BUILD, run

NAME = "check_correlation.streams"
JOBS = "check_correlation.jobs"
START = datetime(2026, 1, 1, 12)
EVENTS = 80
LONG = 5000
FIELDS = {"E": list("abcd"), "U": ["x", "X", "y", "\u00c4", ""], "H": ["1", "2"], "V": list("pqr")}


def random_base(generator, number):
    doc = {"title": f"base {number}", "id": f"base-{number}", "logsource": {"product": "windows"},
           "detection": {"s": {"E": generator.choice("abcd")}, "condition": "s"}}
    if generator.random() < 0.3:
        doc["detection"]["s"] = {"E": generator.sample("abcd", 2)}
    if generator.random() < 0.5:
        doc["name"] = f"name_{number}"
    return doc


def random_condition(generator, kind, parts):
    if kind.startswith("temporal") and generator.random() < 0.6:
        return None
    most = parts if kind.startswith("temporal") else 4
    number = generator.randint(1, most)
    choices = [{"gte": number}, {"gte": number}, {"gt": number - 1}, {"eq": number}, {"lte": number},
               {"lt": number + 1}, {"gte": 1, "lte": number}]
    if most > 1:
        choices.append({"neq": number})
    condition = generator.choice(choices)
    if kind == "value_count":
        condition["field"] = generator.choice(["V", "U", ["U", "V"], "alias"])
    return condition


def random_aliases(generator, references):
    return {"alias": {reference: generator.choice("UHV") for reference in references
                      if generator.random() < 0.8}}


def random_correlation(generator, number, known):
    kind = generator.choice(["event_count", "value_count", "temporal", "temporal_ordered"])
    parts = generator.sample(known, generator.randint(1, min(3, len(known))))
    references = [generator.choice([part["id"], part.get("name", part["id"])]) for part in parts]
    written = {"type": kind, "rules": references,
               "timespan": generator.choice(["5s", "10s", "1m"])}
    group_by = generator.sample(["U", "H", "V", "alias", "nowhere"], generator.randint(0, 2))
    if group_by:
        written["group-by"] = group_by
    condition = random_condition(generator, kind, len(parts))
    if condition:
        written["condition"] = condition
    aliases = random_aliases(generator, references)
    if aliases["alias"]:
        written["aliases"] = aliases
    doc = {"title": f"correlation {number}", "id": f"correlation-{number}", "correlation": written}
    if generator.random() < 0.5:
        doc["name"] = f"correlated_{number}"
    if generator.random() < 0.4:
        (doc if generator.random() < 0.5 else written)["generate"] = generator.random() < 0.7
    return doc


def random_rules(generator):
    docs = [random_base(generator, number) for number in range(4)]
    for number in range(generator.randint(2, 5)):
        docs.append(random_correlation(generator, number, list(docs)))
    later = docs[4:]
    generator.shuffle(later)
    return docs[:4] + later


def random_stream(generator):
    """(milliseconds or None, fields) for each event."""
    stream, now = [], 10_000_000
    for _ in range(EVENTS):
        now += generator.choice([0, 0, 500, 1000, 1000, 2500, 5000])
        if generator.random() < 0.02:
            now += generator.choice([-3_000_000, -20_000, 100_000, 5_000_000])
        late = generator.choice([0, 0, 0, 1000, 4000, 9000, 15_000])
        time = None if generator.random() < 0.03 else now - late
        fields = {name: generator.choice(values) for name, values in FIELDS.items()
                  if name == "E" or generator.random() < 0.85}
        stream.append((time, fields))
    return stream


def line_of(time, fields):
    event = {"channel": "Random", "event_id": 1, "fields": fields}
    if time is not None:
        event["time"] = (START + timedelta(milliseconds=time)).isoformat(timespec="milliseconds") + "Z"
    return json.dumps(event)


def engine_hits(program, folder, docs, stream, jobs):
    """[(number, rule)], and what went wrong."""
    path = Path(folder)
    (path / "rules.yml").write_text(yaml.safe_dump_all(docs, sort_keys=False), encoding="utf-8")
    lines = [line_of(*event) for event in stream]
    (path / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run([program, "hunt", "--rules", path / "rules.yml", "--events", path / "events.jsonl",
                "--jobs", str(jobs)], "correlation.log", merged=False)
    if done.code != 0 or done.errors:
        return [], f"hunt ended with code {done.code}: {done.errors[-800:]}"
    return [(hit["i"], hit["rule"]) for hit in map(json.loads, done.output.splitlines())], ""


def one_round(program, seed):
    """What differs, and how many hits of correlations there were."""
    generator = random.Random(seed)
    docs, stream = random_rules(generator), random_stream(generator)
    reference = Stream(docs)
    wanted = [(number, rule) for number, (time, fields) in enumerate(stream)
              for rule in reference.feed(time, fields)]
    with tempfile.TemporaryDirectory() as folder:
        got, problem = engine_hits(program, folder, docs, stream, generator.choice([1, 1, 3]))
    if not problem and got != wanted:
        first = next((pair for pair in zip(got, wanted) if pair[0] != pair[1]),
                     (got[len(wanted):][:1], wanted[len(got):][:1]))
        problem = f"got {first[0]}, wanted {first[1]}\n{yaml.safe_dump_all(docs, sort_keys=False)}"
    correlated = sum(1 for _, rule in wanted if rule.startswith("correlation"))
    return f"seed {seed}: {problem}" if problem else "", correlated


def long_stream(generator):
    """More lines than fit in one batch of a hunt: (milliseconds, fields) for each event."""
    stream, now = [], 0
    for _ in range(LONG):
        now += generator.choice([0, 500, 1000])
        fields = {name: generator.choice(values) for name, values in FIELDS.items()}
        stream.append((now - generator.choice([0, 0, 4000]), fields))
    return stream


def check_jobs(program):
    """Several threads must tell of the same as one, though correlations go from batch to batch."""
    generator = random.Random(0)
    docs, stream = random_rules(generator), long_stream(generator)
    with tempfile.TemporaryDirectory() as folder:
        results = [engine_hits(program, folder, docs, stream, jobs) for jobs in (1, 2, 5)]
    problem = next((problem for _, problem in results if problem), "")
    correlated = sum(1 for _, rule in results[0][0] if rule.startswith("correlation"))
    if not problem and correlated < LONG // 100:
        problem = f"only {correlated} hits of correlations: the stream proves too little"
    if not problem and any(hits != results[0][0] for hits, _ in results):
        problem = "several jobs tell of other hits than one"
    return report(JOBS, problem)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=BUILD / "native" / "emoguard")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    total = 0
    for seed in range(options.seed, options.seed + options.rounds):
        problem, correlated = one_round(options.program, seed)
        total += correlated
        if problem:
            return 0 if report(NAME, problem) else 1
    print(f"  {options.rounds} streams of {EVENTS} events, {total} hits of correlations, no difference")
    enough = total >= options.rounds
    good = report(NAME, "" if enough else f"only {total} hits: the streams prove too little")
    return 0 if check_jobs(options.program) & good else 1


if __name__ == "__main__":
    sys.exit(main())
