/* SPDX-License-Identifier: Apache-2.0 */
/* Containment: what one record stops, where, and that another takes all of it back. */
#include "world.h"

#include <stdio.h>
#include <string.h>

/* The containments that stop it there: "C1 C2". */
static const char *stopped(struct world *w, const char *gate, const char *kind, const char *within,
			   const char *id)
{
	struct caller caller = {.principal = "anna", .channel = CHANNEL_KEY};
	struct control_failure *failures = NULL;
	struct reader_session *r;
	size_t n = 0;

	ok(reader_take(w->house.engine, &r, &w->fault), &w->fault);
	ok(gate_ask(w->house.engine, r, &w->house.arena, &caller, gate, kind, within, id, &failures,
		    &w->fault),
	   &w->fault);
	reader_give(r);
	w->said[0] = '\0';
	for (; failures != NULL; failures = failures->next)
		if (strcmp(failures->expected, "no containment") == 0)
			n += (size_t)snprintf(w->said + n, sizeof w->said - n, "%s%.*s",
					      n > 0 ? " " : "", (int)strcspn(failures->found, ":"),
					      failures->found);
	return w->said;
}

#define assert_stopped(by, ...) assert_string_equal(stopped(__VA_ARGS__), by)

static void contain(struct world *w, const char *name, const char *source)
{
	assert_says("", w, "anna", "containment.started",
		    "{'containment':'%s',%s,'reason':'cracks'}", name, source);
}

static const char *end(struct world *w, const char *who, const char *name)
{
	return says(w, who, "containment.ended", "{'containment':'%s','reason':'x-ray is clean'}",
		    name);
}

#define LOT_R1 "'kind':'part_lot','within':'acme','id':'R1'"

static void fit(struct world *w, const char *serial, const char *more)
{
	assert_says("", w, "st1", "unit.fitted",
		    "{'product':'GW','serial':'%s','station':'st1',%s}", serial, more);
}

/* ---- part lots ---- */

static void part_lot_does_not_reach_the_line(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_stopped("", w, "kit", "part_lot", "acme", "R1");
	contain(w, "C1", LOT_R1);
	assert_stopped("C1", w, "kit", "part_lot", "acme", "R1");
	assert_says("!GATE_CLOSED", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R1','site':'VN','line':'L1',"
		    "'authorization':'BA1','quantity':1}");
	assert_stopped("", w, "kit", "part_lot", "other", "R1");
	assert_string_equal(end(w, "bert", "C1"), "");
	assert_stopped("", w, "kit", "part_lot", "acme", "R1");
	assert_says("", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R1','site':'VN','line':'L1',"
		    "'authorization':'BA1','quantity':1}");
}

static void what_was_split_off_stays_contained_and_what_it_came_from_does_not(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "bert", "part_lot.split",
		    "{'supplier':'acme','part_lot':'R1b','from_part_lot':'R1','site':'VN',"
		    "'quantity':50}");
	assert_says("", w, "bert", "part_lot.split",
		    "{'supplier':'acme','part_lot':'R1c','from_part_lot':'R1b','site':'VN',"
		    "'quantity':5}");
	contain(w, "C1", LOT_R1);
	assert_stopped("C1", w, "kit", "part_lot", "acme", "R1c");
	contain(w, "C2", "'kind':'part_lot','within':'acme','id':'R1b'");
	assert_stopped("C1 C2", w, "kit", "part_lot", "acme", "R1c");
	assert_stopped("C1", w, "kit", "part_lot", "acme", "R1");
	/* Split off tomorrow, it is contained as well. */
	assert_says("", w, "bert", "part_lot.split",
		    "{'supplier':'acme','part_lot':'R1d','from_part_lot':'R1c','site':'VN',"
		    "'quantity':1}");
	assert_stopped("C1 C2", w, "kit", "part_lot", "acme", "R1d");
}

