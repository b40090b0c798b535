/* SPDX-License-Identifier: Apache-2.0 */
/* http.h — the one place that knows libmicrohttpd. Two ports: people (never asked for a client
 * certificate) and machines (always). Refuses, before a handler sees them, the shapes that let
 * two parsers disagree: Content-Length with Transfer-Encoding, repeated Host or Content-Length,
 * unknown methods, oversize targets and headers. */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "base/arena.h"

struct http_server;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE };
enum http_port { HTTP_PEOPLE, HTTP_MACHINES };

enum {
	HTTP_TARGET_MAX = 4096,
	HTTP_HEADERS_MAX = 16384,
	HTTP_HEADER_COUNT_MAX = 100,
	HTTP_QUERY_MAX = 32, /* parameters */
	HTTP_SEGMENTS_MAX = 32,
	HTTP_STREAM_PIECE = 8192, /* what `pull` of a stream may fill at once */
};

/* One request while it is handled. The arena is freed after the reply is sent. */
struct http_request {
	enum http_method method;
	enum http_port port;
	const char *path;  /* percent-decoded once, checked: no empty, "." or ".." segment,
	                       * no control character, valid UTF-8 */
	struct bytes body; /* whole, unless the route streams */
	struct arena *arena;
	bool has_client_key; /* machines port: the key that the handshake proved */
	struct hash client_key;
	char peer[64]; /* numeric address, for limits and the log */
	void *internal;
};

/* NULL when absent. Repeated query parameters are refused before the handler runs. */
const char *http_query(const struct http_request *r, const char *name);
size_t http_query_count(const struct http_request *r);
const char *http_query_at(const struct http_request *r, size_t i, const char **value);
/* The path's segments, split before decoding, so that one may hold a "/" that came as %2F. The
 * root has none. NULL past the end. */
size_t http_segment_count(const struct http_request *r);
const char *http_segment(const struct http_request *r, size_t i);
/* Of a header sent more than once (a list such as Accept), the first. */
const char *http_header(const struct http_request *r, const char *name);

/* Replies. Exactly one per request: the first counts. The body is copied. Every reply carries
 * X-Content-Type-Options, Referrer-Policy, with TLS Strict-Transport-Security, and Cache-Control
 * no-store unless the handler sets another. A header that is no header (a line break in its
 * value) turns the reply into a 500; those that frame the message are this module's own. */
void http_header_set(struct http_request *r, const char *name, const char *value);
void http_reply(struct http_request *r, int status, const char *content_type, struct bytes body);
/* An open file as the body, from its start; the descriptor is taken over. A GET answered 200
 * honors one Range (and If-Range against the ETag that the handler set). */
void http_reply_file(struct http_request *r, int status, const char *content_type, int fd);

/* Suspends the connection: the handler returns without a reply; later, from any thread,
 * http_finish() makes `finish` run on a server thread, which replies or suspends again. It may be
 * called before the handler has returned. Cannot be lost: a server that stops finishes every
 * suspended request with 503 first.
 * Whoever got a ticket calls http_finish() exactly once, whatever became of the client or the
 * server, even after http_stop(). Until then the request stays readable and its arena is the
 * holder's alone: the handler that suspended and this module write to neither. If the client left
 * or the server stopped, `finish` does not run: what `context` owns outside the arena must be
 * given back before http_finish(). Not to be called from `begin`. */
typedef void http_continue(struct http_request *r, void *context);
struct http_ticket;
struct http_ticket *http_suspend(struct http_request *r, http_continue *finish, void *context);
void http_finish(struct http_ticket *ticket);

/* An event stream (text/event-stream). `pull` fills the buffer with what is new and returns its
 * length, or 0 when there is nothing yet; http_stream_wake() asks again. A comment line goes out
 * every 15 s so that a client that left is noticed. `cap` is HTTP_STREAM_PIECE. `closed` runs
 * once, at the end; after it returned, http_stream_wake() must not be called, which is for the
 * caller's own lock to see to (no lock of this module is held while `closed` or `pull` runs).
 * NULL when memory is out: then `closed` has run and the request has its reply. */
typedef size_t http_stream_pull(void *context, char *buffer, size_t cap);
struct http_stream;
struct http_stream *http_reply_stream(struct http_request *r, http_stream_pull *pull,
				      void (*closed)(void *context), void *context);
void http_stream_wake(struct http_stream *stream);
/* True when the client has hung up, which this module itself notices at the second heartbeat only. As with
 * http_stream_wake(), not after `closed` returned. */
bool http_stream_left(const struct http_stream *stream);

/* A request body taken in pieces, for uploads: `chunk` may refuse with an error, which ends the
 * request with the problem document of the fault (a client that goes on sending for long is
 * cut). Exactly one of `done` and `aborted` runs: `aborted` after a refusal, a body beyond the
 * limit, or a client that left. */
struct http_upload {
	err (*chunk)(struct http_request *r, void *context, struct bytes piece, struct fault *f);
	void (*done)(struct http_request *r, void *context); /* whole body seen: reply here */
	void (*aborted)(struct http_request *r, void *context);
	void *context;
};

struct http_handlers {
	/* Called once per request with the whole body. */
	void (*handle)(struct http_request *r, void *context);
	/* Called when the headers are in. Returns the most bytes the body may have, and for a
	 * streamed upload fills `*upload` (leave chunk NULL otherwise). A declared larger body is
	 * answered 413 at once. May reply itself (http_reply): then the body is not read.
	 * NULL: no request may have a body. */
	size_t (*begin)(struct http_request *r, struct http_upload *upload, void *context);
	/* Writes the problem document for a fault that arose below the handlers. The status sent
	 * is this module's (414, 431 …), not the one passed. NULL: a plain document. */
	void (*problem)(struct http_request *r, const struct fault *f, void *context);
	void *context;
};

struct http_config {
	const char *address;  /* "127.0.0.1", "::", … */
	uint16_t people_port; /* 0: any free port; see http_port_of() */
	uint16_t machines_port;
	const char *certificate_pem; /* text, not a path. TLS 1.3 only; NULL: no TLS, allowed on
				      * loopback only, where the machines port then answers 401 */
	const char *key_pem;
	bool people_plain; /* the people port without TLS all the same, on loopback only */
	unsigned threads;
	unsigned connections_max;
	unsigned connections_per_peer_max;
	unsigned idle_timeout_s; /* silent clients are cut after this long, slow ones when a
				   * request takes four times as long, plus 1 s for 4 KiB */
	unsigned heartbeat_ms;   /* of streams; 0: 15 s */
	uint64_t bodies_max;     /* bytes of bodies held at once; 0: 256 MiB; beyond: 503 */
};

MUST_CHECK err http_start(const struct http_config *config, const struct http_handlers *handlers,
			  struct http_server **out, struct fault *f);
uint16_t http_port_of(const struct http_server *s, enum http_port port);
/* Refuses new connections, lets running requests finish for at most `grace_ms`, finishes suspended
 * ones, closes streams, waits up to 10 s for replies to go out (2 s if none does), then stops. Safe
 * with suspended connections. */
void http_stop(struct http_server *s, unsigned grace_ms);

#endif
