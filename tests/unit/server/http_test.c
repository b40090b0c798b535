/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are as they should be: replies, bodies, files, uploads, waiting. */
#include "http_fixture.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define H "Host: a.example\r\n"

static int start(void **state)
{
	struct fixture *x = malloc(sizeof *x);
	struct http_config config = fixture_config();

	assert_non_null(x);
	fixture_start(x, &config);
	*state = x;
	return 0;
}

static int stop(void **state)
{
	struct fixture *x = *state;

	fixture_stop(x, 1000);
	free(x);
	return 0;
}

/* One request on its own connection. */
static struct answer ask(struct fixture *x, const char *request)
{
	int fd = client_connect(x->people);
	struct answer a;

	client_text(fd, request);
	client_read(fd, &a, strncmp(request, "HEAD", 4) == 0);
	(void)close(fd);
	return a;
}

static void expect_body(struct fixture *x, const char *request, int status, const char *body)
{
	struct answer a = ask(x, request);

	assert_int_equal(a.status, status);
	assert_string_equal(a.body ? (char *)a.body : "", body);
	answer_done(&a);
}

static void expect_header(struct fixture *x, const char *request, const char *name,
			  const char *value)
{
	struct answer a = ask(x, request);
	const char *found = answer_header(&a, name);

	if (value) {
		assert_non_null(found);
		assert_string_equal(found, value);
	} else {
		assert_null(found);
	}
	answer_done(&a);
}

/* ---- reading ---- */

static void path_and_query_are_decoded_once(void **state)
{
	expect_body(
		*state,
		"GET /show/%2541/%C3%A9/a%2Fb?x=1%2B2+3&y=%26%3D&z&w=a=b HTTP/1.1\r\n" H "\r\n",
		200,
		"path=/show/%41/\xC3\xA9/a/b\nsegment=show\nsegment=%41\nsegment=\xC3\xA9\n"
		"segment=a/b\nquery x=1+2 3\nquery y=&=\nquery z=\nquery w=a=b\npeer=127.0.0.1\n");
	expect_body(*state, "GET / HTTP/1.1\r\n" H "\r\n", 200, "path=/\npeer=127.0.0.1\n");
	expect_body(*state, "GET /? HTTP/1.1\r\n" H "\r\n", 200, "path=/\npeer=127.0.0.1\n");
}

static void header_values_come_without_white_space_around(void **state)
{
	expect_body(*state, "GET / HTTP/1.1\r\n" H "x-SHOWN: \t a b \t \r\n\r\n", 200,
		    "path=/\nshown=a b\npeer=127.0.0.1\n");
}

static void a_connection_serves_many_requests(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);

	for (int i = 0; i < 200; i++) {
		struct answer a;
		char text[128], body[16];
		int n = snprintf(body, sizeof body, "number %d", i);

		(void)snprintf(text, sizeof text,
			       "POST /echo HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n%s", n, body);
		client_text(fd, text);
		client_read(fd, &a, false);
		assert_int_equal(a.status, 200);
		assert_string_equal((char *)a.body, body);
		answer_done(&a);
	}
	(void)close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);
	struct answer a;

	client_text(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\none"
			"POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\ntwo"
			"GET /at-once HTTP/1.1\r\n" H "\r\n");
	client_read(fd, &a, false);
	assert_string_equal((char *)a.body, "one");
	answer_done(&a);
	client_read(fd, &a, false);
	assert_string_equal((char *)a.body, "two");
	answer_done(&a);
	client_read(fd, &a, false);
	assert_int_equal(a.status, 201);
	answer_done(&a);
	(void)close(fd);
}

static void bodies_up_to_the_limit_arrive_whole(void **state)
{
	struct fixture *x = *state;
	uint8_t *sent = malloc(BIG_LIMIT);
	static const size_t sizes[] = {1, 16383, 16384, 16385, 65536, 1000001, BIG_LIMIT};

	assert_non_null(sent);
	for (size_t i = 0; i < BIG_LIMIT; i++)
		sent[i] = (uint8_t)(i * 31 + (i >> 8));
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int fd = client_connect(x->people);
		struct answer a;
		char head[96];

		(void)snprintf(head, sizeof head,
			       "POST /big HTTP/1.1\r\n" H "Content-Length: %zu\r\n\r\n", sizes[i]);
		client_text(fd, head);
		client_send(fd, sent, sizes[i]);
		client_read(fd, &a, false);
		assert_int_equal(a.status, 200);
		assert_int_equal(a.body_n, sizes[i]);
		assert_memory_equal(a.body, sent, sizes[i]);
		answer_done(&a);
		(void)close(fd);
	}
	free(sent);
}

/* ---- replies ---- */

