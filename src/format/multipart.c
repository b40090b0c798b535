/* SPDX-License-Identifier: Apache-2.0 */
#include "format/multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A body being read. */
struct reading {
	struct bytes body, boundary;
	size_t at;
	struct fault *fault;
};

static err wrong(const struct reading *r, const char *why)
{
	char at[24];

	snprintf(at, sizeof at, "%zu", r->at);
	return fail(r->fault, "MULTIPART_WRONG", "byte", at, "why", why, NULL);
}

static bool take(struct reading *r, struct bytes word)
{
	if (r->body.n - r->at < word.n || memcmp(r->body.p + r->at, word.p, word.n) != 0)
		return false;
	r->at += word.n;
	return true;
}

static bool is_word(struct bytes text, const char *word)
{
	return text.n == strlen(word) && strncasecmp((const char *)text.p, word, text.n) == 0;
}

/* ---- name=value, name="value" ---- */

static bool is_token(uint8_t c) /* RFC 9110 section 5.6.2 */
{
	return c > 0x20 && c < 0x7f && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

static struct bytes take_token(struct bytes *text)
{
	struct bytes token = {text->p, 0};

	while (token.n < text->n && is_token(text->p[token.n]))
		token.n++;
	*text = bytes_of(text->p + token.n, text->n - token.n);
	return token;
}

/* Up to the closing quotation mark. Browsers write one inside as %22, others with a backslash. */
static bool take_quoted(struct bytes *text, struct bytes *out)
{
	size_t n = 1;

	while (n < text->n && text->p[n] != '"') {
		if (text->p[n] < 0x20 || text->p[n] == 0x7f)
			return false;
		n += text->p[n] == '\\' && n + 1 < text->n && text->p[n + 1] == '"' ? 2 : 1;
	}
	if (n >= text->n)
		return false;
	*out = bytes_of(text->p + 1, n - 1);
	*text = bytes_of(text->p + n + 1, text->n - n - 1);
	return true;
}

static void skip_space(struct bytes *text)
{
	while (text->n > 0 && (text->p[0] == ' ' || text->p[0] == '\t'))
		*text = bytes_of(text->p + 1, text->n - 1);
}

/* "; name=value" at the front of `text`. */
static bool take_parameter(struct bytes *text, struct bytes *name, struct bytes *value)
{
	skip_space(text);
	if (text->n == 0 || text->p[0] != ';')
		return false;
	*text = bytes_of(text->p + 1, text->n - 1);
	skip_space(text);
	*name = take_token(text);
	if (name->n == 0 || text->n == 0 || text->p[0] != '=')
		return false;
	*text = bytes_of(text->p + 1, text->n - 1);
	if (text->n > 0 && text->p[0] == '"')
		return take_quoted(text, value);
	*value = take_token(text);
	return value->n > 0;
}

/* ---- the boundary ---- */

static bool is_boundary(struct bytes text)
{
	if (text.n == 0 || text.n > MULTIPART_BOUNDARY_MAX || text.p[text.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		if (!plain && (c == 0 || strchr("'()+_,-./:=? ", c) == NULL))
			return false;
	}
	return true;
}

err multipart_boundary(const char *content_type, struct bytes *out, struct fault *f)
{
	static const char TYPE[] = "multipart/form-data";
	struct bytes text = bytes_text(content_type == NULL ? "" : content_type), name, value;
	struct bytes boundary = {0};

	if (text.n < strlen(TYPE) || strncasecmp((const char *)text.p, TYPE, strlen(TYPE)) != 0)
		return fail(f, "MULTIPART_TYPE", NULL);
	text = bytes_of(text.p + strlen(TYPE), text.n - strlen(TYPE));
	while (text.n > 0) {
		if (!take_parameter(&text, &name, &value))
			return fail(f, "MULTIPART_TYPE", NULL);
		skip_space(&text);
		if (!is_word(name, "boundary"))
			continue;
		if (boundary.n > 0 || !is_boundary(value))
			return fail(f, "MULTIPART_TYPE", NULL);
		boundary = value;
	}
	if (boundary.n == 0)
		return fail(f, "MULTIPART_TYPE", NULL);
	*out = boundary;
	return ERR_OK;
}

/* ---- one part ---- */

/* A line without its end. */
static err take_line(struct reading *r, struct bytes *out)
{
	size_t left = r->body.n - r->at, n = left < MULTIPART_LINE_MAX ? left : MULTIPART_LINE_MAX;
	const uint8_t *start = r->body.p + r->at, *end = memmem(start, n, "\r\n", 2);

	if (end == NULL)
		return wrong(r, "a line of a part's head does not end, or is too long");
	*out = bytes_of(start, (size_t)(end - start));
	r->at += out->n + 2;
	return ERR_OK;
}

static err disposition_read(const struct reading *r, struct bytes text, struct multipart_part *out)
{
	struct bytes name, value;

	skip_space(&text);
	if (out->name.p != NULL)
		return wrong(r, "a part says twice which field it is");
	if (!is_word(take_token(&text), "form-data"))
		return wrong(r, "a part is not of a form");
	while (text.n > 0) {
		if (!take_parameter(&text, &name, &value))
			return wrong(r, "the head of a part cannot be read");
		skip_space(&text);
		if (is_word(name, "name") && out->name.p == NULL) {
			out->name = value;
		} else if (is_word(name, "filename") && !out->is_file) {
			out->is_file = true;
			out->file_name = value;
		} else if (is_word(name, "name") || is_word(name, "filename")) {
			return wrong(r, "a part has two names");
		}
	}
	return out->name.n > 0 ? ERR_OK : wrong(r, "a part has no name");
}

static err header_read(const struct reading *r, struct bytes line, struct multipart_part *out)
{
	struct bytes name = take_token(&line);

	if (name.n == 0 || line.n == 0 || line.p[0] != ':')
		return wrong(r, "the head of a part cannot be read");
	line = bytes_of(line.p + 1, line.n - 1);
	skip_space(&line);
	if (is_word(name, "Content-Disposition"))
		return disposition_read(r, line, out);
	/* The content would not be what it looks like. */
	if (is_word(name, "Content-Transfer-Encoding") && !is_word(line, "binary") &&
	    !is_word(line, "8bit") && !is_word(line, "7bit"))
		return wrong(r, "a part has a transfer encoding");
	return ERR_OK;
}

static err head_read(struct reading *r, struct multipart_part *out)
{
	struct bytes line;

	*out = (struct multipart_part){0};
	for (size_t n = 0; n <= MULTIPART_HEADERS_MAX; n++) {
		TRY(take_line(r, &line));
		if (line.n == 0)
			return out->name.p != NULL
				       ? ERR_OK
				       : wrong(r, "a part does not say which field it is");
		TRY(header_read(r, line, out));
	}
	return wrong(r, "a part has too many headers");
}

/* Up to the line break before the next boundary. */
static err content_read(struct reading *r, struct bytes *out)
{
	uint8_t buffer[4 + MULTIPART_BOUNDARY_MAX];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes delimiter = {0};

	put_text(&w, "\r\n--");
	put_bytes(&w, r->boundary);
	if (!writer_done(&w, &delimiter))
		return wrong(r, "the boundary is too long");
	const uint8_t *start = r->body.p + r->at,
		      *end = memmem(start, r->body.n - r->at, delimiter.p, delimiter.n);
	if (end == NULL)
		return wrong(r, "the last boundary is missing");
	*out = bytes_of(start, (size_t)(end - start));
	r->at += out->n + delimiter.n;
	return ERR_OK;
}

static err parts_read(struct reading *r, struct multipart *m)
{
	static const char END[] = "--", LINE[] = "\r\n";

	while (!take(r, bytes_text(END))) {
		if (!take(r, bytes_text(LINE)))
			return wrong(r, "behind a boundary something follows");
		if (m->n == MULTIPART_PARTS_MAX)
			return wrong(r, "there are too many parts");
		struct multipart_part part;
		TRY(head_read(r, &part));
		TRY(content_read(r, &part.content));
		for (size_t i = 0; i < m->n; i++)
			if (bytes_equal(m->parts[i].name, part.name))
				return wrong(r, "a field is there twice");
		m->parts[m->n++] = part;
	}
	(void)take(r, bytes_text(LINE));
	if (r->at != r->body.n)
		return wrong(r, "behind the last boundary something follows");
	return m->n > 0 ? ERR_OK : wrong(r, "there is no part");
}

err multipart_read(struct bytes body, struct bytes boundary, struct multipart *out, struct fault *f)
{
	struct reading r = {.body = body, .boundary = boundary, .fault = f};
	struct multipart m = {0};

	if (!is_boundary(boundary))
		return fail(f, "MULTIPART_TYPE", NULL);
	if (!take(&r, bytes_text("--")) || !take(&r, boundary))
		return wrong(&r, "it does not begin with the boundary");
	TRY(parts_read(&r, &m));
	*out = m;
	return ERR_OK;
}

const struct multipart_part *multipart_find(const struct multipart *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (bytes_equal(m->parts[i].name, bytes_text(name)))
			return &m->parts[i];
	return NULL;
}
