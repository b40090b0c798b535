/* SPDX-License-Identifier: Apache-2.0 */
/* postgres.c — the store on a PostgreSQL server: statements and transactions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/postgres.h"

static void free_closing(struct postgres *p)
{
	while (p->closing != NULL) {
		struct statement *s = p->closing;
		p->closing = s->next;
		store_statement_free(s);
	}
	p->closing_n = 0;
}

static void postgres_close(struct db *db)
{
	struct postgres *p = postgres_of(db);

	postgres_drop(p);
	p->outstanding_n = 0;
	free_closing(p);
	bytes_wipe(p->address, strlen(p->address));
	free(p->address);
	free(p);
}

/* ---- statements ---- */

/* One round trip for many of them: an engine that closes has hundreds. */
static void forget_some(struct postgres *p)
{
	char sql[CLOSING_MAX * 24];
	size_t n = 0;

	for (int i = 0; i < CLOSING_MAX && p->closing != NULL; i++) {
		struct statement *s = p->closing;
		n += (size_t)snprintf(sql + n, sizeof sql - n, "DEALLOCATE s%u;", s->number);
		p->closing = s->next;
		p->closing_n--;
		store_statement_free(s);
	}
	(void)postgres_command(p, sql, NULL);
}

void postgres_sweep(struct postgres *p)
{
	if (p->closing_n < CLOSING_MAX || p->outstanding_n > 0)
		return;
	/* A transaction that failed takes no command: they wait for its rollback. */
	if (!postgres_lost(p) && PQtransactionStatus(p->connection) == PQTRANS_INERROR)
		return;
	while (p->closing != NULL && !postgres_lost(p))
		forget_some(p);
	free_closing(p);
}

static err compile(struct postgres *p, const struct statement *s, struct fault *f)
{
	unsigned types[PARAMETERS_MAX];
	char name[16];
	PGresult *r;
	err result;

	for (size_t k = 0; k < s->used_n; k++)
		types[k] = postgres_parameter_type(s->kinds[s->used[k]]);
	snprintf(name, sizeof(name), "s%u", s->number);
	r = PQprepare(p->connection, name, s->sql, (int)s->used_n, types);
	result = postgres_good(r) ? ERR_OK : postgres_fault(p, r, f);
	PQclear(r);
	return result;
}

static err read_description(struct postgres *p, struct statement *s, const PGresult *r,
			    struct fault *f)
{
	size_t n = (size_t)PQnfields(r);

	TRY(store_columns(s, n, f));
	for (size_t i = 0; i < n; i++) {
		TRY(store_column(s, i, PQfname(r, (int)i), f));
		s->column_type[i] = PQftype(r, (int)i);
		if (postgres_kind(p, s->column_type[i]) == VALUE_NULL)
			return fail(f, "DB_COLUMN_KIND", "column", s->columns[i], NULL);
	}
	return ERR_OK;
}

/* After the connection was opened anew the tables must still be what they were. */
static err compare_description(const struct statement *s, const PGresult *r, struct fault *f)
{
	bool same = (size_t)PQnfields(r) == s->columns_n;

	for (size_t i = 0; same && i < s->columns_n; i++)
		same = PQftype(r, (int)i) == s->column_type[i] &&
		       strcmp(PQfname(r, (int)i), s->columns[i]) == 0;
	return same ? ERR_OK : fail(f, "DB_STATEMENT", "detail", "the columns changed", NULL);
}

static err describe(struct postgres *p, struct statement *s, bool again, struct fault *f)
{
	char name[16];
	PGresult *r;
	err result;

	snprintf(name, sizeof(name), "s%u", s->number);
	r = PQdescribePrepared(p->connection, name);
	if (!postgres_good(r))
		result = postgres_fault(p, r, f);
	else if (again)
		result = compare_description(s, r, f);
	else
		result = read_description(p, s, r, f);
	PQclear(r);
	return result;
}

/* Brings the connection to where a plain command may be given. */
static err settle(struct postgres *p, struct fault *f)
{
	TRY(pipeline_flush(p, f));
	if (!p->db.in_transaction)
		return postgres_revive(p, f);
	return postgres_lost(p) ? postgres_fault(p, NULL, f) : ERR_OK;
}

static err postgres_prepare(struct statement *s, struct fault *f)
{
	struct postgres *p = postgres_of(s->db);

	TRY(settle(p, f));
	s->number = ++p->statements_made;
	TRY(compile(p, s, f));
	return describe(p, s, false, f);
}

static void postgres_statement_close(struct statement *s)
{
	struct postgres *p = postgres_of(s->db);

	s->next = p->closing;
	p->closing = s;
	p->closing_n++;
	if (!p->db.ending)
		postgres_sweep(p);
}

/* ---- a lost connection ---- */

