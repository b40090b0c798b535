#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Types docs/tutorial.md as it is written, block by block, in one shell, and compares what is printed with what the
tutorial says is printed (an ellipsis stands for anything). usage: tutorial_test.py PROGRAM SOURCES"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

BLOCK_S = 120
FENCE = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Shell:
    """One bash for the whole tutorial: variables, folders and background jobs stay."""

    def __init__(self, folder, home, path):
        self.bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=folder, start_new_session=True,
            env={"PATH": path, "HOME": home, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb"})

    def type(self, block):
        """What it prints, and the first line that failed, or None."""
        mark = f"=={len(block)}=="
        self.bash.stdin.write("trap 'echo \"FAILED: $BASH_COMMAND\"' ERR\n" + block + f"\ntrap - ERR\nprintf '\\n%s\\n' '{mark}'\n")
        self.bash.stdin.flush()
        limit = threading.Timer(BLOCK_S, self.end)
        limit.start()
        lines = []
        for line in self.bash.stdout:
            if line.rstrip("\n") == mark:
                break
            lines.append(line.rstrip("\n"))
        else:
            lines.append("FAILED: it did not end")
        limit.cancel()
        # A sentence must say what was found, not the name of it.
        wrong = [line for line in lines if line.startswith("FAILED: ") or re.search(r" \{[a-z_]+\}", line)]
        return lines, wrong[0] if wrong else None

    def end(self):
        try:
            os.killpg(self.bash.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass


def fits(expected, line):
    return re.fullmatch(".*".join(re.escape(part) for part in expected.split("…")), line.strip()) is not None


def missing(expected, lines):
    """The first expected line that is not printed after the one before it; None: all are."""
    at = 0
    for wanted in (line.strip() for line in expected.splitlines() if line.strip()):
        while at < len(lines) and not fits(wanted, lines[at]):
            at += 1
        if at == len(lines):
            return wanted
        at += 1
    return None


def play(text, shell):
    passed, printed = 0, []
    for number, (kind, block) in enumerate(FENCE.findall(text), 1):
        if kind == "sh":
            printed, wrong = shell.type(block)
        else:
            wrong = missing(block, printed)
        if wrong is not None:
            print(f"FAILED block {number}: {wrong}\n--- typed or expected:\n{block}--- printed:\n" + "\n".join(printed))
            return passed, 1
        passed += 1
    return passed, 0


def main():
    program, sources = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with open(os.path.join(sources, "docs/tutorial.md"), encoding="utf-8") as file:
        text = file.read()
    home = tempfile.mkdtemp(prefix="sealwright-tutorial-")
    # Of a build elsewhere, the program that is tested; the tutorial's own words come first in it.
    shell = Shell(sources, home, os.path.dirname(program) + ":" + os.environ["PATH"])
    try:
        passed, failed = play(text, shell)
    finally:
        shell.end()
        shell.bash.wait(BLOCK_S)
        shutil.rmtree(home, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
