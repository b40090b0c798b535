/* SPDX-License-Identifier: Apache-2.0 */
/* A software bill against advisories: what concerns a component, and what cannot be said, with what
 * is missing. */
#include "sbom_match_world.h"

#include "base/files.h"

/* ---- names ---- */

static void package_is_found_by_the_name_of_its_ecosystem(void **state)
{
	static const char *const CASES[][4] = {
		{"pkg:npm/lodash@4.0.0", "npm", "lodash", "4.1.0"},
		{"pkg:npm/%40angular/core@4.0.0", "npm", "@angular/core", "4.1.0"},
		{"pkg:pypi/Django_Rest@1.0", "PyPI", "django-rest", "1.1"},
		{"pkg:pypi/zope.interface@1.0", "PyPI", "zope-interface", "1.1"},
		{"pkg:cargo/rand@0.7.2", "crates.io", "rand", "0.7.3"},
		{"pkg:golang/github.com/Masterminds/semver@v1.0.0", "Go",
		 "github.com/Masterminds/semver", "1.0.1"},
		{"pkg:golang/stdlib@1.20.1", "Go", "stdlib", "1.20.2"},
		{"pkg:hex/plug@1.0.0", "Hex", "plug", "1.0.1"},
		{"pkg:apk/wolfi/curl@8.0.0-r0?upstream=curl", "Wolfi", "curl", "8.0.1-r0"},
		{"pkg:rpm/almalinux/curl@7.0-1.el9?distro=almalinux-9.3", "AlmaLinux:9", "curl",
		 "7.0-2.el9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		const char *component = arena_printf(
			&arena, "{'type':'library','name':'x','purl':'%s'}", CASES[i][0]);
		const char *advisory = arena_printf(&arena, BELOW("A", "%s", "%s", "%s"),
						    CASES[i][1], CASES[i][2], CASES[i][3]);
		const char *expected = arena_printf(&arena, "A yes %s", CASES[i][3]);
		const char *other = arena_printf(&arena, BELOW("A", "%s", "%s-other", "%s"),
						 CASES[i][1], CASES[i][2], CASES[i][3]);
		SAYS(component, advisory, expected);
		SAYS(component, other, "no");
	}
}

/* Where we know the name but not the sequence of versions. */
static void ecosystem_without_an_order_is_unknown(void **state)
{
	(void)state;
	SAYS(PACKAGE("pkg:maven/org.a/b@1.0"), BELOW("A", "Maven", "org.a:b", "1.1"),
	     "A ? the sequence of versions in its ecosystem");
	SAYS(PACKAGE("pkg:maven/org.a/b@1.0"), BELOW("A", "Maven", "org.a:c", "1.1"), "no");
	SAYS(PACKAGE("pkg:nuget/b@1.0"), BELOW("A", "NuGet", "b", "1.1"),
	     "A ? the sequence of versions in its ecosystem");
}

/* ---- distributions ---- */

