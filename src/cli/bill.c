/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bill.h"

#include "base/files.h"
#include "cli/import.h"
#include "format/cyclonedx_hardware.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static err read_table(struct cli *cli, struct bytes content, struct bom *bom,
		      struct table_report *report, struct fault *f)
{
	struct table_mapping maps[TABLE_MAPS_MAX + 1];
	struct bom_config config = {.maps = maps};
	const char *critical = cli_option(cli, "critical-from");

	TRY(import_maps(cli, maps, &config.maps_n, f));
	if (critical != NULL)
		maps[config.maps_n++] =
			(struct table_mapping){bom_column_name(BOM_CRITICAL), critical};
	return bom_read(&cli->arena, content, &config, bom, report, f);
}

/* CycloneDX says itself what is what. */
static err read_document(struct cli *cli, struct bytes content, struct bom *bom,
			 struct table_report *report, struct fault *f)
{
	if (cli_option(cli, "map") != NULL || cli_option(cli, "critical-from") != NULL)
		return fail(f, "BILL_MAP_NO_TABLE", NULL);
	return cyclonedx_hardware_read(&cli->arena, content, bom, report, f);
}

err bill_read(struct cli *cli, const char *path, struct bill *out, struct fault *f)
{
	struct table_report report = {0};
	struct bytes content;
	struct bom bom;

	TRY(file_read(&cli->arena, path, CSV_FILE_MAX, &content, f));
	err e = cyclonedx_hardware_like(content) ? read_document(cli, content, &bom, &report, f)
						 : read_table(cli, content, &bom, &report, f);
	import_report(cli, path, &report);
	TRY(e);
	TRY(bill_make(cli, &bom, out, f));
	return bill_options(cli, out, f);
}

err command_bom_help(struct cli *cli, struct fault *f)
{
	(void)cli;
	(void)f;
	import_print_columns(BOM_COLUMN_TABLE, BOM_COLUMNS);
	return ERR_OK;
}

/* ---- what the options say ---- */

/* U*,IC*: one of the patterns fits one of the designators. */
static bool fits(const char *patterns, const char *designators)
{
	char pattern[64], name[BOM_DESIGNATOR_SIZE_MAX + 1];

	for (const char *p = patterns; *p != '\0'; p += strcspn(p, ","), p += *p == ',') {
		snprintf(pattern, sizeof pattern, "%.*s", (int)strcspn(p, ","), p);
		for (const char *d = designators; *d != '\0';
		     d += strcspn(d, " "), d += *d == ' ') {
			snprintf(name, sizeof name, "%.*s", (int)strcspn(d, " "), d);
			if (fnmatch(pattern, name, 0) == 0)
				return true;
		}
	}
	return false;
}

static bool is_grade(const char *word)
{
	static const char *const GRADES[] = {"signed", "uploaded", "vouched", "none"};

	for (size_t i = 0; i < sizeof GRADES / sizeof GRADES[0]; i++)
		if (strcmp(GRADES[i], word) == 0)
			return true;
	return false;
}

/* LINE=GRADE: the line's number, or a part's. */
static err set_grade(struct bill *bill, const char *said, struct fault *f)
{
	size_t n = strcspn(said, "=");
	bool found = false;

	if (said[n] != '=' || !is_grade(said + n + 1))
		return fail(f, "BILL_GRADE_FORM", "word", said, NULL);
	for (size_t i = 0; i < bill->lines_n; i++) {
		struct bill_line *line = &bill->lines[i];
		const char *part = bill->parts[line->part].part;
		bool it = (strlen(line->line) == n && memcmp(line->line, said, n) == 0) ||
			  (strlen(part) == n && memcmp(part, said, n) == 0);

		if (it)
			line->conformance = said + n + 1;
		found = found || it;
	}
	return found ? ERR_OK : fail(f, "BILL_GRADE_LINE", "word", said, NULL);
}

err bill_options(struct cli *cli, struct bill *bill, struct fault *f)
{
	const char *patterns = cli_option(cli, "critical"), *said;

	for (size_t i = 0; i < bill->lines_n && patterns != NULL; i++)
		if (fits(patterns, bill->lines[i].designators))
			bill->lines[i].critical = true;
	for (size_t i = 0; (said = cli_option_at(cli, "conformance", i)) != NULL; i++)
		TRY(set_grade(bill, said, f));
	for (size_t i = 0; i < bill->lines_n; i++)
		if (bill->lines[i].critical)
			bill->parts[bill->lines[i].part].critical = true;
	return ERR_OK;
}
