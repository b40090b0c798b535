/* SPDX-License-Identifier: Apache-2.0 */
#include "record/sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct split {
	struct arena arena;
	struct section *sections;
	size_t n;
	struct fault fault;
};

static bool splits(struct split *s, const char *text)
{
	arena_done(&s->arena);
	*s = (struct split){0};
	return sections_split(&s->arena, "area", bytes_text(text), &s->sections, &s->n, &s->fault)
		       .code == OK;
}

static void assert_refused(const char *text, const char *line, const char *detail)
{
	struct split s = {0};

	assert_false(splits(&s, text));
	assert_string_equal(s.fault.message, "SQL_SECTION_BAD");
	assert_string_equal(fault_value(&s.fault, "area"), "area");
	assert_string_equal(fault_value(&s.fault, "line"), line);
	if (strstr(fault_value(&s.fault, "detail"), detail) == NULL)
		fail_msg("%s", fault_value(&s.fault, "detail"));
	arena_done(&s.arena);
}

static void sections_come_with_their_words_and_their_lines(void **state)
{
	struct split s = {0};

	(void)state;
	assert_true(splits(&s, "--- about this file\n\n-- table seal key maker, seal\nmaker TEXT\n"
			       "seal TEXT\n\n-- fold seal.received each seals (once per seal)\n"
			       "INSERT INTO seal VALUES (:maker, :seals.seal);\n"));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.sections[0].kind, SECTION_TABLE);
	assert_int_equal(s.sections[0].line, 3);
	assert_int_equal(s.sections[0].words_n, 4);
	assert_string_equal(s.sections[0].words[3], "seal");
	assert_string_equal(s.sections[0].sql, "maker TEXT\nseal TEXT");
	assert_int_equal(s.sections[1].kind, SECTION_FOLD);
	assert_int_equal(s.sections[1].words_n, 3);
	assert_string_equal(s.sections[1].sql, "INSERT INTO seal VALUES (:maker, :seals.seal)");
	arena_done(&s.arena);
}

static void a_rule_may_look_at_each_element_of_a_list(void **state)
{
	struct split s = {0};

	(void)state;
	assert_true(splits(&s, "-- refuse a.b CODE each seals\nSELECT 1\n"
			       "-- flag a.b CODE each seals\nSELECT 1\n"
			       "-- fold a.b each seals\nSELECT 1\n"));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.sections[0].words_n, 4);
	assert_string_equal(s.sections[1].words[3], "seals");
	arena_done(&s.arena);
}

static void a_rule_may_be_that_of_several_types(void **state)
{
	struct split s = {0};

	(void)state;
	assert_true(splits(&s, "-- flag a.b c.d, e.f CODE each seals\nSELECT 1\n"
			       "-- fold a.b c.d\nSELECT 1\n"
			       "-- scope a.b\nSELECT 1\n"));
	assert_int_equal(s.sections[0].types_n, 3);
	assert_string_equal(s.sections[0].words[2], "e.f");
	assert_string_equal(s.sections[0].words[3], "CODE");
	assert_int_equal(s.sections[1].types_n, 2);
	assert_int_equal(s.sections[2].types_n, 0);
	arena_done(&s.arena);
}

static void comments_are_left_out_and_strings_are_kept(void **state)
{
	struct split s = {0};

	(void)state;
	assert_true(splits(&s, "-- scope a.b\nSELECT '--x' AS site, -- the rest; is a remark\n"
			       " 'it''s -- two' AS line -- and this\n  -- an indented one\n;\n"));
	assert_string_equal(s.sections[0].sql, "SELECT '--x' AS site, \n 'it''s -- two' AS line");
	arena_done(&s.arena);
}

static void a_file_without_sections_is_empty(void **state)
{
	struct split s = {0};

	(void)state;
	assert_true(splits(&s, ""));
	assert_int_equal(s.n, 0);
	assert_true(splits(&s, "--- nothing\n\n  -- at all"));
	assert_int_equal(s.n, 0);
	arena_done(&s.arena);
}

static void a_file_may_end_without_a_line_feed(void **state)
{
	struct split s = {0};

	(void)state;
	assert_true(splits(&s, "-- scope a.b\nSELECT 1"));
	assert_string_equal(s.sections[0].sql, "SELECT 1");
	arena_done(&s.arena);
}

