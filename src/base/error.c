/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

#include "base/catalog.h"

static const struct err_info INFO[ERR_CODES] = {
	[OK] = {"ok", "It worked.", 200, 0},
	[ERR_INVALID] = {"invalid", "The input is wrong and will stay wrong.", 400, 2},
	[ERR_UNAUTHENTICATED] = {"unauthenticated", "We do not know who asks.", 401, 3},
	[ERR_FORBIDDEN] = {"forbidden", "Who asks may not do this.", 403, 4},
	[ERR_NOT_FOUND] = {"not_found", "There is no such thing.", 404, 5},
	[ERR_CONFLICT] = {"conflict", "It stands against what is recorded.", 409, 6},
	[ERR_REFUSED] = {"refused", "A rule or a gate says no.", 422, 7},
	[ERR_TOO_LARGE] = {"too_large", "It is larger than what is accepted here.", 413, 8},
	[ERR_UNSUPPORTED] = {"unsupported", "This kind of content is not understood.", 415, 9},
	[ERR_LIMIT] = {"limit", "Too many requests; try again later.", 429, 10},
	[ERR_UNAVAILABLE] = {"unavailable", "Not now; try again later.", 503, 11},
	[ERR_CORRUPT] = {"corrupt", "What is stored fails its own check.", 500, 12},
	[ERR_IO] = {"io", "The disk, a socket or the database failed.", 500, 13},
	[ERR_MEMORY] = {"memory", "There is not enough memory.", 500, 14},
	[ERR_INTERNAL] = {"internal", "This is a bug of ours.", 500, 15},
};

const struct err_info *err_info(enum err_code code)
{
	if ((unsigned)code >= ERR_CODES)
		code = ERR_INTERNAL;
	return &INFO[code];
}

/* How many bytes at `p` are one character fit to print: valid UTF-8 and no control character
 * (C0, DEL, C1). 0: the byte is to be replaced. */
static size_t printable(const char *p, size_t left)
{
	const uint8_t first = (uint8_t)p[0];
	size_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x20 || first == 0x7f || n > left)
		return 0;
	if (first == 0xc2 && (uint8_t)p[1] < 0xa0)
		return 0;
	return utf8_valid(bytes_of(p, n)) ? n : 0;
}

/* Copies text that may come from anywhere, so that it can stand in a log line, a terminal or a
 * JSON document: whole valid characters, cut at `cap`. */
static void copy_printable(char *out, size_t cap, const char *text)
{
	size_t at = 0;

	for (size_t left = strlen(text); left > 0;) {
		size_t n = printable(text, left);
		size_t taken = n ? n : 1;

		if (at + taken >= cap)
			break;
		memcpy(out + at, n ? text : "?", taken);
		at += taken;
		text += taken;
		left -= taken;
	}
	out[at] = 0;
}

void fault_add(struct fault *f, const char *name, const char *value)
{
	if (!f || !name || f->n >= FAULT_VALUES_MAX)
		return;
	struct fault_value *v = &f->values[f->n++];

	copy_printable(v->name, sizeof(v->name), name);
	copy_printable(v->value, sizeof(v->value), value ? value : "");
}

const char *fault_value(const struct fault *f, const char *name)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (strcmp(f->values[i].name, name) == 0)
			return f->values[i].value;
	return NULL;
}

static err fail_list(struct fault *f, const char *field, const char *id, va_list values)
{
	const struct message *m = catalog_find(id);
	err e = {m ? m->code : ERR_INTERNAL};

	if (!f)
		return e;
	memset(f, 0, sizeof(*f));
	f->code = e.code;
	f->message = m ? m->id : "MESSAGE_UNKNOWN";
	copy_printable(f->field, sizeof(f->field), field);
	if (!m)
		fault_add(f, "id", id);
	for (const char *name = va_arg(values, const char *); name;) {
		const char *value = va_arg(values, const char *);

		fault_add(f, name, value);
		/* A NULL value may be the end of the list: reading on would leave it. */
		name = value ? va_arg(values, const char *) : NULL;
	}
	return e;
}

err(fail)(struct fault *f, const char *id, ...)
{
	va_list values;

	va_start(values, id);
	err e = fail_list(f, "", id, values);
	va_end(values);
	return e;
}

err(fail_field)(struct fault *f, const char *field, const char *id, ...)
{
	va_list values;

	va_start(values, id);
	err e = fail_list(f, field ? field : "", id, values);
	va_end(values);
	return e;
}
