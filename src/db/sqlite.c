/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.c — the store inside the process: one file with a write-ahead log. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "db/sqlite.h"

/* Past so many pages in the log (256 MiB) a checkpoint waits for a gap between writers, because
 * a passive one might never reach the end under a steady load. Writers wait meanwhile, so a long
 * reader ends the attempt soon. */
enum { WAL_PAGES_MAX = 1 << 16, RESTART_MS = 100 };

static void sqlite_close(struct db *db)
{
	sqlite3_close(handle_of(db));
	free(db);
}

/* ---- statements ---- */

/* VACUUM may not, and some PRAGMAs do nothing, inside a transaction. */
static bool runs_alone(const char *sql)
{
	sql += strspn(sql, " \t\r\n");
	return strncasecmp(sql, "PRAGMA", 6) == 0 || strncasecmp(sql, "VACUUM", 6) == 0;
}

static err sqlite_run(struct db *db, const char *sql, struct fault *f)
{
	err result;

	if (db->in_transaction || runs_alone(sql))
		return sqlite_execute(db, sql, f);
	TRY(sqlite_execute(db, db->reader ? "BEGIN" : "BEGIN IMMEDIATE", f));
	result = sqlite_execute(db, sql, f);
	if (result.code == OK)
		result = sqlite_execute(db, "COMMIT", f);
	if (sqlite3_get_autocommit(handle_of(db)) == 0)
		sqlite3_exec(handle_of(db), "ROLLBACK", NULL, NULL, NULL);
	return result;
}

static err describe(struct statement *s, struct fault *f)
{
	size_t n = (size_t)sqlite3_column_count(s->compiled);

	/* What our scanner did not see as a parameter must be none to SQLite either. */
	if (s->used_n != (size_t)sqlite3_bind_parameter_count(s->compiled))
		return fail(f, "DB_STATEMENT", "detail", "a sign that SQLite takes for a parameter",
			    NULL);
	TRY(store_columns(s, n, f));
	for (size_t i = 0; i < n; i++)
		TRY(store_column(s, i, sqlite3_column_name(s->compiled, (int)i), f));
	return ERR_OK;
}

static err sqlite_prepare(struct statement *s, struct fault *f)
{
	sqlite3_stmt *compiled = NULL;
	int code = sqlite3_prepare_v3(handle_of(s->db), s->sql, -1, SQLITE_PREPARE_PERSISTENT,
				      &compiled, NULL);
	err result;

	if (code != SQLITE_OK)
		return sqlite_fault(handle_of(s->db), code, f);
	if (compiled == NULL)
		return fail(f, "DB_STATEMENT", "detail", "an empty statement", NULL);
	s->compiled = compiled;
	result = describe(s, f);
	if (result.code != OK)
		sqlite3_finalize(compiled);
	return result;
}

static enum value_kind sqlite_column_kind(const struct statement *s, size_t i)
{
	const char *type = sqlite3_column_decltype(s->compiled, (int)i);

	if (type == NULL)
		return VALUE_NULL;
	return strcasecmp(type, "TEXT") == 0     ? VALUE_TEXT
	       : strcasecmp(type, "BIGINT") == 0 ? VALUE_INT
	       : strcasecmp(type, "BLOB") == 0   ? VALUE_BLOB
						 : VALUE_NULL;
}

static void sqlite_statement_close(struct statement *s)
{
	sqlite3_finalize(s->compiled);
	store_statement_free(s);
}

/* A span of no bytes may have no address, which SQLite would take for NULL. */
static const void *address_of(struct bytes b)
{
	return b.n == 0 ? (const void *)"" : b.p;
}

static int bind_one(sqlite3_stmt *compiled, int k, const struct value *v)
{
	switch (v->kind) {
	case VALUE_INT:
		return sqlite3_bind_int64(compiled, k, v->number);
	case VALUE_TEXT:
		return sqlite3_bind_text64(compiled, k, address_of(v->bytes), v->bytes.n,
					   SQLITE_STATIC, SQLITE_UTF8);
	case VALUE_BLOB:
		return sqlite3_bind_blob64(compiled, k, address_of(v->bytes), v->bytes.n,
					   SQLITE_STATIC);
	case VALUE_NULL:
	default:
		return sqlite3_bind_null(compiled, k);
	}
}

/* False if what the file holds is not what we ever write: a float, or text that is no UTF-8. */
static bool read_column(sqlite3_stmt *compiled, int i, struct value *out)
{
	switch (sqlite3_column_type(compiled, i)) {
	case SQLITE_NULL:
		*out = value_null;
		return true;
	case SQLITE_INTEGER:
		*out = value_int(sqlite3_column_int64(compiled, i));
		return true;
	case SQLITE_TEXT: {
		const void *text = sqlite3_column_text(compiled, i);
		*out = value_text(bytes_of(text, (size_t)sqlite3_column_bytes(compiled, i)));
		return text != NULL && utf8_valid(out->bytes);
	}
	case SQLITE_BLOB: {
		const void *blob = sqlite3_column_blob(compiled, i);
		*out = value_blob(bytes_of(blob, (size_t)sqlite3_column_bytes(compiled, i)));
		return blob != NULL || out->bytes.n == 0;
	}
	default:
		return false;
	}
}

static err read_row(struct statement *s, struct fault *f)
{
	for (size_t i = 0; i < s->columns_n; i++) {
		if (!read_column(s->compiled, (int)i, &s->row[i]))
			return fail(f, "DB_COLUMN_KIND", "column", s->columns[i], NULL);
	}
	return ERR_OK;
}

