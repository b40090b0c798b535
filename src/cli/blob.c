/* SPDX-License-Identifier: Apache-2.0 */
/* blob.c — files that records name by their digest. */
#include "cli/cli.h"

#include "base/files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CLI_BLOB_MAX = 64 << 20, SHOWN_MAX = 4096 };

static err digest_read(const char *text, struct hash *out, struct fault *f)
{
	return strlen(text) == 64 && hex_decode(bytes_text(text), out->b, 32)
		       ? ERR_OK
		       : fail(f, "CLI_DIGEST_WRONG", "value", text, NULL);
}

err command_blob_put(struct cli *cli, struct fault *f)
{
	struct client *client;
	struct bytes content;
	struct hash digest;
	char hex[65];

	TRY(file_read(&cli->arena, cli->words[0], CLI_BLOB_MAX, &content, f));
	TRY(cli_client(cli, true, &client, f));
	TRY(client_blob_put(client, content, cli_flag(cli, "personal") ? "personal" : "evidence",
			    &digest, f));
	hex_encode(hash_bytes(&digest), hex);
	printf("%s\n", hex);
	return ERR_OK;
}

static err get(struct cli *cli, struct bytes *out, struct fault *f)
{
	struct client *client;
	struct hash digest;

	TRY(digest_read(cli->words[0], &digest, f));
	TRY(cli_client(cli, true, &client, f));
	return client_blob_get(client, &cli->arena, digest, CLI_BLOB_MAX, out, f);
}

err command_blob_get(struct cli *cli, struct fault *f)
{
	const char *to = cli_option(cli, "to");
	struct bytes content;

	TRY(get(cli, &content, f));
	if (to != NULL)
		return file_write(to, content, 0600, f);
	return fd_write_all(STDOUT_FILENO, content, f);
}

err command_blob_show(struct cli *cli, struct fault *f)
{
	struct bytes content;

	TRY(get(cli, &content, f));
	bool text = content.n <= SHOWN_MAX && utf8_valid(content) &&
		    memchr(content.p, 0, content.n) == NULL;
	printf("digest %s\nsize   %zu bytes, digest verified\n", cli->words[0], content.n);
	for (size_t i = 0; text && i < content.n; i++)
		if (content.p[i] >= 0x20 || content.p[i] == '\n' || content.p[i] == '\t')
			putchar(content.p[i]);
	return ERR_OK;
}
