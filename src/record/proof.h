/* SPDX-License-Identifier: Apache-2.0 */
/* proof.h — the author's own signature over the claim: COSE_Sign1, or a WebAuthn assertion whose
 * challenge is the claim's digest. Whose key it is, the writer asks. */
#ifndef RECORD_PROOF_H
#define RECORD_PROOF_H

#include "record/engine.h"

MUST_CHECK err proof_verify(struct engine *e, const struct record *r, const struct proof *proof,
			    struct fault *f);

struct key_cache;
MUST_CHECK err key_cache_open(struct key_cache **out, struct fault *f);
void key_cache_close(struct key_cache *c);

#endif
