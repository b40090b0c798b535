/* SPDX-License-Identifier: Apache-2.0 */
/* publisher.c — after the commit: tiles, the signer's checkpoint, receipts, the stream. */
#include "record/publisher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIGNER_PATIENCE_MS = 2000, RETRY_MS = 200, HOUSEKEEPING_MS = 1000, SHOW_EVERY_MS = 100 };

/* ---- receipts ---- */

static err inclusion(struct engine *e, const struct merkle_head *head, struct bytes note,
		     struct result *result, struct fault *f)
{
	TRY(ledger_inclusion(e->publisher_ledger, head->size, result->sequence, result->path,
			     &result->path_n, f));
	result->head = *head;
	result->note = note;
	result->state = RESULT_CERTIFIED;
	return ERR_OK;
}

/* A repeated submission knows only its sequence: the rest stands in its entry. */
static err recall(struct engine *e, struct submission *s, struct fault *f)
{
	struct bytes bytes;
	struct entry *entry = arena_alloc(s->arena, sizeof *entry);
	const char *why;

	if (!s->result.repeated)
		return ERR_OK;
	if (entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ledger_entry(e->publisher_ledger, s->arena, s->result.sequence, &bytes, f));
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	return result_from_entry(s->arena, bytes, entry, &s->result, f);
}

err result_from_entry(struct arena *a, struct bytes bytes, const struct entry *entry,
		      struct result *out, struct fault *f)
{
	struct nonconformance **end = &out->raised;
	struct raised raised;
	size_t n;
	struct reader at = witness_raised(&entry->witness, &n);

	out->sequence = entry->witness.sequence;
	out->at = entry->witness.at;
	out->outcome = entry->witness.outcome;
	out->target = entry->witness.target;
	out->leaf = merkle_leaf(bytes);
	out->after_claim = arena_copy(a, entry_after_claim(bytes));
	if (out->after_claim.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	out->digest = claim_digest(entry->claim_bytes);
	out->raised = NULL;
	for (size_t i = 0; i < n && witness_next_raised(&at, &raised); i++) {
		struct nonconformance *one = arena_alloc(a, sizeof *one);
		if (one == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		one->code = arena_text(a, raised.code);
		one->holds = raised.has_subject;
		if (raised.has_subject) {
			one->kind = arena_text(a, raised.subject.kind);
			one->within = arena_text(a, raised.subject.within);
			one->id = arena_text(a, raised.subject.id);
		}
		*end = one;
		end = &one->next;
	}
	return ERR_OK;
}

/* `note` is copied once into each submission's own arena: receipts outlive the publisher's. */
static void certify(struct engine *e, const struct job *job, const struct merkle_head *head,
		    struct bytes note)
{
	for (size_t i = 0; i < job->n; i++) {
		struct submission *s = job->items[i];
		struct fault f = {0};
		if (s->result.state != RESULT_COMMITTED)
			continue;
		struct bytes own = arena_copy(s->arena, note);
		err result = own.p == NULL ? (err){ERR_MEMORY} : recall(e, s, &f);
		if (result.code == OK)
			result = inclusion(e, head, own, &s->result, &f);
		(void)result; /* it is committed all the same: the receipt can be fetched later */
	}
}

static bool covered(const struct job *job, uint64_t size)
{
	for (size_t i = 0; i < job->n; i++)
		if (job->items[i]->result.state == RESULT_COMMITTED &&
		    job->items[i]->result.sequence >= size)
			return false;
	return true;
}

/* Without a checkpoint: a repeated submission must still say what it became the first time. */
static void recall_job(struct engine *e, const struct job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		struct fault f = {0};
		err result = job->items[i]->result.state == RESULT_COMMITTED
				     ? recall(e, job->items[i], &f)
				     : ERR_OK;
		(void)result; /* its sequence is known all the same */
	}
}

void jobs_answer(struct job *jobs)
{
	while (jobs != NULL) {
		struct job *job = jobs;
		submit_done *done = job->done;
		void *context = job->context;
		jobs = job->next;
		free(job);
		done(context);
	}
}

/* Takes off the waiting list what `size` covers, or what has waited too long. */
static struct job *take_answerable(struct engine *e, uint64_t size, bool late)
{
	uint64_t now = clock_steady_ms(e->config.clock);
	struct job *taken = NULL, **end = &taken;

	pthread_mutex_lock(&e->lock);
	for (struct job **at = &e->waiting; *at != NULL;) {
		struct job *job = *at;
		bool ready =
			late ? now - job->committed_at >= SIGNER_PATIENCE_MS : covered(job, size);
		if (!ready) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job->next = NULL;
		*end = job;
		end = &job->next;
	}
	e->waiting_end = &e->waiting;
	while (*e->waiting_end != NULL)
		e->waiting_end = &(*e->waiting_end)->next;
	pthread_mutex_unlock(&e->lock);
	return taken;
}

/* ---- one checkpoint ---- */

/* Asks the signer where it stands whenever that is not certain: after a failure it may have signed
 * what we never heard of, and another server may have asked it since. */
static err sign_head(struct engine *e, const struct merkle_head *head, struct arena *a,
		     struct bytes *note, struct fault *f)
{
	struct hash path[2 * MERKLE_DEPTH_MAX];
	size_t n = 0;

