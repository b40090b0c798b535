/* SPDX-License-Identifier: Apache-2.0 */
/* cose.h — COSE_Sign1 of RFC 9052 section 4.2 in one closed profile: tag 18, protected header
 * exactly {1: alg, 4: kid}, empty unprotected header, payload detached (nil) or embedded.
 * Knows no cryptography: it says what to sign and what to verify. */
#ifndef CORE_COSE_H
#define CORE_COSE_H

#include "core/bytes.h"

/* IANA COSE algorithms. ES256 signatures are r ‖ s, 64 bytes (RFC 9053 section 2.1). */
enum cose_algorithm {
	COSE_ES256 = -7, /* ECDSA on P-256 with SHA-256 */
	COSE_EDDSA = -8, /* Ed25519 */
};

enum { COSE_SIGNATURE_SIZE = 64, COSE_KID_SIZE = 32 };

struct cose_sign1 {
	int64_t algorithm;
	struct hash kid;        /* SHA-256 of the key's SubjectPublicKeyInfo, DER */
	struct bytes protected; /* as on the wire, inside the byte string */
	struct bytes payload;   /* p is NULL when detached */
	struct bytes signature; /* COSE_SIGNATURE_SIZE bytes */
};

/* Takes one COSE_Sign1 from the reader; anything outside the profile fails it. */
void cose_get(struct reader *r, struct cose_sign1 *out);
/* Writes a COSE_Sign1. A payload whose p is NULL is written as nil. */
void cose_put(struct writer *w, const struct cose_sign1 *sign1);
/* Writes the protected header's content for `cose_sign1.protected`. */
void cose_put_protected(struct writer *w, int64_t algorithm, struct hash kid);
/* Writes the Sig_structure (section 4.4): what the signature covers. */
void cose_put_to_be_signed(struct writer *w, struct bytes protected, struct bytes external_aad,
			   struct bytes payload);

#endif
