/* SPDX-License-Identifier: Apache-2.0 */
/* claim_make.c — from JSON to the bytes that an author signs: the same in the server (`prepare`, and
 * records reported over a channel) and in the command line tool. */
#include "record/claim_make.h"

#include "base/clock.h"
#include "crypto/crypto.h"

#include <string.h>

static const char *const ENVELOPE[] = {"id", "made", "occurred", "source", "body", "type"};

err json_only_keys(const json_t *json, const char *const *allowed, size_t n, struct fault *f)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		bool known = false;
		for (size_t i = 0; i < n; i++)
			known = known || strcmp(name, allowed[i]) == 0;
		if (!known)
			return fail_field(f, name, "FIELD_UNKNOWN", "field", name, NULL);
	}
	return ERR_OK;
}

err envelope_wrong(struct fault *f, const char *field, const char *expected)
{
	return fail_field(f, field, "FIELD_WRONG", "field", field, "expected", expected, NULL);
}

struct bytes member_text(const json_t *json, const char *name)
{
	const json_t *member = json_object_get(json, name);

	if (!json_is_string(member))
		return (struct bytes){0};
	return bytes_of(json_string_value(member), json_string_length(member));
}

err json_same_type(const json_t *json, struct bytes type, struct fault *f)
{
	if (json_object_get(json, "type") == NULL || bytes_equal(member_text(json, "type"), type))
		return ERR_OK;
	return fail_field(f, "type", "TYPE_NOT_OF_PATH", NULL);
}

static bool uuid_from_text(struct bytes text, struct uuid *out)
{
	char hex[33];
	size_t n = 0;

	if (text.n != 36)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash != (text.p[i] == '-'))
			return false;
		if (!dash)
			hex[n++] = (char)text.p[i];
	}
	return hex_decode(bytes_of(hex, 32), out->b, 16) && uuid7_valid(*out);
}

/* A UUID of version 7 at `ms` (RFC 9562 section 5.7). */
static err uuid_make(uint64_t ms, struct uuid *out, struct fault *f)
{
	TRY(random_bytes(out->b + 6, 10, f));
	for (size_t i = 0; i < 6; i++)
		out->b[i] = (uint8_t)(ms >> (8 * (5 - i)));
	out->b[6] = (uint8_t)(0x70 | (out->b[6] & 0x0f));
	out->b[8] = (uint8_t)(0x80 | (out->b[8] & 0x3f));
	return ERR_OK;
}

/* Whoever writes "now" may have a clock that is a little ahead of the one that made the id. */
err claim_times_check(const struct claim *claim, struct fault *f)
{
	enum { SLACK_MS = 5 * 60 * 1000 };

	if (!claim->has_occurred || claim->occurred <= claim->made + SLACK_MS)
		return ERR_OK;
	return fail_field(f, "occurred", "OCCURRED_AFTER_MADE", NULL);
}

static err envelope_time(const json_t *json, const char *name, bool *has, uint64_t *ms,
			 struct fault *f)
{
	const json_t *member = json_object_get(json, name);

	*has = member != NULL && !json_is_null(member);
	if (*has && !time_parse(member_text(json, name), ms))
		return envelope_wrong(f, name, "a time like 2026-11-20T04:28:26.000Z");
	return ERR_OK;
}

static err envelope_source(const json_t *json, struct claim *claim, struct fault *f)
{
	static const char *const words[] = {"witnessed", "declared", "imported"};
	const json_t *member = json_object_get(json, "source");

	claim->source = CLAIM_WITNESSED;
	if (member == NULL)
		return ERR_OK;
	for (size_t i = 0; i < 3; i++) {
		if (bytes_equal(member_text(json, "source"), bytes_text(words[i]))) {
			claim->source = (enum claim_source)i;
			return ERR_OK;
		}
	}
	return envelope_wrong(f, "source", "one of witnessed|declared|imported");
}

/* id, made, occurred, source. Without a `made`, it is the id's own time, so that a repeated
 * submission is the same claim. */
