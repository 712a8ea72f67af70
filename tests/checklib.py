# SPDX-License-Identifier: Apache-2.0
"""What the check_*.py scripts share: the file list, a look at C text, and proof that a check can fail.

A check is a module with find_problems(root), which returns a list of texts, and PLANTED, a list of
(name, function that damages a copy of the tree, part of the text that must then be reported).
Output: one line `ok <name>` or `not ok <name>: <why>` for the check and for each planted defect.
"""

import os
import re
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED_FOLDERS = {".git", "build", "vcpkg_installed", "__pycache__", ".vs"}
DATA_FOLDERS = ("tests/fuzz/corpus", "tests/data", "rules/samples")


def files(root, *suffixes, data=False):
    """Files of the tree with one of the suffixes (all without any), as sorted paths below root."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]  # never walked: build/ is large
        below = Path(folder).relative_to(root)
        for name in names:
            relative = below / name
            if not data and relative.as_posix().startswith(DATA_FOLDERS):
                continue
            if (not suffixes or name.endswith(suffixes)) and (root / relative).is_file():
                found.append(relative)
    return sorted(found)


def read(root, relative):
    return (root / relative).read_text(encoding="utf-8", errors="replace")


def code_only(text):
    """C text with comments and the insides of string and character literals blanked, lines kept."""
    def blank(match):
        part = match.group(0)
        if part[0] in "\"'":
            return part[0] + part[0]
        return re.sub(r"[^\n]", " ", part)

    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    return re.sub(pattern, blank, text, flags=re.DOTALL)


def unpack(archive, folder):
    """Unpacks a tar archive; older Pythons do not know the filter that keeps members inside."""
    with tarfile.open(archive) as tar:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(folder, **safe)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def edit(root, relative, change):
    """Rewrites one file of a copy: for planted defects."""
    path = root / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(change(old), encoding="utf-8")


def states(root):
    """What tells whether a file was touched, by its path."""
    found = {}
    for relative in files(root, data=True):
        stat = (root / relative).stat()
        found[relative] = (stat.st_mtime_ns, stat.st_size)
    return found


class Copy:
    """A copy of the tree, which is damaged and mended again and again."""
    def __init__(self, root):
        self.root, self.sources = root, files(ROOT)
        self.known = {}
        self.mend()

    def mend(self):
        now = states(self.root)
        for relative in now.keys() - self.known.keys():
            (self.root / relative).unlink()
        for relative in self.sources:
            if relative not in now or now[relative] != self.known.get(relative):
                place = self.root / relative
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / relative, place)  # its time is in the past: a change shows
        self.known = states(self.root)


def report(name, problem):
    if problem:
        print(f"not ok {name}: {problem}")
    else:
        print(f"ok {name}")
    return not problem


def run(module_name, find_problems, planted, alone=False):
    """Runs a check on the tree, then on a copy damaged by each planted defect; with `alone` the damage
    is all there is in the copy. Returns an exit code."""
    problems = find_problems(ROOT)
    for problem in problems:
        print(f"  {problem}")
    good = report(module_name, f"{len(problems)} problems" if problems else "")
    with tempfile.TemporaryDirectory(prefix="emoguard-check-") as folder:
        copy = None if alone else Copy(Path(folder) / "tree")
        for name, damage, expected in planted:
            place = copy.root if copy else Path(folder) / name
            damage(place)
            fresh = [text for text in find_problems(place) if text not in problems]
            found = any(expected in text for text in fresh)
            good &= report(f"{module_name}.finds_{name}",
                           "" if found else f"the planted defect was not reported: {fresh[:3]}")
            if copy:
                copy.mend()
    return 0 if good else 1


def main(module_name, find_problems, planted, alone=False):
    sys.exit(run(module_name, find_problems, planted, alone))
