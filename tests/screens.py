#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pictures of everything the tray shows, in both languages, at three scales, in dark and high contrast, to look at.

    tests/screens.py [--tray EXE] [--language ja|en] [--scale 100|150|200] [--look light|dark|contrast] [NAME...]

Writes build/screens/<name>-<language>-<scale>.png, with -dark or -contrast behind it for those looks (at 100 %), and the alerts behind them as .jsonl, which
`emoguard-tray --show FILE` takes. Names: see SCENES; all of them without a name. A window that does
not come, or that runs over the screen, ends the run with exit code 1 and says which.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools" / "wine"))
from winebox import BoxError, WineBox, wait_for, windows_path  # noqa: E402

OUTPUT = ROOT / "build" / "screens"
SCREENS = {100: "1280x960x24", 150: "1600x1200x24", 200: "1920x1600x24"}
USER = r"C:\Users\yamada\AppData\Local"
POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"

# Where Windows keeps what the person chose; the colours of "High contrast black".
PERSONALIZE = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
THEMES = r"HKCU\Software\Microsoft\Windows\CurrentVersion\ThemeManager"
DESKTOP = r"HKCU\Control Panel\Desktop"
# Where Wine looks first: what its theme set for this session.
COLOURS = r"HKCU\Software\Wine\Temporary System Parameters\Control Panel\Colors"
BLACK, WHITE, YELLOW, PURPLE = "0 0 0", "255 255 255", "255 255 0", "128 0 128"
CONTRAST = {"Window": BLACK, "WindowText": WHITE, "ButtonFace": BLACK, "ButtonText": WHITE, "GrayText": "0 255 0",
            "Hilight": PURPLE, "HilightText": WHITE, "Menu": BLACK, "MenuText": WHITE, "ButtonShadow": WHITE,
            "ButtonHilight": WHITE, "ButtonDkShadow": WHITE, "ButtonLight": BLACK, "WindowFrame": WHITE,
            "ActiveTitle": PURPLE, "TitleText": WHITE, "ScrollBar": BLACK, "Background": BLACK, "MenuHilight": PURPLE}
LOOKS = {
    "light": [(PERSONALIZE, "AppsUseLightTheme", "REG_DWORD", "1")],
    "dark": [(PERSONALIZE, "AppsUseLightTheme", "REG_DWORD", "0")],
    # Wine has no high contrast to be switched on: its colours without its theme, and an option of the tray.
    "contrast": [(THEMES, "ThemeActive", "REG_SZ", "0")]
                + [(COLOURS, name, "REG_SZ", value) for name, value in CONTRAST.items()],
}
LOOK_SCALE = 100  # dark and contrast change no size

WELCOME = {
    "ja": {"computer": "PC-0123", "contact": "情報システム係（内線 1234）"},
    "en": {"computer": "PC-0123", "contact": "the IT desk (extension 1234)"},
}

