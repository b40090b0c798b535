/* SPDX-License-Identifier: Apache-2.0 */
/* sign_in_link.c — a link for this person's browser. */
#include "cli/cli.h"

#include <stdio.h>

err command_sign_in_link(struct cli *cli, struct fault *f)
{
	struct client *client;
	json_t *reply = NULL;

	TRY(cli_client(cli, true, &client, f));
	TRY(client_json(client, "POST", "/v1/links", NULL, &reply, f));
	const char *path = json_string_value(json_object_get(reply, "path"));
	const char *expires = json_string_value(json_object_get(reply, "expires"));
	err e = path == NULL || expires == NULL
			? fail(f, "CLIENT_REPLY_BAD", "path", "/v1/links", NULL)
			: ERR_OK;
	if (e.code == OK && cli->json)
		cli_json(reply);
	else if (e.code == OK)
		printf("%s%s\nIt works once, until %s. Where a house made its own TLS certificate, "
		       "the "
		       "browser warns: go on if this is your address.\n",
		       client_configuration(client)->server, path, expires);
	json_decref(reply);
	return e;
}
