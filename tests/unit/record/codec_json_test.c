/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_kit.h"

static const uint8_t KEY[32] = {1, 2, 3};

struct decoded_json {
	struct arena arena;
	struct opener opener;
	struct opening openings[OPENINGS_MAX];
	struct body body;
	struct fault fault;
};

/* `text` with ' for ". Bytes that jansson refuses are a test of their own. */
static bool reads(struct decoded_json *d, const char *text)
{
	arena_done(&d->arena);
	*d = (struct decoded_json){0};
	d->opener = (struct opener){.secret = bytes_of(KEY, sizeof KEY),
				    .author = bytes_text("ada"),
				    .openings = d->openings};
	char *json = arena_text(&d->arena, bytes_text(text));
	for (char *p = json; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	json_t *value = json_loads(json, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (value == NULL)
		return false;
	err result = body_from_json(&d->arena, all_fields, sizeof(struct all), value, &d->opener,
				    &d->body, &d->fault);
	json_decref(value);
	return result.code == OK;
}

static void assert_refused(const char *text, const char *id, const char *field)
{
	struct decoded_json d = {0};

	if (reads(&d, text))
		fail_msg("taken: %s", text);
	if (d.fault.message == NULL)
		fail_msg("not JSON: %s", text);
	assert_string_equal(d.fault.message, id);
	assert_string_equal(d.fault.field, field);
	arena_done(&d.arena);
}

static void assert_taken(const char *text)
{
	struct decoded_json d = {0};

	if (!reads(&d, text))
		fail_msg("%s: %s", d.fault.message == NULL ? "?" : d.fault.message, text);
	arena_done(&d.arena);
}

static void a_body_is_read_into_its_struct(void **state)
{
	struct decoded_json d = {0};

	(void)state;
	assert_true(reads(
		&d, "{'id':'a-1','number':-5,'yes':false,'text':'h\\u00e4','blob':'AQID',"
		    "'at':'2026-11-20T04:28:26.001Z','parts':[{'name':'x'},{'name':'y','n':9}]}"));
	const struct all *b = d.body.p;
	assert_string_equal(b->id.text, "a-1");
	assert_int_equal(b->number, -5);
	assert_false(b->yes);
	assert_int_equal(b->text.bytes.n, 3);
	assert_int_equal(b->blob.bytes.n, 3);
	assert_int_equal(b->at.ms % 1000, 1);
	assert_int_equal(b->parts.n, 2);
	assert_int_equal(((const struct part *)b->parts.items)[1].n, 9);
	assert_int_equal(b->parts.present[0], 1);
	assert_int_equal(b->parts.present[1], 3);
	arena_done(&d.arena);
}

static void absent_differs_from_zero(void **state)
{
	struct decoded_json d = {0};
	struct value values[16];

	(void)state;
	assert_true(reads(&d, "{'id':'a','any':0}"));
	body_values(all_fields, &d.body, values);
	assert_int_equal(values[4].kind, VALUE_NULL);
	assert_int_equal(values[5].kind, VALUE_INT);
	assert_true(reads(&d, "{'id':'a','any':null}")); /* null is absent */
	body_values(all_fields, &d.body, values);
	assert_int_equal(values[5].kind, VALUE_NULL);
	arena_done(&d.arena);
}

static void unknown_missing_and_doubled_fields_are_refused(void **state)
{
	struct decoded_json d = {0};

	(void)state;
	assert_refused("{'id':'a','colour':1}", "FIELD_UNKNOWN", "colour");
	assert_refused("{'id':'a','ID':'b'}", "FIELD_UNKNOWN", "ID");
	assert_refused("{'id':'a','':1}", "FIELD_UNKNOWN", "(not text)");
	assert_refused("{}", "FIELD_MISSING", "id");
	assert_refused("{'id':null}", "FIELD_MISSING", "id");
	assert_refused("{'id':'a','parts':[{'name':'x'},{}]}", "FIELD_MISSING", "parts[1].name");
	assert_refused("{'id':'a','parts':[{'name':'x','m':1}]}", "FIELD_UNKNOWN", "parts[0].m");
	assert_false(reads(&d, "{'id':'a','id':'b'}"));
	arena_done(&d.arena);
}

static void what_is_no_object_is_refused(void **state)
{
	(void)state;
	assert_refused("[]", "FIELD_WRONG", "body");
	assert_refused("'a'", "FIELD_WRONG", "body");
	assert_refused("null", "FIELD_WRONG", "body");
	assert_refused("{'id':'a','parts':[5]}", "FIELD_WRONG", "parts[0]");
	assert_refused("{'id':'a','parts':[[]]}", "FIELD_WRONG", "parts[0]");
}

static void values_of_the_wrong_kind_are_refused(void **state)
{
	static const char *const values[] = {"5", "1.5", "true", "[]", "{}", "'a b'"};
	static const char *const kinds[] = {"choice", "hash", "at",   "number",
					    "yes",    "blob", "parts"};
	char text[64];

	(void)state;
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
			bool fits = (strcmp(kinds[k], "number") == 0 && i == 0) ||
				    (strcmp(kinds[k], "yes") == 0 && i == 2);
			snprintf(text, sizeof text, "{'id':'a','%s':%s}", kinds[k], values[i]);
			if (fits)
				assert_taken(text);
			else
				assert_refused(text, "FIELD_WRONG", kinds[k]);
		}
	assert_refused("{'id':5}", "FIELD_WRONG", "id");
	assert_refused("{'id':'a','text':5}", "FIELD_WRONG", "text");
	assert_refused("{'id':'a','secret':5}", "FIELD_WRONG", "secret");
}

static void values_out_of_range_are_refused(void **state)
{
	(void)state;
	assert_taken("{'id':'a','number':100}");
	assert_refused("{'id':'a','number':101}", "FIELD_WRONG", "number");
	assert_refused("{'id':'a','number':-6}", "FIELD_WRONG", "number");
	assert_taken("{'id':'a','any':9223372036854775807}");
	assert_taken("{'id':'a','any':-9223372036854775808}");
	assert_refused("{'id':'a','any':1e3}", "FIELD_WRONG", "any");
	assert_refused("{'id':'a','choice':'S'}", "FIELD_WRONG", "choice");
	assert_refused("{'id':'a','choice':'H|SS'}", "FIELD_WRONG", "choice");
	assert_taken("{'id':'a','choice':'SS'}");
	assert_refused("{'id':'a','parts':[]}", "FIELD_WRONG", "parts");
	assert_refused("{'id':'a','parts':[{'name':'x','n':0}]}", "FIELD_WRONG", "parts[0].n");
}

static void over_long_values_are_refused(void **state)
{
	(void)state;
	assert_taken("{'id':'0123456789012345678901234567890123456789012345678901234567890123'}");
	assert_refused("{'id':'01234567890123456789012345678901234567890123456789012345678901234'}",
		       "FIELD_WRONG", "id");
	assert_refused("{'id':''}", "FIELD_WRONG", "id");
	assert_taken("{'id':'a','text':'0123456789'}");
	assert_refused("{'id':'a','text':'01234567890'}", "FIELD_WRONG", "text");
	assert_refused("{'id':'a','text':''}", "FIELD_WRONG", "text");
	assert_taken("{'id':'a','blob':'AQIDBA'}");
	assert_refused("{'id':'a','blob':'AQIDBAU'}", "FIELD_WRONG", "blob");
	assert_refused("{'id':'a','blob':''}", "FIELD_WRONG", "blob");
	assert_refused("{'id':'a','blob':'AQIDBA=='}", "FIELD_WRONG", "blob");
	assert_refused("{'id':'a','secret':'01234567890'}", "FIELD_WRONG", "secret");
	assert_refused("{'id':'a','nonce':'AQ'}", "FIELD_WRONG", "nonce");
	assert_taken("{'id':'a','nonce':'AQI'}");
	assert_taken("{'id':'a','nonce':'AQID'}");
	assert_refused("{'id':'a','nonce':'AQIDBA'}", "FIELD_WRONG", "nonce");
	assert_refused("{'id':'a','parts':[{'name':'x'},{'name':'x'},{'name':'x'},{'name':'x'}]}",
		       "FIELD_WRONG", "parts");
	assert_refused("{'id':'a','hash':'00'}", "FIELD_WRONG", "hash");
}

static void text_that_is_none_is_refused(void **state)
{
	struct decoded_json d = {0};

	(void)state;
	assert_taken("{'id':'a','text':'a\\n\\tb'}");
	assert_refused("{'id':'a','text':'a\\rb'}", "FIELD_WRONG", "text");
	assert_refused("{'id':'a','text':'a\\u001b'}", "FIELD_WRONG", "text");
	assert_refused("{'id':'a','text':'a\\u007f'}", "FIELD_WRONG", "text");
	assert_refused("{'id':'a','text':'a\\u0085'}", "FIELD_WRONG", "text");
	assert_refused("{'id':'a b'}", "FIELD_WRONG", "id");
	assert_refused("{'id':'\\u00e4'}", "FIELD_WRONG", "id");
	assert_false(reads(&d, "{'id':'a\\u0000b'}"));
	assert_false(reads(&d, "{'id':'a\xff'}"));
	assert_refused("{'id':'a','at':'2026-02-30T00:00:00Z'}", "FIELD_WRONG", "at");
	assert_refused("{'id':'a','at':'2026-11-20'}", "FIELD_WRONG", "at");
	arena_done(&d.arena);
}

static void the_same_submission_makes_the_same_commitment(void **state)
{
	struct decoded_json one = {0}, two = {0};

	(void)state;
	assert_true(reads(&one, "{'id':'a','secret':'value'}"));
	assert_true(reads(&two, "{'id':'a','secret':'value'}"));
	const struct all *a = one.body.p, *b = two.body.p;
	assert_true(hash_equal(a->secret.hash, b->secret.hash));
	assert_int_equal(one.opener.n, 1);
	assert_true(hash_equal(commitment_of(one.openings[0].salt, bytes_text("value")),
			       a->secret.hash));
	assert_int_equal(openings_check(all_fields, &one.body, one.openings, 1, &one.fault).code,
			 OK);
	one.openings[0].value = bytes_text("other");
	assert_int_not_equal(
		openings_check(all_fields, &one.body, one.openings, 1, &one.fault).code, OK);
	arena_done(&one.arena);
	arena_done(&two.arena);
}

static void without_a_secret_nothing_is_committed_to(void **state)
{
	struct arena a = {0};
	struct body body;
	struct fault f = {0};
	json_t *json = json_pack("{s:s, s:s}", "id", "a", "secret", "value");

	(void)state;
	assert_int_not_equal(
		body_from_json(&a, all_fields, sizeof(struct all), json, NULL, &body, &f).code, OK);
	json_decref(json);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_read_into_its_struct),
		cmocka_unit_test(absent_differs_from_zero),
		cmocka_unit_test(unknown_missing_and_doubled_fields_are_refused),
		cmocka_unit_test(what_is_no_object_is_refused),
		cmocka_unit_test(values_of_the_wrong_kind_are_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(over_long_values_are_refused),
		cmocka_unit_test(text_that_is_none_is_refused),
		cmocka_unit_test(the_same_submission_makes_the_same_commitment),
		cmocka_unit_test(without_a_secret_nothing_is_committed_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
