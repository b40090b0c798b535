#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tools that guard the house must themselves say no: most cases here are refusals."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))
import attacks  # noqa: E402
import bench_table  # noqa: E402
import house  # noqa: E402
import invariants  # noqa: E402
import layers  # noqa: E402
import message_uses  # noqa: E402
import messages  # noqa: E402
import rules  # noqa: E402
import run_tests  # noqa: E402
import words  # noqa: E402

GOOD = "[SEAL_BROKEN]\ncode = refused\ntext = Seal {seal} is broken.\nfix = Take another.\n"


class Messages(unittest.TestCase):
    def test_a_message_is_read_whole(self):
        self.assertEqual(messages.parse("a.txt", "# note\n\n" + GOOD, {}),
                         [{"id": "SEAL_BROKEN", "code": "refused",
                           "text": "Seal {seal} is broken.", "fix": "Take another."}])

    def test_what_is_not_a_message_is_refused(self):
        wrong = {
            "unknown key": GOOD + "note = x\n",
            "key twice": GOOD + "code = io\n",
            "no text": "[A_B]\ncode = io\n",
            "no text before the next": "[A_B]\ncode = io\n" + GOOD,
            "no code": "[A_B]\ntext = x\n",
            "unknown code": GOOD.replace("refused", "rejected"),
            "id twice": GOOD + GOOD,
            "lower-case id": GOOD.replace("SEAL", "seal"),
            "value before the first id": "code = io\n" + GOOD,
            "no value": "[A_B]\ncode = \ntext = x\n",
            "second line of a text": GOOD + "and more\n",
            "brace that is no name": GOOD.replace("{seal}", "{seal"),
            "empty braces": GOOD.replace("{seal}", "{}"),
            "upper-case name": GOOD.replace("{seal}", "{Seal}"),
            "tab": GOOD.replace("Seal {", "Seal\t{"),
            "carriage return": GOOD.replace("\n", "\r\n"),
            "too long": GOOD.replace("broken", "b" * 500),
            "id with a blank": GOOD.replace("SEAL_BROKEN", "SEAL BROKEN"),
        }
        for name, text in wrong.items():
            with self.subTest(name):
                self.assertRaises(messages.Wrong, messages.parse, "a.txt", text, {})

    def test_an_id_stands_in_one_file_only(self):
        seen = {}
        messages.parse("a.txt", GOOD, seen)
        with self.assertRaisesRegex(messages.Wrong, "a.txt:1"):
            messages.parse("b.txt", GOOD, seen)

    def test_the_table_is_plain_ascii_whatever_the_text(self):
        made = messages.table(messages.parse("a.txt", GOOD.replace("another", "\"é\\ ??/"), {}))
        self.assertTrue(made.isascii())
        self.assertIn('\\042\\303\\251\\134 \\077\\077/', made)


class Layers(unittest.TestCase):
    def setUp(self):
        self.layers = layers.read_layers(os.path.join(ROOT, "docs", "layers.txt"))

    def why(self, top, path, target):
        return layers.wrong_with(ROOT, self.layers, top, path, target)

    def test_arrows_point_down(self):
        self.assertIsNone(self.why("src", "base/error.h", "core/bytes.h"))
        self.assertIsNone(self.why("src", "ledger/ledger.c", "db/db.h"))
        self.assertIsNone(self.why("src", "cli/main.c", "signer/signer.h"))
        self.assertIsNone(self.why("src", "domain/custody/custody_types.c", "record/type.h"))

    def test_arrows_never_point_up_or_sideways(self):
        for top, path, target in (
                ("lib", "core/merkle.c", "base/error.h"),
                ("src", "base/error.c", "db/db.h"),
                ("src", "db/db.c", "ledger/ledger.h"),
                ("src", "ledger/ledger.c", "record/type.h"),
                ("src", "signer/signer.c", "db/db.h"),
                ("src", "record/codec.c", "server/http.h"),
                ("src", "domain/part/part_types.c", "db/nothing.h"),
                ("src", "domain/part/part_types.c", "signer/signer.h"),
                ("src", "newroom/a.c", "base/error.h"),
                ("src", "base/error.c", "nothing.h")):
            with self.subTest(path + " " + target):
                self.assertIsNotNone(self.why(top, path, target))

    def test_an_area_never_sees_another(self):
        with tempfile.TemporaryDirectory() as root:
            for area in ("part", "custody"):
                os.makedirs(os.path.join(root, "src", "domain", area))
                open(os.path.join(root, "src", "domain", area, area + ".h"), "w").close()

            def why(path, target):
                return layers.wrong_with(root, self.layers, "src", path, target)
            self.assertIsNone(why("domain/part/part_types.c", "domain/part/part.h"))
            self.assertIsNone(why("domain/registry.c", "domain/part/part.h"))
            self.assertIn("area custody", why("domain/part/part_types.c",
                                              "domain/custody/custody.h"))


