/* SPDX-License-Identifier: Apache-2.0 */
/* The power is cut, or the disk fails, before every single step that changes something: the
 * program is linked so that the steps of src/blob pass through the functions named __wrap_…. */
#include "blob_testing.h"

#include "base/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTENT_SIZE = 2 * BLOB_CHUNK_SIZE + 500, CUT_STATUS = 99, STEPS_MAX = 400 };

/* ---- the steps ---- */

enum what { NOTHING, CUT, TORN, FAIL };
static enum what what;
static unsigned steps_left; /* until it happens */
static char trace[STEPS_MAX];
static size_t trace_n;

/* True if this step is to fail. */
static bool step(char letter)
{
	if (trace_n + 1 < sizeof(trace))
		trace[trace_n++] = letter;
	if (what == NOTHING || --steps_left > 0)
		return false;
	if (what != FAIL && !(what == TORN && letter == 'W'))
		_exit(CUT_STATUS);
	errno = EIO;
	return true;
}

static void arm(enum what which, unsigned steps)
{
	what = which;
	steps_left = steps;
	memset(trace, 0, sizeof(trace));
	trace_n = 0;
}

ssize_t __real_pwrite64(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *p, size_t n, off_t at);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
err __real_db_query(struct db *db, struct statement *s, const struct value *parameters, db_row *row,
		    void *context, int64_t *changed, struct fault *f);
err __wrap_db_query(struct db *db, struct statement *s, const struct value *parameters, db_row *row,
		    void *context, int64_t *changed, struct fault *f);
err __real_db_commit(struct db *db, struct fault *f);
err __wrap_db_commit(struct db *db, struct fault *f);

ssize_t __wrap_pwrite64(int fd, const void *p, size_t n, off_t at)
{
	if (step('W')) {
		if (what == FAIL)
			return -1;
		(void)!__real_pwrite64(fd, p, n / 2, at);
		_exit(CUT_STATUS);
	}
	return __real_pwrite64(fd, p, n, at);
}

int __wrap_fsync(int fd)
{
	struct stat st = {0};

	if (fstat(fd, &st) != 0)
		return -1;
	return step(S_ISDIR(st.st_mode) ? 'D' : 'F') ? -1 : __real_fsync(fd);
}

static void (*meanwhile)(void); /* what somebody else does between the name and the row */

int __wrap_rename(const char *from, const char *to)
{
	int result = step('R') ? -1 : __real_rename(from, to);

	if (meanwhile != NULL)
		meanwhile();
	return result;
}

int __wrap_unlink(const char *path)
{
	return step('U') ? -1 : __real_unlink(path);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	return step('M') ? -1 : __real_mkdir(path, mode);
}

static err db_failed(struct fault *f)
{
	return fail_field(f, "", "BLOB_IO", "action", "test", "path", "", "detail", "", NULL);
}

err __wrap_db_query(struct db *db, struct statement *s, const struct value *parameters, db_row *row,
		    void *context, int64_t *changed, struct fault *f)
{
	if (step('Q'))
		return db_failed(f);
	return __real_db_query(db, s, parameters, row, context, changed, f);
}

err __wrap_db_commit(struct db *db, struct fault *f)
{
	return step('C') ? db_failed(f) : __real_db_commit(db, f);
}

/* ---- what may be found afterwards ---- */

struct scene {
	struct room room;
	enum blob_class class;
	struct bytes content;
};
typedef err operation(struct scene *s);

/* The blob is there and whole, or it is not there; nothing else. */
static void assert_whole_or_absent(struct scene *s)
{
	err e = blob_check(s->room.store, sha256(s->content), &s->room.fault);

	if (e.code == OK)
		assert_reads(&s->room, s->content);
	else if (strcmp(s->room.fault.message, "BLOB_ERASED") != 0)
		assert_fault(&s->room, e, "BLOB_MISSING");
	s->room.fault = (struct fault){0};
}

static void sweep_later(struct scene *s)
{
	struct blob_swept swept;

	assert_ok(&s->room,
		  blob_sweep(s->room.store, now() + 3 * (uint64_t)DAY, &swept, &s->room.fault));
}

static void assert_left(struct scene *s, size_t files, int64_t rows, int64_t keys)
{
	assert_int_equal(files_count(&s->room), files);
	assert_int_equal(row_count(&s->room, "SELECT count(*) FROM stored_blob"), rows);
	assert_int_equal(row_count(&s->room, "SELECT count(*) FROM blob_key"), keys);
}

