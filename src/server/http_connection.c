/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: who is at the other end, and how long it may take. */
#include "server/http_internal.h"

#include "base/clock.h"
#include "crypto/x509.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { TICK_MIN_MS = 20, TICK_MAX_MS = 1000 };

uint64_t http_now_ms(void)
{
	return clock_steady_ms(&clock_system);
}

/* ---- deadlines ---- */

void http_deadline_start(struct http_connection *c)
{
	atomic_store(&c->deadline_ms, http_now_ms() + c->listener->server->request_ms);
}

void http_deadline_extend(struct http_connection *c, size_t bytes)
{
	uint64_t deadline = atomic_load(&c->deadline_ms);

	/* Only this connection's thread stores; the keeper only reads. */
	if (deadline > 0)
		atomic_store(&c->deadline_ms, deadline + bytes * 1000 / HTTP_RATE_MIN);
}

void http_deadline_end(struct http_connection *c)
{
	atomic_store(&c->deadline_ms, 0);
}

/* Shutting the socket down makes libmicrohttpd see an end and clean up in its own thread. The
 * number cannot have been given to another: a connection leaves the list before it is closed. */
static void cut_slow(struct http_server *s, uint64_t now_ms)
{
	for (struct http_connection *c = s->connections; c; c = c->next) {
		uint64_t deadline = atomic_load(&c->deadline_ms);

		if (deadline > 0 && deadline <= now_ms) {
			(void)shutdown(c->fd, SHUT_RDWR);
			atomic_store(&c->deadline_ms, 0);
		}
	}
}

static struct timespec tick_end(const struct http_server *s)
{
	uint64_t ms = s->heartbeat_ms < s->request_ms ? s->heartbeat_ms : s->request_ms;
	struct timespec t;

	ms /= 4;
	ms = ms < TICK_MIN_MS ? TICK_MIN_MS : ms > TICK_MAX_MS ? TICK_MAX_MS : ms;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

void *http_keeper(void *server)
{
	struct http_server *s = server;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->keeper_ends) {
		struct timespec end = tick_end(s);
		uint64_t now_ms;

		(void)pthread_cond_timedwait(&s->tick, &s->lock, &end);
		now_ms = http_now_ms();
		cut_slow(s, now_ms);
		http_streams_beat(s, now_ms);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- opening and closing ---- */

static void read_peer(struct http_connection *c, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;

	if (!address)
		return;
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof v4);
		(void)inet_ntop(AF_INET, &v4.sin_addr, c->peer, sizeof c->peer);
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;
		bool mapped;

		memcpy(&v6, address, sizeof v6);
		/* A v4 client of a socket for both families is told as what it is. */
		mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
		(void)inet_ntop(mapped ? AF_INET : AF_INET6,
				v6.sin6_addr.s6_addr + (mapped ? 12 : 0), c->peer, sizeof c->peer);
	}
}

static gnutls_session_t session_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info ? (gnutls_session_t)info->tls_session : NULL;
}

static void opened(struct http_listener *l, struct MHD_Connection *mhd, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_connection *c = info ? calloc(1, sizeof *c) : NULL;
	struct http_server *s = l->server;

	*context = c;
	if (!c)
		return;
	c->listener = l;
	c->fd = info->connect_fd;
	read_peer(c, mhd);
	/* Asked for, not required: a client without one then reads a 401 that says so, where a
	 * TLS alert would say nothing. No list of CAs goes out: the key is judged, by us. */
	if (l->tls && l->port == HTTP_MACHINES && session_of(mhd))
		gnutls_certificate_server_set_request(session_of(mhd), GNUTLS_CERT_REQUEST);
	http_deadline_start(c);
	(void)pthread_mutex_lock(&s->lock);
	c->next = s->connections;
	if (c->next)
		c->next->previous = c;
	s->connections = c;
	(void)pthread_mutex_unlock(&s->lock);
}

static void closed(struct http_server *s, struct http_connection *c)
{
	(void)pthread_mutex_lock(&s->lock);
	if (c->previous)
		c->previous->next = c->next;
	else
		s->connections = c->next;
	if (c->next)
		c->next->previous = c->previous;
	(void)pthread_mutex_unlock(&s->lock);
	free(c);
}

void http_connection_changed(void *listener, struct MHD_Connection *mhd, void **context,
			     enum MHD_ConnectionNotificationCode code)
{
	struct http_listener *l = listener;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		opened(l, mhd, context);
	else if (*context)
		closed(l->server, *context);
}

/* ---- the client's key ---- */

static void read_key(struct http_connection *c, struct MHD_Connection *mhd)
{
	gnutls_session_t session = session_of(mhd);
	unsigned n = 0;
	const gnutls_datum_t *chain = session ? gnutls_certificate_get_peers(session, &n) : NULL;

	/* The first is the client's own; who issued it says nothing here. */
	if (!chain || n == 0)
		c->key_state = KEY_NONE;
	else if (certificate_key_id(bytes_of(chain[0].data, chain[0].size), &c->key, NULL).code ==
		 OK)
		c->key_state = KEY_READ;
	else
		c->key_state = KEY_UNREADABLE;
}

bool http_client_key(struct http_exchange *x, struct fault *f)
{
	struct http_connection *c = x->connection;

	if (c->listener->port != HTTP_MACHINES)
		return true;
	if (c->key_state == KEY_UNREAD)
		read_key(c, x->mhd);
	x->request.has_client_key = c->key_state == KEY_READ;
	if (x->request.has_client_key)
		x->request.client_key = c->key;
	else if (c->key_state == KEY_UNREADABLE)
		(void)fail(f, "HTTP_CLIENT_KEY_INVALID", NULL);
	else
		(void)fail(f, "HTTP_CLIENT_KEY_MISSING", NULL);
	return x->request.has_client_key;
}
