/* SPDX-License-Identifier: Apache-2.0 */
/* Every version of every record type has a golden file: the claim of a record with every field
 * filled. Released files are never changed; a new type's file is written once with
 *   build/tests/records/golden_records_test --write tests/golden/records
 * and read over before it is committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/files.h"
#include "record/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct area *const AREAS[];
static struct registry *registry;
static const char *folder;

/* ---- a body with every field filled, the same for ever ---- */

static void fill_fields(struct arena *a, const struct field *fields, struct body *body,
			size_t salt);

static void fill_list(struct arena *a, const struct field *field, struct list *list)
{
	size_t n = field->least > 2 ? (size_t)field->least : 2;

	if ((int64_t)n > field_most(field))
		n = (size_t)field_most(field);
	list->n = n;
	list->items = arena_array(a, n, field->sub_size);
	list->present = arena_array(a, n, sizeof *list->present);
	assert_non_null(list->items);
	assert_non_null(list->present);
	for (size_t i = 0; i < n; i++) {
		struct body element = {(uint8_t *)list->items + i * field->sub_size, 0};
		fill_fields(a, field->sub, &element, i + 1);
		list->present[i] = element.present;
	}
}

static void fill_id(const struct field *field, struct id *id, size_t salt)
{
	if (field->choices != NULL)
		snprintf(id->text, sizeof id->text, "%.*s", (int)strcspn(field->choices, "|"),
			 field->choices);
	else
		snprintf(id->text, sizeof id->text, "%.40s-%zu", field->name, salt);
	id->n = (uint8_t)strlen(id->text);
}

static struct bytes some_bytes(struct arena *a, const struct field *field)
{
	size_t n = field_most(field) < 48 ? (size_t)field_most(field) : 48;
	uint8_t *p = arena_alloc(a, n);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + strlen(field->name));
	return bytes_of(p, n);
}

static int64_t some_number(const struct field *field)
{
	return field->least == 0 && field->most == 0 ? 42
						     : field->least + (field->most > field->least);
}

static void fill_value(struct arena *a, const struct field *field, void *member, size_t salt)
{
	switch (field->kind) {
	case FIELD_ID:
		fill_id(field, member, salt);
		return;
	case FIELD_HASH:
	case FIELD_COMMITMENT:
		for (size_t i = 0; i < 32; i++)
			((uint8_t *)member)[i] = (uint8_t)(i + strlen(field->name) + salt);
		return;
	case FIELD_INSTANT:
		((struct instant *)member)->ms = 1790000000000 + salt;
		return;
	case FIELD_NUMBER:
		*(int64_t *)member = some_number(field);
		return;
	case FIELD_BOOL:
		*(bool *)member = true;
		return;
	case FIELD_TEXT:
		((struct text *)member)->bytes = bytes_text("Prüfung ✓");
		return;
	case FIELD_BLOB:
		((struct blob *)member)->bytes = some_bytes(a, field);
		return;
	case FIELD_LIST:
		fill_list(a, field, member);
		return;
	}
}

static void fill_fields(struct arena *a, const struct field *fields, struct body *body, size_t salt)
{
	for (size_t i = 0; fields[i].name != NULL; i++) {
		fill_value(a, &fields[i], (uint8_t *)body->p + fields[i].offset, salt);
		body->present |= (uint64_t)1 << i;
	}
}

static struct bytes golden_claim(struct arena *a, const struct record_type *type)
{
	struct body body = {arena_alloc(a, type->size), 0};
	uint8_t *buffer = arena_alloc(a, 2 * (size_t)ENTRY_SIZE_MAX);
	struct writer w = writer_of(buffer, ENTRY_SIZE_MAX);
	struct claim claim = {.origin = bytes_text("golden.example/log"),
			      .type = bytes_text(type->name),
			      .version = type->version,
			      .author = bytes_text("author-1"),
			      .has_key = true,
			      .made = 1790000000000,
			      .has_occurred = true,
			      .occurred = 1789999999000,
			      .source = CLAIM_DECLARED};
	struct bytes out;

	assert_non_null(body.p);
	memset(claim.key.b, 0xab, sizeof claim.key.b);
	assert_true(hex_decode(bytes_text("01a0ca4e6c007000800000000000002a"), claim.id.b, 16));
	fill_fields(a, type->fields, &body, 0);
	body_to_cbor(&w, type->fields, &body);
	assert_true(writer_done(&w, &claim.body));
	w = writer_of(buffer + ENTRY_SIZE_MAX, ENTRY_SIZE_MAX);
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &out));
	return out;
}

