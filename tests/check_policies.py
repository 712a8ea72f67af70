#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The templates for group policy: well-formed, whole in both languages, and exactly the settings that the service reads."""

import re
import xml.etree.ElementTree as ElementTree

from checklib import edit, main, read

ADMX = "installer/policy/EmoGuard.admx"
ADML = {"en-US": "installer/policy/en-US/EmoGuard.adml", "ja-JP": "installer/policy/ja-JP/EmoGuard.adml"}
SETTINGS = "service/settings.c"
KEY = "Software\\Policies\\EmoGuard"
NS = "{http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions}"
ROW = re.compile(r'\{"",\s*"(\w+)"(\s+code)?,\s*EG_CONF_(\w+),.*?(\w+),\s*(\w+)\}', re.DOTALL)
LIMIT = re.compile(r"^#define (\w+) (\d+)u\b", re.MULTILINE)
BOXES = {"text": "textBox", "decimal": "decimalTextBox", "enum": "dropdownList"}
TYPES = {"TEXT": ("text", "enum"), "NUMBER": ("decimal",), "BOOL": ("value",)}


def settings(root):
    """{name: (type, min, max)} as the service reads them; a limit that is no number here is None."""
    text = read(root, SETTINGS)
    limits = {name: int(number) for name, number in LIMIT.findall(text)}
    languages = re.findall(r'^LANGUAGE\(\w+, "(\w+)"\)', read(root, "core/detect/languages.def"), re.MULTILINE)
    table = re.sub(r"/\*.*?\*/", "", text[text.index("keys[] = {"):text.index("\n};", text.index("keys[] = {"))],
                   flags=re.DOTALL).replace("\\\n", "")
    found = {}
    for name, per_language, kind, low, high in ROW.findall(table):
        bounds = [int(word) if word.isdigit() else limits.get(word) for word in (low, high)]
        for full in [name + code for code in languages] if per_language else [name]:
            found[full] = (kind, *bounds)
    return found


def load(root, relative, problems):
    try:
        return ElementTree.fromstring((root / relative).read_bytes())
    except (OSError, ElementTree.ParseError) as error:
        problems.append(f"{relative}: {error}")
        return None


def check_element(policy, kind, low, high, problems):
    """The value is of the kind and within the bounds that the service takes."""
    name = policy.get("name")
    elements = list(policy.find(f"{NS}elements") or [])
    form = elements[0].tag.removeprefix(NS) if elements else "value"
    holder = elements[0] if elements else policy
    if len(elements) > 1 or form not in TYPES[kind]:
        problems.append(f"{ADMX}: {name} is a {form}, the service reads a {kind.lower()}")
        return
    if holder.get("valueName") != name or (elements and holder.get("id") != name):
        problems.append(f"{ADMX}: the value of {name} has another name")
    wanted = {"minValue": low, "maxValue": high} if form == "decimal" else {"maxLength": high} if form == "text" else {}
    for attribute, bound in wanted.items():
        # what needs more than 32 bits in the service stops at them here
        if bound is not None and int(holder.get(attribute, -1)) != bound:
            problems.append(f"{ADMX}: {attribute} of {name} is {holder.get(attribute)}, the service's is {bound}")
    if form == "value" and [policy.find(f"{NS}{part}/{NS}decimal").get("value")
                            for part in ("enabledValue", "disabledValue")] != ["1", "0"]:
        problems.append(f"{ADMX}: {name} is not 1 or 0")


def check_policies(tree, known, problems):
    categories = {category.get("name") for category in tree.iter(f"{NS}category")}
    policies = {policy.get("name"): policy for policy in tree.iter(f"{NS}policy")}
    problems += [f"{ADMX}: the service does not read {name}" for name in policies if name not in known]
    problems += [f"{ADMX}: {name} is missing" for name in known if name not in policies]
    for name, policy in policies.items():
        if policy.get("key") != KEY or policy.get("class") != "Machine":
            problems.append(f"{ADMX}: {name} lies elsewhere than the service reads")
        if policy.find(f"{NS}parentCategory").get("ref") not in categories:
            problems.append(f"{ADMX}: {name} is in no category")
        if name in known:
            check_element(policy, *known[name], problems)
    return policies


