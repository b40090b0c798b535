/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_witness.h — witnesses as anchor: the signer's side. What the witnesses hold of this log is
 * what the machine's owner cannot turn back.
 *
 * At start the signer signs a checkpoint of the last head that it knows, with a fresh nonce in an
 * extension line. A witness cosigns that only if it has cosigned nothing later: so a majority that
 * did proves that signer and head were not turned back behind what a majority cosigned before.
 * Until then the signer is not believed, and signs neither checkpoints nor anything else: a signer that was turned
 * back must not walk its old head forward and ask again.
 *
 * From then on evidence counts only in heads that a majority cosigned, and what spends needs
 * something newer than the head of the start (witness_anchor_fresh): an earlier run may have spent
 * it in a journal that was turned back to that same head. Together: whoever turns the journal back
 * loses what was spent, and cannot spend it again.
 *
 * A majority and not just one, because two witnesses that were not asked the same cannot speak for
 * each other: any two majorities have a witness in common. */
#ifndef SIGNER_ANCHOR_WITNESS_H
#define SIGNER_ANCHOR_WITNESS_H

#include "base/arena.h"
#include "core/charter.h"
#include "core/note.h"
#include "crypto/crypto.h"

struct witness_anchor {
	struct note_key log; /* this signer's own */
	size_t n, need;      /* witnesses, and how many of them are a majority */
	struct note_key keys[CHARTER_WITNESSES_MAX];
	uint64_t cosigned[CHARTER_WITNESSES_MAX]; /* size of the latest head that each cosigned */
	bool nonced[CHARTER_WITNESSES_MAX];       /* cosigned this start's nonce */
	struct merkle_head start;
	uint8_t nonce[32];
	bool believed;
};

/* A new start at the head signed last. The witnesses are the charter's: SIGNER_WITNESS_KEY if one of
 * their keys is none of type 4, or stands there twice. */
MUST_CHECK err witness_anchor_start(const struct charter *charter, const struct note_key *log,
				    struct merkle_head start, struct witness_anchor *out,
				    struct fault *f);
/* The charter was revised: what each remaining witness cosigned stands, and so does `believed`. */
MUST_CHECK err witness_anchor_revise(struct witness_anchor *w, const struct charter *charter,
				     struct fault *f);
/* The note to be cosigned, the same each time; empty once the signer is believed. */
MUST_CHECK err witness_anchor_note(const struct witness_anchor *w, const struct private_key *key,
				   struct arena *a, struct bytes *note, struct fault *f);
/* Takes a note with cosignatures. Fine, and without effect, if it says nothing new.
 * SIGNER_WITNESS_NOTE when it is not a checkpoint that this signer signed, has a nonce of another start,
 * or nobody of the witnesses cosigned it. `head` is the caller's to compare with heads it knows. */
MUST_CHECK err witness_anchor_take(struct witness_anchor *w, struct bytes note,
				   struct merkle_head *head, struct fault *f);
/* SIGNER_NOT_WITNESSED, which may go away, unless the signer may be believed. */
MUST_CHECK err witness_anchor_check(const struct witness_anchor *w, struct fault *f);
/* Evidence in a head of this size or less counts: a majority cosigned it. 0 before it is believed. */
uint64_t witness_anchor_counts(const struct witness_anchor *w);
/* Whether this start may spend by evidence whose newest entry has that sequence: an earlier start
 * did not have it. What the journal already holds is answered as ever, without asking this. */
bool witness_anchor_fresh(const struct witness_anchor *w, uint64_t newest);

/* ---- the parts, pure ---- */

/* The note's text: the checkpoint, and `nonce <base64>` after it. */
void anchor_nonce_note(struct writer *w, struct bytes origin, struct merkle_head head,
		       const uint8_t nonce[static 32]);
/* Which of `keys` cosigned (bit i: keys[i]) a checkpoint that `log` signed, with that nonce in its only
 * extension line, or, with `nonce` NULL, without any. 0 if there is anything amiss, also a
 * cosignature of one of these keys that does not verify. */
unsigned anchor_note_cosigned(struct bytes text, const struct note_key *log, const uint8_t *nonce,
			      const struct note_key *keys, size_t n, struct merkle_head *head);

#endif
