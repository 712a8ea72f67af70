#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many PCs on one nginx with the bell: `make scale`.

  run.py [--agents 10000] [--spread 30] [--tls-agents 1000]

Simulated PCs wait at the bell. Then a pack is published: each fetches timestamp, snapshot, targets and the pack after a
random part of the spread, once as a whole, once as a delta. A sample of them is tuf_client, which verifies all of it.
Everything happens on the loopback interface. Prints a table and writes build/scale.json; exit code 0 when every PC
had the new pack within the spread and ten seconds.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "interop")]

from python_tuf import run_again_with_tuf  # noqa: E402
from servers import Nginx, make_certificates  # noqa: E402  (needs the path above)

CLIENT = ROOT / "build/native/tests/tuf_client"
PACK, DELTA = "rules/pack.tar.zst", "delta/pack.zstp"
ALLOWED_S = 10  # beside the spread
SAMPLE = 20
AT_ONCE = 200  # connections that are being made
ADDRESSES = 4  # of the simulated PCs: a port is free for each address
PATIENCE_S = 60  # beyond what is allowed


def pack_bytes(folder):
    """The pack of this tree, and a delta to it from one with a rule less, by zstd as a publisher makes them."""
    rules = ROOT / "rules"

    def tar(name, *exclude):
        subprocess.run(["tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar",
                        *exclude, "-cf", folder / name, "-C", rules, "."], check=True)

    one = sorted(rules.rglob("*.yml"))[0]
    tar("new.tar")
    tar("old.tar", f"--exclude={one.name}")
    for arguments in (["new.tar", "-o", "new.zst"], ["--patch-from=old.tar", "new.tar", "-o", "delta.zst"]):
        subprocess.run(["zstd", "-qq", "-19", *arguments], cwd=folder, check=True)
    return (folder / "new.zst").read_bytes(), (folder / "delta.zst").read_bytes()


