/* SPDX-License-Identifier: Apache-2.0 */
/* import_kinds.c — units and suppliers from a table. */
#include "cli/import.h"

#include "base/files.h"

#include <stdio.h>
#include <string.h>

/* ---- units ---- */

enum {
	UNIT_PRODUCT,
	UNIT_SERIAL,
	UNIT_SITE,
	UNIT_BUILT_ON,
	UNIT_VERSION,
	UNIT_IMAGE,
	UNIT_ADDRESS,
	UNIT_CUSTOMER,
	UNIT_COLUMNS
};

static const struct table_column UNITS[UNIT_COLUMNS] = {
	[UNIT_PRODUCT] = {.name = "product",
			  .names = {"product", "productid", "productcode", "model", "?sku",
				    "?type"},
			  .required = true,
			  .kind = TABLE_ID},
	[UNIT_SERIAL] = {.name = "serial",
			 .names = {"serial", "serialnumber", "serialno", "sn", "unitserial",
				   "deviceserial"},
			 .required = true,
			 .kind = TABLE_ID},
	[UNIT_SITE] = {.name = "site",
		       .names = {"site", "siteid", "?plant", "?factory"},
		       .required = true,
		       .kind = TABLE_ID},
	[UNIT_BUILT_ON] = {.name = "built-on",
			   .names = {"builton", "built", "buildon", "builddate", "productiondate",
				     "manufactured", "manufacturedon", "dateofmanufacture",
				     "manufacturingdate"},
			   .kind = TABLE_DAY},
	[UNIT_VERSION] = {.name = "version",
			  .names = {"version", "firmware", "firmwareversion", "fwversion",
				    "swversion", "softwareversion"},
			  .most = 64},
	[UNIT_IMAGE] = {.name = "image",
			.names = {"image", "imagedigest", "imagesha256", "firmwaresha256"},
			.kind = TABLE_DIGEST},
	[UNIT_ADDRESS] = {.name = "address",
			  .names = {"address", "mac", "macaddress", "eui", "eui48", "eui64",
				    "hardwareaddress"},
			  .kind = TABLE_ADDRESS},
	[UNIT_CUSTOMER] = {.name = "customer",
			   .names = {"customer", "customername", "?client", "?shipto", "?owner"},
			   .most = 200},
};

static json_t *unit_body(const struct import *im, const struct import_row *row)
{
	static const char *const members[UNIT_COLUMNS] = {
		"product", "serial", "site", "built_on", "version", "image", "address", "customer"};
	json_t *body = json_object();

	(void)im;
	for (size_t i = 0; i < UNIT_COLUMNS; i++)
		import_put(body, members[i], row, i);
	return body;
}

static bool unit_differs(const struct import *im, struct import_row *row, const json_t *there,
			 struct fault *f)
{
	(void)im;
	if (!json_is_string(json_object_get(there, "declared_by"))) {
		(void)fail(f, "IMPORT_BUILT_HERE", "key", row->key, NULL);
		return true;
	}
	return import_member_differs(row, UNIT_BUILT_ON, there, "built_on", f) ||
	       import_member_differs(row, UNIT_VERSION, there, "version", f) ||
	       import_member_differs(row, UNIT_IMAGE, there, "image", f) ||
	       import_member_differs(row, UNIT_ADDRESS, there, "address", f);
}

static const char *const UNIT_PREVIEW[] = {"product", "serial",  "site",     "built_on",
					   "version", "address", "customer", NULL};
static const struct import_kind UNIT_KIND = {
	.what = "units",
	.type = "unit.declared",
	.columns = UNITS,
	.columns_n = UNIT_COLUMNS,
	.view = "unit.serials",
	.key_members = {"product", "serial"},
	.preview = UNIT_PREVIEW,
	.body = unit_body,
	.differs = unit_differs,
};

/* ---- suppliers ---- */

enum {
	SUPPLIER_ID,
	SUPPLIER_NAME,
	SUPPLIER_CLASS,
	SUPPLIER_COUNTRY,
	SUPPLIER_TIER,
	SUPPLIER_COLUMNS
};

