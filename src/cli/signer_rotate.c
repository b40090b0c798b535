/* SPDX-License-Identifier: Apache-2.0 */
/* signer_rotate.c — a new key for the signer, in a file or in an HSM, in the signer's folder while nothing
 * runs; and what it said about that, verified by anybody. */
#include "cli/cli.h"
#include "cli/people.h"

#include "base/clock.h"
#include "base/files.h"
#include "cli/doctor.h"
#include "core/sha256.h"
#include "server/config.h"
#include "signer/rotate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- what was said ---- */

static void say_key(const char *what, struct hash id)
{
	char hex[65], text[32];

	hex_encode(hash_bytes(&id), hex);
	aloud(id, text);
	printf("  %s  %s\n      read aloud: %s\n", what, hex, text);
}

static void say_change(const struct key_change *change)
{
	char at[48];

	cli_time(change->at, at);
	printf("The key %s was replaced at %s; both keys and the log's own signed that.\n",
	       SIGNER_KEY_NAME[change->which], at);
	say_key("old", change->old_key);
	say_key("new", change->new_key);
	if (change->which == SIGNER_KEY_CA)
		say_key("CA certificate", change->ca_certificate);
}

err command_verify_key(struct cli *cli, struct fault *f)
{
	const struct note_key *log;
	struct bytes statement;
	struct key_change change;

	TRY(cli_verifying_key(cli, &log, f));
	TRY(file_read(&cli->arena, cli->words[0], KEY_CHANGE_MAX, &statement, f));
	TRY(key_change_check(statement, log, &change, f));
	say_change(&change);
	return ERR_OK;
}

/* ---- files that others read ---- */

/* DIR/ca.der is the CA of today; those of before are ca.old.1.der, … */
static err publish_ca(struct cli *cli, const char *folder, struct bytes fresh, struct fault *f)
{
	const char *path = arena_printf(&cli->arena, "%s/ca.der", folder);
	struct bytes old;

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!file_exists(path))
		return file_write(path, fresh, 0644, f);
	TRY(file_read(&cli->arena, path, CERTIFICATE_SIZE_MAX, &old, f));
	if (bytes_equal(old, fresh))
		return ERR_OK;
	for (unsigned i = 1;; i++) {
		const char *kept = arena_printf(&cli->arena, "%s/ca.old.%u.der", folder, i);

		if (kept == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		if (file_exists(kept))
			continue;
		TRY(file_write(kept, old, 0644, f));
		return file_write(path, fresh, 0644, f);
	}
}

static err publish_statement(struct cli *cli, const char *folder, struct bytes statement,
			     struct fault *f)
{
	struct hash id = sha256(statement);
	char hex[65];

	hex_encode(hash_bytes(&id), hex);
	const char *path = arena_printf(&cli->arena, "%s/key-change.%.16s", folder, hex);
	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(file_write(path, statement, 0644, f));
	printf("The statement is in %s: `sealwright verify key %s --log %s/log.vkey`.\n", path,
	       path, folder);
	return ERR_OK;
}

/* ---- doing it ---- */

static err settle_old(struct cli *cli, const struct rotated *done, struct fault *f)
{
	if (done->kept[0] == 0)
		return ERR_OK;
	if (!cli_flag(cli, "destroy-old")) {
		printf("The old key is kept in %s. When the new one is trusted, destroy it, there "
		       "and in "
		       "every backup.\n",
		       done->kept);
		return ERR_OK;
	}
	TRY(signer_destroy_old(done->kept, f));
	printf("The old key's file was overwritten and removed. Copies in backups stay.\n");
	return ERR_OK;
}

static err report(struct cli *cli, const struct rotated *done, struct fault *f)
{
	const char *folder = cli->words[0];
	struct key_change change;

	if (done->finished)
		printf("An earlier attempt was interrupted; it is ended now, and nothing else was "
		       "done.\n");
	TRY(key_change_check(done->statement, &done->log, &change, f));
	say_change(&change);
	TRY(publish_ca(cli, folder, done->ca_certificate, f));
	TRY(publish_statement(cli, folder, done->statement, f));
	TRY(settle_old(cli, done, f));
	if (change.which == SIGNER_KEY_CA)
		printf("Give devices and services %s/ca.der beside the old one: what the old CA "
		       "signed stays valid.\n",
		       folder);
	return ERR_OK;
}

static err read_what(struct cli *cli, struct rotation *out, struct fault *f)
{
	const char *name = cli->words[1], *to = cli_option(cli, "to");

	out->which = signer_key_named(name, strlen(name));
	if (out->which == SIGNER_KEYS)
		return fail(f, "SIGNER_KEY_NAME_WRONG", "said", name, NULL);
	if (strcmp(cli->command->name, "signer migrate") == 0 && to == NULL)
		return fail(f, "SIGNER_MIGRATE_WHERE", NULL);
	out->address = to;
	return ERR_OK;
}

err command_signer_rotate(struct cli *cli, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	struct rotated *done = arena_alloc(&cli->arena, sizeof *done);
	struct rotation rotation = {.now_ms = clock_wall_ms(&clock_system)};
	char folder[CONFIG_PATH_SIZE];
	const char *file;

	if (config == NULL || done == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(read_what(cli, &rotation, f));
	TRY(config_read(cli->words[0], config, f));
	if (signer_listens(config->signer_socket))
		return fail(f, "CLI_SERVER_RUNS", NULL);
	TRY(config_path(config, "signer", folder, f));
	rotation.folder = folder;
	TRY(cli_confirm(cli, "Replace this key?", f));
	TRY(cli_setting(cli, "passphrase-file", &file, f));
	if (file != NULL)
		TRY(cli_passphrase(cli, file, false, &rotation.passphrase, f));
	err e = signer_rotate(&rotation, &cli->arena, done, f);
	bytes_wipe((void *)(uintptr_t)rotation.passphrase.p, rotation.passphrase.n);
	TRY(e);
	return report(cli, done, f);
}
