/* SPDX-License-Identifier: Apache-2.0 */
/* files.h — files that are whole or absent: write aside, fsync, rename, fsync the folder. */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/arena.h"

#define AUTO(close) __attribute__((cleanup(close)))

/* Closes *fd if it is not negative, and makes it -1. */
void fd_close(int *fd);

/* Reads a whole file of at most `max` bytes into the arena. Messages FILE_*. */
MUST_CHECK err file_read(struct arena *a, const char *path, size_t max, struct bytes *out,
			 struct fault *f);
/* Replaces or creates `path` atomically and durably with permission bits `mode`. */
MUST_CHECK err file_write(const char *path, struct bytes content, unsigned mode, struct fault *f);
/* Creates `path` and its parents (0700 unless it exists). */
MUST_CHECK err folder_make(const char *path, struct fault *f);
/* Writes all of it, over short writes and EINTR. */
MUST_CHECK err fd_write_all(int fd, struct bytes content, struct fault *f);
bool file_exists(const char *path);

#endif
