/* SPDX-License-Identifier: Apache-2.0 */
/* What the profile lets in is written back byte for byte, protected header and all. */
#include <stdlib.h>

#include "core/cbor.h"
#include "core/cose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must_equal(const struct writer *w, struct bytes want)
{
	struct bytes got;

	if (!writer_done(w, &got) || !bytes_equal(got, want))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = bytes_of(data, n);
	struct reader r = reader_of(in);
	uint8_t header[64], *copy;
	struct cose_sign1 sign1;
	struct writer w;

	cose_get(&r, &sign1);
	if (r.why) {
		if (sign1.signature.p || sign1.protected.p)
			abort();
		return 0;
	}
	copy = malloc(n + 128);
	w = writer_of(copy, n + 128);
	cose_put(&w, &sign1);
	must_equal(&w, bytes_of(data, n - r.n));
	w = writer_of(header, sizeof header);
	cose_put_protected(&w, sign1.algorithm, sign1.kid);
	must_equal(&w, sign1.protected);
	w = writer_of(copy, n + 128);
	cose_put_to_be_signed(&w, sign1.protected, bytes_text("seal.applied"), sign1.payload);
	if (w.full)
		abort();
	free(copy);
	return 0;
}
