/* SPDX-License-Identifier: Apache-2.0 */
/* The tutorial's record type, run for real: what docs/guides/add-a-record-type.md says, happens. */
#include "records/house.h"
#include "stores.h"

#include <string.h>

extern const struct area *const AREAS[];
extern const struct area stencil_area;

static const struct area *areas[32];

static void add_the_area(void)
{
	size_t n = 0;

	while (AREAS[n] != NULL) {
		areas[n] = AREAS[n];
		n++;
	}
	areas[n] = &stencil_area;
	areas[n + 1] = NULL;
}

static void a_new_type_is_coded_ruled_folded_viewed_and_rebuilt(void **state)
{
	const struct store_test *t = *state;
	struct house h;

	house_open_with(&h, t->address, areas);
	struct actor olga = house_actor(&h, "olga", "person", "stencil.write,stencil.read");
	house_must(&h, &olga, "stencil.cleaned", "{'stencil':'ST-7','site':'A','wipes':90}");
	house_must(&h, &olga, "stencil.cleaned", "{'stencil':'ST-7','site':'A','wipes':90}");
	house_must_raise(&h, &olga, "stencil.cleaned",
			 "{'stencil':'ST-7','site':'A','wipes':90,'note':'scratch at U3'}",
			 "STENCIL_WORN");
	house_must_refuse(&h, &olga, "stencil.cleaned", "{'stencil':'ST-7','site':'A','wipes':101}",
			  "FIELD_WRONG");
	house_must_refuse(&h, &h.ben, "stencil.cleaned", "{'stencil':'ST-7','site':'A','wipes':1}",
			  "NOT_ALLOWED");
	json_t *page = house_view(&h, "olga", "stencil.list", "site=A");
	json_t *row = json_array_get(json_object_get(page, "rows"), 0);
	assert_int_equal(json_integer_value(json_object_get(row, "wipes")), 270);
	json_decref(page);
	house_must_rebuild(&h);
	actor_done(&olga);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_new_type_is_coded_ruled_folded_viewed_and_rebuilt),
	};

	add_the_area();
	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
