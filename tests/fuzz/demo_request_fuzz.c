/* SPDX-License-Identifier: Apache-2.0 */
/* What comes through the demo's door: whatever is taken is a thing that the demo can do. */
#include "sim/demo_live.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool can_be_done(const struct demo_request *r)
{
	switch (r->word) {
	case DEMO_ATTACK:
		return r->which < demo_attacks_n();
	case DEMO_WITHOUT:
		return r->which < demo_attacks_n() && ATTACKS[r->which].control != NULL;
	case DEMO_BUILD:
		return r->which >= 1 && r->which <= RUN_UNITS_MAX;
	case DEMO_SHOW:
		return r->which >= 1 && r->which <= 999999999;
	case DEMO_LIST:
		return r->which == 0;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct demo_request request;
	struct fault f = {0};
	err e = demo_request_parse(bytes_of(data, n), &request, &f);

	if (e.code == OK ? !can_be_done(&request) : f.message == NULL)
		abort();
	if (e.code != OK)
		json_decref(demo_fault_json(&f));
	return 0;
}
