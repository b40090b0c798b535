/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong around a server: connections that break, settings that would lose data. */
#include "stores.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct parameter BODY[] = {{"body", VALUE_BLOB}};

static struct statement *insert_body(struct store_test *t)
{
	run(t->db, "CREATE TABLE b (body BLOB)");
	return prepared(t->db, "INSERT INTO b (body) VALUES (:body)", BODY, 1);
}

static int64_t bodies(struct db *db)
{
	return number_of(db, "SELECT count(*) FROM b");
}

static void break_connection(struct store_test *t)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%lld, 10000)",
		 (long long)number_of(t->db, "SELECT pg_backend_pid() AS pid"));
	server_command(sql); /* returns when it is gone */
}

static void a_broken_connection_is_opened_anew_between_transactions(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	struct value values[] = {value_null};
	struct fault f = {0};

	break_connection(t);
	ok(db_begin(t->db, &f), &f);
	ok(db_query(t->db, s, values, NULL, NULL, NULL, &f), &f);
	ok(db_commit(t->db, &f), &f);
	break_connection(t);
	assert_int_equal(bodies(t->db), 1);
	break_connection(t);
	ok(db_query(t->db, s, values, NULL, NULL, NULL, &f), &f);
	break_connection(t);
	run(t->db, "DELETE FROM b");
	assert_int_equal(bodies(t->db), 0);
}

static void a_connection_that_breaks_within_a_transaction_drops_it(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	struct value values[] = {value_null};
	struct fault f = {0};

	ok(db_begin(t->db, &f), &f);
	ok(db_query(t->db, s, values, NULL, NULL, NULL, &f), &f);
	break_connection(t);
	refused(db_query(t->db, s, values, NULL, NULL, NULL, &f), &f, "DB_UNAVAILABLE");
	refused(db_commit(t->db, &f), &f, "DB_ROLLBACK_FIRST");
	db_rollback(t->db);
	ok(db_begin(t->db, &f), &f);
	ok(db_query(t->db, s, values, NULL, NULL, NULL, &f), &f);
	ok(db_commit(t->db, &f), &f);
	assert_int_equal(bodies(t->db), 1);
}

static void a_savepoint_does_not_outlive_the_connection(void **state)
{
	struct store_test *t = *state;
	struct fault f = {0};

	ok(db_begin(t->db, &f), &f);
	ok(db_savepoint(t->db, "one", &f), &f);
	break_connection(t);
	assert_int_not_equal(db_savepoint_rollback(t->db, "one", &f).code, OK);
	refused(db_flush(t->db, &f), &f, "DB_ROLLBACK_FIRST");
	db_rollback(t->db);
	ok(db_begin(t->db, &f), &f);
	ok(db_commit(t->db, &f), &f);
}

static void a_commit_whose_answer_is_lost_is_uncertain(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	struct value values[] = {value_null};
	struct fault f = {0};

	ok(db_begin(t->db, &f), &f);
	ok(db_query(t->db, s, values, NULL, NULL, NULL, &f), &f);
	break_connection(t);
	refused(db_commit(t->db, &f), &f, "DB_COMMIT_UNCERTAIN");
	db_rollback(t->db);
	assert_int_equal(bodies(t->db), 0);
}

static void a_table_that_changed_meanwhile_is_noticed(void **state)
{
	struct store_test *t = *state;
	struct fault f = {0};
	char sql[96];

	insert_body(t);
	prepared(t->db, "SELECT * FROM b", NULL, 0);
	run(t->db, "ALTER TABLE b ADD COLUMN more BIGINT");
	break_connection(t);
	refused(db_begin(t->db, &f), &f, "DB_STATEMENT");
	refused(db_run(t->db, "SELECT 1", &f), &f, "DB_STATEMENT");
	snprintf(sql, sizeof(sql), "ALTER TABLE %s.b DROP COLUMN more", t->schema);
	server_command(sql);
	ok(db_begin(t->db, &f), &f);
	ok(db_commit(t->db, &f), &f);
}

static void closing_a_broken_connection_is_quiet(void **state)
{
	struct store_test *t = *state;
	struct statement *s = insert_body(t);
	struct value values[] = {value_null};
	struct fault f = {0};

	ok(db_begin(t->db, &f), &f);
	break_connection(t);
	ok(db_queue(t->db, s, values, NULL, NULL, NULL, &f), &f);
	statement_close(s);
	db_close(t->db);
	t->db = NULL;
}

static void refused_with(const char *option, const char *message)
{
	char address[512];
	struct db *db = NULL;
	struct fault f = {0};

	server_address(address, sizeof(address), option);
	refused(db_open(address, &db, &f), &f, message);
	assert_null(db);
}

static void settings_that_lose_commits_are_refused(void **state)
{
	(void)state;
	refused_with("options=-csynchronous_commit%3Doff", "DB_NOT_DURABLE");
	refused_with("options=-csynchronous_commit%3Dlocal", "DB_NOT_DURABLE");
	refused_with("options=-csynchronous_commit%3Dremote_write", "DB_NOT_DURABLE");
}

