/* SPDX-License-Identifier: Apache-2.0 */
/* demo_files.c — folders are copied and removed. */
#include "sim/demo_internal.h"

#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BLOCK = 65536 };

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

err folder_remove(const char *path, struct fault *f)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return ERR_OK;
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0
		       ? ERR_OK
		       : fail(f, "DEMO_FOLDER_STAYS", "folder", path, NULL);
}

static err io_failed(struct fault *f, const char *path)
{
	return fail(f, "FILE_WRITE_FAILED", "path", path, "why", strerror(errno), NULL);
}

err file_copy(const char *from, const char *to, struct fault *f)
{
	uint8_t block[COPY_BLOCK];
	AUTO(fd_close) int in = open(from, O_RDONLY | O_CLOEXEC);
	AUTO(fd_close) int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n = 0;

	if (in < 0 || out < 0)
		return io_failed(f, in < 0 ? from : to);
	while ((n = read(in, block, sizeof block)) > 0)
		TRY(fd_write_all(out, bytes_of(block, (size_t)n), f));
	return n == 0 ? ERR_OK : io_failed(f, from);
}

static bool is_left_out(const char *name, const char *const *without)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	for (; without != NULL && *without != NULL; without++)
		if (strncmp(name, *without, strlen(*without)) == 0)
			return true;
	return false;
}

/* A socket that was left behind is not copied; what vanished since it was seen was not to stay. */
static err copy_one(struct arena *a, const char *source, const char *target, struct fault *f)
{
	struct stat st;

	if (lstat(source, &st) != 0)
		return errno == ENOENT ? ERR_OK : io_failed(f, source);
	if (S_ISDIR(st.st_mode))
		return folder_copy(a, source, target, f);
	if (!S_ISREG(st.st_mode))
		return ERR_OK;
	err e = file_copy(source, target, f);
	if (e.code != OK && lstat(source, &st) != 0 && errno == ENOENT) {
		unlink(target);
		return ERR_OK;
	}
	return e;
}

err folder_copy(struct arena *a, const char *from, const char *to, struct fault *f)
{
	return folder_copy_without(a, from, to, NULL, f);
}

err folder_copy_without(struct arena *a, const char *from, const char *to,
			const char *const *without, struct fault *f)
{
	DIR *folder = opendir(from);
	struct dirent *one;
	err e = folder == NULL ? io_failed(f, from) : folder_make(to, f);

	while (e.code == OK && (one = readdir(folder)) != NULL) {
		const char *source = arena_printf(a, "%s/%s", from, one->d_name);
		const char *target = arena_printf(a, "%s/%s", to, one->d_name);
		if (is_left_out(one->d_name, without))
			continue;
		e = source == NULL || target == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
						     : copy_one(a, source, target, f);
	}
	if (folder != NULL)
		closedir(folder);
	return e;
}
