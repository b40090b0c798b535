/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/age.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"

enum { ARGUMENTS_MAX = 8 + 2 * AGE_RECIPIENTS_MAX, TEXT_SIZE_MAX = 65536, RECIPIENT_MAX = 1024 };

extern char **environ;

bool age_recipient_valid(const char *recipient)
{
	static const char *const BEGINNINGS[] = {"age1", "ssh-ed25519 ", "ssh-rsa "};

	if (strlen(recipient) > RECIPIENT_MAX)
		return false;
	for (const char *p = recipient; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return false;
	for (size_t i = 0; i < sizeof BEGINNINGS / sizeof BEGINNINGS[0]; i++)
		if (strncmp(recipient, BEGINNINGS[i], strlen(BEGINNINGS[i])) == 0)
			return true;
	return false;
}

static err age_failed(struct fault *f, const char *why)
{
	return fail(f, "AGE_FAILED", "why", why, NULL);
}

/* In the child: its ends of the pipes, and no signal blocked or ignored. */
static bool plan_child(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, int in,
		       int out, int errors)
{
	sigset_t none, standard;

	(void)sigemptyset(&none);
	(void)sigemptyset(&standard);
	(void)sigaddset(&standard, SIGPIPE);
	return posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO) == 0 &&
	       posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO) == 0 &&
	       posix_spawn_file_actions_adddup2(files, errors, STDERR_FILENO) == 0 &&
	       posix_spawnattr_setsigmask(attributes, &none) == 0 &&
	       posix_spawnattr_setsigdefault(attributes, &standard) == 0 &&
	       posix_spawnattr_setflags(attributes,
					POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
}

static err spawn(const char *const *arguments, int in, int out, int errors, pid_t *pid,
		 struct fault *f)
{
	union {
		const char *const *ours;
		char *const *theirs; /* which it does not change */
	} argv = {.ours = arguments};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int why = ENOMEM;

	if (posix_spawn_file_actions_init(&files) != 0)
		return age_failed(f, strerror(ENOMEM));
	if (posix_spawnattr_init(&attributes) == 0) {
		if (plan_child(&files, &attributes, in, out, errors))
			why = posix_spawnp(pid, "age", &files, &attributes, argv.theirs, environ);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	if (why == ENOENT)
		return fail(f, "AGE_MISSING", NULL);
	return why == 0 ? ERR_OK : age_failed(f, strerror(why));
}

/* `file` is the end that is not ours; `writes`: we write to it. */
static err start(const char *const *arguments, int file, bool writes, struct age *out,
		 struct fault *f)
{
	int ends[2];
	struct age age = {.fd = -1};

	age.errors = memfd_create("age", MFD_CLOEXEC);
	if (age.errors < 0 || pipe2(ends, O_CLOEXEC) != 0) {
		err e = age_failed(f, strerror(errno));
		fd_close(&age.errors);
		return e;
	}
	int theirs = writes ? ends[0] : ends[1];
	age.fd = writes ? ends[1] : ends[0];
	err e = spawn(arguments, writes ? theirs : file, writes ? file : theirs, age.errors,
		      &age.pid, f);
	(void)close(theirs);
	if (e.code != OK) {
		fd_close(&age.fd);
		fd_close(&age.errors);
		return e;
	}
	*out = age;
	return ERR_OK;
}

err age_encrypt(const char *const *recipients, size_t n, int to, struct age *out, struct fault *f)
{
	const char *arguments[ARGUMENTS_MAX] = {"age", "--encrypt"};
	size_t at = 2;

	*out = (struct age){.fd = -1, .errors = -1};
	if (n == 0 || n > AGE_RECIPIENTS_MAX)
		return fail(f, "BACKUP_RECIPIENT_WRONG", "recipient", "their number", NULL);
	for (size_t i = 0; i < n; i++) {
		if (!age_recipient_valid(recipients[i]))
			return fail(f, "BACKUP_RECIPIENT_WRONG", "recipient", recipients[i], NULL);
		arguments[at++] = "--recipient";
		arguments[at++] = recipients[i];
	}
	return start(arguments, to, true, out, f);
}

err age_decrypt(const char *identity, int from, struct age *out, struct fault *f)
{
	const char *arguments[] = {"age", "--decrypt", "--identity", identity, NULL};

	*out = (struct age){.fd = -1, .errors = -1};
	return start(arguments, from, false, out, f);
}

/* The first line of what it said, without its own name. */
static void what_it_said(int errors, char *out, size_t cap)
{
	ssize_t n = pread(errors, out, cap - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	if (strncmp(out, "age: ", 5) == 0)
		memmove(out, out + 5, strlen(out + 5) + 1);
}

static bool wait_for(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid;
}

err age_end(struct age *age, struct fault *f)
{
	char said[160];
	int status = 0;

	fd_close(&age->fd);
	bool ended = age->pid > 0 && wait_for(age->pid, &status);
	age->pid = 0;
	what_it_said(age->errors, said, sizeof said);
	fd_close(&age->errors);
	if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return ERR_OK;
	return age_failed(f, said[0] != '\0' ? said : "it ended without a word");
}

void age_stop(struct age *age)
{
	int status;

	if (age->pid <= 0)
		return;
	fd_close(&age->fd);
	fd_close(&age->errors);
	(void)kill(age->pid, SIGTERM);
	(void)wait_for(age->pid, &status);
	age->pid = 0;
}

err age_text(struct arena *a, const char *recipient, struct bytes text, struct bytes *out,
	     struct fault *f)
{
	AUTO(fd_close) int file = memfd_create("share", MFD_CLOEXEC);
	struct stat status;
	struct age age;

	if (file < 0)
		return age_failed(f, strerror(errno));
	TRY(age_encrypt(&recipient, 1, file, &age, f));
	err e = fd_write_all(age.fd, text, f);
	err ended = age_end(&age, e.code == OK ? f : NULL);
	TRY(e);
	TRY(ended);
	uint8_t *p =
		fstat(file, &status) == 0 && status.st_size > 0 && status.st_size <= TEXT_SIZE_MAX
			? arena_alloc(a, (size_t)status.st_size)
			: NULL;
	if (p == NULL || pread(file, p, (size_t)status.st_size, 0) != status.st_size)
		return age_failed(f, "its output cannot be read");
	*out = bytes_of(p, (size_t)status.st_size);
	return ERR_OK;
}
