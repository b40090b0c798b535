/* SPDX-License-Identifier: Apache-2.0 */
/* The signer is cut off at every write and every flush of a day's work: before it, in its middle,
 * after it; and with the power failing, so that what was not flushed is kept by chance, sector by
 * sector. Afterwards nothing that was answered may be lost or answered otherwise. The cuts are
 * made by this program alone: the linker puts the functions below in the place of the C library's
 * (--wrap). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "signer_testing.h"

enum { CUT_STATUS = 77, SECTOR = 512, UNSYNCED_MAX = 1 << 20, CALLS_MAX = 200 };
enum how { CUT_BEFORE, CUT_MIDDLE, CUT_AFTER, CUT_POWER, HOWS };

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

struct cut {
	long at;
	enum how how;
};

static void arm(void *context)
{
	const struct cut *cut = context;

	in_signer = true;
	countdown = cut->at;
	how = cut->how;
}

/* ---- the power fails ---- */

static uint64_t chance;

static uint64_t dice(uint64_t sides)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return chance % sides;
}

/* Each sector of the last write reached the disk or did not; the file became longer or did not. */
static void let_power_fail(const struct signer_test *t)
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

		if (dice(2) == 0) {
			bool was = into + n <= power->old_n;

			assert_int_equal(
				__real_pwrite64(fd, was ? power->old + into : zeros, n, (off_t)at),
				n);
		}
		at = next;
	}
	if (power->in_journal && dice(3) == 0)
		assert_int_equal(ftruncate(fd, (off_t)(power->at + dice(power->n + 1))), 0);
}

/* ---- a day's work ---- */

/* What the server was answered, and what it asked for last. */
struct memory {
	struct bytes certificates[UNITS];
	uint64_t size, asked; /* of checkpoints */
	struct bytes note;
};

static bool issue_units(struct signer_test *t, struct memory *m, size_t first, size_t n)
{
	struct issue_request requests[16];
	struct bytes certificates[16];
	struct fault faults[16], f = {0};

	for (size_t i = 0; i < n; i++)
		requests[i] = unit_request(first + i);
	err done = signer_issue(t->client, requests, n, &t->arena, certificates, faults, &f);
	if (done.code != OK) {
		assert_string_equal(f.message, "SIGNER_UNAVAILABLE");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		struct bytes *known = &m->certificates[first + i];

		assert_int_equal(faults[i].code, OK);
		if (known->p != NULL)
			assert_true(bytes_equal(*known, certificates[i]));
		*known = certificates[i];
	}
	return true;
}

static bool grow_to(struct signer_test *t, struct memory *m, uint64_t size)
{
	struct fault f = {0};
	struct bytes note;

	m->asked = size;
	err done = ask_checkpoint(t, m->size, size, &note, &f);
	if (done.code != OK) {
		assert_string_equal(f.message, "SIGNER_UNAVAILABLE");
		return false;
	}
	assert_true(note_signed(t, note, tree_head(size)));
	m->size = size;
	m->note = note;
	return true;
}

/* False if the signer went away in between. */
static bool work(struct signer_test *t, struct memory *m)
{
	return issue_units(t, m, 0, 3) && grow_to(t, m, 4) && grow_to(t, m, 9) &&
	       issue_units(t, m, 2, 3) && issue_units(t, m, 5, 1) && grow_to(t, m, 10) &&
	       issue_units(t, m, 0, 8) && issue_units(t, m, 8, 9) && grow_to(t, m, 64) &&
	       grow_to(t, m, 200);
}

/* ---- what must hold afterwards ---- */

static void no_fork(struct signer_test *t, struct merkle_head last)
{
	struct hash path[MERKLE_DEPTH_MAX];
	struct fault f = {0};
	struct bytes note;

	if (last.size < 2)
		return;
	size_t n = other_proof(last.size, LEAVES, 1, path);
	assert_int_equal(signer_checkpoint(t->client, last, other_head(LEAVES, 1), path, n,
					   &t->arena, &note, &f)
				 .code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, "SIGNER_FORK");
}

