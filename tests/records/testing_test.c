/* SPDX-License-Identifier: Apache-2.0 */
/* Test procedures and results: what counts, what holds the unit, and what says something about the station. */
#include "line_world.h"

#include <stdio.h>

#define VALUES(v1, v2) \
	"{'measurement':'V1','value_micro':" v1 "},{'measurement':'V2','value_micro':" v2 "}"

/* Procedure P1 with limits, and unit S1 asked for and certified. */
static const char *ready(void **state)
{
	struct world *w = line_ready(state);
	const char *digest = procedure(w, "P1", "1", LIMITS ",'least_ms':5000,'attempts':3");

	line_started(w, "S1");
	return digest;
}

/* ---- procedures ---- */

static void procedure_takes_effect_when_somebody_else_agrees(void **state)
{
	struct world *w = line_ready(state);

	assert_says("(waits)", w, "anna", "procedure.released",
		    "{'procedure':'P1','product':'GW','revision':'1','document':'%s'" LIMITS "}",
		    IMAGE);
	assert_int_equal(rows_of(w, "procedure.list", ""), 0);
	assert_string_equal(approved(w), "");
	assert_string_equal(shows(w, "procedure.list", "state", "procedure=P1"), "in_force");
	assert_int_equal(rows_of(w, "procedure.limits", "procedure=P1"), 2);
	assert_string_equal(shows(w, "procedure.limits", "low_micro", "procedure=P1&revision=1"),
			    "3000000");
}

static void procedure_that_says_nonsense_is_refused(void **state)
{
	struct world *w = line_ready(state);
	static const char body[] =
		"{'procedure':'%s','product':'%s','revision':'%s','document':'%s',"
		"'limits':[{'measurement':'V1','unit':'V'%s}%s]}";
#define LOW             ",'low_micro':1"
#define SAYS(code, ...) assert_says(code, w, "anna", "procedure.released", body, __VA_ARGS__)

	procedure(w, "P1", "1", LIMITS);
	assert_says("", w, "anna", "product.defined",
		    "{'product':'AB','hardware_type':'1.3.6.1.4.1.32473.8','name':'other'}");
	SAYS("!PRODUCT_UNKNOWN", "P2", "XX", "1", IMAGE, LOW, "");
	SAYS("!PROCEDURE_OF_OTHER_PRODUCT", "P1", "AB", "2", IMAGE, LOW, "");
	SAYS("!PROCEDURE_REVISION_EXISTS", "P1", "GW", "1", IMAGE, LOW, "");
	SAYS("!PROCEDURE_LIMIT_NONE", "P2", "GW", "1", IMAGE, "", "");
	SAYS("!PROCEDURE_LIMITS_CROSSED", "P2", "GW", "1", IMAGE, LOW ",'high_micro':0", "");
	SAYS("!PROCEDURE_MEASUREMENT_TWICE", "P2", "GW", "1", IMAGE, LOW,
	     ",{'measurement':'V0','unit':'V','low_micro':1}"
	     ",{'measurement':'V1','unit':'V','low_micro':1}");
	SAYS("!FIELD_WRONG", "P2", "GW", "1", IMAGE, ",'low_micro':9007199254740992", "");
	SAYS("(waits)", "P2", "GW", "1", IMAGE, LOW ",'high_micro':1", "");
	assert_int_equal(rows_of(w, "procedure.list", ""), 1);
}

static void one_revision_is_in_force_until_it_is_withdrawn(void **state)
{
	struct world *w = line_ready(state);

	procedure(w, "P1", "1", LIMITS);
	procedure(w, "P1", "2", "");
	assert_string_equal(shows(w, "procedure.list", "state", "procedure=P1"), "superseded");
	assert_int_equal(rows_of(w, "procedure.limits", "procedure=P1"), 0);
	assert_int_equal(rows_of(w, "procedure.limits", "procedure=P1&revision=1"), 2);
	assert_says("", w, "anna", "procedure.withdrawn", "{'procedure':'P1','reason':'wrong'}");
	assert_says("!PROCEDURE_NOT_IN_FORCE", w, "anna", "procedure.withdrawn",
		    "{'procedure':'P1','reason':'wrong'}");
	assert_says("!NOT_ALLOWED", w, "hugo", "procedure.withdrawn",
		    "{'procedure':'P9','reason':'wrong'}");
	procedure(w, "P1", "3", LIMITS);
	assert_int_equal(rows_of(w, "procedure.list", "procedure=P1"), 3);
}

