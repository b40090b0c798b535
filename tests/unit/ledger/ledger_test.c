/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/entry.h"
#include "log_kit.h"

static void assert_head(struct ledger *l, uint64_t size)
{
	struct fault f = {0};
	struct merkle_head head, expected = kit_head(size);

	kit_must(ledger_head(l, &head, &f), &f);
	assert_int_equal(head.size, size);
	assert_memory_equal(head.root.b, expected.root.b, 32);
}

static void assert_entries(struct ledger *l, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++) {
		struct arena a = {0};
		struct fault f = {0};
		struct bytes found;
		uint8_t entry[KIT_ENTRY_MAX];

		kit_must(ledger_entry(l, &a, i, &found, &f), &f);
		assert_true(bytes_equal(found, kit_entry(i, entry)));
		arena_done(&a);
	}
}

static void an_empty_log_has_the_root_of_nothing(void **state)
{
	struct kit k;
	struct arena a = {0};
	struct bytes entry;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	assert_head(l, 0);
	assert_int_equal(ledger_next(l), 0);
	assert_int_equal(ledger_last_at(l), 0);
	kit_refused(ledger_entry(l, &a, 0, &entry, &k.f), &k.f, "LEDGER_NO_SUCH_ENTRY");
	kit_must(ledger_write_tiles(l, 0, &k.f), &k.f);
	ledger_close(l);
	arena_done(&a);
	kit_close(&k);
}

static void what_is_appended_is_there_after_reopening(void **state)
{
	static const uint64_t batches[] = {1, 2, 1, 255, 256, 1000, 7};
	struct kit k;
	uint64_t size = 0;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		kit_append(&k, l, size, batches[i]);
		size += batches[i];
		assert_head(l, size);
	}
	ledger_close(l);
	db_close(k.db);
	k.db = kit_connect(&k);
	l = kit_ledger(&k, k.db, false);
	assert_int_equal(ledger_next(l), size);
	assert_int_equal(ledger_last_at(l), 1000 + size);
	assert_head(l, size);
	assert_entries(l, 0, size);
	ledger_close(l);
	kit_close(&k);
}

static void a_rollback_leaves_no_trace(void **state)
{
	struct kit k;
	struct arena a = {0};
	struct bytes entry;
	uint8_t text[KIT_ENTRY_MAX];
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	kit_append(&k, l, 0, 5);
	kit_must(db_begin(k.db, &k.f), &k.f);
	kit_must(ledger_begin(l, &k.f), &k.f);
	kit_must(ledger_append(l, bytes_text("lost"), &sequence, &k.f), &k.f);
	assert_int_equal(sequence, 5);
	kit_must(ledger_store(l, 5000, &k.f), &k.f);
	/* Inside the transaction it can be read; afterwards it never was. */
	kit_must(ledger_entry(l, &a, 5, &entry, &k.f), &k.f);
	db_rollback(k.db);
	assert_head(l, 5);
	assert_int_equal(ledger_last_at(l), 1005);
	kit_refused(ledger_entry(l, &a, 5, &entry, &k.f), &k.f, "LEDGER_NO_SUCH_ENTRY");
	kit_append(&k, l, 5, 3);
	kit_must(ledger_entry(l, &a, 5, &entry, &k.f), &k.f);
	assert_true(bytes_equal(entry, kit_entry(5, text)));
	assert_head(l, 8);
	ledger_close(l);
	arena_done(&a);
	kit_close(&k);
}

static void a_second_writer_finds_the_head_moved(void **state)
{
	struct kit k;
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	struct ledger *one = kit_ledger(&k, k.db, false);
	struct ledger *two = kit_ledger(&k, k.db, false);

	/* The second writer read the head before the first one moved it: first an empty log. */
	for (uint64_t size = 0; size < 3; size++) {
		kit_must(ledger_begin(two, &k.f), &k.f);
		kit_must(ledger_append(two, bytes_text("late"), &sequence, &k.f), &k.f);
		kit_append(&k, one, size, 1);
		kit_must(db_begin(k.db, &k.f), &k.f);
		kit_refused(ledger_store(two, 9000, &k.f), &k.f, "LOG_HEAD_MOVED");
		assert_int_equal(k.f.code, ERR_CONFLICT);
		db_rollback(k.db);
		assert_head(one, size + 1);
	}
	/* Beginning again is enough. */
	kit_append(&k, two, 3, 2);
	assert_head(one, 5);
	assert_entries(one, 0, 5);
	ledger_close(two);
	ledger_close(one);
	kit_close(&k);
}

