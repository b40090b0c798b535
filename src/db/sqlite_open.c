/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_open.c — opening a file so that what it confirms is kept and what it holds is not
 * trusted; and what SQLite's result codes mean here. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <strings.h>
#include <sys/vfs.h>

#include "base/files.h"
#include "db/sqlite.h"

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
	case SQLITE_INTERRUPT:
		return "DB_TOO_SLOW";
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

err sqlite_fault(sqlite3 *handle, int code, struct fault *f)
{
	return fail(f, message_of(handle, code), "detail", sqlite3_errmsg(handle), NULL);
}

err sqlite_execute(struct db *db, const char *sql, struct fault *f)
{
	int code = sqlite3_exec(handle_of(db), sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? ERR_OK : sqlite_fault(handle_of(db), code, f);
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
	AUTO(fd_close)
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);

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
		return sqlite_fault(handle, code, f);
	if (!equal)
		return fail(f, "DB_NOT_DURABLE", "setting", pragma, "expected", expected, NULL);
	return ERR_OK;
}

static err configure(struct db *db, struct fault *f)
{
	TRY(sqlite_execute(
		db,
		"PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
		"PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;"
		"PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 0;"
		"PRAGMA journal_size_limit = 67108864",
		f));
	if (db->reader)
		return sqlite_execute(
			db, "PRAGMA query_only = ON; SELECT 1 FROM sqlite_schema LIMIT 1", f);
	if (sqlite3_db_readonly(handle_of(db), "main") == 1)
		return fail(f, "DB_READ_ONLY", "detail", "the file may only be read", NULL);
	TRY(sqlite_execute(db, "PRAGMA synchronous = FULL", f));
	TRY(expect(db, "PRAGMA journal_mode = WAL", "wal", f));
	return expect(db, "PRAGMA synchronous", "2", f);
}

err sqlite_connect(struct sqlite *s, const char *path, struct fault *f)
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
		return sqlite_fault(s->handle, code, f);
	sqlite3_busy_timeout(s->handle, s->patience_ms);
	set_limits(s->handle);
	return configure(&s->db, f);
}
