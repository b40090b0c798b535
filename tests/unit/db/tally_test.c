/* SPDX-License-Identifier: Apache-2.0 */
/* A tally follows the rows that it counts, whatever is done to them, on both stores. */
#include <stdio.h>
#include <string.h>

#include "db/table.h"
#include "stores.h"

#define COUNTED                                                       \
	"id TEXT NOT NULL\nsite TEXT NOT NULL\nstate TEXT NOT NULL\n" \
	"other BIGINT\n"
#define TALLY "site TEXT NOT NULL\nstate TEXT NOT NULL\nn BIGINT NOT NULL\ntally thing\n"

static struct table *parsed(struct arena *a, const char *name, const char *keys, const char *body)
{
	struct table *t = NULL;
	struct fault f = {0};

	ok(table_parse(a, name, keys, bytes_text(body), &t, &f), &f);
	return t;
}

static void make(struct store_test *s, struct arena *a, const struct table *t)
{
	run(s->db, table_create_sql(a, t, s->product, NULL));
}

static struct table *make_both(struct store_test *s, struct arena *a)
{
	struct table *tally = parsed(a, "thing_count", "site, state", TALLY);

	make(s, a, parsed(a, "thing", "id", COUNTED));
	make(s, a, tally);
	make(s, a, tally); /* again is fine */
	return tally;
}

/* Rows of the tally that a count does not have, or the other way round, or a number that is nothing. */
static void must_agree(struct store_test *s)
{
	assert_int_equal(
		number_of(s->db,
			  "SELECT count(*) FROM (SELECT site, state, count(*) AS n FROM thing"
			  " GROUP BY site, state) a LEFT JOIN thing_count b ON b.site = a.site AND"
			  " b.state = a.state WHERE b.n IS NULL OR b.n <> a.n"),
		0);
	assert_int_equal(
		number_of(s->db,
			  "SELECT count(*) FROM thing_count b WHERE b.n < 1 OR NOT EXISTS (SELECT 1"
			  " FROM thing a WHERE a.site = b.site AND a.state = b.state)"),
		0);
}

static void a_tally_follows_every_change(void **state)
{
	static const char *const CHANGES[] = {
		"INSERT INTO thing (id, site, state) VALUES ('1', 'A', 'new'), ('2', 'A', 'new'),"
		" ('3', 'B', 'new')",
		"UPDATE thing SET state = 'old' WHERE id = '1'",
		"UPDATE thing SET state = 'old'",
		"UPDATE thing SET state = 'old', other = 7", /* nothing moves */
		"UPDATE thing SET other = 8",
		"UPDATE thing SET site = 'C', state = 'new' WHERE site = 'A'",
		"INSERT INTO thing (id, site, state) VALUES ('3', 'D', 'x') ON CONFLICT (id)"
		" DO UPDATE SET site = excluded.site",
		"INSERT INTO thing (id, site, state) VALUES ('3', 'E', 'x') ON CONFLICT (id) DO "
		"NOTHING",
		"DELETE FROM thing WHERE id = '2'",
		"UPDATE thing SET id = '9' WHERE id = '1'",
		"DELETE FROM thing",
	};
	struct store_test *s = *state;
	struct arena a = {0};

	make_both(s, &a);
	for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
		run(s->db, CHANGES[i]);
		must_agree(s);
	}
	assert_int_equal(number_of(s->db, "SELECT count(*) FROM thing_count"), 0);
	arena_done(&a);
}

static void a_tally_follows_a_change_that_is_taken_back(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct fault f = {0};

	make_both(s, &a);
	run(s->db, "INSERT INTO thing (id, site, state) VALUES ('1', 'A', 'new')");
	ok(db_begin(s->db, &f), &f);
	run(s->db, "UPDATE thing SET state = 'old'");
	run(s->db, "INSERT INTO thing (id, site, state) VALUES ('2', 'A', 'new')");
	db_rollback(s->db);
	must_agree(s);
	assert_int_equal(number_of(s->db, "SELECT n FROM thing_count"), 1);
	arena_done(&a);
}

