/* SPDX-License-Identifier: Apache-2.0 */
/* A shipment from plan to use, with two signatures at every hand-over. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#define WELL "'viewed':true,'tugged':true,'twisted':true,'intact':true"

/* One side of a hand-over that read seal `number`. */
static const char *side(struct world *w, const char *who, const char *type, const char *site,
			const char *manifest, const char *number)
{
	return says(w, who, type,
		    "{'shipment':'SH1','site':'%s','manifest':'%s','condition':'good',"
		    "'seals':[{'maker':'M','seal':'%s'}]}",
		    site, manifest, number);
}

static const char *state_of(struct world *w)
{
	return shows(w, "shipment.outbound", "state", "shipment=SH1");
}

static void sealed(struct world *w, char manifest[static 65])
{
	world_ready_to_build(w);
	world_unit(w, "S1");
	world_sealed_shipment(w, "S1", "SH1", manifest);
	assert_string_equal(state_of(w), "sealed");
}

static void dispatched(struct world *w, char manifest[static 65])
{
	sealed(w, manifest);
	assert_says("", w, "bert", "shipment.dispatched", "{'shipment':'SH1','manifest':'%s'}",
		    manifest);
}

static void arrived(struct world *w, char manifest[static 65])
{
	dispatched(w, manifest);
	assert_string_equal(side(w, "bert", "shipment.handed_over", "VN", manifest, "1"), "");
	assert_string_equal(side(w, "dora", "shipment.accepted", "HH", manifest, "1"), "");
	assert_string_equal(state_of(w), "arrived");
}

static void count(struct world *w, const char *lines)
{
	assert_says("", w, "dora", "shipment.counted",
		    "{'shipment':'SH1','site':'HH','lines':[%s]}", lines);
}

#define UNIT_LINE "{'kind':'unit','within':'GW','id':'S1','quantity':1}"
#define CABLES(n) "{'kind':'item','id':'cable','quantity':" #n "}"
#define RECEIVED  "{'shipment':'SH1','site':'HH','condition':'good'}"

