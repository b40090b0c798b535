/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/upload.h"

#include "base/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct value class_value(enum blob_class class)
{
	return value_text(bytes_text(class == BLOB_PERSONAL ? "personal" : "evidence"));
}

void blob_upload_close(struct blob_upload *u)
{
	fd_close(&u->fd);
	bytes_wipe(u, sizeof(*u));
	free(u);
}

/* What is left of a personal blob: a chunk the disk refused before, or the one of an empty blob. */
static err write_rest(struct blob_upload *u, struct fault *f)
{
	if (!upload_is_personal(u) || u->chunks == chunk_count(u->request.size))
		return ERR_OK;
	return blob_chunk_write(u, f);
}

static err folder_ensure(const char *path, struct fault *f)
{
	char folder[BLOB_PATH_SIZE];
	size_t n = (size_t)(strrchr(path, '/') - path);

	memcpy(folder, path, n);
	folder[n] = 0;
	if (mkdir(folder, 0700) == 0)
		return blob_folder_sync(folder, f);
	return errno == EEXIST ? ERR_OK : blob_io(f, "make", folder);
}

static err insert_row(struct blob_upload *u, uint64_t now_ms, int64_t *inserted, struct fault *f)
{
	const struct blob_request *r = &u->request;
	struct value key_id = value_blob(bytes_of(u->key_id.b, sizeof(u->key_id.b)));
	struct value values[] = {value_blob(hash_bytes(&r->digest)), class_value(r->class),
				 value_int((int64_t)r->size), value_int((int64_t)now_ms),
				 upload_is_personal(u) ? key_id : value_null};
	int64_t kept = 1;

	TRY(blob_run(u->store, BLOB_SQL_INSERT, values, inserted, f));
	if (upload_is_personal(u) && *inserted == 1)
		TRY(blob_run(u->store, BLOB_SQL_KEY_KEEP, &key_id, &kept, f));
	if (kept != 1)
		return fail(f, "BLOB_UPLOAD_LOST", "digest", digest_text(r->digest).text, NULL);
	return ERR_OK;
}

/* Somebody else's upload was first. Ours is dropped, unless it is the very file of the row. */
static err yield_to_first(struct blob_upload *u, const char *path, struct fault *f)
{
	struct blob_row row;

	TRY(blob_row_find(u->store, u->request.digest, &row, f));
	err e = row.found ? blob_row_check(&u->request, &row, f) : ERR_OK;
	bool ours = e.code == OK && row.found &&
		    (!upload_is_personal(u) ||
		     memcmp(row.key_id.b, u->key_id.b, sizeof(row.key_id.b)) == 0);

	if (!ours) {
		TRY(blob_file_remove(path, f));
		if (upload_is_personal(u))
			TRY(blob_key_drop(u->store, u->key_id, NULL, f));
	}
	TRY(e);
	/* No row after all: it was swept between the two statements. */
	if (!row.found)
		return fail(f, "BLOB_UPLOAD_LOST", "digest", digest_text(u->request.digest).text,
			    NULL);
	return ERR_OK;
}

static err commit_row(struct blob_upload *u, const char *path, uint64_t now_ms, struct fault *f)
{
	int64_t inserted = 0;

	TRY(db_begin(u->store->db, f));
	err e = insert_row(u, now_ms, &inserted, f);
	TRY(blob_end(u->store, e, f));
	return inserted == 1 ? ERR_OK : yield_to_first(u, path, f);
}

/* The order matters: the bytes are durable before they get their name, the name before the row
 * that makes the blob visible. */
static err publish(struct blob_upload *u, uint64_t now_ms, struct fault *f)
{
	char path[BLOB_PATH_SIZE];

	TRY(blob_path(u->store, u->request.digest, upload_is_personal(u) ? &u->key_id : NULL, path,
		      f));
	if (fsync(u->fd) != 0)
		return blob_io(f, "fsync", u->path);
	TRY(folder_ensure(path, f));
	if (rename(u->path, path) != 0)
		return blob_io(f, "rename", u->path);
	TRY(blob_folder_sync(path, f));
	return commit_row(u, path, now_ms, f);
}

static err upload_remove(struct blob_upload *u, struct fault *f)
{
	/* The key first, while the lock on the file still keeps others from taking both up. */
	if (upload_is_personal(u))
		TRY(blob_key_drop(u->store, u->key_id, NULL, f));
	return blob_file_remove(u->path, f);
}

static err finish_open(struct blob_upload *u, uint64_t now_ms, struct fault *f)
{
	struct digest_text digest = digest_text(u->request.digest);

	if (u->offset != u->request.size)
		return fail(f, "BLOB_INCOMPLETE", "digest", digest.text, "size",
			    blob_number_text(u->request.size).text, "found",
			    blob_number_text(u->offset).text, NULL);
	TRY(write_rest(u, f));
	if (!hash_equal(sha256_final(&u->sha), u->request.digest)) {
		TRY(upload_remove(u, f));
		return fail_field(f, "digest", "BLOB_DIGEST_WRONG", "digest", digest.text, NULL);
	}
	TRY(blob_lock_shared(u->store, f));
	err e = publish(u, now_ms, f);
	blob_unlock(u->store);
	return e;
}

err blob_finish(struct blob_upload **upload, uint64_t now_ms, struct fault *f)
{
	struct blob_upload *u = *upload;
	err e = u->stored ? ERR_OK : finish_open(u, now_ms, f);

	blob_upload_close(u);
	*upload = NULL;
	return e;
}

void blob_leave(struct blob_upload **upload)
{
	if (*upload == NULL)
		return;
	blob_upload_close(*upload);
	*upload = NULL;
}

void blob_abort(struct blob_upload **upload)
{
	/* What cannot be removed now, the sweep removes. */
	if (*upload != NULL && !(*upload)->stored)
		(void)upload_remove(*upload, NULL).code;
	blob_leave(upload);
}
