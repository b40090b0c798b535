/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions, and what a failed one leaves behind: the same on both stores. */
#include "stores.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct parameter KEY[] = {{"key", VALUE_TEXT}};

static struct statement *insert_key(struct store_test *t)
{
	run(t->db, "CREATE TABLE k (key TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)");
	return prepared(t->db, "INSERT INTO k (key, n) VALUES (:key, 1)", KEY, 1);
}

static err insert(struct db *db, struct statement *s, const char *key, struct fault *f)
{
	struct value values[] = {value_text(bytes_text(key))};

	return db_query(db, s, values, NULL, NULL, NULL, f);
}

static int64_t keys(struct db *db)
{
	return number_of(db, "SELECT count(*) FROM k");
}

static void begin(struct db *db)
{
	struct fault f = {0};

	ok(db_begin(db, &f), &f);
}

static void commit(struct db *db)
{
	struct fault f = {0};

	ok(db_commit(db, &f), &f);
}

static void what_is_committed_stays_and_the_rest_goes(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct fault f = {0};

	begin(t->db);
	ok(insert(t->db, s, "kept", &f), &f);
	commit(t->db);
	begin(t->db);
	ok(insert(t->db, s, "dropped", &f), &f);
	assert_int_equal(keys(t->db), 2);
	db_rollback(t->db);
	assert_int_equal(keys(t->db), 1);
	db_close(t->db);
	ok(db_open(t->address, &t->db, &f), &f);
	assert_int_equal(keys(t->db), 1);
}

static void closing_drops_an_open_transaction(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct value values[] = {value_text(bytes_text("queued"))};
	struct fault f = {0};

	begin(t->db);
	ok(db_queue(t->db, s, values, NULL, NULL, NULL, &f), &f);
	db_close(t->db);
	ok(db_open(t->address, &t->db, &f), &f);
	assert_int_equal(keys(t->db), 0);
}

static err no_row(void *context, const struct value *columns, size_t n)
{
	(void)context;
	(void)columns;
	(void)n;
	fail_msg("a row of a statement that was dropped");
	return ERR_OK;
}

/* The queue is PostgreSQL's; on SQLite a statement without rows does as well. */
static void rolling_back_drops_what_is_queued(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct statement *read = prepared(t->db, "SELECT 1 AS one WHERE :key = 'b'", KEY, 1);
	struct value values[] = {value_text(bytes_text("a"))};
	struct fault f = {0};

	begin(t->db);
	ok(db_queue(t->db, s, values, NULL, NULL, NULL, &f), &f);
	if (t->product == DB_POSTGRES)
		values[0] = value_text(bytes_text("b"));
	ok(db_queue(t->db, read, values, no_row, NULL, NULL, &f), &f);
	db_rollback(t->db);
	assert_int_equal(keys(t->db), 0);
}

static void a_key_that_is_there_is_a_conflict(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct fault f = {0};

	ok(insert(t->db, s, "a", &f), &f);
	refused(insert(t->db, s, "a", &f), &f, "DB_CONFLICT");
	ok(insert(t->db, s, "b", &f), &f);
	run(t->db, "CREATE UNIQUE INDEX k_n ON k (n) WHERE n > 1");
	ok(db_run(t->db, "INSERT INTO k (key, n) VALUES ('c', 2)", &f), &f);
	refused(db_run(t->db, "INSERT INTO k (key, n) VALUES ('d', 2)", &f), &f, "DB_CONFLICT");
	refused(db_run(t->db, "INSERT INTO k (key, n) VALUES ('e', NULL)", &f), &f,
		"DB_CONSTRAINT");
	assert_int_equal(keys(t->db), 3);
}

static void after_a_failure_only_a_rollback_is_heard(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t), *other = NULL;
	struct fault f = {0};

	begin(t->db);
	ok(insert(t->db, s, "a", &f), &f);
	refused(insert(t->db, s, "a", &f), &f, "DB_CONFLICT");
	refused(insert(t->db, s, "b", &f), &f, "DB_ROLLBACK_FIRST");
	refused(db_flush(t->db, &f), &f, "DB_ROLLBACK_FIRST");
	refused(db_run(t->db, "DELETE FROM k", &f), &f, "DB_ROLLBACK_FIRST");
	refused(db_prepare(t->db, "SELECT 1 AS a", NULL, 0, &other, &f), &f, "DB_ROLLBACK_FIRST");
	refused(db_savepoint(t->db, "later", &f), &f, "DB_ROLLBACK_FIRST");
	refused(db_begin(t->db, &f), &f, "DB_ROLLBACK_FIRST");
	refused(db_commit(t->db, &f), &f, "DB_ROLLBACK_FIRST");
	db_rollback(t->db);
	db_rollback(t->db);
	assert_int_equal(keys(t->db), 0);
	begin(t->db);
	ok(insert(t->db, s, "a", &f), &f);
	commit(t->db);
	assert_int_equal(keys(t->db), 1);
}

