# SPDX-License-Identifier: Apache-2.0
"""The service as it is on simulated ETW: the part of the story that Wine has no ETW for.

The installed program gives way to one of the same sources that was linked with tests/etw_double instead of Windows'
tracing functions, and comes back at the end. Everything else is the installed product: service manager, pipe, store.
"""
import json
import shutil
import time

import etw_feed
from answer_scenarios import resolve_all, text_of
from flood_scenarios import Hand, close_windows
from winebox import BoxError, wait_for

SYSTEM, PROVIDERS = "EmoGuard-Sys", "EmoGuard-Providers"
TAMPERED_RULE = "fab54bb9-1eb0-4a39-b5f9-779bb1dc616d"
LOST_RULE = "00000000-0000-4000-8000-000000000002"
RESYNC_RULE = "00000000-0000-4000-8000-000000000003"
LOST = """title: Lost
id: %s
level: low
logsource:
  product: windows
  category: emoguard
detection:
  selection:
    Reason: telemetry_lost
  condition: selection
""" % LOST_RULE
RESYNC = """title: Found later
id: %s
level: low
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    CommandLine|contains: EgResync
  condition: selection
""" % RESYNC_RULE
WRITTEN_RULE = "00000000-0000-4000-8000-000000000004"
WRITTEN = """title: Written
id: %s
level: low
logsource:
  product: windows
  category: registry_set
detection:
  selection:
    TargetObject|contains: '\\Run\\EgWriter'
  condition: selection
""" % WRITTEN_RULE
RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
ACCESS_DENIED = 0xC0000022
BASELINE_HOLD_SECONDS = 5
FLOOD, FLOOD_AT_ONCE = 10_000, 500
# The chain of Emotet, with process numbers that nobody else has, and the rules that must see it.
WORD = r"\Device\HarddiskVolume2\Program Files\Microsoft Office\root\Office16\WINWORD.EXE"
POWERSHELL = r"\Device\HarddiskVolume2\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
REGSVR32 = r"\Device\HarddiskVolume2\Windows\System32\regsvr32.exe"
CHAIN_RULES = {
    "office starts powershell": "c5802bca-d6ee-4937-bc9b-00823d76ec40",
    "encoded powershell": "a93e4524-7f56-4cf2-9f1c-dadbbca1a30c",
    "regsvr32 on a user folder": "c08a191b-95c4-4134-86da-510575068f23",
}


def check(condition, text):
    if not condition:
        raise BoxError(text)


def hits_after(world, rule, newest):
    return world.installed.query("SELECT hit.*, event.json AS json FROM hit JOIN event ON event.id = hit.event_id "
                                 "WHERE rule_id = ? AND hit.id > ? ORDER BY hit.id", rule, newest)


def newest_hit(world):
    return world.installed.query("SELECT coalesce(max(id), 0) AS id FROM hit")[0]["id"]


def fields_of(row):
    return json.loads(row["json"])["fields"]


def process_sensor(world):
    status = world.installed.status()
    return next((s for s in status["sensors"] if s["name"] == "process"), None) if status else None


def wait_full(world):
    def full():
        sensor = process_sensor(world)
        return sensor if sensor and sensor["health"] == "full" and sensor["source"] == "etw" else None
    return wait_for(full, 30, "the process sensor to be full by etw", 0.2)


def restart(world, put_in_place):
    world.box.run(["sc", "stop", "EmoGuard"], check=False)
    wait_for(lambda: "STOPPED" in world.box.run(["sc", "query", "EmoGuard"], check=False)[1], 20, "the service to stop")
    put_in_place()
    world.box.run(["sc", "start", "EmoGuard"])
    world.installed.wait_ready()


def play_chain(world, first_pid):
    """The records of one infection, as if Windows had written them."""
    word, shell, loader = first_pid, first_pid + 4, first_pid + 8
    user = r"C:\Users\y.tanaka"
    world.etw.tell(
        *etw_feed.start(word, 4, WORD, rf'"WINWORD.EXE" /n "{user}\Downloads\invoice{word}.docm"', first_pid),
        *etw_feed.start(shell, word, POWERSHELL, "powershell -w hidden -encodedCommand SQBFAFgA" + str(word), first_pid + 1),
        *etw_feed.start(loader, shell, REGSVR32, rf"regsvr32 /s {user}\AppData\Local\Temp\eg{word}.dll", first_pid + 2))


def wait_for_chain(world, newest):
    for step, rule in CHAIN_RULES.items():
        wait_for(lambda rule=rule: hits_after(world, rule, newest), 20, f"a hit for: {step}", 0.2)