/* Two that wait at once: the second is asked again when it takes effect. */
static void revision_is_not_released_twice_by_votes(void **state)
{
	struct world *w = line_ready(state);
	static const char body[] =
		"{'procedure':'P1','product':'GW','revision':'1','document':'%s'" LIMITS "}";

	char first[65];

	assert_says("(waits)", w, "anna", "procedure.released", body, IMAGE);
	snprintf(first, sizeof first, "%s", w->digest);
	assert_says("(waits)", w, "bert", "procedure.released", body, IMAGE);
	assert_string_equal(approved(w), "");
	snprintf(w->digest, sizeof w->digest, "%s", first);
	assert_string_equal(approved(w), "!PROCEDURE_REVISION_EXISTS");
}

static void digest_of_limits_is_that_of_what_they_say(void **state)
{
	struct world *w = line_ready(state);
	char one[65], two[65];

	procedure(w, "P1", "1",
		  ",'limits':[{'measurement':'A','unit':'V','low_micro':0},"
		  "{'measurement':'B','unit':'V','high_micro':5}]");
	procedure(w, "P2", "1",
		  ",'limits':[{'measurement':'B','unit':'V','high_micro':5},"
		  "{'measurement':'A','unit':'V','low_micro':0}]");
	procedure(w, "P3", "1",
		  ",'limits':[{'measurement':'A','unit':'V','high_micro':0},"
		  "{'measurement':'B','unit':'V','high_micro':5}]");
	snprintf(one, sizeof one, "%s",
		 shows(w, "procedure.list", "limits_digest", "procedure=P1"));
	snprintf(two, sizeof two, "%s",
		 shows(w, "procedure.list", "limits_digest", "procedure=P2"));
	assert_string_equal(one, two);
	assert_string_not_equal(shows(w, "procedure.list", "limits_digest", "procedure=P3"), one);
}

/* ---- what does not count ---- */

static void result_under_another_digest_does_not_count(void **state)
{
	const char *old = ready(state);
	struct world *w = *state;

	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = IMAGE),
			    "TEST_PROCEDURE_NOT_RELEASED");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P9", .digest = old),
			    "TEST_PROCEDURE_NOT_RELEASED");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = old), "");
	const char *new = procedure(w, "P1", "2", LIMITS);
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = old),
			    "TEST_PROCEDURE_NOT_RELEASED");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = new), "");
	assert_says("", w, "anna", "procedure.withdrawn", "{'procedure':'P1','reason':'wrong'}");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = new),
			    "TEST_PROCEDURE_NOT_RELEASED");
	assert_string_equal(shows(w, "test.results", "counts", "serial=S1"), "0");
	assert_int_equal(rows_of(w, "test.results", "serial=S1&procedure=P1"), 5);
	assert_int_equal(rows_of(w, "test.results", "station=st2"), 0);
}

/* One result by itself: what is raised, and whether the step is complete afterwards. */
static void must_not_count(struct world *w, const char *raised, const struct tested *t)
{
	assert_string_equal(tested(w, t), raised);
	assert_string_equal(step_of(w, "S1", "final"), "open");
}

