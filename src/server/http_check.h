/* SPDX-License-Identifier: Apache-2.0 */
/* http_check.h — the strict reading of what libmicrohttpd hands over: target, query, header
 * fields, range, and the places of the strings in its buffer. Pure: bytes in, verdict out. */
#ifndef SERVER_HTTP_CHECK_H
#define SERVER_HTTP_CHECK_H

#include "server/http.h"

struct http_pair {
	const char *name;
	const char *value;
};

/* A checked origin-form target (RFC 9112 section 3.2.1). All text lives in the arena. */
struct http_target {
	const char *path; /* decoded */
	const char *segments[HTTP_SEGMENTS_MAX];
	size_t segments_n;
	struct http_pair query[HTTP_QUERY_MAX];
	size_t query_n;
};
/* HTTP_TARGET_TOO_LONG, HTTP_TARGET_INVALID, HTTP_QUERY_INVALID. */
MUST_CHECK err http_target_parse(struct arena *a, struct bytes raw, struct http_target *out,
				 struct fault *f);

/* What the header fields say about the body (RFC 9112 section 6). */
struct http_head {
	bool chunked;
	bool expects_continue;
	uint64_t length; /* declared; 0 when none is */
};
/* Judges names, values, Host, framing, expectation and codings. Values are already without
 * surrounding white space. */
MUST_CHECK err http_head_check(const struct http_pair *fields, size_t n, bool version_1_1,
			       struct http_head *out, struct fault *f);

/* HTTP_METHOD_NOT_ALLOWED for a method of RFC 9110 that is not served here, else
 * HTTP_METHOD_UNKNOWN: methods are case-sensitive. */
MUST_CHECK err http_method_parse(const char *text, enum http_method *out, struct fault *f);
/* HTTP/1.1 or HTTP/1.0, nothing else. */
MUST_CHECK err http_version_parse(const char *text, bool *version_1_1, struct fault *f);
/* "host", "host:port", "[v6]:port" (RFC 9110 section 7.2). */
MUST_CHECK bool http_host_valid(const char *text);

/* One byte range (RFC 9110 section 14). Several ranges, another unit or a malformed value are
 * ignored, as the standard wants. */
enum http_range { HTTP_RANGE_NONE, HTTP_RANGE_PART, HTTP_RANGE_UNSATISFIABLE };
enum http_range http_range_parse(const char *text, uint64_t size, uint64_t *first, uint64_t *count);

/* True if (name, value) may stand in a reply's header. */
MUST_CHECK bool http_header_sound(const char *name, const char *value);

/* Where the strings of a request lie in libmicrohttpd's buffer. Version 0.9 drops fields without
 * a name, cuts at zero bytes, joins folded lines and takes a bare line feed for an end of line,
 * all silently; but its strings stay where they arrived, so what it hid shows as a gap. */
struct http_place {
	uintptr_t at;
	size_t n;
};
struct http_layout {
	struct http_place method, target, version;
	struct http_place names[HTTP_HEADER_COUNT_MAX], values[HTTP_HEADER_COUNT_MAX];
	size_t n;
	size_t header_size; /* of the whole header section, from the method on */
};
/* True if the strings, one separator each and CRLF line ends account for every byte. */
MUST_CHECK bool http_layout_whole(const struct http_layout *layout);

/* The status of a fault raised by this module; 0 for another's. */
int http_fault_status(const struct fault *f);

#endif
