/* SPDX-License-Identifier: Apache-2.0 */
/* A target that is accepted holds nothing that climbs, hides or repeats, and what it means comes
 * back the same when it is written again with every byte escaped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/http_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_be_clean(const char *text)
{
	must(utf8_valid(bytes_text(text)));
	for (; *text; text++)
		must((uint8_t)*text >= 0x20 && *text != 0x7f);
}

static void must_not_climb(const char *path)
{
	char closed[HTTP_TARGET_MAX + 2];

	must(path[0] == '/' && strlen(path) <= HTTP_TARGET_MAX);
	if (path[1] == 0)
		return;
	(void)snprintf(closed, sizeof closed, "%s/", path);
	must(!strstr(closed, "//") && !strstr(closed, "/./") && !strstr(closed, "/../"));
}

static void put_escaped(struct writer *w, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		put_u8(w, '%');
		put_u8(w, (uint8_t)digits[(uint8_t)*text >> 4]);
		put_u8(w, (uint8_t)digits[(uint8_t)*text & 15]);
	}
}

static void same_target(const struct http_target *a, const struct http_target *b)
{
	must(strcmp(a->path, b->path) == 0);
	must(a->segments_n == b->segments_n && a->query_n == b->query_n);
	for (size_t i = 0; i < a->segments_n; i++)
		must(strcmp(a->segments[i], b->segments[i]) == 0);
	for (size_t i = 0; i < a->query_n; i++) {
		must(strcmp(a->query[i].name, b->query[i].name) == 0);
		must(strcmp(a->query[i].value, b->query[i].value) == 0);
	}
}

static void write_again(struct arena *arena, const struct http_target *t)
{
	static uint8_t buffer[3 * HTTP_TARGET_MAX + 64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct http_target again;
	struct bytes text;

	if (t->segments_n == 0)
		put_u8(&w, '/');
	for (size_t i = 0; i < t->segments_n; i++) {
		put_u8(&w, '/');
		put_escaped(&w, t->segments[i]);
	}
	for (size_t i = 0; i < t->query_n; i++) {
		put_u8(&w, i == 0 ? '?' : '&');
		put_escaped(&w, t->query[i].name);
		put_u8(&w, '=');
		put_escaped(&w, t->query[i].value);
	}
	must(writer_done(&w, &text));
	if (text.n > HTTP_TARGET_MAX)
		return;
	must(http_target_parse(arena, text, &again, NULL).code == OK);
	same_target(t, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {0};
	struct http_target target;
	struct fault f = {0};

	if (http_target_parse(&arena, bytes_of(data, n), &target, &f).code == OK) {
		must_not_climb(target.path);
		must_be_clean(target.path);
		for (size_t i = 0; i < target.query_n; i++) {
			must_be_clean(target.query[i].name);
			must_be_clean(target.query[i].value);
			must(*target.query[i].name != 0);
			for (size_t j = 0; j < i; j++)
				must(strcmp(target.query[i].name, target.query[j].name) != 0);
		}
		write_again(&arena, &target);
	} else {
		must(f.message != NULL);
	}
	arena_done(&arena);
	return 0;
}
