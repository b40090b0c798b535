/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "core/sha256.h"
#include "server/server_internal.h"
#include "signer/signer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 64, AGAIN_S = 60, RETRY_S = 2, ISSUE_TIMEOUT_MS = 20000 };

struct issuing {
	struct server *server;
	struct signer_client *client; /* NULL until the signer was first there */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping, wanted;
};

static const char WAITING_SQL[] =
	"SELECT r.product, r.serial, p.hardware_type, r.csr, r.digest, r.at, r.since"
	" FROM unit_request r JOIN product p ON p.id = r.product"
	" WHERE r.since > :after ORDER BY r.since LIMIT :most";

struct waiting {
	struct arena *arena;
	struct issue_request requests[BATCH];
	size_t n;
	int64_t last; /* sequence of the last request read */
};

static err waiting_row(void *context, const struct value *columns, size_t n)
{
	struct waiting *w = context;
	struct issue_request *q = &w->requests[w->n];

	(void)n;
	if (w->n == BATCH || columns[4].bytes.n != sizeof q->request)
		return ERR_OK;
	w->last = columns[6].number;
	q->product = arena_text(w->arena, columns[0].bytes);
	q->serial = arena_text(w->arena, columns[1].bytes);
	q->hardware_type = arena_text(w->arena, columns[2].bytes);
	q->csr = arena_copy(w->arena, columns[3].bytes);
	memcpy(q->request.b, columns[4].bytes.p, sizeof q->request);
	q->at_ms = (uint64_t)columns[5].number;
	if (q->product != NULL && q->serial != NULL && q->hardware_type != NULL && q->csr.p != NULL)
		w->n++;
	return ERR_OK;
}

static err read_waiting(struct server *s, int64_t after, struct waiting *w, struct fault *f)
{
	static const struct parameter parameters[] = {{"after", VALUE_INT}, {"most", VALUE_INT}};
	struct value values[] = {value_int(after), value_int(BATCH)};
	struct reader_session *r;
	struct statement *statement;

	TRY(reader_take(s->engine, &r, f));
	err result = db_prepare(reader_db(r), WAITING_SQL, parameters, 2, &statement, f);
	if (result.code == OK) {
		result = db_query(reader_db(r), statement, values, waiting_row, w, NULL, f);
		statement_close(statement);
	}
	reader_give(r);
	return result;
}

