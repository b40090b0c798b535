/* SPDX-License-Identifier: Apache-2.0 */
/* client.c — the server's side: blocking, with a deadline for each call. A call that the connection
 * broke is sent once more over a new one: every request may be repeated. Not for two threads at
 * once. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "core/cbor.h"
#include "signer/client.h"

enum { TRIES = 2 };

struct signer_client {
	int fd; /* -1: not connected */
	unsigned timeout_ms;
	uint64_t deadline; /* of the call under way, on the steady clock */
	struct sockaddr_un address;
};

static err unavailable(const struct signer_client *c, const char *why, struct fault *f)
{
	return fail(f, "SIGNER_UNAVAILABLE", "socket", c->address.sun_path, "why", why, NULL);
}

/* ---- the connection ---- */

/* False at the deadline. */
static bool wait_for(const struct signer_client *c, short events)
{
	for (;;) {
		uint64_t now = clock_steady_ms(&clock_system);
		struct pollfd fd = {.fd = c->fd, .events = events};

		if (now >= c->deadline)
			return false;
		int ready = poll(&fd, 1, (int)(c->deadline - now));
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
	}
}

static err connect_once(struct signer_client *c, struct fault *f)
{
	if (c->fd >= 0)
		return ERR_OK;
	AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return unavailable(c, strerror(errno), f);
	/* A Unix socket connects at once, or its queue is full: then EAGAIN, and no waiting. */
	if (connect(fd, (const struct sockaddr *)&c->address, sizeof(c->address)) != 0)
		return unavailable(c, strerror(errno), f);
	c->fd = fd;
	fd = -1;
	return ERR_OK;
}

static err send_all(struct signer_client *c, struct bytes frame, struct fault *f)
{
	while (frame.n > 0) {
		ssize_t put = send(c->fd, frame.p, frame.n, MSG_NOSIGNAL);

		if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (!wait_for(c, POLLOUT))
				return unavailable(c, "timeout", f);
			continue;
		}
		/* A signer that refuses us closes at once, but says why: the reply is read. */
		if (put < 0 && errno == EPIPE)
			return ERR_OK;
		if (put < 0)
			return unavailable(c, strerror(errno), f);
		frame = bytes_of(frame.p + put, frame.n - (size_t)put);
	}
	return ERR_OK;
}

static err receive_all(struct signer_client *c, uint8_t *p, size_t n, struct fault *f)
{
	while (n > 0) {
		ssize_t got = recv(c->fd, p, n, 0);

		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (!wait_for(c, POLLIN))
				return unavailable(c, "timeout", f);
			continue;
		}
		if (got <= 0)
			return unavailable(c, got == 0 ? "the connection ended" : strerror(errno),
					   f);
		p += got;
		n -= (size_t)got;
	}
	return ERR_OK;
}

static err exchange_once(struct signer_client *c, struct bytes frame, struct arena *a,
			 struct bytes *reply, struct fault *f)
{
	uint8_t head[FRAME_HEAD];

	TRY(connect_once(c, f));
	TRY(send_all(c, frame, f));
	TRY(receive_all(c, head, sizeof(head), f));
	struct reader r = reader_of(bytes_of(head, sizeof(head)));
	uint32_t n = get_u32(&r);
	if (n == 0 || n > FRAME_MAX)
		return fail(f, "SIGNER_REPLY_MALFORMED", "why", "its length is wrong", NULL);
	uint8_t *p = arena_alloc(a, n);
	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a reply of the signer", NULL);
	*reply = bytes_of(p, n);
	return receive_all(c, p, n, f);
}

/* After any failure the connection is given up: a late reply must not answer another request. */
static err exchange(struct signer_client *c, struct bytes frame, struct arena *a,
		    struct bytes *reply, struct fault *f)
{
	err done = ERR_OK;

