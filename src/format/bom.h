/* SPDX-License-Identifier: Apache-2.0 */
/* bom.h — a bill of materials from the table that a design tool exports (KiCad's names and their
 * usual cousins). It is accepted whole or not at all; everything wrong is listed line by line. */
#ifndef FORMAT_BOM_H
#define FORMAT_BOM_H

#include "format/csv.h"

enum {
	BOM_LINES_MAX = CSV_ROWS_MAX - 1,
	BOM_DESIGNATORS_MAX = 200000, /* in the whole bill */
	BOM_DESIGNATOR_SIZE_MAX = 32,
	BOM_RANGE_MAX = 1000, /* designators of one range, R1-R1000 */
	BOM_FAULTS_MAX = 64,
};

/* What a column can mean; other columns are passed over. */
enum bom_column {
	BOM_DESIGNATORS,
	BOM_VALUE,
	BOM_FOOTPRINT,
	BOM_QUANTITY,
	BOM_DNP, /* do not populate */
	BOM_MPN, /* manufacturer's part number */
	BOM_MANUFACTURER,
	BOM_SUPPLIER,
	BOM_SUPPLIER_PART,
	BOM_DATASHEET,
	BOM_DESCRIPTION,
	BOM_COLUMNS
};

/* One line that is to be fitted. Texts are trimmed; empty where the file says nothing or "~". */
struct bom_line {
	unsigned line; /* in the file, from 1 */
	size_t designators_n;
	struct bytes *designators;      /* ranges resolved; each stands once in the whole bill */
	struct bytes text[BOM_COLUMNS]; /* by column; as written for designators, quantity, DNP */
};

/* Lines of the same part: same manufacturer and number, or, where there is no number, same value
 * and footprint. Ordered by manufacturer, number, value, footprint. */
struct bom_part {
	struct bytes manufacturer, mpn, value, footprint; /* of the first such line */
	size_t quantity;                                  /* designators of all of them */
	size_t lines;
};

struct bom {
	struct bom_line *lines; /* in the order of the file */
	size_t lines_n;
	struct bom_part *parts;
	size_t parts_n;
	size_t designators_n; /* of all lines */
	size_t skipped;       /* lines marked "do not populate" */
};

struct bom_fault {
	unsigned line, column; /* 0 where it concerns the whole file */
	struct fault fault;
};

/* What is wrong, in the order of the file. */
struct bom_report {
	struct bom_fault *faults;
	size_t n;
	size_t more; /* faults that found no room in the list */
};

struct bom_config {
	char separator;      /* as for csv_open */
	bool numbers_needed; /* every line must have manufacturer and part number */
};

/* Reads the whole file. If anything is wrong the result is BOM_WRONG, `*out` is empty and `*report`
 * says what. Everything lives in the arena, and in the file, which must outlive the result. */
MUST_CHECK err bom_read(struct arena *a, struct bytes file, const struct bom_config *config,
			struct bom *out, struct bom_report *report, struct fault *f);
const char *bom_column_name(enum bom_column column);

#endif
