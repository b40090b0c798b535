/* SPDX-License-Identifier: Apache-2.0 */
#include "record/proof.h"

#include "base/checks.h"
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

/* ---- the proof ---- */

void console_of(const struct engine_config *config, struct console *out)
{
	const char *party = config->relying_party, *origin = config->web_origin;

	out->origin = bytes_text(origin == NULL ? "" : origin);
	out->party = (struct proof_party){
		.relying_party = party == NULL ? (struct bytes){0} : bytes_text(party),
		.origins = &out->origin,
		.origins_n = origin == NULL ? 0 : 1,
	};
}

static err verify_with(struct engine *e, const struct record *r, const struct proof *proof,
		       const struct public_key *key, struct fault *f)
{
	struct console console;
	char hex[65];

	console_of(&e->config, &console);
	hex_encode(hash_bytes(&r->claim.key), hex);
	if (key == NULL)
		return fail_field(f, "key", "KEY_UNKNOWN", "key", hex, NULL);
	/* Of which application a token's key must be, the charter says, and the signer asks. */
	return proof_check(proof, &r->claim, r->claim_bytes, key, proof_application(proof),
			   &console.party, f);
}

err proof_verify(struct engine *e, const struct record *r, const struct proof *proof,
		 struct fault *f)
{
	const struct public_key *key;
	struct public_key *own = NULL;

	if (check_left_out(CHECK_ENGINE_PROOF))
		return ERR_OK;
	if (!r->claim.has_key)
		return fail_field(f, "key", "PROOF_WITHOUT_KEY", NULL);
	TRY(find_key(e, r->claim.key, &key, &own, f));
	err result = verify_with(e, r, proof, key, f);
	public_key_close(own);
	return result;
}
