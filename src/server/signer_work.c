/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signer_work.h"

#include "base/log.h"
#include "server/signer_work_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	AGAIN_MS = 60000,
	FAILING_FIRST_MS = 50,
	FAILING_LAST_MS = 2000,
	ASK_TIMEOUT_MS = 20000,
	ROOM = 64 << 20
};

/* What may bring the signer something to do. A decision that waited takes effect with a vote. */
static const char *const TYPES[] = {
	"unit.requested",     "permit.requested",     "approval.given",    "approval.denied",
	"build.authorized",   "build.closed",         "firmware.released", "firmware.emergency",
	"firmware.withdrawn", "credential.requested", "charter.revised",
};

bool work_is_stopping(struct signer_work *w)
{
	return bell_ending(&w->bell);
}

err work_connect(struct signer_work *w, struct fault *f)
{
	if (w->client != NULL)
		return ERR_OK;
	return signer_connect(w->server->config.signer_socket, ASK_TIMEOUT_MS, &w->client, f);
}

static bool is_fault(const struct fault *f, const char *message)
{
	return f->message != NULL && strcmp(f->message, message) == 0;
}

bool work_is_away(const struct fault *f)
{
	return is_fault(f, "SIGNER_UNAVAILABLE");
}

bool work_is_early(const struct fault *f)
{
	return is_fault(f, "EVIDENCE_NOT_CERTIFIED");
}

uint64_t work_head(struct signer_work *w)
{
	struct engine_state state;

	engine_state_read(w->server->engine, &state);
	return witnessing_head(w->server->witnessing, state.certified);
}

err work_at_head(struct signer_work *w, work_attempt *attempt, void *context, struct fault *f)
{
	uint64_t size = work_head(w);
	struct merkle_head last;

	TRY(work_connect(w, f));
	for (int i = 0;; i++) {
		err result = attempt(w, context, size, f);
		if (result.code == OK || i == HEADS_MAX || !is_fault(f, "SIGNER_HEAD_UNKNOWN"))
			return result;
		TRY(signer_last(w->client, &last, f));
		size = last.size;
		*f = (struct fault){0};
	}
}

/* ---- rows ---- */

enum column {
	C_DIGEST,
	C_SINCE,
	C_OPERATION,
	C_SEQUENCE,
	C_AT,
	C_PRODUCT,
	C_SERIAL,
	C_KIND,
	C_ID,
	C_TARGET,
	C_REFUSED
};

static const char *text_of(const struct page *page, const struct value *column)
{
	return column->kind == VALUE_TEXT ? arena_text(page->arena, column->bytes) : NULL;
}

static bool hash_of(const struct value *column, struct hash *out)
{
	if (column->kind != VALUE_BLOB || column->bytes.n != sizeof *out)
		return false;
	memcpy(out->b, column->bytes.p, sizeof *out);
	return true;
}

static err wanted_row(void *context, const struct value *columns, size_t n)
{
	struct page *page = context;
	struct wanted *item = &page->items[page->n];
	uint64_t now = clock_steady_ms(&clock_system);

	(void)n;
	page->last = columns[C_SINCE].number;
	page->work->waiting++;
	if (page->n == WORK_BATCH)
		return ERR_OK;
	*item = (struct wanted){.operation = text_of(page, &columns[C_OPERATION]),
				.sequence = (uint64_t)columns[C_SEQUENCE].number,
				.at = (uint64_t)columns[C_AT].number,
				.product = text_of(page, &columns[C_PRODUCT]),
				.serial = text_of(page, &columns[C_SERIAL]),
				.kind = text_of(page, &columns[C_KIND]),
				.id = text_of(page, &columns[C_ID]),
				.refused = text_of(page, &columns[C_REFUSED])};
	item->has_target = hash_of(&columns[C_TARGET], &item->target);
	if (hash_of(&columns[C_DIGEST], &item->digest) && item->operation != NULL &&
	    retry_due(page->work->retry, item->digest, now))
		page->n++;
	return ERR_OK;
}

err work_read_page(struct signer_work *w, struct arena *a, const char *sql, int64_t after,
		   struct page **out, struct fault *f)
{
	static const struct parameter parameters[] = {{"after", VALUE_INT}, {"most", VALUE_INT}};
	struct value values[] = {value_int(after), value_int(WORK_BATCH)};
	struct page *page = arena_alloc(a, sizeof *page);
	struct reader_session *r;
	struct statement *statement;

