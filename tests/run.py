#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The one test runner: `make test`.

  run.py                  every stage, fast to slow
  run.py STAGE...         only these
  run.py --list           their names

Prints each stage with its time; the last line is `N passed, N failed`, with `, N skipped` behind it when
something was skipped. Exit code 0 when nothing failed. Logs: build/test-logs/.
"""

import concurrent.futures
import functools
import sys

import recorded
import recorded_stories
from results import Results, Stopwatch
from tools import BUILD, ROOT, Wine, build, data_environment, end_on_termination, run, script, wine_path

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def stage_checks(results):
    """the runner, projects, layers, banned functions, the default pack, the words that people read"""
    for name in ("check_runner", "check_projects", "check_layers", "check_banned", "check_pack",
                 "check_pack_texts", "check_texts", "check_languages", "check_wording",
                 "check_policies"):
        done = script(f"tests/{name}.py")
        results.read_checks(done.output, done.code, name)


@functools.cache
def built(results, preset):
    """Builds a preset once a run; False when that failed."""
    problem = build(preset)
    results.check(f"build/{preset}", problem)
    return not problem


def unit_environment(source_dir):
    return {"CMOCKA_MESSAGE_OUTPUT": "TAP", "EMOGUARD_SOURCE_DIR": source_dir, **data_environment()}


def unit(results, prefix, program, execute, source_dir):
    groups = execute([program, "--list"], f"{prefix}-list.log", merged=False).output.split()
    if not groups:
        results.fail(prefix, "the test program names no groups")
        return
    done = execute([program], f"{prefix}.log", environment=unit_environment(source_dir))
    results.read_tap(done.output, done.code, prefix, groups)


def stage_native(results):
    """unit tests and fuzz corpora with AddressSanitizer and UndefinedBehaviorSanitizer"""
    if not built(results, "asan"):
        return

    def execute(command, log, environment=None, merged=True):
        return run(command, log, environment={**SANITIZERS, **(environment or {})}, merged=merged)

    unit(results, "asan", BUILD / "asan/tests/emoguard-tests", execute, str(ROOT))


def stage_clang(results):
    """the second compiler, and the unit tests as it built them"""
    if built(results, "clang"):
        unit(results, "clang", BUILD / "clang/tests/emoguard-tests", run, str(ROOT))


def stage_windows(results):
    """the same unit tests as Windows program under Wine, fetching and the bell by Schannel, and a look at every binary"""
    if not built(results, "windows"):
        return
    done = script("tests/check_pe.py")
    results.read_checks(done.output, done.code, "check_pe")
    with Wine("unit") as wine:
        unit(results, "wine", BUILD / "windows/tests/emoguard-tests.exe", wine.run, wine_path(ROOT))
    for name in ("check_http", "check_bell"):
        done = script(f"tests/{name}.py", "windows")
        results.read_checks(done.output, done.code, name)


def stage_recorded(results):
    """decoders on recorded ETW payloads, our rules on recorded events, the stories they make"""
    if not all([built(results, "native"), built(results, "windows")]):
        return
    recorded.etw(results, SANITIZERS)
    recorded.rules(results)
    recorded.hunt(results)
    recorded_stories.stories(results)


def stage_cli(results):
    """the command line: usage, hunting on files, pipes and growing files, rules and their tests, checking files;
    the reports of checks in a browser; publishing rules;
    fetching over the network; the bell of a real nginx"""
    if not built(results, "native"):
        return
    for name in ("check_cli", "check_yara", "check_reports", "check_admin", "check_http", "check_bell"):
        done = script(f"tests/{name}.py")
        results.read_checks(done.output, done.code, name)


def stage_sigma(results):
    """verdicts of the Sigma engine beside those of the reference evaluators"""
    if not built(results, "native"):
        return
    for name in ("check_sigma", "check_sigma_random", "check_sigma_regex", "check_correlation"):
        done = script(f"tests/{name}.py")
        results.read_checks(done.output, done.code, name)


def stage_xbuild(results):
    """an MSBuild engine over every project of the solution"""
    done = script("tests/check_xbuild.py")
    results.read_checks(done.output, done.code, "check_xbuild")


def stage_e2e(results):
    """the installed product under Wine, from the infection to the window; rules from servers, good and bad, and kills"""
    if not (ROOT / "tests/e2e/run.py").exists():
        results.skip("e2e", "tests/e2e/run.py does not exist")
        return
    if not built(results, "windows"):
        return
    done = script("tests/e2e/run.py", log="e2e.log", timeout=1200)
    results.read_checks(done.output, done.code, "e2e")
    # Most of their time they wait, each with a Wine and servers of its own.
    names = ("check_updates", "check_bad_packs", "check_update_kills", "check_courier")
    with concurrent.futures.ThreadPoolExecutor(len(names)) as side_by_side:
        for name, done in zip(names, side_by_side.map(lambda name: script(f"tests/{name}.py"), names)):
            results.read_checks(done.output, done.code, name)


STAGES = {name.removeprefix("stage_"): function for name, function in list(globals().items())
          if name.startswith("stage_")}


def main():
    names = sys.argv[1:]
    if names == ["--list"]:
        for name, function in STAGES.items():
            print(f"{name:10} {function.__doc__}")
        return 0
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        print(f"no such stage: {unknown[0]} (there are {', '.join(STAGES)})", file=sys.stderr)
        return 2
    end_on_termination()
    results, whole = Results(), Stopwatch()
    for name in names or STAGES:
        print(f"== {name}: {STAGES[name].__doc__}", flush=True)
        before, watch = results.counts(), Stopwatch()
        try:
            STAGES[name](results)
        except Exception as error:  # a stage that breaks must not hide what the others find
            results.fail(name, f"{type(error).__name__}: {error}")
        passed, failed, skipped = (new - old for new, old in zip(results.counts(), before))
        print(f"   {passed} passed, {failed} failed, {skipped} skipped, {watch.text()}", flush=True)
    print(f"== all stages: {whole.text()}")
    for name in results.failed:
        print(f"   failed: {name}")
    for name, why in results.skipped:
        print(f"   skipped: {name}: {why}")
    passed, failed, skipped = results.counts()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
