# SPDX-License-Identifier: Apache-2.0
"""End-to-end test of an answer that the service cannot take at once."""
import pathlib
import re
import subprocess

from flood_scenarios import Hand, check, close_windows, windows
from winebox import wait_for

TEXTS = pathlib.Path(__file__).resolve().parents[2] / "tray" / "res" / "text.ja.rc"
COMMAND = r'regsvr32.exe /s "C:\users\Public\AppData\Local\Temp\answer.dll"'


def text_of(name):
    return re.search(rf'{name} "(.*)"', TEXTS.read_text(encoding="utf-8")).group(1)


def resolve_all(world):
    """No story is left that could come before the next one."""
    for row in world.installed.query("SELECT id FROM incident WHERE absorbed_by = 0 AND resolved_time = 0"):
        world.box.run([world.installed.program("emoguard.exe"), "incidents", "resolve", str(row["id"])])


def open_window(world, hand):
    """The window of a new story: its id and the title."""
    before = world.installed.query("SELECT coalesce(max(id), 0) AS id FROM hit")[0]["id"]
    hand("run EgAnswer " + COMMAND)

    def shown():
        return world.installed.query("SELECT incident_id FROM hit WHERE id > ? AND shown_time > 0", before)
    story = wait_for(shown, 30, "the hit of EgAnswer to be shown", 0.2)[0]["incident_id"]
    check(len(windows(world)) == 1, f"alert windows: {windows(world)}")
    return story, windows(world)[0]


def press_answer(world):
    """Alt+2 in the window in the middle of the screen."""
    width, height = map(int, world.box.screen.split("x")[:2])
    subprocess.run(["xdotool", "mousemove", str(width // 2), str(height // 2 - 40), "click", "1", "key", "--delay", "300",
                    "alt+2"], env=world.box.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def service_stopped(world):
    return "STOPPED" in world.box.run(["sc", "query", "EmoGuard"], check=False)[1]


def answer__given_while_the_service_restarts__arrives_once(world):
    hand = Hand(world)
    try:
        resolve_all(world)
        close_windows(world, hand)
        story, title = open_window(world, hand)
        world.box.run(["sc", "stop", "EmoGuard"])
        wait_for(lambda: service_stopped(world), 20, "the service to stop", 0.2)
        press_answer(world)
        wait_for(lambda: hand(f"says {text_of('EG_TEXT_ANSWER_SENDING')}@{title}"), 10, "the window to take the answer", 0.2)
        check(not answers(world, story), "there is an answer without a service")
        world.box.run(["sc", "start", "EmoGuard"], check=False)
        world.installed.wait_ready()
        wait_for(lambda: hand(f"says {text_of('EG_TEXT_ANSWER_KEPT')}@{title}"), 60, "the window to tell that it is kept", 0.2)
        check(answers(world, story) == ["unknown"], f"answers: {answers(world, story)}")
        check(windows(world) == [title] and world.tray.poll() is None, f"alert windows: {windows(world)}")
        world.box.screenshot(world.folder / "answered_late.png")
    finally:
        hand("delete EgAnswer")
        resolve_all(world)
        close_windows(world, hand)
        hand.close()


def answers(world, story):
    return [row["answer"] for row in world.installed.query("SELECT answer FROM answer WHERE incident_id = ?", story)]
