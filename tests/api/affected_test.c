/* SPDX-License-Identifier: Apache-2.0 */
/* Where a part lot went, over HTTP: what the genealogy in memory says is what the views say, for those who may
 * see everything; the others get what the views show them; and what was just recorded is in the next answer. */
#include "fixture.h"

#include "server/server_internal.h"
#include "world.h"
#undef fail

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *world_state;
static struct world *world;
static struct api *x;
static struct person anna, hugo, st1; /* everything; everything at HH only; the station */

static struct person person_of(const char *name)
{
	struct person p = {.key = world_actor(world, name)->key};

	snprintf(p.id, sizeof p.id, "%s", name);
	return p;
}

static void fit(const char *serial, const char *more)
{
	assert_says("", world, "st1", "unit.fitted",
		    "{'product':'GW','serial':'%s','station':'st1',%s}", serial, more);
}

static void started(const char *serial)
{
	world_request(world, serial);
	world_certify(world, serial);
}

/* S1 has 2 of R1, S2 perhaps 2 of R1b that was split off it, S3 contains S2, S4 has nothing of these. */
static int open_api(void **state)
{
	(void)state;
	if (world_setup(&world_state) != 0)
		return 1;
	world = world_state;
	world_ready_to_build(world);
	world_unit(world, "S1");
	assert_says("", world, "bert", "part_lot.split",
		    "{'supplier':'acme','part_lot':'R1b','from_part_lot':'R1','site':'VN',"
		    "'quantity':50}");
	started("S2");
	fit("S2", "'parts':[{'supplier':'acme','part_lot':'R1b','part':'MCU1','quantity':2,"
		  "'certainty':'possible'}]");
	started("S3");
	fit("S3", "'parts':[{'supplier':'other','part_lot':'R1','part':'MCU1','quantity':2}],"
		  "'components':[{'product':'GW','serial':'S2'}]");
	started("S4");
	house_stop(&world->house);
	x = api_open_over(world->house.store, world->house.clock_state.wall);
	anna = person_of("anna");
	hugo = person_of("hugo");
	st1 = person_of("st1");
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

static const char *path_of(const char *query)
{
	return arena_printf(&x->arena, "/v1/affected?%s", query);
}

/* Asks until the genealogy is loaded: it answers from then on. */
static struct reply *from_memory(const char *query)
{
	struct reply *r = api_get(x, &anna, path_of(query));

	while (r->status == 200 && strcmp(reply_text(r, "from"), "memory") != 0)
		r = api_get(x, &anna, path_of(query));
	must_have(r, 200);
	return r;
}

/* "S1 S2?": serials in order, those that are only possible with a question mark. */
static const char *serials(const struct reply *r)
{
	const char *text = "";
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(r->json, "units"), i, row) text = arena_printf(
		&x->arena, "%s%s%s%s", text, i > 0 ? " " : "",
		json_string_value(json_object_get(row, "serial")),
		strcmp(json_string_value(json_object_get(row, "certainty")), "certain") == 0 ? ""
											     : "?");
	return text;
}

/* "part_lot R1 > part_lot R1b > unit S2" */
static const char *way(const struct reply *r, size_t i)
{
	const char *text = "";
	json_t *link;
	size_t k;

	json_array_foreach(
		json_object_get(json_array_get(json_object_get(r->json, "units"), i), "path"), k,
		link) text = arena_printf(&x->arena, "%s%s%s %s", text, k > 0 ? " > " : "",
					  json_string_value(json_object_get(link, "kind")),
					  json_string_value(json_object_get(link, "id")));
	return text;
}

#define R1  "kind=part_lot&within=acme&id=R1"
#define R1b "kind=part_lot&within=acme&id=R1b"

static void part_lot_is_found_with_certainty_way_and_place(void **state)
{
	struct reply *r = from_memory(R1);
	const json_t *first = json_array_get(json_object_get(r->json, "units"), 0);

	(void)state;
	assert_string_equal(serials(r), "S1 S2? S3?");
	assert_int_equal(reply_number(r, "certain"), 1);
	assert_int_equal(reply_number(r, "possible"), 2);
	assert_string_equal(way(r, 0), "part_lot R1 > unit S1");
	assert_string_equal(way(r, 1), "part_lot R1 > part_lot R1b > unit S2");
	assert_string_equal(way(r, 2), "part_lot R1 > part_lot R1b > unit S2 > unit S3");
	assert_string_equal(json_string_value(json_object_get(first, "site")), "VN");
	assert_string_equal(json_string_value(json_object_get(first, "state")), "programmed");
	assert_int_equal(json_array_size(json_object_get(first, "contained")), 0);
	/* 1,000 less what S1 has and what was split off, and all of R1b but two. */
	const json_t *stock = json_object_get(r->json, "stock");
	assert_int_equal(json_array_size(stock), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(stock, 0), "remaining")),
			 948);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(stock, 1), "remaining")),
			 48);
}

