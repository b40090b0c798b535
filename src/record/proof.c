/* SPDX-License-Identifier: Apache-2.0 */
#include "record/proof.h"

#include "core/sha256.h"
#include "record/readers.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys, parsed once ---- */

enum { CACHE_BUCKETS = 4096 };

struct cached_key {
	struct cached_key *next;
	struct hash id;
	struct public_key *key;
};

struct key_cache {
	struct cached_key *buckets[CACHE_BUCKETS];
	size_t n;
};

err key_cache_open(struct key_cache **out, struct fault *f)
{
	*out = calloc(1, sizeof **out);
	return *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

void key_cache_close(struct key_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CACHE_BUCKETS; i++) {
		while (c->buckets[i] != NULL) {
			struct cached_key *next = c->buckets[i]->next;
			public_key_close(c->buckets[i]->key);
			free(c->buckets[i]);
			c->buckets[i] = next;
		}
	}
	free(c);
}

/* The id is a SHA-256 digest: its first bytes spread evenly. */
static size_t bucket_of(struct hash id)
{
	return ((size_t)id.b[0] << 8 | id.b[1]) % CACHE_BUCKETS;
}

static const struct public_key *cached(struct engine *e, struct hash id)
{
	const struct public_key *found = NULL;

	pthread_mutex_lock(&e->keys_lock);
	for (struct cached_key *k = e->keys->buckets[bucket_of(id)]; k != NULL; k = k->next)
		if (hash_equal(k->id, id))
			found = k->key;
	pthread_mutex_unlock(&e->keys_lock);
	return found;
}

/* Keys are never dropped while the engine runs: others may be using them. A full cache keeps what
 * it has; then the caller has the key for itself. */
static bool cache_add(struct engine *e, struct hash id, struct public_key *key)
{
	struct cached_key *k = calloc(1, sizeof *k);

	if (k == NULL)
		return false;
	*k = (struct cached_key){.id = id, .key = key};
	pthread_mutex_lock(&e->keys_lock);
	bool full = e->keys->n >= e->config.keys_max;
	if (!full) {
		k->next = e->keys->buckets[bucket_of(id)];
		e->keys->buckets[bucket_of(id)] = k;
		e->keys->n++;
	}
	pthread_mutex_unlock(&e->keys_lock);
	if (full)
		free(k);
	return !full;
}

struct spki_read {
	uint8_t bytes[SPKI_SIZE_MAX];
	size_t n;
};

static err spki_row(void *context, const struct value *columns, size_t n)
{
	struct spki_read *read = context;

	(void)n;
	if (columns[0].bytes.n > sizeof read->bytes)
		return (err){ERR_CORRUPT};
	memcpy(read->bytes, columns[0].bytes.p, columns[0].bytes.n);
	read->n = columns[0].bytes.n;
	return ERR_OK;
}

/* The key with this id, from the cache or the store; NULL when no such key was ever enrolled. The
 * cache keeps it, or else it is `*own`, to be closed. */
static err find_key(struct engine *e, struct hash id, const struct public_key **out,
		    struct public_key **own, struct fault *f)
{
	struct public_key *key;
	struct reader_session *r;
	struct spki_read read = {.n = 0};

	*out = cached(e, id);
	if (*out != NULL)
		return ERR_OK;
	TRY(reader_take(e, &r, f));
	struct value values[] = {value_blob(hash_bytes(&id))};
	err result = db_query(r->db, r->key_spki, values, spki_row, &read, NULL, f);
	reader_give(r);
	TRY(result);
	if (read.n == 0)
		return ERR_OK;
	TRY(public_key_parse(bytes_of(read.bytes, read.n), &key, f));
	*out = key;
	if (!cache_add(e, id, key))
		*own = key;
	return ERR_OK;
}

/* ---- WebAuthn (W3C WebAuthn level 2, section 7.2) ---- */

enum { FLAG_USER_PRESENT = 0x01, FLAG_USER_VERIFIED = 0x04, AUTHENTICATOR_DATA_MIN = 37 };

