/* SPDX-License-Identifier: Apache-2.0 */
#include "format/csv.h"

#include <stdio.h>
#include <string.h>

enum { END = -1 };

static int peek(const struct csv *csv)
{
	return csv->at < csv->file.n ? csv->file.p[csv->at] : END;
}

/* Takes one byte; a column is a character, so the later bytes of one do not count. */
static void take(struct csv *csv)
{
	uint8_t c = csv->file.p[csv->at++];

	if (c == '\n') {
		csv->line++;
		csv->column = 1;
	} else if ((c & 0xc0) != 0x80) {
		csv->column++;
	}
}

static err fail_at(unsigned line, unsigned column, const char *id, const char *name,
		   const char *value, struct fault *f)
{
	char line_text[16], column_text[16];
	err e;

	snprintf(line_text, sizeof(line_text), "%u", line);
	snprintf(column_text, sizeof(column_text), "%u", column);
	e = fail(f, id, "line", line_text, "column", column_text, NULL);
	if (f != NULL && name != NULL)
		fault_add(f, name, value);
	return e;
}

static err fail_here(const struct csv *csv, const char *id, struct fault *f)
{
	return fail_at(csv->line, csv->column, id, NULL, NULL, f);
}

/* ---- opening ---- */

static bool starts_with(struct bytes b, const char *prefix, size_t n)
{
	return b.n >= n && memcmp(b.p, prefix, n) == 0;
}

/* Excel's hint: "sep=;" alone on the first line. */
static void take_hint(struct csv *csv)
{
	struct bytes rest = bytes_of(csv->file.p + csv->at, csv->file.n - csv->at);
	size_t n = 5;

	if (!starts_with(rest, "sep=", 4) || rest.n < 6)
		return;
	if (rest.p[n] == '\r')
		n++;
	if (n == rest.n || rest.p[n] != '\n')
		return;
	if (csv->separator == 0)
		csv->separator = (char)rest.p[4];
	csv->at += n + 1;
	csv->line++;
}

/* The separator is the candidate that stands most often outside quotes in the first row. */
static char detect(const struct csv *csv)
{
	static const char CANDIDATES[] = {',', ';', '\t'};
	size_t counts[sizeof(CANDIDATES)] = {0}, best = 0;
	bool quoted = false;

	for (size_t i = csv->at; i < csv->file.n; i++) {
		char c = (char)csv->file.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\n' && !quoted)
			break;
		for (size_t k = 0; k < sizeof(CANDIDATES) && !quoted; k++)
			counts[k] += c == CANDIDATES[k];
	}
	for (size_t k = 1; k < sizeof(CANDIDATES); k++)
		if (counts[k] > counts[best])
			best = k;
	return CANDIDATES[best];
}

err csv_open(struct csv *csv, struct arena *a, struct bytes file, char separator, struct fault *f)
{
	char found[2] = {0};

	*csv = (struct csv){.arena = a,
			    .file = file,
			    .separator = separator,
			    .line = 1,
			    .column = 1,
			    .rows_max = CSV_ROWS_MAX};
	if (file.n > CSV_FILE_MAX)
		return fail(f, "CSV_TOO_LARGE", NULL);
	if (starts_with(file, "\xff\xfe", 2) || starts_with(file, "\xfe\xff", 2))
		return fail(f, "CSV_UTF16", NULL);
	if (starts_with(file, "\xef\xbb\xbf", 3))
		csv->at = 3;
	take_hint(csv);
	if (csv->separator == 0)
		csv->separator = detect(csv);
	if (csv->separator == ',' || csv->separator == ';' || csv->separator == '\t')
		return ERR_OK;
	if (csv->separator > ' ' && csv->separator <= '~')
		found[0] = csv->separator;
	return fail(f, "CSV_SEPARATOR", "found", found, NULL);
}

/* ---- fields ---- */

static bool ends_field(const struct csv *csv, int c)
{
	return c == END || c == '\n' || c == '\r' || c == csv->separator;
}

