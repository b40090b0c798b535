/* SPDX-License-Identifier: Apache-2.0 */
/* What ends a blob's life: references that keep it, erasing, and the sweep. Whatever makes a
 * blob vanish holds the folder's lock alone, so that no upload appears in between. */
#include "blob/store.h"

#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 256 }; /* rows a round: the LIMIT of the statements */

err blob_reference(struct blob_store *store, struct hash digest, uint64_t sequence, struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&digest)), value_int((int64_t)sequence)};
	struct blob_row row;
	int64_t changed = 0;

	TRY(blob_run(store, BLOB_SQL_REFERENCE, values, &changed, f));
	if (changed == 1)
		return ERR_OK;
	TRY(blob_row_find(store, digest, &row, f));
	return fail(f, row.found ? "BLOB_ERASED" : "BLOB_MISSING", "digest",
		    digest_text(digest).text, NULL);
}

/* ---- erasing ---- */

static err key_destroy(struct blob_store *store, struct key_id id, struct fault *f)
{
	static const uint8_t zeros[BLOB_WRAPPED_SIZE];
	struct value key_id = value_blob(bytes_of(id.b, sizeof(id.b)));
	struct value overwrite[] = {key_id, value_blob(bytes_of(zeros, sizeof(zeros)))};

	/* Overwritten first: a deleted row alone may stay readable in a free page. */
	TRY(blob_run(store, BLOB_SQL_KEY_OVERWRITE, overwrite, NULL, f));
	return blob_run(store, BLOB_SQL_KEY_DELETE, &key_id, NULL, f);
}

/* Deletes the row if no record names the blob, and it is older than `before`. */
static err delete_row(struct blob_store *store, struct hash digest, const struct blob_row *row,
		      int64_t before, int64_t *deleted, struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&digest)), value_int(before)};

	TRY(db_begin(store->db, f));
	err e = blob_run(store, BLOB_SQL_DELETE, values, deleted, f);
	if (e.code == OK && *deleted == 1 && row->info.class == BLOB_PERSONAL && !row->info.erased)
		e = key_destroy(store, row->key_id, f);
	return blob_end(store, e, f);
}

static err mark_erased(struct blob_store *store, struct hash digest, const struct blob_row *row,
		       struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&digest))};

	TRY(db_begin(store->db, f));
	err e = key_destroy(store, row->key_id, f);
	if (e.code == OK)
		e = blob_run(store, BLOB_SQL_MARK_ERASED, values, NULL, f);
	return blob_end(store, e, f);
}

static err erase_locked(struct blob_store *store, struct hash digest, struct fault *f)
{
	struct digest_text text = digest_text(digest);
	char path[BLOB_PATH_SIZE];
	struct blob_row row;
	int64_t deleted = 0;

	TRY(blob_row_find(store, digest, &row, f));
	if (!row.found)
		return fail(f, "BLOB_MISSING", "digest", text.text, NULL);
	if (row.info.erased)
		return ERR_OK; /* a file a crash has left cannot be read, and is swept */
	bool personal = row.info.class == BLOB_PERSONAL;
	TRY(blob_path(store, digest, personal ? &row.key_id : NULL, path, f));
	if (personal) {
		TRY(mark_erased(store, digest, &row, f));
		/* Best effort: the zeros also reach the database file now. */
		(void)db_checkpoint(store->db, NULL).code;
	} else {
		TRY(delete_row(store, digest, &row, INT64_MAX, &deleted, f));
	}
	if (!personal && deleted == 0)
		return fail(f, "BLOB_REFERENCED", "digest", text.text, NULL);
	return blob_file_remove(path, f);
}

err blob_erase(struct blob_store *store, struct hash digest, struct fault *f)
{
	TRY(blob_lock_exclusive(store, f));
	err e = erase_locked(store, digest, f);
	blob_unlock(store);
	return e;
}

/* ---- blobs that no record came to name ---- */

struct victims {
	size_t n;
	struct hash digest[PAGE];
};

static err take_victim(void *context, const struct value *columns, size_t n)
{
	struct victims *v = context;

	(void)n;
	if (v->n < PAGE && columns[0].bytes.n == sizeof(v->digest[0].b))
		memcpy(v->digest[v->n++].b, columns[0].bytes.p, sizeof(v->digest[0].b));
	return ERR_OK;
}

