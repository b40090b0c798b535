/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/upload.h"

#include "base/files.h"
#include "core/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* So many uploads of one blob by one uploader may run at once; each has a file of its own. */
enum { SLOTS_MAX = 8 };

uint64_t blob_upload_offset(const struct blob_upload *upload)
{
	return upload->offset;
}

/* ---- beginning ---- */

static err request_check(const struct blob_store *store, const struct blob_request *r,
			 struct fault *f)
{
	if (r->class != BLOB_EVIDENCE && r->class != BLOB_PERSONAL)
		return fail_field(f, "class", "BLOB_CLASS_UNKNOWN", NULL);
	if (r->uploader.n > BLOB_UPLOADER_MAX)
		return fail_field(f, "uploader", "BLOB_UPLOADER_TOO_LONG", NULL);
	if (r->size > store->size_max)
		return fail_field(f, "size", "BLOB_TOO_LARGE", "size",
				  blob_number_text(r->size).text, "limit",
				  blob_number_text(store->size_max).text, NULL);
	if (r->class == BLOB_PERSONAL && !store->has_key)
		return fail(f, "BLOB_KEY_MISSING", NULL);
	return ERR_OK;
}

err blob_row_check(const struct blob_request *r, const struct blob_row *row, struct fault *f)
{
	struct digest_text digest = digest_text(r->digest);

	if (row->info.class != r->class)
		return fail_field(f, "class", "BLOB_CLASS", "digest", digest.text, NULL);
	if (row->info.erased)
		return fail(f, "BLOB_ERASED", "digest", digest.text, NULL);
	if (row->info.size != r->size)
		return fail_field(f, "size", "BLOB_SIZE_DIFFERS", "digest", digest.text, "size",
				  blob_number_text(row->info.size).text, NULL);
	return ERR_OK;
}

/* Evidence whose file is lost or cut can be uploaded once more, which mends it. */
static err needs_mending(struct blob_store *store, const struct blob_request *r, bool *mend,
			 struct fault *f)
{
	char path[BLOB_PATH_SIZE];
	struct stat st;

	*mend = false;
	if (r->class != BLOB_EVIDENCE)
		return ERR_OK;
	TRY(blob_path(store, r->digest, NULL, path, f));
	if (stat(path, &st) != 0)
		*mend = errno == ENOENT;
	else
		*mend = (uint64_t)st.st_size != r->size;
	return ERR_OK;
}

/* Is the blob there already? If no record names it yet, its day starts anew. */
static err find_stored(struct blob_store *store, const struct blob_request *r, uint64_t now_ms,
		       bool *stored, struct fault *f)
{
	struct value touch[] = {value_blob(hash_bytes(&r->digest)), value_int((int64_t)now_ms)};
	struct blob_row row;
	int64_t touched = 0;
	bool mend = false;

	*stored = false;
	TRY(blob_row_find(store, r->digest, &row, f));
	if (!row.found)
		return ERR_OK;
	TRY(blob_row_check(r, &row, f));
	TRY(needs_mending(store, r, &mend, f));
	if (mend)
		return ERR_OK;
	if (!row.info.is_referenced)
		TRY(blob_run(store, BLOB_SQL_TOUCH, touch, &touched, f));
	/* Untouched: a record has come to name it, or a sweep took it away just now. */
	if (!row.info.is_referenced && touched == 0) {
		TRY(blob_row_find(store, r->digest, &row, f));
		*stored = row.found;
		return ERR_OK;
	}
	*stored = true;
	return ERR_OK;
}

static err space_check(const struct blob_store *store, uint64_t size, struct fault *f)
{
	struct statvfs disk;
	uint64_t left, needed;

	if (statvfs(store->folder, &disk) != 0)
		return blob_io(f, "statvfs", store->folder);
	if (__builtin_mul_overflow((uint64_t)disk.f_bavail, (uint64_t)disk.f_frsize, &left))
		return ERR_OK; /* more than can be counted */
	if (__builtin_add_overflow(size, store->reserve, &needed) || left < needed) {
		errno = ENOSPC;
		return blob_io(f, "reserve", store->folder);
	}
	return ERR_OK;
}