static bool json_is(const json_t *json, const char *name, struct bytes expected)
{
	const json_t *member = json_object_get(json, name);

	return json_is_string(member) &&
	       bytes_equal(bytes_of(json_string_value(member), json_string_length(member)),
			   expected);
}

static const char *client_data_wrong(const struct engine *e, const struct record *r,
				     struct bytes client_data)
{
	char challenge[64];
	json_t *json = json_loadb((const char *)client_data.p, client_data.n,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *why = NULL;

	base64url_encode(hash_bytes(&r->digest), challenge);
	if (!json_is_object(json))
		why = "the client data is not JSON";
	else if (!json_is(json, "type", bytes_text("webauthn.get")))
		why = "the client data is not of an assertion";
	else if (!json_is(json, "challenge", bytes_text(challenge)))
		why = "the challenge is not this record's digest";
	else if (!json_is(json, "origin", bytes_text(e->config.web_origin)))
		why = "the assertion was made on another web site";
	else if (json_is_true(json_object_get(json, "crossOrigin")))
		why = "the assertion was made inside a foreign page";
	json_decref(json);
	return why;
}

static const char *authenticator_data_wrong(const struct engine *e, struct bytes data)
{
	struct hash party = sha256(bytes_text(e->config.relying_party));

	if (data.n < AUTHENTICATOR_DATA_MIN)
		return "the authenticator data is too short";
	if (memcmp(data.p, party.b, sizeof party.b) != 0)
		return "the assertion is for another relying party";
	if ((data.p[32] & FLAG_USER_PRESENT) == 0 || (data.p[32] & FLAG_USER_VERIFIED) == 0)
		return "the person was not present and verified";
	return NULL;
}

static const char *assertion_wrong(struct engine *e, const struct record *r,
				   const struct proof *proof, const struct public_key *key)
{
	uint8_t message[1024], signature[64];
	const char *why = client_data_wrong(e, r, proof->client_data);

	if (why == NULL)
		why = authenticator_data_wrong(e, proof->authenticator_data);
	if (why != NULL)
		return why;
	struct hash client = sha256(proof->client_data);
	struct writer w = writer_of(message, sizeof message);
	struct bytes signed_bytes;
	put_bytes(&w, proof->authenticator_data);
	put_bytes(&w, hash_bytes(&client));
	if (!writer_done(&w, &signed_bytes))
		return "the authenticator data is too long";
	if (public_key_algorithm(key) == KEY_ED25519 && proof->signature.n == 64)
		memcpy(signature, proof->signature.p, 64);
	else if (!ecdsa_from_der(proof->signature, signature))
		return "the signature is not DER";
	return key_verify(key, signed_bytes, signature) ? NULL : "the signature does not match";
}

/* ---- either ---- */

static err proof_wrong(struct fault *f, const char *detail)
{
	return fail_field(f, "proof", "PROOF_WRONG", "detail", detail, NULL);
}

static err verify_with(struct engine *e, const struct record *r, const struct proof *proof,
		       const struct public_key *key, struct fault *f)
{
	char hex[65];

	hex_encode(hash_bytes(&r->claim.key), hex);
	if (key == NULL)
		return fail_field(f, "key", "KEY_UNKNOWN", "key", hex, NULL);
	if (proof->kind == PROOF_COSE)
		return cose_verify(&proof->cose, key, r->claim.type, r->claim_bytes)
			       ? ERR_OK
			       : proof_wrong(f,
					     "the signature does not match the claim and its key");
	if (e->config.relying_party == NULL || e->config.web_origin == NULL)
		return proof_wrong(f, "passkey assertions are not set up on this server");
	const char *why = assertion_wrong(e, r, proof, key);
	return why == NULL ? ERR_OK : proof_wrong(f, why);
}

err proof_verify(struct engine *e, const struct record *r, const struct proof *proof,
		 struct fault *f)
{
	const struct public_key *key;
	struct public_key *own = NULL;

	if (!r->claim.has_key)
		return fail_field(f, "key", "PROOF_WITHOUT_KEY", NULL);
	TRY(find_key(e, r->claim.key, &key, &own, f));
	err result = verify_with(e, r, proof, key, f);
	public_key_close(own);
	return result;
}
