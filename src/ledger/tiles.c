/* SPDX-License-Identifier: Apache-2.0 */
/* tiles.c — tiles in memory, and the folder that follows the entries. */
#include "ledger/room.h"

#include <stdlib.h>
#include <string.h>

/* How far the durable mark may stay behind, while running and when closing. */
enum { MARK_EVERY = 1 << 22, MARK_AT_CLOSE = 1 << 16 };

/* ---- the cache ---- */

enum { CACHE_LOW = 48, CACHE_HIGH = 16 };

static struct tile *cache_slot(struct ledger *l, unsigned level, uint64_t index)
{
	if (!l->cache)
		l->cache = calloc(CACHE_LOW + CACHE_HIGH, sizeof(*l->cache));
	if (!l->cache)
		return NULL;
	if (level == 0)
		return &l->cache[index % CACHE_LOW];
	return &l->cache[CACHE_LOW + (index + 5 * (uint64_t)level) % CACHE_HIGH];
}

/* Computes a tile from what is below it. */
err tile_compute(struct ledger *l, unsigned level, uint64_t index, unsigned width, struct tile *out,
		 struct fault *f)
{
	const struct tile *below;

	tile_init(out, level, index);
	for (unsigned i = 0; i < width; i++) {
		uint64_t at = index * TILE_WIDTH + i;

		if (level == 0) {
			if (!window_holds(&l->window, at))
				TRY(window_read(l, &l->window, at, f));
			tile_push(out, merkle_leaf(window_entry(&l->window, at)));
		} else {
			uint64_t end = (at + 1) << (TILE_HEIGHT * level);

			TRY(tile_get(l, level - 1, at, end, &below, f));
			tile_push(out, tile_root(below));
		}
	}
	return ERR_OK;
}

err tile_get(struct ledger *l, unsigned level, uint64_t index, uint64_t size,
	     const struct tile **out, struct fault *f)
{
	unsigned width = tile_width(level, index, size);
	struct tile *slot = cache_slot(l, level, index);
	struct tile found;

	if (!slot)
		return fail(f, "MEMORY_EXHAUSTED", "what", "tiles", NULL);
	if (level < TILE_LEVELS && l->edge.tile[level].index == index &&
	    l->edge.tile[level].n >= width) {
		*out = &l->edge.tile[level];
		return ERR_OK;
	}
	*out = slot;
	if (slot->level == level && slot->index == index && slot->n >= width)
		return ERR_OK;
	bool read = l->folder[0] &&
		    (tile_file_read(l, level, index, width, TILE_WIDTH, &found) ||
		     (width < TILE_WIDTH && tile_file_read(l, level, index, width, width, &found)));

	if (!read)
		TRY(tile_compute(l, level, index, width, &found, f));
	*slot = found;
	return ERR_OK;
}

/* ---- following the entries ---- */

struct step {
	struct ledger *l;
	const uint64_t *began; /* per level: the tile that was partial before; NULL: none known */
	struct fault *f;
	err e;
};

/* Writes a full tile, keeps it in memory, and drops the partial files it replaces. */
static bool tile_full(void *context, const struct tile *t)
{
	struct step *step = context;
	struct ledger *l = step->l;
	struct tile *slot = cache_slot(l, t->level, t->index);
	char name[TILE_PATH_SIZE];

	if (slot)
		*slot = *t;
	if (!l->folder[0])
		return true;
	tile_name_text(TILE_HASHES, t->level, t->index, TILE_WIDTH, name);
	step->e = tile_file_write(l, name, tile_bytes(t), step->f);
	if (step->e.code != OK)
		return false;
	if (l->checks || step->began[t->level] == t->index)
		tile_file_drop_partials(l, name);
	return true;
}

static err bundle_full(struct step *step)
{
	struct ledger *l = step->l;
	uint64_t index = l->bundle.first / TILE_WIDTH;
	char name[TILE_PATH_SIZE];

	tile_name_text(TILE_ENTRIES, 0, index, TILE_WIDTH, name);
	TRY(tile_file_write(l, name, window_slice(&l->bundle, 0, l->bundle.n), step->f));
	if (l->checks || step->began[0] == index)
		tile_file_drop_partials(l, name);
	window_clear(&l->bundle, l->bundle.first + TILE_WIDTH);
	return ERR_OK;
}

