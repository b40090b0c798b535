/* SPDX-License-Identifier: Apache-2.0 */
/* A seal's life, and every step outside it. */
#include "world.h"

static void seal_goes_from_stock_to_its_end(void **state)
{
	struct world *w = *state;
	char manifest[65];

	world_ready_to_build(w);
	world_unit(w, "S1");
	world_sealed_shipment(w, "S1", "SH1", manifest);
	assert_string_equal(shows(w, "seal.by_shipment", "state", "shipment=SH1"), "applied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(seal_goes_from_stock_to_its_end),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
