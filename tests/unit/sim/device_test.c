/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "core/cbor.h"
#include "core/sha256.h"
#include "sim/device.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t MADE_MS = UINT64_C(1790000000123);

/* A factory: a CA, and one certified and programmed unit. */
struct factory {
	struct arena arena;
	struct private_key *ca_key;
	struct bytes ca;
	struct device *unit;
	struct fault fault;
};

#define assert_done(f, call) assert_done_at((f), (call), __FILE__, __LINE__)
static void assert_done_at(struct factory *f, err e, const char *file, int line)
{
	char text[512];

	if (e.code == OK)
		return;
	fault_text(&f->fault, text, sizeof(text));
	print_error("%s:%d: %s\n", file, line, text);
	fail();
}

static void assert_fault(struct factory *f, err e, const char *message)
{
	assert_int_not_equal(e.code, OK);
	assert_string_equal(f->fault.message, message);
	f->fault = (struct fault){0};
}

static struct bytes issue(struct factory *f, const struct device *device)
{
	struct device_profile profile = {.product = device_product(device),
					 .serial = device_serial(device),
					 .hardware_type = "1.3.6.1.4.1.57264.1",
					 .certificate_serial = {0x11, 0x22},
					 .not_before_ms = MADE_MS};
	struct public_key *key = NULL;
	struct bytes csr, serial, certificate = {0};

	assert_done(f, device_csr(device, &f->arena, &csr, &f->fault));
	assert_done(f, csr_check(&f->arena, csr, &key, &serial, &f->fault));
	assert_true(bytes_equal(serial, bytes_text(device_serial(device))));
	assert_true(hash_equal(public_key_id(key), device_key_id(device)));
	assert_done(f, certificate_issue_device(&f->arena, f->ca_key, f->ca, key, &profile,
						&certificate, &f->fault));
	public_key_close(key);
	return certificate;
}

static int setup(void **state)
{
	struct factory *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	*state = f;
	assert_done(f, private_key_generate(KEY_P256, &f->ca_key, &f->fault));
	assert_done(f, certificate_make_ca(&f->arena, f->ca_key, "Test CA", MADE_MS, &f->ca,
					   &f->fault));
	assert_done(f, device_make("sensor", "SN-0001", &f->unit, &f->fault));
	assert_done(f, device_program(f->unit, bytes_text("firmware 1.0"), &f->fault));
	assert_done(f, device_certify(f->unit, issue(f, f->unit), f->ca, &f->fault));
	return 0;
}

static int teardown(void **state)
{
	struct factory *f = *state;

	device_close(f->unit);
	private_key_close(f->ca_key);
	arena_done(&f->arena);
	free(f);
	return 0;
}

static struct device_challenge challenge_of(uint8_t seed)
{
	struct device_challenge c = {.origin = bytes_text("trial.example/log"), .made_ms = MADE_MS};

	memset(c.nonce, seed, sizeof(c.nonce));
	return c;
}

/* Does the answer verify with the enrolled key of the unit it names? */
static bool answer_is_by(struct factory *f, const struct device_answer *answer, struct bytes spki)
{
	struct public_key *key = NULL;
	struct reader r = reader_of(answer->proof);
	struct cose_sign1 sign1;

	cose_get(&r, &sign1);
	assert_true(reader_end(&r));
	assert_done(f, public_key_parse(spki, &key, &f->fault));
	bool is = cose_verify(&sign1, key, bytes_text("boot.proved"), answer->claim);

	public_key_close(key);
	return is;
}

static struct bytes enrolled_spki(struct factory *f, struct bytes certificate)
{
	struct device_certificate found;

	assert_done(f, certificate_check_device(&f->arena, certificate, f->ca, &found, &f->fault));
	return found.spki;
}

