/* SPDX-License-Identifier: Apache-2.0 */
/* What a charter says: who counts, what may follow it, and whether a decision has its approvals. */
#include "core/charter.h"

enum { AHEAD_MS = 120000 };

/* ---- who ---- */

const struct charter_key *charter_key_find(const struct charter *c, struct hash id)
{
	for (size_t i = 0; i < c->keys_n; i++) {
		if (hash_equal(c->keys[i].id, id))
			return &c->keys[i];
	}
	return NULL;
}

const struct charter_rule *charter_rule_find(const struct charter *c, struct bytes approval_class)
{
	const struct charter_rule *any = NULL;

	for (size_t i = 0; i < c->rules_n; i++) {
		if (bytes_equal(c->rules[i].name, approval_class))
			return &c->rules[i];
		if (bytes_equal(c->rules[i].name, bytes_text("*")))
			any = &c->rules[i];
	}
	return any;
}

bool charter_member(const struct charter *c, uint8_t person, struct bytes group)
{
	const struct charter_person *p = &c->persons[person];

	for (size_t i = 0; i < p->groups_n; i++) {
		if (bytes_equal(p->groups[i], group))
			return true;
	}
	return false;
}

bool charter_counts(const struct charter *c, const struct charter_rule *rule, uint8_t person)
{
	for (size_t i = 0; i < rule->from_n; i++) {
		if (charter_member(c, person, rule->from[i]))
			return true;
	}
	return false;
}

size_t charter_eligible(const struct charter *c, const struct charter_rule *rule)
{
	size_t n = 0;

	for (size_t i = 0; i < c->persons_n; i++)
		n += charter_counts(c, rule, (uint8_t)i);
	return n;
}

/* ---- can a rule be met ---- */

static size_t eligible_in(const struct charter *c, const struct charter_rule *rule,
			  struct bytes group)
{
	size_t n = 0;

	for (size_t i = 0; i < c->persons_n; i++)
		n += charter_counts(c, rule, (uint8_t)i) && charter_member(c, (uint8_t)i, group);
	return n;
}

static bool any_outside(const struct charter *c, const struct charter_rule *rule)
{
	for (size_t i = 0; i < c->keys_n; i++) {
		if (c->keys[i].outside && charter_counts(c, rule, c->keys[i].person))
			return true;
	}
	return false;
}

static const char *rule_wrong(const struct charter *c, const struct charter_rule *rule)
{
	size_t eligible = charter_eligible(c, rule), spare = c->mode == CHARTER_FOUNDED ? 1 : 0;
	size_t need = rule->need;

	if (rule->need == 0 && c->mode == CHARTER_FOUNDED)
		return "a rule without approval belongs to bootstrap and trial mode only";
	for (size_t i = 0; i < rule->must_n; i++) {
		if (eligible_in(c, rule, rule->must[i].group) < rule->must[i].need)
			return "a rule's must-sign group has too few who count by the rule";
		need = rule->must[i].need > need ? rule->must[i].need : need;
	}
	if (eligible == 0 || eligible < need + spare)
		return "a rule cannot be met: it takes one more who may approve than it needs";
	if (!any_outside(c, rule))
		return "a rule cannot be met: nobody who may approve has a key outside";
	return NULL;
}

const char *charter_rules_wrong(const struct charter *c)
{
	if (charter_rule_find(c, bytes_text("charter")) == NULL)
		return "no rule says who may change the charter";
	for (size_t i = 0; i < c->rules_n; i++) {
		const char *why = rule_wrong(c, &c->rules[i]);

		if (why != NULL)
			return why;
	}
	return NULL;
}

/* ---- what may follow ---- */

static bool lists_equal(const struct bytes *a, size_t a_n, const struct bytes *b, size_t b_n)
{
	if (a_n != b_n)
		return false;
	for (size_t i = 0; i < a_n; i++) {
		if (!bytes_equal(a[i], b[i]))
			return false;
	}
	return true;
}

static const struct charter_person *person_find(const struct charter *c, struct bytes id)
{
	for (size_t i = 0; i < c->persons_n; i++) {
		if (bytes_equal(c->persons[i].id, id))
			return &c->persons[i];
	}
	return NULL;
}

/* Nobody comes, and nobody joins a group: whoever leaves takes no voice from the others, and must be
 * able to leave when one is lost. */
static bool nobody_gains(const struct charter *now, const struct charter *next)
{
	for (size_t i = 0; i < next->persons_n; i++) {
		const struct charter_person *then = &next->persons[i];
		const struct charter_person *before = person_find(now, then->id);

		if (before == NULL)
			return false;
		for (size_t g = 0; g < then->groups_n; g++) {
			bool had = false;

			for (size_t k = 0; k < before->groups_n; k++)
				had = had || bytes_equal(before->groups[k], then->groups[g]);
			if (!had)
				return false;
		}
	}
	return true;
}

