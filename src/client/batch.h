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
/* The same from {"id", "made", "occurred", "source", "body"}; only body is needed. */
MUST_CHECK err client_batch_add_envelope(struct client_batch *b, const char *type,
					 const json_t *envelope, struct fault *f);
/* What somebody else signed, like a device: its claim and proof. */
MUST_CHECK err client_batch_bring(struct client_batch *b, const char *type, struct bytes claim,
				  struct bytes proof, struct fault *f);
/* The receipts in order, as a new reference. The first refusal is the fault; what was not refused is
 * recorded all the same. */
MUST_CHECK err client_batch_send(struct client_batch *b, json_t **receipts, struct fault *f);
/* The same, but a refusal is a result among the others: a problem document whose `status` is 400 or
 * more. */
MUST_CHECK err client_batch_results(struct client_batch *b, json_t **results, struct fault *f);

#endif
