/* SPDX-License-Identifier: Apache-2.0 */
/* charter.h — whose key is whose, and who must agree to what (docs/formats/charter.cddl). Portable:
 * the signer decides by it, and anybody can check afterwards that it decided rightly. Knows no
 * cryptography: it weighs approvals whose proofs the caller has verified. */
#ifndef CORE_CHARTER_H
#define CORE_CHARTER_H

#include "core/entry.h"

enum {
	CHARTER_SIZE_MAX = 16384,
	CHARTER_PERSONS_MAX = 64,
	CHARTER_PERSON_KEYS_MAX = 8,
	CHARTER_KEYS_MAX = 128, /* of all persons */
	CHARTER_GROUPS_MAX = 8, /* of one person or rule */
	CHARTER_RULES_MAX = 32,
	CHARTER_RECOVERY_MAX = 16,
	CHARTER_WITNESSES_MAX = 4,
	CHARTER_ORIGINS_MAX = 4,
	CHARTER_VOTES_MAX = 64,
};

/* Values are permanent. */
enum charter_mode { CHARTER_FOUNDED = 0, CHARTER_BOOTSTRAP = 1, CHARTER_TRIAL = 2 };
enum charter_anchor { ANCHOR_NONE = 0, ANCHOR_TPM = 1, ANCHOR_WITNESS = 2 };
enum charter_key_kind { CHARTER_COSE = 1, CHARTER_WEBAUTHN = 2, CHARTER_SSHSIG = 3 };

struct charter_key {
	struct bytes spki;
	struct hash id; /* SHA-256 of spki */
	enum charter_key_kind kind;
	bool outside;             /* made where our server does not draw the screen */
	struct bytes application; /* of a FIDO token; p is NULL when absent */
	uint8_t person;           /* place in persons; recovery keys: place in recovery */
};

struct charter_person {
	struct bytes id;
	uint8_t groups_n;
	struct bytes groups[CHARTER_GROUPS_MAX];
};

struct charter_must {
	struct bytes group;
	uint8_t need;
};

struct charter_rule {
	struct bytes name; /* class, or "*" */
	uint8_t need, from_n, must_n;
	struct bytes from[CHARTER_GROUPS_MAX];
	struct charter_must must[CHARTER_GROUPS_MAX];
	uint64_t request_ttl_ms, vote_ttl_ms, newcomer_ms;
};

struct charter_recovery {
	struct bytes keeper;
};

/* Spans point into the input. About 25 kB. */
struct charter {
	struct bytes bytes; /* the whole document */
	struct hash digest; /* SHA-256 of it */
	uint64_t revision;
	bool has_previous;
	struct hash previous;
	struct bytes origin, relying_party; /* relying_party.p is NULL when absent */
	enum charter_mode mode;
	size_t origins_n;
	struct bytes origins[CHARTER_ORIGINS_MAX];
	size_t persons_n, keys_n, rules_n, recovery_n;
	struct charter_person persons[CHARTER_PERSONS_MAX];
	struct charter_key keys[CHARTER_KEYS_MAX];
	struct charter_rule rules[CHARTER_RULES_MAX];
	struct charter_recovery recovery[CHARTER_RECOVERY_MAX];
	struct charter_key recovery_keys[CHARTER_RECOVERY_MAX];
	unsigned recovery_need;
	enum charter_anchor anchor;
	size_t witnesses_n;
	struct bytes witnesses[CHARTER_WITNESSES_MAX];
};

/* Parses the whole of `in` and judges it: no person or key twice, keys of Ed25519 or P-256 in their
 * one encoding, every rule can be met (one more eligible than needed, unless bootstrap or trial; as
 * many in each must-sign group as it needs; one of them with a key outside), a rule for class
 * "charter" (its own or "*") is there. False with `*why`, a static sentence that says what to mend;
 * `*out` is then empty. */
MUST_CHECK bool charter_parse(struct bytes in, struct charter *out, const char **why);
/* NULL, or why its rules cannot stand: the part of charter_parse that weighs them. */
const char *charter_rules_wrong(const struct charter *c);
/* Writes what charter_parse reads; `bytes` and `digest` are not looked at. */
void charter_put(struct writer *w, const struct charter *charter);

