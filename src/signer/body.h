/* SPDX-License-Identifier: Apache-2.0 */
/* body.h — the fields of a claim's body, by name, strictly by kind. The first field that is missing or of
 * another kind sticks in `wrong`; from then on everything reads as empty. Fields that are not asked for do
 * not matter: the server judged them. */
#ifndef SIGNER_BODY_H
#define SIGNER_BODY_H

#include "base/error.h"
#include "core/entry.h"

struct body {
	struct bytes map; /* a whole, valid item: what claim_parse left in `body` */
	const char *wrong;
};

/* SIGNER_BODY_WRONG with that field, or OK. */
MUST_CHECK err body_check(const struct body *b, struct fault *f);
struct body body_of(const struct claim *claim);
bool body_has(const struct body *b, const char *name);
/* The whole item; p is NULL if it is absent. */
struct bytes body_item(const struct body *b, const char *name);
struct bytes body_id(struct body *b, const char *name);
struct bytes body_text(struct body *b, const char *name, size_t most);
struct bytes body_blob(struct body *b, const char *name, size_t least, size_t most);
struct hash body_hash(struct body *b, const char *name);
uint64_t body_number(struct body *b, const char *name, uint64_t most);
/* False when absent. */
bool body_flag(struct body *b, const char *name);

#endif
