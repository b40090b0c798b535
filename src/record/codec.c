/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c — what both codings share: presence, limits, SQL values, openings. */
#include "record/codec.h"

#include "base/clock.h"
#include "core/sha256.h"
#include "record/codec_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 1024, BLOB_MOST = 4096, COMMITMENT_MOST = 256, LIST_MOST = 500 };

/* An empty text or blob is no value at all. */
static int64_t size_least(const struct field *field)
{
	return field->least > 1 ? field->least : 1;
}

int64_t field_most(const struct field *field)
{
	if (field->most != 0)
		return field->most;
	switch (field->kind) {
	case FIELD_TEXT:
		return TEXT_MOST;
	case FIELD_BLOB:
		return BLOB_MOST;
	case FIELD_COMMITMENT:
		return COMMITMENT_MOST;
	case FIELD_LIST:
		return LIST_MOST;
	case FIELD_NUMBER:
		return INT64_MAX;
	case FIELD_ID:
	case FIELD_HASH:
	case FIELD_INSTANT:
	case FIELD_BOOL:
		break;
	}
	return ID_SIZE_MAX;
}

bool choice_allows(const char *choices, struct bytes word)
{
	while (choices != NULL && *choices != '\0') {
		size_t n = strcspn(choices, "|");
		if (bytes_equal(bytes_of(choices, n), word))
			return true;
		choices += n + (choices[n] == '|');
	}
	return choices == NULL;
}

bool text_valid(struct bytes text)
{
	if (text.n == 0 || !utf8_valid(text))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < text.n && text.p[i + 1] < 0xa0)
			return false; /* C1 controls */
	}
	return true;
}

struct hash commitment_of(const uint8_t salt[static SALT_SIZE], struct bytes value)
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, bytes_of(salt, SALT_SIZE));
	sha256_update(&s, value);
	return sha256_final(&s);
}

void path_set(struct path *path, const struct path *parent, const char *name, size_t index)
{
	*path = (struct path){.parent = parent, .name = name, .index = index};
}

void path_text(const struct path *path, char *out, size_t cap)
{
	if (path == NULL) {
		out[0] = '\0';
		return;
	}
	char parent[FAULT_FIELD_SIZE] = "";

	if (path->parent != NULL)
		path_text(path->parent, parent, sizeof parent);
	if (path->name == NULL)
		snprintf(out, cap, "%.*s[%zu]", (int)(cap > 24 ? cap - 24 : 0), parent,
			 path->index);
	else
		snprintf(out, cap, "%.*s%s%s", (int)(cap / 2), parent, parent[0] == '\0' ? "" : ".",
			 path->name);
}

static void limit_text(const struct field *field, char *out, size_t cap)
{
	switch (field->kind) {
	case FIELD_ID:
		if (field->choices != NULL)
			snprintf(out, cap, "one of %s", field->choices);
		else
			snprintf(out, cap,
				 "an id of 1 to 64 characters (letters, digits and "
				 "!\"%%&'()*+,-./:;<=>?_)");
		break;
	case FIELD_HASH:
		snprintf(out, cap, "a SHA-256 digest: 64 hexadecimal digits");
		break;
	case FIELD_INSTANT:
		snprintf(out, cap, "a time like 2026-11-20T04:28:26.000Z");
		break;
	case FIELD_NUMBER:
		if (field->least == 0 && field->most == 0)
			snprintf(out, cap, "a whole number");
		else
			snprintf(out, cap, "a whole number from %lld to %lld",
				 (long long)field->least, (long long)field->most);
		break;
	case FIELD_BOOL:
		snprintf(out, cap, "true or false");
		break;
	case FIELD_TEXT:
		snprintf(out, cap, "text of %lld to %lld bytes without control characters",
			 (long long)size_least(field), (long long)field_most(field));
		break;
	case FIELD_BLOB:
		snprintf(out, cap, "base64url of %lld to %lld bytes", (long long)size_least(field),
			 (long long)field_most(field));
		break;
	case FIELD_COMMITMENT:
		snprintf(out, cap, "text of 1 to %lld bytes", (long long)field_most(field));
		break;
	case FIELD_LIST:
		snprintf(out, cap, "a list of %lld to %lld elements", (long long)field->least,
			 (long long)field_most(field));
		break;
	}
}

