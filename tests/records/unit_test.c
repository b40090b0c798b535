/* SPDX-License-Identifier: Apache-2.0 */
/* Build authorizations and units: identity, parts, firmware, and steps out of turn. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "crypto/x509.h"

#define BUILD(rest) "{'authorization':'BA2','product':'GW','site':'VN','quantity':1," rest "}"
#define UNIT        "'product':'GW','serial':'S1','station':'st1'"
#define PART(lot, part, n) \
	"{'supplier':'acme','part_lot':'" lot "','part':'" part "','quantity':" #n "}"
#define SCRAPPED(serial)                                                                   \
	"{'product':'GW','serial':'" serial "','reason':'burnt','witness':'dora','photo':" \
	"'1111111111111111111111111111111111111111111111111111111111111111'}"
#define OTHER_IMAGE "2222222222222222222222222222222222222222222222222222222222222222"

/* `key_of` is the actor whose key the request holds; `more` is further JSON with a comma before it. */
static const char *request_more(struct world *w, const char *station, const char *serial,
				const char *authorization, const char *key_of, const char *more)
{
	struct arena a = {0};
	struct bytes der;
	char text[4096];

	ok(csr_make(&a, world_actor(w, key_of)->key, serial, &der, &w->fault), &w->fault);
	base64url_encode(der, text);
	arena_done(&a);
	return says(w, station, "unit.requested",
		    "{'product':'GW','serial':'%s','authorization':'%s','csr':'%s'%s}", serial,
		    authorization, text, more);
}

static const char *request(struct world *w, const char *station, const char *serial,
			   const char *authorization, const char *key_of)
{
	return request_more(w, station, serial, authorization, key_of, "");
}

static const char *state_of(struct world *w)
{
	return shows(w, "unit.one", "state", "product=GW&serial=S1");
}

static void places_are_defined_once_and_with_sense(void **state)
{
	struct world *w = *state;

	assert_says("!SITE_EXISTS", w, "anna", "site.defined",
		    "{'site':'VN','country':'VN','name':'x'}");
	assert_says("!COUNTRY_CODE_WRONG", w, "anna", "site.defined",
		    "{'site':'AA','country':'V1N','name':'x'}");
	assert_says("!SITE_UNKNOWN", w, "anna", "line.defined", "{'site':'AA','line':'L1'}");
	assert_says("!LINE_EXISTS", w, "anna", "line.defined", "{'site':'VN','line':'L1'}");
	assert_says("!LINE_UNKNOWN", w, "anna", "station.defined",
		    "{'station':'s9','site':'VN','line':'L9','environment':'production'}");
	assert_says("!STATION_EXISTS", w, "anna", "station.defined",
		    "{'station':'st1','site':'VN','line':'L1','environment':'staging'}");
	assert_says("!PRODUCT_EXISTS", w, "anna", "product.defined",
		    "{'product':'GW','hardware_type':'1.3.6','name':'x'}");
	assert_says("!PRODUCT_NAME_UNFIT", w, "anna", "product.defined",
		    "{'product':'G/W','hardware_type':'1.3.6','name':'x'}");
	assert_says("!HARDWARE_TYPE_WRONG", w, "anna", "product.defined",
		    "{'product':'G2','hardware_type':'1.3..6','name':'x'}");
	assert_says("!HARDWARE_TYPE_WRONG", w, "anna", "product.defined",
		    "{'product':'G2','hardware_type':'1.3.x','name':'x'}");
	assert_says("!HARDWARE_TYPE_WRONG", w, "anna", "product.defined",
		    "{'product':'G2','hardware_type':'3.1','name':'x'}");
	assert_says("!HARDWARE_TYPE_WRONG", w, "anna", "product.defined",
		    "{'product':'G2','hardware_type':'1.3.','name':'x'}");
}

