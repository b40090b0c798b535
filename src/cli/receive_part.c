/* SPDX-License-Identifier: Apache-2.0 */
/* receive_part.c — whose part number the label carries, and which of ours it is. */
#include "cli/receive.h"

#include <string.h>

const char *receive_said(struct receiving *r, enum label_field field)
{
	return r->label.field[field].n == 0 ? NULL
					    : arena_text(&r->cli->arena, r->label.field[field]);
}

err receive_rows(struct receiving *r, const char *view, const char *const *query, json_t **rows,
		 struct fault *f)
{
	json_t *page = NULL;

	TRY(client_view(r->client, view, query, &page, f));
	*rows = json_incref(json_object_get(page, "rows"));
	json_decref(page);
	return *rows != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

static const char *text_of(struct receiving *r, const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text == NULL ? NULL : arena_text(&r->cli->arena, bytes_text(text));
}

/* How many rows, and `column` of the first; of the row whose `column` is `wanted`, if there is one. */
static err look_up(struct receiving *r, const char *view, const char *const *query,
		   const char *column, const char *wanted, size_t *n, const char **out,
		   struct fault *f)
{
	json_t *rows, *row;
	size_t i;

	TRY(receive_rows(r, view, query, &rows, f));
	*n = json_array_size(rows);
	*out = *n == 0 ? NULL : text_of(r, json_array_get(rows, 0), column);
	json_array_foreach(rows, i, row)
	{
		const char *text = text_of(r, row, column);
		if (wanted == NULL || text == NULL || strcmp(text, wanted) != 0)
			continue;
		*out = text;
		*n = 1;
		break;
	}
	json_decref(rows);
	return ERR_OK;
}

/* By the maker's part number; if several parts of ours have it, or none, by our own number. */
static err part_of_label(struct receiving *r, struct fault *f)
{
	const char *ours = receive_said(r, LABEL_CUSTOMER_PART);
	const char *makers = receive_said(r, LABEL_MANUFACTURER_PART);
	size_t n = 0;

	if (makers != NULL && id_valid(bytes_text(makers))) {
		const char *const query[] = {"manufacturer_part", makers, NULL};
		TRY(look_up(r, "part.list", query, "part", ours, &n, &r->part, f));
	}
	if (n > 1)
		return fail(f, "RECEIVE_PART_UNCLEAR", "number", makers, NULL);
	if (n == 1)
		return ERR_OK;
	if (ours != NULL && id_valid(bytes_text(ours))) {
		const char *const query[] = {"part", ours, NULL};
		TRY(look_up(r, "part.list", query, "part", NULL, &n, &r->part, f));
	}
	if (n == 1)
		return ERR_OK;
	return fail(f, "RECEIVE_PART_UNKNOWN", "number", makers == NULL ? "none" : makers, NULL);
}

err receive_find_part(struct receiving *r, struct fault *f)
{
	const char *said = cli_option(r->cli, "part");
	const char *const query[] = {"part", said, NULL};
	size_t n;

	if (said == NULL)
		return part_of_label(r, f);
	TRY(look_up(r, "part.list", query, "part", NULL, &n, &r->part, f));
	return n == 1 ? ERR_OK : fail(f, "PART_UNKNOWN", "part", said, NULL);
}

/* Without --supplier, the only one that the part may be bought from. */
err receive_find_supplier(struct receiving *r, struct fault *f)
{
	const char *const query[] = {"part", r->part, NULL};
	size_t n;

	r->supplier = cli_option(r->cli, "supplier");
	if (r->supplier != NULL)
		return ERR_OK;
	TRY(look_up(r, "part.sources", query, "supplier", NULL, &n, &r->supplier, f));
	return n == 1 ? ERR_OK : fail(f, "RECEIVE_SUPPLIER_UNCLEAR", "part", r->part, NULL);
}
