/* SPDX-License-Identifier: Apache-2.0 */
/* approvals.c — votes on waiting records. Every vote is weighed again at the moment of execution:
 * distinct natural persons, never the author, no newcomer, and all three clocks. */
#include "base/checks.h"
#include "record/writer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VOTES_MAX = 64 };

struct vote {
	char voter[ID_SIZE_MAX + 1], natural[ID_SIZE_MAX + 1];
	uint64_t expires;
	struct hash key;
	bool counts; /* not expired, its voter may still vote, and its key still speaks for the voter */
};

struct waiting {
	bool found;
	uint64_t sequence, expires;
	int64_t need; /* at request time */
	char type[TYPE_SIZE_MAX + 1];
	bool late; /* it took effect, and the signer may want more approvals than the rule here */
	char state[16], author[ID_SIZE_MAX + 1], author_natural[ID_SIZE_MAX + 1];
	char permission[2 * ID_SIZE_MAX]; /* class.approve */
	size_t votes_n;
	struct vote votes[VOTES_MAX];
};

static void keep(char *out, size_t cap, const struct value *v)
{
	snprintf(out, cap, "%.*s", (int)v->bytes.n, (const char *)v->bytes.p);
}

static err waiting_row(void *context, const struct value *c, size_t n)
{
	struct waiting *w = context;

	(void)n;
	w->found = true;
	w->sequence = (uint64_t)c[0].number;
	snprintf(w->permission, sizeof w->permission, "%.*s.approve", (int)c[2].bytes.n,
		 (const char *)c[2].bytes.p);
	keep(w->author, sizeof w->author, &c[3]);
	w->expires = (uint64_t)c[5].number;
	w->need = c[6].number;
	keep(w->state, sizeof w->state, &c[7]);
	keep(w->type, sizeof w->type, &c[1]);
	return ERR_OK;
}

static err vote_row(void *context, const struct value *c, size_t n)
{
	struct waiting *w = context;

	(void)n;
	if (w->votes_n == VOTES_MAX)
		return ERR_OK;
	struct vote *vote = &w->votes[w->votes_n++];
	keep(vote->voter, sizeof vote->voter, &c[0]);
	keep(vote->natural, sizeof vote->natural, &c[1]);
	vote->expires = (uint64_t)c[3].number;
	if (c[4].bytes.n == sizeof vote->key.b)
		memcpy(vote->key.b, c[4].bytes.p, sizeof vote->key.b);
	return ERR_OK;
}

static const char *natural_of(const struct principal *p, const char *id)
{
	return p->natural[0] != '\0' ? p->natural : id;
}

static err find_waiting(struct attempt *x, struct waiting *w, struct fault *f)
{
	struct engine *e = x->batch->engine;
	struct rulebook *b = &e->rules;
	struct principal author;
	struct value digest[] = {x->record->values[0]};

	TRY(db_query(e->db, b->own[OWN_PENDING_FIND], digest, waiting_row, w, NULL, f));
	if (!w->found)
		return ERR_OK;
	const struct compiled_type *type = registry_type(e->registry, bytes_text(w->type));
	w->late = type != NULL && (type->type->flags & WEIGHED) != 0 &&
		  strcmp(w->state, "executed") == 0;
	struct value pending[] = {value_u64(w->sequence)};
	TRY(db_query(e->db, b->own[OWN_VOTES], pending, vote_row, w, NULL, f));
	TRY(authority_principal(e->authority, bytes_text(w->author), &author, f));
	snprintf(w->author_natural, sizeof w->author_natural, "%s", natural_of(&author, w->author));
	return ERR_OK;
}

static err say_no(struct attempt *x, const char *code, const char *name, const char *value)
{
	struct fault why = {0};

	if (name != NULL)
		(void)fail(&why, code, name, value, NULL);
	else
		(void)fail(&why, code, NULL);
	fault_add_record(&why, x->record);
	refuse(x->s, &why);
	return ERR_OK;
}

/* ---- the record that waits ---- */

