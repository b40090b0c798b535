/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"
#include "crypto_testing.h"

static const char ORDER[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

static void signature_holds_for_its_message_and_key_only(void **state)
{
	const struct bytes message = bytes_text("a message"), other = bytes_text("a messagf");

	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct private_key *key = new_key(algorithm), *stranger = new_key(algorithm);
		uint8_t signature[64];

		for (int round = 0; round < 50; round++) { /* short r and s come by chance */
			assert_int_equal(key_sign(key, message, signature, NULL).code, OK);
			assert_true(key_verify(private_key_public(key), message, signature));
		}
		assert_false(key_verify(private_key_public(key), other, signature));
		assert_false(key_verify(private_key_public(key), (struct bytes){0}, signature));
		assert_false(key_verify(private_key_public(stranger), message, signature));
		for (size_t i = 0; i < 64; i++) {
			signature[i] ^= 1;
			assert_false(key_verify(private_key_public(key), message, signature));
			signature[i] ^= 1;
		}
		private_key_close(key);
		private_key_close(stranger);
	}
}

static void empty_message_can_be_signed(void **state)
{
	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct private_key *key = new_key(algorithm);
		uint8_t signature[64];

		assert_int_equal(key_sign(key, (struct bytes){0}, signature, NULL).code, OK);
		assert_true(key_verify(private_key_public(key), (struct bytes){0}, signature));
		private_key_close(key);
	}
}

static void numbers_out_of_range_are_refused(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	const struct bytes message = bytes_text("a message");
	uint8_t good[64], bad[64], order[32];

	(void)state;
	assert_true(hex_decode(bytes_text(ORDER), order, 32));
	assert_int_equal(key_sign(key, message, good, NULL).code, OK);
	for (size_t half = 0; half < 64; half += 32) {
		memcpy(bad, good, 64);
		memset(bad + half, 0, 32);
		assert_false(key_verify(private_key_public(key), message, bad));
		memcpy(bad + half, order, 32);
		assert_false(key_verify(private_key_public(key), message, bad));
		memset(bad + half, 0xff, 32);
		assert_false(key_verify(private_key_public(key), message, bad));
	}
	memset(bad, 0, 64);
	assert_false(key_verify(private_key_public(key), message, bad));
	private_key_close(key);
}

static bool converts(const char *hex)
{
	uint8_t der[128], signature[64];
	size_t n = strlen(hex) / 2;

	assert_true(n <= sizeof(der) && hex_decode(bytes_text(hex), der, n));
	return ecdsa_from_der(bytes_of(der, n), signature);
}

