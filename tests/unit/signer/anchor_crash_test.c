/* SPDX-License-Identifier: Apache-2.0 */
/* A process that spends, with a journal on the disk and a counter in a TPM, is killed again and again. Whatever
 * moment it is: the next start agrees, no answer that left is lost, and an older journal is caught. */
#include "anchor_testing.h"
#include "tpm_kit.h"

#include "base/files.h"
#include "signer/anchor_guard.h"
#include "signer/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 40, ANSWERS_MAX = 24 };

struct place {
	struct tpm *tpm;
	char folder[64], journal[80];
	struct journal_mark mark; /* after its first record */
};

/* ---- a signer, but for what it signs ---- */

struct spender {
	struct anchor *anchor;
	struct journal journal;
	struct anchor_guard guard;
	uint64_t first; /* with which the anchor began */
};

static struct bytes record_of(uint64_t value, uint8_t buffer[static 8])
{
	struct writer w = writer_of(buffer, 8);
	struct bytes record;

	put_u64(&w, value);
	assert_true(writer_done(&w, &record));
	return record;
}

static err visit(void *context, struct bytes record, uint64_t at, struct fault *f)
{
	struct spender *s = context;
	struct reader r = reader_of(record);

	(void)at;
	(void)f;
	s->guard.journaled = get_u64(&r);
	return ERR_OK;
}

/* As a start does it. */
static err start(const struct place *p, struct spender *s, struct fault *f)
{
	struct hash tpm;
	uint64_t cut;

	*s = (struct spender){.journal.fd = -1};
	TRY(anchor_folder_open(p->folder, &s->anchor, f));
	TRY(anchor_folder_first(p->folder, &s->first, &tpm, f));
	s->guard.anchor = s->anchor;
	TRY(journal_open(p->journal, p->mark, visit, s, &s->journal, &cut, f));
	return anchor_guard_settle(&s->guard, f);
}

static void stop(struct spender *s)
{
	journal_close(&s->journal);
	anchor_close(s->anchor);
}

static err spend(struct spender *s, struct fault *f)
{
	uint8_t buffer[8];
	uint64_t at;

	TRY(anchor_guard_settle(&s->guard, f));
	TRY(journal_append(&s->journal, record_of(s->guard.journaled + 1, buffer), &at, f));
	s->guard.journaled++;
	return anchor_guard_reach(&s->guard, f);
}

/* Answers, each with the value that it cost, until it is killed. */
static _Noreturn void answer_on(const struct place *p, int answers)
{
	struct spender s;
	struct fault f = {0};
	uint8_t buffer[8];

	if (start(p, &s, &f).code != OK)
		_exit(1);
	while (spend(&s, &f).code == OK) {
		struct bytes answer = record_of(s.guard.journaled, buffer);

		if (write(answers, answer.p, answer.n) != (ssize_t)answer.n)
			break;
	}
	_exit(2);
}

/* ---- and its end ---- */

/* The last answer that left before it was killed, somewhere after the n-th; 0 if there was none. */
static uint64_t kill_after(const struct place *p, unsigned n)
{
	uint8_t buffer[8];
	uint64_t last = 0;
	int fds[2], status;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		close(fds[0]);
		answer_on(p, fds[1]);
	}
	close(fds[1]);
	for (unsigned i = 0; i <= n; i++) {
		if (i == n)
			assert_int_equal(kill(pid, SIGKILL), 0);
		while (read(fds[0], buffer, sizeof(buffer)) == (ssize_t)sizeof(buffer)) {
			struct reader r = reader_of(bytes_of(buffer, sizeof(buffer)));
			last = get_u64(&r);
			if (i < n)
				break;
		}
	}
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return last;
}

static void make(struct place *p)
{
	struct fault f = {0};
	struct hash tpm;
	uint8_t buffer[8];
	uint64_t first;

	p->tpm = tpm_new();
	snprintf(p->folder, sizeof(p->folder), "/tmp/sealwright-spend-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->journal, sizeof(p->journal), "%s/journal", p->folder);
	assert_int_equal(
		anchor_folder_make(p->folder, p->tpm->tcti, 0x01800100, (struct bytes){0}, &f).code,
		OK);
	assert_int_equal(anchor_folder_first(p->folder, &first, &tpm, &f).code, OK);
	assert_int_equal(journal_create(p->journal, record_of(first, buffer), &p->mark, &f).code,
			 OK);
}

static void done(struct place *p)
{
	char anchor[96];

	snprintf(anchor, sizeof(anchor), "%s/%s", p->folder, FILE_ANCHOR);
	assert_int_equal(unlink(anchor), 0);
	assert_int_equal(unlink(p->journal), 0);
	assert_int_equal(rmdir(p->folder), 0);
	tpm_done(p->tpm);
}

/* Sessions of the killed would fill a TPM that nobody manages: the signer makes room by itself. */
static void a_spender_that_is_killed_at_any_moment_starts_again_and_has_lost_nothing(void **state)
{
	struct place p = {0};
	struct spender s;
	struct fault f = {0};
	uint64_t shown = 0, before = 0;

	(void)state;
	if (!tpm_there())
		skip();
	make(&p);
	srandom(7); /* which moments: any will do */
	for (int i = 0; i < KILLS; i++) {
		uint64_t answered = kill_after(&p, (unsigned)(random() % ANSWERS_MAX));
		err started = start(&p, &s, &f);

		if (started.code != OK)
			stop_test("kill %d: %s\n", i, f.message);
		assert_int_equal(anchor_read(s.anchor, &shown, &f).code, OK);
		assert_int_equal(shown, s.guard.journaled);
		assert_true(s.guard.journaled >= answered);
		assert_true(s.guard.journaled >= before);
		before = s.guard.journaled;
		stop(&s);
	}
	done(&p);
}

static void a_journal_that_is_cut_back_to_any_of_its_records_is_caught(void **state)
{
	struct place p = {0};
	struct spender s;
	struct fault f = {0};

	(void)state;
	if (!tpm_there())
		skip();
	make(&p);
	assert_int_equal(start(&p, &s, &f).code, OK);
	for (int i = 0; i < 6; i++)
		assert_int_equal(spend(&s, &f).code, OK);
	uint64_t size = s.journal.end.size;
	stop(&s);
	assert_int_equal(size % 7, 0); /* seven records of one size */
	for (uint64_t left = size - size / 7; left > 0; left -= size / 7) {
		assert_int_equal(truncate(p.journal, (off_t)left), 0);
		assert_int_equal(start(&p, &s, &f).code, ERR_CORRUPT);
		assert_string_equal(f.message, "SIGNER_TURNED_BACK");
		stop(&s);
	}
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_spender_that_is_killed_at_any_moment_starts_again_and_has_lost_nothing),
		cmocka_unit_test(a_journal_that_is_cut_back_to_any_of_its_records_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
