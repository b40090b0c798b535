/* SPDX-License-Identifier: Apache-2.0 */
#include "server/witnessing_internal.h"

#include "base/log.h"
#include "server/signing.h"

#include <stdlib.h>

enum {
	FAILURES_SAID = 3, /* in a row */
	TICK_MS = 1000,    /* a signer that was started again waits for its nonce */
	PAUSE_MS = 100,    /* between two rounds */
	STATUS_EVERY_MS = 15000,
	BACK_OFF_MS = 500, /* twice as much after each failure */
	BACK_OFF_MAX_MS = 60000,
	ARENA_MAX = 4 << 20,
};

static uint64_t now_ms(void)
{
	return clock_steady_ms(&clock_system);
}

/* ---- what is known of a witness ---- */

static void show(struct witnessing *w, struct witness_site *site, const struct fault *problem)
{
	static const struct fault none;

	(void)pthread_mutex_lock(&w->lock);
	if (problem == NULL)
		site->shown.at_ms = clock_wall_ms(&clock_system);
	site->shown.size = site->known;
	site->shown.problem = *(problem == NULL ? &none : problem);
	site->shown.failures += problem != NULL;
	(void)pthread_mutex_unlock(&w->lock);
}

static void note_success(struct witnessing *w, struct witness_site *site)
{
	site->failures = 0;
	site->again_ms = 0;
	show(w, site, NULL);
}

/* Said once until it changes; a witness that is away for a day does not fill the log. */
static void note_failure(struct witnessing *w, struct witness_site *site, const struct fault *f)
{
	uint64_t wait = BACK_OFF_MS;

	for (unsigned i = 0; i < site->failures && wait < BACK_OFF_MAX_MS; i++)
		wait *= 2;
	if (site->failures++ == 0 || site->shown.problem.message != f->message)
		log_fault(LOG_WARNING_LEVEL, "witness_failed", f);
	site->again_ms = now_ms() + (wait < BACK_OFF_MAX_MS ? wait : BACK_OFF_MAX_MS);
	show(w, site, f);
}

/* ---- the signer ---- */

static void set_evidence_head(struct witnessing *w, uint64_t size)
{
	(void)pthread_mutex_lock(&w->lock);
	w->evidence_head = size;
	(void)pthread_mutex_unlock(&w->lock);
}

/* Whether the witnesses are its anchor: only then it wants to know. */
static err ask_status(struct witnessing *w, struct arena *a, struct fault *f)
{
	struct signer_status status;

	if (w->signer == NULL)
		TRY(signer_connect(w->config.signer_socket, SIGNER_TIMEOUT_MS, &w->signer, f));
	if (w->status_at_ms != 0 && now_ms() - w->status_at_ms < STATUS_EVERY_MS)
		return ERR_OK;
	TRY(signer_status_read(w->signer, a, &status, f));
	w->anchors = status.anchor == ANCHOR_WITNESS;
	if (!w->anchors)
		set_evidence_head(w, 0);
	w->status_at_ms = now_ms();
	return ERR_OK;
}

static bool show_signer(struct witnessing *w, struct bytes cosigned)
{
	struct fault f = {0};

	if (!w->anchors)
		return false;
	if (signer_witnessed(w->signer, cosigned, &f).code == OK)
		return true;
	log_fault(LOG_WARNING_LEVEL, "signer_witness_note", &f);
	return false;
}

/* What the signer wants cosigned before it signs anything. */
static err bring_nonce(struct witnessing *w, struct arena *a, struct fault *f)
{
	struct note *note = arena_alloc(a, sizeof *note);
	struct checkpoint checkpoint;
	struct bytes asked, lines, cosigned;
	const char *why;

	TRY(ask_status(w, a, f));
	if (!w->anchors)
		return ERR_OK;
	TRY(signer_nonce(w->signer, a, &asked, f));
	if (asked.n == 0)
		return ERR_OK;
	if (note == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!note_parse(asked, note, &why) ||
	    !checkpoint_parse_extended(note->text, &checkpoint, &lines, &why))
		return fail(f, "SIGNER_REPLY_MALFORMED", "why", why, NULL);
	for (size_t i = 0; i < w->config.witnesses_n; i++) {
		struct witness_site *site = &w->sites[i];
		struct fault problem = {0};

		if (now_ms() < site->again_ms)
			continue;
		if (witness_bring(w, site, asked, checkpoint.head, a, &cosigned, &problem).code ==
		    OK) {
			note_success(w, site);
			(void)show_signer(w, cosigned);
		} else {
			note_failure(w, site, &problem);
		}
	}
	return ERR_OK;
}

/* ---- checkpoints ---- */

static void close_log(struct witnessing *w)
{
	ledger_close(w->ledger);
	db_close(w->db);
	w->ledger = NULL;
	w->db = NULL;
}

