/* SPDX-License-Identifier: Apache-2.0 */
/* supplier_link.c — a link through which a supplier without an account uploads conformance certificates.
 * The token is made here and shown once: the log and the server know only its digest. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/files.h"
#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

enum { LINK_TOKEN_SIZE = 32, LINK_DAYS = 14, LINK_DAYS_MAX = 92, LINK_URL_SIZE = 512 };
static const uint64_t DAY_MS = 86400000;

struct token {
	uint8_t bytes[LINK_TOKEN_SIZE];
	char text[2 * LINK_TOKEN_SIZE];
};

static void token_wipe(struct token *t)
{
	bytes_wipe(t, sizeof *t);
}

/* `expires` is until when it is open. */
static err make_body(struct cli *cli, const struct token *token,
		     char expires[static TIME_TEXT_SIZE], json_t **out, struct fault *f)
{
	struct hash link = sha256(bytes_of(token->bytes, sizeof token->bytes));
	uint64_t days;
	char hex[65];

	TRY(cli_number(cli, "days", LINK_DAYS, LINK_DAYS_MAX, &days, f));
	if (days == 0)
		return fail(f, "CLI_NUMBER_WRONG", "option", "days", "value", "0", NULL);
	/* An hour less: the server's clock may be behind ours, and 92 days are the most it takes. */
	time_text(clock_wall_ms(&clock_system) + days * DAY_MS - DAY_MS / 24, expires);
	hex_encode(hash_bytes(&link), hex);
	*out = json_pack("{s:s, s:s, s:s, s:s*}", "link", hex, "supplier", cli->words[0], "expires",
			 expires, "part_lot", cli_option(cli, "part-lot"));
	return *out != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

static void print_link(const struct cli *cli, const char *server, const struct token *token,
		       const char *expires, const json_t *receipt)
{
	char url[LINK_URL_SIZE];
	size_t n = strlen(server);

	while (n > 0 && server[n - 1] == '/')
		n--;
	snprintf(url, sizeof url, "%.*s/upload/%s", (int)n, server, token->text);
	if (cli->json) {
		json_t *json = json_pack("{s:s, s:s, s:O}", "url", url, "expires", expires,
					 "receipt", receipt);
		cli_json(json);
		json_decref(json);
	} else {
		printf("%s\nOpen until %s, once for each part lot. It is shown this once: send it "
		       "to the supplier and to nobody else.\n",
		       url, expires);
	}
	bytes_wipe(url, sizeof url);
}

err command_supplier_link(struct cli *cli, struct fault *f)
{
	AUTO(token_wipe) struct token token = {0};
	char expires[TIME_TEXT_SIZE];
	struct prepared prepared;
	struct client *client;
	const char *server;
	json_t *body, *receipt = NULL;

	TRY(random_bytes(token.bytes, sizeof token.bytes, f));
	base64url_encode(bytes_of(token.bytes, sizeof token.bytes), token.text);
	TRY(cli_setting(cli, "server", &server, f));
	TRY(cli_client(cli, true, &client, f));
	TRY(make_body(cli, &token, expires, &body, f));
	err e = cli_prepare(cli, client, "conformance.link_given", body, &prepared, f);
	json_decref(body);
	if (e.code == OK)
		e = client_sign(client, &cli->arena, "conformance.link_given", &prepared, &receipt,
				f);
	if (e.code == OK)
		print_link(cli, server, &token, expires, receipt);
	json_decref(receipt);
	return e;
}
