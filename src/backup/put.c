/* SPDX-License-Identifier: Apache-2.0 */
/* put.c — a backup put back: every part in its place and order, into a folder aside that takes its
 * name only when all of it has been verified. */
#include "backup/put.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/age.h"
#include "base/files.h"
#include "core/sha256.h"

err put_damaged(struct fault *f, const char *why)
{
	return fail(f, "BACKUP_DAMAGED", "why", why, NULL);
}

static err put_failed(struct fault *f, const char *path)
{
	return fail(f, "BACKUP_WRITE_FAILED", "path", path, "why", strerror(errno), NULL);
}

/* ---- members ---- */

err put_member(struct put *p, const struct tar_member *m, size_t max, struct bytes *out,
	       struct fault *f)
{
	size_t got;

	arena_reset(&p->arena);
	if (m->size > max)
		return put_damaged(f, "a part of it is larger than such a part can be");
	uint8_t *bytes = arena_alloc(&p->arena, (size_t)m->size + 1);
	if (bytes == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a backup", NULL);
	TRY(tar_get(&p->tar, bytes, (size_t)m->size, &got, f));
	*out = bytes_of(bytes, got);
	return ERR_OK;
}

static err copy_into(int fd, struct source from, uint64_t size, struct hash *digest,
		     struct fault *f)
{
	static const size_t PART = 16384;
	uint8_t part[16384];
	struct sha256 s;
	size_t got;

	sha256_init(&s);
	while (size > 0) {
		TRY(source_get(from, part, size < PART ? (size_t)size : PART, &got, f));
		if (got == 0)
			return put_damaged(f, "a file in it ends too early");
		sha256_update(&s, bytes_of(part, got));
		TRY(fd_write_all(fd, bytes_of(part, got), f));
		size -= got;
	}
	*digest = sha256_final(&s);
	bytes_wipe(part, sizeof part);
	return ERR_OK;
}

err put_file(struct put *p, const char *name, struct source from, uint64_t size,
	     struct hash *digest, struct fault *f)
{
	char path[PUT_PATH_SIZE + TAR_NAME_MAX + 2], folder[sizeof path];

	(void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
	memcpy(folder, path, sizeof folder);
	*strrchr(folder, '/') = '\0';
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		TRY(folder_make(folder, f));
	AUTO(fd_close)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return put_failed(f, path);
	TRY(copy_into(fd, from, size, digest, f));
	return fsync(fd) == 0 ? ERR_OK : put_failed(f, path);
}

/* ---- head, note, settings, end ---- */

/* The value of the next line, which must be `name = value`; empty if it is not. */
static struct bytes next_value(struct bytes *text, const char *name)
{
	const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);
	size_t n = end == NULL ? 0 : (size_t)(end - text->p), skip = strlen(name) + 3;
	struct bytes none = {0}, line = bytes_of(text->p, n);

	if (end == NULL || n <= skip || memcmp(line.p, name, skip - 3) != 0 ||
	    memcmp(line.p + skip - 3, " = ", 3) != 0)
		return none;
	*text = bytes_of(end + 1, text->n - n - 1);
	return bytes_of(line.p + skip, n - skip);
}

static bool next_number(struct bytes *text, const char *name, uint64_t *out)
{
	struct bytes value = next_value(text, name);

	*out = 0;
	if (value.n == 0 || value.n > 18)
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(value.p[i] - '0');
	}
	return true;
}

static err put_head(struct put *p, const struct tar_member *m, struct fault *f)
{
	struct restore_report *r = p->report;
	struct bytes text, format, kind, origin, root;

	TRY(put_member(p, m, PART_TEXT_MAX, &text, f));
	format = next_value(&text, "format");
	if (!bytes_equal(format, bytes_text("1")))
		return fail(f, "BACKUP_FORMAT_UNKNOWN", NULL);
	kind = next_value(&text, "kind");
	origin = next_value(&text, "origin");
	p->signer_only = bytes_equal(kind, bytes_text("signer"));
	if ((!p->signer_only && !bytes_equal(kind, bytes_text("house"))) || origin.n == 0 ||
	    origin.n > NOTE_NAME_MAX || memchr(origin.p, 0, origin.n) != NULL ||
	    !next_number(&text, "made", &r->made_ms) || !next_number(&text, "size", &r->head.size))
		return put_damaged(f, "its head does not hold");
	root = next_value(&text, "root");
	if (root.n != 64 || !hex_decode(root, r->head.root.b, 32) || text.n != 0)
		return put_damaged(f, "its head does not hold");
	memcpy(r->origin, origin.p, origin.n);
	r->origin[origin.n] = '\0';
	return ERR_OK;
}

