#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The doorbell, in front of the real thing: nginx with nchan as docs/examples/nginx-rules.conf has it.

usage: check_bell.py [windows]    the native program, or the Windows program under Wine, whose TLS is Schannel
"""

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from check_http import WINDOWS, Handler, Server, Skipped, run_tests
from servers import Nginx, free_port, make_certificates
from tools import BUILD, Wine

NAME = "bell_schannel" if WINDOWS else "bell"
SHORT = {"290s": "3s"}
CUT_S = 5
PUBLISHED = 50
BODY_MAX = 16 * 1024


class Bell:
    """A program that waits at `url`; what it tells comes with the time at which it was read."""

    def __init__(self, wine, url, *options, waits=1000):
        program = ["wine", BUILD / "windows/tests/http_get.exe"] if wine else [BUILD / "native/tests/http_get"]
        self.told = queue.Queue()
        self.process = subprocess.Popen(
            [str(part) for part in (*program, url, "--bell", waits, *options)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **(wine.environment if wine else {})})
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.told.put((time.monotonic(), json.loads(line)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(20)
        self.process.stdout.close()

    def next(self, wanted=None, seconds=30, passing=()):
        """The next outcome, passing over those of the kinds named; fails when it is not `wanted`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                at, told = self.told.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"nothing was told in {seconds} s, not '{wanted}'") from None
            if told["outcome"] in passing:
                continue
            if wanted and told["outcome"] != wanted:
                raise AssertionError(f"not '{wanted}': {told}")
            return at, told

    def rings(self, body, **more):
        at, told = self.next("rang", **more)
        if told["body"] != body:
            raise AssertionError(f"not '{body}': {told}")
        return at


class Hostile(Handler):
    def get_bell_often(self):
        self.answer(200, b"{}", [("ETag", "0"), ("Last-Modified", "Mon, 23 Nov 2026 10:00:00 GMT")])

    def get_late(self):
        time.sleep(CUT_S)
        self.answer(504, b"gateway timeout")

    def get_login(self):
        self.answer(401, b"who is there?")


class Cutter:
    """A relay that closes each connection when it is CUT_S seconds old."""

    def __init__(self, port):
        self.target, self.listener = port, socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.relay, args=(self.listener.accept()[0],), daemon=True).start()

    def relay(self, near):
        deadline = time.monotonic() + CUT_S
        with contextlib.suppress(OSError), near, socket.create_connection(("127.0.0.1", self.target)) as far:
            back = threading.Thread(target=self.pump, args=(far, near, deadline), daemon=True)
            back.start()
            self.pump(near, far, deadline)
            back.join(CUT_S + 1)

    @staticmethod
    def pump(source, target, deadline):
        with contextlib.suppress(OSError):
            while (left := deadline - time.monotonic()) > 0:
                source.settimeout(left)
                data = source.recv(65536)
                if not data:
                    return
                target.sendall(data)


