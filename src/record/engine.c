/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c — opening and closing; the queue's front door. */
#include "record/evidence.h"
#include "record/proof.h"
#include "record/publisher.h"
#include "record/readers.h"
#include "record/schema.h"
#include "record/views.h"
#include "record/writer.h"

#include <stdlib.h>
#include <string.h>

const struct registry *engine_registry(const struct engine *e)
{
	return e->registry;
}

const char *engine_origin(const struct engine *e)
{
	return e->config.origin;
}

/* ---- opening ---- */

static void init_locks(struct engine *e)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&e->store_lock, NULL);
	pthread_mutex_init(&e->lock, NULL);
	pthread_mutex_init(&e->readers_lock, NULL);
	pthread_mutex_init(&e->keys_lock, NULL);
	pthread_cond_init(&e->work, NULL);
	pthread_cond_init(&e->published, &monotonic);
	pthread_cond_init(&e->reader_free, NULL);
	pthread_condattr_destroy(&monotonic);
	e->queue_end = &e->queue;
	e->waiting_end = &e->waiting;
	e->batches_end = &e->batches;
}

static void set_defaults(struct engine *e)
{
	struct engine_config *c = &e->config;

	if (c->batch_max == 0)
		c->batch_max = BATCH_DEFAULT;
	if (c->readers_max == 0)
		c->readers_max = 8;
	if (c->keys_max == 0)
		c->keys_max = 65536;
	if (c->view_ms == 0)
		c->view_ms = VIEW_MS;
	if (c->unsigned_max == 0)
		c->unsigned_max = 10000;
	if (c->clock == NULL)
		c->clock = &clock_system;
}

/* The wall clock is trusted from where the process starts, but never before the last record. */
static void start_clock(struct engine *e)
{
	uint64_t last = ledger_last_at(e->ledger);

	e->watch.base_wall = clock_wall_ms(e->config.clock);
	e->watch.base_steady = clock_steady_ms(e->config.clock);
	if (e->watch.base_wall < last)
		e->watch.base_wall = last;
}

void engine_clocks(const struct engine *e, struct two_clocks *out)
{
	const struct clock *clock = e->config.clock;
	const struct clock_watch *watch = &e->watch;
	uint64_t wall = clock_wall_ms(clock);
	uint64_t steady = watch->base_wall + (clock_steady_ms(clock) - watch->base_steady);
	uint64_t apart = wall > steady ? wall - steady : steady - wall;

	*out = (struct two_clocks){wall, steady, apart > CLOCK_TOLERANCE_MS};
}

uint64_t clocks_stamp(const struct two_clocks *clocks, uint64_t last_at)
{
	uint64_t now = clocks->wall < clocks->steady ? clocks->wall : clocks->steady;

	return now > last_at ? now : last_at;
}

/* The log has its name from its last entry. A server that is started with another one stays away. */
static err check_name(struct engine *e, struct fault *f)
{
	uint64_t size = ledger_next(e->ledger);
	struct arena a = {0};
	struct entry entry;
	struct bytes last;
	const char *why;

	e->succeeds_at = UINT64_MAX;
	if (size == 0)
		return ERR_OK;
	err result = ledger_entry(e->ledger, &a, size - 1, &last, f);
	if (result.code == OK && !entry_parse(last, &entry, &why))
		result = fail(f, "ENTRY_BAD", "detail", why, NULL);
	if (result.code == OK && !bytes_equal(entry.claim.origin, bytes_text(e->config.origin))) {
		e->succeeds_at = size;
		result = e->config.succeeds ? ERR_OK : fail(f, "LOG_NOT_SUCCEEDED", NULL);
	}
	arena_done(&a);
	return result;
}

static err open_stores(struct engine *e, struct fault *f)
{
	TRY(registry_make(e->config.areas, &e->registry, f));
	TRY(db_open(e->config.store, &e->db, f));
	TRY(schema_open(&e->config, e->registry, e->db, f));
	TRY(ledger_open(e->db, e->config.tiles, &e->ledger, f));
	TRY(rulebook_open(e->registry, e->db, &e->rules, f));
	TRY(authority_open(e->db, &e->authority, f));
	TRY(views_check(e->registry, e->db, f));
	TRY(db_open(e->config.store, &e->publisher_db, f));
	TRY(ledger_open(e->publisher_db, e->config.tiles, &e->publisher_ledger, f));
	ledger_hold_files(e->publisher_ledger, true);
	TRY(key_cache_open(&e->keys, f));
	TRY(ledger_begin(e->ledger, f));
	TRY(check_name(e, f));
	start_clock(e);
	e->committed_size = ledger_next(e->ledger);
	e->state.size = e->committed_size;
	e->state.last_at = ledger_last_at(e->ledger);
	return ERR_OK;
}