static void a_head_of_the_same_size_with_other_roots_is_another_log(void **state)
{
	struct kit k;
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	struct ledger *one = kit_ledger(&k, k.db, false);
	struct ledger *two = kit_ledger(&k, k.db, false);

	kit_append(&k, one, 0, 2);
	kit_must(ledger_begin(two, &k.f), &k.f);
	kit_must(ledger_append(two, bytes_text("late"), &sequence, &k.f), &k.f);
	kit_must(db_run(k.db, "UPDATE log_head SET roots = (SELECT bytes FROM entry_batch LIMIT 1)",
			&k.f),
		 &k.f);
	kit_must(db_begin(k.db, &k.f), &k.f);
	kit_refused(ledger_store(two, 9000, &k.f), &k.f, "LOG_HEAD_MOVED");
	db_rollback(k.db);
	ledger_close(two);
	ledger_close(one);
	kit_close(&k);
}

static void truncating_undoes_the_last_appends(void **state)
{
	struct kit k;
	uint8_t entry[KIT_ENTRY_MAX];
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	kit_append(&k, l, 0, 3);
	kit_must(db_begin(k.db, &k.f), &k.f);
	kit_must(ledger_begin(l, &k.f), &k.f);
	kit_must(ledger_append(l, kit_entry(3, entry), &sequence, &k.f), &k.f);
	for (int i = 0; i < 100; i++)
		kit_must(ledger_append(l, bytes_text("undone"), &sequence, &k.f), &k.f);
	assert_int_equal(ledger_next(l), 104);
	ledger_truncate(l, 4);
	assert_int_equal(ledger_next(l), 4);
	kit_must(ledger_append(l, kit_entry(4, entry), &sequence, &k.f), &k.f);
	assert_int_equal(sequence, 4);
	assert_entries(l, 3, 5);
	kit_must(ledger_store(l, 2000, &k.f), &k.f);
	kit_must(db_commit(k.db, &k.f), &k.f);
	assert_head(l, 5);
	assert_entries(l, 0, 5);
	ledger_close(l);
	kit_close(&k);
}

static void truncating_to_the_start_stores_nothing(void **state)
{
	struct kit k;
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	kit_must(db_begin(k.db, &k.f), &k.f);
	kit_must(ledger_begin(l, &k.f), &k.f);
	kit_must(ledger_append(l, bytes_text("undone"), &sequence, &k.f), &k.f);
	ledger_truncate(l, 0);
	kit_must(ledger_store(l, 1, &k.f), &k.f);
	kit_must(db_commit(k.db, &k.f), &k.f);
	assert_head(l, 0);
	ledger_close(l);
	kit_close(&k);
}

static void an_entry_of_no_bytes_or_too_many_is_refused(void **state)
{
	static uint8_t large[ENTRY_SIZE_MAX + 1];
	struct kit k;
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	kit_must(ledger_begin(l, &k.f), &k.f);
	kit_refused(ledger_append(l, bytes_of(large, 0), &sequence, &k.f), &k.f,
		    "LEDGER_ENTRY_SIZE");
	kit_refused(ledger_append(l, bytes_of(large, sizeof(large)), &sequence, &k.f), &k.f,
		    "LEDGER_ENTRY_SIZE");
	assert_int_equal(ledger_next(l), 0);
	kit_must(ledger_append(l, bytes_of(large, ENTRY_SIZE_MAX), &sequence, &k.f), &k.f);
	ledger_close(l);
	kit_close(&k);
}