def eventually(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {seconds} s: {what}")
        time.sleep(0.01)


class Tests:
    def __init__(self, folder, wine):
        self.folder, self.wine, self.number = Path(folder), wine, 0
        make_certificates(folder, "authority")
        make_certificates(folder, "foreign")

    def nginx(self, **more):
        self.number += 1
        return Nginx(self.folder / f"nginx{self.number}", **more)

    def bell(self, url, *options, **more):
        return Bell(self.wine, url, *options, **more)

    def wait_until_asked(self, nginx):
        eventually(lambda: nginx.subscribers() == 1, "the bell waits")

    # ---- nginx with nchan ----
    def message__published__wakes_at_once_with_its_body(self):
        with self.nginx() as nginx, self.bell(nginx.url("v1/bell/stable")) as bell:
            self.wait_until_asked(nginx)
            nginx.publish("one")
            bell.rings("one", seconds=5)
            self.wait_until_asked(nginx)
            nginx.publish("two")
            bell.rings("two", seconds=5)

    def messages__published_before_and_meanwhile__give_the_newest_alone(self):
        with self.nginx(changes=SHORT) as nginx:
            for text in ("a", "b", "c"):
                nginx.publish(text)
            with self.bell(nginx.url("v1/bell/stable"), "--pause", 1000) as bell:
                bell.rings("c")
                for text in ("d", "e", "f"):
                    nginx.publish(text)
                bell.rings("f")
                bell.next("silent")

    def channel__of_its_own__hears_nothing_of_others(self):
        with self.nginx(changes=SHORT) as nginx, self.bell(nginx.url("v1/bell/canary")) as bell:
            self.wait_for_channel(nginx)
            nginx.publish("for the others")
            bell.next("silent")
            nginx.publish("for us", "canary")
            bell.rings("for us", passing=("silent",))

    @staticmethod
    def wait_for_channel(nginx):
        eventually(lambda: nginx.subscribers("canary") == 1, "the bell waits")

    def wait__without_news__is_silent_and_goes_on(self):
        with self.nginx(changes=SHORT) as nginx, self.bell(nginx.url("v1/bell/stable")) as bell:
            _, told = bell.next("silent")
            assert told["milliseconds"] >= 2500, told
            bell.next("silent")
            assert " 408 " in nginx.requests()[-1], nginx.requests()[-1]
            nginx.publish("at last")
            bell.rings("at last", passing=("silent",))

    def wait__longer_than_ours__is_silent(self):
        with self.nginx() as nginx, self.bell(nginx.url("v1/bell/stable"), "--timeout", 700) as bell:
            bell.next("silent")
            bell.next("silent")

    def nginx__restarted__rings_with_the_next_message(self):
        with self.nginx() as nginx, self.bell(nginx.url("v1/bell/stable"), "--pause", 100) as bell:
            self.wait_until_asked(nginx)
            nginx.publish("before")
            bell.rings("before")
            self.wait_until_asked(nginx)
            nginx.stop()
            bell.next("lost")
            nginx.start()
            self.wait_until_asked(nginx)  # with validators of the server that was
            nginx.publish("after")
            bell.rings("after", passing=("lost",))
            assert not any("short=1" in line for line in nginx.requests()), "a server that is down is no proxy that cuts"

    def nginx__reloaded__rings_on(self):
        with self.nginx() as nginx, self.bell(nginx.url("v1/bell/stable"), "--pause", 300) as bell:
            self.wait_until_asked(nginx)
            nginx.reload()
            bell.next("lost")
            self.wait_until_asked(nginx)
            nginx.publish("after")
            bell.rings("after", passing=("lost",))

    def nginx__killed__is_lost_until_it_is_back(self):
        with self.nginx() as nginx, self.bell(nginx.url("v1/bell/stable"), "--pause", 100) as bell:
            self.wait_until_asked(nginx)
            nginx.kill()
            bell.next("lost")
            bell.next("lost")
            nginx.start()
            self.wait_until_asked(nginx)
            nginx.publish("back")
            bell.rings("back", passing=("lost",))

    def host__without_a_bell__is_absent(self):
        with self.nginx() as nginx, self.bell(nginx.url("v1/no-bell/stable"), waits=1) as bell:
            bell.next("absent")

    def validators__that_nchan_never_gave__do_no_harm(self):
        if self.wine:
            raise Skipped("is about the server; tested natively")
        with self.nginx(changes=SHORT) as nginx:
            nginx.publish("here")
            for etag in ("nonsense", '"0"', "-1", "0:0", "[0]", "[", ",,,,", ":", "9" * 40, "1,2,3,[4]", "\xff", "0" * 4000):
                for date in ("", "Mon, 23 Nov 2026 10:00:00 GMT", "never", "1795447430:0,:", "%n"):
                    self.ask_with(nginx, etag, date)
            errors = (nginx.folder / "error.log").read_text(encoding="utf-8")
            assert "exited on signal" not in errors, errors[-400:]
            with self.bell(nginx.url("v1/bell/stable")) as bell:
                bell.rings("here")

    @staticmethod
    def ask_with(nginx, etag, date):
        """Whatever nginx answers, or that it waits, is good."""
        with socket.create_connection(("127.0.0.1", nginx.port), 5) as near, contextlib.suppress(TimeoutError):
            near.settimeout(0.05)
            near.sendall(f"GET /v1/bell/stable HTTP/1.1\r\nHost: x\r\nIf-None-Match: {etag}\r\n"
                         f"If-Modified-Since: {date}\r\n\r\n".encode("latin-1"))
            near.recv(4096)

    def publisher__is_no_part_of_the_public_server(self):
        if self.wine:
            raise Skipped("is about the server; tested natively")
        with self.nginx() as nginx:
            nginx.publish("ours")
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(nginx.url("v1/bell/stable"), data=b"theirs", timeout=5).close()
            with self.bell(nginx.url("v1/bell/stable")) as bell:
                bell.rings("ours")

    # ---- TLS ----
    def private_authority__rings(self):
        with self.nginx(certificate=str(self.folder / "authority-server")) as nginx, \
                self.bell(nginx.url("v1/bell/stable"), "--ca", self.folder / "authority.pem") as bell:
            self.wait_until_asked(nginx)
            nginx.publish("private")
            bell.rings("private", seconds=5)

    def authority__of_somebody_else__is_lost(self):
        with self.nginx(certificate=str(self.folder / "foreign-server")) as nginx, \
                self.bell(nginx.url("v1/bell/stable"), "--ca", self.folder / "authority.pem", waits=1) as bell:
            nginx.publish("do not believe me")
            bell.next("lost")

    # ---- what is in between ----
    def proxy__that_cuts_long_waits__gets_short_ones(self):
        with self.nginx(changes={"25s": "2s"}) as nginx:
            cutter = Cutter(nginx.port)
            with self.bell(f"http://127.0.0.1:{cutter.port}/v1/bell/stable") as bell:
                bell.next("lost")
                bell.next("lost")
                bell.next("silent")
                assert any("short=1" in line for line in nginx.requests()), nginx.requests()
                nginx.publish("in spite of it")
                bell.rings("in spite of it", passing=("silent", "lost"))
            cutter.listener.close()

    def proxy__that_says_504_late__gets_short_ones(self):
        server = Server(handler=Hostile)
        with self.bell(server.url("late")) as bell:
            bell.next("lost")
            bell.next("lost")
            eventually(lambda: any("short=1" in path for path, _, _ in server.seen), "the short wait is asked for")

    # ---- hostile bells ----
    def body__without_an_end__is_lost(self):
        server = Server(handler=Hostile)
        for path in ("endless", "huge", "headers", "nonsense", "cut"):
            with self.bell(server.url(path), waits=1) as bell:
                _, told = bell.next("lost")
                assert told["length"] <= BODY_MAX, told

    def answer__that_makes_no_sense__is_lost(self):
        server = Server(handler=Hostile)
        for path in ("redirect", "busy", "login"):
            with self.bell(server.url(path), waits=1) as bell:
                bell.next("lost")

    def bell__that_rings_without_end__rings_no_more_than_it_is_asked(self):
        server = Server(handler=Hostile)
        with self.bell(server.url("bell_often"), "--pause", 100, waits=10) as bell:
            for _ in range(10):
                bell.rings("{}")
        assert len(server.seen) == 10, len(server.seen)

    def server__that_is_not_there__is_lost(self):
        with self.bell(f"http://127.0.0.1:{free_port()}/v1/bell/stable", waits=1) as bell:
            bell.next("lost")

    # ---- how fast ----
    def message__published_50_times__wakes_within_two_seconds(self):
        with self.nginx(certificate=str(self.folder / "authority-server")) as nginx, \
                self.bell(nginx.url("v1/bell/stable"), "--ca", self.folder / "authority.pem") as bell:
            took = []
            for number in range(PUBLISHED):
                self.wait_until_asked(nginx)
                start = time.monotonic()
                nginx.publish(f"message {number}")
                took.append(bell.rings(f"message {number}") - start)
            took.sort()
            median, p95 = took[PUBLISHED // 2] * 1000, took[PUBLISHED * 95 // 100] * 1000
            print(f"# {NAME}: published to woken over TLS, {PUBLISHED} times: median {median:.1f} ms, 95th percentile {p95:.1f} ms, "
                  f"largest {took[-1] * 1000:.1f} ms", flush=True)
            assert p95 < 2000, f"{p95} ms"


def test_all(wine):
    with tempfile.TemporaryDirectory() as folder:
        return run_tests(NAME, Tests(folder, wine))


def main():
    if Nginx.lacking():
        print(f"skipped {NAME}: {Nginx.lacking()}")
        return 0
    if WINDOWS:
        with Wine("bell") as wine:
            return test_all(wine)
    return test_all(None)


if __name__ == "__main__":
    sys.exit(main() > 0)
