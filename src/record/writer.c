/* SPDX-License-Identifier: Apache-2.0 */
/* writer.c — the one thread that changes the store: many records per transaction, and a second
 * try of its halves, down to one by one, when a batch meets an unexpected error. */
#include "record/publisher.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_TRIES_MAX = 100 };

/* ---- the clocks ---- */

static void read_clocks(struct engine *e, struct two_clocks *out)
{
	engine_clocks(e, out);
	e->watch.stepped = out->stepped;
	if (!out->stepped)
		e->watch.reported = false;
}

static err report_step(struct batch *b, struct fault *f)
{
	static const struct uuid fresh;
	struct clock_watch *watch = &b->engine->watch;
	char wall[TIME_TEXT_SIZE], expected[TIME_TEXT_SIZE];
	struct submission *s;

	if (!watch->stepped || watch->reported || ledger_next(b->engine->ledger) == 0)
		return ERR_OK;
	time_text(b->clocks.wall, wall);
	time_text(b->clocks.steady, expected);
	json_t *body = json_pack("{s:s, s:s}", "wall", wall, "expected", expected);
	err result = submission_system(b->engine, &b->arena, "clock.stepped", fresh, body, &s, f);
	json_decref(body);
	TRY(result);
	TRY(process(b, s, f));
	watch->reported = true;
	b->reports_step = true;
	return ERR_OK;
}

/* ---- one transaction ---- */

static struct batch *batch_new(struct engine *e)
{
	struct batch *b = calloc(1, sizeof *b);

	if (b == NULL)
		return NULL;
	b->engine = e;
	b->arena.limit = (size_t)1 << 30;
	b->told.limit = (size_t)1 << 30;
	b->happenings_end = &b->happenings;
	return b;
}

void batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	arena_done(&b->arena);
	arena_done(&b->told);
	free(b);
}

static err batch_begin(struct batch *b, struct fault *f)
{
	struct engine *e = b->engine;

	TRY(db_begin(e->db, f));
	TRY(ledger_begin(e->ledger, f));
	if (ledger_next(e->ledger) != e->written_size) { /* another server wrote, too */
		authority_forget(e->authority);
		policy_forget(&e->rules.policy);
	}
	read_clocks(e, &b->clocks);
	b->at = clocks_stamp(&b->clocks, ledger_last_at(e->ledger));
	return report_step(b, f);
}

static err batch_commit(struct batch *b, struct fault *f)
{
	struct engine *e = b->engine;

	TRY(ledger_store(e->ledger, b->at, f));
	TRY(db_commit(e->db, f));
	e->written_size = ledger_next(e->ledger);
	return ERR_OK;
}

static void batch_rollback(struct batch *b)
{
	db_rollback(b->engine->db);
	authority_forget(b->engine->authority);
	policy_forget(&b->engine->rules.policy);
	if (b->reports_step)
		b->engine->watch.reported = false;
}

static err process_one(struct batch *b, struct submission *s, struct fault *f)
{
	TRY(process(b, s, f));
	return s->result.state == RESULT_REFUSED ? record_refusal(b, s, f) : ERR_OK;
}

/* All or nothing: one savepoint; every failing item keeps its own fault. */
static err process_whole(struct batch *b, const struct job *job, struct fault *f)
{
	struct engine *e = b->engine;
	uint64_t size = ledger_next(e->ledger);
	struct note_of_entry **end = b->happenings_end;
	uint64_t last = b->last_sequence;
	bool failed = false;

	TRY(db_savepoint(e->db, "whole", f));
	for (size_t i = 0; i < job->n; i++) {
		TRY(process(b, job->items[i], f));
		failed = failed || job->items[i]->result.state == RESULT_REFUSED;
	}
	if (!failed)
		return db_savepoint_release(e->db, "whole", f);
	TRY(db_savepoint_rollback(e->db, "whole", f));
	TRY(db_savepoint_release(e->db, "whole", f));
	ledger_truncate(e->ledger, size);
	authority_forget(e->authority);
	policy_forget(&e->rules.policy);
	b->happenings_end = end;
	*end = NULL;
	b->last_sequence = last;
	for (size_t i = 0; i < job->n; i++) {
		struct submission *s = job->items[i];
		struct fault why = {0};
		if (s->result.state == RESULT_REFUSED) {
			/* Out of a spool it is brought again: its counter must not be behind it. */
			if (s->record.claim.spool.p == NULL)
				TRY(record_refusal(b, s, f));
			continue;
		}
		(void)fail(&why, "BATCH_UNDONE", NULL);
		refuse(s, &why);
	}
	return ERR_OK;
}

