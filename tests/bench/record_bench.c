/* SPDX-License-Identifier: Apache-2.0 */
/* record_bench FOLDER [N]: P4 (record_submit), P11 (rebuild), P12 (cold start) on SQLite and, where
 * SEALWRIGHT_TEST_POSTGRES names a server, on PostgreSQL. The records are seal.issued decisions
 * signed with P-256: seven rules, a fold, a subject chain. */
#include "bench.h"
#include "records/house.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECORDS_MAX = 10000000,
	LIST_N = 500,
	JOB_N = 250,
	ALONE_N = 300,
	DECODERS = 2,
	IN_FLIGHT = 16
};

struct work {
	struct house *house;
	const struct actor *keeper;
	struct bytes *cbor; /* signed submissions, ready to be sent */
	size_t n, next;
	size_t in_flight;
	pthread_mutex_t lock;
	pthread_cond_t room;
};

/* One job of records on its way; freed when its receipts are there. */
struct flight {
	struct work *work;
	struct arena arena;
	struct submission *items[JOB_N];
	size_t n;
};

static void receive_seals(struct house *h, const struct actor *keeper, size_t n)
{
	size_t cap = 64 * LIST_N + 256;
	char *body = malloc(cap);

	for (size_t at = 0; at < n; at += LIST_N) {
		size_t wrote = (size_t)snprintf(
			body, cap,
			"{'maker':'acme','purchase_lot':'L%zu','class':'H','site':'A',"
			"'seals':[",
			at);
		for (size_t i = at; i < at + LIST_N && i < n; i++)
			wrote += (size_t)snprintf(body + wrote, cap - wrote, "%s{'seal':'S%zu'}",
						  i > at ? "," : "", i);
		snprintf(body + wrote, cap - wrote, "]}");
		house_must(h, keeper, "seal.received", body);
		arena_reset(&h->arena);
	}
	free(body);
}

static void prepare(struct work *w, size_t first, size_t n)
{
	struct arena a = {.limit = (size_t)1 << 30};

	if (n > RECORDS_MAX)
		exit(2);
	w->cbor = calloc(n, sizeof *w->cbor);
	w->n = n;
	w->next = 0;
	for (size_t i = 0; i < n; i++) {
		char body[160];
		snprintf(body, sizeof body,
			 "{'maker':'acme','seal':'S%zu','holder':'ada','site':'A'}", first + i);
		struct bytes cbor = house_signed(w->house, &a, w->keeper, "seal.issued", body);
		uint8_t *kept = malloc(cbor.n);
		memcpy(kept, cbor.p, cbor.n);
		w->cbor[i] = bytes_of(kept, cbor.n);
		arena_reset(&a);
	}
	arena_done(&a);
}

static void forget(struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		free((void *)(uintptr_t)w->cbor[i].p);
	free(w->cbor);
}

static void landed(void *context)
{
	struct flight *flight = context;
	struct work *w = flight->work;

	for (size_t i = 0; i < flight->n; i++) {
		if (submission_result(flight->items[i])->state == RESULT_CERTIFIED)
			continue;
		fprintf(stderr, "a record of the bench was refused: %s\n",
			submission_result(flight->items[i])->fault.message);
		exit(1);
	}
	arena_done(&flight->arena);
	free(flight);
	pthread_mutex_lock(&w->lock);
	w->in_flight--;
	pthread_cond_broadcast(&w->room);
	pthread_mutex_unlock(&w->lock);
}

/* Takes the next records; NULL when there are none. At most IN_FLIGHT jobs are on their way. */
static struct flight *take_off(struct work *w, size_t most, size_t *first)
{
	struct flight *flight = NULL;

	pthread_mutex_lock(&w->lock);
	while (w->in_flight >= IN_FLIGHT)
		pthread_cond_wait(&w->room, &w->lock);
	if (w->next < w->n) {
		flight = calloc(1, sizeof *flight);
		flight->work = w;
		flight->arena.limit = 256u << 20;
		flight->n = w->n - w->next < most ? w->n - w->next : most;
		*first = w->next;
		w->next += flight->n;
		w->in_flight++;
	}
	pthread_mutex_unlock(&w->lock);
	return flight;
}

static void die(const struct fault *f)
{
	fprintf(stderr, "%s\n", f->message);
	exit(1);
}

