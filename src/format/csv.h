/* SPDX-License-Identifier: Apache-2.0 */
/* csv.h — strict, bounded reader of comma-separated values (RFC 4180) as design tools export
 * them: comma, semicolon or tab, a byte-order mark, Excel's "sep=" line, CRLF or LF, quoted line
 * breaks, doubled quotes, blank lines. Anything else is an error that names line and column.
 * Works on the whole file in memory; never fails on its size alone but by CSV_TOO_LARGE. */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include "base/arena.h"

enum {
	CSV_FILE_MAX = 64 << 20,
	CSV_FIELD_MAX = 4096, /* bytes, quotes resolved */
	CSV_COLUMNS_MAX = 256,
	CSV_ROWS_MAX = 20001, /* with the header, where the reader says nothing else */
};

/* Where a field begins: lines of the file and columns in characters, both from 1. */
struct csv_field {
	struct bytes text; /* valid UTF-8, quotes resolved, no control characters but tab, CR, LF */
	unsigned line, column;
};

struct csv_row {
	unsigned line; /* of its first field */
	size_t n;      /* at least 1 */
	struct csv_field fields[CSV_COLUMNS_MAX];
};

/* Invariant: `at` is the start of a row, or the end of the file. */
struct csv {
	struct arena *arena;
	struct bytes file;
	char separator;
	size_t at;
	unsigned line, column;
	size_t rows;     /* read so far */
	size_t rows_max; /* with the header */
};

/* `separator`: ',', ';', a tab, or 0 to find out from the first line. The file must outlive the
 * reader and its fields; fields with doubled quotes are copied into the arena.
 * CSV_TOO_LARGE, CSV_UTF16, CSV_SEPARATOR. */
MUST_CHECK err csv_open(struct csv *csv, struct arena *a, struct bytes file, char separator,
			struct fault *f);
/* The next row that is not blank; `out->n` is 0 at the end of the file. After an error there is
 * nothing more to read. The fault's values `line` and `column` say where. */
MUST_CHECK err csv_next(struct csv *csv, struct csv_row *out, struct fault *f);

#endif
