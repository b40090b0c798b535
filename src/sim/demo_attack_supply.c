/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attack_supply.c — attacks through what is bought. */
#include "sim/demo_internal.h"

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

static err issue(struct demo *d, const char *supplier, const char *part_lot, struct fault *f)
{
	return demo_sign(d, "wim", "part_lot.issued",
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "supplier", supplier,
				   "part_lot", part_lot, "authorization", d->spare, "site", FACTORY,
				   "line", LINE, "quantity", 1),
			 NULL, f);
}

err attack_suspended_supplier(struct demo *d, const char *tag, struct attack_outcome *out,
			      struct fault *f)
{
	const char *supplier = demo_text(d, "SHADY-%s", tag), *lot = demo_text(d, "LOT-%s", tag);
	const struct demo_part *p = plain_part(d);

	TRY(new_supplier(d, supplier, p->part, f));
	TRY(demo_sign(d, "wim", "part_lot.received",
		      json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "supplier", supplier, "part_lot",
				lot, "part", p->part, "quantity", 10, "site", FACTORY, "packaging",
				"intact"),
		      NULL, f));
	TRY(demo_sign(d, "paul", "supplier.suspended",
		      json_pack("{s:s, s:s}", "supplier", supplier, "reason", "an attack"), NULL,
		      f));
	attack_through(out, "1 part lot of a suspended supplier at the line");
	return attack_refused(d, "wim", issue(d, supplier, lot, f), out, f);
}
