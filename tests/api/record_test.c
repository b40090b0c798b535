/* SPDX-License-Identifier: Apache-2.0 */
/* Records in: one, many, twice, wrong, and with the signer away. */
#include "fixture.h"

#include "core/cbor.h"
#include "core/entry.h"

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

static const char *role_body(const char *role)
{
	return arena_printf(&x->arena, "{'role':'%s','permissions':[{'permission':'a.b'}]}", role);
}

static struct reply *post_json(const char *path, json_t *json)
{
	char *text = json_dumps(json, 0);
	struct ask ask = {
		.path = path, .who = &x->ada, .body = arena_text(&x->arena, bytes_text(text))};

	free(text);
	json_decref(json);
	return api_ask(x, &ask);
}

/* ---- one ---- */

static void signed_record_is_certified_at_once(void **state)
{
	struct reply *r = api_sign(x, &x->ada, "role.defined", role_body("one"));
	char location[128];

	(void)state;
	must_have(r, 201);
	assert_string_equal(reply_text(r, "outcome"), "folded");
	assert_int_equal(strncmp(reply_text(r, "checkpoint"), API_ORIGIN "\n", 17), 0);
	assert_non_null(json_object_get(json_object_get(r->json, "proof"), "path"));
	snprintf(location, sizeof location, "/v1/receipts/%s", reply_text(r, "digest"));
	assert_string_equal(reply_header(r, "Location"), location);
}

static void same_record_sent_twice_is_recorded_once(void **state)
{
	json_t *json = api_signed(x, &x->ada, "role.defined", role_body("twice"));
	struct reply *first = post_json("/v1/records/role.defined", json_incref(json));
	struct reply *second = post_json("/v1/records/role.defined", json);

	(void)state;
	must_have(first, 201);
	must_have(second, 201);
	assert_int_equal(reply_number(first, "sequence"), reply_number(second, "sequence"));
	assert_true(json_is_true(json_object_get(second->json, "repeated")));
}

static void same_id_with_other_content_is_a_conflict(void **state)
{
	char id[37];
	struct reply *prepared[2];
	const char *roles[2] = {"conflict-1", "conflict-2"};

	(void)state;
	api_uuid(x, id);
	for (size_t i = 0; i < 2; i++)
		prepared[i] = api_post(
			x, &x->ada, "/v1/records/role.defined/prepare",
			arena_printf(&x->arena, "{'id':'%s','body':%s}", id, role_body(roles[i])));
	for (size_t i = 0; i < 2; i++) {
		uint8_t claim[2048];
		char proof_text[1024];
		size_t n;
		struct bytes proof;
		must_have(prepared[i], 200);
		assert_true(base64url_decode(bytes_text(reply_text(prepared[i], "claim")), claim,
					     sizeof claim, &n));
		assert_int_equal(cose_sign(&x->arena, x->ada.key, bytes_text("role.defined"),
					   bytes_of(claim, n), &proof, NULL)
					 .code,
				 OK);
		base64url_encode(proof, proof_text);
		struct reply *r =
			post_json("/v1/records/role.defined",
				  json_pack("{s:s, s:s}", "claim", reply_text(prepared[i], "claim"),
					    "proof", proof_text));
		if (i == 0)
			must_have(r, 201);
		else
			must_refuse(r, 409, "ID_USED");
	}
}

static void idempotency_key_becomes_the_id(void **state)
{
	char id[37], line[80];
	struct ask ask = {.path = "/v1/records/role.defined/prepare",
			  .who = &x->ada,
			  .body = api_quoted(x, arena_printf(&x->arena, "{'body':%s}",
							     role_body("idempotent"))),
			  .headers = {line}};

	(void)state;
	api_uuid(x, id);
	snprintf(line, sizeof line, "Idempotency-Key: %s", id);
	struct reply *first = api_ask(x, &ask), *second = api_ask(x, &ask);
	must_have(first, 200);
	assert_string_equal(reply_text(first, "digest"), reply_text(second, "digest"));
}

