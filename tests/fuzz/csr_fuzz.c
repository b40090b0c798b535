/* SPDX-License-Identifier: Apache-2.0 */
/* A request that is accepted has a key of ours and a serial that can stand in a certificate, and
 * OpenSSL takes it for one that its own key has signed. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "core/entry.h"
#include "crypto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool openssl_accepts(const uint8_t *data, size_t n)
{
	const uint8_t *p = data;
	X509_REQ *request = d2i_X509_REQ(NULL, &p, (long)n);
	bool accepted = request != NULL && p == data + n &&
			X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1;

	X509_REQ_free(request);
	ERR_clear_error();
	return accepted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = {0};
	struct public_key *key = NULL, *again = NULL;
	struct bytes serial = {0};
	struct fault f = {0};

	if (csr_check(&a, bytes_of(data, n), &key, &serial, &f).code == OK) {
		if (key == NULL || (serial.n > 0 && !id_valid(serial)) ||
		    public_key_parse(public_key_spki(key), &again, NULL).code != OK ||
		    !openssl_accepts(data, n))
			abort();
	} else if (key != NULL || f.message == NULL) {
		abort();
	}
	public_key_close(key);
	public_key_close(again);
	arena_done(&a);
	return 0;
}
