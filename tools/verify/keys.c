/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

enum { P256_FRAME = 27, ED25519_FRAME = 12, P256_SIZE = 91, ED25519_SIZE = 44, DER_MAX = 72 };

/* RFC 5480 (named curve, uncompressed point) and RFC 8410. */
static const uint8_t P256[P256_FRAME] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
					 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
					 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
static const uint8_t ED25519[ED25519_FRAME] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

bool key_is_p256(struct bytes spki)
{
	return spki.n == P256_SIZE && memcmp(spki.p, P256, sizeof P256) == 0;
}

static bool is_ed25519(struct bytes spki)
{
	return spki.n == ED25519_SIZE && memcmp(spki.p, ED25519, sizeof ED25519) == 0;
}

struct bytes key_raw(struct bytes spki)
{
	size_t frame = key_is_p256(spki) ? P256_FRAME : ED25519_FRAME;

	return spki.n < frame ? (struct bytes){0} : bytes_of(spki.p + frame, spki.n - frame);
}

static EVP_PKEY *open_key(struct bytes spki)
{
	const uint8_t *p = spki.p;

	return key_is_p256(spki) || is_ed25519(spki) ? d2i_PUBKEY(NULL, &p, (long)spki.n) : NULL;
}

bool key_is_sound(struct bytes spki)
{
	EVP_PKEY *key = open_key(spki);
	EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
	bool sound = context != NULL && EVP_PKEY_public_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	return sound;
}

static int signature_to_der(const uint8_t signature[static 64], uint8_t *out)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
	int n = 0;

	if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL;
		n = i2d_ECDSA_SIG(sig, &out);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return n;
}

static bool signed_with(EVP_PKEY *key, bool p256, struct bytes message,
			const uint8_t signature[static 64])
{
	uint8_t der[DER_MAX];
	const uint8_t *p = p256 ? der : signature;
	int n = p256 ? signature_to_der(signature, der) : 64;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good =
		key != NULL && context != NULL && n > 0 &&
		EVP_DigestVerifyInit(context, NULL, p256 ? EVP_sha256() : NULL, NULL, key) == 1 &&
		EVP_DigestVerify(context, p, (size_t)n, message.p, message.n) == 1;

	EVP_MD_CTX_free(context);
	return good;
}

bool key_signed(struct bytes spki, struct bytes message, const uint8_t signature[static 64])
{
	EVP_PKEY *key = open_key(spki);
	bool good = signed_with(key, key_is_p256(spki), message, signature);

	EVP_PKEY_free(key);
	return good;
}

bool key_signed_note(const uint8_t raw[static 32], struct bytes message,
		     const uint8_t signature[static 64])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, 32);
	bool good = signed_with(key, false, message, signature);

	EVP_PKEY_free(key);
	return good;
}

bool key_signature_from_der(struct bytes der, uint8_t signature[static 64])
{
	const uint8_t *p = der.p;
	ECDSA_SIG *sig = der.n > DER_MAX ? NULL : d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	bool good = sig != NULL && p == der.p + der.n &&
		    BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32) == 32 &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32) == 32;

	ECDSA_SIG_free(sig);
	return good;
}

bool sha512_of(struct bytes message, uint8_t out[static 64])
{
	unsigned n;

	return EVP_Digest(message.p, message.n, out, &n, EVP_sha512(), NULL) == 1;
}

/* ---- certificates ---- */

static X509 *open_certificate(struct bytes der)
{
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	if (x != NULL && p == der.p + der.n)
		return x;
	X509_free(x);
	return NULL;
}

static bool is_for_key(const X509 *x, struct bytes spki)
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	bool same = n > 0 && bytes_equal(bytes_of(der, (size_t)n), spki);

	OPENSSL_free(der);
	return same;
}

static bool subject_says(X509 *x, int nid, struct bytes value)
{
	const X509_NAME *name = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return false;
	const ASN1_STRING *data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	return bytes_equal(bytes_of(ASN1_STRING_get0_data(data), (size_t)ASN1_STRING_length(data)),
			   value);
}

static bool is_made_by(X509 *x, struct bytes ca)
{
	X509 *issuer = open_certificate(ca);
	bool good = issuer != NULL &&
		    X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(x)) == 0 &&
		    X509_verify(x, X509_get0_pubkey(issuer)) == 1;

	X509_free(issuer);
	return good;
}

const char *certificate_wrong(struct bytes der, struct bytes ca, struct bytes spki,
			      struct bytes product, struct bytes serial)
{
	X509 *x = open_certificate(der);
	const char *why = NULL;

	if (x == NULL)
		why = "the device certificate is none";
	else if (!is_for_key(x, spki))
		why = "the device certificate is for another key than the unit asked with";
	else if (ca.n > 0 && !is_made_by(x, ca))
		why = "the device certificate was not made by the CA";
	else if (ca.n > 0 && (!subject_says(x, NID_organizationalUnitName, product) ||
			      !subject_says(x, NID_serialNumber, serial)))
		why = "the device certificate is of another unit";
	X509_free(x);
	return why;
}
