/* SPDX-License-Identifier: Apache-2.0 */
/* Streams, and the ways a server may have to stop. */
#include "http_fixture.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define H "Host: a.example\r\n"

enum { MANY = 1000 };

static void open_with(struct fixture *x, const struct http_config *config)
{
	/* Two ends of every connection live in this process. */
	struct rlimit files = {0};

	(void)getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	fixture_start(x, config);
}

static int client_asks(struct fixture *x, const char *request)
{
	int fd = client_connect(x->people);

	client_text(fd, request);
	return fd;
}

static void read_text(int fd, const char *expected)
{
	char got[64] = {0};
	size_t n = 0, want = strlen(expected);

	assert_true(want < sizeof got);
	while (n < want) {
		ssize_t r = recv(fd, got + n, want - n, 0);

		assert_true(r > 0);
		n += (size_t)r;
	}
	assert_string_equal(got, expected);
}

static int open_stream(struct fixture *x)
{
	int fd = client_asks(x, "GET /stream HTTP/1.1\r\n" H "\r\n");
	char head[2048];
	size_t n = 0;

	while (n + 1 < sizeof head && recv(fd, head + n, 1, 0) == 1) {
		head[++n] = 0;
		if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
			break;
	}
	assert_non_null(strstr(head, "HTTP/1.1 200"));
	assert_non_null(strstr(head, "Content-Type: text/event-stream"));
	return fd;
}

/* ---- streams ---- */

static void a_stream_says_what_it_is_woken_for(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	int fd;

	(void)state;
	open_with(&x, &config);
	fd = open_stream(&x);
	fixture_wait(&x, &x.streams_n, 1);
	for (int i = 0; i < 5; i++) {
		(void)pthread_mutex_lock(&x.lock);
		x.said = 7;
		(void)pthread_mutex_unlock(&x.lock);
		http_stream_wake(x.streams[0]);
		read_text(fd, "9\r\ndata: 7\n\n\r\n");
	}
	fixture_stop(&x, 0);
	read_text(fd, "0\r\n\r\n");
	(void)close(fd);
}

static void a_silent_stream_beats_and_notices_who_left(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	int fd;

	(void)state;
	config.heartbeat_ms = 50;
	open_with(&x, &config);
	fd = open_stream(&x);
	for (int i = 0; i < 3; i++)
		read_text(fd, "3\r\n:\n\n\r\n");
	(void)close(fd);
	fixture_wait(&x, &x.streams_closed, 1);
	fixture_stop(&x, 0);
}

static void *wake_all(void *context)
{
	struct fixture *x = context;

	for (int round = 0; round < 20; round++) {
		/* The handlers' lock keeps a stream from being closed under our hand, as every
		 * caller must see to. */
		(void)pthread_mutex_lock(&x->lock);
		for (size_t i = 0; i < x->streams_n && x->streams_closed == 0; i++) {
			x->said++;
			http_stream_wake(x->streams[i]);
		}
		(void)pthread_mutex_unlock(&x->lock);
	}
	return NULL;
}

static void a_thousand_open_streams_do_not_hinder_a_stop(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	pthread_t waker;
	static int fds[MANY];

	(void)state;
	open_with(&x, &config);
	for (size_t i = 0; i < MANY; i++)
		fds[i] = open_stream(&x);
	fixture_wait(&x, &x.streams_n, MANY);
	assert_int_equal(pthread_create(&waker, NULL, wake_all, &x), 0);
	assert_int_equal(pthread_join(waker, NULL), 0);
	fixture_stop(&x, 60000);
	assert_int_equal(x.streams_closed, MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_true(client_hears_no_more(fds[i]));
		(void)close(fds[i]);
	}
}

static void streams_are_woken_while_the_server_stops(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	pthread_t waker;
	int fds[50];

	(void)state;
	config.heartbeat_ms = 1;
	open_with(&x, &config);
	for (size_t i = 0; i < 50; i++)
		fds[i] = open_stream(&x);
	fixture_wait(&x, &x.streams_n, 50);
	assert_int_equal(pthread_create(&waker, NULL, wake_all, &x), 0);
	http_stop(x.server, 0);
	assert_int_equal(pthread_join(waker, NULL), 0);
	assert_int_equal(x.streams_closed, 50);
	for (size_t i = 0; i < 50; i++)
		(void)close(fds[i]);
}

/* ---- stopping ---- */

