#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs an MSBuild engine (mono-xbuild) over every project emoguard.sln names.

tools/xbuild/ stands in for Visual Studio's C++ files and calls MinGW-w64, so this proves that the
projects and property files are read as meant, that each lists what it needs, and that all of it
compiles and links: not that Visual Studio's compiler accepts it. Output goes to build/xbuild/.
"""

import concurrent.futures
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from check_projects import NAMESPACE, SOLUTION_PROJECT, parse
from checklib import ROOT, Copy, edit, read, report

SUFFIXES = {"Application": ".exe", "DynamicLibrary": ".dll", "StaticLibrary": ".lib"}


def dependencies(root):
    path = subprocess.run([sys.executable, root / "tools/deps/deps.py", "path"], text=True,
                          capture_output=True, check=True).stdout.strip()
    return Path(path) / "windows"


def expected_output(tree, name):
    kind = tree.findtext(f".//{NAMESPACE}ConfigurationType")
    return (tree.findtext(f".//{NAMESPACE}TargetName") or name) + SUFFIXES[kind]


def build(root, out, name, project, libraries):
    """Builds one project; returns the problems."""
    problems = []
    tree = parse(root, project, problems)
    if tree is None:
        return problems
    folder = out / "obj" / name
    shutil.rmtree(folder, ignore_errors=True)
    log = out / f"{name}.log"
    command = ["xbuild", str(root / project), "/nologo", "/verbosity:minimal", "/target:Build",
               f"/property:VCTargetsPath={root / 'tools/xbuild'}",
               "/property:Configuration=Release", "/property:Platform=x64",
               f"/property:EmoGuardDeps={libraries}", f"/property:OutDir={out}/bin/",
               f"/property:IntDir={folder}/"]
    with open(log, "w", encoding="utf-8") as stream:
        code = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, stdout=stream,
                              stderr=subprocess.STDOUT, check=False).returncode
    made = out / "bin" / expected_output(tree, name)
    if code != 0 or not made.is_file():
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
                 if ("error" in line or "undefined reference" in line) and "Command '" not in line]
        problems.append(f"{project}: xbuild failed: {' | '.join(lines[:3]) or 'nothing was built'} "
                        f"(see {log})")
    return problems


def find_problems(root, out):
    text = read(root, "emoguard.sln")
    projects = [(name, path.replace("\\", "/")) for name, path, _ in SOLUTION_PROJECT.findall(text)]
    if not projects:
        return ["emoguard.sln names no project"]
    shutil.rmtree(out / "bin", ignore_errors=True)
    (out / "bin").mkdir(parents=True)
    libraries = dependencies(ROOT)
    references = {name: re.findall(r"ProjectReference Include", read(root, path))
                  for name, path in projects}
    problems = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for wave in ([p for p in projects if not references[p[0]]],
                     [p for p in projects if references[p[0]]]):
            for found in pool.map(lambda p: build(root, out, p[0], p[1], libraries), wave):
                problems += found
    return problems


def planted_problem(damage):
    """Builds a tiny tree with the real property files, damaged or not."""
    with tempfile.TemporaryDirectory(prefix="emoguard-check-") as folder:
        root = Path(folder) / "tree"
        Copy(root)
        keep = "cli/drill/payload.vcxproj"
        edit(root, "emoguard.sln", lambda old: "\n".join(
            line for line in old.splitlines() if "vcxproj" not in line or "payload" in line))
        edit(root, "cli/drill/payload.c", lambda old: "int eg_planted(void);\n"
             "int eg_planted(void)\n{\n    return 0;\n}\n")
        damage(root, keep)
        return find_problems(root, Path(folder) / "out")


def nothing(_root, _project):
    pass


def unlisted(root, project):
    edit(root, project, lambda old: old.replace("payload.c", "absent.c"))


def broken_source(root, _project):
    edit(root, "cli/drill/payload.c", lambda old: old + "int planted = missing;\n")


def no_definitions(root, _project):
    edit(root, "Directory.Build.props", lambda old: old.replace("_WIN32_WINNT=0x0A00", "PLANTED=0x0A00"))
    edit(root, "cli/drill/payload.c", lambda old: "#if PLANTED\n#error planted\n#endif\n" + old)


PLANTED = [
    ("a_missing_file", unlisted),
    ("a_compile_error", broken_source),
    ("changed_settings", no_definitions),
]


def main():
    if shutil.which("xbuild") is None:
        print("skipped check_xbuild: xbuild is not installed")
        return 0
    problems = find_problems(ROOT, ROOT / "build" / "xbuild")
    for problem in problems:
        print(f"  {problem}")
    good = report("check_xbuild", f"{len(problems)} problems" if problems else "")
    good &= report("check_xbuild.builds_a_sound_copy", "; ".join(planted_problem(nothing)))
    for name, damage in PLANTED:
        found = planted_problem(damage)
        good &= report(f"check_xbuild.finds_{name}", "" if found else "the planted defect was not reported")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
