/* SPDX-License-Identifier: Apache-2.0 */
/* A document that the signer is said to have signed: what is read is written back byte for byte, and
 * no bytes are two kinds of document. */
#include <stdlib.h>

#include "core/signed_documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t again[DOCUMENT_SIZE_MAX];

static void must_equal(const struct writer *w, struct bytes want)
{
	struct bytes got;

	if (!writer_done(w, &got) || !bytes_equal(got, want))
		abort();
}

static void must_say_why(bool good, const char *why)
{
	if (good == (why != NULL))
		abort();
}

static unsigned try_admission(struct bytes in)
{
	struct cose_sign1 sign1;
	struct admission read;
	const char *why;
	struct writer w = writer_of(again, sizeof again);
	bool good = admission_parse(in, &sign1, &read, &why);

	must_say_why(good, why);
	if (!good)
		return 0;
	for (size_t i = 1; i < read.approvals_n; i++) {
		struct hash a = admission_approval(&read, i - 1), b = admission_approval(&read, i);
		if (bytes_compare(hash_bytes(&a), hash_bytes(&b)) >= 0)
			abort();
	}
	admission_put(&w, &read);
	must_equal(&w, sign1.payload);
	return 1;
}

static unsigned try_receipt(struct bytes in)
{
	struct cose_sign1 sign1;
	struct issue_receipt read;
	const char *why;
	struct writer w = writer_of(again, sizeof again);
	bool good = issue_receipt_parse(in, &sign1, &read, &why);

	must_say_why(good, why);
	if (!good)
		return 0;
	if (read.n == 0 || read.n > read.of)
		abort();
	issue_receipt_put(&w, &read);
	must_equal(&w, sign1.payload);
	return 1;
}

static unsigned try_manifest(struct bytes in)
{
	struct cose_sign1 sign1;
	struct firmware_manifest read;
	const char *why;
	struct writer w = writer_of(again, sizeof again);
	bool good = firmware_manifest_parse(in, &sign1, &read, &why);

	must_say_why(good, why);
	if (!good)
		return 0;
	firmware_manifest_put(&w, &read);
	must_equal(&w, sign1.payload);
	return 1;
}

static unsigned try_permit(struct bytes in)
{
	struct cose_sign1 sign1;
	struct programming_permit read;
	const char *why;
	struct writer w = writer_of(again, sizeof again);
	bool good = programming_permit_parse(in, &sign1, &read, &why);

	must_say_why(good, why);
	if (!good)
		return 0;
	if (read.until <= read.from)
		abort();
	programming_permit_put(&w, &read);
	must_equal(&w, sign1.payload);
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = bytes_of(data, n);

	if (try_admission(in) + try_receipt(in) + try_manifest(in) + try_permit(in) > 1)
		abort();
	return 0;
}
