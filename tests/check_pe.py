#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every Windows binary: hardened, self-contained, reproducible, with manifest and version.

  check_pe.py [FOLDER]     FOLDER is build/windows by default; its tests/ are checked for less
"""

import re
import struct
import sys
import tempfile
from pathlib import Path

from checklib import ROOT, read, report

SYSTEM_DLLS = {
    "advapi32", "bcrypt", "comctl32", "comdlg32", "crypt32", "dwmapi", "gdi32", "imm32", "iphlpapi",
    "kernel32", "msvcrt", "ncrypt", "ntdll", "ole32", "oleaut32", "powrprof", "psapi", "rpcrt4",
    "secur32", "setupapi", "shell32", "shlwapi", "taskschd", "tdh", "user32", "userenv", "uxtheme",
    "version", "wevtapi", "winhttp", "wintrust", "ws2_32", "wtsapi32",
}
CHARACTERISTICS = {0x20: "high-entropy ASLR", 0x40: "ASLR", 0x100: "DEP"}
RT_VERSION, RT_MANIFEST = 16, 24
BUILD_PATHS = rb"(?<![.\w])/(root|home|tmp)/\w"
MANIFEST_WORDS = ("supportedOS", "longPathAware", "UTF-8", "requestedExecutionLevel")


class Image:
    """The few parts of a PE32+ file the check looks at."""

    def __init__(self, data):
        self.data = data
        header = struct.unpack_from("<I", data, 0x3C)[0]
        if data[:2] != b"MZ" or data[header:header + 4] != b"PE\0\0":
            raise ValueError("not a PE file")
        _, count, self.timestamp, _, _, optional, _ = struct.unpack_from("<HHIIIHH", data, header + 4)
        self.start = header + 24
        if struct.unpack_from("<H", data, self.start)[0] != 0x20B:
            raise ValueError("not a 64-bit image")
        self.characteristics = struct.unpack_from("<H", data, self.start + 70)[0]
        self.sections = []
        for index in range(count):
            place = self.start + optional + index * 40
            size, address, raw_size, raw = struct.unpack_from("<IIII", data, place + 8)
            self.sections.append((address, max(size, raw_size), raw))

    def directory(self, index):
        return struct.unpack_from("<II", self.data, self.start + 112 + index * 8)

    def offset(self, address):
        for start, size, raw in self.sections:
            if start <= address < start + size:
                return raw + address - start
        raise ValueError(f"address {address:#x} lies in no section")

    def text(self, address):
        start = self.offset(address)
        return self.data[start:self.data.index(b"\0", start)].decode("ascii")

    def imports(self):
        for index, size, name_at in ((1, 20, 12), (13, 32, 4)):
            address, length = self.directory(index)
            place = self.offset(address) if length else None
            while place is not None:
                name = struct.unpack_from("<I", self.data, place + name_at)[0]
                if name == 0:
                    break
                yield self.text(name)
                place += size

    def resources(self, kind):
        """The contents of every resource of one numeric type."""
        address, length = self.directory(2)
        if not length:
            return []
        base = self.offset(address)

        def entries(place):
            named, numbered = struct.unpack_from("<HH", self.data, place + 12)
            for index in range(named + numbered):
                yield struct.unpack_from("<II", self.data, place + 16 + index * 8)

        found = []
        for identity, names in entries(base):
            if identity != kind:
                continue
            for _, languages in entries(base + (names & 0x7FFFFFFF)):
                for _, leaf in entries(base + (languages & 0x7FFFFFFF)):
                    start, size = struct.unpack_from("<II", self.data, base + leaf)
                    found.append(self.data[self.offset(start):self.offset(start) + size])
        return found


def product_problems(image, version):
    problems = []
    manifests = image.resources(RT_MANIFEST)
    if not manifests:
        problems.append("no manifest")
    for word in MANIFEST_WORDS if manifests else ():
        if word.encode() not in manifests[0]:
            problems.append(f"the manifest lacks {word}")
    versions = image.resources(RT_VERSION)
    if not versions:
        problems.append("no version resource")
    elif version.encode("utf-16-le") not in versions[0]:
        problems.append(f"the version resource does not say {version}")
    return problems


def image_problems(data, version, product):
    try:
        image = Image(data)
        problems = [f"no {name}" for bit, name in CHARACTERISTICS.items()
                    if not image.characteristics & bit]
        for name in image.imports():
            stem = name.lower().removesuffix(".dll")
            if stem not in SYSTEM_DLLS and not stem.startswith("api-ms-win-"):
                problems.append(f"imports {name}, which is not part of Windows")
        if image.timestamp != 0:
            problems.append("a build time in the header: not reproducible")
        if product:
            problems += product_problems(image, version)
    except (ValueError, struct.error) as error:
        return [f"unreadable: {error}"]
    if re.search(BUILD_PATHS, data):
        problems.append("a path of the build machine inside")
    return problems


def find_problems(root, folder):
    version = re.search(r'STRING "([^"]+)"', read(root, "core/version.h")).group(1)
    images = sorted([*folder.glob("*.exe"), *folder.glob("*.dll"), *folder.glob("tests/*.exe")])
    if not images:
        return ["no Windows binaries in " + str(folder)]
    problems = []
    for path in images:
        for text in image_problems(path.read_bytes(), version, path.parent == folder):
            problems.append(f"{path.name}: {text}")
    return problems


def without_resources(data):
    header = struct.unpack_from("<I", data, 0x3C)[0]
    return data[:header + 24 + 128] + bytes(8) + data[header + 24 + 136:]


def without_aslr(data):
    header = struct.unpack_from("<I", data, 0x3C)[0]
    place = header + 24 + 70
    flags = struct.unpack_from("<H", data, place)[0] & ~0x40
    return data[:place] + struct.pack("<H", flags) + data[place + 2:]


def with_stranger(data):
    return data.replace(b"KERNEL32.dll\0", b"STRANGER.dll\0")


PLANTED = [
    ("a_missing_manifest", without_resources, "no manifest"),
    ("missing_aslr", without_aslr, "no ASLR"),
    ("a_foreign_dll", with_stranger, "imports STRANGER.dll"),
    ("a_cut_file", lambda data: data[:200], "unreadable"),
]


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "windows"
    problems = find_problems(ROOT, folder)
    for problem in problems:
        print(f"  {problem}")
    good = report("check_pe", f"{len(problems)} problems" if problems else "")
    sample = next(iter(sorted(folder.glob("*.exe"))), None)
    if sample is None:
        return 1
    with tempfile.TemporaryDirectory(prefix="emoguard-check-") as copy:
        for name, damage, expected in PLANTED:
            planted = Path(copy) / sample.name
            planted.write_bytes(damage(sample.read_bytes()))
            found = any(expected in text for text in find_problems(ROOT, Path(copy)))
            good &= report(f"check_pe.finds_{name}", "" if found else "the planted defect was not reported")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
