# SPDX-License-Identifier: Apache-2.0
"""ETW records for the service that runs on simulated ETW (tests/etw_double), laid out as Windows writes them.

What is appended to the file beside that service's program is done by the simulation; see tests/etw_double/feed.h.
"""
import json
import struct
import time

KERNEL_PROCESS = "3d6fa8d0-fe05-11d0-9dda-00c04fd7ba7c"
PROCESS_PROVIDER = "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716"
PROCESS_KEYWORD = 0x10
REGISTRY_PROVIDER = "70eb4f03-c1de-4f73-a051-33d13d5413bd"
SET_VALUE_KEYWORD = 0x100
REG_SZ = 1
SYSTEM_SID = bytes.fromhex("010100000000000512000000")
MEDIUM_LABEL = bytes.fromhex("010100000000001000200000")
RUNNING = 259
THREAD = 4711
TICKS_1970 = 116444736000000000


def wide(text):
    return text.encode("utf-16-le") + b"\0\0"


def now():
    return TICKS_1970 + time.time_ns() // 100


def kernel_start(pid, parent, image, command):
    """Process_TypeGroup1, version 4, opcode 1: base name and command line."""
    user = struct.pack("<QQ", 0xFFFF8000, 0) + SYSTEM_SID
    payload = (struct.pack("<QIIIiQI", 0xFFFF9000, pid, parent, 1, RUNNING, 0x187000, 0) + user + image.encode() + b"\0" +
               wide(command) + wide("") + wide(""))
    return record(KERNEL_PROCESS, payload, parent, version=4, opcode=1)


def provider_start(pid, parent, path, sequence):
    """Microsoft-Windows-Kernel-Process 1, version 3: path, integrity, sequence numbers."""
    payload = (struct.pack("<IQQIQIIII", pid, sequence, now(), parent, sequence - 1, 1, 0, 3, 0) + MEDIUM_LABEL + wide(path) +
               struct.pack("<II", 0, 0) + wide("") + wide(""))
    return record(PROCESS_PROVIDER, payload, parent, id=1, version=3, opcode=1, keyword=PROCESS_KEYWORD)


def record(provider, payload, pid, **header):
    return {"do": "record", "now": True, "provider_id": provider, "userdata": payload.hex(), "flags": 0x40, "pid": pid,
            "tid": THREAD, **header}


def start(pid, parent, path, command, sequence):
    """Both records of one process start, in the order in which Windows writes them."""
    base = path.rsplit("\\", 1)[-1]
    return [provider_start(pid, parent, path, sequence), kernel_start(pid, parent, base, command)]


def registry_set(pid, name, text, status=0):
    """Microsoft-Windows-Kernel-Registry 5, version 0: a text value written, its data captured, by a key without name."""
    data = wide(text)
    payload = (struct.pack("<QIII", 0xFFFFA000, status, REG_SZ, len(data)) + wide("") + wide(name) +
               struct.pack("<H", len(data)) + data + struct.pack("<IIH", 0, 0, 0))
    return record(REGISTRY_PROVIDER, payload, pid, id=5, version=0, opcode=36, level=4, keyword=SET_VALUE_KEYWORD)


class Feed:
    def __init__(self, path):
        self.path = path
        path.write_bytes(b"")

    def tell(self, *orders):
        with open(self.path, "a", encoding="utf-8") as out:
            out.write("".join(json.dumps(order) + "\n" for order in orders))
