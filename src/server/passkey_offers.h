/* SPDX-License-Identifier: Apache-2.0 */
/* passkey_offers.h — passkeys that were registered and wait until somebody with access.admin signs their
 * key.enrolled; and what counters of passkeys in use last said. Any thread may call. */
#ifndef SERVER_PASSKEY_OFFERS_H
#define SERVER_PASSKEY_OFFERS_H

#include "server/operational.h"

enum { OFFER_DAYS = 7, OFFERS_MAX = 5, OFFER_LABEL_MAX = 60, OFFER_TRANSPORTS_MAX = 64 };

/* The body of a key.enrolled, and what is shown of it. */
struct passkey_offer {
	struct hash key;
	struct bytes principal, spki, credential, label, transports;
	struct bytes possession, authenticator_data, client_data;
	uint64_t created, expires;
};

/* Fills in created and expires. API_PASSKEY_KNOWN, API_PASSKEY_OFFERS_MANY. */
MUST_CHECK err passkey_offer_add(struct operational *o, struct passkey_offer *offer,
				 struct fault *f);
/* Those that wait: of a principal, or all (NULL); of one key, or any (NULL). The offer lives until the function
 * returns, which must not use `o`. */
typedef err passkey_offer_fn(void *context, const struct passkey_offer *offer);
MUST_CHECK err passkey_offer_each(struct operational *o, const char *principal,
				  const struct hash *key, passkey_offer_fn *each, void *context,
				  struct fault *f);
MUST_CHECK err passkey_offer_drop(struct operational *o, const char *principal, struct hash key,
				  bool *found, struct fault *f);

/* Takes what a counter says now: `*grew` false when it is neither more than before nor still 0; `*stored` then has what
 * it said before. */
MUST_CHECK err passkey_counter_set(struct operational *o, struct hash key, uint32_t counter,
				   bool *grew, uint32_t *stored, struct fault *f);

#endif
