/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "core/sha256.h"
#include "record/codec_internal.h"

#include <string.h>

static err get_object(struct arena *a, const json_t *json, const struct field *fields,
		      const struct path *parent, struct opener *opener, struct body *body,
		      struct fault *f);

static struct bytes json_text(const json_t *json)
{
	return bytes_of(json_string_value(json), json_string_length(json));
}

static err get_list(struct arena *a, const json_t *json, const struct field *field,
		    const struct path *path, struct opener *opener, struct list *list,
		    struct fault *f)
{
	size_t n = json_array_size(json);

	if (!json_is_array(json) || n < (size_t)field->least || n > (size_t)field_most(field))
		return field_wrong(f, path, field);
	TRY(list_alloc(a, field, n, list, f));
	for (size_t i = 0; i < n; i++) {
		struct path here;
		struct body element = {(uint8_t *)list->items + i * field->sub_size, 0};
		path_set(&here, path, NULL, i);
		TRY(get_object(a, json_array_get(json, i), field->sub, &here, opener, &element, f));
		list->present[i] = element.present;
	}
	return ERR_OK;
}

/* HMAC-SHA256 (RFC 2104) of author ‖ 0 ‖ id ‖ path, cut to 16 bytes: the same submission made
 * twice gives the same salt, and nobody without the secret can guess it. */
static void make_salt(const struct opener *opener, const char *path, uint8_t salt[SALT_SIZE])
{
	uint8_t key[64] = {0};
	struct sha256 s;

	memcpy(key, opener->secret.p, opener->secret.n);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] ^= 0x36;
	sha256_init(&s);
	sha256_update(&s, bytes_of(key, sizeof key));
	sha256_update(&s, opener->author);
	sha256_update(&s, bytes_of("", 1));
	sha256_update(&s, bytes_of(opener->id.b, sizeof opener->id.b));
	sha256_update(&s, bytes_text(path));
	struct hash inner = sha256_final(&s);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] ^= 0x36 ^ 0x5c;
	sha256_init(&s);
	sha256_update(&s, bytes_of(key, sizeof key));
	sha256_update(&s, hash_bytes(&inner));
	struct hash outer = sha256_final(&s);
	memcpy(salt, outer.b, SALT_SIZE);
	bytes_wipe(key, sizeof key);
}

static err get_commitment(struct arena *a, const json_t *json, const struct field *field,
			  const struct path *path, struct opener *opener,
			  struct commitment *commitment, struct fault *f)
{
	char name[FAULT_FIELD_SIZE];

	if (!json_is_string(json) || !text_valid(json_text(json)) ||
	    !size_fits(field, json_text(json).n))
		return field_wrong(f, path, field);
	if (opener == NULL || opener->secret.n != 32 || opener->n == OPENINGS_MAX)
		return fail(f, "OPENINGS_TOO_MANY", NULL);
	path_text(path, name, sizeof name);
	struct opening *o = &opener->openings[opener->n];
	make_salt(opener, name, o->salt);
	o->value = arena_copy(a, json_text(json));
	o->field = arena_text(a, bytes_text(name));
	o->personal = (field->flags & PERSONAL) != 0;
	o->commitment = commitment_of(o->salt, json_text(json));
	if (o->value.p == NULL || o->field == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	commitment->hash = o->commitment;
	opener->n++;
	return ERR_OK;
}

static err get_blob(struct arena *a, const json_t *json, const struct field *field,
		    const struct path *path, struct blob *blob, struct fault *f)
{
	size_t most = (size_t)field_most(field), n;

	if (!json_is_string(json) || json_text(json).n > most * 4 / 3 + 4)
		return field_wrong(f, path, field);
	uint8_t *p = arena_alloc(a, most);
	if (p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!base64url_decode(json_text(json), p, most, &n) || !size_fits(field, n))
		return field_wrong(f, path, field);
	blob->bytes = bytes_of(p, n);
	return ERR_OK;
}

static bool get_string(const json_t *json, const struct field *field, void *member)
{
	struct bytes text = json_text(json);

	if (!json_is_string(json))
		return false;
	switch (field->kind) {
	case FIELD_ID:
		return id_set(member, text) && choice_allows(field->choices, text);
	case FIELD_HASH:
		return text.n == 64 && hex_decode(text, ((struct hash *)member)->b, 32);
	case FIELD_INSTANT:
		return time_parse(text, &((struct instant *)member)->ms);
	case FIELD_TEXT:
		((struct text *)member)->bytes = text;
		return text_valid(text) && size_fits(field, text.n);
	case FIELD_NUMBER:
	case FIELD_BOOL:
	case FIELD_BLOB:
	case FIELD_COMMITMENT:
	case FIELD_LIST:
		break;
	}
	return false;
}

static err get_value(struct arena *a, const json_t *json, const struct field *field,
		     const struct path *path, struct opener *opener, void *member, struct fault *f)
{
	bool good = false;

	switch (field->kind) {
	case FIELD_LIST:
		return get_list(a, json, field, path, opener, member, f);
	case FIELD_COMMITMENT:
		return get_commitment(a, json, field, path, opener, member, f);
	case FIELD_BLOB:
		return get_blob(a, json, field, path, member, f);
	case FIELD_NUMBER:
		*(int64_t *)member = json_integer_value(json);
		good = json_is_integer(json) && number_fits(field, json_integer_value(json));
		break;
	case FIELD_BOOL:
		*(bool *)member = json_is_true(json);
		good = json_is_boolean(json);
		break;
	case FIELD_TEXT:
		good = get_string(json, field, member);
		if (good) { /* outlive the JSON */
			struct text *text = member;
			text->bytes = arena_copy(a, text->bytes);
			if (text->bytes.p == NULL)
				return fail(f, "OUT_OF_MEMORY", NULL);
		}
		break;
	case FIELD_ID:
	case FIELD_HASH:
	case FIELD_INSTANT:
		good = get_string(json, field, member);
		break;
	}
	return good ? ERR_OK : field_wrong(f, path, field);
}

static err get_object(struct arena *a, const json_t *json, const struct field *fields,
		      const struct path *parent, struct opener *opener, struct body *body,
		      struct fault *f)
{
	const char *name;
	json_t *value;

