/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h — many records in one request, as a line's gateway sends them: in this order, each for
 * itself, each with a receipt that is verified. */
#ifndef CLIENT_BATCH_H
#define CLIENT_BATCH_H

#include "client/client.h"

enum { CLIENT_BATCH_MAX = 1000 };

struct client_batch;
MUST_CHECK err client_batch_open(struct client *c, struct client_batch **out, struct fault *f);
void client_batch_close(struct client_batch *b); /* NULL is fine */
size_t client_batch_size(const struct client_batch *b);
/* Makes the claim of the client's principal and signs it. BATCH_SIZE when there are 1,000. */
MUST_CHECK err client_batch_add(struct client_batch *b, const char *type, const json_t *body,
				struct fault *f);
/* What somebody else signed, like a device: its claim and proof. */
MUST_CHECK err client_batch_bring(struct client_batch *b, const char *type, struct bytes claim,
				  struct bytes proof, struct fault *f);
/* The receipts in order, as a new reference. The first refusal is the fault; what was not refused is
 * recorded all the same. */
MUST_CHECK err client_batch_send(struct client_batch *b, json_t **receipts, struct fault *f);

#endif
