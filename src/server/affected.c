/* SPDX-License-Identifier: Apache-2.0 */
#include "server/affected.h"

#include <stdlib.h>
#include <string.h>

/* Bytewise, as the stores sort text. */
static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int first = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return first != 0 ? first : (a.n > b.n) - (a.n < b.n);
}

static int compare_names(const struct graph_name *a, const struct graph_name *b)
{
	int first = compare_bytes(a->within, b->within);

	return first != 0 ? first : compare_bytes(a->id, b->id);
}

struct choosing {
	const struct graph *g;
	const struct graph_walk *walk;
	struct affected_page *page;
};

static int compare_places(const struct choosing *c, uint32_t a, uint32_t b)
{
	struct graph_name x = graph_name_of(c->g, c->walk->nodes[a]);
	struct graph_name y = graph_name_of(c->g, c->walk->nodes[b]);

	return compare_names(&x, &y);
}

/* The page is a heap with the last name on top, which gives way to an earlier one: no sorting of everything
 * that was found. */
static void sink(const struct choosing *c, size_t at, size_t n)
{
	uint32_t *heap = c->page->places;

	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && compare_places(c, heap[child + 1], heap[child]) > 0)
			child++;
		if (compare_places(c, heap[at], heap[child]) >= 0)
			return;
		uint32_t swapped = heap[at];
		heap[at] = heap[child];
		heap[child] = swapped;
	}
}

static void rise(const struct choosing *c, size_t at)
{
	uint32_t *heap = c->page->places;

	while (at > 0 && compare_places(c, heap[at], heap[(at - 1) / 2]) > 0) {
		uint32_t swapped = heap[at];
		heap[at] = heap[(at - 1) / 2];
		heap[(at - 1) / 2] = swapped;
		at = (at - 1) / 2;
	}
}

static bool is_after(const struct choosing *c, uint32_t place)
{
	struct graph_name name = graph_name_of(c->g, c->walk->nodes[place]);
	struct graph_name after = {GRAPH_UNIT, c->page->after_product, c->page->after_serial};

	return after.within.n == 0 || compare_names(&name, &after) > 0;
}

static void offer(const struct choosing *c, uint32_t place)
{
	struct affected_page *page = c->page;

	if (!is_after(c, place))
		return;
	if (page->n <= page->limit) {
		page->places[page->n] = place;
		rise(c, page->n++);
	} else if (compare_places(c, place, page->places[0]) < 0) {
		page->places[0] = place;
		sink(c, 0, page->n);
	}
}

void affected_choose(const struct graph *g, const struct graph_walk *walk,
		     struct affected_page *page)
{
	struct choosing c = {g, walk, page};

	page->certain = page->possible = 0;
	page->n = 0;
	for (uint32_t i = page->without_start ? 1 : 0; i < walk->n; i++) {
		if (graph_kind_of(g, walk->nodes[i]) != GRAPH_UNIT)
			continue;
		if (i < walk->certain_n)
			page->certain++;
		else
			page->possible++;
		offer(&c, i);
	}
	/* The heap, taken apart from its top, is sorted. */
	for (size_t n = page->n; n > 1; n--) {
		uint32_t last = page->places[0];
		page->places[0] = page->places[n - 1];
		page->places[n - 1] = last;
		sink(&c, 0, n - 1);
	}
	page->more = page->n > page->limit;
	if (page->more)
		page->n = page->limit;
}

json_t *affected_name(const struct graph *g, uint32_t node)
{
	struct graph_name name = graph_name_of(g, node);

	return json_pack("{s:s, s:s%, s:s%}", "kind", graph_kind_name(name.kind), "within",
			 (const char *)name.within.p, name.within.n, "id", (const char *)name.id.p,
			 name.id.n);
}

json_t *affected_path(const struct graph *g, const struct graph_walk *walk, uint32_t place)
{
	uint32_t links[AFFECTED_PATH_MAX];
	json_t *path = json_array();
	size_t n = 0;

	for (uint32_t at = place; n < AFFECTED_PATH_MAX; at = walk->via[at]) {
		links[n++] = at;
		if (at == 0)
			break;
	}
	while (n > 0)
		json_array_append_new(path, affected_name(g, walk->nodes[links[--n]]));
	return path;
}
