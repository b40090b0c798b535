/* SPDX-License-Identifier: Apache-2.0 */
/* issuing.h — the second and third step of a device certificate: asks the signer, outside any
 * transaction, for what is requested and not issued, and records what it answers. Both may be
 * repeated: the signer answers the same request alike for ever, and the record's id follows from
 * the request. A thread of its own. */
#ifndef SERVER_ISSUING_H
#define SERVER_ISSUING_H

#include "base/error.h"

struct server;
struct issuing;
MUST_CHECK err issuing_start(struct server *s, struct issuing **out, struct fault *f);
/* A request was recorded. */
void issuing_wake(struct issuing *i);
/* Waits for the batch under way, and makes no other. It may still be woken, since the engine tells
 * of what it publishes until it is closed, and it must stop before the engine that it uses: it is
 * freed when that is closed. NULL is fine for both. */
void issuing_stop(struct issuing *i);
void issuing_close(struct issuing *i);

#endif
