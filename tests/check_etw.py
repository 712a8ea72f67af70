#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs etw_replay over the recorded ETW payloads and compares every decoded value with an independent
decode of the same bytes.

usage: check_etw.py ETW_REPLAY [FIXTURES.ndjson]

ETW_REPLAY may be a command line ("wine etw_replay.exe"). Without a file, the one below
EMOGUARD_TEST_DATA (default ../shared/data) is taken; where there is none, the test is skipped."""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

KINDS = {1: "process_start", 2: "process_stop", 3: "process_start", 4: "process_start", 39: "process_stop"}


def fixtures_path():
    root = pathlib.Path(__file__).resolve().parent.parent
    data = os.environ.get("EMOGUARD_TEST_DATA", root / ".." / "shared" / "data")
    return pathlib.Path(data) / "etw" / "etw-fixtures.ndjson"


def is_known(fixture):
    """Records of other providers have no independent decode: they are there to be ignored."""
    return "decoded" in fixture


def differences(fixture, answer):
    """What is wrong with one answer, as a list of sentences."""
    if not is_known(fixture):
        return [] if answer["result"] == "ignored" else [f"result {answer['result']}, expected ignored"]
    if answer["result"] != "event":
        return [f"result {answer['result']}, expected event"]
    wrong = []
    expected, fields = fixture["decoded"], answer["fields"]
    for name in {**expected, **fields}:
        if expected.get(name) != fields.get(name) or (name in expected) != (name in fields):
            wrong.append(f"{name} is {fields.get(name)!r}, expected {expected.get(name)!r}")
    if list(expected) != list(fields) and not wrong:
        wrong.append("fields in another order")
    if fixture["provider"] == "MSNT_SystemTrace/Process" and answer["kind"] != KINDS[fixture["opcode"]]:
        wrong.append(f"kind {answer['kind']} for opcode {fixture['opcode']}")
    return wrong


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    path = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else fixtures_path()
    if not path.exists():
        print(f"skipped: {path} is not there")
        return 0
    fixtures = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    # A file, not a pipe: what Wine leaves running would hold a pipe open.
    with tempfile.TemporaryFile() as output:
        run = subprocess.run(shlex.split(sys.argv[1]) + [str(path)], stdout=output, check=False)
        output.seek(0)
        lines = output.read().decode("utf-8").splitlines()
    if run.returncode != 0:
        return 1
    answers = [json.loads(line) for line in lines]
    failed = 0
    for number, (fixture, answer) in enumerate(zip(fixtures, answers)):
        wrong = differences(fixture, answer)
        if answer["i"] != number:
            wrong.append(f"numbered {answer['i']}")
        if wrong:
            failed += 1
            print(f"record {number}, {fixture['provider']} {fixture['id']}: " + "; ".join(wrong))
    if len(answers) != len(fixtures):
        print(f"{len(answers)} answers to {len(fixtures)} records")
        failed += 1
    compared = sum(map(is_known, fixtures))
    print(f"{len(fixtures)} records, {compared} compared field by field, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
