/* SPDX-License-Identifier: Apache-2.0 */
/* What a site goes through with everything that arrives there: the newest protocol is in force, and what
 * was not gone through with a shipment, or was not right, holds it. */
#include "world.h"

#include <stdio.h>

#define OK(point)     "{'point':'" point "','result':'ok'}"
#define NOT_OK(point) "{'point':'" point "','result':'not_ok'}"
#define PROTOCOL(site, name, points) \
	"{'site':'" site "','protocol':'" name "','points':[" points "]}"
#define POINT(name) "{'point':'" name "','text':'look at it'}"
#define SIX_WALLS                                                                                  \
	POINT("front")                                                                             \
	"," POINT("left") "," POINT("right") "," POINT("floor") "," POINT("roof") "," POINT("door" \
											    "s")

/* A shipment of five cables is packed at VN, sealed, and accepted and counted at HH. */
static void arrives(struct world *w)
{
	static const char side[] = "{'shipment':'SH1','site':'%s','manifest':'%s','condition':"
				   "'good','seals':[{'maker':'M','seal':'1'}]}";
	char manifest[65];

	world_seals(w);
	assert_says("", w, "bert", "shipment.planned",
		    "{'shipment':'SH1','from_site':'VN','to_site':'HH'}");
	assert_says("", w, "bert", "shipment.packed",
		    "{'shipment':'SH1','site':'VN','contents':[{'kind':'item','id':'cable',"
		    "'quantity':5}]}");
	snprintf(manifest, sizeof manifest, "%s", w->digest);
	assert_says("", w, "bert", "seal.issued",
		    "{'maker':'M','seal':'1','holder':'carl','site':'VN'}");
	assert_says("", w, "carl", "seal.applied",
		    "{'maker':'M','seal':'1','shipment':'SH1','site':'VN'}");
	assert_says("", w, "bert", "shipment.dispatched", "{'shipment':'SH1','manifest':'%s'}",
		    manifest);
	assert_says("", w, "bert", "shipment.handed_over", side, "VN", manifest);
	assert_says("", w, "dora", "shipment.accepted", side, "HH", manifest);
	assert_says("", w, "dora", "seal.checked",
		    "{'maker':'M','seal':'1','read':'1','shipment':'SH1','site':'HH',"
		    "'viewed':true,'tugged':true,'twisted':true,'intact':true}");
	assert_says("", w, "dora", "shipment.counted",
		    "{'shipment':'SH1','site':'HH','lines':[{'kind':'item','id':'cable',"
		    "'quantity':5}]}");
}

static const char *received(struct world *w, const char *rest)
{
	return says(w, "dora", "shipment.received",
		    "{'shipment':'SH1','site':'HH','condition':'good'%s}", rest);
}

static void set(struct world *w, const char *name, const char *points)
{
	assert_says("", w, "anna", "arrival.protocol_set",
		    "{'site':'HH','protocol':'%s','points':[%s]}", name, points);
}