class Words(unittest.TestCase):
    def wrong(self, text, engineers=False):
        return [word for word, _ in words.wrong_words(text, engineers)]

    def test_bare_words_of_the_right_column_are_found(self):
        for text in ("The lot is on hold.", "Two lots came.", "a production order",
                     "this order is closed", "The flash ticket", "no credits left",
                     "the mass balance", "The quote is stale.", "reference value", "an observation",
                     "a finding", "an alarm", "Release the hold first.", "the hold is released",
                     "This release is withdrawn.", "Release {release} is unknown.",
                     "The certificate has expired.", "two certificates", "The carrier lost it.",
                     "the router", "the ledger", "it was folded", "unauthorised", "serialised"):
            with self.subTest(text):
                self.assertNotEqual(self.wrong(text), [])

    def test_the_right_words_pass(self):
        for text in ("The part lot is on hold.", "the production batch", "the purchase order",
                     "in order to build", "the order of the steps", "a programming permit",
                     "TPM quote", "known-good value", "audit finding", "Lift the hold first.",
                     "This firmware release is withdrawn.", "Firmware release {release} is unknown.",
                     "Release the image.", "the device certificate", "conformance certificates",
                     "client certificate", "the freight carrier", "the traveler",
                     "the evidence log", "a slot", "allotted", "recorded twice"):
            with self.subTest(text):
                self.assertEqual(self.wrong(text), [])

    def test_engineers_may_speak_of_the_ledger(self):
        self.assertEqual(self.wrong("The ledger folds it.", engineers=True), [])
        self.assertNotEqual(self.wrong("The lot is on hold.", engineers=True), [])

    def test_only_the_help_of_a_field_is_looked_at(self):
        text = ('\tFIELD(lot_received, lot, REQUIRED, "number of the lot"),\n'
                '\tLIST(a, lots, OPTIONAL, lot_fields, struct lot, 4, "part lots"),\n'
                '\t{.name = "lot.received", .help = "a lot "\n\t\t"came"},\n')
        self.assertEqual(list(words.help_texts(text)),
                         [(1, "number of the lot"), (2, "part lots"), (3, "a lot came")])

    def test_the_command_line_is_read_where_it_speaks(self):
        text = '#include "a b.h"\n\nprintf("the lot %s "\n       "came\\n");\nf("plain");\n'
        said = list(words.command_texts(text))
        self.assertEqual([line for line, _ in said], [3])
        self.assertEqual(self.wrong(said[0][1]), ["lot"])

    def test_code_in_documents_is_not_looked_at(self):
        text = "Say `lot` here.\n\n```\nlot\n```\n\nA lot\nof text.\n"
        self.assertEqual([w for _, t in words.document_texts(text) for w in self.wrong(t)],
                         ["lot"])


