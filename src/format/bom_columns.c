/* SPDX-License-Identifier: Apache-2.0 */
#include "format/bom_internal.h"

#include <string.h>

/* Names of a column as tools write them, reduced to lower-case letters and digits. The first is
 * the one that messages use. */
static const struct column_names {
	const char *shown;
	const char *names[10];
} COLUMNS[BOM_COLUMNS] = {
	[BOM_DESIGNATORS] = {"Reference",
			     {"reference", "references", "designator", "designators", "refdes",
			      "ref", "refs", "referencedesignator"}},
	[BOM_VALUE] = {"Value", {"value", "val", "comment"}},
	[BOM_FOOTPRINT] = {"Footprint", {"footprint", "package"}},
	[BOM_QUANTITY] = {"Quantity", {"quantity", "qty", "qnty", "quantityperpcb"}},
	[BOM_DNP] = {"DNP", {"dnp", "donotpopulate", "dnf", "donotfit"}},
	[BOM_MPN] = {"MPN",
		     {"mpn", "manufacturerpartnumber", "manufacturerpart", "manufacturerpn",
		      "mfrpartnumber", "mfrpn", "mfgpartnumber", "mfgpn", "partnumber"}},
	[BOM_MANUFACTURER] = {"Manufacturer",
			      {"manufacturer", "manufacturername", "mfr", "mfg", "mfrname"}},
	[BOM_SUPPLIER] = {"Supplier", {"supplier", "suppliername", "vendor", "distributor"}},
	[BOM_SUPPLIER_PART] = {"Supplier Part Number",
			       {"supplierpartnumber", "supplierpart", "supplierpn", "sku",
				"vendorpartnumber", "distributorpartnumber"}},
	[BOM_DATASHEET] = {"Datasheet", {"datasheet"}},
	[BOM_DESCRIPTION] = {"Description", {"description"}},
};

const char *bom_column_name(enum bom_column column)
{
	return COLUMNS[column].shown;
}

/* Lower-case letters and digits only: "Mfr. Part-Number" is "mfrpartnumber". */
static void reduce(struct bytes text, char out[static 64])
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < 63; i++) {
		uint8_t c = text.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
			out[n++] = (char)c;
	}
	out[n] = 0;
}

/* The column of that name, or BOM_COLUMNS. */
static size_t column_find(struct bytes text)
{
	size_t column = 0;
	char reduced[64];

	reduce(text, reduced);
	for (; column < BOM_COLUMNS; column++)
		for (const char *const *name = COLUMNS[column].names; *name != NULL; name++)
			if (strcmp(*name, reduced) == 0)
				return column;
	return column;
}

static void need(struct bom_reading *r, enum bom_column column)
{
	const struct csv_field whole = {.line = r->row.line, .column = 1};

	if (r->place[column] == 0)
		bom_say(r, &whole, "BOM_COLUMN_MISSING", "name",
			bytes_text(bom_column_name(column)));
}

void bom_columns_read(struct bom_reading *r)
{
	r->header_n = r->row.n;
	for (size_t i = 0; i < r->row.n; i++) {
		size_t column = column_find(r->row.fields[i].text);

		if (column == BOM_COLUMNS)
			continue;
		if (r->place[column] != 0)
			bom_say(r, &r->row.fields[i], "BOM_COLUMN_TWICE", "name",
				r->row.fields[i].text);
		else
			r->place[column] = i + 1;
	}
	need(r, BOM_DESIGNATORS);
	if (r->config->numbers_needed || r->place[BOM_VALUE] == 0)
		need(r, BOM_MPN);
	if (r->place[BOM_MPN] != 0)
		need(r, BOM_MANUFACTURER);
}
