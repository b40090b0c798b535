/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c — breadth first, each node once: first over certain edges only, then over all. */
#include "trace/graph_internal.h"

#include <stdlib.h>

static bool take(struct graph_walk *w, uint32_t node, uint32_t via)
{
	uint64_t bit = UINT64_C(1) << (node & 63);

	if ((w->seen[node >> 6] & bit) != 0)
		return false;
	w->seen[node >> 6] |= bit;
	w->nodes[w->n] = node;
	w->via[w->n++] = via;
	return true;
}

struct step {
	const struct graph *g;
	struct graph_walk *w;
	uint32_t at;   /* place of the node that is looked at */
	bool any;      /* possible edges, too */
	bool possible; /* there were some, which were passed over */
};

static void follow(struct step *s, uint32_t word)
{
	if ((word & POSSIBLE) != 0 && !s->any)
		s->possible = true;
	else
		(void)take(s->w, NODE(word), s->at);
}

static void step_forward(struct step *s, uint32_t node)
{
	const struct graph *g = s->g;
	const uint32_t *words = NULL;
	uint32_t n = rows_of_node(&g->forward, node, &words);

	for (uint32_t i = 0; i < n; i++)
		if (rows_hold(g, NODE(words[i])))
			follow(s, words[i]);
	for (uint32_t i = g->tail_heads[node]; i != 0; i = g->tail[i - 1].next)
		if (tail_holds(g, i - 1))
			follow(s, g->tail[i - 1].to | (g->tail[i - 1].from & POSSIBLE));
}

static void step_backward(struct step *s, uint32_t node)
{
	const struct graph *g = s->g;
	struct graph_run run = run_of(g, node);
	const uint32_t *words = NULL;
	uint32_t n = run.first == 0 ? rows_of_node(&g->backward, node, &words) : run.n;

	for (uint32_t i = 0; i < n; i++)
		follow(s, run.first == 0 ? words[i] : g->tail[run.first - 1 + i].from);
}

/* Looks at every node that was found, and at those that are found on the way. True if a possible edge was
 * passed over. */
static bool look(struct step *s, enum graph_direction direction)
{
	for (s->at = 0; s->at < s->w->n; s->at++) {
		uint32_t node = s->w->nodes[s->at];
		if (direction == GRAPH_FORWARD)
			step_forward(s, node);
		else
			step_backward(s, node);
	}
	return s->possible;
}

err graph_walk(const struct graph *g, uint32_t start, enum graph_direction direction,
	       struct graph_walk *out, struct fault *f)
{
	/* As large as the graph, but only what is reached is ever touched. */
	struct graph_walk w = {.nodes = malloc((size_t)g->nodes_n * sizeof *w.nodes),
			       .via = malloc((size_t)g->nodes_n * sizeof *w.via),
			       .seen = calloc((size_t)g->nodes_n / 64 + 1, sizeof *w.seen)};
	struct step s = {.g = g, .w = &w};

	if (w.nodes == NULL || w.via == NULL || w.seen == NULL) {
		graph_walk_done(&w);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	(void)take(&w, start, 0);
	bool more = look(&s, direction);
	w.certain_n = w.n;
	s.any = true;
	if (more)
		(void)look(&s, direction);
	*out = w;
	return ERR_OK;
}

void graph_walk_done(struct graph_walk *w)
{
	free(w->nodes);
	free(w->via);
	free(w->seen);
	*w = (struct graph_walk){0};
}
