/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_counter.h — a counter in the NV memory of a TPM 2.0, over tpm2-tss. Inside the anchor's
 * worker; everybody else uses anchor.h.
 *
 * Every command goes through a session that is salted to the TPM's own endorsement key: answers are
 * authenticated by a TPM that holds that key, and its name says which TPM it is. */
#ifndef SIGNER_ANCHOR_COUNTER_H
#define SIGNER_ANCHOR_COUNTER_H

#include "base/error.h"
#include "core/sha256.h"

struct counter_config {
	const char *tcti;
	uint32_t index;
	bool create;             /* when it is opened first */
	struct bytes owner_auth; /* for `create`; may be empty */
};

struct counter;

/* The configuration must outlive the counter. With `create`, makes the index and counts once. */
MUST_CHECK err counter_open(const struct counter_config *config, struct counter **out,
			    struct fault *f);
void counter_close(struct counter *c); /* NULL is fine */
/* After ANCHOR_UNAVAILABLE the next call opens the TPM anew, by itself. */
MUST_CHECK err counter_read(struct counter *c, uint64_t *value, struct fault *f);
MUST_CHECK err counter_advance(struct counter *c, uint64_t *value, struct fault *f);
/* Which TPM it is: digest of its endorsement key's public area (its name without the algorithm). */
MUST_CHECK err counter_identity(struct counter *c, struct hash *out, struct fault *f);

#endif
