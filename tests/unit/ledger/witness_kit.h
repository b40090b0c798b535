/* SPDX-License-Identifier: Apache-2.0 */
/* witness_kit.h — a witness over a fresh store, and a log of 300 entries that asks it. */
#ifndef WITNESS_KIT_H
#define WITNESS_KIT_H

#include "interop/sample_log.h"
#include "ledger/witness.h"
#include "log_kit.h"

#define ORIGIN "test.example/log"
#define NOW    UINT64_C(1790000000)

struct fixture {
	struct kit k;
	struct private_key *key, *log_key, *other_key;
	struct note_key logs[2];
	struct witness_store *w;
	struct ledger *l; /* where proofs come from */
	struct arena a;
	struct witness_reply reply;
	char note_text[1024], body_text[WITNESS_BODY_MAX];
};

void fixture_open(struct fixture *x);
void fixture_close(struct fixture *x);
/* The note over a head as `key` signs it. */
struct bytes note_of(struct fixture *x, const struct private_key *key, const char *origin,
		     struct merkle_head head);
/* A request from `old` to the note's size, with the true proof. */
struct bytes request_of(struct fixture *x, uint64_t old, struct bytes note, uint64_t size);
/* Asks; the reply is then in the fixture. Returns its status. */
unsigned post(struct fixture *x, struct bytes body, uint64_t now);
/* Asks with the log's own, true checkpoint. */
unsigned step(struct fixture *x, uint64_t old, uint64_t size);
/* A stale request is told the size that is stored. */
void assert_stored(struct fixture *x, uint64_t size);
/* The reply cosigns the note that was sent last, at that time. */
void assert_cosigned(struct fixture *x, uint64_t time);

#endif
