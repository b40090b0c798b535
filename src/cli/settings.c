/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c — what was said on the command line, and what the profile says. */
#include "cli/cli.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PROFILE_SIZE_MAX = 65536, LOG_KEY_SIZE_MAX = 1024, KEY_FILE_MAX = 16384 };

const char *cli_option_at(const struct cli *cli, const char *name, size_t i)
{
	for (size_t k = 0; k < cli->options_n; k++)
		if (strcmp(cli->options[k].row->name, name) == 0 && i-- == 0)
			return cli->options[k].value;
	return NULL;
}

const char *cli_option(const struct cli *cli, const char *name)
{
	for (size_t k = cli->options_n; k > 0; k--)
		if (strcmp(cli->options[k - 1].row->name, name) == 0)
			return cli->options[k - 1].value;
	return NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
	return cli_option(cli, name) != NULL;
}

err cli_number(const struct cli *cli, const char *name, uint64_t standard, uint64_t most,
	       uint64_t *out, struct fault *f)
{
	const char *text = cli_option(cli, name);
	char *end;

	*out = standard;
	if (text == NULL)
		return ERR_OK;
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out <= most)
		return ERR_OK;
	return fail(f, "CLI_NUMBER_WRONG", "option", name, "value", text, NULL);
}

/* ---- the profile ---- */

struct lookup {
	struct cli *cli;
	const char *wanted, *folder;
	const char *found;
	bool unknown;
	char unknown_name[64];
};

static bool is_path(const char *name)
{
	return strcmp(name, "ca") == 0 || strcmp(name, "key") == 0 || strcmp(name, "log") == 0 ||
	       strcmp(name, "passphrase-file") == 0 || strcmp(name, "proxy-credentials") == 0;
}

/* Paths in a profile begin where the profile lies. */
static int profile_line(void *context, const char *section, const char *name, const char *value)
{
	struct lookup *l = context;
	bool known = false;

	(void)section;
	for (const struct option_row *o = GLOBAL_OPTIONS; o->name != NULL; o++)
		known = known || (o->argument != NULL && strcmp(o->name, name) == 0);
	if (!known) {
		l->unknown = true;
		snprintf(l->unknown_name, sizeof l->unknown_name, "%s", name);
		return 0;
	}
	if (strcmp(name, l->wanted) != 0)
		return 1;
	l->found = is_path(name) && value[0] != '/'
			   ? arena_printf(&l->cli->arena, "%s/%s", l->folder, value)
			   : arena_text(&l->cli->arena, bytes_text(value));
	return 1;
}

static const char *profile_path(struct cli *cli)
{
	const char *path = cli_option(cli, "profile"), *home = getenv("HOME");

	if (path == NULL)
		path = getenv("SEALWRIGHT_PROFILE");
	if (path != NULL)
		return path;
	return home == NULL ? NULL
			    : arena_printf(&cli->arena, "%s/.config/sealwright/profile", home);
}

