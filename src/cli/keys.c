/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c — keys of people and machines: made here, enrolled there, never sent. */
#include "cli/approve.h"

#include "client/key_file.h"
#include "client/ssh_key.h"
#include "domain/access/access_area.h"

#include <stdio.h>
#include <string.h>

static err algorithm_read(const struct cli *cli, enum key_algorithm *out, struct fault *f)
{
	const char *name = cli_option(cli, "algorithm");

	*out = KEY_P256;
	if (name == NULL || strcmp(name, "p256") == 0)
		return ERR_OK;
	*out = KEY_ED25519;
	return strcmp(name, "ed25519") == 0 ? ERR_OK
					    : fail(f, "CLI_ALGORITHM_UNKNOWN", "name", name, NULL);
}

static void print_key(const struct cli *cli, const struct public_key *key)
{
	char hex[65], spki[2 * SPKI_SIZE_MAX];
	struct hash id = public_key_id(key);
	const char *algorithm = public_key_algorithm(key) == KEY_P256 ? "P-256" : "Ed25519";

	hex_encode(hash_bytes(&id), hex);
	base64url_encode(public_key_spki(key), spki);
	if (cli->json) {
		json_t *json = json_pack("{s:s, s:s, s:s}", "algorithm", algorithm, "key", hex,
					 "public_key", spki);
		cli_json(json);
		json_decref(json);
		return;
	}
	printf("algorithm   %s\nkey id      %s\npublic key  %s\n", algorithm, hex, spki);
}

err command_keys_make(struct cli *cli, struct fault *f)
{
	const char *path = cli->words[0];
	const char *public_path = arena_printf(&cli->arena, "%s.pub", path);
	enum key_algorithm algorithm;

	TRY(algorithm_read(cli, &algorithm, f));
	if (!cli_flag(cli, "no-passphrase"))
		TRY(cli_passphrase(cli, path, true, &cli->passphrase, f));
	if (public_path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(private_key_generate(algorithm, &cli->key, f));
	TRY(private_key_save(cli->key, path, cli->passphrase, f));
	TRY(public_key_file_write(private_key_public(cli->key), public_path, f));
	if (!cli->json)
		printf("Made %s, which stays with you, and %s, which you may give away.\n", path,
		       public_path);
	print_key(cli, private_key_public(cli->key));
	return ERR_OK;
}

err command_keys_show(struct cli *cli, struct fault *f)
{
	const char *path = cli->words[0];
	struct public_key *key;
	struct fault not_public;

	if (public_key_file_read(path, &key, &not_public).code == OK) {
		print_key(cli, key);
		public_key_close(key);
		return ERR_OK;
	}
	TRY(cli_passphrase(cli, path, false, &cli->passphrase, f));
	TRY(private_key_load(path, cli->passphrase, &cli->key, f));
	print_key(cli, private_key_public(cli->key));
	return ERR_OK;
}

static err origin_of(struct cli *cli, const char **out, struct fault *f)
{
	const struct note_key *log;

	*out = cli_option(cli, "origin");
	if (*out != NULL)
		return ERR_OK;
	TRY(cli_log_key(cli, &log, f));
	if (log == NULL)
		return fail(f, "CLI_LOG_KEY_MISSING", NULL);
	*out = log->name;
	return ERR_OK;
}

/* By OpenSSH, where the key is in an agent or a token. */
static err possession_by_ssh(struct cli *cli, const char *key, struct bytes message,
			     struct fault *f)
{
	struct bytes sshsig;

	TRY(approval_ssh_sign(cli, key, message, &sshsig, f));
	char *text = arena_alloc(&cli->arena, base64_size(sshsig.n) + 1);
	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	base64url_encode(sshsig, text);
	printf("%s\n", text);
	return ERR_OK;
}

/* Whoever is to be enrolled runs this, and gives the line to an administrator. */
err command_keys_possession(struct cli *cli, struct fault *f)
{
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	const char *path, *principal, *origin, *ssh = cli_option(cli, "ssh");
	struct bytes message;
	struct possession p;

	TRY(cli_setting(cli, "as", &principal, f));
	TRY(cli_setting(cli, "key", &path, f));
	TRY(origin_of(cli, &origin, f));
	if (principal == NULL || (path == NULL && ssh == NULL))
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	if (!key_possession_message(bytes_text(origin), bytes_text(principal), &w, &message))
		return fail(f, "CLI_ORIGIN_TOO_LONG", NULL);
	if (ssh != NULL)
		return possession_by_ssh(cli, ssh, message, f);
	TRY(cli_passphrase(cli, path, false, &cli->passphrase, f));
	TRY(private_key_load(path, cli->passphrase, &cli->key, f));
	TRY(possession_make(cli->key, message, &p, f));
	printf("%s\n", p.signature);
	return ERR_OK;
}

/* In PEM, or as OpenSSH writes it. */
static err enrolled_key_read(struct cli *cli, const char *path, struct public_key **out,
			     struct fault *f)
{
	struct bytes application;

	if (ssh_public_key_file(path))
		return ssh_public_key_read(&cli->arena, path, out, &application, f);
	return public_key_file_read(path, out, f);
}

err cli_public_key_text(struct cli *cli, const char *path, char spki[static 2 * SPKI_SIZE_MAX],
			struct fault *f)
{
	struct public_key *key;

	TRY(enrolled_key_read(cli, path, &key, f));
	base64url_encode(public_key_spki(key), spki);
	public_key_close(key);
	return ERR_OK;
}

err command_keys_enroll(struct cli *cli, struct fault *f)
{
	const char *principal = cli_option(cli, "principal"), *path = cli_option(cli, "public"),
		   *possession = cli_option(cli, "possession");
	char spki[2 * SPKI_SIZE_MAX];
	struct client *client;
	json_t *receipt = NULL;

	if (principal == NULL || path == NULL || possession == NULL)
		return fail(f, "CLI_ENROLL_INCOMPLETE", NULL);
	TRY(cli_public_key_text(cli, path, spki, f));
	TRY(cli_client(cli, true, &client, f));
	json_t *body = json_pack("{s:s, s:s, s:s}", "principal", principal, "public_key", spki,
				 "possession", possession);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : client_record(client, "key.enrolled", body, &receipt, f);
	json_decref(body);
	if (e.code == OK)
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return e;
}
