/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *const MODULES[] = {
	"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so",
	"/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"};

bool hsm_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n = (ssize_t)strlen(text);
	bool written = fd >= 0 && write(fd, text, (size_t)n) == n;

	return fd >= 0 && close(fd) == 0 && written;
}

bool hsm_run(const char *const *arguments)
{
	posix_spawn_file_actions_t actions;
	char *copies[32] = {NULL};
	int status = 1;
	pid_t pid = -1;

	for (size_t i = 0; arguments[i] != NULL && i < 31; i++)
		copies[i] = strdup(arguments[i]);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, copies[0], &actions, NULL, copies, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		status = 1;
	(void)posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; i < 32; i++)
		free(copies[i]);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool hsm_add_token(struct hsm *hsm, const char *label)
{
	const char *const arguments[] = {
		"softhsm2-util", "--init-token", "--free", "--label", label,
		"--so-pin",      "87654321",     "--pin",  HSM_PIN,   NULL};

	(void)hsm;
	return hsm_run(arguments);
}

bool hsm_open(struct hsm *hsm, const char *module)
{
	char configuration[HSM_PATH + 8], text[HSM_PATH + 64];
	struct stat status;

	*hsm = (struct hsm){.module = module};
	for (size_t i = 0; hsm->module == NULL && i < sizeof(MODULES) / sizeof(MODULES[0]); i++)
		if (stat(MODULES[i], &status) == 0)
			hsm->module = MODULES[i];
	(void)snprintf(hsm->folder, sizeof(hsm->folder), "/tmp/sealwright-hsm-XXXXXX");
	if (hsm->module == NULL || mkdtemp(hsm->folder) == NULL)
		return false;
	(void)snprintf(hsm->tokens, sizeof(hsm->tokens), "%.100s/tokens", hsm->folder);
	(void)snprintf(hsm->pin_file, sizeof(hsm->pin_file), "%.100s/pin", hsm->folder);
	(void)snprintf(configuration, sizeof(configuration), "%s/conf", hsm->folder);
	(void)snprintf(text, sizeof(text), "directories.tokendir = %s\nlog.level = ERROR\n",
		       hsm->tokens);
	return mkdir(hsm->tokens, 0700) == 0 && hsm_write(configuration, text) &&
	       hsm_write(hsm->pin_file, HSM_PIN "\n") &&
	       setenv("SOFTHSM2_CONF", configuration, 1) == 0 && hsm_add_token(hsm, HSM_TOKEN);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void hsm_close(struct hsm *hsm)
{
	if (hsm->folder[0] != 0)
		(void)nftw(hsm->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	hsm->folder[0] = 0;
}

const char *hsm_uri(const struct hsm *hsm, const char *object, const char *more,
		    char out[static HSM_URI])
{
	(void)snprintf(out, HSM_URI,
		       "pkcs11:token=" HSM_TOKEN ";object=%s?module-path=%s&pin-source=file:%s%s",
		       object, hsm->module, hsm->pin_file, more);
	return out;
}
