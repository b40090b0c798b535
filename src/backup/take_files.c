/* SPDX-License-Identifier: Apache-2.0 */
/* take_files.c — the folder's files: settings as they are, secrets sealed for custodians. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/age.h"
#include "backup/custody.h"
#include "backup/take.h"
#include "base/files.h"

enum { PATH_SIZE = 4096, NAME_SIZE = 80, STEADY_TRIES = 1000, SLOTS_SIZE_MAX = 1 << 16 };

static err read_failed(struct fault *f, const char *path)
{
	return fail(f, "BACKUP_READ_OF_FAILED", "path", path, "why", strerror(errno), NULL);
}

/* ---- the names in a folder ---- */

struct names {
	size_t n;
	char name[PART_FILES_MAX][NAME_SIZE];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Plain files of ours: no database, nothing half-written, nothing hidden. */
static bool wanted(int folder, const char *name)
{
	static const char *const NOT[] = {".db",  ".db-wal", ".db-shm", ".rebuild",
					  ".new", ".lock",   "restored"};
	struct stat status;
	size_t n = strlen(name);

	if (n >= NAME_SIZE || !tar_name_valid(name) || strstr(name, ".new-") != NULL)
		return false;
	for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++)
		if (n > strlen(NOT[i]) && strcmp(name + n - strlen(NOT[i]), NOT[i]) == 0)
			return false;
	return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

static err list_files(const char *path, struct names *out, struct fault *f)
{
	struct dirent *item;
	DIR *d = opendir(path);
	bool full = false;

	out->n = 0;
	if (d == NULL)
		return read_failed(f, path);
	while (!full && (item = readdir(d)) != NULL) {
		if (!wanted(dirfd(d), item->d_name))
			continue;
		full = out->n == PART_FILES_MAX;
		if (!full)
			memcpy(out->name[out->n++], item->d_name, strlen(item->d_name) + 1);
	}
	closedir(d);
	qsort(out->name, out->n, sizeof out->name[0], by_name);
	return full ? fail(f, "BACKUP_TOO_MANY_FILES", "path", path, NULL) : ERR_OK;
}

static bool is_secret(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".key") == 0;
}

err take_settings(struct take *t, struct fault *f)
{
	char path[PATH_SIZE], part[TAR_NAME_MAX + 1];
	struct names names;
	struct bytes content;

	TRY(list_files(t->plan->folder, &names, f));
	for (size_t i = 0; i < names.n; i++) {
		if (is_secret(names.name[i]))
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", t->plan->folder, names.name[i]);
		(void)snprintf(part, sizeof part, PART_FILES "%s", names.name[i]);
		arena_reset(&t->arena);
		TRY(file_read(&t->arena, path, PART_FILE_MAX, &content, f));
		TRY(tar_file(&t->tar, part, content, f));
	}
	return ERR_OK;
}

/* ---- the secrets ---- */

/* A secret that was opened; of a journal that grows, so much as there was then. */
struct secret {
	int fd;
	uint64_t size;
	char name[NAME_SIZE + 16];
	uint8_t *content; /* of the slots, which are read at one moment with the journal's size */
};
struct secrets {
	size_t n;
	struct secret all[2 * PART_FILES_MAX];
};

static void secrets_close(struct secrets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		fd_close(&s->all[i].fd);
		free(s->all[i].content);
	}
}

static err secret_open(struct secrets *s, const char *folder, const char *prefix, const char *name,
		       struct fault *f)
{
	char path[PATH_SIZE];
	struct secret *one = &s->all[s->n];
	struct stat status;

	if (s->n == sizeof s->all / sizeof s->all[0])
		return fail(f, "BACKUP_TOO_MANY_FILES", "path", folder, NULL);
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	*one = (struct secret){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
	if (one->fd < 0 || fstat(one->fd, &status) != 0)
		return read_failed(f, path);
	s->n++;
	one->size = (uint64_t)status.st_size;
	(void)snprintf(one->name, sizeof one->name, "%s%s", prefix, name);
	return one->size > PART_SIGNER_MAX ? fail(f, "FILE_TOO_LARGE", "path", path, NULL) : ERR_OK;
}

static struct secret *secret_find(struct secrets *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->all[i].name, name) == 0)
			return &s->all[i];
	return NULL;
}

