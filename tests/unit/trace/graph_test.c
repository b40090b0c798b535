/* SPDX-License-Identifier: Apache-2.0 */
/* The genealogy in memory: names, certainty, what is replaced, what ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace/graph.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
	struct graph *g;
	struct fault f;
};

static int open_graph(void **state)
{
	static struct world w;

	w = (struct world){0};
	*state = &w;
	return graph_open(&w.g, &w.f).code == OK ? 0 : 1;
}

static int close_graph(void **state)
{
	struct world *w = *state;

	graph_close(w->g);
	return 0;
}

/* "lot:R1", "unit:S1", "station:st1". */
static struct graph_name named(const char *text)
{
	static const struct {
		const char *word;
		enum graph_kind kind;
		const char *within;
	} WORDS[] = {{"lot:", GRAPH_PART_LOT, "acme"},
		     {"unit:", GRAPH_UNIT, "GW"},
		     {"supplier:", GRAPH_SUPPLIER, ""},
		     {"station:", GRAPH_STATION, ""}};

	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
		size_t n = strlen(WORDS[i].word);
		if (strncmp(text, WORDS[i].word, n) == 0)
			return (struct graph_name){WORDS[i].kind, bytes_text(WORDS[i].within),
						   bytes_text(text + n)};
	}
	assert_true(false);
	return (struct graph_name){0};
}

static uint32_t node(struct world *w, const char *text)
{
	struct graph_name name = named(text);
	uint32_t out;

	assert_int_equal(graph_node(w->g, &name, &out, &w->f).code, OK);
	return out;
}