static void result_against_the_limits_does_not_count(void **state)
{
	struct world *w = line_ready(state);
	const char *d = procedure(w, "P1", "1", LIMITS ",'least_ms':5000");
#define MUST(raised, ...)  \
	must_not_count(    \
		w, raised, \
		&(struct tested){.serial = "S1", .procedure = "P1", .digest = d, __VA_ARGS__})

	assert_string_equal(traveler(w, "T1", STEP("final", "test", BY("P1"))), "");
	line_started(w, "S1");
	MUST("TEST_NOT_PASSED", .verdict = "fail");
	MUST("TEST_NOT_PASSED", .verdict = "error");
	MUST("TEST_NOT_PASSED", .verdict = "aborted", .measurements = "");
	MUST("TEST_NOT_PASSED", .verdict = "fail", .measurements = VALUES("1", "1"));
	MUST("TEST_TOO_SHORT", .lasted_ms = 4999);
	MUST("TEST_ENDED_BEFORE_START", .lasted_ms = -1);
	MUST("TEST_MEASUREMENT_OUTSIDE", .measurements = VALUES("2999999", "1000000"));
	MUST("TEST_MEASUREMENT_OUTSIDE", .measurements = VALUES("3600001", "1000000"));
	MUST("TEST_MEASUREMENT_OUTSIDE", .measurements = VALUES("3300000", "999999"));
	MUST("TEST_MEASUREMENT_OUTSIDE", .measurements = VALUES("3300000", "-1"));
	/* both: one nonconformance, one hold */
	MUST("TEST_MEASUREMENT_OUTSIDE", .measurements = VALUES("0", "0"));
	MUST("TEST_MEASUREMENT_MISSING", .measurements = "");
	MUST("TEST_MEASUREMENT_MISSING",
	     .measurements = "{'measurement':'V2','value_micro':1000001}");
	MUST("TEST_MEASUREMENT_MISSING", .measurements =
						 "{'measurement':'V2','value_micro':1000001},"
						 "{'measurement':'V2','value_micro':1000001}");
	MUST("TEST_MEASUREMENT_UNKNOWN",
	     .measurements = VALUES("3300001", "1000000") ",{'measurement':'V3','value_micro':1}");
	MUST("TEST_MEASUREMENT_UNKNOWN", .measurements =
						 "{'measurement':'V1','value_micro':3300000},"
						 "{'measurement':'v2','value_micro':2000000}");
	/* the limits themselves pass, and so does the least time */
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = d,
				   .measurements = VALUES("3000000", "1000000"), .lasted_ms = 5000),
			    "");
	assert_string_equal(step_of(w, "S1", "final"), "done");
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=S1"), "16");
}

static void pass_after_a_failure_counts_and_the_hold_stays(void **state)
{
	struct world *w = line_ready(state);
	const char *d = procedure(w, "P1", "1", LIMITS ",'attempts':2");

	world_unit(w, "S1");
	assert_string_equal(
		TESTED(w, .serial = "S1", .procedure = "P1", .digest = d, .verdict = "fail"),
		"TEST_NOT_PASSED");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = d), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "SHP-01: unit S1 TEST_NOT_PASSED");
	world_clear(w);
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = d),
			    "TEST_ATTEMPTS_EXCEEDED");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"),
			    "SHP-01: unit S1 TEST_ATTEMPTS_EXCEEDED");
}

static void test_of_an_unknown_or_gone_unit_is_kept(void **state)
{
	const char *d = ready(state);
	struct world *w = *state;

	assert_string_equal(TESTED(w, .serial = "S9", .procedure = "P1", .digest = d),
			    "UNIT_UNKNOWN");
	assert_says("", w, "anna", "line.defined", "{'site':'VN','line':'L2'}");
	assert_says("", w, "anna", "station.defined",
		    "{'station':'st3','site':'VN','line':'L2','environment':'production'}");
	assert_says("UNIT_AT_OTHER_LINE", w, "anna", "test.recorded",
		    "{'product':'GW','serial':'S1','station':'st3','procedure':'P1',"
		    "'procedure_digest':'%s','sequence':1,'started':'2026-01-01T00:00:00.000Z',"
		    "'ended':'2026-01-01T00:01:00.000Z','verdict':'pass','measurements':[" VALUES(
			    "3300007", "1000000") "]}",
		    d);
	assert_says("", w, "carl", "unit.scrapped",
		    "{'product':'GW','serial':'S1','reason':'burnt','witness':'dora','photo':'%s'}",
		    IMAGE);
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = d),
			    "UNIT_OUT_OF_TURN");
	assert_int_equal(rows_of(w, "test.results", ""), 3);
}

