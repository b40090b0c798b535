/* SPDX-License-Identifier: Apache-2.0 */
#include "format/json_text.h"

#include <stdio.h>

/* Passes over a text that begins at its quote; returns where it ends, past the quote. */
static size_t past_string(struct bytes text, size_t at)
{
	for (at++; at < text.n && text.p[at] != '"'; at++)
		if (text.p[at] == '\\')
			at++;
	return at < text.n ? at + 1 : text.n;
}

/* An upper bound: every value but the first follows a bracket or a comma. */
static err bounded(struct bytes text, const struct json_limits *limits, struct fault *f)
{
	size_t depth = 0, values = 1;

	for (size_t i = 0; i < text.n;) {
		uint8_t c = text.p[i];

		if (c == '"') {
			i = past_string(text, i);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		if ((c == '}' || c == ']') && depth > 0)
			depth--;
		values += c == '{' || c == '[' || c == ',';
		if (depth > limits->depth)
			return fail(f, "JSON_TEXT_TOO_DEEP", NULL);
		if (values > limits->values)
			return fail(f, "JSON_TEXT_TOO_MANY", NULL);
		i++;
	}
	return ERR_OK;
}

static err wrong(const json_error_t *why, const struct json_place *from, struct fault *f)
{
	size_t on = why->line > 0 ? (size_t)why->line : 1,
	       at = why->column > 0 ? (size_t)why->column : 1;
	char line[24], column[24];

	if (from != NULL && on == 1)
		at += from->column - 1;
	if (from != NULL)
		on += from->line - 1;
	snprintf(line, sizeof line, "%zu", on);
	snprintf(column, sizeof column, "%zu", at);
	return fail(f, "JSON_TEXT_WRONG", "line", line, "column", column, "detail", why->text,
		    NULL);
}

err json_text_load(struct bytes text, const struct json_limits *limits,
		   const struct json_place *from, json_t **out, struct fault *f)
{
	json_error_t why;

	if (text.n > limits->bytes)
		return fail(f, "JSON_TEXT_TOO_LARGE", NULL);
	TRY(bounded(text, limits, f));
	*out = json_loadb(text.n > 0 ? (const char *)text.p : "", text.n, JSON_REJECT_DUPLICATES,
			  &why);
	if (*out != NULL)
		return ERR_OK;
	return json_error_code(&why) == json_error_out_of_memory ? fail(f, "OUT_OF_MEMORY", NULL)
								 : wrong(&why, from, f);
}

size_t json_text_object(struct bytes text)
{
	size_t depth = 0;

	if (text.n == 0 || text.p[0] != '{')
		return 0;
	for (size_t i = 0; i < text.n;) {
		uint8_t c = text.p[i];

		if (c == '"') {
			i = past_string(text, i);
			continue;
		}
		i++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return i;
	}
	return 0;
}

bool json_text_member(const json_t *object, const char *name, struct bytes *out)
{
	const json_t *value = json_object_get(object, name);

	*out = (struct bytes){0};
	if (value == NULL || json_is_null(value))
		return true;
	if (!json_is_string(value))
		return false;
	*out = bytes_of(json_string_value(value), json_string_length(value));
	return true;
}