/* Runs the operation in a process of its own that dies before step `n`; true if it came to its
 * end instead. */
static bool cut_at(struct scene *s, operation *run, enum what which, unsigned n)
{
	int status = 0;

	room_close(&s->room);
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		room_open(&s->room);
		arm(which, n);
		err e = run(s);
		_exit(e.code == OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	room_open(&s->room);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CUT_STATUS);
	return WEXITSTATUS(status) == 0;
}

/* The same, but step `n` fails and the process lives on. */
static bool fail_at(struct scene *s, operation *run, unsigned n)
{
	arm(FAIL, n);
	(void)run(s).code; /* some steps may fail without harm */
	bool ended = steps_left > 0;

	arm(NOTHING, 0);
	s->room.fault = (struct fault){0};
	return ended;
}

static bool disturb(struct scene *s, operation *run, enum what which, unsigned n)
{
	return which == FAIL ? fail_at(s, run, n) : cut_at(s, run, which, n);
}

static void scene_make(struct scene *s, enum blob_class class)
{
	*s = (struct scene){.class = class};
	room_make(&s->room);
	s->content = bytes_of(content_make(CONTENT_SIZE, 1), CONTENT_SIZE);
}

static void scene_remove(struct scene *s)
{
	free((void *)(uintptr_t)s->content.p);
	room_remove(&s->room);
}

/* ---- the operations ---- */

static err upload(struct scene *s)
{
	return store_content(&s->room, s->class, s->content, CONTENT_SIZE);
}

static err erase(struct scene *s)
{
	return blob_erase(s->room.store, sha256(s->content), &s->room.fault);
}

static err sweep(struct scene *s)
{
	struct blob_swept swept;

	return blob_sweep(s->room.store, now() + 3 * (uint64_t)DAY, &swept, &s->room.fault);
}

/* ---- tests ---- */

typedef void after(struct scene *s);

/* Disturbs the operation at its first step, its second …, each time in a fresh scene. */
static void at_every_step(enum blob_class class, enum what which, operation *before, operation *run,
			  after *check)
{
	bool ended = false;
	unsigned n = 1;

	for (; !ended; n++) {
		struct scene s;

		assert_true(n < STEPS_MAX);
		scene_make(&s, class);
		if (before != NULL)
			assert_ok(&s.room, before(&s));
		ended = disturb(&s, run, which, n);
		assert_whole_or_absent(&s);
		check(&s);
		scene_remove(&s);
	}
	assert_true(n > 3);
}

static void uploading_again_makes_it_whole(struct scene *s)
{
	assert_ok(&s->room, upload(s));
	assert_reads(&s->room, s->content);
	assert_ok(&s->room, blob_reference(s->room.store, sha256(s->content), 1, &s->room.fault));
	sweep_later(s);
	assert_reads(&s->room, s->content);
	assert_left(s, 1, 1, s->class == BLOB_PERSONAL ? 1 : 0);
}

static void the_sweep_leaves_nothing(struct scene *s)
{
	sweep_later(s);
	assert_left(s, 0, 0, 0);
}

static void erasing_again_ends_it(struct scene *s)
{
	err e = erase(s);

	if (s->class == BLOB_EVIDENCE && e.code != OK)
		assert_fault(&s->room, e, "BLOB_MISSING"); /* it was gone already */
	else
		assert_ok(&s->room, e);
	e = blob_check(s->room.store, sha256(s->content), &s->room.fault);
	assert_fault(&s->room, e, s->class == BLOB_PERSONAL ? "BLOB_ERASED" : "BLOB_MISSING");
	sweep_later(s);
	assert_int_equal(files_count(&s->room), 0);
	assert_int_equal(row_count(&s->room, "SELECT count(*) FROM blob_key"), 0);
}

static err upload_and_reference(struct scene *s)
{
	TRY(upload(s));
	if (s->class == BLOB_EVIDENCE)
		return ERR_OK;
	return blob_reference(s->room.store, sha256(s->content), 1, &s->room.fault);
}

static void each_way(operation *before, operation *run, after *check)
{
	static const enum what WAYS[] = {CUT, TORN, FAIL};

	for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
		at_every_step(BLOB_EVIDENCE, WAYS[i], before, run, check);
		at_every_step(BLOB_PERSONAL, WAYS[i], before, run, check);
	}
}

static void disturbed_upload_can_be_repeated(void **state)
{
	(void)state;
	each_way(NULL, upload, uploading_again_makes_it_whole);
}