static void every_kind_of_source_is_answered_as_the_views_do(void **state)
{
	static const char *const asked[][2] = {
		{R1, "S1 S2? S3?"},
		{R1b, "S2? S3?"},
		{"kind=part_lot&within=other&id=R1", "S3"},
		{"kind=part_lot&within=acme&id=R9", ""},
		{"kind=supplier&id=acme", "S1 S2? S3?"},
		{"kind=supplier&id=other", "S3"},
		{"kind=supplier&id=nobody", ""},
		{"kind=station&id=st1", "S1 S2 S3 S4"},
		{"kind=station&id=st9", ""},
		{"kind=operator&id=anna", ""},
		{"kind=build_authorization&id=BA1", "S1 S2 S3 S4"},
		{"kind=firmware_release&id=FW1", "S1"},
		{"kind=unit&within=GW&id=S2", "S2 S3"},
		{"kind=unit&within=GW&id=S9", ""},
		{"kind=date_code&within=acme&id=2501", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		struct reply *memory = from_memory(asked[i][0]);
		struct reply *view = api_get(
			x, &anna,
			arena_printf(&x->arena, "/v1/views/recall.affected_units?%s", asked[i][0]));
		must_have(view, 200);
		if (strcmp(serials(memory), asked[i][1]) != 0)
			stop_test("%s: %s instead of %s\n", asked[i][0], serials(memory),
				  asked[i][1]);
		json_object_set(view->json, "units", json_object_get(view->json, "rows"));
		assert_string_equal(serials(view), asked[i][1]);
	}
}

/* Units of the flow, found by this (`any`: each once). */
static json_int_t flowing(const struct reply *r, const char *via)
{
	json_int_t units = 0;
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(r->json, "rows"), i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "via_kind")), via) == 0)
			units += json_integer_value(json_object_get(row, "units"));
	}
	return units;
}

static struct reply *view_of(const char *view, const char *question)
{
	struct reply *r =
		api_get(x, &anna, arena_printf(&x->arena, "/v1/views/%s?%s", view, question));

	must_have(r, 200);
	return r;
}

static void bundles_count_every_unit_once_and_say_what_it_came_by(void **state)
{
	static const char *const asked[] = {R1,
					    R1b,
					    "kind=supplier&id=acme",
					    "kind=station&id=st1",
					    "kind=unit&within=GW&id=S2",
					    "kind=unit&within=GW&id=S9",
					    "kind=firmware_release&id=FW1"};

	(void)state;
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		struct reply *memory = from_memory(asked[i]);
		assert_int_equal(flowing(view_of("recall.affected_flow", asked[i]), "any"),
				 reply_number(memory, "certain") +
					 reply_number(memory, "possible"));
	}
	struct reply *r = view_of("recall.affected_flow", R1);
	assert_int_equal(flowing(r, "part_lot"), 2); /* S1 by R1, S2 by R1b */
	assert_int_equal(flowing(r, "unit"), 1);     /* S3, which contains S2 */
	assert_int_equal(flowing(view_of("recall.affected_flow", "kind=station&id=st1"), ""), 4);
}

static void part_lots_on_the_way_say_what_they_were_split_from(void **state)
{
	struct reply *r = view_of("recall.affected_lots", R1);
	const json_t *rows = json_object_get(r->json, "rows");

	(void)state;
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 0), "from_part_lot")), "");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 1), "from_part_lot")), "R1");
	r = api_get(x, &hugo, "/v1/views/recall.affected_lots?" R1);
	assert_int_equal(json_array_size(json_object_get(r->json, "rows")), 0);
	r = api_get(x, &hugo, "/v1/views/recall.affected_flow?" R1);
	assert_int_equal(json_array_size(json_object_get(r->json, "rows")), 0);
	must_refuse(api_get(x, &anna, "/v1/views/recall.affected_flow?kind=a%20b&id=R1"), 400,
		    "FIELD_WRONG");
}

