/* SPDX-License-Identifier: Apache-2.0 */
/* The claim, the proof, and the entry around them. witness.c has the witness. */
#include "core/entry.h"

#include "core/cbor.h"
#include "core/entry_fields.h"
#include "core/sha256.h"

enum claim_key {
	CLAIM_ORIGIN = 1,
	CLAIM_TYPE,
	CLAIM_VERSION,
	CLAIM_AUTHOR,
	CLAIM_KEY,
	CLAIM_ID,
	CLAIM_MADE,
	CLAIM_OCCURRED,
	CLAIM_SOURCE,
	CLAIM_BODY,
	CLAIM_SPOOL,
};

static const uint32_t CLAIM_REQUIRED = 1u << CLAIM_ORIGIN | 1u << CLAIM_TYPE | 1u << CLAIM_VERSION |
				       1u << CLAIM_AUTHOR | 1u << CLAIM_ID | 1u << CLAIM_MADE |
				       1u << CLAIM_SOURCE | 1u << CLAIM_BODY;

/* ---- words and numbers ---- */

static bool is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* GS1 General Specifications, figure 7.11-1: 82 characters. */
static bool is_id_character(uint8_t c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '%' && c <= '?') || c == '!' ||
	       c == '"' || c == '_';
}

bool id_valid(struct bytes text)
{
	if (text.n == 0 || text.n > ID_SIZE_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!is_id_character(text.p[i]))
			return false;
	}
	return true;
}

bool type_name_valid(struct bytes text)
{
	size_t dots = 0;

	if (text.n == 0 || text.n > TYPE_SIZE_MAX || text.p[0] == '.' || text.p[text.n - 1] == '.')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '.')
			dots++;
		else if (!is_lower(text.p[i]) && !is_digit(text.p[i]) && text.p[i] != '_')
			return false;
	}
	return dots == 1;
}

bool uuid7_valid(struct uuid id)
{
	return id.b[6] >> 4 == 7 && id.b[8] >> 6 == 2;
}

uint64_t uuid7_time_ms(struct uuid id)
{
	uint64_t ms = 0;

	for (unsigned i = 0; i < 6; i++)
		ms = ms << 8 | id.b[i];
	return ms;
}

/* ---- fields, for the witness too ---- */

struct bytes field_id(struct reader *r, const char *why)
{
	struct bytes text = cbor_text(r);

	if (!r->why && !id_valid(text))
		reader_fail(r, why);
	return text;
}

uint64_t field_number(struct reader *r, uint64_t most, const char *why)
{
	uint64_t v = cbor_uint(r);

	if (v > most)
		reader_fail(r, why);
	return v;
}

struct bytes field_bytes(struct reader *r, size_t least, size_t most, const char *why)
{
	struct bytes v = cbor_bytes(r);

	if (v.n < least || v.n > most)
		reader_fail(r, why);
	return v;
}

/* ---- the claim ---- */

/* An origin is the first line of a checkpoint: no control character may break that line. */
static struct bytes claim_origin(struct reader *r)
{
	struct bytes text = cbor_text(r);

	if (text.n == 0 || text.n > ORIGIN_SIZE_MAX)
		reader_fail(r, "the claim's origin must have 1 to 255 bytes");
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20)
			reader_fail(r, "the claim's origin has a control character");
	}
	return text;
}

static struct bytes claim_type(struct reader *r)
{
	struct bytes text = cbor_text(r);

	if (!r->why && !type_name_valid(text))
		reader_fail(r, "the claim's type is not a type's name");
	return text;
}

static struct hash claim_key(struct reader *r)
{
	struct bytes v = field_bytes(r, 32, 32, "the claim's key must be 32 bytes");
	struct hash out = {{0}};

	if (!r->why)
		__builtin_memcpy(out.b, v.p, sizeof out.b);
	return out;
}

static struct uuid claim_id(struct reader *r)
{
	static const char WHY[] = "the claim's id must be a UUID of version 7";
	struct bytes v = field_bytes(r, 16, 16, WHY);
	struct uuid out = {{0}};

	if (!r->why)
		__builtin_memcpy(out.b, v.p, sizeof out.b);
	if (!r->why && !uuid7_valid(out))
		reader_fail(r, WHY);
	return out;
}

