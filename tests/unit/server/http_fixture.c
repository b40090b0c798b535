/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* ---- handlers ---- */

static void say(struct fixture *x)
{
	(void)pthread_cond_broadcast(&x->changed);
	(void)pthread_mutex_unlock(&x->lock);
}

static void continued(struct http_request *r, void *context)
{
	struct fixture *x = context;

	(void)pthread_mutex_lock(&x->lock);
	x->continued++;
	say(x);
	http_reply(r, 201, "text/plain", bytes_text("waited\n"));
}

static void continued_twice(struct http_request *r, void *context)
{
	http_finish(http_suspend(r, continued, context));
}

static void wait_for_ticket(struct http_request *r, struct fixture *x)
{
	struct http_ticket *ticket = http_suspend(r, continued, x);

	(void)pthread_mutex_lock(&x->lock);
	assert_true(x->tickets_n < WAITING_MAX);
	x->tickets[x->tickets_n++] = ticket;
	say(x);
}

static size_t pull(void *context, char *buffer, size_t cap)
{
	struct fixture *x = context;
	int n = 0;

	(void)pthread_mutex_lock(&x->lock);
	if (x->said > 0) {
		n = snprintf(buffer, cap, "data: %zu\n\n", x->said);
		x->said = 0;
	}
	(void)pthread_mutex_unlock(&x->lock);
	return (size_t)n;
}

static void stream_closed(void *context)
{
	struct fixture *x = context;

	(void)pthread_mutex_lock(&x->lock);
	x->streams_closed++;
	say(x);
}

static void open_stream(struct http_request *r, struct fixture *x)
{
	struct http_stream *stream = http_reply_stream(r, pull, stream_closed, x);

	(void)pthread_mutex_lock(&x->lock);
	assert_true(x->streams_n < WAITING_MAX);
	x->streams[x->streams_n++] = stream;
	say(x);
}

static void send_file(struct http_request *r)
{
	char name[] = "/tmp/http_test_XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	(void)unlink(name);
	if (fd < 0 || write(fd, "0123456789", 10) != 10)
		abort();
	http_header_set(r, "ETag", "\"ten\"");
	http_reply_file(r, 200, "application/octet-stream", fd);
}

/* Everything that the layer made of the request. */
static void show(struct http_request *r)
{
	char *text = arena_printf(r->arena, "path=%s\n", r->path);
	const char *value = NULL;

	for (size_t i = 0; i < http_segment_count(r); i++)
		text = arena_printf(r->arena, "%ssegment=%s\n", text, http_segment(r, i));
	for (size_t i = 0; i < http_query_count(r); i++) {
		const char *name = http_query_at(r, i, &value);

		text = arena_printf(r->arena, "%squery %s=%s\n", text, name, value);
	}
	if (http_header(r, "x-shown"))
		text = arena_printf(r->arena, "%sshown=%s\n", text, http_header(r, "X-Shown"));
	if (r->has_client_key) {
		char hex[65];

		hex_encode(hash_bytes(&r->client_key), hex);
		text = arena_printf(r->arena, "%skey=%s\n", text, hex);
	}
	text = arena_printf(r->arena, "%speer=%s\n", text, r->peer);
	http_reply(r, 200, "text/plain", bytes_text(text));
}

static bool path_is(const struct http_request *r, const char *path)
{
	return strcmp(r->path, path) == 0;
}

static void handle(struct http_request *r, void *context)
{
	struct fixture *x = context;

	if (path_is(r, "/wait"))
		wait_for_ticket(r, x);
	else if (path_is(r, "/at-once"))
		http_finish(http_suspend(r, continued, x));
	else if (path_is(r, "/twice"))
		http_finish(http_suspend(r, continued_twice, x));
	else if (path_is(r, "/stream"))
		open_stream(r, x);
	else if (path_is(r, "/file"))
		send_file(r);
	else if (path_is(r, "/pipe"))
		http_reply_file(r, 200, NULL, open("/dev/null", O_RDONLY | O_CLOEXEC));
	else if (path_is(r, "/unsound"))
		http_header_set(r, "X-Text", "a\r\nSet-Cookie: b=c");
	if (path_is(r, "/echo") || path_is(r, "/big"))
		http_reply(r, 200, "application/octet-stream", r->body);
	else if (path_is(r, "/cached"))
		http_header_set(r, "Cache-Control", "max-age=60");
	if (path_is(r, "/cached") || path_is(r, "/unsound"))
		http_reply(r, 200, "text/plain", bytes_text("hello\n"));
	if (path_is(r, "/two"))
		http_reply(r, 200, "text/plain", bytes_text("first\n"));
	if (path_is(r, "/two"))
		http_reply(r, 404, "text/plain", bytes_text("second\n"));
	if (r->path[1] == 0 || strncmp(r->path, "/show", 5) == 0)
		show(r);
}

static err take_chunk(struct http_request *r, void *context, struct bytes piece, struct fault *f)
{
	struct fixture *x = context;

	(void)r;
	(void)pthread_mutex_lock(&x->lock);
	x->pieces++;
	say(x);
	if (memchr(piece.p, '!', piece.n))
		return (fail)(f, "HTTP_QUERY_INVALID", "reason", "an exclamation mark", NULL);
	return ERR_OK;
}

static void upload_done(struct http_request *r, void *context)
{
	struct fixture *x = context;

	(void)pthread_mutex_lock(&x->lock);
	x->uploads_done++;
	say(x);
	if (path_is(r, "/upload-wait"))
		wait_for_ticket(r, x);
	else
		http_reply(r, 201, "text/plain", bytes_text("stored\n"));
}

