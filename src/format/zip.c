/* SPDX-License-Identifier: Apache-2.0 */
#include "format/zip.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOCAL_HEADER = 0x04034b50,
	DIRECTORY_HEADER = 0x02014b50,
	DIRECTORY_END = 0x06054b50,
	LOCAL_SIZE = 30,
	DIRECTORY_SIZE = 46,
	END_SIZE = 22,
	NEEDS_VERSION = 20,
	MADE_ON_UNIX = 3 << 8 | NEEDS_VERSION,
	NAMES_ARE_UTF8 = 1 << 11,
	DATE_1980_01_01 = 1 << 5 | 1,
	MODE_FILE = 0100644,
	MODE_PROGRAM = 0100755,
};

struct zip_file {
	char *name;
	uint32_t check, size, at;
	bool runs;
};

struct zip {
	char path[PATH_MAX], aside[PATH_MAX];
	int fd;
	bool ended;
	uint64_t at, directory; /* what is written, and what the directory of it will take */
	uint32_t table[256];
	struct zip_file *files;
	size_t n, room;
};

/* ---- the check sum: CRC-32 of ISO 3309, reflected ---- */

static void make_table(uint32_t table[static 256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t v = i;
		for (unsigned bit = 0; bit < 8; bit++)
			v = (v & 1) != 0 ? v >> 1 ^ UINT32_C(0xedb88320) : v >> 1;
		table[i] = v;
	}
}

static uint32_t check_of(const struct zip *z, struct bytes content)
{
	uint32_t v = UINT32_MAX;

	for (size_t i = 0; i < content.n; i++)
		v = z->table[(v ^ content.p[i]) & 0xff] ^ v >> 8;
	return ~v;
}

/* ---- writing: integers are little-endian here ---- */

static void put16(uint8_t **at, unsigned v)
{
	*(*at)++ = (uint8_t)v;
	*(*at)++ = (uint8_t)(v >> 8);
}

static void put32(uint8_t **at, uint32_t v)
{
	put16(at, v & 0xffff);
	put16(at, v >> 16);
}

/* What local header and directory say alike: from the version that it needs to the name's length. */
static void put_common(uint8_t **at, const struct zip_file *file)
{
	put16(at, NEEDS_VERSION);
	put16(at, NAMES_ARE_UTF8);
	put16(at, 0); /* stored */
	put16(at, 0); /* midnight */
	put16(at, DATE_1980_01_01);
	put32(at, file->check);
	put32(at, file->size);
	put32(at, file->size);
	put16(at, (unsigned)strlen(file->name));
	put16(at, 0); /* no extra field */
}

static err put(struct zip *z, struct bytes content, struct fault *f)
{
	err e = fd_write_all(z->fd, content, f);

	if (e.code != OK)
		fault_add(f, "path", z->path);
	z->at += content.n;
	return e;
}

static err put_local(struct zip *z, const struct zip_file *file, struct fault *f)
{
	uint8_t header[LOCAL_SIZE], *at = header;

	put32(&at, LOCAL_HEADER);
	put_common(&at, file);
	TRY(put(z, bytes_of(header, sizeof header), f));
	return put(z, bytes_text(file->name), f);
}

static err put_directory(struct zip *z, const struct zip_file *file, struct fault *f)
{
	uint8_t header[DIRECTORY_SIZE], *at = header;

	put32(&at, DIRECTORY_HEADER);
	put16(&at, MADE_ON_UNIX);
	put_common(&at, file);
	put16(&at, 0); /* no comment */
	put16(&at, 0); /* on this disk */
	put16(&at, 0); /* not known to be text */
	put32(&at, (uint32_t)(file->runs ? MODE_PROGRAM : MODE_FILE) << 16);
	put32(&at, file->at);
	TRY(put(z, bytes_of(header, sizeof header), f));
	return put(z, bytes_text(file->name), f);
}

static err put_end(struct zip *z, uint64_t directory, struct fault *f)
{
	uint8_t end[END_SIZE], *at = end;

	put32(&at, DIRECTORY_END);
	put32(&at, 0); /* one disk only */
	put16(&at, (unsigned)z->n);
	put16(&at, (unsigned)z->n);
	put32(&at, (uint32_t)(z->at - directory));
	put32(&at, (uint32_t)directory);
	put16(&at, 0);
	return put(z, bytes_of(end, sizeof end), f);
}

