/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c — GET /v1/doctor: what the server can say of itself. */
#include "server/doctor.h"
#include "server/server_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SIGNER_LATE_S = 10 };

/* ---- records and their checkpoints ---- */

/* When the first record that no checkpoint covers was taken. */
static bool first_unsigned_at(struct call *c, struct reader_session *r, uint64_t sequence,
			      uint64_t *at)
{
	struct bytes bytes;
	struct entry entry;
	struct fault f = {0};
	const char *why;

	if (ledger_entry(reader_ledger(r), c->request->arena, sequence, &bytes, &f).code != OK ||
	    !entry_parse(bytes, &entry, &why))
		return false;
	*at = entry.witness.at;
	return true;
}

static void check_records(json_t *checks, struct call *c, struct reader_session *r,
			  const struct engine_state *state, uint64_t now_ms)
{
	char at[TIME_TEXT_SIZE];
	uint64_t since = now_ms;

	time_text(state->certified_at, at);
	check_say(checks, CHECK_OK, "DOCTOR_CHECKPOINT", "size",
		  check_number((int64_t)state->certified).text, "at", at, NULL);
	if (state->size <= state->certified || !first_unsigned_at(c, r, state->certified, &since)) {
		check_say(checks, CHECK_OK, "DOCTOR_ALL_SIGNED", NULL);
		return;
	}
	uint64_t seconds = now_ms > since ? (now_ms - since) / 1000 : 0;
	check_say(checks, seconds >= SIGNER_LATE_S ? CHECK_WARN : CHECK_OK, "DOCTOR_UNSIGNED",
		  "records", check_number((int64_t)(state->size - state->certified)).text,
		  "seconds", check_number((int64_t)seconds).text, NULL);
}

/* As /readyz says it, with each reason. */
static void check_ready(json_t *checks, const struct engine_state *state)
{
	struct fault stepped = {0};

	check_say(checks, state->ready ? CHECK_OK : CHECK_FAIL,
		  state->ready ? "DOCTOR_READY" : "DOCTOR_NOT_READY", NULL);
	if (!state->ready && state->fault.message != NULL)
		check_say_fault(checks, CHECK_FAIL, &state->fault);
	if (!state->clock_stepped) {
		check_say(checks, CHECK_OK, "DOCTOR_CLOCK", NULL);
		return;
	}
	(void)fail(&stepped, "CLOCK_STEPPED", NULL);
	check_say_fault(checks, CHECK_FAIL, &stepped);
}

/* ---- the signer ---- */

static void check_tasks(json_t *checks, struct server *s)
{
	struct signer_work_state state;

	signer_work_state_read(s->signer_work, &state);
	check_say(checks, state.waiting == 0 ? CHECK_OK : CHECK_WARN, "DOCTOR_TASKS", "tasks",
		  check_number((int64_t)state.waiting).text, NULL);
	if ((state.failing || state.waiting > 0) && state.last.message != NULL)
		check_say_fault(checks, CHECK_WARN, &state.last);
}

static void check_authority(json_t *checks, struct call *c, struct reader_session *r,
			    uint64_t now_ms)
{
	struct arena *a = c->request->arena;
	const struct charter *charter;
	struct fault f = {0};

	check_signer(checks, a, c->server->config.signer_socket, now_ms, &charter);
	if (charter != NULL &&
	    check_people(checks, r, engine_registry(c->server->engine), charter, now_ms, a, &f)
			    .code != OK)
		check_say_fault(checks, CHECK_WARN, &f);
	check_tasks(checks, c->server);
}

/* ---- what it stands on, and who is there ---- */

static err text_row(void *context, const struct value *columns, size_t n)
{
	char *out = context;

	(void)n;
	snprintf(out, 64, "%.*s", (int)columns[0].bytes.n, (const char *)columns[0].bytes.p);
	return ERR_OK;
}

static err number_row(void *context, const struct value *columns, size_t n)
{
	int64_t *out = context;

	(void)n;
	*out = columns[0].number;
	return ERR_OK;
}

static err ask_one(struct db *db, const char *sql, uint64_t now_ms, db_row *row, void *out,
		   struct fault *f)
{
	static const struct parameter P[] = {{"now", VALUE_INT}};
	struct value now = value_int((int64_t)now_ms);
	struct statement *s;

	TRY(db_prepare(db, sql, P, 1, &s, f));
	err result = db_query(db, s, &now, row, out, NULL, f);
	statement_close(s);
	return result;
}

/* SQLite is opened with full syncs or not at all: see db_open(). */
static void check_store(json_t *checks, struct db *db)
{
	bool sqlite = db_product(db) == DB_SQLITE;
	char mode[64] = "synchronous=FULL, write-ahead log";
	struct fault f = {0};

	if (!sqlite &&
	    ask_one(db, "SELECT 'synchronous_commit=' || current_setting('synchronous_commit')", 0,
		    text_row, mode, &f)
			    .code != OK)
		check_say_fault(checks, CHECK_WARN, &f);
	else
		check_say(checks, CHECK_OK, "DOCTOR_STORE", "store",
			  sqlite ? "SQLite" : "PostgreSQL", "mode", mode, NULL);
}

static void check_visitors(json_t *checks, struct server *s, struct db *db, uint64_t now_ms)
{
	int64_t sessions = 0;
	struct fault f = {0};

	check_say(checks, CHECK_OK, "DOCTOR_STREAMS", "open",
		  check_number((int64_t)streams_open_now(s->streams)).text, "most",
		  check_number((int64_t)s->config.streams_per_principal).text, NULL);
	if (ask_one(db, "SELECT count(*) FROM open_session WHERE expires > :now", now_ms,
		    number_row, &sessions, &f)
		    .code != OK)
		check_say_fault(checks, CHECK_WARN, &f);
	else
		check_say(checks, CHECK_OK, "DOCTOR_SESSIONS", "sessions",
			  check_number(sessions).text, NULL);
}

/* ---- all of it ---- */

static json_t *look(struct call *c, struct reader_session *r)
{
	struct server *s = c->server;
	json_t *checks = json_array();
	uint64_t now_ms = server_now(s);
	struct engine_state state;

	engine_state_read(s->engine, &state);
	check_ready(checks, &state);
	check_records(checks, c, r, &state, now_ms);
	check_authority(checks, c, r, now_ms);
	witnessing_check(s->witnessing, state.certified, now_ms, checks);
	check_store(checks, reader_db(r));
	check_state(checks, &s->config, now_ms);
	check_visitors(checks, s, reader_db(r), now_ms);
	return checks;
}

/* Whoever may read rights or the log anywhere: it names people of the charter. */
static err check_may(struct call *c, struct reader_session *r, struct fault *f)
{
	struct fault other;

	if (call_holds(c, r, "ledger.read", &other).code == OK)
		return ERR_OK;
	return call_holds(c, r, "access.read", f);
}

err handle_doctor(struct call *c, struct fault *f)
{
	struct reader_session *r;

	TRY(reader_take(c->server->engine, &r, f));
	err result = check_may(c, r, f);
	json_t *checks = result.code == OK ? look(c, r) : NULL;
	reader_give(r);
	TRY(result);
	reply_json(c, 200,
		   json_pack("{s:s, s:o}", "origin", c->server->config.origin, "checks", checks));
	return ERR_OK;
}
