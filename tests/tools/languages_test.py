#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Languages that say something else than English are found: each difference is tried."""
import os
import re
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))
import console_messages  # noqa: E402
import console_names  # noqa: E402
import message_languages  # noqa: E402
import messages  # noqa: E402

# What the languages are checked against: one type with a list, one view, one control.
TREE = {
    "src/domain/seal/seal_types.c": """
static const struct field part[] = {
	FIELD(part, piece, REQUIRED, "its name"),
	{0},
};
static const struct field made[] = {
	SIZED(made, maker, REQUIRED, 2 * (3 + 4),
	      "who made "
	      "it, or (who knows)"),
	LIST(made, parts, OPTIONAL, part, struct part, 9, "of what"),
	/* version 2 */
	{0},
};
#define ROW(type, may)                                       \\
	.version = 2, .permission = may, .approval = "seal.make", \\
	.fields = type
static const struct record_type types[] = {
	{.name = "seal.made",
	 ROW(made, "seal.write"),
	 .help = "a seal"},
	{0},
};
""",
    "src/domain/seal/seal.sql": """
--- Why.

-- table seal key id
id TEXT NOT NULL
who TEXT
index who

-- view seal.list seal.read maker:id global
--- Why.
SELECT s.id, s.who AS maker_name FROM seal s
WHERE :maker IS NULL OR s.who = :maker ORDER BY s.id;
""",
    "src/domain/policy/controls.c": """
const struct known_control CONTROLS[] = {
	{"GOV-01", "all", "policy", 1},
};
""",
    "messages/en/a.txt": """
[SEAL_BROKEN]
code = refused
text = Seal {seal} is broken.
fix = Take another.
""",
    "messages/zh/a.txt": """
[SEAL_BROKEN]
text = 封签 {seal} 已破损。
fix = 请换一个。
""",
    "messages/console/en/page.txt": """
# note
page.title = Seals
page.form = JSON
page.run = `sealwright seal`
page.rows.one = {n} row
page.rows.other = {n} rows
page.name = Sealwright
""",
    "messages/console/zh/page.txt": """
page.title = 封签
page.form = JSON
page.run = `sealwright seal`
page.rows.other = {n} 行
page.name = Sealwright
""",
    "messages/console/en/types.txt": """
view.seal.list = Seals
column.id = Id
column.maker_name = Maker
column.maker = Maker
permission.seal.read = see
permission.seal.write = write
permission.seal.make.approve = approve
permission.gate.ask = ask
control.GOV-01 = Policy
""",
    "messages/console/zh/types.txt": """
type.seal.made = 封签
field.seal.made.maker = 谁
field.seal.made.parts = 何物
field.seal.made.parts.piece = 名称
view.seal.list = 封签
column.id = 编号
column.maker_name = 制造商
column.maker = 制造商
permission.seal.read = 查看
permission.seal.write = 写
permission.seal.make.approve = 批准
permission.gate.ask = 询问
control.GOV-01 = 政策
""",
}
EN, ZH = "messages/en/a.txt", "messages/zh/a.txt"
PAGE = "messages/console/zh/page.txt"
ENGLISH_TYPES, TYPES = "messages/console/en/types.txt", "messages/console/zh/types.txt"
DIFFERENCES = (
    (ZH, TREE[ZH], "", "messages/zh/a.txt lacks SEAL_BROKEN"),
    (EN, TREE[EN], "", "messages/zh/a.txt has SEAL_BROKEN, which English has not"),
    (ZH, "fix = 请换一个。\n", "", "messages/zh/a.txt lacks SEAL_BROKEN fix"),
    (EN, "fix = Take another.\n", "", "a.txt has SEAL_BROKEN fix, which English has not"),
    (ZH, "{seal}", "", "SEAL_BROKEN text has the places -, and English has {seal}"),
    (ZH, "{seal}", "{seal} {maker}", "SEAL_BROKEN text has the places {maker} {seal}, and"),
    (ZH, "一个", "{seal}", "SEAL_BROKEN fix has the places {seal}, and English has -"),
    (ZH, "请换一个。", "Take another.", "messages/zh/a.txt: SEAL_BROKEN fix is not translated"),
    (PAGE, "page.title = 封签\n", "", "messages/console/zh lacks page.title"),
    (PAGE, "page.title", "page.new = 其他\npage.title", "zh has page.new, which English has not"),
    (PAGE, "= 封签", "= Seals", "messages/console/zh: page.title is not translated"),
    (PAGE, "{n} 行", "行", "page.rows.other has the places -, and English has {n}"),
    (PAGE, "page.rows.other = {n} 行\n", "", "messages/console/zh lacks page.rows.other"),
    (PAGE, "封签", "封签 {", "messages/console/zh: page.title has a brace that is no {name}"),
    (TYPES, "type.seal.made = 封签\n", "", "messages/console/zh lacks type.seal.made"),
    (TYPES, "field.seal.made.parts.piece = 名称\n", "", "lacks field.seal.made.parts.piece"),
    (TYPES, "type.", "type.seal.lost = 丢失\ntype.", "types.txt has type.seal.lost, which there is"),
    (TYPES, "type.", "field.seal.made.who = 谁\ntype.", "has field.seal.made.who, which there is not"),
    (ENGLISH_TYPES, "view.seal.list = Seals\n", "", "messages/console/en lacks view.seal.list"),
    (ENGLISH_TYPES, "column.maker_name = Maker\n", "", "console/en lacks column.maker_name"),
    (ENGLISH_TYPES, "column.maker = Maker\n", "", "messages/console/en lacks column.maker"),
    (ENGLISH_TYPES, "permission.seal.write = write\n", "", "lacks permission.seal.write"),
    (ENGLISH_TYPES, "permission.seal.make.approve = approve\n", "", "lacks permission.seal.make.approve"),
    (ENGLISH_TYPES, "control.GOV-01 = Policy\n", "", "messages/console/en lacks control.GOV-01"),
    (ENGLISH_TYPES, "view.", "view.seal.all = All\nview.", "types.txt has view.seal.all, which there"),
)


