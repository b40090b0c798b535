/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c — receipts, offline: no server is asked. */
#include "cli/cli.h"

#include "base/files.h"

#include <inttypes.h>
#include <stdio.h>

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
