/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor.h"
#include "record/codec_internal.h"

#include <string.h>

static err get_map(struct arena *a, struct reader *r, const struct field *fields,
		   const struct path *parent, struct body *body, struct fault *f);

static err get_list(struct arena *a, struct reader *r, const struct field *field,
		    const struct path *path, struct list *list, struct fault *f)
{
	if (cbor_peek(r) != CBOR_ARRAY)
		return field_wrong(f, path, field);
	size_t n = cbor_array(r);

	if (r->why != NULL || n < (size_t)field->least || n > (size_t)field_most(field))
		return field_wrong(f, path, field);
	TRY(list_alloc(a, field, n, list, f));
	for (size_t i = 0; i < n; i++) {
		struct path here;
		struct body element = {(uint8_t *)list->items + i * field->sub_size, 0};
		path_set(&here, path, NULL, i);
		TRY(get_map(a, r, field->sub, &here, &element, f));
		list->present[i] = element.present;
	}
	return ERR_OK;
}

static bool get_text_like(struct reader *r, const struct field *field, void *member)
{
	struct bytes text = cbor_text(r);

	if (field->kind == FIELD_ID)
		return id_set(member, text) && choice_allows(field->choices, text);
	((struct text *)member)->bytes = text;
	return text_valid(text) && size_fits(field, text.n);
}

static bool get_bytes_like(struct reader *r, const struct field *field, void *member)
{
	struct bytes b = cbor_bytes(r);

	if (field->kind == FIELD_BLOB) {
		((struct blob *)member)->bytes = b;
		return size_fits(field, b.n);
	}
	if (b.n != sizeof(struct hash))
		return false;
	memcpy(member, b.p, b.n); /* a commitment is a hash, too */
	return true;
}

static bool get_number(struct reader *r, const struct field *field, void *member)
{
	if (field->kind == FIELD_INSTANT) {
		uint64_t ms = cbor_uint(r);
		((struct instant *)member)->ms = ms;
		return ms <= INSTANT_MS_MAX;
	}
	int64_t v = cbor_int(r);
	*(int64_t *)member = v;
	return number_fits(field, v);
}

static err get_value(struct arena *a, struct reader *r, const struct field *field,
		     const struct path *path, void *member, struct fault *f)
{
	bool good = false;

	switch (field->kind) {
	case FIELD_LIST:
		return get_list(a, r, field, path, member, f);
	case FIELD_ID:
	case FIELD_TEXT:
		good = get_text_like(r, field, member);
		break;
	case FIELD_HASH:
	case FIELD_BLOB:
	case FIELD_COMMITMENT:
		good = get_bytes_like(r, field, member);
		break;
	case FIELD_INSTANT:
	case FIELD_NUMBER:
		good = get_number(r, field, member);
		break;
	case FIELD_BOOL:
		*(bool *)member = cbor_bool(r);
		good = true;
		break;
	}
	return good && r->why == NULL ? ERR_OK : field_wrong(f, path, field);
}

static err get_map(struct arena *a, struct reader *r, const struct field *fields,
		   const struct path *parent, struct body *body, struct fault *f)
{
	struct cbor_keys keys = {0};
	size_t n = cbor_map(r);

	for (size_t i = 0; i < n && r->why == NULL; i++) {
		size_t index;
		struct path path;
		cbor_key(r, &keys);
		struct bytes name = cbor_text(r);
		if (r->why != NULL)
			break;
		const struct field *field = field_find(fields, name, &index);
		if (field == NULL)
			return field_unknown(f, parent, name);
		path_set(&path, parent, field->name, 0);
		TRY(get_value(a, r, field, &path, (uint8_t *)body->p + field->offset, f));
		body->present |= (uint64_t)1 << index;
	}
	if (r->why != NULL)
		return fail(f, "BODY_NOT_CBOR", "detail", r->why, NULL);
	return fields_complete(f, parent, fields, body->present);
}

err body_from_cbor(struct arena *a, const struct field *fields, size_t size, struct bytes cbor,
		   struct body *out, struct fault *f)
{
	struct reader r = reader_of(cbor);
	struct body body = {arena_alloc(a, size), 0};

	if (body.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(get_map(a, &r, fields, NULL, &body, f));
	if (!reader_end(&r))
		return fail(f, "BODY_NOT_CBOR", "detail", "bytes follow the body", NULL);
	*out = body;
	return ERR_OK;
}

/* ---- writing ---- */

static void put_value(struct writer *w, const struct field *field, const struct body *body)
{
	const void *member = (const uint8_t *)body->p + field->offset;
	struct value v;

	if (field->kind == FIELD_LIST) {
		const struct list *list = body_list(field, body);
		cbor_put_array(w, list->n);
		for (size_t i = 0; i < list->n; i++) {
			struct body element = list_element(field, body, i);
			body_to_cbor(w, field->sub, &element);
		}
		return;
	}
	if (field->kind == FIELD_BOOL) {
		cbor_put_bool(w, *(const bool *)member);
		return;
	}
	v = member_value(field, member);
	if (v.kind == VALUE_INT)
		cbor_put_int(w, v.number);
	else if (v.kind == VALUE_TEXT)
		cbor_put_text(w, v.bytes);
	else
		cbor_put_bytes(w, v.bytes);
}

void body_to_cbor(struct writer *w, const struct field *fields, const struct body *body)
{
	uint8_t order[FIELDS_MAX];
	size_t n = 0;

	/* Insertion sort into the deterministic order of map keys (RFC 8949 section 4.2.1). */
	for (size_t i = 0; fields[i].name != NULL; i++) {
		if ((body->present >> i & 1) == 0)
			continue;
		size_t at = n++;
		while (at > 0 && cbor_text_key_order(bytes_text(fields[order[at - 1]].name),
						     bytes_text(fields[i].name)) > 0) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = (uint8_t)i;
	}
	cbor_put_map(w, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_text(w, bytes_text(fields[order[i]].name));
		put_value(w, &fields[order[i]], body);
	}
}
