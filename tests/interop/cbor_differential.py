#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cbor_differential.py CHECK: python-cbor2 and our parser judge the same bytes.

Random values as cbor2 writes them must be valid, except where they hold what our profile leaves
out. Then the bytes are damaged. The oracle: cbor2 reads the whole item, it holds nothing that our
profile leaves out, and cbor2 writes it back with the same bytes. What cbor2 does in another way is
done here: its canonical order of keys is that of RFC 7049 (shorter first, whatever the type), so
maps are put in the order of RFC 8949 before it writes them; it knows no bound on depth; and it
reads tags as dates and numbers, so that only tags unknown to it are used. CHECK is the program
built from cbor_check.c; every case goes to it in one run."""
import collections.abc
import io
import random
import struct
import subprocess
import sys

import cbor2

SEED = 20260101
VALUES = 6000
DAMAGED_EACH = 6
DEPTH_MAX = 16
TAGS = (18, 61, 98, 500, 65536, 70000)  # cbor2 hands these through as CBORTag


class Refused(Exception):
    """The bytes hold what our encoding leaves out."""


class Unjudged(Exception):
    """Python cannot tell: True and 1 are one key of a dict, and a map is no key."""


def ordered(item):
    """The same item with the keys of its maps in bytewise order of their encoding."""
    if isinstance(item, (list, tuple)):
        return type(item)(ordered(i) for i in item)
    if isinstance(item, cbor2.CBORTag):
        return cbor2.CBORTag(item.tag, ordered(item.value))
    if isinstance(item, dict):
        pairs = [(ordered(k), ordered(v)) for k, v in item.items()]
        if any(isinstance(k, bool) for k, _ in pairs):
            raise Unjudged
        return dict(sorted(pairs, key=lambda pair: cbor2.dumps(pair[0])))
    if isinstance(item, collections.abc.Mapping):
        raise Unjudged
    return item


def encode(item):
    return cbor2.dumps(ordered(item))


def value(rng, depth):
    kind = rng.randrange(8 if depth else 5)
    if kind == 0:
        return rng.choice((0, 1, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1,
                           rng.getrandbits(rng.randrange(1, 65))))
    if kind == 1:
        return -1 - rng.getrandbits(rng.randrange(1, 65))
    if kind == 2:
        return rng.choice((True, False, None, None, True, False, 1.5, cbor2.undefined))
    if kind == 3:
        return bytes(rng.getrandbits(8) for _ in range(rng.choice((0, 1, 5, 23, 24, 40, 300))))
    if kind == 4:
        return "".join(rng.choice("abc\u00fc\u20ac\U0001f512\0") for _ in range(rng.randrange(30)))
    if kind == 5:
        return [value(rng, depth - 1) for _ in range(rng.choice((0, 1, 2, 3, 25)))]
    if kind == 6:
        return {rng.choice((rng.getrandbits(9), -1 - rng.getrandbits(5), "k%d" % rng.getrandbits(6),
                            bytes([rng.getrandbits(8)]))): value(rng, depth - 1)
                for _ in range(rng.choice((0, 1, 2, 5, 30)))}
    return cbor2.CBORTag(rng.choice(TAGS), value(rng, depth - 1))


def damage(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2))):
        at = rng.randrange(len(data) + 1)
        how = rng.randrange(6)
        if how == 0:
            del data[at:]
        elif how == 1:
            data[at:at] = bytes([rng.getrandbits(8)])
        elif how == 2 and data:
            del data[at % len(data)]
        elif how == 3 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif how == 4 and data:
            data[at % len(data)] = rng.getrandbits(8)
        else:
            data[at:at] = rng.choice((b"\xf9\x7e\x00", b"\x9f\xff", b"\xff", b"\xf7", b"\x18\x05",
                                      b"\xf8\x20", b"\x5f\x40\xff", b"\x1c", b"\x81" * 17))
    return bytes(data)


def head(data, at):
    """(major, argument, next) of the head at `at`, told apart by hand: cbor2 forgets the tags that
    it understands, and how long a head was."""
    if at >= len(data):
        raise Refused("end")
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, at + 1
    if info > 27:
        raise Refused("indefinite or reserved")
    n = 1 << (info - 24)
    if at + 1 + n > len(data):
        raise Refused("end")
    return major, int.from_bytes(data[at + 1:at + 1 + n], "big"), at + 1 + n


def survey(data):
    """Depth, and whether a tag occurs that cbor2 would turn into something else."""
    at, levels, foreign = 0, [1], False
    deepest = 0
    while levels:
        if levels[-1] == 0:
            levels.pop()
            continue
        levels[-1] -= 1
        major, argument, at = head(data, at)
        if major in (2, 3):
            at += argument
        elif major in (4, 5, 6):
            count = argument * (major - 3) if major < 6 else 1
            foreign |= major == 6 and argument not in TAGS
            if count > len(data):
                raise Refused("count")
            if count:
                levels.append(count)
                deepest = max(deepest, sum(1 for _ in levels) - 1)
        elif major == 7 and argument not in (20, 21, 22):
            raise Refused("simple or float")
    if at != len(data):
        raise Refused("end")
    return deepest, foreign


def oracle(data):
    """True, False, or None where cbor2 cannot judge."""
    try:
        depth, foreign = survey(data)
        if depth > DEPTH_MAX:
            return False
        if foreign:
            return None
        stream = io.BytesIO(data)
        read = cbor2.CBORDecoder(stream, str_errors="strict").decode()
        if stream.read(1):
            return False
        return encode(read) == data
    except (Unjudged, TypeError):
        return None
    except (Refused, cbor2.CBORDecodeError, ValueError, UnicodeDecodeError, EOFError):
        return False


def main():
    rng = random.Random(SEED)
    cases = [b"", b"\x81" * 16 + b"\x00", b"\x81" * 17 + b"\x00"]
    for _ in range(VALUES):
        made = encode(value(rng, rng.choice((0, 1, 2, 3, 4))))
        if len(made) > 20000:
            continue
        cases.append(made)
        cases += [damage(rng, made) for _ in range(DAMAGED_EACH)]
    fed = b"".join(struct.pack(">I", len(case)) + case for case in cases)
    got = subprocess.run([sys.argv[1]], input=fed, stdout=subprocess.PIPE, check=True,
                         timeout=60).stdout.decode()
    passed = failed = valid = unjudged = 0
    for case, verdict in zip(cases, got):
        want = oracle(case)
        if want is None:
            unjudged += 1
        elif want == (verdict == "v"):
            passed += 1
            valid += want
        else:
            failed += 1
            print("cbor2 says %s, we say %s: %s" % (want, verdict, case.hex()[:400]))
    print("%d cases, %d of them valid, %d not judged" % (len(cases), valid, unjudged))
    if len(got) != len(cases) or valid < VALUES // 3 or unjudged > len(cases) // 20:
        failed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
