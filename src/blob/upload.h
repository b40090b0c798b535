/* SPDX-License-Identifier: Apache-2.0 */
/* upload.h — an upload under way: upload.c begins and writes it, finish.c ends it. */
#ifndef BLOB_UPLOAD_H
#define BLOB_UPLOAD_H

#include "blob/store.h"
#include "core/sha256.h"

/* Invariant: `sha` covers the first `offset` bytes. Of a personal blob `chunks` whole chunks are
 * in the file, and the rest of those bytes waits in `plain`. */
struct blob_upload {
	struct blob_store *store;
	struct blob_request request;
	bool stored; /* the blob was there already: nothing else is set but offset */
	char name[BLOB_NAME_SIZE];
	char path[BLOB_PATH_SIZE];
	int fd; /* locked with flock(2) as long as it is open */
	uint64_t offset;
	struct sha256 sha;
	struct key_id key_id;
	uint8_t key[BLOB_KEY_SIZE];
	uint64_t chunks;
	size_t plain_n;
	uint8_t plain[BLOB_CHUNK_SIZE];
	uint8_t locked[BLOB_CHUNK_SIZE + CIPHER_EXTRA];
};

static inline bool upload_is_personal(const struct blob_upload *u)
{
	return u->request.class == BLOB_PERSONAL;
}

/* Whether a row agrees with a request: one digest has one size, one class and one life. */
MUST_CHECK err blob_row_check(const struct blob_request *r, const struct blob_row *row,
			      struct fault *f);
/* Locks what waits in `plain` and writes it as the next chunk. */
MUST_CHECK err blob_chunk_write(struct blob_upload *u, struct fault *f);
/* Closes the file, wipes and frees. */
void blob_upload_close(struct blob_upload *u);

#endif
