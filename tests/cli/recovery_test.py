#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backup, restore, and going on after a loss, from the command line: docs/guides/recovery.md, played.
usage: recovery_test.py PROGRAM [TEST …]"""
import os
import shutil
import subprocess
import sys

from steps import Failure, Folder, House, Program, change_byte, has, run_all, same

INVALID, FORBIDDEN, CONFLICT, REFUSED, UNAVAILABLE = 2, 4, 6, 7, 11
PEOPLE = ("admin", "anna", "bert", "cora")


class Place:
    """A house with a file of age's for each person, and an SSH key among the founders."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.house = House(program, folder)
        self.state = self.house.state
        for name in PEOPLE:
            made = subprocess.run(["age-keygen", "-o", self.at(name + ".agekey")], check=True,
                                  capture_output=True, text=True)
            shown = subprocess.run(["age-keygen", "-y", self.at(name + ".agekey")], check=True,
                                   capture_output=True, text=True)
            del made
            with open(self.at(name + ".agepub"), "w", encoding="utf-8") as file:
                file.write("# of " + name + "\n" + shown.stdout)

    def at(self, name):
        return os.path.join(self.folder, name)

    def keepers(self):
        return ["--to", "admin=" + self.at("admin.agepub"), "--need", "2",
                *[w for n in PEOPLE[1:] for w in ("--custodian", f"{n}={self.at(n)}.agepub")]]

    def identity(self):
        return ["--identity", self.at("admin.agekey")]

    def shares(self, *names):
        """Each opens his own, with age and nothing else."""
        if not os.path.exists(self.at("sealed")):
            self.program.ok("restore", self.at("b.age"), self.at("sealed"), "--shares-only", *self.identity())
        words = []
        for name in names:
            out = self.at(name + ".share")
            with open(out, "wb") as file:
                subprocess.run(["age", "-d", "-i", self.at(name + ".agekey"), self.at(f"sealed/{name}.age")],
                               check=True, stdout=file)
            words += ["--share", out]
        return words

    def register(self, name):
        self.house.record("ada", "principal.registered", f"principal={name}", "kind=service")

    def audit(self, folder, key="log.vkey"):
        return self.program.run("ledger", "audit", folder, "--log", os.path.join(folder, key))


def backup_is_taken_while_the_house_serves(place):
    place.house.start()
    for i in range(5):
        place.register(f"early-{i}")
    said = place.program.ok("backup", place.state, place.at("b.age"), *place.keepers())
    has(said.out, "which 2 of 3 custodians open together")
    if "not in it" in said.out:
        raise Failure(said.out)
    place.program.fails(CONFLICT, "is there already", "backup", place.state, place.at("b.age"), *place.keepers())
    place.program.fails(INVALID, "who shall be able to open", "backup", place.state, place.at("c.age"))
    place.program.fails(INVALID, "NAME=RECIPIENT", "backup", place.state, place.at("c.age"), "--to", "admin")
    same(os.path.exists(place.at("c.age")), False)


def doctor_asks_for_a_tested_restore(place):
    said = place.program.run("doctor", place.state)
    has(said.out, "The last backup was taken 0 days ago")
    has(said.out, "No restore was ever tested")
    said = place.program.ok("restore", place.at("b.age"), place.state, "--test", *place.identity(),
                            *place.shares("anna", "bert"))
    has(said.out, "the signer's keys and journal, whose chain holds")
    has(said.out, "Everything was removed again.")
    same(os.path.exists(place.state + "/run/restore"), False)
    has(place.program.run("doctor", place.state).out, "A restore was last tested 0 days ago")