/* A person's key, never a recovery key. NULL if it is nobody's. */
const struct charter_key *charter_key_find(const struct charter *c, struct hash id);
/* The rule of the class, or that of "*"; NULL if neither is there. */
const struct charter_rule *charter_rule_find(const struct charter *c, struct bytes approval_class);
/* Persons whose approval can count by the rule. */
size_t charter_eligible(const struct charter *c, const struct charter_rule *rule);
/* Whether the rule lets this person's approval count; and whether the person is of the group. */
bool charter_counts(const struct charter *c, const struct charter_rule *rule, uint8_t person);
bool charter_member(const struct charter *c, uint8_t person, struct bytes group);
/* Whether `next` may follow `now` at all (revision + 1, previous, same origin, the mode as it was or
 * from bootstrap to founded), and whether one more must agree than the rule says: somebody comes or
 * joins a group, or rules, recovery keys, anchor or web origins change. */
MUST_CHECK bool charter_follows(const struct charter *now, const struct charter *next, bool *more,
				const char **why);

/* Whether a key of `next` was in `before` on the same terms: same person, who joined no group since,
 * same kind and application, and outside if it is outside now. `*place`: which one it was. What does
 * not stay is a newcomer, from the time at which `next` took effect; what stays is as old as it was. */
MUST_CHECK bool charter_key_stays(const struct charter *before, const struct charter *next,
				  const struct charter_key *key, size_t *place);

/* One approval, its proof verified with `key`. */
struct charter_vote {
	const struct charter_key *key;
	uint64_t made;      /* by the voter's clock */
	uint64_t not_after; /* 0: none */
	uint64_t key_since; /* since when the charter knows the key; 0: since its first revision */
};

enum charter_verdict {
	CHARTER_AGREED = 0,
	CHARTER_NO_RULE,
	CHARTER_AUTHOR_UNKNOWN,
	CHARTER_TOO_FEW,      /* persons that count */
	CHARTER_MUST_MISSING, /* a must-sign group */
	CHARTER_NONE_OUTSIDE, /* every approval was made on a screen that our server draws */
	CHARTER_REQUEST_OVER, /* the decision waited too long, or is of the future */
};

/* The single judgements, for proving what each of them stops. */
enum charter_judgement {
	CHARTER_JUDGE_AUTHOR = 1,   /* the author's own approval does not count */
	CHARTER_JUDGE_DISTINCT = 2, /* persons, not votes */
	CHARTER_JUDGE_ELIGIBLE = 4, /* of the rule's groups */
	CHARTER_JUDGE_NEWCOMER = 8,
	CHARTER_JUDGE_EXPIRY = 16, /* of votes and of the decision */
	CHARTER_JUDGE_OUTSIDE = 32,
};

struct charter_question {
	struct bytes approval_class;
	const struct charter_key *author; /* NULL: not in the charter */
	uint64_t author_made;             /* the decision's own time */
	const struct charter_vote *votes;
	size_t votes_n;
	uint64_t now;
	unsigned more;   /* persons beyond the rule's need, capped by who is eligible */
	unsigned ignore; /* charter_judgements to leave out: the product passes 0 */
};

struct charter_answer {
	enum charter_verdict verdict;
	unsigned need, counted;
	struct bytes missing; /* the must-sign group */
	uint64_t used;        /* bit i: votes[i] counted */
	/* Why others did not: bits as above. */
	uint64_t of_author, again, not_eligible, expired, newcomer;
};
/* Weighs. What was made more than 2 minutes after `now` counts as expired. Where the rule needs
 * nobody beside the author (bootstrap, trial), the author must be one whose approval would count and
 * the key one outside; otherwise it takes one such approval. Of a person's several votes the one made
 * outside is preferred. Votes beyond CHARTER_VOTES_MAX do not count. */
void charter_weigh(const struct charter *c, const struct charter_question *question,
		   struct charter_answer *out);

#endif