def check_texts(relative, tree, admx, problems):
    strings = {string.get("id"): string.text for string in tree.iter(f"{NS}string")}
    shown = {item.get("id"): item for item in tree.iter(f"{NS}presentation")}
    used = {"string": set(), "presentation": set()}
    for element in admx.iter():
        for table, name in re.findall(r"\$\((string|presentation)\.(\w+)\)", " ".join(element.attrib.values())):
            used[table].add(name)
    for table, there in (("string", strings), ("presentation", shown)):
        problems += [f"{relative}: {table} {name} is missing" for name in sorted(used[table] - set(there))]
        problems += [f"{relative}: {table} {name} is used nowhere" for name in sorted(set(there) - used[table])]
    problems += [f"{relative}: string {name} is empty" for name, text in strings.items() if not (text or "").strip()]
    for policy in admx.iter(f"{NS}policy"):
        for element in policy.find(f"{NS}elements") or []:
            boxes = list(shown.get(policy.get("name"), []))
            box = BOXES[element.tag.removeprefix(NS)]
            if [(part.tag.removeprefix(NS), part.get("refId")) for part in boxes] != [(box, element.get("id"))]:
                problems.append(f"{relative}: {policy.get('name')} is not shown by a {box}")
    return strings


def find_problems(root):
    problems = []
    admx = load(root, ADMX, problems)
    texts = {language: load(root, relative, problems) for language, relative in ADML.items()}
    if problems:
        return problems
    check_policies(admx, settings(root), problems)
    strings = {language: check_texts(ADML[language], tree, admx, problems) for language, tree in texts.items()}
    for name, text in strings["ja-JP"].items():
        if not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text or "") and text != strings["en-US"].get(name):
            problems.append(f"{ADML['ja-JP']}: string {name} is not Japanese")
    return problems


def replaced(relative, old, new):
    def damage(root):
        assert old in read(root, relative), f"{relative} has no {old}"
        edit(root, relative, lambda text: text.replace(old, new, 1))
    return damage


PLANTED = [
    ("broken_xml", replaced(ADMX, "</policies>", "</policy>"), f"{ADMX}: mismatched tag"),
    ("a_value_nobody_reads", replaced(ADMX, 'policy name="contact"', 'policy name="kontact"'), "does not read kontact"),
    ("a_setting_without_policy", replaced(SETTINGS, '{"", "max_hits"', '{"", "max_finds"'), "max_finds is missing"),
    ("another_value_name", replaced(ADMX, 'valueName="contact"', 'valueName="phone"'), "the value of contact has another"),
    ("another_key", replaced(ADMX, KEY, "Software\\Policies\\Other"), "contact lies elsewhere"),
    ("another_bound", replaced(ADMX, 'maxValue="3650"', 'maxValue="9999"'), "maxValue of rules_stale_days is 9999"),
    ("another_kind", replaced(ADMX, '<text id="contact"', '<decimal id="contact"'), "contact is a decimal"),
    ("a_missing_string", replaced(ADML["ja-JP"], '<string id="contact_help">', '<string id="other">'),
     "string contact_help is missing"),
    ("an_unused_string", replaced(ADML["en-US"], '<string id="contact_help">', '<string id="other">'),
     "string other is used nowhere"),
    ("a_box_of_another_kind", replaced(ADML["en-US"], '<decimalTextBox refId="max_hits"', '<textBox refId="max_hits"'),
     "mismatched tag"),
    ("an_untranslated_string", replaced(ADML["ja-JP"], "連絡先", "Contact"), "string contact is not Japanese"),
]

if __name__ == "__main__":
    main("check_policies", find_problems, PLANTED)
