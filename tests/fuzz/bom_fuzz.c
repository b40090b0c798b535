/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a bill of materials: it is accepted whole or not at all, parts and lines account
 * for the same designators, and a refused bill says why. */
#include "format/bom.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_accepted(const struct bom *bom)
{
	size_t by_lines = 0, pieces = 0, by_parts = 0, lines = 0;

	for (size_t i = 0; i < bom->lines_n; i++) {
		by_lines += bom->lines[i].designators_n;
		pieces += bom->lines[i].quantity;
		if (bom->lines[i].quantity == 0 || bom->lines[i].part >= bom->parts_n)
			abort();
		for (size_t k = 0; k < bom->lines[i].designators_n; k++)
			if (bom->lines[i].designators[k].n == 0 ||
			    bom->lines[i].designators[k].n > BOM_DESIGNATOR_SIZE_MAX)
				abort();
	}
	for (size_t i = 0; i < bom->parts_n; i++) {
		by_parts += bom->parts[i].quantity;
		lines += bom->parts[i].lines;
	}
	if (by_lines != bom->designators_n || pieces != bom->pieces || by_parts != pieces ||
	    lines != bom->lines_n || bom->lines_n == 0 || by_lines > pieces)
		abort();
}

static void check_refused(const struct bom *bom, const struct table_report *report)
{
	if (bom->lines_n + bom->parts_n + bom->designators_n + bom->skipped != 0)
		abort();
	if (report->n > BOM_FAULTS_MAX || report->n + report->more == 0)
		abort();
	for (size_t i = 0; i < report->n; i++)
		if (report->faults[i].fault.message == NULL)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {.limit = 64 << 20};
	struct bom_config config = {.numbers_needed = n > 0 && data[n - 1] == 'n'};
	struct table_report report;
	struct fault f = {0};
	struct bom bom;
	err e = bom_read(&arena, bytes_of(data, n), &config, &bom, &report, &f);

	if (e.code == OK)
		check_accepted(&bom);
	else if (e.code != ERR_MEMORY)
		check_refused(&bom, &report);
	arena_done(&arena);
	return 0;
}
