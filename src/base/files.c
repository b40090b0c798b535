/* SPDX-License-Identifier: Apache-2.0 */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_FIRST = 65536 };

void fd_close(int *fd)
{
	/* close() is not repeated on EINTR: Linux has freed the number by then. */
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static err fail_path(struct fault *f, const char *id, const char *path, int number)
{
	return fail(f, id, "path", path, "why", strerror(number), NULL);
}

static err fail_too_large(struct fault *f, const char *path, size_t max)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", max);
	return fail(f, "FILE_TOO_LARGE", "path", path, "max", text, NULL);
}

/* Reads on to the end. Pipes have no size to ask for, so the buffer grows as they are read, to at
 * most one byte more than `max`, which tells a file that is too large. */
static err read_to_end(struct arena *a, int fd, const char *path, size_t cap, size_t max,
		       struct bytes *out, struct fault *f)
{
	uint8_t *p = arena_alloc(a, cap);
	size_t n = 0;

	while (p) {
		ssize_t got = read(fd, p + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_path(f, "FILE_READ_FAILED", path, errno);
		n += (size_t)got;
		if (n > max)
			return fail_too_large(f, path, max);
		if (got == 0) {
			*out = (struct bytes){p, n};
			return ERR_OK;
		}
		if (n < cap)
			continue;
		cap = cap > max / 2 ? max + 1 : cap * 2;
		uint8_t *larger = arena_alloc(a, cap);

		if (larger)
			memcpy(larger, p, n);
		p = larger;
	}
	return fail(f, "MEMORY_EXHAUSTED", "what", path, NULL);
}

err file_read(struct arena *a, const char *path, size_t max, struct bytes *out, struct fault *f)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return fail_path(f, errno == ENOENT ? "FILE_NOT_FOUND" : "FILE_READ_FAILED", path,
				 errno);
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_path(f, "FILE_READ_FAILED", path, errno);
	if (max > SSIZE_MAX - 1)
		max = SSIZE_MAX - 1;
	bool sized = S_ISREG(st.st_mode) && st.st_size > 0;

	if (sized && (uint64_t)st.st_size > max)
		return fail_too_large(f, path, max);
	size_t cap = sized ? (size_t)st.st_size + 1 : READ_FIRST;

	return read_to_end(a, fd, path, cap > max ? max + 1 : cap, max, out, f);
}

err fd_write_all(int fd, struct bytes content, struct fault *f)
{
	while (content.n > 0) {
		ssize_t put = write(fd, content.p, content.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return fail(f, "WRITE_FAILED", "why", strerror(put < 0 ? errno : EIO),
				    NULL);
		content.p += put;
		content.n -= (size_t)put;
	}
	return ERR_OK;
}

/* A rename is durable only once the folder that holds the name is. */
static err folder_sync(const char *path, struct fault *f)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (n >= sizeof(folder))
		return fail_path(f, "FILE_WRITE_FAILED", path, ENAMETOOLONG);
	memcpy(folder, path, n);
	folder[n] = 0;
	const char *name = n > 0 ? folder : slash ? "/" : ".";
	AUTO(fd_close) int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return fail_path(f, "FILE_WRITE_FAILED", path, errno);
	return ERR_OK;
}

static err write_aside(int fd, const char *aside, const char *path, struct bytes content,
		       unsigned mode, struct fault *f)
{
	err e = fd_write_all(fd, content, f);

	if (e.code != OK) {
		fault_add(f, "path", path);
		return e;
	}
	if (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0 || rename(aside, path) != 0)
		return fail_path(f, "FILE_WRITE_FAILED", path, errno);
	return ERR_OK;
}

err file_write(const char *path, struct bytes content, unsigned mode, struct fault *f)
{
	char aside[PATH_MAX];
	int n = snprintf(aside, sizeof(aside), "%s.new-XXXXXX", path);

	if (n < 0 || (size_t)n >= sizeof(aside))
		return fail_path(f, "FILE_WRITE_FAILED", path, ENAMETOOLONG);
	AUTO(fd_close) int fd = mkostemp(aside, O_CLOEXEC);

	if (fd < 0)
		return fail_path(f, "FILE_WRITE_FAILED", path, errno);
	err e = write_aside(fd, aside, path, content, mode, f);

	if (e.code != OK) {
		(void)unlink(aside);
		return e;
	}
	return folder_sync(path, f);
}

/* `path` with every parent already there. */
static err make_one(const char *path, struct fault *f)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return folder_sync(path, f);
	int why = errno;

	if (why == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return ERR_OK;
	return fail_path(f, "FOLDER_MAKE_FAILED", path, why == EEXIST ? ENOTDIR : why);
}

err folder_make(const char *path, struct fault *f)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n == 0 || n >= sizeof(part))
		return fail_path(f, "FOLDER_MAKE_FAILED", path, n ? ENAMETOOLONG : ENOENT);
	memcpy(part, path, n);
	part[n] = 0;
	for (size_t i = 1; i < n; i++) {
		if (part[i] != '/' || part[i - 1] == '/')
			continue;
		part[i] = 0;
		TRY(make_one(part, f));
		part[i] = '/';
	}
	return make_one(part, f);
}

bool file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}
