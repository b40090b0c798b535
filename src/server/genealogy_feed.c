/* SPDX-License-Identifier: Apache-2.0 */
#include "server/genealogy_feed.h"

#include "core/entry.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 20000, PAGE_ROWS_MAX = 1 << 24, EDGES_FIRST = 256 };

/* Each row: what is led to, in two halves, and one edge: kind, both halves, whether it is only possible. A row
 * without an id says that there is such a thing. */
#define PARTS                                                                                \
	"SELECT p.product AS a, p.serial AS b, 'part_lot' AS kind, p.supplier AS within,"    \
	" p.part_lot AS id, CASE WHEN p.certainty = 'certain' THEN 0 ELSE 1 END AS possible" \
	" FROM unit_part p WHERE p.until IS NULL AND "
#define COMPONENTS                                                                       \
	"SELECT c.product, c.serial, 'unit', c.component_product, c.component_serial, 0" \
	" FROM unit_component c WHERE c.until IS NULL AND "
#define STATIONS "SELECT t.product, t.serial, 'station', '', t.station, 0 FROM unit_touch t WHERE "
#define OPERATORS                                                   \
	"SELECT t.product, t.serial, 'operator', '', t.operator, 0" \
	" FROM unit_touch t WHERE t.operator IS NOT NULL AND "
#define BUILDS                                                                            \
	"SELECT u.product, u.serial, 'build_authorization', '', u.build_authorization, 0" \
	" FROM unit u WHERE "
#define FIRMWARE                                                                    \
	"SELECT u.product, u.serial, 'firmware_release', '', u.firmware_release, 0" \
	" FROM unit u WHERE u.firmware_release IS NOT NULL AND "
#define RUNNING                                                                     \
	"SELECT i.product, i.serial, 'firmware_release', '', i.firmware_release, 0" \
	" FROM inventory i WHERE i.firmware_release IS NOT NULL AND "
#define DATE_CODES                                                                            \
	"SELECT p.supplier AS a, p.part_lot AS b, 'date_code' AS kind, p.supplier AS within," \
	" p.date_code AS id, 0 AS possible FROM part_lot p WHERE "
#define ORIGINS                                                                     \
	"SELECT o.supplier, o.part_lot, 'part_lot', o.supplier, o.from_part_lot, 0" \
	" FROM part_lot_origin o WHERE "

/* `OF` takes what stands before, a SELECT, and its columns of what is led to. */
#define ALSO " UNION ALL "
#define UNIT_EDGES(OF)                                \
	OF("", PARTS, "p.product", "p.serial")        \
	OF(ALSO, COMPONENTS, "c.product", "c.serial") \
	OF(ALSO, STATIONS, "t.product", "t.serial")   \
	OF(ALSO, OPERATORS, "t.product", "t.serial")  \
	OF(ALSO, BUILDS, "u.product", "u.serial")     \
	OF(ALSO, FIRMWARE, "u.product", "u.serial")   \
	OF(ALSO, RUNNING, "i.product", "i.serial")
#define LOT_EDGES(OF)                                  \
	OF("", DATE_CODES, "p.supplier", "p.part_lot") \
	OF(ALSO, ORIGINS, "o.supplier", "o.part_lot")
#define ONE(before, select, first, second) before select first " = :a AND " second " = :b"
/* Each SELECT is ordered and bounded by itself: else PostgreSQL sorts all that is left for every page. */
#define BEHIND(before, select, first, second)                                                \
	before "SELECT * FROM (" select "(" first ", " second ") > (:a, :b) ORDER BY " first \
	       ", " second " LIMIT :most) AS rest"
#define PAGE " ORDER BY a, b LIMIT :most"

