/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories: the forms a feed comes in, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "format/osv.h"

#include <stdio.h>
#include <string.h>

/* JSON with ' for ". */
static struct bytes json(struct arena *a, const char *text)
{
	char *p = arena_text(a, bytes_text(text));

	assert_non_null(p);
	for (char *c = p; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	return bytes_text(p);
}

static err count(void *context, const struct osv_advisory *advisory, struct fault *f)
{
	size_t *n = context;

	(void)f;
	assert_true(advisory->id.n > 0);
	(*n)++;
	return ERR_OK;
}

static struct fault fault;
static err read_feed(const char *text, struct osv_feed *feed, size_t *n)
{
	struct arena a = {0};

	*n = 0;
	fault = (struct fault){0};
	err e = osv_read(json(&a, text), count, n, feed, &fault);
	arena_done(&a);
	return e;
}

#define ONE(id) "{'id':'" id "','modified':'2026-01-01T00:00:00Z'}"

static void feed_comes_in_four_forms(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} FORMS[] = {
		{ONE("A"), 1},
		{" \n" ONE("A") "\n", 1},
		{"[]", 0},
		{"[ ]", 0},
		{"[" ONE("A") "]", 1},
		{"[" ONE("A") "," ONE("B") " ,\n" ONE("C") "]\n", 3},
		{"{'vulns':[" ONE("A") "," ONE("B") "]}", 2},
		{"{'next_page_token':'x','vulns':[" ONE("A") "]}", 1},
		{"{'vulns':[]}", 0},
		{ONE("A") "\n" ONE("B") "\r\n" ONE("C"), 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
		struct osv_feed feed;
		size_t n;
		if (read_feed(FORMS[i].text, &feed, &n).code != OK)
			fail_msg("%s: %s %s", FORMS[i].text, fault.message, fault.field);
		assert_int_equal(n, FORMS[i].n);
		assert_int_equal(feed.advisories, n);
	}
}

static void feed_says_when_it_changed_last_and_what_was_withdrawn(void **state)
{
	struct osv_feed feed;
	size_t n;

	(void)state;
	assert_int_equal(
		read_feed("[{'id':'A','modified':'2026-02-01T00:00:00.123456789Z'},{'id':'B',"
			  "'modified':'2026-01-01T00:00:00Z','withdrawn':'2026-01-02T00:00:00Z'}]",
			  &feed, &n)
			.code,
		OK);
	assert_int_equal(feed.newest, 1769904000123);
	assert_int_equal(feed.withdrawn, 1);
}

#define BAD(members)   "{'id':'A','modified':'2026-01-01T00:00:00Z'," members "}"
#define ENTRY(members) BAD("'affected':[{" members "}]")
#define EVENTS(list)   ENTRY("'ranges':[{'type':'SEMVER','events':" list "}]")

static const struct {
	const char *text, *path; /* the fault's field, or the message if it is of the JSON */
} WRONG[] = {
	{"", ""},
	{"null", ""},
	{"advisories", ""},
	{"{", "JSON_TEXT_WRONG"},
	{"[", ""},
	{"[1]", ""},
	{"[null]", ""},
	{"[" ONE("A"), ""},
	{"[" ONE("A") ",]", ""},
	{"[" ONE("A") " " ONE("B") "]", ""},
	{"[" ONE("A") "] x", ""},
	{"[" ONE("A") "][]", ""},
	{ONE("A") " x", ""},
	{ONE("A") "," ONE("B"), ""},
	{"[[" ONE("A") "]]", ""},
	{"[{'id':'A'", "JSON_TEXT_WRONG"},
	{"[{'id':'A','id':'B','modified':'2026-01-01T00:00:00Z'}]", "JSON_TEXT_WRONG"},
	{"{'vulns':{}}", "vulns"},
	{"{'vulns':[1]}", ""},
	{"{'vulns':[" ONE("A") "]} {}", ""},
	{"{}", "id"},
	{"{'id':1,'modified':'2026-01-01T00:00:00Z'}", "id"},
	{"{'id':'','modified':'2026-01-01T00:00:00Z'}", "id"},
	{"{'id':'A B','modified':'2026-01-01T00:00:00Z'}", "id"},
	{"{'id':'A\\u0007','modified':'2026-01-01T00:00:00Z'}", "id"},
	{"{'id':'A2345678901234567890123456789012345678901234567890123456789012345','modified':"
	 "'2026-01-01T00:00:00Z'}",
	 "id"},
	{"{'id':'A'}", "modified"},
	{"{'id':'A','modified':'yesterday'}", "modified"},
	{"{'id':'A','modified':1}", "modified"},
	{"{'id':'A','modified':'2026-01-01T00:00:00.12x456Z'}", "modified"},
	{BAD("'withdrawn':true"), "withdrawn"},
	{BAD("'aliases':'CVE-1'"), "aliases"},
	{BAD("'aliases':[1]"), "aliases"},
	{BAD("'aliases':['']"), "aliases"},
	{BAD("'upstream':{}"), "upstream"},
	{BAD("'severity':'high'"), "severity"},
	{BAD("'severity':[{'type':'CVSS_V3','score':9.8}]"), "score"},
	{BAD("'severity':['high']"), "severity"},
	{BAD("'affected':{}"), "affected"},
	{BAD("'affected':[1]"), "affected[0]"},
	{ENTRY("'package':'x'"), "affected[0].package"},
	{ENTRY("'package':{'name':'x'}"), "affected[0].package.ecosystem"},
	{ENTRY("'package':{'ecosystem':'npm'}"), "affected[0].package.name"},
	{ENTRY("'package':{'ecosystem':1,'name':'x'}"), "affected[0].ecosystem"},
	{ENTRY("'versions':'1.0'"), "affected[0].versions"},
	{ENTRY("'versions':[1.0]"), "affected[0].versions"},
	{ENTRY("'ranges':{}"), "affected[0].ranges"},
	{ENTRY("'ranges':[1]"), "affected[0].ranges[0]"},
	{ENTRY("'ranges':[{}]"), "affected[0].ranges[0].type"},
	{ENTRY("'ranges':[{'type':'semver','events':[{'introduced':'0'}]}]"),
	 "affected[0].ranges[0].type"},
	{ENTRY("'ranges':[{'type':'SEMVER'}]"), "affected[0].ranges[0].events"},
	{EVENTS("[]"), "affected[0].ranges[0].events"},
	{EVENTS("{}"), "affected[0].ranges[0].events"},
	{EVENTS("[1]"), "affected[0].ranges[0].events[0]"},
	{EVENTS("[{}]"), "affected[0].ranges[0].events[0]"},
	{EVENTS("[{'introduced':'0'},{'fixed':1}]"), "affected[0].ranges[0].events[1].fixed"},
	{EVENTS("[{'introduced':'0','fixed':'1.0.0'}]"), "affected[0].ranges[0].events[0]"},
	{EVENTS("[{'introduced':''}]"), "affected[0].ranges[0].events[0]"},
	{EVENTS("[{'removed':'1'}]"), "affected[0].ranges[0].events[0]"},
};

static void what_is_no_feed_is_refused_with_its_path(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		struct osv_feed feed;
		size_t n;
		if (read_feed(WRONG[i].text, &feed, &n).code != ERR_INVALID)
			fail_msg("%s was read", WRONG[i].text);
		if (strcmp(fault.message, "OSV_WRONG") == 0
			    ? strcmp(fault.field, WRONG[i].path) != 0
			    : strcmp(fault.message, WRONG[i].path) != 0)
			fail_msg("%s: %s at %s", WRONG[i].text, fault.message, fault.field);
		fault_text(&fault, text, sizeof text);
		assert_null(strstr(text, "{line}"));
		assert_null(strstr(text, "{expected}"));
	}
}