static void pages_follow_each_other_without_gap_or_repetition(void **state)
{
	struct reply *r = from_memory(R1 "&limit=2");

	(void)state;
	assert_string_equal(serials(r), "S1 S2?");
	assert_int_equal(reply_number(r, "possible"), 2); /* of all pages */
	assert_string_equal(reply_text(r, "next"), "GW/S2");
	r = from_memory(R1 "&limit=2&cursor=GW/S2");
	assert_string_equal(serials(r), "S3?");
	assert_string_equal(reply_text(r, "next"), "");
	r = from_memory(R1 "&cursor=GW/S2a"); /* that need not exist any more */
	assert_string_equal(serials(r), "S3?");
}

static void wrong_question_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{"", "AFFECTED_KIND_WRONG"},
		{"kind=planet&id=Mars", "AFFECTED_KIND_WRONG"},
		{"kind=part_lot&within=acme", "AFFECTED_ID_WRONG"},
		{"kind=part_lot&within=acme&id=", "AFFECTED_ID_WRONG"},
		{"kind=part_lot&within=acme&id=a%20b", "AFFECTED_ID_WRONG"},
		{"kind=part_lot&id=R1", "AFFECTED_WITHIN_WRONG"},
		{"kind=unit&id=S1", "AFFECTED_WITHIN_WRONG"},
		{"kind=station&within=VN&id=st1", "AFFECTED_WITHIN_WRONG"},
		{R1 "&limit=0", "FIELD_WRONG"},
		{R1 "&limit=1001", "FIELD_WRONG"},
		{R1 "&cursor=/", "VIEW_CURSOR_WRONG"},
		{R1 "&cursor=GW/", "VIEW_CURSOR_WRONG"},
		{R1 "&cursor=nonsense", "VIEW_CURSOR_WRONG"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct reply *r = api_get(x, &anna, path_of(wrong[i][0]));
		if (r->status != 400)
			stop_test("%s: %d %s\n", wrong[i][0], r->status, r->body);
		must_refuse(r, 400, wrong[i][1]);
	}
	assert_int_equal(api_get(x, &anna, path_of(R1 "&colour=red"))->status, 400);
	must_refuse(api_get(x, NULL, path_of(R1)), 401, "API_IDENTITY_MISSING");
	must_refuse(api_get(x, &st1, path_of(R1)), 401, "API_TOKEN_MALFORMED");
}

static void whoever_sees_one_site_gets_nothing_of_another(void **state)
{
	struct reply *r = api_get(x, &hugo, path_of(R1));

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "from"), "views");
	assert_int_equal(reply_number(r, "certain"), 0);
	assert_int_equal(reply_number(r, "possible"), 0);
	assert_string_equal(serials(r), "");
	assert_int_equal(json_array_size(json_object_get(r->json, "stock")), 0);
	assert_null(strstr(r->body, "S1"));
	must_refuse(api_get(x, &hugo, "/v1/affected/unit/GW/S1/origins"), 404,
		    "AFFECTED_UNIT_UNKNOWN");
}

static const char *origins(const struct reply *r)
{
	const char *text = "";
	json_t *link;
	size_t i;

	json_array_foreach(json_object_get(r->json, "links"), i, link) text =
		arena_printf(&x->arena, "%s%s%s %s<%s", text, i > 0 ? ", " : "",
			     json_string_value(json_object_get(link, "kind")),
			     json_string_value(json_object_get(link, "id")),
			     json_string_value(json_object_get(link, "of_id")));
	return text;
}

static void unit_is_traced_back_to_its_suppliers(void **state)
{
	struct reply *r;

	(void)state;
	(void)from_memory(R1);
	r = api_get(x, &anna, "/v1/affected/unit/GW/S3/origins");
	must_have(r, 200);
	assert_string_equal(reply_text(r, "from"), "memory");
	const char *found = origins(r);
	assert_non_null(strstr(found, "unit S2<S3"));
	assert_non_null(strstr(found, "part_lot R1<S3"));
	assert_non_null(strstr(found, "part_lot R1b<S2"));
	assert_non_null(strstr(found, "part_lot R1<R1b"));
	assert_non_null(strstr(found, "supplier other<R1"));
	assert_non_null(strstr(found, "supplier acme<R1"));
	assert_null(strstr(found, "station"));
	r = api_get(x, &anna, "/v1/views/recall.origins?product=GW&serial=S3");
	assert_int_equal(json_array_size(json_object_get(r->json, "rows")), 7);
	must_refuse(api_get(x, &anna, "/v1/affected/unit/GW/S9/origins"), 404,
		    "AFFECTED_UNIT_UNKNOWN");
	must_refuse(api_get(x, &anna, "/v1/affected/unit/GW/S%201/origins"), 400,
		    "API_SUBJECT_WRONG");
}

