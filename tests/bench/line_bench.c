/* SPDX-License-Identifier: Apache-2.0 */
/* line_bench.c — what Sealwright adds to the time of one unit at each station: from the station's
 * call, over TLS on one kept connection, to a verified receipt; with device certificate and permit
 * until they are there. One unit after the other, as a station works.
 * usage: line_bench FOLDER [UNITS] */
#include "bench.h"
#include "client/client.h"
#include "company.h"
#include "crypto/x509.h"
#include "domain/access/access_area.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct area *const AREAS[];

enum { UNITS = 200, PARTS = 60 };
enum step { STEP_IDENTITY, STEP_FIT, STEP_BUILD, STEP_PERMIT, STEP_PROGRAM, STEP_TEST, STEPS };
static const char *const STEP_NAMES[STEPS] = {"identity", "fit",     "build",
					      "permit",   "program", "test"};

struct line {
	struct company company;
	struct registry *registry;
	struct note_key log;
	struct client *station, *office;
	char procedure[65];
	double *spent_ms[STEPS];
};

static void stop(const char *what, const struct fault *f)
{
	fprintf(stderr, "line_bench: %s: %s\n", what, f->message == NULL ? "?" : f->message);
	exit(1);
}

/* ---- a client, as a station has one ---- */

static const char *key_file(struct line *l, const struct person *who)
{
	char *path = arena_printf(&l->company.x->arena, "%s/%s.key", l->company.x->folder, who->id);
	struct fault f = {0};

	if (private_key_save(who->key, path, (struct bytes){0}, &f).code != OK)
		stop("key", &f);
	return path;
}

static struct client *open_client(struct line *l, const struct person *who, bool machine)
{
	struct api *x = l->company.x;
	struct fault f = {0};
	struct client *client;
	struct client_config config = {.server = arena_printf(&x->arena, "https://localhost:%u",
							      machine ? x->machines : x->people),
				       .ca = arena_printf(&x->arena, "%s/tls.crt", x->folder),
				       .origin = API_ORIGIN,
				       .log = &l->log,
				       .registry = l->registry,
				       .principal = who->id,
				       .key = who->key,
				       .machine = machine,
				       .key_file = key_file(l, who)};

	if (client_open(&config, &client, &f).code != OK)
		stop("client", &f);
	return client;
}

/* `body` is taken over. */
static void says(struct line *l, const char *type, json_t *body)
{
	struct fault f = {0};
	json_t *receipt = NULL;
	err e = client_record(l->station, type, body, &receipt, &f);

	if (e.code != OK || json_array_size(json_object_get(receipt, "raised")) > 0) {
		json_dumpf(receipt == NULL ? client_problem(l->station) : receipt, stderr, 0);
		stop(type, &f);
	}
	json_decref(body);
	json_decref(receipt);
}

/* Until the view has a row of this unit. */
static void await(struct line *l, const char *view, const char *serial)
{
	const char *query[] = {"product", "GW", "serial", serial, NULL};
	struct fault f = {0};

	for (size_t n = 0; n == 0;) {
		json_t *page = NULL;
		if (client_view(l->office, view, query, &page, &f).code != OK)
			stop(view, &f);
		n = json_array_size(json_object_get(page, "rows"));
		json_decref(page);
	}
}

/* ---- one unit ---- */

static void identity(struct line *l, const char *serial)
{
	struct arena a = {0};
	struct private_key *key;
	struct bytes der;
	char text[4096];

	if (private_key_generate(KEY_P256, &key, NULL).code != OK ||
	    csr_make(&a, key, serial, &der, NULL).code != OK || base64_size(der.n) >= sizeof text)
		exit(1);
	base64url_encode(der, text);
	says(l, "unit.requested",
	     json_pack("{s:s, s:s, s:s, s:s}", "product", "GW", "serial", serial, "authorization",
		       "BA", "csr", text));
	await(l, "unit.certificate", serial);
	private_key_close(key);
	arena_done(&a);
}

static void fit(struct line *l, const char *serial)
{
	json_t *parts = json_array();

	for (int i = 0; i < PARTS; i++)
		json_array_append_new(parts, json_pack("{s:s, s:o, s:o, s:i}", "supplier", "acme",
						       "part_lot", json_sprintf("L%d", i), "part",
						       json_sprintf("P%d", i), "quantity", 1));
	says(l, "unit.fitted",
	     json_pack("{s:s, s:s, s:s, s:o}", "product", "GW", "serial", serial, "station", "st1",
		       "parts", parts));
}

static void permit(struct line *l, const char *serial)
{
	uint8_t nonce[32];
	char text[64];

	if (random_bytes(nonce, sizeof nonce, NULL).code != OK)
		exit(1);
	base64url_encode(bytes_of(nonce, sizeof nonce), text);
	says(l, "permit.requested",
	     json_pack("{s:s, s:s, s:s, s:s}", "product", "GW", "serial", serial, "release", "FW1",
		       "nonce", text));
	await(l, "permit.list", serial);
}

static void test(struct line *l, const char *serial, size_t sequence)
{
	says(l, "test.recorded",
	     json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:[{s:s, s:I}]}", "product",
		       "GW", "serial", serial, "station", "st1", "procedure", "FCT",
		       "procedure_digest", l->procedure, "sequence", (json_int_t)sequence,
		       "started", "2026-01-01T00:00:00.000Z", "ended", "2026-01-01T00:00:01.000Z",
		       "verdict", "pass", "measurements", "measurement", "supply", "value_micro",
		       (json_int_t)(3300000 + sequence)));
}

