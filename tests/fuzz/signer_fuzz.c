/* SPDX-License-Identifier: Apache-2.0 */
/* Requests have one spelling: what is read is written again byte for byte. Replies of any kind are
 * read to their end or refused. */
#include <stdlib.h>

#include "signer/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_request(struct bytes in)
{
	static struct signer_request request;
	const char *why = NULL;
	struct bytes again;

	if (!request_parse(in, &request, &why)) {
		if (why == NULL)
			abort();
		return;
	}
	uint8_t *copy = malloc(in.n);
	struct writer w = writer_of(copy, in.n);
	request_put(&w, &request);
	if (!writer_done(&w, &again) || !bytes_equal(again, in))
		abort();
	free(copy);
}

static void read_reply(struct bytes in)
{
	struct signer_public public = {0};
	struct fault f = {0};
	struct reader value;

	err opened = reply_open(in, &value, &f);
	if (opened.code != OK) {
		if (f.message == NULL || f.code != opened.code)
			abort();
		return;
	}
	struct reader r = value;
	reply_get_public(&r, &public);
	r = value;
	(void)head_get(&r);
	r = value;
	struct bytes receipt;
	(void)reply_get_issued(&r, NULL, &f);
	r = value;
	(void)reply_get_issued(&r, &receipt, &f);
	r = value;
	struct signer_status status;
	reply_get_status(&r, &status);
	r = value;
	(void)blob_get(&r, NOTE_SIZE_MAX);
	(void)reply_end(&r, &f).code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	read_request(bytes_of(data, n));
	read_reply(bytes_of(data, n));
	return 0;
}