static void device_proves_what_it_runs(void **state)
{
	struct factory *f = *state;
	struct device_challenge challenge = challenge_of(7);
	struct device_answer answer;
	struct claim claim;
	const char *why = NULL;

	assert_done(f, device_boot(f->unit, &f->fault));
	assert_done(f, device_boot(f->unit, &f->fault));
	assert_done(f, device_answer(f->unit, &f->arena, &challenge, &answer, &f->fault));
	assert_true(answer_is_by(f, &answer, enrolled_spki(f, device_certificate(f->unit))));
	assert_true(claim_parse(answer.claim, &claim, &why));
	assert_true(bytes_equal(claim.author, bytes_text("sensor/SN-0001")));
	assert_true(bytes_equal(claim.type, bytes_text("boot.proved")));
	assert_true(hash_equal(claim.key, device_key_id(f->unit)));
	assert_int_equal(claim.made, MADE_MS);
	assert_int_equal(uuid7_time_ms(claim.id), MADE_MS);

	struct reader r = reader_of(claim.body);
	struct hash image = sha256(bytes_text("firmware 1.0"));
	assert_int_equal(cbor_map(&r), 5);
	assert_true(bytes_equal(cbor_text(&r), bytes_text("image")));
	assert_true(bytes_equal(cbor_bytes(&r), hash_bytes(&image)));
	assert_true(bytes_equal(cbor_text(&r), bytes_text("nonce")));
	assert_true(bytes_equal(cbor_bytes(&r), bytes_of(challenge.nonce, 32)));
	assert_true(bytes_equal(cbor_text(&r), bytes_text("serial")));
	assert_true(bytes_equal(cbor_text(&r), bytes_text("SN-0001")));
	assert_true(bytes_equal(cbor_text(&r), bytes_text("product")));
	assert_true(bytes_equal(cbor_text(&r), bytes_text("sensor")));
	assert_true(bytes_equal(cbor_text(&r), bytes_text("boot_count")));
	assert_int_equal(cbor_uint(&r), 2);
	assert_true(reader_end(&r));
}

static void submission_is_claim_proof_and_no_openings(void **state)
{
	struct factory *f = *state;
	struct device_challenge challenge = challenge_of(1);
	struct device_answer answer;
	const char *why = NULL;

	assert_done(f, device_boot(f->unit, &f->fault));
	assert_done(f, device_answer(f->unit, &f->arena, &challenge, &answer, &f->fault));
	assert_true(cbor_valid(answer.submission, &why));
	struct reader r = reader_of(answer.submission);
	assert_int_equal(cbor_array(&r), 3);
	assert_true(bytes_equal(cbor_bytes(&r), answer.claim));
	assert_true(bytes_equal(cbor_item(&r), answer.proof));
	assert_int_equal(cbor_map(&r), 0);
	assert_true(reader_end(&r));
}

static void two_answers_are_two_claims(void **state)
{
	struct factory *f = *state;
	struct device_challenge challenge = challenge_of(1);
	struct device_answer first, second;

	assert_done(f, device_boot(f->unit, &f->fault));
	assert_done(f, device_answer(f->unit, &f->arena, &challenge, &first, &f->fault));
	assert_done(f, device_answer(f->unit, &f->arena, &challenge, &second, &f->fault));
	assert_false(bytes_equal(first.claim, second.claim));
}

static void answer_with_a_changed_claim_does_not_verify(void **state)
{
	struct factory *f = *state;
	struct device_challenge challenge = challenge_of(1);
	struct bytes spki = enrolled_spki(f, device_certificate(f->unit));
	struct device_answer answer;

	assert_done(f, device_boot(f->unit, &f->fault));
	assert_done(f, device_answer(f->unit, &f->arena, &challenge, &answer, &f->fault));
	struct bytes copy = arena_copy(&f->arena, answer.claim);
	for (size_t i = 0; i < copy.n; i++) {
		uint8_t *byte = (uint8_t *)(uintptr_t)copy.p + i;

		*byte ^= 0x20;
		answer.claim = copy;
		assert_false(answer_is_by(f, &answer, spki));
		*byte ^= 0x20;
	}
}

static void blank_or_stopped_device_proves_nothing(void **state)
{
	struct factory *f = *state;
	struct device_challenge challenge = challenge_of(1);
	struct device *blank = NULL;
	struct device_answer answer;
	struct hash hash;

	assert_done(f, device_make("sensor", "SN-0002", &blank, &f->fault));
	assert_fault(f, device_read_back(blank, &hash, &f->fault), "SIM_NOT_PROGRAMMED");
	assert_fault(f, device_boot(blank, &f->fault), "SIM_NOT_PROGRAMMED");
	assert_fault(f, device_tamper(blank, 0, &f->fault), "SIM_NOT_PROGRAMMED");
	assert_fault(f, device_answer(blank, &f->arena, &challenge, &answer, &f->fault),
		     "SIM_NOT_STARTED");
	assert_int_equal(device_certificate(blank).n, 0);
	assert_int_equal(device_boots(blank), 0);
	device_close(blank);
}

