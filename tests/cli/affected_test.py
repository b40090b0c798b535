#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where it went, and how it is stopped, as people ask: affected_test.py PROGRAM [NAME …]."""
import csv
import io
import json
import sys

from steps import Folder, House, Program, has, run_all, same

INVALID, NOT_FOUND, CONFLICT, REFUSED = 2, 5, 6, 7


def ask(house, *words):
    return house.program.ok(*words, *house.who("rita"))


def refused(house, status, text, *words, who="rita"):
    return house.program.fails(status, text, *words, *house.who(who))


def part(lot):
    return json.dumps([{"supplier": "acme", "part_lot": lot, "part": "MCU1", "quantity": 1}])


def stock(house):
    """S1 and S2 have pieces of R1, S3 contains S2, S4 has nothing of it."""
    def record(*words):
        house.record("rita", *words)
    record("supplier.registered", "supplier=acme", "class=distributor", "country=DE", "name=Acme", "tier=1")
    record("supplier.approved", "supplier=acme", "expires=+90d")
    record("part.defined", "part=MCU1", "description=controller", "critical=false")
    record("part.source_approved", "part=MCU1", "supplier=acme")
    record("site.defined", "site=VN", "name=Works", "country=VN")
    record("line.defined", "site=VN", "line=L1")
    record("station.defined", "station=st1", "site=VN", "line=L1", "environment=production")
    record("product.defined", "product=GW", "name=Gateway", "hardware_type=1.3.6.1.4.1.32473.7")
    record("part_lot.received", "supplier=acme", "part_lot=R1", "part=MCU1", "quantity=100", "site=VN",
           "packaging=intact", "date_code=2531")
    for serial in ("S1", "S2", "S3", "S4"):
        record("unit.declared", "product=GW", f"serial={serial}", "site=VN")
    for serial in ("S1", "S2"):
        record("unit.fitted", "product=GW", f"serial={serial}", "station=st1", f"parts={part('R1')}")
    record("unit.fitted", "product=GW", "serial=S3", "station=st1",
           "components=" + json.dumps([{"product": "GW", "serial": "S2"}]))


def serials(said):
    return [row["serial"] for row in said.json()["units"]]


def part_lot_is_found_in_every_unit(_, house):
    said = ask(house, "affected", "part_lot", "acme", "R1")
    has(said.out, "3 certain, 0 possible")
    has(said.out, "part_lot R1 > unit S2 > unit S3")
    has(said.out, "Not in a unit yet")
    reply = ask(house, "affected", "part_lot", "acme", "R1", "--json").json()
    same([row["serial"] for row in reply["units"]], ["S1", "S2", "S3"])
    same(reply["stock"][0]["remaining"], 98)


def every_kind_of_source_is_asked_the_same_way(_, house):
    for words, expected in [(("supplier", "acme"), ["S1", "S2", "S3"]), (("date_code", "acme", "2531"), ["S1", "S2", "S3"]),
                            (("unit", "GW", "S2"), ["S2", "S3"]), (("station", "st1"), ["S1", "S2", "S3"]),
                            (("station", "st9"), []), (("part_lot", "acme", "R9"), []), (("operator", "rita"), [])]:
        same(serials(ask(house, "affected", *words, "--json")), expected, words)


def pages_are_said_to_go_on_and_all_are_fetched(_, house):
    said = ask(house, "affected", "part_lot", "acme", "R1", "--limit", "2")
    has(said.err, "There are more: say --all")
    has(said.out, "3 certain")
    same(serials(ask(house, "affected", "part_lot", "acme", "R1", "--all", "--json")), ["S1", "S2", "S3"])


def table_goes_into_a_spreadsheet(_, house):
    rows = list(csv.DictReader(io.StringIO(ask(house, "affected", "supplier", "acme", "--csv").out)))
    same([(row["serial"], row["certainty"]) for row in rows], [(s, "certain") for s in ("S1", "S2", "S3")])
    same(rows[2]["way"], "supplier acme > part_lot R1 > unit S2 > unit S3")


def unit_is_traced_back_as_a_tree(_, house):
    same(ask(house, "trace", "GW", "S3").out,
         "unit GW S3\n  unit GW S2\n    part_lot acme R1\n      supplier acme\n")
    same(ask(house, "trace", "GW", "S4").out, "unit GW S4\n")
    same(len(ask(house, "trace", "GW", "S3", "--json").json()["links"]), 3)
    refused(house, NOT_FOUND, "no unit S9 of GW", "trace", "GW", "S9")


