/* SPDX-License-Identifier: Apache-2.0 */
/* bom.h — one bill of materials on its way from a file to the log. */
#ifndef CLI_BOM_H
#define CLI_BOM_H

#include "cli/bill.h"

enum {
	BOM_RECORD_LINES = 300,
	BOM_RECORD_BYTES = 20000
}; /* of one record, which is 32 KiB at most */

struct bom_import {
	struct cli *cli;
	struct client *client;
	const char *file, *product, *revision;
	struct bill bill;
	bool *sources; /* by part: its supplier is to be approved as its source */
	bool released; /* already */
	bool release;  /* is to be */
	size_t new_parts, new_lines, new_sources;
};

/* bom_write.c: what is new, in the sequence parts, sources, lines, release. */
MUST_CHECK err bom_write(struct bom_import *b, struct fault *f);

#endif
