#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The runner itself: a test that fails, crashes or says nothing must never count as passed."""

import contextlib
import io
import sys

from checklib import report
from results import Results

GOOD = """group a: start
TAP version 13
1..2
ok 1 - first
skipped: no display
ok 2 # SKIP second
# ok - a
group a: ok
"""


def counted(feed):
    """(passed, failed, skipped) after feeding a Results, whose printing is of no interest here."""
    results = Results()
    with contextlib.redirect_stdout(io.StringIO()):
        feed(results)
    return results.counts()


def tap(text, code, groups=("a",)):
    return lambda results: results.read_tap(text, code, "x", list(groups))


def checks(text, code):
    return lambda results: results.read_checks(text, code, "x")


CASES = [
    ("good_groups__are_counted", tap(GOOD, 0), (1, 0, 1)),
    ("windows_line_ends__are_counted", tap(GOOD.replace("\n", "\r\n"), 0), (1, 0, 1)),
    ("a_failed_test__is_counted", tap(GOOD.replace("ok 1 -", "not ok 1 -"), 1), (0, 1, 1)),
    ("a_crash_in_a_group__is_a_failure", tap(GOOD.split("# ok")[0], -11), (1, 1, 1)),
    ("a_crash_after_the_groups__is_a_failure", tap(GOOD, -11), (1, 1, 1)),
    ("a_group_that_never_ran__is_a_failure", tap(GOOD, 0, ("a", "b")), (1, 1, 1)),
    ("good_checks__are_counted", checks("ok one\nskipped two: why\n", 0), (1, 0, 1)),
    ("a_failed_check__is_counted", checks("  detail\nnot ok one: why\n", 1), (0, 1, 0)),
    ("a_check_without_a_result__is_a_failure", checks("Traceback\n", 1), (0, 1, 0)),
    ("a_check_that_says_ok_and_then_dies__is_a_failure", checks("ok one\nTraceback\n", 1), (1, 1, 0)),
]


def main():
    good = True
    for name, feed, expected in CASES:
        got = counted(feed)
        good &= report(f"check_runner.{name}", "" if got == expected else f"{got}, expected {expected}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
