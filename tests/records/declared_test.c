/* SPDX-License-Identifier: Apache-2.0 */
/* Units that exist already: declared, with a serial, a key and an address that nobody else gets. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "crypto/x509.h"

#define DECLARED(serial, more) "{'product':'GW','serial':'" serial "','site':'VN'" more "}"
#define OTHER_IMAGE            "2222222222222222222222222222222222222222222222222222222222222222"

/* A device certificate of somebody else's around the key of an actor. */
static const char *certificate_says(struct world *w, const char *author, const char *serial,
				    const char *key_of)
{
	struct arena a = {0};
	struct bytes der;
	char text[4096];

	ok(certificate_make_client(&a, world_actor(w, key_of)->key, "elsewhere", &der, &w->fault),
	   &w->fault);
	base64url_encode(der, text);
	arena_done(&a);
	return says(w, author, "certificate.declared",
		    "{'product':'GW','serial':'%s','certificate':'%s'}", serial, text);
}

static const char *request_with_key(struct world *w, const char *serial, const char *key_of,
				    const char *more)
{
	struct arena a = {0};
	struct bytes der;
	char text[4096];

	ok(csr_make(&a, world_actor(w, key_of)->key, serial, &der, &w->fault), &w->fault);
	base64url_encode(der, text);
	arena_done(&a);
	return says(w, "st1", "unit.requested",
		    "{'product':'GW','serial':'%s','authorization':'BA1','csr':'%s'%s}", serial,
		    text, more);
}

static void unit_that_exists_is_declared_once(void **state)
{
	struct world *w = *state;

	assert_says("", w, "anna", "unit.declared",
		    DECLARED("D1", ",'built_on':'2020-02-29T00:00:00.000Z','version':'1.0',"
				   "'address':'001A2B3C4D5E','customer':'Müller AG'"));
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=D1"), "declared");
	assert_string_equal(shows(w, "unit.one", "build_authorization", "product=GW&serial=D1"),
			    "");
	assert_string_equal(shows(w, "unit.serials", "version", "serial=D1"), "1.0");
	assert_string_equal(shows(w, "unit.serials", "declared_by", "serial=D1"), "anna");
	assert_string_equal(shows(w, "declared.units", "customer", "serial=D1"), "Müller AG");
	assert_says("!UNIT_SERIAL_ALREADY_USED", w, "anna", "unit.declared", DECLARED("D1", ""));
	assert_says("!UNIT_ADDRESS_ALREADY_USED", w, "anna", "unit.declared",
		    DECLARED("D2", ",'address':'001A2B3C4D5E'"));
	assert_says("!UNIT_ADDRESS_WRONG", w, "anna", "unit.declared",
		    DECLARED("D2", ",'address':'011A2B3C4D5E'"));
	assert_int_equal(rows_of(w, "unit.list", "product=GW"), 1);
}

static void declaration_is_refused_that_cannot_be(void **state)
{
	struct world *w = *state;

	assert_says("!PRODUCT_UNKNOWN", w, "anna", "unit.declared",
		    "{'product':'XX','serial':'D1','site':'VN'}");
	assert_says("!SITE_UNKNOWN", w, "anna", "unit.declared",
		    "{'product':'GW','serial':'D1','site':'XX'}");
	assert_says("!DECLARED_BUILT_AHEAD", w, "anna", "unit.declared",
		    DECLARED("D1", ",'built_on':'2098-01-01T00:00:00.000Z'"));
	assert_says(
		"!UNIT_NAME_UNFIT", w, "anna", "unit.declared",
		DECLARED("0123456789012345678901234567890123456789012345678901234567890123", ""));
	assert_says("!FIELD_MISSING", w, "anna", "unit.declared", "{'product':'GW','serial':'D1'}");
	assert_says("!FIELD_UNKNOWN", w, "anna", "unit.declared",
		    DECLARED("D1", ",'station':'st1'"));
	assert_says("!FIELD_WRONG", w, "anna", "unit.declared", DECLARED("D 1", ""));
	assert_int_equal(rows_of(w, "unit.serials", ""), 0);
}

static void who_may_only_at_one_site_declares_nothing_for_another(void **state)
{
	struct world *w = *state;

	assert_says("!NOT_ALLOWED", w, "hugo", "unit.declared", DECLARED("D1", ""));
	assert_says("", w, "hugo", "unit.declared", "{'product':'GW','serial':'D1','site':'HH'}");
	assert_says("", w, "anna", "unit.declared", DECLARED("D2", ""));
	assert_string_equal(certificate_says(w, "hugo", "D1", "key-1"), "");
	assert_string_equal(certificate_says(w, "hugo", "D2", "key-2"), "!NOT_ALLOWED");
	assert_string_equal(certificate_says(w, "hugo", "D3", "key-2"), "!NOT_ALLOWED");
	assert_int_equal(rows_for(w, "hugo", "unit.serials", ""), 1);
	assert_int_equal(rows_for(w, "hugo", "declared.units", ""), 1);
}