static void only_strict_der_becomes_a_signature(void **state)
{
	static const char *const bad[] = {
		"",
		"30",
		"3000",
		"3003020101",
		"300602010102010100", /* bytes follow */
		"30060201000201"
		"01", /* r = 0 */
		"30060201010201"
		"00", /* s = 0 */
		"30060201ff0201"
		"01",                 /* negative */
		"300702020001020101", /* a zero too many */
		"30810602010102"
		"0101", /* length not in its shortest form */
		"3080020101020101"
		"0000",                   /* indefinite length */
		"3106020101020101",       /* a SET */
		"3009020101020101020101", /* three numbers */
		"3006040101020101",       /* not an INTEGER */
	};
	char order[128];

	(void)state;
	assert_true(converts("3006020101020101"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (converts(bad[i]))
			stop_test("accepted: %s\n", bad[i]);
	(void)snprintf(order, sizeof(order), "3026022100%s020101", ORDER);
	assert_false(converts(order)); /* r = n */
	order[strlen("3026022100") + 63] = '0';
	assert_true(converts(order)); /* r = n - 1 */
}

static void known_signature_of_p256_verifies(void **state)
{
	/* RFC 6979 appendix A.2.5, P-256 with SHA-256, message "sample". */
	static const char xy[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
				 "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
	static const char rs[] = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
				 "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
	struct public_key *key = NULL;
	uint8_t point[64], signature[64];

	(void)state;
	assert_true(hex_decode(bytes_text(xy), point, 64));
	assert_true(hex_decode(bytes_text(rs), signature, 64));
	assert_int_equal(public_key_from_p256(point, &key, NULL).code, OK);
	assert_true(key_verify(key, bytes_text("sample"), signature));
	assert_false(key_verify(key, bytes_text("Sample"), signature));
	public_key_close(key);
}

static void known_signature_of_ed25519_verifies(void **state)
{
	/* RFC 8032 section 7.1, test 2. */
	static const char key_hex[] =
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
	static const char signature_hex[] =
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
	uint8_t key[32], signature[64], zeros[64] = {0};
	const uint8_t message = 0x72;

	(void)state;
	assert_true(hex_decode(bytes_text(key_hex), key, 32));
	assert_true(hex_decode(bytes_text(signature_hex), signature, 64));
	assert_true(ed25519_verify(key, bytes_of(&message, 1), signature));
	assert_false(ed25519_verify(key, bytes_of(&message, 0), signature));
	assert_false(ed25519_verify(key, bytes_of(&message, 1), zeros));
	/* Under the neutral point this "signature" would fit every message. */
	memset(key, 0, 32);
	key[0] = 1;
	zeros[0] = 1;
	assert_false(ed25519_verify(key, bytes_of(&message, 1), zeros));
}

/* ---- COSE ---- */

static bool verifies(struct bytes wire, const struct public_key *key, const char *aad,
		     struct bytes payload)
{
	struct reader r = reader_of(wire);
	struct cose_sign1 sign1;

	cose_get(&r, &sign1);
	return reader_end(&r) && cose_verify(&sign1, key, bytes_text(aad), payload);
}

static void cose_signature_holds_for_its_type_payload_and_key_only(void **state)
{
	const struct bytes payload = bytes_text("the claim");

	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct private_key *key = new_key(algorithm), *stranger = new_key(algorithm);
		struct arena a = {0};
		struct bytes wire;

		assert_int_equal(
			cose_sign(&a, key, bytes_text("seal.applied"), payload, &wire, NULL).code,
			OK);
		assert_true(verifies(wire, private_key_public(key), "seal.applied", payload));
		assert_false(verifies(wire, private_key_public(key), "seal.issued", payload));
		assert_false(verifies(wire, private_key_public(key), "", payload));
		assert_false(verifies(wire, private_key_public(key), "seal.applied",
				      bytes_text("the clain")));
		assert_false(
			verifies(wire, private_key_public(key), "seal.applied", (struct bytes){0}));
		assert_false(verifies(wire, private_key_public(stranger), "seal.applied", payload));
		for (size_t i = 0; i < wire.n; i++) {
			uint8_t *copy = arena_alloc(&a, wire.n);

			memcpy(copy, wire.p, wire.n);
			copy[i] ^= 1;
			assert_false(verifies(bytes_of(copy, wire.n), private_key_public(key),
					      "seal.applied", payload));
		}
		arena_done(&a);
		private_key_close(key);
		private_key_close(stranger);
	}
}

static void cose_algorithm_must_be_the_keys_own(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	struct arena a = {0};
	struct bytes wire;
	struct cose_sign1 sign1;

	(void)state;
	assert_int_equal(cose_sign(&a, key, bytes_text("t"), bytes_text("p"), &wire, NULL).code,
			 OK);
	struct reader r = reader_of(wire);
	cose_get(&r, &sign1);
	assert_true(cose_verify(&sign1, private_key_public(key), bytes_text("t"), bytes_text("p")));
	sign1.algorithm = COSE_EDDSA;
	assert_false(
		cose_verify(&sign1, private_key_public(key), bytes_text("t"), bytes_text("p")));
	sign1.algorithm = COSE_ES256;
	sign1.kid.b[0] ^= 1;
	assert_false(
		cose_verify(&sign1, private_key_public(key), bytes_text("t"), bytes_text("p")));
	sign1.kid.b[0] ^= 1;
	sign1.signature.n = 63;
	assert_false(
		cose_verify(&sign1, private_key_public(key), bytes_text("t"), bytes_text("p")));
	arena_done(&a);
	private_key_close(key);
}

static void random_bytes_differ(void **state)
{
	static uint8_t a[100000], b[100000];

	(void)state;
	assert_int_equal(random_bytes(a, sizeof(a), NULL).code, OK);
	assert_int_equal(random_bytes(b, sizeof(b), NULL).code, OK);
	assert_memory_not_equal(a, b, 16);
	assert_memory_not_equal(a + sizeof(a) - 16, b + sizeof(b) - 16, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signature_holds_for_its_message_and_key_only),
		cmocka_unit_test(empty_message_can_be_signed),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(only_strict_der_becomes_a_signature),
		cmocka_unit_test(known_signature_of_p256_verifies),
		cmocka_unit_test(known_signature_of_ed25519_verifies),
		cmocka_unit_test(cose_signature_holds_for_its_type_payload_and_key_only),
		cmocka_unit_test(cose_algorithm_must_be_the_keys_own),
		cmocka_unit_test(random_bytes_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
