/* SPDX-License-Identifier: Apache-2.0 */
/* What two sides read from the same seals: the same set, whatever the sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "domain/custody/shipment.h"

static struct id id_of(const char *text)
{
	struct id id = {.n = (uint8_t)strlen(text)};

	memcpy(id.text, text, id.n);
	return id;
}

static struct seal_reading reading(const char *maker, const char *seal)
{
	return (struct seal_reading){id_of(maker), id_of(seal)};
}

static void sequence_of_reading_does_not_matter(void **state)
{
	struct seal_reading one[] = {reading("M", "1"), reading("M", "2"), reading("K", "9")};
	struct seal_reading other[] = {reading("K", "9"), reading("M", "2"), reading("M", "1")};

	(void)state;
	assert_true(hash_equal(seal_readings_digest(one, 3), seal_readings_digest(other, 3)));
}

static void reading_a_seal_twice_does_not_matter(void **state)
{
	struct seal_reading once[] = {reading("M", "1"), reading("M", "2")};
	struct seal_reading twice[] = {reading("M", "2"), reading("M", "1"), reading("M", "2")};

	(void)state;
	assert_true(hash_equal(seal_readings_digest(once, 2), seal_readings_digest(twice, 3)));
}

static void another_number_is_another_digest(void **state)
{
	struct seal_reading one[] = {reading("M", "1")}, other[] = {reading("M", "2")};

	(void)state;
	assert_false(hash_equal(seal_readings_digest(one, 1), seal_readings_digest(other, 1)));
}

static void another_maker_is_another_digest(void **state)
{
	struct seal_reading one[] = {reading("M", "1")}, other[] = {reading("K", "1")};

	(void)state;
	assert_false(hash_equal(seal_readings_digest(one, 1), seal_readings_digest(other, 1)));
}

static void a_missing_seal_is_another_digest(void **state)
{
	struct seal_reading all[] = {reading("M", "1"), reading("M", "2")};

	(void)state;
	assert_false(hash_equal(seal_readings_digest(all, 2), seal_readings_digest(all, 1)));
	assert_false(hash_equal(seal_readings_digest(all, 1), seal_readings_digest(all, 0)));
}

static void text_cannot_move_between_maker_and_number(void **state)
{
	struct seal_reading one[] = {reading("AB", "C")}, other[] = {reading("A", "BC")};
	struct seal_reading two[] = {reading("A", "B"), reading("C", "D")};
	struct seal_reading run[] = {reading("A", "BCD")};

	(void)state;
	assert_false(hash_equal(seal_readings_digest(one, 1), seal_readings_digest(other, 1)));
	assert_false(hash_equal(seal_readings_digest(two, 2), seal_readings_digest(run, 1)));
}

static void check_says_the_digest_of_the_record(void **state)
{
	struct seal_reading seals[] = {reading("M", "1"), reading("M", "2")};
	struct hand_over side = {.seals = {.n = 2, .items = seals}};
	struct seal_outputs out;
	uint64_t present = 0;
	struct fault f = {0};

	(void)state;
	memset(&out, 0xa5, sizeof out);
	assert_int_equal(seal_readings_check(NULL, &side, 0, &out, &present, &f).code, OK);
	assert_int_equal(present, 1);
	assert_true(hash_equal(out.seals_digest, seal_readings_digest(seals, 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_of_reading_does_not_matter),
		cmocka_unit_test(reading_a_seal_twice_does_not_matter),
		cmocka_unit_test(another_number_is_another_digest),
		cmocka_unit_test(another_maker_is_another_digest),
		cmocka_unit_test(a_missing_seal_is_another_digest),
		cmocka_unit_test(text_cannot_move_between_maker_and_number),
		cmocka_unit_test(check_says_the_digest_of_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
