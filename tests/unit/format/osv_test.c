/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories: whether a version is affected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/osv.h"

#include <stdio.h>
#include <string.h>

/* JSON with ' for ". */
static struct bytes json(struct arena *a, const char *text)
{
	char *p = arena_text(a, bytes_text(text));

	assert_non_null(p);
	for (char *c = p; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	return bytes_text(p);
}

/* ---- evaluation ---- */

struct asked {
	enum version_family family;
	struct bytes version;
	struct osv_verdict verdict;
	char fixed[64];
	size_t entries;
};

static err ask(void *context, const struct osv_advisory *advisory, struct fault *f)
{
	struct asked *asked = context;

	(void)f;
	for (size_t i = 0; i < advisory->affected_n; i++, asked->entries++)
		asked->verdict =
			osv_evaluate(&advisory->affected[i], asked->family, asked->version);
	snprintf(asked->fixed, sizeof asked->fixed, "%.*s", (int)asked->verdict.fixed.n,
		 (const char *)asked->verdict.fixed.p);
	return ERR_OK;
}

/* "yes", "no", "? missing", with the fixed version behind "yes". */
static const char *affected(enum version_family family, const char *version, const char *entry)
{
	static const char *const MISSING[] = {"", "order", "version", "range", "commits", "ranges"};
	static char said[128];
	struct asked asked = {.family = family, .version = bytes_text(version)};
	struct arena a = {0};
	struct fault f = {0};
	struct osv_feed feed;
	const char *text = arena_printf(
		&a,
		"{'id':'A-1','modified':'2026-01-01T00:00:00Z','affected':[{'package':{"
		"'ecosystem':'E','name':'p'},%s}]}",
		entry);

	if (osv_read(json(&a, text), ask, &asked, &feed, &f).code != OK)
		fail_msg("%s: %s %s", entry, f.message, f.field);
	assert_int_equal(asked.entries, 1);
	if (asked.verdict.answer == OSV_UNKNOWN)
		snprintf(said, sizeof said, "? %s", MISSING[asked.verdict.missing]);
	else
		snprintf(said, sizeof said, "%s%s%s",
			 asked.verdict.answer == OSV_AFFECTED ? "yes" : "no",
			 asked.fixed[0] != '\0' ? " " : "", asked.fixed);
	arena_done(&a);
	return said;
}

#define RANGE(type, events) "'ranges':[{'type':'" type "','events':[" events "]}]"
#define ASK(family, version, entry, answer) \
	assert_string_equal(affected(VERSION_##family, version, entry), answer)

/* 851 of 6,125 ranges of Go have more than one: pairing an event with its neighbor is wrong. */
static void many_intervals_in_one_list_are_walked(void **state)
{
	const char *entry =
		RANGE("SEMVER", "{'introduced':'1.0.0'},{'fixed':'1.2.0'},{'introduced':"
				"'1.5.0'},{'fixed':'1.5.3'},{'introduced':'2.0.0'}");
	const char *mixed =
		RANGE("SEMVER", "{'fixed':'1.5.3'},{'introduced':'2.0.0'},{'introduced':"
				"'1.5.0'},{'fixed':'1.2.0'},{'introduced':'1.0.0'}");

	(void)state;
	for (int i = 0; i < 2; i++, entry = mixed) {
		ASK(SEMVER, "0.9.0", entry, "no");
		ASK(SEMVER, "1.0.0", entry, "yes 1.2.0");
		ASK(SEMVER, "1.1.9", entry, "yes 1.2.0");
		ASK(SEMVER, "1.2.0", entry, "no");
		ASK(SEMVER, "1.4.9", entry, "no");
		ASK(SEMVER, "1.5.2", entry, "yes 1.5.3");
		ASK(SEMVER, "1.5.3", entry, "no");
		ASK(SEMVER, "2.0.0-rc.1", entry, "no");
		ASK(SEMVER, "2.0.0", entry, "yes");
		ASK(SEMVER, "9.0.0", entry, "yes");
	}
}

static void one_range_of_several_is_enough(void **state)
{
	const char *entry = "'ranges':[{'type':'SEMVER','events':[{'introduced':'1.0.0'},{'fixed':"
			    "'1.1.0'}]},{'type':'SEMVER','events':[{'introduced':'3.0.0'}]}]";

	(void)state;
	ASK(SEMVER, "1.0.5", entry, "yes 1.1.0");
	ASK(SEMVER, "2.0.0", entry, "no");
	ASK(SEMVER, "3.0.0", entry, "yes");
}

static void zero_stands_before_everything(void **state)
{
	(void)state;
	ASK(SEMVER, "0.0.0-alpha", RANGE("SEMVER", "{'introduced':'0'},{'fixed':'1.0.0'}"),
	    "yes 1.0.0");
	ASK(DPKG, "0~~a", RANGE("ECOSYSTEM", "{'introduced':'0'},{'fixed':'1'}"), "yes 1");
	ASK(PEP440, "0.dev0", RANGE("ECOSYSTEM", "{'introduced':'0'}"), "yes");
	ASK(SEMVER, "1.0.0", RANGE("SEMVER", "{'fixed':'1.0.0'},{'introduced':'0'}"), "no");
}

static void pre_release_of_the_fix_is_affected(void **state)
{
	const char *entry = RANGE("SEMVER", "{'introduced':'0'},{'fixed':'2.0.0'}");

	(void)state;
	ASK(SEMVER, "2.0.0-rc.1", entry, "yes 2.0.0");
	ASK(SEMVER, "2.0.0", entry, "no");
	ASK(SEMVER, "2.0.0+build.7", entry, "no");
}

static void last_affected_version_is_affected(void **state)
{
	const char *entry = RANGE("SEMVER", "{'introduced':'1.0.0'},{'last_affected':'1.5.0'}");
	const char *one = RANGE("SEMVER", "{'last_affected':'1.5.0'},{'introduced':'1.5.0'}");

	(void)state;
	ASK(SEMVER, "1.5.0", entry, "yes");
	ASK(SEMVER, "1.5.1-a", entry, "no");
	ASK(SEMVER, "1.4.9", one, "no");
	ASK(SEMVER, "1.5.0", one, "yes");
	ASK(SEMVER, "1.5.1", one, "no");
}

/* At the same version the sequence of the file decides. */
static void equal_versions_follow_the_file(void **state)
{
	const char *empty = RANGE("SEMVER", "{'introduced':'1.0.0'},{'fixed':'1.0.0'}");
	const char *gapless = RANGE("SEMVER", "{'introduced':'0'},{'fixed':'1.0.0'},{'introduced':"
					      "'1.0.0'},{'fixed':'2.0.0'}");

	(void)state;
	ASK(SEMVER, "0.9.0", empty, "no");
	ASK(SEMVER, "1.0.0", empty, "no");
	ASK(SEMVER, "1.5.0", empty, "no");
	ASK(SEMVER, "0.9.0", gapless, "yes 1.0.0");
	ASK(SEMVER, "1.0.0", gapless, "yes 2.0.0");
	ASK(SEMVER, "1.9.0", gapless, "yes 2.0.0");
	ASK(SEMVER, "2.0.0", gapless, "no");
}

static void limits_bound_a_range(void **state)
{
	const char *entry = RANGE("SEMVER", "{'introduced':'1.0.0'},{'limit':'2.0.0'}");
	const char *star = RANGE("SEMVER", "{'introduced':'1.0.0'},{'limit':'*'}");
	const char *two =
		RANGE("SEMVER", "{'introduced':'1.0.0'},{'limit':'2.0.0'},{'limit':'3.0.0'}");

	(void)state;
	ASK(SEMVER, "1.9.0", entry, "yes");
	ASK(SEMVER, "2.0.0", entry, "no");
	ASK(SEMVER, "9.0.0", star, "yes");
	ASK(SEMVER, "2.5.0", two, "yes");
	ASK(SEMVER, "3.0.0", two, "no");
}

static void listed_version_is_affected_whatever_the_ranges_say(void **state)
{
	const char *entry = "'versions':['1.0','weird']," RANGE("ECOSYSTEM",
								"{'introduced':'5'},{'fixed':'6'}");

	(void)state;
	ASK(PEP440, "1.0", entry, "yes");
	ASK(PEP440, "weird", entry, "yes");
	ASK(PEP440, "2.0", entry, "no");
	ASK(PEP440, "5.5", entry, "yes 6");
	ASK(OTHER, "1.0", entry, "yes");
	ASK(OTHER, "2.0", entry, "? order");
	ASK(OTHER, "2.0", "'versions':['1.0']", "no");
}

static void version_that_cannot_be_read_is_unknown(void **state)
{
	const char *entry = RANGE("SEMVER", "{'introduced':'0'},{'fixed':'1.0.0'}");

	(void)state;
	ASK(SEMVER, "123randomtext", entry, "? version");
	ASK(SEMVER, "v1.0.0", entry, "? version");
	ASK(SEMVER, "1.0", entry, "? version");
	ASK(SEMVER, "", entry, "? version");
	ASK(DPKG, "latest", RANGE("ECOSYSTEM", "{'introduced':'0'}"), "? version");
}

static void range_that_cannot_be_read_is_unknown(void **state)
{
	(void)state;
	ASK(SEMVER, "1.0.0", RANGE("SEMVER", "{'introduced':'0'},{'fixed':'1.0'}"), "? range");
	ASK(DPKG, "1.0", RANGE("ECOSYSTEM", "{'introduced':'x'}"), "? range");
	ASK(SEMVER, "1.0.0", RANGE("SEMVER", "{'introduced':'0'},{'limit':'x'}"), "? range");
	/* … unless another range is sure. */
	ASK(SEMVER, "1.0.0",
	    "'ranges':[{'type':'SEMVER','events':[{'introduced':'x'}]},{'type':'SEMVER','events':[{"
	    "'introduced':'1.0.0'}]}]",
	    "yes");
}

static void family_that_we_do_not_know_is_unknown(void **state)
{
	(void)state;
	ASK(OTHER, "1.0", RANGE("ECOSYSTEM", "{'introduced':'0'},{'fixed':'2'}"), "? order");
	/* SEMVER ranges bring their own rules. */
	ASK(OTHER, "1.0.0", RANGE("SEMVER", "{'introduced':'0'},{'fixed':'2.0.0'}"), "yes 2.0.0");
	ASK(DPKG, "1.0.0", RANGE("SEMVER", "{'introduced':'0'},{'fixed':'2.0.0'}"), "yes 2.0.0");
}

#define COMMITS                                    \
	"{'type':'GIT','repo':'https://x.example/" \
	"r','events':[{'introduced':'0'},{'fixed':'6879efc2c1596d11a6a6ad296f80063b558d5e0f'}]}"
static void commits_alone_are_unknown(void **state)
{
	(void)state;
	ASK(SEMVER, "1.0.0", "'ranges':[" COMMITS "]", "? commits");
	ASK(SEMVER, "6879efc2c1596d11a6a6ad296f80063b558d5e0f", "'ranges':[" COMMITS "]",
	    "? commits");
	ASK(OTHER, "1.0.0", "'versions':['v0.9'],'ranges':[" COMMITS "]", "? commits");
	ASK(OTHER, "v0.9", "'versions':['v0.9'],'ranges':[" COMMITS "]", "yes");
	ASK(SEMVER, "1.0.0",
	    "'ranges':[" COMMITS
	    ",{'type':'SEMVER','events':[{'introduced':'0'},{'fixed':'1.0.0'}]}]",
	    "no");
	ASK(SEMVER, "0.1.0",
	    "'ranges':[" COMMITS
	    ",{'type':'SEMVER','events':[{'introduced':'0'},{'fixed':'1.0.0'}]}]",
	    "yes 1.0.0");
}

static void entry_that_names_no_version_is_unknown(void **state)
{
	(void)state;
	ASK(SEMVER, "1.0.0", "'versions':[]", "? ranges");
	ASK(SEMVER, "1.0.0", "'ranges':[]", "? ranges");
	ASK(SEMVER, "1.0.0", "'ranges':null", "? ranges");
}

static void each_family_is_walked_by_its_own_rules(void **state)
{
	(void)state;
	ASK(DPKG, "1:1.2.13.dfsg-1",
	    RANGE("ECOSYSTEM", "{'introduced':'0'},{'fixed':'1:1.2.11.dfsg-4.1'}"), "no");
	ASK(DPKG, "7.88.1-10+deb12u3",
	    RANGE("ECOSYSTEM", "{'introduced':'0'},{'fixed':'7.88.1-10+deb12u10'}"),
	    "yes 7.88.1-10+deb12u10");
	ASK(RPM, "1:1.0-9.el9", RANGE("ECOSYSTEM", "{'introduced':'0'},{'fixed':'1:1.0-10.el9'}"),
	    "yes 1:1.0-10.el9");
	ASK(APK, "3.0.8-r3", RANGE("ECOSYSTEM", "{'introduced':'0'},{'fixed':'3.0.8-r10'}"),
	    "yes 3.0.8-r10");
	ASK(PEP440, "1.10", RANGE("ECOSYSTEM", "{'introduced':'1.9'},{'fixed':'1.10.0'}"), "no");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_intervals_in_one_list_are_walked),
		cmocka_unit_test(one_range_of_several_is_enough),
		cmocka_unit_test(zero_stands_before_everything),
		cmocka_unit_test(pre_release_of_the_fix_is_affected),
		cmocka_unit_test(last_affected_version_is_affected),
		cmocka_unit_test(equal_versions_follow_the_file),
		cmocka_unit_test(limits_bound_a_range),
		cmocka_unit_test(listed_version_is_affected_whatever_the_ranges_say),
		cmocka_unit_test(version_that_cannot_be_read_is_unknown),
		cmocka_unit_test(range_that_cannot_be_read_is_unknown),
		cmocka_unit_test(family_that_we_do_not_know_is_unknown),
		cmocka_unit_test(commits_alone_are_unknown),
		cmocka_unit_test(entry_that_names_no_version_is_unknown),
		cmocka_unit_test(each_family_is_walked_by_its_own_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
