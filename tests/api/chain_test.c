/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded about a thing, over HTTP: all of it and nothing else, newest first, for who sees the thing. */
#include "fixture.h"

#include "server/server_internal.h"
#include "world.h"
#undef fail

#include <stdlib.h>
#include <string.h>

static void *world_state;
static struct world *world;
static struct api *x;
static struct person ada, anna, hugo,
	st1; /* reads the log; sees everything; sees HH only; the station */

static struct person person_of(const char *name)
{
	struct person p = {.key = world_actor(world, name)->key};

	snprintf(p.id, sizeof p.id, "%s", name);
	return p;
}

/* S1 was built at VN; shipment SH9 goes from there to HH; S9 was declared, with a confidential customer. */
static int open_api(void **state)
{
	(void)state;
	if (world_setup(&world_state) != 0)
		return 1;
	world = world_state;
	world_ready_to_build(world);
	world_unit(world, "S1");
	assert_says("", world, "anna", "shipment.planned",
		    "{'shipment':'SH9','from_site':'VN','to_site':'HH'}");
	house_stop(&world->house);
	x = api_open_over(world->house.store, world->house.clock_state.wall);
	ada = (struct person){.id = "ada", .key = world->house.ada.key};
	anna = person_of("anna");
	hugo = person_of("hugo");
	st1 = person_of("st1");
	api_sign_in(x, &ada);
	api_sign_in(x, &anna);
	api_sign_in(x, &hugo);
	api_must(x, &anna, "unit.declared",
		 "{'product':'GW','serial':'S9','site':'VN','version':'1.0','customer':'Acme "
		 "Bank'}");
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	house_start(&world->house);
	return world_teardown(&world_state);
}

static struct reply *chain(const char *of)
{
	return api_get(x, &anna, arena_printf(&x->arena, "/v1/chains/%s", of));
}

static json_t *entries(const struct reply *r)
{
	json_t *list = json_object_get(r->json, "entries");

	must_have(r, 200);
	assert_true(json_is_array(list));
	return list;
}

static json_t *witness(const struct reply *r, size_t i)
{
	return json_object_get(json_array_get(entries(r), i), "witness");
}

static const char *type_of(const struct reply *r, size_t i)
{
	const json_t *claim = json_object_get(json_array_get(entries(r), i), "claim");

	return json_string_value(json_object_get(claim, "type"));
}

static json_int_t sequence_of(const struct reply *r, size_t i)
{
	return json_integer_value(json_object_get(witness(r, i), "sequence"));
}

static void everything_about_a_unit_is_told_newest_first(void **state)
{
	struct reply *r = chain("unit/GW/S1");
	size_t n = json_array_size(entries(r));

	(void)state;
	assert_true(n >= 5);
	assert_string_equal(type_of(r, n - 1), "unit.requested");
	assert_null(json_object_get(r->json, "next"));
	for (size_t i = 0; i < n; i++) {
		const json_t *subject = json_object_get(witness(r, i), "subject");
		assert_string_equal(json_string_value(json_object_get(subject, "kind")), "unit");
		assert_string_equal(json_string_value(json_object_get(subject, "within")), "GW");
		assert_string_equal(json_string_value(json_object_get(subject, "id")), "S1");
		assert_true(i == 0 || sequence_of(r, i) < sequence_of(r, i - 1));
	}
}

static void pages_follow_each_other_without_gap_or_repetition(void **state)
{
	struct reply *whole = chain("unit/GW/S1");
	size_t n = json_array_size(entries(whole)), seen = 0;
	const char *path = "unit/GW/S1?limit=2";
	const json_t *next;

	(void)state;
	do {
		struct reply *r = chain(path);
		for (size_t i = 0; i < json_array_size(entries(r)); i++)
			assert_int_equal(sequence_of(r, i), sequence_of(whole, seen++));
		next = json_object_get(r->json, "next");
		path = arena_printf(&x->arena, "unit/GW/S1?limit=2&cursor=%lld",
				    (long long)json_integer_value(next));
	} while (next != NULL);
	assert_int_equal(seen, n);
}

