/* SPDX-License-Identifier: Apache-2.0 */
/* The pure rules that the wire cannot show one by one. */
#include "server/http_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_target(const char *text, const char *message)
{
	struct arena arena = {0};
	struct http_target target;
	struct fault f = {0};
	err e = http_target_parse(&arena, bytes_text(text), &target, &f);

	if (message) {
		assert_int_not_equal(e.code, OK);
		assert_string_equal(f.message, message);
	} else {
		assert_int_equal(e.code, OK);
	}
	arena_done(&arena);
}

static void a_target_has_so_many_segments_and_parameters_and_no_more(void **state)
{
	char path[HTTP_TARGET_MAX] = "", query[HTTP_TARGET_MAX] = "/a";
	size_t n = 0, q = 2;

	(void)state;
	for (int i = 0; i < HTTP_SEGMENTS_MAX; i++)
		n += (size_t)snprintf(path + n, sizeof path - n, "/s");
	expect_target(path, NULL);
	(void)snprintf(path + n, sizeof path - n, "/s");
	expect_target(path, "HTTP_TARGET_INVALID");
	for (int i = 0; i < HTTP_QUERY_MAX; i++)
		q += (size_t)snprintf(query + q, sizeof query - q, "%cp%d=", i == 0 ? '?' : '&', i);
	expect_target(query, NULL);
	(void)snprintf(query + q, sizeof query - q, "&more");
	expect_target(query, "HTTP_QUERY_INVALID");
}

static void a_target_needs_memory_and_says_so(void **state)
{
	struct arena arena = {.limit = 4};
	struct http_target target;
	struct fault f = {0};

	(void)state;
	assert_int_equal(http_target_parse(&arena, bytes_text("/abcdefgh"), &target, &f).code,
			 ERR_MEMORY);
	arena_done(&arena);
}

static void marks_that_urls_allow_need_no_escape(void **state)
{
	(void)state;
	expect_target("/a-._~!$&'()*+,;=:@?b-._~!$'()*,;:@/?=c", NULL);
	expect_target("/a\"", "HTTP_TARGET_INVALID");
	expect_target("/a<b>", "HTTP_TARGET_INVALID");
	expect_target("/a|b", "HTTP_TARGET_INVALID");
	expect_target("/a?b^", "HTTP_QUERY_INVALID");
	expect_target("/a?b[]", "HTTP_QUERY_INVALID");
	expect_target("/a?b=%7f", "HTTP_QUERY_INVALID");
	expect_target("", "HTTP_TARGET_INVALID");
	expect_target("?a=b", "HTTP_TARGET_INVALID");
}

