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


def summary(said, units):
    same(said.out.splitlines()[-2:], [f"{units} of {units} units commissioned", "7 of 7 attacks stopped"])


def whole_story_ends_with_its_two_lines(program, folder, _):
    said = program.ok("demo", "--state", folder + "/demo", "--once", "--units", "3")
    summary(said, 3)
    for part in ("waits for a second person", "waits for two others", "the signer weighed the approvals itself",
                 "programmed by permit", "balances and ends: 4 authorized, 3 built, 1 destroyed", "Attack 1",
                 "Attack 5", "refused:"):
        has(said.out, part)
    same(len(os.listdir(folder + "/demo/passports")), 3)


def quiet_demo_says_only_the_summary(program, folder, _):
    said = program.ok("demo", "--state", folder + "/quiet", "--once", "--units", "1", "--quiet")
    summary(said, 1)
    same(len(said.out.strip().splitlines()), 3)


def story_goes_on_where_it_ended(program, folder, _):
    said = program.ok("demo", "--state", folder + "/demo", "--once", "--units", "2")
    summary(said, 2)
    same(len(os.listdir(folder + "/demo/passports")), 5)


def passport_verifies_until_one_byte_changes(program, folder, _):
    passport = folder + "/demo/passports/SENSOR-1-S1-001.passport"
    log = folder + "/demo/state/log.vkey"
    said = program.ok("verify", "passport", passport, "--log", log)
    has(said.out, "notice: This log was made for trying out")
    has(said.out, "notice: The count of units is not anchored")
    has(said.out, "S1-001 holds")
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
                  folder + "/demo/passports/SENSOR-1-S1-001.passport", "--log", folder + "/quiet/state/log.vkey")


def fresh_demo_forgets(program, folder, _):
    said = program.ok("demo", "--state", folder + "/demo", "--once", "--units", "1", "--fresh")
    summary(said, 1)
    same(len(os.listdir(folder + "/demo/passports")), 1)


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
    same(said.out.splitlines()[-2:], ["0 of 25 units commissioned", "0 of 7 attacks stopped"])


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
    whole_story_ends_with_its_two_lines, quiet_demo_says_only_the_summary, story_goes_on_where_it_ended,
    passport_verifies_until_one_byte_changes, passport_does_not_verify_with_the_key_of_another_log,
    fresh_demo_forgets, folder_that_is_not_the_demos_is_left_alone,
    bill_with_a_wrong_line_is_refused_with_the_line, image_that_is_too_large_is_refused,
    any_real_file_will_do_as_firmware, no_units_are_refused, demo_stays_up_until_it_is_told_to_end,
]


def main():
    program, sources = Program(sys.argv[1]), sys.argv.pop(2)
    with Folder() as folder:
        return run_all(TESTS, program, folder, sources)


if __name__ == "__main__":
    sys.exit(main())