def thing_that_is_named_wrongly_is_refused(_, house):
    refused(house, INVALID, "names one thing", "affected", "part_lot", "R1")
    refused(house, INVALID, "names one thing", "affected", "supplier", "acme", "R1")
    refused(house, INVALID, "part_lot, supplier, date_code", "affected", "planet", "Mars")
    refused(house, INVALID, "limit", "affected", "supplier", "acme", "--limit", "0")
    refused(house, INVALID, "1 to 64 characters", "affected", "supplier", "a b")
    house.program.fails(INVALID, "affected", "affected", "supplier", *house.who("rita"))


def containment_shows_its_reach_and_is_ended_by_another_person(_, house):
    lot = ("part_lot", "acme", "R1")
    refused(house, INVALID, "--reason is missing", "contain", *lot, "--yes")
    refused(house, INVALID, "", "contain", *lot, "--reason", "cracks")  # nobody to ask
    same(house.rows("rita", "containment.open"), [])
    said = ask(house, "contain", *lot, "--reason", "cracks", "--name", "C1", "--yes")
    has(said.out, "Contains 3 units for certain and 0 possibly")
    has(said.out, "Another person ends it: sealwright contain --end C1")
    same([row["contained"] for row in ask(house, "affected", *lot, "--json").json()["units"]], [["C1"]] * 3)
    refused(house, REFUSED, "started this containment", "contain", "--end", "C1", "--reason", "clean", "--yes")
    refused(house, INVALID, "--reason is missing", "contain", "--end", "C1", "--yes", who="ruth")
    said = house.program.ok("contain", "--end", "C1", "--reason", "clean", "--yes", *house.who("ruth"))
    has(said.out, "C1")
    same([row["contained"] for row in ask(house, "affected", *lot, "--json").json()["units"]], [[]] * 3)
    refused(house, CONFLICT, "no open containment", "contain", "--end", "C1", "--reason", "again", "--yes", who="ruth")


def containment_finds_a_name_of_its_own(_, house):
    ask(house, "contain", "station", "st1", "--until", "2026-01-01T00:00:00Z", "--reason", "worn nozzle", "--yes")
    row = house.rows("rita", "containment.open")[0]
    same((row["kind"], row["id"], row["reason"]), ("station", "st1", "worn nozzle"))
    same(row["containment"][:4], "C-20")
    same(row["until_at"], 1767225600000)


def reference_is_added_found_and_ended(_, house):
    lot = ("part_lot", "acme", "R1")
    ask(house, "reference", "add", *lot, "sap", "4500 017/3")
    ask(house, "reference", "add", "product", "GW", "plm", "4500 017/3")
    has(ask(house, "reference", "find", "4500 017/3").out, "R1")
    same(len(ask(house, "reference", "find", "4500 017/3", "--json").json()["rows"]), 2)
    same(len(ask(house, "reference", "find", "4500 017/3", "plm", "--json").json()["rows"]), 1)
    has(ask(house, "reference", "of", *lot).out, "4500 017/3")
    refused(house, CONFLICT, "already", "reference", "add", *lot, "sap", "4500 017/3")
    refused(house, INVALID, "names one thing", "reference", "add", "part_lot", "R1", "sap", "1")
    refused(house, INVALID, "--reason is missing", "reference", "end", *lot, "sap", "4500 017/3")
    ask(house, "reference", "end", *lot, "sap", "4500 017/3", "--reason", "typed wrong")
    same(ask(house, "reference", "of", *lot, "--json").json()["rows"], [])


TESTS = [part_lot_is_found_in_every_unit, every_kind_of_source_is_asked_the_same_way,
         pages_are_said_to_go_on_and_all_are_fetched, table_goes_into_a_spreadsheet, unit_is_traced_back_as_a_tree,
         thing_that_is_named_wrongly_is_refused, containment_shows_its_reach_and_is_ended_by_another_person,
         containment_finds_a_name_of_its_own, reference_is_added_found_and_ended]


def main():
    program = Program(sys.argv[1])
    with Folder() as folder:
        house = House(program, folder)
        try:
            house.start()
            house.hire("rita", "supplier.write", "supplier.approve", "supplier.read", "part.write", "part.approve",
                       "part.read", "part.receive", "line.define", "line.import", "line.build", "recall.read",
                       "recall.hold", "recall.lift", "reference.write", "reference.read")
            house.hire("ruth", "recall.read", "recall.lift")
            stock(house)
            return run_all(TESTS, program, house)
        finally:
            house.stop()


if __name__ == "__main__":
    sys.exit(main())
