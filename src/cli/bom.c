/* SPDX-License-Identifier: Apache-2.0 */
/* bom.c — a bill of materials from a file: compared with what is recorded, shown, and written. */
#include "cli/bom.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 1000000 };

/* ---- what is there ---- */

static bool same_line(const struct bill *a, const struct bill_line *x, const struct bill *b,
		      const struct bill_line *y)
{
	const char *grade = y->conformance;

	return strcmp(a->parts[x->part].part, b->parts[y->part].part) == 0 &&
	       x->quantity == y->quantity && strcmp(x->designators, y->designators) == 0 &&
	       x->critical == y->critical &&
	       (x->conformance == NULL ? grade == NULL
				       : grade != NULL && strcmp(x->conformance, grade) == 0);
}

/* What is written of this revision must be a part of what the file says. */
static err compare_lines(struct bom_import *b, const struct bill *there, struct fault *f)
{
	json_t *places = json_object();
	err e = ERR_OK;

	for (size_t i = 0; i < b->bill.lines_n; i++) {
		json_object_set_new(places, b->bill.lines[i].line, json_integer((json_int_t)i));
		b->bill.lines[i].is_new = true;
	}
	for (size_t i = 0; i < there->lines_n && e.code == OK; i++) {
		const json_t *place = json_object_get(places, there->lines[i].line);
		struct bill_line *line =
			place == NULL ? NULL : &b->bill.lines[json_integer_value(place)];

		if (line == NULL || !same_line(&b->bill, line, there, &there->lines[i]))
			e = fail(f, "BILL_REVISION_DIFFERS", "product", b->product, "revision",
				 b->revision, "line", there->lines[i].line, "state",
				 b->released ? "released" : "begun", NULL);
		else
			line->is_new = false;
	}
	json_decref(places);
	for (size_t i = 0; i < b->bill.lines_n && e.code == OK && b->released; i++)
		if (b->bill.lines[i].is_new)
			e = fail(f, "BILL_REVISION_DIFFERS", "product", b->product, "revision",
				 b->revision, "line", b->bill.lines[i].line, "state", "released",
				 NULL);
	return e;
}

static err find_state(struct bom_import *b, struct fault *f)
{
	const char *query[] = {"product", b->product, "limit", "1000", NULL};
	json_t *all = NULL, *row;
	size_t i;

	TRY(client_view_all(b->client, "bom.list", query, ROWS_MAX, &all, f));
	json_array_foreach(json_object_get(all, "rows"), i, row)
	{
		const char *revision = json_string_value(json_object_get(row, "revision"));
		const char *state = json_string_value(json_object_get(row, "state"));

		if (revision != NULL && strcmp(revision, b->revision) == 0)
			b->released = state != NULL && strcmp(state, "draft") != 0;
	}
	json_decref(all);
	return ERR_OK;
}

/* A view that one may not read is not asked: the server will say. */
static err rows_if_allowed(struct bom_import *b, const char *view, const char *name,
			   const char *value, json_t **out, struct fault *f)
{
	const char *query[] = {"limit", "1000", name, value, NULL};
	err e = client_view_all(b->client, view, query, ROWS_MAX, out, f);

	if (e.code != ERR_FORBIDDEN)
		return e;
	*out = NULL;
	return ERR_OK;
}

static err check_product(struct bom_import *b, struct fault *f)
{
	json_t *found = NULL;

	TRY(rows_if_allowed(b, "product.list", "product", b->product, &found, f));
	bool missing = found != NULL && json_array_size(json_object_get(found, "rows")) == 0;
	json_decref(found);
	return missing ? fail(f, "PRODUCT_UNKNOWN", "product", b->product, NULL) : ERR_OK;
}

static err resolve_parts(struct bom_import *b, struct fault *f)
{
	const char *query[] = {"limit", "1000", NULL};
	json_t *parts = NULL;

	TRY(client_view_all(b->client, "part.list", query, ROWS_MAX, &parts, f));
	err e = bill_resolve(b->cli, &b->bill, json_object_get(parts, "rows"), f);
	json_decref(parts);
	return e;
}

/* ---- sources ---- */

static bool has_row(const json_t *rows, const char *name, const char *value, const char *also,
		    const char *also_value)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *a = json_string_value(json_object_get(row, name));
		const char *b =
			also == NULL ? also_value : json_string_value(json_object_get(row, also));
		if (a != NULL && b != NULL && strcmp(a, value) == 0 && strcmp(b, also_value) == 0)
			return true;
	}
	return false;
}

static err find_sources(struct bom_import *b, struct fault *f)
{
	const char *one = cli_option(b->cli, "source");
	json_t *suppliers = NULL;
	err e = ERR_OK;

	b->sources = arena_array(&b->cli->arena, b->bill.parts_n + 1, sizeof *b->sources);
	if (b->sources == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!cli_flag(b->cli, "approve-sources"))
		return ERR_OK;
	TRY(rows_if_allowed(b, "supplier.list", NULL, NULL, &suppliers, f));
	for (size_t i = 0; i < b->bill.parts_n && e.code == OK; i++) {
		struct bill_part *p = &b->bill.parts[i];

		if (one != NULL)
			p->supplier = one;
		b->sources[i] = p->supplier != NULL;
		if (p->supplier == NULL)
			e = fail(f, "BILL_SOURCE_MISSING", "part", p->part, NULL);
		else if (suppliers != NULL && !has_row(json_object_get(suppliers, "rows"),
						       "supplier", p->supplier, NULL, ""))
			e = fail(f, "SUPPLIER_UNKNOWN", "supplier", p->supplier, NULL);
	}
	json_decref(suppliers);
	return e;
}

