/* SPDX-License-Identifier: Apache-2.0 */
/* table_tally.c — triggers that keep a tally true, whichever statement changes the rows that it counts: a
 * row that comes adds one, one that goes takes one away, and a number that falls to nothing goes as well,
 * so that the tally follows from the rows alone. Keys are NOT NULL on both sides. */
#include "db/table_tally.h"

struct tally {
	struct writer *w;
	const struct table *t;
	const char *number; /* its last column */
};

static void put_keys(const struct tally *y, const char *before)
{
	for (size_t i = 0; i < y->t->keys_n; i++) {
		put_text(y->w, i == 0 ? "" : ", ");
		put_text(y->w, before);
		put_text(y->w, y->t->columns[y->t->keys[i]].name);
	}
}

static void put_added(const struct tally *y)
{
	put_text(y->w, "INSERT INTO ");
	put_text(y->w, y->t->name);
	put_text(y->w, " (");
	put_keys(y, "");
	put_text(y->w, ", ");
	put_text(y->w, y->number);
	put_text(y->w, ") VALUES (");
	put_keys(y, "NEW.");
	put_text(y->w, ", 1) ON CONFLICT (");
	put_keys(y, "");
	put_text(y->w, ") DO UPDATE SET ");
	put_text(y->w, y->number);
	put_text(y->w, " = ");
	put_text(y->w, y->t->name);
	put_text(y->w, ".");
	put_text(y->w, y->number);
	put_text(y->w, " + 1;\n");
}

static void put_of_old(const struct tally *y)
{
	put_text(y->w, " WHERE (");
	put_keys(y, "");
	put_text(y->w, ") = (");
	put_keys(y, "OLD.");
	put_text(y->w, ")");
}

static void put_taken(const struct tally *y)
{
	put_text(y->w, "UPDATE ");
	put_text(y->w, y->t->name);
	put_text(y->w, " SET ");
	put_text(y->w, y->number);
	put_text(y->w, " = ");
	put_text(y->w, y->number);
	put_text(y->w, " - 1");
	put_of_old(y);
	put_text(y->w, ";\nDELETE FROM ");
	put_text(y->w, y->t->name);
	put_of_old(y);
	put_text(y->w, " AND ");
	put_text(y->w, y->number);
	put_text(y->w, " = 0;\n");
}

static void put_moved(const struct tally *y)
{
	put_text(y->w, "(");
	put_keys(y, "OLD.");
	put_text(y->w, ") <> (");
	put_keys(y, "NEW.");
	put_text(y->w, ")");
}

/* ---- SQLite: a trigger for each way in which a row may change ---- */

static void put_trigger(const struct tally *y, const char *name, const char *when)
{
	put_text(y->w, "CREATE TRIGGER IF NOT EXISTS ");
	put_text(y->w, y->t->name);
	put_text(y->w, name);
	put_text(y->w, when);
}

static void put_on(const struct tally *y)
{
	put_text(y->w, " ON ");
	put_text(y->w, y->t->tally);
}

static void put_sqlite(const struct tally *y)
{
	put_trigger(y, "_added", " AFTER INSERT");
	put_on(y);
	put_text(y->w, " BEGIN ");
	put_added(y);
	put_text(y->w, "END;\n");
	put_trigger(y, "_taken", " AFTER DELETE");
	put_on(y);
	put_text(y->w, " BEGIN ");
	put_taken(y);
	put_text(y->w, "END;\n");
	put_trigger(y, "_moved", " AFTER UPDATE OF ");
	put_keys(y, "");
	put_on(y);
	put_text(y->w, " WHEN ");
	put_moved(y);
	put_text(y->w, " BEGIN ");
	put_taken(y);
	put_added(y);
	put_text(y->w, "END;\n");
}

/* ---- PostgreSQL: one function ---- */

static void put_postgres(const struct tally *y)
{
	put_text(y->w, "CREATE OR REPLACE FUNCTION ");
	put_text(y->w, y->t->name);
	put_text(y->w, "_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n"
		       "IF TG_OP = 'UPDATE' THEN IF NOT ");
	put_moved(y);
	put_text(y->w, " THEN RETURN NULL; END IF; END IF;\nIF TG_OP <> 'INSERT' THEN ");
	put_taken(y);
	put_text(y->w, "END IF;\nIF TG_OP <> 'DELETE' THEN ");
	put_added(y);
	put_text(y->w, "END IF;\nRETURN NULL; END $$;\nCREATE OR REPLACE TRIGGER ");
	put_text(y->w, y->t->name);
	put_text(y->w, "_keep AFTER INSERT OR DELETE OR UPDATE OF ");
	put_keys(y, "");
	put_on(y);
	put_text(y->w, " FOR EACH ROW EXECUTE FUNCTION ");
	put_text(y->w, y->t->name);
	put_text(y->w, "_keep();\n");
}

void tally_put_triggers(struct writer *w, const struct table *t, enum db_product product)
{
	struct tally y = {w, t, t->columns[t->columns_n - 1].name};

	if (product == DB_SQLITE)
		put_sqlite(&y);
	else
		put_postgres(&y);
}

const char *table_tally_sql(struct arena *a, const struct table *t)
{
	char *sql = arena_alloc(a, TALLY_SIZE);
	struct writer w = writer_of(sql, sql == NULL ? 0 : TALLY_SIZE);
	struct tally y = {&w, t, t->columns[t->columns_n - 1].name};

	put_text(&w, "INSERT INTO ");
	put_text(&w, t->name);
	put_text(&w, " (");
	put_keys(&y, "");
	put_text(&w, ", ");
	put_text(&w, y.number);
	put_text(&w, ") SELECT ");
	put_keys(&y, "");
	put_text(&w, ", count(*) FROM ");
	put_text(&w, t->tally);
	put_text(&w, " GROUP BY ");
	put_keys(&y, "");
	put_u8(&w, 0);
	return w.full ? NULL : sql;
}
