/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

/* What a log call writes to standard error, read back through a pipe. */
struct capture {
	int saved, out;
	char text[16384];
};

static void capture_begin(struct capture *c)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	c->saved = dup(STDERR_FILENO);
	assert_true(c->saved >= 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	c->out = ends[0];
}

static const char *capture_end(struct capture *c)
{
	size_t n = 0;

	assert_int_equal(dup2(c->saved, STDERR_FILENO), STDERR_FILENO);
	close(c->saved);
	for (ssize_t got; (got = read(c->out, c->text + n, sizeof(c->text) - 1 - n)) > 0;)
		n += (size_t)got;
	close(c->out);
	c->text[n] = 0;
	return c->text;
}

static void an_event_is_one_line_with_its_priority(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_event(LOG_INFO_LEVEL, "listening", "port", "8443", "address", "::1", NULL);
	log_event(LOG_ERROR_LEVEL, "stopped", NULL);
	assert_string_equal(capture_end(&c), "<6>event=listening port=8443 address=::1\n"
					     "<3>event=stopped\n");
}

static void less_urgent_events_are_left_out(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_event(LOG_DEBUG_LEVEL, "quiet", NULL);
	log_set_level(LOG_DEBUG_LEVEL);
	log_event(LOG_DEBUG_LEVEL, "loud", NULL);
	log_set_level(LOG_WARNING_LEVEL);
	log_event(LOG_INFO_LEVEL, "quiet", NULL);
	log_event(LOG_WARNING_LEVEL, "warned", NULL);
	log_set_level(LOG_INFO_LEVEL);
	assert_string_equal(capture_end(&c), "<7>event=loud\n<4>event=warned\n");
}

static void a_value_cannot_begin_a_pair_or_a_line(void **state)
{
	static const struct {
		const char *value, *written;
	} CASES[] = {
		{"two words", "\"two words\""},
		{"a=b", "\"a=b\""},
		{"", "\"\""},
		{"a\nevent=forged", "\"a\\x0aevent=forged\""},
		{"say \"no\"", "\"say \\\"no\\\"\""},
		{"back\\slash", "\"back\\\\slash\""},
		{"\x1b[31m", "\"\\x1b[31m\""},
		{"\xc3\xa4", "\"\\xc3\\xa4\""},
		{"\r", "\"\\x0d\""},
		{"\x7f", "\"\\x7f\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct capture c;
		char line[200];

		capture_begin(&c);
		log_event(LOG_INFO_LEVEL, "e", "v", CASES[i].value, "last", "1", NULL);
		snprintf(line, sizeof(line), "<6>event=e v=%s last=1\n", CASES[i].written);
		assert_string_equal(capture_end(&c), line);
	}
}

static void a_long_line_is_cut_and_ended(void **state)
{
	static char value[9000];
	struct capture c;

	(void)state;
	memset(value, '\n', sizeof(value) - 1);
	capture_begin(&c);
	log_event(LOG_INFO_LEVEL, "e", "v", value, NULL);
	memset(value, 'a', sizeof(value) - 1);
	log_event(LOG_INFO_LEVEL, "f", "v", value, NULL);
	const char *text = capture_end(&c);
	const char *end = strchr(text, '\n');

	assert_non_null(end);
	assert_true(end - text <= 4096);
	assert_memory_equal(end + 1, "<6>event=f", 10);
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void a_null_value_ends_the_list(void **state)
{
	struct capture c;
	const char *nothing = NULL;

	(void)state;
	capture_begin(&c);
	log_event(LOG_INFO_LEVEL, "e", "v", nothing, NULL);
	assert_string_equal(capture_end(&c), "<6>event=e v=\"\"\n");
}

static void a_fault_is_logged_with_its_values(void **state)
{
	struct capture c;
	struct fault f;

	(void)state;
	assert_int_equal(
		fail_field(&f, "parts[1]", "FILE_READ_FAILED", "path", "/a b", "why", "x", NULL)
			.code,
		ERR_IO);
	capture_begin(&c);
	log_fault(LOG_WARNING_LEVEL, "upload", &f);
	log_fault(LOG_DEBUG_LEVEL, "upload", &f);
	assert_string_equal(capture_end(&c), "<4>event=upload fault=FILE_READ_FAILED "
					     "field=parts[1] path=\"/a b\" why=x\n");
}

static void a_fault_without_a_message_is_logged_by_its_code(void **state)
{
	struct capture c;
	struct fault f = {.code = ERR_CORRUPT};

	(void)state;
	capture_begin(&c);
	log_fault(LOG_ERROR_LEVEL, "read", &f);
	assert_string_equal(capture_end(&c), "<3>event=read fault=corrupt\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_one_line_with_its_priority),
		cmocka_unit_test(less_urgent_events_are_left_out),
		cmocka_unit_test(a_value_cannot_begin_a_pair_or_a_line),
		cmocka_unit_test(a_long_line_is_cut_and_ended),
		cmocka_unit_test(a_null_value_ends_the_list),
		cmocka_unit_test(a_fault_is_logged_with_its_values),
		cmocka_unit_test(a_fault_without_a_message_is_logged_by_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
