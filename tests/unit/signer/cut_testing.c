/* SPDX-License-Identifier: Apache-2.0 */
#include "cut_testing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512, UNSYNCED_MAX = 1 << 20 };

/* Shared between the child who writes and the parent who lets the power fail. */
struct power {
	int journal_fd;
	bool unsynced, in_journal;
	uint64_t at;
	size_t n, old_n; /* old_n: how many of the n bytes were in the file before */
	uint8_t old[UNSYNCED_MAX];
};

static struct power *power;
static long countdown; /* the child is cut at the call that brings it to 0 */
static enum how how;
static bool in_signer; /* this process is the one that is cut */

/* ---- in the child ---- */

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __real_pwrite64(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *p, size_t n, off_t at);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
ssize_t __real_send(int fd, const void *p, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);
int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

static bool cut_here(void)
{
	return countdown > 0 && --countdown == 0;
}

int __wrap_flock(int fd, int operation)
{
	if (power != NULL)
		power->journal_fd = fd;
	return __real_flock(fd, operation);
}

/* Nothing leaves before it is on the disk: not for power that fails by chance, but always. */
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags)
{
	if (in_signer && power->unsynced)
		abort();
	return __real_send(fd, p, n, flags);
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (!cut_here())
		return __real_write(fd, p, n);
	if (how == CUT_AFTER)
		(void)!__real_write(fd, p, n);
	_exit(CUT_STATUS);
}

static void remember(int fd, size_t n, off_t at)
{
	if (power == NULL || n > UNSYNCED_MAX)
		return;
	/* Only then is a torn tail always the last append alone. */
	if (in_signer && power->unsynced)
		abort();
	ssize_t old = pread(fd, power->old, n, at);

	power->in_journal = fd == power->journal_fd;
	power->at = (uint64_t)at;
	power->n = n;
	power->old_n = old > 0 ? (size_t)old : 0;
	power->unsynced = true;
}

ssize_t __wrap_pwrite64(int fd, const void *p, size_t n, off_t at)
{
	bool cut = cut_here();

	if (cut && how == CUT_BEFORE)
		_exit(CUT_STATUS);
	remember(fd, n, at);
	ssize_t put = __real_pwrite64(fd, p, cut && how == CUT_MIDDLE ? n / 2 : n, at);
	if (cut)
		_exit(CUT_STATUS);
	return put;
}

int __wrap_fdatasync(int fd)
{
	bool cut = cut_here();

	if (cut && how != CUT_AFTER)
		_exit(CUT_STATUS);
	int done = __real_fdatasync(fd);
	if (power != NULL)
		power->unsynced = false;
	if (cut)
		_exit(CUT_STATUS);
	return done;
}

void cut_arm(void *context)
{
	const struct cut *cut = context;

	in_signer = true;
	countdown = cut->at;
	how = cut->how;
}

/* ---- the power fails ---- */

static uint64_t chance = 88172645463325252u;

void cut_seed(uint64_t seed)
{
	chance = seed;
}

uint64_t cut_dice(uint64_t sides)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return chance % sides;
}

/* Each sector of the last write reached the disk or did not; the file became longer or did not. */
void cut_let_power_fail(const struct signer_test *t)
{
	static const uint8_t zeros[SECTOR];
	char path[4096];

	if (!power->unsynced)
		return;
	power->unsynced = false;
	assert_int_equal(
		vault_path(t->vault, power->in_journal ? FILE_JOURNAL : FILE_SLOTS, path, NULL)
			.code,
		OK);
	AUTO(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	struct stat status;
	assert_int_equal(fstat(fd, &status), 0);
	uint64_t end = power->at + power->n, size = (uint64_t)status.st_size;
	if (end > size)
		end = size; /* cut in the middle */
	for (uint64_t at = power->at; at < end;) {
		uint64_t next = (at / SECTOR + 1) * SECTOR;
		size_t n = (size_t)((next < end ? next : end) - at),
		       into = (size_t)(at - power->at);

		if (cut_dice(2) == 0) {
			bool was = into + n <= power->old_n;

			assert_int_equal(
				__real_pwrite64(fd, was ? power->old + into : zeros, n, (off_t)at),
				n);
		}
		at = next;
	}
	if (power->in_journal && cut_dice(3) == 0)
		assert_int_equal(ftruncate(fd, (off_t)(power->at + cut_dice(power->n + 1))), 0);
}

/* ---- setting up ---- */

void cut_open(void)
{
	power = mmap(NULL, sizeof(*power), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	assert_true(power != MAP_FAILED);
}

void cut_forget(void)
{
	power->unsynced = false;
}
