/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c — what a recorded entry does to the tables. The live path and a rebuild both come
 * through here and obey the witness, so that they cannot come apart. */
#include "record/engine.h"

#include <string.h>

static err queue_own(struct rulebook *b, enum own_statement which, struct arena *a,
		     const struct value *values, size_t n, struct fault *f)
{
	struct value *kept = arena_array(a, n, sizeof *kept);

	if (kept == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	memcpy(kept, values, n * sizeof *kept);
	return db_queue(b->db, b->own[which], kept, NULL, NULL, NULL, f);
}

#define QUEUE_OWN(b, which, a, f, ...)                                    \
	queue_own((b), (which), (a), (const struct value[]){__VA_ARGS__}, \
		  sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value), (f))

static err apply_raised(struct rulebook *b, const struct applied *x, struct arena *a,
			struct fault *f)
{
	const struct witness *w = x->witness;
	size_t n;
	struct raised raised;
	struct reader at = witness_raised(w, &n);
	struct value author = value_text(x->record->claim.author);

	for (size_t i = 0; i < n && witness_next_raised(&at, &raised); i++) {
		struct value kind = value_null, within = value_null, id = value_null;
		if (raised.has_subject) {
			kind = value_text(raised.subject.kind);
			within = value_text(raised.subject.within);
			id = value_text(raised.subject.id);
		}
		TRY(QUEUE_OWN(b, OWN_RAISE, a, f, value_u64(w->sequence), value_u64(i),
			      value_text(raised.code), kind, within, id, value_u64(w->at), author));
		if (raised.has_subject)
			TRY(QUEUE_OWN(b, OWN_HOLD, a, f, value_u64(w->sequence), value_u64(i),
				      value_text(raised.code), kind, within, id, value_u64(w->at),
				      author));
	}
	return ERR_OK;
}

static err fold_each(struct rulebook *b, struct record *r, const struct rule *rule, struct arena *a,
		     struct fault *f)
{
	for (size_t i = 0; i < each_count(rule, &r->body); i++) {
		struct value *values = each_values(a, rule, r->values, &r->body, i);
		if (values == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		TRY(db_queue(b->db, b->rules[rule->statement], values, NULL, NULL, NULL, f));
	}
	return ERR_OK;
}

err fold_record(struct rulebook *b, struct record *r, struct arena *a, struct fault *f)
{
	for (size_t i = 0; i < r->type->fold_n; i++) {
		const struct rule *rule = r->type->fold[i];
		if (rule->each != NULL)
			TRY(fold_each(b, r, rule, a, f));
		else
			TRY(db_queue(b->db, b->rules[rule->statement], r->values, NULL, NULL, NULL,
				     f));
	}
	return ERR_OK;
}

/* Changing a rule of approval takes one more than the rule that is being changed. */
void approval_rule_of(const struct record *r, struct bytes *rule, int64_t *extra)
{
	*rule = bytes_text(r->type->type->approval);
	*extra = 0;
	if (strcmp(r->type->type->name, "approval.rule_set") != 0)
		return;
	*extra = 1;
	for (size_t i = 0; i < r->type->fields_n; i++)
		if (strcmp(r->type->type->fields[i].name, "class") == 0)
			*rule = r->values[i].bytes;
}

static err apply_pending(struct rulebook *b, const struct applied *x, struct arena *a,
			 struct fault *f)
{
	const struct record *r = x->record;
	struct bytes rule;
	int64_t extra;

	approval_rule_of(r, &rule, &extra);
	return QUEUE_OWN(b, OWN_PENDING_ADD, a, f, value_u64(x->witness->sequence),
			 value_blob(hash_bytes(&r->digest)), value_text(r->claim.type),
			 value_text(bytes_text(r->type->type->approval)),
			 value_text(r->claim.author), value_u64(x->witness->at), value_int(extra),
			 value_text(rule));
}

/* Where the rule here asks nobody, the signer's charter may: what took effect at once can be voted
 * about like what waited. */
static err apply_at_once(struct rulebook *b, const struct applied *x, struct arena *a,
			 struct fault *f)
{
	const struct record_type *type = x->record->type->type;

	if ((type->flags & WEIGHED) == 0 || type->approval == NULL)
		return ERR_OK;
	TRY(apply_pending(b, x, a, f));
	return QUEUE_OWN(b, OWN_PENDING_CLOSE, a, f, value_text(bytes_text("executed")),
			 value_u64(x->witness->sequence),
			 value_blob(hash_bytes(&x->record->digest)));
}

/* The digest that a vote names is its first field. */
static struct value voted_digest(const struct record *r)
{
	return r->values[0];
}

struct value approval_not_after(const struct record *r)
{
	for (size_t i = 0; i < r->type->fields_n; i++)
		if (strcmp(r->type->type->fields[i].name, "not_after") == 0)
			return r->values[i];
	return value_null;
}

static err apply_vote(struct rulebook *b, const struct applied *x, struct arena *a, struct fault *f)
{
	const struct record *r = x->record;
	const char *name = r->type->type->name;
	struct value digest = voted_digest(r), seq = value_u64(x->witness->sequence);

	if (strcmp(name, "approval.denied") == 0 || strcmp(name, "approval.withdrawn") == 0) {
		TRY(QUEUE_OWN(b, OWN_PENDING_CLOSE, a, f,
			      value_text(bytes_text(name + strlen("approval."))), seq, digest));
		return fold_record(b, x->record, a, f);
	}
	TRY(QUEUE_OWN(b, OWN_VOTE_ADD, a, f, seq, value_u64(x->witness->at), digest,
		      value_text(r->claim.author), approval_not_after(r),
		      r->claim.has_key ? value_blob(hash_bytes(&r->claim.key)) : value_null));
	if (x->witness->outcome != OUTCOME_EXECUTES)
		return ERR_OK;
	TRY(QUEUE_OWN(b, OWN_PENDING_CLOSE, a, f, value_text(bytes_text("executed")), seq, digest));
	return fold_record(b, x->target, a, f);
}

/* How far the spool has come, and what it left out. */
static err apply_spool(struct rulebook *b, const struct applied *x, struct arena *a,
		       struct fault *f)
{
	const struct claim *c = &x->record->claim;
	struct value author = value_text(c->author), spool = value_text(c->spool);
	struct value counter = value_u64(c->spool_counter);
	struct value seq = value_u64(x->witness->sequence), at = value_u64(x->witness->at);

