/* SPDX-License-Identifier: Apache-2.0 */
/* proof.h — the author's own signature over the claim: by one of the enrolled keys, in
 * any of the forms of crypto/proof.h. Whose key it is, the writer asks. */
#ifndef RECORD_PROOF_H
#define RECORD_PROOF_H

#include "crypto/proof.h"
#include "record/engine.h"

MUST_CHECK err proof_verify(struct engine *e, const struct record *r, const struct proof *proof,
			    struct fault *f);

/* What assertions must be bound to here, by the configuration. `origin` is the one web origin. */
struct console {
	struct bytes origin;
	struct proof_party party;
};
void console_of(const struct engine_config *config, struct console *out);

struct key_cache;
MUST_CHECK err key_cache_open(struct key_cache **out, struct fault *f);
void key_cache_close(struct key_cache *c);

#endif