/* ---- files: hexadecimal, 64 digits a line ---- */

static void golden_path(const struct record_type *type, unsigned version, char *out, size_t cap)
{
	snprintf(out, cap, "%s/%s.%u.hex", folder, type->name, version);
}

static bool read_golden(struct arena *a, const char *path, struct bytes *out)
{
	struct fault f = {0};
	struct bytes text;
	size_t n = 0;

	if (file_read(a, path, 1 << 20, &text, &f).code != OK)
		return false;
	char *digits = arena_alloc(a, text.n + 1);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\n')
			digits[n++] = (char)text.p[i];
	uint8_t *p = arena_alloc(a, n / 2 + 1);
	assert_true(hex_decode(bytes_of(digits, n), p, n / 2));
	*out = bytes_of(p, n / 2);
	return true;
}

static void write_golden(struct arena *a, const char *path, struct bytes claim)
{
	char *hex = arena_alloc(a, 2 * claim.n + 1);
	FILE *file = fopen(path, "wx");

	assert_non_null(file);
	hex_encode(claim, hex);
	for (size_t at = 0; at < 2 * claim.n; at += 64)
		fprintf(file, "%.64s\n", hex + at);
	fclose(file);
	printf("wrote %s\n", path);
}

/* ---- tests ---- */

static void every_version_of_every_type_has_its_golden_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < registry->types_n; i++) {
		const struct record_type *type = registry->types[i].type;
		for (unsigned version = 1; version <= type->version; version++) {
			struct arena a = {0};
			struct bytes golden;
			char path[512];
			golden_path(type, version, path, sizeof path);
			if (!read_golden(&a, path, &golden))
				fail_msg("%s is missing: write it with --write", path);
			arena_done(&a);
		}
	}
}

static void a_golden_claim_still_reads_and_writes_to_the_same_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < registry->types_n; i++) {
		const struct compiled_type *t = &registry->types[i];
		for (unsigned version = 1; version <= t->type->version; version++) {
			struct arena a = {.limit = 64u << 20};
			struct record *record = arena_alloc(&a, sizeof *record);
			struct bytes golden, body;
			struct fault f = {0};
			char path[512];
			uint8_t *again = arena_alloc(&a, ENTRY_SIZE_MAX);
			struct writer w = writer_of(again, ENTRY_SIZE_MAX);
			golden_path(t->type, version, path, sizeof path);
			assert_true(read_golden(&a, path, &golden));
			if (record_decode(registry, &a, golden, record, &f).code != OK)
				fail_msg("%s: %s %s", path, f.message, f.field);
			body_to_cbor(&w, t->type->fields, &record->body);
			assert_true(writer_done(&w, &body));
			assert_true(bytes_equal(body, record->claim.body));
			arena_done(&a);
		}
	}
}

/* The current version's file is what the field table makes today: a change of a released shape
 * shows here before it reaches anybody's log. */
static void the_field_tables_still_make_the_golden_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < registry->types_n; i++) {
		const struct record_type *type = registry->types[i].type;
		struct arena a = {.limit = 64u << 20};
		struct bytes golden;
		char path[512];
		golden_path(type, type->version, path, sizeof path);
		assert_true(read_golden(&a, path, &golden));
		if (!bytes_equal(golden, golden_claim(&a, type)))
			fail_msg("%s: the type's shape has changed; released shapes live for ever",
				 type->name);
		arena_done(&a);
	}
}

static int write_missing(void)
{
	for (size_t i = 0; i < registry->types_n; i++) {
		const struct record_type *type = registry->types[i].type;
		struct arena a = {.limit = 64u << 20};
		char path[512];
		golden_path(type, type->version, path, sizeof path);
		if (!file_exists(path))
			write_golden(&a, path, golden_claim(&a, type));
		arena_done(&a);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_of_every_type_has_its_golden_file),
		cmocka_unit_test(a_golden_claim_still_reads_and_writes_to_the_same_bytes),
		cmocka_unit_test(the_field_tables_still_make_the_golden_claims),
	};
	struct fault f = {0};
	bool writing = argc == 3 && strcmp(argv[1], "--write") == 0;

	folder = writing ? argv[2] : GOLDEN_FOLDER;
	if (registry_make(AREAS, &registry, &f).code != OK) {
		fprintf(stderr, "%s\n", f.message);
		return 1;
	}
	int result = writing ? write_missing() : cmocka_run_group_tests(tests, NULL, NULL);
	registry_free(registry);
	return result;
}
