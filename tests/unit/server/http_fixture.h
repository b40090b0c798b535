/* SPDX-License-Identifier: Apache-2.0 */
/* http_fixture.h — a server with small handlers, and a client that sends exactly what it is told. */
#ifndef TEST_HTTP_FIXTURE_H
#define TEST_HTTP_FIXTURE_H

#include "server/http.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	ECHO_LIMIT = 1024,
	BIG_LIMIT = 4 << 20,
	WAITING_MAX = 2000,
	FINISHERS_MAX = 8,
	PATIENCE_MS = 30000
};

struct fixture {
	struct http_server *server;
	uint16_t people, machines;
	int kept_fd; /* a connection that a test keeps open */
	pthread_t finishers[FINISHERS_MAX];
	size_t finishers_n;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct http_ticket *tickets[WAITING_MAX];
	size_t tickets_n;
	struct http_stream *streams[WAITING_MAX];
	size_t streams_n; /* opened */
	size_t streams_closed;
	size_t continued; /* times that `finish` ran */
	size_t pieces;    /* of uploads */
	size_t uploads_done, uploads_aborted;
	size_t said; /* numbers the events of streams */
	char last_peer[64];
	bool over; /* no finisher waits any more */
};

/* The configuration that tests start from: loopback, any port, no TLS. */
struct http_config fixture_config(void);
void fixture_start(struct fixture *x, const struct http_config *config);
void fixture_stop(struct fixture *x, unsigned grace_ms);
/* Waits until *value is at least `least`; fails the test after half a minute. */
void fixture_wait(struct fixture *x, const size_t *value, size_t least);
/* Hands the oldest ticket that is out to http_finish(). */
void fixture_finish_one(struct fixture *x);
/* Starts `n` more threads that finish whatever waits until fixture_stop(), which joins them: none
 * outlives its test, whatever becomes of that. */
void fixture_add_finishers(struct fixture *x, size_t n);

int client_connect(uint16_t port);
void client_send(int fd, const void *bytes, size_t n);
void client_text(int fd, const char *text);

struct answer {
	int status; /* 0: the connection ended without one */
	char head[8192];
	uint8_t *body; /* freed by answer_done() */
	size_t body_n;
	bool closed; /* the server closed before another answer */
};
/* Reads one answer: its head, then the body that Content-Length or chunks announce. With `head`,
 * the answer to HEAD, which has no body. */
void client_read(int fd, struct answer *out, bool to_head);
/* True once the server has closed; fails the test after half a minute. */
bool client_sees_end(int fd);
/* Reads to the end of the connection: true if no request is answered with success on the way.
 * (libmicrohttpd 0.9.75 writes the head of some of its own refusals twice.) */
bool client_hears_no_more(int fd);
const char *answer_header(const struct answer *a, const char *name);
void answer_done(struct answer *a);

#endif
