/* SPDX-License-Identifier: Apache-2.0 */
/* anchor.h — something that counts and that the machine's owner cannot turn back. The vault asks it at
 * start, and advances it before each answer that spends something. */
#ifndef SIGNER_ANCHOR_H
#define SIGNER_ANCHOR_H

#include "base/arena.h"
#include "core/charter.h"

struct anchor;

/* A TPM 2.0 NV counter. `tcti` as tpm2-tss names it ("device:/dev/tpmrm0", "swtpm:path=…"), `index`
 * like 0x01800100. With `create`, defines the index (it must not exist) and counts once, so that it
 * can be read. Runs in a worker. Messages ANCHOR_*. */
MUST_CHECK err anchor_open_tpm(const char *tcti, uint32_t index, bool create, struct anchor **out,
			       struct fault *f);
/* The same where the TPM's owner has a password, which making an index needs. */
MUST_CHECK err anchor_open_tpm_owned(const char *tcti, uint32_t index, bool create,
				     struct bytes owner_auth, struct anchor **out, struct fault *f);
void anchor_close(struct anchor *a); /* NULL is fine */
MUST_CHECK err anchor_read(struct anchor *a, uint64_t *value, struct fault *f);
/* Adds one; `*value` is what it then shows. After an error it may have counted or not. */
MUST_CHECK err anchor_advance(struct anchor *a, uint64_t *value, struct fault *f);
/* Which TPM it is, proved by that TPM: to be journaled with the first value, and compared at each start.
 * Numbers alone do not tell one TPM from another. */
MUST_CHECK err anchor_identity(struct anchor *a, struct hash *out, struct fault *f);

/* ---- the anchor of a signer's folder ---- */

/* Its file there: lines `tcti = …`, `index = 0x…`, `tpm = <identity, hex>`, `value = <what it showed
 * when it was made>`. */
#define FILE_ANCHOR "anchor"

/* Makes the index and the file; refuses if the file exists (ANCHOR_FOLDER_EXISTS). */
MUST_CHECK err anchor_folder_make(const char *folder, const char *tcti, uint32_t index,
				  struct bytes owner_auth, struct fault *f);
/* Opens what the file names, and sees that it is the same TPM (ANCHOR_NOT_GENUINE). `*out` is NULL when
 * there is no file. Before the signer locks itself in, and before it has loaded a key: the worker
 * has a copy of what is in memory. */
MUST_CHECK err anchor_folder_open(const char *folder, struct anchor **out, struct fault *f);
/* What the file says of the anchor when it was made. A journal that begins to count with it begins with
 * this value, and not with what it shows then: one of before that is put back must not begin again. */
MUST_CHECK err anchor_folder_first(const char *folder, uint64_t *value, struct hash *tpm,
				   struct fault *f);

#endif
