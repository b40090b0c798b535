#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Passports from end to end: fetched, shortened, withheld from, tampered with, taken home; and the two
verifiers say the same. usage: passport_test.py PROGRAM VERIFIER [TEST …]"""
import hashlib
import os
import re
import subprocess
import sys
import zipfile

from steps import Failure, Folder, House, Program, has, run_all, same

INVALID, FORBIDDEN, NOT_FOUND, CORRUPT = 2, 4, 5, 12
VERIFIER = os.path.abspath(sys.argv.pop(2))
CUSTOMER = "Acme Wind Parks A/S"


def lacks(text, part):
    if part in text:
        raise Failure(f"{part!r} is in: {text}")


def other(house, path, *more):
    """The stand-alone verifier's status and words."""
    done = subprocess.run([VERIFIER, path, "--key", f"{house.state}/log.vkey", *more], capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stdout


def holds(program, house, path):
    """Both verifiers say so; what the two of them tell."""
    said = program.ok("verify", "passport", path, "--log", f"{house.state}/log.vkey").out
    status, told = other(house, path)
    same((status, said.splitlines()[-1], told.count("PASS: ")), (0, "PASS", 1), told)
    return said + told


def fails_at(program, house, path, step):
    said = program.fails(CORRUPT, "does not hold", "verify", "passport", path, "--log", f"{house.state}/log.vkey",
                         "--json")
    verdict = said.json()
    same((verdict["verdict"], verdict["step"]), ("fail", step), path)
    status, told = other(house, path)
    same(status, 1, told)
    has(told, f"FAIL at step {step}")


def passport(program, house, name, serial, *words, to="unit.passport"):
    path = f"{house.folder}/{to}"
    program.ok("passport", "GW", serial, "--to", path, *words, *house.who(name))
    return path


def changed(path, old, new):
    with open(path, "rb") as f:
        content = f.read()
    same(content.count(old), 1, "places to change")
    with open(path + ".changed", "wb") as f:
        f.write(content.replace(old, new))
    return path + ".changed"


# ---- what is shown ----

def both_verifiers_tell_a_declared_unit(program, house):
    told = holds(program, house, passport(program, house, "erin", "SN1"))
    same(told.count("unit SN1 of GW exists already, at site FAB"), 2, told)
    same(told.count("[declared, not witnessed]"), 2, told)


def values_are_not_shown_unasked(program, house):
    path = passport(program, house, "erin", "SN1")
    lacks(holds(program, house, path), CUSTOMER)
    with open(path, "rb") as f:
        same(CUSTOMER.encode() in f.read(), False)


def confidential_values_are_shown_to_who_may_see_them(program, house):
    path = passport(program, house, "erin", "SN1", "--show", "confidential")
    same(holds(program, house, path).count(f"customer {CUSTOMER}"), 2)
    said = program.ok("verify", "passport", path, "--log", f"{house.state}/log.vkey", "--json").json()
    same((said["verdict"], said["shown"], said["withheld"]), ("pass", 1, []))


def personal_values_are_never_shown(program, house):
    path = passport(program, house, "erin", "SN1", "--show", "confidential")
    with open(path, "rb") as f:
        content = f.read()
    same((b"principal.registered" in content, b"Erin Huber" in content), (True, False))


def who_may_not_see_values_is_refused(program, house):
    program.fails(FORBIDDEN, "passport.confidential", "passport", "GW", "SN1", "--to", house.folder + "/no",
                  "--show", "confidential", *house.who("cyd"))
    same(os.path.exists(house.folder + "/no"), False)


def anything_else_to_show_is_refused(program, house):
    program.fails(INVALID, "and not personal", "passport", "GW", "SN1", "--to", house.folder + "/no", "--show",
                  "personal", *house.who("erin"))


def a_value_that_was_changed_fails_at_its_step(program, house):
    path = passport(program, house, "erin", "SN1", "--show", "confidential")
    fails_at(program, house, changed(path, CUSTOMER.encode(), CUSTOMER.replace("A", "B", 1).encode()), "opening")


def an_erased_value_is_not_shown_again(program, house):
    path = passport(program, house, "erin", "SN2", "--show", "confidential")
    has(holds(program, house, path), "customer Erased Ltd")
    with open(path, "rb") as f:
        content = f.read()
    at = content.index(b"Erased Ltd") - 18
    salt = content[at + 1:at + 17]
    digest = hashlib.sha256(salt + b"Erased Ltd").hexdigest()
    house.record("erin", "value.erased", f"commitment={digest}", "reason=asked for")
    path = passport(program, house, "erin", "SN2", "--show", "confidential")
    lacks(holds(program, house, path), "Erased Ltd")


def a_containment_is_told(program, house):
    house.record("erin", "containment.started", "containment=C-1", "kind=unit", "within=GW", "id=SN4",
                 "reason=smells of smoke")
    told = holds(program, house, passport(program, house, "erin", "SN4"))
    same(told.count("containment C-1 of unit SN4 of GW: smells of smoke"), 2, told)
    withheld = holds(program, house, passport(program, house, "erin", "SN4", "--without", "containment"))
    lacks(withheld, "C-1")
    has(withheld, "of the kind containment")


def programs_are_answered_with_data(program, house):
    path = f"{house.folder}/unit.passport"
    said = program.ok("passport", "GW", "SN1", "--to", path, "--show", "confidential", "--json", *house.who("erin"))
    same(said.json(), {"file": path, "product": "GW", "serial": "SN1", "bytes": os.path.getsize(path)})
    said = program.ok("passport", "redact", path, "--to", path + ".less", "--json")
    same(said.json(), {"file": path + ".less", "hidden": 1})
    said = program.ok("take-home", house.folder + "/data.zip", "--units", "GW/SN1", "--json", *house.who("erin")).json()
    same((said["file"], said["passports"], said["program"]), (house.folder + "/data.zip", 1, True))


# ---- what does not belong in it ----

def end_of(b, at):
    """Where the CBOR item at this place ends; and how much, or how many, it says."""
    major, size = b[at] >> 5, b[at] & 31
    n = 0 if size < 24 else 1 << (size - 24)
    value, at = size if n == 0 else int.from_bytes(b[at + 1:at + 1 + n], "big"), at + 1 + n
    if major in (2, 3):
        return at + value
    for _ in range({4: value, 5: 2 * value}.get(major, 0)):
        at = end_of(b, at)
    return at


def members(b):
    """The nine members of a passport, as they stand; its entries by their sequence."""
    parts, at = {}, 1
    for key in range(1, 10):
        end = end_of(b, at + 1)
        parts[key], at = b[at + 1:end], end
    entries, at = {}, {24: 2, 25: 3}.get(parts[4][0] & 31, 1)
    while at < len(parts[4]):
        end, number = end_of(parts[4], at), parts[4][at + 1:end_of(parts[4], at + 1)]
        entries[int.from_bytes(number[1:] or number, "big")], at = parts[4][at:end], end
    return parts, entries


def with_entries(parts, entries):
    head = bytes([0x99, len(entries) >> 8, len(entries) & 255]) if len(entries) > 255 else \
        bytes([0x98, len(entries)]) if len(entries) > 23 else bytes([0x80 | len(entries)])
    parts = {**parts, 4: head + b"".join(entries[i] for i in sorted(entries))}
    return b"\xa9" + b"".join(bytes([key]) + parts[key] for key in sorted(parts))


def records_of_another_unit_do_not_belong_in_it(program, house):
    """Both were fetched under one checkpoint, so that every proof holds in either file."""
    files = [passport(program, house, "erin", serial, to=serial) for serial in ("SN1", "SN2")]
    content = [open(path, "rb").read() for path in files]
    (parts, mine), (_, others) = (members(b) for b in content)
    same(with_entries(parts, mine) == content[0], True, "the file, written again")
    with open(files[0] + ".both", "wb") as f:
        f.write(with_entries(parts, {**mine, **others}))
    fails_at(program, house, files[0] + ".both", "chain")


# ---- what its holder hides ----

def redacted_passport_still_verifies(program, house):
    path = passport(program, house, "erin", "SN1", "--show", "confidential")
    for words in ([], ["--hide", "customer"], ["--hide", "unit.declared.customer"]):
        program.ok("passport", "redact", path, "--to", path + ".less", *words)
        lacks(holds(program, house, path + ".less"), CUSTOMER)
    has(holds(program, house, path), CUSTOMER)


def a_name_that_hides_nothing_is_refused(program, house):
    path = passport(program, house, "erin", "SN1", "--show", "confidential")
    for name in ("custom", "unit.declared", "unit.requested.customer", "serial", ""):
        program.fails(NOT_FOUND, "shows no value", "passport", "redact", path, "--to", path + ".none", "--hide",
                      "customer", "--hide", name)
    same(os.path.exists(path + ".none"), False)


def nothing_shown_is_nothing_to_hide(program, house):
    path = passport(program, house, "erin", "SN1")
    program.fails(NOT_FOUND, "shows no value", "passport", "redact", path, "--to", path + ".none")


def what_is_no_passport_is_not_redacted(program, house):
    path = house.folder + "/none.passport"
    with open(path, "wb") as f:
        f.write(b"\xa9\x01\x02")
    program.fails(CORRUPT, "does not hold", "passport", "redact", path, "--to", path + ".less")


# ---- what is withheld ----

def withheld_kinds_are_said(program, house):
    path = passport(program, house, "erin", "SN1", "--without", "supplier,part_lot,supplier")
    told = holds(program, house, path)
    same(told.count("withheld every record about things of the kind part_lot"), 2, told)
    said = program.ok("verify", "passport", path, "--log", f"{house.state}/log.vkey", "--json").json()
    same(said["withheld"], ["part_lot", "supplier"])


def what_a_passport_rests_on_is_not_withheld(program, house):
    for kind in ("unit", "principal", "key", "approval", "nonconformance", "charter", "build_authorization",
                 "firmware_release", "suplier", "", "part_lot,", ","):
        program.fails(INVALID, "cannot be withheld", "passport", "GW", "SN1", "--to", house.folder + "/no",
                      "--without", kind, *house.who("erin"))
    same(os.path.exists(house.folder + "/no"), False)


def a_kind_that_is_withheld_and_there_all_the_same_fails(program, house):
    path = passport(program, house, "erin", "SN1", "--without", "supplier")
    fails_at(program, house, changed(path, b"\x07\x81\x68supplier", b"\x07\x81\x64unit"), "file")


# ---- taken home ----

def take_home_is_whole_and_repeats(program, house):
    path = house.folder + "/home.zip"
    program.ok("take-home", path, "--all", "--show", "confidential", *house.who("erin"))
    with open(path, "rb") as f:
        first = f.read()
    same(zipfile.ZipFile(path).testzip(), None)
    names = zipfile.ZipFile(path).namelist()
    for name in ("README.txt", "log.vkey", "passports/GW/SN1.passport", "passports/GW/SN2.passport", "log/checkpoint",
                 "sealwright-verify", "source/tools/verify/verify.c", "source/lib/core/passport.c", "source/LICENSE"):
        same(name in names, True, name)
    same(subprocess.run(["unzip", "-tq", path], capture_output=True, check=False).returncode, 0)
    named = [word for serial in ("SN1", "SN2", "SN3", "SN4") for word in ("--units", "GW/" + serial)]
    program.ok("take-home", path, *named, "--show", "confidential", *house.who("erin"))
    with open(path, "rb") as f:
        same(f.read() == first, True, "the same bytes")


def take_home_is_verified_by_what_is_in_it(program, house):
    path, folder = house.folder + "/home.zip", house.folder + "/home"
    program.ok("take-home", path, "--all", *house.who("erin"))
    subprocess.run(["unzip", "-q", path, "-d", folder], check=True)
    program.ok("ledger", "audit", folder + "/log", "--log", folder + "/log.vkey")
    with open(folder + "/README.txt", encoding="utf-8") as f:
        build = re.search(r"^  (cc .*)$", f.read(), re.MULTILINE).group(1)
    subprocess.run(["sh", "-c", build], cwd=folder + "/source", check=True)
    for verifier in (folder + "/sealwright-verify", folder + "/source/sealwright-verify"):
        done = subprocess.run([verifier, folder + "/passports/GW/SN1.passport", "--key", folder + "/log.vkey",
                               "--log", folder + "/log"], capture_output=True, text=True, check=False)
        same((done.returncode, "PASS: unit GW SN1" in done.stdout), (0, True), done.stdout + done.stderr)


def take_home_without_the_right_to_entries_has_none(program, house):
    path = house.folder + "/outside.zip"
    said = program.ok("take-home", path, "--units", "GW/SN1", *house.who("cyd"))
    has(said.out, "without its entries")
    names = zipfile.ZipFile(path).namelist()
    same(("log/checkpoint" in names, [n for n in names if n.startswith("log/tile/entries")]), (True, []))


def take_home_of_what_is_not_there_leaves_no_file(program, house):
    path = house.folder + "/nothing.zip"
    program.fails(INVALID, "No unit was named", "take-home", path, *house.who("erin"))
    program.fails(INVALID, "slash between", "take-home", path, "--units", "GW", *house.who("erin"))
    said = program.run("take-home", path, "--units", "GW/SN9", *house.who("erin"))
    same(said.status in (FORBIDDEN, NOT_FOUND), True, said.err)
    same([n for n in os.listdir(house.folder) if n.startswith("nothing")], [])


# ---- the whole log against a passport ----

def a_record_cut_off_the_end_is_found_in_the_whole_log(program, house):
    old = passport(program, house, "erin", "SN3", to="old.passport")
    house.record("erin", "hold.placed", "kind=unit", "within=GW", "id=SN3", "reason=look at it")
    path = house.folder + "/whole.zip"
    program.ok("take-home", path, "--units", "GW/SN3", *house.who("erin"))
    folder = house.folder + "/whole"
    subprocess.run(["unzip", "-q", path, "-d", folder], check=True)
    status, told = other(house, old, "--log", folder + "/log")
    same(status, 1, told)
    has(told, "FAIL at step chain")
    status, told = other(house, f"{folder}/passports/GW/SN3.passport", "--log", folder + "/log")
    same((status, "HOLD_PLACED" in told), (0, True), told)


TESTS = [programs_are_answered_with_data, records_of_another_unit_do_not_belong_in_it,
    both_verifiers_tell_a_declared_unit,
    values_are_not_shown_unasked,
    confidential_values_are_shown_to_who_may_see_them,
    personal_values_are_never_shown,
    who_may_not_see_values_is_refused,
    anything_else_to_show_is_refused,
    a_value_that_was_changed_fails_at_its_step,
    an_erased_value_is_not_shown_again,
    a_containment_is_told,
    redacted_passport_still_verifies,
    a_name_that_hides_nothing_is_refused,
    nothing_shown_is_nothing_to_hide,
    what_is_no_passport_is_not_redacted,
    withheld_kinds_are_said,
    what_a_passport_rests_on_is_not_withheld,
    a_kind_that_is_withheld_and_there_all_the_same_fails,
    take_home_is_whole_and_repeats,
    take_home_is_verified_by_what_is_in_it,
    take_home_without_the_right_to_entries_has_none,
    take_home_of_what_is_not_there_leaves_no_file,
    a_record_cut_off_the_end_is_found_in_the_whole_log,
]


def prepare(house):
    house.start()
    house.hire("erin", "line.define", "line.import", "passport.read", "passport.confidential", "ledger.read",
               "identity.read", "privacy.erase", "recall.hold")
    house.hire("cyd", "passport.read")
    house.record("ada", "principal.registered", "principal=huber", "kind=person", "natural_person=P-huber",
                 "name=Erin Huber")
    house.record("erin", "site.defined", "site=FAB", "country=VN", "name=Hanoi")
    house.record("erin", "product.defined", "product=GW", "hardware_type=1.3.6.1.4.1.32473.1", "name=Gateway")
    for serial, customer in (("SN1", CUSTOMER), ("SN2", "Erased Ltd"), ("SN3", "Third GmbH"), ("SN4", "Fourth")):
        house.record("erin", "unit.declared", "product=GW", f"serial={serial}", "site=FAB", "version=1.2",
                     f"customer={customer}")


def main():
    program = Program(os.path.abspath(sys.argv[1]))
    with Folder() as folder:
        house = House(program, folder)
        try:
            prepare(house)
            return run_all(TESTS, program, house)
        finally:
            house.stop()


if __name__ == "__main__":
    sys.exit(main())