static err follow_one(struct step *step, struct bytes entry)
{
	struct ledger *l = step->l;

	if (l->folder[0]) {
		TRY(window_add(&l->bundle, entry, step->f));
		if (l->bundle.n == TILE_WIDTH)
			TRY(bundle_full(step));
	}
	step->e = ERR_OK;
	if (!edge_push(&l->edge, merkle_leaf(entry), tile_full, step))
		return step->e;
	return ERR_OK;
}

/* Partial tiles of the present size, at every level that has one. */
static err write_partials(struct ledger *l, struct fault *f)
{
	char name[TILE_PATH_SIZE];

	if (!l->folder[0])
		return ERR_OK;
	if (l->bundle.n > 0) {
		tile_name_text(TILE_ENTRIES, 0, l->bundle.first / TILE_WIDTH, (unsigned)l->bundle.n,
			       name);
		TRY(tile_file_write(l, name, window_slice(&l->bundle, 0, l->bundle.n), f));
	}
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		const struct tile *t = &l->edge.tile[level];

		if (t->n == 0)
			continue;
		tile_name_text(TILE_HASHES, level, t->index, t->n, name);
		TRY(tile_file_write(l, name, tile_bytes(t), f));
	}
	return ERR_OK;
}

/* Brings the edge and the files from where they stand to `size`. */
err tiles_follow(struct ledger *l, uint64_t size, struct fault *f)
{
	uint64_t began[TILE_LEVELS];
	struct step step = {.l = l, .began = began, .f = f};

	if (l->edge.size >= size)
		return ERR_OK;
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		const struct tile *t = &l->edge.tile[level];

		began[level] = t->n > 0 ? t->index : UINT64_MAX;
	}
	while (l->edge.size < size) {
		if (!window_holds(&l->window, l->edge.size))
			TRY(window_read(l, &l->window, l->edge.size, f));
		TRY(follow_one(&step, window_entry(&l->window, l->edge.size)));
	}
	return l->holds && !l->checks ? ERR_OK : write_partials(l, f);
}

/* ---- what is held back ---- */

void ledger_hold_files(struct ledger *l, bool hold)
{
	l->holds = hold;
}

static void forget_held(struct ledger *l)
{
	free((void *)(uintptr_t)l->shown_next.p);
	l->shown_next = (struct bytes){0};
}

err tiles_hold_checkpoint(struct ledger *l, struct bytes note, struct fault *f)
{
	uint8_t *copy = malloc(note.n);

	if (!copy)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
	memcpy(copy, note.p, note.n);
	forget_held(l);
	l->shown_next = bytes_of(copy, note.n);
	return ERR_OK;
}

err ledger_show(struct ledger *l, struct fault *f)
{
	if (!l->shown_next.p)
		return ERR_OK;
	TRY(write_partials(l, f));
	TRY(tile_file_write(l, "checkpoint", l->shown_next, f));
	forget_held(l);
	return ERR_OK;
}

void tiles_close(struct ledger *l)
{
	err shown = ledger_show(l, NULL);

	(void)shown; /* the next start shows it */
	forget_held(l);
	if (l->follows && l->folder[0] && l->edge.size >= l->durable + MARK_AT_CLOSE) {
		err ignored = mark_write(l, NULL);

		(void)ignored; /* the next start then checks more */
	}
	window_free(&l->bundle);
	free(l->cache);
}

bool edge_is_head(const struct ledger *l)
{
	return l->edge.size != l->base.size ||
	       hash_equal(edge_head(&l->edge).root, merkle_head(&l->base).root);
}

err ledger_write_tiles(struct ledger *l, uint64_t size, struct fault *f)
{
	bool first = !l->follows;
	/* After an error the edge may stand in the middle of a step: then it starts anew. */
	l->follows = false;
	if (first)
		TRY(tiles_resume(l, size, f));
	else
		TRY(tiles_follow(l, size, f));
	if (!edge_is_head(l))
		return fail(f, "LEDGER_ROOT_MISMATCH", "size", number_text(l->edge.size).text,
			    "expected", hash_text(merkle_head(&l->base).root).text, "found",
			    hash_text(edge_head(&l->edge).root).text, NULL);
	l->follows = true;
	if (l->folder[0] && l->edge.size >= l->durable + MARK_EVERY)
		TRY(mark_write(l, f));
	return ERR_OK;
}
