#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""key_reader.py: whose key is whose, from when on and until when, read from a log by somebody else.

Written from docs/record-types.md and docs/console.md alone. A key speaks for whom a record gave it to; a
recovery's key waits, a shift's key signs events until the shift ends."""
import hashlib

import proof_reader
from cryptography.hazmat.primitives import serialization

DAY_MS = 24 * 3600 * 1000
FOLDED, PENDING, EXECUTES = 0, 1, 2


class Lie(Exception):
    pass


class Key:
    def __init__(self, owner, public, usable_from=0, recovery=None, shift=None, not_after=None,
                 permissions=(), opened_by=None):
        self.owner, self.public, self.usable_from = owner, public, usable_from
        self.recovery, self.shift, self.not_after = recovery, shift, not_after
        self.permissions, self.opened_by = permissions, opened_by
        self.ended = False

    def wrong(self, claim, at):
        """None, or why it may not have signed this when it was taken."""
        if self.owner != claim[4]:
            return "its key is another principal's"
        if self.ended:
            return "its key had ended"
        if at < self.usable_from:
            return "its key had to wait"
        if self.shift is None:
            return None
        if at >= self.not_after:
            return "its shift was over"
        # Which types are events, and which permission each takes, the program's own list says.
        if claim[2].startswith("approval.") or claim[2] == "shift.opened":
            return "a shift's key signs events only"
        if claim[2] == "shift.closed" and claim[10].get("shift") != self.shift:
            return "a shift's key closes its own shift only"
        return None


def load(spki):
    """(id, public key); None for what is no key."""
    if type(spki) is not bytes:
        return None
    try:
        return hashlib.sha256(spki).digest(), serialization.load_der_public_key(spki)
    except ValueError:
        raise Lie("an enrolled key cannot be read")


def waits_until(asked_for, at):
    return max(asked_for, at + DAY_MS)


class Keys:
    def __init__(self):
        self.by_id = {}
        self.waiting = {}  # sequence → (id, Key)
        self.relying_party = None

    def get(self, key_id):
        return self.by_id.get(key_id)

    def give(self, spki, key):
        found = load(spki)
        if found is not None and found[0] not in self.by_id:
            key.public = found[1]
            self.by_id[found[0]] = key

    def learn(self, claim, witness):
        """What an entry does to keys. Raises Lie for what cannot be."""
        outcome, body = witness[4], claim[10]
        if outcome[0] == EXECUTES and outcome[1] in self.waiting:
            spki, key = self.waiting.pop(outcome[1])
            key.usable_from = waits_until(key.usable_from, witness[2])
            self.give(spki, key)
        if outcome[0] == PENDING and claim[2] == "recovery.requested":
            self.waiting[witness[1]] = (body.get("public_key"), self.recovered(body))
        if outcome[0] != FOLDED:
            return
        handle = getattr(self, "on_" + claim[2].replace(".", "_"), None)
        if handle is not None:
            handle(claim, body, witness[2])

    # ---- one for each type ----

    def on_ledger_started(self, claim, body, at):
        self.relying_party = body.get("relying_party")
        for founder in body.get("founders", []):
            spki = founder.get("public_key")
            if type(spki) is bytes and hashlib.sha256(spki).digest() != founder.get("key"):
                raise Lie("a founder's key is not the one that is named")
            self.give(spki, Key(founder.get("principal"), None))

    def on_key_enrolled(self, claim, body, at):
        self.check_passkey(claim, body)
        self.give(body.get("public_key"), Key(body.get("principal"), None))

    def on_key_revoked(self, claim, body, at):
        key_id = body.get("key_id")
        for one, key in self.by_id.items():
            if one == key_id or (key.shift is not None and key.opened_by == key_id):
                key.ended = True

    def on_principal_left(self, claim, body, at):
        for key in self.by_id.values():
            key.ended = key.ended or key.owner == body.get("principal")

    def on_shift_opened(self, claim, body, at):
        message = possession_message(claim[1], claim[4])
        found = load(body.get("public_key"))
        signature = body.get("possession", b"")
        if found is None or len(signature) != 64:
            raise Lie("a shift without a key that is held")
        numbers = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            proof_reader.verify(found[1], numbers, message)
        except proof_reader.Unproved:
            raise Lie("the key of a shift is not held")
        self.give(body["public_key"], Key(
            claim[4], None, shift=body.get("shift"), not_after=body.get("not_after", 0),
            permissions=[p.get("permission") for p in body.get("permissions", [])],
            opened_by=claim.get(5)))

    def on_shift_closed(self, claim, body, at):
        for key in self.by_id.values():
            if key.shift is not None and key.shift == body.get("shift") and key.owner == claim[4]:
                key.ended = True

    def recovered(self, body):
        return Key(body.get("principal"), None, usable_from=body.get("usable_from", 0),
                   recovery=body.get("recovery"))

    def on_recovery_requested(self, claim, body, at):
        self.check_passkey(claim, body)
        key = self.recovered(body)
        key.usable_from = waits_until(key.usable_from, at)
        self.give(body.get("public_key"), key)

    def on_recovery_stopped(self, claim, body, at):
        for key in self.by_id.values():
            if key.recovery is not None and key.recovery == body.get("recovery"):
                key.ended = True

    def check_passkey(self, claim, body):
        """Whoever gets a passkey's key held it, by an assertion over the message of possession."""
        found = load(body.get("public_key"))
        if "credential" not in body or self.relying_party is None or found is None:
            return
        proof = [body.get("authenticator_data", b""), body.get("client_data", b""),
                 body.get("possession", b"")]
        try:
            proof_reader.check_webauthn(proof, found[1], possession_message(
                claim[1], body.get("principal", "")), self.relying_party)
        except proof_reader.Unproved as error:
            raise Lie("a passkey is not held: %s" % error)


def possession_message(origin, principal):
    return ("sealwright key possession\n%s\n%s\n" % (origin, principal)).encode()
