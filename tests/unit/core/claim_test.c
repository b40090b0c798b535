/* SPDX-License-Identifier: Apache-2.0 */
/* Names, and everything that may be wrong with one key of a claim. */
#include "entry_parts.h"

#include "core/sha256.h"

static void an_id_is_1_to_64_characters_of_gs1s_82(void **state)
{
	static const char SET[] = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				  "abcdefghijklmnopqrstuvwxyz";
	char text[66];

	(void)state;
	assert_int_equal(sizeof SET - 1, 82);
	for (unsigned c = 0; c < 256; c++) {
		uint8_t one = (uint8_t)c;
		bool in_set = c != 0 && strchr(SET, (int)c) != NULL;

		assert_true(id_valid(bytes_of(&one, 1)) == in_set);
	}
	memset(text, 'a', sizeof text);
	assert_true(id_valid(bytes_of(text, 64)));
	assert_false(id_valid(bytes_of(text, 65)));
	assert_false(id_valid(bytes_of(text, 0)));
	assert_false(id_valid(bytes_text("a b")));
	assert_false(id_valid(bytes_text("a\xC3\xBC")));
}

static void a_types_name_is_two_words_with_a_dot(void **state)
{
	static const char *const WRONG[] = {
		"",       "seal",   ".",        "seal.",   ".applied", "a.b.c",  "a..b",
		"Seal.a", "seal.A", "seal-x.a", "seal .a", "seal.a ",  "seal,a", "se\xC3\xA4l.a"};
	char text[66];

	(void)state;
	assert_true(type_name_valid(bytes_text("seal.applied")));
	assert_true(type_name_valid(bytes_text("a.b")));
	assert_true(type_name_valid(bytes_text("unit_2.built_09z")));
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
		assert_false(type_name_valid(bytes_text(WRONG[i])));
	memset(text, 'a', sizeof text);
	text[3] = '.';
	assert_true(type_name_valid(bytes_of(text, 64)));
	assert_false(type_name_valid(bytes_of(text, 65)));
}

static void only_version_7_of_the_right_variant_is_a_uuid7(void **state)
{
	struct uuid id;

	(void)state;
	memcpy(id.b,
	       hex("0197"
		   "6d3d8a00"
		   "7000"
		   "8000"
		   "000000000001")
		       .p,
	       16);
	assert_true(uuid7_valid(id));
	assert_true(uuid7_time_ms(id) == UINT64_C(0x01976d3d8a00));
	for (unsigned version = 0; version < 16; version++) {
		id.b[6] = (uint8_t)(version << 4);
		assert_true(uuid7_valid(id) == (version == 7));
	}
	id.b[6] = 0x7F;
	for (unsigned variant = 0; variant < 4; variant++) {
		id.b[8] = (uint8_t)(variant << 6);
		assert_true(uuid7_valid(id) == (variant == 2));
	}
}

static void a_good_claim_is_read_and_written_alike(void **state)
{
	struct map full = CLAIM;
	struct bytes in, out;
	struct claim claim;
	const char *why;
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);

	(void)state;
	full.values[5] = "5820" HASH;
	full.values[8] = "01";
	full.values[9] = "02";
	full.values[11] = "8263535031"
			  "07";
	in = encode(&full);
	assert_true(claim_parse(in, &claim, &why));
	assert_bytes(claim.origin, bytes_text("o"));
	assert_bytes(claim.type, bytes_text("seal.applied"));
	assert_int_equal(claim.version, 1);
	assert_bytes(claim.author, bytes_text("P1"));
	assert_true(claim.has_key);
	assert_hex(hash_bytes(&claim.key), HASH);
	assert_true(uuid7_valid(claim.id));
	assert_true(claim.made == UINT64_C(0x19b76da1800));
	assert_true(claim.has_occurred);
	assert_int_equal(claim.occurred, 1);
	assert_int_equal(claim.source, CLAIM_IMPORTED);
	assert_hex(claim.body, "a1616101");
	assert_bytes(claim.spool, bytes_text("SP1"));
	assert_int_equal(claim.spool_counter, 7);
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &out));
	assert_bytes(out, in);
}

static void what_is_optional_may_be_absent(void **state)
{
	struct claim claim;
	struct bytes in = encode(&CLAIM), out;
	const char *why;
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);

	(void)state;
	assert_true(claim_parse(in, &claim, &why));
	assert_false(claim.has_key);
	assert_false(claim.has_occurred);
	assert_null(claim.spool.p);
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &out));
	assert_bytes(out, in);
}

static void every_required_key_of_a_claim_is_required(void **state)
{
	(void)state;
	assert_true(claim_ok(CLAIM));
	for (size_t key = 1; key < KEYS; key++) {
		if (CLAIM.values[key])
			assert_false(claim_ok_with(key, NULL));
	}
	assert_false(claim_ok((struct map){{0}}));
}

