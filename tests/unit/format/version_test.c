/* SPDX-License-Identifier: Apache-2.0 */
/* Versions: what the families' own documents say, what follows no rules, and that each is an order.
 * Debian's is also compared with dpkg itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/version.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

static enum version_order order(enum version_family family, const char *a, const char *b)
{
	return version_compare(family, bytes_text(a), bytes_text(b));
}

/* Each is earlier than all that follow. */
static void assert_rising(enum version_family family, const char *const *list)
{
	for (size_t i = 0; list[i] != NULL; i++) {
		assert_int_equal(order(family, list[i], list[i]), VERSION_EQUAL);
		for (size_t k = i + 1; list[k] != NULL; k++) {
			if (order(family, list[i], list[k]) != VERSION_LESS ||
			    order(family, list[k], list[i]) != VERSION_GREATER)
				fail_msg("%s should be earlier than %s", list[i], list[k]);
		}
	}
}

static void assert_equal_pairs(enum version_family family, const char *const (*pairs)[2])
{
	for (; (*pairs)[0] != NULL; pairs++) {
		if (order(family, (*pairs)[0], (*pairs)[1]) != VERSION_EQUAL ||
		    order(family, (*pairs)[1], (*pairs)[0]) != VERSION_EQUAL)
			fail_msg("%s should be the same as %s", (*pairs)[0], (*pairs)[1]);
	}
}

static void assert_no_versions(enum version_family family, const char *good,
			       const char *const *list)
{
	assert_true(version_follows(family, bytes_text(good)));
	for (; *list != NULL; list++) {
		if (version_follows(family, bytes_text(*list)) ||
		    order(family, *list, good) != VERSION_UNPARSEABLE ||
		    order(family, good, *list) != VERSION_UNPARSEABLE ||
		    order(family, *list, *list) != VERSION_UNPARSEABLE)
			fail_msg("%s should be no version", *list);
	}
}

/* ---- semver: section 11 of the specification, and Go ---- */

static void semver_rises_as_the_specification_says(void **state)
{
	static const char *const LIST[] = {"0.0.0-0",
					   "0.0.0",
					   "0.9.0",
					   "1.0.0-0",
					   "1.0.0-alpha",
					   "1.0.0-alpha.1",
					   "1.0.0-alpha.beta",
					   "1.0.0-beta",
					   "1.0.0-beta.2",
					   "1.0.0-beta.11",
					   "1.0.0-rc.1",
					   "1.0.0",
					   "1.0.1",
					   "1.2.0",
					   "1.10.0",
					   "2.0.0-0.20230101000000-abcdef123456",
					   "2.0.0-0.20230102000000-000000000000",
					   "2.0.0",
					   "99999999999999999999999.0.0",
					   NULL};
	static const char *const EQUAL[][2] = {{"1.0.0+a", "1.0.0+b"},
					       {"1.0.0", "1.0.0+001"},
					       {"2.0.0+incompatible", "2.0.0"},
					       {NULL, NULL}};

	(void)state;
	assert_rising(VERSION_SEMVER, LIST);
	assert_equal_pairs(VERSION_SEMVER, EQUAL);
}

static void what_is_no_semver_has_no_place(void **state)
{
	static const char *const LIST[] = {
		"1",      "1.0",    "v1.0.0",   "1.0.0.0",    "01.0.0",        "1.00.0",
		"1.0.00", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+",        "1.0.0-a.",
		"1.0.0 ", " 1.0.0", "1.0.0-ä",  "1.0.0+a+b",  "-1.0.0",        "1.0.0-\n",
		"latest", "",       "1..0",     "1.0.0\x01",  "123randomtext", NULL};

	(void)state;
	assert_no_versions(VERSION_SEMVER, "1.0.0", LIST);
}

/* ---- dpkg ---- */

static void dpkg_rises_as_debian_policy_says(void **state)
{
	static const char *const LIST[] = {"0~~",
					   "0~~a",
					   "0~",
					   "0",
					   "0a",
					   "0.1",
					   "1.0~beta1~svn1245",
					   "1.0~beta1",
					   "1.0",
					   "1.0-0.1",
					   "1.0-1",
					   "1.0-1+b1",
					   "1.0-1+deb12u1",
					   "1.0-1+deb12u2",
					   "1.0-1+deb12u10",
					   "1.0-2",
					   "1.0a",
					   "1.0+",
					   "1.0.1",
					   "1.2.11.dfsg-4.1",
					   "1.10",
					   "2:0.1",
					   "10:0",
					   NULL};
	static const char *const EQUAL[][2] = {{"1.0", "0:1.0"},    {"1.0", "1.0-0"},
					       {"1.0", "1.00"},     {"01.0-01", "1.0-1"},
					       {"1.0-0", "1.0-00"}, {NULL, NULL}};

	(void)state;
	assert_rising(VERSION_DPKG, LIST);
	assert_equal_pairs(VERSION_DPKG, EQUAL);
}

