/* SPDX-License-Identifier: Apache-2.0 */
/* Lists over HTTP: what /v1/views says of columns, and that questions, refusals and cursors arrive. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static struct api *x;

static int open_api(void **state)
{
	char body[200];

	(void)state;
	x = api_open();
	for (int i = 0; i < 9; i++) {
		snprintf(body, sizeof body,
			 "{'role':'role-%d','permissions':[{'permission':'%s'},{'permission':'c.d'}"
			 "]}",
			 i, i % 3 == 0 ? "a.b" : "b.c");
		api_must(x, &x->ada, "role.defined", body);
	}
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

static const json_t *view_named(const json_t *views, const char *name)
{
	json_t *view;
	size_t i;

	json_array_foreach(views, i, view)
	{
		if (strcmp(json_string_value(json_object_get(view, "name")), name) == 0)
			return view;
	}
	stop_test("no view %s\n", name);
	return NULL;
}

static const char *kind_of(const json_t *view, const char *column)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(view, "columns"), i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "name")), column) == 0)
			return json_string_value(json_object_get(one, "kind"));
	}
	return "";
}

static void views_tell_their_columns_and_what_they_hold(void **state)
{
	struct reply *r = api_get(x, &x->ada, "/v1/views");
	const json_t *views = json_object_get(r->json, "views"), *one;
	size_t i;

	(void)state;
	must_have(r, 200);
	assert_string_equal(kind_of(view_named(views, "access.roles"), "role"), "text");
	assert_string_equal(kind_of(view_named(views, "access.roles"), "since"), "number");
	assert_string_equal(kind_of(view_named(views, "access.keys"), "key"), "bytes");
	assert_string_equal(kind_of(view_named(views, "unit.list"), "holds"), "number");
	assert_string_equal(kind_of(view_named(views, "recall.origins"), "of_kind"), "text");
	for (i = 0; i < json_array_size(views); i++) {
		one = json_array_get(views, i);
		assert_true(json_array_size(json_object_get(one, "columns")) > 0);
	}
}

static struct reply *roles(const char *query)
{
	return api_get(x, &x->ada, arena_printf(&x->arena, "/v1/views/access.roles?%s", query));
}

static size_t rows_in(const struct reply *r)
{
	must_have(r, 200);
	return json_array_size(json_object_get(r->json, "rows"));
}

static void conditions_order_and_groups_arrive(void **state)
{
	struct reply *r = roles("like.role=ROLE-&where.permission=a.b&sort=-role");
	const json_t *rows = json_object_get(r->json, "rows");

	(void)state;
	assert_int_equal(rows_in(r), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "role")),
			    "role-6");
	r = roles("like.role=role-&group=permission");
	rows = json_object_get(r->json, "rows");
	assert_int_equal(rows_in(r), 3);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "count")), 9);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 1), "permission")), "b.c");
	assert_int_equal(rows_in(roles("like.role=%25")), 0); /* no wildcard */
	assert_int_equal(rows_in(roles("where.role=")), 0);
	assert_int_equal(rows_in(roles("where.role=role-1&least.since=1&most.since=9999999")), 2);
	assert_int_equal(rows_in(roles("where.role=role-1&most.since=0")), 0);
}

static void cursor_goes_on_and_csv_carries_it(void **state)
{
	struct ask ask = {.path = "/v1/views/access.roles?sort=-permission&limit=4",
			  .who = &x->ada,
			  .accept = "text/csv"};
	struct reply *r = api_ask(x, &ask);
	const char *next = reply_header(r, "X-Next-Cursor");

	(void)state;
	must_have(r, 200);
	assert_non_null(next);
	next = arena_text(&x->arena, bytes_text(next));
	assert_int_equal(
		rows_in(roles(arena_printf(&x->arena, "sort=-permission&limit=4&cursor=%s", next))),
		4);
	must_refuse(roles(arena_printf(&x->arena, "sort=permission&limit=4&cursor=%s", next)), 400,
		    "VIEW_CURSOR_WRONG");
	must_refuse(roles(arena_printf(&x->arena, "cursor=%s", next)), 400, "VIEW_CURSOR_WRONG");
}

static void wrong_questions_name_the_parameter_and_the_fix(void **state)
{
	struct reply *r = roles("where.colour=red");

	(void)state;
	must_refuse(r, 400, "VIEW_COLUMN_UNKNOWN");
	assert_string_equal(reply_text(r, "field"), "where.colour");
	assert_non_null(strstr(reply_text(r, "fix"), "permission"));
	must_refuse(roles("least.role=a"), 400, "VIEW_FILTER_KIND");
	must_refuse(roles("sort=nothing"), 400, "VIEW_COLUMN_UNKNOWN");
	must_refuse(roles("group=role&sort=role"), 400, "VIEW_GROUP_ALONE");
	must_refuse(roles("where.since=x"), 400, "FIELD_WRONG");
	must_refuse(roles("where.role=a&where.role=b"), 400, "HTTP_QUERY_INVALID");
	must_refuse(roles("like.role=%00"), 400, "HTTP_QUERY_INVALID");
	must_refuse(roles("role=role-1"), 400, "VIEW_PARAMETER_UNKNOWN");
}

static void openapi_names_what_a_list_may_be_asked(void **state)
{
	struct reply *r = api_get(x, NULL, "/openapi.json");
	const json_t *get = json_object_get(
		json_object_get(json_object_get(r->json, "paths"), "/v1/views/access.roles"),
		"get");
	char seen[512] = "";
	json_t *one;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(get, "parameters"), i, one)
	{
		snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s ",
			 json_string_value(json_object_get(one, "name")));
	}
	assert_string_equal(seen, "limit cursor sort group conditions ");
	assert_non_null(json_object_get(json_object_get(r->json, "paths"), "/v1/doctor"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_tell_their_columns_and_what_they_hold),
		cmocka_unit_test(conditions_order_and_groups_arrive),
		cmocka_unit_test(cursor_goes_on_and_csv_carries_it),
		cmocka_unit_test(wrong_questions_name_the_parameter_and_the_fix),
		cmocka_unit_test(openapi_names_what_a_list_may_be_asked),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
