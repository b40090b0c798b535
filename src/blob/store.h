/* SPDX-License-Identifier: Apache-2.0 */
/* store.h — what the files of this folder share. Not for other folders. */
#ifndef BLOB_STORE_H
#define BLOB_STORE_H

#include "blob/blob.h"
#include "blob/cipher.h"

#include <limits.h>

enum {
	BLOB_KEY_ID_SIZE = 16,
	BLOB_WRAPPED_SIZE = BLOB_KEY_SIZE + CIPHER_EXTRA,
	BLOB_NAME_SIZE = 72, /* of an upload: 64 hexadecimal digits, a point, the slot, a zero */
	BLOB_PATH_SIZE = PATH_MAX,
};

enum blob_statement {
	BLOB_SQL_FIND,
	BLOB_SQL_INSERT,
	BLOB_SQL_TOUCH,
	BLOB_SQL_REFERENCE,
	BLOB_SQL_UNREFERENCED,
	BLOB_SQL_DELETE,
	BLOB_SQL_MARK_ERASED,
	BLOB_SQL_KEY_FIND,
	BLOB_SQL_KEY_OF_UPLOAD,
	BLOB_SQL_KEY_INSERT,
	BLOB_SQL_KEY_KEEP,
	BLOB_SQL_KEY_OVERWRITE,
	BLOB_SQL_KEY_DELETE,
	BLOB_SQL_KEY_DROP,
	BLOB_SQL_KEY_ORPHANS,
	BLOB_STATEMENTS
};

struct key_id {
	uint8_t b[BLOB_KEY_ID_SIZE];
};

struct blob_store {
	struct db *db;
	struct statement *sql[BLOB_STATEMENTS];
	char *folder;
	int lock; /* the file `lock`: shared while a blob appears, exclusive while one vanishes */
	uint64_t size_max, reserve;
	bool has_key;
	uint8_t key[BLOB_KEY_SIZE];
};

/* A row of stored_blob. */
struct blob_row {
	bool found;
	struct blob_info info;
	struct key_id key_id; /* personal only */
};

struct blob_number_text {
	char text[24];
};
struct blob_number_text blob_number_text(uint64_t v);
struct digest_text {
	char text[65];
};
struct digest_text digest_text(struct hash digest);
/* BLOB_IO, or BLOB_NO_SPACE if that is what errno says. */
err blob_io(struct fault *f, const char *action, const char *path);
err blob_memory(struct fault *f);

MUST_CHECK err blob_row_find(struct blob_store *store, struct hash digest, struct blob_row *out,
			     struct fault *f);
/* Runs one statement without a result; `changed` may be NULL. */
MUST_CHECK err blob_run(struct blob_store *store, enum blob_statement which,
			const struct value *values, int64_t *changed, struct fault *f);

/* Ends a transaction: commits if `e` is OK, and otherwise, or if that fails, rolls back. */
MUST_CHECK err blob_end(struct blob_store *store, err e, struct fault *f);

/* Where the file of a stored blob is; `key_id` is NULL for evidence. */
MUST_CHECK err blob_path(const struct blob_store *store, struct hash digest,
			 const struct key_id *key_id, char out[static BLOB_PATH_SIZE],
			 struct fault *f);
MUST_CHECK err blob_upload_path(const struct blob_store *store, const char *name,
				char out[static BLOB_PATH_SIZE], struct fault *f);
/* fsync of the folder that holds `path`. */
MUST_CHECK err blob_folder_sync(const char *path, struct fault *f);
/* Removes a file, durably; one that is absent is fine. */
MUST_CHECK err blob_file_remove(const char *path, struct fault *f);

MUST_CHECK err blob_lock_shared(struct blob_store *store, struct fault *f);
MUST_CHECK err blob_lock_exclusive(struct blob_store *store, struct fault *f);
void blob_unlock(struct blob_store *store);

/* Data keys; wiped by who asked for them. Ids are random: the key of an upload that was swept and
 * begun anew is another one, so that no row can end up with the wrong key. */
/* The key of an upload, made if there is none. */
MUST_CHECK err blob_key_take(struct blob_store *store, const char *upload, uint64_t now_ms,
			     struct key_id *id, uint8_t key[static BLOB_KEY_SIZE], struct fault *f);
/* `*found` false if there is no such key; BLOB_KEY_WRONG if the store key does not open it. */
MUST_CHECK err blob_key_open(struct blob_store *store, struct key_id id,
			     uint8_t key[static BLOB_KEY_SIZE], bool *found, struct fault *f);
/* Forgets the key of an upload, unless a stored blob uses it by now. */
MUST_CHECK err blob_key_drop(struct blob_store *store, struct key_id id, int64_t *changed,
			     struct fault *f);

/* How a personal blob lies on the disk: chunks of BLOB_CHUNK_SIZE, the last one shorter, each
 * locked with its place. An empty blob is one empty chunk, so that truncation always shows. */
struct chunk_place {
	struct hash digest;
	uint64_t index;
	uint64_t size; /* of the whole blob */
};
uint64_t chunk_count(uint64_t size);
size_t chunk_size(uint64_t size, uint64_t index); /* plain bytes of that chunk */
uint64_t chunk_offset(uint64_t index);            /* in the file */
uint64_t chunk_file_size(uint64_t size);
MUST_CHECK err chunk_lock(const uint8_t key[static BLOB_KEY_SIZE], const struct chunk_place *place,
			  struct bytes plain, uint8_t *out, struct fault *f);
MUST_CHECK bool chunk_unlock(const uint8_t key[static BLOB_KEY_SIZE],
			     const struct chunk_place *place, struct bytes locked, uint8_t *out);

#endif