static void what_is_no_debian_version_has_no_place(void **state)
{
	static const char *const LIST[] = {"",     "a1",    ":1",   "1:",           "a:1",
					   "1.0-", "-1",    "1 0",  "1.0_1",        "1.0-1:2",
					   "1/2",  "1.0-ä", "-1:2", "9999999999:1", NULL};

	(void)state;
	assert_no_versions(VERSION_DPKG, "1.0", LIST);
}

/* ---- rpm: from the tests of rpm itself (rpmvercmp.at) ---- */

static void rpm_rises_as_its_own_tests_say(void **state)
{
	static const char *const LIST[] = {"1.0~rc1~git123",
					   "1.0~rc1",
					   "1.0~rc2",
					   "1.0",
					   "1.0^",
					   "1.0^git1~pre",
					   "1.0^git1",
					   "1.0^git2",
					   "1.0.1",
					   "2.0.1",
					   "2.0.1a",
					   "5.5p1",
					   "5.5p2",
					   "5.5p10",
					   "5.6p1",
					   "6.0",
					   "6.0.rc1",
					   "10abc",
					   "10.0001",
					   "10.0039",
					   "20101121",
					   "20101122",
					   "1:1.0",
					   "2:0.1",
					   NULL};
	static const char *const RELEASES[] = {"1.0",         "1.0-1", "1.0-1.el9",
					       "1.0-1.el9_2", "1.0-2", "1.0^20230101-1",
					       "1.1-1",       NULL};
	static const char *const LETTERS[] = {"xyz.4", "xyz10", "xyz10.1", "2", "8", NULL};
	static const char *const EQUAL[][2] = {{"2_0", "2.0"},   {"a+", "a_"},    {"1.0", "1_0."},
					       {"0:1.0", "1.0"}, {"1.01", "1.1"}, {NULL, NULL}};

	(void)state;
	assert_rising(VERSION_RPM, LIST);
	assert_rising(VERSION_RPM, RELEASES);
	assert_rising(VERSION_RPM, LETTERS);
	assert_equal_pairs(VERSION_RPM, EQUAL);
}

static void what_is_no_rpm_version_has_no_place(void **state)
{
	static const char *const LIST[] = {"",    "-1",  "1.0-", "a:1", ":1",    "1:",    "...",
					   "1 0", "1/0", "ä",    "~",   "1.0-~", "1:2:3", NULL};

	(void)state;
	assert_no_versions(VERSION_RPM, "1.0-1", LIST);
}

/* ---- apk: from the tests of apk-tools (version.data) ---- */

static void apk_rises_as_its_own_tests_say(void **state)
{
	static const char *const LIST[] = {"0.1.0_alpha",  "0.1.0_alpha2",
					   "0.1.0_beta",   "0.1.0_pre2",
					   "0.1.0_rc",     "0.1.0",
					   "0.1.0_cvs1",   "0.1.0_svn1",
					   "0.1.0_git1",   "0.1.0_hg1",
					   "0.1.0_p1",     "0.1.0_p2",
					   "0.1.0_p2-r1",  "0.1.0_p2-r2",
					   "0.1.0a",       "0.1.0b",
					   "0.1.1",        "0.2.0",
					   "1.0.0-r3",     "1.0.04.1",
					   "1.0.4_alpha1", "1.0.4",
					   "1.0.4-r1",     "1.0.4-r10",
					   "1.0.4a",       NULL};
	static const char *const PAIRS[][2] = {{"2.26_beta2-r1", "2.26_beta2-r2"},
					       {"1.05", "1.1"},
					       {"1.09", "1.1"},
					       {"1.0_p9", "1.0_p10"},
					       {"1.0_rc1_p1", "1.0"},
					       {"1.0_rc1", "1.0_rc1_p1"},
					       {"4.5.14_p1", "4.5.15"},
					       {"1.0_alpha", "1.0_alpha1"},
					       {"3.0.8-r3", "3.0.8-r4"},
					       {"1.0~a1", "1.0~b1"},
					       {"0.1.0_alpha_pre2", "0.1.0_alpha"},
					       {"1.06-r6", "006"},
					       {"1.2.07.8", "1.2.12.04"},
					       {"1.02.07", "1.02.10-r1"},
					       {"2.5.1-r8", "2.5.1a-r1"},
					       {"1.3_pre1-r1", "1.3.2"},
					       {"0.9.28-r2", "0.9.28.1"},
					       {"087-r1", "103"},
					       {NULL, NULL}};

	(void)state;
	assert_rising(VERSION_APK, LIST);
	for (size_t i = 0; PAIRS[i][0] != NULL; i++)
		assert_rising(VERSION_APK, (const char *[]){PAIRS[i][0], PAIRS[i][1], NULL});
}

