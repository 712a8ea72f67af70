# SPDX-License-Identifier: Apache-2.0
"""Follows a repository with python-tuf's own client, as somebody else's product would: for run.py.

  follow_repository.py REPOSITORY FOLDER TARGET...

REPOSITORY is served on loopback; FOLDER keeps what the client trusts and gets (metadata/, got/), from
REPOSITORY/metadata/1.root.json on. Prints the version of each role and the size of each target.
"""

import functools
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tuf.ngclient import Updater


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Nothing: what matters is what the client says."""


def main(repository, folder, targets):
    for name in ("metadata", "got"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(repository)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    first = None if (folder / "metadata/root.json").exists() else (repository / "metadata/1.root.json").read_bytes()
    updater = Updater(str(folder / "metadata"), f"{base}/metadata/", str(folder / "got"), f"{base}/targets/",
                      bootstrap=first)
    updater.refresh()
    for path in targets:
        info = updater.get_targetinfo(path)
        if info is None:
            sys.exit(f"{path} is not listed")
        print(path, Path(updater.download_target(info)).stat().st_size)
    trusted = updater._trusted_set  # there is no public way to the versions
    print(f"root {trusted.root.version} timestamp {trusted.timestamp.version} "
          f"snapshot {trusted.snapshot.version} targets {trusted.targets.version}")
    server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
