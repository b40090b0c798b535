/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/spend.h"

enum { CLOCK_MARGIN_MS = 2000 };

/* ---- the anchor ---- */

static enum charter_anchor anchor_of(const struct vault *v)
{
	return v->state.charter->charter.anchor;
}

err vault_settle(struct vault *v, struct fault *f)
{
	if (check_left_out(CHECK_SIGNER_TURNED_BACK))
		return ERR_OK;
	if (anchor_of(v) == ANCHOR_WITNESS)
		TRY(witness_anchor_check(&v->witness, f));
	if (v->anchor_fault.code != OK) {
		if (f != NULL)
			*f = v->anchor_fault;
		return (err){v->anchor_fault.code};
	}
	if (!v->state.anchored)
		return anchor_of(v) == ANCHOR_TPM ? fail(f, "SIGNER_ANCHOR_MISSING", NULL) : ERR_OK;
	/* Once it counts it is missed, whatever the charter says meanwhile. */
	return v->guard.anchor == NULL ? fail(f, "SIGNER_ANCHOR_MISSING", NULL)
				       : anchor_guard_settle(&v->guard, f);
}

err vault_reach(struct vault *v, struct fault *f)
{
	if (!v->state.anchored || v->guard.anchor == NULL ||
	    check_left_out(CHECK_SIGNER_TURNED_BACK))
		return ERR_OK;
	return anchor_guard_reach(&v->guard, f);
}

bool vault_anchor_value(const struct vault *v, uint64_t spent, uint64_t *value)
{
	const struct signer_state *s = &v->state;

	if (!s->anchored || spent < s->anchor_spent)
		return false;
	*value = s->anchor_value + (spent - s->anchor_spent);
	return true;
}

/* ---- time ---- */

/* How far the wall clock was moved since the start, in either direction. */
static uint64_t moved(const struct vault *v, uint64_t wall, uint64_t steady)
{
	int64_t parted = (int64_t)((wall - v->started_wall) - (steady - v->started_steady));

	return (uint64_t)(parted < 0 ? -parted : parted);
}

err vault_now(const struct vault *v, uint64_t *now, struct fault *f)
{
	uint64_t wall = clock_wall_ms(&v->clock), steady = clock_steady_ms(&v->clock);
	char last[TIME_TEXT_SIZE], here[TIME_TEXT_SIZE];

	time_text(wall, here);
	time_text(v->state.latest, last);
	if (!check_left_out(CHECK_SIGNER_CLOCK) && wall + CLOCK_MARGIN_MS < v->state.latest)
		return fail(f, "SIGNER_CLOCK_BACK", "now", here, "last", last, NULL);
	if (!check_left_out(CHECK_SIGNER_CLOCK) && moved(v, wall, steady) > CLOCK_MARGIN_MS)
		return fail(f, "SIGNER_CLOCK_STEPPED", "now", here, NULL);
	/* Not before: a time that is refused must not reach the record of a batch under way. */
	*now = wall > v->state.latest ? wall : v->state.latest;
	return ERR_OK;
}

uint64_t vault_time(const struct vault *v)
{
	return v->state.latest;
}

/* ---- the journal ---- */

err vault_append(struct vault *v, const struct writer *w, uint64_t at, struct journal_span *span,
		 struct fault *f)
{
	struct bytes record;
	uint64_t place = 0;

	if (!writer_done(w, &record))
		return fail(f, "SIGNER_JOURNAL_FAILED", "what", "append", "why", "the size", NULL);
	TRY(journal_append(&v->journal, record, &place, f));
	*span = (struct journal_span){place, (uint32_t)record.n};
	v->state.latest = at;
	return ERR_OK;
}

err vault_spend(struct vault *v, const struct writer *w, uint64_t at, struct journal_span *span,
		struct fault *f)
{
	TRY(vault_append(v, w, at, span, f));
	v->state.spent++;
	(void)vault_anchor_value(v, v->state.spent, &v->guard.journaled);
	return ERR_OK;
}

err span_read(const struct vault *v, struct journal_span span, struct arena *a, struct bytes *out,
	      struct fault *f)
{
	uint8_t *p = arena_alloc(a, span.n);

	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a record of the journal", NULL);
	TRY(journal_read(&v->journal, span.at, p, span.n, f));
	*out = bytes_of(p, span.n);
	return ERR_OK;
}
