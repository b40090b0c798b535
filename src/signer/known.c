/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/known.h"

#include <stdlib.h>
#include <string.h>

#include "core/sha256.h"

enum { FIRST_CAP = 1024 };

static size_t first_slot(const struct known_index *index, uint32_t kind, const struct hash *digest)
{
	struct sha256 s;
	uint8_t which = (uint8_t)kind;
	uint64_t slot;

	sha256_init(&s);
	sha256_update(&s, hash_bytes(&index->seed));
	sha256_update(&s, bytes_of(&which, 1));
	sha256_update(&s, hash_bytes(digest));
	struct hash mixed = sha256_final(&s);
	memcpy(&slot, mixed.b, sizeof(slot));
	return (size_t)slot & (index->slots - 1);
}

static void place(struct known_index *index, size_t at)
{
	size_t slot = first_slot(index, index->all[at].kind, &index->all[at].digest);

	while (index->table[slot] != 0)
		slot = (slot + 1) & (index->slots - 1);
	index->table[slot] = (uint32_t)at + 1;
}

static bool grow(struct known_index *index)
{
	size_t cap = index->cap == 0 ? FIRST_CAP : index->cap * 2;

	if (cap > UINT32_MAX / 4)
		return false;
	struct known *all = reallocarray(index->all, cap, sizeof(*all));
	if (all == NULL)
		return false;
	index->all = all;
	uint32_t *table = calloc(cap * 2, sizeof(*table));
	if (table == NULL)
		return false;
	free(index->table);
	index->table = table;
	index->slots = cap * 2;
	index->cap = cap;
	for (size_t at = 0; at < index->n; at++)
		place(index, at);
	return true;
}

bool known_add(struct known_index *index, const struct known *known)
{
	if (index->n == index->cap && !grow(index))
		return false;
	index->all[index->n] = *known;
	place(index, index->n);
	index->n++;
	return true;
}

struct known *known_find(const struct known_index *index, enum known_kind kind, struct hash digest)
{
	if (index->n == 0)
		return NULL;
	for (size_t slot = first_slot(index, kind, &digest);;
	     slot = (slot + 1) & (index->slots - 1)) {
		uint32_t at = index->table[slot];

		if (at == 0)
			return NULL;
		if (index->all[at - 1].kind == (uint16_t)kind &&
		    hash_equal(index->all[at - 1].digest, digest))
			return &index->all[at - 1];
	}
}

void known_done(struct known_index *index)
{
	free(index->all);
	free(index->table);
	*index = (struct known_index){0};
}
