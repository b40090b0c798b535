/* SPDX-License-Identifier: Apache-2.0 */
/* A charter that is read is written back byte for byte, holds what it promises, and weighs any
 * votes without agreeing to what nobody outside approved. */
#include <stdlib.h>

#include "core/charter.h"
#include "core/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void holds_what_it_promises(const struct charter *c)
{
	must(c->persons_n > 0 && c->persons_n <= CHARTER_PERSONS_MAX);
	must(c->keys_n >= c->persons_n && c->keys_n <= CHARTER_KEYS_MAX);
	must(hash_equal(c->digest, sha256(c->bytes)));
	must(charter_rule_find(c, bytes_text("charter")) != NULL);
	for (size_t i = 0; i < c->keys_n; i++) {
		must(charter_key_find(c, c->keys[i].id) == &c->keys[i]);
		must(c->keys[i].person < c->persons_n);
		must(!c->keys[i].outside || c->keys[i].kind != CHARTER_WEBAUTHN);
	}
	for (size_t i = 0; i < c->recovery_n; i++)
		must(charter_key_find(c, c->recovery_keys[i].id) == NULL);
	for (size_t i = 0; i < c->rules_n; i++) {
		must(charter_eligible(c, &c->rules[i]) >= c->rules[i].need);
		must(c->rules[i].need > 0 || c->mode != CHARTER_FOUNDED);
	}
}

/* Votes drawn from the document's own bytes. */
static size_t draw_votes(const struct charter *c, struct charter_vote *votes)
{
	size_t n = c->digest.b[0] % 8;

	for (size_t i = 0; i < n; i++)
		votes[i] = (struct charter_vote){
			.key = &c->keys[c->digest.b[i + 1] % c->keys_n],
			.made = 1000000 - c->digest.b[i + 9] * 1000u,
			.key_since = c->digest.b[i + 17] % 2 * 1000u,
		};
	return n;
}

static void weighs(const struct charter *c, const struct charter_rule *rule)
{
	struct charter_vote votes[8];
	struct charter_question q = {.approval_class = rule->name,
				     .author = &c->keys[c->digest.b[31] % c->keys_n],
				     .author_made = 900000,
				     .votes = votes,
				     .now = 1000000,
				     .more = c->digest.b[30] % 3};
	struct charter_answer a;
	bool outside = q.author->outside && rule->need == 0;
	uint64_t persons = 0;

	q.votes_n = draw_votes(c, votes);
	charter_weigh(c, &q, &a);
	must((a.used & (a.of_author | a.again | a.not_eligible | a.expired | a.newcomer)) == 0);
	for (size_t i = 0; i < q.votes_n; i++) {
		if ((a.used >> i & 1) == 0)
			continue;
		must(votes[i].key->person != q.author->person);
		must((persons >> votes[i].key->person & 1) == 0);
		must(charter_counts(c, rule, votes[i].key->person));
		persons |= UINT64_C(1) << votes[i].key->person;
		outside = outside || votes[i].key->outside;
	}
	must((unsigned)__builtin_popcountll(persons) == a.counted);
	must(a.verdict != CHARTER_AGREED || (a.counted >= rule->need && outside));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct charter c;
	static uint8_t again[CHARTER_SIZE_MAX];
	struct writer w = writer_of(again, sizeof again);
	const char *why = NULL;
	struct bytes out;
	bool more;

	if (!charter_parse(bytes_of(data, n), &c, &why)) {
		must(why != NULL && c.persons_n == 0);
		return 0;
	}
	charter_put(&w, &c);
	must(writer_done(&w, &out) && bytes_equal(out, bytes_of(data, n)));
	holds_what_it_promises(&c);
	for (size_t i = 0; i < c.rules_n; i++)
		weighs(&c, &c.rules[i]);
	must(!charter_follows(&c, &c, &more, &why) && more);
	return 0;
}