static void serial_that_was_declared_is_never_built(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "unit.declared", DECLARED("S1", ",'address':'001A2B3C4D5E'"));
	assert_string_equal(world_request_says(w, "st1", "S1"), "!UNIT_SERIAL_ALREADY_USED");
	assert_string_equal(request_with_key(w, "S2", "GW/S2", ",'address':'001A2B3C4D5E'"),
			    "!UNIT_ADDRESS_ALREADY_USED");
	world_built(w, "S3");
	assert_says("!UNIT_SERIAL_ALREADY_USED", w, "anna", "unit.declared", DECLARED("S3", ""));
	assert_string_equal(shows(w, "build.list", "requested", "authorization=BA1"), "1");
}

static void key_that_was_declared_is_nobody_elses(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "unit.declared", DECLARED("D1", ""));
	assert_says("", w, "anna", "unit.declared", DECLARED("D2", ""));
	assert_string_equal(certificate_says(w, "anna", "D1", "key-1"), "");
	assert_string_equal(certificate_says(w, "anna", "D1", "key-2"),
			    "!CERTIFICATE_ALREADY_DECLARED");
	assert_string_equal(certificate_says(w, "anna", "D2", "key-1"), "!UNIT_KEY_ALREADY_USED");
	assert_string_equal(request_with_key(w, "S1", "key-1", ""), "!UNIT_KEY_ALREADY_USED");
	/* nor may it be the key of somebody who signs here, or of a unit that was built here */
	assert_string_equal(certificate_says(w, "anna", "D2", "bert"), "!UNIT_KEY_ALREADY_USED");
	world_built(w, "S3");
	assert_string_equal(certificate_says(w, "anna", "D2", "GW/S3"), "!UNIT_KEY_ALREADY_USED");
	assert_string_equal(certificate_says(w, "anna", "D2", "key-2"), "");
}

static void device_certificate_is_of_a_declared_unit(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(certificate_says(w, "anna", "D1", "key-1"), "!UNIT_NOT_DECLARED");
	world_built(w, "S1");
	assert_string_equal(certificate_says(w, "anna", "S1", "key-1"), "!UNIT_NOT_DECLARED");
	assert_says("", w, "anna", "unit.declared", DECLARED("D1", ""));
	assert_says("!CERTIFICATE_MALFORMED", w, "anna", "certificate.declared",
		    "{'product':'GW','serial':'D1','certificate':'MAA'}");
	assert_says("", w, "anna", "unit.scrapped",
		    "{'product':'GW','serial':'D1','reason':'burnt','witness':'dora','photo':"
		    "'" OTHER_IMAGE "'}");
	assert_string_equal(certificate_says(w, "anna", "D1", "key-1"), "!UNIT_NOT_DECLARED");
}

/* The image may even be a released one: nobody saw this unit being built. */
static void declared_unit_passes_no_gate_as_built_here(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "unit.declared",
		    DECLARED("D1", ",'image':'1111111111111111111111111111111111111111111111111111"
				   "111111111111'"));
	assert_string_equal(certificate_says(w, "anna", "D1", "GW/D1"), "");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "D1"), "PRG-01: declared");
	assert_non_null(strstr(gate_says(w, "ship", "unit", "GW", "D1"), "PRG-01: D1 none"));
	assert_non_null(strstr(gate_says(w, "commission", "unit", "GW", "D1"), "declared"));
	assert_string_equal(gate_says(w, "build", "unit", "GW", "D1"), "PRG-03: GW D1");
}

static void what_is_done_to_a_declared_unit_as_if_it_were_built_here_holds_it(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "unit.declared", DECLARED("D1", ""));
	assert_says("UNIT_OUT_OF_TURN", w, "st1", "unit.built",
		    "{'product':'GW','serial':'D1','station':'st1'}");
	assert_string_equal(shows(w, "unit.one", "state", "serial=D1&product=GW"), "declared");
	assert_int_equal(rows_of(w, "hold.open", "kind=unit&within=GW&id=D1"), 1);
}

static void declared_units_come_out_of_a_rebuild_as_they_were(void **state)
{
	struct world *w = *state;

	assert_says("", w, "anna", "unit.declared",
		    DECLARED("D1", ",'version':'1.0','address':'001A2B3C4D5E','customer':'x'"));
	assert_says("", w, "anna", "unit.declared", DECLARED("D2", ",'image':'" OTHER_IMAGE "'"));
	assert_string_equal(certificate_says(w, "anna", "D2", "key-1"), "");
	house_must_rebuild(&w->house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(unit_that_exists_is_declared_once),
		WORLD_TEST(declaration_is_refused_that_cannot_be),
		WORLD_TEST(who_may_only_at_one_site_declares_nothing_for_another),
		WORLD_TEST(serial_that_was_declared_is_never_built),
		WORLD_TEST(key_that_was_declared_is_nobody_elses),
		WORLD_TEST(device_certificate_is_of_a_declared_unit),
		WORLD_TEST(declared_unit_passes_no_gate_as_built_here),
		WORLD_TEST(what_is_done_to_a_declared_unit_as_if_it_were_built_here_holds_it),
		WORLD_TEST(declared_units_come_out_of_a_rebuild_as_they_were),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
