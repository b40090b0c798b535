/* SPDX-License-Identifier: Apache-2.0 */
/* table_rows.c — the rows of a table in one form and order on both stores. */
#include "core/cbor.h"
#include "db/table.h"

enum { ROW_SIZE_FIRST = 4096, ROW_SIZE_MAX = 128 << 20, SELECT_SIZE = 8192 };

struct walk {
	struct arena *arena;
	uint8_t *row;
	size_t cap;
	table_row *each;
	void *context;
	struct fault *f;
};

void value_put_cbor(struct writer *w, const struct value *v)
{
	switch (v->kind) {
	case VALUE_INT:
		cbor_put_int(w, v->number);
		break;
	case VALUE_TEXT:
		cbor_put_text(w, v->bytes);
		break;
	case VALUE_BLOB:
		cbor_put_bytes(w, v->bytes);
		break;
	case VALUE_NULL:
	default:
		cbor_put_null(w);
	}
}

static struct writer write_row(const struct walk *walk, const struct value *columns, size_t n)
{
	struct writer w = writer_of(walk->row, walk->cap);

	cbor_put_array(&w, n);
	for (size_t i = 0; i < n; i++)
		value_put_cbor(&w, &columns[i]);
	return w;
}

/* The writer says how much it would have needed; twice that serves the larger rows to come. */
static bool grow(struct walk *walk, size_t need)
{
	if (need > ROW_SIZE_MAX)
		return false;
	walk->row = arena_alloc(walk->arena, need * 2);
	walk->cap = walk->row == NULL ? 0 : need * 2;
	return walk->row != NULL;
}

static err take_row(void *context, const struct value *columns, size_t n)
{
	struct walk *walk = context;
	struct writer w = write_row(walk, columns, n);
	struct bytes cbor;

	if (w.full) {
		if (!grow(walk, w.n))
			return fail(walk->f, "DB_MEMORY", NULL);
		w = write_row(walk, columns, n);
	}
	if (!writer_done(&w, &cbor))
		return fail(walk->f, "DB_MEMORY", NULL);
	return walk->each(walk->context, cbor, columns, n);
}

static void put_names(struct writer *w, const struct table *t)
{
	for (size_t i = 0; i < t->columns_n; i++) {
		put_text(w, i == 0 ? "SELECT " : ", ");
		put_text(w, t->columns[i].name);
	}
	put_text(w, " FROM ");
	put_text(w, t->name);
	for (size_t i = 0; i < t->keys_n; i++) {
		put_text(w, i == 0 ? " ORDER BY " : ", ");
		put_text(w, t->columns[t->keys[i]].name);
	}
	put_u8(w, 0);
}

err table_each_row(struct db *db, const struct table *t, struct arena *a, table_row *each,
		   void *context, struct fault *f)
{
	struct walk walk = {.arena = a, .each = each, .context = context, .f = f};
	char sql[SELECT_SIZE];
	struct writer w = writer_of(sql, sizeof(sql));
	struct statement *s;
	err result;

	walk.cap = ROW_SIZE_FIRST;
	walk.row = arena_alloc(a, walk.cap);
	put_names(&w, t);
	if (walk.row == NULL || w.full)
		return fail(f, "DB_MEMORY", NULL);
	TRY(db_prepare(db, sql, NULL, 0, &s, f));
	result = db_query(db, s, NULL, take_row, &walk, NULL, f);
	statement_close(s);
	return result;
}

struct digest {
	struct sha256 hash;
	uint64_t rows;
};

static err digest_row(void *context, struct bytes cbor, const struct value *columns, size_t n)
{
	struct digest *d = context;

	(void)columns;
	(void)n;
	sha256_update(&d->hash, cbor);
	d->rows++;
	return ERR_OK;
}

err table_digest(struct db *db, const struct table *t, struct arena *a, struct hash *digest,
		 uint64_t *rows, struct fault *f)
{
	struct digest d = {.rows = 0};

	sha256_init(&d.hash);
	TRY(table_each_row(db, t, a, digest_row, &d, f));
	*digest = sha256_final(&d.hash);
	*rows = d.rows;
	return ERR_OK;
}
