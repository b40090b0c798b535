/* SPDX-License-Identifier: Apache-2.0 */
/* A header Content-Type, a line feed, and any bytes as a form: the parts lie in the body, one behind the
 * other, each with a name of its own. */
#include "format/multipart.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool lies_in(struct bytes inner, struct bytes outer)
{
	return inner.n == 0 || (inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n);
}

static void check(const struct multipart *m, struct bytes body)
{
	const uint8_t *at = body.p;

	if (m->n == 0 || m->n > MULTIPART_PARTS_MAX)
		abort();
	for (size_t i = 0; i < m->n; i++) {
		const struct multipart_part *p = &m->parts[i];
		if (p->name.n == 0 || !lies_in(p->name, body) || !lies_in(p->file_name, body) ||
		    !lies_in(p->content, body) || p->content.p < at)
			abort();
		at = p->content.p + p->content.n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *line = n == 0 ? NULL : memchr(data, '\n', n);
	char type[256];
	struct bytes boundary;
	struct multipart m;
	struct fault f = {0};

	if (line == NULL || (size_t)(line - data) >= sizeof type)
		return 0;
	memcpy(type, data, (size_t)(line - data));
	type[line - data] = '\0';
	struct bytes body = bytes_of(line + 1, n - (size_t)(line - data) - 1);
	if (multipart_boundary(type, &boundary, &f).code != OK)
		return 0;
	if (multipart_read(body, boundary, &m, &f).code == OK)
		check(&m, body);
	else if (f.message == NULL)
		abort();
	return 0;
}
