/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic Versioning 2.0.0, section 11. */
#include "format/version.h"

struct semver {
	struct bytes numbers[3];
	struct bytes pre; /* without its dash; empty: a release */
};

/* Identifiers between dots; numeric ones without leading zeros where `numeric` asks for it. */
static bool identifiers_follow(struct bytes t, bool numeric)
{
	size_t n = 0, digits = 0;

	for (size_t i = 0; i <= t.n; i++) {
		if (i < t.n && t.p[i] != '.') {
			uint8_t c = t.p[i];
			if (!version_is_digit(c) && !version_is_letter(c) && c != '-')
				return false;
			digits += version_is_digit(c);
			n++;
			continue;
		}
		if (n == 0 || (numeric && digits == n && n > 1 && t.p[i - n] == '0'))
			return false;
		n = digits = 0;
	}
	return true;
}

static bool take_number(struct bytes *rest, struct bytes *out)
{
	*out = version_take_digits(rest);
	return out->n == 1 || (out->n > 1 && out->p[0] != '0');
}

static struct bytes after(struct bytes t, size_t n)
{
	return bytes_of(t.p + n, t.n - n);
}

static bool read(struct bytes t, struct semver *out)
{
	for (int i = 0; i < 3; i++) {
		if (i > 0) {
			if (t.n == 0 || t.p[0] != '.')
				return false;
			t = after(t, 1);
		}
		if (!take_number(&t, &out->numbers[i]))
			return false;
	}
	out->pre = (struct bytes){0};
	if (t.n > 0 && t.p[0] == '-') {
		size_t n = 1;
		while (n < t.n && t.p[n] != '+')
			n++;
		out->pre = bytes_of(t.p + 1, n - 1);
		if (!identifiers_follow(out->pre, true))
			return false;
		t = after(t, n);
	}
	return t.n == 0 || (t.p[0] == '+' && identifiers_follow(after(t, 1), false));
}

static struct bytes take_identifier(struct bytes *rest)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] != '.')
		n++;
	struct bytes taken = bytes_of(rest->p, n);
	*rest = after(*rest, n < rest->n ? n + 1 : n);
	return taken;
}

static bool is_number(struct bytes t)
{
	return version_take_digits(&t).n > 0 && t.n == 0;
}

static int identifier_order(struct bytes a, struct bytes b)
{
	bool a_number = is_number(a), b_number = is_number(b);

	if (a_number != b_number)
		return a_number ? -1 : 1;
	return a_number ? version_numbers(a, b) : bytes_compare(a, b);
}

static int pre_order(struct bytes a, struct bytes b)
{
	if (a.n == 0 || b.n == 0) /* a release is later than what led to it */
		return (a.n == 0) - (b.n == 0);
	while (a.n > 0 && b.n > 0) {
		int order = identifier_order(take_identifier(&a), take_identifier(&b));
		if (order != 0)
			return order;
	}
	return (a.n > 0) - (b.n > 0);
}

enum version_order version_semver(struct bytes a, struct bytes b)
{
	struct semver x, y;

	if (!read(a, &x) || !read(b, &y))
		return VERSION_UNPARSEABLE;
	for (int i = 0; i < 3; i++) {
		int order = version_numbers(x.numbers[i], y.numbers[i]);
		if (order != 0)
			return version_order(order);
	}
	return version_order(pre_order(x.pre, y.pre));
}
