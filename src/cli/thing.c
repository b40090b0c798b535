/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/thing.h"

#include <stdio.h>
#include <string.h>

static bool has_halves(const char *two_halves, const char *kind)
{
	char word[80];

	snprintf(word, sizeof word, " %.70s ", kind);
	return strstr(two_halves, word) != NULL;
}

err cli_thing(const struct cli *cli, const char *two_halves, struct thing *out, size_t *used,
	      struct fault *f)
{
	bool halves = cli->words_n > 0 && has_halves(two_halves, cli->words[0]);
	size_t n = halves ? 3 : 2;

	if (cli->words_n < n)
		return fail(f, "CLI_THING_FORM", "command", cli->command->name, "arguments",
			    cli->command->arguments, NULL);
	*out = (struct thing){cli->words[0], halves ? cli->words[1] : "", cli->words[n - 1]};
	*used = n;
	return ERR_OK;
}

json_t *thing_json(const struct thing *thing)
{
	json_t *body = json_pack("{s:s, s:s}", "kind", thing->kind, "id", thing->id);

	if (thing->within[0] != '\0')
		json_object_set_new(body, "within", json_string(thing->within));
	return body;
}
