/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_file.h — the text that says which TPM a signer's folder belongs to: four lines, each ended,
 * `tcti = …`, `index = 0x<8 hex>`, `tpm = <64 hex>`, `value = <decimal>`. Pure. */
#ifndef SIGNER_ANCHOR_FILE_H
#define SIGNER_ANCHOR_FILE_H

#include "core/sha256.h"

enum { ANCHOR_TCTI_MAX = 255, ANCHOR_FILE_MAX = 1024 };

struct anchor_file {
	char tcti[ANCHOR_TCTI_MAX + 1];
	uint32_t index;
	struct hash tpm; /* identity */
	uint64_t value;  /* shown when it was made; at most 18 digits */
};

/* Strict: one spelling for each. */
MUST_CHECK bool anchor_file_parse(struct bytes text, struct anchor_file *out);
void anchor_file_put(struct writer *w, const struct anchor_file *file);

#endif
