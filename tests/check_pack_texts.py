#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the default pack says to people: complete in both languages, short enough, in plain words.

Every rule of the pack has a text, and every ATT&CK technique that the public Windows rules name
(tests/data/techniques.txt) has one of its own or its parent's. Where the rules themselves are at
hand (EMOGUARD_TEST_DATA), the list is compared with them.
"""

import json
import re
import sys
import tarfile
import unicodedata

from check_pack import PACK, read_json, read_rules, read_yara_ids
from checklib import ROOT, edit, report, run
from tools import test_data

LANGUAGES = ("ja", "en")
PARTS = ("title", "meaning", "advice")
# Room in the window: full-width characters (others count 0.5) in Japanese, characters in English.
ROOM = {
    "ja": {"title": 24, "meaning": 90, "advice": 90},
    "en": {"title": 48, "meaning": 200, "advice": 200},
}
# A balloon's title has room for 63 UTF-16 units (NOTIFYICONDATAW.szInfoTitle).
TITLE_UNITS = 63
# Longer sentences are read twice: full-width characters, and words.
SENTENCE = {"ja": 60, "en": 25}
STOP = {"ja": "。", "en": "."}
# How a sentence of politeness ends.
POLITE = re.compile(r"(です|ます|ました|ません|でした|ください)。$")
# What the advice of a grave rule begins with: the steps of the authorities, which the window shows as steps of its own.
STEPS = {
    "ja": "LAN ケーブルを抜き、Wi-Fi を切ってください。電源は切らずに、情報システム担当へ電話してください。",
    "en": "Unplug the network cable and turn Wi-Fi off. Leave the PC on and phone your IT staff.",
}
GRAVE = ("high", "critical")
TECHNIQUE = re.compile(r"^T\d{4}(\.\d{3})?$")
TAG = re.compile(r"^\s*-\s*attack\.(t\d{4}(?:\.\d{3})?)\s*$", re.MULTILINE | re.IGNORECASE)
LIST = "tests/data/techniques.txt"
CORPUS = "sigma/sigma-rules.tar.gz"

# Words of the trade may stand in parentheses behind plain words, or right before an explanation.
TRADE = {
    "ja": ("C2", "ペイロード", "インジェクション", "マルウェア", "エクスプロイト", "バックドア", "難読化",
           "永続化", "横展開", "資格情報", "権限昇格", "エンドポイント", "ドメイン", "プロセス", "レジストリ",
           "スクリプト", "マクロ", "トークン", "ハッシュ", "ランサムウェア", "ファイアウォール"),
    "en": ("C2", "payloads?", "injections?", "injected", "malware", "exploit\\w*", "backdoors?",
           "obfuscat\\w*", "persistence", "lateral", "credentials?", "escalat\\w*", "endpoints?", "domains?",
           "process(es)?", "registry", "scripts?", "macros?", "tokens?", "hash(es)?", "ransomware"),
}
NAMES = ("LOLBin", "Cookie", "PowerShell", "WMI", "WinRM", "DLL", "COM", "DCOM", "DDE", "UAC", "DNS", "SSH",
         "VNC", "BITS", "IIS", "XSL", "LSASS", "LSA", "SAM", "NTDS", "Kerberos", "netsh", "regsvr32",
         "rundll32", "mshta", "msiexec", "cmstp", "odbcconf", "wmic", "certutil", "bitsadmin")


def width(text):
    return sum(1 if unicodedata.east_asian_width(c) in "WFA" else 0.5 for c in text)


def check_length(where, language, part, value, problems):
    size = width(value) if language == "ja" else len(value)
    if size > ROOM[language][part]:
        problems.append(f"{where}: {part} is too long for the window ({size:g})")
    if part == "title":
        units = len(value.encode("utf-16-le")) // 2
        if units > TITLE_UNITS:
            problems.append(f"{where}: {part} is too long for a balloon ({units})")
        return
    if not value.endswith(STOP[language]):
        problems.append(f"{where}: {part} does not end with a full stop")
    for sentence in re.split("(?<=。)" if language == "ja" else r"(?<=\.) ", value):
        if language == "ja" and sentence and not POLITE.search(sentence):
            problems.append(f"{where}: {part} has a sentence that does not end politely: {sentence}")
        size = width(sentence) if language == "ja" else len(sentence.split())
        if size > SENTENCE[language]:
            problems.append(f"{where}: {part} has a long sentence ({size:g}): {sentence}")


def check_signs(where, part, value, problems):
    if value != unicodedata.normalize("NFC", value):
        problems.append(f"{where}: {part} is not in the composed form (NFC)")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp") for c in value):
        problems.append(f"{where}: {part} has a control character")
    if value != value.strip() or "  " in value:
        problems.append(f"{where}: {part} has a blank too many")


def unexplained(language, text):
    """The words of the trade that stand there bare."""
    outside = re.sub(r"（[^）]*）|\([^)]*\)", "()", text)
    names = "|".join(rf"(?<![A-Za-z]){name}(?![A-Za-z])" for name in NAMES)
    trade = "|".join(rf"\b{word}\b" if language == "en" else word for word in TRADE[language])
    return {match[0] for match in
            re.finditer(rf"(?:{names}|{trade})(?!\s?\(\)|, the )", outside, re.IGNORECASE)}


def check_words(where, language, text, problems):
    """The title may use what the meaning explains."""
    meaning = text["meaning"].casefold()
    bare = unexplained(language, text["meaning"]) | unexplained(language, text["advice"])
    bare |= {word for word in unexplained(language, text["title"]) if word.casefold() not in meaning}
    for word in sorted(bare):
        problems.append(f"{where}: {word!r} stands there without an explanation")


def check_text(where, language, text, problems):
    if not isinstance(text, dict) or tuple(text) != PARTS or not all(text.values()):
        problems.append(f"{where}: not exactly {', '.join(PARTS)}")
        return
    for part, value in text.items():
        check_length(where, language, part, value, problems)
        check_signs(where, part, value, problems)
    check_words(where, language, text, problems)
    if language == "ja" and not re.search(r"[\u3041-\u309f]", text["meaning"]):
        problems.append(f"{where}: meaning is not Japanese")
    if language == "en" and re.search(r"[\u3000-\u9fff]", "".join(text.values())):
        problems.append(f"{where}: Japanese in the English text")


def placeholders(text):
    return sorted(re.findall(r"\{\w+\}|%\w", " ".join(text.values()))) if isinstance(text, dict) else []


def check_language(language, content, ids, problems):
    name_of_file = f"texts.{language}.json"
    named, techniques = content.get("rules", {}), content.get("techniques", {})
    for rule_id in ids.keys() - named.keys():
        problems.append(f"{name_of_file}: no text for {ids[rule_id]}")
    for rule_id in named.keys() - ids.keys():
        problems.append(f"{name_of_file}: {rule_id} is no rule of the pack")
    for name in techniques:
        if not TECHNIQUE.match(name):
            problems.append(f"{name_of_file}: {name} is no ATT&CK technique")
    for name, text in [*named.items(), *techniques.items(), ("default", content.get("default"))]:
        check_text(f"{name_of_file}: {ids.get(name, name)}", language, text, problems)
    for texts in (named, techniques):
        titles = {}
        for name, text in texts.items():
            other = titles.setdefault(text.get("title"), name)
            if other != name:
                problems.append(f"{name_of_file}: {ids.get(name, name)} has the title of {ids.get(other, other)}")
    for name in sorted(read_list()):
        if name not in techniques and name.split(".")[0] not in techniques:
            problems.append(f"{name_of_file}: {name} has no text, nor has its parent")


def check_advice(language, named, levels, problems):
    """The steps stand first where the window shows them, and only there."""
    for rule_id, level in levels.items():
        advice = named.get(rule_id, {}).get("advice", "")
        if advice.startswith(STEPS[language]) != (level in GRAVE):
            problems.append(f"texts.{language}.json: {rule_id}: the advice does not fit the level {level}: {advice}")


def read_levels(root, rules):
    """{id: level} of the Sigma and YARA rules."""
    levels = {rule.get("id"): rule.get("level") for rule in rules.values()}
    for path in sorted((root / PACK / "yara").glob("*.yar")):
        levels |= dict(re.findall(r'^\s*id = "([^"]*)"$.*?^\s*level = "(\w+)"$', path.read_text(encoding="utf-8"), re.M | re.S))
    return levels


def read_list():
    lines = (ROOT / LIST).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


def find_problems(root):
    problems = []
    rules = read_rules(root, problems)[0]
    ids = {rule.get("id"): stem for stem, rule in rules.items()} | read_yara_ids(root, problems)
    levels = read_levels(root, rules)
    texts = {code: read_json(root, f"texts.{code}.json", problems) for code in LANGUAGES}
    for language, content in texts.items():
        check_language(language, content, ids, problems)
        check_advice(language, content.get("rules", {}), levels, problems)
    first, second = (texts[language] for language in LANGUAGES)
    for group in ("rules", "techniques"):
        ours, theirs = first.get(group, {}), second.get(group, {})
        for name in sorted(ours.keys() ^ theirs.keys()):
            problems.append(f"texts: {ids.get(name, name)} stands in one language only")
        for name in ours.keys() & theirs.keys():
            if placeholders(ours[name]) != placeholders(theirs[name]):
                problems.append(f"texts: {ids.get(name, name)} has different placeholders")
    return problems


def techniques_of(archive):
    """Every technique that a Windows rule of the archive names among its tags."""
    found = set()
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(".yml"):
                text = tar.extractfile(member).read().decode("utf-8")
                found.update(name.upper() for name in TAG.findall(text))
    return found


def compare_with_corpus():
    """Is the list what the public rules name? True when it is, or when they are not at hand."""
    name = "check_pack_texts.public_rules"
    archive = (test_data() or ROOT / "no data") / CORPUS
    if not archive.is_file():
        print(f"skipped {name}: no {CORPUS} in EMOGUARD_TEST_DATA")
        return True
    named, listed = techniques_of(archive), read_list()
    print(f"  {len(named)} techniques in the public rules, {len(listed)} in the list")
    missing, extra = sorted(named - listed), sorted(listed - named)
    return report(name, f"not in {LIST}: {missing}; in no rule: {extra}" if missing or extra else "")


def change(language, group, alter):
    """A planted defect: `alter` gets the texts of one group."""
    def damage(root):
        def rewrite(text):
            content = json.loads(text)
            alter(content[group])
            return json.dumps(content, ensure_ascii=False)
        edit(root, f"{PACK}/texts.{language}.json", rewrite)
    return damage


def put(language, name, part, value):
    return change(language, "techniques", lambda texts: texts[name].update({part: value}))


PLANTED = [
    ("rule_without_text", change("ja", "rules", lambda texts: texts.popitem()), "no text for"),
    ("technique_without_text", change("en", "techniques", lambda texts: texts.pop("T1083")),
     "T1083 has no text"),
    ("one_language", change("ja", "techniques", lambda texts: texts.pop("T1053.005")),
     "T1053.005 stands in one language only"),
    ("empty_part", put("en", "T1083", "advice", ""), "T1083: not exactly"),
    ("long_title", put("ja", "T1083", "title", "長" * 25), "too long for the window"),
    ("title_of_many_units", put("ja", "T1083", "title", "a" * 64), "too long for a balloon"),
    ("long_sentence", put("ja", "T1083", "meaning", "あ" * 61 + "。"), "a long sentence"),
    ("no_full_stop", put("en", "T1083", "meaning", "No stop"), "full stop"),
    ("unexplained_word", put("en", "T1083", "meaning", "It is a payload."), "'payload' stands"),
    ("unexplained_japanese", put("ja", "T1083", "meaning", "難読化です。"), "'難読化' stands"),
    ("control_character", put("en", "T1083", "meaning", "It is\u202e odd."), "control character"),
    ("decomposed_sign", put("ja", "T1083", "meaning", "か\u3099めん。"), "composed form"),
    ("placeholder_in_one_language", put("en", "T1083", "meaning", "It is {file}."),
     "different placeholders"),
    ("same_title", change("en", "techniques",
                          lambda texts: texts["T1083"].update(title=texts["T1082"]["title"])),
     "T1083 has the title of T1082"),
    ("same_title_of_rules", change("ja", "rules", lambda texts: [text.update(title="同じ題名") for text in texts.values()]),
     "has the title of"),
    ("impolite_sentence", put("ja", "T1083", "meaning", "調べる動きがあった。"), "does not end politely"),
    ("grave_rule_without_the_steps", change("en", "rules", lambda texts: [text.update(advice="Phone your IT staff.") for text
                                                                          in texts.values()]), "does not fit the level high"),
]

if __name__ == "__main__":
    wording = run("check_pack_texts", find_problems, PLANTED)
    sys.exit(0 if compare_with_corpus() and wording == 0 else 1)
