/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

/* Where the fields of a header stand. */
enum {
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	SIZE_DIGITS = 11,
	CHECKSUM_DIGITS = 6,
};

static const uint8_t ZEROS[2 * TAR_BLOCK];

/* ---- files and processes ---- */

static err fd_put(void *context, struct bytes content, struct fault *f)
{
	return fd_write_all(*(const int *)context, content, f);
}

static err fd_get(void *context, uint8_t *out, size_t n, size_t *got, struct fault *f)
{
	*got = 0;
	while (*got < n) {
		ssize_t part = read(*(const int *)context, out + *got, n - *got);

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return fail(f, "BACKUP_READ_FAILED", "why", strerror(errno), NULL);
		if (part == 0)
			break;
		*got += (size_t)part;
	}
	return ERR_OK;
}

struct sink sink_of_fd(int *fd)
{
	return (struct sink){fd_put, fd};
}

struct source source_of_fd(int *fd)
{
	return (struct source){fd_get, fd};
}

/* ---- names ---- */

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool tar_name_valid(const char *name)
{
	bool begins = true;

	if (strlen(name) > TAR_NAME_MAX)
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		if (begins && !is_plain(*p))
			return false;
		if (*p != '/' && !is_plain(*p) && strchr("._-", *p) == NULL)
			return false;
		begins = *p == '/';
	}
	return !begins;
}

/* ---- writing ---- */

static unsigned checksum_of(const uint8_t header[static TAR_BLOCK])
{
	unsigned sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= AT_CHECKSUM && i < AT_TYPE ? ' ' : header[i];
	return sum;
}

static void put_octal(uint8_t *to, size_t digits, uint64_t v)
{
	for (size_t i = digits; i-- > 0; v >>= 3)
		to[i] = (uint8_t)('0' + (v & 7));
}

static void header_make(const char *name, uint64_t size, uint8_t out[static TAR_BLOCK])
{
	memset(out, 0, TAR_BLOCK);
	memcpy(out, name, strlen(name));
	put_octal(out + AT_MODE, 7, 0600);
	put_octal(out + AT_UID, 7, 0);
	put_octal(out + AT_GID, 7, 0);
	put_octal(out + AT_SIZE, SIZE_DIGITS, size);
	put_octal(out + AT_MTIME, 11, 0);
	out[AT_TYPE] = '0';
	memcpy(out + AT_MAGIC, "ustar\00000", 8);
	put_octal(out + AT_CHECKSUM, CHECKSUM_DIGITS, checksum_of(out));
	out[AT_CHECKSUM + CHECKSUM_DIGITS + 1] = ' ';
}

static size_t padding_of(uint64_t size)
{
	return (size_t)(TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

err tar_begin(struct tar_writer *w, const char *name, uint64_t size, struct fault *f)
{
	uint8_t header[TAR_BLOCK];

	if (!tar_name_valid(name) || size > TAR_SIZE_MAX || w->left > 0)
		return fail(f, "BACKUP_MEMBER_UNFIT", "name", name, NULL);
	header_make(name, size, header);
	w->left = size;
	w->padding = padding_of(size);
	return sink_put(w->sink, bytes_of(header, sizeof header), f);
}

err tar_put(struct tar_writer *w, struct bytes content, struct fault *f)
{
	if (content.n > w->left)
		return fail(f, "BACKUP_MEMBER_UNFIT", "name", "a member that grew", NULL);
	TRY(sink_put(w->sink, content, f));
	w->left -= content.n;
	if (w->left > 0 || w->padding == 0)
		return ERR_OK;
	size_t padding = w->padding;

	w->padding = 0;
	return sink_put(w->sink, bytes_of(ZEROS, padding), f);
}

err tar_file(struct tar_writer *w, const char *name, struct bytes content, struct fault *f)
{
	TRY(tar_begin(w, name, content.n, f));
	return content.n == 0 ? ERR_OK : tar_put(w, content, f);
}

err tar_close(struct tar_writer *w, struct fault *f)
{
	if (w->left > 0)
		return fail(f, "BACKUP_MEMBER_UNFIT", "name", "the last member", NULL);
	return sink_put(w->sink, bytes_of(ZEROS, sizeof ZEROS), f);
}

/* ---- reading ---- */

static err damaged(struct fault *f, const char *why)
{
	return fail(f, "BACKUP_DAMAGED", "why", why, NULL);
}

static err read_all(struct tar_reader *r, uint8_t *out, size_t n, struct fault *f)
{
	size_t got;

	TRY(source_get(r->source, out, n, &got, f));
	return got == n ? ERR_OK : damaged(f, "it ends too early");
}

static bool get_octal(const uint8_t *from, size_t digits, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < digits; i++) {
		if (from[i] < '0' || from[i] > '7')
			return false;
		*out = *out << 3 | (uint64_t)(from[i] - '0');
	}
	return true;
}

/* Only what header_make() makes: the same header again must come out. */
static err header_read(const uint8_t header[static TAR_BLOCK], struct tar_member *out,
		       struct fault *f)
{
	uint8_t again[TAR_BLOCK];

	memcpy(out->name, header, TAR_NAME_MAX);
	out->name[TAR_NAME_MAX] = '\0';
	if (!tar_name_valid(out->name))
		return damaged(f, "a member has a name that no backup gives");
	if (!get_octal(header + AT_SIZE, SIZE_DIGITS, &out->size))
		return damaged(f, "a member has no size");
	header_make(out->name, out->size, again);
	return memcmp(header, again, TAR_BLOCK) == 0
		       ? ERR_OK
		       : damaged(f, "a member's header is not one that a backup has");
}

static err skip(struct tar_reader *r, struct fault *f)
{
	uint8_t part[16384];
	uint64_t left = r->left + r->padding;

	while (left > 0) {
		size_t n = left < sizeof part ? (size_t)left : sizeof part;

		TRY(read_all(r, part, n, f));
		left -= n;
	}
	r->left = r->padding = 0;
	return ERR_OK;
}

/* The second zero block, and then nothing. */
static err read_end(struct tar_reader *r, struct fault *f)
{
	uint8_t block[TAR_BLOCK];
	size_t got;

	TRY(read_all(r, block, sizeof block, f));
	if (memcmp(block, ZEROS, sizeof block) != 0)
		return damaged(f, "it has an empty member");
	TRY(source_get(r->source, block, 1, &got, f));
	return got == 0 ? ERR_OK : damaged(f, "something follows its end");
}

err tar_next(struct tar_reader *r, struct tar_member *out, bool *more, struct fault *f)
{
	uint8_t header[TAR_BLOCK];

	TRY(skip(r, f));
	TRY(read_all(r, header, sizeof header, f));
	*more = memcmp(header, ZEROS, sizeof header) != 0;
	if (!*more)
		return read_end(r, f);
	TRY(header_read(header, out, f));
	r->left = out->size;
	r->padding = padding_of(out->size);
	return ERR_OK;
}

err tar_get(struct tar_reader *r, uint8_t *out, size_t n, size_t *got, struct fault *f)
{
	if (n > r->left)
		n = (size_t)r->left;
	TRY(read_all(r, out, n, f));
	r->left -= n;
	*got = n;
	return ERR_OK;
}

static err member_get(void *context, uint8_t *out, size_t n, size_t *got, struct fault *f)
{
	return tar_get(context, out, n, got, f);
}

struct source tar_source(struct tar_reader *r)
{
	return (struct source){member_get, r};
}