static void disturbed_upload_that_nobody_repeats_is_swept(void **state)
{
	(void)state;
	each_way(NULL, upload, the_sweep_leaves_nothing);
}

static void disturbed_erasing_can_be_repeated(void **state)
{
	(void)state;
	each_way(upload_and_reference, erase, erasing_again_ends_it);
}

static void disturbed_sweep_can_be_repeated(void **state)
{
	(void)state;
	each_way(upload, sweep, the_sweep_leaves_nothing);
}

static void bytes_are_durable_before_their_name_and_the_name_before_its_row(void **state)
{
	struct scene s;

	(void)state;
	scene_make(&s, BLOB_EVIDENCE);
	arm(NOTHING, 0);
	assert_ok(&s.room, upload(&s));
	/* row? · bytes · fsync · folder made and synced · name · folder synced · row · commit */
	assert_string_equal(trace, "QWFMDRDQC");
	scene_remove(&s);
	scene_make(&s, BLOB_PERSONAL);
	arm(NOTHING, 0);
	assert_ok(&s.room, upload(&s));
	/* row? · key? · new key · three chunks … row, key kept · commit */
	assert_string_equal(trace, "QQQWWWFMDRDQQC");
	arm(NOTHING, 0);
	assert_ok(&s.room, erase(&s));
	/* row? · overwrite, delete, mark · commit · only then the file */
	assert_string_equal(trace, "QQQQCUD");
	scene_remove(&s);
}

static struct room late_room;
static struct blob_upload *late;

/* Takes up the slot whose file has got its name by now, and with it the key. */
static void begin_late(void)
{
	uint8_t *content = content_make(CONTENT_SIZE, 1);
	struct blob_request request = request_for(BLOB_PERSONAL, bytes_of(content, CONTENT_SIZE));

	meanwhile = NULL;
	room_open(&late_room);
	assert_ok(&late_room,
		  blob_begin(late_room.store, &request, now(), &late, &late_room.fault));
	assert_int_equal(blob_upload_offset(late), 0);
	free(content);
}

static void upload_with_a_late_one(struct scene *s)
{
	scene_make(s, BLOB_PERSONAL);
	arm(NOTHING, 0);
	late_room = s->room;
	meanwhile = begin_late;
	assert_ok(&s->room, upload(s));
	assert_non_null(late);
}

static void aborting_what_shares_a_key_leaves_the_stored_blob(void **state)
{
	struct scene s;

	(void)state;
	upload_with_a_late_one(&s);
	blob_abort(&late);
	room_close(&late_room);
	assert_reads(&s.room, s.content);
	assert_left(&s, 1, 1, 1);
	scene_remove(&s);
}

static void finishing_what_shares_a_key_leaves_the_stored_blob(void **state)
{
	struct scene s;

	(void)state;
	upload_with_a_late_one(&s);
	assert_ok(&late_room, blob_write(late, 0, s.content, &late_room.fault));
	assert_ok(&late_room, blob_finish(&late, now(), &late_room.fault));
	room_close(&late_room);
	assert_reads(&s.room, s.content);
	assert_left(&s, 1, 1, 1);
	scene_remove(&s);
}

static void late_upload_cannot_use_a_key_that_was_swept(void **state)
{
	struct scene s;

	(void)state;
	upload_with_a_late_one(&s);
	sweep_later(&s);
	assert_ok(&late_room, blob_write(late, 0, s.content, &late_room.fault));
	assert_fault(&late_room, blob_finish(&late, now(), &late_room.fault), "BLOB_UPLOAD_LOST");
	room_close(&late_room);
	assert_whole_or_absent(&s);
	uploading_again_makes_it_whole(&s);
	scene_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_durable_before_their_name_and_the_name_before_its_row),
		cmocka_unit_test(aborting_what_shares_a_key_leaves_the_stored_blob),
		cmocka_unit_test(finishing_what_shares_a_key_leaves_the_stored_blob),
		cmocka_unit_test(late_upload_cannot_use_a_key_that_was_swept),
		cmocka_unit_test(disturbed_upload_can_be_repeated),
		cmocka_unit_test(disturbed_upload_that_nobody_repeats_is_swept),
		cmocka_unit_test(disturbed_erasing_can_be_repeated),
		cmocka_unit_test(disturbed_sweep_can_be_repeated),
	};

	return run_on_stores(tests, sizeof(tests) / sizeof(tests[0]));
}
