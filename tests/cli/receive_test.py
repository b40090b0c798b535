#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A part lot at the dock, and a supplier who has only a link: receive_test.py PROGRAM [NAME …]."""
import hashlib
import json
import os
import ssl
import sys
import urllib.error
import urllib.request

from steps import Folder, House, Program, has, run_all, same

INVALID, NOT_FOUND, REFUSED = 2, 5, 7
GS, RS, EOT = "\x1d", "\x1e", "\x04"


def label(*fields):
    return "[)>" + RS + "06" + "".join(GS + f for f in fields) + RS + EOT


def receive(house, *words, **more):
    return house.program.ok("receive", *words, "--site", "VN", "--yes", *house.who("rita"), **more)


def refused(house, status, text, *words, **more):
    return house.program.fails(status, text, "receive", *words, "--site", "VN", "--yes", *house.who("rita"), **more)


def lots(house, lot):
    return house.rows("rita", "part_lot.list", f"part_lot={lot}")


def write(house, name, content):
    path = os.path.join(house.folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def upload(house, url, content, query=""):
    """What curl --data-binary does."""
    trusted = ssl.create_default_context(cafile=f"{house.state}/tls.crt")
    request = urllib.request.Request(url + query, data=content, method="POST")
    try:
        with urllib.request.urlopen(request, context=trusted, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def label_of_a_reel_becomes_a_record(_, house):
    paper = write(house, "coc.pdf", b"we conform")
    scanned = label("1PSTM32H5", "1TL1", "Q1000", "10D2431", "KPO9", "20Z000")
    said = receive(house, "--label", scanned, "--certificate", paper, "--packaging", "intact", "--seal", "S1")
    has(said.out, "GW A, line 1, needs 1 of it in a unit; conformance certificate: vouched")
    has(said.out, "Conformance certificate: vouched\n")
    row = lots(house, "L1")[0]
    same((row["part"], row["supplier"], row["received"], row["date_code"], row["manufacturer_part"]),
         ("MCU1", "acme", 1000, "2431", "STM32H5"))
    same((row["purchase_order"], row["seal"], row["grade"], row["holds"]), ("PO9", "S1", "vouched", 0))
    same(row["conformance_certificate"], hashlib.sha256(b"we conform").hexdigest())


def label_comes_from_a_scanner_that_plays_a_keyboard(_, house):
    said = receive(house, "--label", "-", "--packaging", "intact", "--json",
                   stdin="[)>^^06^]1PSTM32H5^]1TL2^]Q5^^^D\n").json()
    same((said["part"], said["grade"], said["needs"][0]["product"]), ("MCU1", "missing", "GW"))
    same([raised["code"] for raised in said["receipt"]["raised"]], ["CONFORMANCE_CERTIFICATE_MISSING"])
    same(said["holds"], 1)


def hold_is_shown_with_what_to_do(_, house):
    said = receive(house, "--label", label("1PSTM32H5", "1TL3", "Q5"), "--packaging", "opened")
    has(said.out, "PART_LOT_PACKAGING_OPENED: Inspect the parts")
    has(said.out, "Conformance certificate: missing; needed is vouched: it does not reach the line")
    has(said.out, "sealwright supplier link acme")


def part_that_the_label_does_not_name_is_held(_, house):
    said = receive(house, "--label", label("1PFAKE99", "1TL4", "Q5"), "--part", "MCU1", "--packaging", "intact")
    has(said.out, "PART_LOT_OTHER_PART")
    same(lots(house, "L4")[0]["manufacturer_part"], "FAKE99")


def what_is_said_counts_before_the_label(_, house):
    receive(house, "--label", label("PR10K", "1PRC0402 1%#", "1TX 1", "Q5000"), "--part-lot", "X1", "--quantity", "4990")
    row = lots(house, "X1")[0]
    same((row["part"], row["received"], row["manufacturer_part"], row["holds"]), ("R10K", 4990, None, 0))


def without_a_label_everything_is_said(_, house):
    receive(house, "--part", "R10K", "--part-lot", "X2", "--quantity", "7", "--supplier", "acme")
    same(lots(house, "X2")[0]["received"], 7)
    refused(house, INVALID, "Say it with --part-lot", "--part", "R10K", "--quantity", "7")
    refused(house, INVALID, "Say it with --quantity", "--part", "R10K", "--part-lot", "X3")
    refused(house, INVALID, "a space or another character", "--part", "R10K", "--part-lot", "X 3", "--quantity", "1")


def label_that_cannot_be_trusted_records_nothing(_, house):
    for text, wrong in [("[)>061PSTM32H51TL9Q5", "Set the scanner to send control characters"),
                        ("1PSTM32H5", "no 2-D label"), ("", "no 2-D label"),
                        (label("1PSTM32H5", "1TL9", "Q0"), "whole number from 1"),
                        (label("1PSTM32H5", "1TL9", "1TL8", "Q1"), "twice, and differently")]:
        refused(house, INVALID, wrong, "--label", text)
        refused(house, INVALID, wrong, "--label", "-", stdin=text + "\n")
    same(lots(house, "L9"), [])


def part_or_supplier_that_is_not_clear_is_asked_for(_, house):
    refused(house, NOT_FOUND, "Say which part it is with --part", "--label", label("1PNONE", "1TL9", "Q1"))
    refused(house, INVALID, "Several of our parts", "--label", label("1PCAP", "1TL9", "Q1"))
    refused(house, INVALID, "Say it with --supplier", "--label", label("PC1", "1PCAP", "1TL9", "Q1"))
    refused(house, REFUSED, "no part NOPE", "--label", label("1PSTM32H5", "1TL9", "Q1"), "--part", "NOPE")
    same(lots(house, "L9"), [])


def paper_that_is_empty_or_away_records_nothing(_, house):
    empty = write(house, "empty.pdf", b"")
    refused(house, INVALID, "is empty", "--label", label("1PSTM32H5", "1TL9", "Q1"), "--certificate", empty)
    said = house.program.run("receive", "--label", label("1PSTM32H5", "1TL9", "Q1"), "--certificate", empty + "x",
                             "--site", "VN", "--yes", *house.who("rita"))
    has(said.err, "empty.pdfx")
    same(lots(house, "L9"), [])


def nobody_receives_without_saying_where_or_being_asked(_, house):
    house.program.fails(INVALID, "Say --site", "receive", "--part", "R10K", *house.who("rita"))
    said = house.program.run("receive", "--label", label("1PSTM32H5", "1TL9", "Q1"), "--site", "VN",
                             *house.who("rita"))
    has(said.err, "--yes")
    same(lots(house, "L9"), [])


def supplier_with_a_link_uploads_once(program, house):
    said = program.ok("supplier", "link", "acme", "--part-lot", "L5", "--yes", "--json", *house.who("rita")).json()
    has(said["url"], house.people + "/upload/")
    same(upload(house, said["url"], b"from acme"),
         (201, {"supplier": "acme", "part_lot": "L5", "document": hashlib.sha256(b"from acme").hexdigest()}))
    same(upload(house, said["url"], b"again")[1]["code"], "CONFORMANCE_LINK_GONE")
    # It was there before the reel: nothing is missing then.
    said = receive(house, "--label", label("1PSTM32H5", "1TL5", "Q9"), "--packaging", "intact", "--json").json()
    same((said["grade"], said["holds"]), ("uploaded", 0))


def token_is_shown_once_and_kept_nowhere(program, house):
    said = program.ok("supplier", "link", "acme", "--days", "1", "--yes", *house.who("rita"))
    url = [line for line in said.out.splitlines() if line.startswith("https://")][0]
    token = url.rsplit("/", 1)[1]
    same(len(token), 43)
    same(upload(house, url, b"x", "?part_lot=T1")[0], 201)
    for folder, _, files in os.walk(house.folder):
        for name in files:
            if name.endswith(".sock"):
                continue
            with open(os.path.join(folder, name), "rb") as file:
                if token.encode() in file.read():
                    raise AssertionError(f"the token is in {name}")


def link_that_makes_no_sense_is_refused(program, house):
    for status, text, words in [(REFUSED, "no supplier nobody", ["nobody"]),
                                (INVALID, "days", ["acme", "--days", "0"]),
                                (INVALID, "days", ["acme", "--days", "93"]),
                                (INVALID, "days", ["acme", "--days", "soon"])]:
        program.fails(status, text, "supplier", "link", *words, "--yes", *house.who("rita"))
    has(program.run("supplier", "link", "acme", *house.who("rita")).err, "--yes")


TESTS = [
    label_of_a_reel_becomes_a_record, label_comes_from_a_scanner_that_plays_a_keyboard, hold_is_shown_with_what_to_do,
    part_that_the_label_does_not_name_is_held, what_is_said_counts_before_the_label,
    without_a_label_everything_is_said, label_that_cannot_be_trusted_records_nothing,
    part_or_supplier_that_is_not_clear_is_asked_for, paper_that_is_empty_or_away_records_nothing,
    nobody_receives_without_saying_where_or_being_asked, supplier_with_a_link_uploads_once,
    token_is_shown_once_and_kept_nowhere, link_that_makes_no_sense_is_refused,
]


def stock(house):
    """Supplier acme, approved; MCU1, which is critical, and R10K from it; two parts with one maker's number."""
    record = house.record
    record("rita", "supplier.registered", "supplier=acme", "class=distributor", "country=DE", "name=Acme", "tier=1")
    record("rita", "supplier.approved", "supplier=acme", "expires=+90d")
    record("rita", "part.defined", "part=MCU1", "description=controller", "critical=true", "manufacturer_part=STM32H5")
    record("rita", "part.defined", "part=R10K", "description=resistor", "critical=false")
    for part in ("MCU1", "R10K"):
        record("rita", "part.source_approved", f"part={part}", "supplier=acme")
    for part in ("C1", "C2"):
        record("rita", "part.defined", f"part={part}", "description=capacitor", "critical=false",
               "manufacturer_part=CAP")
    record("rita", "site.defined", "site=VN", "name=Works", "country=VN")
    record("rita", "product.defined", "product=GW", "name=Gateway", "hardware_type=1.3.6.1.4.1.32473.7")
    record("rita", "bom.released", "product=GW", "revision=A", "line_count=2",
           'lines=[{"line":"1","part":"MCU1","quantity":1},{"line":"2","part":"R10K","quantity":4}]')


def main():
    program = Program(sys.argv[1])
    with Folder() as folder:
        house = House(program, folder)
        house.start()
        try:
            house.hire("rita", "supplier.write", "supplier.approve", "supplier.read", "part.write", "part.approve",
                       "part.read", "part.receive", "conformance.link", "line.define", "blob.write")
            stock(house)
            return run_all(TESTS, program, house)
        finally:
            house.stop()


if __name__ == "__main__":
    sys.exit(main())
