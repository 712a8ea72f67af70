#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks over real HTTP: nginx serves a repository of python-tuf, tuf_client asks. Nothing may be accepted, the
reason must be told, and an honest server must be believed again afterwards. Part of `make interop`; asks for
python-tuf (python_tuf.py) and a native build.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from check_http import Server, Skipped, run_tests  # noqa: E402  (needs the path above)
from python_tuf import run_again_with_tuf  # noqa: E402
from servers import Nginx  # noqa: E402

CLIENT = HERE.parent.parent / "build/native/tests/tuf_client"
PACK = "rules/pack.tar.zst"
FILES_LOCATION = "    location /v1/metadata/ {\n"


class Client:
    """tuf_client with a fresh folder for what it trusts."""

    def __init__(self, folder, base, installed_root):
        self.base, self.trusted, self.got = base, folder / "trusted", folder / "got"
        for place in (self.trusted, self.got):
            place.mkdir(parents=True)
        (folder / "root.json").write_bytes(installed_root)
        self.call("init", folder / "root.json")

    def call(self, *rest, clock=None):
        front = ["faketime", "-f", clock] if clock else []
        command = [*front, CLIENT, "--metadata-dir", self.trusted, *rest]
        return subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120, check=False)

    def download(self, clock=None, base=None, targets=None):
        base = base or f"{self.base}/metadata"
        return self.call("--metadata-url", base, "--target-name", PACK, "--target-base-url",
                         targets or f"{self.base}/targets", "--target-dir", self.got, "download", clock=clock)

    def pack(self):
        return [path.read_bytes() for path in self.got.iterdir()]