static err load_target(struct attempt *x, const struct waiting *w, struct attempt **out,
		       struct fault *f)
{
	struct engine *e = x->batch->engine;
	struct arena *a = &x->batch->arena;
	struct attempt *t = arena_alloc(a, sizeof *t);
	struct record *record = arena_alloc(a, sizeof *record);
	struct entry *entry = arena_alloc(a, sizeof *entry);
	struct bytes bytes;
	const char *why;

	if (t == NULL || record == NULL || entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ledger_entry(e->ledger, a, w->sequence, &bytes, f));
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	TRY(record_from_entry(e->registry, a, entry, record, f));
	*t = (struct attempt){.batch = x->batch, .s = x->s, .record = record};
	TRY(reads_queue_target(t, f));
	TRY(db_flush(e->db, f));
	*out = t;
	return ERR_OK;
}

/* Whether this person's vote counts now. */
static err vote_counts(struct attempt *x, const struct attempt *target, const struct waiting *w,
		       const char *voter, bool *counts, struct fault *f)
{
	struct authority *authority = x->batch->engine->authority;
	const struct two_clocks *now = &x->batch->clocks;
	struct principal person;
	const struct grant *grants;

	*counts = false;
	TRY(authority_principal(authority, bytes_text(voter), &person, f));
	if (person.state != PRINCIPAL_ACTIVE || strcmp(person.kind, "person") != 0 ||
	    (strcmp(natural_of(&person, voter), w->author_natural) == 0 &&
	     !check_left_out(CHECK_ENGINE_VOTER_AUTHOR)))
		return ERR_OK;
	if (target->record->type->scope != NULL && !target->has_scope)
		return ERR_OK; /* the scope cannot be determined: no */
	TRY(authority_grants(authority, bytes_text(voter), w->permission, &grants, f));
	*counts = check_left_out(CHECK_ENGINE_VOTER_ELIGIBLE);
	for (const struct grant *g = grants; g != NULL && !*counts; g = g->next)
		*counts = grant_covers(g, &target->scope, now) &&
			  (g->granted_at == 0 || check_left_out(CHECK_ENGINE_VOTER_NEWCOMER) ||
			   g->granted_at + (uint64_t)target->newcomer_ms <= x->batch->at);
	return ERR_OK;
}

/* What a key said that was lost or stolen is taken back with the key. */
static err key_still_speaks(struct attempt *x, const struct vote *vote, bool *yes, struct fault *f)
{
	const struct key_standing *key;

	TRY(authority_key(x->batch->engine->authority, vote->key, &key, f));
	*yes = strcmp(key->owner, vote->voter) == 0 || check_left_out(CHECK_ENGINE_KEY);
	return ERR_OK;
}

/* Whether the waiting record is about the voter's own account: others agree to that, and to deny it
 * needs no permission. */
static err is_about_voter(struct attempt *x, const struct attempt *target, const char *voter,
			  bool *yes, struct fault *f)
{
	struct authority *authority = x->batch->engine->authority;
	struct principal person, subject;
	char id[ID_SIZE_MAX + 1];

	*yes = false;
	if (!target->has_subject || !bytes_equal(target->subject.kind, bytes_text("principal")))
		return ERR_OK;
	snprintf(id, sizeof id, "%.*s", (int)target->subject.id.n,
		 (const char *)target->subject.id.p);
	TRY(authority_principal(authority, bytes_text(voter), &person, f));
	TRY(authority_principal(authority, target->subject.id, &subject, f));
	*yes = person.state == PRINCIPAL_ACTIVE &&
	       strcmp(natural_of(&person, voter), natural_of(&subject, id)) == 0;
	return ERR_OK;
}