static void an_error_amid_the_queue_comes_back_and_work_goes_on(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct fault f = {0};

	for (int round = 0; round < 3; round++) {
		err result = ERR_OK;

		begin(t->db);
		for (int i = 0; i < 20 && result.code == OK; i++) {
			char key[16];
			struct value values[1];
			snprintf(key, sizeof(key), "key-%d", i == 10 ? 3 : i);
			values[0] = value_text(bytes_text(key));
			result = db_queue(t->db, s, values, NULL, NULL, NULL, &f);
		}
		if (result.code == OK)
			result = db_commit(t->db, &f);
		refused(result, &f, "DB_CONFLICT");
		db_rollback(t->db);
		assert_int_equal(keys(t->db), 0);
	}
	begin(t->db);
	ok(insert(t->db, s, "a", &f), &f);
	commit(t->db);
	assert_int_equal(keys(t->db), 1);
}

static err stop(void *context, const struct value *columns, size_t n)
{
	(void)columns;
	(void)n;
	++*(int *)context;
	return (err){ERR_NOT_FOUND};
}

static void an_error_of_the_row_function_ends_the_walk(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct statement *read = prepared(t->db, "SELECT key FROM k", NULL, 0);
	struct fault f = {0};
	int calls = 0;

	begin(t->db);
	ok(insert(t->db, s, "a", &f), &f);
	ok(insert(t->db, s, "b", &f), &f);
	commit(t->db);
	assert_int_equal(db_query(t->db, read, NULL, stop, &calls, NULL, &f).code, ERR_NOT_FOUND);
	assert_int_equal(calls, 1);
	begin(t->db);
	ok(insert(t->db, s, "c", &f), &f);
	assert_int_equal(db_query(t->db, read, NULL, stop, &calls, NULL, &f).code, ERR_NOT_FOUND);
	refused(db_commit(t->db, &f), &f, "DB_ROLLBACK_FIRST");
	db_rollback(t->db);
	assert_int_equal(calls, 2);
	assert_int_equal(keys(t->db), 2);
}

static void transactions_do_not_nest(void **state)
{
	struct store_test *t = *state;
	struct fault f = {0};

	refused(db_commit(t->db, &f), &f, "DB_NO_TRANSACTION");
	refused(db_savepoint(t->db, "a", &f), &f, "DB_NO_TRANSACTION");
	refused(db_savepoint_rollback(t->db, "a", &f), &f, "DB_NO_TRANSACTION");
	refused(db_savepoint_release(t->db, "a", &f), &f, "DB_NO_TRANSACTION");
	db_rollback(t->db);
	ok(db_flush(t->db, &f), &f);
	begin(t->db);
	refused(db_begin(t->db, &f), &f, "DB_TRANSACTION_OPEN");
	db_rollback(t->db);
	begin(t->db);
	commit(t->db);
}

static void a_savepoint_undoes_what_came_after_it(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct fault f = {0};

	begin(t->db);
	ok(insert(t->db, s, "before", &f), &f);
	ok(db_savepoint(t->db, "one", &f), &f);
	ok(insert(t->db, s, "within", &f), &f);
	ok(db_savepoint_rollback(t->db, "one", &f), &f);
	ok(insert(t->db, s, "within", &f), &f);
	ok(db_savepoint_release(t->db, "one", &f), &f);
	ok(db_savepoint(t->db, "two", &f), &f);
	ok(insert(t->db, s, "last", &f), &f);
	ok(db_savepoint_rollback(t->db, "two", &f), &f);
	commit(t->db);
	assert_int_equal(keys(t->db), 2);
}

static void a_savepoint_saves_the_transaction_from_a_failure(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct value values[] = {value_text(bytes_text("a"))};
	struct fault f = {0};
	err result;

	begin(t->db);
	ok(db_queue(t->db, s, values, NULL, NULL, NULL, &f), &f);
	ok(db_savepoint(t->db, "item", &f), &f);
	result = db_queue(t->db, s, values, NULL, NULL, NULL, &f);
	if (result.code == OK)
		result = db_flush(t->db, &f);
	refused(result, &f, "DB_CONFLICT");
	refused(db_savepoint_release(t->db, "item", &f), &f, "DB_ROLLBACK_FIRST");
	ok(db_savepoint_rollback(t->db, "item", &f), &f);
	ok(insert(t->db, s, "b", &f), &f);
	commit(t->db);
	assert_int_equal(keys(t->db), 2);
}

