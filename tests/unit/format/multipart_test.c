/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "format/multipart.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_SIZE = 1024 };

/* "name=content name(file name)=content …", or "!" and why not. */
static const char *shows_bytes(struct bytes body, const char *boundary)
{
	static char out[SHOWN_SIZE];
	struct multipart m;
	struct fault f = {0};
	size_t n = 0;

	out[0] = '\0';
	if (multipart_read(body, bytes_text(boundary), &m, &f).code != OK) {
		char text[1024];
		fault_text(&f, text, sizeof text);
		assert_null(strchr(text, '{'));
		const char *why = fault_value(&f, "why");
		snprintf(out, sizeof out, "!%s", why == NULL ? f.message : why);
		return out;
	}
	for (size_t i = 0; i < m.n; i++) {
		const struct multipart_part *p = &m.parts[i];
		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s%.*s", i > 0 ? " " : "",
				      (int)p->name.n, (const char *)p->name.p);
		if (p->is_file)
			n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "(%.*s)",
					      (int)p->file_name.n, (const char *)p->file_name.p);
		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "=%.*s", (int)p->content.n,
				      (const char *)p->content.p);
	}
	return out;
}

static const char *shows(const char *body)
{
	return shows_bytes(bytes_text(body), "B");
}

#define NAMED(name) "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define END         "\r\n--B--\r\n"

static void form_of_a_browser_is_read(void **state)
{
	(void)state;
	assert_string_equal(
		shows(NAMED(
			"part_lot") "R1\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; "
				    "filename=\"a b%22.pdf\"\r\nContent-Type: application/pdf\r\n"
				    "\r\n%PDF\r\n-\r\n--b" END),
		"part_lot=R1 file(a b%22.pdf)=%PDF\r\n-\r\n--b");
	assert_string_equal(
		shows("--B\r\ncontent-disposition:form-data;name=a;filename=\"x\\\"y\"\r\n"
		      "X-Other: 1\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\n--B--"),
		"a(x\\\"y)=");
	assert_string_equal(shows(NAMED("a") "1\r\n" NAMED("b") "2" END), "a=1 b=2");
}

static void content_may_hold_any_bytes(void **state)
{
	static const char body[] = NAMED("f") "\0\r\n--\xff\r\n--A--\r\n" END;
	struct multipart m;

	(void)state;
	assert_int_equal(
		multipart_read(bytes_of(body, sizeof body - 1), bytes_text("B"), &m, NULL).code,
		OK);
	assert_int_equal(m.parts[0].content.n, 15);
	assert_non_null(multipart_find(&m, "f"));
	assert_null(multipart_find(&m, "g"));
	assert_null(multipart_find(&m, ""));
}

#define HEAD(rest) "--B\r\n" rest "\r\n\r\nx" END
#define TEN(x)     x x x x x x x x x x