/* Distinct persons whose earlier votes still count; `again` if the voter is among them. */
static err count_votes(struct attempt *x, const struct attempt *target, struct waiting *w,
		       const char *natural, int64_t *count, bool *again, struct fault *f)
{
	*count = 0;
	*again = false;
	for (size_t i = 0; i < w->votes_n; i++) {
		bool seen = false;
		w->votes[i].counts = false;
		if (x->batch->at < w->votes[i].expires || check_left_out(CHECK_ENGINE_VOTE_EXPIRY))
			TRY(vote_counts(x, target, w, w->votes[i].voter, &w->votes[i].counts, f));
		if (w->votes[i].counts)
			TRY(key_still_speaks(x, &w->votes[i], &w->votes[i].counts, f));
		for (size_t j = 0; j < i; j++)
			seen = seen || (w->votes[j].counts &&
					strcmp(w->votes[j].natural, w->votes[i].natural) == 0);
		bool distinct = !check_left_out(CHECK_ENGINE_VOTER_DISTINCT);
		if (!w->votes[i].counts || (seen && distinct))
			continue;
		if (strcmp(w->votes[i].natural, natural) == 0 && distinct)
			*again = true;
		else
			(*count)++;
	}
	return ERR_OK;
}

/* ---- the vote ---- */

/* What stands in the way of the approved record now, if anything. */
static bool is_blocked(struct attempt *x, const struct attempt *t, bool allowed)
{
	struct result *result = &x->s->result;

	if (!allowed) {
		(void)fail(&result->blocked_by, "NOT_ALLOWED", "permission",
			   t->record->type->type->permission, NULL);
		fault_add_record(&result->blocked_by, t->record);
		return true;
	}
	if (t->refusal.code != OK) {
		result->blocked_by = t->refusal;
		return true;
	}
	if (t->failures == NULL)
		return false;
	(void)fail(&result->blocked_by, "GATE_CLOSED", "gate", t->record->type->type->gate,
		   "control", t->failures->control, "expected", t->failures->expected, "found",
		   t->failures->found, NULL);
	result->failures = t->failures;
	return true;
}

static err execute(struct attempt *x, struct attempt *t, uint64_t target_sequence, struct fault *f)
{
	struct fault blocked_by;
	bool allowed;

	/* Who asked must still be somebody who may ask. */
	TRY(may(t, t->record->type->type->permission, &allowed, f));
	TRY(weigh_gate(t, f));
	if (is_blocked(x, t, allowed)) {
		blocked_by = x->s->result.blocked_by;
		TRY(commit_record(x, OUTCOME_FOLDED, NULL, 0, f));
		x->s->result.blocked = true;
		x->s->result.blocked_by = blocked_by;
		return ERR_OK;
	}
	x->raised_n = t->raised_n;
	memcpy(x->raised, t->raised, sizeof x->raised);
	x->controls_n = t->controls_n;
	raise_let_pass(x, t->let_pass);
	return commit_record(x, OUTCOME_EXECUTES, t->record, target_sequence, f);
}

static err give(struct attempt *x, struct attempt *t, struct waiting *w, const char *voter,
		struct fault *f)
{
	struct principal person;
	int64_t count, need = w->need;
	bool again;
	struct bytes rule;
	int64_t extra;

	TRY(authority_principal(x->batch->engine->authority, bytes_text(voter), &person, f));
	TRY(count_votes(x, t, w, natural_of(&person, voter), &count, &again, f));
	if (again)
		return say_no(x, "APPROVAL_GIVEN_BEFORE", "voter", voter);
	approval_rule_of(t->record, &rule, &extra);
	if (!t->need_known)
		return fail(f, "APPROVAL_RULE_MISSING", "class", t->record->type->type->approval,
			    NULL);
	if (t->need + extra > need)
		need = t->need + extra; /* the stricter of then and now */
	if (w->late || count + 1 < need)
		return commit_record(x, OUTCOME_FOLDED, NULL, 0, f);
	return execute(x, t, w->sequence, f);
}

/* A key is a newcomer, too: otherwise whoever enrolls keys could vote as anybody at once. */
static err check_key_age(struct attempt *x, const struct attempt *t, bool *old_enough,
			 struct fault *f)
{
	char enrolled[TIME_TEXT_SIZE], counts_from[TIME_TEXT_SIZE];
	const struct key_standing *key;

