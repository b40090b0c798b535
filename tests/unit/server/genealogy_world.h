/* SPDX-License-Identifier: Apache-2.0 */
/* genealogy_world.h — the derived tables and a log, changed at random without any rule: part lots, splits,
 * units, components (in cycles, too), parts taken out, things that were never received. */
#ifndef TESTS_GENEALOGY_WORLD_H
#define TESTS_GENEALOGY_WORLD_H

#include "db/stores.h"

#include "record/registry.h"
#include "server/genealogy_feed.h"

#include <stdio.h>

enum { WORLD_LOTS = 12, WORLD_UNITS = 24, ANSWER_SIZE = 8192 };

struct genealogy_world {
	struct store_test *store;
	uint64_t seed, random, at;
	struct registry *registry;
	struct statement *view;
	struct ledger *ledger;
	struct graph *graph;
	struct genealogy_feed *feed;
	uint64_t next; /* record that the feed has not seen */
	struct arena arena;
	struct fault fault;
	char views[ANSWER_SIZE], memory[ANSWER_SIZE];
};

/* Makes the tables in the store anew. */
void genealogy_world_open(struct genealogy_world *w, struct store_test *store, uint64_t seed);
void genealogy_world_close(struct genealogy_world *w);
/* So many records, each about a part lot or a unit. */
void genealogy_world_change(struct genealogy_world *w, unsigned n);
/* Unit U1 of `n` part lots W0, W1 … of supplier A, without a record. */
void genealogy_world_wide_unit(struct genealogy_world *w, unsigned n);
/* So many units V10001, V10002 … of product Q with L0, L1, L2 and the next one in each, without a record. */
void genealogy_world_many_units(struct genealogy_world *w, unsigned n);
/* A unit U20 that was never asked for gets a piece of L0, or loses all pieces: one record. */
void genealogy_world_stray(struct genealogy_world *w, bool fitted);
/* A new, empty graph; that, and everything loaded; or what was recorded since. */
void genealogy_world_empty(struct genealogy_world *w);
void genealogy_world_load(struct genealogy_world *w);
void genealogy_world_follow(struct genealogy_world *w);
/* "U1 U2? U7": the units in order, the possible ones with a question mark. */
const char *genealogy_by_views(struct genealogy_world *w, const char *kind, const char *within,
			       const char *id);
const char *genealogy_by_graph(struct genealogy_world *w, const char *kind, const char *within,
			       const char *id);

#endif