static err walk(struct statement *s, db_row *row, void *context, struct fault *f)
{
	int code;

	while ((code = sqlite3_step(s->compiled)) == SQLITE_ROW) {
		/* After a change of the schema SQLite compiles anew. */
		if ((size_t)sqlite3_column_count(s->compiled) != s->columns_n)
			return fail(f, "DB_STATEMENT", "detail", "the columns changed", NULL);
		if (row == NULL)
			continue;
		TRY(read_row(s, f));
		TRY(store_row(s, row, context));
	}
	return code == SQLITE_DONE ? ERR_OK : sqlite_fault(handle_of(s->db), code, f);
}

static err sqlite_queue(struct db *db, struct statement *s, const struct value *parameters,
			db_row *row, void *context, int64_t *changed, struct fault *f)
{
	sqlite3_int64 before = sqlite3_total_changes64(handle_of(db));
	err result;

	for (size_t k = 0; k < s->used_n; k++) {
		int code = bind_one(s->compiled, (int)k + 1, &parameters[s->used[k]]);
		if (code != SQLITE_OK)
			return sqlite_fault(handle_of(db), code, f);
	}
	result = walk(s, row, context, f);
	sqlite3_reset(s->compiled);
	/* Without what triggers changed; and a statement that changes no row leaves the last number. */
	if (changed != NULL && result.code == OK)
		*changed = sqlite3_total_changes64(handle_of(db)) == before
				   ? 0
				   : sqlite3_changes64(handle_of(db));
	return result;
}

static err sqlite_flush(struct db *db, struct fault *f)
{
	(void)db;
	(void)f;
	return ERR_OK;
}

/* ---- transactions ---- */

/* A reader's view must exist when this returns, and not from its first statement on. */
static err sqlite_begin(struct db *db, struct fault *f)
{
	err result;

	if (!db->reader)
		return sqlite_execute(db, "BEGIN IMMEDIATE", f);
	result = sqlite_execute(db, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", f);
	if (result.code != OK && sqlite3_get_autocommit(handle_of(db)) == 0)
		sqlite3_exec(handle_of(db), "ROLLBACK", NULL, NULL, NULL);
	return result;
}

/* Between so many steps of its own, well under a millisecond, SQLite asks whether to go on. */
enum { STEPS = 2000 };

static int time_is_over(void *context)
{
	const struct sqlite *s = context;

	return clock_steady_ms(&clock_system) >= s->ends;
}

static err sqlite_limit(struct db *db, uint64_t ms, struct fault *f)
{
	struct sqlite *s = (struct sqlite *)(void *)db;

	(void)f;
	s->ends = clock_steady_ms(&clock_system) + ms;
	sqlite3_progress_handler(s->handle, STEPS, time_is_over, s);
	return ERR_OK;
}

static void sqlite_unlimit(struct db *db)
{
	sqlite3_progress_handler(handle_of(db), 0, NULL, NULL);
}

static err sqlite_commit(struct db *db, struct fault *f)
{
	sqlite_unlimit(db);
	return sqlite_execute(db, "COMMIT", f);
}

static void sqlite_rollback(struct db *db)
{
	sqlite_unlimit(db);
	/* On a full disk SQLite may have rolled back by itself. */
	if (sqlite3_get_autocommit(handle_of(db)) == 0)
		sqlite3_exec(handle_of(db), "ROLLBACK", NULL, NULL, NULL);
}

static err sqlite_checkpoint(struct db *db, struct fault *f)
{
	sqlite3 *handle = handle_of(db);
	int pages = 0, moved = 0;
	int code =
		sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);

	if (code == SQLITE_OK && pages > WAL_PAGES_MAX) {
		sqlite3_busy_timeout(handle, RESTART_MS);
		code = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_RESTART, &pages,
						 &moved);
		sqlite3_busy_timeout(handle, ((struct sqlite *)(void *)db)->patience_ms);
	}
	/* Somebody else moves pages at this moment: that is as good. */
	if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY)
		return ERR_OK;
	return sqlite_fault(handle, code, f);
}

static err sqlite_patience(struct db *db, unsigned ms, struct fault *f)
{
	struct sqlite *s = (struct sqlite *)(void *)db;

	s->patience_ms = ms > INT_MAX ? INT_MAX : (int)ms;
	if (sqlite3_busy_timeout(s->handle, s->patience_ms) != SQLITE_OK)
		return fail(f, "DB_MEMORY", NULL);
	return ERR_OK;
}

static const struct store SQLITE_STORE = {
	.close = sqlite_close,
	.run = sqlite_run,
	.prepare = sqlite_prepare,
	.statement_close = sqlite_statement_close,
	.queue = sqlite_queue,
	.flush = sqlite_flush,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.control = sqlite_execute,
	.recover = sqlite_execute,
	.checkpoint = sqlite_checkpoint,
	.patience = sqlite_patience,
	.limit = sqlite_limit,
	.column_kind = sqlite_column_kind,
	.mark = '?',
};

err sqlite_open(const char *path, bool reader, struct db **out, struct fault *f)
{
	char plain[PATH_MAX];
	struct sqlite *s;
	err result;

	/* "file:…" and ":memory:" mean something else to SQLite; "./file:…" is a plain path. */
	if (snprintf(plain, sizeof(plain), "%s%s", path[0] == '/' ? "" : "./", path) >= PATH_MAX)
		return fail(f, "DB_ADDRESS", NULL);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(f, "DB_MEMORY", NULL);
	s->patience_ms = DB_PATIENCE_MS;
	s->db = (struct db){.store = &SQLITE_STORE, .product = DB_SQLITE, .reader = reader};
	result = sqlite_connect(s, plain, f);
	if (result.code != OK) {
		sqlite_close(&s->db);
		return result;
	}
	*out = &s->db;
	return ERR_OK;
}
