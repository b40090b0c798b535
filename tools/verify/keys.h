/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h — all the cryptography of the stand-alone verifier, over OpenSSL's libcrypto. Keys are
 * SubjectPublicKeyInfo in DER, in the one encoding that the log takes: Ed25519 or P-256. */
#ifndef VERIFY_KEYS_H
#define VERIFY_KEYS_H

#include "core/bytes.h"

MUST_CHECK bool key_is_sound(struct bytes spki);
bool key_is_p256(struct bytes spki);
/* The bytes behind the frame: 32 of Ed25519, x ‖ y of P-256. */
struct bytes key_raw(struct bytes spki);
/* 64 bytes: r ‖ s for P-256, RFC 8032 for Ed25519. */
MUST_CHECK bool key_signed(struct bytes spki, struct bytes message,
			   const uint8_t signature[static 64]);
/* note_verify_fn: a bare Ed25519 key. */
bool key_signed_note(const uint8_t key[static 32], struct bytes message,
		     const uint8_t signature[static 64]);
/* A P-256 signature in DER as r ‖ s. */
MUST_CHECK bool key_signature_from_der(struct bytes der, uint8_t signature[static 64]);
bool sha512_of(struct bytes message, uint8_t out[static 64]);

/* NULL, or what is wrong: the certificate is for this key, and, if `ca` is not empty, made by it and
 * for this product (organizational unit) and serial (serial number of the subject). */
const char *certificate_wrong(struct bytes der, struct bytes ca, struct bytes spki,
			      struct bytes product, struct bytes serial);

#endif
