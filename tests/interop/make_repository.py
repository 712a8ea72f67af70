# SPDX-License-Identifier: Apache-2.0
"""Makes a TUF repository with python-tuf, as somebody else's publisher would: for run.py.

  make_repository.py FOLDER

FOLDER gets installed-root.json, metadata/ and targets/. Every key type signs a role; the root keys are
rotated twice; one role is delegated; hashes and lengths are given for all metadata.
"""

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot,
                              TargetFile, Targets, Timestamp)

TARGETS = {"rules/pack.tar.zst": b"top level" * 1000, "team/extra.bin": b"delegated"}


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def signed(document, signers):
    metadata = Metadata(document)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def describe(version, content):
    file = TargetFile.from_data("x", content, ["sha256", "sha512"])
    return MetaFile(version, file.length, file.hashes)


def target(path, content):
    file = TargetFile.from_data(path, content, ["sha256", "sha512"])
    file.unrecognized_fields["custom"] = {"serial": 2026112301}
    return file


def write_roots(folder, root, first, others):
    """Version 1 by one key, version 2 by two others, version 3 by one of these and a new threshold."""
    put(folder / "installed-root.json", signed(root, [first]))
    put(folder / "metadata/1.root.json", signed(root, [first]))
    root.revoke_key(first.public_key.keyid, "root")
    for signer in others:
        root.add_key(signer.public_key, "root")
    root.roles["root"].threshold = 2
    root.version = 2
    put(folder / "metadata/2.root.json", signed(root, [first, *others]))
    root.roles["root"].threshold = 1
    root.version = 3
    put(folder / "metadata/3.root.json", signed(root, others))


def main(folder):
    expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=30)
    signers = {"root": CryptoSigner.generate_ed25519(), "timestamp": CryptoSigner.generate_ed25519(),
               "snapshot": CryptoSigner.generate_ecdsa(), "targets": CryptoSigner.generate_rsa()}
    team = CryptoSigner.generate_ed25519()
    root = Root(expires=expires, consistent_snapshot=True)
    for role, signer in signers.items():
        root.add_key(signer.public_key, role)
    write_roots(folder, root, signers["root"],
                [CryptoSigner.generate_ecdsa(), CryptoSigner.generate_ed25519()])

    delegated = Targets(expires=expires, version=4)
    targets = Targets(expires=expires, version=5)
    for document, path in ((targets, "rules/pack.tar.zst"), (delegated, "team/extra.bin")):
        document.targets[path] = target(path, TARGETS[path])
        folded = Path(path)
        for digest in document.targets[path].hashes.values():
            put(folder / "targets" / folded.parent / f"{digest}.{folded.name}", TARGETS[path])
    targets.delegations = Delegations(
        {team.public_key.keyid: team.public_key},
        {"team": DelegatedRole("team", [team.public_key.keyid], 1, True, ["team/*"])})
    made = {"5.targets": signed(targets, [signers["targets"]]), "4.team": signed(delegated, [team])}
    snapshot = Snapshot(expires=expires, version=6)
    snapshot.meta = {"targets.json": describe(5, made["5.targets"]),
                     "team.json": describe(4, made["4.team"])}
    made["6.snapshot"] = signed(snapshot, [signers["snapshot"]])
    timestamp = Timestamp(expires=expires, version=7)
    timestamp.snapshot_meta = describe(6, made["6.snapshot"])
    made["timestamp"] = signed(timestamp, [signers["timestamp"]])
    for name, content in made.items():
        put(folder / "metadata" / f"{name}.json", content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
