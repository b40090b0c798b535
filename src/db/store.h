/* SPDX-License-Identifier: Apache-2.0 */
/* store.h — what db.c asks of a store. Inside src/db only. db.c has checked the arguments: the
 * kinds of values, that a transaction is open or not, that nothing is to be rolled back first. */
#ifndef DB_STORE_H
#define DB_STORE_H

#include "db/db.h"
#include "db/parameters.h"

enum { DB_COLUMNS_MAX = 200, DB_PATIENCE_MS = 5000 };

/* Every function may be called with `f` NULL. */
struct store {
	void (*close)(struct db *db); /* frees `db`; its statements are closed already */
	err (*run)(struct db *db, const char *sql, struct fault *f);
	/* Compiles s->sql and fills columns, columns_n, row. */
	err (*prepare)(struct statement *s, struct fault *f);
	void (*statement_close)(struct statement *s); /* then db.c frees the rest */
	err (*queue)(struct db *db, struct statement *s, const struct value *parameters,
		     db_row *row, void *context, int64_t *changed, struct fault *f);
	err (*flush)(struct db *db, struct fault *f);
	err (*begin)(struct db *db, struct fault *f);
	err (*commit)(struct db *db, struct fault *f);
	void (*rollback)(struct db *db);
	/* "SAVEPOINT x", "RELEASE x". */
	err (*control)(struct db *db, const char *sql, struct fault *f);
	/* "ROLLBACK TO x", after whatever failed. */
	err (*recover)(struct db *db, const char *sql, struct fault *f);
	err (*checkpoint)(struct db *db, struct fault *f);
	err (*patience)(struct db *db, unsigned ms, struct fault *f);
	/* Until the end of the transaction a statement may take so long: DB_TOO_SLOW. */
	err (*limit)(struct db *db, uint64_t ms, struct fault *f);
	/* VALUE_NULL if it cannot tell. */
	enum value_kind (*column_kind)(const struct statement *s, size_t i);
	char mark; /* of a parameter: '?' or '$' */
};

/* The common head of a connection; each store's own struct begins with it. */
struct db {
	const struct store *store;
	enum db_product product;
	bool reader;
	bool in_transaction;
	bool failed;  /* a statement of this transaction failed: it must be rolled back first */
	bool ending;  /* db_close: statements go with the connection */
	bool walking; /* a row callback runs: the connection is not to be used */
	struct statement *statements;
};

struct statement {
	struct db *db;
	struct statement *next; /* of the connection */
	char *sql;              /* rewritten: numbered markers */
	enum value_kind *kinds; /* one per parameter of the caller */
	uint16_t *used;         /* marker k, from 1, is the caller's parameter used[k - 1] */
	size_t used_n;
	char **columns;
	size_t columns_n;
	struct value *row;     /* columns_n, for the walk */
	void *compiled;        /* SQLite's statement */
	unsigned number;       /* PostgreSQL's name for it */
	unsigned *column_type; /* PostgreSQL: oid per column */
};

err sqlite_open(const char *path, bool reader, struct db **out, struct fault *f);
err postgres_open(const char *address, bool reader, struct db **out, struct fault *f);

/* Calls `row` for the values in s->row; keeps the connection from being used meanwhile. */
err store_row(struct statement *s, db_row *row, void *context);
/* Room for `n` columns and their names, which the store then fills with store_column(). */
err store_columns(struct statement *s, size_t n, struct fault *f);
err store_column(struct statement *s, size_t i, const char *name, struct fault *f);
/* Frees what db.c and the two above allocated, and `s`. */
void store_statement_free(struct statement *s);

#endif