static void headers_that_are_none_are_refused(void **state)
{
	(void)state;
	assert_refused("-- trigger a.b\nSELECT 1\n", "1", "unknown kind");
	assert_refused("\n\n-- scope\nSELECT 1\n", "3", "number of words");
	assert_refused("-- scope a b\nSELECT 1\n", "1", "number of words");
	assert_refused("-- refuse a.b\nSELECT 1\n", "1", "number of words");
	assert_refused("-- flag a.b CODE more\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- flag a.b CODE every list\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- refuse a.b CODE each\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- refuse a.b each list\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- refuse a.b CODE each one two\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- refuse CODE a.b\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- flag a.b CODE c.d\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- flag a.b c.d\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- fold a.b CODE c.d\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- fold seals\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- fold a.b each\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- fold a.b every list\nSELECT 1\n", "1", "each LIST");
	assert_refused("-- table t a, b\nx TEXT\n", "1", "table NAME key");
	assert_refused("-- table t key\nx TEXT\n", "1", "number of words");
	assert_refused("-- control C gat:e\nSELECT 1\n", "1", "gate:GATE");
	assert_refused("-- control gate:e C\nSELECT 1\n", "1", "gate:GATE");
	assert_refused("-- control gate:e gate:f\nSELECT 1\n", "1", "gate:GATE");
	assert_refused("-- control C gate:\nSELECT 1\n", "1", "gate:GATE");
	assert_refused("-- control C gate:e never\nSELECT 1\n", "1", "gate:GATE");
	assert_refused("-- control C gate:e always adopted\nSELECT 1\n", "1", "gate:GATE");
	assert_refused("-- control C gate:e D gate:f\nSELECT 1\n", "1", "gate:GATE");
	assert_refused("-- policy mode now\nSELECT 1\n", "1", "number of words");
	assert_refused("-- view v\nSELECT 1\n", "1", "number of words");
	assert_refused("-- view v p a b c d e f g h i j k l m n o p q\nSELECT 1\n", "1",
		       "too many");
}

static void sections_without_one_statement_are_refused(void **state)
{
	(void)state;
	assert_refused("-- scope a.b\n", "1", "empty");
	assert_refused("-- scope a.b", "1", "empty");
	assert_refused("-- scope a.b\n-- remark\n;\n", "1", "empty");
	assert_refused("-- scope a.b\n  -- remark\n;\n", "1", "empty");
	assert_refused("-- scope a.b\nSELECT 1; DELETE FROM entry_batch;\n", "1", "one statement");
	assert_refused("-- scope a.b\nSELECT 'open\n", "1", "not closed");
}

static void what_is_not_text_is_refused(void **state)
{
	static const uint8_t nul[] = "-- scope a.b\nSELECT\0 1\n";
	struct split s = {0};

	(void)state;
	assert_refused("-- scope a.b\nSELECT '\xff'\n", "0", "UTF-8");
	assert_int_not_equal(sections_split(&s.arena, "area", bytes_of(nul, sizeof nul - 1),
					    &s.sections, &s.n, &s.fault)
				     .code,
			     OK);
	arena_done(&s.arena);
}

static void a_file_has_a_size_and_a_number_of_sections(void **state)
{
	static const char one[] = "-- scope a.b\nSELECT 1\n";
	size_t each = sizeof one - 1;
	char *text = calloc(SECTION_FILE_MAX + 2, 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i <= SECTIONS_MAX; i++)
		memcpy(text + i * each, one, each);
	assert_refused(text, "1025", "too many sections");
	memset(text, ' ', SECTION_FILE_MAX + 1);
	assert_refused(text, "0", "too large");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_come_with_their_words_and_their_lines),
		cmocka_unit_test(a_rule_may_look_at_each_element_of_a_list),
		cmocka_unit_test(a_rule_may_be_that_of_several_types),
		cmocka_unit_test(comments_are_left_out_and_strings_are_kept),
		cmocka_unit_test(a_file_without_sections_is_empty),
		cmocka_unit_test(a_file_may_end_without_a_line_feed),
		cmocka_unit_test(headers_that_are_none_are_refused),
		cmocka_unit_test(sections_without_one_statement_are_refused),
		cmocka_unit_test(what_is_not_text_is_refused),
		cmocka_unit_test(a_file_has_a_size_and_a_number_of_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
