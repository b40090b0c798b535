/* SPDX-License-Identifier: Apache-2.0 */
#include "record/schema.h"

#include "blob/blob.h"
#include "record/sections.h"

#include <string.h>

extern const char operational_sql[];

static err create_table(struct db *db, const struct table *t, struct arena *a, struct fault *f)
{
	const char *sql = table_create_sql(a, t, db_product(db), NULL);

	return sql == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : db_run(db, sql, f);
}

err schema_create_derived(const struct registry *registry, struct db *db, struct fault *f)
{
	struct arena a = {0};
	err result = ERR_OK;

	for (size_t i = 0; i < registry->tables_n && result.code == OK; i++)
		result = create_table(db, registry->tables[i], &a, f);
	arena_done(&a);
	return result;
}

static err create_operational(struct db *db, struct arena *a, struct fault *f)
{
	struct section *sections;
	size_t n;

	TRY(sections_split(a, "operational", bytes_text(operational_sql), &sections, &n, f));
	for (size_t i = 0; i < n; i++) {
		struct table *table;
		char keys[256] = "";
		struct writer w = writer_of(keys, sizeof keys - 1);
		struct bytes written;
		for (size_t k = 2; k < sections[i].words_n; k++) {
			put_text(&w, k > 2 ? ", " : "");
			put_text(&w, sections[i].words[k]);
		}
		if (!writer_done(&w, &written))
			return fail(f, "REGISTRY_BAD", "what", sections[i].words[0], NULL);
		char *kept = arena_text(a, written);
		if (kept == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		TRY(table_parse(a, sections[i].words[0], kept, bytes_text(sections[i].sql), &table,
				f));
		TRY(create_table(db, table, a, f));
	}
	return ERR_OK;
}

err schema_create_kept(struct db *db, struct fault *f)
{
	struct arena a = {0};

	TRY(db_run(db, LEDGER_SCHEMA, f));
	TRY(blob_tables_make(db, f));
	err result = create_operational(db, &a, f);
	arena_done(&a);
	return result;
}

err schema_create(const struct registry *registry, struct db *db, struct fault *f)
{
	TRY(schema_create_kept(db, f));
	return schema_create_derived(registry, db, f);
}

/* ---- which folds made the tables ---- */

static const struct parameter META[] = {{"name", VALUE_TEXT}, {"value", VALUE_BLOB}};

static err meta_row(void *context, const struct value *columns, size_t n)
{
	struct hash *out = context;

	(void)n;
	if (columns[0].bytes.n == sizeof out->b)
		memcpy(out->b, columns[0].bytes.p, sizeof out->b);
	return ERR_OK;
}

static err run_once(struct db *db, const char *sql, const struct value *values, db_row *row,
		    void *context, struct fault *f)
{
	struct statement *s;

	TRY(db_prepare(db, sql, META, 2, &s, f));
	err result = db_query(db, s, values, row, context, NULL, f);
	statement_close(s);
	return result;
}

err schema_set_folds(struct db *db, struct hash folds, struct fault *f)
{
	struct value values[] = {value_text(bytes_text("folds")), value_blob(hash_bytes(&folds))};

	return run_once(db,
			"INSERT INTO store_meta (name, value) VALUES (:name, :value)"
			" ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			values, NULL, NULL, f);
}

err schema_open(const struct engine_config *config, const struct registry *registry, struct db *db,
		struct fault *f)
{
	static const struct hash none;
	struct hash made_by = none;
	struct value values[] = {value_text(bytes_text("folds")), value_null};
	struct rebuild_report report;

	TRY(schema_create_kept(db, f));
	TRY(run_once(db, "SELECT value FROM store_meta WHERE name = :name", values, meta_row,
		     &made_by, f));
	if (hash_equal(made_by, registry->folds))
		return schema_create_derived(registry, db, f);
	if (!hash_equal(made_by, none))
		return engine_rebuild(config, true, NULL, NULL, &report, f);
	TRY(schema_create_derived(registry, db, f));
	return schema_set_folds(db, registry->folds, f);
}