static void engine_free(struct engine *e)
{
	while (e->batches != NULL) { /* the signer stayed away: never told */
		struct batch *next = e->batches->next;
		batch_free(e->batches);
		e->batches = next;
	}
	readers_close(e);
	key_cache_close(e->keys);
	ledger_close(e->publisher_ledger);
	db_close(e->publisher_db);
	authority_close(e->authority);
	rulebook_close(&e->rules);
	ledger_close(e->ledger);
	db_close(e->db);
	registry_free(e->registry);
	pthread_mutex_destroy(&e->store_lock);
	pthread_mutex_destroy(&e->lock);
	pthread_mutex_destroy(&e->readers_lock);
	pthread_mutex_destroy(&e->keys_lock);
	pthread_cond_destroy(&e->work);
	pthread_cond_destroy(&e->published);
	pthread_cond_destroy(&e->reader_free);
	bytes_wipe(e->config.secret, sizeof e->config.secret);
	free(e);
}

static err start_threads(struct engine *e, struct fault *f)
{
	if (pthread_create(&e->writer, NULL, writer_main, e) != 0)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (pthread_create(&e->publisher, NULL, publisher_main, e) == 0)
		return ERR_OK;
	pthread_mutex_lock(&e->lock);
	e->stopping = true;
	pthread_cond_broadcast(&e->work);
	pthread_mutex_unlock(&e->lock);
	pthread_join(e->writer, NULL);
	return fail(f, "OUT_OF_MEMORY", NULL);
}

err engine_open(const struct engine_config *config, struct engine **out, struct fault *f)
{
	struct engine *e = calloc(1, sizeof *e);

	if (e == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	e->config = *config;
	set_defaults(e);
	init_locks(e);
	err result = open_stores(e, f);
	if (result.code == OK)
		result = publisher_catch_up(e, f);
	if (result.code == OK)
		result = start_threads(e, f);
	if (result.code != OK) {
		engine_free(e);
		return result;
	}
	*out = e;
	return ERR_OK;
}

void engine_close(struct engine *e)
{
	if (e == NULL)
		return;
	pthread_mutex_lock(&e->lock);
	e->stopping = true;
	pthread_cond_broadcast(&e->work);
	pthread_cond_broadcast(&e->published);
	pthread_mutex_unlock(&e->lock);
	pthread_join(e->writer, NULL);
	pthread_join(e->publisher, NULL);
	engine_free(e);
}

/* ---- the queue ---- */

static bool any_decision(struct submission *const *submissions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (submissions[i]->record.type->type->nature == DECISION)
			return true;
	return false;
}

/* The publisher may see a commit before the writer has said so. */
static bool too_many_unsigned(const struct engine *e)
{
	uint64_t certified = e->state.certified;

	return e->committed_size > certified &&
	       e->committed_size - certified > e->config.unsigned_max;
}

static err check_room(struct engine *e, struct submission *const *submissions, size_t n, bool whole,
		      struct fault *f)
{
	if (n == 0 || n > WHOLE_MAX)
		return fail(f, "BATCH_SIZE", NULL);
	for (size_t i = 0; whole && n > 1 && i < n; i++)
		if ((submissions[i]->record.type->type->flags & VOTE) != 0)
			return fail(f, "VOTE_IN_BATCH", NULL);
	if (e->stopping)
		return fail(f, "ENGINE_STOPPING", NULL);
	if (e->queued + n > QUEUE_MAX)
		return fail(f, "ENGINE_BUSY", NULL);
	if (too_many_unsigned(e) && any_decision(submissions, n))
		return fail(f, "ENGINE_UNSIGNED", NULL);
	return ERR_OK;
}

err record_submit(struct engine *e, struct submission *const *submissions, size_t n, bool whole,
		  submit_done *done, void *context, struct fault *f)
{
	struct job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*job = (struct job){
		.items = submissions, .n = n, .whole = whole, .done = done, .context = context};
	pthread_mutex_lock(&e->lock);
	err result = check_room(e, submissions, n, whole, f);
	if (result.code == OK) {
		*e->queue_end = job;
		e->queue_end = &job->next;
		e->queued += n;
		pthread_cond_signal(&e->work);
	}
	pthread_mutex_unlock(&e->lock);
	if (result.code != OK)
		free(job);
	return result;
}

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t done_now;
	bool done;
};

static void wake(void *context)
{
	struct waiter *w = context;

	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->done_now);
	pthread_mutex_unlock(&w->lock);
}

err record_submit_wait(struct engine *e, struct submission *const *submissions, size_t n,
		       bool whole, struct fault *f)
{
	struct waiter w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	err result = record_submit(e, submissions, n, whole, wake, &w, f);

	if (result.code == OK) {
		pthread_mutex_lock(&w.lock);
		while (!w.done)
			pthread_cond_wait(&w.done_now, &w.lock);
		pthread_mutex_unlock(&w.lock);
	}
	pthread_mutex_destroy(&w.lock);
	pthread_cond_destroy(&w.done_now);
	return result;
}

void engine_on_happening(struct engine *e, engine_watch *watch, void *context)
{
	pthread_mutex_lock(&e->lock);
	e->on_happening = watch;
	e->on_happening_context = context;
	pthread_mutex_unlock(&e->lock);
}

void engine_state_read(struct engine *e, struct engine_state *out)
{
	struct two_clocks clocks;

	engine_clocks(e, &clocks);
	pthread_mutex_lock(&e->lock);
	*out = e->state;
	out->clock_stepped = clocks.stepped;
	out->queued = e->queued;
	if (too_many_unsigned(e))
		out->ready = false;
	pthread_mutex_unlock(&e->lock);
}
