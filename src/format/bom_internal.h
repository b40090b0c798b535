/* SPDX-License-Identifier: Apache-2.0 */
/* bom_internal.h — what the readers of bills of materials share. */
#ifndef FORMAT_BOM_INTERNAL_H
#define FORMAT_BOM_INTERNAL_H

#include "format/bom.h"

/* Where what is said of a line stands: faults go there. */
struct bom_reading {
	struct table_reading table; /* of CycloneDX only arena and report */
	const struct bom_config *config;
	struct bom *bom;
	struct csv_field cells[BOM_COLUMNS]; /* of the line that is being read */
	const char *path;                    /* of the component in CycloneDX; NULL in a table */
};

/* A fault at a column of the line; `name` may be NULL. */
void bom_say(struct bom_reading *r, enum bom_column column, const char *id, const char *name,
	     struct bytes value);
void bom_fault(struct bom_reading *r, enum bom_column column, struct fault *f);

/* bom_line.c: makes a line of the cells and appends it, unless it is not to be fitted or wrong. */
MUST_CHECK err bom_line_read(struct bom_reading *r, struct fault *f);

/* Reads a list of designators; false if anything in it was wrong, which is reported.
 * BOM_MEMORY if the arena is full. */
MUST_CHECK err bom_designators_read(struct bom_reading *r, struct bom_line *line, bool *good,
				    struct fault *f);
/* Reports every designator that stands twice in the bill. */
MUST_CHECK err bom_designators_unique(struct bom_reading *r, struct fault *f);

/* bom_parts.c: which lines are the same part. */
MUST_CHECK err bom_parts_group(struct arena *a, struct bom *bom, struct fault *f);
/* Room for `n` lines. */
MUST_CHECK err bom_lines_allocate(struct bom_reading *r, size_t n, struct fault *f);

#endif