/* The same request gives the same id, so that a certificate is recorded once. */
static struct uuid record_id(const struct issue_request *q)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes written;
	struct uuid id = {0};

	put_text(&w, "certificate.issued");
	put_bytes(&w, hash_bytes(&q->request));
	if (writer_done(&w, &written)) {
		struct hash digest = sha256(written);
		memcpy(id.b, digest.b, sizeof id.b);
	}
	for (size_t i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(q->at_ms >> (8 * (5 - i)));
	id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

static err make_record(struct server *s, struct arena *a, const struct issue_request *q,
		       struct bytes certificate, struct submission **out, struct fault *f)
{
	char *text = arena_alloc(a, base64_size(certificate.n) + 1);

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	base64url_encode(certificate, text);
	json_t *body = json_pack("{s:s, s:s, s:s}", "product", q->product, "serial", q->serial,
				 "certificate", text);
	if (body == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err result =
		submission_system(s->engine, a, "certificate.issued", record_id(q), body, out, f);
	json_decref(body);
	return result;
}

static void note_failure(struct server *s, const struct issue_request *q, const struct fault *f)
{
	struct fault said = *f;

	atomic_fetch_add(&s->metrics.issue_failures, 1);
	if (said.n + 2 <= FAULT_VALUES_MAX) {
		fault_add(&said, "unit_product", q->product);
		fault_add(&said, "unit_serial", q->serial);
	}
	log_fault(LOG_WARNING_LEVEL, "certificate_not_issued", &said);
}

static err record_all(struct server *s, struct waiting *w, const struct bytes *certificates,
		      const struct fault *faults, struct fault *f)
{
	struct submission *made[BATCH];
	size_t n = 0, which[BATCH];

	for (size_t i = 0; i < w->n; i++) {
		if (faults[i].code != OK) {
			note_failure(s, &w->requests[i], &faults[i]);
			continue;
		}
		which[n] = i;
		TRY(make_record(s, w->arena, &w->requests[i], certificates[i], &made[n], f));
		n++;
	}
	if (n == 0)
		return ERR_OK;
	TRY(record_submit_wait(s->engine, made, n, false, f));
	for (size_t i = 0; i < n; i++) {
		const struct result *result = submission_result(made[i]);
		if (result->state == RESULT_REFUSED)
			note_failure(s, &w->requests[which[i]], &result->fault);
		else
			atomic_fetch_add(&s->metrics.certificates, 1);
	}
	return ERR_OK;
}

static err issue_batch(struct issuing *x, struct waiting *w, struct fault *f)
{
	struct bytes certificates[BATCH] = {0};
	struct fault *faults = arena_array(w->arena, BATCH, sizeof *faults);
	struct server *s = x->server;

	if (faults == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (x->client == NULL)
		TRY(signer_connect(s->config.signer_socket, ISSUE_TIMEOUT_MS, &x->client, f));
	TRY(signer_issue(x->client, w->requests, w->n, w->arena, certificates, faults, f));
	return record_all(s, w, certificates, faults, f);
}

static bool is_stopping(struct issuing *x)
{
	(void)pthread_mutex_lock(&x->lock);
	bool stopping = x->stopping;
	(void)pthread_mutex_unlock(&x->lock);
	return stopping;
}

/* Every open request once, oldest first: one that the signer refuses does not hold up the rest. */
static err issue_all(struct issuing *x, struct arena *a, struct fault *f)
{
	int64_t after = -1;

	while (!is_stopping(x)) {
		arena_reset(a);
		struct waiting *w = arena_alloc(a, sizeof *w);
		if (w == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		w->arena = a;
		w->last = after;
		TRY(read_waiting(x->server, after, w, f));
		if (w->last == after)
			break;
		after = w->last;
		if (w->n > 0)
			TRY(issue_batch(x, w, f));
	}
	return ERR_OK;
}

/* Waits for a request, or for the time to try again: soon when the signer was away. False when it
 * is to stop. */
static bool wait_for_work(struct issuing *x, bool failing)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += failing ? RETRY_S : AGAIN_S;
	(void)pthread_mutex_lock(&x->lock);
	while (!x->wanted && !x->stopping)
		if (pthread_cond_timedwait(&x->changed, &x->lock, &until) != 0)
			break;
	x->wanted = false;
	bool go_on = !x->stopping;
	(void)pthread_mutex_unlock(&x->lock);
	return go_on;
}

static void *issuing_main(void *context)
{
	struct issuing *x = context;
	struct arena arena = {.limit = (size_t)64 << 20};

	bool failing = false;

	while (wait_for_work(x, failing)) {
		struct fault f = {0};
		failing = issue_all(x, &arena, &f).code != OK;
		if (failing)
			log_fault(LOG_WARNING_LEVEL, "issuing_waits", &f);
	}
	arena_done(&arena);
	return NULL;
}

err issuing_start(struct server *s, struct issuing **out, struct fault *f)
{
	struct issuing *x = calloc(1, sizeof *x);
	pthread_condattr_t attributes;

	if (x == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	x->server = s;
	x->wanted = true; /* what a crash left */
	(void)pthread_mutex_init(&x->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&x->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	if (pthread_create(&x->thread, NULL, issuing_main, x) != 0) {
		free(x);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	*out = x;
	return ERR_OK;
}

void issuing_wake(struct issuing *x)
{
	(void)pthread_mutex_lock(&x->lock);
	x->wanted = true;
	(void)pthread_cond_signal(&x->changed);
	(void)pthread_mutex_unlock(&x->lock);
}

void issuing_stop(struct issuing *x)
{
	if (x == NULL)
		return;
	(void)pthread_mutex_lock(&x->lock);
	x->stopping = true;
	(void)pthread_cond_signal(&x->changed);
	(void)pthread_mutex_unlock(&x->lock);
	(void)pthread_join(x->thread, NULL);
}

void issuing_close(struct issuing *x)
{
	if (x == NULL)
		return;
	signer_disconnect(x->client);
	(void)pthread_cond_destroy(&x->changed);
	(void)pthread_mutex_destroy(&x->lock);
	free(x);
}
