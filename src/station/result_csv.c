/* SPDX-License-Identifier: Apache-2.0 */
/* result_csv.c — a measurement a row. Rows that follow each other with the same serial and sequence are one
 * test; what else they say about it must be the same. */
#include "station/result_internal.h"

#include "format/csv.h"

#include <string.h>

enum { COLUMN_NAME = RESULT_FIELDS_N, COLUMN_VALUE, COLUMNS_N };

struct table {
	size_t at[COLUMNS_N];                /* which column of the file, plus 1; 0: it has none */
	size_t n;                            /* columns of the file */
	json_t *bodies, *last;               /* last: borrowed, the body that rows are added to */
	struct bytes first[RESULT_FIELDS_N]; /* of that test */
};

static const char *column_name(size_t i)
{
	return i == COLUMN_NAME    ? "measurement"
	       : i == COLUMN_VALUE ? "value"
				   : RESULT_FIELDS[i].name;
}

static err read_header(struct table *t, const struct csv_row *row, struct fault *f)
{
	for (size_t k = 0; k < row->n; k++) {
		size_t i = 0;
		while (i < COLUMNS_N &&
		       !bytes_equal(row->fields[k].text, bytes_text(column_name(i))))
			i++;
		if (i == COLUMNS_N)
			return result_wrong(row->line, "header",
					    "columns named like the fields of test.recorded, "
					    "measurement and value",
					    f);
		if (t->at[i] != 0)
			return result_wrong(row->line, column_name(i), "each column once", f);
		t->at[i] = k + 1;
	}
	for (size_t i = 0; i < COLUMNS_N; i++)
		if (t->at[i] == 0 && (i >= RESULT_FIELDS_N || RESULT_FIELDS[i].required))
			return result_wrong(row->line, column_name(i), "a column of this name", f);
	t->n = row->n;
	return ERR_OK;
}

static struct bytes cell(const struct table *t, const struct csv_row *row, size_t i)
{
	return t->at[i] == 0 ? bytes_of("", 0) : row->fields[t->at[i] - 1].text;
}

static bool same_test(const struct table *t, const struct csv_row *row)
{
	static const char *const KEYS[] = {"product", "serial", "sequence"};

	for (size_t i = 0; t->last != NULL && i < RESULT_FIELDS_N; i++)
		for (size_t k = 0; k < sizeof KEYS / sizeof KEYS[0]; k++)
			if (strcmp(RESULT_FIELDS[i].name, KEYS[k]) == 0 &&
			    !bytes_equal(t->first[i], cell(t, row, i)))
				return false;
	return t->last != NULL;
}

static err begin_test(struct table *t, const struct csv_row *row, const char *station,
		      struct fault *f)
{
	json_t *body = result_body(station);

	if (json_array_size(t->bodies) == RESULTS_MAX) {
		json_decref(body);
		return result_wrong(row->line, "serial", "at most 1,000 tests in a file", f);
	}
	if (json_array_append_new(t->bodies, body) != 0)
		return fail(f, "OUT_OF_MEMORY", NULL);
	t->last = body;
	for (size_t i = 0; i < RESULT_FIELDS_N; i++) {
		t->first[i] = cell(t, row, i);
		if (t->first[i].n > 0 || RESULT_FIELDS[i].required)
			TRY(result_put(body, &RESULT_FIELDS[i], t->first[i], row->line, f));
	}
	return ERR_OK;
}

static err go_on(const struct table *t, const struct csv_row *row, struct fault *f)
{
	for (size_t i = 0; i < RESULT_FIELDS_N; i++)
		if (!bytes_equal(t->first[i], cell(t, row, i)))
			return result_wrong(row->line, RESULT_FIELDS[i].name,
					    "the same in every row of one test", f);
	return ERR_OK;
}

/* A test that measured nothing has one row with both cells empty. */
static err read_row(struct table *t, const struct csv_row *row, const char *station,
		    struct fault *f)
{
	if (row->n != t->n)
		return result_wrong(row->line, "row", "as many cells as the header", f);
	bool same = same_test(t, row);
	if (same)
		TRY(go_on(t, row, f));
	else
		TRY(begin_test(t, row, station, f));
	struct bytes name = cell(t, row, COLUMN_NAME), value = cell(t, row, COLUMN_VALUE);
	if (!same && name.n == 0 && value.n == 0)
		return ERR_OK;
	return result_measure(t->last, name, value, row->line, f);
}

static err read_table(struct arena *a, struct bytes text, const char *station, struct table *t,
		      struct fault *f)
{
	struct csv csv;
	struct csv_row *row = arena_alloc(a, sizeof *row);

	if (row == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(csv_open(&csv, a, text, 0, f));
	TRY(csv_next(&csv, row, f));
	if (row->n == 0)
		return result_wrong(1, "header", "a first line with the names of the columns", f);
	TRY(read_header(t, row, f));
	for (;;) {
		TRY(csv_next(&csv, row, f));
		if (row->n == 0)
			break;
		TRY(read_row(t, row, station, f));
	}
	return t->last != NULL ? ERR_OK : result_wrong(2, "row", "at least one test", f);
}

err result_from_csv(struct arena *a, struct bytes text, const char *station, json_t **bodies,
		    struct fault *f)
{
	struct table *t = arena_alloc(a, sizeof *t);

	if (text.n > RESULT_FILE_MAX)
		return fail(f, "RESULT_TOO_LARGE", NULL);
	if (t == NULL || (t->bodies = json_array()) == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = read_table(a, text, station, t, f);
	if (e.code != OK)
		json_decref(t->bodies);
	else
		*bodies = t->bodies;
	return e;
}