static void time_never_goes_back(void **state)
{
	struct kit k;
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	kit_append(&k, l, 0, 1);
	kit_must(db_begin(k.db, &k.f), &k.f);
	kit_must(ledger_begin(l, &k.f), &k.f);
	kit_must(ledger_append(l, bytes_text("early"), &sequence, &k.f), &k.f);
	kit_refused(ledger_store(l, 1000, &k.f), &k.f, "LEDGER_TIME_BACKWARDS");
	kit_must(ledger_store(l, 1001, &k.f), &k.f);
	kit_must(db_commit(k.db, &k.f), &k.f);
	ledger_close(l);
	kit_close(&k);
}

static err count_row(void *context, const struct value *columns, size_t n)
{
	assert_int_equal(n, 1);
	*(int64_t *)context = columns[0].number;
	return ERR_OK;
}

static int64_t count_batches(struct kit *k)
{
	struct statement *s;
	int64_t count = -1;

	kit_must(db_prepare(k->db, "SELECT count(*) FROM entry_batch", NULL, 0, &s, &k->f), &k->f);
	kit_must(db_query(k->db, s, NULL, count_row, &count, NULL, &k->f), &k->f);
	statement_close(s);
	return count;
}

static void a_large_batch_is_split_into_rows(void **state)
{
	static uint8_t large[ENTRY_SIZE_MAX];
	struct kit k;
	struct arena a = {0};
	struct bytes entry;
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	kit_must(db_begin(k.db, &k.f), &k.f);
	kit_must(ledger_begin(l, &k.f), &k.f);
	for (uint32_t i = 0; i < 600; i++) {
		memcpy(large, &i, sizeof(i));
		kit_must(ledger_append(l, bytes_of(large, sizeof(large)), &sequence, &k.f), &k.f);
	}
	kit_must(ledger_store(l, 1, &k.f), &k.f);
	kit_must(db_commit(k.db, &k.f), &k.f);
	assert_int_equal(count_batches(&k), 3);
	for (uint32_t i = 0; i < 600; i += 7) {
		kit_must(ledger_entry(l, &a, i, &entry, &k.f), &k.f);
		assert_int_equal(entry.n, sizeof(large));
		assert_memory_equal(entry.p, &i, sizeof(i));
		arena_reset(&a);
	}
	ledger_close(l);
	arena_done(&a);
	kit_close(&k);
}

struct walk {
	struct ledger *l;
	uint64_t next, stop;
};

static err walk_one(void *context, uint64_t sequence, struct bytes entry)
{
	struct walk *walk = context;
	uint8_t text[KIT_ENTRY_MAX];

	assert_int_equal(sequence, walk->next);
	assert_true(bytes_equal(entry, kit_entry(sequence, text)));
	/* Reading elsewhere meanwhile does not disturb the walk. */
	assert_entries(walk->l, sequence / 2, sequence / 2 + 1);
	assert_true(bytes_equal(entry, kit_entry(sequence, text)));
	walk->next++;
	return walk->next == walk->stop ? (err){ERR_LIMIT} : ERR_OK;
}

static void a_walk_meets_every_entry_in_order_and_stops_on_an_error(void **state)
{
	struct kit k;
	struct walk walk;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, false);

	for (uint64_t i = 0; i < 300; i++)
		kit_append(&k, l, i, 1);
	kit_append(&k, l, 300, 700);
	for (uint64_t first = 0; first <= 1000; first += 125) {
		walk = (struct walk){l, first, UINT64_MAX};
		kit_must(ledger_each(l, first, walk_one, &walk, &k.f), &k.f);
		assert_int_equal(walk.next, 1000);
	}
	walk = (struct walk){l, 10, 310};
	assert_int_equal(ledger_each(l, 10, walk_one, &walk, &k.f).code, ERR_LIMIT);
	assert_int_equal(walk.next, 310);
	walk = (struct walk){l, 5000, UINT64_MAX};
	kit_must(ledger_each(l, 5000, walk_one, &walk, &k.f), &k.f);
	assert_int_equal(walk.next, 5000);
	ledger_close(l);
	kit_close(&k);
}

