/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of Alpine, as src/version.c of apk-tools 3 reads them:
 * digits{.digits}[letter]{_suffix[digits]}[~hash][-rdigits]. */
#include "format/version.h"

#include <string.h>

/* What can stand at one place. Of two versions that are alike up to there, the one whose next
 * token comes first in this list is the later one. */
enum token { FIRST_NUMBER, NUMBER, LETTER, SUFFIX, SUFFIX_NUMBER, HASH, REVISION, END, WRONG };

struct walk {
	struct bytes rest;
	enum token token;
	struct bytes value;
	int suffix; /* place in SUFFIXES less the place of a release */
};

static const char *const SUFFIXES[] = {"alpha", "beta", "pre", "rc", "", /* a release */
				       "cvs",   "svn",  "git", "hg", "p"};
enum { SUFFIXES_N = sizeof SUFFIXES / sizeof SUFFIXES[0], SUFFIX_RELEASE = 4 };

static void step(struct walk *w, size_t n)
{
	w->rest = bytes_of(w->rest.p + n, w->rest.n - n);
}

static enum token take_number(struct walk *w, enum token token)
{
	w->value = version_take_digits(&w->rest);
	return w->value.n > 0 ? token : WRONG;
}

static enum token take_suffix(struct walk *w)
{
	w->value = version_take_letters(&w->rest);
	for (int i = 0; i < SUFFIXES_N; i++) {
		if (i != SUFFIX_RELEASE && bytes_equal(w->value, bytes_text(SUFFIXES[i]))) {
			w->suffix = i - SUFFIX_RELEASE;
			return SUFFIX;
		}
	}
	return WRONG;
}

static bool is_hash(uint8_t c)
{
	return version_is_digit(c) || (c >= 'a' && c <= 'f');
}

static enum token take_hash(struct walk *w)
{
	size_t n = 0;

	while (n < w->rest.n && is_hash(w->rest.p[n]))
		n++;
	w->value = bytes_of(w->rest.p, n);
	step(w, n);
	return n > 0 ? HASH : WRONG;
}

static enum token next(struct walk *w)
{
	uint8_t c = w->rest.n > 0 ? w->rest.p[0] : 0;
	bool is_suffix = w->token == SUFFIX || w->token == SUFFIX_NUMBER;

	w->value = (struct bytes){0};
	if (w->rest.n == 0)
		return END;
	if (w->token == SUFFIX && version_is_digit(c))
		return take_number(w, SUFFIX_NUMBER);
	if (w->token <= NUMBER && c >= 'a' && c <= 'z') {
		w->value = bytes_of(w->rest.p, 1);
		step(w, 1);
		return LETTER;
	}
	step(w, 1);
	if (c == '.' && w->token <= NUMBER)
		return take_number(w, NUMBER);
	if (c == '_' && (w->token <= LETTER || is_suffix))
		return take_suffix(w);
	if (c == '~' && (w->token <= LETTER || is_suffix))
		return take_hash(w);
	if (c == '-' && w->token < REVISION && w->rest.n > 0 && w->rest.p[0] == 'r') {
		step(w, 1);
		return take_number(w, REVISION);
	}
	return WRONG;
}

static struct walk begin(struct bytes version)
{
	struct walk w = {.rest = version, .token = WRONG};

	w.token = take_number(&w, FIRST_NUMBER);
	return w;
}

static bool follows(struct bytes version)
{
	struct walk w = begin(version);

	while (w.token < END)
		w.token = next(&w);
	return w.token == END;
}

static int value_order(const struct walk *a, const struct walk *b)
{
	if (a->token == SUFFIX)
		return (a->suffix > b->suffix) - (a->suffix < b->suffix);
	if (a->token == LETTER || a->token == HASH)
		return bytes_compare(a->value, b->value);
	/* .05 is a fraction, as Gentoo reads it. */
	if (a->token == NUMBER && (a->value.p[0] == '0' || b->value.p[0] == '0'))
		return bytes_compare(a->value, b->value);
	return version_numbers(a->value, b->value);
}

/* Where one goes on and the other does not, or otherwise: later, unless what follows comes before
 * a release. */
static int token_order(const struct walk *a, const struct walk *b)
{
	if (a->token == SUFFIX && a->suffix < 0)
		return -1;
	if (b->token == SUFFIX && b->suffix < 0)
		return 1;
	return a->token < b->token ? 1 : -1;
}

enum version_order version_apk(struct bytes a, struct bytes b)
{
	if (!follows(a) || !follows(b))
		return VERSION_UNPARSEABLE;
	struct walk x = begin(a), y = begin(b);

	while (x.token == y.token && x.token != END) {
		int order = value_order(&x, &y);
		if (order != 0)
			return version_order(order);
		x.token = next(&x);
		y.token = next(&y);
	}
	return x.token == y.token ? VERSION_EQUAL : version_order(token_order(&x, &y));
}
