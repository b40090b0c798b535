/* SPDX-License-Identifier: Apache-2.0 */
/* passkey.c — passkeys that wait for somebody who confirms them, from outside our screens. */
#include "cli/offer.h"
#include "cli/people.h"

#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

#define OFFERS "/v1/passkeys/offers"

/* What the person reads on the own screen, and whoever confirms it here. */
static void offer_code(struct bytes spki, char out[static 32])
{
	static const char LABEL[] = "sealwright passkey offer\n";
	uint8_t message[sizeof LABEL + SPKI_SIZE_MAX];
	struct writer w = writer_of(message, sizeof message);
	struct bytes whole = {0};

	put_text(&w, LABEL);
	put_bytes(&w, spki);
	if (writer_done(&w, &whole))
		aloud(sha256(whole), out);
}

static err offer_bad(struct fault *f)
{
	return fail(f, "CLIENT_REPLY_BAD", "path", OFFERS, NULL);
}

/* The record is signed over what is shown here: it must be about the key that was asked for. */
static err show(const struct cli *cli, const char *key, const json_t *body, const char *principal,
		struct fault *f)
{
	const char *text = json_string_value(json_object_get(body, "public_key"));
	const char *label = json_string_value(json_object_get(body, "label"));
	uint8_t spki[SPKI_SIZE_MAX];
	char hex[65], code[32] = "";
	size_t n;

	if (text == NULL || !base64url_decode(bytes_text(text), spki, sizeof spki, &n))
		return offer_bad(f);
	struct hash id = sha256(bytes_of(spki, n));
	hex_encode(hash_bytes(&id), hex);
	if (strcmp(hex, key) != 0)
		return fail(f, "CLI_DIGEST_DIFFERS", "expected", key, "found", hex, NULL);
	if (cli->json && cli_flag(cli, "yes"))
		return ERR_OK;
	offer_code(bytes_of(spki, n), code);
	printf("A passkey of ");
	cli_others(bytes_text(principal));
	if (label != NULL) {
		printf(", called ");
		cli_others(bytes_text(label));
	}
	printf("\nkey  %s (computed here)\ncode %s\nLet them read the code to you from their own "
	       "screen: it must be the same.\n",
	       hex, code);
	return ERR_OK;
}

/* Without what is not said. */
static json_t *body_of(const json_t *offer)
{
	json_t *body = json_deep_copy(json_object_get(offer, "body")), *value;
	const char *name;
	void *next;

	json_object_foreach_safe(body, next, name, value)
	{
		if (json_is_null(value))
			json_object_del(body, name);
	}
	return body;
}

err offer_read(struct cli *cli, struct client *client, const char *key, struct offer *out,
	       struct fault *f)
{
	char *path =
		arena_printf(&cli->arena, OFFERS "/%s", client_escape(client, &cli->arena, key));
	json_t *offer = NULL;

	*out = (struct offer){0};
	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(client_json(client, "GET", path, NULL, &offer, f));
	json_t *body = body_of(offer);
	json_decref(offer);
	const char *principal = json_string_value(json_object_get(body, "principal"));
	err e = principal == NULL ? offer_bad(f) : show(cli, key, body, principal, f);
	if (e.code != OK) {
		json_decref(body);
		return e;
	}
	out->principal = arena_text(&cli->arena, bytes_text(principal));
	out->body = body;
	return ERR_OK;
}

err command_passkey_list(struct cli *cli, struct fault *f)
{
	struct client *client;
	json_t *reply = NULL;

	TRY(cli_client(cli, true, &client, f));
	TRY(client_json(client, "GET", OFFERS, NULL, &reply, f));
	json_t *page =
		json_pack("{s:[s, s, s, s, s], s:O*}", "columns", "key", "principal", "label",
			  "code", "expires", "rows", json_object_get(reply, "offers"));
	err e = json_is_array(json_object_get(page, "rows")) ? cli_table(cli, page, f)
							     : offer_bad(f);
	json_decref(page);
	json_decref(reply);
	return e;
}

err command_passkey_confirm(struct cli *cli, struct fault *f)
{
	struct client *client;
	struct offer offer;
	struct prepared prepared;
	json_t *receipt = NULL;

	TRY(cli_client(cli, true, &client, f));
	TRY(offer_read(cli, client, cli->words[0], &offer, f));
	err e = cli_prepare(cli, client, "key.enrolled", offer.body, &prepared, f);
	json_decref(offer.body);
	TRY(e);
	TRY(client_sign(client, &cli->arena, "key.enrolled", &prepared, &receipt, f));
	if (cli->json)
		cli_json(receipt);
	else
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return ERR_OK;
}

err command_passkey_refuse(struct cli *cli, struct fault *f)
{
	struct client *client;
	struct offer offer;
	json_t *reply = NULL;

	TRY(cli_client(cli, true, &client, f));
	TRY(offer_read(cli, client, cli->words[0], &offer, f));
	json_decref(offer.body);
	TRY(cli_confirm(cli, "Shall it never become a key?", f));
	TRY(client_json(client, "DELETE", arena_printf(&cli->arena, OFFERS "/%s", cli->words[0]),
			NULL, &reply, f));
	json_decref(reply);
	if (!cli->json)
		printf("It is gone. They can register another one.\n");
	return ERR_OK;
}