static void bad_savepoints_are_refused(void **state)
{
	static const char *const BAD[] = {"",  "a b", "a;DROP TABLE k",
					  "A", "a1",  "abcdefghijklmnopqrstuvwxyzabcdefg"};
	struct store_test *t = *state;
	struct fault f = {0};

	for (size_t i = 0; i < COUNT(BAD); i++) {
		begin(t->db);
		refused(db_savepoint(t->db, BAD[i], &f), &f, "DB_STATEMENT");
		db_rollback(t->db);
	}
	begin(t->db);
	assert_int_not_equal(db_savepoint_rollback(t->db, "never", &f).code, OK);
	refused(db_commit(t->db, &f), &f, "DB_ROLLBACK_FIRST");
	db_rollback(t->db);
	begin(t->db);
	commit(t->db);
}

static void a_reader_cannot_write(void **state)
{
	static const char *const WRITES[] = {"INSERT INTO k (key, n) VALUES ('x', 1)",
					     "UPDATE k SET n = 2", "DELETE FROM k",
					     "CREATE TABLE other (i BIGINT)", "DROP TABLE k"};
	struct store_test *t = *state;
	struct statement *s = insert_key(t), *bad;
	struct fault f = {0};
	struct db *reader;

	ok(insert(t->db, s, "a", &f), &f);
	ok(db_open_reader(t->address, &reader, &f), &f);
	for (size_t i = 0; i < COUNT(WRITES); i++)
		refused(db_run(reader, WRITES[i], &f), &f, "DB_READ_ONLY");
	bad = prepared(reader, WRITES[0], NULL, 0);
	refused(db_query(reader, bad, NULL, NULL, NULL, NULL, &f), &f, "DB_READ_ONLY");
	begin(reader);
	refused(db_query(reader, bad, NULL, NULL, NULL, NULL, &f), &f, "DB_READ_ONLY");
	db_rollback(reader);
	assert_int_equal(keys(reader), 1);
	db_close(reader);
	assert_int_equal(keys(t->db), 1);
}

static void a_reader_sees_one_state_throughout_its_transaction(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct fault f = {0};
	struct db *reader;

	ok(db_open_reader(t->address, &reader, &f), &f);
	begin(reader);
	assert_int_equal(keys(reader), 0);
	ok(insert(t->db, s, "a", &f), &f);
	assert_int_equal(keys(reader), 0);
	commit(reader);
	assert_int_equal(keys(reader), 1);
	begin(t->db);
	ok(insert(t->db, s, "b", &f), &f);
	assert_int_equal(keys(reader), 1);
	commit(t->db);
	assert_int_equal(keys(reader), 2);
	db_close(reader);
}

static void a_second_writer_waits_no_longer_than_told(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t), *mine;
	struct fault f = {0};
	struct db *second;
	err result;

	ok(db_open(t->address, &second, &f), &f);
	ok(db_set_patience(second, 20, &f), &f);
	mine = prepared(second, "INSERT INTO k (key, n) VALUES (:key, 2)", KEY, 1);
	begin(t->db);
	ok(insert(t->db, s, "a", &f), &f);
	result = db_begin(second, &f);
	if (result.code == OK)
		result = insert(second, mine, "a", &f);
	refused(result, &f, "DB_BUSY");
	db_rollback(second);
	commit(t->db);
	begin(second);
	refused(insert(second, mine, "a", &f), &f, "DB_CONFLICT");
	db_rollback(second);
	begin(second);
	ok(insert(second, mine, "b", &f), &f);
	commit(second);
	db_close(second);
	assert_int_equal(keys(t->db), 2);
}

static void a_checkpoint_disturbs_nobody(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_key(t);
	struct fault f = {0};
	struct db *other;

	ok(db_open(t->address, &other, &f), &f);
	begin(t->db);
	ok(insert(t->db, s, "a", &f), &f);
	ok(db_checkpoint(other, &f), &f);
	commit(t->db);
	ok(db_checkpoint(other, &f), &f);
	assert_int_equal(keys(other), 1);
	db_close(other);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		STORE_TEST(what_is_committed_stays_and_the_rest_goes),
		STORE_TEST(closing_drops_an_open_transaction),
		STORE_TEST(rolling_back_drops_what_is_queued),
		STORE_TEST(a_key_that_is_there_is_a_conflict),
		STORE_TEST(after_a_failure_only_a_rollback_is_heard),
		STORE_TEST(an_error_amid_the_queue_comes_back_and_work_goes_on),
		STORE_TEST(an_error_of_the_row_function_ends_the_walk),
		STORE_TEST(transactions_do_not_nest),
		STORE_TEST(a_savepoint_undoes_what_came_after_it),
		STORE_TEST(a_savepoint_saves_the_transaction_from_a_failure),
		STORE_TEST(bad_savepoints_are_refused),
		STORE_TEST(a_reader_cannot_write),
		STORE_TEST(a_reader_sees_one_state_throughout_its_transaction),
		STORE_TEST(a_second_writer_waits_no_longer_than_told),
		STORE_TEST(a_checkpoint_disturbs_nobody),
	};

	return run_on_both(TESTS, COUNT(TESTS));
}