enum statement_of { ONE_UNIT, ONE_LOT, UNITS_PAGE, LOTS_PAGE, STATEMENTS };
static const char *const SQL[STATEMENTS] = {
	[ONE_UNIT] = UNIT_EDGES(ONE),
	[ONE_LOT] = LOT_EDGES(ONE),
	[UNITS_PAGE] = UNIT_EDGES(BEHIND) PAGE,
	[LOTS_PAGE] = LOT_EDGES(BEHIND) PAGE,
};

/* The node whose edges are being collected. */
struct gathered {
	struct id_pair {
		char within[64], id[64];
		uint8_t within_n, id_n;
	} name;
	bool any;
	struct graph_edge *edges;
	size_t n, room;
};

struct genealogy_feed {
	struct db *db;
	struct ledger *ledger;
	struct graph *graph;
	struct statement *statements[STATEMENTS];
	enum graph_kind kind; /* of what is being gathered */
	struct gathered now;
	struct id_pair last; /* of a page: the last node that is whole */
	size_t rows;
	bool page;
	struct fault *fault;
};

err feed_open(struct db *db, struct ledger *ledger, struct graph *graph,
	      struct genealogy_feed **out, struct fault *f)
{
	static const struct parameter P[] = {
		{"a", VALUE_TEXT}, {"b", VALUE_TEXT}, {"most", VALUE_INT}};
	struct genealogy_feed *feed = calloc(1, sizeof *feed);

