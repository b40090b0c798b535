/* SPDX-License-Identifier: Apache-2.0 */
/* attack.h — each attack in a pair: against the whole it is refused or detected, by the one message that is
 * named here; with exactly that one check left out, in a throw-away copy and in a build that is
 * never a product, it succeeds. So it is that check that stops it. */
#ifndef TESTS_ATTACK_H
#define TESTS_ATTACK_H

#include "base/checks.h"

/* Does the attack from its beginning, on a company of its own. NULL: it had success, and what was won is
 * asserted to be in hand; otherwise the message that stopped it, which lives until the next one. */
typedef const char *attack_fn(void);

struct attack {
	char letter;      /* of the threat model's table */
	const char *name; /* what the attacker does */
	attack_fn *run;
	const char *stopped_by; /* the message */
	enum check check; /* left out in the second half; CHECK_NONE: there is a lawful switch */
	const char *code; /* of the rule, for CHECK_ENGINE_RULE and CHECK_ENGINE_GATE */
	/* A check that stops it before, and is left out in both halves: this one is the second line. */
	enum check before;
	/* With the lawful switch off, or without whom nobody must have: needs no other build. */
	attack_fn *without;
};

/* Each list ends with an attack without a name. */
extern const struct attack PEOPLE_ATTACKS[]; /* signer_people.c: who must agree */
extern const struct attack UNIT_ATTACKS[];   /* signer_units.c: certificates and permits */
extern const struct attack
	TIME_ATTACKS[]; /* signer_time.c: clocks, and a ledger that is put back */
extern const struct attack LOSS_ATTACKS[];    /* signer_loss.c: put back to yesterday, and lost */
extern const struct attack VOTER_ATTACKS[];   /* engine_voters.c: approvals in the engine */
extern const struct attack RIGHT_ATTACKS[];   /* engine_rights.c: grants, clocks, keys */
extern const struct attack KEY_ATTACKS[];     /* engine_keys.c: passkeys, shifts, recoveries */
extern const struct attack LINE_ATTACKS[];    /* engine_line.c: what stations say */
extern const struct attack STORAGE_ATTACKS[]; /* storage.c: who writes to disk and database */

#endif