class Languages(unittest.TestCase):
    def wrong(self, path=None, old="", new=""):
        """What is wrong in the tree, with one text exchanged."""
        with tempfile.TemporaryDirectory() as root:
            for name, text in TREE.items():
                if name == path:
                    self.assertIn(old, text)
                    text = text.replace(old, new)
                os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
                with open(os.path.join(root, name), "w", encoding="utf-8", newline="") as f:
                    f.write(text)
            return message_languages.check(root)[0]

    def test_what_says_the_same_passes(self):
        self.assertEqual(self.wrong(), [])

    def test_each_difference_is_named_with_its_file(self):
        for path, old, new, found in DIFFERENCES:
            with self.subTest(found):
                wrong = self.wrong(path, old, new)
                self.assertTrue(any(found in line for line in wrong), wrong)

    def test_what_is_not_a_text_stops_it(self):
        for path, old, new in ((ZH, "text =", "code = refused\ntext ="), (ZH, "text =", "text="),
                               (ZH, "{seal}", "{Seal}"), (PAGE, "page.form", "page.title"),
                               (PAGE, "= JSON", ""), (PAGE, "page.form", "Page form")):
            with self.subTest(new):
                with self.assertRaises((messages.Wrong, console_messages.Wrong)):
                    self.wrong(path, old, new)

    def test_fields_are_read_out_of_the_sources_with_their_lists(self):
        every, foreign = console_names.needed(ROOT)
        self.assertLessEqual({"view.seal.stock", "column.freight_carrier", "permission.policy.write",
                              "permission.firmware.release.approve", "control.SHP-01"}, every)
        self.assertLessEqual({"type.seal.received", "field.seal.received.seals.seal",
                              "field.value.erased.commitment"}, foreign)
        self.assertEqual([n for n in foreign if re.search(r"[^a-z0-9_.]", n)], [])


def main():
    result = unittest.TextTestRunner(verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (max(0, result.testsRun - failed), failed))
    sys.exit(1 if failed or not result.testsRun else 0)


if __name__ == "__main__":
    main()