	TRY(authority_key(x->batch->engine->authority, x->record->claim.key, &key, f));
	uint64_t at = key->enrolled_at;
	uint64_t from = at + (uint64_t)t->newcomer_ms;
	*old_enough =
		at == 0 || from <= x->batch->at || check_left_out(CHECK_ENGINE_VOTER_NEWCOMER);
	if (*old_enough)
		return ERR_OK;
	time_text(at, enrolled);
	time_text(from, counts_from);
	struct fault why = {0};
	(void)fail(&why, "APPROVAL_KEY_NEW", "enrolled", enrolled, "counts_from", counts_from,
		   NULL);
	fault_add_record(&why, x->record);
	refuse(x->s, &why);
	return ERR_OK;
}

/* Only the author takes it back, and only while the author may do anything at all. */
static err withdraw(struct attempt *x, const struct waiting *w, const char *voter, struct fault *f)
{
	struct principal author;

	if (w->late)
		return say_no(x, "APPROVAL_CLOSED", "state", w->state);
	if (strcmp(voter, w->author) != 0)
		return say_no(x, "APPROVAL_NOT_YOURS", "owner", w->author);
	TRY(authority_principal(x->batch->engine->authority, bytes_text(voter), &author, f));
	if (author.state != PRINCIPAL_ACTIVE)
		return say_no(x, "NOT_ALLOWED", "permission", x->record->type->type->permission);
	return commit_record(x, OUTCOME_FOLDED, NULL, 0, f);
}

/* An approval waits until the clocks agree; a denial wins at any time. */
static err check_open(struct attempt *x, const struct waiting *w, bool *open)
{
	bool approves = strcmp(x->record->type->type->name, "approval.given") == 0;
	char expired[TIME_TEXT_SIZE];

	*open = false;
	if (!w->found)
		return say_no(x, "APPROVAL_NOTHING_WAITS", NULL, NULL);
	if (strcmp(w->state, "open") != 0 && !w->late)
		return say_no(x, "APPROVAL_CLOSED", "state", w->state);
	if (approves && x->batch->clocks.stepped && !check_left_out(CHECK_ENGINE_CLOCK))
		return say_no(x, "CLOCK_DISAGREES", NULL, NULL);
	time_text(w->expires, expired);
	if (!(w->late && !approves) &&
	    (x->batch->at >= w->expires || x->batch->clocks.wall >= w->expires) &&
	    !check_left_out(CHECK_ENGINE_VOTE_EXPIRY))
		return say_no(x, "APPROVAL_EXPIRED", "expired", expired);
	struct value not_after = approval_not_after(x->record);
	if (approves && not_after.kind == VALUE_INT && !check_left_out(CHECK_ENGINE_VOTE_EXPIRY) &&
	    (x->batch->at >= (uint64_t)not_after.number ||
	     x->batch->clocks.wall >= (uint64_t)not_after.number)) {
		time_text((uint64_t)not_after.number, expired);
		return say_no(x, "APPROVAL_OVER", "until", expired);
	}
	*open = true;
	return ERR_OK;
}

err process_vote(struct attempt *x, struct fault *f)
{
	const char *name = x->record->type->type->name;
	struct waiting *w = arena_alloc(&x->batch->arena, sizeof *w);
	char voter[ID_SIZE_MAX + 1];
	struct attempt *t = NULL;
	bool open, counts, about;

	if (w == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	snprintf(voter, sizeof voter, "%.*s", (int)x->record->claim.author.n,
		 (const char *)x->record->claim.author.p);
	TRY(find_waiting(x, w, f));
	TRY(check_open(x, w, &open));
	if (!open)
		return ERR_OK;
	if (strcmp(name, "approval.withdrawn") == 0)
		return withdraw(x, w, voter, f);
	TRY(load_target(x, w, &t, f));
	assert(t != NULL);
	TRY(is_about_voter(x, t, voter, &about, f));
	TRY(vote_counts(x, t, w, voter, &counts, f));
	bool denies = strcmp(name, "approval.denied") == 0;
	if (about && !check_left_out(CHECK_ENGINE_VOTER_AUTHOR))
		counts = denies;
	if (!counts)
		return say_no(x, "APPROVAL_NOT_ELIGIBLE", "permission", w->permission);
	if (denies)
		return commit_record(x, OUTCOME_FOLDED, NULL, 0, f);
	TRY(check_key_age(x, t, &counts, f));
	return counts ? give(x, t, w, voter, f) : ERR_OK;
}
