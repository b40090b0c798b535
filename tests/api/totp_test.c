/* SPDX-License-Identifier: Apache-2.0 */
/* An app for codes over HTTP: set up with its first code, used once a step, locked after five wrong ones. */
#include "passkey_kit.h"

#include "crypto/totp.h"
#include "server/sessions.h"
#include "server/totp_codes.h"

#include <stdio.h>
#include <string.h>

static struct api *x;
static struct token t;
static const char *cookie; /* of ada, stepped up at first */

static int open_api(void **state)
{
	(void)state;
	x = kit_open();
	t = token_make(KEY_P256);
	kit_enroll(x, &x->ada, &t);
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	token_done(&t);
	api_close(x);
	return 0;
}

/* Each test begins without an app, signed in a moment ago. */
static int fresh(void **state)
{
	(void)state;
	x->moved.ahead_ms += 60 * 1000;
	cookie = kit_signed_in(x, &t);
	(void)kit_web(x, cookie, "DELETE", "/v1/totp", NULL);
	return 0;
}

/* ---- the app ---- */

struct app {
	uint8_t secret[TOTP_SECRET_SIZE];
};

static uint32_t shown(const struct app *app, int steps)
{
	uint64_t step = totp_step(clock_wall_ms(&x->clock)) + (uint64_t)(int64_t)steps;
	uint32_t code;
	struct fault f = {0};

	assert_int_equal(totp_code(app->secret, step, &code, &f).code, OK);
	return code;
}

static struct reply *type_in(const char *path, uint32_t code)
{
	return kit_web(x, cookie, "POST", path,
		       arena_printf(&x->arena, "{'code':'%08u'}", (unsigned)code));
}

static struct app begun(void)
{
	struct reply *r = kit_web(x, cookie, "POST", "/v1/totp", "{}");
	struct app app;

	must_have(r, 201);
	kit_secret(reply_text(r, "secret"), app.secret);
	assert_non_null(strstr(reply_text(r, "uri"), reply_text(r, "secret")));
	return app;
}

static struct app set_up(void)
{
	struct app app = begun();

	must_have(type_in("/v1/totp/confirm", shown(&app, 0)), 204);
	return app;
}

static void next_step(void)
{
	x->moved.ahead_ms += TOTP_STEP_MS;
}

static void no_more_stepped_up(void)
{
	x->moved.ahead_ms += STEP_UP_MS;
}

static const char *state_of_app(void)
{
	struct reply *r = kit_web(x, cookie, "GET", "/v1/me", NULL);

	must_have(r, 200);
	return reply_text(r, "totp");
}

/* ---- what it does ---- */

static void app_is_set_up_with_its_first_code_and_steps_up(void **state)
{
	(void)state;
	assert_string_equal(state_of_app(), "none");
	struct app app = begun();
	assert_string_equal(state_of_app(), "unconfirmed");
	must_refuse(type_in("/v1/step-up", shown(&app, 0)), 404, "API_TOTP_NONE");
	must_have(type_in("/v1/totp/confirm", shown(&app, 0)), 204);
	assert_string_equal(state_of_app(), "on");
	no_more_stepped_up();
	must_refuse(kit_web(x, cookie, "POST", "/v1/links", "{}"), 403, "API_STEP_UP_NEEDED");
	must_have(type_in("/v1/step-up", shown(&app, 0)), 200);
	must_have(kit_web(x, cookie, "POST", "/v1/links", "{}"), 201);
	must_have(kit_web(x, cookie, "DELETE", "/v1/totp", NULL), 204);
	assert_string_equal(state_of_app(), "none");
	must_refuse(kit_web(x, cookie, "DELETE", "/v1/totp", NULL), 404, "API_TOTP_NONE");
}

static void uri_is_what_apps_read(void **state)
{
	struct reply *r = kit_web(x, cookie, "POST", "/v1/totp", NULL);
	const char *uri = reply_text(r, "uri");

	(void)state;
	must_have(r, 201);
	assert_memory_equal(uri, "otpauth://totp/test.example%2Flog:ada?secret=", 45);
	assert_non_null(strstr(uri, "&issuer=test.example%2Flog&algorithm=SHA256&digits=8"
				    "&period=30"));
}

