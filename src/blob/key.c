/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/store.h"

#include "crypto/crypto.h"

#include <string.h>

static const char WRAP_LABEL[] = "sealwright blob key 1";
enum { WRAP_AAD_SIZE = sizeof(WRAP_LABEL) - 1 + BLOB_KEY_ID_SIZE };

static struct bytes wrap_aad(struct key_id id, uint8_t buffer[WRAP_AAD_SIZE])
{
	memcpy(buffer, WRAP_LABEL, sizeof(WRAP_LABEL) - 1);
	memcpy(buffer + sizeof(WRAP_LABEL) - 1, id.b, sizeof(id.b));
	return bytes_of(buffer, WRAP_AAD_SIZE);
}

static struct value id_value(const struct key_id *id)
{
	return value_blob(bytes_of(id->b, sizeof(id->b)));
}

static err key_make(struct blob_store *store, const char *upload, uint64_t now_ms,
		    struct key_id *id, uint8_t key[static BLOB_KEY_SIZE], struct fault *f)
{
	uint8_t wrapped[BLOB_WRAPPED_SIZE], aad[WRAP_AAD_SIZE];

	TRY(random_bytes(id->b, sizeof(id->b), f));
	TRY(random_bytes(key, BLOB_KEY_SIZE, f));
	TRY(cipher_lock(store->key, wrap_aad(*id, aad), bytes_of(key, BLOB_KEY_SIZE), wrapped, f));
	struct value values[] = {id_value(id), value_blob(bytes_of(wrapped, sizeof(wrapped))),
				 value_text(bytes_text(upload)), value_int((int64_t)now_ms)};

	return blob_run(store, BLOB_SQL_KEY_INSERT, values, NULL, f);
}

struct wrapped_key {
	bool found;
	struct key_id id;
	size_t n;
	uint8_t b[BLOB_WRAPPED_SIZE];
};

static err take_wrapped(void *context, const struct value *columns, size_t n)
{
	struct wrapped_key *out = context;
	struct bytes id = columns[0].bytes, wrapped = columns[1].bytes;

	(void)n;
	out->found = true;
	out->n = id.n == sizeof(out->id.b) ? wrapped.n : 0;
	if (out->n != sizeof(out->b))
		return ERR_OK;
	memcpy(out->id.b, id.p, id.n);
	memcpy(out->b, wrapped.p, wrapped.n);
	return ERR_OK;
}

static err unwrap(struct blob_store *store, const struct wrapped_key *wrapped,
		  uint8_t key[static BLOB_KEY_SIZE], struct fault *f)
{
	uint8_t aad[WRAP_AAD_SIZE];

	if (wrapped->n == sizeof(wrapped->b) &&
	    cipher_unlock(store->key, wrap_aad(wrapped->id, aad),
			  bytes_of(wrapped->b, sizeof(wrapped->b)), key))
		return ERR_OK;
	return fail(f, "BLOB_KEY_WRONG", NULL);
}

err blob_key_take(struct blob_store *store, const char *upload, uint64_t now_ms, struct key_id *id,
		  uint8_t key[static BLOB_KEY_SIZE], struct fault *f)
{
	struct wrapped_key wrapped = {0};
	struct value values[] = {value_text(bytes_text(upload))};

	TRY(db_query(store->db, store->sql[BLOB_SQL_KEY_OF_UPLOAD], values, take_wrapped, &wrapped,
		     NULL, f));
	if (!wrapped.found)
		return key_make(store, upload, now_ms, id, key, f);
	*id = wrapped.id;
	return unwrap(store, &wrapped, key, f);
}

err blob_key_open(struct blob_store *store, struct key_id id, uint8_t key[static BLOB_KEY_SIZE],
		  bool *found, struct fault *f)
{
	struct wrapped_key wrapped = {0};
	struct value values[] = {id_value(&id)};

	if (!store->has_key)
		return fail(f, "BLOB_KEY_MISSING", NULL);
	TRY(db_query(store->db, store->sql[BLOB_SQL_KEY_FIND], values, take_wrapped, &wrapped, NULL,
		     f));
	*found = wrapped.found;
	return wrapped.found ? unwrap(store, &wrapped, key, f) : ERR_OK;
}

err blob_key_drop(struct blob_store *store, struct key_id id, int64_t *changed, struct fault *f)
{
	struct value values[] = {id_value(&id)};

	return blob_run(store, BLOB_SQL_KEY_DROP, values, changed, f);
}
