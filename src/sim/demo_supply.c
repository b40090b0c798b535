/* SPDX-License-Identifier: Apache-2.0 */
/* demo_supply.c — suppliers, parts and the released bill of material. */
#include "sim/demo_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- suppliers and parts ---- */

static err approve_suppliers(struct demo *d, struct fault *f)
{
	size_t suppliers = 0;

	for (size_t i = 0; i < d->parts_n; i++) {
		const char *supplier = d->parts[i].supplier;
		bool seen = false;
		for (size_t j = 0; j < i; j++)
			seen = seen || strcmp(d->parts[j].supplier, supplier) == 0;
		if (seen)
			continue;
		TRY(demo_define(d, "paul", "supplier.registered",
				json_pack("{s:s, s:s, s:s, s:s, s:i}", "supplier", supplier,
					  "class", "distributor", "country", "US", "name", supplier,
					  "tier", 2),
				"SUPPLIER_EXISTS", f));
		TRY(demo_sign(d, "paul", "supplier.approved",
			      json_pack("{s:s, s:s, s:s}", "supplier", supplier, "expires",
					demo_days(d, 365), "reason", "assessed for the demo"),
			      NULL, f));
		suppliers++;
	}
	demo_step(d, "%zu suppliers registered and approved for a year", suppliers);
	return ERR_OK;
}

static err define_parts(struct demo *d, struct fault *f)
{
	for (size_t i = 0; i < d->parts_n; i++) {
		const struct demo_part *p = &d->parts[i];
		TRY(demo_define(d, "erin", "part.defined",
				json_pack("{s:s, s:s, s:s, s:b}", "part", p->part, "manufacturer",
					  p->manufacturer, "description", p->description,
					  "critical", p->critical),
				"PART_EXISTS", f));
		TRY(demo_sign(d, "erin", "part.source_approved",
			      json_pack("{s:s, s:s}", "part", p->part, "supplier", p->supplier),
			      NULL, f));
	}
	return ERR_OK;
}

static json_t *bom_lines(const struct demo *d, size_t from, size_t to)
{
	json_t *lines = json_array();

	for (size_t i = from; i < to; i++) {
		const struct demo_part *p = &d->parts[i];
		json_t *line = json_pack("{s:o, s:s, s:I, s:b}", "line", json_sprintf("%zu", i + 1),
					 "part", p->part, "quantity", (json_int_t)p->quantity,
					 "critical", p->critical);
		if (p->designators[0] != '\0')
			json_object_set_new(line, "designators", json_string(p->designators));
		/* Who has a key is asked to use it. */
		if (p->critical && strcmp(p->supplier, d->signing_supplier) == 0)
			json_object_set_new(line, "conformance", json_string("signed"));
		json_array_append_new(lines, line);
	}
	return lines;
}

static err release_bom(struct demo *d, struct fault *f)
{
	size_t at = 0;

	snprintf(d->revision, sizeof d->revision, "R%u", d->run);
	for (; d->parts_n - at > PER_RECORD; at += PER_RECORD)
		TRY(demo_sign(d, "erin", "bom.lines_added",
			      json_pack("{s:s, s:s, s:o}", "product", PRODUCT, "revision",
					d->revision, "lines", bom_lines(d, at, at + PER_RECORD)),
			      NULL, f));
	TRY(demo_sign(d, "erin", "bom.released",
		      json_pack("{s:s, s:s, s:I, s:o}", "product", PRODUCT, "revision", d->revision,
				"line_count", (json_int_t)d->parts_n, "lines",
				bom_lines(d, at, d->parts_n)),
		      NULL, f));
	demo_step(d, "Bill of material %s %s released: %zu lines", PRODUCT, d->revision,
		  d->parts_n);
	return ERR_OK;
}

err demo_supply(struct demo *d, struct fault *f)
{
	TRY(approve_suppliers(d, f));
	TRY(define_parts(d, f));
	TRY(release_bom(d, f));
	TRY(demo_conformance(d, f));
	return demo_receive_lots(d, f);
}
