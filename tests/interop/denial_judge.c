/* SPDX-License-Identifier: Apache-2.0 */
/* Reads logs, each after its length in four bytes, and answers each with a line: what the charter check
 * says of them. For tests/interop/denial_differential.py. A log is CBOR: [the log's key, [* entry]]. The
 * line: "wrong N" with the decision that the charter does not agree to, otherwise how many it agrees to,
 * and for each denial that is no fault "late" or "before" with its entry and the decision's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/charter_check.h"
#include "core/cbor.h"

enum { CASE_MAX = 1 << 18 };

static err tell(struct charter_check *check, struct reader *r, struct fault *f)
{
	uint64_t sequence = 0;

	for (size_t n = cbor_array(r); n > 0 && r->why == NULL; n--) {
		struct bytes bytes = cbor_bytes(r);
		struct entry entry;
		const char *why;

		if (!entry_parse(bytes, &entry, &why))
			return fail(f, "ENTRY_MALFORMED", "detail", why, NULL);
		TRY(charter_check_entry(check, sequence++, bytes, &entry, f));
	}
	return ERR_OK;
}

static void answer(struct bytes in)
{
	struct reader r = reader_of(in);
	struct note_key log = {.name = "log"};
	struct charter_check *check;
	struct charter_report report;
	struct fault f = {0};

	(void)cbor_array(&r);
	struct bytes key = cbor_bytes(&r);
	if (key.n != sizeof log.public_key) {
		puts("no key");
		return;
	}
	memcpy(log.public_key, key.p, key.n);
	if (charter_check_open(&log, &check, &f).code != OK) {
		puts("no check");
		return;
	}
	if (tell(check, &r, &f).code != OK) {
		const char *sequence = fault_value(&f, "sequence");
		const char *detail = fault_value(&f, "detail");
		printf("wrong %s\n", sequence != NULL ? sequence : detail);
	} else {
		charter_check_report(check, &report);
		printf("%" PRIu64, report.agreed);
		for (size_t i = 0; i < report.denied_n; i++)
			printf(" %s %" PRIu64 " of %" PRIu64,
			       report.denied[i].before ? "before" : "late",
			       report.denied[i].sequence, report.denied[i].decision);
		puts("");
	}
	charter_check_close(check);
}

int main(void)
{
	static uint8_t item[CASE_MAX];
	uint8_t head[4];

	while (fread(head, 1, sizeof head, stdin) == sizeof head) {
		struct reader r = reader_of(bytes_of(head, sizeof head));
		size_t n = get_u32(&r);

		if (n > CASE_MAX || fread(item, 1, n, stdin) != n)
			return 1;
		answer(bytes_of(item, n));
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
