#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""invariants.py [ROOT]: every test that docs/invariants.md names exists, and every invariant has a
number of its own. Says how many have no test yet. And every test and attack that
docs/threat-model.md names exists, so that it promises nothing that nobody tries."""
import os
import re
import sys

ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+) \| (.+) \|$")


def test_names(root):
    """Names of test functions in C, and of test methods and case names in Python."""
    names = set()
    for folder, _, files in os.walk(os.path.join(root, "tests")):
        for name in files:
            if name.endswith((".c", ".py", ".sh", ".mjs")):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    names |= set(re.findall(r"\b[a-z][a-z0-9_]{7,}\b", f.read()))
    return names


def promised(text):
    """Names of tests in prose: in backquotes, of several words."""
    return sorted(set(re.findall(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`", text)))


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    root = os.path.abspath(root)
    names, seen, wrong, bare = test_names(root), set(), 0, []
    with open(os.path.join(root, "docs", "invariants.md"), encoding="utf-8") as f:
        rows = [m.groups() for m in map(ROW.match, f.read().split("\n")) if m]
    for number, _, shown in rows:
        if number in seen:
            wrong += 1
            print("%s stands there twice" % number)
        seen.add(number)
        if shown == "not yet":
            bare.append(number)
            continue
        if shown.startswith("reading: "):
            continue
        for test in re.findall(r"`([^`]*)`", shown) or ["(none)"]:
            if test not in names:
                wrong += 1
                print("%s: there is no test %s" % (number, test))
    with open(os.path.join(root, "docs", "threat-model.md"), encoding="utf-8") as f:
        threats = promised(f.read())
    for test in threats:
        if test not in names:
            wrong += 1
            print("threat-model.md: there is no test %s" % test)
    print("invariants: %d, and %d names in the threat model, %d wrong, without a test: %s" %
          (len(rows), len(threats), wrong, " ".join(bare) or "none"))
    sys.exit(1 if wrong or not rows or not threats else 0)


if __name__ == "__main__":
    main()