static void databases_of_another_encoding_or_order_are_refused(void **state)
{
	static const char *const MAKE[] = {
		"CREATE DATABASE other TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
		"CREATE DATABASE other TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
		"CREATE DATABASE other TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(MAKE); i++) {
		server_command("DROP DATABASE IF EXISTS other");
		server_command(MAKE[i]);
		refused_with("dbname=other", "DB_SETTING");
	}
	server_command("DROP DATABASE IF EXISTS other");
}

static void copying_by_plain_statement_leaves_a_clean_connection(void **state)
{
	struct store_test *t = *state;
	struct fault f = {0};

	insert_body(t);
	assert_int_not_equal(db_run(t->db, "COPY b FROM STDIN", &f).code, OK);
	assert_int_equal(bodies(t->db), 0);
	assert_int_not_equal(db_run(t->db, "COPY b TO STDOUT", &f).code, OK);
	assert_int_equal(bodies(t->db), 0);
}

static void a_column_of_a_foreign_type_is_refused_when_prepared(void **state)
{
	static const char *const FOREIGN[] = {"SELECT now() AS t", "SELECT 1.5::float8 AS d",
					      "SELECT '{1}'::int[] AS a", "SELECT '{}'::json AS j"};
	struct store_test *t = *state;
	struct statement *s = NULL;
	struct fault f = {0};

	(void)t;
	for (size_t i = 0; i < COUNT(FOREIGN); i++)
		assert_int_not_equal(db_prepare(t->db, FOREIGN[i], NULL, 0, &s, &f).code, OK);
	refused(db_prepare(t->db, FOREIGN[0], NULL, 0, &s, &f), &f, "DB_COLUMN_KIND");
	assert_null(s);
}

/* The server itself raises what it would say on a full disk, a damaged page and so on. */
static void states_of_the_server_become_our_messages(void **state)
{
	static const struct {
		const char *state, *message;
	} STATES[] = {
		{"53100", "DB_FULL"},      {"53200", "DB_MEMORY"},     {"53300", "DB_UNAVAILABLE"},
		{"25006", "DB_READ_ONLY"}, {"40001", "DB_BUSY"},       {"40P01", "DB_BUSY"},
		{"55P03", "DB_BUSY"},      {"57014", "DB_TOO_SLOW"},   {"57P01", "DB_UNAVAILABLE"},
		{"23505", "DB_CONFLICT"},  {"23502", "DB_CONSTRAINT"}, {"23514", "DB_CONSTRAINT"},
		{"XX001", "DB_CORRUPT"},   {"XX002", "DB_CORRUPT"},    {"42501", "DB_PERMISSION"},
		{"42P01", "DB_STATEMENT"}, {"22P05", "DB_STATEMENT"},  {"58030", "DB_FAILED"},
		{"XX000", "DB_FAILED"},    {"54000", "DB_TOO_LARGE"},
	};
	struct store_test *t = *state;
	struct fault f = {0};
	char sql[128];

	for (size_t i = 0; i < COUNT(STATES); i++) {
		snprintf(sql, sizeof(sql),
			 "DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '%s'; END $$",
			 STATES[i].state);
		refused(db_run(t->db, sql, &f), &f, STATES[i].message);
	}
	run(t->db, "SELECT 1");
}

static void a_role_without_rights_is_told_so(void **state)
{
	struct store_test *t = *state;
	struct fault f = {0};
	char sql[160];

	insert_body(t);
	server_command("DO $$ BEGIN CREATE ROLE sealwright_bare; EXCEPTION WHEN duplicate_object"
		       " THEN NULL; END $$");
	snprintf(sql, sizeof(sql), "GRANT USAGE ON SCHEMA %s TO sealwright_bare", t->schema);
	server_command(sql);
	run(t->db, "SET ROLE sealwright_bare");
	refused(db_run(t->db, "DELETE FROM b", &f), &f, "DB_PERMISSION");
	run(t->db, "RESET ROLE");
	assert_int_equal(bodies(t->db), 0);
	server_command("DROP OWNED BY sealwright_bare; DROP ROLE sealwright_bare");
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		STORE_TEST(a_broken_connection_is_opened_anew_between_transactions),
		STORE_TEST(a_connection_that_breaks_within_a_transaction_drops_it),
		STORE_TEST(a_savepoint_does_not_outlive_the_connection),
		STORE_TEST(a_commit_whose_answer_is_lost_is_uncertain),
		STORE_TEST(a_table_that_changed_meanwhile_is_noticed),
		STORE_TEST(closing_a_broken_connection_is_quiet),
		cmocka_unit_test(settings_that_lose_commits_are_refused),
		cmocka_unit_test(databases_of_another_encoding_or_order_are_refused),
		STORE_TEST(copying_by_plain_statement_leaves_a_clean_connection),
		STORE_TEST(states_of_the_server_become_our_messages),
		STORE_TEST(a_role_without_rights_is_told_so),
		STORE_TEST(a_column_of_a_foreign_type_is_refused_when_prepared),
	};

	return run_on_postgres(TESTS, COUNT(TESTS));
}
