/* SPDX-License-Identifier: Apache-2.0 */
/* The form of requests and replies: what hostile or broken clients and signers send. */
#include <stdlib.h>
#include <string.h>

#include "core/entry.h"
#include "core/sha256.h"
#include "signer_testing.h"

/* ---- the parser ---- */

static struct bytes from_hex(struct arena *a, const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t *p = arena_alloc(a, n);

	assert_true(hex_decode(bytes_text(hex), p, n));
	return bytes_of(p, n);
}

static const char *const HOSTILE[] = {
	"",     /* nothing */
	"00",   /* no map */
	"80",   /* an array */
	"a0",   /* an empty map */
	"a1",   /* a map that ends */
	"a101", /* a key without a value */
	"a101667075626c6963"
	"00",                 /* bytes follow */
	"a102667075626c6963", /* another key */
	"a100667075626c6963",
	"a1616f667075626c6963", /* a text key */
	"a101677075626c696363", /* an unknown operation */
	"a10160",               /* an empty one */
	"a101467075626c6963",   /* a byte string for it */
	"a101f6",
	"a10100", /* null, a number */
	"b90001"
	"01667075626c6963",     /* not the shortest head */
	"bf01667075626c6963ff", /* indefinite length */
	"a1011806"
	"707562",                             /* cut inside */
	"a1017f63707562ff",                   /* a text in pieces */
	"a201667075626c69630200",             /* a key too many */
	"a201667075626c696301667075626c6963", /* a key twice */
	"a201646c6173740200",
	"a1016a636865636b706f696e74", /* a checkpoint with nothing else */
	"a4016a636865636b706f696e74020003000480",
	"a4016a636865636b706f696e740282000003820000"
	"0480",             /* a root of no bytes */
	"a101656973737565", /* issue without a list */
	"a301656973737565020003"
	"80", /* an empty list */
	"a301656973737565020003"
	"81a0", /* an empty request */
	"a301656973737565020003"
	"8100",
	"a301656973737565020003"
	"9a00010000", /* a list longer than the frame */
	"a301656973737565020003"
	"9bffffffffffffffff",
	"a2016464656e7902"
	"40", /* a denial of nothing */
	"a2016464656e7902"
	"f6",
	"a20169617574686f72697a6502"
	"a0", /* no evidence */
	"a20169617574686f72697a6502"
	"a201000280", /* no entries */
	"ff",
	"f7",
	"fb3ff0000000000000",
	"c074",
};

static void hostile_requests_are_refused(void **state)
{
	struct signer_request *request = malloc(sizeof(*request));
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(HOSTILE) / sizeof(HOSTILE[0]); i++) {
		const char *why = NULL;

		if (request_parse(from_hex(&a, HOSTILE[i]), request, &why) || why == NULL)
			stop_test("accepted: %s\n", HOSTILE[i]);
	}
	free(request);
	arena_done(&a);
}

static uint8_t PATH[3 * PATH_ITEM];

/* A whole issue request of two entries, to be spoiled. */
static struct signer_request *good_issue(void)
{
	struct signer_request *request = calloc(1, sizeof(*request));
	struct writer w = writer_of(PATH, sizeof(PATH));

	assert_non_null(request);
	for (uint8_t i = 0; i < 3; i++)
		hash_put(&w, sha256(bytes_of(&i, 1)));
	request->operation = OPERATION_ISSUE;
	request->size = 100;
	request->n = 2;
	for (size_t i = 0; i < 2; i++)
		request->proved[i] = (struct proved){
			.sequence = 40 + i,
			.entry = bytes_text("an entry"),
			.path = bytes_of(PATH, sizeof(PATH)),
			.path_n = 3,
		};
	request->proved[1].author_key = bytes_text("a key");
	return request;
}

static struct bytes encoded(struct arena *a, const struct signer_request *request)
{
	struct writer w = writer_of(arena_alloc(a, 1 << 18), 1 << 18);
	struct bytes out;

	request_put(&w, request);
	assert_true(writer_done(&w, &out));
	return out;
}

static bool parses(struct bytes in)
{
	struct signer_request *request = malloc(sizeof(*request));
	const char *why = NULL;
	bool parsed = request_parse(in, request, &why);

	free(request);
	return parsed;
}

