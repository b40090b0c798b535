/* SPDX-License-Identifier: Apache-2.0 */
/* Event streams: a reply without an end, suspended while there is nothing to say. */
#include "server/http_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

static const char BEAT[] = ":\n\n"; /* a comment of text/event-stream */

struct http_stream {
	struct http_stream *previous, *next; /* in the server's list */
	struct http_server *server;
	struct MHD_Connection *mhd;
	http_stream_pull *pull;
	void (*closed)(void *context);
	void *context;
	/* What `pull` gave and libmicrohttpd has not taken: only its thread looks at these. */
	char *piece;
	size_t piece_n, piece_at;

	pthread_mutex_t lock; /* of all below */
	bool suspended;
	bool woken; /* since `pull` was called last */
	bool ended;
	bool beat_due;
	uint64_t sent_ms;
};

/* The stream's lock is held. */
static void resume(struct http_stream *st)
{
	if (!st->suspended)
		return;
	st->suspended = false;
	MHD_resume_connection(st->mhd);
}

void http_stream_wake(struct http_stream *stream)
{
	(void)pthread_mutex_lock(&stream->lock);
	stream->woken = true;
	resume(stream);
	(void)pthread_mutex_unlock(&stream->lock);
}

/* A closing of TLS may wait unread before the end of the connection: the peer's half is what tells. */
bool http_stream_left(const struct http_stream *stream)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(stream->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd at = {.fd = info == NULL ? -1 : info->connect_fd, .events = POLLRDHUP};

	return poll(&at, 1, 0) == 1 && (at.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void http_streams_beat(struct http_server *s, uint64_t now_ms)
{
	for (struct http_stream *st = s->streams; st; st = st->next) {
		(void)pthread_mutex_lock(&st->lock);
		if (st->suspended && now_ms - st->sent_ms >= s->heartbeat_ms) {
			st->beat_due = true;
			resume(st);
		}
		(void)pthread_mutex_unlock(&st->lock);
	}
}

void http_streams_end(struct http_server *s)
{
	for (struct http_stream *st = s->streams; st; st = st->next) {
		(void)pthread_mutex_lock(&st->lock);
		st->ended = true;
		resume(st);
		(void)pthread_mutex_unlock(&st->lock);
	}
}

size_t http_streams_count(const struct http_server *s)
{
	size_t n = 0;

	for (const struct http_stream *st = s->streams; st; st = st->next)
		n++;
	return n;
}

/* An idle stream holds no buffer: there may be thousands. */
static void drop_piece(struct http_stream *st)
{
	free(st->piece);
	st->piece = NULL;
	st->piece_n = st->piece_at = 0;
}

static ssize_t hand_over(struct http_stream *st, char *buffer, size_t max)
{
	size_t n = st->piece_n - st->piece_at;

	n = n < max ? n : max;
	memcpy(buffer, st->piece + st->piece_at, n);
	st->piece_at += n;
	return (ssize_t)n;
}

enum next { NEXT_PULL, NEXT_BEAT, NEXT_WAIT };

/* `pull` had nothing: beat, wait, or ask again because it was woken meanwhile. */
static enum next settle(struct http_stream *st)
{
	enum next next = NEXT_PULL;

	(void)pthread_mutex_lock(&st->lock);
	if (st->woken || st->ended) {
		next = NEXT_PULL;
	} else if (st->beat_due) {
		st->beat_due = false;
		next = NEXT_BEAT;
	} else {
		drop_piece(st);
		st->suspended = true;
		MHD_suspend_connection(st->mhd);
		next = NEXT_WAIT;
	}
	(void)pthread_mutex_unlock(&st->lock);
	return next;
}

static bool begin_pull(struct http_stream *st)
{
	bool ended;

	(void)pthread_mutex_lock(&st->lock);
	st->woken = false;
	ended = st->ended;
	(void)pthread_mutex_unlock(&st->lock);
	if (!ended && !st->piece)
		st->piece = malloc(HTTP_STREAM_PIECE);
	return !ended && st->piece;
}

static void note_sent(struct http_stream *st)
{
	(void)pthread_mutex_lock(&st->lock);
	st->sent_ms = http_now_ms();
	st->beat_due = false;
	(void)pthread_mutex_unlock(&st->lock);
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t max)
{
	struct http_stream *st = context;

	(void)position;
	while (st->piece_at == st->piece_n) {
		if (!begin_pull(st))
			return MHD_CONTENT_READER_END_OF_STREAM;
		st->piece_at = 0;
		st->piece_n = st->pull(st->context, st->piece, HTTP_STREAM_PIECE);
		if (st->piece_n > HTTP_STREAM_PIECE)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (st->piece_n > 0)
			break;
		switch (settle(st)) {
		case NEXT_WAIT:
			return 0;
		case NEXT_BEAT:
			memcpy(st->piece, BEAT, sizeof BEAT - 1);
			st->piece_n = sizeof BEAT - 1;
			break;
		case NEXT_PULL:
			break;
		}
	}
	note_sent(st);
	return hand_over(st, buffer, max);
}

static void stream_done(void *context)
{
	struct http_stream *st = context;
	struct http_server *s = st->server;

	(void)pthread_mutex_lock(&s->lock);
	if (st->previous)
		st->previous->next = st->next;
	else
		s->streams = st->next;
	if (st->next)
		st->next->previous = st->previous;
	(void)pthread_cond_broadcast(&s->drained);
	(void)pthread_mutex_unlock(&s->lock);
	st->closed(st->context);
	drop_piece(st);
	(void)pthread_mutex_destroy(&st->lock);
	free(st);
}

static struct http_stream *stream_open(struct http_exchange *x)
{
	struct http_stream *st = calloc(1, sizeof *st);
	struct http_server *s = x->server;

	if (!st)
		return NULL;
	if (pthread_mutex_init(&st->lock, NULL) != 0) {
		free(st);
		return NULL;
	}
	st->server = s;
	st->mhd = x->mhd;
	st->sent_ms = http_now_ms();
	(void)pthread_mutex_lock(&s->lock);
	st->ended = atomic_load(&s->closing);
	st->next = s->streams;
	if (st->next)
		st->next->previous = st;
	s->streams = st;
	(void)pthread_mutex_unlock(&s->lock);
	return st;
}

struct http_stream *http_reply_stream(struct http_request *r, http_stream_pull *pull,
				      void (*closed)(void *context), void *context)
{
	struct http_exchange *x = http_exchange_of(r);
	struct http_stream *st = x->response ? NULL : stream_open(x);
	struct fault f;

	if (!st) {
		closed(context);
		(void)fail(&f, "HTTP_NO_MEMORY", NULL);
		if (!x->response)
			http_problem(x, &f, true);
		return NULL;
	}
	st->pull = pull;
	st->closed = closed;
	st->context = context;
	x->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_STREAM_PIECE,
							read_stream, st, stream_done);
	if (!x->response) {
		stream_done(st);
		(void)fail(&f, "HTTP_NO_MEMORY", NULL);
		http_problem(x, &f, true);
		return NULL;
	}
	x->status = 200;
	x->stream = st;
	http_header_set(r, "Content-Type", "text/event-stream");
	/* A proxy in front must not collect what is to arrive at once. */
	http_header_set(r, "X-Accel-Buffering", "no");
	return st;
}
