/* SPDX-License-Identifier: Apache-2.0 */
/* replace.c — derived tables that were made anew take the place of the live ones. Row by row through
 * our own hands, so that both stores do it alike and the old tables may have had any shape. */
#include "record/schema.h"

enum { COPY_BREATH = 512, INSERT_SIZE = 8192 };

struct copy {
	struct db *live;
	const struct table *table;
	struct statement *insert;
	struct arena arena; /* of the rows that are queued */
	size_t queued;
	struct fault *fault;
};

static err copy_flush(struct copy *c)
{
	TRY(db_flush(c->live, c->fault));
	arena_reset(&c->arena);
	c->queued = 0;
	return ERR_OK;
}

static err copy_row(void *context, struct bytes cbor, const struct value *columns, size_t n)
{
	struct copy *c = context;
	struct value *kept = arena_array(&c->arena, n, sizeof *kept);

	(void)cbor;
	if (kept == NULL)
		return fail(c->fault, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < n; i++) {
		kept[i] = columns[i];
		if (kept[i].kind != VALUE_TEXT && kept[i].kind != VALUE_BLOB)
			continue;
		kept[i].bytes = arena_copy(&c->arena, columns[i].bytes);
		if (kept[i].bytes.p == NULL)
			return fail(c->fault, "OUT_OF_MEMORY", NULL);
	}
	TRY(db_queue(c->live, c->insert, kept, NULL, NULL, NULL, c->fault));
	return ++c->queued == COPY_BREATH ? copy_flush(c) : ERR_OK;
}

static void put_columns(struct writer *w, const struct table *t, const char *before)
{
	for (size_t i = 0; i < t->columns_n; i++) {
		put_text(w, i > 0 ? ", " : "");
		put_text(w, before);
		put_text(w, t->columns[i].name);
	}
}

static err prepare_insert(struct copy *c, struct fault *f)
{
	const struct table *t = c->table;
	struct parameter parameters[TABLE_COLUMNS_MAX];
	char sql[INSERT_SIZE];
	struct writer w = writer_of(sql, sizeof sql);
	struct bytes written;

	put_text(&w, "INSERT INTO ");
	put_text(&w, t->name);
	put_text(&w, " (");
	put_columns(&w, t, "");
	put_text(&w, ") VALUES (");
	put_columns(&w, t, ":");
	put_text(&w, ")");
	put_u8(&w, 0);
	if (!writer_done(&w, &written))
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < t->columns_n; i++)
		parameters[i] = (struct parameter){t->columns[i].name, t->columns[i].kind};
	return db_prepare(c->live, sql, parameters, t->columns_n, &c->insert, f);
}

static err copy_table(struct copy *c, struct db *fresh, struct arena *a, struct fault *f)
{
	TRY(prepare_insert(c, f));
	TRY(table_each_row(fresh, c->table, a, copy_row, c, f));
	return copy_flush(c);
}

/* The rows that it counts stand before it, and came without it. */
static err count_again(const struct table *t, struct db *live, struct arena *a, struct fault *f)
{
	const char *count = table_tally_sql(a, t);

	return count == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : db_run(live, count, f);
}

static err replace_table(const struct table *t, struct db *fresh, struct db *live, struct fault *f)
{
	struct copy c = {.live = live, .table = t, .fault = f};
	struct arena a = {0};
	const char *drop = table_drop_sql(&a, t, NULL);
	const char *create = table_create_sql(&a, t, db_product(live), NULL);
	err result = drop == NULL || create == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
						    : db_run(live, drop, f);

	if (result.code == OK)
		result = db_run(live, create, f);
	if (result.code == OK && t->tally != NULL)
		result = count_again(t, live, &a, f);
	else if (result.code == OK)
		result = copy_table(&c, fresh, &a, f);
	statement_close(c.insert);
	arena_done(&c.arena);
	arena_done(&a);
	return result;
}

err schema_replace(const struct registry *registry, struct db *fresh, struct db *live,
		   struct fault *f)
{
	err result = db_begin(live, f);

	for (size_t i = 0; i < registry->tables_n && result.code == OK; i++)
		result = replace_table(registry->tables[i], fresh, live, f);
	if (result.code == OK)
		result = schema_set_folds(live, registry->folds, f);
	if (result.code == OK)
		return db_commit(live, f);
	db_rollback(live);
	return result;
}
