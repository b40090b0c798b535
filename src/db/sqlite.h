/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.h — inside src/db only: one connection to a file. */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H

#include <sqlite3.h>

#include "base/clock.h"
#include "db/store.h"

struct sqlite {
	struct db db; /* first: a struct db * is also a struct sqlite * */
	sqlite3 *handle;
	int patience_ms;
	uint64_t ends; /* steady ms: when what runs is broken off */
};

static inline sqlite3 *handle_of(struct db *db)
{
	return ((struct sqlite *)(void *)db)->handle;
}

/* The fault for a result code of SQLite. */
err sqlite_fault(sqlite3 *handle, int code, struct fault *f);
/* Runs plain statements. */
err sqlite_execute(struct db *db, const char *sql, struct fault *f);
/* Opens the file and sets it up; s->handle is to be closed even if it failed. */
err sqlite_connect(struct sqlite *s, const char *path, struct fault *f);

#endif
