#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo from outside: real input in, units with passports out, attacks stopped; and what it says to
input that is wrong. usage: demo_test.py PROGRAM SOURCES [TEST …]"""
import json
import os
import signal
import subprocess
import sys

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
    ("suspended_supplier", "refused", "SRC-01", "SRC-01"),
    ("broken_seal", "detected", "RCV-01", "RCV-01"),
    ("used_seal", "detected", "RCV-01", "RCV-01"),
    ("unknown_seal", "detected", "RCV-01", "RCV-01"),
    ("swapped_box", "detected", "RCV-01", "RCV-01"),
    ("replayed_challenge", "detected", "COM-01", "COM-01"),
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
    for part in ("waits for a second person", "waits for two others", "the signer weighed the approvals itself",
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
        elif not attack["control_off"].startswith("1 "):
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
        program.ok("demo", "--state", state, "--once", "--units", "4", "--seed", seed, "--report", state + ".json")
        with open(state + ".json", encoding="utf-8") as f:
            report = json.load(f)
        named = next(a["said"] for a in report["attacks"] if a["id"] == "cloned_key")
        names[which] = (passports(state), named)
    same(names["one"], names["two"])
    if names["one"][0] == names["three"][0]:
        raise Failure(f"two seeds, one set of serials: {names}")


def report_for_programs_is_all_that_is_printed(program, folder, _):
    said = program.ok("demo", "--state", folder + "/json", "--once", "--units", "1", "--json")
    report = json.loads(said.out)
    same((report["seed"], report["units"], len(report["attacks"])), (1, 1, len(ATTACKS)))


def quiet_demo_says_only_the_summary(program, folder, _):
    said = program.ok("demo", "--state", folder + "/quiet", "--once", "--units", "1", "--quiet")
    summary(said, 1)
    same(len(said.out.strip().splitlines()), 3)


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
                  f"{folder}/demo/passports/SENSOR-1-{first_serial(folder)}.passport", "--log", folder + "/quiet/state/log.vkey")


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


def image_that_is_too_large_is_refused(program, folder, _):
    path = folder + "/large.bin"
    with open(path, "wb") as f:
        f.truncate((16 << 20) + 1)
    said = program.run("demo", "--state", folder + "/large", "--once", "--units", "1", "--image", path)
    same(said.status, TOO_LARGE, str(said))


def any_real_file_will_do_as_firmware(program, folder, sources):
    said = program.ok("demo", "--state", folder + "/image", "--once", "--units", "1", "--image",
                      sources + "/meson.build")
    summary(said, 1)


def no_units_are_refused(program, folder, _):
    program.fails(INVALID, "is no number", "demo", "--state", folder + "/zero", "--once", "--units", "0")
    program.fails(INVALID, "is no number", "demo", "--state", folder + "/zero", "--once", "--units", "100001")
    program.fails(INVALID, "is no number", "demo", "--state", folder + "/zero", "--once", "--seed", "-1")


def demo_stays_up_until_it_is_told_to_end(program, folder, _):
    demo = subprocess.Popen([program.path, "demo", "--state", folder + "/stays", "--units", "1", "--port", "0"],
                            stdout=subprocess.PIPE, text=True)
    try:
        lines = []
        while not lines or "--profile" not in lines[-1]:
            line = demo.stdout.readline()
            if not line:
                raise Failure("it ended by itself: " + "".join(lines))
            lines.append(line)
        words = lines[-1].split()
        said = program.ok(*words[1:])
        has(said.out, "commissioned")
        demo.send_signal(signal.SIGINT)
        same(demo.wait(60), 0)
    finally:
        if demo.poll() is None:
            demo.kill()
            demo.wait()
        demo.stdout.close()


TESTS = [
    whole_story_ends_with_its_two_lines, every_attack_is_stopped_by_what_it_should_be,
    what_stops_an_attack_lets_it_through_when_it_is_switched_off, house_itself_never_had_a_control_switched_off,
    same_seed_gives_the_same_serials_and_another_others, report_for_programs_is_all_that_is_printed,
    quiet_demo_says_only_the_summary, story_goes_on_where_it_ended,
    passport_verifies_until_one_byte_changes, passport_does_not_verify_with_the_key_of_another_log,
    fresh_demo_forgets, folder_that_is_not_the_demos_is_left_alone,
    bill_with_a_wrong_line_is_refused_with_the_line, image_that_is_too_large_is_refused,
    any_real_file_will_do_as_firmware, no_units_are_refused, demo_stays_up_until_it_is_told_to_end,
]


def main():
    program, sources = Program(os.path.abspath(sys.argv[1])), os.path.abspath(sys.argv.pop(2))
    os.chdir(sources)  # where examples/bom.csv is found, wherever the program was built
    with Folder() as folder:
        return run_all(TESTS, program, folder, sources)


if __name__ == "__main__":
    sys.exit(main())
