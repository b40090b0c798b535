/* SPDX-License-Identifier: Apache-2.0 */
/* witness_ask.c — our last checkpoint goes to a witness, with the proof from what it knows. */
#include "cli/cli.h"

#include "base/files.h"
#include "client/log.h"
#include "ledger/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { ANSWER_MAX = 65536 };

struct asking {
	struct cli *cli;
	struct client *log, *witness;
	struct note_key witness_key;
	struct bytes note;
	struct merkle_head head;
	char cosigned[2 * NOTE_SIZE_MAX];
};

/* One request; what the witness says of it. */
static err ask(struct asking *a, uint64_t old, enum witness_answer *answer, uint64_t *known,
	       struct writer *cosigned, struct fault *f)
{
	struct hash path[2 * MERKLE_DEPTH_MAX];
	uint8_t *buffer = arena_alloc(&a->cli->arena, WITNESS_BODY_MAX);
	struct writer w = writer_of(buffer, buffer == NULL ? 0 : WITNESS_BODY_MAX);
	struct bytes body, reply;
	size_t n = 0;
	int status;

	if (old > 0 && old < a->head.size)
		TRY(client_consistency(a->log, old, a->head.size, path, &n, f));
	witness_request_put(&w, old, path, n, a->note);
	if (!writer_done(&w, &body))
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(client_raw(a->witness, &a->cli->arena, "POST", "/add-checkpoint", "text/plain", body,
		       ANSWER_MAX, &status, &reply, f));
	*answer = witness_answer_read((unsigned)status, reply, a->note, &a->witness_key,
				      ed25519_verify, cosigned, known);
	return ERR_OK;
}

static err ask_until_cosigned(struct asking *a, struct writer *cosigned, struct fault *f)
{
	enum witness_answer answer;
	uint64_t known = 0;
	char theirs[24], ours[24];

	TRY(ask(a, 0, &answer, &known, cosigned, f));
	if (answer == WITNESS_STALE && known <= a->head.size) {
		*cosigned = writer_of(a->cosigned, sizeof a->cosigned);
		TRY(ask(a, known, &answer, &known, cosigned, f));
	}
	if (answer == WITNESS_COSIGNED)
		return ERR_OK;
	snprintf(theirs, sizeof theirs, "%" PRIu64, known);
	snprintf(ours, sizeof ours, "%" PRIu64, a->head.size);
	return fail(f, "WITNESS_REFUSED", "size", ours, "known", theirs, NULL);
}

static err open_witness(struct asking *a, struct fault *f)
{
	const char *key = cli_option(a->cli, "witness-key");
	struct client_config config = {.server = a->cli->words[0],
				       .ca = cli_option(a->cli, "witness-ca")};

	if (key == NULL)
		return fail(f, "WITNESS_KEY_MISSING", NULL);
	TRY(log_key_read(&a->cli->arena, key, &a->witness_key, f));
	return client_open(&config, &a->witness, f);
}

err command_witness_ask(struct cli *cli, struct fault *f)
{
	struct asking *a = arena_alloc(&cli->arena, sizeof *a);
	const char *to = cli_option(cli, "to");
	const struct note_key *log;
	struct writer cosigned;
	struct bytes note;

	if (a == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	a->cli = cli;
	TRY(cli_log_key(cli, &log, f));
	if (log == NULL)
		return fail(f, "CLI_LOG_KEY_MISSING", NULL);
	TRY(cli_client(cli, false, &a->log, f));
	TRY(client_checkpoint(a->log, &cli->arena, &a->note, &a->head, f));
	TRY(open_witness(a, f));
	cosigned = writer_of(a->cosigned, sizeof a->cosigned);
	err e = ask_until_cosigned(a, &cosigned, f);
	client_close(a->witness);
	if (e.code == OK && !writer_done(&cosigned, &note))
		e = fail(f, "OUT_OF_MEMORY", NULL);
	if (e.code == OK)
		e = to != NULL ? file_write(to, note, 0644, f)
			       : fd_write_all(STDOUT_FILENO, note, f);
	return e;
}
