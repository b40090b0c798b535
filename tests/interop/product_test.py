#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""product_test.py SEALWRIGHT BOM: runs the main job of the product, and reads what it leaves behind
with readers that share no code with it: the whole exported log, strictly, every signature; every
passport; and the same log again with one byte changed in each of many places."""
import hashlib
import os
import re
import random
import shutil
import subprocess
import sys
import tempfile

import cbor2

import charter_reader
import ledger_reader

CORRUPTIONS = 40
UNITS = 3


def path_root(index, size, leaf, path):
    """RFC 9162 section 2.1.3.2, from the text."""
    fn, sn, root = index, size - 1, leaf
    for node in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            root = ledger_reader.node_hash(node, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = ledger_reader.node_hash(root, node)
        fn, sn = fn >> 1, sn >> 1
    return root if sn == 0 else None


def passport_problem(raw, key):
    """None, or the first thing that is wrong with a passport."""
    item = ledger_reader.decode(raw, "passport")
    if sorted(item) != list(range(1, 10)) or item[1] != 2 or item[5] or item[7] != sorted(item[7]):
        return "shape"
    try:
        size, root = ledger_reader.read_checkpoint(item[2].encode(), key)
    except ledger_reader.Problem as problem:
        return str(problem)
    last, about = {}, False
    chain = charter_reader.Chain()
    chain.log_key = key[2]
    for sequence, entry, path in item[4]:
        if path_root(sequence, size, ledger_reader.leaf_hash(entry), path) != root:
            return "entry %d is not in the log" % sequence
        claim, proof, witness = ledger_reader.decode(entry, "entry")
        if witness[1] != sequence:
            return "entry %d stands elsewhere" % sequence
        wrong = chain.see(sequence, ledger_reader.decode(claim, "claim"), claim,
                          ledger_reader.check_proof(proof), witness)
        if wrong is not None:
            return "the decision of entry %d: %s" % wrong
        if 9 not in witness:
            continue
        subject = tuple(witness[9])
        if subject[0] in item[7]:
            return "entry %d is of a kind that is withheld" % sequence
        if witness.get(8) != last.get(subject):
            return "a record before %d was left out" % sequence
        last[subject] = sequence
        about = about or list(subject) == item[3]
    if chain.agreed < 2:
        return "build authorization and firmware release were not weighed"
    if last.get(tuple(item[3])) != item[9]:
        return "the unit's last record is another one"
    return None if about else "nothing about its subject"


class Cases:
    def __init__(self):
        self.good = self.bad = 0

    def check(self, name, right):
        self.good += bool(right)
        self.bad += not right
        if not right:
            print("FAILED: " + name)


def check_passports(cases, folder, key):
    names = sorted(os.listdir(folder))
    cases.check("one passport a unit", len(names) == UNITS)
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            raw = file.read()
        problem = passport_problem(raw, key)
        cases.check("%s: %s" % (name, problem), problem is None)
    item = cbor2.loads(raw)
    chain = [e for e in item[4] if cbor2.loads(e[1])[2].get(9) == item[3]]
    item[4].remove(chain[1])
    cases.check("a passport with a record left out is refused",
                passport_problem(cbor2.dumps(item, canonical=True), key) is not None)


def entry_files(tiles):
    """The bundles that the last checkpoint promises: full ones, and the widest partial one."""
    for folder, _, names in os.walk(os.path.join(tiles, "tile", "entries")):
        if folder.endswith(".p"):
            names = [max(names, key=int)]
        for name in names:
            yield os.path.join(folder, name)


def check_corruptions(cases, tiles, key_text, seed):
    chance = random.Random(seed)
    files = sorted(entry_files(tiles))
    for number in range(CORRUPTIONS):
        path = chance.choice(files)
        with open(path, "rb") as file:
            raw = bytearray(file.read())
        at = chance.randrange(len(raw))
        raw[at] ^= 1 << chance.randrange(8)
        with open(path, "r+b") as file:
            file.write(raw)
        problems, _, _ = ledger_reader.read_log(tiles, key_text, True)
        cases.check("byte %d of %s changed (seed %d)" % (at, path, seed), problems)
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(bytes([original(tiles, path, at)]))


def original(tiles, path, at):
    with open(path.replace(tiles, tiles + ".kept", 1), "rb") as file:
        file.seek(at)
        return file.read(1)[0]


def run(program, bom, state):
    result = subprocess.run(
        [program, "demo", "--once", "--state", state, "--units", str(UNITS), "--bom", bom],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    return result.returncode, result.stdout + result.stderr


def main():
    program, bom = sys.argv[1:3]
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        code, said = run(program, bom, folder)
        if code != 0:
            print(said)
        cases.check("the main job ends well", code == 0)
        cases.check("every unit is commissioned",
                    "%d of %d units commissioned" % (UNITS, UNITS) in said)
        stopped = re.search(r"^(\d+) of (\d+) attacks stopped$", said, re.MULTILINE)
        cases.check("every attack is stopped", stopped is not None and stopped[1] == stopped[2] and int(stopped[1]) >= 19)
        if cases.bad == 0:
            state = os.path.join(folder, "state")
            with open(os.path.join(state, "log.vkey"), encoding="utf-8") as file:
                key_text = file.read().strip()
            tiles = os.path.join(state, "tiles")
            shutil.copytree(tiles, tiles + ".kept")
            problems, history, size = ledger_reader.read_log(tiles, key_text, True)
            for problem in problems:
                print(problem)
            cases.check("the whole log reads", not problems)
            # What is left nobody admitted: its author alone approved it, or one person twice.
            left = list(history.charter.open.values())
            cases.check("the charter agrees to what the signer admitted, and to nothing else",
                        history.charter.agreed >= 2 and len(left) == 2)
            cases.check("almost every record is signed by its author",
                        history.verified > size * 9 // 10)
            check_passports(cases, os.path.join(folder, "passports"), ledger_reader.parse_key(key_text))
            check_corruptions(cases, tiles, key_text, int(hashlib.sha256(
                key_text.encode()).hexdigest()[:6], 16))
    print("%d passed, %d failed" % (cases.good, cases.bad))
    return 1 if cases.bad else 0


if __name__ == "__main__":
    sys.exit(main())
