/* SPDX-License-Identifier: Apache-2.0 */
/* The counter in a TPM that is real but for its chip. */
#include "anchor_testing.h"
#include "tpm_kit.h"

#include "signer/anchor_counter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INDEX = 0x01800100 };

struct bench {
	struct tpm *tpm;
	struct counter_config config;
	struct counter *counter;
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
	b->config = (struct counter_config){b->tpm->tcti, INDEX, false, {0}};
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	counter_close(b->counter);
	if (b->tpm != NULL)
		tpm_done(b->tpm);
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

static bool opens(struct bench *b, bool create)
{
	counter_close(b->counter);
	b->counter = NULL;
	b->f = (struct fault){0};
	b->config.create = create;
	return counter_open(&b->config, &b->counter, &b->f).code == OK;
}

static void must_open(struct bench *b, bool create)
{
	if (!opens(b, create))
		stop_test("%s %s\n", b->f.message, b->f.n > 1 ? b->f.values[1].value : "");
}

static uint64_t shown(struct bench *b)
{
	uint64_t value = 0;

	if (counter_read(b->counter, &value, &b->f).code != OK)
		stop_test("%s %s\n", b->f.message, b->f.n > 1 ? b->f.values[1].value : "");
	return value;
}

static uint64_t advanced(struct bench *b)
{
	uint64_t value = 0;

	if (counter_advance(b->counter, &value, &b->f).code != OK)
		stop_test("%s %s\n", b->f.message, b->f.n > 1 ? b->f.values[1].value : "");
	return value;
}

static void must_refuse(struct bench *b, bool create, const char *message)
{
	assert_false(opens(b, create));
	assert_string_equal(b->f.message, message);
}

static int tool(struct bench *b, const char *const *arguments)
{
	counter_close(b->counter); /* one client at a time */
	b->counter = NULL;
	return tpm_tool(b->tpm, arguments);
}

static void it_counts_one_by_one(void **state)
{
	struct bench *b = bench_of(state);

	must_open(b, true);
	uint64_t first = shown(b);
	assert_true(first > 0);
	for (uint64_t i = 1; i <= 20; i++) {
		assert_int_equal(advanced(b), first + i);
		assert_int_equal(shown(b), first + i);
	}
}

static void it_keeps_its_value_over_power_cuts(void **state)
{
	struct bench *b = bench_of(state);

	must_open(b, true);
	uint64_t value = shown(b);
	for (int i = 0; i < 3; i++) {
		value = advanced(b);
		tpm_off(b->tpm);
		tpm_on(b->tpm);
		must_open(b, false);
		assert_int_equal(shown(b), value);
	}
}

static void a_tpm_that_came_back_is_opened_anew(void **state)
{
	struct bench *b = bench_of(state);
	uint64_t value = 0;

	must_open(b, true);
	uint64_t last = advanced(b);
	tpm_off(b->tpm);
	assert_int_equal(counter_advance(b->counter, &value, &b->f).code, ERR_UNAVAILABLE);
	assert_string_equal(b->f.message, "ANCHOR_UNAVAILABLE");
	assert_int_equal(counter_read(b->counter, &value, &b->f).code, ERR_UNAVAILABLE);
	tpm_on(b->tpm);
	assert_int_equal(shown(b), last);
	assert_int_equal(advanced(b), last + 1);
}

static void an_index_that_is_made_anew_never_shows_less(void **state)
{
	struct bench *b = bench_of(state);
	const char *undefine[] = {"tpm2_nvundefine", "-C", "o", "0x01800100", NULL};

	must_open(b, true);
	for (int i = 0; i < 5; i++)
		(void)advanced(b);
	uint64_t before = shown(b);
	assert_int_equal(tool(b, undefine), 0);
	must_refuse(b, false, "ANCHOR_INDEX_MISSING");
	must_open(b, true);
	assert_true(shown(b) > before);
}

static void clearing_the_owner_does_not_turn_it_back(void **state)
{
	struct bench *b = bench_of(state);
	const char *clear[] = {"tpm2_clear", "-c", "p", NULL};
	struct hash before, after;

	must_open(b, true);
	for (int i = 0; i < 5; i++)
		(void)advanced(b);
	uint64_t last = shown(b);
	assert_int_equal(counter_identity(b->counter, &before, &b->f).code, OK);
	assert_int_equal(tool(b, clear), 0);
	must_refuse(b, false, "ANCHOR_INDEX_MISSING");
	must_open(b, true);
	assert_true(shown(b) > last);
	assert_int_equal(counter_identity(b->counter, &after, &b->f).code, OK);
	assert_true(hash_equal(before, after));
}

static void an_index_is_not_made_twice(void **state)
{
	struct bench *b = bench_of(state);

	must_open(b, true);
	uint64_t value = shown(b);
	must_refuse(b, true, "ANCHOR_INDEX_EXISTS");
	assert_int_equal(b->f.code, ERR_CONFLICT);
	must_open(b, false);
	assert_int_equal(shown(b), value);
}

static void an_index_that_a_crash_left_uncounted_is_taken(void **state)
{
	struct bench *b = bench_of(state);
	const char *define[] = {"tpm2_nvdefine",
				"-C",
				"o",
				"-s",
				"8",
				"-a",
				"authread|authwrite|ownerread|no_da|nt=counter",
				"0x01800100",
				NULL};

	assert_int_equal(tool(b, define), 0);
	must_refuse(b, false, "ANCHOR_INDEX_WRONG");
	must_open(b, true);
	assert_true(shown(b) > 0);
}

static void what_is_not_our_kind_of_counter_is_refused(void **state)
{
	static const struct {
		const char *size, *attributes;
	} rows[] = {
		{"8", "authread|authwrite|ownerread|no_da"}, /* plain memory: can be set back */
		{"8", "authread|authwrite|ownerread|no_da|nt=bits"},
		{"8", "authread|authwrite|ownerread|no_da|nt=counter|orderly"},
		{"8", "authread|authwrite|ownerread|ownerwrite|no_da|nt=counter"},
		{"8", "authread|authwrite|ownerread|nt=counter"},
		{"32", "authread|authwrite|ownerread|no_da|nt=extend"},
	};
	const char *undefine[] = {"tpm2_nvundefine", "-C", "o", "0x01800100", NULL};
	struct bench *b = bench_of(state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *define[] = {
			"tpm2_nvdefine",    "-C",         "o", "-s", rows[i].size, "-a",
			rows[i].attributes, "0x01800100", NULL};

		assert_int_equal(tool(b, define), 0);
		must_refuse(b, false, "ANCHOR_INDEX_WRONG");
		assert_false(opens(b, true));
		assert_int_equal(tool(b, undefine), 0);
	}
}

static void an_index_outside_the_owner_s_range_is_refused(void **state)
{
	static const uint32_t indices[] = {0,          1,          0x017FFFFF, 0x01C00000,
					   0x01C00002, 0x81010001, UINT32_MAX};
	struct bench *b = bench_of(state);

	for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
		b->config.index = indices[i];
		must_refuse(b, true, "ANCHOR_INDEX_INVALID");
		must_refuse(b, false, "ANCHOR_INDEX_INVALID");
	}
}

