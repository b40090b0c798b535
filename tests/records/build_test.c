/* SPDX-License-Identifier: Apache-2.0 */
/* Build authorizations: which stations may, by which key; what is scrapped, returned and closed. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "crypto/x509.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define NEXT \
	"'authorization':'BA2','product':'GW','revision':'A','site':'VN','line':'L1','quantity':1"
#define UNTIL "'valid_until':'2099-01-01T00:00:00.000Z'"
#define TYPE  "'hardware_type':'1.3.6.1.4.1.32473.7'"

static const char *key_of(struct world *w, const char *name)
{
	struct hash key = public_key_id(private_key_public(world_actor(w, name)->key));
	char *hex = arena_alloc(&w->house.arena, 65);

	assert_non_null(hex);
	hex_encode(hash_bytes(&key), hex);
	return hex;
}

static void stand(struct world *w, const char *station, const char *line, const char *environment)
{
	world_enroll(w, station, "station", NULL);
	assert_says("", w, "anna", "station.defined",
		    "{'station':'%s','site':'VN','line':'%s','environment':'%s'}", station, line,
		    environment);
	assert_says("", w, "anna", "role.granted",
		    "{'grant_id':'g-%s','principal':'%s','role':'station','station':'%s'}", station,
		    station, station);
}

/* ---- stations ---- */

static void authorization_names_stations_by_keys_that_are_theirs(void **state)
{
	struct world *w = *state;
	char stolen[65];

	world_ready_to_build(w);
	assert_says("", w, "anna", "line.defined", "{'site':'VN','line':'L2'}");
	stand(w, "st2", "L1", "production");
	stand(w, "far", "L2", "production");
	stand(w, "lab", "L1", "staging");
	snprintf(stolen, sizeof stolen, "%s", key_of(w, "st1"));
	const char *wrong[][2] = {{"st1", ZEROS},
				  {"st1", key_of(w, "st2")},
				  {"far", key_of(w, "far")},
				  {"lab", key_of(w, "lab")},
				  {"anna", key_of(w, "anna")},
				  {"nobody", key_of(w, "st1")}};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_says("!STATION_KEY_UNFIT", w, "anna", "build.authorized",
			    "{" NEXT "," UNTIL "," TYPE ",'release':'FW1','stations':[{'station':"
			    "'st2','key':'%s'},{'station':'%s','key':'%s'}]}",
			    key_of(w, "st2"), wrong[i][0], wrong[i][1]);
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{" NEXT "," UNTIL "," TYPE ",'release':'FW1','stations':[{'station':"
		    "'st2','key':'%s'},{'station':'st1','key':'%s'}]}",
		    key_of(w, "st2"), stolen);
	assert_says("", w, "anna", "key.revoked", "{'key_id':'%s','reason':'lost'}", stolen);
	/* The last word was of the revocation: ask for the approval of the authorization again. */
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{'authorization':'BA3','product':'GW','revision':'A','site':'VN','line':'L1',"
		    "'quantity':1," UNTIL "," TYPE ",'release':'FW1','stations':[{'station':'st2',"
		    "'key':'%s'}]}",
		    key_of(w, "st2"));
	assert_string_equal(approved(w), "");
	assert_int_equal(rows_of(w, "build.stations", "authorization=BA3"), 1);
	assert_says("!STATION_KEY_UNFIT", w, "anna", "build.authorized",
		    "{" NEXT "," UNTIL "," TYPE
		    ",'release':'FW1','stations':[{'station':'st1','key':'%s'}]}",
		    stolen);
}

static void authorization_says_hardware_type_and_stations(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("!HARDWARE_TYPE_DIFFERS", w, "anna", "build.authorized",
		    "{" NEXT "," UNTIL ",'release':'FW1'}");
	assert_says("!HARDWARE_TYPE_DIFFERS", w, "anna", "build.authorized",
		    "{" NEXT "," UNTIL ",'hardware_type':'1.3.6','release':'FW1'}");
	assert_says("!BUILD_STATIONS_MISSING", w, "anna", "build.authorized",
		    "{" NEXT "," UNTIL "," TYPE ",'release':'FW1'}");
	assert_says("!FIELD_WRONG", w, "anna", "build.authorized",
		    "{" NEXT "," UNTIL "," TYPE ",'release':'FW1','stations':[]}");
	assert_says("!FIRMWARE_TOO_OLD", w, "anna", "build.authorized",
		    "{" NEXT ",'release':'FW1','security_version':2,%s}", world_build_terms(w));
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{" NEXT ",'release':'FW1','security_version':1,%s}", world_build_terms(w));
}

static void unit_is_requested_only_with_a_key_that_the_authorization_names(void **state)
{
	struct world *w = *state;
	struct actor *station = world_actor(w, "st1"), *other = world_actor(w, "spare"), kept;

	world_ready_to_build(w);
	stand(w, "st2", "L1", "production");
	assert_string_equal(world_request_says(w, "st2", "S1"), "!STATION_KEY_NOT_AUTHORIZED");
	world_enroll_key(w, "st1", other);
	kept = *station;
	station->key = other->key;
	assert_string_equal(world_request_says(w, "st1", "S1"), "!STATION_KEY_NOT_AUTHORIZED");
	*station = kept;
	assert_string_equal(world_request_says(w, "st1", "S1"), "");
	assert_string_equal(shows(w, "build.reconciliation", "unused", "authorization=BA1"), "4");
}

/* ---- scrap ---- */

static void unit_is_scrapped_with_evidence_and_a_second_person(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	for (int i = 1; i <= 4; i++) {
		char serial[8];
		snprintf(serial, sizeof serial, "S%d", i);
		world_unit(w, serial);
	}
	assert_says("SCRAP_WITHOUT_EVIDENCE", w, "anna", "unit.scrapped",
		    "{'product':'GW','serial':'S1','reason':'burnt','witness':'dora'}");
	const char *alone[] = {"anna", "emil", "st1", "nobody"}; /* emil is anna */
	for (size_t i = 0; i < 4; i++) {
		assert_says(i == 0 ? "SCRAP_NOT_WITNESSED" : "UNIT_OUT_OF_TURN SCRAP_NOT_WITNESSED",
			    w, "anna", "unit.scrapped",
			    "{'product':'GW','serial':'S2','reason':'burnt','witness':'%s',"
			    "'key_destroyed':'%s'}",
			    alone[i], IMAGE);
	}
	assert_says("SCRAP_NOT_WITNESSED", w, "anna", "unit.scrapped",
		    "{'product':'GW','serial':'S3','reason':'burnt','photo':'%s'}", IMAGE);
	assert_says("", w, "anna", "unit.scrapped",
		    "{'product':'GW','serial':'S4','reason':'burnt','key_destroyed':'%s',"
		    "'witness':'dora'}",
		    IMAGE);
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=S1"), "1");
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=S4"), "0");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=S1"), "scrapped");
}

