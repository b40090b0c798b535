/* SPDX-License-Identifier: Apache-2.0 */
/* history.h — a long random history of access and custody, told by several authors, valid and invalid
 * mixed. It is made while it is told to the first store, kept, and told again to others. */
#ifndef TEST_RECORDS_HISTORY_H
#define TEST_RECORDS_HISTORY_H

#include "records/house.h"

enum { AUTHORS = 8, GROUP_MAX = 60, TABLES_MAX = 256, CODES_MAX = 96 };

/* What happens between two groups of submissions. */
struct turn {
	int64_t wall_ms, steady_ms; /* the clocks go on by that */
	bool restart, whole;
	size_t n; /* submissions that are sent together */
};

struct history {
	uint64_t random;
	struct actor founders[3], authors[AUTHORS];
	struct house_clock begin;
	struct arena arena;
	struct bytes *submissions; /* CBOR */
	size_t submissions_n, submissions_cap;
	struct turn *turns;
	size_t turns_n, turns_cap;
	/* while it is made: */
	struct house *house;
	struct hash pending[32]; /* the last claims that wait */
	size_t pending_n, grants_n;
	struct hash manifest;
};

/* Recorded, refused and repeated so far; sequences by submission (UINT64_MAX: not recorded). */
struct telling {
	size_t recorded, refused, raised;
	uint64_t *sequences;
	struct refusals {
		char code[48];
		size_t n;
	} codes[CODES_MAX];
};

void history_new(struct history *h, uint64_t seed);
void history_free(struct history *h);
/* Makes `records` submissions and tells them as it goes; the house is new, opened as `begin`. */
void history_make(struct history *h, struct house *house, size_t records, struct telling *out);
/* Tells the whole history to a new house. */
void history_tell(const struct history *h, struct house *house, struct telling *out);

/* xorshift64 (Marsaglia): enough to choose. */
size_t history_choose(struct history *h, size_t n);
/* A body of this type at random, as JSON. */
const char *history_body(struct history *h, struct arena *a, const struct record_type *type);

#endif
