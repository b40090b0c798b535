/* SPDX-License-Identifier: Apache-2.0 */
/* Passkeys over HTTP: registered and confirmed by somebody else; and a long list of what is refused. */
#include "passkey_kit.h"

#include "core/cbor.h"
#include "server/passkey_offers.h"

#include <stdio.h>
#include <string.h>

static struct api *x;

static int open_api(void **state)
{
	(void)state;
	x = kit_open();
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

/* Failures of one address are limited; tests have one address. */
static int patience(void **state)
{
	(void)state;
	x->moved.ahead_ms += 60 * 1000;
	api_sign_in(x, &x->ada);
	return 0;
}

/* ---- registering ---- */

static void passkey_is_registered_confirmed_and_signs_in(void **state)
{
	static const enum key_algorithm ALGORITHMS[] = {KEY_P256, KEY_ED25519};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct token t = token_make(ALGORITHMS[i]);
		struct reply *r = kit_register(x, kit_by_link(x, &x->ben), &t, "ben", NULL);
		must_have(r, 201);
		assert_string_equal(reply_text(r, "key"), t.hex);
		assert_int_equal(strlen(reply_text(r, "code")), 29);
		/* Until somebody else has said so it is nobody's. */
		must_refuse(kit_sign_in(x, &t, NULL), 403, "API_PASSKEY_UNKNOWN");
		kit_confirm(x, &t);
		r = kit_web(x, kit_signed_in(x, &t), "GET", "/v1/me", NULL);
		must_have(r, 200);
		assert_string_equal(reply_text(r, "principal"), "ben");
		assert_string_equal(reply_text(r, "key"), t.hex);
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(r->json, "session"), "strength")),
				    "passkey");
		token_done(&t);
	}
}

static void packed_attestation_by_the_key_itself_is_taken(void **state)
{
	struct token t = token_make(KEY_P256);

	(void)state;
	must_have(kit_register(x, kit_by_link(x, &x->ben), &t, "ben",
			       &(struct kit_wish){.creation = {.format = "packed"}}),
		  201);
	token_done(&t);
}

static void offer_shows_what_will_be_signed_and_its_code(void **state)
{
	struct person p = api_person(x, "cora", "person", "part.read", NULL);
	struct token t = token_make(KEY_P256);
	const char *cookie = kit_by_link(x, &p);
	struct reply *made = kit_register(x, cookie, &t, "cora", NULL);
	const char *path = arena_printf(&x->arena, "/v1/passkeys/offers/%s", t.hex);
	struct reply *r = kit_web(x, cookie, "GET", path, NULL);

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "code"), reply_text(made, "code"));
	assert_string_equal(reply_text(r, "principal"), "cora");
	assert_string_equal(reply_text(r, "label"), "a key");
	assert_string_equal(reply_text(r, "transports"), "usb");
	const json_t *body = json_object_get(r->json, "body");
	assert_string_equal(json_string_value(json_object_get(body, "principal")), "cora");
	assert_int_equal(json_object_size(body), 7);
	must_have(kit_web(x, cookie, "DELETE", path, NULL), 204);
	must_refuse(kit_web(x, cookie, "GET", path, NULL), 404, "API_PASSKEY_OFFER_GONE");
	must_refuse(kit_web(x, cookie, "DELETE", path, NULL), 404, "API_PASSKEY_OFFER_GONE");
	token_done(&t);
	person_done(&p);
}

static size_t offers(const char *cookie)
{
	struct reply *r = kit_web(x, cookie, "GET", "/v1/passkeys/offers", NULL);

	must_have(r, 200);
	return json_array_size(json_object_get(r->json, "offers"));
}

static void offer_of_another_is_seen_only_by_who_manages_access(void **state)
{
	struct person p = api_person(x, "olga", "person", "part.read", NULL);
	struct person q = api_person(x, "paul", "person", "part.read", NULL);
	struct token t = token_make(KEY_P256);
	const char *olga = kit_by_link(x, &p), *paul = kit_by_link(x, &q);
	const char *path = arena_printf(&x->arena, "/v1/passkeys/offers/%s", t.hex);

	(void)state;
	must_have(kit_register(x, olga, &t, "olga", NULL), 201);
	assert_int_equal(offers(olga), 1);
	assert_int_equal(offers(paul), 0);
	must_refuse(kit_web(x, paul, "GET", path, NULL), 404, "API_PASSKEY_OFFER_GONE");
	must_refuse(kit_web(x, paul, "DELETE", path, NULL), 404, "API_PASSKEY_OFFER_GONE");
	must_have(api_get(x, &x->ada, path), 200);
	/* By her link she may look, but act as little as by any link. */
	must_refuse(kit_web(x, kit_by_link(x, &x->ada), "DELETE", path, NULL), 403,
		    "API_BROWSER_READS_ONLY");
	must_have(api_ask(x, &(struct ask){.method = "DELETE", .path = path, .who = &x->ada}), 204);
	assert_int_equal(offers(olga), 0);
	token_done(&t);
	person_done(&p);
	person_done(&q);
}

