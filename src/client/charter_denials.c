/* SPDX-License-Identifier: Apache-2.0 */
/* Denials of what the signer admitted: whether they came before it decided. The order of entries does not
 * say, for between its decision and the entry that tells of it anybody may still write. */
#include "client/charter_check_internal.h"

#include <stdlib.h>

enum timing { BEFORE, JUST_BEFORE, WHILE_ANSWERING };

static enum timing timing_of(const struct kept *denial, uint64_t at)
{
	uint64_t denied = denial->entry.witness.at;

	if (denied >= at)
		return WHILE_ANSWERING;
	return at - denied <= DENIAL_CLOCKS_MS ? JUST_BEFORE : BEFORE;
}

static bool by_the_charter(const struct charter_check *c, const struct kept *denial)
{
	return denial->entry.claim.has_key &&
	       charter_key_find(&c->last->charter, denial->entry.claim.key) != NULL;
}

static err make_room(struct charter_check *c, size_t n, struct fault *f)
{
	size_t wanted = c->denied_n + n, room = c->denied_room * 2;
	struct denied_late *more;

	if (wanted <= c->denied_room)
		return ERR_OK;
	if (room < wanted)
		room = wanted;
	more = reallocarray(c->denied, room, sizeof *more);
	if (more == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	c->denied = more;
	c->denied_room = room;
	return ERR_OK;
}

err charter_check_denials(struct charter_check *c, const struct open_decision *d, uint64_t at,
			  const char **why, struct fault *f)
{
	size_t n = 0;

	*why = NULL;
	for (const struct kept *one = d->denials; one != NULL; one = one->next) {
		if (!by_the_charter(c, one))
			continue;
		if (timing_of(one, at) == BEFORE) {
			*why = "somebody whom the charter names had denied it";
			return ERR_OK;
		}
		n++;
	}
	if (n == 0)
		return ERR_OK;
	TRY(make_room(c, n, f));
	c->denied_n += n;
	/* The newest comes first in the list and is named last. */
	struct denied_late *out = c->denied + c->denied_n;
	for (const struct kept *one = d->denials; one != NULL; one = one->next)
		if (by_the_charter(c, one))
			*--out = (struct denied_late){.sequence = one->sequence,
						      .decision = d->decision->sequence,
						      .before = timing_of(one, at) == JUST_BEFORE};
	return ERR_OK;
}