def backup_opens_only_as_it_should(place):
    program, file = place.program, place.at("b.age")
    program.fails(INVALID, "--identity", "restore", file, place.at("x"))
    program.fails(INVALID, "age says", "restore", file, place.at("x"), "--identity", place.at("anna.agekey"))
    program.fails(FORBIDDEN, "2 custodians are needed", "restore", file, place.at("x"), *place.identity(),
                  *place.shares("cora"))
    with open(place.at("typo.share"), "w", encoding="utf-8") as out:
        out.write(open(place.at("cora.share"), encoding="utf-8").read().replace("need = 2", "need = 1"))
    program.fails(INVALID, "is not a custodian's share", "restore", file, place.at("x"), *place.identity(),
                  "--share", place.at("typo.share"))
    program.fails(CONFLICT, "", "restore", file, place.state, *place.identity())
    shutil.copy(file, place.at("bad.age"))
    change_byte(place.at("bad.age"), os.path.getsize(file) // 2)
    program.fails(INVALID, "age says", "restore", place.at("bad.age"), place.at("x"), *place.identity())
    same(os.path.exists(place.at("x")), False)
    listed = subprocess.run(f"age -d -i {place.at('admin.agekey')} {file} | tar t", shell=True, check=True,
                            capture_output=True, text=True).stdout
    has(listed, "entries/00000000")
    if "signer" in listed or ".key" in listed:
        raise Failure("secrets lie open: " + listed)


def after_a_loss_it_goes_on_when_two_agree(place):
    program, new = place.program, place.at("new")
    for i in range(7):
        place.register(f"late-{i}")
    place.house.stop()
    os.rename(place.state, place.at("burnt"))
    said = program.ok("restore", place.at("b.age"), new, *place.identity())
    has(said.out, "no custodian's share was given")
    program.fails(UNAVAILABLE, "", "serve", new, "--no-signer", "--port", "0")
    shutil.copytree(place.at("burnt") + "/signer", new + "/signer")
    program.fails(INVALID, "--origin", "ledger", "succeed", new, "--plan")
    program.fails(REFUSED, "never used", "ledger", "succeed", new, "--plan", "--origin", "test.example/log")
    said = program.ok("ledger", "succeed", new, "--plan", "--origin", "test.example/log2")
    has(said.out, "lost         7 entries, from 6 on")
    has(said.out, "quotas stay")
    same(open(new + "/sealwright.conf", encoding="utf-8").read().split("\n")[0], "origin = test.example/log")
    for name in ("ada", "ben"):
        said = program.ok("ledger", "agree", new + "/succession.claim", "--as", name, "--key",
                          place.house.key(name), "--to", place.at(name + ".approval"), "--yes")
        has(said.out, "lost         7 entries")
    go = ["ledger", "succeed", new, "--statement", new + "/succession.claim", "--yes"]
    program.fails(REFUSED, "", *go, "--approval", place.at("ada.approval"))
    program.fails(REFUSED, "", *go, "--approval", place.at("ada.approval"), "--approval", place.at("ada.approval"))
    same(place.audit(new).status, 0)
    both = [*go, "--approval", place.at("ada.approval"), "--approval", place.at("ben.approval")]
    program.ok(*both)
    program.ok(*both)  # what a crash would have interrupted


def everybody_sees_the_gap_and_what_was_proved_before_holds(place):
    new = place.at("new")
    said = place.audit(new)
    same(said.status, 0, str(said))
    has(said.out, "went on under another name 1 time")
    same(place.audit(new, "log.vkey.1").status != 0, True)
    place.house.state = place.state = new
    place.house.start()
    place.register("after")
    rows = place.house.rows("ada", "log.successions")
    same([(r["old_origin"], r["origin"], r["old_size"], r["recovered"], r["lost"]) for r in rows],
         [("test.example/log", "test.example/log2", 13, 6, 7)])
    codes = [r["code"] for r in place.house.rows("ada", "nonconformance.all")]
    same("LOG_RANGE_LOST" in codes, True, str(codes))
    names = [r["id"] for r in place.house.rows("ada", "access.principals")]
    same(("early-3" in names, "late-3" in names, "after" in names), (True, False, True))
    same(place.house.stop(), 0)


def signer_of_a_backup_waits_for_people(place):
    program, again = place.program, place.at("again")
    program.ok("restore", place.at("b.age"), again, *place.identity(), *place.shares("bert", "cora"))
    program.fails(UNAVAILABLE, "came out of a backup", "signer", again)
    said = program.ok("ledger", "succeed", again, "--plan", "--origin", "test.example/log3")
    has(said.out, "every open build authorization counts as used up")
    os.remove(again + "/signer/restored")  # nothing was signed since: so somebody says
    program.ok("ledger", "succeed", again, "--plan", "--origin", "test.example/log3")


def main(path):
    with Folder() as folder:
        place = Place(Program(path), folder)
        try:
            return run_all([backup_is_taken_while_the_house_serves, doctor_asks_for_a_tested_restore,
                            backup_opens_only_as_it_should, after_a_loss_it_goes_on_when_two_agree,
                            everybody_sees_the_gap_and_what_was_proved_before_holds,
                            signer_of_a_backup_waits_for_people], place)
        finally:
            place.house.stop()


sys.exit(main(sys.argv[1]))
