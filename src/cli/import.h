/* SPDX-License-Identifier: Apache-2.0 */
/* import.h — what exists already comes in: a whole file is read and compared with what is recorded
 * before anything is written; then each line becomes a record whose id follows from the line's key,
 * so that the same file can be brought again after any failure. */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "cli/cli.h"
#include "format/table_map.h"

enum {
	IMPORT_ROWS_MAX = 1000000,
	IMPORT_BATCH_MAX = 400,
	IMPORT_SHOWN_MAX = 10, /* lines of the preview */
	IMPORT_KEY_MAX = 160,
};

enum import_state { IMPORT_NEW, IMPORT_THERE, IMPORT_WRONG };

struct import_row {
	const struct table_row *row;
	const char *key;      /* what the line is about: unique in the file */
	struct bytes content; /* of a device certificate, DER */
	enum import_state state;
	bool found;              /* something of this key is recorded */
	const struct fault *why; /* of a wrong one */
};

struct import;
struct import_kind {
	const char *what; /* in the plural */
	const char *type; /* of the records */
	const struct table_column *columns;
	size_t columns_n;
	const char *view;           /* that lists what is there */
	const char *key_members[2]; /* of a row of the view; the second may be NULL */
	const char *absent;         /* what is wrong where nothing is there yet; NULL: nothing */
	const char *const *preview; /* members of the body, ended by NULL */
	/* The body of the line's record, a new reference. */
	json_t *(*body)(const struct import *im, const struct import_row *row);
	/* What is there is not what the line says: fills the fault and returns true. May set the
	 * row's state to new where it adds to what is there. */
	bool (*differs)(const struct import *im, struct import_row *row, const json_t *there,
			struct fault *f);
};

struct import {
	struct cli *cli;
	struct client *client;
	const struct import_kind *kind;
	const char *file;
	struct table table;
	struct import_row *rows;
	size_t n, there, wrong, recorded;
	json_t *index; /* key: place in rows */
	const char *presets[TABLE_COLUMNS_MAX];
	struct table_report report;
};

/* A text of the cell, "" where it says nothing. */
struct bytes import_cell(const struct import_row *row, size_t column);
/* Sets a member of a body unless the cell is empty. */
void import_put(json_t *body, const char *name, const struct import_row *row, size_t column);
/* True, with the fault, if the member of what is there is another than the cell says. */
bool import_member_differs(const struct import_row *row, size_t column, const json_t *there,
			   const char *member, struct fault *f);

/* --map COLUMN=HEADER, as often as it was said. */
MUST_CHECK err import_maps(struct cli *cli, struct table_mapping *maps, size_t *n, struct fault *f);
/* Help: the columns of a table, and the headers that mean them. */
void import_print_columns(const struct table_column *columns, size_t n);
/* What is wrong in a file, line by line: on standard error, or as data. */
void import_report(const struct cli *cli, const char *file, const struct table_report *report);
/* Reads the table of `im->kind`; every column of the same name as an option can be said by it. */
MUST_CHECK err import_read(struct import *im, struct bytes content, struct fault *f);
/* Gives each row its key; two lines with the same one are wrong. */
MUST_CHECK err import_index(struct import *im, struct fault *f);
/* The rest: compares, shows, asks, writes. */
MUST_CHECK err import_finish(struct import *im, struct fault *f);

/* import_write.c */
/* An envelope around `body` (whose reference is taken) with an id that follows from author, type
 * and key: the same within an hour. */
MUST_CHECK err import_envelope(struct client *c, const char *type, const char *key,
			       const char *source, json_t *body, json_t **out, struct fault *f);
MUST_CHECK err import_write(struct import *im, struct fault *f);
/* What a refused result of a batch says, and by which code. */
const char *import_refusal(const json_t *result, const char **detail);

#endif
