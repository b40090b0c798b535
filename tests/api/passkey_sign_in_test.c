/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in with a passkey, and signing records with it; what is wrong in one thing signs nobody in. */
#include "passkey_kit.h"

#include "domain/access/access_area.h"

#include <stdio.h>
#include <stdlib.h>
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

#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

/* ---- signing in ---- */

static void assertion_that_is_wrong_in_one_thing_signs_nobody_in(void **state)
{
	static const struct kit_wish wrong[] = {
		{.assertion = {.origin = "https://localhost:9443"}},
		{.assertion = {.origin = "https://localhost:8443.evil.example"}},
		{.assertion = {.party = "evil.example"}},
		{.assertion = {.type = "webauthn.create"}},
		{.assertion = {.type = "payment.get"}},
		{.assertion = {.challenge = {{9}}}},
		{.assertion = {.cross = "true"}},
		{.assertion = {.cross = "null"}},
		{.assertion = {.more = "\"topOrigin\":\"https://localhost:8443\""}},
		{.assertion = {.more = "\"origin\":\"https://localhost:8443\""}},
		{.assertion = {.flags = "P"}},
		{.assertion = {.flags = "V"}},
		{.assertion = {.flags = "N"}},
		{.assertion = {.flags = "PVX"}},
	};
	struct token t = token_make(KEY_P256), stranger = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ben, &t);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct reply *r = kit_sign_in(x, &t, &wrong[i]);
		must_refuse(r, 403, "API_PASSKEY_WRONG");
		assert_null(reply_header(r, "Set-Cookie"));
		x->moved.ahead_ms += 10 * 1000;
	}
	must_refuse(kit_sign_in(x, &stranger, NULL), 403, "API_PASSKEY_UNKNOWN");
	must_refuse(kit_sign_in(x, &t, &(struct kit_wish){.credential = BYTES("x")}), 403,
		    "API_PASSKEY_UNKNOWN");
	must_have(kit_sign_in(x, &t, NULL), 201);
	token_done(&t);
	token_done(&stranger);
}

static void assertion_request_that_is_not_whole_is_refused(void **state)
{
	static const char *const MEMBERS[] = {"nonce", "credential", "client_data",
					      "authenticator_data", "signature"};
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ben, &t);
	for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
		must_refuse(kit_sign_in(x, &t, &(struct kit_wish){.without = MEMBERS[i]}), 400,
			    "FIELD_MISSING");
		json_t *wrong = kit_assertion(x, &t, NULL);
		json_object_set_new(wrong, MEMBERS[i], json_string("+/=="));
		must_refuse(kit_send(x, NULL, "POST", "/v1/sessions/passkey", wrong), 400,
			    "FIELD_WRONG");
		wrong = kit_assertion(x, &t, NULL);
		json_object_set_new(wrong, MEMBERS[i], json_string(""));
		must_refuse(kit_send(x, NULL, "POST", "/v1/sessions/passkey", wrong), 400,
			    "FIELD_WRONG");
		wrong = kit_assertion(x, &t, NULL);
		json_object_set_new(wrong, MEMBERS[i], json_integer(7));
		must_refuse(kit_send(x, NULL, "POST", "/v1/sessions/passkey", wrong), 400,
			    "FIELD_WRONG");
	}
	json_t *more = kit_assertion(x, &t, NULL);
	json_object_set_new(more, "code", json_string("12345678"));
	must_refuse(kit_send(x, NULL, "POST", "/v1/sessions/passkey", more), 400, "FIELD_UNKNOWN");
	token_done(&t);
}

static void page_of_another_site_signs_nobody_in(void **state)
{
	struct token t = token_make(KEY_P256);
	struct ask ask = {.method = "POST", .path = "/v1/sessions/passkey"};

	(void)state;
	kit_enroll(x, &x->ben, &t);
	ask.body = kit_text(x, kit_assertion(x, &t, NULL));
	must_refuse(api_ask(x, &ask), 403, "API_FROM_ELSEWHERE");
	ask.headers[0] = "Sec-Fetch-Site: cross-site";
	must_refuse(api_ask(x, &ask), 403, "API_FROM_ELSEWHERE");
	ask.headers[0] = "Origin: https://evil.example";
	must_refuse(api_ask(x, &ask), 403, "API_FROM_ELSEWHERE");
	ask.headers[0] = KIT_OURS; /* nothing was used up by that */
	must_have(api_ask(x, &ask), 201);
	token_done(&t);
}

static void who_keeps_trying_is_turned_away(void **state)
{
	struct token t = token_make(KEY_P256), stranger = token_make(KEY_P256);
	int status = 0;

	(void)state;
	kit_enroll(x, &x->ben, &t);
	/* The allowance grows while a slow machine asks. */
	for (int i = 0; i < 500 && status != 429; i++)
		status = kit_sign_in(x, &stranger, NULL)->status;
	assert_int_equal(status, 429);
	x->moved.ahead_ms += 60 * 1000;
	must_have(kit_sign_in(x, &t, NULL), 201);
	token_done(&t);
	token_done(&stranger);
}