static err process_job(struct batch *b, const struct job *job, struct fault *f)
{
	if (job->whole && job->n > 1)
		return process_whole(b, job, f);
	for (size_t i = 0; i < job->n; i++)
		TRY(process_one(b, job->items[i], f));
	return ERR_OK;
}

/* One transaction over a list of jobs. */
static err try_jobs(struct engine *e, const struct job *jobs, bool unfolded, struct batch **out,
		    struct fault *f)
{
	struct batch *b = batch_new(e);

	if (b == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	b->unfolded = unfolded;
	pthread_mutex_lock(&e->store_lock);
	err result = batch_begin(b, f);
	for (const struct job *job = jobs; job != NULL && result.code == OK; job = job->next)
		result = process_job(b, job, f);
	if (result.code == OK)
		result = batch_commit(b, f);
	if (result.code != OK)
		batch_rollback(b);
	pthread_mutex_unlock(&e->store_lock);
	if (result.code == OK) {
		*out = b;
		return ERR_OK;
	}
	batch_free(b);
	return f->code == OK ? fail(f, "OUT_OF_MEMORY", NULL) : result; /* a row's memory */
}

/* ---- recovery ---- */

static bool is_event(const struct job *job)
{
	return job->n == 1 && job->items[0]->record.type->type->nature == EVENT &&
	       (job->items[0]->record.type->type->flags & SYSTEM) == 0;
}

/* Another server's record came first: this one is decided again, after it. */
static bool head_moved(const struct fault *f)
{
	return f->message != NULL && strcmp(f->message, "LOG_HEAD_MOVED") == 0;
}

/* Whether trying again, without the fold, can help: not when the store itself is away or full. */
static bool fault_is_of_record(const struct fault *f)
{
	return !head_moved(f) && (f->code == ERR_INTERNAL || f->code == ERR_CONFLICT ||
				  f->code == ERR_INVALID || f->code == ERR_CORRUPT);
}

static bool fault_is_of_store(const struct fault *f)
{
	return f->code == ERR_UNAVAILABLE || f->code == ERR_IO;
}

/* After so many records in a row that met a store which does not answer, the next would only wait
 * as long, and fail the same way. */
enum { AWAY_AFTER = 3 };
struct away {
	struct fault last;
	unsigned times;
};

static err try_again(struct engine *e, const struct job *job, struct batch **out, struct fault *f)
{
	struct fault again = {0};
	unsigned tries = 0;

	do {
		*f = (struct fault){0};
		if (try_jobs(e, job, false, out, f).code == OK)
			return ERR_OK;
	} while (head_moved(f) && ++tries < HEAD_TRIES_MAX);
	if (is_event(job) && fault_is_of_record(f) &&
	    try_jobs(e, job, true, out, &again).code == OK)
		return ERR_OK;
	return (err){f->code};
}

/* One job in a transaction of its own. */
static struct batch *recover(struct engine *e, const struct job *job, struct away *away)
{
	struct batch *b = NULL;

	if (away->times < AWAY_AFTER) {
		err result = try_again(e, job, &b, &away->last);
		away->times = fault_is_of_store(&away->last) ? away->times + 1 : 0;
		if (result.code == OK)
			return b;
	}
	for (size_t i = 0; i < job->n; i++)
		refuse(job->items[i], &away->last);
	return NULL;
}

/* ---- the queue ---- */

/* Takes jobs for one transaction. */
static struct job *take_jobs(struct engine *e)
{
	struct job *first = NULL, **end = &first;
	size_t n = 0;

