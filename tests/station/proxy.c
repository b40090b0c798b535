/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 4096, PIECE = 65536, LOOK_MS = 20 };

struct line {
	struct proxy *p;
	int near, far;
};

static bool send_all(int fd, const void *data, size_t n)
{
	const char *at = data;

	while (n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool say(int fd, const char *text)
{
	return send_all(fd, text, strlen(text));
}

/* ---- the request ---- */

static bool read_head(int fd, char head[static HEAD_MAX])
{
	size_t n = 0;

	while (n + 1 < HEAD_MAX) {
		ssize_t got = recv(fd, head + n, 1, 0);
		if (got <= 0)
			return false;
		head[++n] = '\0';
		if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
			return true;
	}
	return false;
}

static bool is_authorized(const char *head)
{
	char wanted[256] = "Proxy-Authorization: Basic ";

	base64_encode(bytes_text(PROXY_CREDENTIALS), wanted + strlen(wanted));
	return strstr(head, wanted) != NULL;
}

static int reach(unsigned port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool opened(struct line *l)
{
	char head[HEAD_MAX];
	unsigned port = 0;

	if (!read_head(l->near, head) || l->p->cut)
		return false;
	if (!is_authorized(head)) {
		l->p->refused++;
		(void)say(l->near, "HTTP/1.1 407 Proxy Authentication Required\r\n"
				   "Proxy-Authenticate: Basic realm=\"box\"\r\n"
				   "Content-Length: 0\r\nConnection: close\r\n\r\n");
		return false;
	}
	if (sscanf(head, "CONNECT 127.0.0.1:%u HTTP/1.1", &port) != 1 &&
	    sscanf(head, "CONNECT localhost:%u HTTP/1.1", &port) != 1)
		return false;
	l->far = reach(port);
	if (l->far < 0)
		return say(l->near, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") &&
		       false;
	l->p->passed++;
	return say(l->near, "HTTP/1.1 200 Connection established\r\n\r\n");
}

/* ---- what goes through ---- */

/* What is far away is still on its way, unless the proxy ends meanwhile. */
static void on_its_way(const struct proxy *p)
{
	struct pollfd end = {.fd = p->end_fd, .events = POLLIN};

	if (p->delay_ms > 0)
		(void)poll(&end, 1, (int)p->delay_ms);
}

static bool is_cut_now(struct proxy *p)
{
	unsigned seen = p->random, next = seen * 1664525u + 1013904223u;

	p->random = next;
	if (p->cut_every == 0 || (next >> 8) % p->cut_every != 0)
		return false;
	p->cuts++;
	return true;
}

/* A cut also takes half of what was on its way. */
static bool pass_on(struct proxy *p, int from, int to)
{
	static _Thread_local char piece[PIECE];

	on_its_way(p);
	ssize_t n = recv(from, piece, sizeof piece, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	if (is_cut_now(p)) {
		(void)send_all(to, piece, (size_t)n / 2);
		return false;
	}
	return send_all(to, piece, (size_t)n);
}

static void relay(struct line *l)
{
	struct pollfd fds[2] = {{.fd = l->near, .events = POLLIN},
				{.fd = l->far, .events = POLLIN}};

	while (!l->p->cut && !l->p->ending) {
		if (poll(fds, 2, LOOK_MS) <= 0)
			continue;
		if (fds[0].revents != 0 && !pass_on(l->p, l->near, l->far))
			return;
		if (fds[1].revents != 0 && !pass_on(l->p, l->far, l->near))
			return;
	}
}

static void *serve(void *context)
{
	struct line *l = context;
	struct proxy *p = l->p;

	if (opened(l))
		relay(l);
	close(l->near);
	if (l->far >= 0)
		close(l->far);
	free(l);
	p->lines--;
	return NULL;
}

static void take(struct proxy *p, int fd)
{
	struct line *l = calloc(1, sizeof *l);
	struct timeval limit = {.tv_sec = 20};
	pthread_t thread;

	*l = (struct line){p, fd, -1};
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	p->lines++;
	if (pthread_create(&thread, NULL, serve, l) == 0)
		(void)pthread_detach(thread);
	else
		abort();
}

static void *listen_on(void *context)
{
	struct proxy *p = context;
	struct pollfd fd = {.fd = p->fd, .events = POLLIN};

	while (!p->ending) {
		if (poll(&fd, 1, LOOK_MS) <= 0)
			continue;
		int near = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);
		if (near >= 0)
			take(p, near);
	}
	return NULL;
}

void proxy_open(struct proxy *p, unsigned seed)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	pthread_t thread;

	memset(p, 0, sizeof *p);
	p->random = seed;
	p->end_fd = eventfd(0, EFD_CLOEXEC);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(p->end_fd >= 0 && p->fd >= 0);
	assert_int_equal(bind(p->fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(p->fd, 64), 0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&at, &n), 0);
	p->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&thread, NULL, listen_on, p), 0);
	p->thread = thread;
}

void proxy_close(struct proxy *p)
{
	p->ending = true;
	assert_int_equal(eventfd_write(p->end_fd, 1), 0);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	while (p->lines > 0) /* each sees `ending` within a moment */
		sched_yield();
	close(p->fd);
	close(p->end_fd);
}
