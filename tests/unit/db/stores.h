/* SPDX-License-Identifier: Apache-2.0 */
/* stores.h — runs a list of tests over SQLite in a temporary folder, then over PostgreSQL, each
 * test on an empty store. PostgreSQL is the server that SEALWRIGHT_TEST_POSTGRES names, or else a
 * throw-away cluster made by tools/postgres.sh; SEALWRIGHT_TEST_POSTGRES=none leaves it out. */
#ifndef TEST_STORES_H
#define TEST_STORES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/db.h"

struct store_test {
	struct db *db;     /* open, writable, empty */
	char address[512]; /* of the same store */
	char folder[128];  /* SQLite: where the file `store` lies */
	char schema[32];   /* PostgreSQL */
	enum db_product product;
};

int store_setup(void **state);
int store_teardown(void **state);
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)

/* Number of failed tests. */
int run_on_both(const struct CMUnitTest *tests, size_t n);
int run_on_sqlite(const struct CMUnitTest *tests, size_t n);
int run_on_postgres(const struct CMUnitTest *tests, size_t n);

/* PostgreSQL only: a command by another connection, to the server's own database. */
void server_command(const char *sql);
/* The server's address, with `more` ("options=…") in its query. */
void server_address(char *out, size_t cap, const char *more);

/* Fails the test with the fault's sentence unless the result is OK. */
void ok(err result, const struct fault *f);
/* Fails the test unless the result is the error that message `id` stands for. */
void refused(err result, const struct fault *f, const char *id);

void run(struct db *db, const char *sql);
struct statement *prepared(struct db *db, const char *sql, const struct parameter *parameters,
			   size_t n);
/* The one number that a statement gives. */
int64_t number_of(struct db *db, const char *sql);

#endif
