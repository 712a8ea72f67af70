# SPDX-License-Identifier: Apache-2.0
"""Counts what the stages of tests/run.py report, and reads the two output forms they meet."""

import re
import time

TAP_RESULT = re.compile(r"^(ok|not ok) (\d+) (- |# SKIP )(.*)$")
CHECK_RESULT = re.compile(r"^(ok|not ok|skipped) ([\w.\-]+)(?:: (.*))?$")
GROUP_LINE = re.compile(r"^group (\w+): (start|ok|\d+ failed)$")
DETAIL_LINES = 12


class Results:
    """One list each of passed, failed and skipped tests; failures are printed as they come."""

    def __init__(self):
        self.passed, self.failed, self.skipped = [], [], []

    def ok(self, name):
        self.passed.append(name)

    def fail(self, name, why=""):
        self.failed.append(name)
        lines = [line for line in why.splitlines() if line.strip()]
        print(f"  not ok {name}", flush=True)
        for line in lines[-DETAIL_LINES:]:
            print(f"    {line}", flush=True)

    def skip(self, name, why):
        self.skipped.append((name, why))
        print(f"  skipped: {name}: {why}", flush=True)

    def check(self, name, problem):
        """A test whose outcome is a text: empty for good."""
        if problem:
            self.fail(name, problem)
        else:
            self.ok(name)

    def counts(self):
        return len(self.passed), len(self.failed), len(self.skipped)

    def read_checks(self, output, returncode, name):
        """The `ok name` / `not ok name: why` / `skipped name: why` lines of a script."""
        before, seen, detail = self.counts(), 0, []
        for line in output.splitlines():
            match = CHECK_RESULT.match(line)
            if not match:
                detail.append(line)
                continue
            seen += 1
            kind, test, why = match.groups()
            if kind == "ok":
                self.ok(test)
            elif kind == "skipped":
                self.skip(test, why or "no reason given")
            else:
                self.fail(test, "\n".join([*detail, why or ""]))
            detail = []
        broke = returncode != 0 and self.counts()[1] == before[1]
        if seen == 0 or broke:
            self.fail(name, "\n".join([*detail, f"ended with code {returncode}"]))

    def read_tap(self, output, returncode, prefix, groups):
        """cmocka's TAP between the group lines of emoguard-tests; every group must come to its end."""
        group, detail, ended = "", [], set()
        for line in output.splitlines():
            line = line.rstrip("\r")
            mark, result = GROUP_LINE.match(line), TAP_RESULT.match(line)
            if mark:
                group = mark.group(1)
                if mark.group(2) != "start":
                    ended.add(group)
                detail = []
            elif result:
                self.read_tap_line(result, f"{prefix}/{group}.", detail)
                detail = []
            elif not line.startswith(("1..", "TAP version", "# ok", "# not ok")):
                detail.append(line)
        missing = [name for name in groups if name not in ended]
        if missing:
            self.fail(f"{prefix}/{missing[0]}",
                      "\n".join([*detail, f"ended with code {returncode} before this group was done"]))
        elif returncode not in (0, 1):
            self.fail(f"{prefix}", "\n".join([*detail, f"ended with code {returncode}"]))

    def read_tap_line(self, result, prefix, detail):
        status, _, kind, name = result.groups()
        if kind.startswith("# SKIP"):
            reasons = [line for line in detail if "skipped:" in line]
            reason = reasons[-1].split("skipped:", 1)[1].strip() if reasons else "no reason given"
            self.skip(prefix + name, reason)
        elif status == "ok":
            self.ok(prefix + name)
        else:
            self.fail(prefix + name, "\n".join(detail))


class Stopwatch:
    def __init__(self):
        self.begun = time.monotonic()

    def text(self):
        seconds = time.monotonic() - self.begun
        if seconds < 120:
            return f"{seconds:.1f} s"
        return f"{int(seconds) // 60} min {int(seconds) % 60:02} s"
