#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules from the centre: the Windows service under Wine takes packs from a share, and from nginx with TLS of a private
authority, by bell and by polling; no event is lost or told twice while rules are swapped.

usage: check_updates.py [PUBLISHES]    how often the way from publishing to being in force is measured (5)
"""
import json
import re
import shutil
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing

from tools import BUILD, wine_path
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

    # ---- with our own publisher ----
    def publisher__of_ours__takes_the_place_of_the_site(self):
        """Its packs have the name of what is installed, whose place they take."""
        service, folder = self.service, self.service.folder / "ours"
        service.stop()
        shutil.rmtree(service.data / "updates/site")
        for part in ("metadata", "targets"):
            shutil.rmtree(service.nginx.root / "v1" / part)
        folder.mkdir()
        self.admin("init", "--keys", wine_path(folder / "keys"), "--no-passphrase")
        conf = service.data / "emoguard.conf"
        old, new = (wine_path(root / "metadata/1.root.json") for root in (service.repository.folder, folder / "repo"))
        assert old in conf.read_text()
        conf.write_text(conf.read_text().replace(old, new))
        self.first = service.serial + 1
        service.nginx.mend_bell()
        self.offer(self.first, 301)
        service.start()
        self.is_used(self.first, 301)

    def rollback__gives_the_older_content_a_new_serial__which_status_and_hits_bear(self):
        self.offer(self.first + 1, 302)
        self.is_used(self.first + 1, 302)
        self.is_used(self.serial_told(self.publishing("rollback", str(self.first))), 301)

    def rollback__to_what_is_in_use__changes_the_serial_alone(self):
        self.is_used(self.serial_told(self.publishing("rollback", str(self.first))), 301)

    def halt__after_a_rollback__brings_that_back(self):
        before = self.service.of()["serial"]
        self.offer(before + 1, 303)
        self.is_used(before + 1, 303)
        self.publishing("halt")
        self.is_used(before, 301)
        assert f"site: pack {before + 1}: taken back" in self.service.log()
        self.service.stop()
        self.service.start()
        self.is_used(before, 301)

    def admin(self, verb, *words):
        done = self.service.wine.run([BUILD / "windows/emoguard.exe", "admin", verb, "--dir",
                                      wine_path(self.service.folder / "ours/repo"), *words], "updates.log",
                                     environment={"EMOGUARD_PASSPHRASE": "correct horse"}, timeout=300)
        assert done.code == 0, done.output
        return done.output

    def publishing(self, verb, *words):
        folder = self.service.folder / "ours"
        served = self.service.nginx.root / "v1"
        yes = ["--yes"] if verb != "publish" else []
        told = self.admin(verb, *words, "--keys", wine_path(folder / "keys"), "--to", wine_path(served), *yes)
        self.service.nginx.publish((served / "metadata/timestamp.json").read_text())
        return told

    def offer(self, serial, number):
        pack = self.service.folder / "ours" / str(serial)
        (pack / "sigma").mkdir(parents=True)
        (pack / "pack.json").write_text(json.dumps({"name": "installed", "serial": serial}))
        (pack / "sigma/s.yml").write_bytes(rule(number, "EgOurs"))
        self.admin("add", wine_path(pack), "--now", "--spread", "0", "--untested", "--yes")
        self.publishing("publish")

    def serial_told(self, text):
        return max(int(number) for number in re.findall(r"\b20\d{8}\b", text))

    def is_used(self, serial, number):
        """Status, rules and a new hit say this serial; the hit is that of its rule."""
        self.values = getattr(self, "values", 0) + 1
        value = f"EgOurs{self.values:03}"
        self.service.wait_serial(serial, 120)
        assert self.service.status()["rules"]["serial"] == serial, self.service.status()["rules"]
        self.service.set_values({value: "ours.exe"})
        self.service.wait_hits(value, [number])
        with closing(sqlite3.connect(f"file:{self.service.data / 'emoguard.db'}?mode=ro", uri=True, timeout=20)) as database:
            found = database.execute("SELECT pack_serial FROM hit JOIN event ON event.id = hit.event_id WHERE event.json LIKE ?",
                                     (f"%{value}%",)).fetchall()
        assert found == [(serial,)], f"{value}: {found}, not {serial}"


if __name__ == "__main__":
    sys.exit(run_with_service("updates", Tests))