static void what_is_no_apk_version_has_no_place(void **state)
{
	static const char *const LIST[] = {
		"",       "a1",    "1.",       "1..2",    "1.0_",      "1.0_gamma", "1.0ab",
		"1.0-r",  "1.0-1", "1.0-r1.2", "1.0_p1a", "1.0-r1_p1", "1.0~",      "1.0 ",
		"1.0_P1", "1.0A",  "v1.0",     "1.0~xyz", "1.0-r1-r2", NULL};

	(void)state;
	assert_no_versions(VERSION_APK, "1.0-r0", LIST);
}

/* ---- PEP 440 ---- */

static void pep440_rises_as_the_document_says(void **state)
{
	static const char *const LIST[] = {"0.9",
					   "1.dev0",
					   "1.0.dev456",
					   "1.0a1",
					   "1.0a2.dev456",
					   "1.0a12.dev456",
					   "1.0a12",
					   "1.0b1.dev456",
					   "1.0b2",
					   "1.0b2.post345.dev456",
					   "1.0b2.post345",
					   "1.0rc1.dev456",
					   "1.0rc1",
					   "1.0",
					   "1.0+abc.5",
					   "1.0+abc.7",
					   "1.0+5",
					   "1.0.post456.dev34",
					   "1.0.post456",
					   "1.0.15",
					   "1.1.dev1",
					   "1.1",
					   "1.10",
					   "2013.10",
					   "1!0.1",
					   "1!1.0",
					   NULL};
	static const char *const EQUAL[][2] = {
		{"1.0", "1.0.0"},       {"1.0a1", "1.0.alpha-1"},  {"1.0RC1", "1.0c1"},
		{"1.0-1", "1.0.post1"}, {"v1.0", "1.0"},           {"1.0a", "1.0a0"},
		{"1.0pre1", "1.0rc1"},  {"1.0-r4", "1.0.post4"},   {"1.0+Ubuntu-1", "1.0+ubuntu.1"},
		{"0!1.0", "01.00"},     {"1.0preview-", "1.0rc0"}, {NULL, NULL}};

	(void)state;
	assert_rising(VERSION_PEP440, LIST);
	assert_equal_pairs(VERSION_PEP440, EQUAL);
}

static void what_is_no_python_version_has_no_place(void **state)
{
	static const char *const LIST[] = {
		"",       "a",    "1.",    "1..0",         "1.0+",    "1.0+a..b",
		"1.0+-a", "1.0-", "1.0x",  "1.0a1b1",      "!1.0",    "1!",
		"1!!1",   "1.0 ", "1.0+ä", "1.0dev1post1", "1.0-a-b", "french toast",
		NULL};

	(void)state;
	assert_no_versions(VERSION_PEP440, "1.0", LIST);
}

/* ---- every family ---- */

static void families_that_we_do_not_know_say_nothing(void **state)
{
	(void)state;
	assert_int_equal(order(VERSION_OTHER, "1.0", "1.0"), VERSION_UNPARSEABLE);
	assert_int_equal(order(VERSION_OTHER, "1.0", "2.0"), VERSION_UNPARSEABLE);
	assert_false(version_follows(VERSION_OTHER, bytes_text("1.0")));
}

static void longest_version_is_bounded(void **state)
{
	char digits[VERSION_SIZE_MAX + 2];

	(void)state;
	memset(digits, '1', sizeof digits);
	for (enum version_family f = VERSION_DPKG; f <= VERSION_PEP440; f++) {
		assert_true(version_follows(f, bytes_of(digits, VERSION_SIZE_MAX)));
		assert_false(version_follows(f, bytes_of(digits, VERSION_SIZE_MAX + 1)));
		assert_int_equal(version_compare(f, bytes_of(digits, VERSION_SIZE_MAX),
						 bytes_of(digits, VERSION_SIZE_MAX - 1)),
				 VERSION_GREATER);
	}
}

