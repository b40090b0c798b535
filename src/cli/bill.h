/* SPDX-License-Identifier: Apache-2.0 */
/* bill.h — a bill of materials as it is recorded: parts under our own numbers, and lines. From a
 * file, or from the server. */
#ifndef CLI_BILL_H
#define CLI_BILL_H

#include "cli/cli.h"
#include "format/bom.h"

enum { BILL_DESIGNATORS_MAX = 500, BILL_DESCRIPTION_MAX = 200 }; /* bytes; as in bom.lines_added */

struct bill_part {
	const char *part;         /* our number */
	const char *manufacturer; /* NULL: not said; so the next ones */
	const char *manufacturer_part;
	const char *supplier;
	const char *description;
	bool critical;
	bool fixed;  /* the file says our number */
	bool is_new; /* not defined yet */
};

struct bill_line {
	const char *line; /* number */
	size_t part;      /* place in parts */
	size_t quantity;
	const char *designators; /* with spaces between; "": none */
	const char *conformance; /* NULL: not said */
	bool critical;
	bool is_new;
};

struct bill {
	struct bill_part *parts;
	size_t parts_n;
	struct bill_line *lines;
	size_t lines_n;
	size_t skipped, pieces;
};

/* Reads a file, a table or CycloneDX, by the options --map, --critical-from, --critical,
 * --conformance; what is wrong in it is listed on standard error. Part numbers are made of the
 * manufacturers' until bill_resolve. */
MUST_CHECK err bill_read(struct cli *cli, const char *path, struct bill *out, struct fault *f);
/* bill_make.c: one line for each part, or more where the designators do not fit. */
MUST_CHECK err bill_make(struct cli *cli, const struct bom *bom, struct bill *out, struct fault *f);
/* What the options say of lines. */
MUST_CHECK err bill_options(struct cli *cli, struct bill *bill, struct fault *f);

/* bill_known.c: gives every part the number that it has on the server, or one that is free. `rows`
 * are those of the view part.list; NULL: nothing is known. */
MUST_CHECK err bill_resolve(struct cli *cli, struct bill *bill, const json_t *rows,
			    struct fault *f);
/* The bill of a product's revision; no lines if there is none. */
MUST_CHECK err bill_fetch(struct cli *cli, struct client *client, const char *product,
			  const char *revision, struct bill *out, struct fault *f);

/* In the sequence in which people count: R2 before R10. */
int designator_order(const void *a, const void *b); /* of struct bytes */

#endif
