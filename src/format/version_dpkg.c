/* SPDX-License-Identifier: Apache-2.0 */
/* Debian policy 5.6.12, as dpkg's parseversion() and verrevcmp() read it. */
#include "format/version.h"

#include <string.h>

struct dpkg {
	struct bytes epoch, upstream, revision;
};

static bool all_of(struct bytes t, const char *more)
{
	for (size_t i = 0; i < t.n; i++)
		if (!version_is_digit(t.p[i]) && !version_is_letter(t.p[i]) &&
		    (t.p[i] == 0 || strchr(more, t.p[i]) == NULL))
			return false;
	return true;
}

static bool epoch_follows(struct bytes digits)
{
	return digits.n > 0 && version_numbers(digits, bytes_text("2147483647")) <= 0;
}

static bool read(struct bytes t, struct dpkg *out)
{
	const uint8_t *colon = memchr(t.p, ':', t.n), *dash;

	*out = (struct dpkg){0};
	if (colon != NULL) {
		struct bytes rest = bytes_of(t.p, (size_t)(colon - t.p));
		out->epoch = version_take_digits(&rest);
		if (rest.n > 0 || !epoch_follows(out->epoch))
			return false;
		t = bytes_of(colon + 1, t.n - (size_t)(colon - t.p) - 1);
	}
	dash = t.n > 0 ? memrchr(t.p, '-', t.n) : NULL;
	if (dash != NULL) {
		out->revision = bytes_of(dash + 1, t.n - (size_t)(dash - t.p) - 1);
		if (out->revision.n == 0)
			return false;
		t.n = (size_t)(dash - t.p);
	}
	out->upstream = t;
	return t.n > 0 && version_is_digit(t.p[0]) && all_of(t, ".-+~:") &&
	       all_of(out->revision, ".+~");
}

/* The end and digits in the middle, ~ before both, letters before everything else. */
static int weight(struct bytes t, size_t at)
{
	if (at == t.n || version_is_digit(t.p[at]))
		return 0;
	if (version_is_letter(t.p[at]))
		return t.p[at];
	return t.p[at] == '~' ? -1 : t.p[at] + 256;
}

static int part_order(struct bytes a, struct bytes b)
{
	while (a.n > 0 || b.n > 0) {
		size_t n = 0;
		/* As long as either has something that is no digit. */
		while ((n < a.n && !version_is_digit(a.p[n])) ||
		       (n < b.n && !version_is_digit(b.p[n]))) {
			int x = weight(a, n < a.n ? n : a.n), y = weight(b, n < b.n ? n : b.n);
			if (x != y)
				return x < y ? -1 : 1;
			n++;
		}
		a = n < a.n ? bytes_of(a.p + n, a.n - n) : (struct bytes){0};
		b = n < b.n ? bytes_of(b.p + n, b.n - n) : (struct bytes){0};
		int order = version_numbers(version_take_digits(&a), version_take_digits(&b));
		if (order != 0)
			return order;
	}
	return 0;
}

enum version_order version_dpkg(struct bytes a, struct bytes b)
{
	struct dpkg x, y;

	if (!read(a, &x) || !read(b, &y))
		return VERSION_UNPARSEABLE;
	int order = version_numbers(x.epoch, y.epoch);
	if (order == 0)
		order = part_order(x.upstream, y.upstream);
	if (order == 0)
		order = part_order(x.revision, y.revision);
	return version_order(order);
}
