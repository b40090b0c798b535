/* SPDX-License-Identifier: Apache-2.0 */
/* What can be read: views, types, OpenAPI, gates, health; and what cannot. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api *x;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	api_must(x, &x->ada, "role.defined",
		 "{'role':'reader','permissions':[{'permission':'a.b'}]}");
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

/* ---- routes ---- */

static void path_that_is_not_served_is_not_found(void **state)
{
	static const char *const paths[] = {
		"/view",         "/v1",  "/v1/nothing", "/v1/records/a/b/c",
		"/v1/views/a/b", "/log", "/log/tile",   "/favicon.ico"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		must_refuse(api_get(x, &x->ada, paths[i]), 404, "API_NO_ROUTE");
}

static void path_with_another_method_says_which(void **state)
{
	struct ask ask = {.method = "DELETE", .path = "/v1/views", .who = &x->ada};
	struct reply *r = api_ask(x, &ask);

	(void)state;
	must_refuse(r, 405, "API_METHOD");
	assert_string_equal(reply_header(r, "Allow"), "GET");
	r = api_get(x, &x->ada, "/v1/records/role.defined");
	must_refuse(r, 405, "API_METHOD");
	assert_string_equal(reply_header(r, "Allow"), "POST");
	ask = (struct ask){.method = "POST", .path = "/v1/blobs/00", .who = &x->ada, .body = "{}"};
	r = api_ask(x, &ask);
	must_refuse(r, 405, "API_METHOD");
	assert_string_equal(reply_header(r, "Allow"), "HEAD, GET, PUT");
}

static void head_answers_like_get_without_a_body(void **state)
{
	struct ask ask = {.method = "HEAD", .path = "/v1/types"};
	struct reply *r = api_ask(x, &ask);

	(void)state;
	must_have(r, 200);
	assert_int_equal(r->n, 0);
}

/* ---- views ---- */

static void views_are_listed_with_their_parameters(void **state)
{
	struct reply *r = api_get(x, &x->ada, "/v1/views");

	(void)state;
	must_have(r, 200);
	assert_true(json_array_size(json_object_get(r->json, "views")) > 20);
	assert_non_null(strstr(r->body, "\"name\":\"access.keys\""));
}

static void view_gives_rows_page_by_page(void **state)
{
	struct reply *r = api_get(x, &x->ada, "/v1/views/access.keys?limit=2");
	const char *next = reply_text(r, "next");

	(void)state;
	must_have(r, 200);
	assert_int_equal(json_array_size(json_object_get(r->json, "rows")), 2);
	assert_true(next[0] != '\0');
	r = api_get(x, &x->ada,
		    arena_printf(&x->arena, "/v1/views/access.keys?limit=2&cursor=%s", next));
	must_have(r, 200);
	assert_int_equal(json_array_size(json_object_get(r->json, "rows")), 1);
	assert_string_equal(reply_text(r, "next"), "");
}

static void view_is_also_csv(void **state)
{
	struct ask ask = {
		.path = "/v1/views/access.keys?limit=2", .who = &x->ada, .accept = "text/csv"};
	struct reply *r = api_ask(x, &ask);

	(void)state;
	must_have(r, 200);
	assert_int_equal(strncmp(reply_header(r, "Content-Type"), "text/csv", 8), 0);
	assert_non_null(reply_header(r, "X-Next-Cursor"));
	assert_non_null(strstr(r->body, "\r\n"));
	ask.accept = "application/json, text/csv";
	assert_non_null(api_ask(x, &ask)->json);
}

static void view_that_is_asked_wrongly_is_refused(void **state)
{
	(void)state;
	must_refuse(api_get(x, &x->ada, "/v1/views/no.such"), 404, "VIEW_UNKNOWN");
	must_refuse(api_get(x, &x->ada, "/v1/views/access.keys?limit=0"), 400, "FIELD_WRONG");
	must_refuse(api_get(x, &x->ada, "/v1/views/access.keys?limit=1001"), 400, "FIELD_WRONG");
	must_refuse(api_get(x, &x->ada, "/v1/views/access.keys?cursor=%21"), 400,
		    "VIEW_CURSOR_WRONG");
	must_refuse(api_get(x, &x->ada, "/v1/views/access.keys?colour=red"), 400,
		    "VIEW_PARAMETER_UNKNOWN");
	must_refuse(api_get(x, &x->ada, "/v1/views/access.keys?limit=1&limit=2"), 400,
		    "HTTP_QUERY_INVALID");
	must_refuse(api_get(x, &x->ada, "/v1/views/part.list"), 403, "VIEW_NOT_ALLOWED");
}

/* ---- types and OpenAPI ---- */

static void types_tell_their_fields(void **state)
{
	struct reply *r = api_get(x, NULL, "/v1/types/role.defined");

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "nature"), "decision");
	assert_true(json_array_size(json_object_get(r->json, "fields")) == 3);
	must_have(api_get(x, NULL, "/v1/types"), 200);
	must_refuse(api_get(x, NULL, "/v1/types/no.such"), 404, "API_TYPE_MISSING");
}

