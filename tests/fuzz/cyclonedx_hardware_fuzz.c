/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a hardware bill of materials in CycloneDX: accepted whole or not at all, and what is
 * accepted adds up. */
#include "format/cyclonedx_hardware.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_accepted(const struct bom *bom)
{
	size_t designators = 0, pieces = 0, by_parts = 0;

	for (size_t i = 0; i < bom->lines_n; i++) {
		const struct bom_line *line = &bom->lines[i];

		designators += line->designators_n;
		pieces += line->quantity;
		if (line->quantity == 0 || line->path == NULL || line->part >= bom->parts_n ||
		    line->text[BOM_MPN].n == 0 || line->text[BOM_MANUFACTURER].n == 0)
			abort();
	}
	for (size_t i = 0; i < bom->parts_n; i++)
		by_parts += bom->parts[i].quantity;
	if (designators != bom->designators_n || pieces != bom->pieces || by_parts != pieces ||
	    bom->lines_n == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {.limit = 64 << 20};
	struct table_report report;
	struct fault f = {0};
	struct bom bom;
	err e = cyclonedx_hardware_read(&arena, bytes_of(data, n), &bom, &report, &f);

	if (e.code == OK)
		check_accepted(&bom);
	else if (bom.lines_n + bom.parts_n + bom.skipped != 0 || f.message == NULL ||
		 (e.code != ERR_MEMORY && report.n + report.more == 0))
		abort();
	arena_done(&arena);
	return 0;
}
