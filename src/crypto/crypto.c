/* SPDX-License-Identifier: Apache-2.0 */
/* crypto.c — signatures of 64 bytes over OpenSSL, and random bytes. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "crypto/crypto_internal.h"

/* The order n of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3). */
static const uint8_t P256_ORDER[32] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
	0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

/* 1 to n - 1. */
static bool scalar_in_range(const uint8_t scalar[static 32])
{
	static const uint8_t zero[32];

	return memcmp(scalar, zero, 32) != 0 && memcmp(scalar, P256_ORDER, 32) < 0;
}

bool ecdsa_from_der(struct bytes der, uint8_t signature[static 64])
{
	const uint8_t *p = der.p;
	uint8_t *again = NULL;

	if (der.n == 0 || der.n > ECDSA_DER_MAX)
		return false;
	AUTO(ecdsa_close) ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	if (parsed == NULL) {
		ERR_clear_error();
		return false;
	}
	int n = i2d_ECDSA_SIG(parsed, &again);
	bool strict = n > 0 && bytes_equal(bytes_of(again, (size_t)n), der);
	OPENSSL_free(again);
	if (!strict || BN_is_negative(ECDSA_SIG_get0_r(parsed)) ||
	    BN_is_negative(ECDSA_SIG_get0_s(parsed)))
		return false;
	return BN_bn2binpad(ECDSA_SIG_get0_r(parsed), signature, 32) == 32 &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(parsed), signature + 32, 32) == 32 &&
	       scalar_in_range(signature) && scalar_in_range(signature + 32);
}

size_t ecdsa_to_der(const uint8_t signature[static 64], uint8_t der[static ECDSA_DER_MAX])
{
	if (!scalar_in_range(signature) || !scalar_in_range(signature + 32))
		return 0;
	AUTO(ecdsa_close) ECDSA_SIG *numbers = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);

	if (numbers == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(numbers, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	if (i2d_ECDSA_SIG(numbers, NULL) > ECDSA_DER_MAX)
		return 0;
	int n = i2d_ECDSA_SIG(numbers, &der);
	return n > 0 ? (size_t)n : 0;
}

static err sign_here(const struct private_key *key, struct bytes message,
		     uint8_t signature[static 64], struct fault *f)
{
	enum key_algorithm algorithm = key->public->algorithm;
	AUTO(digest_context_close) EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t made[ECDSA_DER_MAX + 8];
	size_t n = sizeof(made);

	if (context == NULL ||
	    EVP_DigestSignInit(context, NULL, key_digest(algorithm), NULL, key->pkey) != 1 ||
	    EVP_DigestSign(context, made, &n, message.p, message.n) != 1)
		return crypto_failed(f);
	if (algorithm == KEY_P256 && ecdsa_from_der(bytes_of(made, n), signature))
		return ERR_OK;
	if (algorithm == KEY_ED25519 && n == SIGNATURE_SIZE) {
		memcpy(signature, made, SIGNATURE_SIZE);
		return ERR_OK;
	}
	return crypto_failed(f);
}

/* An HSM that signs something else, or answers in the wrong order, must not be believed. */
static err sign_outside(const struct private_key *key, struct signing *signings, size_t n,
			struct fault *f)
{
	TRY(key->sign(key->context, signings, n, f));
	for (size_t i = 0; i < n; i++)
		if (!key_verify(key->public, signings[i].message, signings[i].signature))
			return fail(f, "KEY_SIGNED_WRONG", NULL);
	return ERR_OK;
}

err key_sign_many(const struct private_key *key, struct signing *signings, size_t n,
		  struct fault *f)
{
	if (key->sign != NULL)
		return n == 0 ? ERR_OK : sign_outside(key, signings, n, f);
	for (size_t i = 0; i < n; i++)
		TRY(sign_here(key, signings[i].message, signings[i].signature, f));
	return ERR_OK;
}

err key_sign(const struct private_key *key, struct bytes message, uint8_t signature[static 64],
	     struct fault *f)
{
	struct signing one = {.message = message};

	TRY(key_sign_many(key, &one, 1, f));
	memcpy(signature, one.signature, SIGNATURE_SIZE);
	return ERR_OK;
}

bool key_verify(const struct public_key *key, struct bytes message,
		const uint8_t signature[static 64])
{
	AUTO(digest_context_close) EVP_MD_CTX *context = NULL;
	uint8_t der[ECDSA_DER_MAX];
	const uint8_t *p = signature;
	size_t n = SIGNATURE_SIZE;

	if (key->algorithm == KEY_P256) {
		n = ecdsa_to_der(signature, der);
		p = der;
		if (n == 0)
			return false;
	}
	context = EVP_MD_CTX_new();
	bool valid = context != NULL &&
		     EVP_DigestVerifyInit(context, NULL, key_digest(key->algorithm), NULL,
					  key->pkey) == 1 &&
		     EVP_DigestVerify(context, p, n, message.p, message.n) == 1;
	if (!valid)
		ERR_clear_error();
	return valid;
}

err random_bytes(void *out, size_t n, struct fault *f)
{
	uint8_t *p = out;

	while (n > 0) {
		int part = n > 65536 ? 65536 : (int)n;

		if (RAND_bytes(p, part) != 1)
			return crypto_failed(f);
		p += part;
		n -= (size_t)part;
	}
	return ERR_OK;
}