static void every_reply_carries_the_security_headers(void **state)
{
	static const char *const requests[] = {
		"GET /show HTTP/1.1\r\n" H "\r\n",
		"GET /file HTTP/1.1\r\n" H "\r\n",
		"GET /nothing HTTP/1.1\r\n" H "\r\n",
		"BREW / HTTP/1.1\r\n" H "\r\n",
	};

	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		expect_header(*state, requests[i], "X-Content-Type-Options", "nosniff");
		expect_header(*state, requests[i], "Referrer-Policy", "no-referrer");
		expect_header(*state, requests[i], "Cache-Control", "no-store");
		expect_header(*state, requests[i], "Strict-Transport-Security", NULL);
	}
	expect_header(*state, "GET /cached HTTP/1.1\r\n" H "\r\n", "Cache-Control", "max-age=60");
	expect_header(*state, "PATCH / HTTP/1.1\r\n" H "\r\n", "Allow",
		      "GET, HEAD, POST, PUT, DELETE");
}

static void an_unsound_header_never_leaves(void **state)
{
	struct answer a = ask(*state, "GET /unsound HTTP/1.1\r\n" H "\r\n");

	assert_int_equal(a.status, 500);
	assert_null(answer_header(&a, "Set-Cookie"));
	assert_null(answer_header(&a, "X-Text"));
	assert_string_equal((char *)a.body, "{\"message\":\"HTTP_REPLY_INVALID\"}");
	answer_done(&a);
}

static void head_has_the_headers_and_no_body(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);
	struct answer a;

	client_text(fd, "HEAD /file HTTP/1.1\r\n" H "Range: bytes=2-3\r\n\r\n");
	client_read(fd, &a, true);
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_header(&a, "Content-Length"), "10");
	assert_string_equal(answer_header(&a, "Accept-Ranges"), "bytes");
	/* Had a body come, it would stand before the next answer. */
	client_text(fd, "GET /two HTTP/1.1\r\n" H "\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 200);
	assert_string_equal((char *)a.body, "first\n");
	answer_done(&a);
	(void)close(fd);
}

static void a_file_is_sent_whole_or_in_the_part_asked_for(void **state)
{
	static const struct {
		const char *headers;
		int status;
		const char *body, *range;
	} cases[] = {
		{"", 200, "0123456789", NULL},
		{"Range: bytes=0-0\r\n", 206, "0", "bytes 0-0/10"},
		{"Range: bytes=2-4\r\n", 206, "234", "bytes 2-4/10"},
		{"Range: bytes=7-\r\n", 206, "789", "bytes 7-9/10"},
		{"Range: bytes=-3\r\n", 206, "789", "bytes 7-9/10"},
		{"Range: bytes=-30\r\n", 206, "0123456789", "bytes 0-9/10"},
		{"Range: bytes=5-99999999999\r\n", 206, "56789", "bytes 5-9/10"},
		{"Range: bytes=10-\r\n", 416, "", "bytes */10"},
		{"Range: bytes=-0\r\n", 416, "", "bytes */10"},
		{"Range: bytes=1-2,4-5\r\n", 200, "0123456789", NULL},
		{"Range: bytes=4-2\r\n", 200, "0123456789", NULL},
		{"Range: bytes=-\r\n", 200, "0123456789", NULL},
		{"Range: bytes=a-b\r\n", 200, "0123456789", NULL},
		{"Range: lines=1-2\r\n", 200, "0123456789", NULL},
		{"Range: bytes=2-4\r\nIf-Range: \"ten\"\r\n", 206, "234", "bytes 2-4/10"},
		{"Range: bytes=2-4\r\nIf-Range: \"old\"\r\n", 200, "0123456789", NULL},
		{"Range: bytes=2-4\r\nIf-Range: W/\"ten\"\r\n", 200, "0123456789", NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char request[256];

		(void)snprintf(request, sizeof request, "GET /file HTTP/1.1\r\n" H "%s\r\n",
			       cases[i].headers);
		expect_body(*state, request, cases[i].status, cases[i].body);
		expect_header(*state, request, "Content-Range", cases[i].range);
	}
}

static void what_is_no_regular_file_is_not_sent(void **state)
{
	expect_body(*state, "GET /pipe HTTP/1.1\r\n" H "\r\n", 500,
		    "{\"message\":\"HTTP_FILE_FAILED\"}");
}

/* ---- uploads ---- */

static void an_upload_is_taken_in_pieces(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);
	enum { PIECE = 65536, PIECES = 256 };
	uint8_t *piece = calloc(1, PIECE);
	struct answer a;

	assert_non_null(piece);
	client_text(fd, "PUT /upload HTTP/1.1\r\n" H "Content-Length: 16777216\r\n\r\n");
	for (int i = 0; i < PIECES; i++)
		client_send(fd, piece, PIECE);
	client_read(fd, &a, false);
	assert_int_equal(a.status, 201);
	assert_int_equal(x->uploads_done, 1);
	assert_int_equal(x->uploads_aborted, 0);
	answer_done(&a);
	(void)close(fd);
	free(piece);
}

static void an_upload_may_wait_before_its_reply(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);
	struct answer a;

	client_text(fd, "PUT /upload-wait HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc");
	fixture_finish_one(x);
	client_read(fd, &a, false);
	assert_int_equal(a.status, 201);
	answer_done(&a);
	(void)close(fd);
}

