/* SPDX-License-Identifier: Apache-2.0 */
/* table.h — a derived table as a `-- table` section declares it (docs/record-types.md): its SQL
 * for each store, and its rows in one form that is equal on both, so that a rebuilt table can be
 * compared with the live one. */
#ifndef DB_TABLE_H
#define DB_TABLE_H

#include "core/sha256.h"
#include "db/db.h"

enum { TABLE_COLUMNS_MAX = 64, TABLE_KEYS_MAX = 8, TABLE_INDEXES_MAX = 16 };

struct table_column {
	const char *name;
	enum value_kind kind; /* never VALUE_NULL */
	bool not_null;
};

struct table_index {
	bool unique;
	size_t n;
	uint8_t columns[TABLE_KEYS_MAX]; /* places in the table */
	const char *where;               /* condition of a partial unique index, or NULL */
};

/* Invariant: names are unique plain words that neither store reserves; keys are NOT NULL. */
struct table {
	const char *name;
	size_t columns_n, keys_n, indexes_n;
	struct table_column columns[TABLE_COLUMNS_MAX];
	uint8_t keys[TABLE_KEYS_MAX]; /* places in the table */
	struct table_index indexes[TABLE_INDEXES_MAX];
	/* A tally: how many rows of that table have the same values in the columns that are the keys here;
	 * the last column is the number, and there is no other. The store keeps it, whoever writes. */
	const char *tally; /* or NULL */
};

/* `keys` is what stands behind the word key: "maker, id". `body` are the lines of the section:
 * `name TEXT|BIGINT|BLOB [NOT NULL]`, `index a, b`, `unique a, b [where …]`, `tally TABLE`, blank lines, and
 * comments (`---`, or an indented `--`). Everything is allocated in the arena. Faults
 * DB_TABLE_INVALID with the line. */
MUST_CHECK err table_parse(struct arena *a, const char *name, const char *keys, struct bytes body,
			   struct table **out, struct fault *f);

/* CREATE TABLE IF NOT EXISTS and CREATE INDEX IF NOT EXISTS, for db_run. `prefix` (NULL: none)
 * stands before the table's name; with a dot at its end it is a schema: "shadow.". NULL if the
 * arena is exhausted. */
const char *table_create_sql(struct arena *a, const struct table *t, enum db_product product,
			     const char *prefix);
/* Of a tally: INSERT of what is there already, into the empty one. */
const char *table_tally_sql(struct arena *a, const struct table *t);
/* DROP TABLE IF EXISTS, with its indexes. */
const char *table_drop_sql(struct arena *a, const struct table *t, const char *prefix);

/* One row: as a deterministic CBOR array of its columns in declared order, and as values. */
typedef err table_row(void *context, struct bytes cbor, const struct value *columns, size_t n);
/* Walks all rows in the bytewise order of the primary key. The arena holds one row at a time. */
MUST_CHECK err table_each_row(struct db *db, const struct table *t, struct arena *a,
			      table_row *each, void *context, struct fault *f);
/* SHA-256 over the CBOR of all rows in that order, and their number: equal on both stores. */
MUST_CHECK err table_digest(struct db *db, const struct table *t, struct arena *a,
			    struct hash *digest, uint64_t *rows, struct fault *f);

#endif
