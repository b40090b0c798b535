/* SPDX-License-Identifier: Apache-2.0 */
/* http_internal.h — what the files of the HTTP layer share; nobody else includes it.
 *
 * Order of locks: server, then exchange or stream, then libmicrohttpd's own. None is held while a
 * handler's function runs. */
#ifndef SERVER_HTTP_INTERNAL_H
#define SERVER_HTTP_INTERNAL_H

#include "server/http_check.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	HTTP_PORTS = 2,
	HTTP_RATE_MIN = 4096,        /* bytes a second that a body must arrive with */
	HTTP_DRAIN_MAX = 8 << 20,    /* body bytes thrown away so that a client reads our no */
	HTTP_DRAIN_KEEPS = 64 << 10, /* up to here the connection is worth keeping */
	HTTP_BODY_FIRST = 16 << 10,  /* first piece of memory for a body */
	HTTP_POOL_SIZE = 64 << 10,   /* libmicrohttpd's memory for one connection */
	HTTP_ARENA_BASE = 64 << 20,  /* a request's memory besides its body */
	HTTP_HEARTBEAT_MS = 15000,
	HTTP_BODIES_MAX = 256 << 20,
};

/* One of the two ports. */
struct http_listener {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	enum http_port port;
	bool tls;
	uint16_t number;
};

struct http_server {
	struct http_handlers handlers;
	struct http_listener listeners[HTTP_PORTS];
	bool layout_visible; /* the running libmicrohttpd hides broken lines */
	uint64_t request_ms; /* for headers and body, before the rate counts */
	uint64_t heartbeat_ms;
	uint64_t bodies_max;
	_Atomic uint64_t bodies; /* bytes held */
	atomic_bool closing;     /* no new requests, replies end their connection */

	pthread_t keeper; /* beats hearts, cuts slow clients */
	bool keeper_runs;
	pthread_mutex_t lock;   /* of all below */
	pthread_cond_t tick;    /* the keeper is to end */
	pthread_cond_t drained; /* `active` fell */
	bool keeper_ends;
	bool stopping; /* nothing may be suspended any more */
	size_t active; /* requests whose headers are in, streams excluded */
	struct http_connection *connections;
	struct http_exchange *parked;
	struct http_stream *streams;
};

/* One TCP connection. */
struct http_connection {
	struct http_connection *previous, *next;
	struct http_listener *listener;
	int fd;
	_Atomic uint64_t deadline_ms; /* steady clock; 0 while we, not the client, are slow */
	char peer[64];
	enum { KEY_UNREAD, KEY_NONE, KEY_UNREADABLE, KEY_READ } key_state;
	struct hash key;
};

struct http_set_header {
	struct http_set_header *next;
	const char *name;
	const char *value;
};

struct http_ticket {
	struct http_continue_at {
		http_continue *run;
		void *context;
	} next;
	struct http_exchange *exchange;
	bool waiting;  /* http_finish() has not been called */
	bool runnable; /* it has; `next` has not run */
	bool parked;   /* libmicrohttpd holds the connection */
};

/* One request and its reply. Lives until libmicrohttpd is through with it and no ticket of it is
 * out. */
struct http_exchange {
	struct http_request request;
	struct arena arena;
	atomic_uint references;
	struct http_server *server;
	struct http_connection *connection;
	struct MHD_Connection *mhd;
	struct http_exchange *parked_previous, *parked_next; /* under the server's lock */
	bool in_parked;

	enum {
		STAGE_TARGET, /* the request line is in */
		STAGE_BODY,
		STAGE_DRAIN, /* the reply is made; the rest of the body goes nowhere */
		STAGE_HANDLED,
	} stage;
	bool counted; /* in server->active */
	struct bytes raw_target;
	uintptr_t target_at; /* its place in libmicrohttpd's buffer */
	size_t target_n;
	struct http_pair *fields;
	size_t fields_n;
	struct http_target target;
	struct http_head head;
	bool version_1_1;

	size_t body_limit;
	uint64_t body_seen;
	uint8_t *body;
	size_t body_n, body_cap;
	uint64_t body_reserved; /* counted in server->bodies */
	struct http_upload upload;
	bool upload_ended;

	struct http_set_header *set_headers;
	bool header_unsound;
	struct MHD_Response *response;
	int status;
	int forced_status; /* of a problem below the handlers; 0: the handler's own */
	bool close_after;
	struct http_stream *stream;

	/* In place of `request` where a reply is made although a ticket is out: then the arena
	 * belongs to who holds it, and may be written to at this moment. */
	struct http_request stand_in;
	struct arena spare;
	bool lent;

	pthread_mutex_t lock; /* of `ticket` and of mhd against http_finish() */
	struct http_ticket ticket;
};

static inline struct http_exchange *http_exchange_of(const struct http_request *r)
{
	return r->internal;
}

/* What the making of a reply may write to. */
static inline struct http_request *http_request_of(struct http_exchange *x)
{
	return x->lent ? &x->stand_in : &x->request;
}

uint64_t http_now_ms(void);

/* http_connection.c */
void http_connection_changed(void *listener, struct MHD_Connection *mhd, void **context,
			     enum MHD_ConnectionNotificationCode code);
/* The client's slowness counts from now on, or no longer. */
void http_deadline_start(struct http_connection *c);
void http_deadline_extend(struct http_connection *c, size_t bytes);
void http_deadline_end(struct http_connection *c);
/* Fills has_client_key and client_key; false with a fault on the machines port without one. */
MUST_CHECK bool http_client_key(struct http_exchange *x, struct fault *f);
void *http_keeper(void *server);

/* http_request.c: the callbacks of libmicrohttpd. */
void *http_target_arrived(void *listener, const char *target, struct MHD_Connection *mhd);
enum MHD_Result http_access(void *listener, struct MHD_Connection *mhd, const char *url,
			    const char *method, const char *version, const char *data,
			    size_t *data_n, void **context);
void http_completed(void *listener, struct MHD_Connection *mhd, void **context,
		    enum MHD_RequestTerminationCode code);
void http_exchange_release(struct http_exchange *x);

/* http_body.c */
/* Takes a piece of the body; false: the rest goes nowhere, the reply is made. */
MUST_CHECK bool http_body_take(struct http_exchange *x, struct bytes piece);

/* http_reply.c */
/* Makes the problem document of `f` the reply, in place of any other. */
void http_problem(struct http_exchange *x, const struct fault *f, bool close_after);
enum MHD_Result http_queue(struct http_exchange *x);
void http_response_drop(struct http_exchange *x);

/* http_suspend.c */
enum http_parking { PARKED, RUNNABLE, STOPPING };
enum http_parking http_park(struct http_exchange *x);
void http_lend(struct http_exchange *x);     /* a reply is to be made although a ticket is out */
void http_unpark_all(struct http_server *s); /* the server's lock is held */
void http_detach(struct http_exchange *x);   /* libmicrohttpd is through with it */

/* http_stream.c: with the server's lock held. */
void http_streams_beat(struct http_server *s, uint64_t now_ms);
void http_streams_end(struct http_server *s);
size_t http_streams_count(const struct http_server *s);

#endif
