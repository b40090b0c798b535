/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.c — brings the spool to the server, for ever: in sequence, at most 100 records at a time, later
 * each time that nobody answers. A record counts as answered when its receipt was verified, or when it
 * was refused for good. */
#include "station/deliver.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DELIVER_MAX = 100,
	DELIVER_BYTES = 1 << 20,
	BACKOFF_FIRST_MS = 200,
	BACKOFF_LAST_MS = 30000,
	ALLOWANCES_EVERY_MS = 15000,
	ALLOWANCES_ROWS = 64,
	ACCEPTED_LATER_MS = 250,
};

/* What is brought in one request. */
struct load {
	struct arena arena;
	struct spool_item items[DELIVER_MAX];
	struct bytes submissions[DELIVER_MAX];
	struct about about[DELIVER_MAX];
	struct answer answers[DELIVER_MAX];
	int status[DELIVER_MAX];
	json_t *records, *results;
	size_t n, done;   /* done: answered, from the first on */
	size_t held_back; /* that come too early */
};

/* ---- waiting requests ---- */

/* With the lock held: the request is answered, with what w->status and w->text say. */
void station_release(struct station *s, struct waiter *w)
{
	struct waiter **at = &s->waiters;

	while (*at != NULL && *at != w)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = w->next;
	if (s->waiters_end == &w->next)
		s->waiters_end = at;
	http_finish(w->ticket);
}

static void tell(struct station *s, uint64_t counter, int status, const json_t *answer)
{
	for (struct waiter *w = s->waiters, *next; w != NULL; w = next) {
		next = w->next;
		if (w->counter != counter)
			continue;
		char *text = json_dumps(answer, JSON_COMPACT);
		if (text != NULL)
			w->text = arena_copy(w->arena, bytes_text(text));
		w->status = text != NULL && w->text.p != NULL ? status : 0;
		free(text);
		station_release(s, w);
	}
}

