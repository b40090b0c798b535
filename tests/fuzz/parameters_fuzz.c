/* SPDX-License-Identifier: Apache-2.0 */
/* Our scanner of SQL against SQLite's own: where both take a text, both see the same parameters
 * and one statement. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/parameters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct parameter PARAMETERS[] = {
	{"a", VALUE_TEXT}, {"b", VALUE_INT}, {"list.a", VALUE_INT}, {"c", VALUE_BLOB}};

static sqlite3 *database(void)
{
	static sqlite3 *handle;

	if (handle == NULL) {
		if (sqlite3_open(":memory:", &handle) != SQLITE_OK ||
		    sqlite3_exec(handle, "CREATE TABLE t (a TEXT, b BIGINT, c BLOB)", NULL, NULL,
				 NULL) != SQLITE_OK)
			abort();
		sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 50);
		sqlite3_limit(handle, SQLITE_LIMIT_VDBE_OP, 10000);
	}
	return handle;
}

static void nothing_follows(const char *tail)
{
	sqlite3_stmt *s = NULL;

	if (tail != NULL && sqlite3_prepare_v2(database(), tail, -1, &s, NULL) == SQLITE_OK &&
	    s != NULL)
		abort();
	sqlite3_finalize(s);
}

static void compare_with_sqlite(const struct rewritten *text)
{
	const char *tail = NULL;
	sqlite3_stmt *s = NULL;

	/* "::x" is a parameter to SQLite and a cast to PostgreSQL: db_prepare refuses it later. */
	if (sqlite3_prepare_v2(database(), text->sql, -1, &s, &tail) == SQLITE_OK && s != NULL &&
	    strstr(text->sql, "::") == NULL) {
		if ((size_t)sqlite3_bind_parameter_count(s) != text->used_n)
			abort();
		nothing_follows(tail);
	}
	sqlite3_finalize(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {0};
	struct rewritten one = {0}, other = {0};
	struct fault f = {0};
	size_t count = sizeof(PARAMETERS) / sizeof(PARAMETERS[0]);
	err a = parameters_rewrite(&arena, bytes_of(data, n), '?', PARAMETERS, count, &one, &f);
	err b = parameters_rewrite(&arena, bytes_of(data, n), '$', PARAMETERS, count, &other, &f);

	if (a.code != b.code || one.used_n != other.used_n)
		abort();
	if (a.code == OK) {
		if (strlen(one.sql) != strlen(other.sql))
			abort();
		compare_with_sqlite(&one);
	} else if (f.message == NULL || one.sql != NULL) {
		abort();
	}
	arena_done(&arena);
	return 0;
}
