#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rules.py [ROOT]: what no file of ours may hold. Calls that cannot be used safely, unfinished
work, a missing license line, files that grew too long, traces of the machine they were made on."""
import os
import re
import subprocess
import sys

BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "gets", "strtok", "atoi", "atol", "system",
          "popen", "tmpnam", "mktemp", "alloca", "rand")
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
# Written in pieces, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE = re.compile(r"(?<![\w./-])/(?:wo" r"rk|home/\w+|root)/")
CODE = (".c", ".h", ".py", ".sh", ".sql", ".ts", ".tsx", ".mjs", ".build")
LINES_MAX = 500
BARE = re.compile(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|//[^\n]*', re.DOTALL)


def bare(text):
    """C without comments and strings, on the same lines."""
    return BARE.sub(lambda m: "\n" * m.group(0).count("\n"), text)


def wrong_in(path, text):
    """(line, what is wrong)"""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield number, "unfinished work"
        if MACHINE.search(line):
            yield number, "a path of one machine"
    if path.endswith((".c", ".h")):
        for number, line in enumerate(bare(text).split("\n"), 1):
            match = CALL.search(line)
            if match:
                yield number, "%s() is banned" % match.group(1)
        if len(lines) - 1 > LINES_MAX:
            yield LINES_MAX, "%d lines; %d are the limit" % (len(lines) - 1, LINES_MAX)
        if not lines[0].startswith("/* SPDX-License-Identifier: Apache-2.0 */"):
            yield 1, "the first line is not the license"
    elif path.endswith((".py", ".sh", ".sql")):
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:2]):
            yield 1, "no license line"


def ours(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True,
                            stdout=subprocess.PIPE).stdout.decode().split("\0")
    for path in listed:
        full = os.path.join(root, path)
        # A file that was deleted but not yet committed is still listed.
        if os.path.isfile(full) and not path.startswith("tests/fuzz/corpus/"):
            yield path, full


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    looked = wrong = 0
    for path, full in ours(os.path.abspath(root)):
        with open(full, "rb") as f:
            content = f.read()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            continue
        looked += 1
        for line, why in wrong_in(path, text):
            wrong += 1
            print("%s:%d: %s" % (path, line, why))
    print("rules: %d files looked at, %d wrong" % (looked, wrong))
    sys.exit(1 if wrong or not looked else 0)


if __name__ == "__main__":
    main()
