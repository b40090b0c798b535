/* SPDX-License-Identifier: Apache-2.0 */
/* Keys whose signatures are made elsewhere: as good as those that are here, and not believed. */
#include <stdio.h>
#include <string.h>

#include "crypto_testing.h"

enum mood { HONEST, FAILS, SIGNS_OTHERS, SWAPS, LEAVES_OUT };

/* An "HSM" of these tests: it signs with a key that the caller cannot see. */
struct elsewhere {
	struct private_key *key;
	size_t asked, closed;
	enum mood mood;
};

static err sign_there(void *context, struct signing *signings, size_t n, struct fault *f)
{
	struct elsewhere *there = context;

	there->asked += n;
	if (there->mood == FAILS)
		return fail(f, "KEY_UNSUPPORTED", NULL);
	for (size_t i = 0; i < n; i++) {
		struct bytes message = signings[i].message;

		if (there->mood == SIGNS_OTHERS)
			message = bytes_text("something else");
		if (there->mood == LEAVES_OUT && i + 1 == n)
			break;
		TRY(key_sign(there->key, message, signings[i].signature, f));
	}
	if (there->mood == SWAPS && n > 1) {
		uint8_t kept[64];

		memcpy(kept, signings[0].signature, 64);
		memcpy(signings[0].signature, signings[1].signature, 64);
		memcpy(signings[1].signature, kept, 64);
	}
	return ERR_OK;
}

static void close_there(void *context)
{
	struct elsewhere *there = context;

	there->closed++;
}

static struct private_key *outside(struct elsewhere *there)
{
	struct private_key *key = NULL;

	assert_int_equal(private_key_outside(private_key_public(there->key), sign_there,
					     close_there, there, &key, NULL)
				 .code,
			 OK);
	return key;
}

static void check_algorithm(enum key_algorithm algorithm)
{
	struct elsewhere there = {.key = new_key(algorithm)};
	struct private_key *key = outside(&there);
	struct signing many[5] = {0};
	char texts[5][8];
	uint8_t one[64];

	assert_true(private_key_is_outside(key));
	assert_false(private_key_is_outside(there.key));
	assert_true(hash_equal(public_key_id(private_key_public(key)),
			       public_key_id(private_key_public(there.key))));
	for (size_t i = 0; i < 5; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "text %zu", i);
		many[i].message = bytes_text(texts[i]);
	}
	assert_int_equal(key_sign_many(key, many, 5, NULL).code, OK);
	assert_int_equal(key_sign(key, bytes_text("text"), one, NULL).code, OK);
	assert_true(key_verify(private_key_public(key), bytes_text("text"), one));
	for (size_t i = 0; i < 5; i++)
		assert_true(
			key_verify(private_key_public(key), many[i].message, many[i].signature));
	assert_int_equal(there.asked, 6);
	assert_int_equal(key_sign_many(key, many, 0, NULL).code, OK);
	assert_int_equal(there.asked, 6);
	private_key_close(key);
	assert_int_equal(there.closed, 1);
	private_key_close(there.key);
}

static void keys_elsewhere_sign_like_those_here(void **state)
{
	(void)state;
	check_algorithm(KEY_P256);
	check_algorithm(KEY_ED25519);
}

static void keys_here_sign_many_too(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	struct signing many[] = {{.message = bytes_text("a")}, {.message = bytes_text("b")}};

	(void)state;
	assert_int_equal(key_sign_many(key, many, 2, NULL).code, OK);
	for (size_t i = 0; i < 2; i++)
		assert_true(
			key_verify(private_key_public(key), many[i].message, many[i].signature));
	private_key_close(key);
}

