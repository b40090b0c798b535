/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_kit.h"

#include "core/cbor.h"

struct decoded_cbor {
	struct arena arena;
	struct body body;
	struct fault fault;
};

static bool reads(struct decoded_cbor *d, const char *hex)
{
	size_t n = strlen(hex) / 2;

	arena_done(&d->arena);
	*d = (struct decoded_cbor){0};
	uint8_t *bytes = arena_alloc(&d->arena, n);
	assert_true(hex_decode(bytes_text(hex), bytes, n));
	return body_from_cbor(&d->arena, all_fields, sizeof(struct all), bytes_of(bytes, n),
			      &d->body, &d->fault)
		       .code == OK;
}

static void assert_refused(const char *hex, const char *id, const char *field)
{
	struct decoded_cbor d = {0};

	if (reads(&d, hex))
		fail_msg("taken: %s", hex);
	assert_string_equal(d.fault.message, id);
	assert_string_equal(d.fault.field, field);
	arena_done(&d.arena);
}

static void assert_taken(const char *hex)
{
	struct decoded_cbor d = {0};

	if (!reads(&d, hex))
		fail_msg("%s (%s): %s", d.fault.message, d.fault.field, hex);
	arena_done(&d.arena);
}

#define ID_A       "6269646161"       /* "id": "a" */
#define CHOICE_(v) "6663686f696365" v /* "choice": … */
#define NUMBER_(v) "666e756d626572" v
#define ANY_(v)    "63616e79" v
#define TEXT_(v)   "6474657874" v
#define AT_(v)     "626174" v
#define YES_(v)    "63796573" v
#define BLOB_(v)   "64626c6f62" v
#define PARTS_(v)  "657061727473" v

static void deterministic_bodies_are_taken(void **state)
{
	(void)state;
	assert_taken("a1" ID_A);
	assert_taken("a2" ID_A ANY_("00"));
	assert_taken("a2" ID_A ANY_("1b7fffffffffffffff"));
	assert_taken("a2" ID_A ANY_("3b7fffffffffffffff"));
	assert_taken("a2" ID_A YES_("f5"));
	assert_taken("a2" ID_A PARTS_("81a1646e616d656178"));
}

static void unknown_missing_and_doubled_fields_are_refused(void **state)
{
	(void)state;
	assert_refused("a0", "FIELD_MISSING", "id");
	assert_refused("a2"
		       "617801" ID_A,
		       "FIELD_UNKNOWN", "x");
	assert_refused("a2" ID_A ID_A, "BODY_NOT_CBOR", "");
	assert_refused("a2" ANY_("00") ID_A, "BODY_NOT_CBOR", ""); /* not in their order */
	assert_refused("a2" ID_A PARTS_("81a0"), "FIELD_MISSING", "parts[0].name");
	assert_refused("a2" ID_A PARTS_("81a2616d01646e616d656178"), "FIELD_UNKNOWN", "parts[0].m");
	assert_refused("a1" ID_A "00", "BODY_NOT_CBOR", "");
	assert_refused("a1626964", "FIELD_WRONG", "id");
	assert_refused("", "BODY_NOT_CBOR", "");
}

static void values_of_the_wrong_kind_are_refused(void **state)
{
	(void)state;
	assert_refused("a162696401", "FIELD_WRONG", "id");
	assert_refused("a2" ID_A ANY_("6161"), "FIELD_WRONG", "any");
	assert_refused("a2" ID_A ANY_("f90000"), "FIELD_WRONG", "any");
	assert_refused("a2" ID_A ANY_("f6"), "FIELD_WRONG", "any"); /* absent is absent */
	assert_refused("a2" ID_A YES_("01"), "FIELD_WRONG", "yes");
	assert_refused("a2" ID_A BLOB_("6161"), "FIELD_WRONG", "blob");
	assert_refused("a2" ID_A TEXT_("4161"), "FIELD_WRONG", "text");
	assert_refused("a2" AT_("20") ID_A, "FIELD_WRONG", "at");
	assert_refused("a2" ID_A PARTS_("a0"), "FIELD_WRONG", "parts");
	assert_refused("a2" ID_A PARTS_("8101"), "BODY_NOT_CBOR", "");
	assert_refused("80", "BODY_NOT_CBOR", "");
	assert_refused("01", "BODY_NOT_CBOR", "");
	assert_refused("a10102", "BODY_NOT_CBOR", "");
}