static void test_that_the_traveler_does_not_ask_for_is_told(void **state)
{
	struct world *w = line_ready(state);
	const char *one = procedure(w, "P1", "1", LIMITS), *two = procedure(w, "P2", "1", LIMITS);

	assert_string_equal(traveler(w, "T1", STEP("final", "test", BY("P1"))), "");
	line_started(w, "S1");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P2", .digest = two),
			    "STEP_UNKNOWN");
	assert_string_equal(step_of(w, "S1", "final"), "open");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = one), "");
	assert_string_equal(traveler(w, "T2", STEP("look", "inspect", "")), "");
	line_started(w, "S2");
	assert_string_equal(TESTED(w, .serial = "S2", .procedure = "P2", .digest = two), "");
}

/* ---- signs of fraud ---- */

static void same_values_of_two_units_were_measured_once(void **state)
{
	struct world *w = line_ready(state);
	const char *d = procedure(w, "P1", "1", ""), *other = procedure(w, "P2", "1", "");
#define THREE(a, b, c)                                                                \
	"{'measurement':'A','value_micro':" a "},{'measurement':'B','value_micro':" b \
	"},{'measurement':'C','value_micro':" c "}"
#define RESULT(unit, by, of, list)                                                     \
	TESTED(w, .serial = unit, .procedure = by, .digest = of, .measurements = list, \
	       .verdict = "fail")

	line_started(w, "S1");
	line_started(w, "S2");
	assert_string_equal(RESULT("S1", "P1", d, THREE("1", "2", "3")), "TEST_NOT_PASSED");
	assert_string_equal(RESULT("S1", "P1", d, THREE("1", "2", "3")), "TEST_NOT_PASSED");
	assert_string_equal(RESULT("S2", "P2", other, THREE("1", "2", "3")), "TEST_NOT_PASSED");
	assert_string_equal(RESULT("S2", "P1", d, THREE("1", "2", "4")), "TEST_NOT_PASSED");
	assert_string_equal(RESULT("S2", "P1", d, THREE("2", "1", "3")), "TEST_NOT_PASSED");
	assert_string_equal(RESULT("S2", "P1", d, THREE("1", "2", "3")),
			    "TEST_NOT_PASSED TEST_IDENTICAL");
	/* in another sequence */
	assert_string_equal(RESULT("S2", "P1", d,
				   "{'measurement':'C','value_micro':3},"
				   "{'measurement':'A','value_micro':1},"
				   "{'measurement':'B','value_micro':2}"),
			    "TEST_NOT_PASSED TEST_IDENTICAL");
	/* two values may be the same by chance */
	assert_string_equal(RESULT("S1", "P1", d, VALUES("1", "2")), "TEST_NOT_PASSED");
	assert_string_equal(RESULT("S2", "P1", d, VALUES("1", "2")), "TEST_NOT_PASSED");
}

static const char *numbered(struct world *w, const char *digest, int64_t sequence)
{
	return TESTED(w, .serial = "S1", .procedure = "P1", .digest = digest, .sequence = sequence);
}

static void counter_of_a_station_goes_on_one_by_one(void **state)
{
	struct world *w = line_ready(state);
	const char *d = procedure(w, "P1", "1", LIMITS);

	line_started(w, "S1");
	assert_string_equal(numbered(w, d, 100), ""); /* where we begin to look */
	assert_string_equal(numbered(w, d, 101), "");
	assert_string_equal(numbered(w, d, 101), "TEST_SEQUENCE_REPEATED");
	assert_string_equal(numbered(w, d, 111), "TEST_SEQUENCE_GAP");
	assert_string_equal(shows(w, "test.gaps", "missing_from", "station=st1"), "102");
	assert_string_equal(shows(w, "test.gaps", "missing_to", "station=st1"), "110");
	assert_string_equal(shows(w, "hold.open", "code", ""), "TEST_SEQUENCE_REPEATED");
	assert_string_equal(shows(w, "test.counters", "sequence", "station=st1"), "111");
	/* late: in the middle, at both ends, and what is left */
	assert_string_equal(numbered(w, d, 105), "");
	assert_int_equal(rows_of(w, "test.gaps", ""), 2);
	assert_string_equal(numbered(w, d, 102), "");
	assert_string_equal(numbered(w, d, 110), "");
	assert_string_equal(numbered(w, d, 105), "TEST_SEQUENCE_REPEATED");
	assert_string_equal(shows(w, "test.gaps", "missing_from", ""), "103");
	assert_string_equal(shows(w, "test.gaps", "missing_to", ""), "104");
	assert_string_equal(numbered(w, d, 103), "");
	assert_string_equal(numbered(w, d, 104), "");
	assert_string_equal(shows(w, "test.gaps", "missing_from", ""), "106");
	for (int64_t n = 106; n < 110; n++)
		assert_string_equal(numbered(w, d, n), "");
	assert_int_equal(rows_of(w, "test.gaps", ""), 0);
	assert_string_equal(shows(w, "test.counters", "sequence", "station=st1"), "111");
	/* another station counts by itself; the greatest number leaves no room for a gap */
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = d,
				   .station = "st2", .sequence = 9007199254740991),
			    "");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = d,
				   .station = "st2", .sequence = 0 - 1),
			    "!FIELD_WRONG");
}

