/* SPDX-License-Identifier: Apache-2.0 */
/* The whole server over each store: one walk through everything that the server itself keeps. */
#include "fixture.h"

#include "core/sha256.h"
#include "stores.h"
#undef fail

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(sessions_and_challenges_live_and_end),
		STORE_TEST(records_receipts_and_views_agree),
		STORE_TEST(receipt_that_is_waited_for_is_kept),
		STORE_TEST(blobs_go_in_and_out),
	};
	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
