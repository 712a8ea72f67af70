# SPDX-License-Identifier: Apache-2.0
"""Random Sigma rules and events for comparing engines. Values of rules are made from values of events, so
that a good part of them is met; names, modifiers, structure and conditions cover the language."""

import uuid

FIELDS = ["Image", "CommandLine", "ParentImage", "User", "EventID", "Details", "Custom", "Other", "Port", "Address"]
WORDS = ["cmd.exe", "powershell", "\\Temp\\", "C:\\Windows\\", "-enc", "/c", " ", "a", "B", "ß", "Ärger", "漢字", "é",
         "*", "?", "\\", "\\\\", "\"", "'", "--flag", "/F ", "–x", "4104", "x.dll", "\n", "ПРИВЕТ", "😀", "0x1410", ".", ":"]
NUMBERS = ["0", "1", "4", "4.0", "-3", "1e3", " 7 ", "0x10", "nan", "inf", "1_0", "12", "445", "", "x"]
ADDRESSES = ["10.1.2.3", "192.168.0.1", "::1", "fe80::1", "fe80::1%eth0", "010.1.1.1", "host", "1.2.3", "::ffff:10.0.0.1"]
NETWORKS = ["10.0.0.0/8", "192.168.0.0/16", "::1/128", "fe80::/10", "10.1.2.3", "0.0.0.0/0", "::/0", "10.0.0.0/255.0.0.0"]
REGEXES = ["a.c", "cmd", "^c", "exe$", r"\d+", r"(?i)POWER", "(cmd|shell)", "[a-z]{3,}", r"\\Temp\\", "x*", "é", ".",
           r"(?:a|b)+\s", r"\.dll\Z", "Windows.*exe", r"\b4104\b", r"[^\w]", "漢", r"(ab)?c", r"-e\w+ ?"]
# What a regular expression is made of: characters, sets, places, and what may stand around them.
LETTERS = list("aAbBkKsS./-_ 0\n") + ["é", "É", "ſ", "\u212a", "ı", "İ", "ß", "ẞ", "σ", "ς", "漢"]
ATOMS = [".", r"\d", r"\w", r"\s", r"\S", r"\W", "[a-k]", "[^k]", "[A-Z]", "[à-ö]", "[^\\s\"]", r"\.", r"\x4b", "(?:ab|k)",
         "[[:alpha:]]", "[]s]", r"[\w-]", "(?:s)", "(a|b)"]
PLACES = ["^", "$", r"\b", r"\B", r"\A", r"\Z"]
QUANTIFIERS = [""] * 8 + ["?", "*", "+", "*?", "+?", "{2}", "{,2}", "{1,3}", "{2,}", "{1,}?", "{", "{}", "*+"]
CASES = ["é", "É", "ſ", "\u212a", "ı", "İ", "ß", "ẞ", "ς", "k", "K", "s", "S", "i", "I", "Ǆ", "ǆ", "µ", "Ω", "ω"]
MODIFIER_CHAINS = ([[]] * 6 + [["contains"]] * 6 + [["startswith"]] * 3 + [["endswith"]] * 4 +
                   [["contains", "all"]] * 3 + [["contains", "cased"], ["cased"], ["endswith", "cased"],
                    ["windash", "contains"], ["contains", "windash"], ["neq"], ["contains", "neq"], ["all"],
                    ["base64", "contains"], ["base64offset", "contains"], ["wide", "base64offset", "contains"],
                    ["utf16be", "base64"], ["utf16", "base64", "contains"], ["wide", "contains"]])


def random_value(random, field):
    if field == "Port":
        return random.choice(NUMBERS)
    if field == "Address":
        return random.choice(ADDRESSES)
    if field == "EventID":
        return str(random.choice([1, 4104, 7045]))
    if random.random() < 0.1:
        return "".join(random.choice(CASES + LETTERS) for _ in range(random.randint(1, 12)))
    return "".join(random.choice(WORDS) for _ in range(random.choice([0, 1, 1, 2, 3, 5])))


def random_event(random):
    names = random.sample(FIELDS, random.randint(0, len(FIELDS)))
    return {name: random_value(random, name) for name in names}


def change_case(random, text):
    return "".join(c.swapcase() if len(c.swapcase()) == 1 and random.random() < 0.3 else c
                   for c in text)


def escape(random, text):
    """Text as a Sigma string: mostly escaped, sometimes left to mean what it then means."""
    if random.random() < 0.2:
        return text
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def piece_of(random, text):
    start = random.randint(0, len(text))
    return text[start:random.randint(start, len(text))]


