/* SPDX-License-Identifier: Apache-2.0 */
/* A locked device, and everything that is almost a permit for it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "core/sha256.h"
#include "core/signed_documents.h"
#include "sim/device.h"

#include <stdlib.h>
#include <string.h>

static const char ORIGIN[] = "test.example/log";
static const char IMAGE[] = "firmware 2.0", OTHER[] = "firmware 6.6";
static const uint64_t NOW = UINT64_C(1795149506000);

struct bench {
	struct arena arena;
	struct private_key *permit_key, *stranger;
	struct device *unit;
	uint8_t nonce[DEVICE_NONCE_SIZE];
	struct fault f;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	assert_int_equal(private_key_generate(KEY_P256, &b->permit_key, &b->f).code, OK);
	assert_int_equal(private_key_generate(KEY_P256, &b->stranger, &b->f).code, OK);
	assert_int_equal(device_make("GW", "S1", &b->unit, &b->f).code, OK);
	struct device_lock lock = {.permit_spki =
					   public_key_spki(private_key_public(b->permit_key)),
				   .origin = bytes_text(ORIGIN),
				   .environment = "production",
				   .security_version = 2};
	assert_int_equal(device_lock(b->unit, &lock, &b->f).code, OK);
	assert_int_equal(device_nonce(b->unit, b->nonce, &b->f).code, OK);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	device_close(b->unit);
	private_key_close(b->permit_key);
	private_key_close(b->stranger);
	arena_done(&b->arena);
	free(b);
	return 0;
}

static struct programming_permit good(const struct bench *b)
{
	return (struct programming_permit){
		.origin = bytes_text(ORIGIN),
		.product = bytes_text("GW"),
		.serial = bytes_text("S1"),
		.unit_key = device_key_id(b->unit),
		.nonce = bytes_of(b->nonce, sizeof b->nonce),
		.image = sha256(bytes_text(IMAGE)),
		.security_version = 2,
		.environment = bytes_text("production"),
		.from = NOW,
		.until = NOW + 60000,
	};
}

/* The permit as the signer would sign it, with this key and under this name. */
static struct bytes sign(struct bench *b, const struct programming_permit *permit,
			 const struct private_key *key, enum document_kind kind)
{
	uint8_t *payload = arena_alloc(&b->arena, 1024), *out = arena_alloc(&b->arena, 2048);
	struct writer w = writer_of(payload, 1024);
	struct bytes inside, detached, document;
	struct cose_sign1 sign1;

	programming_permit_put(&w, permit);
	assert_true(writer_done(&w, &inside));
	assert_int_equal(
		cose_sign(&b->arena, key, document_name(kind), inside, &detached, &b->f).code, OK);
	struct reader r = reader_of(detached);
	cose_get(&r, &sign1);
	sign1.payload = inside;
	w = writer_of(out, 2048);
	cose_put(&w, &sign1);
	assert_true(writer_done(&w, &document));
	return document;
}

static struct bytes permit_of(struct bench *b, struct programming_permit permit)
{
	return sign(b, &permit, b->permit_key, DOCUMENT_PERMIT);
}

static err program(struct bench *b, struct bytes permit)
{
	b->f = (struct fault){0};
	return device_program_permitted(b->unit, bytes_text(IMAGE), permit, &b->f);
}

static void must_not(struct bench *b, struct bytes permit, const char *detail)
{
	struct hash flash;

	assert_int_equal(program(b, permit).code, ERR_REFUSED);
	assert_string_equal(b->f.message, "SIM_PERMIT_WRONG");
	assert_string_equal(fault_value(&b->f, "detail"), detail);
	assert_int_equal(device_read_back(b->unit, &flash, &b->f).code, ERR_CONFLICT); /* blank */
}

static void a_locked_device_takes_an_image_with_its_permit(void **state)
{
	struct bench *b = *state;
	struct hash flash;

	assert_int_equal(program(b, permit_of(b, good(b))).code, OK);
	assert_int_equal(device_read_back(b->unit, &flash, &b->f).code, OK);
	assert_true(hash_equal(flash, sha256(bytes_text(IMAGE))));
}

static void a_locked_device_takes_no_image_without_a_permit(void **state)
{
	struct bench *b = *state;

	assert_int_equal(device_program(b->unit, bytes_text(IMAGE), &b->f).code, ERR_REFUSED);
	assert_string_equal(b->f.message, "SIM_PERMIT_MISSING");
	must_not(b, bytes_text(""), "it ends too early");
}

static void a_permit_is_used_once(void **state)
{
	struct bench *b = *state;
	struct bytes permit = permit_of(b, good(b));

	assert_int_equal(program(b, permit).code, OK);
	assert_int_equal(program(b, permit).code, ERR_REFUSED);
	assert_string_equal(fault_value(&b->f, "detail"),
			    "it does not answer the nonce that this unit gave out last");
}