static void suspended_requests_get_503_when_the_server_stops(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	static int fds[MANY];

	(void)state;
	open_with(&x, &config);
	for (size_t i = 0; i < MANY; i++)
		fds[i] = client_asks(&x, "GET /wait HTTP/1.1\r\n" H "\r\n");
	fixture_wait(&x, &x.tickets_n, MANY);
	/* Tickets are still out when the server is gone; the fixture finishes them afterwards. */
	fixture_stop(&x, 0);
	assert_int_equal(x.continued, 0);
	for (size_t i = 0; i < MANY; i++) {
		struct answer a;

		client_read(fds[i], &a, false);
		assert_int_equal(a.status, 503);
		assert_string_equal((char *)a.body, "{\"message\":\"HTTP_STOPPING\"}");
		answer_done(&a);
		assert_true(client_sees_end(fds[i]));
		(void)close(fds[i]);
	}
}

static void *finish_all(void *context)
{
	struct fixture *x = context;

	for (;;) {
		struct http_ticket *ticket = NULL;

		(void)pthread_mutex_lock(&x->lock);
		if (x->tickets_n > 0)
			ticket = x->tickets[--x->tickets_n];
		(void)pthread_mutex_unlock(&x->lock);
		if (!ticket)
			return NULL;
		http_finish(ticket);
	}
}

static void finishing_and_stopping_at_once_loses_nobody(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		struct http_config config = fixture_config();
		struct fixture x;
		pthread_t finisher;
		int fds[100];

		open_with(&x, &config);
		for (size_t i = 0; i < 100; i++)
			fds[i] = client_asks(&x, "GET /wait HTTP/1.1\r\n" H "\r\n");
		fixture_wait(&x, &x.tickets_n, 100);
		assert_int_equal(pthread_create(&finisher, NULL, finish_all, &x), 0);
		http_stop(x.server, 0);
		assert_int_equal(pthread_join(finisher, NULL), 0);
		for (size_t i = 0; i < 100; i++) {
			struct answer a;

			client_read(fds[i], &a, false);
			assert_true(a.status == 201 || a.status == 503);
			answer_done(&a);
			(void)close(fds[i]);
		}
	}
}

/* Finishes the waiting request once the server has begun to stop: it then refuses new work. */
static void *finish_after_the_stop_began(void *context)
{
	struct fixture *x = context;
	struct answer a;

	do {
		client_text(x->kept_fd, "GET / HTTP/1.1\r\n" H "\r\n");
		client_read(x->kept_fd, &a, false);
		answer_done(&a);
	} while (a.status == 200 && !answer_header(&a, "Connection"));
	fixture_finish_one(x);
	return NULL;
}

static void a_running_request_may_end_within_the_grace(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	struct answer a;
	pthread_t finisher;
	int fd;

	(void)state;
	open_with(&x, &config);
	x.kept_fd = client_connect(x.people);
	fd = client_asks(&x, "GET /wait HTTP/1.1\r\n" H "\r\n");
	fixture_wait(&x, &x.tickets_n, 1);
	assert_int_equal(pthread_create(&finisher, NULL, finish_after_the_stop_began, &x), 0);
	http_stop(x.server, 60000);
	assert_int_equal(pthread_join(finisher, NULL), 0);
	client_read(fd, &a, false);
	assert_int_equal(a.status, 201);
	assert_string_equal(answer_header(&a, "Connection"), "close");
	answer_done(&a);
	(void)close(fd);
	(void)close(x.kept_fd);
}

static void idle_and_half_sent_connections_do_not_hold_up_a_stop(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	struct answer a;
	int idle, half, body;

	(void)state;
	open_with(&x, &config);
	idle = client_asks(&x, "GET / HTTP/1.1\r\n" H "\r\n");
	client_read(idle, &a, false);
	answer_done(&a);
	half = client_asks(&x, "GET / HTTP/1.1\r\nHost: a");
	body = client_asks(&x, "PUT /upload HTTP/1.1\r\n" H "Content-Length: 8\r\n\r\nabcd");
	fixture_stop(&x, 10);
	assert_true(client_hears_no_more(idle));
	assert_true(client_hears_no_more(half));
	assert_true(client_hears_no_more(body));
	(void)close(idle);
	(void)close(half);
	(void)close(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_says_what_it_is_woken_for),
		cmocka_unit_test(a_silent_stream_beats_and_notices_who_left),
		cmocka_unit_test(a_thousand_open_streams_do_not_hinder_a_stop),
		cmocka_unit_test(streams_are_woken_while_the_server_stops),
		cmocka_unit_test(suspended_requests_get_503_when_the_server_stops),
		cmocka_unit_test(finishing_and_stopping_at_once_loses_nobody),
		cmocka_unit_test(a_running_request_may_end_within_the_grace),
		cmocka_unit_test(idle_and_half_sent_connections_do_not_hold_up_a_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
