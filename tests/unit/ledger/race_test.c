/* SPDX-License-Identifier: Apache-2.0 */
/* Writers on connections of their own, and a publisher behind them. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "log_kit.h"

enum { WRITERS = 2, TRANSACTIONS = 60, PER_TRANSACTION = 5 };

struct writer_thread {
	struct kit *k;
	struct db *db;
	struct ledger *l;
	pthread_t thread;
	atomic_bool failed; /* `e` and `f` may then be read */
	err e;
	struct fault f;
};

static err append_some(struct writer_thread *t, uint64_t n)
{
	uint64_t sequence;

	TRY(db_begin(t->db, &t->f));
	TRY(ledger_begin(t->l, &t->f));
	for (uint64_t i = 0; i < n; i++)
		TRY(ledger_append(t->l, bytes_text("an entry"), &sequence, &t->f));
	TRY(ledger_store(t->l, ledger_last_at(t->l) + 1, &t->f));
	return db_commit(t->db, &t->f);
}

static void *write_many(void *context)
{
	struct writer_thread *t = context;

	for (unsigned i = 0; i < TRANSACTIONS;) {
		t->e = append_some(t, PER_TRANSACTION);
		if (t->e.code == OK) {
			i++;
			continue;
		}
		db_rollback(t->db);
		/* Being late is all that may go wrong. */
		if (t->e.code != ERR_CONFLICT && t->e.code != ERR_UNAVAILABLE) {
			atomic_store(&t->failed, true);
			break;
		}
	}
	return NULL;
}

static void thread_open(struct writer_thread *t, struct kit *k)
{
	memset(t, 0, sizeof(*t));
	t->k = k;
	t->db = kit_connect(k);
	t->l = kit_ledger(k, t->db, false);
}

static void thread_close(struct writer_thread *t)
{
	ledger_close(t->l);
	db_close(t->db);
}

static void two_writers_make_one_log(void **state)
{
	struct kit k;
	struct writer_thread t[WRITERS];
	struct merkle_head head = {0};
	const uint64_t all = (uint64_t)WRITERS * TRANSACTIONS * PER_TRANSACTION;

	(void)state;
	kit_open(&k);
	struct ledger *publisher = kit_ledger(&k, k.db, true);

	for (int i = 0; i < WRITERS; i++) {
		thread_open(&t[i], &k);
		assert_int_equal(pthread_create(&t[i].thread, NULL, write_many, &t[i]), 0);
	}
	/* Meanwhile the publisher follows; what it sees is always one whole log. */
	while (head.size < all) {
		struct hash path[MERKLE_DEPTH_MAX * 2];
		struct merkle_head old = head;
		size_t n;

		kit_must(ledger_head(publisher, &head, &k.f), &k.f);
		kit_must(ledger_write_tiles(publisher, head.size, &k.f), &k.f);
		kit_must(ledger_consistency(publisher, old.size, head.size, path, &n, &k.f), &k.f);
		if (old.size > 0)
			assert_true(merkle_extends(old, head, path, n));
		for (int i = 0; i < WRITERS; i++) {
			if (atomic_load(&t[i].failed))
				kit_must(t[i].e, &t[i].f);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(pthread_join(t[i].thread, NULL), 0);
		kit_must(t[i].e, &t[i].f);
		thread_close(&t[i]);
	}
	kit_must(ledger_head(publisher, &head, &k.f), &k.f);
	assert_int_equal(head.size, all);
	ledger_close(publisher);
	kit_close(&k);
}

static void *store_late(void *context)
{
	struct writer_thread *t = context;

	t->e = ledger_store(t->l, 7000, &t->f);
	return NULL;
}

/* On PostgreSQL both transactions are open at once; on SQLite the second cannot even begin. */
static void a_writer_that_waited_finds_the_head_moved(void **state)
{
	struct kit k;
	struct writer_thread one, two;
	uint64_t sequence;

	(void)state;
	kit_open(&k);
	thread_open(&one, &k);
	thread_open(&two, &k);
	for (int round = 0; k.schema[0] && round < 3; round++) {
		kit_must(db_begin(two.db, &two.f), &two.f);
		kit_must(ledger_begin(two.l, &two.f), &two.f);
		kit_must(ledger_append(two.l, bytes_text("late"), &sequence, &two.f), &two.f);

		kit_must(db_begin(one.db, &one.f), &one.f);
		kit_must(ledger_begin(one.l, &one.f), &one.f);
		kit_must(ledger_append(one.l, bytes_text("first"), &sequence, &one.f), &one.f);
		kit_must(ledger_store(one.l, 5000, &one.f), &one.f);
		/* The second one meets our lock, or comes after us: it is late either way. */
		assert_int_equal(pthread_create(&two.thread, NULL, store_late, &two), 0);
		kit_must(db_commit(one.db, &one.f), &one.f);
		assert_int_equal(pthread_join(two.thread, NULL), 0);
		kit_refused(two.e, &two.f, "LOG_HEAD_MOVED");
		db_rollback(two.db);
	}
	kit_must(append_some(&two, 1), &two.f);
	thread_close(&one);
	thread_close(&two);
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_writers_make_one_log),
		cmocka_unit_test(a_writer_that_waited_finds_the_head_moved),
	};

	return kit_run(tests, sizeof(tests) / sizeof(tests[0]));
}
