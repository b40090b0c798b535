/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h — the signer's append-only memory of what it issued. Each record is, at a multiple of
 * 16 bytes: u32 length, u32 its complement, the record (deterministic CBOR), the chain hash
 * SHA-256(previous chain hash ‖ length ‖ record), zeros up to the next multiple of 16. An append
 * is on the disk (fdatasync) before it returns, so at most the last one can be torn, and what is
 * torn was never answered. A tail that can be such an append is cut at start; anything else that
 * does not hold is SIGNER_JOURNAL_CORRUPT, and the signer does not start. */
#ifndef SIGNER_JOURNAL_H
#define SIGNER_JOURNAL_H

#include "base/error.h"
#include "core/sha256.h"

enum { RECORD_MAX = 1 << 19 };

/* How far the journal has come; the checkpoint file remembers one, so that a journal that was
 * turned back or shortened is noticed. */
struct journal_mark {
	uint64_t size;
	struct hash chain;
};

struct journal {
	int fd;
	struct journal_mark end;
	bool broken; /* a write failed: what is on the disk is unknown until the next start */
};

/* Called for each record in order; `at` is where its first byte stands in the file. */
typedef err journal_visit(void *context, struct bytes record, uint64_t at, struct fault *f);

/* Creates it with its first record. Refuses if the file exists. */
MUST_CHECK err journal_create(const char *path, struct bytes first, struct journal_mark *end,
			      struct fault *f);
/* Locks the file (SIGNER_RUNS_ALREADY), checks every record, visits each, cuts a torn tail and
 * says by `*cut` how many bytes. `passed` must be a point of this journal. */
MUST_CHECK err journal_open(const char *path, struct journal_mark passed, journal_visit *visit,
			    void *context, struct journal *out, uint64_t *cut, struct fault *f);
void journal_close(struct journal *journal);
/* `*at` is where the record's first byte stands. After a failure nothing can be appended. */
MUST_CHECK err journal_append(struct journal *journal, struct bytes record, uint64_t *at,
			      struct fault *f);
/* Reads `n` bytes of an earlier record. */
MUST_CHECK err journal_read(const struct journal *journal, uint64_t at, void *out, size_t n,
			    struct fault *f);

#endif
