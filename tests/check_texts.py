#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The texts of tray, service and reports: every id in every language once, with the same values, and used by the program.

Also that the icons are what their script draws.
"""

import re
import subprocess
import sys

from checklib import edit, files, line_of, main, read

LANGUAGES = "core/detect/languages.def"
HEADER = "tray/resource.h"
TEXT_FILES = re.compile(r"tray/res/text\.([a-z]{2})\.rc")
ENTRY = re.compile(r'^\s*(EG_TEXT_\w+)\s+"((?:[^"\\]|\\.|"")*)"\s*$', re.MULTILINE)
MESSAGES = "service/event_messages.def"
REPORT_IDS = ("cli/report_words.def", "cli/check_areas.def", "cli/check_reasons.def")
DEF_FILES = re.compile(r"(service|cli)/texts\.([a-z]{2})\.def")
DEF_ENTRY = re.compile(r'^([A-Z]+)_TEXT\(\s*(\w+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)', re.MULTILINE)
VALUE = re.compile(r"%(\d)")
JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
VALUE_UNITS = 32  # a date with its time, or a code, at their longest
# Where a Japanese text may lack Japanese: the product's name alone, or nothing but values.
PLAIN = {"EG_TEXT_ALERT_TITLE", "EG_TEXT_STATUS_CHECK_VALUE"}


def read_ids(root, problems):
    ids = {}
    text = read(root, HEADER)
    for match in re.finditer(r"^#define (EG_\w+) (\d+)$", text, re.MULTILINE):
        name, number = match.group(1), int(match.group(2))
        if number in ids.values():
            problems.append(f"{HEADER}:{line_of(text, match.start())}: {name}: number {number} is used twice")
        ids[name] = number
    return {name for name in ids if name.startswith("EG_TEXT_")}


def read_texts(root, relative, ids, problems):
    text, found = read(root, relative), {}
    for match in ENTRY.finditer(text):
        name, place = match.group(1), f"{relative}:{line_of(text, match.start(1))}"
        if name in found:
            problems.append(f"{place}: {name} stands there twice")
        if name not in ids:
            problems.append(f"{place}: {name} is not in {HEADER}")
        if not match.group(2).strip():
            problems.append(f"{place}: {name} is empty")
        found[name] = match.group(2)
    for name in sorted(ids - set(found)):
        problems.append(f"{relative}: {name} is missing")
    return found


def read_def_texts(root, relative, problems):
    text, found = read(root, relative), {}
    for match in DEF_ENTRY.finditer(text):
        name = f"{match.group(1)} {match.group(2)}"
        if name in found:
            problems.append(f"{relative}:{line_of(text, match.start())}: {name} stands there twice")
        found[name] = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(3)))
    return found


def wanted_of_service(root):
    events = re.findall(r"^MESSAGE\(\d+, (\w+),", read(root, MESSAGES), re.MULTILINE)
    return {f"EVENT {name}" for name in events} | {f"ALARM {name}" for name in ("somebody", "before", "call", "after")} | {"SERVICE description"}


def wanted_of_reports(root):
    """Words, areas and reasons; and the ways that reasons name."""
    ids = [match for path in REPORT_IDS for match in re.findall(r"^(WORD|AREA|REASON)\((\w+)", read(root, path), re.MULTILINE)]
    ways = set(re.findall(r"^REASON\(\w+, \"\w+\", (\w+)\)", read(root, REPORT_IDS[2]), re.MULTILINE)) - {"UNKNOWN"}
    return {f"{kind} {name}" for kind, name in ids} | {f"WAY {name}" for name in ways}


def check_def_files(root, problems):
    """Every text that service and reports need, with the same values, in each language."""
    wanted_of = {"service": wanted_of_service(root), "cli": wanted_of_reports(root)}
    texts = {part: {} for part in wanted_of}
    for path in files(root, ".def"):
        match = DEF_FILES.fullmatch(path.as_posix())
        if match:
            texts[match.group(1)][match.group(2)] = read_def_texts(root, path, problems)
    for part, wanted in wanted_of.items():
        for language, found in texts[part].items():
            for name in sorted(wanted ^ set(found)):
                problems.append(f"{part}/texts.{language}.def: {name} is {'missing' if name in wanted else 'no text of ours'}")
        for name in sorted(wanted):
            values = {language: sorted(set(VALUE.findall(found.get(name, "")))) for language, found in texts[part].items()}
            if any(name in found and values[language] != values.get("en") for language, found in texts[part].items()):
                problems.append(f"{name}: the values differ between languages: {values}")
    return texts


def check_values(texts, problems):
    """The languages must take the same values, in any order, without a gap."""
    first = next(iter(texts.values()), {})
    for name in first:
        wanted = sorted(set(VALUE.findall(first[name])))
        if wanted != [str(i + 1) for i in range(len(wanted))]:
            problems.append(f"{name}: the values are {wanted}, not counted from 1")
        for language, entries in texts.items():
            values = sorted(set(VALUE.findall(entries.get(name, first[name]))))
            if values != wanted:
                problems.append(f"{name}: the values differ between languages: {values} in {language}, {wanted}")


def check_shortcuts(texts, problems):
    """A menu entry or button needs its letter in every language."""
    for name in texts.get("en", {}):
        marks = {language: len(re.findall(r"&\w", entries.get(name, ""))) for language, entries in texts.items()}
        if len(set(marks.values())) > 1:
            problems.append(f"{name}: a shortcut letter in some languages only: {marks}")


def check_advice(root, texts, problems):
    """What the window leaves out of a rule's advice must be what the rules really say."""
    for language, entries in texts.items():
        said = read(root, f"rules/texts.{language}.json")
        for sentence in entries.get("EG_TEXT_ADVICE_IN_STEPS", "").split("|"):
            if sentence not in said:
                problems.append(f"EG_TEXT_ADVICE_IN_STEPS: no rule says: {sentence}")


