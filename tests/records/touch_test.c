/* SPDX-License-Identifier: Apache-2.0 */
/* Who stood at the unit, and travelers that are long or followed in any sequence. */
#include "line_world.h"

#include <stdio.h>

/* ---- people ---- */

static void operator_is_a_person_whom_we_know(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = procedure(w, "P1", "1", LIMITS);
	static const char *const bodies[][2] = {
		{"unit.fitted", ""}, {"unit.built", ""}, {"step.completed", ",'step':'a'"}};

	assert_string_equal(traveler(w, "T1", STEP("a", "inspect", "")), "");
	line_started(w, "S1");
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		says(w, "st1", bodies[i][0],
		     "{'product':'GW','serial':'S1','station':'st1','operator':'nobody'%s}",
		     bodies[i][1]);
		assert_non_null(strstr(w->said, "OPERATOR_UNKNOWN"));
	}
	static const char *const others[] = {"st2", "hugo", "dora"}; /* no person, gone, fine */
	house_must(&w->house, &w->house.ada, "principal.left",
		   "{'principal':'hugo','reason':'moved'}");
	for (size_t i = 0; i < 3; i++) {
		says(w, "st1", "unit.programmed",
		     "{'product':'GW','serial':'S1','station':'st1','release':'FW1','image':'%s',"
		     "'operator':'%s'}",
		     IMAGE, others[i]);
		assert_int_equal(strstr(w->said, "OPERATOR_UNKNOWN") != NULL, i < 2);
		char more[64];
		snprintf(more, sizeof more, ",'operator':'%s'", others[i]);
		TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest, .more = more);
		assert_int_equal(strstr(w->said, "OPERATOR_UNKNOWN") != NULL, i < 2);
	}
}

static void units_of_an_operator_and_of_a_station_are_found(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = procedure(w, "P1", "1", LIMITS);

	world_built(w, "S1");
	world_built(w, "S2");
	assert_int_equal(rows_of(w, "unit.touches", "operator=dora"), 0);
	assert_int_equal(rows_of(w, "unit.touches", "station=st1"), 6);
	assert_int_equal(rows_of(w, "unit.touches", "station=st2"), 0);
	assert_string_equal(TESTED(w, .serial = "S2", .procedure = "P1", .digest = digest,
				   .station = "st2", .more = ",'operator':'dora'"),
			    "");
	assert_string_equal(shows(w, "unit.touches", "serial", "operator=dora"), "S2");
	assert_int_equal(rows_of(w, "unit.touches", "station=st2"), 1);
	assert_says("", w, "st1", "unit.part_removed",
		    "{'product':'GW','serial':'S1','station':'st1','supplier':'acme',"
		    "'part_lot':'R1','reason':'cracked'}");
	assert_int_equal(rows_of(w, "unit.touches", "product=GW&serial=S1"), 4);
}

/* ---- many steps ---- */

static void traveler_may_have_a_hundred_steps_and_no_more(void **state)
{
	struct world *w = line_ready(state);
	enum { STEPS = 100 };
	char list[8192];
	size_t n = 0;

	for (size_t i = 0; i <= STEPS; i++)
		n += (size_t)snprintf(list + n, sizeof list - n,
				      "{'step':'s%03zu','work':'inspect'},", i);
	assert_true(n < sizeof list);
	assert_string_equal(traveler(w, "T1", list), "!FIELD_WRONG");
	list[n - strlen("{'step':'s100','work':'inspect'},")] = '\0';
	assert_string_equal(traveler(w, "T1", list), "");
	world_request(w, "S1");
	for (size_t i = 0; i < STEPS; i++) {
		char step[8];
		snprintf(step, sizeof step, "s%03zu", i);
		if (i == 50) /* the last one too early */
			assert_string_equal(inspected(w, "S1", "st1", "s099"), "STEP_OUT_OF_TURN");
		assert_string_equal(inspected(w, "S1", "st1", step), "");
	}
	assert_int_equal(rows_of(w, "unit.steps", "product=GW&serial=S1"), STEPS);
}

/* ---- any sequence ---- */

