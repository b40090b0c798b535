/* SPDX-License-Identifier: Apache-2.0 */
/* Every view of the program, with every column: the same on both stores. */
#include "records/beach.h"

#include "record/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct everything {
	struct store_test *store;
	struct house house;
	struct actor reader;
};

/* Every permission that a view needs, once each. */
static void all_permissions(const struct registry *registry, char *out, size_t cap)
{
	out[0] = '\0';
	for (size_t i = 0; i < registry->views_n; i++) {
		const char *permission = registry->views[i].permission;
		bool known = false;
		for (size_t k = 0; k < i; k++)
			known = known || strcmp(registry->views[k].permission, permission) == 0;
		if (!known)
			snprintf(out + strlen(out), cap - strlen(out), "%s%s",
				 out[0] == '\0' ? "" : ",", permission);
	}
}

static int setup_everything(void **state)
{
	struct everything *x;
	char permissions[2000];

	if (store_setup(state) != 0)
		return -1;
	x = calloc(1, sizeof *x);
	assert_non_null(x);
	x->store = *state;
	*state = x;
	house_open(&x->house, x->store->address);
	all_permissions(engine_registry(x->house.engine), permissions, sizeof permissions);
	x->reader = house_actor(&x->house, "reader", "person", permissions);
	return 0;
}

static int teardown_everything(void **state)
{
	struct everything *x = *state;
	struct store_test *store = x->store;

	actor_done(&x->reader);
	house_close(&x->house);
	free(x);
	*state = store;
	return store_teardown(state);
}

/* The first store's answer is kept; the second's must be the same. */
static void a_column_holds_the_same_on_both_stores(void **state)
{
	static char first[200][2048];
	struct everything *x = *state;
	const struct registry *registry = engine_registry(x->house.engine);

	assert_in_range(registry->views_n, 1, 200);
	for (size_t i = 0; i < registry->views_n; i++) {
		const struct view *view = &registry->views[i];
		char line[2048];
		size_t n = (size_t)snprintf(line, sizeof line, "%s:", view->name);
		for (size_t k = 0; k < view->columns_n; k++)
			n += (size_t)snprintf(line + n, sizeof line - n, " %s=%s",
					      view->columns[k].name,
					      column_kind_name(view->columns[k].kind));
		assert_in_range(n, 1, sizeof line - 1);
		if (first[i][0] == '\0')
			memcpy(first[i], line, sizeof line);
		assert_string_equal(first[i], line);
	}
}

static void must_take(struct everything *x, const struct view *view, const char *before,
		      const char *column, const char *after)
{
	char word[200];

	snprintf(word, sizeof word, "%s%s%s", before, column, after);
	const char *got = asks_view(&x->house, "reader", view->name, WORDS(word, "limit=1"), NULL);
	if (got[0] != '\0')
		fail_msg("%s?%s: %s", view->name, word, got);
}

static void every_column_of_every_view_can_be_asked(void **state)
{
	struct everything *x = *state;
	const struct registry *registry = engine_registry(x->house.engine);

	for (size_t i = 0; i < registry->views_n; i++) {
		const struct view *view = &registry->views[i];
		for (size_t k = 0; k < view->columns_n; k++) {
			const struct view_column *c = &view->columns[k];
			must_take(x, view, "sort=-", c->name, "");
			must_take(x, view, "group=", c->name, "");
			must_take(x, view, "where.", c->name, c->kind == VALUE_TEXT ? "=a" : "=00");
			if (c->kind == VALUE_TEXT)
				must_take(x, view, "like.", c->name, "=a");
			if (c->kind == VALUE_INT)
				must_take(x, view, "least.", c->name, "=1");
		}
	}
}

#define EVERYTHING_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_everything, teardown_everything)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EVERYTHING_TEST(a_column_holds_the_same_on_both_stores),
		EVERYTHING_TEST(every_column_of_every_view_can_be_asked),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
