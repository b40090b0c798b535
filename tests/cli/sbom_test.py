#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A software bill on the command line, and what a firmware release asks of it: sbom_test.py PROGRAM EXAMPLES [NAME …]."""
import datetime
import hashlib
import json
import os
import sys

from steps import Folder, House, Program, has, run_all, same

FOUND, INVALID, REFUSED = 1, 2, 7
ADVISORIES = os.path.join(sys.argv[2], "osv.json")
LONG_AGO = "2026-11-01T00:00:00Z"


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def package(name, version, source, **more):
    return {"type": "library", "name": name, "version": version,
            "purl": f"pkg:deb/debian/{name}@{version}?distro=debian-12&upstream={source}", **more}


def bill(folder, name, *components):
    return write(folder, name, {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components)})


CURL = package("libcurl4", "7.88.1-10", "curl")  # CVE-2023-38545 concerns it
ZLIB = package("zlib1g", "1:1.2.13.dfsg-1", "zlib")
RADIO = {"type": "firmware", "name": "radio"}


def check(house, path, *words):
    return ("sbom", "check", path, "--osv", ADVISORIES, "--product", "GW", "--feed-at", house.now, "--yes",
            *words, *house.who("vera"))


def release(house, name, path):
    image = write(house.folder, "image.bin", "image " + name)
    for file in (image, path):
        house.program.ok("blob", "put", file, *house.who("frida"))
    return ("record", "firmware.released", f"release={name}", "product=GW", "version=1", "environment=production",
            f"image=@{image}", "image_size=10", "security_version=1", f"sbom=@{path}", "--yes", *house.who("frida"))


def bill_is_shown(program, house):
    path = bill(house.folder, "show.json", ZLIB, dict(CURL, scope="excluded", components=[RADIO]))
    said = program.ok("sbom", "show", path).out
    has(said, "pkg:deb/debian/zlib1g")
    has(said, "does not say that it lists everything")
    rows = program.ok("sbom", "show", path, "--json").json()["rows"]
    same([(r["component"], r["scope"], r["inside"]) for r in rows],
         [("pkg:deb/debian/zlib1g", "part of it", ""), ("pkg:deb/debian/libcurl4", "excluded", ""),
          ("radio", "excluded", "pkg:deb/debian/libcurl4")])


def check_needs_no_server_to_say_what_is_found(program, house):
    clean = bill(house.folder, "clean.json", ZLIB)
    has(program.ok("sbom", "check", clean, "--osv", ADVISORIES, "--dry-run").out, "0 affected, 0 unknown")
    bad = bill(house.folder, "bad.json", ZLIB, CURL, RADIO)
    said = program.run("sbom", "check", bad, "--osv", ADVISORIES, "--dry-run", "--json")
    same(said.status, FOUND)
    report = said.json()
    same([(r["component"], r["advisory"], r["fixed"], r["state"]) for r in report["rows"]],
         [("pkg:deb/debian/libcurl4", "CVE-2023-38545", "7.88.1-10+deb12u4", "affected")])
    same((report["components"], report["affected"], report["unknown"], report["decided"]), (3, 1, 1, 0))
    same(report["unknown_rows"], [{"component": "radio", "version": "", "missing": "the package URL"}])
    has(program.run("sbom", "check", bad, "--osv", ADVISORIES, "--dry-run").out, "days old")


def decisions_need_a_reason_and_something_to_decide(program, house):
    path = bill(house.folder, "bad.json", CURL)

    def refused(text, *words):
        program.fails(INVALID, text, "sbom", "check", path, "--osv", ADVISORIES, "--dry-run", *words)
    refused("is not ADVISORY=REASON", "--accept", "CVE-2023-38545")
    refused("is not ADVISORY=REASON", "--accept", "CVE-2023-38545=")
    refused("is not ADVISORY=REASON", "--not-affected", "=why")
    refused("is not ADVISORY=REASON", "--accept", "CVE-2023-38545=" + "x" * 501)
    refused("names no advisory", "--accept", "CVE-2022-3602=not in it")
    refused("decided already", "--accept", "CVE-2023-38545=a", "--not-affected", "CVE-2023-38545=b")
    refused("is not a time", "--feed-at", "today")
    program.ok("sbom", "check", path, "--osv", ADVISORIES, "--dry-run", "--accept", "CVE-2023-38545=no proxy")


