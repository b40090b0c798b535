/* SPDX-License-Identifier: Apache-2.0 */
/* prove.c — a device says what it runs, with its own key over a fresh challenge: for devices
 * without an agent of their own, and for trying out. */
#include "cli/cli.h"

#include "base/files.h"
#include "core/sha256.h"

#include <string.h>

enum { IMAGE_MAX = 512 << 20 };

static err image_digest(struct cli *cli, char hex[static 65], struct fault *f)
{
	const char *path = cli_option(cli, "image");
	struct bytes image;

	if (path == NULL)
		return fail(f, "CLI_PROVE_WITHOUT_IMAGE", NULL);
	TRY(file_read(&cli->arena, path, IMAGE_MAX, &image, f));
	struct hash digest = sha256(image);
	hex_encode(hash_bytes(&digest), hex);
	return ERR_OK;
}

/* The nonce is good once, for five minutes, and for this unit. */
static err challenge(struct client *client, const char *product, const char *serial, char *nonce,
		     size_t cap, struct fault *f)
{
	json_t *reply = NULL, *body = json_pack("{s:s, s:s, s:s}", "for", "unit", "product",
						product, "serial", serial);
	err e = client_json(client, "POST", "/v1/challenges", body, &reply, f);
	const char *text = json_string_value(json_object_get(reply, "nonce"));

	json_decref(body);
	if (e.code == OK && (text == NULL || strlen(text) >= cap))
		e = fail(f, "CLIENT_REPLY_BAD", "path", "/v1/challenges", NULL);
	if (e.code == OK)
		memcpy(nonce, text, strlen(text) + 1);
	json_decref(reply);
	return e;
}

err command_prove(struct cli *cli, struct fault *f)
{
	const char *product = cli->words[0], *serial = cli->words[1];
	char image[65], nonce[64];
	struct client *client;
	json_t *receipt = NULL;
	uint64_t boots;

	TRY(cli_number(cli, "boot-count", 1, UINT32_MAX, &boots, f));
	TRY(image_digest(cli, image, f));
	TRY(cli_client(cli, true, &client, f));
	TRY(challenge(client, product, serial, nonce, sizeof nonce, f));
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:I}", "product", product, "serial", serial,
				 "nonce", nonce, "image", image, "boot_count", (json_int_t)boots);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : client_record(client, "boot.proved", body, &receipt, f);
	json_decref(body);
	if (e.code == OK)
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return e;
}
