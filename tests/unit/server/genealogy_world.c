/* SPDX-License-Identifier: Apache-2.0 */
#include "genealogy_world.h"

#include "core/entry.h"
#include "db/table.h"
#include "server/affected.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

extern const struct area *const AREAS[];

/* ---- tables ---- */

static void make_tables(struct genealogy_world *w)
{
	enum db_product product = db_product(w->store->db);

	for (size_t i = 0; i < w->registry->tables_n; i++) {
		run(w->store->db, table_drop_sql(&w->arena, w->registry->tables[i], NULL));
		run(w->store->db,
		    table_create_sql(&w->arena, w->registry->tables[i], product, NULL));
	}
}

static void clear_log(struct genealogy_world *w)
{
	run(w->store->db, LEDGER_SCHEMA);
	run(w->store->db, "DELETE FROM entry_batch");
	run(w->store->db, "DELETE FROM log_head");
}

void genealogy_world_open(struct genealogy_world *w, struct store_test *store, uint64_t seed)
{
	*w = (struct genealogy_world){.store = store, .seed = seed, .random = seed};
	w->arena.limit = (size_t)64 << 20;
	ok(registry_make(AREAS, &w->registry, &w->fault), &w->fault);
	make_tables(w);
	clear_log(w);
	ok(ledger_open(store->db, NULL, &w->ledger, &w->fault), &w->fault);
	const struct view *view = registry_view(w->registry, bytes_text("recall.affected_units"));
	assert_non_null(view);
	w->view = prepared(store->db, view->sql, view->parameters, view->parameters_n);
}

void genealogy_world_close(struct genealogy_world *w)
{
	feed_close(w->feed);
	graph_close(w->graph);
	statement_close(w->view);
	ledger_close(w->ledger);
	registry_free(w->registry);
	arena_done(&w->arena);
}

static unsigned any(struct genealogy_world *w, unsigned below)
{
	w->random = w->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(w->random >> 33) % below;
}