class Tests:
    def __init__(self, folder):
        self.folder, self.number = Path(folder), 0

    def begin(self, changes=None):
        """(nginx, repository, client that holds the first pack)"""
        from repository import Repository  # noqa: PLC0415  (needs python-tuf)
        self.number += 1
        place = self.folder / str(self.number)
        nginx = Nginx(place, changes=changes)
        repository = Repository(nginx.root / "v1")
        repository.publish({PACK: b"first" * 1000})
        nginx.start()
        try:
            client = Client(place / "client", nginx.url("v1"), repository.installed_root)
            self.takes(client, b"first" * 1000)
        except BaseException:
            nginx.stop()
            raise
        return nginx, repository, client

    @staticmethod
    def takes(client, content, **more):
        done = client.download(**more)
        assert done.returncode == 0 and client.pack() == [content], done.stdout

    @staticmethod
    def refuses(client, reason, **more):
        """With this in what it says; what it held before, pack and trust, stays as it was."""
        before = (client.pack(), {path.name: path.read_bytes() for path in client.trusted.glob("*.json")})
        done = client.download(**more)
        assert done.returncode == 1, f"accepted: {done.stdout}"
        assert reason in done.stdout, f"not '{reason}': {done.stdout}"
        assert client.pack() == before[0], "another pack"
        return before[1] == {path.name: path.read_bytes() for path in client.trusted.glob("*.json")}

    def attack(self, change, reason):
        """`change(repository, folder)` spoils what was published second; then it is made good again."""
        nginx, repository, client = self.begin()
        folder = repository.folder
        old = self.folder / f"old{self.number}"
        shutil.copytree(folder, old)
        with stopping(nginx):
            repository.publish({PACK: b"other" * 1000})
            honest = self.folder / f"honest{self.number}"
            shutil.copytree(folder, honest)
            change(folder, old)
            self.refuses(client, reason)
            shutil.rmtree(folder)
            shutil.copytree(honest, folder)
            self.takes(client, b"other" * 1000)

    # ---- files of an honest repository, altered ----
    def timestamp__of_before__is_refused(self):
        nginx, repository, client = self.begin()
        with stopping(nginx):
            old = (repository.folder / "metadata/timestamp.json").read_bytes()
            new = repository.publish({PACK: b"other" * 1000})
            self.takes(client, b"other" * 1000)
            repository.put("metadata/timestamp.json", old)
            assert self.refuses(client, "refused"), "what is trusted changed"
            repository.put("metadata/timestamp.json", new)
            self.takes(client, b"other" * 1000)

    def snapshot__of_before__is_refused(self):
        self.attack(lambda folder, old: shutil.copy(old / "metadata/1.snapshot.json", folder / "metadata/2.snapshot.json"),
                    "refused")

    def targets__of_before__are_refused(self):
        self.attack(lambda folder, old: shutil.copy(old / "metadata/1.targets.json", folder / "metadata/2.targets.json"),
                    "refused")

    def target__swapped__is_refused(self):
        self.attack(lambda folder, old: overwrite(folder, b"other" * 1000, b"WRONG" * 1000), "hash")

    def target__of_before__is_refused(self):
        self.attack(lambda folder, old: overwrite(folder, b"other" * 1000, b"first" * 1000), "hash")

    def target__cut__is_refused(self):
        self.attack(lambda folder, old: overwrite(folder, b"other" * 1000, b"other" * 999), "bytes")

    def target__longer__is_refused(self):
        self.attack(lambda folder, old: overwrite(folder, b"other" * 1000, b"other" * 1000 + b"x"), "limit")

    def metadata__cut__is_refused(self):
        def cut(folder, _):
            path = folder / "metadata/2.targets.json"
            path.write_bytes(path.read_bytes()[:-40])
        self.attack(cut, "JSON")

    def metadata__too_large__is_refused(self):
        self.attack(lambda folder, old: (folder / "metadata/timestamp.json").write_bytes(b" " * 20000), "16384")

    # ---- servers that are not ours ----
    def body__without_an_end__is_refused(self):
        nginx, _, client = self.begin()
        server = Server()
        with stopping(nginx):
            for path, reason in (("endless?", "larger than"), ("huge?", "limit"), ("cut?", "unreachable"),
                                 ("nonsense?", "unreachable")):
                self.refuses(client, reason, base=server.url(path))
            self.takes(client, b"first" * 1000)

    def captive_portal__is_told_apart(self):
        nginx, _, client = self.begin()
        place = self.folder / f"portal{self.number}"
        portal = Nginx(place, changes={FILES_LOCATION: "    location ~ ^/v1/metadata/[0-9] { return 404; }\n    location /v1/metadata/ {\n",
                                       "        add_header Cache-Control no-cache;\n":
                                           "        default_type text/html; return 200 '<html>Please log in</html>';\n"})
        with stopping(nginx), portal:
            assert self.refuses(client, "not metadata", base=portal.url("v1/metadata")), "what is trusted changed"
            self.takes(client, b"first" * 1000)

    def redirect__is_not_followed(self):
        nginx, _, client = self.begin()
        place = self.folder / f"redirect{self.number}"
        elsewhere = Nginx(place, changes={FILES_LOCATION: f"    location ~ ^/v1/ {{ return 302 {client.base}/metadata/timestamp.json; }}\n"
                                                          + FILES_LOCATION})
        with stopping(nginx), elsewhere:
            self.refuses(client, "302", base=elsewhere.url("v1/metadata"))

    def missing_file__answered_403__is_missing(self):
        """As S3 does: the next root, which is not there, must not end the update."""
        nginx, repository, client = self.begin(changes={
            FILES_LOCATION: "    location = /v1/metadata/2.root.json { return 403; }\n" + FILES_LOCATION})
        with stopping(nginx):
            repository.publish({PACK: b"other" * 1000})
            self.takes(client, b"other" * 1000)

    # ---- time ----
    def clock__after_the_expiry__is_told(self):
        self.needs_faketime()
        nginx, repository, client = self.begin()
        with stopping(nginx):
            self.refuses(client, "expired", clock="+400d")
            repository.publish({PACK: b"other" * 1000})
            self.takes(client, b"other" * 1000)

    def clock__set_back__makes_nothing_fresh(self):
        """The newest signed time that was seen counts, whatever the clock says."""
        from repository import in_days  # noqa: PLC0415
        self.needs_faketime()
        nginx, repository, client = self.begin()
        with stopping(nginx):
            repository.stamp(in_days(-1))
            self.refuses(client, "expired", clock="-30d")
            repository.stamp()
            self.takes(client, b"first" * 1000, clock="-30d")

    @staticmethod
    def needs_faketime():
        if not shutil.which("faketime"):
            raise Skipped("faketime is not installed")


@contextlib.contextmanager
def stopping(server):
    try:
        yield
    finally:
        server.stop()


def overwrite(folder, content, other):
    for path in (folder / "targets").rglob("*.zst"):
        if path.read_bytes() == content:
            path.write_bytes(other)


def main():
    if Nginx.lacking():
        print(f"skipped attacks: {Nginx.lacking()}")
        return 0
    run_again_with_tuf()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        return run_tests("attacks", Tests(folder)) > 0


if __name__ == "__main__":
    sys.exit(main())
