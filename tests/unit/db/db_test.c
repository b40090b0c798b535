/* SPDX-License-Identifier: Apache-2.0 */
/* What every store does alike: values, statements, rows. The same tests run over both. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void query(struct store_test *t, struct statement *s, const struct value *values)
{
	struct fault f = {0};

	ok(db_query(t->db, s, values, NULL, NULL, NULL, &f), &f);
}

struct seen {
	size_t rows;
	struct value last[4]; /* without the bytes, which are gone */
	uint8_t bytes[4][64];
};

static err see(void *context, const struct value *columns, size_t n)
{
	struct seen *seen = context;

	assert_in_range(n, 1, 4);
	for (size_t i = 0; i < n; i++) {
		seen->last[i] = columns[i];
		assert_in_range(columns[i].bytes.n, 0, sizeof(seen->bytes[i]));
		if (columns[i].bytes.n > 0)
			memcpy(seen->bytes[i], columns[i].bytes.p, columns[i].bytes.n);
		seen->last[i].bytes.p = seen->bytes[i];
	}
	seen->rows++;
	return ERR_OK;
}

static bool same(const struct value *a, const struct value *b)
{
	return a->kind == b->kind && a->number == b->number && bytes_equal(a->bytes, b->bytes);
}

static void a_row_comes_back_as_it_went_in(void **state)
{
	static const struct value ROWS[][3] = {
		{{VALUE_TEXT, 0, {(const uint8_t *)"a", 1}},
		 {VALUE_INT, INT64_MAX, {NULL, 0}},
		 {VALUE_BLOB, 0, {(const uint8_t *)"\0\xff\0", 3}}},
		{{VALUE_TEXT, 0, {(const uint8_t *)"\xc3\xa9\xf0\x9f\x94\x92'\\\"", 9}},
		 {VALUE_INT, INT64_MIN, {NULL, 0}},
		 {VALUE_BLOB, 0, {NULL, 0}}},
		{{VALUE_TEXT, 0, {NULL, 0}},
		 {VALUE_INT, -1, {NULL, 0}},
		 {VALUE_NULL, 0, {NULL, 0}}},
		{{VALUE_TEXT, 0, {(const uint8_t *)":x $1 ?1", 8}},
		 {VALUE_NULL, 0, {NULL, 0}},
		 {VALUE_BLOB, 0, {(const uint8_t *)"x", 1}}},
	};
	struct store_test *t = *state;
	struct statement *insert = insert_item(t);
	struct statement *read = prepared(t->db, "SELECT id, number, body FROM item WHERE id = :id",
					  ITEM_PARAMETERS, 3);

	for (size_t i = 0; i < COUNT(ROWS); i++)
		query(t, insert, ROWS[i]);
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct seen seen = {0};
		struct fault f = {0};

		ok(db_query(t->db, read, ROWS[i], see, &seen, NULL, &f), &f);
		assert_int_equal(seen.rows, 1);
		for (size_t c = 0; c < 3; c++)
			assert_true(same(&seen.last[c], &ROWS[i][c]));
	}
}

static void columns_are_known_after_preparing(void **state)
{
	struct store_test *t = *state;
	struct statement *insert = insert_item(t);
	struct statement *s = prepared(t->db, "SELECT number, id AS name FROM item", NULL, 0);

	assert_int_equal(statement_columns(insert), 0);
	assert_int_equal(statement_column_index(insert, "id"), -1);
	assert_int_equal(statement_columns(s), 2);
	assert_string_equal(statement_column(s, 1), "name");
	assert_int_equal(statement_column_index(s, "number"), 0);
	assert_int_equal(statement_column_index(s, "name"), 1);
	assert_int_equal(statement_column_index(s, "id"), -1);
}

static void a_parameter_may_stand_twice_or_not_at_all(void **state)
{
	static const struct parameter P[] = {{"unused", VALUE_BLOB}, {"list.i", VALUE_INT}};
	struct store_test *t = *state;
	struct statement *s = prepared(
		t->db, "SELECT :list.i + :list.i AS double, ':unused' AS text -- :nothing", P, 2);
	struct value values[] = {value_text(bytes_text("another kind")), value_int(21)};
	struct seen seen = {0};
	struct fault f = {0};

	ok(db_query(t->db, s, values, see, &seen, NULL, &f), &f);
	assert_int_equal(seen.last[0].number, 42);
	assert_memory_equal(seen.bytes[1], ":unused", 7);
}

