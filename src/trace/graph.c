/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/graph_internal.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_FIRST = 1024, TAIL_FIRST = 1024, MERGE_LEAST = 65536, MERGE_PART = 4 };
static const uint32_t NODES_MAX = UINT32_C(1) << 31;

static err no_memory(struct fault *f)
{
	return fail(f, "OUT_OF_MEMORY", NULL);
}

err graph_open(struct graph **out, struct fault *f)
{
	struct graph *g = calloc(1, sizeof *g);

	if (g == NULL)
		return no_memory(f);
	if (pthread_rwlock_init(&g->lock, NULL) != 0) {
		free(g);
		return no_memory(f);
	}
	err result = names_open(&g->names, f);
	if (result.code != OK) {
		graph_close(g);
		return result;
	}
	*out = g;
	return ERR_OK;
}

static void rows_free(struct graph_rows *rows)
{
	free(rows->starts);
	free(rows->words);
	*rows = (struct graph_rows){0};
}

void graph_close(struct graph *g)
{
	if (g == NULL)
		return;
	(void)pthread_rwlock_destroy(&g->lock);
	names_close(&g->names);
	rows_free(&g->forward);
	rows_free(&g->backward);
	free(g->tail);
	free(g->tail_heads);
	free(g->runs);
	free(g);
}

void graph_write_begin(struct graph *g)
{
	(void)pthread_rwlock_wrlock(&g->lock);
}

void graph_write_end(struct graph *g)
{
	(void)pthread_rwlock_unlock(&g->lock);
}

void graph_read_begin(struct graph *g)
{
	(void)pthread_rwlock_rdlock(&g->lock);
}

void graph_read_end(struct graph *g)
{
	(void)pthread_rwlock_unlock(&g->lock);
}

/* ---- nodes ---- */

/* Each array is exchanged only when it has grown: a failure leaves all of them as they were. */
static bool grow(void *array, size_t n, size_t size)
{
	void *old;

	memcpy(&old, array, sizeof old);
	void *grown = realloc(old, n * size);
	if (grown == NULL)
		return false;
	memcpy(array, &grown, sizeof grown);
	/* cppcheck-suppress memleak ; the array owns it now */
	return true;
}

static err more_nodes(struct graph *g, struct fault *f)
{
	uint32_t room = g->nodes_room == 0 ? NODES_FIRST : g->nodes_room * 2;

	if (g->nodes_n < g->nodes_room)
		return ERR_OK;
	if (g->nodes_n >= NODES_MAX / 2)
		return fail(f, "GRAPH_FULL", NULL);
	if (!grow(&g->names.at, room, sizeof *g->names.at) ||
	    !grow(&g->tail_heads, room, sizeof *g->tail_heads) ||
	    !grow(&g->runs, room, sizeof *g->runs))
		return no_memory(f);
	g->nodes_room = room;
	return ERR_OK;
}

err graph_node(struct graph *g, const struct graph_name *name, uint32_t *out, struct fault *f)
{
	size_t slot;

	if (name->within.n > GRAPH_NAME_PART_MAX || name->id.n > GRAPH_NAME_PART_MAX)
		return fail(f, "GRAPH_NAME_LONG", NULL);
	if (names_find(&g->names, name, out, &slot))
		return ERR_OK;
	TRY(more_nodes(g, f));
	TRY(names_add(&g->names, name, g->nodes_n, f));
	g->tail_heads[g->nodes_n] = 0;
	g->runs[g->nodes_n] = (struct graph_run){0};
	*out = g->nodes_n++;
	return ERR_OK;
}

bool graph_find(const struct graph *g, const struct graph_name *name, uint32_t *out)
{
	size_t slot;

	return names_find(&g->names, name, out, &slot);
}

struct graph_name graph_name_of(const struct graph *g, uint32_t node)
{
	return names_of(&g->names, node);
}

enum graph_kind graph_kind_of(const struct graph *g, uint32_t node)
{
	return (enum graph_kind)g->names.bytes[g->names.at[node]];
}

struct graph_size graph_size(const struct graph *g)
{
	uint32_t rows = g->forward.nodes == 0 ? 0 : g->forward.starts[g->forward.nodes];

	return (struct graph_size){.nodes = g->nodes_n,
				   .edges = rows,
				   .tail = g->tail_n,
				   .bytes = 8ull * rows + 8ull * g->forward.nodes + g->names.room +
					    4ull * g->names.slots_n + 16ull * g->nodes_room +
					    sizeof(struct graph_tail) * (uint64_t)g->tail_room};
}

/* ---- edges ---- */

/* By where they come from; a certain one before a possible one. */
static int by_from(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (int)x->possible - (int)y->possible;
}

/* Sorted, each source once. */
static size_t settle(struct graph_edge *edges, size_t n)
{
	size_t kept = 0;

	qsort(edges, n, sizeof *edges, by_from);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || edges[kept - 1].from != edges[i].from)
			edges[kept++] = edges[i];
	return kept;
}

static uint32_t word_of(const struct graph_edge *edge)
{
	return edge->from | (edge->possible ? POSSIBLE : 0);
}

/* Most records about a unit change nothing that leads to it. */
static bool is_there(const struct graph *g, uint32_t node, const struct graph_edge *edges, size_t n)
{
	struct graph_run run = run_of(g, node);
	const uint32_t *words = NULL;
	uint32_t rows = run.first == 0 ? rows_of_node(&g->backward, node, &words) : run.n;

	if (rows != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t there = run.first == 0 ? words[i] : g->tail[run.first - 1 + i].from;
		if (there != word_of(&edges[i]))
			return false;
	}
	return true;
}