static err put_note(struct put *p, const struct tar_member *m, struct fault *f)
{
	struct bytes text;

	TRY(put_member(p, m, NOTE_SIZE_MAX, &text, f));
	memcpy(p->note, text.p, text.n);
	p->note_n = text.n;
	return ERR_OK;
}

/* Paths and the store's address are of the old machine: here everything lies in the folder. */
static bool line_stays(struct bytes line)
{
	static const char *const NAMES[] = {"store", "tiles", "blobs", "signer_socket"};

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		size_t n = strlen(NAMES[i]);

		if (line.n > n && memcmp(line.p, NAMES[i], n) == 0 &&
		    (line.p[n] == ' ' || line.p[n] == '=' || line.p[n] == '\t'))
			return false;
	}
	return true;
}

static err put_settings(struct put *p, struct bytes text, struct fault *f)
{
	char path[PUT_PATH_SIZE + 32];
	uint8_t *kept = arena_alloc(&p->arena, text.n + PUT_PATH_SIZE);
	struct writer w = writer_of(kept, kept == NULL ? 0 : text.n + PUT_PATH_SIZE);
	struct bytes written;

	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p) + 1;

		if (line_stays(bytes_of(text.p, n)))
			put_bytes(&w, bytes_of(text.p, n));
		text = bytes_of(text.p + n, text.n - n);
	}
	if (p->plan->store != NULL && !p->plan->test) {
		put_text(&w, "store = ");
		put_text(&w, p->plan->store);
		put_text(&w, "\n");
	}
	(void)snprintf(path, sizeof path, "%s/sealwright.conf", p->folder);
	return writer_done(&w, &written) ? file_write(path, written, 0640, f)
					 : fail(f, "MEMORY_EXHAUSTED", "what", "settings", NULL);
}

static err put_setting(struct put *p, const struct tar_member *m, struct fault *f)
{
	const char *name = m->name + strlen(PART_FILES);
	char path[PUT_PATH_SIZE + TAR_NAME_MAX + 2];
	struct bytes text;

	if (strchr(name, '/') != NULL || ++p->files_n > PART_FILES_MAX)
		return put_damaged(f, "its settings lie where none do");
	TRY(put_member(p, m, PART_FILE_MAX, &text, f));
	if (strcmp(name, "sealwright.conf") == 0)
		return put_settings(p, text, f);
	if (strcmp(name, "log.vkey") == 0) {
		struct bytes line = text;

		while (line.n > 0 && line.p[line.n - 1] == '\n')
			line.n--;
		p->has_key = note_key_parse(line, &p->key);
	}
	(void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
	return file_write(path, text, 0644, f);
}

static err put_end(struct put *p, const struct tar_member *m, struct fault *f)
{
	const struct restore_report *r = p->report;
	uint64_t entries, openings, blobs, secrets;
	struct bytes text;

	TRY(put_member(p, m, PART_TEXT_MAX, &text, f));
	p->ended = true;
	if (!next_number(&text, "entries", &entries) ||
	    !next_number(&text, "openings", &openings) || !next_number(&text, "blobs", &blobs) ||
	    !next_number(&text, "secrets", &secrets) || text.n != 0)
		return put_damaged(f, "its end does not hold");
	if (entries != r->entries || openings != r->openings || blobs != r->blobs ||
	    p->blobs_at != p->blobs_n)
		return put_damaged(f, "a part of it is not there");
	return ERR_OK;
}

/* Shares are for custodians; restore_shares() takes them out. */
static err put_share(struct put *p, const struct tar_member *m, struct fault *f)
{
	struct bytes ignored;

	return put_member(p, m, PART_TEXT_MAX, &ignored, f);
}

/* ---- the order of parts ---- */

static const struct part_kind {
	const char *name; /* with a slash at its end: a beginning */
	err (*put)(struct put *p, const struct tar_member *m, struct fault *f);
	unsigned rank;
	bool house; /* not in a signer's own backup */
} PARTS[] = {
	{PART_HEAD, put_head, 1, false},        {PART_NOTE, put_note, 2, true},
	{PART_FILES, put_setting, 3, true},     {PART_SHARES, put_share, 4, false},
	{PART_SECRETS, put_secrets, 5, false},  {PART_ENTRIES, put_entries, 6, true},
	{PART_OPENINGS, put_openings, 7, true}, {PART_BLOBS, put_blob_rows, 8, true},
	{PART_BLOB, put_blob, 8, true},         {PART_END, put_end, 9, false},
};

static const struct part_kind *part_find(const char *name)
{
	for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
		size_t n = strlen(PARTS[i].name);
		bool whole = PARTS[i].name[n - 1] != '/';

		if (strncmp(name, PARTS[i].name, n) == 0 && (!whole || name[n] == '\0'))
			return &PARTS[i];
	}
	return NULL;
}

