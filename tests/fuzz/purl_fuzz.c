/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a package URL: what is read has a type and a name, and its canonical form reads back
 * to itself. */
#include "format/purl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(struct arena *a, const struct purl *purl)
{
	char *text = purl_text(a, purl), *again;
	struct fault f = {0};
	struct purl back;

	if (text == NULL)
		return;
	if (purl->type.n == 0 || purl->name.n == 0 || !utf8_valid(purl->name))
		abort();
	for (size_t i = 1; i < purl->qualifiers_n; i++)
		if (bytes_compare(purl->qualifiers[i - 1].key, purl->qualifiers[i].key) >= 0)
			abort();
	/* Escapes make it longer: then it may be too long to be read again. */
	if (bytes_text(text).n > PURL_SIZE_MAX)
		return;
	err e = purl_parse(a, bytes_text(text), &back, &f);
	if (e.code == ERR_MEMORY)
		return;
	if (e.code != OK)
		abort();
	again = purl_text(a, &back);
	if (again != NULL && !bytes_equal(bytes_text(text), bytes_text(again)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = {0};
	struct fault f = {0};
	struct purl purl;
	err e = purl_parse(&a, bytes_of(data, n), &purl, &f);

	if (e.code == OK)
		check(&a, &purl);
	else if (f.message == NULL)
		abort();
	arena_done(&a);
	return 0;
}
