/* SPDX-License-Identifier: Apache-2.0 */
#include "passkey_sign.h"

#include "core/cbor.h"
#include "core/sha256.h"

enum { ROOM = 1024, PRESENT_AND_VERIFIED = 0x05, COUNTER = 7 };

static void put_integer(struct writer *w, const uint8_t *p)
{
	size_t n = 32;

	while (n > 1 && p[0] == 0) {
		p++;
		n--;
	}
	put_u8(w, 0x02);
	put_u8(w, (uint8_t)(n + (p[0] >= 0x80)));
	if (p[0] >= 0x80)
		put_u8(w, 0);
	put_bytes(w, bytes_of(p, n));
}

/* ECDSA-Sig-Value in DER (RFC 3279 section 2.2.3). */
static void put_der(struct writer *w, const uint8_t raw[static 64])
{
	uint8_t buffer[80];
	struct writer numbers = writer_of(buffer, sizeof(buffer));

	put_integer(&numbers, raw);
	put_integer(&numbers, raw + 32);
	put_u8(w, 0x30);
	put_u8(w, (uint8_t)numbers.n);
	put_bytes(w, bytes_of(buffer, numbers.n));
}

static struct bytes client_data(struct arena *a, const char *origin, struct hash digest)
{
	char challenge[64];

	base64url_encode(hash_bytes(&digest), challenge);
	return bytes_text(arena_printf(a,
				       "{\"type\":\"webauthn.get\",\"challenge\":\"%s\","
				       "\"origin\":\"%s\",\"crossOrigin\":false}",
				       challenge, origin));
}

/* The authenticator's data, and behind it the digest of the client's: what is signed. */
static struct bytes covered_bytes(struct arena *a, const char *party, struct bytes client)
{
	struct hash id = sha256(bytes_text(party)), client_hash = sha256(client);
	uint8_t *p = arena_alloc(a, ROOM);
	struct writer w = writer_of(p, p != NULL ? ROOM : 0);
	struct bytes out = {0};

	put_bytes(&w, hash_bytes(&id));
	put_u8(&w, PRESENT_AND_VERIFIED);
	put_u32(&w, COUNTER);
	put_bytes(&w, hash_bytes(&client_hash));
	return writer_done(&w, &out) ? out : (struct bytes){0};
}

err passkey_assert(struct arena *a, const struct private_key *key, const char *party,
		   const char *origin, struct hash challenge, struct passkey_assertion *out,
		   struct fault *f)
{
	struct bytes client = client_data(a, origin, challenge);
	struct bytes covered = covered_bytes(a, party, client);
	uint8_t raw[64], *buffer = arena_alloc(a, 80);
	struct writer w = writer_of(buffer, buffer != NULL ? 80 : 0);

	if (client.p == NULL || covered.p == NULL || buffer == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(key_sign(key, covered, raw, f));
	if (public_key_algorithm(private_key_public(key)) == KEY_P256)
		put_der(&w, raw);
	else
		put_bytes(&w, bytes_of(raw, sizeof(raw)));
	out->client_data = client;
	out->authenticator_data = bytes_of(covered.p, covered.n - sizeof(struct hash));
	return writer_done(&w, &out->signature) ? ERR_OK
						: fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}

err passkey_prove(struct arena *a, const struct private_key *key, const char *party,
		  const char *origin, struct bytes claim, struct bytes *out, struct fault *f)
{
	struct passkey_assertion made;
	uint8_t *buffer = arena_alloc(a, ROOM);
	struct writer w = writer_of(buffer, buffer != NULL ? ROOM : 0);

	TRY(passkey_assert(a, key, party, origin, sha256(claim), &made, f));
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, made.authenticator_data);
	cbor_put_bytes(&w, made.client_data);
	cbor_put_bytes(&w, made.signature);
	return writer_done(&w, out) ? ERR_OK : fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}
