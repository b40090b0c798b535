/* SPDX-License-Identifier: Apache-2.0 */
/* Every tree up to LEAVES leaves, against the definitions of RFC 9162 section 2.1 written down
 * recursively. */
#include "test.h"

#include "core/merkle.h"
#include "core/sha256.h"

enum { LEAVES = 130 };

static struct hash leaves[LEAVES + 1];
static struct merkle_head heads[LEAVES + 1];

/* ---- the oracle ---- */

static struct hash hash_of(uint8_t prefix, struct bytes a, struct bytes b)
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, bytes_of(&prefix, 1));
	sha256_update(&s, a);
	sha256_update(&s, b);
	return sha256_final(&s);
}

static size_t split(size_t n)
{
	size_t k = 1;

	while (2 * k < n)
		k *= 2;
	return k;
}

static struct hash oracle_root(const struct hash *d, size_t n)
{
	struct hash left, right;

	if (n == 0)
		return sha256((struct bytes){0});
	if (n == 1)
		return d[0];
	left = oracle_root(d, split(n));
	right = oracle_root(d + split(n), n - split(n));
	return hash_of(1, hash_bytes(&left), hash_bytes(&right));
}

/* PATH(m, D[n]) of section 2.1.3.1. */
static size_t oracle_path(size_t m, const struct hash *d, size_t n, struct hash *out)
{
	size_t k = split(n), used;

	if (n == 1)
		return 0;
	if (m < k) {
		used = oracle_path(m, d, k, out);
		out[used] = oracle_root(d + k, n - k);
	} else {
		used = oracle_path(m - k, d + k, n - k, out);
		out[used] = oracle_root(d, k);
	}
	return used + 1;
}

/* SUBPROOF(m, D[n], b) of section 2.1.4.1. */
static size_t oracle_subproof(size_t m, const struct hash *d, size_t n, bool whole,
			      struct hash *out)
{
	size_t k = split(n), used;

	if (m == n) {
		out[0] = oracle_root(d, n);
		return whole ? 0 : 1;
	}
	if (m <= k) {
		used = oracle_subproof(m, d, k, whole, out);
		out[used] = oracle_root(d + k, n - k);
	} else {
		used = oracle_subproof(m - k, d + k, n - k, false, out);
		out[used] = oracle_root(d, k);
	}
	return used + 1;
}

/* ---- what is under test ---- */

static int grow(void **state)
{
	struct merkle tree = {0};

	(void)state;
	for (size_t i = 0; i <= LEAVES; i++) {
		uint8_t entry[2] = {(uint8_t)(i >> 8), (uint8_t)i};

		leaves[i] = merkle_leaf(bytes_of(entry, sizeof entry));
		heads[i] = merkle_head(&tree);
		if (i < LEAVES)
			merkle_append(&tree, leaves[i]);
	}
	return 0;
}

/* The context is the size of the tree: no place beyond it may be asked for. */
static bool fetch(void *context, struct merkle_place place, struct hash *out)
{
	size_t size = *(const size_t *)context;
	size_t n = (size_t)1 << place.level;

	assert_true((place.index + 1) * n <= size);
	*out = oracle_root(leaves + place.index * n, n);
	return true;
}

/* Answers `left` times and then fails. */
struct failing {
	size_t left;
	size_t size;
};

static bool fetch_some(void *context, struct merkle_place place, struct hash *out)
{
	struct failing *failing = context;

	if (failing->left == 0)
		return false;
	failing->left--;
	return fetch(&failing->size, place, out);
}

static size_t inclusion(size_t size, size_t index, struct hash *path)
{
	size_t n;

	assert_true(merkle_inclusion_path(size, index, fetch, &size, path, &n));
	return n;
}

static size_t consistency(size_t old, size_t size, struct hash *path)
{
	size_t n;

	assert_true(merkle_consistency_path(old, size, fetch, &size, path, &n));
	return n;
}

static void leaf_and_node_are_told_apart_by_their_prefix(void **state)
{
	struct hash a = leaves[0], b = leaves[1], node = merkle_node(a, b);
	uint8_t both[64];
	struct hash leaf;

	(void)state;
	memcpy(both, a.b, 32);
	memcpy(both + 32, b.b, 32);
	leaf = merkle_leaf(bytes_of(both, sizeof both));
	assert_true(hash_equal(node, hash_of(1, hash_bytes(&a), hash_bytes(&b))));
	assert_true(hash_equal(leaf, hash_of(0, bytes_of(both, 64), (struct bytes){0})));
	assert_false(hash_equal(node, leaf));
	assert_false(hash_equal(merkle_node(b, a), node));
}

