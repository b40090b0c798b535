/* SPDX-License-Identifier: Apache-2.0 */
/* A request that is accepted has one spelling; an answer adds nothing to a note but lines of the
 * witness. */
#include <stdlib.h>
#include <string.h>

#include "ledger/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool verify_some(const uint8_t public_key[static 32], struct bytes message,
			const uint8_t signature[static 64])
{
	(void)public_key;
	(void)message;
	return signature[0] & 1;
}

static void check_request(struct bytes in)
{
	static uint8_t again[WITNESS_BODY_MAX];
	struct writer w = writer_of(again, sizeof(again));
	struct witness_request request;
	struct bytes out;
	const char *why = NULL;

	if (!witness_request_parse(in, &request, &why)) {
		if (!why)
			abort();
		return;
	}
	witness_request_put(&w, request.old, request.path, request.n, request.checkpoint);
	if (!writer_done(&w, &out) || !bytes_equal(in, out))
		abort();
}

static void check_answer(struct bytes in)
{
	static const char NOTE[] =
		"a.example/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
		"\xe2\x80\x94 a.example/log AAAAAAE=\n";
	static uint8_t text[2 * NOTE_SIZE_MAX];
	struct bytes note = bytes_text(NOTE), out;
	uint8_t public_key[32] = {0};
	struct note_key witness;
	struct note before, after;
	const char *why;
	uint64_t size;

	if (!note_key_make("w", NOTE_COSIGNATURE, public_key, &witness))
		abort();
	for (unsigned status = 200; status <= 409; status += 209) {
		struct writer w = writer_of(text, sizeof(text));

		if (witness_answer_read(status, in, note, &witness, verify_some, &w, &size) !=
		    WITNESS_COSIGNED)
			continue;
		if (!writer_done(&w, &out) || !note_parse(note, &before, &why) ||
		    !note_parse(out, &after, &why) || !bytes_equal(before.text, after.text))
			abort();
		for (size_t i = before.n; i < after.n; i++) {
			if (after.signatures[i].id != witness.id)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	check_request(bytes_of(data, n));
	check_answer(bytes_of(data, n));
	return 0;
}
