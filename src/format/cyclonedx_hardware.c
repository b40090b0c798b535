/* SPDX-License-Identifier: Apache-2.0 */
#include "format/cyclonedx_hardware_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the tree ---- */

static err out_of_memory(struct fault *f)
{
	return fail(f, "BOM_MEMORY", NULL);
}

static bool is_device(const json_t *component)
{
	const char *type = json_string_value(json_object_get(component, "type"));

	return type != NULL && strcmp(type, "device") == 0;
}

static bool holds_devices(const json_t *component)
{
	const json_t *inside = json_object_get(component, "components");

	for (size_t i = 0; i < json_array_size(inside); i++)
		if (is_device(json_array_get(inside, i)))
			return true;
	return false;
}

static err note_reference(struct hardware_reading *r, const json_t *component, const char *path,
			  struct fault *f)
{
	struct bytes text;

	TRY(hardware_text(r, component, path, "bom-ref", &text, f));
	if (text.n == 0)
		return ERR_OK;
	struct reference *one = &r->references[r->references_n++];

	one->path = path;
	one->name = arena_text(r->line.table.arena, text);
	return one->name != NULL ? ERR_OK : out_of_memory(f);
}

static err read_components(struct hardware_reading *r, const json_t *holder, const char *path,
			   size_t times, struct fault *f);

static err read_component(struct hardware_reading *r, const json_t *json, const char *path,
			  size_t times, struct fault *f)
{
	r->components++;
	r->line.path = path;
	if (!json_is_object(json)) {
		hardware_say(r, path, NULL, "CYCLONEDX_HARDWARE_WRONG", "an object");
		return ERR_OK;
	}
	if (!json_is_string(json_object_get(json, "type")))
		hardware_say(r, path, "type", "CYCLONEDX_HARDWARE_WRONG", "a type like device");
	TRY(note_reference(r, json, path, f));
	if (is_device(json) && holds_devices(json))
		TRY(hardware_assembly(r, json, &times, f));
	else if (is_device(json))
		TRY(hardware_device(r, json, times, f));
	return read_components(r, json, path, times, f);
}

static err read_components(struct hardware_reading *r, const json_t *holder, const char *path,
			   size_t times, struct fault *f)
{
	const json_t *list = hardware_list(r, holder, path, "components", BOM_LINES_MAX);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *inner =
			arena_printf(r->line.table.arena, "%s.components[%zu]", path, i);

		if (inner == NULL)
			return out_of_memory(f);
		TRY(read_component(r, json_array_get(list, i), inner, times, f));
	}
	return ERR_OK;
}

static int reference_order(const void *a, const void *b)
{
	const struct reference *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->path, y->path);
}

static void check_references(struct hardware_reading *r)
{
	r->components = 0;
	qsort(r->references, r->references_n, sizeof(*r->references), reference_order);
	for (size_t i = 1; i < r->references_n; i++) {
		const struct reference *one = &r->references[i];
		char other[FAULT_VALUE_SIZE];

		if (strcmp(one->name, one[-1].name) != 0)
			continue;
		snprintf(other, sizeof(other), "%.80s, which %.80s has", one->name, one[-1].path);
		hardware_say(r, one->path, "bom-ref", "CYCLONEDX_HARDWARE_REFERENCE", other);
	}
}

/* ---- the document ---- */

bool cyclonedx_hardware_like(struct bytes file)
{
	size_t at = file.n >= 3 && memcmp(file.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (at < file.n && (file.p[at] == ' ' || file.p[at] == '\t' || file.p[at] == '\r' ||
			       file.p[at] == '\n'))
		at++;
	return at < file.n && (file.p[at] == '{' || file.p[at] == '[');
}

/* Before anything is built of it: the depth, and how many objects there can be. */
static err check_shape(struct bytes file, size_t *objects, struct fault *f)
{
	size_t depth = 0;
	bool in_text = false;

	*objects = 0;
	if (file.n > CYCLONEDX_HARDWARE_FILE_MAX)
		return fail(f, "CYCLONEDX_HARDWARE_TOO_LARGE", NULL);
	for (size_t i = 0; i < file.n; i++) {
		uint8_t c = file.p[i];

		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '{' || c == '['))
			depth++;
		else if (!in_text && (c == '}' || c == ']') && depth > 0)
			depth--;
		*objects += !in_text && c == '{';
		if (depth > CYCLONEDX_HARDWARE_DEPTH_MAX)
			return fail(f, "CYCLONEDX_HARDWARE_TOO_DEEP", NULL);
	}
	return ERR_OK;
}

