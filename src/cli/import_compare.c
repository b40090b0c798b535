/* SPDX-License-Identifier: Apache-2.0 */
/* import_compare.c — the lines of a file beside what is recorded, shown, and brought. */
#include "cli/import.h"

#include "base/catalog.h"

#include <stdio.h>
#include <string.h>

enum { FEW_ROWS = 40 };

/* ---- what is there ---- */

static err set_wrong(struct import *im, struct import_row *row, const struct fault *why,
		     struct fault *f)
{
	struct fault *kept = arena_alloc(&im->cli->arena, sizeof *kept);

	if (kept == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*kept = *why;
	row->state = IMPORT_WRONG;
	row->why = kept;
	return ERR_OK;
}

static err compare(struct import *im, const json_t *there, struct fault *f)
{
	const char *a = json_string_value(json_object_get(there, im->kind->key_members[0]));
	const char *b =
		im->kind->key_members[1] == NULL
			? NULL
			: json_string_value(json_object_get(there, im->kind->key_members[1]));
	char key[IMPORT_KEY_MAX];
	struct fault why = {0};

	snprintf(key, sizeof key, "%s%s%s", a == NULL ? "" : a, b == NULL ? "" : "/",
		 b == NULL ? "" : b);
	const json_t *place = json_object_get(im->index, key);
	if (place == NULL)
		return ERR_OK;
	struct import_row *row = &im->rows[json_integer_value(place)];
	row->state = IMPORT_THERE;
	row->found = true;
	if (!im->kind->differs(im, row, there, &why))
		return ERR_OK;
	return set_wrong(im, row, &why, f);
}

static err compare_page(struct import *im, const json_t *page, struct fault *f)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		TRY(compare(im, row, f));
	}
	return ERR_OK;
}

/* A few lines are asked for one by one. */
static err ask_each(struct import *im, struct fault *f)
{
	for (size_t i = 0; i < im->n; i++) {
		const char *query[] = {im->kind->key_members[0],
				       arena_text(&im->cli->arena, import_cell(&im->rows[i], 0)),
				       im->kind->key_members[1],
				       arena_text(&im->cli->arena, import_cell(&im->rows[i], 1)),
				       NULL};
		json_t *page = NULL;

		TRY(client_view(im->client, im->kind->view, query, &page, f));
		err e = compare_page(im, page, f);
		json_decref(page);
		TRY(e);
	}
	return ERR_OK;
}

static err ask_all(struct import *im, struct fault *f)
{
	char cursor[2048] = "";

	do {
		const char *query[] = {"limit", "1000", cursor[0] == '\0' ? NULL : "cursor", cursor,
				       NULL};
		json_t *page = NULL;

		TRY(client_view(im->client, im->kind->view, query, &page, f));
		err e = compare_page(im, page, f);
		const char *next = json_string_value(json_object_get(page, "next"));
		snprintf(cursor, sizeof cursor, "%s", next == NULL ? "" : next);
		json_decref(page);
		TRY(e);
	} while (cursor[0] != '\0');
	return ERR_OK;
}

/* What needs something to be there already, and finds nothing. */
static err check_absent(struct import *im, struct fault *f)
{
	for (size_t i = 0; i < im->n && im->kind->absent != NULL; i++) {
		struct import_row *row = &im->rows[i];
		struct fault why = {0};

		if (row->found)
			continue;
		(void)fail(&why, im->kind->absent, im->kind->key_members[0],
			   arena_text(&im->cli->arena, import_cell(row, 0)),
			   im->kind->key_members[1],
			   arena_text(&im->cli->arena, import_cell(row, 1)), NULL);
		TRY(set_wrong(im, row, &why, f));
	}
	return ERR_OK;
}

/* ---- showing ---- */

