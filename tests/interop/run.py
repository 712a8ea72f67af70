#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our update client against other people's TUF: `make interop`.

- A repository that python-tuf makes is accepted, natively and under Wine, and refused when altered.
- A repository that `emoguard admin` makes is accepted by python-tuf's ngclient: rotations of each role's keys,
  a delta, a rollback.
- The official suite tuf-conformance passes whole. It is no package: EMOGUARD_TUF_CONFORMANCE names the folder
  of a clone of github.com/theupdateframework/tuf-conformance; without it this part is skipped.
- Attacks over HTTP (attacks.py) are refused.

python-tuf comes from PyPI into a virtual environment in the cache folder (EMOGUARD_CACHE).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from python_tuf import python_with_tuf

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NATIVE = ROOT / "build/native/tests/tuf_client"
WINDOWS = ROOT / "build/windows/tests/tuf_client.exe"
PROGRAM = ROOT / "build/native/emoguard"
PATHS = ("rules/pack.tar.zst", "team/extra.bin")
counts = {"ok": 0, "not ok": 0, "skip": 0}


def tell(result, name, text=""):
    counts[result] += 1
    print(f"{result} {name}" + (f": {text}" if text else ""), flush=True)


def run(command, seconds=600, **more):
    return subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds,
                          check=False, **more)


class Client:
    """tuf_client with a fresh folder for what it trusts."""

    def __init__(self, command, repository, folder):
        self.command, self.repository, self.folder = command, repository, folder
        for name in ("trusted", "got"):
            (folder / name).mkdir(parents=True)
        self.call("init", self.repository / "installed-root.json")

    def call(self, *rest):
        return run([*self.command, "--metadata-dir", self.folder / "trusted", *rest])

    def refresh(self):
        return self.call("--metadata-url", self.repository / "metadata", "refresh")

    def download(self):
        names = [part for path in PATHS for part in ("--target-name", path)]
        return self.call("--metadata-url", self.repository / "metadata", *names, "--target-base-url",
                         self.repository / "targets", "--target-dir", self.folder / "got", "download")

    def got(self):
        return {path.name.replace("%2F", "/").replace("%2E", "."): path.read_bytes()
                for path in (self.folder / "got").iterdir()}


def check_accepts(name, command, repository, folder):
    client = Client(command, repository, folder / "honest")
    done = client.download()
    wanted = {path: next((repository / "targets" / Path(path).parent).iterdir()).read_bytes() for path in PATHS}
    trusted = sorted(path.name for path in (client.folder / "trusted").glob("*.json"))
    good = done.returncode == 0 and client.got() == wanted and trusted == [
        "root.json", "snapshot.json", "targets.json", "team.json", "timestamp.json"]
    tell("ok" if good else "not ok", f"{name}.a_repository_of_python_tuf__is_accepted", "" if good else done.stdout)


def check_refuses(name, command, repository, folder):
    """Each metadata file in turn with one digit of what is signed changed."""
    for file in sorted((repository / "metadata").glob("*.json")):
        if file.name == "1.root.json":
            continue  # the installed one; never fetched
        altered = folder / f"altered-{file.name}"
        shutil.copytree(repository, altered / "repository")
        victim = altered / "repository/metadata" / file.name
        text = victim.read_text(encoding="utf-8")
        victim.write_text(re.sub(r'"expires":\s*"20(\d)', lambda m: m.group(0)[:-1] + "9", text), encoding="utf-8")
        client = Client(command, altered / "repository", altered)
        done = client.download()
        good = text != victim.read_text(encoding="utf-8") and done.returncode == 1 and client.got() == {} or \
            (file.name == "4.team.json" and done.returncode == 1 and "team/extra.bin" not in client.got())
        tell("ok" if good else "not ok", f"{name}.{file.name}_altered__is_refused", "" if good else done.stdout)


def check_repository(python):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        repository = folder / "repository"
        done = run([python, HERE / "make_repository.py", repository])
        if done.returncode != 0:
            tell("not ok", "python_tuf.makes_a_repository", done.stdout)
            return
        check_accepts("native", [NATIVE], repository, folder / "native")
        check_refuses("native", [NATIVE], repository, folder / "native")
        if not WINDOWS.exists() or not shutil.which("wine"):
            tell("skip", "wine.a_repository_of_python_tuf__is_accepted", "no Wine or no Windows build")
            return
        os.environ.setdefault("WINEDEBUG", "-all")
        os.environ["WINEPREFIX"] = str(folder / "prefix")
        check_accepts("wine", ["wine", WINDOWS], repository, folder / "wine")
        run(["wineserver", "-k"])