static void a_null_parameter_has_a_type_all_the_same(void **state)
{
	static const struct parameter P[] = {{"x", VALUE_TEXT}};
	struct store_test *t = *state;
	struct statement *s = prepared(t->db, "SELECT 1 AS one WHERE :x IS NULL", P, 1);
	struct value values[] = {value_null};
	struct seen seen = {0};
	struct fault f = {0};

	ok(db_query(t->db, s, values, see, &seen, NULL, &f), &f);
	assert_int_equal(seen.rows, 1);
	values[0] = value_text(bytes_text(""));
	ok(db_query(t->db, s, values, see, &seen, NULL, &f), &f);
	assert_int_equal(seen.rows, 1);
}

static void a_value_of_another_kind_is_refused(void **state)
{
	struct store_test *t = *state;
	struct statement *insert = insert_item(t);
	struct value values[] = {value_text(bytes_text("a")), value_text(bytes_text("1")),
				 value_null};
	struct fault f = {0};

	refused(db_query(t->db, insert, values, NULL, NULL, NULL, &f), &f, "DB_VALUE_KIND");
	values[0] = value_blob(bytes_text("a"));
	values[1] = value_null;
	refused(db_query(t->db, insert, values, NULL, NULL, NULL, &f), &f, "DB_VALUE_KIND");
	assert_int_equal(number_of(t->db, "SELECT count(*) FROM item"), 0);
}

static void text_that_is_no_text_is_refused(void **state)
{
	static const struct bytes BAD[] = {
		{(const uint8_t *)"a\0b", 3},     {(const uint8_t *)"\0", 1},
		{(const uint8_t *)"\xff", 1},     {(const uint8_t *)"\xed\xa0\x80", 3},
		{(const uint8_t *)"\xc0\xaf", 2}, {(const uint8_t *)"a\xe2\x82", 3},
	};
	struct store_test *t = *state;
	struct statement *insert = insert_item(t);
	struct fault f = {0};

	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct value values[] = {value_text(BAD[i]), value_null, value_null};
		refused(db_query(t->db, insert, values, NULL, NULL, NULL, &f), &f, "DB_TEXT");
	}
	assert_int_equal(number_of(t->db, "SELECT count(*) FROM item"), 0);
}

static void a_large_blob_comes_back_whole(void **state)
{
	struct store_test *t = *state;
	struct statement *insert = insert_item(t);
	size_t n = 20 << 20;
	uint8_t *large = malloc(n);
	struct value values[] = {value_text(bytes_text("large")), value_null, value_null};

	assert_non_null(large);
	for (size_t i = 0; i < n; i++)
		large[i] = (uint8_t)(i * 31 + i / 251);
	values[2] = value_blob(bytes_of(large, n));
	query(t, insert, values);
	assert_int_equal(number_of(t->db, "SELECT length(body) FROM item"), n);
	values[0] = value_text(bytes_text("again"));
	query(t, insert, values);
	assert_int_equal(number_of(t->db, "SELECT count(*) FROM item AS a JOIN item AS b"
					  " ON a.body = b.body"),
			 4);
	free(large);
}

static void a_blob_past_the_limit_is_refused(void **state)
{
	struct store_test *t = *state;
	struct statement *insert = insert_item(t);
	struct value values[] = {value_text(bytes_text("huge")), value_null, value_null};
	struct fault f = {0};

	values[2] = value_blob(bytes_of("", (size_t)DB_VALUE_SIZE_MAX + 1));
	refused(db_query(t->db, insert, values, NULL, NULL, NULL, &f), &f, "DB_TOO_LARGE");
}

