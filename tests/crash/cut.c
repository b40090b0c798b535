/* SPDX-License-Identifier: Apache-2.0 */
/* cut.c — stands before the C library's calls that change files, for us and for the libraries that
 * we use. Every other write is cut in its middle: half of it arrives. */
#include "crash/cut.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_bool armed, everything;
static atomic_ulong calls, last;

void cut_arm(unsigned long n)
{
	atomic_store(&calls, 0);
	atomic_store(&last, n);
	atomic_store(&armed, true);
}

void cut_arm_all(unsigned long n)
{
	atomic_store(&everything, true);
	cut_arm(n);
}

unsigned long cut_count(void)
{
	return atomic_load(&calls);
}

/* True in the call that must not return. */
static bool is_last(void)
{
	if (!atomic_load(&armed))
		return false;
	unsigned long n = atomic_load(&last);

	return atomic_fetch_add(&calls, 1) + 1 == n;
}

static void cut_here(void)
{
	if (is_last())
		_exit(CUT_STATUS);
}

/* Pipes are the test's own, and not counted. */
static bool is_store(int fd)
{
	struct stat st;

	if (!atomic_load(&armed) || atomic_load(&everything))
		return true;
	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode));
}

static bool tears(size_t n)
{
	return n > 1 && atomic_load(&last) % 2 == 1;
}

static void *next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	return found;
}

/* The real call of this name, found once. A function pointer through a union: ISO C has no cast. */
#define REAL(type, name, ...)              \
	static union {                     \
		void *object;              \
		type (*call)(__VA_ARGS__); \
	} real;                            \
	if (real.object == NULL)           \
	real.object = next(name)

#define WRITER(function, name, arguments, call_half, call_whole, ...) \
	ssize_t function arguments                                    \
	{                                                             \
		REAL(ssize_t, name, __VA_ARGS__);                     \
		if (is_store(fd) && is_last()) {                      \
			ssize_t half = tears(n) ? call_half : 0;      \
			(void)half; /* nobody is left to hear it */   \
			_exit(CUT_STATUS);                            \
		}                                                     \
		return call_whole;                                    \
	}
#define CHANGER(function, name, arguments, whole, ...) \
	int function arguments                         \
	{                                              \
		REAL(int, name, __VA_ARGS__);          \
		cut_here();                            \
		return whole;                          \
	}

/* Large files are the only kind here: under these two names, meson's _FILE_OFFSET_BITS=64 has the
 * compiler define pwrite64 and ftruncate64. */
WRITER(write, "write", (int fd, const void *p, size_t n), real.call(fd, p, n / 2),
       real.call(fd, p, n), int, const void *, size_t)
WRITER(pwrite, "pwrite64", (int fd, const void *p, size_t n, off_t at), real.call(fd, p, n / 2, at),
       real.call(fd, p, n, at), int, const void *, size_t, off_t)
WRITER(send, "send", (int fd, const void *p, size_t n, int flags), real.call(fd, p, n / 2, flags),
       real.call(fd, p, n, flags), int, const void *, size_t, int)
CHANGER(fsync, "fsync", (int fd), real.call(fd), int)
CHANGER(fdatasync, "fdatasync", (int fd), real.call(fd), int)
CHANGER(syncfs, "syncfs", (int fd), real.call(fd), int)
CHANGER(ftruncate, "ftruncate64", (int fd, off_t n), real.call(fd, n), int, off_t)
CHANGER(rename, "rename", (const char *from, const char *to), real.call(from, to), const char *,
	const char *)
CHANGER(renameat, "renameat", (int from_fd, const char *from, int to_fd, const char *to),
	real.call(from_fd, from, to_fd, to), int, const char *, int, const char *)
CHANGER(renameat2, "renameat2",
	(int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
	real.call(from_fd, from, to_fd, to, flags), int, const char *, int, const char *, unsigned)
CHANGER(linkat, "linkat", (int from_fd, const char *from, int to_fd, const char *to, int flags),
	real.call(from_fd, from, to_fd, to, flags), int, const char *, int, const char *, int)
CHANGER(unlink, "unlink", (const char *path), real.call(path), const char *)
CHANGER(unlinkat, "unlinkat", (int fd, const char *path, int flags), real.call(fd, path, flags),
	int, const char *, int)
CHANGER(mkdir, "mkdir", (const char *path, mode_t mode), real.call(path, mode), const char *,
	mode_t)
