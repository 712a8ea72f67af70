#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The default pack: every rule is whole and proved by samples. What it says: check_pack_texts.py.

With the reference evaluator at hand (tools/sigmaref beside EMOGUARD_TEST_DATA) it judges the
samples as well: an opinion that does not depend on our own engine.
"""

import gzip
import importlib
import json
import re
import shutil
import sys
import uuid

import yaml

from checklib import ROOT, edit, report, run
from tools import test_data

PACK = "rules"
LEVELS = ("informational", "low", "medium", "high", "critical")
REQUIRED = ("title", "id", "status", "description", "author", "date", "license", "tags",
            "logsource", "detection", "falsepositives", "level")
ALLOWED = (*REQUIRED, "references", "modified", "related", "name", "taxonomy", "scope", "fields")
# A correlation refers to rules instead of searching; what it needs of its own stands below it.
REQUIRED_OF_CORRELATION = (*(key for key in REQUIRED if key not in ("logsource", "detection")),
                           "correlation")
ALLOWED_IN_HELPER = ("title", "id", "name", "description", "logsource", "detection", "correlation")
CATEGORIES = {"process_creation", "process_termination", "registry_set", "registry_add",
              "registry_delete", "registry_event", "file_event", "image_load", "dns_query",
              "wmi_event", "ps_script", "ps_module", "ps_classic_script", "scheduled_task", "amsi",
              "emoguard"}
SERVICES = {"security", "system", "taskscheduler"}
ESCAPED_WILDCARD = re.compile(r"(?<!\\)\\[*?]")
MIN_OFFICE_EVENTS = 120
MIN_RULES_HIT = 25
# Events of our own log source, as the samples write them.
OUR_CATEGORIES = {"scheduled_task": [(("EmoGuard",), (106, 140, 141), None)],
                  "amsi": [(("EmoGuard",), (1101,), None)],
                  "emoguard": [(("EmoGuard",), (1,), None)]}


def read_json(root, name, problems):
    path = root / PACK / name
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.append(f"{PACK}/{name}: {error}")
        return {}


def rule_files(root):
    return sorted((root / PACK / "sigma").glob("*.yml"))


def read_rules(root, problems):
    """{stem: rule} of every file, and {stem: helpers}: the silent documents behind a correlation."""
    rules, helpers = {}, {}
    for path in rule_files(root):
        try:
            documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except yaml.YAMLError as error:
            problems.append(f"{path.name}: no YAML: {error}")
            continue
        if not documents or not all(isinstance(document, dict) for document in documents):
            problems.append(f"{path.name}: not one rule")
        elif len(documents) > 1 and "correlation" not in documents[0]:
            problems.append(f"{path.name}: more than one rule")
        else:
            rules[path.stem], helpers[path.stem] = documents[0], documents[1:]
    return rules, helpers


def read_yara_ids(root, problems):
    """{id: rule} of the YARA rules; what else is wrong with them the engine says (check_yara.py)."""
    ids = {}
    for path in sorted((root / PACK / "yara").glob("*.yar")):
        rules = re.findall(r"^rule (\w+)\s*\{(.*?)^\}", path.read_text(encoding="utf-8"), re.M | re.S)
        for name, body in rules:
            found = re.search(r'^\s*id = "([^"]*)"$', body, re.M)
            try:
                uuid.UUID(found.group(1) if found else "")
            except ValueError:
                problems.append(f"{path.name}: {name} has no id that is a UUID")
                continue
            if found.group(1) in ids:
                problems.append(f"{path.name}: {name}: id of {ids[found.group(1)]} used again")
            ids[found.group(1)] = name
    return ids


def check_manifest(root, problems):
    pack = read_json(root, "pack.json", problems)
    for key, kind in (("name", str), ("serial", int), ("engine_min", str), ("description", str)):
        if not isinstance(pack.get(key), kind):
            problems.append(f"pack.json: {key} is missing or has the wrong type")
    if not re.fullmatch(r"20\d{8}", str(pack.get("serial"))):
        problems.append("pack.json: serial is not a date and a two-digit number")


def values_in(node):
    """Every text that a detection compares with, regular expressions left out."""
    if isinstance(node, dict):
        for key, value in node.items():
            if "|re" not in str(key):
                yield from values_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from values_in(value)
    elif isinstance(node, str):
        yield node


def check_detection(stem, rule, problems):
    detection = rule["detection"]
    if not isinstance(detection, dict) or "condition" not in detection or len(detection) < 2:
        problems.append(f"{stem}: detection needs a condition and something to search for")
        return
    searches = {name: search for name, search in detection.items() if name != "condition"}
    for value in values_in(searches):
        if ESCAPED_WILDCARD.search(value):
            problems.append(f"{stem}: {value!r} escapes its wildcard; write two backslashes")
    words = re.findall(r"[\w*]+", detection["condition"])
    for name in searches:
        if not any(re.fullmatch(word.replace("*", ".*"), name) for word in words):
            problems.append(f"{stem}: the condition does not use {name}")


def check_source(stem, rule, problems):
    source = rule["logsource"]
    if source.get("product") != "windows":
        problems.append(f"{stem}: logsource.product is not windows")
    known = source.get("category") in CATEGORIES or source.get("service") in SERVICES
    if not known:
        problems.append(f"{stem}: logsource {source} is none that we can feed")


def check_keys(stem, rule, required, allowed, problems):
    """Are the keys there that must be, and no others? Then what they hold is worth a look."""
    missing = [key for key in required if not rule.get(key)]
    if missing:
        problems.append(f"{stem}: {', '.join(missing)} missing")
        return False
    for key in rule:
        if key not in allowed:
            problems.append(f"{stem}: {key} is no key of a rule; a rule describes, it never acts")
    try:
        uuid.UUID(rule["id"])
    except ValueError:
        problems.append(f"{stem}: id is no UUID")
    return True


def check_search(stem, rule, problems):
    if "correlation" not in rule:
        check_source(stem, rule, problems)
        check_detection(stem, rule, problems)


def check_helper(stem, rule, correlated, problems):
    search = ("correlation",) if "correlation" in rule else ("logsource", "detection")
    if not check_keys(stem, rule, ("title", "id", "name", *search), ALLOWED_IN_HELPER, problems):
        return
    if rule["name"] not in correlated:
        problems.append(f"{stem}: no correlation of its file refers to {rule['name']}")
    check_search(stem, rule, problems)


def check_rule(stem, rule, problems):
    correlation = "correlation" in rule
    if not check_keys(stem, rule, REQUIRED_OF_CORRELATION if correlation else REQUIRED,
                      (*ALLOWED, "correlation") if correlation else ALLOWED, problems):
        return
    if rule["level"] not in LEVELS:
        problems.append(f"{stem}: level {rule['level']} is unknown")
    if not any(re.match(r"attack\.t\d{4}", tag) for tag in rule["tags"]):
        problems.append(f"{stem}: no ATT&CK technique among the tags")
    check_search(stem, rule, problems)


def read_events(path, problems):
    events = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        problems.append(f"{path.parent.name}/{path.name}: {error.strerror}")
        return events
    for number, line in enumerate(lines, 1):
        where = f"{path.parent.name}/{path.name}:{number}"
        try:
            event = json.loads(line)
            whole = (isinstance(event["channel"], str) and isinstance(event["provider"], str)
                     and isinstance(event["event_id"], int) and event["time"].endswith("Z")
                     and all(isinstance(value, str) for value in event["fields"].values()))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            problems.append(f"{where}: no event: {error!r}")
            continue
        if whole:
            events.append(event)
        else:
            problems.append(f"{where}: a value has the wrong type")
    return events


def check_samples(root, rules, yara_rules, problems):
    folder = root / PACK / "samples"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_dir() and path.name not in rules and path.name not in yara_rules:
            problems.append(f"samples/{path.name}: there is no such rule")
    for name in sorted(yara_rules):
        if name in rules:
            problems.append(f"{name}: a Sigma and a YARA rule of that name would share their samples")
        for kind in ("hit", "miss"):
            if not any((folder / name).glob(f"{kind}*.bytes")):
                problems.append(f"{name}: no {kind}*.bytes")
    for stem in rules:
        for name in ("hit", "miss"):
            if not read_events(folder / stem / f"{name}.jsonl", problems):
                problems.append(f"{stem}: no {name} sample")
    office = read_events(folder / "office.jsonl", problems)
    if len(office) < MIN_OFFICE_EVENTS:
        problems.append(f"samples/office.jsonl: {len(office)} events, {MIN_OFFICE_EVENTS} wanted")


def find_problems(root):
    problems = []
    check_manifest(root, problems)
    rules, helpers = read_rules(root, problems)
    if not rules:
        problems.append("there are no rules")
    seen = {}
    for stem, rule in rules.items():
        documents = [rule, *helpers[stem]]
        correlated = {name for document in documents if "correlation" in document
                      for name in document["correlation"].get("rules", [])}
        check_rule(stem, rule, problems)
        for helper in helpers[stem]:
            check_helper(stem, helper, correlated, problems)
        for document in documents:
            if document.get("id") in seen:
                problems.append(f"{stem}: id of {seen[document['id']]} used again")
            seen[document.get("id")] = stem
    yara_rules = set(read_yara_ids(root, problems).values())
    check_samples(root, rules, yara_rules, problems)
    return problems


class Evaluator:
    """The reference evaluator, taught our log sources. `emoguard rules test` judges correlations."""

    def __init__(self, module, rules):
        module.CATEGORY.update(OUR_CATEGORIES)
        self.applies = module.applies
        self.rules = {stem: module.Rule(rule) for stem, rule in rules.items() if "detection" in rule}

    def hits(self, event):
        return [stem for stem, rule in self.rules.items()
                if self.applies(rule.logsource, event) and rule.matches(event["fields"])]


def load_evaluator(data):
    """The module, or None when it is not there."""
    folder = data.parent / "tools" / "sigmaref" if data else None
    if folder is None or not (folder / "sigmaref.py").is_file():
        return None
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    return importlib.import_module("sigmaref")


def judge_samples(evaluator):
    folder = ROOT / PACK / "samples"
    for stem in evaluator.rules:
        for name in ("hit", "miss"):
            for number, event in enumerate(read_events(folder / stem / f"{name}.jsonl", []), 1):
                if (stem in evaluator.hits(event)) != (name == "hit"):
                    return f"{stem}/{name}.jsonl:{number} is wrong about its rule"
    return ""


def judge_office(evaluator):
    for number, event in enumerate(read_events(ROOT / PACK / "samples/office.jsonl", []), 1):
        hits = evaluator.hits(event)
        if hits:
            return f"office.jsonl:{number} hits {', '.join(hits)}"
    return ""


def judge_recorded(evaluator, path):
    rules_hit = set()
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            rules_hit.update(evaluator.hits(json.loads(line)))
    print(f"  {len(rules_hit)} of {len(evaluator.rules)} rules hit in the recorded events")
    return "" if len(rules_hit) >= MIN_RULES_HIT else f"only {len(rules_hit)} rules hit"


def judge():
    """What the reference evaluator says, in the same output form. True when it agrees."""
    names = [f"check_pack.{part}" for part in ("samples", "office", "recorded")]
    data = test_data()
    module = load_evaluator(data)
    events = data / "sigma" / "events.ndjson.gz" if data else None
    reason = "" if module else "no reference evaluator beside EMOGUARD_TEST_DATA"
    if reason or not events.is_file():
        for name in names if reason else names[2:]:
            print(f"skipped {name}: {reason or 'no recorded events in EMOGUARD_TEST_DATA'}")
        if reason:
            return True
    evaluator = Evaluator(module, read_rules(ROOT, [])[0])
    good = report(names[0], judge_samples(evaluator)) & report(names[1], judge_office(evaluator))
    if events.is_file():
        good &= report(names[2], judge_recorded(evaluator, events))
    return good


def planted(change):
    """The shared tree copy leaves data out; the samples are part of what is checked here."""
    def damage(root):
        shutil.copytree(ROOT / PACK / "samples", root / PACK / "samples", dirs_exist_ok=True)
        change(root)
    return damage


def change_file(name, old, new, count=1):
    def change(root):
        edit(root, f"{PACK}/{name}", lambda text: text.replace(old, new, count))
    return planted(change)


def mistype_correlated_name(root):
    edit(root, f"{PACK}/sigma/office_then_autostart.yml",
         lambda text: text.replace("name: autostart_in_user_folder", "name: autostart", 1))


def repeat_id(root):
    first, second = rule_files(root)[:2]
    old, new = (yaml.safe_load(path.read_text(encoding="utf-8"))["id"] for path in (first, second))
    edit(root, f"{PACK}/sigma/{first.name}", lambda text: text.replace(old, new))


PLANTED = [
    ("repeated_id", planted(repeat_id), "used again"),
    ("rule_with_a_command", change_file("sigma/task_hidden.yml", "level:", "run: calc.exe\nlevel:"),
     "it never acts"),
    ("escaped_wildcard", change_file("sigma/run_value_odd_folder.yml", "\\\\*", "\\*"),
     "escapes its wildcard"),
    ("unused_search",
     change_file("sigma/task_hidden.yml", "all of selection_*", "selection_hidden"),
     "does not use selection_command"),
    ("helper_unused", planted(mistype_correlated_name), "no correlation of its file refers to"),
    ("helper_with_a_command",
     change_file("sigma/office_then_autostart.yml", "name: autostart",
                 "run: calc.exe\nname: autostart"), "it never acts"),
    ("no_technique", change_file("sigma/curl_download.yml", "attack.t1105", "attack.g0001"),
     "no ATT&CK technique"),
    ("yara_rule_without_an_id", change_file("yara/drill_marker.yar", "id =", "number ="),
     "no id that is a UUID"),
    ("sample_missing",
     planted(lambda root: (root / PACK / "samples/wmic_start/miss.jsonl").unlink()),
     "no miss sample"),
    ("yara_sample_missing",
     planted(lambda root: (root / PACK / "samples/emoguard_drill_marker/miss.bytes").unlink()),
     "no miss*.bytes"),
    ("sample_broken", change_file("samples/office.jsonl", '"event_id": 1,', '"event_id": "1",'),
     "wrong type"),
]


if __name__ == "__main__":
    structure = run("check_pack", find_problems, PLANTED)
    sys.exit(0 if judge() and structure == 0 else 1)
