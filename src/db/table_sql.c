/* SPDX-License-Identifier: Apache-2.0 */
/* table_sql.c — the statements that make a declared table. */
#include <string.h>

#include "db/table_tally.h"

/* A column takes at most its name four times and some words; an index its list and condition. */
enum { HEAD_SIZE = 1024, COLUMN_SIZE = 320, INDEX_SIZE = 2048 };

static void put_list(struct writer *w, const struct table *t, const uint8_t *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put_text(w, i == 0 ? "" : ", ");
		put_text(w, t->columns[columns[i]].name);
	}
}

/* SQLite takes any kind of value in any column: the check makes it as strict as PostgreSQL. */
static void put_check(struct writer *w, const struct table_column *c)
{
	static const char *const TYPEOF[] = {
		[VALUE_INT] = "integer", [VALUE_TEXT] = "text", [VALUE_BLOB] = "blob"};

	put_text(w, " CHECK (typeof(");
	put_text(w, c->name);
	put_text(w, ") IN ('");
	put_text(w, TYPEOF[c->kind]);
	put_text(w, c->not_null ? "'))" : "', 'null'))");
}

static void put_column(struct writer *w, const struct table_column *c, enum db_product product)
{
	static const char *const TYPES[] = {
		[VALUE_INT] = " BIGINT", [VALUE_TEXT] = " TEXT", [VALUE_BLOB] = " BLOB"};

	put_text(w, "\t");
	put_text(w, c->name);
	put_text(w, TYPES[c->kind]);
	put_text(w, c->not_null ? " NOT NULL" : "");
	if (product == DB_SQLITE)
		put_check(w, c);
	put_text(w, ",\n");
}

static void put_digit(struct writer *w, size_t n)
{
	if (n >= 10)
		put_digit(w, n / 10);
	put_u8(w, (uint8_t)('0' + n % 10));
}

/* SQLite has the schema before the index's name, PostgreSQL before the table's. */
static void put_index(struct writer *w, const struct table *t, size_t i, enum db_product product,
		      const char *prefix)
{
	const struct table_index *index = &t->indexes[i];
	bool schema = prefix[0] != '\0' && prefix[strlen(prefix) - 1] == '.';

	put_text(w, index->unique ? "CREATE UNIQUE INDEX IF NOT EXISTS "
				  : "CREATE INDEX IF NOT EXISTS ");
	put_text(w, schema && product == DB_POSTGRES ? "" : prefix);
	put_text(w, t->name);
	put_text(w, "_index_");
	put_digit(w, i + 1);
	put_text(w, " ON ");
	put_text(w, schema && product == DB_SQLITE ? "" : prefix);
	put_text(w, t->name);
	put_text(w, " (");
	put_list(w, t, index->columns, index->n);
	put_text(w, ")");
	if (index->where != NULL) {
		put_text(w, " WHERE ");
		put_text(w, index->where);
	}
	put_text(w, ";\n");
}

const char *table_create_sql(struct arena *a, const struct table *t, enum db_product product,
			     const char *prefix)
{
	size_t cap = HEAD_SIZE + t->columns_n * COLUMN_SIZE + t->indexes_n * INDEX_SIZE +
		     (t->tally != NULL ? TALLY_SIZE : 0);
	char *sql = arena_alloc(a, cap);
	struct writer w = writer_of(sql, sql == NULL ? 0 : cap);

	if (prefix == NULL)
		prefix = "";
	put_text(&w, "CREATE TABLE IF NOT EXISTS ");
	put_text(&w, prefix);
	put_text(&w, t->name);
	put_text(&w, " (\n");
	for (size_t i = 0; i < t->columns_n; i++)
		put_column(&w, &t->columns[i], product);
	put_text(&w, "\tPRIMARY KEY (");
	put_list(&w, t, t->keys, t->keys_n);
	put_text(&w, product == DB_SQLITE ? ")\n) WITHOUT ROWID;\n" : ")\n);\n");
	for (size_t i = 0; i < t->indexes_n; i++)
		put_index(&w, t, i, product, prefix);
	if (t->tally != NULL && prefix[0] == '\0') /* elsewhere it only keeps rows */
		tally_put_triggers(&w, t, product);
	put_u8(&w, 0);
	return w.full ? NULL : sql;
}

const char *table_drop_sql(struct arena *a, const struct table *t, const char *prefix)
{
	return arena_printf(a, "DROP TABLE IF EXISTS %s%s;\n", prefix == NULL ? "" : prefix,
			    t->name);
}