static void a_permit_for_an_earlier_nonce_is_over(void **state)
{
	struct bench *b = *state;
	struct bytes permit = permit_of(b, good(b));

	assert_int_equal(device_nonce(b->unit, b->nonce, &b->f).code, OK);
	must_not(b, permit, "it does not answer the nonce that this unit gave out last");
	assert_int_equal(program(b, permit_of(b, good(b))).code, OK);
}

static void a_permit_by_another_key_or_under_another_name_is_refused(void **state)
{
	struct bench *b = *state;
	struct programming_permit permit = good(b);

	must_not(b, sign(b, &permit, b->stranger, DOCUMENT_PERMIT),
		 "it is not signed with the permit key");
	must_not(b, sign(b, &permit, b->permit_key, DOCUMENT_MANIFEST),
		 "it is not signed with the permit key");
}

static void a_permit_for_another_unit_is_refused(void **state)
{
	struct bench *b = *state;
	struct programming_permit permit = good(b);

	permit.serial = bytes_text("S2");
	must_not(b, permit_of(b, permit), "it is for another unit");
	permit = good(b);
	permit.product = bytes_text("GX");
	must_not(b, permit_of(b, permit), "it is for another unit");
	permit = good(b);
	permit.unit_key.b[0] ^= 1;
	must_not(b, permit_of(b, permit), "it is for another unit");
}

static void a_permit_for_another_image_is_refused(void **state)
{
	struct bench *b = *state;
	struct programming_permit permit = good(b);

	permit.image = sha256(bytes_text(OTHER));
	must_not(b, permit_of(b, permit), "it is for another image");
}

static void a_permit_of_another_log_or_environment_is_refused(void **state)
{
	struct bench *b = *state;
	struct programming_permit permit = good(b);

	permit.origin = bytes_text("test.example/trial");
	must_not(b, permit_of(b, permit), "it is of another log");
	permit = good(b);
	permit.environment = bytes_text("development");
	must_not(b, permit_of(b, permit), "it is for another environment");
}

static void an_older_image_is_refused_even_with_a_permit(void **state)
{
	struct bench *b = *state;
	struct programming_permit permit = good(b);

	permit.security_version = 1;
	must_not(b, permit_of(b, permit),
		 "its security version is lower than what this unit had before");
	permit.security_version = 7;
	assert_int_equal(program(b, permit_of(b, permit)).code, OK);
	assert_int_equal(device_nonce(b->unit, b->nonce, &b->f).code, OK);
	permit = good(b);
	permit.security_version = 6;
	assert_int_equal(program(b, permit_of(b, permit)).code, ERR_REFUSED);
}

static void a_changed_byte_of_the_permit_is_refused(void **state)
{
	struct bench *b = *state;
	struct bytes permit = permit_of(b, good(b));
	uint8_t *changed = arena_alloc(&b->arena, permit.n);

	for (size_t i = 0; i < permit.n; i++) {
		memcpy(changed, permit.p, permit.n);
		changed[i] ^= 0x10;
		assert_int_equal(program(b, bytes_of(changed, permit.n)).code, ERR_REFUSED);
	}
	assert_int_equal(program(b, permit).code, OK);
}

static void a_device_is_locked_once(void **state)
{
	struct bench *b = *state;
	struct device_lock lock = {.permit_spki = public_key_spki(private_key_public(b->stranger)),
				   .origin = bytes_text(ORIGIN),
				   .environment = "development"};

	assert_int_equal(device_lock(b->unit, &lock, &b->f).code, ERR_CONFLICT);
	assert_string_equal(b->f.message, "SIM_LOCKED");
	assert_int_equal(program(b, permit_of(b, good(b))).code, OK);
}

static void a_device_that_is_not_locked_knows_no_permits(void **state)
{
	struct bench *b = *state;
	struct device *open;

	assert_int_equal(device_make("GW", "S9", &open, &b->f).code, OK);
	assert_int_equal(
		device_program_permitted(open, bytes_text(IMAGE), permit_of(b, good(b)), &b->f)
			.code,
		ERR_CONFLICT);
	assert_int_equal(device_program(open, bytes_text(IMAGE), &b->f).code, OK);
	device_close(open);
}

int main(void)
{
#define PERMIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		PERMIT_TEST(a_locked_device_takes_an_image_with_its_permit),
		PERMIT_TEST(a_locked_device_takes_no_image_without_a_permit),
		PERMIT_TEST(a_permit_is_used_once),
		PERMIT_TEST(a_permit_for_an_earlier_nonce_is_over),
		PERMIT_TEST(a_permit_by_another_key_or_under_another_name_is_refused),
		PERMIT_TEST(a_permit_for_another_unit_is_refused),
		PERMIT_TEST(a_permit_for_another_image_is_refused),
		PERMIT_TEST(a_permit_of_another_log_or_environment_is_refused),
		PERMIT_TEST(an_older_image_is_refused_even_with_a_permit),
		PERMIT_TEST(a_changed_byte_of_the_permit_is_refused),
		PERMIT_TEST(a_device_is_locked_once),
		PERMIT_TEST(a_device_that_is_not_locked_knows_no_permits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