static void upload_aborted(struct http_request *r, void *context)
{
	struct fixture *x = context;

	(void)r;
	(void)pthread_mutex_lock(&x->lock);
	x->uploads_aborted++;
	say(x);
}

static size_t begin(struct http_request *r, struct http_upload *upload, void *context)
{
	struct fixture *x = context;

	(void)pthread_mutex_lock(&x->lock);
	memcpy(x->last_peer, r->peer, sizeof x->last_peer);
	(void)pthread_mutex_unlock(&x->lock);
	if (path_is(r, "/forbidden"))
		http_reply(r, 403, "text/plain", bytes_text("no\n"));
	if (strncmp(r->path, "/upload", 7) == 0) {
		upload->chunk = take_chunk;
		upload->done = upload_done;
		upload->aborted = upload_aborted;
		upload->context = context;
		return (size_t)256 << 20;
	}
	return path_is(r, "/big") ? BIG_LIMIT : ECHO_LIMIT;
}

static void problem(struct http_request *r, const struct fault *f, void *context)
{
	char *text = arena_printf(r->arena, "{\"message\":\"%s\"}", f->message);

	(void)context;
	/* The layer knows better than this status. */
	http_reply(r, 299, "application/problem+json", bytes_text(text));
}

/* ---- the server ---- */

struct http_config fixture_config(void)
{
	return (struct http_config){
		.address = "127.0.0.1",
		.threads = 2,
		.connections_max = 4000,
		.connections_per_peer_max = 4000,
		.idle_timeout_s = 30,
	};
}

void fixture_start(struct fixture *x, const struct http_config *config)
{
	const struct http_handlers handlers = {handle, begin, problem, x};
	pthread_condattr_t attributes;
	struct fault f = {0};

	memset(x, 0, sizeof *x);
	assert_int_equal(pthread_mutex_init(&x->lock, NULL), 0);
	/* Patience must not end because someone sets the clock. */
	assert_int_equal(pthread_condattr_init(&attributes), 0);
	assert_int_equal(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC), 0);
	assert_int_equal(pthread_cond_init(&x->changed, &attributes), 0);
	(void)pthread_condattr_destroy(&attributes);
	if (http_start(config, &handlers, &x->server, &f).code != OK)
		fail_msg("%s", f.message);
	x->people = http_port_of(x->server, HTTP_PEOPLE);
	x->machines = http_port_of(x->server, HTTP_MACHINES);
	assert_int_not_equal(x->people, 0);
	assert_int_not_equal(x->machines, x->people);
}

static struct http_ticket *take_oldest(struct fixture *x)
{
	struct http_ticket *ticket = x->tickets[0];

	x->tickets_n--;
	memmove(x->tickets, x->tickets + 1, x->tickets_n * sizeof *x->tickets);
	return ticket;
}

static void *finish_what_comes(void *context)
{
	struct fixture *x = context;

	for (;;) {
		struct http_ticket *ticket = NULL;

		(void)pthread_mutex_lock(&x->lock);
		while (x->tickets_n == 0 && !x->over)
			(void)pthread_cond_wait(&x->changed, &x->lock);
		if (x->tickets_n > 0)
			ticket = take_oldest(x);
		(void)pthread_mutex_unlock(&x->lock);
		if (!ticket)
			return NULL;
		http_finish(ticket);
	}
}

void fixture_add_finishers(struct fixture *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(x->finishers_n < FINISHERS_MAX);
		assert_int_equal(
			pthread_create(&x->finishers[x->finishers_n], NULL, finish_what_comes, x),
			0);
		x->finishers_n++;
	}
}

static void end_finishers(struct fixture *x)
{
	(void)pthread_mutex_lock(&x->lock);
	x->over = true;
	say(x);
	while (x->finishers_n > 0)
		(void)pthread_join(x->finishers[--x->finishers_n], NULL);
}

void fixture_stop(struct fixture *x, unsigned grace_ms)
{
	end_finishers(x);
	http_stop(x->server, grace_ms);
	while (x->tickets_n > 0)
		http_finish(x->tickets[--x->tickets_n]);
	assert_int_equal(x->streams_n, x->streams_closed);
	(void)pthread_cond_destroy(&x->changed);
	(void)pthread_mutex_destroy(&x->lock);
}

/* The fixture's lock is held, and held again afterwards. */
static void wait_locked(struct fixture *x, const size_t *value, size_t least)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += PATIENCE_MS / 1000;
	while (*value < least) {
		if (pthread_cond_timedwait(&x->changed, &x->lock, &end) == 0)
			continue;
		/* What ends the test must not meet a lock that nobody will give back. */
		(void)pthread_mutex_unlock(&x->lock);
		fail_msg("waited in vain for %zu", least);
	}
}

void fixture_wait(struct fixture *x, const size_t *value, size_t least)
{
	(void)pthread_mutex_lock(&x->lock);
	wait_locked(x, value, least);
	(void)pthread_mutex_unlock(&x->lock);
}

void fixture_finish_one(struct fixture *x)
{
	struct http_ticket *ticket;

	(void)pthread_mutex_lock(&x->lock);
	wait_locked(x, &x->tickets_n, 1);
	ticket = take_oldest(x);
	(void)pthread_mutex_unlock(&x->lock);
	http_finish(ticket);
}
