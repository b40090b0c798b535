/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c — receipts and passports, offline: no server is asked. */
#include "cli/cli.h"

#include "base/catalog.h"
#include "base/files.h"
#include "client/passport_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RECEIPT_FILE_MAX = 1 << 20 };

err command_verify_receipt(struct cli *cli, struct fault *f)
{
	const struct note_key *log;
	struct bytes text;

	TRY(cli_verifying_key(cli, &log, f));
	TRY(file_read(&cli->arena, cli->words[0], RECEIPT_FILE_MAX, &text, f));
	json_t *receipt = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (receipt == NULL)
		return fail(f, "CLI_BODY_WRONG", "file", cli->words[0], NULL);
	err e = receipt_verify(receipt, NULL, log, f);
	if (e.code == OK)
		printf("The receipt holds: entry %" JSON_INTEGER_FORMAT
		       " with the leaf %s is in the tree that the log %s signed.\n"
		       "It says that this is the record %s; who sent the record has compared "
		       "them.\n",
		       json_integer_value(json_object_get(receipt, "sequence")),
		       json_string_value(json_object_get(receipt, "leaf")), log->name,
		       json_string_value(json_object_get(receipt, "digest")));
	json_decref(receipt);
	return e;
}

static void print_entry(void *context, const struct passport_entry *entry,
			const struct entry *parsed)
{
	static const char *const PROOFS[] = {"reported over channel", "signed by author",
					     "by passkey, not verified here"};
	char at[48];

	(void)context;
	cli_time(parsed->witness.at, at);
	printf("%8" PRIu64 "  %s  %-26.*s %-16.*s %s\n", entry->sequence, at,
	       (int)parsed->claim.type.n, (const char *)parsed->claim.type.p,
	       (int)parsed->claim.author.n, (const char *)parsed->claim.author.p,
	       PROOFS[parsed->proof.kind]);
}

/* The id of a sentence, or what it says of itself. */
static void print_notice(struct bytes notice)
{
	char id[64], text[512];

	snprintf(id, sizeof id, "%.*s", (int)(notice.n < 63 ? notice.n : 63),
		 (const char *)notice.p);
	const struct message *known = catalog_find(id);
	cli_safe_text(known == NULL ? id : known->text, text, sizeof text);
	printf("notice: %s\n", text);
}

/* What the log is stands in its first entry, and cannot be left out; the rest is what who made the
 * file notes. */
static void print_notices(struct bytes file, const char *mode)
{
	static const char TRIAL[] = "LOG_IS_TRIAL", BOOTSTRAP[] = "LOG_IS_BOOTSTRAP";
	struct passport p;
	struct bytes notice;
	const char *why;
	size_t n;

	if (strcmp(mode, "founded") != 0)
		print_notice(bytes_text(strcmp(mode, "trial") == 0 ? TRIAL : BOOTSTRAP));
	if (!passport_parse(file, &p, &why))
		return;
	struct reader at = passport_notices(&p, &n);
	for (size_t i = 0; i < n && passport_next_notice(&at, &notice); i++)
		if (!bytes_equal(notice, bytes_text(TRIAL)) &&
		    !bytes_equal(notice, bytes_text(BOOTSTRAP)))
			print_notice(notice);
}

static void print_report_json(const struct passport_report *r)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "kind", r->kind,
				 "within", r->within, "id", r->id, "mode", r->mode, "size",
				 (json_int_t)r->head.size, "entries", (json_int_t)r->entries,
				 "signed", (json_int_t)r->signed_by_author, "passkeys",
				 (json_int_t)r->passkeys, "reported", (json_int_t)r->reported);

	cli_json(json);
	json_decref(json);
}

err command_verify_passport(struct cli *cli, struct fault *f)
{
	const struct note_key *log;
	const struct registry *registry;
	struct passport_report r;
	struct bytes file;

	TRY(cli_verifying_key(cli, &log, f));
	TRY(cli_registry(cli, &registry, f));
	TRY(file_read(&cli->arena, cli->words[0], PASSPORT_SIZE_MAX, &file, f));
	TRY(passport_check(file, log, registry, cli->json ? NULL : print_entry, NULL, &r, f));
	if (cli->json) {
		print_report_json(&r);
		return ERR_OK;
	}
	print_notices(file, r.mode);
	printf("The passport of %s %s %s holds: %zu records, %zu signed by their authors and %zu "
	       "reported, all in the tree of %" PRIu64 " entries that the log %s signed.\n",
	       r.kind, r.within, r.id, r.entries, r.signed_by_author, r.reported, r.head.size,
	       log->name);
	if (r.passkeys > 0)
		printf("%zu more were signed with passkeys, which are not verified here.\n",
		       r.passkeys);
	return ERR_OK;
}
