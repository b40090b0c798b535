/* SPDX-License-Identifier: Apache-2.0 */
/* Request targets: split while still encoded, then decoded exactly once. */
#include "server/http_check.h"

#include <string.h>

static bool is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 3986 section 3.3 pchar without the escape; `also` is what the query may hold besides. */
static bool is_plain(uint8_t c, const char *also)
{
	return is_alnum(c) || (c != 0 && (strchr("-._~!$&'()*+,;=:@", c) || strchr(also, c)));
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool is_control(int c)
{
	return c < 0x20 || c == 0x7f;
}

/* Undoes the escapes of one piece. NULL with `*why` set if it is not sound. */
static char *decode(struct arena *a, struct bytes in, bool query, const char **why)
{
	char *out = arena_alloc(a, in.n + 1);
	size_t n = 0;

	if (!out) {
		*why = NULL;
		return NULL;
	}
	for (size_t i = 0; i < in.n; i++) {
		int c = in.p[i];

		if (c == '%') {
			int high = in.n - i > 2 ? hex_value(in.p[i + 1]) : -1;
			int low = in.n - i > 2 ? hex_value(in.p[i + 2]) : -1;

			if (high < 0 || low < 0) {
				*why = "an escape is not two hexadecimal digits";
				return NULL;
			}
			c = high * 16 + low;
			i += 2;
		} else if (query && c == '+') {
			c = ' ';
		} else if (!is_plain(in.p[i], query ? "/?" : "")) {
			*why = "a character must be escaped";
			return NULL;
		}
		if (is_control(c)) {
			*why = "a control character";
			return NULL;
		}
		out[n++] = (char)c;
	}
	if (!utf8_valid(bytes_of(out, n))) {
		*why = "not UTF-8";
		return NULL;
	}
	return out;
}

/* The next piece of `*rest` up to `separator`, which is consumed. False when none is left. */
static bool next_piece(struct bytes *rest, char separator, struct bytes *piece)
{
	const uint8_t *end;

	if (!rest->p)
		return false;
	end = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
	if (!end) {
		*piece = *rest;
		*rest = (struct bytes){0};
		return true;
	}
	*piece = bytes_of(rest->p, (size_t)(end - rest->p));
	*rest = bytes_of(end + 1, rest->n - piece->n - 1);
	return true;
}

static err bad(struct fault *f, const char *id, const char *why)
{
	if (!why)
		return fail(f, "HTTP_NO_MEMORY", NULL);
	return fail(f, id, "reason", why, NULL);
}

/* Judges the decoded path, in which an escaped slash has become one more border: a part that
 * climbs or vanishes would mean one path to us and another to who looks at it before us. */
static const char *path_fault(const char *path)
{
	struct bytes rest = bytes_text(path + 1), part;

	while (next_piece(&rest, '/', &part)) {
		if (part.n == 0)
			return "an empty segment";
		if (part.p[0] == '.' && (part.n == 1 || (part.n == 2 && part.p[1] == '.')))
			return "a dot segment";
	}
	return NULL;
}

static err parse_path(struct arena *a, struct bytes raw, struct http_target *out, struct fault *f)
{
	struct bytes rest = bytes_of(raw.p + 1, raw.n - 1), piece;
	char *path = arena_alloc(a, raw.n + 1);
	const char *why = NULL;
	size_t n = 0;

	if (!path)
		return fail(f, "HTTP_NO_MEMORY", NULL);
	path[n++] = '/';
	out->path = path;
	if (rest.n == 0)
		return ERR_OK;
	while (next_piece(&rest, '/', &piece)) {
		char *segment = decode(a, piece, false, &why);
		size_t length;

		if (!segment)
			return bad(f, "HTTP_TARGET_INVALID", why);
		if (out->segments_n == HTTP_SEGMENTS_MAX)
			return bad(f, "HTTP_TARGET_INVALID", "too many segments");
		if (out->segments_n > 0)
			path[n++] = '/';
		length = strlen(segment);
		memcpy(path + n, segment, length);
		n += length;
		out->segments[out->segments_n++] = segment;
	}
	why = path_fault(path);
	return why ? bad(f, "HTTP_TARGET_INVALID", why) : ERR_OK;
}

static err parse_pair(struct arena *a, struct bytes piece, struct http_target *out, struct fault *f)
{
	struct bytes name, value = piece;
	const char *why = "an empty name";
	struct http_pair pair;

	if (!next_piece(&value, '=', &name) || name.n == 0)
		return bad(f, "HTTP_QUERY_INVALID", why);
	pair.name = decode(a, name, true, &why);
	if (!pair.name)
		return bad(f, "HTTP_QUERY_INVALID", why);
	pair.value = decode(a, value, true, &why);
	if (!pair.value)
		return bad(f, "HTTP_QUERY_INVALID", why);
	for (size_t i = 0; i < out->query_n; i++)
		if (strcmp(out->query[i].name, pair.name) == 0)
			return bad(f, "HTTP_QUERY_INVALID", "a repeated parameter");
	if (out->query_n == HTTP_QUERY_MAX)
		return bad(f, "HTTP_QUERY_INVALID", "too many parameters");
	out->query[out->query_n++] = pair;
	return ERR_OK;
}

static err parse_query(struct arena *a, struct bytes raw, struct http_target *out, struct fault *f)
{
	struct bytes piece;

	if (raw.n == 0)
		return ERR_OK;
	while (next_piece(&raw, '&', &piece))
		TRY(parse_pair(a, piece, out, f));
	return ERR_OK;
}

err http_target_parse(struct arena *a, struct bytes raw, struct http_target *out, struct fault *f)
{
	struct http_target target = {0};
	struct bytes path, query = raw;

	if (raw.n > HTTP_TARGET_MAX)
		return fail(f, "HTTP_TARGET_TOO_LONG", NULL);
	/* Absolute, authority and asterisk form have no business here: we are no proxy. */
	if (raw.n == 0 || raw.p[0] != '/')
		return bad(f, "HTTP_TARGET_INVALID", "not a path");
	if (memchr(raw.p, 0, raw.n))
		return bad(f, "HTTP_TARGET_INVALID", "a control character");
	(void)next_piece(&query, '?', &path);
	TRY(parse_path(a, path, &target, f));
	TRY(parse_query(a, query, &target, f));
	*out = target;
	return ERR_OK;
}
