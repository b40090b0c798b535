/* SPDX-License-Identifier: Apache-2.0 */
/* db.c — what both stores have in common: checks before, and the state of the transaction, so
 * that a caller's mistake shows on SQLite as it would on PostgreSQL. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/store.h"

const struct value value_null = {.kind = VALUE_NULL};

struct value value_int(int64_t v)
{
	return (struct value){.kind = VALUE_INT, .number = v};
}

struct value value_text(struct bytes v)
{
	return (struct value){.kind = VALUE_TEXT, .bytes = v};
}

struct value value_blob(struct bytes v)
{
	return (struct value){.kind = VALUE_BLOB, .bytes = v};
}

/* ---- opening ---- */

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static err open_as(const char *address, bool reader, struct db **out, struct fault *f)
{
	static const char SQLITE[] = "sqlite:";

	if (starts(address, SQLITE) && address[sizeof(SQLITE) - 1] != '\0')
		return sqlite_open(address + sizeof(SQLITE) - 1, reader, out, f);
	if (starts(address, "postgresql://") || starts(address, "postgres://"))
		return postgres_open(address, reader, out, f);
	return fail(f, "DB_ADDRESS", NULL); /* without the text: it may hold a password */
}

err db_open(const char *address, struct db **out, struct fault *f)
{
	return open_as(address, false, out, f);
}

err db_open_reader(const char *address, struct db **out, struct fault *f)
{
	return open_as(address, true, out, f);
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	assert(!db->walking);
	db_rollback(db);
	db->ending = true;
	while (db->statements != NULL)
		statement_close(db->statements);
	db->store->close(db);
}

enum db_product db_product(const struct db *db)
{
	return db->product;
}

/* True, or the fault that says why the connection cannot take a command now. */
static err usable(const struct db *db, struct fault *f)
{
	if (db->walking)
		return fail(f, "DB_IN_ROW", NULL);
	if (db->failed)
		return fail(f, "DB_ROLLBACK_FIRST", NULL);
	return ERR_OK;
}

/* After an error the transaction is spoilt: PostgreSQL says so itself, SQLite would go on. */
static err settled(struct db *db, err result)
{
	if (result.code != OK && db->in_transaction)
		db->failed = true;
	return result;
}

err db_run(struct db *db, const char *sql, struct fault *f)
{
	TRY(usable(db, f));
	return settled(db, db->store->run(db, sql, f));
}

/* ---- statements ---- */

err store_columns(struct statement *s, size_t n, struct fault *f)
{
	if (n > DB_COLUMNS_MAX)
		return fail(f, "DB_STATEMENT", "detail", "too many columns", NULL);
	s->columns = calloc(n + 1, sizeof(*s->columns));
	s->row = calloc(n + 1, sizeof(*s->row));
	s->column_type = calloc(n + 1, sizeof(*s->column_type));
	if (s->columns == NULL || s->row == NULL || s->column_type == NULL)
		return fail(f, "DB_MEMORY", NULL);
	s->columns_n = n;
	return ERR_OK;
}

err store_column(struct statement *s, size_t i, const char *name, struct fault *f)
{
	s->columns[i] = name == NULL ? NULL : strdup(name);
	return s->columns[i] == NULL ? fail(f, "DB_MEMORY", NULL) : ERR_OK;
}

void store_statement_free(struct statement *s)
{
	for (size_t i = 0; s->columns != NULL && i < s->columns_n; i++)
		free(s->columns[i]);
	free(s->columns);
	free(s->row);
	free(s->column_type);
	free(s->sql);
	free(s->kinds);
	free(s->used);
	free(s);
}

static void *copy_of(const void *p, size_t n)
{
	void *copy = malloc(n == 0 ? 1 : n);

	if (copy != NULL && n > 0)
		memcpy(copy, p, n);
	return copy;
}

