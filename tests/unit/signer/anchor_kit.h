/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_kit.h — three witnesses of one log, and a signer's view of them: the witness of this house, over a
 * fresh store each. Every helper fails the test if it does not work. */
#ifndef TESTS_ANCHOR_KIT_H
#define TESTS_ANCHOR_KIT_H

#include "unit/ledger/witness_kit.h"

#include "signer/anchor_witness.h"

enum { WITNESSES = 3 };

struct house {
	struct fixture x[WITNESSES]; /* each has the same log; only x[0]'s key signs */
	struct charter charter;
	char vkeys[WITNESSES][256];
	struct witness_anchor anchor;
	struct arena arena;
	struct fault f;
};

/* The charter names the first `n`, and the signer starts at a head of this size. */
struct house *house_open(size_t n, uint64_t size);
void house_close(struct house *h);
void pin(struct house *h, size_t n);
void begin(struct house *h, uint64_t size);
/* What the signer wants cosigned, and the checkpoint of a size. */
struct bytes nonce_note(struct house *h);
struct bytes plain_note(struct house *h, uint64_t size);
/* Brings a note to a witness as the server does; the status, and the note with what came back. */
unsigned bring(struct house *h, size_t witness, uint64_t old, struct bytes note, uint64_t size,
	       struct bytes *cosigned);
/* Whether the signer takes it. */
bool take(struct house *h, struct bytes note);
/* The whole way of one note to one witness and back. */
unsigned pass(struct house *h, size_t witness, uint64_t old, struct bytes note, uint64_t size);
/* The note with one more cosignature line that `key` makes over its text, in the name of `as`. */
struct bytes cosigned_by(struct house *h, struct bytes note, const struct private_key *key,
			 const struct note_key *as);

#endif