	TRY(QUEUE_OWN(b, OWN_SPOOL_GAP, a, f, author, spool, counter, seq, at));
	return QUEUE_OWN(b, OWN_SPOOL_SET, a, f, author, spool, counter, seq, at);
}

static err apply_indexes(struct rulebook *b, const struct applied *x, struct arena *a,
			 struct fault *f)
{
	const struct claim *c = &x->record->claim;
	const struct witness *w = x->witness;
	struct uuid *id = arena_alloc(a, sizeof *id);

	if (id == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*id = c->id;
	TRY(QUEUE_OWN(b, OWN_ID_ADD, a, f, value_blob(bytes_of(id->b, sizeof id->b)),
		      value_text(c->author), value_u64(w->sequence),
		      value_blob(hash_bytes(&x->record->digest))));
	if (c->spool.p != NULL)
		TRY(apply_spool(b, x, a, f));
	if (!w->has_subject)
		return ERR_OK;
	return QUEUE_OWN(b, OWN_SUBJECT_SET, a, f, value_text(w->subject.kind),
			 value_text(w->subject.within), value_text(w->subject.id),
			 value_u64(w->sequence));
}

static err name_blob(struct rulebook *b, const struct record *r, struct value digest,
		     struct value seq, struct arena *a, struct fault *f)
{
	const char *permission = r->type->type->permission;

	if (digest.kind != VALUE_BLOB || permission == NULL)
		return ERR_OK;
	TRY(QUEUE_OWN(b, OWN_BLOB_KEEP, a, f, seq, digest));
	return QUEUE_OWN(b, OWN_BLOB_NAME, a, f, digest, seq, value_text(bytes_text(permission)));
}

/* Whatever becomes of the record: what it names is evidence from now on. */
static err apply_blobs(struct rulebook *b, const struct applied *x, struct arena *a,
		       struct fault *f)
{
	const struct record *r = x->record;
	struct value seq = value_u64(x->witness->sequence);

	for (size_t i = 0; r->type->names_blobs && i < r->type->fields_n; i++)
		if ((r->type->type->fields[i].flags & STORED) != 0)
			TRY(name_blob(b, r, r->values[i], seq, a, f));
	return ERR_OK;
}

/* What the policy let pass, or what is missing before it, raises something, too, and is no flag of the
 * record's own. */
static bool is_flagged(const struct witness *w)
{
	struct raised one;
	size_t n;
	struct reader at = witness_raised(w, &n);

	for (size_t i = 0; i < n && witness_next_raised(&at, &one); i++)
		if (!bytes_equal(one.code, bytes_text(CODE_WARNED)) &&
		    !bytes_equal(one.code, bytes_text(CODE_GLASS)) &&
		    !bytes_equal(one.code, bytes_text(CODE_SPOOL_GAP)))
			return true;
	return false;
}

/* A gate was passed: by the record itself, or by the one that this vote makes take effect. */
static err apply_gate(struct rulebook *b, const struct applied *x, struct arena *a, struct fault *f)
{
	const struct record *r = x->target != NULL ? x->target : x->record;
	struct subject *subject = arena_alloc(a, sizeof *subject);

	if (subject == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (r->type->type->gate == NULL || !record_subject(a, r, subject))
		return ERR_OK; /* a gate that this version does not know */
	return policy_passage(&b->policy, a, r->type->type->gate, subject, r->claim.author,
			      x->witness, f);
}

err apply_record(struct rulebook *b, const struct applied *x, struct arena *a, struct fault *f)
{
	const struct witness *w = x->witness;
	bool flagged = is_flagged(w);

	record_set_place(x->record, w->sequence, w->at, flagged);
	if (x->target != NULL)
		record_set_place(x->target, w->sequence, w->at, flagged);
	TRY(apply_indexes(b, x, a, f));
	TRY(apply_raised(b, x, a, f));
	TRY(apply_blobs(b, x, a, f));
	switch (w->outcome) {
	case OUTCOME_PENDING:
		return apply_pending(b, x, a, f);
	case OUTCOME_UNFOLDED:
	case OUTCOME_UNVERIFIED:
		return ERR_OK;
	case OUTCOME_FOLDED:
	case OUTCOME_EXECUTES:
		break;
	}
	if (w->gate.n > 0)
		TRY(apply_gate(b, x, a, f));
	if ((x->record->type->type->flags & VOTE) != 0)
		return apply_vote(b, x, a, f);
	TRY(apply_at_once(b, x, a, f));
	return fold_record(b, x->record, a, f);
}