static err statement_new(struct db *db, const struct rewritten *text,
			 const struct parameter *parameters, size_t n, struct statement **out,
			 struct fault *f)
{
	struct statement *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return fail(f, "DB_MEMORY", NULL);
	s->db = db;
	s->sql = strdup(text->sql);
	s->used = copy_of(text->used, text->used_n * sizeof(*text->used));
	s->used_n = text->used_n;
	s->kinds = calloc(n + 1, sizeof(*s->kinds));
	if (s->sql == NULL || s->used == NULL || s->kinds == NULL) {
		store_statement_free(s);
		return fail(f, "DB_MEMORY", NULL);
	}
	for (size_t i = 0; i < n; i++)
		s->kinds[i] = parameters[i].kind;
	*out = s;
	return ERR_OK;
}

static err prepare(struct db *db, struct arena *a, const char *sql,
		   const struct parameter *parameters, size_t n, struct statement **out,
		   struct fault *f)
{
	struct rewritten text;
	struct statement *s = NULL;
	err result;

	TRY(parameters_rewrite(a, bytes_text(sql), db->store->mark, parameters, n, &text, f));
	TRY(statement_new(db, &text, parameters, n, &s, f));
	result = db->store->prepare(s, f);
	if (result.code != OK) {
		store_statement_free(s);
		return result;
	}
	s->next = db->statements;
	db->statements = s;
	*out = s;
	return ERR_OK;
}

err db_prepare(struct db *db, const char *sql, const struct parameter *parameters, size_t n,
	       struct statement **out, struct fault *f)
{
	struct arena arena = {.limit = 8 * SQL_SIZE_MAX};
	err result;

	TRY(usable(db, f));
	for (size_t i = 0; i < n; i++) {
		if (parameters[i].kind == VALUE_NULL)
			return fail(f, "DB_VALUE_KIND", "name", parameters[i].name, NULL);
	}
	result = settled(db, prepare(db, &arena, sql, parameters, n, out, f));
	arena_done(&arena);
	return result;
}

void statement_close(struct statement *s)
{
	struct statement **place;

	if (s == NULL)
		return;
	assert(!s->db->walking);
	for (place = &s->db->statements; *place != s; place = &(*place)->next)
		assert(*place != NULL);
	*place = s->next;
	s->db->store->statement_close(s);
}

size_t statement_columns(const struct statement *s)
{
	return s->columns_n;
}

const char *statement_column(const struct statement *s, size_t i)
{
	assert(i < s->columns_n);
	return s->columns[i];
}

int statement_column_index(const struct statement *s, const char *name)
{
	for (size_t i = 0; i < s->columns_n; i++) {
		if (strcmp(s->columns[i], name) == 0)
			return (int)i;
	}
	return -1;
}

enum value_kind statement_column_kind(const struct statement *s, size_t i)
{
	assert(i < s->columns_n);
	return s->db->store->column_kind(s, i);
}

/* ---- running ---- */

err store_row(struct statement *s, db_row *row, void *context)
{
	err result;

	s->db->walking = true;
	result = row(context, s->row, s->columns_n);
	s->db->walking = false;
	return result;
}

static bool text_is_storable(struct bytes text)
{
	return utf8_valid(text) && (text.n == 0 || memchr(text.p, 0, text.n) == NULL);
}

static err check_values(const struct statement *s, const struct value *parameters, struct fault *f)
{
	for (size_t k = 0; k < s->used_n; k++) {
		const struct value *v = &parameters[s->used[k]];
		char number[8];

		if (v->kind == VALUE_NULL)
			continue;
		snprintf(number, sizeof(number), "%u", (unsigned)s->used[k]);
		if (v->kind != s->kinds[s->used[k]])
			return fail(f, "DB_VALUE_KIND", "name", number, NULL);
		if (v->kind == VALUE_TEXT && !text_is_storable(v->bytes))
			return fail(f, "DB_TEXT", "name", number, NULL);
		if (v->kind != VALUE_INT && v->bytes.n > DB_VALUE_SIZE_MAX)
			return fail(f, "DB_TOO_LARGE", "name", number, NULL);
	}
	return ERR_OK;
}

err db_queue(struct db *db, struct statement *s, const struct value *parameters, db_row *row,
	     void *context, int64_t *changed, struct fault *f)
{
	err result;

	assert(s->db == db);
	TRY(usable(db, f));
	result = check_values(s, parameters, f);
	if (result.code == OK)
		result = db->store->queue(db, s, parameters, row, context, changed, f);
	return settled(db, result);
}