static void the_owner_s_password_is_needed_where_there_is_one(void **state)
{
	struct bench *b = bench_of(state);
	const char *set[] = {"tpm2_changeauth", "-c", "o", "secret", NULL};

	assert_int_equal(tool(b, set), 0);
	must_refuse(b, true, "ANCHOR_OWNER_AUTH");
	b->config.owner_auth = bytes_text("wrong");
	must_refuse(b, true, "ANCHOR_OWNER_AUTH");
	b->config.owner_auth = bytes_text("secret");
	must_open(b, true);
	b->config.owner_auth = (struct bytes){0};
	must_open(b, false); /* counting needs none */
	(void)advanced(b);
}

static void another_tpm_is_known_by_its_key(void **state)
{
	struct bench *b = bench_of(state);
	struct hash first, again, other;

	must_open(b, true);
	assert_int_equal(counter_identity(b->counter, &first, &b->f).code, OK);
	must_open(b, false);
	assert_int_equal(counter_identity(b->counter, &again, &b->f).code, OK);
	assert_true(hash_equal(first, again));
	struct tpm *second = tpm_new();
	b->config.tcti = second->tcti;
	must_refuse(b, false, "ANCHOR_INDEX_MISSING");
	must_open(b, true);
	assert_int_equal(counter_identity(b->counter, &other, &b->f).code, OK);
	assert_false(hash_equal(first, other));
	counter_close(b->counter);
	b->counter = NULL;
	tpm_done(second);
}

