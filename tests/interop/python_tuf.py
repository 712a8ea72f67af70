# SPDX-License-Identifier: Apache-2.0
"""python-tuf from PyPI in an environment of its own, in the cache folder (EMOGUARD_CACHE)."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def python_with_tuf():
    """The interpreter of the environment, made when it is not there."""
    wanted = HERE / "requirements.txt"
    cache = Path(os.environ.get("EMOGUARD_CACHE") or Path.home() / ".cache/emoguard").resolve()
    folder = cache / "interop" / hashlib.sha256(wanted.read_bytes()).hexdigest()[:16]
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        for command in ([sys.executable, "-m", "venv", folder],
                        [folder / "bin/pip", "install", "--quiet", "-r", wanted]):
            done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}")
        (folder / "ready").touch()
    return folder / "bin/python"


def run_again_with_tuf():
    """The same program with python-tuf, unless it is there."""
    try:
        import tuf  # noqa: F401, PLC0415
    except ImportError:
        python = str(python_with_tuf())
        os.execv(python, [python, *sys.argv])  # by its path it knows its environment
