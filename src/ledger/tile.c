/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/tile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Where the nodes of one height begin: 0, 256, 384, … 510. */
static unsigned height_start(unsigned height)
{
	return 2u * TILE_WIDTH - (2u * TILE_WIDTH >> height);
}

void tile_init(struct tile *t, unsigned level, uint64_t index)
{
	t->level = level;
	t->index = index;
	t->n = 0;
}

void tile_push(struct tile *t, struct hash h)
{
	unsigned at = t->n;

	assert(at < TILE_WIDTH);
	t->n++;
	t->node[at] = h;
	/* Each trailing 1 bit is a left twin that now gets its right one. */
	for (unsigned height = 0; at & 1; height++, at >>= 1) {
		h = merkle_node(t->node[height_start(height) + at - 1], h);
		t->node[height_start(height + 1) + (at >> 1)] = h;
	}
}

struct bytes tile_bytes(const struct tile *t)
{
	return bytes_of(t->node, t->n * sizeof(struct hash));
}

const struct hash *tile_node(const struct tile *t, unsigned height, unsigned i)
{
	return &t->node[height_start(height) + i];
}

struct hash tile_root(const struct tile *t)
{
	assert(t->n == TILE_WIDTH);
	return *tile_node(t, TILE_HEIGHT, 0);
}

unsigned tile_width(unsigned level, uint64_t index, uint64_t size)
{
	uint64_t count = level < TILE_LEVELS ? size >> (TILE_HEIGHT * level) : 0;
	uint64_t full = count / TILE_WIDTH;

	if (index < full)
		return TILE_WIDTH;
	return index == full ? (unsigned)(count % TILE_WIDTH) : 0;
}

void edge_init(struct edge *e)
{
	e->size = 0;
	for (unsigned level = 0; level < TILE_LEVELS; level++)
		tile_init(&e->tile[level], level, 0);
}

bool edge_push(struct edge *e, struct hash leaf, edge_full_fn *full, void *context)
{
	e->size++;
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		struct tile *t = &e->tile[level];

		tile_push(t, leaf);
		if (t->n < TILE_WIDTH)
			return true;
		if (full && !full(context, t))
			return false;
		leaf = tile_root(t);
		tile_init(t, level, t->index + 1);
	}
	return true;
}

struct merkle_head edge_head(const struct edge *e)
{
	struct merkle tree = {.size = e->size};
	size_t n = 0;

	/* Largest subtree first: from the top tile down, in each from its greatest height down. */
	for (unsigned level = TILE_LEVELS; level-- > 0;) {
		const struct tile *t = &e->tile[level];

		for (unsigned height = TILE_HEIGHT; height-- > 0;) {
			if ((t->n >> height) & 1)
				tree.roots[n++] = *tile_node(t, height, (t->n >> height) - 1);
		}
	}
	return merkle_head(&tree);
}

/* ---- paths ---- */

/* A decimal number of at most 3 digits without leading zeros. */
static bool take_small(const char **p, unsigned *out)
{
	const char *start = *p;

	*out = 0;
	while (**p >= '0' && **p <= '9' && *p - start < 3)
		*out = *out * 10 + (unsigned)(*(*p)++ - '0');
	return *p > start && (*start != '0' || *p - start == 1);
}

static bool take_text(const char **p, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*p, text, n) != 0)
		return false;
	*p += n;
	return true;
}

/* Exactly three digits. */
static bool take_group(const char **p, uint64_t *index)
{
	for (int i = 0; i < 3; i++) {
		char c = (*p)[i];

		if (c < '0' || c > '9')
			return false;
		*index = *index * 10 + (uint64_t)(c - '0');
	}
	*p += 3;
	return true;
}

static bool take_index(const char **p, uint64_t *index)
{
	const char *start = *p;

	*index = 0;
	while (**p == 'x') {
		/* Six groups in all hold any index up to 10^18 - 1. */
		if (*p - start >= 5 * 5)
			return false;
		(*p)++;
		if (!take_group(p, index) || !take_text(p, "/"))
			return false;
	}
	/* A first group of zeros is another spelling of a shorter path. */
	if (*p > start && strncmp(start, "x000/", 5) == 0)
		return false;
	return take_group(p, index);
}

bool tile_name_parse(const char *path, struct tile_name *out)
{
	struct tile_name name = {.kind = TILE_CHECKPOINT};
	const char *p = path;

	if (strcmp(path, "checkpoint") == 0) {
		*out = name;
		return true;
	}
	if (!take_text(&p, "tile/"))
		return false;
	name.kind = take_text(&p, "entries/") ? TILE_ENTRIES : TILE_HASHES;
	if (name.kind == TILE_HASHES &&
	    (!take_small(&p, &name.level) || name.level > 63 || !take_text(&p, "/")))
		return false;
	if (!take_index(&p, &name.index))
		return false;
	name.width = TILE_WIDTH;
	if (take_text(&p, ".p/") &&
	    (!take_small(&p, &name.width) || name.width < 1 || name.width >= TILE_WIDTH))
		return false;
	if (*p)
		return false;
	*out = name;
	return true;
}

/* Three digits a group, all but the last with an x before and a slash behind. */
static size_t put_index(uint64_t index, char *out, size_t cap)
{
	uint64_t power = 1;
	size_t n = 0;

	while (index / power >= 1000)
		power *= 1000;
	for (; power > 1; power /= 1000)
		n += (size_t)snprintf(out + n, cap - n, "x%03u/", (unsigned)(index / power % 1000));
	return n + (size_t)snprintf(out + n, cap - n, "%03u", (unsigned)(index % 1000));
}

void tile_name_put(struct tile_name name, char out[static TILE_PATH_SIZE])
{
	size_t n;

	if (name.kind == TILE_CHECKPOINT) {
		snprintf(out, TILE_PATH_SIZE, "checkpoint");
		return;
	}
	if (name.kind == TILE_ENTRIES)
		n = (size_t)snprintf(out, TILE_PATH_SIZE, "tile/entries/");
	else
		n = (size_t)snprintf(out, TILE_PATH_SIZE, "tile/%u/", name.level);
	n += put_index(name.index, out + n, TILE_PATH_SIZE - n);
	if (name.width < TILE_WIDTH)
		snprintf(out + n, TILE_PATH_SIZE - n, ".p/%u", name.width);
}
