#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A helper of squid that signs users in by NTLM (version 2): user with the password "secret", and nobody else.

squid asks a line at a time ("YR <negotiate>", "KK <authenticate>") and reads a line: "TT <challenge>", "AF <user>" or
"NA <reason>" (squid's negotiate_authenticate helper interface; the messages: MS-NLMP 2.2.1 and 3.3.2).
"""
import base64
import hmac
import os
import struct
import sys

HASHES = {"user": bytes.fromhex("878d8014606cda29677a44efa1353fc7")}  # MD4 of the password, in UTF-16
DOMAIN = "OFFICE"
UNICODE, TARGET, NTLM, DOMAIN_TARGET, EXTENDED, TARGET_INFO = 0x1, 0x4, 0x200, 0x10000, 0x80000, 0x800000


def wide(text):
    return text.encode("utf-16-le")


def make_challenge(number):
    name = wide(DOMAIN)
    info = struct.pack("<HH", 2, len(name)) + name + bytes(4)
    flags = UNICODE | TARGET | NTLM | DOMAIN_TARGET | EXTENDED | TARGET_INFO
    return (b"NTLMSSP\0" + struct.pack("<IHHII", 2, len(name), len(name), 48, flags) + number + bytes(8)
            + struct.pack("<HHI", len(info), len(info), 48 + len(name)) + name + info)


def check(message, number):
    """What squid is told of an authenticate message."""
    def field(at):
        length, _, offset = struct.unpack_from("<HHI", message, at)
        return message[offset:offset + length]
    proof, domain, user = field(20), field(28).decode("utf-16-le"), field(36).decode("utf-16-le")
    key = hmac.digest(HASHES.get(user.lower(), b""), wide(user.upper() + domain), "md5")
    good = user.lower() in HASHES and hmac.compare_digest(hmac.digest(key, number + proof[16:], "md5"), proof[:16])
    return f"AF {domain}\\{user}" if good else f"NA {user} is not known by this password"


def main():
    number = bytes(8)
    for line in sys.stdin:
        word, _, text = line.strip().partition(" ")
        if word == "YR":
            number = os.urandom(8)
            answer = "TT " + base64.b64encode(make_challenge(number)).decode()
        else:
            try:
                answer = check(base64.b64decode(text), number)
            except (ValueError, struct.error) as error:
                answer = f"NA {error}"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
