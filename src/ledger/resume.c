/* SPDX-License-Identifier: Apache-2.0 */
/* resume.c — the first step after a start: whatever of the tiles may not have reached the disk is
 * compared with the entries and repaired, then the edge stands where the entries end. */
#include "ledger/room.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Entries before the durable mark that are compared all the same. */
enum { CHECK_BACK = 1 << 18 };

/* Writes one file again from the entries if it is missing or has the wrong size. */
static err mend_tile(struct ledger *l, unsigned level, uint64_t index, struct fault *f)
{
	char name[TILE_PATH_SIZE];
	struct tile t;
	struct stat st;

	tile_name_text(TILE_HASHES, level, index, TILE_WIDTH, name);
	if (stat(path_of(l, name).text, &st) == 0 && st.st_size == TILE_SIZE)
		return ERR_OK;
	TRY(tile_compute(l, level, index, TILE_WIDTH, &t, f));
	return tile_file_write(l, name, tile_bytes(&t), f);
}

static err mend_bundle(struct ledger *l, uint64_t index, struct fault *f)
{
	char name[TILE_PATH_SIZE];
	struct stat st;

	tile_name_text(TILE_ENTRIES, 0, index, TILE_WIDTH, name);
	if (stat(path_of(l, name).text, &st) == 0 && st.st_size >= TILE_WIDTH * (LENGTH_SIZE + 1))
		return ERR_OK;
	window_clear(&l->bundle, index * TILE_WIDTH);
	for (unsigned i = 0; i < TILE_WIDTH; i++) {
		uint64_t sequence = index * TILE_WIDTH + i;

		if (!window_holds(&l->window, sequence))
			TRY(window_read(l, &l->window, sequence, f));
		TRY(window_add(&l->bundle, window_entry(&l->window, sequence), f));
	}
	return tile_file_write(l, name, window_slice(&l->bundle, 0, TILE_WIDTH), f);
}

/* What reached the disk long ago: only its presence and sizes are looked at. */
static err mend_old(struct ledger *l, uint64_t size, struct fault *f)
{
	for (uint64_t i = 0; i < size / TILE_WIDTH; i++)
		TRY(mend_bundle(l, i, f));
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		uint64_t full = (size >> (TILE_HEIGHT * level)) / TILE_WIDTH;

		for (uint64_t i = 0; i < full; i++)
			TRY(mend_tile(l, level, i, f));
	}
	return ERR_OK;
}

/* Places the edge at `size`, a multiple of the tile width, reading what the folder has. */
static err edge_load(struct ledger *l, uint64_t size, struct fault *f)
{
	const struct tile *t;

	edge_init(&l->edge);
	for (unsigned level = TILE_LEVELS; size > 0 && level-- > 0;) {
		uint64_t index = (size >> (TILE_HEIGHT * level)) / TILE_WIDTH;
		unsigned width = tile_width(level, index, size);
		struct tile part;

		tile_init(&part, level, index);
		if (width > 0)
			TRY(tile_get(l, level, index, size, &t, f));
		for (unsigned i = 0; i < width; i++)
			tile_push(&part, *tile_node(t, 0, i));
		l->edge.tile[level] = part;
	}
	l->edge.size = size;
	window_clear(&l->bundle, size);
	return ERR_OK;
}

/* The published checkpoint and the partial tiles that it promises. */
static err follow_checkpoint(struct ledger *l, uint64_t size, struct fault *f)
{
	struct arena a = {0};
	struct bytes note;
	struct merkle_head head;
	err e = ledger_checkpoint(l, &a, &note, &head, f);

	if (e.code == OK && note.n > 0 && head.size <= size) {
		e = tiles_follow(l, head.size, f);
		if (e.code == OK && l->folder[0])
			e = tile_file_write(l, "checkpoint", note, f);
	}
	arena_done(&a);
	return e;
}

/* Compares and repairs from `start` on. */
static err resume_from(struct ledger *l, uint64_t start, uint64_t size, struct fault *f)
{
	if (l->folder[0] && start > 0)
		TRY(mend_old(l, start, f));
	TRY(edge_load(l, start, f));
	TRY(follow_checkpoint(l, size, f));
	return tiles_follow(l, size, f);
}

/* The first time: everything that may not have reached the disk is checked. */
err tiles_resume(struct ledger *l, uint64_t size, struct fault *f)
{
	uint64_t start;

	TRY(head_read(l, f));
	if (l->folder[0])
		aside_clean(l);
	l->durable = l->folder[0] ? mark_read(l) : 0;
	start = l->durable < size ? l->durable : size;
	start = start > CHECK_BACK ? (start - CHECK_BACK) / TILE_WIDTH * TILE_WIDTH : 0;
	l->checks = true;
	err e = resume_from(l, start, size, f);

	if (e.code == OK && start > 0 && !edge_is_head(l)) {
		/* Something old is wrong without having the wrong size: check it all. */
		free(l->cache);
		l->cache = NULL;
		e = resume_from(l, 0, size, f);
	}
	l->checks = false;
	l->follows = e.code == OK;
	return e;
}
