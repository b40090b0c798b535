/* SPDX-License-Identifier: Apache-2.0 */
/* crypto.h — public keys, private keys and signatures behind one header: OpenSSL for keys that are
 * here, a function for keys that are elsewhere (an HSM). P-256 (ES256) and Ed25519 (EdDSA). A key's
 * identity is SHA-256 of its DER SubjectPublicKeyInfo, never a name. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/arena.h"
#include "core/cose.h"

enum { SPKI_SIZE_MAX = 160, PASSPHRASE_MAX = 256 };

enum key_algorithm { KEY_P256 = 1, KEY_ED25519 = 2 };

/* A public key, parsed and checked: right curve, point on it, not of small order, and the one
 * canonical encoding (strict DER, uncompressed point), so that a key has exactly one identity.
 * Immutable; share freely. */
struct public_key;
/* A private key: holds secrets, wiped when closed. */
struct private_key;

MUST_CHECK err public_key_parse(struct bytes spki, struct public_key **out, struct fault *f);
MUST_CHECK err public_key_from_ed25519(const uint8_t raw[static 32], struct public_key **out,
				       struct fault *f);
/* From the coordinates x ‖ y, as WebAuthn and COSE keys carry them. */
MUST_CHECK err public_key_from_p256(const uint8_t xy[static 64], struct public_key **out,
				    struct fault *f);
void public_key_close(struct public_key *key); /* NULL is fine */
enum key_algorithm public_key_algorithm(const struct public_key *key);
struct bytes public_key_spki(const struct public_key *key); /* lives as long as the key */
struct hash public_key_id(const struct public_key *key);    /* SHA-256 of the SPKI */
/* The 32 raw bytes of an Ed25519 key; false for another algorithm. */
MUST_CHECK bool public_key_ed25519(const struct public_key *key, uint8_t out[static 32]);

MUST_CHECK err private_key_generate(enum key_algorithm algorithm, struct private_key **out,
				    struct fault *f);
/* PKCS#8 PEM, encrypted (PBES2: scrypt, AES-256-CBC) when `passphrase` is not empty. Files are
 * created 0600, whole or not at all, and never overwritten. Loading refuses a file that others
 * may read, a link, and a key whose two halves do not belong together. */
MUST_CHECK err private_key_save(const struct private_key *key, const char *path,
				struct bytes passphrase, struct fault *f);
MUST_CHECK err private_key_load(const char *path, struct bytes passphrase, struct private_key **out,
				struct fault *f);
/* A short secret from a file, by the same rules, without a line end after it. Wipe it. Messages
 * KEY_FILE_*. */
MUST_CHECK err secret_read(const char *path, uint8_t *out, size_t cap, size_t *n, struct fault *f);
void private_key_close(struct private_key *key);
const struct public_key *private_key_public(const struct private_key *key);

/* 64 bytes: r ‖ s for P-256, RFC 8032 for Ed25519. */
MUST_CHECK err key_sign(const struct private_key *key, struct bytes message,
			uint8_t signature[static 64], struct fault *f);

struct signing {
	struct bytes message;
	uint8_t signature[64];
};
/* All of them, or an error and none may be used. A key that is elsewhere makes them side by side. */
MUST_CHECK err key_sign_many(const struct private_key *key, struct signing *signings, size_t n,
			     struct fault *f);

/* A key whose signatures are made elsewhere: `sign` fills every signature, or fails. What it makes
 * is verified before anybody gets to see it. `close` (which may be NULL) is called with `context`
 * when the key is closed — and not when this fails. The public key is copied. */
typedef err sign_many_fn(void *context, struct signing *signings, size_t n, struct fault *f);
typedef void sign_close_fn(void *context);
MUST_CHECK err private_key_outside(const struct public_key *public, sign_many_fn *sign,
				   sign_close_fn *close, void *context, struct private_key **out,
				   struct fault *f);
bool private_key_is_outside(const struct private_key *key);

MUST_CHECK bool key_verify(const struct public_key *key, struct bytes message,
			   const uint8_t signature[static 64]);
/* An ECDSA signature of P-256 in DER (WebAuthn, TLS) as r ‖ s. False unless it is strict DER and
 * both numbers are between 1 and n - 1. */
MUST_CHECK bool ecdsa_from_der(struct bytes der, uint8_t signature[static 64]);
/* The callback that note.h wants. */
bool ed25519_verify(const uint8_t public_key[static 32], struct bytes message,
		    const uint8_t signature[static 64]);

/* COSE_Sign1 of lib/core/cose.h with detached payload, tag 18, into the arena. */
MUST_CHECK err cose_sign(struct arena *a, const struct private_key *key, struct bytes external_aad,
			 struct bytes payload, struct bytes *out, struct fault *f);
/* True if `sign1` is `key`'s over the payload: algorithm, kid and signature all match. */
MUST_CHECK bool cose_verify(const struct cose_sign1 *sign1, const struct public_key *key,
			    struct bytes external_aad, struct bytes payload);

MUST_CHECK err random_bytes(void *out, size_t n, struct fault *f);

#endif
