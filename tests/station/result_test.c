/* SPDX-License-Identifier: Apache-2.0 */
/* Result files: what is taken, and every way in which one can be wrong, with its line and field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "record/codec.h"
#include "station/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD                                                                                     \
	"{\n\"product\": \"GW\",\n\"serial\": \"S1\",\n\"procedure\": \"FCT\",\n"                \
	"\"procedure_digest\": \"" DIGEST "\",\n\"sequence\": 7,\n"                              \
	"\"started\": \"2026-11-20T04:28:26.000Z\",\n\"ended\": \"2026-11-20T04:29:26.000Z\",\n" \
	"\"verdict\": \"pass\""
#define COLUMNS "product,serial,procedure,procedure_digest,sequence,started,ended,verdict"
#define ROW     "GW,S1,FCT," DIGEST ",7,2026-11-20T04:28:26Z,2026-11-20T04:29:26Z,pass"

static struct arena arena;

static json_t *sound(const char *text, bool csv)
{
	struct fault f = {0};
	json_t *bodies = NULL;
	err e = csv ? result_from_csv(&arena, bytes_text(text), "st1", &bodies, &f)
		    : result_from_json(bytes_text(text), "st1", &bodies, &f);

	if (e.code != OK)
		print_error("%s %s %s\n", f.message, f.field, fault_value(&f, "line"));
	assert_int_equal(e.code, OK);
	return bodies;
}

/* What comes out is a body of the record type. */
static void must_be_a_record(const json_t *body)
{
	extern const struct area *const AREAS[];
	struct registry *registry;
	const struct compiled_type *type;
	struct fault f = {0};
	struct body out;

	assert_int_equal(registry_make(AREAS, &registry, &f).code, OK);
	type = registry_type(registry, bytes_text("test.recorded"));
	assert_non_null(type);
	assert_int_equal(
		body_from_json(&arena, type->type->fields, type->type->size, body, NULL, &out, &f)
			.code,
		OK);
	registry_free(registry);
}

static int64_t micro(const json_t *body, size_t i)
{
	return json_integer_value(json_object_get(
		json_array_get(json_object_get(body, "measurements"), i), "value_micro"));
}

static void a_json_file_is_one_result(void **state)
{
	json_t *bodies = sound(HEAD ",\n\"operator\": \"op7\", \"measurements\": ["
				    "{\"measurement\": \"VDD\", \"value\": \"3.3012\"},"
				    "{\"measurement\": \"OFS\", \"value\": \"-0.000001\"}]\n}",
			       false);

	(void)state;
	assert_int_equal(json_array_size(bodies), 1);
	const json_t *body = json_array_get(bodies, 0);
	assert_int_equal(micro(body, 0), 3301200);
	assert_int_equal(micro(body, 1), -1);
	assert_string_equal(json_string_value(json_object_get(body, "station")), "st1");
	must_be_a_record(body);
	json_decref(bodies);
}

static void a_csv_file_has_one_measurement_a_row(void **state)
{
	json_t *bodies = sound(COLUMNS ",measurement,value\n" ROW ",VDD,3.3\n" ROW ",IDD,0.120\n"
				       "GW,S2,FCT," DIGEST
				       ",8,2026-11-20T04:28:26Z,2026-11-20T04:29:26Z,fail,VDD,2.9\n"
				       "GW,S3,FCT," DIGEST
				       ",9,2026-11-20T04:28:26Z,2026-11-20T04:29:26Z,aborted,,\n",
			       true);

	(void)state;
	assert_int_equal(json_array_size(bodies), 3);
	assert_int_equal(micro(json_array_get(bodies, 0), 1), 120000);
	assert_int_equal(micro(json_array_get(bodies, 1), 0), 2900000);
	assert_null(json_object_get(json_array_get(bodies, 2), "measurements"));
	for (size_t i = 0; i < 3; i++)
		must_be_a_record(json_array_get(bodies, i));
	json_decref(bodies);
}

static void decimal_text_becomes_whole_millionths(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t micro;
	} cases[] = {
		{"0", true, 0},
		{"1", true, 1000000},
		{"-1.5", true, -1500000},
		{"0.000001", true, 1},
		{"007.50", true, 7500000},
		{"9007199254.740991", true, 9007199254740991},
		{"9007199254.740992", false, 0},
		{"99999999999", false, 0},
		{"0.0000001", false, 0},
		{"", false, 0},
		{"-", false, 0},
		{".5", false, 0},
		{"5.", false, 0},
		{"+5", false, 0},
		{"1e3", false, 0},
		{"1,5", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"0x10", false, 0},
		{"1.2.3", false, 0},
		{"--1", false, 0},
		{"nan", false, 0},
		{"inf", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t out = 0;
		assert_int_equal(micro_parse(bytes_text(cases[i].text), &out), cases[i].good);
		assert_int_equal(out, cases[i].micro);
	}
}