static void supplier_and_date_code_contain_their_part_lots(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'R2','part':'MCU1','quantity':9,'site':'VN',"
		    "'packaging':'intact','date_code':'2531','conformance_certificate':'%s'}",
		    IMAGE);
	contain(w, "C1", "'kind':'date_code','within':'acme','id':'2531'");
	assert_stopped("C1", w, "kit", "part_lot", "acme", "R2");
	assert_stopped("", w, "kit", "part_lot", "acme", "R1");
	contain(w, "C2", "'kind':'date_code','within':'other','id':'2531'");
	contain(w, "C3", "'kind':'supplier','id':'acme'");
	assert_stopped("C1 C3", w, "kit", "part_lot", "acme", "R2");
	assert_stopped("C3", w, "kit", "part_lot", "acme", "R1");
	assert_stopped("C3", w, "kit", "part_lot", "acme", "NEVER-SEEN");
	assert_stopped("", w, "kit", "part_lot", "other", "R1");
}

/* ---- units ---- */

static void unit_is_stopped_through_its_components_however_deep(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_built(w, "S1"); /* of R1 */
	world_request(w, "S2");
	world_certify(w, "S2");
	fit(w, "S2", "'components':[{'product':'GW','serial':'S1'}]");
	world_request(w, "S3");
	world_certify(w, "S3");
	fit(w, "S3", "'components':[{'product':'GW','serial':'S2'}]");
	contain(w, "C1", LOT_R1);
	contain(w, "C2", "'kind':'unit','within':'GW','id':'S2'");
	assert_stopped("C1", w, "program", "unit", "GW", "S1");
	assert_stopped("C1 C2", w, "program", "unit", "GW", "S2");
	assert_stopped("C1 C2", w, "program", "unit", "GW", "S3");
	assert_stopped("C1 C2", w, "test", "unit", "GW", "S3");
	assert_stopped("C1 C2", w, "commission", "unit", "GW", "S3");
	assert_stopped("", w, "program", "unit", "GW", "S9");
	assert_int_equal(rows_of(w, "containment.of_unit", "product=GW&serial=S3"), 2);
	assert_int_equal(rows_of(w, "containment.of_unit", "product=GW&serial=S1"), 1);
}

/* Where nobody knows which part lot it was, it may have been this one. */
static void possible_part_lot_is_contained_like_a_certain_one(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_request(w, "S1");
	world_certify(w, "S1");
	fit(w, "S1",
	    "'parts':[{'supplier':'acme','part_lot':'R1','part':'MCU1','quantity':2,"
	    "'certainty':'possible'}]");
	contain(w, "C1", LOT_R1);
	assert_stopped("C1", w, "program", "unit", "GW", "S1");
}

static void unit_that_gets_such_a_part_tomorrow_is_contained_as_well(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	contain(w, "C1", LOT_R1);
	world_request(w, "S1");
	world_certify(w, "S1");
	assert_stopped("", w, "program", "unit", "GW", "S1");
	fit(w, "S1", "'parts':[{'supplier':'acme','part_lot':'R1','part':'MCU1','quantity':2}]");
	assert_stopped("C1", w, "program", "unit", "GW", "S1");
	/* Taken out, it contains no more. */
	assert_says("", w, "st1", "unit.part_removed",
		    "{'product':'GW','serial':'S1','station':'st1','supplier':'acme',"
		    "'part_lot':'R1','reason':'cracks'}");
	assert_stopped("", w, "program", "unit", "GW", "S1");
}

static void containment_takes_no_hold_and_its_end_leaves_none(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	contain(w, "C1", LOT_R1);
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
	assert_stopped("C1", w, "ship", "unit", "GW", "S1");
	assert_string_equal(end(w, "bert", "C1"), "");
	assert_stopped("", w, "ship", "unit", "GW", "S1");
	assert_int_equal(rows_of(w, "nonconformance.open", ""), 0);
	house_must_rebuild(&w->house);
}

/* ---- shipments ---- */

