/* SPDX-License-Identifier: Apache-2.0 */
/* submission.c — the worker's half: bytes in, decoded and with its proof verified out. */
#include "core/cbor.h"
#include "record/check.h"
#include "record/engine.h"
#include "record/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct submission *submission_new(struct arena *a, const struct caller *caller)
{
	struct submission *s = arena_alloc(a, sizeof *s);

	if (s == NULL)
		return NULL;
	s->arena = a;
	if (caller != NULL)
		s->caller = *caller;
	return s;
}

const struct compiled_type *submission_type(const struct submission *s)
{
	return s->record.type;
}

struct hash submission_digest(const struct submission *s)
{
	return s->record.digest;
}

const struct result *submission_result(const struct submission *s)
{
	return &s->result;
}

/* ---- the steps after decoding ---- */

static err check_origin(const struct engine *e, const struct record *r, struct fault *f)
{
	char theirs[ORIGIN_SIZE_MAX + 1];

	if (bytes_equal(r->claim.origin, bytes_text(e->config.origin)))
		return ERR_OK;
	memcpy(theirs, r->claim.origin.p, r->claim.origin.n);
	theirs[r->claim.origin.n] = '\0';
	return fail_field(f, "origin", "ORIGIN_WRONG", "origin", theirs, "expected",
			  e->config.origin, NULL);
}

static err check_author(const struct submission *s, struct fault *f)
{
	const struct record *r = &s->record;
	char author[ID_SIZE_MAX + 1];

	memcpy(author, r->claim.author.p, r->claim.author.n);
	author[r->claim.author.n] = '\0';
	if (s->internal)
		return ERR_OK;
	if ((r->type->type->flags & SYSTEM) != 0 || strcmp(author, SYSTEM_AUTHOR) == 0)
		return fail_field(f, "type", "TYPE_IS_SYSTEM", "type", r->type->type->name, NULL);
	if (s->proof.kind != PROOF_NONE)
		return ERR_OK; /* who signed is the author, whoever brings it */
	if (r->type->type->origin == SIGNED)
		return fail_field(f, "proof", "PROOF_MISSING", "type", r->type->type->name, NULL);
	if (strcmp(author, s->caller.principal) != 0)
		return fail_field(f, "author", "AUTHOR_NOT_CALLER", "author", author, "caller",
				  s->caller.principal, NULL);
	return ERR_OK;
}

