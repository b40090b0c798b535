/* SPDX-License-Identifier: Apache-2.0 */
/* "Pause and verify": what it holds, and that it counts against nobody. */
#include "line_world.h"

#include <stdio.h>

static const char *concern(struct world *w, const char *who, const char *thing)
{
	return says(w, who, "concern.raised",
		    "{'concern':'c1',%s,'station':'st1','text':'a scratch','step':'look'}", thing);
}

#define UNIT "'kind':'unit','within':'GW','id':'S1'"

static void concern_holds_what_it_is_about_until_somebody_looked(void **state)
{
	struct world *w = line_ready(state);

	world_unit(w, "S1");
	assert_string_equal(concern(w, "carl", UNIT), "CONCERN_RAISED");
	assert_string_equal(shows(w, "hold.open", "code", "kind=unit"), "CONCERN_RAISED");
	assert_string_equal(shows(w, "concern.list", "text", "station=st1"), "a scratch");
	assert_string_equal(shows(w, "concern.list", "step", "kind=unit&within=GW&id=S1"), "look");
	assert_string_equal(shows(w, "concern.list", "is_open", ""), "1");
	world_clear(w);
	assert_string_equal(shows(w, "concern.list", "is_open", ""), "0");
}

static void concern_holds_things_of_every_kind_known_or_not(void **state)
{
	struct world *w = line_ready(state);
	static const char *const things[] = {"'kind':'part_lot','within':'acme','id':'R1'",
					     "'kind':'shipment','id':'SH9'",
					     "'kind':'station','id':'st1'",
					     "'kind':'unit','within':'GW','id':'never-asked-for'"};

	for (size_t i = 0; i < 4; i++)
		assert_string_equal(concern(w, "carl", things[i]), "CONCERN_RAISED");
	assert_int_equal(rows_of(w, "concern.list", ""), 4);
	assert_int_equal(rows_of(w, "hold.open", ""), 4);
	assert_string_equal(shows(w, "hold.open", "id", "kind=part_lot"), "R1");
	assert_string_equal(concern(w, "carl", "'kind':'supplier','id':'acme'"), "!FIELD_WRONG");
	assert_string_equal(concern(w, "carl", "'kind':'unit','within':'GW'"), "!FIELD_MISSING");
}

/* Outside somebody's place it is kept, and looked at as what anybody reports. */
static void concern_from_elsewhere_is_kept_as_unverified(void **state)
{
	struct world *w = line_ready(state);

	assert_string_equal(concern(w, "hugo", "'kind':'station','id':'st1'"),
			    "(unverified) REPORT_UNVERIFIED");
	assert_int_equal(rows_of(w, "concern.list", ""), 0);
	assert_says("(unverified) REPORT_UNVERIFIED", w, "carl", "concern.raised",
		    "{'concern':'c1','kind':'station','id':'st1','station':'st77','text':'x'}");
}

/* Every number of the view but `paused`. */
static const char *yield(struct world *w, const char *station)
{
	static char text[100];
	char query[60], tested[16], first[16];

	snprintf(query, sizeof query, "station=%s&product=GW", station);
	snprintf(tested, sizeof tested, "%s", shows(w, "station.yield", "tested", query));
	snprintf(first, sizeof first, "%s", shows(w, "station.yield", "first_pass", query));
	snprintf(text, sizeof text, "%s of %s, %s paused", first, tested,
		 shows(w, "station.yield", "paused", query));
	return text;
}

static void concern_lowers_no_yield(void **state)
{
	struct world *w = line_ready(state);
	const char *p1 = procedure(w, "P1", "1", LIMITS), *p2 = procedure(w, "P2", "1", LIMITS);
	static const char *const serials[] = {"S1", "S2", "S3"};

	for (size_t i = 0; i < 3; i++)
		line_started(w, serials[i]);
	assert_string_equal(yield(w, "st1"), "(none) of (none), (none) paused");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = p1), "");
	assert_string_equal(TESTED(w, .serial = "S2", .procedure = "P1", .digest = p1), "");
	assert_string_equal(yield(w, "st1"), "2 of 2, 0 paused");
	assert_string_equal(concern(w, "carl", UNIT), "CONCERN_RAISED");
	assert_string_equal(yield(w, "st1"), "2 of 2, 1 paused");
	assert_string_equal(concern(w, "dora", UNIT), "CONCERN_RAISED"); /* the same unit */
	assert_string_equal(concern(w, "dora", "'kind':'station','id':'st1'"), "CONCERN_RAISED");
	assert_string_equal(yield(w, "st1"), "2 of 2, 1 paused");
	/* A paused unit that is tested then counts like any other. */
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P2", .digest = p2), "");
	assert_string_equal(yield(w, "st1"), "2 of 2, 1 paused");
	assert_string_equal(yield(w, "st2"), "(none) of (none), (none) paused");
}

static void yield_counts_the_first_result_of_each_procedure(void **state)
{
	struct world *w = line_ready(state);
	const char *p1 = procedure(w, "P1", "1", LIMITS), *p2 = procedure(w, "P2", "1", LIMITS);

	line_started(w, "S1");
	line_started(w, "S2");
	assert_string_equal(
		TESTED(w, .serial = "S1", .procedure = "P1", .digest = p1, .verdict = "fail"),
		"TEST_NOT_PASSED");
	assert_string_equal(TESTED(w, .serial = "S1", .procedure = "P1", .digest = p1), "");
	assert_string_equal(yield(w, "st1"), "0 of 1, 0 paused"); /* not at first */
	assert_string_equal(TESTED(w, .serial = "S2", .procedure = "P1", .digest = p1), "");
	assert_string_equal(yield(w, "st1"), "1 of 2, 0 paused");
	assert_string_equal(TESTED(w, .serial = "S2", .procedure = "P2", .digest = p2,
				   .measurements = "{'measurement':'V1','value_micro':1},"
						   "{'measurement':'V2','value_micro':2000000}"),
			    "TEST_MEASUREMENT_OUTSIDE");
	assert_string_equal(yield(w, "st1"), "0 of 2, 0 paused"); /* pass, and it does not count */
	assert_string_equal(
		TESTED(w, .serial = "S1", .procedure = "P2", .digest = p2, .station = "st2"), "");
	assert_string_equal(yield(w, "st2"), "1 of 1, 0 paused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(concern_holds_what_it_is_about_until_somebody_looked),
		WORLD_TEST(concern_holds_things_of_every_kind_known_or_not),
		WORLD_TEST(concern_from_elsewhere_is_kept_as_unverified),
		WORLD_TEST(concern_lowers_no_yield),
		WORLD_TEST(yield_counts_the_first_result_of_each_procedure),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
