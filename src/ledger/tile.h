/* SPDX-License-Identifier: Apache-2.0 */
/* tile.h — hash tiles of C2SP tlog-tiles in memory: 256 hashes wide, eight tree levels high, with
 * every inner node kept, so that a proof needs no hashing. Also their paths. No I/O. */
#ifndef LEDGER_TILE_H
#define LEDGER_TILE_H

#include "core/merkle.h"

enum {
	TILE_WIDTH = 256,
	TILE_HEIGHT = 8,
	TILE_LEVELS = 8, /* 256^8 leaves: more than a sequence can count */
	TILE_SIZE = TILE_WIDTH * (int)sizeof(struct hash),
	TILE_PATH_SIZE = 64,
};

/* Invariant: every complete subtree of the first `n` hashes is in `node`. */
struct tile {
	unsigned level;
	unsigned n;
	uint64_t index;
	struct hash node[2 * TILE_WIDTH - 1]; /* the 256 hashes, then 128 of pairs, … 1 root */
};

/* Makes it the empty tile of that place. */
void tile_init(struct tile *t, unsigned level, uint64_t index);
/* Adds one hash; the tile must not be full. */
void tile_push(struct tile *t, struct hash h);
/* The hashes themselves, as in the file. */
struct bytes tile_bytes(const struct tile *t);
/* The tile's node `height` levels above its hashes. */
const struct hash *tile_node(const struct tile *t, unsigned height, unsigned i);
/* Root of a full tile: one hash of the level above. */
struct hash tile_root(const struct tile *t);

/* How wide the tile is in a tree of `size` leaves: 0 (not there) to 256. */
unsigned tile_width(unsigned level, uint64_t index, uint64_t size);

/* The right edge of a growing tree: one tile per level, none of them ever full.
 * Zero-initialise with edge_init. */
struct edge {
	uint64_t size;
	struct tile tile[TILE_LEVELS];
};

void edge_init(struct edge *e);
/* Adds one leaf. `full` (may be NULL) is called for each tile that this completes, lowest first;
 * false from it ends the call, and the edge is then of no more use. */
typedef bool edge_full_fn(void *context, const struct tile *t);
MUST_CHECK bool edge_push(struct edge *e, struct hash leaf, edge_full_fn *full, void *context);
struct merkle_head edge_head(const struct edge *e);

/* A resource of the protocol, read from its path or written to one. */
enum tile_kind { TILE_CHECKPOINT, TILE_HASHES, TILE_ENTRIES };
struct tile_name {
	enum tile_kind kind;
	unsigned level; /* TILE_HASHES */
	uint64_t index;
	unsigned width; /* 1 to 255 when partial, 256 when full */
};
/* "tile/0/x001/234.p/5", "tile/entries/000", "checkpoint". Strict: one spelling per tile. */
MUST_CHECK bool tile_name_parse(const char *path, struct tile_name *out);
void tile_name_put(struct tile_name name, char out[static TILE_PATH_SIZE]);

#endif
