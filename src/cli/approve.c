/* SPDX-License-Identifier: Apache-2.0 */
/* approve.c — agreeing to what another asks for. What is shown is decoded here, from the bytes of
 * the log, and the digest that is signed is computed here: the server does not draw this screen. */
#include "cli/approve.h"

#include "client/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static err list_pending(struct cli *cli, struct fault *f)
{
	struct client *client;
	json_t *page = NULL;

	TRY(cli_client(cli, true, &client, f));
	TRY(client_view_all(client, "approval.pending", NULL, 0, &page, f));
	err e = cli_table(cli, page, f);
	json_decref(page);
	return e;
}

/* Where the record with this digest stands, among what the view lists. */
static err find_in(struct client *client, const char *view, const char *column, const char *digest,
		   uint64_t *out, bool *found, struct fault *f)
{
	json_t *page = NULL, *row;
	size_t i;

	TRY(client_view_all(client, view, NULL, 0, &page, f));
	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		const char *here = json_string_value(json_object_get(row, "digest"));
		if (here == NULL || strcmp(here, digest) != 0)
			continue;
		*out = (uint64_t)json_integer_value(json_object_get(row, column));
		*found = true;
	}
	json_decref(page);
	return ERR_OK;
}

/* The word is a sequence, or a digest among what waits: for approvals, or for the signer, who may need one
 * more than the server did. */
static err find_sequence(struct client *client, const char *word, uint64_t *out, struct fault *f)
{
	struct fault not_mine;
	char *end;
	bool found = false;

	errno = 0;
	*out = strtoull(word, &end, 10);
	if (strlen(word) < 20 && word[0] >= '0' && word[0] <= '9' && *end == '\0' && errno == 0)
		return ERR_OK;
	TRY(find_in(client, "approval.pending", "seq", word, out, &found, f));
	if (!found) { /* whoever may not look there finds nothing there */
		err e = find_in(client, "signer.waiting", "sequence", word, out, &found, &not_mine);
		(void)e;
	}
	return found ? ERR_OK : fail(f, "CLI_NOTHING_WAITS", "word", word, NULL);
}

static err look(struct cli *cli, struct client *client, struct hash *digest, struct bytes *target,
		struct fault *f)
{
	struct entry *entry = arena_alloc(&cli->arena, sizeof *entry);
	struct bytes bytes;
	uint64_t sequence;
	const char *why;
	char hex[65];

	if (entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(find_sequence(client, cli->words[0], &sequence, f));
	TRY(client_entry(client, &cli->arena, sequence, &bytes, f));
	if (!entry_parse(bytes, entry, &why) || entry->witness.sequence != sequence)
		return fail(f, "ENTRY_BAD", "detail", "it is not what was asked for", NULL);
	*digest = claim_digest(entry->claim_bytes);
	hex_encode(hash_bytes(digest), hex);
	if (strlen(cli->words[0]) == 64 && strcmp(hex, cli->words[0]) != 0)
		return fail(f, "CLI_DIGEST_DIFFERS", "expected", cli->words[0], "found", hex, NULL);
	*target = entry->claim_bytes;
	printf("Record %" PRIu64 ", ", sequence);
	return cli_claim(cli, &entry->claim, *digest, f);
}

static err send(struct cli *cli, struct client *client, const struct vote_said *vote,
		json_t **receipt, struct fault *f)
{
	char hex[65];

	if (cli_option(cli, "ssh") != NULL)
		return approve_by_ssh(cli, client, vote, receipt, f);
	hex_encode(hash_bytes(&vote->record), hex);
	json_t *body = json_pack("{s:s, s:s*, s:s*}", "record", hex, "reason", vote->reason,
				 "not_after", vote->not_after);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : client_record(client, vote->type, body, receipt, f);
	json_decref(body);
	return e;
}

static err vote_read(struct cli *cli, struct vote_said *out, struct fault *f)
{
	bool deny = cli_flag(cli, "deny"), withdraw = cli_flag(cli, "withdraw");

	*out = (struct vote_said){.type = deny       ? "approval.denied"
					  : withdraw ? "approval.withdrawn"
						     : "approval.given",
				  .reason = cli_option(cli, "reason"),
				  .not_after = cli_option(cli, "not-after")};
	if (cli->words_n == 0)
		return fail(f, "CLI_WORDS_WRONG", "command", "approve", "arguments",
			    cli->command->arguments, NULL);
	return (deny || withdraw) && out->reason == NULL ? fail(f, "CLI_REASON_MISSING", NULL)
							 : ERR_OK;
}

err command_approve(struct cli *cli, struct fault *f)
{
	struct vote_said vote;
	struct client *client;
	struct bytes target;
	json_t *receipt = NULL;

	if (cli_flag(cli, "list"))
		return list_pending(cli, f);
	if (cli_option(cli, "import") != NULL)
		return approve_import(cli, f);
	TRY(vote_read(cli, &vote, f));
	TRY(cli_client(cli, true, &client, f));
	TRY(look(cli, client, &vote.record, &target, f));
	if (cli_option(cli, "export") != NULL)
		return approve_export(cli, client, &vote, target, f);
	TRY(cli_confirm(cli,
			cli_flag(cli, "deny")       ? "Refuse this, for good?"
			: cli_flag(cli, "withdraw") ? "Take this back?"
						    : "Agree to exactly this?",
			f));
	err e = send(cli, client, &vote, &receipt, f);
	if (e.code == OK)
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return e;
}
