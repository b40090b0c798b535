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

err blob_key_make(struct blob_store *store, struct key_id id, const char *upload, uint64_t now_ms,
		  uint8_t key[static BLOB_KEY_SIZE], struct fault *f)
{
	uint8_t wrapped[BLOB_WRAPPED_SIZE], aad[WRAP_AAD_SIZE];

	TRY(random_bytes(key, BLOB_KEY_SIZE, f));
	TRY(cipher_lock(store->key, wrap_aad(id, aad), bytes_of(key, BLOB_KEY_SIZE), wrapped, f));
	struct value values[] = {value_blob(bytes_of(id.b, sizeof(id.b))),
				 value_blob(bytes_of(wrapped, sizeof(wrapped))),
				 value_text(bytes_text(upload)), value_int((int64_t)now_ms)};

	return blob_run(store, BLOB_SQL_KEY_INSERT, values, NULL, f);
}

struct wrapped_key {
	bool found;
	size_t n;
	uint8_t b[BLOB_WRAPPED_SIZE];
};

static err take_wrapped(void *context, const struct value *columns, size_t n)
{
	struct wrapped_key *out = context;

	(void)n;
	out->found = true;
	out->n = columns[0].bytes.n;
	if (out->n == sizeof(out->b))
		memcpy(out->b, columns[0].bytes.p, sizeof(out->b));
	return ERR_OK;
}

err blob_key_open(struct blob_store *store, struct key_id id, uint8_t key[static BLOB_KEY_SIZE],
		  bool *found, struct fault *f)
{
	struct wrapped_key wrapped = {0};
	uint8_t aad[WRAP_AAD_SIZE];
	struct value values[] = {value_blob(bytes_of(id.b, sizeof(id.b)))};

	if (!store->has_key)
		return fail(f, "BLOB_KEY_MISSING", NULL);
	TRY(db_query(store->db, store->sql[BLOB_SQL_KEY_FIND], values, take_wrapped, &wrapped, NULL,
		     f));
	*found = wrapped.found;
	if (!wrapped.found)
		return ERR_OK;
	if (wrapped.n != sizeof(wrapped.b) ||
	    !cipher_unlock(store->key, wrap_aad(id, aad), bytes_of(wrapped.b, sizeof(wrapped.b)),
			   key))
		return fail(f, "BLOB_KEY_WRONG", NULL);
	return ERR_OK;
}

err blob_key_drop(struct blob_store *store, struct key_id id, int64_t *changed, struct fault *f)
{
	struct value values[] = {value_blob(bytes_of(id.b, sizeof(id.b)))};

	return blob_run(store, BLOB_SQL_KEY_DROP, values, changed, f);
}
