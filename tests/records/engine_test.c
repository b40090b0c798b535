/* SPDX-License-Identifier: Apache-2.0 */
#include "records/house.h"
#include "stores.h"

#include <string.h>

static void house_for(void **state, struct house *h)
{
	const struct store_test *t = *state;

	house_open(h, t->address);
}

static void a_founded_log_has_a_signed_start(void **state)
{
	struct house h;

	house_for(state, &h);
	struct engine_state now;
	engine_state_read(h.engine, &now);
	assert_int_equal(now.size, 1);
	assert_int_equal(now.certified, 1);
	house_must_rebuild(&h);
	house_close(&h);
}

static void a_signed_decision_gets_a_receipt_that_proves_it(void **state)
{
	struct house h;

	house_for(state, &h);
	const struct result *r =
		house_sign(&h, &h.ada, "role.defined",
			   "{'role':'inspector','permissions':[{'permission':'custody.write'}]}");
	assert_int_equal(r->state, RESULT_CERTIFIED);
	assert_int_equal(r->sequence, 1);
	assert_true(merkle_includes(r->head, r->sequence, r->leaf, r->path, r->path_n));
	house_must_rebuild(&h);
	house_close(&h);
}

static void a_person_gets_a_role_and_loses_it_again(void **state)
{
	struct house h;

	house_for(state, &h);
	struct actor dora = house_actor(&h, "dora", "person", "access.read");
	json_t *page = house_view(&h, "dora", "access.principals", NULL);
	assert_int_equal(json_array_size(json_object_get(page, "rows")), 4);
	json_decref(page);
	house_must_refuse(&h, &dora, "role.defined", "{'role':'boss'}", "NOT_ALLOWED");
	house_must(&h, &h.ben, "grant.revoked",
		   "{'grant_id':'grant-dora','reason':'left the team'}");
	house_must_rebuild(&h);
	actor_done(&dora);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_founded_log_has_a_signed_start),
		STORE_TEST(a_signed_decision_gets_a_receipt_that_proves_it),
		STORE_TEST(a_person_gets_a_role_and_loses_it_again),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
