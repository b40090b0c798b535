/* SPDX-License-Identifier: Apache-2.0 */
/* backup.h — everything of a house in one encrypted file, and back. Taken while the house serves; put
 * back whole or not at all, and believed only after it was verified (docs/guides/recovery.md). */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "core/merkle.h"
#include "core/note.h"
#include "record/record.h"

enum { BACKUP_PEOPLE_MAX = 16, BACKUP_SHARE_FILES_MAX = 32, BACKUP_SAID_MAX = 8 };

/* A name for people, and a public key as age knows it. */
struct backup_person {
	const char *name, *recipient;
};

typedef void backup_progress(void *context, const char *what, uint64_t done, uint64_t total);

/* What is missing or does not hold: sentences, cut after the first few. */
struct backup_said {
	size_t n; /* of all */
	char text[BACKUP_SAID_MAX][200];
};
void backup_say(struct backup_said *said, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct backup_plan {
	const char *folder;        /* of the house */
	const char *store, *blobs; /* as its settings name them */
	const char *origin;
	bool signer_only;               /* the signer's machine: its folder, nothing of the log */
	const struct backup_person *to; /* who opens the file */
	size_t to_n;
	const struct backup_person *custodians; /* who open its secrets, `need` of them */
	size_t custodians_n;                    /* 0: the secrets are left out */
	unsigned need;
	uint64_t now_ms;
	backup_progress *progress; /* may be NULL */
	void *context;
};

struct backup_report {
	struct merkle_head head;
	uint64_t entries, openings, blobs, blob_bytes, secrets, size;
	struct hash digest; /* of the file */
	struct backup_said missing;
};

/* Writes the file, whole or not at all (BACKUP_EXISTS if there is one). The server may serve, and the
 * signer sign. */
MUST_CHECK err backup_write(const struct backup_plan *plan, const char *path,
			    struct backup_report *out, struct fault *f);

/* ---- and back ---- */

struct restore_plan {
	const char *file, *identity; /* identity: a file of age's */
	const char *folder;          /* must not exist */
	const char *store;           /* db_open address; NULL: sqlite, in the folder */
	const char *const *shares;   /* files with custodians' shares */
	size_t shares_n;
	const struct note_key
		*log; /* verifier key known from elsewhere; NULL: that of the backup */
	const struct area *const *areas;
	uint64_t now_ms;
	bool test; /* everything is removed again */
	backup_progress *progress;
	void *context;
};

struct restore_report {
	char origin[NOTE_NAME_MAX + 1];
	struct merkle_head head;
	uint64_t entries, openings, blobs, verified_signatures;
	uint64_t personal; /* of the blobs: about people, readable with blob.key alone */
	uint64_t made_ms;  /* when the backup was made */
	bool facts, secrets, signer;
	struct hash digest;         /* of the file */
	struct backup_said missing; /* what is not there, or does not hold */
	bool sound;                 /* nothing that is there is damaged */
};

/* Restores and verifies: tree against checkpoint and key, every entry and signature, every file's digest,
 * the signer's journal; then folds the tables. On failure nothing is left. */
MUST_CHECK err restore_run(const struct restore_plan *plan, struct restore_report *out,
			   struct fault *f);
/* Takes the custodians' sealed shares out of a backup, into a folder: each opens his own with age. */
MUST_CHECK err restore_shares(const char *file, const char *identity, const char *folder, size_t *n,
			      struct fault *f);

/* ---- when it was last done (FOLDER/run/backups) ---- */

struct backup_mark {
	uint64_t at; /* 0: never */
	uint64_t size;
	struct hash digest; /* of the file */
};
struct backup_marks {
	struct backup_mark backup, tested;
};
/* A house without the file has never been backed up. A damaged one counts as none. */
void backup_marks_read(const char *folder, struct backup_marks *out);
MUST_CHECK err backup_marks_write(const char *folder, const struct backup_marks *marks,
				  struct fault *f);

#endif
