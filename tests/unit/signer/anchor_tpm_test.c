/* SPDX-License-Identifier: Apache-2.0 */
/* The anchor as the signer has it: through its worker, from its folder, with its guard. */
#include "anchor_testing.h"
#include "tpm_kit.h"

#include "base/files.h"
#include "signer/anchor_guard.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INDEX = 0x01800100 };

struct bench {
	struct tpm *tpm;
	char folder[64], file[80];
	struct anchor *anchor;
	struct fault f;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	*state = b;
	if (!tpm_there())
		return 0;
	b->tpm = tpm_new();
	snprintf(b->folder, sizeof(b->folder), "/tmp/sealwright-anchor-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->file, sizeof(b->file), "%s/%s", b->folder, FILE_ANCHOR);
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	anchor_close(b->anchor);
	if (b->tpm != NULL) {
		(void)unlink(b->file);
		assert_int_equal(rmdir(b->folder), 0);
		tpm_done(b->tpm);
	}
	free(b);
	return 0;
}

static struct bench *bench_of(void **state)
{
	struct bench *b = *state;

	if (b->tpm == NULL)
		skip();
	return b;
}

static void must(struct bench *b, err e)
{
	char value[200] = "";

	if (b->f.n > 0)
		snprintf(value, sizeof(value), "%s", b->f.values[b->f.n - 1].value);
	if (e.code != OK)
		stop_test("%s %s\n", b->f.message, value);
}

static void must_refuse(struct bench *b, err e, const char *message)
{
	assert_int_not_equal(e.code, OK);
	assert_string_equal(b->f.message, message);
	b->f = (struct fault){0};
}

static void make(struct bench *b)
{
	must(b, anchor_folder_make(b->folder, b->tpm->tcti, INDEX, (struct bytes){0}, &b->f));
}

static err open_folder(struct bench *b)
{
	anchor_close(b->anchor);
	b->anchor = NULL;
	return anchor_folder_open(b->folder, &b->anchor, &b->f);
}

static uint64_t shown(struct bench *b)
{
	uint64_t value = 0;

	must(b, anchor_read(b->anchor, &value, &b->f));
	return value;
}

static uint64_t advanced(struct bench *b)
{
	uint64_t value = 0;

	must(b, anchor_advance(b->anchor, &value, &b->f));
	return value;
}

/* ---- the worker ---- */

static void it_counts_in_its_worker(void **state)
{
	struct bench *b = bench_of(state);

	must(b, anchor_open_tpm(b->tpm->tcti, INDEX, true, &b->anchor, &b->f));
	uint64_t first = shown(b);
	for (uint64_t i = 1; i <= 50; i++)
		assert_int_equal(advanced(b), first + i);
	anchor_close(b->anchor);
	b->anchor = NULL;
	must(b, anchor_open_tpm(b->tpm->tcti, INDEX, false, &b->anchor, &b->f));
	assert_int_equal(shown(b), first + 50);
}

static void what_the_worker_could_not_open_is_the_opener_s_fault(void **state)
{
	struct bench *b = bench_of(state);

	must_refuse(b, anchor_open_tpm(b->tpm->tcti, INDEX, false, &b->anchor, &b->f),
		    "ANCHOR_INDEX_MISSING");
	must_refuse(b, anchor_open_tpm("device:/dev/no-such-tpm", INDEX, false, &b->anchor, &b->f),
		    "ANCHOR_UNAVAILABLE");
	must_refuse(b, anchor_open_tpm(b->tpm->tcti, 1, true, &b->anchor, &b->f),
		    "ANCHOR_INDEX_INVALID");
}

struct asking {
	struct bench *bench;
	struct fault f;
	err e;
};

static void *advance_aside(void *context)
{
	struct asking *a = context;
	uint64_t value;

	a->e = anchor_advance(a->bench->anchor, &value, &a->f);
	return NULL;
}

static void a_tpm_that_dies_over_a_request_is_unavailable_until_it_is_back(void **state)
{
	struct bench *b = bench_of(state);
	struct asking asking = {.bench = b};
	pthread_t aside;

	make(b);
	must(b, open_folder(b));
	uint64_t before = advanced(b);
	assert_int_equal(kill(b->tpm->pid, SIGSTOP), 0);
	assert_int_equal(pthread_create(&aside, NULL, advance_aside, &asking), 0);
	tpm_off(b->tpm);
	assert_int_equal(pthread_join(aside, NULL), 0);
	assert_int_equal(asking.e.code, ERR_UNAVAILABLE);
	assert_string_equal(asking.f.message, "ANCHOR_UNAVAILABLE");
	tpm_on(b->tpm);
	assert_int_equal(shown(b), before);
	assert_int_equal(advanced(b), before + 1);
}

/* ---- the folder ---- */

static void a_folder_without_the_file_has_no_anchor(void **state)
{
	struct bench *b = bench_of(state);

	must(b, open_folder(b));
	assert_null(b->anchor);
}

static void a_folder_finds_its_counter_again(void **state)
{
	struct bench *b = bench_of(state);

	make(b);
	must(b, open_folder(b));
	uint64_t begun = shown(b), value = advanced(b), first = 0;
	struct hash tpm, now;
	must(b, anchor_folder_first(b->folder, &first, &tpm, &b->f));
	assert_int_equal(first, begun); /* as it was made, not as it is */
	must(b, anchor_identity(b->anchor, &now, &b->f));
	assert_true(hash_equal(tpm, now));
	must(b, open_folder(b));
	assert_int_equal(shown(b), value);
}

static void a_folder_has_one_anchor(void **state)
{
	struct bench *b = bench_of(state);

	make(b);
	must_refuse(
		b, anchor_folder_make(b->folder, b->tpm->tcti, INDEX + 1, (struct bytes){0}, &b->f),
		"ANCHOR_FOLDER_EXISTS");
	must(b, open_folder(b));
}

static void a_tcti_that_cannot_stand_in_a_line_is_refused(void **state)
{
	char long_one[400];
	struct bench *b = bench_of(state);
	const char *const tctis[] = {"", "swtpm:\nindex = 0x01800101", long_one};

	memset(long_one, 'x', sizeof(long_one));
	long_one[sizeof(long_one) - 1] = '\0';
	for (size_t i = 0; i < sizeof(tctis) / sizeof(tctis[0]); i++)
		must_refuse(
			b, anchor_folder_make(b->folder, tctis[i], INDEX, (struct bytes){0}, &b->f),
			"ANCHOR_TCTI_WRONG");
	assert_false(file_exists(b->file));
}

static void a_folder_on_another_machine_is_refused(void **state)
{
	struct bench *b = bench_of(state);

	make(b);
	/* Another TPM, at the same place, with the same index: only its key is another. */
	struct tpm *other = tpm_new();
	struct anchor *there = NULL;
	must(b, anchor_open_tpm(other->tcti, INDEX, true, &there, &b->f));
	anchor_close(there);
	tpm_off(b->tpm);
	tpm_off(other);
	other->port = b->tpm->port;
	tpm_on(other);
	assert_string_equal(other->tcti, b->tpm->tcti);
	must_refuse(b, open_folder(b), "ANCHOR_NOT_GENUINE");
	tpm_done(other);
	tpm_on(b->tpm);
	must(b, open_folder(b));
}

static void a_file_that_is_not_as_it_was_written_is_refused(void **state)
{
#define VALUE "value = 1\n"
	static const char ID[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct bench *b = bench_of(state);
	char texts[12][300];
	size_t n = 0;

	snprintf(texts[n++], 300, "%s", "");
	snprintf(texts[n++], 300, "tcti = x\nindex = 0x01800100\n" VALUE);
	snprintf(texts[n++], 300, "tcti = x\nindex = 0x01800100\ntpm = %s\n", ID);
	snprintf(texts[n++], 300, "tcti = x\nindex = 0x01800100\ntpm = %s\n" VALUE "\n", ID);
	snprintf(texts[n++], 300, "tcti = x\nindex = 0x01800100\ntpm = %.62s\n" VALUE, ID);
	snprintf(texts[n++], 300, "tcti = x\nindex = 0x1800100\ntpm = %s\n" VALUE, ID);
	snprintf(texts[n++], 300, "tcti = x\nindex = 25166080\ntpm = %s\n" VALUE, ID);
	snprintf(texts[n++], 300, "index = 0x01800100\ntcti = x\ntpm = %s\n" VALUE, ID);
	snprintf(texts[n++], 300, "tcti=x\nindex=0x01800100\ntpm=%s\n" VALUE, ID);
	snprintf(texts[n++], 300, "tcti = x\nindex = 0x01800100\ntpm = %s\nvalue = 0x01\n", ID);
	snprintf(texts[n++], 300, "tcti = x\nindex = 0x01800100\ntpm = %s\nvalue = \n", ID);
	snprintf(texts[n++], 300,
		 "tcti = x\nindex = 0x01800100\ntpm = %s\nvalue = 99999999999999999999\n", ID);
	for (size_t i = 0; i < n; i++) {
		must(b, file_write(b->file, bytes_text(texts[i]), 0600, &b->f));
		must_refuse(b, open_folder(b), "ANCHOR_FILE_WRONG");
	}
}

/* ---- the guard, over a counter that is real ---- */

static struct anchor_guard guard_at(struct bench *b, uint64_t journaled)
{
	return (struct anchor_guard){.anchor = b->anchor, .journaled = journaled};
}

static void spend(struct bench *b, struct anchor_guard *g)
{
	must(b, anchor_guard_settle(g, &b->f));
	g->journaled++;
	must(b, anchor_guard_reach(g, &b->f));
}

static void a_journal_that_was_put_back_is_caught(void **state)
{
	struct bench *b = bench_of(state);

	make(b);
	must(b, open_folder(b));
	struct anchor_guard g = guard_at(b, shown(b));
	spend(b, &g);
	uint64_t copy = g.journaled;
	spend(b, &g);
	tpm_off(b->tpm); /* the machine is switched off, its disk put back */
	tpm_on(b->tpm);
	must(b, open_folder(b));
	g = guard_at(b, copy);
	must_refuse(b, anchor_guard_settle(&g, &b->f), "SIGNER_TURNED_BACK");
	g = guard_at(b, copy + 1);
	must(b, anchor_guard_settle(&g, &b->f));
}

static void an_index_that_was_removed_and_made_anew_is_caught(void **state)
{
	const char *undefine[] = {"tpm2_nvundefine", "-C", "o", "0x01800100", NULL};
	struct bench *b = bench_of(state);

	make(b);
	must(b, open_folder(b));
	struct anchor_guard g = guard_at(b, shown(b));
	for (int i = 0; i < 4; i++)
		spend(b, &g);
	anchor_close(b->anchor);
	b->anchor = NULL;
	tpm_off(b->tpm); /* the sessions of three workers are gone */
	tpm_on(b->tpm);
	assert_int_equal(tpm_tool(b->tpm, undefine), 0);
	must_refuse(b, open_folder(b), "ANCHOR_INDEX_MISSING");
	assert_int_equal(unlink(b->file), 0);
	make(b);
	must(b, open_folder(b));
	g = guard_at(b, g.journaled - 2);
	must_refuse(b, anchor_guard_settle(&g, &b->f), "SIGNER_TURNED_BACK");
}

static void whoever_counts_besides_stops_the_signer(void **state)
{
	struct bench *b = bench_of(state);
	struct anchor *other = NULL;
	uint64_t value;

	make(b);
	must(b, open_folder(b));
	struct anchor_guard g = guard_at(b, shown(b));
	spend(b, &g);
	anchor_close(b->anchor); /* swtpm serves one at a time */
	must(b, anchor_folder_open(b->folder, &other, &b->f));
	must(b, anchor_advance(other, &value, &b->f));
	anchor_close(other);
	b->anchor = NULL;
	must(b, open_folder(b));
	g.anchor = b->anchor;
	g.journaled++;
	must_refuse(b, anchor_guard_reach(&g, &b->f), "SIGNER_TURNED_BACK");
}

/* What no anchor on the same disk can do anything about; docs/decisions/0012. */
static void a_tpm_that_is_put_back_with_the_journal_is_not_caught(void **state)
{
	struct bench *b = bench_of(state);
	char copy[64];

	make(b);
	must(b, open_folder(b));
	struct anchor_guard g = guard_at(b, shown(b));
	spend(b, &g);
	uint64_t journal = g.journaled;
	tpm_off(b->tpm);
	tpm_copy(b->tpm, copy);
	tpm_on(b->tpm);
	must(b, open_folder(b));
	g = guard_at(b, journal);
	spend(b, &g);
	tpm_off(b->tpm);
	tpm_put_back(b->tpm, copy);
	tpm_on(b->tpm);
	must(b, open_folder(b));
	g = guard_at(b, journal);
	must(b, anchor_guard_settle(&g, &b->f));
}

#define TPM_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TPM_TEST(it_counts_in_its_worker),
		TPM_TEST(what_the_worker_could_not_open_is_the_opener_s_fault),
		TPM_TEST(a_tpm_that_dies_over_a_request_is_unavailable_until_it_is_back),
		TPM_TEST(a_folder_without_the_file_has_no_anchor),
		TPM_TEST(a_folder_finds_its_counter_again),
		TPM_TEST(a_folder_has_one_anchor),
		TPM_TEST(a_tcti_that_cannot_stand_in_a_line_is_refused),
		TPM_TEST(a_folder_on_another_machine_is_refused),
		TPM_TEST(a_file_that_is_not_as_it_was_written_is_refused),
		TPM_TEST(a_journal_that_was_put_back_is_caught),
		TPM_TEST(an_index_that_was_removed_and_made_anew_is_caught),
		TPM_TEST(whoever_counts_besides_stops_the_signer),
		TPM_TEST(a_tpm_that_is_put_back_with_the_journal_is_not_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