/* ---- names ---- */

static bool part_is_sound(const char *part, size_t n)
{
	if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f || part[i] == '\\' ||
		    part[i] == ':')
			return false;
	return true;
}

static bool name_is_sound(const char *name)
{
	if (strlen(name) > ZIP_NAME_MAX || !utf8_valid(bytes_text(name)))
		return false;
	for (;;) {
		size_t n = strcspn(name, "/");
		if (!part_is_sound(name, n))
			return false;
		if (name[n] == '\0')
			return true;
		name += n + 1;
	}
}

static bool is_there(const struct zip *z, const char *name)
{
	for (size_t i = 0; i < z->n; i++)
		if (strcmp(z->files[i].name, name) == 0)
			return true;
	return false;
}

/* ---- the archive ---- */

static err write_failed(const struct zip *z, struct fault *f)
{
	return fail(f, "FILE_WRITE_FAILED", "path", z->path, "why", strerror(errno), NULL);
}

err zip_create(const char *path, struct zip **out, struct fault *f)
{
	struct zip *z = calloc(1, sizeof *z);

	if (z == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", path, NULL);
	int n = snprintf(z->path, sizeof z->path, "%s", path);
	int m = snprintf(z->aside, sizeof z->aside, "%s.new-XXXXXX", path);
	errno = ENAMETOOLONG;
	z->fd = n < 0 || (size_t)n >= sizeof z->path || m < 0 || (size_t)m >= sizeof z->aside
			? -1
			: mkostemp(z->aside, O_CLOEXEC);
	if (z->fd < 0) {
		err e = write_failed(z, f);
		free(z);
		return e;
	}
	make_table(z->table);
	*out = z;
	return ERR_OK;
}

static bool grow(struct zip *z)
{
	size_t room = z->room == 0 ? 64 : 2 * z->room;

	if (z->n < z->room)
		return true;
	struct zip_file *files = realloc(z->files, room * sizeof *files);
	if (files == NULL)
		return false;
	z->files = files;
	z->room = room;
	return true;
}

/* Everything that is still to come must be below 4 GiB, the directory too. */
static bool fits(const struct zip *z, const char *name, size_t size)
{
	uint64_t rest = z->directory + END_SIZE + LOCAL_SIZE + DIRECTORY_SIZE + 2 * strlen(name);

	return z->n < ZIP_FILES_MAX && size < UINT32_MAX && z->at + rest + size < UINT32_MAX;
}

err zip_add(struct zip *z, const char *name, struct bytes content, bool runs, struct fault *f)
{
	if (!name_is_sound(name))
		return fail(f, "ZIP_NAME_WRONG", "name", name, NULL);
	if (is_there(z, name))
		return fail(f, "ZIP_NAME_TWICE", "name", name, NULL);
	if (!fits(z, name, content.n))
		return fail(f, "ZIP_TOO_LARGE", "path", z->path, "name", name, NULL);
	char *copy = strdup(name);
	if (copy == NULL || !grow(z)) {
		free(copy);
		return fail(f, "MEMORY_EXHAUSTED", "what", name, NULL);
	}
	struct zip_file *file = &z->files[z->n++];
	*file = (struct zip_file){.name = copy,
				  .check = check_of(z, content),
				  .size = (uint32_t)content.n,
				  .at = (uint32_t)z->at,
				  .runs = runs};
	z->directory += DIRECTORY_SIZE + strlen(name);
	TRY(put_local(z, file, f));
	return put(z, content, f);
}

err zip_end(struct zip *z, struct fault *f)
{
	uint64_t directory = z->at;

	for (size_t i = 0; i < z->n; i++)
		TRY(put_directory(z, &z->files[i], f));
	TRY(put_end(z, directory, f));
	if (fchmod(z->fd, 0644) != 0 || fsync(z->fd) != 0 || rename(z->aside, z->path) != 0)
		return write_failed(z, f);
	z->ended = true;
	return ERR_OK;
}

void zip_close(struct zip *z)
{
	if (z == NULL)
		return;
	fd_close(&z->fd);
	if (!z->ended)
		(void)unlink(z->aside);
	for (size_t i = 0; i < z->n; i++)
		free(z->files[i].name);
	free(z->files);
	free(z);
}
