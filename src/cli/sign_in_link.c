/* SPDX-License-Identifier: Apache-2.0 */
/* sign_in_link.c — a link for this person's browser, or an invitation for another's. */
#include "cli/cli.h"

#include <stdio.h>

/* What the server answered is somebody else's text. */
static void show(const struct cli *cli, const char *server, const char *path, const char *expires)
{
	printf("%s", server);
	cli_others(bytes_text(path));
	printf("\n");
	if (cli_option(cli, "for") != NULL)
		printf("Give it to them in person: it registers passkeys, and nothing else. ");
	printf("It works once, until ");
	cli_others(bytes_text(expires));
	printf(". Where a house made its own TLS certificate, the browser warns: go on if this is "
	       "your address.\n");
}

err command_sign_in_link(struct cli *cli, struct fault *f)
{
	const char *whom = cli_option(cli, "for");
	struct client *client;
	json_t *reply = NULL;

	TRY(cli_client(cli, true, &client, f));
	json_t *body = json_pack("{s:s*}", "principal", whom);
	err asked = client_json(client, "POST", "/v1/links", body, &reply, f);
	json_decref(body);
	TRY(asked);
	const char *path = json_string_value(json_object_get(reply, "path"));
	const char *expires = json_string_value(json_object_get(reply, "expires"));
	err e = path == NULL || expires == NULL
			? fail(f, "CLIENT_REPLY_BAD", "path", "/v1/links", NULL)
			: ERR_OK;
	if (e.code == OK && cli->json)
		cli_json(reply);
	else if (e.code == OK)
		show(cli, client_configuration(client)->server, path, expires);
	json_decref(reply);
	return e;
}
