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
        with open(self.day + "/transcript", encoding="utf-8") as file:
            self.lines = file.read().splitlines(keepends=True)

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
    change = next(n for n in os.listdir(house) if n.startswith("key-change."))
    has(place.program.ok("verify", "key", f"{house}/{change}", "--log", house + "/log.vkey").out, "The key ca was")


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
    for name in ("cleo.key.pub", "out/07.txt", "second.charter", "house/log.vkey"):
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
                        rehearsal_without_a_folder_leaves_none, folder_that_is_there_is_not_touched,
                        one_thing_at_a_time, any_line_that_is_changed_is_named, line_that_is_dropped_is_missed,
                        lines_that_change_places_are_seen, line_that_is_not_whole_is_refused,
                        chain_made_anew_needs_the_signatures, file_that_was_changed_is_named,
                        statement_about_a_key_that_was_changed_does_not_hold,
                        keys_are_replaced_only_when_they_may_be,
                        signer_with_replaced_keys_comes_out_of_a_backup], Place(Program(path), folder))


sys.exit(main(sys.argv[1]))
