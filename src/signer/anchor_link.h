/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_link.h — a connection to a TPM 2.0 over tpm2-tss, and one HMAC session that is salted to its
 * endorsement key: answers that come through it are that TPM's. Inside the anchor's worker. */
#ifndef SIGNER_ANCHOR_LINK_H
#define SIGNER_ANCHOR_LINK_H

#include <tss2/tss2_esys.h>

#include "base/error.h"
#include "core/sha256.h"

/* Zero, with `session` ESYS_TR_NONE, is closed. */
struct tpm_link {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys; /* NULL: closed */
	ESYS_TR session;
	struct hash identity; /* of the TPM: its endorsement key's name without the algorithm */
	bool known;           /* identity was read, and must stay the same over openings */
};

MUST_CHECK err tpm_open(struct tpm_link *c, const char *tcti, struct fault *f);
void tpm_shut(struct tpm_link *c); /* keeps the identity */
/* Shuts it, and says why: ANCHOR_BUSY, ANCHOR_NOT_GENUINE or ANCHOR_UNAVAILABLE. */
MUST_CHECK err tpm_failed(struct tpm_link *c, const char *step, TSS2_RC rc, struct fault *f);
/* After a pause true, when the TPM only asked to wait: the same command shall be sent again. Starts with
 * `*waits` 0. */
bool tpm_again(TSS2_RC rc, unsigned *waits);
/* The TPM's own code, without the layer that it came through. */
TSS2_RC tpm_code(TSS2_RC rc);
/* Whether it is this code of format one, whatever handle, parameter or session it complains about. */
bool tpm_format_one(TSS2_RC rc, TSS2_RC wanted);

#endif
