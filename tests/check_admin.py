#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`emoguard admin` as administrators meet it: the life of a repository, and a client that follows it.

usage: check_admin.py [EMOGUARD [TUF_CLIENT]]
"""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from checklib import report
from tools import BUILD, ROOT

PROGRAM = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILD / "native/emoguard"
CLIENT = Path(sys.argv[2]) if len(sys.argv) > 2 else BUILD / "native/tests/tuf_client"
PASSPHRASE = "correct horse"
NOON = "2026-11-23T12:00:00Z"
ENVIRONMENT = {**os.environ, "EMOGUARD_PASSPHRASE": PASSPHRASE}

RULE = """title: {title}
id: {number}1111111-1111-4111-8111-111111111111
author: Someone
level: high
logsource: {{product: windows, category: process_creation}}
detection:
    selection: {{Image|endswith: '\\{word}.exe'}}
    condition: selection
"""


class Wrong(Exception):
    """What a test found."""


def expect(condition, text):
    if not condition:
        raise Wrong(text)


def admin(*words, code=0, environment=None):
    """Standard output and standard error together, of a run that must end with this code."""
    done = subprocess.run([PROGRAM, "admin", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, encoding="utf-8", timeout=300, check=False,
                          env=ENVIRONMENT if environment is None else environment)
    expect(done.returncode == code, f"`admin {' '.join(map(str, words))}` ended with {done.returncode}, not {code}: "
                                    f"{done.stdout[-600:]}")
    return done.stdout


# ---- packs ----

def event(word):
    return json.dumps({"channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 1,
                       "fields": {"Image": f"C:\\x\\{word}.exe", "CommandLine": word}}) + "\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_pack(folder, serial, words=("first",)):
    """A pack with a rule and its samples for each word."""
    shutil.rmtree(folder, ignore_errors=True)
    write(folder / "pack.json", json.dumps({"name": "site", "serial": serial, "engine_min": "0.1"}))
    for number, word in enumerate(words, 1):
        write(folder / f"sigma/{word}.yml", RULE.format(title=f"Rule {word}", number=number, word=word))
        write(folder / f"samples/{word}/hit.jsonl", event(word))
        write(folder / f"samples/{word}/miss.jsonl", event("harmless"))
    return folder


# ---- repositories ----

TEMPLATE = {}


class Site:
    """A repository with keys and a folder that is served, and a client that knows its first root."""

    def __init__(self, folder):
        self.folder, self.repo, self.keys, self.www = folder, folder / "repo", folder / "keys", folder / "www"
        shutil.copytree(TEMPLATE["folder"] / "repo", self.repo)
        shutil.copytree(TEMPLATE["folder"] / "keys", self.keys)
        self.client_folder = folder / "client"
        (self.client_folder / "trusted").mkdir(parents=True)
        (self.client_folder / "got").mkdir()
        self.client("init", self.repo / "metadata/1.root.json")

    def run(self, verb, *words, **more):
        signing = ["--keys", self.keys] if verb in ("publish", "refresh", "keys") else []
        return admin(verb, *words, "--dir", self.repo, *signing, **more)

    def add(self, serial, words, *options, **more):
        return self.run("add", make_pack(self.folder / "pack", serial, words), "--yes", *options, **more)

    def publish(self, *options, **more):
        return self.run("publish", "--to", self.www, *options, **more)

    def client(self, *words):
        done = subprocess.run([CLIENT, "--metadata-dir", self.client_folder / "trusted", *map(str, words)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr

    def follows(self, *targets):
        """The client refreshes, and downloads these."""
        names = [part for name in targets for part in ("--target-name", name)]
        code, errors = self.client("--metadata-url", self.www / "metadata", *names, "--target-base-url",
                                   self.www / "targets", "--target-dir", self.client_folder / "got",
                                   "download" if targets else "refresh")
        expect(code == 0, f"the client does not follow: {errors}")

    def trusted(self, role):
        return json.loads((self.client_folder / f"trusted/{role}.json").read_text(encoding="utf-8"))["signed"]

    def listed(self):
        """Serials, and deltas as "old-new"."""
        targets = self.trusted("targets")["targets"]
        return sorted(re.sub(r"^\w+/|\.tar\.zst$|\.zstp$", "", name) for name in targets)

    def snapshot_of_files(self):
        return {path.relative_to(self.repo).as_posix(): path.read_bytes()
                for path in sorted(self.repo.rglob("*")) if path.is_file()}


# ---- the life of a repository ----

def init__makes_keys_and_tells_the_root(site):
    names = sorted(path.name.split("-")[0] for path in site.keys.iterdir())
    expect(names == ["online", "root", "root", "targets"], f"keys: {names}")
    locked = {path.name.split("-")[0]: "sealed" in json.loads(path.read_text()) for path in site.keys.iterdir()}
    expect(locked == {"root": True, "targets": True, "online": False}, f"locked: {locked}")
    expect(all(path.stat().st_mode & 0o077 == 0 for path in site.keys.iterdir()), "others may read a key file")
    expect(re.search(r"SHA-256: [0-9a-f]{64}\n", TEMPLATE["told"]), f"init told {TEMPLATE['told']!r}")
    admin("init", "--dir", site.repo, "--keys", site.folder / "more", code=3)
    expect(not (site.folder / "more").exists(), "a second init left keys")


def pack__added_and_published__comes_to_the_client(site):
    told = site.add(2026112301, ["first", "second"])
    expect("2 rules" in told and "20 % from" in told, told)
    expect("7 files sent" in site.publish(), "publish sent something else")
    site.follows("rules/2026112301.tar.zst")
    got = next((site.client_folder / "got").iterdir()).read_bytes()
    expect(got[:4] == b"\x28\xb5\x2f\xfd", "what came is no zstd frame")
    custom = site.trusted("targets")["targets"]["rules/2026112301.tar.zst"]["custom"]
    expect(custom["serial"] == 2026112301 and custom["name"] == "site" and
           [stage["permille"] for stage in custom["rollout"]["stages"]] == [10, 200, 1000], f"custom: {custom}")
    expect("serial 2026112301, 2 rules" in admin("verify", site.www), "verify tells no rules")


def pack__that_is_broken__is_refused_with_the_reason(site):
    before = site.snapshot_of_files()
    pack = make_pack(site.folder / "pack", 2026112301)
    write(pack / "sigma/bad.yml", RULE.format(title="Bad", number=9, word="x").replace("endswith", "nonsense"))
    told = site.run("add", pack, "--yes", code=1)
    expect("bad.yml:" in told and "nonsense" in told, f"no reason: {told}")
    pack = make_pack(site.folder / "pack", 2026112301)
    write(pack / "samples/first/hit.jsonl", event("other"))
    told = site.run("add", pack, "--yes", code=1)
    expect("1 failed" in told and "1 samples failed" in told, f"no failed sample: {told}")
    site.run("add", site.folder, "--yes", code=3)
    site.run("add", make_pack(site.folder / "pack", 2026112301), code=3)  # asked, and nobody says yes
    expect(site.snapshot_of_files() == before, "a refused pack changed the repository")


def serial__that_does_not_grow__is_refused_with_a_proposal(site):
    site.add(2026112305, ["first"])
    told = site.add(2026112305, ["first"], "--time", NOON, code=3)
    expect("write 2026112306" in told, told)
    told = site.add(2026112305, ["first"], "--time", "2026-12-01T00:00:00Z", code=3)
    expect("write 2026120101" in told, told)


def second_pack__comes_with_a_delta_and_the_first_stays(site):
    site.add(2026112301, ["first", "second"], "--now")
    site.publish()
    told = site.add(2026112302, ["second", "third"])
    expect(re.search(r"\+ \S+  Rule third|\* \S+  Rule", told) and "delta from 2026112301" in told, told)
    site.publish()
    site.follows("delta/2026112301-2026112302.zstp")
    expect(site.listed() == ["2026112301", "2026112301-2026112302", "2026112302"], f"listed: {site.listed()}")
    delta = site.trusted("targets")["targets"]["delta/2026112301-2026112302.zstp"]["custom"]
    packs = site.trusted("targets")["targets"]
    expect(delta["from"] == packs["rules/2026112301.tar.zst"]["custom"]["archive"]["sha256"] and
           delta["to"] == packs["rules/2026112302.tar.zst"]["custom"]["archive"]["sha256"], f"delta: {delta}")
    site.add(2026112303, ["third"])  # nobody has all of 02 yet: both must stay
    site.publish()
    site.follows()
    expect({"2026112301", "2026112302", "2026112303"} <= set(site.listed()), f"listed: {site.listed()}")
    site.add(2026112304, ["third"], "--time", "2036-01-01T00:00:00Z", "--now")  # 03 is everybody's by then
    site.publish()
    site.follows()
    expect([name for name in site.listed() if "-" not in name] == ["2026112303", "2026112304"],
           f"listed: {site.listed()}")


def changes__are_told_by_rule(site):
    site.add(2026112301, ["first", "second"])
    pack = make_pack(site.folder / "pack", 2026112302, ["first", "third"])
    write(pack / "sigma/first.yml", (pack / "sigma/first.yml").read_text() + "# changed\n")
    write(pack / "sigma/third.yml", (pack / "sigma/third.yml").read_text().replace("2111", "3111", 1))
    write(pack / "texts.en.json", "{}")
    told = site.run("add", pack, "--yes")
    expect("1 added, 1 removed, 1 changed, 2 in all" in told, told)
    expect(re.search(r"\* 1111\S+  Rule first", told) and re.search(r"\+ 3111\S+  Rule third", told) and
           re.search(r"- 2111\S+  Rule second", told) and "+ file texts.en.json" in told, told)


def rollback__brings_the_old_content_under_a_new_serial(site):
    for serial, words in ((2026112301, ["first"]), (2026112302, ["second"])):
        site.add(serial, words, "--now")
        site.publish()
    site.run("rollback", 2026112309, "--yes", code=3)
    told = site.run("rollback", 2026112301, "--yes")
    expect("NOT PUBLISHED YET" in told and f"publish --dir {site.repo} --keys" in told, told)
    site.follows()
    expect(site.listed() == ["2026112301", "2026112301-2026112302", "2026112302"], f"a draft is out: {site.listed()}")
    site.publish()
    site.follows("rules/2026112303.tar.zst")
    packs = site.trusted("targets")["targets"]
    expect("rules/2026112302.tar.zst" not in packs, "the bad pack is still listed")
    expect(packs["rules/2026112303.tar.zst"]["hashes"] == packs["rules/2026112301.tar.zst"]["hashes"] and
           packs["rules/2026112303.tar.zst"]["custom"]["rollout"]["emergency"], f"packs: {packs}")


def halt__takes_the_newest_pack_back(site):
    site.run("halt", "--yes", code=3)
    for serial in (2026112301, 2026112302):
        site.add(serial, ["first"], "--now")
        site.publish()
    site.add(2026112303, ["first"])  # never published: gone with the halt
    site.run("halt", "--yes")
    site.publish()
    site.follows("rules/2026112301.tar.zst")
    expect(site.listed() == ["2026112301"], f"listed: {site.listed()}")
    site.add(2026112302, ["first"], code=3)


def halt_and_rollback__with_keys__are_published_at_once(site):
    for serial in (2026112301, 2026112302, 2026112303):
        site.add(serial, [f"word{serial}"], "--now")
        site.publish()
    site.add(2026112304, ["fourth"])
    bell = site.folder / "rung"
    told = site.run("halt", "--yes", "--keys", site.keys, "--to", site.www, "--bell-command", f"cp {{file}} {bell}")
    expect("dropped" in told and "\nPUBLISHED." in told and "NOT PUBLISHED" not in told, told)
    expect(bell.read_bytes() == (site.www / "metadata/timestamp.json").read_bytes(), "the bell was not rung")
    site.follows("rules/2026112302.tar.zst")
    expect("2026112303" not in site.listed(), f"listed: {site.listed()}")
    told = site.run("rollback", 2026112301, "--yes", "--keys", site.keys, "--to", site.www)
    expect("as 2026112305" in told and "\nPUBLISHED." in told, told)
    site.follows("rules/2026112305.tar.zst")
    told = site.run("halt", "--yes", "--keys", site.folder, "--to", site.www, code=3)
    expect("NOT PUBLISHED:" in told, told)
    told = site.run("halt", "--yes", "--keys", site.keys)
    expect("SENT NOWHERE" in told, told)
    site.run("halt", "--yes", "--to", site.www, code=2)


# ---- keys ----

def versions(site):
    return {role: site.trusted(role)["version"] for role in ("root", "timestamp", "snapshot", "targets")}


def online_key__rotated__leaves_no_client_behind(site):
    site.publish()
    site.follows()
    site.run("keys", "rotate", "online", "--no-passphrase")
    site.run("publish", "--to", site.www)
    site.follows()
    expect(versions(site)["root"] == 2, f"versions: {versions(site)}")
    online = [path for path in site.keys.iterdir() if path.name.startswith("online")]
    expect(len(online) == 2, f"online keys: {online}")
    ids = site.trusted("root")["roles"]["timestamp"]["keyids"]
    expect(len(ids) == 1 and site.trusted("root")["roles"]["snapshot"]["keyids"] == ids, f"ids: {ids}")
    for path in online:
        if ids[0][:8] not in path.name:
            path.unlink()
    site.run("refresh", "--to", site.www)
    site.follows()


def rotation__at_each_of_its_moments__is_accepted(site):
    """Old root with the new timestamp, then the new root: what a reader may meet while files are copied."""
    site.publish()
    site.follows()
    site.run("keys", "rotate", "online", "--no-passphrase")
    site.run("keys", "rotate", "targets")
    shutil.copytree(site.repo / "metadata", site.folder / "all")
    for name in sorted(path.name for path in (site.folder / "all").iterdir()):
        if not name.endswith(".root.json"):
            shutil.copy(site.folder / "all" / name, site.www / "metadata" / name)
    for version in (2, 3):
        shutil.copy(site.folder / f"all/{version}.root.json", site.www / "metadata")
        if version == 3:
            site.follows()
    expect(versions(site)["root"] == 3, f"versions: {versions(site)}")


def root_keys__rotated_with_a_threshold__are_followed(site):
    site.publish()
    site.follows()
    site.run("keys", "rotate", "root", "--threshold", 2)
    site.run("publish", "--to", site.www)
    site.follows()
    root = site.trusted("root")
    expect(root["version"] == 2 and root["roles"]["root"]["threshold"] == 2, f"root: {root['roles']}")
    site.run("keys", "add", "root")
    old = [path for path in site.keys.iterdir() if path.name.startswith("root")]
    expect(len(old) == 5, f"root keys: {old}")
    root_ids = json.loads((site.repo / "metadata/3.root.json").read_text())["signed"]["roles"]["root"]["keyids"]
    expect(len(root_ids) == 3, f"root ids: {root_ids}")
    site.run("keys", "revoke", root_ids[0][:8])
    site.run("keys", "renew")
    site.run("publish", "--to", site.www)
    site.follows()
    expect(site.trusted("root")["version"] == 5, f"root: {site.trusted('root')['version']}")
    told = site.run("keys", "revoke", root_ids[1][:8], code=3)
    expect("would have 1 keys" in told, told)
    expect("2 of 2 must sign" in site.run("keys", "list"), site.run("keys", "list"))


def key__that_is_missing__changes_nothing(site):
    before = site.snapshot_of_files()
    for path in list(site.keys.iterdir()):
        if path.name.startswith("root"):
            path.rename(site.folder / path.name)
    told = site.run("keys", "rotate", "targets", code=3)
    expect("too few keys" in told and "root version 2 bears 0" in told, told)
    expect(site.snapshot_of_files() == before, "a refused rotation changed the repository")


def passphrase__that_is_wrong__opens_nothing(site):
    before = site.snapshot_of_files()
    told = site.run("publish", code=3, environment={**os.environ, "EMOGUARD_PASSPHRASE": "wrong"})
    expect("targets-" in told and "passphrase is wrong" in told, told)
    file = site.folder / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    clean = {name: value for name, value in os.environ.items() if name != "EMOGUARD_PASSPHRASE"}
    expect(site.snapshot_of_files() == before, "it changed the repository")
    site.run("publish", "--passphrase-file", file, environment=clean)


def passphrase__typed_on_the_terminal__is_not_shown(site):
    clean = {name: value for name, value in os.environ.items() if name != "EMOGUARD_PASSPHRASE"}
    child, terminal = pty.fork()
    if child == 0:
        os.execve(PROGRAM, [str(PROGRAM), "admin", "publish", "--dir", str(site.repo), "--keys", str(site.keys)], clean)
    shown, typed, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                part = os.read(terminal, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
            if not typed and b"Passphrase of" in shown:
                typed = True
                os.write(terminal, PASSPHRASE.encode() + b"\n")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    expect(os.waitstatus_to_exitcode(status) == 0, shown.decode(errors="replace"))
    expect(typed and PASSPHRASE.encode() not in shown and b"signed targets" in shown, shown.decode(errors="replace"))


# ---- refresh, sending, bytes ----

def refresh__needs_the_online_key_alone(site):
    site.add(2026112301, ["first"], "--now")
    site.publish()
    site.add(2026112302, ["second"], "--now")
    alone = site.folder / "online"
    alone.mkdir()
    shutil.copy(next(path for path in site.keys.iterdir() if path.name.startswith("online")), alone)
    told = admin("refresh", "--dir", site.repo, "--keys", alone, "--to", site.www)
    expect("timestamp" in told and "snapshot" not in told and "1 files sent" in told, told)
    site.follows()
    expect(site.listed() == ["2026112301"], "refresh published a draft")
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 21 * 86400))
    told = admin("refresh", "--dir", site.repo, "--keys", alone, "--time", later)
    expect("signed snapshot" in told, f"a snapshot with 9 of 30 days left was not renewed: {told}")
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 160 * 86400))
    told = admin("refresh", "--dir", site.repo, "--keys", alone, "--time", later)
    expect("targets ends on" in told, f"no warning: {told}")
    expect("EXPIRED" in admin("verify", site.repo, "--time", "2040-01-01T00:00:00Z", code=1), "verify saw no expiry")


def upload__sends_each_file_once_and_the_timestamp_last(site):
    site.add(2026112301, ["first"])
    log = site.folder / "log it's"
    quoted = str(log).replace("'", "'\\''")
    command = f"test -s {{file}} && echo {{path}} >> '{quoted}'"
    bell = f"echo bell {{file}} >> '{quoted}'"
    site.run("publish", "--upload", command, "--bell-command", bell)
    sent = log.read_text().splitlines()
    expect(sent[0].startswith("targets/rules/") and sent[-3:] == [
        "metadata/timestamp.json", "metadata/1.root.json", f"bell {site.repo}/metadata/timestamp.json"], f"sent: {sent}")
    log.unlink()
    site.run("refresh", "--upload", command)
    expect(log.read_text() == "metadata/timestamp.json\n", log.read_text())
    told = site.run("refresh", "--upload", "exit 7", code=3)
    expect("ended with 7" in told, told)


def same_input__gives_the_same_bytes(site):
    copies = []
    for name in ("one", "two"):
        repo = site.folder / name
        shutil.copytree(site.repo, repo)
        pack = make_pack(site.folder / f"pack-{name}", 2026112301, ["first", "second"])
        os.utime(pack / "pack.json", (1, 1))
        admin("add", pack, "--dir", repo, "--yes", "--time", NOON)
        if name == "one":
            admin("publish", "--dir", repo, "--keys", site.keys, "--time", NOON)
        else:
            admin("publish", "--dir", repo, "--keys", site.keys,
                  environment={**ENVIRONMENT, "SOURCE_DATE_EPOCH": "1795435200"})
        copies.append({path.relative_to(repo).as_posix(): path.read_bytes()
                       for path in sorted(repo.rglob("*")) if path.is_file()})
    different = [name for name in copies[0] if copies[0][name] != copies[1].get(name)]
    expect(copies[0].keys() == copies[1].keys() and not different, f"different: {different}")
    signed = json.loads(copies[0]["metadata/timestamp.json"])["signed"]
    expect(signed["x-emoguard-signed-at"] == NOON and signed["expires"] == "2026-12-07T12:00:00Z", f"{signed}")


def damage__of_each_kind__is_found_by_verify(site):
    site.add(2026112301, ["first"])
    site.publish()
    admin("verify", site.www, "--root", site.repo / "metadata/1.root.json")
    files = sorted(path.relative_to(site.www) for path in site.www.rglob("*") if path.is_file())
    for name in files:
        if name.name in ("1.targets.json", "1.snapshot.json"):
            continue  # of the past: nobody fetches them
        copy = site.folder / "damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(site.www, copy)
        content = bytearray((copy / name).read_bytes())
        content[content.find(b"expires") + 12 if b"expires" in content else len(content) // 2] ^= 1
        (copy / name).write_bytes(content)
        told = admin("verify", copy, code=1)
        expect("emoguard: " in told or "WRONG" in told, f"{name}: {told}")
    shutil.rmtree(copy)
    shutil.copytree(site.www, copy)
    next((copy / "targets/rules").iterdir()).unlink()
    expect("WRONG" in admin("verify", copy, code=1), "a missing bundle was not found")
    admin("verify", site.folder, code=3)


def iis__as_the_example_sets_it__serves_every_kind_of_file(site):
    for serial in (2026112301, 2026112302):
        site.add(serial, [f"word{serial}"], "--now")
        site.publish()
    settings = ElementTree.parse(ROOT / "docs/examples/web.config").getroot()
    static = settings.find("system.webServer/staticContent")
    types = [entry.get("fileExtension") for entry in static.findall("mimeMap")]
    removed = [entry.get("fileExtension") for entry in static.findall("remove")]
    expect(types == removed and len(set(types)) == len(types), f"types: {types}, removed before: {removed}")
    served = [path.relative_to(site.www) for path in site.www.rglob("*") if path.is_file()]
    expect({path.suffix for path in served} == set(types), f"served: {served}")
    # what request filtering of IIS refuses as it comes
    hidden = {"web.config", "bin", "app_code", "app_globalresources", "app_localresources", "app_webreferences",
              "app_data", "app_browsers"}
    expect(all(re.fullmatch(r"[a-z0-9._/-]+", path.as_posix()) and not hidden.intersection(path.parts)
               for path in served), f"served: {served}")
    place = settings.find("location")
    expect(site.www / place.get("path") == site.www / "metadata/timestamp.json" and
           place.find(".//clientCache").get("cacheControlMode") == "DisableCache", "the timestamp may be cached")


def usage__that_is_wrong__ends_with_2(site):
    for words in (["nonsense"], ["init"], ["init", "--dir", "x"], ["add", "--dir", "x"], ["publish", "--dir", "x"],
                  ["rollback", "--dir", "x"], ["rollback", "x", "--dir", "x"], ["verify"],
                  ["keys", "--dir", "x"], ["keys", "rotate", "--dir", "x", "--keys", "x"],
                  ["keys", "rotate", "boss", "--dir", "x", "--keys", "x"],
                  ["keys", "revoke", "abc", "--dir", "x", "--keys", "x"],
                  ["add", "x", "--dir", "x", "--stages", "20@4,1@24"], ["add", "x", "--dir", "x", "--now", "--canary"],
                  ["init", "--dir", "x", "--keys", "y", "--root-threshold", "3"],
                  ["refresh", "--dir", "x", "--keys", "y", "--time", "noon"],
                  ["refresh", "--dir", "x", "--keys", "y", "--timestamp-days", "0"]):
        admin(*words, code=2)
    expect(not (site.folder / "x").exists() and not Path("x").exists(), "wrong usage made something")


TESTS = [value for name, value in list(globals().items()) if "__" in name and not name.startswith("__")]


def run_test(test):
    with tempfile.TemporaryDirectory(prefix="emoguard-admin-") as folder:
        try:
            test(Site(Path(folder)))
        except Wrong as wrong:
            return report(f"check_admin.{test.__name__}", " ".join(str(wrong).split()))
        except (subprocess.TimeoutExpired, ValueError, KeyError, OSError) as error:
            return report(f"check_admin.{test.__name__}", f"{type(error).__name__}: {error}")
    return report(f"check_admin.{test.__name__}", "")


def main():
    good = True
    with tempfile.TemporaryDirectory(prefix="emoguard-admin-") as folder:
        TEMPLATE["folder"] = Path(folder)
        TEMPLATE["told"] = admin("init", "--dir", Path(folder) / "repo", "--keys", Path(folder) / "keys",
                                 "--no-passphrase", "--time", NOON)
        for test in TESTS:
            good &= run_test(test)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