static void build_is_authorized_only_for_what_is_released_and_approved(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	const char *until = world_build_terms(w);
	assert_says("!LINE_UNKNOWN", w, "anna", "build.authorized",
		    BUILD("'revision':'A','release':'FW1','line':'L9',%s"), until);
	assert_says("!FIRMWARE_RELEASE_NOT_USABLE", w, "anna", "build.authorized",
		    BUILD("'revision':'A','release':'FW9','line':'L1',%s"), until);
	assert_says("!BOM_NOT_RELEASED", w, "anna", "build.authorized",
		    BUILD("'revision':'B','release':'FW1','line':'L1',%s"), until);
	assert_says("!BUILD_ALREADY_OVER", w, "anna", "build.authorized",
		    BUILD("'revision':'A','release':'FW1','line':'L1',"
			  "'valid_until':'2020-01-01T00:00:00.000Z'"));
	assert_says("!FIELD_WRONG", w, "anna", "build.authorized",
		    "{'authorization':'BA2','product':'GW','site':'VN','quantity':0,'revision':'A',"
		    "'release':'FW1','line':'L1',%s}",
		    until);
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'line','within':'VN','id':'L1','reason':'flood'}");
	assert_says("!BUILD_PLACE_HELD", w, "anna", "build.authorized",
		    BUILD("'revision':'A','release':'FW1','line':'L1',%s"), until);
	world_clear(w);
	assert_says("", w, "anna", "supplier.suspended", "{'supplier':'acme','reason':'fraud'}");
	assert_says("!PART_WITHOUT_APPROVED_SUPPLIER", w, "anna", "build.authorized",
		    BUILD("'revision':'A','release':'FW1','line':'L1',%s"), until);
}

static void authorization_that_became_wrong_while_it_waited_is_not_executed(void **state)
{
	struct world *w = *state;
	char waiting[65];

	world_ready_to_build(w);
	assert_says("(waits)", w, "anna", "build.authorized",
		    BUILD("'revision':'A','release':'FW1','line':'L1',%s"), world_build_terms(w));
	memcpy(waiting, w->digest, sizeof waiting);
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	memcpy(w->digest, waiting, sizeof waiting);
	assert_string_equal(approved(w), "!FIRMWARE_RELEASE_NOT_USABLE");
	assert_int_equal(rows_of(w, "build.list", "authorization=BA2"), 0);
}

static void unit_gets_one_serial_and_one_key_within_the_quota(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(request(w, "st1", "S1", "BA1", "GW/S1"), "");
	assert_string_equal(request(w, "st1", "S1", "BA1", "GW/S2"), "!UNIT_SERIAL_ALREADY_USED");
	assert_string_equal(request(w, "st1", "S2", "BA1", "GW/S1"), "!UNIT_KEY_ALREADY_USED");
	assert_string_equal(request(w, "st1", "S2", "BA1", "anna"), "!UNIT_KEY_ALREADY_USED");
	assert_string_equal(request(w, "st1", "S2", "BA9", "GW/S2"),
			    "!BUILD_AUTHORIZATION_UNKNOWN");
	assert_string_equal(request(w, "anna", "S2", "BA1", "GW/S2"), "!NOT_ALLOWED");
	for (int i = 2; i <= 5; i++) {
		char serial[8], name[16];
		snprintf(serial, sizeof serial, "S%d", i);
		snprintf(name, sizeof name, "GW/S%d", i);
		assert_string_equal(request(w, "st1", serial, "BA1", name), "");
	}
	assert_string_equal(request(w, "st1", "S6", "BA1", "GW/S6"), "!BUILD_QUOTA_EXCEEDED");
	assert_string_equal(shows(w, "build.reconciliation", "unused", "authorization=BA1"), "0");
	assert_string_equal(shows(w, "build.reconciliation", "in_work", "authorization=BA1"), "5");
	assert_int_equal(rows_of(w, "unit.waiting", ""), 5);
}

static void request_that_the_gate_or_a_hold_stops_uses_no_quota(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'station','id':'st1','reason':'drift'}");
	assert_string_equal(request(w, "st1", "S1", "BA1", "GW/S1"), "!BUILD_HELD");
	world_clear(w);
	assert_says("", w, "anna", "supplier.suspended", "{'supplier':'acme','reason':'fraud'}");
	assert_string_equal(gate_says(w, "build", "unit", "GW", "S1"), "SRC-01: 1 MCU1");
	assert_string_equal(request(w, "st1", "S1", "BA1", "GW/S1"), "!GATE_CLOSED");
	assert_string_equal(shows(w, "build.reconciliation", "unused", "authorization=BA1"), "5");
}

static void authorization_ends_by_itself(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_later(w, 80ull * 366 * 24 * 3600 * 1000);
	assert_string_equal(request(w, "st1", "S1", "BA1", "GW/S1"), "!BUILD_AUTHORIZATION_OVER");
}

