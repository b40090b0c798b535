#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo from outside: real input in, units with passports out, attacks stopped; and what it says to
input that is wrong. usage: demo_test.py PROGRAM SOURCES [TEST …]"""
import json
import os
import sys
import zipfile

from steps import Failure, Folder, Program, change_byte, has, run_all, same

INVALID, CONFLICT, TOO_LARGE, CORRUPT = 2, 6, 8, 12

# Every attack, what must stop it, and the control that is switched off in a copy of the house.
ATTACKS = [
    ("cloned_key", "refused", "UNIT_KEY_ALREADY_USED", None),
    ("copied_certificate", "refused", "KEY_UNKNOWN", None),
    ("over_quota", "refused", "BUILD_QUOTA_EXCEEDED", None),
    ("foreign_station", "refused", "STATION_KEY_NOT_AUTHORIZED", None),
    ("author_approves", "refused", "APPROVAL_NOT_ELIGIBLE", None),
    ("one_person_twice", "refused", "APPROVAL_GIVEN_BEFORE", None),
    ("changed_image", "detected", "PRG-01 SHP-01", None),
    ("permit_replayed", "refused", "SIM_PERMIT_WRONG", None),
    ("skipped_step", "refused", "SHP-01", "SHP-01"),
    ("suspended_supplier", "refused", "SRC-01", "SRC-01"),
    ("below_grade", "refused", "SRC-02", "SRC-02"),
    ("broken_seal", "detected", "RCV-01", "RCV-01"),
    ("used_seal", "detected", "RCV-01", "RCV-01"),
    ("unknown_seal", "detected", "RCV-01", "RCV-01"),
    ("swapped_box", "detected", "RCV-01", "RCV-01"),
    ("replayed_challenge", "detected", "COM-01", "COM-01"),
    ("counterfeit_reel", "detected", "COM-01", "COM-01"),
    ("turned_back", "detected", "LEDGER_PROOF_RANGE", None),
    ("changed_bytes", "detected", "the audit and the replay", None),
]


def summary(said, units):
    n = len(ATTACKS)
    same(said.out.splitlines()[-2:], [f"{units} of {units} units commissioned", f"{n} of {n} attacks stopped"])


def passports(folder):
    return sorted(os.listdir(folder + "/passports"))


def whole_story_ends_with_its_two_lines(program, folder, _):
    said = program.ok("demo", "--state", folder + "/demo", "--once", "--units", "3", "--report",
                      folder + "/report.json")
    summary(said, 3)
    for part in ("signed by Mouser itself", "uploaded through a link by DigiKey", "on paper", "approved by two others",
                 "fit, build, program, test, look", "failed its test, and is held: TEST_NOT_PASSED", "work order WO-",
                 "waits for a second person", "waits for two others", "the signer weighed the approvals itself",
                 "programmed by permit", "balances and ends: 4 authorized, 3 built, 1 destroyed", "Attack 1",
                 "Attack 5", "refused by", "detected by"):
        has(said.out, part)
    same(len(passports(folder + "/demo")), 3)


def every_attack_is_stopped_by_what_it_should_be(_, folder, __):
    with open(folder + "/report.json", encoding="utf-8") as f:
        report = json.load(f)
    same([(a["id"], a["outcome"], a["by"], a["control"]) for a in report["attacks"]], ATTACKS)
    same((report["units"], report["commissioned"], report["passports_verified"]), (3, 3, 3))
    same(report["records"], report["receipts_verified"])
    same(report["attacks_stopped"], len(ATTACKS))
    for attack in report["attacks"]:
        if not attack["stopped"] or len(attack["said"]) < 20 or "{" in attack["said"]:
            raise Failure(f"not stopped in words: {attack}")


def what_stops_an_attack_lets_it_through_when_it_is_switched_off(_, folder, __):
    with open(folder + "/report.json", encoding="utf-8") as f:
        report = json.load(f)
    for attack in report["attacks"]:
        same(attack["tried_with_control_off"], attack["control"] is not None, attack["id"])
        same(attack["got_through_with_control_off"], attack["control"] is not None, attack["id"])
        if attack["control"] is None:
            has(attack["control_off"], "no switch: ")
        elif not attack["control_off"][:2] in ("1 ", "2 "):
            raise Failure(f"it is not said what got through: {attack}")


def house_itself_never_had_a_control_switched_off(program, folder, _):
    said = program.ok("ledger", "audit", folder + "/demo/state/tiles", "--log", folder + "/demo/state/log.vkey")
    has(said.out, "The log holds")
    for root, _, files in os.walk(folder + "/demo/state/tiles/tile/entries"):
        for name in files:
            with open(os.path.join(root, name), "rb") as f:
                if b"control.mode_set" in f.read():
                    raise Failure("a control was switched off in the house itself")
    if os.path.exists(folder + "/demo/copy"):
        raise Failure("the copy of the house is still there")


def same_seed_gives_the_same_serials_and_another_others(program, folder, _):
    names = {}
    for which, seed in (("one", "7"), ("two", "7"), ("three", "8")):
        state = f"{folder}/seed-{which}"
        said = program.ok("demo", "--state", state, "--once", "--units", "4", "--seed", seed, "--json")
        report = json.loads(said.out)  # and nothing else is printed
        same((report["seed"], report["units"], len(report["attacks"])), (int(seed), 4, len(ATTACKS)))
        named = next(a["said"] for a in report["attacks"] if a["id"] == "cloned_key")
        names[which] = (passports(state), named)
    same(names["one"], names["two"])
    if names["one"][0] == names["three"][0]:
        raise Failure(f"two seeds, one set of serials: {names}")


def passport_tells_who_did_what_to_the_unit(program, folder, _):
    serial = first_serial(folder)
    told = program.ok("verify", "passport", f"{folder}/demo/passports/SENSOR-1-{serial}.passport", "--log",
                      folder + "/demo/state/log.vkey").out
    for part in ("network address 02", "step look completed at station ST-1, by operator olga",
                 "agreed to record", "supplier Mouser approved until"):
        has(told, part)


def quiet_demo_says_only_the_summary_and_packs_what_is_taken_home(program, folder, _):
    path = folder + "/home.zip"
    said = program.ok("demo", "--state", folder + "/quiet", "--once", "--units", "1", "--quiet", "--take-home", path)
    summary(said, 1)
    same(len(said.out.strip().splitlines()), 3)
    with zipfile.ZipFile(path) as z:
        same(z.testzip(), None)
        names = z.namelist()
    for part in (".passport", "log.vkey"):
        if not any(n.endswith(part) for n in names):
            raise Failure(f"no {part} in {names}")


def story_goes_on_where_it_ended(program, folder, _):
    said = program.ok("demo", "--state", folder + "/demo", "--once", "--units", "2")
    summary(said, 2)
    same(len(passports(folder + "/demo")), 5)


def first_serial(folder):
    """Of the unit that was built first."""
    return next(n for n in passports(folder + "/demo") if n.startswith("SENSOR-1-S1") and n.endswith("-001.passport"))[
        len("SENSOR-1-"):-len(".passport")]


def passport_verifies_until_one_byte_changes(program, folder, _):
    serial = first_serial(folder)
    passport = f"{folder}/demo/passports/SENSOR-1-{serial}.passport"
    log = folder + "/demo/state/log.vkey"
    said = program.ok("verify", "passport", passport, "--log", log)
    has(said.out, "notice: This log was made for trying out")
    has(said.out, "notice: The count of units is not anchored")
    has(said.out, serial + " holds")
    has(said.out, "It is unit 1 of 4 of the build authorization BA-1, to which cleo agreed")
    has(said.out, "firmware release is FW-1, to which ben, cleo agreed; security version 1")
    has(said.out, "decisions that the signer admitted were weighed again")
    told = json.loads(program.ok("verify", "passport", passport, "--log", log, "--json").out)["authority"]
    same((told["unit"], told["of"], told["anchor"], told["agreed"]), (1, 4, "none", "cleo"))
    size = os.path.getsize(passport)
    for at in range(1, 40):
        change_byte(passport, size * at // 40)
        program.fails(CORRUPT, "does not hold", "verify", "passport", passport, "--log", log)
        change_byte(passport, size * at // 40)
    program.ok("verify", "passport", passport, "--log", log)


def passport_does_not_verify_with_the_key_of_another_log(program, folder, _):
    program.fails(CORRUPT, "does not hold", "verify", "passport",
                  f"{folder}/demo/passports/SENSOR-1-{first_serial(folder)}.passport", "--log",
                  folder + "/quiet/state/log.vkey")


def fresh_demo_forgets(program, folder, _):
    said = program.ok("demo", "--state", folder + "/demo", "--once", "--units", "1", "--fresh")
    summary(said, 1)
    same(len(passports(folder + "/demo")), 1)


def folder_that_is_not_the_demos_is_left_alone(program, folder, _):
    os.mkdir(folder + "/mine")
    with open(folder + "/mine/thesis", "w", encoding="utf-8") as f:
        f.write("years of work")
    program.fails(CONFLICT, "not made by a demo", "demo", "--state", folder + "/mine", "--once", "--fresh")
    same(os.listdir(folder + "/mine"), ["thesis"])


def bill_with_a_wrong_line_is_refused_with_the_line(program, folder, sources):
    lines = open(sources + "/examples/bom.csv", encoding="utf-8").read().splitlines()
    lines.append(lines[3])
    path = folder + "/twice.csv"
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    said = program.run("demo", "--state", folder + "/bad", "--once", "--bom", path)
    if said.status == 0 or f"twice.csv:{len(lines)}" not in said.err:
        raise Failure(f"a designator that stands twice passed: {said}")
    same(said.out.splitlines()[-2:], ["0 of 25 units commissioned", f"0 of {len(ATTACKS)} attacks stopped"])


BILLS = {
    "semicolon.csv": "Reference;Qty;Value;Footprint;Manufacturer;MPN;Supplier;Supplier Part Number\n"
                     "U1;1;MCU;QFN-48;Acme;M-1;Alpha;1\nR1,R2;2;10k;0603;Ohmite;R-10K;Beta;2\n",
    "tab.tsv": "Reference\tQty\tValue\tFootprint\tManufacturer\tMPN\n"
               "R1,R2\t2\t10k\t0603\tOhmite\tR-10K\nC1\t1\t100n\t0402\tCapco\tC-100N\n",
    "one-line.csv": "Reference,Qty,Value,Footprint,Manufacturer,MPN\nJ1,1,USB,USB-C,Conn & Söhne GmbH,USB/4105-GF-A\n",
    "assembly.cdx.json": json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "device", "name": "NRF52840-QIAA-R", "manufacturer": {"name": "Nordic"},
         "properties": [{"name": "cdx:device:quantity", "value": "1"}, {"name": "cdx:device:location", "value": "U1"}]},
        {"type": "device", "name": "ERJ-2RKF22R0X", "manufacturer": {"name": "Panasonic"},
         "properties": [{"name": "cdx:device:quantity", "value": "2"},
                        {"name": "cdx:device:location", "value": "R1,R2"}]}]}),
}


def any_bill_that_can_be_read_will_do(program, folder, _):
    for name, text in BILLS.items():
        path = f"{folder}/{name}"
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        summary(program.ok("demo", "--state", folder + "/bill-" + name, "--once", "--units", "1", "--bom", path), 1)


def bill_that_is_none_is_refused_in_words(program, folder, _):
    for name, content in (("empty.csv", b""), ("binary.csv", bytes(range(256))), ("prose.csv", b"Dear sirs,\nthanks\n")):
        path = f"{folder}/{name}"
        with open(path, "wb") as f:
            f.write(content)
        said = program.run("demo", "--state", folder + "/none-" + name, "--once", "--units", "1", "--bom", path)
        if said.status == 0 or len(said.err) < 20:
            raise Failure(f"{name} passed, or nobody said why not: {said}")


SBOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "firmware", "name": "sensor", "version": "1"}},
        "components": [{"type": "library", "name": "zlib", "version": "1:1.2.11.dfsg-1",
                        "purl": "pkg:deb/debian/zlib@1%3A1.2.11.dfsg-1?arch=source&distro=debian-12"}]}


def any_firmware_will_do_and_its_software_bill_is_checked_first(program, folder, sources):
    path = folder + "/sensor.cdx.json"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(SBOM, f)
    said = program.ok("demo", "--state", folder + "/sbom", "--once", "--units", "1", "--sbom", path, "--image",
                      sources + "/meson.build")
    summary(said, 1)
    has(said.out, "1 components against")
    has(said.out, "1 affected")


def software_bill_that_is_none_is_refused(program, folder, _):
    path = folder + "/none.cdx.json"
    with open(path, "w", encoding="utf-8") as f:
        f.write('{"bomFormat": "SPDX"}')
    said = program.run("demo", "--state", folder + "/nosbom", "--once", "--units", "1", "--sbom", path)
    if said.status == 0 or len(said.err) < 20:
        raise Failure(f"it passed, or nobody said why not: {said}")


def image_that_is_too_large_is_refused(program, folder, _):
    path = folder + "/large.bin"
    with open(path, "wb") as f:
        f.truncate((64 << 20) + 1)
    said = program.run("demo", "--state", folder + "/large", "--once", "--units", "1", "--image", path)
    same(said.status, TOO_LARGE, str(said))


def no_units_are_refused(program, folder, _):
    program.fails(INVALID, "is no number", "demo", "--state", folder + "/zero", "--once", "--units", "0")
    program.fails(INVALID, "is no number", "demo", "--state", folder + "/zero", "--once", "--units", "100001")
    program.fails(INVALID, "is no number", "demo", "--state", folder + "/zero", "--once", "--seed", "-1")


TESTS = [
    whole_story_ends_with_its_two_lines, every_attack_is_stopped_by_what_it_should_be,
    what_stops_an_attack_lets_it_through_when_it_is_switched_off, house_itself_never_had_a_control_switched_off,
    same_seed_gives_the_same_serials_and_another_others,
    quiet_demo_says_only_the_summary_and_packs_what_is_taken_home, story_goes_on_where_it_ended,
    passport_tells_who_did_what_to_the_unit, passport_verifies_until_one_byte_changes,
    passport_does_not_verify_with_the_key_of_another_log,
    fresh_demo_forgets, folder_that_is_not_the_demos_is_left_alone,
    any_bill_that_can_be_read_will_do, bill_that_is_none_is_refused_in_words,
    any_firmware_will_do_and_its_software_bill_is_checked_first, software_bill_that_is_none_is_refused,
    bill_with_a_wrong_line_is_refused_with_the_line, image_that_is_too_large_is_refused,
    no_units_are_refused,
]


def main():
    program, sources = Program(os.path.abspath(sys.argv[1])), os.path.abspath(sys.argv.pop(2))
    os.chdir(sources)  # where examples/bom.csv is found, wherever the program was built
    with Folder() as folder:
        return run_all(TESTS, program, folder, sources)


if __name__ == "__main__":
    sys.exit(main())
