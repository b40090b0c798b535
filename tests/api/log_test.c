/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence log over HTTP: entries, the checkpoint and its key, tiles. */
#include "fixture.h"

#include "core/note.h"

#include <stdio.h>
#include <string.h>

static struct api *x;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	api_must(x, &x->ada, "role.defined",
		 "{'role':'reader','permissions':[{'permission':'a.b'}]}");
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

/* ---- entries ---- */

static void entry_needs_the_right_to_read_the_ledger(void **state)
{
	struct person some = api_person(x, "some", "person", "part.read", NULL);
	struct person here = api_person(x, "here", "person", "ledger.read", "'site':'berlin'");
	struct person all = api_person(x, "all", "person", "ledger.read", NULL);

	(void)state;
	must_have(api_get(x, &all, "/v1/entries/0"), 200);
	must_refuse(api_get(x, &some, "/v1/entries/0"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &here, "/v1/entries/0"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &here, "/v1/stream"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &here, "/log/tile/entries/000.p/1"), 403, "API_NOT_ALLOWED");
	person_done(&some);
	person_done(&here);
	person_done(&all);
}

static void entry_that_is_not_there_is_not_found(void **state)
{
	(void)state;
	must_refuse(api_get(x, &x->ada, "/v1/entries/999999"), 404, "API_ENTRY_MISSING");
	must_refuse(api_get(x, &x->ada, "/v1/entries/-1"), 400, "FIELD_WRONG");
	must_refuse(api_get(x, &x->ada, "/v1/entries/01"), 400, "FIELD_WRONG");
	must_refuse(api_get(x, &x->ada, "/v1/entries/99999999999999999999"), 400, "FIELD_WRONG");
}

static void entry_comes_as_the_bytes_that_the_tree_was_made_of(void **state)
{
	struct ask ask = {.path = "/v1/entries/0", .who = &x->ada, .accept = "application/cbor"};
	struct reply *r = api_ask(x, &ask);
	struct reply *bundle = api_get(x, &x->ada, "/log/tile/entries/000.p/1");

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_header(r, "Content-Type"), "application/cbor");
	/* A bundle is its entries, each after two bytes that say how long it is. */
	assert_int_equal(r->n + 2, bundle->n);
	assert_memory_equal(r->body, bundle->body + 2, r->n);
	ask.accept = "application/json, application/cbor";
	r = api_ask(x, &ask);
	must_have(r, 200);
	assert_string_equal(reply_header(r, "Content-Type"), "application/json");
	ask.path = "/v1/entries/999999";
	ask.accept = "application/cbor";
	must_refuse(api_ask(x, &ask), 404, "API_ENTRY_MISSING");
}

/* ---- the log ---- */

static void checkpoint_is_public_and_signed(void **state)
{
	struct reply *r = api_get(x, NULL, "/log/checkpoint");
	struct note note;
	const char *why;

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_header(r, "Cache-Control"), "no-cache");
	assert_true(note_parse(bytes_of(r->body, r->n), &note, &why));
	assert_int_equal(note_verify(&note, &x->public.checkpoint, ed25519_verify, NULL),
			 NOTE_VALID);
}

static void the_logs_key_is_public_and_the_one_that_signs(void **state)
{
	struct reply *r = api_get(x, NULL, "/log/vkey");
	struct note_key key;

	(void)state;
	must_have(r, 200);
	assert_int_equal(r->body[r->n - 1], '\n');
	assert_true(note_key_parse(bytes_of(r->body, r->n - 1), &key));
	assert_string_equal(key.name, x->public.checkpoint.name);
	assert_memory_equal(key.public_key, x->public.checkpoint.public_key, sizeof key.public_key);
}

static void a_record_is_found_by_its_claims_digest(void **state)
{
	struct ask ask = {.path = "/v1/entries/0", .who = &x->ada, .accept = "application/cbor"};
	struct reply *r = api_ask(x, &ask);
	struct entry entry;
	char path[128] = "/v1/views/log.by_digest?digest=";
	const char *why;

	(void)state;
	must_have(r, 200);
	assert_true(entry_parse(bytes_of(r->body, r->n), &entry, &why));
	struct hash digest = claim_digest(entry.claim_bytes);
	hex_encode(hash_bytes(&digest), path + strlen(path));
	r = api_get(x, &x->ada, path);
	must_have(r, 200);
	assert_non_null(strstr(r->body, "\"seq\":0"));
	char *last = &path[strlen(path) - 1];
	*last = *last == '0' ? '1' : '0'; /* another digest */
	r = api_get(x, &x->ada, path);
	must_have(r, 200);
	assert_non_null(strstr(r->body, "\"rows\":[]"));
	must_refuse(api_get(x, NULL, path), 401, "API_IDENTITY_MISSING");
	path[strlen(path) - 1] = '\0';
	assert_int_equal(api_get(x, &x->ada, path)->status, 400);
}

static void tile_is_public_and_never_changes(void **state)
{
	struct reply *r = api_get(x, NULL, "/log/tile/0/000.p/1");

	(void)state;
	must_have(r, 200);
	assert_int_equal(r->n, 32);
	assert_non_null(strstr(reply_header(r, "Cache-Control"), "immutable"));
	r = api_get(x, &x->ada, "/log/tile/entries/000.p/1");
	must_have(r, 200);
	assert_non_null(strstr(reply_header(r, "Cache-Control"), "private"));
}

static void tile_that_is_not_there_is_not_found(void **state)
{
	static const char *const paths[] = {"/log/tile/0/000",       "/log/tile/0/x001/000",
					    "/log/tile/9/000.p/1",   "/log/tile/0/000.p/0",
					    "/log/tile/0/000.p%2F1", "/log/tile/%2e%2e/checkpoint"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct reply *r = api_get(x, NULL, paths[i]);
		assert_true(r->status == 404 || r->status == 400);
	}
	must_refuse(api_get(x, NULL, "/log/tile/entries/000.p/1"), 401, "API_IDENTITY_MISSING");
	assert_int_equal(api_get(x, NULL, "/log/tile/entries%2F000.p%2F1")->status, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_needs_the_right_to_read_the_ledger),
		cmocka_unit_test(entry_that_is_not_there_is_not_found),
		cmocka_unit_test(entry_comes_as_the_bytes_that_the_tree_was_made_of),
		cmocka_unit_test(checkpoint_is_public_and_signed),
		cmocka_unit_test(the_logs_key_is_public_and_the_one_that_signs),
		cmocka_unit_test(a_record_is_found_by_its_claims_digest),
		cmocka_unit_test(tile_is_public_and_never_changes),
		cmocka_unit_test(tile_that_is_not_there_is_not_found),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
