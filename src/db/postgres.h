/* SPDX-License-Identifier: Apache-2.0 */
/* postgres.h — inside src/db only: one connection through libpq, whose statements travel as a
 * pipeline. Pipeline mode is on exactly while something is outstanding. */
#ifndef DB_POSTGRES_H
#define DB_POSTGRES_H

#include <libpq-fe.h>

#include "db/store.h"

/* Past either bound the queue is flushed before it grows further. */
enum { OUTSTANDING_MAX = 1000, OUTSTANDING_BYTES_MAX = 4 << 20 };

/* A statement that was sent and whose results were not read yet. */
struct outstanding {
	struct statement *statement; /* NULL: BEGIN, COMMIT, SAVEPOINT … */
	db_row *row;
	void *context;
	int64_t *changed;
	bool commit; /* the server must answer COMMIT and not ROLLBACK */
};

/* How many closed statements wait until the server is told. */
enum { CLOSING_MAX = 64 };

struct postgres {
	struct db db; /* first: a struct db * is also a struct postgres * */
	PGconn *connection;
	char *address; /* may hold a password: wiped at the end */
	unsigned patience_ms;
	unsigned statements_made;
	unsigned blob_type;        /* oid of our domain */
	struct statement *closing; /* closed here, and not yet at the server */
	size_t closing_n;
	size_t outstanding_n, outstanding_bytes;
	struct outstanding outstanding[OUTSTANDING_MAX];
	/* Parameters of one statement on their way into libpq's buffer. */
	const char *values[PARAMETERS_MAX];
	int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];
	uint8_t numbers[PARAMETERS_MAX][8];
};

static inline struct postgres *postgres_of(struct db *db)
{
	return (struct postgres *)(void *)db;
}

/* ---- postgres_value.c ---- */

/* The fault of a failed result, or of the connection if `r` is NULL or the connection is gone. */
err postgres_fault(const struct postgres *p, const PGresult *r, struct fault *f);
bool postgres_lost(const struct postgres *p);
/* oid of a parameter; 0 for VALUE_NULL. */
unsigned postgres_parameter_type(enum value_kind kind);
/* What a result column of this type holds; VALUE_NULL if it cannot be read. */
enum value_kind postgres_kind(const struct postgres *p, unsigned type);
/* Reads one field in binary format; it points into `r`. */
MUST_CHECK bool postgres_read(const struct postgres *p, const PGresult *r, int row, int column,
			      struct value *out);

/* ---- postgres_open.c ---- */

/* Connects to p->address, checks the server and sets the session up. */
err postgres_connect(struct postgres *p, struct fault *f);
void postgres_drop(struct postgres *p);
bool postgres_good(const PGresult *r);
/* Plain statements, outside the pipeline. */
err postgres_command(struct postgres *p, const char *sql, struct fault *f);
err postgres_apply_patience(struct postgres *p, struct fault *f);

/* ---- postgres_pipeline.c ---- */

err pipeline_queue(struct db *db, struct statement *s, const struct value *parameters, db_row *row,
		   void *context, int64_t *changed, struct fault *f);
/* A command without parameters or rows. */
err pipeline_control(struct postgres *p, const char *sql, bool commit, struct fault *f);
err pipeline_flush(struct postgres *p, struct fault *f);
/* Reads what is outstanding without calling anybody. */
void pipeline_discard(struct postgres *p);

/* ---- postgres.c ---- */

/* Opens a lost connection anew; only between transactions. */
err postgres_revive(struct postgres *p, struct fault *f);
/* Forgets statements that were closed while they were outstanding. */
void postgres_sweep(struct postgres *p);

#endif
