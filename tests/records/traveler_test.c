/* SPDX-License-Identifier: Apache-2.0 */
/* Travelers: the steps that units go through, in their sequence and at their stations, and who stood there. */
#include "line_world.h"

#include <stdio.h>
#include <stdlib.h>

#define WHOLE                               \
	STEP("place", "fit", AT("st1"))     \
	STEP("look", "inspect", AT("st2"))  \
	STEP("close", "build", "")          \
	STEP("flash", "program", AT("st1")) \
	STEP("final", "test", BY("P1")) STEP("pack", "inspect", "")

/* A procedure P1 and traveler T1 with all works; returns the digest of the procedure. */
static const char *whole(struct world *w)
{
	const char *digest = procedure(w, "P1", "1", LIMITS);

	assert_string_equal(traveler(w, "T1", WHOLE), "");
	return digest;
}

static void traveler_that_cannot_be_followed_is_refused(void **state)
{
	struct world *w = line_ready(state);
	static const char other[] = "{'traveler':'T2','product':'%s','revision':'%s',"
				    "'steps':[{'step':'a','work':'inspect'}]}";

	whole(w);
	assert_string_equal(traveler(w, "T1", STEP("a", "inspect", "")), "!TRAVELER_EXISTS");
	assert_says("!PRODUCT_UNKNOWN", w, "anna", "traveler.released", other, "XX", "A");
	assert_says("!TRAVELER_REVISION_UNKNOWN", w, "anna", "traveler.released", other, "GW", "B");
	assert_string_equal(traveler(w, "T2", STEP("a", "inspect", AT("st9"))),
			    "!TRAVELER_STATION_UNKNOWN");
	assert_string_equal(traveler(w, "T2", STEP("a", "test", BY("P9"))),
			    "!TRAVELER_PROCEDURE_UNKNOWN");
	assert_string_equal(traveler(w, "T2", STEP("a", "inspect", "") STEP("a", "build", "")),
			    "!TRAVELER_STEP_TWICE");
	assert_string_equal(traveler(w, "T2", STEP("a", "test", "")), "!TRAVELER_PROCEDURE_UNFIT");
	assert_string_equal(traveler(w, "T2", STEP("a", "fit", BY("P1"))),
			    "!TRAVELER_PROCEDURE_UNFIT");
	assert_string_equal(traveler(w, "T2", ""), "!FIELD_WRONG");
	assert_string_equal(traveler(w, "T2", STEP("a", "dance", "")), "!FIELD_WRONG");
	assert_int_equal(rows_of(w, "traveler.list", ""), 1);
	assert_int_equal(rows_of(w, "traveler.steps", "traveler=T1"), 6);
}

static void withdrawn_procedure_is_no_step(void **state)
{
	struct world *w = line_ready(state);

	procedure(w, "P1", "1", LIMITS);
	assert_says("", w, "anna", "procedure.withdrawn", "{'procedure':'P1','reason':'wrong'}");
	assert_string_equal(traveler(w, "T1", STEP("a", "test", BY("P1"))),
			    "!TRAVELER_PROCEDURE_UNKNOWN");
}

static void unit_keeps_the_traveler_that_it_was_started_with(void **state)
{
	struct world *w = line_ready(state);

	world_request(w, "S1");
	assert_string_equal(traveler(w, "T1", STEP("a", "inspect", "")), "");
	world_request(w, "S2");
	assert_string_equal(traveler(w, "T2", STEP("b", "inspect", "")), "");
	world_request(w, "S3");
	assert_string_equal(shows(w, "unit.one", "traveler", "product=GW&serial=S1"), "(null)");
	assert_string_equal(shows(w, "unit.one", "traveler", "product=GW&serial=S2"), "T1");
	assert_string_equal(shows(w, "unit.list", "traveler", "product=GW&serial=S3"), "T2");
	assert_string_equal(shows(w, "traveler.list", "state", "traveler=T1"), "replaced");
	assert_string_equal(shows(w, "traveler.list", "state", "traveler=T2"), "in_force");
	assert_string_equal(inspected(w, "S1", "st1", "a"), "STEP_UNKNOWN");
	assert_string_equal(inspected(w, "S2", "st1", "a"), "");
	assert_string_equal(inspected(w, "S2", "st1", "b"), "STEP_UNKNOWN");
	assert_string_equal(inspected(w, "S3", "st1", "b"), "");
	assert_string_equal(inspected(w, "S9", "st1", "a"), "UNIT_UNKNOWN");
}

