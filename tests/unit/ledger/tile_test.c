/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ledger/tile.h"

static void a_tree_of_70000_has_the_widths_of_the_specification(void **state)
{
	(void)state;
	/* C2SP tlog-tiles, "Partial Tiles". */
	assert_int_equal(tile_width(0, 272, 70000), 256);
	assert_int_equal(tile_width(0, 273, 70000), 112);
	assert_int_equal(tile_width(0, 274, 70000), 0);
	assert_int_equal(tile_width(1, 0, 70000), 256);
	assert_int_equal(tile_width(1, 1, 70000), 17);
	assert_int_equal(tile_width(1, 2, 70000), 0);
	assert_int_equal(tile_width(2, 0, 70000), 1);
	assert_int_equal(tile_width(2, 1, 70000), 0);
	assert_int_equal(tile_width(3, 0, 70000), 0);
}

static void a_tree_of_256_is_one_full_tile_and_one_hash_above(void **state)
{
	(void)state;
	assert_int_equal(tile_width(0, 0, 256), 256);
	assert_int_equal(tile_width(0, 1, 256), 0);
	assert_int_equal(tile_width(1, 0, 256), 1);
	assert_int_equal(tile_width(63, 0, UINT64_MAX), 0);
}

static struct hash leaf_of(uint64_t i)
{
	return merkle_leaf(bytes_of(&i, sizeof(i)));
}

struct seen {
	size_t full[TILE_LEVELS];
};

static bool count_full(void *context, const struct tile *t)
{
	struct seen *seen = context;

	assert_int_equal(t->n, TILE_WIDTH);
	assert_int_equal(t->index, seen->full[t->level]);
	seen->full[t->level]++;
	return true;
}

static void the_edge_agrees_with_the_tree_at_every_size(void **state)
{
	struct edge *edge = calloc(1, sizeof(*edge));
	struct merkle tree = {0};
	struct seen seen = {0};

	(void)state;
	assert_non_null(edge);
	edge_init(edge);
	for (uint64_t i = 0; i < 70000; i++) {
		if (i < 1100 || i % 997 == 0 || i > 65500) {
			struct merkle_head a = edge_head(edge), b = merkle_head(&tree);

			assert_int_equal(a.size, b.size);
			assert_memory_equal(a.root.b, b.root.b, sizeof(a.root.b));
		}
		merkle_append(&tree, leaf_of(i));
		assert_true(edge_push(edge, leaf_of(i), count_full, &seen));
	}
	assert_int_equal(seen.full[0], 273);
	assert_int_equal(edge->tile[0].n, 112);
	assert_int_equal(seen.full[1], 1);
	assert_int_equal(edge->tile[1].n, 17);
	assert_int_equal(seen.full[2], 0);
	assert_int_equal(edge->tile[2].n, 1);
	free(edge);
}

static bool refuse_full(void *context, const struct tile *t)
{
	(void)context;
	(void)t;
	return false;
}

static void an_error_while_a_tile_is_written_ends_the_push(void **state)
{
	struct edge *edge = calloc(1, sizeof(*edge));

	(void)state;
	assert_non_null(edge);
	edge_init(edge);
	for (uint64_t i = 0; i < 255; i++)
		assert_true(edge_push(edge, leaf_of(i), refuse_full, NULL));
	assert_false(edge_push(edge, leaf_of(255), refuse_full, NULL));
	free(edge);
}

static void a_tile_knows_every_inner_node(void **state)
{
	struct tile t;

	(void)state;
	tile_init(&t, 0, 7);
	for (uint64_t i = 0; i < TILE_WIDTH; i++)
		tile_push(&t, leaf_of(i));
	for (unsigned height = 0; height < TILE_HEIGHT; height++) {
		for (unsigned i = 0; i < 256u >> (height + 1); i++) {
			struct hash joined = merkle_node(*tile_node(&t, height, 2 * i),
							 *tile_node(&t, height, 2 * i + 1));

			assert_memory_equal(joined.b, tile_node(&t, height + 1, i)->b, 32);
		}
	}
	struct hash root = tile_root(&t);

	assert_memory_equal(root.b, tile_node(&t, 8, 0)->b, 32);
	assert_int_equal(tile_bytes(&t).n, 8192);
}

