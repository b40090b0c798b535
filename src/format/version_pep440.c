/* SPDX-License-Identifier: Apache-2.0 */
/* Python versions, PEP 440: normalized while they are read, in either case. */
#include "format/version.h"

#include <string.h>

/* How a version stands to its release, in the sequence in which they come. */
enum stage { BEFORE_ALL, ALPHA, BETA, CANDIDATE, RELEASE };

struct pep440 {
	struct bytes epoch, release; /* release with its dots */
	enum stage stage;
	struct bytes pre, post, dev, local; /* numbers; local with its separators */
	bool has_post, has_dev;
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static struct bytes after(struct bytes t, size_t n)
{
	return bytes_of(t.p + n, t.n - n);
}

static bool is_separator(uint8_t c)
{
	return c == '.' || c == '-' || c == '_';
}

/* Takes [-_.]WORD[-_.]DIGITS, any of it but the word left out. */
static bool take_word(struct bytes *rest, const char *word, struct bytes *number)
{
	struct bytes t = *rest;
	size_t n = strlen(word);

	if (t.n > 0 && is_separator(t.p[0]))
		t = after(t, 1);
	if (t.n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(t.p[i]) != (uint8_t)word[i])
			return false;
	t = after(t, n);
	if (t.n > 0 && is_separator(t.p[0]))
		t = after(t, 1);
	*number = version_take_digits(&t);
	*rest = t;
	return true;
}

static void take_pre(struct bytes *rest, struct pep440 *out)
{
	static const struct {
		const char *word;
		enum stage stage;
	} WORDS[] = {{"alpha", ALPHA}, {"a", ALPHA},           {"beta", BETA},
		     {"b", BETA},      {"preview", CANDIDATE}, {"pre", CANDIDATE},
		     {"c", CANDIDATE}, {"rc", CANDIDATE}};

	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
		if (take_word(rest, WORDS[i].word, &out->pre)) {
			out->stage = WORDS[i].stage;
			return;
		}
	}
}

static void take_post(struct bytes *rest, struct pep440 *out)
{
	static const char *const WORDS[] = {"post", "rev", "r"};
	struct bytes t = *rest;

	if (t.n > 1 && t.p[0] == '-' && version_is_digit(t.p[1])) { /* 1.0-1 */
		t = after(t, 1);
		out->post = version_take_digits(&t);
		out->has_post = true;
		*rest = t;
		return;
	}
	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0] && !out->has_post; i++)
		out->has_post = take_word(rest, WORDS[i], &out->post);
}

static bool take_release(struct bytes *rest, struct pep440 *out)
{
	const uint8_t *start = rest->p;
	struct bytes t = *rest, digits = version_take_digits(&t);

	if (digits.n == 0)
		return false;
	if (t.n > 0 && t.p[0] == '!') {
		out->epoch = digits;
		t = after(t, 1);
		start = t.p;
		if (version_take_digits(&t).n == 0)
			return false;
	}
	while (t.n > 1 && t.p[0] == '.' && version_is_digit(t.p[1])) {
		t = after(t, 1);
		(void)version_take_digits(&t);
	}
	out->release = bytes_of(start, (size_t)(t.p - start));
	*rest = t;
	return true;
}

static bool local_follows(struct bytes t)
{
	bool separated = true;

	for (size_t i = 0; i < t.n; i++) {
		bool is = is_separator(t.p[i]);
		if ((is && separated) ||
		    (!is && !version_is_digit(t.p[i]) && !version_is_letter(t.p[i])))
			return false;
		separated = is;
	}
	return !separated;
}

static bool read(struct bytes t, struct pep440 *out)
{
	*out = (struct pep440){.stage = RELEASE};
	if (t.n > 0 && lower(t.p[0]) == 'v')
		t = after(t, 1);
	if (!take_release(&t, out))
		return false;
	take_pre(&t, out);
	take_post(&t, out);
	out->has_dev = take_word(&t, "dev", &out->dev);
	/* 1.0.dev1 comes before every 1.0a1. */
	if (out->stage == RELEASE && out->has_dev && !out->has_post)
		out->stage = BEFORE_ALL;
	if (t.n == 0)
		return true;
	out->local = after(t, 1);
	return t.p[0] == '+' && local_follows(out->local);
}

static int release_order(struct bytes a, struct bytes b)
{
	while (a.n > 0 || b.n > 0) { /* 1.0 is 1.0.0 */
		int order = version_numbers(version_take_digits(&a), version_take_digits(&b));
		if (order != 0)
			return order;
		a = a.n > 0 ? after(a, 1) : a;
		b = b.n > 0 ? after(b, 1) : b;
	}
	return 0;
}

static struct bytes take_segment(struct bytes *rest)
{
	struct bytes taken = {rest->p, 0};

	while (taken.n < rest->n && !is_separator(rest->p[taken.n]))
		taken.n++;
	*rest = after(*rest, taken.n < rest->n ? taken.n + 1 : taken.n);
	return taken;
}

static int letters_order(struct bytes a, struct bytes b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return lower(a.p[i]) < lower(b.p[i]) ? -1 : 1;
	return (a.n > b.n) - (a.n < b.n);
}

static bool is_number(struct bytes t)
{
	return version_take_digits(&t).n > 0 && t.n == 0;
}

static int local_order(struct bytes a, struct bytes b)
{
	while (a.n > 0 && b.n > 0) {
		struct bytes x = take_segment(&a), y = take_segment(&b);
		bool x_number = is_number(x), y_number = is_number(y);
		int order = x_number - y_number; /* a number is later than letters */
		if (order == 0)
			order = x_number ? version_numbers(x, y) : letters_order(x, y);
		if (order != 0)
			return order;
	}
	return (a.n > 0) - (b.n > 0);
}

enum version_order version_pep440(struct bytes a, struct bytes b)
{
	struct pep440 x, y;

	if (!read(a, &x) || !read(b, &y))
		return VERSION_UNPARSEABLE;
	int order = version_numbers(x.epoch, y.epoch);
	if (order == 0)
		order = release_order(x.release, y.release);
	if (order == 0)
		order = (x.stage > y.stage) - (x.stage < y.stage);
	if (order == 0)
		order = version_numbers(x.pre, y.pre);
	if (order == 0)
		order = x.has_post - y.has_post;
	if (order == 0)
		order = version_numbers(x.post, y.post);
	if (order == 0)
		order = y.has_dev - x.has_dev;
	if (order == 0)
		order = version_numbers(x.dev, y.dev);
	if (order == 0)
		order = local_order(x.local, y.local);
	return version_order(order);
}