static void the_empty_tree_has_the_root_of_nothing(void **state)
{
	(void)state;
	assert_int_equal(heads[0].size, 0);
	assert_hex(hash_bytes(&heads[0].root),
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void every_head_is_the_definitions(void **state)
{
	(void)state;
	for (size_t n = 0; n <= LEAVES; n++) {
		assert_int_equal(heads[n].size, n);
		assert_true(hash_equal(heads[n].root, oracle_root(leaves, n)));
	}
}

static void every_inclusion_path_is_the_definitions_and_holds(void **state)
{
	struct hash want[MERKLE_DEPTH_MAX], got[MERKLE_DEPTH_MAX];

	(void)state;
	for (size_t size = 1; size <= LEAVES; size++) {
		for (size_t i = 0; i < size; i++) {
			size_t n = inclusion(size, i, got);

			assert_int_equal(n, oracle_path(i, leaves, size, want));
			if (n > 0)
				assert_memory_equal(got, want, n * sizeof *got);
			assert_true(merkle_includes(heads[size], i, leaves[i], got, n));
		}
	}
}

static void every_consistency_path_is_the_definitions_and_holds(void **state)
{
	struct hash want[MERKLE_DEPTH_MAX + 1], got[MERKLE_DEPTH_MAX];

	(void)state;
	for (size_t size = 1; size <= LEAVES; size++) {
		for (size_t old = 1; old <= size; old++) {
			size_t n = consistency(old, size, got);

			assert_int_equal(n, oracle_subproof(old, leaves, size, true, want));
			if (n > 0)
				assert_memory_equal(got, want, n * sizeof *got);
			assert_true(merkle_extends(heads[old], heads[size], got, n));
		}
	}
}

static void an_inclusion_path_holds_for_its_own_place_leaf_and_head_only(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX];

	(void)state;
	for (size_t size = 1; size <= LEAVES; size += 3) {
		for (size_t i = 0; i < size; i += 1 + size / 20) {
			size_t n = inclusion(size, i, path);

			for (size_t other = 0; other <= size + 2; other++)
				assert_true((other == i) == merkle_includes(heads[size], other,
									    leaves[i], path, n));
			for (size_t other = 0; other <= LEAVES; other++) {
				struct merkle_head head = {size, heads[other].root};

				assert_true((other == i) == merkle_includes(heads[size], i,
									    leaves[other], path,
									    n));
				assert_true((other == size) ==
					    merkle_includes(head, i, leaves[i], path, n));
			}
		}
	}
}

static void a_path_with_one_element_changed_missing_or_more_does_not_hold(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX + 1];

	(void)state;
	for (size_t size = 2; size <= LEAVES; size++) {
		size_t i = size * 5 / 7, n = inclusion(size, i, path);

		for (size_t k = 0; k < n; k++) {
			path[k].b[k % 32] ^= 0x10;
			assert_false(merkle_includes(heads[size], i, leaves[i], path, n));
			path[k].b[k % 32] ^= 0x10;
		}
		for (size_t k = 0; k < n; k++)
			assert_false(merkle_includes(heads[size], i, leaves[i], path, k));
		assert_false(merkle_includes(heads[size], i, leaves[i], path + 1, n - 1));
		path[n] = heads[size].root;
		assert_false(merkle_includes(heads[size], i, leaves[i], path, n + 1));
	}
}

static void swapped_siblings_do_not_hold(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX], swap;

	(void)state;
	for (size_t size = 4; size <= LEAVES; size++) {
		size_t n = inclusion(size, 1, path);

		swap = path[0];
		path[0] = path[1];
		path[1] = swap;
		assert_false(merkle_includes(heads[size], 1, leaves[1], path, n));
	}
}

static void nothing_is_in_the_empty_tree(void **state)
{
	struct merkle_head zero = {0};

	(void)state;
	assert_false(merkle_includes(heads[0], 0, leaves[0], NULL, 0));
	assert_false(merkle_includes(heads[0], 0, heads[0].root, NULL, 0));
	assert_false(merkle_includes(zero, 0, zero.root, NULL, 0));
	assert_false(merkle_includes(zero, UINT64_MAX, zero.root, NULL, 0));
}