	if (!e->signed_known)
		TRY(e->config.last_signed(e->config.sign_context, &e->signed_last, f));
	e->signed_known = false;
	TRY(ledger_write_tiles(e->publisher_ledger, head->size, f));
	TRY(ledger_consistency(e->publisher_ledger, e->signed_last.size, head->size, path, &n, f));
	TRY(e->config.sign(e->config.sign_context, e->signed_last, *head, path, n, a, note, f));
	e->signed_last = *head;
	e->signed_known = true;
	pthread_mutex_lock(&e->store_lock);
	err result = ledger_publish(e->publisher_ledger, *head, *note, f);
	pthread_mutex_unlock(&e->store_lock);
	return result;
}

static void set_ready(struct engine *e, const struct fault *f)
{
	pthread_mutex_lock(&e->lock);
	e->state.ready = f == NULL;
	if (f != NULL)
		e->state.fault = *f;
	pthread_mutex_unlock(&e->lock);
}

static void tell(struct engine *e, uint64_t size)
{
	for (;;) {
		pthread_mutex_lock(&e->lock);
		struct batch *b = e->batches;
		bool ready = b != NULL && b->last_sequence < size;
		if (ready) {
			e->batches = b->next;
			if (e->batches == NULL)
				e->batches_end = &e->batches;
		}
		engine_watch *watch = e->on_happening;
		void *context = e->on_happening_context;
		pthread_mutex_unlock(&e->lock);
		if (!ready)
			return;
		for (const struct note_of_entry *n = b->happenings; n != NULL && watch != NULL;
		     n = n->next)
			watch(context, &n->happening);
		batch_free(b);
	}
}

/* The folder that others copy follows at its own pace: nobody's receipt waits for it. */
static err show_sometimes(struct engine *e, struct fault *f)
{
	uint64_t now = clock_steady_ms(e->config.clock);

	if (now - e->shown_at < SHOW_EVERY_MS) {
		e->shows_later = true;
		return ERR_OK;
	}
	e->shown_at = now;
	e->shows_later = false;
	return ledger_show(e->publisher_ledger, f);
}

static bool head_equal(struct merkle_head a, struct merkle_head b)
{
	return a.size == b.size && hash_equal(a.root, b.root);
}

/* Both must be at the head: what was published, or else a signed note may be lost to us; and what
 * the signer signed, or else somebody may have turned back the store. */
static err publish(struct engine *e, struct arena *a, struct fault *f)
{
	struct merkle_head head, published;
	struct bytes note;

	TRY(ledger_head(e->publisher_ledger, &head, f));
	if (head.size == 0)
		return ERR_OK;
	TRY(ledger_checkpoint(e->publisher_ledger, a, &note, &published, f));
	if (published.size != head.size || !head_equal(e->signed_last, head))
		TRY(sign_head(e, &head, a, &note, f));
	pthread_mutex_lock(&e->lock);
	e->state.certified = head.size;
	e->state.certified_at = e->state.last_at;
	pthread_mutex_unlock(&e->lock);
	set_ready(e, NULL);
	struct job *jobs = take_answerable(e, head.size, false);
	for (struct job *job = jobs; job != NULL; job = job->next)
		certify(e, job, &head, note);
	jobs_answer(jobs);
	tell(e, head.size);
	return show_sometimes(e, f);
}

/* What was published may not have been shown: a crash between the two left the folder behind. */
static err show_again(struct engine *e, struct arena *a, struct fault *f)
{
	struct merkle_head head;
	struct bytes note;

	TRY(ledger_checkpoint(e->publisher_ledger, a, &note, &head, f));
	if (head.size == 0)
		return ERR_OK;
	TRY(ledger_write_tiles(e->publisher_ledger, head.size, f));
	TRY(ledger_publish(e->publisher_ledger, head, note, f));
	return ledger_show(e->publisher_ledger, f);
}

err publisher_catch_up(struct engine *e, struct fault *f)
{
	struct arena a = {0};
	err result = e->config.last_signed(e->config.sign_context, &e->signed_last, f);

	e->signed_known = result.code == OK;
	if (result.code == OK)
		result = publish(e, &a, f);
	if (result.code == OK)
		result = show_again(e, &a, f);
	arena_done(&a);
	return result;
}

/* ---- the thread ---- */

static void wait_for_work(struct engine *e, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_timedwait(&e->published, &e->lock, &until);
}

/* True when there is something to publish or to answer; false when all is done for good. */
static bool wait_until_needed(struct engine *e, bool failing)
{
	pthread_mutex_lock(&e->lock);
	if (failing && !e->writer_done)
		wait_for_work(e, RETRY_MS);
	while (!failing && e->waiting == NULL && e->batches == NULL && !e->writer_done) {
		wait_for_work(e, e->shows_later ? SHOW_EVERY_MS : HOUSEKEEPING_MS);
		if (e->shows_later)
			break; /* quiet enough to show */
	}
	bool more = !e->writer_done || e->waiting != NULL || e->batches != NULL;
	pthread_mutex_unlock(&e->lock);
	return more;
}

/* At the end, with the signer away: what is committed is answered as such. */
static bool give_up(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	bool last = e->writer_done;
	struct job *jobs = last ? e->waiting : NULL;
	if (last) {
		e->waiting = NULL;
		e->waiting_end = &e->waiting;
	}
	pthread_mutex_unlock(&e->lock);
	for (struct job *job = jobs; job != NULL; job = job->next)
		recall_job(e, job);
	jobs_answer(jobs);
	return last;
}

void *publisher_main(void *engine)
{
	struct engine *e = engine;
	struct arena arena = {0};
	bool failing = false;

	while (wait_until_needed(e, failing)) {
		struct fault f = {0};
		arena_reset(&arena);
		failing = publish(e, &arena, &f).code != OK;
		if (!failing)
			continue;
		set_ready(e, &f);
		struct job *late = take_answerable(e, 0, true);
		for (struct job *job = late; job != NULL; job = job->next)
			recall_job(e, job);
		jobs_answer(late);
		if (give_up(e))
			break;
	}
	arena_done(&arena);
	return NULL;
}
