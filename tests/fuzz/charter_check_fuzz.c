/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever entries a log holds, one after another: they are weighed or refused, and no decision is
 * counted twice. Input: entries, each after its length in two bytes. */
#include <stdlib.h>

#include "client/charter_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	/* RFC 8032 section 7.1, test 1: a key whose secret everybody knows. */
	static const struct note_key log = {
		.public_key = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
			       0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
			       0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a}};
	struct reader r = reader_of(bytes_of(data, n));
	struct charter_check *check;
	struct charter_report report;
	struct fault f = {0};
	struct entry entry;
	const char *why;
	uint64_t sequence = 0;

	must(charter_check_open(&log, &check, &f).code == OK);
	while (r.n > 0) {
		struct bytes bytes = get_bytes(&r, get_u16(&r));

		if (r.why != NULL || !entry_parse(bytes, &entry, &why))
			break;
		if (charter_check_entry(check, sequence++, bytes, &entry, &f).code != OK)
			break;
	}
	charter_check_report(check, &report);
	must(report.agreed + report.refused + report.waiting <= sequence);
	must(report.revisions <= sequence && report.foreign <= report.agreed + 1);
	charter_check_close(check);
	return 0;
}
