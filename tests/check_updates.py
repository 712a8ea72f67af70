#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules from the centre: the Windows service under Wine takes packs from a share, and from nginx with TLS of a private
authority, by bell and by polling; no event is lost or told twice while rules are swapped.

usage: check_updates.py [PUBLISHES]    how often the way from publishing to being in force is measured (5)
"""
import re
import sys
import time
from collections import Counter

from update_service import FIRST, RUN_KEY, SERVED, WAKES_EVERY_S, run_with_service, rule

PUBLISHES = int(sys.argv[1]) if len(sys.argv) > 1 else 5
STREAM = "EgStream"
SWAPS = 4
MANY_HITS = {"max_hits_per_hour": 1000000}


class Tests:
    """One story, in this order."""

    def __init__(self, service):
        self.service, self.share = service, service.add_share()

    def pack__on_a_share_and_on_a_web_server__is_in_force(self):
        service = self.service
        self.share.add("vendor", FIRST, {"sigma/v.yml": rule(2, "EgVendor")}, guard=MANY_HITS)
        self.share.publish()
        serial, _ = service.publish({"sigma/s.yml": rule(3)})
        service.start()
        service.wait_log(f"vendor: pack {FIRST}: in force", 120)
        service.in_force(serial)
        status = service.status()
        assert status["rules"]["loaded"] == 3, status["rules"]
        site = service.of()
        assert site["serial"] == serial and site["on_trial"] and site["error"] == "" and site["next_look"], site

    def rule__of_each_pack__hits(self):
        self.service.set_values(dict.fromkeys(("EgInstalledA", "EgVendorA", SERVED + "A"), "a.exe"))
        for value, number in (("EgInstalledA", 1), ("EgVendorA", 2), (SERVED + "A", 3)):
            self.service.wait_hits(value, [number])

    def publishing__with_a_bell__is_in_force_within_two_seconds(self):
        self.service.wait_log("site: bell waits")
        times = []
        for number in range(PUBLISHES):
            time.sleep(WAKES_EVERY_S)
            serial, out = self.service.publish({"sigma/s.yml": rule(3), f"sigma/n{number}.yml": rule(100 + number, "EgNone")})
            times.append(self.service.in_force(serial) - out)
        times.sort()
        worst = times[min(len(times) - 1, int(len(times) * 0.95))]
        print(f"# published to in force: median {times[len(times) // 2]:.2f} s, 95th percentile {worst:.2f} s, "
              f"largest {times[-1]:.2f} s, {len(times)} times")
        assert worst < 2, times

    def events__while_rules_are_swapped__are_matched_once_each(self):
        """Values are written one after the other; each pack has another rule for them."""
        service = self.service
        time.sleep(WAKES_EVERY_S)
        service.in_force(service.publish({"sigma/s.yml": rule(200, STREAM)}, guard=MANY_HITS)[0])
        writer = service.spawn(["cmd", "/c", "for", "/L", "%i", "in", "(1,1,100000)", "do", "@reg", "add", RUN_KEY, "/v",
                                STREAM + "%i", "/d", r"C:\windows\notepad.exe", "/f"])
        try:
            for swap in range(1, SWAPS + 1):
                service.in_force(service.publish({"sigma/s.yml": rule(200 + swap, STREAM)}, guard=MANY_HITS)[0])
                time.sleep(1)
        finally:
            writer.kill()
            writer.wait(60)
        service.set_values({STREAM + "Last": "last.exe"})
        service.wait_hits(STREAM + "Last", [200 + SWAPS])
        time.sleep(2.5)  # the Run keys are read again every two seconds: nothing more may come
        written = service.wine.run(["reg", "query", RUN_KEY], "updates.log").output
        self.check_stream(set(re.findall(STREAM + r"\w+", written)))

    def check_stream(self, written):
        found = self.service.hits(STREAM)
        counts, rules = Counter(name for name, _ in found), Counter(number for _, number in found)
        print(f"# {len(written)} values while rules were swapped {SWAPS} times; hits of each pack: "
              f"{[rules[200 + swap] for swap in range(SWAPS + 1)]}")
        twice = sorted(name for name, count in counts.items() if count != 1)
        assert not twice, f"hit more than once: {twice}"
        assert set(counts) == written, f"written and hit are not the same: {sorted(written ^ set(counts))}"
        assert len(rules) > SWAPS - 1, f"the stream met {len(rules)} packs only"

    def halt__by_publishing__takes_the_pack_back(self):
        service = self.service
        serial = service.of()["serial"]
        before = min(number for number in service.repository.packs if number < serial)
        service.repository.packs = {before: service.repository.packs[before]}
        time.sleep(WAKES_EVERY_S)
        service.announce()
        service.wait_log(f"site: pack {serial}: taken back")
        service.wait_serial(before)

    def publishing__with_a_bell_that_is_killed__is_found_by_polling(self):
        service = self.service
        service.nginx.kill_bell()
        service.wait_log("site: bell lost")
        serial, out = service.publish({"sigma/s.yml": rule(3)}, ring=False)
        print(f"# with the bell killed: {service.in_force(serial, 100) - out:.0f} s, with a poll a minute")
        service.wait_hits(SERVED + "A", [3])


if __name__ == "__main__":
    sys.exit(run_with_service("updates", Tests))
