/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a table of one column of each kind: what is accepted is as its kind says, what is
 * refused has a reason. The first byte says what is mapped and preset. */
#include "base/clock.h"
#include "core/entry.h"
#include "format/table_map.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SERIAL, CLASS, DAY, DIGEST, ADDRESS, COUNTRY, NAME, NOTE, COLUMNS };

static const struct table_column TABLE[COLUMNS] = {
	[SERIAL] = {.name = "serial",
		    .names = {"serial", "sn", "?id"},
		    .required = true,
		    .kind = TABLE_ID},
	[CLASS] = {.name = "class", .names = {"class"}, .kind = TABLE_CHOICE, .choices = "a|bb"},
	[DAY] = {.name = "built", .names = {"built", "?day"}, .kind = TABLE_DAY},
	[DIGEST] = {.name = "image", .names = {"image"}, .kind = TABLE_DIGEST},
	[ADDRESS] = {.name = "mac", .names = {"mac"}, .kind = TABLE_ADDRESS},
	[COUNTRY] = {.name = "country", .names = {"country"}, .kind = TABLE_COUNTRY},
	[NAME] = {.name = "name", .names = {"name"}, .most = 10},
	[NOTE] = {.name = "note", .names = {"note"}, .kind = TABLE_LINES},
};

static void check_row(const struct table_row *row)
{
	const struct bytes *c = row->cells;
	uint64_t ms;

	if (c[SERIAL].n == 0 || !id_valid(c[SERIAL]) || c[NAME].n > 10 ||
	    (c[NAME].n > 0 && memchr(c[NAME].p, '\n', c[NAME].n) != NULL))
		abort();
	if (c[DAY].n > 0 && !time_parse(c[DAY], &ms))
		abort();
	if (c[CLASS].n > 2 || (c[DIGEST].n != 0 && c[DIGEST].n != 64) ||
	    (c[ADDRESS].n != 0 && c[ADDRESS].n != 12 && c[ADDRESS].n != 16) ||
	    (c[COUNTRY].n != 0 && c[COUNTRY].n != 2))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct table_mapping maps[] = {{"serial", "note"}, {"Name", "S. N."}};
	uint8_t how = n > 0 ? data[0] : 0;
	const char *presets[COLUMNS] = {(how & 4) != 0 ? "P1" : NULL};
	struct table_config config = {.columns = TABLE,
				      .columns_n = COLUMNS,
				      .rows_max = 1000,
				      .maps = maps,
				      .maps_n = how & 3u ? (how & 3u) - 1 : 0,
				      .presets = presets};
	struct arena arena = {.limit = 64 << 20};
	struct table_report report;
	struct table table;
	struct fault f = {0};
	err e = table_read(&arena, bytes_of(data, n), &config, &table, &report, &f);

	for (size_t i = 0; i < table.n; i++)
		check_row(&table.rows[i]);
	if (e.code == OK ? table.n == 0 : table.n != 0 || f.message == NULL)
		abort();
	arena_done(&arena);
	return 0;
}
