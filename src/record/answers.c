/* SPDX-License-Identifier: Apache-2.0 */
/* answers.c — receipts, entries, gates and types as people and programs read them. */
#include "base/catalog.h"
#include "core/cbor.h"
#include "record/publisher.h"
#include "record/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const OUTCOMES[] = {
	[OUTCOME_FOLDED] = "folded",         [OUTCOME_PENDING] = "pending",
	[OUTCOME_EXECUTES] = "executes",     [OUTCOME_UNFOLDED] = "unfolded",
	[OUTCOME_UNVERIFIED] = "unverified",
};

static void set_hex(json_t *json, const char *name, struct bytes b)
{
	char hex[2 * 64 + 1];

	if (b.n > 64)
		return;
	hex_encode(b, hex);
	json_object_set_new(json, name, json_string(hex));
}

static void set_time(json_t *json, const char *name, uint64_t ms)
{
	char text[TIME_TEXT_SIZE];

	time_text(ms, text);
	json_object_set_new(json, name, json_string(text));
}

static void set_span(json_t *json, const char *name, struct bytes b)
{
	json_object_set_new(json, name, json_stringn((const char *)b.p, b.n));
}

static json_t *fault_json(const struct fault *f)
{
	json_t *json = json_object(), *values = json_object();
	char text[1024];

	fault_text(f, text, sizeof text);
	json_object_set_new(json, "code", json_string(f->message == NULL ? "" : f->message));
	json_object_set_new(json, "detail", json_string(text));
	if (f->field[0] != '\0')
		json_object_set_new(json, "field", json_string(f->field));
	for (size_t i = 0; i < f->n; i++)
		json_object_set_new(values, f->values[i].name, json_string(f->values[i].value));
	json_object_set_new(json, "values", values);
	return json;
}

static json_t *failures_json(const struct control_failure *c)
{
	json_t *list = json_array();

	for (; c != NULL; c = c->next)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "control", c->control,
						      "expected", c->expected, "found", c->found,
						      "result", c->result));
	return list;
}

/* What the sentence and its fix show, for whoever says them in another language. */
static json_t *values_shown(const struct fault *f)
{
	const struct message *m = catalog_find(f->message);
	char place[FAULT_NAME_SIZE + 2];
	json_t *values = json_object();

	for (size_t i = 0; m != NULL && i < f->n; i++) {
		snprintf(place, sizeof place, "{%s}", f->values[i].name);
		if (strstr(m->text, place) != NULL || strstr(m->fix, place) != NULL)
			json_object_set_new(values, f->values[i].name,
					    json_string(f->values[i].value));
	}
	return values;
}

/* With the record at hand, its values stand in the sentences. */
static json_t *raised_json(const struct nonconformance *n, const struct record *r)
{
	json_t *list = json_array();

	for (; n != NULL; n = n->next) {
		struct fault f = {0};
		char text[512];
		(void)fail(&f, n->code, NULL);
		if (n->holds) {
			fault_add(&f, "kind", n->kind);
			fault_add(&f, "within", n->within);
			fault_add(&f, "id", n->id);
		}
		for (size_t i = 0; n->seen != NULL && i < n->seen->n; i++)
			fault_add(&f, n->seen->values[i].name, n->seen->values[i].value);
		if (r != NULL && r->type != NULL)
			fault_add_record(&f, r);
		fault_text(&f, text, sizeof text);
		json_t *one = json_pack("{s:s, s:s, s:o}", "code", n->code, "detail", text,
					"values", values_shown(&f));
		if (n->holds)
			json_object_set_new(one, "holds",
					    json_pack("{s:s, s:s, s:s}", "kind", n->kind, "within",
						      n->within, "id", n->id));
		json_array_append_new(list, one);
	}
	return list;
}

static void set_after_claim(json_t *json, struct bytes rest)
{
	char *text = malloc(base64_size(rest.n) + 1);

	if (text == NULL)
		return; /* a receipt without it is refused by who wants it */
	base64url_encode(rest, text);
	json_object_set_new(json, "after_claim", json_string(text));
	free(text);
}

static void set_proof(json_t *json, const struct result *r)
{
	json_t *path = json_array();
	char text[64];

	for (size_t i = 0; i < r->path_n; i++) {
		base64_encode(hash_bytes(&r->path[i]), text);
		json_array_append_new(path, json_string(text));
	}
	json_object_set_new(
		json, "proof",
		json_pack("{s:I, s:o}", "index", (json_int_t)r->sequence, "path", path));
	set_span(json, "checkpoint", r->note);
}

