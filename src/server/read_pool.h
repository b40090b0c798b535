/* SPDX-License-Identifier: Apache-2.0 */
/* read_pool.h — reading that may take long, away from the threads that serve everybody: a few threads, and a queue.
 * They use at most half of the readers, so that who asks for something quick always finds one. */
#ifndef SERVER_READ_POOL_H
#define SERVER_READ_POOL_H

#include "base/error.h"

#include <stdbool.h>

struct read_pool;

struct read_job {
	/* Exactly once: `run`, or, when the pool ends before its turn, `drop`. Either may be the last to know of
	 * the job. */
	void (*run)(struct read_job *job);
	void (*drop)(struct read_job *job);
	struct read_job *next;
};

MUST_CHECK err read_pool_start(unsigned threads, struct read_pool **out, struct fault *f);
/* API_BUSY when too many wait already; then the job was not taken. */
MUST_CHECK err read_pool_add(struct read_pool *p, struct read_job *job, struct fault *f);
/* Waits for what runs, drops what waits. Nobody may add any more. NULL is fine. */
void read_pool_stop(struct read_pool *p);

#endif
