/* SPDX-License-Identifier: Apache-2.0 */
/* proofs.h — whether the proof in an entry is its author's: COSE, a passkey's or OpenSSH's. */
#ifndef VERIFY_PROOFS_H
#define VERIFY_PROOFS_H

#include "core/entry.h"

/* NULL if the entry's proof is made with this key over its claim, otherwise why not. Passkeys must be
 * bound to `party`. */
const char *proof_wrong(const struct entry *entry, struct bytes spki, struct bytes party);
/* The same for a document of the signer, COSE_Sign1 with its payload inside, by an Ed25519 key. */
bool document_signed(const struct cose_sign1 *sign1, struct bytes name,
		     const uint8_t key[static 32]);

#endif
