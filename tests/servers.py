# SPDX-License-Identifier: Apache-2.0
"""Real servers on the loopback interface, each in a folder of its own: nginx with the bell, squid, certificates."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs/examples/nginx-rules.conf"
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for_port(port, process, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise OSError(f"{process.args[0]} does not answer at port {port}")
        time.sleep(0.02)


def openssl(folder, *arguments):
    return subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True).stdout


def make_certificates(folder, name):
    """NAME.pem, an authority, and its NAME-server.pem with key for localhost."""
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-days", "30", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}-server.key", "-out", "request.pem",
            "-subj", "/CN=localhost")
    (Path(folder) / "extensions").write_text("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n"
                                             "basicConstraints=CA:FALSE\n", encoding="utf-8")
    openssl(folder, "x509", "-req", "-in", "request.pem", "-CA", f"{name}.pem", "-CAkey", f"{name}.key", "-days", "30",
            "-out", f"{name}-server.pem", "-CAcreateserial", "-extfile", "extensions")


def replace(text, changes):
    """Each of the changes exactly as told: an example that no longer holds it must not pass unnoticed."""
    for old, new in changes.items():
        if old not in text:
            raise AssertionError(f"{EXAMPLE.name} does not hold '{old}'")
        text = text.replace(old, str(new))
    return text


class Process:
    """A server program; its output is in FOLDER/output."""

    def __init__(self, folder):
        self.folder, self.process = Path(folder), None
        self.folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def spawn(self, command, port):
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT)
        wait_for_port(port, self.process)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)


class Nginx(Process):
    """nginx as docs/examples/nginx-rules.conf has it, for the files of FOLDER/root. `changes` of the text are for
    shorter waits; without `certificate` (the path of NAME-server.pem without ending) it speaks plain HTTP."""

    def __init__(self, folder, certificate=None, changes=None, workers=1, connections=1024):
        super().__init__(folder)
        self.port, self.publisher_port = free_port(), free_port()
        self.scheme = "https" if certificate else "http"
        self.root = self.folder / "root"
        (self.root / "v1").mkdir(parents=True, exist_ok=True)
        text = replace(EXAMPLE.read_text(encoding="utf-8"), {
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} {'ssl ' if certificate else ''}backlog=16384;",
            "/etc/ssl/emoguard/server": certificate or "/etc/ssl/emoguard/server",
            "root /srv/emoguard;": f"root {self.root};",
            "127.0.0.1:8081": f"127.0.0.1:{self.publisher_port}",
            **(changes or {})})
        if not certificate:
            text = "\n".join(line for line in text.splitlines() if "ssl_" not in line)
        user = "user root;\n" if os.geteuid() == 0 else ""
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.config = self.folder / "nginx.conf"
        self.config.write_text(
            f"{user}load_module {NCHAN};\ndaemon off;\npid {self.folder}/pid;\nworker_processes {workers};\n"
            f"worker_rlimit_nofile {connections + 1000};\nevents {{ worker_connections {connections}; }}\n"
            f"http {{\n{temporary}access_log {self.folder}/access.log;\n{text}\n}}\n", encoding="utf-8")

    @staticmethod
    def lacking():
        """What is not installed, or an empty text."""
        return "" if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") and NCHAN.exists() \
            else "nginx with libnginx-mod-nchan is not installed"

    def start(self):
        # The master leads a group of its own, so that kill() ends its workers as well.
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen([program, "-p", self.folder, "-e", self.folder / "error.log", "-c", self.config],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            start_new_session=True)
        wait_for_port(self.port, self.process)
        wait_for_port(self.publisher_port, self.process)

    def reload(self):
        os.kill(self.process.pid, signal.SIGHUP)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def url(self, path):
        return f"{self.scheme}://{'localhost' if self.scheme == 'https' else '127.0.0.1'}:{self.port}/{path}"

    def publish(self, text, channel="stable"):
        url = f"http://127.0.0.1:{self.publisher_port}/v1/bell/{channel}"
        with urllib.request.urlopen(urllib.request.Request(url, data=text.encode(), method="POST"), timeout=20) as answer:
            return answer.read().decode()

    def requests(self):
        path = self.folder / "access.log"
        return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []

    def subscribers(self, channel="stable"):
        """How many wait now, as nchan tells the publisher."""
        url = f"http://127.0.0.1:{self.publisher_port}/v1/bell/{channel}"
        try:
            request = urllib.request.Request(url, headers={"Accept": "text/json"})
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return 0
            raise
        return int(text.split('"subscribers":', 1)[1].split(",", 1)[0])


class Squid(Process):
    """squid that wants user:secret, by Basic or by NTLM."""

    def __init__(self, folder, ntlm=False):
        super().__init__(folder)
        self.port, self.ntlm = free_port(), ntlm

    @staticmethod
    def lacking():
        return "" if shutil.which("squid", path=os.environ["PATH"] + ":/usr/sbin") else "squid is not installed"

    def start(self):
        secret = openssl(self.folder, "passwd", "-apr1", "secret").decode().strip()
        (self.folder / "users").write_text(f"user:{secret}\n", encoding="utf-8")
        login = (f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {self.folder}/users\n"
                 "auth_param basic children 1\nauth_param basic realm office\n")
        if self.ntlm:
            shutil.copy(ROOT / "tests/squid_ntlm.py", self.folder)
            login = f"auth_param ntlm program /usr/bin/python3 {self.folder}/squid_ntlm.py\nauth_param ntlm children 4\n"
        (self.folder / "squid.conf").write_text(
            f"http_port 127.0.0.1:{self.port}\npid_filename {self.folder}/pid\ncache deny all\ncache_log {self.folder}/cache.log\n"
            f"access_log stdio:{self.folder}/access.log\ncoredump_dir {self.folder}\nvisible_hostname squid.test\n"
            f"{login}acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n"
            "shutdown_lifetime 0 seconds\nlogfile_rotate 0\npinger_enable off\n", encoding="utf-8")
        self.folder.chmod(0o777)  # squid gives up its rights as root
        self.spawn([shutil.which("squid", path=os.environ["PATH"] + ":/usr/sbin"), "-N", "-f", self.folder / "squid.conf"],
                   self.port)

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def users(self):
        """Whose requests went through, one name each."""
        path = self.folder / "access.log"
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        return [words[7] for words in lines if words[7] != "-" and "/407" not in words[3]]