def random_string(random, events, field):
    texts = [event[field] for event in events if field in event] or [""]
    text = random.choice(texts)
    kind = random.random()
    if kind < 0.45:
        text = piece_of(random, text)
    elif kind < 0.55:
        text = random_value(random, "Details")
    text = escape(random, change_case(random, text))
    if random.random() < 0.25:
        place = random.randint(0, len(text))
        text = text[:place] + random.choice("*?*") + text[place + random.randint(0, 1):]
    return text


def random_regex(random, depth=0):
    """Sequences, alternatives and groups; a few are no expressions at all, which both must refuse."""
    text = ""
    for _ in range(random.randint(1, 5)):
        kind = random.random()
        if kind < 0.10 and depth < 2:
            part = f"({random.choice(['', '?:', '?:', '?i:', '?-i:', '?s:', '?=', '?!'])}{random_regex(random, depth + 1)})"
        elif kind < 0.18:
            text += random.choice(PLACES)
            continue
        elif kind < 0.30:
            text += random.choice([".*", ".+", ".*?", ".{0,3}"])
            continue
        else:
            part = random.choice(LETTERS if kind < 0.75 else ATOMS)
        text += part + random.choice(QUANTIFIERS)
    if random.random() < 0.15:
        text += "|" + random.choice(LETTERS)
    return ("(?i)" if depth == 0 and random.random() < 0.3 else "") + text


def random_item(random, events):
    """A key with modifiers, and its value or values."""
    field = random.choice(FIELDS)
    kind = random.random()
    if kind < 0.05:
        return field, None
    if kind < 0.10:
        return f"{field}|exists", random.choice([True, False])
    if kind < 0.16:
        flags = random.choice(["", "", "|i", "|s", "|m", "|i|s"])
        return f"{field}|re{flags}", random.choice(REGEXES) if random.random() < 0.3 else random_regex(random)
    if kind < 0.20:
        return f"Port|{random.choice(['gt', 'gte', 'lt', 'lte'])}", random.choice([0, 4, 4.5, "7", -3])
    if kind < 0.24:
        return "Address|cidr", random.sample(NETWORKS, random.randint(1, 3))
    if kind < 0.28:
        how = random.choice(["", "", "|contains", "|startswith", "|endswith", "|cased"])
        return f"{field}|fieldref{how}", random.choice(FIELDS)
    if kind < 0.31:
        return "EventID", random.choice([1, 4104, [1, 7045]])
    values = [random_string(random, events, field) for _ in range(random.choice([1, 1, 1, 2, 4]))]
    if random.random() < 0.03:
        values.append(None)
    key = "|".join([field, *random.choice(MODIFIER_CHAINS)])
    return key, values if len(values) > 1 or random.random() < 0.3 else values[0]


def random_map(random, events):
    return dict(random_item(random, events) for _ in range(random.choice([1, 1, 2, 3])))


def random_selection(random, events):
    kind = random.random()
    if kind < 0.70:
        return random_map(random, events)
    if kind < 0.85:
        return [random_map(random, events) for _ in range(random.randint(1, 3))]
    words = [random_string(random, events, random.choice(FIELDS)) for _ in range(random.randint(1, 3))]
    if kind < 0.93:
        return words
    if kind < 0.96:
        return {"|all": words}
    return [words[0], random_map(random, events), [random_map(random, events)]]


def random_condition(random, names, depth=0):
    kind = random.random()
    if depth > 3 or kind < 0.35:
        return random.choice(names)
    if kind < 0.50:
        return f"not {random_condition(random, names, depth + 1)}"
    if kind < 0.60:
        pattern = random.choice(["them", "s*", "*", "_*", random.choice(names), "f_*"])
        return f"{random.choice(['1', 'all', 'any', '2', '3', '0'])} of {pattern}"
    parts = [random_condition(random, names, depth + 1) for _ in range(random.randint(2, 3))]
    text = f" {random.choice(['and', 'or', 'AND'])} ".join(parts)
    return f"({text})" if random.random() < 0.5 else text


def random_rule(random, events):
    names = random.sample(["sel", "sel_b", "s3", "f_1", "_hidden", "other"], random.randint(1, 4))
    detection = {name: random_selection(random, events) for name in names}
    conditions = [random_condition(random, names) for _ in range(random.choice([1, 1, 1, 1, 2]))]
    detection["condition"] = conditions if len(conditions) > 1 else conditions[0]
    return {"title": "random", "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
            "logsource": {"product": "windows"}, "detection": detection}
