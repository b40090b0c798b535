/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a label: what comes out is printable and bounded, and the text that is kept reads again to
 * the same fields. */
#include "format/label.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct label *label)
{
	if (label->text.n > LABEL_TEXT_MAX || label->quantity < 0 ||
	    label->quantity > LABEL_QUANTITY_MAX)
		abort();
	for (size_t i = 0; i < LABEL_FIELDS; i++)
		for (size_t k = 0; k < label->field[i].n; k++)
			if (label->field[i].p[k] < 0x20 || label->field[i].p[k] > 0x7e)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {0};
	struct fault f = {0};
	struct label label, again;

	if (label_read(&arena, bytes_of(data, n), &label, &f).code == OK) {
		check(&label);
		if (label_read(&arena, label.text, &again, &f).code != OK ||
		    !bytes_equal(label.text, again.text) || label.quantity != again.quantity)
			abort();
		for (size_t i = 0; i < LABEL_FIELDS; i++)
			if (!bytes_equal(label.field[i], again.field[i]))
				abort();
	} else if (f.message == NULL) {
		abort();
	}
	arena_done(&arena);
	return 0;
}
