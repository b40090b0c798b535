/* SPDX-License-Identifier: Apache-2.0 */
/* policy_world.h — the company of world.h with people who set its policy: anna writes it and breaks
 * glass, qa gives evidence, ben agrees. */
#ifndef TEST_RECORDS_POLICY_WORLD_H
#define TEST_RECORDS_POLICY_WORLD_H

#include "world.h"

#include <string.h>

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };
#define DAYS(n) ((int64_t)(n)*24 * HOUR_MS)

int policy_setup(void **state);
#define POLICY_TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, world_teardown)

/* A time so many ms from now, as JSON wants it. */
const char *from_now(struct world *w, int64_t ms);
/* anna decides and ben agrees: "" or what stands in the way. */
const char *decided(struct world *w, const char *type, const char *body, ...)
	__attribute__((format(printf, 3, 4)));
#define assert_decided(answer, ...) assert_string_equal(decided(__VA_ARGS__), answer)

/* Statement P, if need be, and the control adopted for it. */
void adopted(struct world *w, const char *control);
/* Evidence for a control; `about` is further JSON with a comma before it, or "". */
const char *evidence(struct world *w, const char *control, const char *result, int64_t days,
		     const char *about);
/* qa found out just now that the control has failed since so many ms ago. */
void failed_since(struct world *w, const char *control, int64_t ms, const char *kind,
		  const char *id);
/* An emergency G1 for so many units at a gate, agreed to. */
const char *glass(struct world *w, const char *name, const char *gate, unsigned minutes,
		  unsigned units);

/* anna's issue of one piece of part lot R1 to build authorization BA1: passes the gate `kit`. */
const char *issues(struct world *w);

#endif
