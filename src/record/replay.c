/* SPDX-License-Identifier: Apache-2.0 */
#include "record/replay.h"

#include "record/readers.h"
#include "record/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPLAY_BATCH = 8192, REPLAY_BREATH = 128, DRAFT_MAX = 1000 };
/* Behind every sequence of the log, so that no row of a draft meets one of its own. */
static const uint64_t DRAFT_FIRST = (uint64_t)1 << 62;

struct replay {
	const struct engine_config *config;
	const struct replay_options *options;
	struct replay_report *report;
	struct registry *registry;
	struct db *live, *fresh;
	struct ledger *ledger;
	struct rulebook rules; /* on the fresh store */
	struct statement *mark;
	struct arena arena;
	char folder[512], store[600];
	uint64_t total;
	bool drafted;
	struct fault *fault;
};

/* ---- the throw-away store ---- */

static err open_fresh(struct replay *r, struct fault *f)
{
	static const struct parameter thing[] = {
		{"kind", VALUE_TEXT}, {"within", VALUE_TEXT}, {"id", VALUE_TEXT}};
	const char *scratch = r->options->scratch != NULL ? r->options->scratch : "/tmp";

	if (snprintf(r->folder, sizeof r->folder, "%s/sealwright-replay-XXXXXX", scratch) >=
	    (int)sizeof r->folder)
		return fail(f, "STORE_PATH_TOO_LONG", NULL);
	if (mkdtemp(r->folder) == NULL) {
		r->folder[0] = '\0';
		return fail(f, "REPLAY_NO_ROOM", "folder", scratch, NULL);
	}
	snprintf(r->store, sizeof r->store, "sqlite:%s/store", r->folder);
	TRY(db_open(r->store, &r->fresh, f));
	TRY(store_make_careless(r->fresh, f));
	TRY(schema_create(r->registry, r->fresh, f));
	TRY(db_run(r->fresh,
		   "CREATE TABLE replay_thing (kind TEXT NOT NULL, within TEXT NOT NULL,"
		   " id TEXT NOT NULL, PRIMARY KEY (kind, within, id))",
		   f));
	TRY(db_prepare(r->fresh,
		       "INSERT INTO replay_thing (kind, within, id) VALUES (:kind, :within, :id)"
		       " ON CONFLICT DO NOTHING",
		       thing, 3, &r->mark, f));
	return rulebook_open(r->registry, r->fresh, &r->rules, f);
}

static err open_all(struct replay *r, struct fault *f)
{
	TRY(registry_make(r->config->areas, &r->registry, f));
	if (!r->registry->has_policy)
		return fail(f, "REPLAY_NO_POLICY", NULL);
	TRY(db_open_reader(r->config->store, &r->live, f));
	TRY(ledger_open(r->live, NULL, &r->ledger, f));
	return open_fresh(r, f);
}

static void close_all(struct replay *r)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	char name[640];

	statement_close(r->mark);
	rulebook_close(&r->rules);
	db_close(r->fresh);
	for (size_t i = 0; r->folder[0] != '\0' && i < 4; i++) {
		snprintf(name, sizeof name, "%s/store%s", r->folder, endings[i]);
		(void)unlink(name);
	}
	if (r->folder[0] != '\0')
		(void)rmdir(r->folder);
	ledger_close(r->ledger);
	db_close(r->live);
	registry_free(r->registry);
	arena_done(&r->arena);
}

/* ---- asking a gate ---- */

struct asked {
	struct replay *replay;
	const struct control *control;
	const struct statement *statement;
	struct control_failure **end;
};

static err failure_row(void *context, const struct value *columns, size_t n)
{
	struct asked *x = context;
	struct arena *a = &x->replay->arena;
	struct control_failure *failure = arena_alloc(a, sizeof *failure);

	(void)n;
	if (failure == NULL)
		return (err){ERR_MEMORY};
	failure->control = x->control->id;
	failure->expected = control_text(a, x->statement, columns, "expected");
	failure->found = control_text(a, x->statement, columns, "found");
	*x->end = failure;
	x->end = &failure->next;
	return ERR_OK;
}

/* What the gate would say of the thing now, before anything is let pass. */
static err ask(struct replay *r, const char *gate, const struct value *common,
	       struct control_failure **out, struct fault *f)
{
	struct asked x = {.replay = r, .end = out};