static void a_path_longer_than_the_bound_is_not_read(void **state)
{
	struct merkle_head head = {UINT64_MAX, leaves[0]};
	struct merkle_head old = {UINT64_MAX - 1, leaves[0]};

	(void)state;
	/* A null path: it must be refused by its count alone. */
	assert_false(merkle_includes(head, 1, leaves[1], NULL, MERKLE_DEPTH_MAX + 1));
	assert_false(merkle_includes(head, 1, leaves[1], NULL, SIZE_MAX));
	assert_false(merkle_extends(old, head, NULL, MERKLE_DEPTH_MAX + 1));
}

static void a_consistency_path_holds_for_its_own_two_heads_only(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX];

	(void)state;
	for (size_t size = 2; size <= LEAVES; size += 2) {
		for (size_t old = 1; old < size; old += 1 + size / 16) {
			size_t n = consistency(old, size, path);

			for (size_t other = 1; other <= LEAVES; other++) {
				struct merkle_head was = {old, heads[other].root};
				struct merkle_head is = {size, heads[other].root};

				assert_true((other == old) ==
					    merkle_extends(was, heads[size], path, n));
				assert_true((other == size) ==
					    merkle_extends(heads[old], is, path, n));
			}
		}
	}
}

static void a_consistency_path_changed_cut_or_longer_does_not_hold(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX + 1];

	(void)state;
	for (size_t size = 2; size <= LEAVES; size++) {
		size_t old = 1 + size / 3, n = consistency(old, size, path);

		for (size_t k = 0; k < n; k++) {
			path[k].b[31 - k % 32] ^= 1;
			assert_false(merkle_extends(heads[old], heads[size], path, n));
			path[k].b[31 - k % 32] ^= 1;
			assert_false(merkle_extends(heads[old], heads[size], path, k));
		}
		path[n] = heads[old].root;
		assert_false(merkle_extends(heads[old], heads[size], path, n + 1));
	}
}

static void a_tree_never_extends_a_larger_one(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX];
	size_t n = consistency(7, 9, path), none = 0;

	(void)state;
	assert_false(merkle_extends(heads[9], heads[7], path, n));
	assert_false(merkle_extends(heads[9], heads[7], NULL, 0));
	none = 7;
	assert_false(merkle_consistency_path(9, 7, fetch, &none, path, &n));
}

static void equal_sizes_need_equal_roots_and_no_path(void **state)
{
	struct merkle_head other = {5, heads[6].root};

	(void)state;
	assert_true(merkle_extends(heads[5], heads[5], NULL, 0));
	assert_false(merkle_extends(heads[5], other, NULL, 0));
	assert_false(merkle_extends(heads[5], heads[5], &heads[5].root, 1));
}

static void every_tree_extends_the_empty_one_without_a_path(void **state)
{
	(void)state;
	assert_true(merkle_extends(heads[0], heads[9], NULL, 0));
	assert_true(merkle_extends(heads[0], heads[0], NULL, 0));
	assert_false(merkle_extends(heads[0], heads[9], &heads[9].root, 1));
}

static void from_nothing_and_to_itself_the_path_is_empty(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX];

	(void)state;
	for (size_t size = 0; size <= LEAVES; size++) {
		assert_int_equal(consistency(0, size, path), 0);
		assert_int_equal(consistency(size, size, path), 0);
	}
}

static void the_longest_path_is_read_to_its_end(void **state)
{
	struct merkle_head first = {1, leaves[0]}, last = {(UINT64_C(1) << 63) + 1, leaves[0]};
	struct hash path[MERKLE_DEPTH_MAX];

	(void)state;
	for (size_t i = 0; i < MERKLE_DEPTH_MAX; i++) {
		path[i] = leaves[i + 1];
		last.root = merkle_node(last.root, path[i]);
	}
	assert_true(merkle_includes(last, 0, leaves[0], path, MERKLE_DEPTH_MAX));
	assert_true(merkle_extends(first, last, path, MERKLE_DEPTH_MAX));
	last.size = UINT64_C(1) << 63; /* one level less */
	assert_false(merkle_includes(last, 0, leaves[0], path, MERKLE_DEPTH_MAX));
	assert_false(merkle_extends(first, last, path, MERKLE_DEPTH_MAX));
}