static err prepare_again(struct postgres *p, struct fault *f)
{
	for (struct statement *s = p->db.statements; s != NULL; s = s->next) {
		TRY(compile(p, s, f));
		TRY(describe(p, s, true, f));
	}
	return ERR_OK;
}

err postgres_revive(struct postgres *p, struct fault *f)
{
	err result;

	/* The first look may take a last message of the server, the second then sees the end. */
	if (!postgres_lost(p) && PQconsumeInput(p->connection) == 1 &&
	    PQconsumeInput(p->connection) == 1)
		return ERR_OK;
	postgres_drop(p);
	free_closing(p);
	result = postgres_connect(p, f);
	if (result.code == OK)
		result = prepare_again(p, f);
	if (result.code != OK)
		postgres_drop(p);
	return result;
}

/* ---- transactions ---- */

static err postgres_run(struct db *db, const char *sql, struct fault *f)
{
	TRY(settle(postgres_of(db), f));
	return postgres_command(postgres_of(db), sql, f);
}

static err postgres_flush(struct db *db, struct fault *f)
{
	return pipeline_flush(postgres_of(db), f);
}

static err postgres_begin(struct db *db, struct fault *f)
{
	struct postgres *p = postgres_of(db);

	TRY(settle(p, f));
	postgres_sweep(p);
	return pipeline_control(
		p, db->reader ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN", false,
		f);
}

static err postgres_commit(struct db *db, struct fault *f)
{
	struct postgres *p = postgres_of(db);
	err result;

	/* What fails before is no doubt: nothing was kept. */
	TRY(pipeline_control(p, "COMMIT", true, f));
	result = pipeline_flush(p, f);
	if (result.code != OK && postgres_lost(p))
		return fail(f, "DB_COMMIT_UNCERTAIN", NULL);
	return result;
}

static void postgres_rollback(struct db *db)
{
	struct postgres *p = postgres_of(db);

	pipeline_discard(p);
	if (!postgres_lost(p) && PQtransactionStatus(p->connection) != PQTRANS_IDLE &&
	    postgres_command(p, "ROLLBACK", NULL).code != OK)
		postgres_drop(p);
	postgres_sweep(p);
}

static err postgres_control(struct db *db, const char *sql, struct fault *f)
{
	return pipeline_control(postgres_of(db), sql, false, f);
}

static err postgres_recover(struct db *db, const char *sql, struct fault *f)
{
	struct postgres *p = postgres_of(db);

	pipeline_discard(p);
	if (postgres_lost(p))
		return postgres_fault(p, NULL, f);
	return postgres_command(p, sql, f);
}

static err postgres_checkpoint(struct db *db, struct fault *f)
{
	(void)db;
	(void)f;
	return ERR_OK;
}

static err postgres_patience(struct db *db, unsigned ms, struct fault *f)
{
	struct postgres *p = postgres_of(db);

	p->patience_ms = ms;
	TRY(settle(p, f));
	return postgres_apply_patience(p, f);
}

static err postgres_limit(struct db *db, uint64_t ms, struct fault *f)
{
	char sql[64];

	/* Zero would mean for ever. */
	snprintf(sql, sizeof(sql), "SET LOCAL statement_timeout = %llu",
		 (unsigned long long)(ms == 0 ? 1 : ms));
	return pipeline_control(postgres_of(db), sql, false, f);
}

static enum value_kind postgres_column_kind(const struct statement *s, size_t i)
{
	return postgres_kind(postgres_of(s->db), s->column_type[i]);
}

static const struct store POSTGRES_STORE = {
	.close = postgres_close,
	.run = postgres_run,
	.prepare = postgres_prepare,
	.statement_close = postgres_statement_close,
	.queue = pipeline_queue,
	.flush = postgres_flush,
	.begin = postgres_begin,
	.commit = postgres_commit,
	.rollback = postgres_rollback,
	.control = postgres_control,
	.recover = postgres_recover,
	.checkpoint = postgres_checkpoint,
	.patience = postgres_patience,
	.limit = postgres_limit,
	.column_kind = postgres_column_kind,
	.mark = '$',
};

err postgres_open(const char *address, bool reader, struct db **out, struct fault *f)
{
	struct postgres *p = calloc(1, sizeof(*p));
	err result;

	if (p == NULL)
		return fail(f, "DB_MEMORY", NULL);
	p->db = (struct db){.store = &POSTGRES_STORE, .product = DB_POSTGRES, .reader = reader};
	p->patience_ms = DB_PATIENCE_MS;
	p->address = strdup(address);
	result = p->address == NULL ? fail(f, "DB_MEMORY", NULL) : postgres_connect(p, f);
	if (result.code != OK) {
		if (p->address != NULL)
			postgres_close(&p->db);
		else
			free(p);
		return result;
	}
	*out = &p->db;
	return ERR_OK;
}