static void code_is_good_one_step_early_or_late_and_no_further(void **state)
{
	static const int GOOD[] = {-1, 0, 1}, BAD[] = {-3, -2, 2, 3};
	struct app app = set_up();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		x->moved.ahead_ms += 3 * TOTP_STEP_MS;
		must_have(type_in("/v1/step-up", shown(&app, GOOD[i])), 200);
	}
	x->moved.ahead_ms += 10 * TOTP_STEP_MS;
	for (size_t i = 0; i < 4; i++)
		must_refuse(type_in("/v1/step-up", shown(&app, BAD[i])), 403, "API_TOTP_WRONG");
	must_have(type_in("/v1/step-up", shown(&app, 0)), 200);
}

static void step_is_used_once_and_none_before_it_afterwards(void **state)
{
	struct app app = set_up();
	uint32_t first = shown(&app, 0);

	(void)state;
	must_refuse(type_in("/v1/step-up", first), 403, "API_TOTP_WRONG"); /* confirmed with it */
	next_step();
	must_refuse(type_in("/v1/step-up", first), 403, "API_TOTP_WRONG");
	uint32_t ahead = shown(&app, 1), now = shown(&app, 0);
	must_have(type_in("/v1/step-up", ahead), 200);
	must_refuse(type_in("/v1/step-up", now), 403, "API_TOTP_WRONG");
	must_refuse(type_in("/v1/step-up", ahead), 403, "API_TOTP_WRONG");
}

static void sixth_wrong_code_is_not_looked_at(void **state)
{
	struct app app = set_up();

	(void)state;
	next_step();
	for (int i = 0; i < TOTP_WRONG_MAX; i++)
		must_refuse(type_in("/v1/step-up", (shown(&app, 0) + 1) % 100000000), 403,
			    "API_TOTP_WRONG");
	must_refuse(type_in("/v1/step-up", shown(&app, 0)), 403, "API_TOTP_LOCKED");
	assert_string_equal(state_of_app(), "locked");
	/* Time alone opens nothing. */
	x->moved.ahead_ms += TOTP_LOCKED_MS;
	must_refuse(type_in("/v1/step-up", shown(&app, 0)), 403, "API_TOTP_LOCKED");
	must_have(kit_step_up(x, cookie, &t), 200);
	next_step();
	must_have(type_in("/v1/step-up", shown(&app, 0)), 200);
}

static void passkey_opens_no_lock_that_is_fresh(void **state)
{
	struct app app = set_up();

	(void)state;
	next_step();
	for (int i = 0; i < TOTP_WRONG_MAX; i++)
		must_refuse(type_in("/v1/step-up", (shown(&app, 0) + 1) % 100000000), 403,
			    "API_TOTP_WRONG");
	must_have(kit_step_up(x, cookie, &t), 200);
	must_refuse(type_in("/v1/step-up", shown(&app, 0)), 403, "API_TOTP_LOCKED");
	/* Who is there may take it off and begin anew. */
	must_have(kit_web(x, cookie, "DELETE", "/v1/totp", NULL), 204);
	x->moved.ahead_ms += 60 * 1000;
	(void)set_up();
}

static void right_code_forgives_the_wrong_ones_before(void **state)
{
	struct app app = set_up();

	(void)state;
	for (int round = 0; round < 2; round++) {
		x->moved.ahead_ms += 60 * 1000;
		for (int i = 0; i < TOTP_WRONG_MAX - 1; i++)
			must_refuse(type_in("/v1/step-up", (shown(&app, 0) + 1) % 100000000), 403,
				    "API_TOTP_WRONG");
		must_have(type_in("/v1/step-up", shown(&app, 0)), 200);
	}
}

