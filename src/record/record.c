/* SPDX-License-Identifier: Apache-2.0 */
/* record.c — a claim becomes a decoded record, with one SQL value for each parameter. */
#include "core/cbor.h"
#include "record/check.h"
#include "record/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static err type_unfit(const struct record *r, struct fault *f)
{
	char name[ID_SIZE_MAX + 1], version[16], known[16];

	snprintf(name, sizeof name, "%.*s", (int)r->claim.type.n, (const char *)r->claim.type.p);
	if (r->type == NULL)
		return fail_field(f, "type", "TYPE_UNKNOWN", "type", name, NULL);
	snprintf(version, sizeof version, "%" PRIu32, r->claim.version);
	snprintf(known, sizeof known, "%u", r->type->type->version);
	return fail_field(f, "version", "TYPE_VERSION_UNKNOWN", "type", name, "version", version,
			  "known", known, NULL);
}

static void set_engine_values(struct record *r)
{
	struct value *v = r->values + r->type->engine_at;
	const struct claim *c = &r->claim;

	v[P_TYPE] = value_text(c->type);
	v[P_AUTHOR] = value_text(c->author);
	v[P_AUTHOR_KEY] = c->has_key ? value_blob(hash_bytes(&c->key)) : value_null;
	v[P_MADE] = value_u64(c->made);
	v[P_OCCURRED] = c->has_occurred ? value_u64(c->occurred) : value_null;
	v[P_SOURCE] = value_int((int64_t)c->source);
	v[P_DIGEST] = value_blob(hash_bytes(&r->digest));
	v[P_FLAGGED] = value_int(0);
	v[P_SPOOL] = c->spool.p != NULL ? value_text(c->spool) : value_null;
	v[P_SPOOL_COUNTER] = c->spool.p != NULL ? value_u64(c->spool_counter) : value_null;
}

static void set_list_counts(struct record *r)
{
	size_t at = r->type->counts_at;

	for (size_t i = 0; i < r->type->fields_n; i++) {
		const struct field *field = &r->type->type->fields[i];
		if (field->kind != FIELD_LIST)
			continue;
		r->values[i] = value_null;
		bool there = (r->body.present >> i & 1) != 0;
		r->values[at++] = value_int(there ? (int64_t)body_list(field, &r->body)->n : 0);
	}
}

static err decode_parsed(const struct registry *registry, struct arena *a, struct record *out,
			 struct fault *f)
{
	out->type = registry_type(registry, out->claim.type);
	if (out->type == NULL || out->claim.version > out->type->type->version)
		return type_unfit(out, f);
	out->digest = claim_digest(out->claim_bytes);
	const struct record_type *type = out->type->type;
	TRY(body_from_cbor(a, type->fields, type->size, out->claim.body, &out->body, f));
	body_values(type->fields, &out->body, out->values);
	set_list_counts(out);
	for (size_t i = 0; i < out->type->outputs_n; i++)
		out->values[out->type->outputs_at + i] = value_null;
	set_engine_values(out);
	return ERR_OK;
}

err record_decode(const struct registry *registry, struct arena *a, struct bytes claim,
		  struct record *out, struct fault *f)
{
	const char *why;

	out->claim_bytes = claim;
	if (!claim_parse(claim, &out->claim, &why))
		return fail(f, "CLAIM_BAD", "detail", why, NULL);
	return decode_parsed(registry, a, out, f);
}

err record_from_entry(const struct registry *registry, struct arena *a, const struct entry *entry,
		      struct record *out, struct fault *f)
{
	out->claim_bytes = entry->claim_bytes;
	out->claim = entry->claim;
	TRY(decode_parsed(registry, a, out, f));
	return record_outputs(a, out, &entry->witness, f);
}

void record_set_output_values(struct record *r)
{
	if (r->type->type->outputs != NULL && r->outputs.p != NULL)
		body_values(r->type->type->outputs, &r->outputs, r->values + r->type->outputs_at);
}

err record_check_run(struct record *r, struct bytes origin, const struct proof_party *console,
		     struct arena *a, struct fault *f)
{
	const struct record_type *type = r->type->type;

