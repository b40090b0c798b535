/* SPDX-License-Identifier: Apache-2.0 */
/* signing.h — the signer as the engine sees it: checkpoints, over one connection that the
 * publisher's thread uses. What it signs is checked before it is published. */
#ifndef SERVER_SIGNING_H
#define SERVER_SIGNING_H

#include "record/record.h"
#include "server/config.h"

enum { SIGNER_TIMEOUT_MS = 2000 };

struct log_signing;
/* Reads log.vkey. The signer need not be there yet. */
MUST_CHECK err signing_open(const struct server_config *config, struct log_signing **out,
			    struct fault *f);
void signing_close(struct log_signing *s); /* NULL is fine */
const struct note_key *signing_key(const struct log_signing *s);
/* For engine_config; the context is the struct log_signing. */
sign_checkpoint signing_sign;
signed_head signing_last;

#endif
