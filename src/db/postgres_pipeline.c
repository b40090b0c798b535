/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_pipeline.c — statements are sent without waiting; results are read in order when the
 * queue is flushed. The socket does not block, and input is read while output waits: otherwise
 * server and client could wait for each other with full buffers. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "db/postgres.h"

/* The first error of a flush comes back; the rest are its consequences. */
struct outcome {
	err result;
	struct fault *f;
	bool deliver; /* rows and counts go to those who wait for them */
};

static void note(struct outcome *o, err result)
{
	if (o->result.code == OK)
		o->result = result;
}

static err start(struct postgres *p, struct fault *f)
{
	/* After an error within a transaction the caller rolls back: the connection is not opened
	 * anew under his feet. */
	if (p->outstanding_n == 0 && !p->db.in_transaction)
		TRY(postgres_revive(p, f));
	if (postgres_lost(p) || (p->outstanding_n == 0 && PQenterPipelineMode(p->connection) != 1))
		return postgres_fault(p, NULL, f);
	return ERR_OK;
}

static void bind_values(struct postgres *p, const struct statement *s, const struct value *values)
{
	for (size_t k = 0; k < s->used_n; k++) {
		const struct value *v = &values[s->used[k]];
		struct writer w = writer_of(p->numbers[k], sizeof(p->numbers[k]));

		p->formats[k] = 1;
		p->lengths[k] = 0;
		p->values[k] = "";
		if (v->kind == VALUE_NULL) {
			p->values[k] = NULL;
		} else if (v->kind == VALUE_INT) {
			put_u64(&w, (uint64_t)v->number);
			p->values[k] = (const char *)p->numbers[k];
			p->lengths[k] = 8;
		} else if (v->bytes.n > 0) {
			p->values[k] = (const char *)v->bytes.p;
			p->lengths[k] = (int)v->bytes.n;
		}
		p->outstanding_bytes += (size_t)p->lengths[k] + 16;
	}
}

/* A failed send leaves the pipeline as it is: the caller's rollback reads it to its end. */
static err sent(struct postgres *p, int ok, struct outstanding next, struct fault *f)
{
	if (ok != 1) {
		if (p->outstanding_n == 0)
			PQexitPipelineMode(p->connection);
		return postgres_fault(p, NULL, f);
	}
	p->outstanding[p->outstanding_n++] = next;
	p->outstanding_bytes += 64;
	if (p->outstanding_n == OUTSTANDING_MAX || p->outstanding_bytes > OUTSTANDING_BYTES_MAX)
		return pipeline_flush(p, f);
	return ERR_OK;
}

err pipeline_queue(struct db *db, struct statement *s, const struct value *parameters, db_row *row,
		   void *context, int64_t *changed, struct fault *f)
{
	struct postgres *p = postgres_of(db);
	struct outstanding next = {
		.statement = s, .row = row, .context = context, .changed = changed};
	char name[16];

	TRY(start(p, f));
	bind_values(p, s, parameters);
	snprintf(name, sizeof(name), "s%u", s->number);
	return sent(p,
		    PQsendQueryPrepared(p->connection, name, (int)s->used_n, p->values, p->lengths,
					p->formats, 1),
		    next, f);
}

err pipeline_control(struct postgres *p, const char *sql, bool commit, struct fault *f)
{
	TRY(start(p, f));
	return sent(p, PQsendQueryParams(p->connection, sql, 0, NULL, NULL, NULL, NULL, 1),
		    (struct outstanding){.commit = commit}, f);
}

static bool send_all(PGconn *connection)
{
	int left;

	while ((left = PQflush(connection)) > 0) {
		struct pollfd socket = {.fd = PQsocket(connection), .events = POLLIN | POLLOUT};

		if (poll(&socket, 1, -1) > 0 && (socket.revents & ~POLLOUT) != 0 &&
		    PQconsumeInput(connection) != 1)
			return false;
	}
	return left == 0;
}

static err deliver_row(struct postgres *p, const struct outstanding *o, const PGresult *r, int row,
		       struct fault *f)
{
	struct statement *s = o->statement;

	for (size_t i = 0; i < s->columns_n; i++) {
		if (!postgres_read(p, r, row, (int)i, &s->row[i]))
			return fail(f, "DB_COLUMN_KIND", "column", s->columns[i], NULL);
	}
	return store_row(s, o->row, o->context);
}

