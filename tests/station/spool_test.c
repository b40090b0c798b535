/* SPDX-License-Identifier: Apache-2.0 */
/* The spool: what was appended is there after every cut, what was torn was never acknowledged, and what is
 * missing is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "base/files.h"
#include "core/cbor.h"
#include "crash/cut.h"
#include "station/answers.h"
#include "station/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int fresh(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/sealwright-spool-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int gone(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct spool *opened(uint64_t answered)
{
	struct spool *s = NULL;
	struct fault f = {0};

	if (spool_open(folder, answered, &s, &f).code != OK)
		print_error("%s %s\n", f.message, fault_value(&f, "detail"));
	assert_non_null(s);
	return s;
}

static void must_not_open(uint64_t answered)
{
	struct spool *s = NULL;
	struct fault f = {0};

	assert_int_equal(spool_open(folder, answered, &s, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "STATION_SPOOL_DAMAGED");
	assert_null(s);
}

/* A submission as it would be; only what the spool itself looks at is right. */
static struct bytes submission(struct arena *a, const char *spool, uint64_t counter, size_t size,
			       struct uuid *id, struct hash *digest)
{
	struct claim claim = {.origin = bytes_text("o.example/log"),
			      .type = bytes_text("unit.built"),
			      .version = 1,
			      .author = bytes_text("st1"),
			      .made = counter + 1000,
			      .spool = bytes_text(spool),
			      .spool_counter = counter};
	uint8_t *p = arena_alloc(a, size + 1024), *q = arena_alloc(a, size + 2048);
	struct writer w = writer_of(arena_alloc(a, size + 64), size + 64);
	struct bytes bytes;

	claim.id.b[5] = (uint8_t)counter;
	claim.id.b[4] = (uint8_t)(counter >> 8);
	claim.id.b[6] = 0x70;
	claim.id.b[8] = 0x80;
	cbor_put_map(&w, 1);
	cbor_put_text(&w, bytes_text("serial"));
	uint8_t *text = arena_alloc(a, size);
	memset(text, 'x', size);
	cbor_put_text(&w, bytes_of(text, size));
	assert_true(writer_done(&w, &claim.body));
	w = writer_of(p, size + 1024);
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &bytes));
	*id = claim.id;
	*digest = claim_digest(bytes);
	w = writer_of(q, size + 2048);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, bytes);
	cbor_put_null(&w);
	cbor_put_map(&w, 0);
	assert_true(writer_done(&w, &bytes));
	return bytes;
}

static err append_sized(struct spool *s, size_t size, struct fault *f)
{
	struct arena a = {0};
	struct uuid id;
	struct hash digest;
	struct bytes bytes = submission(&a, spool_name(s), spool_next(s), size, &id, &digest);
	err e = spool_append(s, id, digest, bytes, f);

	arena_done(&a);
	return e;
}

static void append(struct spool *s)
{
	struct fault f = {0};

	assert_int_equal(append_sized(s, 40, &f).code, OK);
}

static size_t segments(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += strstr(e->d_name, ".seg") != NULL;
	closedir(d);
	return n;
}

static char *segment_path(unsigned first)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%016x.seg", folder, first);
	return path;
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void change_byte(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	uint8_t b;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= 0x40;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	close(fd);
}

/* ---- what comes back ---- */

static void what_was_appended_is_there_after_a_start(void **state)
{
	struct spool *s = opened(0);
	struct arena a = {0};
	struct uuid id;
	struct hash digest;
	struct bytes read;
	char name[ID_SIZE_MAX + 1];

	(void)state;
	for (int i = 0; i < 5; i++)
		append(s);
	snprintf(name, sizeof name, "%s", spool_name(s));
	spool_close(s);
	s = opened(2);
	assert_string_equal(spool_name(s), name);
	assert_int_equal(spool_waiting(s), 3);
	assert_int_equal(spool_next(s), 6);
	struct bytes wanted = submission(&a, name, 4, 40, &id, &digest);
	const struct spool_item *item = spool_find_id(s, id);
	assert_non_null(item);
	assert_ptr_equal(item, spool_find_digest(s, digest));
	assert_int_equal(item->counter, 4);
	assert_int_equal(spool_read(s, &a, item, &read, NULL).code, OK);
	assert_true(bytes_equal(read, wanted));
	arena_done(&a);
	spool_close(s);
}