struct wrong {
	const char *text, *message, *field, *line;
};

static void must_be_wrong(const struct wrong *w, bool csv)
{
	struct fault f = {0};
	json_t *bodies = NULL;
	err e = csv ? result_from_csv(&arena, bytes_text(w->text), "st1", &bodies, &f)
		    : result_from_json(bytes_text(w->text), "st1", &bodies, &f);

	if (e.code == OK || strcmp(f.message, w->message) != 0 ||
	    (w->field != NULL && strcmp(f.field, w->field) != 0) ||
	    (w->line != NULL &&
	     (fault_value(&f, "line") == NULL || strcmp(fault_value(&f, "line"), w->line) != 0))) {
		print_error("%s\n: %s %s line %s\n", w->text, e.code == OK ? "taken" : f.message,
			    f.field, fault_value(&f, "line"));
		_fail(__FILE__, __LINE__);
	}
	assert_null(bodies);
}

#define ONE(name, value) "{\"measurement\": " name ", \"value\": " value "}"

static void a_json_file_that_is_wrong_says_line_and_field(void **state)
{
	static const struct wrong cases[] = {
		{"", "RESULT_JSON_WRONG", NULL, "1"},
		{"{", "RESULT_JSON_WRONG", NULL, "1"},
		{"[]", "RESULT_JSON_WRONG", NULL, "1"},
		{"\"text\"", "RESULT_JSON_WRONG", NULL, "1"},
		{HEAD "}\n}", "RESULT_JSON_WRONG", NULL, "10"},
		{HEAD ",\n\"serial\": \"S2\"}", "RESULT_JSON_WRONG", NULL, NULL},
		{HEAD ",\n\"colour\": \"red\"}", "RESULT_WRONG", "colour", "10"},
		{HEAD ",\n\"station\": \"st2\"}", "RESULT_WRONG", "station", "10"},
		{"{\"product\": \"GW\"}", "RESULT_WRONG", "serial", "1"},
		{HEAD ",\n\"operator\": 7}", "RESULT_WRONG", "operator", "10"},
		{HEAD ",\n\"operator\": \"\"}", "RESULT_WRONG", "operator", "10"},
		{HEAD ",\n\"operator\": \"with space\"}", "RESULT_WRONG", "operator", "10"},
		{HEAD ",\n\"attachment\": \"12\"}", "RESULT_WRONG", "attachment", "10"},
		{HEAD ",\n\"measurements\": {}}", "RESULT_WRONG", "measurements", "10"},
		{HEAD ",\n\"measurements\": [7]}", "RESULT_WRONG", "measurements", NULL},
		{HEAD ",\n\"measurements\": [{}]}", "RESULT_WRONG", "measurements", NULL},
		{HEAD ",\n\"measurements\": [\n" ONE("\"V\"", "3.3") "]}", "RESULT_WRONG", "value",
		 "11"},
		{HEAD ",\n\"measurements\": [\n" ONE("\"V\"", "\"1e3\"") "]}", "RESULT_WRONG",
		 "value", "11"},
		{HEAD
		 ",\n\"measurements\": [\n" ONE("\"V\"", "\"1\"") ",\n" ONE("\"V\"", "\"2\"") "]}",
		 "RESULT_WRONG", "measurement", "12"},
		{HEAD ",\n\"measurements\": [\n" ONE("\"a b\"", "\"1\"") "]}", "RESULT_WRONG",
		 "measurement", "11"},
		{HEAD ",\n\"measurements\": [{\"measurement\":\"V\",\"value\":\"1\",\"unit\":\"V\"}"
		      "]}",
		 "RESULT_WRONG", "measurements", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		must_be_wrong(&cases[i], false);
}

static void a_field_of_the_wrong_kind_is_named_with_its_line(void **state)
{
	static const struct {
		const char *from, *to, *field, *line;
	} cases[] = {
		{"\"GW\"", "7", "product", "2"},
		{"\"S1\"", "\"\"", "serial", "3"},
		{"\"FCT\"", "null", "procedure", "4"},
		{DIGEST, "00", "procedure_digest", "5"},
		{"7,", "0,", "sequence", "6"},
		{"7,", "7.5,", "sequence", "6"},
		{"7,", "-7,", "sequence", "6"},
		{"7,", "\"seven\",", "sequence", "6"},
		{"2026-11-20T04:28:26.000Z", "yesterday", "started", "7"},
		{"2026-11-20T04:29:26.000Z", "2026-13-20T04:29:26Z", "ended", "8"},
		{"\"pass\"", "\"PASS\"", "verdict", "9"},
		{"\"pass\"", "true", "verdict", "9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[2048];
		const char *at = strstr(HEAD, cases[i].from);
		assert_non_null(at);
		snprintf(text, sizeof text, "%.*s%s%s}", (int)(at - HEAD), HEAD, cases[i].to,
			 at + strlen(cases[i].from));
		must_be_wrong(&(struct wrong){text, "RESULT_WRONG", cases[i].field, cases[i].line},
			      false);
	}
}

static void a_csv_file_that_is_wrong_says_line_and_field(void **state)
{
	static const struct wrong cases[] = {
		{"", "RESULT_WRONG", "header", "1"},
		{COLUMNS ",measurement,value\n", "RESULT_WRONG", "row", "2"},
		{COLUMNS ",measurement\n" ROW ",V\n", "RESULT_WRONG", "value", "1"},
		{COLUMNS ",measurement,value,colour\n", "RESULT_WRONG", "header", "1"},
		{COLUMNS ",measurement,value,value\n", "RESULT_WRONG", "value", "1"},
		{"serial,measurement,value\n", "RESULT_WRONG", "product", "1"},
		{COLUMNS ",measurement,value\n" ROW ",V\n", "RESULT_WRONG", "row", "2"},
		{COLUMNS ",measurement,value\n" ROW ",V,1,2\n", "RESULT_WRONG", "row", "2"},
		{COLUMNS ",measurement,value\n" ROW ",V,\n", "RESULT_WRONG", "value", "2"},
		{COLUMNS ",measurement,value\n" ROW ",,1\n", "RESULT_WRONG", "measurement", "2"},
		{COLUMNS ",measurement,value\n" ROW ",V,1.0000001\n", "RESULT_WRONG", "value", "2"},
		{COLUMNS ",measurement,value\n" ROW ",V,1\n" ROW ",V,1\n", "RESULT_WRONG",
		 "measurement", "3"},
		{COLUMNS ",measurement,value\n" ROW ",V,1\nGW,S1,ICT," DIGEST
			 ",7,2026-11-20T04:28:26Z,2026-11-20T04:29:26Z,pass,W,1\n",
		 "RESULT_WRONG", "procedure", "3"},
		{COLUMNS ",measurement,value\n" ROW ",V,1\n" ROW ",,\n", "RESULT_WRONG",
		 "measurement", "3"},
		{COLUMNS ",measurement,value\nGW,S1,FCT," DIGEST ",x,2026-11-20T04:28:26Z,"
			 "2026-11-20T04:29:26Z,pass,V,1\n",
		 "RESULT_WRONG", "sequence", "2"},
		{COLUMNS ",measurement,value\nGW,S1,FCT," DIGEST ",7,2026-11-20,"
			 "2026-11-20T04:29:26Z,pass,V,1\n",
		 "RESULT_WRONG", "started", "2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		must_be_wrong(&cases[i], true);
}

static void more_measurements_than_a_record_holds_are_refused(void **state)
{
	size_t cap = 65536, n = 0;
	char *text = malloc(cap);

	(void)state;
	assert_non_null(text);
	n += (size_t)snprintf(text, cap, "%s,measurement,value\n", COLUMNS);
	for (int i = 0; i <= RESULT_MEASUREMENTS_MAX; i++)
		n += (size_t)snprintf(text + n, cap - n, "%s,M%d,1\n", ROW, i);
	must_be_wrong(&(struct wrong){text, "RESULT_WRONG", "measurement", "202"}, true);
	free(text);
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
	struct fault f = {0};
	json_t *bodies = NULL;
	char *text = calloc(1, RESULT_FILE_MAX + 1);

	(void)state;
	assert_non_null(text);
	struct bytes all = bytes_of(text, RESULT_FILE_MAX + 1);
	assert_int_equal(result_from_json(all, "st1", &bodies, &f).code, ERR_TOO_LARGE);
	assert_int_equal(result_from_csv(&arena, all, "st1", &bodies, &f).code, ERR_TOO_LARGE);
	free(text);
}

static int forget(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_json_file_is_one_result, forget),
		cmocka_unit_test_teardown(a_csv_file_has_one_measurement_a_row, forget),
		cmocka_unit_test(decimal_text_becomes_whole_millionths),
		cmocka_unit_test_teardown(a_json_file_that_is_wrong_says_line_and_field, forget),
		cmocka_unit_test_teardown(a_field_of_the_wrong_kind_is_named_with_its_line, forget),
		cmocka_unit_test_teardown(a_csv_file_that_is_wrong_says_line_and_field, forget),
		cmocka_unit_test_teardown(more_measurements_than_a_record_holds_are_refused,
					  forget),
		cmocka_unit_test_teardown(a_file_that_is_too_large_is_not_read, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
