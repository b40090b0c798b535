/* SPDX-License-Identifier: Apache-2.0 */
/* Declared tables: what is refused, what both stores make of them, and that their rows have one
 * digest on both. */
#include "stores.h"

#include <stdio.h>
#include <string.h>

#include "core/cbor.h"
#include "db/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char SEAL[] = "maker TEXT\n"
			   "--- a comment\n"
			   "id TEXT NOT NULL\n"
			   "\t-- another\n"
			   "state TEXT NOT NULL\r\n"
			   "\n"
			   "shipment   TEXT\t\n"
			   "since BIGINT NOT NULL\n"
			   "photo BLOB\n"
			   "index shipment, since\n"
			   "unique photo where photo IS NOT NULL AND state <> 'x'";

static struct table *parsed(struct arena *a, const char *name, const char *keys, const char *body)
{
	struct fault f = {0};
	struct table *t = NULL;

	ok(table_parse(a, name, keys, bytes_text(body), &t, &f), &f);
	return t;
}

static void not_parsed(const char *name, const char *keys, const char *body, const char *line)
{
	struct arena a = {0};
	struct fault f = {0};
	struct table *t = NULL;

	refused(table_parse(&a, name, keys, bytes_text(body), &t, &f), &f, "DB_TABLE_INVALID");
	assert_null(t);
	assert_string_equal(fault_value(&f, "line"), line);
	arena_done(&a);
}

static void make(struct store_test *s, struct arena *a, const struct table *t)
{
	const char *sql = table_create_sql(a, t, s->product, NULL);

	assert_non_null(sql);
	run(s->db, sql);
}

/* ---- what is declared ---- */

static void a_section_is_read_whole(void **state)
{
	struct arena a = {0};
	struct table *t = parsed(&a, "seal", "maker, id", SEAL);

	(void)state;
	assert_int_equal(t->columns_n, 6);
	assert_string_equal(t->columns[3].name, "shipment");
	assert_int_equal(t->columns[3].kind, VALUE_TEXT);
	assert_false(t->columns[3].not_null);
	assert_int_equal(t->columns[4].kind, VALUE_INT);
	assert_true(t->columns[4].not_null);
	assert_int_equal(t->columns[5].kind, VALUE_BLOB);
	assert_int_equal(t->keys_n, 2);
	assert_true(t->columns[0].not_null); /* a key, though it does not say so */
	assert_int_equal(t->indexes_n, 2);
	assert_false(t->indexes[0].unique);
	assert_int_equal(t->indexes[0].n, 2);
	assert_true(t->indexes[1].unique);
	assert_string_equal(t->indexes[1].where, "photo IS NOT NULL AND state <> 'x'");
	arena_done(&a);
}

static void bad_names_are_refused(void **state)
{
	static const char *const BAD[] = {"",
					  "Seal",
					  "1seal",
					  "_seal",
					  "se al",
					  "se-al",
					  "order",
					  "user",
					  "end",
					  "grant",
					  "analyse",
					  "select",
					  "sqlite_x",
					  "pg_x",
					  "se\"al",
					  "seal;",
					  "se\xc3\xa9",
					  "rowid",
					  "a234567890123456789012345678901234567890123456789"};

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++)
		not_parsed(BAD[i], "id", "id TEXT", "0");
}

