/* SPDX-License-Identifier: Apache-2.0 */
/* view_bench FOLDER [UNITS]: C1, what the console's lists take with UNITS units in the store (default: 1,000,000), each
 * with a device certificate, a twentieth of them held: views as a person with the right asks them, on SQLite and, where
 * SEALWRIGHT_TEST_POSTGRES names a server, on PostgreSQL. The limit is reading a page of 100 units one by one by
 * their key, prepared, in the same store. */
#include "bench.h"
#include "records/house.h"

#include "db/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMES = 15, PAGE = 100, UNITS = 1000000 };

struct bench {
	const char *store; /* its name */
	uint64_t units;
	struct house house;
	struct actor reader;
	struct db *db;
	double page_s; /* a page of units by their keys */
	struct fault f;
};

static void must(struct bench *b, err result, const char *what)
{
	if (result.code == OK)
		return;
	fprintf(stderr, "%s: %s %s\n", what, b->f.message,
		fault_value(&b->f, "detail") == NULL ? "" : fault_value(&b->f, "detail"));
	exit(1);
}

/* ---- filling ---- */

#define NUMBERS "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :n) "
#define SERIAL  "substr('00000000' || i, length('00000000' || i) - 7, 8)"

/* Five products, four sites, a build authorization for 5,000 units; nine in ten have left the house. */
static const char *const FILL[] = {
	NUMBERS
	"INSERT INTO unit (product, serial, state, build_authorization, site, line, station,"
	" environment, certificate, spki, boot_count, since)"
	" SELECT 'P' || (i / 5000 % 5), " SERIAL
	", CASE WHEN i % 10 > 0 AND i % 3 = 0 THEN 'received'"
	" WHEN i % 10 > 0 THEN 'shipped' WHEN i % 20 = 0 THEN 'built' WHEN i % 7 = 0 THEN "
	"'scrapped'"
	" ELSE 'certified' END, 'BA' || (i / 5000), 'S' || (i / 5000 % 4), 'L1', 'st1', "
	"'production',"
	" :blob, :blob, 0, i + 100 FROM n",
	NUMBERS "INSERT INTO nonconformance (seq, n, code, kind, within, id, at, author, state)"
		" SELECT i + 100, 0, CASE i % 3 WHEN 0 THEN 'SEAL_BROKEN' WHEN 1 THEN 'TEST_FAILED'"
		" ELSE 'COUNT_DIFFERS' END, 'unit', 'P' || (i / 5000 % 5), " SERIAL ", i, 'st1',"
		" CASE WHEN i % 2 = 0 THEN 'open' ELSE 'closed' END FROM n WHERE i % 10 = 0",
	NUMBERS
	"INSERT INTO hold (kind, within, id, seq, n, code, author, at)"
	" SELECT 'unit', 'P' || (i / 5000 % 5), " SERIAL ", i + 100, 0,"
	" CASE i % 3 WHEN 0 THEN 'SEAL_BROKEN' WHEN 1 THEN 'TEST_FAILED' ELSE 'COUNT_DIFFERS' END,"
	" 'st1', i FROM n WHERE i % 20 = 0",
};

static void fill(struct bench *b)
{
	static const struct parameter P[] = {{"n", VALUE_INT}, {"blob", VALUE_BLOB}};
	static const uint8_t certificate[600];
	struct value values[] = {value_int((int64_t)b->units),
				 value_blob(bytes_of(certificate, sizeof certificate))};
	struct statement *s;

	must(b, db_open(b->house.store, &b->db, &b->f), "open");
	for (size_t i = 0; i < sizeof FILL / sizeof FILL[0]; i++) {
		must(b, db_prepare(b->db, FILL[i], P, 2, &s, &b->f), "prepare");
		must(b, db_query(b->db, s, values, NULL, NULL, NULL, &b->f), "fill");
		statement_close(s);
	}
	if (db_product(b->db) == DB_POSTGRES) /* as its autovacuum would */
		must(b, db_run(b->db, "ANALYZE", &b->f), "analyze");
	must(b, db_checkpoint(b->db, &b->f), "checkpoint");
}

/* ---- the limit ---- */

static err one_row(void *context, const struct value *columns, size_t n)
{
	(void)columns;
	*(size_t *)context += n;
	return ERR_OK;
}

