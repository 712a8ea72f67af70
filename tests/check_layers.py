#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes point one way, and each library and each operating system has its own few files."""

import re

from checklib import edit, files, line_of, main, read

# What a folder may include besides itself. core/version.h and core/version.rc2 are free for all.
CORE_LOW = ("core/base/", "core/event/")
CORE_MIDDLE = CORE_LOW + ("core/sigma/", "core/unpack/", "core/yara/")
CORE_HIGH = CORE_MIDDLE + ("core/detect/",)
ALLOWED = {
    "core/base/": (),
    "core/event/": ("core/base/",),
    "core/sigma/": CORE_LOW,
    "core/unpack/": ("core/base/",),
    "core/yara/": CORE_LOW + ("core/unpack/",),
    "core/detect/": CORE_MIDDLE,
    "core/store/": CORE_HIGH,
    "core/update/": ("core/base/",),
    "core/uplink/": CORE_HIGH,
    "core/ipc/": CORE_HIGH,
    "driverless-hooks/": CORE_LOW + ("core/unpack/",),
    "worker/": ("core/",),
    "service/": ("core/", "driverless-hooks/", "worker/"),
    "cli/": ("core/", "driverless-hooks/", "worker/"),
    "tray/": ("core/",),
    "tests/": ("",),
}
FREE = ("core/version.h",)
ONE_FILE_HEADERS = ("yara.h", "sqlite3.h", "curl/curl.h", "yaml.h", "pcre2.h", "sodium.h", "expat.h",
                    "zlib.h", "zstd.h")
WINDOWS_HEADERS = re.compile(
    r"^(windows|winsock2|ws2tcpip|winternl|winreg|winsvc|wincrypt|bcrypt|ntsecapi|tlhelp32|psapi|aclapi|"
    r"sddl|shlobj|shlwapi|shellapi|knownfolders|commctrl|objbase|oleauto|ole2|initguid|wbemidl|wbemcli|"
    r"taskschd|evntrace|evntcons|evntprov|tdh|winevt|wtsapi32|wintrust|softpub|userenv|dbt|dwmapi|"
    r"uxtheme|strsafe|process|io|direct|tchar|versionhelpers|winver|winioctl)\.h$", re.IGNORECASE)
WINDOWS_PLACES = re.compile(
    r"^(core/base|core/update|driverless-hooks/etw)/[a-z_]*_win32\.[ch]$|^driverless-hooks/(?!decode/|etw/)|"
    r"^service/|^tray/|^cli/win32/|^worker/win32/|^cli/drill/|^tests/.*win32|\.rc2?$")
POSIX_HEADERS = re.compile(
    r"^(unistd|pthread|dirent|fcntl|poll|dlfcn|strings|sys/.*|netinet/.*|arpa/.*)\.?h?$")
NOWHERE = {"threads.h": "use core/base/os.h", "stdatomic.h": "use core/base/os.h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def area_of(path):
    return next((area for area in ALLOWED if path.startswith(area)), None)


def check_quoted(root, path, name, where, problems):
    if not (root / name).is_file():
        beside = (root / path).parent / name
        if path.endswith((".rc", ".rc2")) and beside.is_file():
            return
        problems.append(f"{where}: {name} does not exist below the repository root")
        return
    area = area_of(path)
    if area is None or name in FREE or name.startswith(area) or path.startswith("core/version"):
        return
    if not name.startswith(ALLOWED[area]):
        problems.append(f"{where}: {area.rstrip('/')} must not include {name}")


def check_system(path, name, where, problems):
    if WINDOWS_HEADERS.match(name) and not WINDOWS_PLACES.search(path):
        problems.append(f"{where}: <{name}> outside the Windows folders")
    if POSIX_HEADERS.match(name) and not path.endswith(("_posix.c", "_posix.h")):
        problems.append(f"{where}: <{name}> outside *_posix.c")
    if name in NOWHERE and not re.match(r"^core/base/os[a-z_]*\.[ch]$", path):
        problems.append(f"{where}: <{name}>: {NOWHERE[name]}")


def find_problems(root):
    problems, users = [], {header: set() for header in ONE_FILE_HEADERS}
    for relative in files(root, ".c", ".h", ".rc", ".rc2"):
        path = relative.as_posix()
        if path.startswith("tools/"):
            continue
        text = read(root, relative)
        if path.startswith("core/") and area_of(path) is None and not path.startswith("core/version"):
            problems.append(f"{path}: lies in no folder of the design")
        for match in INCLUDE.finditer(text):
            where = f"{path}:{line_of(text, match.start())}"
            kind, name = match.groups()
            if name in users and not path.startswith("tests/"):
                users[name].add(path)
            if kind == '"':
                check_quoted(root, path, name, where, problems)
            else:
                check_system(path, name, where, problems)
    for header, paths in users.items():
        if len(paths) > 1:
            problems.append(f"{header} is included by {', '.join(sorted(paths))}; one file owns it")
        if any(path.endswith(".h") for path in paths):
            problems.append(f"{header} is included by a header: {', '.join(sorted(paths))}")
    return problems


def add_include(relative, line):
    return lambda root: edit(root, relative, lambda old: old + f"\n#include {line}\n")


PLANTED = [
    ("base_that_includes_store", add_include("core/base/planted.c", '"core/event/event.h"'),
     "core/base must not include"),
    ("a_sensor_that_includes_detect", add_include("driverless-hooks/planted.c", '"core/sigma/planted.h"'),
     "core/sigma/planted.h does not exist"),
    ("core_that_includes_tests", add_include("core/event/planted.c", '"tests/unit/tests.def"'),
     "core/event must not include tests/"),
    ("windows_in_portable_code", add_include("core/event/planted.c", "<windows.h>"),
     "<windows.h> outside"),
    ("posix_in_portable_code", add_include("core/event/planted.c", "<unistd.h>"),
     "<unistd.h> outside"),
    ("two_users_of_a_library",
     lambda root: [add_include(f"core/store/planted{n}.c", "<sqlite3.h>")(root) for n in (1, 2)],
     "sqlite3.h is included by"),
    ("a_library_in_a_header", add_include("core/sigma/planted.h", "<pcre2.h>"),
     "pcre2.h is included by a header"),
]

if __name__ == "__main__":
    main("check_layers", find_problems, PLANTED)
