/* SPDX-License-Identifier: Apache-2.0 */
/* approve_ssh.c — approvals by keys that this program does not hold: in a token, an agent, or on a machine without
 * a network. OpenSSH signs (`ssh-keygen -Y sign`), and somebody who is signed in brings the result. */
#include "cli/approve.h"

#include "base/clock.h"
#include "base/files.h"
#include "client/key_file.h"
#include "client/ssh_key.h"
#include "core/cbor.h"
#include "core/sshsig.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNATURE_TEXT_MAX = 4096, SUBMISSION_MAX = 8192 };
extern char **environ;

/* ---- the approval as bytes ---- */

err approval_ssh_key(struct cli *cli, const char *path, struct hash *out, struct fault *f)
{
	size_t n = strlen(path);
	bool is_public = n > 4 && strcmp(path + n - 4, ".pub") == 0;
	const char *public_path = is_public ? path : arena_printf(&cli->arena, "%s.pub", path);
	struct public_key *key;
	struct bytes application;

	if (public_path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ssh_public_key_read(&cli->arena, public_path, &key, &application, f));
	*out = public_key_id(key);
	public_key_close(key);
	return ERR_OK;
}

err approval_claim(struct cli *cli, struct client *client, const struct vote_said *vote,
		   const char *key_path, struct prepared *out, struct fault *f)
{
	const struct client_config *config = client_configuration(client);
	const char *voter = cli_option(cli, "voter");
	struct hash key;
	char hex[65];

	TRY(approval_ssh_key(cli, key_path, &key, f));
	hex_encode(hash_bytes(&vote->record), hex);
	struct claim_maker maker = {.registry = config->registry,
				    .origin = config->origin,
				    .author = voter != NULL ? voter : config->principal,
				    .key = &key,
				    .now_ms = clock_wall_ms(&clock_system)};
	json_t *json = json_pack("{s:{s:s, s:s*, s:s*}}", "body", "record", hex, "reason",
				 vote->reason, "not_after", vote->not_after);
	err e = json == NULL
			? fail(f, "OUT_OF_MEMORY", NULL)
			: claim_make(&maker, &cli->arena, bytes_text(vote->type), json, out, f);
	json_decref(json);
	return e;
}

/* ---- OpenSSH ---- */

static err run_ssh_keygen(const char *key, const char *file, struct fault *f)
{
	const char *const arguments[] = {"ssh-keygen", "-Y", "sign", "-n", SSHSIG_NAMESPACE,
					 "-f",         key,  file,   NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status = 0;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return fail(f, "OUT_OF_MEMORY", NULL);
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	int started = posix_spawnp(&child, arguments[0], &actions, NULL,
				   (char *const *)(uintptr_t)arguments, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (started != 0)
		return fail(f, "SSH_KEYGEN_MISSING", "why", strerror(started), NULL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ERR_OK
							     : fail(f, "SSH_KEYGEN_FAILED", NULL);
}

static err read_signature(struct cli *cli, const char *path, struct bytes *out, struct fault *f)
{
	uint8_t *blob = arena_alloc(&cli->arena, SSHSIG_SIZE_MAX);
	struct bytes text;
	size_t n;

	if (blob == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(file_read(&cli->arena, path, SIGNATURE_TEXT_MAX, &text, f));
	if (!sshsig_unarmor(text, blob, SSHSIG_SIZE_MAX, &n))
		return fail(f, "SSH_SIGNATURE_WRONG", "file", path, NULL);
	*out = bytes_of(blob, n);
	return ERR_OK;
}

/* In a folder of its own, which nobody else may look into. */
static err sign_in_folder(struct cli *cli, const char *folder, const char *key, struct bytes claim,
			  struct bytes *out, struct fault *f)
{
	const char *file = arena_printf(&cli->arena, "%s/approval", folder);
	const char *signature = arena_printf(&cli->arena, "%s/approval.sig", folder);

	if (file == NULL || signature == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = file_write(file, claim, 0600, f);
	if (e.code == OK)
		e = run_ssh_keygen(key, file, f);
	if (e.code == OK)
		e = read_signature(cli, signature, out, f);
	(void)unlink(file);
	(void)unlink(signature);
	return e;
}

err approval_ssh_sign(struct cli *cli, const char *key, struct bytes claim, struct bytes *out,
		      struct fault *f)
{
	char folder[] = "/tmp/sealwright-approve-XXXXXX";

	if (mkdtemp(folder) == NULL)
		return fail(f, "FOLDER_MAKE_FAILED", "path", folder, "why", strerror(errno), NULL);
	err e = sign_in_folder(cli, folder, key, claim, out, f);
	(void)rmdir(folder);
	return e;
}

/* ---- bringing it ---- */

static err bring(struct cli *cli, struct client *client, const char *type, struct bytes claim,
		 struct bytes sshsig, json_t **receipt, struct fault *f)
{
	uint8_t *room = arena_alloc(&cli->arena, SUBMISSION_MAX);
	struct writer w = writer_of(room, room == NULL ? 0 : SUBMISSION_MAX);
	struct bytes submission;

	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, claim);
	cbor_put_bytes(&w, sshsig);
	cbor_put_map(&w, 0);
	if (!writer_done(&w, &submission))
		return fail(f, "OUT_OF_MEMORY", NULL);
	return client_bring(client, type, submission, claim, receipt, f);
}

err approve_by_ssh(struct cli *cli, struct client *client, const struct vote_said *vote,
		   json_t **receipt, struct fault *f)
{
	const char *key = cli_option(cli, "ssh");
	struct prepared made;
	struct bytes sshsig;

	TRY(approval_claim(cli, client, vote, key, &made, f));
	TRY(approval_ssh_sign(cli, key, made.claim, &sshsig, f));
	return bring(cli, client, vote->type, made.claim, sshsig, receipt, f);
}

err approve_export(struct cli *cli, struct client *client, const struct vote_said *vote,
		   struct bytes target, struct fault *f)
{
	const char *path = cli_option(cli, "export"), *key = cli_option(cli, "ssh");
	const char *beside = arena_printf(&cli->arena, "%s.record", path);
	struct prepared made;

	if (key == NULL)
		return fail(f, "CLI_SSH_KEY_MISSING", NULL);
	if (beside == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(approval_claim(cli, client, vote, key, &made, f));
	TRY(file_write(path, made.claim, 0644, f));
	TRY(file_write(beside, target, 0644, f));
	printf("Wrote %s and %s. Whoever approves looks at them and signs on a machine of their "
	       "own:\n"
	       "  sealwright show %s\n  ssh-keygen -Y sign -n %s -f KEY %s\nand brings %s.sig "
	       "back:\n  sealwright approve --import %s …\n",
	       path, beside, path, SSHSIG_NAMESPACE, path, path, path);
	return ERR_OK;
}

err approve_import(struct cli *cli, struct fault *f)
{
	const char *path = cli_option(cli, "import");
	const char *signature = arena_printf(&cli->arena, "%s.sig", path);
	struct client *client;
	struct claim claim;
	struct bytes bytes, sshsig;
	json_t *receipt = NULL;

	if (signature == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(cli_claim_file(cli, path, &bytes, &claim, f));
	TRY(read_signature(cli, signature, &sshsig, f));
	TRY(cli_client(cli, true, &client, f));
	const char *type = arena_text(&cli->arena, claim.type);
	err e = type == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : bring(cli, client, type, bytes, sshsig, &receipt, f);
	if (e.code == OK)
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return e;
}
