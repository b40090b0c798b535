/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from PEM is never larger than the text, and the same when it is written again. */
#include <stdlib.h>
#include <string.h>

#include "client/key_file.h"
#include "crypto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = {0};
	struct bytes der, text, again;

	if (n <= 65536 && pem_decode(&a, bytes_of(data, n), "PUBLIC KEY", &der)) {
		size_t cap = 2 * n + 128;
		char *buffer = arena_alloc(&a, cap);
		struct writer w = writer_of(buffer, buffer == NULL ? 0 : cap);
		if (der.n > n)
			abort();
		pem_put(&w, "PUBLIC KEY", der);
		if (!writer_done(&w, &text) || !pem_decode(&a, text, "PUBLIC KEY", &again) ||
		    !bytes_equal(der, again))
			abort();
	}
	arena_done(&a);
	return 0;
}