static err show_preview(struct import *im, struct fault *f)
{
	json_t *columns = json_pack("[s, s]", "line", "state"), *rows = json_array();
	static const char *const states[] = {"new", "there", "wrong"};

	for (const char *const *name = im->kind->preview; *name != NULL; name++)
		json_array_append_new(columns, json_string(*name));
	for (size_t i = 0; i < im->n && i < IMPORT_SHOWN_MAX; i++) {
		json_t *row = im->kind->body(im, &im->rows[i]);
		json_object_set_new(row, "line", json_integer(im->rows[i].row->line));
		json_object_set_new(row, "state", json_string(states[im->rows[i].state]));
		json_array_append_new(rows, row);
	}
	json_t *page = json_pack("{s:o, s:o}", "columns", columns, "rows", rows);
	err e = cli_table(im->cli, page, f);
	json_decref(page);
	return e;
}

static void show_wrong(const struct import *im)
{
	size_t shown = 0;
	char text[1024], safe[2048];

	for (size_t i = 0; i < im->n; i++) {
		const struct import_row *row = &im->rows[i];
		if (row->state != IMPORT_WRONG || shown++ >= TABLE_FAULTS_MAX)
			continue;
		fault_text(row->why, text, sizeof text);
		cli_safe_text(text, safe, sizeof safe);
		fprintf(stderr, "line %u: %s\n", row->row->line, safe);
	}
	if (shown > TABLE_FAULTS_MAX)
		fprintf(stderr, "and %zu more\n", shown - TABLE_FAULTS_MAX);
}

static json_t *wrong_json(const struct import *im)
{
	json_t *list = json_array();
	char text[1024];

	for (size_t i = 0; i < im->n; i++) {
		const struct import_row *row = &im->rows[i];
		if (row->state != IMPORT_WRONG)
			continue;
		fault_text(row->why, text, sizeof text);
		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:s}", "line",
						      (int)row->row->line, "key", row->key, "code",
						      row->why->message, "text", text));
	}
	return list;
}

static void count(struct import *im)
{
	im->there = im->wrong = 0;
	for (size_t i = 0; i < im->n; i++) {
		im->there += im->rows[i].state == IMPORT_THERE;
		im->wrong += im->rows[i].state == IMPORT_WRONG;
	}
}

static size_t count_new(const struct import *im)
{
	return im->n - im->there - im->wrong;
}

static err show(struct import *im, struct fault *f)
{
	if (im->cli->json)
		return ERR_OK;
	TRY(show_preview(im, f));
	show_wrong(im);
	printf("%s: %zu %s: %zu new, %zu there already, %zu wrong\n", im->file, im->n,
	       im->kind->what, count_new(im), im->there, im->wrong);
	return ERR_OK;
}

/* ---- the whole ---- */

static err write_new(struct import *im, struct fault *f)
{
	char question[128];

	if (cli_flag(im->cli, "dry-run") || count_new(im) == 0)
		return ERR_OK;
	snprintf(question, sizeof question, "Declare %zu %s?", count_new(im), im->kind->what);
	TRY(cli_confirm(im->cli, question, f));
	return import_write(im, f);
}

static err result(const struct import *im, struct fault *f)
{
	char wrong[24];

	if (im->cli->json) {
		json_t *json = json_pack("{s:I, s:I, s:I, s:o}", "lines", (json_int_t)im->n,
					 "there", (json_int_t)im->there, "recorded",
					 (json_int_t)im->recorded, "wrong", wrong_json(im));
		cli_json(json);
		json_decref(json);
	} else if (!cli_flag(im->cli, "dry-run")) {
		printf("%zu recorded\n", im->recorded);
	}
	if (im->wrong == 0)
		return ERR_OK;
	snprintf(wrong, sizeof wrong, "%zu", im->wrong);
	return fail(f, "IMPORT_PARTLY", "count", wrong, NULL);
}

static err finish(struct import *im, struct fault *f)
{
	TRY(cli_client(im->cli, true, &im->client, f));
	TRY(im->n <= FEW_ROWS ? ask_each(im, f) : ask_all(im, f));
	TRY(check_absent(im, f));
	count(im);
	TRY(show(im, f));
	TRY(write_new(im, f));
	count(im);
	return result(im, f);
}

err import_finish(struct import *im, struct fault *f)
{
	err e = finish(im, f);

	json_decref(im->index);
	return e;
}
