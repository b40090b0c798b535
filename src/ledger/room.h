/* SPDX-License-Identifier: Apache-2.0 */
/* room.h — what the files of this room share: the log's view of one connection. */
#ifndef LEDGER_ROOM_H
#define LEDGER_ROOM_H

#include "ledger/ledger.h"
#include "ledger/tile.h"

enum {
	BATCH_ROW_MAX = 8 << 20, /* bytes in one row of entry_batch */
	PENDING_MAX = 256 << 20, /* bytes appended in one transaction */
	LENGTH_SIZE = 2,         /* before each entry in a bundle */
	PATH_TEXT_SIZE = 4096,
};

/* Entries in a row of memory: `starts` has n + 1 offsets into `bytes`. */
struct window {
	uint64_t first;
	size_t n;
	uint8_t *bytes;
	size_t *starts;
	size_t bytes_cap, starts_cap;
};

struct ledger {
	struct db *db;
	struct statement *read_head, *first_head, *move_head, *add_batch, *read_batches;
	struct statement *read_checkpoint, *first_checkpoint, *move_checkpoint;

	/* The head as last read or stored, and the entries appended after it. */
	bool has_head;
	struct merkle base;
	uint64_t base_at;
	struct window pending;

	struct window window; /* the entries read last */

	/* Tiles: the folder (empty: none), what has been written, and what was used last. */
	char folder[PATH_TEXT_SIZE - TILE_PATH_SIZE];
	char aside[64]; /* this view's own name for files being written */
	bool follows;   /* `edge` stands where the tiles end */
	bool checks;    /* compare with what the folder holds before writing */
	bool holds;     /* partial tiles and the file `checkpoint` wait for ledger_show() */
	struct bytes shown_next; /* held-back checkpoint, owned; p is NULL when none waits */
	uint64_t durable;        /* tiles up to this size survive a power cut */
	struct edge edge;
	struct window bundle; /* the entries of the partial bundle */
	struct tile *cache;
};

struct number_text {
	char text[24];
};
struct number_text number_text(uint64_t n);
/* The first 16 hexadecimal digits are enough to tell two hashes apart; all 64 are given. */
struct hash_text {
	char text[65];
};
struct hash_text hash_text(struct hash h);

/* ---- entries.c ---- */

void window_clear(struct window *w, uint64_t first);
void window_free(struct window *w);
MUST_CHECK err window_add(struct window *w, struct bytes entry, struct fault *f);
void window_truncate(struct window *w, size_t n);
struct bytes window_entry(const struct window *w, uint64_t sequence);
bool window_holds(const struct window *w, uint64_t sequence);
/* Entries [from, to) of the window as they stand in a bundle. */
struct bytes window_slice(const struct window *w, size_t from, size_t to);
/* Reads the batches around `sequence`; the window then holds it, or LEDGER_NO_SUCH_ENTRY. */
MUST_CHECK err window_read(struct ledger *l, struct window *w, uint64_t sequence, struct fault *f);

/* ---- ledger.c ---- */

MUST_CHECK err head_read(struct ledger *l, struct fault *f);

/* ---- folder.c ---- */

struct path {
	char text[PATH_TEXT_SIZE];
};
struct path path_of(const struct ledger *l, const char *name);
void tile_name_text(enum tile_kind kind, unsigned level, uint64_t index, unsigned width,
		    char out[static TILE_PATH_SIZE]);
/* Replaces a file of the tiles folder: written aside, renamed. */
MUST_CHECK err tile_file_write(struct ledger *l, const char *name, struct bytes content,
			       struct fault *f);
/* The first `width` hashes of the tile file that is named with the width `named`; false if it is
 * not there or has another size. */
MUST_CHECK bool tile_file_read(const struct ledger *l, unsigned level, uint64_t index,
			       unsigned width, unsigned named, struct tile *out);
/* Removes the partial tiles of a tile that is now full. Best effort: they do no harm. */
void tile_file_drop_partials(const struct ledger *l, const char *name);
/* Removes what processes that died have left half-written, an hour later: by then no other server
 * of this folder is still writing it. Best effort. */
void aside_clean(const struct ledger *l);
/* The durable mark. Without one, or with a damaged one, 0: more is checked, that is all. */
uint64_t mark_read(const struct ledger *l);
MUST_CHECK err mark_write(struct ledger *l, struct fault *f);

/* ---- tiles.c ---- */

/* A tile with at least the width that the tree of `size` gives it: from memory, from the folder,
 * or computed from the entries. It lives until the next call. */
MUST_CHECK err tile_get(struct ledger *l, unsigned level, uint64_t index, uint64_t size,
			const struct tile **out, struct fault *f);
/* Computes a tile from what is below it. */
MUST_CHECK err tile_compute(struct ledger *l, unsigned level, uint64_t index, unsigned width,
			    struct tile *out, struct fault *f);
/* Brings the edge and the files from where they stand to `size`. */
/* Keeps a published checkpoint until ledger_show(). */
MUST_CHECK err tiles_hold_checkpoint(struct ledger *l, struct bytes note, struct fault *f);
MUST_CHECK err tiles_follow(struct ledger *l, uint64_t size, struct fault *f);
/* False if the edge stands at the head's size with another root. */
bool edge_is_head(const struct ledger *l);
void tiles_close(struct ledger *l);

/* ---- resume.c ---- */

/* The first time: everything that may not have reached the disk is checked. */
MUST_CHECK err tiles_resume(struct ledger *l, uint64_t size, struct fault *f);

#endif
