/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_bytes.c — one sound submission, cut and bent at every byte; and sent again. */
#include "hostile.h"

#include "core/cbor.h"
#include "crypto/crypto.h"

#include <string.h>

static const char ROLE[] = "/v1/records/role.defined";
static const char CBOR[] = "application/cbor";

static struct reply *send_cbor(struct bytes cbor)
{
	return wire_post(x, WANDA, ROLE, CBOR, cbor);
}

/* Neither taken nor an error of ours. */
static void must_be_refused(const struct reply *r, const char *what, size_t at)
{
	if (r->status < 400 || r->status > 499 || reply_text(r, "code")[0] == '\0')
		stop_test("%s %zu: %d %s\n", what, at, r->status, r->body);
}

static int64_t log_size(void)
{
	int64_t size = reply_number(wire_get(x, NOBODY, "/readyz"), "size");

	assert_true(size > 0);
	return size;
}

static void no_submission_cut_short_is_taken(void **state)
{
	struct bytes whole = forge(x, &(const struct forgery){0});
	int64_t before = log_size();

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		must_be_refused(send_cbor(bytes_of(whole.p, n)), "cut at byte", n);
	assert_int_equal(log_size(), before);
	must_have(send_cbor(whole), 201); /* it was sound all the time */
}

static void no_submission_with_a_changed_byte_is_taken(void **state)
{
	struct bytes whole = forge(x, &(const struct forgery){0});
	int64_t before = log_size();
	uint8_t *bent = arena_alloc(&x->api->arena, whole.n);

	(void)state;
	assert_non_null(bent);
	memcpy(bent, whole.p, whole.n);
	for (size_t i = 0; i < whole.n; i++) {
		bent[i] ^= (uint8_t)(i % 2 == 0 ? 0x01 : 0x80);
		must_be_refused(send_cbor(bytes_of(bent, whole.n)), "changed byte", i);
		bent[i] = whole.p[i];
	}
	assert_int_equal(log_size(), before);
	must_have(send_cbor(whole), 201);
}

static void each_bit_of_a_signature_counts(void **state)
{
	struct bytes whole = forge(x, &(const struct forgery){0});
	uint8_t *bent = arena_alloc(&x->api->arena, whole.n);
	size_t first = whole.n - 1 - 64; /* the signature stands before the empty openings */

	(void)state;
	assert_non_null(bent);
	memcpy(bent, whole.p, whole.n);
	for (size_t bit = 0; bit < 64 * 8; bit++) {
		bent[first + bit / 8] ^= (uint8_t)(1u << bit % 8);
		must_refuse(send_cbor(bytes_of(bent, whole.n)), 401, "PROOF_WRONG");
		bent[first + bit / 8] = whole.p[first + bit / 8];
	}
	must_have(send_cbor(whole), 201);
}

static void the_same_submission_has_the_first_receipt_for_ever(void **state)
{
	struct bytes whole = forge(x, &(const struct forgery){0});
	struct reply *first = send_cbor(whole);
	int64_t before = log_size();

	(void)state;
	must_have(first, 201);
	for (size_t i = 0; i < 3; i++) {
		struct reply *again = send_cbor(whole);
		must_have(again, 201);
		assert_int_equal(reply_number(again, "sequence"), reply_number(first, "sequence"));
		assert_string_equal(reply_text(again, "digest"), reply_text(first, "digest"));
	}
	assert_int_equal(log_size(), before);
}

/* Whoever brings it: who signed is the author. */
static void a_record_replayed_by_somebody_else_is_the_first_one(void **state)
{
	struct bytes whole = forge(x, &(const struct forgery){0});
	struct reply *first = send_cbor(whole);
	struct reply *again = wire_post(x, NEMO, ROLE, CBOR, whole);

	(void)state;
	must_have(first, 201);
	must_have(again, 201);
	assert_int_equal(reply_number(again, "sequence"), reply_number(first, "sequence"));
}

/* The claim's id stands in 16 bytes behind `06 50`. */
static struct bytes with_id(struct bytes claim, const uint8_t id[static 16])
{
	uint8_t *copy = arena_alloc(&x->api->arena, claim.n);
	const uint8_t *at;

	assert_non_null(copy);
	memcpy(copy, claim.p, claim.n);
	at = memmem(copy, claim.n, "\x06\x50", 2);
	assert_non_null(at);
	memcpy(copy + (at - copy) + 2, id, 16);
	return bytes_of(copy, claim.n);
}

static const uint8_t *chosen_id;

static struct bytes use_chosen_id(struct arena *a, struct bytes claim)
{
	(void)a;
	return with_id(claim, chosen_id);
}

static void an_id_stands_for_one_record(void **state)
{
	uint8_t id[16];
	char text[37], hex[33];
	size_t n = 0;
	const struct forgery same = {.edit = use_chosen_id};
	const struct forgery other = {.edit = use_chosen_id, .body = RAW("\xa1\x64role\x65other")};
	const struct forgery not_hers = {
		.edit = use_chosen_id, .author = "ada", .key = ADA, .kid = ADA, .signer = ADA};

	(void)state;
	api_uuid(x->api, text);
	for (size_t i = 0; i < 36; i++)
		if (text[i] != '-')
			hex[n++] = text[i];
	assert_true(hex_decode(bytes_of(hex, 32), id, sizeof id));
	chosen_id = id;
	struct reply *first = send_cbor(forge(x, &same));
	must_have(first, 201);
	struct reply *second = send_cbor(forge(x, &other));
	must_refuse(second, 409, "ID_USED");
	assert_string_equal(reply_text(second, "field"), "id");
	/* Another author may choose the same id: an id is its author's. */
	must_have(send_cbor(forge(x, &not_hers)), 201);
}

const struct CMUnitTest BYTE_TESTS[] = {
	cmocka_unit_test(no_submission_cut_short_is_taken),
	cmocka_unit_test(no_submission_with_a_changed_byte_is_taken),
	cmocka_unit_test(each_bit_of_a_signature_counts),
	cmocka_unit_test(the_same_submission_has_the_first_receipt_for_ever),
	cmocka_unit_test(a_record_replayed_by_somebody_else_is_the_first_one),
	cmocka_unit_test(an_id_stands_for_one_record),
};
const size_t BYTE_TESTS_N = sizeof BYTE_TESTS / sizeof BYTE_TESTS[0];
