/* SPDX-License-Identifier: Apache-2.0 */
/* audit_history.h — what the entries of a log say of each other: numbers, times, the chain of each
 * subject, and what was pending and then executed. */
#ifndef LEDGER_AUDIT_HISTORY_H
#define LEDGER_AUDIT_HISTORY_H

#include "core/succession.h"
#include "ledger/audit.h"

/* A map from 16 bytes to a number: open addressing, at most two thirds full.
 * Zero-initialise; table_done frees it. */
struct table_slot {
	uint8_t key[16];
	uint64_t value; /* 0: empty */
};
struct table {
	struct table_slot *slots;
	size_t n, cap;
};
/* The slot of `key`, added with value 0 if it was not there: the caller then sets it. NULL if
 * there is no memory. */
struct table_slot *table_at(struct table *t, const uint8_t key[static 16]);
void table_done(struct table *t);

/* Zero-initialise but for `name`; history_done frees it. */
struct history {
	struct table subjects; /* digest of the subject → last sequence + 1 */
	struct table pending;  /* sequence → 1 waits, 2 executed */
	uint64_t last_at;
	struct origin_line origins;
	const char *name; /* that the log has now */
};
/* Checks the entry, the next after the tree `before`, against those before it, and remembers it. */
MUST_CHECK err history_check(struct history *h, const struct merkle *before,
			     const struct entry *entry, struct audit_report *report,
			     struct fault *f);
/* At the end: the log must have come to its name. */
MUST_CHECK err history_end(const struct history *h, struct fault *f);
void history_done(struct history *h);

#endif
