/* SPDX-License-Identifier: Apache-2.0 */
/* Passkeys as bytes: two judges that must agree, over hundreds of assertions that are right, or wrong in a bit. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's macro would hide ours */
/* clang-format on */

#include "base/arena.h"
#include "core/sha256.h"
#include "interop/passkey_sign.h"
#include "server/passkey.h"

#include <string.h>

static const struct hash CHALLENGE = {{1, 2, 3, 4, 5}};
static const struct bytes ORIGIN = {(const uint8_t *)"https://console.example", 23};

static struct arena arena;
static struct private_key *keys[2];

static int open_keys(void **state)
{
	static const enum key_algorithm ALGORITHMS[] = {KEY_P256, KEY_ED25519};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(private_key_generate(ALGORITHMS[i], &keys[i], NULL).code, OK);
	return 0;
}

static int close_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		private_key_close(keys[i]);
	arena_done(&arena);
	return 0;
}

static struct proof_party party(void)
{
	return (struct proof_party){
		.relying_party = bytes_text("example"), .origins = &ORIGIN, .origins_n = 1};
}

static struct passkey_wish right(void)
{
	return (struct passkey_wish){.party = "example",
				     .origin = "https://console.example",
				     .challenge = CHALLENGE,
				     .counter = 9};
}

static struct passkey_assertion asserted(size_t key, const struct passkey_wish *wish)
{
	struct passkey_words words;

	assert_int_equal(passkey_assert(&arena, keys[key], wish, &words, NULL).code, OK);
	return (struct passkey_assertion){words.client_data, words.authenticator_data,
					  words.signature};
}

static bool ours(size_t key, const struct passkey_assertion *a)
{
	const struct proof_party p = party();

	return assertion_check(private_key_public(keys[key]), CHALLENGE, a->client_data,
			       a->authenticator_data, a->signature, &p) == NULL;
}

static bool fidos(size_t key, const struct passkey_assertion *a)
{
	return passkey_fido_agrees(bytes_text("example"), private_key_public(keys[key]), a);
}

/* ---- two judges ---- */

static struct bytes flipped(struct bytes in, size_t bit)
{
	struct bytes copy = arena_copy(&arena, in);
	union {
		const uint8_t *from;
		uint8_t *to;
	} bytes = {.from = copy.p};

