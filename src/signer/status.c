/* SPDX-License-Identifier: Apache-2.0 */
/* status.c — what doctor shows. Says nothing that is secret, and answers also when nothing is signed. */
#include "signer/admit.h"

err vault_status(struct vault *vault, const struct signer_request *request, struct arena *a,
		 struct writer *reply, struct fault *f)
{
	const struct charter *charter = &vault->state.charter->charter;
	uint64_t wall = clock_wall_ms(&vault->clock), latest = vault->state.latest;
	struct fault unsettled = {0};
	struct signer_status status = {
		.charter = charter->bytes,
		.anchor = charter->anchor,
		.anchored = charter->anchor != ANCHOR_NONE &&
			    vault_settle(vault, &unsettled).code == OK,
		.journal_size = vault->journal.end.size,
		.spent = vault->state.spent,
		.now_ms = wall,
		.clock_ahead_ms = wall > latest ? wall - latest : 0,
		.keys_encrypted = vault->encrypted,
		.keys_in_hsm = vault->in_hsm,
		.permit_spki = public_key_spki(private_key_public(vault->keys[SIGNER_KEY_PERMIT])),
	};

	(void)request;
	(void)a;
	(void)f;
	(void)vault_anchor_value(vault, vault->state.spent, &status.anchor_value);
	for (size_t i = 0; i < SIGNER_ENVIRONMENTS; i++)
		status.firmware_spki[i] =
			public_key_spki(private_key_public(vault->keys[SIGNER_KEY_FIRMWARE + i]));
	reply_put_ok(reply);
	reply_put_status(reply, &status);
	return ERR_OK;
}
