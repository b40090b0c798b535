/* SPDX-License-Identifier: Apache-2.0 */
/* The genealogy in memory against the recursive views, on random histories and both stores: what it loads, and
 * what it follows record by record, is what SQL finds; for every start, with its certainty. */
#include "genealogy_world.h"

#include <stdlib.h>
#include <string.h>

/* ---- the same question to both ---- */

static unsigned answers; /* that were not empty */

static void compare(struct genealogy_world *w, const char *kind, const char *within, const char *id)
{
	const char *views = genealogy_by_views(w, kind, within, id);
	const char *memory = genealogy_by_graph(w, kind, within, id);

	answers += views[0] != '\0';
	if (strcmp(views, memory) != 0)
		fail_msg("seed %llu, %s %s %s:\nviews  %s\nmemory %s", (unsigned long long)w->seed,
			 kind, within, id, views, memory);
}

static void compare_all(struct genealogy_world *w)
{
	static const char *const alone[][2] = {
		{"supplier", "A"},  {"supplier", "B"},  {"supplier", "Z"},  {"station", "st0"},
		{"station", "st1"}, {"operator", "o0"}, {"operator", "o1"}, {"operator", "o9"}};
	char id[16];

	for (int i = 0; i < WORLD_LOTS; i++) {
		snprintf(id, sizeof id, "L%d", i);
		compare(w, "part_lot", i % 2 == 0 ? "A" : "B", id);
	}
	for (int i = 0; i < WORLD_UNITS; i++) {
		snprintf(id, sizeof id, "U%d", i);
		compare(w, "unit", "P", id);
	}
	for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
		compare(w, alone[i][0], "", alone[i][1]);
	for (int i = 0; i < 3; i++) {
		snprintf(id, sizeof id, "%d", i);
		compare(w, "date_code", "A", id);
		compare(w, "firmware_release", "", id);
		compare(w, "build_authorization", "", id);
	}
	compare(w, "part_lot", "A", "never-seen");
	compare(w, "unit", "P", "never-seen");
}

static void loaded_genealogy_is_what_the_views_say(void **state)
{
	struct store_test *store = *state;

	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct genealogy_world w;
		genealogy_world_open(&w, store, seed);
		genealogy_world_change(&w, 60);
		genealogy_world_load(&w);
		compare_all(&w);
		genealogy_world_close(&w);
	}
	assert_true(answers > 100); /* or this test says nothing */
}

/* Each change is one record: the feed hears of it by the log alone. */
static void followed_genealogy_is_what_a_loaded_one_is(void **state)
{
	struct store_test *store = *state;

	for (uint64_t seed = 11; seed <= 13; seed++) {
		struct genealogy_world w;
		genealogy_world_open(&w, store, seed);
		genealogy_world_load(&w);
		for (int round = 0; round < 6; round++) {
			genealogy_world_change(&w, 12);
			genealogy_world_follow(&w);
			compare_all(&w);
		}
		genealogy_world_load(&w);
		compare_all(&w);
		genealogy_world_close(&w);
	}
}

/* A page of rows ends anywhere: in a unit with more part lots than a page has rows, too. */
static void unit_larger_than_a_page_is_whole(void **state)
{
	struct store_test *store = *state;
	struct genealogy_world w;

	genealogy_world_open(&w, store, 1);
	genealogy_world_wide_unit(&w, 20500);
	genealogy_world_load(&w);
	compare(&w, "part_lot", "A", "W0");
	compare(&w, "part_lot", "A", "W20499");
	compare(&w, "unit", "P", "U1");
	assert_int_equal(graph_size(w.graph).edges, 20500 * 2 + 1);
	genealogy_world_close(&w);
}

/* Every page ends within a unit whose edges come from two tables: nothing is lost or there twice. */
static void units_of_many_pages_are_all_there(void **state)
{
	struct store_test *store = *state;
	struct genealogy_world w;

	genealogy_world_open(&w, store, 1);
	genealogy_world_many_units(&w, 15000);
	genealogy_world_load(&w);
	/* The part lots are their supplier's; the last component is a unit without parts. */
	assert_int_equal(graph_size(w.graph).edges, 15000 * 4 + 3);
	assert_int_equal(graph_size(w.graph).nodes, 15000 + 1 + 3 + 1);
	genealogy_world_close(&w);
}

/* When the last thing that led to it is gone, no row speaks of the unit any more. */
static void unit_that_lost_its_last_part_is_found_no_more(void **state)
{
	struct store_test *store = *state;
	struct genealogy_world w;

	genealogy_world_open(&w, store, 1);
	genealogy_world_load(&w);
	genealogy_world_stray(&w, true);
	genealogy_world_follow(&w);
	assert_string_equal(genealogy_by_graph(&w, "part_lot", "A", "L0"), "U20");
	genealogy_world_stray(&w, false);
	genealogy_world_follow(&w);
	assert_string_equal(genealogy_by_graph(&w, "part_lot", "A", "L0"), "");
	compare_all(&w);
	genealogy_world_close(&w);
}

static bool stop_at_once(void *context)
{
	(void)context;
	return true;
}

static void loading_can_be_stopped(void **state)
{
	struct store_test *store = *state;
	struct genealogy_world w;

	genealogy_world_open(&w, store, 1);
	genealogy_world_change(&w, 20);
	genealogy_world_empty(&w);
	refused(feed_load(w.feed, stop_at_once, NULL, &w.fault), &w.fault, "GENEALOGY_STOPPED");
	genealogy_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(loaded_genealogy_is_what_the_views_say),
		STORE_TEST(followed_genealogy_is_what_a_loaded_one_is),
		STORE_TEST(unit_larger_than_a_page_is_whole),
		STORE_TEST(units_of_many_pages_are_all_there),
		STORE_TEST(unit_that_lost_its_last_part_is_found_no_more),
		STORE_TEST(loading_can_be_stopped),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