def check_balloon(root, texts, problems):
    """A balloon cuts what it cannot hold."""
    size = int(re.search(r"EG_ICON_BALLOON_TEXT_SIZE (\d+)", read(root, "tray/icon.h")).group(1))
    for language, entries in texts.items():
        text = VALUE.sub("0" * VALUE_UNITS, entries.get("EG_TEXT_BALLOON", ""))
        units = len(text.encode("utf-16-le")) // 2
        if units >= size:
            problems.append(f"EG_TEXT_BALLOON: {units} units in {language}, the balloon holds {size - 1}")


def check_use(root, ids, problems):
    code = "".join(read(root, path) for path in files(root, ".c", ".def") if path.as_posix().startswith("tray/"))
    for name in sorted(ids):
        kind = name.removeprefix("EG_TEXT_KIND_")
        if not re.search(rf"\b{name}\b", code) and not re.search(rf"\", {kind},", code):
            problems.append(f"{name}: no code uses it")


def find_problems(root):
    problems = []
    ids = read_ids(root, problems)
    texts = {}
    for path in files(root, ".rc"):
        match = TEXT_FILES.fullmatch(path.as_posix())
        if match:
            texts[match.group(1)] = read_texts(root, path, ids, problems)
    listed = check_def_files(root, problems)
    for language in re.findall(r'^LANGUAGE\(\w+, "(\w+)"\)', read(root, LANGUAGES), re.MULTILINE):
        for there, name in ((language in texts, f"tray/res/text.{language}.rc"),
                            *((language in listed[part], f"{part}/texts.{language}.def") for part in listed),
                            ((root / f"rules/texts.{language}.json").is_file(), f"rules/texts.{language}.json")):
            if not there:
                problems.append(f"{name} does not exist, but {LANGUAGES} names it")
    for name, text in texts.get("ja", {}).items():
        if not JAPANESE.search(text) and name not in PLAIN:
            problems.append(f"{name}: the Japanese text has no Japanese")
    check_values(texts, problems)
    check_shortcuts(texts, problems)
    check_use(root, ids, problems)
    check_advice(root, texts, problems)
    check_balloon(root, texts, problems)
    icons = subprocess.run([sys.executable, root / "tools/icons/make_icons.py", "--check"], text=True, check=False,
                           stdout=subprocess.PIPE)
    problems += icons.stdout.splitlines()
    return problems


def replaced(relative, old, new):
    return lambda root: edit(root, relative, lambda text: text.replace(old, new, 1))


def shorter_icon(root):
    path = root / "tray/res/fine.ico"
    path.write_bytes(path.read_bytes()[:-1])


JA, EN = "tray/res/text.ja.rc", "tray/res/text.en.rc"
PLANTED = [
    ("a_missing_text", replaced(JA, "    EG_TEXT_CLOSE ", "    EG_TEXT_CLOSED "), f"{JA}: EG_TEXT_CLOSE is missing"),
    ("an_unknown_id", replaced(JA, "    EG_TEXT_CLOSE ", "    EG_TEXT_CLOSED "), "EG_TEXT_CLOSED is not in"),
    ("a_lost_value", replaced(EN, "Rules %1\"", "Rules\""), "EG_TEXT_RULES: the values differ"),
    ("an_untranslated_text", replaced(JA, "次の警告", "Next alert"), "EG_TEXT_NEXT: the Japanese text"),
    ("a_lost_shortcut", replaced(EN, "&Close", "Close"), "EG_TEXT_CLOSE: a shortcut"),
    ("an_advice_no_rule_gives", replaced(EN, "Do not delete the file.", "Keep the file."), "no rule says: Keep the file."),
    ("a_balloon_too_long", replaced(JA, 'EG_TEXT_BALLOON "', 'EG_TEXT_BALLOON "' + "長" * 200), "the balloon holds 255"),
    ("an_unused_text", replaced("tray/menu.c", "EG_TEXT_MENU_STATUS", "0"), "EG_TEXT_MENU_STATUS: no code"),
    ("a_number_used_twice", replaced(HEADER, "EG_TEXT_CLOSE 1125", "EG_TEXT_CLOSE 1124"), "is used twice"),
    ("a_message_without_a_text", replaced("service/texts.ja.def", "EVENT_TEXT(STOPPED", "EVENT_TEXT(STOPED"), "STOPPED is missing"),
    ("a_lost_value_of_a_message", replaced("service/texts.ja.def", "EmoGuard %1 を開始", "EmoGuard を開始"), "STARTED: the values differ"),
    ("a_word_of_a_report_missing", replaced("cli/texts.ja.def", "WORD_TEXT(RULE,", "WORD_TEXT(RULER,"), "WORD RULE is missing"),
    ("a_way_missing", replaced("cli/texts.en.def", "WAY_TEXT(WORKER,", "WAY_TEXT(WORK,"), "WAY WORKER is missing"),
    ("a_language_without_its_files", replaced(LANGUAGES, 'LANGUAGE(JA, "ja")', 'LANGUAGE(JA, "ja")\nLANGUAGE(XX, "xx")'),
     "service/texts.xx.def does not exist"),
    ("a_touched_icon", shorter_icon, "fine.ico: differs"),
]

if __name__ == "__main__":
    main("check_texts", find_problems, PLANTED)
