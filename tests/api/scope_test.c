/* SPDX-License-Identifier: Apache-2.0 */
/* A company with two sites. Whoever may see one of them sees nothing of the other, through any
 * view, filter, gate or passport. The world of the record tests fills the store. */
#include "fixture.h"

#include "world.h"
#undef fail

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *world_state;
static struct world *world;
static struct api *x;
static struct person anna, hugo; /* everything; everything, but only at site HH */

static struct person person_of(const char *name)
{
	struct person p = {.key = world_actor(world, name)->key};

	snprintf(p.id, sizeof p.id, "%s", name);
	return p;
}

static int open_api(void **state)
{
	char manifest[65];

	(void)state;
	if (world_setup(&world_state) != 0)
		return 1;
	world = world_state;
	world_ready_to_build(world);
	world_unit(world, "1");
	world_sealed_shipment(world, "1", "SH1", manifest);
	house_stop(&world->house);
	x = api_open_over(world->house.store, world->house.clock_state.wall);
	anna = person_of("anna");
	hugo = person_of("hugo");
	api_sign_in(x, &anna);
	api_sign_in(x, &hugo);
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	house_start(&world->house);
	return world_teardown(&world_state);
}

/* What a view's own parameters may be given so that it shows something. */
static const char *value_for(const char *name)
{
	static const char *const values[][2] = {
		{"product", "GW"},    {"serial", "1"},       {"shipment", "SH1"},
		{"supplier", "acme"}, {"part_lot", "R1"},    {"authorization", "BA1"},
		{"revision", "A"},    {"part", "MCU1"},      {"release", "FW1"},
		{"maker", "M"},       {"principal", "anna"}, {"permission", "line.read"},
		{"kind", "part_lot"}, {"within", "acme"},    {"id", "R1"},
	};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		if (strcmp(values[i][0], name) == 0)
			return values[i][1];
	return NULL;
}

static const char *path_of_view(const json_t *view, bool filled)
{
	const char *path = arena_printf(&x->arena, "/v1/views/%s?limit=1000",
					json_string_value(json_object_get(view, "name")));
	json_t *parameter;
	size_t i;

	json_array_foreach(json_object_get(view, "parameters"), i, parameter)
	{
		const char *name = json_string_value(json_object_get(parameter, "name"));
		const char *value = value_for(name);
		if (filled && value != NULL)
			path = arena_printf(&x->arena, "%s&%s=%s", path, name, value);
	}
	return path;
}

static void assert_only_site(const struct reply *r, const char *site, const char *path)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(r->json, "rows"), i, row)
	{
		const char *shown = json_string_value(json_object_get(row, "site"));
		if (shown == NULL || strcmp(shown, site) != 0)
			stop_test("%s shows a row of %s\n", path,
				  shown == NULL ? "nowhere" : shown);
	}
}

static void no_view_shows_rows_of_a_foreign_site(void **state)
{
	struct reply *views = api_get(x, &anna, "/v1/views");
	size_t i, shown = 0, refused = 0;
	json_t *view;

	(void)state;
	must_have(views, 200);
	json_array_foreach(json_object_get(views->json, "views"), i, view)
	{
		for (int filled = 0; filled < 2; filled++) {
			const char *path = path_of_view(view, filled);
			struct reply *all = api_get(x, &anna, path),
				     *some = api_get(x, &hugo, path);
			size_t rows = json_array_size(json_object_get(all->json, "rows"));
			shown += rows > 0;
			assert_true(all->status == 200 || all->status == 403);
			if (some->status != 200) {
				must_refuse(some, 403, "VIEW_NOT_ALLOWED");
				refused++;
				continue;
			}
			assert_only_site(some, "HH", path);
		}
	}
	assert_true(shown >= 20); /* or this test says nothing */
	assert_true(refused >= 4);
}

static void no_filter_widens_the_scope(void **state)
{
	struct reply *views = api_get(x, &anna, "/v1/views");
	size_t i;
	json_t *view;

	(void)state;
	json_array_foreach(json_object_get(views->json, "views"), i, view)
	{
		const char *path = arena_printf(&x->arena, "%s&site=VN", path_of_view(view, true));
		struct reply *r = api_get(x, &hugo, path);
		assert_int_equal(json_array_size(json_object_get(r->json, "rows")), 0);
	}
}

static void csv_is_scoped_like_json(void **state)
{
	struct ask ask = {.path = "/v1/views/site.list", .who = &hugo, .accept = "text/csv"};
	struct reply *r = api_ask(x, &ask);

	(void)state;
	must_have(r, 200);
	assert_non_null(strstr(r->body, "HH"));
	assert_null(strstr(r->body, "VN"));
	ask.who = &anna;
	assert_non_null(strstr(api_ask(x, &ask)->body, "VN"));
}

static void gate_and_passport_of_a_foreign_unit_are_refused(void **state)
{
	(void)state;
	must_refuse(api_get(x, &hugo, "/v1/gates/ship/GW/1"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &hugo, "/v1/passport/GW/1"), 403, "API_NOT_ALLOWED");
}

static void ledger_is_not_read_by_who_may_see_a_site(void **state)
{
	(void)state;
	must_refuse(api_get(x, &hugo, "/v1/entries/1"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &hugo, "/v1/stream"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &hugo, "/log/tile/entries/000.p/1"), 403, "API_NOT_ALLOWED");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_view_shows_rows_of_a_foreign_site),
		cmocka_unit_test(no_filter_widens_the_scope),
		cmocka_unit_test(csv_is_scoped_like_json),
		cmocka_unit_test(gate_and_passport_of_a_foreign_unit_are_refused),
		cmocka_unit_test(ledger_is_not_read_by_who_may_see_a_site),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
