#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""message_uses.py [ROOT]: every message that the program can raise is in the catalog, every
message of the catalog is raised somewhere, and every file of messages/en is built in."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import messages  # noqa: E402

RAISED = re.compile(r'\bfail\w*\s*\((?:[^;"]|"[^"]*")*?"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"')
LITERAL = re.compile(r'"([A-Z][A-Z0-9_]{2,63})"')
SECTION = re.compile(r"^-- (?:refuse|flag) \S+(?: \S+)*? (\S+?)(?: each \S+)?\s*$", re.MULTILINE)
CONTROL = re.compile(r"^-- control (.+?) gate:", re.MULTILINE)


def files(root, ends):
    for top in ("lib", "src", "tests/records/tutorial"):
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith(ends):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as f:
                        yield os.path.relpath(path, root), f.read()


def uses(root):
    """id -> first place for what must be there, and the set of all ids that are named."""
    must, named = {}, set()
    for path, text in files(root, (".c", ".h")):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        for id_ in RAISED.findall(text):
            must.setdefault(id_, path)
        named |= set(LITERAL.findall(text))
    for path, text in files(root, (".sql",)):
        found = SECTION.findall(text)
        found += ["CONTROL_" + c.replace("-", "_") for line in CONTROL.findall(text)
                  for c in line.split()]
        for id_ in found:
            must.setdefault(id_, path)
    return must, named | set(must)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    root = os.path.abspath(root)
    folder = os.path.join(root, "messages", "en")
    names = sorted(os.listdir(folder))
    catalog = {m["id"] for m in messages.read([os.path.join(folder, n) for n in names])}
    must, named = uses(root)
    wrong = ["%s raises %s, which is in no file of messages/en" % (must[i], i)
             for i in sorted(set(must) - catalog)]
    wrong += ["%s is in the catalog, but nothing raises it" % i for i in sorted(catalog - named)]
    with open(os.path.join(root, "messages", "meson.build"), encoding="utf-8") as f:
        listed = set(re.findall(r"'en/([^']+)'", f.read()))
    wrong += ["messages/en/%s is not in messages/meson.build" % n
              for n in names if n not in listed]
    print("\n".join(wrong + ["messages: %d in the catalog, %d wrong" % (len(catalog), len(wrong))]))
    sys.exit(1 if wrong or not catalog else 0)


if __name__ == "__main__":
    main()
