/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/anchor_guard.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/checks.h"

enum anchor_verdict anchor_judge(uint64_t journaled, uint64_t shown)
{
	if (shown > journaled)
		return ANCHOR_TURNED_BACK;
	if (shown == journaled)
		return ANCHOR_AGREES;
	return journaled - shown == 1 ? ANCHOR_MEND : ANCHOR_NOT_THIS_ONE;
}

static err disagrees(const char *message, uint64_t journaled, uint64_t shown, struct fault *f)
{
	char journal[24], anchor[24];

	(void)snprintf(journal, sizeof(journal), "%" PRIu64, journaled);
	(void)snprintf(anchor, sizeof(anchor), "%" PRIu64, shown);
	return fail(f, message, "journal", journal, "anchor", anchor, NULL);
}

static err judge(const struct anchor_guard *g, uint64_t shown, struct fault *f)
{
	enum anchor_verdict verdict = anchor_judge(g->journaled, shown);

	if (check_left_out(CHECK_SIGNER_TURNED_BACK))
		return ERR_OK;
	if (verdict == ANCHOR_TURNED_BACK)
		return disagrees("SIGNER_TURNED_BACK", g->journaled, shown, f);
	if (verdict == ANCHOR_NOT_THIS_ONE)
		return disagrees("SIGNER_ANCHOR_OTHER", g->journaled, shown, f);
	return ERR_OK;
}

/* Whatever the anchor says it shows after counting must be the journal's value: more means that
 * somebody else counts too. */
static err count(struct anchor_guard *g, struct fault *f)
{
	uint64_t shown = 0;

	g->settled = false;
	TRY(anchor_advance(g->anchor, &shown, f));
	TRY(judge(g, shown, f));
	if (!check_left_out(CHECK_SIGNER_TURNED_BACK) && shown != g->journaled)
		return disagrees("SIGNER_ANCHOR_OTHER", g->journaled, shown, f);
	g->journaled = g->reached = shown;
	g->settled = g->agreed = true;
	return ERR_OK;
}

err anchor_guard_settle(struct anchor_guard *g, struct fault *f)
{
	uint64_t shown = 0;

	if (g->anchor == NULL) {
		g->reached = g->journaled;
		g->settled = true;
	}
	if (g->settled && g->reached == g->journaled)
		return ERR_OK;
	TRY(anchor_read(g->anchor, &shown, f));
	TRY(judge(g, shown, f));
	if (anchor_judge(g->journaled, shown) == ANCHOR_MEND)
		return count(g, f);
	g->journaled = g->reached = shown;
	g->settled = g->agreed = true;
	return ERR_OK;
}

err anchor_guard_reach(struct anchor_guard *g, struct fault *f)
{
	bool one_ahead = g->settled && g->journaled - g->reached == 1;

	return one_ahead && g->anchor != NULL ? count(g, f) : anchor_guard_settle(g, f);
}
