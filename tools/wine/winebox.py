# SPDX-License-Identifier: Apache-2.0
"""A throw-away Windows for tests: a fresh Wine prefix and a virtual screen, both gone at the end.

    with WineBox(folder) as box:
        box.run([exe, "--version"])
        box.screenshot("picture.png")

Everything a box starts lives in its own prefix and on its own display, so several can run side by side and nothing of
the user's own Wine is touched. Waiting is always for a condition with a deadline, never for a time.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

WINE = next((p for p in ("/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine") if os.path.exists(p)), "wine")
WINESERVER = next((p for p in ("/usr/lib/wine/wineserver64", "/usr/bin/wineserver") if os.path.exists(p)), "wineserver")
SCREEN = "1280x960x24"
WINE_FONTS = pathlib.Path("/usr/share/wine/fonts")
FONT_LINKS = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\FontLink\SystemLink"


class BoxError(Exception):
    """Something the box needs does not work; the text says what and where to look."""


def wait_for(condition, seconds, what, pause=0.05):
    """Calls condition until it returns something true and returns that; BoxError after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise BoxError(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)


def end_on_termination():
    """From now on SIGTERM ends this program as Ctrl-C does: by an exception, so that a box is closed."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def begin_wine(environment):
    """Starts the server of a Wine prefix to stay until end_wine. Otherwise it ends, with the services, whenever no program
    runs, and the next one may meet it half ended."""
    subprocess.run([WINESERVER, "-p"], env=environment, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def end_wine(prefix, environment):
    """Ends all programs of a Wine prefix, and removes the folder that Debian's Wine leaves in /tmp for it."""
    if not prefix.exists():
        return
    mark = prefix / "wineserver"
    name = mark.read_text() if mark.exists() else ""
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run([WINESERVER, "-k", "-w"], env={**environment, "WINEPREFIX": str(prefix)}, timeout=60, check=False,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if name.startswith("wine-") and "/" not in name:
        shutil.rmtree(pathlib.Path("/tmp") / name, ignore_errors=True)


def private_kib(process):
    lines = (process / "smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))


class WineBox:
    def __init__(self, folder, language="ja", screen=SCREEN):
        self.folder = pathlib.Path(folder).resolve()
        self.prefix = self.folder / "prefix"
        self.log = self.folder / "wine.log"
        self.screen = screen
        self.display = None
        self.processes = []
        self.env = dict(os.environ)
        self.env.update(WINEPREFIX=str(self.prefix), WINEDEBUG="-all", WINEARCH="win64",
                        # No .NET and no HTML engine: the first start would offer to download them.
                        WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d;winedbg.exe=d", EMOGUARD_LANG=language,
                        LC_ALL="C.UTF-8")

    # ---- life ----
    def __enter__(self):
        end_on_termination()
        end_wine(self.prefix, self.env)  # of a run that could not end its own
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        try:
            self._start_screen()
            self._boot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _start_screen(self):
        reader, writer = os.pipe()
        with open(self.folder / "xvfb.log", "wb") as log:
            try:
                # The screen ends with us, however we end.
                screen = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "Xvfb", "-displayfd", str(writer),
                                           "-screen", "0", self.screen, "-noreset", "-nolisten", "tcp"],
                                          pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            except FileNotFoundError:
                raise BoxError("setpriv is missing (Debian package util-linux)") from None
        os.close(writer)
        self.processes.append(screen)
        with os.fdopen(reader) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise BoxError(f"no virtual screen (Debian package xvfb): see {self.folder}/xvfb.log")
        self.display = f":{number}"
        self.env["DISPLAY"] = self.display

    def _boot(self):
        begin_wine(self.env)
        # Any program makes the prefix; `wineboot --init` would do so as well, but leave two service managers behind.
        self.run_raw([WINE, "cmd", "/c", "exit"], 180)
        # A fresh prefix pretends to be Windows 7; we support Windows 10 and later.
        self.run(["reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f"], 60)
        # A program may run before services.exe is there; a service manager that answers is what we need.
        wait_for(lambda: self.run_raw([WINE, "sc", "query", "PlugPlay"], 60).returncode == 0, 60, "the service manager of Wine")
        self._add_fonts()
        # Wine links the folders of a user to those of whoever runs it: what lies there is no part of a test.
        for link in self.prefix.glob("drive_c/users/*/*"):
            if link.is_symlink():
                link.unlink()
                link.mkdir()

    def _add_fonts(self):
        """Title bars, menus and balloons are written in Tahoma, which has no Japanese here: link it to a font that has."""
        for name in ("marlett.ttf", "tahoma.ttf", "tahomabd.ttf"):
            if (WINE_FONTS / name).exists():
                shutil.copy(WINE_FONTS / name, self.prefix / "drive_c/windows/Fonts")
        self.run(["reg", "add", FONT_LINKS, "/v", "Tahoma Bold", "/t", "REG_MULTI_SZ", "/d", "VL-PGothic-Regular.ttf,VL PGothic", "/f"],
                 60)
        # Wine restores the link of the regular Tahoma itself; it leads to MS UI Gothic, which is not there either.
        for name in ("MS UI Gothic", "MS Shell Dlg", "MS Shell Dlg 2"):
            self.run(["reg", "add", r"HKCU\Software\Wine\Fonts\Replacements", "/v", name, "/d", "VL PGothic", "/f"], 60)

    def close(self):
        end_wine(self.prefix, self.env)
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
        self.processes.clear()

    # ---- programs ----
    def run_raw(self, command, timeout, **more):
        # A file, not a pipe: a console host that Wine leaves running would hold a pipe open.
        with open(self.log, "ab") as log, tempfile.TemporaryFile() as output:
            done = subprocess.run(command, env=self.env, stdin=subprocess.DEVNULL, stdout=output, stderr=log,
                                  timeout=timeout, check=False, **more)
            output.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, output.read())

    def run(self, command, timeout=60, check=True):
        """Runs a Windows program (path or name first); returns (exit code, standard output as text)."""
        done = self.run_raw([WINE] + [str(part) for part in command], timeout)
        text = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
        if check and done.returncode != 0:
            raise BoxError(f"{command[0]} ended with {done.returncode}: {text.strip()[-500:]} (see {self.log})")
        return done.returncode, text

    def start(self, command, **env):
        """Starts a Windows program in the background; it ends with the box."""
        with open(self.log, "ab") as log:
            process = subprocess.Popen([WINE] + [str(part) for part in command], env={**self.env, **env},
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def desktop(self):
        """A Wine desktop with a taskbar, so that tray icons and balloons have a place on the screen.

        From now on every program of the box appears on it; call this before the first window is opened.
        """
        width, height, _ = self.screen.split("x")
        key = r"HKCU\Software\Wine\Explorer"
        self.run(["reg", "add", key, "/v", "Desktop", "/d", "EmoGuard", "/f"], 60)
        self.run(["reg", "add", key + r"\Desktops", "/v", "EmoGuard", "/d", f"{width}x{height}", "/f"], 60)
        return self.start(["explorer", f"/desktop=EmoGuard,{width}x{height}"])

    def kill_program(self, name):
        """kill -9 for every process of this box that runs the given .exe; returns how many there were."""
        killed = 0
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            mine = f"WINEPREFIX={self.prefix}".encode() in environment.split(b"\0")
            program = words[0].replace(b"\\", b"/").rsplit(b"/", 1)[-1].lower()
            if mine and program == name.lower().encode():
                os.kill(int(entry.name), signal.SIGKILL)
                killed += 1
        return killed

    # ---- files, registry, screen ----
    def process(self, name):
        """The folder below /proc of a program that runs in this box."""
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                mine = f"WINEPREFIX={self.prefix}".encode() in (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if mine and words[0].replace(b"\\", b"/").lower().endswith(name.encode()):
                return entry
        raise BoxError(f"{name} does not run")

    def path(self, windows):
        """The Linux path of a Windows one on drive C:, for example C:\\ProgramData\\EmoGuard."""
        return self.prefix / "drive_c" / windows[3:].replace("\\", "/")

    def registry(self, key, value=None):
        """Text of `reg query`; None when the key or value is not there."""
        code, text = self.run(["reg", "query", key] + (["/v", value] if value else []), check=False)
        return text if code == 0 else None

    def screenshot(self, target):
        target = pathlib.Path(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not xwd: it paints what a window of another shape leaves free, as around a balloon, black.
        subprocess.run(["/usr/bin/import", "-display", self.display, "-window", "root", str(target)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return target

    def window_titles(self):
        """Titles of all windows on the screen."""
        tree = subprocess.run(["xwininfo", "-root", "-tree", "-display", self.display], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout.decode("utf-8", "replace")
        return [line.split('"')[1] for line in tree.splitlines() if line.count('"') >= 2]


class Installed:
    """An installed EmoGuard in a box: its programs, its status, its database."""
    PROGRAMS = r"C:\Program Files\EmoGuard"
    DATA = r"C:\ProgramData\EmoGuard"

    def __init__(self, box):
        self.box = box

    def program(self, name):
        return self.PROGRAMS + "\\" + name

    def install(self, msi):
        self.box.run(["msiexec", "/i", windows_path(msi), "/qn"], 180)

    def uninstall(self, msi, *properties):
        self.box.run(["msiexec", "/x", windows_path(msi), "/qn", *properties], 180)

    def status(self):
        """The service's status, or None while it does not answer."""
        code, text = self.box.run([self.program("emoguard.exe"), "status", "--json"], check=False)
        try:
            return json.loads(text) if code == 0 else None
        except ValueError:
            return None

    def wait_ready(self, seconds=60):
        """Waits until rules are loaded and every sensor has said how it works."""
        def ready():
            status = self.status()
            if status and status["rules"]["loaded"] > 0 and status["sensors"] and \
                    all(s["health"] != "starting" for s in status["sensors"]):
                return status
            return None
        return wait_for(ready, seconds, "the service to be ready", 0.2)

    def start_tray(self, seconds=30, **env):
        process = self.box.start([self.program("emoguard-tray.exe")], **env)
        wait_for(self.trays, seconds, "the tray to connect", 0.2)
        return process

    def trays(self):
        status = self.status()
        return [c for c in status["clients"] if c["kind"] == "tray"] if status else []

    def database(self):
        return self.box.path(self.DATA) / "emoguard.db"

    def query(self, sql, *values):
        """Rows of the hit database, read with the ordinary sqlite3 while the service runs."""
        path = self.database()
        if not path.exists():
            return []
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()


def windows_path(path):
    return "Z:" + str(pathlib.Path(path).resolve()).replace("/", "\\")
