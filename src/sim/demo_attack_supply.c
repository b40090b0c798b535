/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attack_supply.c — attacks through what is bought. */
#include "sim/demo_internal.h"

#include <stdio.h>
#include <string.h>

/* A supplier of its own for a part of the bill, approved as the others are. */
static err new_supplier(struct demo *d, const char *supplier, const char *part, struct fault *f)
{
	TRY(demo_sign(d, "paul", "supplier.registered",
		      json_pack("{s:s, s:s, s:s, s:s}", "supplier", supplier, "class", "broker",
				"country", "US", "name", supplier),
		      NULL, f));
	TRY(demo_sign(d, "paul", "supplier.approved",
		      json_pack("{s:s, s:s, s:s}", "supplier", supplier, "expires",
				demo_days(d, 365), "reason", "assessed for the demo"),
		      NULL, f));
	return demo_sign(d, "erin", "part.source_approved",
			 json_pack("{s:s, s:s}", "part", part, "supplier", supplier), NULL, f);
}

/* A part that nobody calls critical: nothing else speaks against it. */
static const struct demo_part *plain_part(const struct demo *d)
{
	for (size_t i = 0; i < d->parts_n; i++)
		if (!d->parts[i].critical)
			return &d->parts[i];
	return &d->parts[0];
}

static err issue(struct demo *d, const struct demo_part *p, const char *supplier,
		 const char *part_lot, struct fault *f)
{
	return demo_sign(d, "wim", "part_lot.issued",
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "supplier", supplier,
				   "part_lot", part_lot, "authorization", d->spare, "site", FACTORY,
				   "line", LINE, "quantity", (json_int_t)p->quantity),
			 NULL, f);
}

static err deliver(struct demo *d, const char *tag, const char *name, struct device *const *units,
		   size_t n, struct fault *f)
{
	json_t *contents = demo_unit_lines(units, n);
	err e = demo_deliver(d, demo_text(d, "SH-%s-%s", tag, name),
			     demo_text(d, "H%s-%s", tag, name), contents, f);

	json_decref(contents);
	return e.code == OK ? demo_start_units(d, units, n, f) : e;
}

/* At the line, it goes into a unit, and with that to whoever buys it. */
static err use_lot(struct demo *d, const char *tag, const char *name, struct fault *f)
{
	struct device *unit;

	TRY(device_make(PRODUCT, demo_text(d, "X%s-%s", tag, name), &unit, f));
	err e = demo_make_units(d, &unit, 1, d->options.units, f);
	if (e.code == OK)
		e = deliver(d, tag, name, &unit, 1, f);
	device_close(unit);
	return e;
}

static err try_lot(struct demo *d, const char *tag, const char *name, const struct demo_part *p,
		   const char *supplier, const char *lot, struct attack_outcome *out,
		   struct fault *f)
{
	TRY(attack_refused(d, "wim", issue(d, p, supplier, lot, f), out, f));
	if (out->stopped)
		return ERR_OK;
	d->odd_part = p;
	d->odd_supplier = supplier;
	d->odd_lot = lot;
	err e = use_lot(d, tag, name, f);
	d->odd_part = NULL;
	return e;
}

/* Our receiver has only paper from somebody new, where the bill asks for the supplier's own signature. */
err attack_below_grade(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	const char *supplier = demo_text(d, "PAPER-%s", tag), *lot = demo_text(d, "LOT-%s-P", tag);
	const struct demo_part *p = &d->parts[0];
	char hex[65];

	for (size_t i = d->parts_n; i-- > 0;)
		if (demo_grade(d, &d->parts[i], 0) == GRADE_SIGNED)
			p = &d->parts[i];
	TRY(new_supplier(d, supplier, p->part, f));
	TRY(demo_keep_certificate(d, "paul", p, lot, hex, f));
	TRY(demo_sign(d, "wim", "part_lot.received",
		      json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "supplier", supplier,
				"part_lot", lot, "part", p->part, "quantity",
				(json_int_t)p->quantity, "site", FACTORY, "packaging", "intact",
				"conformance_certificate", hex),
		      NULL, f));
	attack_through(out,
		       "1 unit in use with parts whose conformance certificate is below grade");
	return try_lot(d, tag, "PAPER", p, supplier, lot, out, f);
}

err attack_suspended_supplier(struct demo *d, const char *tag, struct attack_outcome *out,
			      struct fault *f)
{
	const char *supplier = demo_text(d, "SHADY-%s", tag), *lot = demo_text(d, "LOT-%s", tag);
	const struct demo_part *p = plain_part(d);