static void certificate_for_another_key_does_not_make_a_device(void **state)
{
	struct world *w = *state;
	struct arena a = {0};
	struct bytes der;
	char text[4096];

	world_ready_to_build(w);
	world_request(w, "S1");
	ok(certificate_make_client(&a, world_actor(w, "thief")->key, "x", &der, &w->fault),
	   &w->fault);
	base64url_encode(der, text);
	arena_done(&a);
	assert_string_equal(system_says(w, "certificate.issued",
					"{'product':'GW','serial':'S1','certificate':'%s'}", text),
			    "CERTIFICATE_KEY_DIFFERS");
	assert_string_equal(system_says(w, "certificate.issued",
					"{'product':'GW','serial':'S9','certificate':'%s'}", text),
			    "CERTIFICATE_NOT_REQUESTED");
	assert_string_equal(system_says(w, "certificate.issued",
					"{'product':'GW','serial':'S1','certificate':'AAAA'}"),
			    "CERTIFICATE_UNREADABLE");
	assert_string_equal(state_of(w), "requested");
	assert_int_equal(rows_of(w, "unit.waiting", ""), 1);
	assert_says("!TYPE_IS_SYSTEM", w, "anna", "certificate.issued",
		    "{'product':'GW','serial':'S1','certificate':'%s'}", text);
}

static void parts_are_compared_with_the_bill_of_material(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_request(w, "S1");
	world_certify(w, "S1");
	assert_says("", w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'R2','part':'MCU1','quantity':9,'site':'VN',"
		    "'packaging':'intact','conformance_certificate':'%s'}",
		    IMAGE);
	assert_says("", w, "st1", "unit.fitted",
		    "{" UNIT ",'parts':[" PART("R2", "MCU1", 1) "," PART("R7", "CASE", 1) "]}");
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'part_lot','within':'acme','id':'R2','reason':'cracks'}");
	assert_says("UNIT_PART_LOT_UNKNOWN UNIT_PART_LOT_HELD UNIT_PART_LOT_NOT_ISSUED "
		    "UNIT_PART_MISSING UNIT_PART_NOT_IN_BOM",
		    w, "st1", "unit.built", "{" UNIT "}");
	assert_string_equal(shows(w, "part_lot.list", "consumed", "part_lot=R2"), "1");
	assert_says("UNIT_NOT_OPEN", w, "st1", "unit.fitted",
		    "{" UNIT ",'parts':[" PART("R1", "MCU1", 1) "]}");
	assert_says("", w, "st1", "unit.part_removed",
		    "{" UNIT ",'supplier':'acme','part_lot':'R2','reason':'held'}");
	assert_says("UNIT_PART_NOT_FITTED", w, "st1", "unit.part_removed",
		    "{" UNIT ",'supplier':'acme','part_lot':'R2','reason':'again'}");
	assert_says("", w, "st1", "unit.fitted", "{" UNIT ",'parts':[" PART("R1", "MCU1", 1) "]}");
}

static void component_is_a_finished_unit_in_one_place(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S2");
	for (int i = 3; i <= 4; i++) {
		char serial[8];
		snprintf(serial, sizeof serial, "S%d", i);
		world_request(w, serial);
		world_certify(w, serial);
		assert_says("", w, "st1", "unit.fitted",
			    "{'product':'GW','serial':'%s','station':'st1','parts':[" PART(
				    "R1", "MCU1", 2) "],'components':[{'product':'GW',"
						     "'serial':'S2'}]}",
			    serial);
	}
	assert_says("UNIT_COMPONENT_UNFIT", w, "st1", "unit.built",
		    "{'product':'GW','serial':'S3','station':'st1'}");
	assert_int_equal(rows_of(w, "unit.components", "product=GW&serial=S3"), 1);
}

static void step_out_of_turn_holds_the_unit(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("UNIT_UNKNOWN", w, "st1", "unit.fitted",
		    "{" UNIT ",'parts':[" PART("R1", "MCU1", 1) "]}");
	assert_says("UNIT_UNKNOWN", w, "st1", "unit.built",
		    "{'product':'GW','serial':'S8','station':'st1'}");
	world_clear(w);
	world_request(w, "S1");
	assert_says("UNIT_OUT_OF_TURN", w, "st1", "unit.programmed",
		    "{" UNIT ",'release':'FW1','image':'%s'}", IMAGE);
	assert_says("UNIT_OUT_OF_TURN UNIT_PART_MISSING", w, "st1", "unit.built", "{" UNIT "}");
	assert_string_equal(state_of(w), "requested");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "PRG-01: requested");
}

static void only_the_released_image_is_programmed(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
	assert_says("IMAGE_NOT_RELEASED IMAGE_NOT_OF_RELEASE", w, "st1", "unit.programmed",
		    "{" UNIT ",'release':'FW1','image':'" OTHER_IMAGE "'}");
	assert_says("FIRMWARE_RELEASE_NOT_AUTHORIZED UNIT_PROGRAMMED_WHILE_HELD", w, "st1",
		    "unit.programmed", "{" UNIT ",'release':'FW7','image':'%s'}", IMAGE);
	assert_string_equal(shows(w, "unit.one", "image", "product=GW&serial=S1"), IMAGE);
	assert_says("!NOT_ALLOWED", w, "st1", "unit.programmed",
		    "{'product':'GW','serial':'S1','station':'st9','release':'FW1','image':'%s'}",
		    IMAGE);
}