static err remove_unreferenced(struct blob_store *store, struct hash digest, int64_t before,
			       uint64_t *removed, struct fault *f)
{
	char path[BLOB_PATH_SIZE];
	struct blob_row row;
	int64_t deleted = 0;

	TRY(blob_row_find(store, digest, &row, f));
	if (!row.found)
		return ERR_OK;
	TRY(blob_path(store, digest, row.info.class == BLOB_PERSONAL ? &row.key_id : NULL, path,
		      f));
	TRY(delete_row(store, digest, &row, before, &deleted, f));
	if (deleted == 0)
		return ERR_OK;
	*removed += 1;
	return row.info.erased ? ERR_OK : blob_file_remove(path, f);
}

static err sweep_blobs(struct blob_store *store, int64_t before, uint64_t *removed, struct fault *f)
{
	struct value values[] = {value_int(before)};
	uint64_t start;

	do {
		struct victims v = {0};

		start = *removed;
		TRY(db_query(store->db, store->sql[BLOB_SQL_UNREFERENCED], values, take_victim, &v,
			     NULL, f));
		for (size_t i = 0; i < v.n; i++) {
			TRY(blob_lock_exclusive(store, f));
			err e = remove_unreferenced(store, v.digest[i], before, removed, f);
			blob_unlock(store);
			TRY(e);
		}
	} while (*removed > start);
	return ERR_OK;
}

/* ---- files ---- */

static bool is_old(const struct stat *st, int64_t before)
{
	return S_ISREG(st->st_mode) && (int64_t)st->st_mtime * 1000 < before;
}