err db_flush(struct db *db, struct fault *f)
{
	TRY(usable(db, f));
	return settled(db, db->store->flush(db, f));
}

err db_query(struct db *db, struct statement *s, const struct value *parameters, db_row *row,
	     void *context, int64_t *changed, struct fault *f)
{
	TRY(db_queue(db, s, parameters, row, context, changed, f));
	return db_flush(db, f);
}

/* ---- transactions ---- */

err db_begin(struct db *db, struct fault *f)
{
	TRY(usable(db, f));
	if (db->in_transaction)
		return settled(db, fail(f, "DB_TRANSACTION_OPEN", NULL));
	TRY(db->store->begin(db, f));
	db->in_transaction = true;
	return ERR_OK;
}

static err in_transaction(struct db *db, struct fault *f)
{
	TRY(usable(db, f));
	return db->in_transaction ? ERR_OK : fail(f, "DB_NO_TRANSACTION", NULL);
}

err db_commit(struct db *db, struct fault *f)
{
	TRY(in_transaction(db, f));
	TRY(settled(db, db->store->commit(db, f)));
	db->in_transaction = false;
	return ERR_OK;
}

void db_rollback(struct db *db)
{
	assert(!db->walking);
	if (db->in_transaction)
		db->store->rollback(db);
	db->in_transaction = false;
	db->failed = false;
}

enum { SAVEPOINT_NAME_MAX = 32 };

static err savepoint_sql(const char *verb, const char *name, char out[static 64], struct fault *f)
{
	size_t n = strnlen(name, SAVEPOINT_NAME_MAX + 1);

	if (n == 0 || n > SAVEPOINT_NAME_MAX || strspn(name, "abcdefghijklmnopqrstuvwxyz_") != n)
		return fail(f, "DB_STATEMENT", "detail", "a savepoint needs a plain name", NULL);
	snprintf(out, 64, "%s %s", verb, name);
	return ERR_OK;
}

static err control(struct db *db, const char *verb, const char *name, struct fault *f)
{
	char sql[64];

	TRY(in_transaction(db, f));
	TRY(settled(db, savepoint_sql(verb, name, sql, f)));
	return settled(db, db->store->control(db, sql, f));
}

err db_savepoint(struct db *db, const char *name, struct fault *f)
{
	return control(db, "SAVEPOINT", name, f);
}

err db_savepoint_release(struct db *db, const char *name, struct fault *f)
{
	return control(db, "RELEASE SAVEPOINT", name, f);
}

err db_savepoint_rollback(struct db *db, const char *name, struct fault *f)
{
	char sql[64];

	if (db->walking)
		return fail(f, "DB_IN_ROW", NULL);
	if (!db->in_transaction)
		return fail(f, "DB_NO_TRANSACTION", NULL);
	TRY(settled(db, savepoint_sql("ROLLBACK TO SAVEPOINT", name, sql, f)));
	TRY(settled(db, db->store->recover(db, sql, f)));
	db->failed = false;
	return ERR_OK;
}

static err query_and_commit(struct db *db, struct statement *s, const struct value *parameters,
			    uint64_t ms, db_row *row, void *context, struct fault *f)
{
	TRY(settled(db, db->store->limit(db, ms, f)));
	TRY(db_query(db, s, parameters, row, context, NULL, f));
	return db_commit(db, f);
}

err db_query_within(struct db *db, struct statement *s, const struct value *parameters, uint64_t ms,
		    db_row *row, void *context, struct fault *f)
{
	/* The limit is the transaction's, so that whatever becomes of it the next one has none. */
	TRY(db_begin(db, f));
	err result = query_and_commit(db, s, parameters, ms, row, context, f);
	if (result.code != OK)
		db_rollback(db);
	return result;
}

err db_checkpoint(struct db *db, struct fault *f)
{
	TRY(usable(db, f));
	return db->store->checkpoint(db, f);
}

err db_set_patience(struct db *db, unsigned ms, struct fault *f)
{
	TRY(usable(db, f));
	return settled(db, db->store->patience(db, ms, f));
}