# Each alert: what the service would send, with texts by language.
ALERTS = {
    "process": {
        "level": "critical", "kind": "process_start", "program": r"C:\Windows\System32\regsvr32.exe",
        "command_line": rf'regsvr32.exe /s "{USER}\Kqzwx\Kqzwx.dll"', "parent": POWERSHELL,
        "ja": ("Emotet に似たプログラムが動きました",
               "命令の実行プログラムが、ユーザー用のフォルダーに置かれたプログラムの部品を動かしました。ふだんの仕事では起こりません。",
               "LAN ケーブルを抜き、Wi-Fi を切ってください。電源は切らずに、情報システム担当へ電話してください。開いた文書の名前もお伝えください。"),
        "en": ("A program that resembles Emotet ran",
               "A program that runs commands started a program part from a user folder. This does not happen in everyday work.",
               "Unplug the network cable and turn Wi-Fi off. Leave the PC on and phone your IT staff. Tell them which document you opened."),
    },
    "autostart": {
        "level": "high", "kind": "registry_set", "parent": POWERSHELL,
        "program": rf'C:\Windows\system32\rundll32.exe "{USER}\Qwx\請求書_2026年02月07日_株式会社サンプル商事様宛_最終版_改訂.dll",Control_RunDLL',
        "target": r"HKU\S-1-5-21-1-2-3-1001\Software\Microsoft\Windows\CurrentVersion\Run\Qwx",
        "ja": ("不審なプログラムが自動起動に登録されました",
               "パソコンを起動するたびに、ユーザー用のフォルダーにあるプログラムの部品が動くように設定されました。", ""),
        "en": ("A suspicious program was set to start itself",
               "A setting was written that starts a program part from a user folder each time this computer starts.", ""),
    },
    "story": {
        "level": "critical", "kind": "registry_set", "parent": POWERSHELL, "incident": 12, "hits": 5,
        "program": rf'regsvr32.exe /s "{USER}\Kqzwx\Kqzwx.dll"',
        "target": r"HKU\S-1-5-21-1-2-3-1001\Software\Microsoft\Windows\CurrentVersion\Run\Kqzwx",
        "steps": [("mail", "OUTLOOK.EXE", 40, False), ("document", "請求書_0207.xlsm", 21, False),
                  ("commands", "powershell.exe", 18, True), ("part", "Kqzwx.dll", 10, True), ("autostart", "Kqzwx", 9, True)],
        "ja": ("Emotet に似た動きがありました",
               "メールに添付された文書が、知らないプログラムを取り込み、次に起動したときも動くように設定しました。", ""),
        "en": ("Something that resembles Emotet happened",
               "A document from a mail brought in an unknown program and set it to start itself again.", ""),
    },
    "long": {
        "level": "high", "kind": "task_registered", "parent": POWERSHELL, "incident": 13, "hits": 41,
        "program": rf"wscript.exe {USER}\Temp\update.js", "target": r"\Microsoft\Windows\Updater",
        "steps": [("desktop", "explorer.exe", 60, False), ("office", "EXCEL.EXE", 50, False), ("commands", "cmd.exe", 45, False),
                  ("commands", "powershell.exe", 44, True), ("tool", "certutil.exe", 40, True), ("tool", "rundll32.exe", 35, False),
                  ("part", "請求書_2026年02月07日_株式会社サンプル商事様宛_最終版.dll", 33, True), ("autostart", "Qwx", 30, True),
                  ("task", "Updater", 0, True)],
        "ja": ("不審なプログラムが自動で動くように登録されました",
               "文書から始まった命令が、ユーザー用のフォルダーのプログラムを、決まった時刻に動くように登録しました。",
               "開いた文書の名前もお伝えください。"),
        "en": ("A suspicious program was set to start itself",
               "Commands that began in a document set a program in a user folder to run at set times.",
               "Tell them which document you opened."),
    },
    "task": {
        "level": "medium", "kind": "task_registered", "program": rf"wscript.exe {USER}\Temp\update.js",
        "target": r"\Microsoft\Windows\Updater",
        "ja": ("見慣れないタスクが登録されました", "決まった時刻に命令のファイルを動かすタスクが作られました。", ""),
        "en": ("An unusual task was registered", "A task was made that runs a command file at set times.", ""),
    },
    "hostile": {
        "level": "critical", "kind": "process_start",
        "program": "C:\\Users\\Public\\photo\u202egpj.exe", "parent": r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE",
        "command_line": "C:\\Users\\Public\\photo\u202egpj.exe " + "A" * 900, "user": "PC-0123\\yama\u200fda",
        "ja": ("とても長い題名のときに、二行になっても読めること。" * 3, "説明が長いときにも、文字が切れたり重なったりしないこと。" * 8, "一行目\n二行目"),
        "en": ("A very long headline must stay readable on two lines. " * 2, "A long explanation must not be cut off. " * 12, "first line\nsecond line"),
    },
}

INSTRUCTIONS = {
    "ja": "USB メモリーも外さないでください。|総務課（内線 1200）にも知らせてください。",
    "en": "Leave USB sticks where they are.|Tell the general office (extension 1200), too.",
}
CHECK = {"state": "running", "percent": 0, "phase": "none", "item": "", "left_seconds": 0, "verdict": "none", "findings": 0,
         "gaps": 0, "time": 0, "report": "", "failure": "none", "error": ""}
