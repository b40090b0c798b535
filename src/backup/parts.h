/* SPDX-License-Identifier: Apache-2.0 */
/* parts.h — what a backup consists of, in this order; both sides agree on it here.
 *
 *   sealwright-backup      what it is: `name = value` lines
 *   checkpoint             the signed note that all entries below it are verified against
 *   files/NAME             settings, certificates and public keys of the folder
 *   shares/NAME.age        a custodian's share, encrypted to him
 *   secrets                sealed: an archive of keys/NAME and signer/NAME
 *   entries/NNNNNNNN       entries, each with a u16 length before it
 *   openings/NNNNNNNN      rows [commitment, salt, value, personal, sequence]
 *   blobs/NNNNNNNN         rows [digest, class, size, state, created, referenced, key id, wrapped
 *                          key, key's time, file is here], then the file of each that is here:
 *   blob/DIGEST            as it lies in the store: personal ones are encrypted
 *   end                    how many of each: so that a part that is missing is missed
 *
 * A backup of a signer alone has neither checkpoint nor what follows the secrets, but an end. */
#ifndef BACKUP_PARTS_H
#define BACKUP_PARTS_H

#include "backup/tar.h"

#define PART_HEAD     "sealwright-backup"
#define PART_NOTE     "checkpoint"
#define PART_FILES    "files/"
#define PART_SHARES   "shares/"
#define PART_SECRETS  "secrets"
#define PART_ENTRIES  "entries/"
#define PART_OPENINGS "openings/"
#define PART_BLOBS    "blobs/"
#define PART_BLOB     "blob/"
#define PART_END      "end"

#define SECRET_KEYS   "keys/"
#define SECRET_SIGNER "signer/"

enum {
	PART_TEXT_MAX = 4096,       /* head, end */
	PART_FILE_MAX = 1 << 20,    /* one of settings and keys */
	PART_FILES_MAX = 256,       /* of a folder; keys that were replaced keep three each */
	PART_ROWS_MAX = 4 << 20,    /* one part of entries or rows */
	PART_ROWS_FULL = 2 << 20,   /* … is closed beyond this */
	PART_ENTRIES_N = 65536,     /* in one part */
	PART_BLOBS_N = 64,          /* rows in one part */
	PART_OPENING_MAX = 1 << 20, /* bytes of one value */
};
#define PART_SIGNER_MAX (UINT64_C(8) << 30)

#endif
