/* SPDX-License-Identifier: Apache-2.0 */
/* recovery.c — a new key for somebody who lost every authenticator: asked for by one, agreed to by others,
 * stopped by any of them, or by the person. */
#include "cli/offer.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A day is the least: the rest is for the way to the server. */
enum { HOURS_STANDARD = 25, HOURS_MOST = 30 * 24 };

static err named(struct cli *cli, const char **out, struct fault *f)
{
	uint8_t random[6];
	char hex[13];

	*out = cli_option(cli, "recovery");
	if (*out != NULL)
		return ERR_OK;
	TRY(random_bytes(random, sizeof random, f));
	hex_encode(bytes_of(random, sizeof random), hex);
	*out = arena_printf(&cli->arena, "R-%s", hex);
	return *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

static err needed(const struct cli *cli, const char **reason, struct fault *f)
{
	*reason = cli_option(cli, "reason");
	return *reason == NULL ? fail(f, "CLI_REASON_MISSING", NULL) : ERR_OK;
}

/* The key is one that the person registered as a passkey, or one of a file. */
static err key_body(struct cli *cli, struct client *client, const char *principal, json_t **out,
		    struct fault *f)
{
	const char *key = cli_option(cli, "offer"), *path = cli_option(cli, "public"),
		   *possession = cli_option(cli, "possession");
	char spki[2 * SPKI_SIZE_MAX];
	struct offer offer;

	if ((key == NULL) == (path == NULL) || (path == NULL) != (possession == NULL))
		return fail(f, "CLI_RECOVERY_KEY", NULL);
	if (key != NULL) {
		TRY(offer_read(cli, client, key, &offer, f));
		*out = offer.body;
		return ERR_OK;
	}
	TRY(cli_public_key_text(cli, path, spki, f));
	*out = json_pack("{s:s, s:s, s:s}", "principal", principal, "public_key", spki,
			 "possession", possession);
	return *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

static err sign(struct cli *cli, struct client *client, const char *type, json_t *body,
		struct fault *f)
{
	struct prepared prepared;
	json_t *receipt = NULL;

	TRY(cli_prepare(cli, client, type, body, &prepared, f));
	TRY(client_sign(client, &cli->arena, type, &prepared, &receipt, f));
	if (cli->json)
		cli_json(receipt);
	else
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return ERR_OK;
}

static err open_recovery(struct cli *cli, struct client *client, json_t *body, struct fault *f)
{
	const char *recovery, *reason, *principal = cli->words[0];
	const char *owner = json_string_value(json_object_get(body, "principal"));
	char from[TIME_TEXT_SIZE];
	uint64_t hours;

	if (owner == NULL || strcmp(owner, principal) != 0)
		return fail(f, "CLI_RECOVERY_OF_OTHER", "principal", principal, "owner",
			    owner == NULL ? "" : owner, NULL);
	TRY(needed(cli, &reason, f));
	TRY(named(cli, &recovery, f));
	TRY(cli_number(cli, "hours", HOURS_STANDARD, HOURS_MOST, &hours, f));
	time_text(clock_wall_ms(&clock_system) + hours * 3600000, from);
	json_object_set_new(body, "recovery", json_string(recovery));
	json_object_set_new(body, "usable_from", json_string(from));
	json_object_set_new(body, "reason", json_string(reason));
	TRY(sign(cli, client, "recovery.requested", body, f));
	if (!cli->json)
		printf("Recovery %s. Once others agreed, the key waits a day at least. Whoever may "
		       "ask for one, or %s, stops it: sealwright recovery stop %s --reason TEXT\n",
		       recovery, principal, recovery);
	return ERR_OK;
}

err command_recovery_open(struct cli *cli, struct fault *f)
{
	struct client *client;
	const char *reason;
	json_t *body = NULL;

	TRY(needed(cli, &reason, f));
	TRY(cli_client(cli, true, &client, f));
	TRY(key_body(cli, client, cli->words[0], &body, f));
	err e = open_recovery(cli, client, body, f);
	json_decref(body);
	return e;
}

err command_recovery_stop(struct cli *cli, struct fault *f)
{
	struct client *client;
	const char *reason;

	TRY(needed(cli, &reason, f));
	TRY(cli_client(cli, true, &client, f));
	json_t *body = json_pack("{s:s, s:s}", "recovery", cli->words[0], "reason", reason);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : sign(cli, client, "recovery.stopped", body, f);
	json_decref(body);
	return e;
}

err command_recovery_list(struct cli *cli, struct fault *f)
{
	struct client *client;
	json_t *page = NULL;

	TRY(cli_client(cli, true, &client, f));
	TRY(client_view_all(client, "access.recoveries", NULL, 0, &page, f));
	err e = cli_table(cli, page, f);
	json_decref(page);
	return e;
}
