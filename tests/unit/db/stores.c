/* SPDX-License-Identifier: Apache-2.0 */
#include "stores.h"

#include <errno.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/catalog.h"

extern char **environ;

static enum db_product product;
static char server[384];
static char cluster[96];
static unsigned schemas;

void ok(err result, const struct fault *f)
{
	char text[600];

	if (result.code == OK)
		return;
	if (f->message == NULL)
		fail_msg("error %d without a fault", result.code);
	fault_text(f, text, sizeof(text));
	fail_msg("%s: %s", f->message, text);
}

void refused(err result, const struct fault *f, const char *id)
{
	const struct message *m = catalog_find(id);

	assert_non_null(m);
	assert_int_not_equal(result.code, OK);
	assert_non_null(f->message);
	assert_string_equal(f->message, id);
	assert_int_equal(result.code, m->code);
}

void run(struct db *db, const char *sql)
{
	struct fault f = {0};

	ok(db_run(db, sql, &f), &f);
}

struct statement *prepared(struct db *db, const char *sql, const struct parameter *parameters,
			   size_t n)
{
	struct fault f = {0};
	struct statement *s = NULL;

	ok(db_prepare(db, sql, parameters, n, &s, &f), &f);
	return s;
}

static err keep_number(void *context, const struct value *columns, size_t n)
{
	assert_int_equal(n, 1);
	assert_int_equal(columns[0].kind, VALUE_INT);
	*(int64_t *)context = columns[0].number;
	return ERR_OK;
}

int64_t number_of(struct db *db, const char *sql)
{
	struct fault f = {0};
	struct statement *s = prepared(db, sql, NULL, 0);
	int64_t number = INT64_MIN;

	ok(db_query(db, s, NULL, keep_number, &number, NULL, &f), &f);
	statement_close(s);
	return number;
}

/* ---- the server ---- */

void server_address(char *out, size_t cap, const char *more)
{
	int n = snprintf(out, cap, "%s%s%s", server, strchr(server, '?') == NULL ? "?" : "&", more);

	assert_in_range(n, 1, cap - 1);
}

void server_command(const char *sql)
{
	PGconn *c = PQconnectdb(server);
	PGresult *r;

	if (PQstatus(c) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(c));
	PQclear(PQexec(c, "SET client_min_messages = error"));
	r = PQexec(c, sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s", PQresultErrorMessage(r));
	PQclear(r);
	PQfinish(c);
}

static void read_line(int fd, char *out, size_t cap)
{
	size_t n = 0;
	ssize_t got;

	while (n + 1 < cap && (got = read(fd, out + n, cap - n - 1)) != 0) {
		if (got > 0)
			n += (size_t)got;
		else if (errno != EINTR)
			break;
	}
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

/* Runs tools/postgres.sh and takes the line that it prints. */
static bool tool(char *verb, char *out, size_t cap)
{
	char shell[] = "bash", script[] = POSTGRES_TOOL;
	char *arguments[] = {shell, script, verb, cluster, NULL};
	posix_spawn_file_actions_t actions;
	int pipes[2], status = -1;
	pid_t child;
	bool started;

	if (pipe(pipes) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, pipes[0]);
	posix_spawn_file_actions_addclose(&actions, pipes[1]);
	started = posix_spawnp(&child, shell, &actions, NULL, arguments, environ) == 0;
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (started) {
		read_line(pipes[0], out, cap);
		started = waitpid(child, &status, 0) == child;
	}
	close(pipes[0]);
	return started && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int server_start(void **state)
{
	const char *given = getenv("SEALWRIGHT_TEST_POSTGRES");
	char start[] = "start";

	(void)state;
	product = DB_POSTGRES;
	if (given != NULL && given[0] != '\0')
		return snprintf(server, sizeof(server), "%s", given) < (int)sizeof(server) ? 0 : -1;
	snprintf(cluster, sizeof(cluster), "/tmp/sealwright-pg-%ld", (long)getpid());
	return tool(start, server, sizeof(server)) ? 0 : -1;
}

static int server_stop(void **state)
{
	char stop[] = "stop", line[8];

	(void)state;
	if (cluster[0] == '\0')
		return 0;
	return tool(stop, line, sizeof(line)) ? 0 : -1;
}

/* ---- one test ---- */

static void sqlite_setup(struct store_test *t)
{
	const char *root = getenv("SEALWRIGHT_TEST_FOLDER");

	snprintf(t->folder, sizeof(t->folder), "%s/sealwright-db-XXXXXX",
		 root == NULL ? "/tmp" : root);
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->address, sizeof(t->address), "sqlite:%s/store", t->folder);
}

static void sqlite_teardown(const struct store_test *t)
{
	static const char *const FILES[] = {"store", "store-wal", "store-shm", "store-journal"};
	char path[256];

	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", t->folder, FILES[i]);
		(void)unlink(path);
	}
	(void)rmdir(t->folder);
}

static void postgres_setup(struct store_test *t)
{
	char sql[96], option[96];

	snprintf(t->schema, sizeof(t->schema), "test_%ld_%u", (long)getpid(), ++schemas);
	snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", t->schema);
	server_command(sql);
	snprintf(option, sizeof(option), "options=-csearch_path%%3D%s", t->schema);
	server_address(t->address, sizeof(t->address), option);
}

int store_setup(void **state)
{
	struct store_test *t = calloc(1, sizeof(*t));
	struct fault f = {0};

	assert_non_null(t);
	t->product = product;
	*state = t;
	if (product == DB_SQLITE)
		sqlite_setup(t);
	else
		postgres_setup(t);
	ok(db_open(t->address, &t->db, &f), &f);
	assert_int_equal(db_product(t->db), product);
	return 0;
}

int store_teardown(void **state)
{
	struct store_test *t = *state;
	char sql[96];

	db_close(t->db);
	if (t->product == DB_SQLITE) {
		sqlite_teardown(t);
	} else {
		snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE", t->schema);
		server_command(sql);
	}
	free(t);
	return 0;
}

/* ---- the lists ---- */

int run_on_sqlite(const struct CMUnitTest *tests, size_t n)
{
	product = DB_SQLITE;
	return _cmocka_run_group_tests("sqlite", tests, n, NULL, NULL);
}

int run_on_postgres(const struct CMUnitTest *tests, size_t n)
{
	const char *given = getenv("SEALWRIGHT_TEST_POSTGRES");

	if (given != NULL && strcmp(given, "none") == 0) {
		print_message("PostgreSQL is left out, as asked.\n");
		return 0;
	}
	return _cmocka_run_group_tests("postgres", tests, n, server_start, server_stop);
}

int run_on_both(const struct CMUnitTest *tests, size_t n)
{
	return run_on_sqlite(tests, n) + run_on_postgres(tests, n);
}
