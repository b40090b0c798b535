/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c — public and private keys: parsed, checked, generated. A key has one encoding here:
 * with two (a compressed point, explicit curve parameters) a cloned key would have two names. */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "crypto/crypto_internal.h"

enum {
	P256_PREFIX_SIZE = 27,
	ED25519_PREFIX_SIZE = 12,
	P256_SPKI_SIZE = 91,
	ED25519_SPKI_SIZE = 44
};

/* RFC 5480: id-ecPublicKey, named curve secp256r1, BIT STRING with an uncompressed point. */
static const uint8_t P256_PREFIX[P256_PREFIX_SIZE] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
};
/* RFC 8410: id-Ed25519 without parameters. */
static const uint8_t ED25519_PREFIX[ED25519_PREFIX_SIZE] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
};

/* The y coordinates of the points whose order divides 8, little-endian. Under such a key one
 * signature fits many messages. */
static const uint8_t SMALL_ORDER[][32] = {
	{0},
	{1},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
};

err crypto_failed(struct fault *f)
{
	char detail[FAULT_VALUE_SIZE] = "no reason given";
	unsigned long code = ERR_peek_last_error();

	if (code != 0)
		ERR_error_string_n(code, detail, sizeof(detail));
	ERR_clear_error();
	return fail(f, "CRYPTO_FAILED", "detail", detail, NULL);
}

const EVP_MD *key_digest(enum key_algorithm algorithm)
{
	return algorithm == KEY_P256 ? EVP_sha256() : NULL;
}

/* ---- Ed25519 points ---- */

/* Whether y (big-endian) is a coordinate of edwards25519: (y² - 1)(d·y² + 1) is a square
 * modulo p = 2^255 - 19, with d = -121665/121666 (RFC 8032 section 5.1.3). */
static bool on_edwards25519(const uint8_t y_bytes[static 32])
{
	BN_CTX *context = BN_CTX_new();
	bool on = false;

	if (context == NULL)
		return false;
	BN_CTX_start(context);
	BIGNUM *p = BN_CTX_get(context), *y = BN_CTX_get(context), *u = BN_CTX_get(context);
	BIGNUM *v = BN_CTX_get(context), *d = BN_CTX_get(context);
	if (d != NULL && BN_set_bit(p, 255) && BN_sub_word(p, 19) &&
	    BN_bin2bn(y_bytes, 32, y) != NULL && BN_cmp(y, p) < 0 && /* canonical */
	    BN_set_word(d, 121666) && BN_mod_inverse(d, d, p, context) != NULL &&
	    BN_mul_word(d, 121665) && BN_sub(d, p, d) && BN_nnmod(d, d, p, context) &&
	    BN_mod_sqr(u, y, p, context) && BN_mod_mul(v, u, d, p, context) && BN_sub_word(u, 1) &&
	    BN_add_word(v, 1) && BN_mod_mul(u, u, v, p, context)) {
		int symbol = BN_kronecker(u, p, context);

		on = symbol == 0 || symbol == 1;
	}
	BN_CTX_end(context);
	BN_CTX_free(context);
	return on;
}

static bool small_order(const uint8_t y[static 32])
{
	for (size_t i = 0; i < sizeof(SMALL_ORDER) / sizeof(SMALL_ORDER[0]); i++)
		if (memcmp(y, SMALL_ORDER[i], 32) == 0)
			return true;
	return false;
}

static bool ed25519_point(const uint8_t raw[static 32])
{
	uint8_t y[32], big_endian[32];

	memcpy(y, raw, 32);
	y[31] &= 0x7f; /* the sign of x */
	for (size_t i = 0; i < 32; i++)
		big_endian[i] = y[31 - i];
	return !small_order(y) && on_edwards25519(big_endian);
}

/* ---- public keys ---- */

static bool has_prefix(struct bytes in, const uint8_t *prefix, size_t n)
{
	return in.n >= n && memcmp(in.p, prefix, n) == 0;
}

static bool recognise(struct bytes spki, enum key_algorithm *algorithm)
{
	if (spki.n == P256_SPKI_SIZE && has_prefix(spki, P256_PREFIX, P256_PREFIX_SIZE))
		*algorithm = KEY_P256;
	else if (spki.n == ED25519_SPKI_SIZE &&
		 has_prefix(spki, ED25519_PREFIX, ED25519_PREFIX_SIZE))
		*algorithm = KEY_ED25519;
	else
		return false;
	return true;
}

/* The frame was compared byte for byte, so only the key itself is left to take: there is no second
 * encoding to be lenient about, and none of OpenSSL's decoders, which cost more than a signature. */
static EVP_PKEY *p256_make(struct bytes spki)
{
	AUTO(pkey_context_close)
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	char group[] = "P-256";
	uint8_t point[1 + 64];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *pkey = NULL;

	memcpy(point, spki.p + P256_SPKI_SIZE - sizeof(point), sizeof(point));
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return pkey;
}

/* On the curve, coordinates within the field; P-256 has cofactor 1, so its order needs no check
 * (SP 800-56A section 5.6.2.3.4). */
static bool p256_point(EVP_PKEY *pkey)
{
	AUTO(pkey_context_close)
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	return context != NULL && EVP_PKEY_public_check_quick(context) == 1;
}

static EVP_PKEY *ed25519_make(const uint8_t raw[static 32])
{
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, 32);
}