static bool rule_equal(const struct charter_rule *a, const struct charter_rule *b)
{
	if (!bytes_equal(a->name, b->name) || a->need != b->need || a->must_n != b->must_n ||
	    !lists_equal(a->from, a->from_n, b->from, b->from_n) ||
	    a->request_ttl_ms != b->request_ttl_ms || a->vote_ttl_ms != b->vote_ttl_ms ||
	    a->newcomer_ms != b->newcomer_ms)
		return false;
	for (size_t i = 0; i < a->must_n; i++) {
		if (a->must[i].need != b->must[i].need ||
		    !bytes_equal(a->must[i].group, b->must[i].group))
			return false;
	}
	return true;
}

static bool rules_equal(const struct charter *a, const struct charter *b)
{
	if (a->rules_n != b->rules_n)
		return false;
	for (size_t i = 0; i < a->rules_n; i++) {
		if (!rule_equal(&a->rules[i], &b->rules[i]))
			return false;
	}
	return true;
}

static bool recovery_equal(const struct charter *a, const struct charter *b)
{
	if (a->recovery_n != b->recovery_n || a->recovery_need != b->recovery_need)
		return false;
	for (size_t i = 0; i < a->recovery_n; i++) {
		if (!bytes_equal(a->recovery[i].keeper, b->recovery[i].keeper) ||
		    !hash_equal(a->recovery_keys[i].id, b->recovery_keys[i].id) ||
		    a->recovery_keys[i].kind != b->recovery_keys[i].kind)
			return false;
	}
	return true;
}

static bool places_equal(const struct charter *a, const struct charter *b)
{
	return a->mode == b->mode && a->anchor == b->anchor &&
	       bytes_equal(a->relying_party, b->relying_party) &&
	       lists_equal(a->origins, a->origins_n, b->origins, b->origins_n) &&
	       lists_equal(a->witnesses, a->witnesses_n, b->witnesses, b->witnesses_n);
}

bool charter_follows(const struct charter *now, const struct charter *next, bool *more,
		     const char **why)
{
	*why = NULL;
	*more = true;
	if (next->revision != now->revision + 1)
		*why = "it is not the next revision";
	else if (!next->has_previous || !hash_equal(next->previous, now->digest))
		*why = "it does not follow the charter in force";
	else if (!bytes_equal(next->origin, now->origin))
		*why = "it is of another log";
	else if (next->mode != now->mode &&
		 (now->mode != CHARTER_BOOTSTRAP || next->mode != CHARTER_FOUNDED))
		*why = "the mode changes from bootstrap to founded, and in no other way";
	else
		*more = !(nobody_gains(now, next) && rules_equal(now, next) &&
			  recovery_equal(now, next) && places_equal(now, next));
	return *why == NULL;
}

static bool joined_a_group(const struct charter *before, uint8_t person,
			   const struct charter_person *now)
{
	for (size_t i = 0; i < now->groups_n; i++) {
		if (!charter_member(before, person, now->groups[i]))
			return true;
	}
	return false;
}

bool charter_key_stays(const struct charter *before, const struct charter *next,
		       const struct charter_key *key, size_t *place)
{
	const struct charter_key *was = charter_key_find(before, key->id);
	const struct charter_person *person = &next->persons[key->person];

	if (was == NULL || !bytes_equal(before->persons[was->person].id, person->id) ||
	    joined_a_group(before, was->person, person) || was->kind != key->kind ||
	    !bytes_equal(was->application, key->application) || (key->outside && !was->outside))
		return false;
	*place = (size_t)(was - before->keys);
	return true;
}

/* ---- weighing ---- */

struct weighing {
	const struct charter *charter;
	const struct charter_rule *rule;
	const struct charter_question *question;
	struct charter_answer *answer;
	uint64_t persons; /* bit p: person p has a vote that counts */
	bool outside;
};

static bool judges(const struct weighing *w, enum charter_judgement one)
{
	return (w->question->ignore & one) == 0;
}

/* Later than it may be, or of the future. */
static bool is_over(uint64_t made, uint64_t ttl, uint64_t now)
{
	return made > now ? made - now > AHEAD_MS : now - made > ttl;
}

static bool vote_over(const struct weighing *w, const struct charter_vote *vote)
{
	uint64_t now = w->question->now;

	return is_over(vote->made, w->rule->vote_ttl_ms, now) ||
	       (vote->not_after != 0 && now > vote->not_after);
}