static void no_second_certificate(struct signer_test *t, const struct memory *m)
{
	struct issue_request again = unit_request(0);
	struct bytes certificate;
	struct fault fault = {0};

	if (m->certificates[0].p == NULL)
		return;
	memset(again.request.b, 0xee, sizeof(again.request.b));
	assert_int_equal(
		signer_issue(t->client, &again, 1, &t->arena, &certificate, &fault, NULL).code, OK);
	assert_int_equal(fault.code, ERR_CONFLICT);
	assert_string_equal(fault.message, "SIGNER_ALREADY_ISSUED");
}

static void nothing_answered_is_lost(struct signer_test *t, struct memory *m)
{
	struct merkle_head last;
	struct bytes note;

	assert_int_equal(signer_last(t->client, &last, NULL).code, OK);
	assert_true(last.size == m->size || last.size == m->asked);
	assert_true(hash_equal(last.root, tree_head(last.size).root));
	if (last.size > 0) {
		assert_int_equal(ask_checkpoint(t, last.size, last.size, &note, NULL).code, OK);
		assert_true(note_signed(t, note, last));
		if (last.size == m->size && m->note.p != NULL)
			assert_true(bytes_equal(note, m->note));
	}
	no_fork(t, last);
	no_second_certificate(t, m);
	m->size = last.size;
	m->note = (struct bytes){0};
}

/* The rest of the work can be done, and all of it stands after another start. */
static void work_goes_on(struct signer_test *t, struct memory *m)
{
	assert_true(issue_units(t, m, 0, 9));
	assert_true(issue_units(t, m, 9, 8));
	if (m->size < LEAVES)
		assert_true(grow_to(t, m, LEAVES));
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	assert_true(issue_units(t, m, 0, 9));
	assert_true(issue_units(t, m, 9, 8));
	nothing_answered_is_lost(t, m);
}

/* One day with one cut. False if the work was done before the cut came. */
static bool day_with_cut(long at, enum how cut_how)
{
	struct signer_test *t = signer_test_new();
	struct memory m = {0};
	struct cut cut = {at, cut_how}, early = {1 + (long)dice(2), CUT_BEFORE};
	bool done = false;

	power->unsynced = false;
	if (signer_start_as(t, geteuid(), arm, &cut)) {
		/* The cut may come right after the sign of life. */
		done = signer_connect(t->socket, TIMEOUT_MS, &t->client, NULL).code == OK &&
		       work(t, &m);
	}
	if (done) {
		assert_int_equal(signer_stop(t), 0);
	} else {
		assert_true(signer_ended_with(t, CUT_STATUS));
		if (cut_how == CUT_POWER) {
			let_power_fail(t);
			/* And once more while it recovers, or just after. */
			if (signer_start_as(t, geteuid(), arm, &early))
				assert_true(signer_stop(t) == 0);
			else
				assert_true(signer_ended_with(t, CUT_STATUS));
		}
	}
	signer_start(t);
	nothing_answered_is_lost(t, &m);
	work_goes_on(t, &m);
	signer_test_done(t);
	return !done;
}

static void nothing_answered_is_lost_wherever_the_signer_is_cut(void **state)
{
	size_t cuts = 0;

	(void)state;
	for (int i = 0; i < HOWS; i++) {
		long at = 1;

		while (at < CALLS_MAX && day_with_cut(at, (enum how)i)) {
			cuts++;
			at++;
		}
		assert_true(at < CALLS_MAX);
	}
	print_message("%zu cuts\n", cuts);
	assert_true(cuts >= 100);
}

static void power_fails_in_many_ways(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		chance = seed * UINT64_C(0x9e3779b97f4a7c15);
		(void)day_with_cut(3 + (long)dice(28), CUT_POWER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_answered_is_lost_wherever_the_signer_is_cut),
		cmocka_unit_test(power_fails_in_many_ways),
	};

	power = mmap(NULL, sizeof(*power), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (power == MAP_FAILED)
		return 1;
	chance = 88172645463325252u;
	log_set_level(LOG_ERROR_LEVEL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
