/* SPDX-License-Identifier: Apache-2.0 */
/* help.c — what the table of commands says: to people, to shells, and as a manual page. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#define PROGRAM "sealwright"

const struct option_row GLOBAL_OPTIONS[] = {
	{"server", "URL", "address of the server, https://HOST:PORT"},
	{"ca", "FILE", "TLS certificate that the server may show (PEM)"},
	{"as", "PRINCIPAL", "who you are"},
	{"key", "FILE", "your private key"},
	{"passphrase-file", "FILE", "where the key's passphrase stands, instead of asking"},
	{"log", "FILE",
	 "the log's verifier key, a file or the key itself; receipts are verified with it. Where "
	 "nothing is signed, --key does, too"},
	{"profile", "FILE", "where the options above are kept, one `name = value` a line"},
	{"json", NULL, "answers for programs"},
	{"help", NULL, "what the command does and takes"},
	{0},
};

/* ---- for people ---- */

static void print_options(const struct option_row *rows)
{
	char left[64];

	for (; rows != NULL && rows->name != NULL; rows++) {
		snprintf(left, sizeof left, "--%s%s%s", rows->name,
			 rows->argument == NULL ? "" : " ",
			 rows->argument == NULL ? "" : rows->argument);
		printf("  %-26s %s\n", left, rows->help);
	}
}

void cli_print_command(const struct cli *cli)
{
	const struct command *c = cli->command;

	printf("usage: %s %s%s%s\n%s\n", PROGRAM, c->name, c->arguments[0] != '\0' ? " " : "",
	       c->arguments, c->help);
	if (c->options != NULL) {
		printf("\n");
		print_options(c->options);
	}
	printf("\neverywhere:\n");
	print_options(GLOBAL_OPTIONS);
}

void cli_print_usage(void)
{
	printf("usage: %s COMMAND [WORD …] [--OPTION …]\n\n", PROGRAM);
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		int n = (int)strcspn(c->help, ".;:");
		printf("  %-18s %.*s\n", c->name, n, c->help);
	}
	printf("\n`%s COMMAND --help` says more. Everywhere:\n", PROGRAM);
	print_options(GLOBAL_OPTIONS);
}

/* ---- for shells ---- */

err command_completion(struct cli *cli, struct fault *f)
{
	(void)cli;
	(void)f;
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		printf("%s", c->name);
		for (const struct option_row *o = c->options; o != NULL && o->name != NULL; o++)
			printf(" --%s", o->name);
		for (const struct option_row *o = GLOBAL_OPTIONS; o->name != NULL; o++)
			printf(" --%s", o->name);
		printf("\n");
	}
	return ERR_OK;
}

/* ---- for man(1) ---- */

static void put_roff(const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		printf("\\&");
	for (; *text != '\0'; text++)
		if (*text == '-' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar(*text);
}

static void put_options(const struct option_row *rows)
{
	for (; rows != NULL && rows->name != NULL; rows++) {
		printf(".TP\n.B \\-\\-");
		put_roff(rows->name);
		printf("%s%s\n", rows->argument == NULL ? "" : " ",
		       rows->argument == NULL ? "" : rows->argument);
		put_roff(rows->help);
		printf("\n");
	}
}

static void put_exit_statuses(void)
{
	printf(".SH EXIT STATUS\n.TP\n.B 0\nIt worked.\n.TP\n.B 1\nThe command ran, and what it "
	       "looked at is not in order.\n");
	for (int i = 1; i < ERR_CODES; i++) {
		const struct err_info *info = err_info((enum err_code)i);
		printf(".TP\n.B %d\n", info->exit_code);
		put_roff(info->sentence);
		printf("\n");
	}
}

static void put_manual(void)
{
	printf(".\\\" Written by `sealwright help --man`.\n.TH SEALWRIGHT 1\n.SH NAME\nsealwright "
	       "\\- supply\\-chain integrity for hardware\n.SH SYNOPSIS\n.B sealwright\n.I "
	       "COMMAND\n[WORD ...] [\\-\\-OPTION ...]\n.SH COMMANDS\n");
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		printf(".SS %s%s%s\n", c->name, c->arguments[0] == '\0' ? "" : " ", c->arguments);
		put_roff(c->help);
		printf("\n");
		put_options(c->options);
	}
	printf(".SH OPTIONS\nThese are understood everywhere; a profile may hold them, one `name = "
	       "value` a line.\n");
	put_options(GLOBAL_OPTIONS);
	put_exit_statuses();
	printf(".SH FILES\n.TP\n.I ~/.config/sealwright/profile\nThe profile, unless "
	       "\\-\\-profile or the variable SEALWRIGHT_PROFILE names another.\n");
}

err command_help(struct cli *cli, struct fault *f)
{
	(void)f;
	if (cli_flag(cli, "man"))
		put_manual();
	else
		cli_print_usage();
	return ERR_OK;
}
