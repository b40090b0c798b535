/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c — what other systems call the same thing. */
#include "cli/thing.h"

#include <stdio.h>

#define NAMED_HALVES " unit part_lot seal line bom "

static err wrong_form(const struct cli *cli, struct fault *f)
{
	return fail(f, "CLI_THING_FORM", "command", cli->command->name, "arguments",
		    cli->command->arguments, NULL);
}

/* KIND [WITHIN] ID SYSTEM NUMBER, and a reason when it ends. */
static err write_reference(struct cli *cli, const char *type, const char *reason, struct fault *f)
{
	struct client *client;
	struct thing thing;
	json_t *receipt = NULL;
	size_t used;

	TRY(cli_thing(cli, NAMED_HALVES, &thing, &used, f));
	if (cli->words_n != used + 2)
		return wrong_form(cli, f);
	TRY(cli_client(cli, true, &client, f));
	json_t *body = thing_json(&thing);
	json_object_set_new(body, "system", json_string(cli->words[used]));
	json_object_set_new(body, "number", json_string(cli->words[used + 1]));
	if (reason != NULL)
		json_object_set_new(body, "reason", json_string(reason));
	err result = client_record(client, type, body, &receipt, f);
	json_decref(body);
	TRY(result);
	if (cli->json)
		cli_json(receipt);
	else
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return ERR_OK;
}

err command_reference_add(struct cli *cli, struct fault *f)
{
	return write_reference(cli, "reference.added", NULL, f);
}

err command_reference_end(struct cli *cli, struct fault *f)
{
	const char *reason = cli_option(cli, "reason");

	if (reason == NULL)
		return fail(f, "CLI_CONTAIN_WITHOUT", "option", "reason", NULL);
	return write_reference(cli, "reference.ended", reason, f);
}

static err show(struct cli *cli, const char *view, const char *const *query, struct fault *f)
{
	struct client *client;
	json_t *page;

	TRY(cli_client(cli, true, &client, f));
	TRY(client_view_all(client, view, query, 0, &page, f));
	err result = cli_table(cli, page, f);
	json_decref(page);
	return result;
}

err command_reference_find(struct cli *cli, struct fault *f)
{
	const char *const query[] = {"number", cli->words[0], cli->words_n > 1 ? "system" : NULL,
				     cli->words_n > 1 ? cli->words[1] : NULL, NULL};

	return show(cli, "reference.find", query, f);
}

err command_reference_of(struct cli *cli, struct fault *f)
{
	struct thing thing;
	size_t used;

	TRY(cli_thing(cli, NAMED_HALVES, &thing, &used, f));
	if (used != cli->words_n)
		return wrong_form(cli, f);
	const char *const query[] = {
		"kind",       thing.kind, "id", thing.id, thing.within[0] == '\0' ? NULL : "within",
		thing.within, NULL};
	return show(cli, "reference.of", query, f);
}
