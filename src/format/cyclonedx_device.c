/* SPDX-License-Identifier: Apache-2.0 */
/* cyclonedx_device.c — one component of type device, as a line of a bill of materials. */
#include "format/cyclonedx_hardware_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- faults ---- */

/* At `path`, or at a member of it. */
void hardware_say(struct hardware_reading *r, const char *path, const char *member, const char *id,
		  const char *expected)
{
	char place[FAULT_VALUE_SIZE];
	struct fault f = {0};

	snprintf(place, sizeof(place), "%s%s%s", path, member != NULL ? "." : "",
		 member != NULL ? member : "");
	(void)fail(&f, id, "place", place, "expected", expected != NULL ? expected : "", NULL);
	table_report_add(r->line.table.arena, r->line.table.report, r->components, 0, &f);
}

static err out_of_memory(struct fault *f)
{
	return fail(f, "BOM_MEMORY", NULL);
}

/* ---- values ---- */

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (((unsigned char)*text < ' ' && *text != '\n' && *text != '\t') || *text == 0x7f)
			return true;
	return false;
}

/* A member that is a text, in the arena; empty where there is none or it is wrong, which is
 * said. */
err hardware_text(struct hardware_reading *r, const json_t *json, const char *path,
		  const char *member, struct bytes *out, struct fault *f)
{
	const json_t *value = json_object_get(json, member);

	*out = (struct bytes){0};
	if (value == NULL)
		return ERR_OK;
	if (!json_is_string(value) || json_string_length(value) > CYCLONEDX_HARDWARE_TEXT_MAX ||
	    has_control(json_string_value(value))) {
		hardware_say(r, path, member, "CYCLONEDX_HARDWARE_WRONG",
			     "a text of at most 4096 bytes without control characters");
		return ERR_OK;
	}
	*out = arena_copy(r->line.table.arena, bytes_text(json_string_value(value)));
	if (out->p == NULL)
		return out_of_memory(f);
	*out = table_trim(*out);
	return ERR_OK;
}

/* The name of an organization: {"name": …}. */
static err organization(struct hardware_reading *r, const json_t *json, const char *path,
			const char *member, struct bytes *out, struct fault *f)
{
	const json_t *value = json_object_get(json, member);
	char inner[FAULT_VALUE_SIZE];

	*out = (struct bytes){0};
	if (value == NULL)
		return ERR_OK;
	if (!json_is_object(value)) {
		hardware_say(r, path, member, "CYCLONEDX_HARDWARE_WRONG", "an object with a name");
		return ERR_OK;
	}
	snprintf(inner, sizeof(inner), "%s.%s", path, member);
	return hardware_text(r, value, inner, "name", out, f);
}

/* An array member; NULL where there is none or it is wrong, which is said. */
const json_t *hardware_list(struct hardware_reading *r, const json_t *json, const char *path,
			    const char *member, size_t most)
{
	const json_t *value = json_object_get(json, member);
	char expected[48];

	if (value == NULL || (json_is_array(value) && json_array_size(value) <= most))
		return value;
	snprintf(expected, sizeof(expected), "a list of at most %zu", most);
	hardware_say(r, path, member, "CYCLONEDX_HARDWARE_WRONG", expected);
	return NULL;
}

/* ---- properties ---- */

