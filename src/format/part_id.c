/* SPDX-License-Identifier: Apache-2.0 */
#include "format/part_id.h"

size_t part_id(struct bytes text, char out[static PART_ID_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < PART_ID_MAX; i++) {
		if (id_valid(bytes_of(text.p + i, 1)) && text.p[i] != '/')
			out[n++] = (char)text.p[i];
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	return n;
}

const char *part_id_text(struct arena *a, struct bytes text, const char *otherwise)
{
	char out[PART_ID_MAX + 1];

	return part_id(text, out) == 0 ? otherwise : arena_text(a, bytes_text(out));
}
