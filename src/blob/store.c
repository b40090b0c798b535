/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/store.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

extern const char blob_sql[]; /* blob.sql */

enum { PARAMETERS_MAX = 6 };

static const struct sql_row {
	const char *text;
	struct parameter parameters[PARAMETERS_MAX + 1]; /* ended by a nameless one */
} STATEMENTS[BLOB_STATEMENTS] = {
	[BLOB_SQL_FIND] = {"SELECT class, size, state, created, referenced, key_id "
			   "FROM stored_blob WHERE digest = :digest",
			   {{"digest", VALUE_BLOB}}},
	[BLOB_SQL_INSERT] =
		{"INSERT INTO stored_blob (digest, class, size, state, created, key_id) "
		 "VALUES (:digest, :class, :size, 'stored', :now, :key_id) "
		 "ON CONFLICT (digest) DO NOTHING",
		 {{"digest", VALUE_BLOB},
		  {"class", VALUE_TEXT},
		  {"size", VALUE_INT},
		  {"now", VALUE_INT},
		  {"key_id", VALUE_BLOB}}},
	[BLOB_SQL_TOUCH] = {"UPDATE stored_blob SET created = :now "
			    "WHERE digest = :digest AND referenced IS NULL AND state = 'stored'",
			    {{"digest", VALUE_BLOB}, {"now", VALUE_INT}}},
	[BLOB_SQL_REFERENCE] = {"UPDATE stored_blob SET referenced = coalesce(referenced, :seq) "
				"WHERE digest = :digest AND state = 'stored'",
				{{"digest", VALUE_BLOB}, {"seq", VALUE_INT}}},
	[BLOB_SQL_UNREFERENCED] = {"SELECT digest, key_id FROM stored_blob "
				   "WHERE referenced IS NULL AND created < :before "
				   "ORDER BY created, digest LIMIT 256",
				   {{"before", VALUE_INT}}},
	[BLOB_SQL_DELETE] = {"DELETE FROM stored_blob "
			     "WHERE digest = :digest AND referenced IS NULL AND created < :before",
			     {{"digest", VALUE_BLOB}, {"before", VALUE_INT}}},
	[BLOB_SQL_MARK_ERASED] = {"UPDATE stored_blob SET state = 'erased', key_id = NULL "
				  "WHERE digest = :digest",
				  {{"digest", VALUE_BLOB}}},
	[BLOB_SQL_KEY_FIND] = {"SELECT key_id, wrapped FROM blob_key WHERE key_id = :key_id",
			       {{"key_id", VALUE_BLOB}}},
	[BLOB_SQL_KEY_OF_UPLOAD] = {"SELECT key_id, wrapped FROM blob_key "
				    "WHERE upload = :upload AND upload <> ''",
				    {{"upload", VALUE_TEXT}}},
	[BLOB_SQL_KEY_INSERT] = {"INSERT INTO blob_key (key_id, wrapped, upload, created) "
				 "VALUES (:key_id, :wrapped, :upload, :now)",
				 {{"key_id", VALUE_BLOB},
				  {"wrapped", VALUE_BLOB},
				  {"upload", VALUE_TEXT},
				  {"now", VALUE_INT}}},
	[BLOB_SQL_KEY_KEEP] = {"UPDATE blob_key SET upload = '' WHERE key_id = :key_id",
			       {{"key_id", VALUE_BLOB}}},
	[BLOB_SQL_KEY_OVERWRITE] = {"UPDATE blob_key SET wrapped = :zeros WHERE key_id = :key_id",
				    {{"key_id", VALUE_BLOB}, {"zeros", VALUE_BLOB}}},
	[BLOB_SQL_KEY_DELETE] = {"DELETE FROM blob_key WHERE key_id = :key_id",
				 {{"key_id", VALUE_BLOB}}},
	[BLOB_SQL_KEY_DROP] = {"DELETE FROM blob_key WHERE key_id = :key_id AND upload <> ''",
			       {{"key_id", VALUE_BLOB}}},
	[BLOB_SQL_KEY_ORPHANS] = {"SELECT key_id, upload FROM blob_key "
				  "WHERE upload <> '' AND created < :before AND key_id > :after "
				  "ORDER BY key_id LIMIT 256",
				  {{"before", VALUE_INT}, {"after", VALUE_BLOB}}},
};

