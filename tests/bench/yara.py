# SPDX-License-Identifier: Apache-2.0
"""How fast files are scanned: `emoguard check --jobs 1` beside the `yara` command on the same rules and the same tree of
made-up files, read before (warm), in turns; and the second pass of a check that remembers what was clean.

    yara.py [--mib N] [--rounds N]
"""
import argparse
import json
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
import zipfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = SOURCE / "build" / "native" / "emoguard"
RULES = SOURCE / "rules" / "yara"
EXTERNALS = ("filepath", "filename", "extension", "filetype", "owner", "full_path", "event_kind", "signer_state")
WINE_FILES = pathlib.Path("/usr/lib/x86_64-linux-gnu/wine")
MIB = 1024 * 1024


def text_of(dice, size):
    words = "the of and 御中 見積書 invoice report value total 2026 customer <p> </p> function return".split()
    line = " ".join(dice.choice(words) for _ in range(2000)) + "\n"
    return (line * (size // len(line.encode()) + 1)).encode()[:size]


def write_document(path, dice, size):
    """As Office writes it: packed XML and a picture."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<?xml version=\"1.0\"?><Types/>")
        archive.writestr("word/document.xml", text_of(dice, size // 2))
        archive.writestr("word/media/image1.png", b"\x89PNG\r\n\x1a\n" + dice.randbytes(size // 2))


def write_program(path, dice, programs):
    path.write_bytes(dice.choice(programs).read_bytes())


# (share of the bytes, extension, smallest and largest size, contents)
KINDS = [(0.40, ".dll", None, None), (0.25, ".dat", (16 * 1024, 8 * MIB), "noise"),
         (0.15, ".txt", (1024, 2 * MIB), "text"), (0.10, ".png", (8 * 1024, 2 * MIB), "picture"),
         (0.10, ".docx", (20 * 1024, 4 * MIB), "document")]


def make_tree(folder, mib):
    """The same each time. About as an office PC has them: mostly programs, many small files, some documents."""
    dice = random.Random(1)
    programs = sorted(path for path in WINE_FILES.glob("*/*.dll") if path.stat().st_size > 8192)
    for share, extension, sizes, kind in KINDS:
        left, number = int(share * mib * MIB), 0
        while left > 0:
            number += 1
            path = folder / extension[1:] / f"{number % 40}" / f"{number}{extension}"
            path.parent.mkdir(parents=True, exist_ok=True)
            size = int(sizes[0] * (sizes[1] / sizes[0]) ** dice.random()) if sizes else 0
            if kind is None:
                write_program(path, dice, programs)
            elif kind == "document":
                write_document(path, dice, size)
            else:
                head = b"\x89PNG\r\n\x1a\n" if kind == "picture" else b""
                path.write_bytes(head + (text_of(dice, size) if kind == "text" else dice.randbytes(size)))
            left -= path.stat().st_size
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return len(paths), sum(len(path.read_bytes()) for path in paths)


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command, codes):
    """Its seconds by the clock and of the processor, and what it printed."""
    clock, processor = time.monotonic(), processor_seconds()
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode not in codes:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-300:]}")
    return time.monotonic() - clock, processor_seconds() - processor, done.stdout


def measure(work, mib=1024, rounds=5):
    """None where the yara command or Wine's files are not there."""
    if not shutil.which("yara") or not WINE_FILES.is_dir():
        return None
    tree, cache = work / "yara-tree", work / "yara-cache"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    files, size = make_tree(tree, mib)
    externals = [word for name in EXTERNALS for word in ("-d", f"{name}=")] + ["-d", "file_size=0"]
    theirs = ["yara", "-w", "-f", "-r", "-p", "1", *externals, *sorted(RULES.glob("*.yar")), tree]
    ours = [PROGRAM, "check", "--rules", SOURCE / "rules", "--jobs", "1", "--json", tree]
    ways = {"yara": theirs, "check": ours, "first pass": [*ours, "--cache", cache], "second pass": [*ours, "--cache", cache]}
    clock, processor, looked_at = {way: [] for way in ways}, {way: [] for way in ways}, 0
    for _ in range(rounds):
        cache.unlink(missing_ok=True)
        for way, command in ways.items():
            seconds, used, printed = run(command, (0, 3))
            clock[way].append(round(seconds, 3))
            processor[way].append(round(used, 3))
            looked_at = json.loads(printed.splitlines()[-1])["bytes"] if way == "check" else looked_at
    shutil.rmtree(tree)

    def ratio(times, slow, fast):
        return round(statistics.median(times[slow]) / statistics.median(times[fast]), 2)
    return {"files": files, "mib": round(size / MIB), "looked_at_mib": round(looked_at / MIB),
            "clock_seconds": clock, "processor_seconds": processor,
            "yara_to_check": {"clock": ratio(clock, "yara", "check"), "processor": ratio(processor, "yara", "check")},
            "first_to_second_pass": {"clock": ratio(clock, "first pass", "second pass"),
                                     "processor": ratio(processor, "first pass", "second pass")}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=pathlib.Path, default=SOURCE / "build" / "bench")
    options = parser.parse_args()
    print(json.dumps(measure(options.work, options.mib, options.rounds), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
