/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "db/parameters.h"

struct scan {
	struct bytes sql;
	size_t at;
	struct writer out;
	const char *why; /* NULL, or what the two stores do not share */
	bool ended;      /* a semicolon was seen: only blanks and comments may follow */
	char mark;
	const struct parameter *parameters;
	size_t n;
	struct rewritten result;
	struct bytes unknown; /* a :name that is no parameter */
};

static uint8_t peek(const struct scan *s, size_t ahead)
{
	return ahead < s->sql.n - s->at ? s->sql.p[s->at + ahead] : 0;
}

static void copy(struct scan *s, size_t n)
{
	put_bytes(&s->out, bytes_of(s->sql.p + s->at, n));
	s->at += n;
}

static void refuse(struct scan *s, const char *why)
{
	if (s->why == NULL)
		s->why = why;
}

static bool name_start(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool name_byte(uint8_t c)
{
	return name_start(c) || (c >= '0' && c <= '9');
}

/* Bytes above ASCII are letters of a word to both stores. */
static bool word_byte(uint8_t c)
{
	return name_byte(c) || c >= 0x80;
}

/* A string or a quoted name: a doubled quote stands for itself. */
static void quoted(struct scan *s, uint8_t quote)
{
	size_t n = 1;

	while (s->at + n < s->sql.n) {
		if (peek(s, n) != quote) {
			n++;
		} else if (peek(s, n + 1) == quote) {
			n += 2;
		} else {
			copy(s, n + 1);
			return;
		}
	}
	refuse(s, "a quote that is not closed");
}

static void line_comment(struct scan *s)
{
	size_t n = 2;

	while (s->at + n < s->sql.n && peek(s, n) != '\n')
		n++;
	copy(s, n);
}

/* PostgreSQL nests these, SQLite does not; SQLite closes an open one at the end. */
static void block_comment(struct scan *s)
{
	for (size_t n = 2; s->at + n < s->sql.n; n++) {
		if (peek(s, n) == '*' && peek(s, n + 1) == '/') {
			copy(s, n + 2);
			return;
		}
		if (peek(s, n) == '/' && peek(s, n + 1) == '*') {
			refuse(s, "a comment within a comment");
			return;
		}
	}
	refuse(s, "a comment that is not closed");
}

static void word(struct scan *s)
{
	size_t n = 1;

	while (word_byte(peek(s, n)))
		n++;
	if (n == 1 && peek(s, 1) == '\'' && strchr("bBeEnNxX", peek(s, 0)) != NULL)
		refuse(s, "a string with a prefix");
	else if (n == 1 && peek(s, 1) == '&' && strchr("\"'", peek(s, 2)) != NULL &&
		 strchr("uU", peek(s, 0)) != NULL)
		refuse(s, "a string with a prefix");
	else
		copy(s, n);
}

/* The number, from 1, of the marker that stands for a name; 0 if there is no such parameter. */
static size_t marker_of(struct scan *s, struct bytes name)
{
	size_t p = 0;

	while (p < s->n && !bytes_equal(bytes_text(s->parameters[p].name), name))
		p++;
	if (p == s->n)
		return 0;
	for (size_t k = 0; k < s->result.used_n; k++) {
		if (s->result.used[k] == p)
			return k + 1;
	}
	s->result.used[s->result.used_n++] = (uint16_t)p;
	return s->result.used_n;
}

static void colon(struct scan *s)
{
	size_t n = 1, marker;
	char text[8];

	if (peek(s, 1) == ':') {
		copy(s, 2);
		return;
	}
	if (!name_start(peek(s, 1))) {
		refuse(s, "a colon without a name");
		return;
	}
	while (name_byte(peek(s, n)))
		n++;
	if (peek(s, n) == '.' && name_start(peek(s, n + 1))) {
		n += 2;
		while (name_byte(peek(s, n)))
			n++;
		if (peek(s, n) == '.') {
			refuse(s, "a parameter name with two dots");
			return;
		}
	}
	marker = marker_of(s, bytes_of(s->sql.p + s->at + 1, n - 1));
	if (marker == 0) {
		s->unknown = bytes_of(s->sql.p + s->at + 1, n - 1);
		return;
	}
	snprintf(text, sizeof(text), "%c%u", s->mark, (unsigned)marker);
	put_text(&s->out, text);
	s->at += n;
}

/* What separates statements, or belongs to one store only. */
static void sign(struct scan *s, uint8_t c)
{
	if (strchr("$?@#`[]{}\\", c) != NULL)
		refuse(s, "a sign that the stores do not share");
	if (c == ';')
		s->ended = true;
	copy(s, 1);
}

/* PostgreSQL ends a line at a lone carriage return, SQLite does not. */
static void blank(struct scan *s, uint8_t c)
{
	if (c == '\r' && peek(s, 1) != '\n')
		refuse(s, "a carriage return without a line feed");
	else if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
		refuse(s, "a control character");
	else
		copy(s, 1);
}

static void token(struct scan *s)
{
	uint8_t c = peek(s, 0);

	if (c <= ' ' || c == 0x7f)
		blank(s, c);
	else if (c == '-' && peek(s, 1) == '-')
		line_comment(s);
	else if (c == '/' && peek(s, 1) == '*')
		block_comment(s);
	else if (s->ended)
		refuse(s, "more than one statement");
	else if (c == '\'' || c == '"')
		quoted(s, c);
	else if (c == ':')
		colon(s);
	else if (word_byte(c))
		word(s);
	else
		sign(s, c);
}

static bool text_is_plain(struct bytes sql)
{
	for (size_t i = 0; i < sql.n; i++) {
		if (sql.p[i] == 0 || (sql.p[i] == '\r' && (i + 1 == sql.n || sql.p[i + 1] != '\n')))
			return false;
	}
	return utf8_valid(sql);
}

static err scan_fault(const struct scan *s, struct fault *f)
{
	char at[24], name[FAULT_VALUE_SIZE];

	snprintf(at, sizeof(at), "%zu", s->at);
	if (s->why != NULL)
		return fail(f, "DB_SQL_INVALID", "detail", s->why, "at", at, NULL);
	snprintf(name, sizeof(name), "%.*s", (int)(s->unknown.n < 100 ? s->unknown.n : 100),
		 (const char *)s->unknown.p);
	return fail(f, "DB_PARAMETER_UNKNOWN", "name", name, "at", at, NULL);
}

err parameters_rewrite(struct arena *a, struct bytes sql, char mark,
		       const struct parameter *parameters, size_t n, struct rewritten *out,
		       struct fault *f)
{
	/* The shortest parameter, ":a", grows to five characters at most. */
	size_t cap = sql.n * 3 + 1;
	struct scan s = {.sql = sql, .mark = mark, .parameters = parameters, .n = n};

	if (sql.n > SQL_SIZE_MAX || n > PARAMETERS_MAX || !text_is_plain(sql))
		return fail(f, "DB_SQL_INVALID", "detail", "a text that is too long or not plain",
			    "at", "0", NULL);
	s.result.sql = arena_alloc(a, cap);
	s.result.used = arena_array(a, n + 1, sizeof(*s.result.used));
	if (s.result.sql == NULL || s.result.used == NULL)
		return fail(f, "DB_MEMORY", NULL);
	s.out = writer_of(s.result.sql, cap);
	while (s.at < sql.n && s.why == NULL && s.unknown.p == NULL)
		token(&s);
	if (s.why != NULL || s.unknown.p != NULL)
		return scan_fault(&s, f);
	put_u8(&s.out, 0);
	if (s.out.full)
		return fail(f, "DB_MEMORY", NULL);
	*out = s.result;
	return ERR_OK;
}
