# SPDX-License-Identifier: Apache-2.0
"""Tests on recordings from real machines. They are no part of the repository: EMOGUARD_TEST_DATA names
their folder (../shared/data next to the repository by default); without it these tests are skipped."""

import gzip
import json

from tools import BUILD, ROOT, run, test_data

CUTS = (0, 1, 7, 20)
MIN_RULES_HIT = 15


def lines_of(path):
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


def replay(program, path, log, sanitizers):
    done = run([BUILD / program, path], log, environment=sanitizers, merged=False)
    if done.code != 0:
        return None, f"{program} ended with code {done.code}: {done.errors[-800:]}"
    try:
        return [json.loads(line) for line in done.output.splitlines()], ""
    except ValueError as error:
        return None, f"{program}: {error}"


# What the independent decode in the recording calls a field, and what our event calls it.
SAME_FIELDS = {
    "ProcessId": ("ProcessId", "ProcessID"),
    "ParentProcessId": ("ParentId", "ParentProcessID"),
    "CommandLine": ("CommandLine",),
}
# Identities of recorded events that must become events of ours: (provider, id or opcode).
EXPECTED_KINDS = {
    ("MSNT_SystemTrace/Process", 1): "process_start",
    ("MSNT_SystemTrace/Process", 2): "process_stop",
    ("Microsoft-Windows-Kernel-Process", 1): "process_start",
    ("Microsoft-Windows-Kernel-Process", 2): "process_stop",
}


def compare_fields(result, decoded):
    for ours, theirs in SAME_FIELDS.items():
        name = next((name for name in theirs if name in decoded), None)
        if name is None or ours not in result.get("fields", {}):
            continue
        if str(result["fields"][ours]).rstrip() != str(decoded[name]).rstrip():
            return f"{ours} is {result['fields'][ours]!r}, recorded {decoded[name]!r}"
    return ""


def compare(records, results):
    if [result.get("i") for result in results] != list(range(len(records))):
        return "the results are not numbered like the records"
    compared = 0
    for record, result in zip(records, results):
        place = f"record {result['i']} ({record['provider']} {record['id']}/{record['opcode']})"
        classic = record["provider"].startswith("MSNT_")
        kind = EXPECTED_KINDS.get((record["provider"], record["opcode"] if classic else record["id"]))
        if result["result"] == "malformed":
            return f"{place}: a real record is called malformed"
        if kind is None or record["origin"] == "tool-generated":
            continue
        if result["result"] != "event" or result.get("kind") != kind:
            return f"{place}: {result['result']} {result.get('kind')} instead of {kind}"
        difference = compare_fields(result, record.get("decoded") or {})
        if difference:
            return f"{place}: {difference}"
        compared += 1
    return "" if compared >= 50 else f"only {compared} records could be compared"


def etw(results, sanitizers):
    """Every recorded payload as it is, then cut short: no crash, no invented content."""
    names = ("recorded/etw_payloads__decode_as_recorded", "recorded/etw_payloads__cut_short__are_survived")
    data = test_data()
    if data is None:
        for name in names:
            results.skip(name, "no recorded data (EMOGUARD_TEST_DATA)")
        return
    program = "asan/tests/etw_replay" if (BUILD / "asan/tests/etw_replay").exists() else "native/tests/etw_replay"
    fixtures = data / "etw" / "etw-fixtures.ndjson"
    records = lines_of(fixtures)
    decoded, problem = replay(program, fixtures, "etw-replay.log", sanitizers)
    results.check(names[0], problem or compare(records, decoded))
    cut = BUILD / "test-logs" / "etw-cut.ndjson"
    with open(cut, "w", encoding="utf-8") as stream:
        for record in records:
            for length in CUTS:
                short = record["userdata"][:2 * length]
                stream.write(json.dumps({**record, "userdata": short, "userdata_len": len(short) // 2}) + "\n")
    decoded, problem = replay(program, cut, "etw-replay-cut.log", sanitizers)
    if not problem and len(decoded) != len(records) * len(CUTS):
        problem = f"{len(decoded)} results for {len(records) * len(CUTS)} records"
    results.check(names[1], problem)


def emoguard(*arguments, log, timeout=600):
    return run([BUILD / "native/emoguard", *arguments], log, timeout, merged=False)


def rules(results):
    """The default pack: sound, and every rule hits its own sample and misses the other."""
    for verb in ("lint", "test"):
        done = emoguard("rules", verb, ROOT / "rules", log=f"rules-{verb}.log")
        results.check(f"recorded/rules_{verb}__default_pack",
                      "" if done.code == 0 else f"code {done.code}\n{done.output}{done.errors}")


def hits_in(events, log):
    done = emoguard("hunt", "--rules", ROOT / "rules", "--events", events, "--format", "jsonl", log=log)
    if done.code not in (0, 1):
        return None, f"hunt ended with code {done.code}: {done.errors[-800:]}"
    hits = [json.loads(line) for line in done.output.splitlines()]
    if [hit["i"] for hit in hits] != sorted(hit["i"] for hit in hits):
        return None, "hits are not in the order of the events"
    return hits, ""


def hunt(results):
    hits, problem = hits_in(ROOT / "rules/samples/office.jsonl", "hunt-office.log")
    if hits:
        problem = f"{len(hits)} hits, first {hits[0]}"
    results.check("recorded/hunt__ordinary_office_events__hit_nothing", problem)
    name = f"recorded/hunt__recorded_attacks__hit_at_least_{MIN_RULES_HIT}_rules"
    data = test_data()
    if data is None:
        results.skip(name, "no recorded data (EMOGUARD_TEST_DATA)")
        return
    events = BUILD / "test-logs" / "events.ndjson"
    with gzip.open(data / "sigma" / "events.ndjson.gz", "rb") as packed:
        events.write_bytes(packed.read())
    hits, problem = hits_in(events, "hunt-recorded.log")
    if not problem:
        rules_hit = {hit["rule"] for hit in hits}
        print(f"  {len(hits)} hits of {len(rules_hit)} rules in the recorded events")
        if len(rules_hit) < MIN_RULES_HIT:
            problem = f"only {len(rules_hit)} rules hit: {sorted(rules_hit)}"
    results.check(name, problem)
