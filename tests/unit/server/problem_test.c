/* SPDX-License-Identifier: Apache-2.0 */
/* What a problem document tells whoever asks, and what it keeps for the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/server_internal.h"

#include <stdlib.h>
#include <string.h>

static char *document(const struct fault *f)
{
	json_t *json = problem_json(f, NULL);
	char *text = json_dumps(json, JSON_COMPACT);

	assert_non_null(text);
	json_decref(json);
	return text;
}

static void assert_hidden(const struct fault *f, const char *id, const char *secret)
{
	char *text = document(f);

	assert_non_null(strstr(text, id));
	assert_null(strstr(text, secret));
	free(text);
}

static void path_of_a_file_is_not_told(void **state)
{
	struct fault f = {0};

	(void)state;
	(void)(fail)(&f, "FILE_READ_FAILED", "path", "/secret/place", "why", "No such file", NULL);
	assert_hidden(&f, "FILE_READ_FAILED", "/secret/place");
	assert_hidden(&f, "FILE_READ_FAILED", "No such file");
}

static void what_the_database_said_is_not_told(void **state)
{
	struct fault f = {0};

	(void)state;
	(void)(fail)(&f, "DB_UNAVAILABLE", "detail", "host=10.1.2.3 user=seal", NULL);
	assert_hidden(&f, "DB_UNAVAILABLE", "10.1.2.3");
	(void)(fail)(&f, "DB_FAILED", "detail", "no such table: key", NULL);
	assert_hidden(&f, "DB_FAILED", "no such table");
}

static void socket_of_the_signer_is_not_told(void **state)
{
	struct fault f = {0};

	(void)state;
	(void)(fail)(&f, "SIGNER_UNAVAILABLE", "socket", "/secret/run/signer.sock", "why",
		     "refused", NULL);
	assert_hidden(&f, "SIGNER_UNAVAILABLE", "signer.sock");
}

static void what_is_wrong_with_the_request_is_told(void **state)
{
	struct fault f = {0};

	(void)state;
	(void)(fail)(&f, "API_JSON_BAD", "detail", "a brace is missing", NULL);
	char *text = document(&f);
	assert_non_null(strstr(text, "a brace is missing"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_of_a_file_is_not_told),
		cmocka_unit_test(what_the_database_said_is_not_told),
		cmocka_unit_test(socket_of_the_signer_is_not_told),
		cmocka_unit_test(what_is_wrong_with_the_request_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