static void one_unit(struct line *l, size_t n)
{
	char serial[32];
	double at[STEPS + 1];

	snprintf(serial, sizeof serial, "B-%06zu", n);
	at[0] = bench_now_s();
	identity(l, serial);
	at[1] = bench_now_s();
	fit(l, serial);
	at[2] = bench_now_s();
	says(l, "unit.built",
	     json_pack("{s:s, s:s, s:s}", "product", "GW", "serial", serial, "station", "st1"));
	at[3] = bench_now_s();
	permit(l, serial);
	at[4] = bench_now_s();
	says(l, "unit.programmed",
	     json_pack("{s:s, s:s, s:s, s:s, s:s}", "product", "GW", "serial", serial, "station",
		       "st1", "release", "FW1", "image", COMPANY_IMAGE));
	at[5] = bench_now_s();
	test(l, serial, n + 1);
	at[6] = bench_now_s();
	for (size_t i = 0; i < STEPS; i++)
		l->spent_ms[i][n] = (at[i + 1] - at[i]) * 1000;
}

/* ---- what it needs before ---- */

static void erin_says(struct line *l, const char *type, const char *body)
{
	(void)api_must(l->company.x, &l->company.x->erin, type, body);
}

/* A bill of as many lines as a small board has. */
static void bill(struct line *l)
{
	struct arena *a = &l->company.x->arena;
	char *lines = arena_printf(a, "%s", "");

	for (int i = 0; i < PARTS; i++) {
		erin_says(l, "part.defined",
			  arena_printf(a, "{'part':'P%d','description':'p','critical':false}", i));
		erin_says(l, "part.source_approved",
			  arena_printf(a, "{'part':'P%d','supplier':'acme'}", i));
		erin_says(l, "part_lot.received",
			  arena_printf(a,
				       "{'supplier':'acme','part_lot':'L%d','part':'P%d',"
				       "'quantity':%d,'site':'VN','packaging':'intact'}",
				       i, i, 2 * UNITS));
		lines = arena_printf(a, "%s%s{'line':'%d','part':'P%d','quantity':1}", lines,
				     i == 0 ? "" : ",", i, i);
	}
	erin_says(l, "bom.released",
		  arena_printf(a, "{'product':'GW','revision':'B','line_count':%d,'lines':[%s]}",
			       PARTS, lines));
}

static void authority(struct line *l, size_t units)
{
	struct api *x = l->company.x;
	char *body = arena_printf(
		&x->arena, "%s",
		company_authorization(&l->company, "BA", (unsigned)units, ",'permits':true"));

	*(strstr(body, "'revision':'A'") + strlen("'revision':'")) = 'B';
	const char *digest = company_decides(&l->company, "build.authorized", body);
	if (strcmp(company_verdict(&l->company, digest), "admitted") != 0)
		exit(1);
	for (int i = 0; i < PARTS; i++)
		erin_says(l, "part_lot.issued",
			  arena_printf(&x->arena,
				       "{'supplier':'acme','part_lot':'L%d','authorization':'BA',"
				       "'site':'VN','line':'L1','quantity':%zu}",
				       i, units));
	snprintf(l->procedure, sizeof l->procedure, "%s",
		 company_decides(&l->company, "procedure.released",
				 arena_printf(&x->arena,
					      "{'procedure':'FCT','product':'GW','revision':'1',"
					      "'document':'%s','limits':[{'measurement':'supply',"
					      "'unit':'V','low_micro':1000000,'high_micro':9000000"
					      "}]}",
					      COMPANY_IMAGE)));
}

static void open_line(struct line *l, size_t units)
{
	struct api *x = api_open();
	struct fault f = {0};

	api_stop(x);
	x->config.requests_per_second = 100000;
	api_start(x);
	api_sign_in(x, &x->ada);
	api_sign_in(x, &x->ben);
	company_open(&l->company, x);
	bill(l);
	authority(l, units);
	if (registry_make(AREAS, &l->registry, &f).code != OK)
		stop("registry", &f);
	l->log = x->public.checkpoint;
	l->station = open_client(l, &l->company.st1, true);
	l->office = open_client(l, &x->erin, false);
}

/* The least that such a step can cost: one record's fsync, and one signature made and verified at
 * each end. */
static double least_ms(const char *folder)
{
	double fsync_rate = bench_fsync_rate(folder, 4096), sign = bench_sign_rate(),
	       verify = bench_verify_rate();

	return fsync_rate <= 0 || sign <= 0 || verify <= 0
		       ? 0
		       : 1000 * (1 / fsync_rate + 2 / sign + 2 / verify);
}

int main(int argc, char **argv)
{
	size_t wanted = argc > 2 ? strtoul(argv[2], NULL, 10) : 0,
	       units = wanted > 0 && wanted < UNITS ? wanted : UNITS;
	struct line *l = calloc(1, sizeof *l);
	char variant[32];
	double whole = 0, least = least_ms(argc > 1 ? argv[1] : ".");

	if (l == NULL)
		return 1;
	open_line(l, units);
	for (size_t i = 0; i < STEPS; i++)
		if ((l->spent_ms[i] = calloc(units, sizeof(double))) == NULL)
			return 1;
	for (size_t n = 0; n < units; n++)
		one_unit(l, n);
	for (size_t i = 0; i < STEPS; i++) {
		double half = bench_percentile(l->spent_ms[i], units, 0.5);
		snprintf(variant, sizeof variant, "sqlite-%s", STEP_NAMES[i]);
		bench_line("M1", variant, units, half, "ms", least, "fsync+2sign+2verify");
		bench_line("M1-p99", variant, units, bench_percentile(l->spent_ms[i], units, 0.99),
			   "ms", 0, NULL);
		whole += half;
	}
	bench_line("M1", "sqlite-whole-unit", units, whole / 1000, "s", 0, NULL);
	client_close(l->station);
	client_close(l->office);
	registry_free(l->registry);
	company_done(&l->company);
	api_close(l->company.x);
	free(l);
	return 0;
}