static void shipment_with_one_such_unit_neither_leaves_nor_enters(void **state)
{
	struct world *w = *state;
	char manifest[65];

	world_ready_to_build(w);
	world_unit(w, "S1");
	world_sealed_shipment(w, "S1", "SH1", manifest);
	assert_stopped("", w, "ship", "shipment", "", "SH1");
	contain(w, "C1", LOT_R1);
	assert_stopped("C1", w, "ship", "shipment", "", "SH1");
	assert_says("!GATE_CLOSED", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH1','manifest':'%s'}", manifest);
	assert_string_equal(end(w, "bert", "C1"), "");
	assert_says("", w, "bert", "shipment.dispatched", "{'shipment':'SH1','manifest':'%s'}",
		    manifest);
	contain(w, "C2", "'kind':'firmware_release','id':'FW1'");
	assert_stopped("C2", w, "receive", "shipment", "", "SH1");
	assert_stopped("C2", w, "commission", "unit", "GW", "S1");
}

static void part_lot_in_a_shipment_is_stopped_too(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "bert", "shipment.planned",
		    "{'shipment':'SH2','from_site':'VN','to_site':'HH'}");
	assert_says("", w, "bert", "shipment.packed",
		    "{'shipment':'SH2','site':'VN','contents':[{'kind':'part_lot','within':'acme',"
		    "'id':'R1','quantity':5}]}");
	contain(w, "C1", "'kind':'supplier','id':'acme'");
	assert_stopped("C1", w, "ship", "shipment", "", "SH2");
	assert_stopped("C1", w, "receive", "shipment", "", "SH2");
	assert_stopped("", w, "ship", "shipment", "", "SH3");
}

/* ---- where it was built, and by whom ---- */

static void nothing_is_started_at_a_contained_station_or_authorization(void **state)
{
	static const char *const sources[] = {"'kind':'station','id':'st1'",
					      "'kind':'build_authorization','id':'BA1'",
					      "'kind':'firmware_release','id':'FW1'"};
	struct world *w = *state;
	char name[8], serial[8];

	world_ready_to_build(w);
	contain(w, "X1", "'kind':'station','id':'st2'");
	contain(w, "X2", "'kind':'build_authorization','id':'BA2'");
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "C%d", i);
		snprintf(serial, sizeof serial, "S%d", i);
		contain(w, name, sources[i]);
		assert_string_equal(world_request_says(w, "st1", serial),
				    "!CONTAINMENT_STOPS_BUILD");
		assert_string_equal(end(w, "bert", name), "");
		assert_string_equal(world_request_says(w, "st1", serial), "");
	}
}

static void what_a_station_or_operator_touched_is_stopped_later(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	world_request(w, "S2");
	world_certify(w, "S2");
	fit(w, "S2",
	    "'operator':'bert','parts':[{'supplier':'acme','part_lot':'R1',"
	    "'part':'MCU1','quantity':2}]");
	contain(w, "C1", "'kind':'operator','id':'bert'");
	assert_stopped("", w, "program", "unit", "GW", "S1");
	assert_stopped("C1", w, "program", "unit", "GW", "S2");
	contain(w, "C2", "'kind':'station','id':'st1'");
	assert_stopped("C2", w, "ship", "unit", "GW", "S1");
	assert_stopped("C1 C2", w, "ship", "unit", "GW", "S2");
}

/* The period is that of the touch: not before the station's own word, and not after the log's. */
static void period_of_a_station_contains_what_it_touched_then(void **state)
{
	struct world *w = *state;
	char noon[TIME_TEXT_SIZE], text[256];
	uint64_t now;

	world_ready_to_build(w);
	world_request(w, "S1");
	world_later(w, 3600000);
	now = clock_wall_ms(&w->house.clock);
	time_text(now, noon);
	world_later(w, 3600000);
	world_request(w, "S2");
	snprintf(text, sizeof text, "'kind':'station','id':'st1','until':'%s'", noon);
	contain(w, "C1", text);
	assert_stopped("C1", w, "program", "unit", "GW", "S1");
	assert_stopped("", w, "program", "unit", "GW", "S2");
	snprintf(text, sizeof text, "'kind':'station','id':'st1','since':'%s'", noon);
	assert_string_equal(world_request_says(w, "st1", "S3"), ""); /* C1 is over for new ones */
	contain(w, "C2", text);
	assert_stopped("C1", w, "program", "unit", "GW", "S1");
	assert_stopped("C2", w, "program", "unit", "GW", "S2");
	assert_string_equal(world_request_says(w, "st1", "S4"), "!CONTAINMENT_STOPS_BUILD");
}

