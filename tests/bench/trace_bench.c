/* SPDX-License-Identifier: Apache-2.0 */
/* trace_bench FOLDER [UNITS]: P5, affected units. A store with UNITS units of ten part lots each, a part lot in
 * 5,000 units, every second unit inside another; loaded into memory as the server does. One part lot and everything
 * of a supplier, by the walk alone and with the page that is shown; beside the same recursive query in the same
 * SQLite, and beside reading memory. Default: 10,000 and then 1,000,000 units. */
#include "bench.h"

#include "base/catalog.h"
#include "db/table.h"
#include "record/registry.h"
#include "server/affected.h"
#include "server/genealogy_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern const struct area *const AREAS[];

enum { PARTS = 10, LOT_UNITS = 5000, ASKED = 200, ASKED_SQL = 10, SCANS = 8 };
static const size_t SCANNED = (size_t)256 << 20;

/* What the view asks, without the columns that it shows. */
static const char RECURSIVE[] =
	"WITH RECURSIVE lot (supplier, part_lot) AS (SELECT :supplier, :part_lot"
	" UNION SELECT o.supplier, o.part_lot FROM lot JOIN part_lot_origin o"
	" ON o.supplier = lot.supplier AND o.from_part_lot = lot.part_lot),"
	" touched (product, serial, certainty) AS ("
	" SELECT p.product, p.serial, p.certainty FROM lot JOIN unit_part p"
	" ON p.supplier = lot.supplier AND p.part_lot = lot.part_lot WHERE p.until IS NULL"
	" UNION SELECT c.product, c.serial, t.certainty FROM touched t JOIN unit_component c"
	" ON c.component_product = t.product AND c.component_serial = t.serial"
	" WHERE c.until IS NULL) SELECT count(*) FROM touched";

struct bench {
	char path[4096], address[4200];
	uint64_t units;
	struct db *db;
	struct ledger *ledger;
	struct registry *registry;
	struct graph *graph;
	struct arena arena;
	struct fault f;
};

/* Of this process: what is compared is the work, not who else is on the machine. */
static double cpu_now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static err say(struct bench *b, const char *sql)
{
	return db_run(b->db, sql, &b->f);
}

static err make_tables(struct bench *b)
{
	TRY(db_open(b->address, &b->db, &b->f));
	TRY(say(b, "PRAGMA cache_size = -400000"));
	TRY(registry_make(AREAS, &b->registry, &b->f));
	for (size_t i = 0; i < b->registry->tables_n; i++)
		TRY(say(b, table_create_sql(&b->arena, b->registry->tables[i], DB_SQLITE, NULL)));
	TRY(say(b, LEDGER_SCHEMA));
	return ledger_open(b->db, NULL, &b->ledger, &b->f);
}

/* Serials and part lots in build sequence. */
static err fill(struct bench *b)
{
	static const char *const SQL[] = {
		"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < "
		":n)"
		" INSERT INTO unit (product, serial, state, build_authorization, site, station,"
		" environment, since) SELECT 'GW', substr('00000000' || i, -8), 'built', 'BA1', "
		"'S',"
		" 'st1', 'test', i FROM n",
		"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < "
		":n),"
		" p (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM p WHERE k + 1 < 10)"
		" INSERT INTO unit_part (product, serial, since, item, supplier, part_lot, part,"
		" quantity, certainty) SELECT 'GW', substr('00000000' || i, -8), i, k, 'acme',"
		" 'K' || k || '-' || (i / 5000), 'M', 1, 'certain' FROM n, p",
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 2 FROM n WHERE i + 2 < "
		":n)"
		" INSERT INTO unit_component (product, serial, component_product, component_serial,"
		" since) SELECT 'GW', substr('00000000' || i, -8), 'GW',"
		" substr('00000000' || (i - 1), -8), i FROM n",
	};
	static const struct parameter P[] = {{"n", VALUE_INT}};
	struct value n = value_int((int64_t)b->units);
	struct statement *statement;

	for (size_t i = 0; i < sizeof SQL / sizeof SQL[0]; i++) {
		TRY(db_prepare(b->db, SQL[i], P, 1, &statement, &b->f));
		err result = db_query(b->db, statement, &n, NULL, NULL, NULL, &b->f);
		statement_close(statement);
		TRY(result);
	}
	TRY(say(b, "ANALYZE"));
	return db_checkpoint(b->db, &b->f); /* as the server does all the time */
}

