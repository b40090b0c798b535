/* SPDX-License-Identifier: Apache-2.0 */
/* A browser: signed in by a link that works once, with a cookie that may only read, on pages where whatever
 * anybody wrote stays text. */
#include "fixture.h"

#include "server/cookie.h"
#include "server/sessions.h"

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

/* ---- a browser ---- */

#define OURS "Sec-Fetch-Site: same-origin"

static struct reply *browse(const char *method, const char *path, const char *header,
			    const char *cookie)
{
	struct ask ask = {.method = method,
			  .path = path,
			  .accept = "text/html",
			  .headers = {header == NULL ? "X-Nothing: 1" : header}};

	if (strcmp(method, "POST") == 0) {
		ask.body = "";
		ask.type = "application/x-www-form-urlencoded";
	}
	if (cookie != NULL)
		ask.headers[1] = arena_printf(&x->arena, "Cookie: %s", cookie);
	return api_ask(x, &ask);
}

static const char *link_of(const struct person *who)
{
	struct reply *r =
		api_ask(x, &(struct ask){.method = "POST", .path = "/v1/links", .who = who});

	must_have(r, 201);
	return arena_text(&x->arena, bytes_text(reply_text(r, "path")));
}

/* "name=value" of the cookie that was set. */
static const char *cookie_of(const struct reply *r)
{
	const char *set = reply_header(r, "Set-Cookie");

	assert_non_null(set);
	return arena_printf(&x->arena, "%.*s", (int)strcspn(set, ";"), set);
}

static const char *signed_in(const struct person *who)
{
	struct reply *r = browse("POST", link_of(who), OURS, NULL);

	must_have(r, 303);
	return cookie_of(r);
}

static bool shows(const struct reply *r, const char *text)
{
	return strstr(r->body, text) != NULL;
}

/* ---- links ---- */

static void link_signs_in_once(void **state)
{
	const char *link = link_of(&x->ada);
	struct reply *r = browse("POST", link, OURS, NULL);

	(void)state;
	must_have(r, 303);
	assert_string_equal(reply_header(r, "Location"), "/start");
	assert_true(shows(browse("GET", "/v1/me", NULL, cookie_of(r)), "\"ada\""));
	r = browse("POST", link, OURS, NULL);
	must_have(r, 403);
	assert_null(reply_header(r, "Set-Cookie"));
	assert_true(shows(r, "works once"));
}

static void cookie_is_kept_from_scripts_and_other_sites(void **state)
{
	const char *set = reply_header(browse("POST", link_of(&x->ada), OURS, NULL), "Set-Cookie");

	(void)state;
	assert_non_null(set);
	assert_memory_equal(set, "__Host-", 7);
	assert_non_null(strstr(set, "; Path=/"));
	assert_non_null(strstr(set, "; Secure"));
	assert_non_null(strstr(set, "; HttpOnly"));
	assert_non_null(strstr(set, "; SameSite=Strict"));
	assert_null(strstr(set, "Domain"));
}

static void looking_at_a_link_does_not_use_it_up(void **state)
{
	const char *link = link_of(&x->ada);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct reply *r = browse("GET", link, NULL, NULL);
		must_have(r, 200);
		assert_null(reply_header(r, "Set-Cookie"));
		assert_true(shows(r, "<button>"));
		assert_null(strstr(r->body, link + strlen("/sign-in/")));
	}
	must_have(browse("HEAD", link, NULL, NULL), 200);
	must_have(browse("POST", link, OURS, NULL), 303);
}

static void link_ends_after_a_quarter_of_an_hour(void **state)
{
	const char *early = link_of(&x->ada);

	(void)state;
	later(LINK_MS - 10000);
	must_have(browse("POST", early, OURS, NULL), 303);
	const char *late = link_of(&x->ada);
	later(LINK_MS + 1000);
	must_have(browse("POST", late, OURS, NULL), 403);
	api_sign_in(x, &x->ada);
}

