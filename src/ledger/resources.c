/* SPDX-License-Identifier: Apache-2.0 */
/* resources.c — what the protocol serves, from the store: the same bytes as in the folder. */
#include "ledger/room.h"

static err not_there(struct fault *f, const char *path)
{
	return fail(f, "LEDGER_NO_SUCH_RESOURCE", "path", path, NULL);
}

static err copy_out(struct arena *a, struct bytes from, struct bytes *out, struct fault *f)
{
	struct bytes copy = arena_copy(a, from);

	if (!copy.p)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a tile", NULL);
	*out = copy;
	return ERR_OK;
}

static err checkpoint_resource(struct ledger *l, struct arena *a, const char *path,
			       struct bytes *out, struct fault *f)
{
	struct merkle_head head;
	struct bytes note;

	TRY(ledger_checkpoint(l, a, &note, &head, f));
	if (note.n == 0)
		return not_there(f, path);
	*out = note;
	return ERR_OK;
}

/* The entries of one bundle, gathered from however many batches hold them. */
static err bundle_resource(struct ledger *l, struct arena *a, const struct tile_name *name,
			   struct bytes *out, struct fault *f)
{
	struct window bundle = {0};
	err e = ERR_OK;

	for (unsigned i = 0; e.code == OK && i < name->width; i++) {
		uint64_t sequence = name->index * TILE_WIDTH + i;

		if (!window_holds(&l->window, sequence))
			e = window_read(l, &l->window, sequence, f);
		if (e.code == OK)
			e = window_add(&bundle, window_entry(&l->window, sequence), f);
	}
	if (e.code == OK)
		e = copy_out(a, window_slice(&bundle, 0, bundle.n), out, f);
	window_free(&bundle);
	return e;
}

static err hashes_resource(struct ledger *l, struct arena *a, const struct tile_name *name,
			   struct bytes *out, struct fault *f)
{
	uint64_t end = (name->index * TILE_WIDTH + name->width) << (TILE_HEIGHT * name->level);
	const struct tile *t;

	TRY(tile_get(l, name->level, name->index, end, &t, f));
	struct bytes hashes = tile_bytes(t);

	hashes.n = name->width * sizeof(struct hash);
	return copy_out(a, hashes, out, f);
}

err ledger_resource(struct ledger *l, struct arena *a, const char *path, struct bytes *out,
		    struct fault *f)
{
	struct tile_name name;

	if (!tile_name_parse(path, &name))
		return not_there(f, path);
	if (name.kind == TILE_CHECKPOINT)
		return checkpoint_resource(l, a, path, out, f);
	if (name.width > tile_width(name.level, name.index, l->base.size))
		TRY(head_read(l, f));
	/* Only what a tree of the present size has: nothing empty, nothing to come. */
	if (name.width > tile_width(name.level, name.index, l->base.size))
		return not_there(f, path);
	if (name.kind == TILE_ENTRIES)
		return bundle_resource(l, a, &name, out, f);
	return hashes_resource(l, a, &name, out, f);
}
