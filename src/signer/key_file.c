/* SPDX-License-Identifier: Apache-2.0 */
/* key_file.c — the files of the signer's folder that are keys, or point to one. */
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "signer/key_worker.h"

enum { CONTENT_MAX = 8192 };

struct content {
	size_t n;
	uint8_t b[CONTENT_MAX];
};

static void content_wipe(struct content *content)
{
	bytes_wipe(content, sizeof(*content));
}

/* One line, printable, and nothing after it. */
static bool address_in(struct bytes content, char out[static KEY_ADDRESS_MAX + 1])
{
	static const char scheme[] = "pkcs11:";

	out[0] = 0;
	if (content.n < sizeof(scheme) || content.n > KEY_ADDRESS_MAX)
		return false;
	for (size_t i = 0; i < content.n; i++)
		if (content.p[i] <= 0x20 || content.p[i] >= 0x7f)
			return false;
	(void)snprintf(out, KEY_ADDRESS_MAX + 1, "%.*s", (int)content.n, (const char *)content.p);
	if (key_address_is_uri(out))
		return true;
	out[0] = 0;
	return false;
}

err key_file_address(const char *path, char out[static KEY_ADDRESS_MAX + 1], struct fault *f)
{
	AUTO(content_wipe) struct content content = {0};

	TRY(secret_read(path, content.b, sizeof(content.b), &content.n, f));
	(void)address_in(bytes_of(content.b, content.n), out);
	return ERR_OK;
}

err key_file_point(const char *path, const char *address, struct fault *f)
{
	char line[KEY_ADDRESS_MAX + 2], read_back[KEY_ADDRESS_MAX + 1];
	struct key_uri uri = {0};

	TRY(key_uri_parse(address, &uri, f));
	key_uri_done(&uri);
	if (!address_in(bytes_text(address), read_back))
		return fail(f, "KEY_URI_INVALID", "why",
			    "it has spaces, or letters that must be written as %XX", NULL);
	(void)snprintf(line, sizeof(line), "%s\n", address);
	return file_write(path, bytes_text(line), 0600, f);
}

err key_file_open(const char *path, struct bytes passphrase, struct private_key **out,
		  struct fault *f)
{
	char address[KEY_ADDRESS_MAX + 1];

	TRY(key_file_address(path, address, f));
	return key_address_open(address[0] != 0 ? address : path, passphrase, 0, out, f);
}
