/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_wire.c — the client's half: exactly the bytes it is told, and one answer read strictly. */
#include "hostile.h"

#include "base/files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, ANSWER_MAX = 64 << 20, HEAD_MAX = 32768 };

static struct sockaddr_in loopback(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

int wire_open(struct hostile *h)
{
	/* 127.1.0.1 and on: all of 127/8 is this machine. */
	struct sockaddr_in from = loopback(0x7f010001u + h->peers++, 0);
	struct sockaddr_in to = loopback(INADDR_LOOPBACK, server_port(h->api->server, h->port));
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

/* The server may have closed already: what it said before is still to be read. */
void wire_put(struct hostile *h, int fd, struct bytes bytes)
{
	(void)h;
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes = bytes_of(bytes.p + n, bytes.n - (size_t)n);
	}
}

void wire_text(struct hostile *h, int fd, const char *text)
{
	wire_put(h, fd, bytes_text(text));
}

void wire_leave(int fd)
{
	const struct linger now = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

static ssize_t take(int fd, void *to, size_t n)
{
	struct pollfd waits = {.fd = fd, .events = POLLIN};

	if (poll(&waits, 1, PATIENCE_MS) != 1)
		stop_test("no answer within %d s\n", PATIENCE_MS / 1000);
	ssize_t got = recv(fd, to, n, 0);
	return got < 0 ? 0 : got; /* reset: it has ended */
}

bool wire_ended(int fd)
{
	char bytes[4096];

	while (take(fd, bytes, sizeof bytes) > 0)
		continue;
	return true;
}

/* Byte by byte up to the empty line, so that nothing of the next answer is taken. */
static bool read_head(int fd, char head[static HEAD_MAX])
{
	size_t n = 0;

	while (n < HEAD_MAX - 1 && take(fd, head + n, 1) == 1) {
		head[++n] = '\0';
		if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
			return true;
	}
	return false;
}

static size_t read_exactly(struct hostile *h, int fd, struct reply *r, size_t n)
{
	size_t got = 0;

	assert_true(n <= ANSWER_MAX);
	r->body = arena_alloc(&h->api->arena, n + 1);
	assert_non_null(r->body);
	while (got < n) {
		ssize_t more = take(fd, r->body + got, n - got);
		if (more <= 0)
			break;
		got += (size_t)more;
	}
	r->body[got] = '\0';
	return got;
}

struct reply *wire_read(struct hostile *h, int fd, bool head)
{
	struct reply *r = arena_alloc(&h->api->arena, sizeof *r);
	char text[HEAD_MAX];
	const char *length, *type;

	assert_non_null(r);
	r->older = h->api->replies; /* the fixture gives back what they hold */
	h->api->replies = r;
	r->body = arena_text(&h->api->arena, bytes_text(""));
	r->headers = r->body;
	if (!read_head(fd, text))
		return r;
	if (strncmp(text, "HTTP/1.1 100", 12) == 0 && !read_head(fd, text))
		return r;
	assert_int_equal(strncmp(text, "HTTP/1.1 ", 9), 0);
	r->status = (int)strtol(text + 9, NULL, 10);
	r->headers = arena_text(&h->api->arena, bytes_text(text));
	length = reply_header(r, "Content-Length");
	if (!head && length != NULL)
		r->n = read_exactly(h, fd, r, strtoul(length, NULL, 10));
	type = reply_header(r, "Content-Type");
	if (type != NULL && strstr(type, "json") != NULL && r->n > 0)
		r->json = json_loadb(r->body, r->n, JSON_REJECT_DUPLICATES, NULL);
	return r;
}

struct reply *wire_say(struct hostile *h, struct bytes request, bool head)
{
	int fd = wire_open(h);

	h->requests++;
	wire_put(h, fd, request);
	struct reply *r = wire_read(h, fd, head);
	close(fd);
	return r;
}

/* ---- whole requests ---- */

const char *wire_token(struct hostile *h, enum who who)
{
	const struct person *people[] = {
		[WANDA] = &h->wanda, [ALMA] = &h->alma, [NEMO] = &h->nemo, [ADA] = &h->api->ada};

	if (who == NOBODY)
		return "";
	return arena_printf(&h->api->arena, "Authorization: Bearer %s\r\n", people[who]->token);
}

static char *replace(struct arena *a, char *text, const char *word, const char *by)
{
	char *at;

	while ((at = strstr(text, word)) != NULL)
		text = arena_printf(a, "%.*s%s%s", (int)(at - text), text, by, at + strlen(word));
	return text;
}

/* Single quotes become double ones, and words that begin with @ what they stand for. */
static struct bytes fill_in(struct hostile *h, const char *body)
{
	char id[37], now[TIME_TEXT_SIZE], past[TIME_TEXT_SIZE], future[TIME_TEXT_SIZE];
	struct arena *a = &h->api->arena;
	uint64_t ms = clock_wall_ms(&h->api->clock);

	api_uuid(h->api, id);
	time_text(ms, now);
	time_text(ms - 25u * 3600 * 1000, past);
	time_text(ms + 25u * 3600 * 1000, future);
	char *text = api_quoted(h->api, body);
	text = replace(a, text, "@ID", id);
	text = replace(a, text, "@NOW", now);
	text = replace(a, text, "@PAST", past);
	text = replace(a, text, "@FUTURE", future);
	return bytes_text(text);
}

static struct bytes body_of(struct hostile *h, const struct row *row)
{
	if (row->make != NULL)
		return row->make(h);
	if (row->forgery != NULL)
		return forge(h, row->forgery);
	return row->body != NULL ? fill_in(h, row->body) : row->raw;
}

static struct bytes request_of(struct hostile *h, const struct row *row, const char *path)
{
	struct arena *a = &h->api->arena;
	struct bytes body = body_of(h, row);
	char filler[4096 + 1] = "";
	bool has_body = body.p != NULL;
	const char *method = row->method != NULL ? row->method : has_body ? "POST" : "GET";
	const char *type = row->type != NULL ? row->type : "application/json";
	const char *headers = row->headers == NULL ? "" : row->headers;
	const char *length = has_body ? arena_printf(a, "Content-Length: %zu\r\n", body.n) : "";

	memset(filler, 'a', sizeof filler - 1);
	if (has_body && type[0] != '\0')
		length = arena_printf(a, "%sContent-Type: %s\r\n", length, type);
	path = replace(a, arena_text(a, bytes_text(path)), "@RECEIPT", h->receipt);
	path = replace(a, arena_text(a, bytes_text(path)), "@BLOB", h->blob);
	path = replace(a, arena_text(a, bytes_text(path)), "@LONG", filler);
	headers = replace(a, arena_text(a, bytes_text(headers)), "@LONG", filler);
	char *head = arena_printf(a, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", method,
				  path, wire_token(h, row->who), length, headers);
	assert_non_null(head);
	size_t n = strlen(head);
	uint8_t *whole = arena_alloc(a, n + body.n + 1);
	assert_non_null(whole);
	memcpy(whole, head, n);
	if (body.n > 0)
		memcpy(whole + n, body.p, body.n);
	return bytes_of(whole, n + body.n);
}

struct reply *wire_row(struct hostile *h, const struct row *row, const char *path)
{
	bool head = row->method != NULL && strcmp(row->method, "HEAD") == 0;

	return wire_say(h, request_of(h, row, path), head);
}

struct reply *wire_get(struct hostile *h, enum who who, const char *path)
{
	const struct row row = {.path = path, .who = who};

	return wire_row(h, &row, path);
}

struct reply *wire_post(struct hostile *h, enum who who, const char *path, const char *type,
			struct bytes body)
{
	const struct row row = {.path = path, .who = who, .type = type, .raw = body};

	return wire_row(h, &row, path);
}

/* ---- what must come back ---- */

static const char *text_member(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL ? "" : text;
}

/* True if a place like {name} was left open. */
static bool has_open_place(const char *text)
{
	for (const char *at = text; (at = strchr(at, '{')) != NULL; at++) {
		size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
		if (n > 0 && at[n + 1] == '}')
			return true;
	}
	return false;
}

/* The first thing that is not as it should be, or NULL. */
static const char *wrong_with(const struct row *row, const struct reply *r)
{
	const char *type = reply_header(r, "Content-Type");
	const json_t *problem = r->json;

	if (r->status != row->status)
		return "the status";
	if (row->told != NULL && strstr(r->headers, row->told) == NULL &&
	    strstr(r->body, row->told) == NULL)
		return "what it tells";
	if (row->code == NULL || (row->method != NULL && strcmp(row->method, "HEAD") == 0))
		return NULL;
	if (row->item)
		problem = json_array_get(json_object_get(r->json, "results"), 0);
	else if (type == NULL || strcmp(type, "application/problem+json") != 0)
		return "the content type";
	if (strcmp(text_member(problem, "code"), row->code) != 0)
		return "the code";
	if (row->field != NULL && strcmp(text_member(problem, "field"), row->field) != 0)
		return "the field";
	if (text_member(problem, "detail")[0] == '\0' || text_member(problem, "title")[0] == '\0')
		return "the sentence";
	if (has_open_place(text_member(problem, "detail")))
		return "a value that was not filled in";
	if (!row->item && json_integer_value(json_object_get(problem, "status")) != r->status)
		return "the status in the document";
	return strncmp(text_member(problem, "type"), "urn:sealwright:problem:", 23) == 0
		       ? NULL
		       : "the problem's type";
}

void wire_expect(const struct row *row, const struct reply *r)
{
	const char *wrong = wrong_with(row, r);

	if (wrong != NULL)
		stop_test("%s: %s is wrong\n  expected %d %s %s\n  came %d %.600s\n", row->name,
			  wrong, row->status, row->code == NULL ? "" : row->code,
			  row->field == NULL ? "" : row->field, r->status, r->body);
}
