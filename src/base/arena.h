/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h — memory that is freed all at once. Sizes are bounded before they are asked for; when
 * the arena's limit or the machine's memory is reached, arena_alloc returns NULL. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"

struct arena_block;
/* Zero-initialise with a limit in bytes; arena_done frees everything. */
struct arena {
	struct arena_block *blocks;
	size_t used;  /* bytes handed out */
	size_t limit; /* 0: 16 MiB */
};

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc));
void *arena_array(struct arena *a, size_t count, size_t size); /* overflow-checked */
char *arena_text(struct arena *a, struct bytes text);          /* copy, zero-terminated */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct bytes arena_copy(struct arena *a, struct bytes b); /* p is NULL if it failed */
void arena_reset(struct arena *a);                        /* keeps one block for reuse */
void arena_done(struct arena *a);

#endif
