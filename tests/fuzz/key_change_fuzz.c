/* SPDX-License-Identifier: Apache-2.0 */
/* A statement about a new key that is believed is of this log, names two keys and a key that has a name, and no
 * byte can be added to it. */
#include <stdlib.h>
#include <string.h>

#include "signer/key_change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The log of the sample in the corpus: its signatures hold. */
static const uint8_t LOG[32] = {0x57, 0xa4, 0x84, 0x60, 0x95, 0xaa, 0x94, 0xc2, 0x9d, 0x09, 0x3f,
				0xf0, 0xfd, 0xc4, 0xa1, 0xe6, 0x71, 0x5a, 0x3c, 0xab, 0x72, 0xa3,
				0xab, 0xdf, 0x86, 0x5a, 0x7a, 0x8a, 0x67, 0x52, 0x17, 0x88};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct note_key log;
	struct key_change change;
	uint8_t longer[KEY_CHANGE_MAX + 1] = {0};
	struct fault f = {0};

	must(note_key_make("rehearsal.example/log", NOTE_ED25519, LOG, &log));
	if (n > KEY_CHANGE_MAX || key_change_check(bytes_of(data, n), &log, &change, &f).code != OK)
		return 0;
	must(change.which < SIGNER_KEYS && !hash_equal(change.old_key, change.new_key));
	memcpy(longer, data, n);
	must(key_change_check(bytes_of(longer, n + 1), &log, &change, &f).code != OK);
	log.public_key[0] ^= 1;
	must(key_change_check(bytes_of(data, n), &log, &change, &f).code != OK);
	return 0;
}
