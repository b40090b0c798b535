/* SPDX-License-Identifier: Apache-2.0 */
/* bom_internal.h — what the files of the bill of materials share. */
#ifndef FORMAT_BOM_INTERNAL_H
#define FORMAT_BOM_INTERNAL_H

#include "format/bom.h"

/* A bill being read. Faults go to the report and reading goes on; only a lack of memory or of
 * room for designators stops it. */
struct bom_reading {
	struct arena *arena;
	const struct bom_config *config;
	struct bom *bom;
	struct bom_report *report;
	size_t header_n;           /* fields a row must have */
	size_t place[BOM_COLUMNS]; /* index of the column plus one; 0: there is none */
	struct csv_row row;        /* the one just read */
};

/* Adds a fault about a place in the file; the message may name {line}, {column} and the pairs. */
void bom_fault_add(struct bom_reading *r, unsigned line, unsigned column, const struct fault *f);
/* The same with one or two named values, which may be NULL. */
void bom_say(struct bom_reading *r, const struct csv_field *at, const char *id, const char *name,
	     struct bytes value);

/* Finds the columns by the header row, and reports what is missing or there twice. */
void bom_columns_read(struct bom_reading *r);

/* Reads a list of designators; false if anything in it was wrong, which is reported.
 * BOM_MEMORY if the arena is full. */
MUST_CHECK err bom_designators_read(struct bom_reading *r, const struct csv_field *field,
				    struct bom_line *line, bool *good, struct fault *f);
/* Reports every designator that stands twice in the bill. */
MUST_CHECK err bom_designators_unique(struct bom_reading *r, struct fault *f);

struct bytes bom_trim(struct bytes text);

#endif
