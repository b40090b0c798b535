/* SPDX-License-Identifier: Apache-2.0 */
/* replay.h — the vault's state, made again from the journal. */
#ifndef SIGNER_REPLAY_H
#define SIGNER_REPLAY_H

#include "signer/vault.h"

struct replay {
	struct vault *vault;
	uint64_t records;
	/* What the journal says at its end: the files must agree. */
	char origin[NOTE_NAME_MAX + 1];
	struct hash keys[SIGNER_KEYS]; /* key ids */
	struct hash ca_certificate;    /* its digest */
};
/* A journal_visit. */
MUST_CHECK err replay_record(void *context, struct bytes record, uint64_t at, struct fault *f);

#endif
