/* SPDX-License-Identifier: Apache-2.0 */
/* table_cell.c — one cell, checked and written as its kind says. */
#include "base/clock.h"
#include "core/entry.h"
#include "format/table_map.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static err wrong(const struct table_column *column, struct bytes text, const char *expected,
		 struct fault *f)
{
	char found[96];

	snprintf(found, sizeof(found), "%.*s", (int)(text.n < 90 ? text.n : 90),
		 (const char *)text.p);
	return fail(f, "TABLE_CELL_WRONG", "name", column->name, "found", found, "expected",
		    expected, NULL);
}

static err give(struct arena *a, const char *text, struct bytes *out, struct fault *f)
{
	*out = arena_copy(a, bytes_text(text));
	return out->p != NULL ? ERR_OK : fail(f, "TABLE_MEMORY", NULL);
}

static err cell_text(const struct table_column *column, struct bytes text, struct fault *f)
{
	char expected[64];

	if (memchr(text.p, '\n', text.n) != NULL || memchr(text.p, '\r', text.n) != NULL)
		return wrong(column, text, "one line of text", f);
	if (column->most == 0 || text.n <= column->most)
		return ERR_OK;
	snprintf(expected, sizeof(expected), "at most %zu bytes", column->most);
	return wrong(column, text, expected, f);
}

static err cell_choice(struct arena *a, const struct table_column *column, struct bytes *text,
		       struct fault *f)
{
	for (const char *word = column->choices; word != NULL;) {
		const char *end = strchr(word, '|');
		size_t n = end != NULL ? (size_t)(end - word) : strlen(word);

		if (n == text->n && strncasecmp(word, (const char *)text->p, n) == 0) {
			*text = arena_copy(a, bytes_of(word, n));
			return text->p != NULL ? ERR_OK : fail(f, "TABLE_MEMORY", NULL);
		}
		word = end != NULL ? end + 1 : NULL;
	}
	return wrong(column, *text, column->choices, f);
}

static err cell_day(struct arena *a, const struct table_column *column, struct bytes *text,
		    struct fault *f)
{
	char whole[TIME_TEXT_SIZE + 16];
	uint64_t ms;

	snprintf(whole, sizeof(whole), "%.*s%s", (int)(text->n < 32 ? text->n : 32),
		 (const char *)text->p, text->n == 10 ? "T00:00:00.000Z" : "");
	if (text->n > 32 || !time_parse(bytes_text(whole), &ms))
		return wrong(column, *text, "a day like 2026-11-20 or a time of RFC 3339", f);
	time_text(ms, whole);
	return give(a, whole, text, f);
}

static err cell_country(struct arena *a, const struct table_column *column, struct bytes *text,
			struct fault *f)
{
	char out[3] = "";

	for (size_t i = 0; i < text->n && i < 2; i++) {
		uint8_t c = text->p[i] >= 'a' && text->p[i] <= 'z' ? (uint8_t)(text->p[i] - 32)
								   : text->p[i];
		if (c < 'A' || c > 'Z')
			break;
		out[i] = (char)c;
	}
	if (text->n != 2 || out[0] == '\0' || out[1] == '\0')
		return wrong(column, *text, "two letters (ISO 3166-1), like DE", f);
	return give(a, out, text, f);
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static uint8_t in_case(uint8_t c, bool upper)
{
	if (upper && c >= 'a' && c <= 'f')
		return (uint8_t)(c - 'a' + 'A');
	if (!upper && c >= 'A' && c <= 'F')
		return (uint8_t)(c - 'A' + 'a');
	return c;
}

static err cell_digest(struct arena *a, const struct table_column *column, struct bytes *text,
		       struct fault *f)
{
	char out[65];
	size_t n = 0;

	for (size_t i = 0; i < text->n && n < 64 && is_hex(text->p[i]); i++)
		out[n++] = (char)in_case(text->p[i], false);
	out[n] = '\0';
	if (n != 64 || text->n != 64)
		return wrong(column, *text, "64 hexadecimal digits", f);
	return give(a, out, text, f);
}

/* 00:1A:…, 00-1a-… or 001a…: every two digits may be parted by the same sign. */
static err cell_address(struct arena *a, const struct table_column *column, struct bytes *text,
			struct fault *f)
{
	char out[17];
	size_t n = 0, step = 0;
	uint8_t sign = text->n > 2 && (text->p[2] == ':' || text->p[2] == '-') ? text->p[2] : 0;

	for (size_t i = 0; i < text->n && n < 16; i++, step++) {
		if (sign != 0 && step % 3 == 2 && text->p[i] == sign)
			continue;
		if (!is_hex(text->p[i]) || (sign != 0 && step % 3 == 2))
			break;
		out[n++] = (char)in_case(text->p[i], true);
	}
	out[n] = '\0';
	if ((n != 12 && n != 16) || text->n != (sign == 0 ? n : n + n / 2 - 1))
		return wrong(column, *text, "12 or 16 hexadecimal digits, like 00:1A:2B:3C:4D:5E",
			     f);
	return give(a, out, text, f);
}

err table_cell(struct arena *a, const struct table_column *column, struct bytes *text,
	       struct fault *f)
{
	switch (column->kind) {
	case TABLE_TEXT:
		return cell_text(column, *text, f);
	case TABLE_LINES:
		return ERR_OK;
	case TABLE_ID:
		return id_valid(*text) ? ERR_OK
				       : wrong(column, *text,
					       "1 to 64 letters, digits and signs like - . _ /, "
					       "without a space",
					       f);
	case TABLE_CHOICE:
		return cell_choice(a, column, text, f);
	case TABLE_DAY:
		return cell_day(a, column, text, f);
	case TABLE_COUNTRY:
		return cell_country(a, column, text, f);
	case TABLE_DIGEST:
		return cell_digest(a, column, text, f);
	case TABLE_ADDRESS:
		return cell_address(a, column, text, f);
	}
	return wrong(column, *text, "text", f);
}