static err load(struct bench *b)
{
	struct genealogy_feed *feed;
	uint64_t before = bench_memory(0);
	double begun = bench_now_s(), cpu = cpu_now_s();

	TRY(graph_open(&b->graph, &b->f));
	TRY(feed_open(b->db, b->ledger, b->graph, &feed, &b->f));
	err result = feed_load(feed, NULL, NULL, &b->f);
	feed_close(feed);
	TRY(result);
	double spent = bench_now_s() - begun;
	cpu = cpu_now_s() - cpu;
	struct graph_size size = graph_size(b->graph);
	bench_line("P5", "load", b->units, (double)size.edges / spent, "edges/s", 0, NULL);
	bench_line("P5", "load", b->units, spent, "s", 0, NULL);
	bench_line("P5", "load", b->units, cpu, "cpu-s", 5, "P12");
	bench_line("P5", "memory", b->units, (double)size.bytes / (double)b->units, "bytes/unit", 0,
		   NULL);
	bench_line("P5", "memory", b->units, (double)(bench_memory(0) - before), "bytes", 0, NULL);
	return ERR_OK;
}

/* ---- one part lot ---- */

static struct graph_name lot_name(char room[static 64], uint64_t units, unsigned i)
{
	uint64_t lots = units / LOT_UNITS;

	snprintf(room, 64, "K%u-%llu", i % PARTS, (unsigned long long)(i * 7919ull % lots));
	return (struct graph_name){GRAPH_PART_LOT, bytes_text("acme"), bytes_text(room)};
}

static err walk_from(struct bench *b, const struct graph_name *name, bool page, size_t *reached)
{
	static struct affected_page shown;
	struct graph_walk walk;
	uint32_t node;

	if (!graph_find(b->graph, name, &node))
		return fail(&b->f, "INTERNAL", NULL);
	TRY(graph_walk(b->graph, node, GRAPH_FORWARD, &walk, &b->f));
	if (page) {
		shown = (struct affected_page){.limit = 100};
		affected_choose(b->graph, &walk, &shown);
	}
	*reached = walk.n;
	graph_walk_done(&walk);
	return ERR_OK;
}

/* Seconds of each of ASKED walks, best rate and p99. */
static err ask_memory(struct bench *b, bool page, double sql_rate, size_t *reached)
{
	const char *what = page ? "page" : "walk";
	static double spent[ASKED];
	double cpu = cpu_now_s();
	char room[64];

	for (unsigned i = 0; i < ASKED; i++) {
		struct graph_name name = lot_name(room, b->units, i);
		double begun = bench_now_s();
		TRY(walk_from(b, &name, page, reached));
		spent[i] = bench_now_s() - begun;
	}
	bench_line("P5", what, b->units, ASKED / (cpu_now_s() - cpu), "1/cpu-s", sql_rate,
		   "sqlite");
	bench_line("P5", what, b->units, bench_percentile(spent, ASKED, 0.99) * 1e3, "ms-p99", 1,
		   "goal");
	return ERR_OK;
}

static err count_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(int64_t *)context = columns[0].number;
	return ERR_OK;
}