static void scrapping_gives_no_quota_back(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_string_equal(shows(w, "build.reconciliation", "unused", "authorization=BA1"), "4");
	assert_says("", w, "anna", "unit.scrapped",
		    "{'product':'GW','serial':'S1','reason':'burnt','photo':'%s','witness':'dora'}",
		    IMAGE);
	assert_string_equal(shows(w, "build.reconciliation", "unused", "authorization=BA1"), "4");
	for (int i = 2; i <= 5; i++) {
		char serial[8];
		snprintf(serial, sizeof serial, "S%d", i);
		world_request(w, serial);
	}
	assert_string_equal(world_request_says(w, "st1", "S6"), "!BUILD_QUOTA_EXCEEDED");
}

/* ---- closing ---- */

static const char *close_build(struct world *w, int built, int scrapped, int returned, int unused)
{
	return says(w, "anna", "build.closed",
		    "{'authorization':'BA1','built':%d,'scrapped':%d,'returned':%d,'unused':%d}",
		    built, scrapped, returned, unused);
}

static void build_closes_only_when_it_balances(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	world_request(w, "S2");
	assert_string_equal(close_build(w, 1, 0, 0, 4), "!BUILD_UNITS_IN_WORK");
	world_certify(w, "S2");
	assert_string_equal(close_build(w, 1, 0, 0, 4), "!BUILD_UNITS_IN_WORK");
	assert_says("", w, "anna", "unit.scrapped",
		    "{'product':'GW','serial':'S2','reason':'burnt','photo':'%s','witness':'dora'}",
		    IMAGE);
	assert_string_equal(close_build(w, 1, 0, 0, 4), "!BUILD_DOES_NOT_RECONCILE");
	assert_string_equal(close_build(w, 2, 0, 0, 3), "!BUILD_DOES_NOT_RECONCILE");
	assert_string_equal(close_build(w, 1, 1, 0, 2), "!BUILD_DOES_NOT_RECONCILE");
	assert_string_equal(close_build(w, 1, 0, 1, 3), "!BUILD_DOES_NOT_RECONCILE");
	assert_says("!NOT_ALLOWED", w, "st1", "build.closed",
		    "{'authorization':'BA1','built':1,'scrapped':1,'returned':0,'unused':3}");
	assert_string_equal(close_build(w, 1, 1, 0, 3), "");
	assert_string_equal(close_build(w, 1, 1, 0, 3), "!BUILD_CLOSED");
	assert_string_equal(world_request_says(w, "st1", "S3"), "!BUILD_CLOSED");
	assert_string_equal(shows(w, "build.reconciliation", "state", "authorization=BA1"),
			    "closed");
	assert_int_equal(rows_of(w, "build.open", ""), 0);
}

