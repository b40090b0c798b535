/* SPDX-License-Identifier: Apache-2.0 */
/* Passkeys: an assertion as an authenticator makes it (W3C WebAuthn level 2, section 7.2), made here
 * with a P-256 key, and everything about it that may be wrong. */
#include "records/trial.h"

#include <stdio.h>

#include "core/cbor.h"
#include "core/entry.h"
#include "core/sha256.h"

#define PARTY  "test.example"
#define ORIGIN "https://console.test.example"

enum { PRESENT = 0x01, VERIFIED = 0x04 };

/* What is not said is as it should be. */
struct assertion {
	const char *type, *origin, *party, *more; /* more: further members of the client data */
	const char *challenge;
	uint8_t flags;
	bool has_flags, short_data, long_data, raw_signature, padded, other_key;
	size_t cut; /* bytes off the end of the signature */
};

struct passkeys {
	struct trial *t;
	struct actor zoe, other;
};

static int setup(void **state)
{
	struct passkeys *p;
	struct trial *t;

	if (trial_setup(state) != 0)
		return -1;
	t = *state;
	house_stop(&t->house);
	t->house.config.relying_party = PARTY;
	t->house.config.web_origin = ORIGIN;
	house_start(&t->house);
	p = arena_alloc(&t->house.arena, sizeof *p);
	assert_non_null(p);
	p->t = t;
	p->zoe = house_actor_with(&t->house, "zoe", "person", "trial.decide", KEY_P256);
	p->other = house_actor_with(&t->house, "yan", "person", "trial.decide", KEY_P256);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct passkeys *p = *state;

	actor_done(&p->zoe);
	actor_done(&p->other);
	*state = p->t;
	return trial_teardown(state);
}
#define PASSKEY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* One INTEGER of an ECDSA-Sig-Value; with `pad`, one zero more than DER allows. */
static void put_integer(struct writer *w, const uint8_t *p, bool pad)
{
	size_t n = 32;

	while (n > 1 && p[0] == 0) {
		p++;
		n--;
	}
	bool zero = p[0] >= 0x80;
	put_u8(w, 0x02);
	put_u8(w, (uint8_t)(n + zero + pad));
	for (int i = 0; i < zero + pad; i++)
		put_u8(w, 0);
	put_bytes(w, bytes_of(p, n));
}

static struct bytes to_der(struct arena *a, const uint8_t raw[static 64], bool pad)
{
	uint8_t *p = arena_alloc(a, 160);
	uint8_t numbers[80];
	struct writer w = writer_of(numbers, sizeof numbers);
	struct bytes inner, out;

	put_integer(&w, raw, pad);
	put_integer(&w, raw + 32, false);
	assert_true(writer_done(&w, &inner));
	w = writer_of(p, 160);
	put_u8(&w, 0x30);
	put_u8(&w, (uint8_t)inner.n);
	put_bytes(&w, inner);
	assert_true(writer_done(&w, &out));
	return out;
}

static struct bytes client_data(struct arena *a, struct hash digest, const struct assertion *how)
{
	char challenge[64];

	base64url_encode(hash_bytes(&digest), challenge);
	return bytes_text(arena_printf(
		a, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\"%s}",
		how->type == NULL ? "webauthn.get" : how->type,
		how->challenge == NULL ? challenge : how->challenge,
		how->origin == NULL ? ORIGIN : how->origin, how->more == NULL ? "" : how->more));
}

static struct bytes authenticator_data(struct arena *a, const struct assertion *how)
{
	uint8_t *p = arena_alloc(a, 64);
	struct hash party = sha256(bytes_text(how->party == NULL ? PARTY : how->party));

	memcpy(p, party.b, 32);
	p[32] = how->has_flags ? how->flags : PRESENT | VERIFIED;
	memset(p + 33, 0, 31); /* the counter, and room for what some authenticators add */
	return bytes_of(p, how->short_data ? 36 : how->long_data ? 64 : 37);
}

static struct bytes sign_assertion(struct passkeys *p, struct hash digest,
				   const struct assertion *how)
{
	struct arena *a = &p->t->house.arena;
	struct bytes client = client_data(a, digest, how);
	struct bytes data = authenticator_data(a, how);
	struct hash client_hash = sha256(client);
	uint8_t message[128], raw[64], *buffer = arena_alloc(a, 4096);
	struct writer w = writer_of(message, sizeof message);
	struct bytes covered, out;
	struct fault f = {0};

	put_bytes(&w, data);
	put_bytes(&w, hash_bytes(&client_hash));
	assert_true(writer_done(&w, &covered));
	ok(key_sign(how->other_key ? p->other.key : p->zoe.key, covered, raw, &f), &f);
	struct bytes signature =
		how->raw_signature ? arena_copy(a, bytes_of(raw, 64)) : to_der(a, raw, how->padded);
	signature.n -= how->cut;
	w = writer_of(buffer, 4096);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, data);
	cbor_put_bytes(&w, client);
	cbor_put_bytes(&w, signature);
	assert_true(writer_done(&w, &out));
	return out;
}