static void check_references(const json_t *schemas, const json_t *at)
{
	static const char PREFIX[] = "#/components/schemas/";
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_array(at)) {
		json_array_foreach(at, i, value) check_references(schemas, value);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)at, name, value)
	{
		const char *target = json_string_value(value);
		if (strcmp(name, "$ref") == 0) {
			assert_non_null(target);
			assert_int_equal(strncmp(target, PREFIX, strlen(PREFIX)), 0);
			assert_non_null(json_object_get(schemas, target + strlen(PREFIX)));
		}
		check_references(schemas, value);
	}
}

/* Every {name} of the path is a required path parameter, and no other is. */
static void check_parameters(const char *path, const json_t *operation)
{
	size_t i, in_path = 0, braces = 0;
	json_t *parameter;

	for (const char *p = path; *p != '\0'; p++)
		braces += *p == '{';
	json_array_foreach(json_object_get(operation, "parameters"), i, parameter)
	{
		char name[80];
		assert_non_null(json_object_get(parameter, "schema"));
		if (strcmp(json_string_value(json_object_get(parameter, "in")), "path") != 0)
			continue;
		in_path++;
		snprintf(name, sizeof name, "{%s}",
			 json_string_value(json_object_get(parameter, "name")));
		assert_non_null(strstr(path, name));
		assert_true(json_is_true(json_object_get(parameter, "required")));
	}
	assert_int_equal(in_path, braces);
}

static void openapi_document_is_sound(void **state)
{
	struct reply *r = api_get(x, NULL, "/openapi.json");
	const json_t *schemas = json_object_get(json_object_get(r->json, "components"), "schemas");
	json_t *item, *operation;
	const char *path, *method;
	size_t operations = 0;

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "openapi"), "3.1.0");
	check_references(schemas, r->json);
	json_object_foreach(json_object_get(r->json, "paths"), path, item)
	{
		assert_int_equal(path[0], '/');
		json_object_foreach(item, method, operation)
		{
			assert_non_null(strstr("get head post put delete", method));
			assert_true(json_is_object(json_object_get(operation, "responses")));
			assert_true(json_is_string(json_object_get(operation, "summary")));
			check_parameters(path, operation);
			operations++;
		}
	}
	assert_true(operations > 80);
}

static void openapi_knows_every_type_and_view(void **state)
{
	struct reply *r = api_get(x, NULL, "/openapi.json"), *types = api_get(x, NULL, "/v1/types"),
		     *views = api_get(x, &x->ada, "/v1/views");
	const json_t *schemas = json_object_get(json_object_get(r->json, "components"), "schemas");
	json_t *one;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(types->json, "types"), i, one) assert_non_null(
		json_object_get(schemas, json_string_value(json_object_get(one, "name"))));
	json_array_foreach(json_object_get(views->json, "views"), i, one)
	{
		const char *path = arena_printf(&x->arena, "/v1/views/%s",
						json_string_value(json_object_get(one, "name")));
		assert_non_null(json_object_get(json_object_get(r->json, "paths"), path));
	}
}

/* ---- gates and passports ---- */

static void gate_says_what_fails(void **state)
{
	struct person asker = api_person(x, "asker", "person", "gate.ask", NULL);
	struct ask line = {.path = "/v1/gates/ship/GW/1", .who = &asker, .accept = "text/plain"};
	struct reply *r = api_get(x, &asker, "/v1/gates/ship/shipment/-/S1");

	(void)state;
	must_have(r, 200);
	assert_true(strcmp(reply_text(r, "verdict"), "pass") == 0 ||
		    strcmp(reply_text(r, "verdict"), "fail") == 0);
	r = api_ask(x, &line);
	must_have(r, 200);
	assert_true(strncmp(r->body, "PASS\n", 5) == 0 || strncmp(r->body, "FAIL ", 5) == 0);
	assert_int_equal(strlen(strchr(r->body, '\n')), 1);
	person_done(&asker);
}