err field_wrong(struct fault *f, const struct path *path, const struct field *field)
{
	char name[FAULT_FIELD_SIZE], expected[FAULT_VALUE_SIZE];

	path_text(path, name, sizeof name);
	limit_text(field, expected, sizeof expected);
	return fail_field(f, name, "FIELD_WRONG", "field", name, "expected", expected, NULL);
}

err field_unknown(struct fault *f, const struct path *parent, struct bytes name)
{
	char text[FAULT_FIELD_SIZE], cut[48];
	struct path path;

	snprintf(cut, sizeof cut, "%.*s", (int)(name.n < 40 ? name.n : 40), (const char *)name.p);
	if (!text_valid(bytes_text(cut)))
		snprintf(cut, sizeof cut, "(not text)");
	path_set(&path, parent, cut, 0);
	path_text(&path, text, sizeof text);
	return fail_field(f, text, "FIELD_UNKNOWN", "field", text, NULL);
}

err field_missing(struct fault *f, const struct path *parent, const struct field *field)
{
	char text[FAULT_FIELD_SIZE];
	struct path path;

	path_set(&path, parent, field->name, 0);
	path_text(&path, text, sizeof text);
	return fail_field(f, text, "FIELD_MISSING", "field", text, "help", field->help, NULL);
}

err fields_complete(struct fault *f, const struct path *parent, const struct field *fields,
		    uint64_t present)
{
	for (size_t i = 0; fields[i].name != NULL; i++)
		if ((fields[i].flags & REQUIRED) != 0 && (present >> i & 1) == 0)
			return field_missing(f, parent, &fields[i]);
	return ERR_OK;
}

const struct field *field_find(const struct field *fields, struct bytes name, size_t *index)
{
	for (size_t i = 0; fields[i].name != NULL; i++) {
		if (bytes_equal(bytes_text(fields[i].name), name)) {
			*index = i;
			return &fields[i];
		}
	}
	return NULL;
}

bool id_set(struct id *id, struct bytes text)
{
	if (!id_valid(text))
		return false;
	memcpy(id->text, text.p, text.n);
	id->text[text.n] = '\0';
	id->n = (uint8_t)text.n;
	return true;
}

bool number_fits(const struct field *field, int64_t v)
{
	if (field->least == 0 && field->most == 0)
		return true;
	return v >= field->least && v <= field->most;
}

bool size_fits(const struct field *field, size_t n)
{
	return n >= (size_t)size_least(field) && n <= (size_t)field_most(field);
}

err list_alloc(struct arena *a, const struct field *field, size_t n, struct list *out,
	       struct fault *f)
{
	out->n = n;
	out->items = arena_array(a, n == 0 ? 1 : n, field->sub_size);
	out->present = arena_array(a, n == 0 ? 1 : n, sizeof *out->present);
	return out->items == NULL || out->present == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

const struct list *body_list(const struct field *field, const struct body *body)
{
	return (const struct list *)(const void *)((const uint8_t *)body->p + field->offset);
}

size_t each_count(const struct rule *rule, const struct body *body)
{
	return (body->present >> rule->each_index & 1) == 0 ? 0 : body_list(rule->each, body)->n;
}

struct value *each_values(struct arena *a, const struct rule *rule, const struct value *values,
			  const struct body *body, size_t i)
{
	size_t members = fields_count(rule->each->sub), base = rule->parameters_n - members - 1;
	struct value *all = arena_array(a, rule->parameters_n, sizeof *all);
	struct body element = list_element(rule->each, body, i);

	if (all == NULL)
		return NULL;
	memcpy(all, values, base * sizeof *all);
	body_values(rule->each->sub, &element, all + base);
	all[base + members] = value_int((int64_t)i);
	return all;
}

struct body list_element(const struct field *field, const struct body *body, size_t i)
{
	const struct list *list = body_list(field, body);