void *station_keep_time(void *station)
{
	struct station *s = station;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->ending) {
		uint64_t now = clock_steady_ms(&clock_system);
		while (s->waiters != NULL && s->waiters->until <= now)
			station_release(s, s->waiters);
		if (s->waiters == NULL) {
			(void)pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		uint64_t left = s->waiters->until - now;
		struct timespec until;
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		uint64_t ns = (uint64_t)until.tv_nsec + left % 1000 * 1000000;
		until.tv_sec += (time_t)(left / 1000 + ns / 1000000000);
		until.tv_nsec = (long)(ns % 1000000000);
		(void)pthread_cond_timedwait(&s->changed, &s->lock, &until);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- loading ---- */

/* With the lock held. `*full`: what comes next is for another request. */
static err add_item(struct station *s, struct load *l, const struct spool_item *item, bool *full,
		    struct fault *f)
{
	json_t *one = NULL;

	TRY(spool_read(s->spool, &l->arena, item, &l->submissions[l->n], f));
	about_read(s->allowances, l->submissions[l->n], &l->about[l->n]);
	*full = about_follows(l->about, l->n, &l->about[l->n]);
	if (*full)
		return ERR_OK;
	TRY(submission_to_json(l->submissions[l->n], &one, f));
	if (json_array_append_new(l->records, one) != 0)
		return fail(f, "OUT_OF_MEMORY", NULL);
	l->items[l->n++] = *item;
	return ERR_OK;
}

static err load_up(struct station *s, struct load *l, struct fault *f)
{
	size_t bytes = 0;
	bool full = false;
	err e = ERR_OK;

	l->records = json_array();
	if (l->records == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; e.code == OK && !full && i < DELIVER_MAX; i++) {
		const struct spool_item *item = spool_at(s->spool, i);
		if (item == NULL || (bytes += item->n) > DELIVER_BYTES + SPOOL_RECORD_MAX)
			break;
		e = add_item(s, l, item, &full, f);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return e;
}

/* Leaves for later what comes too early. */
static err hold_back(struct station *s, struct client *c, struct load *l, struct fault *f)
{
	bool asks = false;
	size_t n = l->n;

	for (size_t i = 0; i < n; i++)
		asks = asks || l->about[i].stage == STAGE_FOLLOWS;
	if (!asks || !s->some_uncertified)
		return ERR_OK;
	TRY(certified_limit(c, l->about, &n, &s->some_uncertified, f));
	l->held_back = l->n - n;
	while (l->n > n)
		json_array_remove(l->records, --l->n);
	return ERR_OK;
}

/* ---- the server's answer ---- */

/* Later it may be otherwise: it is brought again. */
static bool is_for_now(int status)
{
	return status == 401 || status == 408 || status == 429 || status >= 500 || status < 200;
}

static const char *problem_code(const json_t *problem)
{
	const char *code = json_string_value(json_object_get(problem, "code"));

	return code == NULL ? "UNKNOWN" : code;
}

static err verify(struct station *s, struct bytes submission, const json_t *receipt,
		  struct fault *f)
{
	struct bytes claim;
	struct hash digest;

	TRY(submission_claim(submission, &claim, f));
	digest = claim_digest(claim);
	TRY(receipt_verify(receipt, &digest, s->config.client.log, f));
	return receipt_is_of(receipt, claim, f);
}

/* Is it answered? A receipt without a proof is none yet. */
static err judge(struct station *s, struct load *l, size_t i, bool *answered, struct fault *f)
{
	const json_t *result = json_array_get(l->results, i);
	int status = (int)json_integer_value(json_object_get(result, "status"));
	struct answer *answer = &l->answers[i];

	*answered = false;
	*answer = (struct answer){.counter = l->items[i].counter,
				  .id = l->items[i].id,
				  .digest = l->items[i].digest,
				  .refused = status >= 400,
				  .at = station_now(s)};
	snprintf(answer->type, sizeof answer->type, "%s",
		 json_string_value(json_object_get(json_array_get(l->records, i), "type")));
	l->status[i] = status;
	if (is_for_now(status) || status == 202)
		return ERR_OK;
	if (answer->refused) {
		snprintf(answer->code, sizeof answer->code, "%s", problem_code(result));
	} else {
		TRY(verify(s, l->submissions[i], result, f));
		answer->sequence =
			(uint64_t)json_integer_value(json_object_get(result, "sequence"));
	}
	*answered = true;
	return ERR_OK;
}

static err judge_all(struct station *s, struct load *l, struct fault *f)
{
	bool answered = true;

	if (json_array_size(l->results) != l->n)
		return fail(f, "CLIENT_REPLY_BAD", "path", "/v1/records", NULL);
	for (size_t i = 0; answered && i < l->n; i++) {
		TRY(judge(s, l, i, &answered, f));
		l->done += answered;
	}
	return ERR_OK;
}

static err keep_refusals(struct station *s, struct load *l, struct fault *f)
{
	for (size_t i = 0; i < l->done; i++) {
		if (!l->answers[i].refused)
			continue;
		TRY(refused_keep(s, &l->answers[i], json_array_get(l->results, i),
				 l->submissions[i], f));
		/* A unit that was refused was not started under its allowance, either. */
		TRY(allowances_drop(s->allowances, l->answers[i].counter, f));
	}
	return ERR_OK;
}

/* What was answered is on the disk before its place in the spool is given up. */
static err settle(struct station *s, struct load *l, struct fault *f)
{
	if (l->done == 0)
		return ERR_OK;
	TRY(keep_refusals(s, l, f));
	TRY(answers_add(s->answers, l->answers, l->done, f));
	TRY(spool_answered(s->spool, l->answers[l->done - 1].counter, f));
	for (size_t i = 0; i < l->done; i++)
		if (l->about[i].stage == STAGE_REQUESTS && !l->answers[i].refused)
			s->some_uncertified = true;
	for (size_t i = 0; i < l->done; i++)
		tell(s, l->answers[i].counter, l->status[i], json_array_get(l->results, i));
	return ERR_OK;
}

/* 422 when all were refused: a fault for the client, and an answer for us. */
static err post(struct client *c, struct load *l, struct fault *f)
{
	json_t *batch = json_pack("{s:O}", "records", l->records), *reply = NULL;

	if (batch == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = client_json(c, "POST", "/v1/records", batch, &reply, f);
	json_decref(batch);
	const json_t *answer = e.code == OK ? reply : client_problem(c);
	l->results = json_incref(json_object_get(answer, "results"));
	json_decref(reply);
	if (l->results != NULL)
		return ERR_OK;
	return e.code != OK ? e : fail(f, "CLIENT_REPLY_BAD", "path", "/v1/records", NULL);
}

static err bring(struct station *s, struct client *c, struct load *l, struct fault *f)
{
	TRY(load_up(s, l, f));
	TRY(hold_back(s, c, l, f));
	if (l->n == 0)
		return ERR_OK;
	TRY(post(c, l, f));
	s->linked = true;
	TRY(judge_all(s, l, f));
	(void)pthread_mutex_lock(&s->lock);
	err e = settle(s, l, f);
	(void)pthread_mutex_unlock(&s->lock);
	return e;
}

/* `*left`: something waits that was brought and not answered. */
static err bring_some(struct station *s, struct client *c, size_t *done, bool *left,
		      struct fault *f)
{
	struct load *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	l->arena.limit = (size_t)16 << 20;
	err e = bring(s, c, l, f);
	*done = l->done;
	*left = l->done < l->n || l->held_back > 0;
	json_decref(l->records);
	json_decref(l->results);
	arena_done(&l->arena);
	free(l);
	return e;
}

/* ---- allowances ---- */

static err learn(struct station *s, struct client *c, struct fault *f)
{
	const char *const query[] = {"station", s->config.client.principal, "state", "open", NULL};
	json_t *view = NULL;

	err e = client_view_all(c, "allowance.list", query, ALLOWANCES_ROWS, &view, f);
	if (e.code == ERR_FORBIDDEN) { /* it may not read them, and so has none */
		s->linked = true;
		return ERR_OK;
	}
	TRY(e);
	s->linked = true;
	(void)pthread_mutex_lock(&s->lock);
	e = allowances_learn(s->allowances, json_object_get(view, "rows"),
			     spool_waiting(s->spool) == 0, f);
	(void)pthread_mutex_unlock(&s->lock);
	json_decref(view);
	return e;
}

/* ---- for ever ---- */

struct rhythm {
	uint64_t learned; /* steady ms */
	bool knows;
	uint64_t backoff;
	unsigned random;
};

static err once(struct station *s, struct client *c, struct rhythm *r, bool *left, struct fault *f)
{
	uint64_t now = clock_steady_ms(&clock_system);
	size_t done = 1;

	*left = false;
	if (!r->knows || now - r->learned >= ALLOWANCES_EVERY_MS) {
		TRY(learn(s, c, f));
		r->knows = true;
		r->learned = now;
	}
	while (done > 0 && !*left && !bell_ending(&s->bell))
		TRY(bring_some(s, c, &done, left, f));
	return ERR_OK;
}

/* Boxes that lost the same line do not all come back in the same moment. */
static uint64_t with_jitter(struct rhythm *r, uint64_t ms)
{
	r->random = r->random * 1664525u + 1013904223u; /* Numerical Recipes: enough to spread */
	return ms / 2 + (r->random >> 8) % (ms / 2 + 1);
}

static void cut_off(struct station *s, struct rhythm *r, const struct fault *f)
{
	if (s->linked || r->backoff == 0)
		log_fault(LOG_WARNING_LEVEL, "station_cut_off", f);
	s->linked = false;
	r->backoff = r->backoff == 0                    ? BACKOFF_FIRST_MS
		     : r->backoff * 2 > BACKOFF_LAST_MS ? BACKOFF_LAST_MS
							: r->backoff * 2;
}

static void deliver(struct station *s, struct client *c)
{
	struct rhythm r = {0};

	(void)random_bytes(&r.random, sizeof r.random, NULL).code;
	for (;;) {
		struct fault f = {0};
		bool left, was = s->linked;
		if (once(s, c, &r, &left, &f).code != OK) {
			cut_off(s, &r, &f);
			if (!bell_pause(&s->bell, with_jitter(&r, r.backoff)))
				return;
			r.knows = false;
			continue;
		}
		if (!was || r.backoff > 0)
			log_event(LOG_INFO_LEVEL, "station_linked", NULL);
		r.backoff = 0;
		if (left ? !bell_pause(&s->bell, with_jitter(&r, ACCEPTED_LATER_MS))
			 : !bell_wait(&s->bell, ALLOWANCES_EVERY_MS))
			return;
	}
}

void *station_deliver(void *station)
{
	struct station *s = station;
	struct client *c;
	struct fault f = {0};

	if (client_open(&s->config.client, &c, &f).code != OK) {
		log_fault(LOG_ERROR_LEVEL, "station_delivers_nothing", &f);
		return NULL;
	}
	deliver(s, c);
	client_close(c);
	return NULL;
}