/* Sources that are approved already are not approved again. */
static err drop_known_sources(struct bom_import *b, struct fault *f)
{
	const char *query[] = {"limit", "1000", NULL};
	json_t *all = NULL, *index = json_object(), *row;
	size_t i;
	char key[2 * (ID_SIZE_MAX + 2)];

	if (!cli_flag(b->cli, "approve-sources")) {
		json_decref(index);
		return ERR_OK;
	}
	err e = client_view_all(b->client, "part.sources", query, ROWS_MAX, &all, f);
	json_array_foreach(json_object_get(all, "rows"), i, row)
	{
		snprintf(key, sizeof key, "%s\n%s", json_string_value(json_object_get(row, "part")),
			 json_string_value(json_object_get(row, "supplier")));
		json_object_set_new(index, key, json_true());
	}
	for (i = 0; i < b->bill.parts_n; i++) {
		snprintf(key, sizeof key, "%s\n%s", b->bill.parts[i].part,
			 b->bill.parts[i].supplier == NULL ? "" : b->bill.parts[i].supplier);
		b->sources[i] = b->sources[i] && json_object_get(index, key) == NULL;
	}
	json_decref(all);
	json_decref(index);
	return e;
}

/* ---- showing ---- */

static json_t *line_json(const struct bom_import *b, const struct bill_line *line)
{
	const struct bill_part *p = &b->bill.parts[line->part];
	const char *news = p->is_new ? "part, line" : line->is_new ? "line" : "";

	return json_pack("{s:s, s:s, s:s*, s:s*, s:I, s:s, s:s, s:s*, s:s}", "line", line->line,
			 "part", p->part, "manufacturer", p->manufacturer, "MPN",
			 p->manufacturer_part, "quantity", (json_int_t)line->quantity,
			 "designators", line->designators, "critical", line->critical ? "yes" : "",
			 "conformance", line->conformance, "new", news);
}

static err show(const struct bom_import *b, struct fault *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < b->bill.lines_n; i++)
		json_array_append_new(rows, line_json(b, &b->bill.lines[i]));
	json_t *page = json_pack("{s:[s,s,s,s,s,s,s,s,s], s:o}", "columns", "line", "part",
				 "manufacturer", "MPN", "quantity", "designators", "critical",
				 "conformance", "new", "rows", rows);
	err e = cli_table(b->cli, page, f);
	json_decref(page);
	return e;
}

static void count(struct bom_import *b)
{
	b->new_parts = b->new_lines = b->new_sources = 0;
	for (size_t i = 0; i < b->bill.parts_n; i++) {
		b->new_parts += b->bill.parts[i].is_new;
		b->new_sources += b->sources[i];
	}
	for (size_t i = 0; i < b->bill.lines_n; i++)
		b->new_lines += b->bill.lines[i].is_new;
	b->release = cli_flag(b->cli, "release") && !b->released;
}

static void say(const struct bom_import *b)
{
	printf("%s: %zu lines, %zu parts, %zu pieces, %zu not fitted\n", b->file, b->bill.lines_n,
	       b->bill.parts_n, b->bill.pieces, b->bill.skipped);
	printf("%s %s%s: to write: %zu parts, %zu lines, %zu sources%s\n", b->product, b->revision,
	       b->released ? ", released already" : "", b->new_parts, b->new_lines, b->new_sources,
	       b->release ? ", and its release" : "");
}

/* ---- the command ---- */

static bool anything(const struct bom_import *b)
{
	return b->new_parts + b->new_lines + b->new_sources > 0 || b->release;
}

static err bring(struct bom_import *b, struct fault *f)
{
	struct bill there;

	TRY(cli_client(b->cli, true, &b->client, f));
	TRY(check_product(b, f));
	TRY(resolve_parts(b, f));
	TRY(find_state(b, f));
	TRY(bill_fetch(b->cli, b->client, b->product, b->revision, &there, f));
	TRY(compare_lines(b, &there, f));
	TRY(find_sources(b, f));
	TRY(drop_known_sources(b, f));
	count(b);
	TRY(show(b, f));
	if (!b->cli->json)
		say(b);
	if (cli_flag(b->cli, "dry-run"))
		return ERR_OK;
	if (!anything(b)) {
		if (!b->cli->json)
			printf("Everything is there already.\n");
		return ERR_OK;
	}
	TRY(cli_confirm(b->cli, "Sign and record this?", f));
	return bom_write(b, f);
}

err command_bom_import(struct cli *cli, struct fault *f)
{
	struct bom_import *b = arena_alloc(&cli->arena, sizeof *b);

	if (b == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*b = (struct bom_import){.cli = cli,
				 .file = cli->words[0],
				 .product = cli_option(cli, "product"),
				 .revision = cli_option(cli, "revision")};
	if (b->product == NULL || b->revision == NULL)
		return fail(f, "BILL_NAMES_MISSING", NULL);
	if (!id_valid(bytes_text(b->product)) || !id_valid(bytes_text(b->revision)))
		return fail(f, "BILL_NAMES_MISSING", NULL);
	TRY(bill_read(cli, b->file, &b->bill, f));
	return bring(b, f);
}
