/* SPDX-License-Identifier: Apache-2.0 */
/* engine_attack.h — against the server's own rules: somebody with a right, a key or a clock that is not as it
 * should be, and an engine that decides. Each attack has an engine of its own. */
#ifndef TESTS_ENGINE_ATTACK_H
#define TESTS_ENGINE_ATTACK_H

#include "attack.h"
#include "records/trial.h"

/* An engine and its people; ended by trial_over(). */
struct trial *trial_new(void);
/* What was answered, if it was a refusal; NULL if it was `success`. Anything else fails the test. */
const char *trial_over(struct trial *t, const char *answer, const char *success);
/* Something of this site waits for so many approvals. */
struct hash trial_waits(struct trial *t, unsigned need);
/* "2026-11-20T…", so many milliseconds from now. */
const char *trial_time(struct trial *t, int64_t ms);
void trial_grants(struct trial *t, const char *id, const char *who, const char *role,
		  const char *more);

#endif