static void a_host_is_a_name_or_an_address_with_an_optional_port(void **state)
{
	static const char *const good[] = {"a",     "a.b-c_d",         "127.0.0.1:1",
					   "[::1]", "[fe80::1]:65535", "A:00080"};
	static const char *const bad[] = {"",       ":80",  "a:",       "a:1b",  "a:123456",
					  "[]",     "[::1", "[::1]a",   "[a/b]", "a b",
					  "a,b",    "a@b",  "a/b",      "a?b",   "a#b",
					  "[::1]:", "a:-1", "\xC3\xA9", "a\tb",  "[g::]"};
	char name[300];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(http_host_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(http_host_valid(bad[i]));
	memset(name, 'a', sizeof name);
	name[256] = 0;
	assert_false(http_host_valid(name));
	name[255] = 0;
	assert_true(http_host_valid(name));
}

static void a_range_lies_within_the_file(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
		enum http_range range;
		uint64_t first, count;
	} cases[] = {
		{"bytes=0-", 1, HTTP_RANGE_PART, 0, 1},
		{"bytes=0-18446744073709551615", 5, HTTP_RANGE_PART, 0, 5},
		{"bytes=-18446744073709551615", 5, HTTP_RANGE_PART, 0, 5},
		{"bytes=4-4", 5, HTTP_RANGE_PART, 4, 1},
		{"BYTES=1-2", 5, HTTP_RANGE_PART, 1, 2},
		{"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-5", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=5-", 5, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=0-18446744073709551616", 5, HTTP_RANGE_NONE, 0, 0},
		{"bytes=", 5, HTTP_RANGE_NONE, 0, 0},
		{"bytes=-", 5, HTTP_RANGE_NONE, 0, 0},
		{"bytes=1", 5, HTTP_RANGE_NONE, 0, 0},
		{"bytes= 1-2", 5, HTTP_RANGE_NONE, 0, 0},
		{"bytes=1-2 ", 5, HTTP_RANGE_NONE, 0, 0},
		{"bytes=1--2", 5, HTTP_RANGE_NONE, 0, 0},
		{"bytes=+1-2", 5, HTTP_RANGE_NONE, 0, 0},
		{"bytes=3-2", 5, HTTP_RANGE_NONE, 0, 0},
		{"bits=1-2", 5, HTTP_RANGE_NONE, 0, 0},
		{"", 5, HTTP_RANGE_NONE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t first = 0, count = 0;

		assert_int_equal(http_range_parse(cases[i].text, cases[i].size, &first, &count),
				 cases[i].range);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(count, cases[i].count);
	}
}

static void a_header_of_ours_frames_nothing_and_breaks_no_line(void **state)
{
	(void)state;
	assert_true(http_header_sound("X-A", "a b"));
	assert_false(http_header_sound("X-A", ""));
	assert_false(http_header_sound("", "a"));
	assert_false(http_header_sound("X A", "a"));
	assert_false(http_header_sound("X:", "a"));
	assert_false(http_header_sound("X-A", "a\r\nX-B: b"));
	assert_false(http_header_sound("X-A", "a\nb"));
	assert_false(http_header_sound("X-A", "a\tb"));
	assert_false(http_header_sound("content-LENGTH", "1"));
	assert_false(http_header_sound("Transfer-Encoding", "chunked"));
	assert_false(http_header_sound("Connection", "close"));
}

/* "GET /a HTTP/1.1\r\nHost: x\r\nX: 1\r\n\r\n" as it lies in memory, from 1000 on. */
static struct http_layout layout_of_a_good_request(void)
{
	return (struct http_layout){
		.method = {1000, 3},
		.target = {1004, 2},
		.version = {1007, 8},
		.names = {{1017, 4}, {1026, 1}},
		.values = {{1023, 1}, {1029, 1}},
		.n = 2,
		.header_size = 34,
	};
}

static void strings_that_account_for_every_byte_hide_nothing(void **state)
{
	struct http_layout l = layout_of_a_good_request();

	(void)state;
	assert_true(http_layout_whole(&l));
	l.values[0].at = 1022;               /* no space after the colon is as good, */
	assert_false(http_layout_whole(&l)); /* but then the value reaches further */
	l.values[0].n = 2;
	assert_true(http_layout_whole(&l));
}

static void a_gap_between_the_strings_shows(void **state)
{
	(void)state;
	for (int i = 0; i < 14; i++) {
		struct http_layout l = layout_of_a_good_request();
		uintptr_t *const moved[] = {&l.target.at,   &l.version.at,   &l.names[0].at,
					    &l.names[1].at, &l.values[1].at, &l.method.at};
		size_t *const sized[] = {&l.target.n,    &l.version.n,   &l.names[0].n,
					 &l.names[1].n,  &l.values[0].n, &l.values[1].n,
					 &l.header_size, &l.method.n};

		if (i < 6)
			*moved[i] += 1;
		else
			*sized[i - 6] += i == 8 || i == 9 ? 10 : 1;
		assert_false(http_layout_whole(&l));
	}
}

static void a_layout_beyond_its_arrays_is_not_walked(void **state)
{
	struct http_layout l = layout_of_a_good_request();

	(void)state;
	l.n = HTTP_HEADER_COUNT_MAX + 1;
	assert_false(http_layout_whole(&l));
	l.n = 0;
	assert_false(http_layout_whole(&l));
	l.header_size = 19;
	assert_true(http_layout_whole(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_has_so_many_segments_and_parameters_and_no_more),
		cmocka_unit_test(a_target_needs_memory_and_says_so),
		cmocka_unit_test(marks_that_urls_allow_need_no_escape),
		cmocka_unit_test(a_host_is_a_name_or_an_address_with_an_optional_port),
		cmocka_unit_test(a_range_lies_within_the_file),
		cmocka_unit_test(a_header_of_ours_frames_nothing_and_breaks_no_line),
		cmocka_unit_test(strings_that_account_for_every_byte_hide_nothing),
		cmocka_unit_test(a_gap_between_the_strings_shows),
		cmocka_unit_test(a_layout_beyond_its_arrays_is_not_walked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