/* Opens and locks the file of one slot. `*taken` is false if another upload has it. */
static err slot_take(struct blob_upload *u, bool *taken, struct fault *f)
{
	struct stat opened, named;

	for (;;) {
		u->fd = open(u->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (u->fd < 0)
			return blob_io(f, "open", u->path);
		*taken = flock(u->fd, LOCK_EX | LOCK_NB) == 0;
		if (!*taken && errno != EWOULDBLOCK)
			return blob_io(f, "lock", u->path);
		if (!*taken) {
			fd_close(&u->fd);
			return ERR_OK;
		}
		/* Between open and lock the file may have been finished or swept. */
		if (fstat(u->fd, &opened) == 0 && stat(u->path, &named) == 0 &&
		    opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
			return ERR_OK;
		fd_close(&u->fd);
	}
}

static struct hash upload_id(const struct blob_request *r)
{
	struct sha256 sha;
	uint8_t head[32 + 1 + 8];
	struct writer w = writer_of(head, sizeof(head));

	put_bytes(&w, hash_bytes(&r->digest));
	put_u8(&w, (uint8_t)r->class);
	put_u64(&w, r->size);
	sha256_init(&sha);
	sha256_update(&sha, bytes_of(head, sizeof(head)));
	sha256_update(&sha, r->uploader);
	return sha256_final(&sha);
}

static err slot_find(struct blob_upload *u, struct fault *f)
{
	struct digest_text id = digest_text(upload_id(&u->request));
	bool taken = false;

	for (unsigned slot = 0; slot < SLOTS_MAX && !taken; slot++) {
		snprintf(u->name, sizeof(u->name), "%s.%u", id.text, slot);
		TRY(blob_upload_path(u->store, u->name, u->path, f));
		TRY(slot_take(u, &taken, f));
	}
	if (!taken)
		return fail(f, "BLOB_BUSY", "digest", digest_text(u->request.digest).text, NULL);
	return ERR_OK;
}

static struct chunk_place place_of(const struct blob_upload *u, uint64_t index)
{
	return (struct chunk_place){u->request.digest, index, u->request.size};
}

/* Reads until `n` bytes are there or the file ends. */
static err read_at(const struct blob_upload *u, uint8_t *out, size_t n, uint64_t offset,
		   size_t *got, struct fault *f)
{
	*got = 0;
	while (*got < n) {
		ssize_t r = pread(u->fd, out + *got, n - *got, (off_t)(offset + *got));

		if (r == 0)
			break;
		if (r < 0 && errno != EINTR)
			return blob_io(f, "read", u->path);
		if (r > 0)
			*got += (size_t)r;
	}
	return ERR_OK;
}

static err resume_evidence(struct blob_upload *u, struct fault *f)
{
	size_t n = 1;

	while (n > 0) {
		TRY(read_at(u, u->plain, sizeof(u->plain), u->offset, &n, f));
		if (n > u->request.size - u->offset) { /* not ours: too long for what was asked */
			u->offset = 0;
			sha256_init(&u->sha);
			return ftruncate(u->fd, 0) == 0 ? ERR_OK : blob_io(f, "truncate", u->path);
		}
		sha256_update(&u->sha, bytes_of(u->plain, n));
		u->offset += n;
	}
	return ERR_OK;
}

/* Goes on after the last chunk that authenticates; a torn one is written again. */
static err resume_personal(struct blob_upload *u, struct fault *f)
{
	uint64_t count = chunk_count(u->request.size);

	while (u->chunks < count) {
		size_t size = chunk_size(u->request.size, u->chunks), n = 0;
		struct chunk_place place = place_of(u, u->chunks);

		TRY(read_at(u, u->locked, size + CIPHER_EXTRA, chunk_offset(u->chunks), &n, f));
		if (n != size + CIPHER_EXTRA ||
		    !chunk_unlock(u->key, &place, bytes_of(u->locked, n), u->plain))
			break;
		sha256_update(&u->sha, bytes_of(u->plain, size));
		u->offset += size;
		u->chunks++;
	}
	bytes_wipe(u->plain, sizeof(u->plain));
	uint64_t end =
		u->chunks < count ? chunk_offset(u->chunks) : chunk_file_size(u->request.size);

	if (ftruncate(u->fd, (off_t)end) != 0)
		return blob_io(f, "truncate", u->path);
	return ERR_OK;
}

static err upload_open(struct blob_upload *u, uint64_t now_ms, struct fault *f)
{
	TRY(space_check(u->store, u->request.size, f));
	/* A sweep must not see the file without its key, or the key without its file. */
	TRY(blob_lock_shared(u->store, f));
	err e = slot_find(u, f);
	if (e.code == OK && upload_is_personal(u))
		e = blob_key_take(u->store, u->name, now_ms, &u->key_id, u->key, f);
	blob_unlock(u->store);
	TRY(e);
	sha256_init(&u->sha);
	return upload_is_personal(u) ? resume_personal(u, f) : resume_evidence(u, f);
}

err blob_begin(struct blob_store *store, const struct blob_request *request, uint64_t now_ms,
	       struct blob_upload **out, struct fault *f)
{
	bool stored = false;

	TRY(request_check(store, request, f));
	TRY(find_stored(store, request, now_ms, &stored, f));
	struct blob_upload *u = calloc(1, sizeof(*u));
	if (u == NULL)
		return blob_memory(f);
	u->store = store;
	u->request = *request;
	u->stored = stored;
	u->fd = -1;
	err e = ERR_OK;
	if (stored)
		u->offset = request->size;
	else
		e = upload_open(u, now_ms, f);
	u->request.uploader = (struct bytes){0}; /* the caller's; needed no longer */
	if (e.code != OK) {
		blob_upload_close(u);
		return e;
	}
	*out = u;
	return ERR_OK;
}

/* ---- writing ---- */

static err write_at(const struct blob_upload *u, struct bytes data, uint64_t offset,
		    struct fault *f)
{
	while (data.n > 0) {
		ssize_t n = pwrite(u->fd, data.p, data.n, (off_t)offset);

		if (n < 0 && errno != EINTR)
			return blob_io(f, "write", u->path);
		if (n > 0) {
			data = bytes_of(data.p + n, data.n - (size_t)n);
			offset += (uint64_t)n;
		}
	}
	return ERR_OK;
}

err blob_chunk_write(struct blob_upload *u, struct fault *f)
{
	struct chunk_place place = place_of(u, u->chunks);

	TRY(chunk_lock(u->key, &place, bytes_of(u->plain, u->plain_n), u->locked, f));
	TRY(write_at(u, bytes_of(u->locked, u->plain_n + CIPHER_EXTRA), chunk_offset(u->chunks),
		     f));
	u->chunks++;
	u->plain_n = 0;
	return ERR_OK;
}

/* Takes as much as the current chunk has room for. A chunk that the disk refused stays full in
 * `plain`, and is tried again before anything else is taken. */
static err write_personal(struct blob_upload *u, struct bytes data, size_t *taken, struct fault *f)
{
	size_t size = chunk_size(u->request.size, u->chunks);

	if (u->plain_n == size)
		TRY(blob_chunk_write(u, f));
	size = chunk_size(u->request.size, u->chunks);
	*taken = data.n < size - u->plain_n ? data.n : size - u->plain_n;
	memcpy(u->plain + u->plain_n, data.p, *taken);
	sha256_update(&u->sha, bytes_of(data.p, *taken));
	u->plain_n += *taken;
	u->offset += *taken;
	return u->plain_n == size ? blob_chunk_write(u, f) : ERR_OK;
}

static err write_evidence(struct blob_upload *u, struct bytes data, size_t *taken, struct fault *f)
{
	TRY(write_at(u, data, u->offset, f));
	sha256_update(&u->sha, data);
	u->offset += data.n;
	*taken = data.n;
	return ERR_OK;
}

err blob_write(struct blob_upload *u, uint64_t offset, struct bytes data, struct fault *f)
{
	if (offset != u->offset)
		return fail_field(f, "offset", "BLOB_OFFSET", "expected",
				  blob_number_text(u->offset).text, "found",
				  blob_number_text(offset).text, NULL);
	if (data.n > u->request.size - u->offset)
		return fail(f, "BLOB_TOO_LONG", "size", blob_number_text(u->request.size).text,
			    NULL);
	while (data.n > 0) {
		size_t taken = 0;

		TRY(upload_is_personal(u) ? write_personal(u, data, &taken, f)
					  : write_evidence(u, data, &taken, f));
		data = bytes_of(data.p + taken, data.n - taken);
	}
	return ERR_OK;
}
