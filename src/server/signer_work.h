/* SPDX-License-Identifier: Apache-2.0 */
/* signer_work.h — everything that the signer is asked for, beside checkpoints: it is told of denials,
 * brought decisions that took effect, unit requests and permit requests, each with its evidence, outside
 * any transaction; and what it answers is recorded. Each step may be repeated: the signer answers the
 * same question alike for ever, and the id of the record follows from the question. What it refuses for
 * now is asked again, later each time; what it refuses for good is recorded so. A thread of its own. */
#ifndef SERVER_SIGNER_WORK_H
#define SERVER_SIGNER_WORK_H

#include "base/error.h"

struct server;
struct signer_work;
MUST_CHECK err signer_work_start(struct server *s, struct signer_work **out, struct fault *f);
/* A record of this type was certified: if it is something for the signer, it is brought there. */
void signer_work_tell(struct signer_work *w, const char *type);
/* Waits for the batch under way, and makes no other. It may still be told, since the engine tells of what
 * it publishes until it is closed, and it must stop before the engine that it uses: it is freed when
 * that is closed. NULL is fine for all. */
void signer_work_stop(struct signer_work *w);
void signer_work_close(struct signer_work *w);

struct signer_work_state {
	uint64_t waiting;  /* refused for now, or not yet asked, as of the last round */
	bool failing;      /* the last round did not come to its end: `last` says why */
	struct fault last; /* code OK: nothing was refused since the start */
};
/* From any thread. */
void signer_work_state_read(struct signer_work *w, struct signer_work_state *out);

#endif
