/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for services, stations and persons: what they say, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "crypto_testing.h"

static const char *const NAMES[] = {"hq.example.com", "log.example.com"};

static struct credential service(void)
{
	return (struct credential){.profile = CREDENTIAL_SERVICE,
				   .principal = "server-1",
				   .names = NAMES,
				   .names_n = 2,
				   .certificate_serial = {1, 2, 3},
				   .not_before_ms = NOW_MS,
				   .not_after_ms = NOW_MS + 90 * 86400000ull};
}

static struct credential other(enum credential_profile profile)
{
	struct credential c = service();

	c.profile = profile;
	c.names = NULL;
	c.names_n = 0;
	return c;
}

static struct bytes issue(struct test_ca *ca, const struct private_key *key,
			  const struct credential *c)
{
	struct bytes der;
	struct fault f = {0};

	if (certificate_issue_credential(&ca->arena, ca->key, ca->certificate,
					 private_key_public(key), c, &der, &f)
		    .code != OK)
		stop_test("%s\n", f.message);
	return der;
}

static void write_pem(struct test_ca *ca, const char *path, struct bytes der)
{
	uint8_t *buffer = arena_alloc(&ca->arena, 8192);
	struct writer w = writer_of(buffer, 8192);
	struct bytes pem;

	pem_put(&w, "CERTIFICATE", der);
	assert_true(writer_done(&w, &pem));
	write_test_file(path, pem, 0644);
}

static void openssl_takes_each_for_its_own_purpose_only(void **state)
{
	static const enum key_algorithm algorithms[] = {KEY_P256, KEY_ED25519};
	struct test_ca ca = new_ca();
	struct credential all[] = {service(), other(CREDENTIAL_STATION), other(CREDENTIAL_PERSON)};

	(void)state;
	write_pem(&ca, test_path("ca.pem"), ca.certificate);
	for (size_t i = 0; i < 6; i++) {
		struct private_key *key = new_key(algorithms[i % 2]);
		bool server = all[i / 2].profile == CREDENTIAL_SERVICE;
		const char *leaf = test_path("leaf.pem"), *ca_path = test_path("ca.pem");
		const char *as_server[] = {"openssl",  "verify",    "-no_check_time",
					   "-purpose", "sslserver", "-CAfile",
					   ca_path,    leaf,        NULL};
		const char *as_client[] = {"openssl",  "verify",    "-no_check_time",
					   "-purpose", "sslclient", "-CAfile",
					   ca_path,    leaf,        NULL};
		const char *text[] = {"openssl", "x509", "-noout", "-text", "-in", leaf, NULL};
		struct device_certificate read;
		struct bytes der = issue(&ca, key, &all[i / 2]);

		write_pem(&ca, leaf, der);
		assert_int_equal(run_program(as_server) == 0, server);
		assert_int_equal(run_program(as_client) == 0, !server);
		assert_int_equal(run_program(text), 0);
		assert_true(output_contains("CN = server-1"));
		assert_int_equal(output_contains("DNS:hq.example.com, DNS:log.example.com"),
				 server);
		assert_true(output_contains("CA:FALSE"));
		/* and none is a device's */
		assert_int_equal(
			certificate_check_device(&ca.arena, der, ca.certificate, &read, NULL).code,
			ERR_REFUSED);
		private_key_close(key);
	}
	ca_done(&ca);
}

static void refuse(struct credential c, const char *message)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);
	struct fault f = {0};
	struct bytes der;

	assert_int_not_equal(credential_check(&c, &f).code, OK);
	assert_string_equal(f.message, message);
	assert_int_not_equal(certificate_issue_credential(&ca.arena, ca.key, ca.certificate,
							  private_key_public(key), &c, &der, &f)
				     .code,
			     OK);
	assert_string_equal(f.message, message);
	private_key_close(key);
	ca_done(&ca);
}

static void names_that_are_no_plain_dns_names_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"a..b",
		".example.com",
		"example.com.",
		"*.example.com",
		"-a.example.com",
		"a-.example.com",
		"a_b.example.com",
		"a b.example.com",
		"10.0.0.1",
		"example.123",
		"::1",
		"ex\xc3\xa4mple.com",
		"http://example.com",
		"example.com:443",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *names[] = {"hq.example.com", bad[i]};
		struct credential c = service();

		c.names = names;
		refuse(c, "CERTIFICATE_HOST_INVALID");
	}
}

