/* SPDX-License-Identifier: Apache-2.0 */
/* passport_internal.h — what is gathered for one passport, and how it becomes a file. */
#ifndef RECORD_PASSPORT_INTERNAL_H
#define RECORD_PASSPORT_INTERNAL_H

#include "core/passport.h"
#include "record/codec.h"
#include "record/passport.h"
#include "record/readers.h"

enum { SUBJECTS_MAX = 2048 };

struct gathering {
	const struct passport_request *request;
	struct engine *engine;
	struct reader_session *reader;
	struct arena *arena;
	struct bytes withheld[PASSPORT_WITHHELD_MAX]; /* ascending */
	size_t withheld_n;
	struct opening openings[PASSPORT_OPENINGS_MAX];
	size_t openings_n;
	struct statement *last, *given;
	struct merkle_head head;
	struct bytes note;
	struct subject subjects[SUBJECTS_MAX];
	size_t subjects_n;
	uint64_t sequences[PASSPORT_ENTRIES_MAX];
	size_t sequences_n;
	size_t related; /* subjects that the view named, withheld or not */
	uint64_t unit_last;
	struct hash ca_certificate; /* that the log's start names */
	char mode[16];
	bool anchored; /* the unit's issue receipt says that its number cannot be turned back */
	struct fault *fault;
};

/* passport_put.c */
err passport_too_large(struct gathering *g);
bool passport_withholds(const struct gathering *g, struct bytes kind);
/* Reads what is to be left out. PASSPORT_KIND_WRONG. */
MUST_CHECK err passport_withhold(struct gathering *g);
/* Gathers the values that are to be shown, of the entries gathered before. */
MUST_CHECK err passport_show(struct gathering *g);
MUST_CHECK err passport_write(struct gathering *g, struct bytes *out);

#endif