/* Kinds follow each other, and within a kind names grow: nothing is there twice. Files of blobs are
 * held against the rows before them instead. */
static err judge_order(struct put *p, const struct tar_member *m, const struct part_kind *kind,
		       struct fault *f)
{
	if (kind == NULL || (kind->house && p->signer_only))
		return put_damaged(f, "it has a part that no backup has");
	if (p->rank == 0 && kind->rank != 1)
		return put_damaged(f, "it does not begin as a backup does");
	if (kind->rank < p->rank || (kind->rank == p->rank && kind->put != put_blob &&
				     kind->put != put_blob_rows && strcmp(m->name, p->last) <= 0))
		return put_damaged(f, "its parts are in the wrong order");
	p->rank = kind->rank;
	memcpy(p->last, m->name, sizeof p->last);
	return ERR_OK;
}

static err put_all(struct put *p, struct fault *f)
{
	struct tar_member m;
	bool more;

	for (;;) {
		TRY(tar_next(&p->tar, &m, &more, f));
		if (!more)
			break;
		const struct part_kind *kind = part_find(m.name);
		TRY(judge_order(p, &m, kind, f));
		TRY(kind->put(p, &m, f));
	}
	return p->ended ? ERR_OK : put_damaged(f, "its end is not there");
}

/* ---- the file ---- */

static err digest_file(int file, struct hash *out, struct fault *f)
{
	uint8_t part[16384];
	struct sha256 s;
	off_t at = 0;
	ssize_t n;

	sha256_init(&s);
	while ((n = pread(file, part, sizeof part, at)) > 0) {
		sha256_update(&s, bytes_of(part, (size_t)n));
		at += n;
	}
	*out = sha256_final(&s);
	return n == 0 ? ERR_OK : fail(f, "BACKUP_READ_FAILED", "why", strerror(errno), NULL);
}

/* What we could not read may be so because the file was changed or is for somebody else: age knows
 * when it has seen all of it, and then its reason is the reason. */
static err end_age(struct age *age, err e, struct fault *f)
{
	struct fault age_says = {0};
	uint8_t rest[16384];

	if (e.code != OK && e.code != ERR_CORRUPT && e.code != ERR_IO) {
		age_stop(age);
		return e;
	}
	while (read(age->fd, rest, sizeof rest) > 0)
		;
	err ended = age_end(age, &age_says);
	if (ended.code == OK)
		return e;
	if (f != NULL)
		*f = age_says;
	return ended;
}

