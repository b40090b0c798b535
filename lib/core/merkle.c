/* SPDX-License-Identifier: Apache-2.0 */
#include "core/merkle.h"

#include "core/sha256.h"

/* The prefixes keep a leaf from being read as a node (second preimage). */
enum { NODE_PREFIX = 0x01 };
static const uint8_t LEAF_PREFIX[] = {0x00};

/* Beyond this size a consistency proof could need MERKLE_DEPTH_MAX + 1 hashes. */
static const uint64_t SIZE_MAX_PROVEN = UINT64_C(1) << 63;

struct hash merkle_leaf(struct bytes entry)
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, bytes_of(LEAF_PREFIX, sizeof LEAF_PREFIX));
	sha256_update(&s, entry);
	return sha256_final(&s);
}

/* Two blocks, padded here: an append hashes one node for each leaf, and a node costs a third less
 * without the general case. */
struct hash merkle_node(struct hash left, struct hash right)
{
	/* The prefix; after 65 bytes of message the bit that ends it, and its length, 520 bits. */
	uint8_t in[128] = {[0] = NODE_PREFIX, [65] = 0x80, [126] = 0x02, [127] = 0x08};

	__builtin_memcpy(in + 1, left.b, sizeof left.b);
	__builtin_memcpy(in + 1 + sizeof left.b, right.b, sizeof right.b);
	return sha256_padded(in, 2);
}

void merkle_append(struct merkle *tree, struct hash leaf)
{
	size_t top = (size_t)__builtin_popcountll(tree->size);

	/* Each trailing 1 bit of size is a complete subtree that now gets its twin. */
	for (uint64_t s = tree->size; s & 1; s >>= 1)
		leaf = merkle_node(tree->roots[--top], leaf);
	tree->roots[top] = leaf;
	tree->size++;
}

struct merkle_head merkle_head(const struct merkle *tree)
{
	struct merkle_head head = {.size = tree->size};
	size_t top = (size_t)__builtin_popcountll(tree->size);

	if (top == 0) {
		head.root = sha256((struct bytes){0});
		return head;
	}
	head.root = tree->roots[--top];
	while (top > 0)
		head.root = merkle_node(tree->roots[--top], head.root);
	return head;
}

/* ---- making proofs ---- */

struct source {
	merkle_fetch *fetch;
	void *context;
};

/* Half-open range of leaves. Every range here starts at a multiple of a power of two that is at
 * least its length, so that it splits into complete subtrees by the bits of its length. */
struct range {
	uint64_t begin, end;
};

/* Largest power of two below the range's length, which is 2 or more (section 2.1.1). */
static uint64_t split(struct range r)
{
	return UINT64_C(1) << (63 - __builtin_clzll(r.end - r.begin - 1));
}

/* Root over a range: its complete subtrees, smallest and last first, each joined to the left. */
static bool range_root(struct source source, struct range r, struct hash *out)
{
	struct hash root = {{0}}, left;
	bool first = true;

	while (r.end > r.begin) {
		unsigned level = (unsigned)__builtin_ctzll(r.end - r.begin);
		struct merkle_place place = {level, (r.end >> level) - 1};

		if (!source.fetch(source.context, place, &left))
			return false;
		root = first ? left : merkle_node(left, root);
		first = false;
		r.end -= UINT64_C(1) << level;
	}
	*out = root;
	return true;
}

static void reverse(struct hash *path, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct hash swap = path[i];

		path[i] = path[n - 1 - i];
		path[n - 1 - i] = swap;
	}
}

/* One step down from `r` towards `leaf`: `r` becomes the half that holds it, and the other half
 * is returned. */
static struct range descend(struct range *r, uint64_t leaf)
{
	uint64_t middle = r->begin + split(*r);
	struct range left = {r->begin, middle}, right = {middle, r->end};

	*r = leaf < middle ? left : right;
	return leaf < middle ? right : left;
}

bool merkle_inclusion_path(uint64_t size, uint64_t index, merkle_fetch *fetch, void *context,
			   struct hash *path, size_t *n)
{
	struct source source = {fetch, context};
	struct range r = {0, size};
	size_t count = 0;

	if (index >= size || size > SIZE_MAX_PROVEN)
		return false;
	while (r.end - r.begin > 1) {
		if (!range_root(source, descend(&r, index), &path[count++]))
			return false;
	}
	reverse(path, count);
	*n = count;
	return true;
}

bool merkle_consistency_path(uint64_t old, uint64_t size, merkle_fetch *fetch, void *context,
			     struct hash *path, size_t *n)
{
	struct source source = {fetch, context};
	struct range r = {0, size};
	size_t count = 0;

	if (old > size || size > SIZE_MAX_PROVEN)
		return false;
	*n = 0;
	if (old == 0 || old == size)
		return true;
	/* Down to the subtree that ends where the old tree ended. */
	while (r.end != old) {
		if (!range_root(source, descend(&r, old - 1), &path[count++]))
			return false;
	}
	/* The verifier knows that subtree already if it is the whole old tree. */
	if (r.begin != 0 && !range_root(source, r, &path[count++]))
		return false;
	reverse(path, count);
	*n = count;
	return true;
}

/* ---- checking proofs ---- */

/* One bit per level: where a subtree stands, and where the last one of its level stands. */
struct position {
	uint64_t at, last;
};

static void rise(struct position *p)
{
	p->at >>= 1;
	p->last >>= 1;
}

/* Takes one sibling of a path: whether it joins on the left. Skips the levels where the right
 * edge has no sibling. */
static bool joins_left(struct position *p)
{
	bool left = (p->at & 1) != 0 || p->at == p->last;

	if (left) {
		while ((p->at & 1) == 0 && p->at != 0)
			rise(p);
	}
	rise(p);
	return left;
}

bool merkle_includes(struct merkle_head head, uint64_t index, struct hash leaf,
		     const struct hash *path, size_t path_n)
{
	struct position p = {index, head.size - 1};

	if (index >= head.size || path_n > MERKLE_DEPTH_MAX)
		return false;
	for (size_t i = 0; i < path_n; i++) {
		if (p.last == 0)
			return false;
		leaf = joins_left(&p) ? merkle_node(path[i], leaf) : merkle_node(leaf, path[i]);
	}
	return p.last == 0 && hash_equal(leaf, head.root);
}

/* For 0 < old < now. */
static bool proves_extension(struct merkle_head old, struct merkle_head now,
			     const struct hash *path, size_t path_n)
{
	struct position p = {old.size - 1, now.size - 1};
	struct hash first = old.root, second;
	size_t i = 0;

	if ((old.size & (old.size - 1)) != 0)
		first = path[i++];
	second = first;
	while (p.at & 1)
		rise(&p);
	for (; i < path_n; i++) {
		if (p.last == 0)
			return false;
		if (joins_left(&p)) {
			first = merkle_node(path[i], first);
			second = merkle_node(path[i], second);
		} else {
			second = merkle_node(second, path[i]);
		}
	}
	return p.last == 0 && hash_equal(first, old.root) && hash_equal(second, now.root);
}

bool merkle_extends(struct merkle_head old, struct merkle_head now, const struct hash *path,
		    size_t path_n)
{
	if (old.size > now.size || path_n > MERKLE_DEPTH_MAX)
		return false;
	if (old.size == now.size)
		return path_n == 0 && hash_equal(old.root, now.root);
	if (old.size == 0)
		return path_n == 0;
	return path_n > 0 && proves_extension(old, now, path, path_n);
}