static err ask_sql(struct bench *b, double *rate, int64_t *units)
{
	static const struct parameter P[] = {{"supplier", VALUE_TEXT}, {"part_lot", VALUE_TEXT}};
	struct statement *statement;
	char room[64];
	double sum = 0;

	TRY(db_prepare(b->db, RECURSIVE, P, 2, &statement, &b->f));
	for (unsigned i = 0; i < ASKED_SQL; i++) {
		struct graph_name name = lot_name(room, b->units, i);
		struct value values[] = {value_text(name.within), value_text(name.id)};
		double begun = cpu_now_s();
		TRY(db_query(b->db, statement, values, count_row, units, NULL, &b->f));
		sum += cpu_now_s() - begun;
	}
	statement_close(statement);
	*rate = ASKED_SQL / sum;
	bench_line("P5", "sqlite", b->units, *rate, "1/cpu-s", 0, NULL);
	return ERR_OK;
}

/* ---- everything, beside reading memory ---- */

static double memory_rate(void)
{
	uint64_t *words = malloc(SCANNED), sum = 0;
	double best = 0;

	if (words == NULL)
		return 0;
	memset(words, 1, SCANNED);
	for (int k = 0; k < SCANS; k++) {
		double begun = cpu_now_s();
		for (size_t i = 0; i < SCANNED / sizeof *words; i++)
			sum += words[i];
		double rate = (double)SCANNED / (cpu_now_s() - begun);
		best = rate > best ? rate : best;
	}
	free(words);
	return sum == 0 ? 0 : best;
}

static err ask_everything(struct bench *b)
{
	struct graph_name name = {GRAPH_SUPPLIER, bytes_of("", 0), bytes_text("acme")};
	static double spent[SCANS];
	double cpu = cpu_now_s();
	size_t reached = 0;

	for (int i = 0; i < SCANS; i++) {
		double begun = bench_now_s();
		TRY(walk_from(b, &name, false, &reached));
		spent[i] = bench_now_s() - begun;
	}
	cpu = cpu_now_s() - cpu;
	/* Each edge is a word of the rows and a look at the run of its node. */
	double bytes = (double)graph_size(b->graph).edges * (sizeof(uint32_t) + sizeof(uint64_t));
	bench_line("P5", "everything", b->units, bytes * SCANS / cpu, "bytes/cpu-s", memory_rate(),
		   "memory");
	bench_line("P5", "everything", reached, bench_percentile(spent, SCANS, 0.99) * 1e3,
		   "ms-p99", 100, "goal");
	return ERR_OK;
}

static err measure(struct bench *b)
{
	size_t reached = 0;
	int64_t units = 0;
	double rate;

	TRY(make_tables(b));
	TRY(fill(b));
	TRY(load(b));
	TRY(ask_sql(b, &rate, &units));
	TRY(ask_memory(b, false, rate, &reached));
	printf("one part lot: %zu reached, %lld units by SQL\n", reached - 1, (long long)units);
	TRY(ask_memory(b, true, rate, &reached));
	return ask_everything(b);
}

static void remove_store(const struct bench *b)
{
	static const char *const ENDS[] = {"", "-wal", "-shm"};
	char path[4200];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", b->path, ENDS[i]);
		(void)unlink(path);
	}
}

static bool run(const char *folder, uint64_t units)
{
	struct bench b = {.units = units, .arena = {.limit = 64 << 20}};
	char text[1024];

	snprintf(b.path, sizeof b.path, "%s/trace_bench.db", folder);
	snprintf(b.address, sizeof b.address, "sqlite:%s", b.path);
	remove_store(&b);
	err result = measure(&b);
	if (result.code != OK) {
		fault_text(&b.f, text, sizeof text);
		fprintf(stderr, "trace_bench: %s\n", text);
	}
	graph_close(b.graph);
	ledger_close(b.ledger);
	registry_free(b.registry);
	db_close(b.db);
	remove_store(&b);
	arena_done(&b.arena);
	return result.code == OK;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: trace_bench FOLDER [UNITS]\n");
		return 2;
	}
	if (argc == 3) {
		uint64_t units = strtoull(argv[2], NULL, 10);
		return units >= LOT_UNITS && run(argv[1], units) ? 0 : 1;
	}
	return run(argv[1], 10000) && run(argv[1], 1000000) ? 0 : 1;
}
