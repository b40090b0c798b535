/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "server/csv_text.h"

#include <stdlib.h>

static void must_be(const char *cell, const char *written)
{
	json_t *page = json_pack("{s:[s], s:[{s:s}]}", "columns", "c", "rows", "c", cell);
	char *text, expected[256] = "c\r\n";
	size_t n;

	assert_non_null(page);
	assert_int_equal(csv_from_page(page, &text, &n, NULL).code, OK);
	for (size_t i = 0; written[i] != '\0'; i++)
		expected[3 + i] = written[i];
	assert_string_equal(text, expected);
	free(text);
	json_decref(page);
}

static void plain_text_stays_as_it_is(void **state)
{
	(void)state;
	must_be("seal 1", "seal 1\r\n");
	must_be("", "\r\n");
}

static void separators_and_quotes_are_quoted(void **state)
{
	(void)state;
	must_be("a,b", "\"a,b\"\r\n");
	must_be("a\"b", "\"a\"\"b\"\r\n");
	must_be("a\nb", "\"a\nb\"\r\n");
	must_be("a\rb", "\"a\rb\"\r\n");
}

static void text_is_never_a_formula(void **state)
{
	(void)state;
	must_be("=1+1", "\"'=1+1\"\r\n");
	must_be("+49 40", "\"'+49 40\"\r\n");
	must_be("-1", "\"'-1\"\r\n");
	must_be("@SUM(A1)", "\"'@SUM(A1)\"\r\n");
	must_be("\t=1", "\"'\t=1\"\r\n");
	must_be("\r=1", "\"'\r=1\"\r\n");
	must_be("=\"a\",b", "\"'=\"\"a\"\",b\"\r\n");
	must_be("a=1", "a=1\r\n");
}

static void numbers_are_numbers_and_nothing_is_nothing(void **state)
{
	json_t *page = json_pack("{s:[s,s,s], s:[{s:i, s:n}]}", "columns", "a", "b", "c", "rows",
				 "a", -5, "b");
	char *text;
	size_t n;

	(void)state;
	assert_int_equal(csv_from_page(page, &text, &n, NULL).code, OK);
	assert_string_equal(text, "a,b,c\r\n-5,,\r\n");
	free(text);
	json_decref(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays_as_it_is),
		cmocka_unit_test(separators_and_quotes_are_quoted),
		cmocka_unit_test(text_is_never_a_formula),
		cmocka_unit_test(numbers_are_numbers_and_nothing_is_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