static err profile_find(struct cli *cli, const char *name, const char **out, struct fault *f)
{
	const char *path = profile_path(cli), *slash;
	struct bytes text;
	struct lookup l = {.cli = cli, .wanted = name};
	bool named = cli_option(cli, "profile") != NULL || getenv("SEALWRIGHT_PROFILE") != NULL;

	*out = NULL;
	if (path == NULL || (!named && !file_exists(path)))
		return ERR_OK;
	TRY(file_read(&cli->arena, path, PROFILE_SIZE_MAX, &text, f));
	slash = strrchr(path, '/');
	l.folder = slash == NULL ? "."
				 : arena_text(&cli->arena, bytes_of(path, (size_t)(slash - path)));
	const char *copy = arena_text(&cli->arena, text);
	if (copy == NULL || l.folder == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	int line = ini_parse_string(copy, profile_line, &l);
	if (line == 0) {
		*out = l.found;
		return ERR_OK;
	}
	char number[16];
	snprintf(number, sizeof number, "%d", line);
	return fail(f, "CLI_PROFILE_WRONG", "file", path, "line", number, "name",
		    l.unknown ? l.unknown_name : "what is there", NULL);
}

err cli_setting(struct cli *cli, const char *name, const char **out, struct fault *f)
{
	*out = cli_option(cli, name);
	return *out != NULL ? ERR_OK : profile_find(cli, name, out, f);
}

/* ---- registry, keys, passphrases ---- */

err cli_registry(struct cli *cli, const struct registry **out, struct fault *f)
{
	if (cli->registry == NULL)
		TRY(registry_make(AREAS, &cli->registry, f));
	*out = cli->registry;
	return ERR_OK;
}

err log_key_read(struct arena *a, const char *path, struct note_key *out, struct fault *f)
{
	struct bytes text = bytes_text(path); /* the key itself may stand there, too */

	if (note_key_parse(text, out))
		return ERR_OK;
	TRY(file_read(a, path, LOG_KEY_SIZE_MAX, &text, f));
	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	return note_key_parse(text, out) ? ERR_OK
					 : fail(f, "CLI_LOG_KEY_WRONG", "file", path, NULL);
}

err cli_log_key(struct cli *cli, const struct note_key **out, struct fault *f)
{
	const char *path;

	*out = NULL;
	TRY(cli_setting(cli, "log", &path, f));
	if (path == NULL)
		return ERR_OK;
	TRY(log_key_read(&cli->arena, path, &cli->log, f));
	*out = &cli->log;
	return ERR_OK;
}

/* Where something is only verified, `--key K` may be the log's key: there is nothing to sign. */
err cli_verifying_key(struct cli *cli, const struct note_key **out, struct fault *f)
{
	const char *key = cli_option(cli, "key");
	struct fault other = {0};

	*out = NULL;
	if (cli_option(cli, "log") == NULL && key != NULL &&
	    log_key_read(&cli->arena, key, &cli->log, &other).code == OK) {
		*out = &cli->log;
		return ERR_OK;
	}
	TRY(cli_log_key(cli, out, f));
	return *out != NULL ? ERR_OK : fail(f, "CLI_LOG_KEY_MISSING", NULL);
}

static bool key_is_encrypted(struct cli *cli, const char *path)
{
	struct bytes text;
	struct fault ignored;

	return file_read(&cli->arena, path, KEY_FILE_MAX, &text, &ignored).code == OK &&
	       memmem(text.p, text.n, "ENCRYPTED", 9) != NULL;
}

/* One line from the terminal, without echo. */
static err ask_terminal(const char *question, char *out, size_t cap, struct fault *f)
{
	struct termios before, quiet;
	FILE *terminal = fopen("/dev/tty", "r+e");

	if (terminal == NULL)
		return fail(f, "CLI_NO_TERMINAL", NULL);
	int fd = fileno(terminal);
	bool good = tcgetattr(fd, &before) == 0;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	good = good && tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
	good = good && dprintf(fd, "%s", question) > 0 && fgets(out, (int)cap, terminal) != NULL;
	tcsetattr(fd, TCSAFLUSH, &before);
	dprintf(fd, "\n");
	fclose(terminal);
	if (!good)
		return fail(f, "CLI_NO_TERMINAL", NULL);
	out[strcspn(out, "\r\n")] = '\0';
	return ERR_OK;
}

static err ask_passphrase(struct cli *cli, const char *path, bool twice, struct bytes *out,
			  struct fault *f)
{
	char *first = arena_alloc(&cli->arena, PASSPHRASE_MAX + 2), second[PASSPHRASE_MAX + 2];
	const char *question = arena_printf(&cli->arena, "Passphrase of %s: ", path);

	if (first == NULL || question == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ask_terminal(question, first, PASSPHRASE_MAX + 2, f));
	*out = bytes_text(first);
	if (!twice)
		return ERR_OK;
	TRY(ask_terminal("The same again: ", second, sizeof second, f));
	bool same = strcmp(first, second) == 0;
	bytes_wipe(second, sizeof second);
	return same && first[0] != '\0' ? ERR_OK : fail(f, "CLI_PASSPHRASES_DIFFER", NULL);
}

err cli_passphrase(struct cli *cli, const char *path, bool twice, struct bytes *out,
		   struct fault *f)
{
	const char *file;

	*out = (struct bytes){0};
	TRY(cli_setting(cli, "passphrase-file", &file, f));
	if (file == NULL && !twice && !key_is_encrypted(cli, path))
		return ERR_OK;
	if (file == NULL)
		return ask_passphrase(cli, path, twice, out, f);
	TRY(file_read(&cli->arena, file, PASSPHRASE_MAX + 2, out, f));
	while (out->n > 0 && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
		out->n--;
	return ERR_OK;
}

/* ---- the client ---- */

static err load_key(struct cli *cli, const char *principal, struct fault *f)
{
	TRY(cli_setting(cli, "key", &cli->key_file, f));
	if (cli->key_file == NULL || principal == NULL)
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	TRY(cli_passphrase(cli, cli->key_file, false, &cli->passphrase, f));
	return private_key_load(cli->key_file, cli->passphrase, &cli->key, f);
}

err cli_client_config(struct cli *cli, bool known, struct client_config *out, struct fault *f)
{
	*out = (struct client_config){0};
	TRY(cli_setting(cli, "server", &out->server, f));
	TRY(cli_setting(cli, "ca", &out->ca, f));
	TRY(cli_setting(cli, "proxy", &out->proxy, f));
	TRY(cli_setting(cli, "proxy-credentials", &out->proxy_credentials, f));
	TRY(cli_log_key(cli, &out->log, f));
	if (!known)
		return ERR_OK;
	TRY(cli_setting(cli, "as", &out->principal, f));
	TRY(load_key(cli, out->principal, f));
	if (out->log == NULL)
		return fail(f, "CLI_LOG_KEY_MISSING", NULL);
	TRY(cli_registry(cli, &out->registry, f));
	out->origin = cli->log.name;
	out->key = cli->key;
	out->key_file = cli->key_file;
	out->passphrase = cli->passphrase;
	return ERR_OK;
}

err cli_client(struct cli *cli, bool known, struct client **out, struct fault *f)
{
	struct client_config config;

	if (cli->client != NULL) { /* a command is of one person */
		*out = cli->client;
		return ERR_OK;
	}
	TRY(cli_client_config(cli, known, &config, f));
	TRY(client_open(&config, &cli->client, f));
	*out = cli->client;
	return ERR_OK;
}
