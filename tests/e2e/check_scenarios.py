# SPDX-License-Identifier: Apache-2.0
"""`emoguard check` without PATH, end to end: beside the running service, which it does not need."""
import hashlib
import json
import subprocess
import time

from flood_scenarios import Hand
from tray_scenarios import choose_in_menu
from winebox import WINE, BoxError, wait_for, windows_path

RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
PROFILES = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\ProfileList"
OTHER_USER = r"S-1-5-21-1-2-3-1001"
OTHER_FOLDER = r"C:\users\hanako"
MARKER = b"EMOGUARD-DRILL-MARKER:" + b"9e1f7c52-harmless-test-file"
MARKER_RULE = "emoguard_drill_marker"
RUN_VALUE_RULE = "f05e9cd0-97b7-48ed-adaa-cf55618ba63d"
MOST_SECONDS = 60
CHECK_WINDOW = "EmoGuard: このパソコンの検査"


def expect(condition, text):
    if not condition:
        raise BoxError(text)


def look(world, *options, code):
    """The report of a check that must end with this code."""
    program = world.installed.program("emoguard.exe")
    ended, text = world.box.run([program, "check", "--json", "--fast", *options], timeout=180, check=False)
    expect(ended == code, f"check ended with {ended}, not {code}: {text[-2000:]}")
    return json.loads(text[text.index("{"):])


def check__of_a_clean_system__finds_nothing(world):
    letter = next(world.box.prefix.glob("drive_c/users/[!P]*/Downloads")) / "letter.rtf"
    letter.write_bytes(b"{\\rtf1\\ansi " + b"ordinary text " * 500 + b"}")
    start = time.monotonic()
    report = look(world, code=0)
    took = time.monotonic() - start
    expect(report["verdict"] == "nothing_found" and not report["findings"], f"{report}")
    areas = {area["area"]: area for area in report["areas"]}
    for name in ("process", "autostart", "service", "file"):
        expect(areas[name]["looked"] > 0, f"nothing was looked at in {name}: {areas}")
    expect(took < MOST_SECONDS, f"it took {took:.1f} s")
    letter.unlink()
    print(f"# check of a clean system: {took:.1f} s", flush=True)


def check__with_the_drill_in_place__tells_the_chain(world):
    drill = world.box.start([world.installed.program("emoguard.exe"), "drill", "--hold", "120"])
    wait_for(lambda: world.box.registry(RUN_KEY, "EmoGuardDrill"), 30, "the drill's Run value")
    report = look(world, code=1)
    expect(world.box.kill_program("emoguard.exe") > 0, "no drill to end")
    drill.wait(20)
    world.box.run([world.installed.program("emoguard.exe"), "drill", "--clean"])
    found = {(finding["area"], finding["rule"]["id"]) for finding in report["findings"]}
    expect(("autostart", RUN_VALUE_RULE) in found, f"{found}")
    expect(any("kqzwx.dll" in finding["subject"] and finding["rule"]["title"] for finding in report["findings"]),
           f"the library itself is not among {found}")
    names = {step["name"].lower() for story in report["stories"] for step in story["steps"]}
    expect("kqzwx.dll" in names and report["stories"], f"the chain is {names}")


def check__of_memory__finds_a_marker_in_a_program_and_not_in_our_own(world):
    holder = world.box.start(["cmd.exe", "/c", "ping -n 60 127.0.0.1 & rem " + MARKER.decode()])
    report = look(world, "--memory", code=1)
    found = [finding["subject"].lower() for finding in report["findings"] if finding["area"] == "memory"]
    world.box.kill_program("PING.EXE")
    holder.kill()
    holder.wait(20)
    expect("cmd.exe" in found and not any("emoguard" in name for name in found), f"{found}")


def other_user(world, present):
    """A user who never signs in here, with a bad file that has a hostile name."""
    key = PROFILES + "\\" + OTHER_USER
    folder = world.box.path(OTHER_FOLDER)
    if present:
        world.box.run(["reg", "add", key, "/v", "ProfileImagePath", "/t", "REG_EXPAND_SZ", "/d", OTHER_FOLDER, "/f"])
        (folder / "Downloads").mkdir(parents=True)
        (folder / "NTUSER.DAT").write_bytes(b"no hive")
        (folder / "Downloads" / "\u202e&'%n;\u8acb\u6c42\u66f8.exe").write_bytes(b"MZ" + MARKER)
    else:
        world.box.run(["reg", "delete", key, "/f"])
        subprocess.run(["rm", "-r", folder], check=True)


def check__with_another_user__looks_into_the_profile_and_tells_what_it_cannot_see(world):
    other_user(world, True)
    try:
        report = look(world, code=1)
        found = [finding for finding in report["findings"] if "hanako" in finding["subject"]]
        expect(len(found) == 1 and found[0]["subject"].endswith("\u202e&'%n;\u8acb\u6c42\u66f8.exe"), f"{found}")
        gaps = [gap for gap in report["gaps"] if OTHER_FOLDER.lower() in gap["what"].lower()]
        expect(len(gaps) == 1 and gaps[0]["area"] == "autostart" and gaps[0]["reason"] == "user_signed_out", f"{report['gaps']}")
    finally:
        other_user(world, False)