	*out = NULL;
	TRY(policy_know(&r->rules.policy, f));
	for (size_t i = 0; i < r->registry->controls_n; i++) {
		x.control = &r->registry->controls[i];
		if (!policy_asks(&r->rules.policy, i, gate))
			continue;
		struct value *values = control_values(&r->arena, common, x.control->id);
		if (values == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		struct statement *s = r->rules.rules[x.control->rule.statement];
		x.statement = s;
		TRY(db_query(r->fresh, s, values, failure_row, &x, NULL, f));
	}
	return ERR_OK;
}

/* ---- telling what is held ---- */

struct inside {
	struct subject subject;
	struct control_failure *failures;
	struct inside *next;
};
struct inside_rows {
	struct replay *replay;
	struct inside **end;
};

static err inside_row(void *context, const struct value *columns, size_t n)
{
	struct inside_rows *rows = context;
	struct arena *a = &rows->replay->arena;
	struct inside *one = arena_alloc(a, sizeof *one);

	(void)n;
	if (one == NULL)
		return (err){ERR_MEMORY};
	one->subject.kind = arena_copy(a, columns[0].bytes);
	one->subject.within = arena_copy(a, columns[1].bytes);
	one->subject.id = arena_copy(a, columns[2].bytes);
	*rows->end = one;
	rows->end = &one->next;
	return ERR_OK;
}

static void set_subject(struct value *common, const struct subject *s)
{
	common[CP_KIND] = value_text(s->kind);
	common[CP_WITHIN] = value_text(s->within);
	common[CP_ID] = value_text(s->id);
}

/* The things inside, each with what the gate says of it alone. */
static err ask_inside(struct replay *r, const char *gate, const struct value *common,
		      struct inside **out, struct fault *f)
{
	struct inside_rows rows = {r, out};
	struct value values[PP_N] = {0}, own[CP_N];

