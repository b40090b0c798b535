/* SPDX-License-Identifier: Apache-2.0 */
/* Package URLs: canonical forms (after the test suite of the specification), and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "format/purl.h"

#include <stdio.h>
#include <string.h>

static void purl_is_written_in_its_canonical_form(void **state)
{
	static const char *const PAIRS[][2] = {
		{"pkg:deb/debian/openssl@3.0.15-1~deb12u1?distro=debian-12&arch=amd64",
		 "pkg:deb/debian/openssl@3.0.15-1~deb12u1?arch=amd64&distro=debian-12"},
		{"pkg:deb/Debian/OpenSSL@1:2.3", "pkg:deb/debian/openssl@1:2.3"},
		{"pkg:deb/debian/zlib1g@1%3A1.2.13", "pkg:deb/debian/zlib1g@1:1.2.13"},
		{"PKG:NPM/%40angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"},
		{"pkg:npm/@angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"},
		{"pkg:npm/@angular/animation", "pkg:npm/%40angular/animation"},
		{"pkg://npm//foo@1", "pkg:npm/foo@1"},
		{"pkg:pypi/Django_Rest.x@1.0", "pkg:pypi/django-rest.x@1.0"},
		{"pkg:golang/github.com/Masterminds/semver@v1.5.0#/a/./b/../c/",
		 "pkg:golang/github.com/masterminds/semver@v1.5.0#a/b/c"},
		{"pkg:maven/org.apache/batik@1.9?packaging=pom&classifier=",
		 "pkg:maven/org.apache/batik@1.9?packaging=pom"},
		{"pkg:maven/g/a@1?repository_url=repo.spring.io/release",
		 "pkg:maven/g/a@1?repository_url=repo.spring.io%2Frelease"},
		{"pkg:rpm/Fedora/curl@7.50.3-1.fc25?ARCH=i386",
		 "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386"},
		{"pkg:generic/a%20b@1%2B2", "pkg:generic/a%20b@1%2B2"},
		{"pkg:generic/k%C3%A4se", "pkg:generic/k%C3%A4se"},
		{"pkg:docker/customer/image@sha256:244fd47e",
		 "pkg:docker/customer/image@sha256:244fd47e"},
		{"pkg:github/Owner/Name@v1", "pkg:github/owner/name@v1"},
		{"pkg:cargo/rand@0.7.2", "pkg:cargo/rand@0.7.2"},
		{"pkg:generic/a//b///c", "pkg:generic/a/b/c"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
		struct fault f = {0};
		struct purl purl;
		if (purl_parse(&a, bytes_text(PAIRS[i][0]), &purl, &f).code != OK)
			fail_msg("%s: %s", PAIRS[i][0], fault_value(&f, "detail"));
		assert_string_equal(purl_text(&a, &purl), PAIRS[i][1]);
		/* What is canonical stays as it is. */
		assert_int_equal(purl_parse(&a, bytes_text(PAIRS[i][1]), &purl, &f).code, OK);
		assert_string_equal(purl_text(&a, &purl), PAIRS[i][1]);
	}
	arena_done(&a);
}

static void key_has_no_version_and_no_qualifiers(void **state)
{
	struct arena a = {0};
	struct fault f = {0};
	struct purl purl;

	(void)state;
	assert_int_equal(
		purl_parse(&a, bytes_text("pkg:deb/debian/curl@1?arch=amd64#x"), &purl, &f).code,
		OK);
	assert_string_equal(purl_key(&a, &purl), "pkg:deb/debian/curl");
	assert_true(bytes_equal(purl_qualifier(&purl, "arch"), bytes_text("amd64")));
	assert_int_equal(purl_qualifier(&purl, "distro").n, 0);
	arena_done(&a);
}

static void what_is_no_package_url_is_refused(void **state)
{
	static const char *const WRONG[] = {
		"",
		"pkg",
		"pkg:",
		"pkg:deb",
		"pkg:deb/",
		"pkg:/name",
		"npm/foo@1",
		"http://example.com/a",
		"pkg:1deb/a",
		"pkg:d_eb/a",
		"pkg:d%65b/a",
		"pkg:deb/debian/@1.0",
		"pkg:generic/a%",
		"pkg:generic/a%2",
		"pkg:generic/a%zz",
		"pkg:generic/a%00",
		"pkg:generic/a%0a",
		"pkg:generic/a\x01",
		"pkg:generic/a%ff",
		"pkg:generic/a%2Fb/c",
		"pkg:generic/a?=1",
		"pkg:generic/a?1a=1",
		"pkg:generic/a?a=1&a=2",
		"pkg:generic/a?a=1&A=2",
		"pkg:generic/a?a b=1",
		"pkg:generic/a?%61=1",
		"pkg:generic/a#b%2Fc",
		"pkg:generic/a@%80",
		("pkg:generic/a?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1"
		 "&r=1&s=1&t=1&u=1&v=1&w=1&x=1&y=1&z=1&aa=1&ab=1&ac=1&ad=1&ae=1&af=1&ag=1"),
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		struct fault f = {0};
		struct purl purl;
		char text[512];
		if (purl_parse(&a, bytes_text(WRONG[i]), &purl, &f).code != ERR_INVALID)
			fail_msg("%s was read", WRONG[i]);
		assert_string_equal(f.message, "PURL_WRONG");
		fault_text(&f, text, sizeof text);
		assert_null(strchr(text, '{'));
	}
	arena_done(&a);
}

static void longest_package_url_is_bounded(void **state)
{
	char text[PURL_SIZE_MAX + 2];
	struct arena a = {0};
	struct fault f = {0};
	struct purl purl;

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text, "pkg:generic/", 12);
	assert_int_equal(purl_parse(&a, bytes_of(text, PURL_SIZE_MAX), &purl, &f).code, OK);
	assert_int_equal(purl_parse(&a, bytes_of(text, PURL_SIZE_MAX + 1), &purl, &f).code,
			 ERR_INVALID);
	arena_done(&a);
}

static void full_arena_is_said(void **state)
{
	struct arena a = {.limit = 16};
	struct fault f = {0};
	struct purl purl;

	(void)state;
	assert_int_equal(
		purl_parse(&a, bytes_text("pkg:deb/debian/a-long-enough-name@1"), &purl, &f).code,
		ERR_MEMORY);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(purl_is_written_in_its_canonical_form),
		cmocka_unit_test(key_has_no_version_and_no_qualifiers),
		cmocka_unit_test(what_is_no_package_url_is_refused),
		cmocka_unit_test(longest_package_url_is_bounded),
		cmocka_unit_test(full_arena_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
