/* SPDX-License-Identifier: Apache-2.0 */
/* A browser: signed in by a link that works once, with a cookie that may only read, on pages where whatever
 * anybody wrote stays text. */
#include "fixture.h"

#include "server/cookie.h"
#include "server/operational.h"

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
	assert_string_equal(reply_header(r, "Location"), "/");
	assert_true(shows(browse("GET", "/", NULL, cookie_of(r)), "<b>ada</b>"));
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
	assert_true(shows(browse("GET", "/", NULL, cookie_of(browse("POST", bens, OURS, NULL))),
			  "<b>ben</b>"));
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
	must_refuse(api_ask(x, &(struct ask){.method = "POST", .path = "/v1/links"}), 401,
		    "API_IDENTITY_MISSING");
	must_refuse(api_post(x, &x->ada, "/v1/links", "{'principal':'ben'}"), 400, "FIELD_UNKNOWN");
	person_done(&station);
}

/* ---- what a cookie may ---- */

static void cookie_may_only_read(void **state)
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
	must_refuse(browse("POST", "/v1/challenges", OURS, cookie), 403, "API_BROWSER_READS_ONLY");
	must_refuse(browse("DELETE", "/v1/sessions", OURS, cookie), 403, "API_BROWSER_READS_ONLY");
	must_have(browse("GET", "/", NULL, cookie), 200);
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
	must_have(browse("GET", "/", NULL, cookie), 200);
	struct reply *r = browse("POST", "/sign-out", OURS, cookie);
	must_have(r, 303);
	assert_non_null(strstr(reply_header(r, "Set-Cookie"), "Max-Age=0"));
	must_have(browse("GET", "/", NULL, cookie), 401);
	must_have(browse("POST", "/sign-out", OURS, NULL), 303);
}

static void session_ends_when_its_time_is_over(void **state)
{
	const char *cookie = signed_in(&x->ada);

	(void)state;
	later(SESSION_MS + 1000);
	must_have(browse("GET", "/", NULL, cookie), 401);
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
	must_have(browse("GET", "/", NULL, cookie), 200);
	hex_encode(hash_bytes(&key), hex);
	api_must(x, &x->ada, "key.revoked",
		 arena_printf(&x->arena, "{'key_id':'%s','reason':'lost'}", hex));
	must_have(browse("GET", "/", NULL, cookie), 401);
	must_refuse(browse("GET", "/v1/me", NULL, cookie), 401, "API_IDENTITY_MISSING");
	/* What was made before helps no more either. */
	struct reply *r = browse("POST", link, OURS, NULL);
	must_have(r, 303);
	must_have(browse("GET", "/", NULL, cookie_of(r)), 401);
	person_done(&p);
}

/* ---- pages ---- */

static void nobody_sees_only_how_to_sign_in(void **state)
{
	static const char *const PATHS[] = {"/", "/view/supplier.list", "/unit/P/S"};

	(void)state;
	for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
		struct reply *r = browse("GET", PATHS[i], NULL, NULL);
		must_have(r, 401);
		assert_true(shows(r, "sealwright sign-in-link"));
		assert_false(shows(r, "<table"));
	}
}

static void page_runs_no_script_and_loads_nothing(void **state)
{
	struct reply *r = browse("GET", "/", NULL, signed_in(&x->ada));
	const char *policy = reply_header(r, "Content-Security-Policy");

	(void)state;
	assert_non_null(policy);
	assert_non_null(strstr(policy, "default-src 'none'"));
	assert_non_null(strstr(policy, "style-src 'sha256-"));
	assert_non_null(strstr(policy, "frame-ancestors 'none'"));
	assert_null(strstr(policy, "unsafe"));
	assert_false(shows(r, "<script"));
	assert_false(shows(r, "http://"));
	assert_false(shows(r, " style="));
	assert_false(shows(r, " on"
			      "click="));
}

static void what_anybody_wrote_stays_text(void **state)
{
	struct person p = api_person(x, "stan", "person", "supplier.write,supplier.read", NULL);

	(void)state;
	api_must(x, &p, "supplier.registered",
		 "{'supplier':'EVIL','class':'broker','country':'US',"
		 "'name':'<script>alert(1)</script> & <b>'}");
	struct reply *r = browse("GET", "/view/supplier.list", NULL, signed_in(&p));
	must_have(r, 200);
	assert_true(shows(r, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;"));
	assert_false(shows(r, "<script"));
	person_done(&p);
}

static void what_was_asked_for_stays_text_in_the_form(void **state)
{
	const char *cookie = signed_in(&x->ada);
	struct reply *r =
		browse("GET", "/view/charter.revisions?x=%22%3E%3Cscript%3E", NULL, cookie);

	(void)state;
	assert_true(r->status >= 400 && r->status < 500);
	assert_false(shows(r, "<script"));
	r = browse("GET", "/view/%3Cscript%3E", NULL, cookie);
	must_have(r, 404);
	assert_false(shows(r, "<script"));
	r = browse("GET", "/view/access.roles?cursor=%22%3E%3Cscript%3E", NULL, cookie);
	assert_true(r->status >= 400 && r->status < 500);
	assert_false(shows(r, "<script"));
}

static void long_view_goes_on_with_a_cursor(void **state)
{
	const char *cookie = signed_in(&x->ada);
	struct reply *r = browse("GET", "/view/access.roles?limit=1", NULL, cookie);
	static const char FIELD[] = "name=\"cursor\" value=\"";
	const char *at = strstr(r->body, FIELD);

	(void)state;
	must_have(r, 200);
	assert_non_null(at);
	at += sizeof FIELD - 1;
	struct reply *next =
		browse("GET",
		       arena_printf(&x->arena, "/view/access.roles?limit=1&cursor=%.*s",
				    (int)strcspn(at, "\""), at),
		       NULL, cookie);
	must_have(next, 200);
	assert_string_not_equal(r->body, next->body);
}

static void view_that_one_may_not_see_is_neither_listed_nor_shown(void **state)
{
	struct person p = api_person(x, "narrow", "person", "part.read", NULL);
	const char *cookie = signed_in(&p);
	struct reply *r = browse("GET", "/", NULL, cookie);

	(void)state;
	assert_true(shows(r, "/view/part%2Elist") || shows(r, "/view/part.list"));
	assert_false(shows(r, "/view/access"));
	r = browse("GET", "/view/access.roles", NULL, cookie);
	must_have(r, 403);
	assert_false(shows(r, "founder"));
	must_have(browse("GET", "/unit/P/S", NULL, cookie), 404);
	person_done(&p);
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
		cmocka_unit_test_setup(cookie_may_only_read, patience),
		cmocka_unit_test_setup(cookie_is_no_bearer_token_and_a_bearer_token_no_cookie,
				       patience),
		cmocka_unit_test_setup(signing_out_ends_the_session_but_not_from_another_site,
				       patience),
		cmocka_unit_test_setup(session_ends_when_its_time_is_over, patience),
		cmocka_unit_test_setup(revoked_key_ends_the_browsers_session_too, patience),
		cmocka_unit_test_setup(nobody_sees_only_how_to_sign_in, patience),
		cmocka_unit_test_setup(page_runs_no_script_and_loads_nothing, patience),
		cmocka_unit_test_setup(what_anybody_wrote_stays_text, patience),
		cmocka_unit_test_setup(what_was_asked_for_stays_text_in_the_form, patience),
		cmocka_unit_test_setup(long_view_goes_on_with_a_cursor, patience),
		cmocka_unit_test_setup(view_that_one_may_not_see_is_neither_listed_nor_shown,
				       patience),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
