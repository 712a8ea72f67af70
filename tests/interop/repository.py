# SPDX-License-Identifier: Apache-2.0
"""A TUF repository that python-tuf publishes step by step, as a publisher would, for attacks and for scale."""

import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp


class Repository:
    """FOLDER gets metadata/ and targets/; installed_root is what an installer brings."""

    def __init__(self, folder):
        self.folder, self.version, self.stamps = Path(folder), 0, 0
        self.signers = {role: CryptoSigner.generate_ed25519() for role in ("root", "timestamp", "snapshot", "targets")}
        root = Root(expires=in_days(365), consistent_snapshot=True)
        for role, signer in self.signers.items():
            root.add_key(signer.public_key, role)
        self.installed_root = self.signed(root, "root")
        self.put("metadata/1.root.json", self.installed_root)

    def put(self, name, content):
        """In one step: somebody may be reading it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_bytes(content)
        new.replace(path)
        return path

    def signed(self, document, role):
        metadata = Metadata(document)
        metadata.sign(self.signers[role])
        return metadata.to_bytes()

    def publish(self, files, expires=None):
        """Publishes {path: content} in the place of what was listed; returns the timestamp's bytes."""
        self.version += 1
        expires = expires or in_days(30)
        targets = Targets(expires=expires, version=self.version)
        for path, content in files.items():
            targets.targets[path] = TargetFile.from_data(path, content, ["sha256"])
            targets.targets[path].unrecognized_fields["custom"] = {"serial": self.version}
            name = Path(path)
            self.put(f"targets/{name.parent}/{hashlib.sha256(content).hexdigest()}.{name.name}", content)
        self.put(f"metadata/{self.version}.targets.json", self.signed(targets, "targets"))
        snapshot = Snapshot(expires=expires, version=self.version)
        snapshot.meta = {"targets.json": MetaFile(self.version)}
        self.put(f"metadata/{self.version}.snapshot.json", self.signed(snapshot, "snapshot"))
        return self.stamp(expires)

    def stamp(self, expires=None):
        """A new timestamp for what is published."""
        self.stamps += 1
        timestamp = Timestamp(expires=expires or in_days(14), version=self.stamps)
        timestamp.snapshot_meta = MetaFile(self.version)
        timestamp.unrecognized_fields["x-emoguard-signed-at"] = in_days(0).strftime("%Y-%m-%dT%H:%M:%SZ")
        content = self.signed(timestamp, "timestamp")
        self.put("metadata/timestamp.json", content)
        return content


def in_days(days):
    return datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=days)
