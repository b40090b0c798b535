/* SPDX-License-Identifier: Apache-2.0 */
/* demo_supply.c — from a bill of material as a design tool writes it to part lots on the dock. */
#include "sim/demo_internal.h"

#include "base/catalog.h"
#include "base/files.h"
#include "core/sha256.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SPARE_PERCENT = 10, DESIGNATORS_TEXT_MAX = 200 };

/* ---- names ---- */

/* An id in the characters of GS1; the rest become dashes. */
static const char *id_from(struct demo *d, struct bytes text, const char *otherwise)
{
	char out[ID_SIZE_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < ID_SIZE_MAX - 6; i++) {
		struct bytes one = bytes_of(text.p + i, 1);
		if (id_valid(one) && text.p[i] != '/')
			out[n++] = (char)text.p[i];
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	return n == 0 ? otherwise : arena_text(&d->arena, bytes_text(out));
}

static const char *text_or(struct demo *d, struct bytes text, const char *otherwise)
{
	return text.n == 0 ? otherwise : arena_text(&d->arena, text);
}

/* Two numbers that became the same id are told apart. */
static const char *unique_part(struct demo *d, const char *part)
{
	unsigned same = 1;

	for (size_t i = 0; i < d->parts_n; i++)
		if (strcmp(d->parts[i].part, part) == 0)
			same = (unsigned)i + 2;
	return same == 1 ? part : demo_text(d, "%s.%u", part, same);
}

/* ---- the bill ---- */

static bool same_part(const struct bom_part *p, const struct bom_line *l)
{
	if (p->mpn.n > 0 || l->text[BOM_MPN].n > 0)
		return bytes_equal(p->mpn, l->text[BOM_MPN]) &&
		       bytes_equal(p->manufacturer, l->text[BOM_MANUFACTURER]);
	return bytes_equal(p->value, l->text[BOM_VALUE]) &&
	       bytes_equal(p->footprint, l->text[BOM_FOOTPRINT]);
}

static const char *designators(struct demo *d, const struct bom_line *l)
{
	char text[DESIGNATORS_TEXT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < l->designators_n; i++) {
		struct bytes one = l->designators[i];
		if (n + one.n + 2 > sizeof text)
			break;
		if (n > 0)
			text[n++] = ' ';
		memcpy(text + n, one.p, one.n);
		n += one.n;
	}
	return arena_text(&d->arena, bytes_of(text, n));
}

/* Integrated circuits hold keys, code and radio: their origin counts most. */
static bool is_critical(const struct bom_line *l)
{
	return l->designators_n > 0 && l->designators[0].n > 1 && l->designators[0].p[0] == 'U';
}

static void add_part(struct demo *d, const struct bom *bom, const struct bom_part *p)
{
	const struct bom_line *line = NULL;
	struct demo_part *out = &d->parts[d->parts_n];

	for (size_t i = 0; i < bom->lines_n && line == NULL; i++)
		if (same_part(p, &bom->lines[i]))
			line = &bom->lines[i];
	if (line == NULL)
		return;
	const char *value = demo_text(d, "%.*s-%.*s", (int)p->value.n, (const char *)p->value.p,
				      (int)p->footprint.n, (const char *)p->footprint.p);
	out->part = unique_part(d, id_from(d, p->mpn.n > 0 ? p->mpn : bytes_text(value),
					   demo_text(d, "PART-%zu", d->parts_n + 1)));
	out->supplier = id_from(d, line->text[BOM_SUPPLIER], id_from(d, p->manufacturer, "DIRECT"));
	out->manufacturer = id_from(d, p->manufacturer, "UNKNOWN");
	out->description = text_or(d, line->text[BOM_DESCRIPTION], out->part);
	out->designators = designators(d, line);
	out->quantity = p->quantity;
	out->critical = is_critical(line);
	out->part_lot = demo_text(d, "LOT-%u-%zu", d->run, d->parts_n + 1);
	d->parts_n++;
}

static const char *default_bom(struct demo *d)
{
	static const char *const PLACES[] = {"examples/bom.csv", "../examples/bom.csv"};
	char exe[DEMO_PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	for (size_t i = 0; i < 2; i++)
		if (file_exists(PLACES[i]))
			return PLACES[i];
	/* build/src/cli/sealwright → the sources are three folders up. */
	exe[n < 0 ? 0 : n] = '\0';
	for (unsigned up = 0; up < 4 && strrchr(exe, '/') != NULL; up++) {
		*strrchr(exe, '/') = '\0';
		const char *path = demo_text(d, "%s/examples/bom.csv", exe);
		if (file_exists(path))
			return path;
	}
	return "/usr/share/sealwright/examples/bom.csv";
}

err demo_read_bom(struct demo *d, struct fault *f)
{
	const char *path = d->options.bom != NULL ? d->options.bom : default_bom(d);
	struct bom_config config = {.separator = 0, .numbers_needed = false};
	struct table_report report = {0};
	struct bytes file;
	struct bom bom;

	TRY(file_read(&d->arena, path, CSV_FILE_MAX, &file, f));
	err e = bom_read(&d->arena, file, &config, &bom, &report, f);
	for (size_t i = 0; i < report.n; i++) {
		char why[1024];
		fault_text(&report.faults[i].fault, why, sizeof why);
		fprintf(stderr, "%s:%u: %s\n", path, report.faults[i].line, why);
	}
	TRY(e);
	d->parts = arena_array(&d->arena, bom.parts_n, sizeof *d->parts);
	if (d->parts == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < bom.parts_n; i++)
		add_part(d, &bom, &bom.parts[i]);
	demo_step(d, "%s: %zu lines, %zu parts, %zu pieces a unit, %zu lines not fitted", path,
		  bom.lines_n, d->parts_n, bom.designators_n, bom.skipped);
	return d->parts_n > 0 ? ERR_OK : fail(f, "DEMO_BOM_EMPTY", "file", path, NULL);
}

/* ---- suppliers and parts ---- */

static err approve_suppliers(struct demo *d, struct fault *f)
{
	size_t suppliers = 0;

	for (size_t i = 0; i < d->parts_n; i++) {
		const char *supplier = d->parts[i].supplier;
		bool seen = false;
		for (size_t j = 0; j < i; j++)
			seen = seen || strcmp(d->parts[j].supplier, supplier) == 0;
		if (seen)
			continue;
		TRY(demo_define(d, "paul", "supplier.registered",
				json_pack("{s:s, s:s, s:s, s:s}", "supplier", supplier, "class",
					  "distributor", "country", "US", "name", supplier),
				"SUPPLIER_EXISTS", f));
		TRY(demo_sign(d, "paul", "supplier.approved",
			      json_pack("{s:s, s:s, s:s}", "supplier", supplier, "expires",
					demo_days(d, 365), "reason", "assessed for the demo"),
			      NULL, f));
		suppliers++;
	}
	demo_step(d, "%zu suppliers registered and approved for a year", suppliers);
	return ERR_OK;
}

static err define_parts(struct demo *d, struct fault *f)
{
	for (size_t i = 0; i < d->parts_n; i++) {
		const struct demo_part *p = &d->parts[i];
		TRY(demo_define(d, "erin", "part.defined",
				json_pack("{s:s, s:s, s:s, s:b}", "part", p->part, "manufacturer",
					  p->manufacturer, "description", p->description,
					  "critical", p->critical),
				"PART_EXISTS", f));
		TRY(demo_sign(d, "erin", "part.source_approved",
			      json_pack("{s:s, s:s}", "part", p->part, "supplier", p->supplier),
			      NULL, f));
	}
	return ERR_OK;
}

static json_t *bom_lines(const struct demo *d, size_t from, size_t to)
{
	json_t *lines = json_array();

	for (size_t i = from; i < to; i++) {
		const struct demo_part *p = &d->parts[i];
		json_t *line = json_pack("{s:o, s:s, s:I, s:b}", "line", json_sprintf("%zu", i + 1),
					 "part", p->part, "quantity", (json_int_t)p->quantity,
					 "critical", p->critical);
		if (p->designators[0] != '\0')
			json_object_set_new(line, "designators", json_string(p->designators));
		json_array_append_new(lines, line);
	}
	return lines;
}

static err release_bom(struct demo *d, struct fault *f)
{
	size_t at = 0;

	snprintf(d->revision, sizeof d->revision, "R%u", d->run);
	for (; d->parts_n - at > PER_RECORD; at += PER_RECORD)
		TRY(demo_sign(d, "erin", "bom.lines_added",
			      json_pack("{s:s, s:s, s:o}", "product", PRODUCT, "revision",
					d->revision, "lines", bom_lines(d, at, at + PER_RECORD)),
			      NULL, f));
	TRY(demo_sign(d, "erin", "bom.released",
		      json_pack("{s:s, s:s, s:I, s:o}", "product", PRODUCT, "revision", d->revision,
				"line_count", (json_int_t)d->parts_n, "lines",
				bom_lines(d, at, d->parts_n)),
		      NULL, f));
	demo_step(d, "Bill of material %s %s released: %zu lines", PRODUCT, d->revision,
		  d->parts_n);
	return ERR_OK;
}

/* ---- part lots ---- */

static err certificate_of(struct demo *d, const struct demo_part *p, char hex[static 65],
			  struct fault *f)
{
	const char *text = demo_text(d,
				     "Conformance certificate\nPart lot %s of %s\nPart %s, made by "
				     "%s\nDelivered by %s as ordered.\n",
				     p->part_lot, PRODUCT, p->part, p->manufacturer, p->supplier);
	struct hash digest;

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(client_blob_put(demo_actor(d, "paul")->client, bytes_text(text), "evidence", &digest,
			    f));
	hex_encode(hash_bytes(&digest), hex);
	return ERR_OK;
}

static err receive_lot(struct demo *d, const struct demo_part *p, struct fault *f)
{
	json_int_t need = (json_int_t)p->quantity * (json_int_t)(d->options.units + 1);
	json_t *body = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "supplier", p->supplier,
				 "part_lot", p->part_lot, "part", p->part, "quantity",
				 need + need * SPARE_PERCENT / 100, "site", FACTORY, "packaging",
				 "intact");
	char hex[65];

	if (p->critical) {
		err e = certificate_of(d, p, hex, f);
		if (e.code != OK) {
			json_decref(body);
			return e;
		}
		json_object_set_new(body, "conformance_certificate", json_string(hex));
	}
	return demo_sign(d, "wim", "part_lot.received", body, NULL, f);
}

err demo_supply(struct demo *d, struct fault *f)
{
	size_t critical = 0;

	TRY(approve_suppliers(d, f));
	TRY(define_parts(d, f));
	TRY(release_bom(d, f));
	for (size_t i = 0; i < d->parts_n; i++) {
		TRY(receive_lot(d, &d->parts[i], f));
		critical += d->parts[i].critical;
	}
	demo_step(d,
		  "%zu part lots received, %zu of them critical and with a conformance certificate",
		  d->parts_n, critical);
	return ERR_OK;
}
