/* SPDX-License-Identifier: Apache-2.0 */
/* reads.c — everything that is read about a record, in one round trip, before it is decided. */
#include "base/catalog.h"
#include "base/checks.h"
#include "record/readers.h"
#include "record/writer.h"

#include <stdio.h>
#include <string.h>

/* ---- indexes ---- */

static err id_row(void *context, const struct value *columns, size_t n)
{
	struct attempt *x = context;

	(void)n;
	x->found = true;
	x->found_sequence = (uint64_t)columns[0].number;
	if (columns[1].bytes.n == sizeof x->found_digest)
		memcpy(x->found_digest.b, columns[1].bytes.p, sizeof x->found_digest);
	return ERR_OK;
}

static err previous_row(void *context, const struct value *columns, size_t n)
{
	struct attempt *x = context;

	(void)n;
	x->has_previous = true;
	x->previous = (uint64_t)columns[0].number;
	return ERR_OK;
}

/* How far the spool has come; and what was said when this very claim came before. */
static err spool_row(void *context, const struct value *columns, size_t n)
{
	struct attempt *x = context;
	const struct message *message;

	(void)n;
	x->spool_last = (uint64_t)columns[0].number;
	if (columns[1].kind != VALUE_BLOB ||
	    !bytes_equal(columns[1].bytes, hash_bytes(&x->record->digest)) ||
	    columns[2].kind != VALUE_TEXT)
		return ERR_OK;
	const char *code = arena_text(&x->batch->arena, columns[2].bytes);
	if (code == NULL)
		return (err){ERR_MEMORY};
	message = catalog_find(code);
	x->spool_refused = message == NULL ? NULL : message->id;
	return ERR_OK;
}

static err need_row(void *context, const struct value *columns, size_t n)
{
	struct attempt *x = context;

	(void)n;
	x->need_known = true;
	x->need = columns[0].number;
	x->newcomer_ms = columns[1].number;
	return ERR_OK;
}

/* ---- rules ---- */

/* A rule's rows need to know which statement names their columns. */
struct rule_rows {
	struct attempt *attempt;
	const struct rule *rule;
	const struct statement *statement;
};

static err scope_row(void *context, const struct value *columns, size_t n)
{
	struct rule_rows *rows = context;
	struct attempt *x = rows->attempt;

	if (x->has_scope)
		return ERR_OK; /* more than one: the first row, which its ORDER BY chose */
	x->has_scope = true;
	for (size_t i = 0; i < n; i++) {
		const char *name = statement_column(rows->statement, i);
		int dimension = scope_dimension(name);
		char *text = dimension >= 0             ? x->scope.text[dimension]
			     : strcmp(name, "own") == 0 ? x->own
							: NULL;
		if (text == NULL || columns[i].kind != VALUE_TEXT ||
		    columns[i].bytes.n > ID_SIZE_MAX)
			continue;
		memcpy(text, columns[i].bytes.p, columns[i].bytes.n);
		text[columns[i].bytes.n] = '\0';
	}
	return ERR_OK;
}

static void add_value(struct fault *f, const char *name, const struct value *v)
{
	char text[FAULT_VALUE_SIZE] = "";

	if (fault_value(f, name) != NULL)
		return;
	if (v->kind == VALUE_INT)
		snprintf(text, sizeof text, "%lld", (long long)v->number);
	else if (v->kind == VALUE_TEXT)
		snprintf(text, sizeof text, "%.*s", (int)(v->bytes.n < 180 ? v->bytes.n : 180),
			 (const char *)v->bytes.p);
	else if (v->kind == VALUE_BLOB && v->bytes.n == 32)
		hex_encode(v->bytes, text);
	if (text[0] != '\0')
		fault_add(f, name, text);
}

void fault_add_record(struct fault *f, const struct record *r)
{
	add_value(f, "author", &r->values[r->type->engine_at + P_AUTHOR]);
	for (size_t i = 0; i < r->type->fields_n; i++)
		add_value(f, r->type->type->fields[i].name, &r->values[i]);
	for (size_t i = 0; i < r->type->outputs_n; i++)
		add_value(f, r->type->type->outputs[i].name, &r->values[r->type->outputs_at + i]);
}

static err refuse_row(void *context, const struct value *columns, size_t n)
{
	struct rule_rows *rows = context;
	struct attempt *x = rows->attempt;

	if (x->refusal.code != OK || check_rule_left_out(CHECK_ENGINE_RULE, rows->rule->code))
		return ERR_OK; /* the first rule in file order speaks */
	(void)fail(&x->refusal, rows->rule->code, NULL);
	for (size_t i = 0; i < n; i++)
		add_value(&x->refusal, statement_column(rows->statement, i), &columns[i]);
	fault_add_record(&x->refusal, x->record);
	return ERR_OK;
}

