/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/sha256.h"
#include "crypto/crypto_internal.h"
#include "crypto_testing.h"

static void refused(struct bytes spki)
{
	struct public_key *key = NULL;
	struct fault f = {0};

	assert_int_not_equal(public_key_parse(spki, &key, &f).code, OK);
	assert_null(key);
	assert_true(strcmp(f.message, "KEY_UNSUPPORTED") == 0 ||
		    strcmp(f.message, "KEY_MALFORMED") == 0);
}

static void refused_hex(const char *hex)
{
	uint8_t spki[512];
	size_t n = strlen(hex) / 2;

	assert_true(n <= sizeof(spki) && hex_decode(bytes_text(hex), spki, n));
	refused(bytes_of(spki, n));
}

static void key_is_read_as_it_was_written(void **state)
{
	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct private_key *key = new_key(algorithm);
		const struct public_key *public = private_key_public(key);
		struct public_key *again = NULL;

		assert_int_equal(public_key_parse(public_key_spki(public), &again, NULL).code, OK);
		assert_int_equal(public_key_algorithm(again), algorithm);
		assert_true(bytes_equal(public_key_spki(again), public_key_spki(public)));
		assert_true(hash_equal(public_key_id(again), sha256(public_key_spki(public))));
		public_key_close(again);
		private_key_close(key);
	}
}

static void openssl_writes_a_key_as_we_accept_it(void **state)
{
	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct private_key *key = new_key(algorithm);
		const struct public_key *public = private_key_public(key);
		struct bytes spki = public_key_spki(public);
		const uint8_t *p = spki.p;
		uint8_t *again = NULL;
		EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)spki.n);

		assert_non_null(pkey);
		assert_int_equal(EVP_PKEY_eq(pkey, public->pkey), 1);
		assert_int_equal(i2d_PUBKEY(public->pkey, &again), spki.n);
		assert_memory_equal(again, spki.p, spki.n);
		OPENSSL_free(again);
		EVP_PKEY_free(pkey);
		private_key_close(key);
	}
}

static void raw_forms_make_the_same_key(void **state)
{
	struct private_key *ed = new_key(KEY_ED25519), *ec = new_key(KEY_P256);
	struct bytes spki = public_key_spki(private_key_public(ec));
	struct public_key *again = NULL;
	uint8_t raw[32];

	(void)state;
	assert_true(public_key_ed25519(private_key_public(ed), raw));
	assert_false(public_key_ed25519(private_key_public(ec), raw));
	assert_int_equal(public_key_from_ed25519(raw, &again, NULL).code, OK);
	assert_true(hash_equal(public_key_id(again), public_key_id(private_key_public(ed))));
	public_key_close(again);
	assert_int_equal(public_key_from_p256(spki.p + spki.n - 64, &again, NULL).code, OK);
	assert_true(hash_equal(public_key_id(again), public_key_id(private_key_public(ec))));
	public_key_close(again);
	private_key_close(ed);
	private_key_close(ec);
}

static void bytes_after_or_missing_from_a_key_are_refused(void **state)
{
	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct private_key *key = new_key(algorithm);
		struct bytes spki = public_key_spki(private_key_public(key));
		uint8_t longer[SPKI_SIZE_MAX + 1] = {0};

		memcpy(longer, spki.p, spki.n);
		refused(bytes_of(longer, spki.n + 1));
		refused(bytes_of(longer, sizeof(longer)));
		for (size_t n = 0; n < spki.n; n++)
			refused(bytes_of(spki.p, n));
		private_key_close(key);
	}
}

static void every_changed_bit_of_the_frame_is_refused(void **state)
{
	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct private_key *key = new_key(algorithm);
		struct bytes spki = public_key_spki(private_key_public(key));
		uint8_t copy[SPKI_SIZE_MAX];
		size_t frame = spki.n - (algorithm == KEY_P256 ? 64 : 32);

		for (size_t bit = 0; bit < 8 * frame; bit++) {
			memcpy(copy, spki.p, spki.n);
			copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
			refused(bytes_of(copy, spki.n));
		}
		private_key_close(key);
	}
}

static void point_off_the_curve_is_refused(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	struct bytes spki = public_key_spki(private_key_public(key));
	uint8_t copy[SPKI_SIZE_MAX];

	(void)state;
	for (size_t bit = 0; bit < 8; bit++) { /* of y: only one other y would be on the curve */
		memcpy(copy, spki.p, spki.n);
		copy[spki.n - 1] ^= (uint8_t)(1u << bit);
		refused(bytes_of(copy, spki.n));
	}
	memset(copy + spki.n - 64, 0, 64); /* the origin, and the "point at infinity" of some */
	refused(bytes_of(copy, spki.n));
	memset(copy + spki.n - 64, 0xff, 64); /* coordinates beyond the field */
	refused(bytes_of(copy, spki.n));
	private_key_close(key);
}

/* The same key otherwise written: it would have a second identity. */
static void refuse_form(EVP_PKEY *pkey)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);

	assert_true(n > 0);
	refused(bytes_of(der, (size_t)n));
	OPENSSL_free(der);
}

static void other_forms_of_the_same_key_are_refused(void **state)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	(void)state;
	assert_non_null(pkey);
	assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, "point-format", "compressed"), 1);
	refuse_form(pkey);
	assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, "point-format", "hybrid"), 1);
	refuse_form(pkey);
	assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, "point-format", "uncompressed"), 1);
	assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, "encoding", "explicit"), 1);
	refuse_form(pkey);
	EVP_PKEY_free(pkey);
}

static void other_algorithms_are_refused(void **state)
{
	static const char *const curves[] = {"P-384", "P-521", "secp256k1", "brainpoolP256r1"};

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curves[i]);

		assert_non_null(pkey);
		refuse_form(pkey);
		EVP_PKEY_free(pkey);
	}
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_PKEY *ed448 = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	refuse_form(rsa);
	refuse_form(x25519);
	refuse_form(ed448);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(x25519);
	EVP_PKEY_free(ed448);
}

static void weak_or_impossible_ed25519_points_are_refused(void **state)
{
	/* The eight points of small order, and their spellings beyond the field. */
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		/* y = 2: no x belongs to it. */
		"0200000000000000000000000000000000000000000000000000000000000000",
	};
	char spki[2 * 44 + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		memcpy(spki, "302a300506032b6570032100", 24);
		memcpy(spki + 24, points[i], 65);
		refused_hex(spki);
	}
}

static void known_ed25519_key_is_accepted(void **state)
{
	/* RFC 8032 section 7.1, tests 1 to 3. */
	static const char *const keys[] = {
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct public_key *key = NULL;
		uint8_t raw[32];

		assert_true(hex_decode(bytes_text(keys[i]), raw, 32));
		assert_int_equal(public_key_from_ed25519(raw, &key, NULL).code, OK);
		public_key_close(key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_is_read_as_it_was_written),
		cmocka_unit_test(openssl_writes_a_key_as_we_accept_it),
		cmocka_unit_test(raw_forms_make_the_same_key),
		cmocka_unit_test(bytes_after_or_missing_from_a_key_are_refused),
		cmocka_unit_test(every_changed_bit_of_the_frame_is_refused),
		cmocka_unit_test(point_off_the_curve_is_refused),
		cmocka_unit_test(other_forms_of_the_same_key_are_refused),
		cmocka_unit_test(other_algorithms_are_refused),
		cmocka_unit_test(weak_or_impossible_ed25519_points_are_refused),
		cmocka_unit_test(known_ed25519_key_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
