#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""passkey_test.py SEALWRIGHT: passkeys confirmed and refused, and somebody who lost every key, by the command
line alone. The browser and its authenticator are this file."""
import base64
import hashlib
import http.client
import json
import os
import re
import ssl
import sys

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from steps import Failure, Folder, House, Program, has, run_all, same

ORIGIN, PARTY, LOG = "https://console.test.example", "console.test.example", "test.example/log"
INVALID = 2


def text64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Browser:
    """Somebody's browser, signed in by a link."""

    def __init__(self, house, name):
        link = house.program.ok("sign-in-link", *house.who(name)).out.split()[0]
        self.host = re.match(r"https://([^/]+)", link).group(1)
        self.context = ssl.create_default_context(cafile=f"{house.state}/tls.crt")
        self.cookie = None
        self.ask("POST", link.split(self.host, 1)[1], None)

    def ask(self, method, path, body):
        connection = http.client.HTTPSConnection(self.host, context=self.context, timeout=30)
        headers = {"Sec-Fetch-Site": "same-origin"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = connection.getresponse()
        raw = reply.read()
        if reply.getheader("Set-Cookie"):
            self.cookie = reply.getheader("Set-Cookie").split(";")[0]
        connection.close()
        if reply.status >= 400:
            raise Failure(f"{method} {path}: {reply.status} {raw[:300]!r}")
        return json.loads(raw) if "json" in (reply.getheader("Content-Type") or "") else None


class Authenticator:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential = os.urandom(24)

    def spki(self):
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def id(self):
        return hashlib.sha256(self.spki()).hexdigest()

    @staticmethod
    def client_data(kind, challenge):
        return json.dumps({"type": kind, "challenge": text64(challenge), "origin": ORIGIN,
                           "crossOrigin": False}).encode()

    def asserts(self, challenge):
        client = self.client_data("webauthn.get", challenge)
        data = hashlib.sha256(PARTY.encode()).digest() + b"\x05" + bytes(4)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {"client_data": text64(client), "authenticator_data": text64(data),
                "signature": text64(signature)}

    def attestation(self):
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"),
                            -3: numbers.y.to_bytes(32, "big")}, canonical=True)
        data = hashlib.sha256(PARTY.encode()).digest() + b"\x45" + bytes(4) + bytes(16) + \
            len(self.credential).to_bytes(2, "big") + self.credential + cose
        return cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}, canonical=True)

    def registers(self, house, name, label="blue one"):
        browser = Browser(house, name)
        nonce = browser.ask("POST", "/v1/challenges", {"for": "passkey"})["nonce"]
        raw = base64.urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4))
        message = f"sealwright key possession\n{LOG}\n{name}\n".encode()
        return browser.ask("POST", "/v1/passkeys", {
            "nonce": nonce, "label": label, "transports": ["usb"],
            "client_data": text64(self.client_data("webauthn.create", raw)),
            "attestation": text64(self.attestation()),
            "possession": self.asserts(hashlib.sha256(message).digest())})


# ---- passkeys ----

def passkey_is_confirmed_with_the_code_that_its_owner_reads(program, house):
    passkey = Authenticator()
    registered = passkey.registers(house, "bob")
    listed = program.ok("passkey", "list", *house.who("ada"))
    has(listed.out, registered["code"])
    has(listed.out, "blue one")
    said = program.ok("passkey", "confirm", passkey.id(), "--yes", *house.who("ada"))
    has(said.out, registered["code"])
    has(said.out, f"key  {passkey.id()} (computed here)")
    has(said.out, "A passkey of bob, called blue one")
    found = [row for row in house.rows("ada", "access.keys") if row["key"] == passkey.id()]
    same([(row["principal"], row["form"], row["label"]) for row in found],
         [("bob", "passkey", "blue one")])
    same(program.ok("passkey", "list", "--json", *house.who("ada")).json()["rows"], [])


def nobody_confirms_without_being_asked_or_without_the_right(program, house):
    passkey = Authenticator()
    passkey.registers(house, "bob")
    program.fails(INVALID, "nobody to ask", "passkey", "confirm", passkey.id(), *house.who("ada"))
    said = program.run("passkey", "confirm", passkey.id(), "--yes", *house.who("bob"))
    has(said.err, "does not hold the permission")
    same([row for row in house.rows("ada", "access.keys") if row["key"] == passkey.id()], [])
    program.ok("passkey", "refuse", passkey.id(), "--yes", *house.who("ada"))