	bytes.to[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	return copy;
}

/* No signature survives a change of what it covers, and none of its own but the two that ECDSA itself knows. */
static void no_flipped_bit_passes_either_judge(void **state)
{
	const struct passkey_wish wish = right();

	(void)state;
	for (size_t key = 0; key < 2; key++) {
		const struct passkey_assertion whole = asserted(key, &wish);
		assert_true(ours(key, &whole) && fidos(key, &whole));
		for (size_t bit = 0; bit < 8 * whole.authenticator_data.n; bit++) {
			struct passkey_assertion a = whole;
			a.authenticator_data = flipped(whole.authenticator_data, bit);
			assert_false(ours(key, &a) || fidos(key, &a));
		}
		for (size_t bit = 0; bit < 8 * whole.signature.n; bit++) {
			struct passkey_assertion a = whole;
			a.signature = flipped(whole.signature, bit);
			assert_false(ours(key, &a) || fidos(key, &a));
		}
		for (size_t bit = 0; bit < 8 * whole.client_data.n; bit += 5) {
			struct passkey_assertion a = whole;
			a.client_data = flipped(whole.client_data, bit);
			assert_false(ours(key, &a) || fidos(key, &a));
		}
	}
}

static void no_prefix_and_nothing_longer_passes_either_judge(void **state)
{
	const struct passkey_wish wish = right();
	uint8_t more[700] = {0};

	(void)state;
	for (size_t key = 0; key < 2; key++) {
		const struct passkey_assertion whole = asserted(key, &wish);
		for (size_t n = 0; n < whole.authenticator_data.n; n++) {
			struct passkey_assertion a = whole;
			a.authenticator_data.n = n;
			assert_false(ours(key, &a) || fidos(key, &a));
		}
		for (size_t n = 0; n < whole.signature.n; n++) {
			struct passkey_assertion a = whole;
			a.signature.n = n;
			assert_false(ours(key, &a) || fidos(key, &a));
		}
		struct passkey_assertion a = whole;
		memcpy(more, whole.signature.p, whole.signature.n);
		for (size_t n = whole.signature.n + 1; n < sizeof more; n += 37) {
			a.signature = bytes_of(more, n);
			assert_false(ours(key, &a) || fidos(key, &a));
		}
	}
}

/* Signed as they stand: only presence, verification and the relying party decide. Where flags promise more data than
 * there is, libfido2 is the stricter one, and both must say yes. */
static void every_combination_of_flags_is_judged_alike(void **state)
{
	static const char *const PARTIES[] = {"example", "evil.example"};
	size_t agreed = 0;

	(void)state;
	for (size_t key = 0; key < 2; key++)
		for (size_t p = 0; p < 2; p++)
			for (unsigned letters = 0; letters < 16; letters++) {
				char flags[] = {letters & 1 ? 'P' : '-', letters & 2 ? 'V' : '-',
						letters & 4 ? 'C' : '-', letters & 8 ? 'X' : '-',
						0};
				struct passkey_wish wish = right();
				wish.party = PARTIES[p];
				wish.flags = flags;
				const struct passkey_assertion a = asserted(key, &wish);
				if (fidos(key, &a))
					assert_true(ours(key, &a));
				if (letters < 4)
					assert_int_equal(ours(key, &a), fidos(key, &a));
				agreed += ours(key, &a) && fidos(key, &a);
			}
	assert_true(agreed >= 2);
}

static void another_key_passes_neither_judge(void **state)
{
	const struct passkey_wish wish = right();

	(void)state;
	for (size_t key = 0; key < 2; key++) {
		const struct passkey_assertion a = asserted(key, &wish);
		assert_false(ours(1 - key, &a) || fidos(1 - key, &a));
	}
}

/* ---- what comes of an assertion ---- */

static const char *why_not(const struct passkey_wish *wish)
{
	static struct fault f;
	const struct proof_party p = party();
	const struct passkey_assertion a = asserted(0, wish);
	uint32_t counter;

	f = (struct fault){0};
	err result = passkey_assertion_check(&p, CHALLENGE, private_key_public(keys[0]), &a,
					     &counter, &f);
	if (result.code == OK)
		return "";
	assert_string_equal(f.message, "API_PASSKEY_WRONG");
	return fault_value(&f, "detail");
}

static void counter_is_read_and_what_only_one_judge_takes_is_refused(void **state)
{
	const struct proof_party p = party();
	struct passkey_wish wish = right();
	uint32_t counter = 0;

	(void)state;
	wish.counter = 0xfedcba98;
	const struct passkey_assertion a = asserted(1, &wish);
	assert_int_equal(passkey_assertion_check(&p, CHALLENGE, private_key_public(keys[1]), &a,
						 &counter, NULL)
				 .code,
			 OK);
	assert_int_equal(counter, 0xfedcba98);
	wish.flags = "PVX";
	assert_string_equal(why_not(&wish), "libfido2 does not accept it");
	wish.tail = bytes_text("\xa1\x61x\x01"); /* an extension that nobody asked for, but sound */
	assert_string_equal(why_not(&wish), "");
	wish.tail = bytes_text("\x9a\xff\xff\xff\xff"); /* a list of 4 billion */
	assert_string_equal(why_not(&wish), "libfido2 does not accept it");
	wish.tail = bytes_text("\xa1\x61x\x01\x01");
	assert_string_equal(why_not(&wish), "libfido2 does not accept it");
	wish.flags = "PV";
	wish.tail = bytes_text("\xa0");
	assert_string_equal(why_not(&wish), "libfido2 does not accept it");
	wish.tail = (struct bytes){0};
	wish.flags = "P";
	assert_string_equal(why_not(&wish), "the person was not present and verified");
}

/* ---- registrations ---- */

static err registered(const struct passkey_wish *wish, size_t key, struct bytes credential,
		      struct passkey *out, struct fault *f)
{
	const struct proof_party p = party();
	struct passkey_registration r;

	assert_int_equal(passkey_register(&arena, keys[key], credential, wish, &r, NULL).code, OK);
	return passkey_registration_check(&p, CHALLENGE, r.client_data, r.attestation, out, f);
}

static void registration_gives_the_key_its_credential_and_counter(void **state)
{
	static const char *const FORMATS[] = {NULL, "packed"};
	uint8_t id[255];

	(void)state;
	memset(id, 7, sizeof id);
	for (size_t key = 0; key < 2; key++)
		for (size_t n = 16; n <= sizeof id; n += 239)
			for (size_t i = 0; i < 2; i++) {
				struct passkey_wish wish = right();
				struct passkey made;
				wish.format = FORMATS[i];
				assert_int_equal(
					registered(&wish, key, bytes_of(id, n), &made, NULL).code,
					OK);
				assert_true(
					hash_equal(public_key_id(made.key),
						   public_key_id(private_key_public(keys[key]))));
				assert_true(bytes_equal(made.credential, bytes_of(id, n)));
				assert_int_equal(made.counter, 9);
				public_key_close(made.key);
			}
}

/* Chromium asks security keys to guard resident credentials, and they say so. */
static void protection_of_the_credential_is_taken(void **state)
{
	static const char *const FORMATS[] = {NULL, "packed"};
	static const uint8_t id[32] = {1};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct passkey_wish wish = right();
		struct passkey made;
		wish.format = FORMATS[i];
		wish.flags = "PVCX";
		wish.tail = bytes_text("\xa1\x6b"
				       "credProtect\x02");
		assert_int_equal(registered(&wish, 0, bytes_of(id, sizeof id), &made, NULL).code,
				 OK);
		public_key_close(made.key);
	}
}

