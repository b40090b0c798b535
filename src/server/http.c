/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping: sockets, TLS, the two daemons of libmicrohttpd and the keeper. */
#include "server/http_internal.h"

#include "base/files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	FLUSH_MS = 2000,      /* without one reply going out, while the server stops */
	FLUSH_MAX_MS = 10000, /* in all */
	OPTIONS_MAX = 20,
	BACKLOG = 512,
};

static const char PRIORITIES[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:%SERVER_PRECEDENCE";

/* ---- sockets ---- */

static bool is_loopback(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof v4);
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	}
	memcpy(&v6, address, sizeof v6);
	return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/* 0, or what errno says. */
static int try_listen(const struct addrinfo *at, int *out)
{
	const int on = 1, off = 0;
	AUTO(fd_close)
	int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
		return errno;
	/* "::" means every address of this machine, whatever the system's default is. */
	if (at->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
		return errno;
	*out = fd;
	fd = -1;
	return 0;
}

static err listen_on(const struct http_config *config, bool tls, uint16_t number, int *out,
		     struct fault *f)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	char port[8];
	bool loopback;
	int failed = 0;

	(void)snprintf(port, sizeof port, "%u", (unsigned)number);
	if (getaddrinfo(config->address, port, &hints, &found) != 0)
		return fail(f, "HTTP_ADDRESS_INVALID", "address", config->address, NULL);
	loopback = is_loopback(found->ai_addr);
	if (loopback || tls)
		failed = try_listen(found, out);
	freeaddrinfo(found);
	if (!loopback && !tls)
		return fail(f, "HTTP_TLS_REQUIRED", "address", config->address, NULL);
	if (failed)
		return fail(f, "HTTP_LISTEN_FAILED", "address", config->address, "port", port,
			    "detail", strerror(failed), NULL);
	return ERR_OK;
}

/* ---- TLS ---- */

/* libmicrohttpd would only say that it did not start. */
static err check_tls(const struct http_config *config, struct fault *f)
{
	gnutls_certificate_credentials_t credentials = NULL;
	gnutls_datum_t certificate, key;
	int result;

	if (!config->certificate_pem)
		return ERR_OK;
	if (!config->key_pem)
		return fail(f, "HTTP_TLS_FAILED", "detail", "there is no key", NULL);
	/* GnuTLS takes no const, and reads only. */
	union {
		const char *from;
		unsigned char *to;
	} certificate_text = {.from = config->certificate_pem},
	  key_text = {.from = config->key_pem};
	certificate.data = certificate_text.to;
	certificate.size = (unsigned)strlen(config->certificate_pem);
	key.data = key_text.to;
	key.size = (unsigned)strlen(config->key_pem);
	result = gnutls_certificate_allocate_credentials(&credentials);
	if (result >= 0)
		result = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key,
							     GNUTLS_X509_FMT_PEM);
	if (credentials)
		gnutls_certificate_free_credentials(credentials);
	if (result < 0)
		return fail(f, "HTTP_TLS_FAILED", "detail", gnutls_strerror(result), NULL);
	return ERR_OK;
}

/* ---- the daemons ---- */

/* Targets are decoded by us, from what http_target_arrived() saw. */
static size_t keep_escapes(void *context, struct MHD_Connection *mhd, char *text)
{
	(void)context, (void)mhd;
	return strlen(text);
}

struct options {
	struct MHD_OptionItem items[OPTIONS_MAX];
	size_t n;
};

