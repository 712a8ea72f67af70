# SPDX-License-Identifier: Apache-2.0
"""The end-to-end tests: one story on one throw-away Windows, told in this order.

Each function gets the world (see run.py) and raises when something is not as it should be. Later ones build on
earlier ones: the package is installed in the first and gone after the last.
"""
import json
import shutil
import subprocess
import time

import answer_scenarios
import check_scenarios
import colour_scenarios
import etw_scenarios
import flood_scenarios
import scan_scenarios
import tray_scenarios
from winebox import BoxError, wait_for

RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
UNINSTALL_SERVICE_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\EmoGuard"

# What the drill does, and the rules of ours that must see it.
RULES = {
    "office starts powershell": "c5802bca-d6ee-4937-bc9b-00823d76ec40",
    "encoded powershell": "a93e4524-7f56-4cf2-9f1c-dadbbca1a30c",
    "regsvr32 on a user folder": "c08a191b-95c4-4134-86da-510575068f23",
    "run value with a library": "f05e9cd0-97b7-48ed-adaa-cf55618ba63d",
    "task with a library": "5c44e79b-475b-4b6a-a5ba-aedf48e1fe38",
}
SERVICE_RULE = "556fdb51-c723-477f-8bdc-d9700fa07fbf"


def check(condition, text):
    if not condition:
        raise BoxError(text)


def hits_of(world, rule, newer_than=0):
    return world.installed.query("SELECT * FROM hit WHERE rule_id = ? AND id > ? ORDER BY id", rule, newer_than)


def last_hit(world):
    return world.installed.query("SELECT coalesce(max(id), 0) AS id FROM hit")[0]["id"]


def write_run_value(world, name, command):
    world.box.run(["reg", "add", "HKCU\\" + RUN_KEY, "/v", name, "/d", command, "/f"])


def delete_run_value(world, name):
    world.box.run(["reg", "delete", "HKCU\\" + RUN_KEY, "/v", name, "/f"], check=False)


def bad_command(name):
    return rf'regsvr32.exe /s "C:\users\Public\AppData\Local\Temp\{name}.dll"'


def service_state(world):
    _, text = world.box.run(["sc", "query", "EmoGuard"], check=False)
    words = [line.split() for line in text.splitlines() if "STATE" in line]
    return words[0][3] if words else None


def start_service(world):
    world.box.run(["sc", "start", "EmoGuard"], check=False)
    return world.installed.wait_ready()


def stop_service(world):
    world.box.run(["sc", "stop", "EmoGuard"], check=False)
    wait_for(lambda: service_state(world) == "STOPPED", 10, "the service to stop")


def install__on_a_fresh_system__starts_the_service(world):
    world.installed.install(world.msi)
    status = world.installed.wait_ready()
    check(service_state(world) == "RUNNING", f"the service is {service_state(world)}")
    check(world.box.registry("HKLM\\" + RUN_KEY, "EmoGuard"), "the tray is not in HKLM Run")
    check("similar malware" in (world.box.registry(UNINSTALL_SERVICE_KEY, "Description") or ""), "the service has no description")
    message = subprocess.run(["msiinfo", "export", world.msi, "LaunchCondition"], stdout=subprocess.PIPE, check=True).stdout.decode()
    check("newer version" in message and "新しいバージョン" in message, f"the package says: {message}")
    check(status["rules"]["rejected"] == 0, f"rules were rejected: {status['rules']}")
    sensors = {s["name"]: s for s in status["sensors"]}
    check({"process", "registry", "service", "task"} <= set(sensors), f"sensors: {sorted(sensors)}")
    # Wine has neither ETW nor WMI events: the process sensor must say so and poll.
    check(sensors["process"]["health"] == "degraded" and sensors["process"]["source"] == "poll",
          f"process sensor: {sensors['process']}")
    # Nor has it an event log or WMI subscriptions: no fault of the PC, and must not look like one.
    for name in ("wmi", "eventlog", "sysmon"):
        check(sensors[name]["health"] == "absent", f"{name}: {sensors[name]}")
    # What comes by ETW alone is not seen there, and must not look as if it were.
    blind = {s["name"] for s in status["sensors"] if s["health"] == "blind"}
    check(blind == {"script", "dns"}, f"blind: {sorted(blind)}")


