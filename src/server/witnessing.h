/* SPDX-License-Identifier: Apache-2.0 */
/* witnessing.h — brings each new checkpoint to the witnesses of the configuration (C2SP
 * tlog-witness), keeps their cosignatures with the published checkpoint, and shows them to a signer
 * whose anchor they are. A thread of its own, with its own connections: a witness that is slow or
 * away delays nobody else. */
#ifndef SERVER_WITNESSING_H
#define SERVER_WITNESSING_H

#include "server/config.h"

#include <jansson.h>

struct witnessing;

/* Without witnesses in the configuration `*out` is NULL, which is fine for all that follows. It may
 * start before the engine: a signer that waits for its witnesses signs nothing before. */
MUST_CHECK err witnessing_start(const struct server_config *config, struct witnessing **out,
				struct fault *f);
/* A checkpoint was published. */
void witnessing_wake(struct witnessing *w);
/* Ends what is under way, within seconds. It may still be woken until it is closed. */
void witnessing_stop(struct witnessing *w);
void witnessing_close(struct witnessing *w);

/* The size of the head that evidence for the signer should stand in: `certified`, or where witnesses
 * are its anchor, the latest that it was shown with the cosignatures of a majority of them. */
uint64_t witnessing_head(struct witnessing *w, uint64_t certified);
/* One member a witness: its name, the size that it cosigned, how far that is behind `certified`, and
 * the problem if it has one. NULL when there are none. */
json_t *witnessing_json(struct witnessing *w, uint64_t certified);
/* For GET /v1/doctor: a check a witness, or that there is none. */
void witnessing_check(struct witnessing *w, uint64_t certified, uint64_t now_ms, json_t *checks);
/* OpenMetrics text. */
void witnessing_put_metrics(struct witnessing *w, uint64_t certified, struct writer *out);

#endif