static json_t *receipt_json(const struct result *r, const struct record *record)
{
	json_t *json = json_object();

	json_object_set_new(json, "sequence", json_integer((json_int_t)r->sequence));
	set_time(json, "at", r->at);
	json_object_set_new(json, "outcome", json_string(OUTCOMES[r->outcome]));
	if (r->outcome == OUTCOME_EXECUTES)
		json_object_set_new(json, "executes", json_integer((json_int_t)r->target));
	set_hex(json, "digest", hash_bytes(&r->digest));
	set_hex(json, "leaf", hash_bytes(&r->leaf));
	set_after_claim(json, r->after_claim);
	if (r->repeated)
		json_object_set_new(json, "repeated", json_true());
	json_object_set_new(json, "raised", raised_json(r->raised, record));
	if (r->let_pass != NULL)
		json_object_set_new(json, "let_pass", failures_json(r->let_pass));
	if (r->blocked) {
		json_object_set_new(json, "blocked", fault_json(&r->blocked_by));
		json_object_set_new(json, "failures", failures_json(r->failures));
	}
	if (r->state == RESULT_CERTIFIED)
		set_proof(json, r);
	return json;
}

json_t *receipt_to_json(const struct result *r)
{
	return receipt_json(r, NULL);
}

json_t *result_to_json(const struct submission *s)
{
	const struct result *r = &s->result;

	if (r->state != RESULT_REFUSED)
		return receipt_json(r, &s->record);
	json_t *json = fault_json(&r->fault);
	if (r->failures != NULL)
		json_object_set_new(json, "failures", failures_json(r->failures));
	return json;
}

err receipt_read(struct engine *e, struct reader_session *r, struct arena *a, uint64_t sequence,
		 struct result *out, struct fault *f)
{
	struct bytes bytes;
	struct entry *entry = arena_alloc(a, sizeof *entry);
	const char *why;

	(void)e;
	*out = (struct result){0};
	if (entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ledger_entry(r->ledger, a, sequence, &bytes, f));
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	TRY(result_from_entry(a, bytes, entry, out, f));
	out->state = RESULT_COMMITTED;
	TRY(ledger_checkpoint(r->ledger, a, &out->note, &out->head, f));
	if (out->head.size <= sequence)
		return ERR_OK;
	TRY(ledger_inclusion(r->ledger, out->head.size, sequence, out->path, &out->path_n, f));
	out->state = RESULT_CERTIFIED;
	return ERR_OK;
}

/* ---- an entry ---- */

struct opened {
	struct arena *arena;
	struct opening *openings;
	size_t n;
};

static err opened_row(void *context, const struct value *columns, size_t n)
{
	struct opened *all = context;
	struct opening one = {0};

	(void)n;
	if (all->n == OPENINGS_MAX || columns[1].bytes.n != sizeof one.commitment)
		return ERR_OK;
	memcpy(one.commitment.b, columns[1].bytes.p, sizeof one.commitment);
	one.value = arena_copy(all->arena, columns[0].bytes);
	all->openings[all->n++] = one;
	return ERR_OK;
}

static err read_openings(struct reader_session *r, struct arena *a, uint64_t sequence,
			 struct opened *out, struct fault *f)
{
	static const struct parameter parameters[] = {{"seq", VALUE_INT}};
	struct value values[] = {value_u64(sequence)};
	struct statement *s;

