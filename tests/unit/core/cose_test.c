/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/cbor.h"
#include "core/cose.h"

#define KID       "4242424242424242424242424242424242424242424242424242424242424242"
#define SIGNATURE KID KID
/* {1: -8, 4: KID} */
#define PROTECTED "a20127045820" KID

static bool refused(const char *text)
{
	struct reader r = reader_of(hex(text));
	struct cose_sign1 got;

	cose_get(&r, &got);
	if (r.why)
		assert_null(got.signature.p);
	return r.why != NULL;
}

static void a_detached_signature_is_read_and_written_alike(void **state)
{
	static const char WIRE[] = "d2845826" PROTECTED "a0f65840" SIGNATURE;
	struct reader r = reader_of(hex(WIRE));
	struct cose_sign1 got;
	uint8_t buffer[256];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;

	(void)state;
	cose_get(&r, &got);
	assert_true(reader_end(&r));
	assert_int_equal(got.algorithm, COSE_EDDSA);
	assert_hex(hash_bytes(&got.kid), KID);
	assert_hex(got.protected, PROTECTED);
	assert_null(got.payload.p);
	assert_hex(got.signature, SIGNATURE);
	cose_put(&w, &got);
	assert_true(writer_done(&w, &out));
	assert_hex(out, WIRE);
}

static void an_empty_payload_is_not_a_detached_one(void **state)
{
	struct reader r = reader_of(hex("d2845826" PROTECTED "a0405840" SIGNATURE));
	struct cose_sign1 got;

	(void)state;
	cose_get(&r, &got);
	assert_true(reader_end(&r));
	assert_non_null(got.payload.p);
	assert_int_equal(got.payload.n, 0);
}

static void es256_is_minus_seven(void **state)
{
	struct reader r = reader_of(hex("d2845826"
					"a20126045820" KID "a0426869"
					"5840" SIGNATURE));
	struct cose_sign1 got;

	(void)state;
	cose_get(&r, &got);
	assert_true(reader_end(&r));
	assert_int_equal(got.algorithm, COSE_ES256);
	assert_hex(got.payload, "6869");
}

static void it_leaves_what_follows_to_its_caller(void **state)
{
	struct reader r = reader_of(hex("d2845826" PROTECTED "a0f65840" SIGNATURE "07"));
	struct cose_sign1 got;

	(void)state;
	cose_get(&r, &got);
	assert_int_equal(cbor_uint(&r), 7);
	assert_true(reader_end(&r));
}

static void the_protected_header_is_written_as_it_is_read(void **state)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct hash kid;
	struct bytes out;

	(void)state;
	memset(kid.b, 0x42, sizeof kid.b);
	cose_put_protected(&w, COSE_EDDSA, kid);
	assert_true(writer_done(&w, &out));
	assert_hex(out, PROTECTED);
}

static void the_signature_covers_header_type_and_payload(void **state)
{
	uint8_t buffer[128];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;

	(void)state;
	cose_put_to_be_signed(&w, hex(PROTECTED), bytes_text("a.b"), hex("0102"));
	assert_true(writer_done(&w, &out));
	assert_hex(out, "846a5369676e617475726531"
			"5826" PROTECTED "43612e62"
			"420102");
}

static void another_tag_or_none_is_refused(void **state)
{
	(void)state;
	assert_true(refused("845826" PROTECTED "a0f65840" SIGNATURE));
	assert_true(refused("d1845826" PROTECTED "a0f65840" SIGNATURE));
	assert_true(refused("d862845826" PROTECTED "a0f65840" SIGNATURE));
	assert_true(refused("d2d2845826" PROTECTED "a0f65840" SIGNATURE));
}

static void another_number_of_parts_is_refused(void **state)
{
	(void)state;
	assert_true(refused("d2835826" PROTECTED "a0f6"));
	assert_true(refused("d2855826" PROTECTED "a0f65840" SIGNATURE "00"));
	assert_true(refused("d2a0"));
	/* counts that lie */
	assert_true(refused("d2835826" PROTECTED "a0f65840" SIGNATURE));
	assert_true(refused("d2855826" PROTECTED "a0f65840" SIGNATURE));
}