static void firmware_release_is_single_and_goes_forward(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("!FIRMWARE_RELEASE_EXISTS", w, "anna", "firmware.released",
		    "{'release':'FW1','product':'GW','version':'2','image':'%s',"
		    "'environment':'production','image_size':1,'security_version':1}",
		    OTHER_IMAGE);
	assert_says("!PRODUCT_UNKNOWN", w, "anna", "firmware.released",
		    "{'release':'FW2','product':'XX','version':'2','image':'%s',"
		    "'environment':'production','image_size':1,'security_version':1}",
		    OTHER_IMAGE);
	assert_says("!SECURITY_VERSION_LOWER", w, "anna", "firmware.released",
		    "{'release':'FW2','product':'GW','version':'2','image':'%s',"
		    "'environment':'production','image_size':1,'security_version':0}",
		    OTHER_IMAGE);
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	assert_says("!FIRMWARE_ALREADY_WITHDRAWN", w, "anna", "firmware.withdrawn",
		    "{'release':'FW1','reason':'hole'}");
	assert_says("!IMAGE_WITHDRAWN", w, "anna", "firmware.released",
		    "{'release':'FW3','product':'GW','version':'2','image':'%s',"
		    "'environment':'production','image_size':1,'security_version':1}",
		    IMAGE);
}

static void scrapped_unit_speaks_no_more(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_says("", w, "anna", "unit.scrapped", SCRAPPED("S1"));
	assert_says("UNIT_OUT_OF_TURN", w, "anna", "unit.scrapped", SCRAPPED("S1"));
	assert_string_equal(shows(w, "build.reconciliation", "scrapped", "authorization=BA1"), "1");
	assert_string_equal(shows(w, "build.reconciliation", "unexplained", "authorization=BA1"),
			    "0");
	const char *said = says(w, "GW/S1", "boot.proved",
				"{'product':'GW','serial':'S1','image':'%s','boot_count':1,"
				"'nonce':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}",
				IMAGE);
	assert_int_equal(said[0], '!');
}

static void hardware_address_is_that_of_one_device(void **state)
{
	struct world *w = *state;
	static const char *const wrong[] = {
		"02005E10000",       /* 11 digits */
		"02005E1000012",     /* 13 */
		"02005E100000F",     /* 13 */
		"02005E1000000000F", /* 17 */
		"02005e100001",      /* lower case */
		"02005E10000G",      "02-05E-10-01",     "02:00:5E:10:",
		"010000000001",      "FFFFFFFFFFFF",     "0B005E100001",
		"000000000000",      "0000000000000000", "0300000000000001",
	};
	char more[64];

	world_ready_to_build(w);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(more, sizeof more, ",'address':'%s'", wrong[i]);
		assert_string_equal(request_more(w, "st1", "S1", "BA1", "GW/S1", more),
				    "!UNIT_ADDRESS_WRONG");
	}
#define ASKS(serial, address) \
	request_more(w, "st1", serial, "BA1", "GW/" serial, ",'address':'" address "'")
	assert_string_equal(ASKS("S1", "02005E100001"), "");
	assert_string_equal(ASKS("S2", "02005E100001"), "!UNIT_ADDRESS_ALREADY_USED");
	assert_string_equal(ASKS("S2", "02005E1000000001"), "");
	assert_string_equal(ASKS("S3", "02005E1000000001"), "!UNIT_ADDRESS_ALREADY_USED");
	assert_string_equal(request(w, "st1", "S3", "BA1", "GW/S3"), ""); /* none, and none */
	assert_string_equal(request(w, "st1", "S4", "BA1", "GW/S4"), "");
	assert_string_equal(shows(w, "unit.one", "address", "product=GW&serial=S1"),
			    "02005E100001");
	assert_string_equal(shows(w, "unit.list", "address", "product=GW&serial=S3"), "(null)");
	assert_says("", w, "carl", "unit.scrapped", SCRAPPED("S1"));
	assert_string_equal(ASKS("S5", "02005E100001"), "!UNIT_ADDRESS_ALREADY_USED");
}