	out->arena = a;
	out->openings = arena_array(a, OPENINGS_MAX, sizeof *out->openings);
	if (out->openings == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(db_prepare(r->db, "SELECT value, commitment FROM opening WHERE seq = :seq", parameters,
		       1, &s, f));
	err result = db_query(r->db, s, values, opened_row, out, NULL, f);
	statement_close(s);
	return result;
}

static json_t *claim_json(const struct record *r, const struct opened *opened)
{
	static const char *const sources[] = {"witnessed", "declared", "imported"};
	const struct claim *c = &r->claim;
	json_t *json = json_object();

	set_span(json, "origin", c->origin);
	set_span(json, "type", c->type);
	json_object_set_new(json, "version", json_integer(c->version));
	set_span(json, "author", c->author);
	if (c->has_key)
		set_hex(json, "key", hash_bytes(&c->key));
	set_hex(json, "id", bytes_of(c->id.b, sizeof c->id.b));
	set_time(json, "made", c->made);
	if (c->has_occurred)
		set_time(json, "occurred", c->occurred);
	json_object_set_new(json, "source", json_string(sources[c->source]));
	json_object_set_new(
		json, "body",
		body_to_json(r->type->type->fields, &r->body, opened->openings, opened->n));
	return json;
}

static json_t *witness_json(const struct witness *w)
{
	static const char *const channels[] = {"local", "key", "session", "spool"};
	json_t *json = json_object(), *raised = json_array();
	struct raised one;
	size_t n;
	struct reader at = witness_raised(w, &n);

	json_object_set_new(json, "sequence", json_integer((json_int_t)w->sequence));
	set_time(json, "at", w->at);
	json_object_set_new(json, "channel", json_string(channels[w->channel]));
	set_hex(json, "reference", w->reference);
	json_object_set_new(json, "outcome", json_string(OUTCOMES[w->outcome]));
	if (w->outcome == OUTCOME_EXECUTES)
		json_object_set_new(json, "executes", json_integer((json_int_t)w->target));
	for (size_t i = 0; i < n && witness_next_raised(&at, &one); i++) {
		json_t *item = json_object();
		set_span(item, "code", one.code);
		if (one.has_subject) {
			set_span(item, "kind", one.subject.kind);
			set_span(item, "within", one.subject.within);
			set_span(item, "id", one.subject.id);
		}
		json_array_append_new(raised, item);
	}
	json_object_set_new(json, "raised", raised);
	if (w->has_previous)
		json_object_set_new(json, "previous", json_integer((json_int_t)w->previous));
	if (w->has_subject) {
		json_t *subject = json_object();
		set_span(subject, "kind", w->subject.kind);
		set_span(subject, "within", w->subject.within);
		set_span(subject, "id", w->subject.id);
		json_object_set_new(json, "subject", subject);
	}
	return json;
}

static err entry_json(struct engine *e, struct reader_session *r, struct arena *a,
		      uint64_t sequence, const struct opened *opened, json_t **out, struct fault *f)
{
	static const char *const proofs[] = {"reported over channel", "signed by author",
					     "signed by author (passkey)"};
	struct entry *entry = arena_alloc(a, sizeof *entry);
	struct record *record = arena_alloc(a, sizeof *record);
	struct bytes bytes;
	const char *why;

	if (entry == NULL || record == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ledger_entry(r->ledger, a, sequence, &bytes, f));
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	TRY(record_from_entry(e->registry, a, entry, record, f));
	*out = json_pack("{s:o, s:s, s:o}", "claim", claim_json(record, opened), "proof",
			 proofs[entry->proof.kind], "witness", witness_json(&entry->witness));
	return *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

err entry_to_json(struct engine *e, struct reader_session *r, struct arena *a, uint64_t sequence,
		  json_t **out, struct fault *f)
{
	struct opened opened = {0};

	TRY(read_openings(r, a, sequence, &opened, f));
	return entry_json(e, r, a, sequence, &opened, out, f);
}

err entry_closed_to_json(struct engine *e, struct reader_session *r, struct arena *a,
			 uint64_t sequence, json_t **out, struct fault *f)
{
	static const struct opened NONE;

	return entry_json(e, r, a, sequence, &NONE, out, f);
}

/* ---- types ---- */

static json_t *fields_json(const struct field *fields)
{
	json_t *list = json_array();

	for (size_t i = 0; fields[i].name != NULL; i++) {
		const struct field *field = &fields[i];
		json_t *one = json_pack("{s:s, s:s, s:b, s:s}", "name", field->name, "kind",
					field_kind_name(field->kind), "required",
					(field->flags & REQUIRED) != 0, "help", field->help);
		if ((field->flags & PERSONAL) != 0)
			json_object_set_new(one, "personal", json_true());
		if ((field->flags & CONFIDENTIAL) != 0)
			json_object_set_new(one, "confidential", json_true());
		if ((field->flags & STORED) != 0)
			json_object_set_new(one, "stored", json_true());
		if (field->choices != NULL)
			json_object_set_new(one, "choices", json_string(field->choices));
		if (field->least != 0 || field->most != 0) {
			json_object_set_new(one, "least", json_integer(field->least));
			json_object_set_new(one, "most", json_integer(field->most));
		}
		if (field->kind == FIELD_LIST)
			json_object_set_new(one, "of", fields_json(field->sub));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *type_to_json(const struct compiled_type *t)
{
	const struct record_type *type = t->type;
	json_t *json =
		json_pack("{s:s, s:s, s:i, s:s, s:s, s:b, s:o}", "name", type->name, "area",
			  t->area->name, "version", (int)type->version, "nature",
			  type->nature == DECISION ? "decision" : "event", "help", type->help,
			  "signed", type->origin == SIGNED, "fields", fields_json(type->fields));

	if (type->permission != NULL)
		json_object_set_new(json, "permission", json_string(type->permission));
	if (type->approval != NULL)
		json_object_set_new(json, "approval", json_string(type->approval));
	if (type->gate != NULL)
		json_object_set_new(json, "gate", json_string(type->gate));
	if (type->subject.kind != NULL && type->subject.kind[0] != ':')
		json_object_set_new(json, "subject", json_string(type->subject.kind));
	if ((type->flags & SYSTEM) != 0)
		json_object_set_new(json, "system", json_true());
	return json;
}