def files_that_are_none_are_refused(program, house):
    good = bill(house.folder, "good.json", ZLIB)

    def refused(text, path, feed, *words):
        program.fails(INVALID, text, "sbom", "check", path, "--osv", feed, "--dry-run", *words)
    refused("components[0].name should be a name", bill(house.folder, "a.json", {"type": "file"}), ADVISORIES)
    refused("line 1, column", write(house.folder, "b.json", "{,}"), ADVISORIES)
    refused("specVersion should be", write(house.folder, "c.json", {"bomFormat": "CycloneDX"}), ADVISORIES)
    refused("Advisory 2, on line 2,", good,
            write(house.folder, "d.json", '[{"id":"A","modified":"2026-01-01T00:00:00Z"},\n{"id":"B"}]'))
    refused("holds none", good, write(house.folder, "e.json", "[]"))
    program.fails(INVALID, "osv", "sbom", "check", good, "--dry-run")
    program.fails(INVALID, "product", "sbom", "check", good, "--osv", ADVISORIES, "--yes", *house.who("vera"))


def release_waits_until_its_bill_was_checked_and_decided(program, house):
    path = bill(house.folder, "fw1.json", CURL, ZLIB, RADIO)
    program.fails(REFUSED, "was not checked", *release(house, "FW1", path))
    said = program.run(*check(house, path))
    same(said.status, FOUND)
    has(said.out, "Recorded as ")
    program.fails(REFUSED, "CVE-2023-38545", *release(house, "FW1", path))
    said = program.ok(*check(house, path, "--not-affected", "CVE-2023-38545=no proxy", "--json")).json()
    same(said["receipt"]["raised"], [])
    program.ok(*release(house, "FW1", path))
    row = house.rows("vera", "sbom.findings", "advisory=CVE-2023-38545")[0]
    same((row["state"], row["reason"]), ("not_affected", "no proxy"))
    row = house.rows("vera", "sbom.checks", "product=GW")[-1]
    same((row["components"], row["unknown_components"], row["decided"], row["counts"]), (3, 1, 1, 1))
    with open(path, "rb") as file:
        same(row["sbom"], hashlib.sha256(file.read()).hexdigest())


def what_was_checked_can_be_fetched_and_checked_again(program, house):
    row = house.rows("vera", "sbom.checks", "product=GW")[-1]
    for name in ("sbom", "feed"):
        program.ok("blob", "get", row[name], "--to", os.path.join(house.folder, name), *house.who("vera"))
    said = program.run("sbom", "check", os.path.join(house.folder, "sbom"), "--osv",
                       os.path.join(house.folder, "feed"), "--dry-run", "--json").json()
    same((said["components"], said["unknown"]), (row["components"], row["unknown_components"]))


def author_of_the_release_does_not_check(program, house):
    path = bill(house.folder, "fw2.json", ZLIB)
    words = check(house, path)
    program.ok(*words[:-len(house.who("vera"))], *house.who("frida"))
    program.fails(REFUSED, "frida checked the software bill", *release(house, "FW2", path))
    program.ok(*check(house, path))
    program.ok(*release(house, "FW2", path))


def many_findings_fit_and_too_many_are_refused_before_anything_is_sent(program, house):
    def feed(n):
        vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"
        return write(house.folder, f"feed{n}.json", [
            {"id": f"EXAMPLE-{i}", "modified": LONG_AGO, "severity": [{"type": "CVSS_V3", "score": vector}],
             "affected": [{"package": {"ecosystem": "Debian:12", "name": "zlib"},
                           "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]} for i in range(n)])
    path = bill(house.folder, "many.json", ZLIB)
    before = len(house.rows("vera", "sbom.checks"))

    def words(n):
        return ("sbom", "check", path, "--osv", feed(n), "--product", "GW", "--feed-at", house.now, "--yes",
                *house.who("vera"))
    program.fails(8, "301 pairs", *words(301))
    same(len(house.rows("vera", "sbom.checks")), before)
    same(program.run(*words(200)).status, FOUND)
    same(house.rows("vera", "sbom.checks")[-1]["affected"], 200)


TESTS = [
    bill_is_shown, check_needs_no_server_to_say_what_is_found, decisions_need_a_reason_and_something_to_decide,
    files_that_are_none_are_refused, release_waits_until_its_bill_was_checked_and_decided,
    what_was_checked_can_be_fetched_and_checked_again, author_of_the_release_does_not_check,
    many_findings_fit_and_too_many_are_refused_before_anything_is_sent,
]


def main():
    program = Program(sys.argv[1])
    del sys.argv[2]
    with Folder() as folder:
        house = House(program, folder)
        house.start()
        try:
            house.hire("vera", "sbom.check", "sbom.read", "blob.write", "blob.read")
            house.hire("frida", "firmware.release", "line.define", "sbom.check", "blob.write")
            house.record("frida", "product.defined", "product=GW", "hardware_type=1.3.6.1.4.1.32473.7", "name=Gateway")
            house.now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            return run_all(TESTS, program, house)
        finally:
            house.stop()


if __name__ == "__main__":
    sys.exit(main())
