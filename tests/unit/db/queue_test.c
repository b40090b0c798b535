/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that are queued: their order, their number, and what may happen meanwhile. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char ITEM[] = "CREATE TABLE item (id TEXT NOT NULL PRIMARY KEY, number BIGINT,"
			   " body BLOB)";
static const struct parameter ITEM_PARAMETERS[] = {
	{"id", VALUE_TEXT}, {"number", VALUE_INT}, {"body", VALUE_BLOB}};

static struct statement *insert_item(struct store_test *t)
{
	run(t->db, ITEM);
	return prepared(t->db, "INSERT INTO item (id, number, body) VALUES (:id, :number, :body)",
			ITEM_PARAMETERS, COUNT(ITEM_PARAMETERS));
}

struct order {
	int64_t next;
};

static err in_order(void *context, const struct value *columns, size_t n)
{
	struct order *order = context;

	assert_int_equal(n, 1);
	assert_int_equal(columns[0].number, order->next);
	order->next++;
	return ERR_OK;
}

static void a_hundred_thousand_queued_statements_arrive_in_order(void **state)
{
	enum { MANY = 100000 };
	struct store_test *t = *state;
	struct statement *insert = insert_item(t);
	struct statement *echo = prepared(t->db, "SELECT :number AS n", ITEM_PARAMETERS, 3);
	struct order order = {0};
	struct fault f = {0};
	int64_t last = 0;

	ok(db_begin(t->db, &f), &f);
	for (int64_t i = 0; i < MANY; i++) {
		char id[24];
		struct value values[] = {value_null, value_int(i), value_null};

		snprintf(id, sizeof(id), "item-%lld", (long long)i);
		values[0] = value_text(bytes_text(id));
		ok(db_queue(t->db, insert, values, NULL, NULL, &last, &f), &f);
		if (i % 10 == 0) {
			values[1] = value_int(i / 10);
			ok(db_queue(t->db, echo, values, in_order, &order, NULL, &f), &f);
		}
	}
	ok(db_flush(t->db, &f), &f);
	assert_int_equal(order.next, MANY / 10);
	assert_int_equal(last, 1);
	ok(db_commit(t->db, &f), &f);
	assert_int_equal(number_of(t->db, "SELECT count(*) FROM item"), MANY);
}

static err add_length(void *context, const struct value *columns, size_t n)
{
	assert_int_equal(n, 1);
	*(size_t *)context += columns[0].bytes.n;
	return ERR_OK;
}

/* Both sides then have more to say than the buffers between them hold. */
static void large_questions_with_large_answers_do_not_lock_up(void **state)
{
	enum { SIZE = 200000, TIMES = 300 };
	struct store_test *t = *state;
	struct statement *echo = prepared(t->db, "SELECT :body AS b", ITEM_PARAMETERS, 3);
	uint8_t *body = calloc(1, SIZE);
	struct value values[] = {value_null, value_null, value_blob(bytes_of(body, SIZE))};
	size_t total = 0;
	struct fault f = {0};

	assert_non_null(body);
	for (int i = 0; i < TIMES; i++)
		ok(db_queue(t->db, echo, values, add_length, &total, NULL, &f), &f);
	ok(db_flush(t->db, &f), &f);
	assert_int_equal(total, (size_t)SIZE * TIMES);
	free(body);
}

static void a_statement_may_be_closed_while_it_is_queued(void **state)
{
	struct store_test *t = *state;
	struct value values[] = {value_null, value_int(0), value_null};
	struct order order = {0};
	struct fault f = {0};

	for (int64_t i = 0; i < 50; i++) {
		struct statement *echo = prepared(t->db, "SELECT :number AS n", ITEM_PARAMETERS, 3);
		values[1] = value_int(i);
		ok(db_queue(t->db, echo, values, in_order, &order, NULL, &f), &f);
		statement_close(echo);
	}
	ok(db_flush(t->db, &f), &f);
	assert_int_equal(order.next, 50);
}

struct nosy {
	struct store_test *t;
	struct statement *s;
	struct fault f;
};

static err use_connection(void *context, const struct value *columns, size_t n)
{
	struct nosy *nosy = context;

	(void)columns;
	(void)n;
	return db_query(nosy->t->db, nosy->s, NULL, NULL, NULL, NULL, &nosy->f);
}

static void a_row_function_cannot_use_the_connection(void **state)
{
	struct store_test *t = *state;
	struct nosy nosy = {.t = t, .s = prepared(t->db, "SELECT 1 AS one", NULL, 0)};
	struct fault f = {0};
	err result = db_query(t->db, nosy.s, NULL, use_connection, &nosy, NULL, &f);

	refused(result, &nosy.f, "DB_IN_ROW");
	assert_int_equal(number_of(t->db, "SELECT 1 AS one"), 1);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		STORE_TEST(a_hundred_thousand_queued_statements_arrive_in_order),
		STORE_TEST(large_questions_with_large_answers_do_not_lock_up),
		STORE_TEST(a_statement_may_be_closed_while_it_is_queued),
		STORE_TEST(a_row_function_cannot_use_the_connection),
	};

	return run_on_both(TESTS, COUNT(TESTS));
}