static enum bom_column property_column(struct bytes name)
{
	static const struct {
		const char *name;
		enum bom_column column;
	} known[] = {
		{"cdx:device:quantity", BOM_QUANTITY},
		{"cdx:device:location", BOM_DESIGNATORS},
		{"cdx:device:function", BOM_VALUE},
		{"cdx:device:sku", BOM_SUPPLIER_PART},
		{"sealwright:part", BOM_PART},
		{"sealwright:critical", BOM_CRITICAL},
		{"sealwright:conformance", BOM_CONFORMANCE},
		{"sealwright:dnp", BOM_DNP},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (bytes_equal(name, bytes_text(known[i].name)))
			return known[i].column;
	return BOM_COLUMNS;
}

/* Locations may be one list or many properties; everything else is said once. */
static err put_cell(struct hardware_reading *r, enum bom_column column, struct bytes value,
		    const char *path, struct fault *f)
{
	struct bytes *cell = &r->line.cells[column].text;

	if (r->line.table.place[column] == 0) {
		r->line.table.place[column] = 1;
		*cell = value;
		return ERR_OK;
	}
	if (column != BOM_DESIGNATORS) {
		hardware_say(r, path, NULL, "CYCLONEDX_HARDWARE_TWICE", NULL);
		return ERR_OK;
	}
	if (cell->n + value.n > (size_t)BOM_DESIGNATORS_MAX)
		return fail(f, "BOM_TOO_MANY_DESIGNATORS", NULL);
	char *both = arena_printf(r->line.table.arena, "%.*s,%.*s", (int)cell->n,
				  (const char *)cell->p, (int)value.n, (const char *)value.p);
	if (both == NULL)
		return out_of_memory(f);
	*cell = bytes_text(both);
	return ERR_OK;
}

static err read_properties(struct hardware_reading *r, const json_t *component, struct fault *f)
{
	const json_t *list = hardware_list(r, component, r->line.path, "properties",
					   CYCLONEDX_HARDWARE_PROPERTIES_MAX);
	struct bytes name, value;
	char path[FAULT_VALUE_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		snprintf(path, sizeof(path), "%s.properties[%zu]", r->line.path, i);
		if (!json_is_object(one)) {
			hardware_say(r, path, NULL, "CYCLONEDX_HARDWARE_WRONG",
				     "an object with name and value");
			continue;
		}
		TRY(hardware_text(r, one, path, "name", &name, f));
		enum bom_column column = property_column(name);
		if (column == BOM_COLUMNS)
			continue;
		TRY(hardware_text(r, one, path, "value", &value, f));
		TRY(put_cell(r, column, value, path, f));
	}
	return ERR_OK;
}

/* ---- one device ---- */

static void set_cell(struct hardware_reading *r, enum bom_column column, struct bytes text)
{
	r->line.cells[column].text = text;
	r->line.table.place[column] = 1;
}

static err read_texts(struct hardware_reading *r, const json_t *json, struct fault *f)
{
	const char *path = r->line.path;
	struct bytes text;

	TRY(hardware_text(r, json, path, "name", &text, f));
	set_cell(r, BOM_MPN, text);
	TRY(organization(r, json, path, "manufacturer", &text, f));
	if (text.n == 0) /* there was no such member before version 1.6 */
		TRY(hardware_text(r, json, path, "publisher", &text, f));
	set_cell(r, BOM_MANUFACTURER, text);
	TRY(organization(r, json, path, "supplier", &text, f));
	set_cell(r, BOM_SUPPLIER, text);
	TRY(hardware_text(r, json, path, "description", &text, f));
	set_cell(r, BOM_DESCRIPTION, text);
	return ERR_OK;
}

/* The quantity of one piece times those of the assemblies around it. */
static err multiply(struct hardware_reading *r, size_t times, struct fault *f)
{
	struct bytes *cell = &r->line.cells[BOM_QUANTITY].text;
	size_t own = 0;

	for (size_t i = 0; i < cell->n && i < 6 && cell->p[i] >= '0' && cell->p[i] <= '9'; i++)
		own = own * 10 + (size_t)(cell->p[i] - '0');
	if (times == 1 || own == 0) /* what is no number is said when the line is read */
		return ERR_OK;
	const char *text = arena_printf(r->line.table.arena, "%zu", own * times);
	if (text == NULL)
		return out_of_memory(f);
	*cell = bytes_text(text);
	/* Its places are on each of the assemblies, so that they are not places of the product. */
	set_cell(r, BOM_DESIGNATORS, (struct bytes){0});
	return ERR_OK;
}

static void clear_cells(struct hardware_reading *r)
{
	for (size_t i = 0; i < BOM_COLUMNS; i++) {
		r->line.cells[i] = (struct csv_field){.line = r->components};
		r->line.table.place[i] = 0;
	}
}

/* One component alone is one piece. */
static void set_quantity(struct hardware_reading *r, size_t times)
{
	bool places = r->line.cells[BOM_DESIGNATORS].text.n > 0;

	if (r->line.table.place[BOM_QUANTITY] == 0 && (!places || times > 1))
		set_cell(r, BOM_QUANTITY, bytes_text("1"));
}

err hardware_device(struct hardware_reading *r, const json_t *json, size_t times, struct fault *f)
{
	clear_cells(r);
	TRY(read_texts(r, json, f));
	TRY(read_properties(r, json, f));
	set_quantity(r, times);
	TRY(multiply(r, times, f));
	if (r->line.bom->lines_n == BOM_LINES_MAX)
		return fail(f, "CYCLONEDX_HARDWARE_TOO_MANY", NULL);
	return bom_line_read(&r->line, f);
}

/* How many of an assembly there are. */
err hardware_assembly(struct hardware_reading *r, const json_t *json, size_t *times,
		      struct fault *f)
{
	size_t own = 0;

	clear_cells(r);
	TRY(read_properties(r, json, f));
	struct bytes text = r->line.cells[BOM_QUANTITY].text;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || i == 6) {
			own = 0;
			break;
		}
		own = own * 10 + (size_t)(text.p[i] - '0');
	}
	if (r->line.table.place[BOM_QUANTITY] == 0)
		own = 1;
	if (own == 0)
		bom_say(&r->line, BOM_QUANTITY, "BOM_QUANTITY", "found", text);
	*times *= own == 0 ? 1 : own;
	if (*times > BOM_QUANTITY_MAX) {
		hardware_say(r, r->line.path, NULL, "CYCLONEDX_HARDWARE_WRONG",
			     "at most 999999 pieces");
		*times = 1;
	}
	return ERR_OK;
}
