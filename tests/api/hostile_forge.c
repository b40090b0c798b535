/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_forge.c — makes a signed submission by hand, so that each part of it can be wrong. */
#include "hostile.h"

#include "core/cbor.h"
#include "crypto/crypto.h"

#include <string.h>

static const struct person *person_of(struct hostile *h, enum who who)
{
	return who == ADA    ? &h->api->ada
	       : who == ALMA ? &h->alma
	       : who == NEMO ? &h->nemo
			     : &h->wanda;
}

static const char *or_else(const char *text, const char *otherwise)
{
	return text == NULL ? otherwise : text;
}

static struct bytes claim_of(struct hostile *h, const struct forgery *g)
{
	static const char ROLE_BODY[] = "\xa1\x64role\x66tester";
	struct arena *a = &h->api->arena;
	const struct person *owner = person_of(h, g->key);
	struct claim claim = {.origin = bytes_text(or_else(g->origin, API_ORIGIN)),
			      .type = bytes_text(or_else(g->type, "role.defined")),
			      .version = g->version == 0 ? 1 : g->version,
			      .author = bytes_text(or_else(g->author, "wanda")),
			      .has_key = !g->no_key,
			      .key = public_key_id(private_key_public(owner->key)),
			      .made = clock_wall_ms(&h->api->clock) + (uint64_t)g->made_ms,
			      .body = g->body.p != NULL ? g->body : bytes_text(ROLE_BODY)};
	uint8_t *buffer = arena_alloc(a, 65536);
	struct writer w = writer_of(buffer, 65536);
	struct fault f;
	struct bytes out;

	assert_int_equal(random_bytes(claim.id.b, sizeof claim.id.b, &f).code, OK);
	for (size_t i = 0; i < 6; i++)
		claim.id.b[i] = (uint8_t)(claim.made >> (8 * (5 - i)));
	claim.id.b[6] = (uint8_t)((g->uuid_version == 0 ? 0x70 : g->uuid_version << 4) |
				  (claim.id.b[6] & 0x0f));
	claim.id.b[8] = (uint8_t)(0x80 | (claim.id.b[8] & 0x3f));
	if (g->made != 0)
		claim.made = g->made;
	claim.has_occurred = g->occurred != 0;
	claim.occurred = g->occurred;
	if (g->bulk != NULL)
		claim.body = g->bulk(a);
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &out));
	return g->edit == NULL ? out : g->edit(a, out);
}

/* COSE_Sign1 by hand, so that each part of it can be wrong. */
static struct bytes proof_of(struct hostile *h, const struct forgery *g, struct bytes claim)
{
	struct arena *a = &h->api->arena;
	const struct private_key *key = person_of(h, g->signer)->key;
	const char *aad = or_else(g->aad, or_else(g->type, "role.defined"));
	struct hash kid = public_key_id(private_key_public(person_of(h, g->kid)->key));
	uint8_t *buffer = arena_alloc(a, 65536 + 512), head[128];
	uint8_t signature[65] = {0};
	struct writer w = writer_of(head, sizeof head);
	struct bytes protected, message, out;
	struct fault f;

	cose_put_protected(&w, g->algorithm == 0 ? COSE_EDDSA : g->algorithm, kid);
	assert_true(writer_done(&w, &protected));
	w = writer_of(buffer, 65536 + 512);
	cose_put_to_be_signed(&w, protected, bytes_text(aad), claim);
	assert_true(writer_done(&w, &message));
	assert_int_equal(key_sign(key, message, signature, &f).code, OK);
	w = writer_of(buffer, 65536 + 512);
	cbor_put_tag(&w, g->tag == 0 ? 18 : g->tag);
	cbor_put_array(&w, 4);
	cbor_put_bytes(&w, protected);
	cbor_put_map(&w, g->unprotected ? 1 : 0);
	if (g->unprotected) {
		cbor_put_uint(&w, 1);
		cbor_put_int(&w, -8);
	}
	if (g->payload)
		cbor_put_bytes(&w, claim);
	else
		cbor_put_null(&w);
	cbor_put_bytes(&w, bytes_of(signature, g->signature_n == 0 ? 64 : g->signature_n));
	assert_true(writer_done(&w, &out));
	return out;
}

struct bytes forge(struct hostile *h, const struct forgery *g)
{
	static const char NO_OPENINGS[] = "\xa0";
	uint8_t *buffer = arena_alloc(&h->api->arena, 131072);
	struct writer w = writer_of(buffer, 131072);
	struct bytes out, claim = claim_of(h, g);

	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, claim);
	put_bytes(&w, g->proof.p != NULL ? g->proof : proof_of(h, g, claim));
	put_bytes(&w, g->openings.p != NULL ? g->openings : bytes_text(NO_OPENINGS));
	assert_true(writer_done(&w, &out));
	return out;
}
