/* SPDX-License-Identifier: Apache-2.0 */
/* issue.h — one batch of unit.requested on its way to device certificates and issue receipts. */
#ifndef SIGNER_ISSUE_H
#define SIGNER_ISSUE_H

#include "signer/admit.h"

struct issue_task {
	struct shown shown;
	struct bytes csr;
	struct public_key *key; /* the device's; to be closed */
	struct intent intent;
	struct hash unit;
	uint32_t authorization;        /* place in the list */
	const struct issue_task *same; /* an earlier task of this batch with the same request */
	bool fresh;                    /* its intent is not journaled yet */
	bool unsigned_yet;             /* its certificate is not journaled yet */
	struct journal_span span;      /* of what was put into the record being made */
	struct bytes certificate, receipt;
	struct fault why_not; /* code OK: not refused */
};

struct issue_batch {
	struct vault *vault;
	struct arena *arena;
	const struct signer_request *request;
	uint64_t now;
	struct issue_task *tasks;
	size_t n;
};

static inline bool issue_refused(const struct issue_task *task)
{
	return task->why_not.code != OK;
}

/* Fills task->why_not if the request cannot be granted. */
void issue_judge(struct issue_batch *b, size_t i);

#endif