	return (struct body){(uint8_t *)list->items + i * field->sub_size, list->present[i]};
}

struct value member_value(const struct field *field, const void *member)
{
	switch (field->kind) {
	case FIELD_ID: {
		const struct id *id = member;
		return value_text(bytes_of(id->text, id->n));
	}
	case FIELD_HASH:
		return value_blob(hash_bytes(member));
	case FIELD_INSTANT:
		return value_int((int64_t)((const struct instant *)member)->ms);
	case FIELD_NUMBER:
		return value_int(*(const int64_t *)member);
	case FIELD_BOOL:
		return value_int(*(const bool *)member ? 1 : 0);
	case FIELD_TEXT:
		return value_text(((const struct text *)member)->bytes);
	case FIELD_BLOB:
		return value_blob(((const struct blob *)member)->bytes);
	case FIELD_COMMITMENT:
		return value_blob(hash_bytes(&((const struct commitment *)member)->hash));
	case FIELD_LIST:
		break;
	}
	return value_null;
}

void body_values(const struct field *fields, const struct body *body, struct value *values)
{
	for (size_t i = 0; fields[i].name != NULL; i++)
		values[i] = (body->present >> i & 1) == 0
				    ? value_null
				    : member_value(&fields[i],
						   (const uint8_t *)body->p + fields[i].offset);
}

/* The field whose commitment this is, or NULL. */
static const struct field *committed_field(const struct field *fields, const struct body *body,
					   struct hash wanted)
{
	for (size_t i = 0; fields[i].name != NULL; i++) {
		const struct field *field = &fields[i];
		if ((body->present >> i & 1) == 0)
			continue;
		if (field->kind == FIELD_COMMITMENT) {
			const struct commitment *c =
				(const void *)((const uint8_t *)body->p + field->offset);
			if (hash_equal(c->hash, wanted))
				return field;
		}
		if (field->kind != FIELD_LIST)
			continue;
		for (size_t j = 0; j < body_list(field, body)->n; j++) {
			struct body element = list_element(field, body, j);
			const struct field *found = committed_field(field->sub, &element, wanted);
			if (found != NULL)
				return found;
		}
	}
	return NULL;
}

err openings_check(const struct field *fields, const struct body *body, struct opening *openings,
		   size_t n, struct fault *f)
{
	for (size_t i = 0; i < n; i++) {
		struct hash real = commitment_of(openings[i].salt, openings[i].value);
		const struct field *field = committed_field(fields, body, real);
		if (field == NULL || !hash_equal(real, openings[i].commitment) ||
		    !size_fits(field, openings[i].value.n))
			return fail(f, "OPENING_WRONG", "field", openings[i].field, NULL);
		openings[i].personal = (field->flags & PERSONAL) != 0;
	}
	return ERR_OK;
}

/* ---- one value from text ---- */

static err text_wrong(struct fault *f, const char *name, enum field_kind kind)
{
	struct path path;
	const struct field field = {.name = name, .kind = kind};

	path_set(&path, NULL, name, 0);
	return field_wrong(f, &path, &field);
}

static bool number_from_text(struct bytes text, int64_t *out)
{
	char digits[24], *end;

	if (text.n == 0 || text.n >= sizeof digits || text.p[0] == '+' || text.p[0] == ' ')
		return false;
	memcpy(digits, text.p, text.n);
	digits[text.n] = '\0';
	long long v = strtoll(digits, &end, 10);
	if (*end != '\0' || end == digits)
		return false;
	*out = v;
	return v != INT64_MAX && v != INT64_MIN;
}

err value_from_text(struct arena *a, enum field_kind kind, const char *name, struct bytes text,
		    struct value *out, struct fault *f)
{
	uint64_t ms;
	int64_t number;

	switch (kind) {
	case FIELD_ID:
		if (!id_valid(text))
			return text_wrong(f, name, kind);
		*out = value_text(text);
		return ERR_OK;
	case FIELD_TEXT:
		if (!text_valid(text) || text.n > TEXT_MOST)
			return text_wrong(f, name, kind);
		*out = value_text(text);
		return ERR_OK;
	case FIELD_HASH: {
		uint8_t *b = arena_alloc(a, sizeof(struct hash));
		if (b == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		if (text.n != 64 || !hex_decode(text, b, 32))
			return text_wrong(f, name, kind);
		*out = value_blob(bytes_of(b, 32));
		return ERR_OK;
	}
	case FIELD_INSTANT:
		if (!time_parse(text, &ms))
			return text_wrong(f, name, kind);
		*out = value_int((int64_t)ms);
		return ERR_OK;
	case FIELD_NUMBER:
		if (!number_from_text(text, &number))
			return text_wrong(f, name, kind);
		*out = value_int(number);
		return ERR_OK;
	case FIELD_BOOL:
		if (!bytes_equal(text, bytes_text("true")) &&
		    !bytes_equal(text, bytes_text("false")))
			return text_wrong(f, name, kind);
		*out = value_int(text.n == 4 ? 1 : 0);
		return ERR_OK;
	case FIELD_BLOB:
	case FIELD_COMMITMENT:
	case FIELD_LIST:
		break;
	}
	return text_wrong(f, name, kind);
}
