/* SPDX-License-Identifier: Apache-2.0 */
/* proof_testing.h — a claim, keys and a relying party to prove with, for the tests of
 * crypto/proof.h. */
#ifndef TESTS_CRYPTO_PROOF_TESTING_H
#define TESTS_CRYPTO_PROOF_TESTING_H

#include <string.h>

#include "crypto/proof.h"
#include "crypto_testing.h"

#define PARTY  "test.example"
#define ORIGIN "https://console.test.example"
#define OTHER  "https://other.test.example"

enum { PRESENT = 0x01, VERIFIED = 0x04 };

static struct arena arena;
static struct claim claim;
static struct bytes claim_bytes;
static struct private_key *ed25519, *p256;
static struct bytes origins[2];
static struct proof_party party;

static inline int setup(void **state)
{
	uint8_t *buffer = arena_alloc(&arena, 512);
	struct writer w = writer_of(buffer, 512);

	(void)state;
	claim = (struct claim){.origin = bytes_text("test.example/log"),
			       .type = bytes_text("approval.given"),
			       .version = 1,
			       .author = bytes_text("ann"),
			       .id = {{1, 2, 3, 4, 5, 6, 0x70, 0, 0x80}},
			       .made = NOW_MS,
			       .body = bytes_of("\xa0", 1)};
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &claim_bytes));
	ed25519 = new_key(KEY_ED25519);
	p256 = new_key(KEY_P256);
	origins[0] = bytes_text(OTHER);
	origins[1] = bytes_text(ORIGIN);
	party = (struct proof_party){
		.relying_party = bytes_text(PARTY), .origins = origins, .origins_n = 2};
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	private_key_close(ed25519);
	private_key_close(p256);
	arena_done(&arena);
	remove_test_folder();
	return 0;
}

/* "" when it holds, else why not. */
static inline const char *checks(const struct proof *proof, const struct private_key *key,
				 const char *application)
{
	static struct fault f;

	f = (struct fault){0};
	if (proof_check(proof, &claim, claim_bytes, private_key_public(key),
			application == NULL ? (struct bytes){0} : bytes_text(application), &party,
			&f)
		    .code == OK)
		return "";
	assert_string_equal(f.message, "PROOF_WRONG");
	assert_string_equal(f.field, "proof");
	return fault_value(&f, "detail");
}

static inline struct bytes made(struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

static inline struct writer room(size_t n)
{
	return writer_of(arena_alloc(&arena, n), n);
}

static inline const char *either(const char *given, const char *usual)
{
	return given == NULL ? usual : given;
}

#define PROOF_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
