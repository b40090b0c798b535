/* SPDX-License-Identifier: Apache-2.0 */
/* table_map.h — a table whose columns are found by their header: by the names that tools give them,
 * or as somebody says (--map COLUMN=HEADER). What is wrong is listed by line and column, and
 * nothing of a wrong table is given out. Lines above the header are passed over. */
#ifndef FORMAT_TABLE_MAP_H
#define FORMAT_TABLE_MAP_H

#include "format/csv.h"

enum {
	TABLE_COLUMNS_MAX = 24,
	TABLE_NAMES_MAX = 28,
	TABLE_MAPS_MAX = 32,
	TABLE_FAULTS_MAX = 64,
	TABLE_PREAMBLE_MAX = 40, /* rows above the header */
};

/* ---- what is wrong ---- */

struct table_fault {
	unsigned line, column; /* 0 where it concerns the whole file */
	struct fault fault;
};

/* In the order of the file. */
struct table_report {
	struct table_fault *faults;
	size_t n;
	size_t more; /* faults that found no room in the list */
};

/* The message may name {line}, {column} and the values of `f`. */
void table_report_add(struct arena *a, struct table_report *report, unsigned line, unsigned column,
		      const struct fault *f);
void table_report_sort(struct table_report *report);

/* ---- columns ---- */

enum table_kind {
	TABLE_TEXT,    /* one line; `most` bytes at most, 0: any number */
	TABLE_LINES,   /* may hold line breaks */
	TABLE_ID,      /* 1 to 64 characters of ids */
	TABLE_CHOICE,  /* one of `choices`, in any case; given out as it stands there */
	TABLE_DAY,     /* 2026-11-20 or a time of RFC 3339; given out as the latter */
	TABLE_COUNTRY, /* two letters (ISO 3166-1); given out in upper case */
	TABLE_DIGEST,  /* 64 hexadecimal digits; given out in lower case */
	TABLE_ADDRESS  /* EUI-48 or EUI-64, also with colons or dashes; given out as in records */
};

struct table_column {
	const char *name; /* in messages and in --map */
	/* Its headers in lower-case letters and digits: "Mfr. Part #" is "mfrpart". One that begins
	 * with a question mark counts only where no other header means this column. */
	const char *names[TABLE_NAMES_MAX];
	bool required; /* in the header, and in every row */
	enum table_kind kind;
	size_t most;
	const char *choices; /* "a|b|c" */
};

/* --map: the column is where this header stands, and nowhere else. */
struct table_mapping {
	const char *column, *header;
};

struct table_config {
	const struct table_column *columns;
	size_t columns_n;
	char separator; /* as for csv_open */
	size_t rows_max;
	const struct table_mapping *maps;
	size_t maps_n;
	const char *const *presets; /* by column: what every row says without it; NULL: none */
};

/* ---- row by row ---- */

struct table_reading {
	struct arena *arena;
	const struct table_config *config;
	struct table_report *report;
	struct csv csv;
	struct csv_row row;              /* the one just read */
	size_t header_n;                 /* fields that a row must have */
	size_t place[TABLE_COLUMNS_MAX]; /* the column's field plus one; 0: there is none */
};

/* Reads up to the header and finds the columns; what is missing, there twice or mapped wrongly goes
 * to the report. Errors are those of csv.h. */
MUST_CHECK err table_open(struct table_reading *r, struct arena *a, struct bytes file,
			  const struct table_config *config, struct table_report *report,
			  struct fault *f);
/* The next row that has something to say and as many fields as the header; `r->row.n` is 0 at the
 * end. */
MUST_CHECK err table_next(struct table_reading *r, struct fault *f);
/* The field of a column in this row, trimmed; an empty one where the table has no such column. */
struct csv_field table_field(const struct table_reading *r, size_t column);
/* Adds a fault about a place; `name` with its value may be NULL. */
void table_say(struct table_reading *r, const struct csv_field *at, const char *id,
	       const char *name, struct bytes value);
struct bytes table_trim(struct bytes text);

/* ---- all at once ---- */

struct table_row {
	unsigned line;
	struct bytes *cells; /* by column: checked and written as its kind says; empty: not said */
};

struct table {
	struct table_row *rows; /* at least one */
	size_t n;
};

/* Everything lives in the arena and in the file. TABLE_WRONG: `*out` is empty, the report says
 * why. */
MUST_CHECK err table_read(struct arena *a, struct bytes file, const struct table_config *config,
			  struct table *out, struct table_report *report, struct fault *f);
/* What reading came to: OK, or the report sorted, with what stopped the reading as its last entry,
 * and message `wrong` with {count}; only a lack of memory comes through as it is. */
MUST_CHECK err table_result(struct arena *a, struct table_report *report, err stopped,
			    const struct fault *why, const char *wrong, struct fault *f);

/* table_cell.c: `*text` as its kind writes it, or a fault without its place. */
MUST_CHECK err table_cell(struct arena *a, const struct table_column *column, struct bytes *text,
			  struct fault *f);

#endif
