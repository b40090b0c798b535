#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may decide, from the command line: founding with keys of OpenSSH, the next charter, approvals that were
signed elsewhere, and a no that the server cannot keep back. usage: charter_test.py PROGRAM [TEST …]"""
import http.server
import json
import os
import subprocess
import sys
import threading

from steps import Failure, Folder, House, Program, change_byte, has, run_all, same

INVALID, FORBIDDEN, NOT_FOUND, CONFLICT, REFUSED, UNAVAILABLE = 2, 4, 5, 6, 7, 11


def ssh_key(folder, name):
    path = os.path.join(folder, name + ".ssh")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
    return path


class Place(House):
    """A house whose fourth founder signs with OpenSSH."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.state = os.path.join(folder, "state")
        self.server = None
        for name in ("ada", "ben", "cleo"):
            program.ok("keys", "make", self.key(name), "--no-passphrase")
        self.ssh = ssh_key(folder, "dora")
        self.founders = [w for n in ("ada", "ben", "cleo") for w in ("--founder", f"{n}={self.key(n)}.pub")]
        self.founders += ["--founder", f"dora={self.ssh}.pub"]
        self.said = program.ok("init", self.state, "--origin", "test.example/log", "--port", "0", *self.founders,
                               "--recovery", f"rita={ssh_key(folder, 'rita')}.pub",
                               "--recovery", f"rob={ssh_key(folder, 'rob')}.pub")
        self.start()

    def at(self, name):
        return os.path.join(self.folder, name)

    def socket(self):
        return ["--signer", self.state + "/run/signer.sock", "--log", self.state + "/log.vkey"]

    def draft(self, name, *options):
        return self.program.ok("charter", "draft", self.at(name), *options, *self.who("ada"))

    def propose(self, name):
        self.program.ok("charter", "propose", self.at(name), "--yes", *self.who("ada"))
        return self.rows("ada", "approval.pending")[-1]["digest"]

    def vote(self, name, digest, *options):
        return self.program.ok("approve", digest, "--yes", *options, *self.who(name))

    def waits_for(self, revision, state):
        """The signer weighs after the record is in the log: until it has said yes or no."""
        for _ in range(300):
            rows = self.rows("ada", "charter.list")
            found = [r["state"] for r in rows if r["revision"] == revision]
            if (found[0] if found else None) == state:
                return
            self.program.ok("ledger", "checkpoint", *self.where())
        raise Failure(f"revision {revision} is not {state}: {rows}")

    def verdict(self, digest):
        for _ in range(300):
            for row in self.rows("ada", "signer.decisions", "digest=" + digest):
                return row["verdict"], row["code"]
            self.program.ok("ledger", "checkpoint", *self.where())
        raise Failure(f"the signer says nothing of {digest}")


# ---- founding ----

def people_and_their_keys_are_shown_to_be_read_aloud(place):
    has(place.said.out, "dora")
    has(place.said.out, "rita")
    has(place.said.out, "Read the first line of groups to each other")


def dry_run_makes_nothing(place):
    said = place.program.ok("init", place.at("dry"), "--dry-run", *place.founders)
    has(said.out, "Nothing was made.")
    same(os.path.exists(place.at("dry")), False)


def what_is_no_key_founds_nothing(place):
    with open(place.at("bad.pub"), "w", encoding="utf-8") as file:
        file.write("ssh-rsa AAAA nobody\n")
    for said in ("eve=" + place.at("bad.pub"), "eve=/nonexistent", "eve", "=" + place.ssh + ".pub"):
        done = place.program.run("init", place.at("bad"), "--founder", said)
        if done.status == 0 or os.path.exists(place.at("bad")) or os.path.exists(place.at("bad.new")):
            raise Failure(f"founded by {said}: {done}")


def options_that_do_not_hold_found_nothing(place):
    for more in (["--mode", "easy"], ["--need", "17"], ["--need", "x"], ["--signer-key", "door=pkcs11:object=x"],
                 ["--recovery", f"rita={place.ssh}.pub", "--recovery-need", "3"]):
        done = place.program.run("init", place.at("bad"), *place.founders, *more)
        if done.status == 0 or os.path.exists(place.at("bad")):
            raise Failure(f"founded with {more}: {done}")


