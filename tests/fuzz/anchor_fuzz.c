/* SPDX-License-Identifier: Apache-2.0 */
/* An anchor's file that is read is written back byte for byte. No note from outside makes a signer believe
 * itself, or its evidence count. */
#include <stdlib.h>
#include <string.h>

#include "signer/anchor_file.h"
#include "signer/anchor_witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void same_file(struct bytes in)
{
	uint8_t buffer[ANCHOR_FILE_MAX];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct anchor_file file;
	struct bytes out;

	if (!anchor_file_parse(in, &file))
		return;
	anchor_file_put(&w, &file);
	must(writer_done(&w, &out) && bytes_equal(in, out));
}

static struct note_key key_of(const char *name, uint8_t type)
{
	const uint8_t public_key[32] = {7};
	struct note_key key;

	must(note_key_make(name, type, public_key, &key));
	return key;
}

static void never_believed(struct bytes in)
{
	struct witness_anchor w = {.log = key_of("a.example/log", NOTE_ED25519), .n = 1, .need = 1};
	struct merkle_head head;
	struct fault f;

	w.keys[0] = key_of("w.example/1", NOTE_COSIGNATURE);
	must(witness_anchor_take(&w, in, &head, &f).code != OK);
	must(!w.believed && witness_anchor_counts(&w) == 0);
	must(anchor_note_cosigned(in, &w.log, NULL, w.keys, 1, &head) == 0);
	must(anchor_note_cosigned(in, &w.log, w.nonce, w.keys, 1, &head) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = bytes_of(data, n);

	same_file(in);
	never_believed(in);
	return 0;
}