/* The tables may not be there yet, or the database be away: the next round tries again. */
static err open_log(struct witnessing *w, struct fault *f)
{
	if (w->ledger != NULL)
		return ERR_OK;
	err result = db_open(w->config.store, &w->db, f);
	if (result.code == OK)
		result = ledger_open(w->db, NULL, &w->ledger, f);
	if (result.code != OK)
		close_log(w);
	return result;
}

static bool head_equal(struct merkle_head a, struct merkle_head b)
{
	return a.size == b.size && hash_equal(a.root, b.root);
}

static bool is_due(const struct witness_site *site, struct merkle_head head)
{
	return now_ms() >= site->again_ms && !(site->done && head_equal(site->last, head));
}

static bool majority_has(const struct witnessing *w, struct merkle_head head)
{
	size_t done = 0;

	for (size_t i = 0; i < w->config.witnesses_n; i++)
		done += w->sites[i].done && head_equal(w->sites[i].last, head);
	return done > w->config.witnesses_n / 2;
}

static void forget(struct witnessing *w)
{
	for (size_t i = 0; i < w->config.witnesses_n; i++)
		w->sites[i].done = false;
}

/* The published checkpoint goes to each witness that has not cosigned it; what comes back is published with
 * it, unless a newer one was published meanwhile, and brought next. */
static err bring_checkpoint(struct witnessing *w, struct arena *a, struct fault *f)
{
	struct merkle_head head;
	struct bytes note;
	bool changed = false;

	TRY(ledger_checkpoint(w->ledger, a, &note, &head, f));
	if (note.n == 0)
		return ERR_OK;
	for (size_t i = 0; i < w->config.witnesses_n; i++) {
		struct witness_site *site = &w->sites[i];
		struct fault problem = {0};

		if (!is_due(site, head))
			continue;
		if (witness_bring(w, site, note, head, a, &note, &problem).code != OK) {
			note_failure(w, site, &problem);
			continue;
		}
		site->done = changed = true;
		site->last = head;
		note_success(w, site);
	}
	if (!changed)
		return ERR_OK;
	if (show_signer(w, note) && majority_has(w, head))
		set_evidence_head(w, head.size);
	err published = ledger_publish(w->ledger, head, note, f);
	if (published.code != OK) /* the store was busy: what nobody can read is brought again */
		forget(w);
	return published;
}

static void round_once(struct witnessing *w, struct arena *a)
{
	struct fault f = {0};
	err result;

	arena_reset(a);
	result = open_log(w, &f);
	if (result.code == OK && bring_nonce(w, a, &f).code != OK) {
		/* The witnesses are asked all the same: the signer may have another anchor. */
		log_fault(LOG_DEBUG_LEVEL, "witnessing_without_signer", &f);
		w->status_at_ms = 0;
		w->anchors = false;
	}
	if (result.code == OK)
		result = bring_checkpoint(w, a, &f);
	w->failures = result.code == OK ? 0 : w->failures + 1;
	if (w->failures == FAILURES_SAID) /* a new store has no tables for a moment */
		log_fault(LOG_WARNING_LEVEL, "witnessing_waits", &f);
	if (result.code != OK)
		close_log(w);
}

/* ---- the thread ---- */

/* A pause first, so that a busy log does not have every checkpoint cosigned, but the latest. */
static bool wait_for_work(struct witnessing *w)
{
	return bell_pause(&w->bell, PAUSE_MS) && bell_wait(&w->bell, TICK_MS - PAUSE_MS);
}

static void *witnessing_main(void *context)
{
	struct witnessing *w = context;
	struct arena arena = {.limit = ARENA_MAX};

	do
		round_once(w, &arena);
	while (wait_for_work(w));
	arena_done(&arena);
	return NULL;
}

err witnessing_start(const struct server_config *config, struct witnessing **out, struct fault *f)
{
	*out = NULL;
	if (config->witnesses_n == 0)
		return ERR_OK;
	struct witnessing *w = calloc(1, sizeof *w);
	if (w == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	w->config = *config;
	for (size_t i = 0; i < config->witnesses_n; i++)
		w->sites[i].setting = &w->config.witnesses[i];
	(void)pthread_mutex_init(&w->lock, NULL);
	bell_open(&w->bell);
	if (pthread_create(&w->thread, NULL, witnessing_main, w) != 0) {
		free(w);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	*out = w;
	return ERR_OK;
}

void witnessing_wake(struct witnessing *w)
{
	if (w == NULL)
		return;
	bell_ring(&w->bell);
}

void witnessing_stop(struct witnessing *w)
{
	if (w == NULL)
		return;
	bell_end(&w->bell);
	(void)pthread_join(w->thread, NULL);
}

void witnessing_close(struct witnessing *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->config.witnesses_n; i++)
		client_close(w->sites[i].client);
	signer_disconnect(w->signer);
	close_log(w);
	bell_close(&w->bell);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}
