/* SPDX-License-Identifier: Apache-2.0 */
/* cose_keys.c — COSE_Sign1 made and verified with our keys. */
#include "crypto/crypto_internal.h"

/* Sig_structure and COSE_Sign1 take this much besides what they carry. */
enum { COSE_OVERHEAD = 256, COSE_PROTECTED_MAX = 64, COSE_CARRIED_MAX = 1 << 24 };

static int64_t algorithm_of(const struct public_key *key)
{
	return key->algorithm == KEY_P256 ? COSE_ES256 : COSE_EDDSA;
}

/* What the signature covers, in the arena. */
static err to_be_signed(struct arena *a, struct bytes protected, struct bytes external_aad,
			struct bytes payload, struct bytes *out, struct fault *f)
{
	if (external_aad.n > COSE_CARRIED_MAX || payload.n > COSE_CARRIED_MAX)
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	size_t cap = COSE_OVERHEAD + protected.n + external_aad.n + payload.n;
	uint8_t *buffer = arena_alloc(a, cap);

	if (buffer == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a signature", NULL);
	struct writer w = writer_of(buffer, cap);
	cose_put_to_be_signed(&w, protected, external_aad, payload);
	if (!writer_done(&w, out))
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	return ERR_OK;
}

err cose_sign(struct arena *a, const struct private_key *key, struct bytes external_aad,
	      struct bytes payload, struct bytes *out, struct fault *f)
{
	uint8_t header[COSE_PROTECTED_MAX], signature[COSE_SIGNATURE_SIZE];
	struct writer w = writer_of(header, sizeof(header));
	struct cose_sign1 sign1 = {.algorithm = algorithm_of(key->public), .kid = key->public->id};
	struct bytes message;

	cose_put_protected(&w, sign1.algorithm, sign1.kid);
	if (!writer_done(&w, &sign1.protected))
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	TRY(to_be_signed(a, sign1.protected, external_aad, payload, &message, f));
	TRY(key_sign(key, message, signature, f));
	sign1.signature = bytes_of(signature, sizeof(signature));

	uint8_t *buffer = arena_alloc(a, COSE_OVERHEAD);
	if (buffer == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a signature", NULL);
	w = writer_of(buffer, COSE_OVERHEAD);
	cose_put(&w, &sign1);
	if (!writer_done(&w, out))
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	return ERR_OK;
}

bool cose_verify(const struct cose_sign1 *sign1, const struct public_key *key,
		 struct bytes external_aad, struct bytes payload)
{
	struct arena scratch = {.limit = 4 * (size_t)COSE_CARRIED_MAX};
	struct bytes message;
	bool valid = sign1->algorithm == algorithm_of(key) && hash_equal(sign1->kid, key->id) &&
		     sign1->signature.n == COSE_SIGNATURE_SIZE &&
		     to_be_signed(&scratch, sign1->protected, external_aad, payload, &message, NULL)
				     .code == OK &&
		     key_verify(key, message, sign1->signature.p);

	arena_done(&scratch);
	return valid;
}
