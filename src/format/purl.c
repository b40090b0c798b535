/* SPDX-License-Identifier: Apache-2.0 */
#include "format/purl.h"

#include <stdlib.h>
#include <string.h>

/* ---- characters and pieces ---- */

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool is_text(struct bytes t, const char *text)
{
	return bytes_equal(t, bytes_text(text));
}

static size_t find_first(struct bytes t, uint8_t c)
{
	const uint8_t *p = t.n > 0 ? memchr(t.p, c, t.n) : NULL;

	return p != NULL ? (size_t)(p - t.p) : t.n;
}

static size_t find_last(struct bytes t, uint8_t c)
{
	const uint8_t *p = t.n > 0 ? memrchr(t.p, c, t.n) : NULL;

	return p != NULL ? (size_t)(p - t.p) : t.n;
}

/* What follows the character at `at`, which is cut off together with it. */
static struct bytes cut(struct bytes *t, size_t at)
{
	struct bytes rest = {0};

	if (at < t->n) {
		rest = bytes_of(t->p + at + 1, t->n - at - 1);
		t->n = at;
	}
	return rest;
}

static struct bytes past_slashes(struct bytes t)
{
	while (t.n > 0 && t.p[0] == '/')
		t = bytes_of(t.p + 1, t.n - 1);
	return t;
}

/* ---- reading ---- */

struct reading {
	struct arena *arena;
	struct purl *out;
	struct fault *fault;
};

static err wrong(const struct reading *r, const char *detail)
{
	return fail(r->fault, "PURL_WRONG", "detail", detail, NULL);
}

/* Decodes percent signs. What comes out is UTF-8 without control characters. */
static err decode(const struct reading *r, struct bytes in, struct bytes *out)
{
	uint8_t *p = arena_alloc(r->arena, in.n + 1);
	size_t n = 0;

	if (p == NULL)
		return fail(r->fault, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < in.n; i++, n++) {
		p[n] = in.p[i];
		if (in.p[i] == '%') {
			if (in.n - i < 3 || !hex_decode(bytes_of(in.p + i + 1, 2), &p[n], 1))
				return wrong(r, "a percent sign without two hexadecimal digits");
			i += 2;
		}
		if (p[n] < 0x20 || p[n] == 0x7f)
			return wrong(r, "a control character");
	}
	*out = bytes_of(p, n);
	return utf8_valid(*out) ? ERR_OK : wrong(r, "text that is not UTF-8");
}

/* Segments between slashes, decoded, without those that say nothing. */
static err decode_segments(const struct reading *r, struct bytes in, bool dots, struct bytes *out)
{
	uint8_t *p = arena_alloc(r->arena, in.n + 1);
	size_t n = 0;

	if (p == NULL)
		return fail(r->fault, "OUT_OF_MEMORY", NULL);
	while (in.n > 0) {
		struct bytes rest = cut(&in, find_first(in, '/')), one;

		TRY(decode(r, in, &one));
		if (find_first(one, '/') != one.n)
			return wrong(r, "a slash inside a segment");
		if (one.n > 0 && !(dots && (is_text(one, ".") || is_text(one, "..")))) {
			if (n > 0)
				p[n++] = '/';
			memcpy(p + n, one.p, one.n);
			n += one.n;
		}
		in = rest;
	}
	*out = bytes_of(p, n);
	return ERR_OK;
}

/* Letters, digits and a few more, beginning with a letter; in lower case. */
static err read_word(const struct reading *r, struct bytes in, const char *more, const char *detail,
		     struct bytes *out)
{
	uint8_t *p = arena_alloc(r->arena, in.n + 1);

	if (p == NULL)
		return fail(r->fault, "OUT_OF_MEMORY", NULL);
	if (in.n == 0 || !is_letter(in.p[0]))
		return wrong(r, detail);
	for (size_t i = 0; i < in.n; i++) {
		if (!is_letter(in.p[i]) && !is_digit(in.p[i]) &&
		    find_first(bytes_text(more), in.p[i]) == strlen(more))
			return wrong(r, detail);
		p[i] = lower(in.p[i]);
	}
	*out = bytes_of(p, in.n);
	return ERR_OK;
}

static int qualifier_order(const void *a, const void *b)
{
	const struct purl_qualifier *x = a, *y = b;

	return bytes_compare(x->key, y->key);
}

static err read_qualifiers(const struct reading *r, struct bytes in)
{
	struct purl *out = r->out;
	size_t most = in.n > 0;

	for (size_t i = 0; i < in.n; i++)
		most += in.p[i] == '&';
	if (most > PURL_QUALIFIERS_MAX)
		return wrong(r, "too many qualifiers");
	out->qualifiers = arena_array(r->arena, most, sizeof *out->qualifiers);
	if (out->qualifiers == NULL)
		return fail(r->fault, "OUT_OF_MEMORY", NULL);
	while (in.n > 0) {
		struct bytes rest = cut(&in, find_first(in, '&'));
		struct bytes value = cut(&in, find_first(in, '='));
		struct purl_qualifier one;

		TRY(read_word(r, in, ".-_", "a qualifier whose name is none", &one.key));
		TRY(decode(r, value, &one.value));
		if (one.value.n > 0)
			out->qualifiers[out->qualifiers_n++] = one;
		in = rest;
	}
	if (out->qualifiers_n > 1)
		qsort(out->qualifiers, out->qualifiers_n, sizeof out->qualifiers[0],
		      qualifier_order);
	for (size_t i = 1; i < out->qualifiers_n; i++)
		if (bytes_equal(out->qualifiers[i].key, out->qualifiers[i - 1].key))
			return wrong(r, "a qualifier that stands twice");
	return ERR_OK;
}