static const struct table_column SUPPLIERS[SUPPLIER_COLUMNS] = {
	[SUPPLIER_ID] = {.name = "supplier",
			 .names = {"supplier", "supplierid", "suppliercode", "suppliernumber",
				   "vendorid", "vendorcode", "shortname", "?id", "?code",
				   "?vendor"},
			 .required = true,
			 .kind = TABLE_ID},
	[SUPPLIER_NAME] = {.name = "name",
			   .names = {"name", "suppliername", "fullname", "company", "companyname",
				     "vendorname", "legalname"},
			   .required = true,
			   .most = 200},
	[SUPPLIER_CLASS] = {.name = "class",
			    .names = {"class", "supplierclass", "suppliertype", "?type", "?kind"},
			    .required = true,
			    .kind = TABLE_CHOICE,
			    .choices = "manufacturer|distributor|broker"},
	[SUPPLIER_COUNTRY] = {.name = "country",
			      .names = {"country", "countrycode", "iso", "isocountry"},
			      .required = true,
			      .kind = TABLE_COUNTRY},
	[SUPPLIER_TIER] = {.name = "tier",
			   .names = {"tier", "suppliertier"},
			   .kind = TABLE_CHOICE,
			   .choices = "1|2|3|4"},
};

static json_t *supplier_body(const struct import *im, const struct import_row *row)
{
	static const char *const members[] = {"supplier", "name", "class", "country"};
	struct bytes tier = import_cell(row, SUPPLIER_TIER);
	json_t *body = json_object();

	(void)im;
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		import_put(body, members[i], row, i);
	if (tier.n == 1)
		json_object_set_new(body, "tier", json_integer(tier.p[0] - '0'));
	return body;
}

/* A number of one digit, which a choice of the table is not. */
static bool tier_differs(const struct import_row *row, const json_t *there, struct fault *f)
{
	const json_t *value = json_object_get(there, "tier");
	struct bytes said = import_cell(row, SUPPLIER_TIER);
	char found[8] = "nothing", expected[2] = {0};

	if (said.n != 1)
		return false;
	expected[0] = (char)said.p[0];
	if (json_is_integer(value))
		snprintf(found, sizeof found, "%d", (int)json_integer_value(value));
	if (strcmp(found, expected) == 0)
		return false;
	(void)fail(f, "IMPORT_DIFFERS", "key", row->key, "member", "tier", "found", found, "said",
		   expected, NULL);
	return true;
}

static bool supplier_differs(const struct import *im, struct import_row *row, const json_t *there,
			     struct fault *f)
{
	(void)im;
	return import_member_differs(row, SUPPLIER_NAME, there, "name", f) ||
	       import_member_differs(row, SUPPLIER_CLASS, there, "class", f) ||
	       import_member_differs(row, SUPPLIER_COUNTRY, there, "country", f) ||
	       tier_differs(row, there, f);
}

static const char *const SUPPLIER_PREVIEW[] = {"supplier", "name", "class",
					       "country",  "tier", NULL};
static const struct import_kind SUPPLIER_KIND = {
	.what = "suppliers",
	.type = "supplier.registered",
	.columns = SUPPLIERS,
	.columns_n = SUPPLIER_COLUMNS,
	.view = "supplier.list",
	.key_members = {"supplier", NULL},
	.preview = SUPPLIER_PREVIEW,
	.body = supplier_body,
	.differs = supplier_differs,
};

/* ---- commands ---- */

static err import_table(struct cli *cli, const struct import_kind *kind, struct fault *f)
{
	struct import *im = arena_alloc(&cli->arena, sizeof *im);
	struct bytes content;

	if (im == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*im = (struct import){.cli = cli, .kind = kind, .file = cli->words[0]};
	TRY(file_read(&cli->arena, im->file, CSV_FILE_MAX, &content, f));
	TRY(import_read(im, content, f));
	TRY(import_index(im, f));
	return import_finish(im, f);
}

err command_import_units_help(struct cli *cli, struct fault *f)
{
	(void)cli;
	(void)f;
	import_print_columns(UNITS, UNIT_COLUMNS);
	return ERR_OK;
}

err command_import_suppliers_help(struct cli *cli, struct fault *f)
{
	(void)cli;
	(void)f;
	import_print_columns(SUPPLIERS, SUPPLIER_COLUMNS);
	return ERR_OK;
}

err command_import_units(struct cli *cli, struct fault *f)
{
	return import_table(cli, &UNIT_KIND, f);
}

err command_import_suppliers(struct cli *cli, struct fault *f)
{
	return import_table(cli, &SUPPLIER_KIND, f);
}
