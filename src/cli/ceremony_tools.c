/* SPDX-License-Identifier: Apache-2.0 */
/* ceremony_tools.c — programs of others that a rehearsal plays with, where they are installed. */
#include "cli/ceremony.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOOL_WORDS = 32, TOOL_PATH = 1024 };
extern char **environ;

/* ---- what is there ---- */

static bool program_there(const char *name)
{
	const char *folder = getenv("PATH");

	while (folder != NULL && *folder != '\0') {
		size_t n = strcspn(folder, ":");
		char path[TOOL_PATH];
		int all = snprintf(path, sizeof path, "%.*s/%s", (int)n, folder, name);

		if (n > 0 && all < (int)sizeof path && access(path, X_OK) == 0)
			return true;
		folder += n + (folder[n] == ':');
	}
	return false;
}

const char *ceremony_module(void)
{
	static const char *const MODULES[] = {
		"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"};

	for (size_t i = 0; i < sizeof MODULES / sizeof MODULES[0]; i++)
		if (access(MODULES[i], R_OK) == 0)
			return MODULES[i];
	return "";
}

bool ceremony_has(const char *needs)
{
	if (needs == NULL)
		return true;
	if (strcmp(needs, "age") == 0 && !program_there("age-keygen"))
		return false;
	if (strcmp(needs, "softhsm2-util") == 0 && ceremony_module()[0] == '\0')
		return false;
	return program_there(needs);
}

/* ---- files of the day ---- */

static err write_inside(struct arena *a, const char *folder, const char *name, const char *text,
			struct fault *f)
{
	const char *path = arena_printf(a, "%s/%s", folder, name);

	return path == NULL || text == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
					    : file_write(path, bytes_text(text), 0600, f);
}

err ceremony_prepare(struct arena *a, const char *folder, struct fault *f)
{
	const char *tokens = arena_printf(a, "%s/tokens", folder);
	const char *configuration = arena_printf(a, "%s/softhsm2.conf", folder);

	if (tokens == NULL || configuration == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(folder_make(tokens, f));
	TRY(write_inside(a, folder, "softhsm2.conf",
			 arena_printf(a, "directories.tokendir = %s\nlog.level = ERROR\n", tokens),
			 f));
	TRY(write_inside(a, folder, "pin", "4711\n", f));
	TRY(write_inside(a, folder, "image.bin", "An image of 27 bytes, once\n", f));
	/* For everything that we start: the tokens of this machine's user stay as they are. */
	return setenv("SOFTHSM2_CONF", configuration, 1) == 0 ? ERR_OK
							      : fail(f, "OUT_OF_MEMORY", NULL);
}

/* ---- running ---- */

static err tool_failed(struct fault *f, const char *name, const char *detail, const char *log)
{
	return fail(f, "CHILD_FAILED", "command", name, "detail", detail, "log", log, NULL);
}

static int spawn_tool(const char *const *arguments, const char *log, pid_t *pid)
{
	char *list[TOOL_WORDS + 1] = {NULL};
	posix_spawn_file_actions_t actions;

	for (size_t n = 0; arguments[n] != NULL; n++) {
		if (n == TOOL_WORDS)
			return E2BIG;
		list[n] = (char *)(uintptr_t)arguments[n];
	}
	int status = list[0] == NULL ? EINVAL : posix_spawn_file_actions_init(&actions);
	if (status != 0)
		return status;
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
					 O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	status = posix_spawnp(pid, list[0], &actions, NULL, list, environ);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

err ceremony_tool(const char *const *arguments, const char *log, bool *ended_well, struct fault *f)
{
	pid_t pid = 0, ended;
	int status = spawn_tool(arguments, log, &pid);

	if (status != 0)
		return tool_failed(f, arguments[0], strerror(status), log);
	do {
		ended = waitpid(pid, &status, 0);
	} while (ended < 0 && errno == EINTR);
	*ended_well = ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return ERR_OK;
}
