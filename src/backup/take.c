/* SPDX-License-Identifier: Apache-2.0 */
/* take.c — a backup from beginning to end: aside, encrypted from its first byte, put in place by one
 * rename. */
#include "backup/take.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup/age.h"
#include "base/files.h"
#include "core/sha256.h"
#include "ledger/ledger.h"

enum { PATH_SIZE = 4096 };

void backup_say(struct backup_said *said, const char *format, ...)
{
	va_list arguments;

	if (said->n < BACKUP_SAID_MAX) {
		va_start(arguments, format);
		(void)vsnprintf(said->text[said->n], sizeof said->text[0], format, arguments);
		va_end(arguments);
	}
	said->n++;
}

void take_progress(const struct take *t, const char *what, uint64_t done, uint64_t total)
{
	if (t->plan->progress != NULL)
		t->plan->progress(t->plan->context, what, done, total);
}

err take_part(struct take *t, const char *kind, struct bytes content, struct fault *f)
{
	char name[TAR_NAME_MAX + 1];

	(void)snprintf(name, sizeof name, "%s%08u", kind, t->part++);
	return tar_file(&t->tar, name, content, f);
}

/* ---- the parts ---- */

static err take_head(struct take *t, struct fault *f)
{
	char text[PART_TEXT_MAX], root[65];
	const struct merkle_head *head = &t->report->head;

	hex_encode(hash_bytes(&head->root), root);
	int n = snprintf(text, sizeof text,
			 "format = 1\nkind = %s\norigin = %s\nmade = %" PRIu64 "\nsize = %" PRIu64
			 "\nroot = %s\n",
			 t->plan->signer_only ? "signer" : "house", t->plan->origin,
			 t->plan->now_ms, head->size, root);
	if (n < 0 || (size_t)n >= sizeof text)
		return fail(f, "BACKUP_MEMBER_UNFIT", "name", PART_HEAD, NULL);
	return tar_file(&t->tar, PART_HEAD, bytes_of(text, (size_t)n), f);
}

static err take_end(struct take *t, struct fault *f)
{
	char text[PART_TEXT_MAX];
	const struct backup_report *r = t->report;
	int n = snprintf(text, sizeof text,
			 "entries = %" PRIu64 "\nopenings = %" PRIu64 "\nblobs = %" PRIu64
			 "\nsecrets = %" PRIu64 "\n",
			 r->entries, r->openings, r->blobs, r->secrets);

	TRY(tar_file(&t->tar, PART_END, bytes_of(text, (size_t)n), f));
	return tar_close(&t->tar, f);
}

/* Of the log, as its last published checkpoint has it: all that is recorded later is of the next
 * backup. */
static err take_log(struct take *t, struct bytes note, struct fault *f)
{
	TRY(take_head(t, f));
	TRY(tar_file(&t->tar, PART_NOTE, note, f));
	TRY(take_settings(t, f));
	TRY(take_secrets(t, f));
	TRY(take_entries(t, f));
	TRY(take_openings(t, f));
	return take_blobs(t, f);
}

static err open_store(struct take *t, struct bytes *note, struct fault *f)
{
	struct arena *keep = &t->arena;

	TRY(db_open_reader(t->plan->store, &t->db, f));
	TRY(ledger_open(t->db, NULL, &t->ledger, f));
	TRY(ledger_checkpoint(t->ledger, keep, note, &t->report->head, f));
	return note->n == 0 ? fail(f, "BACKUP_NO_CHECKPOINT", NULL) : ERR_OK;
}

static err take_house(struct take *t, struct fault *f)
{
	uint8_t kept[NOTE_SIZE_MAX];
	struct bytes note = {0};

	err e = open_store(t, &note, f);
	if (e.code == OK && note.n <= sizeof kept) {
		memcpy(kept, note.p, note.n); /* the arena is emptied part by part */
		e = take_log(t, bytes_of(kept, note.n), f);
	}
	ledger_close(t->ledger);
	db_close(t->db);
	return e;
}

static err take_all(struct take *t, struct fault *f)
{
	if (!t->plan->signer_only)
		TRY(take_house(t, f));
	else {
		TRY(take_head(t, f));
		TRY(take_secrets(t, f));
	}
	return take_end(t, f);
}

/* ---- the file ---- */

