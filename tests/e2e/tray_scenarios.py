# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests of the icon: its words, its menu, and what it knows after it was started again."""
import subprocess
import time

from answer_scenarios import open_window, press_answer, resolve_all, text_of
from flood_scenarios import Hand, check, close_windows, windows
from winebox import wait_for


def xdotool(world, *words):
    subprocess.run(["xdotool", *words], env=world.box.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def point_at_icon(world, *then):
    """The icon is in the last corner of the screen."""
    width, height = map(int, world.box.screen.split("x")[:2])
    xdotool(world, "mousemove", str(width - 11), str(height - 11), *then)


def choose_in_menu(world, hand, letter):
    """As a person does: the icon's menu, and the letter of its entry."""
    def chosen():
        point_at_icon(world, "click", "3")
        deadline = time.monotonic() + 3  # the click may have come to nothing, because a window opened just then
        while time.monotonic() < deadline:
            if hand("letter " + letter):
                return True
            time.sleep(0.1)
        return False
    wait_for(chosen, 30, "the icon's menu", 0.2)


def wait_for_tip(world, hand, words):
    """What the icon says while the mouse rests on it."""
    def told():
        xdotool(world, "mousemove", "20", "20")
        point_at_icon(world)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            if hand("tip " + words):
                return True
            time.sleep(0.1)
        return False
    wait_for(told, 60, f"the icon to say: {words}", 0.2)


def tray__started_again__lists_what_its_user_was_shown(world):
    hand = Hand(world)
    try:
        resolve_all(world)
        close_windows(world, hand)
        _, title = open_window(world, hand)
        press_answer(world)
        wait_for(lambda: hand(f"says {text_of('EG_TEXT_ANSWER_KEPT')}@{title}"), 30, "the answer to be kept", 0.2)
        world.box.kill_program("emoguard-tray.exe")
        wait_for(lambda: not world.installed.trays(), 20, "the service to see that the tray is gone", 0.2)
        world.tray = world.installed.start_tray()
        wait_for_tip(world, hand, text_of("EG_TEXT_TIP_OPEN").replace("%1", "1"))
        check(not windows(world), f"a window of before came again: {windows(world)}")
        choose_in_menu(world, hand, "r")
        world.box.screenshot(world.folder / "recent.png")
        check(hand("letter Return"), "the menu is gone")
        wait_for(lambda: windows(world) == [title], 10, f"the window named {title!r}", 0.2)
        check(hand(f"says {text_of('EG_TEXT_ANSWER_KEPT')}@{title}"), "the window does not know the answer")
    finally:
        hand("delete EgAnswer")
        resolve_all(world)
        close_windows(world, hand)
        hand.close()


def icon__pointed_at__says_how_it_stands(world):
    hand = Hand(world)
    try:
        wait_for_tip(world, hand, text_of("EG_TEXT_TIP_RECENT").split("%1")[1])
        world.box.screenshot(world.folder / "tip.png")
        world.box.run(["sc", "stop", "EmoGuard"])
        wait_for_tip(world, hand, text_of("EG_TEXT_TIP_DISCONNECTED"))
    finally:
        world.box.run(["sc", "start", "EmoGuard"], check=False)
        world.installed.wait_ready()
        hand.close()


SCENARIOS = [tray__started_again__lists_what_its_user_was_shown, icon__pointed_at__says_how_it_stands]
