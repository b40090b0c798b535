/* SPDX-License-Identifier: Apache-2.0 */
/* (a), (c), (k) in the server itself: what a line says and asks for. */
#include "attack.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

#define NEWER "2222222222222222222222222222222222222222222222222222222222222222"
#define NONCE "AAAAAAAAAAAAAAAAAAAAAA"

static struct world *world_new(bool chartered)
{
	void *state = NULL;

	assert_int_equal(chartered ? world_setup_chartered(&state) : world_setup(&state), 0);
	return state;
}

/* NULL: recorded, and nothing raised. The first code otherwise, refused or raised. */
static const char *over(struct world *w, const char *answer, const char *success)
{
	static char message[64];
	void *state = w;
	bool won = strcmp(answer, success) == 0;

	(void)snprintf(message, sizeof message, "%s", answer[0] == '!' ? answer + 1 : answer);
	message[strcspn(message, " ")] = '\0';
	assert_int_equal(world_teardown(&state), 0);
	return won ? NULL : message;
}

static const char *programmed(struct world *w, const char *serial, const char *release,
			      const char *image)
{
	return says(w, "st1", "unit.programmed",
		    "{'product':'GW','serial':'%s','station':'st1','release':'%s','image':'%s'}",
		    serial, release, image);
}

/* ---- (a) ---- */

static const char *one_more_unit(void)
{
	struct world *w = world_new(false);
	char serial[8];

	world_ready_to_build(w); /* five */
	for (int i = 1; i <= 5; i++) {
		(void)snprintf(serial, sizeof serial, "S%d", i);
		world_request(w, serial);
	}
	const char *answer = world_request_says(w, "st1", "S6");
	if (answer[0] == '\0')
		assert_int_equal(rows_of(w, "unit.waiting", ""), 6);
	return over(w, world_request_says(w, "st1", "S7"), "");
}

/* ---- (c) ---- */

static const char *image_that_is_not_released_any_more(void)
{
	struct world *w = world_new(false);

	world_ready_to_build(w);
	world_built(w, "S1");
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'a hole'}");
	return over(w, programmed(w, "S1", "FW1", IMAGE), "");
}

static const char *image_that_the_signer_did_not_sign(void)
{
	struct world *w = world_new(true);

	world_ready_to_build(w);
	world_built(w, "S1");
	return over(w, programmed(w, "S1", "FW1", IMAGE), "");
}

static const char *release_that_is_less_secure(void)
{
	struct world *w = world_new(false);

	world_ready_to_build(w);
	return over(w,
		    says(w, "anna", "firmware.released",
			 "{'release':'FW0','product':'GW','version':'0','environment':"
			 "'production','image':'" NEWER "','image_size':1,'security_version':0}"),
		    "(waits)");
}

/* Station st1 is for production: its unit gets the laboratory's image, with a permit asked for it. */
static const char *image_of_another_environment(void)
{
	struct world *w = world_new(false);

	world_ready_to_build(w);
	world_builds_with(w, "BA2", "FW1", IMAGE, ",'permits':true");
	world_built(w, "S1");
	assert_says("(waits)", w, "anna", "firmware.released",
		    "{'release':'LAB','product':'GW','version':'9','environment':'development',"
		    "'image':'" NEWER "','image_size':1,'security_version':1}");
	assert_string_equal(approved(w), "");
	return over(w,
		    says(w, "st1", "permit.requested",
			 "{'product':'GW','serial':'S1','release':'LAB','nonce':'" NONCE "'}"),
		    "");
}

static const char *image_without_a_permit(void)
{
	struct world *w = world_new(false);

	world_ready_to_build(w);
	world_builds_with(w, "BA2", "FW1", IMAGE, ",'permits':true");
	world_built(w, "S1");
	return over(w, programmed(w, "S1", "FW1", IMAGE), "");
}

/* The gate: something was found about the unit, and it is held. */
static const char *permit_for_a_unit_that_is_held(void)
{
	struct world *w = world_new(false);

	world_ready_to_build(w);
	world_builds_with(w, "BA2", "FW1", IMAGE, ",'permits':true");
	world_built(w, "S1");
	(void)says(w, "qa", "hold.placed",
		   "{'kind':'unit','within':'GW','id':'S1','reason':'a seal is broken'}");
	return over(w,
		    says(w, "st1", "permit.requested",
			 "{'product':'GW','serial':'S1','release':'FW1','nonce':'" NONCE "'}"),
		    "");
}

/* ---- (k) ---- */

static void stands(struct world *w, const char *station)
{
	world_enroll(w, station, "station", NULL);
	assert_says("", w, "anna", "station.defined",
		    "{'station':'%s','site':'VN','line':'L1','environment':'production'}", station);
	assert_says("", w, "anna", "role.granted",
		    "{'grant_id':'g-%s','principal':'%s','role':'station','station':'%s'}", station,
		    station, station);
}

static const char *station_that_is_not_named(void)
{
	struct world *w = world_new(false);

	world_ready_to_build(w);
	stands(w, "st2");
	return over(w, world_request_says(w, "st2", "S1"), "");
}

static const char *station_key_that_was_revoked(void)
{
	struct world *w = world_new(false);
	struct hash key = public_key_id(private_key_public(world_actor(w, "st1")->key));
	char hex[65];

	world_ready_to_build(w);
	world_request(w, "S1");
	hex_encode(hash_bytes(&key), hex);
	assert_says("", w, "anna", "key.revoked", "{'key_id':'%s','reason':'stolen'}", hex);
	return over(w, world_request_says(w, "st1", "S2"), "");
}

const struct attack LINE_ATTACKS[] = {
	{'a', "a request beyond the quota", one_more_unit, "BUILD_QUOTA_EXCEEDED",
	 CHECK_ENGINE_RULE, "BUILD_QUOTA_EXCEEDED", 0, NULL},
	{'c', "an image that is not released any more is programmed",
	 image_that_is_not_released_any_more, "IMAGE_NOT_RELEASED", CHECK_ENGINE_RULE,
	 "IMAGE_NOT_RELEASED", 0, NULL},
	{'c', "an image that the signer did not sign is programmed",
	 image_that_the_signer_did_not_sign, "IMAGE_NOT_SIGNED", CHECK_ENGINE_RULE,
	 "IMAGE_NOT_SIGNED", 0, NULL},
	{'c', "a release that is less secure than one before", release_that_is_less_secure,
	 "SECURITY_VERSION_LOWER", CHECK_ENGINE_RULE, "SECURITY_VERSION_LOWER", 0, NULL},
	{'c', "a permit for a development image is asked for", image_of_another_environment,
	 "ENVIRONMENT_DIFFERS", CHECK_ENGINE_RULE, "ENVIRONMENT_DIFFERS", 0, NULL},
	{'c', "an image is programmed without a permit", image_without_a_permit,
	 "PROGRAMMED_WITHOUT_PERMIT", CHECK_ENGINE_RULE, "PROGRAMMED_WITHOUT_PERMIT", 0, NULL},
	{'c', "a permit for a unit that is held", permit_for_a_unit_that_is_held, "GATE_CLOSED",
	 CHECK_ENGINE_GATE, "PRG-01", 0, NULL},
	{'k', "a stolen key of a station that the order does not name", station_that_is_not_named,
	 "STATION_KEY_NOT_AUTHORIZED", CHECK_ENGINE_RULE, "STATION_KEY_NOT_AUTHORIZED", 0, NULL},
	{'k', "a stolen station's key after it was revoked", station_key_that_was_revoked,
	 "KEY_NOT_AUTHORS", CHECK_ENGINE_KEY, NULL, 0, NULL},
	{0},
};
