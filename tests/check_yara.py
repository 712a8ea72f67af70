#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`emoguard check` and the YARA rules of the default pack: samples made here (never real malware) that must and must
not hit, clean files, what cannot be looked at, and the same verdicts as the `yara` command.

usage: check_yara.py [EMOGUARD]
"""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from checklib import ROOT, report
from tools import BUILD

PROGRAM = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILD / "native/emoguard"
PACK = ROOT / "rules"
WINE_FILES = Path("/usr/lib/x86_64-linux-gnu/wine")
EXTERNALS = ("filepath", "filename", "extension", "filetype", "owner", "full_path", "event_kind", "signer_state")
DRILL = "EMOGUARD-DRILL-MARKER:" + "9e1f7c52-harmless-test-file"
LNK = struct.pack("<I", 0x4C) + bytes.fromhex("0114020000000000c000000000000046") + bytes(56)
ONENOTE = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(1008)
EMBEDDED = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac") + struct.pack("<QIQ", 100, 0, 0)
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
MACRO_SHEET = bytes.fromhex("85000e00a40800000201") + b"\x06\x00Macro1"
WORKSHEET = bytes.fromhex("85000e00a40800000000") + b"\x06\x00Sheet1"


def wide(text):
    return text.encode("utf-16-le")


# {file: (rule that must hit, content)}; None: no rule may.
SAMPLES = {
    "drill.txt": ("emoguard_drill_marker", b"text " + DRILL.encode() + b" text"),
    "drill_wide.dll": ("emoguard_drill_marker", b"MZ" + bytes(100) + wide(DRILL)),
    "almost_drill.txt": (None, DRILL[:-1].encode()),
    "encoded.lnk": ("emotet_2022_shortcut_powershell",
                    LNK + wide("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -enc " + "QUJD" * 20)),
    "findstr.lnk": ("emotet_2022_shortcut_powershell",
                    LNK + wide("cmd.exe /v:on /c findstr \"rSIPPswjwCtKoZy\" x.lnk > \"%tmp%\\a.vbs\" & wscript a.vbs")),
    "office.lnk": (None, LNK + wide("C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE /dde")),
    "admin.lnk": (None, LNK + wide("powershell.exe -NoProfile -File \\\\server\\netlogon\\map.ps1")),
    "script.one": ("emotet_2023_onenote_script",
                   ONENOTE + EMBEDDED + b"<script language=\"vbscript\">Set x = CreateObject(\"WScript.Shell\")</script>"),
    "picture.one": (None, ONENOTE + EMBEDDED + b"\x89PNG\r\n" + bytes(200)),
    "notes.one": (None, ONENOTE + wide("how to call CreateObject( with WScript.Shell")),
    "macro_sheet.xls": ("emotet_2021_excel4_regsvr32",
                        OLE + MACRO_SHEET + b"urlmon URLDownloadToFileA ..\\xdwno.ocx C:\\Windows\\System32\\regsvr32.exe"),
    "table.xls": (None, OLE + WORKSHEET + b"customers of regsvr32 and urlmon"),
    "old_macro_sheet.xls": (None, OLE + MACRO_SHEET + b"SUM(A1:A3) RETURN()"),
    "macro.doc": ("emotet_2020_word_macro",
                  OLE + b"Private Sub Document_Open()\r\nSet p = GetObject(\"winmgmts:Win32_Process\")\r\nEnd Sub"),
    "split.doc": ("emotet_2020_word_macro",
                  OLE + b"Sub AutoOpen()\r\nx = \"po\" & \"wershell -enc " + b"QUJD" * 8 + b"\"\r\nEnd Sub"),
    "template.doc": (None, OLE + b"Private Sub Document_Open()\r\nActiveDocument.Fields.Update\r\nEnd Sub"),
    "manual.txt": (None, b"powershell -encodedcommand is described in chapter 3; Win32_ProcessStartup in 4"),
    "empty.bin": (None, b""),
}


class Wrong(Exception):
    """What a test found."""


def expect(condition, text):
    if not condition:
        raise Wrong(text)


def check(*arguments, code):
    """The findings by file name and the verdict of a run that must end with this code."""
    command = [PROGRAM, "check", "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)
    expect(done.returncode == code, f"{command} ended with {done.returncode}, not {code}: {done.stderr[-300:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    expect(lines, f"{command} told nothing: {done.stderr[-300:]}")
    return lines[:-1], lines[-1]


def write_samples(folder):
    for name, (_, content) in SAMPLES.items():
        (folder / name).write_bytes(content)


def write_office_files(folder):
    """Files as offices have them: zip containers with parts of XML, some with a macro part."""
    for name, parts in (("letter.docx", ("[Content_Types].xml", "word/document.xml")),
                        ("table.xlsx", ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml")),
                        ("talk.pptx", ("[Content_Types].xml", "ppt/presentation.xml")),
                        ("form.docm", ("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"))):
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            with zipfile.ZipFile(folder / f"{method}-{name}", "w", method) as archive:
                for part in parts:
                    archive.writestr(part, f"<?xml version=\"1.0\"?><p>{part} " + "御中 見積書 " * 300 + "</p>")
    (folder / "mail.rtf").write_bytes(b"{\\rtf1\\ansi " + b"ordinary text " * 500 + b"}")


def names_of(rules):
    """{id: name} of the pack's rules, as the engine reads them."""
    done = subprocess.run([PROGRAM, "rules", "list", rules, "--json", "--category", "yara"], capture_output=True,
                          text=True, encoding="utf-8", timeout=60, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()][:-1]
    return {row["rule"]: row for row in rows}


