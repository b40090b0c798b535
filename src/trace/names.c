/* SPDX-License-Identifier: Apache-2.0 */
/* names.c — from a name to its node and back. */
#include "trace/graph_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SLOTS_FIRST = 1024, BYTES_FIRST = 65536, HEAD = 3 };

static const char *const KINDS[GRAPH_KINDS] = {
	[GRAPH_PART_LOT] = "part_lot",
	[GRAPH_SUPPLIER] = "supplier",
	[GRAPH_DATE_CODE] = "date_code",
	[GRAPH_STATION] = "station",
	[GRAPH_OPERATOR] = "operator",
	[GRAPH_FIRMWARE_RELEASE] = "firmware_release",
	[GRAPH_BUILD_AUTHORIZATION] = "build_authorization",
	[GRAPH_UNIT] = "unit",
};

const char *graph_kind_name(enum graph_kind kind)
{
	return KINDS[kind];
}

bool graph_kind_read(const char *name, enum graph_kind *out)
{
	for (int i = 0; i < GRAPH_KINDS; i++)
		if (strcmp(KINDS[i], name) == 0) {
			*out = (enum graph_kind)i;
			return true;
		}
	return false;
}

bool graph_kind_has_within(enum graph_kind kind)
{
	return kind == GRAPH_PART_LOT || kind == GRAPH_DATE_CODE || kind == GRAPH_UNIT;
}

/* Whoever chooses serials does not know the seed, and so cannot choose what collides. */
static uint64_t mix(uint64_t hash, struct bytes part)
{
	uint64_t word;

	for (size_t i = 0; i < part.n; i += sizeof word) {
		word = 0;
		memcpy(&word, part.p + i, part.n - i < sizeof word ? part.n - i : sizeof word);
		hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
		hash ^= hash >> 29;
	}
	hash = (hash ^ part.n) * UINT64_C(0xBF58476D1CE4E5B9);
	return hash ^ (hash >> 32);
}

static size_t home_of(const struct graph_names *names, const struct graph_name *name)
{
	uint64_t hash = mix(mix(names->seed + (uint64_t)name->kind, name->within), name->id);

	return (size_t)hash & (names->slots_n - 1);
}

struct graph_name names_of(const struct graph_names *names, uint32_t node)
{
	const uint8_t *p = names->bytes + names->at[node];

	return (struct graph_name){(enum graph_kind)p[0], bytes_of(p + HEAD, p[1]),
				   bytes_of(p + HEAD + p[1], p[2])};
}

static bool same(const struct graph_name *a, const struct graph_name *b)
{
	return a->kind == b->kind && bytes_equal(a->within, b->within) && bytes_equal(a->id, b->id);
}

bool names_find(const struct graph_names *names, const struct graph_name *name, uint32_t *node,
		size_t *slot)
{
	size_t at = home_of(names, name);

	for (; names->slots[at] != 0; at = (at + 1) & (names->slots_n - 1)) {
		struct graph_name there = names_of(names, names->slots[at] - 1);
		if (!same(&there, name))
			continue;
		*node = names->slots[at] - 1;
		return true;
	}
	*slot = at;
	return false;
}

static err more_slots(struct graph_names *names, uint32_t nodes, struct fault *f)
{
	size_t n = names->slots_n * 2;
	uint32_t *slots = calloc(n, sizeof *slots), *old = names->slots;

	if (slots == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	names->slots = slots;
	names->slots_n = n;
	for (uint32_t i = 0; i < nodes; i++) {
		struct graph_name name = names_of(names, i);
		size_t at = home_of(names, &name);
		while (slots[at] != 0)
			at = (at + 1) & (n - 1);
		slots[at] = i + 1;
	}
	free(old);
	return ERR_OK;
}

static err more_bytes(struct graph_names *names, size_t n, struct fault *f)
{
	if (names->n + n <= names->room)
		return ERR_OK;
	uint8_t *bytes = realloc(names->bytes, names->room * 2);

	if (bytes == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	names->bytes = bytes;
	names->room *= 2;
	return ERR_OK;
}

err names_add(struct graph_names *names, const struct graph_name *name, uint32_t node,
	      struct fault *f)
{
	size_t n = HEAD + name->within.n + name->id.n, slot;
	uint32_t known;

	if (names->n + n > UINT32_MAX)
		return fail(f, "GRAPH_FULL", NULL);
	TRY(more_bytes(names, n, f));
	if (((size_t)node + 1) * 2 > names->slots_n)
		TRY(more_slots(names, node, f));
	if (names_find(names, name, &known, &slot))
		return ERR_OK;
	uint8_t *p = names->bytes + names->n;
	p[0] = (uint8_t)name->kind;
	p[1] = (uint8_t)name->within.n;
	p[2] = (uint8_t)name->id.n;
	if (name->within.n > 0)
		memcpy(p + HEAD, name->within.p, name->within.n);
	if (name->id.n > 0)
		memcpy(p + HEAD + name->within.n, name->id.p, name->id.n);
	names->at[node] = (uint32_t)names->n;
	names->n += n;
	names->slots[slot] = node + 1;
	return ERR_OK;
}

err names_open(struct graph_names *names, struct fault *f)
{
	*names = (struct graph_names){.slots_n = SLOTS_FIRST, .room = BYTES_FIRST};
	names->slots = calloc(SLOTS_FIRST, sizeof *names->slots);
	names->bytes = malloc(BYTES_FIRST);
	if (names->slots == NULL || names->bytes == NULL ||
	    getrandom(&names->seed, sizeof names->seed, 0) != sizeof names->seed)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return ERR_OK;
}

void names_close(struct graph_names *names)
{
	free(names->slots);
	free(names->bytes);
	free(names->at);
}