def tray__started_by_hand__connects_in_japanese(world):
    world.tray = world.installed.start_tray()
    tray = world.installed.trays()[0]
    check(tray["language"] == "ja", f"the tray speaks {tray['language']}")


def drill__played__raises_the_alarm_at_every_step(world):
    code, text = world.box.run([world.installed.program("emoguard.exe"), "drill"], timeout=120, check=False)
    check(code == 0, f"the drill ended with {code}: {text}")
    for step, rule in RULES.items():
        check(hits_of(world, rule), f"no hit for: {step}")
    rows = hits_of(world, RULES["encoded powershell"])
    check(rows[0]["program"].lower().endswith("powershell.exe"), f"program: {rows[0]['program']}")
    check(rows[0]["parent"].lower().endswith("winword.exe"), f"parent: {rows[0]['parent']}")
    event = json.loads(world.installed.query("SELECT json FROM event WHERE id = ?", rows[0]["event_id"])[0]["json"])
    check("-EncodedCommand" in event["fields"]["CommandLine"], "the evidence lacks the command line")


def drill__over__leaves_nothing_behind(world):
    check(world.box.registry("HKCU\\" + RUN_KEY, "EmoGuardDrill") is None, "the Run value is still there")
    check(world.box.registry(r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\EmoGuardDrill")
          is None, "the task is still in the registry")
    left = [p for p in world.box.prefix.glob("drive_c/**/*EmoGuardDrill*")]
    check(not left, f"left behind: {left}")


def window__after_the_drill__is_on_the_screen_with_its_title(world):
    def shown():
        windows = [t["window"] for t in world.installed.trays() if t.get("window")]
        return windows[0] if windows else None
    title = wait_for(shown, 20, "the tray to report its window", 0.2)
    check(title.startswith("EmoGuard"), f"the window is called {title!r}")
    wait_for(lambda: title in world.box.window_titles(), 10, f"a window named {title!r} on the screen")
    check(world.installed.query("SELECT 1 FROM hit WHERE shown_time > 0"), "no hit is marked as shown")
    windows = [text for text in world.box.window_titles() if text.startswith("EmoGuard: ")]
    check(len(windows) == 1, f"{len(windows)} alert windows: {windows}")
    picture = world.box.screenshot(world.folder / "window.png")
    colours = subprocess.run(["/usr/bin/convert", picture, "-format", "%k", "info:"], stdout=subprocess.PIPE,
                             check=True).stdout
    check(int(colours) > 50, "the screen is blank")


def stories(world):
    return world.installed.query("SELECT * FROM incident WHERE absorbed_by = 0 ORDER BY id")


def incident__of_the_drill__is_one_with_the_whole_chain(world):
    rows = stories(world)
    check(len(rows) == 1, f"{len(rows)} incidents: {[row['story'] for row in rows]}")
    story = json.loads(rows[0]["story"])
    chain = [(step["role"], step["name"].lower(), step["suspicious"]) for step in story["steps"]]
    roles = [role for role, _, _ in chain]
    check({"document", "commands", "part"} <= set(roles), f"the chain is {chain}")
    check(roles.index("document") < roles.index("commands") < roles.index("part"), f"the chain is {chain}")
    check({"autostart", "task"} <= set(roles), f"the chain is {chain}")
    check(("commands", "powershell.exe", True) in chain, f"the chain is {chain}")
    hits = world.installed.query("SELECT count(*) AS n FROM hit WHERE incident_id <> ?", rows[0]["id"])
    check(hits[0]["n"] == 0, "a hit of the drill is in no incident")


def emoguard(world, *words):
    return world.box.run([world.installed.program("emoguard.exe"), *words], check=False)


def answer__given_in_the_window__is_kept_and_told(world):
    story = stories(world)[0]["id"]
    check(not world.installed.query("SELECT 1 FROM answer"), "there is an answer already")
    width, height = map(int, world.box.screen.split("x")[:2])
    subprocess.run(["xdotool", "mousemove", str(width // 2), str(height // 2 - 40), "click", "1", "key", "--delay", "300",
                    "alt+2"], env=world.box.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rows = wait_for(lambda: world.installed.query("SELECT * FROM answer"), 10, "the answer in the database", 0.2)
    check([(row["incident_id"], row["answer"]) for row in rows] == [(story, "unknown")], f"{[dict(row) for row in rows]}")
    check("\\" in rows[0]["user"] and rows[0]["time"] > 0, f"who and when: {dict(rows[0])}")
    world.box.screenshot(world.folder / "answered.png")


def incidents__asked_for__tell_the_story_by_its_code(world):
    code, text = emoguard(world, "incidents", "list", "--json")
    listed = json.loads(text)
    check(code == 0 and listed["answer"] == "unknown", f"listed: {text}")
    code, text = emoguard(world, "hits", "show", listed["code"])
    check(code == 0 and f"Incident {listed['code']}" in text, f"shown: {text}")
    for part in ("[ja]", "[en]", "powershell.exe", "EmoGuardDrill", "unknown"):
        check(part in text, f"{part} is not in: {text}")
    told = json.loads(emoguard(world, "incidents", "show", listed["code"], "--json")[1])
    check(len(told["hits"]) >= len(RULES) and told["answers"][0]["answer"] == "unknown", f"shown: {told}")
    check(emoguard(world, "incidents", "show", "999")[0] == 3, "an incident that is not there is shown")


def incident__resolved__is_closed(world):
    story = stories(world)[0]["id"]
    code, text = emoguard(world, "incidents", "resolve", str(story))
    check(code == 0, f"resolve ended with {code}: {text}")
    check(stories(world)[0]["resolved_time"] > 0, "it is still open")
    check(emoguard(world, "incidents", "list", "--open")[1].startswith("No incidents"), "it is listed as open")
    check(emoguard(world, "incidents", "resolve", "999")[0] == 3, "an incident that is not there was resolved")


def except_again(world, number):
    """The hit of one more value that starts the same library: shown, or hidden."""
    rule, before = RULES["run value with a library"], last_hit(world)
    write_run_value(world, f"EgExcept{number}", bad_command("except"))
    return wait_for(lambda: hits_of(world, rule, before), 60, f"the hit of the value {number}")[0]


def exception__made_of_a_hit__hides_it_until_it_is_revoked(world):
    hit = except_again(world, 0)
    words = ["exceptions", "add", "--from-hit", str(hit["id"]), "--why", "a test", "--json"]
    preview = json.loads(emoguard(world, *words, "--dry-run")[1])
    check(preview["would_hide"]["hits"] == hit["count"] and not preview["made"], f"preview: {preview}")
    code, text = emoguard(world, *words, "--yes")
    made = json.loads(text)["made"]
    check(code == 0 and len(made) == 1, f"made: {text}")
    hidden = except_again(world, 1)
    check(hidden["exception_id"] == made[0], "it was not hidden")
    check(hidden["shown_time"] == 0 and hidden["incident_id"] == 0, "a hidden hit was told")
    check("except.dll" in emoguard(world, "hits", "list", "--hidden")[1], "hidden hits are not listed")
    counted = world.installed.query("SELECT hits FROM exception")[0]["hits"]
    check(counted >= 1, f"{counted} counted")
    code, text = emoguard(world, "exceptions", "revoke", str(made[0]))
    check(code == 0, f"revoke: {text}")
    check(except_again(world, 2)["exception_id"] == 0, "it is not shown again")
    for number in range(3):
        delete_run_value(world, f"EgExcept{number}")


def exceptions__of_the_rule_pack__are_listed_with_its_name(world):
    path = world.box.path(world.installed.PROGRAMS + r"\rules\exceptions.json")
    path.write_text(json.dumps({"exceptions": [{"id": 5, "rule": SERVICE_RULE, "path": r"C:\Tools\*", "reason": "ours",
                                                "created_time": "2026-11-23T00:00:00Z", "expires_time": None}]}))
    listed = [json.loads(line) for line in emoguard(world, "exceptions", "list", "--json")[1].splitlines()]
    check([(row["scope"], row["source"], row["id"]) for row in listed] == [("pack", "emoguard-default", 5)], f"{listed}")
    check("rule pack emoguard-default" in emoguard(world, "exceptions", "list")[1], "the text does not name the pack")
    path.unlink()


def drill__killed_half_way__is_cleaned_up_by_hand(world):
    drill = world.box.start([world.installed.program("emoguard.exe"), "drill", "--hold", "60"])
    wait_for(lambda: world.box.registry("HKCU\\" + RUN_KEY, "EmoGuardDrill"), 30, "the drill's Run value")
    check(world.box.kill_program("emoguard.exe") > 0, "no drill to kill")
    drill.wait(20)
    world.box.run([world.installed.program("emoguard.exe"), "drill", "--clean"])
    drill__over__leaves_nothing_behind(world)


def service__killed_in_the_middle__loses_nothing(world):
    before = last_hit(world)
    for number in range(12):
        write_run_value(world, f"EgKill{number}", bad_command(f"kill{number}"))
        if number == 5:
            stored = [row["id"] for row in world.installed.query("SELECT id FROM hit WHERE id > ?", before)]
            check(world.box.kill_program("emoguard-service.exe") == 1, "no service to kill")
    kept = {row["id"] for row in world.installed.query("SELECT id FROM hit WHERE id > ?", before)}
    check(set(stored) <= kept, "hits that were stored are gone")
    check(world.installed.query("PRAGMA integrity_check")[0][0] == "ok", "the database is damaged")
    # Wine's service manager notices that the process is gone when it is asked to start the service again.
    start_service(world)

    def found():
        rows = world.installed.query("SELECT event.json AS json FROM hit JOIN event ON event.id = hit.event_id "
                                     "WHERE hit.id > ?", before)
        return {json.loads(row["json"])["fields"].get("TargetObject", "").rsplit("\\", 1)[-1] for row in rows}
    wanted = {f"EgKill{number}" for number in range(12)}
    wait_for(lambda: wanted <= found(), 30, f"hits for values written around the kill ({sorted(wanted)})", 0.5)
    for number in range(12):
        delete_run_value(world, f"EgKill{number}")


def restart__with_everything_known__tells_nothing_twice(world):
    write_run_value(world, "EgTwice", bad_command("twice"))
    wait_for(lambda: hits_of(world, RULES["run value with a library"], 0)[-1]["program"].find("twice") >= 0, 15,
             "the hit of EgTwice")
    stop_service(world)
    before = last_hit(world)  # only now: another rule may have met EgTwice as well
    start_service(world)
    # A later value is found after the snapshot of the restart: whatever the snapshot had to tell is told by then.
    write_run_value(world, "EgAfter", bad_command("after"))
    wait_for(lambda: last_hit(world) > before, 15, "the hit of EgAfter")
    rows = [row["program"] for row in world.installed.query("SELECT program FROM hit WHERE id > ?", before)]
    check(not any("twice" in program for program in rows), f"told again: {rows}")
    delete_run_value(world, "EgTwice")
    delete_run_value(world, "EgAfter")


def told_of(world, before):
    """What the hits since `before` are about: name of the value, task or service -> the events."""
    told = {}
    for row in world.installed.query("SELECT event.json AS json FROM hit JOIN event ON event.id = hit.event_id "
                                     "WHERE hit.id > ? GROUP BY event.id", before):
        event = json.loads(row["json"])
        fields = event["fields"]
        name = fields.get("TargetObject") or fields.get("TaskName") or fields.get("ServiceName")
        if name:  # and not a process that wrote it
            told.setdefault(name.rsplit("\\", 1)[-1], []).append(event)
    return told


def write_task(world, name, library):
    folder = world.box.path(r"C:\windows\system32\tasks")
    folder.mkdir(parents=True, exist_ok=True)
    text = ('<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" '
            'xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions><Exec>'
            f"<Command>regsvr32.exe</Command><Arguments>{bad_command(library)[13:]}</Arguments>"
            "</Exec></Actions></Task>").replace('/s "', "/s &quot;").replace('.dll"', ".dll&quot;")
    (folder / name).write_text(text, "utf-16")
    return folder / name


def wait_saved(world, *names):
    """Until the baseline in the database has what was told live."""
    def saved():
        rows = world.installed.query("SELECT name FROM baseline WHERE sensor = 'registry'")
        return set(names) <= {row["name"].rsplit("\\", 1)[-1] for row in rows}
    wait_for(saved, 15, f"{names} in the baseline", 0.2)


def service__stopped__tells_once_what_changed_meanwhile(world):
    rule = world.box.path(world.installed.PROGRAMS + r"\rules\sigma\zz_gone.yml")
    rule.write_text("title: Gone\nid: 00000000-0000-4000-8000-000000000002\nlevel: high\nlogsource:\n"
                    "  product: windows\n  category: registry_delete\ndetection:\n  selection:\n"
                    "    TargetObject|endswith: '\\EgGone'\n  condition: selection\n")
    stop_service(world)
    start_service(world)
    write_run_value(world, "EgChanged", bad_command("old"))
    write_run_value(world, "EgGone", bad_command("gone"))
    wait_saved(world, "EgChanged", "EgGone")
    stop_service(world)
    before = last_hit(world)
    write_run_value(world, "EgChanged", bad_command("new"))
    write_run_value(world, "EgWritten", bad_command("written"))
    delete_run_value(world, "EgGone")
    world.box.run(["sc", "create", "EgDown", "binPath=", r"C:\users\Public\AppData\Local\Temp\down.exe"])
    task = write_task(world, "EgDownTask", "down")
    start_service(world)
    wanted = {"EgChanged", "EgWritten", "EgGone", "EgDown", "EgDownTask"}
    wait_for(lambda: wanted <= set(told_of(world, before)), 40, f"hits for {sorted(wanted)}", 0.5)
    told = told_of(world, before)
    for name in wanted:
        check(all("changed_while_down" in event.get("flags", []) for event in told[name]), f"{name}: {told[name]}")
        check(len(told[name]) == 1, f"{name} is told {len(told[name])} times")
    check(told["EgChanged"][0]["fields"]["PreviousDetails"] == bad_command("old"), f"{told['EgChanged']}")
    check(told["EgChanged"][0]["fields"]["Details"] == bad_command("new"), f"{told['EgChanged']}")
    check("PreviousDetails" not in told["EgWritten"][0]["fields"], f"{told['EgWritten']}")
    check(told["EgGone"][0]["fields"]["PreviousDetails"] == bad_command("gone"), f"{told['EgGone']}")
    check(told["EgGone"][0]["event_id"] == 12, f"{told['EgGone']}")
    stop_service(world)
    before = last_hit(world)
    start_service(world)
    write_run_value(world, "EgAfterwards", bad_command("afterwards"))
    wait_for(lambda: "EgAfterwards" in told_of(world, before), 15, "the hit of EgAfterwards")
    time.sleep(7)  # differences wait for five seconds before they are told
    check(set(told_of(world, before)) == {"EgAfterwards"}, f"told again: {sorted(told_of(world, before))}")
    for name in ("EgChanged", "EgWritten", "EgAfterwards"):
        delete_run_value(world, name)
    world.box.run(["sc", "delete", "EgDown"])
    task.unlink()
    rule.unlink()


def service__killed__tells_once_what_changed_meanwhile(world):
    before = last_hit(world)
    write_run_value(world, "EgLive", bad_command("live"))
    wait_for(lambda: "EgLive" in told_of(world, before), 15, "the hit of EgLive", 0.05)
    check(world.box.kill_program("emoguard-service.exe") == 1, "no service to kill")
    write_run_value(world, "EgDead", bad_command("dead"))
    start_service(world)
    wait_for(lambda: "EgDead" in told_of(world, before), 40, "the hit of EgDead", 0.5)
    time.sleep(7)
    told = told_of(world, before)
    check("changed_while_down" in told["EgDead"][0].get("flags", []), f"{told['EgDead']}")
    check([len(told[name]) for name in ("EgLive", "EgDead")] == [1, 1], f"told more than once: {told}")
    delete_run_value(world, "EgLive")
    delete_run_value(world, "EgDead")


def service__created_in_a_user_folder__raises_the_alarm(world):
    before = last_hit(world)
    programs = {"EgGood": r"C:\Program Files\Vendor\good.exe", "EgBad": r"C:\users\Public\AppData\Local\Temp\bad.exe"}
    for name, program in programs.items():
        world.box.run(["sc", "create", name, "binPath=", program])
    row = wait_for(lambda: hits_of(world, SERVICE_RULE, before), 15, "the hit of the service EgBad")[0]
    check(row["program"].endswith("bad.exe"), f"program: {row['program']}")
    event = json.loads(world.installed.query("SELECT json FROM event WHERE id = ?", row["event_id"])[0]["json"])
    fields = event["fields"]
    check(fields["ServiceName"] == "EgBad" and fields["ServiceType"] == "user mode service", f"fields: {fields}")
    rows = world.installed.query("SELECT program FROM hit WHERE id > ?", before)
    check(not any("good.exe" in row["program"] for row in rows), "an ordinary service raised the alarm")
    for name in programs:
        world.box.run(["sc", "delete", name])


def winlogon__changed__is_seen(world):
    rule = world.box.path(world.installed.PROGRAMS + r"\rules\sigma\zz_winlogon.yml")
    rule.write_text("title: Winlogon\nid: 00000000-0000-4000-8000-000000000001\nlevel: high\nlogsource:\n"
                    "  product: windows\n  category: registry_set\ndetection:\n  selection:\n"
                    "    TargetObject|endswith: '\\Winlogon\\Taskman'\n    Details|endswith: 'eg.exe'\n"
                    "  condition: selection\n")
    stop_service(world)
    start_service(world)
    key = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\Winlogon"
    world.box.run(["reg", "add", key, "/v", "Taskman", "/d", r"C:\eg.exe", "/f"])
    wait_for(lambda: hits_of(world, "00000000-0000-4000-8000-000000000001"), 15, "the hit of the Winlogon value")
    world.box.run(["reg", "delete", key, "/v", "Taskman", "/f"])
    rule.unlink()


def tray__after_a_restart_of_the_service__connects_again(world):
    check(world.tray.poll() is None, "the tray has ended")
    # The window of the drill is still open: the new service hears of it.
    wait_for(lambda: any(t.get("window") for t in world.installed.trays()), 20, "the tray to tell its window", 0.2)


def hit__made_without_a_tray__is_shown_when_one_comes(world):
    world.box.kill_program("emoguard-tray.exe")
    wait_for(lambda: not world.installed.trays(), 20, "the service to see that the tray is gone", 0.2)
    before = last_hit(world)
    write_run_value(world, "EgLater", bad_command("later"))
    row = wait_for(lambda: hits_of(world, RULES["run value with a library"], before), 15, "the hit of EgLater")[0]
    check(row["shown_time"] == 0, "it is marked as shown although nobody was there")
    world.tray = world.installed.start_tray()
    wait_for(lambda: any(t.get("window") for t in world.installed.trays()), 20, "a window of the new tray", 0.2)
    delete_run_value(world, "EgLater")


def second_instance__started__refuses(world):
    code, text = world.box.run([world.installed.program("emoguard-service.exe"), "--console"], timeout=30, check=False)
    check(code != 0, f"a second instance ran: {text}")
    check(service_state(world) == "RUNNING", "the first instance is gone")


def rule__broken__is_named_and_the_rest_runs(world):
    broken = world.box.path(world.installed.PROGRAMS + r"\rules\sigma\zz_broken.yml")
    broken.write_text("title: Broken\nid: 00000000-0000-4000-8000-000000000000\nlogsource:\n  product: windows\n"
                      "detection:\n  selection:\n    Image|nonsense: x\n  condition: selection\n")
    stop_service(world)
    status = start_service(world)
    problems = json.dumps(status["rules"]["problems"])
    check(status["rules"]["rejected"] == 1, f"rules: {status['rules']}")
    check("zz_broken.yml" in problems and "nonsense" in problems, f"problems: {problems}")
    check(status["rules"]["loaded"] > 40, f"loaded only {status['rules']['loaded']}")
    broken.unlink()


def database__damaged__is_moved_aside_and_reported(world):
    stop_service(world)
    path = world.installed.database()
    path.write_bytes(b"this is not a database" * 1000)
    status = start_service(world)
    check(any("damaged" in notice["text"] for notice in status["notices"]), f"notices: {status['notices']}")
    check(list(path.parent.glob("emoguard.db.damaged-*")), "the damaged file is gone")
    write_run_value(world, "EgNew", bad_command("new"))
    wait_for(lambda: hits_of(world, RULES["run value with a library"]), 15, "a hit in the new database")
    delete_run_value(world, "EgNew")
    for aside in path.parent.glob("emoguard.db.damaged-*"):
        aside.unlink()


def tray__without_a_screen__ends_with_a_message(world):
    # A Windows of its own: the one of the other scenarios has a desktop, which is there for every program.
    env = {**world.box.env, "DISPLAY": "", "XAUTHORITY": "", "WINEPREFIX": str(world.folder / "no-screen")}
    shutil.rmtree(env["WINEPREFIX"], ignore_errors=True)
    program = world.box.path(world.installed.program("emoguard-tray.exe"))
    server = shutil.which("wineserver") or "/usr/lib/wine/wineserver"
    try:
        done = subprocess.run([world.box_wine, program], env=env, timeout=180, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    finally:
        subprocess.run([server, "-k", "-w"], env=env, timeout=60, check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    check(done.returncode != 0, "it pretends to run")
    check("EmoGuard" in done.stdout.decode("utf-8", "replace"), f"it does not say why: {done.stdout!r}")


def export__of_all_hits__is_read_by_others(world):
    before = last_hit(world)
    code, text = world.box.run([world.installed.program("emoguard.exe"), "hits", "export"])
    lines = [json.loads(line) for line in text.splitlines()]
    # more may come meanwhile: a flood is still being worked off
    check(before <= len(lines) <= last_hit(world), f"{len(lines)} lines for {before} to {last_hit(world)} hits")
    code, text = world.box.run([world.installed.program("emoguard.exe"), "hits", "show", str(lines[0]["id"])])
    check("[ja]" in text and "[en]" in text, "show lacks a language")


def upgrade__to_a_newer_package__keeps_the_hits(world):
    before = last_hit(world)
    check(before > 0, "no hits to keep")
    world.installed.install(world.newer_msi)
    world.installed.wait_ready()
    check(last_hit(world) >= before, "hits are lost")
    check(world.box.registry("HKLM\\" + RUN_KEY, "EmoGuard"), "the tray's Run value is lost")


def leftovers(world):
    data = world.box.path(world.installed.DATA)
    left = [str(p.relative_to(world.box.prefix)) for p in data.rglob("*")] if data.exists() else []
    programs = world.box.path(world.installed.PROGRAMS)
    left += [str(p.relative_to(world.box.prefix)) for p in programs.rglob("*")] if programs.exists() else []
    if programs.exists():
        left.append("the program folder")
    if world.box.registry(UNINSTALL_SERVICE_KEY):
        left.append("the service")
    if world.box.registry("HKLM\\" + RUN_KEY, "EmoGuard"):
        left.append("the tray's Run value")
    if world.box.registry(r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\EmoGuard"):
        left.append("the event-log source")
    return left


def remove__while_the_service_runs__leaves_its_data(world):
    code, said = world.box.run([world.installed.program("emoguard-service.exe"), "--unconfigure"], 60, check=False)
    check(code != 0, f"it removed the data of a running service: {said}")
    check(world.installed.database().exists() and service_state(world) == "RUNNING", "the service does not work on")


def uninstall__keeps_only_the_hit_database(world):
    world.box.kill_program("emoguard-tray.exe")
    world.installed.uninstall(world.newer_msi)
    wait_for(lambda: set(leftovers(world)) <= {"drive_c/ProgramData/EmoGuard/emoguard.db"}, 20,
             f"everything but the database to go; left: {leftovers(world)}", 0.5)
    check(leftovers(world), "the hit database is gone")


def uninstall__when_asked__removes_the_database_too(world):
    world.installed.install(world.msi)
    world.installed.wait_ready()
    check(last_hit(world) > 0, "the kept database was not taken up again")
    world.installed.uninstall(world.msi, "REMOVEDATA=1")
    wait_for(lambda: not leftovers(world), 20, f"everything to go; left: {leftovers(world)}", 0.5)


SCENARIOS = [
    install__on_a_fresh_system__starts_the_service,
    tray__started_by_hand__connects_in_japanese,
    *check_scenarios.CLEAN,
    drill__played__raises_the_alarm_at_every_step,
    drill__over__leaves_nothing_behind,
    window__after_the_drill__is_on_the_screen_with_its_title,
    colour_scenarios.window__while_it_is_open__takes_the_colours_chosen,
    incident__of_the_drill__is_one_with_the_whole_chain,
    scan_scenarios.library__of_the_drill__was_found_by_every_step,
    answer__given_in_the_window__is_kept_and_told,
    incidents__asked_for__tell_the_story_by_its_code,
    incident__resolved__is_closed,
    exception__made_of_a_hit__hides_it_until_it_is_revoked,
    exceptions__of_the_rule_pack__are_listed_with_its_name,
    drill__killed_half_way__is_cleaned_up_by_hand,
    *check_scenarios.AFTER_DRILL,
    service__killed_in_the_middle__loses_nothing,
    restart__with_everything_known__tells_nothing_twice,
    service__stopped__tells_once_what_changed_meanwhile,
    service__killed__tells_once_what_changed_meanwhile,
    service__created_in_a_user_folder__raises_the_alarm,
    winlogon__changed__is_seen,
    tray__after_a_restart_of_the_service__connects_again,
    answer_scenarios.answer__given_while_the_service_restarts__arrives_once,
    hit__made_without_a_tray__is_shown_when_one_comes,
    *tray_scenarios.SCENARIOS,
    second_instance__started__refuses,
    rule__broken__is_named_and_the_rest_runs,
    *scan_scenarios.SCENARIOS,
    *etw_scenarios.SCENARIOS,
    *flood_scenarios.SCENARIOS,
    tray__without_a_screen__ends_with_a_message,
    export__of_all_hits__is_read_by_others,
    upgrade__to_a_newer_package__keeps_the_hits,
    database__damaged__is_moved_aside_and_reported,
    remove__while_the_service_runs__leaves_its_data,
    uninstall__keeps_only_the_hit_database,
    uninstall__when_asked__removes_the_database_too,
]
