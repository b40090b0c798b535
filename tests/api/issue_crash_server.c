/* SPDX-License-Identifier: Apache-2.0 */
#include "issue_crash.h"

#include "crash/cut.h"
#include "server/server_internal.h"
#undef fail

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 60 };

const char *serial_of(size_t i)
{
	static char text[4][24];
	static unsigned next;
	char *out = text[next++ % 4];

	snprintf(out, 24, "c-%05zu", i);
	return out;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static unsigned long certificates; /* that were published */

static void wrong(struct crash *c, const char *what, size_t i)
{
	snprintf(c->seen->wrong, sizeof c->seen->wrong, "%s: %s", serial_of(i), what);
	_exit(WRONG_STATUS);
}

static void watch(void *context, const struct happening *happening)
{
	struct server *s = context;

	signer_work_tell(s->signer_work, happening->type);
	if (strcmp(happening->type, "certificate.issued") != 0)
		return;
	(void)pthread_mutex_lock(&lock);
	certificates++;
	(void)pthread_cond_broadcast(&came);
	(void)pthread_mutex_unlock(&lock);
}

struct row {
	bool found;
	struct hash certificate;
	uint64_t n;
	bool receipt;
};

static err unit_row(void *context, const struct value *columns, size_t n)
{
	struct row *row = context;
	struct issue_receipt receipt;
	struct cose_sign1 sign1;
	const char *why;

	(void)n;
	row->found = true;
	row->certificate = sha256(columns[0].bytes);
	row->receipt = issue_receipt_parse(columns[1].bytes, &sign1, &receipt, &why) &&
		       hash_equal(receipt.certificate, row->certificate);
	row->n = receipt.n;
	return ERR_OK;
}

/* True if the unit has its certificate; it must be the one that was seen before. */
static bool is_certified(struct crash *c, struct server *s, size_t i)
{
	static const struct parameter serial = {"serial", VALUE_TEXT};
	struct value values[] = {value_text(bytes_text(serial_of(i)))};
	struct unit_seen *unit = &c->seen->units[i];
	struct reader_session *r = NULL;
	struct statement *statement = NULL;
	struct row row = {0};
	struct fault f = {0};

	if (reader_take(s->engine, &r, &f).code != OK ||
	    db_prepare(reader_db(r),
		       "SELECT certificate, receipt FROM unit WHERE product = 'GW'"
		       " AND serial = :serial AND certificate IS NOT NULL",
		       &serial, 1, &statement, &f)
			    .code != OK ||
	    db_query(reader_db(r), statement, values, unit_row, &row, NULL, &f).code != OK)
		wrong(c, f.message, i);
	statement_close(statement);
	reader_give(r);
	if (!row.found) {
		if (unit->n != 0)
			wrong(c, "its certificate is lost", i);
		return false;
	}
	if (!row.receipt || row.n == 0 || row.n > REQUESTS_MAX)
		wrong(c, "its receipt is none", i);
	if (unit->n != 0 && (unit->n != row.n || !hash_equal(unit->certificate, row.certificate)))
		wrong(c, "it has another certificate than before", i);
	if (c->seen->owner[row.n] != 0 && c->seen->owner[row.n] != i + 1)
		wrong(c, "its number was another unit's", i);
	c->seen->owner[row.n] = (uint32_t)i + 1;
	*unit = (struct unit_seen){row.n, row.certificate};
	return true;
}

static void wait_for(struct crash *c, struct server *s, size_t from, size_t to)
{
	time_t end = time(NULL) + PATIENCE_S;

	for (size_t i = from; i < to;) {
		(void)pthread_mutex_lock(&lock);
		unsigned long before = certificates;
		(void)pthread_mutex_unlock(&lock);
		if (is_certified(c, s, i)) {
			i++;
			continue;
		}
		(void)pthread_mutex_lock(&lock);
		struct timespec until = {.tv_sec = time(NULL) + 1};
		while (certificates == before)
			if (pthread_cond_timedwait(&came, &lock, &until) != 0)
				break;
		(void)pthread_mutex_unlock(&lock);
		if (time(NULL) > end)
			wrong(c, "it gets no certificate", i);
	}
}

/* Recorded now or before: both are the same to who asks. */
static void submit(struct crash *c, struct server *s, size_t from, size_t to)
{
	struct caller caller = {.principal = "st1", .channel = CHANNEL_KEY};
	struct submission *made[PER_ROUND] = {NULL};
	struct arena a = {0};
	struct fault f = {0};

	for (size_t i = from; i < to; i++)
		if (submission_from_json(s->engine, &a, &caller, bytes_text("unit.requested"),
					 c->requests[i], &made[i - from], &f)
			    .code != OK)
			wrong(c, f.message, i);
	if (record_submit_wait(s->engine, made, to - from, false, &f).code != OK)
		wrong(c, f.message, from);
	for (size_t i = from; i < to; i++) {
		const struct result *result = submission_result(made[i - from]);
		if (result->state == RESULT_REFUSED)
			wrong(c, result->fault.message, i);
	}
	arena_done(&a);
}

static bool was_seen(const struct crash *c, size_t from)
{
	for (size_t i = from; i < from + PER_ROUND; i++)
		if (c->seen->units[i].n == 0)
			return false;
	return true;
}

_Noreturn void run_server(struct crash *c, size_t round, unsigned long cut)
{
	size_t from = round * PER_ROUND;
	struct server *s;
	struct fault f = {0};

	cut_arm(0);
	if (server_open(&c->x->config, &s, &f).code != OK)
		wrong(c, f.message, from);
	engine_on_happening(s->engine, watch, s);
	for (size_t i = 0; i < from; i += PER_ROUND)
		if (!was_seen(c, i)) {
			submit(c, s, i, i + PER_ROUND);
			wait_for(c, s, i, i + PER_ROUND);
		}
	cut_arm(cut);
	submit(c, s, from, from + PER_ROUND);
	wait_for(c, s, from, from + PER_ROUND);
	if (cut == 0)
		c->seen->changes = cut_count();
	cut_arm(0);
	_exit(0);
}
