/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c — the two long-running processes: the signer and the server. */
#include "cli/cli.h"

#include "base/files.h"
#include "cli/doctor.h"
#include "server/server.h"
#include "signer/signer.h"
#include "sim/child.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Whoever was started by somebody who waits on a pipe ends when that one does. */
err cli_ready(struct cli *cli, int *fd, struct fault *f)
{
	uint64_t n;

	*fd = -1;
	if (cli_option(cli, "ready-fd") == NULL)
		return ERR_OK;
	TRY(cli_number(cli, "ready-fd", 0, 1023, &n, f));
	*fd = (int)n;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return ERR_OK;
}

/* Only this account may connect: its name, or its number. */
static err read_peer(struct cli *cli, unsigned *out, struct fault *f)
{
	const char *name = cli_option(cli, "peer");
	uint64_t number;

	*out = getuid();
	if (name == NULL)
		return ERR_OK;
	const struct passwd *account = getpwnam(name);
	if (account != NULL) {
		*out = account->pw_uid;
		return ERR_OK;
	}
	TRY(cli_number(cli, "peer", 0, UINT32_MAX - 1, &number, f));
	*out = (unsigned)number;
	return ERR_OK;
}

err command_signer(struct cli *cli, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	char folder[CONFIG_PATH_SIZE];
	struct signer_config signer = {.folder = folder};
	const char *file;

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(read_peer(cli, &signer.peer_uid, f));
	TRY(config_read(cli->words[0], config, f));
	TRY(config_path(config, "signer", folder, f));
	signer.socket = config->signer_socket;
	TRY(cli_ready(cli, &signer.ready_fd, f));
	TRY(cli_setting(cli, "passphrase-file", &file, f));
	if (file != NULL)
		TRY(cli_passphrase(cli, file, false, &signer.passphrase, f));
	err e = signer_run(&signer, f);
	bytes_wipe((void *)(uintptr_t)signer.passphrase.p, signer.passphrase.n);
	return e;
}

/* ---- the server ---- */

bool signer_listens(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
		fd_close(&fd);
		return false;
	}
	memcpy(address.sun_path, path, strlen(path));
	bool listens = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	close(fd);
	return listens;
}

static err start_signer(struct cli *cli, const struct server_config *config, struct child *signer,
			struct fault *f)
{
	const char *arguments[6] = {"signer", cli->words[0]};
	const char *file;

	if (cli_flag(cli, "no-signer") || signer_listens(config->signer_socket))
		return ERR_OK;
	TRY(cli_setting(cli, "passphrase-file", &file, f));
	if (file != NULL) {
		arguments[2] = "--passphrase-file";
		arguments[3] = file;
	}
	return child_start(arguments, NULL, signer, f);
}

static err say_ready(const struct server_config *config, const struct server *s, int ready,
		     struct fault *f)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%u %u\n", server_port(s, HTTP_PEOPLE),
			 server_port(s, HTTP_MACHINES));

	if (ready < 0) {
		printf("people: %s://localhost:%u   machines: https://localhost:%u\n",
		       strcmp(config->tls, "on") == 0 ? "https" : "http",
		       server_port(s, HTTP_PEOPLE), server_port(s, HTTP_MACHINES));
		fflush(stdout);
		return ERR_OK;
	}
	TRY(fd_write_all(ready, bytes_of(line, (size_t)n), f));
	close(ready);
	return ERR_OK;
}

/* Settings that the file does not have, or has otherwise. */
static err set_others(struct cli *cli, struct server_config *config, struct fault *f)
{
	const char *said;

	for (size_t i = 0; (said = cli_option_at(cli, "set", i)) != NULL; i++) {
		const char *equals = strchr(said, '=');
		size_t n = equals == NULL ? 0 : (size_t)(equals - said);
		const char *name = arena_text(&cli->arena, bytes_of(said, n));

		if (n == 0)
			return fail(f, "CLI_SETTING_WRONG", "value", said, NULL);
		if (name == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		err e = config_set(config, name, equals + 1, f);
		if (e.code != OK) {
			fault_add(f, "file", "--set");
			fault_add(f, "line", "1");
			return e;
		}
	}
	return ERR_OK;
}

static err serve(struct cli *cli, struct server_config *config, int ready, struct fault *f)
{
	struct server *server;
	const char *port = cli_option(cli, "port");

	if (port != NULL)
		TRY(config_set(config, "people_port", port, f));
	if (port != NULL && strcmp(port, "0") == 0)
		TRY(config_set(config, "machines_port", port, f));
	TRY(set_others(cli, config, f));
	TRY(server_open(config, &server, f));
	err e = say_ready(config, server, ready, f);
	if (e.code == OK)
		server_run(server);
	server_close(server);
	return e;
}

err command_serve(struct cli *cli, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	struct child signer = {0};
	sigset_t both;
	int ready;

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGINT);
	sigprocmask(SIG_BLOCK, &both, NULL);
	TRY(config_read(cli->words[0], config, f));
	TRY(cli_ready(cli, &ready, f));
	TRY(start_signer(cli, config, &signer, f));
	err e = serve(cli, config, ready, f);
	child_stop(&signer);
	return e;
}