static void site_without_a_protocol_asks_for_none(void **state)
{
	struct world *w = *state;

	arrives(w);
	assert_says("", w, "anna", "arrival.protocol_set",
		    PROTOCOL("VN", "walls-1", POINT("front"))); /* of another site */
	assert_string_equal(received(w, ""), "");
	assert_says("", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
}

static void site_may_say_more_than_it_is_asked(void **state)
{
	struct world *w = *state;

	arrives(w);
	assert_string_equal(received(w, ",'points':[" OK("smell") "]"), "");
}

static void whole_protocol_gone_through_lets_it_in(void **state)
{
	struct world *w = *state;

	arrives(w);
	set(w, "walls-1", SIX_WALLS);
	assert_int_equal(rows_of(w, "arrival.protocol", "site=HH"), 6);
	assert_string_equal(
		received(
			w,
			",'protocol':'walls-1','points':[" OK("front") "," OK("left") "," OK(
				"righ"
				"t") "," OK("floor") "," OK("roof") "," OK("doors") "," OK("smel"
											   "l") "]"),
		"");
	assert_says("", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
}

static void point_that_was_left_out_holds_the_shipment(void **state)
{
	struct world *w = *state;

	arrives(w);
	set(w, "walls-1", SIX_WALLS);
	assert_string_equal(
		received(w, ",'protocol':'walls-1','points':[" OK("front") "," OK("left") "," OK(
				    "right") "," OK("roo") "," OK("doors2") "," OK("floor") "]"),
		"ARRIVAL_POINT_MISSING");
	assert_int_equal(rows_of(w, "hold.open", "kind=shipment&id=SH1"), 1);
	assert_says("!GATE_CLOSED", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
	world_clear(w);
	assert_says("", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
}

static void point_with_a_longer_name_is_another_one(void **state)
{
	struct world *w = *state;

	arrives(w);
	set(w, "walls-1", POINT("door"));
	assert_string_equal(
		received(w, ",'protocol':'walls-1','points':[" OK("doors") "," OK("back-door") "]"),
		"ARRIVAL_POINT_MISSING");
}

static void shipment_without_any_point_is_held_where_there_is_a_protocol(void **state)
{
	struct world *w = *state;

	arrives(w);
	set(w, "walls-1", SIX_WALLS);
	assert_string_equal(received(w, ""), "ARRIVAL_POINT_MISSING");
}

static void point_that_was_not_right_holds_the_shipment(void **state)
{
	struct world *w = *state;

	arrives(w);
	set(w, "walls-1", POINT("front") "," POINT("left"));
	assert_string_equal(
		received(w, ",'protocol':'walls-1','points':[" OK("front") "," NOT_OK("left") "]"),
		"ARRIVAL_POINT_FAILED");
	assert_says("!GATE_CLOSED", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
}

/* Nobody makes a wrong point right by saying it twice. */
static void point_said_twice_counts_at_its_worst(void **state)
{
	struct world *w = *state;

	arrives(w);
	set(w, "walls-1", POINT("front"));
	assert_string_equal(received(w, ",'protocol':'walls-1','points':[" OK("front") "," NOT_OK(
						"front") "," OK("front") "]"),
			    "ARRIVAL_POINT_FAILED");
}

static void points_that_are_not_right_hold_where_nobody_asked_too(void **state)
{
	struct world *w = *state;

	arrives(w);
	assert_string_equal(received(w, ",'points':[" NOT_OK("smell") "," NOT_OK("floor") "]"),
			    "ARRIVAL_POINT_FAILED");
	assert_int_equal(rows_of(w, "nonconformance.open", ""), 1);
}

static void newest_protocol_is_in_force(void **state)
{
	struct world *w = *state;

	arrives(w);
	set(w, "walls-1", POINT("front"));
	set(w, "walls-2", POINT("front") "," POINT("under"));
	assert_string_equal(shows(w, "arrival.protocol", "state", "site=HH&protocol=walls-1"),
			    "replaced");
	assert_string_equal(shows(w, "arrival.protocol", "state", "site=HH&protocol=walls-2"),
			    "in_force");
	assert_string_equal(received(w, ",'protocol':'walls-1','points':[" OK("front") "]"),
			    "ARRIVAL_PROTOCOL_UNKNOWN ARRIVAL_POINT_MISSING");
}

static void protocol_that_nobody_set_is_unknown(void **state)
{
	struct world *w = *state;

	arrives(w);
	assert_string_equal(received(w, ",'protocol':'walls-1','points':[" OK("front") "]"),
			    "ARRIVAL_PROTOCOL_UNKNOWN");
	assert_says("!GATE_CLOSED", w, "dora", "shipment.admitted", "{'shipment':'SH1'}");
}

static void changed_protocol_gets_a_new_name(void **state)
{
	struct world *w = *state;

	assert_says("!SITE_UNKNOWN", w, "anna", "arrival.protocol_set",
		    PROTOCOL("XX", "walls-1", POINT("front")));
	assert_says("!NOT_ALLOWED", w, "hugo", "arrival.protocol_set",
		    PROTOCOL("VN", "walls-1", POINT("front")));
	assert_says("!FIELD_MISSING", w, "anna", "arrival.protocol_set",
		    "{'site':'HH','protocol':'walls-1'}");
	set(w, "walls-1", POINT("front") "," POINT("front") "," POINT("left"));
	assert_int_equal(rows_of(w, "arrival.protocol", "site=HH"), 2);
	assert_says("!ARRIVAL_PROTOCOL_EXISTS", w, "anna", "arrival.protocol_set",
		    PROTOCOL("HH", "walls-1", POINT("left")));
	assert_int_equal(rows_of(w, "arrival.protocol", "site=HH"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(site_without_a_protocol_asks_for_none),
		WORLD_TEST(site_may_say_more_than_it_is_asked),
		WORLD_TEST(whole_protocol_gone_through_lets_it_in),
		WORLD_TEST(point_that_was_left_out_holds_the_shipment),
		WORLD_TEST(point_with_a_longer_name_is_another_one),
		WORLD_TEST(shipment_without_any_point_is_held_where_there_is_a_protocol),
		WORLD_TEST(point_that_was_not_right_holds_the_shipment),
		WORLD_TEST(point_said_twice_counts_at_its_worst),
		WORLD_TEST(points_that_are_not_right_hold_where_nobody_asked_too),
		WORLD_TEST(newest_protocol_is_in_force),
		WORLD_TEST(protocol_that_nobody_set_is_unknown),
		WORLD_TEST(changed_protocol_gets_a_new_name),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