static void option(struct options *o, enum MHD_OPTION name, intptr_t value, const void *pointer)
{
	union {
		const void *from;
		void *to;
	} p = {.from = pointer};

	if (o->n < OPTIONS_MAX - 1)
		o->items[o->n++] = (struct MHD_OptionItem){name, value, p.to};
	o->items[o->n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static void fill_options(struct options *o, const struct http_config *config,
			 struct http_listener *l, int fd)
{
	unsigned threads = config->threads > 1 ? config->threads : 1;
	unsigned most = config->connections_max > threads ? config->connections_max : threads;

	option(o, MHD_OPTION_LISTEN_SOCKET, fd, NULL);
	option(o, MHD_OPTION_CONNECTION_LIMIT, (intptr_t)most, NULL);
	option(o, MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)config->connections_per_peer_max,
	       NULL);
	option(o, MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)config->idle_timeout_s, NULL);
	option(o, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_POOL_SIZE, NULL);
	option(o, MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_connection_changed, l);
	option(o, MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_completed, l);
	option(o, MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_target_arrived, l);
	option(o, MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL);
#if MHD_VERSION >= 0x00097701
	/* No folded lines, no bare line feeds; above 1 it would also refuse what RFC 9112 grants. */
	option(o, MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, NULL);
#else
	option(o, MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
#endif
	if (threads > 1)
		option(o, MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL);
	if (!l->tls)
		return;
	option(o, MHD_OPTION_HTTPS_MEM_CERT, 0, config->certificate_pem);
	option(o, MHD_OPTION_HTTPS_MEM_KEY, 0, config->key_pem);
	option(o, MHD_OPTION_HTTPS_PRIORITIES, 0, PRIORITIES);
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage at = {0};
	socklen_t n = sizeof at;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
		return 0;
	memcpy(&v4, &at, sizeof v4);
	memcpy(&v6, &at, sizeof v6);
	return ntohs(at.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

/* Accepting ends here and not by MHD_quiesce_daemon(): that takes the socket out of the epoll sets
 * of threads which may be doing the same at that moment, and whoever comes second ends the process
 * (0.9.75 to 1.0). Refused clients see an end at once. */
static enum MHD_Result admit(void *listener, const struct sockaddr *address, socklen_t n)
{
	const struct http_listener *l = listener;

	(void)address, (void)n;
	return atomic_load(&l->server->closing) ? MHD_NO : MHD_YES;
}

static err start_listener(struct http_server *s, const struct http_config *config,
			  enum http_port port, uint16_t number, struct fault *f)
{
	struct http_listener *l = &s->listeners[port];
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	struct options options = {0};
	AUTO(fd_close) int fd = -1;

	l->tls = config->certificate_pem && !(port == HTTP_PEOPLE && config->people_plain);
	TRY(listen_on(config, l->tls, number, &fd, f));
	l->number = bound_port(fd);
	fill_options(&options, config, l, fd);
	if (l->tls)
		flags |= MHD_USE_TLS;
	l->daemon = MHD_start_daemon(flags, 0, admit, l, http_access, l, MHD_OPTION_ARRAY,
				     options.items, MHD_OPTION_END);
	if (!l->daemon)
		return fail(f, "HTTP_START_FAILED", "detail", "libmicrohttpd refuses", NULL);
	fd = -1; /* closed by MHD_stop_daemon() */
	return ERR_OK;
}

/* ---- starting ---- */

static bool make_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	bool made;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
	       pthread_cond_init(condition, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	return made;
}

static bool make_locks(struct http_server *s)
{
	if (pthread_mutex_init(&s->lock, NULL) != 0)
		return false;
	if (!make_condition(&s->tick)) {
		(void)pthread_mutex_destroy(&s->lock);
		return false;
	}
	if (!make_condition(&s->drained)) {
		(void)pthread_cond_destroy(&s->tick);
		(void)pthread_mutex_destroy(&s->lock);
		return false;
	}
	return true;
}

static struct http_server *server_open(const struct http_config *config,
				       const struct http_handlers *handlers)
{
	struct http_server *s = calloc(1, sizeof *s);
	unsigned idle_s = config->idle_timeout_s > 0 ? config->idle_timeout_s : 30;

	if (!s)
		return NULL;
	if (!make_locks(s)) {
		free(s);
		return NULL;
	}
	s->handlers = *handlers;
	/* From 1.0 on the library refuses itself, and may move its strings. */
	s->layout_visible = strncmp(MHD_get_version(), "0.9.75", 6) == 0;
	s->request_ms = (uint64_t)idle_s * 4000;
	s->heartbeat_ms = config->heartbeat_ms > 0 ? config->heartbeat_ms : HTTP_HEARTBEAT_MS;
	s->bodies_max = config->bodies_max > 0 ? config->bodies_max : HTTP_BODIES_MAX;
	for (size_t i = 0; i < HTTP_PORTS; i++) {
		s->listeners[i].server = s;
		s->listeners[i].port = (enum http_port)i;
	}
	return s;
}

err http_start(const struct http_config *config, const struct http_handlers *handlers,
	       struct http_server **out, struct fault *f)
{
	struct http_server *s;
	err e;

	TRY(check_tls(config, f));
	s = server_open(config, handlers);
	if (!s)
		return fail(f, "HTTP_START_FAILED", "detail", "no memory", NULL);
	s->keeper_runs = pthread_create(&s->keeper, NULL, http_keeper, s) == 0;
	e = s->keeper_runs ? ERR_OK : fail(f, "HTTP_START_FAILED", "detail", "no thread", NULL);
	if (e.code == OK)
		e = start_listener(s, config, HTTP_PEOPLE, config->people_port, f);
	if (e.code == OK)
		e = start_listener(s, config, HTTP_MACHINES, config->machines_port, f);
	if (e.code == OK)
		*out = s;
	else
		http_stop(s, 0);
	return e;
}

uint16_t http_port_of(const struct http_server *s, enum http_port port)
{
	return s->listeners[port].number;
}

/* ---- stopping ---- */

/* Waits until no request runs, and with `streams` until none of those is open. The server's lock
 * is held. */
static void wait_drained(struct http_server *s, unsigned ms, bool streams)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)(ms / 1000);
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_nsec -= 1000000000;
		end.tv_sec++;
	}
	while (s->active > 0 || (streams && s->streams))
		if (pthread_cond_timedwait(&s->drained, &s->lock, &end) != 0)
			return;
}

static size_t count_open(const struct http_server *s)
{
	return s->active + http_streams_count(s);
}

/* Replies go out for as long as clients take them, which on a loaded machine is long for many and
 * never for those who do not read. The server's lock is held. */
static void wait_flushed(struct http_server *s)
{
	uint64_t end_ms = http_now_ms() + FLUSH_MAX_MS;
	size_t before;

	do {
		before = count_open(s);
		wait_drained(s, FLUSH_MS, true);
	} while (count_open(s) > 0 && count_open(s) < before && http_now_ms() < end_ms);
}

static void end_keeper(struct http_server *s)
{
	if (!s->keeper_runs)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->keeper_ends = true;
	(void)pthread_cond_signal(&s->tick);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->keeper, NULL);
}

/* MHD_stop_daemon() ends the process if a connection is suspended. So: streams end, what runs may
 * run on, then everything suspended is resumed and, `stopping` being set under the same lock,
 * nothing is suspended again. */
void http_stop(struct http_server *s, unsigned grace_ms)
{
	(void)pthread_mutex_lock(&s->lock);
	atomic_store(&s->closing, true);
	http_streams_end(s);
	wait_drained(s, grace_ms, false);
	s->stopping = true;
	http_unpark_all(s);
	wait_flushed(s);
	(void)pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < HTTP_PORTS; i++)
		if (s->listeners[i].daemon)
			MHD_stop_daemon(s->listeners[i].daemon);
	end_keeper(s);
	(void)pthread_cond_destroy(&s->drained);
	(void)pthread_cond_destroy(&s->tick);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
