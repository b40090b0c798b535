/* SPDX-License-Identifier: Apache-2.0 */
/* postgres.c — the store on a PostgreSQL server: connection, statements, transactions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/postgres.h"

enum { VERSION_MIN = 140000, SETTING_SIZE = 64 };

/* ---- commands outside the pipeline ---- */

static bool result_is_good(const PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       status == PGRES_EMPTY_QUERY;
}

static void drop(struct postgres *p)
{
	PQfinish(p->connection);
	p->connection = NULL;
}

static err command(struct postgres *p, const char *sql, struct fault *f)
{
	PGresult *r = PQexec(p->connection, sql);
	ExecStatusType status = PQresultStatus(r);
	err result = result_is_good(r) ? ERR_OK : postgres_fault(p, r, f);

	PQclear(r);
	if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
		drop(p); /* the connection now speaks another protocol, which we do not */
	return result;
}

/* The text of the one value that a query gives. */
static err ask(struct postgres *p, const char *sql, char out[static SETTING_SIZE], struct fault *f)
{
	PGresult *r = PQexec(p->connection, sql);
	err result = ERR_OK;

	if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1 || PQnfields(r) != 1)
		result = postgres_fault(p, r, f);
	else
		snprintf(out, SETTING_SIZE, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	return result;
}

/* ---- opening ---- */

static void silent(void *context, const char *message)
{
	(void)context;
	(void)message;
}

/* Two servers that wait for the replica as well are as good as one that waits for its disk. */
static err check_durable(struct postgres *p, struct fault *f)
{
	char found[SETTING_SIZE];

	TRY(ask(p, "SHOW synchronous_commit", found, f));
	if (strcmp(found, "on") != 0 && strcmp(found, "remote_apply") != 0)
		return fail(f, "DB_NOT_DURABLE", "setting", "synchronous_commit", "expected", "on",
			    NULL);
	return ERR_OK;
}

static err check_text(struct postgres *p, struct fault *f)
{
	char found[SETTING_SIZE], bytewise[SETTING_SIZE];

	TRY(ask(p, "SHOW server_encoding", found, f));
	if (strcmp(found, "UTF8") != 0)
		return fail(f, "DB_SETTING", "setting", "encoding", "found", found, "expected",
			    "UTF8", NULL);
	TRY(ask(p,
		"SELECT datcollate::text FROM pg_catalog.pg_database"
		" WHERE datname = pg_catalog.current_database()",
		found, f));
	/* The name alone would not tell of ICU, the order alone would prove too little. */
	TRY(ask(p, "SELECT 'B' < 'a' AND 'a-b' < 'aB' AND 'z' < '\xc3\xa9'", bytewise, f));
	if ((strcmp(found, "C") != 0 && strcmp(found, "POSIX") != 0) || bytewise[0] != 't')
		return fail(f, "DB_SETTING", "setting", "collation", "found", found, "expected",
			    "C", NULL);
	return ERR_OK;
}

static err apply_patience(struct postgres *p, struct fault *f)
{
	char sql[64];

	/* Zero would mean for ever. */
	snprintf(sql, sizeof(sql), "SET lock_timeout = %u",
		 p->patience_ms == 0 ? 1 : p->patience_ms);
	return command(p, sql, f);
}

/* Tables say BLOB on both stores. Two servers may be here at once. */
static err make_blob_type(struct postgres *p, struct fault *f)
{
	char oid[SETTING_SIZE];

	if (!p->db.reader)
		TRY(command(p,
			    "DO $$ BEGIN IF pg_catalog.to_regtype('blob') IS NULL THEN"
			    " CREATE DOMAIN blob AS bytea; END IF;"
			    " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;"
			    " END $$",
			    f));
	TRY(ask(p, "SELECT coalesce(pg_catalog.to_regtype('blob')::oid, 0)", oid, f));
	p->blob_type = (unsigned)strtoul(oid, NULL, 10);
	return ERR_OK;
}

static err configure(struct postgres *p, struct fault *f)
{
	if (PQserverVersion(p->connection) < VERSION_MIN)
		return fail(f, "DB_SETTING", "setting", "version", "found", "older", "expected",
			    "14 or later", NULL);
	TRY(command(p,
		    "SET standard_conforming_strings = on; SET client_min_messages = warning;"
		    "SET jit = off; SET default_transaction_isolation = 'read committed'",
		    f));
	TRY(check_durable(p, f));
	TRY(check_text(p, f));
	TRY(apply_patience(p, f));
	TRY(make_blob_type(p, f));
	if (p->db.reader)
		TRY(command(p, "SET default_transaction_read_only = on", f));
	return ERR_OK;
}

static err connect_server(struct postgres *p, struct fault *f)
{
	/* What stands before dbname is a default that the address may change. */
	static const char *const KEYS[] = {"connect_timeout",
					   "keepalives_idle",
					   "tcp_user_timeout",
					   "fallback_application_name",
					   "dbname",
					   "client_encoding",
					   NULL};
	const char *values[] = {"10", "30", "30000", "sealwright", p->address, "UTF8", NULL};

	p->connection = PQconnectdbParams(KEYS, values, 1);
	if (postgres_lost(p))
		return postgres_fault(p, NULL, f);
	PQsetNoticeProcessor(p->connection, silent, NULL);
	TRY(configure(p, f));
	if (PQsetnonblocking(p->connection, 1) != 0)
		return postgres_fault(p, NULL, f);
	return ERR_OK;
}

static void free_closing(struct postgres *p)
{
	while (p->closing != NULL) {
		struct statement *s = p->closing;
		p->closing = s->next;
		store_statement_free(s);
	}
}

static void postgres_close(struct db *db)
{
	struct postgres *p = postgres_of(db);

	drop(p);
	p->outstanding_n = 0;
	free_closing(p);
	bytes_wipe(p->address, strlen(p->address));
	free(p->address);
	free(p);
}

/* ---- statements ---- */

void postgres_sweep(struct postgres *p)
{
	char sql[40];

	if (p->closing == NULL || p->outstanding_n > 0)
		return;
	/* A transaction that failed takes no command: they wait for its rollback. */
	if (!postgres_lost(p) && PQtransactionStatus(p->connection) == PQTRANS_INERROR)
		return;
	for (struct statement *s = p->closing; s != NULL && !postgres_lost(p); s = s->next) {
		snprintf(sql, sizeof(sql), "DEALLOCATE s%u", s->number);
		(void)command(p, sql, NULL);
	}
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
	result = result_is_good(r) ? ERR_OK : postgres_fault(p, r, f);
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
		if (!postgres_column_known(p, s->column_type[i]))
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
	if (!result_is_good(r))
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
	drop(p);
	free_closing(p);
	result = connect_server(p, f);
	if (result.code == OK)
		result = prepare_again(p, f);
	if (result.code != OK)
		drop(p);
	return result;
}

/* ---- transactions ---- */

static err postgres_run(struct db *db, const char *sql, struct fault *f)
{
	TRY(settle(postgres_of(db), f));
	return command(postgres_of(db), sql, f);
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
	    command(p, "ROLLBACK", NULL).code != OK)
		drop(p);
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
	return command(p, sql, f);
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
	return apply_patience(p, f);
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
	result = p->address == NULL ? fail(f, "DB_MEMORY", NULL) : connect_server(p, f);
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
