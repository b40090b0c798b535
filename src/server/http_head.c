/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields: every one judged before any is believed. */
#include "server/http_check.h"

#include <string.h>
#include <strings.h>

/* Fields that mean one thing only, so that two of them mean nothing (RFC 9110 section 5.3). */
static const char *const SINGLE[] = {
	"authorization",   "content-encoding", "content-range",
	"content-type",    "cookie",           "expect",
	"idempotency-key", "if-match",         "if-modified-since",
	"if-none-match",   "if-range",         "if-unmodified-since",
	"last-event-id",   "origin",           "range",
	"referer",         "sec-fetch-site",   "user-agent",
	"x-csrf-token",
};

/* Methods that exist but are not served: the client learns that it is not a typing error. */
static const char *const OTHER_METHODS[] = {"CONNECT", "OPTIONS", "PATCH", "TRACE"};

enum { COUNT_OTHER = sizeof OTHER_METHODS / sizeof *OTHER_METHODS };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 9110 section 5.6.2. */
static bool token_valid(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!is_alpha(*text) && !is_digit(*text) && !strchr("!#$%&'*+-.^_`|~", *text))
			return false;
	return true;
}

/* RFC 9110 section 5.5: no control character but the tab. */
static bool value_valid(const char *text)
{
	for (; *text; text++) {
		uint8_t c = (uint8_t)*text;

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

bool http_header_sound(const char *name, const char *value)
{
	static const char *const framing[] = {"connection", "content-length", "transfer-encoding",
					      "upgrade", "date"};

	for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
		if (strcasecmp(name, framing[i]) == 0)
			return false;
	return token_valid(name) && *value && value_valid(value) && !strchr(value, '\t');
}

err http_method_parse(const char *text, enum http_method *out, struct fault *f)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",
		[HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum http_method)i;
			return ERR_OK;
		}
	}
	for (size_t i = 0; i < COUNT_OTHER; i++)
		if (strcmp(text, OTHER_METHODS[i]) == 0)
			return fail(f, "HTTP_METHOD_NOT_ALLOWED", "method", OTHER_METHODS[i], NULL);
	return fail(f, "HTTP_METHOD_UNKNOWN", NULL);
}

err http_version_parse(const char *text, bool *version_1_1, struct fault *f)
{
	bool is_1_1 = strcmp(text, "HTTP/1.1") == 0;

	if (!is_1_1 && strcmp(text, "HTTP/1.0") != 0)
		return fail(f, "HTTP_VERSION_UNSUPPORTED", NULL);
	*version_1_1 = is_1_1;
	return ERR_OK;
}

/* Skips the characters of an IPv6 address in brackets. NULL if it is none. */
static const char *skip_literal(const char *text)
{
	size_t n = strspn(text + 1, "0123456789abcdefABCDEF:.");

	return n >= 2 && text[n + 1] == ']' ? text + n + 2 : NULL;
}

bool http_host_valid(const char *text)
{
	const char *rest = text;

	if (*text == '[')
		rest = skip_literal(text);
	else
		while (is_alpha(*rest) || is_digit(*rest) || *rest == '-' || *rest == '.' ||
		       *rest == '_')
			rest++;
	if (!rest || rest == text)
		return false;
	if (*rest == ':') {
		size_t digits = strspn(rest + 1, "0123456789");

		if (digits == 0 || digits > 5)
			return false;
		rest += 1 + digits;
	}
	return *rest == 0 && strlen(text) <= 255;
}

static bool number_parse(const char *text, uint64_t *out)
{
	uint64_t v = 0;

	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text++)
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
			return false;
	*out = v;
	return *text == 0;
}

static bool is_single(const char *name)
{
	for (size_t i = 0; i < sizeof SINGLE / sizeof *SINGLE; i++)
		if (strcasecmp(name, SINGLE[i]) == 0)
			return true;
	return false;
}

static err check_syntax(const struct http_pair *fields, size_t n, struct fault *f)
{
	size_t size = 0;

	if (n > HTTP_HEADER_COUNT_MAX)
		return fail(f, "HTTP_HEADERS_TOO_LARGE", NULL);
	for (size_t i = 0; i < n; i++) {
		if (!token_valid(fields[i].name))
			return fail(f, "HTTP_HEADER_INVALID", "reason", "its name is no token",
				    NULL);
		if (!value_valid(fields[i].value))
			return fail(f, "HTTP_HEADER_INVALID", "reason", "a control character",
				    NULL);
		size += strlen(fields[i].name) + strlen(fields[i].value) + 4;
		if (size > HTTP_HEADERS_MAX)
			return fail(f, "HTTP_HEADERS_TOO_LARGE", NULL);
		if (!is_single(fields[i].name))
			continue;
		for (size_t j = 0; j < i; j++)
			if (strcasecmp(fields[i].name, fields[j].name) == 0)
				return fail(f, "HTTP_HEADER_REPEATED", "header", fields[j].name,
					    NULL);
	}
	return ERR_OK;
}

static size_t count_named(const struct http_pair *fields, size_t n, const char *name,
			  const char **value)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(fields[i].name, name) != 0)
			continue;
		*value = fields[i].value;
		count++;
	}
	return count;
}

static err check_host(const struct http_pair *fields, size_t n, bool version_1_1, struct fault *f)
{
	const char *host = NULL;
	size_t count = count_named(fields, n, "host", &host);

	if (count > 1)
		return fail(f, "HTTP_HEADER_REPEATED", "header", "Host", NULL);
	if (count == 0)
		return version_1_1 ? fail(f, "HTTP_HOST_MISSING", NULL) : ERR_OK;
	return http_host_valid(host) ? ERR_OK : fail(f, "HTTP_HOST_INVALID", NULL);
}

