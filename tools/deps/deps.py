#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds EmoGuard's dependencies once, for this machine and for Windows, into a cache outside the tree.

  deps.py         build what is missing; silent when nothing is
  deps.py path    print the cache folder for this table and these recipes; builds nothing

The cache is ${EMOGUARD_CACHE:-~/.cache/emoguard}: sources/ keeps the tarballs, deps/<hash>/ the
libraries. The hash covers packages.tsv, these scripts and the Windows toolchain file.
"""

import concurrent.futures
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from archive import Archive, FetchError
from recipes import RECIPES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLCHAIN = ROOT / "cmake" / "toolchain-windows.cmake"
TARGETS = ("native", "windows")
COMPILER = {"native": "gcc", "windows": "x86_64-w64-mingw32-gcc"}
ARCHIVER = {"native": "gcc-ar", "windows": "x86_64-w64-mingw32-gcc-ar"}
FLAGS = {
    "native": ("-O2", "-g", "-fPIC", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"),
    "windows": ("-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-D_WIN32_WINNT=0x0A00",
                "-DWINVER=0x0A00", "-DWIN32", "-D__USE_MINGW_ANSI_STDIO=1"),
}
TOOLS = ("gcc", "x86_64-w64-mingw32-gcc", "cmake", "ninja", "make", "tclsh", "apt-get")


class Package(NamedTuple):
    name: str
    version: str
    source: str
    tarball: str
    sha256: str


class BuildError(Exception):
    """A library could not be built; the text names the log file."""


def packages():
    lines = (HERE / "packages.tsv").read_text(encoding="utf-8").splitlines()
    return [Package(*line.split("\t")) for line in lines if line and not line.startswith("#")]


def cache_root():
    return Path(os.environ.get("EMOGUARD_CACHE") or Path.home() / ".cache" / "emoguard").resolve()


def cache_folder():
    digest = hashlib.sha256()
    for path in sorted([*HERE.glob("*.py"), HERE / "packages.tsv", TOOLCHAIN]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return cache_root() / "deps" / digest.hexdigest()[:16]


class Builder:
    """Builds every package for every target below `work`; one log file per package and target."""

    def __init__(self, work, logs, sources):
        self.work, self.logs, self.sources = work, logs, sources
        self.started = time.monotonic()
        self.speaking = threading.Lock()
        self.jobs = max(1, (os.cpu_count() or 2) // 2)

    def say(self, text):
        with self.speaking:
            print(f"deps: {time.monotonic() - self.started:6.1f} s  {text}", flush=True)

    def run(self, command, cwd, log):
        with open(log, "a", encoding="utf-8") as stream:
            stream.write(f"$ {' '.join(map(str, command))}\n")
            stream.flush()
            done = subprocess.run([str(part) for part in command], cwd=cwd, check=False,
                                  stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
        if done.returncode != 0:
            raise BuildError(f"{Path(log).stem} failed; see {log}")

    def unpack(self, package):
        """Unpacks and prepares the source; returns the folder that holds it."""
        recipe = RECIPES[package.name]
        place = self.work / "source" / package.name
        place.mkdir(parents=True)
        with tarfile.open(self.sources / package.tarball) as tar:
            tar.extractall(place, filter="data") if hasattr(tarfile, "data_filter") \
                else tar.extractall(place)
        inner = [entry for entry in place.iterdir() if entry.is_dir()]
        if len(inner) != 1:
            raise BuildError(f"{package.tarball}: one folder expected, found {len(inner)}")
        source = inner[0]
        for name, text in recipe.write.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text, encoding="utf-8")
        for new, old in recipe.copy.items():
            shutil.copyfile(source / old, source / new)
        for command in recipe.prepare:
            self.run(command, source, self.logs / f"{package.name}-prepare.log")
        return source

    def compile(self, package, target, source, output):
        recipe = RECIPES[package.name]
        log = self.logs / f"{package.name}-{target}.log"
        build = self.work / "build" / target / package.name
        build.mkdir(parents=True)
        files = set()
        for pattern in recipe.sources + getattr(recipe, target):
            files.update(source.glob(pattern))
        for pattern in recipe.without:
            files.difference_update(source.glob(pattern))
        if not files:
            raise BuildError(f"{package.name}: no source files found in {package.tarball}")
        flags = [*FLAGS[target], f"-ffile-prefix-map={source}={package.name}", *recipe.flags,
                 *getattr(recipe, f"{target}_flags"), *(f"-I{source / i}" for i in recipe.includes)]
        objects = []
        for file in sorted(files):
            objects.append(build / (str(file.relative_to(source)).replace("/", "_") + ".o"))
            self.run([COMPILER[target], *flags, "-c", file, "-o", objects[-1]], source, log)
        self.run([ARCHIVER[target], "rcsD", output, *objects], source, log)

    def configure(self, package, target, source, output):
        recipe = RECIPES[package.name]
        log = self.logs / f"{package.name}-{target}.log"
        build = self.work / "build" / target / package.name
        flags = " ".join([*FLAGS[target], f"-ffile-prefix-map={source}={package.name}"])
        options = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_C_FLAGS={flags}",
                   "-DCMAKE_POSITION_INDEPENDENT_CODE=ON"]
        if target == "windows":
            options.append(f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAIN}")
        options += [*recipe.cmake, *getattr(recipe, f"{target}_cmake")]
        self.run(["cmake", "-S", source, "-B", build, *options], source, log)
        self.run(["cmake", "--build", build, "-j", str(self.jobs)], source, log)
        shutil.copyfile(next(build.rglob(f"lib{recipe.library}.a")), output)

    def build(self, package, target, source, output):
        begun = time.monotonic()
        recipe = RECIPES[package.name]
        place = output / target
        (place / "lib").mkdir(parents=True, exist_ok=True)
        step = self.configure if recipe.cmake else self.compile
        step(package, target, source, place / "lib" / f"lib{recipe.library}.a")
        for pattern, folder in recipe.headers:
            (place / "include" / folder).mkdir(parents=True, exist_ok=True)
            for header in source.glob(pattern):
                shutil.copyfile(header, place / "include" / folder / header.name)
        self.say(f"{package.name} {package.version} for {target} ({time.monotonic() - begun:.0f} s)")


def build_all(builder, archive, output):
    """Two lanes: while one library unpacks and prepares, another compiles."""
    wanted = packages()
    for package in wanted:
        archive.fetch(package, builder.sources / package.tarball)
    builder.say(f"{len(wanted)} tarballs fetched and checked")
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        sources = {package: pool.submit(builder.unpack, package) for package in wanted}
        builds = []
        for package in wanted:
            source = sources[package].result()
            builds += [pool.submit(builder.build, package, target, source, output)
                       for target in TARGETS]
        try:
            for done in concurrent.futures.as_completed(builds):
                done.result()
        except BuildError:
            pool.shutdown(cancel_futures=True)
            raise


def need_tools():
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        raise BuildError(f"missing: {', '.join(missing)}; run tools/setup first")


def ensure():
    final = cache_folder()
    if final.is_dir():
        return
    need_tools()
    final.parent.mkdir(parents=True, exist_ok=True)
    with open(final.parent / "lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("deps: another build is under way, waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if final.is_dir():
            return
        root = cache_root()
        logs = root / "logs" / final.name
        shutil.rmtree(logs, ignore_errors=True)
        for folder in (logs, root / "sources"):
            folder.mkdir(parents=True, exist_ok=True)
        print(f"deps: building the libraries once, into {final}", flush=True)
        for left in final.parent.glob("building-*"):
            shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix="building-", dir=final.parent))
        try:
            builder = Builder(work, logs, root / "sources")
            build_all(builder, Archive(root / "apt", logs / "fetch.log"), work / "output")
            os.rename(work / "output", final)
            builder.say("all libraries built")
        finally:
            shutil.rmtree(work, ignore_errors=True)


def main():
    arguments = sys.argv[1:]
    if arguments == ["path"]:
        print(cache_folder())
        return 0
    if arguments:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        ensure()
    except (BuildError, FetchError, OSError) as error:
        print(f"deps: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