static void bad_statements_are_refused_when_they_are_prepared(void **state)
{
	static const struct {
		const char *sql, *message;
	} BAD[] = {
		{"SELECT number FROM item WHERE id = :other", "DB_PARAMETER_UNKNOWN"},
		{"SELECT 1 AS a; SELECT 2 AS b", "DB_SQL_INVALID"},
		{"SELECT number FROM item WHERE id = $1", "DB_SQL_INVALID"},
		{"SELECT number FROM item WHERE id = ?", "DB_SQL_INVALID"},
		{"SELECT x'00' AS blob", "DB_SQL_INVALID"},
		{"SELECT number FROM nowhere", "DB_STATEMENT"},
		{"SELECT nothing FROM item", "DB_STATEMENT"},
		{"SELECT \"nothing\" FROM item", "DB_STATEMENT"}, /* no string, as SQLite had it */
		{"SELECT number FROM", "DB_STATEMENT"},
		{"DELETE item", "DB_STATEMENT"},
	};
	struct store_test *t = *state;
	struct statement *s = NULL;

	insert_item(t);
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct fault f = {0};
		refused(db_prepare(t->db, BAD[i].sql, ITEM_PARAMETERS, 3, &s, &f), &f,
			BAD[i].message);
		assert_null(s);
	}
	assert_int_equal(number_of(t->db, "SELECT count(*) FROM item;  -- still works\n"), 0);
}

static void numbers_of_every_sort_become_one_kind(void **state)
{
	struct store_test *t = *state;

	run(t->db, "CREATE TABLE n (i BIGINT NOT NULL PRIMARY KEY)");
	run(t->db, "INSERT INTO n (i) VALUES (9223372036854775806), (1), (-40000), (29999)");
	assert_int_equal(number_of(t->db, "SELECT 7 AS a"), 7);
	assert_int_equal(number_of(t->db, "SELECT count(*) FROM n WHERE i > 0"), 3);
	assert_int_equal(number_of(t->db, "SELECT 2 > 1 AS b"), 1);
	assert_int_equal(number_of(t->db, "SELECT EXISTS (SELECT 1 FROM n WHERE i = 5) AS b"), 0);
	assert_true(number_of(t->db, "SELECT sum(i) AS s FROM n WHERE i > 29999 OR i = 1") ==
		    INT64_MAX);
	assert_int_equal(number_of(t->db, "SELECT sum(i) AS s FROM n WHERE i < 29999"), -39999);
	assert_int_equal(number_of(t->db, "SELECT sum(i) AS s FROM n WHERE i < 0"), -40000);
	assert_int_equal(number_of(t->db, "SELECT sum(i - i) AS s FROM n"), 0);
	assert_int_equal(number_of(t->db,
				   "SELECT sum(i - 9223372036854775806) + 10000 * 1 AS s FROM n"
				   " WHERE i > 30000"),
			 10000);
}

static void the_least_number_is_summed_exactly(void **state)
{
	struct store_test *t = *state;

	run(t->db, "CREATE TABLE n (i BIGINT NOT NULL PRIMARY KEY)");
	run(t->db, "INSERT INTO n (i) VALUES (-9223372036854775807), (-1)");
	assert_true(number_of(t->db, "SELECT sum(i) AS s FROM n") == INT64_MIN);
}

static void a_sum_that_does_not_fit_is_an_error(void **state)
{
	struct store_test *t = *state;
	struct seen seen = {0};
	struct fault f = {0};
	struct statement *s;

	run(t->db, "CREATE TABLE n (i BIGINT NOT NULL PRIMARY KEY)");
	run(t->db, "INSERT INTO n (i) VALUES (9223372036854775807), (1)");
	s = prepared(t->db, "SELECT sum(i) AS s FROM n", NULL, 0);
	assert_int_not_equal(db_query(t->db, s, NULL, see, &seen, NULL, &f).code, OK);
	assert_int_equal(seen.rows, 0);
}

static void a_fraction_is_refused(void **state)
{
	struct store_test *t = *state;
	struct seen seen = {0};
	struct fault f = {0};
	struct statement *s = prepared(t->db, "SELECT 1.5 AS fraction", NULL, 0);

	refused(db_query(t->db, s, NULL, see, &seen, NULL, &f), &f, "DB_COLUMN_KIND");
	assert_int_equal(seen.rows, 0);
}

static void text_is_ordered_by_its_bytes(void **state)
{
	struct store_test *t = *state;
	struct seen seen = {0};
	struct fault f = {0};
	struct statement *s;

	run(t->db, ITEM);
	run(t->db, "INSERT INTO item (id) VALUES ('a'), ('B'), ('\xc3\xa9'), ('aB'), ('a-b'),"
		   " ('z'), ('_')");
	s = prepared(t->db,
		     "SELECT count(*) FROM item AS x JOIN item AS y ON x.id < y.id WHERE"
		     " (x.id, y.id) IN (('B', '_'), ('_', 'a'), ('a', 'a-b'), ('a-b', 'aB'),"
		     " ('aB', 'z'), ('z', '\xc3\xa9'))",
		     NULL, 0);
	ok(db_query(t->db, s, NULL, see, &seen, NULL, &f), &f);
	assert_int_equal(seen.last[0].number, 6);
}

