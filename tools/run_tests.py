#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a meson build and counts the test cases inside each program.

A cmocka program says how many of its cases passed and failed; a script ends with a line
`N passed, M failed`. A program that says neither counts as one case. One that dies, hangs or
exits with an error without naming a failed case counts as one failure. Exit status 77: skipped."""
import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

CMOCKA = re.compile(r"^\[  (PASSED|FAILED)  \] (\d+) test\(s\)", re.MULTILINE)
SCRIPT = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
SKIPPED = 77
SHOWN_LINES = 60


def count(output, status):
    """(passed, failed) of one program."""
    passed = failed = 0
    found = CMOCKA.findall(output)
    for verdict, n in found:
        if verdict == "PASSED":
            passed += int(n)
        else:
            failed += int(n)
    script = SCRIPT.findall(output)
    if script and not found:
        passed, failed = int(script[-1][0]), int(script[-1][1])
    if status == SKIPPED and not found and not script:
        return 0, 0
    if status != 0 and failed == 0:
        return passed, 1
    if status == 0 and passed + failed == 0:
        return 1, 0
    return passed, failed


RUNNING = set()


def stop(*_):
    """Whoever stops us stops the programs that we started."""
    for pid in list(RUNNING):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    os._exit(130)


def run(test, limit):
    """Runs one program to its end, or to its time limit. Returns (output, status)."""
    env = dict(os.environ, **test.get("env", {}))
    process = subprocess.Popen(test["cmd"], cwd=test.get("workdir") or test.get("build"), env=env,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    RUNNING.add(process.pid)
    try:
        output, _ = process.communicate(timeout=limit)
        status = process.returncode
        late = ""
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        status, late = -signal.SIGKILL, "\nstopped after %d s\n" % limit
    # Children that outlived their program would disturb the next one.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    RUNNING.discard(process.pid)
    return output.decode("utf-8", "replace") + late, status


class Report:
    """Prints one line a program, and keeps the sums."""

    def __init__(self, label):
        self.label, self.passed, self.failed = label, 0, 0
        self.lock = threading.Lock()

    def add(self, test, output, status, seconds):
        passed, failed = count(output, status)
        word = "FAILED" if failed else "skipped" if status == SKIPPED else "ok"
        lines = ["%-8s %-44s %-7s %5d passed %3d failed %6.1f s" % (
            self.label, name_of(test), word, passed, failed, seconds)]
        if failed:
            lines.append("  | exit status %d" % status)
            lines += ["  | " + line for line in output.rstrip().split("\n")[-SHOWN_LINES:]]
        with self.lock:
            self.passed += passed
            self.failed += failed
            print("\n".join(lines), flush=True)


def name_of(test):
    suites = [s.split(":")[-1] for s in test.get("suite", [])]
    suite = [s for s in suites if s and s != "sealwright"]
    return "/".join(suite[:1] + [test["name"]])


def wanted(test, only, without):
    suites = {s.split(":")[-1] for s in test.get("suite", [])}
    return (not only or suites & set(only)) and not suites & set(without)


def one(test, factor, report):
    limit = test.get("timeout") or 0
    started = time.monotonic()
    try:
        output, status = run(test, limit * factor if limit > 0 else 3600)
    except OSError as e:
        output, status = "%s: %s" % (test["cmd"][0], e), 127
    report.add(test, output, status, time.monotonic() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--label", default="test")
    parser.add_argument("--suite", action="append", default=[])
    parser.add_argument("--no-suite", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout-factor", type=float, default=1)
    parser.add_argument("--counts", help="a file that gets one line: passed failed")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    listed = subprocess.run(["meson", "introspect", "--tests", options.build], check=True,
                            stdout=subprocess.PIPE).stdout
    # Like meson: a test without a folder of its own runs in the build's.
    tests = [dict(t, build=options.build) for t in json.loads(listed)
             if wanted(t, options.suite, options.no_suite)]
    report = Report(options.label)
    # Long ones first, so that the last core does not wait for one of them.
    together = sorted((t for t in tests if t.get("is_parallel", True)),
                      key=lambda t: -(t.get("timeout") or 0))
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        list(pool.map(lambda t: one(t, options.timeout_factor, report), together))
    for test in tests:
        if not test.get("is_parallel", True):
            one(test, options.timeout_factor, report)
    if options.counts:
        with open(options.counts, "a", encoding="ascii") as f:
            f.write("%d %d\n" % (report.passed, report.failed))
    else:
        print("%d passed, %d failed" % (report.passed, report.failed))
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
