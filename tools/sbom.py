#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom.py BINARY [--root DIR] [--output FILE | --licenses FILE | --check-licenses FILE]
The bill of materials of Sealwright itself, as CycloneDX 1.6 in JSON: what the program is really
linked with, with each library's package, license and SHA-256; what it starts or loads when asked;
and the tools that build and test it. The same inputs give the same bytes: the time is that of
SOURCE_DATE_EPOCH or of the commit, the serial number is made from the content.
--licenses writes docs/licenses.md; --check-licenses says whether that still is the truth."""
import argparse
import datetime
import json
import hashlib
import os
import re
import subprocess
import sys
import urllib.parse
import uuid

import sbom_debian
import sbom_licenses

# Loaded or started when somebody asks for it; nothing that the loader or readelf would show.
OPTIONAL = (("libtss2-tcti-device0", "loaded when the anchor is a TPM"),
            ("age", "started to encrypt and decrypt backups"),
            ("openssh-client", "ssh-keygen, started by approve --ssh"))
# What the compiler adds to every program.
STATIC = ("crtbeginS.o", "Scrt1.o")
ROLES = ("linked", "start-up code", "when asked", "build", "test")
SCOPES = {"linked": "required", "start-up code": "required", "when asked": "optional",
          "build": "excluded", "test": "excluded"}


def purl(info):
    version = urllib.parse.quote(info["Version"], safe=".-_~").replace("%3A", ":")
    return "pkg:deb/debian/%s@%s?arch=%s&distro=debian-%s" % (
        urllib.parse.quote(info["Package"], safe=".-_~"), version, info["Architecture"], distro())


def distro():
    with open("/etc/os-release", encoding="utf-8") as f:
        values = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
    if values.get("ID") != "debian":
        raise sbom_debian.Wrong("this is not Debian; the bill of materials is made there")
    return values["VERSION_ID"].strip('"')


class Materials:
    """Packages by name: fields, role, files with what each needs, and why."""

    def __init__(self, binary, root):
        self.packages, self.edges, self.missing = {}, {}, []
        self.direct, libraries = sbom_debian.closure(binary)
        files = {name: file for name, (file, _) in libraries.items()}
        static = {name: os.path.realpath(sbom_debian.run("cc", "-print-file-name=" + name).strip())
                  for name in STATIC}
        packages = sbom_debian.owners(list(files.values()) + list(static.values()))
        owners = {name: self.add_file(name, file, packages[file], "linked")
                  for name, file in sorted(files.items())}
        for name, (_, needs) in libraries.items():
            # A library of the same package is no dependency of the package.
            self.edges.setdefault(owners[name], set()).update(
                owners[n] for n in needs if n in owners and owners[n] != owners[name])
        self.top = {owners[name] for name in self.direct}
        self.top |= {self.add_file(name, file, packages[file], "start-up code")
                     for name, file in static.items()}
        for name, why in OPTIONAL:
            self.add_package(name, "when asked", why)
        for role, array in (("build", "BUILD_PACKAGES"), ("test", "TEST_PACKAGES")):
            for name in sbom_debian.listed(root, array):
                self.add_package(name, role, None)
        self.describe()
        self.top |= {name for name, _ in OPTIONAL if name in self.packages}

    def add_file(self, name, file, package, role):
        plain = package.split(":")[0]
        self.add_package(package, role, None)
        self.packages[plain]["files"][name] = file
        return plain

    def add_package(self, package, role, why):
        self.packages.setdefault(package.split(":")[0], {"asked": package, "role": role,
                                                         "why": why, "files": {}})

    def describe(self):
        found = sbom_debian.describe([one["asked"] for one in self.packages.values()])
        for name, one in list(self.packages.items()):
            if name in found:
                one["info"] = found[name]
            elif one["role"] in ("linked", "start-up code", "build"):
                raise sbom_debian.Wrong("%s is not installed" % name)
            else:
                del self.packages[name]
                self.missing.append(name)

    def judge(self, allowed):
        for name, one in sorted(self.packages.items()):
            tool = one["role"] in ("when asked", "build", "test")
            one["license"], one["found"] = sbom_licenses.judge(
                allowed, name, one["info"]["source:Package"], tool)
        # With a package missing, its lines would look as if nothing needed them.
        if allowed.unused and not self.missing:
            raise sbom_licenses.Wrong("tools/licenses_allow.txt: nothing needs %s" % ", ".join(
                "line %d (%s)" % (line, " ".join(key))
                for key, line in sorted(allowed.unused.items(), key=lambda item: item[1])))


def properties(**values):
    return [{"name": "sealwright:" + key.replace("_", "-"), "value": value}
            for key, value in sorted(values.items()) if value]


def component(name, one):
    info, reference = one["info"], purl(one["info"])
    made = {"type": "application" if one["role"] in ("build", "test", "when asked") and
            not name.startswith("lib") else "library",
            "bom-ref": reference, "name": name, "version": info["Version"],
            "scope": SCOPES[one["role"]], "licenses": [{"expression": one["license"]}],
            "purl": reference,
            "properties": properties(role=one["role"], why=one["why"],
                                     source=info["source:Package"],
                                     source_version=info["source:Version"])}
    if one["found"]:
        made["evidence"] = {"licenses": [{"license": {"name": n}} for n in one["found"]]}
    files = [{"type": "file", "bom-ref": "%s#%s" % (reference, soname), "name": soname,
              "hashes": [{"alg": "SHA-256", "content": sbom_debian.sha256(path)}]}
             for soname, path in sorted(one["files"].items())]
    if files:
        made["components"] = files
    return made


def git(root, *arguments):
    done = subprocess.run(["git", "-C", root, *arguments], stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.DEVNULL)
    return done.stdout.decode().strip() if done.returncode == 0 else None


def ourselves(binary, root, commit):
    with open(os.path.join(root, "meson.build"), encoding="utf-8") as f:
        version = re.search(r"\bversion : '([^']+)'", f.read()).group(1)
    made = {"type": "application", "bom-ref": "sealwright", "name": "sealwright",
            "version": version, "licenses": [{"expression": "Apache-2.0"}],
            "purl": "pkg:generic/sealwright@%s" % version,
            "hashes": [{"alg": "SHA-256", "content": sbom_debian.sha256(binary)}]}
    if commit:
        made["pedigree"] = {"commits": [{"uid": commit}]}
    return made


def document(binary, root, materials, commit, seconds):
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    packages = materials.packages
    refs = {name: purl(one["info"]) for name, one in packages.items()}
    ships = sorted(n for n, one in packages.items() if SCOPES[one["role"]] != "excluded")
    tools = sorted(n for n in packages if n not in ships)
    made = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "lifecycles": [{"phase": "post-build"}],
                         "tools": {"components": [{"type": "application", "name": "sbom.py",
                                                   "group": "sealwright"}]},
                         "component": ourselves(binary, root, commit),
                         "properties": properties(not_described=" ".join(materials.missing))},
            "components": [component(name, packages[name]) for name in ships + tools],
            "dependencies": [{"ref": "sealwright",
                              "dependsOn": sorted(refs[n] for n in materials.top)}] +
                            [{"ref": refs[n],
                              "dependsOn": sorted(refs[d] for d in materials.edges[n])}
                             for n in ships if n in materials.edges],
            # Programs and their plug-ins may load more; of those we say only that we do not know.
            "compositions": [{"aggregate": "complete", "dependencies": ["sealwright"]},
                             {"aggregate": "unknown", "dependencies": sorted(
                                 refs[n] for n in packages if n not in materials.edges)}]}
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).digest()
    made["serialNumber"] = "urn:uuid:%s" % uuid.UUID(bytes=digest[:16], version=5)
    return made


def licenses_page(materials, allowed):
    """docs/licenses.md: by source package, without versions, which every security update changes."""
    text = ["# Licenses of what Sealwright is made of", "",
            "Made by `./sbom --licenses` from the built program and the copyright files of Debian's packages; `./test` says when it is no",
            "longer true. What may stand here, and why, is in `tools/licenses_allow.txt`. Versions and digests are in the bill of materials",
            "that `./sbom` writes. Sealwright itself is under the Apache License 2.0 and passes none of these packages on."]
    titles = {"linked": "Linked with the program", "start-up code": "Put into the program by the compiler",
              "when asked": "Loaded or started when somebody asks for it",
              "build": "Builds the program", "test": "Tests the program"}
    for role in ROLES:
        rows = {}
        for name, one in materials.packages.items():
            if one["role"] == role:
                source = one["info"]["source:Package"]
                line = sbom_licenses.source_key(allowed, name, source)
                reason = allowed.source[line][2] if line else ""
                rows.setdefault((source, one["license"], "; ".join(
                    part for part in (one["why"], reason) if part)), []).append(name)
        text += ["", "## " + titles[role], "", "| source | packages | license | remarks |", "|---|---|---|---|"]
        text += ["| %s | %s | %s | %s |" % (source, ", ".join(sorted(names)), license_name, why)
                 for (source, license_name, why), names in sorted(rows.items())]
    return "\n".join(text) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("binary")
    parser.add_argument("--root", default=os.path.join(os.path.dirname(__file__), ".."))
    parser.add_argument("--allow", help="another tools/licenses_allow.txt")
    parser.add_argument("--commit", help="the commit, where the sources are not in git")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--output", help="where the bill of materials goes (default: standard output)")
    what.add_argument("--licenses", metavar="FILE", help="write the page of licenses")
    what.add_argument("--check-licenses", metavar="FILE", help="compare the page of licenses")
    return parser.parse_args()


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def main():
    given = arguments()
    root = os.path.abspath(given.root)
    commit = given.commit or git(root, "rev-parse", "HEAD")
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or git(root, "log", "-1", "--format=%ct")
    if not seconds:
        raise sbom_debian.Wrong("no time: neither a git commit nor SOURCE_DATE_EPOCH")
    with open(given.allow or os.path.join(root, "tools", "licenses_allow.txt"),
              encoding="utf-8") as f:
        allowed = sbom_licenses.Allowed(f.read())
    materials = Materials(given.binary, root)
    materials.judge(allowed)
    if materials.missing:
        sys.stderr.write("sbom: not installed, so not described: %s\n" % " ".join(materials.missing))
    page = licenses_page(materials, allowed)
    if given.licenses:
        write(given.licenses, page)
    elif given.check_licenses:
        if materials.missing:
            raise sbom_debian.Wrong("the page of licenses needs every package")
        with open(given.check_licenses, encoding="utf-8") as f:
            if f.read() != page:
                raise sbom_debian.Wrong("%s is not what ./sbom --licenses writes" %
                                        given.check_licenses)
    else:
        text = json.dumps(document(given.binary, root, materials, commit, int(seconds)), indent=1,
                          sort_keys=True, ensure_ascii=False) + "\n"
        if given.output:
            write(given.output, text)
        else:
            sys.stdout.write(text)


if __name__ == "__main__":
    try:
        main()
    except (sbom_debian.Wrong, sbom_licenses.Wrong) as wrong:
        sys.exit("sbom: %s" % wrong)
