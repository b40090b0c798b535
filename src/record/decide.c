/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c — may? refuse, gate, append, flag, fold: one record, inside the batch transaction. */
#include "base/checks.h"
#include "core/succession.h"
#include "record/writer.h"

#include <stdio.h>
#include <string.h>

void refuse(struct submission *s, const struct fault *why)
{
	s->result.state = RESULT_REFUSED;
	s->result.fault = *why;
}

/* ---- append ---- */

static err remember(struct attempt *x, const struct witness *w, struct fault *f)
{
	struct batch *b = x->batch;
	struct note_of_entry *n = arena_alloc(&b->told, sizeof *n);

	if (n == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	n->happening = (struct happening){.sequence = w->sequence,
					  .at = w->at,
					  .type = x->s->record.type->type->name,
					  .outcome = w->outcome,
					  .raised_n = x->raised_n};
	if (w->has_subject) {
		n->happening.kind = arena_text(&b->told, w->subject.kind);
		n->happening.within = arena_text(&b->told, w->subject.within);
		n->happening.id = arena_text(&b->told, w->subject.id);
	}
	*b->happenings_end = n;
	b->happenings_end = &n->next;
	b->last_sequence = w->sequence;
	return ERR_OK;
}

static err fill_result(struct attempt *x, const struct witness *w, struct bytes entry,
		       struct fault *f)
{
	struct result *result = &x->s->result;
	struct nonconformance **end = &result->raised;

	result->state = RESULT_COMMITTED;
	result->fault = (struct fault){.code = OK};
	result->sequence = w->sequence;
	result->at = w->at;
	result->outcome = w->outcome;
	result->target = w->target;
	result->leaf = merkle_leaf(entry);
	result->after_claim = arena_copy(x->s->arena, entry_after_claim(entry));
	if (result->after_claim.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	result->raised = NULL;
	for (size_t i = 0; i < x->raised_n; i++) {
		struct nonconformance *n = arena_alloc(x->s->arena, sizeof *n);
		if (n == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		n->code = x->raised[i].code;
		n->holds = x->raised[i].holds;
		n->seen = x->raised[i].seen;
		if (n->holds) {
			n->kind = arena_text(x->s->arena, x->raised[i].subject.kind);
			n->within = arena_text(x->s->arena, x->raised[i].subject.within);
			n->id = arena_text(x->s->arena, x->raised[i].subject.id);
		}
		*end = n;
		end = &n->next;
	}
	return ERR_OK;
}

static err keep_openings(struct attempt *x, uint64_t sequence, struct fault *f)
{
	struct rulebook *b = &x->batch->engine->rules;

	for (size_t i = 0; i < x->s->openings_n; i++) {
		const struct opening *o = &x->s->openings[i];
		struct value *v = arena_array(&x->batch->arena, 5, sizeof *v);
		if (v == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		v[0] = value_blob(hash_bytes(&o->commitment));
		v[1] = value_blob(bytes_of(o->salt, SALT_SIZE));
		v[2] = value_text(o->value);
		v[3] = value_int(o->personal ? 1 : 0);
		v[4] = value_u64(sequence);
		TRY(db_queue(b->db, b->own[OWN_OPENING_ADD], v, NULL, NULL, NULL, f));
	}
	return ERR_OK;
}

/* The ledger keeps its own copy of an entry, so that one buffer serves the whole batch. */
static uint8_t *batch_scratch(struct batch *b)
{
	if (b->scratch == NULL)
		b->scratch = arena_alloc(&b->arena, 2 * (size_t)ENTRY_SIZE_MAX);
	return b->scratch;
}

static err make_entry(struct attempt *x, const struct witness *witness, struct bytes *entry,
		      struct fault *f)
{
	uint8_t *p = batch_scratch(x->batch);
	struct writer w = writer_of(p, p == NULL ? 0 : ENTRY_SIZE_MAX);
	struct bytes written;

	if (p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	witness_put(&w, witness);
	if (!writer_done(&w, &written))
		return fail(f, "RECORD_TOO_LARGE", NULL);
	w = writer_of(p + ENTRY_SIZE_MAX, ENTRY_SIZE_MAX);
	entry_put(&w, x->s->record.claim_bytes, x->s->proof_bytes, written);
	if (!writer_done(&w, entry))
		return fail(f, "RECORD_TOO_LARGE", NULL);
	/* Nothing that cannot be read back is ever made permanent. */
	struct entry *check = arena_alloc(&x->batch->arena, sizeof *check);
	const char *why;
	if (check == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return entry_parse(*entry, check, &why) ? ERR_OK
						: fail(f, "ENTRY_UNFIT", "detail", why, NULL);
}

err commit_record(struct attempt *x, enum outcome outcome, struct record *target,
		  uint64_t target_sequence, struct fault *f)
{
	struct engine *e = x->batch->engine;
	struct witness *witness = arena_alloc(&x->batch->arena, sizeof *witness);
	struct bytes entry;
	uint64_t sequence;
	struct fault too_large = {0};

	if (witness == NULL || !make_witness(x, outcome, target_sequence, target, witness))
		return fail(f, "OUT_OF_MEMORY", NULL);
	err made = make_entry(x, witness, &entry, &too_large);
	if (made.code == ERR_TOO_LARGE) {
		refuse(x->s, &too_large);
		return ERR_OK;
	}
	TRY(made);
	TRY(ledger_append(e->ledger, entry, &sequence, f));
	struct applied applied = {&x->s->record, witness, target};
	TRY(apply_record(&e->rules, &applied, &x->batch->arena, f));
	TRY(keep_openings(x, sequence, f));
	TRY(remember(x, witness, f));
	if (x->s->record.type->touches_access || (target != NULL && target->type->touches_access))
		authority_forget(e->authority);
	if (x->s->record.type->touches_policy || (target != NULL && target->type->touches_policy))
		policy_forget(&e->rules.policy);
	return fill_result(x, witness, entry, f);
}

/* ---- deciding ---- */

static bool refuse_with(struct attempt *x, const struct fault *why)
{
	refuse(x->s, why);
	return true;
}

/* A submission that was recorded before gets its first receipt again, whatever has become of the
 * author, the key or the rules since. */
static bool repeated(struct attempt *x)
{
	if (!x->found || !hash_equal(x->found_digest, x->record->digest))
		return false;
	x->s->result.state = RESULT_COMMITTED;
	x->s->result.repeated = true;
	x->s->result.sequence = x->found_sequence;
	return true;
}

static bool id_used(struct attempt *x)
{
	struct fault f = {0};

	if (!x->found)
		return false;
	(void)fail_field(&f, "id", "ID_USED", NULL);
	return refuse_with(x, &f);
}

/* A log begins with its start, and has one; and another name begins with its succession. */
static bool out_of_order(struct attempt *x)
{
	const char *name = x->record->type->type->name;
	uint64_t next = ledger_next(x->batch->engine->ledger);
	bool starts = strcmp(name, "ledger.started") == 0, empty = next == 0;
	bool succeeds = strcmp(name, SUCCESSION_TYPE) == 0;
	bool due = next == x->batch->engine->succeeds_at;
	struct fault f = {0};

	if (starts == empty && succeeds == due)
		return false;
	if (starts != empty)
		(void)fail(&f, empty ? "LOG_NOT_STARTED" : "LOG_STARTED_BEFORE", NULL);
	else
		(void)fail(&f, due ? "LOG_NOT_SUCCEEDED" : "LOG_SUCCEEDS_NOTHING", NULL);
	return refuse_with(x, &f);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool out_of_window(struct attempt *x)
{
	const struct claim *c = &x->record->claim;
	uint64_t id_made = uuid7_time_ms(c->id), at = x->batch->at;
	struct fault f = {0};
	char made[TIME_TEXT_SIZE], now[TIME_TEXT_SIZE];
	bool late = c->spool.p != NULL; /* it waited in a spool, for however long */

	if (x->s->internal || check_left_out(CHECK_ENGINE_ID_WINDOW) ||
	    ((distance(c->made, at) <= ID_WINDOW_MS || (late && c->made < at)) &&
	     (distance(id_made, at) <= ID_WINDOW_MS || (late && id_made < at))))
		return false;
	time_text(c->made, made);
	time_text(x->batch->at, now);
	(void)fail_field(&f, "made", "MADE_OUT_OF_WINDOW", "made", made, "now", now, NULL);
	return refuse_with(x, &f);
}

err weigh_gate(struct attempt *x, struct fault *f)
{
	if (x->failures == NULL)
		return ERR_OK;
	return policy_weigh(&x->batch->engine->rules.policy, x->record->type->type->gate,
			    x->gate_values, &x->failures, &x->let_pass, f);
}

static bool any_result(const struct control_failure *list, const char *result)
{
	for (; list != NULL; list = list->next)
		if (strcmp(list->result, result) == 0)
			return true;
	return false;
}

void raise_let_pass(struct attempt *x, struct control_failure *let_pass)
{
	static const struct {
		const char *result, *code;
	} raised[] = {{RESULT_WARN, CODE_WARNED}, {RESULT_GLASS, CODE_GLASS}};

	for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++)
		if (x->raised_n < RAISED_MAX && any_result(let_pass, raised[i].result))
			x->raised[x->raised_n++] = (struct raise){.code = raised[i].code};
	x->let_pass = let_pass;
	x->s->result.let_pass = x->let_pass;
}

static bool gate_closed(struct attempt *x)
{
	struct fault f = {0};
	char n[24];
	size_t failed = 0;

	for (const struct control_failure *c = x->failures; c != NULL; c = c->next)
		failed++;
	if (failed == 0)
		return false;
	snprintf(n, sizeof n, "%zu", failed);
	(void)fail(&f, "GATE_CLOSED", "gate", x->record->type->type->gate, "failed", n, "control",
		   x->failures->control, "expected", x->failures->expected, "found",
		   x->failures->found, NULL);
	x->s->result.failures = x->failures;
	x->s->result.let_pass = x->let_pass;
	return refuse_with(x, &f);
}

/* Outside the author's permission: refused, or kept as an unverified report that changes nothing
 * and holds only where the author has some right. */
static err not_allowed(struct attempt *x, struct fault *f)
{
	const struct record_type *type = x->record->type->type;
	struct fault why = {0};

	if ((type->flags & REPORT) == 0) {
		(void)fail(&why, "NOT_ALLOWED", "permission", type->permission, NULL);
		fault_add_record(&why, x->record);
		refuse(x->s, &why);
		return ERR_OK;
	}
	struct principal author;
	bool somewhere;
	TRY(authority_principal(x->batch->engine->authority, x->record->claim.author, &author, f));
	if (author.state != PRINCIPAL_ACTIVE) {
		(void)fail(&why, "NOT_ALLOWED", "permission", type->permission, NULL);
		refuse(x->s, &why);
		return ERR_OK;
	}
	TRY(may(x, "report.hold", &somewhere, f));
	x->raised_n = 1;
	x->raised[0] = (struct raise){.code = "REPORT_UNVERIFIED",
				      .holds = somewhere && x->has_subject,
				      .subject = x->subject};
	return commit_record(x, OUTCOME_UNVERIFIED, NULL, 0, f);
}

static err decide(struct attempt *x, struct fault *f)
{
	const struct record_type *type = x->record->type->type;
	bool allowed;

	if ((type->flags & VOTE) != 0)
		return process_vote(x, f);
	TRY(may(x, type->permission, &allowed, f));
	if (!allowed)
		return not_allowed(x, f);
	if (type->nature == DECISION && x->refusal.code != OK) {
		refuse(x->s, &x->refusal);
		return ERR_OK;
	}
	TRY(weigh_gate(x, f));
	if (gate_closed(x))
		return ERR_OK;
	if (type->approval == NULL || (x->need_known && x->need == 0)) {
		raise_let_pass(x, x->let_pass);
		return commit_record(x,
				     x->batch->unfolded && !x->s->internal ? OUTCOME_UNFOLDED
									   : OUTCOME_FOLDED,
				     NULL, 0, f);
	}
	if (!x->need_known)
		return fail(f, "APPROVAL_RULE_MISSING", "class", type->approval, NULL);
	x->raised_n = 0; /* nothing has happened yet */
	return commit_record(x, OUTCOME_PENDING, NULL, 0, f);
}

/* A record whose own fold failed is still evidence, and what its flags hold is held. */
static void raise_unfolded(struct attempt *x)
{
	if (!x->batch->unfolded || x->s->internal)
		return;
	memmove(x->raised + 1, x->raised, (RAISED_MAX - 1) * sizeof x->raised[0]);
	x->raised_n += x->raised_n < RAISED_MAX;
	x->raised[0] = (struct raise){
		.code = "FOLD_FAILED", .holds = x->has_subject, .subject = x->subject};
}

err process(struct batch *b, struct submission *s, struct fault *f)
{
	struct attempt *x = arena_alloc(&b->arena, sizeof *x);
	bool key_good;

	if (x == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	x->batch = b;
	x->s = s;
	x->record = &s->record;
	s->result = (struct result){.digest = s->record.digest};
	TRY(reads_queue(x, f));
	TRY(db_flush(b->engine->db, f));
	if (repeated(x) || out_of_order(x))
		return ERR_OK;
	TRY(key_may(x, &key_good, f));
	if (!key_good || id_used(x) || spool_refuses(x) || out_of_window(x))
		return ERR_OK;
	raise_unfolded(x);
	spool_raise_gap(x);
	return decide(x, f);
}
