/* SPDX-License-Identifier: Apache-2.0 */
/* genealogy_feed.h — brings the genealogy in memory to what the tables say: all of it, or what the
 * records since the last time are about. */
#ifndef SERVER_GENEALOGY_FEED_H
#define SERVER_GENEALOGY_FEED_H

#include "ledger/ledger.h"
#include "trace/graph.h"

struct genealogy_feed;
/* Reads through `db` and `ledger`, of one connection, and writes into `graph`; it owns none of them. */
MUST_CHECK err feed_open(struct db *db, struct ledger *ledger, struct graph *graph,
			 struct genealogy_feed **out, struct fault *f);
void feed_close(struct genealogy_feed *feed); /* NULL is fine */
/* Everything, in pages. What is recorded meanwhile is seen or not: feed_since() from the size of the log before
 * makes it whole. `stop` (may be NULL) is asked before each page; true ends it with GENEALOGY_STOPPED. */
typedef bool feed_stop(void *context);
MUST_CHECK err feed_load(struct genealogy_feed *feed, feed_stop *stop, void *context,
			 struct fault *f);
/* What the records from `first` on are about is read anew; `*next` is behind the last of them. */
MUST_CHECK err feed_since(struct genealogy_feed *feed, uint64_t first, uint64_t *next,
			  struct fault *f);

#endif
