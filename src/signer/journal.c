/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

enum { ALIGNMENT = 16, HEAD_SIZE = 8, HASH_SIZE = 32 };
enum { FRAMED_MAX = RECORD_MAX + HEAD_SIZE + HASH_SIZE + ALIGNMENT, WINDOW_SIZE = 4 * FRAMED_MAX };

static err io_failed(struct fault *f, const char *what)
{
	return fail(f, "SIGNER_JOURNAL_FAILED", "what", what, "why", strerror(errno), NULL);
}

static size_t framed_size(size_t n)
{
	size_t size = HEAD_SIZE + n + HASH_SIZE;

	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static struct hash chain_next(struct hash previous, struct bytes record)
{
	uint8_t length[4];
	struct writer w = writer_of(length, sizeof(length));
	struct sha256 s;

	put_u32(&w, (uint32_t)record.n);
	sha256_init(&s);
	sha256_update(&s, hash_bytes(&previous));
	sha256_update(&s, bytes_of(length, sizeof(length)));
	sha256_update(&s, record);
	return sha256_final(&s);
}

/* ---- writing ---- */

static err write_at(int fd, struct bytes content, uint64_t at, struct fault *f)
{
	while (content.n > 0) {
		ssize_t put = pwrite(fd, content.p, content.n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return io_failed(f, "write");
		content = bytes_of(content.p + put, content.n - (size_t)put);
		at += (uint64_t)put;
	}
	return ERR_OK;
}

static err append_framed(struct journal *journal, struct bytes record, struct hash chain,
			 struct fault *f)
{
	size_t size = framed_size(record.n);
	uint8_t *frame = calloc(1, size);
	struct writer w = writer_of(frame, size);

	if (frame == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a record of the journal", NULL);
	put_u32(&w, (uint32_t)record.n);
	put_u32(&w, ~(uint32_t)record.n);
	put_bytes(&w, record);
	put_bytes(&w, hash_bytes(&chain));
	err wrote = write_at(journal->fd, bytes_of(frame, size), journal->end.size, f);
	free(frame);
	TRY(wrote);
	if (fdatasync(journal->fd) != 0)
		return io_failed(f, "flush");
	return ERR_OK;
}

err journal_append(struct journal *journal, struct bytes record, uint64_t *at, struct fault *f)
{
	if (record.n == 0 || record.n > RECORD_MAX || journal->broken)
		return fail(f, "SIGNER_JOURNAL_FAILED", "what", "append", "why",
			    journal->broken ? "an earlier write failed" : "the size", NULL);
	struct hash chain = chain_next(journal->end.chain, record);
	err appended = append_framed(journal, record, chain, f);
	if (appended.code != OK) {
		journal->broken = true; /* after a failed flush the page cache cannot be believed */
		return appended;
	}
	*at = journal->end.size + HEAD_SIZE;
	journal->end.size += framed_size(record.n);
	journal->end.chain = chain;
	return ERR_OK;
}

err journal_create(const char *path, struct bytes first, struct journal_mark *end, struct fault *f)
{
	AUTO(fd_close)
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct journal journal = {.fd = fd};
	uint64_t at = 0;

	if (fd < 0)
		return io_failed(f, "create");
	TRY(journal_append(&journal, first, &at, f));
	if (fsync(fd) != 0)
		return io_failed(f, "flush");
	*end = journal.end;
	return ERR_OK;
}

err journal_read(const struct journal *journal, uint64_t at, void *out, size_t n, struct fault *f)
{
	uint8_t *p = out;

	while (n > 0) {
		ssize_t got = pread(journal->fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_failed(f, "read");
		if (got == 0)
			return fail(f, "SIGNER_JOURNAL_FAILED", "what", "read", "why", "it ends",
				    NULL);
		p += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return ERR_OK;
}

/* ---- opening ---- */

struct scan {
	struct journal *journal; /* its end moves with the scan */
	uint64_t file_size;
	struct journal_mark passed;
	bool seen;       /* `passed` was reached with the right chain */
	uint8_t *window; /* WINDOW_SIZE; holds `window_n` bytes of the file from `window_at` */
	uint64_t window_at;
	size_t window_n;
	struct hash chain; /* with the record last judged */
};

enum found { FOUND_RECORD, FOUND_END, FOUND_TORN, FOUND_BAD };

/* What is left at the scan's place, at most one record's worth. The window is filled far ahead, so
 * that many small records cost few reads. */
static err scan_view(struct scan *s, struct bytes *view, struct fault *f)
{
	uint64_t at = s->journal->end.size, left = s->file_size - at;
	size_t n = left < FRAMED_MAX ? (size_t)left : (size_t)FRAMED_MAX;

	if (at < s->window_at || at + n > s->window_at + s->window_n) {
		s->window_at = at;
		s->window_n = left < WINDOW_SIZE ? (size_t)left : (size_t)WINDOW_SIZE;
		TRY(journal_read(s->journal, at, s->window, s->window_n, f));
	}
	*view = bytes_of(s->window + (at - s->window_at), n);
	return ERR_OK;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Heads stand at multiples of 16, so a sector holds each whole: a torn one is missing or zero. */
static enum found judge(struct scan *s, struct bytes view, struct bytes *record)
{
	uint64_t left = s->file_size - s->journal->end.size;
	struct reader r = reader_of(view);

	if (left == 0)
		return FOUND_END;
	if (left < HEAD_SIZE)
		return FOUND_TORN;
	uint32_t length = get_u32(&r), complement = get_u32(&r);
	if (length != ~complement || length == 0 || length > RECORD_MAX)
		return all_zero(view.p, HEAD_SIZE) && left <= FRAMED_MAX ? FOUND_TORN : FOUND_BAD;
	if (framed_size(length) > left)
		return FOUND_TORN;
	*record = get_bytes(&r, length);
	s->chain = chain_next(s->journal->end.chain, *record);
	size_t padding = framed_size(length) - HEAD_SIZE - length - HASH_SIZE;
	if (bytes_equal(get_bytes(&r, HASH_SIZE), hash_bytes(&s->chain)) &&
	    all_zero(get_bytes(&r, padding).p, padding))
		return FOUND_RECORD;
	/* Only the last append can be torn; a bad record with others after it was tampered with
	 * or rotted. */
	return framed_size(length) == left ? FOUND_TORN : FOUND_BAD;
}

static err corrupt(const struct scan *s, const char *why, struct fault *f)
{
	char at[24];

	(void)snprintf(at, sizeof(at), "%llu", (unsigned long long)s->journal->end.size);
	return fail(f, "SIGNER_JOURNAL_CORRUPT", "at", at, "why", why, NULL);
}

static err advance(struct scan *s, struct bytes record, struct fault *f)
{
	struct journal_mark *end = &s->journal->end;

	end->chain = s->chain;
	end->size += framed_size(record.n);
	if (end->size != s->passed.size)
		return ERR_OK;
	s->seen = hash_equal(end->chain, s->passed.chain);
	return s->seen ? ERR_OK : corrupt(s, "it is not the journal that the checkpoints name", f);
}

static err scan_all(struct scan *s, journal_visit *visit, void *context, struct fault *f)
{
	for (;;) {
		struct bytes view = {0}, record = {0};

		TRY(scan_view(s, &view, f));
		enum found found = judge(s, view, &record);
		if (found == FOUND_BAD)
			return corrupt(s, "a record does not hold", f);
		if (found != FOUND_RECORD)
			break;
		TRY(visit(context, record, s->journal->end.size + HEAD_SIZE, f));
		TRY(advance(s, record, f));
	}
	if (!s->seen)
		return corrupt(s, "it ends before the point that the checkpoints name", f);
	return ERR_OK;
}

static err cut_tail(struct scan *s, uint64_t *cut, struct fault *f)
{
	*cut = s->file_size - s->journal->end.size;
	if (*cut == 0)
		return ERR_OK;
	if (ftruncate(s->journal->fd, (off_t)s->journal->end.size) != 0 ||
	    fdatasync(s->journal->fd) != 0)
		return io_failed(f, "cut");
	return ERR_OK;
}

static err open_locked(const char *path, int *fd, uint64_t *size, struct fault *f)
{
	struct stat status;

	*fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		return io_failed(f, "open");
	if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? fail(f, "SIGNER_RUNS_ALREADY", NULL)
					    : io_failed(f, "lock");
	if (fstat(*fd, &status) != 0)
		return io_failed(f, "open");
	*size = (uint64_t)status.st_size;
	return ERR_OK;
}

err journal_open(const char *path, struct journal_mark passed, journal_visit *visit, void *context,
		 struct journal *out, uint64_t *cut, struct fault *f)
{
	AUTO(fd_close) int fd = -1;
	struct scan s = {.passed = passed};

	TRY(open_locked(path, &fd, &s.file_size, f));
	struct journal journal = {.fd = fd};
	s.journal = &journal;
	s.window = malloc(WINDOW_SIZE);
	if (s.window == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the journal", NULL);
	err scanned = scan_all(&s, visit, context, f);
	free(s.window);
	TRY(scanned);
	TRY(cut_tail(&s, cut, f));
	*out = journal;
	fd = -1;
	return ERR_OK;
}

void journal_close(struct journal *journal)
{
	fd_close(&journal->fd);
}