def passkey_that_was_refused_is_gone(program, house):
    passkey = Authenticator()
    passkey.registers(house, "bob")
    said = program.ok("passkey", "refuse", passkey.id(), "--yes", *house.who("ada"))
    has(said.out, "It is gone")
    said = program.run("passkey", "confirm", passkey.id(), "--yes", *house.who("ada"))
    has(said.err, "No such passkey waits")


def unknown_passkeys_are_named(program, house):
    for word in ("nonsense", "0" * 63, "../../v1/me"):
        said = program.run("passkey", "confirm", word, "--yes", *house.who("ada"))
        if said.status == 0:
            raise Failure(f"{word}: {said}")
    program.fails(2, "passkey confirm", "passkey", "confirm", *house.who("ada"))


# ---- recoveries ----

def new_key(program, house, name):
    path = house.key(f"new-{name}-{len(os.listdir(house.folder))}")
    program.ok("keys", "make", path, "--no-passphrase")
    proof = program.ok("keys", "possession", "--as", name, "--key", path, "--log",
                       f"{house.state}/log.vkey").out.strip()
    return ["--public", path + ".pub", "--possession", proof]


def recoveries(house):
    return {row["id"]: row["state"] for row in house.rows("ada", "access.recoveries")}


def recovery_is_opened_agreed_to_and_stopped(program, house):
    said = program.ok("recovery", "open", "bob", *new_key(program, house, "bob"), "--reason",
                      "lost both", "--recovery", "R1", "--yes", *house.who("ada"))
    has(said.out, "Recovery R1.")
    waits = house.rows("ada", "approval.pending")[-1]["digest"]
    program.ok("approve", waits, "--yes", *house.who("ben"))
    same(recoveries(house)["R1"], "open")
    has(program.ok("recovery", "list", *house.who("ada")).out, "open")
    program.fails(INVALID, "not said why", "recovery", "stop", "R1", "--yes", *house.who("bob"))
    program.ok("recovery", "stop", "R1", "--reason", "I have my key", "--yes", *house.who("bob"))
    same(recoveries(house)["R1"], "stopped")
    said = program.run("recovery", "stop", "R1", "--reason", "again", "--yes", *house.who("ada"))
    has(said.err, "cannot be stopped any more")


def recovery_takes_the_passkey_that_was_registered(program, house):
    passkey = Authenticator()
    passkey.registers(house, "bob", "red one")
    program.ok("recovery", "open", "bob", "--offer", passkey.id(), "--reason", "lost", "--recovery",
               "R2", "--yes", *house.who("ada"))
    waits = house.rows("ada", "approval.pending")[-1]["digest"]
    program.ok("approve", waits, "--yes", *house.who("ben"))
    found = [row for row in house.rows("ada", "access.keys") if row["key"] == passkey.id()]
    same([(row["form"], row["label"], row["recovery"]) for row in found], [("passkey", "red one", "R2")])


def recovery_says_what_it_lacks(program, house):
    key = new_key(program, house, "bob")
    who = ["--yes", *house.who("ada")]
    program.fails(INVALID, "needs one new key", "recovery", "open", "bob", "--reason", "x", *who)
    program.fails(INVALID, "needs one new key", "recovery", "open", "bob", "--reason", "x", *key[:2], *who)
    program.fails(INVALID, "needs one new key", "recovery", "open", "bob", "--reason", "x", *key, "--offer",
                  "0" * 64, *who)
    program.fails(INVALID, "not said why", "recovery", "open", "bob", *key, *who)
    said = program.run("recovery", "open", "bob", *key, "--reason", "x", "--hours", "3", *who)
    has(said.err, "a day after it was asked for")
    said = program.run("recovery", "open", "ada", *new_key(program, house, "ada"), "--reason", "x", *who)
    has(said.err, "it is the same person")
    passkey = Authenticator()
    passkey.registers(house, "bob")
    program.fails(INVALID, "was registered by bob", "recovery", "open", "ben", "--offer", passkey.id(),
                  "--reason", "x", *who)


TESTS = [
    passkey_is_confirmed_with_the_code_that_its_owner_reads,
    nobody_confirms_without_being_asked_or_without_the_right, passkey_that_was_refused_is_gone,
    unknown_passkeys_are_named, recovery_is_opened_agreed_to_and_stopped,
    recovery_takes_the_passkey_that_was_registered, recovery_says_what_it_lacks,
]


def main():
    program = Program(sys.argv[1])
    with Folder() as folder:
        house = House(program, folder, "--web-origin", ORIGIN, "--relying-party", PARTY)
        house.start()
        house.hire("bob", "line.read")
        try:
            return run_all(TESTS, program, house)
        finally:
            house.stop()


if __name__ == "__main__":
    sys.exit(main())
