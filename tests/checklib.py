# SPDX-License-Identifier: Apache-2.0
"""What the check_*.py scripts share: the file list, a look at C text, and proof that a check can fail.

A check is a module with find_problems(root), which returns a list of texts, and PLANTED, a list of
(name, function that damages a copy of the tree, part of the text that must then be reported).
Output: one line `ok <name>` or `not ok <name>: <why>` for the check and for each planted defect.
"""

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
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if SKIPPED_FOLDERS.intersection(relative.parts) or not path.is_file():
            continue
        if not data and relative.as_posix().startswith(DATA_FOLDERS):
            continue
        if not suffixes or path.name.endswith(suffixes):
            found.append(relative)
    return found


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


def copy_tree(target):
    for relative in files(ROOT):
        place = target / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / relative, place)


def report(name, problem):
    if problem:
        print(f"not ok {name}: {problem}")
    else:
        print(f"ok {name}")
    return not problem


def run(module_name, find_problems, planted, alone=False):
    """Runs a check on the tree, then on one damaged copy per planted defect; with `alone` the damage
    is all there is in the copy. Returns an exit code."""
    problems = find_problems(ROOT)
    for problem in problems:
        print(f"  {problem}")
    good = report(module_name, f"{len(problems)} problems" if problems else "")
    with tempfile.TemporaryDirectory(prefix="emoguard-check-") as folder:
        for name, damage, expected in planted:
            copy = Path(folder) / name
            if not alone:
                copy_tree(copy)
            damage(copy)
            fresh = [text for text in find_problems(copy) if text not in problems]
            found = any(expected in text for text in fresh)
            good &= report(f"{module_name}.finds_{name}",
                           "" if found else f"the planted defect was not reported: {fresh[:3]}")
            shutil.rmtree(copy)
    return 0 if good else 1


def main(module_name, find_problems, planted, alone=False):
    sys.exit(run(module_name, find_problems, planted, alone))
