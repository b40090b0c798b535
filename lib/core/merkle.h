/* SPDX-License-Identifier: Apache-2.0 */
/* merkle.h — Merkle tree of RFC 9162 section 2.1, kept as the roots of its complete
 * subtrees. Portable: no allocation, no I/O. */
#ifndef CORE_MERKLE_H
#define CORE_MERKLE_H

#include "core/bytes.h"

enum { MERKLE_DEPTH_MAX = 64 };

/* Invariant: one root per set bit of `size`, largest subtree first.
 * Zero-initialise; there is nothing to free. */
struct merkle {
	uint64_t size;
	struct hash roots[MERKLE_DEPTH_MAX];
};

/* What a checkpoint signs. The root does not commit to the size, so the two come from
 * one signed checkpoint and never travel apart. */
struct merkle_head {
	uint64_t size;
	struct hash root;
};

/* SHA-256(0x00 ‖ entry), and SHA-256(0x01 ‖ left ‖ right). */
struct hash merkle_leaf(struct bytes entry);
struct hash merkle_node(struct hash left, struct hash right);

void merkle_append(struct merkle *tree, struct hash leaf);
/* The empty tree's root is SHA-256 of nothing (RFC 9162 section 2.1.1). */
struct merkle_head merkle_head(const struct merkle *tree);

/* Where a proof's hashes stand in the tree: the root of the complete subtree `index` at
 * `level`, that is of the leaves [index << level, (index + 1) << level). */
struct merkle_place {
	unsigned level;
	uint64_t index;
};

/* Fetches the root of one complete subtree; false if it cannot. */
typedef bool merkle_fetch(void *context, struct merkle_place place, struct hash *out);

/* The inclusion path of leaf `index` in the tree of `size` leaves (section 2.1.3.1), lowest
 * first, read through `fetch`. `*n` at most MERKLE_DEPTH_MAX. */
MUST_CHECK bool merkle_inclusion_path(uint64_t size, uint64_t index, merkle_fetch *fetch,
				      void *context, struct hash *path, size_t *n);
/* The consistency proof from `old` to `size` leaves (section 2.1.4.1). */
MUST_CHECK bool merkle_consistency_path(uint64_t old, uint64_t size, merkle_fetch *fetch,
					void *context, struct hash *path, size_t *n);

/* True if `leaf` is entry `index` of the tree that `head` describes.
 * `path` holds the sibling hashes, lowest first. */
MUST_CHECK bool merkle_includes(struct merkle_head head, uint64_t index, struct hash leaf,
				const struct hash *path, size_t path_n);
/* True if the tree of `now` extends the tree of `old` (section 2.1.4.2). */
MUST_CHECK bool merkle_extends(struct merkle_head old, struct merkle_head now,
			       const struct hash *path, size_t path_n);

#endif
