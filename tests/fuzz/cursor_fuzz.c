/* SPDX-License-Identifier: Apache-2.0 */
/* A reader's query: any view of a founder, with any cursor, limit and filter. The first byte chooses
 * the view, the second whether the rest is the cursor's bytes or pairs of text. */
#include "engine_fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { TEXT_MAX = 4096, PAIRS_MAX = 12 };

struct question {
	char text[2 * TEXT_MAX + 8];
	const char *names[PAIRS_MAX], *values[PAIRS_MAX];
	size_t n;
};

static void ask_cursor(struct question *q, struct bytes in)
{
	base64url_encode(in, q->text);
	q->names[0] = "cursor";
	q->values[0] = q->text;
	q->n = 1;
}

/* name NUL value NUL … */
static void ask_pairs(struct question *q, struct bytes in)
{
	size_t at = 0;

	memcpy(q->text, in.p, in.n);
	q->text[in.n] = '\0';
	q->text[in.n + 1] = '\0';
	while (at < in.n && q->n < PAIRS_MAX) {
		q->names[q->n] = q->text + at;
		at += strlen(q->text + at) + 1;
		q->values[q->n++] = q->text + (at <= in.n ? at : in.n);
		at += at <= in.n ? strlen(q->text + at) + 1 : 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct house *h = fuzz_house();
	const struct registry *registry = engine_registry(h->engine);
	struct arena arena = {.limit = 64u << 20};
	struct caller caller = {.principal = "ada", .channel = CHANNEL_SESSION};
	struct question q = {.n = 0};
	struct reader_session *r;
	struct fault f = {0};
	json_t *page = NULL;

	if (n < 2 || n > TEXT_MAX)
		return 0;
	struct bytes in = bytes_of(data + 2, n - 2);
	if (data[1] % 2 == 0)
		ask_cursor(&q, in);
	else
		ask_pairs(&q, in);
	struct view_request request = {
		.name = bytes_text(registry->views[data[0] % registry->views_n].name),
		.caller = &caller,
		.n = q.n,
		.names = q.names,
		.values = q.values};
	if (reader_take(h->engine, &r, &f).code != OK)
		abort();
	if (view_read(h->engine, r, &arena, &request, &page, &f).code != OK)
		fuzz_is_fine(&f);
	json_decref(page);
	reader_give(r);
	arena_done(&arena);
	return 0;
}