static void idempotency_key_that_differs_from_the_id_is_refused(void **state)
{
	char id[37], other[37], line[80];
	struct ask ask = {
		.path = "/v1/records/role.defined/prepare", .who = &x->ada, .headers = {line}};

	(void)state;
	api_uuid(x, id);
	api_uuid(x, other);
	snprintf(line, sizeof line, "Idempotency-Key: %s", other);
	ask.body = api_quoted(
		x, arena_printf(&x->arena, "{'id':'%s','body':%s}", id, role_body("differs")));
	must_refuse(api_ask(x, &ask), 400, "API_KEY_DIFFERS");
	ask.headers[0] = "Idempotency-Key: not-a-uuid";
	ask.body = api_quoted(x, arena_printf(&x->arena, "{'body':%s}", role_body("differs")));
	must_refuse(api_ask(x, &ask), 400, "FIELD_WRONG");
}

static void record_as_cbor_is_taken(void **state)
{
	struct reply *prepared =
		api_post(x, &x->ada, "/v1/records/role.defined/prepare",
			 arena_printf(&x->arena, "{'body':%s}", role_body("cbor")));
	uint8_t claim[2048], buffer[4096];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes proof, cbor;
	size_t n;

	(void)state;
	must_have(prepared, 200);
	assert_true(base64url_decode(bytes_text(reply_text(prepared, "claim")), claim, sizeof claim,
				     &n));
	assert_int_equal(cose_sign(&x->arena, x->ada.key, bytes_text("role.defined"),
				   bytes_of(claim, n), &proof, NULL)
				 .code,
			 OK);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, bytes_of(claim, n));
	put_bytes(&w, proof);
	cbor_put_map(&w, 0);
	assert_true(writer_done(&w, &cbor));
	struct ask ask = {.path = "/v1/records/role.defined",
			  .who = &x->ada,
			  .bytes = cbor,
			  .type = "application/cbor"};
	must_have(api_ask(x, &ask), 201);
	ask.bytes.n--;
	must_refuse(api_ask(x, &ask), 400, "SUBMISSION_BAD");
}

static void prepared_record_reads_as_what_it_says(void **state)
{
	struct reply *r =
		api_post(x, &x->ada, "/v1/records/principal.registered/prepare",
			 "{'body':{'principal':'zoe','kind':'person','name':'Zoe Zander'}}");
	const json_t *opening = json_object_get(json_object_get(r->json, "openings"), "name");

	(void)state;
	must_have(r, 200);
	assert_non_null(strstr(reply_text(r, "text"), "record: principal.registered\n"));
	assert_non_null(strstr(reply_text(r, "text"), "author: ada\n"));
	assert_non_null(strstr(reply_text(r, "text"), "principal: zoe\n"));
	assert_non_null(strstr(reply_text(r, "text"), "Zoe Zander"));
	assert_string_equal(json_string_value(json_object_get(opening, "value")), "Zoe Zander");
	assert_int_equal(strlen(reply_text(r, "digest")), 64);
}

static void personal_value_is_opened_for_readers_of_the_ledger(void **state)
{
	int64_t sequence = api_must(
		x, &x->ada, "principal.registered",
		"{'principal':'yan','kind':'person','natural_person':'yan','name':'Yan Y'}");
	struct reply *r =
		api_get(x, &x->ada, arena_printf(&x->arena, "/v1/entries/%d", (int)sequence));

	(void)state;
	must_have(r, 200);
	assert_non_null(strstr(r->body, "Yan Y"));
	assert_string_equal(reply_text(r, "proof"), "signed by author");
}

/* ---- refused ---- */

static void refusal_is_a_problem_document(void **state)
{
	struct reply *r = api_sign(x, &x->ada, "grant.revoked", "{'grant_id':'none','reason':'x'}");

	(void)state;
	must_refuse(r, 422, "GRANT_NOT_IN_FORCE");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(r->json, "values"), "grant_id")),
		"none");
}

static void unsigned_decision_is_refused(void **state)
{
	(void)state;
	must_refuse(api_post(x, &x->ada, "/v1/records/role.defined",
			     arena_printf(&x->arena, "{'body':%s}", role_body("unsigned"))),
		    400, "PROOF_MISSING");
}