/* Bytes of the character that begins with `c`, were it valid. */
static size_t utf8_size(uint8_t c)
{
	if (c < 0xc0)
		return 1;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Most often a file that is not UTF-8 is Latin-1 or Windows-1252; the fix says how to save it. */
static err check_utf8(const struct csv_field *start, struct bytes raw, struct fault *f)
{
	unsigned line = start->line, column = start->column;
	size_t at = 0;
	char byte[8];

	if (utf8_valid(raw))
		return ERR_OK;
	for (; at < raw.n; at++) { /* the first character that is not valid by itself */
		size_t n = utf8_size(raw.p[at]);

		if (n > raw.n - at || !utf8_valid(bytes_of(raw.p + at, n)))
			break;
		if (raw.p[at] == '\n') {
			line++;
			column = 0;
		}
		column++;
		at += n - 1;
	}
	snprintf(byte, sizeof(byte), "0x%02x", at < raw.n ? raw.p[at] : 0U);
	return fail_at(line, column, "CSV_NOT_UTF8", "byte", byte, f);
}

static err take_plain(struct csv *csv, struct csv_field *out, struct fault *f)
{
	size_t start = csv->at;
	int c;

	while (c = peek(csv), !ends_field(csv, c)) {
		if (c == '"')
			return fail_here(csv, "CSV_STRAY_QUOTE", f);
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return fail_here(csv, "CSV_CONTROL_CHARACTER", f);
		if (csv->at - start == CSV_FIELD_MAX)
			return fail_at(out->line, out->column, "CSV_FIELD_TOO_LONG", NULL, NULL, f);
		take(csv);
	}
	out->text = bytes_of(csv->file.p + start, csv->at - start);
	return check_utf8(out, out->text, f);
}

/* Takes what stands between the quotes, up to and with the closing one; `*doubled` counts the
 * doubled quotes inside. */
static err take_quoted_span(struct csv *csv, const struct csv_field *out, struct bytes *span,
			    size_t *doubled, struct fault *f)
{
	size_t start = csv->at;
	int c;

	*doubled = 0;
	while (c = peek(csv), c != END) {
		if (c == '"' && (csv->at + 1 == csv->file.n || csv->file.p[csv->at + 1] != '"')) {
			*span = bytes_of(csv->file.p + start, csv->at - start);
			take(csv);
			return ERR_OK;
		}
		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return fail_here(csv, "CSV_CONTROL_CHARACTER", f);
		if (csv->at - start - *doubled >= CSV_FIELD_MAX)
			return fail_at(out->line, out->column, "CSV_FIELD_TOO_LONG", NULL, NULL, f);
		if (c == '"') {
			*doubled += 1;
			take(csv);
		}
		take(csv);
	}
	return fail_at(out->line, out->column, "CSV_QUOTE_OPEN", NULL, NULL, f);
}

static err undouble(struct csv *csv, struct bytes span, size_t doubled, struct bytes *out,
		    struct fault *f)
{
	uint8_t *copy = arena_alloc(csv->arena, span.n - doubled);
	size_t n = 0;

	if (copy == NULL)
		return fail(f, "CSV_MEMORY", NULL);
	for (size_t i = 0; i < span.n; i++) {
		copy[n++] = span.p[i];
		i += span.p[i] == '"';
	}
	*out = bytes_of(copy, n);
	return ERR_OK;
}

static err take_quoted(struct csv *csv, struct csv_field *out, struct fault *f)
{
	size_t doubled = 0;

	take(csv); /* the opening quote */
	TRY(take_quoted_span(csv, out, &out->text, &doubled, f));
	if (!ends_field(csv, peek(csv)))
		return fail_here(csv, "CSV_AFTER_QUOTE", f);
	TRY(check_utf8(out, out->text, f));
	return doubled == 0 ? ERR_OK : undouble(csv, out->text, doubled, &out->text, f);
}

/* ---- rows ---- */

/* Takes CRLF, LF, or nothing at the end of the file. */
static err take_line_end(struct csv *csv, struct fault *f)
{
	if (peek(csv) == '\r') {
		if (csv->at + 1 == csv->file.n || csv->file.p[csv->at + 1] != '\n')
			return fail_here(csv, "CSV_LONE_RETURN", f);
		take(csv);
	}
	if (peek(csv) != END)
		take(csv);
	return ERR_OK;
}

static err skip_blank(struct csv *csv, struct fault *f)
{
	while (peek(csv) == '\n' || peek(csv) == '\r')
		TRY(take_line_end(csv, f));
	return ERR_OK;
}

static err take_row(struct csv *csv, struct csv_row *out, struct fault *f)
{
	for (;;) {
		struct csv_field *field = &out->fields[out->n];

		if (out->n == CSV_COLUMNS_MAX)
			return fail_here(csv, "CSV_TOO_MANY_COLUMNS", f);
		*field = (struct csv_field){.line = csv->line, .column = csv->column};
		TRY(peek(csv) == '"' ? take_quoted(csv, field, f) : take_plain(csv, field, f));
		out->n++;
		if (peek(csv) != csv->separator)
			return take_line_end(csv, f);
		take(csv);
	}
}

static err too_many_rows(const struct csv *csv, struct fault *f)
{
	char most[24];

	snprintf(most, sizeof(most), "%zu", csv->rows_max - 1);
	return fail_at(csv->line, csv->column, "CSV_TOO_MANY_ROWS", "most", most, f);
}

err csv_next(struct csv *csv, struct csv_row *out, struct fault *f)
{
	out->n = 0;
	err e = skip_blank(csv, f);

	out->line = csv->line;
	if (e.code == OK && peek(csv) == END)
		return ERR_OK;
	if (e.code == OK && csv->rows >= csv->rows_max)
		e = too_many_rows(csv, f);
	if (e.code == OK)
		e = take_row(csv, out, f);
	if (e.code != OK) {
		csv->at = csv->file.n;
		out->n = 0;
	}
	csv->rows++;
	return e;
}