static void newer_link_ends_the_one_before_but_nobody_elses(void **state)
{
	const char *bens = link_of(&x->ben), *first = link_of(&x->ada), *second = link_of(&x->ada);

	(void)state;
	must_have(browse("POST", first, OURS, NULL), 403);
	must_have(browse("POST", second, OURS, NULL), 303);
	assert_true(
		shows(browse("GET", "/v1/me", NULL, cookie_of(browse("POST", bens, OURS, NULL))),
		      "\"ben\""));
}

static void token_that_is_none_is_refused_like_one_that_is_over(void **state)
{
	static const char *const WRONG[] = {"x", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
					    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAAA",
					    "%3Cscript%3E"};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		struct reply *r = browse("POST", arena_printf(&x->arena, "/sign-in/%s", WRONG[i]),
					 OURS, NULL);
		must_have(r, 403);
		assert_true(shows(r, "works once"));
		assert_false(shows(r, "<script"));
	}
}

static void who_keeps_guessing_links_is_turned_away(void **state)
{
	int status = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		status = browse("POST", "/sign-in/guess", OURS, NULL)->status;
	assert_int_equal(status, 429);
	/* Even with the right one, for a while. */
	const char *link = link_of(&x->ada);
	must_have(browse("POST", link, OURS, NULL), 429);
	later(60 * 1000);
	must_have(browse("POST", link, OURS, NULL), 303);
}

/* Else another site could sign somebody in as somebody else. */
static void form_on_another_site_signs_nobody_in(void **state)
{
	static const char *const ELSEWHERE[] = {"Sec-Fetch-Site: cross-site",
						"Sec-Fetch-Site: same-site",
						"Sec-Fetch-Site: none",
						"Origin: https://evil.example",
						"Origin: null",
						NULL};
	const char *link = link_of(&x->ada);

	(void)state;
	for (size_t i = 0; i < sizeof ELSEWHERE / sizeof ELSEWHERE[0]; i++) {
		struct reply *r = browse("POST", link, ELSEWHERE[i], NULL);
		must_have(r, 403);
		assert_null(reply_header(r, "Set-Cookie"));
	}
	/* Nor was it used up by that; and an older browser says its origin. */
	must_have(browse("POST", link,
			 arena_printf(&x->arena, "Origin: https://127.0.0.1:%u", x->people), NULL),
		  303);
}

static void only_a_person_who_signed_in_gets_a_link(void **state)
{
	struct person station = api_person(x, "station-9", "station", "custody.write", NULL);
	struct ask machine = {
		.method = "POST", .path = "/v1/links", .who = &station, .machine = true};

	(void)state;
	must_refuse(api_ask(x, &machine), 403, "API_LINK_FOR_PEOPLE");
	api_sign_in(x, &station); /* as its program may */
	must_refuse(api_post(x, &station, "/v1/links", "{}"), 403, "API_LINK_FOR_PEOPLE");
	must_refuse(api_post(x, &station, "/v1/passkeys", "{}"), 403, "API_LINK_FOR_PEOPLE");
	must_refuse(api_ask(x, &(struct ask){.method = "POST", .path = "/v1/links"}), 401,
		    "API_IDENTITY_MISSING");
	must_refuse(api_post(x, &x->ada, "/v1/links", "{'person':'ben'}"), 400, "FIELD_UNKNOWN");
	person_done(&station);
}

/* ---- what a cookie may ---- */

static void cookie_of_a_link_may_only_look(void **state)
{
	const char *cookie = signed_in(&x->ada);
	struct reply *r = browse("GET", "/v1/me", NULL, cookie);

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "principal"), "ada");
	must_refuse(browse("POST", "/v1/links", OURS, cookie), 403, "API_BROWSER_READS_ONLY");
	must_refuse(browse("POST", "/v1/records/site.defined", OURS, cookie), 403,
		    "API_BROWSER_READS_ONLY");
	must_refuse(browse("POST", "/v1/records", OURS, cookie), 403, "API_BROWSER_READS_ONLY");
	must_have(browse("GET", "/v1/me", NULL, cookie), 200);
}