static void packed_attestation_that_does_not_hold_is_refused(void **state)
{
	static const uint8_t id[32] = {1};
	static const struct bytes WRONG[] = {
		{(const uint8_t *)"\xa0", 1},
		{(const uint8_t *)"\xa1\x63"
				  "alg\x26",
		 6},
		{(const uint8_t *)"\xa2\x63"
				  "alg\x26\x63"
				  "sig\x40",
		 11},
		{(const uint8_t *)"\xa2\x63"
				  "alg\x27\x63"
				  "sig\x41\x00",
		 12},
		{(const uint8_t *)"\xa3\x63"
				  "alg\x26\x63"
				  "sig\x41\x00\x63"
				  "x5c\x81\x41\x30",
		 19},
	};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		struct passkey_wish wish = right();
		struct passkey made;
		struct fault f = {0};
		wish.format = "packed";
		wish.statement = WRONG[i];
		assert_int_equal(registered(&wish, 0, bytes_of(id, sizeof id), &made, &f).code,
				 ERR_INVALID);
		assert_string_equal(fault_value(&f, "detail"), "its attestation does not hold");
	}
}

static void nothing_of_another_party_and_no_prefix_is_registered(void **state)
{
	static const uint8_t id[32] = {1};
	const struct passkey_wish wish = right();
	const struct proof_party p = party();

	(void)state;
	for (size_t key = 0; key < 2; key++) {
		struct passkey_registration r;
		struct passkey made;
		assert_int_equal(passkey_register(&arena, keys[key], bytes_of(id, sizeof id), &wish,
						  &r, NULL)
					 .code,
				 OK);
		/* Up to the end of rpIdHash; what comes after it nobody signs, but for the key's next word. */
		size_t data_n = 37 + 16 + 2 + sizeof id + (key == 0 ? 77 : 42);
		for (size_t bit = 0; bit < 8 * (r.attestation.n - data_n + 32); bit++)
			assert_int_equal(passkey_registration_check(&p, CHALLENGE, r.client_data,
								    flipped(r.attestation, bit),
								    &made, NULL)
						 .code,
					 ERR_INVALID);
		for (size_t n = 0; n < r.attestation.n; n++)
			assert_int_equal(passkey_registration_check(&p, CHALLENGE, r.client_data,
								    bytes_of(r.attestation.p, n),
								    &made, NULL)
						 .code,
					 ERR_INVALID);
		for (size_t n = 0; n < r.client_data.n; n++)
			assert_int_equal(passkey_registration_check(&p, CHALLENGE,
								    bytes_of(r.client_data.p, n),
								    r.attestation, &made, NULL)
						 .code,
					 ERR_INVALID);
	}
}

static void code_to_compare_is_the_same_everywhere(void **state)
{
	char code[OFFER_CODE_SIZE];

	(void)state;
	/* printf 'sealwright passkey offer\nspki' | sha256sum */
	passkey_code(bytes_text("spki"), code);
	assert_string_equal(code, "4898 c92a 69e5 54a0 9eaa 2456");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_flipped_bit_passes_either_judge),
		cmocka_unit_test(no_prefix_and_nothing_longer_passes_either_judge),
		cmocka_unit_test(every_combination_of_flags_is_judged_alike),
		cmocka_unit_test(another_key_passes_neither_judge),
		cmocka_unit_test(counter_is_read_and_what_only_one_judge_takes_is_refused),
		cmocka_unit_test(registration_gives_the_key_its_credential_and_counter),
		cmocka_unit_test(protection_of_the_credential_is_taken),
		cmocka_unit_test(packed_attestation_that_does_not_hold_is_refused),
		cmocka_unit_test(nothing_of_another_party_and_no_prefix_is_registered),
		cmocka_unit_test(code_to_compare_is_the_same_everywhere),
	};

	return cmocka_run_group_tests(tests, open_keys, close_keys);
}