#define LIBSSL(more) "pkg:deb/debian/libssl3@3.0.1-1" more
static void debian_is_asked_by_source_package_and_release(void **state)
{
	const char *twelve = BELOW("A", "Debian:12", "openssl", "3.0.2-1");
	const char *eleven = BELOW("A", "Debian:11", "openssl", "3.0.2-1");
	const char *both = BELOW("A", "Debian", "openssl", "3.0.2-1");

	(void)state;
	SAYS(PACKAGE(LIBSSL("?distro=debian-12&upstream=openssl")), twelve, "A yes 3.0.2-1");
	SAYS(PACKAGE(LIBSSL("?distro=debian-12.5&upstream=openssl")), twelve, "A yes 3.0.2-1");
	SAYS(PACKAGE(LIBSSL("?distro=bookworm&upstream=openssl")), twelve, "A yes 3.0.2-1");
	SAYS(PACKAGE(LIBSSL("?distro=debian-12&upstream=openssl")), both, "A yes 3.0.2-1");
	/* The binary's own name is none of Debian's advisories. */
	SAYS(PACKAGE(LIBSSL("?distro=debian-12&upstream=openssl")),
	     BELOW("A", "Debian:12", "libssl3", "3.0.2-1"), "no");
	/* Another release says nothing about this one. */
	SAYS(PACKAGE(LIBSSL("?distro=debian-12&upstream=openssl")), eleven,
	     "? advisories for its ecosystem, or its release of it");
	SAYS(PACKAGE(LIBSSL("?upstream=openssl")), eleven, "A ? the release of the distribution");
	SAYS(PACKAGE(LIBSSL("?distro=sid&upstream=openssl")), twelve,
	     "A ? the release of the distribution");
	/* Nor is what is newer than the version that was mended there known to be mended here. */
	SAYS(PACKAGE("pkg:deb/debian/libssl3@3.0.9-1?upstream=openssl"), eleven,
	     "? the release of the distribution");
	SAYS(PACKAGE("pkg:deb/debian/libssl3@3.0.9-1?upstream=openssl"), both, "no");
	SAYS(PACKAGE("pkg:deb/debian/libssl3@3.0.9-1?distro=debian-11&upstream=openssl"), eleven,
	     "no");
	SAYS(PACKAGE("pkg:deb/debian/openssl@3.0.1-1?arch=source&distro=debian-12"), twelve,
	     "A yes 3.0.2-1");
	SAYS(PACKAGE("pkg:deb/ubuntu/libssl3@3.0.1-1?distro=ubuntu-22.04&upstream=openssl"),
	     BELOW("A", "Ubuntu:22.04:LTS", "openssl", "3.0.2-1"), "A yes 3.0.2-1");
	SAYS(PACKAGE("pkg:apk/alpine/libssl3@3.0.8-r3?distro=alpine-3.18.4&upstream=openssl"),
	     BELOW("A", "Alpine:v3.18", "openssl", "3.0.8-r4"), "A yes 3.0.8-r4");
}

static void version_of_the_source_package_counts(void **state)
{
	(void)state;
	SAYS(PACKAGE("pkg:deb/debian/libx@9?distro=debian-12&upstream=x@1.0-1"),
	     BELOW("A", "Debian:12", "x", "1.0-2"), "A yes 1.0-2");
	SAYS("{'type':'library','name':'libx','purl':'pkg:deb/debian/libx@9?distro=debian-12',"
	     "'properties':[{'name':'sealwright:source','value':'x'},{'name':"
	     "'sealwright:source-version','value':'1.0-1'}]}",
	     BELOW("A", "Debian:12", "x", "1.0-2"), "A yes 1.0-2");
	SAYS("{'type':'library','name':'libx','purl':'pkg:deb/debian/libx@1?distro=debian-12',"
	     "'properties':[{'name':'aquasecurity:trivy:SrcName','value':'x'}]}",
	     BELOW("A", "Debian:12", "x", "1.0-2"), "A yes 1.0-2");
}

/* The name may happen to be that of the source: what is found counts, what is not found does not. */
static void package_without_its_source_is_never_clean(void **state)
{
	(void)state;
	SAYS(PACKAGE("pkg:deb/debian/libssl3@3.0?distro=debian-12"),
	     BELOW("A", "Debian:12", "openssl", "9"), "? the source package");
	SAYS(PACKAGE("pkg:deb/debian/curl@1?distro=debian-12"),
	     BELOW("A", "Debian:12", "curl", "2"), "A yes 2");
	SAYS(PACKAGE("pkg:deb/debian/curl@3?distro=debian-12"),
	     BELOW("A", "Debian:12", "curl", "2"), "? the source package");
}

/* What the distribution mended in an old version, an advisory of upstream would call affected. */
static void advisory_of_another_ecosystem_does_not_concern_a_distribution(void **state)
{
	(void)state;
	SAYS(PACKAGE(LIBSSL("?distro=debian-12&upstream=openssl")),
	     BELOW("A", "Debian:12", "openssl", "3.0.0-1") "," BELOW(
		     "B", "npm", "openssl", "9.0.0") "," BELOW("C", "Alpine:v3.18", "openssl", "9"),
	     "no");
}