class Rules(unittest.TestCase):
    FIRST = "/* SPDX-License-Identifier: Apache-2.0 */\n"

    def wrong(self, body, path="src/a.c"):
        return [why for _, why in rules.wrong_in(path, body)]

    def test_clean_code_passes(self):
        for body in ("strcpy_s_like_name();", "/* strcpy() is banned */", '"atoi(x)"',
                     "x.system(1);", "my_rand(2);", "ref->gets(p);", "snprintf(a, n, f);",
                     "/* the system (disk) */"):
            with self.subTest(body):
                self.assertEqual(self.wrong(self.FIRST + body + "\n"), [])

    def test_banned_calls_are_found(self):
        for name in rules.BANNED:
            with self.subTest(name):
                self.assertEqual(self.wrong(self.FIRST + "x = %s(y);\n" % name),
                                 ["%s() is banned" % name])
        self.assertEqual(self.wrong(self.FIRST + "x = '\"'; strcat (a, b);\n"),
                         ["strcat() is banned"])

    def test_unfinished_work_paths_and_length_are_found(self):
        self.assertEqual(self.wrong(self.FIRST + "/* TO" + "DO */\n"), ["unfinished work"])
        self.assertEqual(self.wrong(self.FIRST + '"/wo' + 'rk/x"\n'), ["a path of one machine"])
        self.assertEqual(self.wrong("int a;\n"), ["the first line is not the license"])
        self.assertEqual(self.wrong("print(1)\n", "tools/a.py"), ["no license line"])
        self.assertEqual(len(self.wrong(self.FIRST + "\n" * 500)), 1)
        self.assertEqual(self.wrong(self.FIRST + "\n" * 499), [])


class Counting(unittest.TestCase):
    def test_cases_inside_a_program_are_counted(self):
        both = "[  PASSED  ] 7 test(s).\n[  FAILED  ] 2 test(s), listed below:\n"
        self.assertEqual(run_tests.count("[  PASSED  ] 7 test(s).\n", 0), (7, 0))
        self.assertEqual(run_tests.count(both, 2), (7, 2))
        self.assertEqual(run_tests.count(both + both, 4), (14, 4))
        self.assertEqual(run_tests.count("noise\n12 passed, 0 failed\n", 0), (12, 0))
        self.assertEqual(run_tests.count("3 passed, 1 failed\n12 passed, 4 failed\n", 1), (12, 4))

    def test_a_program_that_dies_has_failed(self):
        self.assertEqual(run_tests.count("", -11), (0, 1))
        self.assertEqual(run_tests.count("[  PASSED  ] 7 test(s).\n", -6), (7, 1))
        self.assertEqual(run_tests.count("12 passed, 0 failed\n", 1), (12, 1))

    def test_a_silent_program_is_one_case_and_a_skipped_one_none(self):
        self.assertEqual(run_tests.count("", 0), (1, 0))
        self.assertEqual(run_tests.count("no TPM here", 77), (0, 0))
        self.assertEqual(run_tests.count("say 12 passed, 0 failed here", 0), (1, 0))

    def test_a_program_that_hangs_is_stopped_with_its_children(self):
        output, status = run_tests.run({"cmd": ["/bin/sh", "-c", "echo begun; sleep 60 & wait"]}, 1)
        self.assertIn("begun", output)
        self.assertNotEqual(status, 0)


class Uses(unittest.TestCase):
    def test_raised_messages_are_found(self):
        found = message_uses.RAISED.findall(
            'return fail(f, "A_B", NULL); fail_path(f, e ? "C_D" : "X", p);\n'
            'fail_field(f, "parts[1]", "E_F", "name", "not this", NULL);\n'
            'TRY(other(f, "G_H"));\n')
        self.assertEqual(found, ["A_B", "C_D", "E_F"])

    def test_sections_name_their_messages(self):
        sql = "-- refuse a.b SEAL_GONE\n-- flag a.b SEAL_LATE\n-- fold a.b\n--- refuse x Y\n"
        self.assertEqual(message_uses.SECTION.findall(sql), ["SEAL_GONE", "SEAL_LATE"])
        self.assertEqual(message_uses.CONTROL.findall("-- control RCV-01 gate:receive\n"),
                         ["RCV-01"])


