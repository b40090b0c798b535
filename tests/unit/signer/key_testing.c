/* SPDX-License-Identifier: Apache-2.0 */
#include "key_testing.h"

#include <string.h>

struct hsm hsm;

int key_test_setup(void **state)
{
	(void)state;
	return hsm_open(&hsm, NULL) ? 0 : 1;
}

int key_test_teardown(void **state)
{
	(void)state;
	hsm_close(&hsm);
	return 0;
}

void generate_key(const char *object, enum key_algorithm algorithm)
{
	char uri[HSM_URI];
	struct public_key *public = NULL;
	struct fault f = {0};

	if (key_hsm_generate(hsm_uri(&hsm, object, "", uri), algorithm, &public, &f).code != OK)
		stop_test("%s: %s %s\n", uri, f.message, fault_value(&f, "why"));
	assert_int_equal(public_key_algorithm(public), algorithm);
	public_key_close(public);
}

struct private_key *open_key(const char *object, const char *more)
{
	char uri[HSM_URI];
	struct private_key *key = NULL;
	struct fault f = {0};

	if (key_address_open(hsm_uri(&hsm, object, more, uri), bytes_text(""), 0, &key, &f).code !=
	    OK)
		stop_test("%s: %s %s\n", uri, f.message, fault_value(&f, "why"));
	return key;
}

void assert_refused(const char *uri, const char *message)
{
	struct private_key *key = NULL;
	struct fault f = {0};

	if (key_address_open(uri, bytes_text(""), 2, &key, &f).code == OK)
		stop_test("%s was opened\n", uri);
	if (strcmp(f.message, message) != 0)
		stop_test("%s: %s instead of %s\n", uri, f.message, message);
}

void assert_signs(const struct private_key *key, const char *text)
{
	uint8_t signature[64];
	struct fault f = {0};

	if (key_sign(key, bytes_text(text), signature, &f).code != OK)
		stop_test("%s %s\n", f.message, fault_value(&f, "why"));
	assert_true(key_verify(private_key_public(key), bytes_text(text), signature));
}
