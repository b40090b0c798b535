/* SPDX-License-Identifier: Apache-2.0 */
/* Claims signed with COSE and with passkeys, and everything about either that may be wrong. */
#include "core/sha256.h"
#include "proof_testing.h"

/* ---- none, and COSE ---- */

static void no_proof_proves_nothing(void **state)
{
	struct proof proof = {.kind = PROOF_NONE};

	(void)state;
	assert_string_equal(checks(&proof, ed25519, NULL), "there is none");
}

static void a_cose_signature_holds_for_its_claim_type_and_key(void **state)
{
	static const char WHY[] = "the signature does not match the claim and its key";
	struct proof proof;
	const char *why;
	struct bytes item;

	(void)state;
	assert_int_equal(cose_sign(&arena, p256, claim.type, claim_bytes, &item, NULL).code, OK);
	assert_true(proof_parse(item, &proof, &why));
	assert_string_equal(checks(&proof, p256, NULL), "");
	assert_string_equal(checks(&proof, ed25519, NULL), WHY);
	claim.type = bytes_text("approval.denied");
	assert_string_equal(checks(&proof, p256, NULL), WHY);
	claim.type = bytes_text("approval.given");
	claim_bytes.n--;
	assert_string_equal(checks(&proof, p256, NULL), WHY);
	claim_bytes.n++;
}

/* ---- passkeys ---- */

/* What is not said is as it should be. */
struct assertion {
	const char *type, *challenge, *origin, *party, *more, *whole;
	const struct private_key *key;
	bool has_flags, raw;
	uint8_t flags;
};

static struct bytes client_data(const struct assertion *how)
{
	struct hash digest = claim_digest(claim_bytes);
	char challenge[64];

	base64url_encode(hash_bytes(&digest), challenge);
	if (how->whole != NULL)
		return bytes_text(how->whole);
	return bytes_text(
		arena_printf(&arena, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\"%s}",
			     either(how->type, "webauthn.get"), either(how->challenge, challenge),
			     either(how->origin, ORIGIN), either(how->more, "")));
}

static void put_integer(struct writer *w, const uint8_t *p)
{
	size_t n = 32;

	while (n > 1 && p[0] == 0) {
		p++;
		n--;
	}
	put_u8(w, 0x02);
	put_u8(w, (uint8_t)(n + (p[0] >= 0x80)));
	if (p[0] >= 0x80)
		put_u8(w, 0);
	put_bytes(w, bytes_of(p, n));
}

static struct bytes der(const uint8_t raw[static 64])
{
	struct writer numbers = room(80), w = room(80);
	struct bytes inner;

	put_integer(&numbers, raw);
	put_integer(&numbers, raw + 32);
	inner = made(&numbers);
	put_u8(&w, 0x30);
	put_u8(&w, (uint8_t)inner.n);
	put_bytes(&w, inner);
	return made(&w);
}

static struct proof asserted(const struct assertion *how)
{
	const struct private_key *key = how->key == NULL ? p256 : how->key;
	struct proof proof = {.kind = PROOF_WEBAUTHN, .client_data = client_data(how)};
	struct hash id = sha256(bytes_text(either(how->party, PARTY)));
	struct hash client = sha256(proof.client_data);
	struct writer data = room(64), message = room(128);
	uint8_t *raw = arena_alloc(&arena, 64);
	bool is_p256 = public_key_algorithm(private_key_public(key)) == KEY_P256;

	put_bytes(&data, hash_bytes(&id));
	put_u8(&data, how->has_flags ? how->flags : PRESENT | VERIFIED);
	put_u32(&data, 7);
	proof.authenticator_data = made(&data);
	put_bytes(&message, proof.authenticator_data);
	put_bytes(&message, hash_bytes(&client));
	assert_int_equal(key_sign(key, made(&message), raw, NULL).code, OK);
	proof.signature = is_p256 != how->raw ? der(raw) : bytes_of(raw, 64);
	return proof;
}

static const char *asserts(const struct assertion *how)
{
	struct proof proof = asserted(how);

	return checks(&proof, how->key == NULL ? p256 : how->key, NULL);
}

#define ASSERTS(why, ...) assert_string_equal(asserts(&(struct assertion){__VA_ARGS__}), why)

static void an_assertion_over_the_claim_holds(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) /* numbers of every length */
		ASSERTS("", .more = "");
	ASSERTS("", .key = ed25519);
	ASSERTS("", .origin = OTHER);
	ASSERTS("", .more = ",\"crossOrigin\":false,\"other\":1");
}

static void an_assertion_made_elsewhere_is_refused(void **state)
{
	(void)state;
	ASSERTS("the client data is not of an assertion", .type = "webauthn.create");
	ASSERTS("the client data is not of an assertion", .type = "payment.get");
	ASSERTS("the assertion was made on another web site", .origin = ORIGIN ".evil.example");
	ASSERTS("the assertion was made on another web site", .origin = "");
	ASSERTS("the assertion was made on another web site",
		.origin = "http://console.test.example");
	ASSERTS("the assertion is for another relying party", .party = "evil.example");
	ASSERTS("the assertion was made inside a foreign page", .more = ",\"crossOrigin\":true");
	ASSERTS("the assertion was made inside a foreign page",
		.more = ",\"crossOrigin\":\"false\"");
	ASSERTS("the challenge is not this record's digest", .challenge = "");
	ASSERTS("the client data is not JSON", .whole = "");
	ASSERTS("the client data is not JSON", .whole = "[]");
	ASSERTS("the client data is not JSON", .more = ",\"type\":\"webauthn.get\"");
	ASSERTS("the client data is not JSON", .more = "}{");
}