/* NULL unless it is a good key. */
static EVP_PKEY *make_checked(enum key_algorithm algorithm, struct bytes spki)
{
	const uint8_t *raw = spki.p + ED25519_PREFIX_SIZE;

	if (algorithm == KEY_ED25519)
		return ed25519_point(raw) ? ed25519_make(raw) : NULL;
	AUTO(pkey_close) EVP_PKEY *pkey = p256_make(spki);
	if (pkey == NULL || !p256_point(pkey))
		return NULL;
	EVP_PKEY *checked = pkey;
	pkey = NULL;
	return checked;
}

err public_key_parse(struct bytes spki, struct public_key **out, struct fault *f)
{
	enum key_algorithm algorithm;

	if (!recognise(spki, &algorithm))
		return fail(f, "KEY_UNSUPPORTED", NULL);
	AUTO(pkey_close) EVP_PKEY *pkey = make_checked(algorithm, spki);
	if (pkey == NULL) {
		ERR_clear_error();
		return fail(f, "KEY_MALFORMED", NULL);
	}
	struct public_key *key = calloc(1, sizeof(*key));
	if (key == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a key", NULL);
	key->pkey = pkey;
	pkey = NULL;
	key->algorithm = algorithm;
	key->id = sha256(spki);
	key->spki_n = spki.n;
	memcpy(key->spki, spki.p, spki.n);
	*out = key;
	return ERR_OK;
}

err public_key_from_ed25519(const uint8_t raw[static 32], struct public_key **out, struct fault *f)
{
	uint8_t spki[ED25519_SPKI_SIZE];

	memcpy(spki, ED25519_PREFIX, ED25519_PREFIX_SIZE);
	memcpy(spki + ED25519_PREFIX_SIZE, raw, 32);
	return public_key_parse(bytes_of(spki, sizeof(spki)), out, f);
}

err public_key_from_p256(const uint8_t xy[static 64], struct public_key **out, struct fault *f)
{
	uint8_t spki[P256_SPKI_SIZE];

	memcpy(spki, P256_PREFIX, P256_PREFIX_SIZE);
	memcpy(spki + P256_PREFIX_SIZE, xy, 64);
	return public_key_parse(bytes_of(spki, sizeof(spki)), out, f);
}

void public_key_close(struct public_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

enum key_algorithm public_key_algorithm(const struct public_key *key)
{
	return key->algorithm;
}

struct bytes public_key_spki(const struct public_key *key)
{
	return bytes_of(key->spki, key->spki_n);
}

struct hash public_key_id(const struct public_key *key)
{
	return key->id;
}

bool public_key_ed25519(const struct public_key *key, uint8_t out[static 32])
{
	if (key->algorithm != KEY_ED25519)
		return false;
	memcpy(out, key->spki + ED25519_PREFIX_SIZE, 32);
	return true;
}

/* Verifying itself refuses what is not on the curve; weak points it would take. */
bool ed25519_verify(const uint8_t public_key[static 32], struct bytes message,
		    const uint8_t signature[static 64])
{
	struct public_key key = {.algorithm = KEY_ED25519};
	uint8_t y[32];

	memcpy(y, public_key, 32);
	y[31] &= 0x7f;
	if (small_order(y))
		return false;
	AUTO(pkey_close) EVP_PKEY *pkey = ed25519_make(public_key);
	key.pkey = pkey;
	if (pkey == NULL)
		ERR_clear_error();
	return pkey != NULL && key_verify(&key, message, signature);
}

/* ---- private keys ---- */

static bool halves_match(EVP_PKEY *pkey)
{
	AUTO(pkey_context_close)
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	return context != NULL && EVP_PKEY_pairwise_check(context) == 1;
}

err private_key_adopt(EVP_PKEY *pkey, struct private_key **out, struct fault *f)
{
	AUTO(pkey_close) EVP_PKEY *owned = pkey;
	AUTO(public_key_auto) struct public_key *public = NULL;
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(owned, &der);

	if (n <= 0)
		return crypto_failed(f);
	err parsed = public_key_parse(bytes_of(der, (size_t)n), &public, f);
	OPENSSL_free(der);
	TRY(parsed);
	if (!halves_match(owned)) {
		ERR_clear_error();
		return fail(f, "KEY_MALFORMED", NULL);
	}
	struct private_key *key = calloc(1, sizeof(*key));
	if (key == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a key", NULL);
	key->pkey = owned;
	key->public = public;
	owned = NULL;
	public = NULL;
	*out = key;
	return ERR_OK;
}

err private_key_generate(enum key_algorithm algorithm, struct private_key **out, struct fault *f)
{
	EVP_PKEY *pkey = algorithm == KEY_P256 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
					       : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (pkey == NULL)
		return crypto_failed(f);
	return private_key_adopt(pkey, out, f);
}

err private_key_outside(const struct public_key *public, sign_many_fn *sign, sign_close_fn *close,
			void *context, struct private_key **out, struct fault *f)
{
	AUTO(public_key_auto) struct public_key *copy = NULL;

	TRY(public_key_parse(public_key_spki(public), &copy, f));
	struct private_key *key = calloc(1, sizeof(*key));
	if (key == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a key", NULL);
	*key = (struct private_key){
		.public = copy, .sign = sign, .close = close, .context = context};
	copy = NULL;
	*out = key;
	return ERR_OK;
}

bool private_key_is_outside(const struct private_key *key)
{
	return key->sign != NULL;
}

void private_key_close(struct private_key *key)
{
	if (key == NULL)
		return;
	if (key->close != NULL)
		key->close(key->context);
	EVP_PKEY_free(key->pkey); /* OpenSSL wipes the secret number */
	public_key_close(key->public);
	free(key);
}

const struct public_key *private_key_public(const struct private_key *key)
{
	return key->public;
}