	if (page == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*page = (struct page){.work = w, .arena = a, .last = after};
	*out = page;
	TRY(reader_take(w->server->engine, &r, f));
	err result = db_prepare(reader_db(r), sql, parameters, 2, &statement, f);
	if (result.code == OK) {
		result = db_query(reader_db(r), statement, values, wanted_row, page, NULL, f);
		statement_close(statement);
	}
	reader_give(r);
	return result;
}

/* ---- what becomes of a thing ---- */

static void keep_fault(struct signer_work *w, const struct fault *why)
{
	(void)pthread_mutex_lock(&w->lock);
	w->state.last = *why;
	(void)pthread_mutex_unlock(&w->lock);
}

void work_postpone(struct signer_work *w, const struct wanted *what, const struct fault *why)
{
	struct fault said = *why;
	char sequence[24];

	snprintf(sequence, sizeof sequence, "%" PRIu64, what->sequence);
	if (said.n + 2 <= FAULT_VALUES_MAX) {
		fault_add(&said, "asked_for", what->operation);
		fault_add(&said, "asked_by", sequence);
	}
	if (what->product != NULL && said.n + 2 <= FAULT_VALUES_MAX) {
		fault_add(&said, "unit_product", what->product);
		fault_add(&said, "unit_serial", what->serial);
	}
	atomic_fetch_add(&w->server->metrics.signer_refusals, 1);
	retry_later(w->retry, what->digest, clock_steady_ms(&clock_system));
	keep_fault(w, &said);
	log_fault(LOG_WARNING_LEVEL, "signer_refused_for_now", &said);
}

void work_done(struct signer_work *w, const struct wanted *what)
{
	retry_forget(w->retry, what->digest);
	if (w->waiting > 0)
		w->waiting--;
}

void signer_work_state_read(struct signer_work *w, struct signer_work_state *out)
{
	*out = (struct signer_work_state){0};
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	*out = w->state;
	(void)pthread_mutex_unlock(&w->lock);
}

/* ---- the thread ---- */

static err round_of(struct signer_work *w, struct arena *a, struct fault *f)
{
	uint64_t began = clock_steady_ms(&clock_system);

	w->waiting = 0;
	w->behind = false;
	TRY(work_tasks(w, a, f));
	TRY(work_units(w, a, f));
	TRY(work_permits(w, a, f));
	if (!work_is_stopping(w))
		retry_drop(w->retry, began);
	return ERR_OK;
}

/* When to look again though nobody has told us to: soon while the signer is away or a head is still to come,
 * and when something that was refused is due. */
static uint64_t pause_ms(const struct signer_work *w, unsigned failures)
{
	uint64_t now = clock_steady_ms(&clock_system), next = retry_next_ms(w->retry);
	uint64_t pause = FAILING_FIRST_MS;

	if (failures > 0) {
		while (--failures > 0 && pause < FAILING_LAST_MS)
			pause *= 2;
		return pause < FAILING_LAST_MS ? pause : FAILING_LAST_MS;
	}
	if (w->behind)
		return FAILING_FIRST_MS;
	if (next <= now)
		return RETRY_FIRST_MS;
	return next - now < AGAIN_MS ? next - now : AGAIN_MS;
}

static void publish_round(struct signer_work *w, err result, const struct fault *f)
{
	atomic_store(&w->server->metrics.signer_waiting, w->waiting);
	(void)pthread_mutex_lock(&w->lock);
	w->state.waiting = w->waiting;
	w->state.failing = result.code != OK;
	if (result.code != OK)
		w->state.last = *f;
	(void)pthread_mutex_unlock(&w->lock);
	if (result.code != OK)
		log_fault(LOG_WARNING_LEVEL, "signer_work_waits", f);
}

static void *work_main(void *context)
{
	struct signer_work *w = context;
	struct arena arena = {.limit = ROOM};
	unsigned failures = 0; /* one after the other */

	while (bell_wait(&w->bell, pause_ms(w, failures))) {
		struct fault f = {0};
		err result = round_of(w, &arena, &f);
		arena_reset(&arena);
		failures = result.code == OK ? 0 : failures + 1;
		publish_round(w, result, &f);
	}
	arena_done(&arena);
	return NULL;
}

/* ---- starting and stopping ---- */

static void free_all(struct signer_work *w)
{
	signer_disconnect(w->client);
	retry_close(w->retry);
	bell_close(&w->bell);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

err signer_work_start(struct server *s, struct signer_work **out, struct fault *f)
{
	struct signer_work *w = calloc(1, sizeof *w);

	if (w == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	w->server = s;
	(void)pthread_mutex_init(&w->lock, NULL);
	bell_open(&w->bell);
	bell_ring(&w->bell); /* what a crash left */
	err result = retry_open(&w->retry, f);
	if (result.code == OK && pthread_create(&w->thread, NULL, work_main, w) != 0)
		result = fail(f, "OUT_OF_MEMORY", NULL);
	if (result.code != OK) {
		free_all(w);
		return result;
	}
	*out = w;
	return ERR_OK;
}

void signer_work_tell(struct signer_work *w, const char *type)
{
	bool concerns = false;

	for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0] && !concerns; i++)
		concerns = strcmp(TYPES[i], type) == 0;
	if (w == NULL || !concerns)
		return;
	bell_ring(&w->bell);
}

void signer_work_stop(struct signer_work *w)
{
	if (w == NULL)
		return;
	bell_end(&w->bell);
	(void)pthread_join(w->thread, NULL);
}

void signer_work_close(struct signer_work *w)
{
	if (w != NULL)
		free_all(w);
}