static void what_was_there_before_is_counted(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct table *tally = parsed(&a, "thing_count", "site, state", TALLY);

	make(s, &a, parsed(&a, "thing", "id", COUNTED));
	run(s->db,
	    "INSERT INTO thing (id, site, state) VALUES ('1', 'A', 'new'), ('2', 'A', 'new'),"
	    " ('3', 'B', 'new')");
	make(s, &a, tally);
	run(s->db, table_tally_sql(&a, tally));
	must_agree(s);
	run(s->db, "UPDATE thing SET state = 'old' WHERE id = '2'");
	must_agree(s);
	/* As when derived tables are made anew: the counted one first. */
	run(s->db, "DROP TABLE thing");
	make(s, &a, parsed(&a, "thing", "id", COUNTED));
	run(s->db, "INSERT INTO thing (id, site, state) VALUES ('4', 'Z', 'new')");
	run(s->db, table_drop_sql(&a, tally, NULL));
	make(s, &a, tally);
	run(s->db, table_tally_sql(&a, tally));
	run(s->db, "INSERT INTO thing (id, site, state) VALUES ('5', 'Z', 'new')");
	must_agree(s);
	arena_done(&a);
}

static void what_a_trigger_writes_is_not_counted_as_changed(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct fault f = {0};
	int64_t changed = 0;

	make_both(s, &a);
	struct statement *insert = prepared(
		s->db,
		"INSERT INTO thing (id, site, state) VALUES ('1', 'A', 'x'), ('2', 'A', 'x')", NULL,
		0);
	ok(db_query(s->db, insert, NULL, NULL, NULL, &changed, &f), &f);
	assert_int_equal(changed, 2);
	struct statement *none =
		prepared(s->db, "UPDATE thing SET state = 'y' WHERE id = '3'", NULL, 0);
	ok(db_query(s->db, none, NULL, NULL, NULL, &changed, &f), &f);
	assert_int_equal(changed, 0);
	arena_done(&a);
}

static void a_table_elsewhere_only_keeps_rows(void **state)
{
	struct store_test *s = *state;
	struct arena a = {0};
	struct table *tally = make_both(s, &a);

	run(s->db, table_create_sql(&a, tally, s->product, "shadow_"));
	run(s->db, "INSERT INTO thing (id, site, state) VALUES ('1', 'A', 'new')");
	assert_int_equal(number_of(s->db, "SELECT count(*) FROM shadow_thing_count"), 0);
	must_agree(s);
	arena_done(&a);
}

static void wrong_tallies_are_refused(void **state)
{
	static const struct {
		const char *keys, *body;
	} WRONG[] = {
		{"site", "site TEXT\ntally thing\n"},                            /* no number */
		{"site", "site TEXT\nn BIGINT\ntally thing\n"},                  /* may be NULL */
		{"site", "site TEXT\nn TEXT NOT NULL\ntally thing\n"},           /* no number */
		{"site", "site TEXT\nm TEXT\nn BIGINT NOT NULL\ntally thing\n"}, /* one more */
		{"site, n", "site TEXT\nn BIGINT NOT NULL\ntally thing\n"},      /* as a key */
		{"site", "n BIGINT NOT NULL\nsite TEXT\ntally thing\n"},         /* not last */
		{"site", "site TEXT\nn BIGINT NOT NULL\ntally\n"},               /* of nothing */
		{"site", "site TEXT\nn BIGINT NOT NULL\ntally thing other\n"},   /* of two */
		{"site", "site TEXT\nn BIGINT NOT NULL\ntally thing\ntally thing\n"},
		{"site", "site TEXT\nn BIGINT NOT NULL\ntally thing_count\n"}, /* of itself */
		{"site", "site TEXT\nn BIGINT NOT NULL\ntally select\n"},
		{"site", "site TEXT\nn BIGINT NOT NULL\ntally a;DROP\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		struct arena a = {0};
		struct table *t = NULL;
		struct fault f = {0};
		refused(table_parse(&a, "thing_count", WRONG[i].keys, bytes_text(WRONG[i].body), &t,
				    &f),
			&f, "DB_TABLE_INVALID");
		assert_null(t);
		arena_done(&a);
	}
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		STORE_TEST(a_tally_follows_every_change),
		STORE_TEST(a_tally_follows_a_change_that_is_taken_back),
		STORE_TEST(what_was_there_before_is_counted),
		STORE_TEST(what_a_trigger_writes_is_not_counted_as_changed),
		STORE_TEST(a_table_elsewhere_only_keeps_rows),
		cmocka_unit_test(wrong_tallies_are_refused),
	};

	return run_on_both(TESTS, sizeof TESTS / sizeof TESTS[0]);
}
