/* SPDX-License-Identifier: Apache-2.0 */
/* A house that one founder began alone: the rule asks nobody, and the signer's charter may all the same. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static int alone_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	assert_int_equal(store_setup(state), 0);
	w->store = *state;
	*state = w;
	house_open_alone(&w->house, w->store->address);
	w->actors[w->actors_n++] =
		house_actor(&w->house, "anna", "person",
			    "line.define,firmware.release,firmware.read,firmware.release.approve");
	w->actors[w->actors_n++] =
		house_actor(&w->house, "bert", "person", "firmware.release.approve");
	return 0;
}

/* Otherwise nobody could ever answer the signer. */
static void what_one_decided_alone_can_still_be_agreed_to(void **state)
{
	struct world *w = *state;
	char digest[65];

	world_later(w, (uint64_t)25 * 3600 * 1000);
	assert_says("", w, "anna", "product.defined",
		    "{'product':'GW','name':'Gateway','hardware_type':'1.3.6.1.4.1.99999.1'}");
	memcpy(digest, w->digest, sizeof digest);
	assert_says("!APPROVAL_NOTHING_WAITS", w, "bert", "approval.given", "{'record':'%s'}",
		    digest);
	assert_says("", w, "anna", "firmware.released",
		    "{'release':'FW1','product':'GW','version':'1','environment':'production',"
		    "'image':'%s','image_size':1,'security_version':1}",
		    IMAGE);
	memcpy(digest, w->digest, sizeof digest);
	assert_string_equal(shows(w, "firmware.releases", "state", "release=FW1"), "released");
	assert_says("!APPROVAL_NOT_ELIGIBLE", w, "anna", "approval.given", "{'record':'%s'}",
		    digest);
	assert_says("", w, "bert", "approval.given", "{'record':'%s'}", digest);
	assert_says("!APPROVAL_GIVEN_BEFORE", w, "bert", "approval.given", "{'record':'%s'}",
		    digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_one_decided_alone_can_still_be_agreed_to,
						alone_setup, world_teardown),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