/* In the same place, while we look away: nothing is counted there. */
static void a_tpm_that_was_exchanged_is_noticed(void **state)
{
	struct bench *b = bench_of(state);
	struct tpm other = {.port = b->tpm->port};
	uint64_t value = 0;

	must_open(b, true);
	struct tpm *second = tpm_new();
	struct counter_config config = {second->tcti, INDEX, true, {0}};
	struct counter *there = NULL;
	assert_int_equal(counter_open(&config, &there, &b->f).code, OK);
	counter_close(there);
	tpm_off(second);
	tpm_off(b->tpm);
	memcpy(other.folder, second->folder, sizeof(other.folder));
	tpm_on(&other);
	assert_string_equal(other.tcti, b->tpm->tcti);
	assert_int_equal(counter_read(b->counter, &value, &b->f).code, ERR_UNAVAILABLE);
	assert_int_equal(counter_advance(b->counter, &value, &b->f).code, ERR_CORRUPT);
	assert_string_equal(b->f.message, "ANCHOR_NOT_GENUINE");
	tpm_off(&other);
	tpm_done(second);
}

/* Opens it in a process that dies with its session open. */
static void open_and_die(struct bench *b)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(opens(b, false) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A TPM that no resource manager looks after has room for three sessions. */
static void sessions_that_the_dead_left_do_not_stop_it(void **state)
{
	struct bench *b = bench_of(state);

	must_open(b, true);
	uint64_t value = shown(b);
	counter_close(b->counter);
	b->counter = NULL;
	for (int i = 0; i < 8; i++)
		open_and_die(b);
	must_open(b, false);
	assert_int_equal(advanced(b), value + 1);
}

static void a_tpm_that_is_not_there_is_said_so(void **state)
{
	struct bench *b = bench_of(state);

	b->config.tcti = "device:/dev/no-such-tpm";
	must_refuse(b, false, "ANCHOR_UNAVAILABLE");
	b->config.tcti = "no-such-tcti";
	must_refuse(b, true, "ANCHOR_UNAVAILABLE");
	b->config.tcti = b->tpm->tcti;
	tpm_off(b->tpm);
	must_refuse(b, true, "ANCHOR_UNAVAILABLE");
}

#define TPM_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TPM_TEST(it_counts_one_by_one),
		TPM_TEST(it_keeps_its_value_over_power_cuts),
		TPM_TEST(a_tpm_that_came_back_is_opened_anew),
		TPM_TEST(an_index_that_is_made_anew_never_shows_less),
		TPM_TEST(clearing_the_owner_does_not_turn_it_back),
		TPM_TEST(an_index_is_not_made_twice),
		TPM_TEST(an_index_that_a_crash_left_uncounted_is_taken),
		TPM_TEST(what_is_not_our_kind_of_counter_is_refused),
		TPM_TEST(an_index_outside_the_owner_s_range_is_refused),
		TPM_TEST(the_owner_s_password_is_needed_where_there_is_one),
		TPM_TEST(another_tpm_is_known_by_its_key),
		TPM_TEST(a_tpm_that_was_exchanged_is_noticed),
		TPM_TEST(sessions_that_the_dead_left_do_not_stop_it),
		TPM_TEST(a_tpm_that_is_not_there_is_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
