# SPDX-License-Identifier: Apache-2.0
"""Stories out of whole streams of events by the default pack, against golden files: attacks as they were recorded on
real machines, our drill, a day at the office. EG_UPDATE_GOLDEN=1 writes the golden files anew; read the difference."""

import gzip
import json
import os
import re
import shutil

from tools import BUILD, ROOT, Wine, run, test_data, wine_path

GOLDEN = ROOT / "tests" / "data" / "incidents"
STREAMS = BUILD / "test-logs" / "stories"
OWN = [GOLDEN / "drill.jsonl", ROOT / "rules" / "samples" / "office.jsonl"]
HEADING = re.compile(r"^(\S.*): \d+ stories, \d+ hits$", re.MULTILINE)


def difference(golden, told):
    """The first line in which they differ; writes the golden file instead when that is asked for."""
    if os.environ.get("EG_UPDATE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")
    expected = golden.read_text(encoding="utf-8")
    if told == expected:
        return ""
    pairs = zip(expected.splitlines() + ["nothing"], told.splitlines() + ["nothing"], strict=False)
    number, (old, new) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return f"{golden.name} line {number}\nexpected {old}\nactual   {new}"


def tell(results, name, golden, streams):
    """The native program must tell the golden stories, and the Windows program under Wine the same bytes."""
    done = run([BUILD / "native/tests/story_replay", ROOT / "rules", *streams], f"{name}.log", merged=False)
    problem = f"code {done.code}\n{done.errors[-800:]}" if done.code != 0 else difference(golden, done.output)
    results.check(f"recorded/{name}", problem)
    program = BUILD / "windows/tests/story_replay.exe"
    if not program.exists():
        results.skip(f"recorded/{name}__wine", "the Windows build is not there")
        return
    with Wine("stories") as wine:
        again = wine.run([program, wine_path(ROOT / "rules"), *map(wine_path, streams)], f"{name}-wine.log", merged=False)
    same = again.code == 0 and again.output == done.output
    results.check(f"recorded/{name}__wine", "" if same else f"code {again.code}, other stories than the native program")


def recordings(data, names):
    """A file of events for each of these recordings, in this order."""
    shutil.rmtree(STREAMS, ignore_errors=True)
    STREAMS.mkdir(parents=True)
    lines = {name: [] for name in names}
    with gzip.open(data / "sigma" / "events.ndjson.gz", "rt", encoding="utf-8") as packed:
        for line in packed:
            name = json.loads(line)["file"].rsplit("/", 1)[-1]
            if name in lines:
                lines[name].append(line)
    for name, found in lines.items():
        (STREAMS / name).write_text("".join(found), encoding="utf-8")
    return [STREAMS / name for name in names]


def stories(results):
    """The golden file of the recorded attacks also names them."""
    tell(results, "stories__drill_and_office_day__are_one_and_none", GOLDEN / "own.txt", OWN)
    name = "stories__recorded_attacks__are_as_expected"
    data = test_data()
    if data is None:
        for test in (name, f"{name}__wine"):
            results.skip(f"recorded/{test}", "no recorded data (EMOGUARD_TEST_DATA)")
        return
    golden = GOLDEN / "recorded.txt"
    tell(results, name, golden, recordings(data, HEADING.findall(golden.read_text(encoding="utf-8"))))