static void serial_that_a_unit_has_closes_the_gate_build(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(gate_says(w, "build", "unit", "GW", "S1"), "");
	world_request(w, "S1");
	assert_string_equal(gate_says(w, "build", "unit", "GW", "S1"), "PRG-03: GW S1");
}

static void held_unit_keeps_its_build_open(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'unit','within':'GW','id':'S1','reason':'scratch'}");
	assert_string_equal(close_build(w, 1, 0, 0, 4), "!BUILD_UNITS_HELD");
	world_clear(w);
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'build_authorization','id':'BA1','reason':'audit'}");
	assert_string_equal(close_build(w, 1, 0, 0, 4), "!BUILD_UNITS_HELD");
	world_clear(w);
	assert_string_equal(close_build(w, 1, 0, 0, 4), "");
}

/* Otherwise units would leave by the back door, called scrap. */
static void unit_that_is_only_said_to_be_scrapped_keeps_its_build_open(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_says("SCRAP_WITHOUT_EVIDENCE", w, "anna", "unit.scrapped",
		    "{'product':'GW','serial':'S1','reason':'burnt','witness':'dora'}");
	assert_string_equal(close_build(w, 0, 1, 0, 4), "!BUILD_UNITS_HELD");
	world_clear(w);
	assert_string_equal(close_build(w, 0, 1, 0, 4), "");
}

static void refused_unit_is_in_work_until_it_is_scrapped(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_request(w, "S1");
	assert_string_equal(system_says(w, "certificate.refused",
					"{'product':'GW','serial':'S9','code':'SIGNER_QUOTA'}"),
			    "CERTIFICATE_NOT_REQUESTED");
	world_clear(w);
	assert_string_equal(system_says(w, "certificate.refused",
					"{'product':'GW','serial':'S1','code':'SIGNER_QUOTA'}"),
			    "");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=S1"), "refused");
	assert_int_equal(rows_of(w, "unit.waiting", ""), 0);
	assert_string_equal(shows(w, "build.reconciliation", "in_work", "authorization=BA1"), "1");
	assert_string_equal(shows(w, "build.reconciliation", "unused", "authorization=BA1"), "4");
	assert_string_equal(close_build(w, 0, 0, 0, 5), "!BUILD_UNITS_IN_WORK");
	/* A certificate that comes all the same is nobody's. */
	struct arena a = {0};
	struct bytes der;
	char text[4096];
	ok(certificate_make_client(&a, world_actor(w, "GW/S1")->key, "GW/S1", &der, &w->fault),
	   &w->fault);
	base64url_encode(der, text);
	arena_done(&a);
	assert_string_equal(system_says(w, "certificate.issued",
					"{'product':'GW','serial':'S1','certificate':'%s'}", text),
			    "CERTIFICATE_NOT_REQUESTED");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=S1"), "refused");
	world_clear(w);
	assert_says("", w, "anna", "unit.scrapped",
		    "{'product':'GW','serial':'S1','reason':'no certificate','photo':'%s',"
		    "'witness':'dora'}",
		    IMAGE);
	assert_string_equal(close_build(w, 0, 1, 0, 4), "");
}

struct trip {
	const char *shipment, *from, *to, *seal;
};

static void hand(struct world *w, const struct trip *t, const char *who, const char *type,
		 const char *site, const char *manifest)
{
	assert_says("", w, who, type,
		    "{'shipment':'%s','site':'%s','manifest':'%s','condition':'good',"
		    "'seals':[{'maker':'M','seal':'%s'}]}",
		    t->shipment, site, manifest, t->seal);
}

