/* SPDX-License-Identifier: Apache-2.0 */
/* Software bills: what is taken out of one, and what is refused, with its path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "format/cyclonedx.h"

#include <stdio.h>
#include <stdlib.h>
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

static struct arena arena;
static struct fault fault;
static struct cyclonedx bill;

static int clean(void **state)
{
	(void)state;
	arena_done(&arena);
	arena = (struct arena){.limit = 256 << 20};
	fault = (struct fault){0};
	return 0;
}

static err read_text(const char *text)
{
	return cyclonedx_read(&arena, json(&arena, text), &bill, &fault);
}

#define HEAD     "'bomFormat':'CycloneDX','specVersion':'1.6'"
#define BILL(of) "{" HEAD ",'components':[" of "]}"

static void assert_text(struct bytes found, const char *expected)
{
	assert_true(bytes_equal(found, bytes_text(expected)));
}

/* ---- what is taken ---- */

static void component_says_name_version_package_and_source(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(BILL("{'type':'library','bom-ref':'r','name':'libssl3','version':'3.0',"
			       "'purl':'pkg:deb/debian/libssl3@3.0?distro=debian-12',"
			       "'properties':[{'name':'x'},{'name':'sealwright:source','value':"
			       "'openssl'},{'name':'sealwright:source-version','value':'3.0-1'}]}"))
			.code,
		OK);
	assert_int_equal(bill.n, 1);
	assert_text(bill.components[0].name, "libssl3");
	assert_text(bill.components[0].version, "3.0");
	assert_text(bill.components[0].reference, "r");
	assert_text(bill.components[0].source, "openssl");
	assert_text(bill.components[0].source_version, "3.0-1");
	assert_string_equal(bill.components[0].key, "pkg:deb/debian/libssl3");
	assert_text(purl_qualifier(&bill.components[0].purl, "distro"), "debian-12");
	assert_int_equal(bill.components[0].parent, CYCLONEDX_NONE);
}

static void component_without_package_url_is_known_by_its_name(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(
			BILL("{'type':'firmware','group':'acme','name':'radio'},{'type':'library',"
			     "'name':'zlib','purl':null}"))
			.code,
		OK);
	assert_string_equal(bill.components[0].key, "acme/radio");
	assert_false(bill.components[1].has_purl);
	assert_int_equal(bill.components[0].version.n, 0);
}

static void version_of_the_package_url_counts_where_there_is_no_other(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(BILL("{'type':'library','name':'a','purl':'pkg:npm/a@1.0.0'}")).code, OK);
	assert_text(bill.components[0].version, "1.0.0");
}

static void components_lie_within_components(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(BILL("{'type':'library','name':'a','scope':'excluded','components':[{"
			       "'type':'file','name':'b','components':[{'type':'file','name':'c'}]}"
			       "]},{'type':'library','name':'d','scope':'optional'}"))
			.code,
		OK);
	assert_int_equal(bill.n, 4);
	assert_int_equal(bill.components[1].parent, 0);
	assert_int_equal(bill.components[2].parent, 1);
	assert_int_equal(bill.components[2].depth, 2);
	assert_int_equal(bill.components[3].parent, CYCLONEDX_NONE);
	/* What is in something that is no part of the product is none either. */
	assert_true(bill.components[2].excluded);
	assert_false(bill.components[3].excluded);
}

static void subject_is_no_component_but_its_components_are(void **state)
{
	(void)state;
	assert_int_equal(
		read_text("{" HEAD ",'metadata':{'component':{'type':'firmware','name':'GW',"
			  "'version':'2','bom-ref':'gw','components':[{'type':'library','name':"
			  "'zlib'}]}}}")
			.code,
		OK);
	assert_text(bill.subject, "GW");
	assert_text(bill.subject_version, "2");
	assert_int_equal(bill.n, 1);
	assert_text(bill.components[0].name, "zlib");
}

static void bill_without_metadata_and_without_components_is_one(void **state)
{
	(void)state;
	assert_int_equal(read_text("{" HEAD "}").code, OK);
	assert_int_equal(bill.n, 0);
	assert_int_equal(bill.subject.n, 0);
	assert_int_equal(read_text("{" HEAD ",'metadata':{}}").code, OK);
}

