/* SPDX-License-Identifier: Apache-2.0 */
/* json_text.h — JSON that somebody else wrote: bounded before anything of it is built, and refused
 * with line and column. A name that stands twice in an object is an error. */
#ifndef FORMAT_JSON_TEXT_H
#define FORMAT_JSON_TEXT_H

#include "base/arena.h"

#include <jansson.h>

/* What may be in one document. A value costs up to a hundred bytes of memory. */
struct json_limits {
	size_t bytes, depth, values;
};

/* Where a text begins in a file, from 1. */
struct json_place {
	size_t line, column;
};

/* `*out` is a new reference; `from` may be NULL: the file's beginning. JSON_TEXT_TOO_LARGE, JSON_TEXT_TOO_DEEP, JSON_TEXT_TOO_MANY,
 * JSON_TEXT_WRONG with line and column in the file. */
MUST_CHECK err json_text_load(struct bytes text, const struct json_limits *limits,
			      const struct json_place *from, json_t **out, struct fault *f);

/* How many bytes the object takes that begins at `text`, up to its closing brace; 0: none does.
 * It is found by braces and quotes alone, so that each can be read, and thrown away, by itself. */
size_t json_text_object(struct bytes text);

/* A member that must be text; absent (or null) is an empty text of NULL. False: it is something else. */
MUST_CHECK bool json_text_member(const json_t *object, const char *name, struct bytes *out);

#endif