CHECKS = {
    "check-begin": {"state": "idle"},
    "check-running": {"percent": 42, "phase": "files", "left_seconds": 95,
                      "item": rf"{USER}\Packages\Vendor.Application_8wekyb3d8bbwe\LocalCache\Roaming\Vendor\請求書_最終版.xlsm"},
    "check-nothing": {"state": "done", "verdict": "nothing_found"},
    "check-suspicious": {"state": "done", "verdict": "suspicious", "findings": 3},
    "check-gaps": {"state": "done", "verdict": "could_not_look", "gaps": 12},
    "check-failed": {"state": "failed", "failure": "ended", "error": "the scanner ended three times on the same file"},
    "check-cancelled": {"state": "cancelled"},
    # a click on the icon opens the status beside it
    "about": {"state": "done", "verdict": "nothing_found"},
    "trouble": {"state": "done", "verdict": "could_not_look", "gaps": 1},
}
ATTENTION = [{"id": "sensor_blind", "text": "registry", "number": 0}, {"id": "rules_stale", "text": "", "number": 21},
             {"id": "rules_rejected", "text": "", "number": 2}, {"id": "sensor_degraded", "text": "process", "number": 0}]

# Up to which hit the central place has them, where there is one; the first hit is 4711.
REPORTED = {"reported": 4711, "reporting": 0}
# What is pressed after a click on the icon.
ICON_KEYS = {"status": "", "menu": "", "recent": "r", "exit": "x"}
# name: (alerts in the file, keys to press in the window)
SCENES = {
    "story": (["story"], ""),
    "instructions": (["story"], "instructions"),
    "reported": (["story"], ""),
    "reporting": (["task"], ""),
    "answered": (["story"], "alt+{unknown}"),
    "long": (["long", "story"], "alt+n alt+d"),
    "alert": (["process"], ""),
    "details": (["process"], "alt+d"),
    "waiting": (["autostart", "process", "task"], ""),
    "next": (["autostart", "process", "task"], "alt+n alt+n"),
    "medium": (["task"], ""),
    "hostile": (["hostile"], ""),
    "status": ([], "status"),
    "menu": ([], "menu"),
    "recent": (["autostart", "process", "task"], "recent"),
    "exit": ([], "exit"),
    **{name: ([], "status" if name in ("about", "trouble") else "") for name in CHECKS},
}


def now():
    return int(time.time()) * 10**7 + 116444736000000000


def messages(scene, names, language):
    """The lines of a --show file."""
    instructions = INSTRUCTIONS[language] if scene == "instructions" else ""
    yield {"type": "welcome", "protocol": 1, "version": "1.0.0", "pack": "emoguard-default",
           "pack_serial": 2026112301, "rules": 46, "instructions": instructions, **WELCOME[language]}
    yield {"type": "state", "attention": ATTENTION if scene == "trouble" else [], "open_alerts": 0, "pack": "emoguard-default",
           "pack_serial": 2026112301, "pack_time": now() - 3 * 86400 * 10**7, "rules": 46, "sensors": 9, "sensors_working": 8 if scene == "trouble" else 9,
           "uplink": scene in REPORTED, "reported_hit": REPORTED.get(scene, 0)}
    if scene in CHECKS:
        yield {"type": "check_state", **CHECK, "time": now(), **CHECKS[scene]}
    for number, name in enumerate(names):
        alert = ALERTS[name]
        title, meaning, advice = alert[language]
        yield {"type": "hit", "id": 4711 + number, "time": now(), "level": alert["level"], "kind": alert["kind"],
               "title": title, "meaning": meaning, "advice": advice, "rule": "0e4e1a52-5d0f-4c41-9d29-1b8b3c1f7a01",
               "rule_title": "Library in a user folder started by regsvr32 or rundll32", "rule_author": "EmoGuard authors",
               "program": alert["program"], "command_line": alert.get("command_line", ""),
               "parent": alert.get("parent", ""), "user": alert.get("user", r"PC-0123\yamada"), "pid": 4242,
               "target": alert.get("target", ""), "incident": alert.get("incident", 0),
               "incident_hits": alert.get("hits", 0), "incident_last": now(), "absorbed": [], "telling": "news", "answer": "none",
               "steps": [{"role": role, "name": text, "time": now() - ago * 10**7 if ago else 0, "suspicious": suspicious}
                         for role, text, ago, suspicious in alert.get("steps", [])]}