static void a_claims_unknown_keys_are_refused(void **state)
{
	struct claim claim;
	const char *why;

	(void)state;
	assert_false(claim_ok_with(0, "00"));
	assert_false(claim_parse(hex("a10c00"), &claim, &why));
	assert_string_equal(why, "the claim has an unknown key");
	assert_false(claim_parse(hex("a1182000"), &claim, &why));
	assert_false(claim_parse(hex("a11b800000000000000100"), &claim, &why));
	assert_false(claim_parse(hex("a12000"), &claim, &why));
	assert_false(claim_parse(hex("a1616100"), &claim, &why));
}

static void a_claims_keys_must_ascend_once(void **state)
{
	struct claim claim;
	const char *why;

	(void)state;
	assert_false(claim_parse(hex("a2"
				     "03010301"),
				 &claim, &why));
	assert_string_equal(why, "map keys are not unique and in order");
	assert_false(claim_parse(hex("a2"
				     "0301"
				     "01616f"),
				 &claim, &why));
	assert_string_equal(why, "map keys are not unique and in order");
}

static void a_claims_origin_is_one_line(void **state)
{
	char text[2 * 260 + 1];

	(void)state;
	assert_false(claim_ok_with(1, "60"));
	assert_false(claim_ok_with(1, "416f")); /* bytes */
	assert_false(claim_ok_with(1, "626f0a"));
	assert_false(claim_ok_with(1, "6100"));
	assert_false(claim_ok_with(1, "611f"));
	assert_true(claim_ok_with(1, "63612062")); /* a space is no control character */
	assert_false(claim_ok_with(1, "61ff"));
	memset(text, '6', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	memcpy(text, "78ff", 4);
	text[2 * 257] = '\0';
	assert_true(claim_ok_with(1, text));
	memcpy(text, "790100", 6);
	text[2 * 257] = '6';
	text[2 * 259] = '\0';
	assert_false(claim_ok_with(1, text));
}

static void a_claims_type_version_and_author_are_bounded(void **state)
{
	(void)state;
	assert_false(claim_ok_with(2, "647365616c"));
	assert_false(claim_ok_with(2, "60"));
	assert_false(claim_ok_with(2, "4c7365616c2e6170706c696564"));
	assert_false(claim_ok_with(3, "00"));
	assert_true(claim_ok_with(3, "19ffff"));
	assert_false(claim_ok_with(3, "1a00010000"));
	assert_false(claim_ok_with(3, "20"));
	assert_false(claim_ok_with(3, "6131"));
	assert_false(claim_ok_with(4, "60"));
	assert_false(claim_ok_with(4, "6120"));
	assert_false(claim_ok_with(4, "425031"));
	assert_false(claim_ok_with(4, "f6"));
}

static void a_claims_key_and_id_have_their_length(void **state)
{
	(void)state;
	assert_true(claim_ok_with(5, "5820" HASH));
	assert_false(claim_ok_with(5, "5821" HASH "00"));
	assert_false(claim_ok_with(5, "581f"
				      "42424242424242424242424242424242424242424242424242"
				      "424242424242"));
	assert_false(claim_ok_with(5, "40"));
	assert_false(claim_ok_with(5, "f6"));
	assert_false(claim_ok_with(5, "7820" HASH));
	assert_false(claim_ok_with(6, "40"));
	assert_false(claim_ok_with(6, "5001976d3d8a0040008000000000000001")); /* version 4 */
	assert_false(claim_ok_with(6, "5001976d3d8a0070000000000000000001")); /* variant 0 */
	assert_false(claim_ok_with(6, "5101976d3d8a007000800000000000000100"));
}

static void a_claims_times_end_with_the_year_9999(void **state)
{
	(void)state;
	assert_true(claim_ok_with(7, "1b0000e677d21fdbff"));
	assert_false(claim_ok_with(7, "1b0000e677d21fdc00"));
	assert_true(claim_ok_with(7, "00"));
	assert_false(claim_ok_with(7, "20"));
	assert_false(claim_ok_with(7, "1bffffffffffffffff"));
	assert_true(claim_ok_with(8, "1b0000e677d21fdbff"));
	assert_false(claim_ok_with(8, "1b0000e677d21fdc00"));
	assert_false(claim_ok_with(8, "f6"));
}

static void a_claims_source_is_one_of_three(void **state)
{
	(void)state;
	assert_true(claim_ok_with(9, "01"));
	assert_true(claim_ok_with(9, "02"));
	assert_false(claim_ok_with(9, "03"));
	assert_false(claim_ok_with(9, "1b0000000100000000"));
	assert_false(claim_ok_with(9, "20"));
}

static void a_claims_body_is_a_map_with_texts_as_keys(void **state)
{
	(void)state;
	assert_true(claim_ok_with(10, "a0"));
	assert_true(claim_ok_with(10, "a2616100626161a0"));
	assert_false(claim_ok_with(10, "80"));
	assert_false(claim_ok_with(10, "41a0"));
	assert_false(claim_ok_with(10, "f6"));
	assert_false(claim_ok_with(10, "a10000"));
	assert_false(claim_ok_with(10, "a2010061"
				       "6100"));
	assert_false(claim_ok_with(10, "a2616200616100"));
	assert_false(claim_ok_with(10, "a2616100616100"));
	assert_false(claim_ok_with(10, "a16161f97e00"));
	assert_false(claim_ok_with(10, "a161ff00"));
}

static void a_claims_spool_is_a_name_and_a_counter(void **state)
{
	(void)state;
	assert_true(claim_ok_with(11, "82615300"));
	assert_true(claim_ok_with(11, "8261531b7fffffffffffffff"));
	assert_false(claim_ok_with(11, "8261531b8000000000000000"));
	assert_false(claim_ok_with(11, "826000"));
	assert_false(claim_ok_with(11, "816153"));
	assert_false(claim_ok_with(11, "81615300")); /* counts that lie */
	assert_false(claim_ok_with(11, "83615300"));
	assert_false(claim_ok_with(11, "8361530000"));
	assert_false(claim_ok_with(11, "82415300"));
	assert_false(claim_ok_with(11, "82615320"));
	assert_false(claim_ok_with(11, "f6"));
}

static void a_claim_has_at_most_32_kib(void **state)
{
	static uint8_t body[ENTRY_SIZE_MAX], buffer[2 * ENTRY_SIZE_MAX];
	struct bytes small = encode(&CLAIM), out;
	size_t frame = small.n - 4; /* the body is a1616101 */
	struct claim claim;
	const char *why;

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct writer b = writer_of(body, sizeof body);
		struct writer w = writer_of(buffer, sizeof buffer);

		put_bytes(&b, hex("a1616179")); /* and the length in two bytes */
		put_u16(&b, (uint16_t)(ENTRY_SIZE_MAX - frame - 6 + more));
		memset(body + b.n, 'x', sizeof body - b.n);
		assert_true(claim_parse(small, &claim, &why));
		claim.body = bytes_of(body, ENTRY_SIZE_MAX - frame + more);
		claim_put(&w, &claim);
		assert_true(writer_done(&w, &out));
		assert_int_equal(out.n, ENTRY_SIZE_MAX + more);
		assert_true(claim_parse(out, &claim, &why) == (more == 0));
	}
	assert_string_equal(why, "the claim is too large");
}

