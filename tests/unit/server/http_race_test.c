/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of events that are rare by themselves, made to happen. */
#include "http_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define H "Host: a.example\r\n"

/* ---- the listening socket ---- */

static _Thread_local bool stops; /* this thread is in http_stop() */
static atomic_uint overtaken;

static bool listens(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

static int real_epoll_ctl(int set, int what, int fd, struct epoll_event *event)
{
	return (int)syscall(SYS_epoll_ctl, set, what, fd, event);
}

/* In place of the C library's, for libmicrohttpd too. A set belongs to a thread of the server,
 * which takes the listening socket out of it by itself when it sees that accepting has ended: here
 * it always does so just before the thread that stops the server does. */
int epoll_ctl(int set, int what, int fd, struct epoll_event *event)
{
	if (stops && what == EPOLL_CTL_DEL && listens(fd)) {
		atomic_fetch_add(&overtaken, 1);
		(void)real_epoll_ctl(set, what, fd, event);
	}
	return real_epoll_ctl(set, what, fd, event);
}

static void stopping_leaves_the_listening_socket_to_who_watches_it(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;

	(void)state;
	config.threads = 4;
	fixture_start(&x, &config);
	stops = true;
	fixture_stop(&x, 0);
	stops = false;
	assert_int_equal(atomic_load(&overtaken), 0);
}

/* Stops the server while a request waits, so that it is closing for as long as the caller likes. */
static void *stop_with_grace(void *context)
{
	struct fixture *x = context;

	http_stop(x->server, 60000);
	return NULL;
}

static void whoever_connects_while_the_server_stops_is_refused_at_once(void **state)
{
	static struct fixture x; /* lives on for the other thread should this one fail */
	struct http_config config = fixture_config();
	struct answer a;
	pthread_t stopper;
	int waiting, kept;

	(void)state;
	fixture_start(&x, &config);
	waiting = client_connect(x.people);
	kept = client_connect(x.people);
	client_text(waiting, "GET /wait HTTP/1.1\r\n" H "\r\n");
	fixture_wait(&x, &x.tickets_n, 1);
	assert_int_equal(pthread_create(&stopper, NULL, stop_with_grace, &x), 0);
	/* The last connection that is served tells that the stop has begun. */
	do {
		client_text(kept, "GET / HTTP/1.1\r\n" H "\r\n");
		client_read(kept, &a, false);
		answer_done(&a);
	} while (a.status == 200 && !answer_header(&a, "Connection"));
	for (int i = 0; i < 20; i++) {
		int fd = client_connect(x.people);

		client_text(fd, "GET / HTTP/1.1\r\n" H "\r\n");
		client_read(fd, &a, false);
		assert_int_equal(a.status, 0);
		answer_done(&a);
		(void)close(fd);
	}
	fixture_finish_one(&x);
	assert_int_equal(pthread_join(stopper, NULL), 0);
	client_read(waiting, &a, false);
	assert_int_equal(a.status, 201);
	answer_done(&a);
	(void)close(waiting);
	(void)close(kept);
}

/* ---- waiting requests ---- */

/* What a handler leaves behind for whoever holds the ticket. */
struct job {
	struct http_request *request;
	struct http_ticket *ticket;
	char *text;  /* in the request's arena */
	size_t used; /* of the arena, when it was handed over */
};

struct desk {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct job jobs[64];
	size_t jobs_n;
	bool over;
	size_t continued;
};

static void desk_continued(struct http_request *r, void *context)
{
	struct desk *d = context;

	(void)pthread_mutex_lock(&d->lock);
	d->continued++;
	(void)pthread_mutex_unlock(&d->lock);
	http_reply(r, 201, "text/plain", bytes_text("done\n"));
}

static void desk_handle(struct http_request *r, void *context)
{
	struct desk *d = context;
	struct job job = {r, NULL, arena_printf(r->arena, "%s", r->path), r->arena->used};

	job.ticket = http_suspend(r, desk_continued, d);
	(void)pthread_mutex_lock(&d->lock);
	d->jobs[d->jobs_n++] = job;
	(void)pthread_cond_broadcast(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
}

/* As the server's own: what it writes goes to the arena that it is given. */
static void desk_problem(struct http_request *r, const struct fault *f, void *context)
{
	const char *text = arena_printf(r->arena, "%s %s", f->message, r->path);

	(void)context;
	http_header_set(r, "Retry-After", "1");
	http_reply(r, 503, "text/plain", bytes_text(text));
}

static struct http_server *desk_open(struct desk *d, uint16_t *port)
{
	const struct http_config config = fixture_config();
	const struct http_handlers handlers = {desk_handle, NULL, desk_problem, d};
	struct http_server *s = NULL;
	struct fault f = {0};

	*d = (struct desk){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	assert_int_equal(http_start(&config, &handlers, &s, &f).code, OK);
	*port = http_port_of(s, HTTP_PEOPLE);
	return s;
}

/* The next job; false once there will be none. */
static bool desk_take(struct desk *d, struct job *out)
{
	bool taken;

	(void)pthread_mutex_lock(&d->lock);
	while (d->jobs_n == 0 && !d->over)
		(void)pthread_cond_wait(&d->changed, &d->lock);
	taken = d->jobs_n > 0;
	if (taken)
		*out = d->jobs[--d->jobs_n];
	(void)pthread_mutex_unlock(&d->lock);
	return taken;
}

static void desk_end(struct desk *d)
{
	(void)pthread_mutex_lock(&d->lock);
	d->over = true;
	(void)pthread_cond_broadcast(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
}

static void a_request_stays_readable_until_it_is_finished(void **state)
{
	struct desk d;
	uint16_t port;
	struct http_server *s = desk_open(&d, &port);
	int fd = client_connect(port);
	struct job job = {0};

	(void)state;
	client_text(fd, "GET /some/thing?a=b HTTP/1.1\r\n" H "X-Word: kept\r\n\r\n");
	assert_true(desk_take(&d, &job));
	(void)close(fd);
	/* The connection, its thread and the server are gone. */
	http_stop(s, 0);
	assert_string_equal(job.text, "/some/thing");
	assert_string_equal(job.request->path, "/some/thing");
	assert_string_equal(http_query(job.request, "a"), "b");
	assert_string_equal(http_header(job.request, "X-Word"), "kept");
	http_finish(job.ticket);
	assert_int_equal(d.continued, 0);
}

static void a_stop_does_not_touch_the_arena_of_a_request_that_waits(void **state)
{
	struct desk d;
	uint16_t port;
	struct http_server *s = desk_open(&d, &port);
	int fd = client_connect(port);
	struct job job = {0};
	struct answer a;

	(void)state;
	client_text(fd, "GET /job HTTP/1.1\r\n" H "\r\n");
	assert_true(desk_take(&d, &job));
	http_stop(s, 0);
	client_read(fd, &a, false);
	assert_int_equal(a.status, 503);
	assert_string_equal((char *)a.body, "HTTP_STOPPING /job");
	assert_string_equal(answer_header(&a, "Retry-After"), "1");
	assert_string_equal(answer_header(&a, "Content-Type"), "text/plain");
	answer_done(&a);
	/* Whoever does the job may be writing there at any moment. */
	assert_int_equal(job.request->arena->used, job.used);
	http_finish(job.ticket);
	(void)close(fd);
}

/* As the engine's publisher: the connection may be giving itself up, waiting or gone. */
static void *publish(void *context)
{
	struct job job;

	while (desk_take(context, &job))
		http_finish(job.ticket);
	return NULL;
}

enum { CLIENTS = 8, ROUNDS = 200, PUBLISHERS = 2 };

/* Each client asks again and again. */
static size_t ask_in_turns(uint16_t port, int rounds)
{
	int fds[CLIENTS];
	size_t answered = 0;

	for (int i = 0; i < CLIENTS; i++)
		fds[i] = client_connect(port);
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < CLIENTS; i++)
			client_text(fds[i], "GET /job HTTP/1.1\r\n" H "\r\n");
		for (int i = 0; i < CLIENTS; i++) {
			struct answer a;

			client_read(fds[i], &a, false);
			answered += a.status == 201;
			answer_done(&a);
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		(void)close(fds[i]);
	return answered;
}

/* One in two goes away without having read. */
static size_t ask_and_leave(uint16_t port)
{
	const struct linger at_once = {.l_onoff = 1};
	int fds[CLIENTS];
	size_t answered = 0;

	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = client_connect(port);
		client_text(fds[i], "GET /job HTTP/1.1\r\n" H "\r\n");
		if (i % 2)
			continue;
		(void)setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		(void)close(fds[i]);
	}
	for (int i = 1; i < CLIENTS; i += 2) {
		struct answer a;

		client_read(fds[i], &a, false);
		answered += a.status == 201;
		answer_done(&a);
		(void)close(fds[i]);
	}
	return answered;
}

static void every_request_is_answered_however_soon_its_job_is_done(void **state)
{
	static struct desk d; /* lives on for the publishers should this thread fail */
	uint16_t port;
	struct http_server *s = desk_open(&d, &port);
	pthread_t publishers[PUBLISHERS];
	size_t answered, of_stayers = 0;

	(void)state;
	for (size_t i = 0; i < PUBLISHERS; i++)
		assert_int_equal(pthread_create(&publishers[i], NULL, publish, &d), 0);
	answered = ask_in_turns(port, ROUNDS);
	for (int i = 0; i < ROUNDS / 4; i++)
		of_stayers += ask_and_leave(port);
	http_stop(s, 60000);
	desk_end(&d);
	for (size_t i = 0; i < PUBLISHERS; i++)
		assert_int_equal(pthread_join(publishers[i], NULL), 0);
	assert_int_equal(answered, CLIENTS * ROUNDS);
	assert_int_equal(of_stayers, CLIENTS / 2 * (ROUNDS / 4));
	assert_true(d.continued >= answered + of_stayers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stopping_leaves_the_listening_socket_to_who_watches_it),
		cmocka_unit_test(whoever_connects_while_the_server_stops_is_refused_at_once),
		cmocka_unit_test(a_request_stays_readable_until_it_is_finished),
		cmocka_unit_test(a_stop_does_not_touch_the_arena_of_a_request_that_waits),
		cmocka_unit_test(every_request_is_answered_however_soon_its_job_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
