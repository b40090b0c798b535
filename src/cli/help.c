/* SPDX-License-Identifier: Apache-2.0 */
/* help.c — what the table of commands says to people, and as manual pages. */
#include "cli/cli.h"

#include "server/server.h"

#include <stdio.h>
#include <string.h>

#define PROGRAM "sealwright"

enum { SETTINGS_SIZE = 8192 };

const struct option_row GLOBAL_OPTIONS[] = {
	{"server", "URL",
	 "address of the server, https://HOST:PORT; on this machine also http://localhost:PORT"},
	{"ca", "FILE", "TLS certificate that the server may show (PEM)"},
	{"as", "PRINCIPAL", "who you are"},
	{"key", "FILE", "your private key"},
	{"passphrase-file", "FILE", "where the key's passphrase stands, instead of asking"},
	{"log", "FILE",
	 "the log's verifier key, a file or the key itself; receipts are verified with it. Where "
	 "nothing is signed, --key does, too"},
	{"proxy", "URL", "http://HOST:PORT of a proxy that the server is reached through"},
	{"proxy-credentials", "FILE", "where USER:PASSWORD for the proxy stands"},
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

static void print_settings(void)
{
	static char text[SETTINGS_SIZE];
	struct writer w = writer_of(text, sizeof text);
	struct bytes said;

	config_help(&w);
	if (writer_done(&w, &said))
		printf("\nsettings of DIR/sealwright.conf, `name = value`, one a line (name, "
		       "default, "
		       "help):\n%.*s",
		       (int)said.n, (const char *)said.p);
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
	if (c->run == command_serve)
		print_settings();
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

/* ---- for man(1) ---- */

static void put_roff(FILE *to, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		fprintf(to, "\\&");
	for (; *text != '\0'; text++)
		if (*text == '-' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else
			putc(*text, to);
}

static void put_options(FILE *to, const struct option_row *rows)
{
	for (; rows != NULL && rows->name != NULL; rows++) {
		fprintf(to, ".TP\n.B \\-\\-");
		put_roff(to, rows->name);
		fprintf(to, "%s%s\n", rows->argument == NULL ? "" : " ",
			rows->argument == NULL ? "" : rows->argument);
		put_roff(to, rows->help);
		fprintf(to, "\n");
	}
}

static void put_exit_statuses(FILE *to)
{
	fprintf(to,
		".SH EXIT STATUS\n.TP\n.B 0\nIt worked.\n.TP\n.B 1\nThe command ran, and what it "
		"looked at is not in order.\n");
	for (int i = 1; i < ERR_CODES; i++) {
		const struct err_info *info = err_info((enum err_code)i);
		fprintf(to, ".TP\n.B %d\n", info->exit_code);
		put_roff(to, info->sentence);
		fprintf(to, "\n");
	}
}

static void put_everywhere(FILE *to)
{
	fprintf(to,
		".SH OPTIONS EVERYWHERE\nA profile may hold them, one `name = value` a line.\n");
	put_options(to, GLOBAL_OPTIONS);
	put_exit_statuses(to);
	fprintf(to, ".SH FILES\n.TP\n.I ~/.config/sealwright/profile\nThe profile, unless "
		    "\\-\\-profile or the variable SEALWRIGHT_PROFILE names another.\n");
}

static void put_manual(FILE *to)
{
	fprintf(to,
		".\\\" Written by `sealwright help --man`.\n.TH SEALWRIGHT 1\n.SH NAME\nsealwright "
		"\\- supply\\-chain integrity for hardware\n.SH SYNOPSIS\n.B sealwright\n.I "
		"COMMAND\n[WORD ...] [\\-\\-OPTION ...]\n.SH COMMANDS\n");
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		fprintf(to, ".SS %s%s%s\n", c->name, c->arguments[0] == '\0' ? "" : " ",
			c->arguments);
		put_roff(to, c->help);
		fprintf(to, "\n");
		put_options(to, c->options);
	}
	put_everywhere(to);
}

/* ---- a page for each command ---- */

/* `keys make` has the page sealwright-keys-make(1). */
static void page_name(const struct command *c, char out[static 64])
{
	snprintf(out, 64, "sealwright-%s", c->name);
	for (char *p = out; *p != '\0'; p++)
		if (*p == ' ')
			*p = '-';
}

static void put_page(FILE *to, const struct command *c)
{
	char name[64];

	page_name(c, name);
	fprintf(to, ".\\\" Written by `sealwright help --man-pages DIR`.\n.TH ");
	put_roff(to, name);
	fprintf(to, " 1\n.SH NAME\n");
	put_roff(to, name);
	fprintf(to, " \\- %.*s\n.SH SYNOPSIS\n.B sealwright %s\n", (int)strcspn(c->help, ".;:"),
		c->help, c->name);
	put_roff(to, c->arguments);
	fprintf(to, " [\\-\\-OPTION ...]\n.SH DESCRIPTION\n");
	put_roff(to, c->help);
	fprintf(to, "\n");
	if (c->options != NULL)
		fprintf(to, ".SH OPTIONS\n");
	put_options(to, c->options);
	put_everywhere(to);
	fprintf(to, ".SH SEE ALSO\n.BR sealwright (1)\n");
}

typedef void put_one(FILE *to, const struct command *c);

static void put_all(FILE *to, const struct command *c)
{
	(void)c;
	put_manual(to);
}

static err write_page(struct arena *a, const char *folder, const char *name,
		      const struct command *c, put_one *put, struct fault *f)
{
	const char *path = arena_printf(a, "%s/%s.1", folder, name);
	FILE *to = path == NULL ? NULL : fopen(path, "w");

	if (to == NULL)
		return fail(f, "CLI_PAGE_UNWRITTEN", "path", path == NULL ? folder : path, NULL);
	put(to, c);
	bool whole = ferror(to) == 0;
	whole = fclose(to) == 0 && whole;
	return whole ? ERR_OK : fail(f, "CLI_PAGE_UNWRITTEN", "path", path, NULL);
}

static err write_pages(struct cli *cli, const char *folder, struct fault *f)
{
	char name[64];

	TRY(write_page(&cli->arena, folder, "sealwright", NULL, put_all, f));
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		page_name(c, name);
		TRY(write_page(&cli->arena, folder, name, c, put_page, f));
	}
	return ERR_OK;
}

err command_help(struct cli *cli, struct fault *f)
{
	const char *folder = cli_option(cli, "man-pages");

	if (folder != NULL)
		return write_pages(cli, folder, f);
	if (cli_flag(cli, "man"))
		put_manual(stdout);
	else
		cli_print_usage();
	return ERR_OK;
}
