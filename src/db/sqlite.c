/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.c — the store inside the process: one file with a write-ahead log. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/vfs.h>

#include "base/files.h"
#include "db/store.h"

/* Past so many pages in the log (256 MiB) a checkpoint waits for a gap between writers, because
 * a passive one might never reach the end under a steady load. */
enum { WAL_PAGES_MAX = 1 << 16 };

struct sqlite {
	struct db db; /* first: a struct db * is also a struct sqlite * */
	sqlite3 *handle;
};

static sqlite3 *handle_of(struct db *db)
{
	return ((struct sqlite *)db)->handle;
}

/* ---- errors ---- */

static const char *constraint_message(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return "DB_CONFLICT";
	default:
		return "DB_CONSTRAINT";
	}
}

static const char *system_message(int system_error)
{
	switch (system_error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "DB_FULL";
	case EROFS:
		return "DB_READ_ONLY";
	default:
		return "DB_FAILED";
	}
}

static int last_errno(sqlite3_file *file)
{
	int number = 0;

	if (file == NULL || file->pMethods == NULL ||
	    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) != SQLITE_OK)
		return 0;
	return number;
}

/* sqlite3_system_errno() may already tell of a later call: each file knows its own. */
static const char *input_output_message(sqlite3 *handle)
{
	sqlite3_file *log = NULL, *main = NULL;
	const char *message = system_message(sqlite3_system_errno(handle));

	sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &main);
	if (strcmp(message, "DB_FAILED") == 0)
		message = system_message(last_errno(log));
	if (strcmp(message, "DB_FAILED") == 0)
		message = system_message(last_errno(main));
	return message;
}

static const char *message_of(sqlite3 *handle, int code)
{
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return constraint_message(code);
	case SQLITE_FULL:
		return "DB_FULL";
	case SQLITE_READONLY:
		return "DB_READ_ONLY";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "DB_BUSY";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "DB_CORRUPT";
	case SQLITE_NOMEM:
		return "DB_MEMORY";
	case SQLITE_TOOBIG:
		return "DB_TOO_LARGE";
	case SQLITE_IOERR:
		return input_output_message(handle);
	case SQLITE_CANTOPEN:
		return "DB_CANNOT_OPEN";
	case SQLITE_ERROR:
	case SQLITE_RANGE:
	case SQLITE_MISMATCH:
	case SQLITE_AUTH:
		return "DB_STATEMENT";
	default:
		return "DB_FAILED";
	}
}

static err fault_of(sqlite3 *handle, int code, struct fault *f)
{
	return fail(f, message_of(handle, code), "detail", sqlite3_errmsg(handle), NULL);
}

