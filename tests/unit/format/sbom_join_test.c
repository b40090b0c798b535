/* SPDX-License-Identifier: Apache-2.0 */
/* Several advisories about one thing are counted once. */
#include "sbom_match_world.h"

#define NAMED(id, more) ABOUT(id, more, "npm", "x", "{'introduced':'0'},{'fixed':'2.0.0'}")
static void aliases_are_one(void **state)
{
	const char *component = PACKAGE("pkg:npm/x@1.0.0");

	(void)state;
	SAYS(component, NAMED("GHSA-1", "'aliases':['CVE-2026-1'],") "," NAMED("CVE-2026-1", ""),
	     "CVE-2026-1 yes 2.0.0");
	assert_int_equal(match.findings[0].ids_n, 2);
	/* By a third number that is in neither. */
	SAYS(component,
	     NAMED("GHSA-1", "'aliases':['CVE-2026-1'],") "," NAMED("GO-1",
								    "'aliases':['CVE-2026-1'],"),
	     "CVE-2026-1 yes 2.0.0");
	/* In a chain. */
	SAYS(component,
	     NAMED("A", "'aliases':['B'],") "," NAMED("C", "'aliases':['D'],") "," NAMED(
		     "E", "'aliases':['B','D'],"),
	     "A yes 2.0.0");
	assert_int_equal(match.findings[0].ids_n, 5);
	SAYS(component, NAMED("A", "'aliases':['B'],") "," NAMED("C", "'aliases':['D'],"),
	     "A yes 2.0.0; C yes 2.0.0");
	SAYS(component, NAMED("A", "") "," NAMED("A", ""), "A yes 2.0.0");
}

static void one_upstream_number_is_an_alias(void **state)
{
	(void)state;
	SAYS(PACKAGE("pkg:npm/x@1.0.0"),
	     NAMED("DEBIAN-CVE-2026-1", "'upstream':['CVE-2026-1'],") "," NAMED("CVE-2026-1", ""),
	     "CVE-2026-1 yes 2.0.0");
}

/* An update that mends several things is no further thing, if each is told by itself. */
static void bundle_is_counted_only_for_what_nobody_else_tells(void **state)
{
	const char *bundle = NAMED("DSA-1", "'upstream':['CVE-2026-1','CVE-2026-2'],");
	const char *one = NAMED("CVE-2026-1", ""), *two = NAMED("CVE-2026-2", "");
	const char *component = PACKAGE("pkg:npm/x@1.0.0");

	(void)state;
	SAYS(component, arena_printf(&arena, "%s,%s,%s", bundle, one, two),
	     "CVE-2026-1 yes 2.0.0; CVE-2026-2 yes 2.0.0");
	SAYS(component, arena_printf(&arena, "%s,%s", bundle, one),
	     "CVE-2026-1 yes 2.0.0; DSA-1 yes 2.0.0");
	SAYS(component, bundle, "DSA-1 yes 2.0.0");
	/* One that is only unknown does not stand in for one that is affected. */
	SAYS(component,
	     arena_printf(&arena, "%s,%s,%s", bundle, one,
			  ABOUT("CVE-2026-2", "", "npm", "x", "{'introduced':'x'}")),
	     "CVE-2026-1 yes 2.0.0; DSA-1 yes 2.0.0; CVE-2026-2 ? a version range that can be "
	     "read");
}

/* A feed in which everything is told elsewhere tells nothing. */
static void bundles_do_not_hide_each_other(void **state)
{
	(void)state;
	SAYS(PACKAGE("pkg:npm/x@1.0.0"),
	     NAMED("A", "'upstream':['B','C'],") "," NAMED("B", "'upstream':['A','C'],") "," NAMED(
		     "C", "'upstream':['A','B'],"),
	     "A yes 2.0.0; B yes 2.0.0; C yes 2.0.0");
}

static void worst_answer_of_one_thing_counts(void **state)
{
	const char *unknown =
		ABOUT("GHSA-1", "'aliases':['CVE-2026-1'],", "npm", "x", "{'introduced':'x'}");
	const char *affected = NAMED("CVE-2026-1", ""), *component = PACKAGE("pkg:npm/x@1.0.0");

	(void)state;
	SAYS(component, arena_printf(&arena, "%s,%s", unknown, affected), "CVE-2026-1 yes 2.0.0");
	SAYS(component, arena_printf(&arena, "%s,%s", affected, unknown), "CVE-2026-1 yes 2.0.0");
	SAYS(component, unknown, "CVE-2026-1 ? a version range that can be read");
	assert_int_equal(match.unknown, 1);
}

static void same_package_twice_is_two_components(void **state)
{
	(void)state;
	assert_int_equal(matched(PACKAGE("pkg:npm/x@1.0.0") "," PACKAGE(
					 "pkg:npm/x@3.0.0") "," PACKAGE("pkg:npm/x@1.5.0"),
				 NAMED("A", ""))
				 .code,
			 OK);
	assert_int_equal(match.affected, 2);
	assert_int_equal(match.findings_n, 2);
	assert_int_equal(match.findings[0].component, 0);
	assert_int_equal(match.findings[1].component, 2);
}

#define TEST(name) cmocka_unit_test_setup(name, clean)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(aliases_are_one),
		TEST(one_upstream_number_is_an_alias),
		TEST(bundle_is_counted_only_for_what_nobody_else_tells),
		TEST(bundles_do_not_hide_each_other),
		TEST(worst_answer_of_one_thing_counts),
		TEST(same_package_twice_is_two_components),
	};
	int result = cmocka_run_group_tests(tests, NULL, NULL);

	arena_done(&arena);
	return result;
}
