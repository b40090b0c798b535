#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""proof_reader.py: proofs of authors, read and verified by somebody else.

Written from docs/formats/entry.cddl, OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f, and W3C WebAuthn level
2 alone. Offline, an assertion is bound to the relying party; from which of its pages it came is not
asked."""
import base64
import hashlib
import json

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NAMESPACE = b"sealwright-approve@v1"
ES256, EDDSA = -7, -8
PRESENT, VERIFIED = 0x01, 0x04
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Unproved(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Unproved(what)


def verify(key, signature, message):
    """`signature`: 64 bytes of Ed25519, or (r, s)."""
    try:
        if isinstance(key, ed25519.Ed25519PublicKey) and type(signature) is bytes:
            key.verify(signature, message)
        elif isinstance(key, ec.EllipticCurvePublicKey) and type(signature) is tuple:
            need(all(0 < n < P256_ORDER for n in signature), "a number out of range")
            key.verify(encode_dss_signature(*signature), message, ec.ECDSA(hashes.SHA256()))
        else:
            raise Unproved("a signature of another algorithm than its key")
    except InvalidSignature:
        raise Unproved("the signature does not verify")


# ---- COSE ----

def check_cose(proof, key, claim_bytes, type_name):
    algorithm, _, protected, signature = proof
    signed = cbor2.dumps(["Signature1", protected, type_name.encode(), claim_bytes], canonical=True)
    if algorithm == ES256:
        signature = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    verify(key, signature, signed)


# ---- WebAuthn ----

def no_duplicates(pairs):
    need(len({name for name, _ in pairs}) == len(pairs), "client data names a member twice")
    return dict(pairs)


def check_webauthn(proof, key, claim_bytes, relying_party):
    authenticator, client, signature = proof
    try:
        said = json.loads(client.decode("utf-8"), object_pairs_hook=no_duplicates)
    except ValueError:
        raise Unproved("client data is not JSON")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(claim_bytes).digest()).rstrip(b"=").decode()
    need(type(said) is dict and said.get("type") == "webauthn.get", "not an assertion")
    need(said.get("challenge") == challenge, "the challenge is of another claim")
    need(type(said.get("origin")) is str, "no origin")
    need(said.get("crossOrigin", False) is False, "made inside a foreign page")
    need(len(authenticator) >= 37, "authenticator data is too short")
    need(authenticator[:32] == hashlib.sha256(relying_party.encode()).digest(),
         "another relying party")
    need(authenticator[32] & PRESENT and authenticator[32] & VERIFIED, "nobody was verified")
    if isinstance(key, ec.EllipticCurvePublicKey):
        try:
            numbers = decode_dss_signature(signature)
        except ValueError:
            raise Unproved("the signature is not DER")
        need(encode_dss_signature(*numbers) == signature, "the signature is not strict DER")
        signature = numbers
    verify(key, signature, authenticator + hashlib.sha256(client).digest())


# ---- SSH ----

class Strings:
    """SSH's wire format: a big-endian length before each string."""

    def __init__(self, raw):
        self.raw = raw

    def take(self, n):
        need(n <= len(self.raw), "the SSH signature ends too early")
        head, self.raw = self.raw[:n], self.raw[n:]
        return head

    def number(self):
        return int.from_bytes(self.take(4), "big")

    def string(self):
        return self.take(self.number())

    def end(self):
        need(not self.raw, "bytes follow")


def mpint(raw):
    need(0 < len(raw) <= 33 and not raw[0] & 0x80, "a number is not positive")
    need(raw[0] or (len(raw) > 1 and raw[1] & 0x80), "a number has zeros before it")
    return int.from_bytes(raw, "big")


FORMS = {  # name → on P-256?, of a token?
    b"ssh-ed25519": (False, False),
    b"ecdsa-sha2-nistp256": (True, False),
    b"sk-ssh-ed25519@openssh.com": (False, True),
    b"sk-ecdsa-sha2-nistp256@openssh.com": (True, True),
}


def read_ssh_key(raw):
    """(form, what the key is as 32 or 65 bytes, application)"""
    s = Strings(raw)
    form = s.string()
    need(form in FORMS, "a key of another kind")
    on_p256, token = FORMS[form]
    if on_p256:
        need(s.string() == b"nistp256", "another curve")
    value = s.string()
    need(len(value) == 65 and value[0] == 4 if on_p256 else len(value) == 32, "not a key")
    application = s.string() if token else b""
    need(not token or 1 <= len(application) <= 64, "application")
    s.end()
    return form, value, application


def read_ssh(blob):
    """The parts of a signature, as a dict."""
    need(1 <= len(blob) <= 1024, "size")
    s = Strings(blob)
    need(s.take(6) == b"SSHSIG" and s.number() == 1, "not an SSH signature of version 1")
    form, value, application = read_ssh_key(s.string())
    space, reserved, algorithm, signature = s.string(), s.string(), s.string(), s.string()
    s.end()
    need(space == NAMESPACE and reserved == b"", "made for another purpose")
    need(algorithm in (b"sha256", b"sha512"), "another hash")
    inner = Strings(signature)
    need(inner.string() == form, "a signature of another kind than its key")
    made = inner.string()
    presence = inner.take(5) if FORMS[form][1] else b""
    inner.end()
    if FORMS[form][0]:
        numbers = Strings(made)
        made = mpint(numbers.string()), mpint(numbers.string())
        numbers.end()
    else:
        need(len(made) == 64, "not 64 bytes")
    return {"form": form, "key": value, "application": application, "hash": algorithm.decode(),
            "signature": made, "presence": presence}


def raw_key(key):
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def check_ssh(blob, key, claim_bytes):
    """The application that a token named, or b""."""
    sig = read_ssh(blob)
    need(sig["key"] == raw_key(key), "made with another key")
    digest = hashlib.new(sig["hash"], claim_bytes).digest()
    covered = b"SSHSIG" + b"".join(len(part).to_bytes(4, "big") + part for part in (
        NAMESPACE, b"", sig["hash"].encode(), digest))
    if sig["presence"]:
        need(sig["presence"][0] & PRESENT, "nobody touched the token")
        covered = hashlib.sha256(sig["application"]).digest() + sig["presence"] + \
            hashlib.sha256(covered).digest()
    verify(key, sig["signature"], covered)
    return sig["application"]