static uint64_t size_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* The slots name a point of the journal, and the journal's records a count of the slots: the two are
 * of one moment when the slots did not change around the reading of the journal's size. */
static err hold_moment(struct secrets *s, struct fault *f)
{
	struct secret *slots = secret_find(s, SECRET_SIGNER "checkpoint");
	struct secret *journal = secret_find(s, SECRET_SIGNER "journal");
	uint8_t again[SLOTS_SIZE_MAX];

	if (slots == NULL || journal == NULL)
		return ERR_OK;
	if (slots->size > SLOTS_SIZE_MAX || (slots->content = malloc(SLOTS_SIZE_MAX)) == NULL)
		return fail(f, "BACKUP_SIGNER_BUSY", NULL);
	for (unsigned i = 0; i < STEADY_TRIES; i++) {
		ssize_t n = pread(slots->fd, slots->content, (size_t)slots->size, 0);

		journal->size = size_of(journal->fd);
		if (n == (ssize_t)slots->size &&
		    pread(slots->fd, again, (size_t)slots->size, 0) == n &&
		    memcmp(slots->content, again, (size_t)slots->size) == 0)
			return ERR_OK;
	}
	return fail(f, "BACKUP_SIGNER_BUSY", NULL);
}

static err open_folder(struct take *t, struct secrets *s, const char *path, const char *prefix,
		       bool keys_only, struct fault *f)
{
	struct names names;
	struct fault why = {0};
	err e = list_files(path, &names, &why);

	for (size_t i = 0; i < names.n && e.code == OK; i++)
		if (!keys_only || is_secret(names.name[i]))
			e = secret_open(s, path, prefix, names.name[i], &why);
	/* Another account's: said, and left to that account's own backup. */
	if (e.code != OK && (errno == EACCES || errno == EPERM || errno == ENOENT) &&
	    !t->plan->signer_only) {
		backup_say(&t->report->missing, "%s cannot be read by this account: %s", path,
			   strerror(errno));
		return ERR_OK;
	}
	if (e.code != OK && f != NULL)
		*f = why;
	return e;
}

static err open_secrets(struct take *t, struct secrets *s, struct fault *f)
{
	char signer[PATH_SIZE];

	(void)snprintf(signer, sizeof signer, "%s/signer", t->plan->folder);
	if (!t->plan->signer_only)
		TRY(open_folder(t, s, t->plan->folder, SECRET_KEYS, true, f));
	TRY(open_folder(t, s, signer, SECRET_SIGNER, false, f));
	return hold_moment(s, f);
}

