/* SPDX-License-Identifier: Apache-2.0 */
/* view.c — what is the case now, as far as one may see it. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

enum { QUERY_MAX = 32 };

static const char *parameters_of(struct cli *cli, const struct view *view)
{
	const char *text = "";

	for (size_t i = 0; i < view->parameters_n; i++)
		text = arena_printf(&cli->arena, "%s%s%s=%s", text, i > 0 ? " " : "",
				    view->parameters[i].name, field_kind_name(view->kinds[i]));
	return text;
}

static err list_views(struct cli *cli, struct fault *f)
{
	const struct registry *registry;

	TRY(cli_registry(cli, &registry, f));
	json_t *rows = json_array();
	for (size_t i = 0; i < registry->views_n; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "view",
						      registry->views[i].name, "permission",
						      registry->views[i].permission, "parameters",
						      parameters_of(cli, &registry->views[i])));
	json_t *page = json_pack("{s:[s,s,s], s:o}", "columns", "view", "permission", "parameters",
				 "rows", rows);
	err e = cli_table(cli, page, f);
	json_decref(page);
	return e;
}

static err make_query(struct cli *cli, const char *query[static QUERY_MAX], struct fault *f)
{
	const char *limit = cli_option(cli, "limit");
	size_t n = 0;

	for (size_t i = 1; i < cli->words_n; i++) {
		const char *word = cli->words[i];
		size_t length = strcspn(word, "=");
		if (word[length] != '=' || n + 4 >= QUERY_MAX)
			return fail(f, "CLI_FIELD_FORM", "word", word, NULL);
		query[n++] = arena_text(&cli->arena, bytes_of(word, length));
		query[n++] = word + length + 1;
	}
	if (limit != NULL) {
		query[n++] = "limit";
		query[n++] = limit;
	}
	query[n] = NULL;
	return ERR_OK;
}

err command_view(struct cli *cli, struct fault *f)
{
	const char *query[QUERY_MAX];
	struct client *client;
	json_t *page = NULL;

	if (cli_flag(cli, "list"))
		return list_views(cli, f);
	if (cli->words_n == 0)
		return fail(f, "CLI_WORDS_WRONG", "command", "view", "arguments",
			    cli->command->arguments, NULL);
	TRY(make_query(cli, query, f));
	TRY(cli_client(cli, true, &client, f));
	TRY(cli_flag(cli, "all") ? client_view_all(client, cli->words[0], query, 0, &page, f)
				 : client_view(client, cli->words[0], query, &page, f));
	err e = cli_table(cli, page, f);
	if (json_is_string(json_object_get(page, "next")) && !cli->json)
		fprintf(stderr, "There is more: say --all, or --limit N.\n");
	json_decref(page);
	return e;
}
