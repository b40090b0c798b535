/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance certificates of part lots. Who may write the record is what the certificate is worth. */
#include "record/type.h"

struct conformance_declared {
	struct id supplier, part_lot, part, date_code, seal;
	int64_t quantity;
	struct hash document;
};
static const struct field conformance_declared[] = {
	FIELD(conformance_declared, supplier, REQUIRED, "who delivers it, and signs this"),
	FIELD(conformance_declared, part_lot, REQUIRED, "number on the reel or tray"),
	FIELD(conformance_declared, part, REQUIRED, "part number of the customer"),
	FIELD(conformance_declared, date_code, OPTIONAL, "date code"),
	NUMBER(conformance_declared, quantity, OPTIONAL, 1, 1000000000, "pieces"),
	FIELD(conformance_declared, seal, OPTIONAL, "number of the seal on its packaging"),
	FIELD(conformance_declared, document, REQUIRED | STORED,
	      "digest of the conformance certificate"),
	{0},
};

struct conformance_link_given {
	struct hash link;
	struct id supplier, part_lot;
	struct instant expires;
};
static const struct field conformance_link_given[] = {
	FIELD(conformance_link_given, link, REQUIRED, "SHA-256 of the token in the link"),
	FIELD(conformance_link_given, supplier, REQUIRED, "who may upload"),
	FIELD(conformance_link_given, part_lot, OPTIONAL, "for this one only; else any, once each"),
	FIELD(conformance_link_given, expires, REQUIRED, "until when, 92 days at most"),
	{0},
};

struct conformance_uploaded {
	struct hash link, document;
	struct id supplier, part_lot;
	struct text name;
};
static const struct field conformance_uploaded[] = {
	FIELD(conformance_uploaded, link, REQUIRED, "SHA-256 of the token that it came with"),
	FIELD(conformance_uploaded, supplier, REQUIRED, "to whom the link was given"),
	FIELD(conformance_uploaded, part_lot, REQUIRED, "number on the reel or tray"),
	FIELD(conformance_uploaded, document, REQUIRED | STORED,
	      "digest of the conformance certificate"),
	SIZED(conformance_uploaded, name, OPTIONAL, 120, "name of the file"),
	{0},
};

struct conformance_vouched {
	struct id supplier, part_lot, site, seen_by;
	struct hash document;
};
static const struct field conformance_vouched[] = {
	FIELD(conformance_vouched, supplier, REQUIRED, "who delivered it"),
	FIELD(conformance_vouched, part_lot, REQUIRED, "number on the reel or tray"),
	FIELD(conformance_vouched, site, REQUIRED, "site that has the paper"),
	FIELD(conformance_vouched, document, REQUIRED | STORED,
	      "digest of the conformance certificate, as it came or scanned"),
	FIELD(conformance_vouched, seen_by, OPTIONAL, "second person who looked at it"),
	{0},
};

#define PART_LOT                                   \
	{                                          \
		"part_lot", "supplier", "part_lot" \
	}
static const struct record_type conformance_types[] = {
	{.name = "conformance.declared",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "conformance.declare",
	 .origin = SIGNED,
	 .subject = PART_LOT,
	 .scope = "conformance.of_supplier",
	 .size = sizeof(struct conformance_declared),
	 .fields = conformance_declared,
	 .help = "A supplier declares a part lot and its conformance certificate."},
	{.name = "conformance.link_given",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "conformance.link",
	 .origin = SIGNED,
	 .subject = {"supplier", NULL, "supplier"},
	 .scope = "conformance.of_supplier",
	 .size = sizeof(struct conformance_link_given),
	 .fields = conformance_link_given,
	 .help = "A supplier may upload conformance certificates through a link."},
	{.name = "conformance.uploaded",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "part.receive", /* who receives parts may read what came */
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = PART_LOT,
	 .scope = "conformance.of_supplier",
	 .size = sizeof(struct conformance_uploaded),
	 .fields = conformance_uploaded,
	 .help = "A conformance certificate came through a link."},
	{.name = "conformance.vouched",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "part.receive",
	 .origin = SIGNED,
	 .subject = PART_LOT,
	 .scope = "conformance.at_site",
	 .size = sizeof(struct conformance_vouched),
	 .fields = conformance_vouched,
	 .help = "A conformance certificate came on paper; our receiver saw it."},
	{0},
};

extern const char conformance_sql[];
const struct area conformance_area = {"conformance", conformance_types, conformance_sql};
