/* SPDX-License-Identifier: Apache-2.0 */
/* Sites, lines, stations, products, and units from their parts to built. */
#include "record/type.h"

struct site_defined {
	struct id site, country;
	struct text name;
};
static const struct field site_defined[] = {
	FIELD(site_defined, site, REQUIRED, "short name of the site"),
	FIELD(site_defined, country, REQUIRED, "country (ISO 3166-1 alpha-2)"),
	SIZED(site_defined, name, REQUIRED, 200, "its full name"),
	{0},
};

struct line_defined {
	struct id site, line;
};
static const struct field line_defined[] = {
	FIELD(line_defined, site, REQUIRED, "site it stands at"),
	FIELD(line_defined, line, REQUIRED, "short name of the line"),
	{0},
};

struct station_defined {
	struct id station, site, line, environment;
};
static const struct field station_defined[] = {
	FIELD(station_defined, station, REQUIRED, "the station, by the name it signs with"),
	FIELD(station_defined, site, REQUIRED, "site it stands at"),
	FIELD(station_defined, line, REQUIRED, "line it belongs to"),
	CHOICE(station_defined, environment, REQUIRED, "development|staging|production",
	       "what it may build for"),
	{0},
};

struct product_defined {
	struct id product, hardware_type;
	struct text name;
};
static const struct field product_defined[] = {
	FIELD(product_defined, product, REQUIRED, "short name of the product, without a slash"),
	FIELD(product_defined, hardware_type, REQUIRED,
	      "object identifier of the hardware, under your own arc: 1.3.6.1.4.1.…"),
	SIZED(product_defined, name, REQUIRED, 200, "its full name"),
	{0},
};

struct fitted_part {
	struct id supplier, part_lot, part, certainty;
	int64_t quantity;
	struct text designators;
};
static const struct field fitted_part[] = {
	FIELD(fitted_part, supplier, REQUIRED, "who delivered the part lot"),
	FIELD(fitted_part, part_lot, REQUIRED, "number on the reel or tray"),
	FIELD(fitted_part, part, REQUIRED, "our part number"),
	NUMBER(fitted_part, quantity, REQUIRED, 1, 1000000, "pieces"),
	SIZED(fitted_part, designators, OPTIONAL, 200, "where: R1 R2 R7"),
	CHOICE(fitted_part, certainty, OPTIONAL, "certain|possible",
	       "possible: at a reel change it may also have been another part lot"),
	{0},
};

struct fitted_component {
	struct id product, serial;
};
static const struct field fitted_component[] = {
	FIELD(fitted_component, product, REQUIRED, "product of the unit that was fitted"),
	FIELD(fitted_component, serial, REQUIRED, "its serial"),
	{0},
};

struct unit_fitted {
	struct id product, serial, station, operator;
	struct list parts, components;
};
static const struct field unit_fitted[] = {
	FIELD(unit_fitted, product, REQUIRED, "product"),
	FIELD(unit_fitted, serial, REQUIRED, "serial of the unit"),
	FIELD(unit_fitted, station, REQUIRED, "station where it was done"),
	LIST(unit_fitted, parts, OPTIONAL, fitted_part, struct fitted_part, 200,
	     "parts that went into it"),
	LIST(unit_fitted, components, OPTIONAL, fitted_component, struct fitted_component, 50,
	     "units with a serial of their own that went into it"),
	/* version 2 */
	FIELD(unit_fitted, operator, OPTIONAL, "person who did it"),
	{0},
};

struct unit_built {
	struct id product, serial, station, operator;
};
static const struct field unit_built[] = {
	FIELD(unit_built, product, REQUIRED, "product"),
	FIELD(unit_built, serial, REQUIRED, "serial of the unit"),
	FIELD(unit_built, station, REQUIRED, "station where it was finished"),
	/* version 2 */
	FIELD(unit_built, operator, OPTIONAL, "person who did it"),
	{0},
};