/* The half upload `name`, unless somebody is writing it. */
static err remove_upload(struct blob_store *store, const char *name, int64_t before,
			 uint64_t *removed, struct fault *f)
{
	AUTO(fd_close) int fd = -1;
	char path[BLOB_PATH_SIZE];
	struct stat st;

	TRY(blob_upload_path(store, name, path, f));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? ERR_OK : blob_io(f, "open", path);
	if (fstat(fd, &st) != 0)
		return blob_io(f, "stat", path);
	if (!is_old(&st, before) || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return ERR_OK;
	TRY(blob_file_remove(path, f)); /* its key goes with the keys, below */
	*removed += 1;
	return ERR_OK;
}

/* Digest of the blob that a file name in folder `ab` belongs to; false for any other name. */
static bool name_digest(const char *folder, const char *name, struct hash *digest)
{
	char hex[65];

	if (strlen(name) < 62 || (name[62] != 0 && name[62] != '.'))
		return false;
	snprintf(hex, sizeof(hex), "%.2s%.62s", folder, name);
	return hex_decode(bytes_text(hex), digest->b, sizeof(digest->b));
}

/* A file that no row accounts for. */
static err remove_stray(struct blob_store *store, const char *folder, const char *name,
			int64_t before, uint64_t *removed, struct fault *f)
{
	char path[BLOB_PATH_SIZE], expected[BLOB_PATH_SIZE];
	struct hash digest;
	struct blob_row row;
	struct stat st;

	if (!name_digest(folder, name, &digest))
		return ERR_OK; /* not ours to judge */
	if (snprintf(path, sizeof(path), "%s/%s/%s", store->folder, folder, name) >=
	    (int)sizeof(path))
		return fail(f, "BLOB_PATH_TOO_LONG", "path", store->folder, NULL);
	if (lstat(path, &st) != 0 || !is_old(&st, before))
		return ERR_OK;
	TRY(blob_row_find(store, digest, &row, f));
	if (row.found && !row.info.erased) {
		bool personal = row.info.class == BLOB_PERSONAL;

		TRY(blob_path(store, digest, personal ? &row.key_id : NULL, expected, f));
		if (strcmp(path, expected) == 0)
			return ERR_OK;
	}
	TRY(blob_file_remove(path, f));
	*removed += 1;
	return ERR_OK;
}

static bool is_shard(const char *name)
{
	uint8_t byte;

	return strlen(name) == 2 && hex_decode(bytes_text(name), &byte, 1);
}

static err sweep_one(struct blob_store *store, const char *folder, const char *name, int64_t before,
		     struct blob_swept *out, struct fault *f)
{
	if (name[0] == '.')
		return ERR_OK;
	TRY(blob_lock_exclusive(store, f));
	err e = strcmp(folder, "upload") == 0
			? remove_upload(store, name, before, &out->uploads, f)
			: remove_stray(store, folder, name, before, &out->files, f);
	blob_unlock(store);
	return e;
}

static void dir_close(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

static err sweep_folder(struct blob_store *store, const char *folder, int64_t before,
			struct blob_swept *out, struct fault *f)
{
	AUTO(dir_close) DIR *dir = NULL;
	char path[BLOB_PATH_SIZE];
	struct dirent *entry;

	if (snprintf(path, sizeof(path), "%s/%s", store->folder, folder) >= (int)sizeof(path))
		return fail(f, "BLOB_PATH_TOO_LONG", "path", store->folder, NULL);
	dir = opendir(path);
	if (dir == NULL)
		return blob_io(f, "list", path);
	while ((entry = readdir(dir)) != NULL)
		TRY(sweep_one(store, folder, entry->d_name, before, out, f));
	return ERR_OK;
}

static err sweep_files(struct blob_store *store, int64_t before, struct blob_swept *out,
		       struct fault *f)
{
	AUTO(dir_close) DIR *dir = opendir(store->folder);
	struct dirent *entry;

	if (dir == NULL)
		return blob_io(f, "list", store->folder);
	while ((entry = readdir(dir)) != NULL)
		if (is_shard(entry->d_name) || strcmp(entry->d_name, "upload") == 0)
			TRY(sweep_folder(store, entry->d_name, before, out, f));
	return ERR_OK;
}

/* ---- keys of uploads that are no more ---- */

struct orphans {
	size_t n;
	struct key_id id[PAGE];
	char upload[PAGE][BLOB_NAME_SIZE];
};

static err take_orphan(void *context, const struct value *columns, size_t n)
{
	struct orphans *o = context;
	struct bytes id = columns[0].bytes, upload = columns[1].bytes;

	(void)n;
	if (o->n == PAGE || id.n != sizeof(o->id[0].b) || upload.n >= sizeof(o->upload[0]))
		return ERR_OK;
	memcpy(o->id[o->n].b, id.p, id.n);
	memcpy(o->upload[o->n], upload.p, upload.n);
	o->upload[o->n++][upload.n] = 0;
	return ERR_OK;
}

static err remove_orphan(struct blob_store *store, struct key_id id, const char *upload,
			 uint64_t *removed, struct fault *f)
{
	char path[BLOB_PATH_SIZE];
	int64_t dropped = 0;

	TRY(blob_upload_path(store, upload, path, f));
	if (file_exists(path))
		return ERR_OK;
	TRY(blob_key_drop(store, id, &dropped, f));
	*removed += (uint64_t)dropped;
	return ERR_OK;
}

static err sweep_keys(struct blob_store *store, int64_t before, uint64_t *removed, struct fault *f)
{
	struct orphans o = {0};
	struct key_id after = {0};

	do {
		struct value values[] = {value_int(before),
					 value_blob(bytes_of(after.b, sizeof(after.b)))};

		o.n = 0;
		TRY(db_query(store->db, store->sql[BLOB_SQL_KEY_ORPHANS], values, take_orphan, &o,
			     NULL, f));
		for (size_t i = 0; i < o.n; i++) {
			TRY(blob_lock_exclusive(store, f));
			err e = remove_orphan(store, o.id[i], o.upload[i], removed, f);
			blob_unlock(store);
			TRY(e);
		}
		if (o.n > 0)
			after = o.id[o.n - 1];
	} while (o.n == PAGE);
	return ERR_OK;
}

err blob_sweep(struct blob_store *store, uint64_t now_ms, struct blob_swept *out, struct fault *f)
{
	int64_t before = (int64_t)now_ms - BLOB_KEEP_MS;

	*out = (struct blob_swept){0};
	TRY(sweep_blobs(store, before, &out->blobs, f));
	TRY(sweep_files(store, before, out, f));
	return sweep_keys(store, before, &out->keys, f);
}
