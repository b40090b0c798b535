/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "base/catalog.h"
#include "server/config.h"

#include <stdio.h>
#include <string.h>

static struct server_config config;

static int defaults(void **state)
{
	(void)state;
	return config_defaults("/dir", &config, NULL).code == OK ? 0 : 1;
}

static void must_read(const char *text)
{
	struct fault f = {0};

	assert_int_equal(config_parse(&config, "test.conf", bytes_text(text), &f).code, OK);
}

static void must_refuse(const char *text, const char *code, const char *line)
{
	struct server_config before = config;
	struct fault f = {0};
	char said[512];

	assert_int_not_equal(config_parse(&config, "test.conf", bytes_text(text), &f).code, OK);
	assert_string_equal(f.message, code);
	assert_string_equal(fault_value(&f, "line"), line);
	fault_text(&f, said, sizeof said);
	assert_non_null(strstr(said, "test.conf"));
	assert_memory_equal(&config, &before, sizeof config); /* nothing half read */
}

static void defaults_lie_in_the_folder(void **state)
{
	(void)state;
	assert_string_equal(config.store, "sqlite:/dir/store.db");
	assert_string_equal(config.signer_socket, "/dir/run/signer.sock");
	assert_string_equal(config.tls_key, "/dir/tls.key");
	assert_int_equal(config.people_port, 8443);
	assert_string_equal(config.origin, "");
}

static void file_is_read_over_the_defaults(void **state)
{
	(void)state;
	must_read("# a comment\norigin = acme.example/log\n\nthreads = 16\ntiles = /srv/tiles\n"
		  "blobs = files\nstore = postgresql://db/seal\n");
	assert_string_equal(config.origin, "acme.example/log");
	assert_int_equal(config.threads, 16);
	assert_string_equal(config.tiles, "/srv/tiles");
	assert_string_equal(config.blobs, "/dir/files");
	assert_string_equal(config.store, "postgresql://db/seal");
	must_read("store = sqlite:/var/other.db\n");
	assert_string_equal(config.store, "sqlite:/var/other.db");
}

static void unknown_key_is_refused_with_its_line(void **state)
{
	(void)state;
	must_refuse("origin = a\n\ncolour = red\n", "CONFIG_KEY_UNKNOWN", "3");
	must_refuse("Origin = a\n", "CONFIG_KEY_UNKNOWN", "1");
	must_refuse("folder = /etc\n", "CONFIG_KEY_UNKNOWN", "1");
}

static void key_that_is_given_twice_is_refused(void **state)
{
	(void)state;
	must_refuse("origin = a\norigin = a\n", "CONFIG_KEY_TWICE", "2");
	must_refuse("origin = a\n  b\n", "CONFIG_KEY_TWICE", "2"); /* a continued line */
}

