/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: sessions of people, keys of machines, and those who are neither. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api *x;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

static void founder_who_signed_in_is_known(void **state)
{
	struct reply *r = api_get(x, &x->ada, "/v1/me");

	(void)state;
	must_have(r, 200);
	assert_string_equal(reply_text(r, "principal"), "ada");
	assert_string_equal(reply_text(r, "kind"), "person");
	assert_string_equal(reply_text(r, "channel"), "session");
	assert_true(json_array_size(json_object_get(r->json, "permissions")) > 5);
}

static void record_signed_by_its_author_is_certified(void **state)
{
	struct reply *r = api_sign(x, &x->ada, "role.defined",
				   "{'role':'tester','permissions':[{'permission':'a.b'}]}");

	(void)state;
	must_have(r, 201);
	assert_string_equal(reply_text(r, "outcome"), "folded");
	assert_true(strlen(reply_text(r, "checkpoint")) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(founder_who_signed_in_is_known),
		cmocka_unit_test(record_signed_by_its_author_is_certified),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
