/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/store.h"

#include "base/files.h"
#include "core/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Invariant: `sha` covers the first `offset` bytes given out, and of a personal blob also the
 * bytes from `plain_at` on that wait in `plain`. */
struct blob_reader {
	struct hash digest;
	struct blob_info info;
	char path[BLOB_PATH_SIZE];
	int fd;
	uint64_t offset;
	struct sha256 sha;
	uint8_t key[BLOB_KEY_SIZE];
	uint64_t chunks; /* taken from the file so far */
	size_t plain_at, plain_n;
	uint8_t plain[BLOB_CHUNK_SIZE];
	uint8_t locked[BLOB_CHUNK_SIZE + CIPHER_EXTRA];
};

static err corrupt(const struct blob_reader *r, const char *detail, struct fault *f)
{
	return fail(f, "BLOB_CORRUPT", "digest", digest_text(r->digest).text, "detail", detail,
		    "path", r->path, NULL);
}

static err open_file(struct blob_reader *r, struct fault *f)
{
	uint64_t expected =
		r->info.class == BLOB_PERSONAL ? chunk_file_size(r->info.size) : r->info.size;
	struct stat st;
	char detail[96];

	r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (r->fd < 0 && errno == ENOENT)
		return corrupt(r, "its file is missing", f);
	if (r->fd < 0 || fstat(r->fd, &st) != 0)
		return blob_io(f, "open", r->path);
	if ((uint64_t)st.st_size == expected)
		return ERR_OK;
	snprintf(detail, sizeof(detail), "its file has %s bytes instead of %s",
		 blob_number_text((uint64_t)st.st_size).text, blob_number_text(expected).text);
	return corrupt(r, detail, f);
}

static err reader_fill(struct blob_store *store, struct blob_reader *r, struct fault *f)
{
	struct blob_row row;
	bool personal, has_key = true;

	TRY(blob_row_find(store, r->digest, &row, f));
	if (!row.found || row.info.erased)
		return fail(f, row.found ? "BLOB_ERASED" : "BLOB_MISSING", "digest",
			    digest_text(r->digest).text, NULL);
	r->info = row.info;
	personal = row.info.class == BLOB_PERSONAL;
	TRY(blob_path(store, r->digest, personal ? &row.key_id : NULL, r->path, f));
	if (personal)
		TRY(blob_key_open(store, row.key_id, r->key, &has_key, f));
	TRY(open_file(r, f));
	return has_key ? ERR_OK : corrupt(r, "its data key is missing", f);
}

err blob_open(struct blob_store *store, struct hash digest, struct blob_reader **out,
	      struct fault *f)
{
	struct blob_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return blob_memory(f);
	r->digest = digest;
	r->fd = -1;
	sha256_init(&r->sha);
	/* What is found by its row must not vanish before its file is open. */
	err e = blob_lock_shared(store, f);
	if (e.code == OK)
		e = reader_fill(store, r, f);
	blob_unlock(store);
	if (e.code != OK) {
		blob_reader_close(r);
		return e;
	}
	*out = r;
	return ERR_OK;
}

void blob_reader_close(struct blob_reader *reader)
{
	if (reader == NULL)
		return;
	fd_close(&reader->fd);
	bytes_wipe(reader, sizeof(*reader));
	free(reader);
}

uint64_t blob_reader_size(const struct blob_reader *reader)
{
	return reader->info.size;
}

enum blob_class blob_reader_class(const struct blob_reader *reader)
{
	return reader->info.class;
}

int blob_reader_fd(const struct blob_reader *reader)
{
	return reader->info.class == BLOB_EVIDENCE ? reader->fd : -1;
}

/* Exactly `n` bytes of the file, which was long enough when it was opened. */
static err read_file(const struct blob_reader *r, uint8_t *out, size_t n, uint64_t offset,
		     struct fault *f)
{
	size_t got = 0;

	while (got < n) {
		ssize_t some = pread(r->fd, out + got, n - got, (off_t)(offset + got));

		if (some < 0 && errno != EINTR)
			return blob_io(f, "read", r->path);
		if (some == 0)
			return corrupt(r, "its file has become shorter", f);
		if (some > 0)
			got += (size_t)some;
	}
	return ERR_OK;
}

static err check_digest(struct blob_reader *r, struct fault *f)
{
	if (hash_equal(sha256_final(&r->sha), r->digest))
		return ERR_OK;
	return corrupt(r, "its bytes do not match its digest", f);
}