/* ---- what cannot be said ---- */

static void component_of_which_nothing_is_known_is_unknown(void **state)
{
	const char *npm = BELOW("A", "npm", "x", "1.0.0");

	(void)state;
	SAYS("{'type':'library','name':'x','version':'1'}", npm, "? the package URL");
	SAYS("{'type':'file','name':'x.bin'}", npm, "? the package URL");
	SAYS(PACKAGE("pkg:generic/x@1"), npm, "? an ecosystem that has advisories");
	SAYS(PACKAGE("pkg:deb/raspbian/x@1"), npm, "? an ecosystem that has advisories");
	SAYS(PACKAGE("pkg:npm/x"), npm, "A ? the version");
	SAYS(PACKAGE("pkg:npm/y"), npm, "? the version");
	SAYS(PACKAGE("pkg:npm/x@latest"), npm, "A ? a version as its ecosystem writes them");
	SAYS(PACKAGE("pkg:npm/y@1.0.0"), npm, "no");
}

/* A feed that never mentions an ecosystem does not clear what is in it. */
static void feed_that_says_nothing_about_an_ecosystem_clears_nothing(void **state)
{
	(void)state;
	SAYS(PACKAGE("pkg:npm/x@1.0.0"), "",
	     "? advisories for its ecosystem, or its release of it");
	SAYS(PACKAGE("pkg:npm/x@1.0.0"), BELOW("A", "PyPI", "x", "2"),
	     "? advisories for its ecosystem, or its release of it");
	SAYS(PACKAGE("pkg:npm/x@1.0.0"), BELOW("A", "npm", "y", "2.0.0"), "no");
}

static void two_versions_of_one_component_are_unknown(void **state)
{
	const char *advisory = BELOW("A", "npm", "x", "2.0.0");

	(void)state;
	SAYS("{'type':'library','name':'x','version':'3.0.0','purl':'pkg:npm/x@1.0.0'}", advisory,
	     "? one version: the package URL says another");
	SAYS("{'type':'library','name':'x','version':'1.0.0','purl':'pkg:npm/x@3.0.0'}", advisory,
	     "A yes 2.0.0");
	SAYS("{'type':'library','name':'x','version':'1:1-1','purl':"
	     "'pkg:deb/debian/x@1-1?arch=source&distro=debian-12'}",
	     BELOW("A", "Debian:12", "x", "1:1-2"), "A yes 1:1-2");
	SAYS("{'type':'library','name':'x','version':'1-1','purl':"
	     "'pkg:rpm/almalinux/x@1-1?epoch=2&distro=almalinux-9'}",
	     BELOW("A", "AlmaLinux:9", "x", "1:9-1"), "no");
}

#define COMMITS(id, versions)                                                                \
	"{'id':'" id "','modified':'2026-01-01T00:00:00Z','affected':[{'versions':" versions \
	",'ranges':[{'type':'GIT','repo':'https://github.com/Owner/Name.git','events':[{"    \
	"'introduced':'0'},{'fixed':'6879efc2c1596d11a6a6ad296f80063b558d5e0f'}]}]}]}"
static void source_of_a_repository_needs_its_history(void **state)
{
	(void)state;
	SAYS(PACKAGE("pkg:github/owner/name@v1.0"), COMMITS("A", "[]"),
	     "A ? the history of commits");
	SAYS(PACKAGE("pkg:github/owner/name@v1.0"), COMMITS("A", "['v1.0']"), "A yes ");
	SAYS(PACKAGE("pkg:github/owner/other@v1.0"), COMMITS("A", "['v1.0']"),
	     "? advisories for its ecosystem, or its release of it");
}

/* ---- what is looked at ---- */

