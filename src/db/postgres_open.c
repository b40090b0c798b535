/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_open.c — a connection, and the checks without which it would not be a store: durable
 * commits, UTF-8, text in the order of its bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/postgres.h"

enum { VERSION_MIN = 140000, SETTING_SIZE = 64 };

/* ---- commands outside the pipeline ---- */

bool postgres_good(const PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       status == PGRES_EMPTY_QUERY;
}

void postgres_drop(struct postgres *p)
{
	PQfinish(p->connection);
	p->connection = NULL;
}

err postgres_command(struct postgres *p, const char *sql, struct fault *f)
{
	PGresult *r = PQexec(p->connection, sql);
	ExecStatusType status = PQresultStatus(r);
	err result = postgres_good(r) ? ERR_OK : postgres_fault(p, r, f);

	PQclear(r);
	if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
		postgres_drop(p); /* the connection now speaks another protocol, which we do not */
	return result;
}

/* The text of the one value that a query gives. */
static err ask(struct postgres *p, const char *sql, char out[static SETTING_SIZE], struct fault *f)
{
	PGresult *r = PQexec(p->connection, sql);
	err result = ERR_OK;

	out[0] = '\0';
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

err postgres_apply_patience(struct postgres *p, struct fault *f)
{
	char sql[64];

	/* Zero would mean for ever. */
	snprintf(sql, sizeof(sql), "SET lock_timeout = %u",
		 p->patience_ms == 0 ? 1 : p->patience_ms);
	return postgres_command(p, sql, f);
}

/* Tables say BLOB on both stores. Two servers may be here at once. */
static err make_blob_type(struct postgres *p, struct fault *f)
{
	char oid[SETTING_SIZE];

	if (!p->db.reader)
		TRY(postgres_command(
			p,
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
	TRY(postgres_command(
		p,
		"SET standard_conforming_strings = on; SET client_min_messages = warning;"
		"SET jit = off; SET default_transaction_isolation = 'read committed'",
		f));
	TRY(check_durable(p, f));
	TRY(check_text(p, f));
	TRY(postgres_apply_patience(p, f));
	TRY(make_blob_type(p, f));
	if (p->db.reader)
		TRY(postgres_command(p, "SET default_transaction_read_only = on", f));
	return ERR_OK;
}

err postgres_connect(struct postgres *p, struct fault *f)
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