static err more_tail(struct graph *g, size_t n, struct fault *f)
{
	size_t room = g->tail_room == 0 ? TAIL_FIRST : g->tail_room;

	if (n > UINT32_MAX / 4 - g->tail_n)
		return fail(f, "GRAPH_FULL", NULL);
	while (room < g->tail_n + n)
		room *= 2;
	if (room == g->tail_room)
		return ERR_OK;
	if (!grow(&g->tail, room, sizeof *g->tail))
		return no_memory(f);
	g->tail_room = (uint32_t)room;
	return ERR_OK;
}

static void append(struct graph *g, uint32_t node, const struct graph_edge *edges, size_t n)
{
	g->runs[node] = (struct graph_run){g->tail_n + 1, (uint32_t)n};
	for (size_t i = 0; i < n; i++) {
		uint32_t *head = &g->tail_heads[edges[i].from];
		g->tail[g->tail_n] = (struct graph_tail){word_of(&edges[i]), node, *head};
		*head = ++g->tail_n;
	}
}

err graph_put(struct graph *g, uint32_t node, const struct graph_edge *edges, size_t n,
	      struct fault *f)
{
	struct graph_edge *own = malloc(n == 0 ? 1 : n * sizeof *own);

	if (own == NULL)
		return no_memory(f);
	if (n > 0)
		memcpy(own, edges, n * sizeof *own);
	n = settle(own, n);
	err result = is_there(g, node, own, n) ? ERR_OK : more_tail(g, n, f);
	if (result.code == OK && !is_there(g, node, own, n))
		append(g, node, own, n);
	free(own);
	return result;
}

bool graph_wants_merge(const struct graph *g)
{
	uint32_t rows = g->forward.nodes == 0 ? 0 : g->forward.starts[g->forward.nodes];

	return g->tail_n >= MERGE_LEAST && g->tail_n >= rows / MERGE_PART;
}

/* ---- merging ---- */

/* Calls for every edge that holds, in the sequence of the nodes that they lead to. */
struct merge {
	const struct graph *g;
	struct graph_rows forward, backward;
};

/* What leads to a node now. */
static uint32_t leads_to(const struct graph *g, uint32_t node, uint32_t i, bool *more)
{
	struct graph_run run = run_of(g, node);
	const uint32_t *words = NULL;
	uint32_t n = run.first == 0 ? rows_of_node(&g->backward, node, &words) : run.n;

	*more = i < n;
	if (!*more)
		return 0;
	return run.first == 0 ? words[i] : g->tail[run.first - 1 + i].from;
}

/* Counts the edges of each node, both ways: starts[node + 1] is how many it has. */
static uint64_t count(const struct merge *m)
{
	uint64_t n = 0;
	bool more;

	for (uint32_t to = 0; to < m->g->nodes_n; to++) {
		for (uint32_t i = 0;; i++) {
			uint32_t word = leads_to(m->g, to, i, &more);
			if (!more)
				break;
			m->forward.starts[NODE(word) + 1]++;
			m->backward.starts[to + 1]++;
			n++;
		}
	}
	return n;
}

static void sum(struct graph_rows *rows)
{
	for (uint32_t i = 0; i < rows->nodes; i++)
		rows->starts[i + 1] += rows->starts[i];
}

/* `next` is where each node's next forward edge goes. */
static void fill(struct merge *m, uint32_t *next)
{
	uint32_t at = 0;
	bool more;

	for (uint32_t to = 0; to < m->g->nodes_n; to++) {
		for (uint32_t i = 0;; i++) {
			uint32_t word = leads_to(m->g, to, i, &more);
			if (!more)
				break;
			m->backward.words[at++] = word;
			m->forward.words[next[NODE(word)]++] = to | (word & POSSIBLE);
		}
	}
}

static err merge_rows(struct merge *m, struct fault *f)
{
	size_t starts = (size_t)m->g->nodes_n + 1;

	m->forward.nodes = m->backward.nodes = m->g->nodes_n;
	m->forward.starts = calloc(starts, sizeof(uint32_t));
	m->backward.starts = calloc(starts, sizeof(uint32_t));
	if (m->forward.starts == NULL || m->backward.starts == NULL)
		return no_memory(f);
	uint64_t n = count(m);
	if (n > UINT32_MAX)
		return fail(f, "GRAPH_FULL", NULL);
	sum(&m->forward);
	sum(&m->backward);
	uint32_t *next = malloc(starts * sizeof *next);
	m->forward.words = malloc((n + 1) * sizeof(uint32_t));
	m->backward.words = malloc((n + 1) * sizeof(uint32_t));
	if (next != NULL && m->forward.words != NULL && m->backward.words != NULL) {
		memcpy(next, m->forward.starts, starts * sizeof *next);
		fill(m, next);
	}
	bool made = next != NULL && m->forward.words != NULL && m->backward.words != NULL;
	free(next);
	return made ? ERR_OK : no_memory(f);
}

err graph_merge(struct graph *g, struct fault *f)
{
	struct merge m = {.g = g};
	err result = merge_rows(&m, f); /* nobody else writes: what is read here stays */

	if (result.code == OK) {
		struct graph_rows forward = g->forward, backward = g->backward;
		graph_write_begin(g);
		g->forward = m.forward;
		g->backward = m.backward;
		g->tail_n = 0;
		if (g->nodes_n > 0) {
			memset(g->tail_heads, 0, g->nodes_n * sizeof *g->tail_heads);
			memset(g->runs, 0, g->nodes_n * sizeof *g->runs);
		}
		graph_write_end(g);
		m.forward = forward;
		m.backward = backward;
	}
	rows_free(&m.forward);
	rows_free(&m.backward);
	return result;
}
