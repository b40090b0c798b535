/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a backup, once it is decrypted: the archive, the sealed secrets' head, a custodian's
 * share. An archive that is read to its end is written again byte for byte; a share, too. */
#include <stdlib.h>
#include <string.h>

#include "backup/custody.h"
#include "backup/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { OUT_MAX = 1 << 21, MEMBER_MAX = 1 << 20 };

static uint8_t out[OUT_MAX], member[MEMBER_MAX];
static size_t out_n;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static err get(void *context, uint8_t *to, size_t n, size_t *got, struct fault *f)
{
	struct bytes *in = context;

	(void)f;
	*got = n < in->n ? n : in->n;
	if (*got > 0)
		memcpy(to, in->p, *got);
	*in = bytes_of(in->p + *got, in->n - *got);
	return ERR_OK;
}

static err put(void *context, struct bytes content, struct fault *f)
{
	(void)context;
	(void)f;
	must(content.n <= sizeof out - out_n);
	if (content.n > 0)
		memcpy(out + out_n, content.p, content.n);
	out_n += content.n;
	return ERR_OK;
}

static void read_archive(struct bytes in)
{
	struct bytes left = in;
	struct tar_reader r = {.source = {get, &left}};
	struct tar_writer w = {.sink = {put, NULL}};
	struct tar_member m;
	struct fault f = {0};
	bool more, fits = true;
	size_t got;

	out_n = 0;
	for (;;) {
		if (tar_next(&r, &m, &more, &f).code != OK)
			return;
		if (!more)
			break;
		must(tar_name_valid(m.name) && m.name[0] != '/' && strstr(m.name, "..") != m.name);
		if (m.size > sizeof member || out_n + m.size + 4096 > sizeof out) {
			fits = false;
			continue;
		}
		if (tar_get(&r, member, sizeof member, &got, &f).code != OK)
			return;
		must(got == m.size && tar_file(&w, m.name, bytes_of(member, got), &f).code == OK);
	}
	if (!fits)
		return;
	must(tar_close(&w, &f).code == OK && left.n == 0);
	/* Padding is nobody's content; all else comes back. */
	must(out_n == in.n);
}

static void read_share(struct bytes in)
{
	struct custody_share share;
	char text[CUSTODY_SHARE_TEXT];
	struct writer w = writer_of(text, sizeof text);
	struct bytes again;

	if (!share_parse(in, &share))
		return;
	must(share.need >= 1 && share.need <= SHAMIR_SHARES_MAX && share.share.x >= 1);
	must(custody_name_valid(bytes_text(share.custodian)));
	share_put(&w, &share);
	must(writer_done(&w, &again));
}

static void read_sealed(struct bytes in)
{
	static struct custody_reader r;
	struct bytes left = in;
	struct fault f = {0};
	size_t got;

	r = (struct custody_reader){.source = {get, &left}};
	if (custody_open(&r, in.n, &f).code != OK)
		return;
	must(custody_sealed_size(r.custody.size) == in.n);
	memset(r.custody.key, 7, sizeof r.custody.key); /* nobody's key */
	must(custody_get(&r, member, 16, &got, &f).code != OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = bytes_of(data, n);

	read_archive(in);
	read_share(in);
	read_sealed(in);
	return 0;
}
