#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ledger_reader_test.py MAKE_LOG: has MAKE_LOG write logs, and sees that ledger_reader.py accepts
a whole one and names every corruption planted in it, by the writer or afterwards in its files."""
import os
import shutil
import subprocess
import sys
import tempfile

import ledger_reader

ENTRIES = 600
LAST_BUNDLE = "tile/entries/002.p/88"


def change(folder, name, edit):
    path = os.path.join(folder, name)
    with open(path, "rb") as file:
        raw = bytearray(file.read())
    raw = edit(raw)
    with open(path, "wb") as file:
        file.write(raw)


def flipped(at):
    def edit(raw):
        raw[at] ^= 1
        return raw
    return edit


def with_entries(edit):
    """Edits a bundle as a list of entries."""
    def on_bytes(raw):
        out, at = [], 0
        while at < len(raw):
            n = int.from_bytes(raw[at:at + 2], "big")
            out.append(bytes(raw[at:at + 2 + n]))
            at += 2 + n
        return b"".join(edit(out))
    return on_bytes


def swapped(entries):
    entries[3], entries[4] = entries[4], entries[3]
    return entries


def removed(entries):
    return entries[:10] + entries[11:]


def duplicated(entries):
    return entries[:10] + [entries[9]] + entries[10:]


def replaced(entries):
    """One entry takes another's place; their number stays."""
    return entries[:10] + [entries[9]] + entries[11:]


def renamed(old, new):
    def plant(folder):
        os.rename(os.path.join(folder, old), os.path.join(folder, new))
    return plant


def copied(old, new):
    def plant(folder):
        shutil.copyfile(os.path.join(folder, old), os.path.join(folder, new))
    return plant


def edited(name, edit):
    return lambda folder: change(folder, name, edit)


# What is done to the folder, and the problem that must come first.
IN_FILES = [
    ("a byte flipped in an entry", edited("tile/entries/001", flipped(500)), "LEAF_MISMATCH"),
    ("a byte flipped in the last entry", edited(LAST_BUNDLE, flipped(-1)), "LEAF_MISMATCH"),
    ("a byte flipped in a tile", edited("tile/0/001", flipped(40)), "LEAF_MISMATCH"),
    ("a byte flipped in an upper tile", edited("tile/1/000.p/2", flipped(3)), "TILE_MISMATCH"),
    ("a byte flipped in the checkpoint", edited("checkpoint", flipped(18)), "CHECKPOINT_SIGNATURE"),
    ("a bundle cut short", edited("tile/entries/000", lambda raw: raw[:-7]), "BUNDLE_TORN"),
    ("bytes after a bundle", edited("tile/entries/000", lambda raw: raw + b"\0\1x"), "BUNDLE_LONG"),
    ("two entries swapped", edited("tile/entries/000", with_entries(swapped)), "LEAF_MISMATCH"),
    ("an entry removed", edited("tile/entries/000", with_entries(removed)), "BUNDLE_TORN"),
    ("an entry duplicated", edited("tile/entries/000", with_entries(duplicated)), "BUNDLE_LONG"),
    ("an entry replaced", edited("tile/entries/000", with_entries(replaced)), "LEAF_MISMATCH"),
    ("a partial tile of the wrong width", renamed("tile/0/002.p/88", "tile/0/002.p/87"),
     "FILE_MISSING"),
    ("a partial bundle of the wrong width", renamed(LAST_BUNDLE, "tile/entries/002.p/87"),
     "FILE_MISSING"),
    ("a tile that is too long", edited("tile/0/000", lambda raw: raw + raw[:32]), "TILE_SIZE"),
    ("a stale tile", copied("tile/0/000", "tile/0/001"), "LEAF_MISMATCH"),
    ("no checkpoint", renamed("checkpoint", "checkpoint.old"), "FILE_MISSING"),
]

# What the writer does wrong at an entry, and then signs.
BY_WRITER = [
    ("sequence", 301, "SEQUENCE"),
    ("time", 555, "TIME"),
    ("forged", 304, "SIGNATURE"),
    ("forged", 303, "SIGNATURE"),
    ("forged", 307, "SIGNATURE"),  # an SSH key
    ("forged", 308, "SIGNATURE"),  # a token
    ("unknown_key", 307, "SIGNATURE"),
    ("unknown_key", 304, "SIGNATURE"),
    ("origin", 257, "ORIGIN"),
    ("previous", 400, "PREVIOUS"),
    ("no_previous", 400, "PREVIOUS"),
    ("false_previous", 3, "PREVIOUS"),
    ("target", 303, "TARGET"),
    ("twice", 36, "TARGET"),
    ("malformed", 36, "ENTRY_MALFORMED"),
    ("succeeded", 300, "nothing"),
    ("succeeded_root", 300, "SUCCESSION"),
    ("succeeded_place", 300, "SUCCESSION"),
    ("succeeded_silently", 300, "ORIGIN"),
    ("succeeded_twice", 300, "SUCCESSION"),
]


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, expected, problems):
        found = problems[0].name if problems else "nothing"
        if found == expected:
            self.passed += 1
            return
        self.failed += 1
        print("FAILED %s: expected %s, found %s" % (what, expected, found))
        for problem in problems[:5]:
            print("    %s" % problem)


def make(program, folder, entries, *plant):
    out = subprocess.run([program, folder, str(entries)] + [str(p) for p in plant],
                         check=True, stdout=subprocess.PIPE, timeout=60)
    return out.stdout.decode().strip()


def main(program):
    tally = Tally()
    with tempfile.TemporaryDirectory() as base:
        whole = os.path.join(base, "whole")
        key = make(program, whole, ENTRIES)
        problems, history, size = ledger_reader.read_log(whole + "/tiles", key, strict=True)
        tally.check("a whole log", "nothing", problems)
        tally.check("as many entries as made", "nothing" if size == ENTRIES else "?", [])
        tally.check("signatures of two keys verified",
                    "nothing" if history.verified > 400 and len(history.keys.by_id) == 2 else "?", [])
        tally.check("SSH signatures verified",
                    "nothing" if history.by_kind["ssh"] > 100 else "?", [])
        for entries in (4, 255, 256, 257, 512, 513):
            folder = os.path.join(base, "n%d" % entries)
            tally.check("a whole log of %d" % entries, "nothing", ledger_reader.read_log(
                folder + "/tiles", make(program, folder, entries))[0])
        other = make(program, os.path.join(base, "other"), 4)
        tally.check("another log's key", "CHECKPOINT_UNSIGNED",
                    ledger_reader.read_log(whole + "/tiles", other)[0])
        for what, plant, expected in IN_FILES:
            folder = os.path.join(base, "copy")
            shutil.copytree(whole + "/tiles", folder)
            plant(folder)
            tally.check(what, expected, ledger_reader.read_log(folder, key)[0])
            shutil.rmtree(folder)
        for plant, at, expected in BY_WRITER:
            folder = os.path.join(base, "%s%d" % (plant, at))
            planted = make(program, folder, ENTRIES, plant, at)
            tally.check("the writer's %s at %d" % (plant, at), expected,
                        ledger_reader.read_log(folder + "/tiles", planted, strict=True)[0])
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
