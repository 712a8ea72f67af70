#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Windows service under Wine is killed while it takes packs from nginx: at any moment between its start, or the bell,
and some time after the pack is in force. After each kill what it keeps is whole, it comes back with rules that were good and
match, and the pack arrives.

usage: check_update_kills.py [KILLS]    (25)
"""
import hashlib
import random
import sys
import time
from collections import Counter

from update_service import SERVED, rule, run_with_service

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 25
SEED = 20261123
START_ROUNDS, YARA_ROUNDS = 2, 5  # of so many one is killed after its start, not after the bell; has YARA rules
TOLD_EVERY = 50


class Tests:
    """One story, in this order. Each kill has a pack of its own: one that is killed twice on trial is rejected, and the
    first, whose trial is over, takes its place."""

    def __init__(self, service):
        self.service, self.random, self.found, self.span = service, random.Random(SEED), Counter(), 1.0

    def publish(self, number, ring):
        files = {"sigma/s.yml": rule(3), "sigma/n.yml": rule(1000 + number)}
        if number % YARA_ROUNDS == 0:
            files["yara/y.yar"] = b"rule r { strings: $a = \"EgRound%d\" condition: $a }\n" % number
        return self.service.publish(files, ring)[0]

    # ---- the story ----
    def pack__that_is_good__is_in_force(self):
        serial = self.publish(0, ring=False)
        self.service.start()
        self.service.in_force(serial)
        self.service.stop()
        self.service.end_trial()
        self.service.start()
        self.service.wait_log("site: bell waits")

    def service__killed_at_any_point_of_an_update__goes_on_and_takes_the_pack(self):
        longest = 0
        for number in range(1, KILLS + 1):
            serial = self.kill_during(number)
            self.found[self.what_is_left(serial)] += 1
            begin = time.monotonic()
            self.service.start()
            self.good_rules_match(number)
            self.arrives(serial)
            took = time.monotonic() - begin
            longest, self.span = max(longest, took), 0.8 * self.span + 0.2 * 1.2 * took
            if number % TOLD_EVERY == 0 or number == KILLS:
                self.tell(number, longest)
        log = self.service.whole_log()
        for text in ("damaged", "moved aside", "not in force", "no rules, nothing"):
            assert text not in log, [line for line in log.splitlines() if text in line][:3]

    def tell(self, kills, longest):
        print(f"# killed {kills} times: {self.found['old']} times before the new pack was there, {self.found['test']} times while it "
              f"was tested, {self.found['new']} times when it was in use; in force at most {longest:.1f} s after the next start", flush=True)

    def kill_during(self, number):
        """Publishes, and kills after a random while; the serial."""
        service = self.service
        if number % START_ROUNDS == 0:
            service.stop()
            serial = self.publish(number, ring=False)
            service.start()
        else:
            service.wait_log("site: bell waits")
            serial = self.publish(number, ring=True)
        time.sleep(self.random.uniform(0, self.span))
        service.kill()
        return serial

    def what_is_left(self, serial):
        """Whole in any case; the hashes of the archives are counted."""
        state, folder = self.service.state(), self.service.data / "updates/site"
        for pack in (state["current"], state["last_good"]):
            data = (folder / f"{pack['archive']}.tar").read_bytes()
            assert hashlib.sha256(data).hexdigest() == pack["archive"], f"the archive of {pack['serial']} is damaged"
        return "new" if state["current"]["serial"] == serial else "test" if state["testing"] else "old"

    def good_rules_match(self, number):
        """That of every pack, and that of one pack: the new one, the one before, or the last good one."""
        program, may = f"round{number}.exe", {3, 1000, 1000 + number - 1, 1000 + number}
        self.service.wait_log("rules: .* loaded")
        self.service.set_values({SERVED: program})
        end = time.monotonic() + 60
        while len(found := {rule for _, rule in self.service.hits(program, existing=True)}) < 2:
            assert time.monotonic() < end, f"{program} was hit by {found}"
            time.sleep(0.05)
        assert 3 in found and found <= may, f"{program} was hit by {found}, not {may}"

    def arrives(self, serial):
        end = time.monotonic() + 60
        while self.service.state()["current"]["serial"] != serial:
            assert time.monotonic() < end, f"{serial} does not come: {self.service.log()[-2000:]}"
            time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(run_with_service("update-kills", Tests))
