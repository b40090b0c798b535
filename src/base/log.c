/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 4096 };

/* The one thing that is not passed: what a line may cost is the process's, not a request's. */
static atomic_int most_level = LOG_INFO_LEVEL;

void log_set_level(enum log_level most)
{
	atomic_store(&most_level, (int)most);
}

struct line {
	char text[LINE_MAX_SIZE];
	size_t n;
};

static void line_put(struct line *l, const char *text, size_t n)
{
	/* One byte stays free for the line's end. */
	if (n < sizeof(l->text) - 1 - l->n) {
		memcpy(l->text + l->n, text, n);
		l->n += n;
	}
}

static bool is_plain(const char *value)
{
	for (const char *p = value; *p; p++)
		if (*p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p == 0x7f)
			return false;
	return *value != 0;
}

/* A value can hold anything: quoted and escaped, it cannot begin another pair or another line. */
static void line_put_value(struct line *l, const char *value)
{
	if (is_plain(value)) {
		line_put(l, value, strlen(value));
		return;
	}
	line_put(l, "\"", 1);
	for (const char *p = value; *p; p++) {
		char escaped[5];
		uint8_t c = (uint8_t)*p;

		if (c < 0x20 || c >= 0x7f)
			snprintf(escaped, sizeof(escaped), "\\x%02x", c);
		else
			snprintf(escaped, sizeof(escaped), c == '"' || c == '\\' ? "\\%c" : "%c",
				 c);
		line_put(l, escaped, strlen(escaped));
	}
	line_put(l, "\"", 1);
}

static void line_put_pair(struct line *l, const char *name, const char *value)
{
	line_put(l, " ", 1);
	line_put(l, name, strlen(name));
	line_put(l, "=", 1);
	line_put_value(l, value);
}

static void line_begin(struct line *l, enum log_level level, const char *event)
{
	char prefix[16];

	l->n = 0;
	snprintf(prefix, sizeof(prefix), "<%d>event=", (int)level);
	line_put(l, prefix, strlen(prefix));
	line_put_value(l, event);
}

/* One write, so that lines of several threads do not mix. A log that cannot be written must not
 * stop the work. */
static void line_end(struct line *l)
{
	l->text[l->n++] = '\n';
	ssize_t put = write(STDERR_FILENO, l->text, l->n);

	(void)put;
}

void log_event(enum log_level level, const char *event, ...)
{
	struct line l;
	va_list pairs;

	if ((int)level > atomic_load(&most_level))
		return;
	line_begin(&l, level, event);
	va_start(pairs, event);
	for (const char *name = va_arg(pairs, const char *); name;) {
		const char *value = va_arg(pairs, const char *);

		line_put_pair(&l, name, value ? value : "");
		name = value ? va_arg(pairs, const char *) : NULL;
	}
	va_end(pairs);
	line_end(&l);
}

void log_fault(enum log_level level, const char *event, const struct fault *f)
{
	struct line l;

	if ((int)level > atomic_load(&most_level))
		return;
	line_begin(&l, level, event);
	line_put_pair(&l, "fault", f->message ? f->message : err_info(f->code)->name);
	if (f->field[0])
		line_put_pair(&l, "field", f->field);
	for (size_t i = 0; i < f->n; i++)
		line_put_pair(&l, f->values[i].name, f->values[i].value);
	line_end(&l);
}