static void an_assertion_without_a_person_is_refused(void **state)
{
	static const char WHY[] = "the person was not present and verified";

	(void)state;
	ASSERTS(WHY, .has_flags = true, .flags = 0);
	ASSERTS(WHY, .has_flags = true, .flags = PRESENT);
	ASSERTS(WHY, .has_flags = true, .flags = VERIFIED);
	ASSERTS("", .has_flags = true, .flags = 0xff);
}

static void an_assertion_by_another_key_or_in_another_form_is_refused(void **state)
{
	struct proof proof = asserted(&(struct assertion){.key = p256});
	struct private_key *stranger = new_key(KEY_P256);

	(void)state;
	assert_string_equal(checks(&proof, stranger, NULL), "the signature does not match");
	assert_string_equal(checks(&proof, ed25519, NULL),
			    "the signature is not in its algorithm's form");
	proof.authenticator_data.n--;
	assert_string_equal(checks(&proof, p256, NULL), "the authenticator data is too short");
	private_key_close(stranger);
	ASSERTS("the signature is not in its algorithm's form", .raw = true);
	ASSERTS("the signature is not in its algorithm's form", .raw = true, .key = ed25519);
}

static void without_a_relying_party_no_assertion_holds(void **state)
{
	static const char WHY[] = "passkey assertions are not set up here";
	struct proof proof = asserted(&(struct assertion){.key = p256});
	struct fault f = {0};

	(void)state;
	party.origins_n = 0;
	assert_string_equal(checks(&proof, p256, NULL), WHY);
	party.any_origin = true; /* offline: the relying party alone */
	assert_string_equal(checks(&proof, p256, NULL), "");
	ASSERTS("", .origin = "https://elsewhere.test.example");
	ASSERTS("the assertion is for another relying party", .party = "evil.example");
	party.relying_party = (struct bytes){0};
	assert_string_equal(checks(&proof, p256, NULL), WHY);
	assert_int_equal(proof_check(&proof, &claim, claim_bytes, private_key_public(p256),
				     (struct bytes){0}, NULL, &f)
				 .code,
			 ERR_UNAUTHENTICATED);
}

/* ---- what foreign code proved ---- */

/* The public halves of the keys in tests/golden/entry/make.py. */
static const char GOLDEN_ED25519[] =
	"302a300506032b6570032100"
	"8a7383a6d84931385dabcf1ddb38bc282c5e488fa5c95867f3d4485924514110";
static const char GOLDEN_P256[] =
	"3059301306072a8648ce3d020106082a8648ce3d03010703420004"
	"ae48edaa466de46a1e1d2e34972faeafa892da7c146ba82167e355adfee2756b"
	"0aa6a6fd04e4ed4eff0152113e75ccb46594172b848f94e37988a684c6884af0";

static struct bytes unhex(struct bytes text)
{
	char *digits = arena_alloc(&arena, text.n);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\n')
			digits[n++] = (char)text.p[i];
	}
	uint8_t *out = arena_alloc(&arena, n / 2);
	assert_true(hex_decode(bytes_of(digits, n), out, n / 2));
	return bytes_of(out, n / 2);
}

static bool golden_holds(const char *name, const char *spki, const char *application)
{
	const char *path = arena_printf(&arena, "%s/%s.hex", GOLDEN_FOLDER, name);
	const struct bytes page = bytes_text("https://ledger.example");
	const struct proof_party ledger = {
		.relying_party = bytes_text("ledger.example"), .origins = &page, .origins_n = 1};
	struct public_key *key = NULL;
	struct bytes text;
	struct entry entry;
	const char *why;

	assert_int_equal(file_read(&arena, path, 8192, &text, NULL).code, OK);
	assert_true(entry_parse(unhex(text), &entry, &why));
	assert_int_equal(public_key_parse(unhex(bytes_text(spki)), &key, NULL).code, OK);
	err e = proof_check(&entry.proof, &entry.claim, entry.claim_bytes, key,
			    application == NULL ? (struct bytes){0} : bytes_text(application),
			    &ledger, NULL);
	public_key_close(key);
	return e.code == OK;
}

static void what_foreign_code_proved_holds(void **state)
{
	(void)state;
	assert_true(golden_holds("signed_ed25519", GOLDEN_ED25519, NULL));
	assert_true(golden_holds("signed_es256_offline", GOLDEN_P256, NULL));
	assert_true(golden_holds("approved_webauthn", GOLDEN_P256, NULL));
	assert_true(golden_holds("approved_ssh_ed25519", GOLDEN_ED25519, NULL));
	assert_true(golden_holds("approved_ssh_token_p256", GOLDEN_P256, "ssh:approve"));
	assert_false(golden_holds("approved_ssh_token_p256", GOLDEN_P256, NULL));
	assert_false(golden_holds("approved_ssh_ed25519", GOLDEN_P256, NULL));
	assert_false(golden_holds("approved_webauthn", GOLDEN_ED25519, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROOF_TEST(no_proof_proves_nothing),
		PROOF_TEST(a_cose_signature_holds_for_its_claim_type_and_key),
		PROOF_TEST(an_assertion_over_the_claim_holds),
		PROOF_TEST(an_assertion_made_elsewhere_is_refused),
		PROOF_TEST(an_assertion_without_a_person_is_refused),
		PROOF_TEST(an_assertion_by_another_key_or_in_another_form_is_refused),
		PROOF_TEST(without_a_relying_party_no_assertion_holds),
		PROOF_TEST(what_foreign_code_proved_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
