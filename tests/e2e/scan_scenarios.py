# SPDX-License-Identifier: Apache-2.0
"""What YARA finds because of an event: the part of the end-to-end story that is about files."""
import json
import shutil
import time

from winebox import BoxError, wait_for, windows_path

MARKER_RULE = "b2f0f1f6-3d0c-4c4f-9f0e-6a1d2c7b5e31"
RUN_KEY = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run"
FOLDER = r"C:\users\Public"
# The harmless likeness of a document of 2020: no macro of it can run.
MACRO = (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) +
         b"Private Sub Document_Open()\r\nSet p = GetObject(\"winmgmts:Win32_Process\")\r\nEnd Sub")


def check(condition, text):
    if not condition:
        raise BoxError(text)


def found(world, name):
    """What YARA found in files of this name: rows with their evidence, the oldest first."""
    rows = world.installed.query("SELECT hit.*, event.json AS json FROM hit JOIN event ON event.id = hit.event_id "
                                 "WHERE program LIKE ? ORDER BY hit.id", "%\\" + name)
    return [(row, json.loads(row["json"])["scan"]) for row in rows if "scan" in json.loads(row["json"])]


def wait_found(world, name, reason):
    return wait_for(lambda: [f for f in found(world, name) if f[1]["reason"] == reason], 20,
                    f"a hit of YARA on {name} for {reason}", 0.2)[0]


def put_library(world, name):
    """A copy of the drill's library, which carries our marker; not yet seen by anybody."""
    path = world.box.path(FOLDER) / name
    shutil.copyfile(world.box.path(world.installed.program("emoguard-drill-payload.dll")), path)
    return path


def scans(world):
    return world.installed.status()["scans"]


def start_with(world, name):
    # Wine has no ETW: the process has to live until the list of processes is read
    world.box.run(["cmd.exe", "/c", f"ping -n 4 127.0.0.1 & regsvr32 /s {FOLDER}\\{name}"], check=False)


def library__of_the_drill__was_found_by_every_step(world):
    hits = found(world, "kqzwx.dll")
    check([hit["rule_id"] for hit, _ in hits] == [MARKER_RULE], f"not one hit of the marker's rule: {hits}")
    check(hits[0][0]["count"] >= 3, f"found {hits[0][0]['count']} times, not by command line, autostart and task")
    story = world.installed.query("SELECT min(id) AS id FROM incident")[0]["id"]
    check({hit["incident_id"] for hit, _ in hits} == {story}, "it is not part of the drill's story")


def library__in_a_command_line__is_found_and_not_read_again(world):
    library = put_library(world, "eg_process.xyz")
    start_with(world, library.name)
    hit, scan = wait_found(world, library.name, "command_line")
    check(hit["rule_id"] == MARKER_RULE, f"rule {hit['rule_id']}")
    check("EMOGUARD-DRILL-MARKER" in scan["strings"][0]["text"], f"strings: {scan['strings']}")
    before, count = scans(world), found(world, library.name)[0][0]["count"]
    start_with(world, library.name)
    wait_for(lambda: found(world, library.name)[0][0]["count"] > count, 20, "the second start to be counted", 0.2)
    check(scans(world)["remembered"] > before["remembered"], f"nothing was known: {before} {scans(world)}")
    check(len(found(world, library.name)) == 1, "told as news")
    library.unlink()


def write_values(world, key, *values):
    """By a file: a command line that names the library would be the reason to look at it."""
    source = world.folder / "scan.reg"
    source.write_text("\r\n".join(["Windows Registry Editor Version 5.00", "", f"[{key}]", *values, ""]), encoding="utf-16")
    world.box.run(["regedit", "/S", windows_path(source)])


def library__of_a_run_value__is_found(world):
    library = put_library(world, "eg_value.xyz")
    folder = FOLDER.replace("\\", "\\\\")
    write_values(world, RUN_KEY, f'"EgScan"="rundll32.exe {folder}\\\\{library.name},Go"')
    wait_found(world, library.name, "autostart")
    world.box.run(["reg", "delete", RUN_KEY, "/v", "EgScan", "/f"])
    library.unlink()