static void a_signature_of_anything_else_is_thrown_away(void **state)
{
	static const enum mood moods[] = {SIGNS_OTHERS, SWAPS, LEAVES_OUT};
	struct elsewhere there = {.key = new_key(KEY_P256)};
	struct private_key *key = outside(&there);
	struct fault f = {0};
	uint8_t one[64];

	(void)state;
	for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
		struct signing many[] = {{.message = bytes_text("a")},
					 {.message = bytes_text("b")}};

		there.mood = moods[i];
		assert_int_equal(key_sign_many(key, many, 2, &f).code, ERR_CORRUPT);
		assert_string_equal(f.message, "KEY_SIGNED_WRONG");
	}
	there.mood = SIGNS_OTHERS;
	assert_int_equal(key_sign(key, bytes_text("a"), one, &f).code, ERR_CORRUPT);
	private_key_close(key);
	private_key_close(there.key);
}

static void its_failure_is_the_callers(void **state)
{
	struct elsewhere there = {.key = new_key(KEY_P256), .mood = FAILS};
	struct private_key *key = outside(&there);
	struct test_ca ca = new_ca();
	struct fault f = {0};
	struct bytes out;
	uint8_t one[64];

	(void)state;
	assert_int_equal(key_sign(key, bytes_text("a"), one, &f).code, ERR_UNSUPPORTED);
	assert_string_equal(f.message, "KEY_UNSUPPORTED");
	assert_int_equal(csr_make(&ca.arena, key, SERIAL, &out, &f).code, ERR_UNSUPPORTED);
	assert_int_equal(certificate_make_ca(&ca.arena, key, "CA", NOW_MS, &out, &f).code,
			 ERR_UNSUPPORTED);
	private_key_close(key);
	private_key_close(there.key);
	ca_done(&ca);
}

static void it_cannot_be_saved_in_a_file(void **state)
{
	struct elsewhere there = {.key = new_key(KEY_P256)};
	struct private_key *key = outside(&there);
	struct fault f = {0};

	(void)state;
	assert_int_equal(private_key_save(key, test_path("out.key"), bytes_text(""), &f).code,
			 ERR_UNSUPPORTED);
	assert_string_equal(f.message, "KEY_OUTSIDE");
	assert_false(file_exists(test_path("out.key")));
	private_key_close(key);
	private_key_close(there.key);
}

static void certificates_and_requests_are_made_with_it(void **state)
{
	static const enum key_algorithm algorithms[] = {KEY_P256, KEY_ED25519};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct elsewhere there = {.key = new_key(algorithms[i])};
		struct test_ca ca = {.key = outside(&there)};
		struct private_key *device = new_key(KEY_P256);
		struct device_certificate read;
		struct public_key *asked = NULL;
		struct bytes der, csr, serial;

		assert_int_equal(certificate_make_ca(&ca.arena, ca.key, "Device CA", NOW_MS,
						     &ca.certificate, NULL)
					 .code,
				 OK);
		assert_int_equal(
			certificate_check_issued(ca.certificate, ca.certificate, NULL).code, OK);
		der = issue_device(&ca, private_key_public(device));
		assert_int_equal(
			certificate_check_device(&ca.arena, der, ca.certificate, &read, NULL).code,
			OK);
		assert_int_equal(csr_make(&ca.arena, ca.key, SERIAL, &csr, NULL).code, OK);
		assert_int_equal(csr_check(&ca.arena, csr, &asked, &serial, NULL).code, OK);
		public_key_close(asked);
		private_key_close(device);
		private_key_close(there.key);
		ca_done(&ca);
	}
}

/* ---- two steps ---- */

static void a_batch_is_what_its_parts_are(void **state)
{
	enum { N = 64 };
	struct elsewhere there = {.key = new_key(KEY_P256)};
	struct test_ca ca = {.key = outside(&there)};
	struct private_key *device = new_key(KEY_P256);
	struct device_issue devices[N] = {0};
	struct device_certificate read;
	char serials[N][16];

	(void)state;
	assert_int_equal(
		certificate_make_ca(&ca.arena, ca.key, "Device CA", NOW_MS, &ca.certificate, NULL)
			.code,
		OK);
	for (size_t i = 0; i < N; i++) {
		(void)snprintf(serials[i], sizeof(serials[i]), "SN%04zu", i);
		devices[i].subject = private_key_public(device);
		devices[i].profile = device_profile();
		devices[i].profile.serial = serials[i];
	}
	assert_int_equal(
		certificate_issue_devices(&ca.arena, ca.key, ca.certificate, devices, N, NULL).code,
		OK);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(certificate_check_device(&ca.arena, devices[i].der, ca.certificate,
							  &read, NULL)
					 .code,
				 OK);
		assert_true(bytes_equal(read.serial, bytes_text(serials[i])));
	}
	private_key_close(device);
	private_key_close(there.key);
	ca_done(&ca);
}