def identifiers():
    found = {}
    for path in sorted((PACK / "yara").glob("*.yar")):
        name = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("rule "):
                name = line.split()[1]
            elif line.strip().startswith("id = "):
                found[line.split('"')[1]] = name
    return found


def samples__hit_the_rule_they_were_made_for(folder):
    names = identifiers()
    write_samples(folder)
    findings, verdict = check("--rules", PACK, folder, code=1)
    # samples of containers are damaged ones: what cannot be looked into is told beside, or without, a rule
    met = {Path(f["path"]).name: sorted(names[rule["rule"]] for rule in f.get("rules", ())) for f in findings}
    for name, (rule, _) in SAMPLES.items():
        expect(met.get(name, []) == ([rule] if rule else []), f"{name}: {met.get(name)}, not {rule}")
    expect(verdict["verdict"] == "suspicious" and verdict["files"] == len(SAMPLES), f"{verdict}")
    expect(verdict["rules"] == len(names) and verdict["serial"] > 2026000000, f"{verdict}")


def jobs__whatever_their_number__give_the_same_findings(folder):
    write_samples(folder)
    expect(check("--rules", PACK, folder, "--jobs", 1, code=1)[0] == check("--rules", PACK, folder, "--jobs", 4, code=1)[0],
           "the findings differ")


def cache__kept_in_a_file__saves_reading_what_did_not_change(folder):
    tree, cache = folder / "tree", folder / "cache"
    tree.mkdir()
    write_office_files(tree)
    (tree / "drill.txt").write_text(DRILL, encoding="ascii")
    arguments = ("--rules", PACK, tree, "--cache", cache)
    first, before = check(*arguments, code=1)
    second, after = check(*arguments, code=1)
    expect(before["bytes"] > 10 * after["bytes"] > 0, f"read {before['bytes']}, then {after['bytes']}")
    expect(first == second and before["files"] == after["files"], "the findings differ")
    cache.write_bytes(cache.read_bytes()[:-1])
    expect(check(*arguments, code=1)[1]["bytes"] == before["bytes"], "a damaged file was believed")


def office_files__hit_nothing(folder):
    write_office_files(folder)
    _, verdict = check("--rules", PACK, folder, code=0)
    expect(verdict["verdict"] == "nothing found" and verdict["files"] == 9, f"{verdict}")


