/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_internal.h — what the files of src/crypto share: the keys behind the opaque types, and
 * OpenSSL's objects closed by AUTO. Nobody else includes it. */
#ifndef CRYPTO_CRYPTO_INTERNAL_H
#define CRYPTO_CRYPTO_INTERNAL_H

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/files.h"
#include "core/sha256.h"
#include "crypto/x509.h"

/* Invariant: `spki` is the only encoding of this key that we accept, and `id` is its digest. */
struct public_key {
	EVP_PKEY *pkey;
	enum key_algorithm algorithm;
	struct hash id;
	size_t spki_n;
	uint8_t spki[SPKI_SIZE_MAX];
};

/* Either `pkey` holds the secret, or `sign` makes signatures with one that is elsewhere. */
struct private_key {
	EVP_PKEY *pkey;
	struct public_key *public;
	sign_many_fn *sign;
	sign_close_fn *close;
	void *context;
};

enum { SIGNATURE_SIZE = 64, ECDSA_DER_MAX = 72 };

/* r ‖ s as DER; 0 if a number is out of range. */
MUST_CHECK size_t ecdsa_to_der(const uint8_t signature[static 64],
			       uint8_t der[static ECDSA_DER_MAX]);

/* CRYPTO_FAILED with OpenSSL's own words; empties its error queue. */
err crypto_failed(struct fault *f);
/* Takes `pkey` over, also when it fails. The private and the public half must belong together. */
MUST_CHECK err private_key_adopt(EVP_PKEY *pkey, struct private_key **out, struct fault *f);
/* P-256 signatures are made with SHA-256, Ed25519 ones with nothing before them. */
const EVP_MD *key_digest(enum key_algorithm algorithm);
/* ecdsa-with-SHA256 or id-Ed25519, without parameters, as `algorithm` demands. */
int signature_nid(enum key_algorithm algorithm);
MUST_CHECK bool signature_algorithm_is(const X509_ALGOR *signature, enum key_algorithm algorithm);

static inline void pkey_close(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}
static inline void pkey_context_close(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}
static inline void digest_context_close(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}
static inline void bio_close(BIO **bio)
{
	(void)BIO_free(*bio);
}
static inline void number_close(BIGNUM **number)
{
	BN_free(*number);
}
static inline void ecdsa_close(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}
static inline void certificate_close(X509 **certificate)
{
	X509_free(*certificate);
}
static inline void request_close(X509_REQ **request)
{
	X509_REQ_free(*request);
}
static inline void public_key_auto(struct public_key **key)
{
	public_key_close(*key);
}

#endif
