/* SPDX-License-Identifier: Apache-2.0 */
/* Some things need a person who has just proved to be there: by a passkey, or by a code. */
#include "passkey_kit.h"

#include "core/sha256.h"
#include "server/sessions.h"

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

static int patience(void **state)
{
	(void)state;
	x->moved.ahead_ms += 60 * 1000;
	api_sign_in(x, &x->ada);
	api_sign_in(x, &x->ben);
	return 0;
}

/* Signed in eleven minutes ago. */
static const char *stale(struct token *t)
{
	const char *cookie = kit_signed_in(x, t);

	x->moved.ahead_ms += STEP_UP_MS + 60 * 1000;
	return cookie;
}

static void what_needs_the_person_is_refused_until_they_step_up(void **state)
{
	static const char *const NEEDS[][3] = {
		{"POST", "/v1/links", "{}"},
		{"POST", "/v1/links", "{'principal':'ben'}"},
		{"POST", "/v1/totp", "{}"},
		{"POST", "/v1/totp/confirm", "{'code':'12345678'}"},
		{"DELETE", "/v1/totp", NULL},
		{"GET", "/v1/passport/P/S?show=confidential", NULL},
		{"DELETE", "/v1/sessions/0123456789abcdef?principal=ben", NULL},
	};
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ada, &t);
	const char *cookie = stale(&t);
	for (size_t i = 0; i < sizeof NEEDS / sizeof NEEDS[0]; i++)
		must_refuse(kit_web(x, cookie, NEEDS[i][0], NEEDS[i][1], NEEDS[i][2]), 403,
			    "API_STEP_UP_NEEDED");
	/* Acting by itself needs no more than the passkey. */
	must_have(kit_web(x, cookie, "POST", "/v1/records/role.defined/prepare",
			  "{'body':{'role':'r','permissions':[{'permission':'part.read'}]}}"),
		  200);
	struct reply *r = kit_step_up(x, cookie, &t);
	must_have(r, 200);
	assert_string_not_equal(reply_text(r, "stepped_up_until"), "");
	for (size_t i = 0; i < sizeof NEEDS / sizeof NEEDS[0]; i++) {
		r = kit_web(x, cookie, NEEDS[i][0], NEEDS[i][1], NEEDS[i][2]);
		assert_string_not_equal(reply_text(r, "code"), "API_STEP_UP_NEEDED");
	}
	x->moved.ahead_ms += STEP_UP_MS;
	api_sign_in(x, &x->ada);
	must_refuse(kit_web(x, cookie, "POST", "/v1/links", "{}"), 403, "API_STEP_UP_NEEDED");
	token_done(&t);
}

static void signing_in_counts_as_stepping_up(void **state)
{
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ada, &t);
	must_have(kit_web(x, kit_signed_in(x, &t), "POST", "/v1/links", "{'principal':'ben'}"),
		  201);
	token_done(&t);
}

static void passkey_of_another_person_steps_nobody_up(void **state)
{
	struct token ada = token_make(KEY_P256), ben = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ada, &ada);
	kit_enroll(x, &x->ben, &ben);
	const char *cookie = stale(&ada);
	must_refuse(kit_step_up(x, cookie, &ben), 403, "API_PASSKEY_WRONG");
	must_refuse(kit_web(x, cookie, "POST", "/v1/links", "{}"), 403, "API_STEP_UP_NEEDED");
	token_done(&ada);
	token_done(&ben);
}

static void assertion_that_signed_in_does_not_step_up_again(void **state)
{
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ada, &t);
	json_t *assertion = kit_assertion(x, &t, NULL);
	struct reply *r =
		kit_send(x, NULL, "POST", "/v1/sessions/passkey", json_deep_copy(assertion));
	must_have(r, 201);
	const char *cookie = kit_cookie(x, r);
	must_refuse(kit_send(x, cookie, "POST", "/v1/step-up", assertion), 422, "API_NONCE_OVER");
	must_refuse(kit_web(x, cookie, "POST", "/v1/step-up", "{}"), 400, "FIELD_MISSING");
	must_refuse(kit_web(x, cookie, "POST", "/v1/step-up", "{'code':'12345678','nonce':'x'}"),
		    400, "FIELD_UNKNOWN");
	token_done(&t);
}

static void session_of_a_link_and_of_one_key_cannot_step_up(void **state)
{
	struct person p = api_person(x, "solo", "person", "part.read", NULL);
	struct hash first = public_key_id(private_key_public(p.key));
	struct token t = token_make(KEY_P256);
	char hex[65];

	(void)state;
	kit_enroll(x, &p, &t);
	must_refuse(kit_step_up(x, kit_by_link(x, &p), &t), 403, "API_BROWSER_READS_ONLY");
	must_refuse(
		kit_web(x, kit_by_link(x, &p), "GET", "/v1/passport/P/S?show=confidential", NULL),
		403, "API_BROWSER_READS_ONLY");
	const char *cookie = kit_signed_in(x, &t);
	hex_encode(hash_bytes(&first), hex);
	(void)api_must(x, &x->ada, "key.revoked",
		       arena_printf(&x->arena, "{'key_id':'%s','reason':'lost'}", hex));
	must_refuse(kit_step_up(x, cookie, &t), 403, "API_SECOND_AUTHENTICATOR_NEEDED");
	token_done(&t);
	person_done(&p);
}

