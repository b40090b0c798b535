#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""charter_reader.py: charters read, judged and weighed by somebody else.

Written from docs/formats/charter.cddl, docs/formats/signer.cddl and docs/authority.md alone. A charter is
kept as the plain CBOR map; persons, rules and keys are looked up in it by their numbers."""
import hashlib
import re

import cbor2
from cryptography.hazmat.primitives import serialization

import proof_reader

GS1 = re.compile(r"[!\"%-?A-Z_a-z]{1,64}")
FOUNDED, BOOTSTRAP, TRIAL = range(3)
COSE, WEBAUTHN, SSHSIG = 1, 2, 3
NONE, TPM, WITNESS = range(3)
SIZE_MAX, DURATION_MAX, AHEAD = 16384, 1209600000, 120000
ED25519_HEAD = bytes.fromhex("302a300506032b6570032100")
P256_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
AGREED, NO_RULE, AUTHOR_UNKNOWN, TOO_FEW, MUST_MISSING, NONE_OUTSIDE, REQUEST_OVER = range(7)


class Refused(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Refused(what)


# ---- shapes ----

def is_int(v, least, most):
    return type(v) is int and least <= v <= most


def is_line(v, most):
    return type(v) is str and 1 <= len(v.encode()) <= most and all(ord(c) >= 32 for c in v)


def is_id(v):
    return type(v) is str and GS1.fullmatch(v) is not None


def is_list(v, least, most):
    return type(v) is list and least <= len(v) <= most


def distinct(values):
    return len(set(values)) == len(values)


def is_spki(v):
    return type(v) is bytes and (len(v) == 44 and v.startswith(ED25519_HEAD) or
                                 len(v) == 91 and v.startswith(P256_HEAD))


def check_groups(groups):
    need(is_list(groups, 1, 8) and all(is_id(g) for g in groups) and distinct(groups), "groups")


def check_key(key):
    need(type(key) is dict and {1, 2, 3} <= set(key) <= {1, 2, 3, 4}, "a key's members")
    need(is_spki(key[1]), "a key's encoding")
    need(is_int(key[2], COSE, SSHSIG) and type(key[3]) is bool, "a key's kind")
    need(not (key[3] and key[2] == WEBAUTHN), "a passkey outside")
    need(4 not in key or key[2] == SSHSIG and is_line(key[4], 64), "an application")


def check_person(person):
    need(type(person) is dict and set(person) == {1, 2, 3} and is_id(person[1]), "a person")
    check_groups(person[2])
    need(is_list(person[3], 1, 8), "a person's keys")
    for key in person[3]:
        check_key(key)


def check_rule(rule):
    need(type(rule) is dict and set(rule) == set(range(1, 8)) and is_id(rule[1]), "a rule")
    need(is_int(rule[2], 0, 16), "a rule's need")
    check_groups(rule[3])
    need(is_list(rule[4], 0, 8), "must-sign groups")
    for must in rule[4]:
        need(is_list(must, 2, 2) and is_id(must[0]) and is_int(must[1], 1, 16), "a must-sign group")
    need(distinct([must[0] for must in rule[4]]), "a must-sign group twice")
    need(is_int(rule[5], 1, DURATION_MAX) and is_int(rule[6], 1, DURATION_MAX) and
         is_int(rule[7], 0, DURATION_MAX), "times")


def check_recovery(keys):
    need(is_list(keys, 0, 16), "recovery keys")
    for key in keys:
        need(type(key) is dict and set(key) == {1, 2, 3} and is_id(key[1]) and is_spki(key[2]) and
             key[3] in (COSE, SSHSIG) and type(key[3]) is int, "a recovery key")
    need(distinct([key[1] for key in keys]), "a keeper twice")


def check_shape(c):
    need(type(c) is dict and {1, 3, 4, 7, 8, 9, 10, 11} <= set(c) <= set(range(1, 13)), "members")
    need(is_int(c[1], 1, 2**53 - 1), "revision")
    need((2 in c) == (c[1] > 1) and (2 not in c or type(c[2]) is bytes and len(c[2]) == 32),
         "the charter before")
    need(is_line(c[3], 255) and is_int(c[4], FOUNDED, TRIAL), "origin or mode")
    need(5 not in c or is_line(c[5], 253), "relying party")
    for member, most in ((6, 255), (12, 1024)):
        need(member not in c or is_list(c[member], 1, 4) and
             all(is_line(v, most) for v in c[member]) and distinct(c[member]), "lines")
    need(is_list(c[7], 1, 64) and is_list(c[8], 1, 32), "persons or rules")
    for person in c[7]:
        check_person(person)
    for rule in c[8]:
        check_rule(rule)
    check_recovery(c[9])
    need(is_int(c[10], 0, len(c[9])) and (c[10] == 0) == (not c[9]), "recovery's need")
    need(is_int(c[11], NONE, WITNESS) and (c[11] == WITNESS) == (12 in c), "anchor")


# ---- judging ----

def keys_of(c):
    """key id → (person's place, key)"""
    return {hashlib.sha256(key[1]).digest(): (place, key)
            for place, person in enumerate(c[7]) for key in person[3]}


def counts(c, rule, place):
    return bool(set(c[7][place][2]) & set(rule[3]))


def rule_of(c, name):
    named = {rule[1]: rule for rule in c[8]}
    return named.get(name, named.get("*"))


def check_rules(c):
    need(distinct([rule[1] for rule in c[8]]), "a class has two rules")
    need(rule_of(c, "charter") is not None, "nobody may change the charter")
    for rule in c[8]:
        eligible = [place for place in range(len(c[7])) if counts(c, rule, place)]
        need(rule[2] > 0 or c[4] != FOUNDED, "a rule without approval")
        for group, number in rule[4]:
            need(len([p for p in eligible if group in c[7][p][2]]) >= number, "too few in a group")
        most = max([rule[2]] + [number for _, number in rule[4]])
        need(eligible and len(eligible) >= most + (c[4] == FOUNDED), "too few who may approve")
        need(any(key[3] for place in eligible for key in c[7][place][3]), "nobody is outside")


def read(raw):
    """The charter in these bytes, or Refused."""
    need(len(raw) <= SIZE_MAX, "too large")
    try:
        c = cbor2.loads(raw)
    except Exception as error:  # the library raises many kinds
        raise Refused("not CBOR: %s" % error)
    check_shape(c)
    need(cbor2.dumps(c, canonical=True) == raw, "not deterministic")
    all_keys = [key[1] for person in c[7] for key in person[3]] + [key[2] for key in c[9]]
    need(distinct(all_keys) and len(all_keys) - len(c[9]) <= 128, "a key twice, or too many")
    need(distinct([person[1] for person in c[7]]), "a person twice")
    check_rules(c)
    return c


def follows(now, raw, following):
    """Whether one more must agree; Refused if it cannot follow at all. `raw`: the bytes of `now`."""
    need(following[1] == now[1] + 1 and following.get(2) == hashlib.sha256(raw).digest(), "revision")
    need(following[3] == now[3], "another log")
    need(following[4] == now[4] or (now[4], following[4]) == (BOOTSTRAP, FOUNDED), "mode")
    before = {person[1]: set(person[2]) for person in now[7]}
    gains = any(person[1] not in before or set(person[2]) - before[person[1]]
                for person in following[7])
    return gains or any(now.get(n) != following.get(n) for n in (4, 5, 6, 8, 9, 10, 11, 12))


def key_stays(before, person, key_id, key):
    """Whether the key was this person's on the same terms; otherwise it is a newcomer."""
    if key_id not in keys_of(before):
        return False
    place, was = keys_of(before)[key_id]
    return (before[7][place][1] == person[1] and set(person[2]) <= set(before[7][place][2]) and
            was[2] == key[2] and was.get(4) == key.get(4) and (was[3] or not key[3]))


def over(made, life, now):
    return made - now > AHEAD or now - made > life


def weigh(c, name, author, author_made, votes, now, more=0):
    """(verdict, places of the votes that count). `votes`: [(key id, made, not_after or 0, since)]."""
    keys, rule = keys_of(c), rule_of(c, name)
    if rule is None:
        return NO_RULE, []
    if author not in keys:
        return AUTHOR_UNKNOWN, []
    asking, asking_key = keys[author]
    eligible = sum(counts(c, rule, place) for place in range(len(c[7])))
    wanted = max(rule[2], min(rule[2] + more, eligible - counts(c, rule, asking)))
    best = {}  # person → (made on our screen, place of the vote)
    for at, (key_id, made, not_after, since) in enumerate(votes[:64]):
        if key_id not in keys:
            continue
        person, key = keys[key_id]
        if (person != asking and counts(c, rule, person) and not over(made, rule[6], now) and
                (not not_after or now <= not_after) and (not since or now - since >= rule[7])):
            best[person] = min(best.get(person, (True, at)), (not key[3], at))
    used = sorted(at for _, at in best.values())
    return verdict(c, rule, wanted, best, asking, asking_key, over(author_made, rule[5], now)), used


def verdict(c, rule, wanted, best, asking, asking_key, is_over):
    if is_over:
        return REQUEST_OVER
    alone = wanted == 0 and counts(c, rule, asking)
    if len(best) < (wanted if alone else max(wanted, 1)):
        return TOO_FEW
    for group, number in rule[4]:
        if sum(group in c[7][person][2] for person in best) < number:
            return MUST_MISSING
    if not any(not inside for inside, _ in best.values()) and not (alone and asking_key[3]):
        return NONE_OUTSIDE
    return AGREED


# ---- a log's charters, and its decisions weighed again ----

CLASSES = {"charter.revised": "charter", "build.authorized": "build.authorize",
           "firmware.released": "firmware.release", "firmware.emergency": "firmware.emergency"}
FOLDED, PENDING, EXECUTES, UNFOLDED, UNVERIFIED = range(5)


class Said:
    """A decision or a vote, as it stands in the log."""

    def __init__(self, i, claim, claim_bytes, proof, at):
        self.i, self.claim, self.bytes, self.proof, self.at = i, claim, claim_bytes, proof, at
        self.key = claim.get(5)


class Chain:
    def __init__(self):
        self.log_key = None    # verifies admissions, where they were made with it
        self.charters = {}     # revision → (charter, bytes, from, key id → since)
        self.open = {}         # digest → (decision, [votes], [denials])
        self.agreed = self.refused = 0
        self.late = []         # entries of denials that the log took while the signer was answering
        self.just_before = []  # … up to two minutes before: may have been held back from the signer

    def see(self, i, claim, claim_bytes, proof, witness):
        """None, or (entry, what is wrong)."""
        if witness[4][0] in (UNFOLDED, UNVERIFIED):
            return None
        body, said = claim[10], Said(i, claim, claim_bytes, proof, witness[2])
        try:
            if i == 0:
                self.take(body.get("charter"), 0)
            elif not self.charters:
                return None
            elif claim[2] in CLASSES:
                self.open[hashlib.sha256(claim_bytes).digest()] = (said, [], [])
            elif claim[2] in ("approval.given", "approval.denied"):
                kept = self.open.get(body.get("record"))
                if kept is not None:
                    kept[1 + (claim[2] == "approval.denied")].append(said)
            elif claim[2] in ("signer.admitted", "signer.refused"):
                kept = self.open.pop(body.get("record"), None)
                self.refused += kept is not None and claim[2] == "signer.refused"
                if kept is not None and claim[2] == "signer.admitted":
                    i = kept[0].i
                    self.admitted(body.get("document"), body["record"], *kept)
        except (Refused, proof_reader.Unproved) as error:
            return i, str(error)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            return i, "a value of another kind: %r" % error
        return None

    def take(self, raw, at):
        if raw is None:
            return
        c = read(raw)
        held = self.charters.get(c[1] - 1)
        since = {}
        for key_id, (place, key) in keys_of(c).items():
            stays = held and key_stays(held[0], c[7][place], key_id, key)
            since[key_id] = 0 if not held else held[3][key_id] if stays else at
        self.charters[c[1]] = (c, raw, at, since)

    def admitted(self, document, record, decision, votes, denials):
        payload = self.open_document(document)
        need(payload[2] == decision.claim[1] and payload[3] == record, "of another decision")
        name = CLASSES[decision.claim[2]]
        if decision.claim[2].startswith("firmware."):
            at = payload[13]
            revision = max(n for n, held in self.charters.items() if held[2] <= at)
        else:
            at, revision = payload[7], payload[5]
            need(payload[4] == name and revision in self.charters, "another class or charter")
            named = {hashlib.sha256(vote.bytes).digest(): vote for vote in votes}
            need(all(digest in named for digest in payload[6]), "an approval is not in the log")
            votes = [named[digest] for digest in payload[6]]
        self.judge(name, decision, votes, revision, at)
        self.weigh_denials(denials, at)
        self.agreed += 1
        if name == "charter":
            self.take(decision.claim[10]["charter"], at)

    def open_document(self, document):
        need(type(document) is bytes, "no document")
        try:
            protected, unprotected, payload, signature = cbor2.loads(document).value
            header, inside = cbor2.loads(protected), cbor2.loads(payload)
        except Exception:
            raise Refused("the signer's document is none")
        need(unprotected == {} and type(inside) is dict, "the signer's document is none")
        if self.log_key is not None and 5 in inside and 13 not in inside:
            spki = self.log_key.public_bytes(serialization.Encoding.DER,
                                             serialization.PublicFormat.SubjectPublicKeyInfo)
            if header[4] == hashlib.sha256(spki).digest():
                proof_reader.verify(self.log_key, signature, cbor2.dumps(
                    ["Signature1", protected, b"sealwright admission", payload], canonical=True))
        return inside

    def weigh_denials(self, denials, at):
        """By the time of their entries and the signer's own, for the order of entries says nothing."""
        keys = keys_of(self.charters[max(self.charters)][0])
        denials = [denial for denial in denials if denial.key in keys]
        need(all(at - denial.at <= AHEAD for denial in denials), "somebody had denied it")
        self.late += [denial.i for denial in denials if denial.at >= at]
        self.just_before += [denial.i for denial in denials if denial.at < at]

    def judge(self, name, decision, votes, revision, at):
        c, raw, _, since = self.charters[revision]
        keys = keys_of(c)
        more = name == "charter" and follows(c, raw, read(decision.claim[10]["charter"]))
        keepers = {hashlib.sha256(key[2]).digest(): key for key in c[9]}
        agreed = [vote for vote in votes if vote.key in keepers and self.holds(
            c, {1: keepers[vote.key][2], 2: keepers[vote.key][3]}, vote)]
        if name == "charter" and c[10] and len({vote.key for vote in agreed}) >= c[10]:
            return
        need(decision.key in keys and self.holds(c, keys[decision.key][1], decision), "its author")
        held = [vote for vote in votes
                if vote.key in keys and self.holds(c, keys[vote.key][1], vote)]
        found, _ = weigh(c, name, decision.key, decision.claim[7], [
            (vote.key, vote.claim[7], vote.claim[10].get("not_after", 0), since[vote.key])
            for vote in held], at, more)
        need(found == AGREED, "the charter does not agree (%d)" % found)

    @staticmethod
    def holds(c, key, said):
        """Whether the proof is in the form that counts with the key."""
        kind = {tuple: COSE, list: WEBAUTHN, bytes: SSHSIG}.get(type(said.proof))
        if kind != key[2]:
            return False
        try:
            public = serialization.load_der_public_key(key[1])
            if kind == COSE:
                proof_reader.check_cose(said.proof, public, said.bytes, said.claim[2])
            elif kind == WEBAUTHN:
                proof_reader.check_webauthn(said.proof, public, said.bytes, c[5])
            else:
                return proof_reader.check_ssh(said.proof, public, said.bytes) in (
                    [key[4].encode()] if 4 in key else [b"", b"ssh:"])
        except (proof_reader.Unproved, ValueError):  # the library's word for a key that is none
            return False
        return True
