/* SPDX-License-Identifier: Apache-2.0 */
#include "server/retry.h"

#include <stdlib.h>
#include <string.h>

/* A table with open addressing. Digests are spread evenly by themselves, but a station chooses what it
 * signs: a run of neighbours is bounded, and the soonest due gives way. */
enum { SLOTS = 2 * RETRIES_MAX, RUN_MAX = 64 };

struct slot {
	struct hash what;
	uint64_t next_ms;
	uint32_t pause_ms; /* 0: the slot is free */
};

struct retry {
	size_t n;
	struct slot slots[SLOTS];
};

err retry_open(struct retry **out, struct fault *f)
{
	*out = calloc(1, sizeof **out);
	return *out != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

void retry_close(struct retry *r)
{
	free(r);
}

static size_t home_of(struct hash what)
{
	uint64_t word;

	memcpy(&word, what.b, sizeof word);
	return (size_t)(word % SLOTS);
}

/* Where it is, or SLOTS. Forgotten slots may stand in between: a whole run is looked through. */
static size_t place_of(const struct retry *r, struct hash what)
{
	for (size_t i = 0, at = home_of(what); i < RUN_MAX; i++, at = (at + 1) % SLOTS)
		if (r->slots[at].pause_ms != 0 && hash_equal(r->slots[at].what, what))
			return at;
	return SLOTS;
}

/* A free slot of its run, or the one that is due soonest. */
static struct slot *room_for(struct retry *r, struct hash what)
{
	struct slot *soonest = NULL;

	for (size_t i = 0, at = home_of(what); i < RUN_MAX; i++, at = (at + 1) % SLOTS) {
		struct slot *slot = &r->slots[at];
		if (slot->pause_ms == 0) {
			r->n++;
			return slot;
		}
		if (soonest == NULL || slot->next_ms < soonest->next_ms)
			soonest = slot;
	}
	return soonest;
}

bool retry_due(const struct retry *r, struct hash what, uint64_t now_ms)
{
	size_t at = place_of(r, what);

	return at == SLOTS || r->slots[at].next_ms <= now_ms;
}

void retry_later(struct retry *r, struct hash what, uint64_t now_ms)
{
	size_t at = place_of(r, what);
	struct slot *slot = at == SLOTS ? room_for(r, what) : &r->slots[at];
	uint32_t pause = at == SLOTS ? RETRY_FIRST_MS : 2 * slot->pause_ms;

	pause = pause < RETRY_LAST_MS ? pause : RETRY_LAST_MS;
	*slot = (struct slot){what, now_ms + pause, pause};
}

void retry_forget(struct retry *r, struct hash what)
{
	size_t at = place_of(r, what);

	if (at == SLOTS)
		return;
	r->slots[at] = (struct slot){0};
	r->n--;
}

void retry_drop(struct retry *r, uint64_t now_ms)
{
	for (size_t i = 0; i < SLOTS && r->n > 0; i++)
		if (r->slots[i].pause_ms != 0 && r->slots[i].next_ms <= now_ms) {
			r->slots[i] = (struct slot){0};
			r->n--;
		}
}

size_t retry_count(const struct retry *r)
{
	return r->n;
}

uint64_t retry_next_ms(const struct retry *r)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < SLOTS && r->n > 0; i++)
		if (r->slots[i].pause_ms != 0 && r->slots[i].next_ms < next)
			next = r->slots[i].next_ms;
	return next;
}