static void record_signed_by_another_key_is_refused(void **state)
{
	struct reply *prepared =
		api_post(x, &x->ada, "/v1/records/role.defined/prepare",
			 arena_printf(&x->arena, "{'body':%s}", role_body("forged")));
	uint8_t claim[2048];
	char text[1024];
	struct bytes proof;
	size_t n;

	(void)state;
	assert_true(base64url_decode(bytes_text(reply_text(prepared, "claim")), claim, sizeof claim,
				     &n));
	assert_int_equal(cose_sign(&x->arena, x->ben.key, bytes_text("role.defined"),
				   bytes_of(claim, n), &proof, NULL)
				 .code,
			 OK);
	base64url_encode(proof, text);
	struct reply *r = post_json(
		"/v1/records/role.defined",
		json_pack("{s:s, s:s}", "claim", reply_text(prepared, "claim"), "proof", text));
	must_refuse(r, 401, "PROOF_WRONG");
}

static void unknown_field_is_named(void **state)
{
	struct reply *r = api_post(x, &x->ada, "/v1/records/role.defined/prepare",
				   "{'body':{'role':'r','colour':'red'}}");

	(void)state;
	must_refuse(r, 400, "FIELD_UNKNOWN");
	assert_non_null(strstr(reply_text(r, "field"), "colour"));
}

static void body_that_is_no_sound_json_is_refused(void **state)
{
	static const char *const bodies[] = {"{",
					     "{\"body\": NaN}",
					     "{\"a\":1,\"a\":2}",
					     "nul",
					     "{\"a\": 1e999}",
					     "{} {}",
					     "",
					     "\"text\"",
					     "[1]",
					     "{\"a\":\"\xff\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		struct ask ask = {.method = "POST",
				  .path = "/v1/records/role.defined",
				  .who = &x->ada,
				  .body = bodies[i]};
		must_refuse(api_ask(x, &ask), 400, "API_JSON_BAD");
	}
}

static void deep_json_is_refused(void **state)
{
	char body[2 * 3000 + 1];

	(void)state;
	memset(body, '[', 3000);
	memset(body + 3000, ']', 3000);
	body[6000] = '\0';
	struct ask ask = {.path = "/v1/records/role.defined", .who = &x->ada, .body = body};
	must_refuse(api_ask(x, &ask), 400, "API_JSON_BAD");
}

static void body_of_another_type_is_refused(void **state)
{
	struct ask ask = {.path = "/v1/records/role.defined",
			  .who = &x->ada,
			  .body = "{}",
			  .type = "text/plain"};

	(void)state;
	must_refuse(api_ask(x, &ask), 415, "API_CONTENT_TYPE");
	ask.type = "application/jsonp";
	must_refuse(api_ask(x, &ask), 415, "API_CONTENT_TYPE");
}

static void body_that_is_too_large_is_refused(void **state)
{
	size_t n = 300 << 10;
	char *body = arena_alloc(&x->arena, n + 1);
	/* A client that asks first hears the answer for certain: the connection is closed. */
	struct ask ask = {.path = "/v1/records/role.defined",
			  .who = &x->ada,
			  .body = body,
			  .headers = {"Expect: 100-continue"}};

	(void)state;
	memset(body, ' ', n);
	must_refuse(api_ask(x, &ask), 413, "HTTP_BODY_TOO_LARGE");
}

static void unknown_type_is_refused(void **state)
{
	(void)state;
	must_refuse(api_post(x, &x->ada, "/v1/records/no.such", "{'body':{}}"), 404,
		    "TYPE_UNKNOWN");
	must_refuse(api_post(x, &x->ada, "/v1/records/%22%0a", "{'body':{}}"), 400,
		    "HTTP_TARGET_INVALID");
}

static void word_of_the_server_is_not_taken_from_others(void **state)
{
	struct reply *r = api_sign(x, &x->ada, "certificate.issued",
				   "{'product':'GW','serial':'1','certificate':'AAAA'}");

	(void)state;
	must_refuse(r, 403, "TYPE_IS_SYSTEM");
}

static void record_of_another_type_than_the_path_is_refused(void **state)
{
	json_t *json = api_signed(x, &x->ada, "role.defined", role_body("path"));

	(void)state;
	must_refuse(post_json("/v1/records/duty.separated", json), 400, "TYPE_NOT_OF_PATH");
}

static void who_may_not_is_refused(void **state)
{
	struct person p = api_person(x, "powerless", "person", "part.read", NULL);
	struct reply *r = api_sign(x, &p, "role.defined", role_body("power"));

	(void)state;
	must_refuse(r, 403, "NOT_ALLOWED");
	person_done(&p);
}

