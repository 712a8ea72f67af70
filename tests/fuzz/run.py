#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzes every parser of fuzz.def for EG_FUZZ_SECONDS (60) each: `make fuzz`.

  run.py [PARSER...]      only these

New inputs go to build/fuzz/new/<parser>/, a crash to build/fuzz/crash/<parser>-...; copy that file into
tests/fuzz/corpus/<parser>/ with the fix, so that `make test` replays it for ever.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "fuzz"


def fuzz(name, seconds):
    new, crash = BUILD / "new" / name, BUILD / "crash"
    for folder in (new, crash):
        folder.mkdir(parents=True, exist_ok=True)
    command = [BUILD / f"fuzz_{name}", new, HERE / "corpus" / name, f"-max_total_time={seconds}",
               "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1",
               f"-artifact_prefix={crash}/{name}-"]
    log = BUILD / f"{name}.log"
    with open(log, "w", encoding="utf-8") as stream:
        code = subprocess.run([str(part) for part in command], cwd=ROOT, stdout=stream,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    runs = re.search(r"number_of_executed_units:\s*(\d+)", text)
    print(f"{'ok' if code == 0 else 'not ok'} fuzz/{name}: {runs.group(1) if runs else '?'} runs, log {log}",
          flush=True)
    return code == 0


def main():
    lines = (HERE / "fuzz.def").read_text(encoding="utf-8")
    known = re.findall(r"^FUZZ\(([a-z0-9_]+)\)", lines, re.MULTILINE)
    names = sys.argv[1:] or known
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no such parser: {unknown[0]} (there are {', '.join(known)})", file=sys.stderr)
        return 2
    seconds = int(os.environ.get("EG_FUZZ_SECONDS", "60"))
    good = [fuzz(name, seconds) for name in names]
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
