/* SPDX-License-Identifier: Apache-2.0 */
/* Suppliers, their sites, and the approval that lets their parts be used, which ends by itself. */
#include "record/type.h"

struct supplier_registered {
	struct id supplier, class, country;
	struct text name;
	int64_t tier; /* version 2 */
};
static const struct field supplier_registered[] = {
	FIELD(supplier_registered, supplier, REQUIRED, "short name of the supplier"),
	CHOICE(supplier_registered, class, REQUIRED, "manufacturer|distributor|broker",
	       "makes the parts, is franchised by their maker, or trades them"),
	FIELD(supplier_registered, country, REQUIRED, "country of its seat (ISO 3166-1 alpha-2)"),
	SIZED(supplier_registered, name, REQUIRED, 200, "its full name"),
	NUMBER(supplier_registered, tier, OPTIONAL, 1, 4,
	       "how much depends on it: 1 (security does) to 4"),
	{0},
};

struct supplier_site_added {
	struct id supplier, supplier_site, country;
	struct text address;
};
static const struct field supplier_site_added[] = {
	FIELD(supplier_site_added, supplier, REQUIRED, "supplier"),
	FIELD(supplier_site_added, supplier_site, REQUIRED, "short name of the site it works at"),
	FIELD(supplier_site_added, country, REQUIRED, "country (ISO 3166-1 alpha-2)"),
	SIZED(supplier_site_added, address, OPTIONAL, 500, "where it lies"),
	{0},
};

struct supplier_approved {
	struct id supplier;
	struct instant expires;
	struct hash evidence;
	struct text reason;
};
static const struct field supplier_approved[] = {
	FIELD(supplier_approved, supplier, REQUIRED, "supplier"),
	FIELD(supplier_approved, expires, REQUIRED, "until when; then it must be approved again"),
	FIELD(supplier_approved, evidence, STORED, "digest of the assessment or audit report"),
	SIZED(supplier_approved, reason, OPTIONAL, 500, "what the approval rests on"),
	{0},
};

struct supplier_suspended {
	struct id supplier;
	struct text reason;
};
static const struct field supplier_suspended[] = {
	FIELD(supplier_suspended, supplier, REQUIRED, "supplier"),
	SIZED(supplier_suspended, reason, REQUIRED, 500, "why its parts may not be used"),
	{0},
};

#define SUPPLIER                             \
	{                                    \
		"supplier", NULL, "supplier" \
	}
static const struct record_type supplier_types[] = {
	{.name = "supplier.registered",
	 .version = 2,
	 .nature = DECISION,
	 .permission = "supplier.write",
	 .origin = SIGNED,
	 .subject = SUPPLIER,
	 .scope = "supplier.named",
	 .size = sizeof(struct supplier_registered),
	 .fields = supplier_registered,
	 .help = "Enters a supplier, not yet approved."},
	{.name = "supplier.site_added",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "supplier.write",
	 .origin = SIGNED,
	 .subject = SUPPLIER,
	 .scope = "supplier.named",
	 .size = sizeof(struct supplier_site_added),
	 .fields = supplier_site_added,
	 .help = "Adds a place where a supplier makes or stores."},
	{.name = "supplier.approved",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "supplier.approve",
	 .origin = SIGNED,
	 .subject = SUPPLIER,
	 .scope = "supplier.named",
	 .gate = "source",
	 .size = sizeof(struct supplier_approved),
	 .fields = supplier_approved,
	 .help = "Lets a supplier's parts be used until a date."},
	{.name = "supplier.suspended",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "supplier.approve",
	 .origin = SIGNED,
	 .subject = SUPPLIER,
	 .scope = "supplier.named",
	 .size = sizeof(struct supplier_suspended),
	 .fields = supplier_suspended,
	 .help = "Ends a supplier's approval at once."},
	{0},
};

extern const char supplier_sql[];
const struct area supplier_area = {"supplier", supplier_types, supplier_sql};
