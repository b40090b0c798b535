/* SPDX-License-Identifier: Apache-2.0 */
/* Random genealogies, changed and merged at random: every walk equals that of a list of edges and a
 * search that is too simple to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace/graph.h"

#include <stdio.h>
#include <string.h>

enum { NODES = 60, ROUNDS = 400 };

/* leads[to][from]: 0 no, 1 possible, 2 certain. */
struct oracle {
	struct graph *g;
	uint32_t nodes[NODES];
	uint8_t leads[NODES][NODES];
	uint64_t random;
	struct fault f;
};

static unsigned any(struct oracle *o, unsigned below)
{
	o->random = o->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(o->random >> 33) % below;
}

static void change_one(struct oracle *o, bool cycles)
{
	unsigned to = any(o, NODES);
	struct graph_edge edges[8];
	size_t n = 0;

	memset(o->leads[to], 0, sizeof o->leads[to]);
	for (unsigned i = any(o, 5); i > 0; i--) {
		unsigned from = cycles ? any(o, NODES) : any(o, to + 1);
		bool possible = any(o, 4) == 0;
		if (!cycles && from == to)
			continue;
		edges[n++] = (struct graph_edge){o->nodes[from], possible};
		if (o->leads[to][from] < 2 - possible)
			o->leads[to][from] = (uint8_t)(2 - possible);
	}
	assert_int_equal(graph_put(o->g, o->nodes[to], edges, n, &o->f).code, OK);
}

/* reached[i]: 0 no, 1 possible, 2 certain: raised until nothing rises. */
static void search(const struct oracle *o, unsigned start, bool forward, uint8_t reached[NODES])
{
	bool rose = true;

	memset(reached, 0, NODES);
	reached[start] = 2;
	while (rose) {
		rose = false;
		for (unsigned a = 0; a < NODES; a++)
			for (unsigned b = 0; b < NODES; b++) {
				uint8_t edge = forward ? o->leads[b][a] : o->leads[a][b];
				uint8_t through = edge < reached[a] ? edge : reached[a];
				if (through > reached[b]) {
					reached[b] = through;
					rose = true;
				}
			}
	}
}

static void compare(struct oracle *o, unsigned start, enum graph_direction direction)
{
	uint8_t expected[NODES], found[NODES] = {0};
	struct graph_walk walk;

	search(o, start, direction == GRAPH_FORWARD, expected);
	assert_int_equal(graph_walk(o->g, o->nodes[start], direction, &walk, &o->f).code, OK);
	for (size_t i = 0; i < walk.n; i++) {
		assert_int_equal(found[walk.nodes[i]], 0); /* each once */
		found[walk.nodes[i]] = i < walk.certain_n ? 2 : 1;
		/* The way that is shown is one, and as certain as is said. */
		uint32_t from = walk.nodes[walk.via[i]], to = walk.nodes[i];
		uint8_t edge = direction == GRAPH_FORWARD ? o->leads[to][from] : o->leads[from][to];
		assert_true(i == 0 || (edge > 0 && walk.via[i] < i));
		assert_true(i == 0 || i >= walk.certain_n || edge == 2);
	}
	graph_walk_done(&walk);
	assert_memory_equal(found, expected, NODES);
}

static void tell(uint64_t seed, bool cycles)
{
	struct oracle o = {.random = seed};

	assert_int_equal(graph_open(&o.g, &o.f).code, OK);
	for (unsigned i = 0; i < NODES; i++) {
		char id[16];
		snprintf(id, sizeof id, "%u", i);
		struct graph_name name = {i < NODES / 3 ? GRAPH_PART_LOT : GRAPH_UNIT,
					  bytes_text("w"), bytes_text(id)};
		assert_int_equal(graph_node(o.g, &name, &o.nodes[i], &o.f).code, OK);
		assert_int_equal(o.nodes[i], i);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		change_one(&o, cycles);
		if (any(&o, 24) == 0)
			assert_int_equal(graph_merge(o.g, &o.f).code, OK);
		compare(&o, any(&o, NODES), GRAPH_FORWARD);
		compare(&o, any(&o, NODES), GRAPH_BACKWARD);
	}
	for (unsigned i = 0; i < NODES; i++) {
		compare(&o, i, GRAPH_FORWARD);
		compare(&o, i, GRAPH_BACKWARD);
	}
	graph_close(o.g);
}

static void every_walk_equals_the_simple_search(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		tell(seed, false);
}

static void and_does_with_cycles(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		tell(seed, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_walk_equals_the_simple_search),
		cmocka_unit_test(and_does_with_cycles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
