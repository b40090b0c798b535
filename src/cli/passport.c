/* SPDX-License-Identifier: Apache-2.0 */
/* passport.c — passports fetched, shortened and taken home. */
#include "cli/cli.h"

#include "base/files.h"
#include "client/take_home.h"
#include "core/passport.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TAKE_HOME_UNITS_MAX = 10000 };

/* What --show and --without say, for whichever unit. */
static err read_wish(const struct cli *cli, struct passport_wish *out, struct fault *f)
{
	const char *show = cli_option(cli, "show");

	*out = (struct passport_wish){.confidential = show != NULL,
				      .without = cli_option(cli, "without")};
	if (show != NULL && strcmp(show, "confidential") != 0)
		return fail_field(f, "show", "PASSPORT_SHOW_WRONG", "value", show, NULL);
	return ERR_OK;
}

static err needs(const struct cli *cli, const char *option, const char *argument, const char **out,
		 struct fault *f)
{
	*out = cli_option(cli, option);
	return *out != NULL
		       ? ERR_OK
		       : fail(f, "CLI_OPTION_NEEDS", "option", option, "argument", argument, NULL);
}

/* Takes the reference. */
static void say(json_t *json)
{
	cli_json(json);
	json_decref(json);
}

err command_passport(struct cli *cli, struct fault *f)
{
	struct passport_wish wish;
	struct client *client;
	struct bytes file;
	const char *to;

	TRY(needs(cli, "to", "FILE", &to, f));
	TRY(read_wish(cli, &wish, f));
	wish.product = cli->words[0];
	wish.serial = cli->words[1];
	TRY(cli_client(cli, true, &client, f));
	TRY(client_passport(client, &cli->arena, &wish, &file, f));
	TRY(file_write(to, file, 0644, f));
	if (cli->json)
		say(json_pack("{s:s, s:s, s:s, s:I}", "file", to, "product", wish.product, "serial",
			      wish.serial, "bytes", (json_int_t)file.n));
	else
		printf("%s: the passport of %s %s, %zu bytes\n", to, wish.product, wish.serial,
		       file.n);
	return ERR_OK;
}

err command_passport_redact(struct cli *cli, struct fault *f)
{
	const char *names[CLI_OPTIONS_MAX];
	const char *to;
	struct bytes file, less;
	size_t n = 0, hidden;

	TRY(needs(cli, "to", "FILE", &to, f));
	while ((names[n] = cli_option_at(cli, "hide", n)) != NULL)
		n++;
	TRY(file_read(&cli->arena, cli->words[0], PASSPORT_SIZE_MAX, &file, f));
	TRY(passport_redact(&cli->arena, file, names, n, &less, &hidden, f));
	TRY(file_write(to, less, 0644, f));
	if (cli->json)
		say(json_pack("{s:s, s:I}", "file", to, "hidden", (json_int_t)hidden));
	else
		printf("%s: %zu value%s hidden; what was signed and proved is as it was\n", to,
		       hidden, hidden == 1 ? "" : "s");
	return ERR_OK;
}

/* ---- take-home ---- */

static err named_units(struct cli *cli, const struct passport_wish *wish,
		       struct passport_wish **out, size_t *n, struct fault *f)
{
	struct passport_wish *units = arena_array(&cli->arena, CLI_OPTIONS_MAX, sizeof *units);
	const char *one;

	if (units == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (*n = 0; (one = cli_option_at(cli, "units", *n)) != NULL; (*n)++) {
		const char *slash = strchr(one, '/');
		if (slash == NULL || slash == one || slash[1] == '\0')
			return fail(f, "TAKE_HOME_UNIT_WRONG", "unit", one, NULL);
		units[*n] = *wish;
		units[*n].product = arena_text(&cli->arena, bytes_of(one, (size_t)(slash - one)));
		units[*n].serial = slash + 1;
	}
	*out = units;
	return *n > 0 ? ERR_OK : fail(f, "TAKE_HOME_NO_UNITS", NULL);
}

static err every_unit(struct cli *cli, struct client *client, const struct passport_wish *wish,
		      struct passport_wish **out, size_t *n, struct fault *f)
{
	json_t *page, *row;
	size_t i;

	TRY(client_view_all(client, "unit.list", NULL, TAKE_HOME_UNITS_MAX, &page, f));
	const json_t *rows = json_object_get(page, "rows");
	struct passport_wish *units =
		arena_array(&cli->arena, json_array_size(rows) + 1, sizeof *units);
	*n = 0;
	json_array_foreach(rows, i, row)
	{
		const char *product = json_string_value(json_object_get(row, "product"));
		const char *serial = json_string_value(json_object_get(row, "serial"));
		if (units == NULL || product == NULL || serial == NULL)
			continue;
		units[*n] = *wish;
		units[*n].product = arena_text(&cli->arena, bytes_text(product));
		units[(*n)++].serial = arena_text(&cli->arena, bytes_text(serial));
	}
	json_decref(page);
	*out = units;
	return *n > 0 ? ERR_OK : fail(f, "TAKE_HOME_NO_UNITS", NULL);
}

static void print_packed(const char *path, const struct take_home_report *r)
{
	printf("%s: %zu passport%s, ", path, r->passports, r->passports == 1 ? "" : "s");
	if (r->entries > 0)
		printf("the log of %" PRIu64 " entries, ", r->entries);
	else
		printf("the log without its entries (you may not read them), ");
	printf("the verifier%s, and README.txt\n",
	       r->program ? " with its source" : "'s source (its program is not installed here)");
}

err command_take_home(struct cli *cli, struct fault *f)
{
	struct passport_wish wish, *units = NULL;
	struct take_home_report report;
	struct client *client;
	size_t n = 0;

	TRY(read_wish(cli, &wish, f));
	if (!cli_flag(cli, "all"))
		TRY(named_units(cli, &wish, &units, &n, f));
	TRY(cli_client(cli, true, &client, f));
	if (cli_flag(cli, "all"))
		TRY(every_unit(cli, client, &wish, &units, &n, f));
	TRY(take_home_write(client, units, n, cli->words[0], &report, f));
	if (cli->json)
		say(json_pack("{s:s, s:I, s:I, s:b}", "file", cli->words[0], "passports",
			      (json_int_t)report.passports, "entries", (json_int_t)report.entries,
			      "program", (int)report.program));
	else
		print_packed(cli->words[0], &report);
	return ERR_OK;
}
