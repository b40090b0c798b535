#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attacks.py [ROOT]: no check without its attack, and none that nothing asks. Each CHECK_* of
src/base/checks.h is asked somewhere in src and left out by an attack in tests/attacks; each
attack of the list (a) to (l) is there; and the row of docs/attacks.md for its letter says by
which message it is stopped."""
import os
import re
import sys

LETTERS = "abcdefghijkl"
CHECK = re.compile(r"\bCHECK_(?:SIGNER|ENGINE)_[A-Z_]+\b")
ATTACK = re.compile(r"\{\s*'([a-z])',\s*\"([^\"]*)\",\s*\w+,\s*\"([^\"]*)\"")


def texts(folder):
    """The C sources below a folder, one text each, without checks.h itself."""
    for at, _, files in os.walk(folder):
        for name in sorted(files):
            if name.endswith(".c"):
                with open(os.path.join(at, name), encoding="utf-8") as f:
                    yield f.read()


def checks_in(folder):
    return {check for text in texts(folder) for check in CHECK.findall(text)}


def attacks_in(folder):
    """(letter, name, message) of every row of the tables."""
    return [row for text in texts(folder) for row in ATTACK.findall(text)]


def rows_of(text):
    """letter -> what stands in backticks in its row."""
    rows = re.findall(r"^\| \(([a-z])\) (.*)$", text, re.M)
    return {letter: set(re.findall(r"`([^`]*)`", row)) for letter, row in rows}


def judge(root):
    """What is wrong, one line each."""
    with open(os.path.join(root, "src", "base", "checks.h"), encoding="utf-8") as f:
        known = set(CHECK.findall(f.read()))
    asked = checks_in(os.path.join(root, "src"))
    attacked = checks_in(os.path.join(root, "tests", "attacks"))
    attacks = attacks_in(os.path.join(root, "tests", "attacks"))
    with open(os.path.join(root, "docs", "attacks.md"), encoding="utf-8") as f:
        rows = rows_of(f.read())
    wrong = ["no check is listed"] if not known else []
    wrong += ["%s is asked nowhere" % c for c in sorted(known - asked)]
    wrong += ["%s is left out by no attack" % c for c in sorted(known - attacked)]
    wrong += ["attack (%s) is not there" % c for c in LETTERS if c not in {a[0] for a in attacks}]
    names = [name for _, name, _ in attacks]
    wrong += ["two attacks are called '%s'" % n for n in sorted(set(names)) if names.count(n) > 1]
    wrong += ["docs/attacks.md: row (%s) does not say %s" % (letter, message)
              for letter, message in sorted({(a[0], a[2]) for a in attacks})
              if message not in rows.get(letter, ())]
    return wrong, len(known), len(attacks)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    wrong, checks, attacks = judge(os.path.abspath(root))
    for line in wrong:
        print(line)
    print("attacks: %d checks, %d attacks, %d wrong" % (checks, attacks, len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
