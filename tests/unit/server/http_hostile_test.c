/* SPDX-License-Identifier: Apache-2.0 */
/* What no client should send, each with the one status it gets, and what every client may. */
#include "http_fixture.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* After the answer the connection ends, or goes on with another request. */
enum after { ENDS, STAYS };

struct attempt {
	const char *name;
	const char *bytes;
	size_t n;
	int status;   /* 0: closed without a word, by libmicrohttpd */
	int status_1; /* from libmicrohttpd 1.0 on, where it differs; else 0 */
	enum after after;
};

#define H "Host: a.example\r\n"
#define REFUSED(name, text, status)                           \
	{                                                     \
		name, text, sizeof(text) - 1, status, 0, ENDS \
	}
#define VARIES(name, text, status, later)                         \
	{                                                         \
		name, text, sizeof(text) - 1, status, later, ENDS \
	}
#define TAKEN(name, text, status)                              \
	{                                                      \
		name, text, sizeof(text) - 1, status, 0, STAYS \
	}

static const struct attempt attempts[] = {
	/* request line */
	REFUSED("unknown method", "BREW /show HTTP/1.1\r\n" H "\r\n", 501),
	REFUSED("method in small letters", "get /show HTTP/1.1\r\n" H "\r\n", 501),
	REFUSED("method with a tail", "GETS /show HTTP/1.1\r\n" H "\r\n", 501),
	REFUSED("TRACE", "TRACE /show HTTP/1.1\r\n" H "\r\n", 405),
	REFUSED("OPTIONS", "OPTIONS /show HTTP/1.1\r\n" H "\r\n", 405),
	REFUSED("PATCH", "PATCH /show HTTP/1.1\r\n" H "\r\n", 405),
	REFUSED("CONNECT with authority form", "CONNECT a.example:80 HTTP/1.1\r\n" H "\r\n", 405),
	REFUSED("authority form", "GET a.example:80 HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("absolute form", "GET http://a.example/show HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("asterisk form", "GET * HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("OPTIONS with asterisk form", "OPTIONS * HTTP/1.1\r\n" H "\r\n", 405),
	REFUSED("empty segment", "GET //show HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("empty last segment", "GET /show/ HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("dot segment", "GET /show/./a HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("dot dot segment", "GET /show/../a HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("escaped dot dot", "GET /show/%2e%2E/a HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("dot dot made by an escaped slash", "GET /show/a%2F..%2fb HTTP/1.1\r\n" H "\r\n",
		400),
	REFUSED("empty segment made by an escaped slash", "GET /show/a%2F HTTP/1.1\r\n" H "\r\n",
		400),
	REFUSED("escaped zero", "GET /show/a%00b HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("escaped line feed", "GET /show/a%0ab HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("half an escape", "GET /show/a%2 HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("no hexadecimal digits", "GET /show/a%zz HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("bare percent", "GET /show/a% HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("not UTF-8", "GET /show/%C3%28 HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("overlong UTF-8", "GET /show/%C0%AF HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("raw byte beyond ASCII", "GET /show/\xC3\xA9 HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("fragment", "GET /show#a HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("backslash", "GET /show\\a HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("repeated parameter", "GET /show?a=1&a=2 HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("parameter repeated by an escape", "GET /show?a=1&%61=2 HTTP/1.1\r\n" H "\r\n",
		400),
	REFUSED("parameter without a name", "GET /show?=1 HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("empty parameter", "GET /show?a=1&&b=2 HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("two spaces before the target", "GET  /show HTTP/1.1\r\n" H "\r\n", 400),
	VARIES("two spaces before the version", "GET /show  HTTP/1.1\r\n" H "\r\n", 0, 400),
	VARIES("space in the target", "GET /show a HTTP/1.1\r\n" H "\r\n", 0, 400),
	VARIES("tabs in the request line", "GET\t/show\tHTTP/1.1\r\n" H "\r\n", 0, 400),
	REFUSED("zero in the target", "GET /show\0a HTTP/1.1\r\n" H "\r\n", 400),
	REFUSED("zero in the method", "GE\0T /show HTTP/1.1\r\n" H "\r\n", 501),
	REFUSED("no version", "GET /show\r\n\r\n", 400),
	REFUSED("version in small letters", "GET /show http/1.1\r\n" H "\r\n", 400),
	REFUSED("version of another protocol", "GET /show RTSP/1.0\r\n" H "\r\n", 400),
	REFUSED("HTTP/1.2", "GET /show HTTP/1.2\r\n" H "\r\n", 505),
	REFUSED("HTTP/2.0", "GET /show HTTP/2.0\r\n" H "\r\n", 505),
	REFUSED("HTTP/0.9", "GET /show HTTP/0.9\r\n" H "\r\n", 505),
	REFUSED("HTTP/1.10", "GET /show HTTP/1.10\r\n" H "\r\n", 400),
	/* header lines */
	REFUSED("no Host", "GET /show HTTP/1.1\r\n\r\n", 400),
	REFUSED("two Hosts", "GET /show HTTP/1.1\r\n" H H "\r\n", 400),
	REFUSED("two Hosts in HTTP/1.0", "GET /show HTTP/1.0\r\n" H H "\r\n", 400),
	REFUSED("empty Host", "GET /show HTTP/1.1\r\nHost:\r\n\r\n", 400),
	REFUSED("Host with a path", "GET /show HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
	REFUSED("Host with a user", "GET /show HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
	REFUSED("Host with a bad port", "GET /show HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
	REFUSED("folded line", "GET /show HTTP/1.1\r\n" H "X-A: 1\r\n 2\r\n\r\n", 400),
	REFUSED("folded line with a tab",
		"GET /show HTTP/1.1\r\n" H "X-A: 1\r\n\t2\r\nX-B: 1\r\n\r\n", 400),
	REFUSED("first line folded", "GET /show HTTP/1.1\r\n Host: a\r\n\r\n", 400),
	REFUSED("folded Transfer-Encoding",
		"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
	REFUSED("space before the colon", "GET /show HTTP/1.1\r\n" H "X-A : 1\r\n\r\n", 400),
	REFUSED("Host with a space before the colon", "GET /show HTTP/1.1\r\nHost : a\r\n\r\n",
		400),
	REFUSED("header without a name", "GET /show HTTP/1.1\r\n" H ": 1\r\n\r\n", 400),
	REFUSED("header without a colon", "GET /show HTTP/1.1\r\n" H "X-A\r\n\r\n", 400),
	REFUSED("header name with a control", "GET /show HTTP/1.1\r\n" H "X\x01: 1\r\n\r\n", 400),
	REFUSED("header name with a slash", "GET /show HTTP/1.1\r\n" H "X/A: 1\r\n\r\n", 400),
	REFUSED("header name beyond ASCII", "GET /show HTTP/1.1\r\n" H "X\xE9: 1\r\n\r\n", 400),
	REFUSED("zero in a header value", "GET /show HTTP/1.1\r\n" H "X-A: 1\0002\r\n\r\n", 400),
	REFUSED("zero at the end of a value", "GET /show HTTP/1.1\r\n" H "X-A: 1\0\r\n\r\n", 400),
	REFUSED("zero in a header name", "GET /show HTTP/1.1\r\n" H "X-\0A: 1\r\n\r\n", 400),
	REFUSED("control in a header value", "GET /show HTTP/1.1\r\n" H "X-A: 1\x07\r\n\r\n", 400),
	REFUSED("bare CR in a header value", "GET /show HTTP/1.1\r\n" H "X-A: 1\rX-B: 2\r\n\r\n",
		400),
	REFUSED("bare LF after the request line", "GET /show HTTP/1.1\n" H "\r\n", 400),
	REFUSED("bare LF after a header", "GET /show HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n", 400),
	REFUSED("bare LF at the end", "GET /show HTTP/1.1\r\n" H "\n", 400),
	REFUSED("bare LF everywhere", "GET /show HTTP/1.1\nHost: a\n\n", 400),
	REFUSED("repeated Authorization",
		"GET /show HTTP/1.1\r\n" H "Authorization: a\r\nAuthorization: b\r\n\r\n", 400),
	REFUSED("repeated Content-Type",
		"GET /show HTTP/1.1\r\n" H "Content-Type: a/b\r\ncontent-type: a/b\r\n\r\n", 400),
	REFUSED("repeated Cookie", "GET /show HTTP/1.1\r\n" H "Cookie: a=b\r\nCookie: c=d\r\n\r\n",
		400),
	/* where the body ends */
	REFUSED("Content-Length with Transfer-Encoding",
		"POST /echo HTTP/1.1\r\n" H
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400),
	REFUSED("Transfer-Encoding with Content-Length",
		"POST /echo HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		400),
	REFUSED("the same Content-Length twice",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
		400),
	REFUSED("two Content-Lengths",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
		400),
	REFUSED("list of Content-Lengths",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc", 400),
	REFUSED("signed Content-Length",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\nabc", 400),
	REFUSED("negative Content-Length",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: -3\r\n\r\nabc", 400),
	REFUSED("hexadecimal Content-Length",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\nabc", 400),
	REFUSED("empty Content-Length", "POST /echo HTTP/1.1\r\n" H "Content-Length:\r\n\r\nabc",
		400),
	REFUSED("Content-Length beyond 64 bits",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", 413),
	REFUSED("Content-Length of 64 bits",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 18446744073709551614\r\n\r\n", 413),
	REFUSED("Transfer-Encoding twice",
		"POST /echo HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400),
	REFUSED("unknown transfer coding",
		"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
	REFUSED("gzip before chunked",
		"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		501),
	REFUSED("chunked before identity",
		"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		501),
	REFUSED("Transfer-Encoding in HTTP/1.0",
		"POST /echo HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
	REFUSED("body of a GET", "GET /show HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 400),
	REFUSED("chunked body of a GET",
		"GET /show HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
	REFUSED("declared body beyond the limit",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 1025\r\n\r\n", 413),
	REFUSED("negative chunk",
		"POST /echo HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
		400),
	REFUSED("chunk with 0x",
		"POST /echo HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
		400),
	REFUSED("chunk longer than it says",
		"POST /echo HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
		400),
	REFUSED("chunk of more than 64 bits",
		"POST /echo HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\na",
		413),
	REFUSED("compressed body",
		"POST /echo HTTP/1.1\r\n" H
		"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
		415),
	REFUSED("unknown expectation",
		"POST /echo HTTP/1.1\r\n" H "Expect: tea\r\nContent-Length: 3\r\n\r\nabc", 417),
	REFUSED("handler without a reply", "GET /nothing HTTP/1.1\r\n" H "\r\n", 500),
	REFUSED("handler with an unsound header", "GET /unsound HTTP/1.1\r\n" H "\r\n", 500),
	/* what may be sent */
	TAKEN("plain GET", "GET /show HTTP/1.1\r\n" H "\r\n", 200),
	TAKEN("no space after the colon", "GET /show HTTP/1.1\r\nHost:a\r\nX-A:1\r\n\r\n", 200),
	TAKEN("white space around a value",
	      "GET /show HTTP/1.1\r\nHost: \t a\r\nX-A:  1 \t\r\n\r\n", 200),
	TAKEN("empty header values", "GET /show HTTP/1.1\r\n" H "X-A:\r\nX-B: \r\n\r\n", 200),
	TAKEN("repeated lists", "GET /show HTTP/1.1\r\n" H "Accept: a/b\r\nAccept: c/d\r\n\r\n",
	      200),
	TAKEN("Host with a port", "GET /show HTTP/1.1\r\nHost: a-b.example:8443\r\n\r\n", 200),
	TAKEN("Host of IPv6", "GET /show HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", 200),
	TAKEN("empty lines before the request", "\r\n\r\nGET /show HTTP/1.1\r\n" H "\r\n", 200),
	TAKEN("HTTP/1.0 kept alive", "GET /show HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200),
	TAKEN("cookies", "GET /show HTTP/1.1\r\n" H "Cookie: a=b; c=d\r\n\r\n", 200),
	TAKEN("GET with Content-Length 0", "GET /show HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
	      200),
	TAKEN("body", "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 200),
	TAKEN("body with identity",
	      "POST /echo HTTP/1.1\r\n" H
	      "Content-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
	      200),
	TAKEN("chunked body",
	      "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	      200),
	TAKEN("DELETE", "DELETE /show HTTP/1.1\r\n" H "\r\n", 200),
	TAKEN("two replies, of which the first counts", "GET /two HTTP/1.1\r\n" H "\r\n", 200),
	TAKEN("refused by begin, small body",
	      "POST /forbidden HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 403),
	TAKEN("refused by begin, no body", "GET /forbidden HTTP/1.1\r\n" H "\r\n", 403),
};

static const char AGAIN[] = "GET /show/again HTTP/1.1\r\n" H "Connection: close\r\n\r\n";

static int start(void **state)
{
	struct fixture *x = malloc(sizeof *x);
	struct http_config config = fixture_config();

	assert_non_null(x);
	fixture_start(x, &config);
	*state = x;
	return 0;
}

static int stop(void **state)
{
	struct fixture *x = *state;

	fixture_stop(x, 1000);
	free(x);
	return 0;
}

static bool check(struct fixture *x, const struct attempt *t, size_t piece)
{
	int fd = client_connect(x->people), expected = t->status;
	struct answer a, b = {0};
	bool good;

	for (size_t at = 0; at < t->n; at += piece)
		client_send(fd, t->bytes + at, t->n - at < piece ? t->n - at : piece);
	client_read(fd, &a, false);
	good = a.status == expected || (t->status_1 && a.status == t->status_1);
	if (t->after == STAYS) {
		client_text(fd, AGAIN);
		client_read(fd, &b, false);
		good = good && b.status == 200 && strstr((char *)b.body, "again");
	}
	good = good && client_hears_no_more(fd);
	if (!good)
		print_error("%s: %d, not %d; then %d\n%s", t->name, a.status, expected, b.status,
			    a.head);
	answer_done(&a);
	answer_done(&b);
	(void)close(fd);
	return good;
}

static void every_hostile_request_gets_its_status(void **state)
{
	size_t bad = 0, refused = 0;

	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		bad += !check(*state, &attempts[i], attempts[i].n);
		refused += attempts[i].after == ENDS;
	}
	assert_int_equal(bad, 0);
	assert_true(refused >= 60);
}

static void a_verdict_does_not_depend_on_how_the_bytes_arrive(void **state)
{
	size_t bad = 0;

	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
		bad += !check(*state, &attempts[i], 7);
	assert_int_equal(bad, 0);
}

/* Sends "GET /show" with `text` between, repeated. */
static int status_of_repeated(struct fixture *x, const char *before, const char *text, size_t count,
			      const char *after, bool *problem)
{
	int fd = client_connect(x->people);
	struct answer a;
	int status;

	client_text(fd, before);
	for (size_t i = 0; i < count; i++)
		client_text(fd, text);
	client_text(fd, after);
	client_read(fd, &a, false);
	status = a.status;
	if (problem)
		*problem =
			answer_header(&a, "Content-Type") &&
			strcmp(answer_header(&a, "Content-Type"), "application/problem+json") == 0;
	answer_done(&a);
	(void)close(fd);
	return status;
}

static void a_target_beyond_the_limit_is_414(void **state)
{
	const char *end = " HTTP/1.1\r\n" H "\r\n";
	bool problem;

	/* "/show/" and 4090 characters are 4096. */
	assert_int_equal(status_of_repeated(*state, "GET /show/", "a", 4090, end, &problem), 200);
	assert_int_equal(status_of_repeated(*state, "GET /show/", "a", 4091, end, &problem), 414);
	assert_true(problem);
	assert_int_equal(status_of_repeated(*state, "GET /show/", "a", 40000, end, &problem), 414);
	assert_true(problem);
	/* What does not even fit into the buffer is libmicrohttpd's to refuse. */
	assert_int_equal(status_of_repeated(*state, "GET /show/", "a", 100000, end, NULL), 414);
	assert_int_equal(status_of_repeated(*state, "GET /show?a=", "b", 4089, end, NULL), 414);
}

static void headers_beyond_the_limit_are_431(void **state)
{
	const char *begin = "GET /show HTTP/1.1\r\n" H, *line = "X-Same: 0123456789abcdef\r\n";
	char *fill = calloc(1, 20000);
	bool problem;

	assert_int_equal(status_of_repeated(*state, begin, line, 99, "\r\n", NULL), 200);
	assert_int_equal(status_of_repeated(*state, begin, line, 100, "\r\n", &problem), 431);
	assert_true(problem);
	assert_non_null(fill);
	memset(fill, 'a', 15 << 10);
	assert_int_equal(status_of_repeated(*state, "GET /show HTTP/1.1\r\n" H "X-A: ", fill, 1,
					    "\r\n\r\n", NULL),
			 200);
	memset(fill, 'a', 17 << 10);
	assert_int_equal(status_of_repeated(*state, "GET /show HTTP/1.1\r\n" H "X-A: ", fill, 1,
					    "\r\n\r\n", &problem),
			 431);
	assert_true(problem);
	assert_int_equal(status_of_repeated(*state, "GET /show HTTP/1.1\r\n" H "X-A: ", fill, 9,
					    "\r\n\r\n", NULL),
			 431);
	free(fill);
}

static void a_chunked_body_beyond_the_limit_is_413(void **state)
{
	const char *begin = "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n";
	const char *chunk = "100\r\n"
			    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n";
	bool problem;

	assert_int_equal(status_of_repeated(*state, begin, chunk, 4, "0\r\n\r\n", NULL), 200);
	assert_int_equal(status_of_repeated(*state, begin, chunk, 5, "0\r\n\r\n", &problem), 413);
	assert_true(problem);
	assert_int_equal(status_of_repeated(*state, begin, chunk, 4000, "0\r\n\r\n", &problem),
			 413);
	assert_true(problem);
	/* Who goes on for ever is cut without an answer. */
	assert_int_equal(status_of_repeated(*state, begin, chunk, 40000, "0\r\n\r\n", NULL), 0);
}

static void continue_is_said_only_to_a_body_that_is_wanted(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);
	struct answer a;

	client_text(fd, "POST /echo HTTP/1.1\r\n" H
			"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 100);
	answer_done(&a);
	client_text(fd, "abc");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 200);
	assert_memory_equal(a.body, "abc", 3);
	answer_done(&a);
	client_text(fd, "POST /echo HTTP/1.1\r\n" H
			"Content-Length: 9999\r\nExpect: 100-continue\r\n\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 413);
	answer_done(&a);
	assert_true(client_sees_end(fd));
	(void)close(fd);
	fd = client_connect(x->people);
	client_text(fd, "POST /forbidden HTTP/1.1\r\n" H
			"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 403);
	answer_done(&a);
	assert_true(client_sees_end(fd));
	(void)close(fd);
}

static void a_refused_request_does_not_let_the_next_one_in(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->people);
	struct answer a;

	client_text(fd, "POST /echo HTTP/1.1\r\n" H
			"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
			"GET /show/smuggled HTTP/1.1\r\n" H "\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 400);
	assert_string_equal(answer_header(&a, "Connection"), "close");
	answer_done(&a);
	assert_true(client_sees_end(fd));
	(void)close(fd);
}

static void the_machines_port_without_tls_is_401(void **state)
{
	struct fixture *x = *state;
	int fd = client_connect(x->machines);
	struct answer a;

	client_text(fd, "GET /show HTTP/1.1\r\n" H "\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 401);
	assert_string_equal((char *)a.body, "{\"message\":\"HTTP_CLIENT_KEY_MISSING\"}");
	answer_done(&a);
	assert_true(client_sees_end(fd));
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_hostile_request_gets_its_status),
		cmocka_unit_test(a_verdict_does_not_depend_on_how_the_bytes_arrive),
		cmocka_unit_test(a_target_beyond_the_limit_is_414),
		cmocka_unit_test(headers_beyond_the_limit_are_431),
		cmocka_unit_test(a_chunked_body_beyond_the_limit_is_413),
		cmocka_unit_test(continue_is_said_only_to_a_body_that_is_wanted),
		cmocka_unit_test(a_refused_request_does_not_let_the_next_one_in),
		cmocka_unit_test(the_machines_port_without_tls_is_401),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
