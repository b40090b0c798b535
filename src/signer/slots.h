/* SPDX-License-Identifier: Apache-2.0 */
/* slots.h — the last checkpoint signed, in a file of constant size. Two slots take turns; each
 * holds its content twice, in two pages, so that one page that rots does not turn the signer back
 * to an older checkpoint. A write touches only the older slot and is on the disk (fdatasync)
 * before it returns: torn, it leaves the other slot, and what is torn was never answered. */
#ifndef SIGNER_SLOTS_H
#define SIGNER_SLOTS_H

#include "core/merkle.h"
#include "signer/journal.h"

enum { SLOT_NOTE_MAX = 1024, SLOT_PAGE = 4096 };

struct checkpoint_state {
	uint64_t counter; /* grows by one with each checkpoint; its lowest bit chooses the slot */
	struct merkle_head head;
	size_t note_n; /* 0: nothing was signed yet */
	uint8_t note[SLOT_NOTE_MAX];
	struct journal_mark journal; /* the journal's end when this was signed */
};

struct slots {
	int fd;
	bool broken; /* as in struct journal */
};

/* Creates the file with a first state, counter 0. Refuses if it exists. */
MUST_CHECK err slots_create(const char *path, const struct checkpoint_state *first,
			    struct fault *f);
/* Locks the file (SIGNER_RUNS_ALREADY). The newest state that holds; SIGNER_CHECKPOINT_CORRUPT if
 * there is none. */
MUST_CHECK err slots_open(const char *path, struct slots *out, struct checkpoint_state *last,
			  struct fault *f);
void slots_close(struct slots *slots);
/* `state->counter` is one more than that of the last state. */
MUST_CHECK err slots_write(struct slots *slots, const struct checkpoint_state *state,
			   struct fault *f);

#endif
