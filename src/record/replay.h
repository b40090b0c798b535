/* SPDX-License-Identifier: Apache-2.0 */
/* replay.h — the log is folded once more into a store of its own, and at each passage of a gate the
 * gate is asked again, as of then: under the policy of that time, or under another one. Nothing is
 * written to the log or its tables. */
#ifndef RECORD_REPLAY_H
#define RECORD_REPLAY_H

#include "record/record.h"

/* One thing that a control would have stopped at a gate that it passed. */
struct replay_held {
	uint64_t sequence, at;
	const char *gate;
	const char *kind, *within, *id;
	const char *through; /* the shipment in which it passed; empty: by itself */
	const char *control, *expected, *found;
};
typedef void replay_found(void *context, const struct replay_held *held);

struct replay_options {
	uint64_t since_ms;          /* passages from then on are asked about */
	const json_t *draft;        /* array of {"type", "body"} records of the policy, or NULL */
	const char *scratch;        /* folder for the throw-away store, or NULL: /tmp */
	replay_found *found;        /* in the order of the log */
	rebuild_progress *progress; /* may be NULL */
	void *context;              /* of both */
};

struct replay_report {
	uint64_t entries, passages;
	uint64_t things; /* different things that would have been held */
};

/* `config` names the store, which may be in use. A draft takes effect at the start of the window, and
 * from then on what the log says of statements, controls, modes and numbers no longer counts; what it says
 * of evidence, exceptions and broken glass does. Refused records of the draft name their place in it. */
MUST_CHECK err policy_replay(const struct engine_config *config,
			     const struct replay_options *options, struct replay_report *out,
			     struct fault *f);

#endif