static void another_protected_header_is_refused(void **state)
{
	(void)state;
	/* empty, and no map */
	assert_true(refused("d28440a0f65840" SIGNATURE));
	assert_true(refused("d28441a0a0f65840" SIGNATURE));
	assert_true(refused("d284410"
			    "0a0f65840" SIGNATURE));
	/* without key id, without algorithm */
	assert_true(refused("d28443a10127a0f65840" SIGNATURE));
	assert_true(refused("d2845824a1045820" KID "a0f65840" SIGNATURE));
	/* one label more: 3, content type */
	assert_true(refused("d2845828a301270300045820" KID "a0f65840" SIGNATURE));
	/* crit beside the algorithm, instead of the key id */
	assert_true(refused("d28446a201270281"
			    "04a0f65840" SIGNATURE));
	/* a map of one, with the key id after its end */
	assert_true(refused("d2845826a10127045820" KID "a0f65840" SIGNATURE));
	/* other labels */
	assert_true(refused("d2845826a20227045820" KID "a0f65840" SIGNATURE));
	assert_true(refused("d2845826a20127055820" KID "a0f65840" SIGNATURE));
	/* labels out of order */
	assert_true(refused("d2845826a2045820" KID "0127a0f65840" SIGNATURE));
	/* bytes after the map */
	assert_true(refused("d2845827" PROTECTED "00a0f65840" SIGNATURE));
	/* not shortest */
	assert_true(refused("d28458"
			    "27a20138"
			    "07045820" KID "a0f65840" SIGNATURE));
}

static void another_algorithm_is_refused(void **state)
{
	static const char *const ALGORITHMS[] = {"00", "01",   "25",   "28",
						 "32", "3822", "382e", "613a"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof ALGORITHMS / sizeof *ALGORITHMS; i++) {
		size_t n = 37 + strlen(ALGORITHMS[i]) / 2;

		snprintf(text, sizeof text, "d28458%02zxa201%s045820" KID "a0f65840" SIGNATURE, n,
			 ALGORITHMS[i]);
		assert_true(refused(text));
	}
}

static void a_key_id_of_another_length_is_refused(void **state)
{
	(void)state;
	assert_true(refused("d28446a201270441"
			    "42a0f65840" SIGNATURE));
	assert_true(refused("d2845827a20127045821" KID "42a0f65840" SIGNATURE));
	assert_true(refused("d28445a2012704"
			    "40a0f65840" SIGNATURE));
	assert_true(refused("d2845826a20127047820" KID "a0f65840" SIGNATURE)); /* a text */
}

static void anything_in_the_unprotected_header_is_refused(void **state)
{
	(void)state;
	assert_true(refused("d2845826" PROTECTED "a10127f65840" SIGNATURE));
	assert_true(refused("d2845826" PROTECTED "80f65840" SIGNATURE));
	/* {null: signature}, with which the array ends too early */
	assert_true(refused("d2845826" PROTECTED "a1f65840" SIGNATURE));
	assert_true(refused("d2845826" PROTECTED "f6f65840" SIGNATURE));
}

static void a_payload_that_is_no_byte_string_is_refused(void **state)
{
	(void)state;
	assert_true(refused("d2845826" PROTECTED "a0005840" SIGNATURE));
	assert_true(refused("d2845826" PROTECTED "a062"
			    "68695840" SIGNATURE));
	assert_true(refused("d2845826" PROTECTED "a0f45840" SIGNATURE));
	assert_true(refused("d2845826" PROTECTED "a0f75840" SIGNATURE));
}

static void a_signature_of_another_length_is_refused(void **state)
{
	(void)state;
	assert_true(refused("d2845826" PROTECTED "a0f640"));
	assert_true(refused("d2845826" PROTECTED "a0f65841" SIGNATURE "00"));
	assert_true(refused("d2845826" PROTECTED "a0f65820" KID));
	assert_true(refused("d2845826" PROTECTED "a0f67840" SIGNATURE));
}

static void every_cut_is_refused(void **state)
{
	struct bytes in = hex("d2845826" PROTECTED "a0f65840" SIGNATURE);

	(void)state;
	for (size_t n = 0; n < in.n; n++) {
		struct reader r = reader_of(bytes_of(in.p, n));
		struct cose_sign1 got;

		cose_get(&r, &got);
		assert_non_null(r.why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_detached_signature_is_read_and_written_alike),
		cmocka_unit_test(an_empty_payload_is_not_a_detached_one),
		cmocka_unit_test(es256_is_minus_seven),
		cmocka_unit_test(it_leaves_what_follows_to_its_caller),
		cmocka_unit_test(the_protected_header_is_written_as_it_is_read),
		cmocka_unit_test(the_signature_covers_header_type_and_payload),
		cmocka_unit_test(another_tag_or_none_is_refused),
		cmocka_unit_test(another_number_of_parts_is_refused),
		cmocka_unit_test(another_protected_header_is_refused),
		cmocka_unit_test(another_algorithm_is_refused),
		cmocka_unit_test(a_key_id_of_another_length_is_refused),
		cmocka_unit_test(anything_in_the_unprotected_header_is_refused),
		cmocka_unit_test(a_payload_that_is_no_byte_string_is_refused),
		cmocka_unit_test(a_signature_of_another_length_is_refused),
		cmocka_unit_test(every_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