static err read_evidence(struct blob_reader *r, uint8_t *out, size_t n, struct fault *f)
{
	TRY(read_file(r, out, n, r->offset, f));
	sha256_update(&r->sha, bytes_of(out, n));
	if (r->offset + n < r->info.size)
		return ERR_OK;
	return check_digest(r, f);
}

static err next_chunk(struct blob_reader *r, struct fault *f)
{
	struct chunk_place place = {r->digest, r->chunks, r->info.size};
	size_t size = chunk_size(r->info.size, r->chunks);
	char detail[96];

	TRY(read_file(r, r->locked, size + CIPHER_EXTRA, chunk_offset(r->chunks), f));
	if (!chunk_unlock(r->key, &place, bytes_of(r->locked, size + CIPHER_EXTRA), r->plain)) {
		snprintf(detail, sizeof(detail), "its chunk %s, at byte %s, is not authentic",
			 blob_number_text(r->chunks).text,
			 blob_number_text(chunk_offset(r->chunks)).text);
		return corrupt(r, detail, f);
	}
	sha256_update(&r->sha, bytes_of(r->plain, size));
	r->chunks++;
	r->plain_at = 0;
	r->plain_n = size;
	return r->chunks == chunk_count(r->info.size) ? check_digest(r, f) : ERR_OK;
}

static err read_personal(struct blob_reader *r, uint8_t *out, size_t *n, struct fault *f)
{
	if (r->plain_at == r->plain_n)
		TRY(next_chunk(r, f));
	if (*n > r->plain_n - r->plain_at)
		*n = r->plain_n - r->plain_at;
	memcpy(out, r->plain + r->plain_at, *n);
	r->plain_at += *n;
	return ERR_OK;
}

/* There is nothing to give out, and yet it must be checked: once. */
static err read_empty(struct blob_reader *r, struct fault *f)
{
	if (r->info.size != 0 || r->chunks != 0)
		return ERR_OK;
	if (r->info.class == BLOB_PERSONAL)
		return next_chunk(r, f);
	r->chunks = 1;
	return check_digest(r, f);
}

err blob_read(struct blob_reader *r, void *out, size_t cap, size_t *n, struct fault *f)
{
	uint64_t left = r->info.size - r->offset;
	size_t size = cap < left ? cap : (size_t)left;

	*n = 0;
	if (size == 0)
		return read_empty(r, f);
	err e = r->info.class == BLOB_PERSONAL ? read_personal(r, out, &size, f)
					       : read_evidence(r, out, size, f);
	if (e.code != OK) {
		bytes_wipe(out, size);
		return e;
	}
	r->offset += size;
	*n = size;
	return ERR_OK;
}

static void reader_close_at(struct blob_reader **reader)
{
	blob_reader_close(*reader);
}

err blob_load(struct blob_store *store, struct arena *a, struct hash digest, size_t max,
	      struct bytes *out, struct fault *f)
{
	AUTO(reader_close_at) struct blob_reader *r = NULL;
	size_t at = 0, n = 1;

	TRY(blob_open(store, digest, &r, f));
	if (r->info.size > max)
		return fail(f, "BLOB_TOO_LARGE", "size", blob_number_text(r->info.size).text,
			    "limit", blob_number_text(max).text, NULL);
	uint8_t *buffer = arena_alloc(a, (size_t)r->info.size + 1);
	if (buffer == NULL)
		return blob_memory(f);
	while (n > 0) {
		TRY(blob_read(r, buffer + at, (size_t)r->info.size - at, &n, f));
		at += n;
	}
	*out = bytes_of(buffer, at);
	return ERR_OK;
}

err blob_check(struct blob_store *store, struct hash digest, struct fault *f)
{
	AUTO(reader_close_at) struct blob_reader *r = NULL;
	uint8_t *buffer;
	size_t n = 1;
	err e = ERR_OK;

	TRY(blob_open(store, digest, &r, f));
	buffer = malloc(BLOB_CHUNK_SIZE);
	if (buffer == NULL)
		return blob_memory(f);
	while (n > 0 && e.code == OK)
		e = blob_read(r, buffer, BLOB_CHUNK_SIZE, &n, f);
	bytes_wipe(buffer, BLOB_CHUNK_SIZE);
	free(buffer);
	return e;
}
