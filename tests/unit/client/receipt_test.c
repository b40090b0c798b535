/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt that a real server gave, and every way in which it can be made to say something else. */
#include "client/client.h"

#include "log_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

struct given {
	json_t *receipt;
	struct note_key log;
	struct hash digest;
};

static int setup(void **state)
{
	static struct given g;
	const char *digest;

	g.receipt = json_load_file(FUZZ_CORPUS "/receipt/hold", JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(g.receipt);
	assert_true(note_key_parse(bytes_text(FUZZ_LOG_KEY), &g.log));
	digest = json_string_value(json_object_get(g.receipt, "digest"));
	assert_true(hex_decode(bytes_text(digest), g.digest.b, 32));
	*state = &g;
	return 0;
}

static int teardown(void **state)
{
	struct given *g = *state;

	json_decref(g->receipt);
	return 0;
}

static void assert_wrong(const struct given *g, const char *detail)
{
	struct fault f = {0};

	assert_int_equal(receipt_verify(g->receipt, &g->digest, &g->log, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "RECEIPT_WRONG");
	if (detail != NULL)
		assert_string_equal(fault_value(&f, "detail"), detail);
}

static void set(const struct given *g, const char *name, json_t *value)
{
	assert_int_equal(json_object_set_new(g->receipt, name, value), 0);
}

static void a_receipt_of_the_server_holds(void **state)
{
	const struct given *g = *state;
	struct fault f = {0};

	assert_int_equal(receipt_verify(g->receipt, &g->digest, &g->log, &f).code, OK);
	assert_int_equal(receipt_verify(g->receipt, NULL, &g->log, &f).code, OK);
}

static void a_receipt_of_another_record_is_refused(void **state)
{
	struct given *g = *state;

	g->digest.b[31] ^= 1;
	assert_wrong(g, "it is about another record");
}

static void a_receipt_of_another_log_is_refused(void **state)
{
	struct given *g = *state;

	g->log.name[0] = 'x';
	assert_wrong(g, "its checkpoint is of another log");
}

static void another_key_of_the_same_name_is_refused(void **state)
{
	struct given *g = *state;

	g->log.public_key[0] ^= 1;
	g->log.id = note_key_id(g->log.name, g->log.type, g->log.public_key);
	assert_wrong(g, "its checkpoint is not signed by the log's key");
}

static void another_leaf_is_refused(void **state)
{
	const struct given *g = *state;
	char hex[65];

	memset(hex, '0', 64);
	hex[64] = '\0';
	set(g, "leaf", json_string(hex));
	assert_wrong(g, "the record is not in the tree of its checkpoint");
}

static void another_place_in_the_log_is_refused(void **state)
{
	const struct given *g = *state;

	set(g, "sequence", json_integer(1));
	assert_wrong(g, "its proof is about another place in the log");
	json_object_set_new(json_object_get(g->receipt, "proof"), "index", json_integer(1));
	assert_wrong(g, "the record is not in the tree of its checkpoint");
}

static void a_negative_place_is_refused(void **state)
{
	const struct given *g = *state;

	set(g, "sequence", json_integer(-1));
	json_object_set_new(json_object_get(g->receipt, "proof"), "index", json_integer(-1));
	assert_wrong(g, "it is not complete");
}

static void a_path_that_is_cut_or_too_long_is_refused(void **state)
{
	const struct given *g = *state;
	json_t *path = json_object_get(json_object_get(g->receipt, "proof"), "path");
	json_t *first = json_incref(json_array_get(path, 0));

	assert_non_null(first);
	json_array_remove(path, 0);
	assert_wrong(g, "the record is not in the tree of its checkpoint");
	while (json_array_size(path) <= MERKLE_DEPTH_MAX)
		json_array_append(path, first);
	assert_wrong(g, "it is not complete");
	json_decref(first);
}

static void a_path_of_anything_else_is_refused(void **state)
{
	const struct given *g = *state;
	json_t *proof = json_object_get(g->receipt, "proof");

	json_object_set_new(proof, "path", json_pack("[s]", "AAAA"));
	assert_wrong(g, "it is not complete");
	json_object_set_new(proof, "path", json_pack("[i]", 1));
	assert_wrong(g, "it is not complete");
	json_object_set_new(proof, "path", json_string("AAAA"));
	assert_wrong(g, "it is not complete");
}

static void every_missing_member_is_noticed(void **state)
{
	static const char *const NAMES[] = {"digest", "leaf", "proof", "checkpoint", "sequence"};
	const struct given *g = *state;

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		json_t *value = json_incref(json_object_get(g->receipt, NAMES[i]));
		json_object_del(g->receipt, NAMES[i]);
		assert_wrong(g, NULL);
		json_object_set_new(g->receipt, NAMES[i], value);
	}
}

static void every_changed_character_of_the_checkpoint_is_noticed(void **state)
{
	const struct given *g = *state;
	const char *note = json_string_value(json_object_get(g->receipt, "checkpoint"));
	char text[1024];
	size_t n = strlen(note);

	assert_true(n < sizeof text);
	memcpy(text, note, n + 1);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] >= 0x80)
			continue; /* JSON holds no broken UTF-8 */
		text[i] = (char)(text[i] ^ 1);
		if (text[i] != '\0') {
			set(g, "checkpoint", json_string(text));
			assert_wrong(g, NULL);
		}
		text[i] = (char)(text[i] ^ 1);
	}
}

static void what_is_no_object_is_refused(void **state)
{
	const struct given *g = *state;
	struct fault f = {0};
	json_t *list = json_array();

	assert_int_equal(receipt_verify(NULL, NULL, &g->log, &f).code, ERR_CORRUPT);
	assert_int_equal(receipt_verify(list, NULL, &g->log, &f).code, ERR_CORRUPT);
	json_decref(list);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_receipt_of_the_server_holds),
		CASE(a_receipt_of_another_record_is_refused),
		CASE(a_receipt_of_another_log_is_refused),
		CASE(another_key_of_the_same_name_is_refused),
		CASE(another_leaf_is_refused),
		CASE(another_place_in_the_log_is_refused),
		CASE(a_negative_place_is_refused),
		CASE(a_path_that_is_cut_or_too_long_is_refused),
		CASE(a_path_of_anything_else_is_refused),
		CASE(every_missing_member_is_noticed),
		CASE(every_changed_character_of_the_checkpoint_is_noticed),
		CASE(what_is_no_object_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