static void stepping_up_is_of_one_session_only(void **state)
{
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ada, &t);
	const char *one = kit_signed_in(x, &t), *two = stale(&t);
	must_have(kit_step_up(x, two, &t), 200);
	must_refuse(kit_web(x, one, "POST", "/v1/links", "{}"), 403, "API_STEP_UP_NEEDED");
	must_have(kit_web(x, two, "POST", "/v1/links", "{}"), 201);
	token_done(&t);
}

static void machine_has_no_session_to_step_up(void **state)
{
	struct person station = api_person(x, "station-5", "station", "custody.write", NULL);
	static const char *const PATHS[] = {"/v1/step-up", "/v1/totp", "/v1/totp/confirm"};

	(void)state;
	for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
		must_refuse(api_ask(x, &(struct ask){.path = PATHS[i],
						     .body = "{}",
						     .who = &station,
						     .machine = true}),
			    400, "API_NO_SESSION");
	person_done(&station);
}

/* Names and faces are for a person who is there, also for who may read every entry. */
static void personal_blob_needs_the_person(void **state)
{
	static const char content[] = "a face";
	struct hash digest = sha256(bytes_text(content));
	struct token t = token_make(KEY_P256);
	char hex[65];

	(void)state;
	hex_encode(hash_bytes(&digest), hex);
	struct ask put = {.method = "PUT",
			  .path = arena_printf(&x->arena, "/v1/blobs/%s?class=personal", hex),
			  .body = content,
			  .type = "application/octet-stream",
			  .who = &x->ada};
	assert_true(api_ask(x, &put)->status < 300);
	const char *path = arena_printf(&x->arena, "/v1/blobs/%s", hex);
	kit_enroll(x, &x->ada, &t);
	const char *cookie = stale(&t);
	must_refuse(kit_web(x, cookie, "GET", path, NULL), 403, "API_STEP_UP_NEEDED");
	must_refuse(kit_web(x, kit_by_link(x, &x->ada), "GET", path, NULL), 403,
		    "API_BROWSER_READS_ONLY");
	must_have(kit_step_up(x, cookie, &t), 200);
	struct reply *r = kit_web(x, cookie, "GET", path, NULL);
	must_have(r, 200);
	assert_string_equal(r->body, content);
	must_have(api_get(x, &x->ada, path), 200);
	token_done(&t);
}

/* By whatever way they could be read. */
static void values_about_persons_need_the_person(void **state)
{
	struct token t = token_make(KEY_P256);
	const char *entry =
		arena_printf(&x->arena, "/v1/entries/%d",
			     (int)api_must(x, &x->ada, "principal.registered",
					   "{'principal':'zoe','kind':'person','natural_person':"
					   "'zoe','name':'Zoe Zimmer'}"));
	const char *const paths[] = {entry, "/v1/views/access.principals?where.id=zoe",
				     "/v1/views/access.principals?where.id=zoe&sort=name"};

	(void)state;
	kit_enroll(x, &x->ada, &t);
	const char *by_link = kit_by_link(x, &x->ada), *cookie = stale(&t);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		const char *const closed[] = {by_link, cookie};
		for (size_t k = 0; k < 2; k++) {
			struct reply *r = kit_web(x, closed[k], "GET", paths[i], NULL);
			must_have(r, 200);
			assert_non_null(strstr(r->body, "zoe"));
			assert_null(strstr(r->body, "Zimmer"));
		}
		assert_non_null(strstr(api_get(x, &x->ada, paths[i])->body, "Zimmer"));
	}
	/* Nor are they found by asking for them. */
	static const char guess[] = "/v1/views/access.principals?like.name=zimm";
	assert_null(strstr(kit_web(x, cookie, "GET", guess, NULL)->body, "zoe"));
	struct reply *r = kit_web(x, cookie, "GET", paths[1], NULL);
	assert_true(json_is_true(json_object_get(r->json, "closed")));
	must_have(kit_step_up(x, cookie, &t), 200);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		assert_non_null(strstr(kit_web(x, cookie, "GET", paths[i], NULL)->body, "Zimmer"));
	r = kit_web(x, cookie, "GET", paths[1], NULL);
	assert_null(json_object_get(r->json, "closed"));
	assert_non_null(strstr(kit_web(x, cookie, "GET", guess, NULL)->body, "zoe"));
	token_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_needs_the_person_is_refused_until_they_step_up,
				       patience),
		cmocka_unit_test_setup(signing_in_counts_as_stepping_up, patience),
		cmocka_unit_test_setup(passkey_of_another_person_steps_nobody_up, patience),
		cmocka_unit_test_setup(assertion_that_signed_in_does_not_step_up_again, patience),
		cmocka_unit_test_setup(session_of_a_link_and_of_one_key_cannot_step_up, patience),
		cmocka_unit_test_setup(stepping_up_is_of_one_session_only, patience),
		cmocka_unit_test_setup(machine_has_no_session_to_step_up, patience),
		cmocka_unit_test_setup(personal_blob_needs_the_person, patience),
		cmocka_unit_test_setup(values_about_persons_need_the_person, patience),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