static bool key_is_new(const struct weighing *w, const struct charter_vote *vote)
{
	uint64_t now = w->question->now;

	return vote->key_since != 0 &&
	       (now < vote->key_since || now - vote->key_since < w->rule->newcomer_ms);
}

static void weigh_vote(struct weighing *w, const struct charter_vote *vote, uint64_t bit)
{
	struct charter_answer *a = w->answer;
	const struct charter_key *key = vote->key;

	if (key == NULL) {
		a->not_eligible |= bit;
		return;
	}
	uint64_t person = UINT64_C(1) << key->person;
	if (judges(w, CHARTER_JUDGE_AUTHOR) && key->person == w->question->author->person)
		a->of_author |= bit;
	else if (judges(w, CHARTER_JUDGE_ELIGIBLE) &&
		 !charter_counts(w->charter, w->rule, key->person))
		a->not_eligible |= bit;
	else if (judges(w, CHARTER_JUDGE_EXPIRY) && vote_over(w, vote))
		a->expired |= bit;
	else if (judges(w, CHARTER_JUDGE_NEWCOMER) && key_is_new(w, vote))
		a->newcomer |= bit;
	else if (judges(w, CHARTER_JUDGE_DISTINCT) && (w->persons & person) != 0)
		a->again |= bit;
	else {
		a->used |= bit;
		a->counted++;
		w->persons |= person;
		w->outside = w->outside || key->outside;
	}
}

/* Those made outside first: whoever voted twice is counted by the better vote. */
static void weigh_votes(struct weighing *w)
{
	const struct charter_question *q = w->question;
	size_t n = q->votes_n < CHARTER_VOTES_MAX ? q->votes_n : CHARTER_VOTES_MAX;

	for (int outside = 1; outside >= 0; outside--) {
		for (size_t i = 0; i < n; i++) {
			const struct charter_key *key = q->votes[i].key;

			if ((key != NULL && key->outside) == (outside == 1))
				weigh_vote(w, &q->votes[i], UINT64_C(1) << i);
		}
	}
}

static unsigned persons_needed(const struct weighing *w)
{
	size_t others = charter_eligible(w->charter, w->rule);
	size_t need = (size_t)w->rule->need + w->question->more;

	if (charter_counts(w->charter, w->rule, w->question->author->person))
		others--;
	if (need > others)
		need = others;
	return need > w->rule->need ? (unsigned)need : w->rule->need;
}

static bool must_missing(struct weighing *w)
{
	const struct charter_question *q = w->question;

	for (size_t m = 0; m < w->rule->must_n; m++) {
		const struct charter_must *must = &w->rule->must[m];
		unsigned n = 0;

		for (size_t i = 0; i < q->votes_n && i < CHARTER_VOTES_MAX; i++)
			n += (w->answer->used >> i & 1) != 0 &&
			     charter_member(w->charter, q->votes[i].key->person, must->group);
		if (n < must->need) {
			w->answer->missing = must->group;
			return true;
		}
	}
	return false;
}

static enum charter_verdict verdict_of(struct weighing *w)
{
	struct charter_answer *a = w->answer;
	const struct charter_key *author = w->question->author;
	bool alone = a->need == 0 && charter_counts(w->charter, w->rule, author->person);

	if (judges(w, CHARTER_JUDGE_EXPIRY) &&
	    is_over(w->question->author_made, w->rule->request_ttl_ms, w->question->now))
		return CHARTER_REQUEST_OVER;
	/* Nobody who may approve said anything: needing nobody does not make it agreed. */
	if (a->need == 0 && !alone)
		a->need = 1;
	if (a->counted < a->need)
		return CHARTER_TOO_FEW;
	if (must_missing(w))
		return CHARTER_MUST_MISSING;
	if (judges(w, CHARTER_JUDGE_OUTSIDE) && !w->outside && !(alone && author->outside))
		return CHARTER_NONE_OUTSIDE;
	return CHARTER_AGREED;
}

void charter_weigh(const struct charter *c, const struct charter_question *question,
		   struct charter_answer *out)
{
	struct weighing w = {.charter = c, .question = question, .answer = out};

	*out = (struct charter_answer){.verdict = CHARTER_NO_RULE};
	w.rule = charter_rule_find(c, question->approval_class);
	if (w.rule == NULL)
		return;
	out->verdict = CHARTER_AUTHOR_UNKNOWN;
	if (question->author == NULL)
		return;
	out->need = persons_needed(&w);
	weigh_votes(&w);
	out->verdict = verdict_of(&w);
}