static const char *asserts(struct passkeys *p, const struct assertion *how)
{
	struct house *h = &p->t->house;
	struct caller caller = {.principal = "zoe", .channel = CHANNEL_SESSION};
	struct prepared made;
	struct submission *s = NULL;
	struct fault f = {0};
	struct bytes cbor;
	uint8_t *buffer = arena_alloc(&h->arena, 8192);
	struct writer w = writer_of(buffer, 8192);
	char id[37];

	house_id(h, id);
	json_t *json = json_pack("{s:s, s:{s:s}}", "id", id, "body", "item", "a");
	ok(submission_prepare(h->engine, &h->arena, &caller, bytes_text("trial.ruled"), json,
			      public_key_id(private_key_public(p->zoe.key)), &made, &f),
	   &f);
	json_decref(json);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, made.claim);
	put_bytes(&w, sign_assertion(p, made.digest, how));
	cbor_put_map(&w, 0);
	assert_true(writer_done(&w, &cbor));
	if (submission_from_cbor(h->engine, &h->arena, &caller, bytes_of("", 0), cbor, &s, &f)
		    .code != OK)
		s = NULL;
	return submits(p->t, s, &f);
}

#define ASSERTS(answer, ...) \
	assert_string_equal(asserts(*state, &(struct assertion){__VA_ARGS__}), answer)

static void an_assertion_over_the_claim_is_a_proof(void **state)
{
	for (int i = 0; i < 20; i++) /* numbers of every length */
		ASSERTS("", .type = NULL);
	ASSERTS("", .long_data = true);
	ASSERTS("", .more = ",\"crossOrigin\":false,\"extra\":[1,2]");
	ASSERTS("", .flags = 0xfd, .has_flags = true);
}

static void an_assertion_of_another_type_or_place_is_refused(void **state)
{
	ASSERTS("!PROOF_WRONG", .type = "webauthn.create");
	ASSERTS("!PROOF_WRONG", .type = "payment.get");
	ASSERTS("!PROOF_WRONG", .origin = "https://console.test.example.evil.example");
	ASSERTS("!PROOF_WRONG", .origin = "http://console.test.example");
	ASSERTS("!PROOF_WRONG", .origin = "https://CONSOLE.test.example");
	ASSERTS("!PROOF_WRONG", .origin = "");
	ASSERTS("!PROOF_WRONG", .party = "evil.example");
	ASSERTS("!PROOF_WRONG", .more = ",\"crossOrigin\":true");
}

static void an_assertion_without_a_person_is_refused(void **state)
{
	ASSERTS("!PROOF_WRONG", .has_flags = true, .flags = 0);
	ASSERTS("!PROOF_WRONG", .has_flags = true, .flags = PRESENT);
	ASSERTS("!PROOF_WRONG", .has_flags = true, .flags = VERIFIED);
}

static void an_assertion_over_something_else_is_refused(void **state)
{
	ASSERTS("!PROOF_WRONG", .challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	ASSERTS("!PROOF_WRONG", .challenge = "");
	ASSERTS("!PROOF_WRONG", .other_key = true);
}

static void data_of_the_wrong_shape_is_refused(void **state)
{
	const char *answer = asserts(*state, &(struct assertion){.short_data = true});

	assert_int_equal(answer[0], '!');
	ASSERTS("!PROOF_WRONG", .more = ",\"type\":\"webauthn.get\""); /* said twice */
	ASSERTS("!PROOF_WRONG", .more = "} {");
	ASSERTS("!PROOF_WRONG", .type = "webauthn.get\\u0000");
}

static void signatures_that_are_not_der_are_refused(void **state)
{
	ASSERTS("!PROOF_WRONG", .raw_signature = true);
	ASSERTS("!PROOF_WRONG", .padded = true);
	ASSERTS("!PROOF_WRONG", .cut = 1);
	ASSERTS("!PROOF_WRONG", .cut = 40);
}

static void without_a_relying_party_passkeys_prove_nothing(void **state)
{
	struct passkeys *p = *state;

	ASSERTS("", .type = NULL);
	house_stop(&p->t->house);
	p->t->house.config.relying_party = NULL;
	house_start(&p->t->house);
	ASSERTS("!PROOF_WRONG", .type = NULL);
}

static void a_cose_signature_by_the_same_key_counts_too(void **state)
{
	struct passkeys *p = *state;

	assert_string_equal(asks(p->t, &p->zoe, "trial.ruled", "{'item':'a'}"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PASSKEY_TEST(an_assertion_over_the_claim_is_a_proof),
		PASSKEY_TEST(an_assertion_of_another_type_or_place_is_refused),
		PASSKEY_TEST(an_assertion_without_a_person_is_refused),
		PASSKEY_TEST(an_assertion_over_something_else_is_refused),
		PASSKEY_TEST(data_of_the_wrong_shape_is_refused),
		PASSKEY_TEST(signatures_that_are_not_der_are_refused),
		PASSKEY_TEST(without_a_relying_party_passkeys_prove_nothing),
		PASSKEY_TEST(a_cose_signature_by_the_same_key_counts_too),
	};

	return run_on_sqlite(tests, sizeof tests / sizeof tests[0]);
}
