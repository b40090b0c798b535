#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""references.py [--fix]: line references in docs/*.md are of the form `path:line` (`symbol`); the
line must hold the symbol. With --fix, lines are set to where the symbol is defined."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = re.compile(r"`([\w./-]+\.(?:c|h|sql|txt|cddl)):(\d+)` \(`([^`]+)`\)")


def where(path, symbol):
    """The line of a definition: the symbol at a line's start or after its type, not indented."""
    lines = path.read_text().splitlines()
    plain = [i for i, line in enumerate(lines, 1) if symbol in line]
    defined = [i for i in plain if not lines[i - 1].startswith(("\t", " ", "#", "/*", "*"))
               and not lines[i - 1].rstrip().endswith(";")]
    return (defined or plain or [0])[0]


def main():
    fix = sys.argv[1:] == ["--fix"]
    good = bad = 0
    for doc in sorted((ROOT / "docs").rglob("*.md")):
        text = doc.read_text()

        def check(match):
            nonlocal good, bad
            name, line, symbol = match.group(1), int(match.group(2)), match.group(3)
            path = ROOT / name
            lines = path.read_text().splitlines() if path.exists() else []
            if 0 < line <= len(lines) and symbol in lines[line - 1]:
                good += 1
                return match.group(0)
            now = where(path, symbol) if lines else 0
            if fix and now:
                good += 1
                return "`%s:%d` (`%s`)" % (name, now, symbol)
            bad += 1
            print("%s: %s:%d does not hold %s%s" % (doc.relative_to(ROOT), name, line, symbol,
                                                    "; it is at %d" % now if now else ""))
            return match.group(0)

        changed = REFERENCE.sub(check, text)
        if fix and changed != text:
            doc.write_text(changed)
    print("%d passed, %d failed" % (good, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