struct named {
	const char *path;
	struct tile_name name;
};

static void names_are_those_of_the_specification(void **state)
{
	static const struct named names[] = {
		{"checkpoint", {TILE_CHECKPOINT, 0, 0, 0}},
		{"tile/0/000", {TILE_HASHES, 0, 0, 256}},
		{"tile/0/x001/x234/067", {TILE_HASHES, 0, 1234067, 256}},
		{"tile/2/000.p/1", {TILE_HASHES, 2, 0, 1}},
		{"tile/0/273.p/112", {TILE_HASHES, 0, 273, 112}},
		{"tile/63/999.p/255", {TILE_HASHES, 63, 999, 255}},
		{"tile/entries/x001/000", {TILE_ENTRIES, 0, 1000, 256}},
		{"tile/entries/x001/000.p/9", {TILE_ENTRIES, 0, 1000, 9}},
		{"tile/0/x999/x999/x999/x999/x999/999", {TILE_HASHES, 0, 999999999999999999u, 256}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[TILE_PATH_SIZE];
		struct tile_name name;

		assert_true(tile_name_parse(names[i].path, &name));
		assert_int_equal(name.kind, names[i].name.kind);
		assert_int_equal(name.level, names[i].name.level);
		assert_int_equal(name.index, names[i].name.index);
		if (name.kind != TILE_CHECKPOINT)
			assert_int_equal(name.width, names[i].name.width);
		tile_name_put(name, path);
		assert_string_equal(path, names[i].path);
	}
}

static void any_other_spelling_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"/checkpoint",
		"checkpoint/",
		"Checkpoint",
		"tile",
		"tile/",
		"tile/0",
		"tile/0/",
		"tile//000",
		"tile/0/0",
		"tile/0/00",
		"tile/0/0000",
		"tile/0/1000",
		"tile/0/x000",
		"tile/0/x000/",
		"tile/0/x000/001",
		"tile/0/x000/x001/001",
		"tile/0/x01/001",
		"tile/0/001/002",
		"tile/0/x001/x002",
		"tile/0/x001//002",
		"tile/0/X001/002",
		"tile/00/000",
		"tile/01/000",
		"tile/64/000",
		"tile/256/000",
		"tile/-1/000",
		"tile/+1/000",
		"tile/ 1/000",
		"tile/4294967296/000",
		"tile/0/000.p",
		"tile/0/000.p/",
		"tile/0/000.p/0",
		"tile/0/000.p/00",
		"tile/0/000.p/01",
		"tile/0/000.p/256",
		"tile/0/000.p/999",
		"tile/0/000.p/1000",
		"tile/0/000.p/-1",
		"tile/0/000.p/1/",
		"tile/0/000.p/1.p/1",
		"tile/0/000.q/1",
		"tile/0/000/",
		"tile/0/../../etc/passwd",
		"tile/0/000/..",
		"tile/entries",
		"tile/entries/",
		"tile/entries/0/000",
		"tile/entry/000",
		"tile/data/000",
		"tile/0/0 0",
		"tile/0/٠٠٠",
		"tile/0/x999/x999/x999/x999/x999/x999/999",
		"tile/0/x001/x000/x000/x000/x000/x000/000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct tile_name name;

		if (tile_name_parse(wrong[i], &name))
			fail_msg("accepted: %s", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_of_70000_has_the_widths_of_the_specification),
		cmocka_unit_test(a_tree_of_256_is_one_full_tile_and_one_hash_above),
		cmocka_unit_test(the_edge_agrees_with_the_tree_at_every_size),
		cmocka_unit_test(an_error_while_a_tile_is_written_ends_the_push),
		cmocka_unit_test(a_tile_knows_every_inner_node),
		cmocka_unit_test(names_are_those_of_the_specification),
		cmocka_unit_test(any_other_spelling_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