static void value_out_of_range_is_refused(void **state)
{
	static const char *const lines[] = {"threads = 0\n",
					    "threads = 257\n",
					    "threads = -1\n",
					    "threads = 1x\n",
					    "threads = 0x10\n",
					    "people_port = 65536\n",
					    "readers =\n",
					    "tls = maybe\n",
					    "tls = o\n",
					    "tls = on|off\n",
					    "log_level = loud\n",
					    "store = mysql:x\n",
					    "threads = 18446744073709551617\n",
					    "store = sqlite:\n",
					    "tiles =\n"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		must_refuse(lines[i], "CONFIG_VALUE_WRONG", "1");
}

static void text_that_is_no_setting_is_refused(void **state)
{
	char longer[300];

	(void)state;
	must_refuse("origin\n", "CONFIG_LINE_WRONG", "1");
	must_refuse("[server]\norigin = a\n", "CONFIG_SECTION", "2");
	must_refuse("origin = \xff\n", "CONFIG_LINE_WRONG", "1");
	snprintf(longer, sizeof longer, "threads = 2\norigin = %0200d\n", 1);
	must_refuse(longer, "CONFIG_LINE_WRONG", "2");
}

static void zero_byte_is_refused(void **state)
{
	struct fault f = {0};

	(void)state;
	assert_int_not_equal(config_parse(&config, "x", bytes_of("origin = a\0b\n", 13), &f).code,
			     OK);
	assert_string_equal(f.message, "CONFIG_LINE_WRONG");
}

static void path_that_is_too_long_is_refused(void **state)
{
	char folder[600];
	struct fault f = {0};

	(void)state;
	memset(folder, 'a', sizeof folder);
	folder[599] = '\0';
	assert_int_not_equal(config_defaults(folder, &config, &f).code, OK);
	folder[505] = '\0';
	assert_int_not_equal(config_defaults(folder, &config, &f).code, OK);
	assert_string_equal(f.message, "CONFIG_PATH_TOO_LONG");
}

/* The verifier key of a witness, made from a public key of bytes `b`. */
static const char *vkey(const char *name, uint8_t type, uint8_t b, char out[static 256])
{
	struct writer w = writer_of(out, 255);
	uint8_t public_key[32];
	struct note_key key;
	struct bytes text;

	memset(public_key, b, sizeof public_key);
	assert_true(note_key_make(name, type, public_key, &key));
	note_key_put(&w, &key);
	assert_true(writer_done(&w, &text));
	out[text.n] = '\0';
	return out;
}

static void witnesses_are_read_one_a_line(void **state)
{
	char text[1024], one[256], two[256];

	(void)state;
	snprintf(text, sizeof text,
		 "witness = https://w1.example:8446 %s\nwitness_ca = w.pem\n"
		 "witness = https://w2.example  %s\n",
		 vkey("w.example/1", NOTE_COSIGNATURE, 1, one),
		 vkey("w.example/2", NOTE_COSIGNATURE, 2, two));
	must_read(text);
	assert_int_equal(config.witnesses_n, 2);
	assert_string_equal(config.witnesses[0].url, "https://w1.example:8446");
	assert_string_equal(config.witnesses[1].key.name, "w.example/2");
	assert_string_equal(config.witness_ca, "/dir/w.pem");
}

static void what_is_no_witness_is_refused(void **state)
{
	char one[256], log_key[256], quoted[256];
	const char *good = vkey("w.example/1", NOTE_COSIGNATURE, 1, one);
	const char *const rows[][2] = {
		{"", good},
		{"https://w.example", ""},
		{"https://w.example", "w.example"},
		{"http://w.example", good},
		{"w.example", good},
		{"https://w.example/", good},
		{"https://w.example", vkey("w.example/1", NOTE_ED25519, 1, log_key)},
		{"https://w.example", vkey("w\"x", NOTE_COSIGNATURE, 1, quoted)},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "origin = a\nwitness = %s %s\n", rows[i][0],
			 rows[i][1]);
		must_refuse(text, "CONFIG_VALUE_WRONG", "2");
	}
	snprintf(text, sizeof text,
		 "witness = https://w.example %s\nwitness = https://v.example %s\n", good, good);
	must_refuse(text, "CONFIG_VALUE_WRONG", "2");
}

static void a_fifth_witness_is_refused(void **state)
{
	char text[2048] = "", line[400], name[32], key[256];

	(void)state;
	for (uint8_t i = 1; i <= 5; i++) {
		snprintf(name, sizeof name, "w.example/%u", i);
		int n = snprintf(line, sizeof line, "witness = https://w%u.example %s\n", i,
				 vkey(name, NOTE_COSIGNATURE, i, key));
		memcpy(text + strlen(text), line, (size_t)n + 1);
	}
	must_refuse(text, "CONFIG_VALUE_WRONG", "5");
}

static void help_names_every_key(void **state)
{
	char text[8192];
	struct writer w = writer_of(text, sizeof text - 1);
	struct bytes written;

	(void)state;
	config_help(&w);
	assert_true(writer_done(&w, &written));
	text[written.n] = '\0';
	assert_non_null(strstr(text, "people_port"));
	assert_non_null(strstr(text, "log_level"));
}

static void folder_without_a_file_is_refused(void **state)
{
	struct fault f = {0};

	(void)state;
	assert_int_not_equal(config_read("/nonexistent", &config, &f).code, OK);
	assert_string_equal(f.message, "FILE_NOT_FOUND");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(defaults_lie_in_the_folder, defaults),
		cmocka_unit_test_setup(file_is_read_over_the_defaults, defaults),
		cmocka_unit_test_setup(unknown_key_is_refused_with_its_line, defaults),
		cmocka_unit_test_setup(key_that_is_given_twice_is_refused, defaults),
		cmocka_unit_test_setup(value_out_of_range_is_refused, defaults),
		cmocka_unit_test_setup(text_that_is_no_setting_is_refused, defaults),
		cmocka_unit_test_setup(zero_byte_is_refused, defaults),
		cmocka_unit_test_setup(path_that_is_too_long_is_refused, defaults),
		cmocka_unit_test_setup(witnesses_are_read_one_a_line, defaults),
		cmocka_unit_test_setup(what_is_no_witness_is_refused, defaults),
		cmocka_unit_test_setup(a_fifth_witness_is_refused, defaults),
		cmocka_unit_test_setup(help_names_every_key, defaults),
		cmocka_unit_test_setup(folder_without_a_file_is_refused, defaults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
