#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""house.py [ROOT]: how large each room is, how long its functions are, and what share of the
record types needs C beyond shape and SQL (more than a fifth says that the idea is stretched)."""
import os
import re
import statistics
import sys

ENDS = (".c", ".h", ".sql", ".py", ".sh", ".ts", ".tsx", ".mjs", ".txt", ".md", ".build")


def room_of(path):
    parts = path.split(os.sep)
    if parts[0] in ("lib", "src", "tests") and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0] if len(parts) > 1 else "(root)"


def measured(root):
    """(path, lines that are not blank, lengths of functions)"""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "build", "state",
                                                                    "node_modules", "__py")))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if not name.endswith(ENDS) or "corpus" in path:
                continue
            with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
                lines = f.read().split("\n")
            yield path, lines, functions(lines) if name.endswith(".c") else []


def functions(lines):
    """Lengths of the bodies that begin and end in the first column (Linux braces)."""
    lengths, start = [], None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            lengths.append(number - start - 1)
            start = None
    return lengths


def record_types(root):
    """(types, types with a C check) of src/domain."""
    types = checks = 0
    for path, lines, _ in measured(os.path.join(root, "src", "domain")):
        if not path.endswith("_types.c"):
            continue
        text = "\n".join(lines)
        types += len(re.findall(r'\.name\s*=\s*"[a-z_]+\.[a-z_]+"', text))
        checks += len(re.findall(r"\.check\s*=", text))
    return types, checks


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    rooms, lengths, long_files = {}, [], []
    for path, lines, bodies in measured(os.path.abspath(root)):
        files, n = rooms.get(room_of(path), (0, 0))
        rooms[room_of(path)] = files + 1, n + sum(1 for line in lines if line.strip())
        if not path.startswith("tests"):
            lengths += bodies
        if path.endswith((".c", ".h")) and len(lines) > 400:
            long_files.append((len(lines), path))
    print("%-24s %6s %8s" % ("room", "files", "lines"))
    for room in sorted(rooms):
        print("%-24s %6d %8d" % ((room,) + rooms[room]))
    print("%-24s %6d %8d" % ("all", sum(r[0] for r in rooms.values()),
                             sum(r[1] for r in rooms.values())))
    if lengths:
        over = sum(1 for n in lengths if n > 60)
        print("\nfunctions of lib and src: %d, median %d lines, %d over 60 (%.1f %%), longest %d" % (
            len(lengths), statistics.median(lengths), over, 100 * over / len(lengths), max(lengths)))
    for n, path in sorted(long_files, reverse=True):
        print("over 400 lines: %s (%d)" % (path, n))
    types, checks = record_types(os.path.abspath(root))
    print("record types: %d, with a C check: %d (%.0f %%; a fifth is the limit)" % (
        types, checks, 100 * checks / types if types else 0))


if __name__ == "__main__":
    main()
