/* SPDX-License-Identifier: Apache-2.0 */
/* custody.h — what only k of n custodians together can open: a random key encrypts it (AES-256-GCM,
 * chunk by chunk), and Shamir's shares of that key go to one custodian each.
 *
 *   sealed   header ‖ chunks
 *   header   "sealwright-cust1" ‖ u8 need ‖ u8 n ‖ u64 size ‖ SHA-256("sealwright custody key" ‖ key)
 *   chunk    nonce ‖ ciphertext of at most 65,536 bytes ‖ tag, over header ‖ u64 index */
#ifndef BACKUP_CUSTODY_H
#define BACKUP_CUSTODY_H

#include "backup/shamir.h"
#include "backup/stream.h"
#include "core/bytes.h"

enum {
	CUSTODY_CHUNK = 65536,
	CUSTODY_EXTRA = 28, /* nonce and tag of a chunk */
	CUSTODY_HEADER = 58,
	CUSTODY_NAME_MAX = 40,
	CUSTODY_SHARE_TEXT = 512,
};

struct custody {
	uint8_t key[32];
	unsigned need, n;
	uint64_t size; /* of what is sealed */
	struct hash commitment;
	uint8_t header[CUSTODY_HEADER];
};

/* A fresh key for `size` bytes. Wipe it when done. */
MUST_CHECK err custody_make(unsigned need, unsigned n, uint64_t size, struct custody *out,
			    struct fault *f);
uint64_t custody_sealed_size(uint64_t size);

/* Writing: exactly `size` bytes, then custody_close. About 128 kB: not for the stack. */
struct custody_writer {
	const struct custody *custody;
	struct sink sink;
	uint64_t done, index;
	size_t held;
	uint8_t plain[CUSTODY_CHUNK], sealed[CUSTODY_CHUNK + CUSTODY_EXTRA];
};
/* Zero-initialise but for custody and sink. */
MUST_CHECK err custody_begin(struct custody_writer *w, struct fault *f);
MUST_CHECK err custody_put(struct custody_writer *w, struct bytes content, struct fault *f);
MUST_CHECK err custody_close(struct custody_writer *w, struct fault *f);

/* Reading. */
struct custody_reader {
	struct custody custody; /* its key is to be set after custody_open */
	struct source source;
	uint64_t left, index;
	size_t held, at;
	uint8_t plain[CUSTODY_CHUNK], sealed[CUSTODY_CHUNK + CUSTODY_EXTRA];
};
/* Reads the header; `size` is what the whole has to have. BACKUP_DAMAGED. */
MUST_CHECK err custody_open(struct custody_reader *r, uint64_t size, struct fault *f);
MUST_CHECK err custody_get(struct custody_reader *r, uint8_t *out, size_t n, size_t *got,
			   struct fault *f);
void custody_reader_wipe(struct custody_reader *r);

/* ---- shares as text, for people's hands ---- */

struct custody_share {
	struct hash commitment;
	unsigned need;
	char custodian[CUSTODY_NAME_MAX + 1];
	struct shamir_share share;
};
MUST_CHECK bool custody_name_valid(struct bytes name);
void share_put(struct writer *w, const struct custody_share *share);
/* Strict; a digit that was mistyped is noticed. */
MUST_CHECK bool share_parse(struct bytes text, struct custody_share *out);
/* The key from shares of this backup: BACKUP_SHARES_FEW, BACKUP_SHARE_OTHER (of another backup),
 * BACKUP_SHARE_WRONG. Takes the first that are different; the rest are not looked at. */
MUST_CHECK err custody_unlock(struct custody *c, const struct custody_share *shares, size_t n,
			      struct fault *f);

#endif
