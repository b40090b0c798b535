/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a first line "size range", then one "name: value" a line. Header fields that are accepted
 * say in one way where the body ends; a range lies within the file. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/http_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FIELDS_MAX = 128 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static size_t count(const struct http_pair *fields, size_t n, const char *name)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += strcasecmp(fields[i].name, name) == 0;
	return found;
}

static void check_head(const struct http_pair *fields, size_t n, bool version_1_1)
{
	struct http_head head;
	struct fault f = {0};
	size_t lengths = count(fields, n, "Content-Length");
	size_t codings = count(fields, n, "Transfer-Encoding");

	if (http_head_check(fields, n, version_1_1, &head, &f).code != OK) {
		must(f.message != NULL);
		return;
	}
	must(n <= HTTP_HEADER_COUNT_MAX);
	must(lengths + codings <= 1);
	must(head.chunked == (codings == 1));
	must(!head.chunked || (head.length == 0 && version_1_1));
	must(count(fields, n, "Host") <= 1);
	must(!version_1_1 || count(fields, n, "Host") == 1);
	must(count(fields, n, "Authorization") <= 1);
	for (size_t i = 0; i < n; i++)
		must(*fields[i].name && !strpbrk(fields[i].name, " \t\r\n:") &&
		     !strpbrk(fields[i].value, "\r\n"));
}

static void check_range(const char *text)
{
	uint64_t size = strtoull(text, NULL, 10), first = 0, parts = 0;
	const char *range = strchr(text, ' ');

	if (!range)
		return;
	if (http_range_parse(range + 1, size, &first, &parts) == HTTP_RANGE_PART)
		must(parts > 0 && first < size && parts <= size - first);
	if (http_header_sound("X-Range", range + 1))
		must(!strpbrk(range + 1, "\r\n\t"));
	if (http_host_valid(range + 1))
		must(!strpbrk(range + 1, "/@?# \t\\"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct http_pair fields[FIELDS_MAX];
	char *text = calloc(1, n + 1), *rest = text, *line;
	size_t fields_n = 0;

	if (!text)
		return 0;
	if (n > 0)
		memcpy(text, data, n);
	check_range(strsep(&rest, "\n"));
	while ((line = strsep(&rest, "\n")) && fields_n < FIELDS_MAX) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = 0;
		colon += 1 + strspn(colon + 1, " ");
		fields[fields_n++] = (struct http_pair){line, colon};
	}
	check_head(fields, fields_n, true);
	check_head(fields, fields_n, false);
	free(text);
	return 0;
}
