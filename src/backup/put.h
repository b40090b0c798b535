/* SPDX-License-Identifier: Apache-2.0 */
/* put.h — inside this room: a backup while it is put back. */
#ifndef BACKUP_PUT_H
#define BACKUP_PUT_H

#include "backup/backup.h"
#include "backup/custody.h"
#include "backup/parts.h"
#include "ledger/ledger.h"

enum { PUT_PATH_SIZE = 4096, PUT_KEY_ID = 16 };

/* What a page of rows says of the files that follow it. */
struct put_blob {
	struct hash digest;
	bool personal;
	uint8_t key_id[PUT_KEY_ID];
};

struct put {
	const struct restore_plan *plan;
	struct restore_report *report;
	struct tar_reader tar;
	struct arena arena; /* of one part */
	char folder[PUT_PATH_SIZE];
	char store[PUT_PATH_SIZE + 16];
	bool signer_only, ended, cleans_store;
	unsigned rank;               /* of the last part's kind */
	char last[TAR_NAME_MAX + 1]; /* the last part's name */
	uint8_t note[NOTE_SIZE_MAX];
	size_t note_n;
	bool has_key;
	struct note_key key; /* of the log */
	size_t files_n;

	struct db *db; /* one transaction, from the first entry to the last blob's row */
	struct ledger *ledger;
	struct statement *add_opening, *add_blob, *add_key;
	struct put_blob blobs[PART_BLOBS_N]; /* whose files are still to come */
	size_t blobs_n, blobs_at;
};

err put_damaged(struct fault *f, const char *why);
/* A whole member that must be small. */
MUST_CHECK err put_member(struct put *p, const struct tar_member *m, size_t max, struct bytes *out,
			  struct fault *f);
/* A member, or what a source gives, into a new file of the folder that is being made. */
MUST_CHECK err put_file(struct put *p, const char *name, struct source from, uint64_t size,
			struct hash *digest, struct fault *f);

/* put_rows.c */
MUST_CHECK err put_store_open(struct put *p, struct fault *f);
MUST_CHECK err put_entries(struct put *p, const struct tar_member *m, struct fault *f);
MUST_CHECK err put_openings(struct put *p, const struct tar_member *m, struct fault *f);
MUST_CHECK err put_blob_rows(struct put *p, const struct tar_member *m, struct fault *f);
MUST_CHECK err put_blob(struct put *p, const struct tar_member *m, struct fault *f);
/* Compares with the checkpoint and commits. */
MUST_CHECK err put_store_commit(struct put *p, struct fault *f);
/* Empties the store again, if it is another than the folder's own. */
void put_store_close(struct put *p, bool keep);

/* put_secrets.c */
MUST_CHECK err put_secrets(struct put *p, const struct tar_member *m, struct fault *f);

/* prove.c: what was put back, looked at as a stranger would. */
MUST_CHECK err prove_facts(struct put *p, struct fault *f);
MUST_CHECK err prove_blobs(struct put *p, struct fault *f);
MUST_CHECK err prove_signer(struct put *p, struct fault *f);

#endif