static void thing_without_an_upper_half_is_named_with_a_dash(void **state)
{
	(void)state;
	assert_string_equal(type_of(chain("shipment/-/SH9"), 0), "shipment.planned");
	assert_string_equal(type_of(chain("supplier/-/acme"), 0), "supplier.approved");
}

/* What only the evidence log shows opened stays closed here. */
static void confidential_value_stays_a_commitment(void **state)
{
	struct reply *r = chain("unit/GW/S9");

	(void)state;
	assert_string_equal(type_of(r, 0), "unit.declared");
	assert_non_null(strstr(r->body, "\"commitment\""));
	assert_null(strstr(r->body, "Acme Bank"));
}

static void cursor_into_another_things_records_is_refused(void **state)
{
	(void)state;
	must_refuse(chain("unit/GW/S1?cursor=0"), 400, "CHAIN_CURSOR_WRONG");
	must_refuse(chain(arena_printf(&x->arena, "unit/GW/S1?cursor=%lld",
				       (long long)sequence_of(chain("shipment/-/SH9"), 0))),
		    400, "CHAIN_CURSOR_WRONG");
	must_refuse(chain("unit/GW/S1?cursor=999999999"), 400, "CHAIN_CURSOR_WRONG");
	must_refuse(chain("unit/GW/S1?cursor=18446744073709551615"), 400, "FIELD_WRONG");
	must_refuse(api_get(x, &ada, "/v1/chains/unit/GW/NOBODY?cursor=1"), 400,
		    "CHAIN_CURSOR_WRONG");
}

static void wrong_question_is_refused(void **state)
{
	static const char *const wrong[] = {
		"unit/GW/S1?limit=0", "unit/GW/S1?limit=201",  "unit/GW/S1?limit=-1",
		"unit/GW/S1?limit=x", "unit/GW/S1?cursor=-1",  "unit/GW/S1?cursor=a",
		"unit/GW/S1?cursor=", "unit/GW/S1?colour=red", "unit/G%20W/S1",
		"un%20it/GW/S1",      "unit/GW/S%201",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (chain(wrong[i])->status != 400)
			stop_test("%s: %d\n", wrong[i], chain(wrong[i])->status);
	must_refuse(chain("unit/GW"), 404, "API_NO_ROUTE");
	must_refuse(api_get(x, NULL, "/v1/chains/unit/GW/S1"), 401, "API_IDENTITY_MISSING");
	must_refuse(api_get(x, &st1, "/v1/chains/unit/GW/S1"), 401, "API_TOKEN_MALFORMED");
}

static void who_sees_a_thing_reads_about_it_and_about_nothing_else(void **state)
{
	static const char *const hidden[] = {"unit/GW/S1", "unit/GW/NOBODY", "part_lot/acme/R1",
					     "build_authorization/-/BA1"};
	struct reply *r = api_get(x, &hugo, "/v1/chains/shipment/-/SH9");

	(void)state;
	assert_string_equal(type_of(r, 0), "shipment.planned");
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		r = api_get(x, &hugo, arena_printf(&x->arena, "/v1/chains/%s", hidden[i]));
		must_refuse(r, 404, "CHAIN_NOTHING");
	}
	/* Kinds that no view lists are for those who read the evidence log, who may ask for anything. */
	must_refuse(chain("principal/-/anna"), 403, "API_NOT_ALLOWED");
	must_refuse(chain("unit/-/S1"), 403, "API_NOT_ALLOWED");
	must_refuse(chain("unit/GW/NOBODY"), 404, "CHAIN_NOTHING");
	r = api_get(x, &ada, "/v1/chains/principal/-/anna");
	assert_true(json_array_size(entries(r)) > 0);
	r = api_get(x, &ada, "/v1/chains/unit/GW/NOBODY");
	assert_int_equal(json_array_size(entries(r)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_about_a_unit_is_told_newest_first),
		cmocka_unit_test(pages_follow_each_other_without_gap_or_repetition),
		cmocka_unit_test(thing_without_an_upper_half_is_named_with_a_dash),
		cmocka_unit_test(confidential_value_stays_a_commitment),
		cmocka_unit_test(cursor_into_another_things_records_is_refused),
		cmocka_unit_test(wrong_question_is_refused),
		cmocka_unit_test(who_sees_a_thing_reads_about_it_and_about_nothing_else),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
