# SPDX-License-Identifier: Apache-2.0
"""What the matching bench is fed with besides recorded data: many more rules, and hostile command lines."""
import json
import uuid
import zlib

import yaml

UNTOUCHED = ("re", "cidr", "fieldref", "expand")  # modifiers whose values mean more than their letters
FILE_TYPES = (".exe", ".dll", ".sys", ".ps1", ".bat", ".vbs", ".com")
RULES_A_FILE = 100
HOSTILE_BYTES = 32_000
SYSMON = "Microsoft-Windows-Sysmon"
SYSTEM32 = "C:\\Windows\\System32\\"


# ---- ten times the rules ----

def altered_text(text, number):
    """One letter replaced, the same one wherever the text stands in this copy. Ends of file names stay."""
    seed = zlib.crc32(text.encode("utf-8", "surrogatepass"), number)
    body = text[:-4] if text[-4:].lower() in FILE_TYPES else text
    places = [at for at, letter in enumerate(body) if letter.isascii() and letter.isalpha()]
    if not places:
        return text
    at = places[seed // 2 % len(places)]
    return text[:at] + "abcdefghijklmnopqrstuvwxyz"[seed // 999 % 26] + text[at + 1:]


def altered(value, number):
    if isinstance(value, str):
        return altered_text(value, number)
    if isinstance(value, list):
        return [altered(item, number) for item in value]
    if isinstance(value, dict):
        return {key: item if set(str(key).split("|")) & set(UNTOUCHED) else altered(item, number)
                for key, item in value.items()}
    return value


def altered_rule(rule, number):
    copy = dict(rule)
    copy["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{rule['id']} {number}"))
    copy["title"] = f"{rule['title']} {number}"
    copy["detection"] = {name: part if name == "condition" else altered(part, number)
                         for name, part in rule["detection"].items()}
    return copy


def write_altered_copies(folder, target, copies):
    """Every rule of `folder` so many times over, renamed and altered, as YAML (which JSON is)."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rules = []
    for path in sorted(folder.rglob("*.yml")):
        rule = yaml.load(path.read_text(encoding="utf-8"), loader)
        rules.append({key: rule[key] for key in ("title", "id", "status", "level", "author", "logsource", "detection")
                      if key in rule})
    target.mkdir(parents=True)
    for number in range(1, copies + 1):
        documents = [json.dumps(altered_rule(rule, number), ensure_ascii=False, default=str) for rule in rules]
        for at in range(0, len(documents), RULES_A_FILE):
            (target / f"copy-{number}-{at}.yml").write_text("\n---\n".join(documents[at:at + RULES_A_FILE]) + "\n",
                                                           encoding="utf-8")


# ---- hostile command lines ----

def repeated(unit, head="", tail=""):
    room = HOSTILE_BYTES - len(head) - len(tail)
    return head + (unit * (room // len(unit) + 1))[:room] + tail


# A name, the program, the command line: each makes some pattern of the rules begin and fail as often as it can.
HOSTILE = (
    ("one letter", "powershell", repeated("a")),
    ("blanks", "powershell", repeated(" ")),
    ("backslashes", "cmd", repeated("\\")),
    ("lines of 999 bytes", "powershell", repeated("a" * 999 + "\n")),
    ("13 plus signs a line", "powershell", repeated("+" * 13 + "a" * 2000 + "\n")),
    ("9 braces a line", "powershell", repeated("{" * 9 + "\n")),
    ("a word before a backtick", "powershell", repeated("a", tail="`a")),
    ("clip", "powershell", repeated('clip&&clipboard]::( \\"{0} -f ', head="cmd /c ")),
    ("clip from many starts", "powershell", repeated("cmd /c clip && ")),
    ("echo clip", "powershell", repeated("echo clip&&")),
    ("set", "powershell", repeated("set && set environment")),
    ("set and format", "powershell", repeated("{0}", head='cmd /c"set abc')),
    ("set, format and brackets", "powershell", repeated('cmd /c"set abc{0}\\" -f)')),
    ("set across lines", "powershell", repeated('set &&\nset environment &&')),
    ("set and blanks across lines", "powershell", repeated('cmd /c\n"set\nabc {0}\\" \n -f')),
    ("clip across lines", "powershell", repeated('cmd /c clip&& clipboard]::(\n\\"{0} -')),
    ("noexit", "powershell", repeated("cmd /c powershell noexit ")),
    ("blanks before werfaultsecure", "cmd", repeated(" ", head="x.exe", tail="y" * 66 + "werfaultsecure.exe")),
    ("rundll32", "rundll32", repeated("rundll32 a:b")),
    ("ping", "PING", repeated("ping -n ")),
    ("guid", "cmd", repeated("{01234567-")),
    ("encoded command", "powershell", repeated("-e AAAAAAAAAAAAAA ")),
    ("file names", "cmd", repeated("\\" + "a" * 32 + ".aaaaaa.")),
    ("environment", "powershell", repeated("${`e`n`v`:`p`a`t`h`")),
    ("name of a variable", "powershell", repeated("\\", tail="mdr")),
)


def texts_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_of(item)


def texts_of_rules(folder):
    """Command lines made of what the rules look for, so that as many of them as can be are looked at."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    texts = []
    for path in sorted(folder.rglob("proc_creation_*.yml")):
        for name, part in yaml.load(path.read_text(encoding="utf-8"), loader)["detection"].items():
            texts += [] if name == "condition" else texts_of(part)
    texts = [text for text in dict.fromkeys(texts) if text.isascii()]
    for number in range(8):
        line, at = "", number * len(texts) // 8
        while len(line) < HOSTILE_BYTES:
            line += texts[at % len(texts)] + " " * (number % 2)
            at += 1
        yield f"texts of the rules {number}", ("powershell", "cmd")[number % 2], line[:HOSTILE_BYTES]


def write_hostile(folder, path):
    """Writes the events; the names of the command lines, by line."""
    names = []
    with path.open("w", encoding="utf-8") as out:
        for name, program, line in (*HOSTILE, *texts_of_rules(folder)):
            names.append(name)
            out.write(json.dumps({"channel": f"{SYSMON}/Operational", "provider": SYSMON, "event_id": 1, "fields": {
                "Image": f"{SYSTEM32}{program}.exe", "ParentImage": f"{SYSTEM32}cmd.exe", "CommandLine": line}}) + "\n")
    return names
