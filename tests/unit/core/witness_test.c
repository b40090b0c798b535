/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that may be wrong with one key of a witness, and the walks over its lists. */
#include "entry_parts.h"

static void a_full_witness_is_read_and_written_alike(void **state)
{
	struct map full = WITNESS;
	struct witness witness;
	struct bytes in, out;
	const char *why;
	uint8_t buffer[1024];
	struct writer w = writer_of(buffer, sizeof buffer);

	(void)state;
	full.values[4] = "820209";
	full.values[5] = "8203a26141647061737361426477"
			 "61726e";
	full.values[6] = "8281614384614461736162"
			 "6169";
	full.values[7] = "a361610161624100616361"
			 "78";
	full.values[8] = "08";
	full.values[9] = "836173606169";
	in = encode(&full);
	assert_true(witness_parse(in, &witness, &why));
	assert_int_equal(witness.sequence, 10);
	assert_int_equal(witness.channel, CHANNEL_KEY);
	assert_hex(witness.reference, HASH);
	assert_int_equal(witness.outcome, OUTCOME_EXECUTES);
	assert_int_equal(witness.target, 9);
	assert_true(witness.has_previous);
	assert_int_equal(witness.previous, 8);
	assert_true(witness.has_subject);
	assert_int_equal(witness.subject.within.n, 0);
	witness_put(&w, &witness);
	assert_true(writer_done(&w, &out));
	assert_bytes(out, in);
}

static void every_required_key_of_a_witness_is_required(void **state)
{
	(void)state;
	assert_true(witness_ok(WITNESS));
	for (size_t key = 1; key <= 4; key++)
		assert_false(witness_ok_with(key, NULL));
}

static void a_witness_of_unknown_keys_is_refused(void **state)
{
	(void)state;
	assert_false(witness_ok_with(0, "00"));
	assert_false(witness_ok_with(10, "00"));
	assert_false(witness_ok_with(11, "00"));
	assert_false(witness_ok_with(10, "")); /* a key and no value */
}

static void bytes_after_a_witness_are_refused(void **state)
{
	struct bytes in = encode(&WITNESS);
	struct witness witness;
	uint8_t longer[256];
	const char *why;

	(void)state;
	memcpy(longer, in.p, in.n);
	longer[in.n] = 0xF6;
	assert_false(witness_parse(bytes_of(longer, in.n + 1), &witness, &why));
	assert_string_equal(why, "bytes follow its end");
	for (size_t n = 0; n < in.n; n++)
		assert_false(witness_parse(bytes_of(in.p, n), &witness, &why));
}

static void numbers_of_a_witness_are_bounded(void **state)
{
	(void)state;
	assert_true(witness_ok_with(1, "1b7fffffffffffffff"));
	assert_false(witness_ok_with(1, "1b8000000000000000"));
	assert_false(witness_ok_with(1, "20"));
	assert_true(witness_ok_with(2, "1b0000e677d21fdbff"));
	assert_false(witness_ok_with(2, "1b0000e677d21fdc00"));
}

static void a_channel_is_a_known_kind_and_a_short_reference(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		static const char *const KNOWN[] = {"820040", "820140", "820240", "820340"};

		assert_true(witness_ok_with(3, KNOWN[i]));
	}
	assert_true(witness_ok_with(3, "82005840" HASH HASH));
	assert_false(witness_ok_with(3, "82005841" HASH HASH "00"));
	assert_false(witness_ok_with(3, "820440"));
	assert_false(witness_ok_with(3, "8100"));
	assert_false(witness_ok_with(3, "810040")); /* counts that lie */
	assert_false(witness_ok_with(3, "830040"));
	assert_false(witness_ok_with(3, "83004000"));
	assert_false(witness_ok_with(3, "820060"));
	assert_false(witness_ok_with(3, "8200f6"));
	assert_false(witness_ok_with(3, "00"));
}

