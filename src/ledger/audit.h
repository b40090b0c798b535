/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h — verifies a whole log offline from its tiles layout (C2SP tlog-tiles): the checkpoint's
 * signatures, every tile from the root down, every entry, and what entries say of each other. It
 * streams: memory grows with the number of subjects and pending records only. */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

#include "base/arena.h"
#include "core/entry.h"
#include "core/note.h"

/* Reads one resource ("checkpoint", "tile/0/x001/234.p/5", "tile/entries/000") of at most `max`
 * bytes into the arena. ERR_NOT_FOUND if there is no such resource. */
typedef err audit_fetch_fn(void *context, struct arena *a, const char *path, size_t max,
			   struct bytes *out, struct fault *f);
struct audit_source {
	audit_fetch_fn *fetch;
	void *context;
};
/* A folder as the server writes it, or any static copy. `folder` must outlive it. */
struct audit_source audit_folder(const char *folder);

/* Called for every entry, in order, after its own checks: for example to verify its author's
 * signature with the keys that entries before it enrolled. An error ends the audit. */
typedef err audit_entry_fn(void *context, uint64_t sequence, struct bytes bytes,
			   const struct entry *entry, struct fault *f);
typedef void audit_progress_fn(void *context, uint64_t done, uint64_t size);

struct audit_options {
	struct note_key key; /* the log's verifier key; its name is the origin */
	note_verify_fn *verify;
	const struct note_key *witnesses; /* keys of type 0x04 that may cosign */
	size_t witnesses_n;
	size_t witnesses_needed;
	struct bytes since; /* an older checkpoint (the note) that this log must extend; or empty */
	audit_entry_fn *entry; /* may be NULL */
	void *entry_context;
	audit_progress_fn *progress; /* may be NULL; called once per bundle */
	void *progress_context;
};

/* What was found in a log that passed. */
struct audit_report {
	struct merkle_head head;
	size_t witnesses; /* valid cosignatures of the keys given */
	uint64_t tiles;   /* hash tiles and bundles read */
	uint64_t signed_cose, signed_webauthn, signed_ssh, reported; /* entries by proof */
	uint64_t pending, executed, unfolded, unverified;
	uint64_t subjects;
	uint64_t successions; /* how often the log went on under another name */
	uint64_t first_at, last_at;
};

/* OK, or the first thing that is wrong: a message AUDIT_* with the entry's number or the path of
 * the file, what was expected and what was found. `report` is filled as far as it came. */
MUST_CHECK err audit_run(struct audit_source source, const struct audit_options *options,
			 struct audit_report *report, struct fault *f);

#endif