static void sixth_offer_and_one_that_is_there_are_refused(void **state)
{
	struct person p = api_person(x, "many", "person", "part.read", NULL);
	const char *cookie = kit_by_link(x, &p);
	struct token t[OFFERS_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= OFFERS_MAX; i++)
		t[i] = token_make(KEY_P256);
	must_have(kit_register(x, cookie, &t[0], "many", NULL), 201);
	must_refuse(kit_register(x, cookie, &t[0], "many", NULL), 409, "API_PASSKEY_KNOWN");
	for (size_t i = 1; i < OFFERS_MAX; i++)
		must_have(kit_register(x, cookie, &t[i], "many", NULL), 201);
	must_refuse(kit_register(x, cookie, &t[OFFERS_MAX], "many", NULL), 429,
		    "API_PASSKEY_OFFERS_MANY");
	/* One that was confirmed is no offer any more, and makes room. */
	kit_confirm(x, &t[0]);
	must_have(kit_register(x, cookie, &t[OFFERS_MAX], "many", NULL), 201);
	must_refuse(kit_register(x, kit_by_link(x, &x->ben), &t[0], "ben", NULL), 409,
		    "API_PASSKEY_KNOWN");
	must_refuse(kit_web(x, cookie, "DELETE",
			    arena_printf(&x->arena, "/v1/passkeys/offers/%s", t[0].hex), NULL),
		    404, "API_PASSKEY_OFFER_GONE");
	for (size_t i = 0; i <= OFFERS_MAX; i++)
		token_done(&t[i]);
	person_done(&p);
}

static void key_that_speaks_for_somebody_is_no_new_passkey(void **state)
{
	struct token t = token_make(KEY_ED25519);
	struct private_key *own = t.key;

	(void)state;
	t.key = x->ben.key;
	must_refuse(kit_register(x, kit_by_link(x, &x->ben), &t, "ben", NULL), 409,
		    "API_PASSKEY_KNOWN");
	t.key = own;
	token_done(&t);
}

static void offer_is_over_after_seven_days(void **state)
{
	struct token t = token_make(KEY_P256);
	const char *path = arena_printf(&x->arena, "/v1/passkeys/offers/%s", t.hex);

	(void)state;
	must_have(kit_register(x, kit_by_link(x, &x->ben), &t, "ben", NULL), 201);
	must_have(api_get(x, &x->ada, path), 200);
	x->moved.ahead_ms += (uint64_t)OFFER_DAYS * 24 * 3600 * 1000;
	api_sign_in(x, &x->ada);
	api_sign_in(x, &x->ben);
	api_sign_in(x, &x->cleo);
	must_refuse(api_get(x, &x->ada, path), 404, "API_PASSKEY_OFFER_GONE");
	token_done(&t);
}

static void credential_of_another_person_is_refused(void **state)
{
	struct token mine = token_make(KEY_P256), theirs = token_make(KEY_P256);
	const struct kit_wish stolen = {.credential = {mine.id, sizeof mine.id}};

	(void)state;
	kit_enroll(x, &x->ben, &mine);
	must_refuse(kit_register(x, kit_by_link(x, &x->cleo), &theirs, "cleo", &stolen), 409,
		    "API_PASSKEY_KNOWN");
	/* Nor does somebody else's signature become theirs under it. */
	must_refuse(kit_sign_in(x, &theirs, &stolen), 403, "API_PASSKEY_WRONG");
	token_done(&mine);
	token_done(&theirs);
}

/* ---- registrations that are wrong in one thing ---- */

static struct bytes cose_rs256(void)
{
	static uint8_t buffer[512];
	static const uint8_t modulus[256] = {0xc1}, exponent[] = {1, 0, 1};
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;

	cbor_put_map(&w, 4);
	cbor_put_int(&w, 1);
	cbor_put_int(&w, 3);
	cbor_put_int(&w, 3);
	cbor_put_int(&w, -257);
	cbor_put_int(&w, -1);
	cbor_put_bytes(&w, bytes_of(modulus, sizeof modulus));
	cbor_put_int(&w, -2);
	cbor_put_bytes(&w, bytes_of(exponent, sizeof exponent));
	assert_true(writer_done(&w, &out));
	return out;
}