static void segments_go_when_their_records_are_answered(void **state)
{
	struct spool *s = opened(0);
	struct fault f = {0};

	(void)state;
	for (int i = 0; i < 120; i++)
		assert_int_equal(append_sized(s, 30000, &f).code, OK);
	assert_in_range(segments(), 3, 5);
	assert_int_equal(spool_answered(s, 119, &f).code, OK);
	assert_int_equal(segments(), 1);
	spool_close(s);
	s = opened(119);
	assert_int_equal(spool_waiting(s), 1);
	assert_int_equal(spool_answered(s, 120, &f).code, OK);
	for (int i = 0; i < 80; i++) {
		assert_int_equal(append_sized(s, 30000, &f).code, OK);
		assert_int_equal(spool_answered(s, spool_next(s) - 1, &f).code, OK);
	}
	assert_int_equal(segments(), 1); /* it never grows without limit */
	spool_close(s);
}

static void a_torn_record_that_was_never_acknowledged_is_dropped(void **state)
{
	struct spool *s = opened(0);
	static const uint8_t half[] = {0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 4, 'h', 'a', 'l', 'f'};
	int fd;

	(void)state;
	for (int i = 0; i < 3; i++)
		append(s);
	spool_close(s);
	fd = open(segment_path(1), O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, half, sizeof half), sizeof half);
	close(fd);
	s = opened(0);
	assert_int_equal(spool_waiting(s), 3);
	append(s); /* goes on where it was */
	spool_close(s);
	s = opened(0);
	assert_int_equal(spool_waiting(s), 4);
	spool_close(s);
}

static void a_torn_record_that_was_acknowledged_stops_the_box(void **state)
{
	struct spool *s = opened(0);

	(void)state;
	for (int i = 0; i < 3; i++)
		append(s);
	spool_close(s);
	assert_int_equal(truncate(segment_path(1), size_of(segment_path(1)) - 1), 0);
	must_not_open(0);
	must_not_open(0); /* nothing was changed */
}

static void every_changed_byte_of_a_record_is_noticed(void **state)
{
	struct spool *s = opened(0);

	(void)state;
	for (int i = 0; i < 2; i++)
		append(s);
	spool_close(s);
	off_t size = size_of(segment_path(1));
	for (off_t at = 0; at < size; at += 3) {
		change_byte(segment_path(1), at);
		must_not_open(0);
		change_byte(segment_path(1), at);
	}
	s = opened(0);
	assert_int_equal(spool_waiting(s), 2);
	spool_close(s);
}

static void segments_that_are_gone_are_noticed(void **state)
{
	struct spool *s = opened(0);
	struct fault f = {0};

	(void)state;
	for (int i = 0; i < 120; i++)
		assert_int_equal(append_sized(s, 30000, &f).code, OK);
	spool_close(s);
	assert_int_equal(unlink(segment_path(1)), 0);
	must_not_open(0);
}

static void a_spool_whose_position_is_destroyed_is_not_used(void **state)
{
	struct spool *s = opened(0);
	char path[128];

	(void)state;
	append(s);
	spool_close(s);
	snprintf(path, sizeof path, "%s/position", folder);
	change_byte(path, 0);
	change_byte(path, 4096);
	must_not_open(0);
}

static void another_folder_is_another_spool(void **state)
{
	struct spool *s = opened(0);
	char name[ID_SIZE_MAX + 1];

	(void)state;
	snprintf(name, sizeof name, "%s", spool_name(s));
	spool_close(s);
	gone(NULL);
	fresh(NULL);
	s = opened(0);
	assert_string_not_equal(spool_name(s), name);
	spool_close(s);
}