static void only_the_outcome_that_executes_has_a_target(void **state)
{
	(void)state;
	assert_true(witness_ok_with(4, "8101"));
	assert_true(witness_ok_with(4, "820209"));
	assert_true(witness_ok_with(4, "8103"));
	assert_true(witness_ok_with(4, "8104"));
	assert_false(witness_ok_with(4, "8105"));
	assert_false(witness_ok_with(4, "8102"));
	assert_false(witness_ok_with(4, "820009"));
	assert_false(witness_ok_with(4, "820109"));
	assert_false(witness_ok_with(4, "83020909"));
	assert_false(witness_ok_with(4, "80"));
	assert_false(witness_ok_with(4, "00"));
	assert_false(witness_ok_with(4, "820220"));
}

static void a_witness_points_back_only(void **state)
{
	(void)state;
	assert_false(witness_ok_with(4, "82020a")); /* itself */
	assert_false(witness_ok_with(4, "82020b"));
	assert_true(witness_ok_with(8, "09"));
	assert_false(witness_ok_with(8, "0a"));
	assert_false(witness_ok_with(8, "1bffffffffffffffff"));
}

static void a_gate_is_a_revision_and_results(void **state)
{
	(void)state;
	assert_true(witness_ok_with(5, "8200a0"));
	assert_true(witness_ok_with(5, "821b7fffffffffffffffa0"));
	assert_false(witness_ok_with(5, "821b8000000000000000a0"));
	assert_true(witness_ok_with(5, "8201a161416470617373"));
	assert_false(witness_ok_with(5, "8101"));
	assert_false(witness_ok_with(5, "8101a0")); /* counts that lie */
	assert_false(witness_ok_with(5, "8301a0"));
	assert_false(witness_ok_with(5, "8301a000"));
	assert_false(witness_ok_with(5, "820180"));
	assert_false(witness_ok_with(5, "8201a1614100"));
	assert_false(witness_ok_with(5, "8201a16141"
					"60"));
	assert_false(witness_ok_with(5, "8201a160"
					"6161"));
	assert_false(witness_ok_with(5, "8201a1006161"));
	assert_false(witness_ok_with(5, "8201a2614261616141"
					"6161"));
	assert_false(witness_ok_with(5, "8201a2614161616141"
					"6161"));
	assert_false(witness_ok_with(5, "8220a0"));
}

static void what_is_raised_has_a_code_and_maybe_a_subject(void **state)
{
	(void)state;
	assert_true(witness_ok_with(6, "81816141"));
	assert_true(witness_ok_with(6, "81846141616b606169"));
	assert_true(witness_ok_with(6, "81846141616b61776169"));
	assert_false(witness_ok_with(6, "80"));
	assert_false(witness_ok_with(6, "8180"));
	assert_false(witness_ok_with(6, "81806141")); /* counts that lie */
	assert_false(witness_ok_with(6, "81856141616b606169"));
	assert_false(witness_ok_with(6, "816141"));
	assert_false(witness_ok_with(6, "818160"));
	assert_false(witness_ok_with(6, "81826141"
					"616b"));
	assert_false(witness_ok_with(6, "81836141616b6169"));
	assert_false(witness_ok_with(6, "81856141616b60616900"));
	assert_false(witness_ok_with(6, "8184614160606169"));
	assert_false(witness_ok_with(6, "81846141616b6060"));
	assert_false(witness_ok_with(6, "81846141616b61206169"));
}

static void outputs_are_numbers_bytes_and_texts(void **state)
{
	(void)state;
	assert_true(witness_ok_with(7, "a1616100"));
	assert_true(witness_ok_with(7, "a1616140"));
	assert_true(witness_ok_with(7, "a1616160"));
	assert_true(witness_ok_with(7, "a161611b7fffffffffffffff"));
	assert_false(witness_ok_with(7, "a161611b8000000000000000"));
	assert_false(witness_ok_with(7, "a0"));
	assert_false(witness_ok_with(7, "a16161")); /* a name and no value */
	assert_false(witness_ok_with(7, "a1616120"));
	assert_false(witness_ok_with(7, "a16161f4"));
	assert_false(witness_ok_with(7, "a16161f6"));
	assert_false(witness_ok_with(7, "a1616180"));
	assert_false(witness_ok_with(7, "a1616161ff"));
	assert_false(witness_ok_with(7, "a16000"));
	assert_false(witness_ok_with(7, "a2616200616100"));
	assert_false(witness_ok_with(7, "a2616100616100"));
	assert_false(witness_ok_with(7, "8100"));
}

