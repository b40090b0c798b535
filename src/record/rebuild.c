/* SPDX-License-Identifier: Apache-2.0 */
/* rebuild.c — folds the whole log again into fresh tables beside the live ones, and compares or
 * replaces. Obeys each entry's witness: it never asks may, refuse, gate, flag or check. */
#include "record/engine.h"
#include "record/evidence.h"
#include "record/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REBUILD_BATCH = 8192, REBUILD_BREATH = 128 };

struct rebuild {
	const struct engine_config *config;
	struct registry *registry;
	struct db *live, *fresh;
	char fresh_name[1024]; /* SQLite: the file; PostgreSQL: a schema */
	char live_schema[64];
	struct ledger *ledger;
	struct rulebook rules;
	struct arena arena;
	uint64_t done, total;
	rebuild_progress *progress;
	void *context;
	struct fault *fault;
};

/* ---- the fresh store ---- */

/* It is thrown away if anything goes wrong: nothing in it needs to survive a crash. */
err store_make_careless(struct db *db, struct fault *f)
{
	static const char *const settings[] = {
		"PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF",
		"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA cache_size = -262144"};

	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		TRY(db_run(db, settings[i], f));
	return ERR_OK;
}

static err open_fresh_sqlite(struct rebuild *r, struct fault *f)
{
	const char *path = r->config->store + strlen("sqlite:");

	if (snprintf(r->fresh_name, sizeof r->fresh_name, "%s.rebuild", path) >=
	    (int)sizeof r->fresh_name)
		return fail(f, "STORE_PATH_TOO_LONG", NULL);
	char address[1100];
	snprintf(address, sizeof address, "sqlite:%s", r->fresh_name);
	static const char *const endings[] = {"", "-wal", "-shm"};
	for (size_t i = 0; i < 3; i++) { /* what an earlier rebuild left */
		char name[1100];
		snprintf(name, sizeof name, "%s%s", r->fresh_name, endings[i]);
		(void)unlink(name);
	}
	TRY(db_open(address, &r->fresh, f));
	return store_make_careless(r->fresh, f);
}

static err name_row(void *context, const struct value *columns, size_t n)
{
	struct rebuild *r = context;

	(void)n;
	snprintf(r->live_schema, sizeof r->live_schema, "%.*s", (int)columns[0].bytes.n,
		 (const char *)columns[0].bytes.p);
	return ERR_OK;
}

/* A schema beside the live one, first on the path of its own connection. */
static err open_fresh_postgres(struct rebuild *r, struct fault *f)
{
	struct statement *s;
	char sql[512];

	TRY(db_prepare(r->live, "SELECT current_schema()", NULL, 0, &s, f));
	err result = db_query(r->live, s, NULL, name_row, r, NULL, f);
	statement_close(s);
	TRY(result);
	snprintf(r->fresh_name, sizeof r->fresh_name, "%s_rebuild", r->live_schema);
	snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS %.80s CASCADE; CREATE SCHEMA %.80s",
		 r->fresh_name, r->fresh_name);
	TRY(db_run(r->live, sql, f));
	TRY(db_open(r->config->store, &r->fresh, f));
	snprintf(sql, sizeof sql, "SET search_path TO %.80s, %.80s", r->fresh_name, r->live_schema);
	return db_run(r->fresh, sql, f);
}

static err open_stores(struct rebuild *r, struct fault *f)
{
	TRY(registry_make(r->config->areas, &r->registry, f));
	TRY(db_open(r->config->store, &r->live, f));
	TRY(schema_create_kept(r->live, f));
	if (db_product(r->live) == DB_SQLITE)
		TRY(open_fresh_sqlite(r, f));
	else
		TRY(open_fresh_postgres(r, f));
	TRY(schema_create(r->registry, r->fresh, f));
	TRY(ledger_open(r->live, NULL, &r->ledger, f));
	return rulebook_open(r->registry, r->fresh, &r->rules, f);
}