def xdotool(box, *words):
    subprocess.run(["xdotool", *map(str, words)], env=box.env, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def settled(box, target):
    """Takes pictures until two in a row are the same, which goes to `target`."""
    last = ""

    def same():
        nonlocal last
        picture = box.screenshot(target.with_suffix(".part.png"))
        before, last = last, subprocess.run(["identify", "-format", "%#", picture], check=True, text=True,
                                            stdout=subprocess.PIPE).stdout
        return before == last

    try:
        wait_for(same, 30, "a picture that does not change", 0.7)
        target.with_suffix(".part.png").replace(target)
    finally:
        target.with_suffix(".part.png").unlink(missing_ok=True)


def windows(box):
    """How many there are; menus and tooltips have no title of ours."""
    return sum(title.startswith("EmoGuard") for title in box.window_titles())


def comes(condition):
    try:
        return wait_for(condition, 5, "", 0.2)
    except BoxError:
        return False


def press(box, keys, width, height):
    if keys in ICON_KEYS:
        before = windows(box)

        def opened():  # the icon may not have been there for the first click
            xdotool(box, "mousemove", width - 11, height - 11, "click", 1 if keys == "status" else 3)
            if keys == "status":
                return comes(lambda: windows(box) > before)
            time.sleep(1)  # the menu does not take keys at once
            if keys == "exit":  # nor those that go to the tooltip below the mouse
                xdotool(box, "mousemove_relative", "--", -20, -10)
            if ICON_KEYS[keys]:
                xdotool(box, "key", ICON_KEYS[keys])
            time.sleep(1)
            return keys != "exit" or comes(lambda: windows(box) > before)
        wait_for(opened, 60, f"what a click on the icon opens ({keys})")
    elif keys:
        xdotool(box, "mousemove", width // 2, height // 2, "click", 1, "key", "--delay", 500, *keys.split())


def put_on(box, look, scale):
    """Windows' programs read it when they start."""
    for key, value, kind, data in LOOKS[look] + [(DESKTOP, "LogPixels", "REG_DWORD", str(96 * scale // 100))]:
        box.run(["reg", "add", key, "/v", value, "/t", kind, "/d", data, "/f"])


def take(box, tray, name, language, scale, look):
    alerts, keys = SCENES[name]
    base = f"{name}-{language}-{scale}" + ("" if look == "light" else f"-{look}")
    target = OUTPUT / f"{base}.png"
    shown = bool(alerts) or name in CHECKS
    command = [windows_path(tray)] + ["--contrast"] * (look == "contrast")
    title = "EmoGuard"
    width, height = map(int, box.screen.split("x")[:2])
    if shown:
        source = OUTPUT / f"{name}-{language}.jsonl"
        lines = [json.dumps(message, ensure_ascii=False) for message in messages(name, alerts, language)]
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command += ["--show", windows_path(source)]
        title = "EmoGuard: "
    if name == "instructions":
        keys = ""
    box.desktop()
    process = box.start(command, EMOGUARD_LANG=language)
    try:
        if shown:
            wait_for(lambda: any(text.startswith(title) for text in box.window_titles()), 60, f"the window of {base}", 0.3)
        settled(box, target)
        press(box, keys.format(unknown="2" if language == "ja" else "k"), width, height)
        settled(box, target)
        if process.poll() is not None:
            raise BoxError(f"the tray ended with {process.returncode} during {base}")
    finally:
        box.kill_program("emoguard-tray.exe")
        process.wait(30)
    print(f"  {base}.png", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tray", type=pathlib.Path, default=ROOT / "build" / "windows" / "emoguard-tray.exe")
    parser.add_argument("--language", choices=("ja", "en"), action="append")
    parser.add_argument("--scale", type=int, choices=sorted(SCREENS), action="append")
    parser.add_argument("--look", choices=LOOKS, action="append")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(SCENES)
    if unknown or not chosen.tray.is_file():
        parser.error(f"no scene {sorted(unknown)[0]}" if unknown else f"{chosen.tray} is not there: make windows")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    try:
        wanted = [("light", scale) for scale in chosen.scale or SCREENS] + [("dark", LOOK_SCALE), ("contrast", LOOK_SCALE)]
        for look, scale in wanted:
            if look not in (chosen.look or LOOKS):
                continue
            with WineBox(OUTPUT / "box", screen=SCREENS[scale]) as box:
                put_on(box, look, scale)
                for language in chosen.language or ("ja", "en"):
                    for name in chosen.names or SCENES:
                        take(box, chosen.tray, name, language, scale, look)
    except BoxError as error:
        sys.exit(f"screens: {error}")


if __name__ == "__main__":
    main()
