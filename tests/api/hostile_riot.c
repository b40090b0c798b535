/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_riot.c — many clients at once: some leave in the middle, some are right, most are wrong. */
#include "hostile.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define ROLE_PATH "/v1/records/role.defined"

/* An upload holds one of few stores, a batch one of few places, until its client is gone. */
static void clients_that_leave_give_back_their_places(void **state)
{
	enum { TIMES = 64, TRIES = 5000 };
	const struct row put = {
		.path = "/v1/blobs/@BLOB", .method = "PUT", .type = "", .raw = RAW("0123456789")};
	const struct row batch = {.path = "/v1/records", .body = "{'records': [1]}"};
	struct reply *r = NULL;

	(void)state;
	for (size_t i = 0; i < TIMES; i++) {
		int fd = wire_open(x);
		wire_text(x, fd,
			  arena_printf(&x->api->arena,
				       "PUT /v1/blobs/%064zx HTTP/1.1\r\nHost: a\r\n%s"
				       "Content-Length: 1000\r\n\r\nhalf of it",
				       i + 1, wire_token(x, WANDA)));
		wire_leave(fd);
		fd = wire_open(x);
		wire_text(x, fd,
			  arena_printf(&x->api->arena,
				       "POST /v1/records HTTP/1.1\r\nHost: a\r\n%s"
				       "Content-Type: application/json\r\n"
				       "Content-Length: 100\r\n\r\n{\"records\": [",
				       wire_token(x, WANDA)));
		wire_leave(fd);
		x->requests += 2;
	}
	for (size_t i = 0; i < TRIES && (r == NULL || r->status == 503); i++)
		r = wire_row(x, &put, put.path);
	must_have(r, 200); /* it is there already */
	must_have(wire_row(x, &batch, batch.path), 422);
}

/* ---- many at once ---- */

/* One of several: its own arena and addresses, the same server. */
struct rioter {
	pthread_t thread;
	struct hostile h;
	struct api *api;
	size_t number, wrong;
	char first[256];
};

static void riot(struct rioter *t, const struct row *row, int status)
{
	struct reply *r = wire_row(&t->h, row, row->path);

	if (r->status == status)
		return;
	if (t->wrong++ == 0)
		snprintf(t->first, sizeof t->first, "%s: %d %.180s", row->path, r->status, r->body);
}

static void *riot_main(void *context)
{
	enum { ROUNDS = 40 };
	static const struct forgery good, stolen = {.signer = ADA}, other = {.origin = "o.example"};
	static const struct row rows[] = {
		{.path = ROLE_PATH, .type = "application/cbor", .forgery = &good, .status = 201},
		{.path = ROLE_PATH, .type = "application/cbor", .forgery = &stolen, .status = 401},
		{.path = ROLE_PATH, .type = "application/cbor", .forgery = &other, .status = 400},
		{.path = ROLE_PATH, .body = "{'body': {'role': 5}}", .status = 400},
		{.path = "/v1/views/site.list?limit=1", .who = ALMA, .status = 200},
		{.path = "/v1/views/site.list?limit=0", .who = ALMA, .status = 400},
		{.path = "/v1/entries/1", .who = NEMO, .status = 403},
		{.path = "/v1/entries/1", .status = 200},
		{.path = "/v1/blobs/@BLOB", .status = 200},
		{.path = "/v1/challenges",
		 .body = "{'for': 'session'}",
		 .who = NOBODY,
		 .status = 201},
		{.path = "/log/checkpoint", .who = NOBODY, .status = 200},
		{.path = "/v1/records", .body = "{'whole': true, 'records': [{}]}", .status = 422},
	};
	struct rioter *t = context;

	for (size_t i = 0; i < ROUNDS; i++)
		for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
			riot(t, &rows[(k + t->number) % (sizeof rows / sizeof rows[0])],
			     rows[(k + t->number) % (sizeof rows / sizeof rows[0])].status);
	return NULL;
}

static void good_and_bad_requests_at_once_each_get_their_own_answer(void **state)
{
	enum { RIOTERS = 4 };
	static struct rioter rioters[RIOTERS];

	size_t before = x->requests;

	(void)state;
	for (size_t i = 0; i < RIOTERS; i++) {
		struct rioter *t = &rioters[i];
		t->number = i * 3;
		t->api = api_copy(x->api);
		t->h = *x;
		t->h.api = t->api;
		t->h.peers = x->peers + (unsigned)(i + 1) * 100000;
		assert_int_equal(pthread_create(&t->thread, NULL, riot_main, t), 0);
	}
	for (size_t i = 0; i < RIOTERS; i++) {
		assert_int_equal(pthread_join(rioters[i].thread, NULL), 0);
		x->requests += rioters[i].h.requests - before;
		api_copy_done(rioters[i].api);
	}
	for (size_t i = 0; i < RIOTERS; i++)
		if (rioters[i].wrong > 0)
			stop_test("%zu wrong answers; the first: %s\n", rioters[i].wrong,
				  rioters[i].first);
}

const struct CMUnitTest RIOT_TESTS[] = {
	cmocka_unit_test(clients_that_leave_give_back_their_places),
	cmocka_unit_test(good_and_bad_requests_at_once_each_get_their_own_answer),
};
const size_t RIOT_TESTS_N = sizeof RIOT_TESTS / sizeof RIOT_TESTS[0];