static void the_subject_of_a_witness_is_named_by_ids(void **state)
{
	(void)state;
	assert_true(witness_ok_with(9, "83616b606169"));
	assert_true(witness_ok_with(9, "83616b61776169"));
	assert_false(witness_ok_with(9, "82616b606169"));
	assert_false(witness_ok_with(9, "84616b606169"));
	assert_false(witness_ok_with(9, "82616b6169"));
	assert_false(witness_ok_with(9, "84616b60616960"));
	assert_false(witness_ok_with(9, "8360606169"));
	assert_false(witness_ok_with(9, "83616b6060"));
	assert_false(witness_ok_with(9, "83616b61206169"));
	assert_false(witness_ok_with(9, "83616b406169"));
	assert_false(witness_ok_with(9, "83616bf66169"));
}

/* The good witness with a list of `n` things under `key`. */
static bool list_ok(size_t key, size_t n)
{
	static uint8_t buffer[8192];
	struct map rest = WITNESS;
	struct witness witness;
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;
	const char *why;

	cbor_put_map(&w, 5);
	for (size_t i = 1; i <= 4; i++) {
		cbor_put_uint(&w, i);
		put_bytes(&w, hex(rest.values[i]));
	}
	cbor_put_uint(&w, key);
	if (key == 5) {
		cbor_put_array(&w, 2);
		cbor_put_uint(&w, 1);
	}
	if (key == 6)
		cbor_put_array(&w, n);
	else
		cbor_put_map(&w, n);
	for (size_t i = 0; i < n; i++) {
		char name[4] = {'n', (char)('0' + i / 10), (char)('0' + i % 10), '\0'};

		if (key == 6)
			cbor_put_array(&w, 1);
		cbor_put_text(&w, bytes_text(name));
		if (key != 6)
			cbor_put_text(&w, bytes_text("pass"));
	}
	assert_true(writer_done(&w, &out));
	return witness_parse(out, &witness, &why);
}

static void lists_of_a_witness_are_bounded(void **state)
{
	(void)state;
	assert_true(list_ok(5, ENTRY_CONTROLS_MAX));
	assert_false(list_ok(5, ENTRY_CONTROLS_MAX + 1));
	assert_true(list_ok(6, ENTRY_RAISED_MAX));
	assert_false(list_ok(6, ENTRY_RAISED_MAX + 1));
	assert_true(list_ok(7, ENTRY_OUTPUTS_MAX));
	assert_false(list_ok(7, ENTRY_OUTPUTS_MAX + 1));
}

static void the_lists_of_a_witness_are_walked_to_their_end(void **state)
{
	struct map full = WITNESS;
	struct control_result control;
	struct witness witness;
	struct output output;
	struct raised raised;
	uint64_t revision;
	const char *why;
	struct reader r;
	size_t n;

	(void)state;
	full.values[5] = "8203a16141647061"
			 "7373";
	full.values[6] = "8281614384614461736162"
			 "6169";
	full.values[7] = "a261610161624100";
	assert_true(witness_parse(encode(&full), &witness, &why));

	r = witness_controls(&witness, &revision, &n);
	assert_int_equal(revision, 3);
	assert_int_equal(n, 1);
	assert_true(witness_next_control(&r, &control));
	assert_bytes(control.control, bytes_text("A"));
	assert_bytes(control.result, bytes_text("pass"));
	assert_false(witness_next_control(&r, &control));

	r = witness_raised(&witness, &n);
	assert_int_equal(n, 2);
	assert_true(witness_next_raised(&r, &raised));
	assert_bytes(raised.code, bytes_text("C"));
	assert_false(raised.has_subject);
	assert_true(witness_next_raised(&r, &raised));
	assert_bytes(raised.code, bytes_text("D"));
	assert_true(raised.has_subject);
	assert_bytes(raised.subject.kind, bytes_text("s"));
	assert_bytes(raised.subject.within, bytes_text("b"));
	assert_bytes(raised.subject.id, bytes_text("i"));
	assert_false(witness_next_raised(&r, &raised));

	r = witness_outputs(&witness, &n);
	assert_int_equal(n, 2);
	assert_true(witness_next_output(&r, &output));
	assert_int_equal(output.kind, CBOR_UINT);
	assert_int_equal(output.number, 1);
	assert_true(witness_next_output(&r, &output));
	assert_int_equal(output.kind, CBOR_BYTES);
	assert_hex(output.value, "00");
	assert_false(witness_next_output(&r, &output));
}