static void bad_lines_are_refused_with_their_number(void **state)
{
	static const struct {
		const char *body, *line;
	} BAD[] = {
		{"id", "1"},
		{"id TEXT\nname", "2"},
		{"id text", "1"},
		{"id INTEGER", "1"},
		{"id TEXT,\n", "1"},
		{"id TEXT NOT", "1"},
		{"id TEXT NULL", "1"},
		{"id TEXT NOT NULL DEFAULT 1", "1"},
		{"id TEXT PRIMARY KEY", "1"},
		{"id TEXT\nid BIGINT", "2"},
		{"id TEXT\norder BIGINT", "2"},
		{"id TEXT\nend BIGINT", "2"},
		{"id TEXT\nWhere BIGINT", "2"},
		{"id TEXT\n\n-- no comment", "3"},
		{"id TEXT\nindex", "2"},
		{"id TEXT\nindex other", "2"},
		{"id TEXT\nindex id,", "2"},
		{"id TEXT\nindex id id", "2"},
		{"id TEXT\nindex id, id", "2"},
		{"id TEXT\nindex id where id = 'a'", "2"},
		{"id TEXT\nunique id where ", "2"},
		{"id TEXT\nunique id where id = :id", "2"},
		{"id TEXT\nunique id where id = 'a", "2"},
		{"id TEXT\nunique id where id = 'a'; DROP TABLE x", "2"},
		{"id TEXT\nunique id where id = 'a' -- and", "2"},
		{"id TEXT\nindex id\nlate TEXT", "3"},
		{"id TEXT\nname\xff TEXT", "2"},
		{"ID TEXT", "1"},
		{"", "0"},
		{"other TEXT", "0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++)
		not_parsed("seal", "id", BAD[i].body, BAD[i].line);
	not_parsed("seal", "", "id TEXT", "0");
	not_parsed("seal", "id,", "id TEXT", "0");
	not_parsed("seal", "id id", "id TEXT", "0");
	not_parsed("seal", "id, id", "id TEXT", "0");
	not_parsed("seal", "id; DROP", "id TEXT", "0");
}

static void too_much_is_refused(void **state)
{
	char body[8192] = "id TEXT\n";
	char line[1100];
	size_t n = strlen(body);

	(void)state;
	for (int i = 1; i <= TABLE_COLUMNS_MAX; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, "c%d BIGINT\n", i);
	not_parsed("seal", "id", body, "65");
	n = (size_t)snprintf(body, sizeof(body), "id TEXT\n");
	for (int i = 0; i <= TABLE_INDEXES_MAX; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, "index id\n");
	not_parsed("seal", "id", body, "18");
	not_parsed("seal", "a, b, c, d, e, f, g, h, i",
		   "a TEXT\nb TEXT\nc TEXT\nd TEXT\ne TEXT\nf TEXT\ng TEXT\nh TEXT\ni TEXT", "0");
	snprintf(line, sizeof(line), "id TEXT%1000s", "");
	not_parsed("seal", "id", line, "1");
}

/* ---- what the stores make of it ---- */

static void a_table_is_made_once_and_dropped(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct table *t = parsed(&a, "seal", "maker, id", SEAL);

	make(s, &a, t);
	make(s, &a, t);
	run(s->db, "INSERT INTO seal (maker, id, state, since) VALUES ('m', '1', 'issued', 1)");
	assert_int_equal(number_of(s->db, "SELECT count(*) FROM seal"), 1);
	run(s->db, table_drop_sql(&a, t, NULL));
	run(s->db, table_drop_sql(&a, t, ""));
	make(s, &a, t);
	assert_int_equal(number_of(s->db, "SELECT count(*) FROM seal"), 0);
	arena_done(&a);
}

static void a_prefix_makes_a_second_table(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct table *t = parsed(&a, "seal", "maker, id", SEAL);

	make(s, &a, t);
	run(s->db, table_create_sql(&a, t, s->product, "shadow_"));
	run(s->db, "INSERT INTO shadow_seal (maker, id, state, since) VALUES ('m', '1', 'i', 1)");
	if (s->product == DB_SQLITE)
		run(s->db, table_create_sql(&a, t, s->product, "temp."));
	else
		run(s->db, table_create_sql(&a, t, s->product, "pg_temp."));
	run(s->db, table_drop_sql(&a, t, s->product == DB_SQLITE ? "temp." : "pg_temp."));
	assert_int_equal(number_of(s->db, "SELECT count(*) FROM seal"), 0);
	assert_int_equal(number_of(s->db, "SELECT count(*) FROM shadow_seal"), 1);
	arena_done(&a);
}

static void values_of_another_kind_do_not_enter(void **state)
{
	static const char *const BAD[] = {
		"INSERT INTO v (id, n) VALUES ('a', 'text')",
		"INSERT INTO v (id, n) VALUES (NULL, 1)",
		"INSERT INTO v (n) VALUES (1)",
		"INSERT INTO v (id, n) VALUES ('a', NULL)",
	};
	struct store_test *s = *state;
	struct arena a = {0};
	struct fault f = {0};

	make(s, &a, parsed(&a, "v", "id", "id TEXT\nn BIGINT NOT NULL\nb BLOB\nm BIGINT"));
	for (size_t i = 0; i < COUNT(BAD); i++)
		assert_int_not_equal(db_run(s->db, BAD[i], &f).code, OK);
	if (s->product == DB_SQLITE) {
		refused(db_run(s->db, "INSERT INTO v (id, n) VALUES ('a', 1.5)", &f), &f,
			"DB_CONSTRAINT");
		refused(db_run(s->db, "INSERT INTO v (id, n, b) VALUES ('a', 1, 'text')", &f), &f,
			"DB_CONSTRAINT");
		refused(db_run(s->db, "INSERT INTO v (id, n) VALUES (x'61', 1)", &f), &f,
			"DB_CONSTRAINT");
	}
	assert_int_equal(number_of(s->db, "SELECT count(*) FROM v"), 0);
	run(s->db, "INSERT INTO v (id, n, b, m) VALUES ('a', 1, NULL, NULL)");
	arena_done(&a);
}

static void a_unique_condition_holds_for_its_rows_only(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct fault f = {0};

	make(s, &a,
	     parsed(&a, "c", "id",
		    "id TEXT\nstate TEXT\nplace TEXT\n"
		    "unique place where state = 'open'"));
	run(s->db, "INSERT INTO c (id, state, place) VALUES ('1', 'open', 'p'), ('2', 'shut', 'p'),"
		   " ('3', 'shut', 'p')");
	refused(db_run(s->db, "INSERT INTO c (id, state, place) VALUES ('4', 'open', 'p')", &f), &f,
		"DB_CONFLICT");
	arena_done(&a);
}

/* ---- rows ---- */

static const struct parameter ROW[] = {
	{"id", VALUE_TEXT}, {"n", VALUE_INT}, {"name", VALUE_TEXT}, {"body", VALUE_BLOB}};

static void put_row(struct store_test *s, struct statement *insert, const char *id, int64_t n,
		    const char *name, size_t body_n)
{
	static const uint8_t BODY[20000] = {7};
	struct value values[] = {value_text(bytes_text(id)), value_int(n), value_null,
				 value_blob(bytes_of(BODY, body_n))};
	struct fault f = {0};

	if (name != NULL)
		values[2] = value_text(bytes_text(name));
	ok(db_query(s->db, insert, values, NULL, NULL, NULL, &f), &f);
}

static struct table *filled(struct store_test *s, struct arena *a)
{
	static const char *const IDS[] = {"b", "a", "B", "\xc3\xa9", "a-b", "aB", "_", ""};
	struct table *t = parsed(a, "r", "id, n",
				 "name TEXT\nid TEXT\nbody BLOB NOT NULL\nn BIGINT\nindex name");
	struct statement *insert;

	make(s, a, t);
	insert = prepared(s->db, "INSERT INTO r (id, n, name, body) VALUES (:id, :n, :name, :body)",
			  ROW, 4);
	for (size_t i = 0; i < COUNT(IDS); i++) {
		put_row(s, insert, IDS[i], INT64_MAX, "later", 0);
		put_row(s, insert, IDS[i], -3, i % 2 == 0 ? NULL : "name", i * 2500);
		put_row(s, insert, IDS[i], INT64_MIN, "", 1);
	}
	return t;
}

struct check {
	uint8_t last[64];
	size_t last_n;
	int64_t last_number;
	size_t rows;
};

static err check_row(void *context, struct bytes cbor, const struct value *columns, size_t n)
{
	struct check *c = context;
	struct reader r = reader_of(cbor);
	int order = bytes_compare(bytes_of(c->last, c->last_n), columns[1].bytes);
	const char *why = NULL;

	assert_int_equal(n, 4);
	assert_true(cbor_valid(cbor, &why));
	assert_int_equal(cbor_array(&r), 4);
	if (columns[0].kind == VALUE_NULL)
		cbor_null(&r);
	else
		assert_true(bytes_equal(cbor_text(&r), columns[0].bytes));
	assert_true(bytes_equal(cbor_text(&r), columns[1].bytes));
	assert_true(bytes_equal(cbor_bytes(&r), columns[2].bytes));
	assert_true(cbor_int(&r) == columns[3].number);
	assert_true(reader_end(&r));
	if (c->rows > 0)
		assert_true(order < 0 || (order == 0 && c->last_number < columns[3].number));
	memcpy(c->last, columns[1].bytes.n == 0 ? (const void *)"" : columns[1].bytes.p,
	       columns[1].bytes.n);
	c->last_n = columns[1].bytes.n;
	c->last_number = columns[3].number;
	c->rows++;
	return ERR_OK;
}

static void rows_come_by_key_as_deterministic_arrays(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct table *t = filled(s, &a);
	struct check c = {.rows = 0};
	struct fault f = {0};

	ok(table_each_row(s->db, t, &a, check_row, &c, &f), &f);
	assert_int_equal(c.rows, 24);
	arena_done(&a);
}

/* Computed by another program from the rows above: SHA-256 of their CBOR, sorted. */
static const char DIGEST[] = "07ad0c0d2ea1aae38e645512fd01610333fe9b78d72f927ba4f8c7b742e3d8b8";

static struct hash digest_of(struct store_test *s, const struct table *t, uint64_t *rows)
{
	struct arena a = {0};
	struct hash digest = {{0}};
	struct fault f = {0};

	ok(table_digest(s->db, t, &a, &digest, rows, &f), &f);
	arena_done(&a);
	return digest;
}

static void the_digest_is_the_same_on_both_stores(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	uint64_t rows = 0;
	struct hash digest = digest_of(s, filled(s, &a), &rows);
	char text[65];

	hex_encode(hash_bytes(&digest), text);
	assert_int_equal(rows, 24);
	assert_string_equal(text, DIGEST);
	arena_done(&a);
}

static void any_change_of_a_row_changes_the_digest(void **state)
{
	static const char *const CHANGES[] = {
		"UPDATE r SET name = 'x' WHERE id = 'a' AND n = -3",
		"UPDATE r SET name = NULL WHERE name = ''",
		"UPDATE r SET n = n + 1 WHERE id = 'B' AND n = -3",
		"UPDATE r SET body = (SELECT body FROM r WHERE id = 'a' AND n = -3) WHERE id = '_'",
		"DELETE FROM r WHERE id = ''",
	};
	struct store_test *s = *state;
	struct arena a = {0};
	struct table *t = filled(s, &a);
	uint64_t rows = 0;
	struct hash before = digest_of(s, t, &rows);

	for (size_t i = 0; i < COUNT(CHANGES); i++) {
		struct hash after;
		run(s->db, CHANGES[i]);
		after = digest_of(s, t, &rows);
		assert_false(hash_equal(before, after));
		before = after;
	}
	assert_int_equal(rows, 21);
	arena_done(&a);
}

static void an_empty_table_has_the_digest_of_nothing(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct table *t = parsed(&a, "e", "id", "id TEXT");
	uint64_t rows = 7;
	struct hash digest, nothing = sha256(bytes_of(NULL, 0));

	make(s, &a, t);
	digest = digest_of(s, t, &rows);
	assert_true(hash_equal(digest, nothing));
	assert_int_equal(rows, 0);
	arena_done(&a);
}

static err stop_at_once(void *context, struct bytes cbor, const struct value *columns, size_t n)
{
	(void)cbor;
	(void)columns;
	(void)n;
	++*(int *)context;
	return (err){ERR_REFUSED};
}

static void a_walk_ends_at_an_error_or_a_missing_table(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct table *t = filled(s, &a);
	struct fault f = {0};
	int calls = 0;

	assert_int_equal(table_each_row(s->db, t, &a, stop_at_once, &calls, &f).code, ERR_REFUSED);
	assert_int_equal(calls, 1);
	run(s->db, table_drop_sql(&a, t, NULL));
	refused(table_each_row(s->db, t, &a, stop_at_once, &calls, &f), &f, "DB_STATEMENT");
	arena_done(&a);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(a_section_is_read_whole),
		cmocka_unit_test(bad_names_are_refused),
		cmocka_unit_test(bad_lines_are_refused_with_their_number),
		cmocka_unit_test(too_much_is_refused),
		STORE_TEST(a_table_is_made_once_and_dropped),
		STORE_TEST(a_prefix_makes_a_second_table),
		STORE_TEST(values_of_another_kind_do_not_enter),
		STORE_TEST(a_unique_condition_holds_for_its_rows_only),
		STORE_TEST(rows_come_by_key_as_deterministic_arrays),
		STORE_TEST(the_digest_is_the_same_on_both_stores),
		STORE_TEST(any_change_of_a_row_changes_the_digest),
		STORE_TEST(an_empty_table_has_the_digest_of_nothing),
		STORE_TEST(a_walk_ends_at_an_error_or_a_missing_table),
	};

	return run_on_both(TESTS, COUNT(TESTS));
}
