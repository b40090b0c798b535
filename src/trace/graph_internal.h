/* SPDX-License-Identifier: Apache-2.0 */
/* graph_internal.h — what the files of the graph share. */
#ifndef TRACE_GRAPH_INTERNAL_H
#define TRACE_GRAPH_INTERNAL_H

#include "trace/graph.h"

#include <pthread.h>

/* The other end of an edge and its certainty in one word. */
#define POSSIBLE   UINT32_C(0x80000000)
#define NODE(word) ((word) & ~POSSIBLE)

enum { GRAPH_NAME_PART_MAX = 64 };

/* One direction: words[starts[i] … starts[i + 1]) are what node i leads to. Nodes that came later than the
 * last merge have no rows. */
struct graph_rows {
	uint32_t nodes;
	uint32_t *starts; /* nodes + 1 */
	uint32_t *words;
};

/* An edge since the last merge. The edges that lead to one node stand side by side, as they were put. */
struct graph_tail {
	uint32_t from, to; /* `from` carries the certainty */
	uint32_t next;     /* of the same `from`, + 1; 0: the last */
};

/* What leads to a node: its rows, or since it was put anew a run of the tail. */
struct graph_run {
	uint32_t first; /* in the tail, + 1; 0: the rows hold */
	uint32_t n;
};

/* Names stand one behind the other: kind, length of within, length of id, within, id. */
struct graph_names {
	uint8_t *bytes;
	size_t n, room;
	uint32_t *at; /* by node */
	uint32_t *slots;
	size_t slots_n; /* a power of two; a slot holds a node + 1 */
	uint64_t seed;
};

struct graph {
	pthread_rwlock_t lock;
	struct graph_names names;
	uint32_t nodes_n, nodes_room;
	struct graph_rows forward, backward;
	struct graph_tail *tail;
	uint32_t tail_n, tail_room;
	uint32_t *tail_heads;   /* by node: its first edge of the tail, + 1 */
	struct graph_run *runs; /* by node */
};

/* names.c */
MUST_CHECK err names_open(struct graph_names *names, struct fault *f);
void names_close(struct graph_names *names);
/* The node of that name, or the slot where it would stand. */
bool names_find(const struct graph_names *names, const struct graph_name *name, uint32_t *node,
		size_t *slot);
/* `node` is the next new one; there is room for it in `at`. */
MUST_CHECK err names_add(struct graph_names *names, const struct graph_name *name, uint32_t node,
			 struct fault *f);
struct graph_name names_of(const struct graph_names *names, uint32_t node);

static inline struct graph_run run_of(const struct graph *g, uint32_t node)
{
	return g->runs[node];
}

/* The part of the rows that belongs to a node. */
static inline uint32_t rows_of_node(const struct graph_rows *rows, uint32_t node,
				    const uint32_t **words)
{
	if (node >= rows->nodes)
		return 0;
	*words = rows->words + rows->starts[node];
	return rows->starts[node + 1] - rows->starts[node];
}

/* An edge of the rows to this node holds no more once the node was put anew. */
static inline bool rows_hold(const struct graph *g, uint32_t to)
{
	return g->runs[to].first == 0;
}

static inline bool tail_holds(const struct graph *g, uint32_t i)
{
	struct graph_run run = g->runs[g->tail[i].to];

	return run.first != 0 && i + 1 >= run.first && i + 1 - run.first < run.n;
}

#endif
