#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom_test.py BINARY ROOT: the bill of materials of the program as it was built. That it is right is
one case; the others forge it, and the checker must say no."""
import copy
import functools
import os
import subprocess
import sys
import tempfile
import unittest

BINARY, ROOT = (os.path.abspath(path) for path in sys.argv[1:3])
sys.path.insert(0, os.path.join(ROOT, "tools"))
import sbom_check  # noqa: E402
import sbom_debian  # noqa: E402
import sbom_licenses  # noqa: E402

# The program does not change while we look at it dozens of times.
sbom_debian.closure = functools.lru_cache(sbom_debian.closure)
sbom_debian.sha256 = functools.lru_cache(sbom_debian.sha256)
sbom_debian.copyright_text = functools.lru_cache(sbom_debian.copyright_text)
sbom_debian.stanzas = functools.lru_cache(sbom_debian.stanzas)
COMMIT = "0123456789" * 4
# What may have these keys need not.
OPTIONAL = ("evidence", "components", "pedigree", "group")


def make(*words, **env):
    return subprocess.run([sys.executable, os.path.join(ROOT, "tools", "sbom.py"), BINARY, "--root",
                           ROOT, "--commit", COMMIT, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False,
                          env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **env})


def allow_list():
    with open(os.path.join(ROOT, "tools", "licenses_allow.txt"), encoding="utf-8") as f:
        return f.read()


def places(value, path=()):
    """Every key of every object inside, as a path."""
    if isinstance(value, dict):
        for key in value:
            yield path + (key,)
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, path + (number,))


def few(document):
    """Every key of the document, but of long lists only of the first of each kind."""
    seen = {}
    for path in places(document):
        if path[0] == "components" and len(path) > 1:
            kind = document["components"][path[1]]["scope"]
            if seen.setdefault(kind, path[1]) != path[1]:
                continue
        if path[0] == "dependencies" and len(path) > 1 and path[1] > 1:
            continue
        yield path


def at(value, path):
    for step in path:
        value = value[step]
    return value


class Forged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = make()
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        cls.text = done.stdout.decode()
        cls.good = sbom_check.parse(cls.text)

    def refused(self, forged, binary=False):
        with self.assertRaises(sbom_check.Wrong):
            sbom_check.check(forged)
            if binary:
                sbom_check.check_binary(forged, BINARY)

    def component(self, scope, document=None):
        return next(c for c in (document or self.good)["components"] if c["scope"] == scope)

    def test_the_bill_is_in_order_and_holds_every_library_of_the_program(self):
        sbom_check.check(self.good)
        sbom_check.check_binary(self.good, BINARY)
        named = {file["name"] for one in self.good["components"]
                 for file in one.get("components", [])}
        for name in sbom_debian.needed(BINARY):
            self.assertIn(name, named)

    def test_the_same_inputs_give_the_same_bytes(self):
        self.assertEqual(make().stdout.decode(), self.text)
        self.assertEqual(make(TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7").stdout.decode(),
                         self.text)

    def test_another_time_or_commit_is_another_bill(self):
        for other in (make(SOURCE_DATE_EPOCH="1700000001"), make("--commit", "a" * 40)):
            self.assertEqual(other.returncode, 0)
            self.assertNotEqual(sbom_check.parse(other.stdout)["serialNumber"],
                                self.good["serialNumber"])

    def test_every_library_that_is_left_out_is_noticed(self):
        for one, component in enumerate(self.good["components"]):
            if component["scope"] != "required":
                continue
            for number, file in enumerate(component.get("components", [])):
                if file["name"].endswith(".o") or file["name"].startswith("ld-linux"):
                    continue
                forged = copy.deepcopy(self.good)
                del forged["components"][one]["components"][number]
                with self.subTest(file["name"]):
                    sbom_check.check(forged)  # by its shape alone it could stand
                    self.refused(forged, binary=True)

    def test_a_package_that_is_left_out_is_noticed(self):
        for number, component in enumerate(self.good["components"]):
            if component["scope"] == "excluded":
                continue
            forged = copy.deepcopy(self.good)
            del forged["components"][number]
            with self.subTest(component["name"]):
                self.refused(forged)

    def test_another_file_under_a_librarys_name_is_noticed(self):
        forged = copy.deepcopy(self.good)
        file = next(f for c in forged["components"] for f in c.get("components", [])
                    if f["name"].startswith("libcrypto"))
        file["hashes"][0]["content"] = "0" * 64
        sbom_check.check(forged)
        self.refused(forged, binary=True)

    def test_another_program_is_noticed(self):
        with self.assertRaises(sbom_check.Wrong):
            sbom_check.check_binary(self.good, "/bin/true")

    def test_no_key_may_be_missing(self):
        for path in few(self.good):
            if path[-1] in OPTIONAL:
                continue
            forged = copy.deepcopy(self.good) if len(path) < 3 else self.with_copy(path[:2])
            del at(forged, path[:-1])[path[-1]]
            with self.subTest(path):
                self.refused(forged)

    def test_no_key_may_be_added(self):
        objects = {path[:-1] for path in few(self.good)}
        for path in objects:
            forged = copy.deepcopy(self.good) if len(path) < 2 else self.with_copy(path[:2])
            at(forged, path)["x-note"] = "x"
            with self.subTest(path):
                self.refused(forged)

    def with_copy(self, path):
        """The document with only the part at `path` copied: thousands of whole ones take long."""
        forged = dict(self.good)
        forged[path[0]] = copy.copy(forged[path[0]])
        forged[path[0]][path[1]] = copy.deepcopy(forged[path[0]][path[1]])
        return forged

    def test_values_of_another_shape_are_refused(self):
        for path, values in (
                (("serialNumber",), ("urn:uuid:1", "", None, 7)),
                (("specVersion",), ("1.5", 1.6)),
                (("version",), (2, "1")),
                (("metadata", "timestamp"), ("2024-01-01", "2024-01-01T00:00:00+01:00", 0)),
                (("metadata", "component", "hashes", 0, "content"), ("ab", "A" * 64, 5)),
                (("metadata", "component", "hashes", 0, "alg"), ("MD5", "sha256")),
                (("metadata", "component", "pedigree", "commits", 0, "uid"), ("HEAD", "a" * 39)),
                (("components",), ([], {}, None)),
                (("components", 0, "scope"), ("needed", None)),
                (("components", 0, "type"), ("machine", None)),
                (("components", 0, "purl"), ("pkg:deb/debian/x", "pkg:npm/x@1", "")),
                (("components", 0, "version"), ("", " 1", None)),
                (("components", 0, "licenses"), ([], [{"expression": "MIT AND"}],
                                                 [{"expression": "MIT"}, {"expression": "MIT"}],
                                                 [{"expression": "MIT or later"}])),
                (("dependencies",), ([], None)),
                (("compositions", 0, "aggregate"), ("whole", None))):
            for value in values:
                forged = copy.deepcopy(self.good)
                at(forged, path[:-1])[path[-1]] = value
                with self.subTest(path=path, value=value):
                    self.refused(forged)

    def test_references_lead_somewhere_and_once(self):
        def twice(document):
            document["components"].append(copy.deepcopy(document["components"][0]))

        def nowhere(document):
            document["dependencies"][0]["dependsOn"] = ["pkg:deb/debian/none@1?arch=amd64&distro=debian-12"]

        def itself(document):
            document["dependencies"][1]["dependsOn"] = [document["dependencies"][1]["ref"]]

        def cut_off(document):
            document["dependencies"] = document["dependencies"][:1]

        def needs_a_tool(document):
            tool = self.component("excluded", document)["bom-ref"]
            row = document["dependencies"][0]
            row["dependsOn"] = sorted(row["dependsOn"] + [tool])

        def hidden(document):
            self.component("required", document)["scope"] = "excluded"

        for forge in (twice, nowhere, itself, cut_off, needs_a_tool, hidden):
            forged = copy.deepcopy(self.good)
            forge(forged)
            with self.subTest(forge.__name__):
                self.refused(forged)

    def test_a_key_that_stands_twice_is_refused(self):
        forged = self.text.replace('"specVersion": "1.6"', '"specVersion": "1.6", "specVersion": "1.6"')
        self.assertNotEqual(forged, self.text)
        for text in (forged, self.text[:-3], "", "[1"):
            self.assertRaises(sbom_check.Wrong, sbom_check.parse, text)


class Licenses(unittest.TestCase):
    def refused(self, allow, wanted, *words):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
            f.write(allow)
            f.flush()
            done = make("--allow", f.name, *words)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(wanted, done.stderr.decode())
        self.assertEqual(done.stdout, b"")

    def test_the_page_of_licenses_says_what_the_packages_say(self):
        done = make("--check-licenses", os.path.join(ROOT, "docs", "licenses.md"))
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_a_page_that_says_something_else_is_noticed(self):
        with open(os.path.join(ROOT, "docs", "licenses.md"), encoding="utf-8") as f:
            text = f.read()
        with tempfile.NamedTemporaryFile("w", suffix=".md") as f:
            f.write(text.replace("LGPL-2.1-or-later", "MIT"))
            f.flush()
            self.assertNotEqual(make("--check-licenses", f.name).returncode, 0)

    def test_every_line_of_the_list_is_needed(self):
        lines = allow_list().split("\n")
        whole = self.judge_all(sbom_licenses.Allowed("\n".join(lines)))
        for number, line in enumerate(lines):
            if not line or line.startswith("#"):
                continue
            allowed = sbom_licenses.Allowed("\n".join(lines[:number] + lines[number + 1:]))
            with self.subTest(line[:60]):
                try:
                    # Where a package has a line of its own, that of its source would say another.
                    self.assertNotEqual(self.judge_all(allowed), whole)
                except sbom_licenses.Wrong:
                    pass

    packages = None

    def judge_all(self, allowed):
        if Licenses.packages is None:
            text = make().stdout
            Licenses.packages = []
            for one in sbom_check.parse(text)["components"]:
                values = {p["name"]: p["value"] for p in one["properties"]}
                tool = values["sealwright:role"] in ("when asked", "build", "test")
                Licenses.packages.append((one["name"], values["sealwright:source"], tool))
        return [sbom_licenses.judge(allowed, *package) for package in Licenses.packages]

    def test_a_license_that_nobody_allowed_stops_the_bill(self):
        without = "\n".join(line for line in allow_list().split("\n")
                            if not line.startswith("license | PostgreSQL "))
        self.refused(without, "nobody allowed the license PostgreSQL")

    def test_a_line_that_nothing_needs_is_an_error(self):
        self.refused(allow_list() + "license | Foo-1 | Foo-1.0 | nobody uses it\n", "nothing needs")
        self.refused(allow_list() + "beside | zlib | Foo-1 | nothing\n", "nothing needs")

    def test_a_copyright_file_that_says_something_else_now_is_noticed(self):
        changed = allow_list().replace("| License of the librtmp library |", "| License of nothing |")
        self.refused(changed, "no longer says")

    def test_lines_that_are_none_are_refused(self):
        for line in ("license", "license | A | B", "license | A | B | c | d", "other | A | B | c",
                     "license | A | B AND | c", "license | A | (B | c", "license | | B | c",
                     "source | A | B | c", "license | A | B or C | d"):
            with self.subTest(line):
                self.assertRaises(sbom_licenses.Wrong, sbom_licenses.Allowed, line)
        twice = "license | A | B | c\nlicense | A | B | c\n"
        self.assertRaises(sbom_licenses.Wrong, sbom_licenses.Allowed, twice)

    def test_one_half_of_a_choice_is_enough_and_all_of_a_sum_are_needed(self):
        allowed = sbom_licenses.Allowed("license | A | MIT | c\nlicense | B | ISC | c\n")
        for name, expression in (("A", "MIT"), ("A or X", "MIT"), ("X or B", "ISC"),
                                 ("A and B", "MIT AND ISC"), ("A or B", "MIT OR ISC"),
                                 ("A and B, or X", "(MIT AND ISC)"), ("X", None), ("A and X", None),
                                 ("X and A or X and B", None)):
            with self.subTest(name):
                self.assertEqual(sbom_licenses.translate(name, [allowed.license]), expression)


class Machine(unittest.TestCase):
    def test_what_is_no_program_has_no_bill(self):
        with tempfile.NamedTemporaryFile("w") as f:
            f.write("no program")
            f.flush()
            self.assertRaises(sbom_debian.Wrong, sbom_debian.closure, f.name)

    def test_a_file_of_nobody_is_an_error(self):
        with tempfile.NamedTemporaryFile() as f:
            self.assertRaises(sbom_debian.Wrong, sbom_debian.owners, [f.name])
        found = sbom_debian.owners(["/bin/ls"])
        self.assertEqual(found, {"/bin/ls": "coreutils"})

    def test_a_copyright_file_is_read_by_its_paragraphs(self):
        head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        text = (head + "\nFiles: *\nCopyright: a\nLicense: Expat\n Free of charge: yes\n"
                "\nFiles: a.c\n b.c\nLicense: ISC\n\nLicense: ISC\n Text\n")
        self.assertEqual(sbom_debian.stanzas(text), [("*", "Expat"), ("a.c b.c", "ISC")])
        self.assertIsNone(sbom_debian.stanzas("This package was made by\n\nFiles: *\nLicense: MIT\n"))


def main():
    result = unittest.TextTestRunner(verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (max(0, result.testsRun - failed), failed))
    sys.exit(1 if failed or not result.testsRun else 0)


if __name__ == "__main__":
    main()
