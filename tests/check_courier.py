#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules through a proxy that wants the login of a user: the Windows service and the real tray under Wine, squid that
signs in by NTLM, a web server with TLS of a private authority. The service has another account, which squid refuses.

usage: check_courier.py

Windows' sign-in is played by Samba's ntlm_auth (Debian package winbind), which Wine asks when a program signs in as its
user; a script in its place says who that is. Everything happens on the loopback interface.
"""
import functools
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
from pathlib import Path

from servers import Squid, make_certificates
from tools import BUILD, ROOT, wine_path
from update_repository import Repository
from update_service import FIRST, rule

sys.path.append(str(ROOT / "tools" / "wine"))

from winebox import BoxError, WineBox, wait_for  # noqa: E402  (needs the path above)

PIPE = r"\\.\pipe\EmoGuardCourier"
NTLM_AUTH = Path("/usr/bin/ntlm_auth")
SIGN_IN = """#!/usr/bin/env python3
import os, sys
options = [text for text in sys.argv[1:] if not text.startswith(("--username", "--use-cached-creds"))]
if "--version" not in options:
    options += ["--username={user}", "--password={password}", "--domain=OFFICE"]
os.execv("{program}", ["ntlm_auth", *options])
"""


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        if "/targets/" in self.path and self.server.holds:
            self.server.held.set()
            self.server.go.wait(60)
        super().do_GET()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=folder / "www"))
        self.holds, self.held, self.go = False, threading.Event(), threading.Event()
        make_certificates(folder, "ca")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "ca-server.pem", folder / "ca-server.key")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


class Tests:
    """One story, in this order."""

    def __init__(self, folder, box, squid):
        self.folder, self.box, self.squid = folder, box, squid
        self.site, self.serial = Repository(folder / "www" / "v1"), FIRST
        self.server = Server(folder)
        self.log_path = folder / "data" / "emoguard.log"
        rules = folder / "rules"
        (rules / "sigma").mkdir(parents=True)
        (rules / "pack.json").write_text(json.dumps({"name": "installed", "serial": FIRST}))
        (rules / "sigma" / "a.yml").write_bytes(rule(1, "EgInstalledValue"))
        (folder / "data").mkdir()
        self.accounts = {name: self.account(name, password) for name, password in
                         (("user", "secret"), ("stranger", "secret"), ("PC$", "machine"))}

    def account(self, name, password):
        """What PATH is for a program that runs as this one."""
        folder = self.folder / f"sign-in-{name}"
        folder.mkdir()
        script = folder / "ntlm_auth"
        script.write_text(SIGN_IN.format(user=name, password=password, program=NTLM_AUTH))
        script.chmod(0o755)
        return f"{folder}:{os.environ['PATH']}"

    def start_service(self, courier="sign-in"):
        (self.folder / "data" / "emoguard.conf").write_text(
            f"rules_url = https://localhost:{self.server.server_address[1]}/v1\n"
            f"rules_root = {wine_path(self.folder / 'www/v1/metadata/1.root.json')}\n"
            f"rules_ca_file = {wine_path(self.folder / 'ca.pem')}\nrules_proxy = {self.squid.url()}\n"
            f"rules_courier = {courier}\nrules_poll_minutes = 1\nrules_first_poll_seconds = 0\nrules_doorbell = no\n")
        return self.box.start([BUILD / "windows/emoguard-service.exe", "--console", "--data", wine_path(self.folder / "data"),
                               "--rules", wine_path(self.folder / "rules"), "--pipe", PIPE], PATH=self.accounts["PC$"])

    def start_tray(self, user):
        return self.box.start([BUILD / "windows/emoguard-tray.exe", "--pipe", PIPE], PATH=self.accounts[user])

    def kill_tray(self, tray, fetching=False):
        assert self.box.kill_program("emoguard-tray.exe") > 0
        tray.wait(20)
        self.wait_log(r"tray pid \d+: " if not fetching else "it ended in the middle")

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def wait_log(self, text, seconds=120):
        """The next line like this, after those that were waited for before."""
        def find():
            lines = [line for line in self.log()[self.read:].splitlines(keepends=True) if re.search(text, line)]
            return lines[0] if lines else None
        line = wait_for(find, seconds, f"'{text}' in the log, which ends with {self.log()[-900:]}")
        self.read = self.log().index(line, self.read) + len(line)
        return line

    read = 0

    def status(self, *options):
        code, text = self.box.run([BUILD / "windows/emoguard.exe", "status", "--pipe", PIPE, *options], check=False)
        assert code == 0, text
        return text

    def of_site(self):
        text = self.status("--json")
        return next(one for one in json.loads(text[text.index("{"):])["updates"] if one["repository"] == "site")

    def publish(self):
        """A pack whose archive takes several pieces; its serial."""
        self.serial += 1
        filler = b"# " + os.urandom(60000).hex().encode() + b"\n"
        self.site.add("site", self.serial, {"sigma/s.yml": rule(self.serial % 100), "sigma/large.yml": rule(77) + filler})
        self.site.publish()
        return self.serial

    # ---- the story ----
    def nobody_signed_in__is_told_and_nothing_changes(self):
        self.publish()
        self.service = self.start_service()
        self.wait_log("nobody is signed in whose tray could fetch")
        wait_for(lambda: self.of_site()["state"] == "failed", 30, "the state of the look")
        site = self.of_site()
        assert site["serial"] == 0 and not site["by_courier"] and "407" in site["error"], site
        assert self.squid.users() == [], self.squid.users()

    def tray__of_a_user_whom_the_proxy_refuses__is_told(self):
        tray = self.start_tray("stranger")
        self.wait_log(r"the proxy refuses that user, too \(407\)")
        self.kill_tray(tray)
        assert self.squid.users() == [], self.squid.users()

    def tray__of_a_user_who_may__brings_the_pack(self):
        self.server.holds = True
        self.tray = self.start_tray("user")
        assert self.server.held.wait(200), self.log()[-900:]

    def tray__killed_while_it_fetches__costs_the_attempt_alone(self):
        self.kill_tray(self.tray, fetching=True)
        self.server.holds = False
        self.server.go.set()
        self.tray = self.start_tray("user")
        self.wait_log(f"site: pack {self.serial}: in force")
        users = set(self.squid.users())
        assert users == {"OFFICE\\\\user"}, users

    def status__says_which_way_it_was(self):
        wait_for(lambda: self.of_site()["by_courier"], 30, "the way in the status")
        site = self.of_site()
        assert site["error"] == "" and site["serial"] == self.serial, site
        text = self.status()
        assert "through the proxy, fetched by the signed-in user's tray" in text, text

    def poll__finds_the_next_pack(self):
        serial = self.publish()
        self.wait_log(f"site: pack {serial}: in force")

    def courier__switched_off__is_not_used(self):
        self.box.kill_program("emoguard-service.exe")
        self.service.wait(20)
        serial, fetched = self.publish(), len(self.squid.users())
        self.read = len(self.log())
        self.service = self.start_service("off")
        self.wait_log(r"the proxy wants a login \(407\)")
        assert self.of_site()["serial"] == serial - 1, self.of_site()
        assert len(self.squid.users()) == fetched, self.squid.users()


def run_story(folder):
    failed = 0
    with Squid(folder / "squid", ntlm=True) as squid, WineBox(folder / "wine") as box:
        tests = Tests(folder, box, squid)
        for name in [name for name in vars(Tests) if "__" in name.strip("_")]:
            try:
                if failed:
                    raise AssertionError("not run")
                getattr(tests, name)()
                print(f"ok courier.{name}", flush=True)
            except (AssertionError, BoxError, subprocess.SubprocessError, OSError, StopIteration) as error:
                failed += 1
                print(f"not ok courier.{name}: {str(error)[:900]!r}", flush=True)
        if failed:
            print(tests.log()[-4000:], file=sys.stderr)
    return failed


def main():
    lacking = Squid.lacking() or ("" if NTLM_AUTH.exists() else "ntlm_auth (package winbind) is not installed")
    if lacking:
        print(f"skipped courier: {lacking}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # squid gives up its rights as root
        return run_story(Path(folder))


if __name__ == "__main__":
    sys.exit(main() > 0)
