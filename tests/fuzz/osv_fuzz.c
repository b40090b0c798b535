/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as advisories, and against a software bill: counts add up, every finding is of a
 * component that was looked at and has a number, and what is refused says why. */
#include "format/sbom_match.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char BILL[] =
	"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":["
	"{\"type\":\"library\",\"name\":\"a\",\"purl\":\"pkg:npm/a@1.2.3\"},"
	"{\"type\":\"library\",\"name\":\"a\",\"purl\":\"pkg:pypi/a@1.2\"},"
	"{\"type\":\"library\",\"name\":\"a\",\"purl\":"
	"\"pkg:deb/debian/a@1.2-3?distro=debian-12&upstream=a\"},"
	"{\"type\":\"library\",\"name\":\"a\",\"purl\":\"pkg:apk/alpine/a@1.2-r3?distro=3.18\"},"
	"{\"type\":\"library\",\"name\":\"a\",\"purl\":\"pkg:rpm/almalinux/a@1.2-3\"},"
	"{\"type\":\"library\",\"name\":\"a\",\"purl\":\"pkg:maven/a/a@1.2\"},"
	"{\"type\":\"library\",\"name\":\"a\",\"purl\":\"pkg:github/a/a@1.2\"},"
	"{\"type\":\"library\",\"name\":\"a\"}]}";

static void check(const struct sbom_match *m)
{
	size_t affected = 0, unknown = 0;

	for (size_t i = 0; i < m->bill.n; i++) {
		affected += m->answers[i] == OSV_AFFECTED;
		unknown += m->answers[i] == OSV_UNKNOWN;
		if ((m->answers[i] == OSV_UNKNOWN) && m->missing[i] == SBOM_NOTHING)
			abort();
	}
	if (affected != m->affected || unknown != m->unknown || m->components != m->bill.n)
		abort();
	for (size_t i = 0; i < m->findings_n; i++) {
		const struct sbom_finding *one = &m->findings[i];
		if (one->component >= m->bill.n || one->answer == OSV_NOT_AFFECTED ||
		    one->answer > m->answers[one->component] || one->ids_n == 0 ||
		    one->advisory.n == 0 || one->advisory.n > OSV_ID_MAX)
			abort();
		if ((one->answer == OSV_UNKNOWN) != (one->missing != SBOM_NOTHING))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = {.limit = 64 << 20};
	struct sbom_match match;
	struct fault f = {0};
	err e = sbom_match(&a, bytes_of(BILL, sizeof BILL - 1), bytes_of(data, n), &match, &f);

	if (e.code == OK)
		check(&match);
	else if (f.message == NULL || match.findings_n != 0)
		abort();
	arena_done(&a);
	return 0;
}