static void a_name_as_long_as_dns_allows_passes(void **state)
{
	char name[254];
	const char *names[] = {name};
	struct credential c = service();

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[253] = 0;
	for (size_t i = 63; i < 253; i += 64)
		name[i] = '.';
	c.names = names;
	c.names_n = 1;
	assert_int_equal(credential_check(&c, NULL).code, OK);
	char longer[255];
	(void)snprintf(longer, sizeof(longer), "%sb", name);
	names[0] = longer;
	refuse(c, "CERTIFICATE_HOST_INVALID");
}

static void only_services_have_names_and_always(void **state)
{
	static const char *const many[9] = {"a.b", "b.b", "c.b", "d.b", "e.b",
					    "f.b", "g.b", "h.b", "i.b"};
	struct credential c = service();

	(void)state;
	c.names_n = 0;
	refuse(c, "CERTIFICATE_HOST_INVALID");
	c = service();
	c.profile = CREDENTIAL_STATION;
	refuse(c, "CERTIFICATE_HOST_INVALID");
	c.profile = CREDENTIAL_PERSON;
	refuse(c, "CERTIFICATE_HOST_INVALID");
	c = service();
	c.names = many;
	c.names_n = 9;
	refuse(c, "CERTIFICATE_HOST_INVALID");
	c.names_n = 8;
	assert_int_equal(credential_check(&c, NULL).code, OK);
}

static void what_is_unbounded_or_unnamed_is_refused(void **state)
{
	struct credential c = other(CREDENTIAL_PERSON);

	(void)state;
	c.not_after_ms = c.not_before_ms;
	refuse(c, "CERTIFICATE_TIME_INVALID");
	c.not_after_ms = c.not_before_ms + 398 * 86400000ull;
	assert_int_equal(credential_check(&c, NULL).code, OK);
	c.not_after_ms++;
	refuse(c, "CERTIFICATE_LIFE_TOO_LONG");
	c.not_after_ms = UINT64_MAX;
	refuse(c, "CERTIFICATE_TIME_INVALID");
	c = other(CREDENTIAL_PERSON);
	c.principal = "";
	refuse(c, "CERTIFICATE_NAME_INVALID");
	c.principal = "two words";
	refuse(c, "CERTIFICATE_NAME_INVALID");
	c = other(CREDENTIAL_PERSON);
	c.certificate_serial[0] = 0;
	refuse(c, "CERTIFICATE_SERIAL_INVALID");
	c.certificate_serial[0] = 0x80;
	refuse(c, "CERTIFICATE_SERIAL_INVALID");
	c = other((enum credential_profile)0);
	refuse(c, "CERTIFICATE_NAME_INVALID");
	c = other((enum credential_profile)4);
	refuse(c, "CERTIFICATE_NAME_INVALID");
}

static void the_key_must_be_that_of_the_ca(void **state)
{
	struct test_ca ca = new_ca(), another = new_ca();
	struct private_key *key = new_key(KEY_ED25519);
	struct credential c = service();
	struct bytes der;
	struct fault f = {0};

	(void)state;
	assert_int_equal(certificate_issue_credential(&ca.arena, another.key, ca.certificate,
						      private_key_public(key), &c, &der, &f)
				 .code,
			 ERR_CONFLICT);
	assert_int_equal(certificate_issue_credential(&ca.arena, key, ca.certificate,
						      private_key_public(key), &c, &der, &f)
				 .code,
			 ERR_CONFLICT);
	der = issue(&ca, key, &c);
	/* a certificate that cannot issue */
	assert_int_not_equal(certificate_issue_credential(&ca.arena, key, der,
							  private_key_public(key), &c, &der, &f)
				     .code,
			     OK);
	private_key_close(key);
	ca_done(&ca);
	ca_done(&another);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_takes_each_for_its_own_purpose_only),
		cmocka_unit_test(names_that_are_no_plain_dns_names_are_refused),
		cmocka_unit_test(a_name_as_long_as_dns_allows_passes),
		cmocka_unit_test(only_services_have_names_and_always),
		cmocka_unit_test(what_is_unbounded_or_unnamed_is_refused),
		cmocka_unit_test(the_key_must_be_that_of_the_ca),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	remove_test_folder();
	return failed;
}