static void each_record_completes_the_step_of_its_work(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = whole(w);

	line_started(w, "S1");
	assert_string_equal(step_of(w, "S1", "place"), "open");
	assert_string_equal(fitted(w, "S1", "st1"), "");
	assert_string_equal(step_of(w, "S1", "place"), "done");
	assert_string_equal(inspected(w, "S1", "st2", "look"), "");
	assert_string_equal(inspected(w, "S1", "st2", "look"), ""); /* looked twice */
	assert_string_equal(built(w, "S1", "st1"), "");
	assert_string_equal(step_of(w, "S1", "close"), "done");
	assert_string_equal(programmed(w, "S1", "st1"), "");
	assert_string_equal(step_of(w, "S1", "flash"), "done");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest), "");
	assert_string_equal(step_of(w, "S1", "final"), "done");
	assert_string_equal(step_of(w, "S1", "pack"), "open");
	assert_string_equal(inspected(w, "S1", "st1", "pack"), "");
	assert_string_equal(step_of(w, "S1", "pack"), "done");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
}

static void step_before_its_turn_holds_the_unit(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = whole(w);

	line_started(w, "S1");
	assert_string_equal(inspected(w, "S1", "st2", "look"), "STEP_OUT_OF_TURN");
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=S1"), "1");
	assert_string_equal(step_of(w, "S1", "look"), "done"); /* the record is what was seen */
	assert_string_equal(built(w, "S1", "st1"), "UNIT_PART_MISSING STEP_OUT_OF_TURN");
	assert_string_equal(fitted(w, "S1", "st1"), "UNIT_NOT_OPEN"); /* in turn, and too late */
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest),
			    "STEP_OUT_OF_TURN");
	assert_string_equal(programmed(w, "S1", "st1"), "UNIT_PROGRAMMED_WHILE_HELD");
}

static void step_at_another_station_holds_the_unit(void **state)
{
	struct world *w = line_ready(state);

	assert_string_equal(
		traveler(w, "T1",
			 STEP("place", "fit", AT("st1")) STEP("look", "inspect", AT("st2")) STEP(
				 "close", "build", AT("st2")) STEP("flash", "program", AT("st2"))),
		"");
	line_started(w, "S1");
	assert_string_equal(fitted(w, "S1", "st2"), "STEP_AT_OTHER_STATION");
	assert_string_equal(inspected(w, "S1", "st1", "look"), "STEP_AT_OTHER_STATION");
	assert_string_equal(built(w, "S1", "st1"), "STEP_AT_OTHER_STATION");
	assert_string_equal(programmed(w, "S1", "st1"),
			    "UNIT_PROGRAMMED_WHILE_HELD STEP_AT_OTHER_STATION");
	/* … and again, when it is complete already */
	assert_string_equal(programmed(w, "S1", "st1"),
			    "UNIT_PROGRAMMED_WHILE_HELD STEP_AT_OTHER_STATION");
	assert_string_equal(programmed(w, "S1", "st2"), "UNIT_PROGRAMMED_WHILE_HELD");
}

static void test_at_another_station_counts_and_holds(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = procedure(w, "P1", "1", LIMITS);

	assert_string_equal(traveler(w, "T1", STEP("final", "test", BY("P1") AT("st2"))), "");
	line_started(w, "S1");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest),
			    "STEP_AT_OTHER_STATION");
	assert_string_equal(step_of(w, "S1", "final"), "done");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest),
			    "STEP_AT_OTHER_STATION"); /* … and again */
	assert_string_equal(
		TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest, .station = "st2"),
		"");
}

static void step_at_another_line_holds_the_unit(void **state)
{
	struct world *w = line_ready(state);

	assert_says("", w, "anna", "line.defined", "{'site':'VN','line':'L2'}");
	assert_says("", w, "anna", "station.defined",
		    "{'station':'st3','site':'VN','line':'L2','environment':'production'}");
	assert_string_equal(traveler(w, "T1", STEP("look", "inspect", "")), "");
	line_started(w, "S1");
	assert_string_equal(inspected(w, "S1", "anna", "look"), "!NOT_ALLOWED");
	assert_says("UNIT_AT_OTHER_LINE", w, "anna", "step.completed",
		    "{'product':'GW','serial':'S1','station':'st3','step':'look'}");
}