/* ---- what is not as it should be ---- */

static void containment_that_stops_nothing_says_so(void **state)
{
	static const char *const bodies[][2] = {
		{"'kind':'part_lot','id':'R1'", "CONTAINMENT_NAMES_NOTHING"},
		{"'kind':'unit','id':'S1'", "CONTAINMENT_NAMES_NOTHING"},
		{"'kind':'date_code','id':'2531'", "CONTAINMENT_NAMES_NOTHING"},
		{"'kind':'supplier','within':'acme','id':'acme'", "CONTAINMENT_NAMES_NOTHING"},
		{"'kind':'part_lot','within':'acme','id':'R9','since':'2026-01-01T00:00:00Z'",
		 "CONTAINMENT_PERIOD_UNFIT"},
		{"'kind':'station','id':'st1','since':'2026-01-02T00:00:00Z',"
		 "'until':'2026-01-01T00:00:00Z'",
		 "CONTAINMENT_PERIOD_UNFIT"},
		{"'kind':'planet','id':'Mars'", "!FIELD_WRONG"},
		{"'kind':'supplier'", "!FIELD_MISSING"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		assert_says(bodies[i][1], w, "anna", "containment.started",
			    "{'containment':'C%zu',%s,'reason':'cracks'}", i, bodies[i][0]);
	contain(w, "D1", "'kind':'supplier','id':'acme'");
	assert_says("CONTAINMENT_EXISTS", w, "anna", "containment.started",
		    "{'containment':'D1','kind':'supplier','id':'other','reason':'cracks'}");
	assert_stopped("", w, "kit", "part_lot", "other", "R1");
	/* A wrong period contains everything rather than nothing. */
	assert_string_equal(world_request_says(w, "st1", "S1")[0] == '!' ? "refused" : "taken",
			    "refused");
}

static void containment_is_ended_by_another_person_and_once(void **state)
{
	struct world *w = *state;

	contain(w, "C1", "'kind':'supplier','id':'acme'");
	assert_string_equal(end(w, "anna", "C1"), "!CONTAINMENT_ENDED_BY_ITS_AUTHOR");
	/* The same human being under another account. */
	assert_string_equal(end(w, "emil", "C1"), "!CONTAINMENT_ENDED_BY_ITS_AUTHOR");
	assert_string_equal(end(w, "bert", "C9"), "!CONTAINMENT_NOT_OPEN");
	assert_says("!FIELD_MISSING", w, "bert", "containment.ended", "{'containment':'C1'}");
	assert_stopped("C1", w, "kit", "part_lot", "acme", "R1");
	assert_string_equal(end(w, "bert", "C1"), "");
	assert_string_equal(end(w, "bert", "C1"), "!CONTAINMENT_NOT_OPEN");
	/* Its name is used up. */
	assert_says("CONTAINMENT_EXISTS", w, "anna", "containment.started",
		    "{'containment':'C1','kind':'supplier','id':'acme','reason':'again'}");
	assert_stopped("", w, "kit", "part_lot", "acme", "R1");
}

/* Hugo may do everything, but only at site HH. */
static void whoever_has_a_limit_contains_and_ends_within_it(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_says("!NOT_ALLOWED", w, "hugo", "containment.started",
		    "{'containment':'H1','kind':'unit','within':'GW','id':'S1','reason':'r'}");
	assert_says("!NOT_ALLOWED", w, "hugo", "containment.started",
		    "{'containment':'H1','kind':'supplier','id':'acme','reason':'r'}");
	assert_says("!NOT_ALLOWED", w, "hugo", "containment.started",
		    "{'containment':'H1','kind':'operator','id':'bert','reason':'r'}");
	assert_says("!NOT_ALLOWED", w, "hugo", "containment.started",
		    "{'containment':'H1','kind':'part_lot','within':'acme','id':'NEVER-SEEN',"
		    "'reason':'r'}");
	contain(w, "C1", LOT_R1);
	assert_string_equal(end(w, "hugo", "C1"), "!NOT_ALLOWED");
	assert_string_equal(end(w, "hugo", "C9"), "!NOT_ALLOWED");
	assert_int_equal(rows_for(w, "hugo", "containment.open", ""), 0);
	assert_int_equal(rows_for(w, "hugo", "containment.of_unit", "product=GW&serial=S1"), 0);
	/* … but at HH he does. */
	assert_says("", w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'H1','part':'MCU1','quantity':9,'site':'HH',"
		    "'packaging':'intact','conformance_certificate':'%s'}",
		    IMAGE);
	assert_says("", w, "hugo", "containment.started",
		    "{'containment':'H1','kind':'part_lot','within':'acme','id':'H1',"
		    "'reason':'r'}");
	assert_int_equal(rows_for(w, "hugo", "containment.open", ""), 1);
}

static void list_tells_who_why_and_until_when(void **state)
{
	struct world *w = *state;

	contain(w, "C1", "'kind':'supplier','id':'acme'");
	contain(w, "C2", LOT_R1);
	assert_string_equal(end(w, "bert", "C1"), "");
	assert_int_equal(rows_of(w, "containment.open", ""), 1);
	assert_int_equal(rows_of(w, "containment.open", "kind=supplier"), 0);
	assert_int_equal(rows_of(w, "containment.open", "kind=part_lot&within=acme&id=R1"), 1);
	assert_int_equal(rows_of(w, "containment.list", ""), 2);
	assert_string_equal(shows(w, "containment.list", "ended_by", "containment=C1"), "bert");
	assert_string_equal(shows(w, "containment.list", "ended_reason", "containment=C1"),
			    "x-ray is clean");
	assert_string_equal(shows(w, "containment.list", "state", "containment=C2"), "open");
	assert_string_equal(shows(w, "containment.open", "reason", ""), "cracks");
	house_must_rebuild(&w->house);
}

static void contained_firmware_goes_into_no_further_unit(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_built(w, "S1");
	contain(w, "C1", "'kind':'firmware_release','id':'FW1'");
	assert_stopped("C1", w, "program", "unit", "GW", "S1");
	assert_stopped("", w, "program", "unit", "GW", "S9");
	assert_string_equal(end(w, "bert", "C1"), "");
	assert_stopped("", w, "program", "unit", "GW", "S1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(part_lot_does_not_reach_the_line),
		WORLD_TEST(what_was_split_off_stays_contained_and_what_it_came_from_does_not),
		WORLD_TEST(supplier_and_date_code_contain_their_part_lots),
		WORLD_TEST(unit_is_stopped_through_its_components_however_deep),
		WORLD_TEST(possible_part_lot_is_contained_like_a_certain_one),
		WORLD_TEST(unit_that_gets_such_a_part_tomorrow_is_contained_as_well),
		WORLD_TEST(containment_takes_no_hold_and_its_end_leaves_none),
		WORLD_TEST(shipment_with_one_such_unit_neither_leaves_nor_enters),
		WORLD_TEST(part_lot_in_a_shipment_is_stopped_too),
		WORLD_TEST(nothing_is_started_at_a_contained_station_or_authorization),
		WORLD_TEST(what_a_station_or_operator_touched_is_stopped_later),
		WORLD_TEST(period_of_a_station_contains_what_it_touched_then),
		WORLD_TEST(containment_that_stops_nothing_says_so),
		WORLD_TEST(containment_is_ended_by_another_person_and_once),
		WORLD_TEST(whoever_has_a_limit_contains_and_ends_within_it),
		WORLD_TEST(list_tells_who_why_and_until_when),
		WORLD_TEST(contained_firmware_goes_into_no_further_unit),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