static void a_full_disk_is_said_and_leaves_what_is_there(void **state)
{
	struct spool *s = opened(0);
	struct fault f = {0};
	int status;

	(void)state;
	append(s);
	spool_close(s);
	pid_t pid = fork();
	if (pid == 0) { /* in a process of its own: the limit is for ever */
		struct rlimit small = {200, 200};
		(void)signal(SIGXFSZ, SIG_IGN);
		s = opened(0);
		(void)setrlimit(RLIMIT_FSIZE, &small);
		_exit(append_sized(s, 400, &f).code == ERR_IO ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	s = opened(0);
	assert_int_equal(spool_waiting(s), 1);
	append(s);
	spool_close(s);
}

/* ---- cuts ---- */

enum { CUT_RECORDS = 12 };

struct told {
	_Atomic uint64_t acknowledged; /* what a tester was told */
	_Atomic uint64_t answered;     /* what the server said, on the disk */
};

/* Appends, and answers every third time; dies at its n-th change of a file. */
static void work(struct told *told, unsigned long cut)
{
	struct answers *answers = NULL;
	struct spool *s = NULL;
	struct fault f = {0};
	char path[128];

	snprintf(path, sizeof path, "%s/answers", folder);
	cut_arm_all(cut);
	if (answers_open(path, &answers, &f).code != OK ||
	    spool_open(folder, answers_last(answers), &s, &f).code != OK)
		_exit(2);
	for (int i = 0; i < CUT_RECORDS; i++) {
		struct answer answer = {.counter = spool_next(s)};
		if (append_sized(s, 30000, &f).code != OK)
			_exit(3);
		told->acknowledged = answer.counter;
		if (i % 3 == 2) {
			if (answers_add(answers, &answer, 1, &f).code != OK)
				_exit(4);
			told->answered = answer.counter;
			if (spool_answered(s, answer.counter, &f).code != OK)
				_exit(5);
		}
	}
	_exit(0);
}

static void must_have_all(const struct told *told)
{
	struct answers *answers;
	struct fault f = {0};
	char path[128];

	snprintf(path, sizeof path, "%s/answers", folder);
	assert_int_equal(answers_open(path, &answers, &f).code, OK);
	uint64_t answered = answers_last(answers);
	struct spool *s = opened(answered);
	assert_true(answered >= told->answered);
	assert_true(spool_next(s) - 1 >= told->acknowledged);
	assert_int_equal(spool_waiting(s), spool_next(s) - 1 - answered);
	for (size_t i = 0; i < spool_waiting(s); i++)
		assert_int_equal(spool_at(s, i)->counter, answered + 1 + i);
	spool_close(s);
	answers_close(answers);
}

static void a_cut_at_any_change_of_a_file_loses_nothing_that_was_acknowledged(void **state)
{
	struct told *told =
		mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned cuts = 0;

	(void)state;
	assert_true(told != MAP_FAILED);
	for (unsigned long cut = 1;; cut++) {
		int status;
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			work(told, cut);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		must_have_all(told);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			break;
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == CUT_STATUS);
		cuts++;
	}
	assert_true(cuts > 3 * CUT_RECORDS);
	munmap(told, sizeof *told);
}

#define SPOOL(name) cmocka_unit_test_setup_teardown(name, fresh, gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOOL(what_was_appended_is_there_after_a_start),
		SPOOL(segments_go_when_their_records_are_answered),
		SPOOL(a_torn_record_that_was_never_acknowledged_is_dropped),
		SPOOL(a_torn_record_that_was_acknowledged_stops_the_box),
		SPOOL(every_changed_byte_of_a_record_is_noticed),
		SPOOL(segments_that_are_gone_are_noticed),
		SPOOL(a_spool_whose_position_is_destroyed_is_not_used),
		SPOOL(another_folder_is_another_spool),
		SPOOL(a_full_disk_is_said_and_leaves_what_is_there),
		SPOOL(a_cut_at_any_change_of_a_file_loses_nothing_that_was_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
