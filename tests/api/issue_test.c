/* SPDX-License-Identifier: Apache-2.0 */
/* Device certificates in three steps: what is requested is issued once, whatever fell asleep
 * between the steps. */
#include "fixture.h"

#include "server/server_internal.h"
#include "world.h"
#undef fail

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 60 };

static void *world_state;
static struct world *world;
static struct api *x;
static struct person anna, station;

static struct person person_of(const char *name)
{
	struct person p = {.key = world_actor(world, name)->key};

	snprintf(p.id, sizeof p.id, "%s", name);
	return p;
}

static int open_api(void **state)
{
	(void)state;
	if (world_setup(&world_state) != 0)
		return 1;
	world = world_state;
	world_ready_to_build(world);
	world_request(world, "left"); /* the power failed here */
	house_stop(&world->house);
	x = api_open_over(world->house.store, world->house.clock_state.wall);
	anna = person_of("anna");
	station = person_of("st1");
	api_sign_in(x, &anna);
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	house_start(&world->house);
	return world_teardown(&world_state);
}

static json_t *unit_row(const char *serial)
{
	struct reply *r = api_get(
		x, &anna,
		arena_printf(&x->arena, "/v1/views/unit.certificate?product=GW&serial=%s", serial));

	must_have(r, 200);
	return json_array_get(json_object_get(r->json, "rows"), 0);
}

/* Asks until the unit has its certificate. */
static json_t *wait_for_certificate(const char *serial)
{
	time_t end = time(NULL) + PATIENCE_S;
	json_t *row;

	while ((row = unit_row(serial)) == NULL)
		if (time(NULL) > end)
			stop_test("no certificate for %s\n", serial);
	return row;
}

static struct reply *request(const char *serial, struct private_key *key)
{
	struct bytes der;
	char text[4096];

	assert_int_equal(csr_make(&x->arena, key, serial, &der, NULL).code, OK);
	base64url_encode(der, text);
	return api_sign(x, &station, "unit.requested",
			arena_printf(&x->arena,
				     "{'product':'GW','serial':'%s','authorization':'BA1',"
				     "'csr':'%s'}",
				     serial, text));
}

static void what_a_crash_left_is_issued_at_start(void **state)
{
	json_t *row = wait_for_certificate("left");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(row, "state")), "certified");
}

static void requested_unit_gets_a_certificate_of_our_ca(void **state)
{
	struct private_key *key;
	struct device_certificate read;
	uint8_t der[CERTIFICATE_SIZE_MAX];

	(void)state;
	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	must_have(request("live", key), 201);
	const char *hex =
		json_string_value(json_object_get(wait_for_certificate("live"), "certificate"));
	assert_true(hex_decode(bytes_text(hex), der, strlen(hex) / 2));
	assert_int_equal(certificate_check_device(&x->arena, bytes_of(der, strlen(hex) / 2),
						  x->public.ca_certificate, &read, NULL)
				 .code,
			 OK);
	assert_true(bytes_equal(read.serial, bytes_text("live")));
	assert_true(hash_equal(read.key_id, public_key_id(private_key_public(key))));
	private_key_close(key);
}

static void certified_device_is_known_by_its_key(void **state)
{
	struct person device = {.id = "GW/known"};
	struct ask ask = {.path = "/v1/me", .who = &device, .machine = true};

	(void)state;
	assert_int_equal(private_key_generate(KEY_P256, &device.key, NULL).code, OK);
	must_have(request("known", device.key), 201);
	(void)wait_for_certificate("known");
	struct reply *r = api_ask(x, &ask);
	must_have(r, 200);
	assert_string_equal(reply_text(r, "principal"), "GW/known");
	assert_string_equal(reply_text(r, "kind"), "device");
	person_done(&device);
}

static void same_key_gets_no_second_certificate(void **state)
{
	struct private_key *key;

	(void)state;
	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	must_have(request("first", key), 201);
	(void)wait_for_certificate("first");
	must_refuse(request("second", key), 409, "UNIT_KEY_ALREADY_USED");
	private_key_close(key);
}

static void request_while_the_signer_is_away_is_issued_when_it_is_back(void **state)
{
	struct private_key *key;

	(void)state;
	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	api_signer_away(x);
	struct reply *r = request("away", key);
	must_have(r, 202);
	assert_null(unit_row("away"));
	api_signer_back(x);
	(void)wait_for_certificate("away");
	private_key_close(key);
}

/* Between the two the engine still publishes, and so tells of requests. Under the address
 * sanitizer this is what it is about. */
static void issuing_may_be_woken_until_it_is_closed(void **state)
{
	struct issuing *issuing = x->server->issuing;

	(void)state;
	issuing_stop(issuing);
	x->server->issuing = NULL;
	issuing_wake(issuing);
	issuing_close(issuing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_crash_left_is_issued_at_start),
		cmocka_unit_test(requested_unit_gets_a_certificate_of_our_ca),
		cmocka_unit_test(certified_device_is_known_by_its_key),
		cmocka_unit_test(same_key_gets_no_second_certificate),
		cmocka_unit_test(request_while_the_signer_is_away_is_issued_when_it_is_back),
		cmocka_unit_test(issuing_may_be_woken_until_it_is_closed), /* the last */
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
