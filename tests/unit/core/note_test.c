/* SPDX-License-Identifier: Apache-2.0 */
/* Notes and cosignatures; their signatures are checked by a foreign library. */
#include "note_parts.h"

#include <openssl/evp.h>

static struct note note;

/* Ed25519 by OpenSSL, which shares nothing with us. */
static bool ed25519(const uint8_t public_key[static 32], struct bytes message,
		    const uint8_t signature[static 64])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestVerify(context, signature, 64, message.p, message.n) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return ok;
}

static bool parses(struct bytes text)
{
	const char *why = "left alone";
	bool ok = note_parse(text, &note, &why);

	assert_true(ok == (why == NULL));
	return ok;
}

static enum note_verdict verdict(const char *text, const char *key_text, uint64_t *time)
{
	struct note_key key = key_of(key_text);

	assert_true(parses(bytes_text(text)));
	return note_verify(&note, &key, ed25519, time);
}

/* ---- notes ---- */

static void the_example_of_the_standard_verifies(void **state)
{
	uint64_t time = 99;

	(void)state;
	assert_int_equal(verdict(GO_TEXT "\n" GO_LINE, GO_KEY, &time), NOTE_VALID);
	assert_int_equal(time, 0);
	assert_bytes(note.text, bytes_text(GO_TEXT));
	assert_int_equal(note.n, 1);
}

static void a_signature_line_is_written_as_it_is_read(void **state)
{
	uint8_t buffer[256];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;

	(void)state;
	assert_true(parses(bytes_text(GO_TEXT "\n" GO_LINE)));
	assert_int_equal(note.signatures[0].id, 0xc74f20a3);
	assert_int_equal(note.signatures[0].blob_n, 64);
	note_put_signature(&w, "PeterNeumann", note.signatures[0].id,
			   bytes_of(note.signatures[0].blob, 64));
	assert_true(writer_done(&w, &out));
	assert_bytes(out, bytes_text(GO_LINE));
}

static void a_changed_text_is_a_bad_signature(void **state)
{
	(void)state;
	assert_int_equal(verdict("X" GO_TEXT "\n" GO_LINE, GO_KEY, NULL), NOTE_BAD_SIGNATURE);
	assert_int_equal(verdict(GO_TEXT "more\n\n" GO_LINE, GO_KEY, NULL), NOTE_BAD_SIGNATURE);
	assert_int_equal(verdict("\n" GO_TEXT "\n" GO_LINE, GO_KEY, NULL), NOTE_BAD_SIGNATURE);
	/* The text's own empty lines are text: only the last one separates. */
	assert_int_equal(verdict(GO_TEXT "\n" GO_LINE "\n" GO_LINE, GO_KEY, NULL),
			 NOTE_BAD_SIGNATURE);
}

static void lines_of_other_keys_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(verdict(GO_TEXT "\n" DASH "Somebody AAAAAAA=\n" GO_LINE, GO_KEY, NULL),
			 NOTE_VALID);
	assert_int_equal(verdict(GO_TEXT "\n" GO_LINE DASH "Somebody AAAAAAA=\n", GO_KEY, NULL),
			 NOTE_VALID);
	/* The name without the id, and the id without the name. */
	assert_int_equal(verdict(GO_TEXT "\n" DASH "PeterNeumann AAAAAAA=\n", GO_KEY, NULL),
			 NOTE_UNSIGNED);
	assert_int_equal(verdict(GO_TEXT "\n" DASH "Somebody " GO_BLOB "\n", GO_KEY, NULL),
			 NOTE_UNSIGNED);
	assert_int_equal(verdict(GO_TEXT "\n" GO_LINE, LOG_KEY, NULL), NOTE_UNSIGNED);
}

