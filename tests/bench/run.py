#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what a person at the PC and an administrator would notice, on a throw-away Windows under Wine:

    * from a Run value written, and from a program started, to the hit on disk and to the window on the screen;
    * how long the tray takes to start, beside Wine's notepad;
    * memory and idle processor time of the service and the tray;
    * what a change of the Services key costs, beside the bare enumeration of the same keys;
    * what a process start costs from the sessions' records to the event, natively;
    * how fast files are scanned, beside the `yara` command, and again when they did not change; see yara.py;
    * what matching costs, on recorded events where they are present (EMOGUARD_TEST_DATA); see matching.py.

    run.py [--rounds N] [--idle SECONDS] [--out FILE.json]

Times come from the programs themselves: the trigger notes the moment of the write, the database when the hit was
stored and when the window was painted. Figures of one run belong together; those of two machines do not.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tools" / "wine"))

from winebox import WINE, BoxError, Installed, WineBox, private_kib, wait_for, windows_path  # noqa: E402  (needs the path above)

import matching  # noqa: E402
import yara  # noqa: E402

TICKS_PER_MS = 10_000
WINDOW_TARGET_MS = 150  # under Wine
TRAY_TARGET_MS = 300
START_ROUNDS = 20
MATCHING_ROUNDS = 11
PROCESS_ROUNDS = 301
REGISTRY_ROUNDS = 201


class Trigger:
    """bench_trigger.exe: one command in, the time it happened out."""
    def __init__(self, box, program):
        with open(box.log, "ab") as log:
            self.process = subprocess.Popen([WINE, str(program)], env=box.env, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log)

    def __call__(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(values):
    return {"n": len(values), "median": round(percentile(values, 0.5), 1), "p95": round(percentile(values, 0.95), 1),
            "max": round(max(values), 1)}


def close_windows(installed, trigger):
    """An open window would only say that more are waiting, and a story that goes on gets no second one."""
    def closed():
        titles = [t for t in installed.box.window_titles() if t.startswith("EmoGuard: ")]
        for title in titles:
            trigger("close " + title)
        return not titles
    wait_for(closed, 60, "the alert window to close", 0.1)
    for row in installed.query("SELECT id FROM incident WHERE resolved_time = 0 AND absorbed_by = 0"):
        installed.box.run([installed.PROGRAMS + r"\emoguard.exe", "incidents", "resolve", str(row["id"])])


def one_round(installed, trigger, command, pattern):
    before = installed.query("SELECT coalesce(max(id), 0) AS id FROM hit")[0]["id"]
    started = trigger(command)
    if not started:
        raise BoxError(f"the trigger could not: {command}")

    def shown():
        rows = installed.query("SELECT hit.stored_time, hit.shown_time FROM hit WHERE id > ? AND program LIKE ? "
                               "AND shown_time > 0 ORDER BY id LIMIT 1", before, pattern)
        return rows[0] if rows else None
    row = wait_for(shown, 20, f"the window for: {command}", 0.02)
    return [(row["stored_time"] - started) / TICKS_PER_MS, (row["shown_time"] - started) / TICKS_PER_MS]


def measure_latency(installed, trigger, rounds):
    """Each thing that is made to happen meets exactly one rule, so that the window is that hit's own."""
    _, profile = installed.box.run(["cmd", "/c", "echo", "%LOCALAPPDATA%"])
    folder = profile.strip() + r"\EmoGuardBench"
    stage = installed.box.path(folder)
    stage.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCE / "build" / "windows" / "tests" / "bench_trigger.exe", stage / "winword.exe")
    results = {"run value": [], "process": []}
    for number in range(rounds):
        name = f"EgBench{number}"
        command = rf'regsvr32.exe /s "{folder}\{name}.dll"'
        results["run value"].append(
            one_round(installed, trigger, f"run {name} {command}", f"%{name}%"))
        trigger(f"delete {name}")
        close_windows(installed, trigger)
        results["process"].append(
            one_round(installed, trigger, rf"start {folder}\winword.exe {name}", "%winword%"))
        close_windows(installed, trigger)
    waiting = installed.query("SELECT count(*) AS n FROM hit WHERE shown_time = 0")[0]["n"]
    if waiting:
        raise BoxError(f"{waiting} hits more than were measured: the bench must follow the rules")
    return {kind: {"stored_ms": summary([r[0] for r in rows]), "window_ms": summary([r[1] for r in rows]),
                   "stored_to_window_ms": summary([r[1] - r[0] for r in rows])}
            for kind, rows in results.items()}