static void a_bad_profile_in_a_batch_signs_nothing(void **state)
{
	struct elsewhere there = {.key = new_key(KEY_P256)};
	struct test_ca ca = {.key = outside(&there)};
	struct private_key *device = new_key(KEY_P256);
	struct device_issue devices[2] = {
		{.subject = private_key_public(device), .profile = device_profile()},
		{.subject = private_key_public(device), .profile = device_profile()}};
	struct fault f = {0};

	(void)state;
	assert_int_equal(
		certificate_make_ca(&ca.arena, ca.key, "Device CA", NOW_MS, &ca.certificate, NULL)
			.code,
		OK);
	size_t before = there.asked;
	devices[1].profile.serial = "not a serial";
	assert_int_equal(
		certificate_issue_devices(&ca.arena, ca.key, ca.certificate, devices, 2, &f).code,
		ERR_INVALID);
	assert_int_equal(there.asked, before);
	private_key_close(device);
	private_key_close(there.key);
	ca_done(&ca);
}

static void a_body_with_a_foreign_signature_is_refused(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *other = new_key(KEY_P256);
	struct device_profile profile = device_profile();
	struct device_certificate read;
	struct certificate_body body;
	uint8_t signature[64] = {0};
	struct bytes der;
	struct fault f = {0};

	(void)state;
	assert_int_equal(certificate_device_prepare(&ca.arena, ca.certificate,
						    private_key_public(other), &profile, &body,
						    NULL)
				 .code,
			 OK);
	/* numbers out of range are no signature at all */
	assert_int_equal(certificate_assemble(&ca.arena, &body, signature, &der, &f).code,
			 ERR_CORRUPT);
	memset(signature, 0xff, sizeof(signature));
	assert_int_equal(certificate_assemble(&ca.arena, &body, signature, &der, &f).code,
			 ERR_CORRUPT);
	assert_int_equal(key_sign(other, body.body, signature, NULL).code, OK);
	assert_int_equal(certificate_assemble(&ca.arena, &body, signature, &der, NULL).code, OK);
	assert_int_equal(certificate_check_device(&ca.arena, der, ca.certificate, &read, &f).code,
			 ERR_REFUSED);
	assert_int_equal(certificate_check_issued(der, ca.certificate, &f).code, ERR_REFUSED);
	assert_int_equal(key_sign(ca.key, body.body, signature, NULL).code, OK);
	assert_int_equal(certificate_assemble(&ca.arena, &body, signature, &der, NULL).code, OK);
	assert_int_equal(certificate_check_device(&ca.arena, der, ca.certificate, &read, &f).code,
			 OK);
	private_key_close(other);
	ca_done(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_elsewhere_sign_like_those_here),
		cmocka_unit_test(keys_here_sign_many_too),
		cmocka_unit_test(a_signature_of_anything_else_is_thrown_away),
		cmocka_unit_test(its_failure_is_the_callers),
		cmocka_unit_test(it_cannot_be_saved_in_a_file),
		cmocka_unit_test(certificates_and_requests_are_made_with_it),
		cmocka_unit_test(a_batch_is_what_its_parts_are),
		cmocka_unit_test(a_bad_profile_in_a_batch_signs_nothing),
		cmocka_unit_test(a_body_with_a_foreign_signature_is_refused),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	remove_test_folder();
	return failed;
}
