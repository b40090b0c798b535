/* SPDX-License-Identifier: Apache-2.0 */
/* bom_parts.c — which lines of a bill are the same part. */
#include "format/bom_internal.h"

#include <stdlib.h>

static int text_order(const struct bom_line *x, const struct bom_line *y, enum bom_column a,
		      enum bom_column b)
{
	int order = bytes_compare(x->text[a], y->text[a]);

	return order != 0 ? order : bytes_compare(x->text[b], y->text[b]);
}

/* An own number says which part it is; else maker and number; else value and footprint. */
static int line_order(const struct bom_line *x, const struct bom_line *y)
{
	int order = bytes_compare(x->text[BOM_PART], y->text[BOM_PART]);

	if (order != 0 || x->text[BOM_PART].n > 0)
		return order;
	order = text_order(x, y, BOM_MANUFACTURER, BOM_MPN);
	if (order != 0 || x->text[BOM_MPN].n > 0)
		return order;
	return text_order(x, y, BOM_VALUE, BOM_FOOTPRINT);
}

static int line_pointer_order(const void *a, const void *b)
{
	const struct bom_line *x = *(struct bom_line *const *)a;
	const struct bom_line *y = *(struct bom_line *const *)b;
	int order = line_order(x, y);

	return order != 0 ? order : (x > y) - (x < y);
}

err bom_parts_group(struct arena *a, struct bom *bom, struct fault *f)
{
	struct bom_line **lines = arena_array(a, bom->lines_n + 1, sizeof(*lines));

	bom->parts = arena_array(a, bom->lines_n + 1, sizeof(*bom->parts));
	if (lines == NULL || bom->parts == NULL)
		return fail(f, "BOM_MEMORY", NULL);
	for (size_t i = 0; i < bom->lines_n; i++)
		lines[i] = &bom->lines[i];
	qsort(lines, bom->lines_n, sizeof(struct bom_line *), line_pointer_order);
	for (size_t i = 0; i < bom->lines_n; i++) {
		if (i == 0 || line_order(lines[i - 1], lines[i]) != 0)
			bom->parts[bom->parts_n++] = (struct bom_part){
				.manufacturer = lines[i]->text[BOM_MANUFACTURER],
				.mpn = lines[i]->text[BOM_MPN],
				.value = lines[i]->text[BOM_VALUE],
				.footprint = lines[i]->text[BOM_FOOTPRINT],
			};
		lines[i]->part = bom->parts_n - 1;
		bom->parts[bom->parts_n - 1].quantity += lines[i]->quantity;
		bom->parts[bom->parts_n - 1].lines++;
	}
	return ERR_OK;
}

err bom_lines_allocate(struct bom_reading *r, size_t n, struct fault *f)
{
	r->bom->lines = arena_array(r->table.arena, n + 1, sizeof(*r->bom->lines));
	return r->bom->lines != NULL ? ERR_OK : fail(f, "BOM_MEMORY", NULL);
}