static err decrypt(struct put *p, struct fault *f)
{
	AUTO(fd_close) int file = open(p->plan->file, O_RDONLY | O_CLOEXEC);
	struct age age;

	if (file < 0)
		return fail(f, "FILE_NOT_FOUND", "path", p->plan->file, "why", strerror(errno),
			    NULL);
	TRY(digest_file(file, &p->report->digest, f));
	TRY(age_decrypt(p->plan->identity, file, &age, f));
	p->tar.source = source_of_fd(&age.fd);
	err e = put_all(p, f);
	return end_age(&age, e, f);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_folder(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static err prove(struct put *p, struct fault *f)
{
	if (!p->signer_only) {
		TRY(prove_facts(p, f));
		TRY(prove_blobs(p, f));
	}
	return prove_signer(p, f);
}

static err make_folder(struct put *p, struct fault *f)
{
	char run[PUT_PATH_SIZE + 8];
	struct stat status;
	int n = snprintf(p->folder, sizeof p->folder, "%s.new-XXXXXX", p->plan->folder);

	if (lstat(p->plan->folder, &status) == 0)
		return fail(f, "STATE_EXISTS", "folder", p->plan->folder, NULL);
	if (n < 0 || (size_t)n >= sizeof p->folder || mkdtemp(p->folder) == NULL)
		return put_failed(f, p->plan->folder);
	if (p->plan->store != NULL && !p->plan->test)
		n = snprintf(p->store, sizeof p->store, "%s", p->plan->store);
	else
		n = snprintf(p->store, sizeof p->store, "sqlite:%s/store.db", p->folder);
	if (n < 0 || (size_t)n >= sizeof p->store)
		return fail(f, "STORE_PATH_TOO_LONG", NULL);
	(void)snprintf(run, sizeof run, "%s/run", p->folder);
	return mkdir(run, 0700) == 0 ? ERR_OK : put_failed(f, run);
}

static err put_in_place(struct put *p, struct fault *f)
{
	if (p->plan->test) {
		remove_folder(p->folder);
		return ERR_OK;
	}
	AUTO(fd_close) int fd = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Everything below it: some files were written without a flush of their own. */
	if (fd < 0 || syncfs(fd) != 0 || rename(p->folder, p->plan->folder) != 0)
		return put_failed(f, p->plan->folder);
	return ERR_OK;
}

err restore_run(const struct restore_plan *plan, struct restore_report *out, struct fault *f)
{
	struct put *p = calloc(1, sizeof *p);

	*out = (struct restore_report){.sound = true};
	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a backup", NULL);
	p->plan = plan;
	p->report = out;
	p->arena.limit = 64 << 20;
	err e = make_folder(p, f);
	bool made = e.code == OK;
	if (e.code == OK)
		e = decrypt(p, f);
	if (e.code == OK && !p->signer_only)
		e = put_store_commit(p, f);
	if (e.code == OK)
		e = prove(p, f);
	put_store_close(p, e.code == OK);
	if (e.code == OK)
		e = put_in_place(p, f);
	if (e.code != OK && made)
		remove_folder(p->folder);
	arena_done(&p->arena);
	bytes_wipe(p, sizeof *p);
	free(p);
	return e;
}

/* ---- the shares alone ---- */

static err write_shares(struct put *p, const char *folder, size_t *n, struct fault *f)
{
	char path[PUT_PATH_SIZE];
	struct tar_member m;
	struct bytes sealed;
	bool more;

	for (;;) {
		TRY(tar_next(&p->tar, &m, &more, f));
		if (!more)
			return ERR_OK;
		if (strncmp(m.name, PART_SHARES, strlen(PART_SHARES)) != 0)
			continue;
		const char *name = m.name + strlen(PART_SHARES);
		if (strchr(name, '/') != NULL)
			return put_damaged(f, "a share lies where none does");
		TRY(put_member(p, &m, PART_TEXT_MAX, &sealed, f));
		(void)snprintf(path, sizeof path, "%s/%s", folder, name);
		TRY(file_write(path, sealed, 0600, f));
		++*n;
	}
}

err restore_shares(const char *file, const char *identity, const char *folder, size_t *n,
		   struct fault *f)
{
	AUTO(fd_close) int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct put p = {0};
	struct age age;

	*n = 0;
	if (fd < 0)
		return fail(f, "FILE_NOT_FOUND", "path", file, "why", strerror(errno), NULL);
	TRY(folder_make(folder, f));
	TRY(age_decrypt(identity, fd, &age, f));
	p.tar.source = source_of_fd(&age.fd);
	err e = write_shares(&p, folder, n, f);
	arena_done(&p.arena);
	return end_age(&age, e, f);
}