/* ---- what the types ask ---- */

static void make_lower(struct bytes *t, bool dashes)
{
	uint8_t *p = (uint8_t *)(uintptr_t)t->p; /* our own copy, from decode() */

	for (size_t i = 0; i < t->n; i++)
		p[i] = dashes && p[i] == '_' ? '-' : lower(p[i]);
}

static void normalize(struct purl *p)
{
	static const char *const BOTH[] = {"alpm",   "apk",    "bitbucket", "composer", "deb",
					   "github", "gitlab", "golang",    "hex",      NULL};

	for (size_t i = 0; BOTH[i] != NULL; i++) {
		if (is_text(p->type, BOTH[i])) {
			make_lower(&p->name_space, false);
			make_lower(&p->name, false);
		}
	}
	if (is_text(p->type, "rpm"))
		make_lower(&p->name_space, false);
	if (is_text(p->type, "pypi"))
		make_lower(&p->name, true);
	if (is_text(p->type, "pub"))
		make_lower(&p->name, false);
}

/* `rest` is type/namespace/name@version. */
static err read_path(const struct reading *r, struct bytes rest)
{
	struct purl *out = r->out;
	struct bytes type = past_slashes(rest), path;
	size_t at;

	path = past_slashes(cut(&type, find_first(type, '/')));
	TRY(read_word(r, type, ".+-", "a type that is none", &out->type));
	/* A scope that was not encoded (npm/@scope/name) is no version. */
	at = find_last(path, '@');
	size_t slash = find_last(path, '/');
	if (slash < path.n && at < slash)
		at = path.n;
	TRY(decode(r, cut(&path, at), &out->version));
	slash = find_last(path, '/');
	if (slash < path.n) {
		struct bytes name = cut(&path, slash);
		TRY(decode_segments(r, path, false, &out->name_space));
		path = name;
	}
	TRY(decode(r, path, &out->name));
	return out->name.n > 0 ? ERR_OK : wrong(r, "no name");
}

err purl_parse(struct arena *a, struct bytes text, struct purl *out, struct fault *f)
{
	const struct reading r = {a, out, f};

	*out = (struct purl){0};
	if (text.n > PURL_SIZE_MAX)
		return wrong(&r, "too long");
	struct bytes subpath = cut(&text, find_last(text, '#'));
	struct bytes qualifiers = cut(&text, find_last(text, '?'));
	if (text.n < 4 || strncasecmp((const char *)text.p, "pkg:", 4) != 0)
		return wrong(&r, "it does not begin with pkg:");
	TRY(read_path(&r, bytes_of(text.p + 4, text.n - 4)));
	TRY(read_qualifiers(&r, qualifiers));
	TRY(decode_segments(&r, subpath, true, &out->subpath));
	normalize(out);
	return ERR_OK;
}

/* ---- writing ---- */

static void put_encoded(struct writer *w, struct bytes t, bool slashes)
{
	static const char DIGITS[] = "0123456789ABCDEF";

	for (size_t i = 0; i < t.n; i++) {
		uint8_t c = t.p[i];

		if (is_letter(c) || is_digit(c) || (c != 0 && strchr(".-_~:", c) != NULL) ||
		    (slashes && c == '/')) {
			put_u8(w, c);
			continue;
		}
		put_u8(w, '%');
		put_u8(w, (uint8_t)DIGITS[c >> 4]);
		put_u8(w, (uint8_t)DIGITS[c & 15]);
	}
}

static void put_key(struct writer *w, const struct purl *purl)
{
	put_text(w, "pkg:");
	put_bytes(w, purl->type);
	put_text(w, "/");
	if (purl->name_space.n > 0) {
		put_encoded(w, purl->name_space, true);
		put_text(w, "/");
	}
	put_encoded(w, purl->name, false);
}

static void put_all(struct writer *w, const struct purl *purl)
{
	put_key(w, purl);
	if (purl->version.n > 0) {
		put_text(w, "@");
		put_encoded(w, purl->version, false);
	}
	for (size_t i = 0; i < purl->qualifiers_n; i++) {
		put_text(w, i == 0 ? "?" : "&");
		put_bytes(w, purl->qualifiers[i].key);
		put_text(w, "=");
		put_encoded(w, purl->qualifiers[i].value, false);
	}
	if (purl->subpath.n > 0) {
		put_text(w, "#");
		put_encoded(w, purl->subpath, true);
	}
}

typedef void put_purl(struct writer *w, const struct purl *purl);

static char *written(struct arena *a, put_purl *put, const struct purl *purl)
{
	struct writer size = writer_of(NULL, 0);

	put(&size, purl);
	char *text = arena_alloc(a, size.n + 1);
	if (text == NULL)
		return NULL;
	struct writer w = writer_of(text, size.n);
	put(&w, purl);
	return text;
}

char *purl_text(struct arena *a, const struct purl *purl)
{
	return written(a, put_all, purl);
}

char *purl_key(struct arena *a, const struct purl *purl)
{
	return written(a, put_key, purl);
}

struct bytes purl_qualifier(const struct purl *purl, const char *key)
{
	for (size_t i = 0; i < purl->qualifiers_n; i++)
		if (is_text(purl->qualifiers[i].key, key))
			return purl->qualifiers[i].value;
	return (struct bytes){0};
}
