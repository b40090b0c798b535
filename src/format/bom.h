/* SPDX-License-Identifier: Apache-2.0 */
/* bom.h — a bill of materials: from the table that a design tool exports (KiCad, Altium, OrCAD,
 * Eagle and their cousins) or from CycloneDX (cyclonedx_hardware.h). It is accepted whole or not at
 * all; everything wrong is listed line by line. */
#ifndef FORMAT_BOM_H
#define FORMAT_BOM_H

#include "format/table_map.h"

enum {
	BOM_LINES_MAX = CSV_ROWS_MAX - 1,
	BOM_DESIGNATORS_MAX = 200000, /* in the whole bill */
	BOM_DESIGNATOR_SIZE_MAX = 32,
	BOM_RANGE_MAX = 1000, /* designators of one range, R1-R1000 */
	BOM_QUANTITY_MAX = 999999,
	BOM_FAULTS_MAX = TABLE_FAULTS_MAX,
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
	BOM_FITTED,      /* the inverse of BOM_DNP */
	BOM_PART,        /* our own part number */
	BOM_CRITICAL,    /* security depends on it */
	BOM_CONFORMANCE, /* grade that its conformance certificate needs */
	BOM_COLUMNS
};

/* One line that is to be fitted. Texts are trimmed; empty where the file says nothing or "~". */
struct bom_line {
	unsigned line;    /* in the file, from 1; of CycloneDX the component, counted from 1 */
	const char *path; /* of that component; NULL in a table */
	size_t quantity;
	size_t designators_n;           /* 0: it has no place on the board; else the quantity */
	struct bytes *designators;      /* ranges resolved; each stands once in the whole bill */
	struct bytes text[BOM_COLUMNS]; /* by column; as written for designators, quantity, DNP */
	bool critical;                  /* what BOM_CRITICAL says */
	size_t part;                    /* place in `parts` */
};

/* Lines of the same part: same own number, or same manufacturer and number, or, where there is no
 * number, same value and footprint. Ordered by these. */
struct bom_part {
	struct bytes manufacturer, mpn, value, footprint; /* of the first such line */
	size_t quantity;                                  /* of all of them */
	size_t lines;
};

struct bom {
	struct bom_line *lines; /* in the order of the file */
	size_t lines_n;
	struct bom_part *parts;
	size_t parts_n;
	size_t designators_n; /* of all lines */
	size_t pieces;        /* quantities of all lines */
	size_t skipped;       /* lines marked "do not populate" */
};

struct bom_config {
	char separator;      /* as for csv_open */
	bool numbers_needed; /* every line must have manufacturer and part number */
	const struct table_mapping *maps;
	size_t maps_n;
};

/* Reads the whole file. If anything is wrong the result is BOM_WRONG, `*out` is empty and `*report`
 * says what. Everything lives in the arena, and in the file, which must outlive the result. */
MUST_CHECK err bom_read(struct arena *a, struct bytes file, const struct bom_config *config,
			struct bom *out, struct table_report *report, struct fault *f);
extern const struct table_column BOM_COLUMN_TABLE[BOM_COLUMNS]; /* what tools call them */
const char *bom_column_name(enum bom_column column);

#endif
