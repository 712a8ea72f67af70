#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our engine on SigmaHQ's Windows rules and recorded and made-up events: every verdict must be the one of
the reference evaluator.

usage: check_sigma.py [EMOGUARD]

Data: the folder sigma/ below EMOGUARD_TEST_DATA (default ../shared/data); skipped where there is none.
"""

import gzip
import json
import sys
import tempfile
from pathlib import Path

from checklib import report, unpack
from tools import BUILD, run, test_data

SETS = (("events.ndjson.gz", "expected.ndjson.gz"), ("events-synth.ndjson.gz", "expected-synth.ndjson.gz"))
REJECTED = 2  # rules with |expand, whose placeholders nobody can fill


def expected_pairs(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {(answer["i"], rule) for answer in map(json.loads, lines) for rule in answer["rules"]}


def some(pairs):
    return ", ".join(f"event {number} {rule}" for number, rule in sorted(pairs)[:5])


def compare(program, rules, events, expected):
    """What is wrong; empty when every verdict is right."""
    done = run([program, "hunt", "--rules", rules, "--events", events, "--format", "jsonl", "--stats"],
               f"sigma-{events.stem}.log", merged=False)
    if done.code not in (0, 1):
        return f"hunt ended with code {done.code}: {done.errors[-800:]}"
    hits = [json.loads(line) for line in done.output.splitlines()]
    got = {(hit["i"], hit["rule"]) for hit in hits}
    stats = json.loads(done.errors.strip().splitlines()[-1])
    print(f"  {stats['events']} events, {len(got)} hits, {stats['seconds'] / stats['events'] * 1e6:.2f} us an "
          f"event, {stats['rule_memory_bytes'] / 1e6:.1f} MB, loaded in {stats['load_seconds'] * 1e3:.0f} ms")
    if len(got) != len(hits):
        return f"{len(hits) - len(got)} hits were printed twice"
    if stats["rules_rejected"] != REJECTED:
        return f"{stats['rules_rejected']} rules rejected, not {REJECTED}"
    if got != expected:
        return (f"{len(expected - got)} missing ({some(expected - got)}), "
                f"{len(got - expected)} too many ({some(got - expected)})")
    return ""


def main():
    program = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILD / "native/emoguard"
    data = test_data()
    names = [f"check_sigma.{Path(events).name.split('.')[0]}" for events, _ in SETS]
    if data is None or not (data / "sigma" / "sigma-rules.tar.gz").exists():
        for name in names:
            print(f"skipped {name}: no recorded data (EMOGUARD_TEST_DATA)")
        return 0
    good = True
    with tempfile.TemporaryDirectory(prefix="emoguard-sigma-") as folder:
        rules = Path(folder) / "rules"
        unpack(data / "sigma" / "sigma-rules.tar.gz", rules)
        for name, (packed, expected) in zip(names, SETS):
            events = Path(folder) / packed.removesuffix(".gz")
            events.write_bytes(gzip.decompress((data / "sigma" / packed).read_bytes()))
            good &= report(name, compare(program, rules, events, expected_pairs(data / "sigma" / expected)))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
