/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void every_code_has_a_name_a_status_and_its_own_exit_code(void **state)
{
	(void)state;
	for (int i = 0; i < ERR_CODES; i++) {
		const struct err_info *info = err_info((enum err_code)i);

		assert_non_null(info->name);
		assert_true(strlen(info->sentence) > 0);
		assert_in_range(info->http_status, 200, 599);
		assert_int_equal(info->exit_code == 0, i == OK);
		for (int j = 0; j < i; j++) {
			assert_int_not_equal(info->exit_code,
					     err_info((enum err_code)j)->exit_code);
			assert_string_not_equal(info->name, err_info((enum err_code)j)->name);
		}
	}
}

static void a_code_outside_the_set_is_our_own_bug(void **state)
{
	(void)state;
	assert_string_equal(err_info((enum err_code)999)->name, "internal");
	assert_string_equal(err_info(ERR_CODES)->name, "internal");
}

static void a_fault_carries_its_message_and_values(void **state)
{
	struct fault f;

	(void)state;
	err e = (fail)(&f, "FILE_READ_FAILED", "path", "/tmp/x", "why", "it is gone", NULL);

	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(f.code, ERR_IO);
	assert_string_equal(f.message, "FILE_READ_FAILED");
	assert_string_equal(f.field, "");
	assert_int_equal(f.n, 2);
	assert_string_equal(fault_value(&f, "path"), "/tmp/x");
	assert_string_equal(fault_value(&f, "why"), "it is gone");
	assert_null(fault_value(&f, "what"));
}

static void a_fault_can_name_its_field(void **state)
{
	struct fault f;

	(void)state;
	err e = fail_field(&f, "parts[3].quantity", "FILE_TOO_LARGE", "max", "3", NULL);

	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_string_equal(f.field, "parts[3].quantity");
	e = fail_field(&f, NULL, "FILE_TOO_LARGE", NULL);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_string_equal(f.field, "");
}

static void without_a_place_for_the_fault_the_code_still_comes_back(void **state)
{
	(void)state;
	assert_int_equal((fail)(NULL, "FILE_NOT_FOUND", "path", "x", NULL).code, ERR_NOT_FOUND);
	assert_int_equal((fail)(NULL, "NO_SUCH_MESSAGE", NULL).code, ERR_INTERNAL);
	fault_add(NULL, "path", "x");
	assert_null(fault_value(NULL, "path"));
}

static void an_unknown_message_is_our_own_bug_and_names_it(void **state)
{
	struct fault f;

	(void)state;
	err e = (fail)(&f, "NO_SUCH_MESSAGE", "seal", "4711", NULL);

	assert_int_equal(e.code, ERR_INTERNAL);
	assert_string_equal(f.message, "MESSAGE_UNKNOWN");
	assert_string_equal(fault_value(&f, "id"), "NO_SUCH_MESSAGE");
	assert_string_equal(fault_value(&f, "seal"), "4711");
}

static void a_new_fault_forgets_the_old_one(void **state)
{
	struct fault f;

	(void)state;
	assert_int_equal((fail)(&f, "FILE_NOT_FOUND", "path", "a", NULL).code, ERR_NOT_FOUND);
	assert_int_equal((fail)(&f, "OUT_OF_MEMORY", NULL).code, ERR_MEMORY);
	assert_int_equal(f.n, 0);
	assert_null(fault_value(&f, "path"));
}

static void a_null_value_ends_the_list_instead_of_reading_beyond_it(void **state)
{
	struct fault f;
	const char *nothing = NULL;

	(void)state;
	err e = (fail)(&f, "FILE_READ_FAILED", "path", nothing, NULL);

	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(f.n, 1);
	assert_string_equal(fault_value(&f, "path"), "");
}

static void values_beyond_the_eighth_are_dropped(void **state)
{
	struct fault f;

	(void)state;
	assert_int_equal((fail)(&f, "OUT_OF_MEMORY", NULL).code, ERR_MEMORY);
	for (int i = 0; i < FAULT_VALUES_MAX + 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "v%d", i);
		fault_add(&f, name, "x");
	}
	assert_int_equal(f.n, FAULT_VALUES_MAX);
	assert_null(fault_value(&f, "v8"));
}

static void a_long_value_is_cut_between_characters(void **state)
{
	struct fault f;
	char text[400];

	(void)state;
	/* 190 letters and then two-byte characters: the last whole one does not fit. */
	memset(text, 'a', 190);
	for (size_t i = 190; i < sizeof(text) - 2; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[398] = 0;
	assert_int_equal((fail)(&f, "OUT_OF_MEMORY", NULL).code, ERR_MEMORY);
	fault_add(&f, "x", text);
	assert_int_equal(strlen(fault_value(&f, "x")), 190);
}

static void a_value_is_always_printable_text(void **state)
{
	static const struct {
		const char *in, *out;
	} CASES[] = {
		{"plain", "plain"},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92"},
		{"a\nb\tc", "a?b?c"},
		{"\x1b[2J", "?[2J"},     /* would clear a terminal */
		{"a\x7f", "a?"},         /* DEL */
		{"\xc2\x9b", "??"},      /* C1: the one-byte escape */
		{"\xc0\xaf", "??"},      /* overlong slash */
		{"\xed\xa0\x80", "???"}, /* a surrogate */
		{"\xe2\x82", "??"},      /* half a character */
		{"\xff", "?"},
		{"\x80", "?"},
		{"\xf4\x90\x80\x80", "????"}, /* beyond U+10FFFF */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct fault f;

		assert_int_equal((fail)(&f, "OUT_OF_MEMORY", NULL).code, ERR_MEMORY);
		fault_add(&f, "x", CASES[i].in);
		assert_string_equal(fault_value(&f, "x"), CASES[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name_a_status_and_its_own_exit_code),
		cmocka_unit_test(a_code_outside_the_set_is_our_own_bug),
		cmocka_unit_test(a_fault_carries_its_message_and_values),
		cmocka_unit_test(a_fault_can_name_its_field),
		cmocka_unit_test(without_a_place_for_the_fault_the_code_still_comes_back),
		cmocka_unit_test(an_unknown_message_is_our_own_bug_and_names_it),
		cmocka_unit_test(a_new_fault_forgets_the_old_one),
		cmocka_unit_test(a_null_value_ends_the_list_instead_of_reading_beyond_it),
		cmocka_unit_test(values_beyond_the_eighth_are_dropped),
		cmocka_unit_test(a_long_value_is_cut_between_characters),
		cmocka_unit_test(a_value_is_always_printable_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
