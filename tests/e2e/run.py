#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""End to end: installs the package on a throw-away Windows and lives with it.

    run.py [--build FOLDER] [--work FOLDER] [--only TEXT]

Needs the Windows programs in FOLDER (build/windows). Prints one line a scenario and ends with `N passed, N failed`.
The first failure ends the story, because later scenarios build on earlier ones: the rest counts as failed.
"""
import argparse
import pathlib
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tools" / "wine"))

import scenarios  # noqa: E402  (needs the path above)
from winebox import WINE, BoxError, Installed, WineBox  # noqa: E402

NEWER_VERSION = "0.99.0"


class World:
    """What the scenarios share."""
    def __init__(self, box, build, folder, msi, newer_msi):
        self.box, self.build, self.folder, self.msi, self.newer_msi = box, build, folder, msi, newer_msi
        self.box_wine = WINE
        self.installed = Installed(box)
        self.tray = None


def build_msi(build, target, *version):
    subprocess.run([SOURCE / "installer" / "build-msi.sh", build, target, *version], check=True, stdout=subprocess.DEVNULL)
    return target


def tell(world, names):
    failed = 0
    for scenario in names:
        start = time.monotonic()
        if failed:
            print(f"not ok {scenario.__name__}: not run", flush=True)
            failed += 1
            continue
        try:
            scenario(world)
            print(f"ok {scenario.__name__}: {time.monotonic() - start:.1f} s", flush=True)
        except (BoxError, subprocess.SubprocessError, OSError, KeyError, IndexError) as error:
            print(f"not ok {scenario.__name__}: {type(error).__name__}: {error}", flush=True)
            world.box.screenshot(world.folder / "failed.png")
            failed += 1
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=SOURCE / "build" / "windows", type=pathlib.Path)
    parser.add_argument("--work", default=SOURCE / "build" / "e2e", type=pathlib.Path)
    parser.add_argument("--only", default="", help="only scenarios whose name holds this text (for development)")
    options = parser.parse_args()
    chosen = [s for s in scenarios.SCENARIOS if options.only in s.__name__]
    options.work.mkdir(parents=True, exist_ok=True)
    msi = build_msi(options.build, options.work / "emoguard.msi")
    newer = build_msi(options.build, options.work / "emoguard-newer.msi", NEWER_VERSION)
    try:
        with WineBox(options.work / "box") as box:
            box.desktop()
            failed = tell(World(box, options.build, options.work, msi, newer), chosen)
    except BoxError as error:
        print(f"not ok e2e: {error}")
        failed = len(chosen)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