static void fly(struct flight *flight, size_t first)
{
	struct work *w = flight->work;
	struct caller caller = {.channel = CHANNEL_KEY};
	struct fault f = {0};

	snprintf(caller.principal, sizeof caller.principal, "%s", w->keeper->id);
	for (size_t i = 0; i < flight->n; i++)
		if (submission_from_cbor(w->house->engine, &flight->arena, &caller,
					 bytes_text("seal.issued"), w->cbor[first + i],
					 &flight->items[i], &f)
			    .code != OK)
			die(&f);
	if (record_submit(w->house->engine, flight->items, flight->n, false, landed, flight, &f)
		    .code != OK)
		die(&f);
}

static void *decode_and_submit(void *context)
{
	struct work *w = context;
	struct flight *flight;
	size_t first = 0;

	while ((flight = take_off(w, JOB_N, &first)) != NULL)
		fly(flight, first);
	return NULL;
}

static void wait_until_landed(struct work *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->in_flight > 0)
		pthread_cond_wait(&w->room, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void in_batches(struct work *w, const char *store)
{
	pthread_t threads[DECODERS];
	double limit = bench_verify_rate(), start = bench_now_s();

	for (size_t i = 0; i < DECODERS; i++)
		pthread_create(&threads[i], NULL, decode_and_submit, w);
	for (size_t i = 0; i < DECODERS; i++)
		pthread_join(threads[i], NULL);
	wait_until_landed(w);
	bench_line("P4", store, w->n, (double)w->n / (bench_now_s() - start), "records/s", limit,
		   "P-256 verifies per core");
}

static void alone(struct work *w, const char *store, const char *folder)
{
	double *ms = calloc(w->n, sizeof *ms);
	double limit = 1000.0 / bench_fsync_rate(folder, 4096);

	for (size_t i = 0; i < w->n; i++) {
		size_t first = 0;
		double start = bench_now_s();
		struct flight *flight = take_off(w, 1, &first);
		fly(flight, first);
		wait_until_landed(w);
		ms[i] = (bench_now_s() - start) * 1000.0;
	}
	bench_line("P4-alone-p99", store, w->n, bench_percentile(ms, w->n, 0.99), "ms", limit,
		   "one fsync");
	bench_line("P4-alone-p50", store, w->n, bench_percentile(ms, w->n, 0.5), "ms", limit,
		   "one fsync");
	free(ms);
}

static void rebuild_and_start(struct house *h, const char *store, size_t n)
{
	struct rebuild_report report;
	struct fault f = {0};
	double start;

	house_stop(h);
	start = bench_now_s();
	if (engine_rebuild(&h->config, false, NULL, NULL, &report, &f).code != OK)
		die(&f);
	bench_line("P11", store, report.entries, (double)report.entries / (bench_now_s() - start),
		   "records/s", 200000, "goal");
	if (report.differing > 0) {
		fprintf(stderr, "the rebuild differs in %s\n", report.first_table);
		exit(1);
	}
	start = bench_now_s();
	house_start(h);
	bench_line("P12", store, n, bench_now_s() - start, "s", 5, "goal");
}

static void run_store(const char *store, const char *address, const char *folder, size_t n)
{
	struct house h;
	struct work w = {
		.house = &h, .lock = PTHREAD_MUTEX_INITIALIZER, .room = PTHREAD_COND_INITIALIZER};

	house_open(&h, address);
	struct actor keeper =
		house_actor_with(&h, "keeper", "person", "custody.write,custody.issue", KEY_P256);
	w.keeper = &keeper;
	receive_seals(&h, &keeper, n + ALONE_N);
	prepare(&w, 0, n);
	in_batches(&w, store);
	forget(&w);
	prepare(&w, n, ALONE_N);
	alone(&w, store, folder);
	forget(&w);
	rebuild_and_start(&h, store, n);
	actor_done(&keeper);
	house_close(&h);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "/tmp";
	const char *postgres = getenv("SEALWRIGHT_TEST_POSTGRES");
	size_t sizes[] = {1000, 100000, 1000000, 0};
	char address[512];

	if (argc > 2) {
		sizes[0] = strtoul(argv[2], NULL, 10);
		sizes[1] = 0;
	}
	for (size_t i = 0; sizes[i] > 0; i++) {
		snprintf(address, sizeof address, "sqlite:%s/bench-%zu.db", folder, sizes[i]);
		run_store("sqlite", address, folder, sizes[i]);
	}
	if (postgres != NULL && strcmp(postgres, "none") != 0)
		run_store("postgres", postgres, folder, argc > 2 ? sizes[0] : 20000);
	return 0;
}