static void every_version_from_1_4_to_1_7_is_read(void **state)
{
	char text[128];

	(void)state;
	for (int minor = 0; minor < 10; minor++) {
		snprintf(text, sizeof text, "{'bomFormat':'CycloneDX','specVersion':'1.%d'}",
			 minor);
		assert_int_equal(read_text(text).code, minor >= 4 && minor <= 7 ? OK : ERR_INVALID);
	}
}

/* An empty list says nothing unless the bill says that it is complete. */
static void bill_is_complete_only_where_it_says_so_of_itself(void **state)
{
	static const struct {
		const char *compositions;
		bool complete;
	} CASES[] = {
		{"[]", false},
		{"[{'aggregate':'complete'}]", true},
		{"[{'aggregate':'incomplete'}]", false},
		{"[{'aggregate':'unknown'}]", false},
		{"[{'aggregate':'not_specified'}]", false},
		{"[{'aggregate':'complete'},{'aggregate':'incomplete_third_party_only'}]", false},
		{"[{'aggregate':'complete','assemblies':['gw']}]", true},
		{"[{'aggregate':'complete','dependencies':['gw']}]", true},
		{"[{'aggregate':'complete','dependencies':['z']}]", false},
		{"[{'aggregate':'complete','assemblies':[]}]", false},
		{"[{'aggregate':'complete','dependencies':['gw']},{'aggregate':'unknown',"
		 "'dependencies':['z']}]",
		 true},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		snprintf(text, sizeof text,
			 "{" HEAD ",'metadata':{'component':{'type':'firmware','name':'GW',"
			 "'bom-ref':'gw'}},'compositions':%s}",
			 CASES[i].compositions);
		assert_int_equal(read_text(text).code, OK);
		if (bill.complete != CASES[i].complete)
			fail_msg("%s", CASES[i].compositions);
	}
}

/* ---- what is refused ---- */

struct wrong {
	const char *text, *path; /* path: the fault's field, or the message where there is none */
};

static const struct wrong WRONG[] = {
	{"", "JSON_TEXT_WRONG"},
	{"{", "JSON_TEXT_WRONG"},
	{"nothing", "JSON_TEXT_WRONG"},
	{"{" HEAD "} {}", "JSON_TEXT_WRONG"},
	{"{" HEAD ",'bomFormat':'CycloneDX'}", "JSON_TEXT_WRONG"},
	{"{" HEAD ",'components':[{'type':'library','name':'a','name':'b'}]}", "JSON_TEXT_WRONG"},
	{"{" HEAD ",'components':[{'type':'library','name':'a\\u0000b'}]}", "JSON_TEXT_WRONG"},
	{"{" HEAD ",'components':[{'type':'library','name':'\\ud800'}]}", "JSON_TEXT_WRONG"},
	{"[]", ""},
	{"'CycloneDX'", "JSON_TEXT_WRONG"},
	{"{}", "bomFormat"},
	{"{'bomFormat':'SPDX','specVersion':'1.6'}", "bomFormat"},
	{"{'bomFormat':1,'specVersion':'1.6'}", "bomFormat"},
	{"{'bomFormat':'CycloneDX'}", "specVersion"},
	{"{'bomFormat':'CycloneDX','specVersion':1.6}", "specVersion"},
	{"{'bomFormat':'CycloneDX','specVersion':'2.0'}", "specVersion"},
	{"{" HEAD ",'version':0}", "version"},
	{"{" HEAD ",'version':'1'}", "version"},
	{"{" HEAD ",'version':1.5}", "version"},
	{"{" HEAD ",'serialNumber':7}", "serialNumber"},
	{"{" HEAD ",'metadata':[]}", "metadata"},
	{"{" HEAD ",'metadata':{'component':[]}}", "metadata.component"},
	{"{" HEAD ",'metadata':{'component':{'type':'firmware'}}}", "metadata.component.name"},
	{"{" HEAD ",'metadata':{'component':{'name':'x'}}}", "metadata.component.type"},
	{"{" HEAD ",'components':{}}", "components"},
	{"{" HEAD ",'components':'none'}", "components"},
	{BILL("1"), "components[0]"},
	{BILL("null"), "components[0]"},
	{BILL("{'type':'library'}"), "components[0].name"},
	{BILL("{'name':'a'}"), "components[0].type"},
	{BILL("{'type':'library','name':''}"), "components[0].name"},
	{BILL("{'type':'library','name':['a']}"), "components[0].name"},
	{BILL("{'type':'library','name':'a\\nb'}"), "components[0].name"},
	{BILL("{'type':'library','name':'a','version':1}"), "components[0].version"},
	{BILL("{'type':'library','name':'a','group':{}}"), "components[0].group"},
	{BILL("{'type':'library','name':'a','bom-ref':1}"), "components[0].bom-ref"},
	{BILL("{'type':'library','name':'a','purl':'npm/a'}"), "components[0].purl"},
	{BILL("{'type':'library','name':'a','purl':'pkg:deb'}"), "components[0].purl"},
	{BILL("{'type':'library','name':'a','purl':'pkg:npm/%zz'}"), "components[0].purl"},
	{BILL("{'type':'library','name':'a','scope':'maybe'}"), "components[0].scope"},
	{BILL("{'type':'library','name':'a','properties':{}}"), "components[0].properties"},
	{BILL("{'type':'library','name':'a','properties':[1]}"), "components[0].properties[0]"},
	{BILL("{'type':'library','name':'a','properties':[{'name':'sealwright:source','value':1}]"
	      "}"),
	 "components[0].properties[0].value"},
	{BILL("{'type':'library','name':'a'},{'type':'library','name':'b','components':[{'type':"
	      "'file','name':'c'},{'type':'file'}]}"),
	 "components[1].components[1].name"},
	{BILL("{'type':'library','name':'a','components':7}"), "components[0].components"},
	{BILL("{'type':'a','name':'a','bom-ref':'r'},{'type':'a','name':'b','bom-ref':'r'}"),
	 "CYCLONEDX_REFERENCE_TWICE"},
	{BILL("{'type':'a','name':'a','bom-ref':'r','components':[{'type':'a','name':'b','bom-ref':"
	      "'r'}]}"),
	 "CYCLONEDX_REFERENCE_TWICE"},
	{"{" HEAD ",'metadata':{'component':{'type':'a','name':'a','bom-ref':'r'}},'components':[{"
	 "'type':'a','name':'b','bom-ref':'r'}]}",
	 "CYCLONEDX_REFERENCE_TWICE"},
	{"{" HEAD ",'compositions':{}}", "compositions"},
	{"{" HEAD ",'compositions':[1]}", "compositions[0]"},
	{"{" HEAD ",'compositions':[{}]}", "compositions[0].aggregate"},
	{"{" HEAD ",'compositions':[{'aggregate':1}]}", "compositions[0].aggregate"},
	{"{" HEAD ",'compositions':[{'aggregate':'complete','assemblies':'r'}]}",
	 "compositions[0].assemblies"},
};

