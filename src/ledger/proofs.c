/* SPDX-License-Identifier: Apache-2.0 */
/* proofs.c — inclusion and consistency paths, read from tiles that know their inner nodes. */
#include "ledger/room.h"

struct fetch {
	struct ledger *l;
	uint64_t size;
	struct fault *f;
	err e;
};

/* A complete subtree is one node of one tile. */
static bool fetch_node(void *context, struct merkle_place place, struct hash *out)
{
	struct fetch *fetch = context;
	unsigned level = place.level / TILE_HEIGHT, height = place.level % TILE_HEIGHT;
	/* The tile's nodes of this height are numbered across all tiles of the level. */
	unsigned per_tile = TILE_WIDTH >> height;
	const struct tile *t;

	fetch->e = tile_get(fetch->l, level, place.index / per_tile, fetch->size, &t, fetch->f);
	if (fetch->e.code != OK)
		return false;
	*out = *tile_node(t, height, (unsigned)(place.index % per_tile));
	return true;
}

static err out_of_range(struct fault *f, uint64_t size, uint64_t asked)
{
	return fail(f, "LEDGER_PROOF_RANGE", "size", number_text(size).text, "asked",
		    number_text(asked).text, NULL);
}

/* The head as last read, unless the proof needs a newer one. */
static err need_size(struct ledger *l, uint64_t size, struct fault *f)
{
	if (size > l->base.size)
		TRY(head_read(l, f));
	return size > l->base.size ? out_of_range(f, l->base.size, size) : ERR_OK;
}

err ledger_inclusion(struct ledger *l, uint64_t size, uint64_t sequence, struct hash *path,
		     size_t *n, struct fault *f)
{
	struct fetch fetch = {.l = l, .size = size, .f = f};

	if (sequence >= size)
		return out_of_range(f, size, sequence);
	TRY(need_size(l, size, f));
	if (merkle_inclusion_path(size, sequence, fetch_node, &fetch, path, n))
		return ERR_OK;
	return fetch.e.code != OK ? fetch.e : out_of_range(f, size, sequence);
}

err ledger_consistency(struct ledger *l, uint64_t old_size, uint64_t new_size, struct hash *path,
		       size_t *n, struct fault *f)
{
	struct fetch fetch = {.l = l, .size = new_size, .f = f};

	if (old_size > new_size)
		return out_of_range(f, new_size, old_size);
	TRY(need_size(l, new_size, f));
	if (merkle_consistency_path(old_size, new_size, fetch_node, &fetch, path, n))
		return ERR_OK;
	return fetch.e.code != OK ? fetch.e : out_of_range(f, new_size, old_size);
}