static void measure_page(struct bench *b)
{
	static const struct parameter P[] = {{"product", VALUE_TEXT}, {"serial", VALUE_TEXT}};
	double all[TIMES];
	struct statement *s;

	must(b,
	     db_prepare(b->db,
			"SELECT state, site, since FROM unit WHERE product = :product AND serial = "
			":serial",
			P, 2, &s, &b->f),
	     "prepare");
	for (size_t t = 0; t < TIMES; t++) {
		size_t seen = 0;
		double begun = bench_now_s();
		for (size_t i = 0; i < PAGE; i++) {
			char product[8], serial[16];
			uint64_t unit = (t * 104729 + i * 7919) % b->units;
			snprintf(product, sizeof product, "P%u", (unsigned)(unit / 5000 % 5));
			snprintf(serial, sizeof serial, "%08u", (unsigned)unit);
			struct value values[] = {value_text(bytes_text(product)),
						 value_text(bytes_text(serial))};
			must(b, db_query(b->db, s, values, one_row, &seen, NULL, &b->f), "read");
		}
		all[t] = bench_now_s() - begun;
		if (seen != 3 * PAGE)
			exit(1);
	}
	statement_close(s);
	b->page_s = bench_percentile(all, TIMES, 0.5);
}

/* ---- views ---- */

static const struct question {
	const char *name, *view, *words[4];
} QUESTIONS[] = {
	{"states", "unit.states", {NULL}},
	{"states-by-state", "unit.states", {"group=state", NULL}},
	{"states-of-one", "unit.states", {"authorization=BA7", NULL}},
	{"units", "unit.list", {NULL}},
	{"units-of-site", "unit.list", {"site=S3", NULL}},
	{"units-of-no-site", "unit.list", {"site=S9", NULL}},
	{"units-in-state", "unit.list", {"state=scrapped", NULL}},
	{"units-in-no-state", "unit.list", {"state=lost", NULL}},
	{"units-newest", "unit.list", {"sort=-since", NULL}},
	{"units-newest-of-site", "unit.list", {"sort=-since", "site=S2", NULL}},
	{"units-where", "unit.list", {"where.build_authorization=BA11", NULL}},
	{"holds-by-code", "hold.open", {"group=code", NULL}},
	{"nonconformances-by-code", "nonconformance.open", {"group=code", NULL}},
};

static void read_view(struct bench *b, struct reader_session *r, const struct question *q)
{
	const char *names[4], *values[4];
	struct caller caller = {.channel = CHANNEL_SESSION, .principal = "reader"};
	struct view_request request = {
		.name = bytes_text(q->view), .caller = &caller, .names = names, .values = values};
	struct arena a = {0};
	json_t *page = NULL;

	for (; q->words[request.n] != NULL; request.n++) {
		const char *equals = strchr(q->words[request.n], '=');
		names[request.n] = arena_text(
			&a, bytes_of(q->words[request.n], (size_t)(equals - q->words[request.n])));
		values[request.n] = equals + 1;
	}
	must(b, view_read(b->house.engine, r, &a, &request, &page, &b->f), q->name);
	json_decref(page);
	arena_done(&a);
}

static void measure_view(struct bench *b, const struct question *q)
{
	struct reader_session *r;
	double all[TIMES];
	char variant[64];

	must(b, reader_take(b->house.engine, &r, &b->f), "reader");
	read_view(b, r, q); /* what is cold is the disk's */
	for (size_t i = 0; i < TIMES; i++) {
		double begun = bench_now_s();
		read_view(b, r, q);
		all[i] = bench_now_s() - begun;
	}
	reader_give(r);
	snprintf(variant, sizeof variant, "%s-%s", b->store, q->name);
	bench_line("C1", variant, b->units, bench_percentile(all, TIMES, 0.5) * 1000, "ms",
		   b->page_s * 1000, "page-by-key-ms");
}

static void measure(const char *name, const char *address, uint64_t units)
{
	struct bench *b = calloc(1, sizeof *b);

	if (b == NULL)
		exit(1);
	b->store = name;
	b->units = units;
	house_open(&b->house, address);
	b->reader = house_actor(&b->house, "reader", "person",
				"identity.read,recall.read,nonconformance.read");
	house_stop(&b->house);
	b->house.config.view_ms = 600000; /* what is slow is to be seen */
	house_start(&b->house);
	fill(b);
	measure_page(b);
	for (size_t i = 0; i < sizeof QUESTIONS / sizeof QUESTIONS[0]; i++)
		measure_view(b, &QUESTIONS[i]);
	db_close(b->db);
	actor_done(&b->reader);
	house_close(&b->house);
	free(b);
}

int main(int argc, char **argv)
{
	const char *postgres = getenv("SEALWRIGHT_TEST_POSTGRES");
	uint64_t units = argc > 2 ? strtoull(argv[2], NULL, 10) : UNITS;
	char address[4200];

	if (argc < 2 || units < PAGE)
		return 2;
	snprintf(address, sizeof address, "sqlite:%s/views.db", argv[1]);
	measure("sqlite", address, units);
	if (postgres != NULL && strcmp(postgres, "none") != 0)
		measure("postgres", postgres, units);
	return 0;
}
