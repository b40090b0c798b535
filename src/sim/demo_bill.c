/* SPDX-License-Identifier: Apache-2.0 */
/* demo_bill.c — reads a bill of material as a design tool writes it. */
#include "sim/demo_internal.h"

#include "base/catalog.h"
#include "base/files.h"
#include "format/cyclonedx_hardware.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DESIGNATORS_TEXT_MAX = 200 };

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

/* What the bill says, and integrated circuits: they hold keys, code and radio. */
static bool is_critical(const struct bom_line *l)
{
	return l->critical ||
	       (l->designators_n > 0 && l->designators[0].n > 1 && l->designators[0].p[0] == 'U');
}

/* Every critical part and some others change to another part lot in the middle of the build. */
static void add_reels(struct demo *d, struct demo_part *p)
{
	unsigned number = (unsigned)d->parts_n, units = d->options.units;
	bool changes = units > 1 && (p->critical || demo_dice(d, "reel", number, 4) == 0);

	p->reels[p->reels_n++].part_lot = demo_text(d, "LOT-%u-%u", d->run, number + 1);
	if (changes)
		p->reels[p->reels_n++] =
			(struct reel){.part_lot = demo_text(d, "LOT-%u-%u.2", d->run, number + 1),
				      .from = 1 + demo_dice(d, "change", number, units - 1)};
}

static void add_part(struct demo *d, const struct bom *bom, size_t part)
{
	const struct bom_part *p = &bom->parts[part];
	const struct bom_line *line = bom->lines;
	struct demo_part *out = &d->parts[d->parts_n];

	while (line->part != part) /* every part is of a line */
		line++;
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
	add_reels(d, out);
	d->parts_n++;
}

/* NAME in examples/ here or one up, or above where this program was built. */
const char *demo_example(struct demo *d, const char *name)
{
	static const char *const PLACES[] = {"examples", "../examples"};
	char exe[DEMO_PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	for (size_t i = 0; i < 2; i++) {
		const char *path = demo_text(d, "%s/%s", PLACES[i], name);
		if (file_exists(path))
			return path;
	}
	/* build/src/cli/sealwright → the sources are three folders up. */
	exe[n < 0 ? 0 : n] = '\0';
	for (unsigned up = 0; up < 4 && strrchr(exe, '/') != NULL; up++) {
		*strrchr(exe, '/') = '\0';
		const char *path = demo_text(d, "%s/examples/%s", exe, name);
		if (file_exists(path))
			return path;
	}
	return demo_text(d, "/usr/share/sealwright/examples/%s", name);
}

const char *demo_beside(struct demo *d, const char *name)
{
	char exe[DEMO_PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n < 0 ? 0 : n] = '\0';
	for (unsigned up = 0; up < 3 && strrchr(exe, '/') != NULL; up++)
		*strrchr(exe, '/') = '\0';
	const char *path = demo_text(d, "%s/%s", exe, name);
	return path != NULL && file_exists(path) ? path : NULL;
}

/* A bill without integrated circuits still has something that its security depends on. */
static void make_something_critical(struct demo *d)
{
	for (size_t i = 0; i < d->parts_n; i++)
		if (d->parts[i].critical)
			return;
	if (d->parts_n > 0)
		d->parts[0].critical = true;
}

/* Nor is everything: every unit gets a label, which no design tool lists. */
static void make_something_plain(struct demo *d)
{
	for (size_t i = 0; i < d->parts_n; i++)
		if (!d->parts[i].critical)
			return;
	struct demo_part *label = &d->parts[d->parts_n];
	*label = (struct demo_part){.part = "LABEL-" PRODUCT,
				    .supplier = d->parts[0].supplier,
				    .manufacturer = d->parts[0].supplier,
				    .description = "Label with the serial",
				    .designators = "",
				    .quantity = 1};
	add_reels(d, label);
	d->parts_n++;
}

/* Everything that is wrong with the file, each with its line. */
static void say_faults(const char *path, const struct table_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		char why[1024];
		fault_text(&report->faults[i].fault, why, sizeof why);
		fprintf(stderr, "%s:%u: %s\n", path, report->faults[i].line, why);
	}
}

static err add_parts(struct demo *d, const char *path, const struct bom *bom, struct fault *f)
{
	d->parts = arena_array(&d->arena, bom->parts_n + 1, sizeof *d->parts);
	if (d->parts == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < bom->parts_n; i++)
		add_part(d, bom, i);
	if (d->parts_n == 0)
		return fail(f, "DEMO_BOM_EMPTY", "file", path, NULL);
	make_something_critical(d);
	make_something_plain(d);
	demo_choose_suppliers(d);
	return ERR_OK;
}

err demo_read_bom(struct demo *d, struct fault *f)
{
	const char *path = d->options.bom != NULL ? d->options.bom : demo_example(d, "bom.csv");
	static const struct bom_config config;
	struct table_report report = {0};
	struct bytes file;
	struct bom bom;

	TRY(file_read(&d->arena, path, CSV_FILE_MAX, &file, f));
	err e = cyclonedx_hardware_like(file)
			? cyclonedx_hardware_read(&d->arena, file, &bom, &report, f)
			: bom_read(&d->arena, file, &config, &bom, &report, f);
	say_faults(path, &report);
	TRY(e);
	demo_step(d, "%s: %zu lines, %zu parts, %zu pieces a unit, %zu lines not fitted", path,
		  bom.lines_n, bom.parts_n, bom.pieces, bom.skipped);
	return add_parts(d, path, &bom, f);
}
