# SPDX-License-Identifier: Apache-2.0
"""Fetches upstream tarballs from Debian 13 source packages, without touching the system's apt."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
APT_HELPER = "/usr/lib/apt/apt-helper"
SUITES = (
    ("http://deb.debian.org/debian", "trixie"),
    ("http://deb.debian.org/debian", "trixie-updates"),
    ("http://deb.debian.org/debian-security", "trixie-security"),
)


class FetchError(Exception):
    """A tarball could not be had; the text says which one and what to do."""


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


class Archive:
    """An apt of its own under `folder`: own sources, lists and cache, nothing installed."""

    def __init__(self, folder, log):
        self.folder = Path(folder)
        self.log = Path(log)
        self.environment = dict(os.environ, APT_CONFIG=str(self.folder / "apt.conf"), LC_ALL="C")
        self.listed = False

    def run(self, command, cwd=None):
        done = subprocess.run(command, cwd=cwd, env=self.environment, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(map(str, command))}\n{done.stdout}\n")
        return done

    def update(self):
        if self.listed:
            return
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        lines = [f"deb-src [signed-by={KEYRING}] {base} {suite} main\n" for base, suite in SUITES]
        (self.folder / "sources.list").write_text("".join(lines), encoding="utf-8")
        settings = {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State": self.folder / "state",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.folder / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "APT::Sandbox::User": "",
        }
        text = "".join(f'{key} "{value}";\n' for key, value in settings.items())
        (self.folder / "apt.conf").write_text(text, encoding="utf-8")
        self.run(["apt-get", "update"])
        self.listed = True

    def places(self, package):
        """Every address at which the suites offer this package's tarball, best first."""
        found = []
        shown = self.run(["apt-cache", "showsrc", package.source]).stdout
        for version in re.findall(r"^Version: (\S+)$", shown, re.MULTILINE):
            uris = self.run(["apt-get", "source", "--print-uris", f"{package.source}={version}"])
            for uri, name in re.findall(r"^'([^']+)' (\S+) ", uris.stdout, re.MULTILINE):
                if name == package.tarball and uri not in found:
                    found.append(uri)
        folder = package.source[:4] if package.source.startswith("lib") else package.source[0]
        pool = f"{SUITES[0][0]}/pool/main/{folder}/{package.source}/{package.tarball}"
        if pool not in found:
            found.append(pool)
        return found

    def fetch(self, package, target):
        """Puts the tarball at `target`, its hash checked, or raises FetchError."""
        target = Path(target)
        if target.exists() and sha256_of(target) == package.sha256:
            return
        self.update()
        partial = target.with_name(target.name + ".partial")
        for uri in self.places(package):
            partial.unlink(missing_ok=True)
            done = self.run([APT_HELPER, "download-file", uri, str(partial)])
            if done.returncode == 0 and partial.exists():
                if sha256_of(partial) == package.sha256:
                    os.replace(partial, target)
                    return
                with open(self.log, "a", encoding="utf-8") as log:
                    log.write(f"{uri}: wrong SHA-256, dropped\n")
        partial.unlink(missing_ok=True)
        raise FetchError(
            f"{package.name} {package.version}: {package.tarball} could not be downloaded.\n"
            f"  Look: {self.log}\n"
            f"  Then: check the network (http://deb.debian.org must be reachable) and run again, or put\n"
            f"  that file (SHA-256 {package.sha256})\n"
            f"  into {target.parent}/ by hand.")