static void fault_says_which_advisory_on_which_line(void **state)
{
	struct osv_feed feed;
	size_t n;

	(void)state;
	assert_int_equal(read_feed("[\n" ONE("A") ",\n\n{'id':'B'}]", &feed, &n).code, ERR_INVALID);
	assert_string_equal(fault_value(&fault, "line"), "4");
	assert_string_equal(fault_value(&fault, "number"), "2");
	assert_int_equal(read_feed(ONE("A") "\n {'id':'B'x}", &feed, &n).code, ERR_INVALID);
	assert_string_equal(fault_value(&fault, "line"), "2");
	assert_string_equal(fault_value(&fault, "column"), "11");
}

static void too_much_is_refused(void **state)
{
	struct arena a = {.limit = 256 << 20};
	struct osv_feed feed;
	struct fault f = {0};
	size_t n = 0;
	uint8_t *p = arena_alloc(&a, OSV_FEED_MAX + 1);

	(void)state;
	assert_non_null(p);
	memset(p, ' ', OSV_FEED_MAX + 1);
	assert_int_equal(osv_read(bytes_of(p, OSV_FEED_MAX + 1), count, &n, &feed, &f).code,
			 ERR_TOO_LARGE);
	memset(p, '[', OSV_FEED_MAX);
	memcpy(p, "{\"x\":", 5);
	assert_int_equal(osv_read(bytes_of(p, OSV_FEED_MAX), count, &n, &feed, &f).code,
			 ERR_INVALID);
	assert_string_equal(f.message, "JSON_TEXT_TOO_DEEP");
	memset(p, ',', OSV_FEED_MAX);
	memcpy(p, "{\"x\":[", 6);
	assert_int_equal(osv_read(bytes_of(p, OSV_FEED_MAX), count, &n, &feed, &f).code,
			 ERR_TOO_LARGE);
	assert_string_equal(f.message, "JSON_TEXT_TOO_MANY");
	arena_done(&a);
}

static err stop(void *context, const struct osv_advisory *advisory, struct fault *f)
{
	(void)context;
	(void)advisory;
	return (fail)(f, "OUT_OF_MEMORY", NULL);
}

static void reader_stops_when_it_is_told_to(void **state)
{
	struct arena a = {0};
	struct osv_feed feed;
	struct fault f = {0};

	(void)state;
	assert_int_equal(osv_read(json(&a, "[" ONE("A") "]"), stop, NULL, &feed, &f).code,
			 ERR_MEMORY);
	assert_int_equal(feed.advisories, 0);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feed_comes_in_four_forms),
		cmocka_unit_test(feed_says_when_it_changed_last_and_what_was_withdrawn),
		cmocka_unit_test(what_is_no_feed_is_refused_with_its_path),
		cmocka_unit_test(fault_says_which_advisory_on_which_line),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(reader_stops_when_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
