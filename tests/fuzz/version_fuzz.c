/* SPDX-License-Identifier: Apache-2.0 */
/* Three versions, one a line: within each family they have an order or are none. */
#include "format/version.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct bytes take_line(struct bytes *rest)
{
	struct bytes line = {rest->p, 0};

	while (line.n < rest->n && rest->p[line.n] != '\n')
		line.n++;
	size_t past = line.n < rest->n ? line.n + 1 : line.n;
	*rest = bytes_of(rest->p + past, rest->n - past);
	return line;
}

static void check(enum version_family family, struct bytes a, struct bytes b, struct bytes c)
{
	enum version_order ab = version_compare(family, a, b), ba = version_compare(family, b, a);
	enum version_order bc = version_compare(family, b, c), ac = version_compare(family, a, c);
	bool a_follows = version_follows(family, a), b_follows = version_follows(family, b);

	if ((ab == VERSION_UNPARSEABLE) != !(a_follows && b_follows))
		abort();
	if (ab == VERSION_UNPARSEABLE ? ba != VERSION_UNPARSEABLE : (int)ab != -(int)ba)
		abort();
	if (ab == VERSION_UNPARSEABLE || bc == VERSION_UNPARSEABLE)
		return;
	if (ab <= VERSION_EQUAL && bc <= VERSION_EQUAL && ac != (ab < bc ? ab : bc))
		abort();
	if (ab >= VERSION_EQUAL && bc >= VERSION_EQUAL && ac != (ab > bc ? ab : bc))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes rest = bytes_of(data, n);
	struct bytes a = take_line(&rest), b = take_line(&rest);

	for (enum version_family family = VERSION_OTHER; family <= VERSION_PEP440; family++)
		check(family, a, b, rest);
	return 0;
}