class Connection:
    """HTTP/1.1 over one kept connection; counts what comes."""

    def __init__(self, fleet, number):
        self.fleet, self.source, self.received, self.writer = fleet, f"127.0.0.{2 + number % ADDRESSES}", 0, None

    async def open(self):
        async with self.fleet.connecting:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.fleet.nginx.port, local_addr=(self.source, 0), ssl=self.fleet.context,
                server_hostname="localhost" if self.fleet.context else None)

    async def get(self, path, headers=""):
        if not self.writer:
            await self.open()
        self.writer.write(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        fields = {name.lower(): value for name, _, value in
                  (line.partition(": ") for line in head.decode().split("\r\n")[1:])}
        length = int(fields.get("content-length", "0"))
        body = await self.reader.readexactly(length) if length else b""
        self.received += len(head) + length
        return int(head.split(b" ", 2)[1]), fields, body

    def close(self):
        if self.writer:
            self.writer.close()
            self.writer = None


class Fleet:
    """The simulated PCs in front of one nginx, and the times of the round that runs."""

    def __init__(self, nginx, context, count, spread):
        self.nginx, self.context, self.count, self.spread = nginx, context, count, spread
        self.connecting, self.wanted, self.version = asyncio.Semaphore(AT_ONCE), PACK, 0
        self.rang, self.held, self.bytes, self.lost = [], [], [], 0
        self.sample, self.verified, self.updates = {}, [], set()
        self.verifying = asyncio.Semaphore(2)

    async def live(self, number):
        bell, validators = Connection(self, number), ""
        while True:
            try:
                status, fields, body = await bell.get("v1/bell/stable", validators)
            except (OSError, asyncio.IncompleteReadError):
                self.lost += 1
                bell.close()
                await asyncio.sleep(random.uniform(0, 5))
                continue
            if status != 200:
                continue
            validators = f"If-None-Match: {fields['etag']}\r\nIf-Modified-Since: {fields['last-modified']}\r\n"
            version = json.loads(body)["signed"]["version"]
            if version > 1:  # the first is what it has already
                self.rang.append(time.monotonic())
                task = asyncio.create_task(self.update(number, version))
                self.updates.add(task)  # the loop alone would let it be collected while it waits
                task.add_done_callback(self.updates.discard)

    async def update(self, number, version):
        await asyncio.sleep(random.uniform(0, self.spread))
        while True:
            try:
                await (self.verify(number) if number in self.sample else self.fetch(number, version))
                self.held.append(time.monotonic())
                return
            except (OSError, asyncio.IncompleteReadError):
                self.lost += 1
                await asyncio.sleep(random.uniform(0, 2))

    async def fetch(self, number, version):
        connection = Connection(self, number)
        try:
            told = await self.json(connection, "metadata/timestamp.json")
            if told["version"] != version:
                raise OSError("an old timestamp")
            snapshot = told["meta"]["snapshot.json"]["version"]
            told = await self.json(connection, f"metadata/{snapshot}.snapshot.json")
            targets = told["meta"]["targets.json"]["version"]
            told = (await self.json(connection, f"metadata/{targets}.targets.json"))["targets"][self.wanted]
            folder, name = self.wanted.split("/")
            status, _, body = await connection.get(f"v1/targets/{folder}/{told['hashes']['sha256']}.{name}")
            if status != 200 or hashlib.sha256(body).hexdigest() != told["hashes"]["sha256"]:
                raise OSError("not what was published")
            self.bytes.append(connection.received)
        finally:
            connection.close()

    async def json(self, connection, name):
        status, _, body = await connection.get(f"v1/{name}")
        if status != 200:
            raise OSError(f"{name}: {status}")
        return json.loads(body)["signed"]

    async def verify(self, number):
        """By the product's own client: all of TUF, with what it trusts on disk."""
        base, folder = self.nginx.url("v1"), self.sample[number]
        async with self.verifying:
            client = await asyncio.create_subprocess_exec(
                CLIENT, "--metadata-dir", folder / "trusted", "--metadata-url", f"{base}/metadata", "--target-name", self.wanted,
                "--target-base-url", f"{base}/targets", "--target-dir", folder / "got", "download",
                stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
            if await client.wait() != 0:
                raise OSError("tuf_client refuses it")
        self.verified.append(number)


def memory_kib(nginx):
    """What the workers use, shared pages by halves (PSS)."""
    total = 0
    children = Path(f"/proc/{nginx.process.pid}/task/{nginx.process.pid}/children").read_text(encoding="ascii").split()
    for child in children:
        for line in Path(f"/proc/{child}/smaps_rollup").read_text(encoding="ascii").splitlines():
            total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total


def make_sample(fleet, repository, folder, count):
    for number in range(0, count, max(1, count // SAMPLE)):
        place = folder / f"pc{number}"
        for name in ("trusted", "got"):
            (place / name).mkdir(parents=True)
        (place / "root.json").write_bytes(repository.installed_root)
        subprocess.run([CLIENT, "--metadata-dir", place / "trusted", "init", place / "root.json"], check=True)
        fleet.sample[number] = place


async def round_of(fleet, repository, name, files, wanted):
    fleet.rang, fleet.held, fleet.bytes, fleet.verified, fleet.wanted, lost = [], [], [], [], wanted, fleet.lost
    timestamp = repository.publish(files)
    start = time.monotonic()
    await asyncio.to_thread(fleet.nginx.publish, timestamp.decode())
    while len(fleet.held) < fleet.count and time.monotonic() < start + fleet.spread + ALLOWED_S + PATIENCE_S:
        await asyncio.sleep(0.1)
    rang, held = sorted(at - start for at in fleet.rang), sorted(at - start for at in fleet.held)
    result = {"round": name, "agents": fleet.count, "spread_s": fleet.spread, "rang": len(rang), "held": len(held),
              "verified": len(fleet.verified), "broken": fleet.lost - lost,
              "rang_p50_s": quantile(rang, 50), "rang_p95_s": quantile(rang, 95), "rang_last_s": quantile(rang, 100),
              "held_p95_s": quantile(held, 95), "held_last_s": quantile(held, 100),
              "bytes_each": round(sum(fleet.bytes) / max(1, len(fleet.bytes)))}
    print("  " + ", ".join(f"{key} {value}" for key, value in result.items()), flush=True)
    return result


def quantile(values, percent):
    return round(values[min(len(values) - 1, len(values) * percent // 100)], 2) if values else None


async def run_fleet(folder, count, spread, certificate, pack, delta):
    from repository import Repository  # python-tuf is there by now
    with Nginx(folder, certificate=certificate, workers=2, connections=16000) as nginx:
        repository = Repository(nginx.root / "v1")
        nginx.publish(repository.publish({PACK: pack}).decode())
        context = ssl.create_default_context(cafile=str(Path(certificate).parent / "authority.pem")) if certificate else None
        fleet = Fleet(nginx, context, count, spread)
        if not certificate:
            make_sample(fleet, repository, folder, count)
        empty, start = memory_kib(nginx), time.monotonic()
        pcs = [asyncio.create_task(fleet.live(number)) for number in range(count)]
        while await asyncio.to_thread(nginx.subscribers) < count:
            if time.monotonic() > start + PATIENCE_S:
                raise TimeoutError(f"{nginx.subscribers()} of {count} wait after {PATIENCE_S} s")
            await asyncio.sleep(0.5)
        told = {"scheme": nginx.scheme, "kib_each": round((memory_kib(nginx) - empty) / count, 1),
                "connected_s": round(time.monotonic() - start, 1)}
        print(f"{count} PCs wait at {nginx.scheme}: {told}", flush=True)
        results = [await round_of(fleet, repository, "whole", {PACK: pack}, PACK),
                   await round_of(fleet, repository, "delta", {PACK: pack, DELTA: delta}, DELTA)]
        pcs += fleet.updates
        for pc in pcs:
            pc.cancel()
        await asyncio.gather(*pcs, return_exceptions=True)
        return [{**told, **result} for result in results]


def good(result):
    return result["held"] == result["agents"] == result["rang"] and \
        result["held_last_s"] <= result["spread_s"] + ALLOWED_S and \
        (result["scheme"] == "https" or result["verified"] >= min(SAMPLE, result["agents"]))


def environment():
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return {"commit": commit.stdout.strip(), "cores": os.cpu_count(), "load": os.getloadavg()}


def main():
    parser = argparse.ArgumentParser(description="Many PCs on one nginx with the bell.")
    parser.add_argument("--agents", type=int, default=10000)
    parser.add_argument("--tls-agents", type=int, default=1000)
    parser.add_argument("--spread", type=float, default=30)
    options = parser.parse_args()
    if Nginx.lacking():
        sys.exit(f"scale: {Nginx.lacking()}")
    run_again_with_tuf()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    told = environment()
    print(told, flush=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        pack, delta = pack_bytes(folder)
        print(f"pack {len(pack)} bytes, delta {len(delta)} bytes", flush=True)
        make_certificates(folder, "authority")
        results = asyncio.run(run_fleet(folder / "plain", options.agents, options.spread, None, pack, delta))
        results += asyncio.run(run_fleet(folder / "secure", options.tls_agents, options.spread,
                                         str(folder / "authority-server"), pack, delta))
    told["load_after"] = os.getloadavg()
    (ROOT / "build/scale.json").write_text(json.dumps({**told, "rounds": results}, indent=1) + "\n", encoding="utf-8")
    bad = [result for result in results if not good(result)]
    print(f"{len(results) - len(bad)} rounds held, {len(bad)} did not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
