/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-alone verifier and a unit's certificate: real ones, of our own profile. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "crypto/x509.h"
#include "keys.h"

#include <string.h>

static const uint64_t NOW = UINT64_C(1795149506000);

struct made {
	struct arena arena;
	struct private_key *ca_key, *device, *other;
	struct bytes ca, certificate;
};

static struct bytes spki_of(const struct private_key *key)
{
	return public_key_spki(private_key_public(key));
}

static struct made make(void)
{
	struct made m = {.arena = {.limit = 1 << 20}};
	struct device_profile profile = {.product = "GW",
					 .serial = "SN1",
					 .hardware_type = "1.3.6.1.4.1.32473.1",
					 .certificate_serial = {1, 2, 3, 4, 5, 6, 7, 8, 9},
					 .not_before_ms = NOW};
	struct fault f = {0};

	assert_int_equal(private_key_generate(KEY_P256, &m.ca_key, &f).code, OK);
	assert_int_equal(private_key_generate(KEY_P256, &m.device, &f).code, OK);
	assert_int_equal(private_key_generate(KEY_P256, &m.other, &f).code, OK);
	assert_int_equal(certificate_make_ca(&m.arena, m.ca_key, "Device CA", NOW, &m.ca, &f).code,
			 OK);
	assert_int_equal(certificate_issue_device(&m.arena, m.ca_key, m.ca,
						  private_key_public(m.device), &profile,
						  &m.certificate, &f)
				 .code,
			 OK);
	return m;
}

static void drop(struct made *m)
{
	private_key_close(m->ca_key);
	private_key_close(m->device);
	private_key_close(m->other);
	arena_done(&m->arena);
}

static const char *wrong(struct made *m, struct bytes der, struct bytes ca,
			 const struct private_key *key, const char *product, const char *serial)
{
	(void)m;
	return certificate_wrong(der, ca, spki_of(key), bytes_text(product), bytes_text(serial));
}

static void its_own_certificate_holds_with_the_ca_and_without(void **state)
{
	struct made m = make();

	(void)state;
	assert_null(wrong(&m, m.certificate, m.ca, m.device, "GW", "SN1"));
	assert_null(wrong(&m, m.certificate, (struct bytes){0}, m.device, "GW", "SN1"));
	drop(&m);
}

static void another_key_fails(void **state)
{
	struct made m = make();

	(void)state;
	assert_string_equal(wrong(&m, m.certificate, m.ca, m.other, "GW", "SN1"),
			    "the device certificate is for another key than the unit asked with");
	drop(&m);
}

static void another_unit_fails(void **state)
{
	struct made m = make();

	(void)state;
	assert_string_equal(wrong(&m, m.certificate, m.ca, m.device, "GW", "SN2"),
			    "the device certificate is of another unit");
	assert_string_equal(wrong(&m, m.certificate, m.ca, m.device, "HW", "SN1"),
			    "the device certificate is of another unit");
	drop(&m);
}

static void another_ca_fails(void **state)
{
	struct made m = make(), n = make();

	(void)state;
	assert_string_equal(wrong(&m, m.certificate, n.ca, m.device, "GW", "SN1"),
			    "the device certificate was not made by the CA");
	assert_string_equal(wrong(&m, m.certificate, m.certificate, m.device, "GW", "SN1"),
			    "the device certificate was not made by the CA");
	drop(&m);
	drop(&n);
}

static void a_certificate_with_bytes_changed_or_behind_it_fails(void **state)
{
	struct made m = make();
	uint8_t der[CERTIFICATE_SIZE_MAX] = {0};

	(void)state;
	memcpy(der, m.certificate.p, m.certificate.n);
	assert_string_equal(
		wrong(&m, bytes_of(der, m.certificate.n + 1), m.ca, m.device, "GW", "SN1"),
		"the device certificate is none");
	assert_string_equal(wrong(&m, bytes_of(der, 0), m.ca, m.device, "GW", "SN1"),
			    "the device certificate is none");
	for (size_t at = 0; at < m.certificate.n; at += 13) {
		der[at] ^= 1;
		assert_non_null(
			wrong(&m, bytes_of(der, m.certificate.n), m.ca, m.device, "GW", "SN1"));
		der[at] ^= 1;
	}
	drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_own_certificate_holds_with_the_ca_and_without),
		cmocka_unit_test(another_key_fails),
		cmocka_unit_test(another_unit_fails),
		cmocka_unit_test(another_ca_fails),
		cmocka_unit_test(a_certificate_with_bytes_changed_or_behind_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
