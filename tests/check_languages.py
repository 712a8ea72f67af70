#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A language more, made up, by the way that docs/languages.md tells: it takes files and lines in lists, and every text arrives.

The texts are English with accents on the vowels. They go through tests/check_texts.py like any language, are compiled, and must all be in
what was compiled. Skipped without MinGW-w64.
"""
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import check_texts
from checklib import ROOT, Copy, edit, read, report

CODE, NAME, WINDOWS = "de", "DE", "GERMAN"
DEF_PARTS = ("service", "cli")
COMPILER, RESOURCES = "x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-windres"
ACCENTS = str.maketrans("aeiouAEIOU", "áéíóúÁÉÍÓÚ")
ALL_TEXTS = """
#include "core/base/compiler.h"
#define EVENT_TEXT(id, text) text,
#define ALARM_TEXT(part, text) text,
#define SERVICE_TEXT(part, text) text,
#define WORD_TEXT(id, text) text,
#define AREA_TEXT(id, text) text,
#define REASON_TEXT(id, text) text,
#define WAY_TEXT(id, text) text,
extern const char *const all_texts[];
const char *const all_texts[] = {
#define LANGUAGE_TEXTS(code) EG_QUOTE(service/texts.code.def)
#include "core/detect/languages.def"
#undef LANGUAGE_TEXTS
#define LANGUAGE_TEXTS(code) EG_QUOTE(cli/texts.code.def)
#include "core/detect/languages.def"
};
"""
LITERAL = re.compile(r'(?<=")((?:[^"\\\n]|\\.)+)(?=")')


def made_up(text):
    """Values and escapes stay."""
    return re.sub(r"(\\.|%\d|%%|%n)|([^\\%]+)", lambda m: m.group(1) or m.group(2).translate(ACCENTS), text)


def translated(text):
    """The texts of a .rc or .def file; names of files are none."""
    lines = [line if line.lstrip().startswith(("#", "/*", "*")) else LITERAL.sub(lambda m: made_up(m.group(1)), line)
             for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def translated_json(value):
    if isinstance(value, dict):
        return {key: translated_json(part) for key, part in value.items()}
    return value.translate(ACCENTS) if isinstance(value, str) else value


def add_language(root):
    """The steps of docs/languages.md."""
    include = "#define LANGUAGE_ID EG_LANGUAGE_{}\n#include LANGUAGE_TEXTS({})\n#undef LANGUAGE_ID\n"
    edit(root, check_texts.LANGUAGES, lambda text: text.replace('LANGUAGE(JA, "ja")\n', f'LANGUAGE(JA, "ja")\nLANGUAGE({NAME}, "{CODE}")\n')
         .replace(include.format("JA", "ja"), include.format("JA", "ja") + include.format(NAME, CODE)))
    english = read(root, "tray/res/text.en.rc").replace("LANG_ENGLISH", f"LANG_{WINDOWS}")
    edit(root, f"tray/res/text.{CODE}.rc", lambda _: translated(english))
    edit(root, "tray/tray.vcxproj", lambda text: text.replace("text.en.rc", f"text.{CODE}.rc", 1))
    for part in DEF_PARTS:
        edit(root, f"{part}/texts.{CODE}.def", lambda _, part=part: translated(read(root, f"{part}/texts.en.def")))
    rules = translated_json(json.loads(read(root, "rules/texts.en.json")))
    edit(root, f"rules/texts.{CODE}.json", lambda _: json.dumps(rules, ensure_ascii=False))


def compiled(root, source, command):
    """What came out, as bytes."""
    out = root / "compiled.o"
    subprocess.run(command + ["-I", root, root / source, "-o", out], check=True, cwd=root)
    return out.read_bytes()


def compile_lists(root):
    """All texts of service and reports, taken in as their sources do."""
    edit(root, "service/all_texts.c", lambda _: ALL_TEXTS)
    return compiled(root, "service/all_texts.c", [COMPILER, "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c"])


def unescaped(text):
    return text.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"').replace('""', '"')


def missing(root):
    """Texts that did not arrive."""
    program = compile_lists(root)
    listed = [entry for part in DEF_PARTS for entry in check_texts.read_def_texts(root, f"{part}/texts.{CODE}.def", []).items()]
    absent = [name for name, text in listed if unescaped(text).encode() not in program]
    ids = check_texts.read_ids(root, [])
    tray = check_texts.read_texts(root, f"tray/res/text.{CODE}.rc", ids, [])
    resources = compiled(root, f"tray/res/text.{CODE}.rc", [RESOURCES])
    return absent + [name for name, text in tray.items() if unescaped(text).encode("utf-16-le") not in resources]


def main():
    if not shutil.which(COMPILER):
        print(f"skipped check_languages: {COMPILER} is not installed")
        return 0
    with tempfile.TemporaryDirectory(prefix="emoguard-check-") as folder:
        root = Path(folder)
        Copy(root)
        add_language(root)
        known = check_texts.find_problems(ROOT)
        problems = [problem for problem in check_texts.find_problems(root) if problem not in known]
        good = report("check_languages.a_made_up_language__has_every_id_and_value", "; ".join(problems[:3]))
        absent = missing(root)
        good &= report("check_languages.its_texts__are_in_the_programs", f"not there: {absent[:5]}" if absent else "")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
