/* SPDX-License-Identifier: Apache-2.0 */
/* submission.c — the worker's half: bytes in, decoded and with its proof verified out. */
#include "base/checks.h"
#include "core/cbor.h"
#include "record/claim_make.h"
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

	if (bytes_equal(r->claim.origin, bytes_text(e->config.origin)) ||
	    check_left_out(CHECK_ENGINE_ORIGIN))
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
	/* Rules ask which key signed: one that is only named proves nothing. */
	if (r->claim.has_key && s->proof.kind == PROOF_NONE)
		return fail_field(f, "proof", "KEY_WITHOUT_PROOF", NULL);
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

/* What waited in a spool is brought by a machine that proves its key, and entered as such: it alone
 * may be older than a day. */
static err check_spool(struct submission *s, struct fault *f)
{
	if (s->record.claim.spool.p == NULL)
		return ERR_OK;
	if (s->caller.channel != CHANNEL_KEY && s->caller.channel != CHANNEL_SPOOL)
		return fail_field(f, "spool", "SPOOL_WITHOUT_KEY", NULL);
	s->caller.channel = CHANNEL_SPOOL;
	return ERR_OK;
}

/* Everything between the bytes and the writer's queue. */
static err finish(struct engine *e, struct submission *s, struct bytes type, struct bytes claim,
		  struct bytes proof, struct fault *f)
{
	struct console console;
	const char *why;

	TRY(record_decode(e->registry, s->arena, claim, &s->record, f));
	if (type.n > 0 && !bytes_equal(type, s->record.claim.type))
		return fail_field(f, "type", "TYPE_NOT_OF_PATH", NULL);
	TRY(check_origin(e, &s->record, f));
	TRY(claim_times_check(&s->record.claim, f));
	s->proof_bytes = proof;
	if (!proof_parse(proof, &s->proof, &why))
		return fail_field(f, "proof", "PROOF_BAD", "detail", why, NULL);
	TRY(check_author(s, f));
	TRY(check_spool(s, f));
	TRY(openings_check(s->record.type->type->fields, &s->record.body, s->openings,
			   s->openings_n, f));
	if (s->proof.kind != PROOF_NONE)
		TRY(proof_verify(e, &s->record, &s->proof, f));
	s->result.digest = s->record.digest;
	console_of(&e->config, &console);
	return record_check_run(&s->record, bytes_text(e->config.origin), &console.party, s->arena,
				f);
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
	struct bytes own = arena_copy(a, cbor);
	struct reader r = reader_of(own);

	if (s == NULL || own.p == NULL)
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

static const char *const SIGNED_FORM[] = {"claim", "proof", "openings", "type"};
static const uint8_t NO_PROOF[] = {0xf6}; /* CBOR null */

static err make_here(struct engine *e, struct arena *a, const char *author, const struct hash *key,
		     struct bytes type, const json_t *json, struct prepared *out, struct fault *f)
{
	struct claim_maker maker = {.registry = e->registry,
				    .origin = e->config.origin,
				    .author = author,
				    .key = key,
				    .secret = bytes_of(e->config.secret, sizeof e->config.secret),
				    .now_ms = clock_wall_ms(e->config.clock)};

	return claim_make(&maker, a, type, json, out, f);
}

static err from_envelope(struct engine *e, struct submission *s, struct bytes type,
			 const json_t *json, struct fault *f)
{
	struct prepared made;

	TRY(make_here(e, s->arena, s->caller.principal, NULL, type, json, &made, f));
	s->openings = made.openings;
	s->openings_n = made.openings_n;
	return finish(e, s, type, made.claim, bytes_of(NO_PROOF, sizeof NO_PROOF), f);
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

	TRY(json_only_keys(json, SIGNED_FORM, sizeof SIGNED_FORM / sizeof SIGNED_FORM[0], f));
	TRY(json_same_type(json, type, f));
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

	if (s == NULL || json == NULL) {
		json_decref(json);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
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
	return make_here(e, a, caller->principal, &key, type, json, out, f);
}