def programs_of_wine__hit_nothing(_):
    _, verdict = check("--rules", PACK, WINE_FILES, code=0)
    expect(verdict["files"] > 500, f"only {verdict['files']} files")


def what_cannot_be_looked_at__is_told_with_the_reason(folder):
    with open(folder / "sparse.bin", "wb") as sparse:
        sparse.truncate(4 << 30)
    os.mkfifo(folder / "pipe")
    (folder / "plain.txt").write_bytes(b"plain")
    findings, verdict = check("--rules", PACK, folder, folder / "missing", code=3)
    reasons = {Path(f["path"]).name: f["reason"] for f in findings}
    expect(verdict["verdict"] == "could not look everywhere" and verdict["not_looked"] == 3, f"{verdict}")
    expect("only the first" in reasons["sparse.bin"] and "no regular file" in reasons["pipe"], f"{reasons}")
    expect("missing" in reasons, f"{reasons}")
    subprocess.run([PROGRAM, "check", "--json", "--rules", PACK, folder, folder / "missing", "--output", folder],
                   capture_output=True, timeout=60, check=False)
    written = json.loads(next(folder.glob("*_emoguard.json")).read_text(encoding="utf-8"))
    reasons = {Path(gap["what"]).name: gap["reason"] for gap in written["gaps"]}
    expect(reasons == {"sparse.bin": "too_large", "pipe": "unreadable", "missing": "gone"}, f"{reasons}")


def text__names_verdict_rules_and_age(folder):
    (folder / "drill.txt").write_text(DRILL, encoding="ascii")
    done = subprocess.run([PROGRAM, "check", "--lang", "en", "--rules", PACK, folder], capture_output=True, text=True,
                          encoding="utf-8", timeout=60, check=False)
    expect(done.returncode == 1, f"ended with {done.returncode}")
    for part in ("verdict: suspicious", "drill.txt", "A harmless file of a drill", "emoguard-default 20"):
        expect(part in done.stdout, f"no '{part}' in {done.stdout}")


def usage__that_is_wrong__ends_with_2(folder):
    for arguments in ((), ("/json",), ("--memory", folder), ("--lang", "xx", folder), ("--progress", "x", folder),
                      ("--output", folder / "missing", folder), ("--jobs", "0", folder), ("--json", "--text", folder), ("--nonsense", folder)):
        done = subprocess.run([PROGRAM, "check", *map(str, arguments)], capture_output=True, timeout=60, check=False)
        expect(done.returncode == 2, f"{arguments} ended with {done.returncode}")


def pack__tested_against_its_samples__names_those_that_are_wrong(folder):
    copy = folder / "pack"
    shutil.copytree(PACK, copy)
    samples = copy / "samples"

    def failures():
        done = subprocess.run([PROGRAM, "rules", "test", copy], capture_output=True, text=True, timeout=300, check=False)
        return done.returncode, done.stdout
    expect(failures() == (0, ""), f"{failures()}")
    (samples / "emoguard_drill_marker/hit.bytes").write_text("text \"other\"\n", encoding="ascii")
    (samples / "emotet_2020_word_macro/miss_template.bytes").write_text("hex 4\n", encoding="ascii")
    (samples / "emotet_payload_without_imports/miss_new.bytes").write_bytes(
        (samples / "emotet_payload_without_imports/hit.bytes").read_bytes())
    shutil.rmtree(samples / "emotet_2023_onenote_lure")
    code, told = failures()
    expect(code == 1 and told.count("FAIL") == 4, told)
    for part in ("hit.bytes: does not hit emoguard_drill_marker", "line 1: not two hexadecimal digits",
                 "miss_new.bytes: hits emotet_payload_without_imports", "no hit*.bytes for emotet_2023_onenote_lure"):
        expect(part in told, told)


