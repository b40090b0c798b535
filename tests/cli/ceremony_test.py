#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rehearsal is played with real processes, and its transcript tells whoever changed it. usage:
ceremony_test.py PROGRAM [TEST …]"""
import hashlib
import json
import os
import shutil
import subprocess
import sys

from steps import Failure, Folder, Program, change_byte, has, run_all, same

INVALID, NOT_FOUND, CONFLICT, CORRUPT = 2, 5, 6, 12


class Place:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.day = os.path.join(folder, "day")
        self.said = program.ok("ceremony", "--rehearse", "--dir", self.day)
        self.lines = self.lines_of(self.day)
        os.environ["SOFTHSM2_CONF"] = self.day + "/softhsm2.conf"  # where a key of this house is

    def lines_of(self, day):
        with open(day + "/transcript", encoding="utf-8") as file:
            return file.read().splitlines(keepends=True)

    def write(self, lines, name="transcript.changed"):
        with open(f"{self.day}/{name}", "w", encoding="utf-8") as file:
            file.write("".join(lines))
        return f"{self.day}/{name}"

    def refused(self, line, why, lines):
        said = self.program.fails(CORRUPT, f"at line {line}:", "ceremony", "--check", self.write(lines))
        has(said.err, why)


def script_says_who_does_what(place):
    said = place.program.ok("ceremony", "--print").out
    has(said, "sealwright signer rotate {D}/house ca --destroy-old --yes")
    has(said, "read aloud")
    same(os.path.exists("/tmp/{D}"), False)


def rehearsal_ends_well_and_its_transcript_holds(place):
    has(place.said.out, "the transcript holds")
    has(place.said.out, "(it must be refused)")
    has(place.program.ok("ceremony", "--check", place.day + "/transcript").out, "The transcript holds")
    house = place.day + "/house"
    said = [place.program.ok("verify", "key", f"{house}/{n}", "--log", house + "/log.vkey").out
            for n in os.listdir(house) if n.startswith("key-change.")]
    has("".join(said), "The key ca was")


def said_in(place, title):
    """What the screen said in the step of this title, read from the file that the transcript names."""
    found = [json.loads(line) for line in place.lines if title in json.loads(line).get("what", "")]
    same(len(found), 1, title)
    name = next(n for n in found[0]["files"] if n.startswith("out/"))
    with open(f"{place.day}/{name}", encoding="utf-8") as file:
        return file.read()


def recovery_set_changes_the_charter_after_a_late_vote(place):
    has(said_in(place, "fetches her key out of its envelope"), "takes effect")
    revisions = said_in(place, "sees that it is only proposed").splitlines()[1:5]
    same([line.split()[2] for line in revisions], ["in_force", "in_force", "in_force", "proposed"])
    charters = [line for line in place.lines if "wait until the signer has weighed it" in line]
    last = next(n for n in json.loads(charters[-1])["files"] if n.startswith("out/"))
    with open(f"{place.day}/{last}", encoding="utf-8") as file:
        people = file.read().split("How many")[0]
    has(people, "emil (founders)")
    same("ben (" in people, False)


def vote_of_whoever_left_counts_nowhere(place):
    has(said_in(place, "her no is refused at the signer itself"), "Only a person of the charter")
    has(said_in(place, "the signer does not count cleo"), "FW-1")
    has(said_in(place, "refused by the server, too"), "cleo's vote does not count")
    # The signer admitted the firmware after ben's vote, and not by cleo's, which came before.
    agreed = next(line for line in place.lines if "agrees, with a key file" in line)
    with open(f"{place.day}/{next(n for n in json.loads(agreed)['files'])}", encoding="utf-8") as file:
        vote = int(file.read().split("Recorded as ")[1].split()[0])
    since = int(said_in(place, "signed the manifest").splitlines()[1].split()[0])
    same(since > vote, True, f"{since} after {vote}")


def signer_admits_firmware_and_three_units(place):
    has(said_in(place, "signed the manifest"), "admitted")
    has(said_in(place, "it counts from now on"), "admitted")
    agreed = [json.loads(line) for line in place.lines if "agrees, with a key file" in line]
    same([line["who"] for line in agreed], ["ben", "ben"])


def restore_is_tested_and_one_share_is_not_enough(place):
    if shutil.which("age") is None:
        has(place.said.out, "skipped: age is not installed")
        return
    has(said_in(place, "tries with one share"), "2 custodians are needed")
    has(said_in(place, "restores it for a test"), "Everything was removed again.")
    same(os.path.exists(place.day + "/alone"), False)


def key_is_made_in_the_token(place):
    if shutil.which("softhsm2-util") is None:
        has(place.said.out, "skipped: softhsm2-util is not installed")
        return
    has(said_in(place, "lets the HSM make the key"), "The key firmware.production was replaced")
    with open(place.day + "/house/signer/production.key", encoding="utf-8") as file:
        has(file.read(), "pkcs11:token=rehearsal")


def what_is_not_installed_is_skipped_with_a_reason(place):
    day = os.path.join(place.folder, "bare")
    said = place.program.ok("ceremony", "--rehearse", "--dir", day, env={"PATH": "/nonexistent"}).out
    has(said, "skipped: age is not installed")
    has(said, "skipped: softhsm2-util is not installed")
    has(place.program.ok("ceremony", "--check", day + "/transcript").out, "The transcript holds")
    same(len(place.lines_of(day)), len(place.lines))


def change_line(place, i, change):
    held = json.loads(place.lines[i])
    change(held)
    line = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return [*place.lines[:i], line, *place.lines[i + 1:]]


def nothing_else_is_skipped(place):
    """What the script has is compared in the line itself, before the chain and the signatures are."""
    says = "its outcome is another than the script has"
    place.refused(1, says, change_line(place, 0, lambda x: x.update(outcome="skipped: age is not installed")))
    at = next(i for i, line in enumerate(place.lines) if "takes a backup" in line)
    place.refused(at + 1, says, change_line(place, at, lambda x: x.update(outcome="skipped: no wish")))
    place.refused(2, "a file is missing in it", change_line(place, 1, lambda x: x["files"].pop("out/02.txt")))
    place.refused(2, "a file is missing in it", change_line(place, 1, lambda x: x.update(files={})))
    place.refused(2, "its command is another", change_line(place, 1, lambda x: x["command"].pop()))
    place.refused(2, "its command is another", change_line(place, 1, lambda x: x["command"].append("--force")))


def rehearsal_without_a_folder_leaves_none(place):
    before = set(os.listdir("/tmp"))
    place.program.ok("ceremony", "--rehearse")
    same([n for n in set(os.listdir("/tmp")) - before if n.startswith("sealwright-ceremony-")], [])


def folder_that_is_there_is_not_touched(place):
    place.program.fails(CONFLICT, "something at", "ceremony", "--rehearse", "--dir", place.day)


def one_thing_at_a_time(place):
    place.program.fails(INVALID, "what to do", "ceremony")
    place.program.fails(INVALID, "what to do", "ceremony", "--print", "--rehearse")
    place.program.fails(NOT_FOUND, "", "ceremony", "--check", place.day + "/none")


def any_line_that_is_changed_is_named(place):
    for i, line in enumerate(place.lines):
        for field in ("at", "who", "what", "outcome", "signature"):
            held = json.loads(line)
            if field not in held:
                continue
            held[field] = held[field][:-1] + ("A" if held[field][-1] != "A" else "B")
            lines = list(place.lines)
            lines[i] = json.dumps(held, sort_keys=True, separators=(",", ":")) + "\n"
            said = place.program.run("ceremony", "--check", place.write(lines))
            # what the script has is seen in the line itself, the rest by the line after it
            if said.status != CORRUPT or not any(f"at line {n}:" in said.err for n in (i + 1, i + 2)):
                raise Failure(f"line {i + 1}, {field}: {said}")


def line_that_is_dropped_is_missed(place):
    for i in range(len(place.lines)):
        said = place.program.run("ceremony", "--check", place.write(place.lines[:i] + place.lines[i + 1:]))
        if said.status != CORRUPT:
            raise Failure(f"line {i + 1} was not missed: {said}")
    place.refused(0, "signatures are missing", [])


def lines_that_change_places_are_seen(place):
    for i in range(len(place.lines) - 1):
        lines = list(place.lines)
        lines[i], lines[i + 1] = lines[i + 1], lines[i]
        place.refused(i + 1, "the line before it", lines)


def line_that_is_not_whole_is_refused(place):
    place.refused(len(place.lines) - 1, "no whole line", [*place.lines[:-1], place.lines[-1].rstrip("\n")])
    place.refused(1, "not JSON", ["[]\n"])
    place.refused(1, "not JSON", ["\n"])
    place.refused(len(place.lines) + 1, "", [*place.lines, place.lines[-1]])


def chain_made_anew_needs_the_signatures(place):
    """Somebody recomputes every digest: the signers' keys are what he does not have."""
    held = [json.loads(line) for line in place.lines]
    held[3]["at"] = "2020-01-01T00:00:00.000Z"
    previous, lines = held[0]["previous"], []
    for one in held:
        one["previous"] = previous
        line = json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(line.encode()).hexdigest()
        lines.append(line + "\n")
    place.refused(len(lines) - 1, "its signature does not hold", lines)


