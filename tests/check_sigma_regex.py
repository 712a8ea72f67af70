#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Expressions that we rewrite against Python's `re`, on texts of many lines made of what they match: pieces in
and out of order, with blanks and line ends put between. No verdict may differ.

usage: check_sigma_regex.py [--program EMOGUARD] [--texts N] [--seed S]

Besides those below, the expressions of SigmaHQ's rules are tried where there are some (EMOGUARD_TEST_DATA).
"""

import argparse
import json
import random
import re
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

from checklib import report
from tools import BUILD, run, test_data

NAME = "check_sigma_regex.verdicts"
LINE_MAX = 90  # longer lines keep Python busy for ever
LONG_BYTES = 32_000
EXPRESSIONS = [
    r"cmd.{0,5}(?:/c|/r).+clip(?:\.exe)?.{0,4}&&.+clipboard]::\(\s\\\"\{\d\}.+-f.+\"",
    r"(?i)(set).*&&\s?set.*(environment|invoke|\$?\{?input).*&&.*\"",
    r"cmd(?:\s|)\"set\s[a-c]{1,3}.*(?:\{\d\}){1,}\s+?-f(?:.*\)){1,}.*\"",
    r"(?i)&&s.*(\{\d\}){2,}\s+?-f.*&&.*c", r"a\s+b.*c", r"a\s*b.+c\s?d.*e", r"ab?.*(?:bc|c).*d", r"(?:a|ab|abc).*c.+a\b",
    r"a[bc]{1,3}c.{2,}(?:b|cc)?a.*b", r"x[^y]+y.*z", r"\w+a.*b\s\s?c.*d", r"(?:a|b)?c.*\bd.*a", r"a$.*b", r"a\s$.*b",
    "`.*`.*`.*`", r"\+.*\+.*\+.*\+",
]


def expressions_of_rules():
    data = test_data()
    archive = data / "sigma" / "sigma-rules.tar.gz" if data else None
    found = set()
    if archive is None or not archive.exists():
        return []
    with tarfile.open(archive) as rules:
        for member in rules:
            text = rules.extractfile(member).read().decode() if member.name.endswith(".yml") else ""
            for part in (yaml.safe_load(text)["detection"].values() if "|re" in text else ()):
                for item in part if isinstance(part, list) else [part]:
                    for key, value in (item.items() if isinstance(item, dict) else ()):
                        found.update(value if isinstance(value, list) else [value]) if "|re" in key else None
    return sorted(found)


# ---- texts ----

def sample_set(generator, items):
    negated = items and items[0][0] == re._constants.NEGATE
    codes = [code for code in range(9, 127) if chr(code).isprintable() or code in (9, 10)]
    wanted = [code for code in codes if re.match(set_text(items), chr(code), re.ASCII)]
    return chr(generator.choice(wanted)) if wanted else ("" if negated else "?")


def set_text(items):
    out = ""
    for kind, value in items:
        if kind == re._constants.NEGATE:
            out += "^"
        elif kind == re._constants.LITERAL:
            out += re.escape(chr(value))
        elif kind == re._constants.RANGE:
            out += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        else:
            out += {"CATEGORY_SPACE": r"\s", "CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_SPACE": r"\S",
                    "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_NOT_WORD": r"\W"}[str(value)]
    return f"[{out}]"


def pieces(generator, parsed):
    """One match of an expression, as a list: a piece an element."""
    out = []
    for kind, value in parsed:
        name = str(kind)
        if name == "LITERAL":
            out.append(generator.choice([chr(value), chr(value), chr(value).swapcase()]))
        elif name == "NOT_LITERAL":
            out.append("!")
        elif name == "ANY":
            out.append(generator.choice("x. "))
        elif name == "IN":
            out.append(sample_set(generator, value))
        elif name == "SUBPATTERN":
            out += pieces(generator, value[3])
        elif name == "BRANCH":
            out += pieces(generator, generator.choice(value[1]))
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = value
            for _ in range(generator.randint(least, min(most, least + 2))):
                out += pieces(generator, inner)
    return out


def random_text(generator, parsed):
    text = ""
    for _ in range(generator.choice([1, 2, 6, 20])):
        match = pieces(generator, parsed)
        start = generator.randint(0, len(match) // 2) if generator.random() < 0.6 else 0
        end = generator.randint(start, len(match)) if generator.random() < 0.6 else len(match)
        for piece in match[start:end]:
            text += piece
            if generator.random() < 0.04:
                text += generator.choice([" ", "\n", "\n", " \n", "\n\t", "  "])
        text += generator.choice(["", "", " ", "\n", "\n\n"])
    lines = text.split("\n")
    return "\n".join(line[:LINE_MAX] if generator.random() < 0.98 else "" for line in lines)


def counting_texts(generator):
    """Long lines for the expressions that only count a sign; Python would never end, but counting it does."""
    for sign, need in (("+", 14), ("{", 10), ("^", 5), ("`", 4)):
        for _ in range(12):
            lines = []
            while sum(map(len, lines)) < LONG_BYTES:
                signs = max(0, need + generator.choice([-3, -2, -1, -1, -1, -1, 0] if generator.random() < 0.2 else [-2, -1]))
                line = list(sign * signs + "a" * generator.choice([0, 10, 2000, 9000]))
                generator.shuffle(line)
                lines.append("".join(line))
            text = "\n".join(lines)
            yield ".*".join([re.escape(sign)] * need), text, any(line.count(sign) >= need for line in lines)


# ---- the verdicts ----

def engine_hits(program, folder, expressions, texts):
    path = Path(folder)
    rules = [{"title": "expression", "id": f"00000000-0000-4000-8000-{number:012}", "logsource": {"product": "windows"},
              "detection": {"s": {f"F{number}|re": expression}, "condition": "s"}}
             for number, expression in enumerate(expressions)]
    (path / "rules.yml").write_text(yaml.safe_dump_all(rules, allow_unicode=True), encoding="utf-8")
    with (path / "events.ndjson").open("w", encoding="utf-8") as out:
        for number, text in texts:
            out.write(json.dumps({"channel": "Random", "event_id": 1, "fields": {f"F{number}": text}}) + "\n")
    done = run([program, "hunt", "--rules", path / "rules.yml", "--events", path / "events.ndjson", "--format", "jsonl"],
               "sigma-regex.log", merged=False)
    problem = "" if done.code == 0 and not done.errors.strip() else f"hunt ended with code {done.code}: {done.errors[-800:]}"
    return {json.loads(line)["i"] for line in done.output.splitlines()}, problem


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=BUILD / "native/emoguard")
    parser.add_argument("--texts", type=int, default=20, help="of each expression")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    expressions = EXPRESSIONS + expressions_of_rules()
    texts, wanted = [], set()
    for number, expression in enumerate(expressions):
        compiled, parsed = re.compile(expression, re.ASCII), re._parser.parse(expression, re.ASCII)
        for _ in range(options.texts):
            text = random_text(generator, parsed)
            if compiled.search(text):
                wanted.add(len(texts))
            texts.append((number, text))
    for expression, text, hit in counting_texts(generator):
        wanted |= {len(texts)} if hit else set()
        texts.append((len(expressions), text))
        expressions.append(expression)
    with tempfile.TemporaryDirectory(prefix="emoguard-regex-") as folder:
        got, problem = engine_hits(options.program, folder, expressions, texts)
    if not problem and got != wanted:
        first = min(got ^ wanted)
        problem = (f"{len(got ^ wanted)} verdicts differ, first: {expressions[texts[first][0]]!r} "
                   f"{'must' if first in wanted else 'must not'} match {texts[first][1][:2000]!r}")
    print(f"  {len(expressions)} expressions, {len(texts)} texts, {len(wanted)} matches")
    return 0 if report(NAME, problem or ("" if len(wanted) > len(texts) / 20 else "hardly anything matches")) else 1


if __name__ == "__main__":
    sys.exit(main())