static void deliver_rows(struct postgres *p, const struct outstanding *o, const PGresult *r,
			 struct outcome *out)
{
	if (o->statement == NULL || o->row == NULL)
		return;
	if ((size_t)PQnfields(r) != o->statement->columns_n) {
		note(out, fail(out->f, "DB_STATEMENT", "detail", "the columns changed", NULL));
		return;
	}
	for (int i = 0; i < PQntuples(r) && out->result.code == OK; i++)
		note(out, deliver_row(p, o, r, i, out->f));
}

/* "INSERT 0 3", "UPDATE 3", "DELETE 3" count; "SELECT 3" does not. */
static int64_t rows_changed(PGresult *r)
{
	const char *count;
	int64_t n = 0;

	if (strchr("IUDM", PQcmdStatus(r)[0]) == NULL)
		return 0;
	for (count = PQcmdTuples(r); *count >= '0' && *count <= '9'; count++)
		n = n * 10 + (*count - '0');
	return n;
}

static void finish(const struct outstanding *o, PGresult *r, struct outcome *out)
{
	if (o->commit && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		note(out, fail(out->f, "DB_ROLLBACK_FIRST", NULL));
	if (out->deliver && out->result.code == OK && o->changed != NULL)
		*o->changed = rows_changed(r);
}

static void take(struct postgres *p, const struct outstanding *o, PGresult *r, struct outcome *out)
{
	switch (PQresultStatus(r)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
		if (out->deliver && out->result.code == OK)
			deliver_rows(p, o, r, out);
		if (PQresultStatus(r) == PGRES_TUPLES_OK)
			finish(o, r, out);
		break;
	case PGRES_COMMAND_OK:
		finish(o, r, out);
		break;
	case PGRES_EMPTY_QUERY:
	case PGRES_COPY_OUT:
	case PGRES_COPY_IN:
	case PGRES_BAD_RESPONSE:
	case PGRES_NONFATAL_ERROR:
	case PGRES_FATAL_ERROR:
	case PGRES_COPY_BOTH:
	case PGRES_PIPELINE_SYNC:
	case PGRES_PIPELINE_ABORTED:
	default:
		if (out->result.code == OK)
			note(out, postgres_fault(p, r, out->f));
	}
}

/* Rows come one by one, so that a long result needs no memory for all of it. */
static void read_results(struct postgres *p, const struct outstanding *o, struct outcome *out)
{
	PGresult *r;

	if (o->row != NULL)
		PQsetSingleRowMode(p->connection);
	while ((r = PQgetResult(p->connection)) != NULL) {
		take(p, o, r, out);
		PQclear(r);
	}
}

/* Behind the last statement stands the answer to the sync. If it does not, or pipeline mode cannot
 * be left, we lost step with the server and start anew. */
static void end_pipeline(struct postgres *p)
{
	PGresult *r = PQgetResult(p->connection);
	bool in_step = r != NULL && PQresultStatus(r) == PGRES_PIPELINE_SYNC;

	PQclear(r);
	if (!in_step || PQexitPipelineMode(p->connection) != 1) {
		PQfinish(p->connection);
		p->connection = NULL;
	}
}

static err run_pipeline(struct postgres *p, bool deliver, struct fault *f)
{
	struct outcome out = {.f = f, .deliver = deliver};
	size_t n = p->outstanding_n;

	if (n == 0)
		return ERR_OK;
	p->outstanding_n = 0;
	p->outstanding_bytes = 0;
	if (postgres_lost(p))
		return postgres_fault(p, NULL, f);
	if (PQpipelineSync(p->connection) != 1 || !send_all(p->connection))
		note(&out, postgres_fault(p, NULL, f));
	for (size_t i = 0; i < n; i++)
		read_results(p, &p->outstanding[i], &out);
	end_pipeline(p);
	if (postgres_lost(p) && out.result.code == OK)
		note(&out, postgres_fault(p, NULL, f));
	postgres_sweep(p);
	return out.result;
}

err pipeline_flush(struct postgres *p, struct fault *f)
{
	return run_pipeline(p, true, f);
}

void pipeline_discard(struct postgres *p)
{
	(void)run_pipeline(p, false, NULL);
}