static void a_failing_parse_leaves_the_result_alone(void **state)
{
	struct claim claim = {.version = 77};
	struct witness witness = {.sequence = 77};
	struct proof proof = {.kind = PROOF_COSE};
	struct entry entry = {.claim = {.version = 77}};
	const char *why;

	(void)state;
	assert_false(claim_parse(hex("a10301"), &claim, &why));
	assert_false(witness_parse(hex("a1010a"), &witness, &why));
	assert_false(proof_parse(hex("00"), &proof, &why));
	assert_false(entry_parse(hex("8300f600"), &entry, &why));
	assert_int_equal(claim.version, 77);
	assert_int_equal(witness.sequence, 77);
	assert_int_equal(proof.kind, PROOF_COSE);
	assert_int_equal(entry.claim.version, 77);
}

static void the_claims_digest_is_over_its_bytes(void **state)
{
	struct bytes in = encode(&CLAIM);
	struct hash digest = claim_digest(in);

	(void)state;
	assert_true(hash_equal(digest, sha256(in)));
	assert_false(hash_equal(digest, claim_digest(bytes_of(in.p, in.n - 1))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_1_to_64_characters_of_gs1s_82),
		cmocka_unit_test(a_types_name_is_two_words_with_a_dot),
		cmocka_unit_test(only_version_7_of_the_right_variant_is_a_uuid7),
		cmocka_unit_test(a_good_claim_is_read_and_written_alike),
		cmocka_unit_test(what_is_optional_may_be_absent),
		cmocka_unit_test(every_required_key_of_a_claim_is_required),
		cmocka_unit_test(a_claims_unknown_keys_are_refused),
		cmocka_unit_test(a_claims_keys_must_ascend_once),
		cmocka_unit_test(a_claims_origin_is_one_line),
		cmocka_unit_test(a_claims_type_version_and_author_are_bounded),
		cmocka_unit_test(a_claims_key_and_id_have_their_length),
		cmocka_unit_test(a_claims_times_end_with_the_year_9999),
		cmocka_unit_test(a_claims_source_is_one_of_three),
		cmocka_unit_test(a_claims_body_is_a_map_with_texts_as_keys),
		cmocka_unit_test(a_claims_spool_is_a_name_and_a_counter),
		cmocka_unit_test(a_claim_has_at_most_32_kib),
		cmocka_unit_test(a_failing_parse_leaves_the_result_alone),
		cmocka_unit_test(the_claims_digest_is_over_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