static err write_failed(struct fault *f, const char *path)
{
	return fail(f, "BACKUP_WRITE_FAILED", "path", path, "why", strerror(errno), NULL);
}

static err encrypt_into(struct take *t, int file, struct fault *f)
{
	const char *recipients[BACKUP_PEOPLE_MAX];
	struct fault age_says = {0};
	struct age age;

	for (size_t i = 0; i < t->plan->to_n; i++)
		recipients[i] = t->plan->to[i].recipient;
	TRY(age_encrypt(recipients, t->plan->to_n, file, &age, f));
	t->tar.sink = sink_of_fd(&age.fd);
	err e = take_all(t, f);
	err ended = age_end(&age, &age_says);
	/* When it is age that failed, our own failure to write to it says less. */
	if (ended.code != OK && (e.code == OK || e.code == ERR_IO)) {
		if (f != NULL)
			*f = age_says;
		return ended;
	}
	return e;
}

static err digest_file(int file, struct backup_report *out, const char *path, struct fault *f)
{
	uint8_t part[65536];
	struct sha256 s;
	ssize_t n;

	sha256_init(&s);
	out->size = 0;
	while ((n = pread(file, part, sizeof part, (off_t)out->size)) > 0) {
		sha256_update(&s, bytes_of(part, (size_t)n));
		out->size += (uint64_t)n;
	}
	out->digest = sha256_final(&s);
	return n == 0 ? ERR_OK : write_failed(f, path);
}

/* A link fails where something stands already: nobody's older backup is overwritten. */
static err put_in_place(const char *aside, const char *path, struct fault *f)
{
	if (link(aside, path) != 0)
		return errno == EEXIST ? fail(f, "BACKUP_EXISTS", "path", path, NULL)
				       : write_failed(f, path);
	char parent[PATH_SIZE];
	const char *slash = strrchr(path, '/');

	(void)snprintf(parent, sizeof parent, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
		       slash == NULL ? "." : path);
	AUTO(fd_close) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? ERR_OK : write_failed(f, path);
}

static err judge_plan(const struct backup_plan *p, const char *path, struct fault *f)
{
	char text[8];

	if (file_exists(path))
		return fail(f, "BACKUP_EXISTS", "path", path, NULL);
	if (p->to_n == 0 || p->to_n > BACKUP_PEOPLE_MAX)
		return fail(f, "BACKUP_RECIPIENT_MISSING", NULL);
	(void)snprintf(text, sizeof text, "%zu", p->custodians_n);
	if (p->custodians_n > BACKUP_PEOPLE_MAX ||
	    (p->custodians_n > 0 && (p->need == 0 || p->need > p->custodians_n)) ||
	    (p->custodians_n > 1 && p->need < 2))
		return fail(f, "BACKUP_NEED_WRONG", "custodians", text, NULL);
	if (p->signer_only && p->custodians_n == 0)
		return fail(f, "BACKUP_CUSTODIANS_MISSING", NULL);
	for (size_t i = 0; i < p->to_n; i++)
		if (!age_recipient_valid(p->to[i].recipient))
			return fail(f, "BACKUP_RECIPIENT_WRONG", "recipient", p->to[i].recipient,
				    NULL);
	return ERR_OK;
}

err backup_write(const struct backup_plan *plan, const char *path, struct backup_report *out,
		 struct fault *f)
{
	struct take t = {.plan = plan, .report = out, .arena = {.limit = 64 << 20}};
	char aside[PATH_SIZE];
	int n = snprintf(aside, sizeof aside, "%s.new-XXXXXX", path);

	*out = (struct backup_report){0};
	TRY(judge_plan(plan, path, f));
	if (n < 0 || (size_t)n >= sizeof aside)
		return fail(f, "BACKUP_WRITE_FAILED", "path", path, "why", strerror(ENAMETOOLONG),
			    NULL);
	AUTO(fd_close) int file = mkostemp(aside, O_CLOEXEC);
	if (file < 0)
		return write_failed(f, path);
	err e = encrypt_into(&t, file, f);
	arena_done(&t.arena);
	if (e.code == OK && fsync(file) != 0)
		e = write_failed(f, path);
	if (e.code == OK)
		e = digest_file(file, out, path, f);
	if (e.code == OK)
		e = put_in_place(aside, path, f);
	(void)unlink(aside);
	return e;
}
