/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — reads the command line, finds the command, says what went wrong. */
#include "cli/cli.h"

#include <curl/curl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* ---- reading ---- */

/* The command whose words come first; two words before one. */
static const struct command *find_command(int count, char **arguments, int *taken)
{
	char two[64];

	for (int words = 2; words >= 1; words--) {
		if (count < words)
			continue;
		int n = words == 1 ? snprintf(two, sizeof two, "%s", arguments[0])
				   : snprintf(two, sizeof two, "%s %s", arguments[0], arguments[1]);
		if (n < 0 || (size_t)n >= sizeof two)
			continue;
		*taken = words;
		for (const struct command *c = COMMANDS; c->name != NULL; c++)
			if (strcmp(c->name, two) == 0)
				return c;
	}
	return NULL;
}

static const struct option_row *find_option(const struct option_row *rows, const char *name,
					    size_t n)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		if (strlen(rows->name) == n && memcmp(rows->name, name, n) == 0)
			return rows;
	return NULL;
}

static err read_option(struct cli *cli, int count, char **arguments, int *i, struct fault *f)
{
	const char *name = arguments[*i] + 2, *equals = strchr(name, '=');
	size_t n = equals == NULL ? strlen(name) : (size_t)(equals - name);
	const struct option_row *row = find_option(cli->command->options, name, n);

	if (row == NULL)
		row = find_option(GLOBAL_OPTIONS, name, n);
	if (row == NULL)
		return fail(f, "CLI_OPTION_UNKNOWN", "option", arguments[*i], "command",
			    cli->command->name, NULL);
	if (cli->options_n == CLI_OPTIONS_MAX)
		return fail(f, "CLI_TOO_MANY", NULL);
	if (row->argument == NULL && equals != NULL)
		return fail(f, "CLI_OPTION_TAKES_NOTHING", "option", row->name, NULL);
	const char *value = equals != NULL ? equals + 1 : "";
	if (row->argument != NULL && equals == NULL) {
		if (*i + 1 >= count)
			return fail(f, "CLI_OPTION_NEEDS", "option", row->name, "argument",
				    row->argument, NULL);
		value = arguments[++*i];
	}
	cli->options[cli->options_n++] = (struct option_given){row, value};
	return ERR_OK;
}

static err read_arguments(struct cli *cli, int count, char **arguments, struct fault *f)
{
	bool words_only = false;

	for (int i = 0; i < count; i++) {
		if (!words_only && strcmp(arguments[i], "--") == 0) {
			words_only = true;
		} else if (!words_only && strncmp(arguments[i], "--", 2) == 0) {
			TRY(read_option(cli, count, arguments, &i, f));
		} else {
			if (cli->words_n == CLI_WORDS_MAX)
				return fail(f, "CLI_TOO_MANY", NULL);
			cli->words[cli->words_n++] = arguments[i];
		}
	}
	return ERR_OK;
}

static err check_words(const struct cli *cli, struct fault *f)
{
	const struct command *c = cli->command;

	if (cli->words_n >= c->least && cli->words_n <= c->most)
		return ERR_OK;
	return fail(f, "CLI_WORDS_WRONG", "command", c->name, "arguments", c->arguments, NULL);
}

static err run(struct cli *cli, int count, char **arguments, struct fault *f)
{
	int taken = 0;

	cli->command = find_command(count, arguments, &taken);
	if (cli->command == NULL)
		return fail(f, "CLI_COMMAND_UNKNOWN", "command", arguments[0], NULL);
	TRY(read_arguments(cli, count - taken, arguments + taken, f));
	cli->json = cli_flag(cli, "json");
	if (cli_flag(cli, "help")) {
		cli_print_command(cli);
		return cli->command->more_help == NULL ? ERR_OK : cli->command->more_help(cli, f);
	}
	TRY(check_words(cli, f));
	return cli->command->run(cli, f);
}

static void cli_done(struct cli *cli)
{
	client_close(cli->client);
	private_key_close(cli->key);
	bytes_wipe((void *)(uintptr_t)cli->passphrase.p, cli->passphrase.n);
	registry_free(cli->registry);
	arena_done(&cli->arena);
	free(cli);
}

/* Keys and passphrases are in memory: a crash must not write them to the disk. */
static void forbid_core_files(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv)
{
	struct fault f = {0};
	struct cli *cli = calloc(1, sizeof *cli);
	int status;

	forbid_core_files();
	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	if (cli == NULL)
		return err_info(ERR_MEMORY)->exit_code;
	cli->verified = true;
	cli->arena.limit = (size_t)1 << 30;
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		cli_print_usage();
		cli_done(cli);
		return argc < 2 ? err_info(ERR_INVALID)->exit_code : 0;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	err e = run(cli, argc - 1, argv + 1, &f);
	if (e.code != OK)
		cli_problem(cli, &f);
	status = e.code != OK ? err_info(e.code)->exit_code : cli->verified ? 0 : 1;
	cli_done(cli);
	curl_global_cleanup();
	if (fflush(stdout) != 0 && status == 0)
		status = err_info(ERR_IO)->exit_code;
	return status;
}
