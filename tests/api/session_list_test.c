/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of session may, who sees sessions and who ends them. */
#include "passkey_kit.h"

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

static const char ROLE[] = "{'role':'r','permissions':[{'permission':'part.read'}]}";

/* ---- what each kind may ---- */

static void invitation_registers_and_does_nothing_else(void **state)
{
	static const char *const NOT[][2] = {
		{"GET", "/v1/sessions"},
		{"GET", "/v1/views"},
		{"GET", "/v1/views/access.roles"},
		{"GET", "/v1/stream"},
		{"GET", "/v1/entries/0"},
		{"GET", "/v1/receipts/00"},
		{"GET", "/v1/affected"},
		{"GET", "/v1/passport/P/S"},
		{"GET", "/v1/blobs/00"},
		{"POST", "/v1/links"},
		{"POST", "/v1/records"},
		{"POST", "/v1/records/role.defined"},
		{"POST", "/v1/totp"},
		{"POST", "/v1/step-up"},
		{"DELETE", "/v1/totp"},
	};
	struct person p = api_person(x, "ivy", "person", NULL, NULL);
	const char *cookie = kit_invited(x, "ivy");
	struct reply *r = kit_web(x, cookie, "GET", "/v1/me", NULL);
	struct token t = token_make(KEY_P256);

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "principal"), "ivy");
	assert_string_equal(reply_text(r, "key"), "");
	for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++) {
		r = kit_web(x, cookie, NOT[i][0], NOT[i][1],
			    strcmp(NOT[i][0], "POST") == 0 ? "{}" : NULL);
		must_refuse(r, 403, "API_INVITATION_ONLY");
	}
	must_have(kit_register(x, cookie, &t, "ivy", NULL), 201);
	must_have(kit_web(x, cookie, "GET", "/v1/passkeys/offers", NULL), 200);
	must_have(kit_web(x, cookie, "DELETE", "/v1/sessions", NULL), 204);
	must_refuse(kit_web(x, cookie, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	token_done(&t);
	person_done(&p);
}

/* Who manages access is not more, for having been invited: the invitation may have gone astray. */
static void invitation_shows_no_offers_of_others_whoever_was_invited(void **state)
{
	struct token t = token_make(KEY_P256);
	const char *path = arena_printf(&x->arena, "/v1/passkeys/offers/%s", t.hex);

	(void)state;
	must_have(kit_register(x, kit_by_link(x, &x->ben), &t, "ben", NULL), 201);
	must_have(kit_web(x, kit_by_link(x, &x->cleo), "GET", path, NULL), 200);
	must_refuse(kit_web(x, kit_invited(x, "cleo"), "GET", path, NULL), 404,
		    "API_PASSKEY_OFFER_GONE");
	token_done(&t);
}

static void invitation_is_made_only_by_who_manages_access_for_a_person(void **state)
{
	struct person p = api_person(x, "rita", "person", "part.read", NULL);
	struct person s = api_person(x, "station-3", "station", "custody.write", NULL);

	(void)state;
	must_refuse(api_post(x, &p, "/v1/links", "{'principal':'ben'}"), 403, "API_NOT_ALLOWED");
	must_refuse(api_post(x, &x->ada, "/v1/links", "{'principal':'nobody'}"), 400,
		    "API_INVITED_UNKNOWN");
	must_refuse(api_post(x, &x->ada, "/v1/links", "{'principal':'station-3'}"), 400,
		    "API_INVITED_UNKNOWN");
	must_refuse(api_post(x, &x->ada, "/v1/links", "{'principal':'a b'}"), 400, "FIELD_WRONG");
	must_refuse(api_post(x, &x->ada, "/v1/links", "{'principal':7}"), 400, "FIELD_WRONG");
	/* For oneself it is a link like any other. */
	struct reply *r = api_post(x, &p, "/v1/links", "{'principal':'rita'}");
	must_have(r, 201);
	assert_string_equal(reply_text(r, "strength"), "link");
	person_done(&p);
	person_done(&s);
}

static void invitation_ends_with_the_key_of_who_invited_and_with_who_was(void **state)
{
	struct person p = api_person(x, "guest", "person", NULL, NULL);
	struct person host = api_person(x, "host", "person", "access.admin", NULL);
	struct ask ask = {.method = "POST",
			  .body = "",
			  .type = "application/x-www-form-urlencoded",
			  .headers = {KIT_OURS}};
	struct hash key = public_key_id(private_key_public(host.key));
	char hex[65];

	(void)state;
	struct reply *r = api_post(x, &host, "/v1/links", "{'principal':'guest'}");
	must_have(r, 201);
	ask.path = arena_text(&x->arena, bytes_text(reply_text(r, "path")));
	r = api_ask(x, &ask);
	must_have(r, 303);
	assert_string_equal(reply_header(r, "Location"), "/account");
	const char *first = kit_cookie(x, r), *second = kit_invited(x, "guest");
	must_have(kit_web(x, first, "GET", "/v1/me", NULL), 200);
	hex_encode(hash_bytes(&key), hex);
	(void)api_must(x, &x->ada, "key.revoked",
		       arena_printf(&x->arena, "{'key_id':'%s','reason':'lost'}", hex));
	must_refuse(kit_web(x, first, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	must_have(kit_web(x, second, "GET", "/v1/me", NULL), 200);
	(void)api_must(x, &x->ada, "principal.left", "{'principal':'guest','reason':'moved'}");
	must_refuse(kit_web(x, second, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	person_done(&p);
	person_done(&host);
}

static void passkey_acts_when_a_second_key_speaks_for_the_person(void **state)
{
	struct person p = api_person(x, "pia", "person", "access.admin,access.read", NULL);
	struct hash first = public_key_id(private_key_public(p.key));
	struct token t = token_make(KEY_P256);
	char hex[65];

	(void)state;
	kit_enroll(x, &p, &t);
	const char *cookie = kit_signed_in(x, &t);
	struct reply *r = kit_web(x, cookie, "GET", "/v1/me", NULL);
	assert_true(json_is_true(json_object_get(r->json, "set_up")));
	assert_int_equal(json_array_size(json_object_get(r->json, "authenticators")), 2);
	must_have(kit_web(x, cookie, "POST", "/v1/records/role.defined/prepare",
			  arena_printf(&x->arena, "{'body':%s}", ROLE)),
		  200);
	hex_encode(hash_bytes(&first), hex);
	(void)api_must(x, &x->ada, "key.revoked",
		       arena_printf(&x->arena, "{'key_id':'%s','reason':'lost'}", hex));
	r = kit_web(x, cookie, "GET", "/v1/me", NULL);
	must_have(r, 200);
	assert_true(json_is_false(json_object_get(r->json, "set_up")));
	must_refuse(kit_web(x, cookie, "POST", "/v1/records/role.defined/prepare",
			    arena_printf(&x->arena, "{'body':%s}", ROLE)),
		    403, "API_SECOND_AUTHENTICATOR_NEEDED");
	must_refuse(kit_web(x, cookie, "POST", "/v1/links", "{}"), 403,
		    "API_SECOND_AUTHENTICATOR_NEEDED");
	/* Looking and registering go on. */
	must_have(kit_web(x, cookie, "GET", "/v1/views/access.roles", NULL), 200);
	struct token second = token_make(KEY_ED25519);
	must_have(kit_register(x, cookie, &second, "pia", NULL), 201);
	kit_confirm(x, &second);
	must_have(kit_web(x, cookie, "POST", "/v1/records/role.defined/prepare",
			  arena_printf(&x->arena, "{'body':%s}", ROLE)),
		  200);
	token_done(&t);
	token_done(&second);
	person_done(&p);
}

/* The whole path of a record from a browser: prepared, signed by the passkey over the claim's digest, taken. */
static void what_another_site_sends_with_the_cookie_is_refused(void **state)
{
	static const char *const ELSEWHERE[] = {"Sec-Fetch-Site: cross-site",
						"Sec-Fetch-Site: same-site",
						"Sec-Fetch-Site: none",
						"Origin: https://evil.example",
						"Origin: null",
						"X-Nothing: 1"};
	static const char *const PATHS[] = {"/v1/records", "/v1/passkeys", "/v1/step-up",
					    "/v1/links", "/v1/totp"};
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ben, &t);
	const char *cookie = kit_signed_in(x, &t);
	for (size_t i = 0; i < sizeof ELSEWHERE / sizeof ELSEWHERE[0]; i++)
		for (size_t k = 0; k < sizeof PATHS / sizeof PATHS[0]; k++) {
			struct ask ask = {
				.path = PATHS[k],
				.body = "{}",
				.headers = {ELSEWHERE[i],
					    arena_printf(&x->arena, "Cookie: %s", cookie)}};
			must_refuse(api_ask(x, &ask), 403, "API_FROM_ELSEWHERE");
		}
	token_done(&t);
}

static void signing_in_anew_ends_what_the_browser_had(void **state)
{
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ben, &t);
	const char *link = kit_by_link(x, &x->ben);
	struct reply *r =
		kit_send(x, link, "POST", "/v1/sessions/passkey", kit_assertion(x, &t, NULL));
	must_have(r, 201);
	must_refuse(kit_web(x, link, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	must_have(kit_web(x, kit_cookie(x, r), "GET", "/v1/me", NULL), 200);
	token_done(&t);
}

/* ---- the list ---- */

static const json_t *session_of(const struct reply *r, const char *strength, bool current)
{
	const json_t *list = json_object_get(r->json, "sessions");

	must_have(r, 200);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		if (strcmp(json_string_value(json_object_get(one, "strength")), strength) == 0 &&
		    json_is_true(json_object_get(one, "current")) == current)
			return one;
	}
	stop_test("no session of %s: %s\n", strength, r->body);
	return NULL;
}

static const char *id_of(const json_t *session)
{
	return json_string_value(json_object_get(session, "id"));
}

static void sessions_are_listed_with_what_one_knows_them_by(void **state)
{
	struct person p = api_person(x, "lena", "person", "part.read", NULL);
	const char *cookie = kit_by_link(x, &p);
	struct ask ask = {.path = "/v1/sessions",
			  .headers = {arena_printf(&x->arena, "Cookie: %s", kit_by_link(x, &p)),
				      "User-Agent: A browser of mine"}};
	struct reply *r = kit_web(x, cookie, "GET", "/v1/sessions", NULL);
	const json_t *own = session_of(r, "link", true);

	(void)state;
	assert_int_equal(strlen(id_of(own)), 16);
	assert_string_equal(json_string_value(json_object_get(own, "peer")), "127.0.0.1");
	assert_non_null(json_object_get(own, "issued"));
	assert_non_null(json_object_get(own, "longest"));
	assert_null(json_object_get(own, "stepped_up_until"));
	(void)session_of(r, "program", false);
	r = api_ask(x, &ask);
	(void)session_of(r, "link", false);
	assert_string_equal(
		json_string_value(json_object_get(session_of(r, "link", true), "agent")), "");
	person_done(&p);
}

static void agent_is_cut_and_printable(void **state)
{
	char agent[SESSION_AGENT_SIZE], long_one[400];

	(void)state;
	session_agent("A\tbrowser \x01\xc3\xa4", agent);
	assert_string_equal(agent, "A?browser ???");
	session_agent(NULL, agent);
	assert_string_equal(agent, "");
	memset(long_one, 'a', sizeof long_one);
	long_one[sizeof long_one - 1] = '\0';
	session_agent(long_one, agent);
	assert_int_equal(strlen(agent), 120);
}

static void own_session_is_ended_by_its_id(void **state)
{
	struct person p = api_person(x, "nora", "person", "part.read", NULL);
	const char *here = kit_by_link(x, &p), *there = kit_by_link(x, &p);
	const char *path = arena_printf(
		&x->arena, "/v1/sessions/%s",
		id_of(session_of(kit_web(x, there, "GET", "/v1/sessions", NULL), "link", true)));

	(void)state;
	must_have(kit_web(x, there, "GET", "/v1/me", NULL), 200);
	must_have(kit_web(x, here, "DELETE", path, NULL), 204);
	must_refuse(kit_web(x, there, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	must_have(kit_web(x, here, "GET", "/v1/me", NULL), 200);
	must_refuse(kit_web(x, here, "DELETE", path, NULL), 404, "API_SESSION_GONE");
	must_refuse(kit_web(x, here, "DELETE", "/v1/sessions/0000000000000000", NULL), 404,
		    "API_SESSION_GONE");
	must_refuse(kit_web(x, here, "DELETE", "/v1/sessions/%27%20OR%201", NULL), 404,
		    "API_SESSION_GONE");
	person_done(&p);
}

static void session_of_another_is_seen_and_ended_only_by_who_may_suspend(void **state)
{
	struct person p = api_person(x, "mara", "person", "part.read", NULL);
	const char *mara = kit_by_link(x, &p);
	const char *id =
		id_of(session_of(kit_web(x, mara, "GET", "/v1/sessions", NULL), "link", true));
	const char *path = arena_printf(&x->arena, "/v1/sessions/%s", id);
	const char *asked = arena_printf(&x->arena, "/v1/sessions/%s?principal=mara", id);
	struct person other = api_person(x, "otto", "person", "part.read", NULL);

	(void)state;
	must_refuse(api_get(x, &other, "/v1/sessions?principal=mara"), 403, "API_NOT_ALLOWED");
	must_refuse(api_ask(x, &(struct ask){.method = "DELETE", .path = asked, .who = &other}),
		    403, "API_NOT_ALLOWED");
	must_refuse(api_ask(x, &(struct ask){.method = "DELETE", .path = path, .who = &other}), 404,
		    "API_SESSION_GONE");
	must_refuse(api_get(x, &x->ada, "/v1/sessions?principal=a%20b"), 400, "FIELD_WRONG");
	(void)session_of(api_get(x, &x->ada, "/v1/sessions?principal=mara"), "link", false);
	/* Without saying whose it is not found; nor is it ended by who only looks. */
	must_refuse(api_ask(x, &(struct ask){.method = "DELETE", .path = path, .who = &x->ada}),
		    404, "API_SESSION_GONE");
	must_refuse(kit_web(x, kit_by_link(x, &x->ada), "DELETE", asked, NULL), 403,
		    "API_BROWSER_READS_ONLY");
	must_have(kit_web(x, mara, "GET", "/v1/me", NULL), 200);
	must_have(api_ask(x, &(struct ask){.method = "DELETE", .path = asked, .who = &x->ada}),
		  204);
	must_refuse(kit_web(x, mara, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	person_done(&p);
	person_done(&other);
}

static void session_lives_an_hour_and_twelve_with_use(void **state)
{
	struct token t = token_make(KEY_P256);

	(void)state;
	kit_enroll(x, &x->ben, &t);
	const char *cookie = kit_signed_in(x, &t);
	for (int minutes = 40; minutes < 12 * 60; minutes += 40) {
		x->moved.ahead_ms += 40 * 60 * 1000;
		must_have(kit_web(x, cookie, "GET", "/v1/me", NULL), 200);
	}
	x->moved.ahead_ms += 40 * 60 * 1000;
	must_refuse(kit_web(x, cookie, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	cookie = kit_signed_in(x, &t);
	x->moved.ahead_ms += SESSION_MS;
	must_refuse(kit_web(x, cookie, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	token_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(invitation_registers_and_does_nothing_else, patience),
		cmocka_unit_test_setup(invitation_shows_no_offers_of_others_whoever_was_invited,
				       patience),
		cmocka_unit_test_setup(invitation_is_made_only_by_who_manages_access_for_a_person,
				       patience),
		cmocka_unit_test_setup(invitation_ends_with_the_key_of_who_invited_and_with_who_was,
				       patience),
		cmocka_unit_test_setup(passkey_acts_when_a_second_key_speaks_for_the_person,
				       patience),
		cmocka_unit_test_setup(what_another_site_sends_with_the_cookie_is_refused,
				       patience),
		cmocka_unit_test_setup(signing_in_anew_ends_what_the_browser_had, patience),
		cmocka_unit_test_setup(sessions_are_listed_with_what_one_knows_them_by, patience),
		cmocka_unit_test(agent_is_cut_and_printable),
		cmocka_unit_test_setup(own_session_is_ended_by_its_id, patience),
		cmocka_unit_test_setup(session_of_another_is_seen_and_ended_only_by_who_may_suspend,
				       patience),
		cmocka_unit_test_setup(session_lives_an_hour_and_twelve_with_use, patience),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