/* ---- counters ---- */

static size_t falls(void)
{
	struct reply *r = api_get(x, &x->ada, "/v1/views/nonconformance.all?limit=1000");
	size_t n = 0, i;
	json_t *row;

	must_have(r, 200);
	json_array_foreach(json_object_get(r->json, "rows"), i, row)
	{
		const char *code = json_string_value(json_object_get(row, "code"));
		n += code != NULL && strcmp(code, "COUNTER_FELL") == 0;
	}
	return n;
}

static void counter_that_does_not_grow_ends_what_the_key_began(void **state)
{
	struct token t = token_make(KEY_P256);
	size_t before = falls();

	(void)state;
	kit_enroll(x, &x->ben, &t);
	t.counter = 100;
	const char *cookie = kit_signed_in(x, &t);
	must_have(kit_web(x, cookie, "GET", "/v1/me", NULL), 200);
	t.counter = 100; /* a copy that was made in between */
	must_refuse(kit_sign_in(x, &t, NULL), 403, "API_PASSKEY_COUNTER");
	must_refuse(kit_web(x, cookie, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	assert_int_equal(falls(), before + 1);
	t.counter = 7;
	must_refuse(kit_sign_in(x, &t, NULL), 403, "API_PASSKEY_COUNTER");
	t.counter = 101;
	must_have(kit_sign_in(x, &t, NULL), 201);
	t.counter = 0;
	must_refuse(kit_sign_in(x, &t, NULL), 403, "API_PASSKEY_COUNTER");
	assert_int_equal(falls(), before + 3);
	token_done(&t);
}

static void authenticator_that_does_not_count_signs_in_again_and_again(void **state)
{
	struct token t = token_make(KEY_P256);
	size_t before = falls();

	(void)state;
	t.counter = 0;
	kit_enroll(x, &x->ben, &t);
	for (int i = 0; i < 3; i++)
		must_have(kit_sign_in(x, &t, NULL), 201);
	assert_int_equal(falls(), before);
	token_done(&t);
}

/* ---- keys that end ---- */

static void session_ends_with_its_key_and_a_revoked_key_begins_none(void **state)
{
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ben, &t);
	const char *cookie = kit_signed_in(x, &t);
	must_have(kit_web(x, cookie, "GET", "/v1/me", NULL), 200);
	(void)api_must(x, &x->ada, "key.revoked",
		       arena_printf(&x->arena, "{'key_id':'%s','reason':'lost'}", t.hex));
	must_refuse(kit_web(x, cookie, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	must_refuse(kit_sign_in(x, &t, NULL), 403, "API_PASSKEY_UNKNOWN");
	/* Nor does it come back by being registered again. */
	must_refuse(kit_register(x, kit_by_link(x, &x->ben), &t, "ben", NULL), 409,
		    "API_PASSKEY_KNOWN");
	token_done(&t);
}

static void suspended_person_signs_in_no_more(void **state)
{
	struct person p = api_person(x, "sid", "person", "part.read", NULL);
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &p, &t);
	const char *cookie = kit_signed_in(x, &t);
	(void)api_must(x, &x->ada, "principal.suspended", "{'principal':'sid','reason':'away'}");
	must_refuse(kit_web(x, cookie, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	must_refuse(kit_sign_in(x, &t, NULL), 403, "API_PASSKEY_UNKNOWN");
	token_done(&t);
	person_done(&p);
}

/* ---- keys that are not authenticators, or not yet ---- */

/* Through the door for programs; its reply. */
static struct reply *signs_in(const char *principal, const struct private_key *key)
{
	uint8_t buffer[512], signature[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct hash id = public_key_id(private_key_public(key));
	struct reply *challenge = api_post(x, NULL, "/v1/challenges", "{'for':'session'}");
	char hex[65], text[128];
	struct bytes message;

	must_have(challenge, 201);
	assert_true(session_message(bytes_text(x->config.origin), bytes_text(principal),
				    bytes_text(reply_text(challenge, "nonce")), &w, &message));
	assert_int_equal(key_sign(key, message, signature, NULL).code, OK);
	hex_encode(hash_bytes(&id), hex);
	base64url_encode(bytes_of(signature, sizeof signature), text);
	return api_post(x, NULL, "/v1/sessions",
			arena_printf(&x->arena,
				     "{'principal':'%s','nonce':'%s','key':'%s','signature':'%s'}",
				     principal, reply_text(challenge, "nonce"), hex, text));
}

static const char *key_members(const char *principal, const struct private_key *key)
{
	uint8_t buffer[512], signature[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	char spki[512], possession[128];
	struct bytes message;

	assert_true(key_possession_message(bytes_text(x->config.origin), bytes_text(principal), &w,
					   &message));
	assert_int_equal(key_sign(key, message, signature, NULL).code, OK);
	base64url_encode(public_key_spki(private_key_public(key)), spki);
	base64url_encode(bytes_of(signature, sizeof signature), possession);
	return arena_printf(&x->arena, "'public_key':'%s','possession':'%s'", spki, possession);
}

static const char *in_hours(unsigned hours)
{
	char text[TIME_TEXT_SIZE];

	time_text(clock_wall_ms(&x->clock) + (uint64_t)hours * 3600 * 1000, text);
	return arena_text(&x->arena, bytes_text(text));
}

static void shifts_key_opens_no_session(void **state)
{
	struct person p = api_person(x, "operator", "person",
				     "line.define,line.shift,test.record,product.define", NULL);
	struct token t = token_make(KEY_P256);

	(void)state;
	(void)api_must(x, &p, "site.defined", "{'site':'VN','country':'VN','name':'Hanoi'}");
	(void)api_must(x, &p, "line.defined", "{'site':'VN','line':'L1'}");
	(void)api_must(x, &p, "station.defined",
		       "{'station':'st1','site':'VN','line':'L1','environment':'production'}");
	(void)api_must(x, &p, "shift.opened",
		       arena_printf(&x->arena,
				    "{'shift':'s1','station':'st1',%s,'not_after':'%s',"
				    "'permissions':[{'permission':'test.record'}]}",
				    key_members("operator", t.key), in_hours(8)));
	must_refuse(signs_in("operator", t.key), 401, "API_SIGN_IN_WRONG");
	must_refuse(kit_sign_in(x, &t, NULL), 403, "API_PASSKEY_UNKNOWN");
	must_have(signs_in("operator", p.key), 201);
	/* Nor does it count as a second authenticator. */
	struct reply *r = api_get(x, &p, "/v1/me");
	must_have(r, 200);
	assert_true(json_is_false(json_object_get(r->json, "set_up")));
	assert_int_equal(json_array_size(json_object_get(r->json, "authenticators")), 1);
	token_done(&t);
	person_done(&p);
}

/* ---- and what it signs ---- */

static struct reply *send_signed(const char *cookie, const struct reply *prepared,
				 struct bytes proof)
{
	char *text = arena_alloc(&x->arena, base64_size(proof.n) + 1);

	base64url_encode(proof, text);
	return kit_send(x, cookie, "POST", "/v1/records/role.defined",
			json_pack("{s:s, s:s, s:O}", "claim", reply_text(prepared, "claim"),
				  "proof", text, "openings",
				  json_object_get(prepared->json, "openings")));
}

static void record_is_signed_by_the_passkey_over_its_own_digest(void **state)
{
	struct token t = token_make(KEY_P256);
	struct bytes proof;
	uint8_t claim[4096];
	size_t n;

	(void)state;
	kit_enroll(x, &x->ada, &t);
	const char *cookie = kit_signed_in(x, &t);
	struct reply *r = kit_web(
		x, cookie, "POST", "/v1/records/role.defined/prepare",
		"{'body':{'role':'from-a-browser','permissions':[{'permission':'part.read'}]}}");
	must_have(r, 200);
	assert_true(base64url_decode(bytes_text(reply_text(r, "claim")), claim, sizeof claim, &n));
	/* A session alone signs nothing, and no assertion about something else does. */
	assert_int_equal(passkey_prove(&x->arena, t.key, KIT_PARTY, KIT_ORIGIN,
				       bytes_text("another claim"), &proof, NULL)
				 .code,
			 OK);
	must_refuse(send_signed(cookie, r, proof), 401, "PROOF_WRONG");
	assert_int_equal(passkey_prove(&x->arena, t.key, KIT_PARTY, "https://evil.example",
				       bytes_of(claim, n), &proof, NULL)
				 .code,
			 OK);
	must_refuse(send_signed(cookie, r, proof), 401, "PROOF_WRONG");
	must_refuse(kit_web(x, cookie, "POST", "/v1/records/role.defined",
			    "{'body':{'role':'bare','permissions':[{'permission':'part.read'}]}}"),
		    400, "PROOF_MISSING");
	assert_int_equal(passkey_prove(&x->arena, t.key, KIT_PARTY, KIT_ORIGIN, bytes_of(claim, n),
				       &proof, NULL)
				 .code,
			 OK);
	must_have(send_signed(cookie, r, proof), 201);
	token_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(assertion_that_is_wrong_in_one_thing_signs_nobody_in,
				       patience),
		cmocka_unit_test_setup(assertion_request_that_is_not_whole_is_refused, patience),
		cmocka_unit_test_setup(page_of_another_site_signs_nobody_in, patience),
		cmocka_unit_test_setup(who_keeps_trying_is_turned_away, patience),
		cmocka_unit_test_setup(counter_that_does_not_grow_ends_what_the_key_began,
				       patience),
		cmocka_unit_test_setup(authenticator_that_does_not_count_signs_in_again_and_again,
				       patience),
		cmocka_unit_test_setup(session_ends_with_its_key_and_a_revoked_key_begins_none,
				       patience),
		cmocka_unit_test_setup(suspended_person_signs_in_no_more, patience),
		cmocka_unit_test_setup(shifts_key_opens_no_session, patience),
		cmocka_unit_test_setup(record_is_signed_by_the_passkey_over_its_own_digest,
				       patience),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