static void one_bad_line_of_the_key_spoils_a_good_one(void **state)
{
	(void)state;
	assert_int_equal(verdict(GO_TEXT "\n" GO_LINE DASH "PeterNeumann x08gowA=\n", GO_KEY, NULL),
			 NOTE_BAD_SIGNATURE);
	assert_int_equal(verdict(GO_TEXT "\n" DASH "PeterNeumann x08gowA=\n" GO_LINE, GO_KEY, NULL),
			 NOTE_BAD_SIGNATURE);
	assert_int_equal(verdict(GO_TEXT "\n" GO_LINE GO_LINE, GO_KEY, NULL), NOTE_VALID);
}

static void a_malformed_note_is_refused(void **state)
{
	static const char *const BROKEN[] = {
		"",
		"\n",
		"\n\n",
		GO_TEXT,
		GO_TEXT "\n",
		GO_TEXT GO_LINE,                           /* no empty line */
		GO_TEXT "\n" DASH "PeterNeumann " GO_BLOB, /* no line feed at the end */
		GO_TEXT "\n" GO_LINE "\n",                 /* an empty line at the end */
		GO_TEXT "\n" GO_LINE "more\n",             /* no signature line */
		GO_TEXT "\n"
			"- PeterNeumann " GO_BLOB "\n", /* a hyphen */
		GO_TEXT "\n"
			"\xE2\x80\x93 PeterNeumann " GO_BLOB "\n", /* an en dash */
		GO_TEXT "\n" DASH " PeterNeumann " GO_BLOB "\n",
		GO_TEXT "\n" DASH "PeterNeumann  " GO_BLOB "\n",
		GO_TEXT "\n" DASH "PeterNeumann " GO_BLOB " \n",
		GO_TEXT "\n" DASH "Peter+Neumann " GO_BLOB "\n",
		GO_TEXT "\n" DASH "PeterNeumann\n",
		GO_TEXT "\n" DASH "PeterNeumann \n",
		GO_TEXT "\n" DASH "PeterNeumann AAAAAA==\n", /* a key id and nothing */
		GO_TEXT "\n" DASH "PeterNeumann AAA=\n",
		GO_TEXT "\n" DASH "PeterNeumann AAAAAAA\n",
		GO_TEXT "\n" DASH "PeterNeumann AAAAAAB=\n",
		GO_TEXT "\n" DASH "PeterNeumann AAAA*AA=\n",
		"a\tb\n\n" GO_LINE,
		"a\rb\n\n" GO_LINE,
		"a\x01\n\n" GO_LINE,
		"a\xFF\n\n" GO_LINE,
		"a\xC3\n\n" GO_LINE,
	};

	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
		if (parses(bytes_text(BROKEN[i])))
			fail_msg("number %zu was taken: %s", i, BROKEN[i]);
	}
	assert_false(parses(bytes_of("a\0b\n\n" GO_LINE, 5 + sizeof GO_LINE - 1)));
}

static void every_cut_of_a_note_is_refused(void **state)
{
	static const char TEXT[] = GO_TEXT "\n" GO_LINE;

	(void)state;
	for (size_t n = 0; n < sizeof TEXT - 1; n++)
		assert_false(parses(bytes_of(TEXT, n)));
}

