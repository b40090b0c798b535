/* SPDX-License-Identifier: Apache-2.0 */
/* Result files in the box's folder: sound ones are recorded once and moved to done/, wrong ones explained, and
 * what is still being written is left alone. */
#include "station_kit.h"

#include "base/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 30 };
#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *in_box(struct kit *k, const char *folder, const char *name)
{
	return kit_printf(k, "%s/%s/%s", k->folder, folder, name);
}

static const char *result(struct kit *k, int sequence)
{
	return kit_printf(
		k,
		"{\"product\": \"GW\", \"serial\": \"S1\", \"procedure\": \"FCT\",\n"
		"\"procedure_digest\": \"" DIGEST "\", \"sequence\": %d,\n"
		"\"started\": \"2026-11-20T04:28:26.000Z\",\n"
		"\"ended\": \"2026-11-20T04:29:26.000Z\", \"verdict\": \"pass\",\n"
		"\"measurements\": [{\"measurement\": \"VDD\", \"value\": \"3.3012\"}]}\n",
		sequence);
}

static void put(struct kit *k, const char *name, const char *text)
{
	struct fault f = {0};

	assert_int_equal(file_write(in_box(k, "inbox", name), bytes_text(text), 0644, &f).code, OK);
}

static void await_file(struct kit *k, const char *folder, const char *name)
{
	time_t end = time(NULL) + PATIENCE_S;

	while (!file_exists(in_box(k, folder, name)))
		if (time(NULL) > end)
			stop_test("%s/%s never comes\n", folder, name);
}

static json_t *results(struct kit *k)
{
	struct reply *r = api_get(k->x, &k->x->erin, "/v1/views/test.results?serial=S1");

	must_have(r, 200);
	return json_object_get(r->json, "rows");
}

static int open_kit(void **state)
{
	struct kit *k = test_malloc(sizeof *k);

	kit_open(k);
	(void)api_must(k->x, &k->x->ada, "role.defined",
		       "{'role':'tests','permissions':[{'permission':'test.read'}]}");
	(void)api_must(k->x, &k->x->ada, "role.granted",
		       "{'grant_id':'grant-tests','principal':'erin','role':'tests'}");
	kit_box(k);
	kit_whole(k);
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "S1"));
	must_say(&s, 201, NULL);
	*state = k;
	return 0;
}

static int close_kit(void **state)
{
	kit_close(*state);
	test_free(*state);
	return 0;
}

static void a_result_file_is_recorded_and_moved_to_done(void **state)
{
	struct kit *k = *state;

	put(k, "one.json", result(k, 1));
	await_file(k, "done", "one.json");
	kit_await_delivered(k);
	assert_int_equal(json_array_size(results(k)), 1);
	assert_false(file_exists(in_box(k, "inbox", "one.json")));
}

static void a_file_that_is_met_again_after_a_cut_is_the_same_record(void **state)
{
	struct kit *k = *state;

	put(k, "two.json", result(k, 2));
	await_file(k, "done", "two.json");
	kit_box_off(k);
	/* As if the power had gone before the file was moved. */
	assert_int_equal(rename(in_box(k, "done", "two.json"), in_box(k, "inbox", "two.json")), 0);
	kit_box(k);
	await_file(k, "done", "two.json");
	kit_await_delivered(k);
	assert_int_equal(json_array_size(results(k)), 1);
}

static void a_wrong_file_is_explained_and_nothing_of_it_is_taken(void **state)
{
	struct kit *k = *state;
	struct fault f = {0};
	struct bytes text;

	put(k, "bad.csv",
	    "product,serial,procedure,procedure_digest,sequence,started,ended,verdict,measurement,"
	    "value\n"
	    "GW,S1,FCT," DIGEST ",1,2026-11-20T04:28:26Z,2026-11-20T04:29:26Z,pass,VDD,3.3\n"
	    "GW,S1,FCT," DIGEST ",2,2026-11-20T04:28:26Z,2026-11-20T04:29:26Z,good,VDD,3.3\n");
	await_file(k, "wrong", "bad.csv");
	assert_int_equal(
		file_read(&k->x->arena, in_box(k, "wrong", "bad.csv.txt"), 4096, &text, &f).code,
		OK);
	const char *why = arena_text(&k->x->arena, text);
	assert_non_null(strstr(why, "Line 3: verdict must be pass, fail, error or aborted."));
	assert_non_null(strstr(why, "Fix: "));
	assert_int_equal(json_array_size(results(k)), 0);
}

static void a_file_that_is_being_written_and_other_files_are_left_alone(void **state)
{
	struct kit *k = *state;
	const char *text = result(k, 3);
	size_t half = strlen(text) / 2;
	int fd = open(in_box(k, "inbox", "slow.json"), O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	put(k, ".hidden.json", text);
	put(k, "notes.txt", "not a result");
	/* Half of it; and other files, put there later, have come and gone meanwhile. */
	assert_int_equal(write(fd, text, half), half);
	for (int i = 0; i < 3; i++) {
		const char *name = kit_printf(k, "n%d.json", i);
		put(k, name, result(k, 100 + i));
		await_file(k, "done", name);
		assert_true(file_exists(in_box(k, "inbox", "slow.json")));
	}
	assert_int_equal(write(fd, text + half, strlen(text) - half), strlen(text) - half);
	close(fd);
	await_file(k, "done", "slow.json");
	assert_false(file_exists(in_box(k, "wrong", "slow.json")));
	assert_true(file_exists(in_box(k, "inbox", "notes.txt")));
	assert_true(file_exists(in_box(k, "inbox", ".hidden.json")));
}

#define FOLDER(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER(a_result_file_is_recorded_and_moved_to_done),
		FOLDER(a_file_that_is_met_again_after_a_cut_is_the_same_record),
		FOLDER(a_wrong_file_is_explained_and_nothing_of_it_is_taken),
		FOLDER(a_file_that_is_being_written_and_other_files_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
