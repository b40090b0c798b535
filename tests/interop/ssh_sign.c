/* SPDX-License-Identifier: Apache-2.0 */
#include "ssh_sign.h"

#include <openssl/evp.h>
#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"

enum { ROOM = 1100, TOUCHED = 0x01, COUNTER = 7 };

struct signing_key {
	const struct private_key *key;
	const char *application;
	bool is_p256;
};

static void put_string(struct writer *w, struct bytes s)
{
	put_u32(w, (uint32_t)s.n);
	put_bytes(w, s);
}

/* What `inner` holds, as one string. */
static void put_inner(struct writer *w, const struct writer *inner)
{
	struct bytes s = {0};

	if (!writer_done(inner, &s))
		w->full = true;
	put_string(w, s);
}

static const char *type_of(const struct signing_key *k)
{
	if (k->application != NULL)
		return k->is_p256 ? "sk-ecdsa-sha2-nistp256@openssh.com"
				  : "sk-ssh-ed25519@openssh.com";
	return k->is_p256 ? "ecdsa-sha2-nistp256" : "ssh-ed25519";
}

static void put_key(struct writer *w, const struct signing_key *k)
{
	uint8_t buffer[256];
	struct writer inner = writer_of(buffer, sizeof(buffer));
	struct bytes spki = public_key_spki(private_key_public(k->key));
	size_t n = k->is_p256 ? 65 : 32;

	put_string(&inner, bytes_text(type_of(k)));
	if (k->is_p256)
		put_string(&inner, bytes_text("nistp256"));
	put_string(&inner, bytes_of(spki.p + spki.n - n, n));
	if (k->application != NULL)
		put_string(&inner, bytes_text(k->application));
	put_inner(w, &inner);
}

static void put_number(struct writer *w, const uint8_t number[static 32])
{
	uint8_t padded[33] = {0};
	size_t at = 1;

	memcpy(padded + 1, number, 32);
	while (at < 32 && padded[at] == 0)
		at++;
	if (padded[at] >= 0x80)
		at--;
	put_string(w, bytes_of(padded + at, 33 - at));
}

static void put_signature(struct writer *w, const struct signing_key *k,
			  const uint8_t raw[static 64])
{
	uint8_t buffer[256], numbers[128];
	struct writer inner = writer_of(buffer, sizeof(buffer));
	struct writer both = writer_of(numbers, sizeof(numbers));

	put_string(&inner, bytes_text(type_of(k)));
	put_number(&both, raw);
	put_number(&both, raw + 32);
	if (k->is_p256)
		put_inner(&inner, &both);
	else
		put_string(&inner, bytes_of(raw, 64));
	if (k->application != NULL) {
		put_u8(&inner, TOUCHED);
		put_u32(&inner, COUNTER);
	}
	put_inner(w, &inner);
}

/* What the key signs. */
static err covered(const struct signing_key *k, struct bytes message, struct writer *w,
		   struct bytes *out, struct fault *f)
{
	struct sshsig sig = {.name_space = bytes_text(SSHSIG_NAMESPACE),
			     .hash = SSH_SHA512,
			     .flags = TOUCHED,
			     .counter = COUNTER};
	uint8_t digest[64], buffer[256];
	unsigned n = 0;
	struct writer structure = writer_of(buffer, sizeof(buffer));

	if (EVP_Digest(message.p, message.n, digest, &n, EVP_sha512(), NULL) != 1)
		return fail(f, "CRYPTO_FAILED", "detail", "SHA-512", NULL);
	sshsig_put_signed(k->application == NULL ? w : &structure, &sig, bytes_of(digest, n));
	if (k->application != NULL) {
		sig.application = bytes_text(k->application);
		sshsig_put_token(w, &sig, sha256(bytes_of(buffer, structure.n)));
	}
	return writer_done(w, out) ? ERR_OK : fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}

err ssh_sign(struct arena *a, const struct private_key *key, const char *application,
	     struct bytes message, struct bytes *out, struct fault *f)
{
	struct signing_key k = {key, application,
				public_key_algorithm(private_key_public(key)) == KEY_P256};
	uint8_t raw[64], room[256], *buffer = arena_alloc(a, ROOM);
	struct writer to_sign = writer_of(room, sizeof(room));
	struct writer w = writer_of(buffer, buffer != NULL ? ROOM : 0);
	struct bytes signed_bytes;

	TRY(covered(&k, message, &to_sign, &signed_bytes, f));
	TRY(key_sign(key, signed_bytes, raw, f));
	put_text(&w, "SSHSIG");
	put_u32(&w, 1);
	put_key(&w, &k);
	put_string(&w, bytes_text(SSHSIG_NAMESPACE));
	put_string(&w, (struct bytes){0});
	put_string(&w, bytes_text("sha512"));
	put_signature(&w, &k, raw);
	return writer_done(&w, out) ? ERR_OK : fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}

err ssh_prove(struct arena *a, const struct private_key *key, const char *application,
	      struct bytes claim, struct bytes *out, struct fault *f)
{
	uint8_t *buffer = arena_alloc(a, ROOM);
	struct writer w = writer_of(buffer, buffer != NULL ? ROOM : 0);
	struct bytes signature;

	TRY(ssh_sign(a, key, application, claim, &signature, f));
	cbor_put_bytes(&w, signature);
	return writer_done(&w, out) ? ERR_OK : fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}