static void an_empty_path_proves_no_growth(void **state)
{
	(void)state;
	for (size_t size = 2; size <= LEAVES; size++)
		assert_false(merkle_extends(heads[size / 2], heads[size], NULL, 0));
}

static void no_path_is_made_for_a_place_outside_the_tree(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX];
	size_t size = 9, n = 77;

	(void)state;
	assert_false(merkle_inclusion_path(9, 9, fetch, &size, path, &n));
	assert_false(merkle_inclusion_path(9, UINT64_MAX, fetch, &size, path, &n));
	assert_false(merkle_inclusion_path(0, 0, fetch, &size, path, &n));
	assert_false(merkle_inclusion_path(UINT64_MAX, 0, fetch, &size, path, &n));
	assert_false(merkle_consistency_path(1, UINT64_MAX, fetch, &size, path, &n));
	assert_int_equal(n, 77);
}

/* The path of leaf 3 of 9 is the roots over 2, 0 to 1, 4 to 7, and 8: four fetches. From 3 to 9
 * leaves it is those over 2, 3, 0 to 1, 4 to 7, and 8: five. */
static void a_fetch_that_fails_at_any_place_fails_the_path(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX];
	size_t n;

	(void)state;
	for (size_t answers = 0; answers <= 5; answers++) {
		struct failing first = {answers, 9}, second = {answers, 9};

		assert_true(merkle_inclusion_path(9, 3, fetch_some, &first, path, &n) ==
			    (answers >= 4));
		assert_true(merkle_consistency_path(3, 9, fetch_some, &second, path, &n) ==
			    (answers >= 5));
	}
}

/* Every subtree has the same root, which only a proof of the largest trees can get away with. */
static bool fetch_constant(void *context, struct merkle_place place, struct hash *out)
{
	(void)place;
	*out = *(const struct hash *)context;
	return true;
}

static void the_largest_trees_stay_within_the_bound(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX], any = leaves[3];
	const uint64_t most = UINT64_C(1) << 63;
	size_t n;

	(void)state;
	for (uint64_t near = 0; near < 3; near++) {
		assert_true(merkle_inclusion_path(most - near, most - 3, fetch_constant, &any, path,
						  &n));
		assert_in_range(n, 1, MERKLE_DEPTH_MAX);
		for (uint64_t old = 1; old < 5; old++) {
			assert_true(merkle_consistency_path(old, most - near, fetch_constant, &any,
							    path, &n));
			assert_in_range(n, 1, MERKLE_DEPTH_MAX);
		}
		assert_true(merkle_consistency_path(most - 5, most - near, fetch_constant, &any,
						    path, &n));
		assert_in_range(n, 1, MERKLE_DEPTH_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaf_and_node_are_told_apart_by_their_prefix),
		cmocka_unit_test(the_empty_tree_has_the_root_of_nothing),
		cmocka_unit_test(every_head_is_the_definitions),
		cmocka_unit_test(every_inclusion_path_is_the_definitions_and_holds),
		cmocka_unit_test(every_consistency_path_is_the_definitions_and_holds),
		cmocka_unit_test(an_inclusion_path_holds_for_its_own_place_leaf_and_head_only),
		cmocka_unit_test(a_path_with_one_element_changed_missing_or_more_does_not_hold),
		cmocka_unit_test(swapped_siblings_do_not_hold),
		cmocka_unit_test(nothing_is_in_the_empty_tree),
		cmocka_unit_test(a_path_longer_than_the_bound_is_not_read),
		cmocka_unit_test(a_consistency_path_holds_for_its_own_two_heads_only),
		cmocka_unit_test(a_consistency_path_changed_cut_or_longer_does_not_hold),
		cmocka_unit_test(a_tree_never_extends_a_larger_one),
		cmocka_unit_test(equal_sizes_need_equal_roots_and_no_path),
		cmocka_unit_test(every_tree_extends_the_empty_one_without_a_path),
		cmocka_unit_test(from_nothing_and_to_itself_the_path_is_empty),
		cmocka_unit_test(the_longest_path_is_read_to_its_end),
		cmocka_unit_test(an_empty_path_proves_no_growth),
		cmocka_unit_test(no_path_is_made_for_a_place_outside_the_tree),
		cmocka_unit_test(a_fetch_that_fails_at_any_place_fails_the_path),
		cmocka_unit_test(the_largest_trees_stay_within_the_bound),
	};

	return cmocka_run_group_tests(tests, grow, NULL);
}
