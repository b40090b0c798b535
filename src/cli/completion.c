/* SPDX-License-Identifier: Apache-2.0 */
/* completion.c — what a shell may offer, from the table of commands. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void put_options(const struct option_row *rows)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		printf(" --%s", rows->name);
}

static void put_line(const struct command *c)
{
	printf("%s", c->name);
	put_options(c->options);
	put_options(GLOBAL_OPTIONS);
	printf("\n");
}

/* How many bytes the first word of a command has. */
static size_t first_word(const char *name)
{
	return strcspn(name, " ");
}

/* The words that may follow this first one. */
static void put_second_words(const char *first, size_t n)
{
	for (const struct command *c = COMMANDS; c->name != NULL; c++)
		if (first_word(c->name) == n && strncmp(c->name, first, n) == 0 &&
		    c->name[n] == ' ')
			printf("%s ", c->name + n + 1);
}

static bool is_first_of_its_word(const struct command *c)
{
	size_t n = first_word(c->name);

	for (const struct command *earlier = COMMANDS; earlier != c; earlier++)
		if (first_word(earlier->name) == n && strncmp(earlier->name, c->name, n) == 0)
			return false;
	return true;
}

/* Two words before one, so that the longer one is matched. */
static void put_cases(bool two_words)
{
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		size_t n = first_word(c->name);
		if ((c->name[n] == ' ') != two_words)
			continue;
		printf("\t\"%s \"*) words=\"", c->name);
		if (!two_words)
			put_second_words(c->name, n);
		put_options(c->options);
		put_options(GLOBAL_OPTIONS);
		printf("\" ;;\n");
	}
}

/* Words that only begin commands of two words. */
static void put_groups(void)
{
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		size_t n = first_word(c->name);
		if (c->name[n] != ' ' || !is_first_of_its_word(c))
			continue;
		printf("\t\"%.*s \"*) words=\"", (int)n, c->name);
		put_second_words(c->name, n);
		printf("\" ;;\n");
	}
}

/* Where no word of ours fits, the shell offers files. */
static void put_script(void)
{
	printf("# Completion of sealwright for bash, and for zsh after bashcompinit; written by\n"
	       "# `sealwright completion bash`.\n_sealwright() {\n"
	       "\tlocal said=\"${COMP_WORDS[*]:1:COMP_CWORD-1} \" words=\"\"\n"
	       "\tcase $said in\n");
	put_cases(true);
	put_cases(false);
	put_groups();
	printf("\t*) words=\"");
	for (const struct command *c = COMMANDS; c->name != NULL; c++)
		if (is_first_of_its_word(c))
			printf("%.*s ", (int)first_word(c->name), c->name);
	printf("\" ;;\n\tesac\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
	       "complete -o default -F _sealwright sealwright\n");
}

err command_completion(struct cli *cli, struct fault *f)
{
	const char *shell = cli->words_n == 0 ? "list" : cli->words[0];

	if (strcmp(shell, "zsh") == 0)
		printf("autoload -U +X bashcompinit && bashcompinit\n");
	if (strcmp(shell, "zsh") == 0 || strcmp(shell, "bash") == 0) {
		put_script();
		return ERR_OK;
	}
	if (strcmp(shell, "list") != 0)
		return fail(f, "CLI_SHELL_UNKNOWN", "shell", shell, NULL);
	for (const struct command *c = COMMANDS; c->name != NULL; c++)
		put_line(c);
	return ERR_OK;
}