static uint64_t claim_instant(struct reader *r)
{
	return field_number(r, INSTANT_MS_MAX, "a time of the claim is beyond the year 9999");
}

static struct bytes claim_body(struct reader *r)
{
	struct reader inside = *r;
	struct bytes body = cbor_item(r);

	for (size_t n = cbor_map(&inside); n > 0; n--) {
		cbor_text(&inside);
		cbor_item(&inside);
	}
	if (inside.why)
		reader_fail(r, "the claim's body must be a map with texts as keys");
	return body;
}

static void claim_spool(struct reader *r, struct claim *out)
{
	if (cbor_array(r) != 2)
		reader_fail(r, "the claim's spool must be a name and a counter");
	out->spool = field_id(r, "the spool's name is not an id");
	out->spool_counter = field_number(r, SEQUENCE_MAX, "the spool's counter is too large");
}

static void claim_field(struct reader *r, uint64_t key, struct claim *out)
{
	switch (key) {
	case CLAIM_ORIGIN:
		out->origin = claim_origin(r);
		break;
	case CLAIM_TYPE:
		out->type = claim_type(r);
		break;
	case CLAIM_VERSION:
		out->version = (uint32_t)field_number(r, TYPE_VERSION_MAX,
						      "the claim's version is above 65535");
		if (out->version == 0)
			reader_fail(r, "the claim's version is zero");
		break;
	case CLAIM_AUTHOR:
		out->author = field_id(r, "the claim's author is not an id");
		break;
	case CLAIM_KEY:
		out->has_key = true;
		out->key = claim_key(r);
		break;
	case CLAIM_ID:
		out->id = claim_id(r);
		break;
	case CLAIM_MADE:
		out->made = claim_instant(r);
		break;
	case CLAIM_OCCURRED:
		out->has_occurred = true;
		out->occurred = claim_instant(r);
		break;
	case CLAIM_SOURCE:
		out->source = (enum claim_source)field_number(r, CLAIM_IMPORTED,
							      "the claim's source is unknown");
		break;
	case CLAIM_BODY:
		out->body = claim_body(r);
		break;
	case CLAIM_SPOOL:
		claim_spool(r, out);
		break;
	default:
		reader_fail(r, "the claim has an unknown key");
	}
}

/* The end of every parse: nothing may be left, and only a whole result is handed out. */
static bool finish(struct reader *r, const char **why)
{
	if (!r->why && r->n > 0)
		reader_fail(r, "bytes follow its end");
	*why = r->why;
	return !r->why;
}

bool claim_parse(struct bytes in, struct claim *out, const char **why)
{
	struct reader r = reader_of(in);
	struct claim claim = {.body = {0}};
	struct cbor_keys keys = {{0}};
	uint32_t seen = 0;

	if (in.n > ENTRY_SIZE_MAX)
		reader_fail(&r, "the claim is too large");
	for (size_t n = cbor_map(&r); n > 0 && !r.why; n--) {
		uint64_t key = field_key(&r, &keys);

		claim_field(&r, key, &claim);
		seen |= r.why ? 0 : 1u << key;
	}
	if ((seen & CLAIM_REQUIRED) != CLAIM_REQUIRED)
		reader_fail(&r, "the claim lacks a required key");
	if (!finish(&r, why))
		return false;
	*out = claim;
	return true;
}

