/* SPDX-License-Identifier: Apache-2.0 */
/* bill_known.c — a bill beside what is recorded. */
#include "cli/bill.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 1000000, SUFFIX_MAX = 100000 };

static err out_of_memory(struct fault *f)
{
	return fail(f, "OUT_OF_MEMORY", NULL);
}

static const char *member(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- numbers of parts ---- */

/* What is known, by our number and by the maker's. The values are rows. */
struct known {
	json_t *by_part, *by_maker;
};

static const char *maker_key(struct cli *cli, const char *manufacturer, const char *number)
{
	return arena_printf(&cli->arena, "%s\n%s", manufacturer == NULL ? "" : manufacturer,
			    number);
}

static err known_add(struct cli *cli, struct known *known, const char *part,
		     const char *manufacturer, const char *number, struct fault *f)
{
	json_t *row = json_pack("{s:s, s:s*, s:s*}", "part", part, "manufacturer", manufacturer,
				"manufacturer_part", number);
	const char *key = number == NULL ? NULL : maker_key(cli, manufacturer, number);

	if (row == NULL || (number != NULL && key == NULL)) {
		json_decref(row);
		return out_of_memory(f);
	}
	if (key != NULL && json_object_get(known->by_maker, key) == NULL)
		json_object_set(known->by_maker, key, row);
	return json_object_set_new(known->by_part, part, row) == 0 ? ERR_OK : out_of_memory(f);
}

/* The same thing under this number: what an older record does not say about the maker does not tell
 * them apart. */
static bool is_same(const struct bill_part *p, const json_t *row)
{
	const char *number = member(row, "manufacturer_part");

	return same_text(p->manufacturer, member(row, "manufacturer")) &&
	       (number == NULL || same_text(p->manufacturer_part, number));
}

static err number_part(struct cli *cli, struct bill_part *p, const struct known *known,
		       struct fault *f)
{
	const char *base = p->part;
	const json_t *row = NULL;

	if (!p->fixed && p->manufacturer_part != NULL) {
		const char *key = maker_key(cli, p->manufacturer, p->manufacturer_part);
		if (key == NULL)
			return out_of_memory(f);
		row = json_object_get(known->by_maker, key);
	}
	if (row != NULL) {
		p->part = arena_text(&cli->arena, bytes_text(member(row, "part")));
		return p->part != NULL ? ERR_OK : out_of_memory(f);
	}
	for (unsigned i = 2; i < SUFFIX_MAX; i++) {
		row = json_object_get(known->by_part, p->part);
		if (row == NULL || is_same(p, row))
			break;
		if (p->fixed)
			return fail(f, "BILL_PART_DIFFERS", "part", p->part, "found",
				    member(row, "manufacturer_part") == NULL
					    ? "nothing"
					    : member(row, "manufacturer_part"),
				    "said",
				    p->manufacturer_part == NULL ? "nothing" : p->manufacturer_part,
				    NULL);
		p->part = arena_printf(&cli->arena, "%s.%u", base, i);
		if (p->part == NULL)
			return out_of_memory(f);
	}
	p->is_new = row == NULL;
	return ERR_OK;
}

static err resolve(struct cli *cli, struct bill *bill, const json_t *rows, struct known *known,
		   struct fault *f)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		TRY(known_add(cli, known, member(row, "part"), member(row, "manufacturer"),
			      member(row, "manufacturer_part"), f));
	}
	for (size_t k = 0; k < bill->parts_n; k++) {
		struct bill_part *p = &bill->parts[k];

		TRY(number_part(cli, p, known, f));
		if (p->is_new)
			TRY(known_add(cli, known, p->part, p->manufacturer, p->manufacturer_part,
				      f));
	}
	return ERR_OK;
}

err bill_resolve(struct cli *cli, struct bill *bill, const json_t *rows, struct fault *f)
{
	struct known known = {json_object(), json_object()};
	err e = resolve(cli, bill, rows, &known, f);

	json_decref(known.by_part);
	json_decref(known.by_maker);
	return e;
}

/* ---- a bill that is recorded ---- */

static const char *kept(struct cli *cli, const json_t *row, const char *name)
{
	const char *text = member(row, name);

	return text == NULL ? NULL : arena_text(&cli->arena, bytes_text(text));
}

static size_t place_of(struct cli *cli, struct bill *bill, json_t *places, const char *part)
{
	const json_t *place = json_object_get(places, part);

	if (place != NULL)
		return (size_t)json_integer_value(place);
	json_object_set_new(places, part, json_integer((json_int_t)bill->parts_n));
	bill->parts[bill->parts_n].part = arena_text(&cli->arena, bytes_text(part));
	return bill->parts_n++;
}

static void name_parts(struct cli *cli, struct bill *bill, const json_t *places,
		       const json_t *parts)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(parts, "rows"), i, row)
	{
		const json_t *place = json_object_get(places, member(row, "part"));
		if (place == NULL)
			continue;
		struct bill_part *p = &bill->parts[json_integer_value(place)];
		p->manufacturer = kept(cli, row, "manufacturer");
		p->manufacturer_part = kept(cli, row, "manufacturer_part");
	}
}

static err take_rows(struct cli *cli, struct bill *bill, const json_t *rows, json_t *places,
		     struct fault *f)
{
	size_t i, n = json_array_size(rows);
	json_t *row;

	bill->parts = arena_array(&cli->arena, n + 1, sizeof *bill->parts);
	bill->lines = arena_array(&cli->arena, n + 1, sizeof *bill->lines);
	if (bill->parts == NULL || bill->lines == NULL)
		return out_of_memory(f);
	json_array_foreach(rows, i, row)
	{
		struct bill_line *line = &bill->lines[bill->lines_n++];
		const char *designators = kept(cli, row, "designators");
		const json_t *critical = json_object_get(row, "critical");

		line->line = kept(cli, row, "bom_line");
		line->part = place_of(cli, bill, places, member(row, "part"));
		line->quantity = (size_t)json_integer_value(json_object_get(row, "quantity"));
		line->designators = designators == NULL ? "" : designators;
		line->conformance = kept(cli, row, "conformance");
		line->critical = json_is_true(critical) || json_integer_value(critical) == 1;
		bill->pieces += line->quantity;
	}
	return ERR_OK;
}

err bill_fetch(struct cli *cli, struct client *client, const char *product, const char *revision,
	       struct bill *out, struct fault *f)
{
	const char *query[] = {"product", product, "revision", revision, "limit", "1000", NULL};
	const char *all[] = {"limit", "1000", NULL};
	json_t *lines = NULL, *parts = NULL, *places = json_object();

	*out = (struct bill){0};
	err e = client_view_all(client, "bom.lines", query, ROWS_MAX, &lines, f);
	if (e.code == OK)
		e = take_rows(cli, out, json_object_get(lines, "rows"), places, f);
	if (e.code == OK)
		e = client_view_all(client, "part.list", all, ROWS_MAX, &parts, f);
	if (e.code == OK)
		name_parts(cli, out, places, parts);
	json_decref(lines);
	json_decref(parts);
	json_decref(places);
	return e;
}