	if (!json_is_object(json)) {
		char where[FAULT_FIELD_SIZE] = "body";
		if (parent != NULL)
			path_text(parent, where, sizeof where);
		return fail_field(f, where, "FIELD_WRONG", "field", where, "expected",
				  "a JSON object", NULL);
	}
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		size_t index;
		struct path path;
		const struct field *field = field_find(fields, bytes_text(name), &index);
		if (field == NULL)
			return field_unknown(f, parent, bytes_text(name));
		path_set(&path, parent, field->name, 0);
		if (json_is_null(value))
			continue; /* null is absent */
		TRY(get_value(a, value, field, &path, opener, (uint8_t *)body->p + field->offset,
			      f));
		body->present |= (uint64_t)1 << index;
	}
	return fields_complete(f, parent, fields, body->present);
}

err body_from_json(struct arena *a, const struct field *fields, size_t size, const json_t *json,
		   struct opener *opener, struct body *out, struct fault *f)
{
	struct body body = {arena_alloc(a, size), 0};

	if (body.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(get_object(a, json, fields, NULL, opener, &body, f));
	*out = body;
	return ERR_OK;
}

/* ---- writing ---- */

static json_t *commitment_json(struct hash commitment, const struct opening *openings, size_t n)
{
	char hex[65];
	json_t *object = json_object();

	hex_encode(hash_bytes(&commitment), hex);
	json_object_set_new(object, "commitment", json_string(hex));
	for (size_t i = 0; i < n; i++)
		if (hash_equal(openings[i].commitment, commitment))
			json_object_set_new(object, "value",
					    json_stringn((const char *)openings[i].value.p,
							 openings[i].value.n));
	return object;
}

static json_t *bytes_json(const struct field *field, struct bytes b)
{
	char text[BLOB_TEXT_MAX];

	if (field->kind == FIELD_HASH)
		hex_encode(b, text);
	else if (base64_size(b.n) < sizeof text)
		base64url_encode(b, text);
	else
		return json_null();
	return json_string(text);
}

static json_t *value_json(const struct field *field, const struct body *body,
			  const struct opening *openings, size_t n)
{
	const void *member = (const uint8_t *)body->p + field->offset;
	char text[TIME_TEXT_SIZE];

	switch (field->kind) {
	case FIELD_LIST: {
		json_t *array = json_array();
		for (size_t i = 0; i < body_list(field, body)->n; i++) {
			struct body element = list_element(field, body, i);
			json_array_append_new(array,
					      body_to_json(field->sub, &element, openings, n));
		}
		return array;
	}
	case FIELD_INSTANT:
		time_text(((const struct instant *)member)->ms, text);
		return json_string(text);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)member);
	case FIELD_NUMBER:
		return json_integer(*(const int64_t *)member);
	case FIELD_COMMITMENT:
		return commitment_json(((const struct commitment *)member)->hash, openings, n);
	case FIELD_ID:
	case FIELD_TEXT: {
		struct bytes b = member_value(field, member).bytes;
		return json_stringn((const char *)b.p, b.n);
	}
	case FIELD_HASH:
	case FIELD_BLOB:
		return bytes_json(field, member_value(field, member).bytes);
	}
	return json_null();
}

json_t *body_to_json(const struct field *fields, const struct body *body,
		     const struct opening *openings, size_t openings_n)
{
	json_t *object = json_object();

	for (size_t i = 0; fields[i].name != NULL; i++)
		if ((body->present >> i & 1) != 0)
			json_object_set_new(object, fields[i].name,
					    value_json(&fields[i], body, openings, openings_n));
	return object;
}