def simulated_etw__emotet_chain__hits_by_full_telemetry(world):
    program = world.box.path(world.installed.program("emoguard-service.exe"))
    kept = world.folder / "service-kept.exe"
    rules = world.box.path(world.installed.PROGRAMS + r"\rules\sigma")
    world.etw_files = [rules / "zz_lost.yml", rules / "zz_resync.yml", rules / "zz_written.yml",
                       program.with_name(program.name + ".etw")]

    def swap():
        shutil.copy(program, kept)
        shutil.copy(world.build / "tests/emoguard-service.exe", program)
        world.etw_files[0].write_text(LOST)
        world.etw_files[1].write_text(RESYNC)
        world.etw_files[2].write_text(WRITTEN)
        world.etw = etw_feed.Feed(world.etw_files[3])
    world.etw_kept = kept
    restart(world, swap)
    wait_full(world)
    newest = newest_hit(world)
    play_chain(world, 0x7FFF0000)
    wait_for_chain(world, newest)
    row = hits_after(world, CHAIN_RULES["encoded powershell"], newest)[0]
    fields = fields_of(row)
    check(row["parent"].lower().endswith("winword.exe"), f"parent: {row['parent']}")
    check(fields["IntegrityLevel"] == "Medium", f"nothing of the second record: {fields}")
    check("-encodedCommand" in fields["CommandLine"], f"nothing of the first record: {fields}")


def write_value(world, name, text, *records):
    """Writes with reg.exe, while the records are told again and again: its start may take longer than they count."""
    newest = newest_hit(world)

    def told():
        world.etw.tell(*records)
        return [f for f in map(fields_of, hits_after(world, WRITTEN_RULE, newest)) if f["TargetObject"].endswith(name)]
    world.etw.tell(*records)
    world.box.start(["reg", "add", RUN_KEY, "/v", name, "/d", text, "/f"])
    return wait_for(told, 30, f"a hit for {name}", 0.3)


def simulated_etw__value_written__names_the_writer(world):
    word, shell = 0x7FFF0000, 0x7FFF0004  # of the chain above
    told = write_value(world, "EgWriter", "one", etw_feed.registry_set(word, "EgWriter", "one"))
    check(len(told) == 1 and told[0]["Details"] == "one", f"told: {told}")
    check(told[0].get("ProcessId") == str(word), f"the writer is not named: {told[0]}")
    check(told[0].get("Image", "").lower().endswith("winword.exe"), f"its program is not named: {told[0]}")
    told = write_value(world, "EgWriter", "two", etw_feed.registry_set(word, "EgWriter", "one"),
                       etw_feed.registry_set(word, "EgWriter", "two", ACCESS_DENIED),
                       etw_feed.registry_set(shell, "EgWriterToo", "two"))
    check(len(told) == 1 and told[0]["PreviousDetails"] == "one", f"told: {told}")
    check("ProcessId" not in told[0] and "Image" not in told[0], f"a process that did not write it is named: {told[0]}")


def simulated_etw__writes_lost__value_is_told_once(world):
    newest = newest_hit(world)
    world.etw.tell({"do": "lose", "session": PROVIDERS, "count": 5})
    told = write_value(world, "EgWriterLost", "lost")
    check("ProcessId" not in told[0], f"a writer out of nothing: {told[0]}")
    wait_for(lambda: hits_after(world, LOST_RULE, newest), 20, "the agent event of the loss", 0.2)
    # what a comparing after the loss would tell too many is held back for five seconds
    time.sleep(BASELINE_HOLD_SECONDS + 1)
    told = hits_after(world, WRITTEN_RULE, newest)
    check(len(told) == 1, f"told {len(told)} times")


def simulated_etw__records_lost__is_told_and_made_good(world):
    newest = newest_hit(world)
    world.box.path(r"C:\EgResync.txt").write_text("a program of which no record tells\n")
    world.box.start(["notepad", r"C:\EgResync.txt"])
    wait_for(lambda: any("EgResync" in title for title in world.box.window_titles()), 30, "the window of the untold program")
    check(not hits_after(world, RESYNC_RULE, newest), "a start that ETW did not tell was seen before anything was lost")
    world.etw.tell({"do": "lose", "session": SYSTEM, "count": 7})
    lost = wait_for(lambda: hits_after(world, LOST_RULE, newest), 20, "the agent event of the loss", 0.2)[0]
    check(fields_of(lost)["Sensor"] == "process" and fields_of(lost)["Count"] == "7", f"event: {fields_of(lost)}")
    wait_for(lambda: hits_after(world, RESYNC_RULE, newest), 20, "the process list to be compared", 0.2)
    world.box.kill_program("notepad.exe")
    check(not hits_after(world, TAMPERED_RULE, newest), "a loss was taken for tampering")


