/* SPDX-License-Identifier: Apache-2.0 */
/* The sentences of a passport's story name record types and fields that exist. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "core/passport_story_internal.h"
#include "record/registry.h"

#include <stdio.h>
#include <string.h>

extern const struct area *const AREAS[];

static const struct field *named(const struct field *fields, const char *name, size_t n)
{
	for (; fields != NULL && fields->name != NULL; fields++)
		if (strlen(fields->name) == n && memcmp(fields->name, name, n) == 0)
			return fields;
	return NULL;
}

/* `{field}`, `{field~}`; `{=author}` is no field. */
static void check_places(const struct sentence *s, const struct field *element,
			 const struct record_type *type)
{
	for (const char *at = strchr(s->text, '{'); at != NULL; at = strchr(at + 1, '{')) {
		size_t n = strcspn(at + 1, "~}");
		if (at[1] == '=')
			continue;
		if (named(element, at + 1, n) == NULL && named(type->fields, at + 1, n) == NULL) {
			print_error("%s has no field %.*s: %s\n", s->type, (int)n, at + 1, s->text);
			_fail(__FILE__, __LINE__);
		}
	}
}

static void every_place_of_a_sentence_is_a_field_of_its_record_type(void **state)
{
	struct registry *registry;
	struct fault f = {0};

	(void)state;
	assert_int_equal(registry_make(AREAS, &registry, &f).code, OK);
	for (const struct sentence *s = STORY_SENTENCES; s->type != NULL; s++) {
		const struct compiled_type *t = registry_type(registry, bytes_text(s->type));
		const struct field *list = NULL;
		if (t == NULL) {
			print_error("there is no record type %s\n", s->type);
			_fail(__FILE__, __LINE__);
			break;
		}
		if (s->list != NULL)
			list = named(t->type->fields, s->list, strlen(s->list));
		assert_true(s->list == NULL || list != NULL);
		check_places(s, list == NULL ? NULL : list->sub, t->type);
	}
	registry_free(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_place_of_a_sentence_is_a_field_of_its_record_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
