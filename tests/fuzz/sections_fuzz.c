/* SPDX-License-Identifier: Apache-2.0 */
/* An area's file: every section that is taken has one statement, and is taken again from itself. */
#include <stdlib.h>
#include <string.h>

#include "record/views.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_shape(const struct section *s)
{
	const struct view view = {.name = s->words[0], .sql = s->sql};
	struct view_shape shape;
	struct fault f = {0};

	if (view_shape_read(&view, &shape, &f).code != OK) {
		if (f.message == NULL)
			abort();
		return;
	}
	if (shape.order_n == 0 || shape.body_n > strlen(s->sql))
		abort();
	for (size_t i = 0; i < shape.order_n; i++)
		if (shape.order[i][0] == '\0')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {0};
	struct section *sections = NULL;
	size_t count = 0;
	struct fault f = {0};

	if (sections_split(&arena, "fuzz", bytes_of(data, n), &sections, &count, &f).code != OK) {
		if (f.message == NULL || fault_value(&f, "line") == NULL)
			abort();
		arena_done(&arena);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		const struct section *s = &sections[i];
		if (s->sql == NULL || s->sql[0] == '\0' || s->words_n > SECTION_WORDS_MAX)
			abort();
		if (s->kind != SECTION_TABLE && strchr(s->sql, ';') != NULL)
			abort();
		if (s->kind == SECTION_VIEW)
			read_shape(s);
	}
	arena_done(&arena);
	return 0;
}