def library__of_a_service__is_found(world):
    library = put_library(world, "eg_service.xyz")
    folder = FOLDER.replace("\\", "\\\\")
    write_values(world, r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\EgScan", '"Type"=dword:10', '"Start"=dword:3',
                 f'"ImagePath"="C:\\\\windows\\\\system32\\\\regsvr32.exe /s {folder}\\\\{library.name}"')
    wait_found(world, library.name, "service")
    world.box.run(["reg", "delete", r"HKLM\SYSTEM\CurrentControlSet\Services\EgScan", "/f"])
    library.unlink()


def document__dropped_with_a_macro__is_found(world):
    document = world.box.path(FOLDER) / "eg_invoice.doc"
    document.write_bytes(MACRO)
    wait_found(world, document.name, "dropped")
    document.unlink()


def worker__killed_while_it_scans__is_made_anew_and_the_service_lives(world):
    pid = world.installed.status()["pid"]
    stops = scans(world)["worker"]["stops"]
    large = [world.box.path(FOLDER) / f"eg_large{number}.exe" for number in range(4)]
    for path in large:
        path.write_bytes(b"MZ" + b"emoguard " * 6_000_000)
    wait_for(lambda: world.box.kill_program("emoguard-worker.exe"), 20, "a worker to kill")
    library = put_library(world, "eg_after.dll")
    wait_found(world, library.name, "dropped")
    check(world.installed.status()["pid"] == pid, "the service is another one")
    worker = scans(world)["worker"]
    check(worker["stops"] > stops and worker["starts"] > worker["stops"], f"what became of the worker is not told: {worker}")
    for path in (library, *large):
        path.unlink()


def told_of_scanner(world):
    return any(notice["topic"] == "scan" for notice in world.installed.status()["notices"])


def worker__that_cannot_be_started__is_told_until_it_can(world):
    worker = world.box.path(world.installed.program("emoguard-worker.exe"))
    away = worker.with_suffix(".away")
    check(not told_of_scanner(world), "a scanner that works is said to be down")
    worker.rename(away)
    try:
        world.box.kill_program("emoguard-worker.exe")
        missed = put_library(world, "eg_missed.dll")
        wait_for(lambda: told_of_scanner(world), 60, "the notice of a scanner that is down", 0.5)
        world.box.run(["net", "stop", "EmoGuard"], 120)
        world.box.run(["net", "start", "EmoGuard"], 120, check=False)
        world.installed.wait_ready()
        wait_for(lambda: told_of_scanner(world), 120, "the notice after a restart", 0.5)
    finally:
        away.rename(worker)

    def is_back():
        library = put_library(world, f"eg_back{time.monotonic_ns()}.dll")
        time.sleep(2)
        library.unlink()
        return not told_of_scanner(world)
    wait_for(is_back, 180, "the notice to go", 1)
    missed.unlink()


def service__started_again__knows_clean_files(world):
    world.box.run(["sc", "stop", "EmoGuard"], check=False)
    verdicts = world.installed.database().with_name("emoguard.verdicts")
    wait_for(verdicts.exists, 10, "the verdicts on disk")
    world.box.run(["sc", "start", "EmoGuard"], check=False)
    world.installed.wait_ready()
    wait_for(lambda: scans(world)["remembered"] > 0, 20, "a file that is known from before", 0.2)


SCENARIOS = [
    library__in_a_command_line__is_found_and_not_read_again,
    library__of_a_run_value__is_found,
    library__of_a_service__is_found,
    document__dropped_with_a_macro__is_found,
    worker__killed_while_it_scans__is_made_anew_and_the_service_lives,
    worker__that_cannot_be_started__is_told_until_it_can,
    service__started_again__knows_clean_files,
]
