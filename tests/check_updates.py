#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules from the centre: the Windows service under Wine takes packs from a share and from a web server with TLS of a
private authority, by bell and by polling, and lets go of bad ones by itself.

usage: check_updates.py [PUBLISHES]    how often the way from publishing to being in force is measured (5)

Everything happens on the loopback interface. The server answers the bell as nchan does.
"""
import hashlib
import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

from tools import BUILD, ROOT, Wine, wine_path
from update_repository import Repository

PUBLISHES = int(sys.argv[1]) if len(sys.argv) > 1 else 5
PIPE = r"\\.\pipe\EmoGuardUpdates"
FIRST = 2026112301
RULE = """title: Value of the update test {number}
id: 5f0b1d6e-8a38-4f7b-9d67-{number:012d}
status: stable
description: Made by the test of updates
author: EmoGuard contributors
logsource:
    product: windows
    category: registry_set
detection:
    selection:
        TargetObject|contains: {value}
    condition: selection
level: high
"""
BAD_YARA = b"rule broken { condition: unknown_thing }\n"
GREEDY_YARA = b"rule everything { strings: $mz = \"MZ\" condition: $mz at 0 }\n"


def rule(number, value="EgUpdateValue"):
    return RULE.format(number=number, value=value).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.removeprefix("/v1/").split("?")[0]
        if path.startswith("bell/"):
            return self.ring()
        file = self.server.folder / path
        if not file.is_file():
            return self.answer(404)
        body = file.read_bytes()
        etag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
        if self.headers.get("If-None-Match") == etag:
            return self.answer(304, ETag=etag)
        return self.answer(200, body, ETag=etag)

    def ring(self):
        """The newest message at once to who does not have it, else the next one; 408 when none comes."""
        server = self.server
        known = self.headers.get("If-Modified-Since")
        with server.rung:
            news = server.rung.wait_for(lambda: server.bell_is_dead or (server.message and server.stamp != known), 25)
            body, stamp = server.message, server.stamp
        if server.bell_is_dead:
            return self.answer(404)
        if not news:
            return self.answer(408)
        return self.answer(200, body, ETag="0", Last_Modified=stamp)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.message, self.stamp, self.bell_is_dead = folder, b"", "", False
        self.rung = threading.Condition()
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass

    def publish(self, message):
        with self.rung:
            self.message, self.stamp = message, f"message {time.monotonic_ns()}"
            self.rung.notify_all()

    def kill_bell(self):
        with self.rung:
            self.bell_is_dead = True
            self.rung.notify_all()


def make_certificates(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
            "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "request.pem", "-subj",
            "/CN=localhost")
    (folder / "extensions").write_text("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n"
                                       "basicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "30", "-out",
            "server.pem", "-CAcreateserial", "-extfile", "extensions")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


class Tests:
    """One story, in this order."""

    def __init__(self, folder, wine):
        self.folder, self.wine, self.service = folder, wine, None
        self.share, self.site = Repository(folder / "share"), Repository(folder / "web")
        self.server = Server(make_certificates(folder), folder / "web")
        self.serial = FIRST
        self.log_path = folder / "data" / "emoguard.log"
        self.write_files()

    def write_files(self):
        rules = self.folder / "rules"
        (rules / "sigma").mkdir(parents=True)
        (rules / "pack.json").write_text(json.dumps({"name": "installed", "serial": FIRST}))
        (rules / "sigma" / "a.yml").write_bytes(rule(1, "EgInstalledValue"))
        (self.folder / "data").mkdir()
        (self.folder / "data" / "emoguard.conf").write_text(
            f"rules_url = https://localhost:{self.server.server_address[1]}/v1\n"
            f"rules_root = {self.root('web')}\nrules_ca_file = {wine_path(self.folder / 'ca.pem')}\n"
            f"vendor_rules_url = {wine_path(self.folder / 'share')}\nvendor_rules_root = {self.root('share')}\n"
            "rules_proxy = none\nrules_poll_minutes = 1\nrules_first_poll_seconds = 0\n")

    def root(self, name):
        return wine_path(self.folder / name / "metadata" / "1.root.json")

    def start(self):
        self.service = subprocess.Popen(
            ["wine", str(BUILD / "windows" / "emoguard-service.exe"), "--console", "--data",
             wine_path(self.folder / "data"), "--rules", wine_path(self.folder / "rules"), "--pipe", PIPE],
            env={**os.environ, **self.wine.environment}, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def wait_log(self, text, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lines = [line for line in self.log().splitlines() if re.search(text, line)]
            if lines:
                return lines[-1]
            time.sleep(0.02)
        raise AssertionError(f"not in the log: {text}; it ends with {self.log().splitlines()[-6:]}")

    def status(self):
        done = self.wine.run([BUILD / "windows" / "emoguard.exe", "status", "--json", "--pipe", PIPE], "updates.log",
                             timeout=60)
        assert done.code == 0, done.output
        return json.loads(done.output[done.output.index("{"):])

    def of(self, name):
        return next(one for one in self.status()["updates"] if one["repository"] == name)

    def publish(self, files, **custom):
        """A newer pack of the site; returns its serial and when it was out."""
        self.serial += 1
        self.site.add("site", self.serial, files, **custom)
        message = self.site.publish()
        out = time.time()
        if not self.server.bell_is_dead:
            self.server.publish(message)
        return self.serial, out

    def in_force(self, serial, seconds=60):
        """When it was, by the service's own clock, which is ours."""
        line = self.wait_log(f"site: pack {serial}: in force", seconds)
        text = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", line)[0]
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=timezone.utc).timestamp()

    def wait_serial(self, serial, seconds=30):
        end = time.monotonic() + seconds
        while (site := self.of("site"))["serial"] != serial:
            assert time.monotonic() < end, site

    def set_value(self, name):
        self.wine.run(["reg", "add", r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run", "/v", name, "/d",
                       r"C:\windows\notepad.exe", "/f"], "updates.log", timeout=60)

    # ---- the story ----
    def pack__on_a_share_and_on_a_web_server__is_in_force(self):
        self.share.add("vendor", FIRST, {"sigma/v.yml": rule(2, "EgVendorValue")})
        self.share.publish()
        serial, _ = self.publish({"sigma/s.yml": rule(3)})
        self.start()
        self.wait_log(f"vendor: pack {FIRST}: in force", 120)
        self.in_force(serial)
        status = self.status()
        assert status["rules"]["loaded"] == 3, status["rules"]
        site = self.of("site")
        assert site["serial"] == serial and site["on_trial"] and site["error"] == "" and site["next_look"], site

    def rule__of_the_new_pack__hits(self):
        self.set_value("EgUpdateValueA")
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if any(hit["title"] == "Value of the update test 3" for hit in self.status()["recent_hits"]):
                return
        raise AssertionError(f"no hit: {self.status()['recent_hits']}")

    def publishing__with_a_bell__is_in_force_within_two_seconds(self):
        self.wait_log("site: bell waits")
        times = []
        for number in range(PUBLISHES):
            time.sleep(5.5)  # a bell wakes once in five seconds
            serial, out = self.publish({"sigma/s.yml": rule(3), f"sigma/n{number}.yml": rule(100 + number)})
            times.append(self.in_force(serial) - out)
        times.sort()
        worst = times[min(len(times) - 1, int(len(times) * 0.95))]
        print(f"# published to in force: median {times[len(times) // 2]:.2f} s, 95th percentile {worst:.2f} s, "
              f"{len(times)} times")
        assert worst < 2, times

    def pack__that_does_not_compile__is_rejected_and_not_tried_again(self):
        good = self.serial
        time.sleep(5.5)
        bad, _ = self.publish({"sigma/s.yml": rule(3), "yara/bad.yar": BAD_YARA})
        self.wait_log(f"site: pack {bad}: rejected: .*bad.yar.*unknown_thing")
        assert self.of("site")["serial"] == good, self.of("site")
        time.sleep(5.5)
        self.server.publish(self.site.publish())
        time.sleep(3)
        assert self.log().count(f"pack {bad}: rejected") == 1

    def pack__that_hits_clean_files__is_rejected(self):
        time.sleep(5.5)
        bad, _ = self.publish({"sigma/s.yml": rule(3), "yara/greedy.yar": GREEDY_YARA})
        self.wait_log(f"site: pack {bad}: rejected: everything hits .*, which is clean")
        site = self.of("site")
        assert site["rejected"][0]["serial"] == bad, site

    def pack__that_floods__is_taken_back(self):
        good = self.of("site")["serial"]
        time.sleep(5.5)
        bad, _ = self.publish({"sigma/s.yml": rule(3), "sigma/flood.yml": rule(4, "EgFlood")},
                              guard={"max_hits_per_hour": 3})
        self.in_force(bad)
        for number in range(5):
            self.set_value(f"EgFlood{number}")
        self.wait_log(f"site: pack {bad}: rejected: .* hits on trial")
        self.wait_serial(good)

    def halt__by_publishing__takes_the_pack_back(self):
        serial = self.of("site")["serial"]
        before = min(number for number in self.site.packs if number < serial)
        self.site.packs = {before: self.site.packs[before]}
        time.sleep(5.5)
        self.server.publish(self.site.publish())
        self.wait_log(f"site: pack {serial}: taken back")
        self.wait_serial(before)

    def publishing__with_a_dead_bell__is_found_by_polling(self):
        self.server.kill_bell()
        self.wait_log("site: bell absent")
        serial, out = self.publish({"sigma/s.yml": rule(3)})
        print(f"# without a bell: {self.in_force(serial, 100) - out:.0f} s, with a poll a minute")


def main():
    failed = 0
    with Wine("updates") as wine, tempfile.TemporaryDirectory() as folder:
        tests = Tests(Path(folder), wine)
        for name in [name for name in vars(Tests) if "__" in name.strip("_")]:
            try:
                if failed:
                    raise AssertionError("not run")
                getattr(tests, name)()
                print(f"ok updates.{name}", flush=True)
            except (AssertionError, subprocess.SubprocessError, OSError, StopIteration) as error:
                failed += 1
                print(f"not ok updates.{name}: {str(error)[:900]!r}", flush=True)
        if failed:
            print(tests.log()[-4000:], file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main() > 0)