static void signing_out_by_the_api_takes_the_cookie_away(void **state)
{
	const char *cookie = signed_in(&x->ada);
	struct reply *r;

	(void)state;
	must_refuse(browse("DELETE", "/v1/sessions", "Sec-Fetch-Site: cross-site", cookie), 403,
		    "API_FROM_ELSEWHERE");
	r = browse("DELETE", "/v1/sessions", OURS, cookie);
	must_have(r, 204);
	assert_non_null(strstr(reply_header(r, "Set-Cookie"), "Max-Age=0"));
	must_refuse(browse("GET", "/v1/me", NULL, cookie), 401, "API_IDENTITY_MISSING");
}

static void cookie_is_no_bearer_token_and_a_bearer_token_no_cookie(void **state)
{
	const char *cookie = signed_in(&x->ada);
	const char *bearer = arena_printf(&x->arena, "Authorization: Bearer %s",
					  cookie + strlen(COOKIE_NAME "="));

	(void)state;
	must_refuse(browse("GET", "/v1/me", bearer, NULL), 401, "API_SESSION_UNKNOWN");
	must_refuse(browse("GET", "/v1/me", NULL,
			   arena_printf(&x->arena, COOKIE_NAME "=%s", x->ada.token)),
		    401, "API_IDENTITY_MISSING");
}

static void signing_out_ends_the_session_but_not_from_another_site(void **state)
{
	const char *cookie = signed_in(&x->ada);

	(void)state;
	must_have(browse("POST", "/sign-out", "Sec-Fetch-Site: cross-site", cookie), 403);
	must_have(browse("GET", "/v1/me", NULL, cookie), 200);
	struct reply *r = browse("POST", "/sign-out", OURS, cookie);
	must_have(r, 303);
	assert_non_null(strstr(reply_header(r, "Set-Cookie"), "Max-Age=0"));
	must_have(browse("GET", "/v1/me", NULL, cookie), 401);
	must_have(browse("POST", "/sign-out", OURS, NULL), 303);
}

static void session_ends_when_its_time_is_over(void **state)
{
	const char *cookie = signed_in(&x->ada);

	(void)state;
	later(SESSION_MS + 1000);
	must_have(browse("GET", "/v1/me", NULL, cookie), 401);
	api_sign_in(x, &x->ada);
	api_sign_in(x, &x->ben);
}

static void revoked_key_ends_the_browsers_session_too(void **state)
{
	struct person p = api_person(x, "leaver", "person", "part.read", NULL);
	const char *cookie = signed_in(&p), *link = link_of(&p);
	struct hash key = public_key_id(private_key_public(p.key));
	char hex[65];

	(void)state;
	must_have(browse("GET", "/v1/me", NULL, cookie), 200);
	hex_encode(hash_bytes(&key), hex);
	api_must(x, &x->ada, "key.revoked",
		 arena_printf(&x->arena, "{'key_id':'%s','reason':'lost'}", hex));
	must_have(browse("GET", "/v1/me", NULL, cookie), 401);
	must_refuse(browse("GET", "/v1/me", NULL, cookie), 401, "API_IDENTITY_MISSING");
	/* What was made before helps no more either. */
	struct reply *r = browse("POST", link, OURS, NULL);
	must_have(r, 303);
	must_have(browse("GET", "/v1/me", NULL, cookie_of(r)), 401);
	person_done(&p);
}

/* ---- pages ---- */

static void every_page_is_the_same_shell_for_anybody(void **state)
{
	static const char *const PATHS[] = {"/",        "/units",         "/unit/P/S",
					    "/station", "/view/x%2Fy%3C", "/record/site.defined"};

	(void)state;
	for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
		struct reply *r = browse("GET", PATHS[i], NULL, NULL);
		must_have(r, 200);
		assert_true(shows(r, "<script type=\"module\" src=\"/console/"));
		assert_false(shows(r, "x/y"));
	}
	must_refuse(browse("GET", "/no-such-page", NULL, NULL), 404, "API_NO_ROUTE");
}