static void request_is_read_as_it_was_written(void **state)
{
	struct signer_request *request = good_issue(), *read = malloc(sizeof(*read));
	struct arena a = {0};
	const char *why = NULL;
	struct bytes wire = encoded(&a, request);

	(void)state;
	assert_true(request_parse(wire, read, &why));
	assert_int_equal(read->n, 2);
	struct hash path[MERKLE_DEPTH_MAX];
	uint8_t two = 2;
	proved_path(&read->proved[1], path);
	assert_true(hash_equal(path[2], sha256(bytes_of(&two, 1))));
	assert_int_equal(read->proved[1].sequence, 41);
	assert_true(bytes_equal(read->proved[1].author_key, bytes_text("a key")));
	assert_null(read->proved[0].author_key.p);
	assert_true(bytes_equal(encoded(&a, read), wire));
	for (size_t n = 0; n < wire.n; n++) /* every cut */
		assert_false(parses(bytes_of(wire.p, n)));
	free(request);
	free(read);
	arena_done(&a);
}

static void every_field_of_an_issue_request_is_bounded(void **state)
{
	static const uint8_t many[ENTRY_SIZE_MAX + 1];
	struct arena a = {0};

	(void)state;
	struct signer_request *request = good_issue();
	request->proved[0].entry = bytes_of(many, sizeof(many));
	assert_false(parses(encoded(&a, request)));
	request->proved[0].entry = bytes_of(many, ENTRY_SIZE_MAX);
	assert_true(parses(encoded(&a, request)));
	request->proved[0].entry = bytes_text("an entry");
	request->proved[1].author_key = bytes_of(many, SPKI_SIZE_MAX + 1);
	assert_false(parses(encoded(&a, request)));
	request->proved[1].author_key = (struct bytes){0};
	request->proved[1].path_n = 2; /* more hashes than said */
	assert_false(parses(encoded(&a, request)));
	request->proved[1].path_n = MERKLE_DEPTH_MAX + 1;
	assert_false(parses(encoded(&a, request)));
	request->proved[1].path_n = 3;
	request->n = 0;
	assert_false(parses(encoded(&a, request)));
	request->n = 2;
	for (size_t i = 2; i < PROVED_MAX; i++)
		request->proved[i] = request->proved[1];
	request->n = BATCH_MAX + 1;
	assert_false(parses(encoded(&a, request)));
	request->operation = OPERATION_AUTHORIZE; /* a decision and 64 approvals */
	assert_true(parses(encoded(&a, request)));
	free(request);
	arena_done(&a);
}

static void replies_that_are_not_well_formed_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"a0",
		"a101f5",
		"a201f40200",
		"a201f402a0",
		"a2010002f6",
		"a301f502000300",
		"a201f402a3016002600380",                     /* no message */
		"a201f402a3016a4e4f5f535543485f494402600380", /* one we do not know */
		"a201f402a30160",                             /* cut inside */
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reader value;
		struct fault f = {0};

		assert_int_equal(reply_open(from_hex(&a, bad[i]), &value, &f).code, ERR_INTERNAL);
		assert_string_equal(f.message, "SIGNER_REPLY_MALFORMED");
	}
	arena_done(&a);
}

static void fault_travels_with_its_values(void **state)
{
	struct fault sent = {0}, got = {0};
	uint8_t buffer[8192];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct reader value;
	struct bytes wire;

	(void)state;
	(void)fail_field(&sent, "items[3]", "SIGNER_ALREADY_ISSUED", "what", "key", "serial", "SN1",
			 NULL);
	reply_put_fault(&w, &sent);
	assert_true(writer_done(&w, &wire));
	assert_int_equal(reply_open(wire, &value, &got).code, ERR_CONFLICT);
	assert_string_equal(got.message, "SIGNER_ALREADY_ISSUED");
	assert_string_equal(got.field, "items[3]");
	assert_string_equal(fault_value(&got, "what"), "key");
	assert_string_equal(fault_value(&got, "serial"), "SN1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_requests_are_refused),
		cmocka_unit_test(request_is_read_as_it_was_written),
		cmocka_unit_test(every_field_of_an_issue_request_is_bounded),
		cmocka_unit_test(replies_that_are_not_well_formed_are_refused),
		cmocka_unit_test(fault_travels_with_its_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
