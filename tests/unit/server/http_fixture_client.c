/* SPDX-License-Identifier: Apache-2.0 */
/* The client of the fixture: it sends exactly what it is told, and reads what comes. */
#include "http_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

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
