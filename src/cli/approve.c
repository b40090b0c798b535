/* SPDX-License-Identifier: Apache-2.0 */
/* approve.c — agreeing to what another asks for. What is shown is decoded here, from the bytes of
 * the log, and the digest that is signed is computed here: the server does not draw this screen. */
#include "cli/cli.h"

#include "client/log.h"
#include "record/codec.h"

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

/* The word is a sequence, or a digest among what waits. */
static err find_sequence(struct client *client, const char *word, uint64_t *out, struct fault *f)
{
	char *end;
	json_t *page = NULL, *row;
	size_t i;
	bool found = false;

	errno = 0;
	*out = strtoull(word, &end, 10);
	if (strlen(word) < 20 && word[0] >= '0' && word[0] <= '9' && *end == '\0' && errno == 0)
		return ERR_OK;
	TRY(client_view_all(client, "approval.pending", NULL, 0, &page, f));
	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		const char *digest = json_string_value(json_object_get(row, "digest"));
		if (digest == NULL || strcmp(digest, word) != 0)
			continue;
		*out = (uint64_t)json_integer_value(json_object_get(row, "seq"));
		found = true;
	}
	json_decref(page);
	return found ? ERR_OK : fail(f, "CLI_NOTHING_WAITS", "word", word, NULL);
}

static err show_entry(struct cli *cli, const struct entry *entry, struct hash digest,
		      struct fault *f)
{
	const struct claim *claim = &entry->claim;
	const struct registry *registry;
	struct body body;
	char hex[65], at[48], made[48];

	TRY(cli_registry(cli, &registry, f));
	const struct compiled_type *t = registry_type(registry, claim->type);
	if (t == NULL)
		return fail(f, "CLI_TYPE_NOT_KNOWN_HERE", NULL);
	TRY(body_from_cbor(&cli->arena, t->type->fields, t->type->size, claim->body, &body, f));
	hex_encode(hash_bytes(&digest), hex);
	cli_time(entry->witness.at, at);
	cli_time(claim->made, made);
	printf("Record %" PRIu64 ", %.*s: %s\n  asked for by %.*s, made %s, recorded %s\n",
	       entry->witness.sequence, (int)claim->type.n, (const char *)claim->type.p,
	       t->type->help, (int)claim->author.n, (const char *)claim->author.p, made, at);
	json_t *json = body_to_json(t->type->fields, &body, NULL, 0);
	cli_body(json, 4);
	json_decref(json);
	printf("digest %s (computed here)\n", hex);
	return ERR_OK;
}

static err look(struct cli *cli, struct client *client, struct hash *digest, struct fault *f)
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
	return show_entry(cli, entry, *digest, f);
}

err command_approve(struct cli *cli, struct fault *f)
{
	bool deny = cli_flag(cli, "deny"), withdraw = cli_flag(cli, "withdraw");
	const char *reason = cli_option(cli, "reason");
	const char *type = deny       ? "approval.denied"
			   : withdraw ? "approval.withdrawn"
				      : "approval.given";
	struct client *client;
	struct hash digest;
	char hex[65];
	json_t *receipt = NULL;

	if (cli_flag(cli, "list"))
		return list_pending(cli, f);
	if (cli->words_n == 0)
		return fail(f, "CLI_WORDS_WRONG", "command", "approve", "arguments",
			    cli->command->arguments, NULL);
	if ((deny || withdraw) && reason == NULL)
		return fail(f, "CLI_REASON_MISSING", NULL);
	TRY(cli_client(cli, true, &client, f));
	TRY(look(cli, client, &digest, f));
	TRY(cli_confirm(cli,
			deny       ? "Refuse this, for good?"
			: withdraw ? "Take this back?"
				   : "Agree to exactly this?",
			f));
	hex_encode(hash_bytes(&digest), hex);
	json_t *body = json_pack("{s:s, s:s*}", "record", hex, "reason", reason);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : client_record(client, type, body, &receipt, f);
	json_decref(body);
	if (e.code == OK)
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return e;
}