# ---- the next charter ----

def draft_says_what_changes_and_what_it_takes(place):
    place.program.ok("keys", "make", place.key("erin"), "--no-passphrase")
    said = place.draft("second.charter", "--add", f"erin={place.key('erin')}.pub@authors")
    has(said.out, "erin")
    has(said.out, "It takes 1 beside who proposes it, and one more")
    has(place.program.ok("charter", "show", place.at("second.charter")).out, "erin")
    said = place.draft("joins.charter", "--add", f"ben={place.key('erin')}.pub@authors")
    has(said.out, "Groups of ben: founders, authors instead of founders")
    has(said.out, "New key of ben")


def draft_of_what_is_not_there_is_refused(place):
    run, who = place.program.run, place.who("ada")
    for options in (["--leave", "nobody"], ["--drop-key", "0" * 64], ["--drop-key", "x"], ["--need", "charter"],
                    ["--need", "charter=99"], ["--anchor", "rope"], ["--add", f"eve={place.ssh}.pub"],
                    ["--add", f"eve={place.at('bad.pub')}@authors"]):
        done = run("charter", "draft", place.at("no.charter"), *options, *who)
        if done.status == 0 or os.path.exists(place.at("no.charter")):
            raise Failure(f"drafted with {options}: {done}")


def charter_that_was_changed_is_not_proposed(place):
    place.draft("torn.charter", "--need", "charter=2")
    change_byte(place.at("torn.charter"), 0)
    done = place.program.run("charter", "propose", place.at("torn.charter"), "--yes", *place.who("ada"))
    same(done.status != 0, True, str(done))


def late_vote_lets_the_charter_take_effect(place):
    digest = place.propose("second.charter")
    place.vote("ben", digest)           # enough for the server
    place.waits_for(2, "proposed")      # one more for the signer, because it changes who decides
    place.program.ok("approve", digest, "--yes", "--ssh", place.ssh, "--voter", "dora", *place.who("cleo"))
    place.waits_for(2, "in_force")
    has(place.program.ok("charter", "show", *place.who("ada")).out, "erin")


# ---- signed on another machine ----

def approval_travels_as_a_file_and_comes_back_signed(place):
    place.draft("third.charter", "--need", "firmware.release=2")
    digest = place.propose("third.charter")
    file = place.at("vote")
    told = place.program.ok("approve", digest, "--export", file, "--ssh", place.ssh + ".pub", "--voter", "dora",
                            *place.who("cleo")).out
    shown = place.program.ok("show", file).out
    has(shown, "is that very record")
    has(shown, digest)
    place.program.fails(NOT_FOUND, "", "approve", "--import", file, *place.who("cleo"))
    words = next(line for line in told.splitlines() if "ssh-keygen" in line).split()
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", words[words.index("-n") + 1], "-f", place.ssh, file],
                   check=True, capture_output=True)
    change_byte(file + ".record", 40)
    if place.program.run("show", file).status == 0:
        raise Failure("another record passed as the one that is approved")
    place.program.ok("approve", "--import", file, "--yes", *place.who("cleo"))
    place.program.ok("approve", "--import", file, "--yes", *place.who("cleo"))  # the same vote, and no second one
    place.waits_for(3, "proposed")
    place.vote("ben", digest)
    place.waits_for(3, "in_force")


# ---- a no by another path ----

def no_reaches_the_signer_past_the_server(place):
    place.draft("fourth.charter", "--leave", "cleo")
    digest = place.propose("fourth.charter")
    said = place.program.ok("deny", digest, "--reason", "Not like this.", "--yes", "--as", "ben", "--key",
                            place.key("ben"), *place.socket())
    has(said.out, "ended " + digest + " for good")
    place.program.ok("deny", digest, "--reason", "Still not.", "--yes", "--as", "ben", "--key", place.key("ben"),
                     *place.socket())  # the same again changes nothing
    # The server, which was told nothing, lets it take effect; the signer does not.
    place.vote("cleo", digest)
    same(place.verdict(digest), ("refused", "SIGNER_DENIED"))
    place.waits_for(4, None)
    has(place.program.ok("charter", "show", *place.who("ada")).out, "cleo")


