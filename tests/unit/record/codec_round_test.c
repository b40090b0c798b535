/* SPDX-License-Identifier: Apache-2.0 */
/* Every record type there is: a body made from its field table, as full and as bare as it may be, comes
 * through JSON and CBOR and back unchanged, and what a little change makes of it is refused or is
 * another sound body. */
#include "record/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct area *const AREAS[];

enum { CBOR_MAX = 1 << 20, CHANGES = 300 };

static json_t *make_object(const struct field *fields, bool full);

static json_t *make_text(const struct field *field, bool full)
{
	size_t n = full ? (size_t)field_most(field) : 1;
	char *text = malloc(n + 1);

	memset(text, 'x', n);
	json_t *json = json_stringn(text, n);
	free(text);
	return json;
}

static json_t *make_blob(const struct field *field, bool full)
{
	size_t least = field->least > 1 ? (size_t)field->least : 1;
	size_t n = full ? (size_t)field_most(field) : least;
	uint8_t *bytes = malloc(n);
	char *text = malloc(2 * n + 8);

	memset(bytes, 0xa5, n);
	base64url_encode(bytes_of(bytes, n), text);
	json_t *json = json_string(text);
	free(text);
	free(bytes);
	return json;
}

static json_t *make_id(const struct field *field, bool full)
{
	char text[ID_SIZE_MAX + 1];
	size_t n = full ? ID_SIZE_MAX : 1;

	if (field->choices != NULL)
		return json_stringn(field->choices, strcspn(field->choices, "|"));
	memset(text, full ? '_' : 'a', n);
	return json_stringn(text, n);
}

static json_t *make_list(const struct field *field, bool full)
{
	json_t *list = json_array();
	size_t most = (size_t)field_most(field);

	for (size_t n = full ? (most < 3 ? most : 3) : 1; n > 0; n--)
		json_array_append_new(list, make_object(field->sub, full));
	return list;
}

static json_t *make_value(const struct field *field, bool full)
{
	char hex[65];
	struct hash hash = {{1, 2, 3}};

	switch (field->kind) {
	case FIELD_ID:
		return make_id(field, full);
	case FIELD_HASH:
		hex_encode(hash_bytes(&hash), hex);
		return json_string(hex);
	case FIELD_INSTANT:
		return json_string(full ? "9999-12-31T23:59:59.999Z" : "1970-01-01T00:00:00.000Z");
	case FIELD_NUMBER:
		if (field->least == 0 && field->most == 0)
			return json_integer(full ? INT64_MAX : INT64_MIN);
		return json_integer(full ? field->most : field->least);
	case FIELD_BOOL:
		return json_boolean(full);
	case FIELD_TEXT:
	case FIELD_COMMITMENT:
		return make_text(field, full);
	case FIELD_BLOB:
		return make_blob(field, full);
	case FIELD_LIST:
		return make_list(field, full);
	}
	return NULL;
}

static json_t *make_object(const struct field *fields, bool full)
{
	json_t *json = json_object();

	for (size_t i = 0; fields[i].name != NULL; i++)
		if (full || (fields[i].flags & REQUIRED) != 0)
			json_object_set_new(json, fields[i].name, make_value(&fields[i], full));
	return json;
}

/* A commitment is shown as {"commitment", "value"}; what was given is the value. */
static json_t *as_given(const json_t *shown)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_array(shown)) {
		json_t *list = json_array();
		json_array_foreach((json_t *)(uintptr_t)shown, i, value)
			json_array_append_new(list, as_given(value));
		return list;
	}
	if (!json_is_object(shown))
		return json_deep_copy((json_t *)(uintptr_t)shown);
	if (json_object_get(shown, "commitment") != NULL && json_object_get(shown, "value") != NULL)
		return json_deep_copy(json_object_get(shown, "value"));
	json_t *object = json_object();
	json_object_foreach((json_t *)(uintptr_t)shown, name, value)
		json_object_set_new(object, name, as_given(value));
	return object;
}