static void what_is_no_software_bill_is_refused_with_its_path(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		fault = (struct fault){0};
		if (read_text(WRONG[i].text).code != ERR_INVALID)
			fail_msg("%s was read", WRONG[i].text);
		if (strcmp(fault.message, "CYCLONEDX_WRONG") == 0
			    ? strcmp(fault.field, WRONG[i].path) != 0
			    : strcmp(fault.message, WRONG[i].path) != 0)
			fail_msg("%s: %s at %s", WRONG[i].text, fault.message, fault.field);
		assert_int_equal(bill.n, 0);
		fault_text(&fault, text, sizeof text);
		assert_null(strstr(text, "{path}"));
		assert_null(strstr(text, "{expected}"));
		assert_null(strstr(text, "{line}"));
	}
}

static void fault_of_json_says_line_and_column(void **state)
{
	(void)state;
	assert_int_equal(read_text("{" HEAD ",\n 'components': x}").code, ERR_INVALID);
	assert_string_equal(fault_value(&fault, "line"), "2");
	assert_string_equal(fault_value(&fault, "column"), "16");
}

/* ---- how much there may be ---- */

static struct bytes repeated(const char *before, const char *one, size_t n, const char *after)
{
	size_t cap = strlen(before) + n * strlen(one) + strlen(after) + 1;
	uint8_t *p = arena_alloc(&arena, cap);
	struct writer w = writer_of(p, cap);

	assert_non_null(p);
	put_text(&w, before);
	for (size_t i = 0; i < n; i++)
		put_text(&w, one);
	put_text(&w, after);
	for (size_t i = 0; i < w.n; i++)
		p[i] = p[i] == '\'' ? '"' : p[i];
	return bytes_of(p, w.n);
}

