/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h — what the policy says about a gate's controls, asked on one connection: which of them
 * judge, and what becomes of one that failed. Without an area that has a policy, every control that
 * is built in judges, and what fails stops. */
#ifndef RECORD_POLICY_H
#define RECORD_POLICY_H

#include "record/registry.h"
#include "record/record.h"

struct policy {
	const struct registry *registry;
	struct db *db;
	struct statement *statements[POLICY_SECTIONS];
	bool known; /* what follows is what the tables say */
	uint64_t revision;
	bool judges[CONTROLS_MAX]; /* by place in registry.controls */
};

MUST_CHECK err policy_open(const struct registry *registry, struct db *db, struct policy *out,
			   struct fault *f);
void policy_close(struct policy *p);

/* The tables have changed, or may have: the next question reads them again. */
void policy_forget(struct policy *p);
/* Reads what it does not know, in a round trip of its own. */
MUST_CHECK err policy_know(struct policy *p, struct fault *f);
/* Whether the control at this place stands at this gate and judges. Needs policy_know. */
bool policy_asks(const struct policy *p, size_t control, const char *gate);

/* The values of a control's parameters for each control of the gate differ by its name alone. */
struct value *control_values(struct arena *a, const struct value common[static CP_N],
			     const char *control);

/* Fills `result` of each failure: fail, warn, observe, excepted, glass. What does not fail moves to
 * `let_pass`. `common` is the subject, the author and the time. Asks nothing of an empty list. */
MUST_CHECK err policy_weigh(struct policy *p, const char *gate,
			    const struct value common[static CP_N],
			    struct control_failure **failures, struct control_failure **let_pass,
			    struct fault *f);
/* The result that a witness names for a control of the gate: "pass" unless it was let pass. */
const char *policy_result(const struct control_failure *let_pass, const char *control);

/* Queues the rows of a passage that a witness tells of. */
MUST_CHECK err policy_passage(struct policy *p, struct arena *a, const char *gate,
			      const struct subject *subject, struct bytes author,
			      const struct witness *w, struct fault *f);

/* What they raise: nothing is held, and folds do not count it as a flag. */
#define CODE_WARNED "CONTROL_WARNED"
#define CODE_GLASS  "BROKEN_GLASS_USED"

/* The results that a witness may tell of, as texts that stay. */
#define RESULT_FAIL     "fail"
#define RESULT_WARN     "warn"
#define RESULT_OBSERVE  "observe"
#define RESULT_EXCEPTED "excepted"
#define RESULT_GLASS    "glass"

#endif