static void a_refused_piece_ends_the_upload_with_its_problem(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);
	struct answer a;

	client_text(fd, "PUT /upload HTTP/1.1\r\n" H "Content-Length: 8\r\n\r\nab!d");
	fixture_wait(x, &x->uploads_aborted, 1);
	client_text(fd, "efgh");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 400);
	assert_string_equal((char *)a.body, "{\"message\":\"HTTP_QUERY_INVALID\"}");
	assert_int_equal(x->uploads_aborted, 1);
	assert_int_equal(x->uploads_done, 0);
	assert_true(client_sees_end(fd));
	answer_done(&a);
	(void)close(fd);
}

static void an_upload_whose_client_leaves_is_aborted_once(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);

	client_text(fd, "PUT /upload HTTP/1.1\r\n" H "Content-Length: 8\r\n\r\nabcd");
	/* An end that comes in one piece with the data is noticed by the idle limit only. */
	fixture_wait(x, &x->pieces, 1);
	(void)close(fd);
	fixture_wait(x, &x->uploads_aborted, 1);
	assert_int_equal(x->uploads_aborted, 1);
	assert_int_equal(x->uploads_done, 0);
}

static void an_upload_declared_too_large_is_aborted_at_once(void **state)
{
	struct fixture *x = *state;

	expect_body(x, "PUT /upload HTTP/1.1\r\n" H "Content-Length: 268435457\r\n\r\n", 413,
		    "{\"message\":\"HTTP_BODY_TOO_LARGE\"}");
	assert_int_equal(x->uploads_aborted, 1);
}

/* ---- waiting ---- */

static void a_suspended_request_is_answered_when_finished(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);

	for (int i = 0; i < 20; i++) {
		struct answer a;

		client_text(fd, "GET /wait HTTP/1.1\r\n" H "\r\n");
		fixture_finish_one(x);
		client_read(fd, &a, false);
		assert_int_equal(a.status, 201);
		assert_string_equal((char *)a.body, "waited\n");
		answer_done(&a);
	}
	assert_int_equal(x->continued, 20);
	(void)close(fd);
}

static void finishing_before_the_handler_returns_is_as_good(void **state)
{
	expect_body(*state, "GET /at-once HTTP/1.1\r\n" H "\r\n", 201, "waited\n");
	expect_body(*state, "GET /twice HTTP/1.1\r\n" H "\r\n", 201, "waited\n");
}

static void many_threads_finish_many_requests(void **state)
{
	enum { THREADS = 4, CLIENTS = 400 };
	struct fixture *x = *state;
	int fds[CLIENTS];

	fixture_add_finishers(x, THREADS);
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = client_connect(x->people);
		client_text(fds[i], "GET /wait HTTP/1.1\r\n" H "\r\n");
	}
	for (int i = 0; i < CLIENTS; i++) {
		struct answer a;

		client_read(fds[i], &a, false);
		assert_int_equal(a.status, 201);
		answer_done(&a);
		(void)close(fds[i]);
	}
	assert_int_equal(x->continued, CLIENTS);
}

static void a_client_that_left_while_suspended_does_no_harm(void **state)
{
	struct fixture *x = *state;
	const struct linger at_once = {.l_onoff = 1};

	for (size_t i = 0; i < 50; i++) {
		int fd = client_connect(x->people);

		client_text(fd, "GET /wait HTTP/1.1\r\n" H "\r\n");
		fixture_wait(x, &x->tickets_n, 1);
		/* Half of them leave by a reset. */
		if (i % 2)
			assert_int_equal(
				setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
		(void)close(fd);
		fixture_finish_one(x);
	}
	expect_body(x, "GET /at-once HTTP/1.1\r\n" H "\r\n", 201, "waited\n");
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		EACH(path_and_query_are_decoded_once),
		EACH(header_values_come_without_white_space_around),
		EACH(a_connection_serves_many_requests),
		EACH(pipelined_requests_are_answered_in_order),
		EACH(bodies_up_to_the_limit_arrive_whole),
		EACH(every_reply_carries_the_security_headers),
		EACH(an_unsound_header_never_leaves),
		EACH(head_has_the_headers_and_no_body),
		EACH(a_file_is_sent_whole_or_in_the_part_asked_for),
		EACH(what_is_no_regular_file_is_not_sent),
		EACH(an_upload_is_taken_in_pieces),
		EACH(an_upload_may_wait_before_its_reply),
		EACH(a_refused_piece_ends_the_upload_with_its_problem),
		EACH(an_upload_whose_client_leaves_is_aborted_once),
		EACH(an_upload_declared_too_large_is_aborted_at_once),
		EACH(a_suspended_request_is_answered_when_finished),
		EACH(finishing_before_the_handler_returns_is_as_good),
		EACH(many_threads_finish_many_requests),
		EACH(a_client_that_left_while_suspended_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