	pthread_mutex_lock(&e->lock);
	while (e->queue == NULL && !e->stopping)
		pthread_cond_wait(&e->work, &e->lock);
	while (e->queue != NULL && n < e->config.batch_max) {
		struct job *job = e->queue;
		e->queue = job->next;
		if (e->queue == NULL)
			e->queue_end = &e->queue;
		job->next = NULL;
		*end = job;
		end = &job->next;
		n += job->n;
	}
	e->queued -= n;
	pthread_mutex_unlock(&e->lock);
	return first;
}

static bool anything_committed(const struct job *job)
{
	for (size_t i = 0; i < job->n; i++)
		if (job->items[i]->result.state == RESULT_COMMITTED)
			return true;
	return false;
}

static void count_results(struct engine *e, const struct job *job)
{
	e->state.submitted += job->n;
	for (size_t i = 0; i < job->n; i++)
		e->state.refused += job->items[i]->result.state == RESULT_REFUSED;
}

/* A batch in which all were refused, or recorded before, has nothing to tell. */
static void keep_batch(struct engine *e, struct batch *b)
{
	e->committed_size = ledger_next(e->ledger);
	e->state.size = e->committed_size;
	e->state.last_at = ledger_last_at(e->ledger);
	if (b->happenings == NULL) {
		batch_free(b);
		return;
	}
	arena_done(&b->arena);
	*e->batches_end = b;
	e->batches_end = &b->next;
}

/* What was committed waits for its checkpoint; what was refused altogether is answered now. */
static void hand_over(struct engine *e, struct job *jobs, struct batch *b)
{
	uint64_t now = clock_steady_ms(e->config.clock);
	struct job *refused = NULL;

	pthread_mutex_lock(&e->lock);
	while (jobs != NULL) {
		struct job *job = jobs;
		jobs = job->next;
		job->next = NULL;
		count_results(e, job);
		if (anything_committed(job)) {
			job->committed_at = now;
			*e->waiting_end = job;
			e->waiting_end = &job->next;
		} else {
			job->next = refused;
			refused = job;
		}
	}
	if (b != NULL)
		keep_batch(e, b);
	pthread_cond_signal(&e->published);
	pthread_mutex_unlock(&e->lock);
	jobs_answer(refused);
}

static void run_one_by_one(struct engine *e, struct job *jobs)
{
	struct away away = {.times = 0};

	while (jobs != NULL) {
		struct job *job = jobs;
		jobs = job->next;
		job->next = NULL;
		if (job->whole || job->n == 1) {
			hand_over(e, job, recover(e, job, &away));
			continue;
		}
		for (size_t i = 0; i < job->n; i++) { /* independent items: each alone */
			struct job single = {.items = &job->items[i], .n = 1};
			struct batch *b = recover(e, &single, &away);
			if (b != NULL)
				hand_over(e, NULL, b);
		}
		hand_over(e, job, NULL);
	}
}

/* Ends the list in its middle; gives the other half. */
static struct job *cut_in_half(struct job *jobs)
{
	struct job *middle = jobs;

	for (struct job *end = jobs->next; end != NULL && end->next != NULL; end = end->next->next)
		middle = middle->next;
	struct job *half = middle->next;
	middle->next = NULL;
	return half;
}

/* A record that fails costs the others little: halves are tried again until it is alone. */
static void run_batch(struct engine *e, struct job *jobs)
{
	struct batch *b = NULL;
	struct fault f = {0};

	if (try_jobs(e, jobs, false, &b, &f).code == OK) {
		hand_over(e, jobs, b);
	} else if (jobs->next == NULL || fault_is_of_store(&f)) {
		run_one_by_one(e, jobs);
	} else {
		struct job *half = cut_in_half(jobs);
		run_batch(e, jobs);
		run_batch(e, half);
	}
}

void *writer_main(void *engine)
{
	struct engine *e = engine;

	for (;;) {
		struct job *jobs = take_jobs(e);
		if (jobs == NULL)
			break;
		run_batch(e, jobs);
	}
	pthread_mutex_lock(&e->lock);
	e->writer_done = true;
	pthread_cond_signal(&e->published);
	pthread_mutex_unlock(&e->lock);
	return NULL;
}