static err execute(struct db *db, const char *sql, struct fault *f)
{
	int code = sqlite3_exec(handle_of(db), sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? ERR_OK : fault_of(handle_of(db), code, f);
}

/* ---- opening ---- */

static bool network_folder(const char *path)
{
	struct statfs at;
	const unsigned long smb2 = 0xFE534D42, cifs = 0xFF534D42;
	unsigned long type;

	if (statfs(path, &at) != 0)
		return false;
	type = (unsigned long)at.f_type & 0xFFFFFFFF;
	return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == smb2 || type == cifs;
}

/* A new store is its owner's alone; SQLite gives the same mode to the files beside it. */
static void create_private(const char *path)
{
	AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	(void)fd; /* if it failed, SQLite says why */
}

static void set_limits(sqlite3 *handle)
{
	static const int LIMITS[][2] = {
		{SQLITE_LIMIT_LENGTH, DB_VALUE_SIZE_MAX + (1 << 20)},
		{SQLITE_LIMIT_SQL_LENGTH, SQL_SIZE_MAX * 3 + 1},
		{SQLITE_LIMIT_COLUMN, DB_COLUMNS_MAX},
		{SQLITE_LIMIT_EXPR_DEPTH, 200},
		{SQLITE_LIMIT_COMPOUND_SELECT, 100},
		{SQLITE_LIMIT_VDBE_OP, 1000000},
		{SQLITE_LIMIT_FUNCTION_ARG, 100},
		{SQLITE_LIMIT_ATTACHED, 2}, /* VACUUM needs one */
		{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
		{SQLITE_LIMIT_VARIABLE_NUMBER, PARAMETERS_MAX},
		{SQLITE_LIMIT_TRIGGER_DEPTH, 10},
		{SQLITE_LIMIT_WORKER_THREADS, 0},
	};
	static const int SWITCHES[][2] = {
		{SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_DQS_DDL, 0},
		{SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_FKEY, 0}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	};

	for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++)
		sqlite3_limit(handle, LIMITS[i][0], LIMITS[i][1]);
	for (size_t i = 0; i < sizeof(SWITCHES) / sizeof(SWITCHES[0]); i++)
		sqlite3_db_config(handle, SWITCHES[i][0], SWITCHES[i][1], (int *)NULL);
}

/* Runs a PRAGMA of one value and compares it. */
static err expect(struct db *db, const char *pragma, const char *expected, struct fault *f)
{
	sqlite3 *handle = handle_of(db);
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(handle, pragma, -1, &s, NULL);
	bool equal = false;

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(s, 0);
		equal = text != NULL && strcasecmp((const char *)text, expected) == 0;
	}
	sqlite3_finalize(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return fault_of(handle, code, f);
	if (!equal)
		return fail(f, "DB_NOT_DURABLE", "setting", pragma, "expected", expected, NULL);
	return ERR_OK;
}

static err configure(struct db *db, struct fault *f)
{
	TRY(execute(db,
		    "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
		    "PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;"
		    "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 0;"
		    "PRAGMA journal_size_limit = 67108864",
		    f));
	if (db->reader)
		return execute(db, "PRAGMA query_only = ON; SELECT 1 FROM sqlite_schema LIMIT 1",
			       f);
	if (sqlite3_db_readonly(handle_of(db), "main") == 1)
		return fail(f, "DB_READ_ONLY", "detail", "the file may only be read", NULL);
	TRY(execute(db, "PRAGMA synchronous = FULL", f));
	TRY(expect(db, "PRAGMA journal_mode = WAL", "wal", f));
	return expect(db, "PRAGMA synchronous", "2", f);
}

static err connect_file(struct sqlite *s, const char *path, struct fault *f)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
	int code;

	if (!s->db.reader)
		create_private(path);
	if (network_folder(path))
		return fail(f, "DB_NETWORK_FOLDER", NULL);
	flags |= s->db.reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	code = sqlite3_open_v2(path, &s->handle, flags, NULL);
	if (s->handle == NULL)
		return fail(f, "DB_MEMORY", NULL);
	if (code != SQLITE_OK)
		return fault_of(s->handle, code, f);
	sqlite3_busy_timeout(s->handle, DB_PATIENCE_MS);
	set_limits(s->handle);
	return configure(&s->db, f);
}

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
		return execute(db, sql, f);
	TRY(execute(db, db->reader ? "BEGIN" : "BEGIN IMMEDIATE", f));
	result = execute(db, sql, f);
	if (result.code == OK)
		result = execute(db, "COMMIT", f);
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
		return fault_of(handle_of(s->db), code, f);
	if (compiled == NULL)
		return fail(f, "DB_STATEMENT", "detail", "an empty statement", NULL);
	s->compiled = compiled;
	result = describe(s, f);
	if (result.code != OK)
		sqlite3_finalize(compiled);
	return result;
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
	return code == SQLITE_DONE ? ERR_OK : fault_of(handle_of(s->db), code, f);
}

static err sqlite_queue(struct db *db, struct statement *s, const struct value *parameters,
			db_row *row, void *context, int64_t *changed, struct fault *f)
{
	sqlite3_int64 before = sqlite3_total_changes64(handle_of(db));
	err result;

	for (size_t k = 0; k < s->used_n; k++) {
		int code = bind_one(s->compiled, (int)k + 1, &parameters[s->used[k]]);
		if (code != SQLITE_OK)
			return fault_of(handle_of(db), code, f);
	}
	result = walk(s, row, context, f);
	sqlite3_reset(s->compiled);
	if (changed != NULL && result.code == OK)
		*changed = sqlite3_total_changes64(handle_of(db)) - before;
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
		return execute(db, "BEGIN IMMEDIATE", f);
	result = execute(db, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", f);
	if (result.code != OK && sqlite3_get_autocommit(handle_of(db)) == 0)
		sqlite3_exec(handle_of(db), "ROLLBACK", NULL, NULL, NULL);
	return result;
}

static err sqlite_commit(struct db *db, struct fault *f)
{
	return execute(db, "COMMIT", f);
}

static void sqlite_rollback(struct db *db)
{
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

	if (code == SQLITE_OK && pages > WAL_PAGES_MAX)
		code = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_RESTART, &pages,
						 &moved);
	/* Somebody else moves pages at this moment: that is as good. */
	if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY)
		return ERR_OK;
	return fault_of(handle, code, f);
}

static err sqlite_patience(struct db *db, unsigned ms, struct fault *f)
{
	int wait = ms > INT_MAX ? INT_MAX : (int)ms;

	return sqlite3_busy_timeout(handle_of(db), wait) == SQLITE_OK ? ERR_OK
								      : fail(f, "DB_MEMORY", NULL);
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
	.control = execute,
	.recover = execute,
	.checkpoint = sqlite_checkpoint,
	.patience = sqlite_patience,
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
	s->db = (struct db){.store = &SQLITE_STORE, .product = DB_SQLITE, .reader = reader};
	result = connect_file(s, plain, f);
	if (result.code != OK) {
		sqlite_close(&s->db);
		return result;
	}
	*out = &s->db;
	return ERR_OK;
}
