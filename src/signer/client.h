/* SPDX-License-Identifier: Apache-2.0 */
/* client.h — what the parts of the client share. */
#ifndef SIGNER_CLIENT_H
#define SIGNER_CLIENT_H

#include "signer/protocol.h"

enum { SMALL_ROOM = 4096 };

/* Sends a request whose encoding fits in `room`, and opens the reply, which lies in the arena. */
MUST_CHECK err signer_call(struct signer_client *c, const struct signer_request *request,
			   size_t room, struct arena *a, struct reader *value, struct fault *f);

#endif
