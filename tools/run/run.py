#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows EmoGuard at work: installs it on a throw-away Windows, plays the harmless infection chain, shows what the
person at the PC would see.

    run.py [--build FOLDER] [--out FOLDER] [--lang ja|en]

Prints every step with its time, then what is known of the incident; writes the pictures to FOLDER (build/run).
"""
import argparse
import pathlib
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tools" / "wine"))

from winebox import BoxError, Installed, WineBox, wait_for  # noqa: E402  (needs the path above)

START = time.monotonic()
CORNER = ["-gravity", "SouthEast", "-crop", "560x110+0+0", "+repage"]


def step(text):
    print(f"{time.monotonic() - START:6.1f} s  {text}", flush=True)


def window_of(installed):
    titles = [tray["window"] for tray in installed.trays() if tray.get("window")]
    return titles[0] if titles else None


def balloon_on(picture):
    """Above the taskbar there is either the one colour of the desktop or a balloon."""
    done = subprocess.run(["/usr/bin/convert", picture, *CORNER, "-gravity", "North", "-crop", "560x60+0+0", "-format",
                           "%k", "info:"], stdout=subprocess.PIPE, check=True)
    return int(done.stdout) > 1


def print_incidents(installed, language):
    program = installed.program("emoguard.exe")
    _, text = installed.box.run([program, "incidents", "list", "--lang", language])
    print("\n" + text)
    for line in text.splitlines():
        print(installed.box.run([program, "incidents", "show", line.split()[0]])[1])


def play(box, options):
    installed = Installed(box)
    step("throw-away Windows started")
    box.desktop()
    msi = options.out / "emoguard.msi"
    subprocess.run([SOURCE / "installer" / "build-msi.sh", options.build, msi], check=True, stdout=subprocess.DEVNULL)
    installed.install(msi)
    status = installed.wait_ready()
    sensors = ", ".join(f"{s['name']} {s['health']} ({s['source']})" for s in status["sensors"])
    step(f"package installed, service runs: {status['rules']['loaded']} rules; {sensors}")
    installed.start_tray()
    step("tray connected")
    step("harmless infection chain starts")
    code, text = box.run([installed.program("emoguard.exe"), "drill"], timeout=120, check=False)
    print("\n" + "".join(f"          {line}\n" for line in text.splitlines()))
    if code != 0:
        raise BoxError(f"the drill ended with {code}: some step raised no alarm")
    title = wait_for(lambda: window_of(installed), 30, "the alert window", 0.2)
    picture = options.out / f"alert-{options.lang}.png"
    wait_for(lambda: balloon_on(box.screenshot(picture)), 15, "the balloon of the tray icon", 0.3)
    # The corner of the taskbar with icon and balloon, twice its size.
    subprocess.run(["/usr/bin/convert", picture, *CORNER, "-scale", "200%", options.out / f"tray-{options.lang}.png"],
                   check=True)
    step(f"window on the screen: {title}")
    print_incidents(installed, options.lang)
    installed.uninstall(msi)
    step("uninstalled")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=SOURCE / "build" / "windows", type=pathlib.Path)
    parser.add_argument("--out", default=SOURCE / "build" / "run", type=pathlib.Path)
    parser.add_argument("--lang", default="ja", choices=["ja", "en"], help="language of the person at the PC")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for old in options.out.glob("*.png"):
        old.unlink()
    try:
        with WineBox(options.out / "box", language=options.lang) as box:
            play(box, options)
    except (BoxError, subprocess.SubprocessError) as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    print("pictures: " + ", ".join(str(p) for p in sorted(options.out.glob("*.png"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