static void shipment_travels_with_a_carrier_and_arrives_complete(void **state)
{
	struct world *w = *state;
	char manifest[65];

	dispatched(w, manifest);
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=S1"), "packed");
	assert_string_equal(side(w, "bert", "shipment.handed_over", "VN", manifest, "1"), "");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=S1"), "shipped");
	assert_string_equal(side(w, "carl", "shipment.accepted", "VN", manifest, "1"), "");
	assert_string_equal(state_of(w), "in_transit");
	assert_string_equal(side(w, "carl", "shipment.handed_over", "HH", manifest, "1"), "");
	assert_string_equal(side(w, "dora", "shipment.accepted", "HH", manifest, "1"), "");
	assert_says("", w, "dora", "seal.checked",
		    "{'maker':'M','seal':'1','read':'1','shipment':'SH1','site':'HH'," WELL "}");
	assert_says("", w, "dora", "seal.broken",
		    "{'maker':'M','seal':'1','site':'HH','shipment':'SH1','authorized':true,"
		    "'reason':'arrival'}");
	count(w, CABLES(2));
	count(w, UNIT_LINE);
	assert_says("", w, "dora", "shipment.received", RECEIVED);
	assert_says("", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=S1"), "received");
	assert_string_equal(shows(w, "unit.one", "site", "product=GW&serial=S1"), "HH");
	assert_string_equal(shows(w, "shipment.inbound", "state", "site=HH"), "admitted");
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
}

static void plan_needs_known_and_different_sites(void **state)
{
	struct world *w = *state;

	assert_says("!SITE_UNKNOWN", w, "bert", "shipment.planned",
		    "{'shipment':'SH1','from_site':'VN','to_site':'XX'}");
	assert_says("!SHIPMENT_GOES_NOWHERE", w, "bert", "shipment.planned",
		    "{'shipment':'SH1','from_site':'VN','to_site':'VN'}");
	assert_says("", w, "bert", "shipment.planned",
		    "{'shipment':'SH1','from_site':'VN','to_site':'HH'}");
	assert_says("!SHIPMENT_EXISTS", w, "bert", "shipment.planned",
		    "{'shipment':'SH1','from_site':'VN','to_site':'HH'}");
	assert_says("!SHIPMENT_NOT_SEALED", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH1','manifest':'%s'}", IMAGE);
	assert_says("!NOT_ALLOWED", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH9','manifest':'%s'}", IMAGE);
}

static void manifest_is_a_chain_that_stays_closed(void **state)
{
	struct world *w = *state;
	char first[65];

	assert_says("", w, "bert", "shipment.planned",
		    "{'shipment':'SH1','from_site':'VN','to_site':'HH'}");
	assert_says("SHIPMENT_AT_OTHER_SITE", w, "bert", "shipment.packed",
		    "{'shipment':'SH1','site':'HH','contents':[" CABLES(1) "]}");
	assert_says("", w, "bert", "shipment.packed",
		    "{'shipment':'SH1','site':'VN','contents':[" CABLES(1) "]}");
	memcpy(first, w->digest, sizeof first);
	assert_says("MANIFEST_BROKEN_OFF", w, "bert", "shipment.packed",
		    "{'shipment':'SH1','site':'VN','contents':[" CABLES(1) "]}");
	assert_says("MANIFEST_BROKEN_OFF", w, "bert", "shipment.packed",
		    "{'shipment':'SH1','site':'VN','previous':'%s','contents':[" CABLES(1) "]}",
		    IMAGE);
	assert_string_equal(shows(w, "shipment.outbound", "manifest", "shipment=SH1"), first);
	assert_says("", w, "bert", "shipment.packed",
		    "{'shipment':'SH1','site':'VN','previous':'%s','contents':[" CABLES(3) "]}",
		    first);
	assert_string_equal(shows(w, "shipment.outbound", "manifest", "shipment=SH1"), w->digest);
	assert_string_equal(shows(w, "shipment.contents", "quantity", "shipment=SH1"), "4");
	assert_says("SHIPMENT_NOT_OPEN", w, "bert", "shipment.packed",
		    "{'shipment':'SH9','site':'VN','contents':[" CABLES(1) "]}");
}

static void ship_gate_names_everything_that_keeps_it(void **state)
{
	struct world *w = *state;
	char manifest[65];

	sealed(w, manifest);
	assert_string_equal(gate_says(w, "ship", "shipment", "", "SH1"), "");
	assert_says("!MANIFEST_DIFFERS", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH1','manifest':'%s'}", IMAGE);
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'part_lot','within':'acme','id':'R1','reason':'cracks'}");
	assert_string_equal(gate_says(w, "ship", "shipment", "", "SH1"),
			    "SHP-01: part_lot R1 HOLD_PLACED");
	assert_says("!GATE_CLOSED", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH1','manifest':'%s'}", manifest);
	world_clear(w);
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	assert_string_equal(gate_says(w, "ship", "shipment", "", "SH1"), "PRG-01: S1 FW1");
	assert_says("!GATE_CLOSED", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH1','manifest':'%s'}", manifest);
	assert_string_equal(state_of(w), "sealed");
}

static void hand_over_without_leave_or_under_hold_is_a_nonconformance(void **state)
{
	struct world *w = *state;
	char manifest[65];

	sealed(w, manifest);
	assert_string_equal(side(w, "bert", "shipment.handed_over", "VN", manifest, "1"),
			    "SHIPMENT_NOT_DISPATCHED");
	assert_string_equal(state_of(w), "sealed");
	assert_string_equal(side(w, "dora", "shipment.accepted", "HH", manifest, "1"),
			    "ACCEPTED_WITHOUT_HAND_OVER");
	world_clear(w);
	assert_says("", w, "bert", "shipment.dispatched", "{'shipment':'SH1','manifest':'%s'}",
		    manifest);
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'shipment','id':'SH1','reason':'warning'}");
	assert_string_equal(side(w, "bert", "shipment.handed_over", "HH", IMAGE, "1"),
			    "SHIPMENT_MOVED_WHILE_HELD SHIPMENT_AT_OTHER_SITE MANIFEST_DIFFERS");
}

static void one_person_cannot_sign_for_both_sides(void **state)
{
	struct world *w = *state;
	char manifest[65];

	dispatched(w, manifest);
	assert_string_equal(side(w, "anna", "shipment.handed_over", "VN", manifest, "1"), "");
	assert_string_equal(side(w, "anna", "shipment.accepted", "HH", manifest, "1"),
			    "SAME_PERSON_ON_BOTH_SIDES");
	assert_string_equal(side(w, "emil", "shipment.accepted", "HH", manifest, "1"),
			    "SAME_PERSON_ON_BOTH_SIDES");
	assert_string_equal(state_of(w), "handed_over");
	assert_string_equal(side(w, "dora", "shipment.accepted", "HH", manifest, "1"), "");
	assert_string_equal(state_of(w), "arrived");
}

static void both_sides_must_read_the_seals_that_close_it(void **state)
{
	struct world *w = *state;
	char manifest[65];

	dispatched(w, manifest);
	assert_string_equal(side(w, "bert", "shipment.handed_over", "VN", manifest, "1"), "");
	assert_string_equal(side(w, "dora", "shipment.accepted", "HH", IMAGE, "2"),
			    "MANIFEST_DIFFERS SEAL_READINGS_DIFFER");
	world_clear(w);
	assert_string_equal(side(w, "carl", "shipment.handed_over", "HH", manifest, "1"),
			    "SHIPMENT_NOT_DISPATCHED"); /* it has arrived */
}

static void seal_changed_before_the_hand_over_is_found_though_both_agree(void **state)
{
	struct world *w = *state;
	char manifest[65];

	dispatched(w, manifest);
	assert_string_equal(side(w, "bert", "shipment.handed_over", "VN", manifest, "3"), "");
	assert_string_equal(side(w, "carl", "shipment.accepted", "VN", manifest, "3"),
			    "SEAL_READINGS_WRONG");
	assert_string_equal(state_of(w), "in_transit");
	assert_string_equal(side(w, "dora", "shipment.handed_over", "HH", manifest, "1"),
			    "SHIPMENT_MOVED_WHILE_HELD GIVER_HAS_IT_NOT");
}

static void seal_opened_on_the_way_is_recorded_and_sealed_again(void **state)
{
	struct world *w = *state;
	char manifest[65];

	dispatched(w, manifest);
	assert_string_equal(side(w, "bert", "shipment.handed_over", "VN", manifest, "1"), "");
	assert_string_equal(side(w, "carl", "shipment.accepted", "VN", manifest, "1"), "");
	assert_says("SEAL_BROKEN_ON_THE_WAY", w, "carl", "seal.broken",
		    "{'maker':'M','seal':'1','site':'VN','shipment':'SH1','authorized':true,"
		    "'reason':'customs'}");
	world_clear(w);
	assert_says("", w, "bert", "seal.issued",
		    "{'maker':'M','seal':'2','holder':'carl','site':'VN'}");
	assert_says("", w, "carl", "seal.applied",
		    "{'maker':'M','seal':'2','shipment':'SH1','site':'VN'}");
	assert_string_equal(side(w, "carl", "shipment.handed_over", "HH", manifest, "2"), "");
	assert_string_equal(side(w, "dora", "shipment.accepted", "HH", manifest, "2"), "");
}

static void arrival_compares_count_and_manifest(void **state)
{
	struct world *w = *state;
	char manifest[65];

	arrived(w, manifest);
	assert_says("SEAL_BROKEN_BEFORE_CHECK", w, "dora", "seal.broken",
		    "{'maker':'M','seal':'1','site':'HH','shipment':'SH1','authorized':true,"
		    "'reason':'arrival'}");
	count(w, CABLES(3));
	count(w, "{'kind':'unit','within':'GW','id':'COPY','quantity':1}");
	assert_int_equal(rows_of(w, "shipment.arrival", "shipment=SH1"), 3);
	assert_string_equal(shows(w, "shipment.arrival", "result", "shipment=SH1&id=COPY"),
			    "unknown");
	assert_string_equal(shows(w, "shipment.arrival", "result", "shipment=SH1&id=S1"), "short");
	assert_says("SHIPMENT_SHORT SHIPMENT_OVER SHIPMENT_HAS_UNKNOWN", w, "dora",
		    "shipment.received", RECEIVED);
	assert_says("!GATE_CLOSED", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=S1"), "shipped");
	world_clear(w);
	assert_says("", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
	assert_says("!SHIPMENT_NOT_RECEIVED", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
}

static void count_can_start_over(void **state)
{
	struct world *w = *state;
	char manifest[65];

	arrived(w, manifest);
	count(w, CABLES(5));
	assert_says("", w, "dora", "shipment.counted",
		    "{'shipment':'SH1','site':'HH','again':true,'lines':[" CABLES(2) "," UNIT_LINE
										     "]}");
	assert_says("SEAL_NOT_CHECKED", w, "dora", "shipment.received", RECEIVED);
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=S1"), "received");
}

static void what_was_not_accepted_cannot_be_received(void **state)
{
	struct world *w = *state;
	char manifest[65];

	dispatched(w, manifest);
	assert_says("SHIPMENT_COUNTED_OUT_OF_TURN", w, "dora", "shipment.counted",
		    "{'shipment':'SH1','site':'HH','lines':[" CABLES(2) "]}");
	assert_says("SHIPMENT_NOT_ACCEPTED SHIPMENT_AT_OTHER_SITE SHIPMENT_DAMAGED SEAL_NOT_CHECKED"
		    " SHIPMENT_SHORT",
		    w, "dora", "shipment.received",
		    "{'shipment':'SH1','site':'VN','condition':'wet'}");
	assert_string_equal(state_of(w), "dispatched");
	assert_says("SHIPMENT_NOT_ACCEPTED", w, "dora", "shipment.received",
		    "{'shipment':'SH7','site':'HH','condition':'good'}");
}

static void each_site_sees_and_signs_only_its_own_side(void **state)
{
	struct world *w = *state;
	char manifest[65];

	dispatched(w, manifest);
	assert_int_equal(rows_for(w, "hugo", "shipment.outbound", ""), 0);
	assert_int_equal(rows_for(w, "hugo", "shipment.inbound", ""), 1);
	assert_int_equal(rows_for(w, "hugo", "seal.stock", ""), 0);
	assert_int_equal(rows_for(w, "hugo", "unit.list", ""), 0);
	assert_string_equal(side(w, "hugo", "shipment.handed_over", "VN", manifest, "1"),
			    "!NOT_ALLOWED");
	assert_says("!NOT_ALLOWED", w, "hugo", "seal.issued",
		    "{'maker':'M','seal':'2','holder':'carl','site':'VN'}");
	assert_says("!NOT_ALLOWED", w, "hugo", "firmware.withdrawn",
		    "{'release':'FW1','reason':'spite'}");
	assert_says("!NOT_ALLOWED", w, "hugo", "hold.placed",
		    "{'kind':'unit','within':'GW','id':'S1','reason':'spite'}");
	assert_string_equal(side(w, "bert", "shipment.handed_over", "VN", manifest, "1"), "");
	assert_string_equal(side(w, "hugo", "shipment.accepted", "HH", manifest, "1"), "");
	assert_says("HOLD_PLACED", w, "hugo", "hold.placed",
		    "{'kind':'shipment','id':'SH1','reason':'smell'}");
}

static void unit_that_is_not_ready_is_found_when_it_is_sealed(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_request(w, "S1");
	world_seals(w);
	assert_says("", w, "bert", "shipment.planned",
		    "{'shipment':'SH1','from_site':'VN','to_site':'HH'}");
	assert_says("", w, "bert", "shipment.packed",
		    "{'shipment':'SH1','site':'VN','contents':[" UNIT_LINE "]}");
	assert_says("", w, "bert", "seal.issued",
		    "{'maker':'M','seal':'1','holder':'carl','site':'VN'}");
	assert_says("SHIPMENT_CONTENT_UNFIT", w, "carl", "seal.applied",
		    "{'maker':'M','seal':'1','shipment':'SH1','site':'VN'}");
	world_clear(w);
	assert_says("!GATE_CLOSED", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH1','manifest':'%s'}",
		    shows(w, "shipment.outbound", "manifest", "shipment=SH1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(shipment_travels_with_a_carrier_and_arrives_complete),
		WORLD_TEST(plan_needs_known_and_different_sites),
		WORLD_TEST(manifest_is_a_chain_that_stays_closed),
		WORLD_TEST(ship_gate_names_everything_that_keeps_it),
		WORLD_TEST(hand_over_without_leave_or_under_hold_is_a_nonconformance),
		WORLD_TEST(one_person_cannot_sign_for_both_sides),
		WORLD_TEST(both_sides_must_read_the_seals_that_close_it),
		WORLD_TEST(seal_changed_before_the_hand_over_is_found_though_both_agree),
		WORLD_TEST(seal_opened_on_the_way_is_recorded_and_sealed_again),
		WORLD_TEST(arrival_compares_count_and_manifest),
		WORLD_TEST(count_can_start_over),
		WORLD_TEST(what_was_not_accepted_cannot_be_received),
		WORLD_TEST(each_site_sees_and_signs_only_its_own_side),
		WORLD_TEST(unit_that_is_not_ready_is_found_when_it_is_sealed),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
