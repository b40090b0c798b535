/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: sessions of people, keys of machines, and those who are neither. */
#include "fixture.h"

#include "server/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api *x;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

static void later(uint64_t ms)
{
	x->moved.ahead_ms += ms;
}

/* Failures of one address are limited; tests have one address. */
static int patience(void **state)
{
	(void)state;
	later(30 * 1000);
	return 0;
}

/* ---- what is right ---- */

static void founder_who_signed_in_is_known(void **state)
{
	struct reply *r = api_get(x, &x->ada, "/v1/me");

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "principal"), "ada");
	assert_string_equal(reply_text(r, "kind"), "person");
	assert_string_equal(reply_text(r, "channel"), "session");
	assert_true(json_array_size(json_object_get(r->json, "permissions")) > 5);
}

static void machine_is_known_by_its_key(void **state)
{
	struct person station = api_person(x, "station-1", "station", "custody.write", NULL);
	struct ask ask = {.path = "/v1/me", .who = &station, .machine = true};
	struct reply *r = api_ask(x, &ask);

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "principal"), "station-1");
	assert_string_equal(reply_text(r, "channel"), "key");
	assert_string_equal(reply_text(r, "expires"), "");
	person_done(&station);
}

static void permissions_are_shown_with_their_scope(void **state)
{
	struct person p = api_person(x, "scoped", "person", "part.read", "'site':'berlin'");
	struct reply *r = api_get(x, &p, "/v1/me");
	const json_t *right = json_array_get(json_object_get(r->json, "permissions"), 0);

	(void)state;
	must_have(r, 200);
	assert_int_equal(json_array_size(json_object_get(r->json, "permissions")), 1);
	assert_string_equal(json_string_value(json_object_get(right, "permission")), "part.read");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(right, "scope"), "site")),
		"berlin");
	person_done(&p);
}

/* ---- signing in ---- */

struct attempt {
	const char *principal, *nonce;
	const struct person *signer;
	const char *message_principal; /* NULL: principal */
	bool key_of_ben;
};

