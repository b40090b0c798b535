#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""denial_differential.py JUDGE SEALWRIGHT: charter_reader.py and our charter check say the same of denials.

Small logs, written and signed here: builds and firmware releases that enough people agreed to and some
people denied, each denial at a time around the signer's own. JUDGE is the program built from
denial_judge.c; every log goes to it in one run. What must come out is also said by the times alone.
Some logs are written as tiles, too, for `sealwright ledger audit` and ledger_reader.py."""
import base64
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile

import cbor2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

import charter_reader
import ledger_reader

SEED = 20261120
LOGS = 400
AUDITED = 30
ORIGIN = "ledger.example/x"
NOW = 1795149506000
HOUR = 3600000
CLOCKS = 120000
# Of the denial's entry, against the signer's time.
IN_TIME = (-2 * HOUR, -CLOCKS - 1)
JUST_BEFORE = (-CLOCKS, -CLOCKS + 1, -60000, -1)
LATE = (0, 1, CLOCKS, HOUR)


def key_from(rng):
    private = ed25519.Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
    spki = private.public_key().public_bytes(serialization.Encoding.DER,
                                             serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, spki, hashlib.sha256(spki).digest()


def dumps(item):
    return cbor2.dumps(item, canonical=True)


def cose(key, context, payload, attached):
    protected = dumps({1: -8, 4: key[2]})
    signature = key[0].sign(dumps(["Signature1", protected, context, payload]))
    return cbor2.CBORTag(18, [protected, {}, payload if attached else None, signature])


class Log:
    def __init__(self, rng):
        self.rng = rng
        self.key = key_from(rng)
        self.people = [key_from(rng) for _ in range(5)]  # the last one is nobody
        self.entries = []
        self.now = NOW
        rules = [{1: name, 2: 1, 3: ["founders"], 4: [], 5: 48 * HOUR, 6: 24 * HOUR, 7: 0}
                 for name in ("charter", "build.authorize", "firmware.release")]
        charter = {1: 1, 3: ORIGIN, 4: 0, 7: [
            {1: "p%d" % i, 2: ["founders"], 3: [{1: key[1], 2: charter_reader.COSE, 3: True}]}
            for i, key in enumerate(self.people[:4])], 8: rules, 9: [], 10: 0, 11: 0}
        self.say("ledger.started", None, {
            "mode": "founded", "origin": ORIGIN, "ca_key": bytes(32), "ca_certificate": bytes(32),
            "checkpoint_key": self.raw_key(), "charter": dumps(charter),
            "founder_permissions": [{"permission": "build"}],
            "founders": [{"principal": "p%d" % i, "key": key[2], "public_key": key[1]}
                         for i, key in enumerate(self.people)]}, NOW)

    def raw_key(self):
        return self.key[0].public_key().public_bytes(serialization.Encoding.Raw,
                                                     serialization.PublicFormat.Raw)

    def say(self, type_name, by, body, at):
        """Sequence and digest of the entry, with the witness's time `at`."""
        sequence = len(self.entries)
        unique = self.rng.randbytes(6) + b"\x70\x00\x80" + self.rng.randbytes(7)
        claim = {1: ORIGIN, 2: type_name, 3: 1, 4: "server" if by is None else "p%d" % by, 6: unique,
                 7: at, 9: 0, 10: body}
        if by is not None:
            claim[5] = self.people[by][2]
        raw = dumps(claim)
        proof = None if by is None else cose(self.people[by], type_name.encode(), raw, False)
        self.entries.append((claim, raw, proof, {1: sequence, 2: at, 3: [0, b""], 4: [0]}))
        return sequence, hashlib.sha256(raw).digest()

    def decide(self, offsets):
        """One decision and the signer's answer at its own time; [(entry, offset)] of the denials."""
        asked = self.now + self.rng.randrange(HOUR)
        answered = asked + 3 * HOUR
        firmware = self.rng.random() < 0.5
        decision, digest = self.say("firmware.released" if firmware else "build.authorized", 0, {}, asked)
        _, vote = self.say("approval.given", 1, {"record": digest}, asked)
        denials = []
        for offset in sorted(offsets):
            by = self.rng.choice((1, 2, 3, 3, 4))
            sequence, _ = self.say("approval.denied", by, {"record": digest}, answered + offset)
            if by != 4:
                denials.append((sequence, offset))
        if firmware:
            document = {1: 1, 2: ORIGIN, 3: digest, 4: "R1", 5: "P", 6: "production", 7: "1.0",
                        8: bytes(32), 9: 1, 10: 1, 12: [], 13: answered}
        else:
            document = {1: 1, 2: ORIGIN, 3: digest, 4: "build.authorize", 5: 1, 6: [vote], 7: answered,
                        8: 0}
        context = b"sealwright firmware manifest" if firmware else b"sealwright admission"
        signed = dumps(cose(self.key, context, dumps(document), True))
        # The server's clock runs on: the answer is written when all of this was.
        self.now = answered + max([0] + list(offsets))
        self.say("signer.admitted", None, {"record": digest, "document": signed}, self.now)
        return decision, denials

    def written(self):
        return dumps([self.raw_key(), self.encoded()])

    def encoded(self):
        return [dumps([raw, proof, witness]) for _, raw, proof, witness in self.entries]

    def publish(self, folder):
        """Writes checkpoint and tiles; the log's verifier key."""
        entries = self.encoded()
        leaves = [ledger_reader.leaf_hash(entry) for entry in entries]
        typed = b"\x01" + self.raw_key()
        key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + typed).digest()[:4]
        body = "%s\n%d\n%s\n" % (ORIGIN, len(entries), base64.b64encode(
            ledger_reader.root_of(leaves)).decode())
        signature = base64.b64encode(key_id + self.key[0].sign(body.encode())).decode()
        bundle = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
        for name, raw in (("checkpoint", ("%s\n\u2014 %s %s\n" % (body, ORIGIN, signature)).encode()),
                          (ledger_reader.tile_path(0, 0, len(entries)), b"".join(leaves)),
                          (ledger_reader.tile_path("entries", 0, len(entries)), bundle)):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(raw)
        return "%s+%s+%s" % (ORIGIN, key_id.hex(), base64.b64encode(typed).decode())