static void drop_fresh(struct rebuild *r)
{
	rulebook_close(&r->rules);
	db_close(r->fresh);
	r->fresh = NULL;
	if (r->live != NULL && db_product(r->live) == DB_POSTGRES) {
		struct fault ignored = {0};
		char sql[128];
		snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS %.80s CASCADE", r->fresh_name);
		err dropped = r->fresh_name[0] == '\0' ? ERR_OK : db_run(r->live, sql, &ignored);
		(void)dropped; /* the next rebuild drops it, too */
	} else if (r->fresh_name[0] != '\0') {
		char name[1100];
		(void)unlink(r->fresh_name);
		snprintf(name, sizeof name, "%s-wal", r->fresh_name);
		(void)unlink(name);
		snprintf(name, sizeof name, "%s-shm", r->fresh_name);
		(void)unlink(name);
	}
	ledger_close(r->ledger);
	db_close(r->live);
	registry_free(r->registry);
	arena_done(&r->arena);
}

/* ---- folding ---- */

static err decode(const struct registry *registry, struct arena *a, struct bytes bytes,
		  struct entry *entry, struct record *record, struct fault *f)
{
	const char *why;

	if (entry == NULL || record == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	return record_from_entry(registry, a, entry, record, f);
}

err applied_read(const struct registry *registry, struct ledger *ledger, struct arena *a,
		 struct bytes bytes, struct applied *out, struct fault *f)
{
	struct bytes kept = arena_copy(a, bytes), target_bytes;
	struct entry *entry = arena_alloc(a, sizeof *entry);
	struct record *record = arena_alloc(a, sizeof *record);

	if (kept.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(decode(registry, a, kept, entry, record, f));
	*out = (struct applied){record, &entry->witness, NULL};
	if (entry->witness.outcome != OUTCOME_EXECUTES)
		return ERR_OK;
	struct entry *waiting = arena_alloc(a, sizeof *waiting);
	out->target = arena_alloc(a, sizeof *out->target);
	TRY(ledger_entry(ledger, a, entry->witness.target, &target_bytes, f));
	return decode(registry, a, target_bytes, waiting, out->target, f);
}

static err fold_entry(struct rebuild *r, struct bytes bytes, struct fault *f)
{
	struct applied applied;

	TRY(applied_read(r->registry, r->ledger, &r->arena, bytes, &applied, f));
	return apply_record(&r->rules, &applied, &r->arena, f);
}

static err each_entry(void *context, uint64_t sequence, struct bytes bytes)
{
	struct rebuild *r = context;
	char number[24];

	err result = fold_entry(r, bytes, r->fault);
	if (result.code != OK) {
		snprintf(number, sizeof number, "%llu", (unsigned long long)sequence);
		fault_add(r->fault, "entry", number);
		return result;
	}
	r->done++;
	if (r->done % REBUILD_BREATH == 0) { /* keeps the memory small and warm */
		TRY(db_flush(r->fresh, r->fault));
		arena_reset(&r->arena);
	}
	if (r->done % REBUILD_BATCH != 0)
		return ERR_OK;
	TRY(db_commit(r->fresh, r->fault));
	TRY(db_begin(r->fresh, r->fault));
	if (r->progress != NULL)
		r->progress(r->context, r->done, r->total);
	return ERR_OK;
}

static err fold_all(struct rebuild *r, struct fault *f)
{
	struct merkle_head head;

	r->fault = f;
	r->arena.limit = (size_t)1 << 30;
	TRY(ledger_head(r->ledger, &head, f));
	r->total = head.size;
	TRY(db_begin(r->fresh, f));
	err result = ledger_each(r->ledger, 0, each_entry, r, f);
	if (result.code != OK) {
		db_rollback(r->fresh);
		return result;
	}
	return db_commit(r->fresh, f);
}

/* ---- comparing ---- */

/* Rows of one table as digests, in key order: small enough to hold side by side. */
struct row_list {
	struct hash *rows;
	size_t n, cap;
	bool keep_text;
	size_t wanted;
	char text[256];
};

static err keep_row(void *context, struct bytes cbor, const struct value *columns, size_t n)
{
	struct row_list *list = context;

	if (list->keep_text) {
		if (list->n == list->wanted)
			for (size_t i = 0, at = 0; i < n && at + 80 < sizeof list->text; i++) {
				const struct value *v = &columns[i];
				int wrote =
					v->kind == VALUE_TEXT
						? snprintf(list->text + at, 80, "%.60s%.*s",
							   at > 0 ? " " : "",
							   (int)(v->bytes.n < 60 ? v->bytes.n : 60),
							   (const char *)v->bytes.p)
					: v->kind == VALUE_INT
						? snprintf(list->text + at, 80, "%s%lld",
							   at > 0 ? " " : "", (long long)v->number)
						: 0;
				at += wrote > 0 ? (size_t)(wrote < 80 ? wrote : 79) : 0;
			}
		list->n++;
		return ERR_OK;
	}
	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 1024 : list->cap * 2;
		struct hash *rows = realloc(list->rows, cap * sizeof *rows);
		if (rows == NULL)
			return (err){ERR_MEMORY};
		list->rows = rows;
		list->cap = cap;
	}
	list->rows[list->n++] = sha256(cbor);
	return ERR_OK;
}

static err first_difference(struct rebuild *r, const struct table *t, char *out, size_t cap,
			    struct fault *f)
{
	struct row_list live = {0}, fresh = {0};
	struct arena a = {0};
	size_t i = 0;
	err result = table_each_row(r->live, t, &a, keep_row, &live, f);