/* put(w, "unit:S1", "lot:R1", "lot:R2?", NULL): a question mark says possible. */
static void put(struct world *w, const char *to, ...)
{
	struct graph_edge edges[16];
	char text[64];
	size_t n = 0;
	va_list all;

	va_start(all, to);
	for (const char *from; (from = va_arg(all, const char *)) != NULL; n++) {
		size_t length = strlen(from);
		bool possible = from[length - 1] == '?';
		snprintf(text, sizeof text, "%.*s", (int)(length - possible), from);
		edges[n] = (struct graph_edge){node(w, text), possible};
	}
	va_end(all);
	graph_write_begin(w->g);
	assert_int_equal(graph_put(w->g, node(w, to), edges, n, &w->f).code, OK);
	graph_write_end(w->g);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

enum { WALKED_MAX = 64, WALKED_SIZE = 32 };

/* "S1 S2 | S3": ids, certain ones before the bar, each half sorted. */
static const char *walked(struct world *w, const char *start, enum graph_direction direction)
{
	static char ids[WALKED_MAX][WALKED_SIZE], out[512];
	struct graph_walk walk;
	size_t n = 0;

	graph_read_begin(w->g);
	assert_int_equal(graph_walk(w->g, node(w, start), direction, &walk, &w->f).code, OK);
	assert_true(walk.n <= WALKED_MAX);
	for (size_t i = 0; i < walk.n; i++) {
		struct bytes id = graph_name_of(w->g, walk.nodes[i]).id;
		assert_true(walk.via[i] < i || i == 0);
		snprintf(ids[i], sizeof ids[i], "%.*s", (int)id.n, (const char *)id.p);
	}
	graph_read_end(w->g);
	qsort(ids, walk.certain_n, sizeof ids[0], by_text);
	qsort(ids[walk.certain_n], walk.n - walk.certain_n, sizeof ids[0], by_text);
	out[0] = '\0';
	for (size_t i = 0; i < walk.n; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s%s", i > 0 ? " " : "",
				      i == walk.certain_n ? "| " : "", ids[i]);
	graph_walk_done(&walk);
	return out;
}

#define assert_forward(w, start, found) assert_string_equal(walked(w, start, GRAPH_FORWARD), found)
#define assert_backward(w, start, found) \
	assert_string_equal(walked(w, start, GRAPH_BACKWARD), found)

/* Everything is asked before a merge and after it. */
static void merge(struct world *w)
{
	assert_int_equal(graph_merge(w->g, &w->f).code, OK);
}

static void name_is_found_again_and_another_is_not(void **state)
{
	struct world *w = *state;
	struct graph_name name = named("lot:R1"), other = named("lot:R1");
	uint32_t first = node(w, "lot:R1"), out;

	assert_int_equal(node(w, "lot:R1"), first);
	assert_true(graph_find(w->g, &name, &out) && out == first);
	other.within = bytes_text("acm");
	other.id = bytes_text("eR1"); /* the same letters, cut elsewhere */
	assert_false(graph_find(w->g, &other, &out));
	other = name;
	other.kind = GRAPH_DATE_CODE;
	assert_false(graph_find(w->g, &other, &out));
	name = graph_name_of(w->g, first);
	assert_int_equal(name.kind, GRAPH_PART_LOT);
	assert_true(bytes_equal(name.within, bytes_text("acme")));
	assert_true(bytes_equal(name.id, bytes_text("R1")));
}

static void name_that_is_too_long_is_refused(void **state)
{
	struct world *w = *state;
	char text[66];
	uint32_t out;

	memset(text, 'x', 65);
	text[65] = '\0';
	struct graph_name name = {GRAPH_UNIT, bytes_text("GW"), bytes_text(text)};
	assert_int_equal(graph_node(w->g, &name, &out, &w->f).code, ERR_INTERNAL);
	assert_string_equal(w->f.message, "GRAPH_NAME_LONG");
	assert_int_equal(graph_size(w->g).nodes, 0);
}

static void kinds_are_read_by_their_names_only(void **state)
{
	enum graph_kind kind;

	(void)state;
	for (int i = 0; i < GRAPH_KINDS; i++) {
		assert_true(graph_kind_read(graph_kind_name((enum graph_kind)i), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(graph_kind_read("", &kind));
	assert_false(graph_kind_read("part_lots", &kind));
	assert_false(graph_kind_read("PART_LOT", &kind));
}

static void part_lot_leads_to_units_through_splits_and_components(void **state)
{
	struct world *w = *state;

	put(w, "lot:R1b", "lot:R1", NULL);
	put(w, "unit:S1", "lot:R1", "lot:R2", NULL);
	put(w, "unit:S2", "lot:R1b", NULL);
	put(w, "unit:S3", "unit:S2", NULL);
	for (int merged = 0; merged < 2; merged++) {
		assert_forward(w, "lot:R1", "R1 R1b S1 S2 S3");
		assert_forward(w, "lot:R1b", "R1b S2 S3");
		assert_forward(w, "lot:R2", "R2 S1");
		assert_forward(w, "unit:S3", "S3");
		assert_backward(w, "unit:S3", "R1 R1b S2 S3");
		assert_backward(w, "unit:S1", "R1 R2 S1");
		assert_backward(w, "lot:R1", "R1");
		merge(w);
	}
}

static void one_certain_path_is_enough_and_one_doubt_on_every_path_is_too_much(void **state)
{
	struct world *w = *state;

	put(w, "unit:S1", "lot:R1?", NULL);
	put(w, "unit:S2", "lot:R1?", "unit:S3", NULL);
	put(w, "unit:S3", "lot:R1", NULL);
	put(w, "unit:S4", "unit:S1", NULL);
	for (int merged = 0; merged < 2; merged++) {
		const char *found = walked(w, "lot:R1", GRAPH_FORWARD);
		const char *bar = strchr(found, '|');
		assert_non_null(bar);
		assert_true(strstr(found, "S3") < bar && strstr(found, "S2") < bar);
		assert_true(strstr(found, "S1") > bar && strstr(found, "S4") > bar);
		merge(w);
	}
	put(w, "unit:S5", "lot:R1", "lot:R1?", NULL); /* twice, once for sure */
	assert_null(strstr(strchr(walked(w, "lot:R1", GRAPH_FORWARD), '|'), "S5"));
}

static void what_is_put_anew_replaces_what_was(void **state)
{
	struct world *w = *state;

	put(w, "unit:S1", "lot:R1", "lot:R2", NULL);
	for (int merged = 0; merged < 2; merged++) {
		assert_forward(w, "lot:R1", "R1 S1");
		put(w, "unit:S1", "lot:R2", NULL); /* taken out */
		assert_forward(w, "lot:R1", "R1");
		assert_forward(w, "lot:R2", "R2 S1");
		assert_backward(w, "unit:S1", "R2 S1");
		put(w, "unit:S1", NULL);
		assert_forward(w, "lot:R2", "R2");
		assert_backward(w, "unit:S1", "S1");
		put(w, "unit:S1", "lot:R1", "lot:R2", NULL); /* fitted again */
		assert_forward(w, "lot:R1", "R1 S1");
		merge(w);
	}
	put(w, "unit:S1", NULL);
	merge(w);
	assert_forward(w, "lot:R1", "R1");
	assert_int_equal(graph_size(w->g).edges, 0);
}

static void what_changes_nothing_takes_no_room(void **state)
{
	struct world *w = *state;

	put(w, "unit:S1", "lot:R2", "lot:R1", NULL);
	uint64_t tail = graph_size(w->g).tail;
	for (int i = 0; i < 100; i++)
		put(w, "unit:S1", "lot:R1", "lot:R2", "lot:R1?", NULL);
	assert_int_equal(graph_size(w->g).tail, tail);
	merge(w);
	put(w, "unit:S1", "lot:R1", "lot:R2", NULL);
	assert_int_equal(graph_size(w->g).tail, 0);
	put(w, "unit:S1", "lot:R1", "lot:R2?", NULL); /* certainty is a change */
	assert_int_equal(graph_size(w->g).tail, 2);
}

static void cycle_of_components_ends(void **state)
{
	struct world *w = *state;

	put(w, "unit:S1", "unit:S3", "lot:R1", NULL);
	put(w, "unit:S2", "unit:S1", NULL);
	put(w, "unit:S3", "unit:S2?", NULL);
	put(w, "unit:S9", "unit:S9", NULL);
	for (int merged = 0; merged < 2; merged++) {
		assert_forward(w, "lot:R1", "R1 S1 S2 | S3");
		assert_forward(w, "unit:S9", "S9");
		assert_backward(w, "unit:S1", "R1 S1 S3 | S2");
		merge(w);
	}
}

/* Deeper than any product is built: there is no limit to be reached silently. */
static void chain_of_sixty_components_is_followed_to_its_end(void **state)
{
	struct world *w = *state;
	char from[32], to[32];

	put(w, "unit:C0", "lot:R1", NULL);
	for (int i = 1; i <= 60; i++) {
		snprintf(from, sizeof from, "unit:C%d", i - 1);
		snprintf(to, sizeof to, "unit:C%d", i);
		put(w, to, from, NULL);
	}
	for (int merged = 0; merged < 2; merged++) {
		struct graph_walk walk;
		assert_int_equal(
			graph_walk(w->g, node(w, "lot:R1"), GRAPH_FORWARD, &walk, &w->f).code, OK);
		assert_int_equal(walk.n, 62);
		assert_int_equal(walk.certain_n, 62);
		uint32_t steps = 0;
		for (uint32_t at = 61; at != 0; at = walk.via[at])
			steps++;
		assert_int_equal(steps, 61); /* the path that is shown has every link */
		graph_walk_done(&walk);
		merge(w);
	}
}

/* More than 65,535, where some systems lose count; and the tail merges by itself when it is asked to. */
static void one_part_lot_in_a_hundred_thousand_units_misses_none(void **state)
{
	struct world *w = *state;
	struct graph_edge edge = {node(w, "lot:R1"), false};
	struct graph_walk walk;
	char serial[32];
	bool merged = false;

	for (int i = 0; i < 100000; i++) {
		struct graph_name name = {GRAPH_UNIT, bytes_text("GW"), {0}};
		uint32_t unit;
		snprintf(serial, sizeof serial, "S%06d", i);
		name.id = bytes_text(serial);
		assert_int_equal(graph_node(w->g, &name, &unit, &w->f).code, OK);
		assert_int_equal(graph_put(w->g, unit, &edge, 1, &w->f).code, OK);
		if (graph_wants_merge(w->g)) {
			merge(w);
			merged = true;
		}
	}
	assert_true(merged);
	assert_int_equal(graph_walk(w->g, edge.from, GRAPH_FORWARD, &walk, &w->f).code, OK);
	assert_int_equal(walk.n, 100001);
	graph_walk_done(&walk);
	assert_true(graph_size(w->g).bytes < 100001 * 100);
}

/* ---- readers beside the writer ---- */

struct racing {
	struct world *w;
	uint32_t lot;
	atomic_bool stop;
	atomic_uint walks, wrong;
};

/* Ten units change sides together: a reader sees all of them on one side. */
static void *read_on(void *context)
{
	struct racing *r = context;
	struct graph_walk walk;
	struct fault f;

	while (!atomic_load(&r->stop)) {
		graph_read_begin(r->w->g);
		err result = graph_walk(r->w->g, r->lot, GRAPH_FORWARD, &walk, &f);
		graph_read_end(r->w->g);
		if (result.code != OK || (walk.n != 1 && walk.n != 11))
			atomic_fetch_add(&r->wrong, 1);
		if (result.code == OK)
			graph_walk_done(&walk);
		atomic_fetch_add(&r->walks, 1);
	}
	return NULL;
}

static void reader_sees_one_state_while_it_is_written_and_merged(void **state)
{
	struct world *w = *state;
	struct racing r = {.w = w, .lot = node(w, "lot:R1")};
	struct graph_edge edge = {r.lot, false};
	uint32_t units[10];
	pthread_t thread;

	for (int i = 0; i < 10; i++) {
		char text[16];
		snprintf(text, sizeof text, "unit:S%d", i);
		units[i] = node(w, text);
	}
	assert_int_equal(pthread_create(&thread, NULL, read_on, &r), 0);
	for (unsigned round = 0; round < 2000 || atomic_load(&r.walks) < 1000; round++) {
		graph_write_begin(w->g);
		for (int i = 0; i < 10; i++)
			assert_int_equal(graph_put(w->g, units[i], &edge, round % 2, &w->f).code,
					 OK);
		graph_write_end(w->g);
		if (round % 16 == 0)
			merge(w);
	}
	atomic_store(&r.stop, true);
	(void)pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&r.wrong), 0);
}

#define GRAPH_TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GRAPH_TEST(name_is_found_again_and_another_is_not),
		GRAPH_TEST(name_that_is_too_long_is_refused),
		GRAPH_TEST(kinds_are_read_by_their_names_only),
		GRAPH_TEST(part_lot_leads_to_units_through_splits_and_components),
		GRAPH_TEST(one_certain_path_is_enough_and_one_doubt_on_every_path_is_too_much),
		GRAPH_TEST(what_is_put_anew_replaces_what_was),
		GRAPH_TEST(what_changes_nothing_takes_no_room),
		GRAPH_TEST(cycle_of_components_ends),
		GRAPH_TEST(chain_of_sixty_components_is_followed_to_its_end),
		GRAPH_TEST(one_part_lot_in_a_hundred_thousand_units_misses_none),
		GRAPH_TEST(reader_sees_one_state_while_it_is_written_and_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
