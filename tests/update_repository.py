# SPDX-License-Identifier: Apache-2.0
"""A small publisher of rules for tests: a TUF repository in a folder, signed with Python's cryptography package.

Written apart from ours, so that neither can share a mistake with the client.
"""
import datetime
import hashlib
import json
import subprocess

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ROLES = ("root", "timestamp", "snapshot", "targets")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def header(name, size):
    """A ustar header in which nothing depends on who makes it."""
    fields = [name.encode().ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size,
              b"00000000000\0", b" " * 8, b"0", bytes(100), b"ustar\0", b"00", bytes(64), b"0000000\0", b"0000000\0",
              bytes(155), bytes(12)]
    fields[6] = b"%06o\0 " % sum(b"".join(fields))
    return b"".join(fields)


def archive(files):
    """The files {name: bytes} as the one archive they have."""
    parts = []
    for name in sorted(files, key=lambda text: text.encode()):
        parts += [header(name, len(files[name])), files[name], bytes(-len(files[name]) % 512)]
    return b"".join(parts) + bytes(1024)


def compress(data, folder):
    plain, packed = folder / "archive.tar", folder / "archive.zst"
    plain.write_bytes(data)
    subprocess.run(["zstd", "-q", "-f", "-6", plain, "-o", packed], check=True)
    return packed.read_bytes()


class Repository:
    def __init__(self, folder):
        self.folder = folder
        self.keys = {role: Ed25519PrivateKey.generate() for role in ROLES}
        self.version = 0
        self.packs = {}  # serial: target
        (folder / "metadata").mkdir(parents=True)
        (folder / "targets" / "rules").mkdir(parents=True)
        self.write("root", 1, self.root(), "1.root.json")

    def key(self, role):
        public = self.keys[role].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        return {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}}

    def key_id(self, role):
        return sha256(canonical(self.key(role)))

    def root(self):
        return {"consistent_snapshot": True, "keys": {self.key_id(role): self.key(role) for role in ROLES},
                "roles": {role: {"keyids": [self.key_id(role)], "threshold": 1} for role in ROLES}}

    def write(self, role, version, body, name):
        now = datetime.datetime.now(datetime.timezone.utc)
        signed = {"_type": role, "spec_version": "1.0.34", "version": version,
                  "expires": (now + datetime.timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%SZ"), **body}
        signature = self.keys[role].sign(canonical(signed)).hex()
        data = json.dumps({"signatures": [{"keyid": self.key_id(role), "sig": signature}], "signed": signed}).encode()
        target = self.folder / "metadata" / name
        part = target.with_suffix(".part")
        part.write_bytes(data)
        part.replace(target)

    def add(self, name, serial, files, **custom):
        """Lists a pack beside those that are listed."""
        tar = archive({"pack.json": json.dumps({"name": name, "serial": serial}).encode(), **files})
        packed = compress(tar, self.folder)
        (self.folder / "targets" / "rules" / f"{sha256(packed)}.{serial}.tar.zst").write_bytes(packed)
        self.packs[serial] = {"length": len(packed), "hashes": {"sha256": sha256(packed)},
                              "custom": {"name": name, "serial": serial,
                                         "archive": {"sha256": sha256(tar), "length": len(tar)}, **custom}}

    def publish(self):
        """Signs what is listed now, the timestamp last; returns the timestamp's bytes."""
        self.version += 1
        targets = {f"rules/{serial}.tar.zst": target for serial, target in self.packs.items()}
        self.write("targets", self.version, {"targets": targets}, f"{self.version}.targets.json")
        self.write("snapshot", self.version, {"meta": {"targets.json": {"version": self.version}}},
                   f"{self.version}.snapshot.json")
        self.write("timestamp", self.version, {"meta": {"snapshot.json": {"version": self.version}}}, "timestamp.json")
        return (self.folder / "metadata" / "timestamp.json").read_bytes()
