#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as its users meet it: the real program, its output, its exit codes.

usage: check_cli.py [EMOGUARD]

The recorded events and SigmaHQ's rules are the folder sigma/ below EMOGUARD_TEST_DATA (default
../shared/data); what needs them is skipped where there is none.
"""

import contextlib
import gzip
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from checklib import ROOT, report, unpack
from tools import BUILD, test_data

PROGRAM = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILD / "native/emoguard"
PACK = ROOT / "rules"
DEADLINE = 30
STATS = ["events", "events_broken", "seconds", "load_seconds", "rules_loaded", "rules_inert", "rules_rejected",
         "hits", "rule_memory_bytes"]
SYSMON = "Microsoft-Windows-Sysmon/Operational"

GOOD_RULE = """title: A Tool With A Name Of Its Own
id: 11111111-1111-4111-8111-111111111111
author: Someone Else, Another
level: high
logsource: {product: windows, category: process_creation}
detection:
    selection_img: {Image|endswith: '\\tool.exe'}
    selection_cli: {CommandLine|contains: ' -go'}
    filter_user: {User: nobody}
    condition: all of selection_* and not filter_user
"""
INERT_RULE = """title: Waits For A Field
id: 22222222-2222-4222-8222-222222222222
level: low
logsource: {product: windows, category: process_creation}
detection: {s: {LogonGuid|contains: 'AA'}, condition: s}
"""
UNFED_RULE = """title: Waits For A Source
id: 33333333-3333-4333-8333-333333333333
logsource: {product: windows, category: file_access}
detection: {s: {Image: x}, condition: s}
"""
BAD_RULE = """title: Broken
id: 44444444-4444-4444-8444-444444444444
logsource: {product: windows, category: process_creation}
detection:
    s: {Image|nonsense: x}
    condition: s
"""


class Wrong(Exception):
    """What a test found."""


def expect(condition, text):
    if not condition:
        raise Wrong(text)


def emoguard(*arguments, stdin="", code=0):
    """(standard output, standard error) of a run that must end with this code."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          encoding="utf-8", timeout=300, check=False)
    expect(done.returncode == code,
           f"`emoguard {' '.join(map(str, arguments))}` ended with {done.returncode}, not {code}: {done.stderr[-400:]}")
    return done.stdout, done.stderr


def event(image="C:\\x\\tool.exe", command="tool -go", **fields):
    return json.dumps({"channel": SYSMON, "event_id": 1,
                       "fields": {"Image": image, "CommandLine": command, **fields}})