def simulated_etw__session_stopped__is_told_and_comes_back(world):
    newest = newest_hit(world)
    world.etw.tell({"do": "stop", "session": SYSTEM})
    row = wait_for(lambda: hits_after(world, TAMPERED_RULE, newest), 20, "the alarm about the stopped session", 0.2)[0]
    check("stopped from outside" in fields_of(row)["Description"], f"event: {fields_of(row)}")
    wait_full(world)
    play_chain(world, 0x7FFF1000)
    wait_for_chain(world, newest)


def simulated_etw__provider_disabled__is_told_and_enabled_again(world):
    newest = newest_hit(world)
    world.etw.tell({"do": "disable", "session": PROVIDERS, "provider_id": etw_feed.PROCESS_PROVIDER})
    row = wait_for(lambda: hits_after(world, TAMPERED_RULE, newest), 30, "the alarm about the disabled provider", 0.5)[0]
    check("disabled" in fields_of(row)["Description"], f"event: {fields_of(row)}")
    play_chain(world, 0x7FFF2000)
    wait_for_chain(world, newest)
    row = hits_after(world, CHAIN_RULES["encoded powershell"], newest)[0]
    check(fields_of(row).get("IntegrityLevel") == "Medium", f"the provider is not back: {fields_of(row)}")


def counted(world, rule, newest):
    return sum(row["count"] for row in hits_after(world, rule, newest))


def same_program__started_ten_thousand_times__is_one_record_and_one_window(world):
    """With the service started again half way; each start has a process number of its own."""
    hand = Hand(world)
    resolve_all(world)  # the window is to be that of this story
    close_windows(world, hand)
    rule, newest, dropped = CHAIN_RULES["regsvr32 on a user folder"], newest_hit(world), 0
    command = r"regsvr32 /s C:\Users\y.tanaka\AppData\Local\Temp\egflood.dll"
    for first in range(0, FLOOD, FLOOD_AT_ONCE):
        if first == FLOOD // 2:
            dropped += world.installed.status()["counters"]["dropped"]
            restart(world, lambda: world.etw.path.write_bytes(b""))
            wait_full(world)
        for number in range(first, first + FLOOD_AT_ONCE):
            world.etw.tell(*etw_feed.start(0x7FF80000 + 4 * number, 4, REGSVR32, command, 0x7FFF4000 + number))
        wait_for(lambda end=first + FLOOD_AT_ONCE: counted(world, rule, newest) + dropped >= end, 120,
                 f"start {first + FLOOD_AT_ONCE} to be counted", 0.2)
    dropped += world.installed.status()["counters"]["dropped"]
    rows = hits_after(world, rule, newest)
    check(dropped == 0 and [row["count"] for row in rows] == [FLOOD], f"counts {[row['count'] for row in rows]}, {dropped} dropped")
    story = world.installed.query("SELECT json_extract(story, '$.hits') AS hits FROM incident WHERE id = ?", rows[0]["incident_id"])
    check(story[0]["hits"] >= FLOOD, f"the story has {story[0]['hits']} hits")
    code, text = world.box.run([world.installed.program("emoguard.exe"), "hits", "show", str(rows[0]["id"])], check=False)
    check(code == 0 and f"{FLOOD} times, last at 20" in text and f"{FLOOD} 回、最後は 20" in text, f"hits show: {text}")
    open_windows = [title for title in world.box.window_titles() if title.startswith("EmoGuard: ")]
    check(len(open_windows) == 1, f"windows: {open_windows}")
    told = text_of("EG_TEXT_DETAIL_INCIDENT").split("%1")[1].split("%3")[0].replace("%2", str(story[0]["hits"]))
    wait_for(lambda: hand(f"says {told}@{open_windows[0]}"), 30, f"the window to say{told}", 0.3)
    hand.close()
    world.box.screenshot(world.folder / "flood.png")


def simulated_etw__over__the_installed_service_runs_again(world):
    program = world.box.path(world.installed.program("emoguard-service.exe"))

    def swap_back():
        shutil.copy(world.etw_kept, program)
        for path in world.etw_files:
            path.unlink()
    restart(world, swap_back)
    check(process_sensor(world)["source"] == "poll", f"sensor: {process_sensor(world)}")


SCENARIOS = [
    simulated_etw__emotet_chain__hits_by_full_telemetry,
    simulated_etw__value_written__names_the_writer,
    simulated_etw__writes_lost__value_is_told_once,
    simulated_etw__records_lost__is_told_and_made_good,
    simulated_etw__session_stopped__is_told_and_comes_back,
    simulated_etw__provider_disabled__is_told_and_enabled_again,
    same_program__started_ten_thousand_times__is_one_record_and_one_window,
    simulated_etw__over__the_installed_service_runs_again,
]