static void secret_that_was_not_confirmed_gives_way_and_one_in_effect_does_not(void **state)
{
	struct app lost = begun(), app = begun();

	(void)state;
	must_refuse(type_in("/v1/totp/confirm", shown(&lost, 0)), 403, "API_TOTP_WRONG");
	must_have(type_in("/v1/totp/confirm", shown(&app, 0)), 204);
	must_refuse(kit_web(x, cookie, "POST", "/v1/totp", "{}"), 409, "API_TOTP_EXISTS");
	next_step();
	must_refuse(type_in("/v1/totp/confirm", shown(&app, 0)), 404, "API_TOTP_NONE");
	must_have(type_in("/v1/step-up", shown(&app, 0)), 200);
}

static void code_in_another_form_is_refused_and_costs_no_try(void **state)
{
	static const char *const WRONG[] = {"''",           "'1234567'",         "'123456789'",
					    "'1234567a'",   "' 12345678'",       "'12345 678'",
					    "'+1234567'",   "12345678",          "null",
					    "['12345678']", "'１２３４５６７８'"};
	struct app app = set_up();

	(void)state;
	next_step();
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		must_refuse(kit_web(x, cookie, "POST", "/v1/step-up",
				    arena_printf(&x->arena, "{'code':%s}", WRONG[i])),
			    400, "FIELD_WRONG");
	uint32_t code = shown(&app, 0);
	must_have(kit_web(x, cookie, "POST", "/v1/step-up",
			  arena_printf(&x->arena, "{'code':'%04u %04u'}", (unsigned)code / 10000,
				       (unsigned)code % 10000)),
		  200);
}

static void app_of_another_person_is_another_app(void **state)
{
	struct token ben = token_make(KEY_P256);
	struct app app = set_up();

	(void)state;
	kit_enroll(x, &x->ben, &ben);
	next_step();
	const char *mine = cookie;
	cookie = kit_signed_in(x, &ben);
	must_refuse(type_in("/v1/step-up", shown(&app, 0)), 404, "API_TOTP_NONE");
	struct app his = set_up();
	next_step();
	must_refuse(type_in("/v1/step-up", shown(&app, 0)), 403, "API_TOTP_WRONG");
	must_have(type_in("/v1/step-up", shown(&his, 0)), 200);
	cookie = mine;
	must_refuse(type_in("/v1/step-up", shown(&his, 0)), 403, "API_TOTP_WRONG");
	token_done(&ben);
}

/* A code is no identity: it begins no session, and no route takes it without one. */
static void code_signs_nobody_in(void **state)
{
	struct app app = set_up();
	const char *body = arena_printf(&x->arena, "{'code':'%08u'}", (unsigned)shown(&app, 0));

	(void)state;
	must_refuse(kit_web(x, NULL, "POST", "/v1/step-up", body), 401, "API_IDENTITY_MISSING");
	must_refuse(kit_web(x, NULL, "POST", "/v1/sessions/passkey", body), 400, "FIELD_UNKNOWN");
	must_refuse(kit_web(x, NULL, "POST", "/v1/sessions", body), 400, "FIELD_UNKNOWN");
	must_refuse(kit_web(x, kit_by_link(x, &x->ben), "POST", "/v1/step-up", body), 403,
		    "API_BROWSER_READS_ONLY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(app_is_set_up_with_its_first_code_and_steps_up, fresh),
		cmocka_unit_test_setup(uri_is_what_apps_read, fresh),
		cmocka_unit_test_setup(code_is_good_one_step_early_or_late_and_no_further, fresh),
		cmocka_unit_test_setup(step_is_used_once_and_none_before_it_afterwards, fresh),
		cmocka_unit_test_setup(sixth_wrong_code_is_not_looked_at, fresh),
		cmocka_unit_test_setup(passkey_opens_no_lock_that_is_fresh, fresh),
		cmocka_unit_test_setup(right_code_forgives_the_wrong_ones_before, fresh),
		cmocka_unit_test_setup(
			secret_that_was_not_confirmed_gives_way_and_one_in_effect_does_not, fresh),
		cmocka_unit_test_setup(code_in_another_form_is_refused_and_costs_no_try, fresh),
		cmocka_unit_test_setup(app_of_another_person_is_another_app, fresh),
		cmocka_unit_test_setup(code_signs_nobody_in, fresh),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}