static void step_is_not_done_again_after_a_later_one(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = whole(w);

	line_started(w, "S1");
	assert_string_equal(fitted(w, "S1", "st1"), "");
	assert_string_equal(inspected(w, "S1", "st2", "look"), "");
	assert_string_equal(fitted(w, "S1", "st1"), "STEP_REPEATED");
	assert_string_equal(built(w, "S1", "st1"), "");
	assert_string_equal(inspected(w, "S1", "st2", "look"), "STEP_REPEATED");
	world_clear(w);
	assert_string_equal(programmed(w, "S1", "st1"), "");
	assert_string_equal(programmed(w, "S1", "st1"), "");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest), "");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest), "");
	assert_string_equal(programmed(w, "S1", "st1"), "STEP_REPEATED");
	assert_string_equal(inspected(w, "S1", "st1", "pack"), "");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest),
			    "STEP_REPEATED");
}

static void only_an_inspection_is_completed_by_hand(void **state)
{
	struct world *w = line_ready(state);
	static const char *const steps[] = {"place", "close", "flash", "final"};

	whole(w);
	line_started(w, "S1");
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		assert_string_equal(inspected(w, "S1", "st1", steps[i]), "STEP_NOT_BY_HAND");
		assert_string_equal(step_of(w, "S1", steps[i]), "open");
	}
	assert_string_equal(inspected(w, "S1", "st1", "nothing"), "STEP_UNKNOWN");
}

static void several_fittings_may_belong_to_one_step(void **state)
{
	struct world *w = line_ready(state);

	assert_string_equal(traveler(w, "T1",
				     STEP("top", "fit", AT("st1")) STEP("bottom", "fit", AT("st2"))
					     STEP("look", "inspect", "")
						     STEP("shield", "fit", AT("st2"))),
			    "");
	line_started(w, "S1");
	assert_string_equal(fitted(w, "S1", "st1"), "");
	assert_string_equal(fitted(w, "S1", "st1"), "");
	assert_string_equal(step_of(w, "S1", "bottom"), "open");
	assert_string_equal(fitted(w, "S1", "st2"), "");
	assert_string_equal(step_of(w, "S1", "bottom"), "done");
	assert_string_equal(fitted(w, "S1", "st2"), "");
	assert_string_equal(step_of(w, "S1", "shield"), "open"); /* still the bottom */
	assert_string_equal(fitted(w, "S1", "st1"), "STEP_OUT_OF_TURN STEP_AT_OTHER_STATION");
	assert_string_equal(step_of(w, "S1", "shield"), "done");
}

static void two_steps_of_a_work_are_completed_one_after_the_other(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = procedure(w, "P1", "1", LIMITS);

	assert_string_equal(traveler(w, "T1",
				     STEP("a", "fit", "") STEP("b", "fit", "")
					     STEP("c", "test", BY("P1")) STEP("d", "inspect", "")
						     STEP("e", "test", BY("P1"))),
			    "");
	line_started(w, "S1");
	assert_string_equal(fitted(w, "S1", "st1"), "");
	assert_string_equal(step_of(w, "S1", "b"), "open");
	assert_string_equal(fitted(w, "S1", "st1"), "");
	assert_string_equal(step_of(w, "S1", "b"), "done");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest), "");
	assert_string_equal(step_of(w, "S1", "c"), "done");
	assert_string_equal(step_of(w, "S1", "e"), "open");
	assert_string_equal(inspected(w, "S1", "st1", "d"), "");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest), "");
	assert_string_equal(step_of(w, "S1", "e"), "done");
}

/* ---- gates ---- */

static void gates_ask_for_every_earlier_step(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = whole(w);

	line_started(w, "S1");
	assert_string_equal(fitted(w, "S1", "st1"), "");
	assert_string_equal(built(w, "S1", "st1"), "STEP_OUT_OF_TURN");
	world_clear(w);
	assert_string_equal(gate_tells(w, "st1", "program", "S1"), "SHP-01: S1 look");
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "SHP-01: S1 look");
	assert_string_equal(inspected(w, "S1", "st2", "look"), "");
	assert_string_equal(gate_tells(w, "st1", "program", "S1"), "");
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "SHP-01: S1 flash");
	assert_string_equal(programmed(w, "S1", "st1"), "");
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "SHP-01: S1 final");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "SHP-01: S1 pack");
	assert_string_equal(inspected(w, "S1", "st1", "pack"), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
	assert_string_equal(gate_tells(w, "st1", "program", "S1"), "");
}

