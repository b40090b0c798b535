/* SPDX-License-Identifier: Apache-2.0 */
/* A declared table that is taken can be made, and is what was declared: so many columns, so many
 * indexes, and nothing else. First line: name; second: keys; then the body. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int number(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int result;

	if (sqlite3_prepare_v2(handle, sql, -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		abort();
	result = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return result;
}

static bool conditional(const struct table *t)
{
	for (size_t i = 0; i < t->indexes_n; i++) {
		if (t->indexes[i].where != NULL)
			return true;
	}
	return false;
}

/* What a tally counts. */
static void make_counted(struct arena *a, sqlite3 *handle, const struct table *t)
{
	const char *sql =
		arena_printf(a, "CREATE TABLE %s (%s", t->tally, t->columns[t->keys[0]].name);

	for (size_t i = 1; i < t->keys_n; i++)
		sql = arena_printf(a, "%s, %s", sql, t->columns[t->keys[i]].name);
	sql = arena_printf(a, "%s)", sql);
	if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
}

static void make(struct arena *a, const struct table *t)
{
	const char *sql = table_create_sql(a, t, DB_SQLITE, NULL);
	sqlite3 *handle;
	int code;

	if (sql == NULL || table_create_sql(a, t, DB_POSTGRES, "shadow.") == NULL ||
	    sqlite3_open(":memory:", &handle) != SQLITE_OK)
		abort();
	if (t->tally != NULL)
		make_counted(a, handle, t);
	code = sqlite3_exec(handle, sql, NULL, NULL, NULL);
	if (code != SQLITE_OK && !conditional(t))
		abort(); /* a condition may be any nonsense */
	if (code == SQLITE_OK && number(handle, "SELECT count(*) FROM sqlite_schema") !=
					 (int)t->indexes_n + 1 + (t->tally != NULL ? 4 : 0))
		abort();
	sqlite3_close(handle);
}

static char *line_of(struct arena *a, struct bytes *rest)
{
	const uint8_t *end = rest->n == 0 ? NULL : memchr(rest->p, '\n', rest->n);
	size_t n = end == NULL ? rest->n : (size_t)(end - rest->p);
	char *text = arena_text(a, bytes_of(rest->p, n));

	n += end != NULL;
	*rest = bytes_of(rest->p + n, rest->n - n);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {0};
	struct bytes rest = bytes_of(data, n);
	char *name = line_of(&arena, &rest), *keys = line_of(&arena, &rest);
	struct table *t = NULL;
	struct fault f = {0};

	if (name != NULL && keys != NULL &&
	    table_parse(&arena, name, keys, rest, &t, &f).code == OK)
		make(&arena, t);
	else if (t != NULL)
		abort();
	arena_done(&arena);
	return 0;
}
