/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a table: every field that comes out is valid UTF-8, within its limits, and lies on
 * a line of the file; reading ends. The first byte chooses the separator. */
#include "format/csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_row(const struct csv_row *row, size_t n)
{
	if (row->n > CSV_COLUMNS_MAX)
		abort();
	for (size_t i = 0; i < row->n; i++) {
		const struct csv_field *field = &row->fields[i];

		if (!utf8_valid(field->text) || field->text.n > CSV_FIELD_MAX)
			abort();
		if (field->line < row->line || field->line > n + 1 || field->column > n + 1)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char SEPARATORS[] = {0, ',', ';', '\t'};
	static struct csv_row row;
	struct arena arena = {0};
	struct fault f = {0};
	struct csv csv;

	if (n == 0)
		return 0;
	err e = csv_open(&csv, &arena, bytes_of(data + 1, n - 1), SEPARATORS[data[0] % 4], &f);
	row.n = 1;
	while (e.code == OK && row.n > 0) {
		e = csv_next(&csv, &row, &f);
		if (e.code == OK)
			check_row(&row, n);
		else if (f.code != e.code || row.n != 0)
			abort();
	}
	arena_done(&arena);
	return 0;
}
