/* SPDX-License-Identifier: Apache-2.0 */
/* station.c — the sealed line box at a station, and a look at it. */
#include "cli/cli.h"

#include "base/files.h"
#include "station/station.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEM_FILE_MAX = 65536, TOKEN_MAX = 256, TOKEN_LEAST = 16, PORT_STANDARD = 8447 };

/* ---- settings ---- */

/* DIR/profile says who and where, unless another profile is named. */
static err use_profile(struct cli *cli, struct fault *f)
{
	static const struct option_row PROFILE = {"profile", "FILE", ""};
	const char *path = arena_printf(&cli->arena, "%s/profile", cli->words[0]);

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (cli_option(cli, "profile") != NULL || getenv("SEALWRIGHT_PROFILE") != NULL ||
	    !file_exists(path) || cli->options_n == CLI_OPTIONS_MAX)
		return ERR_OK;
	cli->options[cli->options_n++] = (struct option_given){&PROFILE, path};
	return ERR_OK;
}

static err read_token(struct cli *cli, struct station_config *config, struct fault *f)
{
	const char *path = cli_option(cli, "token-file");
	char *token = arena_alloc(&cli->arena, TOKEN_MAX + 1);
	size_t n;

	if (path == NULL) {
		path = arena_printf(&cli->arena, "%s/token", cli->words[0]);
		if (path == NULL || !file_exists(path))
			return ERR_OK;
	}
	if (token == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(secret_read(path, (uint8_t *)token, TOKEN_MAX, &n, f));
	if (n < TOKEN_LEAST)
		return fail(f, "STATION_TOKEN_SHORT", "path", path, NULL);
	config->token = token;
	return ERR_OK;
}

static err read_pem(struct cli *cli, const char *name, const char **out, struct fault *f)
{
	const char *path = arena_printf(&cli->arena, "%s/%s", cli->words[0], name);
	struct bytes text;

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(file_read(&cli->arena, path, PEM_FILE_MAX, &text, f));
	*out = arena_text(&cli->arena, text);
	return *out != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

/* This host needs no TLS to itself; every other does: DIR/tls.crt and DIR/tls.key. */
static err read_tls(struct cli *cli, struct station_config *config, struct fault *f)
{
	if (strncmp(config->address, "127.", 4) == 0 || strcmp(config->address, "::1") == 0)
		return ERR_OK;
	TRY(read_pem(cli, "tls.crt", &config->certificate_pem, f));
	return read_pem(cli, "tls.key", &config->key_pem, f);
}

static err read_config(struct cli *cli, struct station_config *config, struct fault *f)
{
	const char *address = cli_option(cli, "address");
	uint64_t port;

	*config = (struct station_config){.folder = cli->words[0],
					  .address = address == NULL ? "127.0.0.1" : address,
					  .folders = !cli_flag(cli, "no-folders")};
	TRY(use_profile(cli, f));
	TRY(cli_number(cli, "port", PORT_STANDARD, 65535, &port, f));
	config->port = (uint16_t)port;
	TRY(cli_client_config(cli, true, &config->client, f));
	TRY(read_token(cli, config, f));
	return read_tls(cli, config, f);
}

/* ---- running ---- */

static err run(struct cli *cli, const struct station_config *config, int ready,
	       const sigset_t *both, struct fault *f)
{
	struct station *station;
	char line[64];
	int signal_n;

	(void)cli;
	TRY(station_open(config, &station, f));
	int n = snprintf(line, sizeof line, "%s%u\n",
			 ready >= 0                        ? ""
			 : config->certificate_pem == NULL ? "http://localhost:"
							   : "https://localhost:",
			 station_port(station));
	err e = fd_write_all(ready < 0 ? STDOUT_FILENO : ready, bytes_of(line, (size_t)n), f);
	if (e.code == OK)
		sigwait(both, &signal_n);
	station_close(station);
	return e;
}

err command_station(struct cli *cli, struct fault *f)
{
	struct station_config config;
	sigset_t both;
	int ready;

	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGINT);
	sigprocmask(SIG_BLOCK, &both, NULL);
	TRY(read_config(cli, &config, f));
	TRY(cli_ready(cli, &ready, f));
	err e = run(cli, &config, ready, &both, f);
	if (config.token != NULL)
		bytes_wipe((void *)(uintptr_t)config.token, strlen(config.token));
	if (config.key_pem != NULL)
		bytes_wipe((void *)(uintptr_t)config.key_pem, strlen(config.key_pem));
	return e;
}

/* ---- looking ---- */

static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL ? "" : text;
}

static void others(const char *text)
{
	cli_others(bytes_text(text));
}

static void show_allowances(const json_t *list)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		printf("offline allowance ");
		others(text_of(one, "allowance"));
		printf(": %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " units, until ",
		       json_integer_value(json_object_get(one, "used")),
		       json_integer_value(json_object_get(one, "quantity")));
		others(text_of(one, "valid_until"));
		printf("%s\n", json_is_true(json_object_get(one, "returned")) ? ", returned" : "");
	}
}

static void show_refused(const json_t *list)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		const json_t *problem = json_object_get(one, "problem");
		printf("\nrefused %" JSON_INTEGER_FORMAT " ",
		       json_integer_value(json_object_get(one, "counter")));
		others(text_of(one, "type"));
		printf(", ");
		others(text_of(one, "at"));
		printf("\n  ");
		others(text_of(problem, "code"));
		printf(": ");
		others(text_of(problem, "detail"));
		if (text_of(problem, "fix")[0] != '\0') {
			printf("\n  Fix: ");
			others(text_of(problem, "fix"));
		}
		printf("\n");
	}
}

err command_station_status(struct cli *cli, struct fault *f)
{
	json_t *status = NULL;

	TRY(station_status(cli->words[0], &status, f));
	if (cli->json) {
		cli_json(status);
	} else {
		printf("spool %s: %" JSON_INTEGER_FORMAT " written, %" JSON_INTEGER_FORMAT
		       " answered, %" JSON_INTEGER_FORMAT " waiting\n",
		       text_of(status, "spool"),
		       json_integer_value(json_object_get(status, "written")),
		       json_integer_value(json_object_get(status, "answered")),
		       json_integer_value(json_object_get(status, "waiting")));
		show_allowances(json_object_get(status, "allowances"));
		show_refused(json_object_get(status, "refused"));
	}
	json_decref(status);
	return ERR_OK;
}

err command_station_seen(struct cli *cli, struct fault *f)
{
	uint64_t counter = 0;
	char *end;
	size_t n;

	if (cli->words_n == 2) {
		errno = 0;
		counter = strtoull(cli->words[1], &end, 10);
		if (cli->words[1][0] < '1' || cli->words[1][0] > '9' || *end != '\0' || errno != 0)
			return fail(f, "CLI_NUMBER_WRONG", "option", "COUNTER", "value",
				    cli->words[1], NULL);
	}
	TRY(station_seen(cli->words[0], counter, &n, f));
	printf("%zu taken off the list\n", n);
	return ERR_OK;
}