void claim_put(struct writer *w, const struct claim *c)
{
	size_t optional = (size_t)c->has_key + (size_t)c->has_occurred + (c->spool.p ? 1 : 0);

	cbor_put_map(w, (size_t)__builtin_popcount(CLAIM_REQUIRED) + optional);
	cbor_put_uint(w, CLAIM_ORIGIN);
	cbor_put_text(w, c->origin);
	cbor_put_uint(w, CLAIM_TYPE);
	cbor_put_text(w, c->type);
	cbor_put_uint(w, CLAIM_VERSION);
	cbor_put_uint(w, c->version);
	cbor_put_uint(w, CLAIM_AUTHOR);
	cbor_put_text(w, c->author);
	if (c->has_key) {
		cbor_put_uint(w, CLAIM_KEY);
		cbor_put_bytes(w, hash_bytes(&c->key));
	}
	cbor_put_uint(w, CLAIM_ID);
	cbor_put_bytes(w, bytes_of(c->id.b, sizeof c->id.b));
	cbor_put_uint(w, CLAIM_MADE);
	cbor_put_uint(w, c->made);
	if (c->has_occurred) {
		cbor_put_uint(w, CLAIM_OCCURRED);
		cbor_put_uint(w, c->occurred);
	}
	cbor_put_uint(w, CLAIM_SOURCE);
	cbor_put_uint(w, c->source);
	cbor_put_uint(w, CLAIM_BODY);
	put_bytes(w, c->body);
	if (c->spool.p) {
		cbor_put_uint(w, CLAIM_SPOOL);
		cbor_put_array(w, 2);
		cbor_put_text(w, c->spool);
		cbor_put_uint(w, c->spool_counter);
	}
}

struct hash claim_digest(struct bytes claim)
{
	return sha256(claim);
}

/* ---- the proof ---- */

static void get_webauthn(struct reader *r, struct proof *out)
{
	if (cbor_array(r) != 3)
		reader_fail(r, "a WebAuthn proof must have three parts");
	out->authenticator_data = field_bytes(r, 1, AUTHENTICATOR_DATA_MAX,
					      "the authenticator data must have 1 to 512 bytes");
	out->client_data =
		field_bytes(r, 1, CLIENT_DATA_MAX, "the client data must have 1 to 2048 bytes");
	out->signature =
		field_bytes(r, 1, WEBAUTHN_SIGNATURE_MAX, "the signature must have 1 to 512 bytes");
}

static void get_proof(struct reader *r, struct proof *out)
{
	enum cbor_kind kind = cbor_peek(r);

	if (kind == CBOR_NULL) {
		cbor_null(r);
	} else if (kind == CBOR_TAG) {
		out->kind = PROOF_COSE;
		cose_get(r, &out->cose);
		if (out->cose.payload.p)
			reader_fail(r, "the proof's payload must be detached");
	} else if (kind == CBOR_ARRAY) {
		out->kind = PROOF_WEBAUTHN;
		get_webauthn(r, out);
	} else if (kind == CBOR_BYTES) {
		out->kind = PROOF_SSHSIG;
		out->sshsig = field_bytes(r, 1, SSHSIG_SIZE_MAX,
					  "an SSH signature must have 1 to 1024 bytes");
	} else {
		reader_fail(r, "the proof is of no known kind");
	}
}

bool proof_parse(struct bytes in, struct proof *out, const char **why)
{
	struct reader r = reader_of(in);
	struct proof proof = {.kind = PROOF_NONE};

	get_proof(&r, &proof);
	if (!finish(&r, why))
		return false;
	*out = proof;
	return true;
}

/* ---- the entry ---- */

bool entry_parse(struct bytes in, struct entry *out, const char **why)
{
	struct reader r = reader_of(in);
	struct bytes claim, proof, witness;
	struct entry entry;

	if (in.n > ENTRY_SIZE_MAX)
		reader_fail(&r, "the entry is too large");
	if (cbor_array(&r) != 3)
		reader_fail(&r, "an entry must be claim, proof and witness");
	claim = cbor_bytes(&r);
	proof = cbor_item(&r);
	witness = cbor_item(&r);
	if (!finish(&r, why) || !claim_parse(claim, &entry.claim, why) ||
	    !proof_parse(proof, &entry.proof, why) || !witness_parse(witness, &entry.witness, why))
		return false;
	entry.claim_bytes = claim;
	*out = entry;
	return true;
}

struct bytes entry_after_claim(struct bytes entry)
{
	struct reader r = reader_of(entry);

	(void)cbor_array(&r);
	(void)cbor_bytes(&r);
	return r.why != NULL ? (struct bytes){0} : bytes_of(r.p, r.n);
}

void entry_put(struct writer *w, struct bytes claim, struct bytes proof, struct bytes witness)
{
	cbor_put_array(w, 3);
	cbor_put_bytes(w, claim);
	put_bytes(w, proof);
	put_bytes(w, witness);
}
