#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make.py [--write]: the golden entries, made by a foreign CBOR coder and foreign cryptography.

Without --write: every file equals what is made here, reads back as the values it was made from,
and carries signatures that hold. An entry that stands here may never change its bytes."""
import base64
import hashlib
import json
import os
import sys

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

HERE = os.path.dirname(os.path.abspath(__file__))

# Keys for these files only.
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"golden ed25519").digest())
P256_SECRET = int.from_bytes(hashlib.sha256(b"golden p256").digest(), "big")
P256 = ec.derive_private_key(P256_SECRET, ec.SECP256R1())
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

ORIGIN = "ledger.example/trial"
NAMESPACE = b"sealwright-approve@v1"
MADE = 1767225600123  # 2026-01-01T00:00:00.123Z


def encode(value):
    return cbor2.dumps(value, canonical=True)


def sha256(data):
    return hashlib.sha256(data).digest()


def key_id(secret):
    return sha256(secret.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def uuid7(ms, rest):
    value = bytearray(ms.to_bytes(6, "big") + sha256(rest)[:10])
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    return bytes(value)


def ecdsa(message):
    """(r, s) with a nonce made from the message: the files must come out the same every time."""
    nonce = int.from_bytes(sha256(b"golden nonce" + message), "big") % P256_ORDER
    point = ec.derive_private_key(nonce, ec.SECP256R1()).public_key().public_numbers()
    r = point.x % P256_ORDER
    digest = int.from_bytes(sha256(message), "big")
    return r, pow(nonce, -1, P256_ORDER) * (digest + r * P256_SECRET) % P256_ORDER


def to_be_signed(protected, kind, claim):
    return encode(["Signature1", protected, kind.encode(), claim])


def cose(algorithm, secret, claim):
    protected = encode({1: algorithm, 4: key_id(secret)})
    message = to_be_signed(protected, cbor2.loads(claim)[2], claim)
    if algorithm == -8:
        signature = secret.sign(message)
    else:
        signature = b"".join(n.to_bytes(32, "big") for n in ecdsa(message))
    return cbor2.CBORTag(18, [protected, {}, None, signature])


def webauthn(claim):
    challenge = base64.urlsafe_b64encode(sha256(claim)).rstrip(b"=").decode()
    client = json.dumps({"type": "webauthn.get", "challenge": challenge,
                         "origin": "https://ledger.example", "crossOrigin": False},
                        separators=(",", ":")).encode()
    authenticator = sha256(b"ledger.example") + b"\x05" + (7).to_bytes(4, "big")
    signature = utils.encode_dss_signature(*ecdsa(authenticator + sha256(client)))
    return [authenticator, client, signature]


def ssh(*strings):
    return b"".join(len(s).to_bytes(4, "big") + s for s in strings)


def mpint(number):
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def ssh_blob(key, algorithm, signature):
    return b"SSHSIG" + (1).to_bytes(4, "big") + ssh(key, NAMESPACE, b"", algorithm, signature)


def ssh_covered(claim, algorithm):
    return b"SSHSIG" + ssh(NAMESPACE, b"", algorithm, hashlib.new(algorithm.decode(), claim).digest())


def raw_ed25519():
    return ED25519.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def ssh_ed25519(claim):
    raw = raw_ed25519()
    signature = ED25519.sign(ssh_covered(claim, b"sha512"))
    return ssh_blob(ssh(b"ssh-ed25519", raw), b"sha512", ssh(b"ssh-ed25519", signature))


def ssh_token_p256(claim):
    kind, application = b"sk-ecdsa-sha2-nistp256@openssh.com", b"ssh:approve"
    point = P256.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    presence = b"\x05" + (41).to_bytes(4, "big")
    r, s = ecdsa(sha256(application) + presence + sha256(ssh_covered(claim, b"sha256")))
    return ssh_blob(ssh(kind, b"nistp256", point, application), b"sha256",
                    ssh(kind, ssh(mpint(r), mpint(s))) + presence)


def claim_of(name, author, body, **more):
    claim = {1: ORIGIN, 2: name, 3: 1, 4: author, 6: uuid7(MADE, name.encode()), 7: MADE, 9: 0,
             10: body}
    claim.update({int(k[1:]): v for k, v in more.items()})
    return claim


def entries():
    """name -> (claim, what makes its proof, witness)"""
    seal = {"seal": "S-00042", "maker": "ACME", "shipment": "SHP/7", "photo": sha256(b"photo")}
    return {
        "genesis": (
            claim_of("ledger.founded", "SERVER", {}),
            lambda claim: None,
            {1: 0, 2: MADE, 3: [0, b""], 4: [0]}),
        "signed_ed25519": (
            claim_of("seal.applied", "P-17", seal, k5=key_id(ED25519)),
            lambda claim: cose(-8, ED25519, claim),
            {1: 1000, 2: MADE + 5, 3: [2, sha256(b"session")], 4: [0], 8: 23,
             9: ["seal", "ACME", "S-00042"]}),
        "signed_es256_offline": (
            claim_of("step.completed", "STATION-3", {"unit": "U1", "step": 12, "ok": True},
                     k3=65535, k5=key_id(P256), k8=MADE - 86400000, k9=1, k11=["SP1", 4294967296]),
            lambda claim: cose(-7, P256, claim),
            {1: 65536, 2: MADE + 86400000, 3: [3, sha256(b"uploader")], 4: [0],
             7: {"duration": 1800, "log": b"\x00\x01", "note": "f\u00fcnf"}}),
        "approved_webauthn": (
            claim_of("approval.given", "P-18", {"record": sha256(b"claim"), "vote": "approve"},
                     k5=key_id(P256)),
            webauthn,
            {1: 255, 2: MADE + 9, 3: [1, sha256(b"client key")], 4: [2, 254],
             5: [3, {"QUO-01": "pass", "SRC-02": "warn", "BUILD-01": "observe"}]}),
        "approved_ssh_ed25519": (
            claim_of("approval.given", "P-19", {"record": sha256(b"claim"), "vote": "approve"},
                     k5=key_id(ED25519)),
            ssh_ed25519,
            {1: 256, 2: MADE + 10, 3: [1, sha256(b"client key")], 4: [0]}),
        "approved_ssh_token_p256": (
            claim_of("approval.given", "P-20", {"record": sha256(b"claim"), "vote": "approve"},
                     k5=key_id(P256)),
            ssh_token_p256,
            {1: 257, 2: MADE + 11, 3: [1, sha256(b"client key")], 4: [2, 254]}),
        "kept_unfolded": (
            claim_of("seal.broken", "CARRIER-9", {"seal": "S-00042", "list": [{"a": -1}, {}]},
                     k9=2),
            lambda claim: None,
            {1: 9223372036854775807, 2: 253402300799999, 3: [1, b""], 4: [3],
             6: [["FOLD_FAILED"], ["SEAL_NOT_AVAILABLE", "shipment", "", "SHP/7"],
                 ["SEAL_REPEATED", "seal", "ACME", "S-00042"]],
             8: 9223372036854775806, 9: ["shipment", "", "SHP/7"]}),
        "reported_unverified": (
            claim_of("fault.seen", "D-1", {"text": "\u20ac\U0001f512"}),
            lambda claim: None,
            {1: 24, 2: MADE, 3: [1, sha256(b"device")], 4: [4]}),
    }


def ssh_strings(data, n):
    found = []
    for _ in range(n):
        size = int.from_bytes(data[:4], "big")
        found.append(data[4:4 + size])
        data = data[4 + size:]
    return found, data


def check_ssh(proof, claim):
    """Reads the blob by PROTOCOL.sshsig, and verifies as an SSH program would."""
    (key, space, reserved, algorithm, signature), rest = ssh_strings(proof[10:], 5)
    assert proof[:10] == b"SSHSIG\0\0\0\1" and (space, reserved, rest) == (NAMESPACE, b"", b"")
    (kind, value), presence = ssh_strings(signature, 2)
    covered = ssh_covered(claim, algorithm)
    if kind == b"ssh-ed25519":
        assert key == ssh(kind, raw_ed25519()) and presence == b""
        ED25519.public_key().verify(value, covered)
        return
    (_, _, _, application), _ = ssh_strings(key, 4)
    numbers, _ = ssh_strings(value, 2)
    r, s = (int.from_bytes(n, "big") for n in numbers)
    P256.public_key().verify(utils.encode_dss_signature(r, s),
                             sha256(application) + presence + sha256(covered),
                             ec.ECDSA(hashes.SHA256()))


def check_proof(proof, claim):
    """Verifies with a library that shares no code with us."""
    if isinstance(proof, cbor2.CBORTag):
        protected, _, _, signature = proof.value
        message = to_be_signed(protected, cbor2.loads(claim)[2], claim)
        if cbor2.loads(protected)[1] == -8:
            ED25519.public_key().verify(signature, message)
        else:
            r, s = (int.from_bytes(signature[i:i + 32], "big") for i in (0, 32))
            P256.public_key().verify(utils.encode_dss_signature(r, s), message,
                                     ec.ECDSA(hashes.SHA256()))
    elif isinstance(proof, bytes):
        check_ssh(proof, claim)
    elif proof is not None:
        authenticator, client, signature = proof
        P256.public_key().verify(signature, authenticator + sha256(client),
                                 ec.ECDSA(hashes.SHA256()))


def main():
    passed = failed = 0
    for name, (claim, prove, witness) in entries().items():
        claim_bytes = encode(claim)
        made = encode([claim_bytes, prove(claim_bytes), witness])
        path = os.path.join(HERE, name + ".hex")
        if sys.argv[1:] == ["--write"]:
            with open(path, "w", encoding="ascii") as f:
                f.write("\n".join(made.hex()[i:i + 96] for i in range(0, len(made) * 2, 96)) + "\n")
        stored = bytes.fromhex(open(path, encoding="ascii").read())
        read_claim, read_proof, read_witness = cbor2.loads(stored)
        check_proof(read_proof, read_claim)
        if stored == made and cbor2.loads(read_claim) == claim and read_witness == witness:
            passed += 1
        else:
            failed += 1
            print("%s differs" % path)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
