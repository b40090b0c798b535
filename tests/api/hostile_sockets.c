/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_sockets.c — shapes of traffic that no row can say: smuggled requests, slow clients, clients
 * that leave, and bytes that are no HTTP. */
#include "hostile.h"

#include "crypto/crypto.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char ROLE[] = "/v1/records/role.defined";

static const char *said(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *said(const char *format, ...)
{
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	assert_true(vsnprintf(text, sizeof text, format, arguments) < (int)sizeof text);
	va_end(arguments);
	return arena_text(&x->api->arena, bytes_text(text));
}

/* How many answers come before the end, none of them a success. */
static size_t answers_before_the_end(int fd, bool *success)
{
	size_t n = 0;

	*success = false;
	for (struct reply *r; (r = wire_read(x, fd, false))->status != 0; n++)
		*success = *success || r->status < 400;
	return n;
}

/* ---- more requests than one ---- */

static void nothing_is_smuggled_behind_a_refused_body(void **state)
{
	static const char *const shapes[] = {
		/* Length and chunks: both ends. */
		"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"Content-Length: 5\r\nContent-Length: 0\r\n\r\n",
		"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding:\013chunked\r\n\r\n0\r\n\r\n",
		"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Content-Length: 0, 0\r\n\r\n",
		"Content-Length: 0x0\r\n\r\n",
		/* Chunks of sizes that are none. */
		"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
		"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
		"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		int fd = wire_open(x);
		bool success;
		wire_text(x, fd,
			  said("POST /v1/challenges HTTP/1.1\r\nHost: a\r\n"
			       "Content-Type: application/json\r\n%s"
			       "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
			       shapes[i]));
		(void)shutdown(fd, SHUT_WR);
		(void)answers_before_the_end(fd, &success);
		if (success)
			stop_test("a request was smuggled behind shape %zu\n", i);
		close(fd);
		x->requests++;
	}
}

static void a_thousand_requests_in_one_go_get_a_thousand_answers(void **state)
{
	enum { MANY = 1000 };
	static const char ONE[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
	char *all = arena_alloc(&x->api->arena, MANY * sizeof ONE);
	int fd = wire_open(x);

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i < MANY; i++)
		memcpy(all + i * (sizeof ONE - 1), ONE, sizeof ONE);
	wire_text(x, fd, all);
	size_t served = 0, refused = 0;
	for (size_t i = 0; i < MANY; i++) {
		struct reply *r = wire_read(x, fd, false);
		served += r->status == 200;
		refused += r->status == 429;
	}
	/* One address without a session may ask so often and no more. */
	assert_int_equal(served + refused, MANY);
	assert_true(served >= 200);
	assert_true(refused > 0);
	x->requests += MANY;
	close(fd);
}

static void a_thousand_requests_of_somebody_who_signed_in_are_all_served(void **state)
{
	enum { MANY = 1000 };
	const char *one = said("GET /v1/views/site.list?limit=1 HTTP/1.1\r\nHost: a\r\n%s\r\n",
			       wire_token(x, WANDA));
	int fd = wire_open(x);

	(void)state;
	/* Ten at a time, so that nobody waits for the other to read. */
	for (size_t i = 0; i < MANY / 10; i++) {
		for (size_t k = 0; k < 10; k++)
			wire_text(x, fd, one);
		for (size_t k = 0; k < 10; k++)
			must_have(wire_read(x, fd, false), 200);
	}
	x->requests += MANY;
	close(fd);
}

/* ---- a server that waits for one second ---- */

static int make_impatient(void **state)
{
	(void)state;
	api_stop(x->api);
	x->api->config.idle_seconds = 1;
	api_start(x->api);
	return 0;
}

static int make_patient(void **state)
{
	(void)state;
	api_stop(x->api);
	x->api->config.idle_seconds = 60;
	api_start(x->api);
	return 0;
}

/* ---- no HTTP ---- */

static void bytes_that_are_no_http_end_the_connection(void **state)
{
	static const struct bytes shapes[] = {
		RAW("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), /* TLS */
		RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		RAW("GET /healthz\r\n\r\n"), /* 0.9 */
		RAW("GET /healthz HTTP/3.0\r\nHost: a\r\n\r\n"),
		RAW("GET /healthz HTTP/1.1 \r\nHost: a\r\n\r\n"),
		RAW("GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
		RAW("\0\0\0\0\0\0\0\0\0\0\r\n\r\n"),
		RAW("SSH-2.0-OpenSSH_9.9\r\n\r\n"),
		RAW("* 1 EHLO\r\n\r\n"),
		RAW("{\"body\": {}}\r\n\r\n"),
		RAW("GET /healthz HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"),
		RAW("\xff\xfe\xfd\xfc\r\n\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		int fd = wire_open(x);
		bool success;
		wire_put(x, fd, shapes[i]);
		(void)shutdown(fd, SHUT_WR);
		(void)answers_before_the_end(fd, &success);
		if (success)
			stop_test("shape %zu was served\n", i);
		close(fd);
		x->requests++;
	}
	must_have(wire_get(x, NOBODY, "/healthz"), 200);
}

/* ---- clients that leave ---- */

static void a_client_that_closes_its_half_is_answered_or_cut(void **state)
{
	int fd = wire_open(x);

	(void)state;
	wire_text(x, fd, "GET /v1/types HTTP/1.1\r\nHost: a\r\n\r\n");
	(void)shutdown(fd, SHUT_WR);
	struct reply *r = wire_read(x, fd, false);
	assert_true(r->status == 0 || r->status == 200);
	assert_true(wire_ended(fd));
	close(fd);
	x->requests++;
}

static int64_t log_size(void)
{
	return reply_number(wire_get(x, NOBODY, "/readyz"), "size");
}

static void a_client_that_leaves_amid_its_body_records_nothing(void **state)
{
	struct bytes whole = forge(x, &(const struct forgery){0});
	int64_t before = log_size();

	(void)state;
	for (size_t n = 0; n < whole.n; n += 40) {
		int fd = wire_open(x);
		wire_text(x, fd,
			  said("POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n"
			       "Content-Type: application/cbor\r\n\r\n",
			       ROLE, wire_token(x, WANDA), whole.n));
		wire_put(x, fd, bytes_of(whole.p, n));
		wire_leave(fd);
		x->requests++;
	}
	assert_int_equal(log_size(), before);
}

/* Its record is in the log, once: who asks again gets the receipt. */
static void a_client_gone_while_the_signer_is_away_has_its_record_once(void **state)
{
	enum { TRIES = 20000 };
	struct bytes whole = forge(x, &(const struct forgery){0});
	int64_t before = log_size(), size = before;
	struct reply *r = NULL;

	(void)state;
	api_signer_away(x->api);
	int fd = wire_open(x);
	wire_text(x, fd,
		  said("POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n"
		       "Content-Type: application/cbor\r\n\r\n",
		       ROLE, wire_token(x, WANDA), whole.n));
	wire_put(x, fd, whole);
	for (size_t i = 0; i < TRIES && size == before; i++)
		size = log_size();
	assert_int_equal(size, before + 1); /* committed; its answer waits for the signer */
	wire_leave(fd);
	r = wire_post(x, WANDA, ROLE, "application/cbor", whole);
	must_have(r, 202);
	assert_int_equal(reply_number(r, "sequence"), before);
	api_signer_back(x->api);
	for (size_t i = 0; i < TRIES && r->status == 202; i++)
		r = wire_post(x, WANDA, ROLE, "application/cbor", whole);
	must_have(r, 201);
	assert_int_equal(reply_number(r, "sequence"), before);
	assert_int_equal(log_size(), before + 1);
	x->requests++;
}

/* ---- clients that are slow ---- */

static bool ends_within(int fd, int ms)
{
	struct pollfd waits = {.fd = fd, .events = POLLIN};
	char bytes[4096];

	return poll(&waits, 1, ms) == 1 && recv(fd, bytes, sizeof bytes, 0) <= 0;
}

/* Byte by byte, each in time: the whole takes too long all the same. */
static void send_slowly(const char *text)
{
	enum { EVERY_MS = 300, PATIENCE = 100 };
	int fd = wire_open(x);
	size_t sent = 0;

	wire_text(x, fd, text);
	while (sent < PATIENCE && !ends_within(fd, EVERY_MS)) {
		wire_text(x, fd, "a");
		sent++;
	}
	if (sent == PATIENCE)
		stop_test("a slow client was waited for\n");
	close(fd);
	x->requests++;
}

static void slow_clients_are_cut(void **state)
{
	enum { SILENT = 300 };
	int fds[SILENT];

	(void)state;
	for (size_t i = 0; i < SILENT; i++) {
		fds[i] = wire_open(x);
		wire_text(x, fds[i],
			  i % 2 == 0 ? "GET /v1/types HTTP/1.1\r\nHost: a\r\nX: "
				     : "POST /v1/challenges HTTP/1.1\r\nHost: a\r\n"
				       "Content-Length: 100\r\n\r\n{");
	}
	must_have(wire_get(x, NOBODY, "/healthz"), 200); /* nobody else waits for them */
	send_slowly("GET /v1/types HTTP/1.1\r\nHost: a\r\nX-Slow: ");
	send_slowly("POST /v1/challenges HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n"
		    "Content-Type: application/json\r\n\r\n{");
	send_slowly(said("PUT /v1/blobs/" REPEAT8("01234567") " HTTP/1.1\r\nHost: a\r\n%s"
							      "Content-Length: 10000\r\n\r\n",
			 wire_token(x, WANDA)));
	for (size_t i = 0; i < SILENT; i++) {
		assert_true(wire_ended(fds[i]));
		close(fds[i]);
	}
	x->requests += SILENT;
}

#define IMPATIENT(test) cmocka_unit_test_setup_teardown(test, make_impatient, make_patient)
const struct CMUnitTest WIRE_TESTS[] = {
	cmocka_unit_test(nothing_is_smuggled_behind_a_refused_body),
	cmocka_unit_test(a_thousand_requests_in_one_go_get_a_thousand_answers),
	cmocka_unit_test(a_thousand_requests_of_somebody_who_signed_in_are_all_served),
	cmocka_unit_test(a_client_that_leaves_amid_its_body_records_nothing),
	cmocka_unit_test(a_client_gone_while_the_signer_is_away_has_its_record_once),
	IMPATIENT(bytes_that_are_no_http_end_the_connection),
	IMPATIENT(a_client_that_closes_its_half_is_answered_or_cut),
	IMPATIENT(slow_clients_are_cut),
};
const size_t WIRE_TESTS_N = sizeof WIRE_TESTS / sizeof WIRE_TESTS[0];
