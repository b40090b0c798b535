/* SPDX-License-Identifier: Apache-2.0 */
/* issue_crash.h — what the processes of the crash test share. */
#ifndef TESTS_API_ISSUE_CRASH_H
#define TESTS_API_ISSUE_CRASH_H

#include "company.h"
#include "fixture_internal.h"

#include "core/sha256.h"
#include "core/signed_documents.h"

enum {
	PER_ROUND = 2,
	ROUNDS_MAX = 1000,
	REQUESTS_MAX = PER_ROUND * (ROUNDS_MAX + 1),
	WRONG_STATUS = 3,
};

/* In memory that all processes share: what was once seen must stay so. */
struct seen {
	struct unit_seen {
		uint64_t n; /* of the receipt; 0: not seen yet */
		struct hash certificate;
	} units[REQUESTS_MAX];
	uint32_t owner[REQUESTS_MAX + 1]; /* unit that has this n, plus one */
	unsigned long changes;            /* made by a server that was not cut */
	char wrong[256];
};

struct crash {
	struct api *x;
	struct company company;
	struct seen *seen;
	json_t *requests[REQUESTS_MAX]; /* signed */
	size_t rounds;
	pid_t signer;
	unsigned random;
	size_t servers_ended, signers_ended; /* before their time */
};

/* In one of four buffers. */
const char *serial_of(size_t i);
/* In a process of its own: what earlier rounds left is finished first, whatever they left; then this round's
 * requests are made, and the process ends at the `cut`-th change (0: at none) or when they are answered. */
_Noreturn void run_server(struct crash *c, size_t round, unsigned long cut);
/* The log, the tables and the signer's journal say the same of every request, and count without a gap. */
void verify_all(struct crash *c);

#endif
