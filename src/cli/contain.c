/* SPDX-License-Identifier: Apache-2.0 */
/* contain.c — stops what comes from a source, after showing what that is; and takes it back. */
#include "cli/affected.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* A name nobody has used: the day, and chance. */
static err new_name(struct cli *cli, const char **out, struct fault *f)
{
	char at[TIME_TEXT_SIZE];
	uint8_t chance[4];

	*out = cli_option(cli, "name");
	if (*out != NULL)
		return ERR_OK;
	time_text(clock_wall_ms(&clock_system), at);
	if (getrandom(chance, sizeof chance, 0) != sizeof chance)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*out = arena_printf(&cli->arena, "C-%.10s-%02x%02x%02x%02x", at, chance[0], chance[1],
			    chance[2], chance[3]);
	return *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

static err needed(struct cli *cli, const char *option, const char **out, struct fault *f)
{
	*out = cli_option(cli, option);
	return *out != NULL ? ERR_OK : fail(f, "CLI_CONTAIN_WITHOUT", "option", option, NULL);
}

static err record(struct cli *cli, struct client *client, const char *type, const json_t *body,
		  struct fault *f)
{
	json_t *receipt = NULL;

	TRY(client_record(client, type, body, &receipt, f));
	if (cli->json)
		cli_json(receipt);
	else
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return ERR_OK;
}

/* How many units, and where they are now. */
static err show_reach(struct cli *cli, struct client *client, const struct thing *thing,
		      struct fault *f)
{
	const char *query[] = {"kind", thing->kind, "id", thing->id, "within", thing->within, NULL};
	json_t *page, *row;
	json_int_t certain = 0, possible = 0;
	size_t i;

	if (thing->within[0] == '\0')
		query[4] = NULL;
	TRY(client_view_all(client, "recall.affected_counts", query, 0, &page, f));
	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		const char *word = json_string_value(json_object_get(row, "certainty"));
		json_int_t n = json_integer_value(json_object_get(row, "units"));
		*(word != NULL && strcmp(word, "certain") == 0 ? &certain : &possible) += n;
	}
	bool period = cli_option(cli, "since") != NULL || cli_option(cli, "until") != NULL;
	printf("Contains %s%" JSON_INTEGER_FORMAT " units for certain and %" JSON_INTEGER_FORMAT
	       " possibly, as far as you may see them, and whatever comes from there later.\n",
	       period ? "at most " : "", certain, possible);
	err result = certain + possible > 0 ? cli_table(cli, page, f) : ERR_OK;
	json_decref(page);
	return result;
}

static err start(struct cli *cli, struct client *client, const struct thing *thing,
		 const char *reason, struct fault *f)
{
	static const char *const TIMES[] = {"since", "until"};
	const char *name;

	TRY(new_name(cli, &name, f));
	if (!cli->json)
		TRY(show_reach(cli, client, thing, f));
	TRY(cli_confirm(cli, "Contain all of it?", f));
	json_t *body = thing_json(thing);
	json_object_set_new(body, "containment", json_string(name));
	json_object_set_new(body, "reason", json_string(reason));
	for (size_t i = 0; i < 2; i++)
		if (cli_option(cli, TIMES[i]) != NULL)
			json_object_set_new(body, TIMES[i], json_string(cli_option(cli, TIMES[i])));
	err result = record(cli, client, "containment.started", body, f);
	json_decref(body);
	if (result.code == OK && !cli->json)
		printf("Containment %s. Another person ends it: sealwright contain --end %s "
		       "--reason TEXT\n",
		       name, name);
	return result;
}

static err end(struct cli *cli, struct client *client, const char *name, const char *reason,
	       struct fault *f)
{
	const char *const query[] = {"containment", name, NULL};
	json_t *page;

	if (!cli->json) {
		TRY(client_view(client, "containment.list", query, &page, f));
		err shown = cli_table(cli, page, f);
		json_decref(page);
		TRY(shown);
	}
	TRY(cli_confirm(cli, "May all of it go on?", f));
	json_t *body = json_pack("{s:s, s:s}", "containment", name, "reason", reason);
	err result = record(cli, client, "containment.ended", body, f);
	json_decref(body);
	return result;
}

err command_contain(struct cli *cli, struct fault *f)
{
	const char *ended = cli_option(cli, "end"), *reason;
	struct client *client;
	struct thing thing = {0};
	size_t used = 0;

	if (ended == NULL)
		TRY(cli_thing(cli, SOURCE_HALVES, &thing, &used, f));
	if (used != cli->words_n)
		return fail(f, "CLI_THING_FORM", "command", cli->command->name, "arguments",
			    cli->command->arguments, NULL);
	TRY(needed(cli, "reason", &reason, f));
	TRY(cli_client(cli, true, &client, f));
	return ended != NULL ? end(cli, client, ended, reason, f)
			     : start(cli, client, &thing, reason, f);
}
