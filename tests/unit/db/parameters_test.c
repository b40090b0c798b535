/* SPDX-License-Identifier: Apache-2.0 */
/* Where a :name is a parameter and where it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/parameters.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct parameter P[] = {{"a", VALUE_TEXT},        {"b", VALUE_INT},
				     {"aa", VALUE_INT},        {"parts.i", VALUE_INT},
				     {"parts.lot", VALUE_INT}, {"_x1", VALUE_BLOB}};

static void becomes(const char *sql, const char *expected, size_t used_n)
{
	struct arena arena = {0};
	struct rewritten out = {0};
	struct fault f = {0};
	err result = parameters_rewrite(&arena, bytes_text(sql), '$', P, COUNT(P), &out, &f);

	if (result.code != OK)
		fail_msg("%s: %s", sql, fault_value(&f, "detail"));
	assert_string_equal(out.sql, expected);
	assert_int_equal(out.used_n, used_n);
	arena_done(&arena);
}

static void is_refused(const char *sql, size_t n, const char *message)
{
	struct arena arena = {0};
	struct rewritten out = {0};
	struct fault f = {0};
	err result = parameters_rewrite(&arena, bytes_of(sql, n), '?', P, COUNT(P), &out, &f);

	if (result.code == OK)
		fail_msg("taken: %s", sql);
	assert_string_equal(f.message, message);
	assert_null(out.sql);
	arena_done(&arena);
}

static void names_become_numbers_in_the_order_they_are_met(void **state)
{
	(void)state;
	becomes("SELECT :b, :a, :b", "SELECT $1, $2, $1", 2);
	becomes(":a", "$1", 1);
	becomes(":a:b", "$1$2", 2);
	becomes("(:aa)", "($1)", 1);
	becomes("x=:_x1;", "x=$1;", 1);
	becomes("", "", 0);
	becomes("SELECT 1", "SELECT 1", 0);
}

static void a_name_may_hold_one_dot(void **state)
{
	(void)state;
	becomes(":parts.i", "$1", 1);
	becomes(":parts.lot, :parts.i", "$1, $2", 2);
	becomes(":a.", "$1.", 1);
	becomes(":a.5", "$1.5", 1);
	is_refused(":parts.i.i", 10, "DB_SQL_INVALID");
	is_refused(":parts", 6, "DB_PARAMETER_UNKNOWN");
	is_refused(":parts.", 7, "DB_PARAMETER_UNKNOWN");
	is_refused(":parts.none", 11, "DB_PARAMETER_UNKNOWN");
}

static void what_is_quoted_or_said_in_a_comment_is_left_alone(void **state)
{
	(void)state;
	becomes("':a'", "':a'", 0);
	becomes("'it''s :a' :a", "'it''s :a' $1", 1);
	becomes("'\\' :a", "'\\' $1", 1); /* a backslash is only a backslash */
	becomes("'a\"b' :a '\"'", "'a\"b' $1 '\"'", 1);
	becomes("\":a\"", "\":a\"", 0);
	becomes("\"a\"\":a\" :b", "\"a\"\":a\" $1", 1);
	becomes("-- :a\n:b", "-- :a\n$1", 1);
	becomes("-- it's :a\n:b", "-- it's :a\n$1", 1);
	becomes("/* :a ' */ :b", "/* :a ' */ $1", 1);
	becomes("/***/:b/**/", "/***/$1/**/", 1);
	becomes("1 - -:b", "1 - -$1", 1);
	becomes("8 / :b * 2", "8 / $1 * 2", 1);
	becomes("a::b", "a::b", 0);
	becomes("'--' :a", "'--' $1", 1);
	becomes("'/*' :a '*/'", "'/*' $1 '*/'", 1);
	becomes("-- at the end", "-- at the end", 0);
	becomes("'' :a", "'' $1", 1);
	becomes("''':a'''", "''':a'''", 0);
}

static void one_statement_may_end_in_a_semicolon_and_words(void **state)
{
	(void)state;
	becomes("SELECT :a ; \n -- done\n/* really */", "SELECT $1 ; \n -- done\n/* really */", 1);
	is_refused("SELECT 1;;", 10, "DB_SQL_INVALID");
	is_refused("SELECT 1; SELECT 2", 18, "DB_SQL_INVALID");
	is_refused("SELECT 1; :a", 12, "DB_SQL_INVALID");
	is_refused("; 'x'", 5, "DB_SQL_INVALID");
}

static void unknown_names_are_refused_with_the_name(void **state)
{
	struct arena arena = {0};
	struct rewritten out = {0};
	struct fault f = {0};
	static const char SQL[] = "SELECT :a, :aaa";

	(void)state;
	is_refused(":A", 2, "DB_PARAMETER_UNKNOWN");
	is_refused(":x", 2, "DB_PARAMETER_UNKNOWN");
	is_refused(":a_", 3, "DB_PARAMETER_UNKNOWN");
	is_refused(":aaa", 4, "DB_PARAMETER_UNKNOWN");
	assert_int_not_equal(
		parameters_rewrite(&arena, bytes_text(SQL), '?', P, COUNT(P), &out, &f).code, OK);
	assert_string_equal(fault_value(&f, "name"), "aaa");
	assert_string_equal(fault_value(&f, "at"), "11");
	arena_done(&arena);
}

