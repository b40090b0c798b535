/* SPDX-License-Identifier: Apache-2.0 */
/* Verifier keys, and the names that they may have. */
#include "note_parts.h"

static void a_key_is_read_and_written_alike(void **state)
{
	static const char *const KEYS[] = {GO_KEY, LOG_KEY, WITNESS_KEY};
	uint8_t buffer[512];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct note_key key = key_of(KEYS[i]);
		struct writer w = writer_of(buffer, sizeof buffer);
		struct bytes out;

		note_key_put(&w, &key);
		assert_true(writer_done(&w, &out));
		assert_bytes(out, bytes_text(KEYS[i]));
		assert_int_equal(note_key_id(key.name, key.type, key.public_key), key.id);
	}
	assert_int_equal(key_of(GO_KEY).id, 0xc74f20a3);
	assert_int_equal(key_of(WITNESS_KEY).type, NOTE_COSIGNATURE);
}

static void a_malformed_key_is_refused(void **state)
{
	static const char *const BROKEN[] = {
		"",
		"PeterNeumann",
		"PeterNeumann+c74f20a3",
		"PeterNeumann+c74f20a3+",
		"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumanN+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+0c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWAA==",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
		/* type 2 */
		"PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	};
	struct note_key key;

	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
		if (note_key_parse(bytes_text(BROKEN[i]), &key))
			fail_msg("%s was taken", BROKEN[i]);
	}
}

static void a_name_with_a_space_a_plus_or_too_long_makes_no_key(void **state)
{
	static const char *const BROKEN[] = {
		"",
		"a b",
		"a+b",
		"a\tb",
		"a\nb",
		"a\x7F",
		"\xFF",
		"a\xC2\xA0x",
		"a\xC2\x85",
		"\xE1\x9A\x80",
		"\xE2\x80\x80",
		"\xE2\x80\x8A",
		"\xE2\x80\xA8",
		"\xE2\x80\xA9",
		"\xE2\x80\xAF",
		"\xE2\x81\x9F",
		"\xE3\x80\x80",
	};
	/* Characters beside the spaces. */
	static const char *const GOOD[] = {
		"f\xC3\xBCnf",  "\xC2\xA1",     "\xE1\x9A\x81", "\xE1\x9B\x80",
		"\xE2\x80\x8B", "\xE2\x80\xB0", "\xE2\x81\x81", "\xE2\x90\x9F",
		"\xE3\x80\x81", "\xE3\x83\x80", "\xE4\x80\x80",
	};
	uint8_t public_key[32] = {0};
	char name[NOTE_NAME_MAX + 2];
	struct note_key key;

	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++)
		assert_false(note_key_make(BROKEN[i], NOTE_ED25519, public_key, &key));
	memset(name, 'n', sizeof name);
	name[NOTE_NAME_MAX + 1] = '\0';
	assert_false(note_key_make(name, NOTE_ED25519, public_key, &key));
	name[NOTE_NAME_MAX] = '\0';
	assert_true(note_key_make(name, NOTE_ED25519, public_key, &key));
	for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
		assert_true(note_key_make(GOOD[i], NOTE_COSIGNATURE, public_key, &key));
	assert_false(note_key_make("name", 2, public_key, &key));
	assert_false(note_key_make("name", 6, public_key, &key));
}

static void a_zero_inside_a_keys_name_is_refused(void **state)
{
	struct note_key key;
	char text[] = GO_KEY;

	(void)state;
	text[5] = '\0';
	assert_false(note_key_parse(bytes_of(text, sizeof text - 1), &key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_read_and_written_alike),
		cmocka_unit_test(a_malformed_key_is_refused),
		cmocka_unit_test(a_name_with_a_space_a_plus_or_too_long_makes_no_key),
		cmocka_unit_test(a_zero_inside_a_keys_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