static void changed_flash_shows_after_the_next_start(void **state)
{
	struct factory *f = *state;
	struct hash released = sha256(bytes_text("firmware 1.0")), found;

	assert_done(f, device_read_back(f->unit, &found, &f->fault));
	assert_true(hash_equal(found, released));
	assert_done(f, device_tamper(f->unit, 1000003, &f->fault));
	assert_done(f, device_read_back(f->unit, &found, &f->fault));
	assert_false(hash_equal(found, released));
}

/* An attacker changes one unit, and not all that were programmed from the same memory. */
static void units_that_share_an_image_are_changed_one_by_one(void **state)
{
	static const char IMAGE[] = "firmware 2.0";
	struct factory *f = *state;
	struct bytes image = bytes_text(IMAGE);
	struct device *other;
	struct hash released = sha256(image), found;

	assert_done(f, device_make("sensor", "SN-0003", &other, &f->fault));
	assert_done(f, device_program(other, image, &f->fault));
	device_share_image(other, bytes_text("firmware 1.9")); /* is not what it holds */
	device_share_image(other, image);
	device_share_image(other, image);
	assert_done(f, device_program(f->unit, image, &f->fault));
	device_share_image(f->unit, image);
	assert_done(f, device_tamper(f->unit, 3, &f->fault));
	assert_done(f, device_read_back(f->unit, &found, &f->fault));
	assert_false(hash_equal(found, released));
	assert_done(f, device_read_back(other, &found, &f->fault));
	assert_true(hash_equal(found, released));
	assert_string_equal(IMAGE, "firmware 2.0");
	assert_done(f, device_program(other, bytes_text("firmware 3.0"), &f->fault));
	device_close(other);
}

static void image_has_a_size(void **state)
{
	struct factory *f = *state;
	uint8_t *big = calloc(1, DEVICE_IMAGE_MAX + 1);

	assert_fault(f, device_program(f->unit, bytes_of(big, 0), &f->fault), "SIM_IMAGE_SIZE");
	assert_fault(f, device_program(f->unit, bytes_of(big, DEVICE_IMAGE_MAX + 1), &f->fault),
		     "SIM_IMAGE_SIZE");
	assert_done(f, device_program(f->unit, bytes_of(big, DEVICE_IMAGE_MAX), &f->fault));
	free(big);
}

static void names_that_are_no_ids_are_refused(void **state)
{
	static const char LONG[] =
		"1234567890123456789012345678901234567890123456789012345678901234";
	static const char *const NAMES[][2] = {{"", "1"},    {"p", ""},         {"p q", "1"},
					       {"p", "1\n"}, {"p", "\xc3\xa4"}, {LONG, "1"},
					       {"p", LONG}};
	struct factory *f = *state;
	struct device *device = NULL;

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		assert_fault(f, device_make(NAMES[i][0], NAMES[i][1], &device, &f->fault),
			     "SIM_NAME_INVALID");
	assert_null(device);
}

static void foreign_certificate_is_refused(void **state)
{
	struct factory *f = *state;
	struct device *other = NULL, *namesake = NULL;
	struct bytes own = device_certificate(f->unit);

	assert_done(f, device_make("sensor", "SN-0002", &other, &f->fault));
	assert_fault(f, device_certify(other, own, f->ca, &f->fault), "SIM_CERTIFICATE_FOREIGN");
	assert_int_not_equal(device_certify(other, bytes_text("x"), f->ca, &f->fault).code, OK);
	assert_int_not_equal(device_certify(f->unit, own, own, &f->fault).code, OK);
	assert_int_equal(device_certificate(other).n, 0);
	assert_done(f, device_make("sensor", "SN-0001", &namesake, &f->fault)); /* another key */
	assert_fault(f, device_certify(namesake, own, f->ca, &f->fault), "SIM_CERTIFICATE_FOREIGN");
	device_close(other);
	device_close(namesake);
}

