/* SPDX-License-Identifier: Apache-2.0 */
/* osv_feed.c — the advisories of a feed, one after the other: each is found by its braces, read, and
 * forgotten, so that a large feed needs no more memory than its largest advisory. */
#include "format/osv_internal.h"

#include <string.h>

enum { SCRATCH_MAX = 256 << 20 };

/* Passes over white space; counts lines. */
static void pass(struct osv_reading *r, struct bytes *rest, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		r->place.column++;
		if (rest->p[i] == '\n')
			r->place = (struct json_place){r->place.line + 1, 1};
	}
	*rest = bytes_of(rest->p + n, rest->n - n);
}

static uint8_t next(struct osv_reading *r, struct bytes *rest)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] != 0 && strchr(" \t\r\n", rest->p[n]) != NULL)
		n++;
	pass(r, rest, n);
	return rest->n > 0 ? rest->p[0] : 0;
}

/* One object off the front. If it has no end, the reader of JSON says where that shows. */
static err take_object(struct osv_reading *r, struct bytes *rest, json_t **out)
{
	static const struct json_limits LIMITS = {OSV_FEED_MAX, 64, 2000000};
	size_t n = json_text_object(*rest);
	struct bytes text = bytes_of(rest->p, n > 0 ? n : rest->n);

	return json_text_load(text, &LIMITS, &r->place, out, r->fault);
}

static err take_one(struct osv_reading *r, struct bytes *rest)
{
	size_t n = json_text_object(*rest);
	json_t *object;

	if (n > OSV_ADVISORY_MAX)
		return osv_wrong(r, "", "a smaller advisory");
	TRY(take_object(r, rest, &object));
	err e = osv_take_advisory(r, object);
	json_decref(object);
	if (e.code == OK)
		pass(r, rest, n);
	return e;
}

static err take_array(struct osv_reading *r, struct bytes *rest)
{
	pass(r, rest, 1);
	if (next(r, rest) == ']') {
		pass(r, rest, 1);
		return ERR_OK;
	}
	for (;;) {
		if (next(r, rest) != '{')
			return osv_wrong(r, "", "an advisory, which is an object");
		TRY(take_one(r, rest));
		uint8_t c = next(r, rest);
		if (c != ',' && c != ']')
			return osv_wrong(r, "", "a comma or the end of the list");
		pass(r, rest, 1);
		if (c == ']')
			return ERR_OK;
	}
}

/* {"vulns": […]}, the answer of a server. */
static err take_answer(struct osv_reading *r, const json_t *answer)
{
	const json_t *list;
	size_t i;
	json_t *one;

	r->path[0] = '\0';
	TRY(osv_take_list(r, answer, "vulns", SIZE_MAX, &list));
	json_array_foreach(list, i, one)
	{
		TRY(osv_take_advisory(r, one));
	}
	return ERR_OK;
}

static err take_objects(struct osv_reading *r, struct bytes *rest)
{
	size_t n = json_text_object(*rest);
	json_t *object;

	TRY(take_object(r, rest, &object));
	bool answer = json_object_get(object, "vulns") != NULL;
	err e = answer ? take_answer(r, object) : osv_take_advisory(r, object);
	json_decref(object);
	TRY(e);
	pass(r, rest, n);
	while (!answer && next(r, rest) == '{')
		TRY(take_one(r, rest));
	return ERR_OK;
}

static err read_feed(struct osv_reading *r, struct bytes feed)
{
	uint8_t first = next(r, &feed);

	if (first == '[')
		TRY(take_array(r, &feed));
	else if (first == '{')
		TRY(take_objects(r, &feed));
	else
		return osv_wrong(r, "", "advisories in OSV JSON");
	r->path[0] = '\0';
	return next(r, &feed) == 0 && feed.n == 0 ? ERR_OK : osv_wrong(r, "", "nothing more");
}

err osv_read(struct bytes feed, osv_each *each, void *context, struct osv_feed *out,
	     struct fault *f)
{
	struct osv_reading r = {.scratch = {.limit = SCRATCH_MAX},
				.each = each,
				.context = context,
				.out = out,
				.fault = f,
				.place = {1, 1}};

	*out = (struct osv_feed){0};
	if (feed.n > OSV_FEED_MAX)
		return fail(f, "JSON_TEXT_TOO_LARGE", NULL);
	err e = read_feed(&r, feed);
	arena_done(&r.scratch);
	return e;
}