static err load(struct bytes file, json_t **out, struct fault *f)
{
	size_t at = file.n >= 3 && memcmp(file.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	json_error_t error;
	char line[16], column[16];

	*out = json_loadb((const char *)file.p + at, file.n - at, JSON_REJECT_DUPLICATES, &error);
	if (*out != NULL)
		return ERR_OK;
	snprintf(line, sizeof(line), "%d", error.line > 0 ? error.line : 1);
	snprintf(column, sizeof(column), "%d", error.column > 0 ? error.column : 1);
	return fail(f, "CYCLONEDX_HARDWARE_NOT_JSON", "line", line, "column", column, "detail",
		    error.text, NULL);
}

static err check_head(struct hardware_reading *r, const json_t *json, struct fault *f)
{
	static const char *const versions[] = {"1.4", "1.5", "1.6", "1.7"};
	struct bytes format, version;

	if (!json_is_object(json)) {
		hardware_say(r, "$", NULL, "CYCLONEDX_HARDWARE_WRONG", "an object");
		return ERR_OK;
	}
	TRY(hardware_text(r, json, "$", "bomFormat", &format, f));
	if (!bytes_equal(format, bytes_text("CycloneDX")))
		hardware_say(r, "$", "bomFormat", "CYCLONEDX_HARDWARE_WRONG", "CycloneDX");
	TRY(hardware_text(r, json, "$", "specVersion", &version, f));
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (bytes_equal(version, bytes_text(versions[i])))
			return ERR_OK;
	hardware_say(r, "$", "specVersion", "CYCLONEDX_HARDWARE_WRONG", "1.4, 1.5, 1.6 or 1.7");
	return ERR_OK;
}

static err read_document(struct hardware_reading *r, const json_t *json, size_t objects,
			 struct fault *f)
{
	size_t most = objects < BOM_LINES_MAX ? objects : BOM_LINES_MAX;
	const json_t *metadata = json_object_get(json, "metadata");
	const json_t *product = json_object_get(metadata, "component");

	TRY(check_head(r, json, f));
	r->references = arena_array(r->line.table.arena, objects + 1, sizeof(*r->references));
	if (r->references == NULL)
		return out_of_memory(f);
	TRY(bom_lines_allocate(&r->line, most, f));
	if (json_is_object(product))
		TRY(note_reference(r, product, "$.metadata.component", f));
	TRY(read_components(r, json, "$", 1, f));
	check_references(r);
	if (r->line.bom->lines_n == 0 && r->line.table.report->n == 0)
		return fail(f, "CYCLONEDX_HARDWARE_EMPTY", NULL);
	TRY(bom_designators_unique(&r->line, f));
	return bom_parts_group(r->line.table.arena, r->line.bom, f);
}

static err read_all(struct hardware_reading *r, struct bytes file, struct fault *f)
{
	size_t objects;
	json_t *json = NULL;

	TRY(check_shape(file, &objects, f));
	TRY(load(file, &json, f));
	err e = read_document(r, json, objects, f);
	json_decref(json);
	return e;
}

err cyclonedx_hardware_read(struct arena *a, struct bytes file, struct bom *out,
			    struct table_report *report, struct fault *f)
{
	static const struct bom_config config = {.numbers_needed = true};
	struct hardware_reading *r = arena_alloc(a, sizeof(*r));
	struct fault stopped = {0};

	*out = (struct bom){0};
	*report = (struct table_report){0};
	if (r == NULL)
		return out_of_memory(f);
	r->line = (struct bom_reading){
		.table = {.arena = a, .report = report}, .config = &config, .bom = out};
	err e = read_all(r, file, &stopped);

	e = table_result(a, report, e, &stopped, "BOM_WRONG", f);
	if (e.code != OK)
		*out = (struct bom){0};
	return e;
}