static struct reply *try_sign_in(const struct attempt *a)
{
	uint8_t buffer[512], signature[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	const struct person *named = a->key_of_ben ? &x->ben : a->signer;
	struct hash key = public_key_id(private_key_public(named->key));
	char hex[65], text[128];
	struct bytes message;

	assert_true(session_message(
		bytes_text(API_ORIGIN),
		bytes_text(a->message_principal != NULL ? a->message_principal : a->principal),
		bytes_text(a->nonce), &w, &message));
	assert_int_equal(key_sign(a->signer->key, message, signature, NULL).code, OK);
	hex_encode(hash_bytes(&key), hex);
	base64url_encode(bytes_of(signature, 64), text);
	return api_post(x, NULL, "/v1/sessions",
			arena_printf(&x->arena,
				     "{'principal':'%s','nonce':'%s','key':'%s','signature':'%s'}",
				     a->principal, a->nonce, hex, text));
}

static const char *new_nonce(void)
{
	struct reply *r = api_post(x, NULL, "/v1/challenges", "{'for':'session'}");

	must_have(r, 201);
	return reply_text(r, "nonce");
}

static void nonce_is_good_once(void **state)
{
	struct attempt a = {"ada", new_nonce(), &x->ada, NULL, false};

	(void)state;
	must_have(try_sign_in(&a), 201);
	must_refuse(try_sign_in(&a), 401, "API_SIGN_IN_WRONG");
}

static void nonce_is_spent_by_a_wrong_attempt(void **state)
{
	struct attempt wrong = {"ada", new_nonce(), &x->ben, NULL, false};
	struct attempt right = {"ada", wrong.nonce, &x->ada, NULL, false};

	(void)state;
	must_refuse(try_sign_in(&wrong), 401, "API_SIGN_IN_WRONG");
	must_refuse(try_sign_in(&right), 401, "API_SIGN_IN_WRONG");
}

static void nonce_expires(void **state)
{
	struct attempt a = {"ada", new_nonce(), &x->ada, NULL, false};

	(void)state;
	later(CHALLENGE_MS);
	must_refuse(try_sign_in(&a), 401, "API_SIGN_IN_WRONG");
}

static void nonce_that_nobody_gave_is_refused(void **state)
{
	struct attempt a = {"ada", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &x->ada, NULL,
			    false};

	(void)state;
	must_refuse(try_sign_in(&a), 401, "API_SIGN_IN_WRONG");
}

static void nonce_for_a_unit_opens_no_session(void **state)
{
	struct reply *r = api_post(x, &x->ada, "/v1/challenges",
				   "{'for':'unit','product':'GW','serial':'1'}");
	struct attempt a = {"ada", reply_text(r, "nonce"), &x->ada, NULL, false};

	(void)state;
	must_have(r, 201);
	must_refuse(try_sign_in(&a), 401, "API_SIGN_IN_WRONG");
}

static void nobody_signs_in_as_another(void **state)
{
	struct attempt own_key = {"ben", new_nonce(), &x->ada, NULL, false};
	struct attempt his_key = {"ben", new_nonce(), &x->ada, NULL, true};
	struct attempt other_text = {"ada", new_nonce(), &x->ada, "ben", false};

	(void)state;
	must_refuse(try_sign_in(&own_key), 401, "API_SIGN_IN_WRONG");
	must_refuse(try_sign_in(&his_key), 401, "API_SIGN_IN_WRONG");
	must_refuse(try_sign_in(&other_text), 401, "API_SIGN_IN_WRONG");
}

static void stranger_does_not_sign_in(void **state)
{
	struct person stranger = {.id = "mallory"};
	struct attempt a = {"mallory", new_nonce(), &stranger, NULL, false};

	(void)state;
	assert_int_equal(private_key_generate(KEY_P256, &stranger.key, NULL).code, OK);
	must_refuse(try_sign_in(&a), 401, "API_SIGN_IN_WRONG");
	person_done(&stranger);
}

static void sign_in_that_lacks_a_half_is_refused(void **state)
{
	(void)state;
	must_refuse(api_post(x, NULL, "/v1/sessions", "{}"), 400, "FIELD_MISSING");
	must_refuse(api_post(x, NULL, "/v1/sessions",
			     "{'principal':'ada','nonce':'x','key':'y','signature':'z'}"),
		    400, "FIELD_WRONG");
	must_refuse(api_post(x, NULL, "/v1/sessions", "[]"), 400, "API_JSON_BAD");
}

static void who_keeps_failing_is_told_to_wait(void **state)
{
	struct attempt a = {"ada", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &x->ada, NULL,
			    false};
	int tries = 0;

	(void)state;
	while (tries < 50 && try_sign_in(&a)->status == 401)
		tries++;
	assert_in_range(tries, 5, 20);
	struct reply *r = try_sign_in(&a);
	must_refuse(r, 429, "API_TOO_MANY");
	assert_non_null(reply_header(r, "Retry-After"));
	must_have(api_get(x, &x->ada, "/v1/me"), 200); /* who is known is not kept out */
	later(60 * 1000);
	a.nonce = new_nonce();
	must_have(try_sign_in(&a), 201);
}

static void challenge_says_what_it_is_for(void **state)
{
	(void)state;
	must_refuse(api_post(x, NULL, "/v1/challenges", "{'for':'money'}"), 400, "FIELD_WRONG");
	must_refuse(api_post(x, NULL, "/v1/challenges", "{}"), 400, "FIELD_MISSING");
	must_refuse(
		api_post(x, NULL, "/v1/challenges", "{'for':'unit','product':'GW','serial':'1'}"),
		401, "API_IDENTITY_MISSING");
	must_refuse(api_post(x, &x->ada, "/v1/challenges",
			     "{'for':'unit','product':'G W','serial':'1'}"),
		    400, "FIELD_WRONG");
}

/* ---- tokens ---- */

static void request_without_an_identity_is_refused(void **state)
{
	static const char *const paths[] = {"/v1/me",
					    "/v1/views",
					    "/v1/views/access.keys",
					    "/v1/entries/0",
					    "/v1/stream",
					    "/log/tile/entries/000",
					    "/v1/gates/ship/GW/1",
					    "/v1/passport/GW/1"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		must_refuse(api_get(x, NULL, paths[i]), 401, "API_IDENTITY_MISSING");
}

static void token_that_is_none_is_refused(void **state)
{
	static const char *const lines[] = {
		"Authorization: Bearer x", "Authorization: Basic YTpi", "Authorization: Bearer",
		"Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct ask ask = {.path = "/v1/me", .headers = {lines[i]}};
		must_refuse(api_ask(x, &ask), 401, "API_TOKEN_MALFORMED");
	}
}

static void token_that_nobody_got_is_refused(void **state)
{
	struct ask ask = {.path = "/v1/me",
			  .headers = {"Authorization: Bearer "
				      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}};
	struct reply *r = api_ask(x, &ask);

	(void)state;
	must_refuse(r, 401, "API_SESSION_UNKNOWN");
	assert_string_equal(reply_header(r, "WWW-Authenticate"), "Bearer");
}

static void wrong_token_is_refused_where_none_is_needed(void **state)
{
	struct person p = {.token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

	(void)state;
	must_refuse(api_get(x, &p, "/v1/types"), 401, "API_SESSION_UNKNOWN");
}

static void session_expires(void **state)
{
	(void)state;
	api_sign_in(x, &x->cleo);
	later(SESSION_MS);
	must_refuse(api_get(x, &x->cleo, "/v1/me"), 401, "API_SESSION_UNKNOWN");
	api_sign_in(x, &x->ada);
	api_sign_in(x, &x->ben);
}

static void session_in_use_lives_on_but_not_for_ever(void **state)
{
	unsigned alive = 0;

	(void)state;
	api_sign_in(x, &x->cleo);
	while (alive < 40 && api_get(x, &x->cleo, "/v1/me")->status == 200) {
		later(40 * 60 * 1000);
		alive++;
	}
	assert_in_range(alive, 17, 19); /* 12 hours in steps of 40 minutes */
	api_sign_in(x, &x->ada);
	api_sign_in(x, &x->ben);
}

static void signing_out_ends_the_session(void **state)
{
	struct ask out = {.method = "DELETE", .path = "/v1/sessions", .who = &x->cleo};

	(void)state;
	api_sign_in(x, &x->cleo);
	must_have(api_get(x, &x->cleo, "/v1/me"), 200);
	must_have(api_ask(x, &out), 204);
	must_refuse(api_get(x, &x->cleo, "/v1/me"), 401, "API_SESSION_UNKNOWN");
	must_refuse(api_ask(x, &out), 401, "API_SESSION_UNKNOWN");
}

/* ---- rights that end ---- */

static void revoked_key_ends_its_sessions(void **state)
{
	struct person p = api_person(x, "revoked", "person", NULL, NULL);
	struct hash key = public_key_id(private_key_public(p.key));
	char hex[65];

	(void)state;
	hex_encode(hash_bytes(&key), hex);
	must_have(api_get(x, &p, "/v1/me"), 200);
	api_must(x, &x->ada, "key.revoked",
		 arena_printf(&x->arena, "{'key_id':'%s','reason':'lost'}", hex));
	must_refuse(api_get(x, &p, "/v1/me"), 401, "API_KEY_NOT_ENROLLED");
	struct attempt a = {"revoked", new_nonce(), &p, NULL, false};
	must_refuse(try_sign_in(&a), 401, "API_SIGN_IN_WRONG");
	person_done(&p);
}

static void suspended_principal_is_out_at_once(void **state)
{
	struct person p = api_person(x, "suspended", "person", NULL, NULL);
	struct ask machine = {.path = "/v1/me", .who = &p, .machine = true};

	(void)state;
	must_have(api_get(x, &p, "/v1/me"), 200);
	must_have(api_ask(x, &machine), 200);
	api_must(x, &x->ada, "principal.suspended", "{'principal':'suspended','reason':'left'}");
	must_refuse(api_get(x, &p, "/v1/me"), 403, "API_PRINCIPAL_INACTIVE");
	must_refuse(api_ask(x, &machine), 403, "API_PRINCIPAL_INACTIVE");
	struct attempt a = {"suspended", new_nonce(), &p, NULL, false};
	must_refuse(try_sign_in(&a), 401, "API_SIGN_IN_WRONG");
	person_done(&p);
}

/* ---- machines ---- */

static void machine_without_a_certificate_is_refused(void **state)
{
	struct ask ask = {.path = "/v1/me", .machine = true};
	int status = api_ask(x, &ask)->status;

	(void)state;
	assert_true(status == 401 || status == 0); /* said, or cut in the handshake */
}

static void machine_with_a_key_that_nobody_enrolled_is_refused(void **state)
{
	struct person stranger = {.id = "stranger"};
	struct ask ask = {.path = "/v1/me", .who = &stranger, .machine = true};

	(void)state;
	assert_int_equal(private_key_generate(KEY_P256, &stranger.key, NULL).code, OK);
	must_refuse(api_ask(x, &ask), 401, "API_KEY_NOT_ENROLLED");
	ask.path = "/metrics";
	must_refuse(api_ask(x, &ask), 401, "API_KEY_NOT_ENROLLED");
	person_done(&stranger);
}

static void token_is_worth_nothing_on_the_machines_port(void **state)
{
	char line[128];
	struct ask ask = {.path = "/v1/me", .machine = true, .headers = {line}};

	(void)state;
	snprintf(line, sizeof line, "Authorization: Bearer %s", x->ada.token);
	assert_int_not_equal(api_ask(x, &ask)->status, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(founder_who_signed_in_is_known, patience),
		cmocka_unit_test_setup(machine_is_known_by_its_key, patience),
		cmocka_unit_test_setup(permissions_are_shown_with_their_scope, patience),
		cmocka_unit_test_setup(nonce_is_good_once, patience),
		cmocka_unit_test_setup(nonce_is_spent_by_a_wrong_attempt, patience),
		cmocka_unit_test_setup(nonce_expires, patience),
		cmocka_unit_test_setup(nonce_that_nobody_gave_is_refused, patience),
		cmocka_unit_test_setup(nonce_for_a_unit_opens_no_session, patience),
		cmocka_unit_test_setup(nobody_signs_in_as_another, patience),
		cmocka_unit_test_setup(stranger_does_not_sign_in, patience),
		cmocka_unit_test_setup(sign_in_that_lacks_a_half_is_refused, patience),
		cmocka_unit_test_setup(who_keeps_failing_is_told_to_wait, patience),
		cmocka_unit_test_setup(challenge_says_what_it_is_for, patience),
		cmocka_unit_test_setup(request_without_an_identity_is_refused, patience),
		cmocka_unit_test_setup(token_that_is_none_is_refused, patience),
		cmocka_unit_test_setup(token_that_nobody_got_is_refused, patience),
		cmocka_unit_test_setup(wrong_token_is_refused_where_none_is_needed, patience),
		cmocka_unit_test_setup(session_expires, patience),
		cmocka_unit_test_setup(session_in_use_lives_on_but_not_for_ever, patience),
		cmocka_unit_test_setup(signing_out_ends_the_session, patience),
		cmocka_unit_test_setup(revoked_key_ends_its_sessions, patience),
		cmocka_unit_test_setup(suspended_principal_is_out_at_once, patience),
		cmocka_unit_test_setup(machine_without_a_certificate_is_refused, patience),
		cmocka_unit_test_setup(machine_with_a_key_that_nobody_enrolled_is_refused,
				       patience),
		cmocka_unit_test_setup(token_is_worth_nothing_on_the_machines_port, patience),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