static err envelope_read(uint64_t now_ms, const json_t *json, struct claim *claim, struct fault *f)
{
	bool has_made;

	TRY(json_only_keys(json, ENVELOPE, sizeof ENVELOPE / sizeof ENVELOPE[0], f));
	if (json_object_get(json, "id") == NULL)
		TRY(uuid_make(now_ms, &claim->id, f));
	else if (!uuid_from_text(member_text(json, "id"), &claim->id))
		return envelope_wrong(f, "id", "a UUID of version 7");
	TRY(envelope_time(json, "made", &has_made, &claim->made, f));
	if (!has_made)
		claim->made = uuid7_time_ms(claim->id);
	TRY(envelope_time(json, "occurred", &claim->has_occurred, &claim->occurred, f));
	TRY(claim_times_check(claim, f));
	TRY(envelope_source(json, claim, f));
	if (json_object_get(json, "body") == NULL)
		return fail_field(f, "body", "FIELD_MISSING", "field", "body", "help",
				  "the record's own fields", NULL);
	return ERR_OK;
}

static err type_of(const struct registry *registry, struct bytes type,
		   const struct compiled_type **out, struct fault *f)
{
	char name[ID_SIZE_MAX + 1] = "(not text)";

	*out = registry_type(registry, type);
	if (*out != NULL)
		return ERR_OK;
	if (type.n <= ID_SIZE_MAX && text_valid(type)) {
		memcpy(name, type.p, type.n);
		name[type.n] = '\0';
	}
	return fail_field(f, "type", "TYPE_UNKNOWN", "type", name, NULL);
}

/* One buffer holds the body, then the claim. */
static err put_claim(struct arena *a, const struct record_type *type, const struct body *body,
		     struct claim *claim, struct bytes *out, struct fault *f)
{
	uint8_t *buffer = arena_alloc(a, 2 * (size_t)ENTRY_SIZE_MAX);
	struct writer w = writer_of(buffer, buffer == NULL ? 0 : ENTRY_SIZE_MAX);

	if (buffer == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	body_to_cbor(&w, type->fields, body);
	if (!writer_done(&w, &claim->body))
		return fail(f, "RECORD_TOO_LARGE", NULL);
	w = writer_of(buffer + ENTRY_SIZE_MAX, ENTRY_SIZE_MAX);
	claim_put(&w, claim);
	return writer_done(&w, out) ? ERR_OK : fail(f, "RECORD_TOO_LARGE", NULL);
}

err claim_make(const struct claim_maker *maker, struct arena *a, struct bytes type,
	       const json_t *json, struct prepared *out, struct fault *f)
{
	const struct compiled_type *t;
	struct body body;
	struct claim claim = {.author = bytes_text(maker->author),
			      .has_key = maker->key != NULL,
			      .origin = bytes_text(maker->origin)};
	struct opener opener = {.secret = maker->secret, .author = claim.author};

	if (!json_is_object(json))
		return envelope_wrong(f, "record", "a JSON object");
	if (maker->key != NULL)
		claim.key = *maker->key;
	if (maker->spool != NULL)
		claim.spool = bytes_text(maker->spool);
	claim.spool_counter = maker->spool_counter;
	opener.openings = arena_array(a, OPENINGS_MAX, sizeof *opener.openings);
	if (opener.openings == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(type_of(maker->registry, type, &t, f));
	TRY(json_same_type(json, type, f));
	TRY(envelope_read(maker->now_ms, json, &claim, f));
	claim.type = bytes_text(t->type->name);
	claim.version = t->type->version;
	opener.id = claim.id;
	TRY(body_from_json(a, t->type->fields, t->type->size, json_object_get(json, "body"),
			   &opener, &body, f));
	TRY(put_claim(a, t->type, &body, &claim, &out->claim, f));
	out->digest = claim_digest(out->claim);
	out->openings = opener.openings;
	out->openings_n = opener.n;
	return ERR_OK;
}
