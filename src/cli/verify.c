/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c — receipts and passports, offline: no server is asked. */
#include "cli/cli.h"

#include "base/files.h"
#include "client/passport_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RECEIPT_FILE_MAX = 1 << 20 };

static err read_key(struct cli *cli, const struct note_key **out, struct fault *f)
{
	TRY(cli_log_key(cli, out, f));
	return *out != NULL ? ERR_OK : fail(f, "CLI_LOG_KEY_MISSING", NULL);
}

err command_verify_receipt(struct cli *cli, struct fault *f)
{
	const struct note_key *log;
	struct bytes text;

	TRY(read_key(cli, &log, f));
	TRY(file_read(&cli->arena, cli->words[0], RECEIPT_FILE_MAX, &text, f));
	json_t *receipt = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (receipt == NULL)
		return fail(f, "CLI_BODY_WRONG", "file", cli->words[0], NULL);
	err e = receipt_verify(receipt, NULL, log, f);
	if (e.code == OK)
		printf("The receipt holds: record %" JSON_INTEGER_FORMAT
		       " is in the tree that the log %s signed.\n",
		       json_integer_value(json_object_get(receipt, "sequence")), log->name);
	json_decref(receipt);
	return e;
}

static void print_entry(void *context, const struct passport_entry *entry,
			const struct entry *parsed)
{
	static const char *const PROOFS[] = {"reported over channel", "signed by author",
					     "signed by author (passkey)"};
	char at[48];

	(void)context;
	cli_time(parsed->witness.at, at);
	printf("%8" PRIu64 "  %s  %-26.*s %-16.*s %s\n", entry->sequence, at,
	       (int)parsed->claim.type.n, (const char *)parsed->claim.type.p,
	       (int)parsed->claim.author.n, (const char *)parsed->claim.author.p,
	       PROOFS[parsed->proof.kind]);
}

static void print_notices(struct bytes file)
{
	struct passport p;
	struct bytes notice;
	const char *why;
	size_t n;

	if (!passport_parse(file, &p, &why))
		return;
	struct reader at = passport_notices(&p, &n);
	for (size_t i = 0; i < n && passport_next_notice(&at, &notice); i++)
		printf("notice: %.*s\n", (int)notice.n, (const char *)notice.p);
}

err command_verify_passport(struct cli *cli, struct fault *f)
{
	const struct note_key *log;
	struct passport_report report;
	struct bytes file;

	TRY(read_key(cli, &log, f));
	TRY(file_read(&cli->arena, cli->words[0], PASSPORT_SIZE_MAX, &file, f));
	TRY(passport_check(file, log, cli->json ? NULL : print_entry, NULL, &report, f));
	if (cli->json) {
		json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "kind", report.kind,
					 "within", report.within, "id", report.id, "size",
					 (json_int_t)report.head.size, "entries",
					 (json_int_t)report.entries, "signed",
					 (json_int_t)report.signed_by_author, "reported",
					 (json_int_t)report.reported);
		cli_json(json);
		json_decref(json);
		return ERR_OK;
	}
	print_notices(file);
	printf("The passport of %s %s %s holds: %zu records, %zu signed by their authors and %zu "
	       "reported, all in the tree of %" PRIu64 " entries that the log %s signed.\n",
	       report.kind, report.within, report.id, report.entries, report.signed_by_author,
	       report.reported, report.head.size, log->name);
	return ERR_OK;
}
