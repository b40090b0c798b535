#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""key_reader_test.py: what key_reader.py believes of shifts, recoveries and passkeys, and what not."""
import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import key_reader

ORIGIN, PARTY, HOUR, DAY = "reader.example/log", "party.example", 3600000, 86400000


def spki(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_id(key):
    return hashlib.sha256(spki(key)).digest()


def raw_possession(key, principal):
    r, s = decode_dss_signature(key.sign(key_reader.possession_message(ORIGIN, principal),
                                         ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def passkey_fields(key, principal, party=PARTY):
    challenge = hashlib.sha256(key_reader.possession_message(ORIGIN, principal)).digest()
    client = json.dumps({"type": "webauthn.get", "origin": "https://any.example", "challenge":
                         base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()}).encode()
    data = hashlib.sha256(party.encode()).digest() + b"\x05" + bytes(4)
    signature = key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
    return {"possession": signature, "credential": b"1", "authenticator_data": data,
            "client_data": client}


class Story:
    """A log that ada began; `bo` is a browser's key, or a new one."""

    def __init__(self, party=None):
        self.ada, self.bo = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.keys, self.n, self.at = key_reader.Keys(), 0, 0
        body = {"founders": [{"principal": "ada", "public_key": spki(self.ada),
                              "key": key_id(self.ada)}]}
        if party:
            body["relying_party"] = party
        self.tell("ledger.started", "sealwright", body)

    def tell(self, kind, author, body, outcome=(0,), key=None):
        claim = {1: ORIGIN, 2: kind, 4: author, 10: body}
        if key is not None:
            claim[5] = key_id(key)
        self.keys.learn(claim, {1: self.n, 2: self.at, 4: list(outcome)})
        self.n += 1
        return self.n - 1

    def works(self):
        self.tell("shift.opened", "ada", {
            "shift": "s1", "public_key": spki(self.bo), "not_after": 8 * HOUR,
            "possession": raw_possession(self.bo, "ada")}, key=self.ada)
        return self

    def recovers(self, outcome, usable_from=DAY):
        return self.tell("recovery.requested", "ada", {
            "recovery": "r1", "principal": "bo", "public_key": spki(self.bo),
            "possession": raw_possession(self.bo, "bo"), "usable_from": usable_from}, outcome)

    def judge(self, kind="unit.built", author="ada", at=0, body=None):
        key = self.keys.get(key_id(self.bo))
        return "unknown" if key is None else key.wrong({2: kind, 4: author, 10: body or {}}, at)


def lies(tell):
    try:
        tell()
        return "nothing"
    except key_reader.Lie:
        return "lie"


def shifts():
    yield None, Story().works().judge(at=8 * HOUR - 1)
    yield "its shift was over", Story().works().judge(at=8 * HOUR)
    yield "its key is another principal's", Story().works().judge(author="bo")
    for kind in ("approval.given", "approval.denied", "shift.opened"):
        yield "a shift's key signs events only", Story().works().judge(kind)
    yield None, Story().works().judge("shift.closed", body={"shift": "s1"})
    yield ("a shift's key closes its own shift only",
           Story().works().judge("shift.closed", body={"shift": "s2"}))
    for kind, author, body, expected in (
            ("shift.closed", "ada", {"shift": "s1"}, "its key had ended"),
            ("shift.closed", "bo", {"shift": "s1"}, None),
            ("shift.closed", "ada", {"shift": "s2"}, None),
            ("principal.left", "ada", {"principal": "ada"}, "its key had ended")):
        story = Story().works()
        story.tell(kind, author, body)
        yield expected, story.judge()
    story = Story().works()
    story.tell("key.revoked", "ada", {"key_id": key_id(story.ada)})
    yield "its key had ended", story.judge()
    story = Story()
    yield "lie", lies(lambda: story.tell("shift.opened", "ada", {
        "shift": "s1", "public_key": spki(story.bo), "not_after": HOUR,
        "possession": raw_possession(story.ada, "ada")}))


def recoveries():
    story = Story()
    story.recovers((0,), HOUR)
    yield "its key had to wait", story.judge(author="bo", at=DAY - 1)
    yield None, story.judge(author="bo", at=DAY)
    story = Story()
    asked = story.recovers((1,), 2 * DAY)
    yield "unknown", story.judge(author="bo", at=9 * DAY)
    story.at = HOUR
    story.tell("approval.given", "ada", {}, (2, asked - 1))
    yield "unknown", story.judge(author="bo", at=9 * DAY)
    story.tell("approval.given", "ada", {}, (2, asked))
    yield "its key had to wait", story.judge(author="bo", at=2 * DAY - 1)
    yield None, story.judge(author="bo", at=2 * DAY)
    story = Story()
    asked = story.recovers((1,))
    story.at = DAY
    story.tell("approval.given", "ada", {}, (2, asked))
    yield "its key had to wait", story.judge(author="bo", at=2 * DAY - 1)
    yield None, story.judge(author="bo", at=2 * DAY)
    story.tell("recovery.stopped", "ada", {"recovery": "r1"})
    yield "its key had ended", story.judge(author="bo", at=2 * DAY)


def passkeys():
    for party, said_of, told, expected in (
            (PARTY, "bo", PARTY, "nothing"), ("evil.example", "bo", PARTY, "lie"),
            (PARTY, "ada", PARTY, "lie"), ("any.example", "bo", None, "nothing")):
        story = Story(told)
        body = {"principal": "bo", "public_key": spki(story.bo)}
        body.update(passkey_fields(story.bo, said_of, party))
        yield expected, lies(lambda: story.tell("key.enrolled", "ada", body))
        yield (None if expected == "nothing" else "unknown"), story.judge(author="bo")


def main():
    failed = passed = 0
    for part in (shifts, recoveries, passkeys):
        for i, (expected, found) in enumerate(part()):
            passed += expected == found
            if expected != found:
                failed += 1
                print("FAILED %s %d: expected %s, found %s" % (part.__name__, i, expected, found))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
