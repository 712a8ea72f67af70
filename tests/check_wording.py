#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people read, in both languages: the words of docs/glossary.md, full and half width, no claim of an infection, no
dangerous request, and every word of the trade explained.

The pack's texts have rules of their own beside these (check_pack_texts.py), and so have the tray's (check_texts.py).
"""

import json
import re

from check_pack_texts import STEPS, check_length, unexplained
from checklib import edit, main, read

GLOSSARY = "docs/glossary.md"
TRAY = "tray/res/text.{}.rc"
PACK = "rules/texts.{}.json"
SERVICE = "service/texts.{}.def"
REPORT = "cli/texts.{}.def"
SIGNS_OF_EMOCHECK = "core/detect/emocheck.def"
ADVICE_OF_EMOCHECK = "core/detect/emocheck.c"
DOCUMENTS = ("README.ja.md", "docs/admin-guide.ja.md", "docs/rules-from-the-centre.ja.md")
POLICIES = "installer/policy/ja-JP/EmoGuard.adml"
LANGUAGES = ("en", "ja")

LITERAL = r'"(?:[^"\\]|\\.)*"'
JAPANESE = r"ぁ-んァ-ヶー一-龠々"
# No text says so, whoever reads it.
NEVER = {
    "ja": ("電源を(切って|お切り)ください", "再起動してください", "削除してください", "あなたの(せい|ミス)", "不注意", "！"),
    "en": (r"(?<!not )\b(switch|turn|power) off (the|this|your) PC", r"(?<!not )\brestart (the|this|your) PC",
           r"(?<!not )\bdelete the file", r"\byour fault", r"\bcareless", r"\binfected\b", "!"),
}
SIGNS = (
    (r"[\uff61-\uff9f]", "half-width kana"),
    (r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u3000]", "full-width letters, digits or blanks"),
    (r"[\uff0c\uff0e]", "a full-width comma or full stop of English"),
    (rf"[A-Za-z0-9][{JAPANESE}]|[{JAPANESE}][A-Za-z0-9]", "no blank between Japanese and half-width"),
    (rf"\([^()&]*[{JAPANESE}][^()]*\)", "half-width parentheses around Japanese"),
    (r"[、。（）「」] (?!\|)|(?<!\|) [、。）」]", "a blank beside a full-width sign"),
)
# For those who know the trade: technical details, the command line.
TECHNICAL = re.compile(r"EG_TEXT_(DETAIL_|USAGE|BAD_OPTION|START_FAILED)")
# What a document quotes.
QUOTED = re.compile(r"```.*?```|`[^`\n]*`|\]\([^)\n]*\)|https?://\S+|\*", re.DOTALL)
VALUE = re.compile(r"%n|%\d|\{\w+\}|\(&\w\)|&")


# ---- the texts, as (place, language, text) ----

def said(literals):
    """Adjacent literals of C as the text that they say."""
    parts = (part[1:-1] for part in re.findall(LITERAL, literals))
    return re.sub(r"\\(.)", lambda mark: {"n": "\n", "r": "", "t": "\t"}.get(mark[1], mark[1]), "".join(parts))


def arguments(call):
    """The arguments of a macro, as they stand in the text."""
    parts = [""]
    for piece in re.findall(rf"{LITERAL}|,|[^\",]+", call):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def macro_texts(root, relative, language, kind):
    relative = relative.format(language)
    for entry in re.finditer(rf"^{kind}_TEXT\((\w+),((?:\s*{LITERAL})+)\)", read(root, relative), re.MULTILINE):
        yield f"{relative}: {entry[1]}", language, said(entry[2])


def alarm_text(root, language):
    """Its parts stand around contact and number."""
    parts = [text for _, _, text in macro_texts(root, SERVICE, language, "ALARM")]
    yield f"{SERVICE.format(language)}: ALARM_TEXT", language, "%1".join(parts)


def tray_texts(root, language):
    relative = TRAY.format(language)
    for entry in re.finditer(rf"^\s*(EG_TEXT_\w+)\s+({LITERAL})\s*$", read(root, relative), re.MULTILINE):
        yield f"{relative}: {entry[1]}", language, said(entry[2])


def pack_texts(root, language):
    relative = PACK.format(language)
    content = json.loads(read(root, relative))
    for name, text in [*content["rules"].items(), *content["techniques"].items(), ("default", content["default"])]:
        for part, value in text.items():
            yield f"{relative}: {name}: {part}", language, value


def emocheck_texts(root):
    """Title and meaning in English, then in Japanese, are the last four arguments of each line."""
    for call in re.finditer(rf"^SIGN\(((?:{LITERAL}|[^\"()])*)\)", read(root, SIGNS_OF_EMOCHECK), re.MULTILINE):
        parts = arguments(call[1])
        for (language, part), literals in zip(((language, part) for language in LANGUAGES for part in ("title", "meaning")),
                                              parts[-4:]):
            yield f"{SIGNS_OF_EMOCHECK}: {parts[0].strip()}: {part}", language, said(literals)


def texts_for_everybody(root):
    """What the person at the PC may read."""
    for language in LANGUAGES:
        yield from tray_texts(root, language)
        yield from pack_texts(root, language)
        yield from alarm_text(root, language)
        yield from macro_texts(root, REPORT, language, "(?:WORD|AREA|REASON|WAY)")
    yield from emocheck_texts(root)


def texts_for_administrators(root):
    for language in LANGUAGES:
        yield from macro_texts(root, SERVICE, language, "(?:EVENT|SERVICE)")
    for entry in re.finditer(r">([^<>]+)<", read(root, POLICIES)):
        yield POLICIES, "ja", entry[1]
    for relative in DOCUMENTS:
        for number, line in enumerate(QUOTED.sub(blank, read(root, relative)).splitlines(), 1):
            yield f"{relative}:{number}", "ja", line


def blank(match):
    """Quotations are left out; the lines keep their numbers."""
    return "\n" * match[0].count("\n") or "…"


# ---- what is held to ----

def read_glossary(root, problems):
    """For each table, the words that are not used: [{"ja": [...], "en": [...]}, ...]."""
    tables = []
    for part in read(root, GLOSSARY).split("\n## ")[1:]:
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in part.splitlines() if line.startswith("|")]
        if rows:
            tables.append({"ja": words(rows, 1), "en": words(rows, 3)})
    if len(tables) != 2 or not all(table["ja"] and table["en"] for table in tables):
        problems.append(f"{GLOSSARY}: not two tables with words in both languages")
    return tables


def words(rows, column):
    return [word for row in rows[2:] for word in row[column].split("、") if word]


def check_words(place, language, text, tables, problems):
    for word in (word for table in tables for word in table[language]):
        pattern = re.escape(word) if language == "ja" else rf"\b{re.escape(word)}(s|es)?\b"
        if re.search(pattern, text, re.IGNORECASE):
            problems.append(f"{place}: {word!r} is not the word of the glossary: {text.strip()[:60]}")


def check_japanese(place, text, problems):
    plain = VALUE.sub("…", text)
    for pattern, what in SIGNS:
        found = re.search(pattern, plain)
        if found:
            problems.append(f"{place}: {what}: {plain[max(found.start() - 10, 0):found.end() + 10]}")


def check_text(place, language, text, problems):
    for pattern in NEVER[language]:
        if re.search(pattern, text, re.IGNORECASE):
            problems.append(f"{place}: nobody is told so: {text[:60]}")
    if re.search(r"\w", text) and (text != text.strip(" ") or "  " in text):
        problems.append(f"{place}: a blank too many: {text[:60]!r}")


def find_problems(root):
    problems = []
    tables = read_glossary(root, problems)
    for place, language, text in texts_for_everybody(root):
        check_words(place, language, text, tables, problems)
        if language == "ja":
            check_japanese(place, text, problems)
        if TECHNICAL.search(place):
            continue
        check_text(place, language, text, problems)
        if not place.startswith("rules/"):
            for word in sorted(unexplained(language, text)):
                problems.append(f"{place}: {word!r} stands there without an explanation: {text[:60]}")
    for place, language, text in emocheck_texts(root):
        check_length(place, language, place.rsplit(" ", 1)[1], text, problems)
    for language in LANGUAGES:
        if STEPS[language] not in said(read(root, ADVICE_OF_EMOCHECK)):
            problems.append(f"{ADVICE_OF_EMOCHECK}: the advice is not the three steps: {STEPS[language]}")
    for place, language, text in texts_for_administrators(root):
        check_words(place, language, text, tables[:1], problems)
        if language == "ja":
            check_japanese(place, text, problems)
    return problems


def replaced(relative, old, new):
    return lambda root: edit(root, relative, lambda text: text.replace(old, new, 1))


JA, EN = TRAY.format("ja"), TRAY.format("en")
PLANTED = [
    ("a_claim_of_infection", replaced(PACK.format("ja"), "疑いがあります。", "ウイルスに感染しました。"), "感染しました"),
    ("an_english_claim", replaced(PACK.format("en"), "A virus is suspected.", "The PC is infected."), "nobody is told so"),
    ("another_word", replaced(JA, "検査しています", "点検しています"), "'点検' is not the word"),
    ("another_english_word", replaced(EN, "on this PC", "on this computer"), "'this computer' is not the word"),
    ("a_word_for_administrators", replaced(JA, "担当者が確認します", "管理者が確認します"), "'管理者が確認' is not the word"),
    ("a_word_in_a_document", replaced(DOCUMENTS[1], "サインイン", "ログオン"), "'ログオン' is not the word"),
    ("half_width_kana", replaced(JA, "検査", "ｹﾝｻ"), "half-width kana"),
    ("full_width_digits", replaced(REPORT.format("ja"), "%1 分", "１ 分"), "full-width letters, digits"),
    ("another_comma", replaced(REPORT.format("ja"), "Windows が、", "Windows が，"), "full-width comma"),
    ("a_missing_blank", replaced(SERVICE.format("ja"), "EmoGuard を停止", "EmoGuardを停止"), "no blank between"),
    ("other_parentheses", replaced(REPORT.format("ja"), "予約（タスク）", "予約(タスク)"), "half-width parentheses"),
    ("a_dangerous_request", replaced(SERVICE.format("ja"), "電源は切らず、", "電源を切ってください。"), "nobody is told so"),
    ("an_unexplained_word", replaced(REPORT.format("en"), "This folder could", "This registry could"), "'registry' stands there"),
    ("a_blank_too_many", replaced(REPORT.format("en"), "Run the check", "Run  the check"), "a blank too many"),
    ("a_long_meaning", replaced(SIGNS_OF_EMOCHECK, "でたらめな名前のプログラムの部品（DLL）", "でたらめな" * 20), "too long for the window"),
    ("another_advice", replaced(ADVICE_OF_EMOCHECK, "電源は切らずに、", ""), "not the three steps"),
    ("no_glossary", replaced(GLOSSARY, "## For the person", "# For the person"), "not two tables"),
]

if __name__ == "__main__":
    main("check_wording", find_problems, PLANTED)