static void shipment_waits_for_every_unit(void **state)
{
	struct world *w = line_ready(state);
	char manifest[65];

	assert_string_equal(
		traveler(w, "T1", STEP("close", "build", "") STEP("pack", "inspect", "")), "");
	world_unit(w, "S1");
	world_unit(w, "S2");
	assert_string_equal(inspected(w, "S2", "st1", "pack"), "");
	world_sealed_shipment(w, "S1", "SH1", manifest);
	assert_string_equal(gate_says(w, "ship", "shipment", "", "SH1"), "SHP-01: S1 pack");
	assert_says("!GATE_CLOSED", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH1','manifest':'%s'}", manifest);
	assert_string_equal(inspected(w, "S1", "st1", "pack"),
			    "UNIT_OUT_OF_TURN"); /* it is packed */
}

static void test_gate_is_about_units_in_work_at_places_that_are_not_held(void **state)
{
	struct world *w = line_ready(state);

	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "SHP-01: unknown");
	world_unit(w, "S1");
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "");
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'station','id':'st1','reason':'strange'}");
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "SHP-01: station st1 HOLD_PLACED");
	assert_string_equal(gate_tells(w, "st2", "test", "S1"), "");
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'line','within':'VN','id':'L1','reason':'dust'}");
	assert_string_equal(gate_tells(w, "st2", "test", "S1"), "SHP-01: line L1 HOLD_PLACED");
	world_clear(w);
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'unit','within':'GW','id':'S1','reason':'look at it'}");
	assert_string_equal(gate_tells(w, "st2", "test", "S1"), ""); /* it may be tested */
	assert_says("", w, "carl", "unit.scrapped",
		    "{'product':'GW','serial':'S1','reason':'burnt','witness':'dora','photo':'%s'}",
		    IMAGE);
	assert_string_equal(gate_tells(w, "st2", "test", "S1"), "SHP-01: scrapped");
	assert_string_equal(inspected(w, "S1", "st2", "a"), "UNIT_OUT_OF_TURN STEP_UNKNOWN");
}

/* Of two tests, a station asks for the one that is its own. */
static void test_gate_asks_about_the_next_test_of_the_station(void **state)
{
	struct world *w = line_ready(state);

	procedure(w, "P1", "1", LIMITS);
	procedure(w, "P2", "1", LIMITS);
	assert_string_equal(traveler(w, "T1",
				     STEP("first", "test", BY("P1") AT("st1"))
					     STEP("second", "test", BY("P2") AT("st2"))),
			    "");
	line_started(w, "S1");
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "");
	assert_string_equal(gate_tells(w, "st2", "test", "S1"), "SHP-01: S1 first");
	assert_string_equal(gate_tells(w, "anna", "test", "S1"), ""); /* at no station: the next */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(traveler_that_cannot_be_followed_is_refused),
		WORLD_TEST(withdrawn_procedure_is_no_step),
		WORLD_TEST(unit_keeps_the_traveler_that_it_was_started_with),
		WORLD_TEST(each_record_completes_the_step_of_its_work),
		WORLD_TEST(step_before_its_turn_holds_the_unit),
		WORLD_TEST(step_at_another_station_holds_the_unit),
		WORLD_TEST(test_at_another_station_counts_and_holds),
		WORLD_TEST(step_at_another_line_holds_the_unit),
		WORLD_TEST(step_is_not_done_again_after_a_later_one),
		WORLD_TEST(only_an_inspection_is_completed_by_hand),
		WORLD_TEST(several_fittings_may_belong_to_one_step),
		WORLD_TEST(two_steps_of_a_work_are_completed_one_after_the_other),
		WORLD_TEST(gates_ask_for_every_earlier_step),
		WORLD_TEST(shipment_waits_for_every_unit),
		WORLD_TEST(test_gate_is_about_units_in_work_at_places_that_are_not_held),
		WORLD_TEST(test_gate_asks_about_the_next_test_of_the_station),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