	c->deadline = clock_steady_ms(&clock_system) + c->timeout_ms;
	for (int i = 0; i < TRIES; i++) {
		done = exchange_once(c, frame, a, reply, f);
		if (done.code == OK)
			return done;
		fd_close(&c->fd);
		if (done.code != ERR_UNAVAILABLE || clock_steady_ms(&clock_system) >= c->deadline)
			break;
	}
	return done;
}

err signer_call(struct signer_client *c, const struct signer_request *request, size_t room,
		struct arena *a, struct reader *value, struct fault *f)
{
	uint8_t *p = arena_alloc(a, FRAME_HEAD + room);
	struct bytes body, reply;

	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a request to the signer", NULL);
	struct writer w = writer_of(p + FRAME_HEAD, room), head = writer_of(p, FRAME_HEAD);
	request_put(&w, request);
	if (!writer_done(&w, &body))
		return fail(f, "SIGNER_REQUEST_MALFORMED", "why", "it is too large", NULL);
	put_u32(&head, (uint32_t)body.n);
	TRY(exchange(c, bytes_of(p, FRAME_HEAD + body.n), a, &reply, f));
	return reply_open(reply, value, f);
}

/* ---- the interface ---- */

err signer_connect(const char *socket_path, unsigned timeout_ms, struct signer_client **out,
		   struct fault *f)
{
	struct signer_client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the signer's client", NULL);
	c->fd = -1;
	c->timeout_ms = timeout_ms;
	c->address.sun_family = AF_UNIX;
	if (strlen(socket_path) >= sizeof(c->address.sun_path)) {
		free(c);
		return fail(f, "SIGNER_UNAVAILABLE", "socket", socket_path, "why",
			    strerror(ENAMETOOLONG), NULL);
	}
	memcpy(c->address.sun_path, socket_path, strlen(socket_path));
	err connected = connect_once(c, f);
	if (connected.code != OK) {
		free(c);
		return connected;
	}
	*out = c;
	return ERR_OK;
}

void signer_disconnect(struct signer_client *c)
{
	if (c == NULL)
		return;
	fd_close(&c->fd);
	free(c);
}

err signer_public_read(struct signer_client *c, struct arena *a, struct signer_public *out,
		       struct fault *f)
{
	struct signer_request request = {.operation = OPERATION_PUBLIC};
	struct signer_public public = {0};
	struct reader value;

	TRY(signer_call(c, &request, SMALL_ROOM, a, &value, f));
	reply_get_public(&value, &public);
	TRY(reply_end(&value, f));
	*out = public;
	return ERR_OK;
}

err signer_last(struct signer_client *c, struct merkle_head *out, struct fault *f)
{
	struct signer_request request = {.operation = OPERATION_LAST};
	struct arena scratch = {0};
	struct merkle_head head = {0};
	struct reader value;

	err called = signer_call(c, &request, SMALL_ROOM, &scratch, &value, f);
	if (called.code == OK) {
		head = head_get(&value);
		called = reply_end(&value, f);
	}
	arena_done(&scratch);
	TRY(called);
	*out = head;
	return ERR_OK;
}

err signer_checkpoint(struct signer_client *c, struct merkle_head old, struct merkle_head now,
		      const struct hash *path, size_t path_n, struct arena *a, struct bytes *note,
		      struct fault *f)
{
	struct signer_request request = {
		.operation = OPERATION_CHECKPOINT, .old = old, .now = now, .path_n = path_n};
	struct reader value;

	if (path_n > MERKLE_DEPTH_MAX)
		return fail(f, "SIGNER_REQUEST_MALFORMED", "why", "the proof is too long", NULL);
	for (size_t i = 0; i < path_n; i++)
		request.path[i] = path[i];
	TRY(signer_call(c, &request, SMALL_ROOM, a, &value, f));
	struct bytes signed_note = blob_get(&value, NOTE_SIZE_MAX);
	TRY(reply_end(&value, f));
	*note = signed_note;
	return ERR_OK;
}