/* Ids only: what an entry cannot name must not keep the record out of the log. */
static bool copy_id(struct arena *a, const struct value *v, struct bytes *out)
{
	if (v->kind != VALUE_TEXT || !id_valid(v->bytes))
		return false;
	*out = arena_copy(a, v->bytes);
	return out->p != NULL;
}

static bool copy_within(struct arena *a, const struct value *v, struct bytes *out)
{
	*out = bytes_of("", 0);
	return (v->kind == VALUE_TEXT && v->bytes.n == 0) || copy_id(a, v, out);
}

/* What the row says beside the subject, for the sentence in the receipt. */
static const struct fault *seen_by(struct rule_rows *rows, const struct value *columns, size_t n)
{
	static const char *const SUBJECT = " kind within id ";
	struct fault *seen = arena_alloc(rows->attempt->s->arena, sizeof *seen);
	char name[FAULT_NAME_SIZE + 2];

	if (seen == NULL)
		return NULL;
	*seen = (struct fault){0};
	for (size_t i = 0; i < n && seen->n < FAULT_VALUES_MAX; i++) {
		const char *column = statement_column(rows->statement, i);
		snprintf(name, sizeof name, " %s ", column);
		if (strstr(SUBJECT, name) == NULL)
			add_value(seen, column, &columns[i]);
	}
	return seen;
}

/* One record says one thing about one thing once: two hundred values outside their limits are one
 * nonconformance, which somebody disposes of once. */
static bool raised_before(const struct attempt *x, const struct raise *r)
{
	for (size_t i = 0; i < x->raised_n; i++) {
		const struct raise *o = &x->raised[i];
		if (o->holds == r->holds && strcmp(o->code, r->code) == 0 &&
		    bytes_equal(o->subject.kind, r->subject.kind) &&
		    bytes_equal(o->subject.within, r->subject.within) &&
		    bytes_equal(o->subject.id, r->subject.id))
			return true;
	}
	return false;
}

static err flag_row(void *context, const struct value *columns, size_t n)
{
	struct rule_rows *rows = context;
	struct attempt *x = rows->attempt;
	int kind = statement_column_index(rows->statement, "kind");
	int within = statement_column_index(rows->statement, "within");
	int id = statement_column_index(rows->statement, "id");

	if (x->raised_n == RAISED_MAX || check_rule_left_out(CHECK_ENGINE_RULE, rows->rule->code))
		return ERR_OK; /* the first ones hold; the count is in the evidence */
	struct arena *a = &x->batch->arena;
	struct raise raise = {.code = rows->rule->code, .seen = seen_by(rows, columns, n)};
	raise.holds = kind >= 0 && within >= 0 && id >= 0 &&
		      copy_id(a, &columns[kind], &raise.subject.kind) &&
		      copy_within(a, &columns[within], &raise.subject.within) &&
		      copy_id(a, &columns[id], &raise.subject.id);
	if (!raised_before(x, &raise))
		x->raised[x->raised_n++] = raise;
	return ERR_OK;
}

static err control_row(void *context, const struct value *columns, size_t n)
{
	struct rule_rows *rows = context;
	struct attempt *x = rows->attempt;
	struct arena *a = x->s->arena; /* the result outlives the batch */
	struct control_failure *failure = arena_alloc(a, sizeof *failure);

	(void)n;
	if (check_rule_left_out(CHECK_ENGINE_GATE, rows->rule->code))
		return ERR_OK;
	if (failure == NULL)
		return (err){ERR_MEMORY};
	failure->control = rows->rule->code;
	failure->expected = control_text(a, rows->statement, columns, "expected");
	failure->found = control_text(a, rows->statement, columns, "found");
	*x->failures_end = failure;
	x->failures_end = &failure->next;
	return ERR_OK;
}

