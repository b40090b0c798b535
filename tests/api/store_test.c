/* SPDX-License-Identifier: Apache-2.0 */
/* The whole server over each store: one walk through everything that the server itself keeps. */
#include "passkey_kit.h"

#include "core/sha256.h"
#include "stores.h"
#undef fail

#include <stdio.h>
#include <string.h>

static struct api *open_on(void **state)
{
	const struct store_test *store = *state;

	return api_open_on(store->address);
}

static void sessions_and_challenges_live_and_end(void **state)
{
	struct api *x = open_on(state);
	struct ask out = {.method = "DELETE", .path = "/v1/sessions", .who = &x->ben};

	must_have(api_get(x, &x->ada, "/v1/me"), 200);
	must_have(api_post(x, &x->ada, "/v1/challenges",
			   "{'for':'unit','product':'GW','serial':'1'}"),
		  201);
	must_have(api_ask(x, &out), 204);
	must_refuse(api_get(x, &x->ben, "/v1/me"), 401, "API_SESSION_UNKNOWN");
	x->moved.ahead_ms += 40 * 60 * 1000; /* prolonged by use */
	must_have(api_get(x, &x->ada, "/v1/me"), 200);
	x->moved.ahead_ms += 40 * 60 * 1000;
	must_have(api_get(x, &x->ada, "/v1/me"), 200);
	x->moved.ahead_ms += 60 * 60 * 1000;
	must_refuse(api_get(x, &x->ada, "/v1/me"), 401, "API_SESSION_UNKNOWN");
	api_close(x);
}

static void records_receipts_and_views_agree(void **state)
{
	struct api *x = open_on(state);
	struct reply *r = api_sign(x, &x->ada, "role.defined",
				   "{'role':'stored','permissions':[{'permission':'a.b'}]}");

	must_have(r, 201);
	must_have(api_get(x, &x->ada,
			  arena_printf(&x->arena, "/v1/receipts/%s?sequence=%d",
				       reply_text(r, "digest"), (int)reply_number(r, "sequence"))),
		  200);
	must_have(api_get(x, &x->ada,
			  arena_printf(&x->arena, "/v1/entries/%d",
				       (int)reply_number(r, "sequence"))),
		  200);
	assert_non_null(strstr(api_get(x, &x->ada, "/v1/views/access.roles")->body, "stored"));
	must_have(api_get(x, NULL, "/log/checkpoint"), 200);
	must_have(api_get(x, NULL, "/readyz"), 200);
	api_close(x);
}

static void receipt_that_is_waited_for_is_kept(void **state)
{
	struct api *x = open_on(state);
	struct reply *receipt;

	api_signer_away(x);
	struct reply *r = api_sign(x, &x->ada, "role.defined",
				   "{'role':'waits','permissions':[{'permission':'a.b'}]}");
	must_have(r, 202);
	api_signer_back(x);
	const char *path = arena_printf(&x->arena, "/v1/receipts/%s", reply_text(r, "digest"));
	do
		receipt = api_get(x, &x->ada, path);
	while (receipt->status == 202);
	must_have(receipt, 200);
	api_close(x);
}

static void blobs_go_in_and_out(void **state)
{
	static const char content[] = "in this store too";
	struct api *x = open_on(state);
	struct hash digest = sha256(bytes_text(content));
	char hex[65];
	struct ask put = {.method = "PUT", .who = &x->ada, .body = content, .type = "image/png"};

	hex_encode(hash_bytes(&digest), hex);
	put.path = arena_printf(&x->arena, "/v1/blobs/%s?class=personal", hex);
	must_have(api_ask(x, &put), 201);
	assert_string_equal(api_get(x, &x->ada, arena_printf(&x->arena, "/v1/blobs/%s", hex))->body,
			    content);
	api_close(x);
}

/* Whoever was founded without them sets passkeys up later. */
static void set_up_passkeys(struct api *x)
{
	api_stop(x);
	snprintf(x->config.relying_party, sizeof x->config.relying_party, KIT_PARTY);
	snprintf(x->config.web_origin, sizeof x->config.web_origin, KIT_ORIGIN);
	api_start(x);
}

static void passkeys_sessions_and_codes_are_kept(void **state)
{
	struct api *x = open_on(state);
	struct token t = token_make(KEY_P256);
	uint8_t secret[TOTP_SECRET_SIZE];
	uint32_t code;
	struct fault f = {0};

	set_up_passkeys(x);
	kit_enroll(x, &x->ada, &t);
	const char *cookie = kit_signed_in(x, &t), *other = kit_signed_in(x, &t);
	must_have(kit_web(x, cookie, "GET", "/v1/sessions", NULL), 200);
	struct reply *r = kit_web(x, cookie, "POST", "/v1/totp", "{}");
	must_have(r, 201);
	kit_secret(reply_text(r, "secret"), secret);
	assert_int_equal(totp_code(secret, totp_step(clock_wall_ms(&x->clock)), &code, &f).code,
			 OK);
	const char *body = arena_printf(&x->arena, "{'code':'%08u'}", (unsigned)code);
	must_have(kit_web(x, cookie, "POST", "/v1/totp/confirm", body), 204);
	must_refuse(kit_web(x, cookie, "POST", "/v1/step-up", body), 403, "API_TOTP_WRONG");
	must_have(kit_step_up(x, cookie, &t), 200);
	must_have(kit_web(x, cookie, "DELETE", "/v1/totp", NULL), 204);
	t.counter = 1; /* a copy */
	must_refuse(kit_sign_in(x, &t, NULL), 403, "API_PASSKEY_COUNTER");
	must_refuse(kit_web(x, other, "GET", "/v1/me", NULL), 401, "API_IDENTITY_MISSING");
	token_done(&t);
	api_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(sessions_and_challenges_live_and_end),
		STORE_TEST(records_receipts_and_views_agree),
		STORE_TEST(receipt_that_is_waited_for_is_kept),
		STORE_TEST(blobs_go_in_and_out),
		STORE_TEST(passkeys_sessions_and_codes_are_kept),
	};
	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
