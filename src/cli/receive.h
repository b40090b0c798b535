/* SPDX-License-Identifier: Apache-2.0 */
/* receive.h — what the files of `sealwright receive` share. */
#ifndef CLI_RECEIVE_H
#define CLI_RECEIVE_H

#include "cli/cli.h"
#include "format/label.h"

/* A part lot at the dock: what the label and the command line say of it. */
struct receiving {
	struct cli *cli;
	struct client *client;
	struct label label;
	const char *supplier, *part, *part_lot;
	int64_t quantity;
	struct bytes certificate; /* n 0: none */
	json_t *needs;            /* rows of bom.uses */
	json_t *body;             /* of part_lot.received */
};

/* receive_part.c: which of our parts it is, and from whom. */
MUST_CHECK err receive_find_part(struct receiving *r, struct fault *f);
MUST_CHECK err receive_find_supplier(struct receiving *r, struct fault *f);
/* The first page of a view; the caller's. */
MUST_CHECK err receive_rows(struct receiving *r, const char *view, const char *const *query,
			    json_t **rows, struct fault *f);
/* A field of the label; NULL when it is not there. */
const char *receive_said(struct receiving *r, enum label_field field);

/* receive_show.c: what is about to be recorded beside what the bills need, and what came of it. */
void receive_show_needs(const struct receiving *r);
MUST_CHECK err receive_show_result(struct receiving *r, const json_t *receipt, struct fault *f);

#endif