#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static void must_not_register(const char *cookie, const struct token *t, size_t row,
			      const struct kit_wish *wish)
{
	struct reply *r = kit_register(x, cookie, t, "cleo", wish);

	if (r->status != 400 ||
	    strcmp(reply_text(r, "code"), "API_PASSKEY_REGISTRATION_WRONG") != 0)
		stop_test("row %zu: %d %s\n", row, r->status, r->body);
}

static void registration_that_is_wrong_in_one_thing_is_refused(void **state)
{
	struct token other = token_make(KEY_P256);
	const struct kit_wish wrong[] = {
		{.creation = {.origin = "https://localhost:9443"}},
		{.creation = {.origin = "http://localhost:8443"}},
		{.creation = {.origin = "https://localhost:8443/"}},
		{.creation = {.party = "evil.example"}},
		{.creation = {.type = "webauthn.get"}},
		{.creation = {.challenge = {{1}}}},
		{.creation = {.cross = "true"}},
		{.creation = {.cross = "\"false\""}},
		{.creation = {.more = "\"topOrigin\":\"https://localhost:8443\""}},
		{.creation = {.more = "\"type\":\"webauthn.create\""}},
		{.creation = {.flags = "PC"}},
		{.creation = {.flags = "VC"}},
		{.creation = {.flags = "C"}},
		{.creation = {.flags = "PV"}},
		{.creation = {.flags = "PVCX"}},
		{.creation = {.tail = BYTES("\xa0")}},
		{.creation = {.flags = "PVCX",
			      .tail = BYTES("\xa1\x63"
					    "foo\x01")}},
		{.creation = {.flags = "PVCX",
			      .tail = BYTES("\xa1\x6b"
					    "credProtect\x04")}},
		{.creation = {.after = BYTES("\x00")}},
		{.creation = {.format = "fido-u2f"}},
		{.creation = {.format = "android-key"}},
		{.creation = {.statement = BYTES("\xa1\x61"
						 "a\x01")}},
		{.creation = {.format = "packed", .statement = BYTES("\xa0")}},
		{.creation = {.format = "packed", .statement = BYTES("\x00")}},
		{.creation = {.cose_key = cose_rs256()}},
		{.creation = {.cose_key = BYTES("\xa0")}},
		{.creation = {.cose_key = BYTES("\xa5\x01\x02\x03\x26\x20\x01\x21\x40\x22\x40")}},
		{.creation = {.cose_key = BYTES("\xa5\x01\x02")}},
		{.credential = BYTES("too short here")},
		{.possession = {.origin = "https://localhost:9443"}},
		{.possession = {.party = "evil.example"}},
		{.possession = {.type = "webauthn.create"}},
		{.possession = {.challenge = {{1}}}},
		{.possession = {.flags = "P"}},
		{.possession = {.flags = "V"}},
		{.possession = {.cross = "true"}},
		{.of = "ben"},
		{.possessor = &other},
	};
	struct token t = token_make(KEY_P256);
	const char *cookie = kit_by_link(x, &x->cleo);

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		must_not_register(cookie, &t, i, &wrong[i]);
	assert_int_equal(offers(cookie), 0);
	token_done(&t);
	token_done(&other);
}

static void request_that_lacks_or_adds_a_member_is_refused(void **state)
{
	static const char *const MEMBERS[] = {"nonce",       "label",       "transports",
					      "client_data", "attestation", "possession"};
	static const struct kit_wish wrong[] = {
		{.label = "\"\""},
		{.label = "7"},
		{.label = "\"two\\nlines\""},
		{.label = "\"0123456789012345678901234567890123456789012345678901234567890\""},
		{.label = "\"a\\u0007b\""},
		{.transports = "{}"},
		{.transports = "[7]"},
		{.transports = "[\"\"]"},
		{.transports = "[\"USB\"]"},
		{.transports = "[\"aaaaaaaaaaaaaaaaa\"]"},
		{.transports = "[\"aaaaaaaaaaaaaaaa\",\"aaaaaaaaaaaaaaaa\",\"aaaaaaaaaaaaaaaa\","
			       "\"aaaaaaaaaaaaaaaa\"]"},
	};
	struct token t = token_make(KEY_P256);
	const char *cookie = kit_by_link(x, &x->cleo);

	(void)state;
	for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++)
		must_have(kit_register(x, cookie, &t, "cleo",
				       &(struct kit_wish){.without = MEMBERS[i]}),
			  400);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		must_refuse(kit_register(x, cookie, &t, "cleo", &wrong[i]), 400, "FIELD_WRONG");
	json_t *more = kit_registration(x, &t, "cleo", NULL);
	json_object_set_new(more, "principal", json_string("ada"));
	must_refuse(kit_send(x, cookie, "POST", "/v1/passkeys", more), 400, "FIELD_UNKNOWN");
	json_t *padded = kit_registration(x, &t, "cleo", NULL);
	json_object_set_new(padded, "attestation", json_string("AAA="));
	must_refuse(kit_send(x, cookie, "POST", "/v1/passkeys", padded), 400, "FIELD_WRONG");
	token_done(&t);
}