	*out = NULL;
	values[PP_KIND] = common[CP_KIND];
	values[PP_WITHIN] = common[CP_WITHIN];
	values[PP_ID] = common[CP_ID];
	TRY(db_query(r->fresh, r->rules.policy.statements[POLICY_INSIDE], values, inside_row, &rows,
		     NULL, f));
	memcpy(own, common, sizeof own);
	for (struct inside *one = *out; one != NULL; one = one->next) {
		set_subject(own, &one->subject);
		TRY(ask(r, gate, own, &one->failures, f));
	}
	return ERR_OK;
}

static const struct control_failure *by_control(const struct control_failure *list,
						const char *control)
{
	while (list != NULL && strcmp(list->control, control) != 0)
		list = list->next;
	return list;
}

static err tell(struct replay *r, struct replay_held *held, const struct subject *subject,
		const struct control_failure *why, struct fault *f)
{
	struct value thing[] = {value_text(subject->kind), value_text(subject->within),
				value_text(subject->id)};
	int64_t changed = 0;

	held->kind = arena_text(&r->arena, subject->kind);
	held->within = arena_text(&r->arena, subject->within);
	held->id = arena_text(&r->arena, subject->id);
	if (held->kind == NULL || held->within == NULL || held->id == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	held->control = why->control;
	held->expected = why->expected;
	held->found = why->found;
	TRY(db_query(r->fresh, r->mark, thing, NULL, NULL, &changed, f));
	r->report->things += (uint64_t)changed;
	if (r->options->found != NULL)
		r->options->found(r->options->context, held);
	return ERR_OK;
}

/* What a control stops in a shipment is the units that fail it; if none does by itself, all of them,
 * for they would not have left. */
static err tell_control(struct replay *r, struct replay_held *held, const struct subject *whole,
			const struct inside *inside, const struct control_failure *why,
			struct fault *f)
{
	bool any = false;

	for (const struct inside *one = inside; one != NULL; one = one->next)
		any = any || by_control(one->failures, why->control) != NULL;
	held->through = inside == NULL ? "" : arena_text(&r->arena, whole->id);
	if (inside == NULL)
		return tell(r, held, whole, why, f);
	for (const struct inside *one = inside; one != NULL; one = one->next) {
		const struct control_failure *own = by_control(one->failures, why->control);
		if (own != NULL || !any)
			TRY(tell(r, held, &one->subject, own != NULL ? own : why, f));
	}
	return ERR_OK;
}

static err ask_passage(struct replay *r, const struct record *record, const struct witness *w,
		       struct fault *f)
{
	const char *gate = record->type->type->gate;
	struct value common[CP_N] = {0};
	struct control_failure *failures, *let_pass;
	struct inside *inside;
	struct subject subject;
	struct replay_held held = {.sequence = w->sequence, .at = w->at, .gate = gate};

	if (gate == NULL || !record_subject(&r->arena, record, &subject))
		return ERR_OK;
	r->report->passages++;
	set_subject(common, &subject);
	common[CP_AUTHOR] = value_text(record->claim.author);
	common[CP_AT] = value_u64(w->at);
	TRY(ask(r, gate, common, &failures, f));
	TRY(policy_weigh(&r->rules.policy, gate, common, &failures, &let_pass, f));
	if (failures == NULL)
		return ERR_OK;
	TRY(ask_inside(r, gate, common, &inside, f));
	for (const struct control_failure *c = failures; c != NULL; c = c->next)
		if (by_control(failures, c->control) == c) /* once a control */
			TRY(tell_control(r, &held, &subject, inside, c, f));
	return ERR_OK;
}

/* ---- the draft ---- */

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* What a draft replaces. */
static bool is_setting(const char *type)
{
	return begins(type, "statement.") ||
	       (begins(type, "control.") && strcmp(type, "control.evidence_given") != 0);
}

static bool may_stand_in_draft(const char *type)
{
	return begins(type, "statement.") || begins(type, "control.") ||
	       begins(type, "exception.") || begins(type, "glass.");
}

static err fold_draft(struct replay *r, const json_t *one, uint64_t place, struct fault *f)
{
	struct claim_maker maker = {.registry = r->registry,
				    .origin = r->config->origin,
				    .author = "draft",
				    .now_ms = r->options->since_ms};
	struct bytes type = member_text(one, "type");
	struct record *record = arena_alloc(&r->arena, sizeof *record);
	struct prepared made;
	char name[ID_SIZE_MAX + 1];

	if (record == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	snprintf(name, sizeof name, "%.*s", (int)(type.n < ID_SIZE_MAX ? type.n : ID_SIZE_MAX),
		 type.n == 0 ? "" : (const char *)type.p);
	if (!may_stand_in_draft(name))
		return fail(f, "REPLAY_DRAFT_TYPE", "type", name, NULL);
	TRY(claim_make(&maker, &r->arena, type, one, &made, f));
	TRY(record_decode(r->registry, &r->arena, made.claim, record, f));
	TRY(record_check_run(record, bytes_text(r->config->origin), NULL, &r->arena, f));
	record_set_place(record, DRAFT_FIRST + place, r->options->since_ms, false);
	return fold_record(&r->rules, record, &r->arena, f);
}

static err put_in_force(struct replay *r, struct fault *f)
{
	const json_t *draft = r->options->draft, *one;
	char place[24];
	size_t i;

	r->drafted = true;
	json_array_foreach((json_t *)(uintptr_t)draft, i, one)
	{
		err result = fold_draft(r, one, i, f);
		if (result.code != OK) {
			snprintf(place, sizeof place, "%zu", i + 1);
			fault_add(f, "place", place);
			return result;
		}
	}
	policy_forget(&r->rules.policy);
	return db_flush(r->fresh, f);
}

/* ---- the log ---- */

static err replay_entry(struct replay *r, struct bytes bytes, struct fault *f)
{
	struct applied applied;

	TRY(applied_read(r->registry, r->ledger, &r->arena, bytes, &applied, f));
	const struct witness *w = applied.witness;
	const struct record *effective = applied.target != NULL ? applied.target : applied.record;
	bool inside = w->at >= r->options->since_ms;
	bool takes_effect = w->outcome == OUTCOME_FOLDED || w->outcome == OUTCOME_EXECUTES;

	if (inside && !r->drafted && r->options->draft != NULL)
		TRY(put_in_force(r, f));
	if (inside && takes_effect && w->gate.n > 0) {
		TRY(db_flush(r->fresh, f));
		TRY(ask_passage(r, effective, w, f));
	}
	if (effective->type->touches_policy)
		policy_forget(&r->rules.policy);
	if (r->drafted && is_setting(effective->type->type->name))
		return ERR_OK; /* the draft says what is set */
	return apply_record(&r->rules, &applied, &r->arena, f);
}

static err each_entry(void *context, uint64_t sequence, struct bytes bytes)
{
	struct replay *r = context;
	char number[24];

	err result = replay_entry(r, bytes, r->fault);
	if (result.code != OK) {
		snprintf(number, sizeof number, "%llu", (unsigned long long)sequence);
		fault_add(r->fault, "entry", number);
		return result;
	}
	r->report->entries++;
	if (r->report->entries % REPLAY_BREATH == 0) {
		TRY(db_flush(r->fresh, r->fault));
		arena_reset(&r->arena);
	}
	if (r->report->entries % REPLAY_BATCH != 0)
		return ERR_OK;
	TRY(db_commit(r->fresh, r->fault));
	TRY(db_begin(r->fresh, r->fault));
	if (r->options->progress != NULL)
		r->options->progress(r->options->context, r->report->entries, r->total);
	return ERR_OK;
}

static err replay_all(struct replay *r, struct fault *f)
{
	struct merkle_head head;

	r->fault = f;
	r->arena.limit = (size_t)1 << 30;
	TRY(ledger_head(r->ledger, &head, f));
	r->total = head.size;
	TRY(db_begin(r->fresh, f));
	err result = ledger_each(r->ledger, 0, each_entry, r, f);
	if (result.code == OK)
		return db_commit(r->fresh, f);
	db_rollback(r->fresh);
	return result;
}

err policy_replay(const struct engine_config *config, const struct replay_options *options,
		  struct replay_report *out, struct fault *f)
{
	struct replay *r = calloc(1, sizeof *r);

	if (r == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*out = (struct replay_report){0};
	r->config = config;
	r->options = options;
	r->report = out;
	err result = ERR_OK;
	if (options->draft != NULL &&
	    (!json_is_array(options->draft) || json_array_size(options->draft) > DRAFT_MAX))
		result = fail(f, "REPLAY_DRAFT_BAD", NULL);
	if (result.code == OK)
		result = open_all(r, f);
	if (result.code == OK)
		result = replay_all(r, f);
	close_all(r);
	free(r);
	return result;
}