static void absent_lists_are_empty_walks(void **state)
{
	struct control_result control;
	struct witness witness;
	struct output output;
	struct raised raised;
	uint64_t revision;
	const char *why;
	struct reader r;
	size_t n;

	(void)state;
	assert_true(witness_parse(encode(&WITNESS), &witness, &why));
	r = witness_controls(&witness, &revision, &n);
	assert_int_equal(n, 0);
	assert_false(witness_next_control(&r, &control));
	r = witness_raised(&witness, &n);
	assert_int_equal(n, 0);
	assert_false(witness_next_raised(&r, &raised));
	r = witness_outputs(&witness, &n);
	assert_int_equal(n, 0);
	assert_false(witness_next_output(&r, &output));
	assert_null(r.why);
}

static void a_witness_has_at_most_32_kib(void **state)
{
	static uint8_t buffer[2 * ENTRY_SIZE_MAX], letters[ENTRY_SIZE_MAX];
	struct witness witness;
	const char *why;

	(void)state;
	memset(letters, 'x', sizeof letters);
	for (size_t more = 0; more < 2; more++) {
		struct writer w = writer_of(buffer, sizeof buffer);
		struct bytes out;
		size_t head;

		cbor_put_map(&w, 5);
		for (size_t i = 1; i <= 4; i++) {
			cbor_put_uint(&w, i);
			put_bytes(&w, hex(WITNESS.values[i]));
		}
		put_bytes(&w, hex("07a16161"));
		head = w.n + 3;
		cbor_put_text(&w, bytes_of(letters, ENTRY_SIZE_MAX - head + more));
		assert_true(writer_done(&w, &out));
		assert_int_equal(out.n, ENTRY_SIZE_MAX + more);
		assert_true(witness_parse(out, &witness, &why) == (more == 0));
	}
	assert_string_equal(why, "the witness is too large");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_witness_is_read_and_written_alike),
		cmocka_unit_test(every_required_key_of_a_witness_is_required),
		cmocka_unit_test(a_witness_of_unknown_keys_is_refused),
		cmocka_unit_test(bytes_after_a_witness_are_refused),
		cmocka_unit_test(numbers_of_a_witness_are_bounded),
		cmocka_unit_test(a_channel_is_a_known_kind_and_a_short_reference),
		cmocka_unit_test(only_the_outcome_that_executes_has_a_target),
		cmocka_unit_test(a_witness_points_back_only),
		cmocka_unit_test(a_gate_is_a_revision_and_results),
		cmocka_unit_test(what_is_raised_has_a_code_and_maybe_a_subject),
		cmocka_unit_test(outputs_are_numbers_bytes_and_texts),
		cmocka_unit_test(the_subject_of_a_witness_is_named_by_ids),
		cmocka_unit_test(lists_of_a_witness_are_bounded),
		cmocka_unit_test(the_lists_of_a_witness_are_walked_to_their_end),
		cmocka_unit_test(absent_lists_are_empty_walks),
		cmocka_unit_test(a_witness_has_at_most_32_kib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
