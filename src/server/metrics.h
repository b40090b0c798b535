/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h — what the server counts of itself, written as OpenMetrics text. Any thread. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "record/record.h"

#include <stdatomic.h>

enum { LATENCY_BUCKETS = 14, STATUS_CLASSES = 6 };

/* Zero-initialise; there is nothing to free. */
struct metrics {
	atomic_uint_fast64_t requests[STATUS_CLASSES]; /* by status / 100 */
	atomic_uint_fast64_t latency[LATENCY_BUCKETS]; /* of records, by the bucket they fall in */
	atomic_uint_fast64_t latency_sum_ms, latency_n;
	atomic_uint_fast64_t streams;
	atomic_uint_fast64_t certificates, issue_failures; /* issued; refused for good */
	atomic_uint_fast64_t permits;
	atomic_uint_fast64_t signer_waiting, signer_refusals; /* for now */
	atomic_uint_fast64_t limited;
};

void metrics_request(struct metrics *m, int status);
/* How long a record took from its request to its receipt. */
void metrics_record(struct metrics *m, uint64_t ms);
void metrics_put(const struct metrics *m, const struct engine_state *state, struct writer *w);

#endif