/* How large the archive of them will be. */
static uint64_t archive_size(const struct secrets *s)
{
	uint64_t size = 2 * (uint64_t)TAR_BLOCK;

	for (size_t i = 0; i < s->n; i++)
		size += TAR_BLOCK + (s->all[i].size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	return size;
}

static err put_secret(struct tar_writer *tar, const struct secret *one, struct fault *f)
{
	uint8_t part[16384];
	uint64_t at = 0;

	TRY(tar_begin(tar, one->name, one->size, f));
	if (one->content != NULL)
		return tar_put(tar, bytes_of(one->content, (size_t)one->size), f);
	while (at < one->size) {
		size_t want = one->size - at < sizeof part ? (size_t)(one->size - at) : sizeof part;
		ssize_t n = pread(one->fd, part, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return read_failed(f, one->name);
		TRY(tar_put(tar, bytes_of(part, (size_t)n), f));
		at += (uint64_t)n;
	}
	bytes_wipe(part, sizeof part);
	return ERR_OK;
}

static err custody_sink_put(void *context, struct bytes content, struct fault *f)
{
	return custody_put(context, content, f);
}

static err outer_put(void *context, struct bytes content, struct fault *f)
{
	return tar_put(context, content, f);
}

static err seal(struct take *t, const struct secrets *s, const struct custody *c, struct fault *f)
{
	struct custody_writer *w = calloc(1, sizeof *w);
	struct tar_writer inner = {.sink = {custody_sink_put, w}};

	if (w == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the secrets", NULL);
	w->custody = c;
	w->sink = (struct sink){outer_put, &t->tar};
	err e = tar_begin(&t->tar, PART_SECRETS, custody_sealed_size(c->size), f);
	if (e.code == OK)
		e = custody_begin(w, f);
	for (size_t i = 0; i < s->n && e.code == OK; i++) {
		e = put_secret(&inner, &s->all[i], f);
		take_progress(t, "secrets", i + 1, s->n);
	}
	if (e.code == OK)
		e = tar_close(&inner, f);
	if (e.code == OK)
		e = custody_close(w, f);
	bytes_wipe(w, sizeof *w);
	free(w);
	t->report->secrets = s->n;
	return e;
}

static err put_shares(struct take *t, const struct custody *c, struct fault *f)
{
	const struct backup_plan *p = t->plan;
	struct shamir_share shares[SHAMIR_SHARES_MAX];
	char text[CUSTODY_SHARE_TEXT], name[TAR_NAME_MAX + 1];
	struct bytes plain, sealed;

	err e = shamir_split(c->key, c->need, c->n, shares, f);
	for (size_t i = 0; i < p->custodians_n && e.code == OK; i++) {
		struct custody_share share = {
			.commitment = c->commitment, .need = c->need, .share = shares[i]};
		struct writer w = writer_of(text, sizeof text);

		(void)snprintf(share.custodian, sizeof share.custodian, "%s",
			       p->custodians[i].name);
		(void)snprintf(name, sizeof name, PART_SHARES "%s.age", p->custodians[i].name);
		share_put(&w, &share);
		arena_reset(&t->arena);
		e = writer_done(&w, &plain)
			    ? age_text(&t->arena, p->custodians[i].recipient, plain, &sealed, f)
			    : fail(f, "BACKUP_MEMBER_UNFIT", "name", name, NULL);
		if (e.code == OK)
			e = tar_file(&t->tar, name, sealed, f);
		bytes_wipe(&share, sizeof share);
	}
	bytes_wipe(shares, sizeof shares);
	bytes_wipe(text, sizeof text);
	return e;
}

static err judge_custodians(const struct backup_plan *p, struct fault *f)
{
	for (size_t i = 0; i < p->custodians_n; i++) {
		const char *name = p->custodians[i].name;

		if (!custody_name_valid(bytes_text(name)))
			return fail(f, "BACKUP_CUSTODIAN_WRONG", "name", name, NULL);
		for (size_t j = 0; j < i; j++)
			if (strcmp(name, p->custodians[j].name) == 0 ||
			    strcmp(p->custodians[i].recipient, p->custodians[j].recipient) == 0)
				return fail(f, "BACKUP_CUSTODIAN_TWICE", "name", name, NULL);
	}
	return ERR_OK;
}

err take_secrets(struct take *t, struct fault *f)
{
	const struct backup_plan *p = t->plan;
	struct secrets *s = calloc(1, sizeof *s);
	struct custody c;

	if (p->custodians_n == 0)
		backup_say(&t->report->missing,
			   "keys and the signer's folder: no --custodian keeps them");
	if (s == NULL || p->custodians_n == 0) {
		free(s);
		return p->custodians_n == 0 ? ERR_OK
					    : fail(f, "MEMORY_EXHAUSTED", "what", "secrets", NULL);
	}
	err e = judge_custodians(p, f);
	if (e.code == OK)
		e = open_secrets(t, s, f);
	if (e.code == OK)
		e = custody_make(p->need, (unsigned)p->custodians_n, archive_size(s), &c, f);
	if (e.code == OK)
		e = put_shares(t, &c, f);
	if (e.code == OK)
		e = seal(t, s, &c, f);
	bytes_wipe(&c, sizeof c);
	secrets_close(s);
	free(s);
	return e;
}
