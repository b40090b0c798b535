/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <pthread.h>

#include "core/sha256.h"
#include "port/sha256_portable.h"

static void assert_digest(struct hash got, const char *want)
{
	assert_hex(hash_bytes(&got), want);
}

/* FIPS 180-4's examples, and those of its predecessor for a million letters. */
static void digests_are_those_of_the_standard(void **state)
{
	static uint8_t million[1000000];

	(void)state;
	assert_digest(sha256((struct bytes){0}),
		      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_digest(sha256(bytes_text("abc")),
		      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_digest(
		sha256(bytes_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof million);
	assert_digest(sha256(bytes_of(million, sizeof million)),
		      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void pieces_of_any_size_give_the_same_digest(void **state)
{
	uint8_t data[300];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (size_t n = 0; n <= sizeof data; n++) {
		struct hash whole = sha256(bytes_of(data, n));

		for (size_t cut = 0; cut <= n; cut += 1 + n / 9) {
			struct sha256 s;

			sha256_init(&s);
			sha256_update(&s, bytes_of(data, cut));
			sha256_update(&s, (struct bytes){0});
			sha256_update(&s, bytes_of(data + cut, n - cut));
			assert_true(hash_equal(sha256_final(&s), whole));
		}
	}
}

static void bytes_one_by_one_give_the_same_digest(void **state)
{
	uint8_t data[130];
	struct sha256 s;

	(void)state;
	memset(data, 0x5A, sizeof data);
	sha256_init(&s);
	for (size_t i = 0; i < sizeof data; i++)
		sha256_update(&s, bytes_of(data + i, 1));
	assert_true(hash_equal(sha256_final(&s), sha256(bytes_of(data, sizeof data))));
}

/* The processor's own instructions against plain C, at every alignment and block count. */
static void the_two_compressions_agree(void **state)
{
	uint8_t blocks[64 * 5 + 16];
	uint32_t a[8], b[8];

	(void)state;
	for (size_t i = 0; i < sizeof blocks; i++)
		blocks[i] = (uint8_t)(i * 31 ^ i >> 3);
	for (size_t n = 0; n <= 5; n++) {
		for (size_t shift = 0; shift < 16; shift++) {
			for (uint32_t i = 0; i < 8; i++)
				a[i] = b[i] = 0x9E3779B9u * (i + 1 + (uint32_t)shift);
			sha256_compress(a, blocks + shift, n);
			sha256_compress_portable(b, blocks + shift, n);
			assert_memory_equal(a, b, sizeof a);
		}
	}
}

static void one_changed_bit_changes_the_digest(void **state)
{
	uint8_t data[65] = {0};
	struct hash before = sha256(bytes_of(data, sizeof data));

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(hash_equal(sha256(bytes_of(data, sizeof data)), before));
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void *hash_much(void *out)
{
	uint8_t data[4096] = {1};

	for (int i = 0; i < 50; i++) {
		struct hash h = sha256(bytes_of(data, sizeof data));

		memcpy(data, h.b, sizeof h.b);
	}
	memcpy(out, data, 32);
	return NULL;
}

static void threads_that_start_together_agree(void **state)
{
	pthread_t threads[4];
	uint8_t out[4][32];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_much, out[i]), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 1; i < 4; i++)
		assert_memory_equal(out[0], out[i], 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while the compression has not been chosen yet. */
		cmocka_unit_test(threads_that_start_together_agree),
		cmocka_unit_test(digests_are_those_of_the_standard),
		cmocka_unit_test(pieces_of_any_size_give_the_same_digest),
		cmocka_unit_test(bytes_one_by_one_give_the_same_digest),
		cmocka_unit_test(the_two_compressions_agree),
		cmocka_unit_test(one_changed_bit_changes_the_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
