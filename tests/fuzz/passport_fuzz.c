/* SPDX-License-Identifier: Apache-2.0 */
/* A passport from anywhere: it is read without harm, and one that holds is of a real thing. */
#include <stdlib.h>

#include "client/passport_check.h"
#include "log_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct note_key log;
	struct passport_report report;
	static struct registry *registry;
	struct fault f = {0};

	if (registry == NULL && registry_make(AREAS, &registry, &f).code != OK)
		abort();
	if (!note_key_parse(bytes_text(FUZZ_LOG_KEY), &log))
		abort();
	if (passport_check(bytes_of(data, n), &log, registry, NULL, NULL, &report, &f).code == OK) {
		if (report.entries == 0 || !id_valid(bytes_text(report.id)) ||
		    report.entries != report.signed_by_author + report.passkeys + report.reported)
			abort();
	} else if (f.message == NULL) {
		abort();
	}
	return 0;
}
