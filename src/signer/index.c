/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/index.h"

#include <stdlib.h>
#include <string.h>

#include "core/sha256.h"

enum { FIRST_CAP = 1024 };

static const struct hash *key_of(const struct issued *issued, enum index_by by)
{
	if (by == INDEX_REQUEST)
		return &issued->request;
	return by == INDEX_UNIT ? &issued->unit : &issued->key;
}

/* The server chooses requests and could search for digests with equal beginnings; with the seed
 * it does not know where they go. */
static size_t first_slot(const struct issue_index *index, const struct hash *key)
{
	struct sha256 s;
	uint64_t slot;

	sha256_init(&s);
	sha256_update(&s, hash_bytes(&index->seed));
	sha256_update(&s, hash_bytes(key));
	struct hash mixed = sha256_final(&s);
	memcpy(&slot, mixed.b, sizeof(slot));
	return (size_t)slot & (index->slots - 1);
}

static void place(struct issue_index *index, enum index_by by, size_t at)
{
	size_t slot = first_slot(index, key_of(&index->all[at], by));

	while (index->tables[by][slot] != 0)
		slot = (slot + 1) & (index->slots - 1);
	index->tables[by][slot] = (uint32_t)at + 1;
}

static bool grow_tables(struct issue_index *index, size_t slots)
{
	uint32_t *fresh[INDEXES] = {0};

	for (size_t by = 0; by < INDEXES; by++) {
		fresh[by] = calloc(slots, sizeof(*fresh[by]));
		if (fresh[by] == NULL) {
			for (size_t i = 0; i < by; i++)
				free(fresh[i]);
			return false;
		}
	}
	index->slots = slots;
	for (size_t by = 0; by < INDEXES; by++) {
		free(index->tables[by]);
		index->tables[by] = fresh[by];
		for (size_t at = 0; at < index->n; at++)
			place(index, (enum index_by)by, at);
	}
	return true;
}

static bool grow(struct issue_index *index)
{
	size_t cap = index->cap == 0 ? FIRST_CAP : index->cap * 2;

	if (cap > UINT32_MAX / 4)
		return false;
	struct issued *all = reallocarray(index->all, cap, sizeof(*all));
	if (all == NULL)
		return false;
	index->all = all;
	if (!grow_tables(index, cap * 2))
		return false;
	index->cap = cap;
	return true;
}

bool index_add(struct issue_index *index, const struct issued *issued)
{
	if (index->n == index->cap && !grow(index))
		return false;
	index->all[index->n] = *issued;
	for (int by = 0; by < INDEXES; by++)
		place(index, (enum index_by)by, index->n);
	index->n++;
	return true;
}

struct issued *index_find(struct issue_index *index, enum index_by by, const struct hash *key)
{
	if (index->n == 0)
		return NULL;
	for (size_t slot = first_slot(index, key);; slot = (slot + 1) & (index->slots - 1)) {
		uint32_t at = index->tables[by][slot];

		if (at == 0)
			return NULL;
		if (hash_equal(*key_of(&index->all[at - 1], by), *key))
			return &index->all[at - 1];
	}
}

void index_done(struct issue_index *index)
{
	for (int by = 0; by < INDEXES; by++)
		free(index->tables[by]);
	free(index->all);
	*index = (struct issue_index){0};
}