static void copied_certificate_does_not_carry_the_key(void **state)
{
	struct factory *f = *state;
	struct device_challenge challenge = challenge_of(9);
	struct device *attacker = NULL;
	struct device_answer answer;
	struct hash image, copy;

	assert_done(f, device_boot(f->unit, &f->fault));
	assert_done(f, device_make_copied_certificate(f->unit, &attacker, &f->fault));
	assert_string_equal(device_author(attacker), device_author(f->unit));
	assert_true(bytes_equal(device_certificate(attacker), device_certificate(f->unit)));
	assert_done(f, device_read_back(f->unit, &image, &f->fault));
	assert_done(f, device_read_back(attacker, &copy, &f->fault));
	assert_true(hash_equal(image, copy));
	assert_false(hash_equal(device_key_id(attacker), device_key_id(f->unit)));
	assert_done(f, device_boot(attacker, &f->fault));
	assert_int_equal(device_boots(attacker), device_boots(f->unit) + 1);
	assert_done(f, device_answer(attacker, &f->arena, &challenge, &answer, &f->fault));
	assert_false(answer_is_by(f, &answer, enrolled_spki(f, device_certificate(f->unit))));
	device_close(attacker);
}

static void second_unit_presents_the_same_key(void **state)
{
	struct factory *f = *state;
	struct device *twin = NULL;
	struct device_challenge challenge = challenge_of(3);
	struct device_answer answer;
	struct bytes spki = enrolled_spki(f, device_certificate(f->unit));

	assert_done(f, device_make_same_key(f->unit, "SN-0666", &twin, &f->fault));
	assert_true(hash_equal(device_key_id(twin), device_key_id(f->unit)));
	assert_string_equal(device_author(twin), "sensor/SN-0666");
	(void)issue(f, twin);  /* its request is well-formed: only the ledger knows the key */
	device_close(f->unit); /* the key lives on */
	f->unit = NULL;
	assert_done(f, device_program(twin, bytes_text("x"), &f->fault));
	assert_done(f, device_boot(twin, &f->fault));
	assert_done(f, device_answer(twin, &f->arena, &challenge, &answer, &f->fault));
	assert_true(answer_is_by(f, &answer, spki));
	device_close(twin);
}

static void count_of_starts_can_be_run_back_and_runs_out(void **state)
{
	struct factory *f = *state;

	device_set_boots(f->unit, UINT32_MAX - 1);
	assert_done(f, device_boot(f->unit, &f->fault));
	assert_fault(f, device_boot(f->unit, &f->fault), "SIM_WORN_OUT");
	device_set_boots(f->unit, 0);
	assert_done(f, device_boot(f->unit, &f->fault));
	assert_int_equal(device_boots(f->unit), 1);
}

static void origin_must_fit(void **state)
{
	struct factory *f = *state;
	struct device_challenge challenge = challenge_of(3);
	struct device_answer answer;
	uint8_t origin[ORIGIN_SIZE_MAX + 1];

	memset(origin, 'o', sizeof(origin));
	assert_done(f, device_boot(f->unit, &f->fault));
	challenge.origin = bytes_of(origin, sizeof(origin));
	assert_fault(f, device_answer(f->unit, &f->arena, &challenge, &answer, &f->fault),
		     "SIM_ORIGIN_INVALID");
	challenge.origin = (struct bytes){0};
	assert_fault(f, device_answer(f->unit, &f->arena, &challenge, &answer, &f->fault),
		     "SIM_ORIGIN_INVALID");
	challenge.origin = bytes_of(origin, ORIGIN_SIZE_MAX);
	assert_done(f, device_answer(f->unit, &f->arena, &challenge, &answer, &f->fault));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(device_proves_what_it_runs),
		ROW(submission_is_claim_proof_and_no_openings),
		ROW(two_answers_are_two_claims),
		ROW(answer_with_a_changed_claim_does_not_verify),
		ROW(blank_or_stopped_device_proves_nothing),
		ROW(changed_flash_shows_after_the_next_start),
		ROW(units_that_share_an_image_are_changed_one_by_one),
		ROW(image_has_a_size),
		ROW(names_that_are_no_ids_are_refused),
		ROW(foreign_certificate_is_refused),
		ROW(copied_certificate_does_not_carry_the_key),
		ROW(second_unit_presents_the_same_key),
		ROW(count_of_starts_can_be_run_back_and_runs_out),
		ROW(origin_must_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
