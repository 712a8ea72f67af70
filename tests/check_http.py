#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetching, in front of servers of every kind: honest, slow, endless, broken, with certificates, behind a proxy.

usage: check_http.py [windows]    the native program, or the Windows program under Wine, whose TLS is Schannel

Everything happens on the loopback interface. Certificates are made by openssl.
"""

import http.server
import json
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from servers import Squid, make_certificates, openssl
from tools import BUILD, Wine, run

WINDOWS = sys.argv[1:] == ["windows"]
NAME = "http_schannel" if WINDOWS else "http"
TEXT = b"0123456789" * 500
LARGE = TEXT * 40  # in several pieces by a tray
ETAG = '"v1"'
DATE = "Mon, 23 Nov 2026 10:00:00 GMT"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in (("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers), self.client_address))
        getattr(self, "get_" + self.path.strip("/").split("?")[0], self.get_missing)()

    def get_missing(self):
        self.answer(404, b"<html>no such page</html>")

    def get_plain(self):
        if self.headers.get("If-None-Match") == ETAG:
            self.answer(304, headers=[("ETag", ETAG)])
        else:
            self.answer(200, TEXT, [("ETag", ETAG), ("Last-Modified", DATE), ("Content-Type", "application/json")])

    def get_large(self):
        self.answer(200, LARGE, [("ETag", ETAG)])

    def get_ranges(self):
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range") == ETAG:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.answer(206, TEXT[start:], [("ETag", ETAG), ("Content-Range", f"bytes {start}-{len(TEXT) - 1}/{len(TEXT)}")])
        else:
            self.answer(200, TEXT, [("ETag", ETAG)])

    def get_wrong_range(self):
        self.answer(206, TEXT[7:], [("ETag", ETAG), ("Content-Range", f"bytes 7-{len(TEXT) - 1}/{len(TEXT)}")])

    def get_empty(self):
        self.answer(200)

    def get_busy(self):
        self.answer(503, b"later", [("Retry-After", "120")])

    def get_redirect(self):
        self.answer(302, headers=[("Location", "/plain")])

    def get_huge(self):
        self.send_response(200)
        self.send_header("Content-Length", str(10 ** 12))
        self.end_headers()
        self.wfile.write(b"x")

    def get_endless(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for _ in range(4000):
            self.wfile.write(b"x" * 65536)

    def get_cut(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(TEXT)))
        self.send_header("ETag", ETAG)
        self.end_headers()
        self.wfile.write(TEXT[:2000])
        self.close_connection = True

    def get_silent(self):
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"x")
        self.server.ended.wait(20)
        self.close_connection = True

    def get_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100000):
            self.wfile.write(b"X-Filler: " + b"y" * 1000 + b"\r\n")
        self.close_connection = True

    def get_nonsense(self):
        self.wfile.write(b"\x00\x01\x02 not http at all\r\n\r\n")
        self.close_connection = True

    def get_packed(self):
        self.answer(200, b"\x1f\x8b\x08\x00whatever", [("Content-Encoding", "gzip")])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context=None, handler=Handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.seen, self.ended, self.scheme = [], threading.Event(), "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # clients that go away are what some tests are about

    def url(self, path, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server_address[1]}/{path}"


class Proxy(socketserver.ThreadingTCPServer):
    """Passes on what it is told to; wants a name and a password when given one."""
    daemon_threads = allow_reuse_address = True

    def __init__(self, login=None):
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.login, self.passed = login, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass

    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class ProxyHandler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            method, target, *_ = (self.rfile.readline().decode() or "- -").split() + ["", ""]
            headers = {}
            while (line := self.rfile.readline().decode().strip()):
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            if not target or method == "-":
                return
            if self.server.login and headers.get("proxy-authorization") != self.server.login:
                self.wfile.write(b"HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"office\"\r\nContent-Length: 0\r\n\r\n")
                continue
            self.server.passed.append((method, target))
            return self.tunnel(target) if method == "CONNECT" else self.forward(target)

    def tunnel(self, target):
        host, _, port = target.partition(":")
        with socket.create_connection((host, int(port)), 10) as other:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(other, self.connection), daemon=True)
            back.start()
            pump(self.connection, other)
            back.join(10)

    def forward(self, target):
        host, _, path = target.removeprefix("http://").partition("/")
        name, _, port = host.partition(":")
        with socket.create_connection((name, int(port)), 10) as other:
            other.sendall(f"GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            pump(other, self.connection)


def pump(source, target):
    try:
        while (data := source.recv(65536)):
            target.sendall(data)
    except OSError:
        pass


def expect(answer, **wanted):
    for name, value in wanted.items():
        if answer[name] != value:
            raise AssertionError(f"{name} is {answer[name]!r}, not {value!r}: {answer}")


class Skipped(Exception):
    pass


class Tests:
    def __init__(self, folder, wine):
        self.folder, self.wine = Path(folder), wine
        self.plain = Server()
        self.authority, self.secure = self.make_secure("authority")
        self.other_authority, self.foreign = self.make_secure("foreign")

    def get(self, url, *options):
        command = [url, *map(str, options)]
        if self.wine:
            done = self.wine.run([str(BUILD / "windows/tests/http_get.exe"), *command], "http_get.log")
        else:
            done = run([str(BUILD / "native/tests/http_get"), *command], "http_get.log")
        lines = [line for line in done.output.splitlines() if line.startswith("{")]
        if not lines:
            raise AssertionError(f"exit {done.code}, no answer: {done.output[-500:]}")
        return json.loads(lines[-1])

    # ---- certificates ----
    def make_secure(self, name):
        make_certificates(self.folder, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}-server.pem", self.folder / f"{name}-server.key")
        return str(self.folder / f"{name}.pem"), Server(context)

    def pin(self, name):
        public = openssl(self.folder, "x509", "-in", f"{name}-server.pem", "-noout", "-pubkey")
        (self.folder / "public.pem").write_bytes(public)
        openssl(self.folder, "pkey", "-pubin", "-in", "public.pem", "-outform", "DER", "-out", "public.der")
        openssl(self.folder, "dgst", "-sha256", "-binary", "-out", "public.hash", "public.der")
        return "sha256//" + openssl(self.folder, "base64", "-in", "public.hash").decode().strip()

    def part(self, length):
        path = self.folder / "part"
        path.write_bytes(TEXT[:length])
        return str(path)

    # ---- plain ----
    def get__of_a_file__gives_it_with_its_validators(self):
        expect(self.get(self.plain.url("plain")), result="ok", status=200, length=len(TEXT), etag=ETAG, last_modified=DATE,
               content_type="application/json", body=TEXT[:1024].decode())

    def get__of_what_is_known__is_304_without_a_body(self):
        expect(self.get(self.plain.url("plain"), "--etag", ETAG), result="ok", status=304, length=0)

    def get__of_what_is_missing__drops_the_page(self):
        expect(self.get(self.plain.url("none")), result="ok", status=404, length=0)

    def get__of_an_empty_file__is_empty(self):
        expect(self.get(self.plain.url("empty")), result="ok", status=200, length=0)

    def get__told_to_come_later__says_when(self):
        expect(self.get(self.plain.url("busy")), result="ok", status=503, retry_after_s=120)

    def redirect__is_not_followed(self):
        expect(self.get(self.plain.url("redirect")), result="ok", status=302, length=0)

    def packed_body__stays_packed(self):
        expect(self.get(self.plain.url("packed")), result="ok", status=200, length=12)

    def body__announced_too_large__is_refused(self):
        expect(self.get(self.plain.url("huge")), result="limit")

    def body__without_an_end__is_refused(self):
        answer = self.get(self.plain.url("endless"), "--max", 100000)
        expect(answer, result="limit")
        assert answer["length"] <= 100000, answer

    def body__as_large_as_allowed__is_taken(self):
        expect(self.get(self.plain.url("plain"), "--max", len(TEXT)), result="ok", length=len(TEXT))
        expect(self.get(self.plain.url("plain"), "--max", len(TEXT) - 1), result="limit")

    def headers__without_an_end__are_refused(self):
        answer = self.get(self.plain.url("headers"))
        assert answer["result"] in ("limit", "input/output"), answer

    def nonsense__is_an_error(self):
        answer = self.get(self.plain.url("nonsense"))
        assert answer["result"] == "input/output", answer

    def server__that_falls_silent__is_left(self):
        start = time.monotonic()
        answer = self.get(self.plain.url("silent"), "--silence", 2)
        assert answer["result"] == "timeout" and time.monotonic() - start < 15, answer

    def request__that_takes_too_long__ends(self):
        expect(self.get(self.plain.url("silent"), "--timeout", 1500, "--may-be-silent", 1), result="timeout")

    def request__cancelled__ends_at_once(self):
        answer = self.get(self.plain.url("silent"), "--cancel", 1, "--may-be-silent", 1)
        assert answer["result"] == "closed" and answer["seconds"] < 5, answer

    def server__that_is_not_there__is_an_error(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        assert self.get(f"http://127.0.0.1:{port}/")["result"] not in ("ok", "denied")

    def url__of_another_kind__is_refused(self):
        for url in ("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "http://", "nonsense://x"):
            expect(self.get(url), result="invalid")

    def requests__one_after_the_other__keep_the_connection(self):
        self.plain.seen.clear()
        expect(self.get(self.plain.url("plain?kept"), "--repeat", 5), result="ok", length=len(TEXT))
        connections = {address for path, _, address in self.plain.seen if path == "/plain?kept"}
        assert len(connections) == 1, connections

    # ---- going on ----
    def download__broken_off__keeps_what_came(self):
        answer = self.get(self.plain.url("cut"))
        assert answer["result"] != "ok" and answer["length"] == 2000, answer

    def download__that_goes_on__asks_for_the_rest_alone(self):
        expect(self.get(self.plain.url("ranges"), "--go-on", self.part(2000), "--etag", ETAG), result="ok", status=200,
               length=len(TEXT), received=len(TEXT) - 2000, began_anew=0)

    def download__that_goes_on_with_another_file__begins_anew(self):
        expect(self.get(self.plain.url("ranges"), "--go-on", self.part(2000), "--etag", '"v0"'), result="ok",
               length=len(TEXT), received=len(TEXT), began_anew=1, body=TEXT[:1024].decode())

    def download__answered_with_another_part__is_refused(self):
        assert self.get(self.plain.url("wrong_range"), "--go-on", self.part(2000), "--etag", ETAG)["result"] != "ok"

    # ---- TLS ----
    def private_authority__given__is_trusted(self):
        expect(self.get(self.secure.url("plain", "localhost"), "--ca", self.authority), result="ok", length=len(TEXT))

    def private_authority__not_given__is_denied(self):
        if self.wine:
            raise Skipped("Wine's Schannel does not check certificates by itself (SCH_CRED_AUTO_CRED_VALIDATION)")
        expect(self.get(self.secure.url("plain", "localhost")), result="denied")

    def authority__of_somebody_else__is_denied(self):
        expect(self.get(self.foreign.url("plain", "localhost"), "--ca", self.authority), result="denied")

    def certificate__of_another_name__is_denied(self):
        expect(self.get(self.secure.url("plain"), "--ca", self.authority), result="denied")

    def pinned_key__must_be_the_servers(self):
        options = ("--ca", self.authority, "--pin")
        expect(self.get(self.secure.url("plain", "localhost"), *options, self.pin("authority")), result="ok")
        expect(self.get(self.secure.url("plain", "localhost"), *options, self.pin("foreign")), result="denied")

    # ---- proxies ----
    def proxy__is_asked_for_both_kinds(self):
        proxy = Proxy()
        expect(self.get(self.plain.url("plain"), "--proxy", proxy.url()), result="ok", length=len(TEXT))
        expect(self.get(self.secure.url("plain", "localhost"), "--ca", self.authority, "--proxy", proxy.url()), result="ok")
        assert [method for method, _ in proxy.passed] == ["GET", "CONNECT"], proxy.passed

    def proxy__that_wants_a_login__is_told_apart(self):
        proxy = Proxy("Basic dXNlcjpzZWNyZXQ=")
        expect(self.get(self.plain.url("plain"), "--proxy", proxy.url()), result="ok", status=407, length=0)
        expect(self.get(self.secure.url("plain", "localhost"), "--ca", self.authority, "--proxy", proxy.url()), result="ok",
               status=407, length=0)
        expect(self.get(self.secure.url("plain", "localhost"), "--ca", self.authority, "--proxy", proxy.url(),
                   "--proxy-user", "user:secret"), result="ok", status=200, length=len(TEXT))


    def squid__wants_a_login_and_takes_it(self):
        if Squid.lacking():
            raise Skipped(Squid.lacking())
        with Squid(self.folder / "squid") as squid:
            for url, options in ((self.plain.url("plain"), ()),
                                 (self.secure.url("plain", "localhost"), ("--ca", self.authority))):
                options = (*options, "--proxy", squid.url())
                expect(self.get(url, *options), result="ok", status=407, length=0)
                expect(self.get(url, *options, "--proxy-user", "user:wrong"), result="ok", status=407, length=0)
                expect(self.get(url, *options, "--proxy-user", "user:secret"), result="ok", status=200, length=len(TEXT))

    # ---- by a tray ----
    def squid__by_a_tray_with_a_login__brings_the_file(self):
        if Squid.lacking():
            raise Skipped(Squid.lacking())
        with Squid(self.folder / "courier") as squid:
            for url, options in ((self.plain.url("large"), ()),
                                 (self.secure.url("large", "localhost"), ("--ca", self.authority))):
                options = (*options, "--proxy", squid.url())
                expect(self.get(url, *options, "--by-tray", "user:secret"), result="ok", status=200, length=len(LARGE),
                       received=len(LARGE), etag=ETAG, body=LARGE[:1024].decode())
                answer = self.get(url, *options, "--by-tray", "user:wrong")
                assert answer["result"] == "denied" and "refuses that user, too (407)" in answer["error"], answer
            expect(self.get(self.plain.url("plain"), "--proxy", squid.url(), "--by-tray", "user:secret", "--etag", ETAG),
                   result="ok", status=304, length=0)
            expect(self.get(self.plain.url("none"), "--proxy", squid.url(), "--by-tray", "user:secret"), status=404)
            expect(self.get(self.foreign.url("plain", "localhost"), "--ca", self.authority, "--proxy", squid.url(), "--by-tray",
                            "user:secret"), result="denied")

    def tray__before_a_bad_server__has_the_same_limits(self):
        proxy = Proxy("Basic dXNlcjpzZWNyZXQ=")
        options = ("--proxy", proxy.url(), "--by-tray", "user:secret")
        expect(self.get(self.plain.url("huge"), *options), result="limit")
        expect(self.get(self.plain.url("endless"), *options, "--max", 100000), result="limit", length=0)
        expect(self.get(self.plain.url("redirect"), *options), result="ok", status=302, length=0)
        expect(self.get(self.plain.url("busy"), *options), result="ok", status=503, retry_after_s=120)
        expect(self.get(self.plain.url("silent"), *options, "--timeout", 1500), result="timeout")

    def tray__whose_connection_breaks__hands_over_the_part(self):
        proxy = Proxy("Basic dXNlcjpzZWNyZXQ=")
        answer = self.get(self.plain.url("cut"), "--proxy", proxy.url(), "--by-tray", "user:secret")
        assert answer["result"] == "input/output" and answer["length"] == 2000, answer


def run_tests(name, tests):
    """Every method of `tests` with `__` in its name; how many failed."""
    failed = 0
    for test in [test for test in vars(type(tests)) if "__" in test.strip("_")]:
        try:
            getattr(tests, test)()
            print(f"ok {name}.{test}", flush=True)
        except Skipped as why:
            print(f"skipped {name}.{test}: {why}", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError) as error:
            failed += 1
            print(f"not ok {name}.{test}: {str(error)[:400]!r}", flush=True)
    return failed


def test_all(wine):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # squid gives up its rights as root
        tests = Tests(folder, wine)
        failed = run_tests(NAME, tests)
        tests.plain.ended.set()
    return failed


def main():
    if WINDOWS:
        with Wine("http") as wine:
            return test_all(wine)
    return test_all(None)


if __name__ == "__main__":
    sys.exit(main() > 0)