struct blob_number_text blob_number_text(uint64_t v)
{
	struct blob_number_text out;

	snprintf(out.text, sizeof(out.text), "%" PRIu64, v);
	return out;
}

struct digest_text digest_text(struct hash digest)
{
	struct digest_text out;

	hex_encode(hash_bytes(&digest), out.text);
	return out;
}

err blob_io(struct fault *f, const char *action, const char *path)
{
	int why = errno;

	if (why == ENOSPC || why == EDQUOT)
		return fail(f, "BLOB_NO_SPACE", "action", action, "path", path, NULL);
	return fail(f, "BLOB_IO", "action", action, "path", path, "detail", strerror(why), NULL);
}

err blob_memory(struct fault *f)
{
	return fail(f, "BLOB_MEMORY", NULL);
}

err blob_tables_make(struct db *db, struct fault *f)
{
	return db_run(db, blob_sql, f);
}

static err prepare_all(struct blob_store *store, struct fault *f)
{
	for (size_t i = 0; i < BLOB_STATEMENTS; i++) {
		const struct sql_row *row = &STATEMENTS[i];
		size_t n = 0;

		while (row->parameters[n].name != NULL)
			n++;
		TRY(db_prepare(store->db, row->text, row->parameters, n, &store->sql[i], f));
	}
	return ERR_OK;
}

static err folder_open(struct blob_store *store, struct fault *f)
{
	char path[BLOB_PATH_SIZE];

	TRY(blob_upload_path(store, "", path, f));
	TRY(folder_make(path, f));
	if (snprintf(path, sizeof(path), "%s/lock", store->folder) >= (int)sizeof(path))
		return fail(f, "BLOB_PATH_TOO_LONG", "path", store->folder, NULL);
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return store->lock < 0 ? blob_io(f, "open", path) : ERR_OK;
}

static err store_fill(struct blob_store *store, const struct blob_config *config, struct fault *f)
{
	store->size_max = config->size_max != 0 ? config->size_max : UINT64_C(1) << 30;
	store->reserve = config->reserve != 0 ? config->reserve : UINT64_C(64) << 20;
	store->has_key = config->key != NULL;
	if (store->has_key)
		memcpy(store->key, config->key, sizeof(store->key));
	store->folder = strdup(config->folder);
	if (store->folder == NULL)
		return blob_memory(f);
	TRY(folder_open(store, f));
	return prepare_all(store, f);
}

err blob_store_open(const struct blob_config *config, struct db *db, struct blob_store **out,
		    struct fault *f)
{
	struct blob_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return blob_memory(f);
	store->db = db;
	store->lock = -1;
	err e = store_fill(store, config, f);
	if (e.code != OK) {
		blob_store_close(store);
		return e;
	}
	*out = store;
	return ERR_OK;
}

void blob_store_close(struct blob_store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < BLOB_STATEMENTS; i++)
		if (store->sql[i] != NULL)
			statement_close(store->sql[i]);
	fd_close(&store->lock);
	free(store->folder);
	bytes_wipe(store->key, sizeof(store->key));
	free(store);
}

static err take_row(void *context, const struct value *columns, size_t n)
{
	struct blob_row *out = context;
	struct bytes key_id = columns[5].bytes;

	(void)n;
	out->found = true;
	out->info = (struct blob_info){
		.class = bytes_equal(columns[0].bytes, bytes_text("personal")) ? BLOB_PERSONAL
									       : BLOB_EVIDENCE,
		.size = (uint64_t)columns[1].number,
		.erased = bytes_equal(columns[2].bytes, bytes_text("erased")),
		.created = (uint64_t)columns[3].number,
		.is_referenced = columns[4].kind == VALUE_INT,
		.referenced = columns[4].kind == VALUE_INT ? (uint64_t)columns[4].number : 0,
	};
	if (columns[5].kind == VALUE_BLOB && key_id.n == sizeof(out->key_id.b))
		memcpy(out->key_id.b, key_id.p, key_id.n);
	return ERR_OK;
}

