/* SPDX-License-Identifier: Apache-2.0 */
/* checks.h — checks that have no switch. To prove that it is the check that stops an attack, the tests
 * build the rooms concerned a second time with SEALWRIGHT_LEAVE_OUT and leave out one check at a
 * time. In the product the answer is a constant, and nothing can be left out. */
#ifndef BASE_CHECKS_H
#define BASE_CHECKS_H

#include <stdbool.h>

enum check {
	CHECK_NONE = 0,
	/* the signer */
	CHECK_SIGNER_QUOTA,     /* units within the authorization's quantity */
	CHECK_SIGNER_SERIAL,    /* no serial twice */
	CHECK_SIGNER_KEY,       /* no key twice */
	CHECK_SIGNER_STATION,   /* the request is signed by a station of the authorization */
	CHECK_SIGNER_ADMITTED,  /* the authorization was admitted */
	CHECK_SIGNER_INCLUSION, /* evidence stands in a head that was signed */
	CHECK_SIGNER_ORIGIN,    /* evidence is of this log */
	CHECK_SIGNER_PROOF,     /* proofs verify */
	CHECK_SIGNER_AUTHOR,    /* the author's own approval does not count */
	CHECK_SIGNER_DISTINCT,  /* distinct natural persons */
	CHECK_SIGNER_ELIGIBLE,  /* of the rule's groups */
	CHECK_SIGNER_NEWCOMER,
	CHECK_SIGNER_EXPIRY,
	CHECK_SIGNER_SPENT,   /* an approval counts once */
	CHECK_SIGNER_OUTSIDE, /* one approval away from our screen */
	CHECK_SIGNER_DENIED,
	CHECK_SIGNER_TARGET, /* an approval names this claim */
	CHECK_SIGNER_FORK,   /* a checkpoint extends the last */
	CHECK_SIGNER_CLOCK,
	CHECK_SIGNER_VALIDITY,    /* the authorization's valid_until */
	CHECK_SIGNER_TURNED_BACK, /* journal against anchor and slots */
	CHECK_SIGNER_ENVIRONMENT, /* firmware key, image and station of one environment */
	CHECK_SIGNER_OLDER,       /* no release that is less secure than the authorization's */
	/* the engine */
	CHECK_ENGINE_RIGHT,       /* the author may */
	CHECK_ENGINE_GRANT_TIME,  /* … now */
	CHECK_ENGINE_GRANT_SCOPE, /* … here */
	CHECK_ENGINE_PROOF,
	CHECK_ENGINE_KEY,          /* the key is the author's, and not revoked */
	CHECK_ENGINE_KEY_WAITS,    /* the key's waiting time is over */
	CHECK_ENGINE_SHIFT_EVENTS, /* a shift's key signs events, of what was listed for it, here */
	CHECK_ENGINE_SHIFT_TIME,   /* … until its shift ends */
	CHECK_ENGINE_ORIGIN,
	CHECK_ENGINE_RULE, /* the refuse rule or flag named by check_rule() */
	CHECK_ENGINE_GATE, /* the control named by check_rule() */
	CHECK_ENGINE_CLOCK,
	CHECK_ENGINE_VOTER_AUTHOR,
	CHECK_ENGINE_VOTER_DISTINCT,
	CHECK_ENGINE_VOTER_ELIGIBLE,
	CHECK_ENGINE_VOTER_NEWCOMER,
	CHECK_ENGINE_VOTE_EXPIRY,
	CHECK_ENGINE_ID_WINDOW,
	CHECKS
};

#ifdef SEALWRIGHT_LEAVE_OUT
bool check_left_out(enum check check);
/* Whether the rule, flag or control with this code is the one left out. */
bool check_rule_left_out(enum check check, const char *code);
/* For tests: leaves out one check, and for CHECK_ENGINE_RULE and _GATE the code; CHECK_NONE: none. */
void check_leave_out(enum check check, const char *code);
/* And this one beside it: where two checks stop the same, the second is tried with the first gone. */
void check_leave_out_too(enum check check);
#else
static inline bool check_left_out(enum check check)
{
	(void)check;
	return false;
}
static inline bool check_rule_left_out(enum check check, const char *code)
{
	(void)check;
	(void)code;
	return false;
}
#endif

#endif
