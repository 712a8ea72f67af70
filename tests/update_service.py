# SPDX-License-Identifier: Apache-2.0
"""The Windows service under Wine with a site of its own, for tests of updates: nginx with TLS of a private authority and
the bell, as docs/examples/nginx-rules.conf has them, in front of a repository (update_repository.py)."""
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from datetime import datetime, timezone
from pathlib import Path

from servers import Nginx, make_certificates, replace
from tools import BUILD, LOGS, ROOT, Wine, end_on_termination, wine_path
from update_repository import Repository
from winebox import WINE

FIRST = 2026112301
INSTALLED = "EgInstalled"  # values with this in their name are hit by the installed rule
SERVED = "EgServed"        # ... and by the rule of every good pack
WAKES_EVERY_S = 5.5        # a bell wakes a PC once in five seconds
STOP_S = 5                 # the service promises 3, on a PC that is not overloaded
EXISTING = 1               # EG_EVENT_EXISTING
RUN_KEY = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run"
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
        {condition}
    condition: selection
level: high
"""


def rule(number, value=SERVED):
    """A rule for values of Run keys; its title ends with the number."""
    return condition_rule(number, f"TargetObject|contains: {value}")


def condition_rule(number, condition):
    return RULE.format(number=number, condition=condition).encode()


class Site(Nginx):
    """nginx whose bell can be taken away."""

    def kill_bell(self):
        bell = "    location ~ ^/v1/bell/(?<emoguard_channel>[a-z0-9-]+)$ {\n        if ("
        text = replace(self.config.read_text(encoding="utf-8"), {bell: "    location ^~ /v1/bell/ { return 502; }\n" + bell})
        self.config.write_text(text, encoding="utf-8")
        self.reload()

    def mend_bell(self):
        text = replace(self.config.read_text(encoding="utf-8"), {"    location ^~ /v1/bell/ { return 502; }\n": ""})
        self.config.write_text(text, encoding="utf-8")
        self.reload()


class UpdatedService:
    """Installed with one rule; its data, log and database are in FOLDER/data. `double`: its scan worker is the one of
    tests/scan_worker, which obeys comments in YARA rules."""

    def __init__(self, folder, wine, name, double=False):
        self.folder, self.wine, self.process = folder, wine, None
        self.pipe = rf"\\.\pipe\EmoGuard-{name}"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        make_certificates(folder, "authority")
        self.nginx = Site(folder / "nginx", certificate=str(folder / "authority-server"))
        self.repository = Repository(self.nginx.root / "v1")
        self.serial = FIRST
        self.programs = BUILD / "windows"
        if double:
            self.programs = folder / "programs"
            self.programs.mkdir()
            shutil.copy(BUILD / "windows/emoguard-service.exe", self.programs)
            shutil.copy(BUILD / "windows/tests/scan-worker.exe", self.programs / "emoguard-worker.exe")
        self.log_start = 0
        self.write_files()

    def __enter__(self):
        # Wine links the folders of a user to those of whoever runs it: what lies there is no part of a test.
        self.wine.run(["cmd", "/c", "exit"], "updates.log")
        for link in self.wine.prefix.glob("drive_c/users/*/*"):
            if link.is_symlink():
                link.unlink()
                link.mkdir()
        self.nginx.start()
        return self

    def __exit__(self, *_):
        with suppress(AssertionError):
            self.kill()
        self.nginx.stop()

    def write_files(self):
        sigma = self.folder / "rules/sigma"
        sigma.mkdir(parents=True)
        (self.folder / "rules/pack.json").write_text(json.dumps({"name": "installed", "serial": FIRST}))
        (sigma / "a.yml").write_bytes(rule(1, INSTALLED))
        self.data = self.folder / "data"
        self.data.mkdir()
        (self.data / "emoguard.conf").write_text(
            f"rules_url = {self.nginx.url('v1')}\nrules_root = {wine_path(self.repository.folder)}\\metadata\\1.root.json\n"
            f"rules_ca_file = {wine_path(self.folder / 'authority.pem')}\n"
            f"rules_proxy = none\nrules_poll_minutes = 1\nrules_first_poll_seconds = 0\n")

    def add_share(self):
        """A repository of the vendor, on a share. Before the start."""
        share = Repository(self.folder / "share")
        conf = self.data / "emoguard.conf"
        server = self.wine.prefix / "dosdevices/unc/fileserver"  # where Wine looks for \\fileserver
        server.mkdir(parents=True, exist_ok=True)
        (server / "rules$").unlink(missing_ok=True)
        (server / "rules$").symlink_to(share.folder)
        conf.write_text(conf.read_text() + "vendor_rules_url = \\\\fileserver\\rules$\n"
                        f"vendor_rules_root = {wine_path(share.folder)}\\metadata\\1.root.json\n")
        return share

    # ---- life ----
    def start(self):
        log = self.data / "emoguard.log"
        self.log_start = log.stat().st_size if log.exists() else 0
        self.process = self.spawn([str(self.programs / "emoguard-service.exe"), "--console", "--data",
                                   wine_path(self.data), "--rules", wine_path(self.folder / "rules"), "--pipe", self.pipe])

    def stop(self):
        """In order, as with Ctrl-C, within STOP_S whatever it does. On a busy machine a part may be late, which its exit
        code tells."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.process = None
        took = int(re.search(r"stopped after (\d+) ms", self.wait_log("service: EmoGuard stopped", 0))[1])
        assert took < STOP_S * 1000, f"the stop took {took} ms"

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait(60)
            self.process = None

    # ---- what it tells ----
    def whole_log(self):
        log = self.data / "emoguard.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def log(self):
        """Of this start."""
        with suppress(FileNotFoundError), (self.data / "emoguard.log").open("rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")
        return ""

    def wait_log(self, text, seconds=60):
        end = time.monotonic() + seconds
        while True:
            over = time.monotonic() > end or (self.process and self.process.poll() is not None)
            lines = [line for line in self.log().splitlines() if re.search(text, line)]
            if lines:
                return lines[-1]
            assert not over, f"not in the log: {text}; it ends with {self.log().splitlines()[-6:]}"
            time.sleep(0.02)

    def status(self, seconds=30):
        """Once it answers."""
        end = time.monotonic() + seconds
        while True:
            done = self.wine.run([BUILD / "windows/emoguard.exe", "status", "--json", "--pipe", self.pipe], "updates.log",
                                 timeout=60)
            if done.code == 0:
                return json.loads(done.output[done.output.index("{"):])
            assert time.monotonic() < end, done.output

    def of(self, name="site"):
        return next(one for one in self.status()["updates"] if one["repository"] == name)

    def wait_serial(self, serial, seconds=60):
        end = time.monotonic() + seconds
        while (site := self.of())["serial"] != serial:
            assert time.monotonic() < end, site
        return site

    def in_force(self, serial, seconds=60):
        """When it was, by the service's own clock, which is ours."""
        line = self.wait_log(f"site: pack {serial}: in force", seconds)
        text = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", line)[0]
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=timezone.utc).timestamp()

    def state(self):
        """What it remembers of the site's packs, its checksum counted; None before there is any."""
        path = self.data / "updates/site/packs.json"
        if not path.exists():
            return None
        told, _, text = path.read_bytes().partition(b"\n")
        assert hashlib.sha256(text).hexdigest().encode() == told, f"{path} is damaged"
        return json.loads(text)

    def end_trial(self):
        """As if the half hour of the pack in use were over. While the service does not run."""
        state = self.state()
        text = json.dumps({**state, "on_trial": False, "crashes": 0, "last_good": state["current"]},
                          separators=(",", ":")).encode()
        (self.data / "updates/site/packs.json").write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)

    def hits(self, text, existing=False):
        """[(name of the value, number of the rule)] of all hits for values with this in name or content as they were set;
        with `existing` also of those found when rules looked through what existed."""
        path = self.data / "emoguard.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
            rows = database.execute("SELECT event.json, hit.rule_title FROM hit JOIN event ON event.id = "
                                    "hit.event_id WHERE event.json LIKE ? AND event.flags & ? = 0",
                                    (f"%{text}%", 0 if existing else EXISTING)).fetchall()
        return [(re.search(r"\\(Eg\w+)\"", event)[1], int(title.rsplit(" ", 1)[1])) for event, title in rows]

    # ---- what happens ----
    def spawn(self, command):
        """A Windows program in the background."""
        return subprocess.Popen([WINE, *command], env={**os.environ, **self.wine.environment}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def publish(self, files, ring=True, **custom):
        """A newer pack; returns its serial and when it was out."""
        self.serial += 1
        self.repository.add("site", self.serial, files, **custom)
        return self.serial, self.announce(ring)

    def announce(self, ring=True):
        """Publishes what is listed now."""
        message = self.repository.publish()
        out = time.time()
        if ring:
            self.nginx.publish(message.decode())
        return out

    def set_values(self, values):
        """Values of a Run key, {name: text as in a .reg file}, all at once."""
        lines = ["Windows Registry Editor Version 5.00", "", f"[{RUN_KEY}]"]
        lines += [f'"{name}"="{text}"' for name, text in values.items()]
        source = self.folder / "values.reg"
        source.write_text("\r\n".join(lines) + "\r\n", encoding="utf-16")
        done = self.wine.run(["regedit", "/S", wine_path(source)], "updates.log", timeout=120)
        assert done.code == 0, done.output

    def wait_hits(self, value, wanted, seconds=60):
        """Until exactly these rules have hit it."""
        end = time.monotonic() + seconds
        while (found := sorted(number for _, number in self.hits(value))) != sorted(wanted):
            assert time.monotonic() < end, f"{value} was hit by {found}, not {wanted}"
            time.sleep(0.05)


def run_story(name, tests):
    """Every method of `tests` with `__` in its name, in their order, to the first that fails; how many failed."""
    failed = 0
    for method in [method for method in vars(type(tests)) if "__" in method.strip("_")]:
        try:
            assert not failed, "not run, after a failure"
            begin = time.monotonic()
            getattr(tests, method)()
            print(f"ok {name}.{method}", flush=True)
            print(f"# took {time.monotonic() - begin:.1f} s", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError, StopIteration, sqlite3.Error) as error:
            failed += 1
            print(f"not ok {name}.{method}: {str(error)[:900]!r}", flush=True)
    return failed


def run_with_service(name, make, double=False):
    """Makes a service and the tests on it, and runs them; the exit code."""
    end_on_termination()
    if Site.lacking():
        print(f"skipped {name}: {Site.lacking()}")
        return 0
    with Wine(name) as wine, tempfile.TemporaryDirectory() as folder, \
            UpdatedService(Path(folder) / "pc", wine, name, double) as service:
        failed = run_story(name, make(service))
        if failed:
            LOGS.mkdir(parents=True, exist_ok=True)
            (LOGS / f"{name}-service.log").write_text(service.whole_log(), encoding="utf-8")
            (LOGS / f"{name}-nginx.log").write_text("\n".join(service.nginx.requests()), encoding="utf-8")
    return failed > 0
