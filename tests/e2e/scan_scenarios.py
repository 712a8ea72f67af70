# SPDX-License-Identifier: Apache-2.0
"""What YARA finds because of an event: the part of the end-to-end story that is about files."""
import json
import shutil

from winebox import BoxError, wait_for

MARKER_RULE = "b2f0f1f6-3d0c-4c4f-9f0e-6a1d2c7b5e31"
RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
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
    reasons = {scan["reason"] for _, scan in hits}
    check({"command_line", "autostart", "task"} <= reasons, f"found only for {reasons}")
    check({hit["rule_id"] for hit, _ in hits} == {MARKER_RULE}, "by other rules than that of the marker")
    check(len({hit["fingerprint"] for hit, _ in hits}) == 1, "not told as one and the same thing")
    story = world.installed.query("SELECT min(id) AS id FROM incident")[0]["id"]
    check({hit["incident_id"] for hit, _ in hits} == {story}, "it is not part of the drill's story")


def library__in_a_command_line__is_found_and_not_read_again(world):
    library = put_library(world, "eg_process.xyz")
    start_with(world, library.name)
    hit, scan = wait_found(world, library.name, "command_line")
    check(hit["rule_id"] == MARKER_RULE, f"rule {hit['rule_id']}")
    check("EMOGUARD-DRILL-MARKER" in scan["strings"][0]["text"], f"strings: {scan['strings']}")
    count = len(found(world, library.name))
    before = scans(world)
    start_with(world, library.name)
    wait_for(lambda: len(found(world, library.name)) > count, 20, "the second start to be told", 0.2)
    check(scans(world)["remembered"] > before["remembered"], f"nothing was known: {before} {scans(world)}")
    again, scan = found(world, library.name)[count]
    check(scan["known"] and again["fingerprint"] == hit["fingerprint"], f"read again: {scan}")
    check(again["incident_id"] == hit["incident_id"] and not again["news"], "told as news")
    library.unlink()


def library__of_a_run_value__is_found(world):
    library = put_library(world, "eg_value.xyz")
    world.box.run(["reg", "add", RUN_KEY, "/v", "EgScan", "/d", f"rundll32.exe \"{FOLDER}\\{library.name}\",Go", "/f"])
    wait_found(world, library.name, "autostart")
    world.box.run(["reg", "delete", RUN_KEY, "/v", "EgScan", "/f"])
    library.unlink()


def library__of_a_service__is_found(world):
    library = put_library(world, "eg_service.xyz")
    world.box.run(["sc", "create", "EgScan", "binPath=", f"C:\\windows\\system32\\regsvr32.exe /s {FOLDER}\\{library.name}"])
    wait_found(world, library.name, "service")
    world.box.run(["sc", "delete", "EgScan"])
    library.unlink()


def document__dropped_with_a_macro__is_found(world):
    document = world.box.path(FOLDER) / "eg_invoice.doc"
    document.write_bytes(MACRO)
    wait_found(world, document.name, "dropped")
    document.unlink()


def worker__killed_while_it_scans__is_made_anew_and_the_service_lives(world):
    pid = world.installed.status()["pid"]
    large = [world.box.path(FOLDER) / f"eg_large{number}.exe" for number in range(4)]
    for path in large:
        path.write_bytes(b"MZ" + b"emoguard " * 6_000_000)
    wait_for(lambda: world.box.kill_program("emoguard-worker.exe"), 20, "a worker to kill")
    library = put_library(world, "eg_after.dll")
    wait_found(world, library.name, "dropped")
    check(world.installed.status()["pid"] == pid, "the service is another one")
    for path in (library, *large):
        path.unlink()


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
    service__started_again__knows_clean_files,
]
