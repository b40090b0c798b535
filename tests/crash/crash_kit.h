/* SPDX-License-Identifier: Apache-2.0 */
/* crash_kit.h — an engine in a child process that may end at any moment, and a parent that keeps what
 * a signer and the callers would: the last signed head, and every receipt that was answered. */
#ifndef TEST_CRASH_KIT_H
#define TEST_CRASH_KIT_H

#include "records/trial.h"

#include <sys/types.h>

enum { STEPS_MAX = 64, RECEIPTS_MAX = 256, KIT_PATH = 192, CHECKPOINT_MAX = 1024 };

/* Submissions that are made together; one of them, or a whole batch. */
struct step {
	size_t n;
	struct bytes cbor[4];
	bool refused; /* as it must be */
};

struct receipt {
	uint64_t sequence;
	struct hash leaf, digest;
};

/* In memory that parent and child share. A slot is written before `slot` names it. */
struct ledger_of_others {
	struct merkle_head signed_heads[2];
	char notes[2][CHECKPOINT_MAX];
	unsigned slot;
	struct receipt receipts[RECEIPTS_MAX];
	size_t receipts_n;
	unsigned long changes; /* how many a child made that came to its end */
};

struct crash {
	struct trial *trial;
	struct step steps[STEPS_MAX];
	size_t steps_n;
	struct ledger_of_others *others;
	sign_checkpoint *sign;    /* the house's */
	struct merkle_head began; /* what was signed before the first cut */
	char store[KIT_PATH + 32], tiles[KIT_PATH + 32];
	char folder[KIT_PATH]; /* of the copy; empty: in place */
	struct engine_config config;
};

struct crash *crash_new(struct trial *t);
/* Removes the copy, if there is one. In place, the trial's house goes on where the child stopped. */
void crash_free(struct crash *c);

/* Prepares what the child will submit: everything an engine does, `rounds` times, about items of
 * their own whose names begin with `name`. The trial's engine must run. */
void crash_steps(struct crash *c, const char *name, size_t rounds);

/* Stops the trial's engine. What follows happens in `config`'s store. */
void crash_begin(struct crash *c);

/* Starts the trial's engine again where the last child and the last check left the store. */
void crash_resume(struct crash *c);

/* A child opens the store, submits every step and closes. It ends at its `cut`-th change (0: at none)
 * or after `killed_us` microseconds (0: never). Returns its exit status, or 128 + signal. */
int crash_run(struct crash *c, unsigned long cut, unsigned killed_us);

/* Opens the store again and checks: it extends what was signed, nothing that was answered is lost,
 * a rebuild equals, the audit is clean, and every step can be sent again and is recorded once. */
void crash_verify(struct crash *c);

/* A fresh copy of a folder, for the next cut. */
void copy_folder(const char *from, const char *to);
void remove_folder(const char *path);

#endif
