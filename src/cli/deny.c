/* SPDX-License-Identifier: Apache-2.0 */
/* deny.c — a no that cannot be kept back: by the server, or straight to the signer, which any person of the
 * charter can stop, also when the server is in other hands or away. */
#include "cli/approve.h"
#include "cli/people.h"

#include "base/clock.h"
#include "core/cbor.h"
#include "signer/signer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RECORD_SIZE = 8192, SIGNER_TIMEOUT_MS = 20000 };

/* What is denied: a file with the claim, which is shown, or its digest. */
static err read_target(struct cli *cli, struct hash *digest, struct fault *f)
{
	const char *word = cli->words[0];
	struct bytes bytes;
	struct claim claim;
	char text[32];

	if (strlen(word) != 64 || !hex_decode(bytes_text(word), digest->b, sizeof digest->b)) {
		TRY(cli_claim_file(cli, word, &bytes, &claim, f));
		*digest = claim_digest(bytes);
		return cli_claim(cli, &claim, *digest, f);
	}
	aloud(*digest, text);
	printf("Record %s\nread aloud: %s\n", word, text);
	return ERR_OK;
}

/* ---- straight to the signer ---- */

static err load_key(struct cli *cli, struct hash *id, struct fault *f)
{
	const char *ssh = cli_option(cli, "ssh"), *key;

	if (ssh != NULL)
		return approval_ssh_key(cli, ssh, id, f);
	TRY(cli_setting(cli, "key", &key, f));
	if (key == NULL)
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	TRY(cli_passphrase(cli, key, false, &cli->passphrase, f));
	TRY(private_key_load(key, cli->passphrase, &cli->key, f));
	*id = public_key_id(private_key_public(cli->key));
	return ERR_OK;
}

static err make_claim(struct cli *cli, const struct vote_said *vote, const struct hash *key,
		      struct bytes *out, struct fault *f)
{
	const struct note_key *log;
	const char *principal = cli_option(cli, "voter");
	char hex[65];
	struct prepared made;

	TRY(cli_log_key(cli, &log, f));
	if (principal == NULL)
		TRY(cli_setting(cli, "as", &principal, f));
	if (log == NULL)
		return fail(f, "CLI_LOG_KEY_MISSING", NULL);
	if (principal == NULL)
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	struct claim_maker maker = {.origin = log->name,
				    .author = principal,
				    .key = key,
				    .now_ms = clock_wall_ms(&clock_system)};
	TRY(cli_registry(cli, &maker.registry, f));
	hex_encode(hash_bytes(&vote->record), hex);
	json_t *json = json_pack("{s:{s:s, s:s}}", "body", "record", hex, "reason", vote->reason);
	err e = json == NULL
			? fail(f, "OUT_OF_MEMORY", NULL)
			: claim_make(&maker, &cli->arena, bytes_text(vote->type), json, &made, f);
	json_decref(json);
	TRY(e);
	*out = made.claim;
	return ERR_OK;
}

/* [claim, proof]: it is in no log yet. */
static err make_record(struct cli *cli, const struct vote_said *vote, struct bytes *out,
		       struct fault *f)
{
	const char *ssh = cli_option(cli, "ssh");
	uint8_t *room = arena_alloc(&cli->arena, RECORD_SIZE);
	struct writer w = writer_of(room, room == NULL ? 0 : RECORD_SIZE);
	struct bytes claim, proof;
	struct hash key;

	TRY(load_key(cli, &key, f));
	TRY(make_claim(cli, vote, &key, &claim, f));
	cbor_put_array(&w, 2);
	cbor_put_bytes(&w, claim);
	if (ssh != NULL) {
		TRY(approval_ssh_sign(cli, ssh, claim, &proof, f));
		cbor_put_bytes(&w, proof);
	} else {
		TRY(cose_sign(&cli->arena, cli->key, bytes_text(vote->type), claim, &proof, f));
		put_bytes(&w, proof);
	}
	return writer_done(&w, out) ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

static err deny_at_signer(struct cli *cli, const struct vote_said *vote, const char *socket,
			  struct fault *f)
{
	struct signer_client *signer;
	struct bytes record;
	struct hash ended;
	uint64_t issued = 0;
	char hex[65];

	TRY(make_record(cli, vote, &record, f));
	TRY(signer_connect(socket, SIGNER_TIMEOUT_MS, &signer, f));
	err e = signer_deny(signer, record, &ended, &issued, f);
	signer_disconnect(signer);
	TRY(e);
	hex_encode(hash_bytes(&ended), hex);
	if (cli->json) {
		json_t *said = json_pack("{s:s, s:I}", "denied", hex, "issued", (json_int_t)issued);
		cli_json(said);
		json_decref(said);
		return ERR_OK;
	}
	printf("The signer ended %s for good.\n", hex);
	if (issued > 0)
		printf("%" PRIu64 " units had their device certificates before.\n", issued);
	printf("It is in no log yet: say it to the server, too, when that is in good hands.\n");
	return ERR_OK;
}

/* ---- by the server ---- */

static err deny_at_server(struct cli *cli, const struct vote_said *vote, struct fault *f)
{
	struct client *client;
	json_t *receipt = NULL;
	char hex[65];

	TRY(cli_client(cli, true, &client, f));
	hex_encode(hash_bytes(&vote->record), hex);
	json_t *body = json_pack("{s:s, s:s}", "record", hex, "reason", vote->reason);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
		: cli_option(cli, "ssh") != NULL
			? approve_by_ssh(cli, client, vote, &receipt, f)
			: client_record(client, vote->type, body, &receipt, f);
	json_decref(body);
	if (e.code == OK)
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return e;
}

err command_deny(struct cli *cli, struct fault *f)
{
	const char *socket = cli_option(cli, "signer");
	struct vote_said vote = {.type = "approval.denied", .reason = cli_option(cli, "reason")};

	if (vote.reason == NULL)
		return fail(f, "CLI_REASON_MISSING", NULL);
	TRY(read_target(cli, &vote.record, f));
	TRY(cli_confirm(cli, "Refuse this, for good?", f));
	return socket != NULL ? deny_at_signer(cli, &vote, socket, f)
			      : deny_at_server(cli, &vote, f);
}
