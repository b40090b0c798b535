/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

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
	struct fault f = {0};

	memset(x, 0, sizeof *x);
	assert_int_equal(pthread_mutex_init(&x->lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&x->changed, NULL), 0);
	if (http_start(config, &handlers, &x->server, &f).code != OK)
		fail_msg("%s", f.message);
	x->people = http_port_of(x->server, HTTP_PEOPLE);
	x->machines = http_port_of(x->server, HTTP_MACHINES);
	assert_int_not_equal(x->people, 0);
	assert_int_not_equal(x->machines, x->people);
}

void fixture_stop(struct fixture *x, unsigned grace_ms)
{
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

	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_MS / 1000;
	while (*value < least)
		if (pthread_cond_timedwait(&x->changed, &x->lock, &end) != 0)
			fail_msg("waited in vain: %zu of %zu", *value, least);
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
	ticket = x->tickets[0];
	x->tickets_n--;
	memmove(x->tickets, x->tickets + 1, x->tickets_n * sizeof *x->tickets);
	(void)pthread_mutex_unlock(&x->lock);
	http_finish(ticket);
}

/* ---- the client ---- */

int client_connect(uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* A server that has refused may close before everything is sent: that is its right. */
void client_send(int fd, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return;
		p += sent;
		n -= (size_t)sent;
	}
}

void client_text(int fd, const char *text)
{
	client_send(fd, text, strlen(text));
}

/* 0 at the end of the connection. */
static size_t receive(int fd, void *to, size_t n)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		ssize_t got;

		if (poll(&p, 1, PATIENCE_MS) == 0)
			fail_msg("the server says nothing");
		got = recv(fd, to, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		return got > 0 ? (size_t)got : 0;
	}
}

/* One line or head, byte by byte, so that nothing behind it is eaten. */
static bool read_until(int fd, char *out, size_t cap, const char *end)
{
	size_t n = 0, end_n = strlen(end);

	while (n + 1 < cap && receive(fd, out + n, 1) == 1) {
		out[++n] = 0;
		if (n >= end_n && memcmp(out + n - end_n, end, end_n) == 0)
			return true;
	}
	out[n] = 0;
	return false;
}

static bool read_exactly(int fd, struct answer *a, size_t n)
{
	uint8_t *larger = realloc(a->body, a->body_n + n + 1);
	size_t end = a->body_n + n;

	assert_non_null(larger);
	a->body = larger;
	while (a->body_n < end) {
		size_t got = receive(fd, a->body + a->body_n, end - a->body_n);

		if (got == 0)
			return false;
		a->body_n += got;
	}
	a->body[end] = 0;
	return true;
}

static void read_chunks(int fd, struct answer *a)
{
	char line[64];

	while (read_until(fd, line, sizeof line, "\r\n")) {
		size_t n = strtoul(line, NULL, 16);

		if (n > 0 && !read_exactly(fd, a, n))
			return;
		if (!read_until(fd, line, sizeof line, "\r\n") || n == 0)
			return;
	}
}

const char *answer_header(const struct answer *a, const char *name)
{
	static char value[1024];
	size_t n = strlen(name);

	for (const char *line = strstr(a->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
		const char *end = strstr(line + 2, "\r\n");

		if (!end || strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
			continue;
		(void)snprintf(value, sizeof value, "%.*s", (int)(end - line - 4 - (ptrdiff_t)n),
			       line + 4 + n);
		return value;
	}
	return NULL;
}

void client_read(int fd, struct answer *out, bool to_head)
{
	const char *length;

	memset(out, 0, sizeof *out);
	if (!read_until(fd, out->head, sizeof out->head, "\r\n\r\n"))
		return;
	if (sscanf(out->head, "HTTP/1.%*d %d", &out->status) != 1)
		fail_msg("no status line: %s", out->head);
	if (to_head || out->status < 200 || out->status == 204)
		return;
	length = answer_header(out, "Content-Length");
	if (length)
		(void)read_exactly(fd, out, strtoul(length, NULL, 10));
	else if (answer_header(out, "Transfer-Encoding"))
		read_chunks(fd, out);
}

bool client_sees_end(int fd)
{
	uint8_t byte;

	return receive(fd, &byte, 1) == 0;
}

bool client_hears_no_more(int fd)
{
	char text[8192];
	size_t n = 0, got;

	while (n + 1 < sizeof text && (got = receive(fd, text + n, sizeof text - 1 - n)) > 0)
		n += got;
	text[n] = 0;
	return n + 1 < sizeof text && !strstr(text, "HTTP/1.1 2");
}

void answer_done(struct answer *a)
{
	free(a->body);
	a->body = NULL;
}