static void damaged_rows_are_named(void **state)
{
	static const char *const damages[] = {
		"UPDATE entry_batch SET n = n + 1 WHERE first = 4",
		"UPDATE entry_batch SET n = n - 1 WHERE first = 4",
		"UPDATE entry_batch SET n = 0 WHERE first = 4",
		"UPDATE entry_batch SET n = 9223372036854775807 WHERE first = 4",
		"UPDATE entry_batch SET first = 5 WHERE first = 4",
		"UPDATE entry_batch SET first = 3 WHERE first = 4",
		"UPDATE entry_batch SET bytes = substr(bytes, 2) WHERE first = 4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct kit k;
		struct arena a = {0};
		struct bytes entry;
		err e = ERR_OK;

		kit_open(&k);
		struct ledger *l = kit_ledger(&k, k.db, false);

		kit_append(&k, l, 0, 4);
		kit_append(&k, l, 4, 4);
		kit_append(&k, l, 8, 4);
		kit_must(db_run(k.db, damages[i], &k.f), &k.f);
		for (uint64_t at = 0; e.code == OK && at < 12; at++)
			e = ledger_entry(l, &a, at, &entry, &k.f);
		assert_true(e.code == ERR_CORRUPT || e.code == ERR_NOT_FOUND);
		kit_refused(ledger_write_tiles(l, 12, &k.f), &k.f, k.f.message);
		ledger_close(l);
		arena_done(&a);
		kit_close(&k);
	}
}

static void a_changed_entry_stops_the_tiles_and_so_the_checkpoint(void **state)
{
	struct kit k;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 4);
	kit_append(&k, l, 4, 4);
	/* Two rows of the same lengths, swapped: only the root can tell. */
	kit_must(db_run(k.db,
			"UPDATE entry_batch SET bytes = (SELECT b.bytes FROM entry_batch b"
			" WHERE b.first = 0) WHERE first = 4",
			&k.f),
		 &k.f);
	kit_refused(ledger_write_tiles(l, 8, &k.f), &k.f, "LEDGER_ROOT_MISMATCH");
	/* Asking again does not make it better. */
	kit_refused(ledger_write_tiles(l, 8, &k.f), &k.f, "LEDGER_ROOT_MISMATCH");
	ledger_close(l);
	kit_close(&k);
}

static void a_damaged_head_is_not_opened(void **state)
{
	static const char *const damages[] = {
		"UPDATE log_head SET size = 4",
		"UPDATE log_head SET size = -1",
		"UPDATE log_head SET at = -1",
		"UPDATE log_head SET roots = (SELECT bytes FROM entry_batch LIMIT 1)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct kit k;
		struct ledger *l, *again = NULL;

		kit_open(&k);
		l = kit_ledger(&k, k.db, false);
		kit_append(&k, l, 0, 3);
		kit_must(db_run(k.db, damages[i], &k.f), &k.f);
		kit_refused(ledger_begin(l, &k.f), &k.f, "LEDGER_HEAD_CORRUPT");
		kit_refused(ledger_open(k.db, NULL, &again, &k.f), &k.f, "LEDGER_HEAD_CORRUPT");
		assert_null(again);
		ledger_close(l);
		kit_close(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_log_has_the_root_of_nothing),
		cmocka_unit_test(what_is_appended_is_there_after_reopening),
		cmocka_unit_test(a_rollback_leaves_no_trace),
		cmocka_unit_test(a_second_writer_finds_the_head_moved),
		cmocka_unit_test(a_head_of_the_same_size_with_other_roots_is_another_log),
		cmocka_unit_test(truncating_undoes_the_last_appends),
		cmocka_unit_test(truncating_to_the_start_stores_nothing),
		cmocka_unit_test(an_entry_of_no_bytes_or_too_many_is_refused),
		cmocka_unit_test(time_never_goes_back),
		cmocka_unit_test(a_large_batch_is_split_into_rows),
		cmocka_unit_test(a_walk_meets_every_entry_in_order_and_stops_on_an_error),
		cmocka_unit_test(damaged_rows_are_named),
		cmocka_unit_test(a_changed_entry_stops_the_tiles_and_so_the_checkpoint),
		cmocka_unit_test(a_damaged_head_is_not_opened),
	};

	return kit_run(tests, sizeof(tests) / sizeof(tests[0]));
}