def file_that_was_changed_is_named(place):
    for name in ("cleo.key.pub", "out/07.txt", "fourth.charter", "house/log.vkey", "image.bin"):
        path = f"{place.day}/{name}"
        shutil.copy(path, path + ".kept")
        change_byte(path, os.path.getsize(path) // 2)
        place.program.fails(CORRUPT, name + " is not what it was", "ceremony", "--check", place.day + "/transcript")
        os.remove(path)
        place.program.fails(CORRUPT, name + " is not what it was", "ceremony", "--check", place.day + "/transcript")
        shutil.move(path + ".kept", path)
    place.program.ok("ceremony", "--check", place.day + "/transcript")


def statement_about_a_key_that_was_changed_does_not_hold(place):
    house = place.day + "/house"
    change = f"{house}/{next(n for n in os.listdir(house) if n.startswith('key-change.'))}"
    shutil.copy(change, place.day + "/change")
    for at in range(0, os.path.getsize(change), 37):
        change_byte(place.day + "/change", at)
        place.program.fails(CORRUPT, "does not hold", "verify", "key", place.day + "/change", "--log",
                            house + "/log.vkey")
        change_byte(place.day + "/change", at)


def keys_are_replaced_only_when_they_may_be(place):
    house = place.day + "/house"
    run = place.program.fails
    run(INVALID, "", "signer", "rotate", house, "door", "--yes")
    run(7, "only with the log's name", "signer", "rotate", house, "checkpoint", "--yes")
    run(INVALID, "in which HSM", "signer", "migrate", house, "permit", "--yes")
    said = place.program.run("signer", "migrate", house, "permit", "--to", "/etc/passwd", "--yes")
    same(said.status, INVALID, str(said))
    said = place.program.ok("signer", "rotate", house, "permit", "--yes").out
    kept = next(w for w in said.split() if "permit.key.old" in w).rstrip(".")
    same(os.stat(kept).st_mode & 0o077, 0)
    place.program.ok("ledger", "audit", house, "--log", house + "/log.vkey")


def signer_with_replaced_keys_comes_out_of_a_backup(place):
    at, program = (lambda name: os.path.join(place.folder, name)), place.program
    for name in ("admin", "anna", "bert"):
        subprocess.run(["age-keygen", "-o", at(name + ".age")], check=True, capture_output=True)
        shown = subprocess.run(["age-keygen", "-y", at(name + ".age")], check=True, capture_output=True, text=True)
        with open(at(name + ".pub"), "w", encoding="utf-8") as file:
            file.write(shown.stdout)
    program.ok("backup", place.day + "/house", at("b"), "--to", "admin=" + at("admin.pub"), "--need", "2",
               "--custodian", "anna=" + at("anna.pub"), "--custodian", "bert=" + at("bert.pub"))
    program.ok("restore", at("b"), at("sealed"), "--shares-only", "--identity", at("admin.age"))
    shares = []
    for name in ("anna", "bert"):
        with open(at(name + ".share"), "wb") as file:
            subprocess.run(["age", "-d", "-i", at(name + ".age"), at(f"sealed/{name}.age")], check=True, stdout=file)
        shares += ["--share", at(name + ".share")]
    program.ok("restore", at("b"), at("again"), "--identity", at("admin.age"), *shares)
    os.remove(at("again/signer/restored"))  # nothing was signed since
    said = program.ok("signer", "rotate", at("again"), "ca", "--yes")
    has(said.out, "The key ca was replaced")
    gone = next(n for n in os.listdir(at("again/signer")) if n.startswith("former."))
    os.remove(at("again/signer/" + gone))
    program.fails(CORRUPT, "is not what the signer's journal names", "signer", "rotate", at("again"), "ca", "--yes")


def main(path):
    with Folder() as folder:
        return run_all([script_says_who_does_what, rehearsal_ends_well_and_its_transcript_holds,
                        recovery_set_changes_the_charter_after_a_late_vote,
                        vote_of_whoever_left_counts_nowhere, signer_admits_firmware_and_three_units,
                        restore_is_tested_and_one_share_is_not_enough, key_is_made_in_the_token,
                        what_is_not_installed_is_skipped_with_a_reason, nothing_else_is_skipped,
                        rehearsal_without_a_folder_leaves_none, folder_that_is_there_is_not_touched,
                        one_thing_at_a_time, any_line_that_is_changed_is_named, line_that_is_dropped_is_missed,
                        lines_that_change_places_are_seen, line_that_is_not_whole_is_refused,
                        chain_made_anew_needs_the_signatures, file_that_was_changed_is_named,
                        statement_about_a_key_that_was_changed_does_not_hold,
                        keys_are_replaced_only_when_they_may_be,
                        signer_with_replaced_keys_comes_out_of_a_backup], Place(Program(path), folder))


sys.exit(main(sys.argv[1]))