/* Cut anywhere: no prefix of an attestation object is one. */
static void attestation_that_is_cut_anywhere_is_refused(void **state)
{
	struct token t = token_make(KEY_ED25519);
	const char *cookie = kit_by_link(x, &x->cleo);

	(void)state;
	json_t *whole = kit_registration(x, &t, "cleo", NULL);
	size_t n = json_string_length(json_object_get(whole, "attestation"));
	for (size_t keep = 4; keep < n; keep += 12) {
		json_t *cut = kit_registration(x, &t, "cleo", NULL);
		const char *text = json_string_value(json_object_get(cut, "attestation"));
		json_object_set_new(cut, "attestation", json_stringn(text, keep));
		must_refuse(kit_send(x, cookie, "POST", "/v1/passkeys", cut), 400,
			    "API_PASSKEY_REGISTRATION_WRONG");
	}
	json_decref(whole);
	token_done(&t);
}

static void nonce_is_good_once_for_its_purpose_and_for_five_minutes(void **state)
{
	struct token t = token_make(KEY_P256), u = token_make(KEY_P256);
	const char *cookie = kit_by_link(x, &x->cleo);
	struct hash nonce = kit_nonce(x), old = kit_nonce(x), other;
	struct kit_wish wish = {.nonce = &nonce};
	struct reply *r = api_post(x, NULL, "/v1/challenges", "{'for':'session'}");
	size_t n;

	(void)state;
	must_have(kit_register(x, cookie, &t, "cleo", &wish), 201);
	must_refuse(kit_register(x, cookie, &u, "cleo", &wish), 422, "API_NONCE_OVER");
	must_refuse(kit_sign_in(x, &t, &wish), 422, "API_NONCE_OVER");
	assert_true(base64url_decode(bytes_text(reply_text(r, "nonce")), other.b, 32, &n));
	wish.nonce = &other;
	must_refuse(kit_sign_in(x, &t, &wish), 422, "API_NONCE_OVER");
	other = (struct hash){{1, 2, 3}};
	must_refuse(kit_sign_in(x, &t, &wish), 422, "API_NONCE_OVER");
	x->moved.ahead_ms += CHALLENGE_MS;
	wish.nonce = &old;
	must_refuse(kit_sign_in(x, &t, &wish), 422, "API_NONCE_OVER");
	must_refuse(kit_register(x, cookie, &u, "cleo", &wish), 422, "API_NONCE_OVER");
	token_done(&t);
	token_done(&u);
}

static void only_a_session_of_a_person_registers(void **state)
{
	struct token t = token_make(KEY_P256);
	struct person station = api_person(x, "station-7", "station", "custody.write", NULL);
	const char *text = kit_text(x, kit_registration(x, &t, "station-7", NULL));
	struct ask machine = {
		.path = "/v1/passkeys", .body = text, .who = &station, .machine = true};

	(void)state;
	must_refuse(api_ask(x, &machine), 403, "API_LINK_FOR_PEOPLE");
	must_refuse(kit_register(x, NULL, &t, "ben", NULL), 401, "API_IDENTITY_MISSING");
	token_done(&t);
	person_done(&station);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(passkey_is_registered_confirmed_and_signs_in, patience),
		cmocka_unit_test_setup(packed_attestation_by_the_key_itself_is_taken, patience),
		cmocka_unit_test_setup(offer_shows_what_will_be_signed_and_its_code, patience),
		cmocka_unit_test_setup(offer_of_another_is_seen_only_by_who_manages_access,
				       patience),
		cmocka_unit_test_setup(sixth_offer_and_one_that_is_there_are_refused, patience),
		cmocka_unit_test_setup(key_that_speaks_for_somebody_is_no_new_passkey, patience),
		cmocka_unit_test_setup(offer_is_over_after_seven_days, patience),
		cmocka_unit_test_setup(credential_of_another_person_is_refused, patience),
		cmocka_unit_test_setup(registration_that_is_wrong_in_one_thing_is_refused,
				       patience),
		cmocka_unit_test_setup(request_that_lacks_or_adds_a_member_is_refused, patience),
		cmocka_unit_test_setup(attestation_that_is_cut_anywhere_is_refused, patience),
		cmocka_unit_test_setup(nonce_is_good_once_for_its_purpose_and_for_five_minutes,
				       patience),
		cmocka_unit_test_setup(only_a_session_of_a_person_registers, patience),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
