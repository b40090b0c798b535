/* SPDX-License-Identifier: Apache-2.0 */
/* db.h — prepared statements over SQLite or PostgreSQL, chosen by the address when opened. The
 * same SQL text serves both (docs/sql.md). A connection belongs to one thread at a time. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/arena.h"

enum value_kind { VALUE_NULL = 0, VALUE_INT, VALUE_TEXT, VALUE_BLOB };

/* A column or parameter: BIGINT, TEXT or BLOB. Text is UTF-8 without zero bytes. */
struct value {
	enum value_kind kind;
	int64_t number;     /* VALUE_INT */
	struct bytes bytes; /* VALUE_TEXT, VALUE_BLOB */
};

/* A named parameter and its type: PostgreSQL must be told when it prepares. */
struct parameter {
	const char *name; /* without the colon; may hold one dot (:parts.part_lot) */
	enum value_kind kind;
};

/* The largest text or blob that a parameter may carry. */
enum { DB_VALUE_SIZE_MAX = 64 << 20 };

struct db;
struct statement;

enum db_product { DB_SQLITE, DB_POSTGRES };

/* `address`: "sqlite:PATH" or a libpq address "postgresql://…" / "postgres://…". Checks what
 * durability needs (WAL and synchronous=FULL; synchronous_commit=on) and refuses otherwise. */
MUST_CHECK err db_open(const char *address, struct db **out, struct fault *f);
/* The same store opened for reading only (SQLite: query_only). */
MUST_CHECK err db_open_reader(const char *address, struct db **out, struct fault *f);
void db_close(struct db *db); /* NULL is fine */
enum db_product db_product(const struct db *db);

/* Runs plain statements separated by semicolons, without parameters: schemas. All or nothing,
 * unless it is a single VACUUM or PRAGMA. */
MUST_CHECK err db_run(struct db *db, const char *sql, struct fault *f);

/* Prepares one statement. Every :name in the text must be in `parameters` (extra ones are
 * allowed and ignored); values are later passed in the order of `parameters`. A colon inside a
 * string, a quoted name, a comment or a :: is no parameter. The statement lives as long as the
 * connection; statement_close ends it sooner. */
MUST_CHECK err db_prepare(struct db *db, const char *sql, const struct parameter *parameters,
			  size_t n, struct statement **out, struct fault *f);
void statement_close(struct statement *s);
/* Column names of the result, known after preparing; 0 columns for a statement without one. */
size_t statement_columns(const struct statement *s);
const char *statement_column(const struct statement *s, size_t i);
/* The index of a column by name, or -1. */
int statement_column_index(const struct statement *s, const char *name);
/* What a column holds. PostgreSQL knows it of every one; SQLite of those that are a table's column,
 * and gives VALUE_NULL for what is computed. */
enum value_kind statement_column_kind(const struct statement *s, size_t i);

/* Called once per row. Values live until it returns. An error ends the walk and comes back.
 * It must not use the connection (DB_IN_ROW): PostgreSQL's is busy with the walk. */
typedef err db_row(void *context, const struct value *columns, size_t n);

/* Queues a statement. SQLite runs it at once; PostgreSQL sends it in pipeline mode and calls
 * `row` (may be NULL) during db_flush, in order; a later db_queue flushes by itself when much is
 * outstanding. Parameter values must stay valid until then. `*changed` (may be NULL) gets the
 * number of rows inserted, updated or deleted. After an error, of the row function too, the
 * transaction must be rolled back: all else answers DB_ROLLBACK_FIRST. */
MUST_CHECK err db_queue(struct db *db, struct statement *s, const struct value *parameters,
			db_row *row, void *context, int64_t *changed, struct fault *f);
/* Brings every queued statement to its end; the first error comes back. */
MUST_CHECK err db_flush(struct db *db, struct fault *f);
/* db_queue and db_flush. */
MUST_CHECK err db_query(struct db *db, struct statement *s, const struct value *parameters,
			db_row *row, void *context, int64_t *changed, struct fault *f);

/* One question of a reader outside a transaction that may take so many milliseconds: then
 * DB_TOO_SLOW. SQLite looks at the clock between its own steps, of which a large sorting is one. */
MUST_CHECK err db_query_within(struct db *db, struct statement *s, const struct value *parameters,
			       uint64_t ms, db_row *row, void *context, struct fault *f);

/* `begin immediate` / `begin`; on a reader one consistent view of the store. A lost connection is
 * opened anew here. Savepoints are for the recovery path and all-or-nothing batches; their names
 * are of a-z and _. */
MUST_CHECK err db_begin(struct db *db, struct fault *f);
/* Durable when it returns OK. DB_COMMIT_UNCERTAIN: the connection went away while the answer was
 * awaited, so look before repeating. */
MUST_CHECK err db_commit(struct db *db, struct fault *f);
/* Nothing to do without a transaction. Drops what is queued: no row function is called. */
void db_rollback(struct db *db);
MUST_CHECK err db_savepoint(struct db *db, const char *name, struct fault *f);
MUST_CHECK err db_savepoint_release(struct db *db, const char *name, struct fault *f);
MUST_CHECK err db_savepoint_rollback(struct db *db, const char *name, struct fault *f);
/* Moves what the write-ahead log holds into the database file without blocking writers (SQLite);
 * nothing to do on PostgreSQL. Call it from another connection than the writer's. */
MUST_CHECK err db_checkpoint(struct db *db, struct fault *f);
/* How long a statement waits for another writer's lock before DB_BUSY; 5,000 ms unless set. */
MUST_CHECK err db_set_patience(struct db *db, unsigned ms, struct fault *f);

struct value value_int(int64_t v);
struct value value_text(struct bytes v);
struct value value_blob(struct bytes v);
/* One item of CBOR: NULL as null. */
void value_put_cbor(struct writer *w, const struct value *v);
extern const struct value value_null;

#endif
