/* SPDX-License-Identifier: Apache-2.0 */
/* graph.h — the genealogy in memory: where a part lot went, and what a unit was made of. Nodes are
 * numbered as they become known, which is the sequence of the log; edges lie in compressed sparse rows, forward
 * and back, and what came since in a tail that is merged into them. Only what holds now is here: what was
 * taken out again stays in the log and the views.
 *
 * Memory: 8 bytes an edge, about 60 bytes and its name a node; 24 at most an edge of the tail, which is merged
 * when it has a quarter as many edges as the rows. A million units of ten part lots each: below 250 MB while a
 * merge runs. At most 2^31 nodes, 2^32 edges and 4 GiB of names: GRAPH_FULL.
 *
 * One thread writes; any number read between graph_read_begin and graph_read_end, and see one state. */
#ifndef TRACE_GRAPH_H
#define TRACE_GRAPH_H

#include "base/arena.h"

struct graph;

enum graph_kind {
	GRAPH_PART_LOT,
	GRAPH_SUPPLIER, /* … leads to all its part lots */
	GRAPH_DATE_CODE,
	GRAPH_STATION, /* … leads to every unit that it touched */
	GRAPH_OPERATOR,
	GRAPH_FIRMWARE_RELEASE,
	GRAPH_BUILD_AUTHORIZATION,
	GRAPH_UNIT,
	GRAPH_KINDS
};
/* "part_lot", … as records and views name them. */
const char *graph_kind_name(enum graph_kind kind);
bool graph_kind_read(const char *name, enum graph_kind *out);
/* Part lots, date codes and units are named in two halves. */
bool graph_kind_has_within(enum graph_kind kind);

struct graph_name {
	enum graph_kind kind;
	struct bytes within, id; /* at most 64 bytes each */
};

/* What leads to a node. */
struct graph_edge {
	uint32_t from;
	bool possible; /* it may have been another one: a missing scan, a substitution */
};

MUST_CHECK err graph_open(struct graph **out, struct fault *f);
void graph_close(struct graph *g); /* NULL is fine */

/* ---- the writer ---- */

void graph_write_begin(struct graph *g);
void graph_write_end(struct graph *g);
/* Between the two: a node of that name, made if it is new; and all that leads to a node, instead of what did.
 * An edge that is named twice counts once, and is certain if one of the two is. */
MUST_CHECK err graph_node(struct graph *g, const struct graph_name *name, uint32_t *out,
			  struct fault *f);
MUST_CHECK err graph_put(struct graph *g, uint32_t node, const struct graph_edge *edges, size_t n,
			 struct fault *f);
/* The tail is large enough to be merged. */
bool graph_wants_merge(const struct graph *g);
/* Outside of the two: merges while readers go on, and lets them wait only for the exchange. */
MUST_CHECK err graph_merge(struct graph *g, struct fault *f);

/* ---- readers ---- */

void graph_read_begin(struct graph *g);
void graph_read_end(struct graph *g);
bool graph_find(const struct graph *g, const struct graph_name *name, uint32_t *out);
/* Valid until graph_read_end. */
struct graph_name graph_name_of(const struct graph *g, uint32_t node);
enum graph_kind graph_kind_of(const struct graph *g, uint32_t node);
struct graph_size {
	uint64_t nodes, edges, tail; /* the tail counts what is dead in it, too */
	uint64_t bytes;
};
struct graph_size graph_size(const struct graph *g);

/* Everything that a node leads to, or comes from: itself first, then what a wholly certain path reaches, then
 * what is reached over an edge that is only possible. A cycle ends where it began. */
struct graph_walk {
	uint32_t *nodes; /* in the order in which they were found */
	uint32_t *via;   /* place in `nodes` that each was found from; the first: its own */
	size_t n, certain_n;
	uint64_t *seen; /* one bit a node of the graph */
};
enum graph_direction { GRAPH_FORWARD, GRAPH_BACKWARD };
/* Between graph_read_begin and graph_read_end; the walk itself outlives them. */
MUST_CHECK err graph_walk(const struct graph *g, uint32_t start, enum graph_direction direction,
			  struct graph_walk *out, struct fault *f);
void graph_walk_done(struct graph_walk *w);

#endif
