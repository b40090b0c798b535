/* SPDX-License-Identifier: Apache-2.0 */
/* What the box takes, what it refuses at once, and what it says while the line is whole and while it is cut. */
#include "station_kit.h"

#include <string.h>

static int open_kit(void **state)
{
	struct kit *k = test_malloc(sizeof *k);

	kit_open(k);
	kit_box(k);
	kit_whole(k);
	*state = k;
	return 0;
}

static int close_kit(void **state)
{
	kit_close(*state);
	test_free(*state);
	return 0;
}

static void what_is_posted_is_recorded_and_its_receipt_comes_back(void **state)
{
	struct kit *k = *state;
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "W1"));

	must_say(&s, 201, NULL);
	assert_true(said_number(&s, "sequence") > 0);
	assert_non_null(json_object_get(s.json, "proof"));
	s = kit_ask(k, "GET", kit_printf(k, "/v1/receipts/%s", said_text(&s, "digest")), NULL,
		    NULL);
	must_say(&s, 200, NULL);
	assert_non_null(json_object_get(s.json, "proof"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_posted_is_recorded_and_its_receipt_comes_back, open_kit, close_kit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