/* ---- what the gates ask ---- */

static void gate_test_asks_for_a_procedure_in_force(void **state)
{
	struct world *w = line_ready(state);

	line_started(w, "S0");
	assert_string_equal(gate_tells(w, "st1", "test", "S0"), ""); /* nothing says how to test */
	procedure(w, "P1", "1", LIMITS);
	assert_string_equal(traveler(w, "T1", STEP("final", "test", BY("P1"))), "");
	line_started(w, "S1");
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "");
	assert_string_equal(gate_tells(w, "st1", "test", "S0"), "");
	assert_says("", w, "anna", "procedure.withdrawn", "{'procedure':'P1','reason':'wrong'}");
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "TST-01: P1");
	assert_string_equal(gate_tells(w, "st1", "test", "S0"), "TST-01: P1");
	procedure(w, "P1", "2", LIMITS);
	assert_string_equal(gate_tells(w, "st1", "test", "S1"), "");
	assert_string_equal(gate_tells(w, "st1", "test", "S0"), "");
}

static void what_was_passed_under_withdrawn_limits_is_tested_again(void **state)
{
	struct world *w = line_ready(state);
	const char *d = procedure(w, "P1", "1", LIMITS);

	world_unit(w, "S1");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = d), "");
	procedure(w, "P1", "2", LIMITS);
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), ""); /* the older limits held */
	assert_says("", w, "anna", "procedure.withdrawn", "{'procedure':'P1','reason':'x'}");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
	d = procedure(w, "P1", "3", LIMITS);
	world_unit(w, "S2");
	assert_string_equal(TESTED(w, .serial = "S2", .procedure = "P1", .digest = d), "");
	assert_says("", w, "anna", "procedure.withdrawn", "{'procedure':'P1','reason':'x'}");
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "TST-01: S2 P1");
	d = procedure(w, "P1", "4", LIMITS);
	assert_string_equal(TESTED(w, .serial = "S2", .procedure = "P1", .digest = d), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "");
}

/* A unit without a traveler is asked for what was in force when it was started. */
static void unit_leaves_when_every_test_was_passed(void **state)
{
	struct world *w = line_ready(state);

	world_unit(w, "S1");
	const char *d = procedure(w, "P1", "1", LIMITS);
	world_unit(w, "S2");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "TST-02: S2 P1");
	assert_string_equal(
		TESTED(w, .serial = "S2", .procedure = "P1", .digest = d, .verdict = "fail"),
		"TEST_NOT_PASSED");
	world_clear(w);
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "TST-02: S2 P1");
	assert_says("", w, "anna", "procedure.withdrawn", "{'procedure':'P1','reason':'wrong'}");
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "TST-02: S2 P1");
	d = procedure(w, "P1", "2", LIMITS); /* asked for again, in another revision */
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "TST-02: S2 P1");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
	assert_string_equal(TESTED(w, .serial = "S2", .procedure = "P1", .digest = d), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "");
}

