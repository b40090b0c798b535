/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser says by itself: one cookie of ours, or nobody; from a page of ours, or not. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "server/cookie.h"

#include <string.h>

#define TOKEN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static bool reads(const char *header)
{
	uint8_t token[COOKIE_TOKEN_SIZE];

	memset(token, 0xee, sizeof token);
	bool there = cookie_token(header, token);
	for (size_t i = 0; i < sizeof token; i++)
		assert_int_equal(token[i], there ? i : 0); /* never half of it */
	return there;
}

static void token_is_found_alone_and_among_others(void **state)
{
	(void)state;
	assert_true(reads(COOKIE_NAME "=" TOKEN));
	assert_true(reads("a=b; " COOKIE_NAME "=" TOKEN "; c=d"));
	assert_true(reads("a=b;" COOKIE_NAME "=" TOKEN));
	assert_true(reads(COOKIE_NAME "2=x; " COOKIE_NAME "=" TOKEN ";"));
}

static void what_is_not_ours_is_nobody(void **state)
{
	static const char *const WRONG[] = {"",
					    ";",
					    "=",
					    COOKIE_NAME,
					    COOKIE_NAME "=",
					    "sealwright=" TOKEN,
					    "x" COOKIE_NAME "=" TOKEN,
					    COOKIE_NAME "=" TOKEN "x",
					    COOKIE_NAME "=\"" TOKEN "\"",
					    COOKIE_NAME "= " TOKEN,
					    COOKIE_NAME " =" TOKEN,
					    "a=" COOKIE_NAME "=" TOKEN,
					    "__host-sealwright=" TOKEN};

	(void)state;
	assert_false(reads(NULL));
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_false(reads(WRONG[i]));
}

static void token_of_another_length_or_alphabet_is_nobody(void **state)
{
	(void)state;
	assert_false(reads(COOKIE_NAME "=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg"));
	assert_false(reads(COOKIE_NAME "=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+"));
	assert_false(reads(COOKIE_NAME "=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="));
	assert_false(reads(COOKIE_NAME "=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9"));
}

/* Somebody who can set one more cookie must not choose which of the two counts. */
static void two_cookies_of_that_name_are_nobody(void **state)
{
	(void)state;
	assert_false(reads(COOKIE_NAME "=" TOKEN "; " COOKIE_NAME "=" TOKEN));
	assert_false(reads(COOKIE_NAME "=x; " COOKIE_NAME "=" TOKEN));
	assert_false(reads(COOKIE_NAME "=" TOKEN "; " COOKIE_NAME "="));
}

static void form_of_a_page_of_ours_is_same_origin(void **state)
{
	(void)state;
	assert_true(request_is_same_origin("same-origin", NULL, "localhost:8443"));
	assert_true(request_is_same_origin("same-origin", "null", "localhost:8443"));
	assert_true(request_is_same_origin(NULL, "https://localhost:8443", "localhost:8443"));
	assert_true(request_is_same_origin(NULL, "https://A.example", "a.example"));
}

static void plain_form_is_ours_on_this_machine_only(void **state)
{
	(void)state;
	assert_true(request_is_same_origin(NULL, "http://localhost:8443", "localhost:8443"));
	assert_true(request_is_same_origin(NULL, "http://localhost", "LOCALHOST"));
	assert_true(request_is_same_origin(NULL, "http://127.0.0.1:8443", "127.0.0.1:8443"));
	assert_true(request_is_same_origin(NULL, "http://[::1]:8443", "[::1]:8443"));
	assert_false(request_is_same_origin("cross-site", "http://localhost:1", "localhost:1"));
	assert_false(request_is_same_origin(NULL, "http://localhost:8444", "localhost:8443"));
	assert_false(request_is_same_origin(NULL, "http://127.0.0.1:8443", "localhost:8443"));
	assert_false(request_is_same_origin(NULL, "http://localhost.evil", "localhost.evil"));
	assert_false(request_is_same_origin(NULL, "http://127.0.0.1.evil", "127.0.0.1.evil"));
	assert_false(request_is_same_origin(NULL, "http://localhost", NULL));
	assert_false(request_is_same_origin(NULL, "ftp://localhost", "localhost"));
}

static void form_of_another_page_is_not(void **state)
{
	(void)state;
	assert_false(request_is_same_origin("cross-site", "https://a.example", "a.example"));
	assert_false(request_is_same_origin("same-site", "https://a.example", "a.example"));
	assert_false(request_is_same_origin("none", NULL, "a.example"));
	assert_false(request_is_same_origin("", "https://a.example", "a.example"));
	assert_false(request_is_same_origin(NULL, NULL, "a.example"));
	assert_false(request_is_same_origin(NULL, "null", "null"));
	assert_false(request_is_same_origin(NULL, "http://a.example", "a.example"));
	assert_false(request_is_same_origin(NULL, "https://a.example:1", "a.example"));
	assert_false(request_is_same_origin(NULL, "https://a.example.evil", "a.example"));
	assert_false(request_is_same_origin(NULL, "https://a.example", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_is_found_alone_and_among_others),
		cmocka_unit_test(what_is_not_ours_is_nobody),
		cmocka_unit_test(token_of_another_length_or_alphabet_is_nobody),
		cmocka_unit_test(two_cookies_of_that_name_are_nobody),
		cmocka_unit_test(form_of_a_page_of_ours_is_same_origin),
		cmocka_unit_test(plain_form_is_ours_on_this_machine_only),
		cmocka_unit_test(form_of_another_page_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
