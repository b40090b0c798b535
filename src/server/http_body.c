/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: whole into the arena, or piece by piece to an upload. */
#include "server/http_internal.h"

#include <stdio.h>
#include <string.h>

static void refuse(struct http_exchange *x, const struct fault *f)
{
	if (x->upload.chunk && !x->upload_ended) {
		x->upload_ended = true;
		if (x->upload.aborted)
			x->upload.aborted(&x->request, x->upload.context);
	}
	http_problem(x, f, true);
}

static void too_large(struct http_exchange *x)
{
	struct fault f;
	char limit[24];

	(void)snprintf(limit, sizeof limit, "%zu", x->body_limit);
	(void)fail(&f, "HTTP_BODY_TOO_LARGE", "limit", limit, NULL);
	refuse(x, &f);
}

static bool reserve(struct http_exchange *x, size_t n)
{
	struct http_server *s = x->server;
	uint64_t before = atomic_fetch_add(&s->bodies, n);

	if (before + n > s->bodies_max) {
		atomic_fetch_sub(&s->bodies, n);
		return false;
	}
	x->body_reserved += n;
	return true;
}

/* Doubles, so that a client must send half of what it makes us hold; a declared length is where
 * growing stops, not where it starts. */
static bool grow(struct http_exchange *x, size_t need, struct fault *f)
{
	size_t cap = x->body_cap > 0 ? x->body_cap : HTTP_BODY_FIRST;
	size_t most = x->body_limit;
	uint8_t *larger;

	if (!x->head.chunked && x->head.length < most)
		most = (size_t)x->head.length;
	while (cap < need && cap <= most / 2)
		cap *= 2;
	if (cap < need || cap > most)
		cap = most;
	if (!reserve(x, cap)) {
		(void)fail(f, "HTTP_BODIES_FULL", NULL);
		return false;
	}
	larger = arena_alloc(&x->arena, cap);
	if (!larger) {
		(void)fail(f, "HTTP_NO_MEMORY", NULL);
		return false;
	}
	if (x->body_n > 0)
		memcpy(larger, x->body, x->body_n);
	x->body = larger;
	x->body_cap = cap;
	return true;
}

static bool append(struct http_exchange *x, struct bytes piece)
{
	struct fault f;

	if (piece.n > x->body_cap - x->body_n && !grow(x, x->body_n + piece.n, &f)) {
		refuse(x, &f);
		return false;
	}
	memcpy(x->body + x->body_n, piece.p, piece.n);
	x->body_n += piece.n;
	return true;
}

static bool pass_on(struct http_exchange *x, struct bytes piece)
{
	struct fault f = {0};
	err e = x->upload.chunk(&x->request, x->upload.context, piece, &f);

	if (e.code == OK)
		return true;
	f.code = e.code;
	refuse(x, &f);
	return false;
}

bool http_body_take(struct http_exchange *x, struct bytes piece)
{
	x->body_seen += piece.n;
	if (x->body_seen > x->body_limit) {
		too_large(x);
		return false;
	}
	return x->upload.chunk ? pass_on(x, piece) : append(x, piece);
}
