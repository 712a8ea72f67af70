# SPDX-License-Identifier: Apache-2.0
"""Tests on recordings from real machines. They are no part of the repository: EMOGUARD_TEST_DATA names
their folder (../shared/data next to the repository by default); without it these tests are skipped."""

import gzip
import json
import shlex
import sys

from tools import BUILD, ROOT, Wine, data_environment, run, test_data, wine_path

CUTS = (0, 1, 7, 20)
MIN_RULES_HIT = 15


NO_DATA = "no recorded data (EMOGUARD_TEST_DATA)"


def check_etw(results, name, command, environment):
    """tests/check_etw.py compares every decoded value with the recording."""
    done = run([sys.executable, "tests/check_etw.py", command], name.replace("/", "-") + ".log",
               environment={**environment, **data_environment()})
    results.check(name, "" if done.code == 0 else done.output)


def write_cut(source, target):
    """Every record four times, its payload cut short; returns how many lines that made."""
    count = 0
    with open(source, encoding="utf-8") as records, open(target, "w", encoding="utf-8") as stream:
        for record in map(json.loads, records):
            for length in CUTS:
                short = record["userdata"][:2 * length]
                stream.write(json.dumps({**record, "userdata": short, "userdata_len": len(short) // 2}) + "\n")
                count += 1
    return count


def replay_cut(fixtures, program, environment):
    """What is wrong with the answers to cut records; empty when there is one for each."""
    cut = BUILD / "test-logs" / "etw-cut.ndjson"
    count = write_cut(fixtures, cut)
    done = run([program, cut], "etw-replay-cut.log", environment=environment, merged=False)
    if done.code != 0:
        return f"ended with code {done.code}\n{done.errors[-2000:]}"
    answers = [json.loads(line) for line in done.output.splitlines()]
    if len(answers) != count:
        return f"{len(answers)} answers to {count} records"
    whole = [answer for answer in answers if answer["result"] == "event" and answer["i"] % len(CUTS) == 0]
    return f"record {whole[0]['i']}: an event out of no bytes" if whole else ""


def etw(results, sanitizers):
    """Every recorded payload as it is, natively and under Wine, then cut short."""
    program = BUILD / "asan/tests/etw_replay"
    if not program.exists():
        program = BUILD / "native/tests/etw_replay"
    windows = BUILD / "windows/tests/etw_replay.exe"
    names = ["recorded/etw_replay__native", "recorded/etw_replay__cut_payloads", "recorded/etw_replay__wine"]
    data = test_data()
    if data is None:
        for name in names:
            results.skip(name, NO_DATA)
        return
    check_etw(results, names[0], shlex.quote(str(program)), sanitizers)
    results.check(names[1], replay_cut(data / "etw" / "etw-fixtures.ndjson", program, sanitizers))
    if not windows.exists():
        results.skip(names[2], "the Windows build is not there")
        return
    with Wine("replay") as wine:
        check_etw(results, names[2], f"wine {shlex.quote(str(windows))}", wine.environment)


def emoguard(*arguments, log, timeout=600):
    return run([BUILD / "native/emoguard", *arguments], log, timeout, merged=False)


def rules(results):
    """The default pack: sound, and every rule hits its own sample and misses the other."""
    for verb in ("lint", "test"):
        done = emoguard("rules", verb, ROOT / "rules", log=f"rules-{verb}.log")
        results.check(f"recorded/rules_{verb}__default_pack",
                      "" if done.code == 0 else f"code {done.code}\n{done.output}{done.errors}")


def hunt_arguments(path_of, events):
    return ["hunt", "--rules", path_of(ROOT / "rules"), "--events", path_of(events), "--format", "jsonl"]


def hits_in(events, log):
    """The hits in a file of events, the text they were printed as, and what went wrong."""
    done = emoguard(*hunt_arguments(str, events), log=log)
    if done.code not in (0, 1):
        return [], "", f"hunt ended with code {done.code}: {done.errors[-800:]}"
    hits = [json.loads(line) for line in done.output.splitlines()]
    if [hit["i"] for hit in hits] != sorted(hit["i"] for hit in hits):
        return hits, done.output, "hits are not in the order of the events"
    return hits, done.output, ""


def same_under_wine(results, name, events, expected):
    program = BUILD / "windows/emoguard.exe"
    if not program.exists():
        results.skip(name, "the Windows build is not there")
        return
    with Wine("hunt") as wine:
        done = wine.run([program, *hunt_arguments(wine_path, events)], "hunt-wine.log", merged=False)
    if done.code not in (0, 1):
        results.fail(name, f"code {done.code}\n{done.errors[-800:]}")
    else:
        same = done.output.replace("\r\n", "\n") == expected
        results.check(name, "" if same else "other hits than the native program")


def hunt(results):
    """Nothing in ordinary office work, much in recorded attacks, and the same on both systems."""
    hits, _, problem = hits_in(ROOT / "rules/samples/office.jsonl", "hunt-office.log")
    if hits:
        problem = f"{len(hits)} hits, first {hits[0]}"
    results.check("recorded/hunt__ordinary_office_events__hit_nothing", problem)
    names = [f"recorded/hunt__recorded_attacks__hit_at_least_{MIN_RULES_HIT}_rules",
             "recorded/hunt__recorded_attacks__same_under_wine"]
    data = test_data()
    if data is None:
        for name in names:
            results.skip(name, NO_DATA)
        return
    events = BUILD / "test-logs" / "events.ndjson"
    with gzip.open(data / "sigma" / "events.ndjson.gz", "rb") as packed:
        events.write_bytes(packed.read())
    hits, text, problem = hits_in(events, "hunt-recorded.log")
    rules_hit = {hit["rule"] for hit in hits}
    print(f"  {len(hits)} hits of {len(rules_hit)} rules in the recorded events")
    if not problem and len(rules_hit) < MIN_RULES_HIT:
        problem = f"only {len(rules_hit)} rules hit: {sorted(rules_hit)}"
    results.check(names[0], problem)
    same_under_wine(results, names[1], events, text)