static void change(struct genealogy_world *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void change(struct genealogy_world *w, const char *format, ...)
{
	char sql[1024];
	va_list all;

	va_start(all, format);
	assert_true((size_t)vsnprintf(sql, sizeof sql, format, all) < sizeof sql);
	va_end(all);
	run(w->store->db, sql);
}

/* ---- the log: what a record was about ---- */

static struct bytes made(struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

static void record(struct genealogy_world *w, const char *kind, const char *within, const char *id)
{
	static uint8_t rooms[3][4096];
	struct writer c = writer_of(rooms[0], 4096), n = writer_of(rooms[1], 4096),
		      e = writer_of(rooms[2], 4096);
	struct claim claim = {.origin = bytes_text("test.example/log"),
			      .type = bytes_text("test.changed"),
			      .version = 1,
			      .author = bytes_text("anna"),
			      .id = {{0, 0, 0, 0, 0, 0, 0x70, 0, 0x80}},
			      .made = ++w->at,
			      .body = bytes_of("\xa0", 1)};
	struct witness witness = {
		.sequence = ledger_next(w->ledger),
		.at = w->at,
		.has_subject = true,
		.subject = {bytes_text(kind), bytes_text(within), bytes_text(id)}};
	uint64_t sequence;

	ok(db_begin(w->store->db, &w->fault), &w->fault);
	ok(ledger_begin(w->ledger, &w->fault), &w->fault);
	witness.sequence = ledger_next(w->ledger);
	claim_put(&c, &claim);
	witness_put(&n, &witness);
	entry_put(&e, made(&c), bytes_of("\xf6", 1), made(&n));
	ok(ledger_append(w->ledger, made(&e), &sequence, &w->fault), &w->fault);
	ok(ledger_store(w->ledger, w->at, &w->fault), &w->fault);
	ok(db_commit(w->store->db, &w->fault), &w->fault);
}

static void about_unit(struct genealogy_world *w, unsigned unit)
{
	char id[16];

	snprintf(id, sizeof id, "U%u", unit);
	record(w, "unit", "P", id);
}

static void about_lot(struct genealogy_world *w, unsigned lot)
{
	char id[16];

	snprintf(id, sizeof id, "L%u", lot);
	record(w, "part_lot", lot % 2 == 0 ? "A" : "B", id);
}

/* ---- one change each ---- */

static const char *supplier_of(unsigned lot)
{
	return lot % 2 == 0 ? "A" : "B";
}

static void receive(struct genealogy_world *w, unsigned lot)
{
	char date_code[8] = "NULL";

	if (any(w, 4) > 0)
		snprintf(date_code, sizeof date_code, "'%u'", any(w, 3));
	change(w,
	       "INSERT INTO part_lot (supplier, part_lot, part, site, date_code, received, issued,"
	       " consumed, scrapped, split, since) VALUES ('%s', 'L%u', 'M', 'S', %s, 1, 0, 0, 0, "
	       "0,"
	       " 1) ON CONFLICT DO NOTHING",
	       supplier_of(lot), lot, date_code);
	about_lot(w, lot);
}

static void split(struct genealogy_world *w, unsigned lot)
{
	unsigned from = any(w, WORLD_LOTS);

	if (from % 2 != lot % 2 || from >= lot)
		return;
	change(w,
	       "INSERT INTO part_lot_origin (supplier, part_lot, from_part_lot, quantity, since)"
	       " VALUES ('%s', 'L%u', 'L%u', 1, 1) ON CONFLICT DO NOTHING",
	       supplier_of(lot), lot, from);
	about_lot(w, lot);
}

static void request(struct genealogy_world *w, unsigned unit)
{
	change(w,
	       "INSERT INTO unit (product, serial, state, build_authorization, site, station,"
	       " environment, since) VALUES ('P', 'U%u', 'requested', '%u', 'S', 'st0', 'test', 1)"
	       " ON CONFLICT DO NOTHING",
	       unit, any(w, 3));
	about_unit(w, unit);
}

static void fit(struct genealogy_world *w, unsigned unit)
{
	unsigned lot = any(w, WORLD_LOTS);

	change(w,
	       "INSERT INTO unit_part (product, serial, since, item, supplier, part_lot, part,"
	       " quantity, certainty) VALUES ('P', 'U%u', %llu, 0, '%s', 'L%u', 'M', 1, '%s')",
	       unit, (unsigned long long)w->at, supplier_of(lot), lot,
	       any(w, 3) == 0 ? "possible" : "certain");
	about_unit(w, unit);
}

static void build_in(struct genealogy_world *w, unsigned unit)
{
	change(w,
	       "INSERT INTO unit_component (product, serial, component_product, component_serial,"
	       " since) VALUES ('P', 'U%u', 'P', 'U%u', %llu)",
	       unit, any(w, WORLD_UNITS), (unsigned long long)w->at);
	about_unit(w, unit);
}

static void take_out(struct genealogy_world *w, unsigned unit)
{
	unsigned lot = any(w, WORLD_LOTS);

	change(w,
	       "UPDATE unit_part SET until = 1 WHERE product = 'P' AND serial = 'U%u'"
	       " AND supplier = '%s' AND part_lot = 'L%u'",
	       unit, supplier_of(lot), lot);
	if (any(w, 2) == 0)
		change(w,
		       "UPDATE unit_component SET until = 1 WHERE product = 'P' AND serial = 'U%u'",
		       unit);
	about_unit(w, unit);
}

static void touch(struct genealogy_world *w, unsigned unit)
{
	char operator_id[8] = "NULL";

	if (any(w, 2) == 0)
		snprintf(operator_id, sizeof operator_id, "'o%u'", any(w, 2));
	change(w,
	       "INSERT INTO unit_touch (product, serial, seq, made, at, station, operator)"
	       " VALUES ('P', 'U%u', %llu, 1, 1, 'st%u', %s)",
	       unit, (unsigned long long)w->at, any(w, 2), operator_id);
	about_unit(w, unit);
}

/* … and later it proves that it runs the next one. */
static void program(struct genealogy_world *w, unsigned unit)
{
	const char *image = db_product(w->store->db) == DB_SQLITE ? "x'00'" : "'\\x00'";
	unsigned release = any(w, 3);

	change(w, "UPDATE unit SET firmware_release = '%u' WHERE product = 'P' AND serial = 'U%u'",
	       release, unit);
	change(w,
	       "INSERT INTO inventory (product, serial, image, firmware_release, boot_count, at,"
	       " since) VALUES ('P', 'U%u', %s, '%u', 1, 1, 1) ON CONFLICT DO NOTHING",
	       unit, image, (release + 1) % 3);
	about_unit(w, unit);
}

void genealogy_world_change(struct genealogy_world *w, unsigned n)
{
	typedef void one_change(struct genealogy_world * w, unsigned which);
	static one_change *const UNITS[] = {request,  fit,      fit,   fit,
					    build_in, take_out, touch, program};

	for (unsigned i = 0; i < n; i++) {
		unsigned what = any(w, 10);
		if (what == 0)
			receive(w, any(w, WORLD_LOTS));
		else if (what == 1)
			split(w, any(w, WORLD_LOTS));
		else
			UNITS[what - 2](w, any(w, WORLD_UNITS));
	}
}

void genealogy_world_wide_unit(struct genealogy_world *w, unsigned n)
{
	request(w, 1);
	change(w,
	       "WITH RECURSIVE k (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < %u)"
	       " INSERT INTO unit_part (product, serial, since, item, supplier, part_lot, part,"
	       " quantity, certainty) SELECT 'P', 'U1', 1, i, 'A', 'W' || i, 'M', 1, 'certain'"
	       " FROM k",
	       n - 1);
}

void genealogy_world_many_units(struct genealogy_world *w, unsigned n)
{
	change(w,
	       "WITH RECURSIVE k (i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM k WHERE i < %u)"
	       " INSERT INTO unit_part (product, serial, since, item, supplier, part_lot, part,"
	       " quantity, certainty) SELECT 'Q', 'V' || i, 1, t.item, 'A', 'L' || t.item, 'M', 1,"
	       " 'certain' FROM k, (SELECT 0 AS item UNION ALL SELECT 1 UNION ALL SELECT 2) AS t",
	       10000 + n);
	change(w,
	       "WITH RECURSIVE k (i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM k WHERE i < %u)"
	       " INSERT INTO unit_component (product, serial, component_product,"
	       " component_serial, since) SELECT 'Q', 'V' || i, 'Q', 'V' || (i + 1), 1 FROM k",
	       10000 + n);
}

void genealogy_world_stray(struct genealogy_world *w, bool fitted)
{
	if (fitted)
		change(w, "INSERT INTO unit_part (product, serial, since, item, supplier, part_lot,"
			  " part, quantity, certainty) VALUES ('P', 'U20', 1, 0, 'A', 'L0', 'M', 1,"
			  " 'certain')");
	else
		change(w, "UPDATE unit_part SET until = 2 WHERE serial = 'U20'");
	about_unit(w, 20);
}

/* ---- the genealogy ---- */

void genealogy_world_empty(struct genealogy_world *w)
{
	feed_close(w->feed);
	graph_close(w->graph);
	w->feed = NULL;
	w->graph = NULL;
	ok(graph_open(&w->graph, &w->fault), &w->fault);
	ok(feed_open(w->store->db, w->ledger, w->graph, &w->feed, &w->fault), &w->fault);
}

void genealogy_world_load(struct genealogy_world *w)
{
	struct merkle_head head;

	genealogy_world_empty(w);
	ok(ledger_head(w->ledger, &head, &w->fault), &w->fault);
	w->next = head.size;
	ok(feed_load(w->feed, NULL, NULL, &w->fault), &w->fault);
}

void genealogy_world_follow(struct genealogy_world *w)
{
	ok(feed_since(w->feed, w->next, &w->next, &w->fault), &w->fault);
}

/* ---- asking ---- */

struct answer {
	char *text;
	size_t n;
};

static void add(struct answer *a, struct bytes serial, bool possible)
{
	a->n += (size_t)snprintf(a->text + a->n, ANSWER_SIZE - a->n, "%s%.*s%s",
				 a->n > 0 ? " " : "", (int)serial.n, (const char *)serial.p,
				 possible ? "?" : "");
	assert_true(a->n < ANSWER_SIZE);
}

enum { V_SERIAL = 4, V_CERTAINTY = 5 };

static err view_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	add(context, columns[V_SERIAL].bytes,
	    !bytes_equal(columns[V_CERTAINTY].bytes, bytes_text("certain")));
	return ERR_OK;
}

const char *genealogy_by_views(struct genealogy_world *w, const char *kind, const char *within,
			       const char *id)
{
	struct answer answer = {w->views, 0};
	struct value values[] = {value_null, value_null, value_text(bytes_text(kind)),
				 within[0] == '\0' ? value_null : value_text(bytes_text(within)),
				 value_text(bytes_text(id))};

	w->views[0] = '\0';
	ok(db_query(w->store->db, w->view, values, view_row, &answer, NULL, &w->fault), &w->fault);
	return w->views;
}

static bool unit_is_known(struct genealogy_world *w, const char *id)
{
	char sql[256];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM unit WHERE product = 'P' AND serial = '%s'",
		 id);
	return number_of(w->store->db, sql) > 0;
}

const char *genealogy_by_graph(struct genealogy_world *w, const char *kind, const char *within,
			       const char *id)
{
	static struct affected_page page;
	struct answer answer = {w->memory, 0};
	struct graph_name name = {GRAPH_UNIT, bytes_text(within), bytes_text(id)};
	struct graph_walk walk;
	uint32_t start;

	w->memory[0] = '\0';
	assert_true(graph_kind_read(kind, &name.kind));
	if (!graph_find(w->graph, &name, &start))
		return w->memory;
	page = (struct affected_page){.limit = AFFECTED_PAGE_MAX};
	page.without_start = name.kind == GRAPH_UNIT && !unit_is_known(w, id);
	ok(graph_walk(w->graph, start, GRAPH_FORWARD, &walk, &w->fault), &w->fault);
	affected_choose(w->graph, &walk, &page);
	assert_int_equal(page.certain + page.possible, page.n);
	for (size_t i = 0; i < page.n; i++)
		add(&answer, graph_name_of(w->graph, walk.nodes[page.places[i]]).id,
		    page.places[i] >= walk.certain_n);
	graph_walk_done(&walk);
	return w->memory;
}
