#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What exists already comes in: units, suppliers and device certificates from files, bad ones and the same
ones again. usage: import_test.py PROGRAM [TEST …]"""
import hashlib
import os
import subprocess
import sys

from steps import Failure, Folder, House, Program, has, run_all, same

INVALID, FORBIDDEN, CONFLICT = 2, 4, 6
MAY = ("line.define", "line.read", "line.import", "supplier.write", "supplier.read", "part.write", "part.approve",
       "part.read", "identity.read", "passport.read")


def write(house, name, text):
    path = os.path.join(house.folder, name)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def bring(program, house, what, path, *more):
    return program.ok("import", what, path, "--yes", *more, *house.who("ira"))


def wrong(program, house, status, text, what, path, *more):
    return program.fails(status, text, "import", what, path, "--yes", *more, *house.who("ira"))


def help_lists_the_columns_that_can_be_mapped(program, _):
    for words, column, header in ((("bom", "import"), "Manufacturer", "mfr"), (("import", "units"), "built-on", "builddate"),
                                  (("import", "suppliers"), "country", "countrycode"),
                                  (("import", "certificates"), "serial", "sn")):
        said = program.ok(*words, "--help").out
        has(said, f"\n  {column} ")
        has(said, f" {header}")


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
    program.ok("passport", "GW", "U1", "--to", house.folder + "/u1.passport", *house.who("ira"))
    said = program.ok("verify", "passport", house.folder + "/u1.passport", *house.where())
    has(said.out, "declared, not witnessed")


def unit_that_is_recorded_otherwise_is_named_and_the_rest_comes_in(program, house):
    path = write(house, "units.csv", "product,serial,site,version\nGW,U1,HH,9.9\nGW,U3,HH,1.0\n")
    said = wrong(program, house, CONFLICT, "1 lines could not be taken", "units", path)
    has(said.err, "GW/U1 is recorded already, with version 1.0 instead of 9.9")
    has(said.out, "1 recorded")
    same([(r["serial"], r["version"]) for r in house.rows("ira", "unit.serials")],
         [("U1", "1.0"), ("U2", "1.1"), ("U3", "1.0")])


def wrong_table_writes_nothing_and_names_every_fault(program, house):
    before = house.rows("ira", "unit.serials")
    path = write(house, "bad.csv", "product,serial,site,mac,built\nGW,N1,HH,,\nGW,N 2,HH,,\nGW,N3,HH,00:11,31.12.2024\n"
                 "GW,,HH,,\nGW,N5\n")
    said = wrong(program, house, INVALID, "5 things are wrong", "units", path)
    for text in ("Line 3, column 4: N 2 cannot be a serial", "Line 4, column 10: 00:11 cannot be a address",
                 "Line 4, column 16: 31.12.2024 cannot be a built-on", "Line 5, column 4: the serial is missing",
                 "Line 6 does not have 5 fields"):
        has(said.err, text)
    path = write(house, "twice.csv", "product,serial,site\nGW,N1,HH\nGW,N2,HH\nGW,N1,HH\n")
    wrong(program, house, INVALID, "GW/N1 stands on line 2 already", "units", path)
    for name, text in (("empty.csv", ""), ("head.csv", "product,serial,site\n"),
                       ("latin.csv", "product,serial,site\nGW,N\xe9,HH\n".encode("latin-1")),
                       ("utf16.csv", "product,serial,site\nGW,N1,HH\n".encode("utf-16")),
                       ("binary.csv", bytes(range(256)))):
        wrong(program, house, INVALID if name != "utf16.csv" else 2, name, "units", write(house, name, text))
    program.fails(5, "none.csv", "import", "units", house.folder + "/none.csv", *house.who("ira"))
    same(house.rows("ira", "unit.serials"), before)


def what_the_server_refuses_is_named_by_its_line(program, house):
    path = write(house, "units.csv", "product,serial,site,mac\nGW,M1,HH,00:00:00:00:00:00\nGW,M2,XX,\nGW,M3,HH,\n"
                 "GW,M4,HH,02:00:00:00:00:01\nGW,M5,HH,02:00:00:00:00:01\n")
    said = wrong(program, house, CONFLICT, "3 lines could not be taken", "units", path)
    for line in (2, 3, 6):
        has(said.err, f"line {line}: ")
    has(said.err, "There is no site XX")
    has(said.out, "2 recorded")
    same([r["serial"] for r in house.rows("ira", "unit.serials") if r["serial"][0] == "M"], ["M3", "M4"])


def nobody_is_asked_and_nothing_is_written_without_yes(program, house):
    path = write(house, "units.csv", "product,serial,site\nGW,Q1,HH\n")
    program.fails(INVALID, "--yes", "import", "units", path, *house.who("ira"))
    same(house.rows("ira", "unit.serials", "serial=Q1"), [])


def who_may_not_import_writes_nothing(program, house):
    house.hire("olaf", "line.read")
    path = write(house, "units.csv", "product,serial,site\nGW,Q1,HH\n")
    said = program.run("import", "units", path, "--yes", *house.who("olaf"))
    if said.status == 0:
        raise Failure(f"somebody without the right imported: {said}")
    same(house.rows("ira", "unit.serials", "serial=Q1"), [])


def result_is_data_with_json(program, house):
    path = write(house, "units.csv", "product,serial,site,version\nGW,U1,HH,9.9\nGW,U3,HH,1.0\nGW,J1,HH,\n")
    said = program.run("import", "units", path, "--yes", "--json", *house.who("ira"))
    same(said.status, CONFLICT)
    found = said.json()
    same((found["lines"], found["recorded"], found["there"]), (3, 1, 2))
    same([(w["line"], w["key"], w["code"]) for w in found["wrong"]], [(2, "GW/U1", "IMPORT_DIFFERS")])


def wrong_table_is_data_with_json(program, house):
    path = write(house, "bad.csv", "product,serial,site\nGW,N 2,HH\nGW,,HH\n")
    said = program.run("import", "units", path, "--yes", "--json", *house.who("ira"))
    same(said.status, INVALID)
    found = said.json()
    same((found["file"], found["more"]), (path, 0))
    same([(w["line"], w["column"], w["code"]) for w in found["wrong"]], [(2, 4, "TABLE_CELL_WRONG"), (3, 4, "TABLE_CELL_MISSING")])
    has(found["wrong"][0]["text"], "N 2 cannot be a serial")
    path = write(house, "bad_bill.csv", "Reference,MPN,Manufacturer,Quantity\nR1,X,M,2\n")
    found = program.run("bom", "compare", path, path, "--json").json()
    same([(w["line"], w["code"]) for w in found["wrong"]], [(2, "BOM_QUANTITY_DIFFERS")])


# ---- suppliers ----

def suppliers_are_registered_and_not_approved(program, house):
    path = write(house, "suppliers.csv", "Vendor ID,Company,Country,Tier\nacme,Acme GmbH,de,1\nmurata,Murata,JP,\n")
    bring(program, house, "suppliers", path, "--class", "manufacturer")
    same([(r["supplier"], r["name"], r["class"], r["country"], r["state"]) for r in house.rows("ira", "supplier.list")],
         [("acme", "Acme GmbH", "manufacturer", "DE", "registered"),
          ("murata", "Murata", "manufacturer", "JP", "registered")])
    same([r["tier"] for r in house.rows("ira", "supplier.list")], [1, None])
    has(bring(program, house, "suppliers", path, "--class", "manufacturer").out, "0 new, 2 there already")
    said = wrong(program, house, CONFLICT, "1 lines could not be taken", "suppliers",
                 write(house, "s2.csv", "supplier,name,class,country\nacme,Acme Ltd,manufacturer,DE\n"))
    has(said.err, "with name Acme GmbH instead of Acme Ltd")
    said = wrong(program, house, CONFLICT, "2 lines could not be taken", "suppliers",
                 write(house, "s3.csv", "supplier,name,class,country,tier\nacme,Acme GmbH,manufacturer,DE,2\n"
                       "murata,Murata,manufacturer,JP,1\n"))
    has(said.err, "acme is recorded already, with tier 1 instead of 2")
    has(said.err, "murata is recorded already, with tier nothing instead of 1")


def wrong_suppliers_are_refused(program, house):
    for text, why in (("supplier,name,class,country\nx,X,thief,DE\n", "thief cannot be a class"),
                      ("supplier,name,class,country\nx,X,broker,Germany\n", "Germany cannot be a country"),
                      ("supplier,name,class\nx,X,broker\n", "has no column country"),
                      ("supplier,vendor id,name,class,country\nx,y,X,broker,DE\n", "both mean supplier"),
                      ("supplier,name,class,country,tier\nx,X,broker,DE,5\n", "5 cannot be a tier"),
                      ("supplier,name,class,country\nx y,X,broker,DE\n", "x y cannot be a supplier"),
                      ("supplier,name,class,country\nx," + 201 * "n" + ",broker,DE\n", "at most 200 bytes")):
        wrong(program, house, INVALID, why, "suppliers", write(house, "bad.csv", text))
    same(house.rows("ira", "supplier.list", "supplier=x"), [])


# ---- device certificates ----

def certificate(house, name, *more, subject="/OU=GW/serialNumber="):
    path = os.path.join(house.folder, f"{name}.pem")
    if not os.path.exists(path) or more:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", os.path.join(house.folder, "spare.key"), "-out", path, "-days", "3650", "-subj",
                        subject + (name if subject.endswith("=") else ""), *more], check=True, capture_output=True)
    with open(path, encoding="ascii") as f:
        return f.read()


def digests(house):
    return {r["serial"]: r["certificate_digest"] for r in house.rows("ira", "unit.serials") if r["certificate_digest"]}


def device_certificates_come_from_a_table_of_files(program, house):
    certificate(house, "U1")
    der = subprocess.run(["openssl", "x509", "-outform", "DER"], input=certificate(house, "U2").encode(), check=True,
                         capture_output=True).stdout
    write(house, "U2.der", der)
    path = write(house, "certs.csv", "product,serial,file\nGW,U1,U1.pem\nGW,U2,U2.der\n")
    has(bring(program, house, "certificates", path).out, "2 recorded")
    found = digests(house)
    same(found["U2"], hashlib.sha256(der).hexdigest())
    has(bring(program, house, "certificates", path).out, "0 new, 2 there already")
    same(digests(house), found)
    write(house, "U1.pem", certificate(house, "U1b", subject="/OU=GW/serialNumber=U1"))
    said = wrong(program, house, CONFLICT, "could not be taken", "certificates", path)
    has(said.err, "with device certificate " + found["U1"][:16])


def device_certificates_come_from_one_file_and_name_their_units(program, house):
    path = write(house, "units.csv", "product,serial,site\nGW,K1,HH\nGW,K2,HH\nGW,K3,HH\n")
    bring(program, house, "units", path)
    config = write(house, "module.cnf", "[san]\nsubjectAltName=otherName:1.3.6.1.5.5.7.8.4;SEQ:module\n[module]\n"
                   "type=OID:1.3.6.1.4.1.32473.7\nserial=FORMAT:ASCII,OCTETSTRING:K2\n[req]\ndistinguished_name=dn\n"
                   "x509_extensions=san\n[dn]\n")
    bundle = "junk before\n" + certificate(house, "K1") + certificate(house, "K2", "-config", config,
                                                                     subject="/CN=device")
    path = write(house, "bundle.pem", bundle)
    wrong(program, house, INVALID, "does not say which unit it is of", "certificates", path)
    has(bring(program, house, "certificates", path, "--product", "GW").out, "2 recorded")
    same(sorted(s for s in digests(house) if s[0] == "K"), ["K1", "K2"])
    has(bring(program, house, "certificates", path, "--product", "GW").out, "0 new, 2 there already")


def wrong_device_certificates_are_named(program, house):
    before = digests(house)
    table = "product,serial,file\n"
    for line, status, why in (("GW,K3,nowhere.pem", INVALID, "holds no device certificate"),
                              ("GW,K3,certs.csv", INVALID, "holds no device certificate"),
                              ("GW,K3,K1.pem", INVALID, "names the serial K1"),
                              ("GW,NONE,N.pem", CONFLICT, "could not be taken"),
                              ("GW,K3,", INVALID, "the file is missing"),
                              ("GW,K3,../../../etc/hostname", INVALID, "holds no device certificate")):
        certificate(house, "N", subject="/CN=x")
        wrong(program, house, status, why, "certificates", write(house, "wrong.csv", table + line + "\n"))
    # the key of another unit: the server says no, whatever name it is brought under
    said = wrong(program, house, CONFLICT, "could not be taken", "certificates",
                 write(house, "wrong.csv", table + "GW,K3,K1.pem\n"), "--any-name")
    has(said.err, "two devices must never share a key")
    text = certificate(house, "K1")
    write(house, "cut.pem", text[:len(text) // 2])
    wrong(program, house, INVALID, "", "certificates", house.folder + "/cut.pem")
    write(house, "cut.pem", text[:300] + text[310:])
    wrong(program, house, INVALID, "holds no device certificate", "certificates", house.folder + "/cut.pem")
    same(digests(house), before)


# ---- many ----

def many_units_come_in_with_progress(program, house):
    path = write(house, "many.csv", "product,serial,site\n" + "".join(f"GW,B{i:05},HH\n" for i in range(2500)))
    said = bring(program, house, "units", path)
    has(said.out, "2500 recorded")
    has(said.err, "of 2500 units")
    has(bring(program, house, "units", path).out, "0 new, 2500 there already")


def running(program, house, path):
    return subprocess.Popen([program.path, "import", "units", path, "--yes", *house.who("ira")], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def count_units(house, prefix):
    return len([r for r in house.rows("ira", "unit.serials") if r["serial"].startswith(prefix)])


def two_imports_of_one_file_at_once_write_each_line_once(program, house):
    path = write(house, "race.csv", "product,serial,site\n" + "".join(f"GW,R{i:05},HH\n" for i in range(1500)))
    both = [running(program, house, path) for _ in range(2)]
    said = [one.communicate(timeout=120) for one in both]
    same([one.returncode for one in both], [0, 0], str(said))
    same(count_units(house, "R"), 1500)
    has(bring(program, house, "units", path).out, "0 new, 1500 there already, 0 wrong")


def import_that_was_cut_off_is_brought_again(program, house):
    path = write(house, "cut.csv", "product,serial,site\n" + "".join(f"GW,C{i:05},HH\n" for i in range(3000)))
    one = running(program, house, path)
    one.stderr.readline()  # a first piece is written
    house.server.kill()
    house.server.wait()
    out, err = one.communicate(timeout=120)
    if one.returncode == 0:
        raise Failure(f"it says that it is done: {out} {err}")
    has(err, "bring the same file again")
    house.start()
    before = count_units(house, "C")
    same(0 < before < 3000, True, f"{before} units before")
    has(bring(program, house, "units", path).out, f"{3000 - before} recorded")
    same(count_units(house, "C"), 3000)


# ---- bills of materials, as tools export them ----

ALTIUM = (
    "Source Data From:;Sensor_Hub.PrjPcb;;;;;;;;\r\nVariant:;Production;;;;;;;;\r\n\r\n"
    "Comment;Description;Designator;Footprint;LibRef;Quantity;Manufacturer 1;Manufacturer Part Number 1;Supplier 1;"
    "Fitted\r\n"
    "100nF;CAP CER 0.1UF 16V X7R 0402;\"C1, C2, C3\";CAPC1005X55N;CMP-0402;3;Murata;GRM155R71C104KA88D;Digi-Key;"
    "Fitted\r\n"
    "NRF52840;\"RF SoC, 2.4 GHz\";U1;QFN73;CMP-NRF;1;Nordic Semiconductor;NRF52840-QIAA-R7;Mouser;Fitted\r\n"
    "10k;RES 10K 1% 0402;\"R1, R2\";RESC1005X40N;CMP-0402R;2;Yageo;RC0402FR-0710KL;Digi-Key;Not Fitted\r\n")
KICAD = (
    "\"Reference\",\"Value\",\"Datasheet\",\"Footprint\",\"Qty\",\"DNP\",\"Manufacturer\",\"MPN\"\n"
    "\"C1-C3\",\"100n\",\"~\",\"Capacitor_SMD:C_0402_1005Metric\",\"3\",\"\",\"Murata\",\"GRM155R71C104KA88D\"\n"
    "\"U1\",\"nRF52840\",\"https://infocenter.nordicsemi.com\",\"QFN-73\",\"1\",\"\",\"Nordic Semiconductor\","
    "\"NRF52840-QIAA-R7\"\n"
    "\"R1,R2\",\"10k\",\"~\",\"R_0402\",\"2\",\"DNP\",\"Yageo\",\"RC0402FR-0710KL\"\n"
    "\"\",\"Label 10x20\",\"\",\"\",\"2\",\"\",\"Brady\",\"BPT-10\"\n")
ORCAD = (
    "Sensor hub  Revised: Tuesday, March 03, 2026\r\nRev 2\r\n\r\nBill Of Materials\t\tMarch 4, 2026\t10:12:01\tPage1\r\n\r\n"
    "Item\tQuantity\tReference\tPart\tManufacturer\tMfr. Part #\r\n"
    "______________________________________________\r\n\r\n"
    "1\t3\tC1,C2,\t100n\tMurata\tGRM155R71C104KA88D\r\n\t\tC3\t\t\t\r\n"
    "2\t1\tU1\tNRF52840\tNordic Semiconductor\tNRF52840-QIAA-R7\r\n")


def bom(program, house, path, revision, *more, product="GW"):
    return program.ok("bom", "import", path, "--product", product, "--revision", revision, "--yes", *more,
                      *house.who("ira"))


def bom_fails(program, house, status, text, path, revision, *more, product="GW"):
    return program.fails(status, text, "bom", "import", path, "--product", product, "--revision", revision, "--yes",
                         *more, *house.who("ira"))


def bill_lines(house, revision):
    return [(r["part"], r["quantity"], r["designators"], bool(r["critical"]))
            for r in house.rows("ira", "bom.lines", "product=GW", f"revision={revision}")]


CAP, MCU = ("GRM155R71C104KA88D", 3, "C1 C2 C3"), ("NRF52840-QIAA-R7", 1, "U1")


def bill_of_altium_comes_in(program, house):
    path = write(house, "altium.csv", ALTIUM)
    said = bom(program, house, path, "A", "--dry-run")
    has(said.out, "2 lines, 2 parts, 4 pieces, 1 not fitted")
    same(house.rows("ira", "part.list"), [], "a preview writes")
    bom(program, house, path, "A", "--critical", "U*,IC*", "--conformance", "2=signed", "--release")
    same(bill_lines(house, "A"), [(*CAP, False), (*MCU, True)])
    same([r["conformance"] for r in house.rows("ira", "bom.lines", "product=GW", "revision=A")], [None, "signed"])
    same([r["state"] for r in house.rows("ira", "bom.list")], ["released"])
    same({r["part"]: (r["manufacturer"], r["manufacturer_part"], bool(r["critical"]))
          for r in house.rows("ira", "part.list")},
         {CAP[0]: ("Murata", CAP[0], False), MCU[0]: ("Nordic-Semiconductor", MCU[0], True)})


def bill_that_is_there_is_not_written_again(program, house):
    before = house.rows("ira", "bom.list")
    said = bom(program, house, write(house, "altium.csv", ALTIUM), "A", "--critical", "U*,IC*", "--conformance",
               "2=signed", "--release")
    has(said.out, "Everything is there already.")
    same(house.rows("ira", "bom.list"), before)


def released_bill_is_not_changed_by_a_file(program, house):
    path = write(house, "altium.csv", ALTIUM)
    bom_fails(program, house, CONFLICT, "is released already, and says something else at line 2", path, "A")
    path = write(house, "more.csv", KICAD)
    bom_fails(program, house, CONFLICT, "released already", path, "A")


def bill_of_kicad_comes_in_and_a_label_needs_no_place(program, house):
    path = write(house, "kicad.csv", KICAD)
    bom(program, house, path, "B", "--critical", "U*")
    same(bill_lines(house, "B"), [(*CAP, False), (*MCU, True), ("BPT-10", 2, None, False)])
    same([(r["revision"], r["state"]) for r in house.rows("ira", "bom.list")], [("A", "released"), ("B", "draft")])
    said = bom(program, house, path, "B", "--critical", "U*", "--release")
    has(said.out, "to write: 0 parts, 0 lines, 0 sources, and its release")
    same([(r["revision"], r["state"]) for r in house.rows("ira", "bom.list")], [("A", "replaced"), ("B", "released")])


def bill_of_orcad_comes_in(program, house):
    bom(program, house, write(house, "orcad.bom", ORCAD), "C")
    same(bill_lines(house, "C"), [(*CAP, False), (*MCU, False)])


def columns_are_mapped_where_the_tool_calls_them_otherwise(program, house):
    text = "Ort,Hersteller,Bestellbezeichnung,Wert,Sicherheit\nR1,Yageo,RC0402FR-0710KL,10k,ja\n"
    path = write(house, "german.csv", text)
    bom_fails(program, house, INVALID, "has no column Reference", path, "D")
    maps = ("--map", "reference=Ort", "--map", "Manufacturer=Hersteller", "--map", "MPN=Bestellbezeichnung")
    bom_fails(program, house, INVALID, "cannot be read from ja", path, "D", *maps, "--critical-from", "Sicherheit")
    bom(program, house, write(house, "german.csv", text.replace(",ja", ",yes")), "D", *maps, "--critical-from",
        "Sicherheit")
    same(bill_lines(house, "D"), [("RC0402FR-0710KL", 1, "R1", True)])
    bom_fails(program, house, INVALID, "names a column Place", path, "E", "--map", "Place=Ort")
    bom_fails(program, house, INVALID, "names a header Nowhere", path, "E", "--map", "Reference=Nowhere")
    bom_fails(program, house, INVALID, "is not COLUMN=HEADER", path, "E", "--map", "Reference")


def wrong_bill_writes_nothing_and_names_every_fault(program, house):
    before = (house.rows("ira", "part.list"), house.rows("ira", "bom.list"))
    path = write(house, "bad.csv", "Reference,Value,Qty,MPN,Manufacturer\nR1,1k,2,RC-1,Yageo\nR1,1k,1,RC-2,\n"
                 "R?,1k,1,RC-3,Yageo\n")
    said = bom_fails(program, house, INVALID, "4 things are wrong", path, "F")
    for text in ("Line 2, column 7: the quantity is 2, but 1 designators", "RC-2 has no manufacturer",
                 "Line 3, column 1: designator R1 stands at line 2", "Line 4, column 1: R? has no number yet"):
        has(said.err, text)
    same((house.rows("ira", "part.list"), house.rows("ira", "bom.list")), before)


def bill_of_a_product_that_is_none_writes_nothing(program, house):
    before = house.rows("ira", "part.list")
    path = write(house, "new.csv", "Reference,MPN,Manufacturer\nR9,NEW-1,Yageo\n")
    said = program.run("bom", "import", path, "--product", "XX", "--revision", "A", "--yes", *house.who("ira"))
    if said.status == 0:
        raise Failure(f"a bill of no product was taken: {said}")
    has(said.err, "There is no product XX")
    same(house.rows("ira", "part.list"), before)


def bill_comes_from_cyclonedx(program, house):
    path = write(house, "hbom.json", """{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "device", "name": "GRM155R71C104KA88D", "manufacturer": {"name": "Murata"}, "properties": [
         {"name": "cdx:device:quantity", "value": "3"}, {"name": "cdx:device:location", "value": "C1,C2,C3"}]},
        {"type": "firmware", "name": "boot"}]}""")
    bom(program, house, path, "H")
    same(bill_lines(house, "H"), [(*CAP, False)])
    path = write(house, "hbom.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": '
                 '[{"type": "device", "name": "X"}]}')
    bom_fails(program, house, INVALID, "$.components[0]", path, "I")


def options_that_cannot_be_meant_are_refused(program, house):
    path = write(house, "one.csv", "Reference,MPN,Manufacturer\nR1,OPT-1,Yageo\n")
    own = write(house, "own.csv", f"Reference,IPN,MPN,Manufacturer\nR1,{MCU[0]},OPT-1,Yageo\n")
    document = write(house, "hbom.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": '
                     '[{"type": "device", "name": "X", "manufacturer": {"name": "Y"}}]}')
    before = house.rows("ira", "part.list")
    for status, text, file, *more in (
            (INVALID, "is not LINE=GRADE", path, "--conformance", "1"),
            (INVALID, "is not LINE=GRADE", path, "--conformance", "1=best"),
            (INVALID, "names no line and no part", path, "--conformance", "2=signed"),
            (INVALID, "no supplier for part OPT-1", path, "--approve-sources"),
            (CONFLICT, "instead of OPT-1", own),
            (INVALID, "are about the columns of a table", document, "--map", "MPN=name"),
            (INVALID, "has a revision", path, "--revision", "two words")):
        bom_fails(program, house, status, text, file, "O", *more)
    program.fails(INVALID, "has a revision", "bom", "import", path, "--product", "GW", *house.who("ira"))
    same(house.rows("ira", "part.list"), before)


def sources_are_approved_only_when_that_is_said(program, house):
    path = write(house, "sources.csv", "Reference,MPN,Manufacturer,Supplier\nR1,RC-77,Yageo,Digi-Key\n")
    bom(program, house, path, "S1")
    same(house.rows("ira", "part.sources"), [])
    bom_fails(program, house, 7, "Digi-Key", path, "S2", "--approve-sources")
    same(bill_lines(house, "S2"), [], "it began nevertheless")
    house.record("ira", "supplier.registered", "supplier=Digi-Key", "name=Digi-Key", "class=distributor", "country=US")
    bom(program, house, path, "S2", "--approve-sources")
    same([(r["part"], r["supplier"]) for r in house.rows("ira", "part.sources")], [("RC-77", "Digi-Key")])
    has(bom(program, house, path, "S2", "--approve-sources").out, "Everything is there already.")


def bills_are_compared(program, house):
    rows = program.ok("bom", "compare", "GW", "A", "B", "--json", *house.who("ira")).json()["rows"]
    same([(r["change"], r["part"], r["before"], r["after"]) for r in rows], [("added", "BPT-10", 0, 2)])
    one = write(house, "one.csv", "Reference,Qty,MPN,Manufacturer\n\"R1,R2,R10\",3,A1,X\nC1,1,B1,X\nU1,1,U-1,X\n")
    two = write(house, "two.csv", "Reference,Qty,MPN,Manufacturer\n\"R2,R10,R11\",3,A1,X\n\"C1,C2\",2,B1,X\nU1,1,U-2,X\n")
    rows = program.ok("bom", "compare", one, two, "--json").json()["rows"]
    same([(r["change"], r["part"], r["designators"]) for r in rows],
         [("designators", "A1", "-R1 +R11"), ("quantity", "B1", "+C2"), ("removed", "U-1", "-U1"),
          ("added", "U-2", "+U1"), ("part", "U-2", "U1: U-1 -> U-2")])
    program.fails(5, "no revision Z", "bom", "compare", "GW", "A", "Z", *house.who("ira"))


def parts_that_share_their_letters_are_told_apart(program, house):
    path = write(house, "alike.csv", "Reference,MPN,Manufacturer\nR1,SAME-1,Yageo\nR2,SAME-1,Vishay\n")
    bom(program, house, path, "T")
    same([p for p, *_ in bill_lines(house, "T")], ["SAME-1", "SAME-1.2"])
    has(bom(program, house, path, "T").out, "Everything is there already.")


def long_bill_is_written_in_pieces(program, house):
    lines = "".join(f"R{i},RES-{i:04},Yageo\n" for i in range(1, 1001))
    many = ",".join(f"C{i}" for i in range(1, 201))
    path = write(house, "long.csv", f"Reference,MPN,Manufacturer\n{lines}\"{many}\",CAP-9,Murata\n")
    bom(program, house, path, "L", "--release")
    found = bill_lines(house, "L")
    same(sum(q for _, q, *_ in found), 1200)
    same(len([1 for p, *_ in found if p == "CAP-9"]), 2, "designators that fit in no line are spread")
    same(max(len(d) for _, _, d, _ in found) <= 500, True)


TESTS = [
    help_lists_the_columns_that_can_be_mapped,
    units_come_in_and_a_second_time_nothing_is_written, unit_is_recorded_as_imported,
    unit_that_is_recorded_otherwise_is_named_and_the_rest_comes_in, wrong_table_writes_nothing_and_names_every_fault,
    what_the_server_refuses_is_named_by_its_line, nobody_is_asked_and_nothing_is_written_without_yes,
    who_may_not_import_writes_nothing, result_is_data_with_json, wrong_table_is_data_with_json, suppliers_are_registered_and_not_approved,
    wrong_suppliers_are_refused, device_certificates_come_from_a_table_of_files,
    device_certificates_come_from_one_file_and_name_their_units, wrong_device_certificates_are_named,
    many_units_come_in_with_progress, two_imports_of_one_file_at_once_write_each_line_once,
    import_that_was_cut_off_is_brought_again,
    bill_of_altium_comes_in, bill_that_is_there_is_not_written_again, released_bill_is_not_changed_by_a_file,
    bill_of_kicad_comes_in_and_a_label_needs_no_place, bill_of_orcad_comes_in,
    columns_are_mapped_where_the_tool_calls_them_otherwise, wrong_bill_writes_nothing_and_names_every_fault,
    bill_of_a_product_that_is_none_writes_nothing, bill_comes_from_cyclonedx,
    options_that_cannot_be_meant_are_refused, sources_are_approved_only_when_that_is_said, bills_are_compared, parts_that_share_their_letters_are_told_apart,
    long_bill_is_written_in_pieces,
]


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