/* What exists already has its address, too. */
static void declared_unit_takes_its_address(void **state)
{
	struct world *w = *state;

	house_must(&w->house, &w->house.ada, "role.defined",
		   "{'role':'imports','permissions':[{'permission':'line.import'}]}");
	house_must(&w->house, &w->house.ada, "role.granted",
		   "{'grant_id':'imports','principal':'anna','role':'imports'}");
	world_ready_to_build(w);
#define DECLARES(serial, address)        \
	says(w, "anna", "unit.declared", \
	     "{'product':'GW','serial':'" serial "','site':'VN','address':'" address "'}")
	assert_string_equal(DECLARES("D1", "01005E100001"), "!UNIT_ADDRESS_WRONG");
	assert_string_equal(DECLARES("D1", "02005E100001"), "");
	assert_string_equal(DECLARES("D2", "02005E100001"), "!UNIT_ADDRESS_ALREADY_USED");
	assert_string_equal(ASKS("S1", "02005E100001"), "!UNIT_ADDRESS_ALREADY_USED");
	assert_string_equal(ASKS("S1", "02005E100002"), "");
	assert_string_equal(DECLARES("D2", "02005E100002"), "!UNIT_ADDRESS_ALREADY_USED");
}

/* What unit.built looks at, nobody would look at again after rework. */
static void what_is_taken_out_after_it_was_built_is_replaced_by_the_same(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_says("", w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'R2','part':'MCU1','quantity':10,'site':'VN',"
		    "'packaging':'intact','conformance_certificate':'%s'}",
		    IMAGE);
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
	assert_says("", w, "st1", "unit.part_removed",
		    "{" UNIT ",'supplier':'acme','part_lot':'R1','reason':'rework'}");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "SHP-01: S1 MCU1");
	assert_says("", w, "st1", "unit.fitted", "{" UNIT ",'parts':[" PART("R1", "MCU1", 1) "]}");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "SHP-01: S1 MCU1");
	/* Received, and never issued; or issued, and not what it is said to be. */
	assert_says("UNIT_PART_LOT_NOT_ISSUED", w, "st1", "unit.fitted",
		    "{" UNIT ",'parts':[" PART("R2", "MCU1", 1) "," PART("R2", "MCU1", 1) "]}");
	assert_says("UNIT_PART_LOT_UNKNOWN", w, "st1", "unit.fitted",
		    "{" UNIT ",'parts':[" PART("R1", "CASE", 1) "]}");
	world_clear(w);
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
}

/* unit.built looks at a component's holds; what is found of it later stops what it is in. */
static void hold_on_a_component_stops_what_it_is_in(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S2");
	world_request(w, "S1");
	world_certify(w, "S1");
	assert_says("", w, "st1", "unit.fitted",
		    "{" UNIT ",'parts':[" PART("R1", "MCU1", 2) "],'components':[{'product':'GW',"
								"'serial':'S2'}]}");
	assert_says("", w, "st1", "unit.built", "{" UNIT "}");
	assert_says("", w, "st1", "unit.programmed", "{" UNIT ",'release':'FW1','image':'%s'}",
		    IMAGE);
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
	assert_says("HOLD_PLACED", w, "dora", "hold.placed",
		    "{'kind':'unit','within':'GW','id':'S2','reason':'cracks'}");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"),
			    "SHP-01: unit S2 HOLD_PLACED");
	world_clear(w);
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(places_are_defined_once_and_with_sense),
		WORLD_TEST(build_is_authorized_only_for_what_is_released_and_approved),
		WORLD_TEST(authorization_that_became_wrong_while_it_waited_is_not_executed),
		WORLD_TEST(unit_gets_one_serial_and_one_key_within_the_quota),
		WORLD_TEST(request_that_the_gate_or_a_hold_stops_uses_no_quota),
		WORLD_TEST(authorization_ends_by_itself),
		WORLD_TEST(certificate_for_another_key_does_not_make_a_device),
		WORLD_TEST(parts_are_compared_with_the_bill_of_material),
		WORLD_TEST(component_is_a_finished_unit_in_one_place),
		WORLD_TEST(step_out_of_turn_holds_the_unit),
		WORLD_TEST(only_the_released_image_is_programmed),
		WORLD_TEST(firmware_release_is_single_and_goes_forward),
		WORLD_TEST(scrapped_unit_speaks_no_more),
		WORLD_TEST(hardware_address_is_that_of_one_device),
		WORLD_TEST(declared_unit_takes_its_address),
		WORLD_TEST(what_is_taken_out_after_it_was_built_is_replaced_by_the_same),
		WORLD_TEST(hold_on_a_component_stops_what_it_is_in),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