static void shell_allows_our_own_files_only(void **state)
{
	struct reply *r = browse("GET", "/", NULL, NULL);
	const char *policy = reply_header(r, "Content-Security-Policy");

	(void)state;
	assert_non_null(policy);
	assert_non_null(strstr(policy, "default-src 'none'"));
	assert_non_null(strstr(policy, "script-src 'self'"));
	assert_non_null(strstr(policy, "frame-ancestors 'none'"));
	assert_null(strstr(policy, "unsafe"));
	assert_false(shows(r, "http://"));
	assert_false(shows(r, " style="));
	assert_false(shows(r, " on"
			      "click="));
}

static void shell_speaks_the_readers_language(void **state)
{
	(void)state;
	assert_true(
		shows(browse("GET", "/", "Accept-Language: zh-CN,en;q=0.5", NULL), "lang=\"zh\""));
	assert_true(shows(browse("GET", "/", "Accept-Language: de,zh;q=0.5", NULL), "lang=\"zh\""));
	assert_true(shows(browse("GET", "/", "Accept-Language: de", NULL), "lang=\"en\""));
	assert_true(shows(browse("GET", "/", "Accept-Language: zh", "language=en"), "lang=\"en\""));
	assert_true(shows(browse("GET", "/", NULL, "language=%3Cscript%3E"), "lang=\"en\""));
}

static void console_file_has_its_type_and_comes_compressed(void **state)
{
	struct reply *r = browse("GET", "/", NULL, NULL);
	char path[128] = "";
	const char *at = strstr(r->body, "src=\"/console/");

	(void)state;
	assert_non_null(at);
	at += strlen("src=\"");
	snprintf(path, sizeof path, "%.*s", (int)strcspn(at, "\""), at);
	r = browse("GET", path, NULL, NULL);
	must_have(r, 200);
	assert_non_null(strstr(reply_header(r, "Content-Type"), "text/javascript"));
	assert_non_null(strstr(reply_header(r, "Cache-Control"), "immutable"));
	size_t plain = r->n;
	r = browse("GET", path, "Accept-Encoding: br, gzip", NULL);
	assert_string_equal(reply_header(r, "Content-Encoding"), "gzip");
	assert_true(r->n < plain / 2);
	r = browse("GET", path, "Accept-Encoding: gzip;q=0", NULL);
	assert_null(reply_header(r, "Content-Encoding"));
	must_refuse(browse("GET", "/console/nothing.js", NULL, NULL), 404, "API_NO_ROUTE");
	must_refuse(browse("GET", "/console/a/b.js", NULL, NULL), 404, "API_NO_ROUTE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(link_signs_in_once, patience),
		cmocka_unit_test_setup(cookie_is_kept_from_scripts_and_other_sites, patience),
		cmocka_unit_test_setup(looking_at_a_link_does_not_use_it_up, patience),
		cmocka_unit_test_setup(link_ends_after_a_quarter_of_an_hour, patience),
		cmocka_unit_test_setup(newer_link_ends_the_one_before_but_nobody_elses, patience),
		cmocka_unit_test_setup(token_that_is_none_is_refused_like_one_that_is_over,
				       patience),
		cmocka_unit_test_setup(who_keeps_guessing_links_is_turned_away, patience),
		cmocka_unit_test_setup(form_on_another_site_signs_nobody_in, patience),
		cmocka_unit_test_setup(only_a_person_who_signed_in_gets_a_link, patience),
		cmocka_unit_test_setup(cookie_of_a_link_may_only_look, patience),
		cmocka_unit_test_setup(signing_out_by_the_api_takes_the_cookie_away, patience),
		cmocka_unit_test_setup(cookie_is_no_bearer_token_and_a_bearer_token_no_cookie,
				       patience),
		cmocka_unit_test_setup(signing_out_ends_the_session_but_not_from_another_site,
				       patience),
		cmocka_unit_test_setup(session_ends_when_its_time_is_over, patience),
		cmocka_unit_test_setup(revoked_key_ends_the_browsers_session_too, patience),
		cmocka_unit_test_setup(every_page_is_the_same_shell_for_anybody, patience),
		cmocka_unit_test_setup(shell_allows_our_own_files_only, patience),
		cmocka_unit_test_setup(shell_speaks_the_readers_language, patience),
		cmocka_unit_test_setup(console_file_has_its_type_and_comes_compressed, patience),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