/* RFC 9112 section 6: where the body ends must have one answer. */
static err check_framing(const struct http_pair *fields, size_t n, bool version_1_1,
			 struct http_head *out, struct fault *f)
{
	const char *coding = NULL, *length = NULL;
	size_t codings = count_named(fields, n, "transfer-encoding", &coding);
	size_t lengths = count_named(fields, n, "content-length", &length);

	if (codings > 0 && lengths > 0)
		return fail(f, "HTTP_FRAMING_AMBIGUOUS", "reason",
			    "Content-Length with Transfer-Encoding", NULL);
	if (codings > 1 || lengths > 1)
		return fail(f, "HTTP_FRAMING_AMBIGUOUS", "reason", "a repeated header", NULL);
	if (codings == 1 && !version_1_1)
		return fail(f, "HTTP_FRAMING_AMBIGUOUS", "reason", "Transfer-Encoding in HTTP/1.0",
			    NULL);
	if (codings == 1 && strcasecmp(coding, "chunked") != 0)
		return fail(f, "HTTP_TRANSFER_CODING_UNKNOWN", NULL);
	if (lengths == 1 && !number_parse(length, &out->length))
		return fail(f, "HTTP_FRAMING_AMBIGUOUS", "reason", "a malformed Content-Length",
			    NULL);
	out->chunked = codings == 1;
	return ERR_OK;
}

err http_head_check(const struct http_pair *fields, size_t n, bool version_1_1,
		    struct http_head *out, struct fault *f)
{
	struct http_head head = {0};
	const char *value = NULL;

	TRY(check_syntax(fields, n, f));
	TRY(check_host(fields, n, version_1_1, f));
	TRY(check_framing(fields, n, version_1_1, &head, f));
	if (count_named(fields, n, "content-encoding", &value) > 0 &&
	    strcasecmp(value, "identity") != 0)
		return fail(f, "HTTP_CONTENT_CODING_UNKNOWN", NULL);
	/* RFC 9110 section 10.1.1: a 1.0 client's expectation is ignored. */
	if (version_1_1 && count_named(fields, n, "expect", &value) > 0) {
		if (strcasecmp(value, "100-continue") != 0)
			return fail(f, "HTTP_EXPECTATION_UNKNOWN", NULL);
		head.expects_continue = true;
	}
	*out = head;
	return ERR_OK;
}

enum http_range http_range_parse(const char *text, uint64_t size, uint64_t *first, uint64_t *count)
{
	uint64_t from = 0, to = UINT64_MAX;
	char low[24], high[24];
	const char *dash;
	size_t n;

	if (strncasecmp(text, "bytes=", 6) != 0)
		return HTTP_RANGE_NONE;
	text += 6;
	dash = strchr(text, '-');
	if (!dash || (size_t)(dash - text) >= sizeof low || strlen(dash + 1) >= sizeof high)
		return HTTP_RANGE_NONE;
	n = (size_t)(dash - text);
	memcpy(low, text, n);
	low[n] = 0;
	memcpy(high, dash + 1, strlen(dash + 1) + 1);
	if ((*low && !number_parse(low, &from)) || (*high && !number_parse(high, &to)) ||
	    (!*low && !*high))
		return HTTP_RANGE_NONE;
	if (!*low) { /* the last `to` bytes */
		if (to == 0 || size == 0)
			return HTTP_RANGE_UNSATISFIABLE;
		from = to < size ? size - to : 0;
		to = size - 1;
	}
	if (from > to)
		return HTTP_RANGE_NONE;
	if (from >= size)
		return HTTP_RANGE_UNSATISFIABLE;
	*first = from;
	*count = (to < size - 1 ? to : size - 1) - from + 1;
	return HTTP_RANGE_PART;
}

bool http_layout_whole(const struct http_layout *l)
{
	uintptr_t at = l->method.at + l->method.n + 1;

	if (l->n > HTTP_HEADER_COUNT_MAX || l->target.at != at)
		return false;
	at += l->target.n + 1;
	if (l->version.at != at)
		return false;
	at += l->version.n + 2;
	for (size_t i = 0; i < l->n; i++) {
		if (l->names[i].at != at)
			return false;
		at += l->names[i].n + 1;
		/* White space may stand before the value; libmicrohttpd skips nothing else. */
		if (l->values[i].at < at || l->values[i].at - at > HTTP_HEADERS_MAX)
			return false;
		at = l->values[i].at + l->values[i].n + 2;
	}
	return at + 2 == l->method.at + l->header_size;
}

int http_fault_status(const struct fault *f)
{
	static const struct {
		const char *id;
		int status;
	} statuses[] = {
		{"HTTP_TARGET_TOO_LONG", 414},     {"HTTP_METHOD_NOT_ALLOWED", 405},
		{"HTTP_METHOD_UNKNOWN", 501},      {"HTTP_VERSION_UNSUPPORTED", 505},
		{"HTTP_HEADERS_TOO_LARGE", 431},   {"HTTP_TRANSFER_CODING_UNKNOWN", 501},
		{"HTTP_EXPECTATION_UNKNOWN", 417}, {"HTTP_CONTENT_CODING_UNKNOWN", 415},
		{"HTTP_BODY_TOO_LARGE", 413},
	};

	if (!f->message)
		return 0;
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (strcmp(f->message, statuses[i].id) == 0)
			return statuses[i].status;
	return 0;
}
