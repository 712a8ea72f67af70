#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs that should never have been published, from nginx to the Windows service under Wine: each is let go by itself, told
once and not tried again, also after a restart, and the good rules go on.

usage: check_bad_packs.py [long]    with those that take a minute each
"""
import os
import sys
import time

from update_service import FIRST, SERVED, WAKES_EVERY_S, condition_rule, rule, run_with_service

LONG = "long" in sys.argv[1:]
GOOD = {"sigma/s.yml": rule(3), "yara/good.yar": b"rule good { strings: $a = \"EgNowhere\" condition: $a }\n"}
BAD_YARA = b"rule broken { condition: unknown_thing }\n"
GREEDY_YARA = b"rule everything { strings: $mz = \"MZ\" condition: $mz at 0 }\n"
# tests/scan_worker obeys such comments.
CRASH_YARA, HANG_YARA, HUNGRY_YARA = (f"// please {what}\nrule a {{ condition: false }}\n".encode()
                                      for what in ("crash", "hang", "take memory"))
SLOW_YARA = b"""rule slow {
    condition: filesize < 150000 and for all i in (0..filesize - 1) : (for all k in (1..60) : (uint8(i) + k < 999))
        and filesize == 0
}
"""
SLOW_FILES = 20
SLOW_RULES, SLOW_VALUES = 4, 250
MANY = 1100


def slow_rules():
    """Regular expressions that try long before they fail."""
    return {f"sigma/slow{number}.yml": condition_rule(500 + number, f"Details|re: '^(x+x+)+[{number}y]$'")
            for number in range(SLOW_RULES)}


class Tests:
    """One story, in this order."""

    def __init__(self, service):
        self.service, self.share, self.good, self.bad, self.values = service, service.add_share(), 0, {}, 0

    def publish(self, files, **custom):
        return self.service.publish({**GOOD, **files}, **custom)[0]

    def good_rules_match(self):
        self.values += 1
        value = f"{SERVED}{self.values:03}"
        self.service.set_values({value: "good.exe"})
        self.service.wait_hits(value, [3])

    def is_rejected(self, serial, reason, seconds=60):
        self.service.wait_log(f"site: pack {serial}: rejected: .*{reason}", seconds)
        site = self.service.wait_serial(self.good)
        assert site["rejected"][0]["serial"] == serial, site
        self.bad[serial] = reason
        self.good_rules_match()

    # ---- the story ----
    def pack__that_is_good__is_in_force(self):
        self.service.start()
        self.service.wait_log("site: bell waits")
        self.good = self.publish({})
        self.service.in_force(self.good)
        self.good_rules_match()
        self.service.stop()
        self.service.end_trial()
        self.service.start()
        assert not self.service.wait_serial(self.good)["on_trial"]

    def pack__that_does_not_compile__is_rejected(self):
        self.is_rejected(self.publish({"yara/bad.yar": BAD_YARA}), "bad.yar.*unknown_thing")

    def pack__that_hits_clean_files__is_rejected(self):
        self.is_rejected(self.publish({"yara/greedy.yar": GREEDY_YARA}), "everything hits .*, which is clean")

    def pack__that_crashes_the_compiler__is_rejected(self):
        self.is_rejected(self.publish({"yara/crash.yar": CRASH_YARA}), "the scanner ended")

    def pack__that_takes_all_memory_of_the_compiler__is_rejected(self):
        self.is_rejected(self.publish({"yara/hungry.yar": HUNGRY_YARA}), "needed more than 512 MiB of memory")

    def pack__that_hangs_the_compiler__is_rejected(self):
        if LONG:
            self.is_rejected(self.publish({"yara/hang.yar": HANG_YARA}), "did not answer in time", 150)

    def pack__in_whose_test_the_service_dies_twice__is_rejected(self):
        """Stops in order neither wait for the test nor count."""
        serial = self.publish({"yara/hang.yar": HANG_YARA, "sigma/more.yml": rule(4, "EgNone")})
        for end in (self.service.stop, self.service.stop, self.service.kill, self.service.kill):
            self.service.wait_log(f"site: pack {serial} came, it is tested")
            end()
            self.service.start()
        self.is_rejected(serial, "ended without order 2 times while it was tested")
        self.service.wait_log("site: bell waits")

    def pack__of_the_vendor__is_on_trial_beside_them(self):
        self.share.add("vendor", FIRST, {"sigma/v.yml": rule(2, "EgVendor")})
        self.share.publish()
        self.service.stop()
        self.service.start()
        self.service.wait_log(f"vendor: pack {FIRST}: in force")
        self.service.wait_log("site: bell waits")

    def pack__that_floods__is_taken_back(self):
        serial = self.publish({"sigma/flood.yml": rule(5, "EgFlood")})
        self.service.in_force(serial)
        self.service.set_values({f"EgFlood{number}": "flood.exe" for number in range(MANY)})
        self.is_rejected(serial, "hits within a minute, 1000 are allowed", 120)

    def pack__that_slows_matching_tenfold__is_taken_back(self):
        self.write_values("EgBefore", 1, "quick.exe")
        serial = self.publish(slow_rules())
        self.service.in_force(serial)
        self.write_values("EgSlow", 4, "x" * 18)
        self.is_rejected(serial, "microseconds for an event, .*more than 5 times", 120)

    def pack__that_slows_scanning_tenfold__is_taken_back(self):
        if not LONG:
            return
        self.write_files("EgLight", 1)
        serial = self.publish({"yara/slow.yar": SLOW_YARA})
        self.service.in_force(serial)
        self.write_files("EgHeavy", 4)
        self.is_rejected(serial, "microseconds for a KiB of a file, .*more than 5 times", 120)

    def write_files(self, name, times):
        """Programs that start with Windows, which have to be scanned."""
        folder = self.service.wine.prefix / "drive_c/programs"
        folder.mkdir(exist_ok=True)
        for rush in range(times):
            names = [f"{name}{rush}x{number}" for number in range(SLOW_FILES)]
            for file in names:
                (folder / f"{file}.exe").write_bytes(b"MZ" + os.urandom(100_000))
            self.service.set_values({file: rf"C:\\programs\\{file}.exe" for file in names})
            time.sleep(WAKES_EVERY_S)

    def write_values(self, name, times, text):
        """Values that no good rule hits, in rushes of which each is judged by itself."""
        for rush in range(times):
            self.service.set_values({f"{name}{rush}x{number}": text for number in range(SLOW_VALUES)})
            time.sleep(WAKES_EVERY_S)

    def packs__rejected__are_not_tried_again_after_a_restart(self):
        service = self.service
        service.stop()
        service.start()
        service.wait_log("site: bell waits")
        time.sleep(WAKES_EVERY_S)
        service.announce()
        time.sleep(3)
        site = service.wait_serial(self.good)
        assert site["error"] == "" and not site["on_trial"], site
        vendor = service.of("vendor")
        assert vendor["serial"] == FIRST and not vendor["rejected"], f"what others did was charged to it: {vendor}"
        told = [line for line in service.log().splitlines() if "it is tested" in line or ": rejected:" in line]
        assert not told, told
        for serial in self.bad:
            count = service.whole_log().count(f"pack {serial}: rejected")
            assert count == 1, f"pack {serial}: told {count} times"
        self.good_rules_match()


if __name__ == "__main__":
    sys.exit(run_with_service("bad-packs", Tests, double=True))
