/* SPDX-License-Identifier: Apache-2.0 */
/* approve.h — what the ways to approve share. */
#ifndef CLI_APPROVE_H
#define CLI_APPROVE_H

#include "cli/cli.h"
#include "core/entry.h"

struct vote_said {
	const char *type;               /* approval.given, approval.denied, approval.withdrawn */
	struct hash record;             /* digest of the claim voted on */
	const char *reason, *not_after; /* NULL: not said */
};
/* The vote by the key of an OpenSSH .pub file, of --voter or else of --as. */
MUST_CHECK err approval_claim(struct cli *cli, struct client *client, const struct vote_said *vote,
			      const char *key_path, struct prepared *out, struct fault *f);
/* The id of a key of OpenSSH, by its file or the .pub beside it; and its SSHSIG over a claim. */
MUST_CHECK err approval_ssh_key(struct cli *cli, const char *path, struct hash *out,
				struct fault *f);
MUST_CHECK err approval_ssh_sign(struct cli *cli, const char *key, struct bytes claim,
				 struct bytes *out, struct fault *f);
/* ssh-keygen signs with the key of --ssh (agents and tokens work), and it is sent. */
MUST_CHECK err approve_by_ssh(struct cli *cli, struct client *client, const struct vote_said *vote,
			      json_t **receipt, struct fault *f);
/* Writes what is to be signed elsewhere, with the record beside it. */
MUST_CHECK err approve_export(struct cli *cli, struct client *client, const struct vote_said *vote,
			      struct bytes target, struct fault *f);
/* Brings what was signed elsewhere: FILE and FILE.sig. */
MUST_CHECK err approve_import(struct cli *cli, struct fault *f);

/* show_claim.c */
MUST_CHECK err cli_claim(struct cli *cli, const struct claim *claim, struct hash digest,
			 struct fault *f);
MUST_CHECK err cli_claim_file(struct cli *cli, const char *path, struct bytes *out,
			      struct claim *claim, struct fault *f);

#endif
