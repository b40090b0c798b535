/* SPDX-License-Identifier: Apache-2.0 */
/* take.h — inside this room: a backup while it is taken. */
#ifndef BACKUP_TAKE_H
#define BACKUP_TAKE_H

#include "backup/backup.h"
#include "backup/parts.h"

#include "db/db.h"

struct take {
	const struct backup_plan *plan;
	struct backup_report *report;
	struct tar_writer tar;
	struct arena arena; /* of one part */
	struct db *db;      /* reads only */
	struct ledger *ledger;
	unsigned part; /* number of the next part of its kind */
};

/* take_files.c: settings, and the secrets for custodians. */
MUST_CHECK err take_settings(struct take *t, struct fault *f);
MUST_CHECK err take_secrets(struct take *t, struct fault *f);
/* take_rows.c: what is in the store, and the blobs. */
MUST_CHECK err take_entries(struct take *t, struct fault *f);
MUST_CHECK err take_openings(struct take *t, struct fault *f);
MUST_CHECK err take_blobs(struct take *t, struct fault *f);

/* The next part of a kind. */
MUST_CHECK err take_part(struct take *t, const char *kind, struct bytes content, struct fault *f);
void take_progress(const struct take *t, const char *what, uint64_t done, uint64_t total);

#endif
