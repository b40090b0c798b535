/* SPDX-License-Identifier: Apache-2.0 */
/* Many records in one request: each for itself, or all or none. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static struct api *x;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

static const char *role_body(const char *role)
{
	return arena_printf(&x->arena, "{'role':'%s','permissions':[{'permission':'a.b'}]}", role);
}

static struct reply *post_json(const char *path, json_t *json)
{
	char *text = json_dumps(json, 0);
	struct ask ask = {
		.path = path, .who = &x->ada, .body = arena_text(&x->arena, bytes_text(text))};

	free(text);
	json_decref(json);
	return api_ask(x, &ask);
}

static json_t *batch_of(const char *const *roles, size_t n, bool whole)
{
	json_t *records = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *body =
			strncmp(roles[i], "bad", 3) == 0
				? "{'role':'founder','permissions':[{'permission':'a.b'}]}"
				: role_body(roles[i]);
		json_t *one = api_signed(x, &x->ada, "role.defined", body);
		json_object_set_new(one, "type", json_string("role.defined"));
		json_array_append_new(records, one);
	}
	return json_pack("{s:b, s:o}", "whole", whole, "records", records);
}

static int64_t status_at(const struct reply *r, size_t i)
{
	return json_integer_value(
		json_object_get(json_array_get(json_object_get(r->json, "results"), i), "status"));
}

static void batch_is_recorded_in_its_order(void **state)
{
	static const char *const roles[] = {"b-1", "b-2", "b-3"};
	struct reply *r = post_json("/v1/records", batch_of(roles, 3, true));
	int64_t last = 0;

	(void)state;
	must_have(r, 201);
	assert_int_equal(reply_number(r, "recorded"), 3);
	for (size_t i = 0; i < 3; i++) {
		int64_t sequence = json_integer_value(json_object_get(
			json_array_get(json_object_get(r->json, "results"), i), "sequence"));
		assert_true(sequence > last);
		last = sequence;
	}
}

static void batch_tells_each_record_its_own_fate(void **state)
{
	static const char *const roles[] = {"c-1", "bad", "c-3"};
	struct reply *r = post_json("/v1/records", batch_of(roles, 3, false));

	(void)state;
	must_have(r, 200);
	assert_int_equal(reply_number(r, "recorded"), 2);
	assert_int_equal(status_at(r, 0), 201);
	assert_int_equal(status_at(r, 1), 422);
	assert_int_equal(status_at(r, 2), 201);
}

static void whole_batch_with_one_refusal_records_nothing(void **state)
{
	static const char *const roles[] = {"d-1", "bad", "d-3"};
	struct reply *r = post_json("/v1/records", batch_of(roles, 3, true));

	(void)state;
	must_have(r, 422);
	assert_int_equal(reply_number(r, "recorded"), 0);
	assert_int_equal(status_at(r, 0), 409);
	assert_int_equal(status_at(r, 1), 422);
	struct reply *roles_now = api_get(x, &x->ada, "/v1/views/access.roles?limit=1000");
	must_have(roles_now, 200);
	assert_null(strstr(roles_now->body, "\"d-1\""));
	assert_non_null(strstr(roles_now->body, "\"c-1\""));
}

static void whole_batch_that_cannot_be_decoded_records_nothing(void **state)
{
	json_t *batch = batch_of((const char *const[]){"e-1"}, 1, true);

	(void)state;
	json_array_append_new(json_object_get(batch, "records"), json_pack("{s:s}", "type", "x.y"));
	struct reply *r = post_json("/v1/records", batch);
	must_have(r, 422);
	assert_int_equal(status_at(r, 0), 409);
	assert_int_equal(status_at(r, 1), 404);
}

static void batch_that_is_none_is_refused(void **state)
{
	(void)state;
	must_refuse(api_post(x, &x->ada, "/v1/records", "{'records':[]}"), 400, "BATCH_SIZE");
	must_refuse(api_post(x, &x->ada, "/v1/records", "{'records':{}}"), 400, "FIELD_WRONG");
	must_refuse(api_post(x, &x->ada, "/v1/records", "{'whole':1,'records':[{}]}"), 400,
		    "FIELD_WRONG");
	must_refuse(api_post(x, &x->ada, "/v1/records", "{'record':[{}]}"), 400, "FIELD_UNKNOWN");
	must_refuse(api_post(x, NULL, "/v1/records", "{'records':[{}]}"), 401,
		    "API_IDENTITY_MISSING");
	struct reply *r = api_post(x, &x->ada, "/v1/records", "{'records':[1,{'type':2},{}]}");
	must_have(r, 422);
	assert_int_equal(reply_number(r, "refused"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batch_is_recorded_in_its_order),
		cmocka_unit_test(batch_tells_each_record_its_own_fate),
		cmocka_unit_test(whole_batch_with_one_refusal_records_nothing),
		cmocka_unit_test(whole_batch_that_cannot_be_decoded_records_nothing),
		cmocka_unit_test(batch_that_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