static err queue_rule(struct attempt *x, const struct rule *rule, db_row *row,
		      const struct value *values, struct fault *f)
{
	struct rulebook *b = &x->batch->engine->rules;
	struct rule_rows *rows = arena_alloc(&x->batch->arena, sizeof *rows);

	if (rows == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*rows = (struct rule_rows){x, rule, b->rules[rule->statement]};
	return db_queue(b->db, b->rules[rule->statement], values, row, rows, NULL, f);
}

static err queue_gate(struct attempt *x, struct fault *f)
{
	const struct engine *e = x->batch->engine;
	struct policy *policy = &x->batch->engine->rules.policy;
	const char *gate = x->record->type->type->gate;
	struct value *common = arena_array(&x->batch->arena, CP_N, sizeof *common);

	if (common == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(policy_know(policy, f));
	common[CP_KIND] = x->has_subject ? value_text(x->subject.kind) : value_null;
	common[CP_WITHIN] = x->has_subject ? value_text(x->subject.within) : value_null;
	common[CP_ID] = x->has_subject ? value_text(x->subject.id) : value_null;
	common[CP_AUTHOR] = value_text(x->record->claim.author);
	common[CP_AT] = value_u64(x->batch->at);
	x->gate_values = common;
	for (size_t i = 0; i < e->registry->controls_n; i++) {
		const struct control *control = &e->registry->controls[i];
		if (!policy_asks(policy, i, gate))
			continue;
		struct value *values = control_values(&x->batch->arena, common, control->id);
		if (values == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		x->controls_n++;
		TRY(queue_rule(x, &control->rule, control_row, values, f));
	}
	return ERR_OK;
}

/* Once, or once for each element of its list. */
static err queue_type_rule(struct attempt *x, const struct rule *rule, db_row *row, struct fault *f)
{
	const struct body *body = &x->record->body;

	if (rule->each == NULL)
		return queue_rule(x, rule, row, x->record->values, f);
	for (size_t i = 0; i < each_count(rule, body); i++) {
		struct value *values =
			each_values(&x->batch->arena, rule, x->record->values, body, i);
		if (values == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		TRY(queue_rule(x, rule, row, values, f));
	}
	return ERR_OK;
}

static err queue_rules(struct attempt *x, const struct compiled_type *t, bool flags,
		       struct fault *f)
{
	for (size_t i = 0; i < t->refuse_n; i++)
		TRY(queue_type_rule(x, t->refuse[i], refuse_row, f));
	for (size_t i = 0; flags && i < t->flag_n; i++)
		TRY(queue_type_rule(x, t->flag[i], flag_row, f));
	return t->type->gate == NULL ? ERR_OK : queue_gate(x, f);
}

static err queue_own_read(struct attempt *x, enum own_statement which, const struct value *values,
			  size_t n, db_row *row, struct fault *f)
{
	struct rulebook *b = &x->batch->engine->rules;
	struct value *kept = arena_array(&x->batch->arena, n, sizeof *kept);

	if (kept == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	memcpy(kept, values, n * sizeof *kept);
	return db_queue(b->db, b->own[which], kept, row, x, NULL, f);
}

static err queue_indexes(struct attempt *x, struct fault *f)
{
	const struct claim *c = &x->record->claim;
	struct value id[] = {value_blob(bytes_of(c->id.b, sizeof c->id.b)), value_text(c->author)};

	TRY(queue_own_read(x, OWN_ID_FIND, id, 2, id_row, f));
	if (c->spool.p != NULL) {
		struct value spool[] = {value_u64(c->spool_counter), value_text(c->author),
					value_text(c->spool)};
		TRY(queue_own_read(x, OWN_SPOOL_FIND, spool, 3, spool_row, f));
	}
	if (x->has_subject) {
		struct value subject[] = {value_text(x->subject.kind),
					  value_text(x->subject.within), value_text(x->subject.id)};
		TRY(queue_own_read(x, OWN_SUBJECT_FIND, subject, 3, previous_row, f));
	}
	return ERR_OK;
}

static err queue_need(struct attempt *x, struct fault *f)
{
	struct bytes rule;
	int64_t extra;

	if (x->record->type->type->approval == NULL)
		return ERR_OK;
	approval_rule_of(x->record, &rule, &extra);
	struct value values[] = {value_text(rule)};
	return queue_own_read(x, OWN_PENDING_NEED, values, 1, need_row, f);
}

static err begin_reads(struct attempt *x, struct fault *f)
{
	const struct engine *e = x->batch->engine;

	x->failures_end = &x->failures;
	record_set_place(x->record, ledger_next(e->ledger), x->batch->at, false);
	if (x->record->type->type->subject.kind != NULL) {
		x->has_subject = record_subject(&x->batch->arena, x->record, &x->subject);
		if (!x->has_subject)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	return ERR_OK;
}

static err queue_scope_and_rules(struct attempt *x, struct fault *f)
{
	const struct compiled_type *t = x->record->type;

	if (t->scope != NULL)
		TRY(queue_rule(x, t->scope, scope_row, x->record->values, f));
	return queue_rules(x, t, true, f);
}

err reads_queue_target(struct attempt *x, struct fault *f)
{
	TRY(begin_reads(x, f));
	TRY(queue_need(x, f));
	return queue_scope_and_rules(x, f);
}

err reads_queue(struct attempt *x, struct fault *f)
{
	TRY(begin_reads(x, f));
	TRY(queue_indexes(x, f));
	TRY(queue_need(x, f));
	return queue_scope_and_rules(x, f);
}
