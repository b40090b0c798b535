/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from certificate requests and certificates before the rules see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "core/sha256.h"
#include "crypto/x509.h"
#include "record/check.h"

extern const struct area identity_area;

/* The shapes of identity_types.c, which nobody else needs. */
struct request {
	struct id product, serial, authorization, address, allowance;
	struct blob csr;
};
struct request_outputs {
	struct hash key_id;
	struct blob spki;
};
struct issued {
	struct id product, serial;
	struct blob certificate;
};
struct issued_outputs {
	struct hash key_id, certificate_digest;
};

enum { REQUEST_ROOM = 2048 };

struct bench {
	struct arena arena;
	struct private_key *key;
	struct fault f;
};

static const struct record_type *type_named(const char *name)
{
	const struct record_type *t = identity_area.types;

	while (t->name != NULL && strcmp(t->name, name) != 0)
		t++;
	assert_non_null(t->name);
	return t;
}

static int setup(void **state)
{
	struct bench *b = test_calloc(1, sizeof *b);

	*state = b;
	return private_key_generate(KEY_P256, &b->key, &b->f).code != OK;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	private_key_close(b->key);
	arena_done(&b->arena);
	test_free(b);
	return 0;
}

static struct id id_of(const char *text)
{
	struct id id = {.n = (uint8_t)strlen(text)};

	memcpy(id.text, text, id.n);
	return id;
}

static err check_request(struct bench *b, const char *serial, struct bytes csr,
			 struct request_outputs *out, uint64_t *present)
{
	struct request body = {.serial = id_of(serial), .csr = {csr}};
	struct check_context context = {.arena = &b->arena};

	memset(&b->f, 0, sizeof b->f);
	return type_named("unit.requested")->check(&context, &body, 0, out, present, &b->f);
}

static struct bytes csr_for(struct bench *b, const char *serial)
{
	struct bytes der = {0};

	assert_int_equal(csr_make(&b->arena, b->key, serial, &der, &b->f).code, OK);
	return der;
}

static void request_yields_the_key_that_signed_it(void **state)
{
	struct bench *b = *state;
	struct request_outputs out = {0};
	uint64_t present = 0;
	const struct public_key *key = private_key_public(b->key);

	assert_int_equal(check_request(b, "SN1", csr_for(b, "SN1"), &out, &present).code, OK);
	assert_int_equal(present, 3);
	assert_true(hash_equal(out.key_id, public_key_id(key)));
	assert_true(bytes_equal(out.spki.bytes, public_key_spki(key)));
}

static void request_without_serial_takes_the_one_it_gets(void **state)
{
	struct bench *b = *state;
	struct request_outputs out = {0};
	uint64_t present = 0;

	assert_int_equal(check_request(b, "SN1", csr_for(b, ""), &out, &present).code, OK);
}

static void request_for_another_serial_is_refused(void **state)
{
	struct bench *b = *state;
	struct request_outputs out = {0};
	uint64_t present = 0;

	assert_int_equal(check_request(b, "SN2", csr_for(b, "SN1"), &out, &present).code,
			 ERR_REFUSED);
	assert_string_equal(b->f.message, "REQUEST_FOR_OTHER_SERIAL");
	assert_string_equal(b->f.field, "csr");
	assert_int_not_equal(check_request(b, "SN", csr_for(b, "SN1"), &out, &present).code, OK);
}

/* Every cut and every flipped byte: whoever did not hold the key over these bytes gets nothing. */
static void damaged_request_is_refused(void **state)
{
	struct bench *b = *state;
	struct request_outputs out = {0};
	uint64_t present = 0;
	struct bytes good = csr_for(b, "SN1");
	uint8_t bad[REQUEST_ROOM];

	assert_true(good.n < sizeof bad);
	for (size_t i = 0; i < good.n; i++) {
		assert_int_not_equal(
			check_request(b, "SN1", bytes_of(good.p, i), &out, &present).code, OK);
		memcpy(bad, good.p, good.n);
		bad[i] ^= 0x20;
		assert_int_not_equal(
			check_request(b, "SN1", bytes_of(bad, good.n), &out, &present).code, OK);
		arena_reset(&b->arena);
		good = csr_for(b, "SN1");
	}
	memcpy(bad, good.p, good.n);
	bad[good.n] = 0;
	assert_int_not_equal(
		check_request(b, "SN1", bytes_of(bad, good.n + 1), &out, &present).code, OK);
}

static void issued_certificate_yields_its_key_and_digest(void **state)
{
	struct bench *b = *state;
	struct issued_outputs out = {0};
	struct check_context context = {.arena = &b->arena};
	struct issued body = {0};
	uint64_t present = 0;

	assert_int_equal(certificate_make_ca(&b->arena, b->key, "any", 1700000000000,
					     &body.certificate.bytes, &b->f)
				 .code,
			 OK);
	assert_int_equal(type_named("certificate.issued")
				 ->check(&context, &body, 0, &out, &present, &b->f)
				 .code,
			 OK);
	assert_int_equal(present, 3);
	assert_true(hash_equal(out.key_id, public_key_id(private_key_public(b->key))));
	assert_true(hash_equal(out.certificate_digest, sha256(body.certificate.bytes)));
}

static void unreadable_certificate_is_said_and_not_refused(void **state)
{
	struct bench *b = *state;
	struct issued_outputs out = {0};
	struct check_context context = {.arena = &b->arena};
	struct issued body = {.certificate = {bytes_text("no certificate")}};
	uint64_t present = 0;

	assert_int_equal(type_named("certificate.issued")
				 ->check(&context, &body, 0, &out, &present, &b->f)
				 .code,
			 OK);
	assert_int_equal(present, 2); /* its digest, and no key */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(request_yields_the_key_that_signed_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(request_without_serial_takes_the_one_it_gets, setup,
						teardown),
		cmocka_unit_test_setup_teardown(request_for_another_serial_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(damaged_request_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(issued_certificate_yields_its_key_and_digest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unreadable_certificate_is_said_and_not_refused,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
