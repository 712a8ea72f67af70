#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random rules and events through our engine and the reference evaluator: no verdict may differ.

usage: check_sigma_random.py [--program EMOGUARD] [--pairs N] [--seed S]

The evaluator is tools/sigmaref beside the folder EMOGUARD_TEST_DATA; skipped where there is none. A
difference prints the rule, the event and both verdicts; the seed makes it again.
"""

import argparse
import importlib
import json
import random
import sys
import tempfile
import warnings
from pathlib import Path

import yaml

from checklib import report
from sigma_random import random_event, random_rule
from tools import BUILD, run, test_data

RULES, EVENTS = 50, 50
NAME = "check_sigma_random.verdicts"


def reference():
    data = test_data()
    folder = data.parent / "tools" / "sigmaref" if data else None
    if folder is None or not (folder / "sigmaref.py").exists():
        return None
    sys.path.insert(0, str(folder))
    return importlib.import_module("sigmaref")


def expected_hits(sigmaref, rules, events):
    """Pairs that hit, and the rules that the reference refuses."""
    hits, refused = set(), set()
    for doc in rules:
        try:
            rule = sigmaref.Rule(doc)
            hits |= {(number, doc["id"]) for number, event in enumerate(events) if rule.matches(event)}
        except (sigmaref.Reject, ValueError, OverflowError, sigmaref.re.error):
            refused.add(doc["id"])
    return {pair for pair in hits if pair[1] not in refused}, refused


def engine_hits(program, folder, rules, events):
    """Pairs that hit, what went wrong, and the rules that were refused."""
    path = Path(folder)
    (path / "rules.yml").write_text(yaml.safe_dump_all(rules, allow_unicode=True, sort_keys=False), encoding="utf-8")
    lines = [json.dumps({"channel": "Random", "event_id": 1, "fields": event}) for event in events]
    (path / "events.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run([program, "hunt", "--rules", path / "rules.yml", "--events", path / "events.ndjson",
                "--format", "jsonl", "--stats"], "sigma-random.log", merged=False)
    if done.code not in (0, 1):
        return set(), f"hunt ended with code {done.code}: {done.errors[-800:]}", 0
    hits = {(hit["i"], hit["rule"]) for hit in map(json.loads, done.output.splitlines())}
    return hits, "", json.loads(done.errors.strip().splitlines()[-1])["rules_rejected"]


def explain(pair, rules, events, wanted):
    number, rule_id = pair
    rule = next(doc for doc in rules if doc["id"] == rule_id)
    return (f"wanted {'a hit' if wanted else 'none'}\n{yaml.safe_dump(rule['detection'], allow_unicode=True)}"
            f"{json.dumps(events[number], ensure_ascii=False)}")


def one_round(sigmaref, program, seed):
    """What differs, and how many pairs hit."""
    generator = random.Random(seed)
    events = [random_event(generator) for _ in range(EVENTS)]
    rules = [random_rule(generator, events) for _ in range(RULES)]
    # The engine sees what a file can hold; the reference must judge the same.
    rules = list(yaml.safe_load_all(yaml.safe_dump_all(rules, allow_unicode=True, sort_keys=False)))
    for event in events:
        event.setdefault("EventID", "1")
        event.setdefault("Channel", "Random")
    wanted, refused = expected_hits(sigmaref, rules, events)
    with tempfile.TemporaryDirectory(prefix="emoguard-random-") as folder:
        got, problem, rejected = engine_hits(program, folder, rules, events)
    if not problem and got != wanted:
        pair = min(got ^ wanted)
        problem = f"seed {seed}: {len(got ^ wanted)} verdicts differ, first: {explain(pair, rules, events, pair in wanted)}"
    if not problem and rejected != len(refused):
        problem = f"seed {seed}: {rejected} rules refused, the reference refuses {len(refused)}: {sorted(refused)}"
    return problem, len(wanted)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=BUILD / "native/emoguard")
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sigmaref = reference()
    if sigmaref is None:
        print(f"skipped {NAME}: no reference evaluator (EMOGUARD_TEST_DATA)")
        return 0
    hits, rounds = 0, -(-options.pairs // (RULES * EVENTS))
    for seed in range(options.seed, options.seed + rounds):
        problem, found = one_round(sigmaref, options.program, seed)
        hits += found
        if problem:
            report(NAME, problem)
            return 1
    print(f"  {rounds * RULES * EVENTS} pairs, {hits} hits")
    return 0 if report(NAME, "" if hits > rounds else "hardly anything hits: the generator is of no use") else 1


if __name__ == "__main__":
    sys.exit(main())
