#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""layers.py [ROOT]: checks every #include "room/…" of lib/ and src/ against docs/layers.txt.

Also: lib includes nothing of src; an area of src/domain includes no other area; a room without a
line in layers.txt is an error, and so is an include whose file does not exist. tools/verify, which is
built by strangers, includes lib/ and what lies beside it."""
import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
ROOFS = ("server", "station", "agent", "cli", "sim")
LIB = ("core", "manifest", "attest", "port")
ABOVE = ROOFS + ("domain", "watch", "protocol", "signer")


def read_layers(path):
    """room -> the set of rooms it may include."""
    layers = {}
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        match = re.fullmatch(r"([a-z]+):((?: [a-z*]+)*)", line)
        if not match or match.group(1) in layers:
            sys.exit("%s:%d: not understood, or the room stands there twice" % (path, number))
        layers[match.group(1)] = set(match.group(2).split())
    for room, may in layers.items():
        if "lib" in may:
            may |= set(LIB)
        if "*" in may:
            may |= set(layers) - set(ABOVE)
        unknown = may - set(layers) - {"lib", "*"}
        if unknown:
            sys.exit("%s: %s names unknown rooms: %s" % (path, room, " ".join(sorted(unknown))))
    return layers


def sources(root):
    """(top, path below top) of every C file."""
    for top in ("lib", "src", "tools"):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    full = os.path.join(folder, name)
                    yield top, os.path.relpath(full, os.path.join(root, top)), full


def area_of(path):
    """src/domain/<area>/… : the area; else None."""
    parts = path.split("/")
    return parts[1] if parts[0] == "domain" and len(parts) > 2 else None


def wrong_with(root, layers, top, path, target):
    """Why this include may not be, or None."""
    room, other = path.split("/")[0], target.split("/")[0]
    here = os.path.join(root, top, os.path.dirname(path), target)
    if "/" not in target:
        return None if os.path.exists(here) else "no such file beside it"
    if room == "include" or other == "sealwright":
        return None
    if not any(os.path.exists(os.path.join(root, t, target)) for t in ("lib", "src")):
        return "no such file in lib/ or src/"
    if top == "lib" and other not in LIB:
        return "lib may include nothing of src"
    if room not in layers:
        return "room %s has no line in docs/layers.txt" % room
    if other != room and other not in layers[room]:
        return "room %s may not look into %s" % (room, other)
    area, into = area_of(path), area_of(target)
    if area and into and area != into:
        return "area %s may not look into area %s" % (area, into)
    return None


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    root = os.path.abspath(root)
    layers = read_layers(os.path.join(root, "docs", "layers.txt"))
    layers["verify"] = set(LIB)
    checked = failed = 0
    for top, path, full in sources(root):
        checked += 1
        for number, line in enumerate(open(full, encoding="utf-8"), 1):
            match = INCLUDE.match(line)
            why = match and wrong_with(root, layers, top, path, match.group(1))
            if why:
                failed += 1
                print('%s/%s:%d: "%s": %s' % (top, path, number, match.group(1), why))
    print("layers: %d files looked at, %d wrong includes" % (checked, failed))
    sys.exit(1 if failed or not checked else 0)


if __name__ == "__main__":
    main()
