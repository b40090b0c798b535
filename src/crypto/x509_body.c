/* SPDX-License-Identifier: Apache-2.0 */
/* x509_body.c — certificates in two steps: what is to be signed, and the whole with its signature.
 * The key between the two may be anywhere. */
#include <string.h>

#include <openssl/err.h>

#include "crypto/x509_internal.h"

/* ---- parts that every certificate has ---- */

bool serial_set(X509 *x, const uint8_t serial[static CERTIFICATE_SERIAL_SIZE])
{
	AUTO(number_close) BIGNUM *number = BN_bin2bn(serial, CERTIFICATE_SERIAL_SIZE, NULL);

	return number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL;
}

/* Positive and exactly 16 octets in DER: never shorter by a leading zero, nor longer by one. */
bool serial_well_formed(const uint8_t serial[static CERTIFICATE_SERIAL_SIZE])
{
	return serial[0] >= 0x01 && serial[0] <= 0x7f;
}

bool extension_add(X509 *x, X509_EXTENSION *made)
{
	AUTO(extension_close) X509_EXTENSION *extension = made;

	return extension != NULL && X509_add_ext(x, extension, -1) == 1;
}

bool extension_text(X509 *x, int nid, const char *value)
{
	return extension_add(x, X509V3_EXT_conf_nid(NULL, NULL, nid, value));
}

bool subject_common_name(X509 *x, struct bytes name)
{
	AUTO(name_close) X509_NAME *subject = X509_NAME_new();

	return subject != NULL && name_add(subject, NID_commonName, name) &&
	       X509_set_subject_name(x, subject) == 1;
}

/* OpenSSL's own way asks its encoders, which cost five times what a signature does; the key's one
 * encoding is known already. */
bool subject_key_set(X509_PUBKEY *out, const struct public_key *key)
{
	bool p256 = key->algorithm == KEY_P256;
	size_t n = p256 ? 65 : 32; /* the uncompressed point, or RFC 8032's 32 bytes */
	uint8_t *bits = OPENSSL_memdup(key->spki + key->spki_n - n, n);

	if (bits != NULL &&
	    X509_PUBKEY_set0_param(out, OBJ_nid2obj(p256 ? NID_X9_62_id_ecPublicKey : NID_ED25519),
				   p256 ? V_ASN1_OBJECT : V_ASN1_UNDEF,
				   p256 ? OBJ_nid2obj(NID_X9_62_prime256v1) : NULL, bits,
				   (int)n) == 1)
		return true;
	OPENSSL_free(bits);
	return false;
}

bool without_end(X509 *x, uint64_t not_before_ms)
{
	return time_set(X509_getm_notBefore(x), not_before_ms) &&
	       ASN1_TIME_set_string_X509(X509_getm_notAfter(x), NOT_AFTER_NEVER) == 1;
}

bool leaf_extensions(X509 *x, const char *purpose)
{
	return extension_text(x, NID_basic_constraints, "critical,CA:FALSE") &&
	       extension_text(x, NID_key_usage, "critical,digitalSignature") &&
	       extension_text(x, NID_ext_key_usage, purpose);
}

/* ---- the two steps ---- */

static bool algorithm_set(X509_ALGOR *out, enum key_algorithm algorithm)
{
	return X509_ALGOR_set0(out, OBJ_nid2obj(signature_nid(algorithm)), V_ASN1_UNDEF, NULL) == 1;
}

err certificate_body_of(struct arena *a, X509 *x, enum key_algorithm algorithm,
			struct certificate_body *out, struct fault *f)
{
	/* OpenSSL sets the inner algorithm only while it signs, and has no other way to it. The
	 * object is ours: only this one getter says const. */
	X509_ALGOR *inner = (X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(x);
	uint8_t *der = NULL;

	if (!algorithm_set(inner, algorithm))
		return crypto_failed(f);
	int n = i2d_re_X509_tbs(x, &der);
	if (n <= 0)
		return crypto_failed(f);
	struct bytes body = n > CERTIFICATE_SIZE_MAX ? (struct bytes){0}
						     : arena_copy(a, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	if (n > CERTIFICATE_SIZE_MAX)
		return fail(f, "CERTIFICATE_TOO_LARGE", NULL);
	if (body.p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a certificate", NULL);
	*out = (struct certificate_body){body, algorithm};
	return ERR_OK;
}

/* AlgorithmIdentifier and BIT STRING, in the arena. */
static err tail_put(struct arena *a, enum key_algorithm algorithm,
		    const uint8_t signature[static 64], struct bytes *out, struct fault *f)
{
	enum { TAIL_MAX = 128 };
	X509_ALGOR *outer = X509_ALGOR_new();
	AUTO(string_close) ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	uint8_t *tail = arena_alloc(a, TAIL_MAX), *p = tail, ecdsa[ECDSA_DER_MAX];
	size_t n = SIGNATURE_SIZE;
	int outer_n = 0, bits_n = 0;

	if (algorithm == KEY_P256)
		n = ecdsa_to_der(signature, ecdsa);
	const uint8_t *content = algorithm == KEY_P256 ? ecdsa : signature;
	if (n > 0 && tail != NULL && outer != NULL && bits != NULL &&
	    algorithm_set(outer, algorithm) && ASN1_BIT_STRING_set(bits, NULL, 0) == 1 &&
	    ASN1_STRING_set(bits, content, (int)n) == 1) {
		bits->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* none: the last bits are no padding */
		outer_n = i2d_X509_ALGOR(outer, &p);
		bits_n = i2d_ASN1_BIT_STRING(bits, &p);
	}
	X509_ALGOR_free(outer);
	if (n == 0)
		return fail(f, "KEY_SIGNED_WRONG", NULL);
	if (outer_n <= 0 || bits_n <= 0)
		return crypto_failed(f);
	*out = bytes_of(tail, (size_t)outer_n + (size_t)bits_n);
	return ERR_OK;
}

err signed_put(struct arena *a, struct bytes body, enum key_algorithm algorithm,
	       const uint8_t signature[static 64], size_t max, struct bytes *der, struct fault *f)
{
	struct bytes tail;

	if (body.n > max)
		return fail(f, "CERTIFICATE_TOO_LARGE", NULL);
	TRY(tail_put(a, algorithm, signature, &tail, f));
	int inner = (int)(body.n + tail.n), n = ASN1_object_size(1, inner, V_ASN1_SEQUENCE);
	if (n <= 0 || (size_t)n > max)
		return fail(f, "CERTIFICATE_TOO_LARGE", NULL);
	uint8_t *whole = arena_alloc(a, (size_t)n), *p = whole;
	if (whole == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a certificate", NULL);
	ASN1_put_object(&p, 1, inner, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	memcpy(p, body.p, body.n);
	memcpy(p + body.n, tail.p, tail.n);
	*der = bytes_of(whole, (size_t)n);
	return ERR_OK;
}

err certificate_assemble(struct arena *a, const struct certificate_body *body,
			 const uint8_t signature[static 64], struct bytes *der, struct fault *f)
{
	return signed_put(a, body->body, body->algorithm, signature, CERTIFICATE_SIZE_MAX, der, f);
}

err certificate_sign(struct arena *a, X509 *x, const struct private_key *key, struct bytes *der,
		     struct fault *f)
{
	struct certificate_body body;
	uint8_t signature[SIGNATURE_SIZE];

	TRY(certificate_body_of(a, x, key->public->algorithm, &body, f));
	TRY(key_sign(key, body.body, signature, f));
	return certificate_assemble(a, &body, signature, der, f);
}
