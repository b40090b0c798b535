/* SPDX-License-Identifier: Apache-2.0 */
/* What the stand-alone verifier does with a file from anywhere. Nobody but the log can sign a checkpoint, so
 * the judges behind it are also asked about files that hold nothing: they end, with a step and a reason. */
#include <stdlib.h>

#include "log_key.h"
#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void verify(struct bytes file, const char *text)
{
	static struct verification v;
	struct note_key key;

	v = (struct verification){.keys_n = 0};
	if (!note_key_parse(bytes_text(text), &key))
		abort();
	if (verify_passport(file, &key, &v)) {
		if (v.entries == 0 || v.entries != v.signed_by_author + v.passkeys + v.reported)
			abort();
	} else if (v.failure.why == NULL || v.failure.step == PASSPORT_HOLDS) {
		abort();
	}
}

static void judge_unverified(struct bytes file)
{
	static struct verification v;
	struct note_key key;
	const char *why;

	v = (struct verification){.log = &key};
	if (!note_key_parse(bytes_text(FUZZ_LOG_KEY_BUILT), &key) ||
	    !passport_parse(file, &v.passport, &why))
		return;
	if ((!verify_authors(&v) || !verify_device(&v) || !verify_agreement(&v)) &&
	    (v.failure.why == NULL || v.failure.step == PASSPORT_HOLDS))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	verify(bytes_of(data, n), FUZZ_LOG_KEY);
	verify(bytes_of(data, n), FUZZ_LOG_KEY_BUILT);
	verify(bytes_of(data, n), FUZZ_LOG_KEY_SHOWN);
	judge_unverified(bytes_of(data, n));
	return 0;
}
