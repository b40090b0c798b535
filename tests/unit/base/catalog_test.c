/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/catalog.h"

static struct fault two_values(void)
{
	struct fault f = {.code = ERR_IO};

	fault_add(&f, "path", "/tmp/x");
	fault_add(&f, "why", "a {path} in a value");
	return f;
}

static void render_says(const char *template_text, const char *said)
{
	struct fault f = two_values();
	char out[200];

	catalog_render(template_text, &f, out, sizeof(out));
	assert_string_equal(out, said);
}

static void the_catalog_is_sorted_and_complete(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct message *m; (m = catalog_at(n)); n++) {
		assert_ptr_equal(catalog_find(m->id), m);
		assert_true(strlen(m->text) > 0);
		assert_non_null(m->fix);
		assert_in_range(m->code, OK + 1, ERR_CODES - 1);
		if (n > 0)
			assert_true(strcmp(catalog_at(n - 1)->id, m->id) < 0);
	}
	assert_true(n >= 8);
	assert_null(catalog_at(SIZE_MAX));
}

static void what_is_not_in_the_catalog_is_not_found(void **state)
{
	static const char *const ABSENT[] = {
		"", "A", "ZZZZZZ", "FILE_NOT_FOUN", "FILE_NOT_FOUND_", "file_not_found", " ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ABSENT) / sizeof(ABSENT[0]); i++)
		assert_null(catalog_find(ABSENT[i]));
	assert_null(catalog_find(NULL));
}

static void values_stand_where_their_names_were(void **state)
{
	(void)state;
	render_says("File {path}: no.", "File /tmp/x: no.");
	render_says("{path}{path}", "/tmp/x/tmp/x");
	render_says("", "");
}

static void a_value_is_never_read_as_a_template(void **state)
{
	(void)state;
	render_says("{why}", "a {path} in a value");
}

static void what_is_no_name_stands_as_it_is(void **state)
{
	(void)state;
	render_says("{seal}", "{seal}");
	render_says("{path", "{path");
	render_says("path}", "path}");
	render_says("{}", "{}");
	render_says("{{path}}", "{/tmp/x}");
	render_says("{pat}{paths}{ path}", "{pat}{paths}{ path}");
	render_says("{", "{");
	render_says("{field}", "{field}");
}

static void the_field_can_be_named(void **state)
{
	struct fault f = two_values();
	char out[64];

	(void)state;
	snprintf(f.field, sizeof(f.field), "parts[2]");
	catalog_render("Field {field}.", &f, out, sizeof(out));
	assert_string_equal(out, "Field parts[2].");
}

static void a_small_place_cuts_the_sentence_and_closes_it(void **state)
{
	struct fault f = two_values();
	char out[64];

	(void)state;
	for (size_t cap = 1; cap <= 17; cap++) {
		memset(out, 'X', sizeof(out));
		catalog_render("File {path}: no.", &f, out, cap);
		assert_int_equal(strlen(out), cap - 1);
		assert_memory_equal(out, "File /tmp/x: no.", cap - 1);
		assert_int_equal(out[cap], 'X');
	}
	memset(out, 'X', sizeof(out));
	catalog_render("File", &f, out, 0);
	assert_int_equal(out[0], 'X');
}

static void after_a_cut_nothing_shorter_slips_in(void **state)
{
	struct fault f = two_values();
	char out[8];

	(void)state;
	catalog_render("123456{path}7", &f, out, sizeof(out));
	assert_string_equal(out, "123456/");
}

static void a_cut_falls_between_characters(void **state)
{
	char out[8];

	(void)state;
	catalog_render("12345\xe2\x82\xac", NULL, out, sizeof(out));
	assert_string_equal(out, "12345");
}

static void a_fault_says_what_is_wrong_and_what_helps(void **state)
{
	struct fault f;
	char out[400];

	(void)state;
	assert_int_equal((fail)(&f, "FILE_NOT_FOUND", "path", "a.bin", NULL).code, ERR_NOT_FOUND);
	fault_text(&f, out, sizeof(out));
	assert_string_equal(out, "There is no file a.bin. Fix: Check the spelling of the path.");
	assert_int_equal((fail)(&f, "FILE_TOO_LARGE", "path", "a", "max", "9", NULL).code,
			 ERR_TOO_LARGE);
	fault_text(&f, out, sizeof(out));
	assert_string_equal(out, "The file a is larger than the 9 bytes that are accepted here.");
}

static void a_fault_without_a_message_says_what_its_code_means(void **state)
{
	struct fault f = {.code = ERR_CONFLICT};
	char out[100];

	(void)state;
	fault_text(&f, out, sizeof(out));
	assert_string_equal(out, err_info(ERR_CONFLICT)->sentence);
	f.message = "NO_SUCH_MESSAGE";
	fault_text(&f, out, sizeof(out));
	assert_string_equal(out, err_info(ERR_CONFLICT)->sentence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_catalog_is_sorted_and_complete),
		cmocka_unit_test(what_is_not_in_the_catalog_is_not_found),
		cmocka_unit_test(values_stand_where_their_names_were),
		cmocka_unit_test(a_value_is_never_read_as_a_template),
		cmocka_unit_test(what_is_no_name_stands_as_it_is),
		cmocka_unit_test(the_field_can_be_named),
		cmocka_unit_test(a_small_place_cuts_the_sentence_and_closes_it),
		cmocka_unit_test(after_a_cut_nothing_shorter_slips_in),
		cmocka_unit_test(a_cut_falls_between_characters),
		cmocka_unit_test(a_fault_says_what_is_wrong_and_what_helps),
		cmocka_unit_test(a_fault_without_a_message_says_what_its_code_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