err blob_row_find(struct blob_store *store, struct hash digest, struct blob_row *out,
		  struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&digest))};

	*out = (struct blob_row){0};
	return db_query(store->db, store->sql[BLOB_SQL_FIND], values, take_row, out, NULL, f);
}

err blob_run(struct blob_store *store, enum blob_statement which, const struct value *values,
	     int64_t *changed, struct fault *f)
{
	return db_query(store->db, store->sql[which], values, NULL, NULL, changed, f);
}

err blob_end(struct blob_store *store, err e, struct fault *f)
{
	if (e.code == OK)
		e = db_commit(store->db, f);
	if (e.code != OK)
		db_rollback(store->db);
	return e;
}

err blob_find(struct blob_store *store, struct hash digest, struct blob_info *out, struct fault *f)
{
	struct blob_row row;

	TRY(blob_row_find(store, digest, &row, f));
	if (!row.found)
		return fail(f, "BLOB_MISSING", "digest", digest_text(digest).text, NULL);
	*out = row.info;
	return ERR_OK;
}

err blob_path(const struct blob_store *store, struct hash digest, const struct key_id *key_id,
	      char out[static BLOB_PATH_SIZE], struct fault *f)
{
	struct digest_text hex = digest_text(digest);
	char ending[2 * BLOB_KEY_ID_SIZE + 2] = "";

	if (key_id != NULL) {
		ending[0] = '.';
		hex_encode(bytes_of(key_id->b, sizeof(key_id->b)), ending + 1);
	}
	int n = snprintf(out, BLOB_PATH_SIZE, "%s/%.2s/%s%s", store->folder, hex.text, hex.text + 2,
			 ending);

	if (n < 0 || n >= BLOB_PATH_SIZE)
		return fail(f, "BLOB_PATH_TOO_LONG", "path", store->folder, NULL);
	return ERR_OK;
}

err blob_upload_path(const struct blob_store *store, const char *name,
		     char out[static BLOB_PATH_SIZE], struct fault *f)
{
	int n = snprintf(out, BLOB_PATH_SIZE, "%s/upload%s%s", store->folder, *name ? "/" : "",
			 name);

	if (n < 0 || n >= BLOB_PATH_SIZE)
		return fail(f, "BLOB_PATH_TOO_LONG", "path", store->folder, NULL);
	return ERR_OK;
}

err blob_folder_sync(const char *path, struct fault *f)
{
	char folder[BLOB_PATH_SIZE];
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;
	AUTO(fd_close) int fd = -1;

	if (n == 0 || n >= sizeof(folder))
		return fail(f, "BLOB_PATH_TOO_LONG", "path", path, NULL);
	memcpy(folder, path, n);
	folder[n] = 0;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return blob_io(f, "fsync", folder);
	return ERR_OK;
}

err blob_file_remove(const char *path, struct fault *f)
{
	if (unlink(path) != 0)
		return errno == ENOENT ? ERR_OK : blob_io(f, "remove", path);
	return blob_folder_sync(path, f);
}

static err lock_as(struct blob_store *store, int how, struct fault *f)
{
	while (flock(store->lock, how) != 0)
		if (errno != EINTR)
			return blob_io(f, "lock", store->folder);
	return ERR_OK;
}

err blob_lock_shared(struct blob_store *store, struct fault *f)
{
	return lock_as(store, LOCK_SH, f);
}

err blob_lock_exclusive(struct blob_store *store, struct fault *f)
{
	return lock_as(store, LOCK_EX, f);
}

void blob_unlock(struct blob_store *store)
{
	(void)flock(store->lock, LOCK_UN);
}