static void changed_rows_are_counted(void **state)
{
	static const struct {
		const char *sql;
		int64_t changed;
	} STEPS[] = {
		{"INSERT INTO item (id, number) VALUES ('a', 1), ('b', 1)", 2},
		{"INSERT INTO item (id, number) VALUES ('a', 2) ON CONFLICT (id) DO NOTHING", 0},
		{"INSERT INTO item (id, number) VALUES ('a', 2) ON CONFLICT (id) DO UPDATE"
		 " SET number = excluded.number",
		 1},
		{"UPDATE item SET number = 3 WHERE id = 'none'", 0},
		{"SELECT id FROM item", 0},
		{"UPDATE item SET number = 3 RETURNING id", 2},
		{"CREATE TABLE other (id TEXT)", 0},
		{"DELETE FROM item", 2},
		{"SELECT id FROM item", 0},
	};
	struct store_test *t = *state;
	struct fault f = {0};

	run(t->db, ITEM);
	for (size_t i = 0; i < COUNT(STEPS); i++) {
		struct statement *s = prepared(t->db, STEPS[i].sql, NULL, 0);
		struct seen seen = {0};
		int64_t changed = -1;

		ok(db_query(t->db, s, NULL, see, &seen, &changed, &f), &f);
		assert_int_equal(changed, STEPS[i].changed);
		statement_close(s);
	}
}

static void several_plain_statements_run_as_one(void **state)
{
	struct store_test *t = *state;
	struct fault f = {0};

	run(t->db, "CREATE TABLE a (i BIGINT); CREATE TABLE b (i BIGINT);\n-- ;\n"
		   "INSERT INTO a (i) VALUES (1); ");
	assert_int_equal(number_of(t->db, "SELECT count(*) FROM a"), 1);
	refused(db_run(t->db, "INSERT INTO a (i) VALUES (2); INSERT INTO nowhere VALUES (1)", &f),
		&f, "DB_STATEMENT");
	assert_int_equal(number_of(t->db, "SELECT count(*) FROM a"), 1);
	run(t->db, "");
}

static void a_statement_that_is_closed_leaves_the_others(void **state)
{
	struct store_test *t = *state;
	struct statement *a = prepared(t->db, "SELECT 1 AS one", NULL, 0);
	struct statement *b = prepared(t->db, "SELECT 2 AS two", NULL, 0);
	struct statement *c = prepared(t->db, "SELECT 3 AS three", NULL, 0);
	struct seen seen = {0};
	struct fault f = {0};

	statement_close(b);
	statement_close(NULL);
	ok(db_query(t->db, a, NULL, see, &seen, NULL, &f), &f);
	assert_int_equal(seen.last[0].number, 1);
	ok(db_query(t->db, c, NULL, see, &seen, NULL, &f), &f);
	assert_int_equal(seen.last[0].number, 3);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		STORE_TEST(a_row_comes_back_as_it_went_in),
		STORE_TEST(columns_are_known_after_preparing),
		STORE_TEST(a_parameter_may_stand_twice_or_not_at_all),
		STORE_TEST(a_null_parameter_has_a_type_all_the_same),
		STORE_TEST(a_value_of_another_kind_is_refused),
		STORE_TEST(text_that_is_no_text_is_refused),
		STORE_TEST(a_large_blob_comes_back_whole),
		STORE_TEST(a_blob_past_the_limit_is_refused),
		STORE_TEST(bad_statements_are_refused_when_they_are_prepared),
		STORE_TEST(numbers_of_every_sort_become_one_kind),
		STORE_TEST(the_least_number_is_summed_exactly),
		STORE_TEST(a_sum_that_does_not_fit_is_an_error),
		STORE_TEST(a_fraction_is_refused),
		STORE_TEST(text_is_ordered_by_its_bytes),
		STORE_TEST(changed_rows_are_counted),
		STORE_TEST(several_plain_statements_run_as_one),
		STORE_TEST(a_statement_that_is_closed_leaves_the_others),
	};

	return run_on_both(TESTS, COUNT(TESTS));
}
