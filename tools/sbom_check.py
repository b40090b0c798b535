#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom_check.py FILE [--binary BINARY]: is FILE a bill of materials as CycloneDX 1.6 has it and as
tools/sbom.py writes it? Stricter than the schema: keys that we do not write are refused, every
reference must lead somewhere, and nothing may stand twice. With --binary, every library that the
program is linked with must be in it, with the digest of the file that is there."""
import argparse
import json
import os
import re
import sys

import sbom_debian
import sbom_licenses

SCOPES = ("required", "optional", "excluded")
TYPES = ("application", "library", "file")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
SERIAL = re.compile(r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
DIGEST = re.compile(r"^[0-9a-f]{64}$")
COMMIT = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?$")
DEB = re.compile(r"^pkg:deb/debian/[a-z0-9%.+-]+@[A-Za-z0-9%:.~_-]+\?arch=[a-z0-9]+&distro=debian-\d+$")
GENERIC = re.compile(r"^pkg:generic/sealwright@[0-9A-Za-z.%-]+$")


class Wrong(Exception):
    """Not a bill of materials of ours; the text says where."""


def need(true, where, what):
    if not true:
        raise Wrong("%s: %s" % (where, what))


def keys(value, where, must, may=()):
    need(isinstance(value, dict), where, "is no object")
    for key in must:
        need(key in value, where, "has no %s" % key)
    for key in value:
        need(key in must or key in may, where, "has %s, which is not known here" % key)


def items(value, where, least=0):
    need(isinstance(value, list) and len(value) >= least, where, "is no list of %d or more" % least)
    return [(one, "%s[%d]" % (where, i)) for i, one in enumerate(value)]


def text(value, where, shape=None):
    need(isinstance(value, str) and value.strip() == value and value != "", where, "is no text")
    need(shape is None or shape.match(value), where, "'%s' has not the shape it should" % value)


def check_licenses(value, where):
    need(len(items(value, where, 1)) == 1, where, "is not one expression")
    keys(value[0], where, ("expression",))
    text(value[0]["expression"], where)
    try:
        sbom_licenses.expression_names(value[0]["expression"])
    except sbom_licenses.Wrong as wrong:
        raise Wrong("%s: %s" % (where, wrong)) from None


def check_hashes(value, where):
    for one, at in items(value, where, 1):
        keys(one, at, ("alg", "content"))
        need(one["alg"] == "SHA-256", at, "is no SHA-256")
        text(one["content"], at, DIGEST)


def check_properties(value, where):
    names = []
    for one, at in items(value, where):
        keys(one, at, ("name", "value"))
        text(one["name"], at, re.compile(r"^sealwright:[a-z-]+$"))
        text(one["value"], at)
        names.append(one["name"])
    need(len(names) == len(set(names)), where, "says one thing twice")
    return names


def check_file(one, where, refs):
    keys(one, where, ("type", "bom-ref", "name", "hashes"))
    need(one["type"] == "file", where, "is no file")
    text(one["name"], where)
    check_hashes(one["hashes"], where)
    add_reference(one["bom-ref"], where, refs)


def add_reference(reference, where, refs):
    text(reference, where)
    need(reference not in refs, where, "%s stands there twice" % reference)
    refs.add(reference)


def check_component(one, where, refs):
    keys(one, where, ("type", "bom-ref", "name", "version", "scope", "licenses", "purl",
                      "properties"), ("evidence", "components"))
    need(one["type"] in TYPES, where, "is of no known type")
    need(one["scope"] in SCOPES, where, "has no known scope")
    for key in ("name", "version"):
        text(one[key], where + "." + key)
    text(one["purl"], where, DEB)
    need(one["purl"] == one["bom-ref"], where, "is referred to by another name than its own")
    check_licenses(one["licenses"], where + ".licenses")
    names = check_properties(one["properties"], where + ".properties")
    need("sealwright:role" in names and "sealwright:source" in names, where, "does not say its role")
    add_reference(one["bom-ref"], where, refs)
    if "evidence" in one:
        keys(one["evidence"], where, ("licenses",))
        for found, at in items(one["evidence"]["licenses"], where + ".evidence", 1):
            keys(found, at, ("license",))
            keys(found["license"], at, ("name",))
            text(found["license"]["name"], at)
    for file, at in items(one.get("components", []), where + ".components"):
        check_file(file, at, refs)


def check_metadata(value, refs):
    keys(value, "metadata", ("timestamp", "lifecycles", "tools", "component", "properties"))
    text(value["timestamp"], "metadata.timestamp", TIME)
    need(value["lifecycles"] == [{"phase": "post-build"}], "metadata.lifecycles", "is another")
    keys(value["tools"], "metadata.tools", ("components",))
    for one, at in items(value["tools"]["components"], "metadata.tools", 1):
        keys(one, at, ("type", "name"), ("group",))
    check_properties(value["properties"], "metadata.properties")
    own = value["component"]
    keys(own, "component", ("type", "bom-ref", "name", "version", "licenses", "purl", "hashes"),
         ("pedigree",))
    need(own["name"] == "sealwright" and own["type"] == "application", "component", "is not ours")
    text(own["version"], "component.version")
    text(own["purl"], "component.purl", GENERIC)
    check_licenses(own["licenses"], "component.licenses")
    check_hashes(own["hashes"], "component.hashes")
    add_reference(own["bom-ref"], "component", refs)
    if "pedigree" in own:
        keys(own["pedigree"], "component.pedigree", ("commits",))
        for one, at in items(own["pedigree"]["commits"], "component.pedigree.commits", 1):
            keys(one, at, ("uid",))
            text(one["uid"], at, COMMIT)


def check_references(document, refs):
    seen = set()
    for one, at in items(document["dependencies"], "dependencies", 1):
        keys(one, at, ("ref", "dependsOn"))
        add_reference(one["ref"], at, seen)
        need(one["ref"] in refs, at, "%s is not in the list" % one["ref"])
        need(one["dependsOn"] == sorted(set(one["dependsOn"])), at, "is not sorted, or says twice")
        for target in one["dependsOn"]:
            need(target in refs, at, "%s is not in the list" % target)
            need(target != one["ref"], at, "needs itself")
    for one, at in items(document["compositions"], "compositions", 1):
        keys(one, at, ("aggregate", "dependencies"))
        need(one["aggregate"] in ("complete", "unknown"), at, "is of no known kind")
        for target in one["dependencies"]:
            need(target in refs, at, "%s is not in the list" % target)
    check_reachable(document)


def check_reachable(document):
    """Whatever is linked or loaded is reached from the program."""
    edges = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    reached, waiting = set(), ["sealwright"]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += edges.get(ref, [])
    for one in document["components"]:
        need(one["scope"] == "excluded" or one["bom-ref"] in reached, one["bom-ref"],
             "nothing needs it")
        need(one["scope"] != "excluded" or one["bom-ref"] not in reached, one["bom-ref"],
             "is a tool, and yet the program needs it")


def check(document):
    keys(document, "the document", ("bomFormat", "specVersion", "version", "serialNumber",
                                    "metadata", "components", "dependencies", "compositions"))
    need(document["bomFormat"] == "CycloneDX", "bomFormat", "is another")
    need(document["specVersion"] == "1.6", "specVersion", "is another")
    need(document["version"] == 1, "version", "is another")
    text(document["serialNumber"], "serialNumber", SERIAL)
    refs = set()
    check_metadata(document["metadata"], refs)
    for one, at in items(document["components"], "components", 1):
        check_component(one, at, refs)
    check_references(document, refs)


def check_binary(document, binary):
    """Each library of the program, by name and digest, and the program itself."""
    files = {file["name"]: file["hashes"][0]["content"] for one in document["components"]
             for file in one.get("components", []) if one["scope"] == "required"}
    own = document["metadata"]["component"]["hashes"][0]["content"]
    need(own == sbom_debian.sha256(binary), "component", "is another build of the program")
    for name, (path, _) in sorted(sbom_debian.closure(binary)[1].items()):
        need(name in files, "components", "%s is missing, which the program needs" % name)
        need(files[name] == sbom_debian.sha256(path), name, "is another file than the one here")


def unique(pairs):
    """JSON may hold a key twice, and readers disagree about which one counts."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Wrong("a key stands there twice")
    return made


def parse(content):
    try:
        return json.loads(content, object_pairs_hook=unique)
    except ValueError as wrong:
        raise Wrong("no JSON: %s" % wrong) from None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--binary")
    given = parser.parse_args()
    with open(given.file, encoding="utf-8") as f:
        document = parse(f.read())
    check(document)
    if given.binary:
        check_binary(document, given.binary)
    print("%s: %d packages, %d files, in order" % (os.path.basename(given.file), len(
        document["components"]), sum(len(c.get("components", [])) for c in document["components"])))


if __name__ == "__main__":
    try:
        main()
    except (Wrong, sbom_debian.Wrong) as wrong:
        sys.exit("sbom_check: %s" % wrong)
