/* SPDX-License-Identifier: Apache-2.0 */
/* entry_parts.h — one good claim and one good witness, from which a test takes a key, or gives it
 * another value. */
#ifndef TEST_UNIT_CORE_ENTRY_PARTS_H
#define TEST_UNIT_CORE_ENTRY_PARTS_H

#include "test.h"

#include "core/cbor.h"
#include "core/entry.h"

#define HASH "4242424242424242424242424242424242424242424242424242424242424242"

enum { KEYS = 12 };

/* The value of each key; NULL leaves the key out. */
struct map {
	const char *values[KEYS];
};

static const struct map CLAIM = {{
	[1] = "616f",                       /* "o" */
	[2] = "6c7365616c2e6170706c696564", /* "seal.applied" */
	[3] = "01",                         /* 1 */
	[4] = "62"
	      "5031", /* "P1" */
	[6] = "5001976d3d8a00700080000000000000"
	      "01", /* version 7 */
	[7] = "1b0000019b76da1800",
	[9] = "00",
	[10] = "a1616101", /* {"a": 1} */
}};

static const struct map WITNESS = {{
	[1] = "0a",
	[2] = "1b0000019b76da1800",
	[3] = "82015820" HASH,
	[4] = "8100",
}};

static inline struct bytes encode(const struct map *map)
{
	static uint8_t buffers[2][ENTRY_SIZE_MAX + 16];
	static unsigned next;
	struct writer w = writer_of(buffers[next++ % 2], sizeof buffers[0]);
	struct bytes out;
	size_t n = 0;

	for (size_t i = 0; i < KEYS; i++)
		n += map->values[i] != NULL;
	cbor_put_map(&w, n);
	for (size_t i = 0; i < KEYS; i++) {
		if (!map->values[i])
			continue;
		cbor_put_uint(&w, i);
		put_bytes(&w, hex(map->values[i]));
	}
	assert_true(writer_done(&w, &out));
	return out;
}

static inline struct map with(struct map map, size_t key, const char *value)
{
	map.values[key] = value;
	return map;
}

static inline bool claim_ok(struct map map)
{
	struct claim claim;
	const char *why = "left alone";
	bool ok = claim_parse(encode(&map), &claim, &why);

	assert_true(ok == (why == NULL));
	return ok;
}

static inline bool claim_ok_with(size_t key, const char *value)
{
	return claim_ok(with(CLAIM, key, value));
}

static inline bool witness_ok(struct map map)
{
	struct witness witness;
	const char *why = "left alone";
	bool ok = witness_parse(encode(&map), &witness, &why);

	assert_true(ok == (why == NULL));
	return ok;
}

static inline bool witness_ok_with(size_t key, const char *value)
{
	return witness_ok(with(WITNESS, key, value));
}

#endif
