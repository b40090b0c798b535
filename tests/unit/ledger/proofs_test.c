/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "log_kit.h"

enum { SWEEP = 300 };

struct sweep {
	struct kit k;
	struct ledger *l;
	struct merkle_head heads[SWEEP + 1];
	struct hash leaves[SWEEP];
};

static struct sweep *sweep_open(bool tiles)
{
	struct sweep *s = calloc(1, sizeof(*s));
	struct merkle tree = {0};
	uint8_t entry[KIT_ENTRY_MAX];

	assert_non_null(s);
	kit_open(&s->k);
	s->l = kit_ledger(&s->k, s->k.db, tiles);
	for (uint64_t i = 0; i < SWEEP; i++) {
		s->heads[i] = merkle_head(&tree);
		s->leaves[i] = merkle_leaf(kit_entry(i, entry));
		merkle_append(&tree, s->leaves[i]);
	}
	s->heads[SWEEP] = merkle_head(&tree);
	kit_append(&s->k, s->l, 0, 100);
	kit_append(&s->k, s->l, 100, 1);
	kit_append(&s->k, s->l, 101, SWEEP - 101);
	if (tiles)
		kit_must(ledger_write_tiles(s->l, SWEEP, &s->k.f), &s->k.f);
	return s;
}

static void sweep_close(struct sweep *s)
{
	ledger_close(s->l);
	kit_close(&s->k);
	free(s);
}

static void inclusion_of_all(bool tiles)
{
	struct sweep *s = sweep_open(tiles);
	struct hash path[MERKLE_DEPTH_MAX];
	size_t n;

	for (uint64_t size = 1; size <= SWEEP; size++) {
		for (uint64_t i = 0; i < size; i++) {
			struct merkle_head head = s->heads[size];

			kit_must(ledger_inclusion(s->l, size, i, path, &n, &s->k.f), &s->k.f);
			assert_true(merkle_includes(head, i, s->leaves[i], path, n));
			assert_false(merkle_includes(head, i + 1, s->leaves[i], path, n));
		}
	}
	sweep_close(s);
}

static void every_entry_of_every_tree_is_proved_from_entries(void **state)
{
	(void)state;
	inclusion_of_all(false);
}

static void every_entry_of_every_tree_is_proved_from_tiles(void **state)
{
	(void)state;
	inclusion_of_all(true);
}

static void every_tree_extends_every_smaller_one(void **state)
{
	struct hash path[MERKLE_DEPTH_MAX * 2];
	size_t n;

	(void)state;
	for (int tiles = 0; tiles < 2; tiles++) {
		struct sweep *s = sweep_open(tiles == 1);

		for (uint64_t size = 0; size <= SWEEP; size++) {
			for (uint64_t old = 0; old <= size; old++) {
				kit_must(ledger_consistency(s->l, old, size, path, &n, &s->k.f),
					 &s->k.f);
				assert_true(merkle_extends(s->heads[old], s->heads[size], path, n));
				if (old > 1)
					assert_false(merkle_extends(s->heads[old - 1],
								    s->heads[size], path, n) &&
						     n > 0);
			}
		}
		sweep_close(s);
	}
}

static void there_is_no_proof_beyond_the_log(void **state)
{
	struct sweep *s = sweep_open(true);
	struct hash path[MERKLE_DEPTH_MAX * 2];
	struct fault *f = &s->k.f;
	size_t n = 77;

	(void)state;
	kit_refused(ledger_inclusion(s->l, SWEEP, SWEEP, path, &n, f), f, "LEDGER_PROOF_RANGE");
	kit_refused(ledger_inclusion(s->l, SWEEP + 1, 0, path, &n, f), f, "LEDGER_PROOF_RANGE");
	kit_refused(ledger_inclusion(s->l, 0, 0, path, &n, f), f, "LEDGER_PROOF_RANGE");
	kit_refused(ledger_inclusion(s->l, UINT64_MAX, 0, path, &n, f), f, "LEDGER_PROOF_RANGE");
	kit_refused(ledger_inclusion(s->l, 5, UINT64_MAX, path, &n, f), f, "LEDGER_PROOF_RANGE");
	kit_refused(ledger_consistency(s->l, 0, SWEEP + 1, path, &n, f), f, "LEDGER_PROOF_RANGE");
	kit_refused(ledger_consistency(s->l, 6, 5, path, &n, f), f, "LEDGER_PROOF_RANGE");
	kit_refused(ledger_consistency(s->l, UINT64_MAX, UINT64_MAX, path, &n, f), f,
		    "LEDGER_PROOF_RANGE");
	assert_int_equal(n, 77);
	sweep_close(s);
}

/* Another connection's view, with nothing in memory, over more than one level of tiles. */
static void a_reader_proves_from_the_folder(void **state)
{
	struct kit k;
	struct hash path[MERKLE_DEPTH_MAX * 2];
	struct merkle_head head;
	size_t n;
	uint8_t entry[KIT_ENTRY_MAX];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	for (uint64_t size = 0; size < 66000; size += 6000)
		kit_append(&k, l, size, 6000);
	kit_must(ledger_write_tiles(l, 66000, &k.f), &k.f);
	for (int tiles = 0; tiles < 2; tiles++) {
		struct db *db = kit_connect(&k);
		struct ledger *reader = kit_ledger(&k, db, tiles == 1);

		kit_must(ledger_head(reader, &head, &k.f), &k.f);
		for (uint64_t i = 0; i < 66000; i += 997) {
			struct hash leaf = merkle_leaf(kit_entry(i, entry));

			kit_must(ledger_inclusion(reader, 66000, i, path, &n, &k.f), &k.f);
			assert_true(merkle_includes(head, i, leaf, path, n));
		}
		for (uint64_t old = 1; old < 66000; old += 5003) {
			kit_must(ledger_consistency(reader, old, 66000, path, &n, &k.f), &k.f);
			assert_true(merkle_extends(kit_head(old), head, path, n));
		}
		ledger_close(reader);
		db_close(db);
	}
	ledger_close(l);
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_of_every_tree_is_proved_from_entries),
		cmocka_unit_test(every_entry_of_every_tree_is_proved_from_tiles),
		cmocka_unit_test(every_tree_extends_every_smaller_one),
		cmocka_unit_test(there_is_no_proof_beyond_the_log),
		cmocka_unit_test(a_reader_proves_from_the_folder),
	};

	return kit_run(tests, sizeof(tests) / sizeof(tests[0]));
}