def check__with_a_rule_on_a_hash__finds_the_program_that_runs(world):
    tray = world.build / "emoguard-tray.exe"
    rules = world.folder / "hash_rules"
    rules.mkdir(exist_ok=True)
    (rules / "by_hash.yml").write_text(f"""title: The tray, by its hash
id: 5e7d5ba6-62b5-4c3e-9a4d-2f7f4c9f4a11
logsource: {{product: windows, category: process_creation}}
detection:
  selection: {{Hashes|contains: 'SHA256={hashlib.sha256(tray.read_bytes()).hexdigest().upper()}'}}
  condition: selection
level: high
""", encoding="utf-8")
    report = look(world, "--rules", windows_path(rules), code=1)
    found = [(finding["area"], finding["subject"]) for finding in report["findings"]]
    expect(len(found) == 1 and found[0][0] == "process" and "emoguard-tray.exe" in found[0][1], f"{found}")


def check__asked_as_emocheck__writes_a_file_and_nothing_else(world):
    folder = world.box.path(r"C:\reports")
    folder.mkdir()
    program = world.installed.program("emoguard.exe")
    code, text = world.box.run([program, "check", "/quiet", "/json", "/output", r"C:\reports"], timeout=180, check=False)
    expect(code == 0 and not text.strip(), f"it ended with {code}: {text}")
    files = list(folder.iterdir())
    expect(len(files) == 1 and files[0].suffix == ".json", f"{files}")
    expect(json.loads(files[0].read_text(encoding="utf-8"))["verdict"] == "nothing_found", "another verdict")
    subprocess.run(["rm", "-r", folder], check=True)


def check__cancelled__ends_at_once_and_says_so(world):
    command = [WINE, world.box.path(world.installed.program("emoguard.exe")), "check", "--json", "--progress", "json"]
    process = subprocess.Popen(command, env=world.box.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    with process:
        line = process.stderr.readline()
        expect(json.loads(line)["percent"] < 100, f"the first line of progress: {line}")
        start = time.monotonic()
        process.stdin.close()
        process.stdin = None
        output, _ = process.communicate(timeout=30)
        took = time.monotonic() - start
    report = json.loads(output)
    expect(report["cancelled"] and report["verdict"] == "could_not_look" and process.returncode == 3, f"{report}")
    # a second of the check's own, and what Wine needs to end a program
    expect(took < 4, f"it took {took:.1f} s to end")


def asked_in_the_menu(world):
    """The last check as the service tells it, after one that the tray asked for; and its report."""
    before = world.installed.status()["check"]["time"]

    def done():
        check = world.installed.status()["check"]
        return check if check["time"] not in ("", before) else None
    hand = Hand(world)
    try:
        choose_in_menu(world, hand, "c")
        wait_for(lambda: CHECK_WINDOW in world.box.window_titles(), 10, "the window of the check", 0.2)
        check = wait_for(done, 150, "the end of the check", 0.3)
        world.box.screenshot(world.folder / f"checked_{check['verdict']}.png")
        hand("close " + CHECK_WINDOW)
        wait_for(lambda: CHECK_WINDOW not in world.box.window_titles(), 10, "the window to close", 0.2)
    finally:
        hand.close()
    expect(check["state"] == "done", f"{check}")
    report = world.installed.database().parent / "reports" / check["report"]
    expect(report.is_file() and report.with_suffix(".json").is_file(), f"{report} is not there")
    _, text = world.box.run([world.installed.program("emoguard.exe"), "status"], check=False)
    expect(check["verdict"] in text and check["report"] in text, f"status: {text}")
    return check, json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))


def service_check__asked_in_the_tray__tells_the_verdict_and_keeps_the_report(world):
    check, report = asked_in_the_menu(world)
    expect(check["verdict"] == report["verdict"] == "nothing_found" and check["findings"] == 0, f"{check}")


def service_check__with_the_drill_in_place__is_suspicious(world):
    world.box.run(["sc", "stop", "EmoGuard"], check=False)  # so that the last check is no hindrance
    wait_for(lambda: "STOPPED" in world.box.run(["sc", "query", "EmoGuard"], check=False)[1], 15, "the end of the service")
    world.box.run(["sc", "start", "EmoGuard"], check=False)
    expect(world.installed.wait_ready()["check"]["verdict"] == "nothing_found", "the last check is forgotten")
    wait_for(world.installed.trays, 30, "the tray to come back", 0.2)
    drill = world.box.start([world.installed.program("emoguard.exe"), "drill", "--hold", "120"])
    wait_for(lambda: world.box.registry(RUN_KEY, "EmoGuardDrill"), 30, "the drill's Run value")
    check, report = asked_in_the_menu(world)
    expect(world.box.kill_program("emoguard.exe") > 0, "no drill to end")
    drill.wait(20)
    world.box.run([world.installed.program("emoguard.exe"), "drill", "--clean"])
    expect(check["verdict"] == report["verdict"] == "suspicious" and check["findings"] > 0, f"{check}")


CLEAN = [check__of_a_clean_system__finds_nothing, check__with_a_rule_on_a_hash__finds_the_program_that_runs,
         check__asked_as_emocheck__writes_a_file_and_nothing_else,
         check__cancelled__ends_at_once_and_says_so,
         check__of_memory__finds_a_marker_in_a_program_and_not_in_our_own,
         service_check__asked_in_the_tray__tells_the_verdict_and_keeps_the_report]
AFTER_DRILL = [check__with_the_drill_in_place__tells_the_chain,
               service_check__with_the_drill_in_place__is_suspicious,
               check__with_another_user__looks_into_the_profile_and_tells_what_it_cannot_see]