static void file_in_a_package_and_tools_are_not_looked_at(void **state)
{
	(void)state;
	assert_int_equal(
		matched("{'type':'library','name':'x','purl':'pkg:npm/x@1.0.0','components':[{"
			"'type':'file','name':'x.js'},{'type':'library','name':'vendored'}]},{'"
			"type':"
			"'application','name':'cc','scope':'excluded','purl':'pkg:npm/y@1.0.0'}",
			BELOW("A", "npm", "y", "2.0.0"))
			.code,
		OK);
	assert_true(match.looked_at[0]);
	assert_false(match.looked_at[1]);
	assert_true(match.looked_at[2]); /* what is vendored is a thing of its own */
	assert_false(match.looked_at[3]);
	assert_int_equal(match.components, 2);
	assert_int_equal(match.unknown, 1);
	assert_int_equal(match.affected, 0);
	assert_int_equal(match.findings_n, 0);
}

static void withdrawn_advisory_concerns_nobody(void **state)
{
	(void)state;
	SAYS(PACKAGE("pkg:npm/x@1.0.0"),
	     ABOUT("A", "'withdrawn':'2026-01-02T00:00:00Z',", "npm", "x", "{'introduced':'0'}"),
	     "no");
	assert_int_equal(match.feed.withdrawn, 1);
}

static void severity_is_taken_as_it_is_given(void **state)
{
	(void)state;
	assert_int_equal(
		matched(PACKAGE("pkg:npm/x@1.0.0"),
			ABOUT("A",
			      "'severity':[{'type':'CVSS_V3','score':'CVSS:3.1/AV:N'},{'type':"
			      "'CVSS_V4','score':'CVSS:4.0/AV:N'}],",
			      "npm", "x", "{'introduced':'0'}"))
			.code,
		OK);
	assert_true(bytes_equal(match.findings[0].severity, bytes_text("CVSS:4.0/AV:N")));
	assert_int_equal(matched(PACKAGE("pkg:npm/x@1.0.0"),
				 ABOUT("A", "'database_specific':{'severity':'HIGH'},", "npm", "x",
				       "{'introduced':'0'}"))
				 .code,
			 OK);
	assert_true(bytes_equal(match.findings[0].severity, bytes_text("HIGH")));
}

/* ---- the whole ---- */

static void faults_of_either_file_are_passed_on(void **state)
{
	(void)state;
	assert_int_equal(matched("1", "").code, ERR_INVALID);
	assert_string_equal(fault.message, "CYCLONEDX_WRONG");
	assert_int_equal(
		matched(PACKAGE("pkg:npm/x@1.0.0"), BELOW("A", "npm", "x", "2.0.0") ",{}").code,
		ERR_INVALID);
	assert_string_equal(fault.message, "OSV_WRONG");
	assert_int_equal(match.findings_n, 0);
	assert_null(match.answers);
}

