/* SPDX-License-Identifier: Apache-2.0 */
/* Parts, who may supply them, bills of material, and part lots from the dock to the line. */
#include "record/type.h"

struct part_defined {
	struct id part, manufacturer, manufacturer_part;
	struct text description;
	bool critical;
};
static const struct field part_defined[] = {
	FIELD(part_defined, part, REQUIRED, "our part number"),
	FIELD(part_defined, manufacturer, OPTIONAL, "who makes it"),
	FIELD(part_defined, manufacturer_part, OPTIONAL, "the maker's part number"),
	SIZED(part_defined, description, REQUIRED, 200, "what it is"),
	FIELD(part_defined, critical, REQUIRED,
	      "security depends on it: it needs a conformance certificate and intact packaging"),
	{0},
};

struct part_source_approved {
	struct id part, supplier;
};
static const struct field part_source_approved[] = {
	FIELD(part_source_approved, part, REQUIRED, "our part number"),
	FIELD(part_source_approved, supplier, REQUIRED, "supplier it may be bought from"),
	{0},
};

struct bom_line {
	struct id line, part;
	int64_t quantity;
	struct text designators;
	bool critical;
	struct id conformance; /* version 2 */
};
static const struct field bom_line[] = {
	FIELD(bom_line, line, REQUIRED, "number of the line"),
	FIELD(bom_line, part, REQUIRED, "our part number"),
	NUMBER(bom_line, quantity, REQUIRED, 1, 1000000, "pieces in one unit"),
	SIZED(bom_line, designators, OPTIONAL, 500, "where they go: R1 R2 R7"),
	FIELD(bom_line, critical, OPTIONAL, "security depends on this line"),
	CHOICE(bom_line, conformance, OPTIONAL, "signed|uploaded|vouched|none",
	       "grade of conformance certificate that it needs; vouched for a critical line"),
	{0},
};

struct bom_lines_added {
	struct id product, revision;
	struct list lines;
};
static const struct field bom_lines_added[] = {
	FIELD(bom_lines_added, product, REQUIRED, "product"),
	FIELD(bom_lines_added, revision, REQUIRED, "revision that is being written"),
	LIST(bom_lines_added, lines, REQUIRED, bom_line, struct bom_line, 400, "its lines"),
	{0},
};

struct bom_released {
	struct id product, revision;
	int64_t line_count;
	struct list lines;
};
static const struct field bom_released[] = {
	FIELD(bom_released, product, REQUIRED, "product"),
	FIELD(bom_released, revision, REQUIRED, "revision that becomes valid"),
	NUMBER(bom_released, line_count, REQUIRED, 1, 100000,
	       "lines it has altogether, so that none can be missing"),
	LIST(bom_released, lines, OPTIONAL, bom_line, struct bom_line, 400,
	     "its lines, or the last of them"),
	{0},
};

struct part_lot_received {
	struct id supplier, part_lot, part, site, date_code, packaging, shipment;
	int64_t quantity;
	struct hash conformance_certificate;
	struct id manufacturer_part, seal, purchase_order; /* version 2 */
	struct text label;
};
static const struct field part_lot_received[] = {
	FIELD(part_lot_received, supplier, REQUIRED, "who delivered it"),
	FIELD(part_lot_received, part_lot, REQUIRED, "number on the reel or tray"),
	FIELD(part_lot_received, part, REQUIRED, "our part number"),
	NUMBER(part_lot_received, quantity, REQUIRED, 1, 1000000000, "pieces"),
	FIELD(part_lot_received, site, REQUIRED, "site that received it"),
	FIELD(part_lot_received, date_code, OPTIONAL, "date code"),
	CHOICE(part_lot_received, packaging, OPTIONAL, "intact|opened|none",
	       "state of the tamper-evident packaging"),
	FIELD(part_lot_received, shipment, OPTIONAL, "shipment it came with"),
	FIELD(part_lot_received, conformance_certificate, STORED,
	      "digest of the conformance certificate"),
	FIELD(part_lot_received, manufacturer_part, OPTIONAL,
	      "the maker's part number, as the label says"),
	FIELD(part_lot_received, seal, OPTIONAL, "number of the seal, as it was read"),
	FIELD(part_lot_received, purchase_order, OPTIONAL, "our purchase order"),
	SIZED(part_lot_received, label, OPTIONAL, 500, "the 2-D label as it was scanned"),
	{0},
};

