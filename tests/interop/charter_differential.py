#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""charter_differential.py JUDGE: charter_reader.py and our judge of charters say the same.

Random charters, most of them sound, some bent in one place, some damaged in their bytes; for each a
revision that may follow, and questions with votes around every bound. JUDGE is the program built from
charter_judge.c; every case goes to it in one run."""
import copy
import hashlib
import random
import subprocess
import sys

import cbor2

import charter_reader
from charter_reader import ED25519_HEAD, P256_HEAD

SEED = 20261120
CHARTERS = 2500
QUESTIONS = 12
HOUR = 3600000
NOW = 1795149506000
GROUPS = ["founders", "security", "authors", "Founders", "qa"]
CLASSES = ["charter", "*", "build.authorize", "firmware.release", "credential"]


def spki(rng):
    if rng.random() < 0.5:
        return ED25519_HEAD + rng.randbytes(32)
    return P256_HEAD + rng.randbytes(64)


def new_key(rng):
    kind = rng.choice((1, 2, 3))
    key = {1: spki(rng), 2: kind, 3: kind != 2 and rng.random() < 0.7}
    if kind == 3 and rng.random() < 0.4:
        key[4] = rng.choice(("ssh:", "ssh:approve", "x" * 64))
    return key


def some(rng, values, least=1):
    return rng.sample(values, rng.randint(least, len(values)))


def new_rule(rng, name, mode):
    return {1: name, 2: rng.randint(0 if mode else 1, 3), 3: some(rng, GROUPS[:3]),
            4: [[g, rng.randint(1, 2)] for g in some(rng, GROUPS[:2], 0)] if rng.random() < 0.3
            else [], 5: rng.choice((1, 48 * HOUR, 336 * HOUR)), 6: rng.choice((1, 4 * HOUR)),
            7: rng.choice((0, HOUR, 24 * HOUR))}


def new_charter(rng):
    mode = rng.choice((0, 0, 0, 1, 2))
    c = {1: rng.choice((1, 1, 2, 700)), 3: "ledger.example/x", 4: mode,
         7: [{1: "p%d" % i, 2: some(rng, GROUPS), 3: [new_key(rng) for _ in range(rng.randint(1, 3))]}
             for i in range(rng.randint(1, 8))],
         8: [new_rule(rng, name, mode) for name in some(rng, CLASSES)], 9: [], 10: 0, 11: 0}
    if c[1] > 1:
        c[2] = rng.randbytes(32)
    if rng.random() < 0.5:
        c[5], c[6] = "ledger.example", ["https://ledger.example"]
    if rng.random() < 0.4:
        c[9] = [{1: "k%d" % i, 2: spki(rng), 3: rng.choice((1, 3))} for i in range(rng.randint(1, 3))]
        c[10] = rng.randint(1, len(c[9]))
    if rng.random() < 0.2:
        c[11], c[12] = 2, ["witness+00000000+key"]
    return c


ODD = (0, 1, -1, 2, 3, 17, 2**53, "", "x", "p0", "a b", "founders", b"", b"x" * 32, [], {}, None, True,
       False, "y" * 65, 1209600001)


def bend(rng, item):
    """Changes one place, deep or not; returns the item."""
    while isinstance(item, (dict, list)) and item:
        places = list(item) if isinstance(item, dict) else list(range(len(item)))
        place = rng.choice(places)
        if isinstance(item[place], (dict, list)) and item[place] and rng.random() < 0.8:
            item = item[place]
            continue
        how = rng.randrange(4)
        if how == 0:
            del item[place]
        elif how == 1 and isinstance(item, list):
            item.append(copy.deepcopy(item[place]))
        else:
            item[place] = rng.choice(ODD)
        return


def revised(rng, c, raw):
    following = copy.deepcopy(c)
    following[1] = c[1] + 1
    following[2] = hashlib.sha256(raw).digest()
    how = rng.randrange(12)
    if how == 0:
        following[7].append({1: "new", 2: some(rng, GROUPS), 3: [new_key(rng)]})
    elif how == 1:
        following[7].pop(rng.randrange(len(following[7])))
    elif how == 2:
        rng.choice(following[7])[3].append(new_key(rng))
    elif how == 3:
        rng.choice(following[7])[2] = some(rng, GROUPS)
    elif how == 4:
        following[4] = rng.randrange(3)
    elif how == 5:
        rng.choice(following[8])[7] = 5
    elif how == 6:
        rng.shuffle(following[7])
    elif how == 7:
        bend(rng, following)
    elif how == 8:
        rng.choice(rng.choice(following[7])[3])[3] = True
    elif how == 9:
        rng.choice(rng.choice(following[7])[3])[4] = "ssh:"
    elif how == 10:
        one, other = rng.choice(following[7]), rng.choice(following[7])
        one[3], other[3] = other[3], one[3]
    return cbor2.dumps(following, canonical=True)


def questions(rng, c):
    try:
        known = list(charter_reader.keys_of(c))
    except Exception:
        return []
    known += [rng.randbytes(32)] + [hashlib.sha256(key[2]).digest() for key in c[9]]
    out = []
    for _ in range(QUESTIONS):
        votes = []
        for _ in range(rng.choice((0, 1, 2, 3, 5, 70))):
            made = NOW + rng.choice((0, -1, 1, -4 * HOUR, -4 * HOUR - 1, 120000, 120001, -60000, -60000))
            votes.append([rng.choice(known), made, rng.choice((0, 0, 0, NOW, NOW - 1, NOW + 1)),
                          rng.choice((0, 0, 0, NOW - HOUR, NOW - HOUR + 1, NOW - 24 * HOUR, NOW + 1))])
        out.append([rng.choice(CLASSES + ["other"]), rng.choice(known),
                    NOW + rng.choice((-1000, -1000, -1000, -48 * HOUR, -48 * HOUR - 1, 120001, 120000)),
                    NOW, rng.choice((0, 0, 1, 2, 9)), votes])
    return out


def expected(raw, following, asked):
    try:
        c = charter_reader.read(raw)
    except charter_reader.Refused:
        return "-"
    try:
        after = charter_reader.read(following)
        line = "m" if charter_reader.follows(c, raw, after) else "f"
        line += "".join("s" if charter_reader.key_stays(
            c, person, hashlib.sha256(key[1]).digest(), key) else "n"
            for person in after[7] for key in person[3])
    except charter_reader.Refused:
        line = "-"
    for name, author, made, now, more, votes in asked:
        verdict, used = charter_reader.weigh(c, name, author, made, [tuple(v) for v in votes], now, more)
        line += " %d:%x" % (verdict, sum(1 << at for at in used))
    return line


def cases(rng):
    for _ in range(CHARTERS):
        c = new_charter(rng)
        sound = rng.random() < 0.75
        if not sound:
            bend(rng, c)
        raw = cbor2.dumps(c, canonical=True)
        if rng.random() < 0.1:
            at = rng.randrange(len(raw))
            raw = raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1:]
        following = revised(rng, c, raw) if sound else raw
        yield raw, following, questions(rng, c) if sound else []


def main(program):
    all_cases = list(cases(random.Random(SEED)))
    items = [cbor2.dumps(list(case), canonical=True) for case in all_cases]
    said = subprocess.run([program], input=b"".join(len(i).to_bytes(4, "big") + i for i in items),
                          stdout=subprocess.PIPE, check=True, timeout=120).stdout.decode().split("\n")
    passed = failed = sound = agreed = follow = 0
    for number, (case, found) in enumerate(zip(all_cases, said)):
        want = expected(*case)
        sound += want != "-"
        agreed += want.count(" 0:")
        follow += want[0] in "mf"
        if want == found:
            passed += 1
            continue
        failed += 1
        if failed <= 5:
            print("case %d: we say %r, the reader says %r\n  %s" % (number, found, want, case[0].hex()))
    print("%d sound charters, %d that follow, %d questions agreed to" % (sound, follow, agreed))
    failed += sound < CHARTERS // 8 or follow < 50 or agreed < 500
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
