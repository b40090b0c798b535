/* SPDX-License-Identifier: Apache-2.0 */
/* affected.c — where a source went: every unit, where it is now, and by which way. */
#include "cli/affected.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 1000000 };

/* ---- asking ---- */

char *affected_query(struct client *client, struct arena *a, const struct thing *thing)
{
	const char *within = client_escape(client, a, thing->within);
	const char *kind = client_escape(client, a, thing->kind);
	const char *id = client_escape(client, a, thing->id);

	if (within == NULL || kind == NULL || id == NULL)
		return NULL;
	return arena_printf(a, "kind=%s%s%s&id=%s", kind,
			    within[0] == '\0' ? "" : "&within=", within, id);
}

static err ask_page(struct cli *cli, struct client *client, const char *query, const char *limit,
		    const char *cursor, json_t **out, struct fault *f)
{
	const char *path = arena_printf(&cli->arena, "/v1/affected?%s%s%s", query,
					limit == NULL ? "" : "&limit=", limit == NULL ? "" : limit);

	if (path != NULL && cursor != NULL)
		path = arena_printf(&cli->arena, "%s&cursor=%s", path,
				    client_escape(client, &cli->arena, cursor));
	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return client_json(client, "GET", path, NULL, out, f);
}

/* Every page's units behind the first page's. */
static err ask_all(struct cli *cli, struct client *client, const char *query, json_t **out,
		   struct fault *f)
{
	json_t *page;

	TRY(ask_page(cli, client, query, "1000", NULL, out, f));
	for (;;) {
		const char *next = json_string_value(json_object_get(*out, "next"));
		json_t *units = json_object_get(*out, "units");
		if (next == NULL)
			return ERR_OK;
		err result = json_array_size(units) >= ROWS_MAX
				     ? fail(f, "VIEW_TOO_LONG", "view", "affected", NULL)
				     : ask_page(cli, client, query, "1000", next, &page, f);
		if (result.code != OK) {
			json_decref(*out);
			return result;
		}
		json_array_extend(units, json_object_get(page, "units"));
		json_object_del(*out, "next");
		if (json_object_get(page, "next") != NULL)
			json_object_set(*out, "next", json_object_get(page, "next"));
		json_decref(page);
	}
}

/* ---- showing ---- */

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text == NULL ? "" : text;
}

/* "part_lot R1 > unit S2 > unit S3" */
static const char *way(struct arena *a, const json_t *path)
{
	const char *text = "";
	json_t *link;
	size_t i;

	json_array_foreach(path, i, link)
	{
		text = arena_printf(a, "%s%s%s %s", text, i > 0 ? " > " : "", text_of(link, "kind"),
				    text_of(link, "id"));
		if (text == NULL)
			return "";
	}
	return text;
}

static const char *joined(struct arena *a, const json_t *names)
{
	const char *text = "";
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		text = arena_printf(a, "%s%s%s", text, i > 0 ? " " : "", json_string_value(name));
		if (text == NULL)
			return "";
	}
	return text;
}

static err show_units(struct cli *cli, json_t *reply, struct fault *f)
{
	struct arena text = {.limit = (size_t)256 << 20};
	json_t *row, *units = json_object_get(reply, "units");
	size_t i;

	json_array_foreach(units, i, row)
	{
		json_object_set_new(row, "contained",
				    json_string(joined(&text, json_object_get(row, "contained"))));
		json_object_set_new(row, "way",
				    json_string(way(&text, json_object_get(row, "path"))));
	}
	json_t *page =
		json_pack("{s:[s,s,s,s,s,s,s,s,s,s,s,s], s:O}", "columns", "product", "serial",
			  "certainty", "state", "site", "line", "shipment", "shipment_site",
			  "last_seen", "holds", "contained", "way", "rows", units);
	err result = cli_table(cli, page, f);
	json_decref(page);
	arena_done(&text);
	return result;
}

static err show_stock(struct cli *cli, const json_t *reply, struct fault *f)
{
	json_t *stock = json_object_get(reply, "stock");

	if (json_array_size(stock) == 0)
		return ERR_OK;
	printf("\nNot in a unit yet\n");
	json_t *page = json_pack("{s:[s,s,s,s,s,s,s], s:O}", "columns", "supplier", "part_lot",
				 "part", "site", "in_stock", "at_line", "holds", "rows", stock);
	err result = cli_table(cli, page, f);
	json_decref(page);
	return result;
}

static void say_counts(const json_t *reply)
{
	printf("%" JSON_INTEGER_FORMAT " certain, %" JSON_INTEGER_FORMAT
	       " possible; all records before %" JSON_INTEGER_FORMAT " are in this answer.\n",
	       json_integer_value(json_object_get(reply, "certain")),
	       json_integer_value(json_object_get(reply, "possible")),
	       json_integer_value(json_object_get(reply, "sequence")));
}

static err show(struct cli *cli, json_t *reply, struct fault *f)
{
	if (cli->json) {
		cli_json(reply);
		return ERR_OK;
	}
	if (cli_flag(cli, "csv"))
		return show_units(cli, reply, f);
	say_counts(reply);
	TRY(show_units(cli, reply, f));
	if (json_is_string(json_object_get(reply, "next")))
		fprintf(stderr, "There are more: say --all, or --limit N.\n");
	return show_stock(cli, reply, f);
}

err command_affected(struct cli *cli, struct fault *f)
{
	struct client *client;
	struct thing thing;
	json_t *reply;
	size_t used;

	TRY(cli_thing(cli, SOURCE_HALVES, &thing, &used, f));
	if (used != cli->words_n)
		return fail(f, "CLI_THING_FORM", "command", cli->command->name, "arguments",
			    cli->command->arguments, NULL);
	TRY(cli_client(cli, true, &client, f));
	const char *query = affected_query(client, &cli->arena, &thing);
	if (query == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(cli_flag(cli, "all")
		    ? ask_all(cli, client, query, &reply, f)
		    : ask_page(cli, client, query, cli_option(cli, "limit"), NULL, &reply, f));
	err result = show(cli, reply, f);
	json_decref(reply);
	return result;
}
