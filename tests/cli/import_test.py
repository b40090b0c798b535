#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What exists already comes in: units, suppliers and device certificates from files, bad ones and the same
ones again. usage: import_test.py PROGRAM [TEST …]"""
import os
import subprocess
import sys

from steps import Failure, Folder, House, Program, has, run_all, same

INVALID, FORBIDDEN, CONFLICT = 2, 4, 6
MAY = ("line.define", "line.read", "line.import", "supplier.write", "supplier.read", "part.write", "part.approve",
       "part.read", "identity.read")


def write(house, name, text):
    path = os.path.join(house.folder, name)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def bring(program, house, what, path, *more):
    return program.ok("import", what, path, "--yes", *more, *house.who("ira"))


def wrong(program, house, status, text, what, path, *more):
    return program.fails(status, text, "import", what, path, "--yes", *more, *house.who("ira"))


def log_size(house):
    """How many records there are: what is written shows."""
    return sum(len(house.rows("ira", view)) for view in ("unit.serials", "supplier.list"))


# ---- units ----

def units_come_in_and_a_second_time_nothing_is_written(program, house):
    path = write(house, "units.csv", "Model;S/N;MAC;Firmware;Build Date;Customer\n"
                 "GW;U1;00:1a:2b:3c:4d:5e;1.0;2024-02-29;Müller AG\nGW;U2;;1.1;;\n")
    said = bring(program, house, "units", path, "--site", "HH", "--dry-run")
    has(said.out, "2 new, 0 there already, 0 wrong")
    same(house.rows("ira", "unit.serials"), [], "a preview writes")
    said = bring(program, house, "units", path, "--site", "HH")
    has(said.out, "2 recorded")
    rows = house.rows("ira", "unit.serials")
    same([(r["serial"], r["state"], r["version"], r["site"]) for r in rows],
         [("U1", "declared", "1.0", "HH"), ("U2", "declared", "1.1", "HH")])
    same(house.rows("ira", "declared.units")[0]["customer"], "Müller AG")
    said = bring(program, house, "units", path, "--site", "HH")
    has(said.out, "0 new, 2 there already, 0 wrong")
    has(said.out, "0 recorded")
    same(len(house.rows("ira", "unit.serials")), 2)


def unit_is_recorded_as_imported(program, house):
    said = program.ok("view", "unit.serials", "serial=U1", "--json", *house.who("ira")).json()
    sequence = said["rows"][0]["since"]
    text = program.ok("ledger", "checkpoint", *house.who("ira")).out
    if sequence < 1 or not text:
        raise Failure("no record of the unit")


TESTS = [units_come_in_and_a_second_time_nothing_is_written, unit_is_recorded_as_imported]


def main():
    program = Program(os.path.abspath(sys.argv[1]))
    with Folder() as folder:
        house = House(program, folder)
        house.start()
        try:
            house.hire("ira", *MAY)
            house.record("ira", "site.defined", "site=HH", "country=DE", "name=Hamburg")
            house.record("ira", "product.defined", "product=GW", "hardware_type=1.3.6.1.4.1.32473.7", "name=Gateway")
            return run_all(TESTS, program, house)
        finally:
            house.stop()


if __name__ == "__main__":
    sys.exit(main())
