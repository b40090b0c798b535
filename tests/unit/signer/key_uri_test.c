/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of keys: what is read from them, and what is refused before anything is loaded. */
#include <stdio.h>
#include <string.h>

#include "signer/key_worker.h"
#include "signer_testing.h"

#define PATH "?module-path=/lib/x.so"

static struct key_uri parsed(const char *address)
{
	struct key_uri uri = {0};
	struct fault f = {0};

	if (key_uri_parse(address, &uri, &f).code != OK)
		stop_test("%s: %s\n", address, fault_value(&f, "why"));
	return uri;
}

static void a_whole_address_is_read(void **state)
{
	struct key_uri uri = parsed("pkcs11:token=My%20HSM;serial=00ab;object=ca;id=%01%02;"
				    "type=private?module-path=/usr/lib/vendor%20x/p11.so&"
				    "pin-source=file:///etc/sealwright/pin&x-sessions=16&"
				    "x-network=yes");

	(void)state;
	assert_string_equal(uri.module, "/usr/lib/vendor x/p11.so");
	assert_string_equal(uri.pin_file, "/etc/sealwright/pin");
	assert_int_equal(uri.sessions, 16);
	assert_true(uri.network);
	key_uri_done(&uri);
}

static void what_is_left_out_has_a_default(void **state)
{
	struct key_uri uri = parsed("pkcs11:object=ca?module-path=/lib/p11.so");

	(void)state;
	assert_string_equal(uri.pin_file, "");
	assert_int_equal(uri.sessions, KEY_SESSIONS);
	assert_false(uri.network);
	key_uri_done(&uri);
	uri = parsed("PKCS11:token=a" PATH "&pin-source=file:/pin");
	assert_string_equal(uri.pin_file, "/pin");
	key_uri_done(&uri);
	uri = parsed("pkcs11:slot-id=3" PATH);
	key_uri_done(&uri);
}

static const struct {
	const char *address, *message;
} bad[] = {
	{"", "KEY_URI_INVALID"},
	{"pkcs11", "KEY_URI_INVALID"},
	{"pkcs11:", "KEY_URI_INVALID"},
	{"pkcs12:object=a" PATH, "KEY_URI_INVALID"},
	{"file:/etc/key", "KEY_URI_INVALID"},
	/* names nothing */
	{"pkcs11:" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object=" PATH, "KEY_URI_INVALID"},
	{"pkcs11:type=private" PATH, "KEY_URI_INVALID"},
	/* no module, or two */
	{"pkcs11:object=a", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&module-name=x", "KEY_URI_INVALID"},
	{"pkcs11:object=a?module-path=lib/x.so", "KEY_URI_INVALID"},
	{"pkcs11:object=a?module-path=/", "KEY_URI_INVALID"},
	{"pkcs11:object=a?module-path=", "KEY_URI_INVALID"},
	{"pkcs11:object=a?module-name=../../tmp/x", "KEY_MODULE_FAILED"},
	{"pkcs11:object=a?module-name=.hidden", "KEY_MODULE_FAILED"},
	{"pkcs11:object=a?module-name=", "KEY_MODULE_FAILED"},
	{"pkcs11:object=a?module-name=no-such-module", "KEY_MODULE_FAILED"},
	/* PINs */
	{"pkcs11:object=a" PATH "&pin-value=1234", "KEY_PIN_IN_URI"},
	{"pkcs11:object=a" PATH "&pin-value=", "KEY_PIN_IN_URI"},
	{"pkcs11:object=a" PATH "&pin-source=%7c/bin/pin", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-source=1234", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-source=/etc/pin", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-source=file:pin", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-source=file:", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-source=file:/", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-source=file://host/pin", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-source=http://host/pin", "KEY_URI_INVALID"},
	/* other objects */
	{"pkcs11:object=a;type=public" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object=a;type=cert" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object=a;type=secret-key" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object=a;type=nonsense" PATH, "KEY_URI_INVALID"},
	/* numbers and words of ours */
	{"pkcs11:object=a" PATH "&x-sessions=0", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-sessions=17", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-sessions=04", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-sessions=-1", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-sessions=4x", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-sessions=99999999999", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-sessions=", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-network=maybe", "KEY_URI_INVALID"},
	/* what nobody knows */
	{"pkcs11:object=a;colour=red" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-secret=1", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-sourc=file:/pin", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&", "KEY_URI_INVALID"},
	/* bad form */
	{"pkcs11:object=%zz" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object=%4" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object=a;object=b" PATH, "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&pin-source=file:/a&pin-source=file:/b", "KEY_URI_INVALID"},
	{"pkcs11:object=a" PATH "&x-sessions=1&x-sessions=2", "KEY_URI_INVALID"},
	{"pkcs11:slot-id=x" PATH, "KEY_URI_INVALID"},
	{"pkcs11:library-version=x;object=a" PATH, "KEY_URI_INVALID"},
};

static void addresses_that_cannot_be_used_say_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct private_key *key = NULL;
		struct key_uri uri = {0};
		struct fault f = {0};

		if (key_uri_parse(bad[i].address, &uri, &f).code == OK)
			stop_test("%s was taken\n", bad[i].address);
		if (strcmp(f.message, bad[i].message) != 0)
			stop_test("%s: %s\n", bad[i].address, f.message);
		assert_null(uri.uri);
		if (key_address_is_uri(bad[i].address))
			assert_int_not_equal(
				key_address_open(bad[i].address, bytes_text(""), 0, &key, &f).code,
				OK);
		assert_null(key);
	}
}

static void lengths_are_bounded(void **state)
{
	char address[2 * KEY_ADDRESS_MAX];
	struct key_uri uri = {0};
	struct fault f = {0};
	int n = snprintf(address, sizeof(address), "pkcs11:object=a?module-path=/");

	(void)state;
	memset(address + n, 'x', KEY_ADDRESS_MAX - (size_t)n);
	address[KEY_ADDRESS_MAX] = 0;
	assert_int_equal(key_uri_parse(address, &uri, &f).code, OK);
	key_uri_done(&uri);
	address[KEY_ADDRESS_MAX] = 'x';
	address[KEY_ADDRESS_MAX + 1] = 0;
	assert_int_equal(key_uri_parse(address, &uri, &f).code, ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_address_is_read),
		cmocka_unit_test(what_is_left_out_has_a_default),
		cmocka_unit_test(addresses_that_cannot_be_used_say_why),
		cmocka_unit_test(lengths_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