/* ---- receipts ---- */

static void receipt_is_found_by_sequence_and_digest(void **state)
{
	struct reply *r = api_sign(x, &x->ada, "role.defined", role_body("receipt"));
	const char *path = arena_printf(&x->arena, "/v1/receipts/%s?sequence=%d",
					reply_text(r, "digest"), (int)reply_number(r, "sequence"));
	struct reply *receipt = api_get(x, &x->ben, path);

	(void)state;
	must_have(receipt, 200);
	assert_string_equal(reply_text(receipt, "leaf"), reply_text(r, "leaf"));
	assert_non_null(json_object_get(receipt->json, "proof"));
}

static void receipt_of_another_claim_is_not_given(void **state)
{
	char zeros[65];

	(void)state;
	memset(zeros, '0', 64);
	zeros[64] = '\0';
	must_refuse(
		api_get(x, &x->ada, arena_printf(&x->arena, "/v1/receipts/%s?sequence=0", zeros)),
		404, "API_RECEIPT_MISSING");
	must_refuse(api_get(x, &x->ada, arena_printf(&x->arena, "/v1/receipts/%s", zeros)), 404,
		    "API_RECEIPT_MISSING");
	must_refuse(api_get(x, &x->ada,
			    arena_printf(&x->arena, "/v1/receipts/%s?sequence=99999999", zeros)),
		    404, "API_ENTRY_MISSING");
	must_refuse(api_get(x, &x->ada, "/v1/receipts/abc"), 400, "FIELD_WRONG");
	must_refuse(api_get(x, &x->ada, arena_printf(&x->arena, "/v1/receipts/%s?seq=1", zeros)),
		    400, "API_PARAMETER_UNKNOWN");
}

static void record_is_kept_while_the_signer_is_away(void **state)
{
	struct reply *r, *receipt;
	const char *location;

	(void)state;
	api_signer_away(x);
	r = api_sign(x, &x->ada, "role.defined", role_body("away"));
	must_have(r, 202);
	assert_null(json_object_get(r->json, "proof"));
	location = arena_text(&x->arena, bytes_text(reply_header(r, "Location")));
	must_have(api_get(x, &x->ada, location), 202);
	must_have(api_get(x, NULL, "/readyz"), 503);
	must_have(api_get(x, NULL, "/healthz"), 200);
	api_signer_back(x);
	do
		receipt = api_get(x, &x->ada, location);
	while (receipt->status == 202);
	must_have(receipt, 200);
	assert_int_equal(reply_number(receipt, "sequence"), reply_number(r, "sequence"));
	assert_non_null(json_object_get(receipt->json, "proof"));
	must_have(api_get(x, NULL, "/readyz"), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_record_is_certified_at_once),
		cmocka_unit_test(same_record_sent_twice_is_recorded_once),
		cmocka_unit_test(same_id_with_other_content_is_a_conflict),
		cmocka_unit_test(idempotency_key_becomes_the_id),
		cmocka_unit_test(idempotency_key_that_differs_from_the_id_is_refused),
		cmocka_unit_test(record_as_cbor_is_taken),
		cmocka_unit_test(prepared_record_reads_as_what_it_says),
		cmocka_unit_test(personal_value_is_opened_for_readers_of_the_ledger),
		cmocka_unit_test(refusal_is_a_problem_document),
		cmocka_unit_test(unsigned_decision_is_refused),
		cmocka_unit_test(record_signed_by_another_key_is_refused),
		cmocka_unit_test(unknown_field_is_named),
		cmocka_unit_test(body_that_is_no_sound_json_is_refused),
		cmocka_unit_test(deep_json_is_refused),
		cmocka_unit_test(body_of_another_type_is_refused),
		cmocka_unit_test(body_that_is_too_large_is_refused),
		cmocka_unit_test(unknown_type_is_refused),
		cmocka_unit_test(word_of_the_server_is_not_taken_from_others),
		cmocka_unit_test(record_of_another_type_than_the_path_is_refused),
		cmocka_unit_test(who_may_not_is_refused),
		cmocka_unit_test(receipt_is_found_by_sequence_and_digest),
		cmocka_unit_test(receipt_of_another_claim_is_not_given),
		cmocka_unit_test(record_is_kept_while_the_signer_is_away),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