static void components_nest_thirty_two_deep_and_no_deeper(void **state)
{
	const char *one = "'components':[{'type':'a','name':'a',";

	(void)state;
	for (size_t n = CYCLONEDX_DEPTH_MAX; n <= CYCLONEDX_DEPTH_MAX + 1; n++) {
		char ends[256] = "";
		for (size_t i = 0; i < n; i++)
			memcpy(ends + 2 * i, "}]", 3);
		memcpy(ends + 2 * n, "}", 2);
		const char *end = arena_printf(&arena, "'version':'1'%s", ends);
		err e = cyclonedx_read(&arena, repeated("{" HEAD ",", one, n, end), &bill, &fault);
		assert_int_equal(e.code, n <= CYCLONEDX_DEPTH_MAX ? OK : ERR_INVALID);
	}
	assert_string_equal(fault.message, "CYCLONEDX_WRONG");
}

static void deep_nesting_of_anything_is_refused_before_it_is_built(void **state)
{
	(void)state;
	assert_int_equal(
		cyclonedx_read(&arena, repeated("{'x':", "[", 100000, ""), &bill, &fault).code,
		ERR_INVALID);
	assert_string_equal(fault.message, "JSON_TEXT_TOO_DEEP");
}

static void too_many_values_are_refused_before_they_are_built(void **state)
{
	(void)state;
	assert_int_equal(
		cyclonedx_read(&arena, repeated("{'x':[", "0,", 3000000, "0]}"), &bill, &fault)
			.code,
		ERR_TOO_LARGE);
	assert_string_equal(fault.message, "JSON_TEXT_TOO_MANY");
}

static void hundred_thousand_components_are_read_and_no_more(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct bytes file =
			repeated("{" HEAD ",'components':[", "{'type':'a','name':'a'},",
				 CYCLONEDX_COMPONENTS_MAX - 1 + more, "{'type':'a','name':'a'}]}");
		assert_int_equal(cyclonedx_read(&arena, file, &bill, &fault).code,
				 more ? ERR_TOO_LARGE : OK);
		assert_int_equal(bill.n, more ? 0 : CYCLONEDX_COMPONENTS_MAX);
	}
	assert_string_equal(fault.message, "CYCLONEDX_TOO_MANY");
}

static void larger_file_is_refused(void **state)
{
	uint8_t *p = calloc(1, CYCLONEDX_FILE_MAX + 1);

	(void)state;
	assert_non_null(p);
	memset(p, ' ', CYCLONEDX_FILE_MAX + 1);
	assert_int_equal(
		cyclonedx_read(&arena, bytes_of(p, CYCLONEDX_FILE_MAX + 1), &bill, &fault).code,
		ERR_TOO_LARGE);
	free(p);
}

static void long_text_is_refused(void **state)
{
	(void)state;
	assert_int_equal(cyclonedx_read(&arena,
					repeated("{" HEAD ",'components':[{'type':'a','name':'",
						 "a", CYCLONEDX_TEXT_MAX + 1, "'}]}"),
					&bill, &fault)
				 .code,
			 ERR_INVALID);
	assert_string_equal(fault.field, "components[0].name");
}

static void full_arena_is_said(void **state)
{
	struct bytes file = json(&arena, BILL("{'type':'library','name':'a'}"));

	(void)state;
	for (size_t limit = 1; limit < 20000; limit += 997) {
		struct arena small = {.limit = limit};
		err e = cyclonedx_read(&small, file, &bill, &fault);
		assert_true(e.code == OK || e.code == ERR_MEMORY);
		arena_done(&small);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, clean)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(component_says_name_version_package_and_source),
		TEST(component_without_package_url_is_known_by_its_name),
		TEST(version_of_the_package_url_counts_where_there_is_no_other),
		TEST(components_lie_within_components),
		TEST(subject_is_no_component_but_its_components_are),
		TEST(bill_without_metadata_and_without_components_is_one),
		TEST(every_version_from_1_4_to_1_7_is_read),
		TEST(bill_is_complete_only_where_it_says_so_of_itself),
		TEST(what_is_no_software_bill_is_refused_with_its_path),
		TEST(fault_of_json_says_line_and_column),
		TEST(components_nest_thirty_two_deep_and_no_deeper),
		TEST(deep_nesting_of_anything_is_refused_before_it_is_built),
		TEST(too_many_values_are_refused_before_they_are_built),
		TEST(hundred_thousand_components_are_read_and_no_more),
		TEST(larger_file_is_refused),
		TEST(long_text_is_refused),
		TEST(full_arena_is_said),
	};
	int result = cmocka_run_group_tests(tests, NULL, NULL);

	arena_done(&arena);
	return result;
}
