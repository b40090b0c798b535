/* SPDX-License-Identifier: Apache-2.0 */
#include "passkey_sign.h"

#include "core/cbor.h"
#include "core/sha256.h"

#include <string.h>

enum { ROOM = 1024, COUNTER = 7 };

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

/* ---- what is signed ---- */

static struct bytes client_data(struct arena *a, const struct passkey_wish *wish, const char *type)
{
	char challenge[64];

	base64url_encode(hash_bytes(&wish->challenge), challenge);
	return bytes_text(arena_printf(
		a,
		"{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":%s%s%s}",
		wish->type == NULL ? type : wish->type, challenge, wish->origin,
		wish->cross == NULL ? "false" : wish->cross, wish->more == NULL ? "" : ",",
		wish->more == NULL ? "" : wish->more));
}

static uint8_t flags_of(const char *letters)
{
	return (uint8_t)((strchr(letters, 'P') != NULL ? 0x01 : 0) |
			 (strchr(letters, 'V') != NULL ? 0x04 : 0) |
			 (strchr(letters, 'C') != NULL ? 0x40 : 0) |
			 (strchr(letters, 'X') != NULL ? 0x80 : 0));
}

static void put_head(struct writer *w, const struct passkey_wish *wish, const char *flags)
{
	struct hash id = sha256(bytes_text(wish->party));

	put_bytes(w, hash_bytes(&id));
	put_u8(w, flags_of(wish->flags == NULL ? flags : wish->flags));
	put_u32(w, wish->counter);
}

static err sign(struct arena *a, const struct private_key *key, struct bytes data,
		struct bytes client, struct bytes *out, struct fault *f)
{
	uint8_t covered[ROOM], raw[64], *der = arena_alloc(a, 80);
	struct hash digest = sha256(client);
	struct writer message = writer_of(covered, sizeof covered);
	struct writer w = writer_of(der, der != NULL ? 80 : 0);
	struct bytes whole;

	put_bytes(&message, data);
	put_bytes(&message, hash_bytes(&digest));
	if (!writer_done(&message, &whole))
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	TRY(key_sign(key, whole, raw, f));
	if (public_key_algorithm(private_key_public(key)) == KEY_P256)
		put_der(&w, raw);
	else
		put_bytes(&w, bytes_of(raw, sizeof raw));
	return writer_done(&w, out) ? ERR_OK : fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}

/* ---- asserting ---- */

err passkey_assert(struct arena *a, const struct private_key *key, const struct passkey_wish *wish,
		   struct passkey_words *out, struct fault *f)
{
	uint8_t *buffer = arena_alloc(a, ROOM);
	struct writer w = writer_of(buffer, buffer != NULL ? ROOM : 0);

	put_head(&w, wish, "PV");
	put_bytes(&w, wish->tail);
	if (!writer_done(&w, &out->authenticator_data))
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	out->client_data = client_data(a, wish, "webauthn.get");
	return sign(a, key, out->authenticator_data, out->client_data, &out->signature, f);
}

err passkey_prove(struct arena *a, const struct private_key *key, const char *party,
		  const char *origin, struct bytes claim, struct bytes *out, struct fault *f)
{
	const struct passkey_wish wish = {
		.party = party, .origin = origin, .challenge = sha256(claim), .counter = COUNTER};
	uint8_t *buffer = arena_alloc(a, ROOM);
	struct writer w = writer_of(buffer, buffer != NULL ? ROOM : 0);
	struct passkey_words words;

	TRY(passkey_assert(a, key, &wish, &words, f));
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, words.authenticator_data);
	cbor_put_bytes(&w, words.client_data);
	cbor_put_bytes(&w, words.signature);
	return writer_done(&w, out) ? ERR_OK : fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}

/* ---- registering ---- */

/* RFC 9053, sections 7.1 and 7.2. */
static void put_cose_key(struct writer *w, const struct public_key *key)
{
	struct bytes spki = public_key_spki(key);
	bool p256 = public_key_algorithm(key) == KEY_P256;
	const uint8_t *raw = spki.p + spki.n - (p256 ? 64 : 32);

	cbor_put_map(w, p256 ? 5 : 4);
	cbor_put_int(w, 1);
	cbor_put_int(w, p256 ? 2 : 1);
	cbor_put_int(w, 3);
	cbor_put_int(w, p256 ? -7 : -8);
	cbor_put_int(w, -1);
	cbor_put_int(w, p256 ? 1 : 6);
	cbor_put_int(w, -2);
	cbor_put_bytes(w, bytes_of(raw, 32));
	if (p256) {
		cbor_put_int(w, -3);
		cbor_put_bytes(w, bytes_of(raw + 32, 32));
	}
}

static bool put_data(struct arena *a, const struct private_key *key, struct bytes credential,
		     const struct passkey_wish *wish, struct bytes *out)
{
	static const uint8_t aaguid[16];
	uint8_t *buffer = arena_alloc(a, ROOM);
	struct writer w = writer_of(buffer, buffer != NULL ? ROOM : 0);

	put_head(&w, wish, "PVC");
	put_bytes(&w, bytes_of(aaguid, sizeof aaguid));
	put_u16(&w, (uint16_t)credential.n);
	put_bytes(&w, credential);
	if (wish->cose_key.p != NULL)
		put_bytes(&w, wish->cose_key);
	else
		put_cose_key(&w, private_key_public(key));
	put_bytes(&w, wish->tail);
	return writer_done(&w, out);
}

static err put_statement(struct arena *a, const struct private_key *key,
			 const struct passkey_wish *wish, struct bytes data, struct bytes client,
			 struct writer *w, struct fault *f)
{
	bool p256 = public_key_algorithm(private_key_public(key)) == KEY_P256;
	struct bytes signature;

	if (wish->statement.p != NULL) {
		put_bytes(w, wish->statement);
	} else if (wish->format == NULL) {
		cbor_put_map(w, 0);
	} else {
		TRY(sign(a, key, data, client, &signature, f));
		cbor_put_map(w, 2);
		cbor_put_text(w, bytes_text("alg"));
		cbor_put_int(w, p256 ? -7 : -8);
		cbor_put_text(w, bytes_text("sig"));
		cbor_put_bytes(w, signature);
	}
	return ERR_OK;
}

err passkey_register(struct arena *a, const struct private_key *key, struct bytes credential,
		     const struct passkey_wish *wish, struct passkey_registration *out,
		     struct fault *f)
{
	uint8_t *buffer = arena_alloc(a, 4 * ROOM);
	struct writer w = writer_of(buffer, buffer != NULL ? 4 * ROOM : 0);
	struct bytes data;

	if (!put_data(a, key, credential, wish, &data))
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	out->client_data = client_data(a, wish, "webauthn.create");
	cbor_put_map(&w, 3);
	cbor_put_text(&w, bytes_text("fmt"));
	cbor_put_text(&w, bytes_text(wish->format == NULL ? "none" : wish->format));
	cbor_put_text(&w, bytes_text("attStmt"));
	TRY(put_statement(a, key, wish, data, out->client_data, &w, f));
	cbor_put_text(&w, bytes_text("authData"));
	cbor_put_bytes(&w, data);
	put_bytes(&w, wish->after);
	return writer_done(&w, &out->attestation) ? ERR_OK
						  : fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
}
