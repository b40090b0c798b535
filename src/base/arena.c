/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LIMIT_DEFAULT = 16 << 20,
	BLOCK_FIRST = 4096, /* what a small request needs */
	BLOCK_GROWS_TO = 1 << 18,
	BLOCK_KEPT_MAX = 1 << 18, /* a larger one is not held for the next request */
	ALIGNMENT = alignof(max_align_t),
};

struct arena_block {
	struct arena_block *next;
	size_t cap, n;
	alignas(max_align_t) uint8_t bytes[];
};

static struct arena_block *block_new(struct arena *a, size_t n)
{
	size_t cap = a->blocks ? a->blocks->cap * 2 : BLOCK_FIRST;

	if (cap > BLOCK_GROWS_TO)
		cap = BLOCK_GROWS_TO;
	if (cap < n)
		cap = n;
	struct arena_block *b = malloc(sizeof(*b) + cap);

	if (!b)
		return NULL;
	b->cap = cap;
	b->n = 0;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t limit = a->limit ? a->limit : LIMIT_DEFAULT;

	/* An empty thing gets a place of its own too, so that NULL always means failure. */
	if (n == 0)
		n = 1;
	if (a->used > limit || n > limit - a->used)
		return NULL;
	size_t rounded = 0;

	if (__builtin_add_overflow(n, ALIGNMENT - 1, &rounded))
		return NULL;
	rounded -= rounded % ALIGNMENT;
	struct arena_block *b = a->blocks;

	if (!b || rounded > b->cap - b->n)
		b = block_new(a, rounded);
	if (!b)
		return NULL;
	void *p = b->bytes + b->n;

	b->n += rounded;
	a->used += n;
	return memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n = 0;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	return arena_alloc(a, n);
}

char *arena_text(struct arena *a, struct bytes text)
{
	size_t n = 0;

	if (__builtin_add_overflow(text.n, (size_t)1, &n))
		return NULL;
	char *out = arena_alloc(a, n);

	if (out && text.n > 0)
		memcpy(out, text.p, text.n);
	return out;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list measured, written;

	va_start(measured, format);
	va_copy(written, measured);
	int n = vsnprintf(NULL, 0, format, measured);
	char *out = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);

	if (out && vsnprintf(out, (size_t)n + 1, format, written) != n)
		out = NULL;
	va_end(written);
	va_end(measured);
	return out;
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	uint8_t *p = arena_alloc(a, b.n);

	if (!p)
		return (struct bytes){NULL, 0};
	if (b.n > 0)
		memcpy(p, b.p, b.n);
	return (struct bytes){p, b.n};
}

static void free_from(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = a->blocks;

	a->used = 0;
	if (!kept)
		return;
	if (kept->cap > BLOCK_KEPT_MAX) {
		arena_done(a);
		return;
	}
	free_from(kept->next);
	kept->next = NULL;
	kept->n = 0;
}

void arena_done(struct arena *a)
{
	free_from(a->blocks);
	a->blocks = NULL;
	a->used = 0;
}