struct trip {
	struct arena arena;
	struct opener opener;
	struct opening *openings;
	uint8_t *buffer;
};

static struct bytes to_cbor(struct trip *t, const struct record_type *type, const struct body *body)
{
	uint8_t *buffer = arena_alloc(&t->arena, CBOR_MAX);
	struct writer w = writer_of(buffer, CBOR_MAX);
	struct bytes out;

	body_to_cbor(&w, type->fields, body);
	assert_true(writer_done(&w, &out));
	return out;
}

static void fits(err result, const struct record_type *type, const struct fault *f)
{
	if (result.code != OK)
		fail_msg("%s: %s %s", type->name, f->message, f->field);
}

/* Any change of one byte is refused, or gives a body that encodes to those very bytes. */
static void changed_bytes_are_refused_or_sound(struct trip *t, const struct record_type *type,
					       struct bytes cbor)
{
	uint8_t *changed = malloc(cbor.n);
	unsigned random = 7;

	for (size_t i = 0; i < CHANGES; i++) {
		struct trip own = {.arena = {.limit = 64u << 20}};
		struct body body;
		struct fault f = {0};
		memcpy(changed, cbor.p, cbor.n);
		random = random * 1664525u + 1013904223u;
		changed[(random >> 8) % cbor.n] ^= (uint8_t)(1u << (random >> 29));
		if (body_from_cbor(&own.arena, type->fields, type->size, bytes_of(changed, cbor.n),
				   &body, &f)
			    .code == OK)
			assert_true(
				bytes_equal(to_cbor(&own, type, &body), bytes_of(changed, cbor.n)));
		else
			assert_non_null(f.message);
		arena_done(&own.arena);
	}
	(void)t;
	free(changed);
}

static void round_trip(const struct record_type *type, bool full)
{
	static const uint8_t secret[32] = {9};
	struct trip t = {.arena = {.limit = 256u << 20}};
	struct body body, again;
	struct fault f = {0};

	t.openings = arena_array(&t.arena, OPENINGS_MAX, sizeof *t.openings);
	t.opener = (struct opener){.secret = bytes_of(secret, sizeof secret),
				   .author = bytes_text("ada"),
				   .openings = t.openings};
	json_t *given = make_object(type->fields, full);
	fits(body_from_json(&t.arena, type->fields, type->size, given, &t.opener, &body, &f), type,
	     &f);
	struct bytes cbor = to_cbor(&t, type, &body);
	fits(body_from_cbor(&t.arena, type->fields, type->size, cbor, &again, &f), type, &f);
	assert_int_equal(again.present, body.present);
	assert_true(bytes_equal(to_cbor(&t, type, &again), cbor));
	fits(openings_check(type->fields, &again, t.openings, t.opener.n, &f), type, &f);
	json_t *shown = body_to_json(type->fields, &again, t.openings, t.opener.n);
	json_t *back = as_given(shown);
	if (json_equal(back, given) != 1)
		fail_msg("%s: %s", type->name, json_dumps(back, JSON_COMPACT));
	changed_bytes_are_refused_or_sound(&t, type, cbor);
	json_decref(back);
	json_decref(shown);
	json_decref(given);
	arena_done(&t.arena);
}

static void every_type_comes_through_full(void **state)
{
	(void)state;
	for (size_t i = 0; AREAS[i] != NULL; i++)
		for (const struct record_type *t = AREAS[i]->types; t->name != NULL; t++)
			round_trip(t, true);
}

static void every_type_comes_through_bare(void **state)
{
	(void)state;
	for (size_t i = 0; AREAS[i] != NULL; i++)
		for (const struct record_type *t = AREAS[i]->types; t->name != NULL; t++)
			round_trip(t, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_comes_through_full),
		cmocka_unit_test(every_type_comes_through_bare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
