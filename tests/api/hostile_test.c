/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_test.c — every row of every table, then the tests that take more than one request, and at
 * the end a server that is as well as it was. */
#include "hostile.h"

#include "core/sha256.h"
#include "record/record.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hostile instance;
struct hostile *x = &instance;

static size_t open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n;
}

/* Plain TCP, where each byte is ours; and more requests than the usual limit allows. */
static void start_plain(struct hostile *h)
{
	api_stop(h->api);
	snprintf(h->api->config.tls, sizeof h->api->config.tls, "off");
	h->api->config.requests_per_second = 1000000;
	api_start(h->api);
}

/* A recorded claim and a stored blob, for rows that name them. */
static void keep_samples(struct hostile *h)
{
	static const char CONTENT[] = "0123456789";
	struct hash digest = sha256(bytes_text(CONTENT));
	struct reply *r = wire_post(h, WANDA, "/v1/records/role.defined", "application/cbor",
				    forge(h, &(const struct forgery){0}));

	must_have(r, 201);
	snprintf(h->receipt, sizeof h->receipt, "%s", reply_text(r, "digest"));
	hex_encode(hash_bytes(&digest), h->blob);
	const struct row put = {
		.path = "/v1/blobs/@BLOB", .method = "PUT", .type = "", .raw = bytes_text(CONTENT)};
	must_have(wire_row(h, &put, put.path), 201);
}

static int open_all(void **state)
{
	(void)state;
	x->api = api_open();
	start_plain(x);
	hostile_seed(x);
	keep_samples(x);
	(void)wire_get(x, ADA, "/v1/me");
	x->open_files = open_files();
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	print_message("%zu requests\n", x->requests);
	person_done(&x->wanda);
	person_done(&x->alma);
	person_done(&x->nemo);
	api_close(x->api);
	return 0;
}

/* ---- rows ---- */

static void run_row(void **state)
{
	const struct row *row = *state;
	bool record = strncmp(row->path, "/v1/records/", 12) == 0 && row->method == NULL &&
		      strstr(row->path, "/prepare") == NULL;

	wire_expect(row, wire_row(x, row, row->path));
	if (record && !row->once && (row->type == NULL || row->type[0] == '\0'))
		wire_expect(row, wire_row(x, row,
					  arena_printf(&x->api->arena, "%s/prepare", row->path)));
}

/* ---- after all of it ---- */

extern const struct area *const AREAS[];

static err no_checkpoint(void *context, struct merkle_head old, struct merkle_head now,
			 const struct hash *path, size_t path_n, struct arena *a,
			 struct bytes *note, struct fault *f)
{
	(void)context, (void)old, (void)now, (void)path, (void)path_n, (void)a, (void)note;
	return fail(f, "SIGNER_UNAVAILABLE", NULL);
}

static err no_head(void *context, struct merkle_head *out, struct fault *f)
{
	(void)context, (void)out;
	return fail(f, "SIGNER_UNAVAILABLE", NULL);
}

static void the_server_is_ready_and_takes_a_good_record(void **state)
{
	struct reply *ready = wire_get(x, NOBODY, "/readyz");

	(void)state;
	must_have(ready, 200);
	assert_true(json_is_true(json_object_get(ready->json, "ready")));
	must_have(wire_post(x, WANDA, "/v1/records/role.defined", "application/cbor",
			    forge(x, &(const struct forgery){0})),
		  201);
}

/* The server closes its end a moment after we did ours; and its pools of connections to the store
 * grow when they are needed. A leak in any of thousands of requests would be far more. */
static void no_file_stays_open(void **state)
{
	enum { TRIES = 2000, POOLS_MAX = 64 };
	size_t now = open_files();

	(void)state;
	for (size_t i = 0; i < TRIES && now > x->open_files + POOLS_MAX; i++) {
		must_have(wire_get(x, NOBODY, "/healthz"), 200);
		now = open_files();
	}
	if (now > x->open_files + POOLS_MAX)
		stop_test("%zu files are open; before it were %zu\n", now, x->open_files);
}

static void the_tables_are_what_the_log_says(void **state)
{
	struct api *api = x->api;
	struct engine_config config = {.store = api->config.store,
				       .origin = api->config.origin,
				       .areas = AREAS,
				       .clock = &api->clock,
				       .sign = no_checkpoint,
				       .last_signed = no_head};
	struct rebuild_report report;
	struct fault f = {0};

	(void)state;
	api_stop(api);
	assert_int_equal(engine_rebuild(&config, false, NULL, NULL, &report, &f).code, OK);
	if (report.differing > 0)
		stop_test("%s differs: %s\n", report.first_table, report.first_row);
	assert_true(report.entries > 50);
	api_start(api);
}

/* ---- all of them ---- */

static const struct table *const TABLES[] = {&JSON_TABLE,    &ENVELOPE_TABLE, &COSE_TABLE,
					     &SESSION_TABLE, &VIEW_TABLE,     &READ_TABLE,
					     &PATH_TABLE,    &BLOB_TABLE};

enum { TESTS_MAX = 1024 };
static struct CMUnitTest tests[TESTS_MAX];
static size_t tests_n;

static void add(struct CMUnitTest test)
{
	if (tests_n == TESTS_MAX)
		abort();
	tests[tests_n++] = test;
}

static void add_rows(const struct table *table, char *names, size_t cap)
{
	size_t used = 0;

	for (size_t i = 0; i < table->n; i++) {
		char *name = names + used;
		used += (size_t)snprintf(name, cap - used, "%s: %s", table->name,
					 table->rows[i].name) +
			1;
		if (used >= cap)
			abort();
		/* cmocka hands the state back as it was given. */
		union {
			const struct row *given;
			void *state;
		} row = {.given = &table->rows[i]};
		add((struct CMUnitTest){name, run_row, NULL, NULL, row.state});
	}
}

static void add_tests(const struct CMUnitTest *more, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(more[i]);
}

/* With an argument, only tests whose names fit it: '*cursor*'. */
int main(int argc, char **argv)
{
	enum { NAMES = 32768 };
	static const struct CMUnitTest after[] = {
		cmocka_unit_test(the_server_is_ready_and_takes_a_good_record),
		cmocka_unit_test(no_file_stays_open),
		cmocka_unit_test(the_tables_are_what_the_log_says),
	};
	static char names[sizeof TABLES / sizeof TABLES[0]][NAMES];

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
		add_rows(TABLES[i], names[i], NAMES);
	add_tests(BYTE_TESTS, BYTE_TESTS_N);
	add_tests(SESSION_TESTS, SESSION_TESTS_N);
	add_tests(SCOPE_TESTS, SCOPE_TESTS_N);
	add_tests(RIOT_TESTS, RIOT_TESTS_N);
	add_tests(WIRE_TESTS, WIRE_TESTS_N);
	add_tests(after, sizeof after / sizeof after[0]);
	return _cmocka_run_group_tests("hostile", tests, tests_n, open_all, close_all);
}
