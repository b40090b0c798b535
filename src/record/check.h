/* SPDX-License-Identifier: Apache-2.0 */
/* check.h — what a C check of an area may see: the record itself, and nothing that changes. */
#ifndef RECORD_CHECK_H
#define RECORD_CHECK_H

#include "record/type.h"

struct proof_party; /* crypto/proof.h */

struct check_context {
	struct arena *arena;
	struct bytes origin;               /* of this log */
	const struct proof_party *console; /* what passkeys are bound to; NULL: no passkeys here */
	const struct claim *claim;
	struct hash digest; /* of the claim */
};

#endif