	if (result.code == OK)
		result = table_each_row(r->fresh, t, &a, keep_row, &fresh, f);
	while (i < live.n && i < fresh.n && hash_equal(live.rows[i], fresh.rows[i]))
		i++;
	struct row_list text = {.keep_text = true, .wanted = i};
	if (result.code == OK)
		result = table_each_row(i < live.n ? r->live : r->fresh, t, &a, keep_row, &text, f);
	snprintf(out, cap, "row %zu of %zu live, %zu rebuilt: %s", i + 1, live.n, fresh.n,
		 text.text);
	free(live.rows);
	free(fresh.rows);
	arena_done(&a);
	return result;
}

/* A live table of another version differs, whatever is in it. */
static err live_digest(struct rebuild *r, const struct table *t, struct arena *a, struct hash *out,
		       uint64_t *rows, struct fault *f)
{
	struct fault why = {0};
	err result = table_digest(r->live, t, a, out, rows, &why);

	if (result.code == ERR_INTERNAL) {
		*out = (struct hash){0};
		*rows = UINT64_MAX;
		return ERR_OK;
	}
	if (result.code != OK)
		*f = why;
	return result;
}

static err compare(struct rebuild *r, struct rebuild_report *out, struct fault *f)
{
	for (size_t i = 0; i < r->registry->tables_n; i++) {
		const struct table *t = r->registry->tables[i];
		struct hash live, fresh;
		uint64_t live_n, fresh_n;
		struct arena a = {0};
		err result = live_digest(r, t, &a, &live, &live_n, f);
		if (result.code == OK)
			result = table_digest(r->fresh, t, &a, &fresh, &fresh_n, f);
		arena_done(&a);
		TRY(result);
		out->tables++;
		if (hash_equal(live, fresh) && live_n == fresh_n)
			continue;
		if (out->differing++ > 0)
			continue;
		snprintf(out->first_table, sizeof out->first_table, "%s", t->name);
		if (live_n == UINT64_MAX) {
			snprintf(out->first_row, sizeof out->first_row,
				 "the live table is missing or of another version");
			continue;
		}
		TRY(first_difference(r, t, out->first_row, sizeof out->first_row, f));
	}
	return ERR_OK;
}

err engine_rebuild(const struct engine_config *config, bool replace, rebuild_progress *progress,
		   void *context, struct rebuild_report *out, struct fault *f)
{
	struct rebuild *r = calloc(1, sizeof *r);

	if (r == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*out = (struct rebuild_report){0};
	r->config = config;
	r->progress = progress;
	r->context = context;
	err result = open_stores(r, f);
	if (result.code == OK)
		result = fold_all(r, f);
	out->entries = r->done;
	if (result.code == OK)
		result = compare(r, out, f);
	if (result.code == OK && replace)
		result = schema_replace(r->registry, r->fresh, r->live, f);
	drop_fresh(r);
	free(r);
	return result;
}

err engine_state_digest(struct engine *e, struct hash *out, struct fault *f)
{
	struct sha256 all;
	struct db *db;

	sha256_init(&all);
	TRY(db_open_reader(e->config.store, &db, f));
	for (size_t i = 0; i < e->registry->tables_n; i++) {
		struct hash digest;
		uint64_t rows;
		struct arena a = {0};
		err result = table_digest(db, e->registry->tables[i], &a, &digest, &rows, f);
		arena_done(&a);
		if (result.code != OK) {
			db_close(db);
			return result;
		}
		sha256_update(&all, bytes_text(e->registry->tables[i]->name));
		sha256_update(&all, hash_bytes(&digest));
	}
	db_close(db);
	*out = sha256_final(&all);
	return ERR_OK;
}