static void values_out_of_range_are_refused(void **state)
{
	(void)state;
	assert_taken("a2" ID_A NUMBER_("1864"));
	assert_taken("a2" ID_A NUMBER_("24"));
	assert_refused("a2" ID_A NUMBER_("1865"), "FIELD_WRONG", "number");
	assert_refused("a2" ID_A NUMBER_("25"), "FIELD_WRONG", "number");
	assert_refused("a2" ID_A ANY_("1b8000000000000000"), "FIELD_WRONG", "any");
	assert_refused("a2" ID_A ANY_("3b8000000000000000"), "FIELD_WRONG", "any");
	assert_refused("a2" ID_A CHOICE_("6153"), "FIELD_WRONG", "choice");
	assert_taken("a2" ID_A CHOICE_("6148"));
	/* An instant ends with the year 9999: later ones could not be written as text. */
	assert_taken("a2" AT_("1b0000e677d21fdbff") ID_A);
	assert_refused("a2" AT_("1b0000e677d21fdc00") ID_A, "FIELD_WRONG", "at");
	assert_refused("a2" AT_("1b7fffffffffffffff") ID_A, "FIELD_WRONG", "at");
}

static void numbers_that_are_not_the_shortest_are_refused(void **state)
{
	(void)state;
	assert_refused("a2" ID_A ANY_("1800"), "FIELD_WRONG", "any");
	assert_refused("a2" ID_A ANY_("190001"), "FIELD_WRONG", "any");
	assert_refused("b801" ID_A, "BODY_NOT_CBOR", "");
	assert_refused("bf" ID_A "ff", "BODY_NOT_CBOR", "");
	assert_refused("a17802696461", "BODY_NOT_CBOR", "");
}

static void text_that_is_none_is_refused(void **state)
{
	(void)state;
	assert_refused("a2" ID_A TEXT_("60"), "FIELD_WRONG", "text");
	assert_refused("a2" ID_A TEXT_("6100"), "FIELD_WRONG", "text");
	assert_refused("a2" ID_A TEXT_("61ff"), "FIELD_WRONG", "text");
	assert_refused("a2" ID_A TEXT_("62c080"), "FIELD_WRONG", "text");
	assert_refused("a2" ID_A TEXT_("63eda080"), "FIELD_WRONG", "text");
	assert_refused("a162696460", "FIELD_WRONG", "id");
	assert_refused("a16269646120", "FIELD_WRONG", "id");
	assert_refused("a16269646100", "FIELD_WRONG", "id");
}

static void lengths_that_lie_are_refused(void **state)
{
	(void)state;
	assert_refused("a2" ID_A PARTS_("9affffffff"), "FIELD_WRONG", "parts");
	assert_refused("a2" ID_A PARTS_("9b7fffffffffffffff"), "FIELD_WRONG", "parts");
	assert_refused("a2" ID_A PARTS_("84a1646e616d656178a1646e616d656178a1646e616d656178"
					"a1646e616d656178"),
		       "FIELD_WRONG", "parts");
	assert_refused("a2" ID_A PARTS_("80"), "FIELD_WRONG", "parts");
	assert_refused("bb7fffffffffffffff" ID_A, "BODY_NOT_CBOR", "");
	assert_refused("a2" ID_A TEXT_("7affffffff"), "FIELD_WRONG", "text");
	assert_refused("a2" ID_A BLOB_("450102030405"), "FIELD_WRONG", "blob");
	assert_refused("a2" ID_A "656e6f6e6365"
		       "4101",
		       "FIELD_WRONG", "nonce");
	assert_refused("a2" ID_A "656e6f6e6365"
		       "4401020304",
		       "FIELD_WRONG", "nonce");
}

static void deep_nesting_is_refused(void **state)
{
	static const char start[] = "a2" ID_A PARTS_("");
	char hex[sizeof start + 2000];

	(void)state;
	memcpy(hex, start, sizeof start - 1);
	for (size_t i = 0; i < 1000; i++)
		memcpy(hex + sizeof start - 1 + 2 * i, "81", 3);
	assert_refused(hex, "BODY_NOT_CBOR", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deterministic_bodies_are_taken),
		cmocka_unit_test(unknown_missing_and_doubled_fields_are_refused),
		cmocka_unit_test(values_of_the_wrong_kind_are_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(numbers_that_are_not_the_shortest_are_refused),
		cmocka_unit_test(text_that_is_none_is_refused),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(deep_nesting_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