	if (type->check == NULL)
		return ERR_OK;
	struct check_context context = {.arena = a,
					.origin = origin,
					.console = console,
					.claim = &r->claim,
					.digest = r->digest};
	r->outputs = (struct body){arena_alloc(a, type->outputs_size), 0};
	if (r->outputs.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(type->check(&context, r->body.p, r->body.present, r->outputs.p, &r->outputs.present,
			f));
	record_set_output_values(r);
	return ERR_OK;
}

void record_set_place(struct record *r, uint64_t sequence, uint64_t at, bool flagged)
{
	struct value *v = r->values + r->type->engine_at;

	v[P_SEQ] = value_u64(sequence);
	v[P_AT] = value_u64(at);
	v[P_FLAGGED] = value_int(flagged ? 1 : 0);
}

/* An output's name and kind were checked when the witness was parsed; its place in the struct is
 * found by name, so that a later version may add outputs. */
static bool output_set(const struct field *field, const struct output *o, void *member)
{
	switch (field->kind) {
	case FIELD_NUMBER:
		*(int64_t *)member = (int64_t)o->number;
		return o->kind == CBOR_UINT;
	case FIELD_HASH:
		if (o->kind != CBOR_BYTES || o->value.n != sizeof(struct hash))
			return false;
		memcpy(member, o->value.p, o->value.n);
		return true;
	case FIELD_BLOB:
		((struct blob *)member)->bytes = o->value;
		return o->kind == CBOR_BYTES;
	case FIELD_TEXT:
		((struct text *)member)->bytes = o->value;
		return o->kind == CBOR_TEXT;
	case FIELD_ID: {
		struct id *id = member;
		if (o->kind != CBOR_TEXT || !id_valid(o->value))
			return false;
		memcpy(id->text, o->value.p, o->value.n);
		id->n = (uint8_t)o->value.n;
		return true;
	}
	case FIELD_INSTANT:
	case FIELD_BOOL:
	case FIELD_COMMITMENT:
	case FIELD_LIST:
		break;
	}
	return false;
}

err record_outputs(struct arena *a, struct record *r, const struct witness *w, struct fault *f)
{
	const struct record_type *type = r->type->type;
	size_t n;
	struct output o;

	if (type->outputs == NULL)
		return ERR_OK;
	struct reader at = witness_outputs(w, &n);
	r->outputs = (struct body){arena_alloc(a, type->outputs_size), 0};
	if (r->outputs.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t k = 0; k < n && witness_next_output(&at, &o); k++) {
		for (size_t i = 0; i < r->type->outputs_n; i++) {
			const struct field *field = &type->outputs[i];
			if (!bytes_equal(bytes_text(field->name), o.name))
				continue;
			if (!output_set(field, &o, (uint8_t *)r->outputs.p + field->offset))
				return fail(f, "ENTRY_BAD", "detail",
					    "an output is not of its kind", NULL);
			r->outputs.present |= (uint64_t)1 << i;
		}
	}
	record_set_output_values(r);
	return ERR_OK;
}

/* ---- subject ---- */

static bool subject_part(struct arena *a, const struct record *r, const char *name,
			 struct bytes *out)
{
	*out = bytes_of("", 0);
	if (name == NULL)
		return true;
	for (size_t i = 0; i < r->type->fields_n; i++) {
		if (strcmp(r->type->type->fields[i].name, name) != 0)
			continue;
		const struct value *v = &r->values[i];
		char *text = NULL;
		if (v->kind == VALUE_NULL) /* an optional `within` */
			return true;
		if (v->kind == VALUE_TEXT) {
			*out = v->bytes;
			return true;
		}
		if (v->kind == VALUE_INT)
			text = arena_printf(a, "%" PRId64, v->number);
		if (v->kind == VALUE_BLOB && v->bytes.n == 32) {
			text = arena_alloc(a, 65);
			if (text != NULL)
				hex_encode(v->bytes, text);
		}
		if (text == NULL)
			return false;
		*out = bytes_text(text);
		return true;
	}
	return false;
}

bool record_subject(struct arena *a, const struct record *r, struct subject *out)
{
	const struct subject_rule *rule = &r->type->type->subject;

	if (rule->kind == NULL)
		return false;
	out->kind = bytes_text(rule->kind);
	if (rule->kind[0] == ':' && !subject_part(a, r, rule->kind + 1, &out->kind))
		return false;
	return subject_part(a, r, rule->within, &out->within) &&
	       subject_part(a, r, rule->id, &out->id);
}
