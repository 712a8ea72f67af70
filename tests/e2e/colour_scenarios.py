# SPDX-License-Identifier: Apache-2.0
"""End-to-end test of the open window's colours, which follow what the person chooses in Windows' settings."""
import subprocess

from flood_scenarios import Hand, check, windows
from winebox import wait_for

THEME = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
LIGHT, DARK = "#FFFFFF", "#202020"  # behind the texts; see tray/palette.c
# By any of these Windows tells of a change: WM_SETTINGCHANGE, WM_THEMECHANGED, WM_SYSCOLORCHANGE.
MESSAGES = (26, 794, 21)
MANY = 50_000  # pixels: a good part of the window, and far more than texts and other windows have of that colour


def pixels(world, colour):
    picture = world.box.screenshot(world.folder / "colours.png")
    counted = subprocess.run(["/usr/bin/convert", picture, "-fill", "black", "+opaque", colour, "-fill", "white",
                              "-opaque", colour, "-format", "%[fx:mean*w*h]", "info:"], stdout=subprocess.PIPE, check=True)
    return float(counted.stdout)


def choose(world, light):
    world.box.run(["reg", "add", THEME, "/v", "AppsUseLightTheme", "/t", "REG_DWORD", "/d", str(light), "/f"])


def window__while_it_is_open__takes_the_colours_chosen(world):
    hand = Hand(world)
    try:
        title = windows(world)[0]
        wait_for(lambda: pixels(world, LIGHT) > MANY, 10, "a light window", 0.2)
        for message in MESSAGES:
            for light, colour, other in ((0, DARK, LIGHT), (1, LIGHT, DARK)):
                choose(world, light)
                check(hand(f"send {message}@{title}"), f"the window did not take message {message}")
                wait_for(lambda: pixels(world, colour) > MANY > pixels(world, other), 10,
                         f"the colour {colour} after message {message}", 0.2)
        check(windows(world) == [title], f"alert windows: {windows(world)}")
    finally:
        world.box.run(["reg", "delete", THEME, "/v", "AppsUseLightTheme", "/f"], check=False)
        hand.close()