static err run_check(struct engine *e, struct submission *s, struct fault *f)
{
	const struct record_type *type = s->record.type->type;

	if (type->check == NULL)
		return ERR_OK;
	struct check_context context = {.arena = s->arena,
					.origin = bytes_text(e->config.origin),
					.claim = &s->record.claim,
					.digest = s->record.digest};
	s->record.outputs = (struct body){arena_alloc(s->arena, type->outputs_size), 0};
	if (s->record.outputs.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(type->check(&context, s->record.body.p, s->record.body.present, s->record.outputs.p,
			&s->record.outputs.present, f));
	record_set_output_values(&s->record);
	return ERR_OK;
}

/* Everything between the bytes and the writer's queue. */
static err finish(struct engine *e, struct submission *s, struct bytes type, struct bytes claim,
		  struct bytes proof, struct fault *f)
{
	const char *why;

	TRY(record_decode(e->registry, s->arena, claim, &s->record, f));
	if (type.n > 0 && !bytes_equal(type, s->record.claim.type))
		return fail_field(f, "type", "TYPE_NOT_OF_PATH", NULL);
	TRY(check_origin(e, &s->record, f));
	s->proof_bytes = proof;
	if (!proof_parse(proof, &s->proof, &why))
		return fail_field(f, "proof", "PROOF_BAD", "detail", why, NULL);
	TRY(check_author(s, f));
	TRY(openings_check(s->record.type->type->fields, &s->record.body, s->openings,
			   s->openings_n, f));
	if (s->proof.kind != PROOF_NONE)
		TRY(proof_verify(e, &s->record, &s->proof, f));
	s->result.digest = s->record.digest;
	return run_check(e, s, f);
}

/* ---- CBOR in ---- */

static err get_openings(struct reader *r, struct submission *s, struct fault *f)
{
	size_t n = cbor_map(r);
	struct cbor_keys keys = {0};

	if (n > OPENINGS_MAX)
		return fail(f, "OPENINGS_TOO_MANY", NULL);
	s->openings = arena_array(s->arena, n + 1, sizeof *s->openings);
	if (s->openings == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < n && r->why == NULL; i++) {
		struct opening *o = &s->openings[i];
		cbor_key(r, &keys);
		o->field = arena_text(s->arena, cbor_text(r));
		if (cbor_array(r) != 2)
			reader_fail(r, "an opening is [salt, value]");
		struct bytes salt = cbor_bytes(r);
		o->value = cbor_text(r);
		if (r->why != NULL || o->field == NULL || salt.n != SALT_SIZE ||
		    !text_valid(o->value))
			return fail(f, "SUBMISSION_BAD", "detail",
				    "an opening is not [salt, value]", NULL);
		memcpy(o->salt, salt.p, SALT_SIZE);
		o->commitment = commitment_of(o->salt, o->value);
	}
	s->openings_n = n;
	return ERR_OK;
}

err submission_from_cbor(struct engine *e, struct arena *a, const struct caller *caller,
			 struct bytes type, struct bytes cbor, struct submission **out,
			 struct fault *f)
{
	struct submission *s = submission_new(a, caller);
	struct reader r = reader_of(cbor);

	if (s == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (cbor_array(&r) != 3)
		reader_fail(&r, "a submission is [claim, proof, openings]");
	struct bytes claim = cbor_bytes(&r);
	struct bytes proof = cbor_item(&r);
	if (r.why == NULL)
		TRY(get_openings(&r, s, f));
	if (!reader_end(&r))
		return fail(f, "SUBMISSION_BAD", "detail",
			    r.why != NULL ? r.why : "bytes follow the submission", NULL);
	TRY(finish(e, s, type, claim, proof, f));
	*out = s;
	return ERR_OK;
}

/* ---- JSON in ---- */

static const char *const ENVELOPE[] = {"id", "made", "occurred", "source", "body", "type"};
static const char *const SIGNED_FORM[] = {"claim", "proof", "openings", "type"};

static err only_keys(const json_t *json, const char *const *allowed, size_t n, struct fault *f)
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

static err envelope_wrong(struct fault *f, const char *field, const char *expected)
{
	return fail_field(f, field, "FIELD_WRONG", "field", field, "expected", expected, NULL);
}

static struct bytes member_text(const json_t *json, const char *name)
{
	const json_t *member = json_object_get(json, name);

	if (!json_is_string(member))
		return (struct bytes){0};
	return bytes_of(json_string_value(member), json_string_length(member));
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
static err envelope_read(struct engine *e, const json_t *json, struct claim *claim, struct fault *f)
{
	bool has_made;

	TRY(only_keys(json, ENVELOPE, sizeof ENVELOPE / sizeof ENVELOPE[0], f));
	if (json_object_get(json, "id") == NULL)
		TRY(uuid_make(clock_wall_ms(e->config.clock), &claim->id, f));
	else if (!uuid_from_text(member_text(json, "id"), &claim->id))
		return envelope_wrong(f, "id", "a UUID of version 7");
	TRY(envelope_time(json, "made", &has_made, &claim->made, f));
	if (!has_made)
		claim->made = uuid7_time_ms(claim->id);
	TRY(envelope_time(json, "occurred", &claim->has_occurred, &claim->occurred, f));
	TRY(envelope_source(json, claim, f));
	if (json_object_get(json, "body") == NULL)
		return fail_field(f, "body", "FIELD_MISSING", "field", "body", "help",
				  "the record's own fields", NULL);
	return ERR_OK;
}

static err type_of(struct engine *e, struct bytes type, const struct compiled_type **out,
		   struct fault *f)
{
	char name[ID_SIZE_MAX + 1] = "(not text)";

	*out = registry_type(e->registry, type);
	if (*out != NULL)
		return ERR_OK;
	if (type.n <= ID_SIZE_MAX && text_valid(type)) {
		memcpy(name, type.p, type.n);
		name[type.n] = '\0';
	}
	return fail_field(f, "type", "TYPE_UNKNOWN", "type", name, NULL);
}

/* JSON to a claim's bytes: the same for a reported record and for `prepare`. */
static err claim_from_json(struct engine *e, struct arena *a, struct bytes type, const json_t *json,
			   struct claim *claim, struct opener *opener, struct bytes *out,
			   struct fault *f)
{
	const struct compiled_type *t;
	struct body body;
	uint8_t *buffer = arena_alloc(a, 2 * (size_t)ENTRY_SIZE_MAX);

	opener->openings = arena_array(a, OPENINGS_MAX, sizeof *opener->openings);
	if (buffer == NULL || opener->openings == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(type_of(e, type, &t, f));
	TRY(envelope_read(e, json, claim, f));
	claim->origin = bytes_text(e->config.origin);
	claim->type = bytes_text(t->type->name);
	claim->version = t->type->version;
	opener->author = claim->author;
	opener->id = claim->id;
	TRY(body_from_json(a, t->type->fields, t->type->size, json_object_get(json, "body"), opener,
			   &body, f));
	struct writer w = writer_of(buffer, ENTRY_SIZE_MAX);
	body_to_cbor(&w, t->type->fields, &body);
	if (!writer_done(&w, &claim->body))
		return fail(f, "RECORD_TOO_LARGE", NULL);
	w = writer_of(buffer + ENTRY_SIZE_MAX, ENTRY_SIZE_MAX);
	claim_put(&w, claim);
	return writer_done(&w, out) ? ERR_OK : fail(f, "RECORD_TOO_LARGE", NULL);
}

static const uint8_t NO_PROOF[] = {0xf6}; /* CBOR null */

static err from_envelope(struct engine *e, struct submission *s, struct bytes type,
			 const json_t *json, struct fault *f)
{
	struct claim claim = {.author = bytes_text(s->caller.principal)};
	struct opener opener = {.secret = bytes_of(e->config.secret, sizeof e->config.secret)};
	struct bytes bytes;

	TRY(claim_from_json(e, s->arena, type, json, &claim, &opener, &bytes, f));
	s->openings = opener.openings;
	s->openings_n = opener.n;
	return finish(e, s, type, bytes, bytes_of(NO_PROOF, sizeof NO_PROOF), f);
}

static err member_bytes(struct arena *a, const json_t *json, const char *name, struct bytes *out,
			struct fault *f)
{
	struct bytes text = member_text(json, name);
	size_t n;

	if (text.n == 0 || text.n > 2 * (size_t)ENTRY_SIZE_MAX)
		return envelope_wrong(f, name, "base64url without padding");
	uint8_t *p = arena_alloc(a, text.n);
	if (p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!base64url_decode(text, p, text.n, &n))
		return envelope_wrong(f, name, "base64url without padding");
	*out = bytes_of(p, n);
	return ERR_OK;
}

static err json_openings(struct submission *s, const json_t *json, struct fault *f)
{
	const char *name;
	json_t *value;

	if (json == NULL)
		return ERR_OK;
	if (!json_is_object(json) || json_object_size(json) > OPENINGS_MAX)
		return envelope_wrong(f, "openings", "an object of at most 256 fields");
	s->openings = arena_array(s->arena, json_object_size(json) + 1, sizeof *s->openings);
	if (s->openings == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		struct opening *o = &s->openings[s->openings_n++];
		struct bytes salt;
		TRY(member_bytes(s->arena, value, "salt", &salt, f));
		o->field = arena_text(s->arena, bytes_text(name));
		o->value = arena_copy(s->arena, member_text(value, "value"));
		if (o->field == NULL || o->value.p == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		if (salt.n != SALT_SIZE || !text_valid(o->value))
			return envelope_wrong(f, "openings", "salt (16 bytes) and value");
		memcpy(o->salt, salt.p, SALT_SIZE);
		o->commitment = commitment_of(o->salt, o->value);
	}
	return ERR_OK;
}

static err from_signed(struct engine *e, struct submission *s, struct bytes type,
		       const json_t *json, struct fault *f)
{
	struct bytes claim, proof = bytes_of(NO_PROOF, sizeof NO_PROOF);

	TRY(only_keys(json, SIGNED_FORM, sizeof SIGNED_FORM / sizeof SIGNED_FORM[0], f));
	TRY(member_bytes(s->arena, json, "claim", &claim, f));
	if (json_object_get(json, "proof") != NULL)
		TRY(member_bytes(s->arena, json, "proof", &proof, f));
	TRY(json_openings(s, json_object_get(json, "openings"), f));
	return finish(e, s, type, claim, proof, f);
}

err submission_from_json(struct engine *e, struct arena *a, const struct caller *caller,
			 struct bytes type, const json_t *json, struct submission **out,
			 struct fault *f)
{
	struct submission *s = submission_new(a, caller);

	if (s == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!json_is_object(json))
		return envelope_wrong(f, "record", "a JSON object");
	if (json_object_get(json, "claim") != NULL)
		TRY(from_signed(e, s, type, json, f));
	else
		TRY(from_envelope(e, s, type, json, f));
	*out = s;
	return ERR_OK;
}

err submission_system(struct engine *e, struct arena *a, const char *type, struct uuid id,
		      const json_t *body, struct submission **out, struct fault *f)
{
	struct caller caller = {.principal = SYSTEM_AUTHOR, .channel = CHANNEL_LOCAL};
	struct submission *s = submission_new(a, &caller);
	static const struct uuid none;
	json_t *json = json_object();

	if (s == NULL || json == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	s->internal = true;
	if (memcmp(&id, &none, sizeof id) != 0) {
		char hex[33], text[37];
		hex_encode(bytes_of(id.b, 16), hex);
		snprintf(text, sizeof text, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
			 hex + 16, hex + 20);
		json_object_set_new(json, "id", json_string(text));
	}
	json_object_set(json, "body", (json_t *)(uintptr_t)body);
	err result = from_envelope(e, s, bytes_text(type), json, f);
	json_decref(json);
	*out = s;
	return result;
}

err submission_prepare(struct engine *e, struct arena *a, const struct caller *caller,
		       struct bytes type, const json_t *json, struct hash key, struct prepared *out,
		       struct fault *f)
{
	struct claim claim = {.author = bytes_text(caller->principal), .has_key = true, .key = key};
	struct opener opener = {.secret = bytes_of(e->config.secret, sizeof e->config.secret)};

	if (!json_is_object(json))
		return envelope_wrong(f, "record", "a JSON object");
	TRY(claim_from_json(e, a, type, json, &claim, &opener, &out->claim, f));
	out->digest = claim_digest(out->claim);
	out->openings = opener.openings;
	out->openings_n = opener.n;
	return ERR_OK;
}