def lint__of_slow_rules__warns(folder):
    (folder / "slow.yar").write_text("rule slow { strings: $a = /a.*b/ $b = { 00 } condition: any of them }", encoding="ascii")
    done = subprocess.run([PROGRAM, "rules", "lint", folder], capture_output=True, text=True, timeout=60, check=False)
    expect(done.returncode == 1 and done.stdout.count("may slow down scanning") == 2, f"{done.stdout} {done.stderr}")


def lint__of_a_broken_file__names_file_and_line(folder):
    (folder / "good.yar").write_text("rule good { condition: false }", encoding="ascii")
    (folder / "bad.yar").write_text("rule bad {\n  condition:\n    nonsense\n}\n", encoding="ascii")
    done = subprocess.run([PROGRAM, "rules", "lint", folder], capture_output=True, text=True, timeout=60, check=False)
    expect(done.returncode == 1 and "bad.yar:3: rejected: " in done.stdout, f"{done.stdout} {done.stderr}")
    rows = names_of(folder)
    expect(sorted(row["status"] for row in rows.values()) == ["loaded", "rejected"], f"{rows}")


def yara__on_the_same_rules_and_files__says_the_same(folder):
    write_samples(folder)
    write_office_files(folder)
    dice = random.Random(1)
    for number in range(200):
        content = bytearray(dice.choice([content for _, content in SAMPLES.values()]))
        for _ in range(dice.randrange(4)):
            if content:
                content[dice.randrange(len(content))] = dice.randrange(256)
        (folder / f"changed{number}").write_bytes(content)
    names = identifiers()
    ours = {(Path(f["path"]).name, names[rule["rule"]]) for f in check("--rules", PACK, folder, code=1)[0]
            for rule in f.get("rules", ())}
    externals = [part for name in EXTERNALS for part in ("-d", f"{name}=")] + ["-d", "file_size=0"]
    done = subprocess.run(["yara", "-w", "-r", *externals, *map(str, sorted((PACK / "yara").glob("*.yar"))), folder],
                          capture_output=True, text=True, timeout=120, check=True)
    theirs = {(Path(line.split(" ", 1)[1]).name, line.split(" ", 1)[0]) for line in done.stdout.splitlines()}
    expect(ours == theirs, f"only ours {sorted(ours - theirs)}, only yara's {sorted(theirs - ours)}")
    expect(len(ours) > 50, f"only {len(ours)} verdicts to compare")


TESTS = [samples__hit_the_rule_they_were_made_for, jobs__whatever_their_number__give_the_same_findings,
         cache__kept_in_a_file__saves_reading_what_did_not_change,
         office_files__hit_nothing, what_cannot_be_looked_at__is_told_with_the_reason,
         text__names_verdict_rules_and_age, usage__that_is_wrong__ends_with_2,
         pack__tested_against_its_samples__names_those_that_are_wrong, lint__of_slow_rules__warns,
         lint__of_a_broken_file__names_file_and_line]
# (test, what it needs, reason to skip it)
CONDITIONAL = [(programs_of_wine__hit_nothing, WINE_FILES.is_dir(), f"no {WINE_FILES}"),
               (yara__on_the_same_rules_and_files__says_the_same, shutil.which("yara"), "no yara command")]


def run_test(test):
    with tempfile.TemporaryDirectory(prefix="emoguard-yara-") as folder:
        try:
            test(Path(folder))
        except Wrong as wrong:
            return report(f"check_yara.{test.__name__}", " ".join(str(wrong).split()))
        except (subprocess.SubprocessError, KeyError, ValueError, OSError) as error:
            return report(f"check_yara.{test.__name__}", f"{type(error).__name__}: {error}")
    return report(f"check_yara.{test.__name__}", "")


def main():
    good = True
    for test in TESTS:
        good &= run_test(test)
    for test, present, reason in CONDITIONAL:
        if present:
            good &= run_test(test)
        else:
            print(f"skipped check_yara.{test.__name__}: {reason}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