	TRY(new_supplier(d, supplier, p->part, f));
	TRY(demo_sign(d, "wim", "part_lot.received",
		      json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "supplier", supplier, "part_lot",
				lot, "part", p->part, "quantity", (json_int_t)p->quantity, "site",
				FACTORY, "packaging", "intact"),
		      NULL, f));
	TRY(demo_sign(d, "paul", "supplier.suspended",
		      json_pack("{s:s, s:s}", "supplier", supplier, "reason", "an attack"), NULL,
		      f));
	attack_through(out, "1 unit in use with parts of a suspended supplier");
	return try_lot(d, tag, "SHADY", p, supplier, lot, out, f);
}

/* ---- found too late ---- */

enum { REEL_UNITS = 2, REEL_PIECES = 1000 };

/* A reel of a part, with papers like the others'; two units get it, and are shipped. */
static err use_reel(struct demo *d, const char *tag, struct device **units, struct fault *f)
{
	const struct demo_part *p = d->odd_part;

	TRY(demo_sign(d, "wim", "part_lot.received",
		      json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "supplier", p->supplier,
				"part_lot", d->odd_lot, "part", p->part, "quantity", REEL_PIECES,
				"site", FACTORY, "packaging", "intact"),
		      NULL, f));
	TRY(demo_sign(d, "wim", "part_lot.issued",
		      json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "supplier", p->supplier,
				"part_lot", d->odd_lot, "authorization", d->spare, "site", FACTORY,
				"line", LINE, "quantity", (json_int_t)p->quantity * REEL_UNITS),
		      NULL, f));
	for (size_t i = 0; i < REEL_UNITS; i++)
		TRY(device_make(PRODUCT, demo_text(d, "X%s-REEL-%zu", tag, i + 1), &units[i], f));
	TRY(demo_make_units(d, units, REEL_UNITS, d->options.units, f));
	return deliver(d, tag, "REEL", units, REEL_UNITS, f);
}

static err affected(struct demo *d, size_t *units, size_t *contained, struct fault *f)
{
	const char *query[] = {"supplier", d->odd_part->supplier, "part_lot", d->odd_lot, NULL};
	json_t *rows = NULL, *held = NULL, *row;
	size_t i;

	*contained = 0;
	TRY(demo_rows(d, "quinn", "recall.affected_units", query, &rows, f));
	*units = json_array_size(rows);
	err e = ERR_OK;
	json_array_foreach(rows, i, row)
	{
		const char *serial = json_string_value(json_object_get(row, "serial"));
		const char *one[] = {"product", PRODUCT, "serial", serial, NULL};
		if (e.code == OK && serial != NULL)
			e = demo_rows(d, "quinn", "containment.of_unit", one, &held, f);
		*contained += json_array_size(held) > 0;
		json_decref(held);
		held = NULL;
	}
	json_decref(rows);
	return e;
}

static err contain(struct demo *d, const char *tag, struct device *const *units,
		   struct attack_outcome *out, struct fault *f)
{
	size_t before, after, contained_before, contained_after;
	struct told told = {0}, contained;

	TRY(affected(d, &before, &contained_before, f));
	TRY(demo_sign(d, "quinn", "containment.started",
		      json_pack("{s:s, s:s, s:s, s:s, s:s}", "containment",
				demo_text(d, "C-%s", tag), "kind", "part_lot", "within",
				d->odd_part->supplier, "id", d->odd_lot, "reason",
				"the marking is not the maker's"),
		      &contained, f));
	told.sequence = contained.sequence;
	TRY(affected(d, &after, &contained_after, f));
	if (before != REEL_UNITS || after != before || contained_before != 0 ||
	    contained_after != after)
		return fail(f, "DEMO_RECALL_WRONG", "part_lot", d->odd_lot, NULL);
	snprintf(told.detail, sizeof told.detail,
		 "%zu units affected, found at the warehouse; contained by one record, before it "
		 "%zu, after it %zu of them",
		 before, contained_before, contained_after);
	for (size_t i = 0; i < REEL_UNITS; i++)
		TRY(attack_ask_gate(d, "commission", device_serial(units[i]), &told, out, f));
	return ERR_OK;
}

err attack_counterfeit_reel(struct demo *d, const char *tag, struct attack_outcome *out,
			    struct fault *f)
{
	struct device *units[REEL_UNITS] = {NULL};

	d->odd_part = plain_part(d);
	d->odd_supplier = d->odd_part->supplier;
	d->odd_lot = demo_text(d, "REEL-%s", tag);
	err e = use_reel(d, tag, units, f);
	if (e.code == OK)
		e = contain(d, tag, units, out, f);
	d->odd_part = NULL;
	for (size_t i = 0; i < REEL_UNITS; i++)
		device_close(units[i]);
	attack_through(out, "2 units with counterfeit parts in use");
	return e;
}