/* 100,000 advisories, each about one of 20,000 packages; every second one affects it. */
static void hundred_thousand_advisories_are_matched(void **state)
{
	enum { ADVISORIES = 100000, PACKAGES = 300, NAMES = 20000 };
	size_t cap = (size_t)ADVISORIES * 300;
	char *feed = arena_alloc(&arena, cap), *bill = arena_alloc(&arena, PACKAGES * 128 + 128);
	size_t n = 0, k = 0;

	(void)state;
	assert_non_null(feed);
	assert_non_null(bill);
	for (int i = 0; i < ADVISORIES; i++)
		n += (size_t)snprintf(
			feed + n, cap - n,
			"{\"id\":\"A-%d\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{"
			"\"package\":{\"ecosystem\":\"npm\",\"name\":\"p%d\"},\"ranges\":[{"
			"\"type\":"
			"\"SEMVER\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"%d.0.0\"}]}]}]}"
			"\n",
			i, i % NAMES, i % 2 + 1);
	k += (size_t)snprintf(
		bill, 128, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[");
	for (int i = 0; i < PACKAGES; i++)
		k += (size_t)snprintf(bill + k, 128,
				      "%s{\"type\":\"library\",\"name\":\"p\",\"purl\":"
				      "\"pkg:npm/p%d@1.0.0\"}",
				      i > 0 ? "," : "", i);
	k += (size_t)snprintf(bill + k, 8, "]}");
	assert_int_equal(
		sbom_match(&arena, bytes_of(bill, k), bytes_of(feed, n), &match, &fault).code, OK);
	assert_int_equal(match.feed.advisories, ADVISORIES);
	assert_int_equal(match.components, PACKAGES);
	assert_int_equal(match.affected, PACKAGES / 2);
	assert_int_equal(match.findings_n, PACKAGES / 2 * (ADVISORIES / NAMES));
}

static void full_arena_is_said(void **state)
{
	struct bytes bill =
		json("{'bomFormat':'CycloneDX','specVersion':'1.6','components':[" PACKAGE(
			"pkg:npm/x@1.0.0") "]}");
	struct bytes feed = json("[" BELOW("A", "npm", "x", "2.0.0") "]");

	(void)state;
	for (size_t limit = 1; limit < 60000; limit += 331) {
		struct arena small = {.limit = limit};
		err e = sbom_match(&small, bill, feed, &match, &fault);
		assert_true(e.code == OK || e.code == ERR_MEMORY);
		arena_done(&small);
	}
}

/* What examples/README.md says of the advisories beside it, for a package list of Debian 12. */
static void example_advisories_say_what_their_page_says(void **state)
{
	struct bytes feed;

	(void)state;
	assert_int_equal(file_read(&arena, EXAMPLES "/osv.json", OSV_FEED_MAX, &feed, &fault).code,
			 OK);
	struct bytes bill = json(
		"{'bomFormat':'CycloneDX','specVersion':'1.6','components':"
		"[" PACKAGE(
			"pkg:deb/debian/"
			"libjansson4@2.14-2?distro=debian-12&upstream="
			"jansson") "," PACKAGE("pkg:deb/debian/"
					       "libcurl4@7.88.1-10%2Bdeb12u15?distro=debian-12&"
					       "upstream="
					       "curl") "," PACKAGE("pkg:deb/debian/"
								   "libinih1@55-1?distro=debian-12&"
								   "upstream=libinih") "," PACKAGE("pkg:"
												   "deb/"
												   "debi"
												   "an/"
												   "libf"
												   "fi8@"
												   "3.4."
												   "4-1?"
												   "dist"
												   "ro="
												   "debi"
												   "an-"
												   "12&"
												   "upst"
												   "ream"
												   "=lib"
												   "ffi") "]}");
	assert_int_equal(sbom_match(&arena, bill, feed, &match, &fault).code, OK);
	assert_int_equal(match.findings_n, 1);
	assert_true(bytes_equal(match.findings[0].advisory, bytes_text("EXAMPLE-2026-0001")));
	assert_int_equal(match.affected, 1);
	assert_int_equal(match.unknown, 0);
	assert_int_equal(match.feed.withdrawn, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, clean)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(package_is_found_by_the_name_of_its_ecosystem),
		TEST(ecosystem_without_an_order_is_unknown),
		TEST(debian_is_asked_by_source_package_and_release),
		TEST(version_of_the_source_package_counts),
		TEST(package_without_its_source_is_never_clean),
		TEST(advisory_of_another_ecosystem_does_not_concern_a_distribution),
		TEST(component_of_which_nothing_is_known_is_unknown),
		TEST(feed_that_says_nothing_about_an_ecosystem_clears_nothing),
		TEST(two_versions_of_one_component_are_unknown),
		TEST(source_of_a_repository_needs_its_history),
		TEST(file_in_a_package_and_tools_are_not_looked_at),
		TEST(withdrawn_advisory_concerns_nobody),
		TEST(severity_is_taken_as_it_is_given),
		TEST(faults_of_either_file_are_passed_on),
		TEST(hundred_thousand_advisories_are_matched),
		TEST(full_arena_is_said),
		TEST(example_advisories_say_what_their_page_says),
	};
	int result = cmocka_run_group_tests(tests, NULL, NULL);

	arena_done(&arena);
	return result;
}