static uint64_t seed = 88172645463325252u;
static size_t choose(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed >> 11) % n;
}

/* Pieces that versions are made of; a version is a few of them. */
static void make(char *out, size_t cap)
{
	static const char *const PIECES[] = {
		"0", "1",  "2",  "10", "01", ".",  ".",   ".",    "-",   "~",     "+", "a",
		"b", "rc", "1:", "^",  "-r", "_p", "_rc", "post", "dev", "alpha", "Z", "1.0.0"};
	size_t n = 0, pieces = 1 + choose(7);

	out[0] = '\0';
	for (size_t i = 0; i < pieces && n + 8 < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s",
				      PIECES[choose(sizeof PIECES / sizeof PIECES[0])]);
}

static void each_family_is_an_order(void **state)
{
	enum { MANY = 600 };
	static char texts[MANY][64];

	(void)state;
	for (enum version_family f = VERSION_SEMVER; f <= VERSION_PEP440; f++) {
		size_t n = 0;
		for (size_t tries = 0; n < MANY && tries < 400000; tries++) {
			make(texts[n], sizeof texts[n]);
			n += version_follows(f, bytes_text(texts[n]));
		}
		assert_true(n > 100);
		for (size_t i = 0; i < 200000; i++) {
			const char *a = texts[choose(n)], *b = texts[choose(n)],
				   *c = texts[choose(n)];
			enum version_order ab = order(f, a, b), bc = order(f, b, c);
			assert_int_equal(ab, -(int)order(f, b, a));
			if (ab <= 0 && bc <= 0 && order(f, a, c) != (ab < bc ? ab : bc))
				fail_msg("family %d: %s, %s, %s", (int)f, a, b, c);
		}
	}
}

/* ---- against dpkg itself ---- */

static bool dpkg_says(const char *a, const char *relation, const char *b)
{
	char *arguments[] = {(char *)(uintptr_t) "dpkg", (char *)(uintptr_t) "--compare-versions",
			     (char *)(uintptr_t)a,       (char *)(uintptr_t)relation,
			     (char *)(uintptr_t)b,       NULL};
	int status;
	pid_t child;

	assert_int_equal(posix_spawnp(&child, "dpkg", NULL, NULL, arguments, environ), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

static void dpkg_agrees_about_thousands_of_pairs(void **state)
{
	size_t pairs = 0, equal = 0;

	(void)state;
	while (pairs < 2500) {
		char a[64], b[64];
		make(a, sizeof a);
		make(b, sizeof b);
		if (choose(3) == 0) /* near ones */
			snprintf(b, sizeof b, "%.40s%s", a, choose(2) ? "0" : "~");
		if (!version_follows(VERSION_DPKG, bytes_text(a)) ||
		    !version_follows(VERSION_DPKG, bytes_text(b)))
			continue;
		enum version_order ours = order(VERSION_DPKG, a, b);
		const char *relation = ours < 0 ? "lt" : ours > 0 ? "gt" : "eq";
		if (!dpkg_says(a, relation, b))
			fail_msg("dpkg does not say that %s is %s %s", a, relation, b);
		equal += ours == VERSION_EQUAL;
		pairs++;
	}
	assert_true(equal > 50 && equal < 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(semver_rises_as_the_specification_says),
		cmocka_unit_test(what_is_no_semver_has_no_place),
		cmocka_unit_test(dpkg_rises_as_debian_policy_says),
		cmocka_unit_test(what_is_no_debian_version_has_no_place),
		cmocka_unit_test(rpm_rises_as_its_own_tests_say),
		cmocka_unit_test(what_is_no_rpm_version_has_no_place),
		cmocka_unit_test(apk_rises_as_its_own_tests_say),
		cmocka_unit_test(what_is_no_apk_version_has_no_place),
		cmocka_unit_test(pep440_rises_as_the_document_says),
		cmocka_unit_test(what_is_no_python_version_has_no_place),
		cmocka_unit_test(families_that_we_do_not_know_say_nothing),
		cmocka_unit_test(longest_version_is_bounded),
		cmocka_unit_test(each_family_is_an_order),
		cmocka_unit_test(dpkg_agrees_about_thousands_of_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
