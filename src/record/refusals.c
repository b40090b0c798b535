/* SPDX-License-Identifier: Apache-2.0 */
/* refusals.c — a decision refused to somebody whose identity was proved is evidence. The first one
 * a day is recorded; repeats are counted. */
#include "record/writer.h"

#include <string.h>

enum { REFUSAL_WINDOW_MS = 24 * 3600 * 1000 };

static err first_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(uint64_t *)context = (uint64_t)columns[0].number;
	return ERR_OK;
}

/* Whoever holds a key that is not the author's, or no longer is, was not the author: nothing is
 * written down against the name that was borrowed. */
static bool is_impostor(const struct submission *s)
{
	static const char *const codes[] = {"KEY_NOT_AUTHORS", "KEY_WAITS", "SHIFT_OVER"};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(s->result.fault.message, codes[i]) == 0)
			return true;
	return false;
}

/* What came out of a station's spool has used its counter: the log says so, whatever it was. Whoever
 * is no station has no box, and must not fill the log by counting on. */
static err uses_counter(struct batch *b, const struct submission *s, bool *yes, struct fault *f)
{
	struct principal author;

	*yes = false;
	if (s->internal || s->record.claim.spool.p == NULL ||
	    strcmp(s->result.fault.message, "SPOOL_COUNTER_USED") == 0)
		return ERR_OK;
	TRY(authority_principal(b->engine->authority, s->record.claim.author, &author, f));
	*yes = strcmp(author.kind, "station") == 0;
	return ERR_OK;
}

static bool worth_keeping(const struct submission *s, bool counted)
{
	enum err_code code = s->result.fault.code;

	if (counted)
		return !s->result.repeated && !is_impostor(s);
	return !s->internal && s->result.state == RESULT_REFUSED &&
	       s->record.type->type->nature == DECISION && s->record.type->type->name != NULL &&
	       (code == ERR_REFUSED || code == ERR_FORBIDDEN || code == ERR_CONFLICT) &&
	       !is_impostor(s);
}

static void set_text(json_t *json, const char *name, struct bytes text)
{
	if (text.n > 0)
		json_object_set_new(json, name, json_stringn((const char *)text.p, text.n));
}

static json_t *refusal_body(const struct submission *s, const struct subject *subject, bool counted)
{
	char hex[65];
	json_t *json = json_object();

	hex_encode(hash_bytes(&s->record.digest), hex);
	set_text(json, "type", s->record.claim.type);
	set_text(json, "asked_by", s->record.claim.author);
	set_text(json, "code", bytes_text(s->result.fault.message));
	set_text(json, "record", bytes_text(hex));
	set_text(json, "kind", subject->kind);
	set_text(json, "within", subject->within);
	set_text(json, "id", subject->id);
	if (counted) {
		set_text(json, "from_spool", s->record.claim.spool);
		json_object_set_new(json, "counter",
				    json_integer((json_int_t)s->record.claim.spool_counter));
	}
	return json;
}

static err append_refusal(struct batch *b, const struct submission *s,
			  const struct subject *subject, bool counted, struct fault *f)
{
	static const struct uuid fresh;
	struct submission *own;
	json_t *body = refusal_body(s, subject, counted);
	err result =
		submission_system(b->engine, &b->arena, "decision.refused", fresh, body, &own, f);

	json_decref(body);
	TRY(result);
	return process(b, own, f);
}

err record_refusal(struct batch *b, struct submission *s, struct fault *f)
{
	struct engine *e = b->engine;
	struct subject subject = {0};
	uint64_t first = 0;
	bool counted;

	TRY(uses_counter(b, s, &counted, f));
	if (!worth_keeping(s, counted))
		return ERR_OK;
	if (!record_subject(&b->arena, &s->record, &subject))
		subject = (struct subject){0};
	/* Outside the permission it is the same refusal whatever it was about: nobody fills the log by
	 * asking for one thing after the other. */
	bool anything = s->result.fault.code == ERR_FORBIDDEN;
	struct value *v = arena_array(&b->arena, 8, sizeof *v);
	if (v == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	v[0] = value_text(s->record.claim.author);
	v[1] = value_text(s->record.claim.type);
	v[2] = value_text(bytes_text(s->result.fault.message));
	v[3] = value_text(anything ? bytes_of("", 0) : subject.kind);
	v[4] = value_text(anything ? bytes_of("", 0) : subject.within);
	v[5] = value_text(anything ? bytes_of("", 0) : subject.id);
	TRY(db_query(e->db, e->rules.own[OWN_REFUSAL_FIND], v, first_row, &first, NULL, f));
	bool fresh = first == 0 || b->at - first >= REFUSAL_WINDOW_MS;
	v[6] = value_u64(fresh ? b->at : first);
	v[7] = value_u64(b->at);
	TRY(db_queue(e->db, e->rules.own[OWN_REFUSAL_COUNT], v, NULL, NULL, NULL, f));
	return fresh || counted ? append_refusal(b, s, &subject, counted, f) : ERR_OK;
}
