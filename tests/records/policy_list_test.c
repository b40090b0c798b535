/* SPDX-License-Identifier: Apache-2.0 */
/* The list of controls and the statements that judge say the same. */
#include "policy_world.h"

#include "domain/policy/controls.h"
#include "record/registry.h"

#include <stdio.h>

static bool guards(const struct known_control *known, const char *gate)
{
	char word[64];

	snprintf(word, sizeof word, " %s ", gate);
	return strstr(known->gates, word) != NULL;
}

static void statements_agree_with_the_list(void **state)
{
	struct world *w = *state;
	const struct registry *r = engine_registry(w->house.engine);
	size_t live = 0;

	for (size_t i = 0; i < r->controls_n; i++) {
		const struct control *c = &r->controls[i];
		const struct known_control *known = control_find(c->id);
		assert_non_null(known);
		assert_true(guards(known, c->gate));
		assert_int_equal(known->always, c->force == CONTROL_ALWAYS);
		assert_int_equal(known->built_in, c->force != CONTROL_ADOPTED);
		assert_int_equal(known->by_evidence,
				 strstr(c->rule.sql, "control_interval") != NULL &&
					 strcmp(c->id, "GOV-02") != 0);
	}
	for (const struct known_control *k = CONTROLS; k->id != NULL; k++) {
		size_t statements = 0;
		for (size_t i = 0; i < r->controls_n; i++)
			statements += strcmp(r->controls[i].id, k->id) == 0;
		assert_int_equal(statements > 0, k->gates[0] != '\0');
		live += statements > 0;
	}
	assert_true(live >= 20);
}

static void list_has_each_control_once(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct known_control *k = CONTROLS; k->id != NULL; k++, n++) {
		assert_ptr_equal(control_find(k->id), k);
		assert_true(k->gates[0] == '\0' || (k->gates[0] == ' ' && strlen(k->gates) > 2));
		if (k->parameter.name != NULL)
			assert_true(k->parameter.least <= k->parameter.standard &&
				    k->parameter.standard <= k->parameter.most);
	}
	assert_int_equal(n, 48);
	assert_null(control_find("GOV-1"));
	assert_null(control_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(statements_agree_with_the_list),
		cmocka_unit_test(list_has_each_control_once),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