static void missing_results_keep_back_what_was_in_work(void **state)
{
	struct world *w = line_ready(state);

	world_unit(w, "S0");
	world_unit(w, "S1");
	const char *d = procedure(w, "P1", "1", LIMITS);
	assert_string_equal(
		TESTED(w, .serial = "S0", .procedure = "P1", .digest = d, .sequence = 10), "");
	assert_string_equal(
		TESTED(w, .serial = "S1", .procedure = "P1", .digest = d, .sequence = 11), "");
	assert_string_equal(
		TESTED(w, .serial = "S9", .procedure = "P1", .digest = d, .sequence = 14),
		"UNIT_UNKNOWN TEST_SEQUENCE_GAP");
	assert_string_equal(gate_tells(w, "bert", "ship", "S0"), ""); /* it lay there already */
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "TST-02: S1 st1 12-13");
	assert_string_equal(programmed(w, "S0", "st1"), ""); /* … and is taken up again */
	assert_string_equal(gate_tells(w, "bert", "ship", "S0"), "TST-02: S0 st1 12-13");
}

/* Late results, and what was started afterwards. */
static void missing_results_may_come_late(void **state)
{
	struct world *w = line_ready(state);

	world_unit(w, "S1");
	const char *d = procedure(w, "P1", "1", LIMITS);
	assert_string_equal(numbered(w, d, 1), "");
	assert_string_equal(
		TESTED(w, .serial = "S1", .procedure = "P1", .digest = d, .sequence = 4),
		"TEST_SEQUENCE_GAP");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "TST-02: S1 st1 2-3");
	world_unit(w, "S2"); /* started afterwards: what is missing is not about it */
	assert_string_equal(
		TESTED(w, .serial = "S2", .procedure = "P1", .digest = d, .sequence = 5), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "");
	assert_string_equal(numbered(w, d, 2), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "TST-02: S1 st1 3-3");
	assert_string_equal(numbered(w, d, 3), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
	assert_string_equal(numbered(w, d, 9), "TEST_SEQUENCE_GAP");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "TST-02: S1 st1 6-8");
	world_clear(w); /* somebody looked at it */
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
}

/* Else whoever may withdraw a procedure could let untested units go. */
static void procedure_that_was_withdrawn_lets_no_untested_unit_off(void **state)
{
	struct world *w = line_ready(state);

	procedure(w, "P1", "1", LIMITS);
	world_unit(w, "S1");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "TST-02: S1 P1");
	assert_says("", w, "anna", "procedure.withdrawn", "{'procedure':'P1','reason':'x'}");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "TST-02: S1 P1");
	world_unit(w, "S2"); /* begun after its end */
	assert_string_equal(gate_tells(w, "bert", "ship", "S2"), "");
	const char *d = procedure(w, "P1", "2", LIMITS);
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = d), "");
	assert_string_equal(gate_tells(w, "bert", "ship", "S1"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(procedure_takes_effect_when_somebody_else_agrees),
		WORLD_TEST(procedure_that_says_nonsense_is_refused),
		WORLD_TEST(one_revision_is_in_force_until_it_is_withdrawn),
		WORLD_TEST(revision_is_not_released_twice_by_votes),
		WORLD_TEST(digest_of_limits_is_that_of_what_they_say),
		WORLD_TEST(result_under_another_digest_does_not_count),
		WORLD_TEST(result_against_the_limits_does_not_count),
		WORLD_TEST(pass_after_a_failure_counts_and_the_hold_stays),
		WORLD_TEST(test_of_an_unknown_or_gone_unit_is_kept),
		WORLD_TEST(test_that_the_traveler_does_not_ask_for_is_told),
		WORLD_TEST(same_values_of_two_units_were_measured_once),
		WORLD_TEST(counter_of_a_station_goes_on_one_by_one),
		WORLD_TEST(gate_test_asks_for_a_procedure_in_force),
		WORLD_TEST(what_was_passed_under_withdrawn_limits_is_tested_again),
		WORLD_TEST(unit_leaves_when_every_test_was_passed),
		WORLD_TEST(missing_results_keep_back_what_was_in_work),
		WORLD_TEST(missing_results_may_come_late),
		WORLD_TEST(procedure_that_was_withdrawn_lets_no_untested_unit_off),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