def charter_in_force_is_not_denied_by_one_voice(place):
    digest = [r["digest"] for r in place.rows("ada", "signer.decisions") if r["verdict"] == "admitted"][0]
    place.program.fails(CONFLICT, "", "deny", digest, "--reason", "Back!", "--yes", "--as", "ben", "--key",
                        place.key("ben"), *place.socket())


def stranger_denies_nothing(place):
    place.program.ok("keys", "make", place.key("eve"), "--no-passphrase")
    words = ["deny", "ab" * 32, "--reason", "Because.", "--yes"]
    place.program.fails(FORBIDDEN, "", *words, "--as", "ben", "--key", place.key("eve"), *place.socket())
    place.program.fails(INVALID, "not said why", "deny", "ab" * 32, "--yes", *place.who("ben"))
    place.program.fails(NOT_FOUND, "", "deny", "nothing-here", "--reason", "x", "--yes", *place.who("ben"))
    place.program.fails(UNAVAILABLE, "", *words, "--as", "ben", "--key", place.key("ben"), "--signer",
                        place.at("none.sock"), "--log", place.state + "/log.vkey")


def no_by_the_server_ends_what_waits(place):
    place.draft("other.charter", "--need", "credential=2")
    digest = place.propose("other.charter")
    place.program.ok("deny", digest, "--reason", "No.", "--yes", *place.who("ben"))
    same(place.program.run("approve", digest, "--yes", *place.who("cleo")).status != 0, True)


def doctor_says_who_may_decide_and_what_is_missing(place):
    said = place.program.run("doctor", place.state, *place.who("ada")).out
    has(said, "Charter 3, charter: 1 beside who asks, of 4")
    has(said, "recovery set: 2 of 2; not one of them may be lost")
    has(said, "quotas are not anchored")
    has(said, "The charter has a key of erin that the evidence log does not have")
    has(said, "firmware.release: the server asks for 1, the signer for 2")
    has(said, "ca.der is the CA that the signer uses")
    has(said, "0 wrong")
    with open(place.state + "/ca.der", "rb") as file:
        kept = file.read()
    change_byte(place.state + "/ca.der", 30)
    done = place.program.run("doctor", place.state, *place.who("ada"))
    with open(place.state + "/ca.der", "wb") as file:
        file.write(kept)
    same(done.status, 1)
    has(done.out, "is not the CA that the signer uses")