def measure_starts(installed, trigger):
    """From CreateProcess to waiting for input, in turns; the tray has put its icon up by then."""
    programs = {"tray": installed.program("emoguard-tray.exe"), "notepad": r"C:\windows\system32\notepad.exe"}
    times = {name: [] for name in programs}
    for _ in range(START_ROUNDS):
        for name, program in programs.items():
            ticks = trigger(f"ready {program}")
            if not ticks:
                raise BoxError(f"{name} does not come to wait for input")
            times[name].append(ticks / TICKS_PER_MS)
    return {name: summary(values) for name, values in times.items()}


def cpu_seconds(process):
    fields = (process / "stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_idle(installed, seconds):
    """With every sensor on that Wine has something for; which those are belongs to the figure."""
    box, sensors = installed.box, installed.status()["sensors"]
    service, tray = box.process("emoguard-service.exe"), box.process("emoguard-tray.exe")
    before = [cpu_seconds(service), cpu_seconds(tray)]
    time.sleep(seconds)
    after = [cpu_seconds(service), cpu_seconds(tray)]
    share = [round(100 * (b - a) / seconds, 2) for a, b in zip(before, after)]
    return {"sensors": {sensor["name"]: f"{sensor['health']} by {sensor['source']}" for sensor in sensors},
            "service": {"private_kib": private_kib(service), "idle_cpu_percent": share[0]},
            "tray": {"private_kib": private_kib(tray), "idle_cpu_percent": share[1]}}


def measure_process_records():
    """Decoding and joining the two records of a start; the best of three runs, as other work only adds."""
    program = SOURCE / "build" / "native" / "tests" / "bench_process"
    runs = [json.loads(subprocess.run([program, str(PROCESS_ROUNDS)], stdout=subprocess.PIPE, check=True).stdout)
            for _ in range(3)]
    return min(runs, key=lambda run: run["decode_join_us"])


def measure_registry(box):
    """Reading and comparing 900 services of which one has changed; before anything is installed that does it too."""
    program = windows_path(SOURCE / "build" / "windows" / "tests" / "bench_registry.exe")
    _, text = box.run([program, str(REGISTRY_ROUNDS)], timeout=300)
    return json.loads(text)


def show(figures):
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    print(f"tray started to waiting for input: 95th percentile {figures['start_ms']['tray']['p95']} ms, target {TRAY_TARGET_MS} ms")
    for kind, rows in figures["latency"].items():
        print(f"hit of a {kind} stored to window drawn: 95th percentile {rows['stored_to_window_ms']['p95']} ms, "
              f"target {WINDOW_TARGET_MS} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--idle", type=int, default=20, help="seconds of doing nothing to measure")
    parser.add_argument("--out", type=pathlib.Path, default=SOURCE / "build" / "bench" / "figures.json")
    options = parser.parse_args()
    work = options.out.parent
    work.mkdir(parents=True, exist_ok=True)
    figures = {"process records": measure_process_records(), "matching": matching.measure(work, MATCHING_ROUNDS),
               "yara": yara.measure(work)}
    msi = work / "emoguard.msi"
    subprocess.run([SOURCE / "installer" / "build-msi.sh", SOURCE / "build" / "windows", msi], check=True)
    try:
        with WineBox(work / "box") as box:
            installed = Installed(box)
            box.desktop()
            figures["services diff"] = measure_registry(box)
            installed.install(msi)
            installed.wait_ready()
            trigger = Trigger(box, windows_path(SOURCE / "build" / "windows" / "tests" / "bench_trigger.exe"))
            figures["start_ms"] = measure_starts(installed, trigger)
            installed.start_tray()
            print(f"{options.rounds} rounds ...", flush=True)
            figures["latency"] = measure_latency(installed, trigger, options.rounds)
            figures["idle"] = measure_idle(installed, options.idle)
    except BoxError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    options.out.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    show(figures)
    if figures["matching"]:
        print("\n".join(matching.table(figures["matching"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