/* `n` signature lines after one line of text. */
static struct bytes note_with(size_t n)
{
	static uint8_t buffer[NOTE_SIZE_MAX + 64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;

	put_text(&w, "text\n\n");
	for (size_t i = 0; i < n; i++)
		note_put_signature(&w, "name", (uint32_t)i, bytes_text("blob"));
	assert_true(writer_done(&w, &out));
	return out;
}

static void sixty_four_signatures_are_taken_and_no_more(void **state)
{
	(void)state;
	assert_true(parses(note_with(NOTE_SIGNATURES_MAX)));
	assert_int_equal(note.n, NOTE_SIGNATURES_MAX);
	assert_int_equal(note.signatures[63].id, 63);
	assert_false(parses(note_with(NOTE_SIGNATURES_MAX + 1)));
}

static void a_blob_of_128_bytes_is_kept_and_a_longer_one_is_not(void **state)
{
	static uint8_t buffer[1024], blob[129];
	struct bytes out;

	(void)state;
	for (size_t n = 127; n <= 129; n++) {
		struct writer w = writer_of(buffer, sizeof buffer);

		put_text(&w, "text\n\n");
		note_put_signature(&w, "name", 7, bytes_of(blob, n));
		assert_true(writer_done(&w, &out) && parses(out));
		assert_int_equal(note.signatures[0].blob_n, n <= 128 ? n : 0);
		assert_int_equal(note.signatures[0].id, 7);
	}
}

static void padding_inside_a_long_blob_is_refused(void **state)
{
	char line[512] = "text\n\n" DASH "name ";
	size_t start = strlen(line);

	(void)state;
	memset(line + start, 'A', 256);
	line[start + 256] = '\n';
	assert_true(parses(bytes_text(line)));
	line[start + 63] = '=';
	assert_false(parses(bytes_text(line)));
	line[start + 63] = 'A';
	line[start + 191] = '=';
	assert_false(parses(bytes_text(line)));
	line[start + 191] = 'A';
	line[start + 255] = '=';
	assert_true(parses(bytes_text(line)));
}

static void a_text_may_be_one_line_feed(void **state)
{
	(void)state;
	assert_true(parses(bytes_text("\n\n" GO_LINE)));
	assert_bytes(note.text, bytes_text("\n"));
}

static void a_note_beyond_its_size_is_refused(void **state)
{
	static uint8_t text[NOTE_SIZE_MAX + 1];
	const char *why;

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text + sizeof text - 1 - sizeof GO_LINE, "\n\n" GO_LINE, sizeof GO_LINE + 1);
	assert_false(note_parse(bytes_of(text, sizeof text), &note, &why));
	assert_string_equal(why, "the note is too large");
	assert_true(parses(bytes_of(text + 1, sizeof text - 1)));
}

static void a_long_signature_of_an_unknown_kind_does_not_spoil_the_note(void **state)
{
	static uint8_t buffer[8192], blob[2428];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct note_key key = key_of(GO_KEY);
	struct bytes out;

	(void)state;
	put_text(&w, GO_TEXT "\n");
	note_put_signature(&w, "pq.example", 0x06070809, bytes_of(blob, sizeof blob));
	put_text(&w, GO_LINE);
	assert_true(writer_done(&w, &out));
	assert_true(parses(out));
	assert_int_equal(note.signatures[0].id, 0x06070809);
	assert_int_equal(note.signatures[0].blob_n, 0);
	assert_int_equal(note_verify(&note, &key, ed25519, NULL), NOTE_VALID);
	/* The same line under our key's name and id is not a signature by it. */
	w = writer_of(buffer, sizeof buffer);
	put_text(&w, GO_TEXT "\n");
	note_put_signature(&w, key.name, key.id, bytes_of(blob, sizeof blob));
	assert_true(writer_done(&w, &out) && parses(out));
	assert_int_equal(note_verify(&note, &key, ed25519, NULL), NOTE_BAD_SIGNATURE);
}

/* ---- cosignatures ---- */

static void a_log_and_a_witness_sign_one_checkpoint(void **state)
{
	static const char NOTE[] = CHECKPOINT "\n" LOG_LINE WITNESS_LINE;
	uint64_t time = 0;

	(void)state;
	assert_int_equal(verdict(NOTE, LOG_KEY, NULL), NOTE_VALID);
	assert_int_equal(verdict(NOTE, WITNESS_KEY, &time), NOTE_VALID);
	assert_int_equal(time, 1767225600);
	assert_int_equal(verdict(NOTE, WITNESS_KEY, NULL), NOTE_VALID);
}

static void a_cosignature_covers_its_time(void **state)
{
	struct note_key key = key_of(WITNESS_KEY);
	uint64_t time = 42;

	(void)state;
	assert_true(parses(bytes_text(CHECKPOINT "\n" WITNESS_LINE)));
	note.signatures[0].blob[7] ^= 1;
	assert_int_equal(note_verify(&note, &key, ed25519, &time), NOTE_BAD_SIGNATURE);
	assert_int_equal(time, 42);
}

