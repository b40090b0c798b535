/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of affected units: in order, each unit once, none left out; and the way to each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/affected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS = 700, NAME_SIZE = 32, CHAIN = 500 };

struct house {
	struct graph *g;
	struct graph_walk walk;
	char names[UNITS][NAME_SIZE]; /* "product/serial" */
	struct fault f;
};

static uint32_t node(struct house *h, enum graph_kind kind, const char *within, const char *id)
{
	struct graph_name name = {kind, bytes_text(within), bytes_text(id)};
	uint32_t out;

	assert_int_equal(graph_node(h->g, &name, &out, &h->f).code, OK);
	return out;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* One part lot in units of products and serials in any sequence, of any length; every third is possible. */
static void fill(struct house *h, uint64_t seed)
{
	struct graph_edge edge = {node(h, GRAPH_PART_LOT, "acme", "R1"), false};

	for (unsigned i = 0; i < UNITS; i++) {
		char product[8], serial[16];
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		snprintf(product, sizeof product, "P%.*s", (int)(seed >> 60 & 3), "aaa");
		snprintf(serial, sizeof serial, "%.*s%u", (int)(seed >> 40 & 3), "00000", i);
		snprintf(h->names[i], NAME_SIZE, "%s/%s", product, serial);
		edge.possible = i % 3 == 0;
		uint32_t unit = node(h, GRAPH_UNIT, product, serial);
		assert_int_equal(graph_put(h->g, unit, &edge, 1, &h->f).code, OK);
	}
	qsort(h->names, UNITS, NAME_SIZE, by_text);
	assert_int_equal(graph_walk(h->g, edge.from, GRAPH_FORWARD, &h->walk, &h->f).code, OK);
}

static void open_house(struct house *h, uint64_t seed)
{
	*h = (struct house){0};
	assert_int_equal(graph_open(&h->g, &h->f).code, OK);
	fill(h, seed);
}

static void close_house(struct house *h)
{
	graph_walk_done(&h->walk);
	graph_close(h->g);
}

static void full_name(const struct house *h, uint32_t place, char out[static NAME_SIZE])
{
	struct graph_name name = graph_name_of(h->g, h->walk.nodes[place]);

	snprintf(out, NAME_SIZE, "%.*s/%.*s", (int)name.within.n, (const char *)name.within.p,
		 (int)name.id.n, (const char *)name.id.p);
}

/* Reads all pages, each after the last name of the one before. */
static void read_pages(struct house *h, size_t limit)
{
	static struct affected_page page;
	char last[NAME_SIZE] = "";
	size_t at = 0;

	do {
		char *slash = strchr(last, '/');
		page = (struct affected_page){.limit = limit};
		if (slash != NULL) {
			page.after_product = bytes_of(last, (size_t)(slash - last));
			page.after_serial = bytes_text(slash + 1);
		}
		affected_choose(h->g, &h->walk, &page);
		assert_int_equal(page.certain, UNITS - (UNITS + 2) / 3);
		assert_int_equal(page.possible, (UNITS + 2) / 3);
		assert_true(page.n <= limit && (page.n == limit || !page.more));
		for (size_t i = 0; i < page.n; i++, at++) {
			char name[NAME_SIZE];
			full_name(h, page.places[i], name);
			assert_true(at < UNITS);
			assert_string_equal(name, h->names[at]);
		}
		snprintf(last, sizeof last, "%s", h->names[at - 1]);
	} while (page.more);
	assert_int_equal(at, UNITS);
}

static void every_unit_stands_on_one_page_in_order(void **state)
{
	static const size_t limits[] = {1, 2, 3, 7, 100, UNITS - 1, UNITS, UNITS + 1, 1000};

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct house h;
		open_house(&h, seed);
		for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
			read_pages(&h, limits[i]);
		close_house(&h);
	}
}

static void page_behind_the_last_unit_is_empty(void **state)
{
	static struct affected_page page;
	struct house h;

	(void)state;
	open_house(&h, 1);
	page = (struct affected_page){
		.limit = 10, .after_product = bytes_text("Q"), .after_serial = bytes_text("0")};
	affected_choose(h.g, &h.walk, &page);
	assert_int_equal(page.n, 0);
	assert_false(page.more);
	assert_int_equal(page.certain + page.possible, UNITS); /* of all pages */
	close_house(&h);
}

/* What is shown of a way is bounded; that the unit is affected is not. */
static void way_is_shown_from_the_start_or_its_last_links(void **state)
{
	struct house h = {0};
	char id[16];
	struct graph_edge edge = {0};

	(void)state;
	assert_int_equal(graph_open(&h.g, &h.f).code, OK);
	edge.from = node(&h, GRAPH_PART_LOT, "acme", "R1");
	for (int i = 0; i < CHAIN; i++) {
		snprintf(id, sizeof id, "C%d", i);
		uint32_t unit = node(&h, GRAPH_UNIT, "P", id);
		assert_int_equal(graph_put(h.g, unit, &edge, 1, &h.f).code, OK);
		edge.from = unit;
	}
	assert_int_equal(graph_walk(h.g, 0, GRAPH_FORWARD, &h.walk, &h.f).code, OK);
	assert_int_equal(h.walk.n, CHAIN + 1);
	json_t *path = affected_path(h.g, &h.walk, 3);
	assert_int_equal(json_array_size(path), 4);
	assert_string_equal(json_string_value(json_object_get(json_array_get(path, 0), "kind")),
			    "part_lot");
	json_decref(path);
	path = affected_path(h.g, &h.walk, CHAIN);
	assert_int_equal(json_array_size(path), AFFECTED_PATH_MAX);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(path, AFFECTED_PATH_MAX - 1), "id")),
			    "C499");
	json_decref(path);
	close_house(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_unit_stands_on_one_page_in_order),
		cmocka_unit_test(page_behind_the_last_unit_is_empty),
		cmocka_unit_test(way_is_shown_from_the_start_or_its_last_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