	if (feed == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*feed = (struct genealogy_feed){.db = db, .ledger = ledger, .graph = graph};
	feed->now.room = EDGES_FIRST;
	feed->now.edges = malloc(EDGES_FIRST * sizeof *feed->now.edges);
	err result = feed->now.edges == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
	for (int i = 0; i < STATEMENTS && result.code == OK; i++)
		result = db_prepare(db, SQL[i], P, 3, &feed->statements[i], f);
	if (result.code != OK) {
		feed_close(feed);
		return result;
	}
	*out = feed;
	return ERR_OK;
}

void feed_close(struct genealogy_feed *feed)
{
	if (feed == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		if (feed->statements[i] != NULL)
			statement_close(feed->statements[i]);
	free(feed->now.edges);
	free(feed);
}

/* ---- from rows to nodes ---- */

/* A part lot is its supplier's, whether it was received or not. */
static err node_of(struct genealogy_feed *feed, const struct graph_name *name, uint32_t *out,
		   struct fault *f)
{
	struct graph_name supplier = {GRAPH_SUPPLIER, bytes_of("", 0), name->within};
	struct graph_edge edge = {0};

	if (name->kind != GRAPH_PART_LOT || graph_find(feed->graph, name, out))
		return graph_node(feed->graph, name, out, f);
	TRY(graph_node(feed->graph, name, out, f));
	TRY(graph_node(feed->graph, &supplier, &edge.from, f));
	return graph_put(feed->graph, *out, &edge, 1, f);
}

static err add_edge(struct genealogy_feed *feed, const struct graph_name *from, bool possible,
		    struct fault *f)
{
	struct gathered *now = &feed->now;
	struct graph_edge edge = {.possible = possible};

	TRY(node_of(feed, from, &edge.from, f));
	if (now->n == now->room) {
		size_t room = now->room == 0 ? 64 : now->room * 2;
		struct graph_edge *edges = realloc(now->edges, room * sizeof *edges);
		if (edges == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		now->edges = edges;
		now->room = room;
	}
	now->edges[now->n++] = edge;
	return ERR_OK;
}

static struct graph_name name_now(const struct genealogy_feed *feed)
{
	const struct id_pair *name = &feed->now.name;

	return (struct graph_name){feed->kind, bytes_of(name->within, name->within_n),
				   bytes_of(name->id, name->id_n)};
}

/* All edges of one node are there. */
static err finish(struct genealogy_feed *feed, struct fault *f)
{
	struct graph_name name = name_now(feed);
	uint32_t node;

	if (!feed->now.any)
		return ERR_OK;
	feed->now.any = false;
	feed->last = feed->now.name;
	TRY(node_of(feed, &name, &node, f));
	if (name.kind == GRAPH_PART_LOT) {
		struct graph_name supplier = {GRAPH_SUPPLIER, bytes_of("", 0), name.within};
		TRY(add_edge(feed, &supplier, false, f));
	}
	return graph_put(feed->graph, node, feed->now.edges, feed->now.n, f);
}

static bool copy_half(const struct value *from, char to[static 64], uint8_t *n)
{
	if (from->kind != VALUE_TEXT || from->bytes.n > 64)
		return false;
	memcpy(to, from->bytes.p, from->bytes.n);
	*n = (uint8_t)from->bytes.n;
	return true;
}

static bool is_now(const struct genealogy_feed *feed, const struct id_pair *name)
{
	const struct id_pair *now = &feed->now.name;

	return feed->now.any && now->within_n == name->within_n && now->id_n == name->id_n &&
	       memcmp(now->within, name->within, name->within_n) == 0 &&
	       memcmp(now->id, name->id, name->id_n) == 0;
}

enum column { C_A, C_B, C_KIND, C_WITHIN, C_ID, C_POSSIBLE };

static err edge_row(void *context, const struct value *columns, size_t n)
{
	struct genealogy_feed *feed = context;
	struct fault *f = feed->fault;
	struct id_pair to = {0};
	char kind[32] = "";
	struct graph_name from = {0};

	(void)n;
	feed->rows++;
	if (!copy_half(&columns[C_A], to.within, &to.within_n) ||
	    !copy_half(&columns[C_B], to.id, &to.id_n))
		return fail(f, "GRAPH_NAME_LONG", NULL);
	if (!is_now(feed, &to)) {
		TRY(finish(feed, f));
		feed->now.name = to;
		feed->now.any = true;
		feed->now.n = 0;
	}
	if (columns[C_ID].kind == VALUE_NULL)
		return ERR_OK;
	if (columns[C_KIND].bytes.n < sizeof kind)
		memcpy(kind, columns[C_KIND].bytes.p, columns[C_KIND].bytes.n);
	if (!graph_kind_read(kind, &from.kind))
		return fail(f, "GRAPH_NAME_LONG", NULL);
	from.within = columns[C_WITHIN].bytes;
	from.id = columns[C_ID].bytes;
	return add_edge(feed, &from, columns[C_POSSIBLE].number != 0, f);
}

static err query(struct genealogy_feed *feed, enum statement_of which, enum graph_kind kind,
		 const struct value values[static 3], struct fault *f)
{
	feed->kind = kind;
	feed->fault = f;
	feed->rows = 0;
	feed->now.any = false;
	return db_query(feed->db, feed->statements[which], values, edge_row, feed, NULL, f);
}

/* ---- everything ---- */

/* One page. The node that a full page ends in may go on in the next: it is left to that one. */
static err load_page(struct genealogy_feed *feed, enum statement_of which, enum graph_kind kind,
		     size_t *most, bool *more, struct fault *f)
{
	struct id_pair after = feed->last;
	struct value values[] = {value_text(bytes_of(after.within, after.within_n)),
				 value_text(bytes_of(after.id, after.id_n)),
				 value_int((int64_t)*most)};

	graph_write_begin(feed->graph);
	err result = query(feed, which, kind, values, f);
	*more = feed->rows == *most;
	if (result.code == OK && !*more)
		result = finish(feed, f);
	graph_write_end(feed->graph);
	TRY(result);
	/* Nothing was whole: one node has more edges than a page. */
	if (*more && memcmp(&after, &feed->last, sizeof after) == 0 && *most < PAGE_ROWS_MAX)
		*most *= 2;
	return ERR_OK;
}

static err merge_if_due(struct genealogy_feed *feed, struct fault *f)
{
	return graph_wants_merge(feed->graph) ? graph_merge(feed->graph, f) : ERR_OK;
}

static err load_kind(struct genealogy_feed *feed, enum statement_of which, enum graph_kind kind,
		     feed_stop *stop, void *context, struct fault *f)
{
	size_t most = PAGE_ROWS;
	bool more = true;

	feed->last = (struct id_pair){0};
	while (more) {
		if (stop != NULL && stop(context))
			return fail(f, "GENEALOGY_STOPPED", NULL);
		TRY(load_page(feed, which, kind, &most, &more, f));
		TRY(merge_if_due(feed, f));
	}
	return ERR_OK;
}

err feed_load(struct genealogy_feed *feed, feed_stop *stop, void *context, struct fault *f)
{
	TRY(load_kind(feed, LOTS_PAGE, GRAPH_PART_LOT, stop, context, f));
	TRY(load_kind(feed, UNITS_PAGE, GRAPH_UNIT, stop, context, f));
	return graph_merge(feed->graph, f);
}

/* ---- what records are about ---- */

/* Reads one thing anew; when nothing leads to it any more, that is what is put. */
static err read_one(struct genealogy_feed *feed, enum graph_kind kind, struct bytes within,
		    struct bytes id, struct fault *f)
{
	struct value values[] = {value_text(within), value_text(id), value_int(0)};
	struct graph_name name = {kind, within, id};
	uint32_t node;

	graph_write_begin(feed->graph);
	err result = query(feed, kind == GRAPH_UNIT ? ONE_UNIT : ONE_LOT, kind, values, f);
	if (result.code == OK && feed->rows > 0)
		result = finish(feed, f);
	else if (result.code == OK && kind == GRAPH_UNIT && graph_find(feed->graph, &name, &node))
		result = graph_put(feed->graph, node, NULL, 0, f);
	graph_write_end(feed->graph);
	return result;
}

static err about_subject(struct genealogy_feed *feed, const struct subject *subject,
			 struct fault *f)
{
	if (bytes_equal(subject->kind, bytes_text("unit")))
		return read_one(feed, GRAPH_UNIT, subject->within, subject->id, f);
	if (bytes_equal(subject->kind, bytes_text("part_lot")))
		return read_one(feed, GRAPH_PART_LOT, subject->within, subject->id, f);
	return ERR_OK;
}

struct since {
	struct genealogy_feed *feed;
	uint64_t next;
	struct fault *fault;
};

/* The last vote on a record makes that record take effect: its subject is meant, too. */
static err about_target(struct genealogy_feed *feed, uint64_t target, struct fault *f)
{
	struct arena arena = {0};
	struct entry entry;
	struct bytes bytes;
	const char *why;
	err result = ledger_entry(feed->ledger, &arena, target, &bytes, f);

	if (result.code == OK && !entry_parse(bytes, &entry, &why))
		result = fail(f, "ENTRY_BAD", "detail", why, NULL);
	if (result.code == OK && entry.witness.has_subject)
		result = about_subject(feed, &entry.witness.subject, f);
	arena_done(&arena);
	return result;
}

static err about_entry(void *context, uint64_t sequence, struct bytes bytes)
{
	struct since *s = context;
	struct entry entry;
	const char *why;

	if (!entry_parse(bytes, &entry, &why))
		return fail(s->fault, "ENTRY_BAD", "detail", why, NULL);
	if (entry.witness.has_subject)
		TRY(about_subject(s->feed, &entry.witness.subject, s->fault));
	if (entry.witness.outcome == OUTCOME_EXECUTES)
		TRY(about_target(s->feed, entry.witness.target, s->fault));
	TRY(merge_if_due(s->feed, s->fault));
	s->next = sequence + 1;
	return ERR_OK;
}

err feed_since(struct genealogy_feed *feed, uint64_t first, uint64_t *next, struct fault *f)
{
	struct since s = {feed, first, f};
	err result = ledger_each(feed->ledger, first, about_entry, &s, f);

	*next = s.next;
	return result;
}