static void what_the_stores_read_differently_is_refused(void **state)
{
	static const char *const BAD[] = {
		"'open",  "\"open",      "'a''",       "/* open", "/*/",      "/* /* */ */",
		":",      ": a",         ":1",         ":-a",     "x := 1",   "$1",
		"?",      "?1",          "@a",         "#a",      "$$ :a $$", "$x$ :a $x$",
		"[a]",    "`a`",         "E'\\' :a'",  "e'x'",    "x'00'",    "X'00'",
		"b'01'",  "N'x'",        "U&'\\0061'", "u&\"a\"", "a \\ b",   "{",
		"a\rb",   "-- x\r:a",    "'\r'",       "a\x01",   "a\x7f",    "a\x0b",
		"'\xff'", "-- \xc0\x80", ":::",        "'a' 'b",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++)
		is_refused(BAD[i], strlen(BAD[i]), "DB_SQL_INVALID");
	is_refused("a\0b", 3, "DB_SQL_INVALID");
	is_refused("'\0'", 3, "DB_SQL_INVALID");
	is_refused("-- \0", 4, "DB_SQL_INVALID");
}

static void longer_words_before_a_string_are_no_prefix(void **state)
{
	(void)state;
	becomes("AS'x'", "AS'x'", 0);
	becomes("LIKE'x' :a", "LIKE'x' $1", 1);
	becomes("xx'x'", "xx'x'", 0);
	becomes("y'x'", "y'x'", 0);
	becomes("u & 'x'", "u & 'x'", 0);
	becomes("\xc3\xa9:a", "\xc3\xa9$1", 1);
	becomes("a\r\nb", "a\r\nb", 0);
}

static void many_parameters_are_numbered_to_the_last(void **state)
{
	enum { MANY = PARAMETERS_MAX };
	struct parameter *many = calloc(MANY + 1, sizeof(*many));
	char(*names)[8] = calloc(MANY, sizeof(*names));
	char *sql = calloc(MANY, 10);
	struct arena arena = {0};
	struct rewritten out = {0};

	(void)state;
	assert_non_null(many);
	assert_non_null(names);
	assert_non_null(sql);
	for (size_t i = 0, n = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "p%zu", i);
		many[i] = (struct parameter){names[i], VALUE_INT};
		n += (size_t)snprintf(sql + n, 10, ":%s,", names[i]);
	}
	assert_int_equal(
		parameters_rewrite(&arena, bytes_text(sql), '?', many, MANY, &out, NULL).code, OK);
	assert_int_equal(out.used_n, MANY);
	assert_int_equal(out.used[MANY - 1], MANY - 1);
	assert_string_equal(out.sql + strlen(out.sql) - 6, "?1000,");
	assert_int_not_equal(
		parameters_rewrite(&arena, bytes_text(sql), '?', many, MANY + 1, &out, NULL).code,
		OK);
	arena_done(&arena);
	free(sql);
	free(names);
	free(many);
}

/* The shortest names grow the most: the room must be enough. */
static void short_names_have_room_to_grow(void **state)
{
	static char sql[SQL_SIZE_MAX + 2];
	struct arena arena = {0};
	struct rewritten out = {0};
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < SQL_SIZE_MAX; i += 2) {
		sql[i] = ':';
		sql[i + 1] = 'a';
	}
	assert_int_equal(
		parameters_rewrite(&arena, bytes_of(sql, SQL_SIZE_MAX), '$', P, COUNT(P), &out, &f)
			.code,
		OK);
	assert_int_equal(strlen(out.sql), SQL_SIZE_MAX);
	assert_int_not_equal(parameters_rewrite(&arena, bytes_of(sql, SQL_SIZE_MAX + 1), '$', P,
						COUNT(P), &out, &f)
				     .code,
			     OK);
	arena_done(&arena);
}

static void without_memory_it_says_so(void **state)
{
	struct arena arena = {.limit = 16};
	struct rewritten out = {0};
	struct fault f = {0};
	static const char SQL[] = "SELECT :a, :b, :a, :b, :a, :b";

	(void)state;
	assert_int_equal(
		parameters_rewrite(&arena, bytes_text(SQL), '?', P, COUNT(P), &out, &f).code,
		ERR_MEMORY);
	arena_done(&arena);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(names_become_numbers_in_the_order_they_are_met),
		cmocka_unit_test(a_name_may_hold_one_dot),
		cmocka_unit_test(what_is_quoted_or_said_in_a_comment_is_left_alone),
		cmocka_unit_test(one_statement_may_end_in_a_semicolon_and_words),
		cmocka_unit_test(unknown_names_are_refused_with_the_name),
		cmocka_unit_test(what_the_stores_read_differently_is_refused),
		cmocka_unit_test(longer_words_before_a_string_are_no_prefix),
		cmocka_unit_test(many_parameters_are_numbered_to_the_last),
		cmocka_unit_test(short_names_have_room_to_grow),
		cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests_name("parameters", TESTS, NULL, NULL);
}
