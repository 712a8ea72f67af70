# SPDX-License-Identifier: Apache-2.0
"""Builds, runs programs with a deadline, and keeps a Wine of its own, for the stages of tests/run.py."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools" / "wine"))

from winebox import begin_wine, end_on_termination, end_wine  # noqa: E402  (needs the path above)

BUILD = ROOT / "build"
LOGS = BUILD / "test-logs"


class Done(NamedTuple):
    code: int
    output: str
    errors: str


def end_group(process):
    """Ends a process group, after a while in which it may clean up."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
            return


def run(command, log, timeout=600, environment=None, stdin=None, merged=True):
    """Runs to the end or to the deadline, when the whole process group is ended."""
    LOGS.mkdir(parents=True, exist_ok=True)
    note = ""
    # Files, not pipes: a console host that Wine leaves running would hold a pipe open.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=ROOT, start_new_session=True,
            env={**os.environ, **(environment or {})}, stdin=stdin or subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT if merged else errors)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            end_group(process)
            code, note = -1, f"\nended after {timeout} s without coming to an end\n"
        except BaseException:
            end_group(process)
            raise
        done = Done(code, text_of(output) + note, text_of(errors))
    (LOGS / log).write_text(f"$ {' '.join(map(str, command))}\n{done.output}{done.errors}\n[{code}]\n",
                            encoding="utf-8")
    return done


def text_of(file):
    file.seek(0)
    return file.read().decode("utf-8", "replace").replace("\r\n", "\n")


def build(preset):
    """Configures and builds a preset; returns what went wrong, or an empty text."""
    steps = (["cmake", "--preset", preset], ["cmake", "--build", BUILD / preset])
    for number, command in enumerate(steps):
        done = run(command, f"build-{preset}-{number}.log", timeout=1800)
        if done.code != 0:
            lines = [line for line in done.output.splitlines()
                     if "rror: " in line or "Error at" in line or "undefined reference" in line]
            return "\n".join(lines[:10] or done.output.splitlines()[-10:])
    return ""


def script(*arguments, timeout=1800, log=None):
    """One of our Python scripts."""
    name = log or Path(arguments[0]).stem + ".log"
    return run([sys.executable, *arguments], name, timeout=timeout)


def test_data():
    """The folder with recorded data, or None. It is no part of the repository."""
    path = Path(os.environ.get("EMOGUARD_TEST_DATA") or ROOT / ".." / "shared" / "data").resolve()
    return path if path.is_dir() else None


def data_environment():
    data = test_data()
    return {"EMOGUARD_TEST_DATA": str(data)} if data else {}


class Wine:
    """A fresh prefix under build/, without display; ended with its programs by close()."""

    def __init__(self, name):
        self.prefix = BUILD / "wine" / name
        self.environment = {"WINEPREFIX": str(self.prefix), "WINEDEBUG": "-all", "DISPLAY": "",
                            "WINEDLLOVERRIDES": "mscoree,mshtml=d"}
        self.close()
        shutil.rmtree(self.prefix, ignore_errors=True)
        self.prefix.mkdir(parents=True)

    def __enter__(self):
        begin_wine({**os.environ, **self.environment})
        # Windows can be opened, which nobody sees.
        subprocess.run(["wine", "reg", "add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f"],
                       env={**os.environ, **self.environment}, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.close()  # the desktop took its driver, or none, when it began
        begin_wine({**os.environ, **self.environment})
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, command, log, timeout=600, environment=None, merged=True):
        return run(["wine", *command], log, timeout, {**self.environment, **(environment or {})},
                   merged=merged)

    def close(self):
        end_wine(self.prefix, {**os.environ, **self.environment})


def wine_path(path):
    """What a program under Wine calls a file of ours."""
    return "Z:" + str(path).replace("/", "\\")
