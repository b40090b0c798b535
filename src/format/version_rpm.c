/* SPDX-License-Identifier: Apache-2.0 */
/* epoch:version-release of rpm; each part by rpmvercmp() of rpm 4.15 and later. */
#include "format/version.h"

#include <string.h>

struct rpm {
	struct bytes epoch, version, release;
};

static bool is_segment(uint8_t c)
{
	return version_is_digit(c) || version_is_letter(c);
}

static bool part_follows(struct bytes t)
{
	bool says = false;

	for (size_t i = 0; i < t.n; i++) {
		if (!is_segment(t.p[i]) && (t.p[i] == 0 || strchr("._+~^", t.p[i]) == NULL))
			return false;
		says |= is_segment(t.p[i]);
	}
	return says;
}

static bool read(struct bytes t, struct rpm *out)
{
	const uint8_t *colon = memchr(t.p, ':', t.n), *dash;

	*out = (struct rpm){0};
	if (colon != NULL) {
		struct bytes rest = bytes_of(t.p, (size_t)(colon - t.p));
		out->epoch = version_take_digits(&rest);
		if (rest.n > 0 || out->epoch.n == 0)
			return false;
		t = bytes_of(colon + 1, t.n - (size_t)(colon - t.p) - 1);
	}
	dash = t.n > 0 ? memrchr(t.p, '-', t.n) : NULL;
	if (dash != NULL) {
		out->release = bytes_of(dash + 1, t.n - (size_t)(dash - t.p) - 1);
		t.n = (size_t)(dash - t.p);
		if (!part_follows(out->release))
			return false;
	}
	out->version = t;
	return part_follows(t);
}

/* Passes over what only separates; returns what stands there, 0 at the end. */
static uint8_t next(struct bytes *t)
{
	while (t->n > 0 && !is_segment(t->p[0]) && t->p[0] != '~' && t->p[0] != '^')
		*t = bytes_of(t->p + 1, t->n - 1);
	return t->n > 0 ? t->p[0] : 0;
}

static void step(struct bytes *t)
{
	*t = bytes_of(t->p + 1, t->n - 1);
}

static int segment_order(struct bytes *a, struct bytes *b)
{
	bool number = version_is_digit(a->p[0]);

	if (number != version_is_digit(b->p[0]))
		return number ? 1 : -1;
	if (number)
		return version_numbers(version_take_digits(a), version_take_digits(b));
	return bytes_compare(version_take_letters(a), version_take_letters(b));
}

/* ~ sorts before everything, even the end; ^ after the end, but before whatever else goes on. */
static int mark_order(uint8_t x, uint8_t y, uint8_t mark)
{
	if (mark == '~')
		return (y == mark) - (x == mark);
	if (x == 0 || y == 0)
		return (y == 0) - (x == 0);
	return (y == mark) - (x == mark);
}

static int part_order(struct bytes a, struct bytes b)
{
	for (;;) {
		uint8_t x = next(&a), y = next(&b);
		uint8_t mark = x == '~' || y == '~' ? '~' : x == '^' || y == '^' ? '^' : 0;
		int order;

		if (mark == 0 && (x == 0 || y == 0))
			return (x != 0) - (y != 0);
		order = mark != 0 ? mark_order(x, y, mark) : segment_order(&a, &b);
		if (order != 0)
			return order;
		if (mark != 0) {
			step(&a);
			step(&b);
		}
	}
}

enum version_order version_rpm(struct bytes a, struct bytes b)
{
	struct rpm x, y;

	if (!read(a, &x) || !read(b, &y))
		return VERSION_UNPARSEABLE;
	int order = version_numbers(x.epoch, y.epoch);
	if (order == 0)
		order = part_order(x.version, y.version);
	if (order == 0 && (x.release.n == 0 || y.release.n == 0))
		order = (x.release.n > 0) - (y.release.n > 0);
	else if (order == 0)
		order = part_order(x.release, y.release);
	return version_order(order);
}
