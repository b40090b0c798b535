/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is full, a file that may not grow, a store that may not be written: a clear error, no
 * damage, and work goes on when there is room again. */
#include "crash/crash_kit.h"

#include "ledger/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANY = 400, DISK_BYTES = 3 << 20 };

static void name_copy(struct crash *c)
{
	snprintf(c->folder, sizeof c->folder, "/tmp/sealwright-full-%ld", (long)getpid());
	snprintf(c->store, sizeof c->store, "sqlite:%s/store/store", c->folder);
	snprintf(c->tiles, sizeof c->tiles, "%s/tiles", c->folder);
	c->config.store = c->store;
	c->config.tiles = c->tiles;
}

static void copy_into(struct crash *c)
{
	char store[KIT_PATH + 32];

	snprintf(store, sizeof store, "%s/store", c->folder);
	copy_folder(c->trial->store->folder, store);
	copy_folder(c->trial->house.tiles, c->tiles);
}

static struct submission *note(struct crash *c, struct engine *e, int i)
{
	struct house *h = &c->trial->house;
	char body[400];
	struct fault f = {0};

	snprintf(body, sizeof body, "{'item':'%0*d','site':'VN'}", 60, i);
	h->engine = e; /* its own is stopped */
	struct submission *s =
		house_make(h, &h->arena, &c->trial->maya, "trial.noted", body, NULL, &f);
	h->engine = NULL;
	ok((err){s == NULL ? f.code : OK}, &f);
	return s;
}

/* Submits until one is refused; its fault. Patience with checkpoints is cut short by the clock. */
static struct fault writes_until_refused(struct crash *c, struct engine *e)
{
	struct fault f = {0};

	for (int i = 0; i < MANY; i++) {
		struct submission *s = note(c, e, i);
		ok(record_submit_wait(e, &s, 1, false, &f), &f);
		const struct result *r = submission_result(s);
		if (r->state == RESULT_REFUSED)
			return r->fault;
	}
	fail_msg("%d records fit", MANY);
	return f;
}

static bool is_clear(const struct fault *f)
{
	return (f->code == ERR_IO || f->code == ERR_UNAVAILABLE || f->code == ERR_LIMIT) &&
	       f->message != NULL;
}

static void works_and_is_whole(struct crash *c, struct engine *e)
{
	struct fault f = {0};
	struct submission *s = note(c, e, 100000);
	struct rebuild_report report;
	struct audit_options options = {.key = c->trial->house.checkpoint_public,
					.verify = ed25519_verify};
	struct audit_report audited;

	ok(record_submit_wait(e, &s, 1, false, &f), &f);
	ok((err){submission_result(s)->fault.code}, &submission_result(s)->fault);
	assert_int_equal(submission_result(s)->state, RESULT_CERTIFIED);
	engine_close(e);
	ok(engine_rebuild(&c->config, false, NULL, NULL, &report, &f), &f);
	assert_int_equal(report.differing, 0);
	ok(audit_run(audit_folder(c->config.tiles), &options, &audited, &f), &f);
	assert_int_equal(audited.head.size, report.entries);
}

/* ---- a file that may not grow ---- */

static void limit_files(rlim_t most)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_file_that_may_not_grow_stops_the_log_and_harms_nothing(void **state)
{
	struct crash *c = crash_new(*state);
	struct rlimit before;
	struct engine *e;
	struct fault f = {0};
	char wal[KIT_PATH + 32];
	struct stat st;

	crash_begin(c);
	name_copy(c);
	assert_int_equal(mkdir(c->folder, 0700), 0);
	copy_into(c);
	ok(engine_open(&c->config, &e, &f), &f);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	snprintf(wal, sizeof wal, "%s/store/store-wal", c->folder);
	assert_int_equal(stat(wal, &st), 0);
	limit_files((rlim_t)st.st_size + 40000);
	struct fault why = writes_until_refused(c, e);
	limit_files(before.rlim_cur);
	if (!is_clear(&why))
		fail_msg("refused with %s", why.message);
	works_and_is_whole(c, e);
	crash_free(c);
}

/* ---- a disk that is full ---- */

static bool mount_small(const char *folder)
{
	char size[32];

	snprintf(size, sizeof size, "size=%d", DISK_BYTES);
	return mkdir(folder, 0700) == 0 &&
	       mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, size) == 0;
}

/* Takes all room that is left. */
static void fill(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof block) > 0)
		continue;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void a_full_disk_stops_the_log_and_harms_nothing(void **state)
{
	struct crash *c = crash_new(*state);
	char filler[KIT_PATH + 32];
	struct engine *e;
	struct fault f = {0};

	crash_begin(c);
	name_copy(c);
	if (!mount_small(c->folder)) {
		print_message("only root can mount a small disk\n");
		crash_free(c);
		skip();
	}
	copy_into(c);
	ok(engine_open(&c->config, &e, &f), &f);
	snprintf(filler, sizeof filler, "%s/filler", c->folder);
	fill(filler);
	struct fault why = writes_until_refused(c, e);
	assert_int_equal(unlink(filler), 0);
	if (!is_clear(&why))
		fail_msg("refused with %s", why.message);
	works_and_is_whole(c, e);
	assert_int_equal(umount(c->folder), 0);
	crash_free(c);
}

static void a_store_that_may_not_be_written_is_not_opened(void **state)
{
	struct crash *c = crash_new(*state);
	struct engine *e = NULL;
	struct fault f = {0};

	crash_begin(c);
	name_copy(c);
	if (!mount_small(c->folder)) {
		print_message("only root can mount a disk that may not be written\n");
		crash_free(c);
		skip();
	}
	copy_into(c);
	assert_int_equal(mount(NULL, c->folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_not_equal(engine_open(&c->config, &e, &f).code, OK);
	assert_null(e);
	if (!is_clear(&f) && f.code != ERR_FORBIDDEN)
		fail_msg("refused with %s", f.message);
	assert_int_equal(mount(NULL, c->folder, NULL, MS_REMOUNT, NULL), 0);
	ok(engine_open(&c->config, &e, &f), &f);
	works_and_is_whole(c, e);
	assert_int_equal(umount(c->folder), 0);
	crash_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(a_file_that_may_not_grow_stops_the_log_and_harms_nothing),
		TRIAL_TEST(a_full_disk_stops_the_log_and_harms_nothing),
		TRIAL_TEST(a_store_that_may_not_be_written_is_not_opened),
	};

	return run_on_sqlite(tests, sizeof tests / sizeof tests[0]);
}
