# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests of rushes and restarts, as seen by the person at the PC: one window, which answers."""
import subprocess
import time

from winebox import WINE, BoxError, private_kib, wait_for, windows_path

RUN_KEY = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run"
FLOOD = 10_000
FLOOD_SECONDS = 240  # to look through all of it; Wine's registry alone takes a good part
TRAY_KIB = 24 * 1024  # private memory of the tray under Wine, whose own part is large


def check(condition, text):
    if not condition:
        raise BoxError(text)


class Hand:
    """bench_trigger.exe: does what a person or program would, one command a line."""
    def __init__(self, world):
        program = windows_path(world.build / "tests" / "bench_trigger.exe")
        with open(world.box.log, "ab") as log:
            self.process = subprocess.Popen([WINE, program], env=world.box.env, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log)

    def __call__(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


def windows(world):
    return [title for title in world.box.window_titles() if title.startswith("EmoGuard: ")]


def close_windows(world, hand):
    def closed():
        for title in windows(world):
            hand("close " + title)
        return not windows(world)
    wait_for(closed, 60, "the alert windows to close", 0.2)


def write_values(world, count, value):
    """A .reg file writes them far faster than one program a value."""
    lines = ["Windows Registry Editor Version 5.00", "", f"[{RUN_KEY}]"]
    lines += [f'"EgFlood{number}"={value(number)}' for number in range(count)]
    source = world.folder / "flood.reg"
    source.write_text("\r\n".join(lines) + "\r\n", encoding="utf-16")
    world.box.run(["regedit", "/S", windows_path(source)], timeout=120)


def flood_of_ten_thousand__written_at_once__leaves_one_window_that_answers(world):
    hand = Hand(world)
    try:
        close_windows(world, hand)
        before = world.installed.query("SELECT coalesce(max(id), 0) AS id FROM hit")[0]["id"]
        known = world.installed.query("SELECT coalesce(max(id), 0) AS id FROM incident")[0]["id"]
        write_values(world, FLOOD, lambda n: rf'"regsvr32.exe /s C:\\users\\Public\\AppData\\Local\\Temp\\f{n}.dll"')
        slowest = 0

        def all_told():
            nonlocal slowest
            for title in windows(world):
                start = time.monotonic()
                # Its title may have changed meanwhile; then there is another one to ask.
                check(hand("ping " + title) or title not in windows(world), "the tray does not answer within a second")
                slowest = max(slowest, time.monotonic() - start)
                check(len(windows(world)) == 1, f"{len(windows(world))} windows")
            counted = world.installed.query("SELECT coalesce(sum(count), 0) AS n FROM hit WHERE id > ?", before)[0]["n"]
            lost = world.installed.status()["counters"]["dropped"]
            return counted + lost >= FLOOD
        wait_for(all_told, FLOOD_SECONDS, "all of the flood to be looked at", 0.3)
        stories = world.installed.query("SELECT count(*) AS n FROM incident WHERE id > ? AND absorbed_by = 0", known)[0]["n"]
        check(len(windows(world)) == 1, f"{len(windows(world))} windows after the flood")
        size = private_kib(world.box.process("emoguard-tray.exe"))
        check(size < TRAY_KIB, f"the tray has {size} KiB of its own")
        print(f"  {stories} stories, slowest answer {slowest:.2f} s, tray {size} KiB", flush=True)
    finally:
        write_values(world, FLOOD, lambda n: "-")
        close_windows(world, hand)
        hand.close()
        # What still waits is nothing to the scenarios that follow.
        world.box.run(["sc", "stop", "EmoGuard"], 120, check=False)
        wait_for(lambda: "STOPPED" in world.box.run(["sc", "query", "EmoGuard"], check=False)[1], 60, "the service to stop")
        world.box.run(["sc", "start", "EmoGuard"], 120, check=False)
        world.installed.wait_ready()


SCENARIOS = [
    flood_of_ten_thousand__written_at_once__leaves_one_window_that_answers,
]
