/* SPDX-License-Identifier: Apache-2.0 */
/* Which device a certificate of any issuer is about. */
#include <string.h>

#include "crypto_testing.h"

static void assert_names(struct bytes der, const char *product, const char *serial)
{
	struct arena a = {0};
	struct bytes found_product, found_serial;
	struct fault f = {0};

	assert_int_equal(certificate_names(&a, der, &found_product, &found_serial, &f).code, OK);
	assert_true(bytes_equal(found_product, bytes_text(product)));
	assert_true(bytes_equal(found_serial, bytes_text(serial)));
	arena_done(&a);
}

static void assert_unreadable(struct bytes der)
{
	struct arena a = {0};
	struct bytes product, serial;
	struct fault f = {0};

	assert_int_equal(certificate_names(&a, der, &product, &serial, &f).code, ERR_INVALID);
	assert_string_equal(f.message, "CERTIFICATE_MALFORMED");
	arena_done(&a);
}

static void device_certificate_names_its_product_and_serial(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);

	(void)state;
	assert_names(issue_device(&ca, private_key_public(key)), PRODUCT, SERIAL);
	private_key_close(key);
	ca_done(&ca);
}

static void certificate_of_a_ca_names_no_device(void **state)
{
	struct test_ca ca = new_ca();

	(void)state;
	assert_names(ca.certificate, "", "");
	ca_done(&ca);
}

static void what_is_no_certificate_is_refused(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);
	struct bytes der = issue_device(&ca, private_key_public(key));
	uint8_t longer[CERTIFICATE_SIZE_MAX + 1] = {0x30};

	(void)state;
	for (size_t n = 0; n < der.n; n++)
		assert_unreadable(bytes_of(der.p, n));
	memcpy(longer, der.p, der.n);
	longer[der.n] = 0;
	assert_unreadable(bytes_of(longer, der.n + 1));
	assert_unreadable(bytes_of(longer, sizeof(longer)));
	private_key_close(key);
	ca_done(&ca);
}

/* Whatever is said then: it is text of the certificate, or nothing. */
static void changed_certificate_is_read_or_refused(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);
	struct bytes der = issue_device(&ca, private_key_public(key));
	uint8_t changed[CERTIFICATE_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < der.n; i++) {
		for (unsigned bit = 0; bit < 8; bit += 3) {
			struct arena a = {0};
			struct bytes product, serial;

			memcpy(changed, der.p, der.n);
			changed[i] ^= (uint8_t)(1u << bit);
			if (certificate_names(&a, bytes_of(changed, der.n), &product, &serial, NULL)
				    .code == OK)
				assert_true(product.n <= der.n && serial.n <= der.n);
			arena_done(&a);
		}
	}
	private_key_close(key);
	ca_done(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_certificate_names_its_product_and_serial),
		cmocka_unit_test(certificate_of_a_ca_names_no_device),
		cmocka_unit_test(what_is_no_certificate_is_refused),
		cmocka_unit_test(changed_certificate_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