class Liar(http.server.BaseHTTPRequestHandler):
    """A server that draws on the screen of whoever asks how it is."""
    answers = {"/healthz": {"alive": True}, "/v1/challenges": {"nonce": "A" * 43},
               "/v1/sessions": {"token": "A" * 43},
               "/v1/links": {"path": "/sign-in/\x1b[8m", "expires": "\x1b[2J"},
               "/v1/doctor": {"origin": "x", "checks": [
                   {"verdict": "warn", "code": "X", "values": {}, "text": "bad\x1b[1A\x1b[2Kfine", "fix": "\x1b[8m"}]}}

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = self.answers.get(self.path)
        body = json.dumps(said or {}).encode()
        self.send_response(200 if said else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


def no_server_draws_on_the_screen(place):
    server = http.server.HTTPServer(("localhost", 0), Liar)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    who = [*place.who("ada"), "--server", f"http://localhost:{server.server_port}"]
    try:
        said = [place.program.run("doctor", *who), place.program.run("sign-in-link", *who)]
    finally:
        server.shutdown()
        server.server_close()
    has(said[0].out, "fine")
    has(said[1].out, "/sign-in/")
    for one in said:
        same("\x1b" in one.out + one.err, False, one)


# ---- recovery ----

def recovery_set_changes_the_charter_when_founders_are_lost(place):
    """In a trial log, where nobody has to wait as a newcomer: ada is left, and rita and rob have the keys."""
    other = Recovered(place.program, place.at("recovered"))
    try:
        other.program.ok("keys", "make", other.key("emil"), "--no-passphrase")
        other.draft("next", "--leave", "ben", "--leave", "cleo", "--add", f"emil={other.key('emil')}.pub@founders")
        digest = other.propose("next")
        other.vote("ada", digest, "--ssh", other.at("rita.ssh"), "--voter", "rita")
        same([r["state"] for r in other.rows("ada", "charter.list") if r["revision"] == 2], ["proposed"])
        other.vote("ada", digest, "--ssh", other.at("rob.ssh"), "--voter", "rob")
        other.waits_for(2, "in_force")
        said = other.program.ok("ledger", "audit", other.state, "--log", f"{other.state}/log.vkey").out
        has(said, "weighed by the charter")
        said = other.program.run("doctor", other.state, *other.who("ada")).out
        has(said, "ben may agree to charters by a role in the evidence log, and is not in the charter")
        for keeper in ("rita", "rob"):
            same(f"{keeper} may agree to charters" in said, False, said)
    finally:
        other.stop()


class Recovered(Place):
    """Founded for trial, with keepers of the recovery set who are enrolled, too."""

    def __init__(self, program, folder):
        os.mkdir(folder)
        self.program, self.folder = program, folder
        self.state, self.server = os.path.join(folder, "state"), None
        founders = []
        for name in ("ada", "ben", "cleo"):
            program.ok("keys", "make", self.key(name), "--no-passphrase")
            founders += ["--founder", f"{name}={self.key(name)}.pub"]
        for name in ("rita", "rob"):
            founders += ["--recovery", f"{name}={ssh_key(folder, name)}.pub"]
        program.ok("init", self.state, "--origin", "test.example/trial", "--mode", "trial", "--port", "0", *founders)
        self.start()
        self.record("ada", "approval.rule_set", "class=charter", "need=1", "newcomer_ms=0",
                    "request_ttl_ms=86400000", "vote_ttl_ms=3600000")
        rule = self.rows("ada", "approval.pending")[-1]["digest"]
        self.vote("ben", rule)
        self.vote("cleo", rule)
        permissions = json.dumps([{"permission": "charter.approve"}])
        self.record("ada", "role.defined", "role=recovery", f"permissions={permissions}")
        for name in ("rita", "rob"):
            self.enroll(name)

    def enroll(self, name):
        self.record("ada", "principal.registered", f"principal={name}", "kind=person", f"natural_person=P-{name}")
        proof = self.program.ok("keys", "possession", "--as", name, "--ssh", self.at(name + ".ssh"), "--log",
                                f"{self.state}/log.vkey").out.strip()
        self.program.fails(INVALID, "hold", "keys", "enroll", "--principal", "cleo", "--public",
                           self.at(name + ".ssh.pub"), "--possession", proof, *self.who("ada"))
        self.program.ok("keys", "enroll", "--principal", name, "--public", self.at(name + ".ssh.pub"),
                        "--possession", proof, *self.who("ada"))
        self.record("ada", "role.granted", f"grant_id=G-{name}", f"principal={name}", "role=recovery")


def main():
    with Folder() as folder:
        place = Place(Program(sys.argv[1]), folder)
        try:
            return run_all([people_and_their_keys_are_shown_to_be_read_aloud, dry_run_makes_nothing,
                            what_is_no_key_founds_nothing, options_that_do_not_hold_found_nothing,
                            draft_says_what_changes_and_what_it_takes, draft_of_what_is_not_there_is_refused,
                            charter_that_was_changed_is_not_proposed, late_vote_lets_the_charter_take_effect,
                            approval_travels_as_a_file_and_comes_back_signed,
                            no_reaches_the_signer_past_the_server, charter_in_force_is_not_denied_by_one_voice,
                            stranger_denies_nothing, no_by_the_server_ends_what_waits,
                            doctor_says_who_may_decide_and_what_is_missing,
                            no_server_draws_on_the_screen,
                            recovery_set_changes_the_charter_when_founders_are_lost], place)
        finally:
            place.stop()


sys.exit(main())
