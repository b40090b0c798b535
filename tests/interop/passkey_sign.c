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

static struct bytes client_data(struct arena *a, const char *origin, struct bytes claim)
{
	struct hash digest = sha256(claim);
	char challenge[64];

	base64url_encode(hash_bytes(&digest), challenge);
	return bytes_text(arena_printf(a,
				       "{\"type\":\"webauthn.get\",\"challenge\":\"%s\","
				       "\"origin\":\"%s\",\"crossOrigin\":false}",
				       challenge, origin));
}

err passkey_prove(struct arena *a, const struct private_key *key, const char *party,
		  const char *origin, struct bytes claim, struct bytes *out, struct fault *f)
{
	struct bytes client = client_data(a, origin, claim);
	struct hash id = sha256(bytes_text(party)), client_hash = sha256(client);
	uint8_t covered[128], raw[64], der[80], *buffer = arena_alloc(a, ROOM);
	struct writer message = writer_of(covered, sizeof(covered));
	struct writer signature = writer_of(der, sizeof(der));
	struct writer w = writer_of(buffer, buffer != NULL ? ROOM : 0);

	put_bytes(&message, hash_bytes(&id));
	put_u8(&message, PRESENT_AND_VERIFIED);
	put_u32(&message, COUNTER);
	size_t data_n = message.n;
	put_bytes(&message, hash_bytes(&client_hash));
	TRY(key_sign(key, bytes_of(covered, message.n), raw, f));
	if (public_key_algorithm(private_key_public(key)) == KEY_P256)
		put_der(&signature, raw);
	else
		put_bytes(&signature, bytes_of(raw, sizeof(raw)));
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, bytes_of(covered, data_n));
	cbor_put_bytes(&w, client);
	cbor_put_bytes(&w, bytes_of(der, signature.n));
	return writer_done(&w, out) ? ERR_OK : fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}