static void gate_that_is_asked_wrongly_is_refused(void **state)
{
	struct person asker = api_person(x, "asker-2", "person", "gate.ask", NULL);
	struct person here = api_person(x, "asker-3", "person", "gate.ask", "'site':'berlin'");

	(void)state;
	must_refuse(api_get(x, &asker, "/v1/gates/none/GW/1"), 404, "GATE_UNKNOWN");
	must_refuse(api_get(x, &asker, "/v1/gates/ship/GW"), 400, "API_SUBJECT_WRONG");
	must_refuse(api_get(x, &asker, "/v1/gates/ship/a/b/c/d"), 400, "API_SUBJECT_WRONG");
	must_refuse(api_get(x, &asker, "/v1/gates/ship/G%20W/1"), 400, "API_SUBJECT_WRONG");
	must_refuse(api_get(x, &x->ada, "/v1/gates/ship/GW/1"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &here, "/v1/gates/ship/GW/1"), 403, "API_NOT_ALLOWED");
	person_done(&asker);
	person_done(&here);
}

static void passport_of_no_unit_is_refused(void **state)
{
	struct person p = api_person(x, "passport", "person", "passport.read", NULL);

	(void)state;
	assert_true(api_get(x, &p, "/v1/passport/GW/1")->status >= 400);
	must_refuse(api_get(x, &x->ada, "/v1/passport/GW/1"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &p, "/v1/passport/G%20W/1"), 400, "API_SUBJECT_WRONG");
	person_done(&p);
}

/* ---- controls ---- */

static const json_t *member_of_control(const struct reply *r, const char *id, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(r->json, "controls"), i,
			   one) if (strcmp(json_string_value(json_object_get(one, "control")),
					   id) == 0) return json_object_get(one, name);
	return NULL;
}

static void controls_say_what_judges_without_a_policy_and_what_does_not(void **state)
{
	struct reply *r = api_get(x, NULL, "/v1/controls");
	const json_t *one;
	size_t i;

	(void)state;
	must_have(r, 200);
	assert_int_equal(json_array_size(json_object_get(r->json, "controls")), 48);
	assert_string_equal(json_string_value(member_of_control(r, "SRC-01", "judges")),
			    "built_in");
	assert_string_equal(json_string_value(member_of_control(r, "SRC-03", "judges")), "adopted");
	one = member_of_control(r, "GOV-04", "number");
	assert_int_equal(json_integer_value(json_object_get(one, "standard")), 92);
	assert_null(member_of_control(r, "SRC-01", "number"));
	/* What judges nothing guards no gate, and what judges guards one. */
	json_array_foreach(json_object_get(r->json, "controls"), i, one) assert_int_equal(
		json_array_size(json_object_get(one, "gates")) == 0,
		strcmp(json_string_value(json_object_get(one, "judges")), "nothing") == 0);
}

/* ---- health ---- */

static void health_and_readiness_are_told_to_anybody(void **state)
{
	struct reply *r = api_get(x, NULL, "/readyz");

	(void)state;
	must_have(api_get(x, NULL, "/healthz"), 200);
	must_have(r, 200);
	assert_true(json_is_true(json_object_get(r->json, "ready")));
	assert_true(reply_number(r, "size") > 0);
	assert_int_equal(reply_number(r, "size"), reply_number(r, "certified"));
}

static void metrics_are_open_metrics(void **state)
{
	struct reply *r = api_get(x, NULL, "/metrics");
	const char *end = r->body + r->n - 6;

	(void)state;
	must_have(r, 200);
	assert_string_equal(end, "# EOF\n");
	assert_non_null(strstr(r->body, "\nsealwright_record_seconds_bucket{le=\"+Inf\"} "));
	assert_non_null(strstr(r->body, "\nsealwright_log_size "));
	assert_non_null(strstr(r->body, "\nsealwright_clock_stepped 0\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_that_is_not_served_is_not_found),
		cmocka_unit_test(controls_say_what_judges_without_a_policy_and_what_does_not),
		cmocka_unit_test(path_with_another_method_says_which),
		cmocka_unit_test(head_answers_like_get_without_a_body),
		cmocka_unit_test(views_are_listed_with_their_parameters),
		cmocka_unit_test(view_gives_rows_page_by_page),
		cmocka_unit_test(view_is_also_csv),
		cmocka_unit_test(view_that_is_asked_wrongly_is_refused),
		cmocka_unit_test(types_tell_their_fields),
		cmocka_unit_test(openapi_document_is_sound),
		cmocka_unit_test(openapi_knows_every_type_and_view),
		cmocka_unit_test(gate_says_what_fails),
		cmocka_unit_test(gate_that_is_asked_wrongly_is_refused),
		cmocka_unit_test(passport_of_no_unit_is_refused),
		cmocka_unit_test(health_and_readiness_are_told_to_anybody),
		cmocka_unit_test(metrics_are_open_metrics),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