def admin(*words):
    done = run([PROGRAM, "admin", *words], env={**os.environ, "EMOGUARD_PASSPHRASE": "interop"})
    if done.returncode != 0:
        raise RuntimeError(f"admin {' '.join(map(str, words))}: {done.stdout}")


def check_publisher(python):
    """A life of a repository, followed from its first root by one client and at the end by a new one."""
    serial = json.loads((ROOT / "rules/pack.json").read_text(encoding="utf-8"))["serial"]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        repo, keys, pack = folder / "repo", folder / "keys", folder / "pack"

        def sign(*words):
            admin(*words, "--dir", repo, "--keys", keys)

        def follows(name, client, *targets):
            done = run([python, HERE / "follow_repository.py", repo, folder / client, *targets])
            tell("ok" if done.returncode == 0 else "not ok", f"ngclient.{name}",
                 "" if done.returncode == 0 else done.stdout)

        admin("init", "--dir", repo, "--keys", keys, "--root-keys", "3", "--root-threshold", "2")
        follows("an_empty_repository_of_ours__is_accepted", "one")
        admin("add", ROOT / "rules", "--dir", repo, "--yes")
        sign("publish")
        follows("a_pack_of_ours__is_downloaded", "one", f"rules/{serial}.tar.zst")
        shutil.copytree(ROOT / "rules", pack)
        text = (pack / "pack.json").read_text(encoding="utf-8")
        (pack / "pack.json").write_text(text.replace(str(serial), str(serial + 1)), encoding="utf-8")
        admin("add", pack, "--dir", repo, "--yes", "--now")
        sign("publish")
        follows("a_delta_of_ours__is_downloaded", "one", f"rules/{serial + 1}.tar.zst", f"delta/{serial}-{serial + 1}.zstp")
        for role in ("online", "targets", "root"):
            sign("keys", "rotate", role)
        sign("refresh")
        follows("a_rotation_of_every_key__is_followed", "one")
        admin("rollback", str(serial), "--dir", repo, "--yes")
        sign("publish")
        for client in ("one", "two"):
            follows(f"a_rollback__is_followed_by_client_{client}", client, f"rules/{serial + 2}.tar.zst")


def check_conformance(python):
    folder = os.environ.get("EMOGUARD_TUF_CONFORMANCE")
    if not folder or not Path(folder, "tuf_conformance").is_dir():
        tell("skip", "tuf_conformance", "EMOGUARD_TUF_CONFORMANCE names no clone of tuf-conformance")
        return
    done = run([python, "-m", "pytest", "tuf_conformance", "-q", "-rA", "-p", "no:cacheprovider",
                "--entrypoint", NATIVE], seconds=1200, cwd=folder)
    passed = re.findall(r"^PASSED \S*::(.+)$", done.stdout, re.MULTILINE)
    for name in passed:
        tell("ok", f"tuf_conformance.{name}")
    for name in re.findall(r"^(?:FAILED|ERROR|XFAIL|SKIPPED) (.+)$", done.stdout, re.MULTILINE):
        tell("not ok", f"tuf_conformance.{name}")
    if done.returncode != 0 or not passed:
        tell("not ok", "tuf_conformance", done.stdout[-4000:])


def check_attacks(python):
    done = run([python, HERE / "attacks.py"])
    told = re.findall(r"^(ok|not ok|skipped) ([\w.]+)(?:: (.*))?$", done.stdout, re.MULTILINE)
    for result, name, text in told:
        tell("skip" if result == "skipped" else result, name, text)
    if not told or done.returncode not in (0, 1):
        tell("not ok", "attacks", done.stdout[-2000:])


def main():
    if not NATIVE.exists():
        print(f"interop: {NATIVE} is not there: run `make native`", file=sys.stderr)
        return 1
    try:
        python = python_with_tuf()
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        tell("not ok", "python_tuf.is_installed", str(error))
    else:
        check_repository(python)
        check_attacks(python)
        try:
            check_publisher(python)
        except RuntimeError as error:
            tell("not ok", "ngclient", str(error))
        check_conformance(python)
    print(f"{counts['ok']} passed, {counts['not ok']} failed, {counts['skip']} skipped")
    return 1 if counts["not ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