struct part_lot_issued {
	struct id supplier, part_lot, authorization, site, line;
	int64_t quantity;
};
static const struct field part_lot_issued[] = {
	FIELD(part_lot_issued, supplier, REQUIRED, "who delivered it"),
	FIELD(part_lot_issued, part_lot, REQUIRED, "number on the reel or tray"),
	FIELD(part_lot_issued, authorization, REQUIRED, "build authorization it is for"),
	FIELD(part_lot_issued, site, REQUIRED, "site"),
	FIELD(part_lot_issued, line, REQUIRED, "line it goes to"),
	NUMBER(part_lot_issued, quantity, REQUIRED, 1, 1000000000, "pieces"),
	{0},
};

struct part_lot_counted {
	struct id supplier, part_lot, site;
	int64_t quantity, scrapped;
};
static const struct field part_lot_counted[] = {
	FIELD(part_lot_counted, supplier, REQUIRED, "who delivered it"),
	FIELD(part_lot_counted, part_lot, REQUIRED, "number on the reel or tray"),
	FIELD(part_lot_counted, site, REQUIRED, "site"),
	NUMBER(part_lot_counted, quantity, REQUIRED, 0, 1000000000, "pieces that are left"),
	NUMBER(part_lot_counted, scrapped, REQUIRED, 0, 1000000000,
	       "pieces lost since the last count"),
	{0},
};

struct part_lot_split {
	struct id supplier, part_lot, from_part_lot, site;
	int64_t quantity;
};
static const struct field part_lot_split[] = {
	FIELD(part_lot_split, supplier, REQUIRED, "who delivered it"),
	FIELD(part_lot_split, part_lot, REQUIRED, "number of the new part lot"),
	FIELD(part_lot_split, from_part_lot, REQUIRED, "part lot it was taken from"),
	FIELD(part_lot_split, site, REQUIRED, "site"),
	NUMBER(part_lot_split, quantity, REQUIRED, 1, 1000000000, "pieces taken"),
	{0},
};

#define PART_LOT                                   \
	{                                          \
		"part_lot", "supplier", "part_lot" \
	}
#define BOM                                  \
	{                                    \
		"bom", "product", "revision" \
	}
static const struct record_type part_types[] = {
	{.name = "part.defined",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "part.write",
	 .origin = SIGNED,
	 .subject = {"part", NULL, "part"},
	 .size = sizeof(struct part_defined),
	 .fields = part_defined,
	 .help = "Defines a part number."},
	{.name = "part.source_approved",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "part.approve",
	 .origin = SIGNED,
	 .subject = {"part", NULL, "part"},
	 .scope = "part.from_supplier",
	 .size = sizeof(struct part_source_approved),
	 .fields = part_source_approved,
	 .help = "Lets a part be bought from a supplier."},
	{.name = "bom.lines_added",
	 .version = 2,
	 .nature = DECISION,
	 .permission = "part.write",
	 .origin = SIGNED,
	 .subject = BOM,
	 .scope = "part.for_product",
	 .size = sizeof(struct bom_lines_added),
	 .fields = bom_lines_added,
	 .help = "Writes lines of a bill of material that is not yet released."},
	{.name = "bom.released",
	 .version = 2,
	 .nature = DECISION,
	 .permission = "part.approve",
	 .origin = SIGNED,
	 .subject = BOM,
	 .scope = "part.for_product",
	 .size = sizeof(struct bom_released),
	 .fields = bom_released,
	 .help = "Makes a revision of a bill of material the valid one."},
	{.name = "part_lot.received",
	 .version = 2,
	 .nature = EVENT,
	 .permission = "part.receive",
	 .origin = SIGNED,
	 .subject = PART_LOT,
	 .scope = "part.lot_at_site",
	 .size = sizeof(struct part_lot_received),
	 .fields = part_lot_received,
	 .help = "A part lot came from its supplier."},
	{.name = "part_lot.issued",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "part.issue",
	 .origin = SIGNED,
	 .subject = PART_LOT,
	 .scope = "part.lot_to_line",
	 .gate = "kit",
	 .size = sizeof(struct part_lot_issued),
	 .fields = part_lot_issued,
	 .help = "Gives pieces of a part lot to a line for a build authorization."},
	{.name = "part_lot.counted",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "part.receive",
	 .origin = SIGNED,
	 .subject = PART_LOT,
	 .scope = "part.lot_at_site",
	 .size = sizeof(struct part_lot_counted),
	 .fields = part_lot_counted,
	 .help = "What is left of a part lot, counted."},
	{.name = "part_lot.split",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "part.receive",
	 .origin = SIGNED,
	 .subject = PART_LOT,
	 .scope = "part.lot_at_site",
	 .size = sizeof(struct part_lot_split),
	 .fields = part_lot_split,
	 .help = "Part of a part lot got a number of its own."},
	{0},
};

extern const char part_sql[];
const struct area part_area = {"part", part_types, part_sql};
