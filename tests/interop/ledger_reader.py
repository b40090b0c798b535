#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ledger_reader.py [--strict] FOLDER KEY: an independent reader of a log (C2SP tlog-tiles).

It shares no code with the rest of this project: it was written from the published formats and
docs/formats/entry.cddl alone, on Debian's python3-cbor2 and python3-cryptography. KEY is the log's
verifier key, name+hex+base64. It prints one line per problem, `NAME place: what`, and exits 1 if
there is any; otherwise one line that sums up the log. Signatures are verified with the keys that
records key.enrolled brought earlier; with --strict a signature by any other key is a problem."""
import base64
import hashlib
import io
import os
import re
import sys

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

import charter_reader
import key_reader
import proof_reader

WIDTH = 256
HASH = 32
ENTRY_MAX = 32768
INT_MAX = 2**63 - 1
INSTANT_MAX = 253402300799999
DASH = "\u2014 "
GS1 = re.compile(r"[!\"%-?A-Z_a-z]{1,64}")
TYPE = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
ES256, EDDSA = -7, -8
FOLDED, PENDING, EXECUTES, UNFOLDED, UNVERIFIED = range(5)


class Problem(Exception):
    """Something that makes reading on from here pointless. `name` is stable, for machines."""

    def __init__(self, name, place, what):
        super().__init__("%s %s: %s" % (name, place, what))
        self.name = name


# ---- the tree (RFC 9162 section 2.1) ----

def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(level):
    """The tree over these hashes: pairs joined, an odd one out rises."""
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        joined = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            joined.append(level[-1])
        level = joined
    return level[0]


# ---- notes and checkpoints ----

def strict_base64(text, name, place):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Problem(name, place, "not base64")
    if base64.b64encode(raw).decode() != text:
        raise Problem(name, place, "base64 with stray bits")
    return raw


def parse_key(text):
    """(name, key id, type, Ed25519 public key)"""
    parts = text.split("+", 2)
    if len(parts) != 3 or not parts[0]:
        raise Problem("KEY_MALFORMED", "key", "not name+hex+base64")
    typed = strict_base64(parts[2], "KEY_MALFORMED", "key")
    if len(typed) != 33 or typed[0] != 1:
        raise Problem("KEY_MALFORMED", "key", "not an Ed25519 key")
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + typed).digest()[:4]
    if key_id.hex() != parts[1]:
        raise Problem("KEY_MALFORMED", "key", "its identifier does not match")
    return parts[0], key_id, ed25519.Ed25519PublicKey.from_public_bytes(typed[1:])


def split_note(raw):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem("CHECKPOINT_MALFORMED", "checkpoint", "not UTF-8")
    if any(ord(c) < 32 and c != "\n" or ord(c) == 127 for c in text):
        raise Problem("CHECKPOINT_MALFORMED", "checkpoint", "control characters")
    body, mark, lines = text.rpartition("\n\n")
    if not mark or not lines.endswith("\n"):
        raise Problem("CHECKPOINT_MALFORMED", "checkpoint", "no signature block")
    return body + "\n", lines[:-1].split("\n")


def check_signatures(body, lines, key):
    name, key_id, public = key
    found = False
    for line in lines:
        if not line.startswith(DASH) or line.count(" ") != 2:
            raise Problem("CHECKPOINT_MALFORMED", "checkpoint", "a bad signature line")
        signer, blob = line[len(DASH):].split(" ")
        raw = strict_base64(blob, "CHECKPOINT_MALFORMED", "checkpoint")
        if signer != name or raw[:4] != key_id:
            continue
        try:
            public.verify(raw[4:], body.encode())
        except InvalidSignature:
            raise Problem("CHECKPOINT_SIGNATURE", "checkpoint", "does not verify")
        found = True
    if not found:
        raise Problem("CHECKPOINT_UNSIGNED", "checkpoint", "not signed by " + name)


def read_checkpoint(raw, key):
    """(size, root) of a checkpoint that the key signed."""
    body, lines = split_note(raw)
    check_signatures(body, lines, key)
    parts = body.split("\n")
    if len(parts) != 4 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", parts[1]):
        raise Problem("CHECKPOINT_MALFORMED", "checkpoint", "not origin, size and root")
    if parts[0] != key[0]:
        raise Problem("CHECKPOINT_ORIGIN", "checkpoint", "of the log " + parts[0])
    root = strict_base64(parts[2], "CHECKPOINT_MALFORMED", "checkpoint")
    if len(root) != HASH:
        raise Problem("CHECKPOINT_MALFORMED", "checkpoint", "a root of the wrong length")
    return int(parts[1]), root


# ---- tiles ----

def tile_path(level, index, width):
    digits = "%03d" % index
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    name = "/".join(["x" + g for g in groups[:-1]] + groups[-1:])
    return "tile/%s/%s%s" % (level, name, ".p/%d" % width if width < WIDTH else "")


class Folder:
    def __init__(self, path):
        self.path = path

    def read(self, name):
        try:
            with open(os.path.join(self.path, name), "rb") as file:
                return file.read()
        except OSError:
            return None

    def tile(self, level, index, width):
        """Bytes, width and name of a tile; a full one may stand in for a partial one."""
        for held in (width, WIDTH):
            name = tile_path(level, index, held)
            raw = self.read(name)
            if raw is not None:
                return raw, held, name
        raise Problem("FILE_MISSING", tile_path(level, index, width), "not there")


def widths(size, level):
    """(index, width) of every tile of one level."""
    count = size >> (8 * level)
    for index in range(count // WIDTH):
        yield index, WIDTH
    if count % WIDTH:
        yield count // WIDTH, count % WIDTH


def read_level(folder, size, level, problems):
    """All hashes of one level, in order."""
    out = []
    for index, width in widths(size, level):
        raw, held, name = folder.tile(level, index, width)
        if len(raw) != held * HASH:
            problems.append(Problem("TILE_SIZE", name, "%d bytes" % len(raw)))
            raw = raw[:width * HASH].ljust(width * HASH, b"\x00")
        out += [raw[i * HASH:(i + 1) * HASH] for i in range(width)]
    return out


def split_bundle(raw, held, name):
    out, at = [], 0
    for _ in range(held):
        if at + 2 > len(raw):
            raise Problem("BUNDLE_TORN", name, "it ends too early")
        n = int.from_bytes(raw[at:at + 2], "big")
        if at + 2 + n > len(raw):
            raise Problem("BUNDLE_TORN", name, "it ends too early")
        out.append(raw[at + 2:at + 2 + n])
        at += 2 + n
    if at != len(raw):
        raise Problem("BUNDLE_LONG", name, "bytes follow its last entry")
    return out


def read_entries(folder, size):
    for index, width in widths(size, 0):
        raw, held, name = folder.tile("entries", index, width)
        yield from split_bundle(raw, held, name)[:width]


def check_tree(size, root, entries, levels, problems):
    """Every tile against the level below it, level 0 against the entries, all against the root."""
    below = [leaf_hash(e) for e in entries]
    for i, (entry, tile) in enumerate(zip(below, levels[0] if levels else [])):
        if entry != tile:
            problems.append(Problem("LEAF_MISMATCH", "entry %d" % i, "not what its tile says"))
    if root_of(below) != root:
        problems.append(Problem("ROOT_MISMATCH", "size %d" % size, "not the signed root"))
    for level in range(1, len(levels)):
        for i, found in enumerate(levels[level]):
            low = levels[level - 1][i * WIDTH:(i + 1) * WIDTH]
            if root_of(low) != found:
                problems.append(Problem("TILE_MISMATCH", tile_path(level, i // WIDTH, WIDTH),
                                        "hash %d is not the root of the tile below" % i))


# ---- entries (docs/formats/entry.cddl) ----

class Malformed(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Malformed(what)


def is_uint(v, most=INT_MAX):
    return type(v) is int and 0 <= v <= most


def is_bytes(v, least, most):
    return type(v) is bytes and least <= len(v) <= most


def is_id(v):
    return type(v) is str and GS1.fullmatch(v) is not None


def decode(raw, what):
    """One item whose canonical encoding is exactly these bytes."""
    stream = io.BytesIO(raw)
    try:
        item = cbor2.CBORDecoder(stream).decode()
    except Exception as error:  # the library raises many kinds
        raise Malformed("%s is not CBOR: %s" % (what, error))
    need(not stream.read(1), what + " has bytes after its end")
    need(cbor2.dumps(item, canonical=True) == raw, what + " is not deterministic")
    check_kinds(item, 0)
    return item


def check_kinds(item, depth):
    need(depth <= 16, "nested too deep")
    if type(item) is dict:
        for key, value in item.items():
            check_kinds(key, depth + 1)
            check_kinds(value, depth + 1)
    elif type(item) in (list, tuple):
        for value in item:
            check_kinds(value, depth + 1)
    elif type(item) is cbor2.CBORTag:
        check_kinds(item.value, depth + 1)
    else:
        need(item is None or type(item) in (int, bytes, str, bool), "a value of another kind")


def check_claim(claim):
    need(type(claim) is dict, "the claim is not a map")
    need(set(claim) <= set(range(1, 12)), "the claim has unknown keys")
    need({1, 2, 3, 4, 6, 7, 9, 10} <= set(claim), "the claim lacks a key")
    need(type(claim[1]) is str and 1 <= len(claim[1].encode()) <= 255, "origin")
    need(type(claim[2]) is str and TYPE.fullmatch(claim[2]) and len(claim[2]) <= 64, "type")
    need(is_uint(claim[3], 65535) and claim[3] >= 1, "version")
    need(is_id(claim[4]), "author")
    need(5 not in claim or is_bytes(claim[5], 32, 32), "key")
    need(is_bytes(claim[6], 16, 16) and claim[6][6] >> 4 == 7 and claim[6][8] >> 6 == 2, "id")
    need(is_uint(claim[7], INSTANT_MAX), "made")
    need(8 not in claim or is_uint(claim[8], INSTANT_MAX), "occurred")
    need(is_uint(claim[9], 2), "source")
    need(type(claim[10]) is dict and all(type(k) is str for k in claim[10]), "body")
    if 11 in claim:
        spool = claim[11]
        need(type(spool) is list and len(spool) == 2 and is_id(spool[0]) and is_uint(spool[1]),
             "spool")


def check_subject(subject):
    need(type(subject) is list and len(subject) == 3, "subject")
    kind, within, name = subject
    need(is_id(kind) and (within == "" or is_id(within)) and is_id(name), "subject")


def check_outcome(outcome):
    need(type(outcome) is list and outcome and is_uint(outcome[0], UNVERIFIED), "outcome")
    if outcome[0] == EXECUTES:
        need(len(outcome) == 2 and is_uint(outcome[1]), "outcome")
    else:
        need(len(outcome) == 1, "outcome")


def check_raised(raised):
    need(type(raised) is list and 1 <= len(raised) <= 64, "raised")
    for item in raised:
        need(type(item) is list and len(item) in (1, 4) and is_id(item[0]), "raised")
        if len(item) == 4:
            check_subject(item[1:])


def check_witness(witness):
    need(type(witness) is dict, "the witness is not a map")
    need(set(witness) <= set(range(1, 10)), "the witness has unknown keys")
    need({1, 2, 3, 4} <= set(witness), "the witness lacks a key")
    need(is_uint(witness[1]) and is_uint(witness[2], INSTANT_MAX), "sequence or at")
    channel = witness[3]
    need(type(channel) is list and len(channel) == 2 and is_uint(channel[0], 3) and
         is_bytes(channel[1], 0, 64), "channel")
    check_outcome(witness[4])
    if 5 in witness:
        gate = witness[5]
        need(type(gate) is list and len(gate) == 2 and is_uint(gate[0]) and
             type(gate[1]) is dict and len(gate[1]) <= 64 and
             all(is_id(k) and is_id(v) for k, v in gate[1].items()), "gate")
    if 6 in witness:
        check_raised(witness[6])
    if 7 in witness:
        outputs = witness[7]
        need(type(outputs) is dict and 1 <= len(outputs) <= 16 and
             all(is_id(k) and (is_uint(v) or type(v) in (bytes, str)) for k, v in outputs.items()),
             "outputs")
    need(8 not in witness or is_uint(witness[8]), "previous")
    if 9 in witness:
        check_subject(witness[9])


def check_proof(proof):
    """The COSE_Sign1's (algorithm, kid, protected, signature), WebAuthn's list, an SSH signature's
    bytes, or None."""
    if proof is None:
        return None
    if type(proof) is bytes:
        need(is_bytes(proof, 1, 1024), "the SSH proof")
        return proof
    if type(proof) is list:
        need(len(proof) == 3 and is_bytes(proof[0], 1, 512) and is_bytes(proof[1], 1, 2048) and
             is_bytes(proof[2], 1, 512), "the WebAuthn proof")
        return proof
    need(type(proof) is cbor2.CBORTag and proof.tag == 18, "the proof's kind")
    parts = proof.value
    need(type(parts) in (list, tuple) and len(parts) == 4, "the COSE proof")
    protected, unprotected, payload, signature = parts
    need(unprotected == {} and payload is None and is_bytes(signature, 64, 64), "the COSE proof")
    need(type(protected) is bytes, "the COSE proof")
    header = decode(protected, "the protected header")
    need(type(header) is dict and set(header) == {1, 4}, "the protected header")
    need(header[1] in (ES256, EDDSA) and is_bytes(header[4], 32, 32), "the protected header")
    return header[1], header[4], protected, signature


def proof_wrong(proof, key, claim_bytes, claim, relying_party):
    """None, or why it does not hold."""
    try:
        if type(proof) is bytes:
            proof_reader.check_ssh(proof, key, claim_bytes)
        elif type(proof) is list:
            proof_reader.check_webauthn(proof, key, claim_bytes, relying_party)
        else:
            need(claim.get(5) == proof[1], "the claim names another key than the proof")
            proof_reader.check_cose(proof, key, claim_bytes, claim[2])
    except (proof_reader.Unproved, Malformed) as error:
        return str(error)
    return None


class History:
    """What entries say of each other."""

    def __init__(self, strict, problems):
        self.name = ""      # that the log has at its end
        self.origin = None  # of the entries here
        self.since = 0      # from which entry on
        self.origins = []   # of before, never used again
        self.leaves = []    # of the entries before
        self.strict = strict
        self.problems = problems
        self.keys = key_reader.Keys()
        self.last = {}      # subject → sequence
        self.pending = {}   # sequence → executed?
        self.submitted = {}  # (author, id) → sequence
        self.last_at = 0
        self.verified = 0
        self.unknown = 0
        self.reported = 0
        self.passkeys = 0   # not verified: no relying party
        self.by_kind = {}   # verified: cose, passkey, ssh
        self.charter = charter_reader.Chain()

    def say(self, name, i, what):
        self.problems.append(Problem(name, "entry %d" % i, what))

    def check(self, i, raw):
        try:
            need(len(raw) <= ENTRY_MAX, "larger than an entry may be")
            entry = decode(raw, "the entry")
            need(type(entry) is list and len(entry) == 3, "not three parts")
            need(type(entry[0]) is bytes, "the claim is not a byte string")
            claim = decode(entry[0], "the claim")
            check_claim(claim)
            proof = check_proof(entry[1])
            check_witness(entry[2])
        except Malformed as error:
            self.say("ENTRY_MALFORMED", i, error)
            return
        self.check_origin(i, claim, entry)
        self.check_witness(i, entry[2])
        self.check_author(i, entry[0], claim, proof, entry[2][2])
        self.learn_key(i, claim, entry[2])
        wrong = self.charter.see(i, claim, entry[0], proof, entry[2])
        if wrong is not None:
            self.say("CHARTER", *wrong)

    def check_origin(self, i, claim, entry):
        """One name, or another one from a ledger.succeeded on, over exactly what stands before."""
        succeeds = claim[2] == "ledger.succeeded"
        if self.origin is None:
            self.origin = claim[1]
        if claim[1] != self.origin and succeeds:
            self.succeed(i, claim, entry)
        elif claim[1] != self.origin:
            wrong = self.since if claim[1] == self.name else i
            self.say("ORIGIN", wrong, "%s and %s in one log" % (self.origin, claim[1]))
        elif succeeds:
            self.say("SUCCESSION", i, "succeeds nothing")

    def succeed(self, i, claim, entry):
        body = claim[10]
        expected = {"origin": claim[1], "old_origin": self.origin, "recovered": i,
                    "recovered_root": root_of(self.leaves)}
        for name, value in expected.items():
            if body.get(name) != value:
                self.say("SUCCESSION", i, "%s is another" % name)
                return
        if claim[1] in self.origins or entry[1] is not None or entry[2][4] != [0]:
            self.say("SUCCESSION", i, "an old name, or not by the log itself")
            return
        self.origins.append(self.origin)
        self.origin, self.since = claim[1], i

    def end(self):
        if self.origin not in (None, self.name):
            self.say("ORIGIN", self.since, "it is the log %s" % self.origin)

    def check_witness(self, i, witness):
        if witness[1] != i:
            self.say("SEQUENCE", i, "says that it is %d" % witness[1])
        if witness[2] < self.last_at:
            self.say("TIME", i, "%d is before %d" % (witness[2], self.last_at))
        self.last_at = max(self.last_at, witness[2])
        subject = tuple(witness[9]) if 9 in witness else None
        expected = self.last.get(subject) if subject else None
        if witness.get(8) != expected:
            self.say("PREVIOUS", i, "names %s, not %s" % (witness.get(8), expected))
        if subject:
            self.last[subject] = i
        self.check_outcome(i, witness[4])

    def check_outcome(self, i, outcome):
        if outcome[0] == PENDING:
            self.pending[i] = False
        if outcome[0] != EXECUTES:
            return
        if self.pending.get(outcome[1]) is not False:
            self.say("TARGET", i, "%d was not pending" % outcome[1])
        self.pending[outcome[1]] = True

    def check_author(self, i, claim_bytes, claim, proof, at):
        first = self.submitted.setdefault((claim[4], claim[6]), i)
        if first != i:
            self.say("REPEATED", i, "the same submission as %d" % first)
        if proof is None:
            self.reported += 1
            return
        party = self.keys.relying_party
        key = self.keys.get(claim.get(5))
        wrong = None if key is None else key.wrong(claim, at)
        if wrong is not None:
            self.say("SIGNATURE", i, wrong)
            return
        if type(proof) is list and party is None:
            self.passkeys += 1
            return
        if key is None:
            self.unknown += 1
            if self.strict:
                self.say("SIGNATURE", i, "its key was never enrolled")
            return
        wrong = proof_wrong(proof, key.public, claim_bytes, claim, party)
        if wrong is not None:
            self.say("SIGNATURE", i, wrong)
            return
        self.verified += 1
        kind = {bytes: "ssh", list: "passkey", tuple: "cose"}[type(proof)]
        self.by_kind[kind] = self.by_kind.get(kind, 0) + 1

    def learn_key(self, i, claim, witness):
        if claim[2] == "certificate.issued":
            self.learn_device(i, claim[10])
        try:
            self.keys.learn(claim, witness)
        except key_reader.Lie as lie:
            self.say("KEY", i, lie)

    def learn_device(self, i, body):
        """A device speaks with the key of its X.509 certificate, as PRODUCT/SERIAL."""
        try:
            certificate = x509.load_der_x509_certificate(body["certificate"])
            spki = certificate.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        except (KeyError, TypeError, ValueError):
            self.say("KEY", i, "a device certificate cannot be read")
            return
        self.keys.give(spki, key_reader.Key("%s/%s" % (body.get("product"), body.get("serial")), None))


def read_log(path, key_text, strict=False):
    """(problems, History, size) of the log in a folder."""
    problems = []
    folder = Folder(path)
    history = History(strict, problems)
    try:
        key = parse_key(key_text)
        raw = folder.read("checkpoint")
        if raw is None:
            raise Problem("FILE_MISSING", "checkpoint", "not there")
        size, root = read_checkpoint(raw, key)
        history.name = key[0]
        history.charter.log_key = key[2]
        levels = []
        while size >> (8 * len(levels)):
            levels.append(read_level(folder, size, len(levels), problems))
        entries = list(read_entries(folder, size))
        check_tree(size, root, entries, levels, problems)
        for i, entry in enumerate(entries):
            history.check(i, entry)
            history.leaves.append(leaf_hash(entry))
        history.end()
        return problems, history, size
    except Problem as problem:
        return problems + [problem], history, 0


def main(arguments):
    strict = arguments[:1] == ["--strict"]
    if len(arguments) != 2 + strict:
        print(__doc__, file=sys.stderr)
        return 2
    problems, history, size = read_log(arguments[strict], arguments[strict + 1], strict)
    for problem in problems:
        print(problem)
    if not problems:
        print("%d entries, %d signatures verified, %d by keys not enrolled here, %d by passkeys of "
              "nobody knows where, %d reported, %d subjects, %d keys, %d decisions weighed" % (
                  size, history.verified, history.unknown, history.passkeys, history.reported,
                  len(history.last), len(history.keys.by_id), history.charter.agreed))
        for i in history.charter.late:
            print("denied while the signer was answering: entry %d" % i)
        for i in history.charter.just_before:
            print("warning: denied just before the signer admitted it: entry %d" % i)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