static void a_cosignature_of_another_length_is_bad(void **state)
{
	struct note_key key = key_of(WITNESS_KEY);

	(void)state;
	assert_true(parses(bytes_text(CHECKPOINT "\n" WITNESS_LINE)));
	for (size_t n = 0; n < sizeof note.signatures[0].blob; n++) {
		note.signatures[0].blob_n = n;
		assert_int_equal(note_verify(&note, &key, ed25519, NULL),
				 n == 72 ? NOTE_VALID : NOTE_BAD_SIGNATURE);
	}
}

static void a_plain_signature_is_no_cosignature(void **state)
{
	struct note_key log = key_of(LOG_KEY), other = log;

	(void)state;
	assert_true(parses(bytes_text(CHECKPOINT "\n" LOG_LINE)));
	other.type = NOTE_COSIGNATURE;
	assert_int_equal(note_verify(&note, &other, ed25519, NULL), NOTE_BAD_SIGNATURE);
	other.type = 7;
	assert_int_equal(note_verify(&note, &other, ed25519, NULL), NOTE_BAD_SIGNATURE);
}

static void the_cosigned_message_is_the_standards(void **state)
{
	uint8_t buffer[128];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;

	(void)state;
	cosignature_put_message(&w, UINT64_MAX, bytes_text("a\n0\nb\n"));
	assert_true(writer_done(&w, &out));
	assert_bytes(out, bytes_text("cosignature/v1\ntime 18446744073709551615\na\n0\nb\n"));
}

static bool accept_all(const uint8_t public_key[static 32], struct bytes message,
		       const uint8_t signature[static 64])
{
	(void)public_key;
	(void)signature;
	return message.n > NOTE_COSIGNED_MAX;
}

static void a_text_too_long_to_be_a_checkpoint_is_not_cosigned(void **state)
{
	static char text[2 * NOTE_COSIGNED_MAX];
	struct note_key key = key_of(WITNESS_KEY);

	(void)state;
	for (size_t n = NOTE_COSIGNED_MAX; n <= NOTE_COSIGNED_MAX + 1; n++) {
		memset(text, 'a', n - 1);
		memcpy(text + n - 1, "\n\n" WITNESS_LINE, sizeof WITNESS_LINE + 2);
		assert_true(parses(bytes_text(text)));
		assert_int_equal(note.text.n, n);
		assert_int_equal(note_verify(&note, &key, accept_all, NULL),
				 n == NOTE_COSIGNED_MAX ? NOTE_VALID : NOTE_BAD_SIGNATURE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_standard_verifies),
		cmocka_unit_test(a_signature_line_is_written_as_it_is_read),
		cmocka_unit_test(a_changed_text_is_a_bad_signature),
		cmocka_unit_test(lines_of_other_keys_are_ignored),
		cmocka_unit_test(one_bad_line_of_the_key_spoils_a_good_one),
		cmocka_unit_test(a_malformed_note_is_refused),
		cmocka_unit_test(every_cut_of_a_note_is_refused),
		cmocka_unit_test(sixty_four_signatures_are_taken_and_no_more),
		cmocka_unit_test(a_text_may_be_one_line_feed),
		cmocka_unit_test(padding_inside_a_long_blob_is_refused),
		cmocka_unit_test(a_blob_of_128_bytes_is_kept_and_a_longer_one_is_not),
		cmocka_unit_test(a_note_beyond_its_size_is_refused),
		cmocka_unit_test(a_long_signature_of_an_unknown_kind_does_not_spoil_the_note),
		cmocka_unit_test(a_log_and_a_witness_sign_one_checkpoint),
		cmocka_unit_test(a_cosignature_covers_its_time),
		cmocka_unit_test(a_cosignature_of_another_length_is_bad),
		cmocka_unit_test(a_plain_signature_is_no_cosignature),
		cmocka_unit_test(the_cosigned_message_is_the_standards),
		cmocka_unit_test(a_text_too_long_to_be_a_checkpoint_is_not_cosigned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
