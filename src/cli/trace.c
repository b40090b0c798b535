/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c — back from a unit to its suppliers, as a tree. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* Deeper than that is said, not drawn: --json has all of it. */
enum { DEPTH_MAX = 100 };

static const char *text_of(const json_t *link, const char *name)
{
	const char *text = json_string_value(json_object_get(link, name));

	return text == NULL ? "" : text;
}

static void say(const char *text)
{
	cli_others(bytes_text(text));
}

static void say_thing(const json_t *link, unsigned depth)
{
	printf("%*s%s ", (int)(depth * 2), "", text_of(link, "kind"));
	if (text_of(link, "within")[0] != '\0') {
		say(text_of(link, "within"));
		printf(" ");
	}
	say(text_of(link, "id"));
	if (strcmp(text_of(link, "certainty"), "possible") == 0)
		printf(" (possible)");
}

static bool is_of(const json_t *link, const json_t *thing)
{
	return strcmp(text_of(link, "of_kind"), text_of(thing, "kind")) == 0 &&
	       strcmp(text_of(link, "of_within"), text_of(thing, "within")) == 0 &&
	       strcmp(text_of(link, "of_id"), text_of(thing, "id")) == 0;
}

/* The links that lead to each thing, so that the tree is drawn in one go: {"kind within id": [link, …]}. */
static json_t *by_owner(struct arena *a, const json_t *links)
{
	json_t *index = json_object(), *link;
	size_t i;

	json_array_foreach(links, i, link)
	{
		const char *key = arena_printf(a, "%s %s %s", text_of(link, "of_kind"),
					       text_of(link, "of_within"), text_of(link, "of_id"));
		json_t *list = key == NULL ? NULL : json_object_get(index, key);
		if (key != NULL && list == NULL) {
			list = json_array();
			json_object_set_new(index, key, list);
		}
		if (list != NULL)
			json_array_append(list, link);
	}
	return index;
}

struct drawing {
	struct arena *arena;
	json_t *index;
};

/* Each thing's own parts are drawn once: a cycle ends, and what comes twice says so. */
static void draw(struct drawing *d, const json_t *thing, unsigned depth)
{
	const char *key = arena_printf(d->arena, "%s %s %s", text_of(thing, "kind"),
				       text_of(thing, "within"), text_of(thing, "id"));
	json_t *link, *list;
	size_t i;

	say_thing(thing, depth);
	list = key == NULL ? NULL : json_incref(json_object_get(d->index, key));
	printf("%s\n", list != NULL && depth == DEPTH_MAX ? " …" : "");
	if (list == NULL || depth == DEPTH_MAX)
		return;
	json_object_del(d->index, key);
	json_array_foreach(list, i, link)
	{
		if (is_of(link, thing))
			draw(d, link, depth + 1);
	}
	json_decref(list);
}

err command_trace(struct cli *cli, struct fault *f)
{
	struct client *client;
	json_t *reply;

	TRY(cli_client(cli, true, &client, f));
	const char *product = client_escape(client, &cli->arena, cli->words[0]);
	const char *serial = client_escape(client, &cli->arena, cli->words[1]);
	if (product == NULL || serial == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(client_json(
		client, "GET",
		arena_printf(&cli->arena, "/v1/affected/unit/%s/%s/origins", product, serial), NULL,
		&reply, f));
	if (cli->json) {
		cli_json(reply);
		json_decref(reply);
		return ERR_OK;
	}
	struct arena text = {.limit = (size_t)256 << 20};
	struct drawing d = {&text, by_owner(&text, json_object_get(reply, "links"))};
	json_t *unit = json_pack("{s:s, s:s, s:s}", "kind", "unit", "within", cli->words[0], "id",
				 cli->words[1]);
	draw(&d, unit, 0);
	json_decref(unit);
	json_decref(d.index);
	json_decref(reply);
	arena_done(&text);
	return ERR_OK;
}