/* Reads what it wrote, without waiting: the answer waits until the record is in it. */
static void what_was_just_recorded_is_in_the_next_answer(void **state)
{
	struct reply *r;

	(void)state;
	(void)from_memory(R1);
	for (int i = 0; i < 20; i++) {
		int64_t sequence = api_must(
			x, &anna, "part_lot.split",
			arena_printf(&x->arena,
				     "{'supplier':'acme','part_lot':'N%02d','from_part_lot':'R1',"
				     "'site':'VN','quantity':1}",
				     i));
		r = from_memory(R1);
		assert_true(reply_number(r, "sequence") > sequence);
		assert_int_equal(json_array_size(json_object_get(r->json, "stock")), 3 + i);
		r = from_memory(arena_printf(&x->arena, "kind=part_lot&within=acme&id=N%02d", i));
		assert_string_equal(serials(r), "");
	}
	api_must(x, &anna, "unit.part_removed",
		 "{'product':'GW','serial':'S1','station':'st1','supplier':'acme',"
		 "'part_lot':'R1','reason':'rework'}");
	assert_string_equal(serials(from_memory(R1)), "S2? S3?");
	api_must(x, &anna, "unit.fitted",
		 "{'product':'GW','serial':'S1','station':'st1','operator':'anna','parts':["
		 "{'supplier':'acme','part_lot':'N07','part':'MCU1','quantity':2}]}");
	assert_string_equal(serials(from_memory(R1)), "S1 S2? S3?");
	assert_string_equal(serials(from_memory("kind=part_lot&within=acme&id=N07")), "S1");
	assert_string_equal(serials(from_memory("kind=operator&id=anna")), "S1");
}

static void containment_is_shown_on_the_rows_it_touches(void **state)
{
	const json_t *units, *named;

	(void)state;
	api_must(x, &anna, "containment.started",
		 "{'containment':'C1','kind':'part_lot','within':'acme','id':'R1b',"
		 "'reason':'cracks'}");
	units = json_object_get(from_memory(R1)->json, "units");
	assert_int_equal(json_array_size(json_object_get(json_array_get(units, 0), "contained")),
			 0);
	for (size_t i = 1; i < 3; i++) {
		named = json_object_get(json_array_get(units, i), "contained");
		assert_int_equal(json_array_size(named), 1);
		assert_string_equal(json_string_value(json_array_get(named, 0)), "C1");
	}
}

/* The units as text that lives as long as the fixture. */
static const char *units_text(const struct reply *r)
{
	char *text = json_dumps(json_object_get(r->json, "units"), JSON_SORT_KEYS);
	const char *kept = arena_text(&x->arena, bytes_text(text));

	free(text);
	return kept;
}

/* A restart loads what was followed before. */
static void loading_says_what_following_said(void **state)
{
	const char *before = units_text(from_memory("kind=station&id=st1"));

	(void)state;
	assert_non_null(strstr(before, "S4"));
	api_stop(x);
	api_start(x);
	api_sign_in(x, &anna);
	assert_string_equal(units_text(from_memory("kind=station&id=st1")), before);
}

/* Answers go out before those are told who follow the log: what was recorded last comes to a genealogy that has
 * stopped. */
static void what_is_told_after_the_stop_disturbs_nothing(void **state)
{
	struct genealogy *g;
	struct fault f = {0};

	(void)state;
	assert_int_equal(genealogy_start(x->server, &g, &f).code, OK);
	genealogy_stop(g);
	genealogy_tell(g);
	genealogy_tell(g);
	genealogy_close(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(part_lot_is_found_with_certainty_way_and_place),
		cmocka_unit_test(every_kind_of_source_is_answered_as_the_views_do),
		cmocka_unit_test(bundles_count_every_unit_once_and_say_what_it_came_by),
		cmocka_unit_test(part_lots_on_the_way_say_what_they_were_split_from),
		cmocka_unit_test(pages_follow_each_other_without_gap_or_repetition),
		cmocka_unit_test(wrong_question_is_refused),
		cmocka_unit_test(whoever_sees_one_site_gets_nothing_of_another),
		cmocka_unit_test(unit_is_traced_back_to_its_suppliers),
		cmocka_unit_test(what_was_just_recorded_is_in_the_next_answer),
		cmocka_unit_test(containment_is_shown_on_the_rows_it_touches),
		cmocka_unit_test(loading_says_what_following_said),
		cmocka_unit_test(what_is_told_after_the_stop_disturbs_nothing),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