def exported(command):
    """The same event as exporters of event logs write it, over several lines."""
    system = {"Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}}, "EventID": 1, "Channel": SYSMON}
    return json.dumps({"Event": {"System": system, "EventData": {"Image": "C:\\tool.exe", "CommandLine": command}}},
                      indent=2)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def rules_folder(folder):
    rules = folder / "rules"
    for name, text in (("good", GOOD_RULE), ("inert", INERT_RULE), ("unfed", UNFED_RULE), ("bad", BAD_RULE)):
        write(rules / f"{name}.yml", text)
    return rules


def good_rule(folder):
    return write(folder / "good.yml", GOOD_RULE)


def hits(text):
    return [json.loads(line) for line in text.splitlines()]


# ---- usage ----

def help__of_every_command__is_printed(folder):
    commands = re.findall(r"^COMMAND\((\w+),", (ROOT / "cli/commands.def").read_text(encoding="utf-8"), re.MULTILINE)
    expect("hunt" in commands, "commands.def names no hunt")
    output, _ = emoguard("--help")
    for name in commands:
        expect(f"  {name} " in output, f"--help does not name {name}")
    verbs = {"rules": ("lint", "list", "explain", "test"),
             "admin": ("init", "add", "publish", "refresh", "rollback", "halt", "verify", "keys")}
    for words in [[name] for name in commands] + [[name, verb] for name in verbs for verb in verbs[name]]:
        text, errors = emoguard(*words, "--help")
        expect(" ".join(words) in text and not errors, f"{words} --help prints {text[:80]!r}, {errors[:80]!r}")
        expect(len(words) == 1 and words[0] in ("rules", "admin", "status", "drill") or "exit codes" in text, f"{words} --help: no exit codes")
    version, _ = emoguard("--version")
    expect(re.fullmatch(r"emoguard \d+\.\d+\.\d+\n", version), f"--version prints {version!r}")


def usage__that_is_wrong__ends_with_2(folder):
    rule = good_rule(folder)
    for words in ([], ["nonsense"], ["hunt"], ["hunt", "--rules", rule], ["hunt", "--events", "-"],
                  ["hunt", "--rules", rule, "--events", "-", "--format", "xml"],
                  ["hunt", "--rules", rule, "--events", "-", "--jobs", "many"],
                  ["hunt", "--rules", rule, "--events", "-", "--jobs", "9999"],
                  ["hunt", "--rules", rule, "--events", "-", "--nonsense"], ["rules"], ["rules", "nonsense"],
                  ["rules", "lint"], ["rules", "list"], ["rules", "list", PACK, "--status", "nonsense"],
                  ["rules", "explain"], ["rules", "explain", "no such rule", PACK], ["rules", "test"],
                  ["hits", "nonsense"]):
        output, errors = emoguard(*words, code=2)
        expect(not output and errors, f"{words}: prints {output[:80]!r} and says {errors[:80]!r}")


def exceptions__that_would_hide_too_much__are_refused(folder):
    for words, why in [((), "--why"), (("--why", "x", "--days", "367"), "366"),
                       (("--why", "x", "--json"), "--dry-run"), (("--why", "x", "--keep", "path"), "--from-hit"),
                       (("--why", "x", "--from-hit", "0"), "number of a hit"),
                       (("--why", "x", "--rule", "r", "--any-rule"), "not both")]:
        _, errors = emoguard("exceptions", "add", *words, code=2)
        expect(why in errors, f"{words}: {errors}")
    for words in (("show",), ("revoke", "x"), ("list", "y"), ("keep",)):
        emoguard("exceptions", *words, code=2)
    _, errors = emoguard("exceptions", "list", "--database", folder / "none.db", code=3)
    expect("there is no hit database" in errors, errors)


def paths__that_do_not_exist__end_with_3(folder):
    rule, nothing = good_rule(folder), folder / "nothing"
    for words in (["hunt", "--rules", nothing, "--events", "-"], ["hunt", "--rules", rule, "--events", nothing],
                  ["hunt", "--rules", rule, "--events", folder], ["rules", "lint", nothing],
                  ["rules", "list", nothing], ["rules", "explain", "x", nothing], ["rules", "test", nothing],
                  ["rules", "explain", "Tool", rule, "--event", nothing], ["rules", "test", rule]):
        _, errors = emoguard(*words, code=3)
        expect(errors.startswith("emoguard: "), f"{words} says {errors!r}")


# ---- hunt ----

def hunt__broken_lines__are_named_and_skipped(folder):
    text = "\n".join([event(), "{broken", "", "[1]", "x" * (4 * 1024 * 1024 + 1), event()]) + "\n"
    events = write(folder / "events.jsonl", text)
    output, errors = emoguard("hunt", "--rules", good_rule(folder), "--events", events, "--stats", code=3)
    expect([hit["i"] for hit in hits(output)] == [0, 5], f"hits are {output}")
    for number in (2, 4, 5):
        expect(f"{events}:{number}: skipped (i {number - 1})" in errors, f"line {number} is not named: {errors}")
    stats = json.loads(errors.splitlines()[-1])
    expect((stats["events"], stats["events_broken"], stats["hits"]) == (2, 3, 2), f"{stats}")


def hunt__output__is_exactly_the_agreed_form(folder):
    rule = good_rule(folder)
    events = write(folder / "events.jsonl", event() + "\n" + event(command="tool") + "\n")
    arguments = ["hunt", "--rules", rule, "--events", events]
    plain = {"i": 0, "rule": "11111111-1111-4111-8111-111111111111", "title": "A Tool With A Name Of Its Own",
             "level": "high"}
    output, errors = emoguard(*arguments, "--stats")
    expect(hits(output) == [plain] and list(hits(output)[0]) == list(plain), f"the hit is {output}")
    expect(list(json.loads(errors)) == STATS, f"--stats prints {errors}")
    output, _ = emoguard(*arguments, "--authors")
    expect(hits(output) == [{**plain, "author": "Someone Else, Another"}], f"with --authors: {output}")
    output, _ = emoguard(*arguments, events)
    expect(hits(output) == [{**plain, "file": str(events)}, {**plain, "i": 2, "file": str(events)}],
           f"with two files: {output}")
    output, _ = emoguard(*arguments, "--format", "table")
    expect("Someone Else, Another" in output and "tool -go" in output, f"the table is {output}")


def hunt__windows_event_json_and_standard_input__are_read(folder):
    rule = good_rule(folder)
    text = exported("tool -go").replace("\n", "") + "\r\n" + "\ufeff" + event() + "\n" + event(User="nobody") + "\n"
    output, _ = emoguard("hunt", "--rules", rule, "--events", "-", stdin=text)
    expect([hit["i"] for hit in hits(output)] == [0, 1], f"hits are {output}")


def many_events(folder, lines):
    """A file of the pack's own samples, over and over, with some broken lines."""
    samples = []
    for path in sorted(PACK.glob("samples/**/*.jsonl")):
        samples += path.read_text(encoding="utf-8").splitlines()
    text = [samples[number % len(samples)] if number % 1000 != 7 else "{broken" for number in range(lines)]
    return write(folder / "many.jsonl", "\n".join(text) + "\n")


def hunt__with_jobs__prints_the_same_bytes(folder):
    events = many_events(folder, 20000)
    arguments = ["hunt", "--rules", PACK, "--events", events]
    alone = emoguard(*arguments, code=3)
    expect(len(alone[0].splitlines()) > 1000, "there are hardly any hits")
    for jobs in (2, 3, 8, 0):
        expect(emoguard(*arguments, "--jobs", jobs, code=3) == alone, f"--jobs {jobs} prints something else")
    table = emoguard(*arguments, "--format", "table", code=3)[0]
    expect(emoguard(*arguments, "--format", "table", "--jobs", 4, code=3)[0] == table, "the table differs")
    piped = emoguard("hunt", "--rules", PACK, "--events", "-", stdin=events.read_text(encoding="utf-8"), code=3)[0]
    expect(piped == alone[0], "standard input prints something else")


CORRELATION = """title: Twice By One User
id: 66666666-6666-4666-8666-666666666666
correlation:
    type: event_count
    rules: [11111111-1111-4111-8111-111111111111]
    group-by: [User]
    timespan: 10s
    condition: {gte: 2}
"""


def hunt__correlations__are_told_in_their_place_whatever_the_jobs(folder):
    rule = good_rule(folder)
    correlation = write(folder / "twice.yml", CORRELATION)
    lines = []
    for number in range(6000):
        user = f"user{number % 7}"
        time_text = f"2026-11-24T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
        lines.append(json.dumps({"channel": SYSMON, "event_id": 1, "time": time_text, "fields": {
            "Image": "C:\\tool.exe", "CommandLine": "tool -go" if number % 50 < 8 else "tool", "User": user}}))
    events = write(folder / "events.jsonl", "\n".join(lines) + "\n")
    arguments = ["hunt", "--rules", rule, correlation, "--events", events]
    alone = emoguard(*arguments)
    # Of eight hits in eight seconds the last is the second one of the first user.
    expected = [number for number in range(6000) if number % 50 == 7]
    found = hits(alone[0])
    expect([hit["i"] for hit in found] == expected, f"{len(found)} hits, first {found[:2]}")
    expect({hit["title"] for hit in found} == {"Twice By One User"}, "the base rule speaks as well")
    for jobs in (2, 5):
        expect(emoguard(*arguments, "--jobs", jobs) == alone, f"--jobs {jobs} prints something else")


def wait_for(what, condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        expect(time.monotonic() < end, f"waited in vain for {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def following(folder, events, *more):
    """A hunt that follows; yields its process and the file of its output."""
    output = folder / "followed.jsonl"
    with open(output, "wb") as stream, open(folder / "followed.err", "wb") as errors:
        process = subprocess.Popen([PROGRAM, "hunt", "--rules", good_rule(folder), "--events", events, "--follow",
                                    *more], stdout=stream, stderr=errors)
        try:
            yield process, output
        finally:
            process.kill()
            process.wait()


def hunt__that_follows__sees_lines_as_they_come(folder):
    events = write(folder / "growing.jsonl", event() + "\n")
    with following(folder, events, "--stats") as (process, output):
        def count():
            return len(output.read_text(encoding="utf-8").splitlines())

        wait_for("the first hit", lambda: count() == 1)
        line = event() + "\n"
        with open(events, "a", encoding="utf-8") as stream:
            stream.write(line[:20])
            stream.flush()
            time.sleep(0.5)
            expect(count() == 1, "half a line was taken for one")
            stream.write(line[20:])
        wait_for("the line in two parts", lambda: count() == 2)
        events.write_text("", encoding="utf-8")
        wait_for("the cut", lambda: b"was cut" in (folder / "followed.err").read_bytes())
        with open(events, "a", encoding="utf-8") as stream:
            stream.write(line)
        wait_for("a line behind the cut", lambda: count() == 3)
        events.rename(folder / "old.jsonl")
        write(events, line + line)
        wait_for("the lines of the new file", lambda: count() == 5)
        process.send_signal(signal.SIGINT)
        expect(process.wait(DEADLINE) == 0, f"ended with {process.returncode}")
    stats = json.loads((folder / "followed.err").read_text(encoding="utf-8").splitlines()[-1])
    expect((stats["events"], stats["events_broken"], stats["hits"]) == (5, 0, 5), f"{stats}")


def hunt__on_a_pipe__answers_before_the_pipe_ends(folder):
    with subprocess.Popen([PROGRAM, "hunt", "--rules", good_rule(folder), "--events", "-", "--jobs", "2"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        os.set_blocking(process.stdout.fileno(), False)
        for _ in range(2):
            process.stdin.write((event() + "\n").encode())
            process.stdin.flush()
            wait_for("the hit", lambda: process.stdout.read())
        process.stdin.close()
        expect(process.wait(DEADLINE) == 0, f"ended with {process.returncode}")


def hunt__on_a_terminal__shows_progress(folder):
    events = many_events(folder, 5000)
    master, terminal = pty.openpty()
    with open(folder / "hits.jsonl", "wb") as stream:
        process = subprocess.Popen([PROGRAM, "hunt", "--rules", PACK, "--events", events], stdout=stream,
                                   stderr=terminal)
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is gone with the program
            while part := os.read(master, 4096):
                shown += part
        os.close(master)
        expect(process.wait(DEADLINE) == 3, f"ended with {process.returncode}")
    expect(re.search(rb"\d+ %  \d+ events  \d+ events/s", shown), f"the terminal shows {shown[:200]}")


# ---- rules ----

def rules_list__tells_what_became_of_each(folder):
    rules = rules_folder(folder)
    output, _ = emoguard("rules", "list", rules, "--json")
    rows, totals = hits(output)[:-1], hits(output)[-1]
    state = {row["title"]: row["status"] for row in rows}
    expect(state == {"A Tool With A Name Of Its Own": "loaded", "Waits For A Field": "inert",
                     "Waits For A Source": "inert", "Broken": "rejected"}, f"{state}")
    by_title = {row["title"]: row for row in rows}
    expect(by_title["Waits For A Field"]["missing"] == ["LogonGuid"], f"{by_title['Waits For A Field']}")
    expect(by_title["Waits For A Field"]["sensor"] and by_title["Waits For A Source"]["sensor"], "no sensor is named")
    expect(by_title["Broken"]["line"] == 5 and "nonsense" in by_title["Broken"]["reason"], f"{by_title['Broken']}")
    expect(totals["totals"] == {"loaded": 1, "inert": 2, "rejected": 1}, f"{totals}")
    expect(totals["categories"]["process_creation"] == {"loaded": 1, "inert": 1, "rejected": 1}, f"{totals}")
    output, _ = emoguard("rules", "list", rules, "--status", "inert", "--category", "file_access")
    expect("Waits For A Source" in output and "Waits For A Field" not in output, f"filtered: {output}")
    expect("no event log carries" in output and "it would come from" in output, f"no reason: {output}")


def rules_explain__finds_the_rule_and_shows_it(folder):
    rules = rules_folder(folder)
    whole, _ = emoguard("rules", "explain", "11111111-1111-4111-8111-111111111111", rules)
    for text in ("Someone Else", "selection_img", "Image ends with '\\tool.exe'", "CommandLine contains ' -go'",
                 "process_creation", "*"):
        expect(text in whole, f"{text!r} is not in {whole}")
    for wanted in ("a tool with a name of its own", "name of", "good.yml"):
        expect(emoguard("rules", "explain", wanted, rules)[0] == whole, f"{wanted!r} finds something else")
    expect(emoguard("rules", "explain", rules / "good.yml")[0] == whole, "the file alone is not enough")
    _, errors = emoguard("rules", "explain", "a", rules, code=2)
    expect("11111111" in errors and "22222222" in errors, f"the candidates are {errors}")
    _, errors = emoguard("rules", "explain", "bad.yml", rules, code=1)
    expect("bad.yml:5" in errors, f"the reason is {errors}")


def rules_explain__asks_each_event(folder):
    rule = good_rule(folder)
    events = write(folder / "events.json", exported("tool -go") + "\n" + exported("tool") + "\n"
                   + event(User="nobody") + "\n" + event().replace('"event_id": 1', '"event_id": 5'))
    output, _ = emoguard("rules", "explain", "Tool", rule, "--event", events)
    parts = output.split("\n==== ")[1:]
    expect(len(parts) == 4 and "1 of 4 events meet the rule" in output, f"{len(parts)} events in {output}")
    expect(": MET" in parts[0] and "[x] *" in parts[0], f"{parts[0]}")
    expect("not met" in parts[1] and re.search(r"\[ \]\s+selection_cli", parts[1]), f"{parts[1]}")
    expect(re.search(r"\[x\]\s+selection_img", parts[1]) and "'tool'" in parts[1], f"{parts[1]}")
    expect("not met" in parts[2] and re.search(r"\[x\]\s+filter_user", parts[2]), f"{parts[2]}")
    expect("not of log source process_creation" in parts[3], f"{parts[3]}")
    emoguard("rules", "explain", "Tool", rule, "--event", write(folder / "one.json", exported("tool")), code=1)
    emoguard("rules", "explain", "Tool", rule, "--event", write(folder / "one.json", "nonsense"), code=3)


def info(count=None, path="regression_data/rules/good/11111111-1111-4111-8111-111111111111.evtx"):
    wanted = f"\n    match_count: {count}" if count is not None else ""
    return ("id: 99999999-9999-4999-8999-999999999999\nrule_metadata:\n  - id: 11111111-1111-4111-8111-111111111111\n"
            f"    title: t\nregression_tests_info:\n  - name: Positive Detection Test\n    type: evtx{wanted}\n"
            f"    path: {path}\n")


def rules_test__runs_regression_folders(folder):
    rule = good_rule(folder)
    data = folder / "regression_data/rules/good"
    recording = write(data / "11111111-1111-4111-8111-111111111111.json",
                      exported("tool -go") + "\n" + exported("tool") + "\n" + exported("x -go"))
    write(data / "info.yml", info(2))
    _, errors = emoguard("rules", "test", rule, folder / "regression_data")
    expect("1 regression tests: 1 passed, 0 failed" in errors, f"{errors}")
    for text, reason in ((info(3), "2 events meet it, not 3"), (info(1, "gone.evtx"), "gone.json"),
                         (info().replace("11111111", "55555555"), "not among the rules")):
        write(data / "info.yml", text)
        output, _ = emoguard("rules", "test", rule, folder / "regression_data", code=1)
        expect(reason in output, f"{reason!r} is not in {output}")
    write(data / "info.yml", info())
    write(recording, exported("tool"))
    output, _ = emoguard("rules", "test", folder, code=1)
    expect("0 events meet it, not 1" in output, f"{output}")


def rules_test__on_the_pack__passes(folder):
    _, errors = emoguard("rules", "test", PACK)
    expect("0 failed" in errors, f"{errors}")
    emoguard("rules", "lint", PACK, "--quiet")


# ---- recorded ----

def recorded_tree(folder, data):
    """SigmaHQ's regression tests as they lie in its repository, made of the recorded events."""
    tests = {}
    with gzip.open(data / "sigma" / "events.ndjson.gz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if "expected" in record:
                tests.setdefault(record["file"], []).append(record)
    for name, records in tests.items():
        objects = [{"Event": {"System": {"Provider": {"#attributes": {"Name": record["provider"]}},
                                         "EventID": record["event_id"], "Channel": record["channel"]},
                              "EventData": record["fields"]}} for record in records]
        write(folder / name, "\n".join(json.dumps(item, indent=2) for item in objects))
        text = info(records[0]["expected_min"], name.replace(".json", ".evtx"))
        write((folder / name).parent / "info.yml",
              text.replace("11111111-1111-4111-8111-111111111111", records[0]["expected"]))
    return len(tests)


def rules_test__on_recorded_regression_tests__passes(folder):
    data = test_data()
    count = recorded_tree(folder, data)
    unpack(data / "sigma" / "sigma-rules.tar.gz", folder / "sigma")
    output, errors = emoguard("rules", "test", folder / "sigma", folder / "regression_data")
    expect(f"{count} regression tests: {count} passed, 0 failed" in errors, f"{errors} {output[-400:]}")
    output, _ = emoguard("rules", "list", folder / "sigma", "--json")
    totals = hits(output)[-1]
    expect(sum(totals["totals"].values()) == len(hits(output)) - 1, f"{totals['totals']}")
    expect(totals["totals"]["rejected"] == 2, f"{totals['totals']}")


TESTS = [help__of_every_command__is_printed, usage__that_is_wrong__ends_with_2,
         exceptions__that_would_hide_too_much__are_refused, paths__that_do_not_exist__end_with_3, hunt__broken_lines__are_named_and_skipped,
         hunt__output__is_exactly_the_agreed_form, hunt__windows_event_json_and_standard_input__are_read,
         hunt__with_jobs__prints_the_same_bytes, hunt__correlations__are_told_in_their_place_whatever_the_jobs,
         hunt__that_follows__sees_lines_as_they_come,
         hunt__on_a_pipe__answers_before_the_pipe_ends, hunt__on_a_terminal__shows_progress,
         rules_list__tells_what_became_of_each, rules_explain__finds_the_rule_and_shows_it,
         rules_explain__asks_each_event, rules_test__runs_regression_folders, rules_test__on_the_pack__passes]
RECORDED = [rules_test__on_recorded_regression_tests__passes]


def run_test(test):
    with tempfile.TemporaryDirectory(prefix="emoguard-cli-") as folder:
        try:
            test(Path(folder))
        except Wrong as wrong:
            return report(f"check_cli.{test.__name__}", " ".join(str(wrong).split()))
        except (subprocess.TimeoutExpired, ValueError, OSError) as error:
            return report(f"check_cli.{test.__name__}", f"{type(error).__name__}: {error}")
    return report(f"check_cli.{test.__name__}", "")


def main():
    good = True
    for test in TESTS:
        good &= run_test(test)
    data = test_data()
    for test in RECORDED:
        if data is None or not (data / "sigma" / "sigma-rules.tar.gz").exists():
            print(f"skipped check_cli.{test.__name__}: no recorded data (EMOGUARD_TEST_DATA)")
        else:
            good &= run_test(test)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