struct unit_part_removed {
	struct id product, serial, station, supplier, part_lot;
	struct text reason;
};
static const struct field unit_part_removed[] = {
	FIELD(unit_part_removed, product, REQUIRED, "product"),
	FIELD(unit_part_removed, serial, REQUIRED, "serial of the unit"),
	FIELD(unit_part_removed, station, REQUIRED, "station where it was done"),
	FIELD(unit_part_removed, supplier, REQUIRED, "who delivered the part lot"),
	FIELD(unit_part_removed, part_lot, REQUIRED, "part lot whose pieces were all taken out"),
	SIZED(unit_part_removed, reason, REQUIRED, 500, "why"),
	{0},
};

struct unit_scrapped {
	struct id product, serial, witness;
	struct text reason;
	struct hash photo, key_destroyed;
};
static const struct field unit_scrapped[] = {
	FIELD(unit_scrapped, product, REQUIRED, "product"),
	FIELD(unit_scrapped, serial, REQUIRED, "serial of the unit"),
	SIZED(unit_scrapped, reason, REQUIRED, 500, "why"),
	FIELD(unit_scrapped, photo, STORED, "digest of a picture of the destroyed unit"),
	/* version 2 */
	FIELD(unit_scrapped, key_destroyed, STORED,
	      "digest of the proof that the unit's key was destroyed"),
	FIELD(unit_scrapped, witness, OPTIONAL, "second person who saw it"),
	{0},
};

#define UNIT                                \
	{                                   \
		"unit", "product", "serial" \
	}
static const struct record_type line_types[] = {
	{.name = "site.defined",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.define",
	 .origin = SIGNED,
	 .subject = {"site", NULL, "site"},
	 .scope = "line.site",
	 .size = sizeof(struct site_defined),
	 .fields = site_defined,
	 .help = "Enters a site: ours, a contract manufacturer's, a warehouse."},
	{.name = "line.defined",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.define",
	 .origin = SIGNED,
	 .subject = {"line", "site", "line"},
	 .scope = "line.line",
	 .size = sizeof(struct line_defined),
	 .fields = line_defined,
	 .help = "Enters a line of a site."},
	{.name = "station.defined",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.define",
	 .origin = SIGNED,
	 .subject = {"station", NULL, "station"},
	 .scope = "line.line",
	 .size = sizeof(struct station_defined),
	 .fields = station_defined,
	 .help = "Puts a station on a line."},
	{.name = "product.defined",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.define",
	 .origin = SIGNED,
	 .subject = {"product", NULL, "product"},
	 .scope = "line.product",
	 .size = sizeof(struct product_defined),
	 .fields = product_defined,
	 .help = "Enters a product."},
	{.name = "unit.fitted",
	 .version = 2,
	 .nature = EVENT,
	 .permission = "line.build",
	 .origin = SIGNED,
	 .subject = UNIT,
	 .scope = "line.station",
	 .size = sizeof(struct unit_fitted),
	 .fields = unit_fitted,
	 .help = "Parts or components went into a unit."},
	{.name = "unit.built",
	 .version = 2,
	 .nature = EVENT,
	 .permission = "line.build",
	 .origin = SIGNED,
	 .subject = UNIT,
	 .scope = "line.station",
	 .size = sizeof(struct unit_built),
	 .fields = unit_built,
	 .help = "A unit has all its parts: they are compared with the bill of material."},
	{.name = "unit.part_removed",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "line.build",
	 .origin = SIGNED,
	 .subject = UNIT,
	 .scope = "line.station",
	 .size = sizeof(struct unit_part_removed),
	 .fields = unit_part_removed,
	 .help = "Parts were taken out of a unit."},
	{.name = "unit.scrapped",
	 .version = 2,
	 .nature = EVENT,
	 .permission = "line.scrap",
	 .origin = SIGNED,
	 .subject = UNIT,
	 .scope = "line.unit",
	 .size = sizeof(struct unit_scrapped),
	 .fields = unit_scrapped,
	 .help = "A unit was destroyed and will not be used."},
	{0},
};

extern const char line_sql[];
const struct area line_area = {"line", line_types, line_sql};