static const struct {
	const char *body, *why;
} NO_FORMS[] = {
	{"", "it does not begin with the boundary"},
	{"--", "it does not begin with the boundary"},
	{"\r\n" NAMED("a") "x" END, "it does not begin with the boundary"},
	{"preamble\r\n" NAMED("a") "x" END, "it does not begin with the boundary"},
	{"--C\r\n\r\nx\r\n--C--", "it does not begin with the boundary"},
	{"--B", "behind a boundary something follows"},
	{"--B\n\nx\n--B--", "behind a boundary something follows"},
	{"--B \r\nContent-Disposition: form-data; name=a\r\n\r\nx" END,
	 "behind a boundary something follows"},
	{"--B--", "there is no part"},
	{"--B--\r\n", "there is no part"},
	{"--B\r\n", "a line of a part's head does not end, or is too long"},
	{"--B\r\nContent-Disposition: form-data; name=a\r\n",
	 "a line of a part's head does not end, or is too long"},
	{"--B\r\n\r\nx" END, "a part does not say which field it is"},
	{HEAD("Content-Type: text/plain"), "a part does not say which field it is"},
	{HEAD("Content-Disposition: attachment; name=a"), "a part is not of a form"},
	{HEAD("Content-Disposition: form-data"), "a part has no name"},
	{HEAD("Content-Disposition: form-data; name=\"\""), "a part has no name"},
	{HEAD("Content-Disposition: form-data; name="), "the head of a part cannot be read"},
	{HEAD("Content-Disposition: form-data; name=\"a"), "the head of a part cannot be read"},
	{HEAD("Content-Disposition: form-data; name=\"a\\\""), "the head of a part cannot be read"},
	{HEAD("Content-Disposition: form-data; name=\"a\tb\""),
	 "the head of a part cannot be read"},
	{HEAD("Content-Disposition: form-data; name=a b"), "the head of a part cannot be read"},
	{HEAD("Content-Disposition: form-data, name=a"), "the head of a part cannot be read"},
	{HEAD("Content-Disposition: form-data; name=a; name=b"), "a part has two names"},
	{HEAD("Content-Disposition: form-data; name=a; filename=x; filename=y"),
	 "a part has two names"},
	{HEAD("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; "
	      "name=b"),
	 "a part says twice which field it is"},
	{HEAD("Content-Disposition form-data; name=a"), "the head of a part cannot be read"},
	{HEAD(" Content-Disposition: form-data; name=a"), "the head of a part cannot be read"},
	{HEAD("Content-Disposition : form-data; name=a"), "the head of a part cannot be read"},
	{HEAD("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: "
	      "base64"),
	 "a part has a transfer encoding"},
	{HEAD("Content-Disposition: form-data; name=a" TEN("\r\nX-More: 1")),
	 "a part has too many headers"},
	{HEAD("X: " TEN(TEN(TEN("12")))), "a line of a part's head does not end, or is too long"},
	{NAMED("a") "x", "the last boundary is missing"},
	{NAMED("a") "x--B--\r\n", "the last boundary is missing"},
	{NAMED("a") "x\n--B--\n", "the last boundary is missing"},
	{NAMED("a") "x\r\n--b--\r\n", "the last boundary is missing"},
	{NAMED("a") "x\r\n--BB\r\n", "behind a boundary something follows"},
	{NAMED("a") "x" END "x", "behind the last boundary something follows"},
	{NAMED("a") "x" END "\r\n", "behind the last boundary something follows"},
	{NAMED("a") "x\r\n" NAMED("a") "y" END, "a field is there twice"},
	{NAMED("1") "\r\n" NAMED("2") "\r\n" NAMED("3") "\r\n" NAMED("4") "\r\n" NAMED(
		 "5") "\r\n" NAMED("6") "\r\n" NAMED("7") "\r\n" NAMED("8") "\r\n" NAMED("9") END,
	 "there are too many parts"},
};

static void body_that_is_not_quite_a_form_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NO_FORMS / sizeof NO_FORMS[0]; i++) {
		const char *said = shows(NO_FORMS[i].body);
		if (said[0] != '!' || strcmp(said + 1, NO_FORMS[i].why) != 0)
			print_error("row %zu: %s, not %s\n", i, said, NO_FORMS[i].why);
		assert_string_equal(said[0] == '!' ? said + 1 : said, NO_FORMS[i].why);
	}
}

static void body_cut_anywhere_is_refused(void **state)
{
	static const char whole[] = NAMED("a") "1\r\n" NAMED("b") "2\r\n--B--";

	(void)state;
	for (size_t n = 0; n < sizeof whole - 1; n++)
		assert_int_equal(shows_bytes(bytes_of(whole, n), "B")[0], '!');
	assert_string_equal(shows(whole), "a=1 b=2");
}

static void boundary_is_found_or_refused(void **state)
{
	static const struct {
		const char *type, *boundary;
	} rows[] = {
		{"multipart/form-data; boundary=B", "B"},
		{"multipart/form-data;boundary=\"a b\"", "a b"},
		{"Multipart/Form-Data; charset=utf-8; Boundary=----x1", "----x1"},
		{NULL, NULL},
		{"", NULL},
		{"multipart/form-data", NULL},
		{"multipart/form-dataX; boundary=B", NULL},
		{"multipart/mixed; boundary=B", NULL},
		{"application/x-www-form-urlencoded", NULL},
		{"multipart/form-data; boundary=", NULL},
		{"multipart/form-data; boundary=\"\"", NULL},
		{"multipart/form-data; boundary=\"B", NULL},
		{"multipart/form-data; boundary=\"B \"", NULL},
		{"multipart/form-data; boundary=B; boundary=C", NULL},
		{"multipart/form-data; boundary=B;", NULL},
		{"multipart/form-data; boundary=\"a;b\"", NULL},
		{"multipart/form-data; boundary=" TEN("12345678"), NULL},
		{"multipart/form-data boundary=B", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bytes found = {0};
		err e = multipart_boundary(rows[i].type, &found, NULL);
		assert_int_equal(e.code == OK, rows[i].boundary != NULL);
		if (rows[i].boundary != NULL)
			assert_true(bytes_equal(found, bytes_text(rows[i].boundary)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_of_a_browser_is_read),
		cmocka_unit_test(content_may_hold_any_bytes),
		cmocka_unit_test(body_that_is_not_quite_a_form_is_refused),
		cmocka_unit_test(body_cut_anywhere_is_refused),
		cmocka_unit_test(boundary_is_found_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