def by_the_times(decisions):
    """What must be said, from the offsets alone."""
    said = "%d" % len(decisions)
    for decision, denials in decisions:
        if any(offset < -CLOCKS for _, offset in denials):
            return "wrong %d" % decision
        for sequence, offset in denials:
            said += " %s %d of %d" % ("late" if offset >= 0 else "before", sequence, decision)
    return said


def by_the_reader(log):
    chain, decision_of = charter_reader.Chain(), {}
    chain.log_key = log.key[0].public_key()
    for i, (claim, raw, proof, witness) in enumerate(log.entries):
        parts = None if proof is None else (-8, claim[5], proof.value[0], proof.value[3])
        wrong = chain.see(i, claim, raw, parts, witness)
        if wrong is not None:
            return "wrong %d" % wrong[0]
        decision_of[i] = i if claim[2] in charter_reader.CLASSES else decision_of.get(i - 1)
    named = [(i, "late") for i in chain.late] + [(i, "before") for i in chain.just_before]
    return "%d" % chain.agreed + "".join(
        " %s %d of %d" % (word, i, decision_of[i]) for i, word in sorted(named))


def audit_problem(program, log, want):
    """None, or how `ledger audit` or the reader of the log differ from what must be said."""
    with tempfile.TemporaryDirectory() as folder:
        key = log.publish(folder)
        with open(os.path.join(folder, "log.vkey"), "w") as file:
            file.write(key + "\n")
        said = [subprocess.run([program, "ledger", "audit", folder, "--log", folder + "/log.vkey"] + more,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
                for more in ([], ["--json"])]
        problems, history, _ = ledger_reader.read_log(folder, key, strict=True)
    text, errors = said[0].stdout.decode(), said[0].stderr.decode()
    if want.startswith("wrong"):
        sure = said[0].returncode and said[1].returncode and problems
        return None if sure and want.replace("wrong", "entry") in errors else text + errors
    if said[0].returncode or said[1].returncode or problems:
        return "%s%s%s" % (text, errors, problems[:2])
    found = json.loads(said[1].stdout)["charter"]
    named = [(one["entry"], "late", one["decision"]) for one in found["denied_while_answering"]]
    named += [(one["entry"], "before", one["decision"]) for one in found["denied_just_before"]]
    line = "%d" % found["agreed"] + "".join(" %s %d of %d" % (word, i, of) for i, word, of in sorted(named))
    if line != want:
        return line
    for i, word, _ in named:
        what = "denied while the signer was answering" if word == "late" else "denied just before"
        if not any(what in one and ": entry %d " % i in one for one in text.split("\n")):
            return "entry %d is not named: %s" % (i, text)
    return None if ("held back" in text) == ("before" in want) else text


def some_offsets(rng):
    among = rng.choice((LATE, LATE, JUST_BEFORE, JUST_BEFORE + LATE, IN_TIME + JUST_BEFORE + LATE))
    return [rng.choice(among) for _ in range(rng.randrange(4))]


def main(program, sealwright):
    rng = random.Random(SEED)
    logs = []
    for _ in range(LOGS):
        log = Log(rng)
        logs.append((log, by_the_times([log.decide(some_offsets(rng)) for _ in range(3)])))
    items = [log.written() for log, _ in logs]
    said = subprocess.run([program], input=b"".join(len(i).to_bytes(4, "big") + i for i in items),
                          stdout=subprocess.PIPE, check=True, timeout=120).stdout.decode().split("\n")
    passed = failed = 0
    for number, ((log, want), found) in enumerate(zip(logs, said)):
        read = by_the_reader(log)
        if want == found == read:
            passed += 1
            continue
        failed += 1
        if failed <= 5:
            print("log %d: it is %r, we say %r, the reader says %r" % (number, want, found, read))
    for log, want in logs[:AUDITED]:
        problem = audit_problem(sealwright, log, want)
        passed += problem is None
        failed += problem is not None
        if problem is not None:
            print("the audit of %r: %s" % (want, problem))
    for word in ("late", "before", "wrong"):
        number = sum(word in want for _, want in logs)
        print("%d logs with one %s" % (number, word))
        failed += number < LOGS // 10
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or passed != LOGS + AUDITED else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
