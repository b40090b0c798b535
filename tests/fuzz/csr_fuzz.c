/* SPDX-License-Identifier: Apache-2.0 */
/* A request that is accepted has a key of ours and a serial that can stand in a certificate. */
#include <stdlib.h>

#include "core/entry.h"
#include "crypto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = {0};
	struct public_key *key = NULL, *again = NULL;
	struct bytes serial = {0};
	struct fault f = {0};

	if (csr_check(&a, bytes_of(data, n), &key, &serial, &f).code == OK) {
		if (key == NULL || (serial.n > 0 && !id_valid(serial)) ||
		    public_key_parse(public_key_spki(key), &again, NULL).code != OK)
			abort();
	} else if (key != NULL || f.message == NULL) {
		abort();
	}
	public_key_close(key);
	public_key_close(again);
	arena_done(&a);
	return 0;
}