/* Unit S1 goes from one site to the other, sealed, counted and received. */
static void travel(struct world *w, const struct trip *t)
{
	char manifest[65];

	assert_says("", w, "bert", "seal.received",
		    "{'maker':'M','purchase_lot':'P%s','class':'H','site':'%s','seals':[{'seal':"
		    "'%s'}]}",
		    t->seal, t->from, t->seal);
	assert_says("", w, "bert", "shipment.planned",
		    "{'shipment':'%s','from_site':'%s','to_site':'%s'}", t->shipment, t->from,
		    t->to);
	assert_says("", w, "bert", "shipment.packed",
		    "{'shipment':'%s','site':'%s','contents':[{'kind':'unit','within':'GW',"
		    "'id':'S1','quantity':1}]}",
		    t->shipment, t->from);
	memcpy(manifest, w->digest, sizeof manifest);
	assert_says("", w, "bert", "seal.issued",
		    "{'maker':'M','seal':'%s','holder':'carl','site':'%s'}", t->seal, t->from);
	assert_says("", w, "carl", "seal.applied",
		    "{'maker':'M','seal':'%s','shipment':'%s','site':'%s'}", t->seal, t->shipment,
		    t->from);
	assert_says("", w, "bert", "shipment.dispatched", "{'shipment':'%s','manifest':'%s'}",
		    t->shipment, manifest);
	hand(w, t, "bert", "shipment.handed_over", t->from, manifest);
	hand(w, t, "dora", "shipment.accepted", t->to, manifest);
	assert_says("", w, "dora", "seal.checked",
		    "{'maker':'M','seal':'%s','read':'%s','shipment':'%s','site':'%s',"
		    "'viewed':true,'tugged':true,'twisted':true,'intact':true}",
		    t->seal, t->seal, t->shipment, t->to);
	assert_says("", w, "dora", "seal.broken",
		    "{'maker':'M','seal':'%s','site':'%s','shipment':'%s','authorized':true,"
		    "'reason':'arrival'}",
		    t->seal, t->to, t->shipment);
	assert_says("", w, "dora", "shipment.counted",
		    "{'shipment':'%s','site':'%s','lines':[{'kind':'unit','within':'GW',"
		    "'id':'S1','quantity':1}]}",
		    t->shipment, t->to);
	assert_says("", w, "dora", "shipment.received",
		    "{'shipment':'%s','site':'%s','condition':'good'}", t->shipment, t->to);
}

static void unit_that_came_back_counts_as_returned(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	travel(w, &(struct trip){"OUT", "VN", "HH", "1"});
	assert_string_equal(shows(w, "build.reconciliation", "built", "authorization=BA1"), "1");
	assert_string_equal(shows(w, "build.reconciliation", "returned", "authorization=BA1"), "0");
	travel(w, &(struct trip){"BACK", "HH", "VN", "2"});
	assert_string_equal(shows(w, "build.reconciliation", "built", "authorization=BA1"), "0");
	assert_string_equal(shows(w, "build.reconciliation", "returned", "authorization=BA1"), "1");
	assert_string_equal(shows(w, "build.reconciliation", "unexplained", "authorization=BA1"),
			    "0");
	assert_string_equal(close_build(w, 1, 0, 0, 4), "!BUILD_DOES_NOT_RECONCILE");
	assert_string_equal(close_build(w, 0, 0, 1, 4), "");
}

static void line_gets_no_new_authorization_while_one_that_is_over_does_not_balance(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "line.defined", "{'site':'VN','line':'L2'}");
	stand(w, "far", "L2", "production");
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{" NEXT "," TYPE ",'release':'FW1','valid_until':'2036-01-01T00:00:00.000Z',"
		    "'stations':[{'station':'st1','key':'%s'}]}",
		    key_of(w, "st1"));
	assert_string_equal(approved(w), "");
	world_later(w, UINT64_C(3650) * 24 * 3600 * 1000); /* BA2 is over */
	assert_says("!BUILD_PREVIOUS_UNBALANCED", w, "anna", "build.authorized",
		    "{'authorization':'BA3','product':'GW','revision':'A','site':'VN','line':'L1',"
		    "'quantity':1,'release':'FW1',%s}",
		    world_build_terms(w));
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{'authorization':'BA4','product':'GW','revision':'A','site':'VN','line':'L2',"
		    "'quantity':1,'release':'FW1'," TYPE "," UNTIL
		    ",'stations':[{'station':'far','key':'%s'}]}",
		    key_of(w, "far"));
	assert_says("", w, "anna", "build.closed",
		    "{'authorization':'BA2','built':0,'scrapped':0,'returned':0,'unused':1}");
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{'authorization':'BA3','product':'GW','revision':'A','site':'VN','line':'L1',"
		    "'quantity':1,'release':'FW1',%s}",
		    world_build_terms(w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(authorization_names_stations_by_keys_that_are_theirs),
		WORLD_TEST(authorization_says_hardware_type_and_stations),
		WORLD_TEST(unit_is_requested_only_with_a_key_that_the_authorization_names),
		WORLD_TEST(unit_is_scrapped_with_evidence_and_a_second_person),
		WORLD_TEST(scrapping_gives_no_quota_back),
		WORLD_TEST(build_closes_only_when_it_balances),
		WORLD_TEST(serial_that_a_unit_has_closes_the_gate_build),
		WORLD_TEST(held_unit_keeps_its_build_open),
		WORLD_TEST(unit_that_is_only_said_to_be_scrapped_keeps_its_build_open),
		WORLD_TEST(refused_unit_is_in_work_until_it_is_scrapped),
		WORLD_TEST(unit_that_came_back_counts_as_returned),
		WORLD_TEST(line_gets_no_new_authorization_while_one_that_is_over_does_not_balance),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
