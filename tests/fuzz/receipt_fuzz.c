/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt from anywhere: whatever stands in it, it holds only with a signature of the log. The
 * corpus is signed by the key below, which nobody else has. */
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "log_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct note_key log;
	struct fault f = {0};
	json_t *json = json_loadb((const char *)data, n, JSON_REJECT_DUPLICATES, NULL);

	if (!note_key_parse(bytes_text(FUZZ_LOG_KEY), &log))
		abort();
	if (receipt_verify(json, NULL, &log, &f).code == OK) {
		if (!json_is_string(json_object_get(json, "checkpoint")) ||
		    json_integer_value(json_object_get(json, "sequence")) < 0)
			abort();
	} else if (f.message == NULL) {
		abort();
	}
	json_decref(json);
	return 0;
}