enum { WAY = 8, DRAWS = 14, UNITS = 30 };
static const struct {
	const char *step, *work;
} WAYS[WAY] = {{"w0", "inspect"}, {"w1", "fit"},     {"w2", "inspect"}, {"w3", "build"},
	       {"w4", "program"}, {"w5", "inspect"}, {"w6", "test"},    {"w7", "inspect"}};

static const char *goes(struct world *w, const char *serial, size_t step, const char *digest)
{
	switch (WAYS[step].work[0]) {
	case 'f':
		return fitted(w, serial, "st1");
	case 'b':
		return built(w, serial, "st1");
	case 'p':
		return programmed(w, serial, "st1");
	case 't':
		return TESTED(w, .serial = serial, .procedure = "P1", .digest = digest);
	default:
		return inspected(w, serial, "st1", WAYS[step].step);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void builds_many(struct world *w)
{
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{'authorization':'BA2','product':'GW','revision':'A','release':'FW1',"
		    "'site':'VN','line':'L1','quantity':%d,%s}",
		    UNITS, world_build_terms(w));
	assert_string_equal(approved(w), "");
	assert_says("", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R1','authorization':'BA2','site':'VN',"
		    "'line':'L1','quantity':50}");
	w->authorization = "BA2";
}

/* What is expected follows from nothing but the positions of what came before. */
static void any_sequence_raises_exactly_when_it_is_out_of_turn(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = procedure(w, "P1", "1", LIMITS);
	uint64_t seed = 0x5ea1317647ull;
	size_t n = 0, out_of_turn_n = 0, repeated_n = 0;
	char list[1024];

	builds_many(w);
	for (size_t i = 0; i < WAY; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "{'step':'%s','work':'%s'%s},",
				      WAYS[i].step, WAYS[i].work,
				      WAYS[i].work[0] == 't' ? BY("P1") : "");
	assert_string_equal(traveler(w, "T1", list), "");
	for (size_t unit = 0; unit < UNITS; unit++) {
		char serial[16];
		bool done[WAY] = {false};
		snprintf(serial, sizeof serial, "R%zu", unit);
		/* Its key is not needed again: an actor's place is taken over and over. */
		line_started(w, serial);
		actor_done(&w->actors[--w->actors_n]);
		for (size_t draw = 0; draw < DRAWS; draw++) {
			size_t step = next_random(&seed) % WAY;
			bool earlier = false, later = false;
			for (size_t i = 0; i < WAY; i++) {
				earlier |= i < step && !done[i];
				later |= i > step && done[i];
			}
			goes(w, serial, step, digest);
			bool out_of_turn = !done[step] && earlier, repeated = done[step] && later;
			assert_int_equal(strstr(w->said, "STEP_OUT_OF_TURN") != NULL, out_of_turn);
			assert_int_equal(strstr(w->said, "STEP_REPEATED") != NULL, repeated);
			out_of_turn_n += out_of_turn;
			repeated_n += repeated;
			done[step] = true;
			assert_string_equal(step_of(w, serial, WAYS[step].step), "done");
		}
	}
	assert_true(out_of_turn_n > UNITS && repeated_n > UNITS);
}

/* … and nobody decided whether that is to be tested again. */
static void rework_after_a_test_holds_the_unit(void **state)
{
	struct world *w = line_ready(state);
	const char *d = procedure(w, "P1", "1", LIMITS);

	world_unit(w, "S1");
	for (int i = 0; i < 2; i++) {
		assert_says("", w, "st1", "unit.part_removed",
			    "{'product':'GW','serial':'S1','station':'st1','supplier':'acme',"
			    "'part_lot':'R1','reason':'rework'}");
		assert_string_equal(fitted(w, "S1", "st1"),
				    i == 0 ? "" : "UNIT_CHANGED_AFTER_TEST");
		if (i == 0)
			assert_string_equal(
				TESTED(w, .serial = "S1", .procedure = "P1", .digest = d), "");
	}
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=S1"), "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(operator_is_a_person_whom_we_know),
		WORLD_TEST(units_of_an_operator_and_of_a_station_are_found),
		WORLD_TEST(traveler_may_have_a_hundred_steps_and_no_more),
		WORLD_TEST(any_sequence_raises_exactly_when_it_is_out_of_turn),
		WORLD_TEST(rework_after_a_test_holds_the_unit),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