class Promises(unittest.TestCase):
    def test_a_name_in_the_threat_model_is_one_of_several_words_in_backquotes(self):
        text = "(a) `one_more_unit`, `ledger succeed`, `doctor`, one_more_word, `build/x_y`, `A_B_C`"
        self.assertEqual(invariants.promised(text), ["one_more_unit"])

    def test_an_attack_that_nobody_tries_is_noticed(self):
        with tempfile.TemporaryDirectory() as root:
            for folder in ("docs", "tests"):
                os.mkdir(os.path.join(root, folder))
            put(root, "docs/invariants.md", "| L1 | It holds. | `a_test_of_it` |\n")
            put(root, "tests/a_test.c", "static void a_test_of_it(void **state)\n")
            for threats, good in (("`a_test_of_it`", True), ("`nobody_tries_it`", False),
                                  ("", False)):
                put(root, "docs/threat-model.md", threats)
                done = subprocess.run([sys.executable, invariants.__file__, root], check=False,
                                      stdout=subprocess.PIPE)
                self.assertEqual(done.returncode == 0, good, threats)


def put(root, path, text):
    with open(os.path.join(root, path), "w", encoding="utf-8") as f:
        f.write(text)


class Attacks(unittest.TestCase):
    FILES = {
        "src/base/checks.h": "enum check { CHECK_NONE, CHECK_SIGNER_QUOTA };\n",
        "src/signer/issue.c": "if (!check_left_out(CHECK_SIGNER_QUOTA)) {}\n",
        "tests/attacks/units.c": "".join(
            '{\'%s\', "attack %s",\n run, "M_%s", CHECK_SIGNER_QUOTA, 0},\n' % (x, x, x.upper())
            for x in attacks.LETTERS),
        "docs/attacks.md": "".join(
            "| (%s) what | `M_%s` |\n" % (x, x.upper()) for x in attacks.LETTERS),
    }

    def judged(self, name=None, old="", new=""):
        """What is wrong when one file says something else."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in self.FILES.items():
                whole = os.path.join(root, path)
                os.makedirs(os.path.dirname(whole), exist_ok=True)
                if path == name:
                    self.assertIn(old, text)
                    text = text.replace(old, new)
                with open(whole, "w", encoding="utf-8") as f:
                    f.write(text)
            return attacks.judge(root)[0]

    def test_a_whole_list_is_right(self):
        self.assertEqual(self.judged(), [])

    def test_what_is_missing_is_named(self):
        self.assertEqual(self.judged("src/base/checks.h", "QUOTA", "QUOTA, CHECK_SIGNER_KEY"),
                         ["CHECK_SIGNER_KEY is asked nowhere",
                          "CHECK_SIGNER_KEY is left out by no attack"])
        self.assertEqual(self.judged("src/signer/issue.c", "CHECK_SIGNER_QUOTA", "true"),
                         ["CHECK_SIGNER_QUOTA is asked nowhere"])
        self.assertEqual(self.judged("tests/attacks/units.c", "{'c',", "{'d',"),
                         ["attack (c) is not there", "docs/attacks.md: row (d) does not say M_C"])
        self.assertEqual(self.judged("docs/attacks.md", "M_K", "M_L"),
                         ["docs/attacks.md: row (k) does not say M_K"])
        self.assertEqual(self.judged("tests/attacks/units.c", "attack b", "attack a"),
                         ["two attacks are called 'attack a'"])


class Measures(unittest.TestCase):
    def test_functions_are_measured_between_braces_in_the_first_column(self):
        text = "int a(void)\n{\n\treturn 1;\n}\n\nstruct x {\n\tint y;\n};\nint b(void)\n{\n}\n"
        self.assertEqual(house.functions(text.split("\n")), [1, 0])

    def test_a_line_of_a_benchmark_becomes_a_row(self):
        self.assertEqual(
            bench_table.row("P3 sqlite n=1000 value=512000 unit=entries/s limit=1e6 ratio=0.51 p99=3"),
            ("P3", "sqlite", "1,000", "512,000", "entries/s", "1,000,000", "0.51", "p99=3"))
        for line in ("", "measuring", "n=1 value=2 unit=3", "P3 sqlite n=4"):
            self.assertIsNone(bench_table.row(line))


def main():
    result = unittest.TextTestRunner(verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (max(0, result.testsRun - failed), failed))
    sys.exit(1 if failed or not result.testsRun else 0)


if __name__ == "__main__":
    main()
